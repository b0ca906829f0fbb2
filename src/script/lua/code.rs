//! The code generator: expressions that are not in a register yet, jumps that do not know where they go, and the
//! instructions that come of them.
//!
//! An expression is delayed as long as possible (`Exp`), so that `a.b + 1` needs no more instructions than it must. A
//! condition is a pair of lists of jumps, taken when it is true and when it is false; a list is linked through the
//! distances of its own, still open, jumps.

use super::heap::Heap;
use super::lexer::{Lexer, SyntaxError};
use super::number;
use super::proto::{CONSTANT, Code, LocalName, MAX_BX, MAX_REGISTERS, NO_REGISTER, Op, Proto};
use super::table::Table;
use super::value::{Str, Value};

/// The end of a list of jumps.
pub(crate) const NO_JUMP: i32 = -1;

/// Where the value of an expression is, or how it will be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Void,
    Nil,
    True,
    False,
    Constant(u32),
    Number(f64),
    /// The register of a local variable.
    Local(u32),
    Upvalue(u32),
    /// A global variable, by the constant that is its name.
    Global(u32),
    /// The register of a table, and a register or constant that is the key.
    Indexed(u32, u32),
    /// A comparison: the jump behind it.
    Jump(i32),
    /// The instruction that makes it, whose target is still open.
    Reloc(i32),
    Register(u32),
    Call(i32),
    VarArg(i32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Exp {
    pub kind: Kind,
    /// Jumps to take when it is true, and when it is false.
    pub yes: i32,
    pub no: i32,
}

impl Exp {
    pub(crate) fn new(kind: Kind) -> Exp {
        Exp {
            kind,
            yes: NO_JUMP,
            no: NO_JUMP,
        }
    }

    fn has_jumps(&self) -> bool {
        self.yes != self.no
    }

    pub(crate) fn is_multi(&self) -> bool {
        matches!(self.kind, Kind::Call(_) | Kind::VarArg(_))
    }

    fn numeral(&self) -> Option<f64> {
        match self.kind {
            Kind::Number(n) if self.yes == NO_JUMP && self.no == NO_JUMP => Some(n),
            _ => None,
        }
    }
}

/// A block of the function that is being compiled.
#[derive(Debug)]
pub(crate) struct Block {
    pub breaks: i32,
    pub active: usize,
    pub captured: bool,
    pub breakable: bool,
}

/// How an inner function finds a variable of the function around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Capture {
    pub local: bool,
    pub index: u32,
}

/// The function that is being compiled.
#[derive(Debug)]
pub(crate) struct Function {
    pub proto: Proto,
    /// Constants found again: from the value to its index.
    known: Table,
    nil_constant: Option<u32>,
    /// The local variables in scope, by their place in the list of names.
    pub active: Vec<u32>,
    pub blocks: Vec<Block>,
    pub captures: Vec<Capture>,
    pub free: u32,
    last_target: i32,
    pending: i32,
}

impl Function {
    pub(crate) fn new(lex: &Lexer<'_>, line: u32) -> Function {
        let proto = Proto {
            source: lex.source.clone(),
            chunk: lex.chunk.clone(),
            line,
            registers: 2,
            ..Proto::default()
        };
        Function {
            proto,
            known: Table::default(),
            nil_constant: None,
            active: Vec::new(),
            blocks: Vec::new(),
            captures: Vec::new(),
            free: 0,
            last_target: -1,
            pending: NO_JUMP,
        }
    }

    fn pc(&self) -> i32 {
        self.proto.code.len() as i32
    }

    /// How many locals are in scope; they stand in the registers below.
    fn locals(&self) -> u32 {
        self.active.len() as u32
    }
}

/// The compiler: the parser's two files drive the functions of this one.
pub(crate) struct Compiler<'a> {
    pub lex: Lexer<'a>,
    pub heap: &'a mut Heap,
    pub functions: Vec<Function>,
    pub depth: u32,
    /// Bytes of the functions that are done.
    pub bytes: usize,
}

type Done<T = ()> = Result<T, SyntaxError>;

