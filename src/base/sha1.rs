//! SHA-1 (FIPS 180-4): the names of scripts, and digests where the real server uses them. Not for secrets.

/// A digest in the making.
#[derive(Clone, Debug)]
pub struct Sha1 {
    state: [u32; 5],
    /// The bytes of the unfinished block; `length % 64` of them are used.
    block: [u8; 64],
    length: u64,
}

impl Default for Sha1 {
    fn default() -> Sha1 {
        Sha1::new()
    }
}

impl Sha1 {
    /// The digest of nothing yet.
    pub fn new() -> Sha1 {
        let state = [
            0x6745_2301,
            0xefcd_ab89,
            0x98ba_dcfe,
            0x1032_5476,
            0xc3d2_e1f0,
        ];
        Sha1 {
            state,
            block: [0; 64],
            length: 0,
        }
    }

    /// Takes in more bytes. O(len).
    pub fn update(&mut self, mut data: &[u8]) {
        let used = (self.length % 64) as usize;
        self.length = self.length.wrapping_add(data.len() as u64);
        if used > 0 {
            let (head, rest) = data.split_at(data.len().min(64 - used));
            self.block[used..used + head.len()].copy_from_slice(head);
            data = rest;
            if used + head.len() < 64 {
                return;
            }
            mix(&mut self.state, &self.block);
        }
        let (blocks, tail) = data.as_chunks::<64>();
        for block in blocks {
            mix(&mut self.state, block);
        }
        self.block[..tail.len()].copy_from_slice(tail);
    }

    /// The digest of all bytes taken in.
    pub fn finish(mut self) -> [u8; 20] {
        let bits = self.length.wrapping_mul(8);
        let used = (self.length % 64) as usize;
        self.block[used] = 0x80;
        self.block[used + 1..].fill(0);
        if used >= 56 {
            mix(&mut self.state, &self.block);
            self.block.fill(0);
        }
        self.block[56..].copy_from_slice(&bits.to_be_bytes());
        mix(&mut self.state, &self.block);
        let mut digest = [0; 20];
        for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
        digest
    }
}

/// One block of 64 bytes: 80 rounds.
fn mix(state: &mut [u32; 5], block: &[u8; 64]) {
    let mut words = [0u32; 80];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    for index in 16..80 {
        let mixed = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16];
        words[index] = mixed.rotate_left(1);
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (round, word) in words.into_iter().enumerate() {
        let (chosen, constant) = match round {
            0..20 => ((b & c) | (!b & d), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6u32),
        };
        let next = a
            .rotate_left(5)
            .wrapping_add(chosen)
            .wrapping_add(e)
            .wrapping_add(constant)
            .wrapping_add(word);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    for (word, mixed) in state.iter_mut().zip([a, b, c, d, e]) {
        *word = word.wrapping_add(mixed);
    }
}

/// The digest of `data`. O(len).
pub fn sha1(data: &[u8]) -> [u8; 20] {
    let mut sha = Sha1::new();
    sha.update(data);
    sha.finish()
}

/// The digest of `data` as 40 lower-case hex digits.
pub fn sha1_hex(data: &[u8]) -> String {
    sha1(data)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn the_published_vectors() {
        let cases: [(&[u8], &str); 4] = [
            (b"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            ),
            (
                &[b'a'; 1_000_000],
                "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
            ),
        ];
        for (data, digest) in cases {
            assert_eq!(sha1_hex(data), digest);
        }
    }

    #[test]
    fn pieces_make_the_whole() {
        let mut rng = Rng::new(6);
        for len in 0..400 {
            let mut data = vec![0; len];
            rng.fill(&mut data);
            let mut sha = Sha1::new();
            let mut rest = data.as_slice();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(1 + rng.below(rest.len() as u64) as usize);
                sha.update(piece);
                rest = after;
            }
            assert_eq!(sha.finish(), sha1(&data), "len {len}");
        }
    }
}
