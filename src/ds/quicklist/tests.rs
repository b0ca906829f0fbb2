//! The quicklist against a `VecDeque` of byte strings, and its nodes against a real server's.
use super::*;
use crate::ds::seeded::Seeded;

type Truth = VecDeque<Vec<u8>>;

fn check(list: &Quicklist, truth: &Truth, seed: u64) {
    assert!(
        list.iter()
            .map(|entry| entry.to_vec())
            .eq(truth.iter().cloned()),
        "seed {seed}"
    );
    let back = list.iter_from(-1, false).map(|entry| entry.to_vec());
    assert!(back.eq(truth.iter().rev().cloned()), "seed {seed}");
    assert_eq!(
        (list.len(), list.is_empty()),
        (truth.len(), truth.is_empty()),
        "seed {seed}"
    );
    let sum: usize = list.containers().map(Container::bytes).sum();
    assert_eq!(list.bytes(), sum, "seed {seed}");
    let alloc: usize = list
        .containers()
        .map(|c| alloc::size_class(c.bytes()))
        .sum();
    assert_eq!(list.alloc_bytes(), alloc, "seed {seed}");
    for node in &list.nodes {
        let count = match &node.container {
            Container::Packed(lp) => lp.len(),
            Container::Plain(_) => 1,
        };
        assert!(count > 0 && count == node.count as usize, "seed {seed}");
    }
}

/// What is read at `index` (`signed` means the same) and of `value`.
fn check_reads(
    rng: &mut Seeded,
    list: &Quicklist,
    truth: &Truth,
    (index, signed, value): (usize, i64, Vec<u8>),
    seed: u64,
) {
    let inside = index < truth.len();
    let found = list.find(&value).map(|cursor| list.get_at(cursor).to_vec());
    assert_eq!(found.is_some(), truth.contains(&value), "seed {seed}");
    assert_eq!(
        list.get(signed).map(|e| e.to_vec()).as_ref(),
        truth.get(index).filter(|_| inside)
    );
    let forward = rng.below(2) == 0;
    let rest: Vec<_> = list
        .iter_from(index as i64, forward)
        .map(|e| e.to_vec())
        .collect();
    let expected: Vec<_> = match (inside, forward) {
        (false, _) => Vec::new(),
        (_, true) => truth.range(index..).cloned().collect(),
        (_, false) => truth.range(..=index).rev().cloned().collect(),
    };
    assert_eq!(rest, expected, "seed {seed}");
}

fn step(rng: &mut Seeded, list: &mut Quicklist, truth: &mut Truth, seed: u64) {
    let value = rng.value();
    let index = rng.below(truth.len() + 1);
    let inside = index < truth.len();
    let from_tail = inside && rng.below(2) == 0;
    let signed = index as i64 - if from_tail { truth.len() as i64 } else { 0 };
    match rng.below(15) {
        0..=2 => {
            list.push_back(&value);
            truth.push_back(value);
        }
        3 | 4 => {
            list.push_front(&value);
            truth.push_front(value);
        }
        5 => assert_eq!(list.pop_front(), truth.pop_front(), "seed {seed}"),
        6 => assert_eq!(list.pop_back(), truth.pop_back(), "seed {seed}"),
        7 if inside => {
            assert!(list.insert(signed, Side::Before, &value));
            truth.insert(index, value);
        }
        8 if inside => {
            assert!(list.insert(signed, Side::After, &value));
            truth.insert(index + 1, value);
        }
        9 if inside => {
            assert!(list.replace(signed, &value));
            truth[index] = value;
        }
        10 if inside => {
            let count = rng.below(4);
            let gone = truth.drain(index..(index + count).min(truth.len())).count();
            assert_eq!(list.remove_range(signed, count), gone, "seed {seed}");
        }
        11 => {
            let (count, from_tail) = (rng.below(3), rng.below(2) == 0);
            let mut all: Vec<usize> = (0..truth.len()).filter(|&i| truth[i] == value).collect();
            if from_tail {
                all.reverse();
            }
            all.truncate(if count == 0 { all.len() } else { count });
            all.sort_unstable();
            assert_eq!(
                list.remove_matching(&value, count, from_tail),
                all.len(),
                "seed {seed}"
            );
            all.iter().rev().for_each(|&i| drop(truth.remove(i)));
        }
        12 => {
            list.rotate();
            truth.rotate_right(usize::from(truth.len() > 1));
        }
        13 if inside => {
            let cursor = list.seek(signed).expect("inside");
            let next = list
                .remove_at(cursor)
                .map(|cursor| list.get_at(cursor).to_vec());
            truth.remove(index);
            assert_eq!(next.as_ref(), truth.get(index), "seed {seed}");
        }
        _ => check_reads(rng, list, truth, (index, signed, value), seed),
    }
}

