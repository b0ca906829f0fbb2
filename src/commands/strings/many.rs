//! Many strings with one command.
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::{Class, IntBuf, Str, Typed};

pub(super) const TABLE: &[Command] = &[MGET, MSET, MSETNX];

const MGET: Command = Command {
    name: "mget",
    arity: -2,
    flags: F::READONLY.with(F::FAST),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(-1, 1, 0),
    )],
    group: Group::String,
    complexity: "O(N), N the keys.",
    summary: "Gives the strings that several keys hold; null for a key that is missing or holds no string.",
    syntax: "key:key#0+",
    tips: &["request_policy:multi_shard"],
    run: mget,
    ..Command::DEFAULT
};

fn mget(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.array(ctx.argc() - 1);
    for key in ctx.args.from(1) {
        match ctx.db.read(key).and_then(Str::of) {
            Some(value) => ctx.out.bulk(value.bytes(&mut IntBuf::default())),
            None => ctx.out.null(),
        }
    }
    Ok(())
}

const MSET: Command = Command {
    name: "mset",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "OW update",
        Begin::Index(1),
        Find::Range(-1, 2, 0),
    )],
    since: "1.0.1",
    group: Group::String,
    complexity: "O(N), N the keys.",
    summary: "Stores strings under several keys, all at once.",
    syntax: "data(key:key#0 value)+",
    tips: &[
        "request_policy:multi_shard",
        "response_policy:all_succeeded",
    ],
    run: mset,
    ..Command::DEFAULT
};

fn mset(ctx: &mut Ctx<'_>) -> Outcome {
    store_pairs(ctx, false)?;
    ctx.out.ok();
    Ok(())
}

const MSETNX: Command = Command {
    name: "msetnx",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "OW insert",
        Begin::Index(1),
        Find::Range(-1, 2, 0),
    )],
    since: "1.0.1",
    group: Group::String,
    complexity: "O(N), N the keys.",
    summary: "Stores strings under several keys, but only if none of the keys is there yet.",
    syntax: "data(key:key#0 value)+",
    run: msetnx,
    ..Command::DEFAULT
};

fn msetnx(ctx: &mut Ctx<'_>) -> Outcome {
    let stored = store_pairs(ctx, true)?;
    ctx.out.int(i64::from(stored));
    Ok(())
}

/// Stores key after key with its value; with `only_new` nothing at all if one of them is there. Whether it stored.
fn store_pairs(ctx: &mut Ctx<'_>, only_new: bool) -> Result<bool, Error> {
    if ctx.argc().is_multiple_of(2) {
        return Err(Error::arity(ctx.command.name));
    }
    if only_new && ctx.args.from(1).step_by(2).any(|key| ctx.db.uses_key(key)) {
        return Ok(false);
    }
    for at in (1..ctx.argc()).step_by(2) {
        let (key, value) = (ctx.arg(at), ctx.arg(at + 1));
        ctx.db.set_str(key, value, false);
        ctx.db.modified(key, Class::STRING, "set");
    }
    Ok(true)
}
