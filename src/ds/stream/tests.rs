//! Random operations on a stream and on a map that tells the truth; the layout byte by byte; the radix tree by a real one.
use super::*;
use crate::base::rng::Rng;
use std::collections::BTreeMap;

const SEEDS: u64 = 30;

type Truth = BTreeMap<StreamId, Vec<Vec<u8>>>;

fn id(ms: u64, seq: u64) -> StreamId {
    StreamId { ms, seq }
}

fn words(item: &Item<'_>) -> Vec<Vec<u8>> {
    let pairs = item.pairs().flat_map(|(f, v)| [f.to_vec(), v.to_vec()]);
    pairs.collect()
}

fn add(stream: &mut Stream, id: StreamId, pairs: &[&[u8]], limits: Limits) {
    stream.append(id, pairs.iter().copied(), limits);
}

const FEW: Limits = Limits {
    bytes: 4096,
    entries: 4,
};

#[test]
fn the_layout_is_the_real_one() {
    let mut stream = Stream::default();
    add(&mut stream, id(1000, 5), &[b"a", b"1", b"b", b"x"], FEW);
    add(&mut stream, id(1001, 0), &[b"a", b"22", b"b", b"y"], FEW);
    add(&mut stream, id(1002, 0), &[b"c", b"3"], FEW);
    stream.delete(&[id(1001, 0)]);
    let (first, bytes) = stream.nodes().next().expect("one node");
    assert_eq!(first, id(1000, 5));
    let lp = crate::ds::listpack::Listpack::from_bytes(bytes.to_vec()).expect("valid");
    let shown: Vec<String> = lp
        .iter()
        .map(|e| String::from_utf8_lossy(&e.to_vec()).into_owned())
        .collect();
    let expected = "2 1 2 a b 0 2 0 0 1 x 5 3 1 -5 22 y 5 0 2 -5 1 c 3 6";
    assert_eq!(shown.join(" "), expected);
}

fn check(stream: &Stream, truth: &Truth, seed: u64) {
    assert_eq!(stream.len(), truth.len() as u64, "seed {seed}");
    let first = truth.keys().next().copied().unwrap_or_default();
    assert_eq!(stream.first_id, first, "seed {seed}");
    let all: Vec<_> = stream.iter().map(|i| (i.id, words(&i))).collect();
    let expected: Vec<_> = truth.iter().map(|(k, v)| (*k, v.clone())).collect();
    assert_eq!(all, expected, "seed {seed}");
    let sum: usize = stream.nodes.iter().map(Node::alloc_bytes).sum();
    assert_eq!(stream.alloc_bytes(), sum, "seed {seed}");
    for node in &stream.nodes {
        assert!(node.live() >= 0 && node.slots() > 0, "seed {seed}");
    }
}

fn random_add(stream: &mut Stream, truth: &mut Truth, rng: &mut Rng, limits: Limits) {
    let fields: [&[u8]; 3] = [b"f", b"gg", b"7"];
    let step = rng.below(3) * rng.below(300);
    let next = match step {
        0 => stream.last_id.next().expect("far from the end"),
        n => id(stream.last_id.ms + n, rng.below(3)),
    };
    let mut pairs: Vec<Vec<u8>> = Vec::new();
    for i in 0..=rng.below(2) {
        pairs.push(fields[(i + rng.below(2)) as usize].to_vec());
        pairs.push(vec![b'v'; rng.below(40) as usize]);
    }
    let parts: Vec<&[u8]> = pairs.iter().map(Vec::as_slice).collect();
    add(stream, next, &parts, limits);
    truth.insert(next, pairs);
}

fn random_trim(stream: &mut Stream, truth: &mut Truth, rng: &mut Rng) {
    let most = rng.below(truth.len() as u64 + 3);
    let from = id(rng.below(stream.last_id.ms + 2), 0);
    let to = if rng.below(2) == 0 {
        TrimTo::MaxLen(most)
    } else {
        TrimTo::MinId(from)
    };
    let approx = rng.below(2) == 0;
    let limit = if approx { rng.below(8) } else { 0 };
    let removed = stream.trim(Trim { to, approx, limit });
    let exact = match to {
        TrimTo::MaxLen(most) => truth.len().saturating_sub(most as usize),
        TrimTo::MinId(from) => truth.keys().filter(|&&k| k < from).count(),
    };
    if approx {
        assert!(removed as usize <= exact);
        assert!(limit == 0 || removed as u64 <= limit);
    } else {
        assert_eq!(removed as usize, exact);
    }
    for _ in 0..removed {
        truth.pop_first();
    }
}

#[test]
fn random_operations_as_on_a_map() {
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let limits = Limits {
            bytes: [64, 4096, 0][rng.below(3) as usize],
            entries: [0, 3, 10][rng.below(3) as usize],
        };
        let (mut stream, mut truth) = (Stream::default(), Truth::new());
        for step in 0..1500 {
            match rng.below(10) {
                0..7 => random_add(&mut stream, &mut truth, &mut rng, limits),
                7 | 8 => {
                    let nth = rng.below(truth.len() as u64 + 1) as usize;
                    let wanted = truth.keys().nth(nth).copied().unwrap_or(id(1, 7));
                    let there = truth.remove(&wanted).is_some();
                    assert_eq!(stream.delete(&[wanted]), i64::from(there), "seed {seed}");
                    assert!(stream.get(wanted).is_none(), "seed {seed}");
                }
                _ if rng.below(20) == 0 => random_trim(&mut stream, &mut truth, &mut rng),
                _ => compare_range(&stream, &truth, &mut rng, seed),
            }
            if step % 25 == 0 {
                check(&stream, &truth, seed);
            }
        }
        check(&stream, &truth, seed);
    }
}

