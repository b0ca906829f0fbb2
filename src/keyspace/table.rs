//! One database: the dictionary of keys, and the keys among them that expire.
use super::fork::Past;
use super::value::Value;
use crate::base::{alloc, rng::Rng, time::Millis};
use crate::ds::dict::{Dict, EntryId};

const PERSISTENT: u32 = u32::MAX;

/// A value with what the keyspace knows of it.
#[derive(Clone, Debug)]
pub struct Object {
    pub value: Value,
    /// LRU clock in seconds, or LFU minutes and counter, as a real server packs them in 24 bits.
    pub lru: u32,
    /// Modelled size at the last settling, in units of 8 bytes.
    size8: u32,
    /// Place in `Table::volatile`, or `PERSISTENT`.
    volatile: u32,
}

/// A key that expires.
#[derive(Clone, Copy, Debug)]
struct Volatile {
    id: EntryId,
    at_ms: Millis,
}

/// One numbered database.
#[derive(Clone)]
pub struct Table {
    dict: Dict<Object>,
    // A dense list instead of a second dictionary: a random volatile key and the removal of one are O(1).
    volatile: Vec<Volatile>,
    /// Mean time that volatile keys have left, as far as the expiry cycle saw; 0: it saw none.
    ttl_ms: Millis,
    data_bytes: i64,
    /// What a fork sees of it, while there is one.
    pub(super) past: Option<Box<Past>>,
}

impl Table {
    pub(super) fn new(seed: (u64, u64)) -> Table {
        Table {
            dict: Dict::new(seed),
            volatile: Vec::new(),
            ttl_ms: 0,
            data_bytes: 0,
            past: None,
        }
    }

    /// Number of keys, expired ones that nobody touched yet included.
    pub fn len(&self) -> usize {
        self.dict.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.dict.is_empty()
    }

    /// Number of keys that expire.
    pub fn volatile_len(&self) -> usize {
        self.volatile.len()
    }

    /// The dictionary, for scans and views.
    pub fn dict(&self) -> &Dict<Object> {
        &self.dict
    }

    /// Lets the dictionary rehash by `n` buckets; whether there is more to do.
    pub fn rehash(&mut self, n: u32) -> bool {
        self.dict.rehash_steps(n)
    }

    /// Makes room for so many keys at once.
    pub(super) fn expect_keys(&mut self, keys: usize) {
        self.dict.expand(keys);
    }

    /// What every look-up by a command does: moves a bucket while the dictionary rehashes, as until that is over each
    /// look-up may have to read two tables.
    #[inline(always)]
    pub(super) fn step(&mut self) {
        if self.dict.is_rehashing() {
            self.dict.rehash_steps(1);
        }
    }

    /// Modelled bytes of the keys and values here.
    pub fn data_bytes(&self) -> i64 {
        self.data_bytes
    }

    /// Buckets of the second dictionary in which a real server keeps the keys that expire.
    pub fn volatile_buckets(&self) -> usize {
        match self.volatile.len() {
            0 => 0,
            n => n.next_power_of_two().max(4),
        }
    }

    pub(super) fn find(&self, key: &[u8]) -> Option<EntryId> {
        self.dict.find(key)
    }

    /// The object of an entry.
    pub fn object(&self, id: EntryId) -> &Object {
        self.dict.value(id)
    }

    pub(super) fn object_mut(&mut self, id: EntryId) -> &mut Object {
        self.keep(id);
        self.dict.value_mut(id)
    }

    /// Sets the LRU or LFU field. A fork does not ask how it was: copying a value for each look at it would cost too much.
    #[inline(always)]
    pub(super) fn set_use(&mut self, id: EntryId, lru: u32) {
        self.dict.value_mut(id).lru = lru;
    }

    /// An entry is about to change: a fork takes what it needs.
    #[inline(always)]
    fn keep(&mut self, id: EntryId) {
        if self.past.is_some() {
            self.keep_past(id);
        }
    }

    #[cold]
    fn keep_past(&mut self, id: EntryId) {
        let at_ms = self.expire_at(id);
        if let Some(past) = &mut self.past {
            let (key, object) = self.dict.entry(id);
            past.copy(id, key, object, at_ms);
        }
    }

    /// The name of an entry.
    pub fn key(&self, id: EntryId) -> &[u8] {
        self.dict.key(id)
    }

    /// When the entry expires, in ms since 1970.
    pub fn expire_at(&self, id: EntryId) -> Option<Millis> {
        let slot = self.dict.value(id).volatile;
        (slot != PERSISTENT).then(|| self.volatile[slot as usize].at_ms)
    }

    pub(super) fn set_expire(&mut self, id: EntryId, at_ms: Millis) {
        self.keep(id);
        let slot = self.dict.value(id).volatile;
        if slot != PERSISTENT {
            self.volatile[slot as usize].at_ms = at_ms;
        } else {
            self.dict.value_mut(id).volatile = self.volatile.len() as u32;
            self.volatile.push(Volatile { id, at_ms });
        }
    }

