//! What happens when plain values are not enough: metatables, coercions between numbers and strings, comparisons.

use super::machine::{Args, META_NAMES, Machine, Meta, Run};
use super::number;
use super::proto::Op;
use super::thread::Work;
use super::value::{Str, Value};

/// Longest chain of `__index` tables.
const MAX_CHAIN: usize = 100;
/// Longest string.
const MAX_TEXT: usize = 1 << 30;

/// The metamethod of an instruction.
fn meta_of(op: Op) -> Meta {
    match op {
        Op::Add => Meta::Add,
        Op::Sub => Meta::Sub,
        Op::Mul => Meta::Mul,
        Op::Div => Meta::Div,
        Op::Mod => Meta::Mod,
        Op::Pow => Meta::Pow,
        _ => Meta::Unm,
    }
}

impl Machine {
    /// What the metatable of `value` says; nil if nothing.
    pub(crate) fn metamethod(&mut self, value: Value, what: Meta) -> Value {
        let table = match value {
            Value::Table(id) => self.heap.tab(id).meta,
            Value::Str(_) => self.heap.string_meta,
            _ => None,
        };
        table.map_or(Value::Nil, |table| self.meta_field(table, what))
    }

    #[inline]
    fn meta_field(&mut self, table: u32, what: Meta) -> Value {
        let bit = match what as u32 {
            bit @ 0..8 => 1u8 << bit,
            _ => 0,
        };
        let tab = &mut self.heap.tables.items[table as usize];
        if tab.absent & bit != 0 {
            return Value::Nil;
        }
        let value = tab.get_str(self.meta_names[what as usize]);
        if value == Value::Nil {
            tab.absent |= bit;
        }
        debug_assert!((what as usize) < META_NAMES.len());
        value
    }

    /// Calls a metamethod as a part of an instruction.
    pub(crate) fn call_meta(&mut self, function: Value, arguments: &[Value], work: Work) -> Run {
        self.call_part(function, arguments, work, 1)
    }

    pub(crate) fn call_part(
        &mut self,
        function: Value,
        arguments: &[Value],
        work: Work,
        want: i32,
    ) -> Run {
        let func = self.stack.len();
        self.ensure_stack(func + 1 + arguments.len())?;
        self.stack[func] = function;
        self.stack[func + 1..].copy_from_slice(arguments);
        let args = Args {
            at: func,
            count: arguments.len(),
        };
        self.push_part(work, args, want);
        self.call_at(func, arguments.len(), -1)
    }

    fn push_part(&mut self, work: Work, args: Args, want: i32) {
        self.push_work(
            work,
            Args {
                at: args.at + 1,
                count: args.count,
            },
            want,
        );
        self.top_frame().base = args.at as u32;
    }

    /// `stack[to] := object[key]`. `at` is where the object stands, for messages.
    pub(crate) fn index(&mut self, at: usize, object: Value, key: Value, to: usize) -> Run {
        let mut object = object;
        for round in 0..MAX_CHAIN {
            let handler = if let Value::Table(id) = object {
                let table = self.heap.tab(id);
                let value = table.get(key);
                let meta = table.meta;
                let handler = match (value, meta) {
                    (Value::Nil, Some(meta)) => self.meta_field(meta, Meta::Index),
                    _ => Value::Nil,
                };
                if handler == Value::Nil {
                    self.stack[to] = value;
                    return Ok(());
                }
                handler
            } else {
                let handler = self.metamethod(object, Meta::Index);
                if handler == Value::Nil {
                    let at = if round == 0 { at } else { usize::MAX };
                    return Err(self.type_error(at, object, b"index"));
                }
                handler
            };
            if handler.is_function() {
                return self.call_meta(handler, &[object, key], Work::Store(Some(to as u32)));
            }
            object = handler;
        }
        Err(self.throw(b"loop in gettable"))
    }

