//! Members one by one: SADD, SREM, SMOVE, SISMEMBER and the like, SMEMBERS and SSCAN.
use super::{limits, one_key};
use crate::command::{Begin, C, Command, Ctx, F, Find, Group, KeySpec, Outcome};
use crate::commands::elements::{self, ScanOptions, Scanned};
use crate::keyspace::{Class, set::Set};
use crate::resp::Reply;

pub(super) const TABLE: &[Command] = &[
    SADD, SCARD, SISMEMBER, SMEMBERS, SMISMEMBER, SMOVE, SREM, SSCAN,
];

const SADD: Command = Command {
    name: "sadd",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::SET,
    keys: &[one_key("RW insert")],
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N), N the members given",
    summary: "Puts members into a set, which begins to exist with its first. Answers how many were new.",
    syntax: "key:key#0 member+",
    run: sadd,
    ..Command::DEFAULT
};

fn sadd(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, limits) = (ctx.arg(1), limits(ctx));
    let hint = ctx.argc() - 2;
    let first = ctx.arg(2);
    let set = ctx
        .db
        .write_or(key, || Set::with_hint(first, hint, &limits))?;
    set.expect(hint, &limits);
    let mut added = 0;
    for member in ctx.args.from(2) {
        added += i64::from(set.add(member, &limits));
    }
    if added > 0 {
        ctx.db.modified(key, Class::SET, "sadd");
        ctx.db.ks.dirty += added - 1;
    }
    ctx.out.int(added);
    Ok(())
}

const SREM: Command = Command {
    name: "srem",
    arity: -3,
    flags: F::WRITE.with(F::FAST),
    acl: C::SET,
    keys: &[one_key("RW delete")],
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N), N the members given",
    summary: "Takes members out of a set. Answers how many were there; with the last one the key goes.",
    syntax: "key:key#0 member+",
    run: srem,
    ..Command::DEFAULT
};

fn srem(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let mut removed = 0;
    if let Some(set) = ctx.db.write_as::<Set>(key)? {
        for member in ctx.args.from(2) {
            removed += i64::from(set.remove(member));
            if set.is_empty() {
                break;
            }
        }
    }
    if removed > 0 {
        ctx.db.modified(key, Class::SET, "srem");
        ctx.db.ks.dirty += removed - 1;
        ctx.db.remove_if_empty(key);
    }
    ctx.out.int(removed);
    Ok(())
}

const SMOVE: Command = Command {
    name: "smove",
    arity: 4,
    flags: F::WRITE.with(F::FAST),
    acl: C::SET,
    keys: &[
        one_key("RW access delete"),
        KeySpec::new("RW insert", Begin::Index(2), Find::Range(0, 1, 0)),
    ],
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(1)",
    summary: "Moves a member from one set to another, in one step that nobody sees half done.",
    syntax: "source:key#0 destination:key#1 member",
    run: smove,
    ..Command::DEFAULT
};

fn smove(ctx: &mut Ctx<'_>) -> Outcome {
    let (source, target, member) = (ctx.arg(1), ctx.arg(2), ctx.arg(3));
    let limits = limits(ctx);
    // A source that is not there ends the command before the target's type is looked at.
    if !ctx.db.exists(source) {
        ctx.out.int(0);
        return Ok(());
    }
    ctx.db.write_as::<Set>(source)?;
    ctx.db.edit_as::<Set>(target)?;
    let Some(set) = ctx.db.edit_as::<Set>(source)? else {
        unreachable!("it exists, and time stands still within a command");
    };
    if source == target {
        ctx.out.int(set.contains(member).into());
        return Ok(());
    }
    if !set.remove(member) {
        ctx.out.int(0);
        return Ok(());
    }
    ctx.db.modified(source, Class::SET, "srem");
    ctx.db.remove_if_empty(source);
    let set = ctx
        .db
        .write_or(target, || Set::with_hint(member, 1, &limits))?;
    if set.add(member, &limits) {
        ctx.db.modified(target, Class::SET, "sadd");
    }
    ctx.out.int(1);
    Ok(())
}

