//! Sorted set commands: one file an idea.
//!
//! - `add`: ZADD and ZINCRBY, ZREM;
//! - `rank`: what one key knows of some members, and counts;
//! - `range`: runs of elements, by rank, score or member: reading, storing, removing;
//! - `store`: unions, intersections, differences;
//! - `pop`: taking elements from either end;
//! - `scan`: random elements, ZSCAN.
mod add;
mod blocking;
mod pop;
mod range;
mod rank;
mod scan;
mod store;

pub(crate) use add::{Elements, add};
pub(crate) use store::store_result;

use crate::base::num;
use crate::command::{Command, Config, Ctx, Error};
use crate::commands::elements::bulk as reply_member;
use crate::ds::listpack::Entry;
use crate::ds::skiplist::{LexBound, ScoreBound};
use crate::keyspace::zset::ZsetLimits;
use crate::resp::Reply;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[
    add::TABLE,
    blocking::TABLE,
    pop::TABLE,
    range::TABLE,
    rank::TABLE,
    scan::TABLE,
    store::TABLE,
];

/// When sorted sets change their encoding, by the configuration of now.
pub(crate) fn limits(ctx: &Ctx<'_>) -> ZsetLimits {
    limits_of(ctx.config, ctx.db.ks.hash_seed)
}

/// The same by any configuration.
pub(crate) fn limits_of(config: &Config, seed: (u64, u64)) -> ZsetLimits {
    ZsetLimits {
        entries: config.zset_max_listpack_entries,
        value: config.zset_max_listpack_value,
        seed,
    }
}

/// Writes the head of an array of `n` elements: with scores RESP2 lays members and scores flat, RESP3 in pairs.
fn reply_head(out: &mut Reply, n: usize, scores: bool) {
    out.array(if scores && !out.resp3() { 2 * n } else { n });
}

/// Writes one element of such an array.
#[inline]
fn reply_element(out: &mut Reply, (member, score): (Entry<'_>, f64), scores: bool) {
    if scores && out.resp3() {
        out.array(2);
    }
    reply_member(out, member);
    if scores {
        out.double(score);
    }
}

/// One end of a range of scores: a number, after `(` if it is itself outside.
fn score_bound(text: &[u8]) -> Result<ScoreBound, Error> {
    let (exclusive, digits) = match text {
        [b'(', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let value = num::parse_f64_bound(digits).ok_or(Error::NOT_MIN_MAX)?;
    Ok(ScoreBound { value, exclusive })
}

/// Both ends of a range of scores.
fn score_bounds(min: &[u8], max: &[u8]) -> Result<(ScoreBound, ScoreBound), Error> {
    Ok((score_bound(min)?, score_bound(max)?))
}

/// Both ends of a range of members.
fn lex_bounds<'a>(min: &'a [u8], max: &'a [u8]) -> Result<(LexBound<'a>, LexBound<'a>), Error> {
    let bound = |text: &'a [u8]| match text {
        b"-" => Some(LexBound::Min),
        b"+" => Some(LexBound::Max),
        [b'[', member @ ..] => Some(LexBound::Incl(member)),
        [b'(', member @ ..] => Some(LexBound::Excl(member)),
        _ => None,
    };
    bound(min)
        .zip(bound(max))
        .ok_or_else(|| Error::new("ERR min or max not valid string range item"))
}
