//! Changes in the middle: which node an element joins, how full nodes split and small ones merge.
use super::{Container, Cursor, Node, Quicklist, Side};
use crate::ds::listpack::{EMPTY_BYTES, Entry, Listpack, Needle, Pos};

/// More than an entry takes beside its text.
const ENTRY_ROOM: usize = 16;

impl Quicklist {
    /// Puts `value` beside the element at `index`; false if there is none. O(nodes + bytes of one node).
    pub fn insert(&mut self, index: i64, side: Side, value: &[u8]) -> bool {
        let found = self.seek(index);
        if let Some(cursor) = found {
            self.insert_at(cursor, side, value);
        }
        found.is_some()
    }

    /// Puts `value` beside the element under the cursor. O(bytes of one node), plus moving the node table when a
    /// node is added.
    pub fn insert_at(&mut self, cursor: Cursor, side: Side, value: &[u8]) {
        let Cursor { node, pos } = cursor;
        let large = self.options.is_large(value.len());
        if !large && self.accepts(&self.nodes[node], value.len()) {
            self.edit(node, |lp| match side {
                Side::Before => lp.insert_before(pos, value),
                Side::After => lp.insert_after(pos, value),
            });
            self.add_count(node, 1);
            return;
        }
        let beside = if side == Side::After { node + 1 } else { node };
        if !self.at_edge(cursor, side) {
            self.insert_into_full(cursor, side, value, large);
        } else if !large && self.join_neighbour(node, side, value) {
            // The neighbour took it.
        } else {
            self.insert_node(beside, Node::of_value(value, large));
        }
    }

    /// Replaces the element at `index`; false if there is none. O(nodes + bytes of one node).
    pub fn replace(&mut self, index: i64, value: &[u8]) -> bool {
        let found = self.seek(index);
        if let Some(cursor) = found {
            self.replace_at(cursor, value);
        }
        found.is_some()
    }

    /// Replaces the element under the cursor. A small value takes the place even if its node outgrows the limit, as
    /// in the real server, though never beyond what a listpack may hold. O(bytes of one node).
    pub fn replace_at(&mut self, cursor: Cursor, value: &[u8]) {
        let Cursor { node, pos } = cursor;
        let large = self.options.is_large(value.len());
        match (&mut self.nodes[node].container, large) {
            (Container::Packed(lp), false)
                if lp.safe_to_add(value.len().saturating_add(ENTRY_ROOM)) =>
            {
                self.edit(node, |lp| lp.replace(pos, value));
            }
            (Container::Plain(old), true) => {
                let before = old.len();
                value.clone_into(old);
                self.account(before, value.len());
            }
            (Container::Plain(_), false) => {
                self.insert_at(cursor, Side::After, value);
                self.remove_node(node);
            }
            (Container::Packed(_), _) => self.replace_with_node(cursor, value, large),
        }
    }

    /// Removes the element under the cursor and returns where the one after it stands. O(bytes of one node).
    pub fn remove_at(&mut self, cursor: Cursor) -> Option<Cursor> {
        let Cursor { node, pos } = cursor;
        if self.nodes[node].count == 1 {
            self.remove_node(node);
            return self.start_of(node);
        }
        let next = self.edit(node, |lp| lp.delete(pos));
        self.take_count(node, 1);
        next.map(|pos| Cursor { node, pos })
            .or_else(|| self.start_of(node + 1))
    }

    /// Removes up to `count` elements from `start` on (negative: from the tail). Returns how many. O(nodes + bytes of
    /// two nodes).
    pub fn remove_range(&mut self, start: i64, count: usize) -> usize {
        let Some(Cursor { node, pos }) = self.seek(start) else {
            return 0;
        };
        let before = self.len;
        let (mut first, mut left) = (node, count);
        if pos != Listpack::START {
            left -= self.delete_from(node, pos, left);
            first += 1;
        }
        let mut end = first;
        while let Some(whole) = self.nodes.get(end)
            && left >= whole.count as usize
            && left > 0
        {
            left -= whole.count as usize;
            self.len -= whole.count as usize;
            let bytes = whole.container.bytes();
            self.account(bytes, 0);
            end += 1;
        }
        self.nodes.drain(first..end);
        if left > 0 && first < self.nodes.len() {
            self.delete_from(first, Listpack::START, left);
        }
        before - self.len
    }

    /// Removes the first `count` elements equal to `value`, or the last ones if `from_tail`; 0 means all. Returns how
    /// many. O(bytes).
    pub fn remove_matching(&mut self, value: &[u8], count: usize, from_tail: bool) -> usize {
        let needle = Needle::new(value);
        let limit = if count == 0 { usize::MAX } else { count };
        let nodes = self.nodes.len();
        let (mut removed, mut emptied) = (0, false);
        for step in 0..nodes {
            if removed == limit {
                break;
            }
            let node = if from_tail { nodes - 1 - step } else { step };
            removed += self.remove_in_node(node, &needle, limit - removed, from_tail);
            emptied |= self.nodes[node].count == 0;
        }
        if emptied {
            for node in 0..nodes {
                if self.nodes[node].count == 0 {
                    self.account(self.nodes[node].container.bytes(), 0);
                }
            }
            self.nodes.retain(|node| node.count > 0);
        }
        removed
    }

