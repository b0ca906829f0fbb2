//! The order of a sorted set: a skiplist whose links count the elements that they jump over.
//!
//! Every node stands in the list of level 0; one in four also in the list above, one in sixteen
//! in the one above that, and so on, by the throw of a die. A search runs along the top list until
//! it would go too far, goes down a level, and so on: O(log n) steps. Adding up the spans of the
//! links taken gives the rank on the way.
//!
//! ```text
//!   level 2  head ───────────────── 3 ─────────────────► ┌───┐ ──────── 2 ──────► end
//!   level 1  head ── 1 ──► ┌───┐ ──────── 2 ───────────► │   │ ── 1 ──► ┌───┐ ──► end
//!   level 0  head ── 1 ──► │ a │ ── 1 ──► ┌───┐ ── 1 ──► │ c │ ── 1 ──► │ d │ ──► end
//!                          │1.0│          │b,2│          │3.0│          │4.0│
//!                          └───┘          └───┘          └───┘          └───┘
//! ```
//!
//! **Unrolled.** With one element a node a search in a million elements touches some forty nodes
//! all over memory, and each element pays for links. So from [`SMALL`] elements on a node holds up
//! to [`BLOCK`] neighbours in a block, sorted; towers link nodes, spans still count elements, and
//! the last few steps are a binary search. Links carry the first score of the node they
//! lead to, so that the search along the lists reads towers alone, which stand side by side. Small lists stay the textbook's, one element a node.
//!
//! ```text
//!   node ─ first (score, id), count, back, tower ─► [level 0][level 1]…
//!     └──► block: (1.0, 17) (1.5, 4) (2.0, 90) …
//! ```
//!
//! Elements are (score, id). The ids are the numbers of entries in the set's table, where members
//! are stored once; equal scores are ordered by member bytes, which [`Members`] looks up.
//!
//! Inside, a span is the number of elements from the first of a node up to the first of the next,
//! so that the head's link to the first node has span 0. What [`Skiplist::inspect`] shows are the
//! textbook's spans: differences of ranks that count from 1, the head standing at 0.
//!
//! Source: W. Pugh, "Skip lists: a probabilistic alternative to balanced trees" (1990); spans are
//! its "linear list operations".

mod edit;
mod inspect;
mod links;
mod range;
#[cfg(test)]
mod tests;

pub use inspect::{LinkView, NodeView, PathStep, SkiplistView};
pub use range::{LexBound, ScoreBound};

use super::dict::{Dict, EntryId};
use super::slab::Slab;
use links::{Link, Links, MAX_HEIGHT, NIL};
use std::cmp::Ordering;
use std::num::NonZeroU8;

/// Most elements that still stand one to a node.
pub const SMALL: usize = 128;
/// A list of large nodes becomes one of small nodes again below this.
const SMALL_AGAIN: usize = 64;
/// Most elements of a large node.
pub const BLOCK: usize = 64;
/// The node that stands before all elements and holds none.
const HEAD: u32 = 0;

/// Looks up the member bytes behind an id, to order equal scores.
pub trait Members {
    /// The member with this id.
    fn member(&self, id: u32) -> &[u8];
}

impl<V> Members for Dict<V> {
    #[inline]
    fn member(&self, id: u32) -> &[u8] {
        self.key(EntryId(id))
    }
}

/// One element. Packed to 12 bytes, so that its fields can only be copied, not borrowed.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
struct Element {
    score: f64,
    id: u32,
}

/// The elements of a large node, in order; only the first `count` mean anything.
#[derive(Clone, Debug)]
struct Block([Element; BLOCK]);

#[derive(Clone, Debug)]
struct Node {
    /// The first element.
    score: f64,
    id: u32,
    /// The node before this one.
    back: u32,
    /// Its links, `height` of them.
    tower: u32,
    height: NonZeroU8,
    /// Elements; zero in the head alone.
    count: u8,
    /// All elements, the first one too. Absent in small nodes.
    block: Option<Box<Block>>,
}

/// Where a search came down: for each level the tower of the last node before the target, and how
/// many elements stand before that node.
struct Path {
    towers: [u32; MAX_HEIGHT],
    ranks: [u32; MAX_HEIGHT],
}

/// The place of an element. Valid until the list changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    node: u32,
    at: u32,
}

