//! Scripts that do not end or want too much, on a node: others are served, the script can be ended, the node goes on.
#[path = "support/snippets.rs"]
mod snippets;

use redlab::command::LogLevel;
use redlab::server::{Effect, Input, Node, NodeOptions};
use snippets::{Snippet, snippets};

const SLICE: i64 = 100_000;
const SECOND_US: i64 = 1_000_000;

struct Bench {
    node: Node,
    now_us: i64,
}

impl Bench {
    fn new() -> Bench {
        let mut node = Node::new(NodeOptions {
            script_memory: 32 << 20,
            ..NodeOptions::default()
        });
        node.keep_log();
        Bench { node, now_us: 0 }
    }

    fn connect(&mut self) -> u64 {
        self.node.connect("127.0.0.1:1")
    }

    fn send(&mut self, id: u64, words: &[&str]) {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request += &format!("${}\r\n{word}\r\n", word.len());
        }
        self.node
            .handle(Input::Data(id, request.as_bytes()), self.now_us);
    }

    fn output(&mut self, id: u64) -> String {
        let out = self.node.output(id).map(std::mem::take).unwrap_or_default();
        String::from_utf8_lossy(&out).into_owned()
    }

    fn ask(&mut self, id: u64, words: &[&str]) -> String {
        self.send(id, words);
        self.output(id)
    }

    /// Lets `seconds` pass, with some slices for what runs.
    fn pass(&mut self, seconds: i64) {
        self.now_us += seconds * SECOND_US;
        self.node.handle(Input::Tick, self.now_us);
        (0..5).for_each(|_| self.node.work(SLICE));
    }

    /// Runs a script until it ends; `None` if it does not.
    fn run(&mut self, id: u64, script: &str) -> Option<String> {
        self.send(id, &["EVAL", script, "0"]);
        for _ in 0..2000 {
            if !self.node.runs_script() {
                return Some(self.output(id));
            }
            self.node.work(SLICE);
        }
        None
    }
}

const BUSY: &str =
    "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n";

/// Scripts that never end, each in another part of the machine.
const ENDLESS: &str = include_str!("lua/ends/endless.lua");

#[test]
fn endless_scripts_are_ended_by_others() {
    for Snippet { name, source, .. } in snippets(ENDLESS) {
        let script = source.as_str();
        println!("{name}");
        let mut bench = Bench::new();
        let (a, b) = (bench.connect(), bench.connect());
        bench.send(a, &["EVAL", script, "0"]);
        assert!(bench.node.runs_script(), "{script}");
        // Others wait at first, then they are refused.
        assert_eq!(bench.ask(b, &["GET", "k"]), "", "{script}");
        bench.pass(6);
        assert_eq!(bench.output(b), BUSY, "{script}");
        assert_eq!(bench.ask(b, &["SCRIPT", "KILL"]), "+OK\r\n", "{script}");
        bench.pass(0);
        assert!(!bench.node.runs_script(), "{script}");
        let reply = bench.output(a);
        assert!(
            reply.starts_with("-ERR Script killed by user with SCRIPT KILL... script: "),
            "{script}: {reply}"
        );
        assert_eq!(bench.ask(b, &["PING"]), "+PONG\r\n");
        assert_eq!(bench.ask(a, &["EVAL", "return 1", "0"]), ":1\r\n");
    }
}

#[test]
fn a_script_that_has_written_is_not_ended() {
    let mut bench = Bench::new();
    let (a, b) = (bench.connect(), bench.connect());
    bench.send(
        a,
        &["EVAL", "redis.call('SET', 'k', 1) while true do end", "0"],
    );
    bench.pass(6);
    let reply = bench.ask(b, &["SCRIPT", "KILL"]);
    assert!(reply.starts_with("-UNKILLABLE "), "{reply}");
    assert_eq!(bench.ask(b, &["SHUTDOWN"]), BUSY);
    assert_eq!(bench.ask(b, &["SHUTDOWN", "NOSAVE"]), "");
    assert!(bench.node.drain().contains(&Effect::Exit));
    assert!(
        bench.node.take_log().is_empty(),
        "half a script is not kept"
    );
}

#[test]
fn a_transaction_goes_on_after_its_script() {
    let mut bench = Bench::new();
    let (a, b) = (bench.connect(), bench.connect());
    for words in [
        &["MULTI"][..],
        &["SET", "k", "1"],
        &[
            "EVAL",
            "for i = 1, 3e6 do end return redis.call('INCR', 'k')",
            "0",
        ],
        &[
            "EVAL",
            "for i = 1, 3e6 do end return redis.call('INCR', 'k')",
            "0",
        ],
        &["GET", "k"],
        &["EXEC"],
        &["ECHO", "next"],
    ] {
        bench.send(a, words);
    }
    assert_eq!(bench.ask(b, &["GET", "k"]), "");
    for _ in 0..2000 {
        bench.node.work(SLICE);
    }
    let reply = bench.output(a);
    assert!(
        reply.ends_with("*4\r\n+OK\r\n:2\r\n:3\r\n$1\r\n3\r\n$4\r\nnext\r\n"),
        "{reply}"
    );
    assert_eq!(bench.output(b), "$1\r\n3\r\n");
    let log = String::from_utf8(bench.node.take_log()).expect("text");
    assert!(log.contains("MULTI") && log.ends_with("EXEC\r\n"), "{log}");
}

#[test]
fn a_script_outlives_its_client() {
    let mut bench = Bench::new();
    let (a, b) = (bench.connect(), bench.connect());
    bench.send(
        a,
        &[
            "EVAL",
            "for i = 1, 3e6 do end redis.call('SET', 'k', 'v')",
            "0",
        ],
    );
    assert!(bench.node.runs_script());
    bench.node.handle(Input::Disconnect(a), 1);
    bench.send(b, &["GET", "k"]);
    for _ in 0..200 {
        bench.node.work(SLICE);
    }
    assert_eq!(bench.output(b), "$1\r\nv\r\n");
    assert!(bench.node.client(a).is_none());
}

