//! The 24 bits beside every value that remember how it was used: the time of its last use (LRU), or how often (LFU).
//!
//! ```text
//! LRU:  | seconds of the clock, which goes round in 194 days       24 |
//! LFU:  | minutes of the last change              16 | counter      8 |
//! ```
//!
//! The counter is a logarithm (Morris, 1978): a use raises it by one with the probability `1 / ((counter - 5) * factor + 1)`,
//! so that 255 stands for a million uses at the default factor. It falls by one every `lfu-decay-time` minutes.
use super::Keyspace;
use crate::base::{rng::Rng, time::Millis};

/// Where a new key's counter starts: one that was just made must not be the next to go.
const INITIAL: u32 = 5;
const HIGHEST: u32 = 255;

/// How LFU counters grow and fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lfu {
    /// `lfu-log-factor`.
    pub log_factor: u32,
    /// `lfu-decay-time`, in minutes; 0: never.
    pub decay_minutes: u32,
}

fn minutes(now_ms: Millis) -> u32 {
    (now_ms / 60_000) as u32 & 0xffff
}

impl Lfu {
    /// The counter in a field, less what it lost since it was written.
    pub fn count(self, field: u32, now_ms: Millis) -> u32 {
        let (now, then) = (minutes(now_ms), field >> 8);
        let elapsed = if now >= then {
            now - then
        } else {
            0xffff - then + now
        };
        let lost = elapsed.checked_div(self.decay_minutes).unwrap_or(0);
        (field & 0xff).saturating_sub(lost)
    }

    /// The field of a value that is new.
    fn fresh(now_ms: Millis) -> u32 {
        minutes(now_ms) << 8 | INITIAL
    }

    /// The field after one more use.
    fn used(self, field: u32, now_ms: Millis, rng: &mut Rng) -> u32 {
        let mut count = self.count(field, now_ms);
        let above = f64::from(count.saturating_sub(INITIAL));
        if count < HIGHEST && rng.float() * (above * f64::from(self.log_factor) + 1.0) < 1.0 {
            count += 1;
        }
        minutes(now_ms) << 8 | count
    }
}

impl Keyspace {
    /// The LRU clock: seconds, 24 bits.
    #[inline(always)]
    pub fn lru_clock(&self) -> u32 {
        // Every command reads it, and a 64-bit division costs as much as the rest of a look-up in wasm.
        let (at, lru) = self.lru.get();
        if at == self.now_ms {
            return lru;
        }
        let lru = (self.now_ms / 1000) as u32 & 0xff_ffff;
        self.lru.set((self.now_ms, lru));
        lru
    }

    /// The field of a value that is stored under a new key.
    #[inline(always)]
    pub(super) fn fresh_use(&self) -> u32 {
        if self.counts_uses() {
            return Lfu::fresh(self.now_ms);
        }
        self.lru_clock()
    }

    /// The field of a value from outside that was idle for so many seconds, or has this counter of uses, whichever the
    /// policy goes by; that of a new value if it is not told.
    pub fn use_field(&self, idle_s: Option<u64>, uses: Option<u8>) -> u32 {
        match (self.counts_uses(), idle_s, uses) {
            (true, _, Some(uses)) => Lfu::fresh(self.now_ms) & !0xff | u32::from(uses),
            (false, Some(idle_s), _) => self.lru_clock().wrapping_sub(idle_s as u32) & 0xff_ffff,
            _ => self.fresh_use(),
        }
    }

    /// Seconds since the use that an LRU field tells; the clock goes round once in 194 days.
    pub fn idle_seconds(&self, field: u32) -> u32 {
        self.lru_clock().wrapping_sub(field) & 0xff_ffff
    }

    /// The field, which was `field`, of a value that is used now.
    #[inline(always)]
    pub(super) fn next_use(&mut self, field: u32) -> u32 {
        if self.counts_uses() {
            return self.count_use(field);
        }
        self.lru_clock()
    }

    #[cold]
    fn count_use(&mut self, field: u32) -> u32 {
        self.params.lfu.used(field, self.now_ms, &mut self.rng)
    }

    /// Whether the policy counts uses: then the field does not hold the time of the last one.
    #[inline(always)]
    pub fn counts_uses(&self) -> bool {
        self.params.policy.is_lfu()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Millis = 60_000;

    #[test]
    fn a_counter_grows_as_the_published_table_says() {
        // After so many uses, by factor: from the comments of a stock redis.conf.
        for (factor, uses, expected) in [
            (0, 100, 104),
            (0, 1000, 255),
            (1, 1000, 49),
            (10, 100, 10),
            (10, 1000, 18),
            (10, 100_000, 142),
            (100, 100_000, 49),
        ] {
            let lfu = Lfu {
                log_factor: factor,
                decay_minutes: 1,
            };
            let mut rng = Rng::new(7);
            let mut field = Lfu::fresh(0);
            (0..uses).for_each(|_| field = lfu.used(field, 0, &mut rng));
            let count = lfu.count(field, 0);
            assert!(
                count.abs_diff(expected) <= 2 + expected / 8,
                "factor {factor}, {uses} uses: {count} for {expected}"
            );
        }
    }

    #[test]
    fn a_counter_falls_by_the_minute() {
        let lfu = Lfu {
            log_factor: 10,
            decay_minutes: 2,
        };
        let field = 3 << 8 | 50;
        assert_eq!(lfu.count(field, 3 * MINUTE), 50);
        assert_eq!(lfu.count(field, 8 * MINUTE), 48);
        assert_eq!(lfu.count(field, 500 * MINUTE), 0);
        // The minutes go round after 45 days.
        assert_eq!(lfu.count(0xfffe << 8 | 50, 0x1_0003 * MINUTE), 48);
        let never = Lfu {
            decay_minutes: 0,
            ..lfu
        };
        assert_eq!(never.count(field, 500 * MINUTE), 50);
    }
}
