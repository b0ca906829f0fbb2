//! Strings that are numbers.
use crate::base::f80::F80;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::{Class, IntBuf, Str, Value};

pub(super) const TABLE: &[Command] = &[DECR, DECRBY, INCR, INCRBY, INCRBYFLOAT];

const INCR: Command = Command {
    name: "incr",
    arity: 2,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "RW access update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    group: Group::String,
    summary: "Adds 1 to the integer that a key holds; a missing key counts as 0.",
    syntax: "key:key#0",
    run: incr,
    ..Command::DEFAULT
};

fn incr(ctx: &mut Ctx<'_>) -> Outcome {
    add(ctx, 1)
}

const DECR: Command = Command {
    name: "decr",
    summary: "Takes 1 from the integer that a key holds; a missing key counts as 0.",
    run: decr,
    ..INCR
};

fn decr(ctx: &mut Ctx<'_>) -> Outcome {
    add(ctx, -1)
}

const INCRBY: Command = Command {
    name: "incrby",
    arity: 3,
    summary: "Adds to the integer that a key holds; a missing key counts as 0.",
    syntax: "key:key#0 increment:integer",
    run: incrby,
    ..INCR
};

fn incrby(ctx: &mut Ctx<'_>) -> Outcome {
    let by = ctx.args.int(2)?;
    add(ctx, by)
}

const DECRBY: Command = Command {
    name: "decrby",
    arity: 3,
    summary: "Subtracts from the integer that a key holds; a missing key counts as 0.",
    syntax: "key:key#0 decrement:integer",
    run: decrby,
    ..INCR
};

fn decrby(ctx: &mut Ctx<'_>) -> Outcome {
    let by = ctx.args.int(2)?.checked_neg();
    add(ctx, by.ok_or(Error::new("ERR decrement would overflow"))?)
}

/// Adds `by` to the integer under the command's key. One lookup where the key is there.
fn add(ctx: &mut Ctx<'_>, by: i64) -> Outcome {
    let key = ctx.arg(1);
    // A new key starts at 0, and 0 plus anything cannot fail: no key is left behind by an error.
    let value = ctx.db.write_or(key, || Str::Int(0))?;
    let old = value.as_int().ok_or(Error::NOT_INTEGER)?;
    let new = old.checked_add(by).ok_or(Error::OVERFLOW)?;
    *value = Str::Int(new);
    ctx.db.modified(key, Class::STRING, "incrby");
    ctx.out.int(new);
    Ok(())
}

const INCRBYFLOAT: Command = Command {
    name: "incrbyfloat",
    arity: 3,
    since: "2.6.0",
    summary: "Adds to the floating-point number that a key holds; a missing key counts as 0.",
    syntax: "key:key#0 increment:double",
    run: incrbyfloat,
    ..INCR
};

fn incrbyfloat(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let read = |bytes: &[u8]| F80::parse(bytes).ok_or(Error::NOT_FLOAT);
    let old = match ctx.db.edit_as::<Str>(key)? {
        Some(value) => read(value.bytes(&mut IntBuf::default()))?,
        None => read(b"0")?,
    };
    let new = old.add(read(ctx.arg(2))?);
    if new.is_nan() || new.is_infinite() {
        return Err(Error::NAN_RESULT);
    }
    let mut text = Vec::with_capacity(32);
    new.write(&mut text);
    ctx.db.set(key, Value::Str(Str::plain(&text)), true);
    ctx.db.modified(key, Class::STRING, "incrbyfloat");
    ctx.out.bulk(&text);
    // As its result: another machine might round the sum otherwise.
    ctx.propagate_as(&[b"SET", key, &text, b"KEEPTTL"]);
    Ok(())
}
