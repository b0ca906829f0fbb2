//! The list value: a listpack while it is short, a quicklist once it outgrows one node.
//!
//! Both forms hold the same entries, and a list that turns into a quicklist brings its listpack along as the first node:
//! nothing is copied. It turns back when its only node is down to half the limit, so that a list near the limit does not
//! change its form at every step.
//!
//! The limits (`list-max-listpack-size`, `list-compress-depth`) come with each call that may change the form. A quicklist
//! keeps those it was made with for its own nodes, as in the real server.
use crate::base::alloc;
use crate::ds::listpack::{self, Entry, Listpack};
use crate::ds::quicklist::{self, Container, Options, Quicklist, Side};

#[cfg(test)]
mod tests;

/// The structure of a quicklist on a 64-bit server: five words.
const LIST_BYTES: usize = 40;
/// That of one of its nodes.
const NODE_BYTES: usize = 40;
/// Shorter nodes are not compressed, nor those that would gain less than this.
const COMPRESSED_FROM: usize = 48;
const COMPRESSION_GAIN: usize = 8;

/// A list.
#[derive(Clone, Debug)]
pub enum List {
    /// All in one run of bytes.
    Short(Listpack),
    /// A chain of such runs.
    Long(Quicklist),
}

impl Default for List {
    fn default() -> List {
        List::new()
    }
}

impl List {
    /// A list without elements.
    pub fn new() -> List {
        List::Short(Listpack::new())
    }