/// The sorted list. See the module's page. Costs: n elements, O(log n) expected unless said.
#[derive(Clone, Debug)]
pub struct Skiplist {
    nodes: Slab<Node>,
    links: Links,
    /// Levels in use, at least one.
    levels: usize,
    len: u32,
    tail: u32,
    /// Most elements of a node now: 1 or `large`.
    cap: u8,
    large: u8,
    /// State of the generator of heights.
    dice: u64,
}

impl Skiplist {
    /// An empty list. The seed decides the heights of its towers.
    pub fn new(seed: u64) -> Self {
        Skiplist::with_large_nodes(seed, BLOCK as u8)
    }

    /// A list whose large nodes hold up to `large` elements (1 to [`BLOCK`]).
    fn with_large_nodes(seed: u64, large: u8) -> Self {
        let mut list = Skiplist {
            nodes: Slab::new(),
            links: Links::new(),
            levels: 1,
            len: 0,
            tail: HEAD,
            cap: 1,
            large,
            dice: seed,
        };
        list.reset();
        list
    }

    /// Back to a head alone; the dice go on.
    fn reset(&mut self) {
        self.nodes = Slab::new();
        self.links = Links::new();
        self.levels = 1;
        self.len = 0;
        self.tail = HEAD;
        let tower = self.links.raise(MAX_HEIGHT);
        let head = self.nodes.insert(Node {
            score: 0.0,
            id: NIL,
            back: HEAD,
            tower,
            height: NonZeroU8::new(MAX_HEIGHT as u8).expect("not zero"),
            count: 0,
            block: None,
        });
        debug_assert_eq!((head, tower), (HEAD, 0));
        self.links.set_owner(tower, head);
    }

    /// Number of elements. O(1).
    #[inline]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is no element. O(1).
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The place and rank of the first element that is not before the target.
    #[inline]
    fn seek(&self, target: impl Target) -> (Option<Cursor>, u32) {
        let (mut tower, mut rank) = (0, 0);
        // The node that the level above found to be too far need not be asked again.
        let mut too_far = NIL;
        for level in (0..self.levels).rev() {
            loop {
                let link = self.links.get(tower, level);
                if link.next == too_far {
                    break;
                }
                if !target.is_after(link.score, || self.first_id(link.next)) {
                    too_far = link.next;
                    break;
                }
                rank += link.span;
                tower = link.next;
            }
        }
        let (place, at) = self.settle(self.links.owner(tower), target);
        (place, rank + at)
    }

    /// From the last node whose first element is before the target: the target's place, and how
    /// many elements of the node are before it.
    #[inline]
    fn settle(&self, node: u32, target: impl Target) -> (Option<Cursor>, u32) {
        let at = self.nodes[node].count_before(target);
        if at < u32::from(self.nodes[node].count) {
            return (Some(Cursor { node, at }), at);
        }
        (self.start_after(node), at)
    }

    /// The first place of the node after this one.
    #[inline]
    fn start_after(&self, node: u32) -> Option<Cursor> {
        let tower = self.links.get(self.nodes[node].tower, 0).next;
        (tower != NIL).then(|| Cursor {
            node: self.links.owner(tower),
            at: 0,
        })
    }

    /// The id of the first element of a tower's node.
    #[inline]
    fn first_id(&self, tower: u32) -> u32 {
        self.nodes[self.links.owner(tower)].id
    }

    /// The place and rank of an element.
    #[inline]
    fn find<M: Members + ?Sized>(&self, m: &M, score: f64, id: u32) -> Option<(Cursor, u32)> {
        let (place, rank) = self.seek(Key { m, score, id });
        let place = place?;
        (self.get(place).1 == id).then_some((place, rank))
    }

    /// How many elements stand before this one; `None` when it is not here.
    pub fn rank<M: Members + ?Sized>(&self, m: &M, score: f64, id: u32) -> Option<u64> {
        self.find(m, score, id).map(|(_, rank)| u64::from(rank))
    }

    /// The place of an element.
    pub fn cursor<M: Members + ?Sized>(&self, m: &M, score: f64, id: u32) -> Option<Cursor> {
        self.find(m, score, id).map(|(place, _)| place)
    }

    /// The element that has `rank` others before it.
    pub fn by_rank(&self, rank: u64) -> Option<Cursor> {
        let rank = u32::try_from(rank).ok().filter(|&rank| rank < self.len)?;
        let (mut tower, mut seen) = (0, 0);
        for level in (0..self.levels).rev() {
            loop {
                let link = self.links.get(tower, level);
                if link.next == NIL || seen + link.span > rank {
                    break;
                }
                seen += link.span;
                tower = link.next;
            }
        }
        let (node, at) = (self.links.owner(tower), rank - seen);
        Some(Cursor { node, at })
    }