    /// Removes matches in one node; a node that is empty then stays for the caller to drop.
    fn remove_in_node(
        &mut self,
        node: usize,
        needle: &Needle<'_>,
        max: usize,
        from_tail: bool,
    ) -> usize {
        let removed = match &self.nodes[node].container {
            Container::Plain(own) => usize::from(needle.matches(&Entry::Str(own))),
            Container::Packed(_) => self.edit(node, |lp| {
                let skip = if from_tail && max != usize::MAX {
                    lp.count_matching(needle).saturating_sub(max)
                } else {
                    0
                };
                lp.remove_matching(needle, skip, max)
            }),
        };
        self.take_count(node, removed);
        removed
    }

    fn start_of(&self, node: usize) -> Option<Cursor> {
        (node < self.nodes.len()).then_some(Cursor {
            node,
            pos: Listpack::START,
        })
    }

    fn delete_from(&mut self, node: usize, pos: Pos, count: usize) -> usize {
        let removed = self.edit(node, |lp| lp.delete_from(pos, count));
        self.take_count(node, removed);
        removed
    }

    /// Whether the cursor's element is the outermost of its node on that side.
    fn at_edge(&self, cursor: Cursor, side: Side) -> bool {
        match &self.nodes[cursor.node].container {
            Container::Plain(_) => true,
            Container::Packed(_) if side == Side::Before => cursor.pos == Listpack::START,
            Container::Packed(lp) => lp.next(cursor.pos).is_none(),
        }
    }

    /// Puts `value` on the near end of the node's neighbour, if that one has room.
    fn join_neighbour(&mut self, node: usize, side: Side, value: &[u8]) -> bool {
        let beside = match side {
            Side::Before => node.checked_sub(1),
            Side::After => Some(node + 1),
        };
        let Some(beside) = beside else { return false };
        if !self
            .nodes
            .get(beside)
            .is_some_and(|other| self.accepts(other, value.len()))
        {
            return false;
        }
        self.edit(beside, |lp| match side {
            Side::Before => lp.push(value),
            Side::After => lp.push_front(value),
        });
        self.add_count(beside, 1);
        true
    }

    /// Splits the node beside the cursor's element and puts `value` into the gap.
    fn insert_into_full(&mut self, cursor: Cursor, side: Side, value: &[u8], large: bool) {
        let mut part = self.split(cursor, side);
        let node = cursor.node;
        match (side, large) {
            (Side::After, true) => {
                self.insert_node(node + 1, Node::packed(part));
                self.insert_node(node + 1, Node::of_value(value, true));
            }
            (Side::Before, true) => {
                self.insert_node(node, Node::of_value(value, true));
                self.insert_node(node, Node::packed(part));
            }
            (Side::After, false) => {
                part.push_front(value);
                self.insert_node(node + 1, Node::packed(part));
                self.merge_around(node);
            }
            (Side::Before, false) => {
                part.push(value);
                self.insert_node(node, Node::packed(part));
                self.merge_around(node + 1);
            }
        }
    }

    /// Replaces an element of a packed node by a node of its own.
    fn replace_with_node(&mut self, cursor: Cursor, value: &[u8], large: bool) {
        let node = cursor.node;
        if !self.at_edge(cursor, Side::After) {
            let part = self.split(cursor, Side::After);
            self.insert_node(node + 1, Node::packed(part));
        }
        self.insert_node(node + 1, Node::of_value(value, large));
        // The old element is now the last of its node.
        if self.nodes[node].count == 1 {
            self.remove_node(node);
        } else {
            self.edit(node, |lp| lp.delete(cursor.pos));
            self.take_count(node, 1);
            self.merge_around(node + 1);
        }
    }

    /// Takes the entries beside the cursor's element, on that side, out of its node.
    fn split(&mut self, cursor: Cursor, side: Side) -> Listpack {
        let part = self.edit(cursor.node, |lp| match side {
            Side::After => lp
                .next(cursor.pos)
                .map_or_else(Listpack::new, |pos| lp.split_off_at(pos)),
            Side::Before => {
                let kept = lp.split_off_at(cursor.pos);
                std::mem::replace(lp, kept)
            }
        });
        self.take_count(cursor.node, part.len());
        part
    }

    /// Merges small nodes near `center`, in the real server's order: the two before it, the two after it, then the
    /// node itself with what stands on its left and on its right.
    fn merge_around(&mut self, center: usize) {
        let mut center = center;
        if center >= 2 && self.merge_with_next(center - 2) {
            center -= 1;
        }
        self.merge_with_next(center + 1);
        if center >= 1 && self.merge_with_next(center - 1) {
            center -= 1;
        }
        self.merge_with_next(center);
    }

    /// Merges a node and the one behind it, if both are packed and together within the limit.
    fn merge_with_next(&mut self, node: usize) -> bool {
        let (Some(left), Some(right)) = (self.nodes.get(node), self.nodes.get(node + 1)) else {
            return false;
        };
        let both_packed = matches!(
            (&left.container, &right.container),
            (Container::Packed(_), Container::Packed(_))
        );
        // One header and one end byte go.
        let bytes = left.container.bytes() + right.container.bytes()
            - EMPTY_BYTES.min(right.container.bytes());
        let count = left.count as usize + right.count as usize;
        if !both_packed || self.options.exceeds(bytes, count) {
            return false;
        }
        let added = right.count as usize;
        if let Container::Packed(right) = self.remove_node(node + 1) {
            self.edit(node, |lp| lp.append(&right));
            self.add_count(node, added);
        }
        true
    }
}
