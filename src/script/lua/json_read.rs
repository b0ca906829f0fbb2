//! `cjson.decode`: values out of JSON. What encloses the value that is read stands on a stack of its own.

use super::library;
use super::machine::{Args, Flow, Machine, Run};
use super::number;
use super::value::{Thrown, Value};
use crate::base::num::write_u64;

/// A token, with the place where it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Text,
    Number(f64),
    Bool(bool),
    Null,
    Colon,
    Comma,
    End,
    Wrong(&'static str),
}

impl Token {
    fn name(self) -> &'static str {
        match self {
            Token::ObjectBegin => "T_OBJ_BEGIN",
            Token::ObjectEnd => "T_OBJ_END",
            Token::ArrayBegin => "T_ARR_BEGIN",
            Token::ArrayEnd => "T_ARR_END",
            Token::Text => "T_STRING",
            Token::Number(_) => "T_NUMBER",
            Token::Bool(_) => "T_BOOLEAN",
            Token::Null => "T_NULL",
            Token::Colon => "T_COLON",
            Token::Comma => "T_COMMA",
            Token::End => "T_END",
            Token::Wrong(what) => what,
        }
    }
}

struct Reader {
    text: Vec<u8>,
    at: usize,
    /// Where the token began.
    from: usize,
    /// The string that was read last.
    word: Vec<u8>,
    invalid_numbers: bool,
}

/// What is open: an array with its length, or an object with the key whose value is read.
enum Level {
    Array(u32, u32),
    Object(u32, Value),
}

pub(crate) fn decode(m: &mut Machine, args: Args) -> Run<Flow> {
    if args.count != 1 {
        return Err(m.argument_error(0, b"expected 1 argument"));
    }
    let text = m.string_bytes(args, 0)?;
    if text.len() >= 2 && (text[0] == 0 || text[1] == 0) {
        return Err(m.throw_at_caller(b"JSON parser does not support UTF-16 or UTF-32"));
    }
    // What is read is not yet in reach of the collector: it runs before, and not meanwhile.
    m.room(text.len() * 8)?;
    m.fuel -= text.len() as i64 / 8;
    let mut reader = Reader {
        text,
        at: 0,
        from: 0,
        word: Vec::new(),
        invalid_numbers: m.cjson.read_invalid,
    };
    let mut levels = Vec::new();
    let mut value = None;
    loop {
        let token = reader.next();
        value = match value {
            None => begin_value(m, &mut reader, &mut levels, token)?,
            Some(done) => match levels.last_mut() {
                None if token == Token::End => return library::values(m, &[done]),
                None => return Err(unexpected(m, &reader, "the end", token)),
                Some(_) => end_value(m, &mut reader, &mut levels, done, token)?,
            },
        };
        if m.heap.used > m.heap.limit {
            return Err(m.out_of_memory());
        }
    }
}

fn unexpected(m: &mut Machine, reader: &Reader, wanted: &str, token: Token) -> Thrown {
    let mut text = b"Expected ".to_vec();
    text.extend_from_slice(wanted.as_bytes());
    text.extend_from_slice(b" but found ");
    text.extend_from_slice(token.name().as_bytes());
    text.extend_from_slice(b" at character ");
    write_u64(&mut text, reader.from as u64 + 1);
    m.throw_at_caller(&text)
}

/// At the first token of a value: the value, or nothing yet if it opened something.
fn begin_value(
    m: &mut Machine,
    reader: &mut Reader,
    levels: &mut Vec<Level>,
    token: Token,
) -> Run<Option<Value>> {
    let value = match token {
        Token::Text => m.heap.text(&reader.word),
        Token::Number(number) => Value::Num(number),
        Token::Bool(value) => Value::Bool(value),
        Token::Null => Value::Light(0),
        Token::ArrayBegin | Token::ObjectBegin => {
            if levels.len() >= m.cjson.read_depth as usize {
                let mut text = b"Found too many nested data structures (".to_vec();
                write_u64(&mut text, levels.len() as u64 + 1);
                text.extend_from_slice(b") at character ");
                write_u64(&mut text, reader.at as u64);
                return Err(m.throw_at_caller(&text));
            }
            let table = m.heap.table(0, 0);
            let array = token == Token::ArrayBegin;
            let saved = reader.at;
            let close = if array {
                Token::ArrayEnd
            } else {
                Token::ObjectEnd
            };
            if reader.next() == close {
                return Ok(Some(Value::Table(table)));
            }
            reader.at = saved;
            levels.push(match array {
                true => Level::Array(table, 0),
                false => Level::Object(table, read_key(m, reader)?),
            });
            return Ok(None);
        }
        token => return Err(unexpected(m, reader, "value", token)),
    };
    Ok(Some(value))
}

fn put(m: &mut Machine, table: u32, key: Value, value: Value) -> Run {
    match m.heap.set(table, key, value) {
        Ok(()) => Ok(()),
        Err(_) => Err(m.throw(b"table overflow")),
    }
}

fn read_key(m: &mut Machine, reader: &mut Reader) -> Run<Value> {
    let token = reader.next();
    if token != Token::Text {
        return Err(unexpected(m, reader, "object key string", token));
    }
    let key = m.heap.text(&reader.word);
    match reader.next() {
        Token::Colon => Ok(key),
        token => Err(unexpected(m, reader, "colon", token)),
    }
}

