//! What the real server's check tool says of a snapshot file: its parts by their offsets, and the verdict.
use super::read::{Read, Reader};
use super::{Fault, Limits, VERSION, Why, op};
use crate::base::crc64::crc64;
use crate::base::time::Millis;

/// The names of the types of values, by their numbers.
const KINDS: [&str; 22] = [
    "string",
    "list-linked",
    "set-hashtable",
    "zset-v1",
    "hash-hashtable",
    "zset-v2",
    "module-pre-release",
    "module-value",
    "",
    "hash-zipmap",
    "list-ziplist",
    "set-intset",
    "zset-ziplist",
    "hash-ziplist",
    "quicklist",
    "stream",
    "hash-listpack",
    "zset-listpack",
    "quicklist-v2",
    "stream-v2",
    "set-listpack",
    "stream-v3",
];

/// The verdict on a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// All lines that the tool prints.
    pub text: String,
    pub is_sound: bool,
    /// Where the snapshot ends; a log may follow.
    pub end: usize,
}

struct Checker<'a> {
    reader: Reader<'a>,
    bytes: &'a [u8],
    limits: &'a Limits,
    now_ms: Millis,
    text: String,
    doing: &'static str,
    key: Option<Vec<u8>>,
    /// The type at hand; as in the tool, 0 before the first.
    kind: Option<u8>,
    at_ms: Option<Millis>,
    keys: u64,
    expires: u64,
    expired: u64,
}

/// Checks a file. O(bytes).
pub fn check(name: &str, bytes: &[u8], limits: &Limits, now_ms: Millis) -> Report {
    let mut checker = Checker {
        reader: Reader::new(bytes, limits.room),
        bytes,
        limits,
        now_ms,
        text: String::new(),
        doing: "start",
        key: None,
        kind: Some(0),
        at_ms: None,
        keys: 0,
        expires: 0,
        expired: 0,
    };
    checker.say(0, &["Checking RDB file ", name]);
    let found = checker.file();
    let end = checker.reader.position();
    match &found {
        Ok(()) => checker.say(end, &["\\o/ RDB looks OK! \\o/"]),
        Err(fault) => checker.failed(fault),
    }
    for (count, what) in [
        (checker.keys, " keys read"),
        (checker.expires, " expires"),
        (checker.expired, " already expired"),
    ] {
        checker.line(&["[info] ", &count.to_string(), what]);
    }
    Report {
        text: checker.text,
        is_sound: found.is_ok(),
        end,
    }
}

impl Checker<'_> {
    fn line(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.text.push_str(part));
        self.text.push('\n');
    }

    fn say(&mut self, at: usize, parts: &[&str]) {
        let at = at.to_string();
        let all = [&["[offset ", &at, "] "], parts].concat();
        self.line(&all);
    }

    fn failed(&mut self, fault: &Fault) {
        self.line(&["--- RDB ERROR DETECTED ---"]);
        let cut = self.reader.left() == 0 || fault.at >= self.bytes.len();
        match &fault.why {
            Why::Text(text) if !cut || text.contains("RDB") => self.say(fault.at, &[text]),
            _ => self.say(fault.at, &["Unexpected EOF reading RDB file"]),
        }
        self.line(&["[additional info] While doing: ", self.doing]);
        if let Some(key) = self.key.take() {
            let key = String::from_utf8_lossy(&key).into_owned();
            self.line(&["[additional info] Reading key '", &key, "'"]);
        }
        if let Some(kind) = self.kind {
            let name = KINDS.get(usize::from(kind)).unwrap_or(&"unknown");
            self.line(&[
                "[additional info] Reading type ",
                &kind.to_string(),
                " (",
                name,
                ")",
            ]);
        }
    }

    fn file(&mut self) -> Read<()> {
        const SIGNATURE: usize = 9;
        let head = self.reader.take(SIGNATURE)?;
        let digits = head.strip_prefix(b"REDIS");
        let Some(digits) = digits else {
            return self.reader.fault_at(
                SIGNATURE,
                "Wrong signature trying to load DB from file (RDB)",
            );
        };
        let version = digits
            .iter()
            .fold(0, |n: u32, d| n * 10 + u32::from(d.wrapping_sub(b'0')));
        if !(1..=VERSION).contains(&version) {
            let text = format!("Can't handle RDB format version {version}");
            return self.reader.fault_at(SIGNATURE, text);
        }
        while self.record()? {}
        if version < 5 {
            return Ok(());
        }
        self.doing = "check-sum";
        let end = self.reader.position();
        let said = self.reader.u64_le()?;
        let at = self.reader.position();
        if said == 0 {
            self.say(
                at,
                &["RDB file was saved with checksum disabled: no check performed."],
            );
        } else if said != crc64(0, &self.bytes[..end]) {
            return self.reader.fault_at(at, "RDB CRC error");
        } else {
            self.say(at, &["Checksum OK"]);
        }
        Ok(())
    }

    /// Reads a record; false if it was the end.
    fn record(&mut self) -> Read<bool> {
        self.doing = "read-type";
        let start = self.reader.position();
        match self.reader.byte()? {
            op::END => return Ok(false),
            op::EXPIRE => {
                self.doing = "read-expire";
                let at_s = i32::from_le_bytes(self.reader.array()?);
                self.at_ms = Some(Millis::from(at_s) * 1000);
            }
            op::EXPIRE_MS => {
                self.doing = "read-expire";
                self.at_ms = Some(self.reader.i64_le()?);
            }
            op::IDLE => drop(self.reader.len()?),
            op::FREQ => drop(self.reader.byte()?),
            op::SELECT => {
                self.doing = "read-len";
                let db = self.reader.len()?.to_string();
                let at = self.reader.position();
                self.say(at, &["Selecting DB ID ", &db]);
            }
            op::RESIZE => {
                self.doing = "read-len";
                self.reader.len()?;
                self.reader.len()?;
            }
            op::SLOT_INFO => {
                self.doing = "read-len";
                for _ in 0..3 {
                    self.reader.len()?;
                }
            }
            op::AUX => {
                self.doing = "read-aux";
                let name = String::from_utf8_lossy(&self.reader.string()?).into_owned();
                let value = String::from_utf8_lossy(&self.reader.string()?).into_owned();
                let at = self.reader.position();
                self.say(at, &["AUX FIELD ", &name, " = '", &value, "'"]);
            }
            op::FUNCTION => {
                self.doing = "read-functions";
                self.reader.string()?;
            }
            op::FUNCTION_OLD => {
                return self
                    .reader
                    .fault_at(start, "Pre-release function format not supported.");
            }
            op::MODULE_AUX => {
                return self
                    .reader
                    .module("AUX module data I can't load: no matching module '");
            }
            kind => self.entry(kind)?,
        }
        Ok(true)
    }

    fn entry(&mut self, kind: u8) -> Read<()> {
        if usize::from(kind) >= KINDS.len() || KINDS[usize::from(kind)].is_empty() {
            let text = format!("Invalid object type: {kind}");
            return self.reader.fault_at(self.reader.position(), text);
        }
        self.kind = Some(kind);
        self.doing = "read-key";
        self.key = Some(self.reader.string()?.into_owned());
        self.keys += 1;
        self.doing = "read-object-value";
        match self.reader.value(kind, self.limits) {
            Err(Fault {
                why: Why::Empty, ..
            }) => {}
            value => drop(value?),
        }
        if let Some(at_ms) = self.at_ms.take() {
            self.expires += 1;
            self.expired += u64::from(at_ms < self.now_ms);
        }
        (self.key, self.kind) = (None, None);
        Ok(())
    }
}
