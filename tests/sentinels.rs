//! Three Sentinels, a primary and two replicas on the virtual clock: failovers that happen, and those that must not.
//!
//! `REDLAB_WORLDS=1000 cargo test --test sentinels by_chance` tries more worlds with faults by chance, from `REDLAB_WORLD` on.
use redlab::base::rng::Rng;
use redlab::sim::world::{Act, HERE, HostId, HostState, LogLine, Setup, World};

const START_US: i64 = 1_700_000_000_000_000;
const SECOND: i64 = 1_000_000;
/// The machines: servers of data come first.
const SERVERS: [HostId; 3] = [0, 1, 2];
const SENTINELS: [HostId; 3] = [3, 4, 5];

/// A primary with two replicas, watched by three Sentinels, which have met.
fn estate(seed: u64, quorum: u32) -> World {
    let mut world = World::new(seed, START_US);
    for n in 1..=3 {
        let mut setup = Setup::named(&format!("n{n}"));
        if n > 1 {
            setup.config.push("replicaof n1 6379".into());
        }
        world.act(Act::Add(setup)).expect("a new name");
    }
    for n in 1..=3 {
        let mut setup = Setup::named(&format!("s{n}"));
        setup.port = 26379;
        setup.config = vec![
            format!("sentinel monitor main n1 6379 {quorum}"),
            "sentinel down-after-milliseconds main 3000".into(),
            "sentinel failover-timeout main 10000".into(),
        ];
        world.act(Act::Add(setup)).expect("a new name");
    }
    run(&mut world, 15);
    for sentinel in SENTINELS {
        let info = ask(&mut world, sentinel, "INFO sentinel");
        let known = "name=main,status=ok,address=10.0.0.1:6379,slaves=2,sentinels=3";
        assert!(info.contains(known), "{info}\n{}", log(&world, sentinel));
    }
    world
}

fn run(world: &mut World, seconds: i64) {
    world.run_until(world.now_us() + seconds * SECOND, u64::MAX);
}

/// What a new session is told.
fn ask(world: &mut World, to: HostId, line: &str) -> String {
    let session = world
        .act(Act::Connect { to, place: HERE })
        .expect("a machine");
    let bytes = format!("{line}\r\n").into_bytes();
    world.act(Act::Send { session, bytes }).expect("a session");
    run(world, 1);
    let out = world.take_output(session);
    world.act(Act::Disconnect { session }).expect("a session");
    String::from_utf8_lossy(&out).into_owned()
}

fn log(world: &World, host: HostId) -> String {
    let lines = world.hosts()[host].log.iter();
    let text = |line: &LogLine| format!("{:10} {}\n", line.at_us - START_US, line.text);
    lines.map(text).collect()
}

fn logs(world: &World) -> String {
    let all = SENTINELS.iter();
    all.map(|host| format!("== {host}\n{}", log(world, *host)))
        .collect()
}

/// Where the Sentinels say that the primary is, if they agree.
fn primary(world: &mut World) -> Option<HostId> {
    let mut said = Vec::new();
    for sentinel in SENTINELS {
        if world.hosts()[sentinel].state == HostState::Up {
            said.push(ask(
                world,
                sentinel,
                "SENTINEL GET-MASTER-ADDR-BY-NAME main",
            ));
        }
    }
    said.dedup();
    let [one] = &said[..] else { return None };
    SERVERS
        .into_iter()
        .find(|host| one.contains(&format!("\r\n10.0.0.{}\r\n", host + 1)))
}

/// How often an event stands in all logs.
fn count(world: &World, event: &str) -> usize {
    let lines = SENTINELS.iter().flat_map(|host| &world.hosts()[*host].log);
    lines.filter(|line| line.text.starts_with(event)).count()
}

fn cut(world: &mut World, groups: &[&[HostId]]) {
    let groups = groups.iter().map(|group| group.to_vec()).collect();
    world.act(Act::Partition(groups)).expect("machines");
}

