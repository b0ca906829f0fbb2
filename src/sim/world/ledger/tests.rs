//! The ledger from outside: each way in which an acknowledged write can be lost, and what is said of it before and after.
use super::*;
use crate::sim::world::tests::{SECOND, START_US, ask, run};
use crate::sim::world::{Act, HERE, LoadSetup, Setup};

/// Machines with a log and this policy; all but the first follow it.
fn world(machines: usize, policy: &str) -> World {
    let mut world = World::new(3, START_US);
    for n in 1..=machines {
        let mut setup = Setup::named(&format!("n{n}"));
        setup.config = vec!["repl-diskless-sync-delay 0".into()];
        if policy != "none" {
            let lines = ["appendonly yes".into(), format!("appendfsync {policy}")];
            setup.config.extend(lines);
        }
        if n > 1 {
            setup.config.push("replicaof n1 6379".into());
        }
        world.act(Act::Add(setup)).unwrap();
    }
    run(&mut world, 10 * SECOND);
    world
}

/// What becomes of the write with these words.
fn fate(world: &World, words: &str) -> Fate {
    let account = world.ledger();
    let newest = account.newest(1000);
    let found = newest.iter().find(|(_, write)| &*write.words == words);
    let (at, write) = found.expect("it was written");
    assert!(write.acked_us.is_some(), "{words} was acknowledged");
    account.fate(*at)
}

fn why(world: &World, words: &str) -> Why {
    let fate = fate(world, words);
    assert_eq!(fate.state, State::Gone, "{fate:?}");
    fate.loss.expect("a reason").why
}

/// Sends a line and lets the answer come, and hardly any other time pass.
fn quickly(world: &mut World, host: HostId, line: &str) {
    let session = world
        .act(Act::Connect {
            to: host,
            place: HERE,
        })
        .unwrap();
    let bytes = format!("{line}\r\n").into_bytes();
    world.act(Act::Send { session, bytes }).unwrap();
    while world.session(session).unwrap().output.is_empty() {
        assert!(world.step());
    }
}

fn off(world: &mut World, host: HostId) {
    world
        .act(Act::PowerOff {
            host,
            torn_bytes: 0,
        })
        .unwrap();
}

fn follow(world: &mut World, host: HostId, whom: &str) {
    assert!(ask(world, host, &format!("REPLICAOF {whom}")).starts_with("+OK"));
    run(world, 10 * SECOND);
}

#[test]
fn an_fsync_makes_a_write_safe() {
    let mut always = world(1, "always");
    quickly(&mut always, 0, "SET a 1");
    let safe = fate(&always, "SET a 1");
    assert_eq!((safe.state, safe.platter), (State::Safe, 1));
    let mut everysec = world(1, "everysec");
    // The first one is synced at once, since the last fsync is long past; the next has to wait for a second.
    quickly(&mut everysec, 0, "SET a 1");
    run(&mut everysec, SECOND / 10);
    quickly(&mut everysec, 0, "SET b 1");
    let risk = fate(&everysec, "SET b 1");
    assert_eq!((risk.state, risk.cache, risk.platter), (State::Risk, 1, 0));
    run(&mut everysec, 2 * SECOND);
    assert_eq!(fate(&everysec, "SET b 1").state, State::Safe);
}

#[test]
fn a_power_cut_loses_what_was_in_the_page_cache_alone() {
    let mut world = world(1, "everysec");
    quickly(&mut world, 0, "SET a 1");
    run(&mut world, SECOND / 10);
    quickly(&mut world, 0, "SET b 1");
    off(&mut world, 0);
    assert_eq!(why(&world, "SET b 1"), Why::PageCache);
    assert_eq!(fate(&world, "SET a 1").state, State::Safe);
    world.act(Act::Start(0)).unwrap();
    assert_eq!(ask(&mut world, 0, "GET b"), "$-1\r\n");
    assert_eq!(ask(&mut world, 0, "SET c 1"), "+OK\r\n");
    assert_eq!(why(&world, "SET b 1"), Why::PageCache);
    run(&mut world, 2 * SECOND);
    assert_eq!(fate(&world, "SET c 1").state, State::Safe);
    let tally = world.ledger().tally(|_| true);
    assert_eq!((tally.acknowledged, tally.safe, tally.gone), (3, 2, 1));
}

