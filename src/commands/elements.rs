//! What the commands on collections share: writing an element, reading counts and numbers of keys, the options of the
//! SCAN family, and a bound on replies that repeat elements.
use crate::base::{glob::glob, num};
use crate::command::{Ctx, Cursor, Error};
use crate::ds::listpack::Entry;
use crate::keyspace::IntBuf;
use crate::resp::{Mark, Reply};

/// Writes an element as a bulk string.
pub fn bulk(out: &mut Reply, element: Entry<'_>) {
    match element {
        Entry::Int(n) => out.bulk_int(n),
        Entry::Str(bytes) => out.bulk(bytes),
    }
}

/// Argument `i` as the number of a database.
pub fn db_index(ctx: &Ctx<'_>, i: usize) -> Result<usize, Error> {
    let index = i32::try_from(ctx.args.int(i)?).map_err(|_| {
        Error::new("ERR value is out of range, value must between -2147483648 and 2147483647")
    })?;
    usize::try_from(index)
        .ok()
        .filter(|&index| index < ctx.db.ks.count())
        .ok_or(Error::DB_INDEX)
}

/// A count that may be negative: `-i64::MAX..=i64::MAX`.
pub fn signed_count(text: &[u8]) -> Result<i64, Error> {
    let count = num::parse_i64(text).ok_or(Error::NOT_INTEGER)?;
    if count == i64::MIN {
        return Err(Error::new(format!(
            "ERR value is out of range, value must between {} and {}",
            -i64::MAX,
            i64::MAX
        )));
    }
    Ok(count)
}

/// A count that must not be negative; the error is the same for what is no number.
pub fn positive_count(text: &[u8]) -> Result<usize, Error> {
    let count = num::parse_i64(text).ok_or(Error::NOT_POSITIVE)?;
    u64::try_from(count).map_or(Err(Error::NOT_POSITIVE), |n| {
        // On a 32-bit machine no collection is larger than that anyway.
        Ok(usize::try_from(n).unwrap_or(usize::MAX))
    })
}

/// The head of an array whose length may exceed the machine's address space (its elements then never come to an end,
/// see [`check_repeats`]).
pub fn array_u64(out: &mut Reply, n: u64) {
    out.array(usize::try_from(n).unwrap_or(usize::MAX));
}

/// Replies of negative counts may repeat elements without end; a real server would run out of memory.
const REPEATS_MAX_BYTES: usize = 64 << 20;

/// An error once the reply since `start` is larger than any that makes sense; its memory is given back.
pub fn check_repeats(out: &mut Reply, start: Mark) -> Result<(), Error> {
    if out.written_since(start) > REPEATS_MAX_BYTES {
        out.rollback(start);
        out.buffer().shrink_to_fit();
        return Err(Error::OUT_OF_RANGE);
    }
    Ok(())
}

/// A cursor as the SCAN family takes it: what C's `strtoull` reads, the whole text, except that a number which is
/// written as the server would write a negative one is refused.
pub fn scan_cursor(text: &[u8]) -> Result<u64, Error> {
    let error = || Error::new("ERR invalid cursor");
    if let Some(n) = num::parse_i64(text) {
        return u64::try_from(n).map_err(|_| error());
    }
    // The text ends at its first zero byte, as C strings do.
    let text = text.split(|&b| b == 0).next().unwrap_or_default();
    let text = &text[text.iter().take_while(|&&b| num::is_space(b)).count()..];
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return Err(error());
    }
    let mut value = 0u64;
    for &digit in digits {
        let next = value
            .checked_mul(10)
            .filter(|_| digit.is_ascii_digit())
            .and_then(|v| v.checked_add(u64::from(digit - b'0')));
        value = next.ok_or_else(error)?;
    }
    Ok(if negative {
        value.wrapping_neg()
    } else {
        value
    })
}

/// The names that TYPE takes.
const TYPES: [&str; 6] = ["string", "list", "set", "zset", "hash", "stream"];

fn known_type(name: &[u8]) -> Result<&'static str, Error> {
    let known = TYPES
        .into_iter()
        .find(|t| t.as_bytes().eq_ignore_ascii_case(name));
    known.ok_or_else(|| {
        let mut text = b"ERR unknown type name '".to_vec();
        text.extend_from_slice(name);
        text.push(b'\'');
        Error::bytes(text)
    })
}

/// What a scan walks over: some options belong to one of them only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    Keys,
    Set,
    Hash,
    Zset,
}

