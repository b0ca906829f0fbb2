//! Walking a list in one direction.
use super::{Container, Cursor, Quicklist};
use crate::ds::listpack::{self, Entry};

/// Elements of a quicklist in one direction.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    list: &'a Quicklist,
    forward: bool,
    /// The node that `inner` walks.
    node: usize,
    inner: Inner<'a>,
}

#[derive(Debug, Clone)]
enum Inner<'a> {
    Packed(listpack::Iter<'a>),
    Plain(&'a [u8]),
    Done,
}

impl<'a> Iter<'a> {
    pub(super) fn new(list: &'a Quicklist, start: Option<Cursor>, forward: bool) -> Self {
        let Some(cursor) = start else {
            return Iter {
                list,
                forward,
                node: 0,
                inner: Inner::Done,
            };
        };
        let inner = match &list.nodes[cursor.node].container {
            Container::Packed(lp) if forward => Inner::Packed(lp.iter_from(cursor.pos)),
            Container::Packed(lp) => Inner::Packed(lp.iter_to(cursor.pos)),
            Container::Plain(value) => Inner::Plain(value),
        };
        Iter {
            list,
            forward,
            node: cursor.node,
            inner,
        }
    }

    /// Steps to the next node; past the last one, the walk is done. Runs once a node.
    #[cold]
    fn advance(&mut self) {
        let next = if self.forward {
            self.node.checked_add(1)
        } else {
            self.node.checked_sub(1)
        };
        let found = next.and_then(|node| Some((node, self.list.nodes.get(node)?)));
        self.inner = match found.map(|(_, node)| &node.container) {
            Some(Container::Packed(lp)) => Inner::Packed(lp.iter()),
            Some(Container::Plain(value)) => Inner::Plain(value),
            None => Inner::Done,
        };
        if let Some((node, _)) = found {
            self.node = node;
        }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            match &mut self.inner {
                Inner::Packed(entries) => {
                    let entry = if self.forward {
                        entries.next()
                    } else {
                        entries.next_back()
                    };
                    if entry.is_some() {
                        return entry;
                    }
                    self.advance();
                }
                Inner::Plain(value) => {
                    let value = *value;
                    self.advance();
                    return Some(Entry::Str(value));
                }
                Inner::Done => return None,
            }
        }
    }
}

impl<'a> IntoIterator for &'a Quicklist {
    type Item = Entry<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}
