//! Files that commands read and write again while the server runs: DEBUG RELOAD and LOADAOF, FLUSHALL with save points; and
//! append-only files of the old kind. What is expected here was read from a real server.
use redlab::command::Config;
use redlab::server::{Effect, Input, NodeOptions};
use redlab::sim::disk::{Disk, KeptFile, Speed};
use redlab::sim::machine::Machine;

const NOW_US: i64 = 1_700_000_000_000_000;

struct Host {
    machine: Machine,
    id: u64,
}

impl Host {
    fn boot(files: &[KeptFile], settings: &[(&str, &str)]) -> Host {
        let mut config = Config::sandbox();
        for (name, value) in settings {
            let words = [name.as_bytes().to_vec()].into_iter();
            let values = value.split(' ').map(|v| v.as_bytes().to_vec());
            let words: Vec<_> = words.chain(values).collect();
            config.directive(&words).expect("a parameter");
        }
        let options = NodeOptions {
            now_us: NOW_US,
            config,
            ..NodeOptions::default()
        };
        let disk = Disk::new(Speed::default(), NOW_US).restore(files.to_vec());
        let mut machine = Machine::boot(options, Some(disk));
        let effects = settle(&mut machine);
        assert!(!effects.contains(&Effect::Abort), "{effects:?}");
        let id = machine.node.connect("127.0.0.1:1");
        Host { machine, id }
    }

    /// The reply to a line, without its type and ends of line.
    fn ask(&mut self, line: &str) -> String {
        let bytes = format!("{line}\r\n").into_bytes();
        self.machine.handle(Input::Data(self.id, &bytes), 0);
        settle(&mut self.machine);
        let out = self.machine.node.output(self.id).map(std::mem::take);
        let out = String::from_utf8(out.expect("connected")).expect("text");
        let lines = out.lines().filter(|line| !line.starts_with(['$', '*']));
        lines.collect::<Vec<_>>().join(" ")
    }

    fn info(&mut self, name: &str) -> String {
        let info = self.ask("INFO");
        let field = info
            .split(' ')
            .find_map(|field| field.strip_prefix(name)?.strip_prefix(':'));
        field.expect(name).to_owned()
    }

    fn file(&self, path: &str) -> Option<Vec<u8>> {
        let disk = self.machine.disk.as_ref().expect("it has one");
        disk.read(path).ok().map(<[u8]>::to_vec)
    }

    /// The files, all of them on the platter.
    fn files(mut self) -> Vec<KeptFile> {
        let disk = self.machine.disk.as_mut().expect("it has one");
        let all: Vec<String> = disk.all().map(str::to_owned).collect();
        for path in all {
            disk.sync(&path).expect("it is there");
        }
        for dir in ["", "appendonlydir"] {
            disk.sync_dir(dir);
        }
        disk.advance(i64::MAX / 2);
        disk.kept()
    }
}

/// Lets the machine run until it waits for nothing, or has ended.
fn settle(machine: &mut Machine) -> Vec<Effect> {
    let mut effects = machine.node.drain();
    for _ in 0..10_000 {
        let waits = machine.node.is_loading() || machine.node.is_busy();
        if !waits || effects.contains(&Effect::Abort) {
            return effects;
        }
        machine.handle(Input::Tick, machine.next_timer_us());
        effects.extend(machine.node.drain());
    }
    panic!("it has no end: {effects:?}");
}

const FAILED: &str = "-ERR Error trying to load the RDB dump, check server logs.";

