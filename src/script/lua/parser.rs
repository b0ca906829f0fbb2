//! Statements (Reference Manual, section 2.4), and the compiler's entry.

use super::code::{Block, Capture, Compiler, Exp, Function, Kind, NO_JUMP};
use super::expr::MAX_LEVELS;
use super::heap::Heap;
use super::lexer::{Lexer, SyntaxError, Token, Word};
use super::proto::{Code, Op, Proto};
use super::value::{Str, Value};
use std::rc::Rc;

type Done<T = ()> = Result<T, SyntaxError>;

const MAX_LOCALS: usize = 200;

/// Compiles a chunk. `source` is its name as `loadstring` takes it, `depth` how deep the machine stands already. O(n).
pub(crate) fn compile(
    heap: &mut Heap,
    text: &[u8],
    source: &[u8],
    depth: u32,
) -> Result<Rc<Proto>, SyntaxError> {
    let mut compiler = Compiler {
        lex: Lexer::new(text, source),
        heap,
        functions: Vec::new(),
        depth,
        bytes: 0,
    };
    compiler.functions.push(Function::new(&compiler.lex, 0));
    compiler.f().proto.vararg = true;
    compiler.open_block(false);
    compiler.lex.advance()?;
    compiler.chunk()?;
    if compiler.lex.token != Token::End {
        return Err(compiler.lex.syntax_error(b"'<eof>' expected"));
    }
    let (proto, _) = compiler.close_function()?;
    let bytes = compiler.bytes;
    heap.used += bytes;
    Ok(Rc::new(proto))
}

fn ends_block(token: Token) -> bool {
    matches!(
        token,
        Token::End | Token::Word(Word::Else | Word::ElseIf | Word::End | Word::Until)
    )
}

