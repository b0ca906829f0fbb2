//! Listpack: a whole list in one allocation.
//!
//! A pointer costs more than a short string. A list of a hundred small items is therefore kept as one run of bytes,
//! walked from either end: no pointers, no padding, and one cache line often holds ten items. The price is that
//! insertion moves everything behind it and that a search reads everything before it, so a listpack must stay
//! small; small hashes, sets, sorted sets, the nodes of lists and of streams are listpacks.
//!
//! ```text
//! | total bytes, u32 | count, u16 | entry | entry | ... | 0xFF |
//!                                  |
//!                                  +-- | encoding + data | backlen |
//!
//! "hi", 5:  0D 00 00 00  02 00  82 68 69 03  05 01  FF
//!           13 bytes     2      len 2, "hi"  5      end
//! ```
//!
//! All integers are little-endian. The count 65535 means "65535 or more, count them yourself". What looks like a
//! signed 64-bit integer, and would print back as the same bytes, is stored as one:
//!
//! ```text
//! 0xxxxxxx                    0 to 127                 F1 + 2 bytes   16-bit integer
//! 10xxxxxx + bytes            string up to 63          F2 + 3 bytes   24-bit integer
//! 110xxxxx x                  -4096 to 4095            F3 + 4 bytes   32-bit integer
//! 1110xxxx x + bytes          string up to 4095        F4 + 8 bytes   64-bit integer
//! F0 + u32 + bytes            longer string
//! ```
//!
//! `backlen` is the size of encoding + data, written so that it can be read from its last byte backwards: 7 bits a
//! byte, the high bit says that one more byte stands to the left. It lets a cursor step back.
//!
//! These are the bytes that RDB files and `DUMP` carry.
mod buffer;
mod entry;
mod view;

#[cfg(test)]
mod tests;

use buffer::Buffer;
pub use entry::{Entry, Needle, parse_int, write_int};
pub use view::{EntryView, ListpackView};

use crate::base::short;
use entry::{Prefix, backlen_size, body_size, check_entry, decode, read_backlen, write_backlen};

/// Bytes before the first entry.
const HEADER: usize = 6;
/// The byte after the last entry.
const END: u8 = 0xFF;
/// The count that means "not known".
const COUNT_UNKNOWN: u16 = u16::MAX;
/// A listpack is never grown beyond this many bytes; see [`Listpack::safe_to_add`].
pub const SAFE_BYTES: usize = 1 << 30;
/// What a new listpack allocates; doubled as it grows, it ends at the usual node sizes.
const ROOM: usize = 32;
/// Size of a listpack without entries.
pub const EMPTY_BYTES: usize = HEADER + 1;

/// Where an entry begins, as a byte offset. Any change of the listpack before that offset makes it stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pos(usize);

impl Pos {
    /// Offset in bytes from the start of the listpack.
    pub fn offset(self) -> usize {
        self.0
    }
}

/// The entry at `at` of bytes that nobody has looked at, and its size with what ends it; `None` if none stands there whole.
pub fn entry_at(bytes: &[u8], at: usize) -> Option<(Entry<'_>, usize)> {
    let size = check_entry(bytes, at)?;
    Some((decode(bytes, at).0, size))
}

/// The bytes of one listpack, always valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listpack(Buffer);

impl Default for Listpack {
    fn default() -> Self {
        Self::new()
    }
}

impl Listpack {
    /// Where the first entry stands, if there is one; [`find`](Self::find) accepts it for an empty listpack too.
    pub const START: Pos = Pos(HEADER);

    /// An empty listpack: 7 bytes, with room for a few entries.
    pub fn new() -> Self {
        Self::with_capacity(ROOM)
    }

