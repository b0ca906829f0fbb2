//! The desk where files are looked at: those of a node's disk, and those that somebody brought and that no server has read.
//!
//! A file may be large. What a view shows of it is a window; to find that, the desk keeps a thin index ([`index`]) which it
//! builds in slices, a slice a question, and throws away when the file is no longer the one that it was made of.
pub mod check;
pub mod index;
#[cfg(test)]
mod notes_tests;
#[cfg(test)]
mod tests;

use crate::sim::disk::{Disk, Extent};
use index::Index;
use std::collections::BTreeMap;

/// What stands before the names of files that were brought.
pub const BROUGHT: &str = "brought/";
/// Most bytes of all files that are brought: they stand in memory beside the data.
const BROUGHT_BYTES: usize = 1 << 29;

/// See the head of this file.
#[derive(Default)]
pub struct Desk {
    brought: BTreeMap<String, Vec<u8>>,
    opened: BTreeMap<String, Opened>,
}

/// An index, and which file it is of.
struct Opened {
    number: u64,
    index: Index,
}

/// The files that there are: the desk's, and those of a disk.
#[derive(Clone, Copy)]
pub struct Files<'a> {
    brought: &'a BTreeMap<String, Vec<u8>>,
    disk: Option<&'a Disk>,
}

impl<'a> Files<'a> {
    /// The bytes of a file as a program reads them.
    pub fn read(self, path: &str) -> Option<&'a [u8]> {
        match self.brought.get(path) {
            Some(bytes) => Some(bytes),
            None => self.disk?.read(path).ok(),
        }
    }

    /// How much of a file is where; what was brought is nowhere but here.
    pub fn extent(self, path: &str) -> Option<Extent> {
        if let Some(bytes) = self.brought.get(path) {
            let cached = bytes.len();
            return Some(Extent {
                cached,
                platter: cached,
                in_flight: cached,
            });
        }
        self.disk?.extent(path).ok()
    }

    /// All names, those of the disk first.
    pub fn all(self) -> impl Iterator<Item = &'a str> {
        let disk = self.disk.into_iter().flat_map(Disk::all);
        disk.chain(self.brought.keys().map(String::as_str))
    }

    /// The file that is meant: its path, or the end of the only path that ends so.
    pub fn find(self, name: &str) -> Option<&'a str> {
        if let Some(path) = self.all().find(|path| *path == name) {
            return Some(path);
        }
        let mut those = self.all().filter(|path| {
            let rest = path.strip_suffix(name);
            rest.is_some_and(|rest| rest.ends_with('/'))
        });
        let found = those.next();
        found.filter(|_| those.next().is_none())
    }
}

impl Desk {
    /// The files of this desk and of a disk.
    pub fn files<'a>(&'a self, disk: Option<&'a Disk>) -> Files<'a> {
        let brought = &self.brought;
        Files { brought, disk }
    }

    /// Puts a file on the desk, under its name behind [`BROUGHT`]; false if there is no room for it.
    pub fn bring(&mut self, name: &str, bytes: Vec<u8>) -> bool {
        let path = [BROUGHT, name].concat();
        self.forget(&path);
        let others = self.brought.iter().filter(|(other, _)| **other != path);
        let used: usize = others.map(|(_, bytes)| bytes.len()).sum();
        if bytes.len() > BROUGHT_BYTES - used {
            return false;
        }
        self.brought.insert(path, bytes);
        true
    }

    /// Takes away all that was brought.
    pub fn clear(&mut self) {
        self.brought.clear();
        self.opened.retain(|path, _| !path.starts_with(BROUGHT));
    }

    /// The bytes of a file have changed in their places: what is known of it is worth nothing.
    pub fn forget(&mut self, path: &str) {
        self.opened.remove(path);
    }

    /// Puts a byte in the place of another; false if there is none, or it is not on the platter.
    pub fn edit(&mut self, disk: Option<&mut Disk>, path: &str, offset: usize, byte: u8) -> bool {
        self.forget(path);
        if let Some(bytes) = self.brought.get_mut(path) {
            let there = bytes.get_mut(offset).map(|place| *place = byte);
            return there.is_some();
        }
        let Some(disk) = disk else { return false };
        let before = disk.read(path).ok().and_then(|bytes| bytes.get(offset));
        let Some(&before) = before else { return false };
        (0..8).all(|bit| (before ^ byte) >> bit & 1 == 0 || disk.flip(path, offset, bit).is_ok())
    }

    /// Cuts a file; on a disk, platter and all.
    fn cut(&mut self, disk: Option<&mut Disk>, path: &str, len: usize) {
        self.forget(path);
        if let Some(bytes) = self.brought.get_mut(path) {
            bytes.truncate(len);
        } else if let Some(disk) = disk
            && let Ok(bytes) = disk.read(path)
        {
            let kept = bytes[..len.min(bytes.len())].to_vec();
            disk.put(path, &kept);
        }
    }

    /// The index of a file, one slice further than it was, and its bytes. Files that are gone are forgotten.
    pub fn open<'a>(
        &'a mut self,
        disk: Option<&'a Disk>,
        path: &str,
    ) -> Option<(&'a Index, &'a [u8])> {
        let Desk { brought, opened } = self;
        let files = Files { brought, disk };
        opened.retain(|path, _| files.read(path).is_some());
        let bytes = files.read(path)?;
        // What was brought has no number: whoever changes it calls `forget`.
        let kept = disk.filter(|_| !files.brought.contains_key(path));
        let number = kept.and_then(|disk| disk.number(path)).unwrap_or(0);
        let known = opened.get(path);
        let same = known.is_some_and(|o| o.number == number && o.index.fits(bytes));
        if !same {
            let index = Index::of(bytes);
            opened.insert(path.to_string(), Opened { number, index });
        }
        let index = &mut opened.get_mut(path)?.index;
        index.advance(bytes);
        Some((index, bytes))
    }
}
