//! Small worlds, seen from outside.
use super::*;

pub(super) const START_US: Micros = 1_700_000_000_000_000;
pub(super) const SECOND: Micros = 1_000_000;

/// A world with a primary and its replicas, settled.
fn estate(seed: u64, replicas: usize) -> World {
    let mut world = World::new(seed, START_US);
    world.act(Act::Add(Setup::named("n1"))).unwrap();
    for n in 0..replicas {
        let mut setup = Setup::named(&format!("n{}", n + 2));
        setup.config = vec!["replicaof n1 6379".into()];
        world.act(Act::Add(setup)).unwrap();
    }
    run(&mut world, 10 * SECOND);
    world
}

pub(super) fn run(world: &mut World, us: Micros) {
    world.run_until(world.now_us() + us, u64::MAX);
}

/// What a new session is told.
pub(super) fn ask(world: &mut World, host: HostId, line: &str) -> String {
    let session = world
        .act(Act::Connect {
            to: host,
            place: HERE,
        })
        .unwrap();
    let bytes = format!("{line}\r\n").into_bytes();
    world.act(Act::Send { session, bytes }).unwrap();
    run(world, SECOND);
    let out = world.take_output(session);
    world.act(Act::Disconnect { session }).unwrap();
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn a_command_takes_its_time() {
    let mut world = estate(1, 0);
    let session = world
        .act(Act::Connect {
            to: 0,
            place: CLIENTS,
        })
        .unwrap();
    let start_us = world.now_us();
    let bytes = b"SET k v\r\nGET k\r\n".to_vec();
    world.act(Act::Send { session, bytes }).unwrap();
    while world.session(session).unwrap().output.is_empty() {
        assert!(world.step());
    }
    assert_eq!(world.take_output(session), b"+OK\r\n$1\r\nv\r\n");
    // Four ways of 250 µs (two of them for the connection), one turn, two commands.
    assert_eq!(world.now_us() - start_us, 4 * 250 + WAKE_US + 2);
}

#[test]
fn a_killed_server_comes_back_with_its_files() {
    let mut world = World::new(4, START_US);
    let mut setup = Setup::named("n1");
    setup.config = vec!["appendonly yes".into(), "appendfsync always".into()];
    world.act(Act::Add(setup)).unwrap();
    assert_eq!(ask(&mut world, 0, "SET k v"), "+OK\r\n");
    let session = world.act(Act::Connect { to: 0, place: HERE }).unwrap();
    run(&mut world, SECOND);
    world
        .act(Act::PowerOff {
            host: 0,
            torn_bytes: 3,
        })
        .unwrap();
    run(&mut world, SECOND);
    // Nobody is told by a machine without power.
    assert!(!world.session(session).unwrap().closed);
    world.act(Act::Start(0)).unwrap();
    run(&mut world, SECOND);
    assert_eq!(ask(&mut world, 0, "GET k"), "$1\r\nv\r\n");
    // But who speaks to it now is.
    let bytes = b"PING\r\n".to_vec();
    world.act(Act::Send { session, bytes }).unwrap();
    run(&mut world, SECOND);
    assert!(world.session(session).unwrap().closed);
    world.act(Act::Kill(0)).unwrap();
    let session = world.act(Act::Connect { to: 0, place: HERE }).unwrap();
    run(&mut world, SECOND);
    assert!(world.session(session).unwrap().closed, "refused");
}

/// A world with load and faults.
fn busy(seed: u64) -> World {
    let mut world = estate(seed, 2);
    world.act(Act::Load(LoadSetup::new("app", 0))).unwrap();
    run(&mut world, 2 * SECOND);
    world
        .act(Act::Partition(vec![vec![0, 1], vec![2]]))
        .unwrap();
    run(&mut world, 2 * SECOND);
    world.act(Act::Pause(1)).unwrap();
    world
}

#[test]
fn a_copy_goes_on_by_itself_and_as_the_original() {
    let mut world = busy(5);
    let mut copy = world.clone();
    assert_eq!(world.state_hash(), copy.state_hash());
    run(&mut world, 3 * SECOND);
    let ahead = world.state_hash();
    assert_ne!(copy.state_hash(), ahead);
    run(&mut copy, 3 * SECOND);
    assert_eq!(copy.state_hash(), ahead);
    assert!(
        world.loads()[0].report.acknowledged_writes > 500,
        "{:?}",
        world.loads()[0].report
    );
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let hashes = |seed| {
        let mut world = busy(seed);
        run(&mut world, SECOND);
        (world.running_hash(), world.state_hash(), world.happened())
    };
    assert_eq!(hashes(6), hashes(6));
    assert_ne!(hashes(6), hashes(7));
}

#[test]
fn lost_packets_make_a_link_slow() {
    let mut world = estate(8, 0);
    let lossy = Link {
        loss_ppm: 300_000,
        ..Link::LAN
    };
    world.act(Act::Links(lossy)).unwrap();
    let mut load = LoadSetup::new("app", 0);
    load.rate_per_s = 0;
    world.act(Act::Load(load)).unwrap();
    run(&mut world, 20 * SECOND);
    let report = &world.loads()[0].report;
    assert!(
        report.latency_most_us >= 200_000 && report.errors == 0,
        "{report:?}"
    );
    assert!(report.sent - report.answered <= 10);
}

#[test]
fn acts_that_make_no_sense_are_refused() {
    let mut world = estate(9, 0);
    assert_eq!(world.act(Act::Kill(7)), Err(Refused::NoSuchMachine));
    assert_eq!(
        world.act(Act::Add(Setup::named("n1"))),
        Err(Refused::NameTaken)
    );
    let bytes = Vec::new();
    assert_eq!(
        world.act(Act::Send { session: 3, bytes }),
        Err(Refused::NoSuchSession)
    );
    assert_eq!(
        world.act(Act::Lose {
            conn: 9,
            forward: true
        }),
        Err(Refused::NoSuchMessage)
    );
}
#[test]
fn replicas_follow() {
    let mut world = estate(2, 2);
    assert_eq!(ask(&mut world, 0, "SET k v"), "+OK\r\n");
    for replica in [1, 2] {
        assert_eq!(ask(&mut world, replica, "GET k"), "$1\r\nv\r\n");
    }
    let role = ask(&mut world, 0, "ROLE");
    assert!(
        role.contains("10.0.0.2") && role.contains("10.0.0.3"),
        "{role}"
    );
}

#[test]
fn a_partition_holds_back_and_a_heal_lets_through() {
    let mut world = estate(3, 1);
    world.act(Act::Partition(vec![vec![0], vec![1]])).unwrap();
    assert_eq!(ask(&mut world, 0, "SET k v"), "+OK\r\n");
    run(&mut world, 5 * SECOND);
    assert_eq!(ask(&mut world, 1, "GET k"), "$-1\r\n");
    world.act(Act::Heal).unwrap();
    run(&mut world, 30 * SECOND);
    assert_eq!(ask(&mut world, 1, "GET k"), "$1\r\nv\r\n");
}

#[test]
fn a_kill_gives_no_power_back() {
    let mut world = estate(5, 0);
    let torn_bytes = 0;
    world
        .act(Act::PowerOff {
            host: 0,
            torn_bytes,
        })
        .unwrap();
    world.act(Act::Kill(0)).unwrap();
    assert_eq!(world.hosts()[0].state, HostState::Off);
    world.act(Act::Start(0)).unwrap();
    assert_eq!(world.hosts()[0].state, HostState::Up);
}
