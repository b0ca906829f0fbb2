//! A whole node under nonsense: whatever bytes arrive, it does not panic, what it answers is RESP, memory stays in
//! proportion, and others are still served. Bounded and seeded: the same run every time; a failure names its seed, which
//! then goes into tests/fuzz-corpus.txt. `npm run soak fuzz` goes on with further seeds for as long as it is told.
#[path = "support/nonsense.rs"]
mod nonsense;
#[path = "support/programs.rs"]
mod programs;

use nonsense::{command_line, commands, encode, pick};
use redlab::base::crc64::crc64;
use redlab::base::rng::Rng;
use redlab::command::{ClientId, Config, F};
use redlab::persist::aof::manifest::Manifest;
use redlab::resp::value::{Value, parse_value};
use redlab::server::{Effect, Input, Node, NodeOptions};
use redlab::sim::disk::{Disk, KeptFile, Speed};
use redlab::sim::machine::Machine;
use redlab::sim::world::{APPS, Act, AppSetup, LoadSetup, Setup, World};

/// Most bytes that one command may answer here: values are kept small by the configuration.
const REPLY_MAX: usize = 32 << 20;
/// Most modelled bytes of all data.
const DATA_MAX: i64 = 64 << 20;
/// Says which seed failed, whatever failed.
struct Seed(&'static str, u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed: {} {}", self.0, self.1);
        }
    }
}

/// Plays a target with the seeds of the corpus that once failed, and then with `0..count`; in a long run with those from
/// `REDLAB_FUZZ_SEED` on until `REDLAB_FUZZ_SECONDS` are over.
#[allow(clippy::disallowed_methods)] // a long run ends by the wall clock
fn play(target: &'static str, count: u64, run: impl Fn(u64)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let of_target = |line: &str| {
        line.split_once(' ')
            .filter(|(t, _)| *t == target)
            .map(|(_, n)| n.parse())
    };
    let corpus = include_str!("fuzz-corpus.txt")
        .lines()
        .filter_map(of_target);
    let once = |seed| {
        let named = Seed(target, seed);
        run(seed);
        drop(named);
    };
    for seed in corpus {
        once(seed.expect("a seed of the corpus is a number"));
    }
    let Some(seconds) = number("REDLAB_FUZZ_SECONDS") else {
        return (0..count).for_each(once);
    };
    let first = number("REDLAB_FUZZ_SEED").unwrap_or(count);
    let (begun, mut seed) = (std::time::Instant::now(), first);
    while begun.elapsed().as_secs() < seconds {
        once(seed);
        seed += 1;
    }
    println!("fuzzed: {target} {first} {seed}");
}

/// A node with one client that talks nonsense.
struct Host {
    node: Node,
    id: ClientId,
    now_us: i64,
}

impl Host {
    fn new(seed: u64) -> Host {
        let mut config = Config::default();
        config.proto_max_bulk_len = 8192;
        let mut node = Node::new(NodeOptions {
            seed,
            config,
            ..NodeOptions::default()
        });
        node.keep_log();
        let id = node.connect("127.0.0.1:1");
        Host {
            node,
            id,
            now_us: 1,
        }
    }

    /// Sends bytes; the replies to them. Time moves on, so that keys expire.
    fn send(&mut self, bytes: &[u8]) -> Vec<Value> {
        self.now_us += 777;
        self.node.handle(Input::Data(self.id, bytes), self.now_us);
        self.node.finish_script();
        let replies = self.replies(self.id);
        self.node.take_log();
        self.node.drain();
        assert!(self.node.keyspace().data_bytes() < DATA_MAX, "data grew");
        if self
            .node
            .client(self.id)
            .is_none_or(|c| c.close_after_reply)
        {
            self.reconnect();
        }
        replies
    }

    fn reconnect(&mut self) {
        self.node.handle(Input::Disconnect(self.id), self.now_us);
        self.id = self.node.connect("127.0.0.1:1");
    }

    /// Takes a client's output, which must be whole replies.
    fn replies(&mut self, id: ClientId) -> Vec<Value> {
        let Some(out) = self.node.output(id) else {
            return Vec::new();
        };
        let bytes = std::mem::take(out);
        assert!(bytes.len() < REPLY_MAX, "a reply of {} bytes", bytes.len());
        let (mut at, mut all) = (0, Vec::new());
        while at < bytes.len() {
            let (value, len) = parse_value(&bytes[at..])
                .unwrap_or_else(|e| panic!("{e}: {:?}", bytes[at..].escape_ascii().to_string()))
                .expect("replies are whole");
            all.push(value);
            at += len;
        }
        all
    }

