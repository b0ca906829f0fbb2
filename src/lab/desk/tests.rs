use super::*;
use crate::command::Config;
use crate::lab::views::{AofModel, BytesModel, Model, RdbModel, inspect_files};
use crate::persist::tools::Repair;
use crate::server::{Input, NodeOptions};
use crate::sim::disk::Speed;
use crate::sim::machine::Machine;

const INCREMENT: &str = "appendonlydir/appendonly.aof.1.incr.aof";

/// A machine with a desk; time goes on by a second a command.
struct Bench {
    machine: Machine,
    desk: Desk,
    client: u64,
    now_us: i64,
}

impl Bench {
    fn new() -> Bench {
        let mut options = NodeOptions::default();
        let words = |line: &str| line.split(' ').map(|w| w.as_bytes().to_vec()).collect();
        let lines = ["appendonly yes", "appendfsync always"];
        for line in lines.map(words) {
            let words: Vec<Vec<u8>> = line;
            options.config.directive(&words).expect("it is one");
        }
        let disk = Disk::new(Speed::default(), 0);
        let mut machine = Machine::boot(options, Some(disk));
        machine.handle(Input::Tick, 1_000_000);
        machine.node.keep_trail();
        let client = machine.node.connect("127.0.0.1:1");
        Bench {
            machine,
            desk: Desk::default(),
            client,
            now_us: 1_000_000,
        }
    }

    /// Runs a line; the number of the command.
    fn run(&mut self, line: &str) -> u64 {
        let request = format!("{line}\r\n");
        let input = Input::Data(self.client, request.as_bytes());
        self.machine.handle(input, self.now_us);
        self.now_us += 1_000_000;
        self.machine.handle(Input::Tick, self.now_us);
        self.machine.node.last_ran(self.client).unwrap_or(0)
    }

    fn see(&mut self, view: &str, words: &[&str]) -> Option<Model> {
        let argv: Vec<Vec<u8>> = words.iter().map(|w| w.as_bytes().to_vec()).collect();
        let Machine { node, disk, .. } = &self.machine;
        inspect_files(&mut self.desk, disk.as_ref(), node, view, &argv)
    }

    fn aof(&mut self, path: &str) -> AofModel {
        match self.see("aof", &[path]) {
            Some(Model::Aof(model)) => model,
            other => panic!("{other:?}"),
        }
    }

    fn rdb(&mut self, path: &str) -> RdbModel {
        match self.see("rdb", &[path]) {
            Some(Model::Rdb(model)) => model,
            other => panic!("{other:?}"),
        }
    }

