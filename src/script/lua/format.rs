//! `string.format`, and the printing of numbers as C's `printf` does it.

use super::library::{self, integer};
use super::machine::{Args, Flow, Machine, Run};
use crate::base::decimal::Decimal;
use crate::base::num::write_u64;

/// Flags, width and precision of one directive.
#[derive(Clone, Copy, Debug, Default)]
struct Spec {
    minus: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

pub(crate) fn format(m: &mut Machine, args: Args) -> Run<Flow> {
    let template = m.string_bytes(args, 0)?;
    let mut out = Vec::new();
    let mut at = 0;
    let mut index = 0;
    while at < template.len() {
        let byte = template[at];
        at += 1;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        if template.get(at) == Some(&b'%') {
            at += 1;
            out.push(b'%');
            continue;
        }
        index += 1;
        if index >= args.count {
            return Err(m.argument_error(index, b"no value"));
        }
        let spec = match read_spec(&template, &mut at) {
            Ok(spec) => spec,
            Err(message) => return Err(m.throw_at_caller(message)),
        };
        let kind = template.get(at).copied().unwrap_or(0);
        at += 1;
        directive(m, args, index, kind, &spec, &mut out)?;
        if out.len() > 1 << 16 && !m.heap.has_room(out.len()) {
            m.room(out.len())?;
        }
    }
    library::string(m, &out)
}

fn read_spec(template: &[u8], at: &mut usize) -> Result<Spec, &'static [u8]> {
    let mut spec = Spec::default();
    let mut flags = 0;
    loop {
        match template.get(*at) {
            Some(b'-') => spec.minus = true,
            Some(b'+') => spec.plus = true,
            Some(b' ') => spec.space = true,
            Some(b'#') => spec.alternate = true,
            Some(b'0') => spec.zero = true,
            _ => break,
        }
        flags += 1;
        *at += 1;
    }
    if flags > 5 {
        return Err(b"invalid format (repeated flags)");
    }
    let two_digits = |at: &mut usize| {
        let mut value = 0;
        for _ in 0..2 {
            if let Some(digit @ b'0'..=b'9') = template.get(*at) {
                value = value * 10 + usize::from(digit - b'0');
                *at += 1;
            }
        }
        value
    };
    spec.width = two_digits(at);
    if template.get(*at) == Some(&b'.') {
        *at += 1;
        spec.precision = Some(two_digits(at));
    }
    match template.get(*at) {
        Some(b'0'..=b'9') => Err(b"invalid format (width or precision too long)"),
        _ => Ok(spec),
    }
}

fn directive(
    m: &mut Machine,
    args: Args,
    index: usize,
    kind: u8,
    spec: &Spec,
    out: &mut Vec<u8>,
) -> Run {
    match kind {
        b'c' => {
            // A zero byte ends what the real machine copies.
            let code = i32::try_from(integer(m.number(args, index)?));
            let byte = code.unwrap_or(0) as u8;
            let mut text = Vec::new();
            pad(&mut text, b"", &[byte], spec, false);
            let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
            out.extend_from_slice(&text[..end]);
        }
        b'd' | b'i' => {
            let value = integer(m.number(args, index)?);
            let sign = sign_text(value < 0, spec);
            digits(out, sign, value.unsigned_abs(), 10, b'd', spec);
        }
        b'o' | b'u' | b'x' | b'X' => {
            let value = unsigned(m.number(args, index)?);
            let base = match kind {
                b'o' => 8,
                b'u' => 10,
                _ => 16,
            };
            digits(out, b"", value, base, kind, spec);
        }
        b'e' | b'E' | b'f' | b'g' | b'G' => {
            let value = m.number(args, index)?;
            float(out, value, kind, spec);
        }
        b'q' => {
            let text = m.string_bytes(args, index)?;
            quote(out, &text);
        }
        b's' => {
            let text = m.string_bytes(args, index)?;
            if spec.precision.is_none() && text.len() >= 100 {
                out.extend_from_slice(&text);
                return Ok(());
            }
            let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
            let length = spec.precision.unwrap_or(end).min(end);
            pad(out, b"", &text[..length], spec, false);
        }
        _ => {
            // A missing letter shows as nothing: the real machine prints it as C text.
            let letter: &[u8] = if kind == 0 { b"" } else { &[kind] };
            let message = [b"invalid option '%", letter, b"' to 'format'"].concat();
            return Err(m.throw_at_caller(&message));
        }
    }
    Ok(())
}

/// A number as C converts it to an unsigned 64-bit integer on the machines of real servers.
pub(crate) fn unsigned(number: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    match number >= HALF {
        true => (integer(number - HALF) as u64) ^ (1 << 63),
        false => integer(number) as u64,
    }
}

fn sign_text(negative: bool, spec: &Spec) -> &'static [u8] {
    match (negative, spec.plus, spec.space) {
        (true, ..) => b"-",
        (_, true, _) => b"+",
        (_, _, true) => b" ",
        _ => b"",
    }
}

