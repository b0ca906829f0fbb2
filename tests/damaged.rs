//! Every prefix and every single flipped bit of small files and payloads: each is loaded or refused, nothing panics, and no
//! attempt takes more memory than a small file can be worth. Flips also with the checksum made right again.
#[path = "support/nonsense.rs"]
#[allow(dead_code)]
mod nonsense;

use redlab::base::crc64::crc64;
use redlab::command::Config;
use redlab::persist::aof::manifest::Manifest;
use redlab::server::{Effect, Input, Node, NodeOptions};
use redlab::sim::disk::{Disk, KeptFile, Speed};
use redlab::sim::machine::Machine;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

const NOW_US: i64 = 1_700_000_000_000_000;
/// Files are this long at most.
const FILE_MAX: usize = 2048;
/// Most bytes that reading one may take beyond what a node has anyway.
const MEMORY_MAX: usize = 4 << 20;

/// Counts what each thread has and had at most.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// A thread that frees what another one had made holds less than nothing: only differences mean something.
fn count(more: usize, less: usize) {
    let held = HELD.get() + more as isize - less as isize;
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

// Safety: all of it is the system's allocator; the counters are the thread's own and allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, layout.size());
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` gives; it may take `MEMORY_MAX` at most.
fn bounded<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let before = HELD.get();
    PEAK.set(before);
    let result = work();
    let took = PEAK.get() - before;
    assert!(took < MEMORY_MAX as isize, "{what}: {took} bytes");
    result
}

#[test]
fn memory_is_counted() {
    let made = std::panic::catch_unwind(|| {
        bounded("large", || {
            drop(std::hint::black_box(vec![1u8; MEMORY_MAX]))
        })
    });
    assert!(made.is_err());
}

/// Calls `try_one` with all prefixes and all single flips; `signed` makes a checksum right, if the form has one.
fn each_damage(file: &[u8], signed: Option<fn(&mut [u8])>, mut try_one: impl FnMut(&str, &[u8])) {
    assert!(file.len() <= FILE_MAX, "{} bytes", file.len());
    for len in 0..file.len() {
        try_one(&format!("cut at {len}"), &file[..len]);
    }
    for bit in 0..8 * file.len() {
        let mut bytes = file.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        try_one(&format!("bit {bit}"), &bytes);
        if let Some(signed) = signed {
            signed(&mut bytes);
            try_one(&format!("bit {bit}, signed"), &bytes);
        }
    }
}

fn sign(bytes: &mut [u8]) {
    let end = bytes.len() - 8;
    let crc = crc64(0, &bytes[..end]).to_le_bytes();
    bytes[end..].copy_from_slice(&crc);
}

fn node() -> Node {
    Node::new(NodeOptions {
        now_us: NOW_US,
        ..NodeOptions::default()
    })
}

fn send(node: &mut Node, id: u64, bytes: &[u8]) -> Vec<u8> {
    node.handle(Input::Data(id, bytes), NOW_US);
    std::mem::take(node.output(id).expect("connected"))
}

const STREAM: [&str; 5] = [
    "XADD stream 5-1 f v",
    "XADD stream 7-0 g v h w",
    "XGROUP CREATE stream group 0",
    "XREADGROUP GROUP group ann COUNT 1 STREAMS stream >",
    "XDEL stream 5-1",
];
const LARGE: &str = "CONFIG SET zset-max-listpack-entries 0 hash-max-listpack-entries 0 set-max-listpack-entries 0 \
                     set-max-intset-entries 0 list-max-listpack-size 2";
const REST: [&str; 3] = [
    "SET run aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbb",
    "SADD ints 1 2 -70000",
    "RPUSH large aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b",
];

/// Nodes with each type, in its compact and in its large form.
fn filled() -> Vec<(Node, u64)> {
    let forms = [None, Some(LARGE)];
    let filled = forms.map(|limits| {
        let mut node = node();
        let id = node.connect("127.0.0.1:1");
        let lines = nonsense::ONE_OF_EACH.iter().chain(&STREAM).chain(&REST);
        for line in limits.iter().chain(lines) {
            let reply = send(&mut node, id, format!("{line}\r\n").as_bytes());
            assert_ne!(reply[0], b'-', "{line}: {}", reply.escape_ascii());
        }
        (node, id)
    });
    filled.into()
}

#[test]
fn snapshots() {
    for (saved, _) in &filled() {
        let (mut loaded, mut refused) = (0, 0);
        each_damage(&saved.save_rdb(), Some(sign), |what, bytes| {
            let mut node = node();
            match bounded(what, || node.load_rdb(bytes)) {
                Ok(_) => loaded += 1,
                Err(_) => refused += 1,
            }
        });
        assert!(loaded > 500 && refused > 500, "{loaded} and {refused}");
    }
}

#[test]
fn payloads() {
    let (mut taken, mut refused) = (0, 0);
    for (mut node, id) in filled() {
        let keys = [
            "str", "list", "set", "hash", "zset", "stream", "run", "ints", "large",
        ];
        for key in keys {
            let reply = send(&mut node, id, format!("DUMP {key}\r\n").as_bytes());
            let from = reply.iter().position(|b| *b == b'\n').expect("a bulk") + 1;
            let payload = reply[from..reply.len() - 2].to_vec();
            each_damage(&payload, Some(sign), |what, bytes| {
                let words = [b"RESTORE", &b"new"[..], b"0", bytes, b"REPLACE"];
                let words = words.map(<[u8]>::to_vec);
                let what = format!("{key}, {what}");
                let reply = bounded(&what, || send(&mut node, id, &nonsense::encode(&words)));
                if reply == b"+OK\r\n" {
                    taken += 1;
                    // Whatever was taken can be walked over.
                    send(&mut node, id, b"DEBUG DIGEST-VALUE new\r\n");
                    return;
                }
                let why = String::from_utf8_lossy(&reply).into_owned();
                let known = [
                    "-ERR Bad data format\r\n",
                    "-ERR DUMP payload version or checksum are wrong\r\n",
                ];
                assert!(known.contains(&why.as_str()), "{what}: {why}");
                refused += 1;
            });
        }
    }
    assert!(taken > 500 && refused > 5000, "{taken} and {refused}");
}

const DIR: &str = "appendonlydir/appendonly.aof";

/// Starts a server with these files; whether it runs.
fn starts(files: &[(&str, &[u8])]) -> bool {
    let numbered = files.iter().zip(1..);
    let files = numbered.map(|((name, bytes), inode)| KeptFile {
        path: [DIR, name].concat(),
        inode,
        bytes: bytes.to_vec(),
    });
    let mut config = Config::sandbox();
    config
        .directive(&[b"appendonly".to_vec(), b"yes".to_vec()])
        .expect("a parameter");
    let options = NodeOptions {
        now_us: NOW_US,
        config,
        ..NodeOptions::default()
    };
    let disk = Disk::new(Speed::default(), NOW_US).restore(files.collect());
    let mut machine = Machine::boot(options, Some(disk));
    for _ in 0..10_000 {
        if machine.node.drain().contains(&Effect::Abort) {
            return false;
        }
        if !machine.node.is_loading() && !machine.node.is_busy() {
            return true;
        }
        machine.handle(Input::Tick, machine.next_timer_us());
    }
    panic!("a start has no end");
}

/// A log of a few writes, with timestamps and a transaction.
fn log() -> Vec<u8> {
    let mut node = node();
    node.keep_log();
    let id = node.connect("127.0.0.1:1");
    for line in [
        "SET a 1",
        "RPUSH l a b",
        "MULTI\r\nINCR a\r\nSADD s x\r\nEXEC",
        "SELECT 3",
        "SET b c PX 100000",
    ] {
        send(&mut node, id, format!("{line}\r\n").as_bytes());
    }
    let log = node.take_log();
    let second = log.iter().position(|b| *b == b'\n').expect("a line") + 1;
    assert!(second > 0);
    [&b"#TS:1700000000\r\n"[..], &log, b"#TS:1700000001\r\n"].concat()
}

/// Damages one file of a directory; both ends must be seen.
fn damaged_file(files: &[(&str, &[u8])], which: usize, signed: Option<fn(&mut [u8])>) {
    assert!(starts(files), "it is whole");
    let (mut run, mut ended) = (0, 0);
    each_damage(files[which].1, signed, |what, bytes| {
        let mut files = files.to_vec();
        files[which].1 = bytes;
        match bounded(what, || starts(&files)) {
            true => run += 1,
            false => ended += 1,
        }
    });
    let name = files[which].0;
    assert!(run > 20 && ended > 100, "{name}: {run} and {ended}");
}

const MANIFEST: &[u8] =
    b"file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n";

#[test]
fn logs() {
    let base = node().save_rdb();
    let files = [
        (".manifest", MANIFEST),
        (".1.base.rdb", &base[..]),
        (".1.incr.aof", &log()),
    ];
    damaged_file(&files, 2, None);
}

#[test]
fn bases_of_commands_and_behind_a_snapshot() {
    let (log, mut small) = (log(), node());
    let id = small.connect("127.0.0.1:1");
    send(&mut small, id, b"HSET h a 1 b 2\r\n");
    let preamble = small.save_rdb();
    for base in [log.clone(), [&preamble[..], &log].concat()] {
        let files = [
            (".manifest", MANIFEST),
            (".1.base.rdb", &base[..]),
            (".1.incr.aof", b""),
        ];
        damaged_file(&files, 1, None);
    }
    // With a snapshot alone its checksum is the file's end.
    let files = [
        (".manifest", MANIFEST),
        (".1.base.rdb", &preamble[..]),
        (".1.incr.aof", b""),
    ];
    damaged_file(&files, 1, Some(sign));
}

#[test]
fn manifests() {
    let base = node().save_rdb();
    let files = [
        (".manifest", MANIFEST),
        (".1.base.rdb", &base[..]),
        (".1.incr.aof", &log()),
    ];
    damaged_file(&files, 0, None);
    let text =
        b"# made by hand\nfile \"a b\" seq 2 type b\nfile x seq 1 type h\nfile y seq 7 type i\n";
    each_damage(text, None, |what, bytes| {
        let Ok(manifest) = bounded(what, || Manifest::parse(bytes)) else {
            return;
        };
        let again = manifest.to_bytes();
        if !again.is_empty() {
            assert_eq!(Manifest::parse(&again), Ok(manifest), "{what}");
        }
    });
}
