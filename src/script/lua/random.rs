//! The generator behind `math.random`: the linear congruence of POSIX `drand48`, 48 bits wide. It begins as every real
//! server's does, and goes on from script to script.

/// A sequence of 31-bit numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

const MULTIPLIER: u64 = 0x5_deec_e66d;
const ADDEND: u64 = 0xb;
const MASK: u64 = (1 << 48) - 1;

impl Random {
    /// The state of a server that has just started.
    pub(crate) fn unseeded() -> Random {
        Random {
            state: 0x1234_abcd_330e,
        }
    }

    pub(crate) fn new(seed: i32) -> Random {
        Random {
            state: (seed as u32 as u64) << 16 | 0x330e,
        }
    }

    /// The next number, from 0 to 2^31 - 1.
    pub(crate) fn draw(&mut self) -> u32 {
        self.state = (self.state.wrapping_mul(MULTIPLIER) + ADDEND) & MASK;
        (self.state >> 17) as u32
    }
}
