//! Append-only directories that were damaged: whatever is in them, a node starts with what is whole or ends with a word of
//! why; it never panics, and never makes anything up.
use redlab::command::Config;
use redlab::server::{Effect, Input, NodeOptions};
use redlab::sim::disk::{Disk, KeptFile, Speed};
use redlab::sim::machine::Machine;

const NOW_US: i64 = 1_700_000_000_000_000;
const MANIFEST: &str = "appendonlydir/appendonly.aof.manifest";
const INCREMENT: &str = "appendonlydir/appendonly.aof.1.incr.aof";
const BASE: &str = "appendonlydir/appendonly.aof.1.base.rdb";

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

/// Lets the machine run until it needs nothing from its disk.
fn settle(machine: &mut Machine) -> Vec<Effect> {
    let mut effects = machine.node.drain();
    for _ in 0..10_000 {
        let busy = machine.node.is_loading() || machine.node.is_busy();
        if !busy || effects.contains(&Effect::Abort) {
            return effects;
        }
        machine.handle(Input::Tick, machine.next_timer_us());
        effects.extend(machine.node.drain());
    }
    panic!("a start has no end");
}

fn boot(files: Vec<KeptFile>, settings: &[(&str, &str)]) -> (Machine, Vec<Effect>) {
    let disk = Disk::new(Speed::default(), NOW_US).restore(files);
    let mut machine = Machine::boot(options(settings), Some(disk));
    let effects = settle(&mut machine);
    (machine, effects)
}

fn ask(machine: &mut Machine, line: &str) -> String {
    let id = machine.node.connect("127.0.0.1:1");
    machine.handle(Input::Data(id, format!("{line}\r\n").as_bytes()), NOW_US);
    settle(machine);
    let out = machine.node.output(id).map(std::mem::take);
    String::from_utf8_lossy(&out.unwrap_or_default()).into_owned()
}

const ON: &[(&str, &str)] = &[("appendonly", "yes"), ("appendfsync", "always")];

/// The files of a node that counted to ten, and did some other things.
fn files() -> Vec<KeptFile> {
    let (mut machine, _) = boot(Vec::new(), ON);
    for n in 0..10 {
        assert_eq!(ask(&mut machine, "INCR n"), format!(":{}\r\n", n + 1));
    }
    ask(&mut machine, "SELECT 1");
    ask(&mut machine, "SET other value PX 100000");
    machine.disk.expect("it has one").kept()
}

fn with(files: &[KeptFile], path: &str, change: impl Fn(&mut Vec<u8>)) -> Vec<KeptFile> {
    let mut files = files.to_vec();
    let file = files.iter_mut().find(|f| f.path == path).expect(path);
    change(&mut file.bytes);
    files
}

fn len(files: &[KeptFile], path: &str) -> usize {
    files
        .iter()
        .find(|f| f.path == path)
        .expect(path)
        .bytes
        .len()
}

#[test]
fn what_was_written_comes_back() {
    let (mut machine, _) = boot(files(), ON);
    assert_eq!(ask(&mut machine, "GET n"), "$2\r\n10\r\n");
    assert_eq!(ask(&mut machine, "INCR n"), ":11\r\n");
}

#[test]
fn of_each_prefix_what_is_whole_is_loaded() {
    let files = files();
    let mut last = 0;
    for cut in 0..len(&files, INCREMENT) {
        let (mut machine, effects) = boot(with(&files, INCREMENT, |b| b.truncate(cut)), ON);
        assert!(!effects.contains(&Effect::Abort), "cut at {cut}");
        let n: u64 = ask(&mut machine, "INCR n").trim()[1..]
            .parse()
            .expect("a number");
        assert!(n == last || n == last + 1, "cut at {cut}: {n} after {last}");
        last = n;
        let kept = machine.disk.expect("it has one").kept();
        let (mut again, _) = boot(kept, ON);
        assert_eq!(
            ask(&mut again, "INCR n"),
            format!(":{}\r\n", n + 1),
            "cut at {cut}"
        );
    }
    assert_eq!(last, 11);
    let strict = [ON, &[("aof-load-truncated", "no")]].concat();
    let cut = with(&files, INCREMENT, |b| b.truncate(b.len() - 1));
    assert!(boot(cut, &strict).1.contains(&Effect::Abort));
}