    /// `object[key] := value`
    pub(crate) fn set_index(&mut self, at: usize, object: Value, key: Value, value: Value) -> Run {
        let mut object = object;
        for round in 0..MAX_CHAIN {
            let handler = if let Value::Table(id) = object {
                let table = self.heap.tab(id);
                if table.readonly {
                    return Err(self.throw(b"Attempt to modify a readonly table"));
                }
                let handler = match table.meta {
                    Some(meta) if table.get(key) == Value::Nil => {
                        self.meta_field(meta, Meta::NewIndex)
                    }
                    _ => Value::Nil,
                };
                if handler == Value::Nil {
                    return self.raw_set(id, key, value);
                }
                handler
            } else {
                let handler = self.metamethod(object, Meta::NewIndex);
                if handler == Value::Nil {
                    let at = if round == 0 { at } else { usize::MAX };
                    return Err(self.type_error(at, object, b"index"));
                }
                handler
            };
            if handler.is_function() {
                return self.call_meta(handler, &[object, key, value], Work::Store(None));
            }
            object = handler;
        }
        Err(self.throw(b"loop in settable"))
    }

    #[inline]
    pub(crate) fn raw_set(&mut self, table: u32, key: Value, value: Value) -> Run {
        match key {
            Value::Nil => return Err(self.throw(b"table index is nil")),
            Value::Num(n) if n.is_nan() => return Err(self.throw(b"table index is NaN")),
            _ => {}
        }
        let size = self.heap.tab(table).size();
        if size > 1 << 16 {
            // Laying it out anew may double it, and both stand there for a moment.
            self.big_table(size)?;
        }
        match self.heap.set(table, key, value) {
            Ok(()) => Ok(()),
            Err(_) => Err(self.throw(b"table overflow")),
        }
    }

    fn big_table(&mut self, size: usize) -> Run {
        match self.heap.has_room(size * 2) {
            true => Ok(()),
            false => self.room(size),
        }
    }

    // Coercions.

    /// As a number, if it is one or reads as one.
    #[inline]
    pub(crate) fn to_number(&self, value: Value) -> Option<f64> {
        match value {
            Value::Num(number) => Some(number),
            Value::Str(string) => number::from_text(self.heap.bytes(string)),
            _ => None,
        }
    }

    /// As a string, if it is one or a number.
    pub(crate) fn text_of(&mut self, value: Value) -> Option<Str> {
        match value {
            Value::Str(string) => Some(string),
            Value::Num(number) => {
                let mut out = Vec::new();
                number::write(&mut out, number);
                Some(self.heap.string(&out))
            }
            _ => None,
        }
    }

    // Arithmetic.

    pub(crate) fn arith(
        &mut self,
        op: Op,
        left: Value,
        right: Value,
        places: [usize; 2],
        to: usize,
    ) -> Run {
        let (a, b) = (self.to_number(left), self.to_number(right));
        if let (Some(a), Some(b)) = (a, b) {
            self.stack[to] = Value::Num(number::arith(op, a, b));
            return Ok(());
        }
        let handler = self.binary_handler(left, right, meta_of(op));
        if handler == Value::Nil {
            let (place, culprit) = match a {
                None => (places[0], left),
                Some(_) => (places[1], right),
            };
            return Err(self.type_error(place, culprit, b"perform arithmetic on"));
        }
        self.call_meta(handler, &[left, right], Work::Store(Some(to as u32)))
    }

    fn binary_handler(&mut self, left: Value, right: Value, what: Meta) -> Value {
        match self.metamethod(left, what) {
            Value::Nil => self.metamethod(right, what),
            handler => handler,
        }
    }

    /// Joins the values at `first..=last` of the stack, from the right; the result goes to `to`.
    pub(crate) fn concat(&mut self, first: usize, last: usize, to: usize) -> Run {
        let mut last = last;
        let texty = |value| matches!(value, Value::Str(_) | Value::Num(_));
        while last > first {
            let (left, right) = (self.stack[last - 1], self.stack[last]);
            if !texty(left) || !texty(right) {
                let handler = self.binary_handler(left, right, Meta::Concat);
                if handler == Value::Nil {
                    let (at, culprit) = match texty(left) {
                        true => (last, right),
                        false => (last - 1, left),
                    };
                    return Err(self.type_error(at, culprit, b"concatenate"));
                }
                let work = Work::Concat(first as u32, last as u32, to as u32);
                return self.call_meta(handler, &[left, right], work);
            }
            let mut from = last - 1;
            while from > first && texty(self.stack[from - 1]) {
                from -= 1;
            }
            let joined = self.join_texts(from, last)?;
            self.stack[from] = joined;
            last = from;
        }
        self.stack[to] = self.stack[first];
        Ok(())
    }

