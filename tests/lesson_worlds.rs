//! Lessons in a world of several nodes: what their predicates say, what the lesson itself does, and that all of it is a part of
//! the world's moment.
#[path = "support/in_world.rs"]
mod in_world;
#[path = "support/plain.rs"]
mod plain;

use in_world::InWorld;
use plain::plain;
use redlab::lab::grader::{Attempt, Part};
use redlab::lab::json;
use redlab::lab::lesson::Lesson;
use redlab::sim::timeline::Timeline;
use serde_json::{Value, json};

/// When every lesson starts in the tests, in ms since 1970.
const START_MS: i64 = 1_700_000_000_000;

/// A primary with two replicas, 20 ms away, and whatever else is given.
fn lesson(goals: Value, more: Value) -> Value {
    let replica = json!({"replica_of": "n1", "delay_ms": 20, "config": ["repl-diskless-sync-delay 0", "repl-timeout 5", "repl-ping-replica-period 1"]});
    let mut lesson = json!({
        "id": "x", "schema": 1, "seed": 1,
        "topology": {"n1": {"disk": ["appendonly yes", "repl-diskless-sync-delay 0", "repl-ping-replica-period 1"]}, "n2": replica, "n3": replica},
        "goals": goals, "hints": ["nudge"],
    });
    for (field, value) in more.as_object().expect("fields") {
        lesson[field] = value.clone();
    }
    lesson
}

fn start(goals: Value, more: Value) -> InWorld {
    let typed = Lesson::read(plain(&lesson(goals, more))).expect("the schema");
    InWorld::start(typed, START_MS)
}

fn run(play: &mut InWorld, lines: &[&str]) {
    lines.iter().for_each(|line| play.run(line));
}

/// How a goal stands, and why in words.
fn goal(play: &InWorld, at: usize) -> (bool, String) {
    let goal = &play.state().goals[at];
    let words = goal.why.iter().map(|part| match part {
        Part::Text(words) => words.clone(),
        Part::Code(words) => format!("`{words}`"),
    });
    (goal.met, words.collect())
}

