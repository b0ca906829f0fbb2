//! Eviction: which key goes when memory runs out.
//!
//! Exact LRU would need a list through all keys. A real server looks at a few random ones instead and keeps the best
//! candidates that it ever saw in a pool of 16, which comes close (Zhang et al. call it random sampling with memory):
//!
//! ```text
//! sample of 5    pool, the best candidate last
//!   k7 idle 3    | k2 9 | k5 12 | k7 3 -> too young if full | … | k9 80 |  -> evict k9
//! ```
use super::{Class, Keyspace};
use crate::ds::dict::EntryId;

/// `maxmemory-policy`, in the order of [`Policy::NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    VolatileLru,
    VolatileLfu,
    VolatileRandom,
    VolatileTtl,
    AllkeysLru,
    AllkeysLfu,
    AllkeysRandom,
    Noeviction,
}

impl Policy {
    /// The names in a configuration.
    pub const NAMES: &'static [&'static str] = &[
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "noeviction",
    ];

    /// The policy at this place of [`Policy::NAMES`].
    pub fn at(place: usize) -> Policy {
        use Policy::*;
        const ALL: [Policy; 8] = [
            VolatileLru,
            VolatileLfu,
            VolatileRandom,
            VolatileTtl,
            AllkeysLru,
            AllkeysLfu,
            AllkeysRandom,
            Noeviction,
        ];
        ALL.get(place).copied().unwrap_or(Noeviction)
    }

    /// Whether it counts uses.
    #[inline(always)]
    pub fn is_lfu(self) -> bool {
        matches!(self, Policy::VolatileLfu | Policy::AllkeysLfu)
    }

    /// Whether keys go that do not expire.
    fn takes_all(self) -> bool {
        matches!(
            self,
            Policy::AllkeysLru | Policy::AllkeysLfu | Policy::AllkeysRandom
        )
    }

    fn is_random(self) -> bool {
        matches!(self, Policy::VolatileRandom | Policy::AllkeysRandom)
    }
}

/// Candidates that are remembered between evictions.
const POOL: usize = 16;

#[derive(Clone)]
struct Candidate {
    /// The higher, the sooner it goes.
    score: u64,
    db: usize,
    // The name, not the entry: it may be gone, and its place taken, before its turn comes.
    key: Box<[u8]>,
}

/// What eviction remembers.
#[derive(Clone, Default)]
pub(super) struct Evictor {
    /// By score, the highest last.
    pool: Vec<Candidate>,
    /// The last look for a victim, for the views: whom it sampled, with what score, and who went.
    sampled: Vec<(u64, usize, EntryId)>,
    victim: Option<Candidate>,
    /// The database that a random policy took from last.
    last_db: usize,
}

impl Evictor {
    fn offer(&mut self, score: u64, db: usize, key: &[u8]) {
        let mut at = self.pool.partition_point(|c| c.score < score);
        if self.pool.len() == POOL {
            if at == 0 {
                return;
            }
            self.pool.remove(0);
            at -= 1;
        }
        let key = key.into();
        self.pool.insert(at, Candidate { score, db, key });
    }
}

/// Score, database and name of a key that may go, or went.
pub type CandidateView<'a> = (u64, usize, &'a [u8]);

/// What eviction remembers, laid open.
pub struct EvictionView<'a> {
    /// The best candidate last.
    pub pool: Vec<CandidateView<'a>>,
    /// The last sample, as far as its keys are still there.
    pub samples: Vec<CandidateView<'a>>,
    pub victim: Option<CandidateView<'a>>,
}

