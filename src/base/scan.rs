//! The grammar of floating-point text as C's `strtod` reads it, shared by the 64-bit and the 80-bit number.
//!
//! ```text
//! [+|-] ( digits [. digits] [e [+|-] digits]          decimal; at least one digit before the exponent
//!       | 0x hexdigits [. hexdigits] [p [+|-] digits] hexadecimal; p is a power of two
//!       | inf | infinity | nan | nan(letters) )       in any case
//! ```

/// A number's text taken apart. The digit runs still point into the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scanned<'a> {
    Nan,
    Infinite { negative: bool },
    Decimal(Digits<'a>),
    Hex(Digits<'a>),
}

/// `whole.fraction`, times ten (decimal) or two (hex) to the power of `exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Digits<'a> {
    pub negative: bool,
    pub whole: &'a [u8],
    pub fraction: &'a [u8],
    /// Held within `±EXPONENT_MAX`: beyond it every number is infinite or zero, whatever its digits.
    pub exponent: i64,
}

/// Farther than any text that fits in memory can shift the point back.
const EXPONENT_MAX: i64 = 1 << 50;

impl Digits<'_> {
    /// The digits in order, without leading zeros, and the power of the base of the first one's place: 0.00123 gives
    /// `1 2 3` and -3. `None` if all are zero. O(digits).
    pub fn significant(&self) -> Option<(impl Iterator<Item = u8> + Clone + '_, i64)> {
        let all = self.whole.iter().chain(self.fraction);
        let zeros = all.clone().position(|&digit| digit != b'0')?;
        Some((
            all.skip(zeros).copied(),
            self.whole.len() as i64 - 1 - zeros as i64,
        ))
    }
}

/// Takes `text` apart; `None` unless the whole of it is a number. Leading space is not skipped. O(len).
pub(crate) fn scan(text: &[u8]) -> Option<Scanned<'_>> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    match rest {
        [b'0', b'x' | b'X', rest @ ..] => {
            digits(rest, negative, u8::is_ascii_hexdigit, b'p').map(Scanned::Hex)
        }
        [b'0'..=b'9' | b'.', ..] => {
            digits(rest, negative, u8::is_ascii_digit, b'e').map(Scanned::Decimal)
        }
        _ if rest.eq_ignore_ascii_case(b"inf") || rest.eq_ignore_ascii_case(b"infinity") => {
            Some(Scanned::Infinite { negative })
        }
        _ => is_nan(rest).then_some(Scanned::Nan),
    }
}

fn digits(text: &[u8], negative: bool, is_digit: fn(&u8) -> bool, mark: u8) -> Option<Digits<'_>> {
    let run = |text: &[u8]| {
        text.iter()
            .position(|byte| !is_digit(byte))
            .unwrap_or(text.len())
    };
    let (whole, rest) = text.split_at(run(text));
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => rest.split_at(run(rest)),
        _ => (&rest[..0], rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent = match rest {
        [] => 0,
        [byte, rest @ ..] if byte.eq_ignore_ascii_case(&mark) => exponent(rest)?,
        _ => return None,
    };
    Some(Digits {
        negative,
        whole,
        fraction,
        exponent,
    })
}

fn exponent(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    if rest.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for byte in rest {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = (value * 10 + i64::from(byte - b'0')).min(EXPONENT_MAX);
    }
    Some(sign * value)
}

fn is_nan(text: &[u8]) -> bool {
    let Some((name, rest)) = text.split_at_checked(3) else {
        return false;
    };
    let tagged = |tag: &[u8]| {
        tag.iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    name.eq_ignore_ascii_case(b"nan")
        && match rest {
            [] => true,
            [b'(', tag @ .., b')'] => tagged(tag),
            _ => false,
        }
}

/// The value of hex digits as `mantissa * 2^exponent`, the lowest bit of the mantissa sticky: it stands for whatever
/// was cut off below. `None` if it is zero.
pub(crate) fn hex_value(digits: &Digits) -> Option<(u128, i64)> {
    /// 96 bits: enough below the 64 of the widest mantissa for correct rounding.
    const NIBBLES: i64 = 24;
    let (significant, first_place) = digits.significant()?;
    let mut mantissa = 0u128;
    for (index, digit) in significant.enumerate() {
        let nibble = u128::from(char::from(digit).to_digit(16).unwrap_or(0));
        if (index as i64) < NIBBLES {
            mantissa |= nibble << (4 * (NIBBLES - 1 - index as i64) + 1);
        } else {
            mantissa |= u128::from(nibble != 0);
        }
    }
    Some((
        mantissa,
        4 * (first_place - (NIBBLES - 1)) - 1 + digits.exponent,
    ))
}

/// Rounds `mantissa * 2^exponent` (lowest bit sticky) to at most `bits` bits and no power of two below `least`, ties
/// to even. The result's mantissa has exactly `bits` bits unless its exponent is `least`.
pub(crate) fn round(mantissa: u128, exponent: i64, bits: u32, least: i64) -> (u64, i64) {
    let length = i64::from(128 - mantissa.leading_zeros());
    let shift = (length - i64::from(bits)).max(least - exponent);
    if shift <= 0 {
        // Fewer bits than the mantissa holds: nothing is lost.
        return ((mantissa << -shift) as u64, exponent + shift);
    }
    if shift > length {
        return (0, least);
    }
    let kept = if shift == 128 { 0 } else { mantissa >> shift };
    let half = 1u128 << (shift - 1);
    let lost = mantissa & (half | (half - 1));
    let up = lost > half || (lost == half && kept & 1 == 1);
    let rounded = kept + u128::from(up);
    if rounded >> bits == 1 {
        return ((rounded >> 1) as u64, exponent + shift + 1);
    }
    (rounded as u64, exponent + shift)
}
