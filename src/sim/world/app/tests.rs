//! Small applications, seen from outside.
use super::super::*;
use super::APPS_MOST;

const START_US: Micros = 1_700_000_000_000_000;
const SECOND: Micros = 1_000_000;
const APP: HostId = APPS;
const DATABASE: HostId = DATABASES;

/// A node, a database, and a program that runs.
fn world(source: &str) -> World {
    let mut world = World::new(5, START_US);
    world.act(Act::Add(Setup::named("n1"))).unwrap();
    let database = DatabaseSetup {
        name: "db".into(),
        prefix: "item".into(),
        rows: 100,
        read_us: 20_000,
        write_us: 20_000,
        workers: 4,
        queue: 50,
    };
    world.act(Act::Database(database)).unwrap();
    world.act(Act::App(setup(source))).unwrap();
    world
}

fn setup(source: &str) -> AppSetup {
    AppSetup {
        name: "app".into(),
        source: source.into(),
        redis: Some(0),
        database: Some(DATABASE),
        timeout_us: SECOND,
        database_timeout_us: 10 * SECOND,
    }
}

fn run(world: &mut World, us: Micros) {
    world.run_until(world.now_us() + us, u64::MAX);
}

/// The lines that the program has logged.
fn log(world: &World) -> Vec<&str> {
    let lines = world.apps()[0].log.iter();
    lines.map(|line| line.text.as_str()).collect()
}

/// What a program logs within a minute.
fn said(source: &str) -> Vec<String> {
    let mut world = world(source);
    run(&mut world, 60 * SECOND);
    log(&world).into_iter().map(str::to_string).collect()
}

fn requests(rate_per_s: u32, clients: usize, keys: u32) -> LoadSetup {
    LoadSetup {
        clients,
        rate_per_s,
        keys,
        shared: Some("item".into()),
        mix: Mix { writes: 0 },
        ..LoadSetup::new("users", APP)
    }
}

const CACHE_ASIDE: &str = "
    on_request(function(key, value)
      if value then
        db.put(key, value)
        redis.call('DEL', key)
        return
      end
      local found = redis.call('GET', key)
      if found then return found end
      found = db.get(key)
      redis.call('SET', key, found, 'PX', 60000)
      return found
    end)";

