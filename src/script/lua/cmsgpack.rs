//! `cmsgpack`: MessagePack, as Salvatore Sanfilippo's library reads and writes it.

use super::library::{self, integer};
use super::machine::{Args, Flow, Machine, Run};
use super::value::{Thrown, Value};
use crate::base::num::write_i64;

pub(crate) const LIBRARY: library::Entries = &[
    ("pack", pack),
    ("unpack", unpack),
    ("unpack_limit", unpack_limit),
    ("unpack_one", unpack_one),
];

/// Tables nested deeper than this are written as nil.
const MAX_NESTING: usize = 16;
/// Tables that may be open while reading: two values of the stack for each.
const MAX_OPEN: usize = library::MAX_VALUES / 2;

/// Adds what is no function to the library's table.
pub(crate) fn describe(m: &mut Machine, table: u32) {
    for (name, text) in [
        ("_NAME", "cmsgpack"),
        ("_VERSION", "lua-cmsgpack 0.4.0"),
        ("_COPYRIGHT", "Copyright (C) 2012, Redis Ltd."),
        ("_DESCRIPTION", "MessagePack C implementation for Lua"),
    ] {
        let text = m.heap.text(text.as_bytes());
        m.heap.set_field(table, name.as_bytes(), text);
    }
}

fn pack(m: &mut Machine, args: Args) -> Run<Flow> {
    if args.count == 0 {
        // The real library says "argument 0".
        return Err(m.argument_error(usize::MAX, b"MessagePack pack needs input."));
    }
    let mut out = Vec::new();
    for index in 0..args.count {
        let value = m.argument(args, index);
        write(m, &mut out, value, 0)?;
    }
    library::string(m, &out)
}

/// Appends a head: one byte if the count fits below `small`, else a byte that says how wide the count is.
fn head(out: &mut Vec<u8>, count: usize, small: (usize, u8), wide: &[(usize, u8)]) {
    if count < small.0 {
        return out.push(small.1 | count as u8);
    }
    let (bytes, mark) = wide
        .iter()
        .copied()
        .find(|(bytes, _)| count as u64 >> (8 * bytes) == 0)
        .unwrap_or((4, wide[wide.len() - 1].1));
    out.push(mark);
    out.extend_from_slice(&(count as u64).to_be_bytes()[8 - bytes..]);
}

/// The nesting is bounded, so this may call itself.
fn write(m: &mut Machine, out: &mut Vec<u8>, value: Value, depth: usize) -> Run {
    m.fuel -= 1;
    if !m.heap.has_room(out.len()) {
        m.room(out.len())?;
    }
    match value {
        Value::Bool(value) => out.push(0xc2 | u8::from(value)),
        Value::Num(number) => write_number(out, number),
        Value::Str(text) => {
            let bytes = m.heap.bytes(text);
            let wide = [(1, 0xd9), (2, 0xda), (4, 0xdb)];
            head(out, bytes.len(), (32, 0xa0), &wide);
            out.extend_from_slice(bytes);
        }
        Value::Table(table) if depth < MAX_NESTING => write_table(m, out, table, depth)?,
        _ => out.push(0xc0),
    }
    Ok(())
}

fn write_table(m: &mut Machine, out: &mut Vec<u8>, table: u32, depth: usize) -> Run {
    let entries: Vec<_> = m.heap.tab(table).pairs().collect();
    let mut greatest = 0.0_f64;
    let list = entries.iter().all(|(key, _)| match key {
        Value::Num(n) if *n >= 1.0 && n.floor() == *n => {
            greatest = greatest.max(*n);
            true
        }
        _ => false,
    });
    if list && greatest == entries.len() as f64 {
        head(out, entries.len(), (16, 0x90), &[(2, 0xdc), (4, 0xdd)]);
        for index in 1..=entries.len() {
            let value = m.raw_index(table, index as i64);
            write(m, out, value, depth + 1)?;
        }
        return Ok(());
    }
    head(out, entries.len(), (16, 0x80), &[(2, 0xde), (4, 0xdf)]);
    for (key, value) in entries {
        write(m, out, key, depth + 1)?;
        write(m, out, value, depth + 1)?;
    }
    Ok(())
}

