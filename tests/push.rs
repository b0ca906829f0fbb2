//! What a node says unasked, where a transcript cannot show it: lines with the time in them, and limits.
use redlab::server::{Effect, Input, Node, NodeOptions};

struct Host {
    node: Node,
    now_us: i64,
}

impl Host {
    fn new() -> Host {
        Host {
            node: Node::new(NodeOptions::default()),
            now_us: 1_700_000_000_000_042,
        }
    }

    fn connect(&mut self, port: u16) -> u64 {
        self.node.connect(&format!("127.0.0.1:{port}"))
    }

    fn heard(&mut self, id: u64) -> String {
        let out = self.node.output(id).map(std::mem::take);
        String::from_utf8_lossy(&out.unwrap_or_default()).into_owned()
    }

    fn send(&mut self, id: u64, line: &str) -> String {
        let line = format!("{line}\r\n");
        self.node
            .handle(Input::Data(id, line.as_bytes()), self.now_us);
        self.heard(id)
    }

    fn pass(&mut self, seconds: i64) {
        self.now_us += seconds * 1_000_000;
        self.node.handle(Input::Tick, self.now_us);
    }

    fn is_dropped(&mut self, id: u64) -> bool {
        self.node.drain().contains(&Effect::Drop(id))
    }
}

#[test]
fn a_monitor_sees_what_runs_and_no_secret() {
    let mut host = Host::new();
    let (m, a) = (host.connect(1), host.connect(2));
    assert_eq!(host.send(m, "MONITOR"), "+OK\r\n");
    let mut shown = |line: &str| {
        host.send(a, line);
        let seen = host.heard(m);
        seen.replace("\r\n", "")
    };
    let at = |rest: &str| format!("+1700000000.000042 {rest}");
    assert_eq!(shown("get k"), at(r#"[0 127.0.0.1:2] "get" "k""#));
    assert_eq!(shown("select 3"), at(r#"[3 127.0.0.1:2] "select" "3""#));
    assert_eq!(
        shown(r#"SET "a\"\\\x00\n\r\t\a\b\xff'" 1"#),
        at(r#"[3 127.0.0.1:2] "SET" "a\"\\\x00\n\r\t\a\b\xff'" "1""#)
    );
    assert_eq!(
        shown("AUTH user secret"),
        at(r#"[3 127.0.0.1:2] "AUTH" "(redacted)" "(redacted)""#)
    );
    assert_eq!(
        shown("HELLO 3 AUTH default secret SETNAME x"),
        at(r#"[3 127.0.0.1:2] "HELLO" "3" "AUTH" "(redacted)" "(redacted)" "SETNAME" "x""#)
    );
    assert_eq!(shown("ping"), at(r#"[3 127.0.0.1:2] "ping""#));
    for hidden in [
        "CONFIG GET port",
        "GET",
        "NONSENSE",
        "CLIENT LIST",
        "DEBUG SLEEP 0",
    ] {
        assert_eq!(shown(hidden), "", "{hidden}");
    }
    // It sees itself as well; a second MONITOR says nothing.
    assert_eq!(
        host.send(m, "PING"),
        "+PONG\r\n+1700000000.000042 [0 127.0.0.1:1] \"PING\"\r\n"
    );
    assert_eq!(host.send(m, "MONITOR"), "");
}

#[test]
fn a_subscriber_that_reads_nothing_is_dropped() {
    let mut host = Host::new();
    let (s, a) = (host.connect(1), host.connect(2));
    host.send(
        a,
        "CONFIG SET client-output-buffer-limit \"pubsub 100kb 50kb 2\"",
    );
    host.send(s, "SUBSCRIBE c");
    let text = "x".repeat(20_000);
    // Up to the soft limit it may leave as much unread as it likes, for as long as it likes.
    for _ in 0..3 {
        host.send(a, &format!("PUBLISH c {text}"));
    }
    host.pass(100);
    assert!(!host.is_dropped(s));
    // Beyond it for a while only.
    host.send(a, &format!("PUBLISH c {text}"));
    host.pass(2);
    assert!(!host.is_dropped(s));
    host.pass(1);
    assert!(host.is_dropped(s));
    assert_eq!(host.heard(s), "");
    host.node.handle(Input::Disconnect(s), host.now_us);
    assert_eq!(host.send(a, "PUBLISH c x"), ":0\r\n");
    // The hard limit ends it at once; who reads in time never meets it.
    let s = host.connect(3);
    host.send(s, "SUBSCRIBE c");
    for _ in 0..20 {
        host.send(a, &format!("PUBLISH c {text}"));
        assert!(!host.is_dropped(s) && !host.heard(s).is_empty());
    }
    for _ in 0..6 {
        host.send(a, &format!("PUBLISH c {text}"));
    }
    assert!(host.is_dropped(s));
    let info = host.send(a, "INFO stats");
    assert!(
        info.contains("client_output_buffer_limit_disconnections:2\r\n"),
        "{info}"
    );
}

#[test]
fn what_the_host_holds_counts_towards_the_limit() {
    let mut host = Host::new();
    let a = host.connect(1);
    host.send(
        a,
        "CONFIG SET client-output-buffer-limit \"normal 40kb 0 0\"",
    );
    host.send(a, &format!("SET k {}", "x".repeat(30_000)));
    assert!(host.send(a, "GET k").len() > 30_000 && !host.is_dropped(a));
    host.node.holds(a, 30_000);
    assert_eq!(host.send(a, "GET k"), "");
    assert!(host.is_dropped(a));
}

#[test]
fn the_table_of_tracked_keys_is_bounded() {
    let mut host = Host::new();
    let a = host.connect(1);
    host.send(a, "CONFIG SET tracking-table-max-keys 2");
    host.send(a, "HELLO 3");
    host.send(a, "CLIENT TRACKING ON");
    host.send(a, "MGET a b c");
    let push = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n";
    assert_eq!(host.send(a, "PING"), format!("{push}+PONG\r\n"));
    let info = host.send(a, "INFO stats");
    assert!(
        info.contains("tracking_total_keys:2\r\ntracking_total_items:2\r\n"),
        "{info}"
    );
}

#[test]
fn nothing_is_kept_of_who_has_left() {
    let mut host = Host::new();
    let (a, b) = (host.connect(1), host.connect(2));
    for line in [
        "HELLO 3",
        "SUBSCRIBE c",
        "PSUBSCRIBE p*",
        "SSUBSCRIBE s",
        "CLIENT TRACKING ON BCAST PREFIX x",
    ] {
        host.send(a, line);
    }
    let c = host.connect(3);
    host.send(c, "MONITOR");
    host.node.handle(Input::Disconnect(a), host.now_us);
    host.node.handle(Input::Disconnect(c), host.now_us);
    let info = host.send(b, "INFO everything");
    for line in [
        "tracking_clients:0",
        "pubsub_clients:0",
        "pubsub_channels:0",
        "pubsub_patterns:0",
        "pubsubshard_channels:0",
        "tracking_total_prefixes:0",
    ] {
        assert!(info.contains(line), "{line}");
    }
    let server = host.node.server();
    assert!(server.monitors.is_empty() && !server.listened);
}
