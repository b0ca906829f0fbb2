//! The libraries: their names, and how their functions read arguments. A library function is a plain function; one that
//! calls back or may take long pushes a frame and goes on in steps.

use super::machine::{Args, Flow, Machine, Run};
use super::value::{Str, Value};
use super::{
    basic, bit, cjson, cmsgpack, coroutine, gmatch, gsub, math, search, sort, structs, tables, text,
};

/// A function of a library.
pub(crate) type Native = fn(&mut Machine, Args) -> Run<Flow>;
/// The functions of a library, by name.
pub(crate) type Entries = &'static [(&'static str, Native)];

/// All libraries; those without a name are not seen by scripts. A function's number is that of its library times 64,
/// plus its place there.
const LIBRARIES: &[(&str, Entries)] = &[
    ("_G", basic::LIBRARY),
    ("", HIDDEN),
    ("coroutine", coroutine::LIBRARY),
    ("table", tables::LIBRARY),
    ("string", text::LIBRARY),
    ("math", math::LIBRARY),
    ("os", &[("clock", clock)]),
    ("bit", bit::LIBRARY),
    ("struct", structs::LIBRARY),
    ("cjson", cjson::LIBRARY),
    ("cmsgpack", cmsgpack::LIBRARY),
];

const HIDDEN: Entries = &[
    ("wrapped", coroutine::wrapped),
    ("gmatch_step", gmatch::step),
    ("ipairs_step", basic::ipairs_step),
];

/// `next` is the first function of the first library.
pub(crate) const NEXT: u16 = 0;
pub(crate) const WRAPPED: u16 = 64;
pub(crate) const GMATCH_STEP: u16 = 65;
pub(crate) const IPAIRS_STEP: u16 = 66;

/// The most values that a library function may put on the stack.
pub(crate) const MAX_VALUES: usize = 8000;

#[inline]
pub(crate) fn entry(number: u16) -> Native {
    let entries = LIBRARIES[usize::from(number >> 6) % LIBRARIES.len()].1;
    entries[usize::from(number & 63) % entries.len()].1
}

/// Fills the globals.
pub(crate) fn open(m: &mut Machine) {
    for (number, (name, entries)) in LIBRARIES.iter().enumerate() {
        let table = match *name {
            "" => continue,
            "_G" => m.globals,
            _ => m.heap.table(0, entries.len()),
        };
        for (place, (function, _)) in entries.iter().enumerate() {
            let id = (number << 6 | place) as u16;
            m.heap
                .set_field(table, function.as_bytes(), Value::Native(id));
        }
        let globals = m.globals;
        m.heap
            .set_field(globals, name.as_bytes(), Value::Table(table));
        match *name {
            "string" => {
                let meta = m.heap.table(0, 1);
                m.heap.set_field(meta, b"__index", Value::Table(table));
                m.heap.string_meta = Some(meta);
            }
            "math" => {
                m.heap
                    .set_field(table, b"pi", Value::Num(std::f64::consts::PI));
                m.heap.set_field(table, b"huge", Value::Num(f64::INFINITY));
            }
            "cjson" => cjson::describe(m, table),
            "cmsgpack" => cmsgpack::describe(m, table),
            _ => {}
        }
    }
    let version = m.heap.text(b"Lua 5.1");
    let globals = m.globals;
    m.heap.set_field(globals, b"_VERSION", version);
}

/// Returns these values.
pub(crate) fn values(m: &mut Machine, values: &[Value]) -> Run<Flow> {
    m.stack.extend_from_slice(values);
    Ok(Flow::Values(values.len()))
}

pub(crate) fn number(m: &mut Machine, value: f64) -> Run<Flow> {
    values(m, &[Value::Num(value)])
}

pub(crate) fn string(m: &mut Machine, bytes: &[u8]) -> Run<Flow> {
    if bytes.len() > 1 << 12 {
        m.room(bytes.len())?;
        m.fuel -= bytes.len() as i64 / 64;
    }
    let text = m.heap.text(bytes);
    values(m, &[text])
}