    fn join_texts(&mut self, from: usize, last: usize) -> Run<Value> {
        let mut length = 0;
        for at in from..=last {
            length += match self.stack[at] {
                Value::Str(string) => self.heap.bytes(string).len(),
                _ => 24,
            };
        }
        if length > 1 << 12 {
            if length > MAX_TEXT {
                return Err(self.throw(b"string length overflow"));
            }
            self.room(length)?;
            self.fuel -= length as i64 / 64;
        }
        let mut out = Vec::with_capacity(length);
        for at in from..=last {
            match self.stack[at] {
                Value::Str(string) => out.extend_from_slice(self.heap.bytes(string)),
                Value::Num(number) => number::write(&mut out, number),
                _ => {}
            }
        }
        Ok(self.heap.text(&out))
    }

    // Comparisons.

    pub(crate) fn equal_by_meta(&mut self, a: u32, b: u32, expected: bool) -> Run {
        let handler = self.same_handler(Value::Table(a), Value::Table(b), Meta::Eq);
        if handler == Value::Nil {
            self.jump_if(!expected);
            return Ok(());
        }
        self.call_meta(
            handler,
            &[Value::Table(a), Value::Table(b)],
            Work::Test(expected),
        )
    }

    /// The metamethod, if both operands have the same one.
    fn same_handler(&mut self, a: Value, b: Value, what: Meta) -> Value {
        let handler = self.metamethod(a, what);
        match handler == self.metamethod(b, what) {
            true => handler,
            false => Value::Nil,
        }
    }

    /// `<` or `<=` of values that are not both numbers.
    pub(crate) fn order(&mut self, op: Op, a: Value, b: Value, expected: bool) -> Run {
        if let (Value::Str(a), Value::Str(b)) = (a, b) {
            let order = self.heap.bytes(a).cmp(self.heap.bytes(b));
            let holds = if op == Op::Lt {
                order.is_lt()
            } else {
                order.is_le()
            };
            self.jump_if(holds == expected);
            return Ok(());
        }
        if a.type_name() == b.type_name() {
            let what = if op == Op::Lt { Meta::Lt } else { Meta::Le };
            let handler = self.same_handler(a, b, what);
            if handler != Value::Nil {
                return self.call_meta(handler, &[a, b], Work::Test(expected));
            }
            if op == Op::Le {
                let handler = self.same_handler(b, a, Meta::Lt);
                if handler != Value::Nil {
                    return self.call_meta(handler, &[b, a], Work::TestNot(expected));
                }
            }
        }
        Err(self.order_error(a, b))
    }

    pub(crate) fn order_error(&mut self, a: Value, b: Value) -> super::value::Thrown {
        let (a, b) = (a.type_name().as_bytes(), b.type_name().as_bytes());
        // The real machine tells types apart by their third letter.
        let message = match a[2] == b[2] {
            true => [b"attempt to compare two ", a, b" values"].concat(),
            false => [b"attempt to compare ", a, b" with ", b].concat(),
        };
        self.throw(&message)
    }

    /// `a < b` for the library: `None` if a metamethod must be asked, which is then returned.
    pub(crate) fn less_than(&mut self, a: Value, b: Value) -> Run<Result<bool, Value>> {
        match (a, b) {
            (Value::Num(a), Value::Num(b)) => return Ok(Ok(a < b)),
            (Value::Str(a), Value::Str(b)) => {
                return Ok(Ok(self.heap.bytes(a) < self.heap.bytes(b)));
            }
            _ => {}
        }
        if a.type_name() == b.type_name() {
            let handler = self.same_handler(a, b, Meta::Lt);
            if handler != Value::Nil {
                return Ok(Err(handler));
            }
        }
        Err(self.order_error(a, b))
    }
}
