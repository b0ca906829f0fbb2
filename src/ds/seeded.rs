//! Random numbers for the property tests of this layer: xorshift64*, so that a printed seed repeats a failure.

pub(super) struct Seeded(u64);

impl Seeded {
    pub(super) fn new(seed: u64) -> Self {
        Seeded(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `limit`, which is not 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 32) as usize % limit
    }

    /// Values of all encodings, with many repeats.
    pub(super) fn value(&mut self) -> Vec<u8> {
        match self.below(10) {
            0..=2 => self.below(12).to_string().into_bytes(),
            3 => (self.next() as i64 >> self.below(64))
                .to_string()
                .into_bytes(),
            4..=6 => vec![b'a' + self.below(4) as u8; self.below(4)],
            7 => vec![b'x'; 60 + self.below(8)],
            8 if self.below(8) == 0 => vec![b'y'; 4090 + self.below(10)],
            _ => (0..self.below(12)).map(|_| self.next() as u8).collect(),
        }
    }
}
