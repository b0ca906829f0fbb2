//! Error messages as Lua 5.1 words them: with the place, and with the name of the variable where the instructions tell it.

use super::heap::Body;
use super::machine::{Args, Machine, Running};
use super::proto::{CONSTANT, Op, Proto};
use super::thread::Work;
use super::value::{Str, Thrown, Value};
use crate::base::num::write_u64;
use std::rc::Rc;

/// The parts of a message.
pub(crate) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

impl Machine {
    /// The function of frame `at`, if it is one of Lua.
    pub(crate) fn proto_of(&self, at: usize) -> Option<Rc<Proto>> {
        let frame = self.frames.get(at)?;
        if !matches!(frame.work, Work::Lua) {
            return None;
        }
        match &self.heap.closures.items[frame.closure as usize].body {
            Body::Lua(proto) => Some(Rc::clone(proto)),
            Body::Native(_) => None,
        }
    }

    /// Whether a value is a function that was written in Lua.
    pub(crate) fn is_written_in_lua(&self, value: Value) -> bool {
        match value {
            Value::Func(id) => matches!(self.heap.closures.items[id as usize].body, Body::Lua(_)),
            _ => false,
        }
    }

    /// The instruction that frame `at` carries out.
    fn pc_of(&self, at: usize) -> usize {
        let next = match at + 1 == self.frames.len() {
            true => self.pc,
            false => self.frames[at].pc as usize,
        };
        next.saturating_sub(1)
    }

    pub(crate) fn line_of(&self, at: usize) -> u32 {
        let pc = self.pc_of(at);
        self.proto_of(at)
            .and_then(|proto| proto.lines.get(pc).copied())
            .unwrap_or(0)
    }

    /// `name:line: ` of frame `at`; nothing if that is not a function of Lua.
    fn place(&self, at: usize) -> Vec<u8> {
        let Some(proto) = self.proto_of(at) else {
            return Vec::new();
        };
        let mut out = proto.source.to_vec();
        out.push(b':');
        write_u64(&mut out, u64::from(self.line_of(at)));
        out.extend_from_slice(b": ");
        out
    }

    /// Where the function stands that raises an error, or that called a library function which does.
    pub(crate) fn place_of_error(&self) -> (Vec<u8>, i64) {
        let at = self.caller();
        match at.and_then(|at| Some((self.proto_of(at)?, at))) {
            Some((proto, at)) => (proto.chunk.to_vec(), i64::from(self.line_of(at))),
            None => (b"=[C]".to_vec(), -1),
        }
    }

    /// The frame that called the library function which runs.
    fn caller(&self) -> Option<usize> {
        let mut at = self.frames.len().checked_sub(1)?;
        if self.running == Running::Framed {
            at = at.checked_sub(1)?;
        }
        while self.frames[at].work.is_part() {
            at = at.checked_sub(1)?;
        }
        Some(at)
    }

    /// The place of the function at `level` above the library function that runs, as `error` counts them.
    pub(crate) fn place_of_level(&self, level: usize) -> Vec<u8> {
        let Some(mut at) = self.caller() else {
            return Vec::new();
        };
        let mut left = level.saturating_sub(1);
        loop {
            if left == 0 {
                return self.place(at);
            }
            left -= 1;
            let lost = self.frames[at].tail_calls as usize;
            if left < lost {
                return Vec::new();
            }
            left -= lost;
            loop {
                let Some(below) = at.checked_sub(1) else {
                    return Vec::new();
                };
                at = below;
                if !self.frames[at].work.is_part() {
                    break;
                }
            }
        }
    }

    /// An error of an instruction, or of a library function without a place.
    pub(crate) fn throw(&mut self, message: &[u8]) -> Thrown {
        let place = match self.running {
            // A metamethod that could not be called belongs to the instruction.
            Running::Code => self.caller().map_or(Vec::new(), |at| self.place(at)),
            _ => Vec::new(),
        };
        self.throw_text(&[&place, message])
    }

    /// An error of a library function, at the place of its caller.
    pub(crate) fn throw_at_caller(&mut self, message: &[u8]) -> Thrown {
        let place = self.place_of_level(1);
        self.throw_text(&[&place, message])
    }

    pub(crate) fn throw_text(&mut self, parts: &[&[u8]]) -> Thrown {
        self.error = self.heap.text(&join(parts));
        Thrown
    }

    /// `attempt to index local 'x' (a nil value)`; `at` is the place on the stack of the value, or none.
    pub(crate) fn type_error(&mut self, at: usize, value: Value, what: &[u8]) -> Thrown {
        let kind = value.type_name().as_bytes();
        let name = match self.running {
            Running::Code => self.name_of_place(at),
            _ => None,
        };
        let message = match name {
            Some((how, name)) => {
                let name = self.heap.bytes(name);
                join(&[
                    b"attempt to ",
                    what,
                    b" ",
                    how,
                    b" '",
                    name,
                    b"' (a ",
                    kind,
                    b" value)",
                ])
            }
            None => join(&[b"attempt to ", what, b" a ", kind, b" value"]),
        };
        self.throw(&message)
    }

