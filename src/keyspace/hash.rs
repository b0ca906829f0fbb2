//! The hash value: a listpack of field, value, field, value while it is small and its texts are short, else a table.
use super::pick::{self, Place};
use super::string::IntBuf;
use crate::base::{alloc, num, rng::Rng};
use crate::ds::dict::{Dict, EntryId, KeyBox};
use crate::ds::listpack::{Entry, Listpack, Pos};

/// When a hash becomes a table: the `hash-max-listpack-*` parameters, and the table's seed.
#[derive(Clone, Copy, Debug)]
pub struct HashLimits {
    pub entries: usize,
    pub value: usize,
    pub seed: (u64, u64),
}

/// A hash.
#[derive(Clone, Debug)]
pub enum Hash {
    Pack(Listpack),
    Table(Fields),
}

/// The table of a large hash, with what its strings would take on a 64-bit server.
#[derive(Clone, Debug)]
pub struct Fields {
    dict: Dict<KeyBox>,
    sds_bytes: usize,
}

impl Fields {
    fn set(&mut self, field: &[u8], value: &[u8]) -> bool {
        let (id, new) = self.dict.find_or_insert(field, || KeyBox::new(value));
        self.sds_bytes += alloc::sds_size(value.len());
        if new {
            self.sds_bytes += alloc::sds_size(field.len());
        } else {
            let old = std::mem::replace(self.dict.value_mut(id), KeyBox::new(value));
            self.sds_bytes -= alloc::sds_size(old.len());
        }
        new
    }

    /// The table itself, for views.
    pub fn dict(&self) -> &Dict<KeyBox> {
        &self.dict
    }
}

impl Default for Hash {
    fn default() -> Hash {
        Hash::Pack(Listpack::new())
    }
}

/// The value that stands behind a field.
fn value_pos(lp: &Listpack, field: Pos) -> Pos {
    lp.next(field).expect("a value follows each field")
}

impl Hash {
    /// An empty table with room for so many fields.
    pub fn table(limits: &HashLimits, room: usize) -> Hash {
        let mut hash = Hash::default();
        hash.make_table(limits, room);
        hash
    }

    /// The hash with these fields and values, alternating, each field there once. `texts`: a long text makes it a table
    /// as well as too many fields do. O(n).
    pub fn from_pack(lp: Listpack, texts: bool, limits: &HashLimits) -> Hash {
        let long = texts && lp.iter().any(|text| text.len() > limits.value);
        let mut hash = Hash::Pack(lp);
        if long || hash.len() > limits.entries {
            hash.make_table(limits, 0);
        }
        hash
    }

    /// Number of fields. O(1).
    pub fn len(&self) -> usize {
        match self {
            Hash::Pack(lp) => lp.len() / 2,
            Hash::Table(t) => t.dict.len(),
        }
    }

