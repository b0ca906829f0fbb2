//! How long things took: all of them by size, and the newest one by one.
use crate::base::time::Micros;
use std::collections::VecDeque;

/// The newest that are kept.
const RECENT: usize = 256;
/// Longer than this counts as this: some twelve days, µs.
const MOST_US: Micros = 1 << 40;

/// Counts by eighths of an octave, so that a quantile is right to within some 6 %; 2.5 KB at most.
///
/// ```text
///   µs      0 1 2 … 7 | 8 9 … 15 | 16 18 … 30 | 32 36 … 60 | …
///   bucket  0 1 2 … 7 | 8 9 … 15 | 16 17 … 23 | 24 25 … 31 | …
/// ```
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    counts: Vec<u32>,
    count: u64,
    recent: VecDeque<Micros>,
}

impl Latencies {
    /// One more. O(1).
    pub fn add(&mut self, us: Micros) {
        let us = us.clamp(0, MOST_US);
        let at = bucket(us as u64);
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] = self.counts[at].saturating_add(1);
        self.count += 1;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(us);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// So many of a thousand took no longer than this, about, µs; `None` if there was none. O(1).
    pub fn quantile(&self, per_mille: u64) -> Option<Micros> {
        let wanted = (self.count * per_mille.min(1000)).div_ceil(1000).max(1);
        let mut seen = 0;
        let at = self.counts.iter().position(|n| {
            seen += u64::from(*n);
            seen >= wanted
        });
        at.map(middle)
    }

    /// The same of the newest ones, exactly. O(their number).
    pub fn recent_quantile(&self, per_mille: usize) -> Option<Micros> {
        let mut sorted: Vec<Micros> = self.recent.iter().copied().collect();
        sorted.sort();
        let wanted = (sorted.len() * per_mille.min(1000)).div_ceil(1000).max(1);
        sorted.get(wanted - 1).copied()
    }
}

fn bucket(us: u64) -> usize {
    if us < 8 {
        return us as usize;
    }
    let octave = us.ilog2() as usize - 2;
    octave * 8 + (us >> (octave - 1)) as usize % 8
}

/// The middle of a bucket.
fn middle(bucket: usize) -> Micros {
    if bucket < 16 {
        return bucket as Micros;
    }
    let width = 1 << (bucket / 8 - 1);
    (8 + bucket as Micros % 8) * width + width / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_near_those_of_a_sorted_list() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantile(500), None);
        assert_eq!(latencies.recent_quantile(500), None);
        for us in 1..=10_000 {
            latencies.add(us);
        }
        for (per_mille, exact) in [(1, 10), (500, 5000), (990, 9900), (1000, 10_000)] {
            let told = latencies.quantile(per_mille).expect("there are some");
            assert!(
                (told - exact).abs() * 100 <= exact * 7,
                "{told} for {exact}"
            );
        }
        assert_eq!(latencies.recent_quantile(1000), Some(10_000));
        assert_eq!(latencies.recent_quantile(0), Some(10_000 - 255));
        latencies.add(Micros::MAX);
        latencies.add(-1);
        assert_eq!(latencies.count(), 10_002);
        for us in [0u64, 7, 8, 15, 16, 17, 1000, 123_456_789] {
            let at = bucket(us);
            assert!(bucket(middle(at) as u64) == at, "{us}");
        }
    }
}
