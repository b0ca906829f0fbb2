//! `cjson`: JSON out of values, after Mark Pulford's library, and its settings. Reading is in `json_read.rs`.
//!
//! Tables nest as deep as a script wants, so the writer keeps its own stack instead of calling itself.

use super::json_read;
use super::library::{self, values};
use super::machine::{Args, Flow, Machine, Run};
use super::value::Value;
use crate::base::num::{write_f64_g, write_i64};

pub(crate) const LIBRARY: library::Entries = &[
    ("decode", json_read::decode),
    ("decode_invalid_numbers", decode_invalid_numbers),
    ("decode_max_depth", decode_max_depth),
    ("encode", encode),
    ("encode_invalid_numbers", encode_invalid_numbers),
    ("encode_keep_buffer", encode_keep_buffer),
    ("encode_max_depth", encode_max_depth),
    ("encode_number_precision", encode_number_precision),
    ("encode_sparse_array", encode_sparse_array),
    ("new", new),
];

/// What to write for a number that JSON does not know.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Invalid {
    Refuse,
    Write,
    Null,
}

/// The settings, which all scripts share.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    invalid: Invalid,
    pub read_invalid: bool,
    write_depth: i32,
    pub read_depth: i32,
    precision: i32,
    keep_buffer: bool,
    sparse_convert: bool,
    sparse_ratio: i32,
    sparse_safe: i32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            invalid: Invalid::Refuse,
            read_invalid: true,
            write_depth: 1000,
            read_depth: 1000,
            precision: 14,
            keep_buffer: true,
            sparse_convert: false,
            sparse_ratio: 2,
            sparse_safe: 10,
        }
    }
}

/// Adds what is no function to the library's table.
pub(crate) fn describe(m: &mut Machine, table: u32) {
    m.heap.set_field(table, b"null", Value::Light(0));
    for (name, text) in [("_NAME", "cjson"), ("_VERSION", "2.1.0")] {
        let text = m.heap.text(text.as_bytes());
        m.heap.set_field(table, name.as_bytes(), text);
    }
}

/// A table that is being written.
enum Level {
    /// The next index, and the last.
    Array(u32, i64, i64),
    /// The key before.
    Object(u32, Value),
}

fn encode(m: &mut Machine, args: Args) -> Run<Flow> {
    if args.count != 1 {
        return Err(m.argument_error(0, b"expected 1 argument"));
    }
    let mut out = Vec::new();
    let mut levels = Vec::new();
    let value = m.argument(args, 0);
    write_value(m, &mut out, &mut levels, value)?;
    while let Some(level) = levels.last_mut() {
        m.fuel -= 1;
        let next = match level {
            Level::Array(table, at, last) => {
                if *at > *last {
                    out.push(b']');
                    levels.pop();
                    continue;
                }
                if *at > 1 {
                    out.push(b',');
                }
                *at += 1;
                m.raw_index(*table, *at - 1)
            }
            Level::Object(table, before) => match m.heap.tab(*table).next(*before) {
                Ok(Some((key, value))) => {
                    if *before != Value::Nil {
                        out.push(b',');
                    }
                    *before = key;
                    write_key(m, &mut out, key)?;
                    value
                }
                _ => {
                    out.push(b'}');
                    levels.pop();
                    continue;
                }
            },
        };
        if out.len() > 1 << 16 && !m.heap.has_room(out.len()) {
            m.room(out.len())?;
        }
        write_value(m, &mut out, &mut levels, next)?;
    }
    library::string(m, &out)
}

/// `Cannot serialise WHAT: WHY`
fn refuse(m: &mut Machine, what: &str, why: &str) -> super::value::Thrown {
    let text = [b"Cannot serialise ", what.as_bytes(), b": ", why.as_bytes()].concat();
    m.throw_at_caller(&text)
}

