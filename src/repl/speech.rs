//! What the bytes of a connection mean when somebody looks at them on their way: replies like any other, or, behind PSYNC, a
//! snapshot and then the stream, whose bytes are numbered.
//!
//! ```text
//!   Words ─PSYNC─▶ Asked ─+FULLRESYNC─▶ Head ─$len─▶ Payload ─▶ Stream
//!                    └────+CONTINUE──────────────────────────────▲
//! ```
//!
//! It is about one direction, from the primary to the replica. Nothing is kept of the bytes themselves.
use crate::base::num::parse_i64;
use crate::resp::request;

/// Length of the mark behind a snapshot of unknown length.
const MARK: usize = 40;

/// What stands at a place of the bytes from one side of a connection to the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speech {
    /// Requests or replies.
    #[default]
    Words,
    /// The answer to PSYNC, which has asked for the stream from byte `from` on.
    Asked { from: i64 },
    /// How long the snapshot is; byte `next` of the stream comes behind it.
    Head { next: i64 },
    /// So many bytes of a snapshot.
    Payload { left: u64, next: i64 },
    /// A snapshot up to a mark.
    Marked { mark: [u8; MARK], next: i64 },
    /// The stream, from its byte `next` on.
    Stream { next: i64 },
}

impl Speech {
    /// What is spoken back behind a request: PSYNC is the one that changes it. O(1) for all others.
    pub fn answering(self, request: &[u8]) -> Speech {
        let psync = |at: usize| request.get(at..at + 5).map(<[u8]>::to_ascii_uppercase);
        if request.first() != Some(&b'*') || psync(8).as_deref() != Some(b"PSYNC") {
            return self;
        }
        let words = request::words(request).unwrap_or_default();
        let from = words.get(2).and_then(|word| parse_i64(word)).unwrap_or(-1);
        Speech::Asked { from }
    }

    /// How many of these bytes belong together, at least one, and what stands behind them. A mark is found if it is whole,
    /// as servers write it. O(bytes) where a mark is looked for, else O(a line).
    pub fn part(self, bytes: &[u8]) -> (usize, Speech) {
        let whole = bytes.len();
        match self {
            Speech::Words => (whole, self),
            Speech::Stream { next } => {
                let next = next.saturating_add(whole as i64);
                (whole, Speech::Stream { next })
            }
            Speech::Payload { left, next } if left > whole as u64 => {
                let left = left - whole as u64;
                (whole, Speech::Payload { left, next })
            }
            Speech::Payload { left, next } => (left as usize, Speech::Stream { next }),
            Speech::Marked { mark, next } => {
                match bytes.windows(MARK).position(|window| window == mark) {
                    Some(at) => (at + MARK, Speech::Stream { next }),
                    None => (whole, self),
                }
            }
            Speech::Asked { .. } | Speech::Head { .. } => self.line(bytes),
        }
    }

    /// The same where a line stands, or the empty ones by which a primary shows that it is still there.
    fn line(self, bytes: &[u8]) -> (usize, Speech) {
        let empty = bytes.iter().take_while(|byte| **byte == b'\n').count();
        if empty > 0 {
            return (empty, self);
        }
        let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") else {
            return (bytes.len(), Speech::Words);
        };
        let line = &bytes[..end];
        let behind = match self {
            Speech::Head { next } => head(line, next),
            Speech::Asked { from } => answer(line, from),
            other => other,
        };
        (end + 2, behind)
    }

    /// What stands behind all of these bytes.
    pub fn behind(self, bytes: &[u8]) -> Speech {
        let (mut speech, mut at) = (self, 0);
        while at < bytes.len() {
            let (length, next) = speech.part(&bytes[at..]);
            (speech, at) = (next, at + length);
        }
        speech
    }
}

