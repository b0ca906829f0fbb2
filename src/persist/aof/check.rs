//! How far an append-only file is sound: the verdict of the real server's check tool, to the byte and to the word.
//!
//! A file is a row of commands in RESP and of annotations, lines that begin with `#`. It is sound up to the end of the last
//! whole command outside a transaction. What the tool accepts is more than a client may send: a count is what the C library's
//! `strtol` reads, so blanks and a plus sign may stand before it, and a command may have no words.

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Bytes up to which the file can be loaded.
    pub ok_up_to: usize,
    /// The line at which reading ended, counted from 1 and without annotations.
    pub line: usize,
    /// Why it ended before the end of the file.
    pub problem: Option<Problem>,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The file ends where a line should begin; the tool says no more than that it is not valid.
    Cut,
    /// A byte that begins neither a command nor an annotation.
    Format,
    /// At an offset, in the tool's words, which may hold a byte of the file as it is.
    At(usize, Vec<u8>),
}

impl Check {
    /// Whether all of it is sound.
    pub fn is_valid(&self) -> bool {
        self.problem.is_none()
    }

    /// What the tool prints of a file `name` of `size` bytes. An empty one has words of its own.
    pub fn report(&self, name: &str, size: usize) -> Vec<u8> {
        if size == 0 {
            return format!("AOF {name} is empty\n").into_bytes();
        }
        let mut out = Vec::new();
        match &self.problem {
            Some(Problem::At(at, text)) => {
                out = [format!("0x{at:16x}: ").as_bytes(), text, b"\n"].concat();
            }
            Some(Problem::Format) => out = format!("AOF {name} format error\n").into_bytes(),
            Some(Problem::Cut) | None => {}
        }
        let (ok, line, diff) = (self.ok_up_to, self.line, size - self.ok_up_to);
        let verdict = match self.is_valid() {
            true => "is valid",
            false => "is not valid. Use the --fix option to try fixing it.",
        };
        let rest = format!(
            "AOF analyzed: filename={name}, size={size}, ok_up_to={ok}, ok_up_to_line={line}, diff={diff}\n\
             AOF {name} {verdict}\n"
        );
        out.extend_from_slice(rest.as_bytes());
        out
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    pos: usize,
    /// Where what was read last begins.
    last: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn at(&self, text: impl Into<Vec<u8>>) -> Problem {
        Problem::At(self.last, text.into())
    }

    fn open_transaction(&self) -> Problem {
        self.at("Reached EOF before reading EXEC for MULTI")
    }

    /// The rest of the line, with its end.
    fn rest_of_line(&self) -> &'a [u8] {
        let rest = &self.bytes[self.pos..];
        let end = rest.iter().position(|b| *b == b'\n');
        &rest[..end.map_or(rest.len(), |n| n + 1)]
    }

    /// A line end must stand at the beginning of `bytes`.
    fn line_end(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        if bytes.starts_with(b"\r\n") {
            self.line += 1;
            return Ok(());
        }
        // The tool prints them as signed numbers.
        let byte = |i: usize| i32::from(bytes.get(i).copied().unwrap_or(0) as i8);
        let got = format!("Expected \\r\\n, got: {:02x}{:02x}", byte(0), byte(1));
        Err(self.at(got))
    }

    /// A line of `prefix` and a number.
    fn number(&mut self, prefix: u8) -> Result<i64, Problem> {
        self.last = self.pos;
        let line = self.rest_of_line();
        let Some((first, rest)) = line.split_first() else {
            return Err(Problem::Cut);
        };
        if *first != prefix {
            let text = [
                b"Expected prefix '",
                &[prefix][..],
                b"', got: '",
                &[*first],
                b"'",
            ];
            return Err(self.at(text.concat()));
        }
        let (value, used) = strtol(rest);
        self.line_end(&rest[used..])?;
        self.pos += line.len();
        Ok(value)
    }

    /// A bulk string.
    fn string(&mut self) -> Result<&'a [u8], Problem> {
        let len = self.number(b'$')?;
        if !(0..i64::MAX - 1).contains(&len) {
            return Err(self.at(format!(
                "Expected to read string of {len} bytes, which is not in the suitable range"
            )));
        }
        self.last = self.pos;
        let rest = &self.bytes[self.pos..];
        // The same words where a pointer has 32 bits.
        let (whole, got) = (len + 2, rest.len());
        if (got as i64) < whole {
            return Err(self.at(format!("Expected to read {whole} bytes, got {got} bytes")));
        }
        let wanted = len as usize;
        self.line_end(&rest[wanted..wanted + 2])?;
        self.pos += wanted + 2;
        Ok(&rest[..wanted])
    }

    /// A whole command; its first word.
    fn command(&mut self) -> Result<&'a [u8], Problem> {
        let count = self.number(b'*')?;
        let mut name: &[u8] = b"";
        for i in 0..count {
            let word = self.string()?;
            if i == 0 {
                name = word;
            }
        }
        Ok(name)
    }
}

