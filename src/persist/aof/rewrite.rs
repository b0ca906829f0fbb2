//! All data as the commands that make it: the base of an append-only file without an RDB preamble.
//!
//! An aggregate is built by commands of at most 64 elements each, so that whoever loads them never holds much at once.
use crate::base::dtoa;
use crate::base::time::Millis;
use crate::ds::dict::EntryId;
use crate::ds::stream::{Group, Stream, StreamId};
use crate::keyspace::fork::Entry;
use crate::keyspace::{IntBuf, Keyspace, Value};
use crate::resp::{Mark, Proto, Reply};

/// Elements a command.
const ITEMS: usize = 64;

/// A rewrite under way; like [`Save`](crate::persist::rdb::save::Save), of the data as it was when it was forked, or as it is.
#[derive(Clone)]
pub struct Rewrite {
    out: Reply,
    live: bool,
    db: usize,
    next: EntryId,
    begun: bool,
    ended: bool,
    keys: u64,
}

/// Commands that add elements to one key.
struct Batch<'a> {
    out: &'a mut Reply,
    verb: &'a [u8],
    key: &'a [u8],
    at: Mark,
    items: usize,
    words: usize,
}

impl<'a> Batch<'a> {
    fn new(out: &'a mut Reply, verb: &'a [u8], key: &'a [u8]) -> Batch<'a> {
        let at = out.mark();
        Batch {
            out,
            verb,
            key,
            at,
            items: 0,
            words: 0,
        }
    }

    fn add(&mut self, words: &[&[u8]]) {
        if self.items == 0 {
            self.at = self.out.defer();
            self.out.bulk(self.verb);
            self.out.bulk(self.key);
            self.words = 2;
        }
        words.iter().for_each(|word| self.out.bulk(word));
        self.words += words.len();
        self.items += 1;
        if self.items == ITEMS {
            self.end();
        }
    }

    fn end(&mut self) {
        if self.items > 0 {
            self.out.finish_array(self.at, self.words);
        }
        self.items = 0;
    }
}

impl Rewrite {
    /// A rewrite of which no key is written yet; it says what time it is, if that is wanted, and loads `libraries`.
    pub fn new(live: bool, now_s: Option<i64>, libraries: &[&[u8]]) -> Rewrite {
        let mut out = Reply::new(Proto::Resp2);
        if let Some(now_s) = now_s {
            out.raw(format!("#TS:{now_s}\r\n").as_bytes());
        }
        for code in libraries {
            out.array(3);
            [b"FUNCTION", &b"LOAD"[..], code]
                .iter()
                .for_each(|word| out.bulk(word));
        }
        Rewrite {
            out,
            live,
            db: 0,
            next: EntryId(0),
            begun: false,
            ended: false,
            keys: 0,
        }
    }

    /// The next piece, as of [`Save::piece`](crate::persist::rdb::save::Save::piece).
    pub fn piece(&mut self, ks: &Keyspace, size: usize) -> Option<Vec<u8>> {
        if self.ended {
            return None;
        }
        while self.out.as_bytes().len() <= size && !self.ended {
            self.step(ks);
        }
        Some(std::mem::take(self.out.buffer()))
    }

    /// Up to where the data is written: a database, and the entry that comes next.
    pub fn position(&self) -> (usize, EntryId) {
        (self.db, self.next)
    }

    /// How many keys are written.
    pub fn keys(&self) -> u64 {
        self.keys
    }

    fn step(&mut self, ks: &Keyspace) {
        if self.db == ks.count() {
            self.ended = true;
            return;
        }
        match ks
            .image(self.db, self.live)
            .image_from(self.next, self.live)
        {
            Some((id, entry)) => {
                if !self.begun {
                    self.begun = true;
                    self.out.array(2);
                    self.out.bulk(b"SELECT");
                    self.out.bulk_int(self.db as i64);
                }
                self.entry(&entry);
                self.keys += 1;
                self.next = EntryId(id.0 + 1);
            }
            None => {
                self.db += 1;
                (self.next, self.begun) = (EntryId(0), false);
            }
        }
    }