    /// Whether it has no field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name that OBJECT ENCODING gives.
    pub fn encoding(&self) -> &'static str {
        match self {
            Hash::Pack(_) => "listpack",
            Hash::Table(_) => "hashtable",
        }
    }

    /// Modelled bytes below the object header. O(1).
    pub fn mem_bytes(&self) -> usize {
        const DICT: usize = 56;
        const ENTRY: usize = 24;
        match self {
            Hash::Pack(lp) => alloc::size_class(lp.bytes()),
            Hash::Table(t) => {
                DICT + 8 * t.dict.buckets() as usize + ENTRY * t.dict.len() + t.sds_bytes
            }
        }
    }

    /// Announces fields and values, alternating, that are about to be set: too many or too long ones make the hash a
    /// table at once. O(their number).
    pub fn expect<'a>(
        &mut self,
        texts: impl ExactSizeIterator<Item = &'a [u8]>,
        limits: &HashLimits,
    ) {
        let Hash::Pack(lp) = self else { return };
        let fields = texts.len() / 2;
        if fields > limits.entries {
            return self.make_table(limits, fields);
        }
        let mut sum = 0usize;
        for text in texts {
            if text.len() > limits.value {
                return self.make_table(limits, 0);
            }
            sum = sum.saturating_add(text.len());
        }
        if !lp.safe_to_add(sum) {
            self.make_table(limits, 0);
        }
    }

    fn make_table(&mut self, limits: &HashLimits, room: usize) {
        let mut dict = Dict::new(limits.seed);
        dict.expand(room.max(self.len()));
        let mut table = Fields { dict, sds_bytes: 0 };
        self.for_each(&mut |field: &[u8], value: &[u8]| {
            table.set(field, value);
        });
        *self = Hash::Table(table);
    }

    /// Sets a field; whether it is new. O(1) in a table, O(n) in a listpack.
    pub fn set(&mut self, field: &[u8], value: &[u8], limits: &HashLimits) -> bool {
        if matches!(self, Hash::Pack(_)) && field.len().max(value.len()) > limits.value {
            self.make_table(limits, 0);
        }
        let lp = match self {
            Hash::Table(t) => return t.set(field, value),
            Hash::Pack(lp) => lp,
        };
        let found = lp.find(field, Listpack::START, 1);
        if let Some(pos) = found {
            let at = value_pos(lp, pos);
            lp.replace(at, value);
        } else {
            lp.push(field);
            lp.push(value);
        }
        // Also where a value was only replaced: the limit may be lower than when the fields came.
        if self.len() > limits.entries {
            self.make_table(limits, 0);
        }
        found.is_none()
    }

    /// The value of a field. O(1) in a table, O(n) in a listpack.
    pub fn get(&self, field: &[u8]) -> Option<Entry<'_>> {
        match self {
            Hash::Pack(lp) => {
                let pos = lp.find(field, Listpack::START, 1)?;
                Some(lp.get(value_pos(lp, pos)))
            }
            Hash::Table(t) => t.dict.get(field).map(|value| Entry::Str(value)),
        }
    }

    /// Whether it has this field. Costs as [`Hash::get`].
    pub fn contains(&self, field: &[u8]) -> bool {
        self.get(field).is_some()
    }

    /// Removes a field; whether it was there. Costs as [`Hash::get`].
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match self {
            Hash::Pack(lp) => match lp.find(field, Listpack::START, 1) {
                Some(pos) => lp.delete_from(pos, 2) == 2,
                None => false,
            },
            Hash::Table(t) => match t.dict.remove(field) {
                Some(value) => {
                    t.sds_bytes -= alloc::sds_size(field.len()) + alloc::sds_size(value.len());
                    true
                }
                None => false,
            },
        }
    }

    /// Calls `f` for each field and value: in the order they came in a listpack, in no meaningful (but always the
    /// same) order in a table.
    pub fn pairs(&self, f: &mut impl FnMut(Entry<'_>, Entry<'_>)) {
        match self {
            Hash::Pack(lp) => {
                let mut entries = lp.iter();
                while let (Some(field), Some(value)) = (entries.next(), entries.next()) {
                    f(field, value);
                }
            }
            Hash::Table(t) => {
                let entries = t.dict.iter();
                entries.for_each(|(_, field, value)| f(Entry::Str(field), Entry::Str(value)));
            }
        }
    }

    /// [`Hash::pairs`] with the bytes that clients see.
    pub fn for_each(&self, f: &mut impl FnMut(&[u8], &[u8])) {
        self.pairs(&mut |field, value| {
            let (mut a, mut b) = (IntBuf::default(), IntBuf::default());
            f(text(&field, &mut a), text(&value, &mut b));
        });
    }

    /// One step of HSCAN: calls `f` for some pairs and returns the next cursor, 0 at the end. Only a table takes more
    /// than one step.
    pub fn scan(&self, cursor: u64, f: &mut impl FnMut(Entry<'_>, Entry<'_>)) -> u64 {
        match self {
            Hash::Pack(_) => {
                self.pairs(f);
                0
            }
            Hash::Table(t) => t.dict.scan(cursor, &mut |id| {
                let (field, value) = t.dict.entry(id);
                f(Entry::Str(field), Entry::Str(value));
            }),
        }
    }

    /// Field and value at a place. O(1).
    pub fn at(&self, place: Place) -> (Entry<'_>, Entry<'_>) {
        match (self, place) {
            (Hash::Pack(lp), Place::Pos(pos)) => (lp.get(pos), lp.get(value_pos(lp, pos))),
            (Hash::Table(t), Place::Id(id)) => {
                let (field, value) = t.dict.entry(id);
                (Entry::Str(field), Entry::Str(value))
            }
            _ => unreachable!("a place belongs to the hash that gave it"),
        }
    }

    /// A random field, all equally likely. O(1) expected; O(n) in a listpack.
    pub fn random(&self, rng: &mut Rng) -> Option<Place> {
        match self {
            Hash::Pack(lp) => pick::one_of(lp, 2, rng),
            Hash::Table(t) => t.dict.random(rng).map(Place::Id),
        }
    }

    /// Up to `count` different fields, all choices equally likely; of a listpack in the order they stand in.
    pub fn sample(&self, rng: &mut Rng, count: usize) -> Vec<Place> {
        let t = match self {
            Hash::Pack(lp) => return pick::in_order(lp, 2, count, rng),
            Hash::Table(t) => t,
        };
        let len = t.dict.len();
        let one = |rng: &mut Rng| -> EntryId {
            t.dict
                .random(rng)
                .expect("`distinct` draws from what is there")
        };
        let ids = pick::distinct(rng, count.min(len), len, || t.dict.ids().collect(), one);
        ids.into_iter().map(Place::Id).collect()
    }

    /// The places of all fields. O(n).
    pub fn places(&self) -> Vec<Place> {
        match self {
            Hash::Pack(lp) => pick::places(lp, 2).collect(),
            Hash::Table(t) => t.dict.ids().map(Place::Id).collect(),
        }
    }
}