/// A decimal number as the C library reads it, saturating, and the bytes it took; none: 0.
fn strtol(text: &[u8]) -> (i64, usize) {
    let blanks = text.iter().take_while(|b| matches!(b, b' ' | 9..=13));
    let mut at = blanks.count();
    let negative = text.get(at) == Some(&b'-');
    at += usize::from(matches!(text.get(at), Some(b'-' | b'+')));
    let digits = text[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return (0, 0);
    }
    let sign = if negative { -1 } else { 1 };
    let value = text[at..at + digits].iter().fold(0i64, |n, b| {
        n.saturating_mul(10)
            .saturating_add(sign * i64::from(b - b'0'))
    });
    (value, at + digits)
}

/// A command or an annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub start: usize,
    pub end: usize,
    pub is_command: bool,
}

/// How far a walk over a file has come. It may go on when the file has grown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Where the next piece begins.
    pub pos: usize,
    /// As in [`Check`].
    pub ok_up_to: usize,
    pub line: usize,
    /// Where what was read last begins.
    last: usize,
    in_multi: bool,
}

impl Walk {
    /// A walk that begins at `start`.
    pub fn from(start: usize) -> Walk {
        Walk {
            pos: start,
            ok_up_to: start,
            line: 1,
            last: start,
            in_multi: false,
        }
    }

    /// Reads the next piece; `None` at the end. After a problem the walk stands where it stood, but for the line. `file` is
    /// its name in the messages. O(the piece's words).
    pub fn step(&mut self, bytes: &[u8], file: &str) -> Result<Option<Piece>, Problem> {
        let mut reader = Reader {
            bytes,
            pos: self.pos,
            last: self.last,
            line: self.line,
        };
        let piece = self.piece(&mut reader, file);
        (self.line, self.last) = (reader.line, reader.last);
        if let Ok(Some(piece)) = &piece {
            self.pos = piece.end;
            if !self.in_multi {
                self.ok_up_to = self.pos;
            }
        }
        piece
    }

    fn piece(&mut self, reader: &mut Reader<'_>, file: &str) -> Result<Option<Piece>, Problem> {
        let start = self.pos;
        let in_multi = self.in_multi;
        match reader.bytes.get(start) {
            None if in_multi => return Err(reader.open_transaction()),
            None => return Ok(None),
            Some(b'#') => {
                reader.last = start;
                reader.pos += reader.rest_of_line().len();
            }
            Some(b'*') => match reader.command() {
                Err(Problem::Cut) if in_multi => return Err(reader.open_transaction()),
                Err(problem) => return Err(problem),
                Ok(word) if word.eq_ignore_ascii_case(b"multi") => {
                    if in_multi {
                        return Err(reader.at(format!("Unexpected MULTI in AOF {file}")));
                    }
                    self.in_multi = true;
                }
                Ok(word) if word.eq_ignore_ascii_case(b"exec") => {
                    if !in_multi {
                        return Err(reader.at(format!("Unexpected EXEC in AOF {file}")));
                    }
                    self.in_multi = false;
                }
                Ok(_) => {}
            },
            Some(_) => return Err(Problem::Format),
        }
        Ok(Some(Piece {
            start,
            end: reader.pos,
            is_command: reader.bytes[start] == b'*',
        }))
    }
}

/// The piece that begins at `start`, whatever stood before it; `None` if none does.
pub fn piece_at(bytes: &[u8], start: usize) -> Option<Piece> {
    let mut walk = Walk::from(start);
    walk.step(bytes, "").ok().flatten().or_else(|| {
        walk.in_multi = true;
        walk.step(bytes, "").ok().flatten()
    })
}

/// The words of the command that a piece holds, as far as `room` bytes of them.
pub fn words<'a>(bytes: &'a [u8], piece: &Piece, room: usize) -> Vec<&'a [u8]> {
    let end = piece.end.min(bytes.len());
    let mut reader = Reader {
        bytes: &bytes[..end],
        pos: piece.start,
        last: piece.start,
        line: 1,
    };
    let (mut words, mut left) = (Vec::new(), room);
    let count = reader.number(b'*').unwrap_or(0);
    for _ in 0..count {
        let Ok(word) = reader.string() else { break };
        words.push(word);
        match left.checked_sub(word.len() + 1) {
            Some(rest) => left = rest,
            None => break,
        }
    }
    words
}

