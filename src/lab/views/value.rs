//! What a key holds: its head for every type, and a plain model for the types that have no drawing of their own.
use super::{Model, focus::Focus, hll, ints, label, list, pack, stream, table, unseen, zset};
use crate::base::time::Millis;
use crate::command::Config;
use crate::keyspace::{Value, hash::Hash, set::Set, table::key_mem_bytes, zset::Zset};
use crate::lab::{json::json_object, live};
use crate::server::Node;

/// Elements that a plain model lists.
const LISTED: usize = 64;
/// Bytes of a string that a plain model shows.
const TEXT_BYTES: usize = 512;

/// What can be said of any key.
#[derive(Debug, PartialEq)]
pub struct Head {
    pub key: String,
    pub kind: &'static str,
    pub encoding: &'static str,
    /// Why this encoding.
    pub why: String,
    /// Elements, or bytes of a string.
    pub len: u64,
    /// What they are called: members, fields, elements, bytes.
    pub unit: &'static str,
    /// Modelled bytes on a 64-bit server, key included.
    pub mem_bytes: u64,
    pub ttl_ms: Option<Millis>,
}
json_object! { Head: key, kind as "type", encoding, why, len, unit, mem_bytes, ttl_ms }

/// A value as rows.
#[derive(Debug, PartialEq)]
pub struct PlainModel {
    pub head: Head,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
    /// Row of the element that the last command was about.
    pub focus: Option<u32>,
    /// Whether rows were left out.
    pub cut: bool,
    /// The table that the value is kept in.
    pub table: Option<table::TableModel>,
}
json_object! { PlainModel: head, columns, rows, focus, cut, table }

/// The model of what the touched key holds.
pub(super) fn model(node: &Node, db: usize, focus: &Focus) -> Option<Model> {
    let key = focus.key.as_deref()?;
    let (value, ttl_ms) = live(node, db, key)?;
    let (len, unit) = size(value);
    let head = Head {
        key: label(key),
        kind: value.type_name(),
        encoding: value.encoding(),
        why: reason(value, node.config()),
        len,
        unit,
        mem_bytes: (key_mem_bytes(key.len()) + value.mem_bytes()) as u64,
        ttl_ms,
    };
    Some(match value {
        Value::Zset(z) => match &**z {
            Zset::Pack(lp) => Model::Listpack(pack::model(lp, 2, head, focus)),
            Zset::Ranked(ranked) => Model::ZsetSkiplist(zset::skiplist(ranked, head, focus)),
        },
        Value::List(l) => Model::List(list::model(l, head, focus)),
        Value::Stream(s) => Model::Stream(stream::model(s, node.keyspace().now_ms, head, focus)),
        Value::Hash(h) if let Hash::Pack(lp) = &**h => {
            Model::Listpack(pack::model(lp, 2, head, focus))
        }
        Value::Set(s) if let Set::Pack(lp) = &**s => {
            Model::Listpack(pack::model(lp, 1, head, focus))
        }
        Value::Set(s) if let Set::Ints(ints) = &**s => {
            Model::Intset(ints::model(ints, head, focus))
        }
        Value::Str(s) if hll::is_shown(s) => Model::Hll(hll::model(s, head, focus)),
        other => Model::Plain(plain(other, head, key, focus)),
    })
}

fn size(value: &Value) -> (u64, &'static str) {
    let (len, unit) = match value {
        Value::Str(v) => (v.len(), "bytes"),
        Value::List(v) => (v.len(), "elements"),
        Value::Set(v) => (v.len(), "members"),
        Value::Hash(v) => (v.len(), "fields"),
        Value::Zset(v) => (v.len(), "members"),
        Value::Stream(v) => return (v.len(), "entries"),
    };
    (len as u64, unit)
}

/// The limits that decide an encoding, with what they are called.
struct Limits {
    len: usize,
    entries: usize,
    entries_name: &'static str,
    value: usize,
    value_name: &'static str,
    unit: &'static str,
}

impl Limits {
    /// Why the value is not kept small. `longest` finds the size of its longest element; it is asked only where there are
    /// few.
    fn exceeded(&self, longest: &mut dyn FnMut() -> Option<usize>) -> String {
        if self.len > self.entries {
            return format!(
                "{} {}, {} is {}",
                self.len, self.unit, self.entries_name, self.entries
            );
        }
        match longest() {
            Some(longest) if longest > self.value => {
                format!(
                    "one of {longest} bytes, {} is {}",
                    self.value_name, self.value
                )
            }
            _ => "it was larger once; no value goes back by itself".into(),
        }
    }

    fn within(&self) -> String {
        format!(
            "at most {} {} ({}) of at most {} bytes ({})",
            self.entries, self.unit, self.entries_name, self.value, self.value_name
        )
    }
}