    /// Another client is served as if nothing had happened.
    fn check_alive(&mut self) {
        let id = self.node.connect("127.0.0.1:2");
        self.node.handle(Input::Data(id, b"PING\r\n"), self.now_us);
        assert_eq!(self.replies(id), [Value::Simple(b"PONG".to_vec())]);
        self.node.handle(Input::Disconnect(id), self.now_us);
    }
}

/// One key of each type, so that commands find what they are for.
fn fill(host: &mut Host) {
    for line in nonsense::ONE_OF_EACH {
        host.send(format!("{line}\r\n").as_bytes());
    }
}

#[test]
fn random_commands_are_answered() {
    play("commands", 150, |seed| {
        let (mut rng, mut host) = (Rng::new(seed), Host::new(seed));
        let all = commands(&host.node);
        let mut served = 0;
        for step in 0..1500 {
            if step % 25 == 0 {
                // A subscriber may do little else.
                host.send(b"RESET\r\n");
                fill(&mut host);
            }
            if seed % 2 == 1 && step % 50 == 0 {
                host.send(b"HELLO 3\r\n");
            }
            let command = pick(&mut rng, &all);
            let words = command_line(&mut rng, command);
            let replies = host.send(&encode(&words));
            if replies.is_empty() {
                // It waits for a key that nobody will ever make.
                assert!(command.flags.has(F::BLOCKING), "no reply to {words:?}");
                host.reconnect();
                continue;
            }
            served += usize::from(!replies[0].is_error());
        }
        // Else the commands are nonsense beyond use.
        assert!(served > 300, "{served} of 1500 commands were served");
        host.check_alive();
    });
}

/// Sends bytes in pieces of any size.
fn send_pieces(rng: &mut Rng, host: &mut Host, bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, left) = rest.split_at(1 + rng.below(rest.len() as u64) as usize);
        host.send(piece);
        rest = left;
    }
}

#[test]
fn random_bytes_do_no_harm() {
    play("bytes", 2000, |seed| {
        let (mut rng, mut host) = (Rng::new(seed), Host::new(seed));
        for _ in 0..20 {
            let mut bytes = vec![0; rng.below(200) as usize];
            rng.fill(&mut bytes);
            if rng.below(2) == 0 {
                // Bytes that the protocol cares about, at random.
                let alphabet = b"*$123456789-0\r\n\r\n\"'\\x PING";
                bytes
                    .iter_mut()
                    .for_each(|b| *b = alphabet[usize::from(*b) % alphabet.len()]);
            }
            send_pieces(&mut rng, &mut host, &bytes);
            host.reconnect();
        }
        host.check_alive();
    });
}

