//! The request parser: bytes of a connection in, commands out. It owns no bytes: the host keeps the connection's query
//! buffer and may drop what stands before the read position between two calls.
//!
//! ```text
//!  *3\r\n  $3\r\nSET\r\n  $3\r\nkey\r\n  $5\r\nvalue\r\n     a command as an array of bulk strings, or
//!  SET key "a value"\r\n                                  an inline line, as typed into netcat
//! ```
//!
//! The real server is lax in places, and so is this: the byte after a length's `\r` and the two after a bulk string are
//! skipped unread, and a zero byte where a line is awaited stops the line from ever ending.

use crate::base::num::{is_space, parse_i64};

/// Lines (inline requests and lengths) that are longer and not yet ended are refused.
const LINE_MAX: usize = 64 * 1024;
/// The longest array and bulk string that a client may send before it has authenticated.
const UNAUTHENTICATED_ARGS: i64 = 10;
const UNAUTHENTICATED_BULK: i64 = 16384;

/// What a client may send.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `proto-max-bulk-len`: the longest argument in bytes.
    pub max_bulk: i64,
    /// The most arguments of one command.
    pub max_multibulk: i64,
    /// Whether the client may run commands: if not, only short commands are read.
    pub authenticated: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_bulk: 512 << 20,
            max_multibulk: i64::from(i32::MAX),
            authenticated: true,
        }
    }
}

/// What [`Parser::parse`] found.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// The command has not arrived whole: call again with more bytes.
    Incomplete,
    /// A command: its arguments stand in `argv`.
    Command,
    /// A command from an inline line: its arguments, unquoted.
    Inline(Vec<Vec<u8>>),
    /// Nothing to run (`*0`, a blank line): go on.
    Empty,
    /// The client broke the protocol: the text after `-ERR `. Close the connection.
    Error(Vec<u8>),
}

/// A parser for one connection. Between calls it remembers how far it has come in an unfinished command, so that no
/// byte is looked at again when more arrive.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    /// Arguments of the unfinished command, counted from its first byte.
    args: Vec<(u32, u32)>,
    /// Where reading goes on, counted from the command's first byte.
    at: usize,
    /// How many bytes from there are known to hold no end of line.
    searched: usize,
    /// Arguments still to come; 0 between commands.
    left: u32,
    /// The length of the argument that is arriving.
    bulk: Option<u32>,
    /// After a line of nothing but blanks the real server takes the next line as inline, whatever it starts with.
    inline_next: bool,
}

/// How far a command has arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub args: usize,
    pub arg_bytes: usize,
    /// Bytes of input that were read for them.
    pub read: usize,
    /// The length of the argument that is arriving.
    pub bulk: usize,
}

/// Why reading stops before the end of a command.
enum Stop {
    Incomplete,
    Error(Vec<u8>),
}

impl Stop {
    fn error(text: &str) -> Stop {
        Stop::Error([b"Protocol error: ", text.as_bytes()].concat())
    }
}

impl Parser {
    /// A parser at the start of a connection.
    pub fn new() -> Parser {
        Parser::default()
    }

    /// Whether part of a command's array form has been read. (An unfinished inline line or array header does not count.)
    pub fn in_command(&self) -> bool {
        self.left > 0
    }

    /// How many arguments of an unfinished command have arrived, how many bytes they have, how many bytes of input were
    /// read for them, and the length of the argument that is arriving. O(1) where no command is unfinished.
    pub fn progress(&self) -> Progress {
        if !self.in_command() {
            return Progress::default();
        }
        Progress {
            args: self.args.len(),
            arg_bytes: self.args.iter().map(|&(_, len)| len as usize).sum(),
            read: self.at,
            bulk: self.bulk.unwrap_or(0) as usize,
        }
    }