/// A number as C converts it to a 64-bit integer: cut off, and the least integer if it does not fit.
pub(crate) fn integer(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    match (-LIMIT..LIMIT).contains(&number) {
        true => number as i64,
        false => i64::MIN,
    }
}

impl Machine {
    /// Argument `index` (from 0); nil if it is not there.
    #[inline]
    pub(crate) fn argument(&self, args: Args, index: usize) -> Value {
        match index < args.count {
            true => self.stack[args.at + index],
            false => Value::Nil,
        }
    }

    /// What the closure of a library function keeps.
    pub(crate) fn kept(&self, args: Args, index: usize) -> Value {
        match self.stack[args.at - 1] {
            Value::Func(id) => {
                let upvalue = self.heap.closures.items[id as usize].upvalues.get(index);
                upvalue.map_or(Value::Nil, |id| self.get_upvalue(*id))
            }
            _ => Value::Nil,
        }
    }

    pub(crate) fn keep(&mut self, args: Args, index: usize, value: Value) {
        if let Value::Func(id) = self.stack[args.at - 1] {
            let upvalue = self.heap.closures.items[id as usize]
                .upvalues
                .get(index)
                .copied();
            if let Some(upvalue) = upvalue {
                self.set_upvalue(upvalue, value, false);
            }
        }
    }

    /// Any value, but one that is there.
    pub(crate) fn any(&mut self, args: Args, index: usize) -> Run<Value> {
        match index < args.count {
            true => Ok(self.stack[args.at + index]),
            false => Err(self.argument_error(index, b"value expected")),
        }
    }

    pub(crate) fn number(&mut self, args: Args, index: usize) -> Run<f64> {
        let value = self.argument(args, index);
        match self.to_number(value) {
            Some(number) => Ok(number),
            None => Err(self.expected(args, index, "number")),
        }
    }

    pub(crate) fn integer(&mut self, args: Args, index: usize) -> Run<i64> {
        Ok(integer(self.number(args, index)?))
    }

    pub(crate) fn integer_or(&mut self, args: Args, index: usize, default: i64) -> Run<i64> {
        match self.argument(args, index) {
            Value::Nil => Ok(default),
            _ => self.integer(args, index),
        }
    }

    /// A string, or a number, which becomes one.
    pub(crate) fn string(&mut self, args: Args, index: usize) -> Run<Str> {
        let value = self.argument(args, index);
        match value {
            Value::Str(string) => Ok(string),
            value => match self.text_of(value) {
                Some(string) => {
                    self.stack[args.at + index] = Value::Str(string); // Out of the collector's reach.
                    Ok(string)
                }
                None => Err(self.expected(args, index, "string")),
            },
        }
    }

    /// The bytes of a string argument.
    pub(crate) fn string_bytes(&mut self, args: Args, index: usize) -> Run<Vec<u8>> {
        let string = self.string(args, index)?;
        Ok(self.heap.bytes(string).to_vec())
    }

    pub(crate) fn table(&mut self, args: Args, index: usize) -> Run<u32> {
        match self.argument(args, index) {
            Value::Table(id) => Ok(id),
            _ => Err(self.expected(args, index, "table")),
        }
    }

    pub(crate) fn function(&mut self, args: Args, index: usize) -> Run<Value> {
        match self.argument(args, index) {
            value if value.is_function() => Ok(value),
            _ => Err(self.expected(args, index, "function")),
        }
    }
}

fn clock(m: &mut Machine, _: Args) -> Run<Flow> {
    /// Fuel that a second of processor time is counted as.
    const A_SECOND: f64 = 1e8;
    let seconds = m.burnt() as f64 / A_SECOND;
    number(m, seconds)
}

// What the other files of the library hold is named here once, so that the list above is complete.
pub(crate) use {gsub::gsub, search::find, search::match_, sort::sort};
