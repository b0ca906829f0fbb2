//! One entry: how it is read, written, compared and checked.
//!
//! Functions that take `buf` and an offset trust the bytes, which [`check_entry`] saw on the way in; a wrong offset
//! can at worst panic on a slice bound.

/// An entry as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A value that the format keeps as an integer; it reads as its decimal digits.
    Int(i64),
    /// Any other bytes.
    Str(&'a [u8]),
}

impl Entry<'_> {
    /// Appends the bytes a client sees.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Entry::Int(value) => write_int(*value, out),
            Entry::Str(bytes) => out.extend_from_slice(bytes),
        }
    }

    /// The bytes a client sees, in a new vector.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len());
        self.write_to(&mut out);
        out
    }

    /// Whether a client would see `bytes`.
    pub fn eq_bytes(&self, bytes: &[u8]) -> bool {
        match self {
            Entry::Int(value) => parse_int(bytes) == Some(*value),
            Entry::Str(own) => *own == bytes,
        }
    }

    /// The value as an integer, if it is written as one without a surplus sign or zero.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Entry::Int(value) => Some(*value),
            Entry::Str(bytes) => parse_int(bytes),
        }
    }

    /// Length of the bytes a client sees.
    pub fn len(&self) -> usize {
        match self {
            Entry::Int(value) => int_digits(*value),
            Entry::Str(bytes) => bytes.len(),
        }
    }

    /// Whether the client sees an empty string.
    pub fn is_empty(&self) -> bool {
        matches!(self, Entry::Str(b""))
    }
}

/// A value to look for, its integer form parsed once.
#[derive(Debug, Clone, Copy)]
pub struct Needle<'a> {
    bytes: &'a [u8],
    int: Option<i64>,
}

impl<'a> Needle<'a> {
    /// Prepares `bytes` for comparisons.
    pub fn new(bytes: &'a [u8]) -> Self {
        Needle {
            bytes,
            int: parse_int(bytes),
        }
    }

    /// Whether the entry reads as these bytes.
    pub fn matches(&self, entry: &Entry<'_>) -> bool {
        match entry {
            Entry::Int(value) => self.int == Some(*value),
            Entry::Str(own) => *own == self.bytes,
        }
    }

    /// Size of the entry at `at` (without its backlen) and whether it equals the needle.
    #[inline]
    pub(super) fn compare_at(&self, buf: &[u8], at: usize) -> (usize, bool) {
        let (header, len) = match buf[at] {
            first @ 0x80..=0xBF => (1, usize::from(first & 0x3F)),
            first @ 0xE0..=0xEF => (2, usize::from(first & 0x0F) << 8 | usize::from(buf[at + 1])),
            0xF0 => (5, read_u32(buf, at + 1) as usize),
            first => return self.compare_int_at(buf, at, first),
        };
        let body = header + len;
        let same = len == self.bytes.len() && buf[at + header..at + body] == *self.bytes;
        (body, same)
    }

    #[inline]
    fn compare_int_at(&self, buf: &[u8], at: usize, first: u8) -> (usize, bool) {
        let Some(int) = self.int else {
            return (body_size(buf, at), false);
        };
        match first {
            0x00..=0x7F => (1, int == i64::from(first)),
            0xC0..=0xDF => (2, int == read_i13(buf, at)),
            0xF1 => (3, int == i64::from(i16::from_le_bytes(read(buf, at + 1)))),
            0xF2 => (4, int == read_i24(buf, at + 1)),
            0xF3 => (5, int == i64::from(i32::from_le_bytes(read(buf, at + 1)))),
            _ => (9, int == i64::from_le_bytes(read(buf, at + 1))),
        }
    }
}

/// The bytes of an entry before its text: all of an integer, the length of a string.
pub(super) struct Prefix {
    bytes: [u8; 9],
    len: u8,
}

impl Prefix {
    /// Splits `value` into what goes before and the bytes that follow as they are.
    pub(super) fn of(value: &[u8]) -> (Prefix, &[u8]) {
        if let Some(int) = parse_int(value) {
            return (Prefix::of_int(int), b"");
        }
        let len = value.len();
        let mut bytes = [0; 9];
        let size = if len < 64 {
            bytes[0] = 0x80 | len as u8;
            1
        } else if len < 4096 {
            bytes[0] = 0xE0 | (len >> 8) as u8;
            bytes[1] = len as u8;
            2
        } else {
            bytes[0] = 0xF0;
            bytes[1..5].copy_from_slice(&(len as u32).to_le_bytes());
            5
        };
        (Prefix { bytes, len: size }, value)
    }

    /// The narrowest form that holds `value`.
    pub(super) fn of_int(value: i64) -> Prefix {
        let mut bytes = [0; 9];
        let le = value.to_le_bytes();
        let len = match value {
            0..=127 => {
                bytes[0] = value as u8;
                1
            }
            -4096..=4095 => {
                bytes[0] = 0xC0 | ((value >> 8) as u8 & 0x1F);
                bytes[1] = value as u8;
                2
            }
            _ => {
                let (mark, width) = match value {
                    -0x8000..=0x7FFF => (0xF1, 2),
                    -0x80_0000..=0x7F_FFFF => (0xF2, 3),
                    -0x8000_0000..=0x7FFF_FFFF => (0xF3, 4),
                    _ => (0xF4, 8),
                };
                bytes[0] = mark;
                bytes[1..=width].copy_from_slice(&le[..width]);
                1 + width as u8
            }
        };
        Prefix { bytes, len }
    }

    pub(super) fn len(&self) -> usize {
        self.len.into()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }
}

#[inline]
fn read<const N: usize>(buf: &[u8], at: usize) -> [u8; N] {
    buf[at..at + N].try_into().expect("the slice has N bytes")
}