/// A command as it stands in a log.
fn logged(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}

#[test]
fn what_follows_a_long_script_or_a_command_without_data_is_loaded_as_well() {
    let long = "for _ = 1, 1000000 do end redis.call('INCR', KEYS[1])";
    let odd: [&[&str]; 8] = [
        &["EVAL", long, "1", "m"],
        &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"],
        &["DEBUG", "LOADAOF"],
        &["MONITOR"],
        &["PSYNC", "?", "-1"],
        &["QUIT"],
        &["SHUTDOWN"],
        &["SUBSCRIBE", "channel"],
    ];
    for words in odd {
        let add = [logged(words), logged(&["INCRBY", "m", "5"])].concat();
        let files = with(&files(), INCREMENT, |b| b.extend(&add));
        let (mut machine, effects) = boot(files, ON);
        assert!(!effects.contains(&Effect::Abort), "{words:?}");
        let m = 5 + i32::from(words[0] == "EVAL");
        let reply = ask(&mut machine, "INCRBY m 0");
        assert_eq!(reply, format!(":{m}\r\n"), "{words:?}");
    }
}

#[test]
fn what_cannot_be_run_ends_the_start() {
    let endless = logged(&["EVAL", "while true do end", "0"]);
    for bad in [&b"*0\r\n"[..], &endless, &logged(&["NOSUCH"])] {
        let files = with(&files(), INCREMENT, |b| b.extend(bad));
        assert!(boot(files, ON).1.contains(&Effect::Abort));
    }
}

#[test]
fn damage_of_any_bit_or_length_is_no_panic() {
    let files = files();
    for path in [MANIFEST, INCREMENT, BASE] {
        for at in 0..len(&files, path) {
            for bit in 0..8 {
                boot(with(&files, path, |b| b[at] ^= 1 << bit), ON);
            }
            boot(with(&files, path, |b| b.truncate(at)), ON);
        }
        let gone: Vec<_> = files.iter().filter(|f| f.path != path).cloned().collect();
        boot(gone, ON);
    }
}

#[test]
fn a_full_disk_stops_writes_until_there_is_room() {
    let (mut machine, _) = boot(Vec::new(), &[("appendonly", "yes")]);
    machine.disk.as_mut().expect("it has one").capacity = Some(400);
    let mut refused = String::new();
    for n in 0..40 {
        // Else the writes would wait for the first fsync.
        machine.handle(Input::Tick, NOW_US + 10_000 * n);
        let reply = ask(&mut machine, &format!("SET key{n} value"));
        if reply != "+OK\r\n" {
            refused = reply;
            break;
        }
    }
    assert_eq!(
        refused,
        "-MISCONF Errors writing to the AOF file: No space left on device\r\n"
    );
    assert_eq!(ask(&mut machine, "GET key0"), "$5\r\nvalue\r\n");
    machine.disk.as_mut().expect("it has one").capacity = None;
    machine.handle(Input::Tick, NOW_US + 2_000_000);
    machine.handle(Input::Tick, NOW_US + 3_000_000);
    assert_eq!(ask(&mut machine, "SET key value"), "+OK\r\n");
    machine.handle(Input::Tick, NOW_US + 6_000_000);
    machine.handle(Input::Tick, NOW_US + 7_000_000);
    let keys = ask(&mut machine, "DBSIZE");
    let (mut again, _) = boot(machine.disk.expect("it has one").kept(), ON);
    assert_eq!(ask(&mut again, "DBSIZE"), keys);
}

#[test]
fn a_failed_write_under_always_is_the_end() {
    for fault in [0, 1] {
        let (mut machine, _) = boot(Vec::new(), ON);
        let disk = machine.disk.as_mut().expect("it has one");
        *[&mut disk.failing_writes, &mut disk.failing_syncs][fault] = 1;
        let id = machine.node.connect("127.0.0.1:1");
        machine.handle(Input::Data(id, b"SET a 1\r\n"), NOW_US);
        machine.handle(Input::Tick, NOW_US + 1_000_000);
        assert!(machine.node.drain().contains(&Effect::Abort));
        assert!(
            machine.node.output(id).expect("connected").is_empty(),
            "no reply leaves"
        );
    }
}

