//! Nanoseconds per operation of listpack, intset and quicklist: `cargo bench --bench ds_lists`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark reads the clock"
)]
use std::hint::black_box;
use std::time::Instant;

use redlab::ds::intset::Intset;
use redlab::ds::listpack::{Listpack, Needle};
use redlab::ds::quicklist::{Options, Quicklist, Side};

/// Runs `step` often enough to take a while and prints the mean of the best of five rounds.
fn time(name: &str, rounds: u32, mut step: impl FnMut(u32)) {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for i in 0..rounds {
            step(i);
        }
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(rounds));
    }
    println!("{name:<52} {best:>10.1} ns");
}

fn listpack() {
    let mut fields = Listpack::new();
    for i in 0..64 {
        fields.push(format!("field:{i:04}").as_bytes());
        fields.push(format!("value:{i}").as_bytes());
    }
    time("listpack find, last of 64 pairs", 200_000, |_| {
        black_box(fields.find(black_box(b"field:0063"), Listpack::START, 1));
    });
    time("listpack find, not there, other length", 200_000, |_| {
        black_box(fields.find(black_box(b"no"), Listpack::START, 1));
    });
    let mut ints = Listpack::new();
    (0..128).for_each(|i| ints.push_int(i * 1000));
    let needle = Needle::new(b"127000");
    time("listpack find, last of 128 integers", 200_000, |_| {
        black_box(ints.find_needle(black_box(&needle), Listpack::START, 0));
    });
    time("listpack walk of 128 entries", 100_000, |_| {
        black_box(fields.iter().map(|entry| entry.len()).sum::<usize>());
    });
    let mut lp = Listpack::new();
    time("listpack push, fresh every 100", 1_000_000, |i| {
        if i % 100 == 0 {
            lp = Listpack::new();
        }
        lp.push(black_box(b"some value"));
    });
    let pos = fields.seek(65).expect("128 entries");
    time("listpack replace, same size", 1_000_000, |i| {
        fields.replace(pos, if i % 2 == 0 { b"value:aa" } else { b"value:bb" });
    });
}

fn intset() {
    let mut set = Intset::new();
    time(
        "intset add, ascending to 512, from empty",
        2000 * 512,
        |i| {
            if i % 512 == 0 {
                set = Intset::new();
            }
            set.add(i64::from(i % 512));
        },
    );
    time("intset contains in 512", 1_000_000, |i| {
        black_box(set.contains(i64::from(i.wrapping_mul(2_654_435_761) % 1024)));
    });
    let mut mixed = Intset::new();
    time(
        "intset add and remove at random in 512 wide",
        500_000,
        |i| {
            let value = i64::from(i.wrapping_mul(2_654_435_761) % 1024) << 40;
            if !mixed.add(value) {
                mixed.remove(value);
            }
        },
    );
}

fn long(len: usize, options: Options) -> Quicklist {
    let mut list = Quicklist::new(options);
    for i in 0..len {
        list.push_back(format!("element:{i}").as_bytes());
    }
    list
}

fn quicklist() {
    let mut list = Quicklist::new(Options::default());
    time("quicklist push_back, 16 bytes", 1_000_000, |_| {
        list.push_back(black_box(b"0123456789abcdef"))
    });
    time("quicklist pop_back", 1_000_000, |_| {
        drop(black_box(list.pop_back()))
    });
    let mut list = Quicklist::new(Options::default());
    time("quicklist push_front, 16 bytes", 500_000, |_| {
        list.push_front(black_box(b"0123456789abcdef"))
    });
    time("quicklist pop_front", 500_000, |_| {
        drop(black_box(list.pop_front()))
    });
    let mut list = long(1000, Options::default());
    time(
        "quicklist queue: push_back + pop_front of 1000",
        500_000,
        |_| {
            list.push_back(b"0123456789abcdef");
            black_box(list.pop_front());
        },
    );
    let list = long(1_000_000, Options::default());
    println!(
        "  1M elements: {} nodes, {} bytes",
        list.node_count(),
        list.bytes()
    );
    time("quicklist get in the middle of 1M", 20_000, |i| {
        black_box(list.get(500_000 - i64::from(i)));
    });
    time("quicklist walk of 600 (LRANGE_600)", 5000, |_| {
        black_box(
            list.iter_from(0, true)
                .take(600)
                .map(|entry| entry.len())
                .sum::<usize>(),
        );
    });
    time("quicklist find at 900000 of 1M", 20, |_| {
        black_box(list.find(b"element:900000"));
    });
}

fn many_nodes() {
    let mut list = long(100_000, Options::new(1, 0));
    assert_eq!(list.node_count(), 100_000);
    let cursor = list.seek(50_000).expect("inside");
    time(
        "quicklist new node in the middle of 100k nodes",
        1000,
        |_| {
            list.insert_at(cursor, Side::Before, b"x");
        },
    );
    time("quicklist seek to the middle of 100k nodes", 1000, |_| {
        black_box(list.seek(50_000));
    });
    time(
        "quicklist drop one node in the middle of 100k",
        1000,
        |_| {
            black_box(list.remove_at(cursor));
        },
    );
    let mut worst = 0;
    let mut list = Quicklist::new(Options::new(1, 0));
    for _ in 0..1_000_000 {
        let start = Instant::now();
        list.push_back(b"x");
        worst = worst.max(start.elapsed().as_micros());
    }
    println!(
        "{:<52} {worst:>10} us",
        "quicklist slowest push while growing to 1M nodes"
    );
}

fn main() {
    listpack();
    intset();
    quicklist();
    many_nodes();
}
