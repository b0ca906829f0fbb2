//! The reply writer: typed calls in, RESP2 or RESP3 bytes out, by what the client asked for with HELLO.
//!
//! Two things a command may need while it writes:
//! - the length of an array that is not known before its end: [`Reply::defer`] and [`Reply::finish_array`];
//! - to take back what it wrote, when it finds an error half way: [`Reply::mark`] and [`Reply::rollback`].
use crate::base::{num, short};

/// Which protocol the client speaks; RESP2 until it sends `HELLO 3`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proto {
    #[default]
    Resp2,
    Resp3,
}

/// A place in the reply: everything after it can be taken back or counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark(usize);

/// One client's output bytes, with the protocol they are written in.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    buf: Vec<u8>,
    /// Most bytes that may stand here; `None`: any number.
    limit: Option<usize>,
    /// More was to be written than may stand here.
    full: bool,
    /// The protocol of everything written from now on.
    pub proto: Proto,
    errors: u32,
}

impl Reply {
    /// An empty reply in `proto`.
    pub fn new(proto: Proto) -> Reply {
        Reply {
            proto,
            ..Reply::default()
        }
    }

    /// The bytes written so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.buf
    }

    /// The buffer itself: the host drains it.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    /// How many errors were written since the start (the node compares before and after a command).
    pub fn errors(&self) -> u32 {
        self.errors
    }

    /// Whether RESP3 is spoken.
    pub fn resp3(&self) -> bool {
        self.proto == Proto::Resp3
    }

    /// From now on at most `bytes` may wait here. A string that does not fit is left out, and the reply is of no use.
    pub fn set_limit(&mut self, bytes: Option<usize>) {
        self.limit = bytes;
    }

    /// Whether something was left out: the connection must end.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Gives all bytes back, and the memory they took.
    pub fn reset(&mut self) {
        self.buf = Vec::new();
        self.full = false;
    }

    /// Bytes that are RESP already.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buf.extend_from_slice(bytes);
    }

    #[inline(always)]
    fn head(&mut self, kind: u8, n: i64) {
        // Nearly all heads have one or two digits: these are written at once.
        if (0..10).contains(&n) {
            let head = [kind, b'0' + n as u8, b'\r', b'\n'];
            return self.buf.extend_from_slice(&head);
        }
        if (10..100).contains(&n) {
            let n = n as u8;
            let head = [kind, b'0' + n / 10, b'0' + n % 10, b'\r', b'\n'];
            return self.buf.extend_from_slice(&head);
        }
        self.long_head(kind, n);
    }

    fn long_head(&mut self, kind: u8, n: i64) {
        self.buf.push(kind);
        num::write_i64(&mut self.buf, n);
        self.buf.extend_from_slice(b"\r\n");
    }

    /// `+OK`.
    pub fn ok(&mut self) {
        self.buf.extend_from_slice(b"+OK\r\n");
    }

    /// A status. `text` has no line breaks.
    pub fn simple(&mut self, text: &str) {
        self.buf.push(b'+');
        self.buf.extend_from_slice(text.as_bytes());
        self.buf.extend_from_slice(b"\r\n");
    }

    /// An error with its code in front, as in `ERR syntax error`. Line breaks in it become spaces, as in a real server.
    pub fn error(&mut self, text: &[u8]) {
        self.errors += 1;
        self.buf.push(b'-');
        self.buf.extend(
            text.iter()
                .map(|&b| if b == b'\r' || b == b'\n' { b' ' } else { b }),
        );
        self.buf.extend_from_slice(b"\r\n");
    }

    /// An integer.
    pub fn int(&mut self, n: i64) {
        self.head(b':', n);
    }

    /// A length as an integer reply.
    pub fn len(&mut self, n: usize) {
        self.int(n as i64);
    }

    /// A bulk string.
    pub fn bulk(&mut self, bytes: &[u8]) {
        if let Some(limit) = self.limit
            && self.buf.len().saturating_add(bytes.len()) > limit
        {
            self.full = true;
            return;
        }
        self.buf.reserve(bytes.len() + 16);
        self.head(b'$', bytes.len() as i64);
        short::extend(&mut self.buf, bytes);
        self.buf.extend_from_slice(b"\r\n");
    }

    /// An integer as a bulk string, as INCR's stored value reads.
    pub fn bulk_int(&mut self, n: i64) {
        let mut digits = [0u8; 20];
        self.bulk(num::i64_bytes(n, &mut digits));
    }

    /// A bulk string, or null.
    pub fn bulk_or_null(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(b) => self.bulk(b),
            None => self.null(),
        }
    }

    /// Null: `$-1` or `_`.
    pub fn null(&mut self) {
        self.buf
            .extend_from_slice(if self.resp3() { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// Null where an array was asked for: `*-1` or `_`.
    pub fn null_array(&mut self) {
        self.buf
            .extend_from_slice(if self.resp3() { b"_\r\n" } else { b"*-1\r\n" });
    }

    /// The head of an array of `n` elements.
    pub fn array(&mut self, n: usize) {
        self.head(b'*', n as i64);
    }

    /// The head of a map of `n` pairs; a flat array in RESP2.
    pub fn map(&mut self, n: usize) {
        if self.resp3() {
            self.head(b'%', n as i64)
        } else {
            self.head(b'*', 2 * n as i64)
        }
    }

    /// The head of a set of `n` elements; an array in RESP2.
    pub fn set(&mut self, n: usize) {
        self.head(if self.resp3() { b'~' } else { b'*' }, n as i64);
    }

    /// The head of a push message of `n` elements; an array in RESP2.
    pub fn push(&mut self, n: usize) {
        self.head(if self.resp3() { b'>' } else { b'*' }, n as i64);
    }

    /// The head of an attribute of `n` pairs (RESP3 only).
    pub fn attribute(&mut self, n: usize) {
        self.head(b'|', n as i64);
    }

    /// A double: a bulk string in RESP2.
    pub fn double(&mut self, v: f64) {
        if self.resp3() {
            self.buf.push(b',');
            num::write_f64(&mut self.buf, v);
            self.buf.extend_from_slice(b"\r\n");
            return;
        }
        // The text is written in place, behind a head with room for the usual one digit of length.
        let head = self.buf.len();
        self.buf.extend_from_slice(b"$0\r\n");
        num::write_f64(&mut self.buf, v);
        let len = self.buf.len() - head - 4;
        self.buf[head + 1] = b'0' + (len % 10) as u8;
        if len >= 10 {
            self.buf.insert(head + 1, b'0' + (len / 10) as u8);
        }
        self.buf.extend_from_slice(b"\r\n");
    }

    /// A double in these digits: a bulk string in RESP2.
    pub fn double_text(&mut self, digits: &[u8]) {
        if !self.resp3() {
            return self.bulk(digits);
        }
        self.buf.push(b',');
        self.buf.extend_from_slice(digits);
        self.buf.extend_from_slice(b"\r\n");
    }

    /// A boolean: 1 or 0 in RESP2.
    pub fn bool(&mut self, v: bool) {
        match (self.resp3(), v) {
            (true, true) => self.raw(b"#t\r\n"),
            (true, false) => self.raw(b"#f\r\n"),
            (false, v) => self.int(v as i64),
        }
    }

    /// A verbatim string with its three-letter format; a bulk string in RESP2.
    pub fn verbatim(&mut self, format: &str, text: &[u8]) {
        if !self.resp3() {
            return self.bulk(text);
        }
        self.head(b'=', text.len() as i64 + 4);
        self.buf.extend_from_slice(format.as_bytes());
        self.buf.push(b':');
        self.buf.extend_from_slice(text);
        self.buf.extend_from_slice(b"\r\n");
    }

    /// A big number; a bulk string in RESP2.
    pub fn big_number(&mut self, digits: &[u8]) {
        if !self.resp3() {
            return self.bulk(digits);
        }
        self.buf.push(b'(');
        self.buf.extend_from_slice(digits);
        self.buf.extend_from_slice(b"\r\n");
    }

    /// Where the reply stands now.
    pub fn mark(&self) -> Mark {
        Mark(self.buf.len())
    }

    /// How many bytes were written since `mark`.
    pub fn written_since(&self, mark: Mark) -> usize {
        self.buf.len() - mark.0
    }

    /// What was written since `mark`.
    pub fn since(&self, mark: Mark) -> &[u8] {
        self.buf.get(mark.0..).unwrap_or_default()
    }

    /// Moves what was written before `mark` into a reply of its own; the mark is then the start.
    pub fn take_before(&mut self, mark: &mut Mark) -> Vec<u8> {
        let after = self.buf.split_off(mark.0);
        *mark = Mark(0);
        std::mem::replace(&mut self.buf, after)
    }

    /// Takes back everything written since `mark`.
    pub fn rollback(&mut self, mark: Mark) {
        self.buf.truncate(mark.0);
    }

    /// Starts an aggregate whose length is known only at its end; write the elements, then call one of `finish_*`.
    pub fn defer(&mut self) -> Mark {
        self.mark()
    }

    fn finish(&mut self, at: Mark, kind: u8, n: i64) {
        let mut head = Vec::with_capacity(24);
        head.push(kind);
        num::write_i64(&mut head, n);
        head.extend_from_slice(b"\r\n");
        // One move of the elements: O(bytes), paid only where the length cannot be known before.
        self.insert(at, &head);
    }

    /// Puts bytes that are RESP already in front of what was written since `at`. O(bytes since).
    pub fn insert(&mut self, at: Mark, bytes: &[u8]) {
        self.buf.splice(at.0..at.0, bytes.iter().copied());
    }

    /// Puts a bulk string in front of what was written since `at`. O(bytes since).
    pub fn insert_bulk(&mut self, at: Mark, bytes: &[u8]) {
        let tail = self.buf.split_off(at.0);
        self.bulk(bytes);
        self.buf.extend_from_slice(&tail);
    }

    /// Puts the head of an array of `n` elements in front of what was written since `at`.
    pub fn finish_array(&mut self, at: Mark, n: usize) {
        self.finish(at, b'*', n as i64);
    }

    /// The same for a set.
    pub fn finish_set(&mut self, at: Mark, n: usize) {
        self.finish(at, if self.resp3() { b'~' } else { b'*' }, n as i64);
    }

    /// The same for a map of `n` pairs.
    pub fn finish_map(&mut self, at: Mark, n: usize) {
        if self.resp3() {
            self.finish(at, b'%', n as i64)
        } else {
            self.finish(at, b'*', 2 * n as i64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(proto: Proto, write: impl Fn(&mut Reply), expected: &str) {
        let mut r = Reply::new(proto);
        write(&mut r);
        assert_eq!(String::from_utf8_lossy(r.as_bytes()), expected);
    }

    #[test]
    fn writes_each_type_in_both_protocols() {
        let all = |r: &mut Reply| {
            r.null();
            r.null_array();
            r.map(1);
            r.set(1);
            r.double(1.5);
            r.bool(true);
            r.verbatim("txt", b"hi");
            r.big_number(b"12");
        };
        check(
            Proto::Resp2,
            all,
            "$-1\r\n*-1\r\n*2\r\n*1\r\n$3\r\n1.5\r\n:1\r\n$2\r\nhi\r\n$2\r\n12\r\n",
        );
        check(
            Proto::Resp3,
            all,
            "_\r\n_\r\n%1\r\n~1\r\n,1.5\r\n#t\r\n=6\r\ntxt:hi\r\n(12\r\n",
        );
    }

    #[test]
    fn deferred_length_and_rollback() {
        let write = |r: &mut Reply| {
            let at = r.defer();
            r.int(1);
            let inner = r.mark();
            r.error(b"ERR no");
            r.rollback(inner);
            r.bulk(b"");
            r.finish_array(at, 2);
        };
        check(Proto::Resp2, write, "*2\r\n:1\r\n$0\r\n\r\n");
    }

    #[test]
    fn an_error_stays_on_one_line() {
        check(Proto::Resp2, |r| r.error(b"ERR a\r\nb"), "-ERR a  b\r\n");
    }
}
