//! `bit`: operations on the low 32 bits of numbers, after Mike Pall's BitOp.

use super::library::{self, number};
use super::machine::{Args, Flow, Machine, Run};

pub(crate) const LIBRARY: library::Entries = &[
    ("arshift", arshift),
    ("band", band),
    ("bnot", bnot),
    ("bor", bor),
    ("bswap", bswap),
    ("bxor", bxor),
    ("lshift", lshift),
    ("rol", rol),
    ("ror", ror),
    ("rshift", rshift),
    ("tobit", tobit),
    ("tohex", tohex),
];

/// An argument as 32 bits: rounded to a whole number, of which the low bits count.
fn bits(m: &mut Machine, args: Args, index: usize) -> Run<u32> {
    // Adding 1.5 * 2^52 leaves the whole number in the low bits of the fraction.
    let shifted = m.number(args, index)? + 6_755_399_441_055_744.0;
    Ok(shifted.to_bits() as u32)
}

fn signed(m: &mut Machine, value: u32) -> Run<Flow> {
    number(m, f64::from(value as i32))
}

fn fold(m: &mut Machine, args: Args, f: fn(u32, u32) -> u32) -> Run<Flow> {
    let mut value = bits(m, args, 0)?;
    for index in 1..args.count {
        value = f(value, bits(m, args, index)?);
    }
    signed(m, value)
}

fn shift(m: &mut Machine, args: Args, f: fn(u32, u32) -> u32) -> Run<Flow> {
    let value = bits(m, args, 0)?;
    let count = bits(m, args, 1)? & 31;
    signed(m, f(value, count))
}

fn tobit(m: &mut Machine, args: Args) -> Run<Flow> {
    let value = bits(m, args, 0)?;
    signed(m, value)
}

fn bnot(m: &mut Machine, args: Args) -> Run<Flow> {
    let value = bits(m, args, 0)?;
    signed(m, !value)
}

fn bswap(m: &mut Machine, args: Args) -> Run<Flow> {
    let value = bits(m, args, 0)?;
    signed(m, value.swap_bytes())
}

fn band(m: &mut Machine, args: Args) -> Run<Flow> {
    fold(m, args, |a, b| a & b)
}

fn bor(m: &mut Machine, args: Args) -> Run<Flow> {
    fold(m, args, |a, b| a | b)
}

fn bxor(m: &mut Machine, args: Args) -> Run<Flow> {
    fold(m, args, |a, b| a ^ b)
}

fn lshift(m: &mut Machine, args: Args) -> Run<Flow> {
    shift(m, args, |a, n| a << n)
}

fn rshift(m: &mut Machine, args: Args) -> Run<Flow> {
    shift(m, args, |a, n| a >> n)
}

fn arshift(m: &mut Machine, args: Args) -> Run<Flow> {
    shift(m, args, |a, n| ((a as i32) >> n) as u32)
}

fn rol(m: &mut Machine, args: Args) -> Run<Flow> {
    shift(m, args, u32::rotate_left)
}

fn ror(m: &mut Machine, args: Args) -> Run<Flow> {
    shift(m, args, u32::rotate_right)
}

fn tohex(m: &mut Machine, args: Args) -> Run<Flow> {
    let value = bits(m, args, 0)?;
    let count = match args.count {
        0 | 1 => 8,
        _ => bits(m, args, 1)? as i32,
    };
    let digits: &[u8; 16] = match count < 0 {
        true => b"0123456789ABCDEF",
        false => b"0123456789abcdef",
    };
    let count = count.unsigned_abs().min(8);
    let text: Vec<u8> = (0..count)
        .rev()
        .map(|at| digits[(value >> (at * 4) & 15) as usize])
        .collect();
    library::string(m, &text)
}