/// The options behind the cursor of SCAN, SSCAN, HSCAN and ZSCAN.
pub struct ScanOptions<'a> {
    /// About how many elements to look at.
    pub count: u64,
    /// Give fields without their values, members without their scores.
    pub names_only: bool,
    /// The name of the type that keys must have.
    pub type_name: Option<&'static str>,
    /// `None` where everything matches.
    pattern: Option<&'a [u8]>,
}

impl<'a> ScanOptions<'a> {
    /// Reads COUNT, MATCH, TYPE (keys), NOVALUES (hashes) and NOSCORES (sorted sets).
    pub fn read(cursor: &mut Cursor<'a>, of: Scanned) -> Result<ScanOptions<'a>, Error> {
        let mut options = ScanOptions {
            count: 10,
            names_only: false,
            type_name: None,
            pattern: None,
        };
        while !cursor.is_done() {
            if cursor.take_with("count", 1) {
                let count = cursor.int()?;
                if count < 1 {
                    return Err(Error::SYNTAX);
                }
                options.count = count as u64;
            } else if cursor.take_with("match", 1) {
                let pattern = cursor.word()?;
                options.pattern = (pattern != b"*").then_some(pattern);
            } else if of == Scanned::Keys && cursor.take_with("type", 1) {
                options.type_name = Some(known_type(cursor.word()?)?);
            } else if cursor.take("novalues") {
                options.names_only = true;
                if of != Scanned::Hash {
                    return Err(Error::new("ERR NOVALUES option can only be used in HSCAN"));
                }
            } else if cursor.take("noscores") {
                options.names_only = true;
                if of != Scanned::Zset {
                    return Err(Error::new("ERR NOSCORES option can only be used in ZSCAN"));
                }
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(options)
    }

    /// Whether a name passes MATCH.
    pub fn matches(&self, name: &[u8]) -> bool {
        self.pattern
            .is_none_or(|pattern| glob(pattern, name, false))
    }

    /// Whether an element passes MATCH. An integer is matched by its digits.
    pub fn passes(&self, element: Entry<'_>) -> bool {
        let Some(pattern) = self.pattern else {
            return true;
        };
        match element {
            Entry::Int(n) => glob(pattern, num::i64_bytes(n, &mut IntBuf::default()), false),
            Entry::Str(bytes) => glob(pattern, bytes, false),
        }
    }

    /// Runs a scan from `cursor`: `step` does one step, returning the next cursor and how many elements it looked at.
    /// Ends when COUNT elements were seen, or after ten times as many steps (a sparse table), or at the end.
    pub fn run(&self, mut cursor: u64, mut step: impl FnMut(u64) -> (u64, u64)) -> u64 {
        let mut steps = self.count.saturating_mul(10);
        let mut seen = 0u64;
        loop {
            let (next, looked_at) = step(cursor);
            cursor = next;
            seen += looked_at;
            if cursor == 0 || steps == 0 || seen >= self.count {
                return cursor;
            }
            steps -= 1;
        }
    }
}

/// The reply of a scan whose key is not there.
pub fn empty_scan(out: &mut Reply) {
    out.array(2);
    out.bulk(b"0");
    out.array(0);
}

/// Writes the reply of a scan: `elements` were written to `body`, `n` of them.
pub fn scan_reply(out: &mut Reply, cursor: u64, body: &Reply, n: usize) {
    out.array(2);
    let mut digits = IntBuf::default();
    out.bulk(num::u64_bytes(cursor, &mut digits));
    out.array(n);
    out.raw(body.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors() {
        let good: [(&[u8], u64); 9] = [
            (b"0", 0),
            (b"01", 1),
            (b" 1", 1),
            (b"+5", 5),
            (b"-0", 0),
            (b"-05", 5u64.wrapping_neg()),
            (b"18446744073709551615", u64::MAX),
            (b"\t\n7", 7),
            (b"7\0x", 7),
        ];
        for (text, value) in good {
            assert_eq!(scan_cursor(text), Ok(value), "{text:?}");
        }
        let bad = [
            "",
            "-5",
            "1x",
            "x",
            "+",
            "-",
            " ",
            "18446744073709551616",
            "1 ",
        ];
        for text in bad {
            assert!(scan_cursor(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn counts() {
        assert_eq!(signed_count(b"-9223372036854775807"), Ok(-i64::MAX));
        assert!(signed_count(b"-9223372036854775808").is_err());
        assert_eq!(positive_count(b"7"), Ok(7));
        assert_eq!(positive_count(b"x"), Err(Error::NOT_POSITIVE));
        assert_eq!(positive_count(b"-1"), Err(Error::NOT_POSITIVE));
    }
}
