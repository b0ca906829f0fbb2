//! A snapshot file, piece by piece, with what each of its bytes means: for people who want to read one.
//!
//! [`Notes`] walks over bytes that may be anything. It keeps no more than a stack of what is expected next, so that it can
//! be copied, to go on from there later, and stops at the first thing that it cannot read. It makes no values: whether a
//! file can be loaded is for [`check`](super::check) to say.
mod grammar;
mod packs;

use super::{VERSION, form, kind, op, version_of};
use crate::base::crc64::crc64;
use crate::base::num::i64_bytes;
use crate::base::quote::label;
use crate::base::time::Millis;
use crate::keyspace::IntBuf;
use crate::persist::lzf;
use grammar::{Item, of_value};
use packs::Pack;

/// A compressed string is unfolded for its note if it becomes no longer than this.
const UNFOLD_MAX: usize = 1 << 16;
/// From this version on a file ends with a checksum.
const FIRST_SIGNED: i32 = 5;
/// "REDIS" and four digits.
const SIGNATURE: usize = 9;

/// The kind of the note that a key begins with.
pub const KEY: &str = "type and key";

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub at: usize,
    pub len: usize,
    /// So many bytes at its beginning say what it is and how long: an opcode, a type, a length.
    pub head: usize,
    /// What it belongs to: a part of the file, or a key.
    pub section: String,
    /// What it is.
    pub kind: &'static str,
    /// What it says.
    pub text: String,
    /// A moment that it names, ms since 1970.
    pub at_ms: Option<Millis>,
}

/// What comes next: one of these lies within another.
#[derive(Clone, Debug)]
enum Frame {
    /// From item `next` on, and then all of them `left` times again.
    Items {
        items: &'static [Item],
        next: usize,
        left: u64,
    },
    /// The rest of a compact encoding, up to `end`.
    Pack { pack: Pack, end: usize },
    /// The checksum.
    Checksum,
}

/// What is wrong with the bytes.
type Wrong = &'static str;
const TOO_SHORT: Wrong = "the file ends in the middle of this";

/// A walk over a file.
#[derive(Clone, Debug)]
pub struct Notes {
    at: usize,
    frames: Vec<Frame>,
    section: String,
    version: Option<i32>,
    /// The checksum of what was read.
    crc: u64,
    done: bool,
    /// The walk ended at something that it cannot read.
    wrong: bool,
}

impl Default for Notes {
    fn default() -> Notes {
        Notes {
            at: 0,
            frames: Vec::new(),
            section: "Magic".into(),
            version: None,
            crc: 0,
            done: false,
            wrong: false,
        }
    }
}

/// One piece before it has its place.
struct Piece {
    kind: &'static str,
    head: usize,
    text: String,
    at_ms: Option<Millis>,
}

fn piece(kind: &'static str, head: usize, text: String) -> Piece {
    Piece {
        kind,
        head,
        text,
        at_ms: None,
    }
}

/// A number as text.
fn number(n: u64) -> String {
    n.to_string()
}

/// The front of the bytes that are left.
#[derive(Clone, Copy)]
struct Front<'a> {
    bytes: &'a [u8],
    used: usize,
}

/// A string in its form.
struct Text<'a> {
    /// Bytes before its data.
    head: usize,
    data: Stored<'a>,
}

