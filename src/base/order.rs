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

/// Brings the `count` lowest to the front, in order; the others stand in any. Where equal ones come is what this way of
/// sorting makes of it, and replies show it: the quicksort of Bentley and McIlroy ("Engineering a Sort Function", 1993),
/// which here leaves alone what does not reach into the front. O(n + count log count) mostly, O(n log n) at most.
pub fn sort_first(items: &mut [(f64, u32)], count: usize) {
    let levels = 4 * (items.len() | 1).ilog2();
    let mut waiting = vec![(0, items.len(), levels)];
    while let Some((from, to, levels)) = waiting.pop() {
        if from >= count {
            continue;
        }
        let part = &mut items[from..to];
        if part.len() < 7 {
            insertion_sort(part);
        } else if levels == 0 {
            // Someone chose the items such that every pivot is a bad one.
            sort_scores(part, &mut |a, b| a.cmp(&b));
        } else {
            let (lower, higher) = partition(part);
            waiting.push((from, from + lower, levels - 1));
            waiting.push((to - higher, to, levels - 1));
        }
    }
}

fn insertion_sort(items: &mut [(f64, u32)]) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && items[at - 1].0 > items[at].0 {
            items.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// Puts what is below a pivot in front and what is above it at the end, between them what equals it; how many stand in
/// front and at the end.
fn partition(items: &mut [(f64, u32)]) -> (usize, usize) {
    let n = items.len();
    items.swap(0, pivot(items));
    let value = items[0].0;
    // While it runs: equals up to `a`, below up to `b`, not seen yet, above from behind `c`, equals from behind `d`.
    let (mut a, mut b, mut c, mut d) = (1, 1, n - 1, n - 1);
    loop {
        while b <= c && items[b].0 <= value {
            if items[b].0 == value {
                items.swap(a, b);
                a += 1;
            }
            b += 1;
        }
        while b <= c && items[c].0 >= value {
            if items[c].0 == value {
                items.swap(c, d);
                d -= 1;
            }
            c -= 1;
        }
        if b > c {
            break;
        }
        items.swap(b, c);
        b += 1;
        c -= 1;
    }
    for at in 0..a.min(b - a) {
        items.swap(at, b - a.min(b - a) + at);
    }
    let equals = (n - 1 - d).min(d - c);
    for at in 0..equals {
        items.swap(b + at, n - equals + at);
    }
    (b - a, d - c)
}

/// The place of a middling item: the middle one of a few, the median of three, or of three medians.
fn pivot(items: &[(f64, u32)]) -> usize {
    let median = |a: usize, b: usize, c: usize| {
        let (x, y, z) = (items[a].0, items[b].0, items[c].0);
        match (x < y, x < z) {
            (true, _) if y < z => b,
            (true, true) => c,
            (true, false) => a,
            (false, _) if y > z => b,
            (false, true) => a,
            (false, false) => c,
        }
    };
    let n = items.len();
    let (first, middle, last) = (0, n / 2, n - 1);
    let step = n / 8;
    match n {
        7 => middle,
        8..=40 => median(first, middle, last),
        _ => median(
            median(first, first + step, first + 2 * step),
            median(middle - step, middle, middle + step),
            median(last - 2 * step, last - step, last),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn the_first_are_the_lowest() {
        let mut rng = Rng::new(72);
        for _ in 0..3000 {
            let n = rng.below(200);
            let values = 1 + rng.below(100);
            let mut items: Vec<_> = (0..n as u32)
                .map(|at| (rng.below(values) as f64, at))
                .collect();
            let mut sorted = items.clone();
            sort_scores(&mut sorted, &mut |a, b| a.cmp(&b));
            let count = rng.below(n + 1) as usize;
            sort_first(&mut items, count);
            let numbers = |items: &[(f64, u32)]| items.iter().map(|i| i.0).collect::<Vec<_>>();
            assert_eq!(numbers(&items[..count]), numbers(&sorted[..count]));
            sort_scores(&mut items, &mut |a, b| a.cmp(&b));
            assert_eq!(items, sorted, "nothing is lost");
        }
    }

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
