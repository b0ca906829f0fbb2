//! What bytes on their way say: a message taken apart into commands, replies, a snapshot, the stream.
//!
//! [`parts`] is the one place where a decoder is added: by what is spoken at that place of the connection ([`Speech`]), it
//! hands the bytes to one of the readers below, each of which answers with pieces and never fails.
use crate::base::num;
use crate::base::quote::word;
use crate::persist::rdb::annotate::{KEY, Notes};
use crate::repl::Speech;
use crate::resp::value::{Value, parse_value};

/// Longest text of a piece, and of a summary, in characters.
const WIDTH: usize = 400;
const SUMMARY: usize = 120;
/// Bytes that a summary is made of.
const LOOK: usize = 512;
/// Most pieces of a message.
const PIECES: usize = 400;
/// Words of a command that are told, and elements of a reply.
const WORDS: usize = 64;

/// A primary's empty lines while it makes a snapshot.
const SIGN_OF_LIFE: &str = "sign of life";

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub at: usize,
    pub len: usize,
    /// What it is.
    pub kind: &'static str,
    /// What it says.
    pub text: String,
    /// The number of its first byte in the stream, if it is of one.
    pub offset: Option<i64>,
}

/// A message's pieces; of one that is longer than what is known of it, those of its beginning. O(bytes).
pub fn parts(speech: Speech, forward: bool, bytes: &[u8]) -> Vec<Piece> {
    let (mut speech, mut at, mut all) = (speech, 0, Vec::new());
    while at < bytes.len() && all.len() < PIECES {
        let (length, behind) = speech.part(&bytes[at..]);
        let end = (at + length).min(bytes.len());
        let mut reader = Reader {
            bytes: &bytes[..end],
            at,
            pieces: &mut all,
        };
        match speech {
            Speech::Words if forward => reader.commands("command", None),
            Speech::Words => reader.replies(),
            Speech::Asked { .. } => reader.line("answer to PSYNC"),
            Speech::Head { .. } => reader.length(),
            Speech::Payload { left, .. } => reader.snapshot(end, Some(left)),
            Speech::Marked { mark, .. } => {
                let marked = bytes[at..end].ends_with(&mark);
                reader.snapshot(if marked { end - mark.len() } else { end }, None);
                if marked {
                    reader.note(mark.len(), "mark", "the end of the snapshot".into());
                }
            }
            Speech::Stream { next } => reader.commands("stream", Some(next)),
        }
        (speech, at) = (behind, end);
    }
    all
}

/// What kind of message it is, and its words.
pub fn describe(speech: Speech, forward: bool, bytes: &[u8]) -> (&'static str, String) {
    let pieces = parts(speech, forward, &bytes[..bytes.len().min(LOOK)]);
    let kind = pieces.last().map_or("bytes", |piece| piece.kind);
    // What only shows that somebody is there says nothing beside the rest.
    let told = |piece: &&Piece| piece.kind != SIGN_OF_LIFE || kind == SIGN_OF_LIFE;
    let texts: Vec<&str> = pieces
        .iter()
        .filter(told)
        .map(|p| p.text.as_str())
        .collect();
    (kind, cut(texts.join("; "), SUMMARY))
}

/// Goes through bytes that belong together, and notes pieces.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    pieces: &'a mut Vec<Piece>,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn note(&mut self, len: usize, kind: &'static str, text: String) {
        self.pieces.push(Piece {
            at: self.at,
            len,
            kind,
            text: cut(text, WIDTH),
            offset: None,
        });
        self.at += len;
    }

    /// All that is left, as it is.
    fn raw(&mut self, kind: &'static str) {
        let text = plain(&self.rest()[..self.rest().len().min(WIDTH)]);
        self.note(self.rest().len(), kind, text);
    }

    /// Commands that stand one behind the other, as far as they have come.
    fn commands(&mut self, kind: &'static str, mut offset: Option<i64>) {
        while self.at < self.bytes.len() && self.pieces.len() < PIECES {
            let before = self.pieces.len();
            match command(self.rest()) {
                Some((text, len)) => self.note(len, kind, text),
                // As somebody would type it.
                None => self.inline(kind),
            }
            for piece in &mut self.pieces[before..] {
                piece.offset = offset;
                offset = offset.map(|n| n.saturating_add(piece.len as i64));
            }
        }
    }

    fn inline(&mut self, kind: &'static str) {
        let end = self.rest().iter().position(|byte| *byte == b'\n');
        match end {
            Some(end) => {
                let text = plain(self.rest()[..end].trim_ascii_end());
                self.note(end + 1, kind, text);
            }
            None => self.raw(kind),
        }
    }

    /// Replies that stand one behind the other.
    fn replies(&mut self) {
        while self.at < self.bytes.len() && self.pieces.len() < PIECES {
            match parse_value(self.rest()) {
                Ok(Some((value, len))) => {
                    let mut text = String::new();
                    write_value(&mut text, &value);
                    self.note(len, kind_of(&value), text);
                }
                _ => self.raw("part of a reply"),
            }
        }
    }

    /// A line, or empty ones.
    fn line(&mut self, kind: &'static str) {
        if self.rest().first() == Some(&b'\n') {
            return self.note(self.rest().len(), SIGN_OF_LIFE, "an empty line".into());
        }
        let text = plain(self.rest().trim_ascii_end());
        self.note(self.rest().len(), kind, text);
    }

    /// How long the snapshot is.
    fn length(&mut self) {
        let line = self.rest().trim_ascii();
        let text = match line.strip_prefix(b"$") {
            Some(length) if length.starts_with(b"EOF:") => "a snapshot up to a mark".into(),
            Some(length) => ["a snapshot of ", &plain(length), " bytes"].concat(),
            None => return self.line("no snapshot"),
        };
        self.note(self.rest().len(), "length", text);
    }

    /// Bytes of a snapshot up to `end`; `left`: how many there are from here on, if that was said.
    fn snapshot(&mut self, end: usize, left: Option<u64>) {
        let bytes = &self.bytes[self.at..end];
        if bytes.is_empty() {
            return;
        }
        let text = match left {
            _ if bytes.starts_with(b"REDIS") => snapshot_words(bytes),
            Some(left) => [
                "more of it: ",
                &left.to_string(),
                " bytes are left with these",
            ]
            .concat(),
            None => "more of it".into(),
        };
        self.note(bytes.len(), "snapshot", text);
    }
}

