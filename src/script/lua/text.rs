//! `string` (Reference Manual, section 5.4): what is not a search, a substitution or a format.

use super::library::{self, MAX_VALUES, number};
use super::machine::{Args, Flow, Machine, Run};
use super::search::relative;
use super::value::Value;
use super::{format, gmatch};

pub(crate) const LIBRARY: library::Entries = &[
    ("byte", byte),
    ("char", char_),
    ("dump", dump),
    ("find", library::find),
    ("format", format::format),
    ("gfind", gmatch::gmatch),
    ("gmatch", gmatch::gmatch),
    ("gsub", library::gsub),
    ("len", len),
    ("lower", lower),
    ("match", library::match_),
    ("rep", rep),
    ("reverse", reverse),
    ("sub", sub),
    ("upper", upper),
];

fn byte(m: &mut Machine, args: Args) -> Run<Flow> {
    let text = m.string_bytes(args, 0)?;
    let first = relative(m.integer_or(args, 1, 1)?, text.len());
    let last = relative(m.integer_or(args, 2, first)?, text.len());
    let (first, last) = (first.max(1), last.min(text.len() as i64));
    if first > last {
        return library::values(m, &[]);
    }
    if (last - first) as usize + args.count >= MAX_VALUES {
        return Err(m.throw_at_caller(b"stack overflow (string slice too long)"));
    }
    let bytes = &text[first as usize - 1..last as usize];
    m.stack
        .extend(bytes.iter().map(|byte| Value::Num(f64::from(*byte))));
    Ok(Flow::Values(bytes.len()))
}

fn char_(m: &mut Machine, args: Args) -> Run<Flow> {
    let mut out = Vec::with_capacity(args.count);
    for index in 0..args.count {
        let code = m.integer(args, index)? as i32;
        match u8::try_from(code) {
            Ok(byte) => out.push(byte),
            Err(_) => return Err(m.argument_error(index, b"invalid value")),
        }
    }
    library::string(m, &out)
}

/// How bytecode begins on a 64-bit machine. Nothing can be done with it, as nothing loads it again, so that the rest is not made.
const BYTECODE_HEAD: &[u8] = b"\x1bLuaQ\0\x01\x04\x08\x04\x08\0";

fn dump(m: &mut Machine, args: Args) -> Run<Flow> {
    m.function(args, 0)?;
    if !m.is_written_in_lua(m.argument(args, 0)) {
        return Err(m.throw_at_caller(b"unable to dump given function"));
    }
    library::string(m, BYTECODE_HEAD)
}

fn len(m: &mut Machine, args: Args) -> Run<Flow> {
    let text = m.string(args, 0)?;
    let length = m.heap.bytes(text).len();
    number(m, length as f64)
}

fn lower(m: &mut Machine, args: Args) -> Run<Flow> {
    let mut text = m.string_bytes(args, 0)?;
    text.make_ascii_lowercase();
    library::string(m, &text)
}

fn upper(m: &mut Machine, args: Args) -> Run<Flow> {
    let mut text = m.string_bytes(args, 0)?;
    text.make_ascii_uppercase();
    library::string(m, &text)
}

fn reverse(m: &mut Machine, args: Args) -> Run<Flow> {
    let mut text = m.string_bytes(args, 0)?;
    text.reverse();
    library::string(m, &text)
}

fn rep(m: &mut Machine, args: Args) -> Run<Flow> {
    let text = m.string_bytes(args, 0)?;
    let count = m.integer(args, 1)? as i32;
    let size = text.len().saturating_mul(count.max(0) as usize);
    if size > 1 << 12 {
        m.room(size)?;
    }
    let out = text.repeat(size.checked_div(text.len()).unwrap_or(0));
    library::string(m, &out)
}

fn sub(m: &mut Machine, args: Args) -> Run<Flow> {
    let text = m.string(args, 0)?;
    let length = m.heap.bytes(text).len();
    let first = relative(m.integer(args, 1)?, length).max(1);
    let last = relative(m.integer_or(args, 2, -1)?, length).min(length as i64);
    if first > last {
        return library::string(m, b"");
    }
    let part = m.heap.bytes(text)[first as usize - 1..last as usize].to_vec();
    library::string(m, &part)
}
