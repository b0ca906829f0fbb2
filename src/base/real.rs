//! Elementary functions that come out the same on every machine: computed to about 100 bits and rounded once, so that the
//! result is nearly always the double nearest to the true value, which is what good C libraries give as well.

use super::pair::Pair;

const ONE: Pair = Pair { hi: 1.0, lo: 0.0 };
const LN_2: Pair = Pair {
    hi: std::f64::consts::LN_2,
    lo: 2.319_046_813_846_299_6e-17,
};
const LN_10: Pair = Pair {
    hi: std::f64::consts::LN_10,
    lo: -2.170_756_223_382_249_4e-16,
};
/// π/2 in three doubles.
const HALF_PI: [f64; 3] = [
    std::f64::consts::FRAC_PI_2,
    6.123_233_995_736_766e-17,
    -1.497_384_904_859_169_8e-33,
];

impl From<f64> for Pair {
    fn from(hi: f64) -> Pair {
        Pair { hi, lo: 0.0 }
    }
}

impl Pair {
    fn plus(self, other: Pair) -> Pair {
        let high = Pair::sum(self.hi, other.hi);
        let low = Pair::sum(self.lo, other.lo);
        let high = Pair::sum(high.hi, high.lo + low.hi);
        Pair::sum(high.hi, high.lo + low.lo)
    }

    fn minus(self, other: Pair) -> Pair {
        self.plus(other.negated())
    }

    fn over(self, other: Pair) -> Pair {
        let first = self.hi / other.hi;
        let rest = self.minus(other.times(first.into()));
        let second = rest.hi / other.hi;
        let rest = rest.minus(other.times(second.into()));
        Pair::sum(first, second).plus((rest.hi / other.hi).into())
    }

    fn root(self) -> Pair {
        let first = self.hi.sqrt();
        if first == 0.0 {
            return first.into();
        }
        let rest = self.minus(Pair::product(first, first));
        Pair::sum(first, rest.hi / (2.0 * first))
    }
}

/// `x * 2^power`, rounded once.
pub fn scale(x: f64, power: i32) -> f64 {
    let step = |power: i32| f64::from_bits(((power + 1023) as u64) << 52);
    let (mut x, mut power) = (x, power.clamp(-2200, 2200));
    while power > 1023 {
        x *= step(1023);
        power -= 1023;
    }
    // From below, so that only the last step can lose digits.
    while power < -969 {
        x *= step(-969);
        power += 969;
    }
    x * step(power)
}

/// `x` as a fraction from 1/2 to 1 and a power of two.
pub fn split(x: f64) -> (f64, i32) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (x, lifted) = match x.is_subnormal() {
        true => (x * scale(1.0, 64), 64),
        false => (x, 0),
    };
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32 - 1022;
    let fraction = f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52);
    (fraction, exponent - lifted)
}

/// e^x as a pair and a power of two.
fn exp_pair(x: Pair) -> (Pair, i32) {
    let power = (x.hi / LN_2.hi).round_ties_even();
    let rest = x
        .minus(Pair::product(power, LN_2.hi))
        .minus(Pair::product(power, LN_2.lo));
    let mut sum = ONE;
    for n in (1..=26).rev() {
        let step = rest.over(f64::from(n).into());
        sum = ONE.plus(sum.times(step));
    }
    (sum, power as i32)
}

/// The natural logarithm of a finite number above zero.
fn ln_pair(x: f64) -> Pair {
    let (mut fraction, mut power) = split(x);
    if fraction < std::f64::consts::FRAC_1_SQRT_2 {
        fraction *= 2.0;
        power -= 1;
    }
    // ln m = 2 artanh((m-1)/(m+1)) in doubles, then one step of Newton's in pairs.
    let s = (fraction - 1.0) / (fraction + 1.0);
    let square = s * s;
    let series = (0..14)
        .rev()
        .fold(0.0, |sum, n| sum * square + 1.0 / f64::from(2 * n + 1));
    let guess = 2.0 * s * series;
    let (back, shift) = exp_pair(Pair::from(-guess));
    let back = Pair {
        hi: scale(back.hi, shift),
        lo: scale(back.lo, shift),
    };
    let off = back.times(fraction.into()).minus(ONE);
    let off = off.minus((off.hi * off.hi / 2.0).into());
    let whole =
        Pair::product(f64::from(power), LN_2.hi).plus(Pair::product(f64::from(power), LN_2.lo));
    whole.plus(Pair::from(guess).plus(off))
}