    pub(super) fn persist(&mut self, id: EntryId) -> bool {
        let slot = self.dict.value(id).volatile;
        if slot == PERSISTENT {
            return false;
        }
        self.keep(id);
        self.dict.value_mut(id).volatile = PERSISTENT;
        self.volatile.swap_remove(slot as usize);
        if let Some(moved) = self.volatile.get(slot as usize) {
            let id = moved.id;
            self.dict.value_mut(id).volatile = slot;
        }
        true
    }

    /// The entry of a key, made with `value()` if there is none; whether it is new. The caller settles it.
    pub(super) fn slot(
        &mut self,
        key: &[u8],
        lru: u32,
        value: impl FnOnce() -> Value,
    ) -> (EntryId, bool) {
        let (id, new) = self.dict.find_or_insert(key, || Object {
            value: value(),
            lru,
            size8: 0,
            volatile: PERSISTENT,
        });
        if new && let Some(past) = &mut self.past {
            past.born(id);
        }
        (id, new)
    }

    /// Takes an entry out. Returns its value and the bytes that are gone (a positive number).
    pub(super) fn remove(&mut self, id: EntryId) -> (Object, i64) {
        self.keep(id);
        self.persist(id);
        let (_, object) = self
            .dict
            .remove_id(id)
            .expect("the caller holds a live entry");
        let bytes = i64::from(object.size8) * 8;
        self.data_bytes -= bytes;
        (object, bytes)
    }

    /// Measures an entry again; returns the change in bytes.
    pub(super) fn settle(&mut self, id: EntryId) -> i64 {
        let Some((key, object)) = self.dict.live_entry_mut(id) else {
            return 0;
        };
        let change = measure(key, object);
        self.data_bytes += change;
        change
    }

    /// The books of a value that was just stored: measured, and without expiry unless `keep_ttl`. Returns the change in
    /// bytes.
    pub(super) fn stored(&mut self, id: EntryId, keep_ttl: bool) -> i64 {
        let (key, object) = self.dict.entry_mut(id);
        let volatile = object.volatile != PERSISTENT;
        let change = measure(key, object);
        self.data_bytes += change;
        if volatile && !keep_ttl {
            self.persist(id);
        }
        change
    }

    /// A random key, if any.
    pub fn random(&self, rng: &mut Rng) -> Option<EntryId> {
        self.dict.random(rng)
    }

    /// A random key among those that expire, with its time.
    pub fn random_volatile(&self, rng: &mut Rng) -> Option<(EntryId, Millis)> {
        if self.volatile.is_empty() {
            return None;
        }
        let v = self.volatile[rng.below(self.volatile.len() as u64) as usize];
        Some((v.id, v.at_ms))
    }

    /// Up to `n` different keys among those that expire, pushed to `out`. O(n²), `n` being small.
    pub(super) fn sample_volatile(&self, rng: &mut Rng, n: usize, out: &mut Vec<EntryId>) {
        if self.volatile.len() <= n {
            out.extend(self.volatile.iter().map(|v| v.id));
            return;
        }
        for _ in 0..n {
            let at = rng.below(self.volatile.len() as u64) as usize;
            let id = self.volatile[at].id;
            if !out.contains(&id) {
                out.push(id);
            }
        }
    }

    /// The mean time to live that INFO shows, in ms: what the expiry cycle saw lately.
    pub fn avg_ttl_ms(&self) -> Millis {
        match self.volatile.is_empty() {
            true => 0,
            false => self.ttl_ms,
        }
    }

    /// A sample of the expiry cycle: its mean moves the running one by a fiftieth of the difference.
    pub(super) fn saw_ttl(&mut self, mean_ms: Millis) {
        self.ttl_ms = match self.ttl_ms {
            0 => mean_ms,
            old => old + (mean_ms - old) / 50,
        };
    }
}

/// Measures an object; returns the change in bytes.
#[inline(always)]
fn measure(key: &[u8], object: &mut Object) -> i64 {
    let bytes = key_mem_bytes(key.len()) + object.value.mem_bytes();
    let size8 = u32::try_from(bytes / 8).unwrap_or(u32::MAX);
    let change = (i64::from(size8) - i64::from(object.size8)) * 8;
    object.size8 = size8;
    change
}

/// Modelled bytes of a dictionary entry with its key inside, on a 64-bit server: two pointers, the length of the key's
/// header, the key. (Valkey 8 embeds the key in the entry.)
pub fn key_mem_bytes(len: usize) -> usize {
    let header = match len {
        0..=255 => 3,
        256..=65_535 => 5,
        _ => 9,
    };
    alloc::size_class(8 + 8 + 1 + header + len + 1)
}