/// The bytes of a field or value; an integer is printed into `digits`.
fn text<'a>(entry: &Entry<'a>, digits: &'a mut IntBuf) -> &'a [u8] {
    match entry {
        Entry::Int(n) => num::i64_bytes(*n, digits),
        Entry::Str(bytes) => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    type Truth = BTreeMap<Vec<u8>, Vec<u8>>;

    /// One body for both encodings: only the limits differ. Returns the last encoding.
    fn mirror(entries: usize, value: usize, seed: u64) -> &'static str {
        let limits = HashLimits {
            entries,
            value,
            seed: (3, 4),
        };
        let mut rng = Rng::new(seed);
        let (mut hash, mut truth) = (Hash::default(), Truth::new());
        for _ in 0..400 {
            let field = match rng.below(2) {
                0 => vec![b'a' + rng.below(12) as u8; rng.below(5) as usize],
                _ => (rng.below(30) as i64 - 10).to_string().into_bytes(),
            };
            let new = match rng.below(3) {
                0 => vec![b'v'; rng.below(40) as usize],
                _ => ((rng.next_u64() as i64) >> rng.below(64))
                    .to_string()
                    .into_bytes(),
            };
            match rng.below(6) {
                0..=2 => {
                    let is_new = truth.insert(field.clone(), new.clone()).is_none();
                    assert_eq!(hash.set(&field, &new, &limits), is_new, "seed {seed}");
                }
                3 => assert_eq!(hash.remove(&field), truth.remove(&field).is_some()),
                4 => {
                    let count = rng.below(truth.len() as u64 + 3) as usize;
                    let places = hash.sample(&mut rng, count);
                    let fields: BTreeSet<_> =
                        places.iter().map(|&p| hash.at(p).0.to_vec()).collect();
                    assert_eq!(fields.len(), count.min(truth.len()), "seed {seed}");
                }
                _ => {
                    if let Some(place) = hash.random(&mut rng) {
                        let (field, value) = hash.at(place);
                        assert_eq!(truth.get(&field.to_vec()), Some(&value.to_vec()));
                    }
                }
            }
            let value = hash.get(&field).map(|value| value.to_vec());
            assert_eq!(value.as_ref(), truth.get(&field), "seed {seed}");
            assert_eq!(hash.len(), truth.len(), "seed {seed}");
        }
        check_walks(&hash, &truth, seed);
        hash.encoding()
    }

    fn check_walks(hash: &Hash, truth: &Truth, seed: u64) {
        let mut seen = Truth::new();
        hash.for_each(&mut |field: &[u8], value: &[u8]| {
            assert!(seen.insert(field.to_vec(), value.to_vec()).is_none());
        });
        assert_eq!(&seen, truth, "seed {seed}");
        assert_eq!(hash.places().len(), truth.len());
        let (mut scanned, mut cursor) = (Truth::new(), 0);
        loop {
            cursor = hash.scan(cursor, &mut |field, value| {
                scanned.insert(field.to_vec(), value.to_vec());
            });
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(&scanned, truth, "seed {seed}");
        if let Hash::Table(t) = hash {
            let size = |bytes: &[u8]| alloc::sds_size(bytes.len());
            let sum: usize = truth.iter().map(|(f, v)| size(f) + size(v)).sum();
            assert_eq!(t.sds_bytes, sum, "seed {seed}");
        }
    }

    #[test]
    fn mirrors_a_tree_map_in_both_encodings() {
        for seed in 0..80 {
            assert_eq!(mirror(512, 64, seed), "listpack");
            assert_eq!(mirror(0, 64, seed), "hashtable");
            mirror(20, 64, seed);
            mirror(512, 35, seed);
        }
    }

    #[test]
    fn becomes_a_table_at_the_limits() {
        let limits = HashLimits {
            entries: 2,
            value: 4,
            seed: (0, 0),
        };
        let after = |pairs: &[(&str, &str)]| {
            let mut hash = Hash::default();
            for (field, value) in pairs {
                hash.set(field.as_bytes(), value.as_bytes(), &limits);
            }
            hash.encoding()
        };
        assert_eq!(after(&[("a", "1234"), ("b", "2")]), "listpack");
        assert_eq!(after(&[("a", "1"), ("b", "2"), ("c", "3")]), "hashtable");
        assert_eq!(after(&[("a", "12345")]), "hashtable");
        assert_eq!(after(&[("abcde", "1")]), "hashtable");
        // Announced before the first is set, so that nothing is moved twice.
        let mut hash = Hash::default();
        hash.expect([&b"a"[..]; 6].into_iter(), &limits);
        assert_eq!(hash.encoding(), "hashtable");
    }
}