/// A goal, the lines, whether it is then met, and why.
const REASONS: &str = r#"
{"probe": {"on": "n2", "run": "GET k", "equals": 5}} | n1> SET k 5 | met | `GET k` answers 5
{"key": {"on": "n3", "name": "k"}} | :isolate n3, n1> SET k 5 | open | `k` is not there
{"key": {"on": "n2", "name": "k"}} | :kill n2 | open | n2 does not run
{"file": {"on": "n1", "name": "appendonlydir/*.incr.aof", "contains": "hello"}} | n1> SET k hello, :kill n1 | met | `appendonlydir/appendonly.aof.1.incr.aof` is as it should be
{"log": {"on": "n2", "cmd": "GET"}} | n1> GET k | open | no `GET` so far
{"log": {"on": "n2", "cmd": "GET"}} | n2> GET k | met | `GET`, once
{"log": {"on": "n2", "cmd": "SET", "error": "READONLY*"}} | n2> SET k 1 | met | `SET k 1` answered READONLY You can't write against a read only replica.
{"log": {"cmd": "SET", "error": "NOREPLICAS*"}} | n2> SET k 1, n1> SET k 1 | open | no `SET` so far
{"log": {"cmd": "SET", "type": "error"}} | n1> SET k | met | `SET k` answered ERR wrong number of arguments for 'set' command
{"log": {"cmd": "WAIT", "answers": 0}} | :isolate n1, n1> SET k 1, n1> WAIT 1 100 | met | `WAIT 1 100` answered 0
{"log": {"cmd": "INCR", "min": 2}} | n1> MULTI, n1> INCR k, n1> INCR k, n1> DISCARD | open | `INCR`: 0 of 2
{"log": {"cmd": "INCR", "min": 2}} | n1> MULTI, n1> INCR k, n1> INCR k, n1> EXEC | met | `INCR`, 2 times
{"log": {"cmd": "INCR"}} | n1> SUBSCRIBE c, n1> PING, n1> INCR k | open | no `INCR` so far
{"log": {"cmd": ":kill", "args": ["n2"]}} | :kill n2 | met | `:kill n2`, once
{"log": {"order": [{"cmd": ":cut"}, {"on": "n2", "cmd": "GET", "answers": 1}]}} | n2> GET k, :cut n1 n2, n1> GET k | open | `:cut` ran; `n2> GET` has to follow
{"repl": {"node": "n2", "role": "replica", "of": "n1", "up": true, "lag_bytes": 0}} | n1> SET k 5 | met | `n2` is a replica of n1, 0 bytes behind
{"repl": {"node": "n2", "role": "primary"}} | | open | `n2` is a replica of n1
{"repl": {"node": "n2", "role": "primary"}} | n2> REPLICAOF NO ONE | met | `n2` is a primary with 0 replicas
{"repl": {"node": "n1", "role": "replica"}} | | open | `n1` is a primary
{"repl": {"node": "n2", "of": "n3"}} | | open | `n2` follows n1; expected n3
{"repl": {"node": "n3", "of": "n2", "up": true}} | n3> REPLICAOF n2 6379, :wait 5 | met | `n3` is a replica of n2
{"repl": {"node": "n2", "up": false}} | | open | `n2` still has a link to its primary
{"repl": {"node": "n2", "up": true}} | :cut n1 n2, :wait 20 | open | `n2` has no link to its primary (connecting)
{"repl": {"node": "n2", "lag_bytes": 0}} | :cut n1 n2, n1> SET k 5 | open | `n2` is 78 bytes behind; expected at most 0 bytes
{"repl": {"node": "n2", "lag_bytes": {"min": 20}}} | :cut n1 n2, n1> SET k 5 | met | `n2` is a replica of n1, 78 bytes behind
{"repl": {"node": "n1", "lag_bytes": 0}} | | open | `n1` has no primary to be behind of, or other data than that one; expected at most 0 bytes
{"repl": {"node": "n2", "lag_ms": 2000}} | :cut n1 n2, :wait 4 | open | `n2` was last heard of by its primary 5 s ago; expected at most 2000 ms
{"repl": {"node": "n2", "lag_ms": 2000}} | | met | `n2` is a replica of n1, heard of 0 s ago
{"repl": {"node": "n1", "replicas": {"min": 2}, "full_syncs": {"min": 2, "max": 2}}} | | met | `n1` is a primary with 2 replicas
{"repl": {"node": "n1", "replicas": {"min": 3}}} | | open | `n1` has 2 replicas that are ready; expected at least 3
{"repl": {"node": "n1", "partial_syncs": {"min": 1}}} | | open | `n1` has 0 partial synchronizations; expected at least 1
{"repl": {"node": "n2"}} | :crash n2 | open | `n2` does not run
{"history": {"of": "shop", "acknowledged": {"min": 10}}} | | open | `shop` has not come yet
{"not": {"repl": {"node": "n2", "role": "replica"}}} | | open | `n2` is a replica of n1; this should not be so
"#;

#[test]
fn reasons_say_what_was_found_and_what_is_missing() {
    for row in REASONS.trim().lines() {
        let columns: Vec<&str> = row.split(" |").map(str::trim).collect();
        let [predicate, lines, met, words] = columns[..] else {
            panic!("four columns: {row}");
        };
        let mut wanted: Value = serde_json::from_str(predicate).expect("JSON");
        wanted["id"] = json!("g");
        let mut play = start(json!([wanted]), json!({}));
        let lines: Vec<&str> = lines.split(", ").filter(|l| !l.is_empty()).collect();
        run(&mut play, &lines);
        assert_eq!(goal(&play, 0), (met == "met", words.to_string()), "{row}");
    }
}

/// Clients that write to n1 from the start.
fn shop() -> Value {
    json!([{"at_ms": 0, "do": [{"act": "load", "name": "shop", "to": "n1", "clients": 2, "rate_per_s": 50, "keys": 20}]}])
}

#[test]
fn what_clients_lost_is_counted() {
    let goals = json!([
        {"id": "writes", "history": {"of": "shop", "acknowledged": {"min": 100}, "errors": {"max": 0}, "mean_ms": {"max": 10}}},
        {"id": "kept", "history": {"of": "shop", "lost": {"max": 0}}},
        {"id": "there", "history": {"of": "shop", "lost": {"max": 0}, "on": "n2"}},
        {"id": "answered", "history": {"of": "shop", "unanswered": {"max": 0}, "longest_ms": {"min": 1}}},
    ]);
    let mut play = start(goals, json!({ "acts": shop() }));
    run(&mut play, &[":wait 5"]);
    assert!(goal(&play, 0).0, "{:?}", goal(&play, 0));
    assert_eq!(
        goal(&play, 1),
        (true, "`shop`: 0 acknowledged writes that are lost".into())
    );
    run(&mut play, &[":isolate n1", ":wait 3", ":heal", ":kill n1"]);
    run(&mut play, &["n2> REPLICAOF NO ONE"]);
    // Whoever was cut off from n1 could not write there either; what was under way when n1 died was not answered.
    let (met, why) = goal(&play, 3);
    assert!(!met && why.contains("nobody will answer"), "{why}");
    let mut play = start(
        json!([{"id": "g", "history": {"of": "shop", "lost": {"min": 1}, "on": "n2"}}]),
        json!({ "acts": shop() }),
    );
    run(
        &mut play,
        &[":cut n1 n2", ":wait 2", ":kill n1", "n2> REPLICAOF NO ONE"],
    );
    assert!(goal(&play, 0).0, "{:?}", goal(&play, 0));
}

