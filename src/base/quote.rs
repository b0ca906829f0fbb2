//! Strings of any bytes as printable text in double quotes: in configuration files, manifests, MONITOR's lines.

/// Bytes with an escape of their own.
const NAMED: [(u8, u8); 7] = [
    (b'\\', b'\\'),
    (b'"', b'"'),
    (b'\n', b'n'),
    (b'\r', b'r'),
    (b'\t', b't'),
    (7, b'a'),
    (8, b'b'),
];

/// Whether a character shows nothing of itself, or turns round what stands beside it.
pub fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Bytes as a label: text where it is text, else escaped as redis-cli does; long ones are cut, and nothing is `""`. O(1).
pub fn label(bytes: &[u8]) -> String {
    const LABEL_CHARS: usize = 48;
    // What is cut off anyway need not be looked at; a character is cut as a whole.
    let mut end = bytes.len().min(5 * LABEL_CHARS);
    while end < bytes.len() && end > 0 && bytes[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    let bytes = &bytes[..end];
    let plain = std::str::from_utf8(bytes)
        .ok()
        .filter(|t| !t.chars().any(unseen));
    let whole = match plain {
        Some("") => "\"\"".to_string(),
        Some(text) => text.to_string(),
        None => bytes
            .iter()
            .take(LABEL_CHARS)
            .map(|b| b.escape_ascii().to_string())
            .collect(),
    };
    match whole.char_indices().nth(LABEL_CHARS) {
        Some((at, _)) => format!("{}…", &whole[..at]),
        None => whole,
    }
}

/// Appends `bytes` in quotes, what is not printable ASCII escaped. O(bytes).
pub fn quoted(out: &mut Vec<u8>, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for &byte in bytes {
        if let Some((_, name)) = NAMED.iter().find(|named| named.0 == byte) {
            out.extend_from_slice(&[b'\\', *name]);
        } else if (b' '..=b'~').contains(&byte) {
            out.push(byte);
        } else {
            let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
            out.extend_from_slice(&[b'\\', b'x', high, low]);
        }
    }
    out.push(b'"');
}

/// Appends `bytes` as one word of a line: in quotes only where it needs them.
pub fn word(out: &mut Vec<u8>, bytes: &[u8]) {
    let plain = |b: &u8| b.is_ascii_graphic() && !b"\"'\\".contains(b);
    if !bytes.is_empty() && bytes.iter().all(plain) {
        out.extend_from_slice(bytes);
    } else {
        quoted(out, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], text: &str) {
        let mut out = Vec::new();
        word(&mut out, bytes);
        assert_eq!(String::from_utf8_lossy(&out), text);
    }

    #[test]
    fn words_are_quoted_where_they_must_be() {
        check(b"plain", "plain");
        check(b"", "\"\"");
        check(b"two words", "\"two words\"");
        check(b"\"\\\n\x07\x08\t\r", r#""\"\\\n\a\b\t\r""#);
        check(b"\x00\xff'", r#""\x00\xff'""#);
    }
}