    fn window(&mut self, view: &str, words: &[&str]) -> BytesModel {
        match self.see(view, words) {
            Some(Model::Bytes(model)) => model,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn each_command_of_the_log_names_the_one_that_wrote_it() {
    let mut bench = Bench::new();
    let set = bench.run("SET a 1");
    bench.run("GET a");
    bench.run("MULTI");
    bench.run("INCR n");
    bench.run("INCR n");
    let exec = bench.run("EXEC");
    let script = bench.run("EVAL \"redis.call('incr','n') redis.call('incr','n')\" 0");
    let model = bench.aof("");
    assert_eq!((model.shown.as_str(), model.through), (INCREMENT, true));
    let window = bench.window("commands", &[INCREMENT, "0", "100"]);
    assert_eq!(window.commands.len() as u64, model.commands);
    let by: Vec<(&str, u64)> = window
        .commands
        .iter()
        .map(|c| (c.line.as_str(), c.ran.unwrap_or(0)))
        .collect();
    let wanted = [
        ("SELECT 0", set),
        ("SET a 1", set),
        ("MULTI", exec),
        ("INCR n", exec),
        ("INCR n", exec),
        ("EXEC", exec),
        ("MULTI", script),
        ("incr n", script),
        ("incr n", script),
        ("EXEC", script),
    ];
    assert_eq!(by, wanted);
    assert!(
        window
            .commands
            .iter()
            .all(|c| c.client == Some(bench.client))
    );
    // A rewrite puts the next writes into another file.
    bench.run("BGREWRITEAOF");
    for _ in 0..3 {
        bench.run("PING");
    }
    let last = bench.run("SET b 2");
    let model = bench.aof("");
    assert_eq!(model.shown, "appendonlydir/appendonly.aof.2.incr.aof");
    let window = bench.window("commands", &[&model.shown, "0", "100"]);
    assert_eq!(window.commands.last().and_then(|c| c.ran), Some(last));
    let roles: Vec<&str> = model.files.iter().map(|f| f.role).collect();
    assert_eq!(roles, ["manifest", "base", "increment"]);
}

#[test]
fn windows_are_the_same_wherever_they_begin() {
    let mut bench = Bench::new();
    for i in 0..300 {
        bench.run(&format!("SET k{i} {}", "x".repeat(i % 7)));
    }
    let all = bench.window("commands", &[INCREMENT, "0", "1000"]).commands;
    assert_eq!(all.len(), 200);
    let size = bench.aof("").files.last().map_or(0, |f| f.bytes);
    for from in (0..size).step_by(97) {
        let window = bench.window("bytes", &[INCREMENT, &from.to_string(), "200"]);
        assert_eq!(window.text.chars().count() as u64, 200.min(size - from));
        let (first, last) = (&window.commands[0], window.commands.last().unwrap());
        assert!(first.start <= from && from < first.end, "{from}");
        assert!(last.end >= (from + 200).min(size), "{from}");
        if let Some(same) = all.get(first.number as usize) {
            assert_eq!((same.start, &same.line), (first.start, &first.line));
        }
    }
    for words in [
        &[INCREMENT, "99999999", "10"][..],
        &[INCREMENT, "18446744073709551615", "18446744073709551615"],
        &[INCREMENT],
    ] {
        let window = bench.window("bytes", words);
        assert!(window.commands.is_empty(), "{words:?}");
        bench.see("commands", words);
        bench.see("fields", words);
        bench.see("field", words);
    }
    assert_eq!(bench.see("bytes", &["nosuch", "0", "1"]), None);
}

#[test]
fn a_broken_end_is_found_told_and_cut() {
    let mut bench = Bench::new();
    bench.run("SET a 1");
    let sound = bench.aof("").files.last().map_or(0, |f| f.bytes);
    bench.run("SET b 2");
    let disk = bench.machine.disk.as_mut();
    assert!(bench.desk.edit(disk, INCREMENT, sound as usize, b'x'));
    let model = bench.aof("");
    assert_eq!(model.ok_up_to, sound);
    assert!(model.verdict.is_some_and(|v| v.contains("is not valid")));
    let Machine { node, disk, .. } = &mut bench.machine;
    let manifest = "appendonly.aof.manifest";
    let told = bench
        .desk
        .check(disk.as_mut(), manifest, Repair::Nothing, node.config(), 0);
    assert!(!told.good && told.text.contains("format error"), "{told:?}");
    let mended = bench
        .desk
        .check(disk.as_mut(), manifest, Repair::Fix, node.config(), 0);
    assert_eq!(mended.cut.as_deref(), Some(INCREMENT));
    assert!(
        mended
            .text
            .contains("Continue? [y/N]: y\nSuccessfully truncated")
    );
    assert_eq!(bench.aof("").verdict, None);
    let left = bench
        .machine
        .disk
        .as_ref()
        .and_then(|d| d.read(INCREMENT).ok());
    assert_eq!(left.map(<[u8]>::len), Some(sound as usize));
}

#[test]
fn what_is_brought_is_looked_at_and_touches_no_disk() {
    let mut bench = Bench::new();
    bench.run("SET a 1");
    let rdb = bench.machine.node.save_rdb();
    let tail = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n2\r\n";
    assert!(bench.desk.bring("dump.rdb", rdb.clone()));
    assert!(bench.desk.bring("old.aof", [&rdb[..], tail].concat()));
    let model = bench.rdb("brought/dump.rdb");
    assert_eq!((model.keys, model.whole), (1, true));
    assert!(model.last.contains("it fits"), "{}", model.last);
    // First the snapshot is gone through, then what stands behind it.
    bench.aof("brought/old.aof");
    let model = bench.aof("brought/old.aof");
    assert_eq!(
        (model.commands, model.snapshot_bytes),
        (1, rdb.len() as u64)
    );
    assert!(bench.desk.edit(None, "brought/dump.rdb", rdb.len() - 1, 0));
    let model = bench.rdb("brought/dump.rdb");
    assert!(model.last.contains("does not fit"), "{}", model.last);
    let told = bench
        .desk
        .check(None, "dump.rdb", Repair::Nothing, &Config::default(), 0);
    assert!(
        !told.good
            && told
                .text
                .starts_with("[offset 0] Checking RDB file dump.rdb")
    );
    assert!(!bench.desk.edit(None, "brought/dump.rdb", rdb.len(), 0));
    bench.desk.clear();
    assert!(bench.aof("").files.iter().all(|f| !f.brought));
}

#[test]
fn a_large_file_is_gone_through_in_slices() {
    let mut bench = Bench::new();
    let one = b"*1\r\n$4\r\nPING\r\n";
    bench.desk.bring("x.aof", one.repeat(50_000));
    let mut slices = 0;
    while !bench.aof("brought/x.aof").through {
        slices += 1;
    }
    assert_eq!(slices, 2);
    let window = bench.window("bytes", &["brought/x.aof", "699986", "14"]);
    assert_eq!(window.commands[0].number, 49_999);
}
