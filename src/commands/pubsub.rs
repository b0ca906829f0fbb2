//! Publish and subscribe.
use super::sentinel;
use crate::base::glob::glob;
use crate::command::ctx::Propagate;
use crate::command::{
    Begin, ClientId, Command, Ctx, Error, F, Find, Flags, Group, KeySpec, Outcome, pubsub::Kind,
    syntax,
};

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[&[
    PSUBSCRIBE,
    PUBLISH,
    PUBSUB,
    PUNSUBSCRIBE,
    SPUBLISH,
    SSUBSCRIBE,
    SUBSCRIBE,
    SUNSUBSCRIBE,
    UNSUBSCRIBE,
]];

/// What those that listen and those that stop it have in common.
const LISTENING: Command = Command {
    flags: F::PUBSUB
        .with(F::NOSCRIPT)
        .with(F::LOADING)
        .with(F::STALE)
        .with(F::SENTINEL),
    since: "2.0.0",
    group: Group::Pubsub,
    complexity: "O(N), N the channels or patterns named",
    ..Command::DEFAULT
};

/// The same for shard channels, which a Sentinel has not.
const LISTENING_TO_SHARDS: Command = Command {
    flags: F::PUBSUB.with(F::NOSCRIPT).with(F::LOADING).with(F::STALE),
    since: "7.0.0",
    ..LISTENING
};

/// Shard channels are no keys, and belong to a slot as keys do.
const SHARD_CHANNELS: &[KeySpec] = &[KeySpec::new(
    "not_key",
    Begin::Index(1),
    Find::Range(-1, 1, 0),
)];

const SUBSCRIBE: Command = Command {
    name: "subscribe",
    arity: -2,
    summary: "Listens to channels.",
    syntax: "channel+",
    run: |ctx| subscribe(ctx, Kind::Channel),
    ..LISTENING
};

const PSUBSCRIBE: Command = Command {
    name: "psubscribe",
    arity: -2,
    summary: "Listens to all channels whose names match a pattern.",
    syntax: "pattern:pattern+",
    run: |ctx| subscribe(ctx, Kind::Pattern),
    ..LISTENING
};

const SSUBSCRIBE: Command = Command {
    name: "ssubscribe",
    arity: -2,
    keys: SHARD_CHANNELS,
    summary: "Listens to shard channels.",
    syntax: "shardchannel+",
    run: |ctx| subscribe(ctx, Kind::Shard),
    ..LISTENING_TO_SHARDS
};

const UNSUBSCRIBE: Command = Command {
    name: "unsubscribe",
    arity: -1,
    summary: "Stops listening to channels, or to all of them.",
    syntax: "[channel+]",
    run: |ctx| unsubscribe(ctx, Kind::Channel),
    ..LISTENING
};

const PUNSUBSCRIBE: Command = Command {
    name: "punsubscribe",
    arity: -1,
    summary: "Stops listening by patterns, or by any.",
    syntax: "[pattern:pattern+]",
    run: |ctx| unsubscribe(ctx, Kind::Pattern),
    ..LISTENING
};

const SUNSUBSCRIBE: Command = Command {
    name: "sunsubscribe",
    arity: -1,
    keys: SHARD_CHANNELS,
    summary: "Stops listening to shard channels, or to all of them.",
    syntax: "[shardchannel+]",
    run: |ctx| unsubscribe(ctx, Kind::Shard),
    ..LISTENING_TO_SHARDS
};

/// The words that answer, by the kind of subscription.
const SUBSCRIBED: [&str; 3] = ["subscribe", "psubscribe", "ssubscribe"];
const UNSUBSCRIBED: [&str; 3] = ["unsubscribe", "punsubscribe", "sunsubscribe"];

/// One answer: what was done, to which name, and how many subscriptions the client has now. Shard channels are counted
/// apart from the others.
fn answer(ctx: &mut Ctx<'_>, kind: Kind, words: [&str; 3], name: Option<&[u8]>) {
    let [channels, patterns, shards] = ctx.client().subscriptions;
    ctx.out.push(3);
    ctx.out.bulk(words[kind as usize].as_bytes());
    ctx.out.bulk_or_null(name);
    ctx.out.int(match kind {
        Kind::Shard => i64::from(shards),
        _ => i64::from(channels) + i64::from(patterns),
    });
}

fn subscribe(ctx: &mut Ctx<'_>, kind: Kind) -> Outcome {
    // Transactions were allowed to before shards were.
    if kind == Kind::Shard && ctx.server.in_exec {
        return Err(Error::new(
            "ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client",
        ));
    }
    for name in ctx.args.from(1) {
        ctx.server.subscribe(ctx.id, kind, name);
        answer(ctx, kind, SUBSCRIBED, Some(name));
    }
    Ok(())
}

fn unsubscribe(ctx: &mut Ctx<'_>, kind: Kind) -> Outcome {
    if ctx.argc() > 1 {
        for name in ctx.args.from(1) {
            ctx.server.unsubscribe(ctx.id, kind, name);
            answer(ctx, kind, UNSUBSCRIBED, Some(name));
        }
        return Ok(());
    }
    let all = ctx.server.subscriptions(ctx.id, kind);
    if all.is_empty() {
        answer(ctx, kind, UNSUBSCRIBED, None);
    }
    for name in all {
        ctx.server.unsubscribe(ctx.id, kind, &name);
        answer(ctx, kind, UNSUBSCRIBED, Some(&name));
    }
    Ok(())
}