#[inline]
fn read_u32(buf: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(read(buf, at))
}

/// The low 13 bits of the two bytes at `at`, high byte first.
#[inline]
fn read_i13(buf: &[u8], at: usize) -> i64 {
    let [high, low] = read(buf, at);
    (i16::from_be_bytes([high, low]) << 3 >> 3).into()
}

#[inline]
fn read_i24(buf: &[u8], at: usize) -> i64 {
    let [low, middle, high] = read(buf, at);
    (i32::from_le_bytes([0, low, middle, high]) >> 8).into()
}

/// Size of encoding and data of the entry at `at`, without its backlen.
#[inline]
pub(super) fn body_size(buf: &[u8], at: usize) -> usize {
    match buf[at] {
        0x00..=0x7F => 1,
        first @ 0x80..=0xBF => 1 + usize::from(first & 0x3F),
        0xC0..=0xDF => 2,
        first @ 0xE0..=0xEF => 2 + (usize::from(first & 0x0F) << 8 | usize::from(buf[at + 1])),
        0xF0 => 5 + read_u32(buf, at + 1) as usize,
        0xF1 => 3,
        0xF2 => 4,
        0xF3 => 5,
        0xF4 => 9,
        _ => unreachable!("no entry begins here"),
    }
}

/// The entry at `at` and the size of its encoding and data.
#[inline]
pub(super) fn decode(buf: &[u8], at: usize) -> (Entry<'_>, usize) {
    let text = |header: usize, len: usize| {
        let start = at + header;
        (Entry::Str(&buf[start..start + len]), header + len)
    };
    match buf[at] {
        first @ 0x00..=0x7F => (Entry::Int(first.into()), 1),
        first @ 0x80..=0xBF => text(1, usize::from(first & 0x3F)),
        0xC0..=0xDF => (Entry::Int(read_i13(buf, at)), 2),
        first @ 0xE0..=0xEF => text(2, usize::from(first & 0x0F) << 8 | usize::from(buf[at + 1])),
        0xF0 => text(5, read_u32(buf, at + 1) as usize),
        0xF1 => (Entry::Int(i16::from_le_bytes(read(buf, at + 1)).into()), 3),
        0xF2 => (Entry::Int(read_i24(buf, at + 1)), 4),
        0xF3 => (Entry::Int(i32::from_le_bytes(read(buf, at + 1)).into()), 5),
        0xF4 => (Entry::Int(i64::from_le_bytes(read(buf, at + 1))), 9),
        _ => unreachable!("no entry begins here"),
    }
}

/// Bytes that a backlen takes. The limits are the real server's: at 16383 and its like it already takes one byte
/// more than the digits need.
#[inline]
pub(super) fn backlen_size(body: usize) -> usize {
    match body {
        0..=127 => 1,
        128..=16_382 => 2,
        16_383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    }
}

/// The bytes of a backlen, and how many of them.
#[inline]
pub(super) fn write_backlen(body: usize) -> ([u8; 5], usize) {
    let size = backlen_size(body);
    let mut out = [0; 5];
    let mut left = body;
    for (i, byte) in out[..size].iter_mut().enumerate().rev() {
        *byte = (left & 0x7F) as u8 | if i > 0 { 0x80 } else { 0 };
        left >>= 7;
    }
    (out, size)
}

/// Reads a backlen whose last byte stands at `at`.
#[inline]
pub(super) fn read_backlen(buf: &[u8], at: usize) -> usize {
    let mut value = usize::from(buf[at] & 0x7F);
    let mut shift = 7;
    let mut at = at;
    while buf[at] & 0x80 != 0 {
        at -= 1;
        value |= usize::from(buf[at] & 0x7F) << shift;
        shift += 7;
    }
    value
}

/// Checks the entry at `at` in bytes that nobody vouches for (`buf` ends where the entries must). Returns its whole
/// size; `None` if it is no entry, runs out of the buffer or carries a wrong backlen.
pub(super) fn check_entry(buf: &[u8], at: usize) -> Option<usize> {
    let left = buf.len().checked_sub(at)?;
    let header = match *buf.get(at)? {
        0xE0..=0xEF => 2,
        0xF0 => 5,
        0xF5..=0xFF => return None,
        _ => 1,
    };
    if left < header {
        return None;
    }
    // Not `body_size` first: on a 32-bit machine a length near 4 GB would overflow there.
    if buf[at] == 0xF0 && read_u32(buf, at + 1) as usize > left - header {
        return None;
    }
    let body = body_size(buf, at);
    let (backlen, size) = write_backlen(body);
    let whole = body.checked_add(size)?;
    if whole > left || buf[at + body..at + whole] != backlen[..size] {
        return None;
    }
    Some(whole)
}

/// The integer that `bytes` write, if it would print back as just these bytes: no plus sign, no leading zero, no
/// `-0`, within 64 bits.
#[inline]
pub fn parse_int(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => {}
        _ => return None,
    }
    let mut value = 0u64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        // 19 digits always fit 64 bits.
        value = value * 10 + u64::from(digit - b'0');
    }
    if negative {
        0i64.checked_sub_unsigned(value)
    } else {
        i64::try_from(value).ok()
    }
}

fn int_digits(value: i64) -> usize {
    let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
    digits + usize::from(value < 0)
}

/// Appends the decimal digits of `value`.
pub fn write_int(value: i64, out: &mut Vec<u8>) {
    let mut buf = [0; 20];
    let mut at = buf.len();
    let mut left = value.unsigned_abs();
    loop {
        at -= 1;
        buf[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        buf[at] = b'-';
    }
    out.extend_from_slice(&buf[at..]);
}
