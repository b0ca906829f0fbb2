//! The data of one node: databases of keys, their values and expiry, notifications, watches, modelled memory.
//!
//! A command never touches a database by itself; it goes through [`Db`], which expires lazily, counts hits and misses,
//! and keeps the books (dirty, memory, events) that the node reads after the command.
pub mod db;
pub mod digest;
pub mod evict;
pub mod expire;
pub mod fork;
pub mod hash;
pub mod list;
pub mod lru;
pub mod notify;
pub mod pick;
pub mod set;
pub mod stream;
pub mod string;
pub mod table;
#[cfg(test)]
mod tests;
pub mod value;
pub mod waiting;
pub mod watch;
pub mod zset;

pub use db::Db;
pub use evict::Policy;
pub use lru::Lfu;
pub use notify::{Class, Event};
pub use string::{IntBuf, Str};
pub use table::{Object, Table};
pub use value::{Typed, Value, WrongType};

use crate::base::{rng::Rng, time::Millis};
use crate::ds::dict::EntryId;

/// Counters of INFO that the keyspace itself keeps; CONFIG RESETSTAT clears them.
#[derive(Clone, Debug, Default)]
pub struct KeyspaceStats {
    pub hits: u64,
    pub misses: u64,
    pub expired: u64,
    pub evicted: u64,
    /// Values, or keys of whole databases, that a real server frees in another thread.
    pub lazy_freed: u64,
}

/// The parameters that the keyspace itself follows.
#[derive(Clone, Debug)]
pub struct Params {
    /// The parsed `notify-keyspace-events`; 0 keeps the list of events empty.
    pub notify_classes: u32,
    /// `lazyfree-lazy-expire`: an expired key is propagated as UNLINK instead of DEL.
    pub lazy_expire: bool,
    /// `lazyfree-lazy-eviction`: the same of an evicted one.
    pub lazy_evict: bool,
    /// `lazyfree-lazy-user-del`: DEL frees as UNLINK does.
    pub lazy_del: bool,
    /// `lazyfree-lazy-server-del`: so does what deletes a key by the way.
    pub lazy_server_del: bool,
    pub policy: Policy,
    /// `maxmemory-samples`.
    pub samples: usize,
    pub lfu: Lfu,
}

impl Default for Params {
    fn default() -> Params {
        Params {
            notify_classes: 0,
            lazy_expire: true,
            lazy_evict: true,
            lazy_del: true,
            lazy_server_del: true,
            policy: Policy::Noeviction,
            samples: 5,
            lfu: Lfu {
                log_factor: 10,
                decay_minutes: 1,
            },
        }
    }
}

/// A write that a client did not send but that followers and the log must see (the DEL of an expired key).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Propagated {
    pub db: usize,
    pub argv: Vec<Vec<u8>>,
}

/// All databases of a node.
#[derive(Clone)]
pub struct Keyspace {
    tables: Vec<Table>,
    /// Virtual wall clock; stands still while a command runs.
    pub now_ms: Millis,
    /// Writes since the start; a command that changed something raised it.
    pub dirty: i64,
    pub stats: KeyspaceStats,
    pub params: Params,
    /// Events of the running command, in order; the node publishes and clears them.
    pub events: Vec<Event>,
    /// Writes to propagate before the running command's own.
    pub propagated: Vec<Propagated>,
    /// While a probe looks: reads leave no trace, and an expired key is passed over instead of deleted.
    pub quiet: bool,
    /// During CLIENT PAUSE: what has expired is gone for whoever looks, and stays until the pause is over. Nothing is evicted.
    pub paused: bool,
    /// The data follows that of a primary: what has expired is gone for whoever looks, and stays until the primary says so.
    pub follows: bool,
    /// The primary's commands run: nothing has expired for them.
    pub obeys: bool,
    /// While a log is read: its commands ran when nothing of what they touch had expired, and what did expire then says
    /// so itself. Nothing expires meanwhile, and a moment in the past is stored like any other.
    pub loading: bool,
    /// The running command's client asked that its accesses do not count as use (CLIENT NO-TOUCH).
    pub no_touch: bool,
    /// Off in DEBUG SET-ACTIVE-EXPIRE 0: then only access expires keys.
    pub active_expire: bool,
    /// What each new dictionary is keyed with, so that bucket positions depend on the seed of the world.
    pub hash_seed: (u64, u64),
    pub rng: Rng,
    pub watches: watch::Watches,
    pub waiting: waiting::Waiting,
    touched: Vec<(usize, EntryId)>,
    data_bytes: i64,
    /// The moment of the last reading of the LRU clock, and what it was.
    lru: std::cell::Cell<(Millis, u32)>,
    evictor: evict::Evictor,
    fork: Option<fork::Fork>,
}

