//! Truth-teller tests: the list against a sorted vector, with every link and span checked.

use super::*;
use crate::base::rng::Rng;

/// Members by id.
struct Names(Vec<Vec<u8>>);

impl Members for Names {
    fn member(&self, id: u32) -> &[u8] {
        &self.0[id as usize]
    }
}

impl Names {
    /// Distinct members whose order is not the order of ids.
    fn new(n: u32) -> Self {
        let names = (0..n).map(|id| format!("{:x}", id.wrapping_mul(0x9e37_79b1)).into_bytes());
        Names(names.collect())
    }

    fn cmp(&self, a: (f64, u32), b: (f64, u32)) -> Ordering {
        let scores = a.0.partial_cmp(&b.0).expect("no NaN");
        scores.then_with(|| self.member(a.1).cmp(self.member(b.1)))
    }

    fn place(&self, truth: &[(f64, u32)], element: (f64, u32)) -> Result<usize, usize> {
        truth.binary_search_by(|&e| self.cmp(e, element))
    }
}

/// Every promise of the structure.
fn check(list: &Skiplist, names: &Names, truth: &[(f64, u32)]) {
    assert_eq!(list.len(), truth.len());
    assert!(list.iter().eq(truth.iter().copied()), "elements and order");
    assert!(list.iter_back(list.last()).eq(truth.iter().rev().copied()));
    // Where each node's first element stands.
    let mut starts = std::collections::BTreeMap::new();
    let (mut next, mut rank, mut back) = (list.first(), 0, HEAD);
    while let Some(Cursor { node, .. }) = next {
        assert_eq!(list.links.owner(list.nodes[node].tower), node);
        let it = &list.nodes[node];
        assert!((1..=list.cap).contains(&it.count));
        assert_eq!((it.score, it.id), it.element(0));
        assert_eq!(it.back, back);
        assert_eq!(it.block.is_some(), list.cap > 1);
        starts.insert(node, rank);
        rank += u32::from(it.count);
        back = node;
        next = list.start_after(node);
    }
    assert_eq!(list.tail, back);
    assert_eq!(starts.len() + 1, list.nodes.len(), "no node is lost");
    let tallest = starts.keys().map(|&node| list.height(node)).max();
    assert_eq!(list.levels, tallest.unwrap_or(1));
    for level in 0..list.levels {
        let expected = starts.keys().filter(|&&node| list.height(node) > level);
        let (mut node, mut start, mut count) = (HEAD, 0, 0);
        loop {
            let link = list.links.get(list.nodes[node].tower, level);
            if link.next == NIL {
                assert_eq!(link.span, list.len - start, "span at level {level}");
                break;
            }
            let next = list.links.owner(link.next);
            assert_eq!(link.span, starts[&next] - start, "span at level {level}");
            assert_eq!(link.score.to_bits(), list.nodes[next].score.to_bits());
            (node, start, count) = (next, starts[&next], count + 1);
        }
        assert_eq!(count, expected.count(), "level {level} has all its nodes");
    }
    for (rank, &(score, id)) in truth.iter().enumerate().step_by(1 + truth.len() / 50) {
        assert_eq!(list.rank(names, score, id), Some(rank as u64));
        let place = list.by_rank(rank as u64).expect("below the length");
        assert_eq!(list.get(place), (score, id));
        assert_eq!(list.cursor(names, score, id), Some(place));
    }
    assert_eq!(list.by_rank(truth.len() as u64), None);
}

/// Scores of which many are equal, with both zeros and both infinities.
fn score(rng: &mut Rng) -> f64 {
    match rng.below(20) {
        0 => -0.0,
        1 => 0.0,
        2 => f64::INFINITY,
        3 => f64::NEG_INFINITY,
        n if n < 12 => rng.below(8) as f64 - 4.0,
        _ => rng.float() * 100.0 - 50.0,
    }
}

struct Mirror {
    list: Skiplist,
    names: Names,
    truth: Vec<(f64, u32)>,
    /// The score of each id that is in the list.
    scores: Vec<Option<f64>>,
}

impl Mirror {
    fn new(seed: u64, large: u8, ids: u32) -> Self {
        Mirror {
            list: Skiplist::with_large_nodes(seed, large),
            names: Names::new(ids),
            truth: Vec::new(),
            scores: vec![None; ids as usize],
        }
    }

