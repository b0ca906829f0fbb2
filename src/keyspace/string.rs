//! The string value: an integer, a short string that shares its object's allocation (`embstr`), or a growing buffer (`raw`).
use crate::base::{alloc, num};

/// A string longer than this is `raw`; up to it the real server puts object and bytes in one 64-byte allocation.
pub const EMBSTR_MAX: usize = 44;

/// Room for the digits of an integer that is read as bytes.
pub type IntBuf = [u8; 20];

/// The longest string that stands in the value itself: no larger than the room that the other shapes need anyway, with
/// pointers of four bytes as with eight.
const SHORT_MAX: usize = 14;

/// A string value in the encoding that a real server would choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Str {
    Int(i64),
    /// An `embstr` of up to [`SHORT_MAX`] bytes: no allocation, and no second place in memory to read.
    Short {
        len: u8,
        bytes: [u8; SHORT_MAX],
    },
    /// A longer `embstr`.
    Embstr(Box<[u8]>),
    Raw(Vec<u8>),
}

impl Str {
    /// A value as SET stores it: an integer if its digits are just an i64's, else by length.
    pub fn new(bytes: &[u8]) -> Str {
        if bytes.len() <= 20
            && let Some(n) = num::parse_i64(bytes)
        {
            return Str::Int(n);
        }
        Str::plain(bytes)
    }

    /// A value that stays a string even where it reads as an integer.
    pub fn plain(bytes: &[u8]) -> Str {
        if bytes.len() <= SHORT_MAX {
            // Byte by byte: a copy of a length that is not known is a call out of the module in wasm.
            Str::Short {
                len: bytes.len() as u8,
                bytes: std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(0)),
            }
        } else if bytes.len() <= EMBSTR_MAX {
            Str::Embstr(bytes.into())
        } else {
            Str::Raw(bytes.to_vec())
        }
    }

    /// The bytes; an integer is printed into `digits`.
    pub fn bytes<'a>(&'a self, digits: &'a mut IntBuf) -> &'a [u8] {
        match self {
            Str::Int(n) => num::i64_bytes(*n, digits),
            Str::Short { len, bytes } => &bytes[..*len as usize],
            Str::Embstr(b) => b,
            Str::Raw(b) => b,
        }
    }

    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes(&mut IntBuf::default()).to_vec()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.bytes(&mut IntBuf::default()).len()
    }

    /// Whether it has no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The integer that it reads as, if any.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Str::Int(n) => Some(*n),
            Str::Short { len, bytes } => num::parse_i64(&bytes[..*len as usize]),
            Str::Embstr(b) => num::parse_i64(b),
            Str::Raw(b) => num::parse_i64(b),
        }
    }

    /// The bytes to change in place: from here on the value is `raw`, as APPEND and SETRANGE leave it.
    pub fn raw_mut(&mut self) -> &mut Vec<u8> {
        if !matches!(self, Str::Raw(_)) {
            *self = Str::Raw(self.to_vec());
        }
        match self {
            Str::Raw(b) => b,
            _ => unreachable!("made raw above"),
        }
    }

    /// Adds bytes at the end; the new length. O(`more`) amortized.
    pub fn append(&mut self, more: &[u8]) -> usize {
        let bytes = self.raw_mut();
        grow(bytes, bytes.len() + more.len());
        bytes.extend_from_slice(more);
        bytes.len()
    }

    /// Writes `patch` at `offset`, with zero bytes before it where the string is shorter; the new length.
    pub fn overwrite(&mut self, offset: usize, patch: &[u8]) -> usize {
        let bytes = self.raw_mut();
        let end = offset + patch.len();
        if end > bytes.len() {
            grow(bytes, end);
            bytes.resize(end, 0);
        }
        bytes[offset..end].copy_from_slice(patch);
        bytes.len()
    }

    /// Makes the value `raw` and, where it is shorter than `len` bytes, fills it up with zero bytes; whether it was.
    pub fn fill_to(&mut self, len: usize) -> bool {
        let bytes = self.raw_mut();
        let shorter = bytes.len() < len;
        if shorter {
            grow(bytes, len);
            bytes.resize(len, 0);
        }
        shorter
    }

    /// Takes `bytes` over if the value is of the same shape already, so that nothing has to be allocated; whether it did.
    pub fn overwrite_in_place(&mut self, bytes: &[u8]) -> bool {
        match self {
            Str::Short { len, bytes: b } if bytes.len() <= SHORT_MAX && !starts_like_int(bytes) => {
                *len = bytes.len() as u8;
                for (at, byte) in b.iter_mut().enumerate() {
                    *byte = bytes.get(at).copied().unwrap_or(0);
                }
                true
            }
            // Anything that may be an integer is left to `Str::new`.
            Str::Embstr(b) if b.len() == bytes.len() && !starts_like_int(bytes) => {
                b.copy_from_slice(bytes);
                true
            }
            Str::Raw(b) if b.len() == bytes.len() && b.capacity() == b.len() => {
                let raw = bytes.len() > EMBSTR_MAX;
                if raw {
                    b.copy_from_slice(bytes);
                }
                raw
            }
            _ => false,
        }
    }

    /// `int`, `embstr` or `raw`.
    pub fn encoding(&self) -> &'static str {
        match self {
            Str::Int(_) => "int",
            Str::Short { .. } | Str::Embstr(_) => "embstr",
            Str::Raw(_) => "raw",
        }
    }

    /// Modelled bytes with the object header (an `embstr` shares its allocation with it). O(1).
    pub fn mem_bytes(&self) -> usize {
        match self {
            Str::Int(_) => 16,
            Str::Short { len, .. } => alloc::size_class(16 + 3 + *len as usize + 1),
            Str::Embstr(b) => alloc::size_class(16 + 3 + b.len() + 1),
            Str::Raw(b) => 16 + alloc::sds_size(b.capacity()),
        }
    }
}

fn starts_like_int(bytes: &[u8]) -> bool {
    matches!(bytes, [b'0'..=b'9' | b'-', ..])
}

/// Makes room for `len` bytes as the real server does: twice of it, or 1 MB more, and what the allocator adds to that.
/// The capacity is so the same on every machine, and the memory model can read it.
fn grow(bytes: &mut Vec<u8>, len: usize) {
    const MAX_PREALLOC: usize = 1 << 20;
    if len <= bytes.capacity() {
        return;
    }
    // A fresh string has only the capacity that it was made with, but on a real server it owns its whole allocation.
    let mut room = alloc::fresh_sds_room(bytes.capacity());
    if len > room {
        room = alloc::sds_room(len + len.min(MAX_PREALLOC));
    }
    bytes.reserve_exact(room - bytes.len());
}
