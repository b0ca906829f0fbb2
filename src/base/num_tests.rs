use super::*;
use crate::base::rng::Rng;

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).expect("digits")
}

#[test]
fn integers_are_read_strictly() {
    for refused in [
        "",
        "-",
        "-0",
        "+1",
        "01",
        "-01",
        " 1",
        "1 ",
        "1a",
        "0x1",
        "1.0",
        "--1",
        "00",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "99999999999999999999",
        "111111111111111111111",
        "1\0",
    ] {
        assert_eq!(parse_i64(refused.as_bytes()), None, "{refused:?}");
    }
    assert_eq!(parse_i64(b"-9223372036854775808"), Some(i64::MIN));
    assert_eq!(parse_i64(b"9223372036854775807"), Some(i64::MAX));
    assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
    assert_eq!(parse_u64(b"18446744073709551616"), None);
    assert_eq!(parse_u64(b"-1"), None);
}

#[test]
fn integers_come_and_go() {
    let mut rng = Rng::new(41);
    let edges = [0, 1, -1, 9, 10, 99, 100, -100, i64::MAX, i64::MIN];
    for index in 0..20_000 {
        let value = match edges.get(index) {
            Some(edge) => *edge,
            None => rng.next_u64() as i64 >> rng.below(64),
        };
        let printed = text(|out| write_i64(out, value));
        assert_eq!(printed, value.to_string());
        assert_eq!(parse_i64(printed.as_bytes()), Some(value));
        let unsigned = value as u64;
        let printed = text(|out| write_u64(out, unsigned));
        assert_eq!(printed, unsigned.to_string());
        assert_eq!(parse_u64(printed.as_bytes()), Some(unsigned));
    }
}