    fn step(&mut self, rng: &mut Rng, growing: bool) {
        let id = rng.below(self.scores.len() as u64) as u32;
        let new = score(rng);
        match (self.scores[id as usize], growing) {
            (None, true) => self.insert(new, id),
            (None, false) => {
                assert_eq!(self.list.rank(&self.names, new, id), None);
                assert!(!self.list.remove(&self.names, new, id));
                assert!(!self.list.update(&self.names, new, id, 1.0));
            }
            (Some(old), _) if rng.below(3) == 0 => {
                // Sometimes a score close by, which often leaves the order as it is.
                let new = if rng.below(2) == 0 { old + 0.01 } else { new };
                self.forget(id);
                assert!(self.list.update(&self.names, old, id, new));
                self.note(new, id);
            }
            (Some(old), false) => {
                assert!(self.list.remove(&self.names, old, id));
                self.forget(id);
            }
            (Some(_), true) => (),
        }
    }

    fn insert(&mut self, score: f64, id: u32) {
        self.list.insert(&self.names, score, id);
        self.note(score, id);
    }

    fn note(&mut self, score: f64, id: u32) {
        let at = self.names.place(&self.truth, (score, id));
        self.truth.insert(at.expect_err("it is new"), (score, id));
        self.scores[id as usize] = Some(score);
    }

    fn forget(&mut self, id: u32) {
        let score = self.scores[id as usize].take().expect("it is here");
        let at = self.names.place(&self.truth, (score, id));
        self.truth.remove(at.expect("it is here"));
    }

    fn check(&self) {
        check(&self.list, &self.names, &self.truth);
    }
}

#[test]
fn mirrors_a_vector_with_every_node_size() {
    for large in [1, 2, 3, 4, 7, 16, 32, BLOCK as u8] {
        for seed in 0..6 {
            println!("large {large} seed {seed}");
            let mut rng = Rng::new(seed);
            let ids = [20, 150, 400, 400, 1_000, 5_000][seed as usize];
            let mut mirror = Mirror::new(seed, large, ids);
            for step in 0..ids * 3 {
                mirror.step(&mut rng, true);
                if ids <= 150 || step % (ids / 16) == 0 {
                    mirror.check();
                }
            }
            for step in 0..ids * 8 {
                mirror.step(&mut rng, false);
                if ids <= 150 || step % (ids / 8) == 0 {
                    mirror.check();
                }
            }
            while let Some(&(score, id)) = mirror.truth.last() {
                assert!(mirror.list.remove(&mirror.names, score, id));
                mirror.forget(id);
            }
            mirror.check();
            assert!(mirror.list.first().is_none() && mirror.list.last().is_none());
        }
    }
}

/// A random bound near the elements.
fn bound(rng: &mut Rng) -> ScoreBound {
    ScoreBound {
        value: score(rng),
        exclusive: rng.below(2) == 0,
    }
}

#[test]
fn score_ranges_agree_and_delete() {
    for seed in 0..60 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let large = [1, 4, BLOCK as u8][seed as usize % 3];
        let mut mirror = Mirror::new(seed, large, 300);
        for round in 0..40 {
            for _ in 0..60 {
                mirror.step(&mut rng, true);
            }
            let (min, max) = (bound(&mut rng), bound(&mut rng));
            let inside = |&(s, _): &(f64, u32)| {
                (if min.exclusive {
                    s > min.value
                } else {
                    s >= min.value
                }) && (if max.exclusive {
                    s < max.value
                } else {
                    s <= max.value
                })
            };
            let expected: Vec<_> = mirror.truth.iter().copied().filter(inside).collect();
            let list = &mut mirror.list;
            let first = list.first_in_score_range(min, max).map(|p| list.get(p));
            let last = list.last_in_score_range(min, max).map(|p| list.get(p));
            assert_eq!(first, expected.first().copied());
            assert_eq!(last, expected.last().copied());
            let (start, end) = list.ranks_of_scores(min, max);
            assert_eq!(end - start, expected.len() as u64);
            let mut gone = Vec::new();
            let n = if round % 2 == 0 {
                list.delete_range_by_score(min, max, &mut |id| gone.push(id))
            } else {
                let (start, end) = (rng.below(300), rng.below(300));
                list.delete_range_by_rank(start, end, &mut |id| gone.push(id))
            };
            assert_eq!(n, gone.len() as u64);
            if round % 2 == 0 {
                assert!(expected.iter().map(|e| e.1).eq(gone.iter().copied()));
            }
            gone.into_iter().for_each(|id| mirror.forget(id));
            mirror.check();
        }
    }
}

