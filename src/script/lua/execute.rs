//! The instructions. The frame on top runs until another frame is on top, the fuel is used up, or an error is raised.

use super::expr::size_of_byte;
use super::heap::Body;
use super::library;
use super::machine::{Flow, Machine, Meta, Run, Running};
use super::number;
use super::proto::{CONSTANT, Code, LIST_BATCH, Op, Proto};
use super::thread::Work;
use super::value::Value;
use std::rc::Rc;

/// Entries that a list may have.
const MAX_LIST: usize = 1 << 26;

/// The function on top while its instructions run.
struct Now {
    proto: Rc<Proto>,
    base: usize,
    closure: u32,
}

impl Now {
    #[inline(always)]
    fn constant(&self, index: usize) -> Value {
        self.proto.constants[index]
    }
}

impl Machine {
    #[inline(always)]
    fn operand(&self, now: &Now, index: usize) -> Value {
        match index as u32 & CONSTANT {
            0 => self.stack[now.base + index],
            _ => now.constant(index & !(CONSTANT as usize)),
        }
    }

    /// Carries out the function on top.
    pub(crate) fn execute(&mut self) -> Run<Flow> {
        loop {
            self.running = Running::Code;
            let Some(frame) = self.frames.last() else {
                return Ok(Flow::Done);
            };
            if !matches!(frame.work, Work::Lua) {
                return Ok(Flow::Go);
            }
            let closure = frame.closure;
            let Body::Lua(proto) = &self.heap.closures.items[closure as usize].body else {
                return Ok(Flow::Go);
            };
            let now = Now {
                proto: Rc::clone(proto),
                base: frame.base as usize,
                closure,
            };
            self.switched = false;
            if self.run_frame(&now)? == Flow::Pause {
                self.top_frame().pc = self.pc as u32;
                return Ok(Flow::Pause);
            }
        }
    }

    /// Runs one function until the frame on top has changed (`Go`) or the fuel is used up.
    fn run_frame(&mut self, now: &Now) -> Run<Flow> {
        loop {
            if self.fuel <= 0 {
                return Ok(Flow::Pause);
            }
            self.fuel -= 1;
            let code = now.proto.code[self.pc];
            self.pc += 1;
            let (base, a) = (now.base, now.base + code.a());
            match code.op() {
                Op::Move => self.stack[a] = self.stack[base + code.b()],
                Op::LoadK => self.stack[a] = now.constant(code.bx()),
                Op::LoadBool => {
                    self.stack[a] = Value::Bool(code.b() != 0);
                    self.pc += usize::from(code.c() != 0);
                }
                Op::LoadNil => self.stack[a..=base + code.b()].fill(Value::Nil),
                Op::GetUpval => self.stack[a] = self.get_upvalue(self.upvalue_of(now, code.b())),
                Op::SetUpval => {
                    let value = self.stack[a];
                    self.set_upvalue(self.upvalue_of(now, code.b()), value, false);
                }
                Op::GetGlobal => self.get_global(now, code, a)?,
                Op::SetGlobal => self.set_global(now, code, a)?,
                Op::GetTable => self.get_table(now, code, a)?,
                Op::SetTable => self.set_table(now, code, a)?,
                Op::NewTable => self.new_table(code, a)?,
                Op::SelfCall => self.self_call(now, code, a)?,
                Op::Add => self.add(now, code, a, |x, y| x + y)?,
                Op::Sub => self.add(now, code, a, |x, y| x - y)?,
                Op::Mul => self.add(now, code, a, |x, y| x * y)?,
                Op::Div => self.add(now, code, a, |x, y| x / y)?,
                Op::Mod | Op::Pow => self.arith_op(now, code, a)?,
                Op::Unm => self.negate(now, code, a)?,
                Op::Not => {
                    self.stack[a] = Value::Bool(!self.stack[base + code.b()].truthy());
                }
                Op::Len => self.length_op(now, code, a)?,
                Op::Concat => {
                    self.concat(base + code.b(), base + code.c(), a)?;
                    self.check_memory()?;
                }
                Op::Jmp => self.pc = (self.pc as i32 + code.sbx()) as usize,
                Op::Eq | Op::Lt | Op::Le => self.compare_op(now, code)?,
                Op::Test => self.branch(now, self.stack[a].truthy() == (code.c() != 0)),
                Op::TestSet => self.test_set(now, code, a),
                Op::Call => self.call_op(code, a)?,
                Op::TailCall => self.tail_call(now, code, a)?,
                Op::Return => {
                    let count = self.count_from(a, code.b());
                    self.return_values(a, count)?;
                    return Ok(Flow::Go);
                }
                Op::ForLoop => self.for_loop(code, a),
                Op::ForPrep => self.for_prepare(code, a)?,
                Op::TForLoop => self.iterate(code, a)?,
                Op::SetList => self.set_list(now, code, a)?,
                Op::Close => self.close_upvalues(a),
                Op::Closure => self.make_closure(now, code, a)?,
                Op::VarArg => self.varargs(now, code, a)?,
            }
            if self.switched {
                return Ok(Flow::Go);
            }
        }
    }

