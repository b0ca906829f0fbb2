//! Quicklist: a long list as a chain of listpacks.
//!
//! A linked list pushes and pops at both ends in constant time, but pays two pointers and an allocation for each
//! element; a listpack pays nothing for an element, but every change moves its bytes. A quicklist chains listpacks of
//! a bounded size: a push or a pop touches one short run of bytes, and the pointers are shared by hundreds of
//! elements. An element too large for a listpack stands in a *plain* node of its own.
//!
//! ```text
//!   head                                              tail
//!   +-----------------+   +-------+   +-----------------+
//!   | listpack        |   | plain |   | listpack        |
//!   | "a" 17 "b" "xy" |   | 1 MB  |   | "c" 4           |
//!   +-----------------+   +-------+   +-----------------+
//!    count 4               count 1     count 2
//! ```
//!
//! To reach an index, whole nodes are skipped by their counts from the nearer end. An insertion into a full node
//! first tries the neighbour (at the node's edge), or splits the node and then merges small neighbours; a removal
//! only drops nodes that it empties. Node counts thus develop as in the real server, where `DEBUG OBJECT` shows
//! them.
//!
//! Here the nodes stand in a ring buffer instead of a chain of pointers. Both ends stay O(1), counts are read one
//! after the other from memory that lies together, and freeing never recurses; only an insertion of a node in the
//! middle moves 32 bytes for each node on its shorter side.
use std::collections::VecDeque;

use crate::base::alloc;
use crate::ds::listpack::{Entry, Listpack, Needle, Pos};

mod edit;
mod iter;
mod options;
#[cfg(test)]
mod real;
#[cfg(test)]
mod tests;

pub use iter::Iter;
pub use options::Options;

/// One end of a list, or one side of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Towards the head.
    Before,
    /// Towards the tail.
    After,
}

/// Where an element stands. Any change of the list makes it stale, except through the call that returned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    node: usize,
    /// In a plain node, [`Listpack::START`].
    pos: Pos,
}

/// What one node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Container {
    /// Elements in a listpack, never empty.
    Packed(Listpack),
    /// One large element.
    Plain(Vec<u8>),
}

