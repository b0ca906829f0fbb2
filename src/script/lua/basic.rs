//! The basic functions (Reference Manual, section 5.1), without those that read files or print.

use super::heap::Body;
use super::library::{self, IPAIRS_STEP, MAX_VALUES, NEXT, values};
use super::machine::{Args, Flow, Machine, Meta, Run};
use super::thread::Work;
use super::value::Value;
use crate::base::num::is_space;

pub(crate) const LIBRARY: library::Entries = &[
    ("next", next),
    ("assert", assert),
    ("collectgarbage", collectgarbage),
    ("error", error),
    ("gcinfo", gcinfo),
    ("getfenv", getfenv),
    ("getmetatable", getmetatable),
    ("ipairs", ipairs),
    ("load", load),
    ("loadstring", loadstring),
    ("newproxy", newproxy),
    ("pairs", pairs),
    ("pcall", pcall),
    ("rawequal", rawequal),
    ("rawget", rawget),
    ("rawset", rawset),
    ("select", select),
    ("setfenv", setfenv),
    ("setmetatable", setmetatable),
    ("tonumber", tonumber),
    ("tostring", tostring),
    ("type", type_),
    ("unpack", unpack),
    ("xpcall", xpcall),
];

fn next(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let key = m.argument(args, 1);
    match m.heap.tab(table).next(key) {
        Ok(Some((key, value))) => values(m, &[key, value]),
        Ok(None) => values(m, &[Value::Nil]),
        Err(_) => Err(m.throw(b"invalid key to 'next'")),
    }
}

fn assert(m: &mut Machine, args: Args) -> Run<Flow> {
    if !m.any(args, 0)?.truthy() {
        let message = match m.argument(args, 1) {
            Value::Nil => b"assertion failed!".to_vec(),
            _ => m.string_bytes(args, 1)?,
        };
        return Err(m.throw_at_caller(&message));
    }
    all_arguments(m, args, 0)
}

/// Returns the arguments from `index` on.
fn all_arguments(m: &mut Machine, args: Args, index: usize) -> Run<Flow> {
    let range = args.at + index.min(args.count)..args.at + args.count;
    let count = range.len();
    m.stack.extend_from_within(range);
    Ok(Flow::Values(count))
}

fn collectgarbage(m: &mut Machine, args: Args) -> Run<Flow> {
    let option = match m.argument(args, 0) {
        Value::Nil => b"collect".to_vec(),
        _ => m.string_bytes(args, 0)?,
    };
    m.integer_or(args, 1, 0)?;
    let result = match &option[..] {
        b"collect" => {
            m.collect_all();
            Value::Num(0.0)
        }
        b"count" => Value::Num(m.memory() as f64 / 1024.0),
        b"step" => {
            m.collect_all();
            Value::Bool(true)
        }
        b"stop" | b"restart" => Value::Num(0.0),
        b"setpause" | b"setstepmul" => Value::Num(200.0),
        option => {
            let message = [b"invalid option '", option, b"'"].concat();
            return Err(m.argument_error(0, &message));
        }
    };
    values(m, &[result])
}

fn gcinfo(m: &mut Machine, _: Args) -> Run<Flow> {
    let kilobytes = (m.memory() / 1024) as f64;
    library::number(m, kilobytes)
}

fn error(m: &mut Machine, args: Args) -> Run<Flow> {
    let level = m.integer_or(args, 1, 1)?;
    let value = m.argument(args, 0);
    if let (Value::Str(_) | Value::Num(_), 1..) = (value, level) {
        let mut text = m.place_of_level(level as usize);
        let message = m.string_bytes(args, 0)?;
        text.extend_from_slice(&message);
        let text = m.heap.text(&text);
        return Err(m.throw_value(text));
    }
    Err(m.throw_value(value))
}

// Environments.

/// The function that an argument means, itself or by its level; `None` for the thread.
fn function_of(m: &mut Machine, args: Args, optional: bool) -> Run<Option<Value>> {
    let value = m.argument(args, 0);
    if value.is_function() {
        return Ok(Some(value));
    }
    let level = match value {
        Value::Nil if optional => 1,
        _ => m.integer(args, 0)?,
    };
    if level < 0 {
        return Err(m.argument_error(0, b"level must be non-negative"));
    }
    if level == 0 {
        return Ok(None);
    }
    let mut found = m.frames.iter().rev().filter(|frame| !frame.work.is_part());
    match found.nth(level as usize - 1) {
        Some(frame) if matches!(frame.work, Work::Lua) => Ok(Some(Value::Func(frame.closure))),
        Some(_) => Ok(None),
        None => Err(m.argument_error(0, b"invalid level")),
    }
}

