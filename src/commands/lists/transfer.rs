//! Elements that go from one list to another, or round in one.
use super::{end, index_of, limits, pop_event, push_event, removed, settle};
use crate::command::{Begin, C, Command, Ctx, Deprecated, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::elements::bulk;
use crate::ds::quicklist::Side;
use crate::keyspace::{Class, list::List};

pub(super) const TABLE: &[Command] = &[LMOVE, RPOPLPUSH];

pub(super) const LMOVE: Command = Command {
    name: "lmove",
    arity: 5,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::LIST,
    keys: &[
        KeySpec::new("RW access delete", Begin::Index(1), Find::Range(0, 1, 0)),
        KeySpec::new("RW insert", Begin::Index(2), Find::Range(0, 1, 0)),
    ],
    since: "6.2.0",
    group: Group::List,
    summary: "Takes an element from one end of a list and puts it at one end of another, or of the same; gives the element.",
    syntax: "source:key#0 destination:key#1 wherefrom<LEFT|RIGHT> whereto<LEFT|RIGHT>",
    run: lmove,
    ..Command::DEFAULT
};

fn lmove(ctx: &mut Ctx<'_>) -> Outcome {
    let (from, to) = (end(ctx.arg(3))?, end(ctx.arg(4))?);
    reply_transfer(ctx, from, to)
}

const RPOPLPUSH: Command = Command {
    name: "rpoplpush",
    arity: 3,
    since: "1.2.0",
    summary: "Takes the last element of a list and puts it at the head of another, or of the same; gives the element.",
    syntax: "source:key#0 destination:key#1",
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`LMOVE` with the `RIGHT` and `LEFT` arguments",
    }),
    run: rpoplpush,
    ..LMOVE
};

fn rpoplpush(ctx: &mut Ctx<'_>) -> Outcome {
    reply_transfer(ctx, Side::After, Side::Before)
}

fn reply_transfer(ctx: &mut Ctx<'_>, from: Side, to: Side) -> Outcome {
    if !transfer(ctx, from, to)? {
        ctx.out.null();
    }
    Ok(())
}

/// Moves an element from the list of the first argument to that of the second, and gives it; false if there is none.
pub(super) fn transfer(ctx: &mut Ctx<'_>, from: Side, to: Side) -> Result<bool, Error> {
    let (source, target) = (ctx.arg(1), ctx.arg(2));
    let limits = limits(ctx);
    if ctx.db.write_as::<List>(source)?.is_none() {
        return Ok(false);
    }
    // The target's type is an error only if there is something to move, and before anything has changed.
    ctx.db.edit_as::<List>(target)?;
    let Some(list) = ctx.db.edit_as::<List>(source)? else {
        return Ok(false);
    };
    let element = list.get(index_of(from)).expect("no list is empty");
    bulk(ctx.out, element);
    let value = element.to_vec();
    list.pop(from);
    // The source may be empty for a moment: it can be the target too.
    let list = ctx.db.write_or(target, List::new)?;
    list.push(to, std::iter::once(&value[..]), limits);
    ctx.db.touch(target);
    ctx.db.notify(Class::LIST, push_event(to), target);
    if let Some(list) = ctx.db.edit_as::<List>(source)? {
        let empty = settle(list, limits);
        removed(ctx, source, pop_event(from), 1, empty);
    }
    Ok(true)
}
