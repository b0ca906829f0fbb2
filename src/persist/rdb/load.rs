//! Reading a whole file into a keyspace.
use super::read::{Read, Reader};
use super::{Fault, Limits, VERSION, Why, op, version_of};
use crate::base::crc64::crc64;
use crate::base::time::Millis;
use crate::keyspace::Keyspace;

/// "REDIS" and four digits.
const SIGNATURE: usize = 9;
/// From this version on a file ends with a checksum.
const FIRST_SIGNED: u32 = 5;
/// No key takes fewer bytes: its type, its name, its value.
const KEY_MIN: usize = 3;

/// How a file is read.
#[derive(Clone, Debug)]
pub struct Options {
    pub limits: Limits,
    /// `rdbchecksum`.
    pub checksum: bool,
    /// Keys that have expired are loaded as well (a replica's way); else they are left out.
    pub keep_expired: bool,
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
#[derive(Default)]
struct Ahead {
    at_ms: Option<Millis>,
    idle_s: Option<u64>,
    uses: Option<u8>,
}

struct Load<'a> {
    reader: Reader<'a>,
    ks: &'a mut Keyspace,
    options: &'a Options,
    db: usize,
    ahead: Ahead,
    loaded: Loaded,
}

/// Reads a file into databases that must be empty. After a fault they hold what came before it. O(bytes), and n log n
/// for sorted sets of n members.
pub fn load(bytes: &[u8], ks: &mut Keyspace, options: &Options) -> Result<Loaded, Fault> {
    let mut load = Load {
        reader: Reader::new(bytes, options.limits.room),
        ks,
        options,
        db: 0,
        ahead: Ahead::default(),
        loaded: Loaded::default(),
    };
    load.signature()?;
    while load.record()? {}
    load.checksum(bytes)?;
    load.loaded.end = load.reader.position();
    Ok(load.loaded)
}

impl Load<'_> {
    fn signature(&mut self) -> Read<()> {
        let Some(digits) = self.reader.take(SIGNATURE)?.strip_prefix(b"REDIS") else {
            return self
                .reader
                .fault_at(0, "Wrong signature trying to load DB from file");
        };
        let version = u32::try_from(version_of(digits)).ok();
        match version.filter(|n| (1..=VERSION).contains(n)) {
            Some(version) => self.loaded.version = version,
            None => return self.reader.fault_at(5, "Can't handle RDB format version"),
        }
        Ok(())
    }

    /// Reads a record; false if it was the end.
    fn record(&mut self) -> Read<bool> {
        let start = self.reader.position();
        let reader = &mut self.reader;
        match reader.byte()? {
            op::END => return Ok(false),
            op::EXPIRE => {
                let at_s = i32::from_le_bytes(reader.array()?);
                self.ahead.at_ms = Some(Millis::from(at_s) * 1000);
            }
            op::EXPIRE_MS => self.ahead.at_ms = Some(reader.i64_le()?),
            op::IDLE => self.ahead.idle_s = Some(reader.len()?),
            op::FREQ => self.ahead.uses = Some(reader.byte()?),
            op::SELECT => self.select()?,
            op::RESIZE => {
                let keys = usize::try_from(reader.len()?).unwrap_or(usize::MAX);
                reader.len()?;
                let keys = keys.min(reader.left() / KEY_MIN);
                self.ks.db(self.db).expect_keys(keys);
            }
            op::AUX => {
                let pair = (reader.string()?.into_owned(), reader.string()?.into_owned());
                self.loaded.about.push(pair);
            }
            op::SLOT_INFO => {
                reader.len()?;
                reader.len()?;
                reader.len()?;
            }
            op::FUNCTION => self.loaded.functions.push(reader.string()?.into_owned()),
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
        self.db = db;
        Ok(())
    }

    fn key(&mut self, kind: u8) -> Read<()> {
        let key = self.reader.string()?;
        let ahead = std::mem::take(&mut self.ahead);
        let start = self.reader.position();
        let value = match self.reader.value(kind, &self.options.limits) {
            Err(Fault {
                why: Why::Empty, ..
            }) => {
                self.loaded.empty += 1;
                return Ok(());
            }
            value => value?,
        };
        let past = |at_ms| at_ms <= self.ks.now_ms;
        if ahead.at_ms.is_some_and(past) && !self.options.keep_expired {
            self.loaded.expired += 1;
            return Ok(());
        }
        let lru = self.ks.use_field(ahead.idle_s, ahead.uses);
        if !self.ks.db(self.db).load(&key, value, ahead.at_ms, lru) {
            return self.reader.fault_at(start, "a key that is there already");
        }
        self.loaded.keys += 1;
        Ok(())
    }

    fn checksum(&mut self, bytes: &[u8]) -> Read<()> {
        if self.loaded.version < FIRST_SIGNED {
            return Ok(());
        }
        let end = self.reader.position();
        let said = self.reader.u64_le()?;
        if self.options.checksum && said != 0 && said != crc64(0, &bytes[..end]) {
            return self.reader.fault_at(end, "Wrong RDB checksum");
        }
        Ok(())
    }
}
