//! The set value, in one of three encodings:
//!
//! ```text
//!  intset     whole numbers only, few of them      sorted array
//!  listpack   any members, few and short ones      one run of bytes, in the order they came
//!  hashtable  everything else                      table without values
//! ```
//!
//! A set grows from the upper lines to the lower ones and never back by itself.
use super::pick::{self, Place};
use super::string::IntBuf;
use crate::base::{alloc, num, rng::Rng};
use crate::ds::dict::{Dict, EntryId};
use crate::ds::intset::Intset;
use crate::ds::listpack::{self, Entry, Listpack, Needle};

/// When a set changes its encoding: the `set-max-*` parameters, and the seed of tables that it then makes.
#[derive(Clone, Copy, Debug)]
pub struct SetLimits {
    pub intset_entries: usize,
    pub listpack_entries: usize,
    pub listpack_value: usize,
    pub seed: (u64, u64),
}

/// An intset holds no more than this, whatever the parameter says.
const INTSET_MOST: usize = 1 << 30;

impl SetLimits {
    fn ints(&self) -> usize {
        self.intset_entries.min(INTSET_MOST)
    }
}

/// A set.
#[derive(Clone, Debug)]
pub enum Set {
    Ints(Intset),
    Pack(Listpack),
    Table(Members),
}

/// The table of a large set, with what its members would take on a 64-bit server.
#[derive(Clone, Debug)]
pub struct Members {
    dict: Dict<()>,
    sds_bytes: usize,
}

impl Members {
    fn new(seed: (u64, u64), room: usize) -> Members {
        let mut dict = Dict::new(seed);
        dict.expand(room);
        Members { dict, sds_bytes: 0 }
    }

    fn add(&mut self, member: &[u8]) -> bool {
        let (_, new) = self.dict.find_or_insert(member, || ());
        if new {
            self.sds_bytes += alloc::sds_size(member.len());
        }
        new
    }

    fn remove(&mut self, member: &[u8]) -> bool {
        let removed = self.dict.remove(member).is_some();
        if removed {
            self.sds_bytes -= alloc::sds_size(member.len());
        }
        removed
    }

    /// The table itself, for views.
    pub fn dict(&self) -> &Dict<()> {
        &self.dict
    }
}

impl Default for Set {
    fn default() -> Set {
        Set::Ints(Intset::new())
    }
}

/// The bytes of a member; an integer is printed into `digits`.
fn text<'a>(member: &Entry<'a>, digits: &'a mut IntBuf) -> &'a [u8] {
    match member {
        Entry::Int(n) => num::i64_bytes(*n, digits),
        Entry::Str(bytes) => bytes,
    }
}

impl Set {
    /// An empty set in the encoding that suits `hint` members of which `first` is one.
    pub fn with_hint(first: &[u8], hint: usize, limits: &SetLimits) -> Set {
        if hint <= limits.intset_entries && num::parse_i64(first).is_some() {
            Set::Ints(Intset::new())
        } else if hint <= limits.listpack_entries {
            Set::Pack(Listpack::new())
        } else {
            Set::Table(Members::new(limits.seed, hint))
        }
    }

    /// An empty listpack set: what results that may become anything start as.
    pub fn pack() -> Set {
        Set::Pack(Listpack::new())
    }

    /// An empty table with room for so many members: for results that are only read once.
    pub fn table(limits: &SetLimits, room: usize) -> Set {
        Set::Table(Members::new(limits.seed, room))
    }

    /// The set with these numbers, as a snapshot brings them. O(n) where they are too many for an intset.
    pub fn from_ints(ints: Intset, limits: &SetLimits) -> Set {
        let large = ints.len() > limits.ints();
        Set::Ints(ints).or_table(large, limits)
    }

    /// The set with these members, each there once. O(n) where they are too many for a listpack.
    pub fn from_pack(lp: Listpack, limits: &SetLimits) -> Set {
        let large = lp.len() > limits.listpack_entries;
        Set::Pack(lp).or_table(large, limits)
    }

    fn or_table(mut self, large: bool, limits: &SetLimits) -> Set {
        if large {
            self.make_table(limits, 0);
        }
        self
    }

