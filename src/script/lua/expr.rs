//! Expressions: recursive descent, operators by priority (Reference Manual, section 2.5).

use super::code::{Capture, Compiler, Exp, Kind};
use super::lexer::{SyntaxError, Token, Word, token_text};
use super::proto::{Code, LIST_BATCH, Op};
use super::value::Str;

type Done<T = ()> = Result<T, SyntaxError>;

/// Deepest nesting of blocks, expressions and function bodies, and of calls into the host's language.
pub(crate) const MAX_LEVELS: u32 = 200;
const MAX_UPVALUES: usize = 60;
const UNARY_PRIORITY: u8 = 8;

/// A binary operator.
#[derive(Clone, Copy, PartialEq)]
enum Binary {
    Arith(Op),
    Concat,
    Compare(Op, bool),
    And,
    Or,
}

/// The operator that a token is, and how tightly it binds to the left and to the right.
fn binary(token: Token) -> Option<(Binary, u8, u8)> {
    Some(match token {
        Token::Char(b'+') => (Binary::Arith(Op::Add), 6, 6),
        Token::Char(b'-') => (Binary::Arith(Op::Sub), 6, 6),
        Token::Char(b'*') => (Binary::Arith(Op::Mul), 7, 7),
        Token::Char(b'/') => (Binary::Arith(Op::Div), 7, 7),
        Token::Char(b'%') => (Binary::Arith(Op::Mod), 7, 7),
        Token::Char(b'^') => (Binary::Arith(Op::Pow), 10, 9),
        Token::Concat => (Binary::Concat, 5, 4),
        Token::Ne => (Binary::Compare(Op::Eq, false), 3, 3),
        Token::Eq => (Binary::Compare(Op::Eq, true), 3, 3),
        Token::Char(b'<') => (Binary::Compare(Op::Lt, true), 3, 3),
        Token::Le => (Binary::Compare(Op::Le, true), 3, 3),
        Token::Char(b'>') => (Binary::Compare(Op::Lt, false), 3, 3),
        Token::Ge => (Binary::Compare(Op::Le, false), 3, 3),
        Token::Word(Word::And) => (Binary::And, 2, 2),
        Token::Word(Word::Or) => (Binary::Or, 1, 1),
        _ => return None,
    })
}

/// A table constructor under way.
struct Constructor {
    table: u32,
    item: Exp,
    records: u32,
    items: u32,
    pending: u32,
}

/// A size in a byte: three bits of mantissa, five of exponent, rounded up.
fn size_byte(size: u32) -> u32 {
    let (mut mantissa, mut exponent) = (size, 0);
    while mantissa >= 16 {
        mantissa = (mantissa + 1) >> 1;
        exponent += 1;
    }
    if mantissa < 8 {
        mantissa
    } else {
        (exponent + 1) << 3 | (mantissa - 8)
    }
}

/// The size that [`size_byte`] made a byte of.
pub(crate) fn size_of_byte(byte: usize) -> usize {
    match byte >> 3 {
        0 => byte,
        exponent => ((byte & 7) + 8) << (exponent - 1),
    }
}

