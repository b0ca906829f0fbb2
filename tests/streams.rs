//! What stream commands leave in the log, as the real server's append-only file has it.
use redlab::server::{Input, Node, NodeOptions};

/// Commands with what they propagate, at 5,000 ms; more than one write goes as one transaction.
const LOGGED: &[(&str, &[&str])] = &[
    ("XADD s 1-1 a 1", &["XADD s 1-1 a 1"]),
    ("XADD s 2-* a 1", &["XADD s 2-0 a 1"]),
    ("XADD none NOMKSTREAM * a 1", &[]),
    ("XGROUP CREATE s g 0", &["XGROUP CREATE s g 0"]),
    (
        "XREADGROUP GROUP g c COUNT 1 STREAMS s >",
        &[
            "MULTI",
            "XCLAIM s g c 0 1-1 TIME 5000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-1",
            "XGROUP SETID s g 1-1 ENTRIESREAD 1",
            "EXEC",
        ],
    ),
    (
        "XREADGROUP GROUP g c NOACK STREAMS s >",
        &["XGROUP SETID s g 2-0 ENTRIESREAD 2"],
    ),
    (
        "XREADGROUP GROUP g d NOACK STREAMS s >",
        &["XGROUP CREATECONSUMER s g d"],
    ),
    ("XREADGROUP GROUP g e STREAMS s 0", &[]),
    ("XREADGROUP GROUP g f STREAMS s >", &[]),
    (
        "XCLAIM s g h 0 1-1",
        &["XCLAIM s g h 0 1-1 TIME 5000 RETRYCOUNT 2 FORCE JUSTID LASTID 2-0"],
    ),
    (
        "XCLAIM s g i 0 2-0 FORCE",
        &["XCLAIM s g i 0 2-0 TIME 5000 RETRYCOUNT 2 FORCE JUSTID LASTID 2-0"],
    ),
    (
        "XCLAIM s g j 0 9-0 FORCE LASTID 7-7",
        &["XGROUP SETID s g 7-7 ENTRIESREAD 2"],
    ),
    ("XCLAIM s g k 0 9-0", &[]),
    (
        "XAUTOCLAIM s g z 0 0 COUNT 1",
        &["XCLAIM s g z 0 1-1 TIME 5000 RETRYCOUNT 3 FORCE JUSTID LASTID 7-7"],
    ),
    ("XDEL s 1-1", &["XDEL s 1-1"]),
    ("XDEL s 1-1", &[]),
    (
        "XAUTOCLAIM s g z 0 0",
        &[
            "MULTI",
            "XCLAIM s g z 0 1-1 TIME 5000 RETRYCOUNT 3 FORCE JUSTID LASTID 7-7",
            "XCLAIM s g z 0 2-0 TIME 5000 RETRYCOUNT 3 FORCE JUSTID LASTID 7-7",
            "EXEC",
        ],
    ),
    ("XACK s g 9", &[]),
    ("XACK s g 2-0 9", &["XACK s g 2-0 9"]),
    (
        "XADD s MAXLEN ~ 1 LIMIT 5 * a b",
        &["XADD s MAXLEN = 2 LIMIT 5 5000-0 a b"],
    ),
    ("XADD s MINID ~ 3 * a b", &["XADD s MINID = 1-1 5000-1 a b"]),
    ("XTRIM s MAXLEN 1", &["XTRIM s MAXLEN 1"]),
    ("XTRIM s MAXLEN 1", &[]),
    ("XTRIM s MAXLEN ~ 0", &["XTRIM s MAXLEN = 0"]),
    ("XGROUP SETID s g +", &["XGROUP SETID s g +"]),
    ("XGROUP CREATECONSUMER s g z", &[]),
    ("XGROUP DELCONSUMER s g z", &["XGROUP DELCONSUMER s g z"]),
    ("XGROUP DESTROY s g", &["XGROUP DESTROY s g"]),
    ("XSETID s 6000", &["XSETID s 6000"]),
];

fn encode(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    words
        .iter()
        .fold(format!("*{}\r\n", words.len()), |text, word| {
            text + &format!("${}\r\n{word}\r\n", word.len())
        })
}

#[test]
fn the_log_holds_what_changed_and_can_be_played_back() {
    const NOW_US: i64 = 5_000_000;
    let mut node = Node::new(NodeOptions::default());
    node.keep_log();
    let id = node.connect("127.0.0.1:1");
    node.handle(Input::Data(id, encode("SET first x").as_bytes()), NOW_US);
    let mut whole = node.take_log();
    for (command, logged) in LOGGED {
        node.handle(Input::Data(id, encode(command).as_bytes()), NOW_US);
        let expected: String = logged.iter().map(|line| encode(line)).collect();
        let log = node.take_log();
        assert_eq!(String::from_utf8_lossy(&log), expected, "{command}");
        whole.extend(log);
    }
    let mut other = Node::new(NodeOptions::default());
    other.advance(NOW_US);
    let report = other.load_log(&whole);
    assert_eq!(report.error, None);
    assert_eq!(other.keyspace().digest(), node.keyspace().digest());
}
