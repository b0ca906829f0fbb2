//! Elements that are replaced or removed where they stand.
use super::{limits, read::clip, removed, settle};
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::elements;
use crate::keyspace::{Class, list::List};

pub(super) const TABLE: &[Command] = &[LREM, LSET, LTRIM];

const LSET: Command = Command {
    name: "lset",
    arity: 4,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::LIST,
    keys: &[KeySpec::new(
        "RW update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N), N the distance of the element from the nearer end; long lists are passed a whole node at a time.",
    summary: "Replaces the element at a position; negative ones count from the tail.",
    syntax: "key:key#0 index:integer element",
    run: lset,
    ..Command::DEFAULT
};

fn lset(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, value) = (ctx.arg(1), ctx.arg(3));
    let limits = limits(ctx);
    let list = ctx.db.write_as::<List>(key)?.ok_or(Error::NO_SUCH_KEY)?;
    // The real server keeps the lower 32 bits of the position here (and only here): 4294967295 is the last element.
    let index = ctx.args.int(2)? as i32;
    if !list.set(index.into(), value, limits) {
        return Err(Error::INDEX_RANGE);
    }
    ctx.db.modified(key, Class::LIST, "lset");
    ctx.out.ok();
    Ok(())
}

const LREM: Command = Command {
    name: "lrem",
    arity: 4,
    flags: F::WRITE,
    acl: C::LIST,
    keys: &[KeySpec::new(
        "RW delete",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N), N the elements of the list.",
    summary: "Removes elements with this value: the first few, with a negative count the last few, with 0 all.",
    syntax: "key:key#0 count:integer element",
    run: lrem,
    ..Command::DEFAULT
};

fn lrem(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, value) = (ctx.arg(1), ctx.arg(3));
    let count = elements::signed_count(ctx.arg(2))?;
    let limits = limits(ctx);
    let Some(list) = ctx.db.write_as::<List>(key)? else {
        ctx.out.int(0);
        return Ok(());
    };
    let most = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let gone = list.remove_matching(value, most, count < 0);
    if gone > 0 {
        let empty = settle(list, limits);
        removed(ctx, key, "lrem", gone, empty);
    }
    ctx.out.len(gone);
    Ok(())
}

const LTRIM: Command = Command {
    name: "ltrim",
    arity: 4,
    flags: F::WRITE,
    acl: C::LIST,
    keys: &[KeySpec::new(
        "RW delete",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N), N the elements removed.",
    summary: "Keeps the elements from one position to another and removes the rest.",
    syntax: "key:key#0 start:integer stop:integer",
    run: ltrim,
    ..Command::DEFAULT
};

fn ltrim(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let (start, stop) = (ctx.args.int(2)?, ctx.args.int(3)?);
    let limits = limits(ctx);
    let Some(list) = ctx.db.write_as::<List>(key)? else {
        ctx.out.ok();
        return Ok(());
    };
    let len = list.len();
    // Of a range outside the list nothing stays, and everything goes from the head.
    let (head, kept) = clip(start, stop, len).unwrap_or((len, 0));
    let tail = len - head - kept;
    if head > 0 {
        list.remove_range(0, head);
    }
    if tail > 0 {
        list.remove_range(-(tail as i64), tail);
    }
    let empty = settle(list, limits);
    // The event is sent even if nothing went; the log sees the command only if something did.
    removed(ctx, key, "ltrim", head + tail, empty);
    ctx.out.ok();
    Ok(())
}
