//! The hash table behind the keyspace, sets, hashes and sorted sets.
//!
//! Chains hang from a power-of-two array of buckets. When the table must grow or shrink, a second
//! array is made and every later insertion or removal moves one bucket over, so that no single
//! command pays for the whole move:
//!
//! ```text
//!   table 0 (4 buckets, being emptied)        table 1 (8 buckets, being filled)
//!   ┌───┐                                     ┌───┐
//!   │ 0 │ moved                               │ 0 │─► [h 8, "d"]
//!   │ 1 │ moved                               │ 1 │
//!   │ 2 │◄── rehash index                     │ … │─► [h 5, "a"] ─► [h 13, "k"]
//!   │ 3 │─► [h 3, "b"] ─► [h 7, "c"]          │ 7 │
//!   └───┘                                     └───┘
//! ```
//!
//! A bucket holds the number of its first entry; entries stand in a [`Slab`], know the next of
//! their chain and the low 32 bits of their hash. Chains therefore compare four bytes before they
//! compare keys, and moving a bucket hashes nothing. Entry numbers ([`EntryId`]) stay valid while
//! the entry lives, so that a sorted set's skiplist can name members by number.
//!
//! **Scanning while the table changes.** The cursor counts with its bits reversed: it adds one at
//! the *top* bit of the mask. Bucket `b` of a table of size `n` splits, when the table doubles,
//! into `b` and `b + n`, which share the low bits. Counting from the top visits all buckets with
//! the same low bits one after the other, so what was visited in the small table need not be
//! visited again in the large one, and the reverse. While two tables exist, one call visits the
//! bucket of the smaller and all its expansions in the larger. Every entry that is present from
//! the start of a scan to its end is seen at least once; some may be seen twice. (The idea is
//! Pieter Noordhuis's, for Redis 2.8.)
//!
//! Growth: when there are as many entries as buckets. Shrinking: when 8 × entries ≤ buckets.

mod inspect;
mod key;
mod pick;
mod table;
#[cfg(test)]
mod tests;

pub use inspect::{BucketView, DictView, TableStats, TableView};
pub use key::KeyBox;

use super::slab::Slab;
use crate::base::siphash::siphash12;
use table::{NIL, Table};

/// Buckets of the smallest table.
const INITIAL_SIZE: u32 = 4;
/// The largest table: 2³¹ buckets.
const MAX_SIZE: u32 = 1 << 31;
/// A table shrinks when one bucket in this many, or fewer, would be in use.
const MIN_FILL: u64 = 8;
/// With resizing paused a table grows all the same once chains are this long on average.
const FORCE_RATIO: u64 = 4;
/// Empty buckets passed over for each bucket to be moved.
const EMPTY_VISITS: u32 = 10;
/// `rehash` when no rehash is under way.
const NOT_REHASHING: u32 = u32::MAX;

/// The number of an entry: valid from its insertion until its removal, then given out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u32);

#[derive(Clone, Debug)]
struct Entry<V> {
    hash: u32,
    next: u32,
    key: KeyBox,
    value: V,
}

/// A table from byte strings to `V`. See the module's page.
#[derive(Clone, Debug)]
pub struct Dict<V> {
    entries: Slab<Entry<V>>,
    tables: [Table; 2],
    /// Buckets of table 0 below this one have moved to table 1.
    rehash: u32,
    /// While above zero, resizing waits (a child process would copy what rehashing touches).
    paused: u32,
    seed: (u64, u64),
}

impl<V> Dict<V> {
    /// An empty table whose hash is keyed by `seed`. Allocates nothing.
    pub fn new(seed: (u64, u64)) -> Self {
        Dict {
            entries: Slab::new(),
            tables: [Table::default(), Table::default()],
            rehash: NOT_REHASHING,
            paused: 0,
            seed,
        }
    }

    /// Number of entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The seed given to [`Dict::new`].
    pub fn seed(&self) -> (u64, u64) {
        self.seed
    }

    /// The full hash of a key; buckets are chosen by its low bits.
    #[inline(always)]
    pub fn hash(&self, key: &[u8]) -> u64 {
        siphash12(key, self.seed.0, self.seed.1)
    }

    /// The value of a key. O(1).
    #[inline]
    pub fn get(&self, key: &[u8]) -> Option<&V> {
        self.find(key).map(|id| self.value(id))
    }

