//! Commands through the whole Node, in batches of 100 as a pipelining client sends them; prints ns per command.
#![allow(clippy::disallowed_methods)] // a bench reads the clock
use redlab::server::{Input, Node, NodeOptions};
use std::time::Instant;

const BATCH: u64 = 100;

fn encode(words: &[&str], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for w in words {
        out.extend_from_slice(format!("${}\r\n{w}\r\n", w.len()).as_bytes());
    }
}

/// The CPU-bound cost of `make(i)` for i below `total`, on a node that `before` filled.
fn bench(name: &str, total: u64, before: &[&[&str]], make: impl Fn(u64, &mut Vec<u8>)) {
    let mut node = Node::new(NodeOptions::default());
    let id = node.connect("127.0.0.1:1");
    let mut buf = Vec::new();
    for words in before {
        encode(words, &mut buf);
    }
    node.handle(Input::Data(id, &buf), 1);
    let batches: Vec<Vec<u8>> = (0..total / BATCH)
        .map(|b| {
            let mut buf = Vec::new();
            (b * BATCH..(b + 1) * BATCH).for_each(|i| make(i, &mut buf));
            buf
        })
        .collect();
    let start = Instant::now();
    let mut errors = 0;
    for batch in &batches {
        node.handle(Input::Data(id, batch), 1);
        let out = node.output(id).expect("connected");
        errors += u64::from(out.first() == Some(&b'-'));
        out.clear();
    }
    let ns = start.elapsed().as_nanos() as f64 / total as f64;
    println!(
        "{name:24} {ns:8.0} ns/command{}",
        if errors > 0 {
            "  (replied errors!)"
        } else {
            ""
        }
    );
}

/// A spread of numbers below `n` that looks random and is the same in every run.
fn spread(i: u64, n: u64) -> u64 {
    (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) % n
}

fn main() {
    const N: u64 = 1_000_000;
    let key = |i| format!("key:{:012}", spread(i, 100_000));
    bench("SET", N, &[], |i, b| encode(&["SET", &key(i), "xxx"], b));
    bench(
        "GET (hit)",
        N,
        &[&["SET", "key:000000000000", "xxx"]],
        |_, b| encode(&["GET", "key:000000000000"], b),
    );
    bench("GET (miss)", N, &[], |i, b| encode(&["GET", &key(i)], b));
    bench("INCR", N, &[], |i, b| {
        encode(&["INCR", &format!("counter:{:012}", spread(i, 100_000))], b)
    });
    bench("LPUSH", N, &[], |_, b| {
        encode(&["LPUSH", "mylist", "xxx"], b)
    });
    bench("RPUSH", N, &[], |_, b| {
        encode(&["RPUSH", "mylist", "xxx"], b)
    });
    bench("LPUSH, LPOP", N, &[], |i, b| {
        if i % 2 == 0 {
            encode(&["LPUSH", "mylist", "xxx"], b)
        } else {
            encode(&["LPOP", "mylist"], b)
        }
    });
    let hundred: Vec<&str> = ["LPUSH", "mylist"]
        .into_iter()
        .chain(["xxx"; 100])
        .collect();
    bench("LRANGE 100", N / 10, &[&hundred], |_, b| {
        encode(&["LRANGE", "mylist", "0", "99"], b)
    });
    bench("HSET", N, &[], |i, b| {
        encode(
            &[
                "HSET",
                "myhash",
                &format!("element:{:012}", spread(i, 100_000)),
                "xxx",
            ],
            b,
        )
    });
    bench("SADD", N, &[], |i, b| {
        encode(
            &[
                "SADD",
                "myset",
                &format!("element:{:012}", spread(i, 100_000)),
            ],
            b,
        )
    });
    bench("ZADD", N, &[], |i, b| {
        encode(
            &[
                "ZADD",
                "myzset",
                &spread(i, 1000).to_string(),
                &format!("element:{:012}", spread(i, 100_000)),
            ],
            b,
        );
    });
}
