//! The bytes of a listpack, with room to grow at the front as well.
//!
//! A list that is pushed at its head would move all its bytes for each element. So a long run keeps a gap before its
//! first byte; what comes to the front takes from it, and only the six bytes of the header move:
//!
//! ```text
//!   ┌───── gap ─────┬────────┬─────────────────────┬─────┐
//!   │ (not in use)  │ header │ entries …           │ end │
//!   └───────────────┴────────┴─────────────────────┴─────┘
//! ```
use super::{HEADER, short};
use std::ops::{Deref, DerefMut};

/// Bytes of a fresh gap: small beside a run that is long enough to get one.
const GAP: usize = 256;
/// Runs shorter than this are moved as they are.
const LONG: usize = 1024;

/// Bytes with a gap before them. Reads as the bytes alone.
#[derive(Debug, Clone)]
pub(super) struct Buffer {
    all: Vec<u8>,
    gap: usize,
}

impl Buffer {
    /// These bytes, without a gap.
    pub fn new(all: Vec<u8>) -> Buffer {
        Buffer { all, gap: 0 }
    }

    /// The bytes alone. O(1) without a gap, else O(len).
    pub fn into_vec(mut self) -> Vec<u8> {
        self.close();
        self.all
    }

    fn close(&mut self) {
        self.all.drain(..self.gap);
        self.gap = 0;
    }

    /// Bytes that the allocation holds.
    pub fn capacity(&self) -> usize {
        self.all.capacity()
    }

    /// Gives memory beyond `capacity` back. O(len).
    pub fn shrink_to(&mut self, capacity: usize) {
        self.close();
        self.all.shrink_to(capacity);
    }

    /// As `Vec`'s.
    pub fn reserve(&mut self, more: usize) {
        self.all.reserve(more);
    }

    /// As `Vec`'s.
    pub fn push(&mut self, byte: u8) {
        self.all.push(byte);
    }

    /// Drops the last byte; there is one.
    pub fn pop(&mut self) {
        self.all.pop();
    }

    /// As `Vec`'s.
    pub fn truncate(&mut self, len: usize) {
        self.all.truncate(self.gap + len);
    }

    /// Adds bytes at the end. O(bytes).
    #[inline(always)]
    pub fn extend(&mut self, bytes: &[u8]) {
        short::extend(&mut self.all, bytes);
    }

    /// Adds zero bytes at the end. O(count).
    #[inline(always)]
    pub fn lengthen(&mut self, count: usize) {
        short::lengthen(&mut self.all, count);
    }

    /// Takes bytes out. O(len), at the front O(1) while the gap stays small.
    pub fn cut(&mut self, from: usize, to: usize) {
        if from == HEADER && self.gap + (to - from) <= GAP && self.len() >= LONG {
            return self.move_header(self.gap + (to - from));
        }
        self.all.drain(self.gap + from..self.gap + to);
    }

    /// Makes room for `count` bytes behind the header. O(len), but O(1) as long as the gap lasts.
    #[inline(always)]
    pub fn open_front(&mut self, count: usize) {
        if self.gap < count {
            self.widen(count);
        }
        self.move_header(self.gap - count);
    }

    #[inline(never)]
    fn widen(&mut self, count: usize) {
        let more = if self.len() < LONG {
            count
        } else {
            count.max(GAP)
        };
        let end = self.all.len();
        self.lengthen(more);
        self.all.copy_within(self.gap..end, self.gap + more);
        self.gap += more;
    }

    #[inline(always)]
    fn move_header(&mut self, gap: usize) {
        if let Some(header) = self.first_chunk::<HEADER>().copied() {
            self.gap = gap;
            if let Some(to) = self.first_chunk_mut::<HEADER>() {
                *to = header;
            }
        }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        &self.all[self.gap..]
    }
}

impl DerefMut for Buffer {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.all[self.gap..]
    }
}

impl PartialEq for Buffer {
    fn eq(&self, other: &Buffer) -> bool {
        **self == **other
    }
}

impl Eq for Buffer {}
