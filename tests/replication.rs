//! Primaries and replicas in one process: nodes joined by byte pipes that the test pumps, in pieces of any size, and cuts at
//! any byte.
use redlab::base::rng::Rng;
use redlab::command::{ClientId, Config};
use redlab::server::{Effect, Input, Node, NodeOptions};

const START_US: i64 = 1_700_000_000_000_000;
const SECOND: i64 = 1_000_000;

/// A connection of two nodes, with what is on its way in each direction.
struct Pipe {
    ends: [(usize, ClientId); 2],
    moving: [Vec<u8>; 2],
}

/// Some nodes; number n listens on port n.
struct Estate {
    nodes: Vec<Node>,
    users: Vec<ClientId>,
    pipes: Vec<Pipe>,
    now_us: i64,
    rng: Rng,
    /// No connection is made to these.
    closed: Vec<usize>,
}

impl Estate {
    fn new(count: usize, seed: u64, settings: &[(&str, &str)]) -> Estate {
        let mut nodes = Vec::new();
        let mut users = Vec::new();
        for number in 0..count {
            let mut config = Config::sandbox();
            for (name, value) in [("repl-diskless-sync-delay", "0")].iter().chain(settings) {
                let words = [name.as_bytes().to_vec(), value.as_bytes().to_vec()];
                config.directive(&words).expect("a parameter");
            }
            let mut node = Node::new(NodeOptions {
                seed: seed * 100 + number as u64,
                now_us: START_US,
                port: number as u16,
                config,
                ..NodeOptions::default()
            });
            users.push(node.connect("127.0.0.1:1"));
            nodes.push(node);
        }
        Estate {
            nodes,
            users,
            pipes: Vec::new(),
            now_us: START_US,
            rng: Rng::new(seed),
            closed: Vec::new(),
        }
    }

    /// A replica for each pair: who follows whom.
    fn chain(mut self, pairs: &[(usize, usize)]) -> Estate {
        for (replica, primary) in pairs {
            self.ask(*replica, &format!("REPLICAOF localhost {primary}"));
            self.run(2 * SECOND);
        }
        self
    }

    /// The reply to a line, as it is on the wire.
    fn ask(&mut self, node: usize, line: &str) -> String {
        let id = self.users[node];
        let bytes = format!("{line}\r\n").into_bytes();
        self.nodes[node].handle(Input::Data(id, &bytes), self.now_us);
        let out = self.nodes[node].output(id).expect("connected");
        let out = String::from_utf8_lossy(&std::mem::take(out)).into_owned();
        self.effects(node);
        out
    }

    fn info(&mut self, node: usize, name: &str) -> String {
        let info = self.ask(node, "INFO");
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().into()
    }

    fn effects(&mut self, node: usize) {
        for effect in self.nodes[node].drain() {
            match effect {
                Effect::Connect { id, port, .. } => self.dial(node, id, port.into()),
                Effect::Close(id) | Effect::Drop(id) => {
                    let end = (node, id);
                    match self.pipes.iter().position(|pipe| pipe.ends.contains(&end)) {
                        Some(at) => self.cut(at),
                        None => self.nodes[node].handle(Input::Disconnect(id), self.now_us),
                    }
                }
                _ => {}
            }
        }
    }

    fn dial(&mut self, from: usize, id: ClientId, to: usize) {
        if to >= self.nodes.len() || self.closed.contains(&to) {
            self.nodes[from].handle(Input::Disconnect(id), self.now_us);
            return;
        }
        let there = self.nodes[to].connect("127.0.0.1:2");
        self.pipes.push(Pipe {
            ends: [(from, id), (to, there)],
            moving: [Vec::new(), Vec::new()],
        });
        self.nodes[from].handle(Input::Connected(id), self.now_us);
        self.effects(from);
    }

