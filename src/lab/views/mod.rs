//! View models: plain data about what a node holds inside, for the page to draw. A view is a pure function of its model;
//! what a finding means (which entries a search passed, why an encoding was chosen) is worked out here, never on the page.
mod aof;
mod eviction;
mod files;
mod focus;
mod hll;
mod ints;
mod list;
mod looped;
mod pack;
mod rdb;
mod script;
mod stream;
mod table;
mod value;
mod zset;

use super::json::{Object, Writer};
use crate::base::quote::{label, unseen};
use crate::command::ClientId;
use crate::lab::desk::Desk;
use crate::server::Node;
use crate::sim::disk::Disk;
use focus::Focus;

pub use aof::{AofModel, BytesModel, WrittenModel};
pub use eviction::EvictionModel;
pub use files::FileModel;
pub use hll::HllModel;
pub use ints::IntsetModel;
pub use list::ListModel;
pub use looped::LoopModel;
pub use pack::PackModel;
pub use rdb::{FieldModel, FieldsModel, RdbModel};
pub use script::ScriptModel;
pub use stream::StreamModel;
pub use table::TableModel;
pub use value::{Head, PlainModel};
pub use zset::SkiplistModel;

/// One view's data.
#[derive(Debug, PartialEq)]
pub enum Model {
    /// The dictionary of a database, or of a value.
    Table(TableModel),
    /// A node with a limit of memory.
    Eviction(EvictionModel),
    /// One command after another, and who waits for what.
    Loop(LoopModel),
    /// The last script.
    Script(ScriptModel),
    /// A sorted set, a set or a hash in one run of bytes.
    Listpack(PackModel),
    /// A set of whole numbers.
    Intset(IntsetModel),
    /// A sorted set with its skiplist.
    ZsetSkiplist(SkiplistModel),
    /// A list with its listpacks.
    List(ListModel),
    /// A stream with its groups.
    Stream(StreamModel),
    /// A string that is a HyperLogLog.
    Hll(HllModel),
    /// What can be said of any key.
    Plain(PlainModel),
    /// The append-only file.
    Aof(AofModel),
    /// A piece of a file.
    Bytes(BytesModel),
    /// A snapshot file.
    Rdb(RdbModel),
    /// Some fields of one.
    Fields(FieldsModel),
}

impl Object for Model {
    fn fields(&self, out: &mut Writer) {
        let (kind, model): (&str, &dyn Object) = match self {
            Model::Table(m) => ("table", m),
            Model::Eviction(m) => ("eviction", m),
            Model::Loop(m) => ("loop", m),
            Model::Script(m) => ("script", m),
            Model::Listpack(m) => ("listpack", m),
            Model::Intset(m) => ("intset", m),
            Model::ZsetSkiplist(m) => ("zset_skiplist", m),
            Model::List(m) => ("list", m),
            Model::Stream(m) => ("stream", m),
            Model::Hll(m) => ("hyperloglog", m),
            Model::Plain(m) => ("plain", m),
            Model::Aof(m) => ("aof", m),
            Model::Bytes(m) => ("bytes", m),
            Model::Rdb(m) => ("rdb", m),
            Model::Fields(m) => ("fields", m),
        };
        out.field("kind", &kind);
        model.fields(out);
    }
}

/// The model of `view` after client `id` ran the command `argv`; `None` where there is nothing to show.
/// `keys`: the dictionary of its database, around the key; what eviction does once memory has a limit. `value`: what the
/// key holds. `loop`: the clients and the commands that ran; those from [`Node::keep_trail`] on. `script`:
/// the last script, from [`Node::keep_script_trace`] on.
pub fn inspect(node: &Node, id: ClientId, view: &str, argv: &[Vec<u8>]) -> Option<Model> {
    let db = node.client(id).map_or(0, |c| c.db);
    match view {
        "script" => script::model(node).map(Model::Script),
        "loop" => Some(Model::Loop(looped::model(node, id))),
        _ => inspect_database(node, db, view, argv),
    }
}

/// The same of the views of a database; of the first where the node has none of this number.
pub fn inspect_database(node: &Node, db: usize, view: &str, argv: &[Vec<u8>]) -> Option<Model> {
    let db = if db < node.keyspace().count() { db } else { 0 };
    let focus = Focus::of(node, argv);
    match view {
        "keys" if node.config().maxmemory > 0 => {
            Some(Model::Eviction(eviction::model(node, &focus)))
        }
        "keys" => table::of_database(node, db, focus.key.as_deref()).map(Model::Table),
        "value" => value::model(node, db, &focus),
        _ => None,
    }
}

