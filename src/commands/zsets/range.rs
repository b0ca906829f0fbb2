//! Runs of elements by rank, by score or by member: reading them, storing them, removing them.
//!
//! Whatever a range is given by, it comes down to ranks first: two searches that add up spans, no walk. The reply's
//! length is then known before its first element, and LIMIT skips without walking.
use super::add::after_removal;
use super::store::store_result;
use super::{lex_bounds, limits, reply_element, reply_head, score_bounds};
use crate::command::{
    Args, Begin, C, Command, Ctx, Deprecated, Error, F, Find, Group, KeySpec, Outcome,
};
use crate::ds::skiplist::{LexBound, ScoreBound};
use crate::keyspace::zset::Zset;

pub(super) const TABLE: &[Command] = &[
    ZRANGE,
    ZRANGEBYLEX,
    ZRANGEBYSCORE,
    ZRANGESTORE,
    ZREMRANGEBYLEX,
    ZREMRANGEBYRANK,
    ZREMRANGEBYSCORE,
    ZREVRANGE,
    ZREVRANGEBYLEX,
    ZREVRANGEBYSCORE,
];

const READ: &[KeySpec] = &[KeySpec::new(
    "RO access",
    Begin::Index(1),
    Find::Range(0, 1, 0),
)];
const REMOVE: &[KeySpec] = &[KeySpec::new(
    "RW delete",
    Begin::Index(1),
    Find::Range(0, 1, 0),
)];

/// What the two ends of a range mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rank,
    Score,
    Lex,
}

/// The two ends themselves.
#[derive(Clone, Copy)]
enum Ends<'a> {
    Rank(i64, i64),
    Score(ScoreBound, ScoreBound),
    Lex(LexBound<'a>, LexBound<'a>),
}

/// A range as a command asked for it.
struct Request<'a> {
    ends: Ends<'a>,
    rev: bool,
    offset: i64,
    /// Negative: no limit.
    count: i64,
    scores: bool,
}

impl Kind {
    fn ends<'a>(self, min: &'a [u8], max: &'a [u8]) -> Result<Ends<'a>, Error> {
        use crate::base::num::parse_i64;
        Ok(match self {
            Kind::Rank => match (parse_i64(min), parse_i64(max)) {
                (Some(start), Some(stop)) => Ends::Rank(start, stop),
                _ => return Err(Error::NOT_INTEGER),
            },
            Kind::Score => {
                let (min, max) = score_bounds(min, max)?;
                Ends::Score(min, max)
            }
            Kind::Lex => {
                let (min, max) = lex_bounds(min, max)?;
                Ends::Lex(min, max)
            }
        })
    }
}

