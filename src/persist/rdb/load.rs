//! Reading a whole file into a keyspace, by slices: a load can stop after each record, and after each element of a value of
//! many, and go on later.
use super::read::{Read, Reader};
use super::value::{Begun, ORDERED, Part};
use super::{Fault, Limits, VERSION, Why, op, version_of};
use crate::base::crc64::crc64;
use crate::base::time::Millis;
use crate::keyspace::{Keyspace, Value};

/// "REDIS" and four digits.
const SIGNATURE: usize = 9;
/// From this version on a file ends with a checksum.
const FIRST_SIGNED: u32 = 5;
/// No key takes fewer bytes: its type, its name, its value.
const KEY_MIN: usize = 3;
/// A record costs as much as so many bytes, however short it is.
const RECORD_COST: usize = 16;

/// How a file is read.
#[derive(Clone, Debug)]
pub struct Options {
    pub limits: Limits,
    /// `rdbchecksum`.
    pub checksum: bool,
    /// Keys that have expired are loaded as well (a replica's way); else they are left out.
    pub keep_expired: bool,
    /// A key that is there already gets the file's value; else that is a fault.
    pub merge: bool,
}

/// What a file brought besides the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    pub version: u32,
    pub keys: u64,
    /// Keys left out since they have expired.
    pub expired: u64,
    /// Keys left out since their value has no element.
    pub empty: u64,
    /// What the file says of itself: names and values.
    pub about: Vec<(Vec<u8>, Vec<u8>)>,
    /// The code of each function library.
    pub functions: Vec<Vec<u8>>,
    /// Where the file ends; there may be more (the log behind a preamble).
    pub end: usize,
}

/// What is said of a key before it comes.
#[derive(Clone, Default)]
struct Ahead {
    at_ms: Option<Millis>,
    idle_s: Option<u64>,
    uses: Option<u8>,
}

/// A key whose value is read in part.
#[derive(Clone)]
struct Opened {
    key: Vec<u8>,
    ahead: Ahead,
    part: Box<Part>,
}

/// A load under way.
#[derive(Clone)]
pub struct Load {
    options: Options,
    /// Where the reader stands, and what it may still unfold.
    mark: (usize, usize),
    /// Checksum of the bytes before that place.
    crc: u64,
    db: usize,
    ahead: Ahead,
    opened: Option<Opened>,
    loaded: Loaded,
}

impl Load {
    /// A load of which nothing is read yet.
    pub fn new(options: Options) -> Load {
        Load {
            mark: (0, options.limits.room),
            options,
            crc: 0,
            db: 0,
            ahead: Ahead::default(),
            opened: None,
            loaded: Loaded::default(),
        }
    }

    /// How many bytes of the file are read.
    pub fn position(&self) -> usize {
        self.mark.0
    }

    /// Keys read so far.
    pub fn keys(&self) -> u64 {
        self.loaded.keys
    }

    /// Reads on in `bytes`, which are those of the whole file each time, until that has cost all of `budget`, which goes down
    /// by it: bytes read and unfolded. What the file brought, once it is read; after a fault the databases hold what came
    /// before it. A string or compact encoding is never divided, nor is the sorting of a sorted set that is not in order.
    pub fn go_on(
        &mut self,
        bytes: &[u8],
        ks: &mut Keyspace,
        budget: &mut usize,
    ) -> Result<Option<Loaded>, Fault> {
        let from = self.mark.0;
        let mut turn = Turn {
            reader: Reader::resume(bytes, self.mark),
            ks,
            load: self,
            spent: 0,
        };
        let ended = turn.records(*budget)?;
        *budget = budget.saturating_sub(turn.cost());
        let mark = turn.reader.mark();
        self.crc = crc64(self.crc, &bytes[from..mark.0]);
        self.mark = mark;
        if !ended {
            return Ok(None);
        }
        self.checksum(bytes)?;
        self.loaded.end = self.mark.0;
        Ok(Some(std::mem::take(&mut self.loaded)))
    }

    fn checksum(&mut self, bytes: &[u8]) -> Read<()> {
        if self.loaded.version < FIRST_SIGNED {
            return Ok(());
        }
        let mut reader = Reader::resume(bytes, self.mark);
        let said = reader.u64_le()?;
        if self.options.checksum && said != 0 && said != self.crc {
            return reader.fault_at(self.mark.0, "Wrong RDB checksum");
        }
        self.mark = reader.mark();
        Ok(())
    }
}

/// Reads a file at once into databases that must be empty. O(bytes), and n log n for sorted sets of n members.
pub fn load(bytes: &[u8], ks: &mut Keyspace, options: &Options) -> Result<Loaded, Fault> {
    let (mut load, mut budget) = (Load::new(options.clone()), usize::MAX);
    let loaded = load.go_on(bytes, ks, &mut budget)?;
    Ok(loaded.expect("no file is as long as that"))
}

/// A slice of a load.
struct Turn<'a> {
    reader: Reader<'a>,
    ks: &'a mut Keyspace,
    load: &'a mut Load,
    /// What records cost beyond their bytes.
    spent: usize,
}

