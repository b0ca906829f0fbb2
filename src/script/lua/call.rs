//! Calls and returns, errors on their way down, and the frames of library functions that wait for something.

use super::heap::{Body, Upvalue};
use super::library;
use super::machine::{Args, Flow, Machine, Meta, Run, Running};
use super::proto::Proto;
use super::thread::{Frame, Status, Work};
use super::value::{Thrown, Value};
use std::rc::Rc;

/// Values that the stack of one thread may hold.
const MAX_STACK: usize = 1_000_000;

impl Machine {
    /// The frame on top; only called while there is one.
    #[inline]
    pub(crate) fn top_frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a call is open")
    }

    #[inline]
    pub(crate) fn ensure_stack(&mut self, length: usize) -> Run {
        if self.stack.len() < length {
            if length > MAX_STACK {
                return Err(self.throw(b"stack overflow"));
            }
            self.stack.resize(length, Value::Nil);
            self.count_stack();
        }
        Ok(())
    }

    /// The stack of the main thread counts as memory, as far as it ever reached; those of coroutines are counted as they
    /// are left.
    fn count_stack(&mut self) {
        if self.thread == 0 && self.stack.len() > self.high {
            self.heap.used += (self.stack.len() - self.high) * size_of::<Value>();
            self.high = self.stack.len();
        }
    }

    /// Pushes a frame; the one below remembers where it was.
    #[inline]
    pub(crate) fn push_frame(&mut self, frame: Frame) {
        if let Some(top) = self.frames.last_mut()
            && matches!(top.work, Work::Lua)
        {
            top.pc = self.pc as u32;
        }
        self.frames.push(frame);
        self.switched = true;
    }

    /// The frame that is on top now goes on where it was.
    #[inline]
    pub(crate) fn restore_pc(&mut self) {
        self.switched = true;
        if let Some(top) = self.frames.last() {
            self.pc = top.pc as usize;
        }
    }

    /// Pushes the frame of a library function with its arguments; its results will go to `func`.
    pub(crate) fn push_work(&mut self, work: Work, args: Args, want: i32) {
        let depth = self.frames.last().map_or(1, |frame| {
            frame.depth + u32::from(!matches!(frame.work, Work::Lua))
        });
        self.push_frame(Frame {
            work,
            base: args.at as u32,
            func: args.at as u32 - 1,
            pc: args.count as u32,
            want,
            closure: 0,
            mark: self.stack.len() as u32,
            tail_calls: 0,
            depth,
        });
    }

    /// Calls what stands at `func` with the `count` values behind it. Library functions are done at once, or have
    /// pushed a frame.
    pub(crate) fn call_at(&mut self, func: usize, count: usize, want: i32) -> Run {
        match self.stack[func] {
            Value::Func(id) => {
                let closure = &self.heap.closures.items[id as usize];
                match &closure.body {
                    Body::Lua(proto) => {
                        let proto = Rc::clone(proto);
                        self.enter(&proto, id, func, count, want)
                    }
                    Body::Native(native) => {
                        let native = *native;
                        self.call_native(native, func, count, want)
                    }
                }
            }
            Value::Native(native) => self.call_native(native, func, count, want),
            Value::Host(function) => {
                let args = Args {
                    at: func + 1,
                    count,
                };
                self.top = func + 1 + count;
                self.push_work(Work::Host(function), args, want);
                Ok(())
            }
            other => {
                let handler = self.metamethod(other, Meta::Call);
                if !handler.is_function() {
                    return Err(self.type_error(func, other, b"call"));
                }
                self.ensure_stack(func + count + 2)?;
                self.stack.copy_within(func..func + 1 + count, func + 1);
                self.stack[func] = handler;
                self.call_at(func, count + 1, want)
            }
        }
    }

    /// Pushes the frame of a function that was written in Lua.
    #[inline]
    fn enter(&mut self, proto: &Proto, id: u32, func: usize, count: usize, want: i32) -> Run {
        let depth = match self.frames.last() {
            None => 1,
            Some(frame) if matches!(frame.work, Work::Lua) => frame.depth,
            Some(frame) => frame.depth + 1,
        };
        if self.frames.len() > 1 {
            self.check_depth(depth)?;
        }
        let parameters = usize::from(proto.parameters);
        let registers = usize::from(proto.registers);
        let mut base = func + 1;
        if proto.vararg {
            base += count;
            self.ensure_stack(base + registers)?;
            for at in 0..parameters.min(count) {
                self.stack[base + at] =
                    std::mem::replace(&mut self.stack[func + 1 + at], Value::Nil);
            }
        } else {
            self.ensure_stack(base + registers)?;
        }
        let given = parameters.min(count);
        self.stack[base + given..base + registers].fill(Value::Nil);
        if proto.needs_arg {
            let extra = count.saturating_sub(parameters);
            let from = func + 1 + parameters;
            self.stack[base + parameters] = self.table_of(from, extra);
        }
        self.push_frame(Frame {
            work: Work::Lua,
            base: base as u32,
            func: func as u32,
            pc: 0,
            want,
            closure: id,
            mark: 0,
            tail_calls: 0,
            depth,
        });
        self.pc = 0;
        Ok(())
    }

    /// The table `arg`: some values and their number.
    fn table_of(&mut self, from: usize, count: usize) -> Value {
        let id = self.heap.table(count, 1);
        for at in 0..count {
            let value = self.stack[from + at];
            let _ = self.heap.set(id, Value::Num((at + 1) as f64), value);
        }
        self.heap.set_field(id, b"n", Value::Num(count as f64));
        Value::Table(id)
    }

    fn call_native(&mut self, native: u16, func: usize, count: usize, want: i32) -> Run {
        let args = Args {
            at: func + 1,
            count,
        };
        let before = std::mem::replace(&mut self.running, Running::Native);
        self.want = want;
        self.native_at = args.at;
        match library::entry(native)(self, args)? {
            Flow::Values(results) => {
                self.deliver(func, want, results)?;
                self.running = before;
                self.check_memory()
            }
            _ => Ok(()),
        }
    }

    /// Brings the `count` values on top of the stack to `func`, for the frame that is on top now.
    pub(crate) fn deliver(&mut self, func: usize, want: i32, count: usize) -> Run {
        let from = self.stack.len() - count;
        self.stack.copy_within(from.., func);
        self.stack.truncate(from.max(func + count));
        self.returned(func, want, count)
    }

    /// `count` results stand at `func`: makes them as many as are wanted.
    #[inline]
    fn returned(&mut self, func: usize, want: i32, count: usize) -> Run {
        let Some(frame) = self.frames.last() else {
            self.top = func + count;
            return Ok(());
        };
        if !matches!(frame.work, Work::Lua) {
            self.arrived = Some((func, count));
            self.top = func + count;
            return Ok(());
        }
        if want < 0 {
            self.top = func + count;
            return Ok(());
        }
        let want = want as usize;
        if want > count {
            self.ensure_stack(func + want)?;
            self.stack[func + count..func + want].fill(Value::Nil);
        }
        Ok(())
    }

    /// Returns `count` values from the Lua function on top; they stand at `from`. True if the caller is a Lua function.
    #[inline]
    pub(crate) fn return_values(&mut self, from: usize, count: usize) -> Run {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        if !self.open.is_empty() {
            self.close_upvalues(frame.base as usize);
        }
        let func = frame.func as usize;
        for at in 0..count {
            self.stack[func + at] = self.stack[from + at];
        }
        if self.frames.is_empty() {
            return self.finish_thread(func, count);
        }
        self.restore_pc();
        self.returned(func, frame.want, count)
    }

    /// Pops the frame of a library function whose `count` results are on top of the stack.
    pub(crate) fn finish_frame(&mut self, count: usize) -> Run {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        self.arrived = None;
        if self.frames.is_empty() {
            let at = self.stack.len() - count;
            return self.finish_thread(at, count);
        }
        self.restore_pc();
        self.deliver(frame.func as usize, frame.want, count)
    }

    /// The last frame of a thread is gone: gives its values to who resumed it.
    fn finish_thread(&mut self, at: usize, count: usize) -> Run {
        if self.thread == 0 {
            self.set_results(at, count);
            return Ok(());
        }
        let values = self.stack[at..at + count].to_vec();
        let is_task = self.is_outermost();
        self.leave_thread(Status::Dead);
        if is_task {
            self.end_task(&values);
            return Ok(());
        }
        self.resumed(&values)
    }

    /// Calls `function` for the library function on top of the frames; its values will arrive there.
    pub(crate) fn call_value(&mut self, function: Value, arguments: &[Value]) -> Run<Flow> {
        let func = self.top_frame().mark as usize;
        self.stack.truncate(func);
        self.ensure_stack(func + 1 + arguments.len())?;
        self.stack[func] = function;
        self.stack[func + 1..].copy_from_slice(arguments);
        self.call_at(func, arguments.len(), -1)?;
        Ok(Flow::Go)
    }

    /// Goes on with the library function on top: its call returned, or it had run out of fuel.
    pub(crate) fn step(&mut self) -> Run<Flow> {
        let arrived = self.arrived.take();
        self.running = match self.top_frame().work.is_part() {
            true => Running::Code,
            false => Running::Framed,
        };
        let flow = self.step_work(arrived);
        if let Ok(Flow::Values(count)) = flow {
            self.finish_frame(count)?;
            if self.frames.is_empty() {
                return Ok(Flow::Done);
            }
            return Ok(Flow::Go);
        }
        flow
    }

    fn step_work(&mut self, arrived: Option<(usize, usize)>) -> Run<Flow> {
        let (at, count) = arrived.unwrap_or((self.stack.len(), 0));
        let first = match count {
            0 => Value::Nil,
            _ => self.stack[at],
        };
        match &mut self.top_frame().work {
            Work::Lua => Ok(Flow::Go),
            Work::Host(function) => Ok(Flow::Host(*function)),
            Work::Tail => self.pass_on(at, count),
            Work::PCall | Work::XPCall(false) => {
                self.stack.push(Value::Bool(true));
                self.stack.extend_from_within(at..at + count);
                Ok(Flow::Values(count + 1))
            }
            Work::XPCall(true) => {
                self.stack.push(Value::Bool(false));
                self.stack.push(first);
                Ok(Flow::Values(2))
            }
            Work::Store(_) | Work::Test(_) | Work::TestNot(_) | Work::Concat(..) | Work::For(_) => {
                self.end_part(first, count)
            }
            Work::Resume(_) => Ok(Flow::Go),
            Work::ToString => {
                self.stack.push(first);
                Ok(Flow::Values(1))
            }
            Work::Load { .. } => self.step_load(first),
            Work::Foreach(_) => self.step_foreach(arrived.map(|_| first)),
            Work::Foreachi(..) => self.step_foreachi(arrived.map(|_| first)),
            Work::Sort(_) => self.step_sort(arrived.map(|_| first)),
            Work::Search(_) => self.step_search(),
            Work::Gsub(_) => self.step_gsub(arrived.map(|_| first)),
        }
    }

    /// The values at `at` are the function's own.
    fn pass_on(&mut self, at: usize, count: usize) -> Run<Flow> {
        self.stack.extend_from_within(at..at + count);
        Ok(Flow::Values(count))
    }

    /// A metamethod returned: its value goes where the instruction wants it.
    fn end_part(&mut self, value: Value, count: usize) -> Run<Flow> {
        let Some(frame) = self.frames.pop() else {
            return Ok(Flow::Go);
        };
        let base = frame.base as usize;
        self.restore_pc();
        if let Work::For(register) = frame.work {
            let register = register as usize;
            for at in 0..frame.want as usize {
                let value = if at < count {
                    self.stack[base + at]
                } else {
                    Value::Nil
                };
                self.stack[register + 3 + at] = value;
            }
            self.end_iterator(register);
        }
        self.stack.truncate(base);
        match frame.work {
            Work::Store(Some(at)) => self.stack[at as usize] = value,
            Work::Test(expected) => self.jump_if(value.truthy() == expected),
            Work::TestNot(expected) => self.jump_if(value.truthy() != expected),
            Work::Concat(first, last, to) => {
                self.stack[last as usize - 1] = value;
                self.concat(first as usize, last as usize - 1, to as usize)?;
            }
            _ => {}
        }
        Ok(Flow::Go)
    }

    /// Finds who catches the error: false if nobody does and the script has failed.
    pub(crate) fn unwind(&mut self) -> bool {
        self.arrived = None;
        loop {
            if self.is_outermost() && !self.frames.is_empty() {
                self.note_fault();
            }
            self.running = Running::Code;
            while let Some(frame) = self.frames.pop() {
                let caught = match frame.work {
                    Work::PCall | Work::XPCall(_) => self.catch(frame),
                    Work::Resume(wrap) => self.child_failed(frame, wrap),
                    _ => false,
                };
                if caught {
                    return true;
                }
            }
            self.close_upvalues(0);
            if self.thread == 0 {
                self.set_results(0, 0);
                return false;
            }
            self.leave_thread(Status::Dead);
            self.running = Running::Framed;
        }
    }

    /// Notes where the error was raised if nothing in the main thread will catch it.
    fn note_fault(&mut self) {
        let catches = |frame: &Frame| {
            matches!(
                frame.work,
                Work::PCall | Work::XPCall(_) | Work::Resume(false)
            )
        };
        if !self.frames.iter().rev().any(catches) {
            self.fault = self.place_of_error();
        }
    }

    /// Notes in `fault` where the script stands: in the function of Lua that was called last.
    pub fn note_place(&mut self) {
        let mut frames = (0..self.frames.len()).rev();
        let at = frames.find_map(|at| Some((at, self.proto_of(at)?)));
        if let Some((at, proto)) = at {
            self.fault = (proto.chunk.to_vec(), i64::from(self.line_of(at)));
        }
    }

    fn catch(&mut self, frame: Frame) -> bool {
        self.close_upvalues(frame.mark as usize);
        let error = self.error;
        match frame.work {
            Work::PCall => self.caught_by_pcall(&frame, error),
            Work::XPCall(false) => {
                let handler = self.stack[frame.base as usize + 1];
                self.frames.push(Frame {
                    work: Work::XPCall(true),
                    ..frame
                });
                if handler.is_function() && self.call_value(handler, &[error]).is_ok() {
                    return true;
                }
                match self.frames.pop() {
                    Some(frame) => self.handler_failed(&frame),
                    None => false,
                }
            }
            _ => self.handler_failed(&frame),
        }
    }

    /// A server's `pcall` gives the text of an error that is a table with one; else the table, and what it has there.
    fn caught_by_pcall(&mut self, frame: &Frame, error: Value) -> bool {
        let (Value::Table(table), Some(field)) = (error, self.error_field) else {
            return self.caught(frame, error);
        };
        match self.heap.tab(table).get(field) {
            text @ (Value::Str(_) | Value::Num(_)) => self.caught(frame, text),
            other => self.caught_values(frame, &[Value::Bool(false), error, other]),
        }
    }

    fn handler_failed(&mut self, frame: &Frame) -> bool {
        let text = self.heap.text(b"error in error handling");
        self.caught(frame, text)
    }

    /// The call that caught an error returns it.
    fn caught(&mut self, frame: &Frame, error: Value) -> bool {
        self.caught_values(frame, &[Value::Bool(false), error])
    }

    fn caught_values(&mut self, frame: &Frame, values: &[Value]) -> bool {
        self.stack.truncate(frame.mark as usize);
        self.stack.extend_from_slice(values);
        let count = values.len();
        if self.frames.is_empty() {
            let at = self.stack.len() - count;
            return self.finish_thread(at, count).is_ok();
        }
        self.restore_pc();
        self.deliver(frame.func as usize, frame.want, count).is_ok()
    }

    // Upvalues.

    /// The shared variable of this place of the stack.
    pub(crate) fn find_upvalue(&mut self, at: usize) -> u32 {
        let thread = self.thread;
        let upvalues = &self.heap.upvalues.items;
        let found = self
            .open
            .binary_search_by_key(&at, |id| match upvalues[*id as usize] {
                Upvalue::Open { at, .. } => at as usize,
                Upvalue::Closed(_) => 0,
            });
        match found {
            Ok(index) => self.open[index],
            Err(index) => {
                let at = at as u32;
                let id = self.heap.upvalue(Upvalue::Open { thread, at });
                self.open.insert(index, id);
                id
            }
        }
    }

    /// Variables from this place on leave the stack.
    pub(crate) fn close_upvalues(&mut self, from: usize) {
        while let Some(id) = self.open.last().copied() {
            let Upvalue::Open { at, .. } = self.heap.upvalues.items[id as usize] else {
                self.open.pop();
                continue;
            };
            if (at as usize) < from {
                break;
            }
            self.open.pop();
            let value = self.stack.get(at as usize).copied().unwrap_or(Value::Nil);
            self.set_upvalue(id, value, true);
        }
    }

    #[inline]
    pub(crate) fn get_upvalue(&self, id: u32) -> Value {
        match self.heap.upvalues.items[id as usize] {
            Upvalue::Closed(value) => value,
            Upvalue::Open { thread, at } if thread == self.thread => self.stack[at as usize],
            Upvalue::Open { thread, at } => {
                let stack = &self.heap.threads.items[thread as usize].stack;
                stack.get(at as usize).copied().unwrap_or(Value::Nil)
            }
        }
    }

    /// Sets a shared variable; `close` takes it off the stack as well.
    #[inline]
    pub(crate) fn set_upvalue(&mut self, id: u32, value: Value, close: bool) {
        match &mut self.heap.upvalues.items[id as usize] {
            Upvalue::Open { thread, at } if !close => {
                let stack = match *thread == self.thread {
                    true => &mut self.stack,
                    false => &mut self.heap.threads.items[*thread as usize].stack,
                };
                if let Some(slot) = stack.get_mut(*at as usize) {
                    *slot = value;
                }
            }
            upvalue => {
                *upvalue = Upvalue::Closed(value);
                self.heap.shade(id, value);
            }
        }
    }

    /// Raises the error that the machine holds.
    pub(crate) fn throw_value(&mut self, value: Value) -> Thrown {
        self.error = value;
        Thrown
    }
}