    /// An empty listpack with room for `bytes` bytes in all.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut buf = Vec::with_capacity(bytes.max(EMPTY_BYTES));
        buf.extend_from_slice(&[EMPTY_BYTES as u8, 0, 0, 0, 0, 0, END]);
        Listpack(Buffer::new(buf))
    }

    /// Takes bytes from outside: every length is checked against the buffer, every backlen against its entry, the
    /// count against the entries. O(n). Errors say what is wrong and where.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.len() < EMPTY_BYTES {
            return Err(format!("listpack: {} bytes are too few", bytes.len()));
        }
        let total = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        if total as usize != bytes.len() {
            return Err(format!("listpack: says {total} bytes, has {}", bytes.len()));
        }
        let end = bytes.len() - 1;
        if bytes[end] != END {
            return Err("listpack: the end byte is missing".to_string());
        }
        let mut at = HEADER;
        let mut entries = 0u64;
        while at < end {
            at += check_entry(&bytes[..end], at)
                .ok_or_else(|| format!("listpack: bad entry at {at}"))?;
            entries += 1;
        }
        let count = u16::from_le_bytes([bytes[4], bytes[5]]);
        if count != COUNT_UNKNOWN && u64::from(count) != entries {
            return Err(format!("listpack: says {count} entries, has {entries}"));
        }
        Ok(Listpack(Buffer::new(bytes)))
    }

    /// The listpack as RDB and `DUMP` carry it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Gives the bytes away.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }

    /// Gives back memory that was kept for more entries. O(bytes).
    pub fn shrink_to_fit(&mut self) {
        self.0.shrink_to(0);
    }

    /// Size in bytes, header and end byte included. O(1).
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// Number of entries. O(1) up to 65534, O(n) above.
    pub fn len(&self) -> usize {
        match self.count() {
            COUNT_UNKNOWN => self.iter().count(),
            count => count.into(),
        }
    }

    /// Whether there is no entry. O(1).
    pub fn is_empty(&self) -> bool {
        self.0.len() == EMPTY_BYTES
    }

    /// Whether `extra` more bytes keep the listpack within [`SAFE_BYTES`]. Callers whose limits a user may raise ask
    /// before they add; lengths are 32 bits in this format.
    pub fn safe_to_add(&self, extra: usize) -> bool {
        self.0
            .len()
            .checked_add(extra)
            .is_some_and(|sum| sum <= SAFE_BYTES)
    }

    /// Bytes that `value` would take as an entry.
    pub fn entry_bytes(value: &[u8]) -> usize {
        let (prefix, rest) = Prefix::of(value);
        let body = prefix.len() + rest.len();
        body + backlen_size(body)
    }

    /// The first entry. O(1).
    pub fn first(&self) -> Option<Pos> {
        self.at_or_end(HEADER)
    }

    /// The last entry. O(1).
    pub fn last(&self) -> Option<Pos> {
        self.before(self.end())
    }

    /// The entry after `pos`. O(1).
    pub fn next(&self, pos: Pos) -> Option<Pos> {
        self.at_or_end(self.after(pos.0))
    }

    /// The entry before `pos`. O(1).
    pub fn prev(&self, pos: Pos) -> Option<Pos> {
        self.before(pos.0)
    }

    /// The entry at `index`, counted from the end if negative (-1 is the last). O(n), from the nearer end.
    pub fn seek(&self, index: i64) -> Option<Pos> {
        let mut index = index;
        if self.count() != COUNT_UNKNOWN {
            let len = i64::from(self.count());
            if index < 0 {
                index += len;
            }
            if index < 0 || index >= len {
                return None;
            }
            if index > len / 2 {
                index -= len;
            }
        }
        if index >= 0 {
            let mut pos = self.first()?;
            for _ in 0..index {
                pos = self.next(pos)?;
            }
            return Some(pos);
        }
        let mut pos = self.last()?;
        for _ in index..-1 {
            pos = self.prev(pos)?;
        }
        Some(pos)
    }

    /// The entry at `pos`. O(1).
    pub fn get(&self, pos: Pos) -> Entry<'_> {
        decode(&self.0, pos.0).0
    }

    /// Adds `value` at the end. O(1) amortised.
    pub fn push(&mut self, value: &[u8]) {
        let (prefix, rest) = Prefix::of(value);
        self.push_parts(&prefix, rest);
    }

    /// Adds an integer at the end. O(1) amortised.
    pub fn push_int(&mut self, value: i64) {
        self.push_parts(&Prefix::of_int(value), b"");
    }

    /// Adds `value` at the front. O(bytes).
    pub fn push_front(&mut self, value: &[u8]) {
        self.insert_before(Pos(HEADER), value);
    }

    /// Puts `value` before the entry at `pos` and returns where it stands. O(bytes).
    pub fn insert_before(&mut self, pos: Pos, value: &[u8]) -> Pos {
        let (prefix, rest) = Prefix::of(value);
        self.splice(pos.0, 0, &prefix, rest);
        self.add_to_count(1);
        pos
    }

    /// Puts `value` after the entry at `pos` and returns where it stands. O(bytes).
    pub fn insert_after(&mut self, pos: Pos, value: &[u8]) -> Pos {
        let after = Pos(self.after(pos.0));
        self.insert_before(after, value)
    }

    /// Puts `value` in the place of the entry at `pos`, which stays its position. O(bytes).
    pub fn replace(&mut self, pos: Pos, value: &[u8]) {
        let old = self.after(pos.0) - pos.0;
        let (prefix, rest) = Prefix::of(value);
        self.splice(pos.0, old, &prefix, rest);
    }

    /// As [`replace`](Self::replace), with an integer.
    pub fn replace_int(&mut self, pos: Pos, value: i64) {
        let old = self.after(pos.0) - pos.0;
        self.splice(pos.0, old, &Prefix::of_int(value), b"");
    }

    /// Removes the entry at `pos` and returns the one that followed it. O(bytes).
    pub fn delete(&mut self, pos: Pos) -> Option<Pos> {
        let after = self.after(pos.0);
        self.cut(pos.0, after, 1);
        self.at_or_end(pos.0)
    }

    /// Removes up to `count` entries from `index` on (negative: from the end). Returns how many. O(bytes).
    pub fn delete_range(&mut self, index: i64, count: usize) -> usize {
        match self.seek(index) {
            Some(pos) => self.delete_from(pos, count),
            None => 0,
        }
    }

    /// Removes up to `count` entries from `pos` on. Returns how many; what followed them now stands at `pos`.
    /// O(bytes).
    pub fn delete_from(&mut self, pos: Pos, count: usize) -> usize {
        let end = self.end();
        let mut at = pos.0;
        let mut removed = 0;
        while removed < count && at < end {
            at = self.after(at);
            removed += 1;
        }
        self.cut(pos.0, at, removed);
        removed
    }

    /// The first entry equal to `value` at or after `from`, where `skip` entries are passed over after each that is
    /// compared (1 finds a field in field, value, field, value). O(bytes), without a decoded copy.
    pub fn find(&self, value: &[u8], from: Pos, skip: usize) -> Option<Pos> {
        self.find_needle(&Needle::new(value), from, skip)
    }

    /// As [`find`](Self::find), for a value that is looked for in many listpacks.
    pub fn find_needle(&self, needle: &Needle<'_>, from: Pos, skip: usize) -> Option<Pos> {
        let buf = &self.0[..];
        let mut at = from.0;
        loop {
            if buf[at] == END {
                return None;
            }
            let (body, same) = needle.compare_at(buf, at);
            if same {
                return Some(Pos(at));
            }
            at += body + backlen_size(body);
            for _ in 0..skip {
                if buf[at] == END {
                    return None;
                }
                let body = body_size(buf, at);
                at += body + backlen_size(body);
            }
        }
    }

    /// Removes entries equal to the needle: of the matches in order, the first `skip` stay, then at most `max` go.
    /// Returns how many went. O(bytes): one pass, however many match.
    pub fn remove_matching(&mut self, needle: &Needle<'_>, skip: usize, max: usize) -> usize {
        let (mut read, mut write) = (HEADER, HEADER);
        let (mut seen, mut removed) = (0, 0);
        while removed < max {
            let Some(found) = self.find_needle(needle, Pos(read), 0) else {
                break;
            };
            let after = self.after(found.0);
            let kept = if seen < skip { after } else { found.0 };
            removed += usize::from(seen >= skip);
            seen += 1;
            if write != read {
                self.0.copy_within(read..kept, write);
            }
            write += kept - read;
            read = after;
        }
        if removed > 0 {
            self.cut(write, read, removed);
        }
        removed
    }

    /// How many entries equal the needle. O(bytes).
    pub fn count_matching(&self, needle: &Needle<'_>) -> usize {
        let mut count = 0;
        let mut from = Pos(HEADER);
        while let Some(found) = self.find_needle(needle, from, 0) {
            count += 1;
            from = Pos(self.after(found.0));
        }
        count
    }

    /// Moves the entries from `index` on into a new listpack. An `index` outside takes nothing. O(bytes).
    pub fn split_off(&mut self, index: i64) -> Listpack {
        match self.seek(index) {
            Some(pos) => self.split_off_at(pos),
            None => Listpack::new(),
        }
    }

    /// Moves the entries from `pos` on into a new listpack. O(bytes).
    pub fn split_off_at(&mut self, pos: Pos) -> Listpack {
        let end = self.end();
        let mut tail = Listpack::with_capacity(EMPTY_BYTES + end - pos.0);
        let moved = self.iter_from(pos).count();
        tail.append_run(&self.0[pos.0..end], moved);
        self.cut(pos.0, end, moved);
        tail
    }

    /// Copies all entries of `other` behind this one's. O(bytes of `other`).
    pub fn append(&mut self, other: &Listpack) {
        self.append_run(&other.0[HEADER..other.end()], other.len());
    }

    /// The entries in order, from both ends.
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            lp: self,
            front: HEADER,
            back: self.end(),
        }
    }

    /// The entries from `pos` to the end.
    pub fn iter_from(&self, pos: Pos) -> Iter<'_> {
        Iter {
            lp: self,
            front: pos.0,
            back: self.end(),
        }
    }

    /// The entries from the first up to and including `pos`; reversed, it walks from `pos` to the head.
    pub fn iter_to(&self, pos: Pos) -> Iter<'_> {
        Iter {
            lp: self,
            front: HEADER,
            back: self.after(pos.0),
        }
    }

    fn end(&self) -> usize {
        self.0.len() - 1
    }

    fn count(&self) -> u16 {
        u16::from_le_bytes([self.0[4], self.0[5]])
    }

    fn after(&self, at: usize) -> usize {
        let body = body_size(&self.0, at);
        at + body + backlen_size(body)
    }

    fn at_or_end(&self, at: usize) -> Option<Pos> {
        (at < self.end()).then_some(Pos(at))
    }

    fn before(&self, at: usize) -> Option<Pos> {
        if at <= HEADER {
            return None;
        }
        let body = read_backlen(&self.0, at - 1);
        Some(Pos(at - body - backlen_size(body)))
    }

    fn push_parts(&mut self, prefix: &Prefix, rest: &[u8]) {
        let body = prefix.len() + rest.len();
        let (backlen, size) = write_backlen(body);
        self.0.reserve(body + size);
        self.0.pop();
        self.0.extend(prefix.as_bytes());
        self.0.extend(rest);
        self.0.extend(&backlen[..size]);
        self.0.push(END);
        self.write_total();
        self.add_to_count(1);
    }

    /// Puts an entry in the place of `old` bytes at `at`; the count is the caller's.
    #[inline(always)]
    fn splice(&mut self, at: usize, old: usize, prefix: &Prefix, rest: &[u8]) {
        let body = prefix.len() + rest.len();
        let (backlen, size) = write_backlen(body);
        let len = self.0.len();
        let new = body + size;
        if old == 0 && at == HEADER {
            self.0.open_front(new);
        } else if new != old {
            self.0.lengthen(new.saturating_sub(old));
            self.0.copy_within(at + old..len, at + new);
            self.0.truncate(len + new - old);
        }
        let text = at + prefix.len();
        short::copy(&mut self.0[at..text], prefix.as_bytes());
        short::copy(&mut self.0[text..at + body], rest);
        short::copy(&mut self.0[at + body..at + new], &backlen[..size]);
        self.write_total();
    }

    /// Takes out the bytes of `entries` whole entries.
    fn cut(&mut self, from: usize, to: usize, entries: usize) {
        self.0.cut(from, to);
        self.write_total();
        // Give memory back once three quarters are unused: seldom enough to cost nothing on average.
        let len = self.0.len();
        if self.0.capacity() / 4 > len.max(ROOM) {
            self.0.shrink_to(2 * len);
        }
        let count = self.count();
        if count != COUNT_UNKNOWN {
            self.write_count(usize::from(count) - entries);
        }
    }

    fn append_run(&mut self, run: &[u8], entries: usize) {
        self.0.pop();
        self.0.extend(run);
        self.0.push(END);
        self.write_total();
        self.add_to_count(entries);
    }

    fn add_to_count(&mut self, entries: usize) {
        let count = self.count();
        if count != COUNT_UNKNOWN {
            self.write_count(usize::from(count) + entries);
        }
    }

    fn write_count(&mut self, count: usize) {
        let count = u16::try_from(count).unwrap_or(COUNT_UNKNOWN);
        self.0[4..6].copy_from_slice(&count.to_le_bytes());
    }

    fn write_total(&mut self) {
        let total = u32::try_from(self.0.len()).expect("callers keep listpacks within SAFE_BYTES");
        self.0[..4].copy_from_slice(&total.to_le_bytes());
    }
}

/// Entries of a listpack, from both ends.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    lp: &'a Listpack,
    front: usize,
    back: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        if self.front >= self.back {
            return None;
        }
        let (entry, body) = decode(&self.lp.0, self.front);
        self.front += body + backlen_size(body);
        Some(entry)
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        let pos = self.lp.before(self.back)?;
        self.back = pos.0;
        Some(self.lp.get(pos))
    }
}

impl<'a> IntoIterator for &'a Listpack {
    type Item = Entry<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}
