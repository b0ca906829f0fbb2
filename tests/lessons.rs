//! Every lesson, played by the native engine: the start fails its goals, each solution passes, each command of a solution
//! is needed unless it is marked, each named mistake fails at the goal it names. `lessons.test.mjs` plays the same in
//! WebAssembly and compares with what is written to `target/tmp/lessons.json` here.
#[path = "support/in_world.rs"]
mod in_world;
#[path = "support/one_node.rs"]
mod one_node;
#[path = "support/plain.rs"]
mod plain;

use in_world::InWorld;
use one_node::One;
use plain::plain;
use redlab::lab::grader::{Grader, Part, State};
use redlab::lab::json;
use redlab::lab::lesson::{Answers, Lesson, Line, Wrong};
use redlab::server::NodeOptions;
use redlab::sim::machine::Machine;
use serde_json::{Value, json};
use std::process::Command;

/// When every lesson starts in the tests, in ms since 1970.
const START_MS: i64 = 1_700_000_000_000;

/// An attempt at a lesson, where that plays.
enum Play {
    One(Box<One>),
    World(Box<InWorld>),
}

impl Play {
    fn start(lesson: &Value) -> Play {
        let typed = Lesson::read(plain(lesson)).expect("the schema");
        match typed.is_world() {
            true => Play::World(Box::new(InWorld::start(typed, START_MS))),
            false => Play::One(Box::new(One::start(typed, START_MS))),
        }
    }

    fn all(lesson: &Value, lines: &[&str]) -> Play {
        let mut play = Play::start(lesson);
        lines.iter().for_each(|line| play.run(line));
        play
    }

    fn run(&mut self, line: &str) {
        match self {
            Play::One(play) => play.run(line),
            Play::World(play) => play.run(line),
        }
    }

    fn state(&self) -> &State {
        match self {
            Play::One(play) => play.grader.state(),
            Play::World(play) => play.state(),
        }
    }

    fn replies(&self) -> &[u8] {
        match self {
            Play::One(play) => &play.replies,
            Play::World(play) => &play.replies,
        }
    }

    fn passed(&self) -> bool {
        self.state().completed_ms.is_some()
    }

    fn first_open(&self) -> Option<&str> {
        let open = self.state().goals.iter().find(|g| !g.met);
        open.map(|g| g.id.as_str())
    }

    /// What WebAssembly must come to as well.
    fn record(self, lesson: &str, name: String, lines: &[&str]) -> Value {
        let mut record = json!({
            "lesson": lesson,
            "name": name,
            "lines": lines,
            "state": serde_json::from_str::<Value>(&json::text_of(self.state())).expect("JSON"),
            "replies": String::from_utf8_lossy(self.replies()),
        });
        match self {
            Play::One(mut play) => {
                let log = play.machine.node.take_log();
                record["log"] = String::from_utf8_lossy(&log).into();
            }
            // As text: a double does not hold it.
            Play::World(play) => {
                record["hash"] = play.timeline.world().state_hash().to_string().into()
            }
        }
        record
    }
}

/// All lessons as the build compiles them.
fn lessons() -> Vec<Value> {
    let out = Command::new("node").arg("scripts/lessons.mjs").output();
    let out = out.expect("Node.js compiles the lessons");
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "\n{errors}");
    serde_json::from_slice(&out.stdout).expect("JSON")
}

/// The answers that a lesson comes with.
fn answers(lesson: &Value) -> Answers {
    let id = &lesson["id"];
    let answers = Answers::read(plain(lesson)).unwrap_or_else(|e| panic!("{id}: {e}"));
    assert!(!answers.solutions.is_empty(), "{id}: no solution");
    answers
}

/// The commands of a solution, each with whether it is needed.
fn lines(solution: &[Line]) -> Vec<(&str, bool)> {
    solution.iter().map(|l| (&l.run[..], !l.optional)).collect()
}

#[test]
fn every_lesson_keeps_its_word() {
    let mut records = Vec::new();
    for lesson in &lessons() {
        let Answers { solutions, wrong } = answers(lesson);
        let id = lesson["id"].as_str().expect("a text");
        let start = Play::start(lesson);
        for goal in &start.state().goals {
            assert!(!goal.met, "{id}: the start reaches '{}' already", goal.id);
            assert!(!goal.why.is_empty(), "{id}: '{}' says no reason", goal.id);
        }
        records.push(start.record(id, "start".into(), &[]));
        for (number, solution) in solutions.iter().enumerate() {
            records.push(check_solution(lesson, id, number, solution));
        }
        for wrong in &wrong {
            records.push(check_wrong(lesson, id, &solutions[0], wrong));
        }
    }
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/lessons.json");
    let text = serde_json::to_string_pretty(&records).expect("JSON");
    std::fs::write(file, text).expect("target/tmp");
}