#[test]
fn a_torn_write_is_told_from_others() {
    let mut world = world(1, "everysec");
    quickly(&mut world, 0, "SET a 1");
    run(&mut world, SECOND / 10);
    quickly(&mut world, 0, "SET b 1");
    quickly(&mut world, 0, "SET c 1");
    world
        .act(Act::PowerOff {
            host: 0,
            torn_bytes: 7,
        })
        .unwrap();
    assert_eq!(why(&world, "SET b 1"), Why::Torn);
    assert_eq!(why(&world, "SET c 1"), Why::PageCache);
    world.act(Act::Start(0)).unwrap();
    assert_eq!(ask(&mut world, 0, "GET a"), "$1\r\n1\r\n");
    assert_eq!(fate(&world, "SET a 1").state, State::Safe);
}

#[test]
fn a_killed_server_loses_what_it_keeps_in_memory() {
    let mut logs = world(1, "no");
    quickly(&mut logs, 0, "SET a 1");
    logs.act(Act::Kill(0)).unwrap();
    // The kernel has it.
    let fate = fate(&logs, "SET a 1");
    assert_eq!((fate.state, fate.cache), (State::Risk, 1));
    logs.act(Act::Start(0)).unwrap();
    assert_eq!(ask(&mut logs, 0, "GET a"), "$1\r\n1\r\n");
    let mut none = world(1, "none");
    quickly(&mut none, 0, "SET a 1");
    none.act(Act::Kill(0)).unwrap();
    let expected = Why::Memory {
        log: false,
        power: false,
        error: None,
    };
    assert_eq!(why(&none, "SET a 1"), expected);
}

#[test]
fn a_disk_that_is_full_is_named() {
    let mut world = world(1, "everysec");
    let room = Some(world.hosts()[0].disk().unwrap().used_bytes());
    world
        .act(Act::DiskRoom {
            host: 0,
            bytes: room,
        })
        .unwrap();
    quickly(&mut world, 0, "SET a 1");
    world.act(Act::Kill(0)).unwrap();
    let Why::Memory { log, error, .. } = why(&world, "SET a 1") else {
        panic!("it was in memory alone");
    };
    assert_eq!((log, error), (true, Some(DiskError::Full)));
}

#[test]
fn a_snapshot_holds_what_was_there_when_it_began() {
    let mut world = world(1, "none");
    quickly(&mut world, 0, "SET a 1");
    assert_eq!(fate(&world, "SET a 1").state, State::Risk);
    assert_eq!(ask(&mut world, 0, "SAVE"), "+OK\r\n");
    quickly(&mut world, 0, "SET b 1");
    assert_eq!(fate(&world, "SET a 1").state, State::Safe);
    off(&mut world, 0);
    assert_eq!(fate(&world, "SET a 1").state, State::Safe);
    assert_eq!(fate(&world, "SET b 1").state, State::Gone);
    world.act(Act::Start(0)).unwrap();
    assert_eq!(ask(&mut world, 0, "GET a"), "$1\r\n1\r\n");
}

#[test]
fn a_rewrite_keeps_everything() {
    let mut world = world(1, "everysec");
    for n in 0..5 {
        quickly(&mut world, 0, &format!("SET k{n} 1"));
    }
    ask(&mut world, 0, "BGREWRITEAOF");
    quickly(&mut world, 0, "SET later 1");
    run(&mut world, 10 * SECOND);
    let tally = world.ledger().tally(|_| true);
    assert_eq!((tally.acknowledged, tally.safe), (6, 6));
    off(&mut world, 0);
    world.act(Act::Start(0)).unwrap();
    run(&mut world, SECOND);
    assert_eq!(world.ledger().tally(|_| true), tally);
    assert_eq!(ask(&mut world, 0, "DBSIZE"), ":6\r\n");
}

#[test]
fn a_replica_has_it_once_it_has_come() {
    let mut world = world(3, "none");
    quickly(&mut world, 0, "SET a 1");
    let at_once = fate(&world, "SET a 1");
    assert_eq!((at_once.state, at_once.memory), (State::Risk, 1));
    assert_eq!(at_once.wire, 0b110);
    run(&mut world, SECOND);
    let then = fate(&world, "SET a 1");
    assert_eq!((then.state, then.memory), (State::Copied, 0b111));
}