impl Container {
    /// Size in bytes: of the whole listpack, or of the element.
    pub fn bytes(&self) -> usize {
        match self {
            Container::Packed(lp) => lp.bytes(),
            Container::Plain(value) => value.len(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    container: Container,
    /// Elements in the container, kept here so that a seek need not touch it.
    count: u32,
}

impl Node {
    fn packed(lp: Listpack) -> Node {
        let count = lp.len() as u32;
        Node {
            container: Container::Packed(lp),
            count,
        }
    }

    fn of_value(value: &[u8], large: bool) -> Node {
        if large {
            return Node {
                container: Container::Plain(value.to_vec()),
                count: 1,
            };
        }
        let mut lp = Listpack::new();
        lp.push(value);
        Node {
            container: Container::Packed(lp),
            count: 1,
        }
    }
}

/// A list of byte strings in listpack nodes.
#[derive(Debug, Clone)]
pub struct Quicklist {
    nodes: VecDeque<Node>,
    len: usize,
    bytes: usize,
    /// What the containers' allocations take on the modelled machine.
    alloc_bytes: usize,
    options: Options,
}

/// A quicklist laid open.
#[derive(Debug, Clone, PartialEq)]
pub struct QuicklistView {
    /// Elements in all nodes.
    pub len: u64,
    /// Bytes of all containers.
    pub total_bytes: u64,
    /// The limit of a node, as `list-max-listpack-size` gives it.
    pub fill: i32,
    /// Nodes in all.
    pub node_count: u64,
    /// The nodes from the head on, at most as many as asked for.
    pub nodes: Vec<NodeView>,
    /// Whether nodes were left out.
    pub cut: bool,
}

/// One node laid open.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeView {
    /// Elements in it.
    pub count: u32,
    /// Bytes of its container.
    pub bytes: u64,
    /// `packed` or `plain`.
    pub container: &'static str,
}

impl Quicklist {
    /// An empty list.
    pub fn new(options: Options) -> Self {
        Quicklist {
            nodes: VecDeque::new(),
            len: 0,
            bytes: 0,
            alloc_bytes: 0,
            options,
        }
    }

    /// A list whose first node is `lp` as it is, however large.
    pub fn from_listpack(lp: Listpack, options: Options) -> Self {
        let mut list = Quicklist::new(options);
        list.push_container(Container::Packed(lp));
        list
    }

    /// Adds a whole node at the tail, as a load from RDB does. An empty listpack is dropped. O(1) for a listpack of
    /// less than 65535 entries.
    pub fn push_container(&mut self, container: Container) {
        let node = match container {
            Container::Packed(lp) => Node::packed(lp),
            Container::Plain(value) => Node {
                container: Container::Plain(value),
                count: 1,
            },
        };
        if node.count > 0 {
            self.insert_node(self.nodes.len(), node);
        }
    }

    /// The containers of all nodes from the head on.
    pub fn containers(&self) -> impl DoubleEndedIterator<Item = &Container> + ExactSizeIterator {
        self.nodes.iter().map(|node| &node.container)
    }

    /// Gives the only node's listpack away, if the list is one packed node within `limits` (half of them when
    /// `shrinking`, so that a list near the limit does not change its form at every step).
    pub fn into_listpack(
        mut self,
        limits: Options,
        shrinking: bool,
    ) -> Result<Listpack, Quicklist> {
        if !self.may_be_listpack(limits, shrinking) {
            return Err(self);
        }
        match self.nodes.pop_front().map(|node| node.container) {
            Some(Container::Packed(lp)) => Ok(lp),
            _ => unreachable!("the list is one packed node"),
        }
    }

    /// Whether [`into_listpack`](Self::into_listpack) would succeed. O(1).
    pub fn may_be_listpack(&self, limits: Options, shrinking: bool) -> bool {
        let packed = matches!(
            self.nodes.front(),
            Some(Node {
                container: Container::Packed(_),
                ..
            })
        );
        packed && self.nodes.len() == 1 && limits.may_be_listpack(self.bytes, self.len, shrinking)
    }

    /// The limits that the list was made with.
    pub fn options(&self) -> Options {
        self.options
    }

    /// Number of elements. O(1).
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element. O(1).
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of all containers. O(1).
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that the modelled allocator hands out for the containers of all nodes. O(1).
    pub fn alloc_bytes(&self) -> usize {
        self.alloc_bytes
    }

    /// Number of nodes. O(1).
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Adds an element at the head. O(1) (the bytes of one node).
    pub fn push_front(&mut self, value: &[u8]) {
        if self
            .nodes
            .front()
            .is_some_and(|node| self.accepts(node, value.len()))
        {
            self.edit(0, |lp| lp.push_front(value));
            self.add_count(0, 1);
        } else {
            let node = Node::of_value(value, self.options.is_large(value.len()));
            self.insert_node(0, node);
        }
    }

    /// Adds an element at the tail. O(1).
    pub fn push_back(&mut self, value: &[u8]) {
        let end = self.nodes.len();
        if self
            .nodes
            .back()
            .is_some_and(|node| self.accepts(node, value.len()))
        {
            self.edit(end - 1, |lp| lp.push(value));
            self.add_count(end - 1, 1);
        } else {
            let node = Node::of_value(value, self.options.is_large(value.len()));
            self.insert_node(end, node);
        }
    }

    /// Takes the first element. O(1) (the bytes of one node).
    pub fn pop_front(&mut self) -> Option<Vec<u8>> {
        self.pop(0, Listpack::first)
    }

    /// Takes the last element. O(1).
    pub fn pop_back(&mut self) -> Option<Vec<u8>> {
        self.pop(self.nodes.len().checked_sub(1)?, Listpack::last)
    }

    /// The first element. O(1).
    pub fn front(&self) -> Option<Entry<'_>> {
        self.get(0)
    }

    /// The last element. O(1).
    pub fn back(&self) -> Option<Entry<'_>> {
        self.get(-1)
    }

    /// Moves the last element to the head. O(1).
    pub fn rotate(&mut self) {
        if self.len < 2 {
            return;
        }
        // The push comes first, as in the real server: it decides which node the element joins.
        let value = self.back().map(|entry| entry.to_vec()).unwrap_or_default();
        self.push_front(&value);
        self.pop_back();
    }

