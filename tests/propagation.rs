//! What reaches the log where it is not the command as it was sent. The expectations were read from a real server's
//! append-only file.
use redlab::server::{Input, Node, NodeOptions};

/// The commands that the last line of `script`, a line each millisecond, puts into the log.
fn logged(script: &[&str]) -> Vec<Vec<String>> {
    let mut node = Node::new(NodeOptions::default());
    node.keep_log();
    let id = node.connect("127.0.0.1:1");
    let mut log = Vec::new();
    for (ms, line) in (1..).zip(script) {
        node.handle(Input::Data(id, format!("{line}\r\n").as_bytes()), ms * 1000);
        log = node.take_log();
    }
    let log = String::from_utf8_lossy(&log);
    let mut lines = log.lines();
    let mut out = Vec::new();
    while let Some(head) = lines.next() {
        let argc: usize = head[1..].parse().expect("an array");
        let argv = lines.by_ref().take(2 * argc).skip(1).step_by(2);
        out.push(argv.map(String::from).collect());
    }
    out
}

/// Names and numbers of arguments, where the arguments are random.
fn shapes(script: &[&str]) -> Vec<(String, usize)> {
    let commands = logged(script).into_iter();
    commands.map(|argv| (argv[0].clone(), argv.len())).collect()
}

fn check_shapes(script: &[&str], expected: &[(&str, usize)]) {
    let shapes = shapes(script);
    let shapes: Vec<_> = shapes.iter().map(|(n, c)| (n.as_str(), *c)).collect();
    assert_eq!(shapes, expected, "{script:?}");
}

#[test]
fn spop_goes_as_the_members_it_took() {
    check_shapes(&["SADD s a b c", "SPOP s"], &[("SREM", 3)]);
    check_shapes(&["SADD s a b c", "SPOP s 2"], &[("SREM", 4)]);
    check_shapes(&["SADD s a b c", "SPOP s 3"], &[("UNLINK", 2)]);
    check_shapes(&["SADD s a", "SPOP s"], &[("SREM", 3)]);
    check_shapes(&["SADD s a", "SPOP s 0"], &[]);
    check_shapes(&["SADD s a", "SPOP none"], &[]);
    let many: Vec<String> = (0..3000).map(|n| n.to_string()).collect();
    let sadd = format!("SADD s {}", many.join(" "));
    let batches = [("MULTI", 1), ("SREM", 1026), ("SREM", 478), ("EXEC", 1)];
    check_shapes(&[&sadd, "SPOP s 1500"], &batches);
    let batches = [
        ("MULTI", 1),
        ("SREM", 1026),
        ("SREM", 1026),
        ("SREM", 854),
        ("EXEC", 1),
    ];
    check_shapes(&[&sadd, "SPOP s 2900"], &batches);
}

#[test]
fn what_changes_nothing_is_not_logged() {
    check_shapes(&["SADD s a", "SADD s a"], &[]);
    check_shapes(&["SADD s a", "SREM s b"], &[]);
    check_shapes(&["SADD s a", "SMOVE s t b"], &[]);
    check_shapes(&["SADD s a", "SMOVE s s a"], &[]);
    check_shapes(&["SADD s a", "SINTERSTORE t s none"], &[]);
    check_shapes(&["HSET h a 1", "HDEL h b"], &[]);
    check_shapes(&["HSET h a 1", "HSETNX h a 2"], &[]);
    // The real server counts a write here even if the value stays the same.
    check_shapes(&["HSET h a 1", "HSET h a 1"], &[("HSET", 4)]);
}

#[test]
fn a_float_goes_as_its_digits() {
    let log = logged(&["HSET h a 10.5", "HINCRBYFLOAT h a 0.1"]);
    assert_eq!(log, [["HSET", "h", "a", "10.6"]]);
}

