//! The data as it was at one moment, while clients go on writing: what a forked child of a real server sees.
//!
//! Whoever saves walks over each table by its entries' numbers. The first write to an entry that the walk has not reached
//! hands the old value over; what was born since is passed over. A real server's kernel copies pages; what is counted here
//! are the pages of the values that were handed over.
//!
//! ```text
//!   entries   0 1 2 3 | 4 5 6 7 8      written: anybody may change these | still to come
//!                     ^next
//!   kept      5: old value   7: not there then   8: gone since, old value
//! ```
use super::table::{Object, Table};
use super::{Keyspace, value::Value};
use crate::base::time::Millis;
use crate::ds::dict::EntryId;
use std::collections::BTreeMap;

/// Bytes of a page of memory.
const PAGE: u64 = 4096;

/// An entry as it was.
#[derive(Clone)]
pub struct Kept {
    key: Box<[u8]>,
    value: Value,
    lru: u32,
    at_ms: Option<Millis>,
}

/// One table's part of a fork.
#[derive(Clone)]
pub(super) struct Past {
    next: u32,
    /// `None`: born since.
    kept: BTreeMap<u32, Option<Kept>>,
    pub(super) len: usize,
    pub(super) volatile_len: usize,
    copied_bytes: u64,
}

/// An entry of a table as a snapshot writes it.
#[derive(Clone)]
pub struct Entry<'a> {
    pub key: &'a [u8],
    pub value: &'a Value,
    pub lru: u32,
    pub at_ms: Option<Millis>,
}

/// Where the databases of the fork's moment are now.
#[derive(Clone)]
enum Place {
    /// In the keyspace, under this number.
    Here(usize),
    /// It was emptied since.
    Gone(Box<Table>),
}

/// All databases as they were.
#[derive(Clone)]
pub struct Fork {
    places: Vec<Place>,
}

impl Past {
    pub(super) fn of(table: &Table) -> Past {
        Past {
            next: 0,
            kept: BTreeMap::new(),
            len: table.len(),
            volatile_len: table.volatile_len(),
            copied_bytes: 0,
        }
    }

    /// Whether a write to this entry takes something from the fork.
    fn wants(&self, id: EntryId) -> bool {
        id.0 >= self.next && !self.kept.contains_key(&id.0)
    }

    fn keep(&mut self, id: EntryId, kept: Kept) {
        let bytes = (kept.key.len() + kept.value.mem_bytes()) as u64;
        self.copied_bytes += bytes.div_ceil(PAGE) * PAGE;
        self.kept.insert(id.0, Some(kept));
    }

    /// An entry is about to change: a copy of it is kept. O(value).
    #[cold]
    pub(super) fn copy(&mut self, id: EntryId, key: &[u8], object: &Object, at_ms: Option<Millis>) {
        if self.wants(id) {
            let kept = Kept {
                key: key.into(),
                value: object.value.clone(),
                lru: object.lru,
                at_ms,
            };
            self.keep(id, kept);
        }
    }

    /// An entry came.
    #[cold]
    pub(super) fn born(&mut self, id: EntryId) {
        if self.wants(id) {
            self.kept.insert(id.0, None);
        }
    }
}

impl Table {
    /// The entry from `from` on that comes next in the table as it was when it was forked; `live`: as it is.
    pub fn image_from(&self, from: EntryId, live: bool) -> Option<(EntryId, Entry<'_>)> {
        let mut from = from;
        loop {
            let present = self.dict().next_from(from);
            let past = self.past.as_ref().filter(|_| !live);
            let kept = past.and_then(|past| past.kept.range(from.0..).next());
            match (present, kept) {
                (Some(id), kept) if kept.is_none_or(|(at, _)| id.0 < *at) => {
                    let (key, object) = self.dict().entry(id);
                    let entry = Entry {
                        key,
                        value: &object.value,
                        lru: object.lru,
                        at_ms: self.expire_at(id),
                    };
                    return Some((id, entry));
                }
                (_, Some((at, Some(kept)))) => {
                    let entry = Entry {
                        key: &kept.key,
                        value: &kept.value,
                        lru: kept.lru,
                        at_ms: kept.at_ms,
                    };
                    return Some((EntryId(*at), entry));
                }
                (_, Some((at, None))) => from = EntryId(at + 1),
                _ => return None,
            }
        }
    }