impl Compiler<'_> {
    pub(crate) fn enter(&mut self) -> Done {
        self.depth += 1;
        if self.depth > MAX_LEVELS {
            return Err(self.lex.error(b"chunk has too many syntax levels", None));
        }
        Ok(())
    }

    /// `'x' expected`
    fn expected(&self, token: Token) -> SyntaxError {
        let mut message = vec![b'\''];
        token_text(token, &mut message);
        message.extend_from_slice(b"' expected");
        self.lex.syntax_error(&message)
    }

    pub(crate) fn accept(&mut self, token: Token) -> Done<bool> {
        let found = self.lex.token == token;
        if found {
            self.lex.advance()?;
        }
        Ok(found)
    }

    pub(crate) fn expect(&mut self, token: Token) -> Done {
        match self.accept(token)? {
            true => Ok(()),
            false => Err(self.expected(token)),
        }
    }

    /// Passes what closes `open` of line `line`.
    pub(crate) fn expect_match(&mut self, close: Token, open: Token, line: u32) -> Done {
        if self.accept(close)? {
            return Ok(());
        }
        if line == self.lex.line {
            return Err(self.expected(close));
        }
        let mut message = vec![b'\''];
        token_text(close, &mut message);
        message.extend_from_slice(b"' expected (to close '");
        token_text(open, &mut message);
        message.extend_from_slice(b"' at line ");
        crate::base::num::write_u64(&mut message, u64::from(line));
        message.push(b')');
        Err(self.lex.syntax_error(&message))
    }

    pub(crate) fn name(&mut self) -> Done<Str> {
        if self.lex.token != Token::Name {
            return Err(self.lex.syntax_error(b"'<name>' expected"));
        }
        let name = self.heap.string(&self.lex.word);
        self.lex.advance()?;
        Ok(name)
    }

    fn name_constant(&mut self) -> Done<Exp> {
        let name = self.name()?;
        Ok(Exp::new(Kind::Constant(self.string_constant(name)?)))
    }

    /// "function at line 3 has more than 60 upvalues"
    pub(crate) fn too_many(&mut self, level: usize, limit: usize, what: &[u8]) -> SyntaxError {
        let line = self.functions[level].proto.line;
        let mut message = b"main function has more than ".to_vec();
        if line != 0 {
            message = b"function at line ".to_vec();
            crate::base::num::write_u64(&mut message, u64::from(line));
            message.extend_from_slice(b" has more than ");
        }
        crate::base::num::write_u64(&mut message, limit as u64);
        message.push(b' ');
        message.extend_from_slice(what);
        self.lex.error(&message, None)
    }

    // Variables.

    /// The variable of this name, seen from the function at `level`.
    fn resolve(&mut self, level: usize, name: Str, used_here: bool) -> Done<Kind> {
        let f = &mut self.functions[level];
        let found = f
            .active
            .iter()
            .rposition(|at| f.proto.locals[*at as usize].name == name);
        if let Some(register) = found {
            if !used_here {
                let outer = f.blocks.iter_mut().rfind(|b| b.active <= register);
                if let Some(block) = outer {
                    block.captured = true;
                }
            }
            return Ok(Kind::Local(register as u32));
        }
        if level == 0 {
            return Ok(Kind::Global(0));
        }
        let capture = match self.resolve(level - 1, name, false)? {
            Kind::Local(index) => Capture { local: true, index },
            Kind::Upvalue(index) => Capture {
                local: false,
                index,
            },
            global => return Ok(global),
        };
        let f = &mut self.functions[level];
        if let Some(index) = f.captures.iter().position(|c| *c == capture) {
            return Ok(Kind::Upvalue(index as u32));
        }
        if f.captures.len() >= MAX_UPVALUES {
            return Err(self.too_many(level, MAX_UPVALUES, b"upvalues"));
        }
        f.captures.push(capture);
        f.proto.upvalues.push(name);
        Ok(Kind::Upvalue(f.captures.len() as u32 - 1))
    }

    pub(crate) fn variable(&mut self) -> Done<Exp> {
        let name = self.name()?;
        let level = self.functions.len() - 1;
        let kind = match self.resolve(level, name, true)? {
            Kind::Global(_) => Kind::Global(self.string_constant(name)?),
            kind => kind,
        };
        Ok(Exp::new(kind))
    }

    /// `.name` or `:name`
    pub(crate) fn field(&mut self, exp: &mut Exp) -> Done {
        self.put_anywhere(exp)?;
        self.lex.advance()?;
        let mut key = self.name_constant()?;
        self.indexed(exp, &mut key)
    }

    fn subscript(&mut self) -> Done<Exp> {
        self.lex.advance()?;
        let mut key = self.expression()?;
        self.settle(&mut key)?;
        self.expect(Token::Char(b']'))?;
        Ok(key)
    }

    // Constructors.

    fn constructor(&mut self) -> Done<Exp> {
        let line = self.lex.line;
        let pc = self.abc(Op::NewTable, 0, 0, 0)?;
        let mut table = Exp::new(Kind::Reloc(pc));
        self.put_next(&mut table)?;
        let Kind::Register(register) = table.kind else {
            return Ok(table);
        };
        let mut c = Constructor {
            table: register,
            item: Exp::new(Kind::Void),
            records: 0,
            items: 0,
            pending: 0,
        };
        self.expect(Token::Char(b'{'))?;
        while self.lex.token != Token::Char(b'}') {
            self.close_item(&mut c)?;
            let is_record = match self.lex.token {
                Token::Name => self.lex.peek()? == Token::Char(b'='),
                token => token == Token::Char(b'['),
            };
            if is_record {
                self.record(&mut c)?;
            } else {
                c.item = self.expression()?;
                c.items += 1;
                c.pending += 1;
            }
            if !self.accept(Token::Char(b','))? && !self.accept(Token::Char(b';'))? {
                break;
            }
        }
        self.expect_match(Token::Char(b'}'), Token::Char(b'{'), line)?;
        self.last_items(&mut c)?;
        self.at(pc).set_b(size_byte(c.items));
        self.at(pc).set_c(size_byte(c.records));
        Ok(table)
    }

    fn record(&mut self, c: &mut Constructor) -> Done {
        let free = self.f().free;
        let mut key = match self.lex.token {
            Token::Name => self.name_constant()?,
            _ => self.subscript()?,
        };
        c.records += 1;
        self.expect(Token::Char(b'='))?;
        let key = self.put_operand(&mut key)?;
        let mut value = self.expression()?;
        let value = self.put_operand(&mut value)?;
        self.abc(Op::SetTable, c.table, key, value)?;
        self.f().free = free;
        Ok(())
    }

    fn close_item(&mut self, c: &mut Constructor) -> Done {
        if c.item.kind == Kind::Void {
            return Ok(());
        }
        self.put_next(&mut c.item)?;
        c.item.kind = Kind::Void;
        if c.pending == LIST_BATCH {
            self.set_list(c, LIST_BATCH + 1)?;
        }
        Ok(())
    }

    fn last_items(&mut self, c: &mut Constructor) -> Done {
        if c.pending == 0 {
            return Ok(());
        }
        if c.item.is_multi() {
            let item = c.item;
            self.set_results(&item, -1)?;
            self.set_list(c, 0)?;
            c.items -= 1; // How many there are is not known.
            return Ok(());
        }
        if c.item.kind != Kind::Void {
            self.put_next(&mut c.item)?;
        }
        let count = c.pending + 1;
        self.set_list(c, count)
    }

    /// Stores the pending items; `count` is their number plus one, or 0 for all up to the top.
    fn set_list(&mut self, c: &mut Constructor, count: u32) -> Done {
        let batch = (c.items - 1) / LIST_BATCH + 1;
        let stored = if count == 0 { 0 } else { count - 1 };
        if batch < 512 {
            self.abc(Op::SetList, c.table, stored, batch)?;
        } else {
            self.abc(Op::SetList, c.table, stored, 0)?;
            self.emit(Code::raw(batch))?;
        }
        self.f().free = c.table + 1;
        c.pending = 0;
        Ok(())
    }

    // Calls.

    fn arguments(&mut self, function: &mut Exp) -> Done {
        let line = self.lex.line;
        let mut last = Exp::new(Kind::Void);
        match self.lex.token {
            Token::Char(b'(') => {
                if line != self.lex.last_line {
                    return Err(self
                        .lex
                        .syntax_error(b"ambiguous syntax (function call x new statement)"));
                }
                self.lex.advance()?;
                if self.lex.token != Token::Char(b')') {
                    last = self.expressions()?.1;
                    self.set_results(&last, -1)?;
                }
                self.expect_match(Token::Char(b')'), Token::Char(b'('), line)?;
            }
            Token::Char(b'{') => last = self.constructor()?,
            Token::String => last = self.string()?,
            _ => {
                return Err(self.lex.syntax_error(b"function arguments expected"));
            }
        }
        let Kind::Register(base) = function.kind else {
            return Ok(());
        };
        let count = if last.is_multi() {
            0
        } else {
            if last.kind != Kind::Void {
                self.put_next(&mut last)?;
            }
            self.f().free - base
        };
        let pc = self.abc(Op::Call, base, count, 2)?;
        *function = Exp::new(Kind::Call(pc));
        self.fix_line(line);
        self.f().free = base + 1;
        Ok(())
    }

    fn string(&mut self) -> Done<Exp> {
        let string = self.heap.string(&self.lex.word);
        let constant = self.string_constant(string)?;
        self.lex.advance()?;
        Ok(Exp::new(Kind::Constant(constant)))
    }

    pub(crate) fn primary(&mut self) -> Done<Exp> {
        let mut exp = match self.lex.token {
            Token::Char(b'(') => {
                let line = self.lex.line;
                self.lex.advance()?;
                let mut exp = self.expression()?;
                self.expect_match(Token::Char(b')'), Token::Char(b'('), line)?;
                self.discharge(&mut exp)?;
                exp
            }
            Token::Name => self.variable()?,
            _ => return Err(self.lex.syntax_error(b"unexpected symbol")),
        };
        loop {
            match self.lex.token {
                Token::Char(b'.') => self.field(&mut exp)?,
                Token::Char(b'[') => {
                    self.put_anywhere(&mut exp)?;
                    let mut key = self.subscript()?;
                    self.indexed(&mut exp, &mut key)?;
                }
                Token::Char(b':') => {
                    self.lex.advance()?;
                    let name = self.name()?;
                    let name = self.string_constant(name)?;
                    self.method(&mut exp, name)?;
                    self.arguments(&mut exp)?;
                }
                Token::Char(b'(' | b'{') | Token::String => {
                    self.put_next(&mut exp)?;
                    self.arguments(&mut exp)?;
                }
                _ => return Ok(exp),
            }
        }
    }

    fn simple(&mut self) -> Done<Exp> {
        let kind = match self.lex.token {
            Token::Number(number) => Kind::Number(number),
            Token::String => return self.string(),
            Token::Word(Word::Nil) => Kind::Nil,
            Token::Word(Word::True) => Kind::True,
            Token::Word(Word::False) => Kind::False,
            Token::Dots => {
                let f = self.f();
                if !f.proto.vararg {
                    return Err(self
                        .lex
                        .syntax_error(b"cannot use '...' outside a vararg function"));
                }
                f.proto.needs_arg = false;
                Kind::VarArg(self.abc(Op::VarArg, 0, 1, 0)?)
            }
            Token::Char(b'{') => return self.constructor(),
            Token::Word(Word::Function) => {
                let line = self.lex.line;
                self.lex.advance()?;
                return self.body(false, line);
            }
            _ => return self.primary(),
        };
        self.lex.advance()?;
        Ok(Exp::new(kind))
    }

    pub(crate) fn expression(&mut self) -> Done<Exp> {
        self.operators(0)
    }

    fn operators(&mut self, limit: u8) -> Done<Exp> {
        self.enter()?;
        let unary = match self.lex.token {
            Token::Word(Word::Not) => Some(Op::Not),
            Token::Char(b'-') => Some(Op::Unm),
            Token::Char(b'#') => Some(Op::Len),
            _ => None,
        };
        let mut left = match unary {
            Some(op) => {
                self.lex.advance()?;
                let mut exp = self.operators(UNARY_PRIORITY)?;
                self.prefix(op, &mut exp)?;
                exp
            }
            None => self.simple()?,
        };
        while let Some((op, _, right)) = binary(self.lex.token).filter(|b| b.1 > limit) {
            self.lex.advance()?;
            self.infix(op, &mut left)?;
            let mut operand = self.operators(right)?;
            self.postfix(op, &mut left, &mut operand)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// Brings the left operand to where it can wait for the right one.
    fn infix(&mut self, op: Binary, left: &mut Exp) -> Done {
        match op {
            Binary::And => self.go_if_true(left),
            Binary::Or => self.go_if_false(left),
            Binary::Concat => self.put_next(left),
            Binary::Arith(_) if matches!(left.kind, Kind::Number(_)) && left.yes == left.no => {
                Ok(())
            }
            _ => self.put_operand(left).map(drop),
        }
    }

    fn postfix(&mut self, op: Binary, left: &mut Exp, right: &mut Exp) -> Done {
        match op {
            Binary::And => {
                self.discharge(right)?;
                self.concat(&mut right.no, left.no)?;
                *left = *right;
                Ok(())
            }
            Binary::Or => {
                self.discharge(right)?;
                self.concat(&mut right.yes, left.yes)?;
                *left = *right;
                Ok(())
            }
            Binary::Concat => self.append(left, right),
            Binary::Arith(op) => self.arith(op, left, right),
            Binary::Compare(op, truth) => self.compare(op, truth, left, right),
        }
    }

    /// A list of expressions: how many, and the last, which is not in a register yet.
    pub(crate) fn expressions(&mut self) -> Done<(u32, Exp)> {
        let mut count = 1;
        let mut last = self.expression()?;
        while self.accept(Token::Char(b','))? {
            self.put_next(&mut last)?;
            last = self.expression()?;
            count += 1;
        }
        Ok((count, last))
    }
}
