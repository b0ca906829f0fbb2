//! The arguments of one command: ranges of the bytes that the client sent, never copied, and the cursor that reads them.
use super::Error;
use crate::base::num;

/// All arguments, the command's name included. Copying it copies two slices.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    buf: &'a [u8],
    ranges: &'a [(u32, u32)],
}

impl<'a> Args<'a> {
    /// `ranges` are (start, length) within `buf`.
    #[inline(always)]
    pub fn new(buf: &'a [u8], ranges: &'a [(u32, u32)]) -> Args<'a> {
        Args { buf, ranges }
    }

    /// Number of arguments with the name.
    #[inline(always)]
    #[allow(clippy::len_without_is_empty)] // never empty: a command has a name
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Argument `i`; 0 is the name. Panics past the end: arity was checked before.
    #[inline(always)]
    pub fn get(&self, i: usize) -> &'a [u8] {
        let (start, len) = self.ranges[i];
        &self.buf[start as usize..start as usize + len as usize]
    }

    /// All arguments from `i` on.
    pub fn from(&self, i: usize) -> impl ExactSizeIterator<Item = &'a [u8]> + Clone + use<'a> {
        let buf = self.buf;
        self.ranges[i.min(self.ranges.len())..]
            .iter()
            .map(move |&(s, n)| &buf[s as usize..s as usize + n as usize])
    }

    /// The arguments from `n` on as a command of their own (COMMAND GETKEYS).
    pub fn skip(&self, n: usize) -> Args<'a> {
        Args {
            buf: self.buf,
            ranges: &self.ranges[n..],
        }
    }

    /// Argument `i` as an integer.
    pub fn int(&self, i: usize) -> Result<i64, Error> {
        num::parse_i64(self.get(i)).ok_or(Error::NOT_INTEGER)
    }

    /// Argument `i` as an integer, with an error text of the command's own.
    pub fn int_or(&self, i: usize, error: Error) -> Result<i64, Error> {
        num::parse_i64(self.get(i)).ok_or(error)
    }

    /// Argument `i` as a double (never NaN).
    pub fn float(&self, i: usize) -> Result<f64, Error> {
        num::parse_f64(self.get(i)).ok_or(Error::NOT_FLOAT)
    }

    /// Whether argument `i` is there and is this word, in any case.
    pub fn is(&self, i: usize, word: &str) -> bool {
        i < self.len() && self.get(i).eq_ignore_ascii_case(word.as_bytes())
    }

    /// A cursor that starts at argument `i`.
    pub fn cursor(&self, i: usize) -> Cursor<'a> {
        Cursor { args: *self, at: i }
    }

    /// A copy of all arguments, for logs and queues.
    pub fn to_vec(&self) -> Vec<Vec<u8>> {
        self.from(0).map(<[u8]>::to_vec).collect()
    }
}

/// Arguments that outlive the request they came in: those of a queued or a waiting command.
#[derive(Clone)]
pub struct OwnedArgs {
    buf: Box<[u8]>,
    ranges: Box<[(u32, u32)]>,
}

impl OwnedArgs {
    /// The same words, to be read like those of a request.
    pub fn args(&self) -> Args<'_> {
        Args::new(&self.buf, &self.ranges)
    }

    /// Bytes of all words.
    pub fn bytes(&self) -> usize {
        self.buf.len()
    }

    /// Bytes of memory.
    pub fn mem_bytes(&self) -> usize {
        self.buf.len() + size_of_val(&*self.ranges)
    }
}

impl<'a> FromIterator<&'a [u8]> for OwnedArgs {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(words: I) -> OwnedArgs {
        let (mut buf, mut ranges) = (Vec::new(), Vec::new());
        for word in words {
            ranges.push((buf.len() as u32, word.len() as u32));
            buf.extend_from_slice(word);
        }
        OwnedArgs {
            buf: buf.into(),
            ranges: ranges.into(),
        }
    }
}

/// Reads options one after another; it owns the error texts of what is missing or malformed.
#[derive(Clone)]
pub struct Cursor<'a> {
    args: Args<'a>,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Index of the next argument.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Arguments left.
    pub fn left(&self) -> usize {
        self.args.len().saturating_sub(self.at)
    }

    /// Whether all was read.
    pub fn is_done(&self) -> bool {
        self.left() == 0
    }

    /// The next argument, left in place.
    pub fn peek(&self) -> Option<&'a [u8]> {
        (self.left() > 0).then(|| self.args.get(self.at))
    }

    /// The next argument, or a syntax error.
    pub fn word(&mut self) -> Result<&'a [u8], Error> {
        let word = self.peek().ok_or(Error::SYNTAX)?;
        self.at += 1;
        Ok(word)
    }

    /// The next argument as an integer; a syntax error if there is none.
    pub fn int(&mut self) -> Result<i64, Error> {
        num::parse_i64(self.word()?).ok_or(Error::NOT_INTEGER)
    }

    /// The next argument as a double; a syntax error if there is none.
    pub fn float(&mut self) -> Result<f64, Error> {
        num::parse_f64(self.word()?).ok_or(Error::NOT_FLOAT)
    }

    /// Takes the next argument if it is this word, in any case.
    pub fn take(&mut self, word: &str) -> bool {
        let hit = self.args.is(self.at, word);
        self.at += usize::from(hit);
        hit
    }

    /// The same, but only where at least `n` more arguments follow the word (else the word is no option, but junk).
    pub fn take_with(&mut self, word: &str, n: usize) -> bool {
        self.left() > n && self.take(word)
    }

    /// A syntax error unless all was read.
    pub fn end(&self) -> Result<(), Error> {
        if self.is_done() {
            Ok(())
        } else {
            Err(Error::SYNTAX)
        }
    }
}
