//! WATCH: who watches which keys, and whose watch was broken by a change.
//!
//! A key that was past its time already when it was watched stands for "no such key": that it is deleted later changes
//! nothing for its watcher.
use super::Keyspace;
use std::collections::BTreeMap;

/// A key in its database.
pub type Place = (usize, Box<[u8]>);

#[derive(Clone)]
struct Watch {
    /// The number of the client.
    by: u64,
    /// The key was past its time, and still there, when the watch began.
    expired: bool,
}

#[derive(Clone)]
struct Watcher {
    id: u64,
    /// A watched key changed: EXEC will do nothing.
    broken: bool,
    places: Vec<Place>,
}

/// All watches of a node.
#[derive(Clone, Default)]
pub struct Watches {
    keys: BTreeMap<Place, Vec<Watch>>,
    /// In the order of their numbers.
    watchers: Vec<Watcher>,
}

impl Watches {
    /// Whether nobody watches anything.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many keys are watched.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// How many clients watch keys.
    pub fn clients(&self) -> usize {
        self.watchers
            .iter()
            .filter(|w| !w.places.is_empty())
            .count()
    }

    /// How many keys client `id` watches, and whether one of them changed. O(log watchers).
    pub fn of(&self, id: u64) -> (usize, bool) {
        self.find(id).map_or((0, false), |at| {
            let watcher = &self.watchers[at];
            (watcher.places.len(), watcher.broken)
        })
    }

    fn find(&self, id: u64) -> Result<usize, usize> {
        self.watchers.binary_search_by(|w| w.id.cmp(&id))
    }

    fn release(&mut self, id: u64, places: Vec<Place>) {
        for place in places {
            if let Some(watches) = self.keys.get_mut(&place) {
                watches.retain(|w| w.by != id);
                if watches.is_empty() {
                    self.keys.remove(&place);
                }
            }
        }
    }

    /// A key changed; `gone` says that it is not there (any more). A broken watcher need not be told of anything else.
    pub(super) fn touch(&mut self, place: &Place, gone: bool) {
        let Some(watches) = self.keys.get_mut(place) else {
            return;
        };
        let mut broken = Vec::new();
        for watch in watches {
            if watch.expired && gone {
                watch.expired = false;
            } else {
                broken.push(watch.by);
            }
        }
        for id in broken {
            if let Ok(at) = self.find(id) {
                self.watchers[at].broken = true;
                let places = std::mem::take(&mut self.watchers[at].places);
                self.release(id, places);
            }
        }
    }
}

impl Keyspace {
    /// Lets client `id` watch a key. One whose watch is broken need not watch any more.
    pub fn watch(&mut self, id: u64, db: usize, key: &[u8]) {
        let expired = self.has_expired(db, key);
        let watches = &mut self.watches;
        let at = watches.find(id).unwrap_or_else(|at| {
            let watcher = Watcher {
                id,
                broken: false,
                places: Vec::new(),
            };
            watches.watchers.insert(at, watcher);
            at
        });
        if watches.watchers[at].broken {
            return;
        }
        let place = (db, Box::from(key));
        let watchers = watches.keys.entry(place.clone()).or_default();
        if !watchers.iter().any(|w| w.by == id) {
            watchers.push(Watch { by: id, expired });
            watches.watchers[at].places.push(place);
        }
    }

    /// Ends all watches of client `id`. Returns whether a key that it watched has changed, or expired since.
    pub fn unwatch(&mut self, id: u64) -> bool {
        let Ok(at) = self.watches.find(id) else {
            return false;
        };
        let watcher = self.watches.watchers.remove(at);
        let lapsed = watcher.places.iter().any(|place| {
            let mine = |w: &&Watch| w.by == id;
            let watch = self
                .watches
                .keys
                .get(place)
                .and_then(|w| w.iter().find(mine));
            watch.is_some_and(|w| !w.expired) && self.has_expired(place.0, &place.1)
        });
        self.watches.release(id, watcher.places);
        watcher.broken || lapsed
    }

    /// Whether the key is there, but past its time.
    fn has_expired(&self, db: usize, key: &[u8]) -> bool {
        let table = &self.tables[db];
        let at_ms = table.find(key).and_then(|id| table.expire_at(id));
        at_ms.is_some_and(|at| at <= self.now_ms) && !self.loading
    }

    /// Database `db` is about to be emptied, or to hold what database `by` holds: the watches on its keys follow. O(watched).
    pub(super) fn replace_watched(&mut self, db: usize, by: Option<usize>) {
        let mut watches = std::mem::take(&mut self.watches);
        for ((_, key), watched) in watches.keys.iter_mut().filter(|(place, _)| place.0 == db) {
            let was = self.tables[db].find(key).is_some();
            let is = by.is_some_and(|by| self.tables[by].find(key).is_some());
            let past = by.is_some_and(|by| self.has_expired(by, key));
            for watch in watched.iter_mut().filter(|_| was || is) {
                match watch.expired {
                    true if !is => watch.expired = false,
                    true if past => {}
                    false if !was && past => watch.expired = true,
                    _ => {
                        let at = watches.watchers.binary_search_by(|w| w.id.cmp(&watch.by));
                        at.into_iter()
                            .for_each(|at| watches.watchers[at].broken = true);
                    }
                }
            }
        }
        self.watches = watches;
    }
}
