//! Power cuts at random moments, in virtual time: what is gone is just what the disk had not on its platter, and never more
//! than the policy allows.
use redlab::base::rng::Rng;
use redlab::command::Config;
use redlab::server::{Input, NodeOptions};
use redlab::sim::disk::{Disk, KeptFile, Speed};
use redlab::sim::machine::Machine;
use std::collections::BTreeMap;

const START_US: i64 = 1_700_000_000_000_000;
const SECOND_US: i64 = 1_000_000;

/// A trial's machine with its client.
struct World {
    machine: Machine,
    client: u64,
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
        let client = machine.node.connect("127.0.0.1:1");
        let mut world = World {
            machine,
            client,
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

    fn send(&mut self, line: &str) {
        let line = format!("{line}\r\n");
        self.machine
            .handle(Input::Data(self.client, line.as_bytes()), self.now_us);
        self.take_replies();
    }

    fn take_replies(&mut self) {
        let out = self.machine.node.output(self.client).map(std::mem::take);
        self.replies += out
            .unwrap_or_default()
            .iter()
            .filter(|b| **b == b'\n')
            .count();
    }

    /// The value of a counter after a new start.
    fn ask(&mut self, line: &str) -> String {
        let line = format!("{line}\r\n");
        self.machine
            .handle(Input::Data(self.client, line.as_bytes()), self.now_us);
        while self.machine.node.is_busy() {
            self.step(i64::MAX);
        }
        let out = self.machine.node.output(self.client).map(std::mem::take);
        String::from_utf8_lossy(&out.unwrap_or_default()).into_owned()
    }
}

/// How a trial ended.
struct Trial {
    /// Acknowledged writes that are gone, and how old the oldest of them was when the power went, µs.
    lost: u64,
    oldest_us: i64,
    /// Writes that came back although nobody was told of them.
    unheard: u64,
    fsync_under_way: bool,
}

/// Appends numbers to a list, one write at a time, and cuts the power at a random moment.
fn trial(seed: u64, lines: &[(&str, &str)]) -> Trial {
    let mut rng = Rng::new(seed);
    let speed = Speed {
        latency_us: 50,
        bytes_per_s: 50_000_000,
        flush_us: [200, 5_000, 100_000][rng.below(3) as usize],
    };
    let mut world = World::new(Disk::new(speed, START_US), START_US, lines);
    let crash_us = world.now_us + rng.below(12_000_000) as i64;
    // When each write was acknowledged.
    let mut heard: Vec<i64> = Vec::new();
    let mut sent = 0;
    let rewrites = rng.below(3) == 0;
    while world.now_us < crash_us {
        let before = world.replies;
        if world.replies == sent {
            sent += 1;
            world.send(&format!("RPUSH l {}", sent - 1));
        }
        if rewrites && rng.below(200) == 0 {
            let other = world.machine.node.connect("127.0.0.1:2");
            world
                .machine
                .handle(Input::Data(other, b"BGREWRITEAOF\r\n"), world.now_us);
        }
        if world.replies == before {
            world.step(crash_us);
            world.take_replies();
        }
        heard.resize(world.replies, world.now_us);
        let pause = rng.below(20_000) as i64;
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
    let kept: Vec<KeptFile> = left.kept();
    let mut again = World::new(Disk::new(speed, crash_us).restore(kept), crash_us, lines);
    let list = again.ask("LRANGE l 0 -1");
    let numbers: Vec<u64> = list.lines().filter_map(|l| l.trim().parse().ok()).collect();
    let wanted: Vec<u64> = (0..numbers.len() as u64).collect();
    assert_eq!(
        numbers, wanted,
        "seed {seed}: a beginning of what was written"
    );
    let kept = numbers.len() as u64;
    let told = heard.len() as u64;
    Trial {
        lost: told.saturating_sub(kept),
        oldest_us: heard.get(kept as usize).map_or(0, |at| crash_us - at),
        unheard: kept.saturating_sub(told),
        fsync_under_way: busy,
    }
}

/// How many trials of each kind: a sample, or as many as REDLAB_CRASHES says.
fn trials() -> u64 {
    let asked = std::env::var("REDLAB_CRASHES").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(25)
}

fn all(lines: &[(&str, &str)]) -> BTreeMap<u64, Trial> {
    (1..=trials())
        .map(|seed| (seed, trial(seed, lines)))
        .collect()
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
fn always_loses_nothing() {
    for (seed, trial) in all(&[("appendonly", "yes"), ("appendfsync", "always")]) {
        assert_eq!(trial.lost, 0, "seed {seed}");
        assert!(trial.unheard <= 1, "seed {seed}");
    }
}

#[test]
fn everysec_loses_a_second_or_two_while_an_fsync_runs() {
    let trials = all(&[("appendonly", "yes"), ("appendfsync", "everysec")]);
    for (seed, trial) in &trials {
        let bound_us = SECOND_US * if trial.fsync_under_way { 2 } else { 1 };
        let oldest_us = trial.oldest_us;
        assert!(
            oldest_us <= bound_us,
            "seed {seed}: lost {} of {oldest_us} µs",
            trial.lost
        );
    }
    some_lose(&trials);
}

#[test]
fn without_fsync_the_kernel_decides() {
    let trials = all(&[("appendonly", "yes"), ("appendfsync", "no")]);
    for (seed, trial) in &trials {
        assert!(trial.oldest_us <= 36 * SECOND_US, "seed {seed}");
    }
    some_lose(&trials);
}

#[test]
fn snapshots_lose_what_came_after() {
    some_lose(&all(&[("save", "1 1")]));
}