enum Stored<'a> {
    Plain(&'a [u8]),
    Int(i64, u8),
    Packed { bytes: &'a [u8], len: u64 },
}

impl<'a> Front<'a> {
    fn take(&mut self, len: u64) -> Result<&'a [u8], Wrong> {
        let rest = &self.bytes[self.used..];
        let len = usize::try_from(len).map_err(|_| TOO_SHORT)?;
        let bytes = rest.get(..len).ok_or(TOO_SHORT)?;
        self.used += len;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, Wrong> {
        Ok(self.take(1)?[0])
    }

    fn big_endian(&mut self, len: u64) -> Result<u64, Wrong> {
        let bytes = self.take(len)?;
        Ok(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
    }

    fn little_endian(&mut self, len: u64) -> Result<u64, Wrong> {
        let bytes = self.take(len)?;
        Ok(bytes.iter().rfold(0, |n, b| n << 8 | u64::from(*b)))
    }

    /// A length, or `Err` with the form that stands in its place.
    fn len_or_form(&mut self) -> Result<Result<u64, u8>, Wrong> {
        let first = self.byte()?;
        Ok(match first {
            0..=0x3f => Ok(first.into()),
            0x40..=0x7f => Ok(u64::from(first & 0x3f) << 8 | self.big_endian(1)?),
            0x80 => Ok(self.big_endian(4)?),
            0x81 => Ok(self.big_endian(8)?),
            0xc0.. => Err(first & 0x3f),
            _ => return Err("no length begins like this"),
        })
    }

    fn len(&mut self) -> Result<u64, Wrong> {
        self.len_or_form()?.map_err(|_| "a length is expected here")
    }

    fn text(&mut self) -> Result<Text<'a>, Wrong> {
        let from = self.used;
        let data = match self.len_or_form()? {
            Ok(len) => {
                let head = self.used - from;
                let data = Stored::Plain(self.take(len)?);
                return Ok(Text { head, data });
            }
            Err(form @ (form::INT8 | form::INT16 | form::INT32)) => {
                let width = 1u64 << form;
                let bits = 64 - 8 * width;
                let n = (self.little_endian(width)? << bits) as i64 >> bits;
                Stored::Int(n, 8 * width as u8)
            }
            Err(form::LZF) => {
                let (packed, len) = (self.len()?, self.len()?);
                let head = self.used - from;
                let bytes = self.take(packed)?;
                let data = Stored::Packed { bytes, len };
                return Ok(Text { head, data });
            }
            Err(_) => return Err("a string of an unknown form"),
        };
        Ok(Text { head: 1, data })
    }
}

impl Text<'_> {
    /// The text itself, if it can be had cheaply.
    fn bytes(&self) -> Option<std::borrow::Cow<'_, [u8]>> {
        match &self.data {
            Stored::Plain(bytes) => Some((*bytes).into()),
            Stored::Int(n, _) => Some(i64_bytes(*n, &mut IntBuf::default()).to_vec().into()),
            Stored::Packed { bytes, len } => {
                let len = usize::try_from(*len).ok().filter(|n| *n <= UNFOLD_MAX)?;
                lzf::decompress(bytes, len).map(Into::into)
            }
        }
    }

    /// As a label.
    fn label(&self) -> String {
        match self.bytes() {
            Some(bytes) => label(&bytes),
            None => "…".into(),
        }
    }

    /// How it is stored.
    fn form(&self) -> String {
        match &self.data {
            Stored::Plain(bytes) => ["length ", &number(bytes.len() as u64)].concat(),
            Stored::Int(_, bits) => ["int", &number((*bits).into())].concat(),
            Stored::Packed { bytes, len } => [
                "LZF, ",
                &number(bytes.len() as u64),
                " bytes for ",
                &number(*len),
            ]
            .concat(),
        }
    }
}

impl Notes {
    /// Where the next piece begins.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Whether the file was read to its end; more may stand behind it.
    pub fn is_whole(&self) -> bool {
        self.done && !self.wrong
    }

    /// The next piece of `bytes`, which are those of the calls before; `None` behind the last. O(its bytes).
    pub fn next(&mut self, bytes: &[u8]) -> Option<Note> {
        if self.done || self.at > bytes.len() {
            return None;
        }
        let mut front = Front {
            bytes: &bytes[self.at..],
            used: 0,
        };
        let found = match self.frames.pop() {
            _ if self.version.is_none() => self.signature(&mut front),
            None => self.record(&mut front),
            Some(Frame::Items { items, next, left }) => self.item(&mut front, items, next, left),
            Some(Frame::Pack { pack, end }) => self.pack(&mut front, pack, end),
            Some(Frame::Checksum) => self.checksum(&mut front),
        };
        let (piece, len) = match found {
            Ok(piece) => (piece, front.used),
            Err(wrong) => {
                (self.done, self.wrong) = (true, true);
                (piece("unreadable", 0, wrong.into()), front.bytes.len())
            }
        };
        self.crc = crc64(self.crc, &front.bytes[..len]);
        let at = self.at;
        self.at += len;
        Some(Note {
            at,
            len,
            head: piece.head,
            section: self.section.clone(),
            kind: piece.kind,
            text: piece.text,
            at_ms: piece.at_ms,
        })
    }

