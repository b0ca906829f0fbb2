//! Files that are read by slices: no input takes long, clients are told LOADING meanwhile, and what comes of it is what the
//! file says.
use redlab::command::Config;
use redlab::keyspace::digest::Digest;
use redlab::persist::rdb::load::{Load, Options};
use redlab::server::{Effect, Input, Node, NodeOptions, file_limits};
use redlab::sim::disk::{Disk, KeptFile, Speed};
use redlab::sim::machine::Machine;

const NOW_US: i64 = 1_700_000_000_000_000;

fn options(settings: &[(&str, &str)]) -> NodeOptions {
    let mut config = Config::sandbox();
    for (name, value) in settings {
        let words = [name.as_bytes().to_vec(), value.as_bytes().to_vec()];
        config.directive(&words).expect("a parameter");
    }
    NodeOptions {
        now_us: NOW_US,
        config,
        ..NodeOptions::default()
    }
}

fn ask(machine: &mut Machine, id: u64, line: &str) -> String {
    machine.handle(Input::Data(id, format!("{line}\r\n").as_bytes()), 0);
    let out = machine.node.output(id).map(std::mem::take);
    String::from_utf8_lossy(&out.unwrap_or_default()).into_owned()
}

/// Lets a machine go on by itself until `is_over`; how many inputs that took.
fn until(machine: &mut Machine, is_over: impl Fn(&Node) -> bool) -> u32 {
    let mut inputs = 0;
    while !is_over(&machine.node) {
        machine.handle(Input::Tick, machine.next_timer_us());
        inputs += 1;
        assert!(inputs < 10_000, "it has no end");
    }
    inputs
}

/// The data that is loaded: small keys, and values that alone are several slices.
const LINES: [&str; 4] = ["HSET hash", "RPUSH list", "SADD set", "ZADD zset"];

fn fill(machine: &mut Machine) {
    let id = machine.node.connect("127.0.0.1:1");
    for from in (0..12_000).step_by(200) {
        for line in LINES {
            let mut line = String::from(line);
            for n in from..from + 200 {
                match line.as_bytes()[0] {
                    b'H' => line += &format!(" field:{n} value:{n}"),
                    b'Z' => line += &format!(" {n} member:{n}"),
                    _ => line += &format!(" member:{n}"),
                }
            }
            ask(machine, id, &line);
        }
    }
    for n in 0..4000 {
        ask(machine, id, &format!("SET key:{n} value:{n}"));
    }
    for n in 0..2000 {
        ask(machine, id, &format!("XADD stream {n}-1 field {n}"));
    }
    let settled = |node: &Node| !node.is_stalled();
    until(machine, settled);
}

/// The files of a machine with that data, and its digest.
fn made(settings: &[(&str, &str)], last: &str) -> (Vec<KeptFile>, Digest) {
    let mut machine = Machine::boot(options(settings), Some(Disk::new(Speed::default(), NOW_US)));
    until(&mut machine, |node| !node.is_loading() && !node.is_busy());
    fill(&mut machine);
    let id = machine.node.connect("127.0.0.1:1");
    ask(&mut machine, id, last);
    for _ in 0..40 {
        machine.handle(Input::Tick, machine.next_timer_us());
    }
    until(&mut machine, |node| !node.is_busy());
    let digest = machine.node.keyspace().digest();
    let mut disk = machine.into_disk().expect("it has one");
    let all: Vec<String> = disk.all().map(str::to_owned).collect();
    for path in all {
        disk.sync(&path).expect("it is there");
    }
    disk.advance(i64::MAX / 2);
    (disk.kept(), digest)
}

