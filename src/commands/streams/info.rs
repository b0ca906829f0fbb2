//! XINFO.
use super::{BASE, bad_subcommand, bulk_id, entry, key_at, no_group, range};
use crate::command::{C, Command, Ctx, Error, F, Outcome, syntax};
use crate::ds::stream::{Consumer, Group, Stream, StreamId};
use crate::resp::Reply;

pub(super) const TABLE: &[Command] = &[XINFO];

const XINFO: Command = Command {
    name: "xinfo",
    acl: C::NONE,
    arity: -2,
    complexity: "Depends on the subcommand",
    summary: "A container for commands that tell about streams.",
    subs: &[GROUPS, CONSUMERS, STREAM, HELP],
    ..BASE
};

/// What a subcommand shares with the others.
const SUB: Command = Command {
    parent: "xinfo",
    flags: F::READONLY,
    keys: &[key_at("RO access", 2)],
    ..BASE
};

const HELP: Command = Command {
    name: "help",
    arity: 2,
    flags: F::LOADING.with(F::STALE),
    keys: &[],
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &XINFO),
    ..SUB
};

fn int(out: &mut Reply, name: &str, n: u64) {
    out.bulk(name.as_bytes());
    out.int(n as i64);
}

fn id(out: &mut Reply, name: &str, id: StreamId) {
    out.bulk(name.as_bytes());
    bulk_id(out, id);
}

/// A figure that may not be known.
fn known(out: &mut Reply, name: &str, n: Option<i64>) {
    out.bulk(name.as_bytes());
    match n {
        Some(n) => out.int(n),
        None => out.null(),
    }
}

fn text(out: &mut Reply, name: &str, value: &[u8]) {
    out.bulk(name.as_bytes());
    out.bulk(value);
}

/// The position of a group, and how far it is behind.
fn position(out: &mut Reply, stream: &Stream, group: &Group) {
    id(out, "last-delivered-id", group.last_id);
    let read = Some(group.entries_read).filter(|&n| n != Group::UNKNOWN);
    known(out, "entries-read", read);
    known(out, "lag", stream.lag(group));
}

const CONSUMERS: Command = Command {
    name: "consumers",
    arity: 4,
    complexity: "O(N), N the consumers.",
    summary: "Tells about the consumers of a group: what is pending for each, and since when they are idle.",
    syntax: "key:key#0 group",
    tips: &["nondeterministic_output"],
    run: consumers,
    ..SUB
};

fn consumers(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, name) = (ctx.arg(2), ctx.arg(3));
    let now_ms = ctx.db.now_ms();
    let stream = ctx.db.read_as::<Stream>(key)?.ok_or(Error::NO_SUCH_KEY)?;
    let group = stream.group(name).ok_or_else(|| no_group(name, key))?;
    let out = &mut *ctx.out;
    out.array(group.consumer_count());
    for consumer in group.consumers() {
        let inactive = match consumer.active_ms {
            -1 => -1,
            at => now_ms.saturating_sub(at),
        };
        out.map(4);
        text(out, "name", &consumer.name);
        int(out, "pending", consumer.pending().len() as u64);
        let idle = now_ms.saturating_sub(consumer.seen_ms).max(0);
        known(out, "idle", Some(idle));
        known(out, "inactive", Some(inactive));
    }
    Ok(())
}

const GROUPS: Command = Command {
    name: "groups",
    arity: 3,
    complexity: "O(N), N the groups.",
    summary: "Tells about the groups of a stream: where each stands, and how far it is behind.",
    syntax: "key:key#0",
    run: groups,
    ..SUB
};

fn groups(ctx: &mut Ctx<'_>) -> Outcome {
    let stream = ctx.db.read_as::<Stream>(ctx.arg(2))?;
    let stream = stream.ok_or(Error::NO_SUCH_KEY)?;
    let out = &mut *ctx.out;
    out.array(stream.groups().len());
    for group in stream.groups() {
        out.map(6);
        text(out, "name", &group.name);
        int(out, "consumers", group.consumer_count() as u64);
        int(out, "pending", group.pending().len() as u64);
        position(out, stream, group);
    }
    Ok(())
}