fn exp_scaled(x: Pair) -> f64 {
    let (value, power) = exp_pair(x);
    scale(value.hi, power)
}

/// e^x
pub fn exp(x: f64) -> f64 {
    match x {
        x if x.is_nan() => x,
        x if x > 709.8 => f64::INFINITY,
        x if x < -745.2 => 0.0,
        x => exp_scaled(x.into()),
    }
}

/// The natural logarithm.
pub fn ln(x: f64) -> f64 {
    match special_log(x) {
        Some(value) => value,
        None => ln_pair(x).hi,
    }
}

/// The logarithm to base 10.
pub fn log10(x: f64) -> f64 {
    match special_log(x) {
        Some(value) if value.is_nan() && !x.is_nan() => f64::NAN,
        Some(value) => value,
        None => ln_pair(x).over(LN_10).hi,
    }
}

fn special_log(x: f64) -> Option<f64> {
    match x {
        x if x.is_nan() || x == f64::INFINITY => Some(x),
        0.0 => Some(f64::NEG_INFINITY),
        x if x < 0.0 => Some(f64::from_bits(0xfff8_0000_0000_0000)),
        _ => None,
    }
}

/// `x` to the power of `y`, with the special cases of C99 (annex F.9.4.4).
pub fn pow(x: f64, y: f64) -> f64 {
    if y == 0.0 || x == 1.0 {
        return 1.0;
    }
    if x.is_nan() || y.is_nan() {
        return if x.is_nan() { x } else { y };
    }
    let whole = y.trunc() == y;
    let odd = whole && y.abs() < 9_007_199_254_740_992.0 && (y / 2.0).trunc() != y / 2.0;
    let sign = if odd && x.is_sign_negative() {
        -1.0
    } else {
        1.0
    };
    let magnitude = x.abs();
    if magnitude == 1.0 && (whole || y.is_infinite()) {
        return if y.is_infinite() { 1.0 } else { sign };
    }
    if x == 0.0 || x.is_infinite() || y.is_infinite() {
        let grows = (magnitude > 1.0) == (y > 0.0);
        return sign * if grows { f64::INFINITY } else { 0.0 };
    }
    if x < 0.0 && !whole {
        return f64::from_bits(0xfff8_0000_0000_0000);
    }
    let log = ln_pair(magnitude);
    let rough = log.hi * y;
    if rough > 710.0 {
        return sign * f64::INFINITY;
    }
    if rough < -746.0 {
        return sign * 0.0;
    }
    sign * exp_scaled(log.times(y.into()))
}

/// The sine and the cosine.
fn circle(x: Pair) -> (Pair, Pair) {
    let turned = (x.hi / HALF_PI[0]).round_ties_even();
    let rest = HALF_PI
        .iter()
        .fold(x, |rest, part| rest.minus(Pair::product(turned, *part)));
    let square = rest.times(rest);
    let nested = |first: i32| {
        (0..14).rev().fold(ONE, |sum, n| {
            let divisor = f64::from((first + 2 * n) * (first + 2 * n + 1));
            ONE.minus(square.times(sum).over(divisor.into()))
        })
    };
    let (sine, cosine) = (rest.times(nested(2)), nested(1));
    match (turned % 4.0 + 4.0) as i32 & 3 {
        0 => (sine, cosine),
        1 => (cosine, sine.negated()),
        2 => (sine.negated(), cosine.negated()),
        _ => (cosine.negated(), sine),
    }
}

/// The sine; exact arguments up to about 10^15.
pub fn sin(x: f64) -> f64 {
    small_or(x, |x| circle(x.into()).0.hi)
}

/// The cosine.
pub fn cos(x: f64) -> f64 {
    match x.is_finite() {
        true => circle(x.into()).1.hi,
        false => undefined(x),
    }
}

/// The tangent.
pub fn tan(x: f64) -> f64 {
    small_or(x, |x| {
        let (sine, cosine) = circle(x.into());
        sine.over(cosine).hi
    })
}

/// What functions of the circle give for no number, or none that is finite.
fn undefined(x: f64) -> f64 {
    match x.is_nan() {
        true => x,
        false => f64::from_bits(0xfff8_0000_0000_0000),
    }
}

/// Functions that are nearly `x` itself near zero.
fn small_or(x: f64, f: impl Fn(f64) -> f64) -> f64 {
    match x {
        x if !x.is_finite() => undefined(x),
        x if x.abs() < 1e-150 => x,
        x => f(x),
    }
}

