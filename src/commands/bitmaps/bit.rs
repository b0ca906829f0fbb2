//! One bit.
use super::{offset, writable};
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::ds::bits;
use crate::keyspace::{Class, IntBuf, Str};

pub(super) const TABLE: &[Command] = &[GETBIT, SETBIT];

const GETBIT: Command = Command {
    name: "getbit",
    arity: 3,
    flags: F::READONLY.with(F::FAST),
    acl: C::BITMAP,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.2.0",
    group: Group::Bitmap,
    complexity: "O(1)",
    summary: "Gives one bit of a string; behind its end all bits are 0.",
    syntax: "key:key#0 offset:integer",
    run: getbit,
    ..Command::DEFAULT
};

fn getbit(ctx: &mut Ctx<'_>) -> Outcome {
    let at = offset(ctx, 2, None)?;
    let value = ctx.db.read_as::<Str>(ctx.arg(1))?;
    let on = value.is_some_and(|v| bits::get(v.bytes(&mut IntBuf::default()), at));
    ctx.out.int(i64::from(on));
    Ok(())
}

const SETBIT: Command = Command {
    name: "setbit",
    arity: 4,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::BITMAP,
    keys: &[KeySpec::new(
        "RW access update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.2.0",
    group: Group::Bitmap,
    complexity: "O(1), but for the zero bytes that a bit far behind the end needs before it.",
    summary: "Sets or clears one bit of a string and gives what it was; the string grows up to there.",
    syntax: "key:key#0 offset:integer value:integer",
    run: setbit,
    ..Command::DEFAULT
};

fn setbit(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let at = offset(ctx, 2, None)?;
    let refused = Error(b"ERR bit is not an integer or out of range".into());
    let on = match ctx.arg(3) {
        b"0" => false,
        b"1" => true,
        _ => return Err(refused),
    };
    let (bytes, grown) = writable(ctx, key, at)?;
    let old = bits::get(bytes, at);
    bits::set(bytes, at, on);
    if grown || old != on {
        ctx.db.modified(key, Class::STRING, "setbit");
    }
    ctx.out.int(i64::from(old));
    Ok(())
}
