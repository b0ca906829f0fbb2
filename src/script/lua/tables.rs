//! `table` (Reference Manual, section 5.5), without `sort`, which has a file of its own.

use super::library::{self, number, values};
use super::machine::{Args, Flow, Machine, Run};
use super::number::write;
use super::thread::Work;
use super::value::Value;

pub(crate) const LIBRARY: library::Entries = &[
    ("concat", concat),
    ("foreach", foreach),
    ("foreachi", foreachi),
    ("getn", getn),
    ("insert", insert),
    ("maxn", maxn),
    ("remove", remove),
    ("setn", setn),
    ("sort", library::sort),
];

impl Machine {
    pub(crate) fn raw_index(&self, table: u32, index: i64) -> Value {
        self.heap.tab(table).get_num(index as f64)
    }

    pub(crate) fn raw_put(&mut self, table: u32, index: i64, value: Value) -> Run {
        self.check_writable(table)?;
        self.raw_set(table, Value::Num(index as f64), value)
    }

    fn check_writable(&mut self, table: u32) -> Run {
        match self.heap.tab(table).readonly {
            true => Err(self.throw(b"Attempt to modify a readonly table")),
            false => Ok(()),
        }
    }
}

/// How far below zero `insert` looks for elements to move.
const LEAST_INDEX: i64 = 100_000;

fn length(m: &Machine, table: u32) -> i64 {
    m.heap.tab(table).length() as i64
}

fn concat(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let separator = match m.argument(args, 1) {
        Value::Nil => Vec::new(),
        _ => m.string_bytes(args, 1)?,
    };
    let first = m.integer_or(args, 2, 1)? as i32 as i64;
    let length = length(m, table);
    let last = m.integer_or(args, 3, length)? as i32 as i64;
    let mut out = Vec::new();
    for index in first..=last {
        match m.raw_index(table, index) {
            Value::Str(text) => out.extend_from_slice(m.heap.bytes(text)),
            Value::Num(number) => write(&mut out, number),
            other => {
                let mut message = b"invalid value (".to_vec();
                message.extend_from_slice(other.type_name().as_bytes());
                message.extend_from_slice(b") at index ");
                crate::base::num::write_i64(&mut message, index);
                message.extend_from_slice(b" in table for 'concat'");
                return Err(m.throw_at_caller(&message));
            }
        }
        if index < last {
            out.extend_from_slice(&separator);
        }
        if !m.heap.has_room(out.len()) {
            m.room(out.len())?;
        }
    }
    m.fuel -= (last - first).max(0) / 4;
    library::string(m, &out)
}

fn getn(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let length = length(m, table);
    number(m, length as f64)
}

fn setn(m: &mut Machine, args: Args) -> Run<Flow> {
    m.table(args, 0)?;
    Err(m.throw_at_caller(b"'setn' is obsolete"))
}

fn maxn(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let mut greatest: f64 = 0.0;
    let mut key = Value::Nil;
    while let Ok(Some((next, _))) = m.heap.tab(table).next(key) {
        if let Value::Num(number) = next {
            greatest = greatest.max(number);
        }
        m.fuel -= 1;
        key = next;
    }
    number(m, greatest)
}

fn insert(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let end = length(m, table) + 1;
    let (at, value) = match args.count {
        2 => (end, m.argument(args, 1)),
        3 => {
            let at = m.integer(args, 1)? as i32 as i64;
            let mut to = end.max(at);
            // Far below the first index nothing is moved; the real machine counts all the way.
            let at_least = at.max(-LEAST_INDEX);
            m.fuel -= (to - at_least) / 4;
            while to > at_least {
                let moved = m.raw_index(table, to - 1);
                m.raw_put(table, to, moved)?;
                to -= 1;
            }
            (at, m.argument(args, 2))
        }
        _ => return Err(m.throw_at_caller(b"wrong number of arguments to 'insert'")),
    };
    m.raw_put(table, at, value)?;
    values(m, &[])
}

fn remove(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let end = length(m, table);
    let at = m.integer_or(args, 1, end)? as i32 as i64;
    if !(1..=end).contains(&at) {
        return values(m, &[]);
    }
    let removed = m.raw_index(table, at);
    m.fuel -= (end - at) / 4;
    for index in at..end {
        let moved = m.raw_index(table, index + 1);
        m.raw_put(table, index, moved)?;
    }
    m.raw_put(table, end, Value::Nil)?;
    values(m, &[removed])
}

fn foreach(m: &mut Machine, args: Args) -> Run<Flow> {
    m.table(args, 0)?;
    m.function(args, 1)?;
    let want = m.want;
    m.push_work(Work::Foreach(Value::Nil), args, want);
    Ok(Flow::Go)
}

fn foreachi(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    m.function(args, 1)?;
    let last = length(m, table) as u32;
    let want = m.want;
    m.push_work(Work::Foreachi(0, last), args, want);
    Ok(Flow::Go)
}

impl Machine {
    /// The table and the function of a walk, from the arguments of the frame on top.
    fn walk_arguments(&mut self) -> (u32, Value) {
        let base = self.top_frame().base as usize;
        match self.stack[base] {
            Value::Table(id) => (id, self.stack[base + 1]),
            _ => (self.globals, Value::Nil),
        }
    }

    pub(crate) fn step_foreach(&mut self, arrived: Option<Value>) -> Run<Flow> {
        if let Some(value) = arrived.filter(|value| *value != Value::Nil) {
            return values(self, &[value]);
        }
        let (table, function) = self.walk_arguments();
        let Work::Foreach(before) = self.top_frame().work else {
            return Ok(Flow::Go);
        };
        match self.heap.tab(table).next(before) {
            Ok(Some((key, value))) => {
                self.top_frame().work = Work::Foreach(key);
                self.call_value(function, &[key, value])
            }
            Ok(None) => values(self, &[]),
            Err(_) => Err(self.throw(b"invalid key to 'next'")),
        }
    }

    pub(crate) fn step_foreachi(&mut self, arrived: Option<Value>) -> Run<Flow> {
        if let Some(value) = arrived.filter(|value| *value != Value::Nil) {
            return values(self, &[value]);
        }
        let (table, function) = self.walk_arguments();
        let Work::Foreachi(before, last) = self.top_frame().work else {
            return Ok(Flow::Go);
        };
        if before >= last {
            return values(self, &[]);
        }
        self.top_frame().work = Work::Foreachi(before + 1, last);
        let value = self.raw_index(table, i64::from(before) + 1);
        self.call_value(function, &[Value::Num(f64::from(before + 1)), value])
    }
}