/// The angle of the point (x, y); both finite, not both zero.
fn angle(y: Pair, x: Pair) -> Pair {
    let (a, b) = (y.hi.abs(), x.hi.abs());
    let mut t = a.min(b) / a.max(b);
    for _ in 0..2 {
        t /= 1.0 + (1.0 + t * t).sqrt();
    }
    let square = -t * t;
    let series = (0..16)
        .rev()
        .fold(0.0, |sum, n| sum * square + 1.0 / f64::from(2 * n + 1));
    let mut guess = 4.0 * t * series;
    if a > b {
        guess = HALF_PI[0] - guess;
    }
    if x.hi < 0.0 {
        guess = 2.0 * HALF_PI[0] - guess;
    }
    let guess = guess.copysign(y.hi);
    let (sine, cosine) = circle(guess.into());
    let across = y.times(cosine).minus(x.times(sine));
    let along = x.times(cosine).plus(y.times(sine));
    Pair::from(guess).plus(across.over(along))
}

/// The angle of the point (x, y), from -π to π.
pub fn atan2(y: f64, x: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        return if x.is_nan() { x } else { y };
    }
    let quarter = HALF_PI[0];
    let value = match (y.abs(), x.abs()) {
        (0.0, _) if x.is_sign_negative() => 2.0 * quarter,
        (0.0, _) => 0.0,
        (f64::INFINITY, f64::INFINITY) if x > 0.0 => quarter / 2.0,
        (f64::INFINITY, f64::INFINITY) => quarter * 1.5,
        (f64::INFINITY, _) | (_, 0.0) => quarter,
        (_, f64::INFINITY) if x > 0.0 => 0.0,
        (_, f64::INFINITY) => 2.0 * quarter,
        (a, b) => {
            let apart = split(a).1 - split(b).1;
            if apart > 70 {
                quarter
            } else if apart < -70 && x < 0.0 {
                2.0 * quarter
            } else if apart < -30 && x > 0.0 {
                a / b
            } else {
                let shift = -split(b).1;
                angle(scale(a, shift).into(), scale(x, shift).into()).hi
            }
        }
    };
    value.copysign(y)
}

/// √(1 - x²)
fn other_leg(x: f64) -> Pair {
    ONE.minus(Pair::product(x, x)).root()
}

/// The angle whose sine is `x`.
pub fn asin(x: f64) -> f64 {
    match x.abs() {
        a if a > 1.0 => f64::NAN,
        a if a < 1e-150 || a.is_nan() => x,
        1.0 => HALF_PI[0].copysign(x),
        _ => angle(x.into(), other_leg(x)).hi,
    }
}

/// The angle whose cosine is `x`.
pub fn acos(x: f64) -> f64 {
    match x {
        x if x.is_nan() => x,
        x if x.abs() > 1.0 => f64::NAN,
        1.0 => 0.0,
        -1.0 => 2.0 * HALF_PI[0],
        x if x.abs() < 1e-150 => HALF_PI[0],
        x => angle(other_leg(x), x.into()).hi,
    }
}

/// e^x and e^-x, halved.
fn halves(x: f64) -> (Pair, Pair) {
    let half = |x: f64| {
        let (value, power) = exp_pair(x.into());
        Pair {
            hi: scale(value.hi, power - 1),
            lo: scale(value.lo, power - 1),
        }
    };
    (half(x), half(-x))
}

/// The hyperbolic sine.
pub fn sinh(x: f64) -> f64 {
    match x.abs() {
        a if a < 1e-9 || !x.is_finite() => x,
        a if a > 710.5 => f64::INFINITY.copysign(x),
        a if a > 40.0 => exp_halved(a).copysign(x),
        _ => {
            let (up, down) = halves(x);
            up.minus(down).hi
        }
    }
}

/// e^x / 2 where e^x may be too large.
fn exp_halved(x: f64) -> f64 {
    let (value, power) = exp_pair(x.into());
    scale(value.hi, power - 1)
}

/// The hyperbolic cosine.
pub fn cosh(x: f64) -> f64 {
    match x.abs() {
        a if a.is_nan() => x,
        a if a > 710.5 => f64::INFINITY,
        a if a > 40.0 => exp_halved(a),
        _ => {
            let (up, down) = halves(x);
            up.plus(down).hi
        }
    }
}

/// The hyperbolic tangent.
pub fn tanh(x: f64) -> f64 {
    match x.abs() {
        a if a < 1e-9 || a.is_nan() => x,
        a if a > 40.0 => 1.0_f64.copysign(x),
        _ => {
            let (up, down) = halves(x);
            up.minus(down).over(up.plus(down)).hi
        }
    }
}
