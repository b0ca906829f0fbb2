//! Doubles as the server prints them in replies: `write_f64`.
//!
//! The digits are those of Grisu2 (Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with
//! Integers", 2010). Multiply the double and the two borders of the interval that reads back as it by a power of ten
//! that brings them to a fixed binary exponent; then cut digits off the upper border until what is left out is less
//! than the interval's width, and step the last digit down towards the value itself:
//!
//! ```text
//!      lower border          value           upper border
//!  --------|-------------------x-------------------|--------
//!                    ^ digits stop here    <-------| digits so far: too high by the rest
//! ```
//!
//! The 64-bit products are not exact, so in about one case of five hundred the digits are not the shortest or not the
//! nearest (but always read back as the same double). The real server prints those digits, and so must this code:
//! Rust's own shortest digits would differ there. Then the digits are laid out by the server's rules: plain up to seven
//! added zeros, else with an exponent.

use crate::base::num::{write_i64, write_point};

/// Appends `value` as the server prints doubles: scores, and doubles of RESP3.
pub fn write_f64(out: &mut Vec<u8>, value: f64) {
    /// Whole numbers below it print as integers, all their digits exact.
    const WHOLE_MAX: f64 = (1u64 << 62) as f64;
    let magnitude = value.abs();
    if magnitude <= WHOLE_MAX && (magnitude as i64) as f64 == magnitude {
        if value.is_sign_negative() {
            out.push(b'-');
        }
        write_i64(out, magnitude as i64);
    } else {
        write_f64_short(out, value);
    }
}

/// The text that [`write_f64`] writes.
pub fn f64_text(value: f64) -> String {
    let mut out = Vec::new();
    write_f64(&mut out, value);
    out.into_iter().map(char::from).collect()
}

/// Appends the short digits of `value`, whole numbers too: `1e+16` where [`write_f64`] writes all zeros out.
pub fn write_f64_short(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        return out.extend_from_slice(b"nan");
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let magnitude = value.abs();
    if magnitude == f64::INFINITY {
        out.extend_from_slice(b"inf");
    } else if magnitude == 0.0 {
        out.push(b'0');
    } else {
        let mut buffer = [0; 18];
        let (count, power) = grisu2(magnitude, &mut buffer);
        lay_out(out, &buffer[..count], power);
    }
}

/// Lays out `digits * 10^power`.
fn lay_out(out: &mut Vec<u8>, digits: &[u8], power: i32) {
    let count = digits.len() as i32;
    let exponent = count + power - 1;
    if power >= 0 && exponent.abs() < count + 7 {
        write_point(out, digits, (count + power) as usize);
    } else if power < 0 && (power > -7 || exponent.abs() < 4) {
        if exponent >= 0 {
            write_point(out, digits, exponent as usize + 1);
        } else {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + (-1 - exponent) as usize, b'0');
            out.extend_from_slice(digits);
        }
    } else {
        write_point(out, digits, 1);
        out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
        write_i64(out, i64::from(exponent.abs()));
    }
}

/// The digits of `value` (finite, above zero) into `digits`; returns their count and the power of ten of the last.
fn grisu2(value: f64, digits: &mut [u8; 18]) -> (usize, i32) {
    const HIDDEN: u64 = 1 << 52;
    let bits = value.to_bits();
    let field = (bits >> 52) as i32;
    let (fraction, exponent) = match field {
        0 => (bits, -1074),
        _ => (bits & (HIDDEN - 1) | HIDDEN, field - 1075),
    };
    // The borders lie half way to the neighbours; below a power of two the neighbour is only half as far.
    let above = 2 * fraction + 1;
    let shift = above.leading_zeros();
    let upper = above << shift;
    let upper_exponent = exponent - 1 - shift as i32;
    let lower = if fraction == HIDDEN {
        (4 * fraction - 1) << (shift - 1)
    } else {
        (2 * fraction - 1) << shift
    };
    let middle = fraction << (shift + 1);

    let (index, power_exponent) = cached_power(upper_exponent);
    let scale = |fraction: u64| {
        let wide = u128::from(fraction) * u128::from(POWERS[index]);
        ((wide + (1 << 63)) >> 64) as u64
    };
    // One unit inside on either side: the products may be wrong by that much.
    let upper = scale(upper) - 1;
    let lower = scale(lower) + 1;
    let point = (-(upper_exponent + power_exponent + 64)) as u32;
    let (count, dropped) = cut_digits(upper, upper - scale(middle), upper - lower, point, digits);
    (count, dropped - (FIRST_POWER + STEP * index as i32))
}

