//! Who waits for which keys (BLPOP and its like), and which of these keys may have come: they are looked at once the command
//! that touched them is done.
use super::{Keyspace, Value, watch::Place};
use std::collections::BTreeMap;

/// What a key must hold for a waiting client to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    List,
    Zset,
    /// An entry of a stream.
    Entry,
    /// An entry for a group; that the group goes, and be it with its key, is of interest as well.
    GroupEntry,
}

impl Awaited {
    fn fits(self, value: &Value) -> bool {
        match value {
            Value::List(_) => self == Awaited::List,
            Value::Zset(_) => self == Awaited::Zset,
            Value::Stream(_) => matches!(self, Awaited::Entry | Awaited::GroupEntry),
            _ => false,
        }
    }
}

#[derive(Clone)]
struct Waiter {
    id: u64,
    awaited: Awaited,
}

/// Those who wait for one key.
#[derive(Clone, Default)]
struct Queue {
    /// Those who came first stand first.
    waiters: Vec<Waiter>,
    /// The key is among those that may have come.
    ready: bool,
}

/// All waiting of a node.
#[derive(Clone, Default)]
pub struct Waiting {
    keys: BTreeMap<Place, Queue>,
    /// Keys that may serve somebody, in the order in which they were touched.
    ready: Vec<Place>,
}

impl Waiting {
    /// Whether nobody waits for any key.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a key that is waited for may have come.
    #[inline(always)]
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// How many keys are waited for, and how many of them also for their end.
    pub fn keys(&self) -> (usize, usize) {
        let group = |w: &Waiter| w.awaited == Awaited::GroupEntry;
        let for_end = |queue: &&Queue| queue.waiters.iter().any(group);
        let ends = self.keys.values().filter(for_end).count();
        (self.keys.len(), ends)
    }

    /// The keys that may have come since the last call.
    pub fn take_ready(&mut self) -> Vec<Place> {
        for place in &self.ready {
            if let Some(queue) = self.keys.get_mut(place) {
                queue.ready = false;
            }
        }
        std::mem::take(&mut self.ready)
    }

    fn waiters(&self, place: &Place) -> &[Waiter] {
        self.keys.get(place).map_or(&[], |queue| &queue.waiters)
    }

    /// Who waits for a key, first come first.
    pub fn at(&self, place: &Place) -> Vec<u64> {
        self.waiters(place).iter().map(|w| w.id).collect()
    }

    /// Lets client `id` wait for a key, behind those who do already. Once is enough.
    pub fn add(&mut self, id: u64, place: Place, awaited: Awaited) {
        let waiters = &mut self.keys.entry(place).or_default().waiters;
        if !waiters.iter().any(|w| w.id == id) {
            waiters.push(Waiter { id, awaited });
        }
    }

    /// Client `id` waits for this key no longer.
    pub fn remove(&mut self, id: u64, place: &Place) {
        if let Some(queue) = self.keys.get_mut(place) {
            queue.waiters.retain(|w| w.id != id);
            if queue.waiters.is_empty() {
                self.keys.remove(place);
            }
        }
    }

    fn signal(&mut self, place: Place, concerns: impl Fn(Awaited) -> bool) {
        if let Some(queue) = self.keys.get_mut(&place)
            && !queue.ready
            && queue.waiters.iter().any(|w| concerns(w.awaited))
        {
            queue.ready = true;
            self.ready.push(place);
        }
    }
}

impl Keyspace {
    /// Whether client `id`, who waits for this key, has reason to look at it now.
    pub fn serves(&self, place: &Place, id: u64) -> bool {
        let Some(waiter) = self.waiting.waiters(place).iter().find(|w| w.id == id) else {
            return false;
        };
        let table = &self.tables[place.0];
        let entry = table.find(&place.1);
        waiter.awaited == Awaited::GroupEntry
            || entry.is_some_and(|id| waiter.awaited.fits(&table.object(id).value))
    }

    /// Something came to a key, or the key itself came.
    #[cold]
    pub(super) fn signal_come(&mut self, db: usize, key: &[u8]) {
        let table = &self.tables[db];
        if let Some(id) = table.find(key) {
            let value = &table.object(id).value;
            self.waiting
                .signal((db, key.into()), |awaited| awaited.fits(value));
        }
    }

    /// A key, or what it held, is gone.
    #[cold]
    pub(super) fn signal_gone(&mut self, db: usize, key: &[u8]) {
        self.waiting
            .signal((db, key.into()), |awaited| awaited == Awaited::GroupEntry);
    }

    /// All databases hold other data than before. O(keys waited for).
    pub fn signal_everything(&mut self) {
        (0..self.count()).for_each(|db| self.signal_all(db));
    }

    /// Database `db` holds other data than before. O(keys waited for).
    pub(super) fn signal_all(&mut self, db: usize) {
        let keys = self.waiting.keys.keys().filter(|place| place.0 == db);
        let keys: Vec<Place> = keys.cloned().collect();
        for (db, key) in keys {
            self.signal_come(db, &key);
            self.signal_gone(db, &key);
        }
    }
}