#[test]
fn a_failover_and_the_old_primary_comes_back() {
    for seed in 0..20 {
        let mut world = estate(seed, 2);
        ask(&mut world, 0, "SET k v");
        world.act(Act::Kill(0)).expect("a machine");
        run(&mut world, 20);
        let new = primary(&mut world);
        let new = new.unwrap_or_else(|| panic!("seed {seed}: no new primary\n{}", logs(&world)));
        assert_ne!(new, 0, "seed {seed}");
        assert!(
            ask(&mut world, new, "SET k w").starts_with("+OK"),
            "seed {seed}"
        );
        assert_eq!(
            count(&world, "+elected-leader"),
            1,
            "seed {seed}\n{}",
            logs(&world)
        );
        world.act(Act::Start(0)).expect("a machine");
        run(&mut world, 60);
        for host in SERVERS.into_iter().filter(|host| *host != new) {
            let role = ask(&mut world, host, "ROLE");
            let follows = format!("slave\r\n$8\r\n10.0.0.{}\r\n", new + 1);
            assert!(
                role.contains(&follows),
                "seed {seed}: {host} {role}\n{}",
                logs(&world)
            );
            assert!(ask(&mut world, host, "GET k").contains("w"), "seed {seed}");
        }
    }
}

#[test]
fn without_a_quorum_nothing_happens() {
    let mut world = estate(1, 4);
    world.act(Act::Kill(0)).expect("a machine");
    run(&mut world, 60);
    assert_eq!(count(&world, "+sdown master"), 3, "{}", logs(&world));
    assert_eq!(count(&world, "+odown"), 0, "{}", logs(&world));
    assert_eq!(primary(&mut world), Some(0));
    let said = ask(&mut world, 3, "SENTINEL CKQUORUM main");
    assert!(said.starts_with("-NOQUORUM 3 usable Sentinels. "), "{said}");
}

#[test]
fn a_quorum_is_no_majority() {
    let mut world = estate(2, 1);
    for host in [0, 4, 5] {
        world.act(Act::Kill(host)).expect("a machine");
    }
    run(&mut world, 60);
    assert!(count(&world, "+odown") > 0, "{}", logs(&world));
    assert!(count(&world, "+try-failover") > 0, "{}", logs(&world));
    assert_eq!(count(&world, "+elected-leader"), 0, "{}", logs(&world));
    assert!(
        count(&world, "-failover-abort-not-elected") > 0,
        "{}",
        logs(&world)
    );
}

#[test]
fn the_side_with_the_majority_goes_on() {
    let mut world = estate(3, 2);
    // The primary and one Sentinel are cut off from everybody else.
    cut(&mut world, &[&[1, 2, 4, 5], &[0, 3]]);
    run(&mut world, 30);
    assert_eq!(primary(&mut world), None, "they cannot agree now");
    assert!(
        ask(&mut world, 0, "SET k old").starts_with("+OK"),
        "it knows of nothing"
    );
    world.act(Act::Heal).expect("always");
    run(&mut world, 240);
    let new = primary(&mut world).unwrap_or_else(|| panic!("{}", logs(&world)));
    assert_ne!(new, 0);
    let role = ask(&mut world, 0, "ROLE");
    assert!(role.contains("slave"), "{role}\n{}", logs(&world));
}

#[test]
fn a_clock_that_jumps_is_not_trusted() {
    for by_us in [10 * SECOND, -10 * SECOND] {
        let mut world = estate(4, 2);
        world.act(Act::Jump { host: 3, by_us }).expect("a machine");
        run(&mut world, 5);
        assert_eq!(count(&world, "+tilt"), 1, "{}", logs(&world));
        let info = ask(&mut world, 3, "INFO sentinel");
        assert!(info.contains("sentinel_tilt:1"), "{info}");
        run(&mut world, 60);
        assert_eq!(count(&world, "-tilt"), 1, "{}", logs(&world));
        assert_eq!(count(&world, "+sdown master"), 0, "{}", logs(&world));
    }
}

#[test]
fn what_was_promised_outlives_a_power_cut() {
    let mut world = estate(5, 2);
    let vote = |world: &mut World, epoch, who| {
        ask(
            world,
            3,
            &format!("SENTINEL IS-MASTER-DOWN-BY-ADDR 10.0.0.1 6379 {epoch} {who}"),
        )
    };
    let first = vote(&mut world, 9, "aaaa");
    assert_eq!(first, "*3\r\n:0\r\n$4\r\naaaa\r\n:9\r\n");
    let off = Act::PowerOff {
        host: 3,
        torn_bytes: 0,
    };
    world.act(off).expect("a machine");
    run(&mut world, 1);
    world.act(Act::Start(3)).expect("a machine");
    run(&mut world, 5);
    // Whom it voted for is forgotten, that it did is not.
    assert_eq!(vote(&mut world, 9, "bbbb"), "*3\r\n:0\r\n$1\r\n*\r\n:9\r\n");
    assert_eq!(
        vote(&mut world, 10, "bbbb"),
        "*3\r\n:0\r\n$4\r\nbbbb\r\n:10\r\n"
    );
}

