//! From the number of registers of each rank to the number of elements.
//!
//! The raw estimator is `alpha * m^2 / sum(2^-rank)`. Registers of 0 say too little about few elements, and those of
//! the highest rank too little about very many: `sigma` and `tau` put in their place what is to be expected. The sums
//! run in the order of the real server, so that the last digit is the same.

/// The highest rank but one: the bits of the hash behind the index.
const Q: usize = 50;
/// 1 / (2 ln 2).
const ALPHA: f64 = 0.721_347_520_444_481_7;

/// x + sum of x^(2^k) * 2^(k-1) for k from 1: the share of the empty registers.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

/// (1 - x - sum of (1 - x^(2^-k))^2 * 2^-k for k from 1) / 3: the share of the full registers.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

/// The estimate for `ranks[r]` registers of rank `r`. O(1).
pub(super) fn estimate(ranks: &[u32; 64]) -> u64 {
    let m = super::REGISTERS as f64;
    let mut z = m * tau((m - f64::from(ranks[Q + 1])) / m);
    for &registers in ranks[1..=Q].iter().rev() {
        z += f64::from(registers);
        z *= 0.5;
    }
    z += m * sigma(f64::from(ranks[0]) / m);
    let estimate = (ALPHA * m * m / z).round();
    // With all registers full it is infinite; a real server's conversion then leaves just the highest bit.
    match estimate < i64::MAX as f64 {
        true => estimate as u64,
        false => 1 << 63,
    }
}