impl Keyspace {
    /// What eviction remembers. O(pool).
    pub fn inspect_eviction(&self) -> EvictionView<'_> {
        fn view(c: &Candidate) -> CandidateView<'_> {
            (c.score, c.db, &c.key)
        }
        let live = |&(score, db, id): &(u64, usize, EntryId)| {
            let dict = self.tables[db].dict();
            dict.is_live(id).then(|| (score, db, dict.key(id)))
        };
        EvictionView {
            pool: self.evictor.pool.iter().map(view).collect(),
            samples: self.evictor.sampled.iter().filter_map(live).collect(),
            victim: self.evictor.victim.as_ref().map(view),
        }
    }

    /// Deletes the key that the policy finds next; whether there was one. Followers are told, an `evicted` event is sent.
    /// O(samples) expected.
    pub fn evict_one(&mut self) -> bool {
        let victim = match self.params.policy {
            Policy::Noeviction => None,
            policy if policy.is_random() => self.random_victim(policy),
            policy => self.best_victim(policy),
        };
        let Some((db, id)) = victim else {
            return false;
        };
        self.stats.evicted += 1;
        let lazy = self.params.lazy_evict;
        self.db(db).drop_key(id, Class::EVICTED, "evicted", lazy);
        true
    }

    /// Databases take turns.
    fn random_victim(&mut self, policy: Policy) -> Option<(usize, EntryId)> {
        for _ in 0..self.count() {
            let db = (self.evictor.last_db + 1) % self.count();
            self.evictor.last_db = db;
            let table = &self.tables[db];
            let found = if policy.takes_all() {
                table.random(&mut self.rng)
            } else {
                table.random_volatile(&mut self.rng).map(|(id, _)| id)
            };
            if let Some(id) = found {
                return Some((db, id));
            }
        }
        None
    }

    fn best_victim(&mut self, policy: Policy) -> Option<(usize, EntryId)> {
        loop {
            let mut any = false;
            self.evictor.sampled.clear();
            for db in 0..self.count() {
                any |= self.sample(db, policy);
            }
            if !any {
                return None;
            }
            while let Some(best) = self.evictor.pool.pop() {
                // Candidates that are gone meanwhile are passed over; so each round ends with a victim or an emptier pool.
                let table = &self.tables[best.db];
                if let Some(id) = table.find(&best.key)
                    && (policy.takes_all() || table.expire_at(id).is_some())
                {
                    let victim = (best.db, id);
                    self.evictor.victim = Some(best);
                    return Some(victim);
                }
            }
        }
    }

    /// Offers a sample of a database to the pool; whether there was anything to sample.
    fn sample(&mut self, db: usize, policy: Policy) -> bool {
        let (wanted, table) = (self.params.samples, &self.tables[db]);
        let mut ids: Vec<EntryId> = Vec::with_capacity(wanted);
        if policy.takes_all() {
            table.dict().sample(&mut self.rng, wanted, &mut ids);
            if ids.is_empty() {
                ids.extend(table.random(&mut self.rng));
            }
        } else {
            table.sample_volatile(&mut self.rng, wanted, &mut ids);
        }
        for &id in &ids {
            let object = table.object(id);
            let score = match policy {
                Policy::VolatileTtl => {
                    let at_ms = table.expire_at(id).unwrap_or(i64::MAX);
                    u64::MAX - at_ms as u64
                }
                _ if policy.is_lfu() => {
                    u64::from(255 - self.params.lfu.count(object.lru, self.now_ms).min(255))
                }
                _ => u64::from(self.lru_clock().wrapping_sub(object.lru) & 0xff_ffff),
            };
            self.evictor.offer(score, db, table.key(id));
            self.evictor.sampled.push((score, db, id));
        }
        !ids.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;
    use crate::keyspace::{Params, Value, string::Str};

    fn keyspace(policy: Policy) -> Keyspace {
        let mut ks = Keyspace::new(4, Rng::new(5));
        ks.params = Params {
            policy,
            samples: 5,
            ..Params::default()
        };
        ks
    }

    fn store(ks: &mut Keyspace, db: usize, key: &str, expires: Option<i64>) {
        let mut db = ks.db(db);
        db.set(key.as_bytes(), Value::Str(Str::new(b"v")), false);
        if let Some(at) = expires {
            db.set_expire(key.as_bytes(), at);
        }
    }

    #[test]
    fn the_pool_keeps_the_highest() {
        let mut pool = Evictor::default();
        let mut rng = Rng::new(1);
        let mut scores: Vec<u64> = (0..200).map(|_| rng.below(1000)).collect();
        scores.iter().for_each(|&s| pool.offer(s, 0, b"k"));
        scores.sort();
        let kept: Vec<u64> = pool.pool.iter().map(|c| c.score).collect();
        assert_eq!(kept, scores[200 - POOL..]);
    }

    #[test]
    fn old_keys_go_before_young_ones() {
        let mut ks = keyspace(Policy::AllkeysLru);
        for i in 0..1000 {
            ks.now_ms = i * 1000;
            store(&mut ks, i as usize % 2, &format!("k{i}"), None);
        }
        (0..500).for_each(|_| assert!(ks.evict_one()));
        let young = |n: i64| {
            let mut here = 0;
            for i in n..1000 {
                let key = format!("k{i}");
                here += u32::from(ks.table(i as usize % 2).find(key.as_bytes()).is_some());
            }
            here
        };
        assert!(young(500) > 440, "of 500: {}", young(500));
        assert_eq!(young(900), 100);
    }

    #[test]
    fn volatile_policies_leave_the_others_alone() {
        for policy in [
            Policy::VolatileLru,
            Policy::VolatileLfu,
            Policy::VolatileTtl,
            Policy::VolatileRandom,
        ] {
            let mut ks = keyspace(policy);
            for i in 0..50 {
                store(&mut ks, 0, &format!("stays{i}"), None);
                store(&mut ks, 3, &format!("goes{i}"), Some(1000 + i));
            }
            (0..50).for_each(|_| assert!(ks.evict_one(), "{policy:?}"));
            assert!(!ks.evict_one());
            assert_eq!((ks.table(0).len(), ks.table(3).len()), (50, 0));
            assert_eq!((ks.stats.evicted, ks.propagated.len()), (50, 50));
        }
    }

    #[test]
    fn the_soonest_to_expire_goes_first() {
        let mut ks = keyspace(Policy::VolatileTtl);
        for i in 0..5 {
            store(&mut ks, 0, &format!("k{i}"), Some(1000 + i));
        }
        for i in 0..5 {
            assert!(ks.evict_one());
            assert_eq!(ks.propagated[i].argv[1], format!("k{i}").as_bytes());
        }
    }

    #[test]
    fn nothing_goes_without_a_policy() {
        let mut ks = keyspace(Policy::Noeviction);
        store(&mut ks, 0, "k", Some(1000));
        assert!(!ks.evict_one());
    }
}
