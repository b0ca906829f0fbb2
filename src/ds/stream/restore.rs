//! Building a stream from nodes that come from outside. The walks over a node trust its structure, so all of it is
//! checked here first.
use super::node::{DELETED, Node, SAME_FIELDS};
use super::{Group, Stream, StreamId};
use crate::ds::listpack::{Entry, Listpack, Pos};

impl Stream {
    /// Adds a node behind the others. `None` if its entries are not as they must be, or its first id is not above that
    /// of the node before. The ids and counters of the stream stay the caller's. O(bytes).
    pub fn push_node(&mut self, first: StreamId, pack: Listpack) -> Option<()> {
        if self.nodes.back().is_some_and(|last| last.first >= first) {
            return None;
        }
        let live = check(&pack)?;
        let node = Node::of_pack(first, pack);
        self.len = self.len.checked_add(live)?;
        self.alloc_bytes += node.alloc_bytes();
        self.nodes.push_back(node);
        Some(())
    }

    /// Adds a group that has all its consumers; false if there is one of its name. O(groups), O(1) at the end.
    pub fn push_group(&mut self, group: Group) -> bool {
        let place = self.find_group(&group.name);
        if let Err(at) = place {
            self.groups.insert(at, group);
        }
        place.is_err()
    }
}

/// A walk over entries of a listpack that may be anything.
struct Walk<'a> {
    pack: &'a Listpack,
    at: Option<Pos>,
}

impl Walk<'_> {
    fn int(&mut self) -> Option<i64> {
        let pos = self.at?;
        self.at = self.pack.next(pos);
        match self.pack.get(pos) {
            Entry::Int(n) => Some(n),
            Entry::Str(_) => None,
        }
    }

    /// A number of entries: none can be more than there are bytes.
    fn count(&mut self) -> Option<usize> {
        let n = usize::try_from(self.int()?).ok()?;
        (n <= self.pack.bytes()).then_some(n)
    }

    fn skip(&mut self, entries: usize) -> Option<()> {
        for _ in 0..entries {
            self.at = self.pack.next(self.at?);
        }
        Some(())
    }

    /// One entry of the stream; whether it is deleted.
    fn entry(&mut self, master: usize) -> Option<bool> {
        let begin = self.at?.offset();
        let flags = self.int()?;
        // Deleting rewrites the flags in place, so they must take one byte, as small numbers do; and its length one more.
        if flags & !(DELETED | SAME_FIELDS) != 0 || self.at?.offset() != begin + 2 {
            return None;
        }
        self.int()?;
        self.int()?;
        let parts = if flags & SAME_FIELDS != 0 {
            self.skip(master)?;
            master
        } else {
            let fields = self.count()?;
            self.skip(2 * fields)?;
            2 * fields + 1
        };
        (self.int()? == parts as i64 + 3).then_some(flags & DELETED != 0)
    }
}

/// The number of live entries, if everything is as a node must be.
fn check(pack: &Listpack) -> Option<u64> {
    let mut walk = Walk {
        pack,
        at: pack.first(),
    };
    let (live, deleted) = (walk.count()?, walk.count()?);
    let fields = walk.count()?;
    walk.skip(fields)?;
    if walk.int()? != 0 {
        return None;
    }
    let mut found = [0, 0];
    while walk.at.is_some() {
        found[usize::from(walk.entry(fields)?)] += 1;
    }
    (found == [live, deleted]).then_some(live as u64)
}
