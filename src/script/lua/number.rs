//! Numbers as the language reads and prints them.

use crate::base::num::{is_space, parse_f64_bound, write_f64_g, write_i64};

/// Reads a number as C's `strtod` does, white space around it allowed; what stands behind a zero byte is not seen.
pub(crate) fn from_text(text: &[u8]) -> Option<f64> {
    let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    let last = text[..end].iter().rposition(|b| !is_space(*b))?;
    let text = &text[..=last];
    parse_f64_bound(text).or_else(|| not_a_number(text))
}

/// `nan`, with a sign before it and a word in brackets behind it if need be.
fn not_a_number(text: &[u8]) -> Option<f64> {
    let from = text.iter().position(|b| !is_space(*b))?;
    let (negative, word) = match text[from..] {
        [b'-', ref rest @ ..] => (true, rest),
        [b'+', ref rest @ ..] => (false, rest),
        ref rest => (false, rest),
    };
    let (name, rest) = word.split_at_checked(3)?;
    let bracket = match rest {
        [] => true,
        [b'(', inner @ .., b')'] => inner
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'_'),
        _ => false,
    };
    let sign = u64::from(negative) << 63;
    (bracket && name.eq_ignore_ascii_case(b"nan")).then_some(f64::from_bits(0x7ff8 << 48 | sign))
}

/// Appends a number as `%.14g` prints it.
pub(crate) fn write(out: &mut Vec<u8>, value: f64) {
    const WHOLE: f64 = 1e14;
    let whole = value as i64;
    let exact = whole as f64 == value && (-WHOLE..WHOLE).contains(&value) && value != -WHOLE;
    if exact && (whole != 0 || value.is_sign_positive()) {
        write_i64(out, whole);
    } else if value.is_nan() {
        out.extend_from_slice(if value.is_sign_negative() {
            b"-nan"
        } else {
            b"nan"
        });
    } else {
        write_f64_g(out, value, 14);
    }
}

/// A NaN that came out of `a` and `b`, with the sign that the hardware of a real server gives it: that of the operand
/// which was one already, else negative. The sign shows when it is printed, and WebAssembly leaves it open.
#[cold]
pub(crate) fn nan_of(a: f64, b: f64) -> f64 {
    match (a.is_nan(), b.is_nan()) {
        (true, _) => a,
        (_, true) => b,
        _ => f64::from_bits(0xfff8_0000_0000_0000),
    }
}

/// Arithmetic whose result does not depend on the platform.
pub(crate) fn arith(op: super::proto::Op, a: f64, b: f64) -> f64 {
    use super::proto::Op;
    let result = match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
        Op::Div => a / b,
        Op::Mod => a - (a / b).floor() * b,
        Op::Pow => super::math::pow(a, b),
        _ => return -a,
    };
    if result.is_nan() {
        nan_of(a, b)
    } else {
        result
    }
}