fn is_lua(m: &Machine, id: u32) -> bool {
    matches!(m.heap.closures.items[id as usize].body, Body::Lua(_))
}

fn getfenv(m: &mut Machine, args: Args) -> Run<Flow> {
    let env = match function_of(m, args, true)? {
        Some(Value::Func(id)) if is_lua(m, id) => m.heap.closures.items[id as usize].env,
        _ => m.globals,
    };
    values(m, &[Value::Table(env)])
}

fn setfenv(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 1)?;
    match function_of(m, args, false)? {
        Some(Value::Func(id)) if is_lua(m, id) => {
            m.heap.closures.items[id as usize].env = table;
            m.heap.rescan(table);
            values(m, &[Value::Func(id)])
        }
        _ => {
            let text = b"'setfenv' cannot change environment of given object";
            Err(m.throw_at_caller(text))
        }
    }
}

// Metatables and raw access.

fn getmetatable(m: &mut Machine, args: Args) -> Run<Flow> {
    let value = m.any(args, 0)?;
    let guard = m.metamethod(value, Meta::Metatable);
    let result = match (guard, value) {
        (Value::Nil, Value::Table(id)) => m.heap.tab(id).meta.map_or(Value::Nil, Value::Table),
        (Value::Nil, Value::Str(_)) => m.heap.string_meta.map_or(Value::Nil, Value::Table),
        (guard, _) => guard,
    };
    values(m, &[result])
}

fn setmetatable(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let meta = match m.argument(args, 1) {
        Value::Table(id) => Some(id),
        Value::Nil if args.count > 1 => None,
        _ => return Err(m.argument_error(1, b"nil or table expected")),
    };
    if m.metamethod(Value::Table(table), Meta::Metatable) != Value::Nil {
        return Err(m.throw_at_caller(b"cannot change a protected metatable"));
    }
    if m.heap.tab(table).readonly {
        return Err(m.throw(b"Attempt to modify a readonly table"));
    }
    m.heap.tab_mut(table).meta = meta;
    values(m, &[Value::Table(table)])
}

fn rawequal(m: &mut Machine, args: Args) -> Run<Flow> {
    let same = m.any(args, 0)? == m.any(args, 1)?;
    values(m, &[Value::Bool(same)])
}

fn rawget(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let key = m.any(args, 1)?;
    let value = m.heap.tab(table).get(key);
    values(m, &[value])
}

fn rawset(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let key = m.any(args, 1)?;
    let value = m.any(args, 2)?;
    if m.heap.tab(table).readonly {
        return Err(m.throw(b"Attempt to modify a readonly table"));
    }
    m.raw_set(table, key, value)?;
    values(m, &[Value::Table(table)])
}

/// A userdata of its own without a metatable.
fn newproxy(m: &mut Machine, _: Args) -> Run<Flow> {
    let id = m.heap.table(0, 0);
    values(m, &[Value::Light(id | 1 << 31)])
}

// Walks.

fn pairs(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let triple = [Value::Native(NEXT), Value::Table(table), Value::Nil];
    values(m, &triple)
}

fn ipairs(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let triple = [
        Value::Native(IPAIRS_STEP),
        Value::Table(table),
        Value::Num(0.0),
    ];
    values(m, &triple)
}

/// The iterator of `ipairs`.
pub(crate) fn ipairs_step(m: &mut Machine, args: Args) -> Run<Flow> {
    let index = m.integer(args, 1)?.wrapping_add(1) as f64;
    let table = m.table(args, 0)?;
    match m.heap.tab(table).get_num(index) {
        Value::Nil => values(m, &[Value::Nil]),
        value => values(m, &[Value::Num(index), value]),
    }
}

