//! Writing one value, in the form that a real server gives it.
use super::{OLDEST_WRITTEN, VERSION, container, form, kind};
use crate::base::num;
use crate::ds::listpack::Entry;
use crate::ds::quicklist::Container;
use crate::ds::stream::{Group, Stream, StreamId};
use crate::keyspace::{IntBuf, Value, hash::Hash, list::List, set::Set, zset::Zset};
use crate::persist::lzf::Compressor;

/// Strings longer than this are compressed, if that makes them shorter by more than [`GAIN_MIN`].
const COMPRESS_ABOVE: usize = 20;
const GAIN_MIN: usize = 4;
/// A longer text is not looked at for an integer of 32 bits.
const INT_DIGITS: usize = 11;

/// Bytes that grow by values.
#[derive(Clone)]
pub(super) struct Writer {
    pub out: Vec<u8>,
    version: u32,
    lzf: Option<Compressor>,
}

impl Writer {
    /// An empty one; versions outside of those that can be written are taken as the nearest.
    pub fn new(version: u32, compress: bool) -> Writer {
        Writer {
            out: Vec::new(),
            version: version.clamp(OLDEST_WRITTEN, VERSION),
            lzf: compress.then(Compressor::default),
        }
    }

    pub fn version(&self) -> u32 {
        self.version
    }

    pub fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// A length, or any number that is mostly small.
    pub fn len(&mut self, n: u64) {
        match n {
            0..=0x3f => self.byte(n as u8),
            0x40..=0x3fff => self.raw(&(0x4000 | n as u16).to_be_bytes()),
            0x4000..=0xffff_ffff => {
                self.byte(0x80);
                self.raw(&(n as u32).to_be_bytes());
            }
            _ => {
                self.byte(0x81);
                self.raw(&n.to_be_bytes());
            }
        }
    }

    /// A string. O(len).
    pub fn string(&mut self, text: &[u8]) {
        if text.len() <= INT_DIGITS
            && let Some(n) = num::parse_i64(text)
            && let Ok(n) = i32::try_from(n)
        {
            return self.int(n);
        }
        if text.len() > COMPRESS_ABOVE
            && let Some(lzf) = &mut self.lzf
            && let Some(packed) = lzf.compress(text, text.len() - GAIN_MIN)
        {
            self.byte(0xc0 | form::LZF);
            self.len(packed.len() as u64);
            self.len(text.len() as u64);
            return self.raw(&packed);
        }
        self.len(text.len() as u64);
        self.raw(text);
    }

    fn int(&mut self, n: i32) {
        let (form, width) = match n {
            -0x80..=0x7f => (form::INT8, 1),
            -0x8000..=0x7fff => (form::INT16, 2),
            _ => (form::INT32, 4),
        };
        self.byte(0xc0 | form);
        self.raw(&n.to_le_bytes()[..width]);
    }

    fn entry(&mut self, entry: Entry<'_>) {
        match entry {
            Entry::Str(text) => self.string(text),
            Entry::Int(n) => self.string(num::i64_bytes(n, &mut IntBuf::default())),
        }
    }

    /// The number of the type that `value` is written as.
    pub fn kind(&self, value: &Value) -> u8 {
        let old = self.version < VERSION;
        match value {
            Value::Str(_) => kind::STRING,
            Value::List(_) => kind::LIST_QUICKLIST_2,
            Value::Set(set) => match **set {
                Set::Ints(_) => kind::SET_INTSET,
                Set::Pack(_) if !old => kind::SET_LISTPACK,
                _ => kind::SET,
            },
            Value::Hash(hash) => match **hash {
                Hash::Pack(_) => kind::HASH_LISTPACK,
                Hash::Table(_) => kind::HASH,
            },
            Value::Zset(zset) => match **zset {
                Zset::Pack(_) => kind::ZSET_LISTPACK,
                Zset::Ranked(_) => kind::ZSET_2,
            },
            Value::Stream(_) if old => kind::STREAM_2,
            Value::Stream(_) => kind::STREAM_3,
        }
    }

