//! What the files of a machine hold: a snapshot the data of one moment, a log one write after the other.
//!
//! Of the file that the log goes to it is known where each unit ends and what the data is there. What the platter has for
//! good needs no marks but the last. A file that is not known (it was brought, or changed by hand) holds nobody knows what.
use super::history::{Data, Histories, StreamId};
use crate::command::Config;
use crate::persist::aof::manifest::Manifest;
use crate::sim::disk::{Disk, Side};
use std::collections::{BTreeMap, VecDeque};

/// Marks that are made before those that are not needed any more are looked for.
const TRIM_EVERY: usize = 1024;
/// Most marks of a file: what is beyond cannot be followed.
const MARKS_MOST: usize = 1 << 18;

/// Data as it was known when it was noted; what an offset stands for is looked up when somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    Data(Data),
    Offset(StreamId, i64),
}

impl Spot {
    pub fn data(self, histories: &Histories) -> Data {
        match self {
            Spot::Data(data) => data,
            Spot::Offset(stream, offset) => histories.at_offset(stream, offset),
        }
    }
}

/// What a server with these settings reads at its start.
#[derive(Clone, Debug, Default)]
pub(in crate::sim::world) struct Reads {
    /// The append-only file's directory, and the path of its manifest.
    log: Option<(String, String)>,
    snapshot: String,
    /// It begins as a primary.
    pub primary: bool,
}

impl Reads {
    pub fn of(config: &Config) -> Reads {
        let text = |name: &str| String::from_utf8_lossy(&config.text(name)).into_owned();
        let dir = text("appenddirname") + "/";
        let manifest = [&dir, &text("appendfilename"), ".manifest"].concat();
        Reads {
            log: (text("appendonly") == "yes").then_some((dir, manifest)),
            snapshot: text("dbfilename"),
            primary: text("replicaof").is_empty(),
        }
    }
}

/// One file.
#[derive(Clone, Debug)]
struct Kept {
    /// What its beginning stands for: of a snapshot all of it.
    start: Spot,
    /// Where units end, in bytes, and what the data is there.
    marks: VecDeque<(u64, Spot)>,
    broken: bool,
}

impl Kept {
    fn of(start: Spot) -> Kept {
        Kept {
            start,
            marks: VecDeque::new(),
            broken: false,
        }
    }

    /// What the first `len` bytes hold.
    fn at(&self, len: usize) -> Spot {
        let within = self.marks.partition_point(|(end, _)| *end <= len as u64);
        match within {
            0 => self.start,
            n => self.marks[n - 1].1,
        }
    }
}

/// The files of a machine.
#[derive(Clone, Default)]
pub(super) struct Files {
    known: BTreeMap<u64, Kept>,
    /// Where the log goes: the file, and what to take from a place in the log for a place in it.
    open: Option<(u64, i64)>,
    /// Snapshots whose files are still to be made.
    images: Vec<(String, Spot)>,
}

impl Files {
    /// A file will be made of this data.
    pub fn image(&mut self, path: String, spot: Spot) {
        self.images.push((path, spot));
    }

    /// A file was made.
    pub fn created(&mut self, path: &str, number: u64) {
        if let Some(place) = self.images.iter().position(|(of, _)| of == path) {
            let (_, spot) = self.images.remove(place);
            self.known.insert(number, Kept::of(spot));
        }
    }

    /// The log goes to a file from now on, which has `len` bytes; or to none.
    pub fn open(&mut self, file: Option<u64>, shift: i64, len: usize, spot: Spot) {
        self.open = file.map(|number| (number, shift));
        if let Some(number) = file {
            let kept = self.known.entry(number);
            let kept = kept.or_insert_with(|| Kept::of(spot));
            kept.marks.retain(|(end, _)| *end <= len as u64);
        }
    }

    /// The data is this where the log ends at `log`.
    pub fn mark(&mut self, log: u64, spot: Spot, disk: Option<&Disk>) {
        let Some((number, shift)) = self.open else {
            return;
        };
        let (Some(kept), Ok(end)) = (
            self.known.get_mut(&number),
            u64::try_from(log as i64 - shift),
        ) else {
            return;
        };
        kept.marks.push_back((end, spot));
        if kept.marks.len().is_multiple_of(TRIM_EVERY) {
            let synced = disk.map_or(0, |disk| disk.synced(number)) as u64;
            let safe = kept.marks.partition_point(|(end, _)| *end <= synced);
            kept.marks.drain(..safe.saturating_sub(1));
            kept.broken |= kept.marks.len() > MARKS_MOST;
        }
    }

    /// A bit of a file was turned over.
    pub fn spoil(&mut self, number: u64) {
        let kept = self.known.entry(number);
        let kept = kept.or_insert_with(|| Kept::of(Spot::Data(Data::Unknown)));
        kept.broken = true;
    }

    /// The process has ended: nothing more is made.
    pub fn end(&mut self) {
        self.open = None;
        self.images.clear();
    }

    /// Forgets files that are no more.
    pub fn forget(&mut self, disk: &Disk) {
        self.known.retain(|number, _| disk.has(*number));
    }

    /// What a server would read from this side of the disk.
    pub fn data(&self, reads: &Reads, disk: &Disk, side: Side, histories: &Histories) -> Data {
        let Some((dir, manifest)) = &reads.log else {
            return match disk.number_on(side, &reads.snapshot) {
                None => Data::Nothing,
                Some(number) => self.one(number, disk, side, histories),
            };
        };
        let Some(number) = disk.number_on(side, manifest) else {
            return Data::Nothing;
        };
        let text = disk.bytes_on(side, number).unwrap_or_default();
        let Ok(manifest) = Manifest::parse(text) else {
            return Data::Unknown;
        };
        let mut data = Data::Nothing;
        for file in manifest.files() {
            let path = [dir, &*String::from_utf8_lossy(&file.name)].concat();
            let number = disk.number_on(side, &path);
            data = number.map_or(Data::Unknown, |n| self.one(n, disk, side, histories));
            if data == Data::Unknown {
                break;
            }
        }
        data
    }

    fn one(&self, number: u64, disk: &Disk, side: Side, histories: &Histories) -> Data {
        let Some(kept) = self.known.get(&number).filter(|kept| !kept.broken) else {
            return Data::Unknown;
        };
        let len = disk.bytes_on(side, number).map_or(0, <[u8]>::len);
        kept.at(len).data(histories)
    }

    /// Whether the log's last file ends in the middle of something that was written after what counts.
    pub fn is_torn(&self, number: u64, disk: &Disk) -> bool {
        let Some(kept) = self.known.get(&number) else {
            return false;
        };
        let bytes = disk.bytes_on(Side::Cache, number).unwrap_or_default();
        let within = kept
            .marks
            .iter()
            .rfind(|(end, _)| *end <= bytes.len() as u64);
        let from = within.map_or(0, |(end, _)| *end as usize);
        let check = crate::persist::aof::check::check(&bytes[from..], "");
        check.ok_up_to < bytes.len() - from
    }

    /// The file that the log goes to.
    pub fn opened(&self) -> Option<u64> {
        self.open.map(|(number, _)| number)
    }
}
