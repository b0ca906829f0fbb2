//! Random elements, and the walk over all of them in many small steps.
use super::{reply_element, reply_head, reply_member};
use crate::base::num;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::elements::{self, ScanOptions, Scanned};
use crate::ds::listpack::Entry;
use crate::keyspace::zset::Zset;
use crate::resp::Reply;

pub(super) const TABLE: &[Command] = &[ZRANDMEMBER, ZSCAN];

const READ: &[KeySpec] = &[KeySpec::new(
    "RO access",
    Begin::Index(1),
    Find::Range(0, 1, 0),
)];

const ZRANDMEMBER: Command = Command {
    name: "zrandmember",
    arity: -2,
    flags: F::READONLY,
    acl: C::SORTEDSET,
    keys: READ,
    since: "6.2.0",
    group: Group::SortedSet,
    complexity: "O(M), M the members returned.",
    summary: "Gives random members: one, several different ones, or (negative count) several that may repeat.",
    syntax: "key:key#0 [options(count:integer [WITHSCORES])]",
    tips: &["nondeterministic_output"],
    run: zrandmember,
    ..Command::DEFAULT
};

fn zrandmember(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.argc() == 2 {
        let zset = ctx.db.read_as::<Zset>(ctx.args.get(1))?;
        match zset.and_then(|z| Some(z.at(z.random(ctx.rng)?))) {
            Some((member, _)) => reply_member(ctx.out, member),
            None => ctx.out.null(),
        }
        return Ok(());
    }
    let count = elements::signed_count(ctx.arg(2))?;
    let scores = ctx.argc() == 4 && ctx.args.is(3, "withscores");
    if ctx.argc() > 4 || (ctx.argc() == 4 && !scores) {
        return Err(Error::SYNTAX);
    }
    if scores && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(Error::OUT_OF_RANGE);
    }
    let Some(zset) = ctx.db.read_as::<Zset>(ctx.args.get(1))? else {
        ctx.out.array(0);
        return Ok(());
    };
    let len = zset.len();
    if count < 0 {
        let start = ctx.out.mark();
        let count = count.unsigned_abs();
        let pairs = scores && !ctx.out.resp3();
        elements::array_u64(ctx.out, if pairs { 2 * count } else { count });
        for _ in 0..count {
            let place = zset.random(ctx.rng).expect("a stored set is not empty");
            reply_element(ctx.out, zset.at(place), scores);
            elements::check_repeats(ctx.out, start)?;
        }
        return Ok(());
    }
    let count = usize::try_from(count).unwrap_or(len).min(len);
    reply_head(ctx.out, count, scores);
    if count == len {
        // As a real server, which walks whole sorted sets from their end.
        for element in zset.range(len - 1, len, true) {
            reply_element(ctx.out, element, scores);
        }
        return Ok(());
    }
    for place in zset.sample(ctx.rng, count) {
        reply_element(ctx.out, zset.at(place), scores);
    }
    Ok(())
}

const ZSCAN: Command = Command {
    name: "zscan",
    arity: -3,
    flags: F::READONLY,
    acl: C::SORTEDSET,
    keys: READ,
    since: "2.8.0",
    group: Group::SortedSet,
    complexity: "O(1) a call, O(N) for the whole walk over N elements.",
    summary: "Walks over a sorted set in steps; the cursor of each reply starts the next call, 0 ends the walk.",
    syntax: "key:key#0 cursor:integer [MATCH=pattern:pattern] [COUNT=count:integer] [NOSCORES]",
    tips: &["nondeterministic_output"],
    run: zscan,
    ..Command::DEFAULT
};

fn zscan(ctx: &mut Ctx<'_>) -> Outcome {
    let cursor = elements::scan_cursor(ctx.arg(2))?;
    let Some(zset) = ctx.db.read_as::<Zset>(ctx.args.get(1))? else {
        elements::empty_scan(ctx.out);
        return Ok(());
    };
    let options = ScanOptions::read(&mut ctx.args.cursor(3), Scanned::Zset)?;
    let plain = matches!(zset, Zset::Pack(_));
    let (mut body, mut n) = (Reply::new(ctx.out.proto), 0);
    let next = options.run(cursor, |at| {
        let mut seen = 0;
        let next = zset.scan(at, &mut |member, score| {
            seen += 1;
            if options.passes(member) {
                reply_scanned(&mut body, member, score, options.names_only, plain);
                n += if options.names_only { 1 } else { 2 };
            }
        });
        (next, seen)
    });
    elements::scan_reply(ctx.out, next, &body, n);
    Ok(())
}

/// A member and its score, always as strings: the small encoding's own text, else with 17 digits.
fn reply_scanned(out: &mut Reply, member: Entry<'_>, score: f64, no_scores: bool, plain: bool) {
    reply_member(out, member);
    if no_scores {
        return;
    }
    let mut text = Vec::with_capacity(24);
    if plain {
        num::write_f64(&mut text, score);
    } else {
        num::write_f64_17(&mut text, score);
    }
    out.bulk(&text);
}
