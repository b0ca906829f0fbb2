//! Worlds of random machines, clients and faults, each by its seed. What holds in all of them: once everything is whole
//! again, replicas have what their primary has; and a primary that syncs each write, or whose machine kept its power, has
//! every write that it acknowledged. `worlds.test.mjs` plays the same acts in WebAssembly and compares the hashes that are
//! written to `target/tmp/worlds.json` here.
//!
//! The ledger is held against the data all the way: every node has the writes that it says, what is acknowledged is what the
//! clients know, what a power cut leaves is what it said before, and what it called safe is never lost. A world in which
//! something is wrong is made smaller before it is shown: its seed, and the shortest list of acts that was found.
//!
//! `REDLAB_WORLDS=1000 cargo test --release --test worlds` tries more of them, from `REDLAB_WORLD` on.
#[path = "support/applications.rs"]
mod applications;
#[path = "support/plain.rs"]
mod plain;
#[path = "support/truth.rs"]
mod truth;

use plain::plain;
use redlab::base::rng::Rng;
use redlab::lab::acts;
use redlab::sim::timeline::Timeline;
use redlab::sim::world::{Act, Host, HostState, World};
use serde_json::{Value, json};
use truth::Watch;

/// When every world starts, in ms since 1970.
const START_MS: i64 = 1_700_000_000_000;
/// Events between two hashes.
const EVERY: u64 = 50;
/// How many are tried in a test.
const WORLDS: u64 = 30;
/// How long everything gets to settle, in ms: longer than a retry after a long cut, and a synchronization.
const SETTLE_MS: i64 = 300_000;

/// A world's seed, what is done to it, and when.
#[derive(Clone)]
struct Scenario {
    seed: u64,
    /// In ms since 1970.
    acts: Vec<(i64, Value)>,
    end_ms: i64,
    /// Whether its primary must have every write that it acknowledged.
    keeps: bool,
    /// Whether nodes are told to be primaries, or to follow others.
    promotes: bool,
}

impl Scenario {
    fn random(seed: u64) -> Scenario {
        let mut rng = Rng::new(seed);
        let mut scenario = Scenario {
            seed,
            acts: Vec::new(),
            end_ms: 0,
            keeps: true,
            promotes: false,
        };
        let nodes = 1 + rng.below(4);
        let policy = rng.below(4);
        for n in 1..=nodes {
            let mut config = match policy {
                0 => vec!["appendonly yes".into(), "appendfsync always".into()],
                1 => vec!["appendonly yes".into(), "appendfsync everysec".into()],
                2 => vec!["appendonly yes".into(), "appendfsync no".into()],
                _ => vec![String::from("save 3600 1")],
            };
            config.push("repl-timeout 20".into());
            if n > 1 {
                let primary = if rng.below(3) == 0 { n - 1 } else { 1 };
                config.push(format!("replicaof n{primary} 6379"));
            }
            let name = format!("n{n}");
            scenario.add(0, json!({"act": "add", "name": name, "config": config}));
        }
        let rate = 20 + rng.below(200);
        let writes = 50 + rng.below(50);
        scenario.add(
            1000,
            json!({"act": "load", "name": "app", "to": "n1", "clients": 1 + rng.below(8), "rate_per_s": rate, "writes": writes}),
        );
        let mut at_ms = 2000;
        for _ in 0..rng.below(7) {
            at_ms += rng.below(4000) as i64;
            scenario.fault(&mut rng, at_ms, nodes, policy);
        }
        // Some have an application too, whose acts are drawn by themselves.
        let mut rng = Rng::new(!seed);
        if rng.below(2) == 0 {
            for (at_ms, act) in applications::application(&mut rng, 1500, at_ms + 3000) {
                scenario.add(at_ms, act);
            }
        }
        scenario.make_whole(at_ms + 4000, nodes);
        scenario
    }

    fn add(&mut self, after_ms: i64, act: Value) {
        self.acts.push((START_MS + after_ms, act));
    }

    /// Somebody types a command. Which session it is, is seen when all acts are there.
    fn say(&mut self, at_ms: i64, host: &str, line: &str) {
        self.add(at_ms, json!({"act": "connect", "host": host}));
        let text = format!("{line}\r\n");
        self.add(at_ms, json!({"act": "send", "text": text}));
    }

