//! One machine's disk: files as a program sees them, and what of them a power cut leaves.
//!
//! ```text
//!   program          kernel                      device
//!   append ───────▶  page cache  ── fsync ────▶  platter
//!   rename, …        (names, bytes)  write-out   (names, bytes)
//!                     lost by a crash             kept
//! ```
//!
//! A write is done once the page cache has it: it costs no time and is worth nothing to a machine that loses power. What
//! `fsync` was asked for a file covers the bytes that were there at that moment, and takes the device's time; a name (of a
//! new file, a renamed or a removed one) is safe only once its directory is synced too. Besides, the kernel writes out by
//! itself, every [`WRITE_OUT_EVERY_US`], what is older than [`WRITE_OUT_AGE_US`], and commits names and lengths.
//!
//! The device does one thing at a time, in order: latency, then bytes at its throughput, then the flush of an fsync. A crash
//! loses everything that is not on the platter; of the write at work any number of leading bytes may have arrived (a torn
//! write). The rules are POSIX's; the times of the kernel those of Linux (`vm.dirty_writeback_centisecs`,
//! `vm.dirty_expire_centisecs`). A failed fsync leaves its bytes dirty, which is kinder than Linux: there they may be
//! forgotten.
mod changes;
mod file;
mod places;
#[cfg(test)]
mod tests;

use crate::base::time::Micros;
use crate::persist::disk::DiskError;
pub use changes::{Change, Changes, KeptFile};
use file::File;
pub use places::Side;
use std::collections::{BTreeMap, VecDeque};

/// How often the kernel looks for old dirty pages, µs.
pub const WRITE_OUT_EVERY_US: Micros = 5_000_000;
/// How old dirty bytes are before the kernel writes them out by itself, µs.
pub const WRITE_OUT_AGE_US: Micros = 30_000_000;

/// What an fsync was given, to tell its end from others'.
pub type Ticket = u64;

/// How fast a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// Until a request begins to have an effect, µs.
    pub latency_us: Micros,
    /// Bytes a second, both ways.
    pub bytes_per_s: u64,
    /// The flush that ends an fsync, µs.
    pub flush_us: Micros,
}

impl Default for Speed {
    /// A good SSD.
    fn default() -> Speed {
        Speed {
            latency_us: 50,
            bytes_per_s: 500_000_000,
            flush_us: 1000,
        }
    }
}

impl Speed {
    fn transfer_us(&self, bytes: u64) -> Micros {
        let us = u128::from(bytes) * 1_000_000 / u128::from(self.bytes_per_s.max(1));
        Micros::try_from(us).unwrap_or(Micros::MAX / 4)
    }

    /// How long reading takes that the page cache cannot serve, µs.
    pub fn read_us(&self, bytes: u64) -> Micros {
        self.latency_us + self.transfer_us(bytes)
    }
}

/// What the device has been told to do.
#[derive(Clone)]
enum Work {
    /// Bring a file's bytes up to `end` to the platter; with its length if `whole`.
    Bytes { inode: u64, end: usize, whole: bool },
    /// Make the platter's names in a directory these.
    Names {
        dir: String,
        names: Vec<(String, u64)>,
    },
}

#[derive(Clone)]
struct Job {
    work: Work,
    ticket: Option<Ticket>,
    starts_us: Micros,
    done_us: Micros,
    fails: bool,
}

/// A file as the disk view shows it: bytes, from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// What a program reads.
    pub cached: usize,
    /// How much of it a crash leaves.
    pub platter: usize,
    /// Up to where the device has been told to write.
    pub in_flight: usize,
}

/// See the head of this file.
#[derive(Clone, Default)]
pub struct Disk {
    pub speed: Speed,
    /// Most bytes of all files together; `None`: any.
    pub capacity: Option<u64>,
    /// How many of the next appends fail with [`DiskError::Io`].
    pub failing_writes: u32,
    /// How many of the next fsyncs fail so.
    pub failing_syncs: u32,
    files: BTreeMap<u64, File>,
    /// Names as programs see them, and as the platter has them.
    names: BTreeMap<String, u64>,
    kept_names: BTreeMap<String, u64>,
    /// What changed on the platter, while somebody wants to know; and the names that he knows.
    changes: Option<Changes>,
    told_names: BTreeMap<String, u64>,
    jobs: VecDeque<Job>,
    done: Vec<(Ticket, Result<(), DiskError>)>,
    /// How often names have changed, on either side.
    renamed: u64,
    last_inode: u64,
    last_ticket: Ticket,
    last_written: u64,
    now_us: Micros,
    next_write_out_us: Micros,
}

