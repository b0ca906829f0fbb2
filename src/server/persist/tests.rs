use super::super::{Input, Node, NodeOptions};

fn node(appendfsync: &str) -> Node {
    let mut options = NodeOptions::default();
    for pair in [["appendonly", "yes"], ["appendfsync", appendfsync]] {
        let words = pair.map(|w| w.as_bytes().to_vec());
        options.config.directive(&words).expect("a parameter");
    }
    Node::new(options)
}

fn ask(node: &mut Node, id: u64, line: &str, now_us: i64) -> String {
    node.handle(Input::Data(id, format!("{line}\r\n").as_bytes()), now_us);
    let out = std::mem::take(node.output(id).expect("connected"));
    String::from_utf8(out).expect("text")
}

fn file(node: &Node, path: &str) -> String {
    let disk = node.storage.memory.as_ref().expect("in memory");
    String::from_utf8_lossy(disk.read(path).expect(path)).into_owned()
}

#[test]
fn writes_are_in_the_file_before_the_reply() {
    for policy in ["always", "everysec", "no"] {
        let mut node = node(policy);
        let id = node.connect("127.0.0.1:1");
        assert_eq!(ask(&mut node, id, "SET a 1", 1), "+OK\r\n", "{policy}");
        let log = file(&node, "appendonlydir/appendonly.aof.1.incr.aof");
        assert!(log.ends_with("SET\r\n$1\r\na\r\n$1\r\n1\r\n"), "{log}");
        assert_eq!(
            file(&node, "appendonlydir/appendonly.aof.manifest"),
            "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"
        );
    }
}
