//! A number as the sum of two doubles whose digits do not overlap: twice the digits. Sums and products of doubles have that
//! form without any error (T. J. Dekker, "A floating-point technique for extending the available precision", 1971).
//!
//! ```text
//!   hi  ├──────── 53 bits ────────┤
//!   lo                              ├──────── 53 bits ────────┤
//! ```
//!
//! What is exact stands here; how exactly pairs are added is up to those who add them.

/// `hi + lo`; `hi` is the double nearest to the sum.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    pub hi: f64,
    pub lo: f64,
}

impl Pair {
    /// `a + b`, exactly.
    pub fn sum(a: f64, b: f64) -> Pair {
        let hi = a + b;
        let seen = hi - a;
        Pair {
            hi,
            lo: (a - (hi - seen)) + (b - seen),
        }
    }

    /// `a * b`, exactly: both are cut into halves whose products fit in a double.
    pub fn product(a: f64, b: f64) -> Pair {
        const SPLITTER: f64 = ((1 << 27) + 1) as f64;
        let halves = |x: f64| {
            let scaled = SPLITTER * x;
            let high = scaled - (scaled - x);
            (high, x - high)
        };
        let ((a1, a0), (b1, b0)) = (halves(a), halves(b));
        let hi = a * b;
        Pair {
            hi,
            lo: a1 * b1 - hi + a1 * b0 + a0 * b1 + a0 * b0,
        }
    }

    /// `-self`, exactly.
    pub fn negated(self) -> Pair {
        Pair {
            hi: -self.hi,
            lo: -self.lo,
        }
    }

    /// `self * other`, to the last few bits of `lo`.
    pub fn times(self, other: Pair) -> Pair {
        let high = Pair::product(self.hi, other.hi);
        Pair::sum(high.hi, high.lo + self.hi * other.lo + self.lo * other.hi)
    }
}

#[cfg(test)]
mod tests {
    use super::Pair;
    use crate::base::rng::Rng;

    /// Integers of at most 106 bits have exact sums and products in 128 bits.
    #[test]
    fn sums_and_products_are_exact() {
        let mut rng = Rng::new(5);
        let mut number = || {
            let bits = 1 + rng.below(53);
            (rng.below(1 << bits) as i128) - (1 << (bits - 1))
        };
        for _ in 0..100_000 {
            let (a, b) = (number(), number());
            let whole = |pair: Pair| pair.hi as i128 + pair.lo as i128;
            assert_eq!(whole(Pair::sum(a as f64, b as f64)), a + b, "{a} + {b}");
            assert_eq!(whole(Pair::product(a as f64, b as f64)), a * b, "{a} * {b}");
        }
    }
}
