//! Elements that are taken from an end.
use super::{at_least, end, index_of, limits, pop_event, removed, settle};
use crate::base::num;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::elements::bulk;
use crate::ds::quicklist::Side;
use crate::keyspace::list::List;

pub(super) const TABLE: &[Command] = &[LMPOP, LPOP, RPOP];

pub(super) const LPOP: Command = Command {
    name: "lpop",
    arity: -2,
    flags: F::WRITE.with(F::FAST),
    acl: C::LIST,
    keys: &[KeySpec::new(
        "RW access delete",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N), N the elements returned.",
    summary: "Takes the first element of a list, or the first few; the key goes with the last one.",
    syntax: "key:key#0 [count:integer@6.2.0]",
    run: lpop,
    ..Command::DEFAULT
};

fn lpop(ctx: &mut Ctx<'_>) -> Outcome {
    pop(ctx, Side::Before)
}

const RPOP: Command = Command {
    name: "rpop",
    summary: "Takes the last element of a list, or the last few from the tail on; the key goes with the last one.",
    run: rpop,
    ..LPOP
};

fn rpop(ctx: &mut Ctx<'_>) -> Outcome {
    pop(ctx, Side::After)
}

fn pop(ctx: &mut Ctx<'_>, end: Side) -> Outcome {
    let key = ctx.arg(1);
    let count = match ctx.argc() {
        2 => None,
        3 => Some(at_least(0, ctx.arg(2), Error::NOT_POSITIVE)?),
        _ => return Err(Error::arity(ctx.command.name)),
    };
    let Some(count) = count else {
        if !pop_one(ctx, key, end)? {
            ctx.out.null();
        }
        return Ok(());
    };
    if ctx.db.write_as::<List>(key)?.is_none() {
        ctx.out.null_array();
    } else if count == 0 {
        ctx.out.array(0);
    } else {
        pop_many(ctx, key, end, count)?;
    }
    Ok(())
}

/// Replies with the element at that end and removes it; false if there is no list.
pub(super) fn pop_one(ctx: &mut Ctx<'_>, key: &[u8], end: Side) -> Result<bool, Error> {
    let limits = limits(ctx);
    let Some(list) = ctx.db.write_as::<List>(key)? else {
        return Ok(false);
    };
    let element = list.get(index_of(end)).expect("no list is empty");
    bulk(ctx.out, element);
    list.pop(end);
    let empty = settle(list, limits);
    removed(ctx, key, pop_event(end), 1, empty);
    Ok(true)
}

/// Replies with up to `count` elements from that end on, and removes them from the list at `key`; returns how many.
fn pop_many(ctx: &mut Ctx<'_>, key: &[u8], end: Side, count: usize) -> Result<usize, Error> {
    let limits = limits(ctx);
    let Some(list) = ctx.db.edit_as::<List>(key)? else {
        return Ok(0);
    };
    let count = count.min(list.len());
    ctx.out.array(count);
    let forward = end == Side::Before;
    for element in list.iter_from(index_of(end), forward).take(count) {
        bulk(ctx.out, element);
    }
    let start = if forward { 0 } else { -(count as i64) };
    list.remove_range(start, count);
    let empty = settle(list, limits);
    removed(ctx, key, pop_event(end), count, empty);
    Ok(count)
}

pub(super) const LMPOP: Command = Command {
    name: "lmpop",
    arity: -4,
    flags: F::WRITE.with(F::MOVABLEKEYS),
    acl: C::LIST,
    keys: &[KeySpec::new(
        "RW access delete",
        Begin::Index(1),
        Find::KeyNum(0, 1, 1),
    )],
    since: "7.0.0",
    group: Group::List,
    complexity: "O(N+M), N the keys given, M the elements returned.",
    summary: "Takes elements from one end of the first of these lists that exists.",
    syntax: "numkeys:integer key:key#0+ where<LEFT|RIGHT> [COUNT=count:integer]",
    run: lmpop,
    ..Command::DEFAULT
};

fn lmpop(ctx: &mut Ctx<'_>) -> Outcome {
    let request = Many::read(ctx, 1)?;
    if !pop_first(ctx, &request)? {
        ctx.out.null_array();
    }
    Ok(())
}

/// Which elements LMPOP and BLMPOP are asked for.
pub(super) struct Many {
    /// Where the keys begin, and how many there are.
    pub(super) keys: (usize, usize),
    end: Side,
    count: usize,
}

impl Many {
    /// Reads a request whose number of keys is argument `at`.
    pub(super) fn read(ctx: &Ctx<'_>, at: usize) -> Result<Many, Error> {
        let too_few_keys = Error::new("ERR numkeys should be greater than 0");
        let keys = at_least(1, ctx.args.get(at), too_few_keys)?;
        if keys >= ctx.argc() - at - 1 {
            return Err(Error::SYNTAX);
        }
        let mut options = ctx.cursor(at + 1 + keys);
        let end = end(options.word()?)?;
        let mut count = None;
        while !options.is_done() {
            if count.is_some() || !options.take_with("count", 1) {
                return Err(Error::SYNTAX);
            }
            let too_few = Error::new("ERR count should be greater than 0");
            count = Some(at_least(1, options.word()?, too_few)?);
        }
        Ok(Many {
            keys: (at + 1, keys),
            end,
            count: count.unwrap_or(1),
        })
    }
}

/// Takes elements out of the first of the lists that is there; false if none is.
pub(super) fn pop_first(ctx: &mut Ctx<'_>, request: &Many) -> Result<bool, Error> {
    let (first, keys) = request.keys;
    for key in ctx.args.from(first).take(keys) {
        if ctx.db.write_as::<List>(key)?.is_none() {
            continue;
        }
        ctx.out.array(2);
        ctx.out.bulk(key);
        let popped = pop_many(ctx, key, request.end, request.count)?;
        let name: &[u8] = match request.end {
            Side::Before => b"LPOP",
            Side::After => b"RPOP",
        };
        let mut digits = [0; 20];
        let popped = num::i64_bytes(popped as i64, &mut digits);
        ctx.propagate_as(&[name, key, popped]);
        return Ok(true);
    }
    Ok(false)
}