    /// The value, without its type. O(bytes).
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Str(text) => self.string(text.bytes(&mut IntBuf::default())),
            Value::List(list) => self.list(list),
            Value::Set(set) => self.set(set),
            Value::Hash(hash) => match &**hash {
                Hash::Pack(lp) => self.string(lp.as_bytes()),
                Hash::Table(_) => {
                    self.len(hash.len() as u64);
                    hash.pairs(&mut |field, value| {
                        self.entry(field);
                        self.entry(value);
                    });
                }
            },
            Value::Zset(zset) => self.zset(zset),
            Value::Stream(stream) => self.stream(stream),
        }
    }

    fn list(&mut self, list: &List) {
        match list {
            List::Short(lp) => {
                self.len(1);
                self.len(container::PACKED);
                self.string(lp.as_bytes());
            }
            List::Long(ql) => {
                self.len(ql.node_count() as u64);
                for node in ql.containers() {
                    let (form, bytes) = match node {
                        Container::Packed(lp) => (container::PACKED, lp.as_bytes()),
                        Container::Plain(text) => (container::PLAIN, text.as_slice()),
                    };
                    self.len(form);
                    self.string(bytes);
                }
            }
        }
    }

    fn set(&mut self, set: &Set) {
        match set {
            Set::Ints(ints) => self.string(ints.as_bytes()),
            Set::Pack(lp) if self.version == VERSION => self.string(lp.as_bytes()),
            _ => {
                self.len(set.len() as u64);
                set.iter().for_each(|member| self.entry(member));
            }
        }
    }

    fn zset(&mut self, zset: &Zset) {
        if let Zset::Pack(lp) = zset {
            return self.string(lp.as_bytes());
        }
        self.len(zset.len() as u64);
        // From the greatest down: who loads it always inserts at the head.
        for (member, score) in zset.range(zset.len().saturating_sub(1), usize::MAX, true) {
            self.entry(member);
            self.raw(&score.to_bits().to_le_bytes());
        }
    }

    fn id(&mut self, id: StreamId) {
        self.len(id.ms);
        self.len(id.seq);
    }

    fn raw_id(&mut self, id: StreamId) {
        self.raw(&id.ms.to_be_bytes());
        self.raw(&id.seq.to_be_bytes());
    }

    fn stream(&mut self, stream: &Stream) {
        self.len(stream.node_count() as u64);
        for (first, pack) in stream.nodes() {
            self.len(16);
            self.raw_id(first);
            self.string(pack);
        }
        self.len(stream.len());
        self.id(stream.last_id);
        self.id(stream.first_id);
        self.id(stream.max_deleted_id);
        self.len(stream.entries_added);
        self.len(stream.groups().len() as u64);
        stream.groups().iter().for_each(|group| self.group(group));
    }

    fn group(&mut self, group: &Group) {
        self.string(&group.name);
        self.id(group.last_id);
        self.len(group.entries_read as u64);
        self.len(group.pending().len() as u64);
        for (id, nack) in group.pending() {
            self.raw_id(*id);
            self.raw(&nack.time_ms.to_le_bytes());
            self.len(nack.count);
        }
        self.len(group.consumer_count() as u64);
        for consumer in group.consumers() {
            self.string(&consumer.name);
            self.raw(&consumer.seen_ms.to_le_bytes());
            if self.version == VERSION {
                self.raw(&consumer.active_ms.to_le_bytes());
            }
            self.len(consumer.pending().len() as u64);
            consumer.pending().iter().for_each(|id| self.raw_id(*id));
        }
    }
}

/// Bytes that a value takes in a snapshot, its type not counted: `serializedlength` of DEBUG OBJECT. O(bytes).
pub fn saved_len(value: &Value, compress: bool) -> usize {
    let mut writer = Writer::new(VERSION, compress);
    writer.value(value);
    writer.out.len()
}