    fn signature(&mut self, front: &mut Front<'_>) -> Result<Piece, Wrong> {
        let head = front.take(SIGNATURE as u64)?;
        let digits = head
            .strip_prefix(b"REDIS")
            .ok_or("no snapshot begins like this")?;
        let version = version_of(digits);
        if !(1..=VERSION as i32).contains(&version) {
            return Err("a version that is not known");
        }
        self.version = Some(version);
        let text = ["“REDIS”, version ", &number(version as u64)].concat();
        Ok(piece("magic", SIGNATURE, text))
    }

    fn record(&mut self, front: &mut Front<'_>) -> Result<Piece, Wrong> {
        let code = front.byte()?;
        let part = match code {
            op::AUX => "Aux fields",
            op::SELECT | op::RESIZE | op::SLOT_INFO => "Database",
            op::FUNCTION | op::FUNCTION_OLD => "Functions",
            op::END => "End",
            _ => "",
        };
        if matches!(code, op::EXPIRE_MS | op::EXPIRE | op::IDLE | op::FREQ) {
            self.section = upcoming(*front, code).unwrap_or("Next key".into());
        }
        if !part.is_empty() && self.section != part {
            self.section = part.into();
        }
        match code {
            op::AUX | op::SELECT | op::RESIZE | op::SLOT_INFO | op::FUNCTION => about(front, code),
            op::EXPIRE_MS | op::EXPIRE | op::IDLE | op::FREQ => about_key(front, code),
            op::END => {
                if self.version >= Some(FIRST_SIGNED) {
                    self.frames.push(Frame::Checksum);
                } else {
                    self.done = true;
                }
                Ok(piece("EOF", 1, "the data ends here".into()))
            }
            op::FUNCTION_OLD => Err("functions of before they were released"),
            op::MODULE_AUX => Err("data of a module"),
            kind => self.key(front, kind),
        }
    }

    /// The type and the name of a key; what its value is made of comes next.
    fn key(&mut self, front: &mut Front<'_>, code: u8) -> Result<Piece, Wrong> {
        let (name, items) = of_value(code).ok_or("no type has this number")?;
        let key = front.text()?;
        self.section = key.label();
        self.push(items, 1);
        let text = [name, ", key ", &self.section, ", ", &key.form()].concat();
        Ok(piece(KEY, 1, text))
    }

    fn push(&mut self, items: &'static [Item], left: u64) {
        if left > 0 && !items.is_empty() {
            let next = 0;
            self.frames.push(Frame::Items { items, next, left });
        }
    }

    fn item(
        &mut self,
        front: &mut Front<'_>,
        items: &'static [Item],
        next: usize,
        left: u64,
    ) -> Result<Piece, Wrong> {
        if next + 1 < items.len() {
            let next = next + 1;
            self.frames.push(Frame::Items { items, next, left });
        } else {
            self.push(items, left - 1);
        }
        let named = |what: &str, value: &str| [what, " ", value].concat();
        Ok(match items[next] {
            Item::Text(what) => {
                let text = front.text()?;
                let words = [&named(what, &text.label()), ", ", &text.form()].concat();
                piece("string", text.head, words)
            }
            Item::Number(what) => piece("length", 0, named(what, &number(front.len()?))),
            Item::Times(what, items) => {
                let count = front.len()?;
                self.push(items, count);
                piece("length", front.used, named(&number(count), what))
            }
            Item::Moment(_) | Item::Double(_) | Item::Digits(_) | Item::Id(_) => {
                fixed(front, items[next])?
            }
            Item::Node => {
                let (items, text) = match front.len()? {
                    super::container::PLAIN => (grammar::LARGE, "a node that is one large element"),
                    super::container::PACKED => (grammar::PACKED, "a node that is a listpack"),
                    _ => return Err("a node of an unknown kind"),
                };
                self.push(items, 1);
                piece("container", 1, text.into())
            }
            Item::Pack(pack) => self.begin_pack(front, pack)?,
        })
    }

    fn checksum(&mut self, front: &mut Front<'_>) -> Result<Piece, Wrong> {
        let said = front.little_endian(8)?;
        self.done = true;
        let text = match said {
            0 => "CRC-64: none was made (rdbchecksum no)",
            said if said == self.crc => "CRC-64 of all before: it fits",
            _ => "CRC-64 of all before: it does not fit",
        };
        Ok(piece("CRC64", 0, text.into()))
    }
}

