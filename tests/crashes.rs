//! Power cuts at random moments, in virtual time: what is gone is just what the disk had not on its platter, and never more
//! than the policy allows. `REDLAB_CRASHES` says how many for each policy, `REDLAB_CRASH_SEED` with which seed to begin; each
//! policy prints what it came to (`npm run soak crashes`).
use redlab::base::rng::Rng;
use redlab::command::Config;
use redlab::persist::aof::manifest::Manifest;
use redlab::server::{Input, Node, NodeOptions};
use redlab::sim::disk::{Disk, KeptFile, Speed};
use redlab::sim::machine::Machine;
use std::collections::BTreeMap;

const START_US: i64 = 1_700_000_000_000_000;
const SECOND_US: i64 = 1_000_000;

/// A trial's machine with its clients: one writes, one reads, one asks for rewrites.
struct World {
    machine: Machine,
    client: u64,
    reader: u64,
    other: u64,
    now_us: i64,
    /// Replies that came, in order.
    replies: usize,
}

fn config(lines: &[(&str, &str)]) -> Config {
    let mut config = Config::sandbox();
    for (name, value) in lines {
        let mut words = vec![name.as_bytes().to_vec()];
        words.extend(value.split(' ').map(|w| w.as_bytes().to_vec()));
        config.directive(&words).expect("a parameter");
    }
    config
}

impl World {
    fn new(disk: Disk, now_us: i64, lines: &[(&str, &str)]) -> World {
        let options = NodeOptions {
            now_us,
            config: config(lines),
            ..NodeOptions::default()
        };
        let mut machine = Machine::boot(options, Some(disk));
        let [client, reader, other] = [1, 2, 3].map(|_| machine.node.connect("127.0.0.1:1"));
        let mut world = World {
            machine,
            client,
            reader,
            other,
            now_us,
            replies: 0,
        };
        while world.machine.node.is_loading() || world.machine.node.is_busy() {
            world.step(i64::MAX);
        }
        world
    }

    /// Goes on to the next event, or to `until_us` if nothing happens before; whether that is reached.
    fn step(&mut self, until_us: i64) -> bool {
        let at = self.machine.next_timer_us().max(self.now_us).min(until_us);
        self.now_us = at;
        self.machine.handle(Input::Tick, at);
        at == until_us
    }

    fn run_until(&mut self, until_us: i64) {
        while !self.step(until_us) {
            self.take_replies();
        }
        self.take_replies();
    }

    fn send(&mut self, client: u64, line: &str) {
        let line = format!("{line}\r\n");
        self.machine
            .handle(Input::Data(client, line.as_bytes()), self.now_us);
        self.take_replies();
    }

    fn take_replies(&mut self) {
        let out = self.output(self.client);
        self.replies += out.iter().filter(|b| **b == b'\n').count();
    }

    fn output(&mut self, client: u64) -> Vec<u8> {
        let out = self.machine.node.output(client).map(std::mem::take);
        out.unwrap_or_default()
    }

    /// The files as the platter has them.
    fn platter(&self) -> Vec<KeptFile> {
        let disk = self.machine.disk.as_ref().expect("a machine with a disk");
        let kept = |path: &str| {
            let bytes = disk.read(path).expect("it is listed");
            let extent = disk.extent(path).expect("it is listed");
            KeptFile {
                path: path.into(),
                inode: 0,
                bytes: bytes[..extent.platter].to_vec(),
            }
        };
        disk.all().map(kept).collect()
    }

    /// The value of a counter after a new start.
    fn ask(&mut self, line: &str) -> String {
        let line = format!("{line}\r\n");
        self.machine
            .handle(Input::Data(self.client, line.as_bytes()), self.now_us);
        while self.machine.node.is_busy() {
            self.step(i64::MAX);
        }
        String::from_utf8_lossy(&self.output(self.client)).into_owned()
    }
}

/// Elements that whole commands of a log append. Only numbers are written, so that no text looks like the head of a command.
fn appended(log: &[u8]) -> u64 {
    let log = String::from_utf8_lossy(log);
    let commands = log.split('*').filter_map(|command| {
        let words: u64 = command.split_once("\r\n")?.0.parse().ok()?;
        let whole = command.matches("\r\n").count() as u64 == 1 + 2 * words;
        (whole && command.contains("\r\nRPUSH\r\n")).then(|| words - 2)
    });
    commands.sum()
}

