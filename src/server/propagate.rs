//! What the log and the replicas see of the writes: RESP commands, with a SELECT where the database changes.
use super::node::Node;
use crate::base::num;
use crate::command::Args;
use crate::command::ctx::Propagate;
use crate::resp::{Mark, Reply};

/// The stream of propagated writes, with the database that its last command ran in.
#[derive(Clone, Default)]
pub(super) struct Log {
    out: Reply,
    pub(super) db: Option<usize>,
    /// The unit at hand: how many open ones it is made of, where it begins, and how many writes it has.
    depth: u32,
    start: Mark,
    start_bytes: usize,
    writes: usize,
    /// What time it is, in seconds, if the log is to say so; and what it said last.
    pub(super) now_s: Option<i64>,
    stamped_s: i64,
    /// Bytes that [`Log::fresh`] has given and [`Log::take`] has not.
    seen: usize,
}

impl Log {
    /// The bytes since the last call.
    pub(super) fn take(&mut self) -> Vec<u8> {
        // A unit that is not whole yet stays.
        let mut end = if self.depth > 0 {
            self.start
        } else {
            self.out.mark()
        };
        let whole = self.out.take_before(&mut end);
        self.start = end;
        self.start_bytes = self.start_bytes.saturating_sub(whole.len());
        self.seen = self.seen.saturating_sub(whole.len());
        whole
    }

    /// The bytes since the last call of this, for a second reader; they stay.
    pub(super) fn fresh(&mut self) -> Vec<u8> {
        let end = match self.depth {
            0 => self.len(),
            _ => self.start_bytes,
        };
        let from = std::mem::replace(&mut self.seen, end).min(end);
        self.out.as_bytes()[from..end].to_vec()
    }

    /// Bytes that nobody has taken yet.
    pub(super) fn len(&self) -> usize {
        self.out.as_bytes().len()
    }

    /// How many of them no reader has seen; `None` within a unit.
    pub(super) fn unread(&self) -> Option<usize> {
        (self.depth == 0).then(|| self.len().saturating_sub(self.seen))
    }

    /// Says what time it is before the unit at hand, if that is another second than the last time.
    #[cold]
    fn stamp(&mut self, now_s: i64) {
        if now_s == self.stamped_s {
            return;
        }
        self.stamped_s = now_s;
        let mut line = b"#TS:".to_vec();
        num::write_i64(&mut line, now_s);
        line.extend_from_slice(b"\r\n");
        if self.depth == 0 {
            return self.out.raw(&line);
        }
        self.out.insert(self.start, &line);
        // What is put around the unit later stands behind it.
        let rest = self.out.buffer().split_off(self.start_bytes + line.len());
        self.start = self.out.mark();
        self.start_bytes += line.len();
        self.out.raw(&rest);
    }

    fn append<'a>(&mut self, db: usize, argv: impl ExactSizeIterator<Item = &'a [u8]>) {
        if let Some(now_s) = self.now_s {
            self.stamp(now_s);
        }
        if self.db != Some(db) {
            self.db = Some(db);
            self.out.array(2);
            self.out.bulk(b"SELECT");
            self.out.bulk_int(db as i64);
        }
        self.out.array(argv.len());
        argv.for_each(|arg| self.out.bulk(arg));
        self.writes += 1;
    }

    /// A command in the form that it chose.
    fn add(&mut self, db: usize, args: Args<'_>, how: &Propagate) {
        match how {
            Propagate::Nothing => {}
            Propagate::AsSent | Propagate::Always | Propagate::ToReplicas => {
                self.append(db, args.from(0))
            }
            Propagate::With(changes) => {
                let mut argv: Vec<&[u8]> = args.from(0).collect();
                for (at, word) in changes {
                    argv[*at] = word;
                }
                self.append(db, argv.into_iter());
            }
            Propagate::As(list) => {
                for argv in list {
                    self.append(db, argv.iter().map(Vec::as_slice));
                }
            }
        }
    }

    /// From now on until [`Log::close`] all writes are one unit: they happen together or not at all. Units may lie within
    /// each other.
    pub(super) fn open(&mut self) {
        if self.depth == 0 {
            self.start = self.out.mark();
            self.start_bytes = self.len();
            self.writes = 0;
        }
        self.depth += 1;
    }

    /// Ends a unit. If it has more than one write they go as a transaction: O(its bytes).
    pub(super) fn close(&mut self) {
        self.depth -= 1;
        if self.depth == 0 && self.writes > 1 {
            self.out.insert(self.start, b"*1\r\n$5\r\nMULTI\r\n");
            self.out.raw(b"*1\r\n$4\r\nEXEC\r\n");
        }
    }
}

impl Node {
    /// The DELs of keys that expired, as far as nobody was told yet.
    pub(super) fn propagate_expired(&mut self) {
        if self.ks.propagated.is_empty() {
            return;
        }
        let expired = std::mem::take(&mut self.ks.propagated);
        for log in self.logs() {
            for write in &expired {
                log.append(write.db, write.argv.iter().map(Vec::as_slice));
            }
        }
    }

    /// Whoever is told of writes: the log, and replicas.
    pub(super) fn logs(&mut self) -> impl Iterator<Item = &mut Log> {
        self.log.iter_mut().chain(&mut self.stream)
    }

    /// What one command did: the DELs of keys that it found expired, then its own write in the form that it chose, if it
    /// changed anything. More than one write go as one transaction; but what a walk over the keys found expired does
    /// not (`walk`).
    pub(super) fn propagate(&mut self, db: usize, args: Args<'_>, how: Propagate, walk: bool) {
        if matches!(how, Propagate::Nothing) && self.ks.propagated.is_empty() {
            return;
        }
        if !walk {
            self.logs().for_each(Log::open);
        }
        self.propagate_expired();
        if self.server.in_script
            && let Some(trace) = &mut self.trace
        {
            match &how {
                Propagate::Nothing => {}
                Propagate::As(list) => list
                    .iter()
                    .for_each(|argv| trace.note_propagated(argv.iter().map(Vec::as_slice))),
                Propagate::AsSent
                | Propagate::Always
                | Propagate::ToReplicas
                | Propagate::With(_) => trace.note_propagated(args.from(0)),
            }
        }
        let everybody = how != Propagate::ToReplicas;
        let (log, stream) = (self.log.iter_mut(), self.stream.iter_mut());
        for (log, told) in log
            .map(|log| (log, everybody))
            .chain(stream.map(|log| (log, true)))
        {
            if told {
                log.add(db, args, &how);
            }
            if !walk {
                log.close();
            }
        }
        if self.trail.is_some() {
            self.note_wrote();
        }
    }
}
