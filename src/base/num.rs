//! Numbers as the server reads them from clients and prints them in replies.

pub use crate::base::decimal::fixed;
use crate::base::decimal::{self, Decimal};
pub use crate::base::dtoa::{f64_text, write_f64};
use crate::base::scan::{self, Digits, Scanned};

/// Reads a signed integer in the one form that the server itself would print: no space, no plus, no leading zero, no
/// minus zero. `None` for anything else and beyond 64 bits. O(1).
#[inline]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', digits @ ..] => match parse_u64(digits)? {
            0 => None,
            value => 0i64.checked_sub_unsigned(value),
        },
        digits => i64::try_from(parse_u64(digits)?).ok(),
    }
}

/// Reads an unsigned integer: digits only, no leading zero. O(1).
#[inline]
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    match text {
        [b'0'] => Some(0),
        [b'1'..=b'9', ..] if text.len() <= 20 => {
            let (safe, rest) = text.split_at(text.len().min(19));
            let mut value = 0;
            for byte in safe {
                value = value * 10 + u64::from(digit(*byte)?);
            }
            for byte in rest {
                value = value
                    .checked_mul(10)?
                    .checked_add(u64::from(digit(*byte)?))?;
            }
            Some(value)
        }
        _ => None,
    }
}

#[inline]
fn digit(byte: u8) -> Option<u8> {
    let value = byte.wrapping_sub(b'0');
    (value < 10).then_some(value)
}

/// Reads a double as the server takes scores and increments: what C's `strtod` reads, the whole text, not starting with
/// space. NaN is refused, infinities by name are taken; a number too big for a double is refused, and so is one so
/// small that only zero would be left. O(len).
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    let value = read_f64(scan::scan(text)?)?;
    value.in_range.then_some(value.nearest)
}

/// Like [`parse_f64`], but refuses as well what lost digits because it is so small that a double holds it with fewer
/// bits: C's `strtod` calls that out of range too, and not every caller of it looks past that.
pub fn parse_f64_strict(text: &[u8]) -> Option<f64> {
    let scanned = scan::scan(text)?;
    let read = read_f64(scan::scan(text)?)?;
    // Decimal text would need hundreds of digits to hit such a number; hexadecimal hits it easily.
    let exact = match scanned {
        Scanned::Hex(digits) => scan::hex_value(&digits).is_none_or(|(mantissa, exponent)| {
            exponent + i64::from(mantissa.trailing_zeros()) >= F64_LEAST_POWER
        }),
        _ => false,
    };
    (read.in_range && (exact || !read.nearest.is_subnormal())).then_some(read.nearest)
}

/// The least double above zero is two to this power.
const F64_LEAST_POWER: i64 = -1074;

/// Reads the bound of a range of scores (after any `(`): like [`parse_f64`], but a more careless caller of `strtod`.
/// Leading space is skipped, a zero byte ends the text, an empty text is zero, and numbers out of range become infinite
/// or zero.
pub fn parse_f64_bound(text: &[u8]) -> Option<f64> {
    let end = text.iter().position(|byte| *byte == 0);
    let text = &text[..end.unwrap_or(text.len())];
    if text.is_empty() {
        return Some(0.0);
    }
    let spaces = text.iter().take_while(|byte| is_space(**byte)).count();
    let text = &text[spaces..];
    Some(read_f64(scan::scan(text)?)?.nearest)
}

/// What C's `isspace` takes for space: ASCII white space and the vertical tab.
#[inline]
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

struct Read {
    nearest: f64,
    /// False if the text names a number beyond the greatest double, or one that rounds to zero without being zero.
    in_range: bool,
}

