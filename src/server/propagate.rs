//! What the log and the replicas see of the writes: RESP commands, with a SELECT where the database changes.
use super::node::Node;
use crate::command::Args;
use crate::command::ctx::Propagate;
use crate::resp::Reply;

/// The stream of propagated writes, with the database that its last command ran in.
#[derive(Default)]
pub(super) struct Log {
    out: Reply,
    pub(super) db: Option<usize>,
}

impl Log {
    /// The bytes since the last call.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.out.buffer())
    }

    /// Bytes that nobody has taken yet.
    pub(super) fn len(&self) -> usize {
        self.out.as_bytes().len()
    }

    fn append<'a>(&mut self, db: usize, argv: impl ExactSizeIterator<Item = &'a [u8]>) {
        if self.db != Some(db) {
            self.db = Some(db);
            self.out.array(2);
            self.out.bulk(b"SELECT");
            self.out.bulk_int(db as i64);
        }
        self.out.array(argv.len());
        argv.for_each(|arg| self.out.bulk(arg));
    }

    /// A command that belongs to no database: MULTI and EXEC.
    fn bare(&mut self, name: &[u8]) {
        self.out.array(1);
        self.out.bulk(name);
    }
}

fn own_writes(how: &Propagate) -> usize {
    match how {
        Propagate::Nothing => 0,
        Propagate::AsSent | Propagate::With(_) => 1,
        Propagate::As(list) => list.len(),
    }
}

impl Node {
    /// The DELs of keys that expired, as far as nobody was told yet.
    pub(super) fn propagate_expired(&mut self) {
        if self.ks.propagated.is_empty() {
            return;
        }
        let expired = std::mem::take(&mut self.ks.propagated);
        let Some(log) = self.log.as_mut() else { return };
        for write in &expired {
            log.append(write.db, write.argv.iter().map(Vec::as_slice));
        }
    }

    /// What one command did: the DELs of keys that it found expired, then its own write in the form that it chose, if it
    /// changed anything. More than one write go as one transaction; but what a walk over the keys found expired does
    /// not (`walk`).
    pub(super) fn propagate(&mut self, db: usize, args: Args<'_>, how: Propagate, walk: bool) {
        if matches!(how, Propagate::Nothing) && self.ks.propagated.is_empty() {
            return;
        }
        let writes = self.ks.propagated.len() + own_writes(&how);
        let whole = writes > 1 && !walk;
        if whole && let Some(log) = self.log.as_mut() {
            log.bare(b"MULTI");
        }
        self.propagate_expired();
        let Some(log) = self.log.as_mut() else { return };
        match how {
            Propagate::Nothing => {}
            Propagate::AsSent => log.append(db, args.from(0)),
            Propagate::With(changes) => {
                let mut argv: Vec<&[u8]> = args.from(0).collect();
                for (at, word) in &changes {
                    argv[*at] = word;
                }
                log.append(db, argv.into_iter());
            }
            Propagate::As(list) => {
                for argv in &list {
                    log.append(db, argv.iter().map(Vec::as_slice));
                }
            }
        }
        if whole {
            log.bare(b"EXEC");
        }
    }
}
