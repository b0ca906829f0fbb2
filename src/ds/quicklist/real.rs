//! Node counts and bytes after 250 random list commands each, against what a real server's `DEBUG OBJECT` reported
//! after the same commands (its `ql_nodes` and `ql_uncompressed_size`).
//!
//! A short list is one listpack and turns into a quicklist when it outgrows a node's limit, so node counts depend on
//! that rule too: `Short` and `Long` below follow it as the list commands do. The recorded numbers belong to this
//! generator of commands; whoever changes it records them anew.
use super::*;
use crate::ds::seeded::Seeded;

enum List {
    Short(Listpack),
    Long(Quicklist),
}

enum Op {
    Push(Side, Vec<Vec<u8>>),
    Pop(Side, usize),
    Insert(Side, Vec<u8>, Vec<u8>),
    Set(i64, Vec<u8>),
    Remove(i64, Vec<u8>),
    Trim(i64, i64),
}

struct Model {
    options: Options,
    list: List,
}

impl Model {
    fn new(options: Options) -> Self {
        Model {
            options,
            list: List::Short(Listpack::new()),
        }
    }

    fn grow(&mut self, values: &[Vec<u8>]) {
        let List::Short(lp) = &mut self.list else {
            return;
        };
        let added: usize = values.iter().map(Vec::len).sum();
        if self
            .options
            .exceeds(lp.bytes() + added, lp.len() + values.len())
        {
            self.list = List::Long(Quicklist::from_listpack(std::mem::take(lp), self.options));
        }
    }

    fn shrink(&mut self) {
        if self.with(|list| list.is_empty()) {
            self.list = List::Short(Listpack::new());
        }
        if matches!(&self.list, List::Long(list) if list.may_be_listpack(self.options, true)) {
            let long = std::mem::replace(&mut self.list, List::Short(Listpack::new()));
            if let List::Long(list) = long {
                self.list = List::Short(list.into_listpack(self.options, true).expect("it may"));
            }
        }
    }

    /// Runs `change` on a quicklist; a short list is one without limits meanwhile, so that it stays one node.
    fn with<R>(&mut self, change: impl FnOnce(&mut Quicklist) -> R) -> R {
        match &mut self.list {
            List::Long(list) => change(list),
            List::Short(lp) => {
                let mut list = Quicklist::from_listpack(std::mem::take(lp), Options::new(-5, 0));
                let result = change(&mut list);
                let whole = list.containers().next().cloned();
                assert!(list.node_count() < 2);
                if let Some(Container::Packed(kept)) = whole {
                    *lp = kept;
                }
                result
            }
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Push(side, values) => {
                self.grow(values);
                self.with(|list| {
                    values.iter().for_each(|value| match side {
                        Side::Before => list.push_front(value),
                        Side::After => list.push_back(value),
                    });
                });
            }
            Op::Pop(side, count) => {
                self.with(|list| match side {
                    Side::Before => list.remove_range(0, *count),
                    Side::After => list.remove_range(-(list.len().min(*count) as i64), *count),
                });
                self.shrink();
            }
            Op::Insert(side, pivot, value) => {
                self.grow(std::slice::from_ref(value));
                self.with(|list| {
                    if let Some(cursor) = list.find(pivot) {
                        list.insert_at(cursor, *side, value);
                    }
                });
            }
            Op::Set(index, value) => {
                self.grow(std::slice::from_ref(value));
                if self.with(|list| list.replace(*index, value)) {
                    self.shrink();
                }
            }
            Op::Remove(count, value) => {
                let removed = self.with(|list| {
                    list.remove_matching(value, count.unsigned_abs() as usize, *count < 0)
                });
                if removed > 0 {
                    self.shrink();
                }
            }
            Op::Trim(head, tail) => {
                self.with(|list| {
                    list.remove_range(0, *head as usize);
                    list.remove_range(-*tail, *tail as usize);
                });
                self.shrink();
            }
        }
    }

    /// Nodes and bytes as `DEBUG OBJECT` tells them; `None` for a short list.
    fn report(&self) -> Option<(usize, usize)> {
        match &self.list {
            List::Short(_) => None,
            List::Long(list) => Some((list.node_count(), list.bytes())),
        }
    }
}