    /// Score and id at a place. O(1).
    ///
    /// # Panics
    /// When the list has changed since the cursor was made and the place is gone.
    #[inline]
    pub fn get(&self, place: Cursor) -> (f64, u32) {
        self.nodes[place.node].element(place.at)
    }

    /// The first place. O(1).
    pub fn first(&self) -> Option<Cursor> {
        self.start_after(HEAD)
    }

    /// The last place. O(1).
    pub fn last(&self) -> Option<Cursor> {
        self.end_of(self.tail)
    }

    /// The place after this one. O(1).
    #[inline]
    pub fn next(&self, place: Cursor) -> Option<Cursor> {
        let node = &self.nodes[place.node];
        if place.at + 1 < u32::from(node.count) {
            let at = place.at + 1;
            return Some(Cursor { at, ..place });
        }
        self.start_after(place.node)
    }

    /// The place before this one. O(1).
    #[inline]
    pub fn prev(&self, place: Cursor) -> Option<Cursor> {
        if place.at > 0 {
            let at = place.at - 1;
            return Some(Cursor { at, ..place });
        }
        self.end_of(self.nodes[place.node].back)
    }

    fn end_of(&self, node: u32) -> Option<Cursor> {
        let at = u32::from(self.nodes[node].count).checked_sub(1)?;
        Some(Cursor { node, at })
    }

    /// The elements from a place on, ascending. A step is O(1).
    pub fn iter_from(&self, start: Option<Cursor>) -> impl Iterator<Item = (f64, u32)> {
        std::iter::successors(start, |&place| self.next(place)).map(|place| self.get(place))
    }

    /// The elements from a place back to the first, descending. A step is O(1).
    pub fn iter_back(&self, start: Option<Cursor>) -> impl Iterator<Item = (f64, u32)> {
        std::iter::successors(start, |&place| self.prev(place)).map(|place| self.get(place))
    }

    /// All elements, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (f64, u32)> {
        self.iter_from(self.first())
    }
}

impl Node {
    /// The element at a place below `count`.
    #[inline]
    fn element(&self, at: u32) -> (f64, u32) {
        match &self.block {
            Some(block) => block.get(at as usize),
            None => (self.score, self.id),
        }
    }

    /// How many elements are before a target that the first one is known to be before.
    #[inline]
    fn count_before(&self, target: impl Target) -> u32 {
        let Some(block) = &self.block else {
            return u32::from(self.count);
        };
        let (mut low, mut high) = (1, usize::from(self.count).min(BLOCK));
        while low < high {
            let middle = (low + high) / 2;
            let Element { score, id } = block.0[middle];
            if target.is_after(score, || id) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low as u32
    }
}

/// A gap between elements: after all those of some beginning of the list, before the rest.
trait Target: Copy {
    /// How an element with this score compares to the gap; `Equal` when the score does not decide.
    fn compare(self, score: f64) -> Ordering;

    /// Whether the gap is after an element for which the score did not decide.
    fn is_after_id(self, id: u32) -> bool;

    /// Whether the gap is after an element, whose id is read only if needed.
    #[inline(always)]
    fn is_after(self, score: f64, id: impl FnOnce() -> u32) -> bool {
        match self.compare(score) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => self.is_after_id(id()),
        }
    }
}

/// The gap just before an element or before where it would stand.
struct Key<'a, M: ?Sized> {
    m: &'a M,
    score: f64,
    id: u32,
}

impl<M: ?Sized> Clone for Key<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: ?Sized> Copy for Key<'_, M> {}

impl<M: Members + ?Sized> Target for Key<'_, M> {
    #[inline(always)]
    fn compare(self, score: f64) -> Ordering {
        if score < self.score {
            Ordering::Less
        } else if score > self.score {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }

    #[inline]
    fn is_after_id(self, id: u32) -> bool {
        id != self.id && self.m.member(id) < self.m.member(self.id)
    }
}

/// The end of the list.
#[derive(Clone, Copy)]
struct End;

impl Target for End {
    fn compare(self, _: f64) -> Ordering {
        Ordering::Less
    }

    fn is_after_id(self, _: u32) -> bool {
        true
    }
}
