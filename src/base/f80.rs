//! The 80-bit extended floating point of x86 in software: INCRBYFLOAT and HINCRBYFLOAT compute in it, and clients see
//! its digits (`10.5 + 0.1` is `10.6`, with 64-bit doubles it would show as `10.59999999999999964`).
//!
//! ```text
//!  sign | exponent: 15 bits | mantissa: 64 bits, the leading one written out
//!  value = mantissa * 2^exponent      2^63 <= mantissa < 2^64, or the exponent is the least (-16445)
//! ```
//!
//! Reading and adding round to nearest, ties to even, as the hardware and C library do; printing is exact before its own
//! rounding to 17 decimals. Big numbers appear only while reading and printing, and are bounded: a text has at most
//! [`TEXT_MAX`] bytes, a number at most 4932 digits before the point.

use crate::base::big::Big;
use crate::base::decimal;
use crate::base::scan::{self, Digits, Scanned};

/// Texts longer than this are not numbers to the server.
pub const TEXT_MAX: usize = 5119;

/// The exponent of the least subnormal: 2^-16445.
const LEAST: i64 = -16445;
/// The exponent of the greatest mantissas.
const GREATEST: i64 = 16320;
const BITS: u32 = 64;

/// An 80-bit extended floating-point number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct F80 {
    negative: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Nan,
    Infinite,
    /// `mantissa * 2^exponent`; the mantissa's top bit is set unless the exponent is `LEAST`. Zero is `(0, LEAST)`.
    Finite {
        mantissa: u64,
        exponent: i64,
    },
}

impl F80 {
    /// Reads a number as the server takes it for INCRBYFLOAT: all that C's `strtold` reads, the whole text. `None` for
    /// NaN, numbers too great, numbers so small that only zero would be left, and texts beyond [`TEXT_MAX`].
    /// Infinities by name are taken. O(len²) at worst, with `len` bounded.
    pub fn parse(text: &[u8]) -> Option<F80> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let (negative, kind) = match scan::scan(text)? {
            Scanned::Nan => return None,
            Scanned::Infinite { negative } => (negative, Kind::Infinite),
            Scanned::Decimal(digits) => (digits.negative, finite(decimal(&digits))?),
            Scanned::Hex(digits) => {
                let value = scan::hex_value(&digits);
                let rounded =
                    value.map(|(mantissa, exponent)| scan::round(mantissa, exponent, BITS, LEAST));
                (digits.negative, finite(rounded)?)
            }
        };
        Some(F80 { negative, kind })
    }

    /// The sum, rounded to nearest, ties to even. Opposite infinities give NaN. O(1).
    #[expect(
        clippy::should_implement_trait,
        reason = "one operation does not make an arithmetic type"
    )]
    pub fn add(self, other: F80) -> F80 {
        let (big, small) = match (self.kind, other.kind) {
            (Kind::Infinite, Kind::Infinite) if self.negative != other.negative => {
                return F80 {
                    negative: true,
                    kind: Kind::Nan,
                };
            }
            (Kind::Nan | Kind::Infinite, _) => return self,
            (_, Kind::Nan | Kind::Infinite) => return other,
            (
                Kind::Finite {
                    mantissa: a,
                    exponent: x,
                },
                Kind::Finite {
                    mantissa: b,
                    exponent: y,
                },
            ) => {
                if (x, a) >= (y, b) {
                    ((self.negative, a, x), (other.negative, b, y))
                } else {
                    ((other.negative, b, y), (self.negative, a, x))
                }
            }
        };
        // 62 bits below the point and one above for the carry; what is shifted out beyond them sticks to the lowest.
        let left = u128::from(big.1) << 62;
        let right = shift_sticky(u128::from(small.1) << 62, big.2 - small.2);
        let sum = if big.0 == small.0 {
            left + right
        } else {
            left - right
        };
        if sum == 0 {
            return F80 {
                negative: big.0 && small.0,
                kind: ZERO,
            };
        }
        let rounded = scan::round(sum, big.2 - 62, BITS, LEAST);
        F80 {
            negative: big.0,
            kind: finite(Some(rounded)).unwrap_or(Kind::Infinite),
        }
    }

    /// Whether it is not a number.
    pub fn is_nan(self) -> bool {
        self.kind == Kind::Nan
    }

    /// Whether it is one of the two infinities.
    pub fn is_infinite(self) -> bool {
        self.kind == Kind::Infinite
    }

    /// The double at the end of their range that is nearest to it: for a number that no double is near to, because it is too
    /// great or too small. `None` for what is no finite number.
    pub fn at_range_end(self) -> Option<f64> {
        let Kind::Finite { exponent, .. } = self.kind else {
            return None;
        };
        let end = if exponent > 0 {
            f64::MAX
        } else {
            f64::MIN_POSITIVE
        };
        Some(if self.negative { -end } else { end })
    }

    /// Appends the number as the server shows it: 17 decimals, rounded, without trailing zeros; never an exponent, and
    /// never `-0`. At most about 4950 bytes.
    pub fn write(self, out: &mut Vec<u8>) {
        let (mantissa, exponent) = match self.kind {
            Kind::Nan => {
                return out.extend_from_slice(if self.negative { b"-nan" } else { b"nan" });
            }
            Kind::Infinite => {
                return out.extend_from_slice(if self.negative { b"-inf" } else { b"inf" });
            }
            Kind::Finite { mantissa, exponent } => (mantissa, exponent),
        };
        let start = out.len();
        if self.negative {
            out.push(b'-');
        }
        if exponent >= 0 {
            let mut whole = Big::from(u128::from(mantissa));
            whole.shift_left(exponent as usize);
            whole.write_decimal(out);
        } else {
            write_fraction(out, u128::from(mantissa), -exponent);
        }
        if &out[start..] == b"-0" {
            out.remove(start);
        }
    }
}