/// The directory of a path; the root is empty.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

impl Disk {
    /// An empty disk at virtual time `now_us`.
    pub fn new(speed: Speed, now_us: Micros) -> Disk {
        Disk {
            speed,
            now_us,
            next_write_out_us: now_us + WRITE_OUT_EVERY_US,
            ..Disk::default()
        }
    }

    fn inode(&self, path: &str) -> Result<u64, DiskError> {
        self.names.get(path).copied().ok_or(DiskError::NotFound)
    }

    fn file(&self, path: &str) -> Result<&File, DiskError> {
        let inode = self.inode(path)?;
        self.files.get(&inode).ok_or(DiskError::NotFound)
    }

    /// Bytes of all files, each by the larger of its two sides. O(files).
    pub fn used_bytes(&self) -> u64 {
        self.files.values().map(|f| f.room() as u64).sum()
    }

    /// Makes `bytes` the end of a file, which need not exist yet; how many of them found room.
    /// Errors: [`DiskError::Full`] if none did, [`DiskError::Io`] by a fault.
    pub fn append(&mut self, path: &str, bytes: &[u8]) -> Result<usize, DiskError> {
        if self.failing_writes > 0 {
            self.failing_writes -= 1;
            return Err(DiskError::Io);
        }
        let used = self.capacity.map_or(0, |_| self.used_bytes());
        let free = self.capacity.map_or(u64::MAX, |c| c.saturating_sub(used));
        let fits = bytes.len().min(usize::try_from(free).unwrap_or(usize::MAX));
        if fits == 0 && !bytes.is_empty() {
            return Err(DiskError::Full);
        }
        let inode = self.create(path);
        let file = self.files.entry(inode).or_default();
        file.append(&bytes[..fits], self.now_us);
        self.last_written = inode;
        Ok(fits)
    }

    fn create(&mut self, path: &str) -> u64 {
        if let Some(inode) = self.names.get(path) {
            return *inode;
        }
        self.last_inode += 1;
        self.renamed += 1;
        self.names.insert(path.to_string(), self.last_inode);
        self.last_inode
    }

    /// Cuts a file to `len` bytes, or does nothing if it has no more. Errors: [`DiskError::NotFound`].
    pub fn truncate(&mut self, path: &str, len: usize) -> Result<(), DiskError> {
        let inode = self.inode(path)?;
        if let Some(file) = self.files.get_mut(&inode) {
            file.truncate(len);
        }
        Ok(())
    }