#[test]
fn damaged_pipelines_do_no_harm() {
    play("pipelines", 800, |seed| {
        let (mut rng, mut host) = (Rng::new(seed), Host::new(seed));
        let all = commands(&host.node);
        for _ in 0..20 {
            let mut bytes = Vec::new();
            for _ in 0..10 {
                let command = pick(&mut rng, &all);
                bytes.extend(encode(&command_line(&mut rng, command)));
            }
            for _ in 0..1 + rng.below(4) {
                let at = rng.below(bytes.len() as u64) as usize;
                match rng.below(4) {
                    0 => bytes[at] = rng.next_u64() as u8,
                    1 => bytes.insert(at, b"*$-9\r\n0"[rng.below(7) as usize]),
                    2 => drop(bytes.drain(at..)),
                    _ => bytes.extend_from_within(at..),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            send_pieces(&mut rng, &mut host, &bytes);
            host.reconnect();
        }
        host.check_alive();
    });
}

/// Values in every encoding, for payloads: the thresholds decide which.
fn fill_values(host: &mut Host, rng: &mut Rng) {
    let large = rng.below(3);
    let size = if large == 0 { 0 } else { 128 };
    let limits = ["zset", "hash", "set"].map(|t| format!(" {t}-max-listpack-entries {size}"));
    let list = ["-2", "2", "1"][large as usize];
    let line = format!(
        "CONFIG SET list-max-listpack-size {list}{}\r\n",
        limits.concat()
    );
    host.send(line.as_bytes());
    host.send(b"FLUSHALL\r\n");
    fill(host);
    for line in [
        "SET run aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbb",
        "SADD ints 1 2 -70000",
        "ZADD zset 1.5 d inf e",
        "XADD stream 5-1 f v",
        "XADD stream 6-0 f w",
        "XADD stream 7-0 g v h w",
        "XGROUP CREATE stream group 0",
        "XREADGROUP GROUP group ann COUNT 2 STREAMS stream >",
        "XDEL stream 6-0",
    ] {
        host.send(format!("{line}\r\n").as_bytes());
    }
}

/// A payload with some bytes changed and its checksum made right again.
fn damage(rng: &mut Rng, payload: &[u8]) -> Vec<u8> {
    let mut bytes = payload[..payload.len() - 8].to_vec();
    for _ in 0..rng.below(4) {
        let at = rng.below(bytes.len() as u64 - 2) as usize;
        match rng.below(5) {
            0 => bytes[at] = rng.next_u64() as u8,
            1 => bytes[at] ^= 1 << rng.below(8),
            2 => bytes[at] = [0, 0x7f, 0x80, 0x81, 0xc3, 0xfe, 0xff][rng.below(7) as usize],
            3 => bytes.insert(at, rng.next_u64() as u8),
            _ if bytes.len() > 3 => drop(bytes.remove(at)),
            _ => {}
        }
    }
    let crc = crc64(0, &bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

const KEYS: [&str; 8] = [
    "str", "list", "set", "hash", "zset", "run", "ints", "stream",
];

/// Restores damaged payloads of each type; how many were accepted.
fn damaged_payloads(seed: u64) -> u32 {
    let (mut rng, mut host) = (Rng::new(seed), Host::new(seed));
    fill_values(&mut host, &mut rng);
    let dumps: Vec<Vec<u8>> = KEYS
        .iter()
        .map(
            |key| match &host.send(format!("DUMP {key}\r\n").as_bytes())[..] {
                [Value::Bulk(bytes)] => bytes.to_vec(),
                other => panic!("DUMP {key}: {other:?}"),
            },
        )
        .collect();
    let all = commands(&host.node);
    let mut accepted = 0;
    for _ in 0..60 {
        // A subscriber may do little else.
        host.send(b"RESET\r\n");
        let at = rng.below(KEYS.len() as u64) as usize;
        let payload = damage(&mut rng, &dumps[at]);
        let restore = [b"RESTORE", KEYS[at].as_bytes(), b"0", &payload, b"REPLACE"];
        let replies = host.send(&encode(&restore.map(<[u8]>::to_vec)));
        accepted += u32::from(replies.first().is_some_and(|reply| !reply.is_error()));
        for line in ["DEBUG DIGEST", "XINFO STREAM stream FULL", "DUMP stream"] {
            host.send(format!("{line}\r\n").as_bytes());
        }
        for _ in 0..6 {
            let command = pick(&mut rng, &all);
            let words = command_line(&mut rng, command);
            host.send(&encode(&words));
        }
    }
    host.check_alive();
    accepted
}

#[test]
fn damaged_payloads_do_no_harm() {
    let accepted = std::cell::Cell::new(0);
    play("payloads", 400, |seed| {
        accepted.set(accepted.get() + damaged_payloads(seed));
    });
    // Else the structures behind the checks were never reached.
    assert!(accepted.get() > 3000, "{} were accepted", accepted.get());
}

/// A word of ACL SETUSER that may mean something; a wild one also has what separates and quotes rules.
fn acl_rule(rng: &mut Rng, wild: bool) -> Vec<u8> {
    const PARTS: [&str; 40] = [
        "+",
        "-",
        "+@",
        "-@",
        "~",
        "%R~",
        "%W~",
        "%RW~",
        "%",
        "&",
        ">",
        "<",
        "#",
        "!",
        "|",
        "get",
        "set",
        "all",
        "read",
        "client",
        "kill",
        "select",
        "0",
        "*",
        "k*",
        "[",
        "\\",
        " ",
        "\0",
        "on",
        "off",
        "nopass",
        "reset",
        "resetkeys",
        "allkeys",
        "clearselectors",
        "abc",
        "\"",
        "(",
        ")",
    ];
    let parts = if wild { 40 } else { 37 };
    let mut word = Vec::new();
    for _ in 0..1 + rng.below(5) {
        word.extend_from_slice(PARTS[rng.below(parts) as usize].as_bytes());
    }
    if rng.below(4) == 0 {
        word.insert(0, b'(');
        word.push(b')');
    }
    word
}

#[test]
fn rules_of_users_mean_what_they_print() {
    play("acl", 150, |seed| {
        let (mut rng, mut host) = (Rng::new(seed), Host::new(seed));
        let words = |line: &str| {
            line.split(' ')
                .map(|w| w.as_bytes().to_vec())
                .collect::<Vec<_>>()
        };
        let mut taken = 0;
        for _ in 0..300 {
            let mut command = words("ACL SETUSER limited");
            command.extend((0..rng.below(4)).map(|_| acl_rule(&mut rng, false)));
            taken += usize::from(!host.send(&encode(&command))[0].is_error());
            let mut wild = words("ACL SETUSER wild");
            wild.extend((0..rng.below(6)).map(|_| acl_rule(&mut rng, true)));
            host.send(&encode(&wild));
            host.send(b"ACL LIST\r\n");
            // What ACL LIST prints makes the same user.
            let line = host
                .node
                .server()
                .acl
                .user(b"limited")
                .map(|u| u.describe());
            let Some(line) = line else { continue };
            // `%RW~*` prints as `~*`, which then means more than a pattern among others; so in a real server.
            let keys = line
                .split(|b| b" (".contains(b))
                .filter(|w| w.starts_with(b"~") || w.starts_with(b"%"));
            if keys.clone().count() > 1 && keys.clone().any(|w| w == b"~*") {
                continue;
            }
            let rules = line.split(|&b| b == b' ').skip(2).map(<[u8]>::to_vec);
            let mut copy = words("ACL SETUSER limited reset");
            copy.extend(rules);
            let reply = host.send(&encode(&copy));
            assert!(!reply[0].is_error(), "{reply:?}: {}", line.escape_ascii());
            let again = host
                .node
                .server()
                .acl
                .user(b"limited")
                .map(|u| u.describe());
            assert_eq!(again, Some(line));
        }
        assert!(taken > 30, "{taken} of 300 were taken");
        host.check_alive();
    });
}

/// Programs of application processes, in a world of their own: they end or go on, and a copy does the same.
#[test]
fn random_programs_do_no_harm() {
    play("random_programs_do_no_harm", 60, |seed| {
        let mut rng = Rng::new(seed);
        let mut world = World::new(seed, 1_700_000_000_000_000);
        world.act(Act::Add(Setup::named("n1"))).expect("a machine");
        let setup = AppSetup {
            name: "app".into(),
            source: programs::program(&mut rng),
            redis: Some(0),
            database: None,
            timeout_us: 20_000,
            database_timeout_us: 0,
        };
        world.act(Act::App(setup)).expect("a process");
        let load = LoadSetup::new("users", APPS);
        world.act(Act::Load(load)).expect("clients");
        for _ in 0..3 {
            let until_us = world.now_us() + 1000 + rng.below(50_000) as i64;
            let mut copy = world.clone();
            copy.run_until(until_us, u64::MAX);
            world.run_until(until_us, u64::MAX);
            assert_eq!(world.state_hash(), copy.state_hash());
            assert!(world.apps()[0].memory() < 8 << 20);
        }
        let act = match rng.below(3) {
            0 => Act::Kill(APPS),
            1 => Act::Pause(APPS),
            _ => Act::Kill(0),
        };
        world.act(act).expect("both are there");
        world.run_until(world.now_us() + 50_000, u64::MAX);
    });
}

/// A snapshot with each type in one of its forms.
fn saved(seed: u64, rng: &mut Rng) -> Vec<u8> {
    let mut host = Host::new(seed);
    fill_values(&mut host, rng);
    host.node.save_rdb()
}

#[test]
fn damaged_snapshots_do_no_harm() {
    let accepted = std::cell::Cell::new(0);
    play("snapshots", 60, |seed| {
        let mut rng = Rng::new(seed);
        let file = saved(seed, &mut rng);
        for _ in 0..20 {
            let bytes = damage(&mut rng, &file);
            let mut host = Host::new(seed);
            if host.node.load_rdb(&bytes).is_err() {
                continue;
            }
            accepted.set(accepted.get() + 1);
            // Whatever was taken is written again, and read again.
            let again = host.node.save_rdb();
            let mut other = Host::new(seed);
            other.node.load_rdb(&again).expect("it was just written");
            let digests = [&host, &other].map(|h| h.node.keyspace().digest());
            assert_eq!(digests[0], digests[1]);
            host.check_alive();
        }
    });
    assert!(accepted.get() > 200, "{} were accepted", accepted.get());
}

const LOG: &str = "appendonlydir/appendonly.aof.1.incr.aof";

/// Starts a server with these files of an append-only directory; whether it runs.
fn starts(manifest: &[u8], base: &[u8], log: &[u8]) -> bool {
    let paths = [
        "appendonlydir/appendonly.aof.manifest",
        "appendonlydir/appendonly.aof.1.base.rdb",
        LOG,
    ];
    let files = paths.into_iter().zip([manifest, base, log]).zip(1..);
    let files = files.map(|((path, bytes), inode)| KeptFile {
        path: path.into(),
        inode,
        bytes: bytes.to_vec(),
    });
    let mut config = Config::default();
    config
        .directive(&[b"appendonly".to_vec(), b"yes".to_vec()])
        .expect("a parameter");
    let options = NodeOptions {
        config,
        ..NodeOptions::default()
    };
    let disk = Disk::new(Speed::default(), 0).restore(files.collect());
    let mut machine = Machine::boot(options, Some(disk));
    for _ in 0..10_000 {
        if machine.node.drain().contains(&Effect::Abort) {
            return false;
        }
        if !machine.node.is_loading() && !machine.node.is_busy() {
            return true;
        }
        machine.handle(Input::Tick, machine.next_timer_us());
    }
    panic!("a start has no end");
}

const MANIFEST: &[u8] =
    b"file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n";

/// Up to three changes, by bytes that mean something there.
fn scratch(rng: &mut Rng, bytes: &mut Vec<u8>, tokens: &[&[u8]]) {
    for _ in 0..rng.below(4) {
        let at = rng.below(bytes.len() as u64 + 1) as usize;
        match rng.below(4) {
            0 if at < bytes.len() => bytes[at] = rng.next_u64() as u8,
            1 => drop(bytes.drain(at..(at + rng.below(9) as usize).min(bytes.len()))),
            2 => bytes.truncate(at),
            _ => {
                let token = tokens[rng.below(tokens.len() as u64) as usize];
                bytes.splice(at..at, token.iter().copied());
            }
        }
    }
}

#[test]
fn damaged_logs_do_no_harm() {
    let run = std::cell::Cell::new(0);
    play("logs", 60, |seed| {
        let (mut rng, mut host) = (Rng::new(seed), Host::new(seed));
        let base = match rng.below(2) {
            0 => saved(seed, &mut rng),
            _ => Vec::new(),
        };
        let all = commands(&host.node);
        let mut log = b"#TS:1700000000\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n".to_vec();
        for _ in 0..30 {
            let command = pick(&mut rng, &all);
            let words = command_line(&mut rng, command);
            // What only a client can be told has no place in a log.
            if command.flags.has(F::WRITE) && !command.flags.has(F::BLOCKING) {
                host.send(&encode(&words));
                log.extend(encode(&words));
            }
        }
        for _ in 0..8 {
            let (mut log, mut base) = (log.clone(), base.clone());
            let tokens: [&[u8]; 6] = [b"#TS:1\r\n", b"*3\r\n", b"$", b"MULTI\r\n", b"\r\n", b"-1"];
            scratch(&mut rng, &mut log, &tokens);
            if rng.below(3) == 0 {
                scratch(&mut rng, &mut base, &tokens);
            }
            run.set(run.get() + u32::from(starts(MANIFEST, &base, &log)));
        }
    });
    assert!(run.get() > 50, "{} were read", run.get());
}

#[test]
fn damaged_manifests_do_no_harm() {
    let read = std::cell::Cell::new(0);
    play("manifests", 300, |seed| {
        let mut rng = Rng::new(seed);
        let mut text = MANIFEST.to_vec();
        let tokens: [&[u8]; 10] = [
            b"file ", b" seq ", b" type ", b"h", b"\n", b"\"a b\"", b"\\x00", b"# x\n", b"9", b"/",
        ];
        scratch(&mut rng, &mut text, &tokens);
        starts(&text, b"", b"");
        let Ok(manifest) = Manifest::parse(&text) else {
            return;
        };
        read.set(read.get() + 1);
        let again = manifest.to_bytes();
        if !again.is_empty() {
            assert_eq!(Manifest::parse(&again), Ok(manifest));
        }
    });
    assert!(read.get() > 50, "{} were read", read.get());
}