    #[inline(always)]
    fn upvalue_of(&self, now: &Now, index: usize) -> u32 {
        self.heap.closures.items[now.closure as usize].upvalues[index]
    }

    /// Behind a test stands a jump: takes it, or passes it.
    #[inline(always)]
    fn branch(&mut self, now: &Now, condition: bool) {
        self.pc += 1;
        if condition {
            let distance = now.proto.code[self.pc - 1].sbx();
            self.pc = (self.pc as i32 + distance) as usize;
        }
    }

    /// The same after a metamethod, for the function on top.
    pub(crate) fn jump_if(&mut self, condition: bool) {
        self.pc += 1;
        let top = self.frames.len().checked_sub(1);
        if condition && let Some(proto) = top.and_then(|at| self.proto_of(at)) {
            let distance = proto.code[self.pc - 1].sbx();
            self.pc = (self.pc as i32 + distance) as usize;
        }
    }

    #[inline(always)]
    fn test_set(&mut self, now: &Now, code: Code, a: usize) {
        let value = self.stack[now.base + code.b()];
        let holds = value.truthy() == (code.c() != 0);
        if holds {
            self.stack[a] = value;
        }
        self.branch(now, holds);
    }

    fn get_global(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let env = self.heap.closures.items[now.closure as usize].env;
        let key = now.constant(code.bx());
        let value = self.heap.tab(env).get(key);
        if value != Value::Nil {
            self.stack[a] = value;
            return Ok(());
        }
        self.index(usize::MAX, Value::Table(env), key, a)
    }

    fn set_global(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let env = self.heap.closures.items[now.closure as usize].env;
        let value = self.stack[a];
        self.set_index(
            usize::MAX,
            Value::Table(env),
            now.constant(code.bx()),
            value,
        )
    }

    #[inline(always)]
    fn get_table(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let at = now.base + code.b();
        let object = self.stack[at];
        let key = self.operand(now, code.c());
        if let Value::Table(id) = object {
            let value = self.heap.tab(id).get(key);
            if value != Value::Nil {
                self.stack[a] = value;
                return Ok(());
            }
        }
        self.index(at, object, key, a)
    }

    #[inline(always)]
    fn set_table(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let key = self.operand(now, code.b());
        let value = self.operand(now, code.c());
        let object = self.stack[a];
        self.set_index(a, object, key, value)?;
        self.check_memory()
    }

    fn new_table(&mut self, code: Code, a: usize) -> Run {
        let (array, hash) = (size_of_byte(code.b()), size_of_byte(code.c()));
        if array + hash > 64 {
            self.room((array + hash) * 40)?;
        }
        self.stack[a] = Value::Table(self.heap.table(array, hash));
        self.check_memory()
    }

    fn self_call(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let at = now.base + code.b();
        let object = self.stack[at];
        let key = self.operand(now, code.c());
        self.stack[a + 1] = object;
        self.index(at, object, key, a)
    }

