//! What CLIENT LIST says a connection takes: the figures of a real server for the same.
use redlab::server::{Input, Node, NodeOptions};

/// The fields of the connection that `bytes` came through, as another one sees them: `names` joined by blanks.
fn seen(bytes: &[u8], names: &[&str]) -> String {
    let mut node = Node::new(NodeOptions::default());
    let (it, other) = (node.connect("127.0.0.1:1"), node.connect("127.0.0.1:2"));
    node.handle(Input::Data(it, bytes), 1000);
    node.output(it).expect("connected").clear();
    let ask = format!("CLIENT LIST ID {it}\r\n");
    node.handle(Input::Data(other, ask.as_bytes()), 2000);
    fields(node.output(other).expect("connected"), names)
}

/// The fields of the first line that stands in a reply.
fn fields(reply: &[u8], names: &[&str]) -> String {
    let reply = String::from_utf8_lossy(reply).into_owned();
    let field = |name: &&str| {
        let found = reply
            .split([' ', '\n'])
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or("none").to_string()
    };
    names.iter().map(field).collect::<Vec<_>>().join(" ")
}

#[test]
fn words_that_wait_are_counted() {
    for (sent, expected) in [
        (&b"PING\r\n"[..], "0 0 17280 ping"),
        (b"MULTI\r\nSET a b\r\n", "0 29 17357 set"),
        (
            b"MULTI\r\nSET a b\r\nSET a b\r\nSET a b\r\nSET a b\r\nSET a b\r\n",
            "0 145 17617 set",
        ),
        (b"WATCH a b c\r\nMULTI\r\nPING\r\n", "0 12 17580 ping"),
        (b"WATCH a b c\r\n", "0 0 17520 watch"),
        (b"BLPOP a b 0\r\n", "8 0 17320 blpop"),
        (b"NOSUCH\r\n", "0 0 17280 NULL"),
        (b"GET\r\n", "0 0 17280 get"),
        (b"SUBSCRIBE a\r\n", "0 0 17336 subscribe"),
        (
            b"SUBSCRIBE a b\r\nPSUBSCRIBE c\r\nSSUBSCRIBE d\r\n",
            "0 0 17472 ssubscribe",
        ),
        (b"SUBSCRIBE a b c d e\r\n", "0 0 17496 subscribe"),
    ] {
        let got = seen(sent, &["argv-mem", "multi-mem", "tot-mem", "cmd"]);
        assert_eq!(got, expected, "{}", sent.escape_ascii());
    }
}

#[test]
fn a_command_that_arrives_is_counted() {
    let start = |bulk: usize, come: usize| {
        let mut bytes = format!("*3\r\n$3\r\nset\r\n$1\r\na\r\n${bulk}\r\n").into_bytes();
        bytes.extend(vec![b'x'; come]);
        bytes
    };
    for (sent, expected) in [
        (b"*3\r\n$3\r\nset\r\n".to_vec(), "3 0 0 17291"),
        (b"x".to_vec(), "0 1 20473 37760"),
        (vec![b'x'; 40_000], "0 40000 41910 99200"),
        (start(10, 3), "4 3 20471 37780"),
        (start(32_767, 3), "4 3 20471 37780"),
        (start(32_768, 3), "4 3 40951 58260"),
        (start(40_000, 39_999), "4 39999 955 58260"),
        (start(30_000, 29_999), "4 29999 51911 99220"),
        (
            [&b"BLPOP a 0\r\n"[..], &b"PING\r\n".repeat(10_000)].concat(),
            "7 60000 21910 99231",
        ),
    ] {
        let got = seen(&sent, &["argv-mem", "qbuf", "qbuf-free", "tot-mem"]);
        assert_eq!(got, expected, "{} bytes", sent.len());
    }
}

#[test]
fn exec_is_what_runs_in_a_transaction() {
    for (sent, expected) in [
        (
            &b"MULTI\r\nCLIENT INFO\r\nEXEC\r\n"[..],
            "x 1 4 26 17374 exec",
        ),
        (
            b"WATCH a\r\nMULTI\r\nSET a 1\r\nCLIENT INFO\r\nCLIENT INFO\r\nPING\r\nPING\r\nEXEC\r\n",
            "x 5 4 105 17597 exec",
        ),
        (
            b"MULTI\r\nEXEC\r\nCLIENT INFO\r\n",
            "N -1 10 0 17306 client|info",
        ),
    ] {
        let mut node = Node::new(NodeOptions::default());
        let client = node.connect("127.0.0.1:1");
        node.handle(Input::Data(client, sent), 1000);
        let names = ["flags", "multi", "argv-mem", "multi-mem", "tot-mem", "cmd"];
        let got = fields(node.output(client).expect("connected"), &names);
        assert_eq!(got, expected, "{}", sent.escape_ascii());
    }
}