fn select(m: &mut Machine, args: Args) -> Run<Flow> {
    let count = args.count as i64;
    if let Value::Str(text) = m.argument(args, 0)
        && m.heap.bytes(text).first() == Some(&b'#')
    {
        return library::number(m, (count - 1) as f64);
    }
    let index = match m.integer(args, 0)? as i32 as i64 {
        index if index < 0 => count + index,
        index => index.min(count),
    };
    if index < 1 {
        return Err(m.argument_error(0, b"index out of range"));
    }
    all_arguments(m, args, index as usize)
}

fn unpack(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let first = m.integer_or(args, 1, 1)? as i32 as i64;
    let length = m.heap.tab(table).length() as i64;
    let last = m.integer_or(args, 2, length)? as i32 as i64;
    if first > last {
        return values(m, &[]);
    }
    let count = last - first + 1;
    if count as usize + args.count > MAX_VALUES {
        return Err(m.throw_at_caller(b"too many results to unpack"));
    }
    m.fuel -= count / 8;
    for index in first..=last {
        let value = m.heap.tab(table).get_num(index as f64);
        m.stack.push(value);
    }
    Ok(Flow::Values(count as usize))
}

// Conversions.

fn type_(m: &mut Machine, args: Args) -> Run<Flow> {
    let name = m.any(args, 0)?.type_name();
    let text = m.heap.text(name.as_bytes());
    values(m, &[text])
}

fn tonumber(m: &mut Machine, args: Args) -> Run<Flow> {
    let base = m.integer_or(args, 1, 10)?;
    if base == 10 {
        let value = m.any(args, 0)?;
        let number = m.to_number(value).map_or(Value::Nil, Value::Num);
        return values(m, &[number]);
    }
    let text = m.string_bytes(args, 0)?;
    if !(2..=36).contains(&base) {
        return Err(m.argument_error(1, b"base out of range"));
    }
    let number = in_base(&text, base as u64).map_or(Value::Nil, Value::Num);
    values(m, &[number])
}

/// Reads an integer as C's `strtoul` does, white space around it allowed.
fn in_base(text: &[u8], base: u64) -> Option<f64> {
    let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    let from = text[..end].iter().position(|b| !is_space(*b))?;
    let last = text[..end].iter().rposition(|b| !is_space(*b))?;
    let mut digits = &text[from..=last];
    let negative = digits.first() == Some(&b'-');
    if let Some(b'-' | b'+') = digits.first() {
        digits = &digits[1..];
    }
    if let ([b'0', b'x' | b'X', rest @ ..], 16) = (digits, base)
        && rest.first().is_some_and(u8::is_ascii_hexdigit)
    {
        digits = rest;
    }
    if digits.is_empty() {
        return None;
    }
    let mut value = 0u64;
    let mut overflow = false;
    for digit in digits {
        let digit = u64::from((*digit as char).to_digit(36)?);
        if digit >= base {
            return None;
        }
        match value.checked_mul(base).and_then(|v| v.checked_add(digit)) {
            Some(next) => value = next,
            None => overflow = true,
        }
    }
    Some(match (overflow, negative) {
        (true, _) => u64::MAX as f64,
        (_, true) => value.wrapping_neg() as f64,
        _ => value as f64,
    })
}

fn tostring(m: &mut Machine, args: Args) -> Run<Flow> {
    let value = m.any(args, 0)?;
    let handler = m.metamethod(value, Meta::ToString);
    if handler != Value::Nil {
        let want = m.want;
        m.push_work(Work::ToString, args, want);
        return m.call_value(handler, &[value]);
    }
    let text = m.display(value);
    library::string(m, &text)
}

impl Machine {
    /// A value as `tostring` shows it when no metatable says otherwise.
    pub fn display(&self, value: Value) -> Vec<u8> {
        let mut out = Vec::new();
        match value {
            Value::Nil => out.extend_from_slice(b"nil"),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Num(number) => super::number::write(&mut out, number),
            Value::Str(string) => out.extend_from_slice(self.heap.bytes(string)),
            Value::Light(0) => out.extend_from_slice(b"userdata: (nil)"),
            Value::Table(id) | Value::Func(id) | Value::Thread(id) | Value::Light(id) => {
                address(&mut out, value, u64::from(id) * 64 + 64);
            }
            Value::Native(id) | Value::Host(id) => {
                address(&mut out, value, u64::from(id) * 16 + 16)
            }
        }
        out
    }

