//! What the list looks like inside, and the way of a search: for the views.
//!
//! Spans are shown as the textbook counts them: the head stands at rank 0, the first element at
//! rank 1, a node where its first element stands, and the span of a last link leads to the last
//! element.

use super::*;

/// One link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkView {
    /// The node it leads to; `None` at the end of the list.
    pub to: Option<u32>,
    /// Difference of ranks.
    pub span: u64,
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeView {
    /// Its number, the same as long as it lives.
    pub node: u32,
    /// Rank of its first element, counted from 1.
    pub rank: u64,
    /// Its links from level 0 up; as many as it is tall.
    pub links: Vec<LinkView>,
    /// Its elements (score, id).
    pub entries: Vec<(f64, u32)>,
}

/// The list, or its beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct SkiplistView {
    /// Elements.
    pub len: u64,
    /// Levels in use.
    pub levels: usize,
    /// Most elements a node holds at this size.
    pub node_capacity: usize,
    /// The head's links, `levels` of them.
    pub head: Vec<LinkView>,
    /// The first nodes.
    pub nodes: Vec<NodeView>,
}

/// One look of a search at the next node of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathStep {
    /// The level.
    pub level: usize,
    /// Where the search stands; `None` is the head.
    pub from: Option<u32>,
    /// The node looked at; `None` is the end of the list.
    pub to: Option<u32>,
    /// The link's span.
    pub span: u64,
    /// Taken, or too far: the search then goes down a level.
    pub taken: bool,
}

impl Skiplist {
    /// Levels in use. O(1).
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// The links of the head, from level 0 up. O(levels).
    pub fn head_view(&self) -> Vec<LinkView> {
        (0..self.levels)
            .map(|level| self.link_view(HEAD, level))
            .collect()
    }

    /// Most elements that a node holds at this size. O(1).
    pub fn node_capacity(&self) -> usize {
        usize::from(self.cap)
    }

    /// The list with its first `max` nodes. O(what it returns).
    pub fn inspect(&self, max: usize) -> SkiplistView {
        let mut nodes = Vec::new();
        let (mut place, mut rank) = (self.first(), 1);
        while let (Some(Cursor { node, .. }), true) = (place, nodes.len() < max) {
            nodes.push(self.node_view(node, rank));
            rank += u64::from(self.nodes[node].count);
            place = self.start_after(node);
        }
        SkiplistView {
            len: u64::from(self.len),
            levels: self.levels,
            node_capacity: usize::from(self.cap),
            head: self.head_view(),
            nodes,
        }
    }

    /// One node; the caller knows the rank of its first element. O(its elements and links).
    pub fn node_view(&self, node: u32, rank: u64) -> NodeView {
        let it = &self.nodes[node];
        let links = (0..self.height(node)).map(|level| self.link_view(node, level));
        NodeView {
            node,
            rank,
            links: links.collect(),
            entries: (0..u32::from(it.count)).map(|at| it.element(at)).collect(),
        }
    }

    /// The node before this one, if it is not the first. O(1).
    pub fn node_before(&self, node: u32) -> Option<u32> {
        let back = self.nodes[node].back;
        (back != HEAD).then_some(back)
    }

    /// Every look of the search for the node that holds `(score, id)`, or would hold it.
    pub fn search_path<M: Members + ?Sized>(&self, m: &M, score: f64, id: u32) -> Vec<PathStep> {
        let target = Key { m, score, id };
        let mut steps = Vec::new();
        let mut node = HEAD;
        for level in (0..self.levels).rev() {
            loop {
                let link = self.link_view(node, level);
                let taken = link.to.is_some_and(|to| {
                    let first = &self.nodes[to];
                    first.id == id || target.is_after(first.score, || first.id)
                });
                steps.push(PathStep {
                    level,
                    from: (node != HEAD).then_some(node),
                    to: link.to,
                    span: link.span,
                    taken,
                });
                match link.to {
                    Some(to) if taken => node = to,
                    _ => break,
                }
            }
        }
        steps
    }

    fn link_view(&self, node: u32, level: usize) -> LinkView {
        let link = self.links.get(self.nodes[node].tower, level);
        let to = (link.next != NIL).then(|| self.links.owner(link.next));
        let span = u64::from(link.span);
        // From "elements jumped over" to "difference of ranks": the head is no element, and at
        // the end there is none.
        let span = match (node == HEAD, to.is_some()) {
            (true, true) => span + 1,
            (false, false) => span.saturating_sub(1),
            _ => span,
        };
        LinkView { to, span }
    }
}