#[test]
fn functions_tell_how_long_they_run() {
    let mut bench = Bench::new();
    let (a, b) = (bench.connect(), bench.connect());
    let code = "#!lua name=lib\nredis.register_function('f', function() while true do end end)";
    bench.ask(a, &["FUNCTION", "LOAD", code]);
    bench.send(a, &["FCALL", "f", "0"]);
    bench.pass(7);
    let stats = bench.ask(b, &["FUNCTION", "STATS"]);
    assert!(stats.contains("duration_ms\r\n:7000\r\n"), "{stats}");
    assert_eq!(bench.ask(b, &["FUNCTION", "KILL"]), "+OK\r\n");
    bench.pass(0);
    let reply = bench.output(a);
    assert!(reply.contains("script: f, on @user_function:2."), "{reply}");
}

/// Scripts that want more than there is, and what they are told.
const BOMBS: &str = include_str!("lua/ends/bombs.lua");

#[test]
fn bombs_end_in_errors() {
    for Snippet {
        name,
        source,
        expected,
    } in snippets(BOMBS)
    {
        println!("{name}");
        let (script, told) = (source.as_str(), expected.as_str());
        let mut bench = Bench::new();
        let id = bench.connect();
        let reply = bench.run(id, script);
        let Some(reply) = reply else {
            panic!("{script} does not end");
        };
        let start: String = reply.chars().take(300).collect();
        assert!(reply.contains(told), "{script}: {start}");
        assert_eq!(
            bench.ask(id, &["EVAL", "return 1", "0"]),
            ":1\r\n",
            "{script}"
        );
    }
}

#[test]
fn the_limit_of_memory_holds() {
    let mut bench = Bench::new();
    let id = bench.connect();
    let most = 32 << 20;
    let mut greatest = 0;
    bench.send(
        id,
        &[
            "EVAL",
            "local t = {} while true do t[#t + 1] = 'x' .. #t end",
            "0",
        ],
    );
    while bench.node.runs_script() {
        bench.node.work(10_000);
        let info = bench.node.script_memory();
        greatest = greatest.max(info);
    }
    assert!(greatest <= most + most / 10, "{greatest} of {most}");
    assert!(greatest >= most / 2, "{greatest} of {most}");
}

#[test]
fn a_script_counts_its_time_by_the_cost_model() {
    let mut bench = Bench::new();
    let id = bench.connect();
    bench.ask(id, &["CONFIG", "SET", "slowlog-log-slower-than", "1000"]);
    bench.ask(id, &["EVAL", "for i = 1, 1.5e5 do end", "0"]);
    let slow = bench.ask(id, &["SLOWLOG", "GET"]);
    assert!(slow.contains("EVAL"), "{slow}");
    let stats = bench.ask(id, &["INFO", "commandstats"]);
    let line = stats.lines().find(|line| line.starts_with("cmdstat_eval:"));
    let usec = line.and_then(|line| {
        line.split("usec=")
            .nth(1)?
            .split(',')
            .next()?
            .parse::<u64>()
            .ok()
    });
    assert!(
        usec.is_some_and(|usec| (1500..4000).contains(&usec)),
        "{line:?}"
    );
}

#[test]
fn an_uploaded_log_with_an_endless_script_can_be_read() {
    let mut bench = Bench::new();
    let script = "while true do end";
    let log = format!(
        "*3\r\n$4\r\nEVAL\r\n${}\r\n{script}\r\n$1\r\n0\r\n",
        script.len()
    );
    let report = bench.node.load_log(log.as_bytes());
    assert!(report.error.is_some_and(|error| error.contains("killed")));
}

/// What scripts and libraries log reaches the host, as far as `loglevel` lets it.
#[test]
fn scripts_write_into_the_log() {
    let mut bench = Bench::new();
    let id = bench.connect();
    let lines = |bench: &mut Bench| -> Vec<(LogLevel, String)> {
        let effects = bench.node.drain();
        effects
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Log(level, line) => Some((level, line)),
                _ => None,
            })
            .collect()
    };
    let script = "redis.log(0, 'd') redis.log(1, 'v') redis.log(2, 'n', {}, 1.5) redis.log(3.9, nil, 'w\0x')";
    bench.ask(id, &["EVAL", script, "0"]);
    let said = |level, line: &str| (level, line.to_string());
    let (notice, warning) = (
        said(LogLevel::Notice, "n 1.5"),
        said(LogLevel::Warning, " w"),
    );
    assert_eq!(lines(&mut bench), [notice.clone(), warning.clone()]);
    bench.ask(id, &["CONFIG", "SET", "loglevel", "debug"]);
    bench.ask(id, &["EVAL", script, "0"]);
    let all = [
        said(LogLevel::Debug, "d"),
        said(LogLevel::Verbose, "v"),
        notice,
        warning,
    ];
    assert_eq!(lines(&mut bench), all);
    let library = "#!lua name=l\nredis.log(2, 'loading') redis.register_function('f', function() redis.log(3, 'runs') end)";
    bench.ask(id, &["FUNCTION", "LOAD", library]);
    bench.ask(id, &["FCALL", "f", "0"]);
    let both = [
        said(LogLevel::Notice, "loading"),
        said(LogLevel::Warning, "runs"),
    ];
    assert_eq!(lines(&mut bench), both);
    bench.ask(id, &["CONFIG", "SET", "loglevel", "nothing"]);
    bench.ask(id, &["EVAL", script, "0"]);
    assert_eq!(lines(&mut bench), []);
}
