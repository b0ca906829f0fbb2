//! Ids as arguments.
use crate::base::num;
use crate::command::Error;
use crate::ds::stream::StreamId;

/// What a real server says of an argument that is no id.
fn invalid() -> Error {
    Error::new("ERR Invalid stream ID specified as stream command argument")
}

/// An unsigned number: what the server itself would print, or else what C's `strtoull` reads, the whole text.
fn number(text: &[u8]) -> Option<u64> {
    if let Some(n) = num::parse_i64(text) {
        return u64::try_from(n).ok();
    }
    let text = &text[text.iter().take_while(|&&b| num::is_space(b)).count()..];
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0u64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
    }
    Some(if negative {
        value.wrapping_neg()
    } else {
        value
    })
}

/// `ms`, `ms-seq`, `-` or `+`. Without a sequence number it is `seq`. `star`: `ms-*` is allowed, and the flag says if the
/// sequence number was given.
fn parse(text: &[u8], seq: u64, star: bool) -> Option<(StreamId, bool)> {
    if text.len() > 127 {
        return None;
    }
    let text = super::quoted(text);
    match text {
        b"-" => return Some((StreamId::MIN, true)),
        b"+" => return Some((StreamId::MAX, true)),
        _ => {}
    }
    let Some(dash) = text.iter().position(|&b| b == b'-') else {
        let ms = number(text)?;
        return Some((StreamId { ms, seq }, true));
    };
    let ms = number(&text[..dash])?;
    let rest = &text[dash + 1..];
    if star && rest == b"*" {
        return Some((StreamId { ms, seq: 0 }, false));
    }
    let seq = number(rest)?;
    Some((StreamId { ms, seq }, true))
}

/// Whether the text is one of the two ends of a range.
fn is_end(text: &[u8]) -> bool {
    matches!(super::quoted(text), b"-" | b"+")
}

/// One id, neither `-` nor `+`; without a sequence number it is 0.
pub fn exact(text: &[u8]) -> Result<StreamId, Error> {
    if is_end(text) {
        return Err(invalid());
    }
    loose(text)
}

/// One id, `-` and `+` too.
pub fn loose(text: &[u8]) -> Result<StreamId, Error> {
    parse(text, 0, false).map(|(id, _)| id).ok_or_else(invalid)
}

/// The id of an entry to add, and whether its sequence number was given.
pub fn new(text: &[u8]) -> Result<(StreamId, bool), Error> {
    if is_end(text) {
        return Err(invalid());
    }
    parse(text, 0, true).ok_or_else(invalid)
}

/// All these arguments as ids.
pub fn all<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Result<Vec<StreamId>, Error> {
    texts.map(exact).collect()
}

/// The start of a range; after `(` it is the id behind it.
pub fn start(text: &[u8]) -> Result<StreamId, Error> {
    match text {
        [b'(', id @ ..] if !id.is_empty() => exact(id)?
            .next()
            .ok_or_else(|| Error::new("ERR invalid start ID for the interval")),
        _ => loose(text),
    }
}

/// The end of a range: without a sequence number the last of its millisecond; after `(` the id before it.
pub fn end(text: &[u8]) -> Result<StreamId, Error> {
    let parse_end = |text: &[u8]| parse(text, u64::MAX, false).map(|(id, _)| id);
    match text {
        [b'(', id @ ..] if !id.is_empty() => {
            let id = parse_end(id).filter(|_| !is_end(id)).ok_or_else(invalid)?;
            id.prev()
                .ok_or_else(|| Error::new("ERR invalid end ID for the interval"))
        }
        _ => parse_end(text).ok_or_else(invalid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        assert_eq!(number(b"0007"), Some(7));
        assert_eq!(number(b" +7"), Some(7));
        assert_eq!(number(b"-7"), None);
        assert_eq!(number(b"-07"), Some(7u64.wrapping_neg()));
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616"), None);
        assert_eq!(number(b"7x"), None);
        assert_eq!(number(b""), None);
    }

    #[test]
    fn ends_of_ranges() {
        let id = |ms, seq| StreamId { ms, seq };
        assert_eq!(start(b"5"), Ok(id(5, 0)));
        assert_eq!(end(b"5"), Ok(id(5, u64::MAX)));
        assert_eq!(start(b"(5-1"), Ok(id(5, 2)));
        assert_eq!(end(b"(5"), Ok(id(5, u64::MAX - 1)));
        assert_eq!(end(b"(5-0"), Ok(id(4, u64::MAX)));
        assert!(end(b"(0-0").is_err() && start(b"(+").is_err() && end(b"(-").is_err());
    }
}
