//! Both encodings against a sorted vector of (score, member), which tells the truth.
use super::*;
use crate::base::rng::Rng;

/// Elements in order; compares, never panics on equal ones.
#[derive(Default)]
struct Truth(Vec<(f64, Vec<u8>)>);

impl Truth {
    fn place(&self, member: &[u8]) -> Option<usize> {
        self.0.iter().position(|(_, m)| m == member)
    }

    fn put(&mut self, member: &[u8], score: f64, rules: Rules) -> Put {
        let at = self.place(member);
        let put = match at.map(|at| self.0[at].0) {
            None if rules.xx => return Put::Refused,
            None => Put::Added(score),
            Some(_) if rules.nx => return Put::Refused,
            Some(old) => {
                let new = if rules.incr { old + score } else { score };
                if new.is_nan() {
                    return Put::Nan;
                }
                if (rules.gt && new <= old) || (rules.lt && new >= old) {
                    return Put::Refused;
                }
                if new == old {
                    return Put::Same(new);
                }
                Put::Updated(new)
            }
        };
        if let Some(at) = at {
            self.0.remove(at);
        }
        if let Put::Added(score) | Put::Updated(score) = put {
            self.0.push((score, member.to_vec()));
            self.0
                .sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        }
        put
    }
}

/// No minus zero among them: `total_cmp` would tell it from zero.
const SCORES: [f64; 12] = [
    0.0,
    1.0,
    2.0,
    -1.0,
    0.5,
    -3.25,
    1e300,
    1e-7,
    f64::INFINITY,
    f64::NEG_INFINITY,
    4_611_686_018_427_387_904.0,
    9_007_199_254_740_993.0,
];

fn member(rng: &mut Rng) -> Vec<u8> {
    match rng.below(4) {
        0 => rng.below(40).to_string().into_bytes(),
        1 => vec![b'a' + rng.below(20) as u8; rng.below(4) as usize],
        2 => vec![0xff, rng.below(12) as u8],
        _ => format!("member:{}", rng.below(60)).into_bytes(),
    }
}

fn elements(zset: &Zset) -> Vec<(f64, Vec<u8>)> {
    let mut all = Vec::new();
    zset.for_each(&mut |member: &[u8], score| all.push((score, member.to_vec())));
    all
}

fn check_same(zset: &Zset, truth: &Truth, seed: u64) {
    assert_eq!(elements(zset), truth.0, "seed {seed}");
    assert_eq!(zset.len(), truth.0.len(), "seed {seed}");
    if let Zset::Ranked(r) = zset {
        let sds: usize = truth.0.iter().map(|(_, m)| alloc::sds_size(m.len())).sum();
        let rebuilt = Ranked::from_sorted(r.dict.clone(), sorted(&r.dict), (1, 2));
        assert_eq!(rebuilt.mem_bytes(), r.mem_bytes(), "seed {seed}");
        assert!(r.mem_bytes() > sds, "seed {seed}");
    }
}

fn check_reads(zset: &Zset, truth: &Truth, rng: &mut Rng, seed: u64) {
    let m = member(rng);
    let at = truth.place(&m);
    assert_eq!(zset.score(&m), at.map(|at| truth.0[at].0), "seed {seed}");
    let rank = at.map(|at| (at, truth.0[at].0));
    assert_eq!(zset.rank(&m), rank, "seed {seed}");

    let bound = |rng: &mut Rng| ScoreBound {
        value: SCORES[rng.below(12) as usize],
        exclusive: rng.below(2) == 0,
    };
    let (min, max) = (bound(rng), bound(rng));
    let inside = |s: f64| !min.is_above(s) && !max.is_below(s);
    let (start, end) = zset.ranks_of_scores(min, max);
    let expected = truth.0.iter().filter(|(s, _)| inside(*s)).count();
    assert_eq!(end - start, expected, "seed {seed}");
    assert!(
        truth.0[start..end].iter().all(|(s, _)| inside(*s)),
        "seed {seed}"
    );

    let from = rng.below(truth.0.len() as u64 + 2) as usize;
    let count = rng.below(8) as usize;
    let walk = |rev| -> Vec<(f64, Vec<u8>)> {
        let range = zset.range(from, count, rev);
        range.map(|(m, score)| (score, m.to_vec())).collect()
    };
    let up: Vec<_> = truth.0.iter().skip(from).take(count).cloned().collect();
    assert_eq!(walk(false), up, "seed {seed}");
    let low = &truth.0[..truth.0.len().min(from + 1)];
    let down: Vec<_> = match from < truth.0.len() {
        true => low.iter().rev().take(count).cloned().collect(),
        false => Vec::new(),
    };
    assert_eq!(walk(true), down, "seed {seed}");
}