/// Cuts digits off `upper` (a fixed-point number with `point` bits after the point) until less than `width` is left;
/// `above` is how far the value lies below `upper`. Returns the count and the power of ten of the last digit.
fn cut_digits(
    upper: u64,
    above: u64,
    width: u64,
    point: u32,
    digits: &mut [u8; 18],
) -> (usize, i32) {
    let one = 1u64 << point;
    let (mut above, mut width) = (above, width);
    let mut whole = upper >> point;
    let mut part = upper & (one - 1);
    let mut count = 0;
    let mut push = |digits: &mut [u8; 18], digit: u64| {
        if digit != 0 || count > 0 {
            digits[count] = b'0' + digit as u8;
            count += 1;
        }
        count
    };
    for power in (0..10).rev() {
        let unit = 10u64.pow(power);
        let count = push(digits, whole / unit);
        whole %= unit;
        let rest = (whole << point) + part;
        if rest <= width {
            step_down(&mut digits[count - 1], rest, above, width, unit << point);
            return (count, power as i32);
        }
    }
    let mut power = 0;
    loop {
        part *= 10;
        width *= 10;
        above = above.wrapping_mul(10);
        power -= 1;
        let count = push(digits, part >> point);
        part &= one - 1;
        if part < width {
            step_down(&mut digits[count - 1], part, above, width, one);
            return (count, power);
        }
    }
}

/// Lowers the last digit while that brings the number nearer to the value and keeps it within the interval.
fn step_down(last: &mut u8, rest: u64, above: u64, width: u64, unit: u64) {
    let mut rest = rest;
    while rest < above
        && width - rest >= unit
        && (rest + unit < above || above - rest > rest + unit - above)
    {
        *last -= 1;
        rest += unit;
    }
}