const ZERO: Kind = Kind::Finite {
    mantissa: 0,
    exponent: LEAST,
};

/// A rounded magnitude (`None`: exactly zero) as a number; `None` if rounding took it to infinity or to zero.
fn finite(rounded: Option<(u64, i64)>) -> Option<Kind> {
    match rounded {
        None => Some(ZERO),
        Some((0, _)) => None,
        Some((mantissa, exponent)) => {
            (exponent <= GREATEST).then_some(Kind::Finite { mantissa, exponent })
        }
    }
}

/// Shifts right by any number of bits; if ones are lost, the lowest bit left is set.
fn shift_sticky(value: u128, bits: i64) -> u128 {
    if bits > 127 {
        return u128::from(value != 0);
    }
    let kept = value >> bits;
    kept | u128::from(kept << bits != value)
}

/// The decimal digits' value, rounded. `None` for zero; a magnitude out of range comes out as infinity's exponent or as a
/// zero mantissa.
fn decimal(digits: &Digits) -> Option<(u64, i64)> {
    /// The greatest number is below 10^4933, the least above 10^-4952.
    const PLACE_MAX: i64 = 4940;
    const PLACE_MIN: i64 = -4960;
    let (significant, first_place) = digits.significant()?;
    let place = first_place + digits.exponent;
    if place > PLACE_MAX {
        return Some((1 << 63, GREATEST + 1));
    }
    if place < PLACE_MIN {
        return Some((0, LEAST));
    }
    let significant: Vec<u8> = significant.collect();
    let last_place = place - (significant.len() as i64 - 1);
    let (mantissa, exponent) = decimal::to_binary(&significant, last_place);
    Some(scan::round(mantissa, exponent, BITS, LEAST))
}