fn write_key(m: &mut Machine, out: &mut Vec<u8>, key: Value) -> Run {
    match key {
        Value::Str(text) => write_text(out, m.heap.bytes(text)),
        Value::Num(number) => {
            out.push(b'"');
            write_number(m, out, number)?;
            out.push(b'"');
        }
        key => {
            return Err(refuse(
                m,
                key.type_name(),
                "table key must be a number or string",
            ));
        }
    }
    out.push(b':');
    Ok(())
}

fn write_value(m: &mut Machine, out: &mut Vec<u8>, levels: &mut Vec<Level>, value: Value) -> Run {
    match value {
        Value::Nil | Value::Light(0) => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Num(number) => write_number(m, out, number)?,
        Value::Str(text) => write_text(out, m.heap.bytes(text)),
        Value::Table(table) => {
            if levels.len() >= m.cjson.write_depth as usize {
                let mut text = b"Cannot serialise, excessive nesting (".to_vec();
                write_i64(&mut text, levels.len() as i64 + 1);
                text.push(b')');
                return Err(m.throw_at_caller(&text));
            }
            let length = array_length(m, table)?;
            levels.push(match length {
                1.. => Level::Array(table, 1, length),
                _ => Level::Object(table, Value::Nil),
            });
            out.push(if length > 0 { b'[' } else { b'{' });
        }
        other => return Err(refuse(m, other.type_name(), "type not supported")),
    }
    Ok(())
}

/// How long a table is as an array; 0 or less if it is an object.
fn array_length(m: &mut Machine, table: u32) -> Run<i64> {
    let (mut greatest, mut count) = (0.0_f64, 0);
    for (key, _) in m.heap.tab(table).pairs() {
        match key {
            Value::Num(n) if n >= 1.0 && n.floor() == n => greatest = greatest.max(n),
            _ => return Ok(-1),
        }
        count += 1;
    }
    m.fuel -= count / 8;
    let settings = &m.cjson;
    let sparse = settings.sparse_ratio > 0
        && greatest > count as f64 * f64::from(settings.sparse_ratio)
        && greatest > f64::from(settings.sparse_safe);
    match sparse {
        true if settings.sparse_convert => Ok(-1),
        true => Err(refuse(m, "table", "excessively sparse array")),
        false => Ok(greatest as i64),
    }
}