    /// Reads one command from `buf[*pos..]`. When it is whole, `*pos` moves behind it and `argv` holds its arguments as
    /// `(start, length)` in `buf`; until then `*pos` stays on its first byte, and what `argv` holds means nothing.
    ///
    /// O(bytes) over all calls for a command. Memory: 8 bytes for each argument that has arrived, whatever the
    /// announced count.
    pub fn parse(
        &mut self,
        buf: &[u8],
        pos: &mut usize,
        limits: &Limits,
        argv: &mut Vec<(u32, u32)>,
    ) -> Parsed {
        argv.clear();
        let Some(command) = buf.get(*pos..).filter(|command| !command.is_empty()) else {
            return Parsed::Incomplete;
        };
        if self.left > 0 {
            std::mem::swap(argv, &mut self.args);
        } else if command[0] != b'*' || self.inline_next {
            return self.inline(command, pos);
        } else {
            match self.header(command, limits) {
                Err(stop) => return self.stop(stop, argv),
                Ok(0) => {
                    *pos += self.at;
                    self.at = 0;
                    return Parsed::Empty;
                }
                // The count is a promise of the client's: room is made as arguments arrive.
                Ok(count) => self.left = count,
            }
        }
        if let Err(stop) = self.arguments(command, limits, argv) {
            return self.stop(stop, argv);
        }
        let base = *pos as u32;
        if base > 0 {
            argv.iter_mut().for_each(|(start, _)| *start += base);
        }
        *pos += self.at;
        self.at = 0;
        Parsed::Command
    }

    /// Sets the arguments read so far aside.
    fn stop(&mut self, stop: Stop, argv: &mut Vec<(u32, u32)>) -> Parsed {
        match stop {
            Stop::Incomplete => {
                std::mem::swap(argv, &mut self.args);
                Parsed::Incomplete
            }
            Stop::Error(text) => {
                *self = Parser::new();
                Parsed::Error(text)
            }
        }
    }

    /// Reads `*count`: 0 for an empty command.
    fn header(&mut self, command: &[u8], limits: &Limits) -> Result<u32, Stop> {
        let count = self.length(command, "too big mbulk count string")?;
        match count {
            Some(count) if count <= limits.max_multibulk => {
                if count > UNAUTHENTICATED_ARGS && !limits.authenticated {
                    return Err(Stop::error("unauthenticated multibulk length"));
                }
                u32::try_from(count.max(0)).map_err(|_| Stop::error("invalid multibulk length"))
            }
            _ => Err(Stop::error("invalid multibulk length")),
        }
    }

    /// Reads arguments until none is left to come.
    fn arguments(
        &mut self,
        command: &[u8],
        limits: &Limits,
        argv: &mut Vec<(u32, u32)>,
    ) -> Result<(), Stop> {
        while self.left > 0 {
            let bulk = match self.bulk {
                Some(bulk) => bulk,
                None => {
                    let bulk = self.bulk_length(command, limits)?;
                    self.bulk = Some(bulk);
                    bulk
                }
            };
            if ((command.len() - self.at) as u64) < u64::from(bulk) + 2 {
                return Err(Stop::Incomplete);
            }
            argv.push((self.at as u32, bulk));
            self.at += bulk as usize + 2;
            self.bulk = None;
            self.left -= 1;
        }
        Ok(())
    }

    #[inline(always)]
    fn bulk_length(&mut self, command: &[u8], limits: &Limits) -> Result<u32, Stop> {
        let start = self.at;
        let length = self.length(command, "too big bulk count string")?;
        if command[start] != b'$' {
            return Err(unexpected(command[start]));
        }
        let Some(length) = length.filter(|length| (0..=limits.max_bulk).contains(length)) else {
            return Err(Stop::error("invalid bulk length"));
        };
        if length > UNAUTHENTICATED_BULK && !limits.authenticated {
            return Err(Stop::error("unauthenticated bulk length"));
        }
        // A command ends within 4 GB, so that 32 bits hold every position in it.
        match u32::try_from(length) {
            Ok(bulk) if self.at as u64 + u64::from(bulk) + 2 <= u64::from(u32::MAX) => Ok(bulk),
            _ => Err(Stop::error("invalid bulk length")),
        }
    }

    /// Reads the line at `at` as a marker and a number, and moves behind it. `None` if the number is malformed.
    #[inline(always)]
    fn length(&mut self, command: &[u8], too_big: &str) -> Result<Option<i64>, Stop> {
        let line = &command[self.at..];
        // Nearly all lengths have one or two digits: those are read without a loop.
        if let [b'$' | b'*', first @ b'1'..=b'9', second, third, rest @ ..] = line {
            let tens = i64::from(first - b'0');
            if *second == b'\r' {
                return Ok(Some(self.skip(4, tens)));
            }
            if second.is_ascii_digit() && *third == b'\r' && !rest.is_empty() {
                return Ok(Some(self.skip(5, tens * 10 + i64::from(second - b'0'))));
            }
        }
        self.length_slowly(command, too_big)
    }

    #[inline(always)]
    fn skip(&mut self, bytes: usize, value: i64) -> i64 {
        self.at += bytes;
        self.searched = 0;
        value
    }