impl<'a> Request<'a> {
    /// Reads the two ends at `at` and the options behind them. What the command's name decides is not `None`.
    fn read(
        args: Args<'a>,
        at: usize,
        kind: Option<Kind>,
        rev: Option<bool>,
        store: bool,
    ) -> Result<Request<'a>, Error> {
        let (mut kind, mut rev) = (kind, rev);
        let (mut offset, mut count, mut scores) = (0, -1, false);
        let mut options = args.cursor(at + 2);
        while !options.is_done() {
            if !store && options.take("withscores") {
                scores = true;
            } else if options.take_with("limit", 2) {
                offset = options.int()?;
                count = options.int()?;
            } else if rev.is_none() && options.take("rev") {
                rev = Some(true);
            } else if kind.is_none() && options.take("bylex") {
                kind = Some(Kind::Lex);
            } else if kind.is_none() && options.take("byscore") {
                kind = Some(Kind::Score);
            } else {
                return Err(Error::SYNTAX);
            }
        }
        let kind = kind.unwrap_or(Kind::Rank);
        let rev = rev.unwrap_or(false);
        if count != -1 && kind == Kind::Rank {
            return Err(Error::new(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if scores && kind == Kind::Lex {
            return Err(Error::new(
                "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        let (mut min, mut max) = (args.get(at), args.get(at + 1));
        if rev && kind != Kind::Rank {
            std::mem::swap(&mut min, &mut max);
        }
        Ok(Request {
            ends: kind.ends(min, max)?,
            rev,
            offset,
            count,
            scores,
        })
    }

    /// The rank of the first element to give (in the direction of the request), and how many.
    fn resolve(&self, zset: &Zset) -> (usize, usize) {
        let by_rank = matches!(self.ends, Ends::Rank(..));
        let offset = if by_rank { 0 } else { self.offset };
        let skip = usize::try_from(offset).unwrap_or(if offset < 0 { 0 } else { usize::MAX });
        let (mut start, mut end) = match self.ends {
            Ends::Rank(..) if self.rev => {
                let (start, end) = ranks(zset, self.ends, false, 0);
                (zset.len() - end, zset.len() - start)
            }
            ends => ranks(zset, ends, self.rev, skip),
        };
        if offset < 0 {
            // A real server counts a negative offset from the end in its large encoding; in the small it finds nothing.
            let back = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            match zset {
                Zset::Ranked(_) if back > end - start => end = start,
                Zset::Ranked(_) if self.rev => end = start + back,
                Zset::Ranked(_) => start = end - back,
                Zset::Pack(_) => end = start,
            }
        }
        let left = end - start;
        let count = usize::try_from(self.count).map_or(left, |count| count.min(left));
        let from = if self.rev && left > 0 { end - 1 } else { start };
        (from, count)
    }
}

/// The ranks inside a range: the first, and the first after it, without the `skip` first in the direction of a walk.
fn ranks(zset: &Zset, ends: Ends<'_>, rev: bool, skip: usize) -> (usize, usize) {
    match ends {
        Ends::Score(min, max) => {
            let (start, end) = zset.ranks_of_scores(min, max);
            let skip = skip.min(end - start);
            if rev {
                (start, end - skip)
            } else {
                (start + skip, end)
            }
        }
        Ends::Lex(min, max) => zset.ranks_of_lex(min, max, rev, skip),
        Ends::Rank(start, stop) => {
            let len = zset.len() as i64;
            let from_end = |n: i64| if n < 0 { n.saturating_add(len) } else { n };
            let (start, stop) = (from_end(start).max(0), from_end(stop).min(len - 1));
            if start > stop {
                return (0, 0);
            }
            (start as usize, stop as usize + 1)
        }
    }
}

fn read(ctx: &mut Ctx<'_>, kind: Option<Kind>, rev: Option<bool>) -> Outcome {
    let request = Request::read(ctx.args, 2, kind, rev, false)?;
    let Some(zset) = ctx.db.read_as::<Zset>(ctx.args.get(1))? else {
        ctx.out.array(0);
        return Ok(());
    };
    let (from, count) = request.resolve(zset);
    reply_head(ctx.out, count, request.scores);
    for element in zset.range(from, count, request.rev) {
        reply_element(ctx.out, element, request.scores);
    }
    Ok(())
}

const ZRANGE: Command = Command {
    name: "zrange",
    arity: -4,
    flags: F::READONLY,
    acl: C::SORTEDSET,
    keys: READ,
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(log N + M), N the size of the sorted set, M the elements returned.",
    summary: "Gives the elements between two ranks, two scores or two members, in order or backwards.",
    syntax: "key:key#0 start stop [sortby<BYSCORE|BYLEX>@6.2.0] [REV@6.2.0] [LIMIT=limit(offset:integer count:integer)@6.2.0] [WITHSCORES]",
    run: zrange,
    ..Command::DEFAULT
};

fn zrange(ctx: &mut Ctx<'_>) -> Outcome {
    read(ctx, None, None)
}

const ZREVRANGE: Command = Command {
    name: "zrevrange",
    summary: "Gives the elements between two ranks that count from the highest score down.",
    syntax: "key:key#0 start:integer stop:integer [WITHSCORES]",
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`ZRANGE` with the `REV` argument",
    }),
    run: zrevrange,
    ..ZRANGE
};

fn zrevrange(ctx: &mut Ctx<'_>) -> Outcome {
    read(ctx, Some(Kind::Rank), Some(true))
}

const ZRANGEBYSCORE: Command = Command {
    name: "zrangebyscore",
    since: "1.0.5",
    summary: "Gives the elements whose scores lie in a range, lowest first.",
    syntax: "key:key#0 min:double max:double [WITHSCORES@2.0.0] [LIMIT=limit(offset:integer count:integer)]",
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`ZRANGE` with the `BYSCORE` argument",
    }),
    run: zrangebyscore,
    ..ZRANGE
};

fn zrangebyscore(ctx: &mut Ctx<'_>) -> Outcome {
    read(ctx, Some(Kind::Score), Some(false))
}

const ZREVRANGEBYSCORE: Command = Command {
    name: "zrevrangebyscore",
    since: "2.2.0",
    summary: "Gives the elements whose scores lie in a range, highest first.",
    syntax: "key:key#0 max:double min:double [WITHSCORES] [LIMIT=limit(offset:integer count:integer)]",
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`ZRANGE` with the `REV` and `BYSCORE` arguments",
    }),
    run: zrevrangebyscore,
    ..ZRANGE
};

fn zrevrangebyscore(ctx: &mut Ctx<'_>) -> Outcome {
    read(ctx, Some(Kind::Score), Some(true))
}

