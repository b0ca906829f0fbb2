//! Requests as a client sends them.
use crate::base::num::write_i64;

/// The bytes of a command. O(bytes).
pub fn command(words: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
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
