//! Elements that come in.
use super::{limits, push_event};
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::ds::quicklist::Side;
use crate::keyspace::{Class, list::List};

pub(super) const TABLE: &[Command] = &[LINSERT, LPUSH, LPUSHX, RPUSH, RPUSHX];

const LPUSH: Command = Command {
    name: "lpush",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::LIST,
    keys: &[KeySpec::new(
        "RW insert",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N), N the elements given.",
    summary: "Puts elements at the head of a list, each before the one given earlier; a missing key is an empty list.",
    syntax: "key:key#0 element+",
    run: lpush,
    ..Command::DEFAULT
};

fn lpush(ctx: &mut Ctx<'_>) -> Outcome {
    push(ctx, Side::Before)
}

const RPUSH: Command = Command {
    name: "rpush",
    summary: "Puts elements at the tail of a list, each after the one given earlier; a missing key is an empty list.",
    run: rpush,
    ..LPUSH
};

fn rpush(ctx: &mut Ctx<'_>) -> Outcome {
    push(ctx, Side::After)
}

const LPUSHX: Command = Command {
    name: "lpushx",
    since: "2.2.0",
    summary: "Puts elements at the head of a list, but only if there is one.",
    run: lpushx,
    ..LPUSH
};

fn lpushx(ctx: &mut Ctx<'_>) -> Outcome {
    push_existing(ctx, Side::Before)
}

const RPUSHX: Command = Command {
    name: "rpushx",
    since: "2.2.0",
    summary: "Puts elements at the tail of a list, but only if there is one.",
    run: rpushx,
    ..LPUSH
};

fn rpushx(ctx: &mut Ctx<'_>) -> Outcome {
    push_existing(ctx, Side::After)
}

fn push_existing(ctx: &mut Ctx<'_>, end: Side) -> Outcome {
    if ctx.db.exists(ctx.arg(1)) {
        return push(ctx, end);
    }
    ctx.out.int(0);
    Ok(())
}

fn push(ctx: &mut Ctx<'_>, end: Side) -> Outcome {
    let key = ctx.arg(1);
    let values = ctx.args.from(2);
    let count = values.len();
    let limits = limits(ctx);
    let list = ctx.db.write_or(key, List::new)?;
    list.push(end, values, limits);
    ctx.out.len(list.len());
    ctx.db.modified(key, Class::LIST, push_event(end));
    ctx.db.ks.dirty += count as i64 - 1;
    Ok(())
}

const LINSERT: Command = Command {
    name: "linsert",
    arity: 5,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::LIST,
    keys: &[KeySpec::new(
        "RW insert",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.2.0",
    group: Group::List,
    complexity: "O(N), N the elements from the head to the pivot.",
    summary: "Puts an element before or after the first one that equals the pivot.",
    syntax: "key:key#0 where<BEFORE|AFTER> pivot element",
    run: linsert,
    ..Command::DEFAULT
};

fn linsert(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, pivot, value) = (ctx.arg(1), ctx.arg(3), ctx.arg(4));
    let side = if ctx.args.is(2, "after") {
        Side::After
    } else if ctx.args.is(2, "before") {
        Side::Before
    } else {
        return Err(Error::SYNTAX);
    };
    let limits = limits(ctx);
    let Some(list) = ctx.db.write_as::<List>(key)? else {
        ctx.out.int(0);
        return Ok(());
    };
    if !list.insert(side, pivot, value, limits) {
        ctx.out.int(-1);
        return Ok(());
    }
    ctx.out.len(list.len());
    ctx.db.modified(key, Class::LIST, "linsert");
    Ok(())
}