#[test]
fn reload_reads_what_the_file_has() {
    let mut host = Host::boot(&[], &[]);
    host.ask("SET a 1");
    assert_eq!(host.ask("DEBUG RELOAD FOO").split(' ').nth(3), Some("only"));
    assert_eq!(host.ask("DEBUG RELOAD NOSAVE"), FAILED);
    assert_eq!(host.ask("KEYS *"), "");
    host.ask("SET a 1");
    assert_eq!(host.ask("DEBUG RELOAD"), "+OK");
    host.ask("SET b 2");
    assert_eq!(host.ask("DEBUG RELOAD nosave"), "+OK");
    assert_eq!(host.ask("KEYS *"), "a");
    host.ask("SET c 2");
    host.ask("SET a 2");
    assert_eq!(host.ask("DEBUG RELOAD NOSAVE NOFLUSH MERGE"), "+OK");
    assert_eq!(host.ask("MGET a c"), "1 2");
    assert_eq!(host.ask("DEBUG RELOAD MERGE NOSAVE"), "+OK");
    assert_eq!(host.ask("KEYS *"), "a");
    assert_eq!(host.info("rdb_changes_since_last_save"), "3");
    assert_eq!(host.ask("DEBUG RELOAD"), "+OK");
    assert_eq!(host.info("rdb_changes_since_last_save"), "0");
    assert_eq!(host.info("rdb_saves"), "0");
    let both = "MULTI\r\nSET z 1\r\nDEBUG RELOAD\r\nGET z\r\nEXEC";
    assert!(host.ask(both).ends_with("+OK +OK 1"));
    // Replies come in their order, and whoever asks meanwhile waits.
    assert_eq!(host.ask("DEBUG RELOAD\r\nGET z"), "+OK 1");
    // A key that is there twice ends a real server as well.
    let line = b"DEBUG RELOAD NOFLUSH\r\n";
    host.machine.handle(Input::Data(host.id, line), 0);
    let effects = settle(&mut host.machine);
    assert!(effects.contains(&Effect::Abort));
}

#[test]
fn functions_come_back_with_the_data() {
    let library =
        "FUNCTION LOAD \"#!lua name=m\\nredis.register_function('f', function() return 7 end)\"";
    let mut host = Host::boot(&[], &[]);
    host.ask(library);
    assert_eq!(host.ask("DEBUG RELOAD"), "+OK");
    assert_eq!(host.ask("FCALL f 0"), ":7");
    assert_eq!(host.ask("DEBUG RELOAD NOSAVE NOFLUSH MERGE"), "+OK");
    assert_eq!(host.ask("FCALL f 0"), ":7");
}

#[test]
fn the_log_is_read_again() {
    let failed = "-ERR Error trying to load the AOF files, check server logs.";
    let mut host = Host::boot(&[], &[]);
    host.ask("SET a 1");
    assert_eq!(host.ask("DEBUG LOADAOF"), failed);
    assert_eq!(host.ask("KEYS *"), "");
    let mut host = Host::boot(&[], &[("appendonly", "yes"), ("appendfsync", "always")]);
    host.ask("SET a 1\r\nSELECT 3\r\nSET b 2");
    let (digest, size) = (host.ask("DEBUG DIGEST"), host.info("aof_current_size"));
    assert_eq!(host.ask("DEBUG LOADAOF"), "+OK");
    assert_eq!(host.ask("DEBUG DIGEST"), digest);
    assert_eq!(host.info("rdb_changes_since_last_save"), "0");
    assert_eq!(host.info("aof_current_size"), size);
    // The log goes on, in the right database.
    host.ask("SET c 3");
    let digest = host.ask("DEBUG DIGEST");
    let files = host.files();
    let mut host = Host::boot(&files, &[("appendonly", "yes")]);
    assert_eq!(host.ask("DEBUG DIGEST"), digest);
    // Nothing is made up of a log that cannot be read.
    let disk = host.machine.disk.as_mut().expect("it has one");
    let log = "appendonlydir/appendonly.aof.1.incr.aof";
    disk.append(log, b"nonsense").expect("room");
    assert_eq!(host.ask("DEBUG LOADAOF"), failed);
    assert_eq!(host.ask("PING"), "+PONG");
}