    /// Sessions are numbered as they come.
    fn number_sessions(&mut self) {
        let mut session = 0;
        for (_, act) in &mut self.acts {
            session += u32::from(act["act"] == "connect");
            if act["act"] == "send" {
                act["session"] = json!(session);
            }
        }
    }

    fn fault(&mut self, rng: &mut Rng, at_ms: i64, nodes: u64, policy: u64) {
        let number = 1 + rng.below(nodes);
        let host = format!("n{number}");
        let later_ms = at_ms + 100 + rng.below(3000) as i64;
        match rng.below(8) {
            7 if number > 1 && self.seed.is_multiple_of(3) => {
                (self.keeps, self.promotes) = (false, true);
                self.say(at_ms, &host, "REPLICAOF NO ONE");
                if rng.below(2) == 0 {
                    self.say(later_ms, "n1", &format!("REPLICAOF {host} 6379"));
                }
            }
            0 => self.add(
                at_ms,
                json!({"act": "partition", "groups": [["clients"], [host]]}),
            ),
            1 => {
                // Without an append-only file, what is in memory goes with the process.
                self.keeps &= number > 1 || policy < 3;
                self.add(at_ms, json!({"act": "kill", "host": host}));
                self.add(later_ms, json!({"act": "start", "host": host}));
            }
            2 => {
                self.keeps &= number > 1 || policy == 0;
                let torn = rng.below(200);
                self.add(
                    at_ms,
                    json!({"act": "power_off", "host": host, "torn_bytes": torn}),
                );
                self.add(later_ms, json!({"act": "start", "host": host}));
            }
            3 => {
                self.add(at_ms, json!({"act": "pause", "host": host}));
                self.add(later_ms, json!({"act": "resume", "host": host}));
            }
            4 => {
                let loss = rng.below(200_000);
                self.add(at_ms, json!({"act": "links", "latency_us": rng.below(50_000), "jitter_us": rng.below(5000), "loss_ppm": loss}));
            }
            5 => self.add(
                at_ms,
                json!({"act": "jump", "host": host, "by_us": rng.below(5_000_000)}),
            ),
            _ => self.add(at_ms, json!({"act": "heal"})),
        }
    }

    /// In the end everything is on, and reaches everything.
    fn make_whole(&mut self, after_ms: i64, nodes: u64) {
        self.acts.sort_by_key(|(at_ms, _)| *at_ms);
        let last_ms = self.acts.last().map_or(0, |(at_ms, _)| at_ms - START_MS);
        let at_ms = after_ms.max(last_ms);
        self.add(at_ms, json!({"act": "heal"}));
        self.add(at_ms, json!({"act": "links"}));
        for n in 1..=nodes {
            let host = format!("n{n}");
            self.add(at_ms, json!({"act": "resume", "host": host}));
            self.add(at_ms, json!({"act": "start", "host": host}));
        }
        self.add(at_ms + 2000, json!({"act": "stop_load", "load": 0}));
        self.number_sessions();
        self.end_ms = START_MS + at_ms + 2000 + SETTLE_MS;
    }

    /// Plays it; the hashes on the way, and what was found wrong in the ledger.
    fn play(&self) -> (Timeline, Vec<u64>, Watch) {
        let mut timeline = Timeline::new(self.seed, START_MS * 1000);
        let (mut hashes, mut watch) = (Vec::new(), Watch::default());
        for (at_ms, act) in &self.acts {
            run(&mut timeline, *at_ms, &mut hashes);
            watch.look(timeline.world(), self.promotes);
            let act = acts::read(plain(act), timeline.world());
            // In a world that was made smaller a machine may be missing.
            let Ok(act) = act else { continue };
            let cut = match act {
                Act::PowerOff { host, torn_bytes } => Some((host, torn_bytes > 0)),
                _ => None,
            };
            let before = cut.map(|(host, _)| truth::on_platter(timeline.world(), host));
            // To start what runs, or to stop what is stopped, is nothing.
            let _ = timeline.act(act);
            if let (Some((host, torn)), Some(before)) = (cut, before) {
                watch.came_back(timeline.world(), host, &before, torn);
            }
            watch.look(timeline.world(), self.promotes);
        }
        run(&mut timeline, self.end_ms, &mut hashes);
        watch.look(timeline.world(), self.promotes);
        (timeline, hashes, watch)
    }