/// `mantissa / 2^down` with 17 decimals, rounded to nearest, ties to even; trailing zeros dropped.
fn write_fraction(out: &mut Vec<u8>, mantissa: u128, down: i64) {
    const SCALE: u128 = 10u128.pow(17);
    let scaled = mantissa * SCALE; // Below 2^121.
    let rounded = match down {
        1..=126 => {
            let kept = scaled >> down;
            let lost = scaled & ((1 << down) - 1);
            let half = 1 << (down - 1);
            kept + u128::from(lost > half || (lost == half && kept & 1 == 1))
        }
        _ => 0,
    };
    Big::from(rounded / SCALE).write_decimal(out);
    let mut decimals = (rounded % SCALE) as u64;
    if decimals == 0 {
        return;
    }
    let mut width = 17;
    while decimals.is_multiple_of(10) {
        decimals /= 10;
        width -= 1;
    }
    out.extend_from_slice(format!(".{decimals:0width$}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    /// `SET k a`, `INCRBYFLOAT k b` as the server answers it; what is over 60 bytes long is cut to 40 and its length.
    fn sum(a: &str, b: &str) -> String {
        let (Some(a), Some(b)) = (F80::parse(a.as_bytes()), F80::parse(b.as_bytes())) else {
            return "invalid".into();
        };
        let sum = a.add(b);
        if sum.is_nan() || sum.is_infinite() {
            return "infinite".into();
        }
        let text = shown(sum);
        if text.len() > 60 {
            format!("{}..{}", &text[..40], text.len())
        } else {
            text
        }
    }

    fn shown(value: F80) -> String {
        let mut out = Vec::new();
        value.write(&mut out);
        String::from_utf8(out).expect("digits")
    }

    /// Recorded from a real server.
    const RECORDED: &[(&str, &str, &str)] = &[
        ("10.5", "0.1", "10.6"),
        ("3.0e3", "200", "3200"),
        ("0", "-0", "0"),
        ("-0.0", "0", "0"),
        ("1", "1e-17", "1.00000000000000001"),
        ("1", "1e-18", "1"),
        ("0.000000000000000005", "0", "0"),
        ("0.0000000000000000050000001", "0", "0.00000000000000001"),
        ("0.000000000000000015", "0", "0.00000000000000002"),
        ("-0.000000000000000004", "0", "0"),
        ("18446744073709551615", "1", "18446744073709551616"),
        ("18446744073709551616", "1", "18446744073709551616"),
        ("18446744073709551618", "1", "18446744073709551620"),
        ("9223372036854775807", "0.5", "9223372036854775807.5"),
        ("1e30", "1", "1000000000000000000024696061952"),
        (
            "123456789012345678901234567890",
            "0",
            "123456789012345678899921813504",
        ),
        ("0.1", "0.2", "0.3"),
        ("1.1", "-1.1", "0"),
        ("5.0e-1", ".5", "1"),
        ("0x1p-4", "0x.8", "0.5625"),
        ("0xffffffffffffffff.8", "0", "18446744073709551616"),
        ("0x10000000000000001p4", "0", "295147905179352825856"),
        ("-1e19", "-1e19", "-20000000000000000000"),
        ("1e40", "-1e40", "0"),
        ("99999999999999999", "0.99", "99999999999999999.9921875"),
        ("1e4932", "1e4932", "infinite"),
        ("inf", "1", "infinite"),
        ("inf", "-inf", "infinite"),
        (
            "1.18973149535723176502e4932",
            "1e4910",
            "1189731495357231765021263853030970205169..4933",
        ),
        ("1e4933", "0", "invalid"),
        ("1e-4951", "0", "invalid"),
        ("1e-4952", "0", "invalid"),
        ("0e-9999999999", "7", "7"),
        ("nan", "0", "invalid"),
        (" 1", "0", "invalid"),
        ("1 ", "0", "invalid"),
        ("", "0", "invalid"),
        ("1e", "0", "invalid"),
        ("0x", "0", "invalid"),
        ("+7", "-7.25", "-0.25"),
        (
            "3.14159265358979323846",
            "2.71828182845904523536",
            "5.85987448204883847",
        ),
        ("1e18", "0.123456789", "1000000000000000000.125"),
        ("-123456.789e-3", "1e2", "-23.456789"),
        ("0.00001", "0.000001", "0.000011"),
    ];

    #[test]
    fn sums_are_the_real_server_s() {
        for (a, b, expected) in RECORDED {
            assert_eq!(sum(a, b), *expected, "{a} + {b}");
            assert_eq!(sum(b, a), *expected, "{b} + {a}");
        }
    }

    #[test]
    fn whole_numbers_are_exact() {
        let mut rng = Rng::new(11);
        for _ in 0..3000 {
            let [a, b] = [(); 2].map(|()| (rng.next_u64() as i64 >> rng.below(63)) / 2);
            assert_eq!(
                sum(&a.to_string(), &b.to_string()),
                (a + b).to_string(),
                "{a} + {b}"
            );
        }
    }

    #[test]
    fn doubles_add_as_in_wider_hardware() {
        // Multiples of 2^-17 below 2^40 add exactly, and 17 decimals show them whole.
        let exact = |value: f64| {
            let text = format!("{value:.17}");
            let text = text.trim_end_matches('0').trim_end_matches('.');
            if text == "-0" {
                "0".to_string()
            } else {
                text.to_string()
            }
        };
        let mut rng = Rng::new(12);
        for _ in 0..3000 {
            let [a, b] =
                [(); 2].map(|()| (rng.next_u64() as i64 >> 12) as f64 / f64::from(1 << 17));
            assert_eq!(sum(&exact(a), &exact(b)), exact(a + b), "{a} + {b}");
        }
    }

    #[test]
    fn reading_and_printing_are_bounded() {
        assert_eq!(F80::parse(&[b'1'; TEXT_MAX + 1]), None);
        let longest = "9".repeat(TEXT_MAX);
        assert_eq!(F80::parse(longest.as_bytes()), None); // Above 10^4932.
        let tiny = format!("0.{}1", "0".repeat(4900));
        assert_eq!(sum(&tiny, "0"), "0");
        assert_eq!(sum(&format!("1{}e-5000", "0".repeat(5000)), "1"), "2");
        for text in ["1e99999999999999999999", "0x1p99999999999999999999"] {
            assert_eq!(sum(text, "0"), "invalid", "{text}");
        }
    }

    #[test]
    fn short_and_long_ways_agree() {
        let mut rng = Rng::new(13);
        for _ in 0..3000 {
            let digits = (rng.next_u64() >> 1 >> rng.below(63)).max(1).to_string();
            let power = rng.below(55) as i64 - 27;
            let rounded = |(mantissa, exponent)| scan::round(mantissa, exponent, BITS, LEAST);
            let short = decimal::short_to_binary(digits.as_bytes(), power).map(rounded);
            assert_eq!(
                short,
                Some(rounded(decimal::long_to_binary(digits.as_bytes(), power))),
                "{digits}, {power}"
            );
        }
    }

    #[test]
    fn subnormals_and_the_edges() {
        let least = F80::parse(b"0x1p-16445").expect("the least subnormal");
        assert_eq!(
            least.kind,
            Kind::Finite {
                mantissa: 1,
                exponent: LEAST
            }
        );
        assert_eq!(F80::parse(b"0x1p-16446"), None);
        assert_eq!(F80::parse(b"3.6451995318824746025e-4951"), Some(least));
        assert_eq!(
            least.add(least).kind,
            Kind::Finite {
                mantissa: 2,
                exponent: LEAST
            }
        );
        let greatest = F80::parse(b"0x1.fffffffffffffffep16383").expect("the greatest number");
        assert_eq!(
            greatest.kind,
            Kind::Finite {
                mantissa: u64::MAX,
                exponent: GREATEST
            }
        );
        assert!(greatest.add(greatest).is_infinite());
        assert_eq!(greatest.add(least), greatest);
        assert_eq!(F80::parse(b"0x1.ffffffffffffffffp16383"), None);
        let infinite = F80::parse(b"-inf").expect("infinity has a name");
        assert_eq!(shown(infinite), "-inf");
        assert_eq!(
            shown(infinite.add(F80::parse(b"inf").expect("as above"))),
            "-nan"
        );
    }
}
