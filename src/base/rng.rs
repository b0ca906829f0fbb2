//! The seeded random number generator: xoshiro256** (Blackman and Vigna, 2018), its state spread from one 64-bit seed
//! by splitmix64. Small, fast, and the same on every platform. Not for secrets.

/// A stream of pseudo-random numbers that its seed decides.
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// The stream of `seed`. Any seed is good, zero too: splitmix64 never spreads a seed to the all-zero state.
    pub fn new(seed: u64) -> Rng {
        let mut walk = seed;
        Rng {
            state: std::array::from_fn(|_| splitmix64(&mut walk)),
        }
    }

    /// 64 random bits. O(1).
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number in `0..n`, each equally likely (Lemire's method: a multiplication, and rarely another draw).
    ///
    /// # Panics
    /// If `n` is zero, which is a bug of the caller.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "below(0) has no answer");
        let mut wide = u128::from(self.next_u64()) * u128::from(n);
        if (wide as u64) < n {
            // The lowest `2^64 mod n` products of each bucket are one too many: draw again.
            let surplus = n.wrapping_neg() % n;
            while (wide as u64) < surplus {
                wide = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (wide >> 64) as u64
    }

    /// A number in `[0, 1)`, a multiple of 2^-53.
    #[inline]
    pub fn float(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A new generator, seeded from this one: giving each part its own keeps one part's draws from shifting another's.
    pub fn fork(&mut self) -> Rng {
        Rng::new(self.next_u64())
    }

    /// Fills `out` with random bytes.
    pub fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let word = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }

    /// 40 lower-case hex digits: the form of run ids, replication ids and cluster node ids.
    pub fn hex40(&mut self) -> String {
        let mut bytes = [0; 20];
        self.fill(&mut bytes);
        let mut text = String::with_capacity(40);
        for byte in bytes {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
            }
        }
        text
    }
}

/// One step of splitmix64 (Steele, Lea and Flood, 2014).
fn splitmix64(walk: &mut u64) -> u64 {
    *walk = walk.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *walk;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_gives_the_published_stream() {
        // The published first output for the seed 0.
        assert_eq!(splitmix64(&mut 0), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn xoshiro_steps_as_published() {
        // The state 1, 2, 3, 4 and its first outputs, worked out by hand from the definition.
        let mut rng = Rng {
            state: [1, 2, 3, 4],
        };
        assert_eq!(
            [rng.next_u64(), rng.next_u64(), rng.next_u64()],
            [11520, 0, 1_509_978_240]
        );
    }

    #[test]
    fn same_seed_same_stream() {
        let (mut a, mut b) = (Rng::new(7), Rng::new(7));
        let mut c = Rng::new(8);
        let streams: Vec<Vec<u64>> = [&mut a, &mut b, &mut c]
            .into_iter()
            .map(|r| (0..50).map(|_| r.next_u64()).collect())
            .collect();
        assert_eq!(streams[0], streams[1]);
        assert_ne!(streams[0], streams[2]);
        assert_ne!(a.fork().next_u64(), a.next_u64());
    }

    #[test]
    fn below_is_in_range_and_even() {
        let mut rng = Rng::new(1);
        for n in [1, 2, 3, 7, 10, 1 << 40, (1 << 63) + 1, u64::MAX] {
            assert!((0..200).all(|_| rng.below(n) < n), "n {n}");
        }
        let mut counts = [0u32; 7];
        (0..70_000).for_each(|_| counts[rng.below(7) as usize] += 1);
        assert!(
            counts.iter().all(|&count| (9_600..10_400).contains(&count)),
            "{counts:?}"
        );
    }

    #[test]
    fn floats_bytes_and_ids() {
        let mut rng = Rng::new(2);
        let mean = (0..10_000)
            .map(|_| rng.float())
            .inspect(|f| assert!((0.0..1.0).contains(f)))
            .sum::<f64>()
            / 1e4;
        assert!((0.48..0.52).contains(&mean), "{mean}");
        let mut bytes = [0; 13];
        rng.fill(&mut bytes);
        assert!(bytes.iter().any(|&byte| byte != 0));
        let id = rng.hex40();
        assert!(
            id.len() == 40
                && id
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        );
    }
}