#[test]
fn a_primary_that_comes_back_empty_empties_its_replicas() {
    let mut world = world(2, "none");
    quickly(&mut world, 0, "SET a 1");
    run(&mut world, SECOND);
    world.act(Act::Kill(0)).unwrap();
    let apart = fate(&world, "SET a 1");
    assert_eq!((apart.state, apart.memory), (State::Apart, 0b10));
    assert_eq!(apart.lacking, 1);
    world.act(Act::Start(0)).unwrap();
    run(&mut world, 10 * SECOND);
    assert_eq!(why(&world, "SET a 1"), Why::Replaced { by: Some(0) });
}

#[test]
fn a_failover_loses_what_the_chosen_one_had_not_got() {
    let mut world = world(3, "always");
    quickly(&mut world, 0, "SET a 1");
    run(&mut world, SECOND);
    world
        .act(Act::Partition(vec![vec![0, 1], vec![2]]))
        .unwrap();
    quickly(&mut world, 0, "SET b 1");
    run(&mut world, SECOND);
    let before = fate(&world, "SET b 1");
    assert_eq!((before.state, before.platter), (State::Safe, 0b11));
    follow(&mut world, 2, "NO ONE");
    quickly(&mut world, 2, "SET c 1");
    let apart = fate(&world, "SET b 1");
    assert_eq!((apart.state, apart.lacking), (State::Apart, 0b100));
    assert_eq!(fate(&world, "SET c 1").lacking, 0b001);
    world.act(Act::Heal).unwrap();
    run(&mut world, 60 * SECOND);
    follow(&mut world, 0, "n3 6379");
    run(&mut world, 60 * SECOND);
    assert_eq!(fate(&world, "SET a 1").lacking, 0);
    let found = fate(&world, "SET b 1");
    let loss = found.loss.expect("gone");
    assert!(matches!(loss.why, Why::Replaced { .. }), "{found:?}");
    assert_eq!(ask(&mut world, 1, "GET c"), "$1\r\n1\r\n");
    assert_eq!(fate(&world, "SET c 1").memory, 0b111);
}

#[test]
fn what_is_on_its_way_arrives_after_all() {
    let mut world = world(2, "none");
    quickly(&mut world, 0, "SET a 1");
    world.act(Act::Kill(0)).unwrap();
    let wire = fate(&world, "SET a 1");
    assert_eq!((wire.memory, wire.wire), (0, 0b10));
    run(&mut world, SECOND / 100);
    assert_eq!(fate(&world, "SET a 1").memory, 0b10);
}

#[test]
fn what_cannot_be_followed_is_called_unknown() {
    let mut world = world(2, "everysec");
    quickly(&mut world, 0, "SET a 1");
    run(&mut world, 3 * SECOND);
    let path = world.hosts()[0]
        .disk()
        .unwrap()
        .all()
        .find(|p| p.ends_with("incr.aof"));
    let path = path.unwrap().to_string();
    world
        .act(Act::Flip {
            host: 0,
            path,
            offset: 30,
            bit: 0,
        })
        .unwrap();
    assert_eq!(fate(&world, "SET a 1").platter, 0b10);
    // A replica that is written to.
    ask(&mut world, 1, "CONFIG SET replica-read-only no");
    ask(&mut world, 1, "SET own 1");
    assert_eq!(fate(&world, "SET a 1").memory, 0b01);
    off(&mut world, 0);
    assert_eq!(fate(&world, "SET a 1").state, State::Unknown);
}

#[test]
fn only_the_newest_are_known_one_by_one() {
    let mut world = world(1, "none");
    let mut load = LoadSetup::new("app", 0);
    load.rate_per_s = 10_000;
    world.act(Act::Load(load)).unwrap();
    run(&mut world, 8 * SECOND);
    let account = world.ledger();
    let (acked, forgotten) = (account.tally(|_| true).acknowledged, account.forgotten());
    assert!(forgotten > 1000, "{forgotten}");
    assert!(acked <= KEPT as u64 && acked > KEPT as u64 - 600, "{acked}");
    assert_eq!(account.newest(10).len(), 10);
}

#[test]
fn a_copy_of_the_world_has_a_ledger_of_its_own() {
    let mut world = world(1, "none");
    quickly(&mut world, 0, "SET a 1");
    let mut copy = world.clone();
    copy.act(Act::Kill(0)).unwrap();
    quickly(&mut world, 0, "SET b 1");
    assert_eq!(fate(&copy, "SET a 1").state, State::Gone);
    assert_eq!(fate(&world, "SET a 1").state, State::Risk);
    assert_eq!(copy.ledger().newest(9).len(), 1);
    assert_eq!(world.ledger().newest(9).len(), 2);
}
