//! What a node refuses so that nobody can fill its machine, and what INFO tells of it.
use redlab::server::{Effect, Input, Node, NodeOptions};

const OOM: &str = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

struct Host {
    node: Node,
    id: u64,
    now_us: i64,
}

impl Host {
    fn new(options: NodeOptions) -> Host {
        let mut node = Node::new(options);
        let id = node.connect("127.0.0.1:1");
        Host {
            node,
            id,
            now_us: 0,
        }
    }

    fn limited() -> Host {
        Host::new(NodeOptions {
            memory_ceiling: Some(1 << 20),
            output_limit: Some(1 << 16),
            ..NodeOptions::default()
        })
    }

    fn bytes(&mut self, bytes: &[u8]) -> String {
        self.node.handle(Input::Data(self.id, bytes), self.now_us);
        let out = self.node.output(self.id).map(std::mem::take);
        String::from_utf8_lossy(&out.unwrap_or_default()).into_owned()
    }

    fn send(&mut self, line: &str) -> String {
        self.bytes(format!("{line}\r\n").as_bytes())
    }

    fn is_closed(&mut self) -> bool {
        let over = [Effect::Close(self.id), Effect::Drop(self.id)];
        self.node.drain().iter().any(|e| over.contains(e))
    }

    fn info(&mut self, field: &str) -> String {
        let info = self.send("INFO everything");
        let line = info
            .lines()
            .find_map(|l| l.strip_prefix(field)?.strip_prefix(':'));
        line.expect("INFO has the field").to_string()
    }
}

#[test]
fn a_full_node_takes_nothing_more_and_gives_what_it_has() {
    let mut host = Host::limited();
    let mut kept = 0;
    while host.send(&format!("RPUSH l {}", "x".repeat(1000))) != OOM {
        kept += 1;
        assert!(kept < 2000, "the ceiling holds nothing back");
    }
    assert!(kept > 500, "{kept} elements of 1000 bytes");
    for line in ["SET a 1", "LPUSH l a", "COPY l m", "SETRANGE a 10 x"] {
        assert_eq!(host.send(line), OOM, "{line}");
    }
    assert_eq!(host.send("LLEN l"), format!(":{kept}\r\n"));
    assert_eq!(host.send("EXPIRE l 100"), ":1\r\n");
    assert_eq!(host.send("DEL l"), ":1\r\n");
    assert_eq!(host.send("SET a 1"), "+OK\r\n");
}

#[test]
fn one_command_does_not_jump_over_the_ceiling() {
    let mut host = Host::limited();
    for line in [
        "SETRANGE a 536870911 x",
        "SETRANGE a 1048576 x",
        "DEBUG POPULATE 1000000000",
        "DEBUG POPULATE 10 k 1000000",
    ] {
        assert_eq!(host.send(line), OOM, "{line}");
    }
    assert_eq!(host.send("DBSIZE"), ":0\r\n");
    host.send(&format!("SET big {}", "x".repeat(20_000)));
    host.send(&format!("RPUSH l{}", " ig".repeat(100)));
    assert_eq!(host.send("SORT l BY nosort GET b* STORE d"), OOM);
    assert_eq!(host.send("SORT l BY b* ALPHA"), OOM);
    // Native nodes have no ceiling, and still no string is longer than any argument can be.
    let mut host = Host::new(NodeOptions::default());
    host.send("CONFIG SET proto-max-bulk-len 9223372036854775807");
    let refused = host.send("SETRANGE a 9223372036854775806 x");
    assert!(refused.starts_with("-ERR string exceeds"), "{refused}");
}

#[test]
fn who_does_not_read_is_left() {
    let mut host = Host::limited();
    host.send(&format!("SET a {}", "x".repeat(20_000)));
    let other = host.node.connect("127.0.0.1:2");
    assert!(host.bytes(&b"GET a\r\n".repeat(3)).len() > 60_000);
    assert!(!host.is_closed());
    assert_eq!(host.bytes(&b"GET a\r\n".repeat(100)), "");
    assert!(host.is_closed());
    host.id = other;
    assert_eq!(host.info("client_output_buffer_limit_disconnections"), "1");
    assert_eq!(host.send("PING"), "+PONG\r\n");
}

#[test]
fn who_never_ends_a_command_is_left() {
    let mut host = Host::new(NodeOptions::default());
    let other = host.node.connect("127.0.0.1:2");
    host.send("CONFIG SET client-query-buffer-limit 1048576");
    host.bytes(b"*2\r\n$3\r\nGET\r\n$5000000\r\n");
    host.bytes(&vec![0; 1 << 19]);
    assert!(!host.is_closed());
    host.bytes(&vec![0; 1 << 20]);
    assert!(host.is_closed());
    host.id = other;
    assert_eq!(host.info("client_query_buffer_limit_disconnections"), "1");
}

#[test]
fn a_client_may_look_without_being_seen() {
    let mut host = Host::new(NodeOptions::default());
    host.send("SET a 1");
    host.send("RPUSH l a");
    host.now_us += 5_000_000;
    host.send("CLIENT NO-TOUCH ON");
    host.send("GET a");
    host.send("RPUSH l b");
    for key in ["a", "l"] {
        assert_eq!(host.send(&format!("OBJECT IDLETIME {key}")), ":5\r\n");
    }
    host.send("TOUCH a");
    assert_eq!(host.send("OBJECT IDLETIME a"), ":0\r\n");
    host.send("CLIENT NO-TOUCH OFF");
    host.send("LLEN l");
    assert_eq!(host.send("OBJECT IDLETIME l"), ":0\r\n");
}