/// Elements of the list that a snapshot has.
fn in_snapshot(bytes: &[u8]) -> u64 {
    let mut node = Node::new(NodeOptions::default());
    node.load_rdb(bytes).expect("a whole snapshot");
    let reply = node.probe(0, &[b"LLEN".to_vec(), b"l".to_vec()]);
    let reply = String::from_utf8_lossy(&reply).into_owned();
    reply[1..].trim().parse().expect("a number")
}

/// How many elements files hold: by the append-only file's list of files, or else by the snapshot.
fn held(files: &[KeptFile], aof: bool) -> u64 {
    let file = |name: &str| {
        let file = files.iter().find(|f| f.path == name);
        file.map_or(&b""[..], |f| &f.bytes)
    };
    if !aof {
        let snapshot = file("dump.rdb");
        return if snapshot.is_empty() {
            0
        } else {
            in_snapshot(snapshot)
        };
    }
    let list = Manifest::parse(file("appendonlydir/appendonly.aof.manifest"));
    let parts = list.iter().flat_map(Manifest::files).map(|part| {
        let name = String::from_utf8_lossy(&part.name).into_owned();
        match file(&format!("appendonlydir/{name}")) {
            rdb if rdb.starts_with(b"REDIS") => in_snapshot(rdb),
            log => appended(log),
        }
    });
    parts.sum()
}

/// One way to keep data, and what it promises.
struct Policy {
    name: &'static str,
    lines: &'static [(&'static str, &'static str)],
    aof: bool,
    /// Most time until the power goes, and between two writes, µs.
    lasts_us: u64,
    pause_us: u64,
    /// How old a write is at most that is lost, and while an fsync runs, µs.
    bounds_us: [i64; 2],
}

/// How a trial ended.
struct Trial {
    acknowledged: u64,
    /// Acknowledged writes that are gone, and how old the oldest of them was when the power went, µs.
    lost: u64,
    oldest_us: i64,
    /// Writes that came back although nobody was told of them.
    unheard: u64,
    fsync_under_way: bool,
    /// Reads that came while a write was on its way, and were answered.
    reads: u64,
}

/// A read's answer, if it came: under `always` the platter has all that it saw.
fn hear_reader(world: &mut World, policy: &Policy, seed: u64) -> u64 {
    let out = String::from_utf8_lossy(&world.output(world.reader)).into_owned();
    let answers = out.lines().filter_map(|line| line[1..].parse::<u64>().ok());
    let answers: Vec<u64> = answers.collect();
    if policy.name == "always" && !answers.is_empty() {
        let safe = held(&world.platter(), true);
        let seen = answers.iter().max().expect("some");
        assert!(
            *seen <= safe,
            "seed {seed}: {seen} read, {safe} on the platter"
        );
    }
    answers.len() as u64
}

