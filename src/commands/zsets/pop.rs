//! Taking the lowest or the highest elements out.
use super::add::after_removal;
use crate::base::num;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::zset::Zset;

pub(super) const TABLE: &[Command] = &[ZMPOP, ZPOPMAX, ZPOPMIN];

/// Which end elements are taken from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Min,
    Max,
}

impl End {
    fn event(self) -> &'static str {
        match self {
            End::Min => "zpopmin",
            End::Max => "zpopmax",
        }
    }

    fn verb(self) -> &'static [u8] {
        match self {
            End::Min => b"ZPOPMIN",
            End::Max => b"ZPOPMAX",
        }
    }
}

pub(super) const ZPOPMIN: Command = Command {
    name: "zpopmin",
    arity: -2,
    flags: F::WRITE.with(F::FAST),
    acl: C::SORTEDSET,
    keys: &[KeySpec::new(
        "RW access delete",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "5.0.0",
    group: Group::SortedSet,
    complexity: "O(log N + M), N the size of the sorted set, M the elements taken.",
    summary: "Takes out the elements with the lowest scores and gives them back, lowest first.",
    syntax: "key:key#0 [count:integer]",
    run: zpopmin,
    ..Command::DEFAULT
};

fn zpopmin(ctx: &mut Ctx<'_>) -> Outcome {
    pop_one_key(ctx, End::Min)
}

const ZPOPMAX: Command = Command {
    name: "zpopmax",
    summary: "Takes out the elements with the highest scores and gives them back, highest first.",
    run: zpopmax,
    ..ZPOPMIN
};

fn zpopmax(ctx: &mut Ctx<'_>) -> Outcome {
    pop_one_key(ctx, End::Max)
}

fn pop_one_key(ctx: &mut Ctx<'_>, end: End) -> Outcome {
    if ctx.argc() > 3 {
        return Err(Error::SYNTAX);
    }
    let mut count = 1;
    let counted = ctx.argc() == 3;
    if counted {
        count = ctx.args.int_or(2, Error::NOT_POSITIVE)?;
        if count < 0 {
            return Err(Error::NOT_POSITIVE);
        }
    }
    let key = ctx.arg(1);
    let Some(zset) = ctx.db.write_as::<Zset>(key)? else {
        ctx.out.array(0);
        return Ok(());
    };
    // One element without a count is a flat pair in both protocols.
    let taken = first_of(zset, count);
    let pairs = counted && ctx.out.resp3();
    ctx.out.array(if pairs { taken } else { 2 * taken });
    pop(ctx, key, end, taken, pairs)
}

fn first_of(zset: &Zset, count: i64) -> usize {
    usize::try_from(count).map_or(zset.len(), |count| count.min(zset.len()))
}

/// Writes the elements after an array's head and takes them out.
fn pop(ctx: &mut Ctx<'_>, key: &[u8], end: End, taken: usize, pairs: bool) -> Outcome {
    if taken == 0 {
        return Ok(());
    }
    let Some(zset) = ctx.db.edit_as::<Zset>(key)? else {
        return Ok(());
    };
    let len = zset.len();
    let from = if end == End::Max { len - 1 } else { 0 };
    for (member, score) in zset.range(from, taken, end == End::Max) {
        if pairs {
            ctx.out.array(2);
        }
        super::reply_member(ctx.out, member);
        ctx.out.double(score);
    }
    match end {
        End::Min => zset.remove_ranks(0, taken),
        End::Max => zset.remove_ranks(len - taken, len),
    };
    after_removal(ctx, key, taken as i64, end.event());
    Ok(())
}

pub(super) const ZMPOP: Command = Command {
    name: "zmpop",
    arity: -4,
    flags: F::WRITE.with(F::MOVABLEKEYS),
    acl: C::SORTEDSET,
    keys: &[KeySpec::new(
        "RW access delete",
        Begin::Index(1),
        Find::KeyNum(0, 1, 1),
    )],
    since: "7.0.0",
    group: Group::SortedSet,
    complexity: "O(K + log N + M), K the keys given, N the size of the first that is there, M the elements taken.",
    summary: "Takes the lowest or the highest elements out of the first of several sorted sets that is not empty.",
    syntax: "numkeys:integer key:key#0+ where<MIN|MAX> [COUNT=count:integer]",
    run: zmpop,
    ..Command::DEFAULT
};

fn zmpop(ctx: &mut Ctx<'_>) -> Outcome {
    let request = Many::read(ctx, 1)?;
    if !pop_first(ctx, &request)? {
        ctx.out.null_array();
    }
    Ok(())
}

/// Which elements ZMPOP and BZMPOP are asked for.
pub(super) struct Many {
    /// Where the keys begin, and how many there are.
    pub(super) keys: (usize, usize),
    end: End,
    count: i64,
}

impl Many {
    /// Reads a request whose number of keys is argument `numkeys`.
    pub(super) fn read(ctx: &Ctx<'_>, numkeys: usize) -> Result<Many, Error> {
        let positive = |i: usize, text: &'static str| {
            let n = ctx.args.int_or(i, Error::new(text))?;
            if n > 0 { Ok(n) } else { Err(Error::new(text)) }
        };
        let first = numkeys + 1;
        let keys = positive(numkeys, "ERR numkeys should be greater than 0")?;
        let at = usize::try_from(keys).map_or(usize::MAX, |n| n.saturating_add(first));
        if at >= ctx.argc() {
            return Err(Error::SYNTAX);
        }
        let end = match ctx.args.get(at) {
            word if word.eq_ignore_ascii_case(b"min") => End::Min,
            word if word.eq_ignore_ascii_case(b"max") => End::Max,
            _ => return Err(Error::SYNTAX),
        };
        let mut count = None;
        let mut i = at + 1;
        while i < ctx.argc() {
            if count.is_some() || !ctx.args.is(i, "count") || i + 1 == ctx.argc() {
                return Err(Error::SYNTAX);
            }
            count = Some(positive(i + 1, "ERR count should be greater than 0")?);
            i += 2;
        }
        Ok(Many {
            keys: (first, at - first),
            end,
            count: count.unwrap_or(1),
        })
    }
}

/// Takes elements out of the first of the sorted sets that is there; false if none is.
pub(super) fn pop_first(ctx: &mut Ctx<'_>, request: &Many) -> Result<bool, Error> {
    let (first, keys) = request.keys;
    for key in ctx.args.from(first).take(keys) {
        let Some(zset) = ctx.db.write_as::<Zset>(key)? else {
            continue;
        };
        let taken = first_of(zset, request.count);
        ctx.out.array(2);
        ctx.out.bulk(key);
        ctx.out.array(taken);
        pop(ctx, key, request.end, taken, true)?;
        // Followers need not look through the keys again.
        let mut digits = [0; 20];
        let taken = num::i64_bytes(taken as i64, &mut digits);
        ctx.propagate_as(&[request.end.verb(), key, taken]);
        return Ok(true);
    }
    Ok(false)
}

/// Takes one element out of the first of `keys` keys that is there, as BZPOPMIN gives it; false if none is.
pub(super) fn pop_key_and_element(ctx: &mut Ctx<'_>, keys: usize, end: End) -> Result<bool, Error> {
    for key in ctx.args.from(1).take(keys) {
        if ctx.db.write_as::<Zset>(key)?.is_none() {
            continue;
        }
        ctx.out.array(3);
        ctx.out.bulk(key);
        pop(ctx, key, end, 1, false)?;
        ctx.propagate_as(&[end.verb(), key]);
        return Ok(true);
    }
    Ok(false)
}
