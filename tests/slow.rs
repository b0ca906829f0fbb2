//! SLOWLOG and LATENCY on a node's own clock. The expected forms were read from a real server.
use redlab::server::{Input, Node, NodeOptions};

struct Host {
    node: Node,
    id: u64,
    now_us: i64,
}

impl Host {
    fn new() -> Host {
        let now_us = 1_000_000_000_000;
        let mut node = Node::new(NodeOptions {
            now_us,
            ..NodeOptions::default()
        });
        let id = node.connect("127.0.0.1:1");
        Host { node, id, now_us }
    }

    /// The reply, once the node is awake.
    fn send(&mut self, line: &str) -> String {
        let line = format!("{line}\r\n");
        self.node
            .handle(Input::Data(self.id, line.as_bytes()), self.now_us);
        self.now_us = self.now_us.max(self.node.server().busy_until_us);
        self.node.handle(Input::Tick, self.now_us);
        let out = self.node.output(self.id).map(std::mem::take);
        String::from_utf8_lossy(&out.unwrap_or_default()).into_owned()
    }

    /// The lines of the reply without those that are lengths.
    fn words(&mut self, line: &str) -> Vec<String> {
        let reply = self.send(line);
        let words = reply
            .lines()
            .filter(|l| !l.starts_with(['$', '*', '=', '%']));
        words.map(|l| l.trim_start_matches(':').into()).collect()
    }
}

#[test]
fn a_sleeper_is_slow() {
    let mut host = Host::new();
    host.send("CLIENT SETNAME me");
    host.send("DEBUG SLEEP 0.005");
    assert_eq!(host.send("SLOWLOG LEN"), ":0\r\n");
    host.send("DEBUG SLEEP 0.25");
    let entry = [
        "0",
        "1000000",
        "250000",
        "DEBUG",
        "SLEEP",
        "0.25",
        "127.0.0.1:1",
        "me",
    ];
    assert_eq!(host.words("SLOWLOG GET"), entry);
    assert_eq!(host.send("SLOWLOG RESET"), "+OK\r\n");
    assert_eq!(host.send("SLOWLOG GET"), "*0\r\n");
    host.send("DEBUG SLEEP 1");
    assert_eq!(host.words("SLOWLOG GET")[..2], ["1", "1000001"]);
}

#[test]
fn in_a_transaction_only_the_sleeper_slept() {
    let mut host = Host::new();
    host.send("CONFIG SET slowlog-log-slower-than 1000");
    for line in ["MULTI", "PING", "DEBUG SLEEP 1", "PING", "EXEC"] {
        host.send(line);
    }
    let words = host.words("SLOWLOG GET");
    let entry = ["0", "1000001", "1000000", "DEBUG", "SLEEP", "1"];
    assert_eq!(words[..6], entry);
    assert_eq!(words.len(), 8);
}

#[test]
fn entries_are_cut_and_keep_secrets() {
    let mut host = Host::new();
    host.send("CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 3");
    let shown = |host: &mut Host, line: &str| {
        host.send(line);
        let words = host.words("SLOWLOG GET 1");
        words[3..words.len() - 2].join(" ")
    };
    let long = "x".repeat(200);
    let cut = format!("SET a {}... (72 more bytes)", "x".repeat(128));
    assert_eq!(shown(&mut host, &format!("SET a {long}")), cut);
    let members: Vec<String> = (1..=40).map(|n| n.to_string()).collect();
    let line = format!("SADD s {}", members.join(" "));
    let cut = format!("SADD s {} ... (11 more arguments)", members[..29].join(" "));
    assert_eq!(shown(&mut host, &line), cut);
    for (line, expected) in [
        ("AUTH secret", "AUTH (redacted)"),
        ("HELLO 2 AUTH u p", "HELLO 2 AUTH (redacted) (redacted)"),
        (
            "CONFIG SET timeout 0 requirepass secret",
            "CONFIG SET timeout 0 requirepass (redacted)",
        ),
    ] {
        assert_eq!(shown(&mut host, line), expected);
    }
    host.send("AUTH secret");
    assert_eq!(host.send("SLOWLOG LEN"), ":3\r\n");
    host.send("CONFIG SET slowlog-log-slower-than -1");
    host.send("SLOWLOG RESET");
    host.send("DEBUG SLEEP 1");
    assert_eq!(host.send("SLOWLOG LEN"), ":0\r\n");
}

#[test]
fn delays_are_kept_by_event() {
    let mut host = Host::new();
    host.send("DEBUG SLEEP 1");
    assert_eq!(host.send("LATENCY LATEST"), "*0\r\n");
    host.send("CONFIG SET latency-monitor-threshold 1");
    host.now_us += 999_000; // so that the next two fall into one second
    for sleep in ["0.001", "0.02"] {
        host.send(&format!("DEBUG SLEEP {sleep}"));
    }
    host.now_us += 22_000_000;
    host.send("DEBUG SLEEP 0.05");
    let latest = ["command", "1000024", "50", "50"];
    assert_eq!(host.words("LATENCY LATEST"), latest);
    let history = ["1000002", "20", "1000024", "50"];
    assert_eq!(host.words("LATENCY HISTORY command"), history);
    assert_eq!(host.send("LATENCY HISTORY nothing"), "*0\r\n");
    let doctor = host.send("LATENCY DOCTOR");
    assert!(
        doctor.contains("1. command: 2 times (mean 35ms, mean deviation 15ms, every 11.00 sec)"),
        "{doctor}"
    );
    assert_eq!(host.send("LATENCY RESET nothing command"), ":1\r\n");
    assert_eq!(host.send("LATENCY RESET"), ":0\r\n");
}

#[test]
fn a_graph_is_drawn_as_the_real_server_draws_it() {
    let mut host = Host::new();
    host.send("CONFIG SET latency-monitor-threshold 1");
    for (pause_s, sleep) in [(0, "0.001"), (21, "0.02"), (1, "0.05")] {
        host.now_us += pause_s * 1_000_000;
        host.send(&format!("DEBUG SLEEP {sleep}"));
    }
    let graph = host.send("LATENCY GRAPH command");
    let rows: Vec<&str> = graph.trim_end_matches('\n').lines().collect();
    assert_eq!(
        rows[1],
        "command - high 50 ms, low 1 ms (all time high 50 ms)"
    );
    assert_eq!(rows[2], "-".repeat(80));
    assert_eq!(rows[3..7], ["  #", "  |", " o|", "_||"]);
    assert_eq!(rows[8..11], ["210", "2ss", "s  "]);
}

#[test]
fn a_histogram_is_of_commands_and_their_subcommands() {
    let mut host = Host::new();
    host.send("GET a");
    host.send("GET a");
    host.send("CONFIG GET hz");
    host.send("DEBUG SLEEP 0.0021");
    assert_eq!(
        host.words("LATENCY HISTOGRAM get nothing"),
        ["get", "calls", "2", "histogram_usec", "1", "2"]
    );
    assert_eq!(
        host.words("LATENCY HISTOGRAM config")[..3],
        ["config|get", "calls", "1"]
    );
    assert_eq!(host.words("LATENCY HISTOGRAM debug")[4..], ["2113", "1"]);
}