/// The model of a view of files. `argv`: the path of a file, or nothing for the one that says most; of a window also where
/// it begins and how many there are to be. `aof` and `rdb`: what there is, and what was found in that file. `bytes`: bytes
/// with the commands that they belong to; `commands`: commands by their numbers; `fields`: fields of a snapshot by theirs;
/// `field`: the field of the byte at an offset.
pub fn inspect_files(
    desk: &mut Desk,
    disk: Option<&Disk>,
    node: &Node,
    view: &str,
    argv: &[Vec<u8>],
) -> Option<Model> {
    let path = argv.first().map(|path| String::from_utf8_lossy(path));
    let path = path.as_deref().unwrap_or_default();
    let number = |at: usize| -> Option<usize> {
        let text = std::str::from_utf8(argv.get(at)?).ok()?;
        text.parse().ok()
    };
    let window = (number(1).unwrap_or(0), number(2).unwrap_or(0));
    match view {
        "aof" => Some(Model::Aof(aof::model(desk, disk, node, path))),
        "rdb" => Some(Model::Rdb(rdb::model(desk, disk, path))),
        "bytes" => aof::bytes(desk, disk, node, path, window),
        "commands" => aof::commands(desk, disk, node, path, window),
        "fields" => rdb::fields(desk, disk, path, window),
        "field" => rdb::field_at(desk, disk, path, window.0),
        _ => None,
    }
}

