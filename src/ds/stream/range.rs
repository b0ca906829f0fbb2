//! Walks over entries.
use super::StreamId;
use super::node::Node;
use crate::ds::listpack::{self, Entry, Listpack, Pos};
use std::collections::VecDeque;

/// One entry where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    pub id: StreamId,
    pub(super) deleted: bool,
    /// Its fields are those of its node's first entry.
    pub(super) same: bool,
    /// Number of fields.
    pub fields: usize,
    pub(super) pack: &'a Listpack,
    /// Where the node's field names begin.
    pub(super) names: Pos,
    /// Where its own values, or fields and values, begin.
    pub(super) values: Pos,
}

impl<'a> Item<'a> {
    /// Its fields and values, in order.
    pub fn pairs(&self) -> Pairs<'a> {
        Pairs {
            names: self.pack.iter_from(self.names),
            values: self.pack.iter_from(self.values),
            same: self.same,
            left: self.fields,
        }
    }
}

/// Fields and values of one entry.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    names: listpack::Iter<'a>,
    values: listpack::Iter<'a>,
    same: bool,
    left: usize,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Entry<'a>, Entry<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = if self.same {
            self.names.next()
        } else {
            self.values.next()
        };
        Some((name?, self.values.next()?))
    }
}

/// Live entries between two ids, in order or from the end.
#[derive(Clone, Debug)]
pub struct Range<'a> {
    nodes: &'a VecDeque<Node>,
    node: usize,
    at: Option<Pos>,
    start: StreamId,
    end: StreamId,
    rev: bool,
}

impl<'a> Range<'a> {
    pub(super) fn new(
        nodes: &'a VecDeque<Node>,
        start: StreamId,
        end: StreamId,
        rev: bool,
    ) -> Range<'a> {
        let from = if rev { end } else { start };
        let after = nodes.partition_point(|n| n.first <= from);
        let mut range = Range {
            nodes,
            node: after.saturating_sub(1),
            at: None,
            start,
            end,
            rev,
        };
        // Backwards there is nothing before the first node; forwards the first node may begin after `start`.
        if start <= end && !(rev && after == 0) {
            range.at = range.enter();
        }
        range
    }

    /// The first entry of the node, on the side that the walk comes from.
    fn enter(&self) -> Option<Pos> {
        let node = self.nodes.get(self.node)?;
        if self.rev {
            node.last_entry()
        } else {
            node.first_entry()
        }
    }

    fn step(&mut self, item: &Item<'_>, pos: Pos) {
        let node = &self.nodes[self.node];
        self.at = if self.rev {
            node.prev_entry(pos)
        } else {
            node.next_entry(item)
        };
        if self.at.is_none() {
            let next = if self.rev {
                self.node.checked_sub(1)
            } else {
                Some(self.node + 1)
            };
            if let Some(next) = next {
                self.node = next;
                self.at = self.enter();
            }
        }
    }
}

impl<'a> Iterator for Range<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        while let Some(pos) = self.at {
            let nodes = self.nodes;
            let item = nodes[self.node].read(pos);
            let (past, early) = if self.rev {
                (item.id < self.start, item.id > self.end)
            } else {
                (item.id > self.end, item.id < self.start)
            };
            if past {
                self.at = None;
                return None;
            }
            self.step(&item, pos);
            if !early && !item.deleted {
                return Some(item);
            }
        }
        None
    }
}
