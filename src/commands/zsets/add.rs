//! Adding members, changing their scores, removing them.
use super::limits;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::Class;
use crate::keyspace::zset::{Put, Rules, Zset};

pub(super) const TABLE: &[Command] = &[ZADD, ZINCRBY, ZREM];

const ZADD: Command = Command {
    name: "zadd",
    arity: -4,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::SORTEDSET,
    keys: &[KeySpec::new(
        "RW update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(log N) for each element given, N the size of the sorted set.",
    summary: "Adds members with their scores, or changes the scores of members that are there.",
    syntax: "key:key#0 [condition<NX|XX>@3.0.2] [comparison<GT|LT>@6.2.0] [CH/change@3.0.2] [INCR/increment@3.0.2] data(score:double member)+",
    run: zadd,
    ..Command::DEFAULT
};

fn zadd(ctx: &mut Ctx<'_>) -> Outcome {
    let mut rules = Rules::default();
    let mut changed_too = false;
    let mut at = 2;
    while at < ctx.argc() {
        let flag = match ctx.arg(at) {
            word if word.eq_ignore_ascii_case(b"nx") => &mut rules.nx,
            word if word.eq_ignore_ascii_case(b"xx") => &mut rules.xx,
            word if word.eq_ignore_ascii_case(b"gt") => &mut rules.gt,
            word if word.eq_ignore_ascii_case(b"lt") => &mut rules.lt,
            word if word.eq_ignore_ascii_case(b"ch") => &mut changed_too,
            word if word.eq_ignore_ascii_case(b"incr") => &mut rules.incr,
            _ => break,
        };
        *flag = true;
        at += 1;
    }
    let elements = ctx.argc() - at;
    if elements == 0 || elements % 2 == 1 {
        return Err(Error::SYNTAX);
    }
    if rules.nx && rules.xx {
        return Err(Error::new(
            "ERR XX and NX options at the same time are not compatible",
        ));
    }
    if [rules.nx, rules.gt, rules.lt]
        .iter()
        .filter(|&&on| on)
        .count()
        > 1
    {
        return Err(Error::new(
            "ERR GT, LT, and/or NX options at the same time are not compatible",
        ));
    }
    if rules.incr && elements > 2 {
        return Err(Error::new(
            "ERR INCR option supports a single increment-element pair",
        ));
    }
    add_pairs(ctx, at, rules, changed_too)
}

/// Puts the pairs of arguments from `at` on and replies as ZADD does.
fn add_pairs(ctx: &mut Ctx<'_>, at: usize, rules: Rules, changed_too: bool) -> Outcome {
    let args = ctx.args;
    // All scores are read before anything changes; one needs no list.
    let first = args.float(at)?;
    let mut rest = Vec::new();
    for at in (at + 2..args.len()).step_by(2) {
        rest.push(args.float(at)?);
    }
    let elements = Elements {
        at,
        stride: 2,
        first,
        rest: &rest,
    };
    add(ctx, elements, rules, changed_too)
}

/// Elements to put: from argument `at` on each has `stride` of them, the last one its member. The scores are known.
pub(crate) struct Elements<'a> {
    pub at: usize,
    pub stride: usize,
    pub first: f64,
    pub rest: &'a [f64],
}

/// Puts elements and replies as ZADD does.
pub(crate) fn add(
    ctx: &mut Ctx<'_>,
    elements: Elements<'_>,
    rules: Rules,
    changed_too: bool,
) -> Outcome {
    let args = ctx.args;
    let scores = std::iter::once(&elements.first).chain(elements.rest);
    let key = args.get(1);
    let limits = limits(ctx);
    let found = if rules.xx {
        ctx.db.write_as::<Zset>(key)?
    } else {
        Some(ctx.db.write_or(key, Zset::default)?)
    };
    let (mut added, mut updated, mut last) = (0, 0, Put::Refused);
    if let Some(zset) = found {
        let (at, stride) = (elements.at, elements.stride);
        let members = args.from(at + stride - 1).step_by(stride);
        let longest = members.clone().map(<[u8]>::len).max().unwrap_or(0);
        zset.expect(1 + elements.rest.len(), longest, &limits);
        for (member, score) in members.zip(scores) {
            last = zset.put(member, *score, rules, &limits);
            match last {
                Put::Added(_) => added += 1,
                Put::Updated(_) => updated += 1,
                Put::Same(_) | Put::Refused | Put::Nan => {}
            }
        }
    }
    if added + updated > 0 {
        let event = if rules.incr { "zincr" } else { "zadd" };
        ctx.db.ks.dirty += added + updated - 1;
        ctx.db.modified(key, Class::ZSET, event);
    }
    match last {
        Put::Nan => {
            return Err(Error::new("ERR resulting score is not a number (NaN)"));
        }
        Put::Added(score) | Put::Updated(score) | Put::Same(score) if rules.incr => {
            ctx.out.double(score);
        }
        Put::Refused if rules.incr => ctx.out.null(),
        _ if changed_too => ctx.out.int(added + updated),
        _ => ctx.out.int(added),
    }
    Ok(())
}

const ZINCRBY: Command = Command {
    name: "zincrby",
    arity: 4,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::SORTEDSET,
    keys: &[KeySpec::new(
        "RW access update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(log N), N the size of the sorted set.",
    summary: "Adds an amount to a member's score; a new member starts from 0.",
    syntax: "key:key#0 increment:integer member",
    run: zincrby,
    ..Command::DEFAULT
};

fn zincrby(ctx: &mut Ctx<'_>) -> Outcome {
    let rules = Rules {
        incr: true,
        ..Rules::default()
    };
    add_pairs(ctx, 2, rules, false)
}

const ZREM: Command = Command {
    name: "zrem",
    arity: -3,
    flags: F::WRITE.with(F::FAST),
    acl: C::SORTEDSET,
    keys: &[KeySpec::new(
        "RW delete",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(M log N), N the size of the sorted set, M the members given.",
    summary: "Removes members, and the key with the last of them.",
    syntax: "key:key#0 member+",
    run: zrem,
    ..Command::DEFAULT
};

fn zrem(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let mut removed = 0;
    if let Some(zset) = ctx.db.write_as::<Zset>(key)? {
        for member in ctx.args.from(2) {
            removed += i64::from(zset.remove(member));
        }
    }
    after_removal(ctx, key, removed, "zrem");
    ctx.out.int(removed);
    Ok(())
}

/// The books of a command that removed elements from a sorted set.
pub(super) fn after_removal(ctx: &mut Ctx<'_>, key: &[u8], removed: i64, event: &'static str) {
    if removed > 0 {
        ctx.db.ks.dirty += removed - 1;
        ctx.db.modified(key, Class::ZSET, event);
        ctx.db.remove_if_empty(key);
    }
}
