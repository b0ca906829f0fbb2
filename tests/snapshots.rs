//! Snapshot files: whatever is done to one, reading it does no harm; what was not done to it comes back.
#[path = "support/nonsense.rs"]
#[allow(dead_code)]
mod nonsense;

use redlab::base::crc64::crc64;
use redlab::persist::rdb::load::Loaded;
use redlab::persist::rdb::save::{self, Save, Uses};
use redlab::persist::rdb::{Fault, OLDEST_WRITTEN, VERSION, Why};
use redlab::server::{Input, Node, NodeOptions};

const NOW_US: i64 = 1_700_000_000_000_000;

/// A library of functions, short enough for a length of one byte.
const LIBRARY: &[u8] = b"#!lua name=m\nredis.register_function('f',redis.log)";

fn node() -> Node {
    Node::new(NodeOptions {
        now_us: NOW_US,
        ..NodeOptions::default()
    })
}

/// A node that ran these commands.
fn node_after(lines: &[&str]) -> Node {
    let mut node = node();
    let id = node.connect("127.0.0.1:1");
    for line in lines {
        node.handle(Input::Data(id, format!("{line}\r\n").as_bytes()), NOW_US);
        let reply = std::mem::take(node.output(id).expect("connected"));
        assert_ne!(
            reply.first(),
            Some(&b'-'),
            "{line}: {}",
            reply.escape_ascii()
        );
    }
    node
}

const STREAM: [&str; 8] = [
    "XADD stream 5-1 f v",
    "XADD stream 6-0 f w",
    "XADD stream 7-0 g v h w",
    "XGROUP CREATE stream group 0",
    "XGROUP CREATE stream other 6-0",
    "XREADGROUP GROUP group ann COUNT 2 STREAMS stream >",
    "XREADGROUP GROUP group bob COUNT 2 STREAMS stream >",
    "XDEL stream 6-0",
];

/// Small files: each type in its compact and in its large form, expiry, several databases.
fn corpus() -> Vec<Node> {
    let large = "CONFIG SET zset-max-listpack-entries 0 hash-max-listpack-entries 0 set-max-listpack-entries 0 \
                 set-max-intset-entries 0 list-max-listpack-size 2";
    let rest = [
        "SET run aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbb EX 100",
        "SADD ints 1 2 -70000",
        "SELECT 3",
        "SET other hello PX 100000",
    ];
    let compact = [&nonsense::ONE_OF_EACH[..], &STREAM[..], &rest[..]].concat();
    let tables = [&[large][..], &compact[..], &["RPUSH l a b c d e"][..]].concat();
    vec![node_after(&[]), node_after(&compact), node_after(&tables)]
}

fn text(fault: &Fault) -> &str {
    match &fault.why {
        Why::Empty => "",
        Why::Text(text) => text,
    }
}

#[test]
fn what_is_saved_comes_back() {
    for (number, saved) in corpus().iter().enumerate() {
        for version in [OLDEST_WRITTEN, VERSION] {
            for compress in [true, false] {
                let options = save::Options {
                    version,
                    compress,
                    uses: Uses::Idle,
                    functions: vec![LIBRARY.to_vec()],
                    ..save::Options::default()
                };
                let file = save::save(saved.keyspace(), options);
                let mut back = node();
                let loaded = back.load_rdb(&file).expect("it was just saved");
                assert_eq!(loaded.version, version);
                assert_eq!(loaded.end, file.len());
                assert_eq!(loaded.functions, [LIBRARY]);
                let digests = [saved, &back].map(|n| n.keyspace().digest());
                assert_eq!(digests[0], digests[1], "file {number}");
            }
        }
    }
}

#[test]
fn pieces_make_the_file() {
    for saved in &corpus() {
        let whole = saved.save_rdb();
        let options = || save::Options {
            about: vec![],
            ..save::Options::default()
        };
        let plain = save::save(saved.keyspace(), options());
        assert!(plain.len() < whole.len());
        for size in [0, 1, 50, 1000] {
            let (mut save, mut all) = (Save::new(options()), Vec::new());
            while let Some(piece) = save.piece(saved.keyspace(), size) {
                all.extend(piece);
            }
            assert_eq!(all, plain, "pieces of {size}");
        }
    }
}

/// Loads damaged bytes and walks over all that came of them.
fn survive(bytes: &[u8]) -> bool {
    let mut node = node();
    let loaded = node.load_rdb(bytes).is_ok();
    node.keyspace().digest();
    // Whatever was accepted can be written again, and read again.
    let again = node.save_rdb();
    let mut back = self::node();
    back.load_rdb(&again).expect("what is written can be read");
    assert_eq!(back.keyspace().digest(), node.keyspace().digest());
    loaded
}

fn signed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 8;
    let crc = crc64(0, &bytes[..end]).to_le_bytes();
    bytes[end..].copy_from_slice(&crc);
    bytes
}

