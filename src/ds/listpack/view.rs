//! What a view of a listpack shows.
use super::entry::{backlen_size, body_size, decode};
use super::{COUNT_UNKNOWN, Entry, HEADER, Listpack};

/// A listpack laid open.
#[derive(Debug, Clone, PartialEq)]
pub struct ListpackView {
    /// Size in bytes, as the first four bytes say it.
    pub total_bytes: u32,
    /// What the two bytes of the count say; 65535 is "not known".
    pub count_field: u16,
    /// Number of entries. With the count unknown and more entries than asked for, still the field.
    pub len: u32,
    /// The first entries, at most as many as asked for.
    pub entries: Vec<EntryView>,
    /// Whether entries were left out.
    pub cut: bool,
}

/// One entry laid open.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryView {
    /// Where it begins, in bytes from the start of the listpack.
    pub offset: u32,
    /// Its form: `uint7`, `int13`, `int16`, `int24`, `int32`, `int64`, `str6`, `str12`, `str32`.
    pub encoding: &'static str,
    /// Bytes of encoding (for an integer, all but the bytes it adds).
    pub header_bytes: u32,
    /// Bytes of data after the encoding; 0 where the value sits in the encoding itself.
    pub data_bytes: u32,
    /// Bytes of backlen.
    pub backlen_bytes: u32,
    /// What a client sees: text, or the digits of an integer.
    pub value: Vec<u8>,
    /// Whether it is stored as an integer.
    pub is_int: bool,
}

impl Listpack {
    /// The listpack as plain data: its header and at most `max_entries` entries. O(entries shown).
    pub fn inspect(&self, max_entries: usize) -> ListpackView {
        let mut entries = Vec::new();
        let mut at = HEADER;
        while at < self.end() && entries.len() < max_entries {
            let view = view_entry(self.as_bytes(), at);
            at += (view.header_bytes + view.data_bytes + view.backlen_bytes) as usize;
            entries.push(view);
        }
        let cut = at < self.end();
        let known = self.count() != COUNT_UNKNOWN;
        ListpackView {
            total_bytes: self.bytes() as u32,
            count_field: self.count(),
            len: if known || cut {
                self.count().into()
            } else {
                entries.len() as u32
            },
            entries,
            cut,
        }
    }
}

fn view_entry(buf: &[u8], at: usize) -> EntryView {
    let (entry, _) = decode(buf, at);
    let (encoding, header) = match buf[at] {
        0x00..=0x7F => ("uint7", 1),
        0x80..=0xBF => ("str6", 1),
        0xC0..=0xDF => ("int13", 2),
        0xE0..=0xEF => ("str12", 2),
        0xF0 => ("str32", 5),
        0xF1 => ("int16", 1),
        0xF2 => ("int24", 1),
        0xF3 => ("int32", 1),
        _ => ("int64", 1),
    };
    let body = body_size(buf, at);
    EntryView {
        offset: at as u32,
        encoding,
        header_bytes: header,
        data_bytes: body as u32 - header,
        backlen_bytes: backlen_size(body) as u32,
        value: entry.to_vec(),
        is_int: matches!(entry, Entry::Int(_)),
    }
}
