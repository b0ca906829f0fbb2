//! Three Sentinels, a primary and two replicas on the virtual clock: failovers that happen, and those that must not.
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
    let mut world = estate(4, 2);
    let jump = Act::Jump {
        host: 3,
        by_us: 10 * SECOND,
    };
    world.act(jump).expect("a machine");
    run(&mut world, 5);
    assert_eq!(count(&world, "+tilt"), 1, "{}", logs(&world));
    assert!(ask(&mut world, 3, "INFO sentinel").contains("sentinel_tilt:1"));
    assert_eq!(count(&world, "+sdown"), 0, "{}", logs(&world));
    run(&mut world, 40);
    assert_eq!(count(&world, "-tilt"), 1, "{}", logs(&world));
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
