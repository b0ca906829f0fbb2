//! Both forms of a list against a `VecDeque`, by one body.
use super::*;
use crate::base::rng::Rng;
use std::collections::VecDeque;

type Truth = VecDeque<Vec<u8>>;

fn value(rng: &mut Rng) -> Vec<u8> {
    match rng.below(20) {
        0 => vec![b'L'; rng.below(400) as usize],
        1 => Vec::new(),
        2 => b"007".to_vec(),
        3..=8 => (rng.below(20) as i64 - 10).to_string().into_bytes(),
        9 => (rng.next_u64() as i64).to_string().into_bytes(),
        _ => vec![b'a' + rng.below(6) as u8],
    }
}

fn check(list: &List, truth: &Truth, seed: u64) {
    let forward: Vec<_> = list.iter().map(|entry| entry.to_vec()).collect();
    assert!(forward.iter().eq(truth), "seed {seed}");
    let back = list.iter_from(-1, false).map(|entry| entry.to_vec());
    assert!(back.eq(truth.iter().rev().cloned()), "seed {seed}");
    assert_eq!(list.len(), truth.len(), "seed {seed}");
    assert_eq!(list.is_empty(), truth.is_empty(), "seed {seed}");
    if let List::Long(ql) = list {
        let exact = list.sampled_bytes(0, &mut |_, _| None);
        assert!(exact.abs_diff(list.mem_bytes()) <= 1, "seed {seed}");
        assert!(ql.node_count() > 0 || truth.is_empty(), "seed {seed}");
    }
}

fn end(rng: &mut Rng) -> Side {
    if rng.below(2) == 0 {
        Side::Before
    } else {
        Side::After
    }
}

fn grow(rng: &mut Rng, list: &mut List, truth: &mut Truth, limits: Options) {
    let values: Vec<_> = (0..1 + rng.below(4)).map(|_| value(rng)).collect();
    let end = end(rng);
    list.push(end, values.iter().map(|v| &v[..]), limits);
    for value in values {
        match end {
            Side::Before => truth.push_front(value),
            Side::After => truth.push_back(value),
        }
    }
}

/// Removes from the truth what LREM would.
fn remove_matching(truth: &mut Truth, value: &[u8], count: usize, from_tail: bool) -> usize {
    let matches: Vec<usize> = (0..truth.len()).filter(|&i| truth[i] == value).collect();
    let most = if count == 0 {
        matches.len()
    } else {
        count.min(matches.len())
    };
    let gone = if from_tail {
        &matches[matches.len() - most..]
    } else {
        &matches[..most]
    };
    for &i in gone.iter().rev() {
        truth.remove(i);
    }
    most
}

fn step(rng: &mut Rng, list: &mut List, truth: &mut Truth, limits: Options, seed: u64) {
    let index = rng.below(truth.len() as u64 + 1) as usize;
    let present = truth.get(index).cloned();
    let pivot = present.clone().unwrap_or_else(|| value(rng));
    match rng.below(12) {
        0..=4 => grow(rng, list, truth, limits),
        5 => {
            let end = end(rng);
            list.pop(end);
            match end {
                Side::Before => truth.pop_front(),
                Side::After => truth.pop_back(),
            };
        }
        6 => {
            let (side, new) = (end(rng), value(rng));
            let at = truth.iter().position(|v| *v == pivot);
            assert_eq!(
                list.insert(side, &pivot, &new, limits),
                at.is_some(),
                "seed {seed}"
            );
            if let Some(at) = at {
                truth.insert(at + usize::from(side == Side::After), new);
            }
        }
        7 | 8 => {
            let new = value(rng);
            let signed = index as i64 - [0, truth.len() as i64][rng.below(2) as usize];
            let inside = present.is_some() || signed == 0 && !truth.is_empty();
            assert_eq!(list.set(signed, &new, limits), inside, "seed {seed}");
            if inside {
                let at = index % truth.len();
                truth[at] = new;
            }
        }
        9 => {
            let (count, from_tail) = (rng.below(4) as usize, rng.below(2) == 0);
            let gone = remove_matching(truth, &pivot, count, from_tail);
            let removed = list.remove_matching(&pivot, count, from_tail);
            assert_eq!(removed, gone, "seed {seed}");
        }
        10 => {
            let count = rng.below(4) as usize;
            let gone = count.min(truth.len() - index);
            assert_eq!(list.remove_range(index as i64, count), gone, "seed {seed}");
            truth.drain(index..index + gone);
        }
        _ => {
            let got = list.get(index as i64).map(|entry| entry.to_vec());
            assert_eq!(got, present, "seed {seed}");
        }
    }
    list.shrink(limits);
}

#[test]
fn behaves_as_a_deque_in_both_forms() {
    // From lists that are always a listpack to such that are one for few elements only.
    for (fill, forms) in [
        (30_000, "listpack"),
        (-5, "listpack"),
        (-1, ""),
        (4, ""),
        (1, "quicklist"),
    ] {
        for seed in 0..20 {
            let mut rng = Rng::new(seed);
            let limits = Options::new(fill, 0);
            let (mut list, mut truth) = (List::new(), Truth::new());
            for _ in 0..400 {
                step(&mut rng, &mut list, &mut truth, limits, seed);
                if truth.is_empty() {
                    list = List::new();
                }
                check(&list, &truth, seed);
                if forms == "quicklist" && truth.len() > 1 {
                    assert_eq!(list.encoding(), forms, "seed {seed}");
                }
            }
        }
    }
}

fn list_of(n: usize, limits: Options) -> List {
    let mut list = List::new();
    (0..n).for_each(|_| list.push(Side::After, std::iter::once(&b"x"[..]), limits));
    list
}

#[test]
fn the_form_changes_at_the_limit_and_back_at_half_of_it() {
    let limits = Options::new(8, 0);
    let mut list = list_of(8, limits);
    assert_eq!(list.encoding(), "listpack");
    list.push(Side::Before, std::iter::once(&b"y"[..]), limits);
    assert_eq!(list.encoding(), "quicklist");
    while list.len() > 5 {
        list.pop(Side::Before);
        list.shrink(limits);
    }
    assert_eq!(list.encoding(), "quicklist");
    list.pop(Side::Before);
    list.shrink(limits);
    assert_eq!(list.encoding(), "listpack");
}

#[test]
fn memory_is_what_a_real_server_says() {
    // MEMORY USAGE of valkey-server 8.0 for a key of one letter, which is 48 more than what counts here.
    for (len, one, eight) in [
        (1, 64, 232),
        (8, 80, 264),
        (100, 160, 1064),
        (3000, 3120, 24824),
        (9000, 10368, 82328),
    ] {
        let limits = Options::new(4, 0);
        let text = vec![b'x'; len];
        let mut list = List::new();
        list.push(Side::After, std::iter::once(&text[..]), limits);
        assert_eq!(list.mem_bytes() + 48, one, "{len}");
        list.push(Side::After, [&text[..]; 7].into_iter(), limits);
        assert_eq!(list.mem_bytes() + 48, eight, "{len}");
    }
}