    /// Gives a file another name; what had that name is gone. Errors: [`DiskError::NotFound`].
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        let inode = self.names.remove(from).ok_or(DiskError::NotFound)?;
        self.names.insert(to.to_string(), inode);
        self.renamed += 1;
        self.forget_nameless();
        Ok(())
    }

    /// Takes a name away. Errors: [`DiskError::NotFound`].
    pub fn remove(&mut self, path: &str) -> Result<(), DiskError> {
        self.names.remove(path).ok_or(DiskError::NotFound)?;
        self.renamed += 1;
        self.forget_nameless();
        Ok(())
    }

    /// Files that no name leads to, on either side, are no more.
    fn forget_nameless(&mut self) {
        let (names, kept, jobs) = (&self.names, &self.kept_names, &self.jobs);
        let promised = |inode: u64| {
            jobs.iter().any(|job| match &job.work {
                Work::Bytes { inode: i, .. } => *i == inode,
                Work::Names { names, .. } => names.iter().any(|(_, i)| *i == inode),
            })
        };
        self.files.retain(|inode, _| {
            names.values().any(|i| i == inode)
                || kept.values().any(|i| i == inode)
                || promised(*inode)
        });
    }

    /// The bytes of a file as a program reads them. Errors: [`DiskError::NotFound`].
    pub fn read(&self, path: &str) -> Result<&[u8], DiskError> {
        self.file(path).map(File::bytes)
    }

    /// The names in a directory, sorted, as a program sees them.
    pub fn list<'a>(&'a self, dir: &'a str) -> impl Iterator<Item = &'a str> {
        let names = self.names.keys().map(String::as_str);
        names.filter(move |path| parent(path) == dir)
    }

    /// How much of a file is where. Errors: [`DiskError::NotFound`].
    pub fn extent(&self, path: &str) -> Result<Extent, DiskError> {
        let inode = self.inode(path)?;
        let file = self.file(path)?;
        let in_flight = self.promised_end(inode).unwrap_or(0);
        let kept = self.kept_names.get(path) == Some(&inode);
        Ok(Extent {
            cached: file.bytes().len(),
            platter: if kept { file.synced() } else { 0 },
            in_flight: in_flight.max(file.synced()).min(file.bytes().len()),
        })
    }

    /// Where the last of the jobs at a file ends.
    fn promised_end(&self, inode: u64) -> Option<usize> {
        let ends = self.jobs.iter().filter_map(|job| match &job.work {
            Work::Bytes { inode: i, end, .. } if *i == inode => Some(*end),
            _ => None,
        });
        ends.max()
    }

    /// Asks for the bytes that a file has now to be brought to the platter; [`Disk::take_done`] says when they are there.
    /// Errors: [`DiskError::NotFound`].
    pub fn sync(&mut self, path: &str) -> Result<Ticket, DiskError> {
        let inode = self.inode(path)?;
        let end = self.file(path)?.bytes().len();
        let work = Work::Bytes {
            inode,
            end,
            whole: true,
        };
        Ok(self.promise(work))
    }

    /// The same for the names in a directory.
    pub fn sync_dir(&mut self, dir: &str) -> Ticket {
        let here = self.names.iter().filter(|(path, _)| parent(path) == dir);
        let names = here.map(|(path, inode)| (path.clone(), *inode)).collect();
        let dir = dir.to_string();
        self.promise(Work::Names { dir, names })
    }

    /// A job that somebody waits for.
    fn promise(&mut self, work: Work) -> Ticket {
        self.last_ticket += 1;
        let fails = self.failing_syncs > 0;
        self.failing_syncs -= u32::from(fails);
        self.queue(work, Some(self.last_ticket), fails);
        self.last_ticket
    }

    fn queue(&mut self, work: Work, ticket: Option<Ticket>, fails: bool) {
        let starts_us = self.jobs.back().map_or(self.now_us, |j| j.done_us);
        let starts_us = starts_us.max(self.now_us);
        let bytes = match &work {
            Work::Bytes { inode, end, .. } => {
                let synced = self.files.get(inode).map_or(0, File::synced);
                let from = self.promised_end(*inode).unwrap_or(0).max(synced);
                end.saturating_sub(from) as u64
            }
            Work::Names { .. } => 0,
        };
        let flush_us = if ticket.is_some() {
            self.speed.flush_us
        } else {
            0
        };
        let took_us = self.speed.read_us(bytes).saturating_add(flush_us);
        self.jobs.push_back(Job {
            work,
            ticket,
            starts_us,
            done_us: starts_us.saturating_add(took_us),
            fails,
        });
    }

    /// When something happens next by itself, µs; `None`: never.
    pub fn next_event_us(&self) -> Option<Micros> {
        let is_dirty = |file: &File| file.is_dirty() || file.is_cut();
        let dirty = self.names != self.kept_names || self.files.values().any(is_dirty);
        let write_out = dirty.then_some(self.next_write_out_us);
        let job = self.jobs.front().map(|job| job.done_us);
        job.into_iter().chain(write_out).min()
    }

    /// Moves the clock, never back, and does what is due in its order.
    pub fn advance(&mut self, now_us: Micros) {
        while let Some(at) = self.next_event_us().filter(|at| *at <= now_us) {
            self.now_us = self.now_us.max(at);
            if self.jobs.front().is_some_and(|job| job.done_us <= at) {
                self.finish_job();
            } else {
                self.write_out();
            }
        }
        self.now_us = self.now_us.max(now_us);
        // With nothing dirty the kernel's rounds need not be walked through one by one.
        if self.next_write_out_us <= self.now_us {
            let rounds = (self.now_us - self.next_write_out_us) / WRITE_OUT_EVERY_US + 1;
            self.next_write_out_us += rounds * WRITE_OUT_EVERY_US;
        }
    }

    fn finish_job(&mut self) {
        let Some(job) = self.jobs.pop_front() else {
            return;
        };
        if let Some(ticket) = job.ticket {
            let result = if job.fails {
                Err(DiskError::Io)
            } else {
                Ok(())
            };
            self.done.push((ticket, result));
        }
        if !job.fails {
            self.settle(job.work);
        }
        self.forget_nameless();
    }

    /// A file's bytes up to `end` are on the platter.
    fn sync_to(&mut self, inode: u64, end: usize, whole: bool) {
        let Some(file) = self.files.get_mut(&inode) else {
            return;
        };
        let (from, cut) = (file.synced(), whole && file.is_cut());
        file.sync_to(end);
        let to = file.synced();
        self.note_write(inode, from, to);
        if cut {
            self.keep_length(inode);
        }
    }

    /// What a job was for has come true.
    fn settle(&mut self, work: Work) {
        match work {
            Work::Bytes { inode, end, whole } => {
                self.sync_to(inode, end, whole);
            }
            Work::Names { dir, names } => {
                self.renamed += 1;
                self.kept_names.retain(|path, _| parent(path) != dir);
                self.kept_names.extend(names);
            }
        }
    }

    /// One round of the kernel's own: old bytes are written out, all names, and that files were cut.
    fn write_out(&mut self) {
        self.next_write_out_us += WRITE_OUT_EVERY_US;
        let before_us = self.now_us - WRITE_OUT_AGE_US;
        let old = self.files.iter().filter_map(|(inode, file)| {
            let end = file.written_before(before_us);
            (end > file.synced()).then_some((*inode, end))
        });
        for (inode, end) in old.collect::<Vec<_>>() {
            let work = Work::Bytes {
                inode,
                end,
                whole: false,
            };
            self.queue(work, None, false);
        }
        let cut = self.files.iter().filter(|(_, file)| file.is_cut());
        for inode in cut.map(|(inode, _)| *inode).collect::<Vec<_>>() {
            self.keep_length(inode);
        }
        if self.kept_names != self.names {
            self.renamed += 1;
            self.kept_names.clone_from(&self.names);
        }
        self.forget_nameless();
    }

    /// What was cut off a file is no more on the platter either.
    fn keep_length(&mut self, inode: u64) {
        let Some(file) = self.files.get_mut(&inode) else {
            return;
        };
        file.keep_length();
        let len = file.synced();
        self.note_length(inode, len);
    }

    /// The syncs that ended since the last call, in that order.
    pub fn take_done(&mut self) -> Vec<(Ticket, Result<(), DiskError>)> {
        std::mem::take(&mut self.done)
    }

    /// The power is cut: what was only in the page cache is gone, syncs at work never end. Of the write at work (or else of
    /// what was written last) the first `torn_bytes` have arrived.
    pub fn crash(&mut self, torn_bytes: usize) {
        let at_work = self
            .jobs
            .front()
            .filter(|job| job.starts_us <= self.now_us)
            .and_then(|job| match &job.work {
                Work::Bytes { inode, end, .. } => Some((*inode, *end)),
                Work::Names { .. } => None,
            });
        let (inode, end) = at_work.unwrap_or((self.last_written, usize::MAX));
        if let Some(file) = self.files.get(&inode) {
            let end = end.min(file.synced().saturating_add(torn_bytes));
            self.sync_to(inode, end, false);
        }
        self.jobs.clear();
        self.done.clear();
        self.names.clone_from(&self.kept_names);
        self.files.values_mut().for_each(File::crash);
        self.renamed += 1;
        self.forget_nameless();
        self.last_written = 0;
    }

    /// Turns one bit of a file over where it lies on the platter; a program reads it so from now on.
    /// Errors: [`DiskError::NotFound`] if there is no such file, or that byte is not on the platter.
    pub fn flip(&mut self, path: &str, offset: usize, bit: u8) -> Result<(), DiskError> {
        let inode = self.inode(path)?;
        let file = self.files.get_mut(&inode).ok_or(DiskError::NotFound)?;
        file.flip(offset, bit).ok_or(DiskError::NotFound)?;
        self.note_write(inode, offset, offset + 1);
        Ok(())
    }
}