    /// How many keys an image has, and how many of them expire.
    pub fn image_len(&self, live: bool) -> (usize, usize) {
        match &self.past {
            Some(past) if !live => (past.len, past.volatile_len),
            _ => (self.len(), self.volatile_len()),
        }
    }
}

impl Keyspace {
    /// Keeps the data as it is now for [`Keyspace::image`], until [`Keyspace::join`]. There is one fork at a time.
    /// O(databases).
    pub fn fork(&mut self) {
        self.settle();
        let count = self.count();
        for table in &mut self.tables {
            table.past = Some(Box::new(Past::of(table)));
        }
        let places = (0..count).map(Place::Here).collect();
        self.fork = Some(Fork { places });
    }

    /// Whether the data of an earlier moment is kept.
    pub fn is_forked(&self) -> bool {
        self.fork.is_some()
    }

    /// Database `index` as it was when it was forked; `live`: as it is.
    pub fn image(&self, index: usize, live: bool) -> &Table {
        let fork = self.fork.as_ref().filter(|_| !live);
        match fork.map(|fork| &fork.places[index]) {
            Some(Place::Gone(table)) => table,
            Some(Place::Here(at)) => &self.tables[*at],
            None => &self.tables[index],
        }
    }

    /// What comes before entry `next` of database `index` is not needed any more, nor are the databases before it.
    pub fn passed(&mut self, index: usize, next: EntryId) {
        let Some(fork) = &mut self.fork else { return };
        for (number, place) in fork
            .places
            .iter_mut()
            .enumerate()
            .take(index.saturating_add(1))
        {
            let table = match place {
                Place::Gone(table) => table,
                Place::Here(at) => &mut self.tables[*at],
            };
            if let Some(past) = &mut table.past {
                past.next = if number < index { u32::MAX } else { next.0 };
                past.kept = past.kept.split_off(&past.next);
            }
        }
    }

    /// Ends the fork; the bytes of the pages that were copied meanwhile.
    pub fn join(&mut self) -> u64 {
        let copied = self.copied_bytes();
        for table in &mut self.tables {
            table.past = None;
        }
        self.fork = None;
        copied
    }

    /// The bytes of the pages that were copied since the fork.
    pub fn copied_bytes(&self) -> u64 {
        let Some(fork) = &self.fork else { return 0 };
        let gone = fork.places.iter().filter_map(|place| match place {
            Place::Gone(table) => Some(&**table),
            Place::Here(_) => None,
        });
        let pasts = self
            .tables
            .iter()
            .chain(gone)
            .filter_map(|t| t.past.as_ref());
        pasts.map(|past| past.copied_bytes).sum()
    }

    /// Database `index` is about to be emptied: the fork keeps what it needs of it.
    pub(super) fn keep_table(&mut self, index: usize, table: Table) {
        let Some(fork) = &mut self.fork else { return };
        let here = |place: &&mut Place| matches!(place, Place::Here(at) if *at == index);
        if table.past.is_some()
            && let Some(place) = fork.places.iter_mut().find(here)
        {
            *place = Place::Gone(Box::new(table));
        }
    }

    /// Two databases have changed places.
    pub(super) fn swap_places(&mut self, a: usize, b: usize) {
        for place in self.fork.iter_mut().flat_map(|fork| &mut fork.places) {
            if let Place::Here(at) = place {
                *at = match *at {
                    at if at == a => b,
                    at if at == b => a,
                    at => at,
                };
            }
        }
    }
}
