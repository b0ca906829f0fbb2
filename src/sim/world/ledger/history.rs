//! Histories: the writes in their order, as a tree.
//!
//! ```text
//!   n1 writes           1 ── 2 ── 3 ── 4 ── 5          history 0
//!   n2 is promoted                └── 1 ── 2 ── 3      history 1, a branch of history 0 at 3
//!   n1 loads its files            (0, 4)               what it writes next begins history 2, a branch at 4
//! ```
//!
//! A node's data is always a beginning of one history: a [`Position`] says all of it. Only one node writes a history, in one
//! life and one term as a primary; whatever it writes later begins another. Replicas know positions as offsets of a stream
//! with an id: [`Stream`] translates.
use crate::base::time::Micros;
use crate::sim::world::End;
use crate::sim::world::net::HostId;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// Writes of a block; blocks are shared with copies of the world.
const BLOCK: usize = 256;
/// Most writes of a world that are known one by one; of older ones only how many were acknowledged.
pub const KEPT: usize = 1 << 16;

/// A history's number.
pub type HistoryId = usize;
/// A stream's number.
pub(super) type StreamId = usize;

/// The first `writes` writes of a history, and all that it is a branch of up to there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub history: HistoryId,
    pub writes: u64,
}

/// What data is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Data {
    /// No write.
    #[default]
    Nothing,
    At(Position),
    /// It was changed by hand, or by writes to a replica: nothing can be said of it.
    Unknown,
}

/// One write.
#[derive(Clone, Debug)]
pub struct Write {
    pub at_us: Micros,
    /// When its client had the answer, if it had one that promises anything.
    pub acked_us: Option<Micros>,
    /// Who wrote it: the other end of the connection.
    pub by: End,
    /// Where the reply ends among all bytes of that connection.
    pub reply_end: u64,
    /// The command, cut.
    pub words: Rc<str>,
    /// Where the stream for replicas ends behind it.
    pub(super) offset: i64,
}

/// Writes that were lost together: those behind `from`, up to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    pub from: u64,
    pub to: u64,
    pub loss: super::Loss,
}

/// The writes of one node in one life and term.
#[derive(Clone)]
pub(super) struct History {
    pub host: HostId,
    pub parent: Data,
    /// Nodes that share it are one set of data: a primary and its replicas.
    pub family: usize,
    blocks: VecDeque<Rc<Vec<Write>>>,
    /// Writes so far, and how many of the first are not known one by one any more.
    pub count: u64,
    pub forgotten: u64,
    forgotten_offset: i64,
    /// Those of which no copy is left, in their order.
    pub lost: Vec<Lost>,
}

