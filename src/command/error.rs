//! What a user did wrong, in the real server's words.
use crate::keyspace::WrongType;
use std::borrow::Cow;

/// An error reply with its code in front (`ERR …`, `WRONGTYPE …`). Bytes, because some errors quote what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub Cow<'static, [u8]>);

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl Error {$(
            $(#[$doc])*
            pub const $name: Error = Error(Cow::Borrowed($text.as_bytes()));
        )*}
    };
}

texts! {
    SYNTAX = "ERR syntax error";
    NOT_INTEGER = "ERR value is not an integer or out of range";
    NOT_FLOAT = "ERR value is not a valid float";
    OUT_OF_RANGE = "ERR value is out of range";
    NOT_POSITIVE = "ERR value is out of range, must be positive";
    WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
    NO_SUCH_KEY = "ERR no such key";
    INDEX_RANGE = "ERR index out of range";
    OVERFLOW = "ERR increment or decrement would overflow";
    NAN_RESULT = "ERR increment would produce NaN or Infinity";
    DB_INDEX = "ERR DB index is out of range";
    NOT_MIN_MAX = "ERR min or max is not a float";
    /// The node's memory ceiling stands in the way.
    OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
    TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
}

impl Error {
    /// An error with this whole text, code included.
    pub fn new(text: impl Into<String>) -> Error {
        Error(Cow::Owned(text.into().into_bytes()))
    }

    /// An error whose text quotes bytes of the user's.
    pub fn bytes(text: Vec<u8>) -> Error {
        Error(Cow::Owned(text))
    }

    /// An error that quotes a word of the user's, which a real server does only up to a zero byte.
    pub fn about(before: &str, word: &[u8], after: &str) -> Error {
        let word = word.split(|&b| b == 0).next().unwrap_or_default();
        Error::bytes([before.as_bytes(), word, after.as_bytes()].concat())
    }

    /// Wrong number of arguments for `name` (`client|kill` for a subcommand).
    pub fn arity(name: &str) -> Error {
        Error::new(format!(
            "ERR wrong number of arguments for '{name}' command"
        ))
    }

    /// A subcommand of `container` was called with arguments that it has not.
    pub fn bad_subcommand(word: &[u8], container: &str) -> Error {
        let mut text = b"ERR unknown subcommand or wrong number of arguments for '".to_vec();
        text.extend(word.iter().take(128));
        text.extend_from_slice(b"'. Try ");
        text.extend_from_slice(container.as_bytes());
        text.extend_from_slice(b" HELP.");
        Error::bytes(text)
    }

    /// An expiry that is not in the future's range, in the words of the command `name`.
    pub fn expire_time(name: &str) -> Error {
        Error::new(format!("ERR invalid expire time in '{name}' command"))
    }
}

impl From<WrongType> for Error {
    fn from(_: WrongType) -> Error {
        Error::WRONG_TYPE
    }
}