    /// The same in fewer acts and less time, as far as something is still wrong in it.
    fn smaller(mut self) -> Scenario {
        while let Some((at_us, _)) = self.play().2.wrong {
            let end_ms = at_us.div_euclid(1000) + 1;
            self.acts.retain(|(at_ms, _)| *at_ms <= end_ms);
            self.end_ms = self.end_ms.min(end_ms);
            let without = (0..self.acts.len()).rev().map(|at| {
                let mut fewer = self.clone();
                fewer.acts.remove(at);
                fewer.number_sessions();
                fewer
            });
            let found = without.into_iter().find(|s| s.play().2.wrong.is_some());
            match found {
                Some(fewer) => self = fewer,
                None => break,
            }
        }
        self
    }

    /// What is wrong in the ledger of this world, with the shortest way to it.
    fn told(&self, what: &str) -> String {
        let small = self.clone().smaller();
        let wrong = small.play().2.wrong.map_or(String::new(), |(_, what)| what);
        let acts = small
            .acts
            .iter()
            .map(|(at_ms, act)| format!("{} ms {act}", at_ms - START_MS));
        let acts: Vec<_> = acts.collect();
        format!(
            "world {}: {what}\n  in {} acts until {} ms: {wrong}\n    {}",
            self.seed,
            acts.len(),
            small.end_ms - START_MS,
            acts.join("\n    ")
        )
    }
}

fn run(timeline: &mut Timeline, until_ms: i64, hashes: &mut Vec<u64>) {
    while timeline.run_until(until_ms * 1000, EVERY) == EVERY {
        hashes.push(timeline.world().running_hash());
    }
}

/// What is wrong in a world that has settled.
fn complaint(world: &World, keeps: bool) -> Option<String> {
    for host in world.hosts() {
        if host.state != HostState::Up {
            let log: Vec<_> = host.log.iter().map(|line| line.text.as_str()).collect();
            return Some(format!("{} does not run: {log:?}", host.setup.name));
        }
        if let Some(found) = differs(world, host) {
            return Some(found);
        }
    }
    let missing = keeps.then(|| missing(world)).flatten();
    missing.map(|key| format!("{key} was acknowledged and is gone"))
}

/// How a replica differs from its primary.
fn differs(world: &World, host: &Host) -> Option<String> {
    let name = &host.setup.name;
    let node = host.node()?;
    let address = node.server().repl.primary.as_ref()?;
    if !has_head(world, host) {
        return None;
    }
    let primary = world.hosts()[world.host_named(&address.host)?].node()?;
    let (ours, theirs) = (&node.server().repl, &primary.server().repl);
    if !ours.is_up() {
        return Some(format!(
            "{name} has no connection to its primary: {:?}",
            ours.link
        ));
    }
    if ours.history.id != theirs.history.id {
        return Some(format!("{name} follows another history"));
    }
    let digests = [node, primary].map(|n| n.keyspace().digest().to_string());
    (digests[0] != digests[1]).then(|| {
        let (behind, of) = (ours.history.offset, theirs.history.offset);
        format!("{name} has other data than its primary, at offset {behind} of {of}")
    })
}

/// Whether a node's primary has one, and so on, up to one that is none's replica. Nodes that follow each other in a circle
/// get nothing.
fn has_head(world: &World, host: &Host) -> bool {
    let mut at = host;
    for _ in 0..world.hosts().len() {
        let Some(node) = at.node() else { return false };
        let Some(address) = &node.server().repl.primary else {
            return true;
        };
        let Some(next) = world.host_named(&address.host) else {
            return false;
        };
        at = &world.hosts()[next];
    }
    false
}

