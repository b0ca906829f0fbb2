//! The same seed and the same inputs give the same outputs: twice here, and in wasm, for which the run is written to a
//! file that `parity.test.mjs` plays. Records follow one another, all numbers little-endian:
//! `now_ms: f64, client: u32, len: u32, input, len: u32, output`; client 0 is the log of writes, which takes no input.
#[path = "support/nonsense.rs"]
mod nonsense;

use nonsense::{command_line, commands, encode, pick};
use redlab::base::rng::Rng;
use redlab::command::{Effect, F};
use redlab::server::{Input, Node, NodeOptions};

/// Both sides start with this seed at this time.
const SEED: u64 = 42;
const START_MS: i64 = 1_700_000_000_000;
const STEPS: usize = 12_000;
/// What is asked now and then: state that no single reply shows.
const LOOKS: [&str; 8] = [
    "DEBUG DIGEST",
    "INFO everything",
    "CLIENT LIST",
    "DEBUG HTSTATS 0 full",
    "COMMAND LIST",
    "MEMORY STATS",
    "LOLWUT VERSION 5",
    "RANDOMKEY",
];

struct Run {
    node: Node,
    clients: [u64; 3],
    now_ms: i64,
    record: Vec<u8>,
}

impl Run {
    fn new() -> Run {
        let mut node = Node::new(NodeOptions {
            seed: SEED,
            now_us: START_MS * 1000,
            ..NodeOptions::default()
        });
        node.keep_log();
        // As the module in the browser numbers its connections.
        let clients = [0, 1, 2].map(|n| node.connect(&format!("127.0.0.1:{}", 50_000 + n)));
        Run {
            node,
            clients,
            now_ms: START_MS,
            record: Vec::new(),
        }
    }

    fn write(&mut self, client: u64, input: &[u8], output: &[u8]) {
        self.record
            .extend_from_slice(&(self.now_ms as f64).to_le_bytes());
        self.record
            .extend_from_slice(&(client as u32).to_le_bytes());
        for bytes in [input, output] {
            self.record
                .extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            self.record.extend_from_slice(bytes);
        }
    }

    fn send(&mut self, client: u64, input: &[u8]) {
        let now_us = self.now_ms * 1000;
        self.node.handle(Input::Tick, now_us);
        self.node.handle(Input::Data(client, input), now_us);
        let output = self.node.output(client).map(std::mem::take);
        let output = output.expect("no command in use here ends its connection");
        let effects = self.node.drain();
        let harmless = |e: &Effect| matches!(e, Effect::Output(_) | Effect::Log(..));
        assert!(effects.iter().all(harmless), "{effects:?}");
        self.write(client, input, &output);
    }

    /// What stands in the log of writes.
    fn log(&mut self) {
        let log = self.node.take_log();
        self.write(0, b"", &log);
    }
}

/// Commands whose replies are the same wherever they run, and that leave the connection as it is.
fn usable(name: &str) -> bool {
    // What ends a connection or changes what it hears, and what makes the node another's replica.
    let ends = matches!(name, "quit" | "client|kill" | "hello" | "reset" | "auth");
    let follows = matches!(
        name,
        "replicaof" | "slaveof" | "replconf" | "sync" | "psync" | "failover"
    );
    !ends && !follows && !name.ends_with("subscribe")
}

fn run() -> Vec<u8> {
    let mut rng = Rng::new(SEED);
    let mut run = Run::new();
    let all: Vec<_> = commands(&run.node)
        .into_iter()
        .filter(|c| usable(&c.full_name()) && !c.flags.has(F::BLOCKING))
        .collect();
    run.send(run.clients[1], b"HELLO 3\r\nPSUBSCRIBE *\r\n");
    for step in 0..STEPS {
        // Mostly no time passes; now and then a moment, an hour, some years.
        run.now_ms += match rng.below(1000) {
            0 => 40_000_000_000,
            1..=5 => 3_600_000,
            6..=300 => rng.below(400) as i64,
            _ => 0,
        };
        let client = run.clients[rng.below(3) as usize];
        let input = match step % 40 {
            0 => nonsense::ONE_OF_EACH.join("\r\n") + "\r\n",
            20 => format!("{}\r\n", pick(&mut rng, &LOOKS)),
            _ => String::new(),
        };
        if input.is_empty() {
            let command = pick(&mut rng, &all);
            run.send(client, &encode(&command_line(&mut rng, command)));
        } else {
            run.send(client, input.as_bytes());
        }
        if step % 100 == 0 {
            run.log();
        }
    }
    // Tables large enough to grow in steps, and every float that a score may be.
    for n in 0..5000 {
        let score = f64::from_bits(rng.next_u64());
        let score = if score.is_nan() { 0.1 } else { score };
        let line = format!(
            "ZADD big {score:e} m{n}\r\nSET key:{n} {n} PX {}\r\n",
            n + 1
        );
        run.send(run.clients[0], line.as_bytes());
    }
    for look in ["ZRANGE big 0 -1 WITHSCORES", "SCAN 0 COUNT 1000"]
        .iter()
        .chain(&LOOKS)
    {
        run.send(run.clients[0], format!("{look}\r\n").as_bytes());
    }
    run.log();
    run.record
}

#[test]
fn the_same_run_twice() {
    let record = run();
    assert!(record == run(), "two runs of one seed differ");
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/parity.bin");
    std::fs::write(path, record).expect("the target directory can be written to");
}
