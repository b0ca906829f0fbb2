//! What list commands leave in the log, as the real server's append-only file has it.
use redlab::server::{Input, Node, NodeOptions};

/// Commands with what they propagate; an empty line where nothing is.
const LOGGED: &[(&str, &str)] = &[
    ("RPUSH l a b c a b c", "RPUSH l a b c a b c"),
    ("lpush l x", "lpush l x"),
    ("RPOP l", "RPOP l"),
    ("LPOP l 2", "LPOP l 2"),
    ("LPOP l 0", ""),
    ("LPOP none", ""),
    ("LTRIM l 0 -1", ""),
    ("LTRIM l 0 1", "LTRIM l 0 1"),
    ("LTRIM l 5 9", "LTRIM l 5 9"),
    ("RPUSH l 1 2 3", "RPUSH l 1 2 3"),
    ("LMOVE l m LEFT RIGHT", "LMOVE l m LEFT RIGHT"),
    ("LMOVE l l LEFT RIGHT", "LMOVE l l LEFT RIGHT"),
    ("RPOPLPUSH m m", "RPOPLPUSH m m"),
    ("RPOPLPUSH none m", ""),
    ("LSET l 0 1", "LSET l 0 1"),
    ("LSET l 0 1", "LSET l 0 1"),
    ("LSET l 9 1", ""),
    ("LINSERT l BEFORE none x", ""),
    ("LINSERT l BEFORE 1 x", "LINSERT l BEFORE 1 x"),
    ("LREM l 0 none", ""),
    ("LREM l 0 x", "LREM l 0 x"),
    ("LMPOP 1 l LEFT", "LPOP l 1"),
    ("LMPOP 2 none l RIGHT COUNT 10", "RPOP l 1"),
    ("LMPOP 1 none LEFT", ""),
    ("LPUSHX none a", ""),
    ("LPUSHX m b", "LPUSHX m b"),
    ("LLEN m", ""),
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
fn the_log_holds_what_changed() {
    let mut node = Node::new(NodeOptions::default());
    node.keep_log();
    let id = node.connect("127.0.0.1:1");
    node.handle(Input::Data(id, encode("SET first x").as_bytes()), 1);
    node.take_log();
    for (command, logged) in LOGGED {
        node.handle(Input::Data(id, encode(command).as_bytes()), 1);
        let expected = if logged.is_empty() {
            String::new()
        } else {
            encode(logged)
        };
        assert_eq!(
            String::from_utf8_lossy(&node.take_log()),
            expected,
            "{command}"
        );
    }
}