    /// Number of members. O(1).
    pub fn len(&self) -> usize {
        match self {
            Set::Ints(ints) => ints.len(),
            Set::Pack(lp) => lp.len(),
            Set::Table(t) => t.dict.len(),
        }
    }

    /// Whether it has no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name that OBJECT ENCODING gives.
    pub fn encoding(&self) -> &'static str {
        match self {
            Set::Ints(_) => "intset",
            Set::Pack(_) => "listpack",
            Set::Table(_) => "hashtable",
        }
    }

    /// Modelled bytes below the object header. O(1).
    pub fn mem_bytes(&self) -> usize {
        const DICT: usize = 56;
        const CHAINED: usize = 16;
        match self {
            Set::Ints(ints) => alloc::size_class(ints.bytes()),
            Set::Pack(lp) => alloc::size_class(lp.bytes()),
            Set::Table(t) => {
                let buckets = t.dict.buckets();
                let chained = pick::chained(t.dict.len(), buckets);
                DICT + 8 * buckets as usize + CHAINED * chained + t.sds_bytes
            }
        }
    }

    /// Announces that up to `hint` members are about to be added: too many for the encoding make it a table at once.
    pub fn expect(&mut self, hint: usize, limits: &SetLimits) {
        let most = match self {
            Set::Ints(_) => limits.intset_entries,
            Set::Pack(_) => limits.listpack_entries,
            Set::Table(_) => return,
        };
        if hint > most {
            self.make_table(limits, hint);
        }
    }

    fn make_table(&mut self, limits: &SetLimits, room: usize) {
        let mut table = Members::new(limits.seed, room.max(self.len()));
        self.for_each(&mut |member: &[u8]| {
            table.add(member);
        });
        *self = Set::Table(table);
    }

    /// Adds a member; whether it is new. O(1) in a table, O(n) in the others.
    pub fn add(&mut self, member: &[u8], limits: &SetLimits) -> bool {
        match self {
            Set::Ints(_) => match num::parse_i64(member) {
                Some(n) => self.add_int(n, limits),
                None => self.add_to_ints(member, limits),
            },
            Set::Pack(lp) => {
                let needle = Needle::new(member);
                if lp.find_needle(&needle, Listpack::START, 0).is_some() {
                    return false;
                }
                if lp.len() < limits.listpack_entries
                    && member.len() <= limits.listpack_value
                    && lp.safe_to_add(member.len())
                {
                    lp.push(member);
                } else {
                    self.make_table(limits, self.len() + 1);
                    self.add(member, limits);
                }
                true
            }
            Set::Table(t) => t.add(member),
        }
    }

    /// [`Set::add`] for a member of another set.
    pub fn add_entry(&mut self, member: Entry<'_>, limits: &SetLimits) -> bool {
        match (&self, member) {
            (Set::Ints(_), Entry::Int(n)) => self.add_int(n, limits),
            _ => self.add(text(&member, &mut IntBuf::default()), limits),
        }
    }

    fn add_int(&mut self, n: i64, limits: &SetLimits) -> bool {
        let Set::Ints(ints) = self else {
            return self.add_entry(Entry::Int(n), limits);
        };
        let new = ints.add(n);
        if new && ints.len() > limits.ints() {
            self.make_table(limits, 0);
        }
        new
    }

    /// The first member that is no integer ends the intset.
    fn add_to_ints(&mut self, member: &[u8], limits: &SetLimits) -> bool {
        let Set::Ints(ints) = self else {
            return self.add(member, limits);
        };
        let digits = |n: Option<i64>| n.map_or(0, |n| Entry::Int(n).len());
        let longest = digits(ints.min()).max(digits(ints.max()));
        // An entry is never longer than the digits and two bytes.
        let estimate = (longest + 2).saturating_mul(ints.len()) + member.len();
        if ints.len() < limits.listpack_entries
            && member.len() <= limits.listpack_value
            && longest <= limits.listpack_value
            && estimate <= listpack::SAFE_BYTES
        {
            let mut lp = Listpack::new();
            ints.iter().for_each(|n| lp.push_int(n));
            lp.push(member);
            *self = Set::Pack(lp);
        } else {
            self.make_table(limits, self.len() + 1);
            self.add(member, limits);
        }
        true
    }

    /// Turns a set of integers only into an intset, if it is small enough for one: the result of SINTERSTORE.
    pub fn compact_ints(&mut self, limits: &SetLimits) {
        if matches!(self, Set::Ints(_)) || self.len() > limits.ints() {
            return;
        }
        let mut ints = Intset::new();
        for member in self.iter() {
            match member.as_i64() {
                Some(n) => ints.add(n),
                None => return,
            };
        }
        *self = Set::Ints(ints);
    }

    /// Removes a member; whether it was there. O(1) in a table, O(n) in the others.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match self {
            Set::Ints(ints) => num::parse_i64(member).is_some_and(|n| ints.remove(n)),
            Set::Pack(lp) => match lp.find(member, Listpack::START, 0) {
                Some(pos) => {
                    lp.delete(pos);
                    true
                }
                None => false,
            },
            Set::Table(t) => t.remove(member),
        }
    }

    /// [`Set::remove`] for a member of another set.
    pub fn remove_entry(&mut self, member: Entry<'_>) -> bool {
        match (self, member) {
            (Set::Ints(ints), Entry::Int(n)) => ints.remove(n),
            (set, _) => set.remove(text(&member, &mut IntBuf::default())),
        }
    }

    /// Whether it has this member. O(1) in a table, O(log n) in an intset, O(n) in a listpack.
    pub fn contains(&self, member: &[u8]) -> bool {
        match self {
            Set::Ints(ints) => num::parse_i64(member).is_some_and(|n| ints.contains(n)),
            Set::Pack(lp) => lp.find(member, Listpack::START, 0).is_some(),
            Set::Table(t) => t.dict.contains(member),
        }
    }

    /// [`Set::contains`] for a member of another set.
    pub fn contains_entry(&self, member: Entry<'_>) -> bool {
        match (self, member) {
            (Set::Ints(ints), Entry::Int(n)) => ints.contains(n),
            _ => self.contains(text(&member, &mut IntBuf::default())),
        }
    }

    /// The members: ascending in an intset, in the order they came in a listpack, in no meaningful (but always the
    /// same) order in a table.
    pub fn iter(&self) -> Iter<'_> {
        match self {
            Set::Ints(ints) => Iter::Ints(ints, 0),
            Set::Pack(lp) => Iter::Pack(lp.iter()),
            Set::Table(t) => Iter::Table(&t.dict, EntryId(0)),
        }
    }

    /// Calls `f` with the bytes of each member.
    pub fn for_each(&self, f: &mut impl FnMut(&[u8])) {
        if let Set::Table(t) = self {
            return t.dict.iter().for_each(|(_, member, ())| f(member));
        }
        for member in self.iter() {
            f(text(&member, &mut IntBuf::default()));
        }
    }

    /// One step of SSCAN: calls `f` for some members and returns the next cursor, 0 at the end. Only a table takes
    /// more than one step.
    pub fn scan(&self, cursor: u64, f: &mut dyn FnMut(Entry<'_>)) -> u64 {
        match self {
            Set::Table(t) => t.dict.scan(cursor, &mut |id| f(Entry::Str(t.dict.key(id)))),
            _ => {
                self.iter().for_each(f);
                0
            }
        }
    }

    /// The member at a place. O(1).
    pub fn at(&self, place: Place) -> Entry<'_> {
        match (self, place) {
            (Set::Pack(lp), Place::Pos(pos)) => lp.get(pos),
            (Set::Table(t), Place::Id(id)) => Entry::Str(t.dict.key(id)),
            (_, Place::Int(n)) => Entry::Int(n),
            _ => unreachable!("a place belongs to the set that gave it"),
        }
    }

    /// Removes the member at a place. In a listpack, places behind it become stale.
    pub fn remove_at(&mut self, place: Place) {
        match (self, place) {
            (Set::Ints(ints), Place::Int(n)) => drop(ints.remove(n)),
            (Set::Pack(lp), Place::Pos(pos)) => drop(lp.delete(pos)),
            (Set::Table(t), Place::Id(id)) => {
                if let Some((member, ())) = t.dict.remove_id(id) {
                    t.sds_bytes -= alloc::sds_size(member.len());
                }
            }
            _ => unreachable!("a place belongs to the set that gave it"),
        }
    }

    /// A random member, all equally likely. O(1) expected; O(n) in a listpack.
    pub fn random(&self, rng: &mut Rng) -> Option<Place> {
        match self {
            Set::Ints(ints) if ints.is_empty() => None,
            Set::Ints(ints) => ints
                .get(rng.below(ints.len() as u64) as usize)
                .map(Place::Int),
            Set::Pack(lp) => pick::one_of(lp, 1, rng),
            Set::Table(t) => t.dict.random(rng).map(Place::Id),
        }
    }

    /// Up to `count` different members, all choices equally likely; of a listpack in the order they stand in.
    pub fn sample(&self, rng: &mut Rng, count: usize) -> Vec<Place> {
        let len = self.len();
        let count = count.min(len);
        if let Set::Pack(lp) = self {
            return pick::in_order(lp, 1, count, rng);
        }
        let one = |rng: &mut Rng| {
            self.random(rng)
                .expect("`distinct` draws from what is there")
        };
        pick::distinct(rng, count, len, || self.places(), one)
    }

    /// The places of all members, in the order of [`Set::iter`]. O(n).
    pub fn places(&self) -> Vec<Place> {
        match self {
            Set::Ints(ints) => ints.iter().map(Place::Int).collect(),
            Set::Pack(lp) => pick::places(lp, 1).collect(),
            Set::Table(t) => t.dict.ids().map(Place::Id).collect(),
        }
    }
}

