//! The notes on a snapshot's bytes, of one that a node wrote.
use crate::persist::rdb::annotate::{Note, Notes};
use crate::server::{Input, Node, NodeOptions};

/// Every piece of bytes, which are gone through to the end.
fn all(bytes: &[u8]) -> Vec<Note> {
    let mut notes = Notes::default();
    let mut found = Vec::new();
    while let Some(note) = notes.next(bytes) {
        found.push(note);
        assert!(found.len() <= bytes.len() + 2, "it does not end");
    }
    found
}

/// A snapshot with keys of most types and encodings.
fn snapshot() -> Vec<u8> {
    let mut node = Node::new(NodeOptions::default());
    let id = node.connect("127.0.0.1:1");
    let long = "ab".repeat(40);
    for line in [
        "SET hits 42",
        "SET sess:9 u1 PX 100000000",
        "SET \"\" x",
        &format!("SET long {long}"),
        "ZADD lb 7 bob 10 ann 1.5 eve",
        "SADD ints 1 2 70000",
        "SADD tags red green",
        "HSET user name ann age 31",
        &format!("HSET big f {long}x"),
        &format!("ZADD bigz 1.5 {long}x"),
        "RPUSH q a b c",
        "XADD s 1-1 f v",
        "XADD s 2-1 f w",
        "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g ann COUNT 1 STREAMS s >",
        "SELECT 3",
        "PFADD p a b",
    ] {
        node.handle(Input::Data(id, format!("{line}\r\n").as_bytes()), 1);
    }
    node.save_rdb()
}

#[test]
fn pieces_cover_a_file_without_a_gap() {
    let bytes = snapshot();
    let notes = all(&bytes);
    let mut at = 0;
    for note in &notes {
        assert_eq!(note.at, at, "{note:?}");
        assert!(note.len > 0 && note.head <= note.len, "{note:?}");
        at += note.len;
    }
    assert_eq!(at, bytes.len());
    let say = |kind: &str| -> Vec<String> {
        let those = notes.iter().filter(|n| n.kind == kind);
        those
            .map(|n| [&n.section, ": ", &n.text].concat())
            .collect()
    };
    assert_eq!(say("unreadable"), Vec::<String>::new());
    assert_eq!(say("magic"), ["Magic: “REDIS”, version 11"]);
    assert_eq!(say("CRC64"), ["End: CRC-64 of all before: it fits"]);
    assert_eq!(say("SELECTDB").len(), 2);
    assert_eq!(say("expiry"), ["sess:9: expires, in ms since 1970"]);
    let texts: Vec<&str> = notes.iter().map(|n| n.text.as_str()).collect();
    for part in [
        "string, key hits, length 4",
        "value 42, int8",
        "value u1, length 2",
        "string, key \"\", length 0",
        "member bob",
        "score 10",
        "score 1.5",
        "member 70000",
        "field age",
        "score 1.5",
        "group g, length 1",
        "consumer ann, length 3",
        "pending 1-1",
        "the node's first id 1-1",
        "entries ever added: 2",
    ] {
        assert!(texts.contains(&part), "{part}: {texts:#?}");
    }
    assert!(
        texts.iter().any(|t| t.ends_with("bytes for 80")),
        "{texts:#?}"
    );
}

#[test]
fn a_walk_goes_on_from_a_copy() {
    let bytes = snapshot();
    let notes = all(&bytes);
    let mut walk = Notes::default();
    for from in 0..notes.len() {
        let mut copy = walk.clone();
        for note in &notes[from..] {
            assert_eq!(copy.next(&bytes).as_ref(), Some(note));
        }
        assert!(copy.next(&bytes).is_none() && copy.is_whole());
        walk.next(&bytes);
    }
}

#[test]
fn damaged_bytes_do_no_harm() {
    let bytes = snapshot();
    for end in 0..bytes.len() {
        let notes = all(&bytes[..end]);
        assert_eq!(
            notes.last().map(|n| n.kind),
            Some("unreadable"),
            "cut at {end}"
        );
        assert_eq!(notes.iter().map(|n| n.len).sum::<usize>(), end);
    }
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let notes = all(&bytes);
        let sum: usize = notes.iter().map(|n| n.len).sum();
        assert!(sum <= bytes.len(), "bit {bit}");
        let fits = notes.iter().any(|n| n.text.ends_with("it fits"));
        assert!(!fits, "bit {bit}");
    }
}

/// A file of an old version, in forms that only older servers wrote.
fn old_snapshot() -> Vec<u8> {
    let mut bytes = b"REDIS0004\xfe\x00".to_vec();
    let mut key = |kind: u8, name: &[u8], value: &[u8]| {
        bytes.extend([kind, name.len() as u8]);
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(value);
    };
    // Its length, 19; then the header, "ann", 10, and the end.
    let ziplist = b"\x13\x13\x00\x00\x00\x0f\x00\x00\x00\x02\x00\x00\x03ann\x05\xfe\x0a\xff";
    key(12, b"lb", ziplist);
    key(10, b"l", ziplist);
    key(14, b"q", &[b"\x01", &ziplist[..]].concat());
    key(9, b"h", b"\x08\x01\x01f\x02\x00vw\xff");
    key(3, b"z", b"\x02\x01a\x031.5\x01b\xfe");
    key(1, b"old", b"\x02\x01a\xc1\x39\x30");
    key(
        11,
        b"ints",
        b"\x0c\x02\x00\x00\x00\x02\x00\x00\x00\x05\x00\xff\xff",
    );
    bytes.push(0xff);
    bytes
}

#[test]
fn old_forms_are_laid_open_as_well() {
    let bytes = old_snapshot();
    let notes = all(&bytes);
    let texts: Vec<&str> = notes.iter().map(|n| n.text.as_str()).collect();
    assert!(notes.iter().all(|n| n.kind != "unreadable"), "{texts:#?}");
    for part in [
        "sorted set as ziplist, key lb, length 2",
        "member ann",
        "score 10",
        "element 10",
        "1 nodes",
        "zipmap, length 8: f, vw",
        "score 1.5",
        "score inf",
        "element 12345, int16",
        "member 5",
        "member -1",
        "the data ends here",
    ] {
        assert!(texts.contains(&part), "{part}: {texts:#?}");
    }
    assert_eq!(notes.last().map(|n| n.at + n.len), Some(bytes.len()));
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        all(&bytes);
        all(&bytes[..bit / 8]);
    }
}