impl Compiler<'_> {
    // Scopes.

    fn open_block(&mut self, breakable: bool) {
        let f = self.f();
        let block = Block {
            breaks: NO_JUMP,
            active: f.active.len(),
            captured: false,
            breakable,
        };
        f.blocks.push(block);
    }

    fn close_block(&mut self) -> Done {
        let pc = self.pc() as u32;
        let f = self.f();
        let Some(block) = f.blocks.pop() else {
            return Ok(());
        };
        for at in f.active.drain(block.active..) {
            f.proto.locals[at as usize].to = pc;
        }
        let level = f.active.len() as u32;
        if block.captured {
            self.abc(Op::Close, level, 0, 0)?;
        }
        self.f().free = level;
        self.patch_here(block.breaks)
    }

    /// Declares a local variable; it comes into scope later, the `ahead`th of those that wait.
    fn declare(&mut self, name: Str, ahead: usize) -> Done<u32> {
        if self.f().active.len() + ahead + 1 > MAX_LOCALS {
            let level = self.functions.len() - 1;
            return Err(self.too_many(level, MAX_LOCALS, b"local variables"));
        }
        Ok(self.name_local(name))
    }

    fn declare_hidden(&mut self, name: &[u8], ahead: usize) -> Done<u32> {
        let name = self.heap.string(name);
        self.declare(name, ahead)
    }

    fn activate(&mut self, names: &[u32]) {
        let pc = self.pc() as u32;
        let f = self.f();
        for at in names {
            f.proto.locals[*at as usize].from = pc;
            f.active.push(*at);
        }
    }

    fn close_function(&mut self) -> Done<(Proto, Vec<Capture>)> {
        self.abc(Op::Return, 0, 1, 0)?;
        let pc = self.pc() as u32;
        let mut f = self.functions.pop().expect("a function is open");
        for at in f.active.drain(..) {
            f.proto.locals[at as usize].to = pc;
        }
        self.bytes += f.proto.size();
        Ok((f.proto, f.captures))
    }

    // Function bodies.

    pub(crate) fn body(&mut self, method: bool, line: u32) -> Done<Exp> {
        self.functions.push(Function::new(&self.lex, line));
        self.open_block(false);
        self.expect(Token::Char(b'('))?;
        if method {
            let this = self.declare_hidden(b"self", 0)?;
            self.activate(&[this]);
        }
        self.parameters()?;
        self.expect(Token::Char(b')'))?;
        self.chunk()?;
        self.expect_match(Token::Word(Word::End), Token::Word(Word::Function), line)?;
        let (proto, captures) = self.close_function()?;
        let f = self.f();
        f.proto.protos.push(Rc::new(proto));
        let index = f.proto.protos.len() as u32 - 1;
        let pc = self.emit(Code::abx(Op::Closure, 0, index))?;
        for capture in captures {
            let op = if capture.local {
                Op::Move
            } else {
                Op::GetUpval
            };
            self.abc(op, 0, capture.index, 0)?;
        }
        Ok(Exp::new(Kind::Reloc(pc)))
    }

    fn parameters(&mut self) -> Done {
        let mut names = Vec::new();
        if self.lex.token != Token::Char(b')') {
            loop {
                match self.lex.token {
                    Token::Name => {
                        let name = self.name()?;
                        names.push(self.declare(name, names.len())?);
                    }
                    Token::Dots => {
                        self.lex.advance()?;
                        names.push(self.declare_hidden(b"arg", names.len())?);
                        let f = self.f();
                        f.proto.vararg = true;
                        f.proto.needs_arg = true;
                    }
                    _ => return Err(self.lex.syntax_error(b"<name> or '...' expected")),
                }
                if self.f().proto.vararg || !self.accept(Token::Char(b','))? {
                    break;
                }
            }
        }
        self.activate(&names);
        let f = self.f();
        let count = f.active.len();
        f.proto.parameters = (count - usize::from(f.proto.vararg)) as u8;
        self.reserve(count as u32)
    }

    // Blocks and statements.

    fn chunk(&mut self) -> Done {
        self.enter()?;
        let mut last = false;
        while !last && !ends_block(self.lex.token) {
            last = self.statement()?;
            self.accept(Token::Char(b';'))?;
            let f = self.f();
            f.free = f.active.len() as u32;
        }
        self.depth -= 1;
        Ok(())
    }

    fn block(&mut self) -> Done {
        self.open_block(false);
        self.chunk()?;
        self.close_block()
    }

    /// One statement; true if it must be the last of its block.
    fn statement(&mut self) -> Done<bool> {
        let line = self.lex.line;
        let Token::Word(word) = self.lex.token else {
            self.expression_statement()?;
            return Ok(false);
        };
        match word {
            Word::If => self.if_statement(line)?,
            Word::While => self.while_statement(line)?,
            Word::Do => {
                self.lex.advance()?;
                self.block()?;
                self.expect_match(Token::Word(Word::End), Token::Word(Word::Do), line)?;
            }
            Word::For => self.for_statement(line)?,
            Word::Repeat => self.repeat_statement(line)?,
            Word::Function => self.function_statement(line)?,
            Word::Local => {
                self.lex.advance()?;
                match self.accept(Token::Word(Word::Function))? {
                    true => self.local_function()?,
                    false => self.local_statement()?,
                }
            }
            Word::Return => {
                self.return_statement()?;
                return Ok(true);
            }
            Word::Break => {
                self.lex.advance()?;
                self.break_statement()?;
                return Ok(true);
            }
            _ => self.expression_statement()?,
        }
        Ok(false)
    }

    /// A condition: the jumps to take when it is false.
    fn condition(&mut self) -> Done<i32> {
        let mut exp = self.expression()?;
        if exp.kind == Kind::Nil {
            exp.kind = Kind::False;
        }
        self.go_if_true(&mut exp)?;
        Ok(exp.no)
    }

    fn then_block(&mut self) -> Done<i32> {
        self.lex.advance()?;
        let condition = self.condition()?;
        self.expect(Token::Word(Word::Then))?;
        self.block()?;
        Ok(condition)
    }

    fn if_statement(&mut self, line: u32) -> Done {
        let mut escapes = NO_JUMP;
        let mut no = self.then_block()?;
        while self.lex.token == Token::Word(Word::ElseIf) {
            let jump = self.jump()?;
            self.concat(&mut escapes, jump)?;
            self.patch_here(no)?;
            no = self.then_block()?;
        }
        if self.lex.token == Token::Word(Word::Else) {
            let jump = self.jump()?;
            self.concat(&mut escapes, jump)?;
            self.patch_here(no)?;
            self.lex.advance()?;
            self.block()?;
        } else {
            self.concat(&mut escapes, no)?;
        }
        self.patch_here(escapes)?;
        self.expect_match(Token::Word(Word::End), Token::Word(Word::If), line)
    }

    fn while_statement(&mut self, line: u32) -> Done {
        self.lex.advance()?;
        let start = self.label();
        let exit = self.condition()?;
        self.open_block(true);
        self.expect(Token::Word(Word::Do))?;
        self.block()?;
        let back = self.jump()?;
        self.patch(back, start)?;
        self.expect_match(Token::Word(Word::End), Token::Word(Word::While), line)?;
        self.close_block()?;
        self.patch_here(exit)
    }

    fn repeat_statement(&mut self, line: u32) -> Done {
        let start = self.label();
        self.open_block(true);
        self.open_block(false);
        self.lex.advance()?;
        self.chunk()?;
        self.expect_match(Token::Word(Word::Until), Token::Word(Word::Repeat), line)?;
        let exit = self.condition()?;
        let captured = self.f().blocks.last().is_some_and(|b| b.captured);
        if captured {
            // The condition may use variables of the body: leaving and going round must both close them.
            self.break_statement()?;
            self.patch_here(exit)?;
            self.close_block()?;
            let back = self.jump()?;
            self.patch(back, start)?;
        } else {
            self.close_block()?;
            self.patch(exit, start)?;
        }
        self.close_block()
    }

    fn break_statement(&mut self) -> Done {
        let f = self.f();
        let Some(at) = f.blocks.iter().rposition(|b| b.breakable) else {
            return Err(self.lex.syntax_error(b"no loop to break"));
        };
        let captured = f.blocks[at + 1..].iter().any(|b| b.captured);
        let level = f.blocks[at].active as u32;
        if captured {
            self.abc(Op::Close, level, 0, 0)?;
        }
        let jump = self.jump()?;
        let mut breaks = self.f().blocks[at].breaks;
        self.concat(&mut breaks, jump)?;
        self.f().blocks[at].breaks = breaks;
        Ok(())
    }

    fn for_statement(&mut self, line: u32) -> Done {
        self.open_block(true);
        self.lex.advance()?;
        let name = self.name()?;
        match self.lex.token {
            Token::Char(b'=') => self.numeric_for(name, line)?,
            Token::Char(b',') | Token::Word(Word::In) => self.generic_for(name)?,
            _ => return Err(self.lex.syntax_error(b"'=' or 'in' expected")),
        }
        self.expect_match(Token::Word(Word::End), Token::Word(Word::For), line)?;
        self.close_block()
    }

    fn numeric_for(&mut self, name: Str, line: u32) -> Done {
        let base = self.f().free;
        let mut names = Vec::new();
        for hidden in ["(for index)", "(for limit)", "(for step)"] {
            names.push(self.declare_hidden(hidden.as_bytes(), names.len())?);
        }
        let index = self.declare(name, 3)?;
        self.lex.advance()?;
        for _ in 0..2 {
            let mut exp = self.expression()?;
            self.put_next(&mut exp)?;
            if self.f().free == base + 1 {
                self.expect(Token::Char(b','))?;
            }
        }
        if self.accept(Token::Char(b','))? {
            let mut exp = self.expression()?;
            self.put_next(&mut exp)?;
        } else {
            let one = self.constant(Value::Num(1.0))?;
            let free = self.f().free;
            self.emit(Code::abx(Op::LoadK, free, one))?;
            self.reserve(1)?;
        }
        self.for_body(base, line, &names, &[index], true)
    }

    fn generic_for(&mut self, name: Str) -> Done {
        let base = self.f().free;
        let mut hidden = Vec::new();
        for text in ["(for generator)", "(for state)", "(for control)"] {
            hidden.push(self.declare_hidden(text.as_bytes(), hidden.len())?);
        }
        let mut names = vec![self.declare(name, 3)?];
        while self.accept(Token::Char(b','))? {
            let name = self.name()?;
            names.push(self.declare(name, 3 + names.len())?);
        }
        self.expect(Token::Word(Word::In))?;
        let line = self.lex.line;
        let (count, mut last) = self.expressions()?;
        self.adjust(3, count, &mut last)?;
        self.for_body(base, line, &hidden, &names, false)
    }

    fn for_body(
        &mut self,
        base: u32,
        line: u32,
        hidden: &[u32],
        names: &[u32],
        numeric: bool,
    ) -> Done {
        self.activate(hidden);
        self.expect(Token::Word(Word::Do))?;
        let prepare = match numeric {
            true => {
                let mut code = Code::abx(Op::ForPrep, base, 0);
                code.set_sbx(NO_JUMP);
                self.emit(code)?
            }
            false => self.jump()?,
        };
        self.open_block(false);
        self.activate(names);
        self.reserve(names.len() as u32)?;
        self.block()?;
        self.close_block()?;
        self.patch_here(prepare)?;
        let back = match numeric {
            true => {
                let mut code = Code::abx(Op::ForLoop, base, 0);
                code.set_sbx(NO_JUMP);
                self.emit(code)?
            }
            false => self.abc(Op::TForLoop, base, 0, names.len() as u32)?,
        };
        self.fix_line(line);
        let back = match numeric {
            true => back,
            false => self.jump()?,
        };
        self.patch(back, prepare + 1)
    }

    /// Brings `count` expressions, the last of them `last`, to so many values in registers.
    fn adjust(&mut self, wanted: u32, count: u32, last: &mut Exp) -> Done {
        let extra = wanted as i32 - count as i32;
        if last.is_multi() {
            let results = (extra + 1).max(0);
            self.set_results(last, results)?;
            if results > 1 {
                self.reserve(results as u32 - 1)?;
            }
            return Ok(());
        }
        if last.kind != Kind::Void {
            self.put_next(last)?;
        }
        if extra > 0 {
            let from = self.f().free;
            self.reserve(extra as u32)?;
            self.load_nil(from, extra as u32)?;
        }
        Ok(())
    }

    fn local_function(&mut self) -> Done {
        let name = self.name()?;
        let at = self.declare(name, 0)?;
        let register = self.f().free;
        self.reserve(1)?;
        self.activate(&[at]);
        let line = self.lex.line;
        let mut body = self.body(false, line)?;
        self.store(&Exp::new(Kind::Local(register)), &mut body)?;
        let pc = self.pc() as u32;
        self.f().proto.locals[at as usize].from = pc;
        Ok(())
    }

    fn local_statement(&mut self) -> Done {
        let mut names = Vec::new();
        loop {
            let name = self.name()?;
            names.push(self.declare(name, names.len())?);
            if !self.accept(Token::Char(b','))? {
                break;
            }
        }
        let (count, mut last) = match self.accept(Token::Char(b'='))? {
            true => self.expressions()?,
            false => (0, Exp::new(Kind::Void)),
        };
        self.adjust(names.len() as u32, count, &mut last)?;
        self.activate(&names);
        Ok(())
    }

    fn function_statement(&mut self, line: u32) -> Done {
        self.lex.advance()?;
        let mut target = self.variable()?;
        while self.lex.token == Token::Char(b'.') {
            self.field(&mut target)?;
        }
        let method = self.lex.token == Token::Char(b':');
        if method {
            self.field(&mut target)?;
        }
        let mut body = self.body(method, line)?;
        self.store(&target, &mut body)?;
        self.fix_line(line);
        Ok(())
    }

    fn expression_statement(&mut self) -> Done {
        let exp = self.primary()?;
        if let Kind::Call(pc) = exp.kind {
            self.at(pc).set_c(1);
            return Ok(());
        }
        self.assignment(exp)
    }

    /// `a, b.c = 1, 2`: the values first, then the stores from the last to the first.
    fn assignment(&mut self, first: Exp) -> Done {
        let mut targets = vec![first];
        loop {
            let target = targets[targets.len() - 1];
            let assignable = matches!(
                target.kind,
                Kind::Local(_) | Kind::Upvalue(_) | Kind::Global(_) | Kind::Indexed(..)
            );
            if !assignable {
                return Err(self.lex.syntax_error(b"syntax error"));
            }
            if !self.accept(Token::Char(b','))? {
                break;
            }
            let next = self.primary()?;
            if let Kind::Local(register) = next.kind {
                self.protect(&mut targets, register)?;
            }
            targets.push(next);
            let limit = MAX_LEVELS.saturating_sub(self.depth) as usize;
            if targets.len() > limit {
                let level = self.functions.len() - 1;
                return Err(self.too_many(level, limit, b"variables in assignment"));
            }
        }
        self.expect(Token::Char(b'='))?;
        let (values, mut last) = self.expressions()?;
        let count = targets.len() as u32;
        if values == count {
            self.set_one_result(&mut last);
            let target = targets.pop().unwrap_or(first);
            self.store(&target, &mut last)?;
        } else {
            self.adjust(count, values, &mut last)?;
            if values > count {
                self.f().free -= values - count;
            }
        }
        for target in targets.iter().rev() {
            let register = self.f().free - 1;
            let mut value = Exp::new(Kind::Register(register));
            self.store(target, &mut value)?;
        }
        Ok(())
    }

    /// A local variable that is assigned to may be the table or key of a target before it: those use a copy.
    fn protect(&mut self, targets: &mut [Exp], register: u32) -> Done {
        let copy = self.f().free;
        let mut conflict = false;
        for target in targets {
            if let Kind::Indexed(table, key) = &mut target.kind {
                for part in [table, key] {
                    if *part == register {
                        *part = copy;
                        conflict = true;
                    }
                }
            }
        }
        if conflict {
            self.abc(Op::Move, copy, register, 0)?;
            self.reserve(1)?;
        }
        Ok(())
    }

    fn return_statement(&mut self) -> Done {
        self.lex.advance()?;
        if ends_block(self.lex.token) || self.lex.token == Token::Char(b';') {
            self.abc(Op::Return, 0, 1, 0)?;
            return Ok(());
        }
        let (count, mut last) = self.expressions()?;
        let locals = self.f().active.len() as u32;
        if last.is_multi() {
            self.set_results(&last, -1)?;
            if let (Kind::Call(pc), 1) = (last.kind, count) {
                let call = *self.at(pc);
                let (a, b, c) = (call.a() as u32, call.b() as u32, call.c() as u32);
                *self.at(pc) = Code::abc(Op::TailCall, a, b, c);
            }
            self.abc(Op::Return, locals, 0, 0)?;
        } else if count == 1 {
            let register = self.put_anywhere(&mut last)?;
            self.abc(Op::Return, register, 2, 0)?;
        } else {
            self.put_next(&mut last)?;
            self.abc(Op::Return, locals, count + 1, 0)?;
        }
        Ok(())
    }
}