fn write_number(out: &mut Vec<u8>, number: f64) {
    let whole = integer(number);
    if whole as f64 == number && number < 9_223_372_036_854_775_808.0 {
        return write_integer(out, whole);
    }
    let narrow = number as f32;
    if f64::from(narrow) == number {
        out.push(0xca);
        out.extend_from_slice(&narrow.to_be_bytes());
    } else {
        out.push(0xcb);
        out.extend_from_slice(&number.to_be_bytes());
    }
}

fn write_integer(out: &mut Vec<u8>, value: i64) {
    let (bytes, mark) = match value {
        -32..=127 => return out.push(value as u8),
        128..=0xff => (1, 0xcc),
        0x100..=0xffff => (2, 0xcd),
        0x1_0000..=0xffff_ffff => (4, 0xce),
        0x1_0000_0000.. => (8, 0xcf),
        -0x80..=-33 => (1, 0xd0),
        -0x8000..=-0x81 => (2, 0xd1),
        -0x8000_0000..=-0x8001 => (4, 0xd2),
        _ => (8, 0xd3),
    };
    out.push(mark);
    out.extend_from_slice(&value.to_be_bytes()[8 - bytes..]);
}

/// A table whose entries are being read.
struct Open {
    table: u32,
    left: u64,
    /// The next index of an array; a map reads a key first.
    index: u32,
    map: bool,
    key: Option<Value>,
}

struct Reader {
    data: Vec<u8>,
    at: usize,
}

fn missing(m: &mut Machine) -> Thrown {
    m.throw_at_caller(b"Missing bytes in input.")
}

impl Reader {
    fn bytes(&mut self, m: &mut Machine, count: usize) -> Run<usize> {
        let from = self.at;
        if count > self.data.len() - from {
            return Err(missing(m));
        }
        self.at += count;
        Ok(from)
    }

    /// A number of so many bytes.
    fn word(&mut self, m: &mut Machine, count: usize) -> Run<u64> {
        let from = self.bytes(m, count)?;
        let bytes = &self.data[from..self.at];
        Ok(bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)))
    }

    fn text(&mut self, m: &mut Machine, count: u64) -> Run<Item> {
        let from = self.bytes(m, count as usize)?;
        Ok(Item::Value(m.heap.text(&self.data[from..self.at])))
    }

    fn item(&mut self, m: &mut Machine) -> Run<Item> {
        let byte = self.word(m, 1)? as u8;
        let number = |value: f64| Ok(Item::Value(Value::Num(value)));
        let signed =
            |word: u64, bytes: u32| ((word << (64 - 8 * bytes)) as i64) >> (64 - 8 * bytes);
        match byte {
            0x00..=0x7f | 0xe0..=0xff => number(f64::from(byte as i8)),
            0x80..=0x8f => Ok(Item::Table(u64::from(byte & 15), true)),
            0x90..=0x9f => Ok(Item::Table(u64::from(byte & 15), false)),
            0xa0..=0xbf => self.text(m, u64::from(byte & 31)),
            0xc0 => Ok(Item::Value(Value::Nil)),
            0xc2 | 0xc3 => Ok(Item::Value(Value::Bool(byte == 0xc3))),
            0xca => number(f64::from(f32::from_bits(self.word(m, 4)? as u32))),
            0xcb => number(f64::from_bits(self.word(m, 8)?)),
            0xcc..=0xce => number(self.word(m, 1 << (byte - 0xcc))? as f64),
            0xcf => number(self.word(m, 8)? as i64 as f64),
            0xd0..=0xd3 => {
                let bytes = 1 << (byte - 0xd0);
                number(signed(self.word(m, bytes)?, bytes as u32) as f64)
            }
            0xd9..=0xdb => {
                let count = self.word(m, 1 << (byte - 0xd9))?;
                self.text(m, count)
            }
            0xdc | 0xdd => Ok(Item::Table(self.word(m, 2 << (byte - 0xdc))?, false)),
            0xde | 0xdf => Ok(Item::Table(self.word(m, 2 << (byte - 0xde))?, true)),
            _ => Err(m.throw_at_caller(b"Bad data format in input.")),
        }
    }
}

enum Item {
    Value(Value),
    /// So many entries, of a map or an array.
    Table(u64, bool),
}