impl Keyspace {
    /// `count` empty databases; `rng` also draws the hash seed.
    pub fn new(count: usize, mut rng: Rng) -> Keyspace {
        let hash_seed = (rng.next_u64(), rng.next_u64());
        Keyspace {
            tables: (0..count).map(|_| Table::new(hash_seed)).collect(),
            now_ms: 0,
            dirty: 0,
            stats: KeyspaceStats::default(),
            params: Params::default(),
            events: Vec::new(),
            propagated: Vec::new(),
            quiet: false,
            paused: false,
            follows: false,
            obeys: false,
            loading: false,
            no_touch: false,
            active_expire: true,
            hash_seed,
            rng,
            watches: Default::default(),
            waiting: Default::default(),
            touched: Vec::new(),
            data_bytes: 0,
            lru: Default::default(),
            evictor: Default::default(),
            fork: None,
        }
    }

    /// Switches events of [`Class::CHANGED`] on or off.
    pub fn tell_changes(&mut self, on: bool) {
        self.params.notify_classes &= !Class::CHANGED.0;
        if on {
            self.params.notify_classes |= Class::CHANGED.0;
        }
    }

    /// How many databases there are.
    pub fn count(&self) -> usize {
        self.tables.len()
    }

    /// The view of database `index` that commands work through. Panics if there is no such database.
    pub fn db(&mut self, index: usize) -> Db<'_> {
        Db { ks: self, index }
    }

    /// Database `index`, read only: for INFO, digests and views.
    pub fn table(&self, index: usize) -> &Table {
        &self.tables[index]
    }

    /// Database `index` for the few commands that work on it as a whole. Memory books stay the caller's: prefer [`Db`].
    pub fn table_mut(&mut self, index: usize) -> &mut Table {
        &mut self.tables[index]
    }

    /// How the deletion of an expired key is told to the log and to replicas.
    pub fn expire_verb(&self) -> &'static [u8] {
        verb(self.params.lazy_expire)
    }

    /// Modelled bytes of all keys and values, as of the last [`Keyspace::settle`].
    pub fn data_bytes(&self) -> i64 {
        self.data_bytes
    }

    /// Exchanges two databases; a watched key that is in either counts as changed.
    pub fn swap(&mut self, a: usize, b: usize) {
        self.settle();
        if a != b && !self.watches.is_empty() {
            self.replace_watched(a, Some(b));
            self.replace_watched(b, Some(a));
        }
        self.tables.swap(a, b);
        self.swap_places(a, b);
        if !self.waiting.is_empty() {
            self.signal_all(a);
            self.signal_all(b);
        }
    }

    /// Empties database `index`, counted as freed elsewhere if `lazy`; returns how many keys it held. O(keys) to free them.
    pub fn flush(&mut self, index: usize, lazy: bool) -> usize {
        self.settle();
        if !self.watches.is_empty() {
            self.replace_watched(index, None);
        }
        let removed = self.tables[index].len();
        if lazy {
            self.stats.lazy_freed += removed as u64;
        }
        self.db(index).notify(Class::CHANGED, Event::FLUSHED, b"");
        self.data_bytes -= self.tables[index].data_bytes();
        let table = std::mem::replace(&mut self.tables[index], Table::new(self.hash_seed));
        self.keep_table(index, table);
        if !self.waiting.is_empty() {
            self.signal_all(index);
        }
        removed
    }

    /// Brings the memory books up to date with what the command changed in place. O(keys it touched).
    pub fn settle(&mut self) {
        while let Some((db, id)) = self.touched.pop() {
            self.data_bytes += self.tables[db].settle(id);
        }
    }
}

/// How a deletion that no client asked for is told to the log and to replicas.
fn verb(lazy: bool) -> &'static [u8] {
    if lazy { b"UNLINK" } else { b"DEL" }
}
