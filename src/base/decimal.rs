//! From decimal digits to binary and back, exactly. The standard library can do the same, but its tables and its four
//! algorithms would be a tenth of the module that browsers download.

use crate::base::big::Big;

/// `digits * 10^power` (digits in ASCII, the first not zero) as a mantissa of at least 65 bits or exact, its lowest bit
/// sticky, and a power of two. O(1) for short numbers, else O(digits²).
pub(crate) fn to_binary(digits: &[u8], power: i64) -> (u128, i64) {
    // 10^n = 5^n * 2^n: the power of two goes to the exponent.
    let (mantissa, exponent) =
        short_to_binary(digits, power).unwrap_or_else(|| long_to_binary(digits, power));
    (mantissa, exponent + power)
}

/// `digits * 5^power`, where 128 bits are enough: the common case.
pub(crate) fn short_to_binary(digits: &[u8], power: i64) -> Option<(u128, i64)> {
    /// 5^27 is the greatest within 63 bits.
    const POWER_MAX: u64 = 27;
    if digits.len() > 19 || power.unsigned_abs() > POWER_MAX {
        return None;
    }
    let value = digits
        .iter()
        .fold(0u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    let (value, factor) = (
        u128::from(value),
        u128::from(5u64.pow(power.unsigned_abs() as u32)),
    );
    if power >= 0 {
        return Some((value * factor, 0));
    }
    let shift = value.leading_zeros();
    let lifted = value << shift; // Over 65 bits stay after the division by less than 2^63.
    let quotient = lifted / factor;
    let rest = u128::from(quotient * factor != lifted);
    Some((quotient << 1 | rest, -i64::from(shift) - 1))
}

/// The same for any digits and power.
pub(crate) fn long_to_binary(digits: &[u8], power: i64) -> (u128, i64) {
    let mut numerator = Big::from_decimal(digits);
    let mut denominator = Big::from(1);
    match power {
        0.. => numerator.times_pow5(power as usize),
        _ => denominator.times_pow5(-power as usize),
    }
    Big::divide_to_bits(numerator, denominator)
}

/// A natural number in decimal: `digits * 10^power`.
pub(crate) struct Decimal {
    pub digits: Vec<u8>,
    pub power: i32,
}

impl Decimal {
    /// All digits of a finite double, its sign left out. At most 767 of them.
    pub fn exact(value: f64) -> Decimal {
        const HIDDEN: u64 = 1 << 52;
        let bits = value.abs().to_bits();
        let (mut mantissa, mut exponent) = match (bits >> 52) as i32 {
            0 => (bits, -1074),
            field => (bits & (HIDDEN - 1) | HIDDEN, field - 1075),
        };
        if mantissa == 0 {
            return Decimal {
                digits: b"0".to_vec(),
                power: 0,
            };
        }
        let spare = mantissa.trailing_zeros().min((-exponent).max(0) as u32);
        mantissa >>= spare;
        exponent += spare as i32;
        let mut big = Big::from(u128::from(mantissa));
        if exponent >= 0 {
            big.shift_left(exponent as usize);
        } else {
            big.times_pow5(-exponent as usize); // m / 2^n = m * 5^n / 10^n
        }
        let mut digits = Vec::new();
        big.write_decimal(&mut digits);
        Decimal {
            digits,
            power: exponent.min(0),
        }
    }

    /// Rounds the last `count` digits away, ties to even. One digit at least stays.
    pub fn drop_last(&mut self, count: usize) {
        let digits = &mut self.digits;
        if count == 0 {
            return;
        }
        if count >= digits.len() {
            digits.splice(0..0, std::iter::repeat_n(b'0', count + 1 - digits.len()));
        }
        let cut = digits.len() - count;
        let odd = digits[cut - 1] & 1 == 1;
        let up = match digits[cut] {
            b'5' => odd || digits[cut + 1..].iter().any(|&digit| digit != b'0'),
            digit => digit > b'5',
        };
        digits.truncate(cut);
        self.power += count as i32;
        if !up {
            return;
        }
        for digit in digits.iter_mut().rev() {
            if *digit != b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
        digits.insert(0, b'1');
    }
}

/// `value` with so many digits after the point, ties to even: `%.2f` of C.
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "NaN" } else { "inf" }.into();
    }
    let mut decimal = Decimal::exact(value);
    let after = -decimal.power as usize;
    decimal.drop_last(after.saturating_sub(decimals));
    let mut digits = decimal.digits;
    digits.resize(digits.len() + decimals.saturating_sub(after), b'0');
    let missing = (decimals + 1).saturating_sub(digits.len());
    let mut text = String::from(if value.is_sign_negative() { "-" } else { "" });
    let all = std::iter::repeat_n(b'0', missing).chain(digits.iter().copied());
    let whole = digits.len() + missing - decimals;
    for (at, digit) in all.enumerate() {
        if at == whole {
            text.push('.');
        }
        text.push(char::from(digit));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn fixed_is_as_the_standard_library_prints() {
        let mut rng = Rng::new(51);
        let values = [
            0.0, -0.0, 0.125, 0.375, 2.5, 0.5, 1.5, 0.995, 9.999, 1e300, 5e-324,
        ];
        for value in values {
            for decimals in 0..5 {
                assert_eq!(fixed(value, decimals), format!("{value:.decimals$}"));
            }
        }
        for round in 0..20_000 {
            let value = match round % 4 {
                0 => f64::from_bits(rng.next_u64()),
                1 => rng.below(100_000) as f64 / 64.0, // Ties.
                2 => -rng.float(),
                _ => rng.float() * 10f64.powi(rng.below(12) as i32),
            };
            if value.is_finite() {
                let decimals = rng.below(6) as usize;
                assert_eq!(fixed(value, decimals), format!("{value:.decimals$}"));
            }
        }
    }
}