#[test]
fn cut_files_are_refused() {
    for saved in &corpus() {
        let file = saved.save_rdb();
        assert!(file.len() < 2048);
        for len in 0..file.len() {
            let mut node = node();
            let fault = node.load_rdb(&file[..len]).expect_err("it is cut");
            assert!(fault.at <= len, "{fault}");
        }
    }
}

#[test]
fn flipped_bits_do_no_harm() {
    let mut accepted = 0;
    for saved in &corpus() {
        let file = saved.save_rdb();
        for bit in 0..8 * file.len() {
            let mut bytes = file.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(node().load_rdb(&bytes).is_err() || bit / 8 < 9, "bit {bit}");
            accepted += u32::from(survive(&signed(bytes)));
        }
    }
    assert!(accepted > 1000, "{accepted} were accepted");
}

/// A file of these records, without a checksum.
fn file(version: &str, records: &[u8]) -> Vec<u8> {
    [b"REDIS", version.as_bytes(), records, &[0xff], &[0; 8]].concat()
}

fn load(bytes: &[u8]) -> Result<(Node, Loaded), Fault> {
    let mut node = node();
    let loaded = node.load_rdb(bytes)?;
    Ok((node, loaded))
}

#[test]
fn records_of_all_versions() {
    let at_s = (NOW_US / 1_000_000) as i32 + 100;
    let seconds = [&[0xfd][..], &at_s.to_le_bytes(), b"\x00\x01k\x01v"].concat();
    // Before version 5 a file ends with FF.
    let mut oldest = file("0001", &seconds);
    oldest.truncate(oldest.len() - 8);
    let (old, _) = load(&oldest).expect("the first version has seconds");
    let table = old.keyspace().table(0);
    let id = table.dict().find(b"k").expect("it was loaded");
    assert_eq!(table.expire_at(id), Some(i64::from(at_s) * 1000));

    // What the file says of itself, a hint, a slot, a function, how a key was used, and the key.
    let records = [
        &b"\xfa\x03abc\xc0\x07\xfe\x02\xfb\x01\x00\xf4\x01\x02\x03\xf5"[..],
        &[LIBRARY.len() as u8],
        LIBRARY,
        b"\xf9\x05\xf8\x0a\x00\x01k\xc0\x2a",
    ]
    .concat();
    let (node, loaded) = load(&file("0011", &records)).expect("all known records");
    assert_eq!(loaded.about, [(b"abc".to_vec(), b"7".to_vec())]);
    assert_eq!((loaded.keys, loaded.functions), (1, vec![LIBRARY.to_vec()]));
    let table = node.keyspace().table(2);
    let id = table.dict().find(b"k").expect("it was loaded");
    assert_eq!(node.keyspace().idle_seconds(table.object(id).lru), 10);

    // A key of the past and a set without members are left out, and what was said of them is not said of the next.
    let records = b"\xfc\x01\0\0\0\0\0\0\0\x00\x01a\x01v\x02\x01e\x00\x00\x01b\x01v";
    let (node, loaded) = load(&file("0009", records)).expect("keys may be left out");
    assert_eq!((loaded.keys, loaded.expired, loaded.empty), (1, 1, 1));
    assert_eq!(node.keyspace().table(0).volatile_len(), 0);
}

#[test]
fn what_cannot_be_loaded_is_named() {
    let module = b"\x07\x01m\x81\x4e\x00\x00\x00\x00\x00\x04\x01";
    let cases: [(&str, &[u8], &str); 8] = [
        ("0012", b"", "Can't handle RDB format version"),
        ("0000", b"", "Can't handle RDB format version"),
        ("00x1", b"", "Can't handle RDB format version"),
        (
            "0011",
            b"\x06\x01m",
            "Pre-release module format not supported",
        ),
        ("0011", b"\xf6", "Pre-release function format not supported"),
        (
            "0011",
            b"\x00\x01k\x01v\x00\x01k\x01v",
            "a key that is there already",
        ),
        (
            "0011",
            b"\xfe\x10",
            "a database of a higher number than there are here",
        ),
        ("0011", module, "no matching module type 'TgAAAAAAB'"),
    ];
    for (version, records, why) in cases {
        let Err(fault) = load(&file(version, records)) else {
            panic!("{version} {}: accepted", records.escape_ascii());
        };
        assert!(
            text(&fault).contains(why),
            "{version} {}: {fault}",
            records.escape_ascii()
        );
    }
    assert!(load(b"REDIX0011\xff").is_err());
    let mut wrong = file("0011", b"");
    *wrong.last_mut().expect("not empty") = 1;
    assert_eq!(
        load(&wrong).map(drop).map_err(|f| text(&f).to_string()),
        Err("Wrong RDB checksum".into())
    );
}
