//! Trimming: taking the oldest entries away.
use super::node::Node;
use super::{Stream, StreamId};

/// What is to be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrimTo {
    /// So many entries.
    MaxLen(u64),
    /// The entries from this id on.
    MinId(StreamId),
}

/// How to trim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    pub to: TrimTo,
    /// Only whole nodes: a little more may be left, and hardly any work is done.
    pub approx: bool,
    /// Most entries to take away, by whole nodes; 0: any number.
    pub limit: u64,
}

impl Stream {
    /// Trims; how many entries went. O(nodes dropped + entries of a node).
    pub fn trim(&mut self, trim: Trim) -> i64 {
        let mut deleted = 0;
        while let Some(node) = self.nodes.front() {
            if let TrimTo::MaxLen(most) = trim.to
                && self.len <= most
            {
                break;
            }
            let live = node.live();
            if trim.limit > 0 && (deleted + live) as u64 > trim.limit {
                break;
            }
            let whole = match trim.to {
                TrimTo::MaxLen(most) => self.len - live as u64 >= most,
                TrimTo::MinId(id) => node.last_id() < id,
            };
            if whole {
                self.len -= live as u64;
                self.alloc_bytes -= node.alloc_bytes();
                self.nodes.pop_front();
                deleted += live;
                continue;
            }
            if !trim.approx {
                deleted += self.trim_front_node(trim.to);
            }
            break;
        }
        if deleted > 0 || self.len == 0 {
            self.find_first();
        }
        deleted
    }

    /// Deletes entries from the front of the first node; how many. O(entries of the node).
    fn trim_front_node(&mut self, to: TrimTo) -> i64 {
        let Some(node) = self.nodes.front_mut() else {
            return 0;
        };
        let excess = match to {
            TrimTo::MaxLen(most) => self.len - most,
            TrimTo::MinId(_) => u64::MAX,
        };
        let before = node.alloc_bytes();
        let deleted = delete_front(node, to, excess);
        self.len -= deleted as u64;
        self.alloc_bytes = self.alloc_bytes - before + node.alloc_bytes();
        deleted
    }
}

fn delete_front(node: &mut Node, to: TrimTo, excess: u64) -> i64 {
    let mut deleted = 0;
    let mut at = node.first_entry();
    while let Some(pos) = at
        && (deleted as u64) < excess
    {
        let item = node.read(pos);
        if let TrimTo::MinId(id) = to
            && item.id >= id
        {
            break;
        }
        at = node.next_entry(&item);
        if !item.deleted {
            node.flag_deleted(pos);
            deleted += 1;
        }
    }
    if deleted > 0 {
        node.count_deleted(deleted);
    }
    deleted
}