/// Reads one value with all that is in it.
fn read(m: &mut Machine, reader: &mut Reader) -> Run<Value> {
    let mut open: Vec<Open> = Vec::new();
    loop {
        m.fuel -= 1;
        if m.heap.used > m.heap.limit {
            return Err(m.out_of_memory());
        }
        let mut done = match reader.item(m)? {
            Item::Value(value) => value,
            Item::Table(left, map) => {
                if open.len() >= MAX_OPEN {
                    let what: &[u8] = if map { b"hash" } else { b"array" };
                    let text = [b"stack overflow (in function mp_decode_to_lua_", what, b")"];
                    return Err(m.throw_at_caller(&text.concat()));
                }
                let table = m.heap.table(0, 0);
                open.push(Open {
                    table,
                    left,
                    index: 1,
                    map,
                    key: None,
                });
                if left > 0 {
                    continue;
                }
                open.pop();
                Value::Table(table)
            }
        };
        // What is complete goes into what is open, which may complete that.
        loop {
            let Some(last) = open.last_mut() else {
                return Ok(done);
            };
            if last.map && last.key.is_none() {
                last.key = Some(done);
                break;
            }
            let key = match last.key.take() {
                Some(key) => key,
                None => Value::Num(f64::from(last.index)),
            };
            last.index += 1;
            last.left -= 1;
            let (table, left) = (last.table, last.left);
            put(m, table, key, done)?;
            if left > 0 {
                break;
            }
            open.pop();
            done = Value::Table(table);
        }
    }
}

fn put(m: &mut Machine, table: u32, key: Value, value: Value) -> Run {
    match key {
        Value::Nil => return Err(m.throw(b"table index is nil")),
        Value::Num(n) if n.is_nan() => return Err(m.throw(b"table index is NaN")),
        _ => {}
    }
    match m.heap.set(table, key, value) {
        Ok(()) => Ok(()),
        Err(_) => Err(m.throw(b"table overflow")),
    }
}

/// Reads at most `limit` values from `offset` on; without either, all there are, and no new offset is returned.
fn unpack_from(m: &mut Machine, args: Args, limit: i64, offset: i64) -> Run<Flow> {
    let data = m.string_bytes(args, 0)?;
    let length = data.len() as i64;
    if offset < 0 || limit < 0 {
        return Err(wrong_request(
            m,
            b"Invalid request to unpack with offset of ",
            offset,
            b" and limit of ",
            length,
        ));
    }
    if offset > length {
        return Err(wrong_request(
            m,
            b"Start offset ",
            offset,
            b" greater than input length ",
            length,
        ));
    }
    // What is read is not yet in reach of the collector: it runs before, and not meanwhile.
    m.room(data.len() * 4)?;
    let all = limit == 0 && offset == 0;
    let mut reader = Reader {
        data,
        at: offset as usize,
    };
    let mut values = Vec::new();
    while reader.at < reader.data.len() && (all || (values.len() as i64) < limit) {
        if values.len() + args.count + 1 >= library::MAX_VALUES {
            let text = b"stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)";
            return Err(m.throw_at_caller(text));
        }
        values.push(read(m, &mut reader)?);
    }
    if !all {
        let next = match reader.at == reader.data.len() {
            true => -1.0,
            false => reader.at as f64,
        };
        values.insert(0, Value::Num(next));
    }
    library::values(m, &values)
}

fn wrong_request(
    m: &mut Machine,
    before: &[u8],
    offset: i64,
    between: &[u8],
    length: i64,
) -> Thrown {
    let mut text = before.to_vec();
    write_i64(&mut text, offset);
    text.extend_from_slice(between);
    write_i64(&mut text, length);
    text.push(b'.');
    m.throw_at_caller(&text)
}

fn unpack(m: &mut Machine, args: Args) -> Run<Flow> {
    unpack_from(m, args, 0, 0)
}

fn unpack_one(m: &mut Machine, args: Args) -> Run<Flow> {
    let offset = m.integer_or(args, 1, 0)?;
    unpack_from(m, args, 1, offset)
}

fn unpack_limit(m: &mut Machine, args: Args) -> Run<Flow> {
    let limit = m.integer(args, 1)?;
    let offset = m.integer_or(args, 2, 0)?;
    unpack_from(m, args, limit, offset)
}
