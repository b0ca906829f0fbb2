//! What a sorted set of places knows of single members.
use super::{reply_distance, reply_point, unit};
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::ds::geohash;
use crate::keyspace::zset::Zset;
use crate::resp::Reply;

pub(super) const TABLE: &[Command] = &[GEODIST, GEOHASH, GEOPOS];

const GEODIST: Command = Command {
    name: "geodist",
    arity: -4,
    flags: F::READONLY,
    acl: C::GEO,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "3.2.0",
    group: Group::Geo,
    complexity: "O(1)",
    summary: "Gives the distance between two members, the shortest way over the sphere.",
    syntax: "key:key#0 member1 member2 [unit<M|KM|FT|MI>]",
    run: geodist,
    ..Command::DEFAULT
};

fn geodist(ctx: &mut Ctx<'_>) -> Outcome {
    let metres = match ctx.argc() {
        4 => 1.0,
        5 => unit(ctx.arg(4))?,
        _ => return Err(Error::SYNTAX),
    };
    let (one, other) = (ctx.arg(2), ctx.arg(3));
    let zset = ctx.db.read_as::<Zset>(ctx.args.get(1))?;
    let place = |member| zset.and_then(|z| z.score(member)).map(geohash::point);
    match place(one).zip(place(other)) {
        Some((a, b)) => reply_distance(ctx.out, geohash::distance(a, b) / metres),
        None => ctx.out.null(),
    }
    Ok(())
}

const GEOPOS: Command = Command {
    name: "geopos",
    arity: -2,
    complexity: "O(1) for each member.",
    summary: "Gives longitude and latitude of members: the middle of a cell of less than a metre.",
    syntax: "key:key#0 [member+]",
    run: geopos,
    ..GEODIST
};

fn geopos(ctx: &mut Ctx<'_>) -> Outcome {
    each_score(ctx, |out, score| match score {
        Some(score) => reply_point(out, geohash::point(score)),
        None => out.null_array(),
    })
}

const GEOHASH: Command = Command {
    name: "geohash",
    arity: -2,
    complexity: "O(1) for each member.",
    summary: "Gives the usual geohash texts of members: the longer what two of them begin with, the nearer they are.",
    syntax: "key:key#0 [member+]",
    run: geohash_text,
    ..GEODIST
};

fn geohash_text(ctx: &mut Ctx<'_>) -> Outcome {
    each_score(ctx, |out, score| match score {
        Some(score) => out.bulk(&geohash::text(score)),
        None => out.null(),
    })
}

/// Replies an array with what `reply` writes for each member's score.
fn each_score(ctx: &mut Ctx<'_>, reply: fn(&mut Reply, Option<f64>)) -> Outcome {
    let members = ctx.args.from(2);
    let zset = ctx.db.read_as::<Zset>(ctx.args.get(1))?;
    ctx.out.array(members.len());
    for member in members {
        reply(ctx.out, zset.and_then(|z| z.score(member)));
    }
    Ok(())
}
