//! Counters in the fields of a hash: HINCRBY and HINCRBYFLOAT.
use super::{limits, one_key};
use crate::base::{f80::F80, num};
use crate::command::{C, Command, Ctx, Error, F, Group, Outcome};
use crate::keyspace::{Class, IntBuf, hash::Hash};

pub(super) const TABLE: &[Command] = &[HINCRBY, HINCRBYFLOAT];

const HINCRBY: Command = Command {
    name: "hincrby",
    arity: 4,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::HASH,
    keys: &[one_key("RW access update")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(1)",
    summary: "Adds to the integer in a field; a field that is not there counts from 0.",
    syntax: "key:key#0 field increment:integer",
    run: hincrby,
    ..Command::DEFAULT
};

fn hincrby(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, field, limits) = (ctx.arg(1), ctx.arg(2), limits(ctx));
    let increment = ctx.args.int(3)?;
    let hash = ctx.db.write_or(key, Hash::default)?;
    let old = match hash.get(field) {
        None => 0,
        Some(value) => value
            .as_i64()
            .ok_or_else(|| Error::new("ERR hash value is not an integer"))?,
    };
    let new = old.checked_add(increment).ok_or(Error::OVERFLOW)?;
    let mut digits = IntBuf::default();
    hash.set(field, num::i64_bytes(new, &mut digits), &limits);
    ctx.out.int(new);
    ctx.db.modified(key, Class::HASH, "hincrby");
    Ok(())
}

const HINCRBYFLOAT: Command = Command {
    name: "hincrbyfloat",
    arity: 4,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::HASH,
    keys: &[one_key("RW access update")],
    since: "2.6.0",
    group: Group::Hash,
    complexity: "O(1)",
    summary: "Adds to the number in a field, fractions allowed; a field that is not there counts from 0.",
    syntax: "key:key#0 field increment:double",
    run: hincrbyfloat,
    ..Command::DEFAULT
};

fn hincrbyfloat(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, field, limits) = (ctx.arg(1), ctx.arg(2), limits(ctx));
    let increment = F80::parse(ctx.arg(3)).ok_or(Error::NOT_FLOAT)?;
    if increment.is_nan() || increment.is_infinite() {
        return Err(Error::new("ERR value is NaN or Infinity"));
    }
    let hash = ctx.db.write_or(key, Hash::default)?;
    let sum = match hash.get(field) {
        None => increment,
        Some(value) => F80::parse(&value.to_vec())
            .ok_or_else(|| Error::new("ERR hash value is not a float"))?
            .add(increment),
    };
    if sum.is_nan() || sum.is_infinite() {
        return Err(Error::NAN_RESULT);
    }
    let mut text = Vec::with_capacity(32);
    sum.write(&mut text);
    hash.set(field, &text, &limits);
    ctx.out.bulk(&text);
    ctx.db.modified(key, Class::HASH, "hincrbyfloat");
    // As the outcome: another machine's arithmetic might round otherwise.
    ctx.propagate_as(&[b"HSET", key, field, &text]);
    Ok(())
}
