//! Strings that hold a compact encoding, laid open entry by entry where they are not compressed.
use super::super::old;
use super::{Frame, Front, Notes, Piece, Stored, Text, Wrong, number, piece};
use crate::base::num::i64_bytes;
use crate::base::quote::label;
use crate::ds::listpack::{Entry, Listpack, entry_at};
use crate::keyspace::IntBuf;

/// What the entries of a compact encoding are, in turn.
type Roles = &'static [&'static str];

/// A compact encoding, and how many entries of it were read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pack {
    Listpack(Roles, u64),
    Ziplist(Roles, u64),
    /// Width of a number in bytes; 0 before it is known.
    Intset(u64),
    Zipmap,
    /// The sixteen bytes of the id that a stream's node begins with.
    FirstId,
}

/// Entries that are named of one that is compressed.
const NAMED: usize = 6;

impl Pack {
    pub(super) const LIST: Pack = Pack::Listpack(&["element"], 0);
    pub(super) const SET: Pack = Pack::Listpack(&["member"], 0);
    pub(super) const HASH: Pack = Pack::Listpack(&["field", "value"], 0);
    pub(super) const ZSET: Pack = Pack::Listpack(&["member", "score"], 0);
    pub(super) const STREAM: Pack = Pack::Listpack(&["item"], 0);
    pub(super) const ZIP_LIST: Pack = Pack::Ziplist(&["element"], 0);
    pub(super) const ZIP_HASH: Pack = Pack::Ziplist(&["field", "value"], 0);
    pub(super) const ZIP_ZSET: Pack = Pack::Ziplist(&["member", "score"], 0);
    pub(super) const INTS: Pack = Pack::Intset(0);

    /// Its name, and the bytes before its first entry.
    fn head(self) -> (&'static str, usize) {
        match self {
            Pack::Listpack(..) => ("listpack", 6),
            Pack::Ziplist(..) => ("ziplist", 10),
            Pack::Intset(_) => ("intset", 8),
            Pack::Zipmap => ("zipmap", 0),
            Pack::FirstId => ("id", 0),
        }
    }
}

impl Pack {
    /// What a compressed one holds, in words.
    fn folded(self, text: &Text<'_>) -> String {
        let entries = text.bytes().and_then(|bytes| match self {
            Pack::Listpack(..) => Listpack::from_bytes(bytes.into_owned()).ok(),
            Pack::Ziplist(..) => old::ziplist(&bytes),
            Pack::Zipmap => old::zipmap(&bytes),
            _ => None,
        });
        let held = entries.map(|pack| shown(&pack)).unwrap_or_default();
        [self.head().0, ", ", &text.form(), ": ", &held].concat()
    }
}

fn entry_label(entry: Entry<'_>) -> String {
    match entry {
        Entry::Str(bytes) => label(bytes),
        Entry::Int(n) => label(i64_bytes(n, &mut IntBuf::default())),
    }
}

/// The first entries of a listpack in a row.
fn shown(pack: &Listpack) -> String {
    let names: Vec<String> = pack.iter().take(NAMED).map(entry_label).collect();
    let more = if pack.len() > NAMED { ", …" } else { "" };
    [&names.join(", "), more].concat()
}

impl Notes {
    /// The length and the header of a compact encoding; its entries come next.
    pub(super) fn begin_pack(&mut self, front: &mut Front<'_>, pack: Pack) -> Result<Piece, Wrong> {
        let text = front.text()?;
        let (name, header) = pack.head();
        let bytes = match &text.data {
            Stored::Plain(bytes) => *bytes,
            _ => return Ok(piece("LZF", text.head, pack.folded(&text))),
        };
        if let Pack::FirstId = pack {
            let half = |bytes: &[u8]| bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b));
            let id = bytes.split_at_checked(8).filter(|_| bytes.len() == 16);
            let (ms, sequence) = id.ok_or("no id of a stream has so many bytes")?;
            let id = [&number(half(ms)), "-", &number(half(sequence))].concat();
            return Ok(piece(
                "id",
                text.head,
                ["the node's first id ", &id].concat(),
            ));
        }
        if let Pack::Zipmap = pack {
            let held = old::zipmap(bytes).map(|pack| shown(&pack));
            let held = held.ok_or("a zipmap that is not whole")?;
            let words = ["zipmap, ", &text.form(), ": ", &held].concat();
            return Ok(piece("zipmap", text.head, words));
        }
        if bytes.len() < header {
            return Err("a compact encoding that is not whole");
        }
        let le = |from: usize, len: usize| {
            let bytes = &bytes[from..from + len];
            bytes.iter().rfold(0, |n, b| n << 8 | u64::from(*b))
        };
        let (pack, words) = match pack {
            Pack::Intset(_) => (
                Pack::Intset(le(0, 4)),
                [
                    &number(le(4, 4)),
                    " numbers of ",
                    &number(le(0, 4)),
                    " bytes",
                ]
                .concat(),
            ),
            Pack::Ziplist(..) => (
                pack,
                [&number(le(0, 4)), " bytes, ", &number(le(8, 2)), " entries"].concat(),
            ),
            _ => (
                pack,
                [&number(le(0, 4)), " bytes, ", &number(le(4, 2)), " entries"].concat(),
            ),
        };
        // The entries are left for the next calls.
        front.used -= bytes.len() - header;
        let end = self.at + front.used + bytes.len() - header;
        if bytes.len() > header {
            self.frames.push(Frame::Pack { pack, end });
        }
        let words = [name, ", ", &text.form(), "; header: ", &words].concat();
        Ok(piece(name, text.head, words))
    }

    /// The next entry of a compact encoding, or its end.
    pub(super) fn pack(
        &mut self,
        front: &mut Front<'_>,
        pack: Pack,
        end: usize,
    ) -> Result<Piece, Wrong> {
        const NOT_WHOLE: Wrong = "an entry that is not whole";
        let bytes = front.bytes.get(..end - self.at).ok_or(super::TOO_SHORT)?;
        let (next, used, found) = match pack {
            Pack::Listpack(..) | Pack::Ziplist(..) if bytes == [0xff] => (
                pack,
                1,
                piece("end", 0, ["end of ", pack.head().0].concat()),
            ),
            Pack::Listpack(roles, count) => {
                let (entry, size) = entry_at(bytes, 0).ok_or(NOT_WHOLE)?;
                let role = roles[(count % roles.len() as u64) as usize];
                let text = [role, " ", &entry_label(entry)].concat();
                let next = Pack::Listpack(roles, count + 1);
                (next, size, piece("entry", 1, text))
            }
            Pack::Ziplist(roles, count) => {
                let (entry, size) = old::ziplist_at(bytes).ok_or(NOT_WHOLE)?;
                let role = roles[(count % roles.len() as u64) as usize];
                let text = [role, " ", &entry].concat();
                let next = Pack::Ziplist(roles, count + 1);
                (next, size, piece("entry", 1, text))
            }
            Pack::Intset(width @ (2 | 4 | 8)) if bytes.len() as u64 >= width => {
                let width = width as usize;
                let bits = 64 - 8 * width;
                let raw = bytes[..width]
                    .iter()
                    .rfold(0, |n, b| n << 8 | u64::from(*b));
                let n = (raw << bits) as i64 >> bits;
                let text = ["member ", &n.to_string()].concat();
                (pack, width, piece("entry", 0, text))
            }
            _ => return Err(NOT_WHOLE),
        };
        front.take(used as u64)?;
        if self.at + used < end {
            self.frames.push(Frame::Pack { pack: next, end });
        }
        Ok(found)
    }
}
