//! What the table looks like inside: for DEBUG HTSTATS and for the views.

use super::{Dict, EntryId, Table};
use crate::base::num::fixed;
use std::fmt::Write;

/// Chain lengths from here on share the last class of the histogram.
const LONGEST: usize = 49;

/// Figures of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableStats {
    /// Buckets.
    pub size: u64,
    /// Entries.
    pub used: u64,
    /// Buckets that are not empty.
    pub slots: u64,
    /// Entries of the longest chain.
    pub longest: u64,
    /// How many buckets have chains of 0, 1, 2, … entries; the last class takes longer ones too.
    pub histogram: Vec<u64>,
}

/// One bucket that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketView {
    /// Its number in the table.
    pub bucket: u64,
    /// Its chain, first entry first.
    pub chain: Vec<EntryId>,
}

/// One table as a view draws it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableView {
    /// Buckets.
    pub size: u64,
    /// Entries.
    pub used: u64,
    /// The first bucket that was looked at.
    pub from: u64,
    /// The buckets in use among those looked at.
    pub buckets: Vec<BucketView>,
}

/// The whole structure, as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DictView {
    /// Entries of both tables.
    pub len: u64,
    /// While rehashing: the next bucket of the first table to be moved.
    pub rehash_index: Option<u64>,
    /// One table, or two while rehashing.
    pub tables: Vec<TableView>,
}

impl<V> Dict<V> {
    /// Figures of each table, from walking every chain. O(buckets + entries).
    pub fn stats(&self) -> Vec<TableStats> {
        let tables = self.live_tables();
        tables
            .map(|table| {
                let mut histogram = vec![0; LONGEST + 1];
                let (mut slots, mut longest) = (0, 0);
                for bucket in 0..table.size() {
                    let mut length = 0;
                    self.each_of_chain(table.head(bucket), &mut |_| length += 1);
                    histogram[(length as usize).min(LONGEST)] += 1;
                    slots += u64::from(length > 0);
                    longest = longest.max(length);
                }
                TableStats {
                    size: u64::from(table.size()),
                    used: u64::from(table.used),
                    slots,
                    longest,
                    histogram,
                }
            })
            .collect()
    }

    /// The text that DEBUG HTSTATS prints for this table; `full` walks the chains. O(1) or
    /// O(buckets + entries).
    pub fn htstats(&self, full: bool) -> String {
        let mut text = String::new();
        let stats = if full { self.stats() } else { Vec::new() };
        for (at, table) in self.live_tables().enumerate() {
            let role = ["main hash table", "rehashing target"][at];
            let _ = write!(
                text,
                "Hash table {at} stats ({role}):\n table size: {}\n number of elements: {}\n",
                table.size(),
                table.used
            );
            if let Some(stats) = stats.get(at).filter(|stats| stats.used > 0) {
                stats.describe_chains(&mut text);
            }
        }
        text
    }

    /// The tables and the chains of the first `max_buckets` buckets of each. O(what it returns
    /// + `max_buckets`).
    pub fn inspect(&self, max_buckets: usize) -> DictView {
        self.inspect_from(max_buckets, |_| 0)
    }

    /// The same for the `max_buckets` buckets around the one that a hash falls into: in each table
    /// the block of so many buckets that holds it.
    pub fn inspect_around(&self, hash: u64, max_buckets: usize) -> DictView {
        let block = max_buckets.max(1) as u64;
        self.inspect_from(max_buckets, |table| {
            (hash & u64::from(table.mask())) / block * block
        })
    }

    fn inspect_from(&self, max_buckets: usize, from: impl Fn(&Table) -> u64) -> DictView {
        let tables = self.live_tables().map(|table| {
            let mut buckets = Vec::new();
            let from = from(table);
            let end = from.saturating_add(max_buckets as u64);
            for bucket in from..end.min(u64::from(table.size())) {
                let mut chain = Vec::new();
                self.each_of_chain(table.head(bucket as u32), &mut |id| chain.push(id));
                if !chain.is_empty() {
                    buckets.push(BucketView { bucket, chain });
                }
            }
            TableView {
                size: u64::from(table.size()),
                used: u64::from(table.used),
                from,
                buckets,
            }
        });
        DictView {
            len: self.len() as u64,
            rehash_index: self.is_rehashing().then(|| u64::from(self.rehash)),
            tables: tables.collect(),
        }
    }
}

impl TableStats {
    fn describe_chains(&self, text: &mut String) {
        let average = fixed(self.used as f64 / self.slots as f64, 2);
        let _ = write!(
            text,
            " different slots: {}\n max chain length: {}\n \
             avg chain length (counted): {average}\n \
             avg chain length (computed): {average}\n Chain length distribution:\n",
            self.slots, self.longest
        );
        for (length, &buckets) in self.histogram.iter().enumerate() {
            if buckets > 0 {
                let more = if length == LONGEST { ">= " } else { "" };
                let share = fixed(buckets as f64 * 100.0 / self.size as f64, 2);
                let _ = writeln!(text, "   {more}{length}: {buckets} ({share}%)");
            }
        }
    }
}
