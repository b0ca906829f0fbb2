//! Requests as a client sends them.
use crate::base::num::{parse_i64, write_i64};

/// The bytes of a command. O(bytes).
pub fn command(words: &[&[u8]]) -> Vec<u8> {
    // Most counts and lengths have one or two digits.
    let bytes: usize = words.iter().map(|word| word.len() + 6).sum();
    let mut out = Vec::with_capacity(bytes + 4);
    let count = |out: &mut Vec<u8>, sign: u8, n: usize| {
        out.push(sign);
        write_i64(out, n as i64);
        out.extend_from_slice(b"\r\n");
    };
    count(&mut out, b'*', words.len());
    for word in words {
        count(&mut out, b'$', word.len());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// The words of a whole request, as [`command`] writes it; `None` if it is anything else. O(bytes).
pub fn words(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut at = 0;
    let mut number = |sign: u8, skip: usize| {
        let rest = bytes.get(at + skip..)?;
        let end = rest.iter().position(|b| *b == b'\r')?;
        at += skip + end + 2;
        let digits = rest[..end].strip_prefix(&[sign])?;
        Some((usize::try_from(parse_i64(digits)?).ok()?, at))
    };
    let (count, _) = number(b'*', 0)?;
    let mut words = Vec::new();
    let mut skip = 0;
    for _ in 0..count {
        let (length, start) = number(b'$', skip)?;
        words.push(bytes.get(start..start.checked_add(length)?)?.to_vec());
        skip = length + 2;
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_was_written() {
        for all in [&[b"GET".as_slice(), b"a\r\nb"][..], &[b"", b"", b""], &[]] {
            assert_eq!(
                words(&command(all)).as_deref(),
                Some(&all.iter().map(|w| w.to_vec()).collect::<Vec<_>>()[..])
            );
        }
        let whole = command(&[b"SET", b"key", b"value"]);
        for end in 0..whole.len() - 2 {
            assert_eq!(words(&whole[..end]), None, "{end}");
        }
        for wrong in [
            "*1\r\n$99999999999999999\r\n",
            "*1\r\n$-1\r\nx",
            "GET k\r\n",
            "*9\r\n",
            "*1\r\n$9223372036854775807\r\nx",
        ] {
            assert_eq!(words(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