/// As a real server takes the score of a ZADD.
#[test]
fn doubles_are_read_as_scores() {
    let taken: &[(&str, f64)] = &[
        ("1", 1.0),
        ("+1", 1.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e5", 1e5),
        ("00", 0.0),
        ("-0", -0.0),
        ("inf", f64::INFINITY),
        ("+INF", f64::INFINITY),
        ("-Infinity", f64::NEG_INFINITY),
        ("0x10", 16.0),
        ("0x1.8p3", 12.0),
        ("0X1P+2", 4.0),
        ("0x.8", 0.5),
        ("-0x1p-1", -0.5),
        ("4e-324", 5e-324),
        ("0e-400", 0.0),
        ("0e99999999999999999999", 0.0),
        ("0x1p-1074", 5e-324),
        ("0x1.8p-1075", 5e-324),
        ("0x1.fffffffffffff7ffffffffffffffffffffp1023", f64::MAX),
        ("2.2250738585072011e-308", 2.225073858507201e-308),
    ];
    for (text, value) in taken {
        assert_eq!(
            parse_f64(text.as_bytes()).map(f64::to_bits),
            Some(value.to_bits()),
            "{text}"
        );
    }
    for refused in [
        "",
        " 1",
        "1 ",
        "\t1",
        "infi",
        "nan",
        "-nan",
        "nan(1)",
        "0x",
        "0x.",
        "0x1p",
        "1e400",
        "-1e400",
        "1e-400",
        "2e-324",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "+-1",
        ".",
        "1e",
        "1e+",
        "1_0",
        "1,5",
        "1\0",
        "1d",
        "1.5L",
        "0x1p-1075",
        "0x1p1024",
        "0x1.fffffffffffff8p1023",
        "e5",
        "-",
        "+",
    ] {
        assert_eq!(parse_f64(refused.as_bytes()), None, "{refused:?}");
    }
}

#[test]
fn long_doubles_are_exact() {
    let zeros = "0".repeat(70_000);
    for (text, value) in [
        (format!("1{zeros}e-70000"), 1.0),
        (format!("0.{zeros}1e70001"), 1.0),
        (format!("{zeros}1"), 1.0),
        // Half way between 2^53 and the next double, and a trace more.
        (format!("9007199254740993.{zeros}"), 9007199254740992.0),
        (format!("9007199254740993.{zeros}1"), 9007199254740994.0),
        (format!("0x20000000000001.{zeros}"), 9007199254740992.0),
        (format!("0x20000000000001.{zeros}1"), 9007199254740994.0),
    ] {
        assert_eq!(parse_f64(text.as_bytes()), Some(value), "{}..", &text[..20]);
    }
}

#[test]
fn doubles_come_and_go() {
    let mut rng = Rng::new(42);
    for _ in 0..20_000 {
        let value = f64::from_bits(rng.next_u64());
        if !value.is_finite() {
            continue;
        }
        let forms = [
            text(|out| write_f64(out, value)),
            text(|out| write_f64_17(out, value)),
            format!("{value}"),
        ];
        for form in forms {
            assert_eq!(parse_f64(form.as_bytes()), Some(value), "{form}");
        }
        let bits = value.to_bits();
        let (field, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
        let hex = format!(
            "0x{}.{fraction:013x}p{}",
            field.min(1),
            field.max(1) as i64 - 1023
        );
        assert_eq!(parse_f64(hex.as_bytes()), Some(value.abs()), "{hex}");
    }
}

/// As a real server takes the bounds of ZCOUNT.
#[test]
fn bounds_are_read_carelessly() {
    for (text, value) in [
        ("", 0.0),
        (" 1", 1.0),
        ("\x0b1", 1.0),
        ("1e400", f64::INFINITY),
        ("-1e-400", -0.0),
        ("1\0x", 1.0),
        ("0x1", 1.0),
    ] {
        assert_eq!(parse_f64_bound(text.as_bytes()), Some(value), "{text:?}");
    }
    for refused in ["1 ", " ", "nan", "(1", "+", "1x"] {
        assert_eq!(parse_f64_bound(refused.as_bytes()), None, "{refused:?}");
    }
}

#[test]
fn seventeen_digits_as_in_c() {
    for (value, expected) in [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (0.1, "0.10000000000000001"),
        (100.0, "100"),
        (1e16, "10000000000000000"),
        (1e17, "1e+17"),
        (1.5e300, "1.5000000000000001e+300"),
        (0.0001, "0.0001"),
        (0.00001, "1.0000000000000001e-05"),
        (5e-324, "4.9406564584124654e-324"),
        (-123.456, "-123.456"),
        (f64::INFINITY, "inf"),
        (f64::NAN, "-nan"),
    ] {
        assert_eq!(text(|out| write_f64_17(out, value)), expected);
    }
    for (value, precision, expected) in [
        (0.1, 14, "0.1"),
        (99.99, 3, "100"),
        (1e14, 14, "1e+14"),
        (9.99, 0, "1e+01"),
    ] {
        assert_eq!(text(|out| write_f64_g(out, value, precision)), expected);
    }
}

#[test]
fn memory_sizes() {
    let taken = [
        ("1", 1),
        ("1b", 1),
        ("01", 1),
        ("1k", 1000),
        ("1Kb", 1024),
        ("2m", 2_000_000),
        ("1MB", 1 << 20),
        ("1g", 1_000_000_000),
        ("1gb", 1 << 30),
        ("", 0),
        ("kb", 0),
        ("18446744073709551615", u64::MAX),
        ("99999999999999999999", u64::MAX),
        ("17179869184gb", 0),
        ("8589934592gb", 1 << 63),
    ];
    for (text, value) in taken {
        assert_eq!(parse_memory_u64(text.as_bytes()), Some(value), "{text}");
        assert_eq!(parse_memory(text.as_bytes()), Some(value as i64), "{text}");
    }
    for refused in ["-1", "+1", " 1", "1 ", "1.5mb", "1t", "0x10", "1bb", "1%"] {
        assert_eq!(parse_memory(refused.as_bytes()), None, "{refused:?}");
    }
    assert_eq!(parse_memory(&[b'0'; 127]), Some(0));
    assert_eq!(parse_memory(&[b'0'; 128]), None);
}
