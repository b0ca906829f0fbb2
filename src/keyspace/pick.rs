//! Random elements of collections: where an element stands, and how several different ones are drawn.
use crate::base::rng::Rng;
use crate::ds::dict::EntryId;
use crate::ds::listpack::{Listpack, Pos};
use std::collections::BTreeSet;

/// Where an element of a collection stands, valid until the collection changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The element itself, in an intset.
    Int(i64),
    /// An entry of a listpack; of a pair, its first.
    Pos(Pos),
    /// An entry of a table.
    Id(EntryId),
}

/// `count` different elements of `len` (`count <= len`), all choices equally likely. `all` lists every element, `one`
/// draws one. O(len) if many are wanted, else O(count log count) expected.
pub fn distinct<T: Copy + Ord>(
    rng: &mut Rng,
    count: usize,
    len: usize,
    all: impl FnOnce() -> Vec<T>,
    mut one: impl FnMut(&mut Rng) -> T,
) -> Vec<T> {
    if count.saturating_mul(3) > len {
        // The first `count` steps of a Fisher-Yates shuffle.
        let mut items = all();
        let count = count.min(items.len());
        for at in 0..count {
            let other = at + rng.below((items.len() - at) as u64) as usize;
            items.swap(at, other);
        }
        items.truncate(count);
        return items;
    }
    // At most a third is taken, so a draw repeats an earlier one at worst one time in three.
    let mut seen = BTreeSet::new();
    let mut picked = Vec::with_capacity(count);
    while picked.len() < count {
        let item = one(rng);
        if seen.insert(item) {
            picked.push(item);
        }
    }
    picked
}

/// The places of a listpack's elements, each `width` entries wide (2 for pairs).
pub fn places(lp: &Listpack, width: usize) -> impl Iterator<Item = Place> + '_ {
    std::iter::successors(lp.first(), move |&pos| {
        let mut pos = pos;
        for _ in 0..width {
            pos = lp.next(pos)?;
        }
        Some(pos)
    })
    .map(Place::Pos)
}

/// `count` different elements of a listpack in the order they stand in: one walk (Knuth's selection sampling).
pub fn in_order(lp: &Listpack, width: usize, count: usize, rng: &mut Rng) -> Vec<Place> {
    let mut left = lp.len() / width;
    let mut wanted = count.min(left);
    let mut picked = Vec::with_capacity(wanted);
    for place in places(lp, width) {
        if wanted == 0 {
            break;
        }
        if rng.below(left as u64) < wanted as u64 {
            picked.push(place);
            wanted -= 1;
        }
        left -= 1;
    }
    picked
}

/// A random element of a listpack that is not empty. O(n).
pub fn one_of(lp: &Listpack, width: usize, rng: &mut Rng) -> Option<Place> {
    let elements = (lp.len() / width) as u64;
    if elements == 0 {
        return None;
    }
    lp.seek((rng.below(elements) * width as u64) as i64)
        .map(Place::Pos)
}

/// Chained entries that a table without values allocates on a 64-bit server: of each chain all but the last, which
/// stands in the bucket itself. With hashes spread evenly a share of `1 - (1 - e^-a) / a` of all entries, `a` being
/// entries a bucket; the first terms of its series are near enough, and the same on every machine.
pub fn chained(entries: usize, buckets: u64) -> usize {
    let a = entries as f64 / (buckets.max(1) as f64);
    let share = if a > 1.5 {
        1.0 - 0.8 / a
    } else {
        a / 2.0 - a * a / 6.0 + a * a * a / 24.0 - a * a * a * a / 120.0
    };
    (entries as f64 * share) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_is_even_and_never_repeats() {
        for count in [1usize, 2, 3, 5, 9, 10] {
            let mut rng = Rng::new(count as u64);
            let mut hits = [0u32; 10];
            for _ in 0..20_000 {
                let picked = distinct(
                    &mut rng,
                    count,
                    10,
                    || (0..10u64).collect(),
                    |rng| rng.below(10),
                );
                assert_eq!(picked.len(), count);
                assert_eq!(picked.iter().collect::<BTreeSet<_>>().len(), count);
                picked.iter().for_each(|&item| hits[item as usize] += 1);
            }
            let mean = 2_000 * count as u32;
            let even = |&n: &u32| n > mean - mean / 8 && n < mean + mean / 8;
            assert!(hits.iter().all(even), "count {count}: {hits:?}");
        }
    }

    #[test]
    fn in_order_is_even_and_ascends() {
        let mut lp = Listpack::new();
        (0..12).for_each(|n| lp.push_int(n));
        let all: Vec<Place> = places(&lp, 2).collect();
        assert_eq!(all.len(), 6);
        let mut hits = [0u32; 6];
        let mut rng = Rng::new(3);
        for _ in 0..12_000 {
            let picked = in_order(&lp, 2, 2, &mut rng);
            assert!(picked.len() == 2 && picked[0] < picked[1]);
            for place in picked {
                hits[all.iter().position(|p| *p == place).expect("a place")] += 1;
            }
        }
        assert!(hits.iter().all(|n| (3_700..4_300).contains(n)), "{hits:?}");
        assert_eq!(in_order(&lp, 2, 99, &mut rng), all);
    }
}
