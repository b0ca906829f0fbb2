//! Whole strings: read, read and taken away, read and replaced.
use crate::command::{Begin, C, Command, Ctx, Deprecated, Error, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::{Class, IntBuf, Str};

pub(super) const TABLE: &[Command] = &[GET, GETDEL, GETSET, STRLEN];

/// Replies with the string under `key`, or null; whether there was one.
pub(super) fn reply_get(ctx: &mut Ctx<'_>, key: &[u8]) -> Result<bool, Error> {
    match ctx.db.read_as::<Str>(key)? {
        Some(value) => {
            ctx.out.bulk(value.bytes(&mut IntBuf::default()));
            Ok(true)
        }
        None => {
            ctx.out.null();
            Ok(false)
        }
    }
}

const GET: Command = Command {
    name: "get",
    arity: 2,
    flags: F::READONLY.with(F::FAST),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    group: Group::String,
    summary: "Gives the string that a key holds.",
    syntax: "key:key#0",
    run: get,
    ..Command::DEFAULT
};

fn get(ctx: &mut Ctx<'_>) -> Outcome {
    reply_get(ctx, ctx.arg(1)).map(|_| ())
}

const GETDEL: Command = Command {
    name: "getdel",
    arity: 2,
    flags: F::WRITE.with(F::FAST),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "RW access delete",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "6.2.0",
    group: Group::String,
    summary: "Gives the string that a key holds and deletes the key.",
    syntax: "key:key#0",
    run: getdel,
    ..Command::DEFAULT
};

fn getdel(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    if reply_get(ctx, key)? {
        ctx.db.remove(key);
        ctx.db.modified(key, Class::GENERIC, "del");
        ctx.propagate_as(&[b"DEL", key]);
    }
    Ok(())
}

const GETSET: Command = Command {
    name: "getset",
    arity: 3,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "RW access update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    group: Group::String,
    summary: "Stores a string and gives the one it replaces.",
    syntax: "key:key#0 value",
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`SET` with the `!GET` argument",
    }),
    run: getset,
    ..Command::DEFAULT
};

fn getset(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, value) = (ctx.arg(1), ctx.arg(2));
    reply_get(ctx, key)?;
    ctx.db.set_str(key, value, false);
    ctx.db.modified(key, Class::STRING, "set");
    ctx.propagate_as(&[b"SET", key, value]);
    Ok(())
}

const STRLEN: Command = Command {
    name: "strlen",
    arity: 2,
    flags: F::READONLY.with(F::FAST),
    acl: C::STRING,
    keys: &[KeySpec::new("RO", Begin::Index(1), Find::Range(0, 1, 0))],
    since: "2.2.0",
    group: Group::String,
    summary: "Gives the length of a string in bytes.",
    syntax: "key:key#0",
    run: strlen,
    ..Command::DEFAULT
};

fn strlen(ctx: &mut Ctx<'_>) -> Outcome {
    let len = ctx.db.read_as::<Str>(ctx.arg(1))?.map_or(0, Str::len);
    ctx.out.len(len);
    Ok(())
}