#[test]
fn a_disk_that_fails_gives_no_vote() {
    let mut world = estate(6, 2);
    let fails = Act::DiskFails {
        host: 3,
        writes: 0,
        syncs: 1,
    };
    world.act(fails).expect("a machine");
    let line = "SENTINEL IS-MASTER-DOWN-BY-ADDR 10.0.0.1 6379 9 aaaa";
    assert_eq!(ask(&mut world, 3, line), "*3\r\n:0\r\n$1\r\n*\r\n:0\r\n");
    run(&mut world, 5);
    assert_eq!(ask(&mut world, 3, line), "*3\r\n:0\r\n$4\r\naaaa\r\n:9\r\n");
}

#[test]
fn the_same_seed_is_the_same_run() {
    let play = |seed| {
        let mut world = estate(seed, 2);
        world.act(Act::Kill(0)).expect("a machine");
        run(&mut world, 30);
        (world.running_hash(), world.state_hash())
    };
    assert_eq!(play(7), play(7));
    assert_ne!(play(7), play(8));
}

/// What the real one says, word by word (valkey-sentinel 8.0.1, which says the same as Redis where both have a command).
#[test]
fn refusals_are_the_real_ones() {
    let mut world = estate(9, 2);
    for (line, reply) in [
        (
            "GET k",
            "ERR unknown command 'GET', with args beginning with: 'k' ",
        ),
        (
            "SENTINEL",
            "ERR wrong number of arguments for 'sentinel' command",
        ),
        (
            "SENTINEL nope",
            "ERR unknown subcommand 'nope'. Try SENTINEL HELP.",
        ),
        ("SENTINEL MASTER nope", "ERR No such master with that name"),
        ("SENTINEL MONITOR a 10.0.0.1 x 2", "ERR Invalid port"),
        ("SENTINEL MONITOR a 10.0.0.1 1 x", "ERR Invalid quorum"),
        (
            "SENTINEL MONITOR a 10.0.0.1 1 0",
            "ERR Quorum must be 1 or greater.",
        ),
        (
            "SENTINEL MONITOR a nohost 1 2",
            "ERR Invalid IP address or hostname specified",
        ),
        (
            "SENTINEL MONITOR a 10.0.0.1 70000 2",
            "ERR Invalid port number.",
        ),
        (
            "SENTINEL MONITOR main 10.0.0.1 1 2",
            "ERR Duplicate master name.",
        ),
        (
            "SENTINEL SET main quorum x",
            "ERR Invalid argument 'x' for SENTINEL SET 'quorum'",
        ),
        (
            "SENTINEL SET main nope 1",
            "ERR Unknown option or number of arguments for SENTINEL SET 'nope'",
        ),
        (
            "SENTINEL CONFIG SET nope 1",
            "ERR Invalid argument 'nope' to SENTINEL CONFIG SET",
        ),
        (
            "SENTINEL CONFIG SET announce-port x",
            "ERR Invalid value 'x' to SENTINEL CONFIG SET 'announce-port'",
        ),
        (
            "SENTINEL DEBUG foo",
            "ERR Unknown option or number of arguments for SENTINEL DEBUG 'foo'",
        ),
        (
            "SENTINEL DEBUG ping-period x",
            "ERR Invalid argument 'x' for SENTINEL DEBUG 'ping-period'",
        ),
        (
            "SENTINEL SIMULATE-FAILURE foo",
            "ERR Unknown failure simulation specified",
        ),
        (
            "PUBLISH a b",
            "ERR Only HELLO messages are accepted by Sentinel instances.",
        ),
    ] {
        assert_eq!(ask(&mut world, 3, line), format!("-{reply}\r\n"), "{line}");
    }
    let said = ask(&mut world, 0, "SENTINEL MASTERS");
    assert!(
        said.starts_with("-ERR unknown command 'SENTINEL'"),
        "{said}"
    );
}

