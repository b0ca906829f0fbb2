//! Whole hashes: HGETALL, HKEYS, HVALS, HLEN and HSCAN.
use super::one_key;
use crate::command::{C, Command, Ctx, F, Group, Outcome};
use crate::commands::elements::{self, ScanOptions, Scanned};
use crate::keyspace::hash::Hash;
use crate::resp::Reply;

pub(super) const TABLE: &[Command] = &[HGETALL, HKEYS, HLEN, HSCAN, HVALS];

const HGETALL: Command = Command {
    name: "hgetall",
    arity: 2,
    flags: F::READONLY,
    acl: C::HASH,
    keys: &[one_key("RO access")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(N), N the fields",
    summary: "Gives all fields of a hash with their values.",
    syntax: "key:key#0",
    tips: &["nondeterministic_output_order"],
    run: hgetall,
    ..Command::DEFAULT
};

fn hgetall(ctx: &mut Ctx<'_>) -> Outcome {
    let Some(hash) = ctx.db.read_as::<Hash>(ctx.args.get(1))? else {
        ctx.out.map(0);
        return Ok(());
    };
    ctx.out.map(hash.len());
    hash.pairs(&mut |field, value| {
        elements::bulk(ctx.out, field);
        elements::bulk(ctx.out, value);
    });
    Ok(())
}

const HKEYS: Command = Command {
    name: "hkeys",
    arity: 2,
    flags: F::READONLY,
    acl: C::HASH,
    keys: &[one_key("RO access")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(N), N the fields",
    summary: "Lists the fields of a hash.",
    syntax: "key:key#0",
    tips: &["nondeterministic_output_order"],
    run: hkeys,
    ..Command::DEFAULT
};

fn hkeys(ctx: &mut Ctx<'_>) -> Outcome {
    let Some(hash) = ctx.db.read_as::<Hash>(ctx.args.get(1))? else {
        ctx.out.array(0);
        return Ok(());
    };
    ctx.out.array(hash.len());
    hash.pairs(&mut |field, _| elements::bulk(ctx.out, field));
    Ok(())
}

const HVALS: Command = Command {
    name: "hvals",
    arity: 2,
    flags: F::READONLY,
    acl: C::HASH,
    keys: &[one_key("RO access")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(N), N the fields",
    summary: "Lists the values of a hash, in the order in which HKEYS lists its fields.",
    syntax: "key:key#0",
    tips: &["nondeterministic_output_order"],
    run: hvals,
    ..Command::DEFAULT
};

fn hvals(ctx: &mut Ctx<'_>) -> Outcome {
    let Some(hash) = ctx.db.read_as::<Hash>(ctx.args.get(1))? else {
        ctx.out.array(0);
        return Ok(());
    };
    ctx.out.array(hash.len());
    hash.pairs(&mut |_, value| elements::bulk(ctx.out, value));
    Ok(())
}

const HLEN: Command = Command {
    name: "hlen",
    arity: 2,
    flags: F::READONLY.with(F::FAST),
    acl: C::HASH,
    keys: &[one_key("RO")],
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(1)",
    summary: "Counts the fields of a hash.",
    syntax: "key:key#0",
    run: hlen,
    ..Command::DEFAULT
};

fn hlen(ctx: &mut Ctx<'_>) -> Outcome {
    let hash = ctx.db.read_as::<Hash>(ctx.args.get(1))?;
    ctx.out.len(hash.map_or(0, Hash::len));
    Ok(())
}

const HSCAN: Command = Command {
    name: "hscan",
    arity: -3,
    flags: F::READONLY,
    acl: C::HASH,
    keys: &[one_key("RO access")],
    since: "2.8.0",
    group: Group::Hash,
    complexity: "O(1) a call with a fixed COUNT, O(N) for the calls that walk all N fields",
    summary: "Walks a hash a few fields at a time: every call gives the cursor for the next, 0 at the end.",
    syntax: "key:key#0 cursor:integer [MATCH=pattern:pattern] [COUNT=count:integer] [NOVALUES]",
    tips: &["nondeterministic_output"],
    run: hscan,
    ..Command::DEFAULT
};

fn hscan(ctx: &mut Ctx<'_>) -> Outcome {
    let cursor = elements::scan_cursor(ctx.arg(2))?;
    let Some(hash) = ctx.db.read_as::<Hash>(ctx.args.get(1))? else {
        elements::empty_scan(ctx.out);
        return Ok(());
    };
    let options = ScanOptions::read(&mut ctx.args.cursor(3), Scanned::Hash)?;
    let (mut body, mut n) = (Reply::new(ctx.out.proto), 0);
    let next = options.run(cursor, |at| {
        let mut seen = 0;
        let next = hash.scan(at, &mut |field, value| {
            seen += 1;
            if !options.passes(field) {
                return;
            }
            elements::bulk(&mut body, field);
            n += 1;
            if !options.names_only {
                elements::bulk(&mut body, value);
                n += 1;
            }
        });
        (next, seen)
    });
    elements::scan_reply(ctx.out, next, &body, n);
    Ok(())
}