impl Turn<'_> {
    /// What the slice has cost so far.
    fn cost(&self) -> usize {
        let ((at, room), (was, had)) = (self.reader.mark(), self.load.mark);
        (at - was) + (had - room) + self.spent
    }

    /// Reads records as long as there is budget; whether that was the last one.
    fn records(&mut self, budget: usize) -> Read<bool> {
        if self.reader.position() == 0 {
            self.signature()?;
        }
        loop {
            if let Some(opened) = self.load.opened.take()
                && !self.go_on_with(opened, budget)?
            {
                return Ok(false);
            }
            if self.cost() >= budget {
                return Ok(false);
            }
            self.spent += RECORD_COST;
            if !self.record()? {
                return Ok(true);
            }
        }
    }

    fn signature(&mut self) -> Read<()> {
        let Some(digits) = self.reader.take(SIGNATURE)?.strip_prefix(b"REDIS") else {
            return self
                .reader
                .fault_at(0, "Wrong signature trying to load DB from file");
        };
        let version = u32::try_from(version_of(digits)).ok();
        match version.filter(|n| (1..=VERSION).contains(n)) {
            Some(version) => self.load.loaded.version = version,
            None => return self.reader.fault_at(5, "Can't handle RDB format version"),
        }
        Ok(())
    }

    /// Reads a record, or the beginning of one; false if it was the end.
    fn record(&mut self) -> Read<bool> {
        let start = self.reader.position();
        let (reader, load) = (&mut self.reader, &mut *self.load);
        match reader.byte()? {
            op::END => return Ok(false),
            op::EXPIRE => {
                let at_s = i32::from_le_bytes(reader.array()?);
                load.ahead.at_ms = Some(Millis::from(at_s) * 1000);
            }
            op::EXPIRE_MS => load.ahead.at_ms = Some(reader.i64_le()?),
            op::IDLE => load.ahead.idle_s = Some(reader.len()?),
            op::FREQ => load.ahead.uses = Some(reader.byte()?),
            op::SELECT => self.select()?,
            op::RESIZE => {
                let keys = usize::try_from(reader.len()?).unwrap_or(usize::MAX);
                reader.len()?;
                let keys = keys.min(reader.left() / KEY_MIN);
                self.ks.db(load.db).expect_keys(keys);
            }
            op::AUX => {
                let pair = (reader.string()?.into_owned(), reader.string()?.into_owned());
                load.loaded.about.push(pair);
            }
            op::SLOT_INFO => {
                reader.len()?;
                reader.len()?;
                reader.len()?;
            }
            op::FUNCTION => {
                let code = reader.string()?.into_owned();
                load.loaded.functions.push(code);
            }
            op::FUNCTION_OLD => {
                return reader.fault_at(start, "Pre-release function format not supported.");
            }
            op::MODULE_AUX => {
                return reader.module("AUX module data I can't load: no matching module '");
            }
            kind => self.key(kind)?,
        }
        Ok(true)
    }

    fn select(&mut self) -> Read<()> {
        let db = usize::try_from(self.reader.len()?).unwrap_or(usize::MAX);
        if db >= self.ks.count() {
            return self
                .reader
                .fault("a database of a higher number than there are here");
        }
        self.load.db = db;
        Ok(())
    }

    fn key(&mut self, kind: u8) -> Read<()> {
        let key = self.reader.string()?;
        let ahead = std::mem::take(&mut self.load.ahead);
        match self.reader.begin(kind, &self.load.options.limits) {
            Ok(Begun::Part(part)) => {
                let key = key.into_owned();
                self.load.opened = Some(Opened { key, ahead, part });
                Ok(())
            }
            Ok(Begun::Whole(value)) => self.store(&key, &ahead, Ok(value)),
            Err(fault) => self.store(&key, &ahead, Err(fault)),
        }
    }

    /// Reads more of a value; whether it is whole now.
    fn go_on_with(&mut self, mut opened: Opened, budget: usize) -> Read<bool> {
        while opened.part.left > 0 {
            if self.cost() >= budget {
                self.load.opened = Some(opened);
                return Ok(false);
            }
            self.spent += RECORD_COST;
            self.reader
                .add(&mut opened.part, &self.load.options.limits)?;
        }
        while Reader::settle(&mut opened.part, &self.load.options.limits) {
            self.spent += ORDERED * RECORD_COST;
            if self.cost() >= budget {
                self.load.opened = Some(opened);
                return Ok(false);
            }
        }
        let value = self.reader.finish(*opened.part, &self.load.options.limits);
        self.store(&opened.key, &opened.ahead, value)?;
        Ok(true)
    }

    /// Adds a key, unless it has expired or has nothing in it.
    fn store(&mut self, key: &[u8], ahead: &Ahead, value: Read<Value>) -> Read<()> {
        let loaded = &mut self.load.loaded;
        let value = match value {
            Err(Fault {
                why: Why::Empty, ..
            }) => {
                loaded.empty += 1;
                return Ok(());
            }
            value => value?,
        };
        let past = |at_ms| at_ms <= self.ks.now_ms;
        if ahead.at_ms.is_some_and(past) && !self.load.options.keep_expired {
            loaded.expired += 1;
            return Ok(());
        }
        let lru = self.ks.use_field(ahead.idle_s, ahead.uses);
        let mut db = self.ks.db(self.load.db);
        if self.load.options.merge {
            db.remove_as(key, false);
        }
        if !db.load(key, value, ahead.at_ms, lru) {
            return self.reader.fault("a key that is there already");
        }
        loaded.keys += 1;
        Ok(())
    }
}
