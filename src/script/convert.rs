//! Replies as values of the language, and values as replies.
//!
//! | reply | RESP2 | RESP3 |
//! |---|---|---|
//! | integer | number | number |
//! | bulk string | string | string |
//! | array | table | table |
//! | status, error | `{ok=…}`, `{err=…}` | the same |
//! | null | `false` | `nil` |
//! | map, set | | `{map=…}`, `{set={member=true}}` |
//! | double, big number, verbatim string | | `{double=…}`, `{big_number=…}`, `{verbatim_string={format=…, string=…}}` |
//! | boolean | | boolean |
use super::lua::{Machine, Value};
use crate::base::num;
use crate::resp::Reply;

/// Names that are looked up at every conversion; interned once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name {
    Err,
    Ok,
    Double,
    Map,
    Set,
    BigNumber,
    Verbatim,
    Format,
    String,
    /// Of an error that the statistics know already.
    Counted,
}

/// The names in the order of [`Name`].
pub(super) const NAMES: [&str; 10] = [
    "err",
    "ok",
    "double",
    "map",
    "set",
    "big_number",
    "verbatim_string",
    "format",
    "string",
    "ignore_error_stats_update",
];

/// Nested deeper than this a value is no reply: what a real machine's stack holds.
const MAX_SLOTS: usize = 7995;
/// Most values that one reply may have.
const MAX_VALUES: usize = 1 << 22;

/// The names as strings of a machine. They stand among its anchors, so that the collector leaves them alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names([Value; NAMES.len()]);

impl Names {
    pub(super) fn new(lua: &mut Machine) -> Names {
        let names = NAMES.map(|name| lua.heap.text(name.as_bytes()));
        lua.anchors.extend_from_slice(&names);
        Names(names)
    }

    /// The field of an error's text.
    pub(super) fn error(&self) -> Value {
        self.key(Name::Err)
    }

    fn key(&self, name: Name) -> Value {
        self.0[name as usize]
    }

    /// A table with one field.
    pub(super) fn single(&self, lua: &mut Machine, name: Name, value: Value) -> u32 {
        let table = lua.heap.table(0, 1);
        let _ = lua.heap.set(table, self.key(name), value);
        table
    }

    /// A field of a table, without asking metatables.
    pub(super) fn field(&self, lua: &Machine, table: u32, name: Name) -> Value {
        lua.heap.tab(table).get(self.key(name))
    }

    pub(super) fn set(&self, lua: &mut Machine, table: u32, name: Name, value: Value) {
        let _ = lua.heap.set(table, self.key(name), value);
    }
}