fn check_solution(lesson: &Value, id: &str, number: usize, solution: &[Line]) -> Value {
    let name = format!("solution {}", number + 1);
    let lines = lines(solution);
    let commands: Vec<&str> = lines.iter().map(|l| l.0).collect();
    let play = Play::all(lesson, &commands);
    assert!(
        play.passed(),
        "{id}: {name} does not pass: {:?}",
        play.state()
    );
    for (left_out, (line, needed)) in lines.iter().enumerate() {
        let mut fewer = commands.clone();
        fewer.remove(left_out);
        let play = Play::all(lesson, &fewer);
        assert_eq!(play.passed(), !needed, "{id}: {name} without '{line}'");
    }
    play.record(id, name, &commands)
}

fn check_wrong(lesson: &Value, id: &str, solution: &[Line], wrong: &Wrong) -> Value {
    let name = &wrong.name;
    let mut commands: Vec<&str> = wrong.run.iter().map(String::as_str).collect();
    // A mistake may stand in place of one command of the first solution: then it is the only one.
    if let Some(replaced) = &wrong.replaces {
        let solution: Vec<&str> = lines(solution).iter().map(|l| l.0).collect();
        let at = solution.iter().position(|l| l == replaced);
        let at = at.unwrap_or_else(|| panic!("{id}: no '{replaced}' in the first solution"));
        commands = [&solution[..at], &commands, &solution[at + 1..]].concat();
    }
    let play = Play::all(lesson, &commands);
    assert!(!play.passed(), "{id}: '{name}' passes");
    match wrong.fails.as_str() {
        "forbid" => assert!(play.state().forbidden.is_some(), "{id}: '{name}'"),
        goal if wrong.replaces.is_some() => {
            assert_eq!(
                play.first_open(),
                Some(goal),
                "{id}: '{name}' fails elsewhere"
            )
        }
        goal => {
            let open = play.state().goals.iter().find(|g| g.id == goal);
            let open = open.unwrap_or_else(|| panic!("{id}: '{name}': no goal '{goal}'"));
            assert!(!open.met, "{id}: '{name}' reaches '{goal}'");
        }
    }
    play.record(id, format!("wrong: {name}"), &commands)
}

/// What becomes of a good lesson with one field put in or replaced.
fn with(field: &str, value: Value) -> Result<(), String> {
    let mut lesson = json!({
        "id": "x", "schema": 1, "seed": 1, "topology": {"n1": "primary"},
        "goals": [{"id": "a", "key": {"name": "k"}}], "solutions": [["SET k 1"]],
    });
    lesson[field] = value;
    let typed = Lesson::read(plain(&lesson))?;
    let mut machine = Machine::boot(NodeOptions::default(), None);
    Grader::start(typed, &mut machine).map(|_| ())
}

fn refused(field: &str, value: Value, text: &str) {
    let error = with(field, value).expect_err(text);
    assert!(error.contains(text), "{error} (expected: {text})");
}

#[test]
fn a_lesson_may_say_only_what_the_schema_knows() {
    assert_eq!(with("seed", json!(2)), Ok(()));
    refused("sneed", json!(1), "unknown field 'sneed'");
    refused("schema", json!(2), "schema 2");
    let two = json!({"n1": "primary", "n2": "primary"});
    refused("topology", two, "one node");
    let chief = json!({"n1": "chief"});
    refused("topology", chief, "topology.n1: expected one of primary");
    let elsewhere = json!([{"on": "n2", "run": "PING"}]);
    refused("setup", elsewhere, "no node 'n2'");
    let unknown = json!([{"on": "n1", "run": "PINK"}]);
    refused("setup", unknown, "unknown command");
    let after = json!([{"on": "n1", "after": {"cmd": "PINK"}, "run": ["PING"]}]);
    refused("meanwhile", after, "no command 'PINK'");
    refused("forbid", json!(["NOPE"]), "no command 'NOPE'");
    refused("seed", json!(null), "seed: missing");
    refused("goals", json!([]), "a lesson has goals");
    let hints = json!(["nudge", 7]);
    refused("hints", hints, "hints[1]: expected a text");
}

