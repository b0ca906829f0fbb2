//! What a Sentinel knows of the servers that it watches.
use super::{SUB, group, machine, text};
use crate::command::{Command, Ctx, Deprecated, Outcome};
use crate::sentinel::{Group, Part, Place};

/// A name of former times for another subcommand.
const fn former(replaced_by: &'static str, since: &'static str) -> Option<Deprecated> {
    Some(Deprecated { since, replaced_by })
}

pub(super) const PRIMARIES: Command = Command {
    name: "primaries",
    arity: 2,
    since: "8.0.0",
    complexity: "O(N), N the primaries",
    summary: "Lists the primaries that are watched, and how they are.",
    run: primaries,
    ..SUB
};

pub(super) const MASTERS: Command = Command {
    name: "masters",
    since: "2.8.4",
    deprecated: former("`SENTINEL PRIMARIES`", "8.0.0"),
    ..PRIMARIES
};

fn primaries(ctx: &mut Ctx<'_>) -> Outcome {
    let count = machine(ctx).groups.len();
    let places = (0..count).map(Place::primary).collect();
    list(ctx, places);
    Ok(())
}

/// All fields of each of these servers.
fn list(ctx: &mut Ctx<'_>, places: Vec<Place>) {
    ctx.out.array(places.len());
    places.into_iter().for_each(|place| describe(ctx, place));
}

fn describe(ctx: &mut Ctx<'_>, place: Place) {
    let fields = machine(ctx).describe(place);
    ctx.out.map(fields.len());
    for (name, value) in fields {
        ctx.out.bulk(name.as_bytes());
        ctx.out.bulk(value.as_bytes());
    }
}

pub(super) const PRIMARY: Command = Command {
    name: "primary",
    since: "8.0.0",
    summary: "Tells how a primary is.",
    syntax: "primary-name",
    run: primary,
    ..SUB
};

pub(super) const MASTER: Command = Command {
    name: "master",
    since: "2.8.4",
    deprecated: former("`SENTINEL PRIMARY`", "8.0.0"),
    ..PRIMARY
};

fn primary(ctx: &mut Ctx<'_>) -> Outcome {
    let group = group(ctx)?;
    describe(ctx, Place::primary(group));
    Ok(())
}

pub(super) const REPLICAS: Command = Command {
    name: "replicas",
    since: "5.0.0",
    complexity: "O(N), N the replicas",
    summary: "Lists a primary's replicas, and how they are.",
    syntax: "primary-name",
    run: |ctx| parts(ctx, is_shown_replica),
    ..SUB
};

pub(super) const SLAVES: Command = Command {
    name: "slaves",
    since: "2.8.0",
    deprecated: former("`SENTINEL REPLICAS`", "5.0.0"),
    ..REPLICAS
};

pub(super) const SENTINELS: Command = Command {
    name: "sentinels",
    complexity: "O(N), N the Sentinels",
    summary: "Lists the other Sentinels that watch a primary, and how they are.",
    syntax: "primary-name",
    run: |ctx| parts(ctx, |_, part| matches!(part, Part::Sentinel(_))),
    ..SUB
};

/// Replicas with `replica-announced no` may be chosen, but are not told of.
fn is_shown_replica(group: &Group, part: Part) -> bool {
    matches!(part, Part::Replica(_)) && group.part(part).replica.announced
}

fn parts(ctx: &mut Ctx<'_>, wanted: fn(&Group, Part) -> bool) -> Outcome {
    let group = group(ctx)?;
    let watched = &machine(ctx).groups[group];
    let all = watched.parts().filter(|part| wanted(watched, *part));
    let places = all.map(|part| Place { group, part }).collect();
    list(ctx, places);
    Ok(())
}

pub(super) const PENDING_SCRIPTS: Command = Command {
    name: "pending-scripts",
    arity: 2,
    complexity: "",
    summary: "Lists the scripts that wait to be run: none, as scripts are told of and never run.",
    run: pending_scripts,
    ..SUB
};

fn pending_scripts(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.array(0);
    Ok(())
}

pub(super) const INFO_CACHE: Command = Command {
    name: "info-cache",
    arity: -3,
    since: "3.2.0",
    complexity: "O(N), N the servers",
    summary: "Gives the last INFO of primaries and their replicas, and how old each is.",
    syntax: "nodename+",
    run: info_cache,
    ..SUB
};

fn info_cache(ctx: &mut Ctx<'_>) -> Outcome {
    let names: Vec<String> = (2..ctx.argc()).map(|i| text(ctx, i)).collect();
    let now_ms = ctx.db.ks.now_ms;
    let sentinel = machine(ctx);
    let named = sentinel.groups.iter().filter(|g| names.contains(&g.name));
    let groups: Vec<_> = named.cloned().collect();
    ctx.out.map(groups.len());
    for group in &groups {
        ctx.out.bulk(group.name.as_bytes());
        let servers = || std::iter::once(&group.primary).chain(&group.replicas);
        ctx.out.array(servers().count());
        for server in servers() {
            ctx.out.array(2);
            match server.info_ms {
                0 => {
                    ctx.out.int(0);
                    ctx.out.null();
                }
                at_ms => {
                    ctx.out.int(now_ms - at_ms);
                    ctx.out.bulk(&server.info);
                }
            }
        }
    }
    Ok(())
}