    #[inline(always)]
    fn add(&mut self, now: &Now, code: Code, a: usize, f: impl Fn(f64, f64) -> f64) -> Run {
        let (b, c) = (self.operand(now, code.b()), self.operand(now, code.c()));
        if let (Value::Num(x), Value::Num(y)) = (b, c) {
            let result = f(x, y);
            if !result.is_nan() {
                self.stack[a] = Value::Num(result);
                return Ok(());
            }
        }
        self.arith_op(now, code, a)
    }

    fn arith_op(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let (b, c) = (self.operand(now, code.b()), self.operand(now, code.c()));
        let places = [now.base + code.b(), now.base + code.c()];
        self.arith(code.op(), b, c, places, a)
    }

    fn negate(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let at = now.base + code.b();
        let value = self.stack[at];
        if let Value::Num(number) = value {
            self.stack[a] = Value::Num(-number);
            return Ok(());
        }
        self.arith(Op::Unm, value, value, [at, at], a)
    }

    fn length_op(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let at = now.base + code.b();
        let value = self.stack[at];
        let length = match value {
            Value::Table(id) => self.heap.tab(id).length(),
            Value::Str(string) => self.heap.bytes(string).len(),
            other => {
                let handler = self.metamethod(other, Meta::Len);
                if handler == Value::Nil {
                    return Err(self.type_error(at, other, b"get length of"));
                }
                return self.call_meta(handler, &[other], Work::Store(Some(a as u32)));
            }
        };
        self.stack[a] = Value::Num(length as f64);
        Ok(())
    }

    #[inline(always)]
    fn compare_op(&mut self, now: &Now, code: Code) -> Run {
        let (b, c) = (self.operand(now, code.b()), self.operand(now, code.c()));
        let expected = code.a() != 0;
        let holds = match (code.op(), b, c) {
            (Op::Eq, Value::Table(x), Value::Table(y)) if x != y => {
                return self.equal_by_meta(x, y, expected);
            }
            (Op::Eq, ..) => b == c,
            (Op::Lt, Value::Num(x), Value::Num(y)) => x < y,
            (Op::Le, Value::Num(x), Value::Num(y)) => x <= y,
            (op, ..) => return self.order(op, b, c, expected),
        };
        self.branch(now, holds == expected);
        Ok(())
    }

    /// How many values an instruction means: `b - 1`, or all up to the top.
    #[inline(always)]
    fn count_from(&self, a: usize, b: usize) -> usize {
        match b {
            0 => self.top.saturating_sub(a),
            b => b - 1,
        }
    }

    #[inline(always)]
    fn call_op(&mut self, code: Code, a: usize) -> Run {
        let count = match code.b() {
            0 => self.top.saturating_sub(a + 1),
            b => b - 1,
        };
        self.call_at(a, count, code.c() as i32 - 1)
    }

    fn tail_call(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let count = match code.b() {
            0 => self.top.saturating_sub(a + 1),
            b => b - 1,
        };
        let is_lua = match self.stack[a] {
            Value::Func(id) => {
                matches!(self.heap.closures.items[id as usize].body, Body::Lua(_))
            }
            _ => false,
        };
        if !is_lua {
            return self.call_at(a, count, -1); // The return behind it does the rest.
        }
        self.close_upvalues(now.base);
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let func = frame.func as usize;
        self.stack.copy_within(a..=a + count, func);
        self.call_at(func, count, frame.want)?;
        let top = self.top_frame();
        top.tail_calls = frame.tail_calls + 1;
        top.depth = frame.depth;
        Ok(())
    }

    #[inline(always)]
    fn for_loop(&mut self, code: Code, a: usize) {
        if let [Value::Num(index), Value::Num(limit), Value::Num(step), ..] = self.stack[a..] {
            let next = index + step;
            if if step > 0.0 {
                next <= limit
            } else {
                limit <= next
            } {
                self.stack[a] = Value::Num(next);
                self.stack[a + 3] = Value::Num(next);
                self.pc = (self.pc as i32 + code.sbx()) as usize;
            }
        }
    }

