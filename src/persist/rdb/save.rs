//! Writing a whole file, in pieces: a save can stop after each and go on later.
use super::write::Writer;
use super::{VERSION, op};
use crate::base::crc64::crc64;
use crate::ds::dict::EntryId;
use crate::keyspace::{Keyspace, Table, fork::Entry};

/// Which use of a key is written with it; what `maxmemory-policy` goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Uses {
    /// None.
    #[default]
    Unknown,
    /// How long it was not used.
    Idle,
    /// How often it was used.
    Counter,
}

/// How a file is written.
#[derive(Clone, Debug)]
pub struct Options {
    /// From [`OLDEST_WRITTEN`](super::OLDEST_WRITTEN) to [`VERSION`].
    pub version: u32,
    /// `rdbcompression`.
    pub compress: bool,
    /// `rdbchecksum`; without it the checksum is 0, which says that there is none.
    pub checksum: bool,
    pub uses: Uses,
    /// What there is to know of the file: names and values.
    pub about: Vec<(&'static str, Vec<u8>)>,
    /// The code of each function library.
    pub functions: Vec<Vec<u8>>,
    /// The data as it is, and not as it was when it was forked.
    pub live: bool,
}

impl Options {
    /// Says whether the file is the base of an append-only file.
    pub fn is_base(&mut self, base: bool) {
        if let Some(entry) = self.about.iter_mut().find(|(name, _)| *name == "aof-base") {
            entry.1 = vec![b'0' + u8::from(base)];
        }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            version: VERSION,
            compress: true,
            checksum: true,
            uses: Uses::Unknown,
            about: Vec::new(),
            functions: Vec::new(),
            live: true,
        }
    }
}

/// Where a save stands.
#[derive(Clone, Copy)]
enum Stage {
    Head,
    /// The next key of a database; none was written of it yet if the entry is 0 and `begun` false.
    Keys {
        db: usize,
        next: EntryId,
        begun: bool,
    },
    Done,
}

/// A save under way. What the keyspace is when a piece is asked for is what the piece holds: whoever lets it change
/// between two pieces forks it before.
#[derive(Clone)]
pub struct Save {
    options: Options,
    writer: Writer,
    stage: Stage,
    crc: u64,
    keys: u64,
}

impl Save {
    /// A save of which nothing is written yet.
    pub fn new(options: Options) -> Save {
        Save {
            writer: Writer::new(options.version, options.compress),
            options,
            stage: Stage::Head,
            crc: 0,
            keys: 0,
        }
    }

    /// The next piece of the file: a little more than `size` bytes, the last one less; `None` after that. O(bytes), but
    /// no value is divided.
    pub fn piece(&mut self, ks: &Keyspace, size: usize) -> Option<Vec<u8>> {
        if matches!(self.stage, Stage::Done) {
            return None;
        }
        let ended = loop {
            if self.writer.out.len() > size {
                break false;
            }
            if !self.step(ks) {
                break true;
            }
        };
        self.crc = crc64(self.crc, &self.writer.out);
        if ended {
            let crc = if self.options.checksum { self.crc } else { 0 };
            self.writer.raw(&crc.to_le_bytes());
        }
        Some(std::mem::take(&mut self.writer.out))
    }

    /// Up to where the data is written: a database, and the entry that comes next. Nothing before is needed any more.
    pub fn position(&self) -> (usize, EntryId) {
        match self.stage {
            Stage::Head => (0, EntryId(0)),
            Stage::Keys { db, next, .. } => (db, next),
            Stage::Done => (usize::MAX, EntryId(u32::MAX)),
        }
    }

    /// How many keys are written.
    pub fn keys(&self) -> u64 {
        self.keys
    }

    /// Writes the next record; false if it was the last.
    fn step(&mut self, ks: &Keyspace) -> bool {
        match self.stage {
            Stage::Head => {
                self.head();
                self.stage = Stage::Keys {
                    db: 0,
                    next: EntryId(0),
                    begun: false,
                };
            }
            Stage::Keys { db, .. } if db == ks.count() => {
                self.writer.byte(op::END);
                self.stage = Stage::Done;
                return false;
            }
            Stage::Keys { db, next, begun } => {
                let table = ks.image(db, self.options.live);
                self.stage = match table.image_from(next, self.options.live) {
                    Some((id, entry)) => {
                        if !begun {
                            self.database(db, table);
                        }
                        self.key(ks, &entry);
                        self.keys += 1;
                        Stage::Keys {
                            db,
                            next: EntryId(id.0 + 1),
                            begun: true,
                        }
                    }
                    None => Stage::Keys {
                        db: db + 1,
                        next: EntryId(0),
                        begun: false,
                    },
                };
            }
            Stage::Done => return false,
        }
        true
    }

    fn head(&mut self) {
        let version = self.writer.version();
        let digits = [version / 1000, version / 100, version / 10, version];
        self.writer.raw(b"REDIS");
        self.writer.raw(&digits.map(|n| b'0' + (n % 10) as u8));
        for (name, value) in &self.options.about {
            self.writer.byte(op::AUX);
            self.writer.string(name.as_bytes());
            self.writer.string(value);
        }
        for code in &self.options.functions {
            self.writer.byte(op::FUNCTION);
            self.writer.string(code);
        }
    }

    fn database(&mut self, db: usize, table: &Table) {
        self.writer.byte(op::SELECT);
        self.writer.len(db as u64);
        self.writer.byte(op::RESIZE);
        let (keys, expiring) = table.image_len(self.options.live);
        self.writer.len(keys as u64);
        self.writer.len(expiring as u64);
    }

    fn key(&mut self, ks: &Keyspace, entry: &Entry<'_>) {
        let writer = &mut self.writer;
        if let Some(at_ms) = entry.at_ms {
            writer.byte(op::EXPIRE_MS);
            writer.raw(&at_ms.to_le_bytes());
        }
        match self.options.uses {
            Uses::Unknown => {}
            Uses::Idle => {
                writer.byte(op::IDLE);
                writer.len(ks.idle_seconds(entry.lru).into());
            }
            Uses::Counter => {
                writer.byte(op::FREQ);
                writer.byte(entry.lru as u8);
            }
        }
        writer.byte(writer.kind(entry.value));
        writer.string(entry.key);
        writer.value(entry.value);
    }
}

/// The whole file at once. O(bytes).
pub fn save(ks: &Keyspace, options: Options) -> Vec<u8> {
    let mut save = Save::new(options);
    save.piece(ks, usize::MAX).unwrap_or_default()
}
