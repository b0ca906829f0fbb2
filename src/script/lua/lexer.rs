//! From source text to tokens, as Lua 5.1 reads them (Reference Manual, section 2.1).

use super::number;

/// What went wrong with a source text: the whole message.
pub(crate) type SyntaxError = Vec<u8>;

/// A token. The text of names, strings and numbers is in the lexer's buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token {
    /// A word of the language, by its place in `WORDS`.
    Word(Word),
    Concat,
    Dots,
    Eq,
    Ge,
    Le,
    Ne,
    Number(f64),
    Name,
    String,
    End,
    Char(u8),
}

macro_rules! words {
    ($($name:ident $text:literal)*) => {
        /// The reserved words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Word { $($name),* }
        const WORDS: &[(&str, Word)] = &[$(($text, Word::$name)),*];
    };
}

words! {
    And "and" Break "break" Do "do" Else "else" ElseIf "elseif" End "end" False "false" For "for" Function "function"
    If "if" In "in" Local "local" Nil "nil" Not "not" Or "or" Repeat "repeat" Return "return" Then "then" True "true"
    Until "until" While "while"
}

/// Reads tokens, one ahead if asked.
pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    pub line: u32,
    /// The line of the token before the current one.
    pub last_line: u32,
    pub token: Token,
    ahead: Option<(Token, Vec<u8>)>,
    /// The raw text of the token read last; for strings with their delimiters.
    raw: Vec<u8>,
    /// The text of the current name or string.
    pub word: Vec<u8>,
    /// The chunk's name in the messages of this module, and in those of the machine, which are shorter.
    shown: Vec<u8>,
    pub source: std::rc::Rc<[u8]>,
    /// The name as it was given.
    pub chunk: std::rc::Rc<[u8]>,
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// How a chunk is called in messages: `=name` and `@name` as they are, other text by its first line.
fn chunk_name(source: &[u8], size: usize) -> Vec<u8> {
    match source.split_first() {
        Some((b'=', name)) => name[..name.len().min(size - 1)].to_vec(),
        Some((b'@', name)) => {
            let room = size - " '...' ".len() - 1;
            match name.len() > room {
                true => [b"...", &name[name.len() - room..]].concat(),
                false => name.to_vec(),
            }
        }
        _ => {
            let room = size - " [string \"...\"] ".len() - 1;
            let first = source.iter().position(|b| matches!(b, b'\n' | b'\r'));
            let length = first.unwrap_or(source.len()).min(room);
            let mut name = b"[string \"".to_vec();
            name.extend_from_slice(&source[..length]);
            if length < source.len() {
                name.extend_from_slice(b"...");
            }
            name.extend_from_slice(b"\"]");
            name
        }
    }
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [u8], source: &[u8]) -> Lexer<'a> {
        Lexer {
            text,
            at: 0,
            line: 1,
            last_line: 1,
            token: Token::End,
            ahead: None,
            raw: Vec::new(),
            word: Vec::new(),
            shown: chunk_name(source, 80),
            source: chunk_name(source, 60).into(),
            chunk: source.into(),
        }
    }

    /// Goes on to the next token.
    pub(crate) fn advance(&mut self) -> Result<(), SyntaxError> {
        self.last_line = self.line;
        self.token = match self.ahead.take() {
            Some((token, word)) => {
                self.word = word;
                token
            }
            None => self.scan()?,
        };
        Ok(())
    }

    /// The token behind the current one.
    pub(crate) fn peek(&mut self) -> Result<Token, SyntaxError> {
        let word = std::mem::take(&mut self.word);
        let token = self.scan()?;
        let behind = std::mem::replace(&mut self.word, word);
        self.ahead = Some((token, behind));
        Ok(token)
    }

    /// A message with the place, and with the token that it is about.
    pub(crate) fn error(&self, message: &[u8], near: Option<Token>) -> SyntaxError {
        let mut out = self.shown.clone();
        out.push(b':');
        crate::base::num::write_u64(&mut out, u64::from(self.line));
        out.extend_from_slice(b": ");
        out.extend_from_slice(message);
        if let Some(token) = near {
            out.extend_from_slice(b" near '");
            match token {
                Token::Name | Token::String | Token::Number(_) => {
                    // The real machine keeps the text as a C string.
                    let end = self.raw.iter().position(|b| *b == 0);
                    out.extend_from_slice(&self.raw[..end.unwrap_or(self.raw.len())]);
                }
                token => token_text(token, &mut out),
            }
            out.push(b'\'');
        }
        out
    }

    /// An error at the current token.
    pub(crate) fn syntax_error(&self, message: &[u8]) -> SyntaxError {
        self.error(message, Some(self.token))
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn keep(&mut self, byte: u8) {
        self.raw.push(byte);
        self.at += 1;
    }

    /// Passes a line break of one or two characters.
    fn line_break(&mut self) {
        let first = self.byte();
        self.at += 1;
        if matches!(self.byte(), Some(b'\n' | b'\r')) && self.byte() != first {
            self.at += 1;
        }
        self.line += 1;
    }

    fn scan(&mut self) -> Result<Token, SyntaxError> {
        loop {
            self.raw.clear();
            let Some(byte) = self.byte() else {
                return Ok(Token::End);
            };
            match byte {
                b'\n' | b'\r' => self.line_break(),
                b'-' => {
                    self.at += 1;
                    if !self.accept(b'-') {
                        return Ok(Token::Char(b'-'));
                    }
                    self.comment()?;
                }
                b'[' => {
                    let level = self.bracket_level();
                    match level {
                        Some(level) => {
                            self.long_text(level, false)?;
                            return Ok(Token::String);
                        }
                        None if self.raw.len() > 1 => {
                            return Err(
                                self.error(b"invalid long string delimiter", Some(Token::String))
                            );
                        }
                        None => return Ok(Token::Char(b'[')),
                    }
                }
                b'"' | b'\'' => return self.quoted(byte),
                b'.' if !self.text.get(self.at + 1).is_some_and(u8::is_ascii_digit) => {
                    self.at += 1;
                    if !self.accept(b'.') {
                        return Ok(Token::Char(b'.'));
                    }
                    let third = self.accept(b'.');
                    return Ok(if third { Token::Dots } else { Token::Concat });
                }
                b'.' | b'0'..=b'9' => return self.numeral(),
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => return Ok(self.name()),
                _ => {
                    self.at += 1;
                    if byte.is_ascii_whitespace() || byte == 0x0b {
                        continue;
                    }
                    let double = match byte {
                        b'=' => Token::Eq,
                        b'<' => Token::Le,
                        b'>' => Token::Ge,
                        b'~' => Token::Ne,
                        _ => return Ok(Token::Char(byte)),
                    };
                    let equal = self.accept(b'=');
                    return Ok(if equal { double } else { Token::Char(byte) });
                }
            }
        }
    }

    fn comment(&mut self) -> Result<(), SyntaxError> {
        if self.byte() == Some(b'[')
            && let Some(level) = self.bracket_level()
        {
            return self.long_text(level, true);
        }
        while !matches!(self.byte(), None | Some(b'\n' | b'\r')) {
            self.at += 1;
        }
        Ok(())
    }

    /// At a bracket: passes `[==[` and returns how many signs it has, or passes what is there of it.
    fn bracket_level(&mut self) -> Option<usize> {
        let bracket = self.byte()?;
        self.keep(bracket);
        let mut level = 0;
        while self.byte() == Some(b'=') {
            self.keep(b'=');
            level += 1;
        }
        (self.byte() == Some(bracket)).then_some(level)
    }

    fn long_text(&mut self, level: usize, comment: bool) -> Result<(), SyntaxError> {
        self.keep(b'[');
        let mut word = Vec::new();
        if matches!(self.byte(), Some(b'\n' | b'\r')) {
            self.line_break();
        }
        loop {
            match self.byte() {
                None => {
                    let what: &[u8] = match comment {
                        true => b"unfinished long comment",
                        false => b"unfinished long string",
                    };
                    return Err(self.error(what, Some(Token::End)));
                }
                Some(b']') => {
                    let from = self.raw.len();
                    if self.bracket_level() == Some(level) {
                        self.keep(b']');
                        break;
                    }
                    word.extend_from_slice(&self.raw[from..]);
                }
                Some(b'\n' | b'\r') => {
                    self.line_break();
                    self.raw.push(b'\n');
                    word.push(b'\n');
                }
                Some(byte) => {
                    self.keep(byte);
                    word.push(byte);
                }
            }
            if comment {
                self.raw.clear();
                word.clear();
            }
        }
        if !comment {
            self.word = word;
        }
        Ok(())
    }

    fn quoted(&mut self, quote: u8) -> Result<Token, SyntaxError> {
        self.keep(quote);
        loop {
            match self.byte() {
                None => return Err(self.error(b"unfinished string", Some(Token::End))),
                Some(b'\n' | b'\r') => {
                    return Err(self.error(b"unfinished string", Some(Token::String)));
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(byte) => {
                    self.keep(byte);
                    if byte == quote {
                        break;
                    }
                }
            }
        }
        self.word = self.raw[1..self.raw.len() - 1].to_vec();
        Ok(Token::String)
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        let Some(byte) = self.byte() else {
            return Ok(()); // The end is reported by the loop.
        };
        let plain = match byte {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\n' | b'\r' => {
                self.line_break();
                self.raw.push(b'\n');
                return Ok(());
            }
            b'0'..=b'9' => {
                let mut code = 0u32;
                for _ in 0..3 {
                    let Some(digit @ b'0'..=b'9') = self.byte() else {
                        break;
                    };
                    code = code * 10 + u32::from(digit - b'0');
                    self.at += 1;
                }
                if code > 255 {
                    return Err(self.error(b"escape sequence too large", Some(Token::String)));
                }
                self.raw.push(code as u8);
                return Ok(());
            }
            byte => byte,
        };
        self.keep(plain);
        Ok(())
    }

    fn numeral(&mut self) -> Result<Token, SyntaxError> {
        while let Some(byte @ (b'0'..=b'9' | b'.')) = self.byte() {
            self.keep(byte);
        }
        if let Some(byte @ (b'e' | b'E')) = self.byte() {
            self.keep(byte);
            if let Some(sign @ (b'+' | b'-')) = self.byte() {
                self.keep(sign);
            }
        }
        while let Some(byte) = self.byte().filter(|b| is_name(*b)) {
            self.keep(byte);
        }
        match number::from_text(&self.raw) {
            Some(value) => Ok(Token::Number(value)),
            None => Err(self.error(b"malformed number", Some(Token::Number(0.0)))),
        }
    }

    fn name(&mut self) -> Token {
        while let Some(byte) = self.byte().filter(|b| is_name(*b)) {
            self.keep(byte);
        }
        for (text, word) in WORDS {
            if text.as_bytes() == self.raw {
                return Token::Word(*word);
            }
        }
        self.word.clone_from(&self.raw);
        Token::Name
    }
}

/// How messages call a token that has no text of its own.
pub(crate) fn token_text(token: Token, out: &mut Vec<u8>) {
    let text = match token {
        Token::Word(word) => WORDS.iter().find(|w| w.1 == word).map_or("", |w| w.0),
        Token::Concat => "..",
        Token::Dots => "...",
        Token::Eq => "==",
        Token::Ge => ">=",
        Token::Le => "<=",
        Token::Ne => "~=",
        Token::Number(_) => "<number>",
        Token::Name => "<name>",
        Token::String => "<string>",
        Token::End => "<eof>",
        Token::Char(byte) if byte.is_ascii_control() => {
            out.extend_from_slice(b"char(");
            crate::base::num::write_u64(out, u64::from(byte));
            out.push(b')');
            return;
        }
        Token::Char(byte) => return out.push(byte),
    };
    out.extend_from_slice(text.as_bytes());
}