fn answer(line: &[u8], from: i64) -> Speech {
    if line.starts_with(b"+CONTINUE") {
        return Speech::Stream { next: from };
    }
    let mut words = line.split(|byte| *byte == b' ');
    let offset = match words.next() {
        Some(b"+FULLRESYNC") => words.nth(1).and_then(parse_i64),
        _ => None,
    };
    offset.map_or(Speech::Words, |offset| Speech::Head {
        next: offset.saturating_add(1),
    })
}

fn head(line: &[u8], next: i64) -> Speech {
    let Some(length) = line.strip_prefix(b"$") else {
        return Speech::Words;
    };
    if let Some(mark) = length.strip_prefix(b"EOF:")
        && let Ok(mark) = mark.try_into()
    {
        return Speech::Marked { mark, next };
    }
    match parse_i64(length).and_then(|n| u64::try_from(n).ok()) {
        Some(0) => Speech::Stream { next },
        Some(left) => Speech::Payload { left, next },
        None => Speech::Words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lengths of the parts, and what stands behind them, however the bytes are cut.
    fn parts(speech: Speech, bytes: &[u8]) -> (Vec<usize>, Speech) {
        let (mut speech, mut at, mut lengths) = (speech, 0, Vec::new());
        while at < bytes.len() {
            let (length, next) = speech.part(&bytes[at..]);
            assert!(length > 0, "{speech:?}");
            lengths.push(length);
            (speech, at) = (next, at + length);
        }
        (lengths, speech)
    }

    #[test]
    fn a_full_synchronization_becomes_the_stream() {
        let asked = Speech::Words.answering(&request::command(&[b"psync", b"?", b"-1"]));
        assert_eq!(asked, Speech::Asked { from: -1 });
        let answer = b"\n+FULLRESYNC 75cd7bc10c49047e0d163660f3b90625b1af31dc 100\r\n\n\n";
        let (lengths, speech) = parts(asked, answer);
        assert_eq!(
            (lengths, speech),
            (vec![1, 58, 2], Speech::Head { next: 101 })
        );
        let known = b"$9\r\nREDIS0011*1\r\n$4\r\nPING\r\n";
        let (lengths, end) = parts(speech, known);
        assert_eq!(
            (lengths, end),
            (vec![4, 9, 14], Speech::Stream { next: 115 })
        );
        for cut in 4..known.len() {
            assert_eq!(
                speech.behind(&known[..cut]).behind(&known[cut..]),
                end,
                "{cut}"
            );
        }
        let marked = [
            b"$EOF:",
            [b'x'; 40].as_slice(),
            b"\r\nREDIS",
            &[b'x'; 40],
            b"abc",
        ]
        .concat();
        let (lengths, end) = parts(speech, &marked);
        assert_eq!(
            (lengths, end),
            (vec![47, 45, 3], Speech::Stream { next: 104 })
        );
    }

    #[test]
    fn a_partial_one_is_the_stream_at_once() {
        let asked = Speech::Words.answering(&request::command(&[b"PSYNC", b"id", b"8"]));
        assert_eq!(
            asked.behind(b"+CONTINUE id\r\n12345"),
            Speech::Stream { next: 13 }
        );
        assert_eq!(asked.behind(b"-NOMASTERLINK no\r\n"), Speech::Words);
        for request in [
            &b"*1\r\n$4\r\nPING\r\n"[..],
            b"PSYNC",
            b"",
            b"*3\r\n$5\r\nPSYN",
        ] {
            assert_eq!(Speech::Words.answering(request), Speech::Words);
        }
    }

    #[test]
    fn nothing_that_comes_holds_it_up() {
        for speech in [
            Speech::Asked { from: 1 },
            Speech::Head { next: 1 },
            Speech::Payload { left: 3, next: 1 },
            Speech::Stream { next: i64::MAX },
        ] {
            for bytes in [
                &b"$-1\r\n"[..],
                b"$99999999999999999999\r\nx",
                b"$EOF:\r\n",
                b"\n\n",
                b"+FULLRESYNC\r\n$0\r\n",
            ] {
                parts(speech, bytes);
            }
        }
    }
}
