//! Sorting, compiled once for all types: each use of the standard library's sort with a type or comparison of its own
//! is 4 KB more of code.

use std::cmp::Ordering;

/// Sorts by number, equal ones by `tie`, which gets what stands beside the numbers. No number may be NaN.
/// O(n log n), in place.
pub fn sort_scores(items: &mut [(f64, u32)], tie: &mut dyn FnMut(u32, u32) -> Ordering) {
    // Pairs that compare equal here are the same pair, so unstable order cannot be told apart.
    items.sort_unstable_by(|a, b| {
        let by_number = a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal);
        by_number.then_with(|| tie(a.1, b.1))
    });
}

/// Sorts; equal items keep their order. O(n log n) comparisons, 20 bytes more an item.
pub fn sort_by<T>(items: &mut [T], compare: &mut dyn FnMut(&T, &T) -> Ordering) {
    let mut order: Vec<_> = (0..items.len() as u32).map(|at| (0.0, at)).collect();
    sort_scores(&mut order, &mut |a, b| {
        compare(&items[a as usize], &items[b as usize]).then(a.cmp(&b))
    });
    // Each round follows one cycle: what stands at `at` goes where it is asked for, until the cycle is closed.
    for start in 0..items.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut order[at].1, at as u32) as usize;
            if from == start || from == at {
                break;
            }
            items.swap(at, from);
            at = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn sorts_and_keeps_equals_in_place() {
        let mut rng = Rng::new(71);
        for _ in 0..2000 {
            let count = rng.below(80) as usize;
            let mut items: Vec<(u64, usize)> = (0..count).map(|at| (rng.below(20), at)).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            sort_by(&mut items, &mut |a, b| a.0.cmp(&b.0));
            assert_eq!(items, expected);
        }
    }
}
