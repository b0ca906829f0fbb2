//! A value in one run of bytes, laid open: what each entry says of itself, and the entry that the last command was about.
use super::value::Head;
use super::{focus::Focus, hex, label};
use crate::ds::listpack::{EntryView, Listpack};
use crate::lab::json::{Object, Writer, json_object};

/// Entries that are laid open.
const PACK_ENTRIES: usize = 512;
/// Bytes of one entry that are shown.
const SHOWN_BYTES: usize = 16;

/// A value that is a listpack.
#[derive(Debug, PartialEq)]
pub struct PackModel {
    pub head: Head,
    pub bytes: Bytes,
    /// The element that the last command was about.
    pub focus: Option<PackFocus>,
}

impl Object for PackModel {
    fn fields(&self, out: &mut Writer) {
        out.field("head", &self.head);
        out.field("focus", &self.focus);
        self.bytes.fields(out);
    }
}

/// A listpack with its bytes told apart.
#[derive(Debug, PartialEq)]
pub struct Bytes {
    pub total_bytes: u32,
    /// Entries that belong together: 2 for members with scores and fields with values.
    pub step: u32,
    pub entries: Vec<PackEntry>,
    /// Whether entries were left out.
    pub cut: bool,
    /// The bytes of the entry in question, or of the first one.
    pub open: Option<OpenEntry>,
}
json_object! { Bytes: total_bytes, step, entries, cut, open }

/// One entry.
#[derive(Debug, PartialEq)]
pub struct PackEntry {
    pub offset: u32,
    pub bytes: u32,
    pub header_bytes: u32,
    pub data_bytes: u32,
    pub backlen_bytes: u32,
    pub encoding: &'static str,
    pub value: String,
}
json_object! { PackEntry: offset, bytes, header_bytes, data_bytes, backlen_bytes, encoding, value }

/// An element found by reading from the front.
#[derive(Debug, PartialEq)]
pub struct PackFocus {
    /// Its first entry.
    pub entry: u32,
    pub command: String,
    /// Elements read until it was found, itself included.
    pub read: u64,
}
json_object! { PackFocus: entry, command, read }

/// The bytes of one entry.
#[derive(Debug, PartialEq)]
pub struct OpenEntry {
    pub entry: u32,
    /// Two digits each; of a long one the first and the back length.
    pub hex: Vec<String>,
    /// Bytes left out before the back length.
    pub left_out: u32,
}
json_object! { OpenEntry: entry, hex, left_out }

/// `step`: how many entries make an element.
pub(super) fn model(lp: &Listpack, step: usize, head: Head, focus: &Focus) -> PackModel {
    let found = focus.element.as_deref().and_then(|wanted| {
        let mut elements = lp.iter().step_by(step).take(PACK_ENTRIES / step);
        let at = elements.position(|e| e.to_vec() == wanted)?;
        Some(PackFocus {
            entry: (at * step) as u32,
            command: focus.command.clone(),
            read: at as u64 + 1,
        })
    });
    let shown = found.as_ref().map_or(0, |f| f.entry as usize);
    PackModel {
        head,
        bytes: bytes(lp, step, shown),
        focus: found,
    }
}

/// The bytes of a listpack, with those of entry `shown` one by one.
pub(super) fn bytes(lp: &Listpack, step: usize, shown: usize) -> Bytes {
    let view = lp.inspect(PACK_ENTRIES);
    let open = view.entries.get(shown).map(|e| open(lp, shown, e));
    let entries = view.entries.iter().map(|e| PackEntry {
        offset: e.offset,
        bytes: size(e),
        header_bytes: e.header_bytes,
        data_bytes: e.data_bytes,
        backlen_bytes: e.backlen_bytes,
        encoding: e.encoding,
        value: label(&e.value),
    });
    Bytes {
        total_bytes: view.total_bytes,
        step: step as u32,
        entries: entries.collect(),
        cut: view.cut,
        open,
    }
}

fn size(entry: &EntryView) -> u32 {
    entry.header_bytes + entry.data_bytes + entry.backlen_bytes
}

fn open(lp: &Listpack, number: usize, entry: &EntryView) -> OpenEntry {
    let (start, bytes) = (entry.offset as usize, size(entry) as usize);
    let all = &lp.as_bytes()[start..start + bytes];
    let (body, back) = all.split_at(bytes - entry.backlen_bytes as usize);
    let shown = &body[..body.len().min(SHOWN_BYTES)];
    OpenEntry {
        entry: number as u32,
        hex: shown.iter().chain(back).map(hex).collect(),
        left_out: (body.len() - shown.len()) as u32,
    }
}
