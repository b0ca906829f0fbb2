//! A running hash, to compare runs by: 64 bits, the same on every platform. Not for secrets.

/// Multiplies and folds, eight bytes at a time (as in FNV-1a and wyhash).
#[derive(Clone, Debug)]
pub struct Hasher(u64);

const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher {
    pub fn new(seed: u64) -> Hasher {
        Hasher(seed ^ PRIME)
    }

    pub fn number(&mut self, n: u64) {
        let wide = u128::from(self.0 ^ n) * u128::from(PRIME);
        self.0 = (wide as u64) ^ ((wide >> 64) as u64).rotate_left(29) ^ n.rotate_left(17);
    }

    /// Bytes and how many they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.number(u64::from_le_bytes(word));
        }
    }

    pub fn value(&self) -> u64 {
        self.0
    }
}