    /// A list of these elements, built as a quicklist and kept as one only if it does not fit a listpack (SORT STORE).
    pub fn of<'v>(values: impl Iterator<Item = &'v [u8]>, limits: Options) -> List {
        let mut ql = Quicklist::new(limits);
        values.for_each(|value| ql.push_back(value));
        List::of_quicklist(ql, limits)
    }

    /// The list that a quicklist is, kept as one only if it does not fit a listpack. O(1).
    pub fn of_quicklist(ql: Quicklist, limits: Options) -> List {
        match ql.into_listpack(limits, false) {
            Ok(lp) => List::Short(lp),
            Err(ql) => List::Long(ql),
        }
    }

    /// Number of elements. O(1).
    pub fn len(&self) -> usize {
        match self {
            List::Short(lp) => lp.len(),
            List::Long(ql) => ql.len(),
        }
    }

    /// Whether it has no element. O(1).
    pub fn is_empty(&self) -> bool {
        match self {
            List::Short(lp) => lp.is_empty(),
            List::Long(ql) => ql.is_empty(),
        }
    }

    /// The name that OBJECT ENCODING gives.
    pub fn encoding(&self) -> &'static str {
        match self {
            List::Short(_) => "listpack",
            List::Long(_) => "quicklist",
        }
    }

    /// The quicklist, if it is one: for DEBUG OBJECT and views.
    pub fn quicklist(&self) -> Option<&Quicklist> {
        match self {
            List::Short(_) => None,
            List::Long(ql) => Some(ql),
        }
    }

    /// Modelled bytes below the object header. O(1).
    pub fn mem_bytes(&self) -> usize {
        match self {
            List::Short(lp) => alloc::size_class(lp.bytes()),
            List::Long(ql) => LIST_BYTES + NODE_BYTES * ql.node_count() + ql.alloc_bytes(),
        }
    }

    /// The same as MEMORY USAGE estimates it: from the first `samples` nodes (0: all), which are compressed from
    /// `list-compress-depth` on; `compressed` gives the length of a node's bytes then, if they become fewer than so many.
    /// O(samples).
    pub fn sampled_bytes(
        &self,
        samples: usize,
        compressed: &mut dyn FnMut(&[u8], usize) -> Option<usize>,
    ) -> usize {
        let ql = match self {
            List::Long(ql) if !ql.is_empty() => ql,
            _ => return self.mem_bytes(),
        };
        let nodes = ql.node_count();
        let samples = if samples == 0 {
            nodes
        } else {
            samples.min(nodes)
        };
        let depth = usize::from(ql.options().compress());
        let mut bytes = 0;
        for (at, node) in ql.containers().enumerate().take(samples) {
            let raw = match node {
                Container::Packed(lp) => lp.as_bytes(),
                Container::Plain(value) => value,
            };
            let inner = depth > 0 && at >= depth && at + depth < nodes;
            let short = (inner && raw.len() >= COMPRESSED_FROM)
                .then(|| compressed(raw, raw.len() - COMPRESSION_GAIN))
                .flatten();
            let stored = short.map_or(raw.len(), |len| size_of::<u64>() + len);
            bytes += NODE_BYTES + alloc::size_class(stored);
        }
        // In floating point, so that it is cut off where the real server's is.
        LIST_BYTES + (bytes as f64 / samples as f64 * nodes as f64) as usize
    }

    /// The element at `index`, negative from the tail. O(nodes + entries of one node), from the nearer end.
    pub fn get(&self, index: i64) -> Option<Entry<'_>> {
        match self {
            List::Short(lp) => lp.seek(index).map(|pos| lp.get(pos)),
            List::Long(ql) => ql.get(index),
        }
    }

    /// The elements from head to tail.
    pub fn iter(&self) -> Iter<'_> {
        self.iter_from(0, true)
    }

    /// The elements from `index` on (negative: from the tail), towards the tail or, if not `forward`, the head. An index
    /// outside gives nothing.
    pub fn iter_from(&self, index: i64, forward: bool) -> Iter<'_> {
        let lp = match self {
            List::Long(ql) => return Iter::Long(ql.iter_from(index, forward)),
            List::Short(lp) => lp,
        };
        match lp.seek(index) {
            Some(pos) if forward => Iter::Short(lp.iter_from(pos)),
            Some(pos) => Iter::Reverse(lp.iter_to(pos)),
            None => Iter::Done,
        }
    }

    /// Turns the list into a quicklist if one listpack could not take `count` more elements of `bytes` bytes in all. The
    /// commands that add call this before they know whether they will: it shows in OBJECT ENCODING.
    pub fn make_room(&mut self, bytes: usize, count: usize, limits: Options) {
        if let List::Short(lp) = self
            && limits.exceeds(lp.bytes().saturating_add(bytes), lp.len() + count)
        {
            *self = List::Long(Quicklist::from_listpack(std::mem::take(lp), limits));
        }
    }

    /// Turns a quicklist back into a listpack if it is small enough. What removes or replaces elements calls it.
    pub fn shrink(&mut self, limits: Options) {
        if let List::Long(ql) = self
            && ql.may_be_listpack(limits, true)
        {
            let ql = std::mem::replace(ql, Quicklist::new(limits));
            *self = List::Short(
                ql.into_listpack(limits, true)
                    .expect("it was asked whether it may"),
            );
        }
    }

    /// Adds elements at one end, one after the other. O(1) for each.
    pub fn push<'v>(
        &mut self,
        end: Side,
        values: impl Iterator<Item = &'v [u8]> + Clone,
        limits: Options,
    ) {
        if matches!(self, List::Short(_)) {
            let (mut bytes, mut count) = (0usize, 0);
            for value in values.clone() {
                bytes = bytes.saturating_add(value.len());
                count += 1;
            }
            self.make_room(bytes, count, limits);
        }
        match (self, end) {
            (List::Short(lp), Side::Before) => values.for_each(|value| lp.push_front(value)),
            (List::Short(lp), Side::After) => values.for_each(|value| lp.push(value)),
            (List::Long(ql), Side::Before) => values.for_each(|value| ql.push_front(value)),
            (List::Long(ql), Side::After) => values.for_each(|value| ql.push_back(value)),
        }
    }

    /// Removes the element at one end, if there is one; the form stays (see [`List::shrink`]). O(1).
    pub fn pop(&mut self, end: Side) {
        match self {
            List::Short(lp) => {
                let pos = match end {
                    Side::Before => lp.first(),
                    Side::After => lp.last(),
                };
                pos.map(|pos| lp.delete(pos));
            }
            List::Long(ql) => {
                let at = if end == Side::Before { 0 } else { -1 };
                ql.seek(at).map(|at| ql.remove_at(at));
            }
        }
    }

    /// Removes up to `count` elements from `start` on (negative: from the tail); the form stays. O(nodes + bytes of two).
    pub fn remove_range(&mut self, start: i64, count: usize) -> usize {
        match self {
            List::Short(lp) => lp.delete_range(start, count),
            List::Long(ql) => ql.remove_range(start, count),
        }
    }

    /// Removes the first `count` elements equal to `value`, or the last ones if `from_tail`; 0 means all. The form stays.
    /// Returns how many went. O(bytes).
    pub fn remove_matching(&mut self, value: &[u8], count: usize, from_tail: bool) -> usize {
        let lp = match self {
            List::Long(ql) => return ql.remove_matching(value, count, from_tail),
            List::Short(lp) => lp,
        };
        let needle = listpack::Needle::new(value);
        match (count, from_tail) {
            (0, _) => lp.remove_matching(&needle, 0, usize::MAX),
            (_, false) => lp.remove_matching(&needle, 0, count),
            (_, true) => {
                let stay = lp.count_matching(&needle).saturating_sub(count);
                lp.remove_matching(&needle, stay, count)
            }
        }
    }

    /// Puts `value` beside the first element equal to `pivot`; whether there is one. O(bytes).
    pub fn insert(&mut self, side: Side, pivot: &[u8], value: &[u8], limits: Options) -> bool {
        self.make_room(value.len(), 1, limits);
        match self {
            List::Short(lp) => {
                let found = lp.find(pivot, Listpack::START, 0);
                if let Some(pos) = found {
                    match side {
                        Side::Before => lp.insert_before(pos, value),
                        Side::After => lp.insert_after(pos, value),
                    };
                }
                found.is_some()
            }
            List::Long(ql) => {
                let found = ql.find(pivot);
                if let Some(cursor) = found {
                    ql.insert_at(cursor, side, value);
                }
                found.is_some()
            }
        }
    }

    /// Replaces the element at `index`, negative from the tail; whether there is one. O(nodes + bytes of one node).
    pub fn set(&mut self, index: i64, value: &[u8], limits: Options) -> bool {
        self.make_room(value.len(), 1, limits);
        let replaced = match self {
            List::Long(ql) => ql.replace(index, value),
            List::Short(lp) => match lp.seek(index) {
                Some(pos) => {
                    lp.replace(pos, value);
                    true
                }
                None => false,
            },
        };
        if replaced {
            self.shrink(limits);
        }
        replaced
    }
}

/// Elements of a list in one direction.
#[derive(Clone, Debug)]
pub enum Iter<'a> {
    /// A listpack, towards the tail.
    Short(listpack::Iter<'a>),
    /// A listpack, towards the head.
    Reverse(listpack::Iter<'a>),
    /// A quicklist.
    Long(quicklist::Iter<'a>),
    /// Nothing.
    Done,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        match self {
            Iter::Short(entries) => entries.next(),
            Iter::Reverse(entries) => entries.next_back(),
            Iter::Long(entries) => entries.next(),
            Iter::Done => None,
        }
    }
}