impl Compiler<'_> {
    #[inline]
    pub(crate) fn f(&mut self) -> &mut Function {
        self.functions.last_mut().expect("a function is open")
    }

    pub(crate) fn pc(&mut self) -> i32 {
        self.f().pc()
    }

    /// Appends an instruction; returns where.
    pub(crate) fn emit(&mut self, code: Code) -> Done<i32> {
        self.discharge_pending()?;
        let line = self.lex.last_line;
        let f = self.f();
        f.proto.code.push(code);
        f.proto.lines.push(line);
        Ok(f.pc() - 1)
    }

    pub(crate) fn abc(&mut self, op: Op, a: u32, b: u32, c: u32) -> Done<i32> {
        self.emit(Code::abc(op, a, b, c))
    }

    pub(crate) fn at(&mut self, pc: i32) -> &mut Code {
        &mut self.f().proto.code[pc as usize]
    }

    /// Says that the last instruction stands on another line than its last token.
    pub(crate) fn fix_line(&mut self, line: u32) {
        if let Some(last) = self.f().proto.lines.last_mut() {
            *last = line;
        }
    }

    // Jumps.

    fn target(&mut self, pc: i32) -> i32 {
        match self.at(pc).sbx() {
            NO_JUMP => NO_JUMP,
            distance => pc + 1 + distance,
        }
    }

    fn fix_jump(&mut self, pc: i32, to: i32) -> Done {
        match self.at(pc).set_sbx(to - (pc + 1)) {
            true => Ok(()),
            false => Err(self.lex.syntax_error(b"control structure too long")),
        }
    }

    pub(crate) fn jump(&mut self) -> Done<i32> {
        let pending = std::mem::replace(&mut self.f().pending, NO_JUMP);
        let mut code = Code::abx(Op::Jmp, 0, 0);
        code.set_sbx(NO_JUMP);
        let mut at = self.emit(code)?;
        self.concat(&mut at, pending)?;
        Ok(at)
    }

    /// Says that something jumps here, so that instructions before and after may not be merged.
    pub(crate) fn label(&mut self) -> i32 {
        let pc = self.pc();
        self.f().last_target = pc;
        pc
    }

    /// Joins the second list of jumps to the first.
    pub(crate) fn concat(&mut self, list: &mut i32, other: i32) -> Done {
        if other == NO_JUMP {
            return Ok(());
        }
        if *list == NO_JUMP {
            *list = other;
            return Ok(());
        }
        let mut last = *list;
        loop {
            match self.target(last) {
                NO_JUMP => return self.fix_jump(last, other),
                next => last = next,
            }
        }
    }

    pub(crate) fn patch_here(&mut self, list: i32) -> Done {
        self.label();
        let mut pending = self.f().pending;
        self.concat(&mut pending, list)?;
        self.f().pending = pending;
        Ok(())
    }

    pub(crate) fn patch(&mut self, list: i32, target: i32) -> Done {
        if target == self.pc() {
            return self.patch_here(list);
        }
        self.patch_list(list, target, NO_REGISTER, target)
    }

    fn discharge_pending(&mut self) -> Done {
        let pending = std::mem::replace(&mut self.f().pending, NO_JUMP);
        let pc = self.pc();
        self.patch_list(pending, pc, NO_REGISTER, pc)
    }

    /// Sends jumps that carry a value to `with_value` and have it in `register`, the others to `otherwise`.
    fn patch_list(&mut self, list: i32, with_value: i32, register: u32, otherwise: i32) -> Done {
        let mut list = list;
        while list != NO_JUMP {
            let next = self.target(list);
            let carries = self.patch_test(list, register);
            self.fix_jump(list, if carries { with_value } else { otherwise })?;
            list = next;
        }
        Ok(())
    }

    /// Where the condition of a jump stands: the instruction before it, if that is a test.
    fn control(&mut self, pc: i32) -> i32 {
        let tests = |op| {
            matches!(
                op,
                Op::Eq | Op::Lt | Op::Le | Op::Test | Op::TestSet | Op::TForLoop
            )
        };
        if pc >= 1 && tests(self.at(pc - 1).op()) {
            pc - 1
        } else {
            pc
        }
    }

    fn patch_test(&mut self, pc: i32, register: u32) -> bool {
        let control = self.control(pc);
        let code = self.at(control);
        if code.op() != Op::TestSet {
            return false;
        }
        if register != NO_REGISTER && register != code.b() as u32 {
            code.set_a(register);
        } else {
            *code = Code::abc(Op::Test, code.b() as u32, 0, code.c() as u32);
        }
        true
    }

    fn needs_value(&mut self, list: i32) -> bool {
        let mut list = list;
        while list != NO_JUMP {
            let control = self.control(list);
            if self.at(control).op() != Op::TestSet {
                return true;
            }
            list = self.target(list);
        }
        false
    }

    // Registers.

    pub(crate) fn reserve(&mut self, count: u32) -> Done {
        let f = self.f();
        let top = f.free + count;
        if top > u32::from(f.proto.registers) {
            if top >= MAX_REGISTERS {
                return Err(self.lex.syntax_error(b"function or expression too complex"));
            }
            self.f().proto.registers = top as u8;
        }
        self.f().free = top;
        Ok(())
    }

    fn free_register(&mut self, register: u32) {
        let f = self.f();
        if register & CONSTANT == 0 && register >= f.locals() {
            f.free -= 1;
        }
    }

    fn free_exp(&mut self, exp: &Exp) {
        if let Kind::Register(register) = exp.kind {
            self.free_register(register);
        }
    }

    // Constants.

    pub(crate) fn constant(&mut self, value: Value) -> Done<u32> {
        let f = self.functions.last_mut().expect("a function is open");
        let found = match value {
            Value::Nil => f.nil_constant,
            value => match f.known.get(value) {
                Value::Num(index) => Some(index as u32),
                _ => None,
            },
        };
        if let Some(index) = found {
            return Ok(index);
        }
        let index = f.proto.constants.len() as u32;
        if index > MAX_BX {
            return Err(self.lex.error(b"constant table overflow", None));
        }
        f.proto.constants.push(value);
        match value {
            Value::Nil => f.nil_constant = Some(index),
            value => drop(f.known.set(value, Value::Num(f64::from(index)))),
        }
        Ok(index)
    }

    pub(crate) fn string_constant(&mut self, string: Str) -> Done<u32> {
        self.constant(Value::Str(string))
    }

    // Expressions.

    /// Makes a call or `...` give exactly `count` values; -1 is "all of them".
    pub(crate) fn set_results(&mut self, exp: &Exp, count: i32) -> Done {
        match exp.kind {
            Kind::Call(pc) => self.at(pc).set_c((count + 1) as u32),
            Kind::VarArg(pc) => {
                let free = self.f().free;
                let code = self.at(pc);
                code.set_b((count + 1) as u32);
                code.set_a(free);
                self.reserve(1)?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn set_one_result(&mut self, exp: &mut Exp) {
        match exp.kind {
            Kind::Call(pc) => exp.kind = Kind::Register(self.at(pc).a() as u32),
            Kind::VarArg(pc) => {
                self.at(pc).set_b(2);
                exp.kind = Kind::Reloc(pc);
            }
            _ => {}
        }
    }

    /// A variable becomes its value.
    pub(crate) fn discharge(&mut self, exp: &mut Exp) -> Done {
        exp.kind = match exp.kind {
            Kind::Local(register) => Kind::Register(register),
            Kind::Upvalue(index) => Kind::Reloc(self.abc(Op::GetUpval, 0, index, 0)?),
            Kind::Global(name) => Kind::Reloc(self.emit(Code::abx(Op::GetGlobal, 0, name))?),
            Kind::Indexed(table, key) => {
                self.free_register(key);
                self.free_register(table);
                Kind::Reloc(self.abc(Op::GetTable, 0, table, key)?)
            }
            _ => {
                self.set_one_result(exp);
                return Ok(());
            }
        };
        Ok(())
    }

    fn discharge_to(&mut self, exp: &mut Exp, register: u32) -> Done {
        self.discharge(exp)?;
        match exp.kind {
            Kind::Nil => self.load_nil(register, 1)?,
            Kind::True | Kind::False => {
                let truth = u32::from(exp.kind == Kind::True);
                self.abc(Op::LoadBool, register, truth, 0)?;
            }
            Kind::Constant(index) => {
                self.emit(Code::abx(Op::LoadK, register, index))?;
            }
            Kind::Number(number) => {
                let index = self.constant(Value::Num(number))?;
                self.emit(Code::abx(Op::LoadK, register, index))?;
            }
            Kind::Reloc(pc) => self.at(pc).set_a(register),
            Kind::Register(from) if from != register => {
                self.abc(Op::Move, register, from, 0)?;
            }
            Kind::Register(_) => {}
            _ => return Ok(()),
        }
        exp.kind = Kind::Register(register);
        Ok(())
    }

    fn discharge_any(&mut self, exp: &mut Exp) -> Done {
        if matches!(exp.kind, Kind::Register(_)) {
            return Ok(());
        }
        self.reserve(1)?;
        let register = self.f().free - 1;
        self.discharge_to(exp, register)
    }

    pub(crate) fn load_nil(&mut self, from: u32, count: u32) -> Done {
        let pc = self.pc();
        let (locals, target) = (self.f().locals(), self.f().last_target);
        if pc > target {
            if pc == 0 {
                if from >= locals {
                    return Ok(()); // Registers are clean at the start.
                }
            } else {
                let last = self.at(pc - 1);
                if last.op() == Op::LoadNil {
                    let (first, end) = (last.a() as u32, last.b() as u32);
                    if first <= from && from <= end + 1 {
                        if from + count - 1 > end {
                            last.set_b(from + count - 1);
                        }
                        return Ok(());
                    }
                }
            }
        }
        self.abc(Op::LoadNil, from, from + count - 1, 0)?;
        Ok(())
    }

    fn put_in(&mut self, exp: &mut Exp, register: u32) -> Done {
        self.discharge_to(exp, register)?;
        if let Kind::Jump(pc) = exp.kind {
            self.concat(&mut exp.yes, pc)?;
        }
        if exp.has_jumps() {
            let (mut no, mut yes) = (NO_JUMP, NO_JUMP);
            if self.needs_value(exp.yes) || self.needs_value(exp.no) {
                let over = match exp.kind {
                    Kind::Jump(_) => NO_JUMP,
                    _ => self.jump()?,
                };
                self.label();
                no = self.abc(Op::LoadBool, register, 0, 1)?;
                self.label();
                yes = self.abc(Op::LoadBool, register, 1, 0)?;
                self.patch_here(over)?;
            }
            let end = self.label();
            self.patch_list(exp.no, end, register, no)?;
            self.patch_list(exp.yes, end, register, yes)?;
        }
        *exp = Exp::new(Kind::Register(register));
        Ok(())
    }

    pub(crate) fn put_next(&mut self, exp: &mut Exp) -> Done {
        self.discharge(exp)?;
        self.free_exp(exp);
        self.reserve(1)?;
        let register = self.f().free - 1;
        self.put_in(exp, register)
    }

    pub(crate) fn put_anywhere(&mut self, exp: &mut Exp) -> Done<u32> {
        self.discharge(exp)?;
        if let Kind::Register(register) = exp.kind {
            if !exp.has_jumps() {
                return Ok(register);
            }
            if register >= self.f().locals() {
                self.put_in(exp, register)?;
                return Ok(register);
            }
        }
        self.put_next(exp)?;
        match exp.kind {
            Kind::Register(register) => Ok(register),
            _ => Ok(0),
        }
    }

    pub(crate) fn settle(&mut self, exp: &mut Exp) -> Done {
        match exp.has_jumps() {
            true => self.put_anywhere(exp).map(drop),
            false => self.discharge(exp),
        }
    }

    /// As an operand: a register, or a constant if its index is small enough.
    pub(crate) fn put_operand(&mut self, exp: &mut Exp) -> Done<u32> {
        self.settle(exp)?;
        let few = self.f().proto.constants.len() < CONSTANT as usize;
        let value = match exp.kind {
            Kind::Nil if few => Value::Nil,
            Kind::True | Kind::False if few => Value::Bool(exp.kind == Kind::True),
            Kind::Number(number) if few => Value::Num(number),
            Kind::Constant(index) if index < CONSTANT => return Ok(index | CONSTANT),
            _ => return self.put_anywhere(exp),
        };
        let index = self.constant(value)?;
        exp.kind = Kind::Constant(index);
        Ok(index | CONSTANT)
    }

    /// Assigns to a variable.
    pub(crate) fn store(&mut self, variable: &Exp, exp: &mut Exp) -> Done {
        match variable.kind {
            Kind::Local(register) => {
                self.free_exp(exp);
                return self.put_in(exp, register);
            }
            Kind::Upvalue(index) => {
                let register = self.put_anywhere(exp)?;
                self.abc(Op::SetUpval, register, index, 0)?;
            }
            Kind::Global(name) => {
                let register = self.put_anywhere(exp)?;
                self.emit(Code::abx(Op::SetGlobal, register, name))?;
            }
            Kind::Indexed(table, key) => {
                let value = self.put_operand(exp)?;
                self.abc(Op::SetTable, table, key, value)?;
            }
            _ => {}
        }
        self.free_exp(exp);
        Ok(())
    }

    /// `exp:name`: the function and the object in two registers.
    pub(crate) fn method(&mut self, exp: &mut Exp, name: u32) -> Done {
        self.put_anywhere(exp)?;
        let Kind::Register(object) = exp.kind else {
            return Ok(());
        };
        self.free_exp(exp);
        let mut key = Exp::new(Kind::Constant(name));
        let target = self.f().free;
        self.reserve(2)?;
        let key_register = self.put_operand(&mut key)?;
        self.abc(Op::SelfCall, target, object, key_register)?;
        self.free_exp(&key);
        exp.kind = Kind::Register(target);
        Ok(())
    }

    pub(crate) fn indexed(&mut self, table: &mut Exp, key: &mut Exp) -> Done {
        let key = self.put_operand(key)?;
        if let Kind::Register(register) | Kind::Local(register) = table.kind {
            table.kind = Kind::Indexed(register, key);
        }
        Ok(())
    }

    // Conditions.

    fn negate(&mut self, pc: i32) {
        let control = self.control(pc);
        let code = self.at(control);
        let a = code.a();
        code.set_a(u32::from(a == 0));
    }

    fn jump_if(&mut self, exp: &mut Exp, truth: bool) -> Done<i32> {
        if let Kind::Reloc(pc) = exp.kind {
            let code = *self.at(pc);
            if code.op() == Op::Not {
                let f = self.f();
                f.proto.code.pop();
                f.proto.lines.pop();
                return self.test(Op::Test, code.b() as u32, 0, !truth);
            }
        }
        self.discharge_any(exp)?;
        self.free_exp(exp);
        let Kind::Register(register) = exp.kind else {
            return Ok(NO_JUMP);
        };
        self.test(Op::TestSet, NO_REGISTER, register, truth)
    }

    fn test(&mut self, op: Op, a: u32, b: u32, truth: bool) -> Done<i32> {
        self.abc(op, a, b, u32::from(truth))?;
        self.jump()
    }

    /// Goes on if true; else takes a jump of the list `no`.
    pub(crate) fn go_if_true(&mut self, exp: &mut Exp) -> Done {
        self.discharge(exp)?;
        let jump = match exp.kind {
            Kind::Constant(_) | Kind::Number(_) | Kind::True => NO_JUMP,
            Kind::Jump(pc) => {
                self.negate(pc);
                pc
            }
            _ => self.jump_if(exp, false)?,
        };
        self.concat(&mut exp.no, jump)?;
        let yes = std::mem::replace(&mut exp.yes, NO_JUMP);
        self.patch_here(yes)
    }

    pub(crate) fn go_if_false(&mut self, exp: &mut Exp) -> Done {
        self.discharge(exp)?;
        let jump = match exp.kind {
            Kind::Nil | Kind::False => NO_JUMP,
            Kind::Jump(pc) => pc,
            _ => self.jump_if(exp, true)?,
        };
        self.concat(&mut exp.yes, jump)?;
        let no = std::mem::replace(&mut exp.no, NO_JUMP);
        self.patch_here(no)
    }

    fn not(&mut self, exp: &mut Exp) -> Done {
        self.discharge(exp)?;
        match exp.kind {
            Kind::Nil | Kind::False => exp.kind = Kind::True,
            Kind::Constant(_) | Kind::Number(_) | Kind::True => exp.kind = Kind::False,
            Kind::Jump(pc) => self.negate(pc),
            _ => {
                self.discharge_any(exp)?;
                self.free_exp(exp);
                if let Kind::Register(register) = exp.kind {
                    exp.kind = Kind::Reloc(self.abc(Op::Not, 0, register, 0)?);
                }
            }
        }
        std::mem::swap(&mut exp.yes, &mut exp.no);
        for list in [exp.no, exp.yes] {
            let mut list = list;
            while list != NO_JUMP {
                self.patch_test(list, NO_REGISTER);
                list = self.target(list);
            }
        }
        Ok(())
    }

    // Operators.

    pub(crate) fn prefix(&mut self, op: Op, exp: &mut Exp) -> Done {
        let mut none = Exp::new(Kind::Number(0.0));
        match op {
            Op::Not => self.not(exp),
            Op::Unm => {
                if exp.numeral().is_none() {
                    self.put_anywhere(exp)?;
                }
                self.arith(op, exp, &mut none)
            }
            _ => {
                self.put_anywhere(exp)?;
                self.arith(op, exp, &mut none)
            }
        }
    }

    pub(crate) fn arith(&mut self, op: Op, left: &mut Exp, right: &mut Exp) -> Done {
        if let (Some(a), Some(b)) = (left.numeral(), right.numeral()) {
            let by_zero = matches!(op, Op::Div | Op::Mod) && b == 0.0;
            if op != Op::Len && !by_zero {
                let value = number::arith(op, a, b);
                if !value.is_nan() {
                    left.kind = Kind::Number(value);
                    return Ok(());
                }
            }
        }
        let b = match op {
            Op::Unm | Op::Len => 0,
            _ => self.put_operand(right)?,
        };
        let a = self.put_operand(left)?;
        if a > b {
            self.free_exp(left);
            self.free_exp(right);
        } else {
            self.free_exp(right);
            self.free_exp(left);
        }
        // One operand stands in B, which is where the machine looks.
        *left = Exp::new(Kind::Reloc(self.abc(op, 0, a, b)?));
        Ok(())
    }

    /// A comparison; the order of the operands is such that only `==`, `<` and `<=` are needed.
    pub(crate) fn compare(&mut self, op: Op, truth: bool, left: &mut Exp, right: &mut Exp) -> Done {
        let mut a = self.put_operand(left)?;
        let mut b = self.put_operand(right)?;
        self.free_exp(right);
        self.free_exp(left);
        let mut truth = truth;
        if !truth && op != Op::Eq {
            std::mem::swap(&mut a, &mut b);
            truth = true;
        }
        self.abc(op, u32::from(truth), a, b)?;
        *left = Exp::new(Kind::Jump(self.jump()?));
        Ok(())
    }

    pub(crate) fn append(&mut self, left: &mut Exp, right: &mut Exp) -> Done {
        self.settle(right)?;
        if let (Kind::Reloc(pc), Kind::Register(register)) = (right.kind, left.kind)
            && self.at(pc).op() == Op::Concat
        {
            self.free_exp(left);
            self.at(pc).set_b(register);
            left.kind = Kind::Reloc(pc);
            return Ok(());
        }
        self.put_next(right)?;
        self.arith(Op::Concat, left, right)
    }

    pub(crate) fn name_local(&mut self, name: Str) -> u32 {
        let names = &mut self.f().proto.locals;
        names.push(LocalName {
            name,
            from: 0,
            to: 0,
        });
        names.len() as u32 - 1
    }
}