#[test]
fn a_full_disk_under_always_is_the_end_and_leaves_no_half_of_a_command() {
    let (mut machine, _) = boot(Vec::new(), ON);
    assert_eq!(ask(&mut machine, "SET a 1"), "+OK\r\n");
    let disk = machine.disk.as_mut().expect("it has one");
    disk.capacity = Some(disk.used_bytes() + 10);
    let whole = disk.read(INCREMENT).expect("it is there").to_vec();
    let id = machine.node.connect("127.0.0.1:1");
    machine.handle(Input::Data(id, b"SET b 1\r\n"), NOW_US);
    machine.handle(Input::Tick, NOW_US + 1_000_000);
    assert!(machine.node.drain().contains(&Effect::Abort));
    assert!(machine.node.output(id).expect("connected").is_empty());
    let left = machine.disk.as_ref().expect("it has one").read(INCREMENT);
    assert_eq!(left, Ok(&whole[..]));
}

#[test]
fn a_failed_snapshot_stops_writes_until_one_succeeds() {
    let (mut machine, _) = boot(Vec::new(), &[]);
    assert_eq!(ask(&mut machine, "CONFIG SET save '3600 1'"), "+OK\r\n");
    machine.disk.as_mut().expect("it has one").failing_writes = 10;
    ask(&mut machine, "BGSAVE");
    for n in 0..5 {
        machine.handle(Input::Tick, NOW_US + 200_000 * n);
    }
    assert!(ask(&mut machine, "SET a 1").starts_with("-MISCONF Redis is configured to save RDB"));
    assert!(ask(&mut machine, "PING").starts_with("-MISCONF"));
    machine.disk.as_mut().expect("it has one").failing_writes = 0;
    assert_eq!(ask(&mut machine, "SAVE"), "+OK\r\n");
    assert_eq!(ask(&mut machine, "SET a 1"), "+OK\r\n");
}

#[test]
fn a_rewrite_is_not_held_up_by_fsyncs_if_so_configured() {
    let spared = [ON, &[("no-appendfsync-on-rewrite", "yes")]].concat();
    let (mut machine, _) = boot(Vec::new(), &spared);
    for n in 0..5 {
        ask(&mut machine, &format!("SETRANGE key{n} 1000000 x"));
    }
    ask(&mut machine, "BGREWRITEAOF");
    assert_eq!(ask(&mut machine, "SET other value"), "+OK\r\n");
    let log = "appendonlydir/appendonly.aof.2.incr.aof";
    let extent = |machine: &Machine| {
        let disk = machine.disk.as_ref().expect("it has one");
        disk.extent(log).expect("there is a log")
    };
    assert!(ask(&mut machine, "INFO persistence").contains("aof_rewrite_in_progress:1"));
    assert!(extent(&machine).platter < extent(&machine).cached);
    for n in 0..50 {
        machine.handle(Input::Tick, NOW_US + 100_000 * n);
        settle(&mut machine);
    }
    assert!(ask(&mut machine, "INFO persistence").contains("aof_rewrite_in_progress:0"));
    assert_eq!(extent(&machine).platter, extent(&machine).cached);
    let (mut again, _) = boot(machine.disk.expect("it has one").kept(), &spared);
    assert_eq!(ask(&mut again, "DBSIZE"), ":6\r\n");
}

#[test]
fn a_log_behind_a_snapshot_in_one_old_file_is_read_to_its_end() {
    let files = files();
    let base = files.iter().find(|f| f.path == BASE).expect("a base");
    let mut bytes = base.bytes.clone();
    for n in 0..100_000 {
        let n = format!("{n:06}");
        bytes.extend_from_slice(format!("*3\r\n$3\r\nSET\r\n$1\r\nn\r\n$6\r\n{n}\r\n").as_bytes());
    }
    let old = KeptFile {
        path: "appendonly.aof".into(),
        inode: 1,
        bytes,
    };
    let (mut machine, _) = boot(vec![old], ON);
    assert_eq!(ask(&mut machine, "GET n"), "$6\r\n099999\r\n");
}
