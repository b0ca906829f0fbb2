//! The log of writes is the data: read into a new node it gives the same keys, values and expiries, whenever that is.
#[path = "support/nonsense.rs"]
mod nonsense;

use nonsense::{command_line, commands, encode, pick};
use redlab::base::rng::Rng;
use redlab::server::{Input, Node, NodeOptions};

const START_US: i64 = 1_700_000_000_000_000;

fn node(seed: u64, now_us: i64) -> Node {
    let mut node = Node::new(NodeOptions {
        seed,
        now_us,
        ..NodeOptions::default()
    });
    node.keep_log();
    node
}

/// Sends a line; whatever the reply, it is thrown away, and a closed connection is opened anew.
fn send(node: &mut Node, id: &mut u64, bytes: &[u8], now_us: i64) {
    node.handle(Input::Data(*id, bytes), now_us);
    // One that waits would wait for ever.
    let closing = node
        .client(*id)
        .is_none_or(|c| c.close_after_reply || c.blocked.is_some());
    if let Some(out) = node.output(*id) {
        out.clear();
    }
    if closing || !node.drain().is_empty() {
        node.handle(Input::Disconnect(*id), now_us);
        *id = node.connect("127.0.0.1:1");
    }
}

/// Walks over every key of every database, which deletes the expired ones.
fn sweep(node: &mut Node, now_us: i64) {
    let mut id = node.connect("127.0.0.1:2");
    for db in 0..node.keyspace().count() {
        let line = format!("SELECT {db}\r\nSCAN 0 COUNT 1000000\r\n");
        send(node, &mut id, line.as_bytes(), now_us);
    }
    node.handle(Input::Disconnect(id), now_us);
}

/// The digest of all data, and each key that expires with its moment.
fn state(node: &Node) -> (String, Vec<(usize, Vec<u8>, i64)>) {
    let keyspace = node.keyspace();
    let mut volatile = Vec::new();
    for db in 0..keyspace.count() {
        let table = keyspace.table(db);
        for (id, key, _) in table.dict().iter() {
            volatile.extend(table.expire_at(id).map(|at| (db, key.to_vec(), at)));
        }
    }
    volatile.sort();
    (keyspace.digest().to_string(), volatile)
}

/// Lines that matter to a log beyond what the table's random ones reach: moments relative and absolute, near and past.
fn expiry_line(rng: &mut Rng, now_us: i64) -> String {
    let now_ms = now_us / 1000;
    let key = pick(rng, &["a", "b", "str", "list", "set", "hash", "zset"]);
    let ms = 1 + rng.below(3000) as i64;
    match rng.below(10) {
        0 => format!("PEXPIRE {key} {ms}"),
        1 => format!(
            "PEXPIREAT {key} {} {}",
            now_ms + ms - 500,
            pick(rng, &["NX", "XX", "GT", "LT"])
        ),
        2 => format!("EXPIRE {key} {}", ms / 1000),
        3 => format!("SET {key} {ms} PX {ms}"),
        4 => format!("SET {key} {ms} KEEPTTL GET"),
        5 => format!("GETEX {key} PX {ms}"),
        6 => format!("PERSIST {key}"),
        7 => format!("SET {key} x PXAT {}", now_ms + ms - 500),
        8 => format!("APPEND {key} {ms}"),
        _ => format!("COPY {key} copy:{} REPLACE", rng.below(5)),
    }
}

#[test]
fn a_log_gives_the_same_data() {
    for seed in 0..30 {
        let (mut rng, mut now_us) = (Rng::new(seed), START_US);
        let mut original = node(seed, now_us);
        let mut id = original.connect("127.0.0.1:1");
        // A subscriber may do little else, a queue that never ends keeps what follows from running, and a replica leaves it
        // to its primary when keys expire.
        let out = |name: &str| {
            matches!(
                name,
                "auth" | "flushall" | "swapdb" | "multi" | "replicaof" | "slaveof"
            ) || name.ends_with("subscribe")
        };
        let all: Vec<_> = commands(&original)
            .into_iter()
            .filter(|c| !out(&c.full_name()))
            .collect();
        let mut log = Vec::new();
        for step in 1..=1500 {
            now_us += rng.below(40_000) as i64;
            let line = match (step % 30, rng.below(6)) {
                (0, _) => (nonsense::ONE_OF_EACH.join("\r\n") + "\r\n").into_bytes(),
                (_, 0) => (expiry_line(&mut rng, now_us) + "\r\n").into_bytes(),
                (_, 1) if rng.below(20) == 0 => {
                    format!("SELECT {}\r\n", rng.below(16)).into_bytes()
                }
                _ => {
                    let command = pick(&mut rng, &all);
                    encode(&command_line(&mut rng, command))
                }
            };
            let line = match rng.below(8) {
                0 => [b"MULTI\r\n", &line[..], &line[..], b"EXEC\r\n"].concat(),
                _ => line,
            };
            send(&mut original, &mut id, &line, now_us);
            log.extend(original.take_log());
            if step % 300 == 0 {
                sweep(&mut original, now_us);
                log.extend(original.take_log());
                let later_us = now_us + rng.below(2) as i64 * 900_000;
                let mut copy = node(seed + 1, later_us);
                let report = copy.load_log(&log);
                assert_eq!(report.error, None, "seed {seed}, step {step}");
                sweep(&mut original, later_us);
                sweep(&mut copy, later_us);
                now_us = later_us;
                log.extend(original.take_log());
                assert_eq!(state(&original), state(&copy), "seed {seed}, step {step}");
            }
        }
        assert!(log.len() > 20_000, "seed {seed}: the run wrote little");
    }
}

#[test]
fn a_transaction_cut_off_is_left_out() {
    let log = |lines: &[&str]| -> Vec<u8> {
        let words = |line: &&str| line.split(' ').map(|w| w.as_bytes().to_vec()).collect();
        let lines: Vec<Vec<Vec<u8>>> = lines.iter().map(words).collect();
        lines.iter().flat_map(|line| encode(line)).collect()
    };
    let whole = log(&["SET a 1", "MULTI", "INCR a", "INCR a", "EXEC"]);
    let cut = log(&["MULTI", "INCR a"]);
    let mut copy = node(1, START_US);
    let report = copy.load_log(&[whole.clone(), cut].concat());
    assert_eq!((report.read_bytes, report.commands), (whole.len(), 3));
    assert!(report.error.is_some());
    let id = copy.connect("127.0.0.1:1");
    copy.handle(Input::Data(id, b"GET a\r\n"), START_US);
    assert_eq!(copy.output(id).expect("connected"), b"$1\r\n3\r\n");
}
