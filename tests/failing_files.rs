//! A disk of which any request may fail: what was acknowledged is there again after the next start.
use redlab::command::Config;
use redlab::persist::disk::{DiskError, Done, MemoryDisk, Op, Request};
use redlab::server::{Effect, Input, Node, NodeOptions};

const START_US: i64 = 1_700_000_000_000_000;
const CRON_US: i64 = 100_000;
const INCREMENT: &str = "appendonlydir/appendonly.aof.1.incr.aof";

/// A node, and a host whose files do not always what they are asked.
struct Host {
    node: Node,
    disk: MemoryDisk,
    now_us: i64,
    /// Requests so far, and what is wrong with each.
    requests: u32,
    fault: Box<Faults>,
    ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Fails,
    /// So many bytes find room.
    Writes(usize),
}

/// By the number of a request, from 1, and by what it asks.
type Faults = dyn Fn(u32, &Op) -> Fault;

/// The request of this number fails.
fn only(number: u32) -> impl Fn(u32, &Op) -> Fault {
    move |n, _| match n == number {
        true => Fault::Fails,
        false => Fault::None,
    }
}

impl Host {
    /// Starts on what a disk has, and lets the node read it.
    fn start(disk: MemoryDisk, policy: &str) -> Host {
        let mut config = Config::sandbox();
        for pair in [["appendonly", "yes"], ["appendfsync", policy]] {
            let words = pair.map(|w| w.as_bytes().to_vec());
            config.directive(&words).expect("a parameter");
        }
        let node = Node::new(NodeOptions {
            now_us: START_US,
            config,
            disk: true,
            ..NodeOptions::default()
        });
        let mut host = Host {
            node,
            disk,
            now_us: START_US,
            requests: 0,
            fault: Box::new(|_, _| Fault::None),
            ended: false,
        };
        host.wait(2);
        host
    }

    fn execute(&mut self, op: Op) -> Done {
        self.requests += 1;
        let fault = (self.fault)(self.requests, &op);
        match (fault, op) {
            (Fault::Fails, _) => Err(DiskError::Io),
            (Fault::Writes(most), Op::Append { path, mut bytes }) => {
                bytes.truncate(most);
                self.disk.execute(Op::Append { path, bytes })
            }
            (_, op) => self.disk.execute(op),
        }
    }

    /// Does what the node asks for, until it asks for nothing or `most` requests are done; how many were.
    fn serve(&mut self, most: u32) -> u32 {
        let mut done = 0;
        loop {
            self.ended |= self.node.drain().contains(&Effect::Abort);
            let requests = self.node.take_requests();
            if requests.is_empty() {
                return done;
            }
            for Request { number, op } in requests {
                if done == most {
                    return done;
                }
                let answer = self.execute(op);
                self.node.handle(Input::Disk(number, &answer), self.now_us);
                done += 1;
            }
        }
    }

    fn wait(&mut self, seconds: i64) {
        for _ in 0..seconds * 1_000_000 / CRON_US {
            self.now_us += CRON_US;
            self.node.handle(Input::Tick, self.now_us);
            self.serve(u32::MAX);
        }
    }

    fn ask(&mut self, line: &str) -> String {
        let id = self.node.connect("127.0.0.1:1");
        let line = format!("{line}\r\n");
        self.node
            .handle(Input::Data(id, line.as_bytes()), self.now_us);
        self.serve(u32::MAX);
        self.wait(1);
        let out = self.node.output(id).map(std::mem::take);
        String::from_utf8_lossy(&out.unwrap_or_default()).into_owned()
    }

    /// From the next request on they are counted, and have these faults.
    fn breaks(&mut self, fault: impl Fn(u32, &Op) -> Fault + 'static) {
        (self.requests, self.fault) = (0, Box::new(fault));
    }
}

fn with_five_keys() -> Host {
    let mut host = Host::start(MemoryDisk::default(), "always");
    for n in 0..5 {
        assert_eq!(host.ask(&format!("SET key{n} value")), "+OK\r\n");
    }
    host
}

/// What a start with the files of `disk` finds.
fn keys_of(disk: &MemoryDisk) -> String {
    let mut host = Host::start(disk.clone(), "always");
    assert!(!host.ended, "it does not read its files");
    host.ask("DBSIZE")
}

#[test]
fn of_a_rewrite_any_request_may_fail_and_the_next_may_stop_anywhere() {
    let mut whole = with_five_keys();
    whole.requests = 0;
    whole.ask("BGREWRITEAOF");
    let requests = whole.requests;
    assert!(requests > 20, "a rewrite takes {requests} requests");
    for at in 1..=requests {
        let broken = || {
            let mut host = with_five_keys();
            host.breaks(only(at));
            host.ask("BGREWRITEAOF");
            assert!(!host.ended, "request {at} fails");
            host.breaks(|_, _| Fault::None);
            host
        };
        for stop in 1..=requests {
            let mut host = broken();
            let id = host.node.connect("127.0.0.1:1");
            host.node
                .handle(Input::Data(id, b"BGREWRITEAOF\r\n"), host.now_us);
            let mut left = stop;
            for _ in 0..5 {
                left -= host.serve(left);
                host.now_us += CRON_US;
                host.node.handle(Input::Tick, host.now_us);
            }
            assert_eq!(keys_of(&host.disk), ":5\r\n", "{at} fails, end at {stop}");
        }
        let mut host = broken();
        assert_eq!(host.ask("SET later value"), "+OK\r\n");
        assert_eq!(keys_of(&host.disk), ":6\r\n", "{at} fails");
    }
}

#[test]
fn what_cannot_be_taken_back_counts_as_written() {
    let mut host = Host::start(MemoryDisk::default(), "everysec");
    assert_eq!(host.ask("SET a 1"), "+OK\r\n");
    host.breaks(|n, op| match op {
        Op::Append { .. } if n == 1 => Fault::Writes(5),
        Op::Truncate { .. } => Fault::Fails,
        _ => Fault::None,
    });
    let id = host.node.connect("127.0.0.1:1");
    host.node
        .handle(Input::Data(id, b"SET b 1\r\n"), host.now_us);
    host.wait(3);
    assert_eq!(host.ask("SET c 1"), "+OK\r\n");
    let log = host.disk.read(INCREMENT).expect("there is a log");
    let set = |key| format!("*3\r\n$3\r\nSET\r\n$1\r\n{key}\r\n$1\r\n1\r\n");
    let all = [
        "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n",
        &set("a"),
        &set("b"),
        &set("c"),
    ]
    .concat();
    assert_eq!(String::from_utf8_lossy(log), all);
}

#[test]
fn no_rewrite_begins_while_the_log_is_not_written() {
    let mut host = Host::start(MemoryDisk::default(), "everysec");
    assert_eq!(host.ask("INCR n"), ":1\r\n");
    host.breaks(only(1));
    let id = host.node.connect("127.0.0.1:1");
    let lines = b"INCR n\r\nBGREWRITEAOF\r\n";
    host.node.handle(Input::Data(id, lines), host.now_us);
    host.wait(3);
    let out = host.node.output(id).map(std::mem::take).expect("connected");
    let refusal = ":2\r\n-ERR Can't execute an AOF background rewriting.";
    assert!(String::from_utf8_lossy(&out).starts_with(refusal));
    assert_eq!(host.ask("CONFIG SET appendonly no"), "+OK\r\n");
    assert_eq!(host.ask("CONFIG SET appendonly yes"), "+OK\r\n");
    let mut again = Host::start(host.disk.clone(), "everysec");
    assert_eq!(again.ask("GET n"), "$1\r\n2\r\n");
}