/// Reads a file of commands; `file` is its name in the messages. O(bytes).
pub fn check(bytes: &[u8], file: &str) -> Check {
    let mut walk = Walk::from(0);
    let problem = loop {
        match walk.step(bytes, file) {
            Ok(Some(_)) => {}
            Ok(None) => break None,
            Err(problem) => break Some(problem),
        }
    };
    Check {
        ok_up_to: walk.ok_up_to,
        line: walk.line,
        problem,
    }
}

/// What it comes to, to cut a file for what it held at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewind {
    /// No annotation of a later moment.
    Nothing,
    /// Before this one.
    At(usize),
    /// One that tells no moment comes before it.
    NoMoment,
    /// The file is damaged before it.
    Damaged,
}

/// Where to cut a file for what it held at `seconds` (since 1970): before the first annotation `#TS:` of a later moment.
/// O(bytes).
pub fn cut_at_timestamp(bytes: &[u8], seconds: i64) -> Rewind {
    let mut walk = Walk::from(0);
    loop {
        let rest = bytes.get(walk.pos..).unwrap_or_default();
        if let Some(text) = rest.strip_prefix(b"#TS:") {
            let (moment, used) = strtol(text);
            if text.get(used) != Some(&b'\r') {
                return Rewind::NoMoment;
            }
            if moment > seconds {
                return Rewind::At(walk.pos);
            }
        }
        match walk.step(bytes, "") {
            Ok(Some(_)) => {}
            Ok(None) => return Rewind::Nothing,
            Err(_) => return Rewind::Damaged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] =
        b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n";

    fn at(bytes: &[u8]) -> (usize, usize, Option<Problem>) {
        let Check {
            ok_up_to,
            line,
            problem,
        } = check(bytes, "x");
        (ok_up_to, line, problem)
    }

    #[test]
    fn a_file_is_sound_up_to_its_last_whole_command() {
        assert_eq!(at(TWO), (50, 13, None));
        assert_eq!(at(b""), (0, 1, None));
        for cut in 0..TWO.len() {
            let found = check(&TWO[..cut], "x");
            let ok = if cut < 23 { 0 } else { 23 };
            assert_eq!(
                (found.ok_up_to, found.is_valid()),
                (ok, cut == ok),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_transaction_counts_as_a_whole() {
        let text = |bytes: &[u8]| match at(bytes) {
            (ok, _, Some(Problem::At(at, text))) => (ok, at, text),
            other => panic!("{other:?}"),
        };
        let multi = b"*1\r\n$5\r\nMULTI\r\n";
        let open = [TWO, multi, TWO].concat();
        let reason = b"Reached EOF before reading EXEC for MULTI".to_vec();
        assert_eq!(text(&open), (50, 0x70, reason));
        let exec = [TWO, b"*1\r\n$4\r\nexec\r\n"].concat();
        assert_eq!(text(&exec).0, 50);
        assert_eq!(at(&[&open[50..], b"*1\r\n$4\r\nexec\r\n"].concat()).2, None);
        assert_eq!(text(&[&multi[..], multi].concat()).1, 0x17);
    }

    #[test]
    fn annotations_tell_where_to_cut() {
        let file = [b"#TS:100\r\n", TWO, b"#TS:200\r\n", TWO].concat();
        assert!(check(&file, "x").is_valid());
        assert_eq!(cut_at_timestamp(&file, 99), Rewind::At(0));
        assert_eq!(cut_at_timestamp(&file, 150), Rewind::At(59));
        assert_eq!(cut_at_timestamp(&file, 200), Rewind::Nothing);
        let bent = [&file[..20], b"x", &file[20..]].concat();
        assert_eq!(cut_at_timestamp(&bent, 150), Rewind::Damaged);
        assert_eq!(cut_at_timestamp(b"#TS:1*0\r\n", 150), Rewind::NoMoment);
    }

    #[test]
    fn numbers_are_those_of_the_c_library() {
        assert_eq!(strtol(b" +12x"), (12, 4));
        assert_eq!(strtol(b"x"), (0, 0));
        assert_eq!(strtol(b"-99999999999999999999\r"), (i64::MIN, 21));
    }
}
