//! All members in an area: GEOSEARCH, GEOSEARCHSTORE, and the older GEORADIUS family.
use super::request::{Form, Order, Request};
use super::{reply_distance, reply_point};
use crate::base::order::{sort_first, sort_scores};
use crate::command::{Begin, C, Command, Ctx, Deprecated, F, Find, Group, KeySpec, Outcome};
use crate::commands::{elements, zsets};
use crate::ds::dict::Dict;
use crate::ds::geohash::{self, Point};
use crate::ds::listpack::Entry;
use crate::ds::skiplist::ScoreBound;
use crate::keyspace::zset::{Zset, ZsetLimits, bytes_of};
use crate::keyspace::{IntBuf, Typed};
use crate::resp::Reply;

pub(super) const TABLE: &[Command] = &[
    GEORADIUS,
    GEORADIUSBYMEMBER,
    GEORADIUSBYMEMBER_RO,
    GEORADIUS_RO,
    GEOSEARCH,
    GEOSEARCHSTORE,
];

/// About what one member takes while it is found and ordered.
const FOUND_BYTES: i64 = 80;

/// A member inside the area.
struct Found<'a> {
    member: Entry<'a>,
    score: f64,
    point: Point,
    /// From the centre, in metres.
    distance: f64,
}

/// All members in the area, or the first ones if any will do: cell by cell.
fn find<'a>(zset: &'a Zset, request: &Request<'_>, centre: Point) -> Vec<Found<'a>> {
    let limit = if request.any {
        request.count
    } else {
        usize::MAX
    };
    let mut found = Vec::new();
    for cell in request.shape.cells(centre) {
        let (min, max) = cell.scores();
        let bound = |value, exclusive| ScoreBound { value, exclusive };
        let (start, end) = zset.ranks_of_scores(bound(min, false), bound(max, true));
        for (member, score) in zset.range(start, end - start, false) {
            if found.len() >= limit {
                return found;
            }
            let point = geohash::point(score);
            if let Some(distance) = request.shape.reach(centre, point) {
                found.push(Found {
                    member,
                    score,
                    point,
                    distance,
                });
            }
        }
    }
    found
}

/// The wanted ones of those found, in the wanted order.
fn choose<'f, 'a>(found: &'f [Found<'a>], request: &Request<'_>) -> Vec<&'f Found<'a>> {
    let wanted = match request.count {
        0 => found.len(),
        count => count.min(found.len()),
    };
    // The nearest are meant, unless any will do.
    let order = match request.order {
        Order::None if request.count > 0 && !request.any => Order::NearFirst,
        order => order,
    };
    let sign = if order == Order::FarFirst { -1.0 } else { 1.0 };
    let keys = found.iter().map(|f| sign * f.distance);
    let mut keys: Vec<(f64, u32)> = keys.zip(0..).collect();
    if order != Order::None {
        if wanted < found.len() {
            sort_first(&mut keys, wanted);
        } else {
            sort_scores(&mut keys, &mut |a, b| a.cmp(&b));
        }
    }
    let chosen = keys.iter().take(wanted);
    chosen.map(|&(_, at)| &found[at as usize]).collect()
}

fn search(ctx: &mut Ctx<'_>, form: Form) -> Outcome {
    let source = ctx.arg(if form == Form::SearchStore { 2 } else { 1 });
    let limits = zsets::limits(ctx);
    let zset = ctx.db.read_as::<Zset>(source)?;
    let request = Request::read(ctx.args, ctx.command, form, zset)?;
    let len = zset.map_or(0, Zset::len);
    ctx.room(len as i64 * FOUND_BYTES)?;
    let zset = ctx.db.peek(source).and_then(Zset::of);
    let found = match (zset, request.centre) {
        (Some(zset), Some(centre)) => find(zset, &request, centre),
        _ => Vec::new(),
    };
    let chosen = choose(&found, &request);
    let Some(target) = request.store else {
        ctx.out.array(chosen.len());
        for one in chosen {
            reply(ctx.out, one, &request);
        }
        return Ok(());
    };
    let result = stored(&chosen, &request, &limits);
    let event = match form {
        Form::SearchStore => "geosearchstore",
        _ => "georadiusstore",
    };
    ctx.db.ks.dirty += (result.len() as i64 - 1).max(0);
    zsets::store_result(ctx, target, result, event);
    Ok(())
}

fn reply(out: &mut Reply, found: &Found<'_>, request: &Request<'_>) {
    let options = [request.with_distance, request.with_hash, request.with_point];
    let more = options.iter().filter(|with| **with).count();
    if more > 0 {
        out.array(1 + more);
    }
    elements::bulk(out, found.member);
    if request.with_distance {
        reply_distance(out, found.distance / request.unit);
    }
    if request.with_hash {
        out.int(found.score as i64);
    }
    if request.with_point {
        reply_point(out, found.point);
    }
}

