//! RDB: a snapshot of all data in one run of bytes, and the payload of DUMP, which is one value of it.
//!
//! ```text
//!   file      "REDIS" version, 4 digits | record | record | ... | FF | CRC-64 of all before it
//!   record    FA name value              what there is to know of the file
//!             F5 code                    a function library
//!             FE n  FB keys expiring     database n begins, with about so many keys
//!             [FC ms] [F8 idle | F9 uses] type key value
//!
//!   payload   type value | version, 2 bytes | CRC-64 of all before it
//!
//!   length    00nnnnnn    01nnnnnn n    80 nnnn    81 nnnnnnnn       the shortest that holds it, big-endian
//!   string    length bytes
//!             C0 n    C1 nn    C2 nnnn                               an integer, little-endian
//!             C3 length length bytes                                 compressed: its length, that of the string
//! ```
//!
//! A value in a compact encoding (listpack, intset) is one string with the very bytes that it has in memory. Forms that
//! only older servers wrote are read and turned into those of today.
//!
//! - `write`: one value; `save`: a whole file, piece by piece; `dump`: a payload;
//! - `annotate`: a file for people to read; `check`: the verdict of the check tool;
//! - `read`: lengths and strings; `value`, `stream`, `old`: the values; `load`: a whole file.
//!
//! What is read may be anything. No length is believed that the bytes at hand cannot fill, and compact encodings are
//! checked entry by entry, also for members that are there twice: what a real server does under `sanitize-dump-payload
//! yes` is always done here, since the structures rely on it.
pub mod annotate;
pub mod check;
pub mod dump;
pub mod load;
mod old;
mod read;
pub mod save;
mod stream;
mod value;
mod write;

pub use value::Limits;
pub use write::saved_len;

use std::borrow::Cow;

/// The version that is written: that of Redis 7.2 and Valkey 8.0.
pub const VERSION: u32 = 11;
/// The oldest version that can be written on request: that of Redis 7.0, which knows no set as listpack.
pub const OLDEST_WRITTEN: u32 = 10;

/// The number that the four digits of a file's head say, as the C library's `atoi` reads them: up to what is no digit.
fn version_of(text: &[u8]) -> i32 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let digits = digits.iter().take_while(|d| d.is_ascii_digit());
    let number = digits.fold(0, |n, d| n * 10 + i32::from(d - b'0'));
    if negative { -number } else { number }
}

/// Why bytes are not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset of what cannot be read.
    pub at: usize,
    pub why: Why,
}

/// What is wrong with bytes that are not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// An aggregate without elements; a file's is left out, a payload's is refused.
    Empty,
    /// Anything else, in words.
    Text(Cow<'static, str>),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let why = match &self.why {
            Why::Empty => "an aggregate without elements",
            Why::Text(text) => text,
        };
        write!(f, "at offset {}: {why}", self.at)
    }
}

/// The types of values, by their numbers in the file.
#[rustfmt::skip]
mod kind {
    pub const STRING: u8 = 0;
    pub const LIST: u8 = 1;
    pub const SET: u8 = 2;
    /// Scores as text.
    pub const ZSET: u8 = 3;
    pub const HASH: u8 = 4;
    /// Scores as eight bytes.
    pub const ZSET_2: u8 = 5;
    /// Of modules before they were released; never readable.
    pub const MODULE: u8 = 6;
    pub const MODULE_2: u8 = 7;
    pub const HASH_ZIPMAP: u8 = 9;
    pub const LIST_ZIPLIST: u8 = 10;
    pub const SET_INTSET: u8 = 11;
    pub const ZSET_ZIPLIST: u8 = 12;
    pub const HASH_ZIPLIST: u8 = 13;
    /// Nodes are ziplists.
    pub const LIST_QUICKLIST: u8 = 14;
    pub const STREAM: u8 = 15;
    pub const HASH_LISTPACK: u8 = 16;
    pub const ZSET_LISTPACK: u8 = 17;
    /// Nodes are listpacks, or large elements.
    pub const LIST_QUICKLIST_2: u8 = 18;
    /// With the first id, the greatest deleted one and the number of entries ever added.
    pub const STREAM_2: u8 = 19;
    pub const SET_LISTPACK: u8 = 20;
    /// With the time when a consumer last got anything.
    pub const STREAM_3: u8 = 21;
}

/// What else a record may begin with.
mod op {
    /// A hint of how many keys a hash slot has.
    pub const SLOT_INFO: u8 = 244;
    pub const FUNCTION: u8 = 245;
    /// Of functions before they were released; never readable.
    pub const FUNCTION_OLD: u8 = 246;
    pub const MODULE_AUX: u8 = 247;
    pub const IDLE: u8 = 248;
    pub const FREQ: u8 = 249;
    pub const AUX: u8 = 250;
    pub const RESIZE: u8 = 251;
    pub const EXPIRE_MS: u8 = 252;
    pub const EXPIRE: u8 = 253;
    pub const SELECT: u8 = 254;
    pub const END: u8 = 255;
}

/// What a node of a list holds.
mod container {
    pub const PLAIN: u64 = 1;
    pub const PACKED: u64 = 2;
}

/// The first byte of a string that is no plain text.
mod form {
    pub const INT8: u8 = 0;
    pub const INT16: u8 = 1;
    pub const INT32: u8 = 2;
    pub const LZF: u8 = 3;
}
