//! What changed on the platter: for a host that keeps it in a store of its own, and gives it back at the next start.
//!
//! A file is known by its number, and names lead to numbers: renaming a file moves no byte.
//!
//! ```text
//!   page cache ── fsync ──▶ platter ── take_changes ──▶ the host's store
//!                   ▲                                       │
//!                   └───────── stored(kept or not) ─────────┘
//! ```
//!
//! The store may have no room. To a host that says so beforehand ([`Disk::hold`]) an fsync is done only once the store has all
//! that it was for, and fails if it has not; then the disk is full until the store takes something again. What it has refused
//! is offered again, with all that came since.
use super::file::File;
use super::{Disk, Ticket};
use crate::persist::disk::DiskError;
use std::collections::BTreeMap;

/// One file as a host has kept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    pub path: String,
    pub inode: u64,
    pub bytes: Vec<u8>,
}

/// What happened to the bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// File, offset, bytes.
    Write(u64, usize, Vec<u8>),
    /// File, and the bytes that it has left.
    Length(u64, usize),
}

impl Change {
    fn file(&self) -> u64 {
        match self {
            Change::Write(file, ..) | Change::Length(file, _) => *file,
        }
    }

    /// The first byte that is another one after it.
    fn place(&self) -> usize {
        match self {
            Change::Write(_, place, _) | Change::Length(_, place) => *place,
        }
    }
}

/// All that changed on the platter and the store does not have, to be applied together.
#[derive(Debug, PartialEq, Eq)]
pub struct Changes<'a> {
    /// In the order in which it happened.
    pub bytes: &'a [Change],
    /// Files that no name leads to any more.
    pub gone: Vec<u64>,
    /// All names, if they are others than before.
    pub names: Option<Vec<(String, u64)>>,
}

/// What the store was asked to keep last.
#[derive(Clone)]
struct Offer {
    /// How many changes of bytes, from the first one on.
    bytes: usize,
    names: BTreeMap<String, u64>,
    /// How many of the held fsyncs are done with it.
    syncs: usize,
}

/// What the host's store has, and what not yet.
#[derive(Clone, Default)]
pub(super) struct Books {
    /// Changes of bytes that it does not have.
    bytes: Vec<Change>,
    /// The names that it has.
    names: BTreeMap<String, u64>,
    offer: Option<Offer>,
    /// Fsyncs wait for it; those that do, in their order.
    holds: bool,
    held: Vec<Ticket>,
    /// It has refused what it was offered last.
    full: bool,
}

impl Disk {
    /// A disk whose platter has these files.
    pub fn restore(mut self, files: Vec<KeptFile>) -> Disk {
        for file in files {
            self.last_inode = self.last_inode.max(file.inode);
            self.names.insert(file.path, file.inode);
            self.files.insert(file.inode, File::kept(file.bytes));
        }
        self.kept_names.clone_from(&self.names);
        self
    }

    /// All names, sorted, as a program sees them.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// The number of a file, which no other one ever has.
    pub fn number(&self, path: &str) -> Option<u64> {
        self.names.get(path).copied()
    }

    /// Puts a file on the disk, platter and all, in place of what had its name: by another hand than the program's.
    pub fn put(&mut self, path: &str, bytes: &[u8]) {
        let path = path.to_string();
        self.last_inode += 1;
        let inode = self.last_inode;
        self.files.insert(inode, File::kept(bytes.to_vec()));
        self.names.insert(path.clone(), inode);
        self.kept_names.insert(path, inode);
        self.renamed += 1;
        self.note_write(inode, 0, bytes.len());
        self.forget_nameless();
    }

    /// What the platter has.
    pub fn kept(&self) -> Vec<KeptFile> {
        let names = self.kept_names.iter();
        let kept = names.filter_map(|(path, inode)| {
            Some(KeptFile {
                path: path.clone(),
                inode: *inode,
                bytes: self.files.get(inode)?.platter(),
            })
        });
        kept.collect()
    }

    /// Whether the device works at an fsync.
    pub fn is_syncing(&self) -> bool {
        self.jobs.iter().any(|job| job.ticket.is_some())
    }

    /// Keeps what changes on the platter from now on for [`Disk::take_changes`].
    pub fn watch(&mut self) {
        let books = self.books.get_or_insert_default();
        books.names.clone_from(&self.kept_names);
    }