/// A byte as two hexadecimal digits.
fn hex(byte: &u8) -> String {
    let digit = |n: u8| char::from(b"0123456789abcdef"[usize::from(n)]);
    String::from_iter([digit(byte >> 4), digit(byte & 15)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;
    use crate::server::{Input, NodeOptions};

    /// A node with one client that runs commands; models are asked for as the page does.
    struct Bench {
        node: Node,
        client: u64,
    }

    impl Bench {
        fn new() -> Bench {
            let mut node = Node::new(NodeOptions::default());
            let client = node.connect("127.0.0.1:1");
            Bench { node, client }
        }

        fn run(&mut self, line: &str) -> String {
            let request = format!("{line}\r\n");
            self.node
                .handle(Input::Data(self.client, request.as_bytes()), 1);
            let out = self.node.output(self.client).map(std::mem::take);
            String::from_utf8_lossy(&out.unwrap_or_default()).into_owned()
        }

        fn see(&mut self, view: &str, line: &str) -> Option<Model> {
            let argv: Vec<Vec<u8>> = line.split(' ').map(|w| w.as_bytes().to_vec()).collect();
            inspect(&self.node, self.client, view, &argv)
        }
    }

    #[test]
    fn a_script_goes_line_by_line() {
        let mut bench = Bench::new();
        bench.node.keep_script_trace();
        bench.node.hold_scripts(true);
        bench.node.keep_log();
        let script = r#"EVAL "local n = redis.call('INCR', 'k')\nn = n + 1\nreturn n + 1" 0"#;
        assert_eq!(bench.run(script), "");
        let look = |bench: &Bench| match inspect(&bench.node, bench.client, "script", &[]) {
            Some(Model::Script(model)) => model,
            other => panic!("{other:?}"),
        };
        assert_eq!((look(&bench).stage, look(&bench).line), ("runs", 1));
        let mut lines = Vec::new();
        while look(&bench).stage == "runs" {
            bench.node.step_script(None);
            lines.push(look(&bench).line);
        }
        assert_eq!(lines, [2, 3, 3]);
        let model = look(&bench);
        assert_eq!(model.stage, "done");
        assert_eq!(model.calls[0].command, "INCR k");
        assert_eq!(model.propagated, ["INCR k"]);
        assert_eq!(model.lines.len(), 3);
        // A line that is a single instruction is stopped at as well.
        bench.run(r#"EVAL "local x = 1\nreturn x" 0"#);
        bench.node.step_script(None);
        assert_eq!((look(&bench).stage, look(&bench).line), ("runs", 2));
        bench.node.step_script(None);
        assert_eq!(look(&bench).stage, "done");
    }

    #[test]
    fn the_path_of_a_search_adds_up_to_the_rank_at_every_size() {
        let mut bench = Bench::new();
        bench.run("CONFIG SET zset-max-listpack-entries 0");
        let mut rng = Rng::new(5);
        for (size, steps) in [(1, 1), (12, 11), (128, 116), (129, 1), (3000, 2871)] {
            for i in 0..steps {
                let score = rng.below(500);
                bench.run(&format!("ZADD z {score} m{}", size - 1 - i));
            }
            for i in (0..size).step_by(1 + size as usize / 20) {
                let line = format!("ZRANK z m{i}");
                let rank = bench.run(&line);
                let Some(Model::ZsetSkiplist(m)) = bench.see("value", &line) else {
                    panic!("{line}");
                };
                let f = m.focus.as_ref().expect("the member is there");
                assert_eq!(format!(":{}\r\n", f.rank), rank, "{line} of {size}");
                let taken: u64 = f.path.iter().filter(|s| s.taken).map(|s| s.span).sum();
                assert_eq!(taken + f.place, f.rank + 1, "{line} of {size}");
                let node = m
                    .nodes
                    .iter()
                    .find(|n| n.node == f.node)
                    .expect("it is shown");
                assert_eq!(node.rank + f.place, f.rank, "{line} of {size}");
                let shown: u64 = m.nodes.iter().map(|n| n.gap + n.len).sum();
                assert_eq!(shown + m.gap, size, "{line}: gaps of {size}");
                for step in f.path.iter().filter_map(|s| s.to) {
                    assert!(m.nodes.iter().any(|n| n.node == step), "{line}: {step}");
                }
            }
        }
    }

    #[test]
    fn a_listpack_is_laid_open_to_the_last_byte() {
        let mut bench = Bench::new();
        bench.run("ZADD lb 10 ann 7 bob 12.5 eve");
        let Some(Model::Listpack(m)) = bench.see("value", "ZSCORE lb ann") else {
            panic!("a listpack");
        };
        let bytes = m.bytes;
        let values: Vec<&str> = bytes.entries.iter().map(|e| e.value.as_str()).collect();
        assert_eq!(values, ["bob", "7", "ann", "10", "eve", "12.5"]);
        let mut at = 6;
        for e in &bytes.entries {
            assert_eq!(e.offset, at);
            assert_eq!(e.bytes, e.header_bytes + e.data_bytes + e.backlen_bytes);
            at += e.bytes;
        }
        assert_eq!(at + 1, bytes.total_bytes);
        let focus = m.focus.expect("ann is there");
        assert_eq!((focus.entry, focus.read), (2, 2));
        let open = bytes.open.expect("there are entries");
        assert_eq!((open.entry, open.left_out), (2, 0));
        assert_eq!(open.hex, ["83", "61", "6e", "6e", "04"]);
        assert_eq!((m.head.len, m.head.encoding), (3, "listpack"));
    }

    #[test]
    fn a_list_is_cut_to_its_ends_and_to_what_was_touched() {
        let mut bench = Bench::new();
        let list = |bench: &mut Bench, line: &str| match bench.see("value", line) {
            Some(Model::List(m)) => m,
            other => panic!("{line}: {other:?}"),
        };
        bench.run("RPUSH short a b c");
        let m = list(&mut bench, "LINDEX short -1");
        let values: Vec<&str> = m.nodes[0].elements.iter().map(|e| &e.value[..]).collect();
        assert_eq!((m.node_count, values), (1, vec!["a", "b", "c"]));
        let way = |m: &ListModel| {
            let f = m.focus.as_ref().expect("it is there");
            (f.place, f.from_right, f.skipped)
        };
        assert_eq!(way(&m), (2, true, 0));
        assert_eq!(m.head.encoding, "listpack");
        bench.run("CONFIG SET list-max-listpack-size 100");
        for i in 0..5000 {
            bench.run(&format!("RPUSH long {i}"));
        }
        assert_eq!(way(&list(&mut bench, "LPUSH long x")), (0, false, 0));
        assert_eq!(way(&list(&mut bench, "RPUSH long x")), (4999, true, 0));
        for place in [0, 99, 100, 1234, 2500, 2501, 4999_u64] {
            let m = list(&mut bench, &format!("LINDEX long {place}"));
            let f = m.focus.as_ref().expect("it is there");
            assert_eq!((f.place, f.value.clone()), (place, place.to_string()));
            let skipped = if f.from_right {
                49 - place / 100
            } else {
                place / 100
            };
            assert_eq!((m.node_count, f.skipped), (50, skipped));
            assert!((8..10).contains(&m.nodes.len()), "{place}");
            for node in &m.nodes {
                assert_eq!((node.first, node.len), (node.node * 100, 100));
                assert!((24..=29).contains(&node.elements.len()), "{place}");
            }
        }
        assert_eq!(list(&mut bench, "LINDEX long 5000").focus, None);
        assert_eq!(list(&mut bench, "LINDEX long x").focus, None);
    }

    #[test]
    fn eviction_tells_whom_it_looked_at_and_who_went() {
        let mut bench = Bench::new();
        bench.run("CONFIG SET maxmemory-policy allkeys-lru");
        for i in 0..200 {
            bench.run(&format!("SET k{i} {}", "x".repeat(2000)));
        }
        bench.run("CONFIG SET maxmemory 1500000");
        for i in 0..800 {
            bench.run(&format!("SET n{i} {}", "x".repeat(2000)));
        }
        let Some(Model::Eviction(m)) = bench.see("keys", "SET n799 x") else {
            panic!("there is a limit");
        };
        assert!(m.evicted > 0 && m.used <= m.limit + 10_000, "{m:?}");
        assert_eq!((m.policy, m.measure), ("allkeys-lru", Some("idle")));
        assert!(m.victim.is_some() && !m.samples.is_empty());
        assert!(m.pool.len() <= 16 && m.pool.is_sorted_by_key(|c| c.value));
    }

    #[test]
    fn a_hyperloglog_is_one_only_if_its_bytes_are_sound() {
        let mut bench = Bench::new();
        bench.run("PFADD p a");
        let Some(Model::Hll(m)) = bench.see("value", "PFADD p a") else {
            panic!("it is one");
        };
        let f = m.focus.expect("an element was added");
        assert_eq!((f.register, f.rank, f.held), (12711, 2, 2));
        assert!(f.hash.ends_with("1011000110100111"), "{}", f.hash);
        assert_eq!((m.estimate, m.ranks), (1, vec![16383, 0, 1]));
        assert_eq!(m.window[(f.register - m.from) as usize], 2);
        bench.run("SETRANGE p 16 xx");
        let seen = bench.see("value", "GET p");
        assert!(matches!(seen, Some(Model::Plain(_))), "{seen:?}");
    }

    #[test]
    fn a_stream_tells_what_is_pending_with_whom() {
        let mut bench = Bench::new();
        for i in 1..=300 {
            bench.run(&format!("XADD s {i}-1 f v"));
        }
        bench.run("XGROUP CREATE s g 279-1");
        bench.run("XREADGROUP GROUP g ann COUNT 5 STREAMS s >");
        bench.run("XDEL s 284-1");
        let line = "XREADGROUP GROUP g ann COUNT 5 STREAMS s >";
        let Some(Model::Stream(m)) = bench.see("value", line) else {
            panic!("a stream");
        };
        assert_eq!(m.focus.group.as_deref(), Some("g"));
        assert_eq!(m.focus.consumer.as_deref(), Some("ann"));
        assert_eq!((m.node_count, m.entries.len()), (3, 24));
        assert_eq!(m.entries[0].id, "276-1");
        let g = &m.groups[0];
        assert_eq!((g.delivered, g.pending_count), (8, 5));
        let places: Vec<_> = g.pending.iter().map(|p| (p.entry, p.exists)).collect();
        let deleted = (None, false);
        let there = |at| (Some(at), true);
        assert_eq!(places, [there(4), there(5), there(6), there(7), deleted]);
        for line in [
            "XREADGROUP GROUP g",
            "XREADGROUP",
            "XGROUP CREATE",
            "XACK s",
        ] {
            bench.see("value", line);
        }
    }

    #[test]
    fn an_intset_tells_its_width_and_the_way_of_a_search() {
        let mut bench = Bench::new();
        let ints = |bench: &mut Bench, line: &str| match bench.see("value", line) {
            Some(Model::Intset(m)) => m,
            other => panic!("{line}: {other:?}"),
        };
        bench.run("SADD s 3 5 8 13 21 34 55");
        let m = ints(&mut bench, "SISMEMBER s 5");
        let f = m.focus.as_ref().expect("a number was looked for");
        let way: Vec<_> = f
            .path
            .iter()
            .map(|s| (s.low, s.high, &s.value[..]))
            .collect();
        assert_eq!(way, [(0, 7, "55"), (0, 6, "13"), (0, 3, "5")]);
        assert_eq!((f.found, f.place, m.open, m.width_bytes), (true, 1, 1, 2));
        assert_eq!(
            (&m.hex[..], m.total_bytes),
            (&["05".into(), "00".into()][..], 22)
        );
        let m = ints(&mut bench, "SISMEMBER s 70000");
        let f = m.focus.as_ref().expect("a number was looked for");
        assert_eq!(
            (f.found, f.place, f.needs_bytes, f.path.len()),
            (false, 7, 4, 1)
        );
        bench.run("SADD s -40000");
        let m = ints(&mut bench, "SADD s -40000");
        assert_eq!(
            (m.width_bytes, m.width_why.as_str()),
            (4, "-40000 needs them")
        );
        bench.run("SREM s -40000");
        let m = ints(&mut bench, "SREM s -40000");
        assert!(m.width_why.starts_with("a number that is gone"));
        assert_eq!(ints(&mut bench, "SADD s x").focus, None);
    }

    #[test]
    fn the_event_loop_tells_who_waits_and_what_was_held_up() {
        let mut bench = Bench::new();
        let look = |bench: &mut Bench| match bench.see("loop", "PING") {
            Some(Model::Loop(m)) => m,
            other => panic!("{other:?}"),
        };
        bench.run("PING");
        assert!(look(&mut bench).ran.is_empty());
        bench.node.keep_trail();
        let other = bench.node.connect("127.0.0.1:2");
        bench
            .node
            .handle(Input::Data(other, b"BLPOP jobs 0\r\nPING\r\nPING\r\nPI"), 1);
        let m = look(&mut bench);
        let c = &m.clients[1];
        assert_eq!(
            (c.state, c.command.as_deref(), &c.keys[..]),
            ("blocked", Some("BLPOP"), &["jobs".into()][..])
        );
        assert_eq!((c.unread, c.unread_bytes, c.own), (2, 14, false));
        bench.run("RPUSH jobs a");
        bench.node.measured(30);
        let m = look(&mut bench);
        let ran: Vec<_> = m
            .ran
            .iter()
            .rev()
            .map(|r| (r.client, &r.line[..], r.measured_us))
            .collect();
        assert_eq!(ran[0], (1, "RPUSH jobs a", Some(30)));
        assert_eq!(ran[1], (2, "BLPOP jobs 0", Some(0)));
        assert_eq!(ran.len(), 4, "{ran:?}");
        bench.run("DEBUG SLEEP 2");
        bench.node.handle(Input::Data(other, b"NG\r\n"), 5000);
        let m = look(&mut bench);
        assert_eq!(
            (m.busy_until_ms, m.clients[1].unread, m.slow),
            (Some(2000), 1, 1)
        );
        assert_eq!(m.ran[0].usec, 2_000_000);
        for _ in 0..100 {
            bench.node.handle(Input::Tick, 3_000_000);
            bench.run("PING");
        }
        assert_eq!(look(&mut bench).ran.len(), 24);
    }

    #[test]
    fn encodings_say_why() {
        let mut bench = Bench::new();
        let long = "x".repeat(65);
        for (setup, look, encoding, why) in [
            (
                "SET s 12".into(),
                "GET s",
                "int",
                "a whole number, kept as one",
            ),
            (
                "SET s hello".into(),
                "GET s",
                "embstr",
                "at most 44 bytes, kept beside its header",
            ),
            (
                format!("HSET h f {long}"),
                "HGET h f",
                "hashtable",
                "one of 65 bytes, hash-max-listpack-value is 64",
            ),
            (
                format!("SADD t {long}"),
                "SCARD t",
                "hashtable",
                "one of 65 bytes, set-max-listpack-value is 64",
            ),
        ] {
            bench.run(&setup);
            let Some(Model::Plain(m)) = bench.see("value", look) else {
                panic!("{look}");
            };
            assert_eq!(
                (m.head.encoding, m.head.why.as_str()),
                (encoding, why),
                "{setup}"
            );
            assert_eq!(m.table.is_some(), encoding == "hashtable", "{setup}");
        }
    }

    #[test]
    fn commands_without_a_key_and_keys_that_are_not_there_show_nothing() {
        let mut bench = Bench::new();
        assert_eq!(bench.see("keys", "PING"), None);
        bench.run("SET a 1");
        for line in ["PING", "NOPE x", "GET none", "GET", ""] {
            assert_eq!(bench.see("value", line), None, "{line}");
            assert!(bench.see("keys", line).is_some(), "{line}");
        }
        assert_eq!(bench.see("other", "GET a"), None);
        assert!(bench.see("value", "OBJECT ENCODING a").is_some());
    }

    #[test]
    fn labels_are_text_and_short() {
        assert_eq!(label("é".as_bytes()), "é");
        assert_eq!(label(b"\x00\xff\n"), "\\x00\\xff\\n");
        assert_eq!(label("\u{202e}a".as_bytes()), "\\xe2\\x80\\xaea");
        assert_eq!(label(b""), "\"\"");
        assert_eq!(label(&[b'a'; 100]).chars().count(), 49);
    }
}
