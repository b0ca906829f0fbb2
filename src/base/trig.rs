//! Sine, cosine and arcsine that come out the same on every machine: the double nearest to the true value, as good as always.
//!
//! The standard library leaves these three to the platform, whose last digits differ. Here they are computed to about 70
//! bits, in pairs of doubles, and rounded once, which fails to give the nearest in one case of a hundred thousand.

use super::pair::Pair;
use std::f64::consts::FRAC_PI_2;

/// What a double leaves out of π/2.
const FRAC_PI_2_REST: f64 = 6.123_233_995_736_766e-17;

/// Terms of the series: enough for 70 bits up to π/4, and for 48 up to π.
const TERMS: usize = 13;
/// So many of them are summed in pairs; what the others add is small enough for plain doubles.
const PAIRED: usize = 4;

/// `a + b`, where 70 bits are enough.
fn plus(a: Pair, b: Pair) -> Pair {
    let high = Pair::sum(a.hi, b.hi);
    Pair::sum(high.hi, high.lo + a.lo + b.lo)
}

fn minus(a: Pair, b: Pair) -> Pair {
    plus(a, b.negated())
}

fn over(a: Pair, divisor: f64) -> Pair {
    let quotient = a.hi / divisor;
    let back = Pair::product(quotient, divisor);
    Pair::sum(quotient, (a.hi - back.hi - back.lo + a.lo) / divisor)
}

/// The divisors of a series' nested form, from the outside in: `2*3, 4*5, ..` for the sine, `1*2, 3*4, ..` for the cosine.
const fn divisors(mut from: usize) -> [f64; TERMS] {
    let mut all = [0.0; TERMS];
    let mut at = 0;
    while at < TERMS {
        all[at] = (from * (from + 1)) as f64;
        from += 2;
        at += 1;
    }
    all
}

const SINE: [f64; TERMS] = divisors(2);
const COSINE: [f64; TERMS] = divisors(1);

/// One by each of them: a division takes as long as ten products.
const fn inverses(divisors: [f64; TERMS]) -> [f64; TERMS] {
    let mut all = [0.0; TERMS];
    let mut at = 0;
    while at < TERMS {
        all[at] = 1.0 / divisors[at];
        at += 1;
    }
    all
}

const SINE_INVERSES: [f64; TERMS] = inverses(SINE);
const COSINE_INVERSES: [f64; TERMS] = inverses(COSINE);

/// `1 - x²/d0 * (1 - x²/d1 * (1 - ..))` in plain doubles.
fn nested(square: f64, inverses: &[f64]) -> f64 {
    let inner = |sum, inverse| 1.0 - square * sum * inverse;
    inverses.iter().rev().fold(1.0, inner)
}

/// The same in pairs.
fn nested_pair(square: Pair, divisors: &[f64], inverses: &[f64]) -> Pair {
    let one = Pair { hi: 1.0, lo: 0.0 };
    let first = Pair {
        hi: nested(square.hi, &inverses[PAIRED..]),
        lo: 0.0,
    };
    let step = |sum: Pair, divisor: &f64| minus(one, over(square.times(sum), *divisor));
    divisors[..PAIRED].iter().rev().fold(first, step)
}

/// The sine of a pair up to π/4, or its cosine.
fn of_small(x: Pair, cosine: bool) -> Pair {
    let square = x.times(x);
    match cosine {
        true => nested_pair(square, &COSINE, &COSINE_INVERSES),
        false => x.times(nested_pair(square, &SINE, &SINE_INVERSES)),
    }
}

/// The sine of `x + quarters * π/2`, for angles of a few turns.
fn sine_after(x: f64, quarters: i64) -> f64 {
    let turned = (x / FRAC_PI_2).round_ties_even();
    let back = plus(
        Pair::product(turned, FRAC_PI_2),
        Pair::product(turned, FRAC_PI_2_REST),
    );
    let rest = minus(Pair { hi: x, lo: 0.0 }, back);
    let quadrant = turned as i64 + quarters;
    let value = of_small(rest, quadrant & 1 == 1).hi;
    if quadrant & 2 == 2 { -value } else { value }
}

