//! What the compiler makes of a function: instructions, constants, and what error messages need to know.
//!
//! The instruction set is that of Lua 5.1 ("A No-Frills Introduction to Lua 5.1 VM Instructions", Kein-Hong Man, 2006): the
//! names of variables in error messages are read back from the instructions, so only the same instructions give the same
//! messages.
//!
//! ```text
//!  31      23      14      6     0
//!  |   B   |   C   |   A   | op  |     B and C: a register, or a constant if the highest bit is set
//!  |      Bx       |   A   | op  |     Bx is signed where it is a distance
//! ```

use super::value::{Str, Value};
use std::cell::Cell;
use std::rc::Rc;

/// Instructions. R is a register, K a constant, RK either, U an upvalue, G a global.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Op {
    /// R(A) := R(B)
    Move,
    /// R(A) := K(Bx)
    LoadK,
    /// R(A) := B; skip one if C
    LoadBool,
    /// R(A..=B) := nil
    LoadNil,
    /// R(A) := U(B)
    GetUpval,
    /// R(A) := G[K(Bx)]
    GetGlobal,
    /// R(A) := R(B)[RK(C)]
    GetTable,
    /// G[K(Bx)] := R(A)
    SetGlobal,
    /// U(B) := R(A)
    SetUpval,
    /// R(A)[RK(B)] := RK(C)
    SetTable,
    /// R(A) := {}, its sizes about B and C
    NewTable,
    /// R(A+1) := R(B); R(A) := R(B)[RK(C)]
    SelfCall,
    /// R(A) := RK(B) + RK(C), and so on
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    /// R(A) := -R(B), and so on
    Unm,
    Not,
    Len,
    /// R(A) := R(B) .. ... .. R(C)
    Concat,
    /// pc += sBx
    Jmp,
    /// skip one if (RK(B) == RK(C)) != A, and so on
    Eq,
    Lt,
    Le,
    /// skip one if R(A) is not C
    Test,
    /// if R(B) is C then R(A) := R(B) else skip one
    TestSet,
    /// R(A..) := R(A)(R(A+1..)): B - 1 arguments, C - 1 results; 0 is "up to the top"
    Call,
    TailCall,
    /// return R(A..): B - 1 values
    Return,
    /// the numeric loop steps: index R(A), limit, step, and the visible index
    ForLoop,
    ForPrep,
    /// R(A+3..) := R(A)(R(A+1), R(A+2)); C results; skip one at the end
    TForLoop,
    /// R(A)[50 (C-1) + i] := R(A+i) for i in 1..=B
    SetList,
    /// close all upvalues from R(A) on
    Close,
    /// R(A) := closure of the function number Bx; pseudo-instructions behind it name the upvalues
    Closure,
    /// R(A..) := the variable arguments, B - 1 of them
    VarArg,
}

pub(crate) const OPS: [Op; 38] = [
    Op::Move,
    Op::LoadK,
    Op::LoadBool,
    Op::LoadNil,
    Op::GetUpval,
    Op::GetGlobal,
    Op::GetTable,
    Op::SetGlobal,
    Op::SetUpval,
    Op::SetTable,
    Op::NewTable,
    Op::SelfCall,
    Op::Add,
    Op::Sub,
    Op::Mul,
    Op::Div,
    Op::Mod,
    Op::Pow,
    Op::Unm,
    Op::Not,
    Op::Len,
    Op::Concat,
    Op::Jmp,
    Op::Eq,
    Op::Lt,
    Op::Le,
    Op::Test,
    Op::TestSet,
    Op::Call,
    Op::TailCall,
    Op::Return,
    Op::ForLoop,
    Op::ForPrep,
    Op::TForLoop,
    Op::SetList,
    Op::Close,
    Op::Closure,
    Op::VarArg,
];

pub(crate) const MAX_BX: u32 = (1 << 18) - 1;
const HALF_BX: i32 = (1 << 17) - 1;
/// Greatest value of A, B or C that names a register.
pub(crate) const MAX_REGISTERS: u32 = 250;
/// The bit of B or C that says "constant".
pub(crate) const CONSTANT: u32 = 1 << 8;
/// "No register": a jump target that needs no value.
pub(crate) const NO_REGISTER: u32 = 255;
/// Items that one SetList stores.
pub(crate) const LIST_BATCH: u32 = 50;

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(u32);