#[test]
fn rank_ranges_delete_what_they_name() {
    let names = Names::new(1_000);
    let mut all: Vec<(f64, u32)> = (0..1_000).map(|id| (f64::from(id / 3), id)).collect();
    all.sort_by(|&a, &b| names.cmp(a, b));
    for (start, end) in [
        (0, 0),
        (0, 999),
        (999, 2_000),
        (5, 4),
        (31, 33),
        (100, 899),
        (7, u64::MAX),
    ] {
        for large in [1, 5, BLOCK as u8] {
            let mut list = Skiplist::with_large_nodes(4, large);
            list.extend_sorted(all.iter().copied());
            check(&list, &names, &all);
            let mut truth = all.clone();
            let mut gone = Vec::new();
            list.delete_range_by_rank(start, end, &mut |id| gone.push(id));
            if start <= end {
                let expected = truth.drain(start as usize..=(end.min(999) as usize));
                assert!(expected.map(|e| e.1).eq(gone));
            }
            check(&list, &names, &truth);
        }
    }
}

#[test]
fn lex_ranges_agree_and_delete() {
    for seed in 0..40 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let names = Names::new(400);
        let mut list = Skiplist::new(seed);
        let count = if seed % 2 == 0 { 400 } else { 90 };
        (0..count).for_each(|id| list.insert(&names, 7.0, id));
        let mut truth: Vec<(f64, u32)> = (0..count).map(|id| (7.0, id)).collect();
        truth.sort_by(|&a, &b| names.cmp(a, b));
        for _ in 0..20 {
            let mut bound = || match rng.below(8) {
                0 => LexBound::Min,
                1 => LexBound::Max,
                2..5 => LexBound::Incl(names.member(rng.below(400) as u32)),
                _ => LexBound::Excl(names.member(rng.below(400) as u32)),
            };
            let (min, max) = (bound(), bound());
            let member = |id: u32| names.member(id);
            let inside = |e: &&(f64, u32)| !min.is_above(member(e.1)) && !max.is_below(member(e.1));
            let expected: Vec<u32> = truth.iter().filter(inside).map(|e| e.1).collect();
            let first = list.first_in_lex_range(&names, min, max);
            let last = list.last_in_lex_range(&names, min, max);
            assert_eq!(first.map(|p| list.get(p).1), expected.first().copied());
            assert_eq!(last.map(|p| list.get(p).1), expected.last().copied());
            if expected.len() < 60 {
                let mut gone = Vec::new();
                list.delete_range_by_lex(&names, min, max, &mut |id| gone.push(id));
                assert_eq!(gone, expected);
                truth.retain(|e| !expected.contains(&e.1));
                check(&list, &names, &truth);
            }
        }
    }
}

#[test]
fn sorted_loading_fills_nodes() {
    let names = Names::new(3_000);
    let truth: Vec<(f64, u32)> = (0..3_000).map(|id| (f64::from(id), id)).collect();
    let mut loaded = Skiplist::new(1);
    loaded.extend_sorted(truth[..100].iter().copied());
    check(&loaded, &names, &truth[..100]);
    loaded.extend_sorted(truth[100..].iter().copied());
    check(&loaded, &names, &truth);
    assert!(loaded.nodes.len() < 3_000 / BLOCK + 10);
    let mut inserted = Skiplist::new(1);
    truth
        .iter()
        .for_each(|&(s, id)| inserted.insert(&names, s, id));
    check(&inserted, &names, &truth);
    assert!(inserted.nodes.len() < 3_000 / BLOCK + 10);
}

#[test]
fn small_lists_are_the_textbooks() {
    let names = Names::new(200);
    let mut list = Skiplist::new(9);
    (0..128).for_each(|id| list.insert(&names, f64::from(id % 10), id));
    let view = list.inspect(1_000);
    assert_eq!((view.node_capacity, view.nodes.len()), (1, 128));
    assert_eq!((view.head[0].span, view.nodes[127].links[0].span), (1, 0));
    for level in 0..view.levels {
        let nodes = view.nodes.iter().filter_map(|node| node.links.get(level));
        let spans = nodes.map(|link| link.span).sum::<u64>();
        assert_eq!(view.head[level].span + spans, 128);
    }
    list.insert(&names, 3.0, 150);
    assert_eq!(list.inspect(1).node_capacity, BLOCK);
    let steps = list.search_path(&names, 3.0, 150);
    let ranks: u64 = steps.iter().filter(|s| s.taken).map(|s| s.span).sum();
    let rank = list.rank(&names, 3.0, 150).expect("present") + 1;
    assert!((ranks..ranks + BLOCK as u64).contains(&rank));
    (0..80).for_each(|id| assert!(list.remove(&names, f64::from(id % 10), id)));
    assert_eq!(list.inspect(1).node_capacity, 1);
}

#[test]
fn nodes_are_as_small_as_planned() {
    assert_eq!((size_of::<Node>(), Slab::<Node>::SLOT_BYTES), (32, 32));
}
