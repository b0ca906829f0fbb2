//! `math` (Reference Manual, section 5.6).

use super::library::{self, integer, number, values};
use super::machine::{Args, Flow, Machine, Run};
use super::random::Random;

use super::value::Value;

use crate::base::real;
pub(crate) use crate::base::real::pow;

macro_rules! functions {
    ($($name:ident $f:expr;)*) => {
        $(fn $name(m: &mut Machine, args: Args) -> Run<Flow> {
            let x = m.number(args, 0)?;
            let f: fn(f64) -> f64 = $f;
            number(m, f(x))
        })*
    };
}

functions! {
    abs f64::abs;
    acos real::acos;
    asin real::asin;
    atan |x| real::atan2(x, 1.0);
    ceil f64::ceil;
    cos real::cos;
    cosh real::cosh;
    deg |x| x / (std::f64::consts::PI / 180.0);
    exp real::exp;
    floor f64::floor;
    log real::ln;
    log10 real::log10;
    rad |x| x * (std::f64::consts::PI / 180.0);
    sin real::sin;
    sinh real::sinh;
    sqrt |x| if x < 0.0 { f64::from_bits(0xfff8_0000_0000_0000) } else { x.sqrt() };
    tan real::tan;
    tanh real::tanh;
}

pub(crate) const LIBRARY: library::Entries = &[
    ("abs", abs),
    ("acos", acos),
    ("asin", asin),
    ("atan", atan),
    ("atan2", atan2),
    ("ceil", ceil),
    ("cos", cos),
    ("cosh", cosh),
    ("deg", deg),
    ("exp", exp),
    ("floor", floor),
    ("fmod", fmod),
    ("frexp", frexp),
    ("ldexp", ldexp),
    ("log", log),
    ("log10", log10),
    ("max", max),
    ("min", min),
    ("mod", fmod),
    ("modf", modf),
    ("pow", power),
    ("rad", rad),
    ("random", random),
    ("randomseed", randomseed),
    ("sin", sin),
    ("sinh", sinh),
    ("sqrt", sqrt),
    ("tan", tan),
    ("tanh", tanh),
];

fn atan2(m: &mut Machine, args: Args) -> Run<Flow> {
    let (y, x) = (m.number(args, 0)?, m.number(args, 1)?);
    number(m, real::atan2(y, x))
}

fn power(m: &mut Machine, args: Args) -> Run<Flow> {
    let (x, y) = (m.number(args, 0)?, m.number(args, 1)?);
    number(m, pow(x, y))
}

fn fmod(m: &mut Machine, args: Args) -> Run<Flow> {
    let (x, y) = (m.number(args, 0)?, m.number(args, 1)?);
    let rest = x % y;
    let rest = match rest.is_nan() {
        true => super::number::nan_of(x, y),
        false => rest,
    };
    number(m, rest)
}

fn frexp(m: &mut Machine, args: Args) -> Run<Flow> {
    let (fraction, exponent) = real::split(m.number(args, 0)?);
    values(m, &[Value::Num(fraction), Value::Num(f64::from(exponent))])
}

fn ldexp(m: &mut Machine, args: Args) -> Run<Flow> {
    let (x, power) = (m.number(args, 0)?, m.integer(args, 1)? as i32);
    number(m, real::scale(x, power))
}

fn modf(m: &mut Machine, args: Args) -> Run<Flow> {
    let x = m.number(args, 0)?;
    let whole = x.trunc();
    let part = match x.is_infinite() {
        true => 0.0_f64,
        false => x - whole,
    };
    let part = if x.is_nan() { x } else { part.copysign(x) };
    values(m, &[Value::Num(whole), Value::Num(part)])
}

/// The argument that is before all others.
fn extreme(m: &mut Machine, args: Args, before: fn(f64, f64) -> bool) -> Run<Flow> {
    let mut best = m.number(args, 0)?;
    for index in 1..args.count {
        let next = m.number(args, index)?;
        if before(next, best) {
            best = next;
        }
    }
    number(m, best)
}

fn max(m: &mut Machine, args: Args) -> Run<Flow> {
    extreme(m, args, |a, b| a > b)
}

fn min(m: &mut Machine, args: Args) -> Run<Flow> {
    extreme(m, args, |a, b| a < b)
}

fn random(m: &mut Machine, args: Args) -> Run<Flow> {
    const RANGE: u32 = 0x7fff_ffff;
    let part = f64::from(m.random.draw() % RANGE) / f64::from(RANGE);
    let (low, high) = match args.count {
        0 => return number(m, part),
        1 => (1, m.integer(args, 0)? as i32),
        2 => (m.integer(args, 0)? as i32, m.integer(args, 1)? as i32),
        _ => return Err(m.throw_at_caller(b"wrong number of arguments")),
    };
    if low > high {
        return Err(m.argument_error(args.count - 1, b"interval is empty"));
    }
    let count = f64::from(high.wrapping_sub(low).wrapping_add(1));
    let drawn = (part * count).floor() + f64::from(low);
    number(m, drawn)
}

fn randomseed(m: &mut Machine, args: Args) -> Run<Flow> {
    let seed = integer(m.number(args, 0)?) as i32;
    m.random = Random::new(seed);
    values(m, &[])
}