    fn for_prepare(&mut self, code: Code, a: usize) -> Run {
        let texts: [&[u8]; 3] = [
            b"'for' initial value must be a number",
            b"'for' limit must be a number",
            b"'for' step must be a number",
        ];
        for (at, text) in texts.into_iter().enumerate() {
            match self.to_number(self.stack[a + at]) {
                Some(number) => self.stack[a + at] = Value::Num(number),
                None => return Err(self.throw(text)),
            }
        }
        if let (Value::Num(index), Value::Num(step)) = (self.stack[a], self.stack[a + 2]) {
            self.stack[a] = Value::Num(number::arith(Op::Sub, index, step));
        }
        self.pc = (self.pc as i32 + code.sbx()) as usize;
        Ok(())
    }

    fn iterate(&mut self, code: Code, a: usize) -> Run {
        let wanted = code.c();
        if let (Value::Native(library::NEXT), Value::Table(id)) = (self.stack[a], self.stack[a + 1])
            && let Ok(next) = self.heap.tab(id).next(self.stack[a + 2])
        {
            let (key, value) = next.unwrap_or((Value::Nil, Value::Nil));
            self.stack[a + 3..a + 3 + wanted].fill(Value::Nil);
            self.stack[a + 3] = key;
            if wanted > 1 {
                self.stack[a + 4] = value;
            }
            self.end_iterator(a);
            return Ok(());
        }
        let (function, arguments) = (self.stack[a], [self.stack[a + 1], self.stack[a + 2]]);
        self.call_part(function, &arguments, Work::For(a as u32), wanted as i32)
    }

    /// The iterator of the loop at register `a` gave its values: goes round, or leaves.
    pub(crate) fn end_iterator(&mut self, a: usize) {
        let first = self.stack[a + 3];
        if first != Value::Nil {
            self.stack[a + 2] = first;
        }
        self.jump_if(first != Value::Nil);
    }

    fn set_list(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let count = match code.b() {
            0 => self.top.saturating_sub(a + 1),
            b => b,
        };
        let batch = match code.c() {
            0 => {
                self.pc += 1;
                now.proto.code[self.pc - 1].as_raw() as usize
            }
            c => c,
        };
        let Value::Table(id) = self.stack[a] else {
            return Ok(());
        };
        let last = (batch - 1) * LIST_BATCH as usize + count;
        self.fuel -= count as i64 / 8;
        self.room(last.min(MAX_LIST) * 16)?;
        let before = self.heap.tab(id).size();
        let grown = self.heap.tab_mut(id).grow_array(last);
        self.heap.used = self.heap.used + self.heap.tab(id).size() - before;
        for at in (1..=count).rev() {
            let value = self.stack[a + at];
            let key = Value::Num((last - count + at) as f64);
            if grown.is_err() || self.heap.set(id, key, value).is_err() {
                return Err(self.throw(b"table overflow"));
            }
        }
        self.check_memory()
    }

    fn make_closure(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let proto = Rc::clone(&now.proto.protos[code.bx()]);
        let mut upvalues = Vec::with_capacity(proto.upvalues.len());
        for _ in 0..proto.upvalues.len() {
            let capture = now.proto.code[self.pc];
            self.pc += 1;
            upvalues.push(match capture.op() {
                Op::Move => self.find_upvalue(now.base + capture.b()),
                _ => self.upvalue_of(now, capture.b()),
            });
        }
        let env = self.heap.closures.items[now.closure as usize].env;
        let id = self.heap.closure(Body::Lua(proto), upvalues.into(), env);
        self.stack[a] = Value::Func(id);
        self.check_memory()
    }

    fn varargs(&mut self, now: &Now, code: Code, a: usize) -> Run {
        let func = self.top_frame().func as usize;
        let parameters = usize::from(now.proto.parameters);
        let given = (now.base - func - 1).saturating_sub(parameters);
        let wanted = match code.b() {
            0 => given,
            b => b - 1,
        };
        if code.b() == 0 {
            self.ensure_stack(a + wanted)?;
            self.top = a + wanted;
        }
        for at in 0..wanted {
            self.stack[a + at] = match at < given {
                true => self.stack[now.base - given + at],
                false => Value::Nil,
            };
        }
        Ok(())
    }
}
