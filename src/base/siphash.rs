//! SipHash-1-2: one compression round a word, two rounds at the end. It is the keyed hash of the tables' keys (Aumasson
//! and Bernstein, 2012): whoever does not know the key cannot make many keys fall into one bucket.

/// The hash of `data` under the 128-bit key `(k0, k1)`. O(len).
#[inline(always)]
pub fn siphash12(data: &[u8], k0: u64, k1: u64) -> u64 {
    hash::<1, 2>(data, k0, k1)
}

/// The hash of `data` with ASCII letters taken as lower case: for names that match in any case.
pub fn siphash12_nocase(data: &[u8], k0: u64, k1: u64) -> u64 {
    let mut small = [0; 64];
    match small.get_mut(..data.len()) {
        Some(lower) => {
            lower.copy_from_slice(data);
            lower.make_ascii_lowercase();
            siphash12(lower, k0, k1)
        }
        None => siphash12(&data.to_ascii_lowercase(), k0, k1),
    }
}

#[derive(Clone, Copy)]
struct State {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl State {
    #[inline(always)]
    fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.rotate_left(32).wrapping_add(self.v3);
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v2 = self.v2.rotate_left(32);
    }

    #[inline(always)]
    fn absorb<const C: usize>(&mut self, word: u64) {
        self.v3 ^= word;
        for _ in 0..C {
            self.round();
        }
        self.v0 ^= word;
    }
}

/// SipHash with `C` compression and `D` finalisation rounds. The tests check the 2-4 form against the standard library.
#[inline(always)]
fn hash<const C: usize, const D: usize>(data: &[u8], k0: u64, k1: u64) -> u64 {
    let mut state = State {
        v0: k0 ^ 0x736f_6d65_7073_6575,
        v1: k1 ^ 0x646f_7261_6e64_6f6d,
        v2: k0 ^ 0x6c79_6765_6e65_7261,
        v3: k1 ^ 0x7465_6462_7974_6573,
    };
    let (words, tail) = data.as_chunks::<8>();
    for word in words {
        state.absorb::<C>(u64::from_le_bytes(*word));
    }
    state.absorb::<C>(last_word(tail) | (data.len() as u64) << 56);
    state.v2 ^= 0xff;
    for _ in 0..D {
        state.round();
    }
    state.v0 ^ state.v1 ^ state.v2 ^ state.v3
}

/// The up to seven last bytes, little-endian, by overlapping reads instead of a loop.
#[inline(always)]
fn last_word(tail: &[u8]) -> u64 {
    let len = tail.len();
    if let (Some(low), Some(high)) = (tail.first_chunk::<4>(), tail.last_chunk::<4>()) {
        let high = u64::from(u32::from_le_bytes(*high));
        return u64::from(u32::from_le_bytes(*low)) | high << (8 * (len - 4));
    }
    match len {
        0 => 0,
        _ => {
            u64::from(tail[0])
                | u64::from(tail[len / 2]) << (8 * (len / 2))
                | u64::from(tail[len - 1]) << (8 * (len - 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn the_paper_s_vector() {
        let data: Vec<u8> = (0..15).collect();
        let (k0, k1) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        assert_eq!(hash::<2, 4>(&data, k0, k1), 0xa129_ca61_49be_45e5);
    }

    #[test]
    #[allow(deprecated)] // The standard library's 2-4 form is what the rounds are checked against.
    fn agrees_with_the_standard_library() {
        use std::hash::{Hasher, SipHasher};
        let mut rng = Rng::new(3);
        for len in (0..80).chain([1000, 4097]) {
            let mut data = vec![0; len];
            rng.fill(&mut data);
            let (k0, k1) = (rng.next_u64(), rng.next_u64());
            let mut truth = SipHasher::new_with_keys(k0, k1);
            truth.write(&data);
            assert_eq!(hash::<2, 4>(&data, k0, k1), truth.finish(), "len {len}");
        }
    }

    #[test]
    fn one_two_differs_and_case_folds() {
        assert_ne!(siphash12(b"key", 1, 2), hash::<2, 4>(b"key", 1, 2));
        assert_ne!(siphash12(b"key", 1, 2), siphash12(b"key", 1, 3));
        assert_eq!(
            siphash12_nocase(b"MaxMemory", 1, 2),
            siphash12(b"maxmemory", 1, 2)
        );
        let long = vec![b'Q'; 200];
        assert_eq!(siphash12_nocase(&long, 1, 2), siphash12(&[b'q'; 200], 1, 2));
    }
}