#[test]
fn never_is_broken_for_good_until_somebody_goes_back() {
    let goals = json!([
        {"id": "k", "key": {"name": "k"}},
        {"id": "safe", "never": {"key": {"name": "bad"}}},
        {"id": "then", "never": {"key": {"on": "n2", "name": "k", "exists": false}, "from": "k"}},
    ]);
    let mut play = start(goals, json!({}));
    assert_eq!(
        goal(&play, 1),
        (
            false,
            "`bad` is not there; so far it has been as it should".into()
        )
    );
    assert_eq!(goal(&play, 2).1, "this counts once `k` is reached");
    let before = play.timeline.world().now_us();
    // A moment has the acts that are done in it: these are done later.
    play.timeline.run_until(before + 1, u64::MAX / 2);
    run(&mut play, &["n1> SET bad 1", "n1> DEL bad"]);
    let broken = play.state().broken.as_ref().expect("it was there");
    assert_eq!((broken.goal.as_str(), broken.why.len()), ("safe", 2));
    assert_eq!(
        goal(&play, 1),
        (false, "after 0.0 s: `bad` is a string, kept as int".into())
    );
    run(&mut play, &["n1> SET k 1"]);
    // With one of them broken, all the others are not enough.
    assert_eq!((play.state().met, play.state().completed_ms), (2, None));
    play.timeline.seek_us(before);
    assert!(play.state().broken.is_none(), "it has not happened yet");
    run(&mut play, &[":wait 1"]);
    assert!(play.state().broken.is_some(), "the same comes again");
    play.timeline.seek_us(before);
    run(&mut play, &["n1> PING", "n1> WAIT 2 100"]);
    assert!(play.state().broken.is_none(), "another future");
}

#[test]
fn never_is_met_with_the_last_of_the_others() {
    let goals = json!([
        {"id": "safe", "never": {"key": {"name": "bad"}}},
        {"id": "k", "key": {"name": "k"}},
        {"id": "short", "never": {"key": {"name": "worse"}, "from": "k", "for_ms": 3000}},
    ]);
    let mut play = start(goals, json!({}));
    run(&mut play, &["n1> SET k 1", ":wait 1"]);
    assert_eq!(play.state().met, 1);
    assert_eq!(
        goal(&play, 2),
        (false, "`worse` is not there; for 1 of 3 s".into())
    );
    run(&mut play, &[":wait 3", "n1> SET worse 1"]);
    assert!(play.state().completed_ms.is_some(), "{:?}", play.state());
    assert_eq!(
        goal(&play, 0),
        (
            true,
            "`bad` is not there; so far it has been as it should".into()
        )
    );
}

#[test]
fn always_needs_a_time_or_a_goal() {
    let goals = json!([
        {"id": "calm", "always": {"repl": {"node": "n2", "lag_bytes": 100, "up": true}, "for_ms": 5000}},
        {"id": "up", "always": {"repl": {"node": "n3", "up": true}, "until": "k"}},
        {"id": "k", "key": {"name": "k"}},
    ]);
    let more = json!({ "acts": [{"at_ms": 0, "do": [{"act": "kill", "host": "n2"}]}] });
    let mut play = start(goals.clone(), more);
    run(&mut play, &[":wait 8"]);
    assert_eq!(goal(&play, 0), (false, "`n2` does not run".into()));
    run(&mut play, &[":start n2", ":wait 3"]);
    let (met, why) = goal(&play, 0);
    assert!(!met && why.ends_with("of 5 s"), "{why}");
    run(&mut play, &[":wait 4", ":kill n2"]);
    assert!(goal(&play, 0).0, "what has held for so long, has");
    assert!(!goal(&play, 1).0);
    run(&mut play, &["n1> SET k 1", ":kill n3"]);
    assert!(play.state().completed_ms.is_some(), "{:?}", play.state());
    let mut play = start(goals, json!({}));
    run(
        &mut play,
        &[":kill n3", ":start n3", ":wait 2", "n1> SET k 1"],
    );
    let (met, why) = goal(&play, 1);
    assert!(!met && why.ends_with("`n3` does not run"), "{why}");
}