const STREAM: Command = Command {
    name: "stream",
    arity: -3,
    complexity: "O(N), N the nodes of the stream.",
    summary: "Tells about a stream: its length, nodes, ids and groups; in full, its entries and all that is pending too.",
    syntax: "key:key#0 [full-block(FULL [COUNT=count:integer])]",
    run: stream,
    ..SUB
};

/// FULL and its count; 0: all.
fn full(ctx: &Ctx<'_>) -> Result<Option<u64>, Error> {
    const DEFAULT: u64 = 10;
    match ctx.argc() {
        3 => return Ok(None),
        4 if ctx.args.is(3, "full") => return Ok(Some(DEFAULT)),
        6 if ctx.args.is(3, "full") && ctx.args.is(4, "count") => {}
        _ => return Err(bad_subcommand(ctx, "XINFO")),
    }
    Ok(Some(u64::try_from(ctx.args.int(5)?).unwrap_or(DEFAULT)))
}

fn stream(ctx: &mut Ctx<'_>) -> Outcome {
    let full = full(ctx);
    let stream = ctx.db.read_as::<Stream>(ctx.arg(2))?;
    let stream = stream.ok_or(Error::NO_SUCH_KEY)?;
    let full = full?;
    let out = &mut *ctx.out;
    out.map(if full.is_some() { 9 } else { 10 });
    int(out, "length", stream.len());
    int(out, "radix-tree-keys", stream.node_count() as u64);
    int(out, "radix-tree-nodes", stream.tree_nodes());
    id(out, "last-generated-id", stream.last_id);
    id(out, "max-deleted-entry-id", stream.max_deleted_id);
    int(out, "entries-added", stream.entries_added);
    id(out, "recorded-first-entry-id", stream.first_id);
    let Some(count) = full else {
        int(out, "groups", stream.groups().len() as u64);
        for (name, last) in [("first-entry", false), ("last-entry", true)] {
            out.bulk(name.as_bytes());
            match stream.edge(last) {
                Some(item) => entry(out, &item),
                None => out.null(),
            }
        }
        return Ok(());
    };
    out.bulk(b"entries");
    range::entries(out, stream, (StreamId::MIN, StreamId::MAX, false), count);
    out.bulk(b"groups");
    out.array(stream.groups().len());
    for group in stream.groups() {
        full_group(out, stream, group, count);
    }
    Ok(())
}

/// How many of `len` are listed, at most `count` unless it is 0.
fn listed(len: usize, count: u64) -> usize {
    match usize::try_from(count) {
        Ok(1..) => len.min(count as usize),
        _ => len,
    }
}

fn full_group(out: &mut Reply, stream: &Stream, group: &Group, count: u64) {
    let pending = group.pending();
    let shown = listed(pending.len(), count);
    out.map(7);
    text(out, "name", &group.name);
    position(out, stream, group);
    int(out, "pel-count", pending.len() as u64);
    out.bulk(b"pending");
    out.array(shown);
    for (&id, nack) in pending.iter().take(shown) {
        out.array(4);
        bulk_id(out, id);
        out.bulk(&group.owner(nack).name);
        out.int(nack.time_ms);
        out.int(nack.count as i64);
    }
    out.bulk(b"consumers");
    out.array(group.consumer_count());
    for consumer in group.consumers() {
        full_consumer(out, group, consumer, count);
    }
}

fn full_consumer(out: &mut Reply, group: &Group, consumer: &Consumer, count: u64) {
    let pending = consumer.pending();
    let shown = listed(pending.len(), count);
    out.map(5);
    text(out, "name", &consumer.name);
    known(out, "seen-time", Some(consumer.seen_ms));
    known(out, "active-time", Some(consumer.active_ms));
    int(out, "pel-count", pending.len() as u64);
    out.bulk(b"pending");
    out.array(shown);
    for &id in pending.iter().take(shown) {
        let nack = group.nack(id);
        out.array(3);
        bulk_id(out, id);
        out.int(nack.map_or(0, |n| n.time_ms));
        out.int(nack.map_or(0, |n| n.count as i64));
    }
}
