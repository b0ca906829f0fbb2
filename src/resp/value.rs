//! A reader of replies, RESP2 and RESP3, for tests and tools: the other side of what the server writes.

use crate::base::num::parse_i64;

/// A reply. Texts stay bytes: nothing on the wire promises UTF-8.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `+text`
    Simple(Vec<u8>),
    /// `-text`
    Error(Vec<u8>),
    /// `:number`
    Int(i64),
    /// `$length`, bytes
    Bulk(Vec<u8>),
    /// `_`, and RESP2's `$-1`
    Null,
    /// RESP2's `*-1`
    NullArray,
    /// `*count`
    Array(Vec<Value>),
    /// `%count`: keys and values, in the order sent
    Map(Vec<(Value, Value)>),
    /// `~count`, in the order sent
    Set(Vec<Value>),
    /// `>count`
    Push(Vec<Value>),
    /// `,number`, as printed
    Double(Vec<u8>),
    /// `#t` or `#f`
    Bool(bool),
    /// `(number`, as printed
    Big(Vec<u8>),
    /// `!length`, bytes: an error that may hold line breaks
    BulkError(Vec<u8>),
    /// `=length`: three letters of format, and the text behind their colon
    Verbatim([u8; 3], Vec<u8>),
    /// `|count`: pairs that tell about the reply that follows
    Attribute(Vec<(Value, Value)>, Box<Value>),
}

impl Value {
    /// The bytes of a reply that is a text or a number's text.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Simple(text)
            | Value::Error(text)
            | Value::Bulk(text)
            | Value::BulkError(text) => Some(text),
            Value::Double(text) | Value::Big(text) | Value::Verbatim(_, text) => Some(text),
            _ => None,
        }
    }

    /// The elements of an array, set or push.
    pub fn as_items(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) | Value::Set(items) | Value::Push(items) => Some(items),
            _ => None,
        }
    }

    /// Whether it is an error of either form.
    pub fn is_error(&self) -> bool {
        matches!(self, Value::Error(_) | Value::BulkError(_))
    }
}

/// Replies nest no deeper than this.
const DEPTH_MAX: usize = 128;

/// Reads one reply from the start of `bytes`: the reply and its length, or `None` if it has not arrived whole. `Err`
/// tells what is malformed. O(bytes); memory in proportion to the bytes that have arrived, whatever they announce.
pub fn parse_value(bytes: &[u8]) -> Result<Option<(Value, usize)>, String> {
    let mut reader = Reader { bytes, at: 0 };
    match reader.value(0) {
        Ok(value) => Ok(Some((value, reader.at))),
        Err(Stop::Incomplete) => Ok(None),
        Err(Stop::Malformed(text)) => Err(text),
    }
}

enum Stop {
    Incomplete,
    Malformed(String),
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        if depth > DEPTH_MAX {
            return Err(Stop::Malformed("nested too deep".into()));
        }
        let line = self.line()?;
        let Some((&mark, rest)) = line.split_first() else {
            return Err(Stop::Malformed(
                "an empty line where a reply must start".into(),
            ));
        };
        Ok(match mark {
            b'+' => Value::Simple(rest.to_vec()),
            b'-' => Value::Error(rest.to_vec()),
            b':' => Value::Int(number(rest)?),
            b',' => Value::Double(rest.to_vec()),
            b'(' => Value::Big(rest.to_vec()),
            b'_' if rest.is_empty() => Value::Null,
            b'#' if rest == b"t" || rest == b"f" => Value::Bool(rest == b"t"),
            b'$' if rest == b"-1" => Value::Null,
            b'$' => Value::Bulk(self.blob(rest)?),
            b'!' => Value::BulkError(self.blob(rest)?),
            b'=' => verbatim(self.blob(rest)?)?,
            b'*' if rest == b"-1" => Value::NullArray,
            b'*' => Value::Array(self.items(rest, depth)?),
            b'~' => Value::Set(self.items(rest, depth)?),
            b'>' => Value::Push(self.items(rest, depth)?),
            b'%' => Value::Map(self.pairs(rest, depth)?),
            b'|' => {
                let pairs = self.pairs(rest, depth)?;
                Value::Attribute(pairs, Box::new(self.value(depth + 1)?))
            }
            _ => {
                return Err(Stop::Malformed(format!(
                    "no reply starts like this: {}",
                    line.escape_ascii()
                )));
            }
        })
    }

    /// The bytes up to the next line break, which is passed over.
    fn line(&mut self) -> Result<&'a [u8], Stop> {
        let rest = &self.bytes[self.at..];
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or(Stop::Incomplete)?;
        self.at += end + 1;
        let line = rest[..end].strip_suffix(b"\r");
        line.ok_or_else(|| Stop::Malformed("a line feed without its carriage return".into()))
    }

    fn blob(&mut self, length: &[u8]) -> Result<Vec<u8>, Stop> {
        let length = count(length)?;
        let rest = &self.bytes[self.at..];
        if length.checked_add(2).is_none_or(|whole| rest.len() < whole) {
            return Err(Stop::Incomplete);
        }
        let (blob, rest) = rest.split_at(length);
        if !rest.starts_with(b"\r\n") {
            return Err(Stop::Malformed("a string longer than announced".into()));
        }
        self.at += length + 2;
        Ok(blob.to_vec())
    }

    fn items(&mut self, announced: &[u8], depth: usize) -> Result<Vec<Value>, Stop> {
        let mut items = Vec::new();
        for _ in 0..count(announced)? {
            items.push(self.value(depth + 1)?);
        }
        Ok(items)
    }

    fn pairs(&mut self, announced: &[u8], depth: usize) -> Result<Vec<(Value, Value)>, Stop> {
        let mut pairs = Vec::new();
        for _ in 0..count(announced)? {
            pairs.push((self.value(depth + 1)?, self.value(depth + 1)?));
        }
        Ok(pairs)
    }
}

