//! Stream commands: one file an idea.
//!
//! - `id`: how ids are read from arguments;
//! - `add`: entries that come in, and the trimming that may go with it;
//! - `change`: entries deleted, the last id set;
//! - `range`: entries between two ids;
//! - `read`: entries after an id, of many streams, for a group or not;
//! - `group`: making and changing groups and consumers;
//! - `pending`: acknowledging, and looking at what is not acknowledged;
//! - `claim`: taking over what another consumer left;
//! - `info`: what there is to know of a stream.
mod add;
mod change;
mod claim;
mod group;
mod id;
mod info;
mod pending;
mod range;
mod read;

use super::elements;
use crate::command::{Begin, C, Command, Ctx, Error, Find, Group, KeySpec};
use crate::ds::stream::{Item, Limits, Nack, StreamId};
use crate::keyspace::Class;
use crate::resp::Reply;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[
    add::TABLE,
    change::TABLE,
    claim::TABLE,
    group::TABLE,
    info::TABLE,
    pending::TABLE,
    range::TABLE,
    read::TABLE,
];

/// What the commands share.
const BASE: Command = Command {
    acl: C::STREAM,
    since: "5.0.0",
    group: Group::Stream,
    ..Command::DEFAULT
};

/// A specification of one key at argument `at`.
const fn key_at(flags: &'static str, at: i32) -> KeySpec {
    KeySpec::new(flags, Begin::Index(at), Find::Range(0, 1, 0))
}

/// When a node is full, from the configuration.
fn limits(ctx: &Ctx<'_>) -> Limits {
    Limits {
        bytes: ctx.config.stream_node_max_bytes,
        entries: ctx.config.stream_node_max_entries,
    }
}

/// Writes an id as a bulk string.
fn bulk_id(out: &mut Reply, id: StreamId) {
    out.bulk(id.text(&mut [0; 41]));
}

/// Writes an entry: its id, and its fields and values.
fn entry(out: &mut Reply, item: &Item<'_>) {
    out.array(2);
    bulk_id(out, item.id);
    out.array(2 * item.fields);
    for (field, value) in item.pairs() {
        elements::bulk(out, field);
        elements::bulk(out, value);
    }
}

/// Up to its first zero byte, as the real server quotes arguments.
fn quoted(word: &[u8]) -> &[u8] {
    word.split(|&b| b == 0).next().unwrap_or_default()
}

/// An error that quotes two arguments: `before` a `middle` b `after`.
fn error_of(before: &str, a: &[u8], middle: &str, b: &[u8], after: &str) -> Error {
    let (a, b) = (quoted(a), quoted(b));
    Error::bytes([before.as_bytes(), a, middle.as_bytes(), b, after.as_bytes()].concat())
}

/// The key or the group is not there; `after` closes the second quote.
fn no_key_or_group(key: &[u8], group: &[u8], after: &str) -> Error {
    const BEFORE: &str = "NOGROUP No such key '";
    error_of(BEFORE, key, "' or consumer group '", group, after)
}

/// The key is there, but not the group.
fn no_group(group: &[u8], key: &[u8]) -> Error {
    const BEFORE: &str = "NOGROUP No such consumer group '";
    error_of(BEFORE, group, "' for key name '", key, "'")
}

/// The subcommand was called with arguments that it has not.
fn bad_subcommand(ctx: &Ctx<'_>, container: &str) -> Error {
    Error::bad_subcommand(quoted(ctx.arg(1)), container)
}

/// The books of a consumer that a command made on its way.
fn consumer_made(ctx: &mut Ctx<'_>, key: &[u8]) {
    ctx.db.ks.dirty += 1;
    ctx.db.notify(Class::STREAM, "xgroup-createconsumer", key);
}

/// Lets the log and the replicas see that an entry is now pending as `nack` says.
fn propagate_claim(
    ctx: &mut Ctx<'_>,
    (key, group): (&[u8], &[u8]),
    id: StreamId,
    consumer: &[u8],
    nack: &Nack,
    last_id: StreamId,
) {
    if !ctx.server.propagates {
        return;
    }
    use crate::base::num::{i64_bytes, u64_bytes};
    ctx.propagate_as(&[
        b"XCLAIM",
        key,
        group,
        consumer,
        b"0",
        id.text(&mut [0; 41]),
        b"TIME",
        i64_bytes(nack.time_ms, &mut [0; 20]),
        b"RETRYCOUNT",
        u64_bytes(nack.count, &mut [0; 20]),
        b"FORCE",
        b"JUSTID",
        b"LASTID",
        last_id.text(&mut [0; 41]),
    ]);
}

/// Lets the log and the replicas see how far a group has come.
fn propagate_position(
    ctx: &mut Ctx<'_>,
    (key, group): (&[u8], &[u8]),
    last_id: StreamId,
    entries_read: i64,
) {
    ctx.propagate_as(&[
        b"XGROUP",
        b"SETID",
        key,
        group,
        last_id.text(&mut [0; 41]),
        b"ENTRIESREAD",
        crate::base::num::i64_bytes(entries_read, &mut [0; 20]),
    ]);
}