/// A key whose acknowledged write its primary does not have.
fn missing(world: &World) -> Option<String> {
    let load = &world.loads()[0];
    let node = world.hosts()[0].node()?;
    let all = load.acknowledged().into_iter();
    let mut gone = all.filter(|(key, number)| load.stored(node, key) < *number);
    gone.next()
        .map(|(key, _)| String::from_utf8_lossy(&key).into_owned())
}

fn setting(name: &str, usual: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.and_then(|v| v.parse().ok()).unwrap_or(usual)
}

#[test]
fn worlds_that_are_whole_again_agree_and_keep_what_they_promised() {
    let first = setting("REDLAB_WORLD", 1);
    let mut kept = Vec::new();
    let mut wrong = Vec::new();
    let (mut events, mut keeping, mut writes) = (0, 0, 0);
    let (mut promoting, mut lost) = (0, 0);
    for seed in first..first + setting("REDLAB_WORLDS", WORLDS) {
        let scenario = Scenario::random(seed);
        let (timeline, hashes, watch) = scenario.play();
        if let Some((_, what)) = &watch.wrong {
            wrong.push(scenario.told(what));
        }
        if let Some(found) = complaint(timeline.world(), scenario.keeps) {
            wrong.push(format!("world {seed}: {found}"));
        }
        let world = timeline.world();
        for host in 0..world.hosts().len() {
            let (count, found) = truth::lost(world, host);
            lost += count;
            wrong.extend(found.map(|what| format!("world {seed}: {what}")));
        }
        promoting += u64::from(scenario.promotes);
        events += world.happened();
        keeping += u64::from(scenario.keeps);
        writes += world.loads()[0].report.acknowledged_writes;
        if kept.len() < 5 {
            // As text: a double does not hold them.
            let hashes: Vec<String> = hashes.iter().map(u64::to_string).collect();
            let state = world.state_hash().to_string();
            kept.push(json!({"seed": seed, "acts": scenario.acts, "end_ms": scenario.end_ms, "hashes": hashes, "state": state}));
        }
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tmp");
    std::fs::create_dir_all(folder).expect("a place for what tests leave");
    let text = json!({"start_ms": START_MS, "every": EVERY, "worlds": kept}).to_string();
    std::fs::write(format!("{folder}/worlds.json"), text).expect("it can be written");
    let worlds = setting("REDLAB_WORLDS", WORLDS);
    // Most worlds must have something to lose, and keep it.
    assert!(
        keeping * 3 > worlds && writes > worlds * 100,
        "{keeping} of {worlds}, {writes}"
    );
    assert!(
        worlds < WORLDS || promoting > 0 && lost > 0,
        "some must lose something: {promoting}, {lost}"
    );
    if std::env::var_os("REDLAB_WORLDS").is_some() {
        let found = json!({"first": first, "worlds": worlds, "events": events, "acknowledged_writes": writes,
            "worlds_that_must_keep_them": keeping, "worlds_with_promotions": promoting,
            "keys_whose_newest_acknowledged_write_a_node_lacks": lost, "wrong": wrong});
        let text = serde_json::to_string_pretty(&found).expect("JSON") + "\n";
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/soak/worlds.json");
        std::fs::write(file, text).expect("it can be written");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_world_can_be_gone_back_in() {
    let scenario = Scenario::random(setting("REDLAB_WORLD", 1) + 2);
    let (mut timeline, ..) = scenario.play();
    let (events, end) = (timeline.world().happened(), timeline.world().state_hash());
    timeline.seek(events / 3);
    timeline.act(Act::Heal).map(drop).unwrap_or_default();
    timeline.seek(events / 2);
    // A saved run: acts with their moments.
    let mut saved = Timeline::new(scenario.seed, START_MS * 1000);
    for done in scenario.play().0.trace().done.clone() {
        while !saved.reach(done.event, done.at_us, 1000) {
            assert!(saved.world().happened() < done.event, "it goes another way");
        }
        let _ = saved.act(done.act);
    }
    saved.run_until(scenario.end_ms * 1000, u64::MAX);
    assert_eq!(saved.world().state_hash(), end);
    let mut whole = Timeline::replay(scenario.play().0.trace().clone());
    whole.seek(events);
    whole.seek_us(scenario.end_ms * 1000);
    assert_eq!(whole.world().state_hash(), end);
}