/// A value whose length suits a node limit: mostly small, sometimes near a node's size or above it.
fn value(rng: &mut Seeded, scale: usize) -> Vec<u8> {
    match rng.below(40) {
        0 => vec![b'L'; scale * 8 + rng.below(200)],
        1..=4 => vec![b'm'; rng.below(scale * 4)],
        5..=15 => rng.below(200).to_string().into_bytes(),
        _ => vec![b'a' + rng.below(20) as u8; rng.below(scale / 4) + 1],
    }
}

fn op(rng: &mut Seeded, len: usize, scale: usize, at: impl Fn(usize) -> Vec<u8>) -> Op {
    let side = if rng.below(2) == 0 {
        Side::Before
    } else {
        Side::After
    };
    if len == 0 {
        let count = 1 + rng.below(30);
        return Op::Push(side, (0..count).map(|_| value(rng, scale)).collect());
    }
    match rng.below(30) {
        0..=8 => {
            let count = 1 + rng.below(8);
            Op::Push(side, (0..count).map(|_| value(rng, scale)).collect())
        }
        9..=10 => Op::Pop(side, 1 + rng.below(6)),
        11..=20 => {
            let pivot = at(rng.below(len));
            Op::Insert(side, pivot, value(rng, scale))
        }
        21..=25 => {
            let index = rng.below(len) as i64;
            let signed = if rng.below(2) == 0 {
                index
            } else {
                index - len as i64
            };
            Op::Set(signed, value(rng, scale))
        }
        26..=28 => {
            let count = rng.below(5) as i64 - 2;
            Op::Remove(count, at(rng.below(len)))
        }
        _ if len > 40 => Op::Trim(rng.below(6) as i64, rng.below(6) as i64),
        _ => Op::Pop(side, 1),
    }
}

/// What the real server (Valkey 8.0.1) said after the commands of the seeds 0, 1, 2, ...
const REPORTED: [(usize, usize); 48] = [
    (32, 91139),
    (27, 148958),
    (26, 1196299),
    (278, 10227),
    (271, 9301),
    (205, 15389),
    (124, 12225),
    (88, 8759),
    (55, 12402),
    (22, 9761),
    (4, 8664),
    (25, 75033),
    (24, 74134),
    (24, 138544),
    (27, 1249521),
    (340, 14864),
    (351, 16376),
    (192, 12052),
    (98, 9749),
    (82, 8644),
    (62, 9593),
    (28, 11804),
    (5, 10695),
    (20, 58873),
    (61, 69791),
    (98, 176072),
    (284, 1384569),
    (315, 14546),
    (312, 14205),
    (167, 10738),
    (141, 10910),
    (97, 11798),
    (59, 10730),
    (46, 15396),
    (15, 13267),
    (47, 51788),
    (161, 56447),
    (207, 114803),
    (282, 1039513),
    (242, 9280),
    (264, 11045),
    (142, 9386),
    (127, 11508),
    (106, 8475),
    (109, 13938),
    (71, 12758),
    (60, 12001),
    (218, 80738),
];

#[test]
fn node_counts_equal_a_real_servers() {
    for (seed, reported) in REPORTED.into_iter().enumerate() {
        let mut rng = Seeded::new(seed as u64);
        let fill = [-1, -2, -5, 0, 1, 2, 3, 4, 7, 16, 100, -1][seed % 12];
        let threshold = [0, 0, 300, 60][seed / 12 % 4];
        let scale = match fill {
            -5 => 8192,
            -1 => 512,
            -2 => 1024,
            _ => 64,
        };
        let mut model = Model::new(Options::new(fill, 0).with_packed_threshold(threshold));
        for _ in 0..250 {
            let values: Vec<_> =
                model.with(|list| list.iter().map(|entry| entry.to_vec()).collect());
            let next = op(&mut rng, values.len(), scale, |index| values[index].clone());
            model.apply(&next);
        }
        assert_eq!(model.report(), Some(reported), "seed {seed}");
    }
}