/// The sorted set to be stored.
fn stored(chosen: &[&Found<'_>], request: &Request<'_>, limits: &ZsetLimits) -> Zset {
    let mut dict = Dict::new(limits.seed);
    let mut longest = 0;
    for found in chosen {
        let score = match request.store_distance {
            true => found.distance / request.unit,
            false => found.score,
        };
        let mut digits = IntBuf::default();
        let member = bytes_of(found.member, &mut digits);
        longest = longest.max(member.len());
        dict.insert(member, score);
    }
    Zset::from_dict(dict, longest, limits)
}

const SOURCE: KeySpec = KeySpec::new("RO access", Begin::Index(1), Find::Range(0, 1, 0));

const GEOSEARCH: Command = Command {
    name: "geosearch",
    arity: -7,
    flags: F::READONLY,
    acl: C::GEO,
    keys: &[SOURCE],
    since: "6.2.0",
    group: Group::Geo,
    complexity: "O(N + log M), M the size of the sorted set, N the members in the nine cells around the area.",
    summary: "Gives the members inside a circle or a rectangle.",
    syntax: "key:key#0 from<FROMMEMBER=member|FROMLONLAT=fromlonlat(longitude:double latitude:double)> by<circle(BYRADIUS=radius:double unit<M|KM|FT|MI>)|box(BYBOX=width:double height:double unit<M|KM|FT|MI>)> [order<ASC|DESC>] [count-block(COUNT=count:integer [ANY])] [WITHCOORD] [WITHDIST] [WITHHASH]",
    run: geosearch,
    ..Command::DEFAULT
};

fn geosearch(ctx: &mut Ctx<'_>) -> Outcome {
    search(ctx, Form::Search)
}

const GEOSEARCHSTORE: Command = Command {
    name: "geosearchstore",
    arity: -8,
    flags: F::WRITE.with(F::DENYOOM),
    keys: &[
        KeySpec::new("OW update", Begin::Index(1), Find::Range(0, 1, 0)),
        KeySpec::new("RO access", Begin::Index(2), Find::Range(0, 1, 0)),
    ],
    summary: "Stores the members inside a circle or a rectangle as a sorted set, with their geohashes or distances.",
    syntax: "destination:key#0 source:key#1 from<FROMMEMBER=member|FROMLONLAT=fromlonlat(longitude:double latitude:double)> by<circle(BYRADIUS=radius:double unit<M|KM|FT|MI>)|box(BYBOX=width:double height:double unit<M|KM|FT|MI>)> [order<ASC|DESC>] [count-block(COUNT=count:integer [ANY])] [STOREDIST]",
    run: geosearchstore,
    ..GEOSEARCH
};

fn geosearchstore(ctx: &mut Ctx<'_>) -> Outcome {
    search(ctx, Form::SearchStore)
}

const GEORADIUS: Command = Command {
    name: "georadius",
    arity: -6,
    flags: F::WRITE.with(F::DENYOOM).with(F::MOVABLEKEYS),
    keys: &[
        SOURCE,
        KeySpec::new(
            "OW update",
            Begin::Keyword("STORE", 6),
            Find::Range(0, 1, 0),
        ),
        KeySpec::new(
            "OW update",
            Begin::Keyword("STOREDIST", 6),
            Find::Range(0, 1, 0),
        ),
    ],
    since: "3.2.0",
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
    }),
    summary: "Gives or stores the members inside a circle around coordinates.",
    syntax: "key:key#0 longitude:double latitude:double radius:double unit<M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count-block(COUNT=count:integer [ANY@6.2.0])] [order<ASC|DESC>] [store<STORE=storekey:key#1\"key\"|STOREDIST=storedistkey:key#2\"key\">]",
    run: georadius,
    ..GEOSEARCH
};

fn georadius(ctx: &mut Ctx<'_>) -> Outcome {
    search(ctx, Form::Coords)
}

const GEORADIUS_RO: Command = Command {
    name: "georadius_ro",
    flags: F::READONLY,
    keys: &[SOURCE],
    since: "3.2.10",
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`GEOSEARCH` with the `BYRADIUS` argument",
    }),
    summary: "GEORADIUS without storing: it only reads.",
    syntax: "key:key#0 longitude:double latitude:double radius:double unit<M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count-block(COUNT=count:integer [ANY@6.2.0])] [order<ASC|DESC>]",
    ..GEORADIUS
};

const GEORADIUSBYMEMBER: Command = Command {
    name: "georadiusbymember",
    arity: -5,
    keys: &[
        SOURCE,
        KeySpec::new(
            "OW update",
            Begin::Keyword("STORE", 5),
            Find::Range(0, 1, 0),
        ),
        KeySpec::new(
            "OW update",
            Begin::Keyword("STOREDIST", 5),
            Find::Range(0, 1, 0),
        ),
    ],
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
    }),
    summary: "Gives or stores the members inside a circle around one of them.",
    syntax: "key:key#0 member radius:double unit<M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count-block(COUNT=count:integer [ANY])] [order<ASC|DESC>] [store<STORE=storekey:key#1\"key\"|STOREDIST=storedistkey:key#2\"key\">]",
    run: georadiusbymember,
    ..GEORADIUS
};

fn georadiusbymember(ctx: &mut Ctx<'_>) -> Outcome {
    search(ctx, Form::Member)
}

const GEORADIUSBYMEMBER_RO: Command = Command {
    name: "georadiusbymember_ro",
    flags: F::READONLY,
    keys: &[SOURCE],
    since: "3.2.10",
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
    }),
    summary: "GEORADIUSBYMEMBER without storing: it only reads.",
    syntax: "key:key#0 member radius:double unit<M|KM|FT|MI> [WITHCOORD] [WITHDIST] [WITHHASH] [count-block(COUNT=count:integer [ANY])] [order<ASC|DESC>]",
    ..GEORADIUSBYMEMBER
};