#[test]
fn a_failover_by_hand_and_the_commands_that_set() {
    let mut world = estate(10, 2);
    for (line, reply) in [
        ("SENTINEL SET main quorum 3 auth-pass \"\"", "+OK\r\n"),
        ("SENTINEL MONITOR other n2 6379 1", "+OK\r\n"),
        (
            "SENTINEL CKQUORUM other",
            "+OK 1 usable Sentinels. Quorum and failover authorization can be reached\r\n",
        ),
        ("SENTINEL REMOVE other", "+OK\r\n"),
        ("SENTINEL FLUSHCONFIG", "+OK\r\n"),
        ("SENTINEL FAILOVER main", "+OK\r\n"),
    ] {
        assert_eq!(ask(&mut world, 3, line), reply, "{line}");
    }
    run(&mut world, 30);
    let new = primary(&mut world).unwrap_or_else(|| panic!("{}", logs(&world)));
    assert_ne!(new, 0);
    let role = ask(&mut world, 0, "ROLE");
    assert!(role.contains("slave"), "{role}\n{}", logs(&world));
    let disk = world.hosts()[3].disk().expect("it has one");
    let file = String::from_utf8_lossy(disk.read("sentinel.conf").expect("a file")).into_owned();
    let line = format!("sentinel monitor main 10.0.0.{} 6379 3\n", new + 1);
    assert!(file.contains(&line), "{file}");
}

/// The epochs that a Sentinel's log says it was elected in.
fn elections(world: &World, host: HostId) -> Vec<u64> {
    let (mut epoch, mut tried, mut all) = (0, 0, Vec::new());
    for line in &world.hosts()[host].log {
        let text = &line.text;
        if let Some(n) = text.strip_prefix("+new-epoch ") {
            epoch = n.parse().expect("a number");
        } else if text.starts_with("+try-failover") {
            tried = epoch;
        } else if text.starts_with("+elected-leader") {
            all.push(tried);
        }
    }
    all
}

/// Whatever happens, an epoch has one leader; and once everything is whole again, all agree, and all follow.
#[test]
fn faults_by_chance() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let first = number("REDLAB_WORLD").unwrap_or(100);
    for seed in first..first + number("REDLAB_WORLDS").unwrap_or(30) {
        let mut rng = Rng::new(seed);
        let mut world = estate(seed, 1 + rng.below(3) as u32);
        for _ in 0..rng.below(8) {
            let host = rng.below(6) as HostId;
            let groups = |rng: &mut Rng| {
                let (a, b): (Vec<HostId>, Vec<HostId>) = (0..6).partition(|_| rng.below(2) == 0);
                vec![a, b]
            };
            let act = match rng.below(7) {
                0 => Act::Kill(host),
                1 => Act::PowerOff {
                    host,
                    torn_bytes: rng.below(100) as usize,
                },
                2 => Act::Start(host),
                3 => Act::Partition(groups(&mut rng)),
                4 => Act::Heal,
                5 => Act::Jump {
                    host,
                    by_us: rng.below(20_000_000) as i64,
                },
                _ => Act::Kill(0),
            };
            world.act(act).expect("machines");
            run(&mut world, rng.below(15) as i64);
        }
        world.act(Act::Heal).expect("always");
        for host in 0..6 {
            world.act(Act::Start(host)).expect("a machine");
        }
        run(&mut world, 400);
        let mut epochs: Vec<u64> = SENTINELS
            .iter()
            .flat_map(|s| elections(&world, *s))
            .collect();
        epochs.sort();
        let all = epochs.len();
        epochs.dedup();
        assert_eq!(epochs.len(), all, "seed {seed}\n{}", logs(&world));
        let new = primary(&mut world);
        let new = new.unwrap_or_else(|| panic!("seed {seed}: they differ\n{}", logs(&world)));
        assert!(
            ask(&mut world, new, "ROLE").contains("master"),
            "seed {seed}\n{}",
            logs(&world)
        );
        for host in SERVERS.into_iter().filter(|host| *host != new) {
            let role = ask(&mut world, host, "ROLE");
            let follows = format!("slave\r\n$8\r\n10.0.0.{}\r\n", new + 1);
            let by_name = format!("slave\r\n$2\r\nn{}\r\n", new + 1);
            let follows = role.contains(&follows) || role.contains(&by_name);
            assert!(follows, "seed {seed}: {host} {role}\n{}", logs(&world));
        }
    }
}