/// Random operations on a sorted set of one encoding.
fn mirror(limits: &ZsetLimits, encoding: &str, seed: u64) {
    let mut rng = Rng::new(seed);
    let (mut zset, mut truth) = (Zset::default(), Truth::default());
    zset.expect(1, 0, limits);
    for _ in 0..400 {
        match rng.below(20) {
            0..=12 => {
                let mut flag = || rng.below(6) == 0;
                let rules = Rules {
                    nx: flag(),
                    xx: flag(),
                    gt: flag(),
                    lt: flag(),
                    incr: flag(),
                };
                let (m, score) = (member(&mut rng), SCORES[rng.below(12) as usize]);
                let expected = truth.put(&m, score, rules);
                assert_eq!(zset.put(&m, score, rules, limits), expected, "seed {seed}");
            }
            13..=16 => {
                let m = member(&mut rng);
                let at = truth.place(&m);
                assert_eq!(zset.remove(&m), at.is_some(), "seed {seed}");
                at.map(|at| truth.0.remove(at));
            }
            17 => {
                let start = rng.below(truth.0.len() as u64 + 1) as usize;
                let end = (start + rng.below(5) as usize).min(truth.0.len());
                assert_eq!(zset.remove_ranks(start, end), end - start, "seed {seed}");
                truth.0.drain(start..end);
            }
            _ => zset = zset.clone(),
        }
        check_same(&zset, &truth, seed);
        check_reads(&zset, &truth, &mut rng, seed);
    }
    assert_eq!(zset.encoding(), encoding, "seed {seed}");
}

const SMALL: ZsetLimits = ZsetLimits {
    entries: 1000,
    value: 64,
    seed: (1, 2),
};
const LARGE: ZsetLimits = ZsetLimits {
    entries: 0,
    ..SMALL
};

#[test]
fn both_encodings_mirror_a_sorted_vector() {
    for seed in 0..12 {
        mirror(&SMALL, "listpack", seed);
        mirror(&LARGE, "skiplist", seed);
    }
}

/// Members of one score, in both encodings.
#[test]
fn ranges_of_members() {
    for (seed, limits) in [(1, SMALL), (2, LARGE)] {
        let mut rng = Rng::new(seed);
        let mut zset = Zset::default();
        let mut truth = Truth::default();
        for _ in 0..60 {
            let m = member(&mut rng);
            zset.add(&m, 0.0, &limits);
            truth.put(&m, 0.0, Rules::default());
        }
        for _ in 0..300 {
            let (a, b) = (member(&mut rng), member(&mut rng));
            let pick = |m, n| match n {
                0 => LexBound::Min,
                1 => LexBound::Max,
                2..=4 => LexBound::Incl(m),
                _ => LexBound::Excl(m),
            };
            let (min, max) = (pick(&a[..], rng.below(8)), pick(&b[..], rng.below(8)));
            let inside = |m: &[u8]| !min.is_above(m) && !max.is_below(m);
            let expected = truth.0.iter().filter(|(_, m)| inside(m)).count();
            for rev in [false, true] {
                let (start, end) = zset.ranks_of_lex(min, max, rev, 0);
                assert_eq!(end - start, expected, "seed {seed}, {min:?} to {max:?}");
                let mut run = truth.0[start..end].iter();
                assert!(run.all(|(_, m)| inside(m)), "seed {seed}");
            }
        }
    }
}

#[test]
fn grows_by_entries_and_by_length() {
    let limits = ZsetLimits {
        entries: 3,
        value: 4,
        seed: (1, 2),
    };
    let mut zset = Zset::default();
    for m in [b"a", b"b", b"c"] {
        assert!(zset.add(m, 1.0, &limits));
    }
    assert_eq!(zset.encoding(), "listpack");
    assert!(!zset.add(b"a", -0.0, &limits) && zset.score(b"a") == Some(0.0));
    assert!(zset.clone().add(b"d", 1.0, &limits));
    let mut longer = zset.clone();
    assert!(longer.add(b"12345", 1.0, &limits));
    assert_eq!(longer.encoding(), "skiplist");
    // Announcing is enough, even if nothing comes of it.
    zset.expect(4, 1, &limits);
    assert_eq!(zset.encoding(), "skiplist");
}

#[test]
fn whole_results_take_the_smallest_encoding() {
    let limits = ZsetLimits {
        entries: 3,
        value: 4,
        seed: (1, 2),
    };
    for (members, longest, encoding) in [
        (&[&b"b"[..], b"a", b"17"][..], 2, "listpack"),
        (&[b"b", b"a", b"c", b"d"], 1, "skiplist"),
        (&[b"12345"], 5, "skiplist"),
    ] {
        let mut dict = Dict::new((1, 2));
        for m in members {
            dict.insert(m, 2.0);
        }
        let zset = Zset::from_dict(dict, longest, &limits);
        let copy = Zset::from_sorted(zset.iter(), &limits);
        let mut expected: Vec<_> = members.iter().map(|m| (2.0, m.to_vec())).collect();
        expected.sort_by(|a, b| a.1.cmp(&b.1));
        for z in [zset, copy] {
            assert_eq!((z.encoding(), elements(&z)), (encoding, expected.clone()));
        }
    }
}

#[test]
fn random_members_are_different_and_of_the_set() {
    for limits in [SMALL, LARGE] {
        let mut zset = Zset::default();
        for n in 0..50 {
            zset.add(n.to_string().as_bytes(), f64::from(n), &limits);
        }
        let mut rng = Rng::new(5);
        for count in [0, 1, 10, 20, 49] {
            let mut places = zset.sample(&mut rng, count);
            assert!(places.iter().all(|&p| {
                let (m, score) = zset.at(p);
                m.to_vec() == (score as i64).to_string().into_bytes()
            }));
            places.sort();
            places.dedup();
            assert_eq!(places.len(), count);
        }
        assert!(zset.random(&mut rng).is_some() && Zset::default().random(&mut rng).is_none());
    }
}