fn write_number(m: &mut Machine, out: &mut Vec<u8>, number: f64) -> Run {
    match m.cjson.invalid {
        _ if number.is_finite() => {}
        Invalid::Refuse => return Err(refuse(m, "number", "must not be NaN or Inf")),
        Invalid::Null => {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        Invalid::Write if number.is_nan() => {
            out.extend_from_slice(b"nan");
            return Ok(());
        }
        Invalid::Write => {}
    }
    write_f64_g(out, number, m.cjson.precision as usize);
    Ok(())
}

fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for byte in text {
        let short = match byte {
            b'"' | b'\\' | b'/' => *byte,
            8 => b'b',
            12 => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..32 | 127 => {
                out.extend_from_slice(b"\\u00");
                out.push(b'0' + (byte >> 4));
                out.push(b"0123456789abcdef"[usize::from(byte & 15)]);
                continue;
            }
            byte => {
                out.push(*byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', short]);
    }
    out.push(b'"');
}

// Settings.

/// Sets an integer within limits if there is an argument; returns what it is.
fn set_integer(m: &mut Machine, args: Args, index: usize, most: i32, old: i32) -> Run<i32> {
    if m.argument(args, index) == Value::Nil {
        return Ok(old);
    }
    let least = i64::from(index == 0); // Only the two of sparse arrays may be zero.
    let value = m.integer(args, index)?;
    if value < least || value > i64::from(most) {
        let mut text = b"expected integer between ".to_vec();
        write_i64(&mut text, least);
        text.extend_from_slice(b" and ");
        write_i64(&mut text, i64::from(most));
        // The real library counts from the top of its stack, which it has shortened by then.
        return Err(m.argument_error(0, &text));
    }
    Ok(value as i32)
}

/// A switch: a boolean, or one of these words.
fn set_switch(m: &mut Machine, args: Args, words: &[&str], old: usize) -> Run<usize> {
    match m.argument(args, 0) {
        Value::Nil => Ok(old),
        Value::Bool(value) => Ok(usize::from(value)),
        _ => {
            let word = m.string_bytes(args, 0)?;
            match words.iter().position(|w| w.as_bytes() == word) {
                Some(index) => Ok(index),
                None => {
                    let text = [b"invalid option '", &word[..], b"'"].concat();
                    Err(m.argument_error(0, &text))
                }
            }
        }
    }
}

fn integer_value(m: &mut Machine, value: i32) -> Run<Flow> {
    values(m, &[Value::Num(f64::from(value))])
}

fn encode_max_depth(m: &mut Machine, args: Args) -> Run<Flow> {
    let old = m.cjson.write_depth;
    m.cjson.write_depth = set_integer(m, args, 0, i32::MAX, old)?;
    let value = m.cjson.write_depth;
    integer_value(m, value)
}

fn decode_max_depth(m: &mut Machine, args: Args) -> Run<Flow> {
    let old = m.cjson.read_depth;
    m.cjson.read_depth = set_integer(m, args, 0, i32::MAX, old)?;
    let value = m.cjson.read_depth;
    integer_value(m, value)
}

fn encode_number_precision(m: &mut Machine, args: Args) -> Run<Flow> {
    let old = m.cjson.precision;
    m.cjson.precision = set_integer(m, args, 0, 14, old)?;
    let value = m.cjson.precision;
    integer_value(m, value)
}

fn encode_keep_buffer(m: &mut Machine, args: Args) -> Run<Flow> {
    let old = usize::from(m.cjson.keep_buffer);
    m.cjson.keep_buffer = set_switch(m, args, &["off", "on"], old)? != 0;
    let value = Value::Bool(m.cjson.keep_buffer);
    values(m, &[value])
}

fn encode_invalid_numbers(m: &mut Machine, args: Args) -> Run<Flow> {
    let all = [Invalid::Refuse, Invalid::Write, Invalid::Null];
    let old = m.cjson.invalid as usize;
    m.cjson.invalid = all[set_switch(m, args, &["off", "on", "null"], old)?];
    let value = match m.cjson.invalid {
        Invalid::Null => m.heap.text(b"null"),
        other => Value::Bool(other == Invalid::Write),
    };
    values(m, &[value])
}

fn decode_invalid_numbers(m: &mut Machine, args: Args) -> Run<Flow> {
    let old = usize::from(m.cjson.read_invalid);
    m.cjson.read_invalid = set_switch(m, args, &["off", "on"], old)? != 0;
    let value = Value::Bool(m.cjson.read_invalid);
    values(m, &[value])
}

fn encode_sparse_array(m: &mut Machine, args: Args) -> Run<Flow> {
    let old = usize::from(m.cjson.sparse_convert);
    m.cjson.sparse_convert = set_switch(m, args, &["off", "on"], old)? != 0;
    let old = m.cjson.sparse_ratio;
    m.cjson.sparse_ratio = set_integer(m, args, 1, i32::MAX, old)?;
    let old = m.cjson.sparse_safe;
    m.cjson.sparse_safe = set_integer(m, args, 2, i32::MAX, old)?;
    let convert = Value::Bool(m.cjson.sparse_convert);
    let (ratio, safe) = (m.cjson.sparse_ratio, m.cjson.sparse_safe);
    values(
        m,
        &[convert, Value::Num(ratio.into()), Value::Num(safe.into())],
    )
}

/// Another table of the same functions; they share the settings.
fn new(m: &mut Machine, _: Args) -> Run<Flow> {
    let globals = m.globals;
    let library = m.heap.field(globals, b"cjson");
    let table = m.heap.table(0, 16);
    if let Value::Table(from) = library {
        let entries: Vec<_> = m.heap.tab(from).pairs().collect();
        for (key, value) in entries {
            m.raw_set(table, key, value)?;
        }
    }
    values(m, &[Value::Table(table)])
}
