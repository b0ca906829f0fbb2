//! What changed on the platter: for a host that keeps it in a store of its own, and gives it back at the next start.
//!
//! A file is known by its number, and names lead to numbers: renaming a file moves no byte.
use super::Disk;
use super::file::File;
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

/// All that changed since the last time, to be applied together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// In the order in which it happened.
    pub bytes: Vec<Change>,
    /// Files that no name leads to any more.
    pub gone: Vec<u64>,
    /// All names, if they are others than before.
    pub names: Option<Vec<(String, u64)>>,
}

impl Changes {
    fn is_empty(&self) -> bool {
        *self == Changes::default()
    }
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
        self.changes.get_or_insert_default();
        self.told_names.clone_from(&self.kept_names);
    }

    /// What changed on the platter since the last call, if anything did. O(bytes written).
    pub fn take_changes(&mut self) -> Option<Changes> {
        let mut changes = std::mem::take(self.changes.as_mut()?);
        if self.told_names != self.kept_names {
            let gone =
                |names: &BTreeMap<String, u64>, inode: &u64| !names.values().any(|i| i == inode);
            let lost = self
                .told_names
                .values()
                .filter(|i| gone(&self.kept_names, i));
            changes.gone = lost.copied().collect();
            changes.names = Some(self.kept_names.clone().into_iter().collect());
            self.told_names.clone_from(&self.kept_names);
        }
        // What was written to a file that no kept name leads to yet is told as well: the names follow.
        (!changes.is_empty()).then_some(changes)
    }

    pub(super) fn note_write(&mut self, inode: u64, from: usize, to: usize) {
        if let (Some(changes), Some(file)) = (&mut self.changes, self.files.get(&inode))
            && from < to
        {
            let bytes = file.bytes()[from..to].to_vec();
            changes.bytes.push(Change::Write(inode, from, bytes));
        }
    }

    pub(super) fn note_length(&mut self, inode: u64, len: usize) {
        if let Some(changes) = &mut self.changes {
            changes.bytes.push(Change::Length(inode, len));
        }
    }
}