impl History {
    pub fn get(&self, number: u64) -> Option<&Write> {
        let at = number.checked_sub(self.forgotten + 1)? as usize;
        self.blocks.get(at / BLOCK)?.get(at % BLOCK)
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Write> {
        let at = number.checked_sub(self.forgotten + 1)? as usize;
        Rc::make_mut(self.blocks.get_mut(at / BLOCK)?).get_mut(at % BLOCK)
    }

    /// Writes that are known, by rising number, from `first` on.
    pub fn from(&self, first: u64) -> impl Iterator<Item = (u64, &Write)> {
        let first = first.max(self.forgotten + 1);
        (first..=self.count).map_while(|n| Some((n, self.get(n)?)))
    }

    fn push(&mut self, write: Write) {
        self.count += 1;
        match self.blocks.back_mut() {
            Some(last) if last.len() < BLOCK => Rc::make_mut(last).push(write),
            _ => self.blocks.push_back(Rc::new(vec![write])),
        }
    }

    /// How many of its writes end in the stream at `offset` or before. O(log writes).
    fn upto(&self, offset: i64) -> u64 {
        if offset < self.forgotten_offset {
            return 0;
        }
        let (mut low, mut high) = (self.forgotten, self.count);
        while low < high {
            let middle = (low + high) / 2;
            match self.get(middle + 1) {
                Some(write) if write.offset <= offset => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }
}

/// A name of data in replication: an id, and what its offsets stand for.
#[derive(Clone, Debug)]
struct Stream {
    /// From here on offsets are its own; before, they are those of `former`.
    from: i64,
    former: Option<StreamId>,
    base: Data,
    family: usize,
    /// What was written under this name, and up to where.
    term: Option<HistoryId>,
    until: u64,
}

/// All of them.
#[derive(Clone, Default)]
pub(super) struct Histories {
    list: Vec<History>,
    streams: Vec<Stream>,
    names: BTreeMap<String, StreamId>,
    kept: usize,
}

impl Histories {
    pub fn all(&self) -> &[History] {
        &self.list
    }

    pub fn all_mut(&mut self) -> &mut [History] {
        &mut self.list
    }

    pub fn write_mut(&mut self, at: Position) -> Option<&mut Write> {
        self.list.get_mut(at.history)?.get_mut(at.writes)
    }

    /// A history that begins where this data ends.
    pub fn begin(&mut self, host: HostId, parent: Data, family: usize) -> HistoryId {
        self.list.push(History {
            host,
            parent,
            family,
            blocks: VecDeque::new(),
            count: 0,
            forgotten: 0,
            forgotten_offset: i64::MIN,
            lost: Vec::new(),
        });
        self.list.len() - 1
    }

    /// A history goes on; the number of the write. The oldest writes are forgotten when they become too many.
    pub fn push(&mut self, history: HistoryId, write: Write) -> Position {
        self.list[history].push(write);
        self.kept += 1;
        if self.kept > KEPT {
            self.forget();
        }
        let writes = self.list[history].count;
        Position { history, writes }
    }

    fn forget(&mut self) {
        let age = |(_, h): &(usize, &History)| {
            let first = h.blocks.front().and_then(|block| block.first());
            first.map_or(Micros::MAX, |write| write.at_us)
        };
        let oldest = self.list.iter().enumerate().min_by_key(age);
        let Some(oldest) = oldest.map(|(number, _)| number) else {
            return;
        };
        let history = &mut self.list[oldest];
        if let Some(block) = history.blocks.pop_front() {
            history.forgotten += block.len() as u64;
            history.forgotten_offset = block.last().map_or(0, |write| write.offset);
            self.kept -= block.len();
        }
    }

    /// Data has a name from an offset on. What was called so far ends: what is written from now on has the new name.
    pub fn call(&mut self, new: NewName, old: Option<StreamId>) -> StreamId {
        if let Some(stream) = old.and_then(|old| self.streams.get_mut(old))
            && let Some(term) = stream.term
        {
            stream.until = self.list[term].count;
        }
        let former = new.former.and_then(|id| self.names.get(&id).copied());
        self.streams.push(Stream {
            from: new.from,
            former,
            base: new.base,
            family: new.family,
            term: None,
            until: u64::MAX,
        });
        let number = self.streams.len() - 1;
        self.names.insert(new.id, number);
        number
    }

    /// What is written under a name goes into this history.
    pub fn set_term(&mut self, stream: StreamId, history: HistoryId) {
        self.streams[stream].term = Some(history);
    }

    pub fn named(&self, id: &str) -> Option<StreamId> {
        self.names.get(id).copied()
    }

    pub fn family_of(&self, stream: StreamId) -> usize {
        self.streams[stream].family
    }

    /// What an offset of a stream stands for. O(log writes + former names).
    pub fn at_offset(&self, stream: StreamId, offset: i64) -> Data {
        let mut stream = &self.streams[stream];
        while offset < stream.from {
            match stream.former {
                Some(former) => stream = &self.streams[former],
                None => return Data::Unknown,
            }
        }
        let Some(history) = stream.term else {
            return stream.base;
        };
        let writes = self.list[history].upto(offset).min(stream.until);
        match writes {
            0 => stream.base,
            writes => Data::At(Position { history, writes }),
        }
    }

    /// How much of each history the data of a member of this family holds: a number of writes for each; `None`: it cannot
    /// be said. O(histories).
    pub fn reach(&self, data: Data, family: usize) -> Vec<Option<u64>> {
        let mut reach = vec![Some(0); self.list.len()];
        let mut data = data;
        loop {
            match data {
                Data::Nothing => return reach,
                Data::Unknown => {
                    // Of what was written on top of it, it can be said: that was entered already.
                    for (history, n) in self.list.iter().zip(&mut reach) {
                        if history.family == family && *n == Some(0) {
                            *n = None;
                        }
                    }
                    return reach;
                }
                Data::At(at) => {
                    reach[at.history] = Some(at.writes);
                    data = self.list[at.history].parent;
                }
            }
        }
    }
}

/// How data is called from now on.
pub(super) struct NewName {
    pub id: String,
    pub from: i64,
    pub former: Option<String>,
    pub base: Data,
    pub family: usize,
}