    /// An error whose message has no place.
    pub(crate) fn throw_at_nothing(&mut self, message: &[u8]) -> super::value::Thrown {
        self.throw_text(&[message])
    }

    /// A piece of text arrived for `load`.
    pub(crate) fn step_load(&mut self, piece: Value) -> Run<Flow> {
        let ended = match piece {
            Value::Nil => true,
            Value::Str(text) => self.heap.bytes(text).is_empty(),
            Value::Num(_) => false,
            _ => return Err(self.throw_at_nothing(b"reader function must return a string")),
        };
        let top = self.frames.len() - 1;
        let base = self.frames[top].base as usize;
        if !ended {
            let piece = self
                .text_of(piece)
                .map(|text| self.heap.bytes(text).to_vec());
            self.room(piece.as_ref().map_or(0, Vec::len))?;
            let mut wrong = None;
            if let (Work::Load { text, next_try }, Some(piece)) =
                (&mut self.frames[top].work, piece)
            {
                text.extend_from_slice(&piece);
                if text.len() >= *next_try {
                    *next_try = text.len() * 2;
                    wrong = Some(std::mem::take(text));
                }
            }
            // The real machine reads as it compiles: pieces behind an error are never asked for.
            if let Some(so_far) = wrong {
                let name = self.load_name(top, base);
                self.fuel -= so_far.len() as i64 / 4;
                if let Err(message) = self.load(&so_far, &name)
                    && !message.ends_with(b"'<eof>'")
                {
                    let message = self.heap.text(&message);
                    return values(self, &[Value::Nil, message]);
                }
                if let Work::Load { text, .. } = &mut self.frames[top].work {
                    *text = so_far;
                }
            }
            let reader = self.stack[base];
            return self.call_value(reader, &[]);
        }
        let text = match &mut self.frames[top].work {
            Work::Load { text, .. } => std::mem::take(text),
            _ => Vec::new(),
        };
        let name = self.load_name(top, base);
        self.compile(&text, &name)
    }

    fn load_name(&self, top: usize, base: usize) -> Vec<u8> {
        match (self.frames[top].pc, self.stack.get(base + 1)) {
            (2.., Some(Value::Str(name))) => self.heap.bytes(*name).to_vec(),
            _ => b"=(load)".to_vec(),
        }
    }

    fn compile(&mut self, text: &[u8], name: &[u8]) -> Run<Flow> {
        self.room(text.len() * 16)?;
        self.fuel -= text.len() as i64 / 4;
        match self.load(text, name) {
            Ok(function) => values(self, &[function]),
            Err(message) => {
                let message = self.heap.text(&message);
                values(self, &[Value::Nil, message])
            }
        }
    }
}

fn address(out: &mut Vec<u8>, value: Value, place: u64) {
    out.extend_from_slice(value.type_name().as_bytes());
    out.extend_from_slice(b": 0x");
    for digit in (0..8).rev() {
        out.push(b"0123456789abcdef"[(place >> (digit * 4) & 15) as usize]);
    }
}

// Chunks.

fn loadstring(m: &mut Machine, args: Args) -> Run<Flow> {
    let text = m.string_bytes(args, 0)?;
    let name = match m.argument(args, 1) {
        Value::Nil => text.clone(),
        _ => m.string_bytes(args, 1)?,
    };
    m.compile(&text, &name)
}

fn load(m: &mut Machine, args: Args) -> Run<Flow> {
    let reader = m.function(args, 0)?;
    if m.argument(args, 1) != Value::Nil {
        m.string(args, 1)?;
    }
    let want = m.want;
    let work = Work::Load {
        text: Vec::new(),
        next_try: 4096,
    };
    m.push_work(work, args, want);
    m.call_value(reader, &[])
}

// Calls that catch errors.

fn pcall(m: &mut Machine, args: Args) -> Run<Flow> {
    m.any(args, 0)?;
    let want = m.want;
    m.push_work(Work::PCall, args, want);
    m.call_at(args.at, args.count - 1, -1)?;
    Ok(Flow::Go)
}

fn xpcall(m: &mut Machine, args: Args) -> Run<Flow> {
    m.any(args, 1)?;
    let function = m.argument(args, 0);
    let want = m.want;
    m.push_work(Work::XPCall(false), args, want);
    m.call_value(function, &[])
}