/// Boots from files; who comes too early is told so, and what INFO says grows.
fn comes_back(files: &[KeptFile], settings: &[(&str, &str)], digest: Digest) {
    let disk = Disk::new(Speed::default(), NOW_US).restore(files.to_vec());
    let mut machine = Machine::boot(options(settings), Some(disk));
    let id = machine.node.connect("127.0.0.1:1");
    let (mut told, mut before) = (0, 0);
    while machine.node.is_loading() {
        assert_eq!(
            ask(&mut machine, id, "GET key:1"),
            "-LOADING Redis is loading the dataset in memory\r\n"
        );
        told += 1;
        let loading = machine.node.server().persist.loading;
        let Some(loading) = loading else { break };
        assert!(loading.loaded_bytes >= before, "{loading:?}");
        assert!(loading.loaded_bytes <= loading.total_bytes, "{loading:?}");
        before = loading.loaded_bytes;
        assert!(told < 1000, "it has no end");
    }
    assert!(told > 8, "{told} slices");
    until(&mut machine, |node| !node.is_busy());
    assert_eq!(ask(&mut machine, id, "GET key:1"), "$7\r\nvalue:1\r\n");
    assert_eq!(machine.node.keyspace().digest(), digest);
}

#[test]
fn a_snapshot_is_read_by_slices() {
    let (files, digest) = made(&[("appendonly", "no")], "SAVE");
    comes_back(&files, &[("appendonly", "no")], digest);
}

#[test]
fn a_log_is_read_by_slices() {
    for preamble in ["yes", "no"] {
        let settings = [
            ("appendonly", "yes"),
            ("appendfsync", "no"),
            ("aof-use-rdb-preamble", preamble),
        ];
        let (files, digest) = made(&settings, "BGREWRITEAOF");
        comes_back(&files, &settings, digest);
        let (files, digest) = made(&settings, "PING");
        comes_back(&files, &settings, digest);
    }
}

#[test]
fn who_reads_its_files_can_be_ended() {
    let (files, _) = made(&[("appendonly", "no")], "SAVE");
    let disk = Disk::new(Speed::default(), NOW_US).restore(files.clone());
    let mut machine = Machine::boot(options(&[("appendonly", "no")]), Some(disk));
    let id = machine.node.connect("127.0.0.1:1");
    ask(&mut machine, id, "SHUTDOWN");
    assert!(machine.node.is_loading());
    assert!(machine.node.drain().contains(&Effect::Exit));
    assert_eq!(machine.into_disk().expect("it has one").kept(), files);
}

#[test]
fn slices_of_any_size_come_to_the_same() {
    let settings = [("hash-max-listpack-entries", "2")];
    let elements: Vec<String> = (0..700).map(|n| format!("{} m{n}", n * 37 % 100)).collect();
    let zadd = ["ZADD large ", &elements.join(" ")].concat();
    let mut machine = Machine::boot(options(&settings), None);
    let id = machine.node.connect("127.0.0.1:1");
    for line in [
        "SET a 1 PX 100000",
        "HSET h a 1 b 2 c 3 d aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "SADD s 1 2 3 x",
        "SELECT 4",
        "RPUSH l a b c",
        "ZADD z 1 a 2 b",
        &zadd,
        "XADD x 1-1 a b",
        "XGROUP CREATE x g 0",
    ] {
        ask(&mut machine, id, line);
    }
    let file = machine.node.save_rdb();
    let options = Options {
        limits: file_limits(machine.node.config()),
        checksum: true,
        keep_expired: false,
        merge: false,
    };
    for budget in [1, 17, 60, 1000, 100_000] {
        let mut other = Node::new(self::options(&settings));
        let mut keyspace = other.keyspace().clone();
        let (mut load, mut slices) = (Load::new(options.clone()), 0);
        let loaded = loop {
            let mut left = budget;
            let done = load.go_on(&file, &mut keyspace, &mut left).expect("whole");
            slices += 1;
            if let Some(loaded) = done {
                break loaded;
            }
            assert!(slices < 100_000, "it has no end");
        };
        assert_eq!(slices == 1, budget == 100_000, "{slices} slices");
        assert_eq!(keyspace.digest(), machine.node.keyspace().digest());
        assert_eq!(Ok(loaded), other.load_rdb(&file));
    }
}
