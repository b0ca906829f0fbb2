//! Reading streams of the three versions.
use super::kind;
use super::read::{Read, Reader};
use crate::base::time::Millis;
use crate::ds::stream::{Group, Stream, StreamId};

/// A pending entry before its owner is known.
type Pending = (StreamId, Millis, u64);

/// Bytes of an id that is not a pair of lengths.
const ID_BYTES: usize = 16;

impl Reader<'_> {
    fn id(&mut self) -> Read<StreamId> {
        Ok(StreamId {
            ms: self.len()?,
            seq: self.len()?,
        })
    }

    fn raw_id(&mut self) -> Read<StreamId> {
        Ok(StreamId {
            ms: u64::from_be_bytes(self.array()?),
            seq: u64::from_be_bytes(self.array()?),
        })
    }

    /// How many nodes a stream has.
    pub fn stream_nodes(&mut self) -> Read<usize> {
        self.count(ID_BYTES)
    }

    /// The next node of a stream. O(bytes).
    pub fn stream_node(&mut self, stream: &mut Stream) -> Read<()> {
        let key = self.string()?;
        let mut key = Reader::new(&key, 0);
        let first = key.raw_id()?;
        if key.left() > 0 {
            return self.fault("a node of a stream that begins with no id");
        }
        let pack = self.listpack()?;
        self.check(
            stream.push_node(first, pack),
            "a node of a stream that is not whole",
        )
    }

    /// What stands behind the nodes of a stream. O(bytes).
    pub fn stream_rest(&mut self, kind: u8, mut stream: Stream) -> Read<Stream> {
        if self.len()? != stream.len() {
            return self.fault("a stream of another length than it says");
        }
        stream.last_id = self.id()?;
        // Of a stream without entries a real server says the greatest id here.
        stream.first_id = stream.edge(false).map_or(StreamId::MAX, |item| item.id);
        if stream
            .edge(true)
            .is_some_and(|last| last.id > stream.last_id)
        {
            return self.fault("a stream with an entry behind its last id");
        }
        stream.entries_added = stream.len();
        if kind != kind::STREAM {
            stream.first_id = self.id()?;
            stream.max_deleted_id = self.id()?;
            stream.entries_added = self.len()?;
        }
        for _ in 0..self.count(1)? {
            let group = self.group(kind, &stream)?;
            if !stream.push_group(group) {
                return self.fault("a group that is there already");
            }
        }
        Ok(stream)
    }

    fn group(&mut self, kind: u8, stream: &Stream) -> Read<Group> {
        let name = self.string()?;
        let last_id = self.id()?;
        let read = match kind {
            kind::STREAM => stream.counter_at(last_id).unwrap_or(Group::UNKNOWN),
            _ => self.len()? as i64,
        };
        let mut group = Group::new(&name, last_id, read);
        let pending = self.pending()?;
        for _ in 0..self.count(1)? {
            self.consumer(kind, &mut group, &pending)?;
        }
        if group.pending().len() != pending.len() {
            return self.fault("a pending entry that no consumer has");
        }
        Ok(group)
    }

    /// What is pending in a group, in the order of ids.
    fn pending(&mut self) -> Read<Vec<Pending>> {
        let count = self.count(ID_BYTES + 9)?;
        let mut all: Vec<Pending> = Vec::with_capacity(count);
        for _ in 0..count {
            let id = self.raw_id()?;
            if all.last().is_some_and(|last| last.0 >= id) {
                return self.fault("pending entries that are not in order");
            }
            all.push((id, self.i64_le()?, self.len()?));
        }
        Ok(all)
    }

    fn consumer(&mut self, kind: u8, group: &mut Group, pending: &[Pending]) -> Read<()> {
        let name = self.string()?;
        let seen_ms = self.i64_le()?;
        let (number, new) = group.find_or_add(&name, seen_ms);
        if !new {
            return self.fault("a consumer that is there already");
        }
        group.consumer_mut(number).active_ms = match kind {
            kind::STREAM_3 => self.i64_le()?,
            _ => seen_ms,
        };
        for _ in 0..self.count(ID_BYTES)? {
            let id = self.raw_id()?;
            let Ok(at) = pending.binary_search_by(|(other, ..)| other.cmp(&id)) else {
                return self.fault("a consumer's entry that is not pending in its group");
            };
            let (_, time_ms, count) = pending[at];
            group.assign(id, number, time_ms, count);
        }
        Ok(())
    }
}