    /// The value of a key, to be changed. O(1).
    #[inline]
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        self.find(key).map(|id| self.value_mut(id))
    }

    /// Whether a key is present. O(1).
    #[inline]
    pub fn contains(&self, key: &[u8]) -> bool {
        self.find(key).is_some()
    }

    /// The entry of a key. O(1).
    #[inline(always)]
    pub fn find(&self, key: &[u8]) -> Option<EntryId> {
        if self.entries.is_empty() {
            return None;
        }
        let id = self.lookup(key, self.hash(key) as u32);
        (id != NIL).then_some(EntryId(id))
    }

    /// Key and value of a live entry. O(1).
    ///
    /// # Panics
    /// Here and in `key`, `value`, `value_mut`: when the entry is gone.
    #[inline]
    pub fn entry(&self, id: EntryId) -> (&[u8], &V) {
        let entry = &self.entries[id.0];
        (&entry.key, &entry.value)
    }

    /// Key of a live entry. O(1).
    #[inline]
    pub fn key(&self, id: EntryId) -> &[u8] {
        &self.entries[id.0].key
    }

    /// Value of a live entry. O(1).
    #[inline]
    pub fn value(&self, id: EntryId) -> &V {
        &self.entries[id.0].value
    }

    /// Value of a live entry, to be changed. O(1).
    #[inline]
    pub fn value_mut(&mut self, id: EntryId) -> &mut V {
        &mut self.entries[id.0].value
    }

    /// Key and value of a live entry, the value to be changed. O(1).
    #[inline(always)]
    pub fn entry_mut(&mut self, id: EntryId) -> (&[u8], &mut V) {
        let entry = &mut self.entries[id.0];
        (&entry.key, &mut entry.value)
    }

    /// The same where the entry may be gone. O(1).
    #[inline(always)]
    pub fn live_entry_mut(&mut self, id: EntryId) -> Option<(&[u8], &mut V)> {
        let entry = self.entries.get_mut(id.0)?;
        Some((&entry.key, &mut entry.value))
    }

    /// Whether an entry number is in use. O(1).
    pub fn is_live(&self, id: EntryId) -> bool {
        self.entries.get(id.0).is_some()
    }

    /// Sets a key's value and returns the one it had. O(1).
    #[inline]
    pub fn insert(&mut self, key: &[u8], value: V) -> Option<V> {
        self.rehash_one();
        let hash = self.hash(key) as u32;
        let id = self.lookup(key, hash);
        if id != NIL {
            return Some(std::mem::replace(&mut self.entries[id].value, value));
        }
        self.link_new(key, hash, value);
        None
    }

    /// The entry of a key, made with `value()` when there is none; whether it is new. O(1).
    #[inline]
    pub fn find_or_insert(&mut self, key: &[u8], value: impl FnOnce() -> V) -> (EntryId, bool) {
        self.rehash_one();
        let hash = self.hash(key) as u32;
        let id = self.lookup(key, hash);
        if id != NIL {
            return (EntryId(id), false);
        }
        (EntryId(self.link_new(key, hash, value())), true)
    }

    /// Removes a key and returns its value. O(1).
    #[inline]
    pub fn remove(&mut self, key: &[u8]) -> Option<V> {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Removes a key and returns the stored key and its value. O(1).
    pub fn remove_entry(&mut self, key: &[u8]) -> Option<(KeyBox, V)> {
        if self.entries.is_empty() {
            return None;
        }
        self.rehash_one();
        let id = self.lookup(key, self.hash(key) as u32);
        if id == NIL {
            return None;
        }
        self.unlink(id)
    }

    /// Removes an entry by its number. O(1).
    pub fn remove_id(&mut self, id: EntryId) -> Option<(KeyBox, V)> {
        self.rehash_one();
        self.unlink(id.0)
    }

    /// Drops everything and gives the memory back; the seed stays. O(entries).
    pub fn clear(&mut self) {
        let paused = self.paused;
        *self = Dict::new(self.seed);
        self.paused = paused;
    }

    /// All entries in the order of their numbers: the same for the same history on every machine,
    /// whatever the seed. A step is O(1).
    pub fn iter(&self) -> impl Iterator<Item = (EntryId, &[u8], &V)> {
        let entries = self.entries.iter();
        entries.map(|(id, entry)| (EntryId(id), &*entry.key, &entry.value))
    }

    /// The numbers of all entries, ascending.
    pub fn ids(&self) -> impl Iterator<Item = EntryId> {
        self.entries.iter().map(|(id, _)| EntryId(id))
    }

    /// The first entry numbered `id` or above: a cursor for walks that change the table on the way.
    pub fn next_from(&self, id: EntryId) -> Option<EntryId> {
        self.entries.next_live(id.0).map(EntryId)
    }

    /// Calls `f` for the entries of one bucket (of both tables while rehashing) and returns the
    /// next cursor; 0 starts a scan and ends it. O(chain), while rehashing × the ratio of sizes.
    pub fn scan(&self, cursor: u64, f: &mut dyn FnMut(EntryId)) -> u64 {
        if self.entries.is_empty() {
            return 0;
        }
        let (small, large) = match self.tables[1].size() {
            0 => (&self.tables[0], None),
            size if size < self.tables[0].size() => (&self.tables[1], Some(&self.tables[0])),
            _ => (&self.tables[0], Some(&self.tables[1])),
        };
        let mut at = cursor as u32;
        let low = small.mask();
        self.each_of_chain(small.head(at & low), f);
        let Some(large) = large else {
            return u64::from(next_cursor(at, low));
        };
        let high = large.mask();
        loop {
            self.each_of_chain(large.head(at & high), f);
            at = next_cursor(at, high);
            if at & (low ^ high) == 0 {
                return u64::from(at);
            }
        }
    }

    /// Moves up to `n` buckets; whether there is more to move. O(n × (chain + 10)).
    pub fn rehash_steps(&mut self, n: u32) -> bool {
        if self.is_rehashing() && self.paused == 0 {
            self.move_buckets(n);
        }
        self.is_rehashing()
    }

    /// Whether two tables exist.
    #[inline]
    pub fn is_rehashing(&self) -> bool {
        self.rehash != NOT_REHASHING
    }

    /// Stops resizing and rehashing until [`Dict::resume_resize`]; calls nest. Tables then grow
    /// only under four entries a bucket.
    pub fn pause_resize(&mut self) {
        self.paused += 1;
    }

    /// Undoes one [`Dict::pause_resize`] and makes up for a resize that was due.
    pub fn resume_resize(&mut self) {
        self.paused = self.paused.saturating_sub(1);
        self.shrink_if_sparse();
    }

    /// Makes room for `n` entries at once, unless a rehash is under way. O(n / 4096).
    pub fn expand(&mut self, n: usize) {
        let size = size_for(n as u64);
        if !self.is_rehashing() && size > self.tables[0].size() {
            self.resize(size);
        }
    }

    /// Buckets of both tables.
    pub fn buckets(&self) -> u64 {
        u64::from(self.tables[0].size()) + u64::from(self.tables[1].size())
    }

    /// The entry of a key, or [`NIL`].
    #[inline(always)]
    fn lookup(&self, key: &[u8], hash: u32) -> u32 {
        let bucket = hash & self.tables[0].mask();
        if !self.is_rehashing() {
            return self.find_in_chain(self.tables[0].head(bucket), key, hash);
        }
        self.lookup_in_both(bucket, key, hash)
    }

    fn lookup_in_both(&self, bucket: u32, key: &[u8], hash: u32) -> u32 {
        if bucket >= self.rehash {
            let id = self.find_in_chain(self.tables[0].head(bucket), key, hash);
            if id != NIL {
                return id;
            }
        }
        let head = self.tables[1].head(hash & self.tables[1].mask());
        self.find_in_chain(head, key, hash)
    }

    #[inline(always)]
    fn find_in_chain(&self, mut id: u32, key: &[u8], hash: u32) -> u32 {
        while id != NIL {
            let entry = &self.entries[id];
            if entry.hash == hash && key::same(&entry.key, key) {
                return id;
            }
            id = entry.next;
        }
        NIL
    }

    fn each_of_chain(&self, mut id: u32, f: &mut dyn FnMut(EntryId)) {
        while id != NIL {
            let next = self.entries[id].next;
            f(EntryId(id));
            id = next;
        }
    }

    /// Adds an entry whose key is known to be absent.
    #[inline(always)]
    fn link_new(&mut self, key: &[u8], hash: u32, value: V) -> u32 {
        self.grow_if_full();
        let id = self.entries.insert(Entry {
            hash,
            next: NIL,
            key: KeyBox::new(key),
            value,
        });
        let table = &mut self.tables[usize::from(self.rehash != NOT_REHASHING)];
        let bucket = hash & table.mask();
        table.used += 1;
        let next = table.replace_head(bucket, id);
        if next != NIL {
            self.entries[id].next = next;
        }
        id
    }

    /// Takes an entry out of its chain and out of the arena.
    fn unlink(&mut self, id: u32) -> Option<(KeyBox, V)> {
        let entry = self.entries.get(id)?;
        let (hash, next) = (entry.hash, entry.next);
        let old = hash & self.tables[0].mask();
        // An entry is in table 1 when its bucket has moved or it came after the rehash began.
        let found = (!self.is_rehashing() || old >= self.rehash) && self.unhook(0, old, id, next);
        if !found {
            let hooked = self.unhook(1, hash & self.tables[1].mask(), id, next);
            debug_assert!(hooked, "a live entry stands in one of the chains");
        }
        let entry = self.entries.remove(id)?;
        self.shrink_if_sparse();
        Some((entry.key, entry.value))
    }

    fn unhook(&mut self, table: usize, bucket: u32, id: u32, next: u32) -> bool {
        let mut at = self.tables[table].head(bucket);
        if at == id {
            self.tables[table].replace_head(bucket, next);
            self.tables[table].used -= 1;
            return true;
        }
        while at != NIL {
            let entry = &mut self.entries[at];
            if entry.next == id {
                entry.next = next;
                self.tables[table].used -= 1;
                return true;
            }
            at = entry.next;
        }
        false
    }

    #[inline(always)]
    fn grow_if_full(&mut self) {
        let (size, used) = (self.tables[0].size(), self.tables[0].used);
        if used >= size && !self.is_rehashing() {
            self.grow(size, used);
        }
    }

    #[cold]
    fn grow(&mut self, size: u32, used: u32) {
        let forced = u64::from(used) >= FORCE_RATIO * u64::from(size);
        if size < MAX_SIZE && (self.paused == 0 || forced) {
            self.resize(size_for(u64::from(used) + 1));
        }
    }

    #[inline]
    fn shrink_if_sparse(&mut self) {
        let (size, used) = (self.tables[0].size(), self.tables[0].used);
        if u64::from(used) * MIN_FILL > u64::from(size) || size <= INITIAL_SIZE {
            return;
        }
        if self.paused == 0 && !self.is_rehashing() {
            self.resize(size_for(u64::from(used)));
        }
    }

    /// Starts the move to a table of `size` buckets; with nothing to move it is done at once.
    #[cold]
    fn resize(&mut self, size: u32) {
        if size == self.tables[0].size() {
            return;
        }
        if self.tables[0].used == 0 {
            self.tables[0] = Table::new(size);
        } else {
            self.tables[1] = Table::new(size);
            self.rehash = 0;
        }
    }

    #[inline(always)]
    fn rehash_one(&mut self) {
        if self.is_rehashing() && self.paused == 0 {
            self.move_buckets(1);
        }
    }

    fn move_buckets(&mut self, mut n: u32) {
        let mut visits = n.saturating_mul(EMPTY_VISITS);
        let [old, new] = &mut self.tables;
        while n > 0 && old.used > 0 {
            let mut id = old.head(self.rehash);
            if id == NIL {
                self.rehash += 1;
                old.free_page_before(self.rehash);
                visits -= 1;
                if visits == 0 {
                    return;
                }
                continue;
            }
            old.replace_head(self.rehash, NIL);
            while id != NIL {
                let entry = &mut self.entries[id];
                let next = entry.next;
                entry.next = new.replace_head(entry.hash & new.mask(), id);
                old.used -= 1;
                new.used += 1;
                id = next;
            }
            self.rehash += 1;
            old.free_page_before(self.rehash);
            n -= 1;
        }
        if old.used == 0 {
            self.tables[0] = std::mem::take(&mut self.tables[1]);
            self.rehash = NOT_REHASHING;
            // Removals during the move may have left the new table sparse as well.
            self.shrink_if_sparse();
        }
    }
}

/// The smallest table with at least `n` buckets.
fn size_for(n: u64) -> u32 {
    let n = n.clamp(u64::from(INITIAL_SIZE), u64::from(MAX_SIZE));
    n.next_power_of_two() as u32
}

/// The cursor after `at`: one added at the mask's top bit, carrying downwards.
#[inline]
fn next_cursor(at: u32, mask: u32) -> u32 {
    (at | !mask).reverse_bits().wrapping_add(1).reverse_bits()
}