#[test]
fn mirrors_a_deque_under_every_limit() {
    for seed in 0..240 {
        let mut rng = Seeded::new(seed);
        let fill = [-5, -2, -1, 0, 1, 2, 3, 5, 10, 128][rng.below(10)];
        let threshold = [0, 0, 0, 5, 64, 4094][rng.below(6)];
        let mut list = Quicklist::new(Options::new(fill, 0).with_packed_threshold(threshold));
        let mut truth = Truth::new();
        for _ in 0..150 {
            step(&mut rng, &mut list, &mut truth, seed);
            check(&list, &truth, seed);
        }
    }
}

#[test]
fn indexes_outside_give_nothing() {
    let mut list = Quicklist::new(Options::default());
    for len in 0..3i64 {
        for index in [len, -len - 1, i64::MAX, i64::MIN] {
            assert!(list.get(index).is_none() && !list.replace(index, b"x"));
            assert!(!list.insert(index, Side::After, b"x"));
            assert_eq!(list.remove_range(index, usize::MAX), 0);
            assert_eq!(list.iter_from(index, true).count(), 0);
        }
        list.push_back(b"v");
    }
    assert_eq!(list.remove_range(0, usize::MAX), 3);
    assert_eq!((list.len(), list.bytes(), list.node_count()), (0, 0, 0));
    list.rotate();
    assert_eq!(list.pop_back(), None);
}

#[test]
fn a_list_of_one_node_becomes_a_listpack() {
    let mut lp = Listpack::new();
    (0..10).for_each(|i| lp.push_int(i));
    let options = Options::new(10, 0);
    let list = Quicklist::from_listpack(lp.clone(), options);
    assert!(list.may_be_listpack(options, false) && !list.may_be_listpack(options, true));
    let list = list
        .into_listpack(options, true)
        .expect_err("more than half the limit");
    assert_eq!(
        list.into_listpack(options, false)
            .expect("within the limit"),
        lp
    );

    let mut list = Quicklist::new(Options::default());
    list.push_back(&[b'x'; 9000]);
    assert!(list.into_listpack(options, false).is_err());
    assert!(Options::default().exceeds(8193, 1) && !Options::default().exceeds(8192, 9999));
    assert!(options.exceeds(100, 11) && options.exceeds(8193, 1) && !options.exceeds(8192, 10));
}

#[test]
fn a_view_tells_each_node() {
    let mut list = Quicklist::new(Options::new(2, 0).with_packed_threshold(10));
    for value in ["a", "b", "c", "a long value"] {
        list.push_back(value.as_bytes());
    }
    let view = list.inspect(2);
    assert!(view.cut && view.nodes.len() == 2 && view.node_count == 3);
    let rows: Vec<_> = list
        .inspect(10)
        .nodes
        .into_iter()
        .map(|n| (n.count, n.bytes, n.container))
        .collect();
    assert_eq!(
        rows,
        [(2, 13, "packed"), (1, 10, "packed"), (1, 12, "plain")]
    );
}