/// Why the value is encoded as it is. O(elements) only where there are few.
fn reason(value: &Value, config: &Config) -> String {
    match value {
        Value::Str(s) => match s.encoding() {
            "int" => "a whole number, kept as one".into(),
            "embstr" => "at most 44 bytes, kept beside its header".into(),
            _ if s.len() <= 44 => "it was changed in place".into(),
            _ => "more than 44 bytes, in memory of its own".into(),
        },
        Value::List(_) => node_limit(config.list_max_listpack_size),
        Value::Stream(_) => format!(
            "nodes of at most {} entries (stream-node-max-entries) and {} bytes (stream-node-max-bytes)",
            config.stream_node_max_entries, config.stream_node_max_bytes
        ),
        Value::Zset(z) => {
            let limits = Limits {
                len: z.len(),
                entries: config.zset_max_listpack_entries,
                entries_name: "zset-max-listpack-entries",
                value: config.zset_max_listpack_value,
                value_name: "zset-max-listpack-value",
                unit: "members",
            };
            match &**z {
                Zset::Pack(_) => limits.within(),
                Zset::Ranked(_) => {
                    limits.exceeded(&mut || z.unordered().map(|(m, _)| m.len()).max())
                }
            }
        }
        Value::Hash(h) => {
            let limits = Limits {
                len: h.len(),
                entries: config.hash_max_listpack_entries,
                entries_name: "hash-max-listpack-entries",
                value: config.hash_max_listpack_value,
                value_name: "hash-max-listpack-value",
                unit: "fields",
            };
            match &**h {
                Hash::Pack(_) => limits.within(),
                Hash::Table(t) => {
                    limits.exceeded(&mut || t.dict().iter().map(|e| e.1.len().max(e.2.len())).max())
                }
            }
        }
        Value::Set(s) => {
            let limits = Limits {
                len: s.len(),
                entries: config.set_max_listpack_entries,
                entries_name: "set-max-listpack-entries",
                value: config.set_max_listpack_value,
                value_name: "set-max-listpack-value",
                unit: "members",
            };
            match &**s {
                Set::Ints(_) => format!(
                    "only whole numbers, at most {} (set-max-intset-entries)",
                    config.set_max_intset_entries
                ),
                Set::Pack(_) => limits.within(),
                Set::Table(_) => limits.exceeded(&mut || s.iter().map(|m| m.len()).max()),
            }
        }
    }
}

/// What one listpack of a list may hold.
fn node_limit(size: i32) -> String {
    let limit = match size {
        0 | 1 => "one element".into(),
        2.. => format!("{size} elements"),
        _ => format!("{} KB", 2 << size.unsigned_abs().min(5)),
    };
    format!("a listpack holds at most {limit} (list-max-listpack-size is {size})")
}

fn plain(value: &Value, head: Head, key: &[u8], focus: &Focus) -> PlainModel {
    let mut rows = Rows {
        wanted: focus.element.as_deref(),
        rows: Vec::new(),
        focus: None,
        cut: false,
    };
    let (columns, table) = match value {
        Value::Str(s) => {
            rows.add_text(&s.to_vec());
            (vec!["value"], None)
        }
        Value::Set(s) => (vec!["member"], rows.add_set(s, key)),
        Value::Hash(h) => (vec!["field", "value"], rows.add_hash(h, key)),
        // Drawn by views of its own.
        Value::List(_) | Value::Stream(_) | Value::Zset(_) => (Vec::new(), None),
    };
    PlainModel {
        head,
        columns,
        rows: rows.rows,
        focus: rows.focus,
        cut: rows.cut,
        table,
    }
}

/// Rows up to the limit, with the one that is looked for.
struct Rows<'a> {
    wanted: Option<&'a [u8]>,
    rows: Vec<Vec<String>>,
    focus: Option<u32>,
    cut: bool,
}

impl Rows<'_> {
    fn add(&mut self, element: &[u8], row: Vec<String>) {
        if self.rows.len() == LISTED {
            self.cut = true;
            return;
        }
        if self.wanted == Some(element) {
            self.focus = Some(self.rows.len() as u32);
        }
        self.rows.push(row);
    }

    /// The beginning of a string.
    fn add_text(&mut self, bytes: &[u8]) {
        let shown = &bytes[..bytes.len().min(TEXT_BYTES)];
        self.cut = shown.len() < bytes.len();
        let text = match std::str::from_utf8(shown) {
            Ok(text) if !text.chars().any(unseen) => text.to_string(),
            _ => shown.escape_ascii().to_string(),
        };
        self.rows.push(vec![text]);
    }

    /// The members of a set, and its table if it has one.
    fn add_set(&mut self, set: &Set, key: &[u8]) -> Option<table::TableModel> {
        for member in set.iter().take(LISTED + 1) {
            let member = member.to_vec();
            self.add(&member, vec![label(&member)]);
        }
        let Set::Table(t) = set else { return None };
        Some(table::model(t.dict(), label(key), "members", self.wanted))
    }

    /// The fields of a hash, and its table.
    fn add_hash(&mut self, hash: &Hash, key: &[u8]) -> Option<table::TableModel> {
        let Hash::Table(t) = hash else { return None };
        for (_, field, value) in t.dict().iter().take(LISTED + 1) {
            self.add(field, vec![label(field), label(value)]);
        }
        Some(table::model(t.dict(), label(key), "fields", self.wanted))
    }
}