impl Code {
    pub(crate) fn abc(op: Op, a: u32, b: u32, c: u32) -> Code {
        Code(op as u32 | a << 6 | c << 14 | b << 23)
    }

    pub(crate) fn abx(op: Op, a: u32, bx: u32) -> Code {
        Code(op as u32 | a << 6 | bx << 14)
    }

    /// A bare number, behind a SetList whose C does not hold it.
    pub(crate) fn raw(value: u32) -> Code {
        Code(value)
    }

    pub(crate) fn as_raw(self) -> u32 {
        self.0
    }

    #[inline(always)]
    pub(crate) fn op(self) -> Op {
        // The compiler and the machine only ever make instructions of an `Op`; a raw number is skipped over.
        OPS[(self.0 & 63) as usize % OPS.len()]
    }

    #[inline(always)]
    pub(crate) fn a(self) -> usize {
        (self.0 >> 6 & 0xff) as usize
    }

    #[inline(always)]
    pub(crate) fn b(self) -> usize {
        (self.0 >> 23) as usize
    }

    #[inline(always)]
    pub(crate) fn c(self) -> usize {
        (self.0 >> 14 & 0x1ff) as usize
    }

    #[inline(always)]
    pub(crate) fn bx(self) -> usize {
        (self.0 >> 14) as usize
    }

    #[inline(always)]
    pub(crate) fn sbx(self) -> i32 {
        (self.0 >> 14) as i32 - HALF_BX
    }

    pub(crate) fn set_a(&mut self, a: u32) {
        self.0 = self.0 & !(0xff << 6) | a << 6;
    }

    pub(crate) fn set_b(&mut self, b: u32) {
        self.0 = self.0 & !(0x1ff << 23) | b << 23;
    }

    pub(crate) fn set_c(&mut self, c: u32) {
        self.0 = self.0 & !(0x1ff << 14) | c << 14;
    }

    /// Sets a distance; false if it is too far.
    pub(crate) fn set_sbx(&mut self, distance: i32) -> bool {
        self.0 = self.0 & 0x3fff | ((distance + HALF_BX) as u32) << 14;
        distance.abs() <= HALF_BX
    }
}

/// A local variable and the instructions within which it lives.
#[derive(Clone, Debug)]
pub(crate) struct LocalName {
    pub name: Str,
    pub from: u32,
    pub to: u32,
}

/// A compiled function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proto {
    pub code: Vec<Code>,
    /// The line of each instruction.
    pub lines: Vec<u32>,
    pub constants: Vec<Value>,
    pub protos: Vec<Rc<Proto>>,
    pub locals: Vec<LocalName>,
    pub upvalues: Vec<Str>,
    /// Chunk name as error messages show it.
    pub source: Rc<[u8]>,
    /// The name as it was given: `@name`, `=name`, or the text itself.
    pub chunk: Rc<[u8]>,
    /// 0 for a main chunk.
    pub line: u32,
    pub parameters: u8,
    pub vararg: bool,
    /// Whether a table `arg` of the further arguments is made, as in Lua 5.0.
    pub needs_arg: bool,
    pub registers: u8,
    /// The collection in which it was marked last.
    pub marked: Cell<u32>,
}

impl Proto {
    /// Bytes it takes, without the functions inside it.
    pub(crate) fn size(&self) -> usize {
        160 + self.code.len() * 8
            + self.constants.len() * 16
            + self.locals.len() * 16
            + self.upvalues.len() * 8
    }

    /// The name of the local variable in `register` at instruction `pc`.
    pub(crate) fn local_name(&self, register: usize, pc: usize) -> Option<Str> {
        self.locals
            .iter()
            .take_while(|local| local.from as usize <= pc)
            .filter(|local| pc < local.to as usize)
            .nth(register)
            .map(|local| local.name)
    }
}