/// Flags of what any client may ask and say.
const SPEAKING: Flags = F::PUBSUB.with(F::LOADING).with(F::STALE);

const PUBLISH: Command = Command {
    name: "publish",
    arity: 3,
    flags: SPEAKING
        .with(F::FAST)
        .with(F::MAY_REPLICATE)
        .with(F::SENTINEL),
    since: "2.0.0",
    group: Group::Pubsub,
    complexity: "O(N+M), N the channel's subscribers, M all patterns",
    summary: "Sends a message to all who listen to a channel now.",
    syntax: "channel message",
    run: |ctx| publish(ctx, Kind::Channel),
    ..Command::DEFAULT
};

const SPUBLISH: Command = Command {
    name: "spublish",
    flags: SPEAKING.with(F::FAST).with(F::MAY_REPLICATE),
    keys: &[KeySpec::new(
        "not_key",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "7.0.0",
    complexity: "O(N), N the shard channel's subscribers",
    summary: "Sends a message to all who listen to a shard channel now.",
    syntax: "shardchannel message",
    run: |ctx| publish(ctx, Kind::Shard),
    ..PUBLISH
};

fn publish(ctx: &mut Ctx<'_>, kind: Kind) -> Outcome {
    if ctx.server.watch.is_some() {
        return sentinel::publish(ctx);
    }
    let told = ctx.server.publish(kind, ctx.arg(1), ctx.arg(2));
    // Whoever listens to a replica hears it there.
    ctx.propagate = Propagate::ToReplicas;
    ctx.out.len(told);
    Ok(())
}

const PUBSUB: Command = Command {
    name: "pubsub",
    arity: -2,
    since: "2.8.0",
    group: Group::Pubsub,
    complexity: "Depends on the subcommand",
    summary: "A container for questions about subscriptions.",
    subs: &[CHANNELS, NUMPAT, NUMSUB, SHARDCHANNELS, SHARDNUMSUB, HELP],
    ..Command::DEFAULT
};

/// What its subcommands share.
const SUB: Command = Command {
    parent: "pubsub",
    flags: SPEAKING,
    since: "2.8.0",
    group: Group::Pubsub,
    ..Command::DEFAULT
};

const HELP: Command = Command {
    name: "help",
    arity: 2,
    flags: F::LOADING.with(F::STALE),
    since: "6.2.0",
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &PUBSUB),
    ..SUB
};

const CHANNELS: Command = Command {
    name: "channels",
    arity: -2,
    complexity: "O(N), N the channels that have subscribers",
    summary: "Lists the channels that have subscribers.",
    syntax: "[pattern:pattern]",
    run: |ctx| channels(ctx, Kind::Channel),
    ..SUB
};

const SHARDCHANNELS: Command = Command {
    name: "shardchannels",
    since: "7.0.0",
    summary: "Lists the shard channels that have subscribers.",
    run: |ctx| channels(ctx, Kind::Shard),
    ..CHANNELS
};

fn channels(ctx: &mut Ctx<'_>, kind: Kind) -> Outcome {
    if ctx.argc() > 3 {
        return Err(Error::bad_subcommand(ctx.arg(1), "PUBSUB"));
    }
    let pattern = (ctx.argc() == 3).then(|| ctx.arg(2));
    let at = ctx.out.defer();
    let mut count = 0;
    for name in ctx.server.pubsub.of(kind).keys() {
        if pattern.is_none_or(|pattern| glob(pattern, name, false)) {
            ctx.out.bulk(name);
            count += 1;
        }
    }
    ctx.out.finish_array(at, count);
    Ok(())
}

const NUMSUB: Command = Command {
    name: "numsub",
    arity: -2,
    complexity: "O(N), N the channels asked about",
    summary: "Counts the subscribers of channels, those by patterns left out.",
    syntax: "[channel+]",
    run: |ctx| numsub(ctx, Kind::Channel),
    ..SUB
};

const SHARDNUMSUB: Command = Command {
    name: "shardnumsub",
    since: "7.0.0",
    summary: "Counts the subscribers of shard channels.",
    syntax: "[shardchannel+]",
    run: |ctx| numsub(ctx, Kind::Shard),
    ..NUMSUB
};

fn numsub(ctx: &mut Ctx<'_>, kind: Kind) -> Outcome {
    ctx.out.array(2 * (ctx.argc() - 2));
    for name in ctx.args.from(2) {
        ctx.out.bulk(name);
        let ids = ctx.server.pubsub.of(kind).get(name);
        ctx.out.len(ids.map_or(0, Vec::<ClientId>::len));
    }
    Ok(())
}

const NUMPAT: Command = Command {
    name: "numpat",
    arity: 2,
    summary: "Counts the patterns that are listened by.",
    run: numpat,
    ..SUB
};

fn numpat(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.len(ctx.server.pubsub.of(Kind::Pattern).len());
    Ok(())
}
