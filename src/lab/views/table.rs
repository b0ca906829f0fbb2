//! The hash table: buckets around the one that the touched key fell into, and how far a rehash has come.
use super::label;
use crate::ds::dict::{Dict, DictView, EntryId};
use crate::lab::json::json_object;
use crate::server::Node;

/// Buckets in the window of each table.
const WINDOW_BUCKETS: usize = 16;
/// Entries of a chain that are named.
const CHAIN_SHOWN: usize = 6;

/// One or two tables of a dictionary.
#[derive(Debug, PartialEq)]
pub struct TableModel {
    /// `db 0`, or the key whose value it is.
    pub of: String,
    /// What its entries are: keys, fields, members.
    pub entries: &'static str,
    pub len: u64,
    /// While rehashing: the buckets of the first table that have moved.
    pub rehashed: Option<u64>,
    pub tables: Vec<Table>,
    pub touched: Option<Touched>,
}
json_object! { TableModel: of, entries, len, rehashed, tables, touched }

/// One table.
#[derive(Debug, PartialEq)]
pub struct Table {
    pub size: u64,
    pub used: u64,
    /// The first bucket of the window.
    pub from: u64,
    /// The window's buckets, each with its chain.
    pub buckets: Vec<Vec<Entry>>,
}
json_object! { Table: size, used, from, buckets }

/// One entry of a chain.
#[derive(Debug, PartialEq)]
pub struct Entry {
    pub name: String,
    pub touched: bool,
    /// Entries behind it that are not named.
    pub more: u64,
}
json_object! { Entry: name, touched, more }

/// Where the touched key stands.
#[derive(Debug, PartialEq)]
pub struct Touched {
    pub name: String,
    /// Its hash, 16 hexadecimal digits.
    pub hash: String,
    /// Whether it is in the table.
    pub found: bool,
    /// Which table holds it, or would.
    pub table: u64,
    pub bucket: u64,
    /// Place in its chain, from 0.
    pub depth: u64,
}
json_object! { Touched: name, hash, found, table, bucket, depth }

/// A dictionary whatever its values are: what is drawn of it is worked out by one copy of the code.
pub(super) trait Keyed {
    /// The buckets around the one that a hash falls into.
    fn around(&self, hash: u64) -> DictView;
    fn key(&self, id: EntryId) -> &[u8];
    fn seed(&self) -> (u64, u64);
}

impl<V> Keyed for Dict<V> {
    fn around(&self, hash: u64) -> DictView {
        self.inspect_around(hash, WINDOW_BUCKETS)
    }

    fn key(&self, id: EntryId) -> &[u8] {
        Dict::key(self, id)
    }

    fn seed(&self) -> (u64, u64) {
        Dict::seed(self)
    }
}

/// The dictionary of a database, around `key`.
pub(super) fn of_database(node: &Node, db: usize, key: Option<&[u8]>) -> Option<TableModel> {
    let dict = node.keyspace().table(db).dict();
    (!dict.is_empty()).then(|| model(dict, format!("db {db}"), "keys", key))
}

/// Any dictionary.
pub(super) fn model(
    dict: &dyn Keyed,
    of: String,
    entries: &'static str,
    key: Option<&[u8]>,
) -> TableModel {
    // Every table of this seed hashes alike.
    let hash = key.map_or(0, |key| Dict::<()>::new(dict.seed()).hash(key));
    let view = dict.around(hash);
    let touched = key.map(|key| touched(dict, &view, key, hash));
    let mut tables = Vec::new();
    for (number, table) in view.tables.iter().enumerate() {
        let window = table.size.saturating_sub(table.from);
        let mut buckets = Vec::new();
        for bucket in table.from..table.from + window.min(WINDOW_BUCKETS as u64) {
            let used = table.buckets.iter().find(|b| b.bucket == bucket);
            let here = touched
                .as_ref()
                .filter(|t| t.found && (t.table, t.bucket) == (number as u64, bucket));
            buckets.push(used.map_or(Vec::new(), |b| {
                chain(dict, &b.chain, here.map(|t| t.depth as usize))
            }));
        }
        tables.push(Table {
            size: table.size,
            used: table.used,
            from: table.from,
            buckets,
        });
    }
    TableModel {
        of,
        entries,
        len: view.len,
        rehashed: view.rehash_index,
        tables,
        touched,
    }
}

fn chain(dict: &dyn Keyed, ids: &[EntryId], touched: Option<usize>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (i, id) in ids.iter().enumerate().take(CHAIN_SHOWN) {
        let last = i + 1 == CHAIN_SHOWN;
        entries.push(Entry {
            name: label(dict.key(*id)),
            touched: touched == Some(i),
            more: if last { ids.len() - CHAIN_SHOWN } else { 0 } as u64,
        });
    }
    entries
}

fn touched(dict: &dyn Keyed, view: &DictView, key: &[u8], hash: u64) -> Touched {
    let mut at = Touched {
        name: label(key),
        hash: format!("{hash:016x}"),
        found: false,
        table: (view.tables.len() - 1) as u64,
        bucket: 0,
        depth: 0,
    };
    for (number, table) in view.tables.iter().enumerate() {
        let bucket = hash & (table.size - 1);
        let chain = table.buckets.iter().find(|b| b.bucket == bucket);
        let depth = chain.and_then(|b| b.chain.iter().position(|id| dict.key(*id) == key));
        if let Some(depth) = depth {
            (at.found, at.table, at.depth) = (true, number as u64, depth as u64);
        }
    }
    at.bucket = hash & (view.tables[at.table as usize].size - 1);
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bucket_of_the_touched_key_at_every_size() {
        let mut dict = Dict::new((1, 2));
        for i in 0..5000 {
            let key = format!("key:{i}");
            dict.insert(key.as_bytes(), ());
            let model = model(&dict, "db 0".into(), "keys", Some(key.as_bytes()));
            let at = model.touched.expect("asked for");
            assert!(at.found);
            let table = &model.tables[at.table as usize];
            let chain = &table.buckets[(at.bucket - table.from) as usize];
            let shown = chain.get(at.depth as usize);
            assert!(shown.is_none_or(|e| e.touched && e.name == key), "key {i}");
            assert_eq!(model.rehashed.is_some(), model.tables.len() == 2);
        }
        let model = model(&dict, "db 0".into(), "keys", Some(b"absent"));
        assert!(model.touched.is_some_and(|t| !t.found));
    }
}