#[test]
fn a_program_calls_its_node_and_its_database() {
    let lines = said(
        "local from = now()
         log(redis.call('SET', 'k', 7).ok, redis.call('GET', 'k'), redis.call('INCR', 'k'))
         log(redis.call('GET', 'none') == false, #redis.call('MGET', 'k', 'none'))
         local e = redis.pcall('LPUSH', 'k', 1)
         log(e.err)
         log(pcall(redis.call, 'NOSUCH'))
         log(db.get('item:7'), db.get('item:100'), db.put('item:7', 'new'), db.get('item:7'))
         local before = now()
         sleep(12.5)
         print(now() - before >= 12.5, now() - before < 12.6)
         log(random(1) , random() < 1)",
    );
    assert_eq!(
        lines,
        [
            "OK 7 8",
            "true 2",
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "false ERR unknown command 'NOSUCH', with args beginning with: ",
            "row of item:7 nil true new",
            "true true",
            "1 true",
            "The program is through.",
        ]
    );
}

#[test]
fn what_ends_a_program_is_in_its_log() {
    assert_eq!(
        said("log(1)\nlocal x = nil .. ''"),
        ["1", "app:2: attempt to concatenate a nil value"]
    );
    assert_eq!(said("x = = 1"), ["app:1: unexpected symbol near '='"]);
    assert_eq!(
        said("spawn(function() sleep(5)\nredis.call('INCR') end) sleep(1e9)"),
        ["app:2: ERR wrong number of arguments for 'incr' command"]
    );
    assert_eq!(
        said("local c = redis.connect('n7')\nc:call('PING')"),
        ["app:2: no machine is called 'n7'"]
    );
    let mut world = world("local t = {} while true do t[#t + 1] = {} end");
    run(&mut world, 60 * SECOND);
    assert_eq!(world.apps()[0].state, AppState::Failed);
    assert_eq!(log(&world), ["not enough memory"]);
}

#[test]
fn an_endless_loop_takes_time_and_holds_up_its_own_tasks_alone() {
    let mut world =
        world("spawn(function() sleep(1) log('never') end) sleep(0.1) while true do end");
    let session = world.act(Act::Connect { to: 0, place: HERE }).unwrap();
    // A slice is a millisecond and an event.
    let before = world.happened();
    run(&mut world, SECOND);
    assert!((900..1200).contains(&(world.happened() - before)));
    let bytes = b"PING\r\n".to_vec();
    world.act(Act::Send { session, bytes }).unwrap();
    run(&mut world, SECOND);
    assert_eq!(world.take_output(session), b"+PONG\r\n");
    assert!(log(&world).is_empty());
    world.act(Act::Kill(APP)).unwrap();
    let before = world.happened();
    run(&mut world, SECOND);
    assert!(world.happened() - before < 30);
}

#[test]
fn a_lost_connection_is_an_error_and_the_next_call_connects_again() {
    let mut world = world(
        "while true do
           local r = redis.pcall('PING')
           log(r.ok or r.err)
           sleep(400)
         end",
    );
    run(&mut world, SECOND / 10);
    world.act(Act::Kill(0)).unwrap();
    run(&mut world, SECOND);
    world.act(Act::Start(0)).unwrap();
    run(&mut world, SECOND / 2);
    let groups = vec![vec![0], vec![APP]];
    world.act(Act::Partition(groups)).unwrap();
    run(&mut world, 2 * SECOND);
    world.act(Act::Heal).unwrap();
    run(&mut world, 2 * SECOND);
    let mut lines = log(&world);
    lines.dedup();
    assert_eq!(
        lines,
        [
            "PONG",
            "CONNECTION to redis failed",
            "PONG",
            "TIMEOUT no answer from redis within 1000 ms",
            "PONG",
        ]
    );
}

#[test]
fn requests_are_served_and_the_cache_takes_the_load_off_the_database() {
    let mut world = world(CACHE_ASIDE);
    world.act(Act::Load(requests(200, 20, 20))).unwrap();
    run(&mut world, 20 * SECOND);
    world.act(Act::StopLoad(0)).unwrap();
    run(&mut world, SECOND);
    let (load, app, database) = (
        &world.loads()[0].report,
        &world.apps()[0].report,
        &world.databases()[0],
    );
    assert_eq!((load.errors, load.unanswered), (0, 0));
    assert!(load.sent > 3500 && load.answered == load.sent, "{load:?}");
    assert_eq!(app.answered, load.answered);
    assert_eq!(app.hits + app.misses, load.answered);
    assert_eq!(app.misses, database.report.reads);
    // A key is read once, or a few times as long as nobody has put it into the cache.
    assert!((20..60).contains(&app.misses), "{}", app.misses);
    let hit_us = load.latencies.quantile(500).unwrap();
    assert!((1000..1500).contains(&hit_us), "{hit_us}");
    assert!(load.latencies.quantile(1000).unwrap() > 10_000);
}

#[test]
fn a_stampede_fills_the_queue_and_the_database_refuses() {
    let mut world = world(CACHE_ASIDE);
    world
        .act(Act::Slow {
            database: DATABASE,
            percent: 1000,
        })
        .unwrap();
    world.act(Act::Load(requests(2000, 200, 1))).unwrap();
    run(&mut world, SECOND);
    world.act(Act::StopLoad(0)).unwrap();
    run(&mut world, 20 * SECOND);
    let database = &world.databases()[0].report;
    assert_eq!(database.waiting_most, 50);
    assert!(database.refused > 100, "{database:?}");
    let load = &world.loads()[0].report;
    assert_eq!(
        load.error_texts,
        ["ERR app:10: too many requests wait for the database"]
    );
    assert_eq!(load.answered, load.sent);
}

#[test]
fn a_database_that_crashes_loses_what_it_had_not_done() {
    let mut world =
        world("log(db.put('k', 'v')) local ok, e = pcall(db.put, 'k', 'w') log(ok, e) sleep(1e6)");
    run(&mut world, SECOND / 40);
    while world.databases()[0].report.writes == 0 {
        assert!(world.step());
    }
    while world.databases()[0].working() == 0 {
        assert!(world.step());
    }
    world.act(Act::Kill(DATABASE)).unwrap();
    run(&mut world, SECOND);
    assert_eq!(
        log(&world),
        ["true", "false CONNECTION to the database lost"]
    );
    assert_eq!(world.databases()[0].report.lost, 1);
    world.act(Act::Start(DATABASE)).unwrap();
    assert_eq!(world.databases()[0].row(b"k"), Some(b"v".to_vec()));
}

#[test]
fn a_process_that_stands_still_goes_on_where_it_was() {
    let mut world = world("for i = 1, 5 do sleep(100) log(i) end record('end', now() > 0, 'x')");
    run(&mut world, SECOND / 4);
    world.act(Act::Pause(APP)).unwrap();
    run(&mut world, 10 * SECOND);
    assert_eq!(log(&world), ["1", "2"]);
    world.act(Act::Resume(APP)).unwrap();
    run(&mut world, SECOND);
    assert_eq!(log(&world).len(), 6);
    let noted = &world.history()[0];
    assert_eq!(
        (noted.name.as_str(), &noted.texts[..]),
        ("end", &["true".to_string(), "x".to_string()][..])
    );
    // Another program takes its place, under the same name.
    world.act(Act::App(setup("log('new')"))).unwrap();
    run(&mut world, SECOND);
    assert_eq!(log(&world)[6], "new");
    assert_eq!(world.apps()[0].starts, 2);
}

#[test]
fn a_copy_goes_on_as_the_world_itself_does() {
    let mut world = world(CACHE_ASIDE);
    world.act(Act::Load(requests(500, 50, 100))).unwrap();
    run(&mut world, SECOND);
    let mut copy = world.clone();
    for world in [&mut world, &mut copy] {
        run(world, 3 * SECOND);
    }
    assert_eq!(world.running_hash(), copy.running_hash());
    assert_eq!(world.state_hash(), copy.state_hash());
    copy.act(Act::Kill(APP)).unwrap();
    assert_ne!(world.state_hash(), copy.state_hash());
}

#[test]
fn names_and_numbers_are_bounded() {
    let mut world = world("sleep(1e9)");
    let taken = Setup::named("app");
    assert_eq!(world.act(Act::Add(taken)), Err(Refused::NameTaken));
    let named = |name: &str| AppSetup {
        name: name.into(),
        ..setup("sleep(1e9)")
    };
    assert_eq!(world.act(Act::App(named("n1"))), Err(Refused::NameTaken));
    for n in 1..APPS_MOST {
        world.act(Act::App(named(&format!("a{n}")))).unwrap();
    }
    assert_eq!(world.act(Act::App(named("more"))), Err(Refused::TooMany));
    for act in [
        Act::Kill(APP + 99),
        Act::Kill(DATABASE + 1),
        Act::Slow {
            database: APP,
            percent: 1,
        },
    ] {
        assert_eq!(world.act(act), Err(Refused::NoSuchMachine));
    }
    let nowhere = LoadSetup {
        to: APP + 16,
        ..requests(1, 1, 1)
    };
    assert_eq!(world.act(Act::Load(nowhere)), Err(Refused::NoSuchMachine));
}