    fn command(&mut self, words: &[&[u8]]) {
        self.out.array(words.len());
        words.iter().for_each(|word| self.out.bulk(word));
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        let key = entry.key;
        match entry.value {
            Value::Str(text) => self.command(&[b"SET", key, text.bytes(&mut IntBuf::default())]),
            Value::List(list) => {
                let mut batch = Batch::new(&mut self.out, b"RPUSH", key);
                list.iter()
                    .for_each(|element| batch.add(&[&element.to_vec()]));
                batch.end();
            }
            Value::Set(set) => {
                let mut batch = Batch::new(&mut self.out, b"SADD", key);
                set.for_each(&mut |member| batch.add(&[member]));
                batch.end();
            }
            Value::Zset(zset) => {
                let mut batch = Batch::new(&mut self.out, b"ZADD", key);
                zset.for_each(&mut |member, score| {
                    let mut text = Vec::with_capacity(24);
                    dtoa::write_f64_short(&mut text, score);
                    batch.add(&[&text, member]);
                });
                batch.end();
            }
            Value::Hash(hash) => {
                let mut batch = Batch::new(&mut self.out, b"HMSET", key);
                hash.for_each(&mut |field, value| batch.add(&[field, value]));
                batch.end();
            }
            Value::Stream(stream) => self.stream(key, stream),
        }
        if let Some(at_ms) = entry.at_ms {
            self.command(&[b"PEXPIREAT", key, at_ms.to_string().as_bytes()]);
        }
    }

    fn stream(&mut self, key: &[u8], stream: &Stream) {
        let text = |id: StreamId| id.text(&mut [0; 41]).to_vec();
        let last = text(stream.last_id);
        if stream.len() == 0 {
            // Only a group makes a stream without an entry; or an entry that goes at once.
            self.command(&[b"XADD", key, b"MAXLEN", b"0", b"0-1", b"x", b"y"]);
        }
        for item in stream.iter() {
            let pairs = item
                .pairs()
                .map(|(field, value)| [field.to_vec(), value.to_vec()]);
            let words: Vec<Vec<u8>> = pairs.flatten().collect();
            self.out.array(3 + words.len());
            self.out.bulk(b"XADD");
            self.out.bulk(key);
            self.out.bulk(&text(item.id));
            words.iter().for_each(|word| self.out.bulk(word));
        }
        let (added, deleted) = (
            stream.entries_added.to_string(),
            text(stream.max_deleted_id),
        );
        self.command(&[
            b"XSETID",
            key,
            &last,
            b"ENTRIESADDED",
            added.as_bytes(),
            b"MAXDELETEDID",
            &deleted,
        ]);
        for group in stream.groups() {
            self.group(key, group, &text);
        }
    }

    fn group(&mut self, key: &[u8], group: &Group, text: &dyn Fn(StreamId) -> Vec<u8>) {
        let read = group.entries_read.to_string();
        let (name, last) = (&group.name, text(group.last_id));
        self.command(&[
            b"XGROUP",
            b"CREATE",
            key,
            name,
            &last,
            b"ENTRIESREAD",
            read.as_bytes(),
        ]);
        for consumer in group.consumers() {
            if consumer.pending().is_empty() {
                self.command(&[b"XGROUP", b"CREATECONSUMER", key, name, &consumer.name]);
            }
            for id in consumer.pending() {
                let nack = group.nack(*id);
                let (time_ms, count): (Millis, u64) = nack.map_or((0, 0), |n| (n.time_ms, n.count));
                self.command(&[
                    b"XCLAIM",
                    key,
                    name,
                    &consumer.name,
                    b"0",
                    &text(*id),
                    b"TIME",
                    time_ms.to_string().as_bytes(),
                    b"RETRYCOUNT",
                    count.to_string().as_bytes(),
                    b"JUSTID",
                    b"FORCE",
                ]);
            }
        }
    }
}