fn compare_range(stream: &Stream, truth: &Truth, rng: &mut Rng, seed: u64) {
    let top = stream.last_id.ms + 2;
    let (a, b) = (
        id(rng.below(top), rng.below(3)),
        id(rng.below(top), rng.below(3)),
    );
    let (start, end) = (a.min(b), a.max(b));
    let expected: Vec<StreamId> = truth.range(start..=end).map(|(k, _)| *k).collect();
    let forward: Vec<StreamId> = stream.range(start, end, false).map(|i| i.id).collect();
    assert_eq!(forward, expected, "seed {seed}");
    let mut backward: Vec<StreamId> = stream.range(start, end, true).map(|i| i.id).collect();
    backward.reverse();
    assert_eq!(backward, expected, "seed {seed}");
    if start < end {
        assert_eq!(stream.range(end, start, false).count(), 0, "seed {seed}");
    }
}

/// A radix tree built in the plainest way: nodes with all that follows them.
fn tree_by_hand(keys: &[[u8; 16]], depth: usize) -> u64 {
    if depth == 16 {
        return 1;
    }
    let mut run = 0;
    while depth + run < 16 && keys.iter().all(|k| k[depth + run] == keys[0][depth + run]) {
        run += 1;
    }
    let own = u64::from(run > 0);
    if depth + run == 16 {
        return own + 1;
    }
    let mut below = 0;
    for byte in 0..=255 {
        let part: Vec<[u8; 16]> = keys
            .iter()
            .filter(|k| k[depth + run] == byte)
            .copied()
            .collect();
        if !part.is_empty() {
            below += tree_by_hand(&part, depth + run + 1);
        }
    }
    own + 1 + below
}

#[test]
fn nodes_of_the_radix_tree() {
    assert_eq!(id::tree_nodes(std::iter::empty()), 1);
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let wide = [3, 300, 70_000, u64::MAX][rng.below(4) as usize];
        let count = 1 + rng.below(40);
        let mut ids: Vec<StreamId> = (0..count)
            .map(|_| id(rng.below(wide), rng.below(wide)))
            .collect();
        ids.sort();
        ids.dedup();
        let key = |i: &StreamId| {
            let mut key = [0; 16];
            key[..8].copy_from_slice(&i.ms.to_be_bytes());
            key[8..].copy_from_slice(&i.seq.to_be_bytes());
            key
        };
        let keys: Vec<[u8; 16]> = ids.iter().map(key).collect();
        assert_eq!(
            id::tree_nodes(ids.iter().copied()),
            tree_by_hand(&keys, 0),
            "seed {seed}"
        );
    }
}

#[test]
fn groups_keep_their_books() {
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let mut group = Group::new(b"g", StreamId::MIN, 0);
        let mut truth: BTreeMap<StreamId, (Vec<u8>, u64)> = BTreeMap::new();
        for _ in 0..2000 {
            let at = id(rng.below(50), 0);
            let name = vec![b'a' + rng.below(6) as u8];
            match rng.below(10) {
                0..6 => {
                    let (consumer, _) = group.find_or_add(&name, 1);
                    group.assign(at, consumer, 1, 1);
                    truth.insert(at, (name, 1));
                }
                6 => {
                    group.redeliver(at, 2);
                    truth.entry(at).and_modify(|e| e.1 += 1);
                }
                7 | 8 => assert_eq!(group.ack(at).is_some(), truth.remove(&at).is_some()),
                _ => {
                    let before = truth.len();
                    truth.retain(|_, e| e.0 != name);
                    let removed = group.remove(&name).unwrap_or(0);
                    assert_eq!(removed, before - truth.len(), "seed {seed}");
                }
            }
            let books = group.pending().iter();
            let books = books.map(|(k, n)| (*k, (group.owner(n).name.to_vec(), n.count)));
            assert!(
                books.eq(truth.iter().map(|(k, v)| (*k, v.clone()))),
                "seed {seed}"
            );
            let by_owner: usize = group.consumers().map(|c| c.pending().len()).sum();
            assert_eq!(by_owner, truth.len(), "seed {seed}");
            let names: usize = group.consumers().map(|c| c.name.len()).sum();
            assert_eq!(group.name_bytes(), names, "seed {seed}");
        }
    }
}

#[test]
fn a_view_shows_nodes_groups_and_what_is_pending() {
    let mut stream = Stream::default();
    for ms in 1..=10 {
        add(&mut stream, id(ms, 0), &[b"f", b"v"], FEW);
    }
    stream.add_group(b"g", StreamId::MIN, 0);
    stream.with_group(0, |stream, group| {
        let (consumer, _) = group.find_or_add(b"bob", 5);
        stream.advance(group, id(1, 0));
        group.assign(id(1, 0), consumer, 5, 1);
    });
    stream.delete(&[id(1, 0)]);
    let view = stream.inspect(2);
    assert_eq!((view.len, view.node_count), (9, 3));
    assert_eq!(view.nodes[0].deleted, 1);
    assert_eq!(view.groups[0].lag, Some(9));
    assert_eq!(view.groups[0].pending[0].id, "1-0");
    assert!(!view.groups[0].pending[0].exists);
}