    #[cold]
    fn length_slowly(&mut self, command: &[u8], too_big: &str) -> Result<Option<i64>, Stop> {
        let line = &command[self.at..];
        let Some(end) = find_end(line, &mut self.searched, b'\r') else {
            return Err(if line.len() > LINE_MAX {
                Stop::error(too_big)
            } else {
                Stop::Incomplete
            });
        };
        if end + 2 > line.len() {
            return Err(Stop::Incomplete);
        }
        self.at += end + 2;
        self.searched = 0;
        Ok(line.get(1..end).and_then(parse_i64))
    }

    fn inline(&mut self, command: &[u8], pos: &mut usize) -> Parsed {
        let Some(end) = find_end(command, &mut self.searched, b'\n') else {
            return match command.len() > LINE_MAX {
                true => Parsed::Error(b"Protocol error: too big inline request".to_vec()),
                false => Parsed::Incomplete,
            };
        };
        self.searched = 0;
        *pos += end + 1;
        let line = &command[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match split_args(line) {
            None => Parsed::Error(b"Protocol error: unbalanced quotes in request".to_vec()),
            Some(args) => {
                self.inline_next = args.is_empty() && !line.is_empty();
                if args.is_empty() {
                    Parsed::Empty
                } else {
                    Parsed::Inline(args)
                }
            }
        }
    }
}

/// The place of the first `end` in `line`, unless a zero byte stands before it. `searched` bytes hold neither.
fn find_end(line: &[u8], searched: &mut usize, end: u8) -> Option<usize> {
    let fresh = line.get(*searched..).unwrap_or_default();
    match fresh.iter().position(|byte| *byte == end || *byte == 0) {
        Some(place) => {
            *searched += place;
            (line[*searched] == end).then_some(*searched)
        }
        None => {
            *searched = line.len();
            None
        }
    }
}

/// The error for `byte` where a `$` must stand. An error reply is one line: what would break it shows as a space.
fn unexpected(byte: u8) -> Stop {
    let shown = if matches!(byte, b'\r' | b'\n') {
        b' '
    } else {
        byte
    };
    Stop::Error(
        [
            b"Protocol error: expected '$', got '".as_slice(),
            &[shown, b'\''],
        ]
        .concat(),
    )
}

/// Splits a line into arguments as inline requests and `redis.conf` are split: blanks separate; `"..."` knows `\n \r \t
/// \b \a \xHH` and takes any other escaped byte for itself; `'...'` knows only `\'`. `None` if a quote is not closed or
/// its end is not followed by a blank. A zero byte ends the line. O(len).
pub fn split_args(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let end = line
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(line.len());
    let mut rest = &line[..end];
    let mut args = Vec::new();
    loop {
        let blanks = rest.iter().position(|byte| !is_space(*byte));
        let Some(blanks) = blanks else {
            return Some(args);
        };
        rest = &rest[blanks..];
        let mut arg = Vec::new();
        rest = take_arg(rest, &mut arg)?;
        args.push(arg);
    }
}

/// Reads one argument into `arg`; returns what follows it.
fn take_arg<'a>(mut rest: &'a [u8], arg: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        match rest {
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Some(rest),
            [b'"', inside @ ..] => return after_quote(take_double(inside, arg)?),
            [b'\'', inside @ ..] => return after_quote(take_single(inside, arg)?),
            [byte, after @ ..] => {
                arg.push(*byte);
                rest = after;
            }
        }
    }
}

/// What follows a closing quote, if that is a blank or nothing.
fn after_quote(rest: &[u8]) -> Option<&[u8]> {
    rest.first()
        .is_none_or(|byte| is_space(*byte))
        .then_some(rest)
}

fn take_double<'a>(mut rest: &'a [u8], arg: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let (byte, after) = match rest {
            [] => return None,
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'x', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                (hex_digit(*high) << 4 | hex_digit(*low), after)
            }
            [b'\\', escaped, after @ ..] => {
                let byte = match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    byte => *byte,
                };
                (byte, after)
            }
            [byte, after @ ..] => (*byte, after),
        };
        arg.push(byte);
        rest = after;
    }
}

fn take_single<'a>(mut rest: &'a [u8], arg: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let (byte, after) = match rest {
            [] => return None,
            [b'\'', after @ ..] => return Some(after),
            [b'\\', b'\'', after @ ..] => (b'\'', after),
            [byte, after @ ..] => (*byte, after),
        };
        arg.push(byte);
        rest = after;
    }
}

fn hex_digit(byte: u8) -> u8 {
    char::from(byte).to_digit(16).unwrap_or(0) as u8
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
