//! Fields one by one: HSET and its kin, HGET, HMGET, HDEL, HEXISTS, HSTRLEN.
use super::{limits, one_key};
use crate::command::{C, Command, Ctx, Deprecated, Error, F, Group, Outcome};
use crate::commands::elements;
use crate::keyspace::{Class, hash::Hash};

pub(super) const TABLE: &[Command] = &[HDEL, HEXISTS, HGET, HMGET, HMSET, HSET, HSETNX, HSTRLEN];

const HSET: Command = Command {
    name: "hset",
    arity: -4,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::HASH,
    keys: &[one_key("RW update")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(N), N the fields given",
    summary: "Sets fields of a hash, which begins to exist with its first. Answers how many fields were new.",
    syntax: "key:key#0 data(field value)+",
    run: hset,
    ..Command::DEFAULT
};

fn hset(ctx: &mut Ctx<'_>) -> Outcome {
    let created = set_fields(ctx)?;
    ctx.out.int(created);
    Ok(())
}

/// Sets the fields given from argument 2 on; how many are new.
fn set_fields(ctx: &mut Ctx<'_>) -> Result<i64, Error> {
    if !ctx.argc().is_multiple_of(2) {
        return Err(Error::arity(ctx.command.name));
    }
    let (key, limits) = (ctx.arg(1), limits(ctx));
    let hash = ctx.db.write_or(key, Hash::default)?;
    hash.expect(ctx.args.from(2), &limits);
    let mut created = 0;
    let mut texts = ctx.args.from(2);
    while let (Some(field), Some(value)) = (texts.next(), texts.next()) {
        created += i64::from(hash.set(field, value, &limits));
    }
    ctx.db.modified(key, Class::HASH, "hset");
    ctx.db.ks.dirty += (ctx.argc() as i64 - 2) / 2 - 1;
    Ok(created)
}

const HMSET: Command = Command {
    name: "hmset",
    arity: -4,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::HASH,
    keys: &[one_key("RW update")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(N), N the fields given",
    summary: "Sets fields of a hash, as HSET does, but just answers OK.",
    syntax: "key:key#0 data(field value)+",
    deprecated: Some(Deprecated {
        since: "4.0.0",
        replaced_by: "`HSET` with multiple field-value pairs",
    }),
    run: hmset,
    ..Command::DEFAULT
};

fn hmset(ctx: &mut Ctx<'_>) -> Outcome {
    set_fields(ctx)?;
    ctx.out.ok();
    Ok(())
}

const HSETNX: Command = Command {
    name: "hsetnx",
    arity: 4,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::HASH,
    keys: &[one_key("RW insert")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(1)",
    summary: "Sets a field of a hash only if it is not there yet.",
    syntax: "key:key#0 field value",
    run: hsetnx,
    ..Command::DEFAULT
};

fn hsetnx(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, field, limits) = (ctx.arg(1), ctx.arg(2), limits(ctx));
    let hash = ctx.db.write_or(key, Hash::default)?;
    if hash.contains(field) {
        ctx.out.int(0);
        return Ok(());
    }
    hash.expect(ctx.args.from(2), &limits);
    hash.set(field, ctx.args.get(3), &limits);
    ctx.out.int(1);
    ctx.db.modified(key, Class::HASH, "hset");
    Ok(())
}

const HGET: Command = Command {
    name: "hget",
    arity: 3,
    flags: F::READONLY.with(F::FAST),
    acl: C::HASH,
    keys: &[one_key("RO access")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(1)",
    summary: "Gives the value of a field.",
    syntax: "key:key#0 field",
    run: hget,
    ..Command::DEFAULT
};

fn hget(ctx: &mut Ctx<'_>) -> Outcome {
    let hash = ctx.db.read_as::<Hash>(ctx.args.get(1))?;
    match hash.and_then(|hash| hash.get(ctx.args.get(2))) {
        Some(value) => elements::bulk(ctx.out, value),
        None => ctx.out.null(),
    }
    Ok(())
}

const HMGET: Command = Command {
    name: "hmget",
    arity: -3,
    flags: F::READONLY.with(F::FAST),
    acl: C::HASH,
    keys: &[one_key("RO access")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(N), N the fields asked for",
    summary: "Gives the values of several fields, with nulls for those that are not there.",
    syntax: "key:key#0 field+",
    run: hmget,
    ..Command::DEFAULT
};

fn hmget(ctx: &mut Ctx<'_>) -> Outcome {
    let hash = ctx.db.read_as::<Hash>(ctx.args.get(1))?;
    ctx.out.array(ctx.args.len() - 2);
    for field in ctx.args.from(2) {
        match hash.and_then(|hash| hash.get(field)) {
            Some(value) => elements::bulk(ctx.out, value),
            None => ctx.out.null(),
        }
    }
    Ok(())
}

const HDEL: Command = Command {
    name: "hdel",
    arity: -3,
    flags: F::WRITE.with(F::FAST),
    acl: C::HASH,
    keys: &[one_key("RW delete")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(N), N the fields given",
    summary: "Removes fields of a hash. Answers how many were there; with the last one the key goes.",
    syntax: "key:key#0 field+",
    run: hdel,
    ..Command::DEFAULT
};

fn hdel(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let mut removed = 0;
    if let Some(hash) = ctx.db.write_as::<Hash>(key)? {
        for field in ctx.args.from(2) {
            removed += i64::from(hash.remove(field));
            if hash.is_empty() {
                break;
            }
        }
    }
    if removed > 0 {
        ctx.db.modified(key, Class::HASH, "hdel");
        ctx.db.ks.dirty += removed - 1;
        ctx.db.remove_if_empty(key);
    }
    ctx.out.int(removed);
    Ok(())
}

const HEXISTS: Command = Command {
    name: "hexists",
    arity: 3,
    flags: F::READONLY.with(F::FAST),
    acl: C::HASH,
    keys: &[one_key("RO")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(1)",
    summary: "Tells whether a hash has a field: 1 or 0.",
    syntax: "key:key#0 field",
    run: hexists,
    ..Command::DEFAULT
};

fn hexists(ctx: &mut Ctx<'_>) -> Outcome {
    let hash = ctx.db.read_as::<Hash>(ctx.args.get(1))?;
    let field = ctx.args.get(2);
    ctx.out
        .int(hash.is_some_and(|hash| hash.contains(field)).into());
    Ok(())
}

const HSTRLEN: Command = Command {
    name: "hstrlen",
    arity: 3,
    flags: F::READONLY.with(F::FAST),
    acl: C::HASH,
    keys: &[one_key("RO")],
    since: "3.2.0",
    group: Group::Hash,
    complexity: "O(1)",
    summary: "Gives the length of a field's value in bytes, 0 if the field is not there.",
    syntax: "key:key#0 field",
    run: hstrlen,
    ..Command::DEFAULT
};

fn hstrlen(ctx: &mut Ctx<'_>) -> Outcome {
    let hash = ctx.db.read_as::<Hash>(ctx.args.get(1))?;
    let value = hash.and_then(|hash| hash.get(ctx.args.get(2)));
    ctx.out.len(value.map_or(0, |value| value.len()));
    Ok(())
}