fn read_f64(scanned: Scanned) -> Option<Read> {
    let (magnitude, zero, negative) = match scanned {
        Scanned::Nan => return None,
        Scanned::Infinite { negative } => {
            let nearest = if negative {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            };
            return Some(Read {
                nearest,
                in_range: true,
            });
        }
        Scanned::Decimal(digits) => {
            let zero = digits.significant().is_none();
            (decimal_f64(&digits), zero, digits.negative)
        }
        Scanned::Hex(digits) => match scan::hex_value(&digits) {
            None => (0.0, true, digits.negative),
            Some((mantissa, exponent)) => (binary_f64(mantissa, exponent), false, digits.negative),
        },
    };
    let in_range = zero || (magnitude.is_finite() && magnitude > 0.0);
    Some(Read {
        nearest: if negative { -magnitude } else { magnitude },
        in_range,
    })
}

/// The double nearest to the decimal digits, without their sign; ties to even.
fn decimal_f64(digits: &Digits) -> f64 {
    /// No halfway point between two doubles has more significant digits than 768.
    const DIGITS_MAX: usize = 800;
    /// 10^22 is the greatest power that a double holds exactly; so are whole numbers of 15 digits.
    const EXACT_POWER: u64 = 22;
    const EXACT_DIGITS: usize = 15;
    let power = digits.exponent - digits.fraction.len() as i64;
    if digits.whole.len() + digits.fraction.len() <= EXACT_DIGITS
        && power.unsigned_abs() <= EXACT_POWER
    {
        let all = digits.whole.iter().chain(digits.fraction);
        let value = all.fold(0u64, |value, digit| value * 10 + u64::from(digit - b'0')) as f64;
        let scale = (0..power.unsigned_abs()).fold(1.0, |scale, _| scale * 10.0);
        // One rounding of exact numbers.
        return if power < 0 {
            value / scale
        } else {
            value * scale
        };
    }
    let Some((mut significant, first_place)) = digits.significant() else {
        return 0.0;
    };
    let place = first_place + digits.exponent;
    if place > 310 {
        return f64::INFINITY;
    }
    if place < -330 {
        return 0.0;
    }
    let mut short: Vec<u8> = significant.by_ref().take(DIGITS_MAX).collect();
    if significant.any(|digit| digit != b'0') {
        short.push(b'1'); // Stands for all that was cut: only "something is left" can matter.
    }
    let (mantissa, exponent) = decimal::to_binary(&short, place - (short.len() as i64 - 1));
    binary_f64(mantissa, exponent)
}

/// The double nearest to `mantissa * 2^exponent`, the lowest bit sticky.
fn binary_f64(mantissa: u128, exponent: i64) -> f64 {
    let (mantissa, exponent) = scan::round(mantissa, exponent, 53, -1074);
    if exponent > 971 {
        return f64::INFINITY;
    }
    // Below 2^52 the number is subnormal: its exponent field is zero and it has no hidden bit.
    let field = if mantissa >> 52 == 0 {
        0
    } else {
        (exponent + 1075) as u64
    };
    f64::from_bits(field << 52 | (mantissa & ((1 << 52) - 1)))
}

/// Every number from 00 to 99, two digits each.
static PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut value = 0;
    while value < 100 {
        pairs[2 * value] = b'0' + (value / 10) as u8;
        pairs[2 * value + 1] = b'0' + (value % 10) as u8;
        value += 1;
    }
    pairs
};

/// The decimal text of `value`, laid at the end of `buffer`. O(1), no allocation.
#[inline]
pub fn i64_bytes(value: i64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut at = digits_before(value.unsigned_abs(), buffer);
    if value < 0 {
        at -= 1; // 19 digits at most: there is room for the sign.
        buffer[at] = b'-';
    }
    &buffer[at..]
}

/// The decimal text of `value`, laid at the end of `buffer`.
#[inline]
pub fn u64_bytes(value: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let at = digits_before(value, buffer);
    &buffer[at..]
}

