//! Consumer groups: a position in the log, and what was delivered and not yet acknowledged.
//!
//! ```text
//!   group "mail"   last_id 7-0
//!     pending    5-0 -> bob, delivered at t1, 2 times        in the order of ids
//!                6-0 -> eve, delivered at t2, once
//!     consumers  bob: 5-0     eve: 6-0                       the same ids, by owner
//! ```
//!
//! An entry is pending for one consumer at a time. Consumers have numbers, so that a pending entry names its owner in
//! four bytes; the number of a consumer that is gone is given to the next new one.
use super::StreamId;
use crate::base::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nack {
    /// When it was last delivered.
    pub time_ms: Millis,
    /// How often it was delivered.
    pub count: u64,
    owner: u32,
}

/// One reader of a group.
#[derive(Clone, Debug)]
pub struct Consumer {
    pub name: Box<[u8]>,
    /// When it last tried anything.
    pub seen_ms: Millis,
    /// When it last got anything; -1: never.
    pub active_ms: Millis,
    pending: BTreeSet<StreamId>,
}

impl Consumer {
    /// What is pending for it, in order.
    pub fn pending(&self) -> &BTreeSet<StreamId> {
        &self.pending
    }
}

/// A consumer group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    pub name: Box<[u8]>,
    /// The last entry that was given to any of its consumers.
    pub last_id: StreamId,
    /// How many entries of the log it has read, or [`Group::UNKNOWN`].
    pub entries_read: i64,
    pending: BTreeMap<StreamId, Nack>,
    consumers: Vec<Option<Consumer>>,
    /// Numbers of the consumers, by name.
    by_name: Vec<u32>,
    /// Bytes of their names, for the model of memory.
    name_bytes: usize,
}

impl Group {
    /// It cannot be told how many entries were read.
    pub const UNKNOWN: i64 = -1;

    /// A group without consumers.
    pub fn new(name: &[u8], last_id: StreamId, entries_read: i64) -> Group {
        Group {
            name: name.into(),
            last_id,
            entries_read,
            ..Group::default()
        }
    }

    /// Number of consumers. O(1).
    pub fn consumer_count(&self) -> usize {
        self.by_name.len()
    }

    /// Bytes of all consumers' names. O(1).
    pub fn name_bytes(&self) -> usize {
        self.name_bytes
    }

    /// The consumers by name.
    pub fn consumers(&self) -> impl Iterator<Item = &Consumer> {
        self.by_name.iter().map(|&number| self.consumer(number))
    }

    /// The consumer with this number.
    pub fn consumer(&self, number: u32) -> &Consumer {
        self.consumers[number as usize]
            .as_ref()
            .expect("numbers of consumers go with them")
    }

    /// The same to change it.
    pub fn consumer_mut(&mut self, number: u32) -> &mut Consumer {
        self.consumers[number as usize]
            .as_mut()
            .expect("numbers of consumers go with them")
    }

    fn search(&self, name: &[u8]) -> Result<usize, usize> {
        self.by_name
            .binary_search_by(|&number| (*self.consumer(number).name).cmp(name))
    }

    /// The number of the consumer with this name. O(log consumers).
    pub fn find(&self, name: &[u8]) -> Option<u32> {
        self.search(name).ok().map(|at| self.by_name[at])
    }

    /// The consumer with this name, made if it is not there; whether it was made. O(consumers) if so.
    pub fn find_or_add(&mut self, name: &[u8], now_ms: Millis) -> (u32, bool) {
        let at = match self.search(name) {
            Ok(at) => return (self.by_name[at], false),
            Err(at) => at,
        };
        let consumer = Consumer {
            name: name.into(),
            seen_ms: now_ms,
            active_ms: -1,
            pending: BTreeSet::new(),
        };
        let free = match self.by_name.len() == self.consumers.len() {
            true => None,
            false => self.consumers.iter().position(Option::is_none),
        };
        let number = free.unwrap_or(self.consumers.len());
        if free.is_none() {
            self.consumers.push(None);
        }
        self.consumers[number] = Some(consumer);
        self.by_name.insert(at, number as u32);
        self.name_bytes += name.len();
        (number as u32, true)
    }

    /// Removes a consumer and forgets what is pending for it; how many entries, if it was there.
    pub fn remove(&mut self, name: &[u8]) -> Option<usize> {
        let at = self.search(name).ok()?;
        let number = self.by_name.remove(at);
        let consumer = self.consumers[number as usize].take()?;
        for id in &consumer.pending {
            self.pending.remove(id);
        }
        self.name_bytes -= name.len();
        Some(consumer.pending.len())
    }

    /// What is pending, in order of ids.
    pub fn pending(&self) -> &BTreeMap<StreamId, Nack> {
        &self.pending
    }

    /// The pending entry with this id. O(log pending).
    pub fn nack(&self, id: StreamId) -> Option<&Nack> {
        self.pending.get(&id)
    }

    /// The consumer that an entry is pending for.
    pub fn owner(&self, nack: &Nack) -> &Consumer {
        self.consumer(nack.owner)
    }

    /// An entry was delivered to a consumer: it is pending for this one, whoever had it before. O(log pending).
    pub fn assign(&mut self, id: StreamId, owner: u32, time_ms: Millis, count: u64) -> Nack {
        let nack = Nack {
            time_ms,
            count,
            owner,
        };
        match self.pending.insert(id, nack) {
            Some(old) if old.owner == owner => return nack,
            Some(old) => drop(self.consumer_mut(old.owner).pending.remove(&id)),
            None => {}
        }
        self.consumer_mut(owner).pending.insert(id);
        nack
    }

    /// A pending entry was delivered once more to the same consumer. O(log pending).
    pub fn redeliver(&mut self, id: StreamId, time_ms: Millis) {
        if let Some(nack) = self.pending.get_mut(&id) {
            nack.time_ms = time_ms;
            nack.count = nack.count.wrapping_add(1);
        }
    }

    /// Acknowledges an entry; the pending one, if it was there. O(log pending).
    pub fn ack(&mut self, id: StreamId) -> Option<Nack> {
        let nack = self.pending.remove(&id)?;
        self.consumer_mut(nack.owner).pending.remove(&id);
        Some(nack)
    }
}