/// Appends numbers to a list, one write at a time, and cuts the power at a random moment.
fn trial(seed: u64, policy: &Policy) -> Trial {
    let mut rng = Rng::new(seed);
    let speed = Speed {
        latency_us: 50,
        bytes_per_s: 50_000_000,
        flush_us: [200, 5_000, 100_000, 500_000][rng.below(4) as usize],
    };
    let preamble = [("aof-use-rdb-preamble", ["no", "yes"][rng.below(2) as usize])];
    let lines = [policy.lines, &preamble].concat();
    let mut world = World::new(Disk::new(speed, START_US), START_US, &lines);
    let crash_us = world.now_us + rng.below(policy.lasts_us) as i64;
    // When each write was acknowledged.
    let mut heard: Vec<i64> = Vec::new();
    let (mut sent, mut reads) = (0, 0);
    let rewrites = policy.aof && rng.below(3) == 0;
    while world.now_us < crash_us {
        let before = world.replies;
        if world.replies == sent {
            sent += 1;
            world.send(world.client, &format!("RPUSH l {}", sent - 1));
            // While files change hands, what the page cache lists is not yet what the platter lists.
            if !rewrites && rng.below(8) == 0 {
                world.send(world.reader, "LLEN l");
            }
        }
        if rewrites && rng.below(200) == 0 {
            world.send(world.other, "BGREWRITEAOF");
        }
        if world.replies == before {
            world.step(crash_us);
            world.take_replies();
        }
        reads += hear_reader(&mut world, policy, seed);
        heard.resize(world.replies, world.now_us);
        let pause = rng.below(policy.pause_us) as i64;
        world.run_until(crash_us.min(world.now_us + pause));
        heard.resize(world.replies, world.now_us);
    }
    let disk = world.machine.disk.as_ref().expect("a machine with a disk");
    let busy = disk.is_syncing();
    let torn = if rng.below(2) == 0 {
        0
    } else {
        rng.below(200) as usize
    };
    let left = world.machine.crash(torn).expect("a disk");
    let files: Vec<KeptFile> = left.kept();
    let kept = held(&files, policy.aof);
    let mut again = World::new(Disk::new(speed, crash_us).restore(files), crash_us, &lines);
    let list = again.ask("LRANGE l 0 -1");
    let numbers: Vec<u64> = list.lines().filter_map(|l| l.trim().parse().ok()).collect();
    let wanted: Vec<u64> = (0..kept).collect();
    assert_eq!(numbers, wanted, "seed {seed}: what the platter had");
    let told = heard.len() as u64;
    Trial {
        acknowledged: told,
        lost: told.saturating_sub(kept),
        oldest_us: heard.get(kept as usize).map_or(0, |at| crash_us - at),
        unheard: kept.saturating_sub(told),
        fsync_under_way: busy,
        reads,
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    let asked = std::env::var(name).ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// The trials of a policy, each held to its bounds; says what they came to.
fn all(policy: &Policy) -> BTreeMap<u64, Trial> {
    let first = number("REDLAB_CRASH_SEED", 1);
    let seeds = first..first + number("REDLAB_CRASHES", 25);
    let trials: BTreeMap<u64, Trial> = seeds.map(|seed| (seed, trial(seed, policy))).collect();
    for (seed, trial) in &trials {
        let bound_us = policy.bounds_us[usize::from(trial.fsync_under_way)];
        let oldest_us = trial.oldest_us;
        assert!(
            oldest_us <= bound_us,
            "{}, seed {seed}: lost {} of {oldest_us} µs",
            policy.name,
            trial.lost
        );
    }
    let sum = |what: fn(&Trial) -> u64| trials.values().map(what).sum::<u64>();
    let losing = sum(|t| u64::from(t.lost > 0));
    println!(
        "crashes: {} trials {} losing {losing} acknowledged {} lost {} reads {} oldest_us {}",
        policy.name,
        trials.len(),
        sum(|t| t.acknowledged),
        sum(|t| t.lost),
        sum(|t| t.reads),
        trials.values().map(|t| t.oldest_us).max().unwrap_or(0),
    );
    trials
}

fn some_lose(trials: &BTreeMap<u64, Trial>) {
    let losing = trials.values().filter(|t| t.lost > 0).count();
    assert!(
        losing * 10 >= trials.len(),
        "{losing} of {} lose anything",
        trials.len()
    );
}

#[test]
fn always_loses_nothing_and_no_reply_leaves_before_the_fsync() {
    let trials = all(&Policy {
        name: "always",
        lines: &[("appendonly", "yes"), ("appendfsync", "always")],
        aof: true,
        lasts_us: 12_000_000,
        pause_us: 20_000,
        bounds_us: [0, 0],
    });
    for (seed, trial) in &trials {
        assert_eq!(trial.lost, 0, "seed {seed}");
        assert!(trial.unheard <= 1, "seed {seed}");
    }
    assert!(trials.values().any(|t| t.reads > 0));
}

#[test]
fn everysec_loses_a_second_or_two_while_an_fsync_runs() {
    some_lose(&all(&Policy {
        name: "everysec",
        lines: &[("appendonly", "yes"), ("appendfsync", "everysec")],
        aof: true,
        lasts_us: 12_000_000,
        pause_us: 20_000,
        bounds_us: [SECOND_US, 2 * SECOND_US],
    }));
}

#[test]
fn without_fsync_the_kernel_decides() {
    // Pages that are 30 s old are written out, every 5 s, by a device that has to be waited for.
    some_lose(&all(&Policy {
        name: "no",
        lines: &[("appendonly", "yes"), ("appendfsync", "no")],
        aof: true,
        lasts_us: 90_000_000,
        pause_us: 200_000,
        bounds_us: [35 * SECOND_US + 10_000, 36 * SECOND_US],
    }));
}

#[test]
fn snapshots_lose_what_came_after() {
    some_lose(&all(&Policy {
        name: "rdb",
        lines: &[("save", "1 1")],
        aof: false,
        lasts_us: 12_000_000,
        pause_us: 20_000,
        bounds_us: [i64::MAX, i64::MAX],
    }));
}
