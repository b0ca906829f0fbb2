//! Random entries, and samples for eviction.

use super::{Dict, EntryId, Table};
use crate::base::rng::Rng;

/// Tries before giving up on even odds; with one slot in eight in use, one pick in 5,000 gets here.
const TRIES: u32 = 64;

impl<V> Dict<V> {
    /// One entry, every one with the same chance. O(1) expected.
    ///
    /// Slots of the arena are drawn until one is in use. After mass removal most are free: then a
    /// bucket is drawn (tables do shrink) and one of its chain, which is nearly even.
    pub fn random(&self, rng: &mut Rng) -> Option<EntryId> {
        if self.is_empty() {
            return None;
        }
        let limit = u64::from(self.entries.limit());
        for _ in 0..TRIES {
            let id = EntryId(rng.below(limit) as u32);
            if self.is_live(id) {
                return Some(id);
            }
        }
        for _ in 0..TRIES {
            let found = self.random_of_chain(rng);
            if found.is_some() {
                return found;
            }
        }
        let start = EntryId(rng.below(limit) as u32);
        self.next_from(start).or_else(|| self.next_from(EntryId(0)))
    }

    /// Up to `n` different entries from a random place in the order of a scan, pushed to `out`:
    /// cheaper than `n` calls of [`Dict::random`] and good enough for eviction. Looks at 10 × `n`
    /// buckets at most, so a sparse table may give fewer.
    pub fn sample(&self, rng: &mut Rng, n: usize, out: &mut Vec<EntryId>) {
        let enough = out.len() + n.min(self.len());
        let buckets = self.live_tables().map(|table| u64::from(table.size()));
        let visits = buckets
            .min()
            .unwrap_or(0)
            .min((n as u64).saturating_mul(10));
        let mut cursor = rng.next_u64();
        for _ in 0..visits {
            if out.len() == enough {
                return;
            }
            cursor = self.scan(cursor, &mut |id| {
                if out.len() < enough {
                    out.push(id);
                }
            });
        }
    }

    fn random_of_chain(&self, rng: &mut Rng) -> Option<EntryId> {
        let at = rng.below(self.buckets()) as u32;
        let first = self.tables[0].size();
        let head = if at < first {
            self.tables[0].head(at)
        } else {
            self.tables[1].head(at - first)
        };
        let mut length = 0;
        self.each_of_chain(head, &mut |_| length += 1);
        if length == 0 {
            return None;
        }
        let mut skip = rng.below(length);
        let mut found = None;
        self.each_of_chain(head, &mut |id| {
            if skip == 0 && found.is_none() {
                found = Some(id);
            }
            skip = skip.saturating_sub(1);
        });
        found
    }

    /// Table 0 and, while rehashing, table 1.
    pub(super) fn live_tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| table.size() > 0)
    }
}