/// What the beginning of a snapshot says.
fn snapshot_words(bytes: &[u8]) -> String {
    let (mut notes, mut keys, mut names) = (Notes::default(), 0, Vec::new());
    let mut version = String::new();
    while let Some(note) = notes.next(bytes) {
        if note.kind == "magic" {
            version = note.text;
        } else if note.kind == KEY {
            keys += 1;
            if names.len() < 8 {
                names.push(note.text);
            }
        }
    }
    let more = if keys > names.len() { ", …" } else { "" };
    let keys = match keys {
        0 => "no keys".into(),
        1 => ["1 key: ", &names.join("")].concat(),
        keys => [&keys.to_string(), " keys: ", &names.join(", "), more].concat(),
    };
    let far = if notes.is_whole() {
        ""
    } else {
        " in its first bytes"
    };
    [&version, ", ", &keys, far].concat()
}

/// The words of the command at the beginning, as far as they have come, and how long it is with them.
fn command(bytes: &[u8]) -> Option<(String, usize)> {
    let (count, mut at) = number(bytes, 0, b'*')?;
    let mut words: Vec<String> = Vec::new();
    for _ in 0..count.max(0) {
        let Some((length, start)) = number(bytes, at, b'$') else {
            break;
        };
        let end = start.saturating_add(usize::try_from(length).ok()?);
        let Some(found) = bytes.get(start..end.min(bytes.len())) else {
            break;
        };
        if words.len() < WORDS {
            words.push(shown(found));
        }
        at = end.saturating_add(2);
    }
    (!words.is_empty()).then(|| (words.join(" "), at.min(bytes.len())))
}

/// The number behind a sign at a place, and where the next line begins.
fn number(bytes: &[u8], at: usize, sign: u8) -> Option<(i64, usize)> {
    let rest = bytes.get(at..)?;
    if rest.first() != Some(&sign) {
        return None;
    }
    // No number is longer.
    let rest = &rest[..rest.len().min(32)];
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    Some((num::parse_i64(&rest[1..end])?, at + end + 2))
}

/// What a reply is called.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Simple(_) => "simple string",
        Value::Error(_) | Value::BulkError(_) => "error",
        Value::Int(_) => "integer",
        Value::Bulk(_) => "bulk string",
        Value::Null | Value::NullArray => "nil",
        Value::Array(_) => "array",
        Value::Map(_) => "map",
        Value::Set(_) => "set",
        Value::Push(_) => "push",
        Value::Double(_) => "double",
        Value::Bool(_) => "boolean",
        Value::Big(_) => "big number",
        Value::Verbatim(..) => "verbatim string",
        Value::Attribute(..) => "attribute",
    }
}

/// Appends a reply on one line: `[a, 2, nil]`.
fn write_value(out: &mut String, value: &Value) {
    if out.len() > WIDTH * 4 {
        return;
    }
    match value {
        Value::Simple(text) | Value::Error(text) | Value::Double(text) | Value::Big(text) => {
            out.push_str(&plain(text));
        }
        Value::BulkError(text) => out.push_str(&plain(text)),
        Value::Bulk(bytes) | Value::Verbatim(_, bytes) => out.push_str(&shown(bytes)),
        Value::Int(n) => out.push_str(&n.to_string()),
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Null | Value::NullArray => out.push_str("nil"),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            out.push('[');
            for (i, item) in items.iter().take(WORDS).enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write_value(out, item);
            }
            out.push_str(if items.len() > WORDS { ", …]" } else { "]" });
        }
        Value::Map(pairs) => {
            out.push('{');
            write_pairs(out, pairs);
            out.push('}');
        }
        Value::Attribute(pairs, value) => {
            out.push('|');
            write_pairs(out, pairs);
            out.push_str("| ");
            write_value(out, value);
        }
    }
}

