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
    let log = String::from_utf8(log).expect("the scripts are ASCII");
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
