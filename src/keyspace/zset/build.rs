//! A sorted set that comes element by element from a file, and is put in order by steps.
//!
//! Files have their elements from the greatest down, so that nothing has to be sorted: the list is made from their end,
//! some elements a step. One that comes in another order is sorted at once.
use super::ranked::{Ranked, list};
use super::{Zset, ZsetLimits, sorted};
use crate::base::alloc;
use crate::ds::dict::{Dict, EntryId};
use crate::ds::skiplist::Skiplist;

/// Room is made at once for so many elements; more are not believed before they come.
const ROOM: usize = 1 << 20;

/// See the head of this file.
#[derive(Clone)]
pub struct Build {
    dict: Dict<f64>,
    /// What is not in the list yet, the greatest first.
    order: Vec<(f64, u32)>,
    /// So far each was below the one before it.
    falls: bool,
    longest: usize,
    sds_bytes: usize,
    list: Skiplist,
}

impl Build {
    /// One of which `count` elements are to come.
    pub fn new(count: usize, limits: &ZsetLimits) -> Build {
        let mut dict = Dict::new(limits.seed);
        dict.expand(count);
        Build {
            dict,
            order: Vec::with_capacity(count.min(ROOM)),
            falls: true,
            longest: 0,
            sds_bytes: 0,
            list: list(limits.seed),
        }
    }

    /// Adds an element; false if the member is there already. O(1).
    pub fn add(&mut self, member: &[u8], score: f64) -> bool {
        let (id, new) = self.dict.find_or_insert(member, || score);
        if let Some(&(last, before)) = self.order.last() {
            self.falls &= last > score || last == score && self.dict.key(EntryId(before)) > member;
        }
        self.order.push((score, id.0));
        self.longest = self.longest.max(member.len());
        self.sds_bytes += alloc::sds_size(member.len());
        new
    }

    fn is_compact(&self, limits: &ZsetLimits) -> bool {
        self.dict.len() <= limits.entries && self.longest <= limits.value
    }

    /// Puts up to `most` elements in order, all that came being there; whether more are left. O(most), and n log n the first
    /// time if they came in any order.
    pub fn put_in_order(&mut self, most: usize, limits: &ZsetLimits) -> bool {
        if self.is_compact(limits) {
            return false;
        }
        if !self.falls {
            self.falls = true;
            self.order = sorted(&self.dict);
            self.order.reverse();
        }
        let from = self.order.len().saturating_sub(most);
        self.list.extend_sorted(self.order.drain(from..).rev());
        !self.order.is_empty()
    }

    /// The sorted set, all of it being in order.
    pub fn finish(self, limits: &ZsetLimits) -> Zset {
        if self.is_compact(limits) {
            return Zset::from_dict(self.dict, self.longest, limits);
        }
        Zset::Ranked(Box::new(Ranked {
            dict: self.dict,
            list: self.list,
            sds_bytes: self.sds_bytes,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn any_order_and_any_steps_make_the_same() {
        let limits = |entries| ZsetLimits {
            entries,
            value: 8,
            seed: (1, 2),
        };
        let mut elements: Vec<(Vec<u8>, f64)> = (0..1000)
            .map(|n| (format!("m{n}").into_bytes(), f64::from(n * 37 % 100)))
            .collect();
        elements.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
        let falling = elements.clone();
        let mut rng = Rng::new(1);
        for (shuffled, entries, step) in [
            (false, 10, 1),
            (false, 10, 300),
            (true, 10, 7),
            (true, 2000, 7),
            (false, 2000, 7),
        ] {
            elements.clone_from(&falling);
            if shuffled {
                for at in 1..elements.len() {
                    elements.swap(at, rng.below(at as u64 + 1) as usize);
                }
            }
            let limits = limits(entries);
            let mut build = Build::new(elements.len(), &limits);
            for (member, score) in &elements {
                assert!(build.add(member, *score));
            }
            while build.put_in_order(step, &limits) {}
            let zset = build.finish(&limits);
            assert_eq!(matches!(zset, Zset::Ranked(_)), entries == 10);
            let rising = falling.iter().rev().cloned();
            let made: Vec<_> = zset.iter().map(|(m, s)| (m.to_vec(), s)).collect();
            assert_eq!(made, rising.collect::<Vec<_>>());
            if let Zset::Ranked(ranked) = &zset {
                let order = sorted(&ranked.dict);
                let at_once = Ranked::from_sorted(ranked.dict.clone(), order, limits.seed);
                assert_eq!(format!("{ranked:?}"), format!("{at_once:?}"));
            }
        }
        let mut build = Build::new(2, &limits(10));
        assert!(build.add(b"a", 1.0) && !build.add(b"a", 0.0));
    }
}
