//! The list: the runs of bytes that it is kept in, from left to right, and the way to one of its places.
use super::pack::{self, Bytes};
use super::value::Head;
use super::{focus::Focus, label};
use crate::base::num::parse_i64;
use crate::ds::listpack::{Entry, Listpack};
use crate::ds::quicklist::Container;
use crate::keyspace::list::List;
use crate::lab::json::json_object;

/// Of so many nodes all are given; of more, half of them from each end.
const NODES: u64 = 8;
/// The same for the elements of a node.
const ELEMENTS: u64 = 24;
/// Elements beside the one that was touched.
const NEIGHBOURS: u64 = 2;

/// A list as a chain of nodes; one that is a listpack has one.
#[derive(Debug, PartialEq)]
pub struct ListModel {
    pub head: Head,
    pub node_count: u64,
    pub nodes: Vec<ListNode>,
    /// The element that the last command was about.
    pub focus: Option<ListFocus>,
    /// Of a list that is one listpack, its bytes.
    pub bytes: Option<Bytes>,
}
json_object! { ListModel: head, node_count, nodes, focus, bytes }

/// A node, or the elements of it that are shown.
#[derive(Debug, PartialEq)]
pub struct ListNode {
    pub node: u64,
    /// The place of its first element.
    pub first: u64,
    pub len: u64,
    pub bytes: u64,
    /// One large element without a listpack.
    pub plain: bool,
    pub elements: Vec<ListElement>,
}
json_object! { ListNode: node, first, len, bytes, plain, elements }

/// An element.
#[derive(Debug, PartialEq)]
pub struct ListElement {
    pub place: u64,
    pub value: String,
}
json_object! { ListElement: place, value }

/// The way to an element.
#[derive(Debug, PartialEq)]
pub struct ListFocus {
    pub command: String,
    pub place: u64,
    pub value: String,
    /// Whether the way starts at the tail.
    pub from_right: bool,
    /// Nodes that are passed by, by their counts alone.
    pub skipped: u64,
}
json_object! { ListFocus: command, place, value, from_right, skipped }

/// The model of a list. O(nodes + elements of the nodes shown).
pub(super) fn model(list: &List, head: Head, focus: &Focus) -> ListModel {
    let mut chain = Chain {
        place: touched(list.len() as i64, focus),
        len: list.len() as u64,
        command: &focus.command,
        first: 0,
        model: ListModel {
            head,
            node_count: list.quicklist().map_or(1, |ql| ql.node_count() as u64),
            nodes: Vec::new(),
            focus: None,
            bytes: None,
        },
    };
    match list {
        List::Short(lp) => {
            chain.pack(0, lp);
            let shown = chain.place.unwrap_or_default() as usize;
            chain.model.bytes = Some(pack::bytes(lp, 1, shown));
        }
        List::Long(ql) => {
            for (node, container) in (0..).zip(ql.containers()) {
                match container {
                    Container::Packed(lp) => chain.pack(node, lp),
                    Container::Plain(value) => {
                        let bytes = value.len() as u64;
                        chain.node(node, 1, bytes, &mut [Entry::Str(value)].into_iter(), true);
                    }
                }
            }
        }
    }
    chain.model
}

/// The place that a command is about: the one it names, or the one where it added.
fn touched(len: i64, focus: &Focus) -> Option<u64> {
    let index = match focus.command.as_str() {
        "LPUSH" | "LPUSHX" => 0,
        "RPUSH" | "RPUSHX" => -1,
        "LINDEX" | "LSET" => parse_i64(focus.element.as_deref()?)?,
        _ => return None,
    };
    let place = if index < 0 {
        index.checked_add(len)?
    } else {
        index
    };
    (0..len).contains(&place).then_some(place as u64)
}

/// Whether the `i`th of `len` is among the `most` that are shown.
fn near_an_end(i: u64, len: u64, most: u64) -> bool {
    i < most / 2 || i + most / 2 >= len
}

/// The nodes under way, from left to right.
struct Chain<'a> {
    /// The place that was touched.
    place: Option<u64>,
    len: u64,
    command: &'a str,
    /// The place of the next node's first element.
    first: u64,
    model: ListModel,
}

impl Chain<'_> {
    fn pack(&mut self, node: u64, lp: &Listpack) {
        self.node(
            node,
            lp.len() as u64,
            lp.bytes() as u64,
            &mut lp.iter(),
            false,
        );
    }

    fn node<'v>(
        &mut self,
        node: u64,
        len: u64,
        bytes: u64,
        entries: &mut dyn Iterator<Item = Entry<'v>>,
        plain: bool,
    ) {
        let first = self.first;
        self.first += len;
        let here = self
            .place
            .filter(|place| (first..first + len).contains(place));
        if here.is_none() && !near_an_end(node, self.model.node_count, NODES) {
            return;
        }
        let mut elements = Vec::new();
        for (i, entry) in (0..len).zip(entries) {
            let place = first + i;
            if near_an_end(i, len, ELEMENTS)
                || here.is_some_and(|p| p.abs_diff(place) <= NEIGHBOURS)
            {
                let value = label(&entry.to_vec());
                if here == Some(place) {
                    self.model.focus = Some(self.way(node, place, value.clone()));
                }
                elements.push(ListElement { place, value });
            }
        }
        self.model.nodes.push(ListNode {
            node,
            first,
            len,
            bytes,
            plain,
            elements,
        });
    }

    /// As a search goes: from the nearer end, over whole nodes.
    fn way(&self, node: u64, place: u64, value: String) -> ListFocus {
        let from_right = place > self.len / 2;
        let skipped = if from_right {
            self.model.node_count - 1 - node
        } else {
            node
        };
        ListFocus {
            command: self.command.into(),
            place,
            value,
            from_right,
            skipped,
        }
    }
}