/// The sine of an angle from -π to π, good to 1e-14: a fifth of the work. O(1).
pub fn rough_sin(x: f64) -> f64 {
    x * nested(x * x, &SINE_INVERSES)
}

/// The cosine of an angle from -π to π, good to 1e-14. O(1).
pub fn rough_cos(x: f64) -> f64 {
    nested(x * x, &COSINE_INVERSES)
}

/// The sine of an angle of a few turns, in radians. O(1).
pub fn sin(x: f64) -> f64 {
    sine_after(x, 0)
}

/// The cosine of an angle of a few turns, in radians. O(1).
pub fn cos(x: f64) -> f64 {
    sine_after(x, 1)
}

/// The angle up to π/4 with this sine. Newton's steps in plain doubles, the last one in pairs.
fn small_asin(sine: Pair) -> Pair {
    let mut x = sine.hi;
    let mut cosine = 1.0;
    for _ in 0..3 {
        let square = x * x;
        cosine = nested(square, &COSINE_INVERSES);
        x += (sine.hi - x * nested(square, &SINE_INVERSES)) / cosine;
    }
    let off = minus(sine, of_small(Pair { hi: x, lo: 0.0 }, false));
    Pair::sum(x, off.hi / cosine)
}

/// The angle from 0 to π/2 whose sine is `x`, from 0 to 1; NaN above. O(1).
pub fn asin(x: f64) -> f64 {
    if x <= 0.5 {
        return small_asin(Pair { hi: x, lo: 0.0 }).hi;
    }
    // Near 1 the sine hardly changes with the angle; that of half the missing angle does.
    let square = (1.0 - x) / 2.0;
    let root = square.sqrt();
    if root == 0.0 {
        return FRAC_PI_2;
    }
    let back = Pair::product(root, root);
    let root = Pair::sum(root, (square - back.hi - back.lo) / (2.0 * root));
    let half = small_asin(root);
    let quarter = Pair {
        hi: FRAC_PI_2,
        lo: FRAC_PI_2_REST,
    };
    minus(quarter, plus(half, half)).hi
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn known_values() {
        // Nearest doubles, from 60 decimal digits.
        let sines = [
            (0.0, 0.0),
            (1e-300, 1e-300),
            (0.5, 0.479_425_538_604_203),
            (-1.0, -0.841_470_984_807_896_5),
            (3.0, 0.141_120_008_059_867_2),
            (std::f64::consts::FRAC_PI_2, 1.0),
        ];
        for (x, expected) in sines {
            assert_eq!(sin(x), expected, "sin {x}");
        }
        assert_eq!(cos(0.0), 1.0);
        assert_eq!(cos(2.0), -0.416_146_836_547_142_4);
        assert_eq!(cos(FRAC_PI_2), 6.123_233_995_736_766e-17);
        assert_eq!(asin(0.0), 0.0);
        assert_eq!(asin(0.5), std::f64::consts::FRAC_PI_6);
        assert_eq!(asin(1.0), FRAC_PI_2);
        assert!(asin(1.5).is_nan());
    }

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "a platform's functions to compare with"
    )]
    fn within_a_digit_of_the_platform() {
        let mut rng = Rng::new(83);
        let near = |ours: f64, theirs: f64| {
            let apart = ours.to_bits().abs_diff(theirs.to_bits());
            assert!(apart <= 1, "{ours:e} {theirs:e}");
            u32::from(apart > 0)
        };
        let mut apart = 0;
        let close = |rough: f64, x: f64| assert!((rough - x).abs() < 1e-14, "{rough:e} {x:e}");
        for _ in 0..20_000 {
            let x = (rng.float() - 0.5) * 6.2;
            let z = rng.float();
            close(rough_sin(x), x.sin());
            close(rough_cos(x), x.cos());
            apart += near(sin(x), x.sin()) + near(cos(x), x.cos()) + near(asin(z), z.asin());
        }
        // Good libraries miss the nearest double in one case of hundreds, others in one of ten.
        assert!(apart < 12_000, "{apart}");
    }
}