    /// From now on an fsync of a disk that is watched waits for [`Disk::stored`], or does not any more. Who waited has ended.
    pub fn hold(&mut self, holds: bool) {
        self.forget_held();
        if let Some(books) = &mut self.books {
            books.holds = holds;
        }
    }

    /// Whether an fsync waits for [`Disk::stored`].
    pub fn is_held(&self) -> bool {
        self.books.as_ref().is_some_and(|b| !b.held.is_empty())
    }

    /// What changed on the platter that the store does not have, if anything did: [`Disk::stored`] says what became of it.
    /// O(changes + files).
    pub fn take_changes(&mut self) -> Option<Changes<'_>> {
        let books = self.books.as_mut()?;
        books.offer = Some(Offer {
            bytes: books.bytes.len(),
            names: self.kept_names.clone(),
            syncs: books.held.len(),
        });
        let (mut gone, mut names) = (Vec::new(), None);
        if books.names != self.kept_names {
            let kept = |inode: &u64| self.kept_names.values().any(|i| i == inode);
            gone.extend(books.names.values().filter(|i| !kept(i)));
            names = Some(self.kept_names.clone().into_iter().collect());
        }
        if books.bytes.is_empty() && names.is_none() {
            return None;
        }
        // What was written to a file that no kept name leads to yet is told as well: the names follow.
        let bytes = &books.bytes;
        Some(Changes { bytes, gone, names })
    }

    /// What became of that which [`Disk::take_changes`] last gave, if only that there was nothing: the store has all of it, or
    /// none of it. Held fsyncs end with it, as [`Disk::take_done`] says.
    pub fn stored(&mut self, result: Result<(), DiskError>) {
        let Some(books) = &mut self.books else { return };
        let Some(offer) = books.offer.take() else {
            return;
        };
        books.full = result.is_err();
        if result.is_ok() {
            books.bytes.drain(..offer.bytes);
            books.names = offer.names;
        }
        let ended = books.held.drain(..offer.syncs);
        self.done.extend(ended.map(|ticket| (ticket, result)));
    }

    /// What the store has refused, and no name leads to any more, needs no room: a snapshot that was given up, say.
    pub(super) fn forget_refused(&mut self) {
        let refused = |books: &&mut Books| books.full && books.offer.is_none();
        let Some(books) = self.books.as_mut().filter(refused) else {
            return;
        };
        let named = |file: &u64| self.names.values().any(|i| i == file);
        books.bytes.retain(|change| named(&change.file()));
        books.full = !books.bytes.is_empty() || books.names != self.kept_names;
    }

    /// An fsync whose bytes are on the platter: whether it waits for the store now.
    pub(super) fn holds_back(&mut self, ticket: Ticket) -> bool {
        let Some(books) = self.books.as_mut().filter(|books| books.holds) else {
            return false;
        };
        books.held.push(ticket);
        true
    }

    /// Nobody waits any more.
    pub(super) fn forget_held(&mut self) {
        if let Some(books) = &mut self.books {
            books.held.clear();
            books.offer = None;
        }
    }

    /// Whether the store has refused what it was offered last.
    pub fn is_refused(&self) -> bool {
        self.books.as_ref().is_some_and(|books| books.full)
    }

    /// How many bytes of a file the store has of those `synced` that are on the platter.
    pub(super) fn stored_bytes(&self, path: &str, inode: u64, synced: usize) -> usize {
        let Some(books) = self.books.as_ref().filter(|books| books.holds) else {
            return synced;
        };
        if books.names.get(path) != Some(&inode) {
            return 0;
        }
        let missing = books.bytes.iter().filter(|c| c.file() == inode);
        missing.map(Change::place).fold(synced, usize::min)
    }

    pub(super) fn note_write(&mut self, inode: u64, from: usize, to: usize) {
        if let (Some(books), Some(file)) = (&mut self.books, self.files.get(&inode))
            && from < to
        {
            let bytes = file.bytes()[from..to].to_vec();
            books.bytes.push(Change::Write(inode, from, bytes));
        }
    }

    pub(super) fn note_length(&mut self, inode: u64, len: usize) {
        if let Some(books) = &mut self.books {
            books.bytes.push(Change::Length(inode, len));
        }
    }
}