/// The members of a set. See [`Set::iter`].
#[derive(Clone)]
pub enum Iter<'a> {
    Ints(&'a Intset, usize),
    Pack(listpack::Iter<'a>),
    Table(&'a Dict<()>, EntryId),
}

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        match self {
            Iter::Ints(ints, at) => {
                *at += 1;
                ints.get(*at - 1).map(Entry::Int)
            }
            Iter::Pack(entries) => entries.next(),
            Iter::Table(dict, from) => {
                let id = dict.next_from(*from)?;
                *from = EntryId(id.0 + 1);
                Some(Entry::Str(dict.key(id)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const SEED: (u64, u64) = (1, 2);

    fn limits(intset_entries: usize, listpack_entries: usize, listpack_value: usize) -> SetLimits {
        SetLimits {
            intset_entries,
            listpack_entries,
            listpack_value,
            seed: SEED,
        }
    }

    /// One body for all encodings: only the limits differ. Returns the encodings that the set went through.
    fn mirror(limits: &SetLimits, seed: u64, ints_only: bool) -> Vec<&'static str> {
        let mut rng = Rng::new(seed);
        let (mut set, mut truth) = (Set::default(), BTreeSet::<Vec<u8>>::new());
        let mut encodings = vec![set.encoding()];
        for step in 0..400 {
            let n = rng.below(60) as i64 - 20;
            let member = match rng.below(4) {
                0 if !ints_only => vec![b'a' + rng.below(20) as u8; rng.below(12) as usize],
                1 => (n << rng.below(50)).to_string().into_bytes(),
                _ => n.to_string().into_bytes(),
            };
            match rng.below(7) {
                0..=2 => assert_eq!(set.add(&member, limits), truth.insert(member.clone())),
                3 => assert_eq!(set.remove(&member), truth.remove(&member), "seed {seed}"),
                4 => {
                    let entry = match num::parse_i64(&member) {
                        Some(n) => Entry::Int(n),
                        None => Entry::Str(&member),
                    };
                    assert_eq!(set.contains_entry(entry), truth.contains(&member));
                    assert_eq!(set.remove_entry(entry), truth.remove(&member));
                    assert_eq!(set.add_entry(entry, limits), truth.insert(member.clone()));
                }
                5 => check_sample(&set, &mut rng, &truth, seed),
                _ => {
                    if let Some(place) = set.random(&mut rng) {
                        assert!(truth.remove(&set.at(place).to_vec()), "seed {seed}");
                        set.remove_at(place);
                    }
                }
            }
            assert_eq!(set.contains(&member), truth.contains(&member));
            assert_eq!(set.len(), truth.len(), "seed {seed} step {step}");
            if encodings.last() != Some(&set.encoding()) {
                encodings.push(set.encoding());
            }
        }
        check_walks(&set, &truth, seed);
        encodings
    }

    fn check_sample(set: &Set, rng: &mut Rng, truth: &BTreeSet<Vec<u8>>, seed: u64) {
        let count = rng.below(truth.len() as u64 + 3) as usize;
        let places = set.sample(rng, count);
        let members: BTreeSet<Vec<u8>> = places.iter().map(|&p| set.at(p).to_vec()).collect();
        assert_eq!(members.len(), count.min(truth.len()), "seed {seed}");
        assert!(members.is_subset(truth), "seed {seed}");
    }

    fn check_walks(set: &Set, truth: &BTreeSet<Vec<u8>>, seed: u64) {
        let all: BTreeSet<Vec<u8>> = set.iter().map(|m| m.to_vec()).collect();
        assert_eq!(&all, truth, "seed {seed}");
        let mut seen = BTreeSet::new();
        set.for_each(&mut |member: &[u8]| assert!(seen.insert(member.to_vec())));
        assert_eq!(&seen, truth, "seed {seed}");
        let (mut scanned, mut cursor) = (BTreeSet::new(), 0);
        loop {
            cursor = set.scan(cursor, &mut |m| {
                scanned.insert(m.to_vec());
            });
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(&scanned, truth, "seed {seed}");
        if let Set::Table(t) = set {
            let bytes: usize = truth.iter().map(|m| alloc::sds_size(m.len())).sum();
            assert_eq!(t.sds_bytes, bytes, "seed {seed}");
        }
    }

    #[test]
    fn mirrors_a_tree_set_in_every_encoding() {
        for seed in 0..60 {
            assert_eq!(mirror(&limits(512, 128, 64), seed, true), ["intset"]);
            assert_eq!(
                mirror(&limits(512, 400, 64), seed, false).last(),
                Some(&"listpack")
            );
            assert_eq!(
                mirror(&limits(0, 0, 0), seed, false),
                ["intset", "hashtable"]
            );
            mirror(&limits(5, 8, 6), seed, false);
            mirror(&limits(5, 8, 6), seed, true);
        }
    }

    #[test]
    fn draws_are_fair() {
        for limits in [limits(512, 128, 64), limits(0, 128, 64), limits(0, 0, 0)] {
            let mut set = Set::with_hint(b"0", 10, &limits);
            (0..10).for_each(|n: i32| {
                set.add(n.to_string().as_bytes(), &limits);
            });
            let mut rng = Rng::new(5);
            let mut hits = [0u32; 10];
            for _ in 0..10_000 {
                let place = set.random(&mut rng).expect("ten members");
                hits[set.at(place).as_i64().expect("digits") as usize] += 1;
            }
            let even = hits.iter().all(|n| (850..1_150).contains(n));
            assert!(even, "{}: {hits:?}", set.encoding());
        }
    }

    #[test]
    fn sizes_are_a_real_servers() {
        // MEMORY USAGE of a real server, without the 48 bytes of a short key and the object header.
        let limits = limits(512, 128, 64);
        let mut set = Set::default();
        (0..512).for_each(|n: i32| {
            set.add((n * 1000).to_string().as_bytes(), &limits);
        });
        assert_eq!((set.encoding(), set.mem_bytes()), ("intset", 2560));
        let mut set = Set::pack();
        (0..128).for_each(|n: i32| {
            set.add(format!("m{n}").as_bytes(), &limits);
        });
        assert_eq!((set.encoding(), set.mem_bytes()), ("listpack", 768));
        let mut set = Set::table(&limits, 0);
        (0..4096).for_each(|n: i32| {
            set.add(format!("member:{n}").as_bytes(), &limits);
        });
        let off = set.mem_bytes().abs_diff(122_520 - 48);
        assert!(off < 1_000, "{} bytes off", off);
    }
}
