//! What a sorted set knows of single members, and how many it has.
use super::{lex_bounds, score_bounds};
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::zset::Zset;

pub(super) const TABLE: &[Command] = &[ZCARD, ZCOUNT, ZLEXCOUNT, ZMSCORE, ZRANK, ZREVRANK, ZSCORE];

const READ: &[KeySpec] = &[KeySpec::new(
    "RO access",
    Begin::Index(1),
    Find::Range(0, 1, 0),
)];

const ZCARD: Command = Command {
    name: "zcard",
    arity: 2,
    flags: F::READONLY.with(F::FAST),
    acl: C::SORTEDSET,
    keys: &[KeySpec::new("RO", Begin::Index(1), Find::Range(0, 1, 0))],
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(1)",
    summary: "Counts the members of a sorted set.",
    syntax: "key:key#0",
    run: zcard,
    ..Command::DEFAULT
};

fn zcard(ctx: &mut Ctx<'_>) -> Outcome {
    let zset = ctx.db.read_as::<Zset>(ctx.args.get(1))?;
    ctx.out.len(zset.map_or(0, Zset::len));
    Ok(())
}

const ZCOUNT: Command = Command {
    name: "zcount",
    arity: 4,
    flags: F::READONLY.with(F::FAST),
    acl: C::SORTEDSET,
    keys: READ,
    since: "2.0.0",
    group: Group::SortedSet,
    complexity: "O(log N), N the size of the sorted set: ranks are subtracted, nothing is counted.",
    summary: "Counts the members whose scores lie in a range.",
    syntax: "key:key#0 min:double max:double",
    run: zcount,
    ..Command::DEFAULT
};

fn zcount(ctx: &mut Ctx<'_>) -> Outcome {
    let (min, max) = score_bounds(ctx.arg(2), ctx.arg(3))?;
    let zset = ctx.db.read_as::<Zset>(ctx.args.get(1))?;
    let (start, end) = zset.map_or((0, 0), |z| z.ranks_of_scores(min, max));
    ctx.out.len(end - start);
    Ok(())
}

const ZLEXCOUNT: Command = Command {
    name: "zlexcount",
    arity: 4,
    flags: F::READONLY.with(F::FAST),
    acl: C::SORTEDSET,
    keys: READ,
    since: "2.8.9",
    group: Group::SortedSet,
    complexity: "O(log N), N the size of the sorted set.",
    summary: "Counts the members in a range of members, where all scores are the same.",
    syntax: "key:key#0 min max",
    run: zlexcount,
    ..Command::DEFAULT
};

fn zlexcount(ctx: &mut Ctx<'_>) -> Outcome {
    let (min, max) = lex_bounds(ctx.arg(2), ctx.arg(3))?;
    let zset = ctx.db.read_as::<Zset>(ctx.args.get(1))?;
    let (start, end) = zset.map_or((0, 0), |z| z.ranks_of_lex(min, max, false, 0));
    ctx.out.len(end - start);
    Ok(())
}

const ZSCORE: Command = Command {
    name: "zscore",
    arity: 3,
    flags: F::READONLY.with(F::FAST),
    acl: C::SORTEDSET,
    keys: READ,
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(1)",
    summary: "Gives the score of a member.",
    syntax: "key:key#0 member",
    run: zscore,
    ..Command::DEFAULT
};

fn zscore(ctx: &mut Ctx<'_>) -> Outcome {
    let zset = ctx.db.read_as::<Zset>(ctx.args.get(1))?;
    match zset.and_then(|z| z.score(ctx.args.get(2))) {
        Some(score) => ctx.out.double(score),
        None => ctx.out.null(),
    }
    Ok(())
}

const ZMSCORE: Command = Command {
    name: "zmscore",
    arity: -3,
    flags: F::READONLY.with(F::FAST),
    acl: C::SORTEDSET,
    keys: READ,
    since: "6.2.0",
    group: Group::SortedSet,
    complexity: "O(M), M the members asked for.",
    summary: "Gives the scores of several members.",
    syntax: "key:key#0 member+",
    run: zmscore,
    ..Command::DEFAULT
};

fn zmscore(ctx: &mut Ctx<'_>) -> Outcome {
    let zset = ctx.db.read_as::<Zset>(ctx.args.get(1))?;
    let members = ctx.args.from(2);
    ctx.out.array(members.len());
    for member in members {
        match zset.and_then(|z| z.score(member)) {
            Some(score) => ctx.out.double(score),
            None => ctx.out.null(),
        }
    }
    Ok(())
}

const ZRANK: Command = Command {
    name: "zrank",
    arity: -3,
    flags: F::READONLY.with(F::FAST),
    acl: C::SORTEDSET,
    keys: READ,
    since: "2.0.0",
    group: Group::SortedSet,
    complexity: "O(log N), N the size of the sorted set.",
    summary: "Tells how many members stand before a member, the lowest score first.",
    syntax: "key:key#0 member [WITHSCORE]",
    run: zrank,
    ..Command::DEFAULT
};

fn zrank(ctx: &mut Ctx<'_>) -> Outcome {
    rank(ctx, false)
}

const ZREVRANK: Command = Command {
    name: "zrevrank",
    summary: "Tells how many members stand before a member, the highest score first.",
    run: zrevrank,
    ..ZRANK
};

fn zrevrank(ctx: &mut Ctx<'_>) -> Outcome {
    rank(ctx, true)
}

fn rank(ctx: &mut Ctx<'_>, rev: bool) -> Outcome {
    if ctx.argc() > 4 {
        return Err(Error::arity(ctx.command.name));
    }
    let with_score = ctx.argc() == 4;
    if with_score && !ctx.args.is(3, "withscore") {
        return Err(Error::SYNTAX);
    }
    let zset = ctx.db.read_as::<Zset>(ctx.args.get(1))?;
    let found = zset.and_then(|z| {
        let (rank, score) = z.rank(ctx.args.get(2))?;
        Some((if rev { z.len() - 1 - rank } else { rank }, score))
    });
    match found {
        None if with_score => ctx.out.null_array(),
        None => ctx.out.null(),
        Some((rank, score)) if with_score => {
            ctx.out.array(2);
            ctx.out.len(rank);
            ctx.out.double(score);
        }
        Some((rank, _)) => ctx.out.len(rank),
    }
    Ok(())
}