/// Behind a value: puts it where it belongs; returns the table if that is closed now.
fn end_value(
    m: &mut Machine,
    reader: &mut Reader,
    levels: &mut Vec<Level>,
    value: Value,
    token: Token,
) -> Run<Option<Value>> {
    let (table, close, wanted) = match levels.last_mut() {
        Some(Level::Array(table, count)) => {
            let table = *table;
            *count += 1;
            let key = Value::Num(f64::from(*count));
            put(m, table, key, value)?;
            (table, Token::ArrayEnd, "comma or array end")
        }
        Some(Level::Object(table, key)) => {
            let (table, key) = (*table, *key);
            put(m, table, key, value)?;
            (table, Token::ObjectEnd, "comma or object end")
        }
        None => return Ok(Some(value)),
    };
    if token == close {
        levels.pop();
        return Ok(Some(Value::Table(table)));
    }
    if token != Token::Comma {
        return Err(unexpected(m, reader, wanted, token));
    }
    if let Some(Level::Object(_, key)) = levels.last_mut() {
        *key = read_key(m, reader)?;
    }
    Ok(None)
}

impl Reader {
    fn next(&mut self) -> Token {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
        self.from = self.at;
        let Some(byte) = self.text.get(self.at).copied() else {
            return Token::End;
        };
        let single = match byte {
            b'{' => Token::ObjectBegin,
            b'}' => Token::ObjectEnd,
            b'[' => Token::ArrayBegin,
            b']' => Token::ArrayEnd,
            b':' => Token::Colon,
            b',' => Token::Comma,
            0 => return Token::End,
            b'"' => return self.string(),
            _ => return self.word_or_number(byte),
        };
        self.at += 1;
        single
    }

    fn word_or_number(&mut self, byte: u8) -> Token {
        let rest = &self.text[self.at..];
        for (word, token) in [
            ("true", Token::Bool(true)),
            ("false", Token::Bool(false)),
            ("null", Token::Null),
        ] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return token;
            }
        }
        let digits = rest.get(usize::from(byte == b'-')..).unwrap_or(&[]);
        let (first, second) = (digits.first(), digits.get(1));
        let word = digits.get(..3).map(|w| w.to_ascii_lowercase());
        let no_number = matches!(word.as_deref(), Some(b"inf" | b"nan"));
        let odd = no_number
            || matches!(
                (first, second),
                (Some(b'0'), Some(b'0'..=b'9' | b'x' | b'X'))
            );
        match byte {
            b'-' | b'+' | b'0'..=b'9' => {}
            b'i' | b'I' | b'n' | b'N' if no_number && self.invalid_numbers => {}
            _ => return Token::Wrong("invalid token"),
        }
        if !self.invalid_numbers && (odd || byte == b'+') {
            return Token::Wrong("invalid number");
        }
        // The longest piece that reads as a number.
        let most = rest
            .iter()
            .position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'.' | b'+' | b'-'))
            .unwrap_or(rest.len())
            .min(400);
        for end in (1..=most).rev() {
            let piece = &rest[..end];
            if let Some(value) = number::from_text(piece) {
                self.at += end;
                return Token::Number(value);
            }
        }
        Token::Wrong("invalid number")
    }

    fn string(&mut self) -> Token {
        self.at += 1;
        self.word.clear();
        loop {
            let Some(byte) = self.text.get(self.at).copied().filter(|b| *b != 0) else {
                self.from = self.at;
                return Token::Wrong("unexpected end of string");
            };
            match byte {
                b'"' => {
                    self.at += 1;
                    return Token::Text;
                }
                b'\\' => {
                    if let Err(wrong) = self.escape() {
                        return wrong;
                    }
                }
                byte => {
                    self.word.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self) -> Result<(), Token> {
        let plain = match self.text.get(self.at + 1) {
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
            Some(b'u') => return self.unicode(),
            _ => {
                self.from = self.at;
                return Err(Token::Wrong("invalid escape code"));
            }
        };
        self.word.push(plain);
        self.at += 2;
        Ok(())
    }

    /// `\u` and four digits; two of them for characters beyond 16 bits.
    fn unicode(&mut self) -> Result<(), Token> {
        let unit = |at: usize| {
            let digits = self.text.get(at..at + 6)?.strip_prefix(b"\\u")?;
            digits.iter().try_fold(0, |sum, digit| {
                Some(sum * 16 + (*digit as char).to_digit(16)?)
            })
        };
        let first = unit(self.at);
        let second = unit(self.at + 6).filter(|low| (0xdc00..0xe000).contains(low));
        let (code, length) = match (first, second) {
            (Some(high @ 0xd800..0xdc00), Some(low)) => {
                (0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12)
            }
            (Some(code), _) => (code, 6),
            (None, _) => (0xd800, 0),
        };
        let Some(character) = char::from_u32(code) else {
            self.from = self.at;
            return Err(Token::Wrong("invalid unicode escape code"));
        };
        let mut buffer = [0; 4];
        self.word
            .extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        self.at += length;
        Ok(())
    }
}