/// Reads one reply that the server itself wrote.
pub(super) struct Reader<'a> {
    pub lua: &'a mut Machine,
    pub names: Names,
    pub bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Reader<'a> {
    /// The next value. Replies are nested a few levels deep: no command lets a client choose how deep.
    pub(super) fn value(&mut self) -> Value {
        let kind = self.bytes.get(self.at).copied().unwrap_or(b'_');
        let line = self.line();
        let count = num::parse_i64(line).unwrap_or(-1);
        match kind {
            b':' => Value::Num(count as f64),
            b'$' | b'=' | b'*' if count < 0 => Value::Bool(false),
            b'$' => {
                let text = self.bulk(count as usize);
                self.lua.heap.text(text)
            }
            b'*' => self.array(count as usize),
            b'+' => self.single(Name::Ok, line),
            b'-' => self.error(line),
            b'#' => Value::Bool(line == b"t"),
            b',' => {
                let value = Value::Num(num::parse_f64_bound(line).unwrap_or(f64::NAN));
                Value::Table(self.names.single(self.lua, Name::Double, value))
            }
            b'(' => self.single(Name::BigNumber, line),
            b'=' => self.verbatim(count as usize),
            b'%' => self.map(count),
            b'~' => self.set(count),
            b'|' => {
                // What is said about a reply is not for scripts.
                for _ in 0..count.max(0) * 2 {
                    self.value();
                }
                self.value()
            }
            _ => Value::Nil,
        }
    }

    /// The rest of the line behind its kind.
    fn line(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let end = rest.iter().position(|&b| b == b'\r').unwrap_or(rest.len());
        self.at += end + 3;
        &rest[..end]
    }

    fn bulk(&mut self, len: usize) -> &'a [u8] {
        let text = self.bytes.get(self.at..self.at + len).unwrap_or_default();
        self.at += len + 2;
        text
    }

    fn single(&mut self, name: Name, text: &[u8]) -> Value {
        let value = self.lua.heap.text(text);
        Value::Table(self.names.single(self.lua, name, value))
    }

    fn error(&mut self, text: &[u8]) -> Value {
        let value = self.lua.heap.text(text);
        let table = self.names.single(self.lua, Name::Err, value);
        let counted = Value::Bool(true);
        self.names.set(self.lua, table, Name::Counted, counted);
        Value::Table(table)
    }

    fn array(&mut self, count: usize) -> Value {
        let table = self.lua.heap.table(count.min(self.bytes.len()), 0);
        for index in 1..=count {
            let value = self.value();
            let _ = self.lua.heap.set(table, Value::Num(index as f64), value);
        }
        Value::Table(table)
    }

    fn verbatim(&mut self, len: usize) -> Value {
        let text = self.bulk(len);
        let (format, text) = text.split_at(text.len().min(3));
        let inner = self.lua.heap.table(0, 2);
        let value = self.lua.heap.text(text.get(1..).unwrap_or_default());
        self.names.set(self.lua, inner, Name::String, value);
        let value = self.lua.heap.text(format);
        self.names.set(self.lua, inner, Name::Format, value);
        let inner = Value::Table(inner);
        Value::Table(self.names.single(self.lua, Name::Verbatim, inner))
    }

    fn map(&mut self, count: i64) -> Value {
        let room = (count.max(0) as usize).min(self.bytes.len());
        let inner = self.lua.heap.table(0, room);
        for _ in 0..count {
            let key = self.value();
            let value = self.value();
            if key != Value::Nil {
                let _ = self.lua.heap.set(inner, key, value);
            }
        }
        let inner = Value::Table(inner);
        Value::Table(self.names.single(self.lua, Name::Map, inner))
    }

    fn set(&mut self, count: i64) -> Value {
        let room = (count.max(0) as usize).min(self.bytes.len());
        let inner = self.lua.heap.table(0, room);
        for _ in 0..count {
            let key = self.value();
            if key != Value::Nil {
                let _ = self.lua.heap.set(inner, key, Value::Bool(true));
            }
        }
        let inner = Value::Table(inner);
        Value::Table(self.names.single(self.lua, Name::Set, inner))
    }
}

/// A table that is being written, and how far.
enum Open {
    /// The next index, and how many there are.
    Array(u32, usize, usize),
    /// The key before, and its value if that is still to come.
    Map(u32, Value, Option<Value>),
    Set(u32, Value),
}

/// Writes values as replies.
pub(super) struct Writer<'a> {
    pub lua: &'a Machine,
    pub names: Names,
    pub out: &'a mut Reply,
    /// The script speaks RESP3, so its booleans are those of RESP3.
    pub booleans: bool,
    /// Whether an error among the values is one that the statistics do not know.
    pub new_error: bool,
}

