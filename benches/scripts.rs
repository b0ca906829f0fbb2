//! Scripts through the whole Node, each in one run; prints milliseconds. `bench/scripts.mjs` compares with a real server.
#![allow(clippy::disallowed_methods)] // a bench reads the clock
use redlab::server::{Input, Node, NodeOptions};
use std::time::Instant;

const WORK: [(&str, &str); 4] = [
    (
        "1,000,000 redis.call('INCR')",
        "for i = 1, 1000000 do redis.call('INCR', 'k') end return 1",
    ),
    (
        "10,000,000 additions",
        "local n = 0 for i = 1, 10000000 do n = n + i end return 1",
    ),
    (
        "sort of 10,000 numbers",
        "local t = {} local x = 1 for i = 1, 10000 do x = (x * 16807) % 2147483647 t[i] = x end \
         table.sort(t) return 1",
    ),
    (
        "100,000 strings joined",
        "local t = {} for i = 1, 100000 do t[i] = 'n' .. i end return #table.concat(t, ',')",
    ),
];

const LIMIT: usize = 64 << 20;

fn main() {
    for (name, script) in WORK {
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let mut node = Node::new(NodeOptions::default());
            let id = node.connect("127.0.0.1:1");
            let request = format!(
                "*3\r\n$4\r\nEVAL\r\n${}\r\n{script}\r\n$1\r\n0\r\n",
                script.len()
            );
            let start = Instant::now();
            node.handle(Input::Data(id, request.as_bytes()), 1);
            while node.runs_script() {
                node.work(100_000);
            }
            best = best.min(start.elapsed().as_secs_f64() * 1000.0);
            assert_eq!(node.output(id).map(|out| out[0]), Some(b':'), "{name}");
        }
        println!("{name:32} {best:8.1} ms");
    }
    most_memory();
}

/// How far a script that takes all it can get goes beyond its limit.
fn most_memory() {
    let mut node = Node::new(NodeOptions {
        script_memory: LIMIT,
        ..NodeOptions::default()
    });
    let id = node.connect("127.0.0.1:1");
    let script = "local t = {} while true do t[#t + 1] = 'x' .. #t end";
    let request = format!("EVAL \"{script}\" 0\r\n");
    node.handle(Input::Data(id, request.as_bytes()), 1);
    let mut most = node.script_memory();
    while node.runs_script() {
        node.work(10_000);
        most = most.max(node.script_memory());
    }
    let share = most as f64 * 100.0 / LIMIT as f64;
    println!(
        "{:32} {share:8.1} % of the limit",
        "most memory of a script"
    );
}
