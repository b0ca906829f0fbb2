//! The snapshot on its way from the primary: `$length`, then so many bytes; or `$EOF:mark`, then bytes up to the mark, for
//! one that is made while it is sent.

/// Longest line of a primary, in bytes.
pub const LINE_MOST: usize = 64 << 10;

/// Digits of a mark.
pub const MARK: usize = 40;

#[derive(Clone, Debug)]
enum Shape {
    /// The line in front has not come yet.
    Unknown,
    Bytes(usize),
    Marked([u8; MARK]),
}

/// What has come so far.
#[derive(Clone, Debug)]
pub struct Payload {
    shape: Shape,
    /// The snapshot itself.
    pub bytes: Vec<u8>,
}

/// How it stands after some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    More,
    /// The line in front has come; how many bytes follow, if it says so.
    Begins(Option<usize>),
    /// All is there.
    Whole,
    Failed(String),
}

impl Default for Payload {
    fn default() -> Payload {
        Payload {
            shape: Shape::Unknown,
            bytes: Vec::new(),
        }
    }
}

impl Payload {
    /// Takes from the beginning of `buf` what belongs to it, or a line of it; how many bytes that are. O(bytes).
    pub fn take(&mut self, buf: &[u8]) -> (usize, Progress) {
        match self.shape {
            Shape::Unknown => self.head(buf),
            Shape::Bytes(len) => {
                let some = buf.len().min(len - self.bytes.len());
                self.bytes.extend_from_slice(&buf[..some]);
                match self.bytes.len() == len {
                    true => (some, Progress::Whole),
                    false => (some, Progress::More),
                }
            }
            Shape::Marked(mark) => {
                let before = self.bytes.len();
                self.bytes.extend_from_slice(buf);
                let from = before.saturating_sub(MARK - 1);
                let found = self.bytes[from..].windows(MARK).position(|w| w == mark);
                let Some(at) = found else {
                    return (buf.len(), Progress::More);
                };
                self.bytes.truncate(from + at);
                (from + at + MARK - before, Progress::Whole)
            }
        }
    }

    fn head(&mut self, buf: &[u8]) -> (usize, Progress) {
        let Some(end) = buf.iter().position(|b| *b == b'\n') else {
            let why = "The primary's answer is no line";
            return match buf.len() > LINE_MOST {
                true => (0, Progress::Failed(why.into())),
                false => (0, Progress::More),
            };
        };
        let line = buf[..end].trim_ascii_end();
        let used = end + 1;
        if line.is_empty() {
            return (used, Progress::More); // the primary is there, but not ready yet
        }
        let text = || String::from_utf8_lossy(line).into_owned();
        if line[0] == b'-' {
            let why = ["PRIMARY aborted replication with an error: ", &text()[1..]].concat();
            return (used, Progress::Failed(why));
        }
        if let Some(mark) = line.strip_prefix(b"$EOF:")
            && let Ok(mark) = mark.try_into()
        {
            self.shape = Shape::Marked(mark);
            return (used, Progress::Begins(None));
        }
        let len = line
            .strip_prefix(b"$")
            .and_then(crate::base::num::parse_u64);
        match len.and_then(|n| usize::try_from(n).ok()) {
            Some(len) => {
                self.shape = Shape::Bytes(len);
                (used, Progress::Begins(Some(len)))
            }
            None => {
                let why = "Bad protocol from PRIMARY, the first byte is not '$' (we received '";
                let why = [
                    why,
                    &text(),
                    "'), are you sure the host and port are right?",
                ]
                .concat();
                (used, Progress::Failed(why))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_is_given_up() {
        let take = |len| Payload::default().take(&vec![b'x'; len]).1;
        assert_eq!(take(LINE_MOST), Progress::More);
        assert!(matches!(take(LINE_MOST + 1), Progress::Failed(_)));
    }

    #[test]
    fn both_forms_arrive_in_any_pieces() {
        let mark = "0123456789".repeat(MARK / 10);
        let marked = format!("\n$EOF:{mark}\r\n01201234{mark}rest");
        for (all, wanted) in [("\n\n$6\r\nabcdefrest", "abcdef"), (&marked, "01201234")] {
            for piece in 1..all.len() {
                let (mut payload, mut kept, mut whole) = (Payload::default(), Vec::new(), false);
                for bytes in all.as_bytes().chunks(piece) {
                    kept.extend_from_slice(bytes);
                    while !whole && !kept.is_empty() {
                        let (used, progress) = payload.take(&kept);
                        kept.drain(..used);
                        whole = progress == Progress::Whole;
                        if used == 0 {
                            break;
                        }
                    }
                }
                assert!(whole, "pieces of {piece}");
                assert_eq!(payload.bytes, wanted.as_bytes());
                assert_eq!(kept, b"rest");
            }
        }
    }
}
