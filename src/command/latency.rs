//! How long a command's calls took: a histogram with buckets that grow with the value.
//!
//! As in HdrHistogram with two significant digits: 128 buckets of equal width for every power of two, so a value is
//! known to within one percent, whatever its size. Recording is O(1) without a search.

/// Buckets for one power of two.
const SUB: u64 = 128;
/// Longer times than 2^30 µs (18 minutes) count as that long.
const MAX_USEC: u64 = (1 << 30) - 1;

/// Counts of durations in µs. Empty ones take no memory.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

fn bucket(usec: u64) -> usize {
    let usec = usec.min(MAX_USEC);
    if usec < 2 * SUB {
        return usec as usize;
    }
    let shift = usec.ilog2() - SUB.ilog2();
    (u64::from(shift) * SUB + (usec >> shift)) as usize
}

/// The least value of a bucket.
fn floor(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * SUB {
        return bucket;
    }
    let shift = bucket / SUB - 1;
    (bucket - shift * SUB) << shift
}

/// The greatest time in ns that a real server does not tell from `usec`; it counts in ns, from 1 on.
fn shown_ns(usec: u64) -> u64 {
    let ns = (usec * 1000).max(1);
    let width = 1 << ns.ilog2().saturating_sub(SUB.ilog2());
    ns | (width - 1)
}

/// The greatest time in ns that a real server does not tell from 2^`power`.
fn shown_ns_of_power(power: u32) -> u64 {
    let ns = 1 << power;
    ns | ((ns >> SUB.ilog2()) - 1)
}

impl Histogram {
    /// Counts one call.
    pub fn record(&mut self, usec: u64) {
        let at = bucket(usec);
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
        self.total += 1;
    }

    /// How many calls were counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many calls took at most so many µs, for times that double; only where a call is added. O(buckets).
    pub fn cumulative(&self) -> Vec<(u64, u64)> {
        let mut steps: Vec<(u64, u64)> = Vec::new();
        let (mut seen, mut power) = (0, 10);
        // A real server's steps are powers of two in ns, each as far as its own buckets do not tell times apart.
        let bound = |power: u32| shown_ns_of_power(power) / 1000;
        for (at, count) in self.counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            while bound(power) < floor(at) {
                power += 1;
            }
            seen += count;
            match steps.last_mut() {
                Some(last) if last.0 == bound(power) => last.1 = seen,
                _ => steps.push((bound(power), seen)),
            }
        }
        steps
    }

    /// The time in µs that `percent` of the calls did not exceed. O(buckets).
    pub fn percentile(&self, percent: f64) -> f64 {
        let rank = (percent / 100.0 * self.total as f64 + 0.5) as u64;
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if *count > 0 && seen >= rank.max(1) {
                return shown_ns(floor(at)) as f64 / 1000.0;
            }
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_their_values() {
        for usec in (0..2000).chain([4095, 4096, 1 << 20, MAX_USEC, u64::MAX]) {
            let (at, known) = (bucket(usec), usec.min(MAX_USEC));
            assert!(floor(at) <= known && known < floor(at + 1), "{usec}");
            assert!(
                (known - floor(at)) * SUB <= known,
                "{usec} within a percent"
            );
        }
    }

    #[test]
    fn steps_are_those_of_the_real_server() {
        let mut h = Histogram::default();
        for usec in [0, 1, 2, 8, 9, 33, 34, 66, 528, 1056, 2113, 5000, 33_800] {
            h.record(usec);
        }
        let steps = [1, 2, 8, 16, 33, 66, 528, 1056, 2113, 8454, 33_816];
        let counts = [2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13];
        assert_eq!(
            h.cumulative(),
            steps.into_iter().zip(counts).collect::<Vec<_>>()
        );
    }

    #[test]
    fn percentiles_read_as_the_real_servers() {
        let mut h = Histogram::default();
        (0..100).for_each(|_| h.record(7));
        h.record(335);
        assert_eq!(h.percentile(50.0), 7.007);
        assert_eq!(h.percentile(99.9), 335.871);
        let mut none = Histogram::default();
        none.record(0);
        assert_eq!(none.percentile(50.0), 0.001);
    }
}
