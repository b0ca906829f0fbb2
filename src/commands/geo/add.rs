//! GEOADD.
use super::point;
use crate::base::num;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::zsets::{self, Elements};
use crate::ds::geohash;
use crate::keyspace::IntBuf;
use crate::keyspace::zset::Rules;

pub(super) const TABLE: &[Command] = &[GEOADD];

const GEOADD: Command = Command {
    name: "geoadd",
    arity: -5,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::GEO,
    keys: &[KeySpec::new(
        "RW update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "3.2.0",
    group: Group::Geo,
    complexity: "O(log N) for each place given, N the size of the sorted set.",
    summary: "Adds places by longitude and latitude, or moves those that are there.",
    syntax: "key:key#0 [condition<NX|XX>@6.2.0] [CH/change@6.2.0] data(longitude:double latitude:double member)+",
    run: geoadd,
    ..Command::DEFAULT
};

fn geoadd(ctx: &mut Ctx<'_>) -> Outcome {
    let mut rules = Rules::default();
    let mut changed_too = false;
    let mut options = ctx.cursor(2);
    loop {
        if options.take("nx") {
            rules.nx = true;
        } else if options.take("xx") {
            rules.xx = true;
        } else if options.take("ch") {
            changed_too = true;
        } else {
            break;
        }
    }
    let at = options.position();
    if !options.left().is_multiple_of(3) || options.is_done() || (rules.nx && rules.xx) {
        return Err(Error::SYNTAX);
    }
    let mut scores = Vec::with_capacity(options.left() / 3);
    for at in (at..ctx.argc()).step_by(3) {
        scores.push(geohash::score(point(&ctx.args, at)?));
    }
    as_zadd(ctx, at, &scores);
    let (first, rest) = scores.split_first().expect("there is at least one");
    let elements = Elements {
        at,
        stride: 3,
        first: *first,
        rest,
    };
    zsets::add(ctx, elements, rules, changed_too)
}

/// The log and the replicas see a ZADD, as they do from a real server.
fn as_zadd(ctx: &mut Ctx<'_>, at: usize, scores: &[f64]) {
    let mut digits: Vec<IntBuf> = vec![IntBuf::default(); scores.len()];
    let mut argv: Vec<&[u8]> = vec![b"zadd"];
    argv.extend(ctx.args.from(1).take(at - 1));
    let members = ctx.args.from(at).skip(2).step_by(3);
    for ((score, digits), member) in scores.iter().zip(&mut digits).zip(members) {
        argv.push(num::i64_bytes(*score as i64, digits));
        argv.push(member);
    }
    ctx.propagate_as(&argv);
}