    /// The element at `index`, negative from the tail. O(nodes + entries of one node), from the nearer end.
    pub fn get(&self, index: i64) -> Option<Entry<'_>> {
        self.seek(index).map(|cursor| self.get_at(cursor))
    }

    /// The element under the cursor. O(1).
    pub fn get_at(&self, cursor: Cursor) -> Entry<'_> {
        match &self.nodes[cursor.node].container {
            Container::Packed(lp) => lp.get(cursor.pos),
            Container::Plain(value) => Entry::Str(value),
        }
    }

    /// Where the element at `index` stands, negative from the tail. O(nodes + entries of one node).
    pub fn seek(&self, index: i64) -> Option<Cursor> {
        let len = self.len as i64;
        let index = if index < 0 {
            index.checked_add(len)?
        } else {
            index
        };
        if !(0..len).contains(&index) {
            return None;
        }
        let (mut node, mut left) = (0, index);
        if index <= len / 2 {
            while left >= i64::from(self.nodes[node].count) {
                left -= i64::from(self.nodes[node].count);
                node += 1;
            }
        } else {
            // Count what lies from the element to the end, then turn it round inside the node.
            let mut behind = len - index;
            node = self.nodes.len() - 1;
            while behind > i64::from(self.nodes[node].count) {
                behind -= i64::from(self.nodes[node].count);
                node -= 1;
            }
            left = i64::from(self.nodes[node].count) - behind;
        }
        let pos = match &self.nodes[node].container {
            Container::Packed(lp) => lp.seek(left)?,
            Container::Plain(_) => Listpack::START,
        };
        Some(Cursor { node, pos })
    }

    /// The first element equal to `value`, from the head. O(bytes).
    pub fn find(&self, value: &[u8]) -> Option<Cursor> {
        let needle = Needle::new(value);
        self.nodes
            .iter()
            .enumerate()
            .find_map(|(node, Node { container, .. })| match container {
                Container::Packed(lp) => lp
                    .find_needle(&needle, Listpack::START, 0)
                    .map(|pos| Cursor { node, pos }),
                Container::Plain(own) => (own == value).then_some(Cursor {
                    node,
                    pos: Listpack::START,
                }),
            })
    }

    /// The elements from head to tail.
    pub fn iter(&self) -> Iter<'_> {
        self.iter_from(0, true)
    }

    /// The elements from `index` on (negative: from the tail), towards the tail or, if not `forward`, the head. An
    /// index outside gives nothing.
    pub fn iter_from(&self, index: i64, forward: bool) -> Iter<'_> {
        Iter::new(self, self.seek(index), forward)
    }

    /// The list as plain data, with at most `max_nodes` nodes. O(nodes shown).
    pub fn inspect(&self, max_nodes: usize) -> QuicklistView {
        let view = |node: &Node| NodeView {
            count: node.count,
            bytes: node.container.bytes() as u64,
            container: match node.container {
                Container::Packed(_) => "packed",
                Container::Plain(_) => "plain",
            },
        };
        QuicklistView {
            len: self.len as u64,
            total_bytes: self.bytes as u64,
            fill: self.options.fill(),
            node_count: self.nodes.len() as u64,
            nodes: self.nodes.iter().take(max_nodes).map(view).collect(),
            cut: self.nodes.len() > max_nodes,
        }
    }

    fn accepts(&self, node: &Node, value_len: usize) -> bool {
        match &node.container {
            Container::Packed(lp) => self.options.accepts(lp.bytes(), node.count, value_len),
            Container::Plain(_) => false,
        }
    }

    fn pop(&mut self, node: usize, end: fn(&Listpack) -> Option<Pos>) -> Option<Vec<u8>> {
        if self.nodes.get(node)?.count == 1 {
            return Some(match self.remove_node(node) {
                Container::Plain(value) => value,
                Container::Packed(lp) => lp.get(Listpack::START).to_vec(),
            });
        }
        let value = self.edit(node, |lp| {
            let pos = end(lp)?;
            let value = lp.get(pos).to_vec();
            lp.delete(pos);
            Some(value)
        })?;
        self.take_count(node, 1);
        Some(value)
    }

    /// Changes the listpack of a packed node and keeps the sum of bytes; the counts are the caller's.
    fn edit<R>(&mut self, node: usize, change: impl FnOnce(&mut Listpack) -> R) -> R {
        let Container::Packed(lp) = &mut self.nodes[node].container else {
            unreachable!("a plain node is only replaced as a whole");
        };
        let before = lp.bytes();
        let result = change(lp);
        let after = lp.bytes();
        self.account(before, after);
        result
    }

    /// Keeps the sums where a container of `before` bytes has `after` bytes now; 0 means that there is none.
    fn account(&mut self, before: usize, after: usize) {
        let size = |bytes| {
            if bytes == 0 {
                0
            } else {
                alloc::size_class(bytes)
            }
        };
        self.bytes = self.bytes - before + after;
        self.alloc_bytes = self.alloc_bytes - size(before) + size(after);
    }

    fn add_count(&mut self, node: usize, entries: usize) {
        self.nodes[node].count += entries as u32;
        self.len += entries;
    }

    fn take_count(&mut self, node: usize, entries: usize) {
        self.nodes[node].count -= entries as u32;
        self.len -= entries;
    }

    fn insert_node(&mut self, at: usize, node: Node) {
        self.len += node.count as usize;
        self.account(0, node.container.bytes());
        self.nodes.insert(at, node);
    }

    fn remove_node(&mut self, at: usize) -> Container {
        let node = self
            .nodes
            .remove(at)
            .expect("callers name a node that exists");
        self.len -= node.count as usize;
        self.account(node.container.bytes(), 0);
        node.container
    }
}