#[test]
fn a_lesson_acts_at_its_time_and_behind_the_learner() {
    let goals = json!([{"id": "k", "key": {"name": "k"}}, {"id": "m", "key": {"name": "m"}}]);
    let more = json!({
        "acts": [
            {"at_ms": 1500, "do": [{"act": "pause", "host": "n3"}]},
            {"after_goal": "k", "wait_ms": 500, "do": [{"act": "resume", "host": "n3"}]},
            {"after": {"on": "n2", "cmd": "PING"}, "do": [{"act": "kill", "host": "n2"}]},
        ],
        "meanwhile": [{"on": "n1", "after": {"cmd": "GET"}, "run": ["INCR m", ":isolate n2"]}],
    });
    let mut play = start(goals, more);
    let begin = play.timeline.world().now_us();
    let laid = |play: &InWorld| {
        let attempt = play.timeline.witness::<Attempt>().expect("a lesson");
        let told = attempt.laid().iter();
        told.map(|l| ((l.at_us - begin) / 1000, format!("{:?}", l.act)))
            .collect::<Vec<_>>()
    };
    run(&mut play, &["n1> PING", "n1> SET k 1", "n2> PING"]);
    let first = laid(&play);
    let acts: Vec<&str> = first.iter().map(|(_, act)| act.as_str()).collect();
    assert_eq!(acts, ["Pause(2)", "Resume(2)", "Kill(1)"]);
    assert_eq!((first[0].0, first[1].0), (1500, 1510));
    run(&mut play, &["n1> GET k", "n1> GET k"]);
    assert_eq!(goal(&play, 1).1, "`m` is a string, kept as int");
    assert_eq!(laid(&play).len(), 4);
    let end = play.timeline.world().now_us();
    // Before the third of its acts; what lies ahead is the same as before, as long as nobody does anything else.
    play.timeline.seek_us(begin + 1_800_000);
    assert_eq!(laid(&play), first[..2]);
    play.timeline.seek_us(end);
    assert_eq!(laid(&play).len(), 4);
    play.timeline.seek_us(begin + 500_000);
    assert_eq!((laid(&play).len(), play.state().met), (0, 0));
    run(&mut play, &["n3> PING", ":wait 3"]);
    let acts = laid(&play);
    assert_eq!(
        acts.len(),
        1,
        "no goal was reached in this future: {acts:?}"
    );
}

/// All that is known of an attempt.
fn all_of(timeline: &Timeline) -> (String, u64) {
    let attempt = timeline.witness::<Attempt>().expect("a lesson");
    (
        json::text_of(attempt.state()),
        timeline.world().state_hash(),
    )
}

#[test]
fn going_back_and_slices_change_nothing() {
    let goals = json!([
        {"id": "a", "history": {"of": "shop", "lost": {"min": 1}}},
        {"id": "b", "log": {"order": [{"on": "n1", "cmd": "SET"}, {"cmd": ":kill"}, {"on": "n2", "cmd": "GET"}]}},
        {"id": "c", "always": {"repl": {"node": "n3", "lag_bytes": {"max": 200}}, "for_ms": 2500}},
        {"id": "d", "never": {"repl": {"node": "n3", "up": false}, "from": "b"}},
    ]);
    let mut play = start(goals, json!({ "acts": shop() }));
    // What happens in the first moment has happened.
    let start_us = play.timeline.world().now_us();
    play.timeline.run_until(start_us, u64::MAX / 2);
    let mut seen = vec![(play.timeline.world().now_us(), all_of(&play.timeline))];
    for line in [
        "n1> SET k 1",
        ":cut n1 n2",
        "n1> INCR k",
        ":kill n1",
        "n2> REPLICAOF NO ONE",
        "n2> GET k",
        ":start n1",
        ":heal",
        ":wait 7",
        "n3> REPLICAOF NO ONE",
    ] {
        // A moment has the acts that are done in it: the next ones are done later.
        let later_us = play.timeline.world().now_us() + 1;
        play.timeline.run_until(later_us, u64::MAX / 2);
        play.run(line);
        seen.push((play.timeline.world().now_us(), all_of(&play.timeline)));
    }
    let mut timeline = play.timeline;
    for at in [3, 0, 7, 2, 10, 5, 1, 9] {
        let (at_us, expected) = &seen[at];
        timeline.seek_us(*at_us);
        assert_eq!(&all_of(&timeline), expected, "after line {at}");
    }
    // By slices of events and of time, as a host has them.
    timeline.seek_us(0);
    for (number, (at_us, expected)) in seen.iter().enumerate() {
        let mut most = 1;
        while timeline.world().now_us() < *at_us {
            let until_us = (timeline.world().now_us() + 3331).min(*at_us);
            timeline.run_until(until_us, most);
            most = most % 7 + 1;
        }
        while timeline.run_until(*at_us, 5) > 0 {}
        assert_eq!(
            &all_of(&timeline),
            expected,
            "after line {number}, by slices"
        );
    }
}