fn write_pairs(out: &mut String, pairs: &[(Value, Value)]) {
    for (i, (key, value)) in pairs.iter().take(WORDS).enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        write_value(out, key);
        out.push_str(": ");
        write_value(out, value);
    }
    if pairs.len() > WORDS {
        out.push_str(", …");
    }
}

/// A word as it is, if it is plain; else quoted.
fn shown(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    word(&mut out, &bytes[..bytes.len().min(WIDTH)]);
    plain(&out)
}

fn plain(bytes: &[u8]) -> String {
    let letter = |b: &u8| match b {
        b' '..=b'~' => char::from(*b),
        _ => '·',
    };
    bytes.iter().map(letter).collect()
}

fn cut(text: String, width: usize) -> String {
    match text.char_indices().nth(width) {
        Some((at, _)) => [&text[..at], "…"].concat(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(forward: bool, bytes: &[u8]) -> Vec<(&'static str, String)> {
        let pieces = parts(Speech::Words, forward, bytes);
        let mut end = 0;
        for piece in &pieces {
            assert_eq!(piece.at, end, "pieces stand one behind the other");
            end += piece.len;
        }
        assert_eq!(end, bytes.len());
        pieces.into_iter().map(|p| (p.kind, p.text)).collect()
    }

    #[test]
    fn commands_and_replies_are_told_one_by_one() {
        let two = b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\na b\r\n";
        let expected = vec![
            ("command", "SELECT 0".into()),
            ("command", "SET k \"a b\"".into()),
        ];
        assert_eq!(said(true, two), expected);
        assert_eq!(
            said(true, b"PING\r\n*1\r\n$4\r\nQU"),
            vec![("command", "PING".into()), ("command", "QU".into())]
        );
        let replies = b"+OK\r\n:7\r\n$-1\r\n*2\r\n$1\r\na\r\n*1\r\n:2\r\n%1\r\n+k\r\n#t\r\n-ERR no\r\n$9\r\nhal";
        let expected = vec![
            ("simple string", "OK".into()),
            ("integer", "7".into()),
            ("nil", "nil".into()),
            ("array", "[a, [2]]".into()),
            ("map", "{k: true}".into()),
            ("error", "ERR no".into()),
            ("part of a reply", "$9··hal".into()),
        ];
        assert_eq!(said(false, replies), expected);
        assert_eq!(
            describe(Speech::Words, false, b"+OK\r\n"),
            ("simple string", "OK".into())
        );
        assert_eq!(
            describe(Speech::Words, false, b""),
            ("bytes", String::new())
        );
    }

    #[test]
    fn the_stream_has_numbers_and_a_snapshot_a_summary() {
        let ks = crate::keyspace::Keyspace::new(16, crate::base::rng::Rng::new(1));
        let options = crate::persist::rdb::save::Options::default();
        let file = crate::persist::rdb::save::save(&ks, options);
        let head = ["+FULLRESYNC id 100\r\n$", &file.len().to_string(), "\r\n"].concat();
        let ping = b"*1\r\n$4\r\nPING\r\n";
        let bytes = [head.as_bytes(), &file, ping, ping].concat();
        let pieces = parts(Speech::Asked { from: -1 }, false, &bytes);
        let kinds: Vec<_> = pieces.iter().map(|p| (p.kind, p.offset)).collect();
        let expected = vec![
            ("answer to PSYNC", None),
            ("length", None),
            ("snapshot", None),
            ("stream", Some(101)),
            ("stream", Some(115)),
        ];
        assert_eq!(kinds, expected);
        assert!(
            pieces[2].text.contains("version 11, no keys"),
            "{}",
            pieces[2].text
        );
        let (kind, text) = describe(
            Speech::Payload {
                left: 9000,
                next: 1,
            },
            false,
            &[0; 600],
        );
        assert_eq!(
            (kind, text.as_str()),
            ("snapshot", "more of it: 9000 bytes are left with these")
        );
    }

    #[test]
    fn whatever_comes_is_told_within_bounds() {
        let bytes = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$99999999999999999999\r\n";
        for end in 0..=bytes.len() {
            said(true, &bytes[..end]);
            said(false, &bytes[..end]);
        }
        for bytes in [
            &b"*-1\r\n"[..],
            b"*0\r\n",
            b"$\r\n",
            b"*9223372036854775807\r\n$1\r\na",
            b"\r\n\r\n",
        ] {
            said(true, bytes);
            said(false, bytes);
        }
        let many = b"+\r\n".repeat(10_000);
        assert_eq!(parts(Speech::Words, false, &many).len(), PIECES);
        let long = [b"$5000\r\n".as_slice(), &[b'x'; 5000], b"\r\n"].concat();
        assert!(parts(Speech::Words, false, &long)[0].text.chars().count() <= WIDTH + 1);
    }
}