#[test]
fn a_goal_may_say_only_what_the_schema_knows() {
    let wrong = |goal: Value, text: &str| refused("goals", json!([goal]), text);
    wrong(
        json!({"id": "a", "all": [{"key": {"name": "k", "ttl_ms": {"max": 0.5}}}]}),
        "goals[0].all[0].key.ttl_ms.max: expected a whole number",
    );
    wrong(
        json!({"id": "a", "not": {"id": "b", "key": {"name": "k"}}}),
        "goals[0].not: unknown field 'id'",
    );
    wrong(
        json!({"id": "a", "probe": {"run": "GET k", "like": 1}}),
        "goals[0].probe: unknown field 'like'",
    );
    let eval = json!({"id": "a", "eval": "1"});
    wrong(eval, "goals[0]: unknown field 'eval'");
    let write = json!({"id": "a", "probe": {"run": "SET k 1"}});
    wrong(write, "does more than read");
    let short = json!({"id": "a", "probe": {"run": "GET"}});
    wrong(short, "wrong number");
    let far = json!({"id": "a", "key": {"name": "k", "db": 99}});
    wrong(far, "no database 99");
    let any = json!({"id": "a", "log": {"min": 1}});
    wrong(any, "one of cmd, answers, order");
    wrong(json!({"id": "a"}), "one of probe, key");
    wrong(json!({"id": "a", "all": []}), "empty list");
}

#[test]
fn every_character_survives_as_json() {
    let all: String = ('\0'..'\u{3000}').chain(['😀']).collect();
    let read: String = serde_json::from_str(&json::text_of(&all)).expect("JSON");
    assert_eq!(read, all);
}

#[test]
fn a_lesson_is_the_same_with_its_answers_and_without() {
    for mut lesson in lessons() {
        let with = format!("{:?}", Lesson::read(plain(&lesson)));
        let fields = lesson.as_object_mut().expect("fields");
        assert!(fields.remove("solutions").is_some());
        fields.remove("wrong");
        assert_eq!(format!("{:?}", Lesson::read(plain(&lesson))), with);
        assert!(with.starts_with("Ok("), "{with}");
        let error = Answers::read(plain(&lesson)).expect_err("without answers");
        assert_eq!(error, "solutions: missing");
    }
}

/// A lesson with one goal, the commands, and how it then stands.
fn judge(goal: Value, commands: &[&str]) -> (bool, String) {
    let mut goal = goal;
    goal["id"] = json!("g");
    let lesson = json!({
        "id": "x", "schema": 1, "seed": 1, "topology": {"n1": "primary"},
        "goals": [goal], "solutions": [["PING"]], "forbid": ["FLUSHALL", "CONFIG SET"], "hints": ["nudge", "solution"],
    });
    let play = Play::all(&lesson, commands);
    let goal = &play.state().goals[0];
    let words = goal.why.iter().map(|part| match part {
        Part::Text(words) => words.clone(),
        Part::Code(words) => format!("`{words}`"),
    });
    (goal.met, words.collect())
}

/// A goal, the commands that ran, whether it is then met, and why.
const REASONS: &str = r#"
{"probe": {"run": "GET k", "equals": 5}} | | open | `GET k` answers nil; expected 5
{"probe": {"run": "GET k", "equals": 5}} | SET k 5 | met | `GET k` answers 5
{"probe": {"run": "GET k", "type": "nil"}} | SET k 5 | open | `GET k` answers 5; expected nil
{"probe": {"run": "GET k", "min": 3, "max": 4}} | SET k 5 | open | `GET k` answers 5; expected 3 to 4
{"probe": {"run": "GET k", "matches": "a*"}} | SET k abc | met | `GET k` answers abc
{"probe": {"run": "GET k", "contains": ["bc"]}} | SET k abc | met | `GET k` answers abc
{"probe": {"run": "ZRANGE z 0 -1", "contains": ["b"]}} | ZADD z 1 a | open | `ZRANGE z 0 -1` answers a; expected b in it
{"key": {"name": "k"}} | | open | `k` is not there
{"key": {"name": "k", "exists": false}} | SET k 1 | open | `k` is there; expected none
{"key": {"name": "k", "type": "zset"}} | SET k 1 | open | `k` is a string; expected a zset
{"key": {"name": "k", "encoding": "raw"}} | SET k 1 | open | `k` is kept as int; expected raw
{"key": {"name": "k", "ttl_ms": {"max": 9000}}} | SET k 1 | open | `k` does not expire
{"key": {"name": "k", "ttl_ms": {"max": 9000}}} | SET k 1 EX 9 | met | `k` expires in time
{"key": {"name": "k", "ttl_ms": {"max": 9000}}} | SET k 1 EX 20 | open | `k` expires in 20 s; expected at most 9 s
{"log": {"cmd": "INCR", "min": 2}} | INCR k | open | `INCR`: 1 of 2
{"log": {"cmd": "INCR"}} | SET k x, INCR k | open | no `INCR` so far
{"log": {"cmd": "INCR", "args": ["k"]}} | INCR x, INCR k | met | `INCR k`, once
{"log": {"cmd": "GET", "max": 0}} | GET k | open | `GET` ran once; it should not have. Reset to try again
{"log": {"answers": 3}} | | open | nobody has asked yet
{"log": {"answers": 3}} | SET k 1, GET k | open | `GET k` answered 1; this is not it yet
{"log": {"answers": 3}} | SET k 3, GET k | met | `GET k` answered 3
{"log": {"order": [{"cmd": "SET"}, {"cmd": "GET"}]}} | GET k, SET k 1 | open | `SET` ran; `GET` has to follow
{"log": {"order": [{"cmd": "SET"}, {"cmd": "GET"}]}} | SET k 1, PING, GET k | met | in this order
{"not": {"key": {"name": "k"}}} | SET k 1 | open | `k` is a string, kept as int; this should not be so
{"any": [{"key": {"name": "a"}}, {"key": {"name": "b"}}]} | SET b 1 | met | `b` is a string, kept as int
{"all": [{"key": {"name": "a"}}, {"key": {"name": "b"}}]} | SET a 1 | open | `b` is not there
"#;