/// A lesson with this field cannot be begun, and is told why.
fn refused(field: &str, value: Value, text: &str) {
    let mut more = json!({});
    more[field] = value;
    let goals = json!([{"id": "a", "key": {"name": "k"}}]);
    let read = Lesson::read(plain(&lesson(goals, more)));
    let error = read.and_then(|lesson| Attempt::start(lesson, START_MS * 1000));
    let error = error.map(|_| ()).expect_err(text);
    assert!(error.contains(text), "{error} (expected: {text})");
}

#[test]
fn a_world_may_say_only_what_the_schema_knows() {
    let node = |value: Value| json!({"n1": "primary", "n2": value});
    refused("topology", json!({}), "a lesson has nodes");
    refused(
        "topology",
        node(json!({"replica_of": "n9"})),
        "n2 cannot be a replica of 'n9'",
    );
    refused(
        "topology",
        node(json!({"replica_of": "n2"})),
        "n2 cannot be a replica of 'n2'",
    );
    refused(
        "topology",
        node(json!({"delay_ms": -1})),
        "n2.delay_ms: expected milliseconds",
    );
    refused(
        "topology",
        json!({"n1": "primary", "here": "primary"}),
        "cannot be called 'here'",
    );
    refused(
        "links",
        json!([{"between": ["n1"]}]),
        "links[0]: between: expected two places",
    );
    refused(
        "links",
        json!([{"between": ["n1", "n9"]}]),
        "links: no node 'n9'",
    );
    refused(
        "links",
        json!([{"between": ["n1", "n2"], "loss_percent": 101}]),
        "expected 0 to 100",
    );
    refused(
        "acts",
        json!([{"do": []}]),
        "one of at_ms, after_goal, after must be given",
    );
    refused(
        "acts",
        json!([{"at_ms": 1, "do": [{"act": "melt"}]}]),
        "expected one of add",
    );
    refused(
        "acts",
        json!([{"at_ms": 1, "do": [{"act": "kill", "host": "n9"}]}]),
        "no machine is called 'n9'",
    );
    refused(
        "acts",
        json!([{"after_goal": "z", "do": []}]),
        "acts: no goal 'z'",
    );
    refused("setup", json!([{"on": "n2", "run": "SET k 1"}]), "READONLY");
    refused(
        "meanwhile",
        json!([{"on": "n1", "after": {"cmd": "GET"}, "run": [":melt n1"]}]),
        ":kill NODE",
    );
}

#[test]
fn a_goal_in_a_world_may_say_only_what_the_schema_knows() {
    let wrong = |goal: Value, text: &str| refused("goals", json!([goal]), text);
    wrong(
        json!({"id": "a", "repl": {"role": "primary"}}),
        "repl.node: missing",
    );
    wrong(json!({"id": "a", "repl": {"node": "n9"}}), "no node 'n9'");
    wrong(
        json!({"id": "a", "repl": {"node": "n1", "role": "chief"}}),
        "expected one of primary, replica",
    );
    wrong(
        json!({"id": "a", "history": {"of": "shop", "on": "n9"}}),
        "no node 'n9'",
    );
    wrong(
        json!({"id": "a", "file": {"on": "n2", "name": "x"}}),
        "the node has no disk",
    );
    wrong(
        json!({"id": "a", "always": {"key": {"name": "k"}}}),
        "one of until, for_ms must be given",
    );
    wrong(
        json!({"id": "a", "never": {"key": {"name": "k"}, "from": "z"}}),
        "no goal 'z'",
    );
    let both = json!({"key": {"name": "k"}, "until": "a", "for_ms": 1});
    wrong(
        json!({"id": "a", "never": both}),
        "one of until, for_ms may be given",
    );
    wrong(
        json!({"id": "a", "never": {"from": "a"}}),
        "goals[0].never: one of probe",
    );
}
