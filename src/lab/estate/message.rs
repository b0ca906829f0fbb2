//! What bytes on their way say, in a few words.
use crate::base::num;
use crate::base::quote::word;

/// Longest text of a message.
const WIDTH: usize = 80;
/// Bytes that are looked at.
const LOOK: usize = 512;

/// What kind of message it is, and its words.
pub fn describe(bytes: &[u8]) -> (&'static str, String) {
    let bytes = &bytes[..bytes.len().min(LOOK)];
    match bytes.first() {
        Some(b'*') => match commands(bytes) {
            Some(commands) => ("command", cut(commands)),
            None => ("reply", cut(line(bytes))),
        },
        Some(b'+' | b':' | b',' | b'_' | b'#' | b'(') => ("reply", cut(line(&bytes[1..]))),
        Some(b'-') => ("error", cut(line(&bytes[1..]))),
        Some(b'$') if bytes.len() > 5 && bytes.windows(5).any(|w| w == b"REDIS") => {
            ("snapshot", "a snapshot of the data (RDB)".into())
        }
        Some(b'$') => ("reply", cut(string(bytes))),
        Some(_) => ("bytes", cut(text_of(bytes))),
        None => ("bytes", String::new()),
    }
}

/// The commands that stand one behind the other, as far as they have come.
fn commands(bytes: &[u8]) -> Option<String> {
    let (mut text, mut at) = (String::new(), 0);
    while let Some((words, end)) = words(bytes, at) {
        if at > 0 {
            text.push_str("; ");
        }
        text.push_str(&words.join(" "));
        at = end;
    }
    (at > 0).then_some(text)
}

/// The words of the command that begins at a place, as far as they have come, and where it ends.
fn words(bytes: &[u8], start: usize) -> Option<(Vec<String>, usize)> {
    let (count, mut at) = number(bytes, start, b'*')?;
    let mut words = Vec::new();
    for _ in 0..count.clamp(0, 12) {
        let Some((length, start)) = number(bytes, at, b'$') else {
            break;
        };
        let end = start.saturating_add(usize::try_from(length).ok()?);
        let Some(word) = bytes.get(start..end.min(bytes.len())) else {
            break;
        };
        words.push(shown(word));
        at = end.saturating_add(2);
    }
    (!words.is_empty()).then_some((words, at))
}

/// The number behind a sign at a place, and where the next line begins.
fn number(bytes: &[u8], at: usize, sign: u8) -> Option<(i64, usize)> {
    let rest = bytes.get(at..)?;
    if rest.first() != Some(&sign) {
        return None;
    }
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    Some((num::parse_i64(&rest[1..end])?, at + end + 2))
}

fn string(bytes: &[u8]) -> String {
    match number(bytes, 0, b'$') {
        Some((-1, _)) => "nil".into(),
        Some((_, start)) => line(&bytes[start..]),
        None => line(bytes),
    }
}

fn line(bytes: &[u8]) -> String {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n");
    text_of(&bytes[..end.unwrap_or(bytes.len())])
}

/// A word as it is, if it is plain; else quoted.
fn shown(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    word(&mut out, bytes);
    text_of(&out)
}

fn text_of(bytes: &[u8]) -> String {
    let plain = |b: &u8| {
        if (b' '..=b'~').contains(b) {
            char::from(*b)
        } else {
            '·'
        }
    };
    bytes.iter().map(plain).collect()
}

fn cut(text: String) -> String {
    if text.chars().count() <= WIDTH {
        return text;
    }
    text.chars().take(WIDTH).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_they_are() {
        let said = |bytes: &[u8]| describe(bytes);
        assert_eq!(
            said(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\na b\r\n"),
            ("command", "SET k \"a b\"".into())
        );
        let two = b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n";
        assert_eq!(said(two), ("command", "SELECT 0; INCR k".into()));
        assert_eq!(said(b"+OK\r\n"), ("reply", "OK".into()));
        assert_eq!(said(b"$-1\r\n"), ("reply", "nil".into()));
        assert_eq!(said(b"$1\r\nv\r\n"), ("reply", "v".into()));
        assert_eq!(said(b"-ERR no\r\n"), ("error", "ERR no".into()));
        assert_eq!(said(b"$9\r\nREDIS0011").0, "snapshot");
        for end in 0..30 {
            describe(&b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$99999999999999999999\r\n"[..end]);
        }
        assert!(describe(&[b'x'; 1000]).1.len() < 100);
    }
}