#[test]
fn a_restored_key_expires_at_a_moment() {
    let payload = r#""\x00\xc0\x01\x0b\x00O\xa7Z\xc5,\x9e\xf8u""#;
    let restore = |rest: &str, ttl: u32| format!("RESTORE k {ttl} {payload} {rest}");
    let first = "SET other value";
    check_shapes(&[first, &restore("", 0)], &[("RESTORE", 4)]);
    check_shapes(&[first, &restore("FREQ 3", 1000)], &[("RESTORE", 7)]);
    check_shapes(&[first, &restore("ABSTTL", 1000)], &[("RESTORE", 5)]);
    let log = logged(&[first, &restore("REPLACE", 1000)]);
    assert_eq!(log[0][2], "1002");
    assert_eq!(log[0][4..], ["REPLACE", "ABSTTL"]);
}

#[test]
fn a_transaction_goes_as_one_unless_it_is_one_write() {
    check_shapes(
        &["SET k 1", "MULTI\r\nSET k v\r\nGET k\r\nEXEC"],
        &[("SET", 3)],
    );
    check_shapes(&["MULTI\r\nGET k\r\nEXEC"], &[]);
    let whole = [
        ("MULTI", 1),
        ("SADD", 5),
        ("SREM", 3),
        ("SELECT", 2),
        ("INCR", 2),
        ("EXEC", 1),
    ];
    let script = "MULTI\r\nSADD s a b c\r\nSPOP s\r\nINCR s\r\nSELECT 1\r\nINCR n\r\nEXEC";
    check_shapes(&["SET first 1", script], &whole);
    let expired = [("MULTI", 1), ("UNLINK", 2), ("SET", 3), ("EXEC", 1)];
    check_shapes(
        &["SET k v PXAT 2", "MULTI\r\nGET k\r\nSET k w\r\nEXEC"],
        &expired,
    );
}

#[test]
fn what_waited_goes_as_what_does_not() {
    let check = |waits: &str, brings: &str, expected: &[&str]| {
        let mut node = Node::new(NodeOptions::default());
        node.keep_log();
        let (a, b) = (node.connect("127.0.0.1:1"), node.connect("127.0.0.1:2"));
        node.handle(Input::Data(a, format!("{waits}\r\n").as_bytes()), 1);
        assert!(node.take_log().is_empty(), "{waits}");
        node.handle(Input::Data(b, format!("{brings}\r\n").as_bytes()), 2);
        let log = node.take_log();
        let log = String::from_utf8_lossy(&log);
        let words = log.lines().filter(|line| !line.starts_with(['*', '$']));
        let words = words.collect::<Vec<&str>>().join(" ");
        let words = words.replace("SELECT 0 ", "");
        assert_eq!(words, expected.join(" "), "{waits}");
        assert!(!node.output(a).expect("connected").is_empty(), "{waits}");
    };
    check("BLPOP q 0", "RPUSH q 1 2", &["RPUSH q 1 2", "LPOP q"]);
    check("BRPOP q 0", "RPUSH q 1 2", &["RPUSH q 1 2", "RPOP q"]);
    check(
        "BLMOVE q r LEFT RIGHT 0",
        "RPUSH q 1",
        &["RPUSH q 1", "LMOVE q r LEFT RIGHT"],
    );
    check(
        "BRPOPLPUSH q r 0",
        "RPUSH q 1",
        &["RPUSH q 1", "RPOPLPUSH q r"],
    );
    check(
        "BLMPOP 0 2 p q LEFT COUNT 3",
        "RPUSH q 1",
        &["RPUSH q 1", "LPOP q 1"],
    );
    check("BZPOPMIN z 0", "ZADD z 1 a", &["ZADD z 1 a", "ZPOPMIN z"]);
    check(
        "BZMPOP 0 1 z MAX",
        "ZADD z 1 a",
        &["ZADD z 1 a", "ZPOPMAX z 1"],
    );
    check(
        "BLPOP q 0",
        "MULTI\r\nRPUSH q 1\r\nINCR n\r\nEXEC",
        &["MULTI RPUSH q 1 INCR n EXEC LPOP q"],
    );
}