    /// A connection ends, and what was on its way is lost.
    fn cut(&mut self, at: usize) {
        let pipe = self.pipes.swap_remove(at);
        for (node, id) in pipe.ends {
            self.nodes[node].handle(Input::Disconnect(id), self.now_us);
        }
        for (node, _) in pipe.ends {
            self.effects(node);
        }
    }

    fn cut_all(&mut self) {
        while !self.pipes.is_empty() {
            let count = self.pipes.len();
            self.cut(count - 1);
            if self.pipes.len() >= count {
                return;
            }
        }
    }

    /// Moves what is written, in pieces, until nothing is left or `bytes` have gone.
    fn pump(&mut self, mut bytes: usize) {
        loop {
            let mut moved = false;
            for at in 0..self.pipes.len() {
                for side in 0..2 {
                    let Some(pipe) = self.pipes.get_mut(at) else {
                        continue;
                    };
                    let ((from, id), (to, there)) = (pipe.ends[side], pipe.ends[1 - side]);
                    let out = self.nodes[from].output(id).map(std::mem::take);
                    let moving = &mut pipe.moving[side];
                    moving.extend(out.unwrap_or_default());
                    if moving.is_empty() || bytes == 0 {
                        continue;
                    }
                    let most = moving.len().min(bytes) as u64;
                    let len = 1 + self.rng.below(most) as usize;
                    let piece: Vec<u8> = moving.drain(..len).collect();
                    bytes -= len;
                    moved = true;
                    self.nodes[to].handle(Input::Data(there, &piece), self.now_us);
                    self.effects(to);
                    self.effects(from);
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Lets time pass in steps of a tenth of a second.
    fn run(&mut self, us: i64) {
        let end = self.now_us + us;
        while self.now_us < end {
            self.pump(usize::MAX);
            self.now_us += SECOND / 10;
            for node in 0..self.nodes.len() {
                self.nodes[node].handle(Input::Tick, self.now_us);
                self.effects(node);
            }
        }
        self.pump(usize::MAX);
    }

    /// All nodes have the same data at the same offset.
    fn check(&mut self, context: &str) {
        let facts = |estate: &mut Estate, node| {
            let digest = estate.ask(node, "DEBUG DIGEST");
            (digest, estate.info(node, "master_repl_offset"))
        };
        let first = facts(self, 0);
        for node in 1..self.nodes.len() {
            assert_eq!(facts(self, node), first, "node {node}, {context}");
        }
    }
}

/// A random write.
fn write(rng: &mut Rng) -> String {
    let key = rng.below(20);
    let n = rng.below(100);
    match rng.below(12) {
        0 => format!("SET s{key} {n}"),
        1 => format!("INCR n{key}"),
        2 => format!("RPUSH l{key} {n} a b"),
        3 => format!("LPOP l{key}"),
        4 => format!("SADD t{key} {n} x{n}"),
        5 => format!("SPOP t{key}"),
        6 => format!("ZADD z{key} {n} m{n}"),
        7 => format!("HSET h{key} f{n} {n}"),
        8 => format!("XADD x{key} * f {n}"),
        9 => format!("SELECT {}", n % 3),
        10 => format!("MULTI\r\nSET s{key} {n}\r\nINCR n{key}\r\nEXEC"),
        _ => format!("DEL s{key}"),
    }
}

#[test]
fn a_replica_gets_the_data_and_what_comes_after_it() {
    for diskless in ["yes", "no"] {
        let mut estate = Estate::new(3, 1, &[("repl-diskless-sync", diskless)]);
        for n in 0..500 {
            estate.ask(0, &format!("RPUSH list{} {n}", n % 50));
        }
        let mut estate = estate.chain(&[(1, 0), (2, 1)]);
        assert_eq!(estate.info(1, "master_link_status"), "up");
        estate.check("after the snapshot");
        for n in 0..100 {
            estate.ask(0, &format!("SET k{n} {n}"));
        }
        estate.run(2 * SECOND);
        estate.check("after the stream");
        assert_eq!(estate.info(0, "sync_full"), "1");
        assert_eq!(estate.ask(2, "GET k99"), "$2\r\n99\r\n");
        assert_eq!(
            estate.ask(1, "SET a b"),
            "-READONLY You can't write against a read only replica.\r\n"
        );
    }
}

#[test]
fn a_large_snapshot_is_loaded_by_slices() {
    for (end, full) in [("", "1"), ("cut", "1"), ("shutdown", "1")] {
        let mut estate = Estate::new(2, 3, &[("repl-diskless-sync", "no")]);
        for n in 0..6000 {
            estate.ask(0, &format!("SET key:{n} value:{n}"));
            estate.ask(0, &format!("SADD set member:{n}"));
        }
        estate.ask(1, "SET old 1");
        estate.ask(1, "REPLICAOF localhost 0");
        // Until the first slice of it is read.
        for _ in 0..1_000_000 {
            if estate.nodes[1].is_loading() {
                break;
            }
            estate.pump(4096);
            if estate.pipes.iter().all(|pipe| pipe.moving[0].is_empty()) {
                estate.now_us += SECOND / 10;
                let now_us = estate.now_us;
                estate.nodes[0].handle(Input::Tick, now_us);
                if !estate.nodes[1].is_loading() {
                    estate.nodes[1].handle(Input::Tick, now_us);
                }
                estate.effects(1);
            }
        }
        assert!(estate.nodes[1].is_loading());
        // What the primary says meanwhile is heard afterwards.
        estate.ask(0, "SET late 1");
        let loading = "-LOADING Redis is loading the dataset in memory\r\n";
        assert_eq!(estate.ask(1, "GET old"), loading);
        assert_eq!(estate.ask(1, "REPLICAOF NO ONE"), loading);
        assert_eq!(estate.info(1, "loading"), "1");
        match end {
            "cut" => estate.cut_all(),
            "shutdown" => {
                let id = estate.users[1];
                let now_us = estate.now_us;
                estate.nodes[1].handle(Input::Data(id, b"SHUTDOWN\r\n"), now_us);
                assert!(estate.nodes[1].drain().contains(&Effect::Exit));
                continue;
            }
            _ => {}
        }
        estate.run(3 * SECOND);
        assert_eq!(estate.info(1, "loading"), "0");
        assert_eq!(estate.ask(1, "GET late"), "$1\r\n1\r\n");
        assert_eq!(estate.info(0, "sync_full"), full);
        estate.check(end);
    }
}

#[test]
fn links_that_are_cut_at_any_byte_go_on_where_they_were() {
    let mut partial = 0;
    for seed in 0..60 {
        let mut estate = Estate::new(4, seed, &[]).chain(&[(1, 0), (2, 1), (3, 0)]);
        let mut rng = Rng::new(seed);
        for _ in 0..12 {
            for _ in 0..rng.below(12) {
                estate.ask(0, &write(&mut rng));
            }
            estate.pump(rng.below(300) as usize);
            if !estate.pipes.is_empty() {
                let at = rng.below(estate.pipes.len() as u64) as usize;
                estate.cut(at);
            }
            if rng.below(3) == 0 {
                estate.run(SECOND);
            }
        }
        estate.run(4 * SECOND);
        estate.check(&format!("seed {seed}"));
        assert_eq!(estate.info(0, "sync_full"), "2", "seed {seed}");
        partial += estate
            .info(0, "sync_partial_ok")
            .parse::<u64>()
            .expect("a number");
    }
    assert!(partial > 100, "{partial} partial syncs");
}

#[test]
fn the_stream_is_the_same_for_all() {
    let mut estate = Estate::new(1, 7, &[]);
    let raw = estate.nodes[0].connect("127.0.0.1:9");
    for hello in ["REPLCONF capa eof capa psync2\r\n", "PSYNC ? -1\r\n"] {
        estate.nodes[0].handle(Input::Data(raw, hello.as_bytes()), estate.now_us);
        estate.nodes[0].output(raw).expect("connected").clear();
    }
    estate.run(SECOND / 10);
    estate.nodes[0].handle(Input::Data(raw, b"REPLCONF ACK 0\r\n"), estate.now_us);
    estate.nodes[0].output(raw).expect("connected").clear();
    for line in [
        "SET a 1",
        "GET a",
        "SELECT 3",
        "MULTI\r\nINCR b\r\nSELECT 0\r\nINCR a\r\nEXEC",
        "PUBLISH ch hi",
        "SET gone 1 PX 50",
    ] {
        estate.ask(0, line);
    }
    let out = std::mem::take(estate.nodes[0].output(raw).expect("connected"));
    let text = String::from_utf8_lossy(&out);
    let words: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with(['*', '$']))
        .collect();
    // What a real server sends for the same commands.
    let at = (START_US + SECOND / 10) / 1000 + 50;
    let expected = format!(
        "SELECT 0 SET a 1 MULTI SELECT 3 INCR b SELECT 0 INCR a EXEC PUBLISH ch hi SET gone 1 PXAT {at}"
    );
    assert_eq!(words.join(" "), expected);
    estate.now_us += SECOND / 10;
    estate.nodes[0].handle(Input::Tick, estate.now_us);
    let out = std::mem::take(estate.nodes[0].output(raw).expect("connected"));
    assert!(
        out.ends_with(b"UNLINK\r\n$4\r\ngone\r\n"),
        "{}",
        out.escape_ascii()
    );
}

#[test]
fn replicas_go_on_with_one_of_them_that_is_promoted() {
    let mut estate = Estate::new(3, 3, &[]).chain(&[(1, 0), (2, 0)]);
    estate.ask(0, "SET a 1");
    estate.run(2 * SECOND);
    estate.closed.push(0);
    estate.cut_all();
    assert_eq!(estate.ask(1, "REPLICAOF NO ONE"), "+OK\r\n");
    estate.ask(1, "SET b 2");
    estate.ask(2, "REPLICAOF localhost 1");
    estate.run(2 * SECOND);
    assert_eq!(estate.ask(2, "GET b"), "$1\r\n2\r\n");
    assert_eq!(estate.info(1, "sync_partial_ok"), "1");
    assert_eq!(estate.info(1, "sync_full"), "0");
    // The former primary wrote nothing that they do not have: it goes on as well.
    estate.closed.clear();
    estate.ask(0, "REPLICAOF localhost 1");
    estate.run(2 * SECOND);
    estate.check("all follow the new one");
    assert_eq!(estate.info(1, "sync_full"), "0");
}

#[test]
fn a_role_may_change_inside_a_transaction() {
    let mut estate = Estate::new(3, 10, &[]).chain(&[(1, 0), (2, 1)]);
    estate.ask(0, "SET a 1");
    estate.run(2 * SECOND);
    // What follows in the transaction is part of the new primary's stream, as a whole.
    estate.ask(1, "CONFIG SET replica-read-only no");
    for line in ["MULTI", "SLAVEOF NO ONE", "SET b 2", "SET c 3"] {
        estate.ask(1, line);
    }
    assert!(estate.ask(1, "EXEC").starts_with("*3\r\n+OK"));
    estate.run(2 * SECOND);
    assert_eq!(
        estate.ask(2, "MGET a b c"),
        "*3\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n"
    );
    // The other way: a replica writes no stream of its own.
    for line in ["MULTI", "SET d 4", "SLAVEOF localhost 0"] {
        estate.ask(1, line);
    }
    assert!(estate.ask(1, "EXEC").ends_with("+OK\r\n"));
    estate.run(2 * SECOND);
    estate.check("the first one's again");
    assert_eq!(estate.ask(2, "EXISTS b d"), ":0\r\n");
}

#[test]
fn wait_ends_when_replicas_have_what_was_written() {
    let mut estate = Estate::new(3, 4, &[]).chain(&[(1, 0), (2, 0)]);
    estate.ask(0, "SET a 1");
    assert_eq!(estate.ask(0, "WAIT 2 5000"), "");
    estate.pump(usize::MAX);
    let id = estate.users[0];
    let out = std::mem::take(estate.nodes[0].output(id).expect("connected"));
    assert_eq!(out, b":2\r\n");
    estate.closed.extend([0, 1]);
    estate.cut_all();
    estate.ask(0, "SET a 2");
    assert_eq!(estate.ask(0, "WAIT 1 500"), "");
    estate.run(SECOND);
    let out = std::mem::take(estate.nodes[0].output(id).expect("connected"));
    assert_eq!(out, b":0\r\n");
}

#[test]
fn writes_need_as_many_replicas_as_are_asked_for() {
    let mut estate = Estate::new(2, 5, &[]).chain(&[(1, 0)]);
    assert_eq!(
        estate.ask(0, "CONFIG SET min-replicas-to-write 1"),
        "+OK\r\n"
    );
    assert_eq!(estate.ask(0, "SET a 1"), "+OK\r\n");
    estate.closed.push(0);
    estate.cut_all();
    let refused = "-NOREPLICAS Not enough good replicas to write.\r\n";
    assert_eq!(estate.ask(0, "SET a 1"), refused);
    assert_eq!(estate.ask(0, "GET a"), "$1\r\n1\r\n");
    assert_eq!(
        estate.ask(1, "CONFIG SET replica-serve-stale-data no"),
        "+OK\r\n"
    );
    let stale =
        "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n";
    assert_eq!(estate.ask(1, "GET a"), stale);
}

#[test]
fn a_replica_leaves_expiry_to_its_primary() {
    let mut estate = Estate::new(2, 6, &[]).chain(&[(1, 0)]);
    estate.ask(0, "DEBUG SET-ACTIVE-EXPIRE 0");
    estate.ask(0, "SET a 1 PX 300");
    estate.run(SECOND);
    assert_eq!(estate.ask(1, "GET a"), "$-1\r\n");
    assert_eq!(estate.ask(1, "DBSIZE"), ":1\r\n");
    assert_eq!(estate.ask(0, "GET a"), "$-1\r\n");
    estate.run(SECOND / 10);
    assert_eq!(estate.ask(1, "DBSIZE"), ":0\r\n");
}

#[test]
fn the_part_is_handed_over_without_a_loss() {
    let mut estate = Estate::new(3, 8, &[]).chain(&[(1, 0), (2, 0)]);
    estate.ask(0, "SET a 1");
    assert_eq!(
        estate.ask(0, "FAILOVER TO 127.0.0.1 1 TIMEOUT 5000"),
        "+OK\r\n"
    );
    assert_eq!(estate.ask(0, "SET late 1"), "");
    estate.run(4 * SECOND);
    assert!(estate.ask(1, "ROLE").contains("master"));
    assert_eq!(estate.info(0, "role"), "slave");
    assert_eq!(estate.info(0, "master_failover_state"), "no-failover");
    assert_eq!(estate.info(1, "sync_full"), "0");
    estate.ask(1, "SET b 2");
    estate.run(SECOND);
    assert_eq!(estate.ask(0, "GET b"), "$1\r\n2\r\n");
}

#[test]
fn a_replica_that_does_not_read_is_let_go() {
    let limit = "client-output-buffer-limit";
    let mut estate = Estate::new(2, 9, &[("repl-backlog-size", "16384")]).chain(&[(1, 0)]);
    let set = format!("CONFIG SET {limit} \"replica 200000 0 0\"");
    assert_eq!(estate.ask(0, &set), "+OK\r\n");
    let big = "x".repeat(50_000);
    for n in 0..8 {
        estate.ask(0, &format!("SET big{n} {big}"));
    }
    assert_eq!(estate.info(0, "connected_slaves"), "0");
    estate.run(3 * SECOND);
    estate.check("it came again");
    assert_eq!(estate.info(0, "sync_full"), "2");
}