/// Writes `value` so that it ends with `buffer`; returns where it starts.
#[inline]
fn digits_before(mut value: u64, buffer: &mut [u8; 20]) -> usize {
    let mut at = buffer.len();
    while value >= 100 {
        let pair = 2 * (value % 100) as usize;
        value /= 100;
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if value >= 10 {
        let pair = 2 * value as usize;
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        at -= 1;
        buffer[at] = b'0' + value as u8;
    }
    at
}

/// Appends the decimal text of `value`.
#[inline]
pub fn write_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(i64_bytes(value, &mut [0; 20]));
}

/// Appends the decimal text of `value`.
#[inline]
pub fn write_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(u64_bytes(value, &mut [0; 20]));
}

/// Appends `value` as C's `%.17g` prints it: the form that reads back as the same double.
pub fn write_f64_17(out: &mut Vec<u8>, value: f64) {
    write_f64_g(out, value, 17);
}

/// Appends `value` as C's `%.{precision}g` prints it: so many significant digits, trailing zeros dropped, an exponent of
/// at least two digits where the number is below 1e-4 or has more whole digits than `precision`. Every NaN prints as
/// `-nan`, since its sign differs between platforms.
pub fn write_f64_g(out: &mut Vec<u8>, value: f64, precision: usize) {
    if !value.is_finite() {
        out.extend_from_slice(match value {
            _ if value.is_nan() => b"-nan",
            _ if value > 0.0 => b"inf",
            _ => b"-inf",
        });
        return;
    }
    let precision = precision.max(1);
    let mut decimal = Decimal::exact(value);
    decimal.drop_last(decimal.digits.len().saturating_sub(precision));
    let digits = &decimal.digits;
    let exponent = digits.len() as i32 - 1 + decimal.power;
    let kept = digits
        .iter()
        .rposition(|digit| *digit != b'0')
        .map_or(1, |last| last + 1);
    let digits = &digits[..kept];
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if exponent < -4 || exponent >= precision as i32 {
        write_point(out, digits, 1);
        out.extend_from_slice(match (exponent < 0, exponent.abs() < 10) {
            (true, true) => b"e-0",
            (true, false) => b"e-",
            (false, true) => b"e+0",
            (false, false) => b"e+",
        });
        write_i64(out, i64::from(exponent.abs()));
    } else if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (-1 - exponent) as usize, b'0');
        out.extend_from_slice(digits);
    } else {
        write_point(out, digits, exponent as usize + 1);
    }
}

/// Appends `digits` with a point after the first `whole`, filling up with zeros before it.
pub(crate) fn write_point(out: &mut Vec<u8>, digits: &[u8], whole: usize) {
    let (before, after) = digits.split_at(whole.min(digits.len()));
    out.extend_from_slice(before);
    out.resize(out.len() + whole - before.len(), b'0');
    if !after.is_empty() {
        out.push(b'.');
        out.extend_from_slice(after);
    }
}

/// Reads an amount of memory as CONFIG takes it: digits and a unit in any case (none or `b`; `k` 1000, `kb` 1024; `m`,
/// `mb`; `g`, `gb`). `None` if malformed.
///
/// As on a real server a unit without digits is zero of it, too many digits are the greatest `u64`, and the
/// multiplication by the unit wraps around.
pub fn parse_memory_u64(text: &[u8]) -> Option<u64> {
    /// The server copies the digits into a buffer of this size.
    const DIGITS_MAX: usize = 127;
    let split = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let factor: u64 = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    if digits.len() > DIGITS_MAX {
        return None;
    }
    let value = digits.iter().fold(0u64, |value, byte| {
        value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(byte - b'0')))
            .unwrap_or(u64::MAX)
    });
    Some(value.wrapping_mul(factor))
}

/// [`parse_memory_u64`] for a setting that the server holds as a signed number: beyond `i64::MAX` it comes out
/// negative, and so out of the setting's range.
pub fn parse_memory(text: &[u8]) -> Option<i64> {
    parse_memory_u64(text).map(|value| value as i64)
}

#[cfg(test)]
#[path = "num_tests.rs"]
mod tests;