#[test]
fn reasons_say_what_was_found_and_what_is_missing() {
    for row in REASONS.trim().lines() {
        let columns: Vec<&str> = row.split(" |").map(str::trim).collect();
        let [goal, commands, met, words] = columns[..] else {
            panic!("four columns: {row}");
        };
        let goal = serde_json::from_str(goal).expect("JSON");
        let commands: Vec<&str> = commands.split(", ").filter(|c| !c.is_empty()).collect();
        assert_eq!(
            judge(goal, &commands),
            (met == "met", words.to_string()),
            "{row}"
        );
    }
}

#[test]
fn another_client_comes_right_behind_and_counts_for_nothing() {
    let lesson = json!({
        "id": "x", "schema": 1, "seed": 1, "topology": {"n1": "primary"},
        "meanwhile": [{"on": "n1", "after": {"cmd": "GET", "args": ["k"]}, "times": 2, "run": ["INCR k"]}],
        "goals": [{"id": "g", "log": {"cmd": "INCR"}}, {"id": "h", "log": {"cmd": "EXEC", "type": "nil"}}],
        "solutions": [["INCR k"]],
    });
    let mut play = Play::start(&lesson);
    for line in ["GET k", "GET k", "GET k", "GET other"] {
        play.run(line);
    }
    assert_eq!(play.replies(), b"$-1\r\n$1\r\n1\r\n$1\r\n2\r\n$-1\r\n");
    assert_eq!(play.state().met, 0);
    let mut play = Play::start(&lesson);
    for line in ["WATCH k", "GET k", "MULTI", "INCR k", "EXEC", "INCR k"] {
        play.run(line);
    }
    assert_eq!(play.state().met, 2, "{:?}", play.state());
}

#[test]
fn hints_cost_once_and_forbidden_commands_end_the_attempt() {
    let lesson = json!({
        "id": "x", "schema": 1, "seed": 1, "topology": {"n1": "primary"},
        "goals": [{"id": "g", "key": {"name": "k"}}], "solutions": [["SET k 1"]],
        "forbid": ["CONFIG SET"], "hints": ["nudge", "solution"],
    });
    use redlab::lab::lesson::Step;
    let Play::One(mut play) = Play::start(&lesson) else {
        panic!("it has one node");
    };
    assert!(play.grader.take_hint("g", Step::Nudge) && play.grader.take_hint("g", Step::Nudge));
    assert!(!play.grader.take_hint("g", Step::Concept) && !play.grader.take_hint("h", Step::Nudge));
    let mut play = Play::One(play);
    assert_eq!((play.state().score, play.state().hints.len()), (99, 1));
    play.run("CONFIG GET hz");
    assert!(play.state().forbidden.is_none());
    play.run("CONFIG SET hz 20");
    play.run("SET k 1");
    let forbidden = play.state().forbidden.as_ref().map(|f| f.command.as_str());
    assert_eq!((forbidden, play.passed()), (Some("CONFIG SET"), false));
}