/// The index and binary exponent of the least cached power that brings a number of the binary `exponent` to within 32
/// to 60 bits after the point.
fn cached_power(exponent: i32) -> (usize, i32) {
    let mut low = 0;
    let mut high = POWERS.len() - 1;
    while low < high {
        let middle = (low + high) / 2;
        if exponent + binary_exponent(middle) + 64 < -60 {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    (low, binary_exponent(low))
}

/// The power of two that belongs to a cached power: floor(log2(10^k)) - 63.
fn binary_exponent(index: usize) -> i32 {
    // The factor is log2(10) * 2^16, close enough for every k below 1200.
    (((FIRST_POWER + STEP * index as i32) * 217_706) >> 16) - 63
}

const FIRST_POWER: i32 = -348;
const STEP: i32 = 8;

/// 10^-348, 10^-340, ... 10^340: the 64 leading bits of each, rounded to nearest (a test computes them again).
static POWERS: [u64; 87] = [
    0xfa8f_d5a0_081c_0288,
    0xbaae_e17f_a23e_bf76,
    0x8b16_fb20_3055_ac76,
    0xcf42_894a_5dce_35ea,
    0x9a6b_b0aa_5565_3b2d,
    0xe61a_cf03_3d1a_45df,
    0xab70_fe17_c79a_c6ca,
    0xff77_b1fc_bebc_dc4f,
    0xbe56_91ef_416b_d60c,
    0x8dd0_1fad_907f_fc3c,
    0xd351_5c28_3155_9a83,
    0x9d71_ac8f_ada6_c9b5,
    0xea9c_2277_23ee_8bcb,
    0xaecc_4991_4078_536d,
    0x823c_1279_5db6_ce57,
    0xc210_9436_4dfb_5637,
    0x9096_ea6f_3848_984f,
    0xd774_85cb_2582_3ac7,
    0xa086_cfcd_97bf_97f4,
    0xef34_0a98_172a_ace5,
    0xb238_67fb_2a35_b28e,
    0x84c8_d4df_d2c6_3f3b,
    0xc5dd_4427_1ad3_cdba,
    0x936b_9fce_bb25_c996,
    0xdbac_6c24_7d62_a584,
    0xa3ab_6658_0d5f_daf6,
    0xf3e2_f893_dec3_f126,
    0xb5b5_ada8_aaff_80b8,
    0x8762_5f05_6c7c_4a8b,
    0xc9bc_ff60_34c1_3053,
    0x964e_858c_91ba_2655,
    0xdff9_7724_7029_7ebd,
    0xa6df_bd9f_b8e5_b88f,
    0xf8a9_5fcf_8874_7d94,
    0xb944_7093_8fa8_9bcf,
    0x8a08_f0f8_bf0f_156b,
    0xcdb0_2555_6531_31b6,
    0x993f_e2c6_d07b_7fac,
    0xe45c_10c4_2a2b_3b06,
    0xaa24_2499_6973_92d3,
    0xfd87_b5f2_8300_ca0e,
    0xbce5_0864_9211_1aeb,
    0x8cbc_cc09_6f50_88cc,
    0xd1b7_1758_e219_652c,
    0x9c40_0000_0000_0000,
    0xe8d4_a510_0000_0000,
    0xad78_ebc5_ac62_0000,
    0x813f_3978_f894_0984,
    0xc097_ce7b_c907_15b3,
    0x8f7e_32ce_7bea_5c70,
    0xd5d2_38a4_abe9_8068,
    0x9f4f_2726_179a_2245,
    0xed63_a231_d4c4_fb27,
    0xb0de_6538_8cc8_ada8,
    0x83c7_088e_1aab_65db,
    0xc45d_1df9_4271_1d9a,
    0x924d_692c_a61b_e758,
    0xda01_ee64_1a70_8dea,
    0xa26d_a399_9aef_774a,
    0xf209_787b_b47d_6b85,
    0xb454_e4a1_79dd_1877,
    0x865b_8692_5b9b_c5c2,
    0xc835_53c5_c896_5d3d,
    0x952a_b45c_fa97_a0b3,
    0xde46_9fbd_99a0_5fe3,
    0xa59b_c234_db39_8c25,
    0xf6c6_9a72_a398_9f5c,
    0xb7dc_bf53_54e9_bece,
    0x88fc_f317_f222_41e2,
    0xcc20_ce9b_d35c_78a5,
    0x9816_5af3_7b21_53df,
    0xe2a0_b5dc_971f_303a,
    0xa8d9_d153_5ce3_b396,
    0xfb9b_7cd9_a4a7_443c,
    0xbb76_4c4c_a7a4_4410,
    0x8bab_8eef_b640_9c1a,
    0xd01f_ef10_a657_842c,
    0x9b10_a4e5_e991_3129,
    0xe710_9bfb_a19c_0c9d,
    0xac28_20d9_623b_f429,
    0x8044_4b5e_7aa7_cf85,
    0xbf21_e440_03ac_dd2d,
    0x8e67_9c2f_5e44_ff8f,
    0xd433_179d_9c8c_b841,
    0x9e19_db92_b4e3_1ba9,
    0xeb96_bf6e_badf_77d9,
    0xaf87_023b_9bf0_ee6b,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::big::Big;
    use crate::base::rng::Rng;
    use crate::base::scan::round;

    fn shown(value: f64) -> String {
        let mut out = Vec::new();
        write_f64(&mut out, value);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn digits_are_the_real_server_s() {
        // Recorded from a real server. The last ones are where Grisu2 is not the shortest or not the nearest.
        let recorded = [
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (1000000000000000.0, "1000000000000000"),
            (1e+17, "100000000000000000"),
            (1.2345e+17, "123450000000000000"),
            (4.611686018427388e+18, "4611686018427387904"),
            (9.223372036854776e+18, "9223372036854776000"),
            (1e+18, "1000000000000000000"),
            (1e+19, "1e+19"),
            (5e+20, "5e+20"),
            (1.5e+22, "1.5e+22"),
            (1e+23, "99999999999999990000000"),
            (1.2345678901234568e+20, "123456789012345680000"),
            (1.25e-05, "1.25e-5"),
            (1.25e-06, "1.25e-6"),
            (1.25e-07, "1.25e-7"),
            (1e-07, "1e-7"),
            (1e-10, "1e-10"),
            (3.25, "3.25"),
            (5e-324, "5e-324"),
            (2.2250738585072014e-308, "2.2250738585072014e-308"),
            (1.7976931348623157e+308, "1.7976931348623157e+308"),
            (-0.0, "-0"),
            (0.30000000000000004, "0.30000000000000004"),
            (100.25, "100.25"),
            (1e-05, "0.00001"),
            (0.000123456, "1.23456e-4"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
            (9007199254740992.0, "9007199254740992"),
            (-8.63431925745973e-11, "-8.634319257459731e-11"),
            (2.4758800785707605e+27, "2.4758800785707606e+27"),
            (-5.47e+21, "-5470000000000001000000"),
            (-748197308056570.2, "-748197308056570.2"),
            (2.22e+22, "22200000000000002000000"),
            (3.7e+22, "36999999999999998000000"),
            (829021763603958.8, "829021763603958.7"),
            (-1.6e+24, "-1.5999999999999999e+24"),
        ];
        for (value, expected) in recorded {
            assert_eq!(shown(value), expected, "{value:e}");
        }
    }

    #[test]
    fn what_is_printed_reads_back() {
        let mut rng = Rng::new(21);
        let mut longer = 0;
        for round in 0..40_000 {
            let value = match round % 3 {
                0 => f64::from_bits(rng.next_u64()),
                1 => f64::from_bits(rng.next_u64() >> 12), // Subnormal.
                _ => (rng.float() - 0.5) * 10f64.powi(rng.below(40) as i32 - 15),
            };
            if value.is_nan() {
                continue;
            }
            let text = shown(value);
            assert_eq!(text.parse(), Ok(value), "{value:e} as {text}");
            let digits = |text: &str| {
                text.bytes()
                    .filter(|byte| matches!(byte, b'1'..=b'9'))
                    .count()
            };
            longer += usize::from(
                value.abs() > 1e19 && digits(&text) > digits(&format!("{value:e}")) + 2,
            );
        }
        assert!(
            longer < 400,
            "{longer} texts are much longer than the shortest"
        );
    }

    #[test]
    fn the_table_of_powers() {
        for (index, power) in POWERS.iter().enumerate() {
            let ten = FIRST_POWER + STEP * index as i32;
            let (mut over, mut under) = (Big::from(1), Big::from(1));
            let side = if ten < 0 { &mut under } else { &mut over };
            side.times_pow5(ten.unsigned_abs() as usize);
            let (quotient, exponent) = Big::divide_to_bits(over, under);
            let (mantissa, exponent) = round(quotient, exponent + i64::from(ten), 64, -5000);
            assert_eq!(
                (mantissa, exponent),
                (*power, i64::from(binary_exponent(index))),
                "10^{ten}"
            );
        }
    }
}
