//! A row of requests done one after another; the first that fails ends it.
use crate::ds::dict::EntryId;
use crate::keyspace::Keyspace;
use crate::persist::aof::rewrite::Rewrite;
use crate::persist::disk::{DiskError, Done, Op};
use crate::persist::rdb::save::{self, Save};
use std::collections::VecDeque;

/// Bytes of an image made at a time.
pub(super) const PIECE: usize = 256 << 10;
/// An image is synced after so many bytes already, so that the last sync has little left to do.
const SYNC_EVERY: usize = 4 << 20;

/// What an image is made of.
#[derive(Clone)]
pub(super) enum Form {
    Snapshot(Box<Save>),
    Commands(Box<Rewrite>),
}

impl Form {
    pub(super) fn snapshot(options: save::Options) -> Form {
        Form::Snapshot(Box::new(Save::new(options)))
    }

    /// The next piece; how many keys are written with it, and where the walk stands.
    fn piece(&mut self, ks: &Keyspace) -> Option<(Vec<u8>, u64, (usize, EntryId))> {
        match self {
            Form::Snapshot(save) => {
                let piece = save.piece(ks, PIECE)?;
                Some((piece, save.keys(), save.position()))
            }
            Form::Commands(rewrite) => {
                let piece = rewrite.piece(ks, PIECE)?;
                Some((piece, rewrite.keys(), rewrite.position()))
            }
        }
    }
}

/// The data on its way into a file.
#[derive(Clone)]
pub(super) struct Image {
    form: Form,
    path: String,
    begun: bool,
    unsynced: usize,
    pub(super) bytes: u64,
    keys: u64,
}

#[derive(Clone)]
pub(in crate::server) struct Job {
    first: VecDeque<Op>,
    image: Option<Image>,
    ops: VecDeque<Op>,
    /// The number of the request that is out; 0: none.
    pub(super) awaits: u64,
    /// Bytes that it appends.
    appends: usize,
    /// How long the image became.
    pub(super) image_bytes: u64,
    /// What is to be removed if it fails.
    pub(in crate::server) temporary: Option<String>,
    pub(super) keys: u64,
}

impl Job {
    /// Requests only.
    pub(in crate::server) fn of(ops: impl IntoIterator<Item = Op>) -> Job {
        Job {
            first: VecDeque::new(),
            image: None,
            ops: ops.into_iter().collect(),
            awaits: 0,
            appends: 0,
            image_bytes: 0,
            temporary: None,
            keys: 0,
        }
    }

    /// An image of the data written to `path` and synced, then requests.
    pub(super) fn image(form: Form, path: &str, ops: impl IntoIterator<Item = Op>) -> Job {
        let mut job = Job::of(ops);
        job.temporary = Some(path.into());
        job.image = Some(Image {
            form,
            path: path.into(),
            begun: false,
            unsynced: 0,
            bytes: 0,
            keys: 0,
        });
        job
    }

    /// Lets requests go before all others.
    pub(super) fn before(&mut self, ops: impl IntoIterator<Item = Op>) {
        self.first.extend(ops);
    }

    /// What to ask for next; `None` if all is done. Goes on with the image by a piece.
    pub(super) fn next(&mut self, ks: &mut Keyspace, live: bool) -> Option<Op> {
        let op = match &mut self.image {
            _ if !self.first.is_empty() => self.first.pop_front(),
            Some(image) => {
                let op = image.next(ks, live);
                self.keys = image.keys;
                self.image_bytes = image.bytes;
                op
            }
            None => self.ops.pop_front(),
        };
        match op {
            Some(op) => {
                self.appends = match &op {
                    Op::Append { bytes, .. } => bytes.len(),
                    _ => 0,
                };
                Some(op)
            }
            None => {
                let image = self.image.take()?;
                self.appends = 0;
                Some(Op::Sync { path: image.path })
            }
        }
    }

    /// The request that was out is done.
    pub(super) fn answered(&mut self, done: Done) -> Result<(), DiskError> {
        self.awaits = 0;
        super::whole(done, self.appends)
    }

    /// Whether the next request would be a piece of the image.
    pub(super) fn is_imaging(&self) -> bool {
        self.image.is_some()
    }
}

impl Image {
    fn next(&mut self, ks: &mut Keyspace, live: bool) -> Option<Op> {
        let path = self.path.clone();
        if !self.begun {
            self.begun = true;
            return Some(Op::Create { path });
        }
        if self.unsynced >= SYNC_EVERY {
            self.unsynced = 0;
            return Some(Op::Sync { path });
        }
        let (bytes, keys, (db, next)) = self.form.piece(ks)?;
        if !live {
            ks.passed(db, next);
        }
        self.keys = keys;
        self.unsynced += bytes.len();
        self.bytes += bytes.len() as u64;
        Some(Op::Append { path, bytes })
    }
}