const ZRANGEBYLEX: Command = Command {
    name: "zrangebylex",
    since: "2.8.9",
    summary: "Gives the members in a range of members, in order, where all scores are the same.",
    syntax: "key:key#0 min max [LIMIT=limit(offset:integer count:integer)]",
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`ZRANGE` with the `BYLEX` argument",
    }),
    run: zrangebylex,
    ..ZRANGE
};

fn zrangebylex(ctx: &mut Ctx<'_>) -> Outcome {
    read(ctx, Some(Kind::Lex), Some(false))
}

const ZREVRANGEBYLEX: Command = Command {
    name: "zrevrangebylex",
    since: "2.8.9",
    summary: "Gives the members in a range of members, last first, where all scores are the same.",
    syntax: "key:key#0 max min [LIMIT=limit(offset:integer count:integer)]",
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`ZRANGE` with the `REV` and `BYLEX` arguments",
    }),
    run: zrevrangebylex,
    ..ZRANGE
};

fn zrevrangebylex(ctx: &mut Ctx<'_>) -> Outcome {
    read(ctx, Some(Kind::Lex), Some(true))
}

const ZRANGESTORE: Command = Command {
    name: "zrangestore",
    arity: -5,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::SORTEDSET,
    keys: &[
        KeySpec::new("OW update", Begin::Index(1), Find::Range(0, 1, 0)),
        KeySpec::new("RO access", Begin::Index(2), Find::Range(0, 1, 0)),
    ],
    since: "6.2.0",
    group: Group::SortedSet,
    complexity: "O(log N + M), N the size of the source, M the elements stored.",
    summary: "Stores the elements between two ranks, two scores or two members of one sorted set as another.",
    syntax: "dst:key#0 src:key#1 min max [sortby<BYSCORE|BYLEX>] [REV] [LIMIT=limit(offset:integer count:integer)]",
    run: zrangestore,
    ..Command::DEFAULT
};

fn zrangestore(ctx: &mut Ctx<'_>) -> Outcome {
    let request = Request::read(ctx.args, 3, None, None, true)?;
    let limits = limits(ctx);
    let result = match ctx.db.read_as::<Zset>(ctx.args.get(2))? {
        None => Zset::default(),
        Some(zset) => {
            let (from, count) = request.resolve(zset);
            let low = if request.rev && count > 0 {
                from + 1 - count
            } else {
                from
            };
            Zset::from_sorted(zset.range(low, count, false), &limits)
        }
    };
    store_result(ctx, ctx.arg(1), result, "zrangestore");
    Ok(())
}

fn remove(ctx: &mut Ctx<'_>, kind: Kind, event: &'static str) -> Outcome {
    let ends = kind.ends(ctx.arg(2), ctx.arg(3))?;
    let key = ctx.arg(1);
    let mut removed = 0;
    if let Some(zset) = ctx.db.write_as::<Zset>(key)? {
        let (start, end) = ranks(zset, ends, false, 0);
        removed = zset.remove_ranks(start, end) as i64;
    }
    after_removal(ctx, key, removed, event);
    ctx.out.int(removed);
    Ok(())
}

const ZREMRANGEBYRANK: Command = Command {
    name: "zremrangebyrank",
    arity: 4,
    flags: F::WRITE,
    acl: C::SORTEDSET,
    keys: REMOVE,
    since: "2.0.0",
    group: Group::SortedSet,
    complexity: "O(log N + M), N the size of the sorted set, M the elements removed.",
    summary: "Removes the elements between two ranks.",
    syntax: "key:key#0 start:integer stop:integer",
    run: zremrangebyrank,
    ..Command::DEFAULT
};

fn zremrangebyrank(ctx: &mut Ctx<'_>) -> Outcome {
    remove(ctx, Kind::Rank, "zremrangebyrank")
}

const ZREMRANGEBYSCORE: Command = Command {
    name: "zremrangebyscore",
    since: "1.2.0",
    summary: "Removes the elements whose scores lie in a range.",
    syntax: "key:key#0 min:double max:double",
    run: zremrangebyscore,
    ..ZREMRANGEBYRANK
};

fn zremrangebyscore(ctx: &mut Ctx<'_>) -> Outcome {
    remove(ctx, Kind::Score, "zremrangebyscore")
}

const ZREMRANGEBYLEX: Command = Command {
    name: "zremrangebylex",
    since: "2.8.9",
    summary: "Removes the members in a range of members, where all scores are the same.",
    syntax: "key:key#0 min max",
    run: zremrangebylex,
    ..ZREMRANGEBYRANK
};

fn zremrangebylex(ctx: &mut Ctx<'_>) -> Outcome {
    remove(ctx, Kind::Lex, "zremrangebylex")
}