/// A thing that is no string and no length.
fn fixed(front: &mut Front<'_>, item: Item) -> Result<Piece, Wrong> {
    let named = |what: &str, value: &str| [what, " ", value].concat();
    Ok(match item {
        Item::Moment(what) => {
            let at_ms = front.little_endian(8)? as i64;
            let mut moment = piece("time", 0, what.into());
            moment.at_ms = Some(at_ms);
            moment
        }
        Item::Double(what) => {
            let score = f64::from_bits(front.little_endian(8)?);
            piece(
                "double",
                0,
                named(what, &crate::base::dtoa::f64_text(score)),
            )
        }
        Item::Digits(what) => {
            let score = match front.byte()? {
                253 => "nan".into(),
                254 => "inf".into(),
                255 => "-inf".into(),
                len => label(front.take(len.into())?),
            };
            piece("digits", 1, named(what, &score))
        }
        Item::Id(what) => {
            let (ms, sequence) = (number(front.big_endian(8)?), number(front.big_endian(8)?));
            piece("id", 0, named(what, &[&ms, "-", &sequence].concat()))
        }
        _ => return Err("no such thing"),
    })
}

/// What is said of the file, of a database, or a library.
fn about(front: &mut Front<'_>, code: u8) -> Result<Piece, Wrong> {
    Ok(match code {
        op::AUX => {
            let (name, value) = (front.text()?, front.text()?);
            let form = value.form();
            let text = [&name.label(), " = ", &value.label(), " (", &form, ")"].concat();
            piece("AUX", 1, text)
        }
        op::SELECT => {
            let text = ["database ", &number(front.len()?), " begins"].concat();
            piece("SELECTDB", 1, text)
        }
        op::RESIZE => {
            let (keys, expires) = (number(front.len()?), number(front.len()?));
            let text = [&keys, " keys, ", &expires, " with an expiry"].concat();
            piece("RESIZEDB", 1, text)
        }
        op::SLOT_INFO => {
            let (slot, keys, expires) = (
                number(front.len()?),
                number(front.len()?),
                number(front.len()?),
            );
            let text = [
                "slot ",
                &slot,
                ": ",
                &keys,
                " keys, ",
                &expires,
                " with an expiry",
            ];
            piece("SLOTINFO", 1, text.concat())
        }
        _ => {
            let code = front.text()?;
            let text = ["a library, ", &code.form(), ": ", &code.label()].concat();
            piece("FUNCTION2", 1, text)
        }
    })
}

/// What is said of a key before it comes.
fn about_key(front: &mut Front<'_>, code: u8) -> Result<Piece, Wrong> {
    Ok(match code {
        op::EXPIRE_MS => {
            let at_ms = front.little_endian(8)? as i64;
            expiry(at_ms, "expires, in ms since 1970")
        }
        op::EXPIRE => {
            let at_s = front.little_endian(4)? as u32 as i32;
            expiry(i64::from(at_s) * 1000, "expires, in s since 1970")
        }
        op::IDLE => {
            let text = ["not used for ", &number(front.len()?), " s"].concat();
            piece("IDLE", 1, text)
        }
        _ => {
            let text = ["used often: LFU counter ", &number(front.byte()?.into())].concat();
            piece("FREQ", 1, text)
        }
    })
}

/// The key that comes behind what is said of it, beginning with what `code` announces.
fn upcoming(mut front: Front<'_>, mut code: u8) -> Option<String> {
    // A time to live, and how it was used: no key has more said of it.
    for _ in 0..2 {
        match code {
            op::EXPIRE_MS => drop(front.take(8).ok()?),
            op::EXPIRE => drop(front.take(4).ok()?),
            op::FREQ => drop(front.take(1).ok()?),
            op::IDLE => drop(front.len().ok()?),
            _ => break,
        }
        code = front.byte().ok()?;
    }
    of_value(code)?;
    Some(front.text().ok()?.label())
}

fn expiry(at_ms: Millis, text: &str) -> Piece {
    Piece {
        at_ms: Some(at_ms),
        ..piece("expiry", 1, text.into())
    }
}
