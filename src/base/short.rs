//! Copies of a few bytes. The library's copy of a length that is known only at run time is a call, in wasm even one out of
//! the module; most keys, values and replies are so short that the call costs more than the bytes.

/// What counts as short.
const SHORT: usize = 16;

/// Copies `from` to `to`, which has the same length. O(len).
#[inline(always)]
pub fn copy(to: &mut [u8], from: &[u8]) {
    assert_eq!(to.len(), from.len());
    if from.len() > SHORT {
        return to.copy_from_slice(from);
    }
    // Two chunks, from either end, which overlap unless the length is just twice theirs.
    if !ends::<8>(to, from) && !ends::<4>(to, from) && !ends::<2>(to, from) {
        for (to, from) in to.first_mut().into_iter().zip(from) {
            *to = *from;
        }
    }
}

/// Copies the first and the last `N` bytes, if there are as many.
#[inline(always)]
fn ends<const N: usize>(to: &mut [u8], from: &[u8]) -> bool {
    let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else {
        return false;
    };
    if let Some(to) = to.first_chunk_mut::<N>() {
        *to = *first;
    }
    if let Some(to) = to.last_chunk_mut::<N>() {
        *to = *last;
    }
    true
}

/// Adds `bytes` at the end of `to`. Amortized O(len).
#[inline(always)]
pub fn extend(to: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() > SHORT {
        return to.extend_from_slice(bytes);
    }
    let start = to.len();
    lengthen(to, bytes.len());
    copy(&mut to[start..], bytes);
}

/// Adds `count` zero bytes at the end of `to`. Amortized O(count).
#[inline(always)]
pub fn lengthen(to: &mut Vec<u8>, count: usize) {
    let start = to.len();
    if count > SHORT {
        return to.resize(start + count, 0);
    }
    // A length that the compiler knows is stored in place.
    to.extend_from_slice(&[0; SHORT]);
    to.truncate(start + count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_every_length() {
        let bytes: Vec<u8> = (1..60).collect();
        for len in 0..bytes.len() {
            let mut to = vec![0; len];
            copy(&mut to, &bytes[..len]);
            assert_eq!(to, bytes[..len]);
            let mut to = vec![200, 201];
            extend(&mut to, &bytes[..len]);
            assert_eq!(to, [&[200, 201], &bytes[..len]].concat());
            lengthen(&mut to, len);
            assert_eq!(to.len(), 2 + 2 * len);
            assert!(to[2 + len..].iter().all(|byte| *byte == 0));
        }
    }
}