#[test]
fn rates_follow_the_counters() {
    let mut host = Host::new(NodeOptions::default());
    host.send("SET a 1 PX 1000000");
    for _ in 0..40 {
        host.now_us += 100_000;
        host.bytes(&b"PING\r\n".repeat(50));
    }
    assert_eq!(host.info("instantaneous_ops_per_sec"), "500");
    // 300 bytes in 100 ms.
    assert_eq!(host.info("instantaneous_input_kbps"), "2.93");
    let ttl: i64 = host.info("db0")["keys=1,expires=1,avg_ttl=".len()..]
        .parse()
        .expect("a number");
    assert!((996_000..1_000_000).contains(&ttl), "{ttl}");
    host.now_us += 10_000_000;
    for _ in 0..16 {
        host.now_us += 100_000;
        host.node.handle(Input::Tick, host.now_us);
    }
    assert_eq!(host.info("instantaneous_ops_per_sec"), "0");
}

#[test]
fn what_is_evicted_is_told_and_counted() {
    let mut host = Host::new(NodeOptions::default());
    host.node.keep_log();
    for key in 0..200 {
        host.send(&format!("SET k{key} {}", "x".repeat(10_000)));
    }
    host.node.take_log();
    host.send("CONFIG SET maxmemory 2mb maxmemory-policy allkeys-lru");
    // It does not wait for the next command.
    let log = String::from_utf8(host.node.take_log()).expect("the keys are ASCII");
    let told = log.matches("UNLINK").count();
    assert!(told > 50 && !log.contains("MULTI"), "{told}");
    assert_eq!(host.send("DBSIZE"), format!(":{}\r\n", 200 - told));
    assert_eq!(host.info("evicted_keys"), told.to_string());
    let used: u64 = host.info("used_memory").parse().expect("a number");
    assert!(
        (2_080_000..=2_097_152 + 20_000).contains(&used),
        "{used}: not more is evicted than need be"
    );
    host.send("CONFIG SET lazyfree-lazy-eviction no maxmemory 1mb");
    assert!(String::from_utf8_lossy(&host.node.take_log()).contains("DEL"));
    // Time beyond the limit is counted by the node's clock.
    host.send("CONFIG SET maxmemory-policy noeviction maxmemory 1");
    host.now_us += 3_000_000;
    assert_eq!(host.info("current_eviction_exceeded_time"), "3000");
    host.send("CONFIG SET maxmemory 0");
    host.now_us += 3_000_000;
    assert_eq!(host.info("total_eviction_exceeded_time"), "3000");
    assert_eq!(host.info("current_eviction_exceeded_time"), "0");
}

#[test]
fn clients_that_take_too_much_are_left() {
    let mut host = Host::new(NodeOptions::default());
    let (me, greedy, spared) = (
        host.id,
        host.node.connect("127.0.0.1:2"),
        host.node.connect("127.0.0.1:3"),
    );
    host.id = spared;
    host.send("CLIENT NO-EVICT ON");
    for id in [greedy, spared] {
        host.id = id;
        host.bytes(b"*2\r\n$3\r\nGET\r\n$400000\r\n");
        host.bytes(&[0; 200_000]);
    }
    host.id = me;
    assert_eq!(host.send("CONFIG SET maxmemory-clients 100kb"), "+OK\r\n");
    assert_eq!(host.node.drain(), [Effect::Close(greedy)]);
    assert_eq!(host.info("evicted_clients"), "1");
    // A percentage is one of maxmemory: without that there is no limit.
    host.send("CONFIG SET maxmemory-clients 1%");
    let other = host.node.connect("127.0.0.1:4");
    host.id = other;
    host.bytes(b"*2\r\n$3\r\nGET\r\n$400000\r\n");
    host.bytes(&[0; 200_000]);
    assert!(!host.is_closed());
    host.id = me;
    host.send("CONFIG SET maxmemory 10mb");
    assert_eq!(host.node.drain(), [Effect::Close(other)]);
}

#[test]
fn what_another_thread_would_free_is_counted() {
    // The figures were read from a real server.
    let mut host = Host::new(NodeOptions::default());
    let fields: Vec<String> = (0..600).map(|n| format!("f{n} v")).collect();
    host.send(&format!("HSET h {}", fields.join(" ")));
    for n in 2..=6 {
        host.send(&format!("COPY h h{n}"));
    }
    host.send("HSET small a b");
    for (line, freed) in [
        ("UNLINK h2 small", 1),
        ("SET h3 x", 2),
        ("RENAME h3 h4", 3),
        ("EXPIRE h5 -1", 4),
        ("DEL h6", 5),
        ("FLUSHALL", 7),
        ("FLUSHALL", 7),
        ("MSET a 1 b 2", 7),
        ("FLUSHDB SYNC", 7),
        ("MSET a 1 b 2", 7),
        ("FLUSHDB ASYNC", 9),
        ("CONFIG RESETSTAT", 0),
    ] {
        host.send(line);
        let now = host.info("lazyfreed_objects");
        assert_eq!(now, freed.to_string(), "after {line}");
    }
}
