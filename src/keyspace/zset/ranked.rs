//! The large encoding: a table of scores and a skiplist over its entries.
use super::{Put, Rules};
use crate::base::alloc;
use crate::ds::dict::{Dict, EntryId};
use crate::ds::skiplist::Skiplist;

/// Table and skiplist hold the same elements, always.
#[derive(Clone, Debug)]
pub struct Ranked {
    pub(super) dict: Dict<f64>,
    pub(super) list: Skiplist,
    /// What the members' strings would take on a 64-bit server.
    pub(super) sds_bytes: usize,
}

pub(super) fn list(seed: (u64, u64)) -> Skiplist {
    Skiplist::new(seed.0 ^ seed.1.rotate_left(32))
}

impl Ranked {
    /// No element, room for some.
    pub(super) fn new(seed: (u64, u64), room: usize) -> Ranked {
        let mut dict = Dict::new(seed);
        dict.expand(room);
        Ranked {
            dict,
            list: list(seed),
            sds_bytes: 0,
        }
    }

    /// All elements of a table; `order` names each, ascending. O(n).
    pub(super) fn from_sorted(dict: Dict<f64>, order: Vec<(f64, u32)>, seed: (u64, u64)) -> Ranked {
        let sds_bytes = dict.iter().map(|(_, m, _)| alloc::sds_size(m.len())).sum();
        let mut list = list(seed);
        list.extend_sorted(order);
        Ranked {
            dict,
            list,
            sds_bytes,
        }
    }

    /// The table, for views.
    pub fn dict(&self) -> &Dict<f64> {
        &self.dict
    }

    /// The skiplist, for views.
    pub fn list(&self) -> &Skiplist {
        &self.list
    }

    /// Modelled bytes on a 64-bit server. O(1). Its nodes have 24 bytes and 16 for each level, one level in four having
    /// another above it: 4/3 levels on average, rounded up to the allocator's sizes.
    pub(super) fn mem_bytes(&self) -> usize {
        const PAIR: usize = 16;
        const LIST: usize = 32 + 640;
        const DICT: usize = 56;
        const ENTRY: usize = 24;
        let n = self.dict.len();
        let nodes = n * 48 + n * 16 / 3;
        PAIR + LIST + DICT + 8 * self.dict.buckets() as usize + n * ENTRY + nodes + self.sds_bytes
    }

    /// Adds a new member to the table alone; the caller adds it to the list. Its entry's number.
    pub(super) fn add_unlisted(&mut self, member: &[u8], score: f64) -> u32 {
        self.sds_bytes += alloc::sds_size(member.len());
        let (id, new) = self.dict.find_or_insert(member, || score);
        debug_assert!(new, "the caller knows that the member is new");
        id.0
    }

    pub(super) fn put(&mut self, member: &[u8], score: f64, rules: Rules) -> Put {
        let (id, new) = if rules.xx {
            match self.dict.find(member) {
                Some(id) => (id, false),
                None => return Put::Refused,
            }
        } else {
            self.dict.find_or_insert(member, || score)
        };
        if new {
            self.sds_bytes += alloc::sds_size(member.len());
            self.list.insert(&self.dict, score, id.0);
            return Put::Added(score);
        }
        let old = *self.dict.value(id);
        let new = match rules.decide(old, score) {
            Ok(new) => new,
            Err(put) => return put,
        };
        if new == old {
            return Put::Same(new);
        }
        let moved = self.list.update(&self.dict, old, id.0, new);
        debug_assert!(moved, "table and list hold the same elements");
        *self.dict.value_mut(id) = new;
        Put::Updated(new)
    }

    pub(super) fn remove(&mut self, member: &[u8]) -> bool {
        let Some(id) = self.dict.find(member) else {
            return false;
        };
        let score = *self.dict.value(id);
        self.list.remove(&self.dict, score, id.0);
        self.dict.remove_id(id);
        self.sds_bytes -= alloc::sds_size(member.len());
        true
    }

    pub(super) fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        let id = self.dict.find(member)?;
        let score = *self.dict.value(id);
        let rank = self.list.rank(&self.dict, score, id.0)?;
        Some((rank as usize, score))
    }

    /// Removes the elements ranked `start` up to before `end`, which must be a rank or the length.
    pub(super) fn remove_ranks(&mut self, start: usize, end: usize) -> usize {
        let Ranked {
            dict,
            list,
            sds_bytes,
        } = self;
        let removed = list.delete_range_by_rank(start as u64, end as u64 - 1, &mut |id| {
            if let Some((member, _)) = dict.remove_id(EntryId(id)) {
                *sds_bytes -= alloc::sds_size(member.len());
            }
        });
        removed as usize
    }
}
