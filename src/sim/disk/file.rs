//! One file on both sides: its bytes in the page cache, and how much of them the platter has.
//!
//! The platter holds a beginning of what the cache holds, and maybe more behind it: bytes that a program has cut off and the
//! device has not been told of yet.
//!
//! ```text
//!   cache    |################|++++++++|
//!   platter  |################|ccc|
//!            0             synced      + dirty   c cut off, still there
//! ```
use crate::base::time::Micros;

#[derive(Clone, Default)]
pub(super) struct File {
    bytes: Vec<u8>,
    /// Up to here cache and platter are one.
    synced: usize,
    /// What the platter has behind that.
    cut: Vec<u8>,
    /// Where writes ended that are not on the platter yet, and when they were made; the latest last.
    written: Vec<(usize, Micros)>,
    /// It was cut, and the platter may not know.
    length_dirty: bool,
}

impl File {
    /// A file that the platter has.
    pub(super) fn kept(bytes: Vec<u8>) -> File {
        File {
            synced: bytes.len(),
            bytes,
            ..File::default()
        }
    }

    /// Whether it was cut since the platter's length was set last.
    pub(super) fn is_cut(&self) -> bool {
        self.length_dirty
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes that the platter has.
    pub(super) fn platter(&self) -> Vec<u8> {
        [&self.bytes[..self.synced], &self.cut].concat()
    }

    pub(super) fn synced(&self) -> usize {
        self.synced
    }

    /// Bytes of room that it takes.
    pub(super) fn room(&self) -> usize {
        self.bytes.len().max(self.synced + self.cut.len())
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.synced < self.bytes.len()
    }

    pub(super) fn append(&mut self, bytes: &[u8], now_us: Micros) {
        self.bytes.extend_from_slice(bytes);
        let end = self.bytes.len();
        match self.written.last_mut() {
            Some(last) if last.1 == now_us => last.0 = end,
            _ if bytes.is_empty() => {}
            _ => self.written.push((end, now_us)),
        }
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if len >= self.bytes.len() {
            return;
        }
        if len < self.synced {
            let gone = self.bytes.drain(len..self.synced);
            self.cut.splice(0..0, gone);
            self.synced = len;
        }
        self.bytes.truncate(len);
        for (end, _) in &mut self.written {
            *end = (*end).min(len);
        }
        self.length_dirty = true;
    }

    /// The bytes up to `end` are on the platter.
    pub(super) fn sync_to(&mut self, end: usize) {
        let end = end.min(self.bytes.len());
        if end > self.synced {
            let over = (end - self.synced).min(self.cut.len());
            self.cut.drain(..over);
            self.synced = end;
        }
        let synced = self.synced;
        self.written.retain(|(end, _)| *end > synced);
    }

    /// The platter has nothing any more behind what it shares with the cache.
    pub(super) fn keep_length(&mut self) {
        self.cut.clear();
        self.length_dirty = false;
    }

    /// Where the bytes end that were written at `before_us` or earlier.
    pub(super) fn written_before(&self, before_us: Micros) -> usize {
        let old = self.written.iter().rev().find(|(_, at)| *at <= before_us);
        old.map_or(0, |(end, _)| *end)
    }

    /// The cache is lost.
    pub(super) fn crash(&mut self) {
        self.bytes.truncate(self.synced);
        self.bytes.append(&mut self.cut);
        self.synced = self.bytes.len();
        self.written.clear();
        self.length_dirty = false;
    }

    /// Turns a bit over; `None` if that byte is not on the platter.
    pub(super) fn flip(&mut self, offset: usize, bit: u8) -> Option<()> {
        let byte = self.bytes[..self.synced].get_mut(offset)?;
        *byte ^= 1 << (bit % 8);
        Some(())
    }
}