/// Appends prefix and body, filled up to the width.
fn pad(out: &mut Vec<u8>, prefix: &[u8], body: &[u8], spec: &Spec, zeros: bool) {
    let missing = spec.width.saturating_sub(prefix.len() + body.len());
    if !spec.minus && !zeros {
        out.resize(out.len() + missing, b' ');
    }
    out.extend_from_slice(prefix);
    if !spec.minus && zeros {
        out.resize(out.len() + missing, b'0');
    }
    out.extend_from_slice(body);
    if spec.minus {
        out.resize(out.len() + missing, b' ');
    }
}

fn digits(out: &mut Vec<u8>, sign: &[u8], value: u64, base: u64, kind: u8, spec: &Spec) {
    let mut body = Vec::new();
    let mut left = value;
    while left > 0 {
        let digit = b"0123456789abcdef"[(left % base) as usize];
        body.push(if kind == b'X' {
            digit.to_ascii_uppercase()
        } else {
            digit
        });
        left /= base;
    }
    let least = spec.precision.unwrap_or(1);
    while body.len() < least {
        body.push(b'0');
    }
    if kind == b'o' && spec.alternate && body.last() != Some(&b'0') {
        body.push(b'0');
    }
    body.reverse();
    let prefix: &[u8] = match (kind, spec.alternate && value != 0) {
        (b'x', true) => b"0x",
        (b'X', true) => b"0X",
        _ => sign,
    };
    let zeros = spec.zero && spec.precision.is_none();
    pad(out, prefix, &body, spec, zeros);
}

fn float(out: &mut Vec<u8>, value: f64, kind: u8, spec: &Spec) {
    let sign = sign_text(value.is_sign_negative(), spec);
    if !value.is_finite() {
        let text: &[u8] = match (value.is_nan(), kind.is_ascii_uppercase()) {
            (true, false) => b"nan",
            (true, true) => b"NAN",
            (false, false) => b"inf",
            (false, true) => b"INF",
        };
        return pad(out, sign, text, spec, false);
    }
    let precision = spec.precision.unwrap_or(6);
    let magnitude = value.abs();
    let mut body = Vec::new();
    match kind {
        b'f' => fixed(&mut body, magnitude, precision, spec.alternate),
        b'e' | b'E' => exponential(&mut body, magnitude, precision, kind, spec.alternate),
        _ => general(&mut body, magnitude, precision.max(1), kind, spec.alternate),
    }
    pad(out, sign, &body, spec, spec.zero);
}

fn fixed(body: &mut Vec<u8>, value: f64, precision: usize, point: bool) {
    let text = crate::base::decimal::fixed(value, precision);
    body.extend_from_slice(text.trim_end_matches('.').as_bytes());
    if precision == 0 && point {
        body.push(b'.');
    }
}

/// So many significant digits, and the exponent of the first.
fn significant(value: f64, count: usize) -> (Vec<u8>, i32) {
    let mut decimal = Decimal::exact(value);
    decimal.drop_last(decimal.digits.len().saturating_sub(count));
    let exponent = match value == 0.0 {
        true => 0,
        false => decimal.digits.len() as i32 - 1 + decimal.power,
    };
    let mut digits = decimal.digits;
    digits.truncate(count);
    digits.resize(count, b'0');
    (digits, exponent)
}

fn exponential(body: &mut Vec<u8>, value: f64, precision: usize, kind: u8, point: bool) {
    let (digits, exponent) = significant(value, precision + 1);
    mantissa(body, &digits, point);
    write_exponent(body, exponent, kind);
}

fn mantissa(body: &mut Vec<u8>, digits: &[u8], point: bool) {
    body.push(digits[0]);
    if digits.len() > 1 || point {
        body.push(b'.');
        body.extend_from_slice(&digits[1..]);
    }
}

fn write_exponent(body: &mut Vec<u8>, exponent: i32, kind: u8) {
    body.push(match kind.is_ascii_uppercase() {
        true => b'E',
        false => b'e',
    });
    body.push(if exponent < 0 { b'-' } else { b'+' });
    if exponent.abs() < 10 {
        body.push(b'0');
    }
    write_u64(body, u64::from(exponent.unsigned_abs()));
}

fn general(body: &mut Vec<u8>, value: f64, precision: usize, kind: u8, keep: bool) {
    let (mut digits, exponent) = significant(value, precision);
    if !keep {
        let last = digits.iter().rposition(|d| *d != b'0').unwrap_or(0);
        digits.truncate(last + 1);
    }
    if exponent < -4 || exponent >= precision as i32 {
        mantissa(body, &digits, keep);
        return write_exponent(body, exponent, kind);
    }
    if exponent < 0 {
        body.extend_from_slice(b"0.");
        body.resize(body.len() + (-1 - exponent) as usize, b'0');
        body.extend_from_slice(&digits);
        return;
    }
    let whole = exponent as usize + 1;
    if digits.len() < whole {
        digits.resize(whole, b'0');
    }
    body.extend_from_slice(&digits[..whole]);
    if digits.len() > whole || keep {
        body.push(b'.');
        body.extend_from_slice(&digits[whole..]);
    }
}

/// A string as source text that reads back as it.
fn quote(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' | b'\n' => out.extend_from_slice(&[b'\\', *byte]),
            b'\r' => out.extend_from_slice(b"\\r"),
            0 => out.extend_from_slice(b"\\000"),
            byte => out.push(*byte),
        }
    }
    out.push(b'"');
}