    fn name_of_place(&mut self, at: usize) -> Option<(&'static [u8], Str)> {
        let top = self.frames.len().checked_sub(1)?;
        let proto = self.proto_of(top)?;
        let base = self.frames[top].base as usize;
        let register = at.checked_sub(base)?;
        if register >= usize::from(proto.registers) {
            return None;
        }
        self.name_of_register(&proto, register, self.pc_of(top))
    }

    /// What the value of `register` is called just before instruction `pc`.
    fn name_of_register(
        &mut self,
        proto: &Proto,
        register: usize,
        pc: usize,
    ) -> Option<(&'static [u8], Str)> {
        if let Some(name) = proto.local_name(register, pc) {
            return Some((b"local", name));
        }
        let at = last_setter(proto, register, pc)?;
        let code = proto.code[at];
        let constant = |index: usize| match proto.constants.get(index) {
            Some(Value::Str(name)) => Some(*name),
            _ => None,
        };
        match code.op() {
            Op::GetGlobal => Some((b"global", constant(code.bx())?)),
            Op::Move if code.b() < code.a() => self.name_of_register(proto, code.b(), at),
            Op::GetUpval => Some((b"upvalue", *proto.upvalues.get(code.b())?)),
            op @ (Op::GetTable | Op::SelfCall) => {
                let name = match code.c() as u32 & CONSTANT {
                    0 => None,
                    _ => constant(code.c() & !(CONSTANT as usize)),
                };
                let name = name.unwrap_or_else(|| self.heap.string(b"?"));
                let how: &[u8] = if op == Op::GetTable {
                    b"field"
                } else {
                    b"method"
                };
                Some((how, name))
            }
            _ => None,
        }
    }

    /// How the caller names the library function that runs.
    fn function_name(&mut self) -> Option<(&'static [u8], Str)> {
        let at = self.caller()?;
        let level = self.frames.len() - 1 - usize::from(self.running == Running::Framed);
        let proto = (at == level).then(|| self.proto_of(at))??;
        let pc = self.pc_of(at);
        let code = proto.code.get(pc)?;
        match code.op() {
            Op::Call | Op::TailCall | Op::TForLoop => self.name_of_register(&proto, code.a(), pc),
            _ => None,
        }
    }

    /// `bad argument #1 to 'f' (message)`; arguments count from 0 here.
    pub(crate) fn argument_error(&mut self, index: usize, message: &[u8]) -> Thrown {
        let mut number = (index as u32).wrapping_add(1);
        let name = self.function_name();
        let text = name.map_or(b"?".to_vec(), |(_, name)| self.heap.bytes(name).to_vec());
        if matches!(name, Some((b"method", _))) && number > 0 {
            number -= 1; // The object itself does not count.
            if number == 0 {
                return self.throw_at_caller(&join(&[
                    b"calling '",
                    &text,
                    b"' on bad self (",
                    message,
                    b")",
                ]));
            }
        }
        let mut out = b"bad argument #".to_vec();
        write_u64(&mut out, u64::from(number));
        let out = join(&[&out, b" to '", &text, b"' (", message, b")"]);
        self.throw_at_caller(&out)
    }

    /// `number expected, got nil`
    pub(crate) fn expected(&mut self, args: Args, index: usize, what: &str) -> Thrown {
        let got = match index < args.count {
            true => self.stack[args.at + index].type_name(),
            false => "no value",
        };
        self.argument_error(
            index,
            &join(&[what.as_bytes(), b" expected, got ", got.as_bytes()]),
        )
    }
}

/// The last instruction before `pc` that is sure to have set `register`.
fn last_setter(proto: &Proto, register: usize, pc: usize) -> Option<usize> {
    let mut last = None;
    let mut at = 0;
    while at < pc {
        let (here, code) = (at, proto.code[at]);
        let a = code.a();
        let sets = match code.op() {
            Op::LoadNil => a <= register && register <= code.b(),
            Op::SelfCall => register == a || register == a + 1,
            Op::TForLoop => register >= a + 2,
            Op::Call | Op::TailCall => register >= a,
            Op::Jmp | Op::ForLoop | Op::ForPrep => {
                // What a forward jump passes over may not have happened.
                let target = at as i32 + 1 + code.sbx();
                if (at as i32) < target && target <= pc as i32 {
                    at = target as usize - 1;
                }
                code.op() != Op::Jmp && a == register
            }
            Op::SetGlobal | Op::SetUpval | Op::SetTable | Op::Eq | Op::Lt | Op::Le => false,
            Op::Return | Op::Close => false,
            Op::SetList => {
                at += usize::from(code.c() == 0);
                false
            }
            Op::Closure => {
                at += proto.protos[code.bx()].upvalues.len();
                a == register
            }
            _ => a == register,
        };
        if sets {
            last = Some(here);
        }
        at += 1;
    }
    last
}