fn number(text: &[u8]) -> Result<i64, Stop> {
    parse_i64(text).ok_or_else(|| Stop::Malformed(format!("not a number: {}", text.escape_ascii())))
}

fn count(text: &[u8]) -> Result<usize, Stop> {
    usize::try_from(number(text)?)
        .map_err(|_| Stop::Malformed(format!("no length: {}", text.escape_ascii())))
}

fn verbatim(blob: Vec<u8>) -> Result<Value, Stop> {
    match blob.as_slice() {
        [a, b, c, b':', text @ ..] => Ok(Value::Verbatim([*a, *b, *c], text.to_vec())),
        _ => Err(Stop::Malformed(
            "a verbatim string without its format".into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    fn bulk(text: &str) -> Value {
        Value::Bulk(text.as_bytes().to_vec())
    }

    #[test]
    fn every_form() {
        let map = vec![(bulk("k"), Value::Int(-3))];
        let cases: Vec<(&str, Value)> = vec![
            ("+OK\r\n", Value::Simple(b"OK".to_vec())),
            ("-ERR no\r\n", Value::Error(b"ERR no".to_vec())),
            (":-42\r\n", Value::Int(-42)),
            ("$3\r\na\r\n\r\n", bulk("a\r\n")),
            ("$0\r\n\r\n", bulk("")),
            ("$-1\r\n", Value::Null),
            ("_\r\n", Value::Null),
            ("*-1\r\n", Value::NullArray),
            (
                "*2\r\n$1\r\na\r\n*0\r\n",
                Value::Array(vec![bulk("a"), Value::Array(vec![])]),
            ),
            ("~1\r\n#t\r\n", Value::Set(vec![Value::Bool(true)])),
            (">1\r\n#f\r\n", Value::Push(vec![Value::Bool(false)])),
            ("%1\r\n$1\r\nk\r\n:-3\r\n", Value::Map(map.clone())),
            (",1.5\r\n", Value::Double(b"1.5".to_vec())),
            ("(123\r\n", Value::Big(b"123".to_vec())),
            ("!5\r\nERR x\r\n", Value::BulkError(b"ERR x".to_vec())),
            ("=6\r\ntxt:hi\r\n", Value::Verbatim(*b"txt", b"hi".to_vec())),
            (
                "|1\r\n$1\r\nk\r\n:-3\r\n:1\r\n",
                Value::Attribute(map, Box::new(Value::Int(1))),
            ),
        ];
        for (bytes, value) in cases {
            let followed = [bytes.as_bytes(), b"+more"].concat();
            assert_eq!(
                parse_value(&followed),
                Ok(Some((value, bytes.len()))),
                "{bytes:?}"
            );
            for cut in 0..bytes.len() {
                assert_eq!(
                    parse_value(&bytes.as_bytes()[..cut]),
                    Ok(None),
                    "{bytes:?} cut at {cut}"
                );
            }
        }
    }

    #[test]
    fn malformed_replies() {
        for bytes in [
            "x\r\n",
            "\r\n",
            "+a\n",
            ":x\r\n",
            "$-2\r\n",
            "$1\r\nabc",
            "#x\r\n",
            "=2\r\nab\r\n",
            "*-2\r\n",
        ] {
            assert!(parse_value(bytes.as_bytes()).is_err(), "{bytes:?}");
        }
        assert!(parse_value("*1\r\n".repeat(1000).as_bytes()).is_err());
        assert_eq!(parse_value(b"$9223372036854775807\r\nab"), Ok(None));
        assert_eq!(parse_value(b"*9223372036854775807\r\n"), Ok(None));
    }

    #[test]
    fn noise_does_no_harm() {
        for seed in 0..5000 {
            let mut rng = Rng::new(seed);
            let alphabet = b"+-:$*%~>|=!,#(_0123\r\n\r\n\r\ntx";
            let bytes: Vec<u8> = (0..rng.below(80))
                .map(|_| alphabet[rng.below(alphabet.len() as u64) as usize])
                .collect();
            if let Ok(Some((_, length))) = parse_value(&bytes) {
                assert!(length <= bytes.len(), "seed {seed}");
            }
        }
    }
}
