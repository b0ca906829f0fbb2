//! A running hash, to compare runs by: 64 bits, the same on every platform. Not for secrets.

/// Multiplies and folds, eight bytes at a time (as in FNV-1a and wyhash).
#[derive(Clone, Debug)]
pub struct Hasher(u64);

const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;

/// The two halves of a product, made of products of halves: WebAssembly has no wider ones, and calls a function for each.
#[inline(always)]
fn wide_product(a: u64, b: u64) -> (u64, u64) {
    let half = |n: u64| (n & 0xffff_ffff, n >> 32);
    let ((a0, a1), (b0, b1)) = (half(a), half(b));
    let middle = a1 * b0 + ((a0 * b0) >> 32);
    let (m0, m1) = half(middle);
    let high = a1 * b1 + m1 + ((a0 * b1 + m0) >> 32);
    (a.wrapping_mul(b), high)
}

impl Hasher {
    pub fn new(seed: u64) -> Hasher {
        Hasher(seed ^ PRIME)
    }

    pub fn number(&mut self, n: u64) {
        let (low, high) = wide_product(self.0 ^ n, PRIME);
        self.0 = low ^ high.rotate_left(29) ^ n.rotate_left(17);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn halves_are_those_of_the_product() {
        let mut rng = Rng::new(5);
        let edges = [0, 1, u64::MAX, 1 << 32, u64::from(u32::MAX), PRIME];
        let draws: Vec<u64> = (0..2000).map(|_| rng.next_u64()).collect();
        for a in edges.into_iter().chain(draws) {
            for b in [PRIME, a, u64::MAX] {
                let wide = u128::from(a) * u128::from(b);
                assert_eq!(
                    wide_product(a, b),
                    (wide as u64, (wide >> 64) as u64),
                    "{a} {b}"
                );
            }
        }
    }
}