const SCARD: Command = Command {
    name: "scard",
    arity: 2,
    flags: F::READONLY.with(F::FAST),
    acl: C::SET,
    keys: &[one_key("RO")],
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(1)",
    summary: "Counts the members of a set.",
    syntax: "key:key#0",
    run: scard,
    ..Command::DEFAULT
};

fn scard(ctx: &mut Ctx<'_>) -> Outcome {
    let set = ctx.db.read_as::<Set>(ctx.args.get(1))?;
    ctx.out.len(set.map_or(0, Set::len));
    Ok(())
}

const SISMEMBER: Command = Command {
    name: "sismember",
    arity: 3,
    flags: F::READONLY.with(F::FAST),
    acl: C::SET,
    keys: &[one_key("RO")],
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(1)",
    summary: "Tells whether a set has a member: 1 or 0.",
    syntax: "key:key#0 member",
    run: sismember,
    ..Command::DEFAULT
};

fn sismember(ctx: &mut Ctx<'_>) -> Outcome {
    let set = ctx.db.read_as::<Set>(ctx.args.get(1))?;
    let member = ctx.args.get(2);
    ctx.out
        .int(set.is_some_and(|set| set.contains(member)).into());
    Ok(())
}

const SMISMEMBER: Command = Command {
    name: "smismember",
    arity: -3,
    flags: F::READONLY.with(F::FAST),
    acl: C::SET,
    keys: &[one_key("RO access")],
    since: "6.2.0",
    group: Group::Set,
    complexity: "O(N), N the members asked for",
    summary: "Tells of several members at once whether a set has them.",
    syntax: "key:key#0 member+",
    run: smismember,
    ..Command::DEFAULT
};

fn smismember(ctx: &mut Ctx<'_>) -> Outcome {
    let set = ctx.db.read_as::<Set>(ctx.args.get(1))?;
    ctx.out.array(ctx.args.len() - 2);
    for member in ctx.args.from(2) {
        ctx.out
            .int(set.is_some_and(|set| set.contains(member)).into());
    }
    Ok(())
}

const SMEMBERS: Command = Command {
    name: "smembers",
    arity: 2,
    flags: F::READONLY,
    acl: C::SET,
    keys: &[one_key("RO access")],
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N), N the members",
    summary: "Lists all members of a set.",
    syntax: "key:key#0",
    tips: &["nondeterministic_output_order"],
    run: smembers,
    ..Command::DEFAULT
};

fn smembers(ctx: &mut Ctx<'_>) -> Outcome {
    let Some(set) = ctx.db.read_as::<Set>(ctx.args.get(1))? else {
        ctx.out.set(0);
        return Ok(());
    };
    ctx.out.set(set.len());
    set.for_each(&mut |member: &[u8]| ctx.out.bulk(member));
    Ok(())
}

const SSCAN: Command = Command {
    name: "sscan",
    arity: -3,
    flags: F::READONLY,
    acl: C::SET,
    keys: &[one_key("RO access")],
    since: "2.8.0",
    group: Group::Set,
    complexity: "O(1) a call with a fixed COUNT, O(N) for the calls that walk all N members",
    summary: "Walks a set a few members at a time: every call gives the cursor for the next, 0 at the end.",
    syntax: "key:key#0 cursor:integer [MATCH=pattern:pattern] [COUNT=count:integer]",
    tips: &["nondeterministic_output"],
    run: sscan,
    ..Command::DEFAULT
};

fn sscan(ctx: &mut Ctx<'_>) -> Outcome {
    let cursor = elements::scan_cursor(ctx.arg(2))?;
    let Some(set) = ctx.db.read_as::<Set>(ctx.args.get(1))? else {
        elements::empty_scan(ctx.out);
        return Ok(());
    };
    let options = ScanOptions::read(&mut ctx.args.cursor(3), Scanned::Set)?;
    let (mut body, mut n) = (Reply::new(ctx.out.proto), 0);
    let next = options.run(cursor, |at| {
        let mut seen = 0;
        let next = set.scan(at, &mut |member| {
            seen += 1;
            if options.passes(member) {
                elements::bulk(&mut body, member);
                n += 1;
            }
        });
        (next, seen)
    });
    elements::scan_reply(ctx.out, next, &body, n);
    Ok(())
}