impl Writer<'_> {
    /// Writes the value and all that is in it. Nothing of the host's own stack is used, however deep it is nested. False
    /// if it is more than a reply may be.
    pub(super) fn write(&mut self, value: Value) -> bool {
        let mut open: Vec<Open> = Vec::new();
        let (mut slots, mut values) = (0, 0);
        let mut next = Some(value);
        loop {
            if let Some(value) = next.take() {
                values += 1;
                if values > MAX_VALUES {
                    return false;
                }
                if slots >= MAX_SLOTS {
                    self.out.error(b"ERR reached lua stack limit");
                    self.new_error = true;
                } else if let Some(inner) = self.begin(value) {
                    slots += inner.slots();
                    open.push(inner);
                }
            }
            let Some(top) = open.last_mut() else {
                return true;
            };
            next = top.next(self.lua);
            if next.is_none() {
                slots -= top.slots();
                open.pop();
            }
        }
    }

    /// Writes a value, or the head of one that has others in it.
    fn begin(&mut self, value: Value) -> Option<Open> {
        match value {
            Value::Str(text) => self.out.bulk(self.lua.heap.bytes(text)),
            Value::Num(number) => self.out.int(integer(number)),
            Value::Bool(flag) if self.booleans => self.out.bool(flag),
            Value::Bool(true) => self.out.int(1),
            Value::Table(table) => return self.table(table),
            _ => self.out.null(),
        }
        None
    }

    fn table(&mut self, table: u32) -> Option<Open> {
        let field = |name| self.names.field(self.lua, table, name);
        let text = |value| match value {
            Value::Str(text) => Some(self.lua.heap.bytes(text)),
            _ => None,
        };
        if let Some(error) = text(field(Name::Err)) {
            self.new_error |= field(Name::Counted) != Value::Bool(true);
            self.out.error(error);
            return None;
        }
        if let Some(status) = text(field(Name::Ok)) {
            let line = one_line(status);
            self.out.raw(&[b"+", line.as_slice(), b"\r\n"].concat());
            return None;
        }
        if let Value::Num(number) = field(Name::Double) {
            self.out.double(number);
            return None;
        }
        if let Value::Table(inner) = field(Name::Map) {
            self.out.map(self.lua.heap.tab(inner).pairs().count());
            return Some(Open::Map(inner, Value::Nil, None));
        }
        if let Value::Table(inner) = field(Name::Set) {
            self.out.set(self.lua.heap.tab(inner).pairs().count());
            return Some(Open::Set(inner, Value::Nil));
        }
        if let Some(digits) = text(field(Name::BigNumber)) {
            self.out.big_number(&one_line(digits));
            return None;
        }
        if let Value::Table(inner) = field(Name::Verbatim) {
            let field = |name| text(self.names.field(self.lua, inner, name));
            if let (Some(format), Some(string)) = (field(Name::Format), field(Name::String)) {
                let mut code = *b"txt";
                code.iter_mut().zip(format).for_each(|(to, &b)| *to = b);
                let code = std::str::from_utf8(&code).unwrap_or("txt");
                self.out.verbatim(code, string);
                return None;
            }
        }
        let items = self.lua.heap.tab(table);
        let count = (1..).take_while(|&at| items.get_num(at as f64) != Value::Nil);
        let count = count.take(MAX_VALUES).count();
        self.out.array(count);
        Some(Open::Array(table, 0, count))
    }
}

impl Open {
    /// How many places of its stack a real machine has in use meanwhile.
    fn slots(&self) -> usize {
        match self {
            Open::Array(..) => 1,
            Open::Map(..) | Open::Set(..) => 4,
        }
    }

    fn next(&mut self, lua: &Machine) -> Option<Value> {
        let after = |table: u32, key: Value| lua.heap.tab(table).next(key).ok().flatten();
        match self {
            Open::Array(table, at, count) => {
                *at += 1;
                (*at <= *count).then(|| lua.heap.tab(*table).get_num(*at as f64))
            }
            Open::Map(_, _, value @ Some(_)) => value.take(),
            Open::Map(table, key, value) => {
                let (next, its_value) = after(*table, *key)?;
                (*key, *value) = (next, Some(its_value));
                Some(next)
            }
            Open::Set(table, key) => {
                (*key, _) = after(*table, *key)?;
                Some(*key)
            }
        }
    }
}

/// Text with its line breaks as spaces.
fn one_line(text: &[u8]) -> Vec<u8> {
    let space = |&b: &u8| if matches!(b, b'\r' | b'\n') { b' ' } else { b };
    text.iter().map(space).collect()
}

/// A number as C converts it to a 64-bit integer: cut off, and the least integer if it does not fit.
fn integer(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    match (-LIMIT..LIMIT).contains(&number) {
        true => number as i64,
        false => i64::MIN,
    }
}

/// Appends an argument of a command: a string as it is, a number as an integer if it is one. False for anything else.
pub(super) fn write_argument(lua: &Machine, value: Value, out: &mut Vec<u8>) -> bool {
    match value {
        Value::Str(text) => out.extend_from_slice(lua.heap.bytes(text)),
        Value::Num(number) => {
            let whole = number as i64;
            if whole as f64 == number && number < 9_223_372_036_854_775_807.0 {
                num::write_i64(out, whole);
            } else if number.is_nan() && number.is_sign_negative() {
                out.extend_from_slice(b"-nan");
            } else {
                num::write_f64(out, number);
            }
        }
        _ => return false,
    }
    true
}