#[test]
fn flushall_empties_the_file_where_there_are_save_points() {
    let mut host = Host::boot(&[], &[]);
    host.ask("SET a 1");
    host.ask("SAVE");
    let saved = host.file("dump.rdb");
    host.ask("FLUSHALL");
    assert_eq!(host.file("dump.rdb"), saved);
    assert_eq!(host.info("rdb_changes_since_last_save"), "1");
    host.ask("SET c 1");
    host.ask("FLUSHDB");
    host.ask("FLUSHDB");
    assert_eq!(host.info("rdb_changes_since_last_save"), "3");

    let mut host = Host::boot(&[], &[("save", "3600 1")]);
    host.ask("SET a 1");
    host.ask("SAVE");
    host.ask("SET b 1");
    assert_eq!(host.ask("FLUSHALL"), "+OK");
    assert_eq!(host.info("rdb_changes_since_last_save"), "0");
    assert_eq!(host.info("rdb_saves"), "1");
    let both = host.ask("MULTI\r\nSET a 1\r\nFLUSHALL\r\nSET b 1\r\nEXEC");
    assert!(both.ends_with("+OK +OK +OK"), "{both}");
    assert_eq!(host.info("rdb_changes_since_last_save"), "1");
    assert_eq!(host.ask("KEYS *"), "b");
    // What the file has is what there was just then.
    assert_eq!(host.ask("DEBUG RELOAD NOSAVE"), "+OK");
    assert_eq!(host.ask("KEYS *"), "");
    host.ask("BGSAVE");
    host.ask("FLUSHALL");
    assert_eq!(host.info("rdb_bgsave_in_progress"), "0");
    assert!(host.file("temp-1.rdb").is_none() && host.file("temp-2.rdb").is_none());
    // A disk that fails changes nothing of the reply.
    let disk = host.machine.disk.as_mut().expect("it has one");
    disk.capacity = Some(0);
    host.ask("SET a 1");
    assert_eq!(host.ask("FLUSHALL"), "+OK");
    assert_eq!(host.info("rdb_changes_since_last_save"), "2");
}

const OLD: &str = "appendonly.aof";
const ON: &[(&str, &str)] = &[("appendonly", "yes"), ("appendfsync", "always")];

fn kept(path: &str, inode: u64, bytes: &[u8]) -> KeptFile {
    KeptFile {
        path: path.into(),
        inode,
        bytes: bytes.to_vec(),
    }
}

#[test]
fn an_old_log_becomes_the_base() {
    let set = |key: &str| format!("*3\r\n$3\r\nSET\r\n$1\r\n{key}\r\n$1\r\n1\r\n").into_bytes();
    let mut saved = Host::boot(&[], &[]);
    saved.ask("SET r 1");
    saved.ask("SAVE");
    let snapshot = saved.file("dump.rdb").expect("it was saved");
    let mixed = [snapshot, set("a")].concat();
    for (old, keys) in [(set("a"), "a"), (mixed, "a r"), (Vec::new(), "")] {
        let files = [kept(OLD, 1, &old)];
        let mut host = Host::boot(&files, ON);
        let list = |host: &mut Host| {
            let found = host.ask("KEYS *");
            let mut keys: Vec<_> = found.split(' ').collect();
            keys.sort_unstable();
            keys.join(" ")
        };
        assert_eq!(list(&mut host), keys);
        assert!(host.file(OLD).is_none());
        assert_eq!(host.file("appendonlydir/appendonly.aof"), Some(old.clone()));
        let manifest = host.file("appendonlydir/appendonly.aof.manifest");
        let named =
            "file appendonly.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n";
        assert_eq!(manifest, Some(named.into()));
        host.ask("SET b 1");
        let mut again = Host::boot(&host.files(), ON);
        let more = format!("{keys} b");
        let mut both: Vec<_> = more.split_whitespace().collect();
        both.sort_unstable();
        assert_eq!(list(&mut again), both.join(" "));
        again.ask("BGREWRITEAOF");
        for _ in 0..30 {
            let at = again.machine.next_timer_us();
            again.machine.handle(Input::Tick, at);
        }
        let manifest = again.file("appendonlydir/appendonly.aof.manifest");
        let manifest = String::from_utf8(manifest.expect("there")).expect("text");
        assert!(manifest.starts_with("file appendonly.aof.2.base.rdb seq 2 type b\n"));
    }
    // The power went between the manifest and the move.
    let manifest = b"file appendonly.aof seq 1 type b\n";
    let files = [
        kept(OLD, 1, &set("a")),
        kept("appendonlydir/appendonly.aof.manifest", 2, manifest),
    ];
    let mut host = Host::boot(&files, ON);
    assert_eq!(host.ask("KEYS *"), "a");
    assert!(host.file(OLD).is_none());
    // Where there is a manifest, another file of that name is none of its business.
    let files = [Host::boot(&[], ON).files(), vec![kept(OLD, 99, &set("x"))]].concat();
    let mut host = Host::boot(&files, ON);
    assert_eq!(host.ask("KEYS *"), "");
    assert!(host.file(OLD).is_some());
}
