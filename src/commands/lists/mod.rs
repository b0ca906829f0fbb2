//! List commands: one file an idea.
//!
//! - `push`: elements that come in, at the ends or beside another;
//! - `pop`: elements that are taken from an end;
//! - `transfer`: elements that go from one list to another;
//! - `blocking`: popping and moving that wait for an element;
//! - `read`: lengths, elements, ranges;
//! - `find`: where an element stands;
//! - `change`: elements that are replaced or removed where they stand.
mod blocking;
mod change;
mod find;
mod pop;
mod push;
mod read;
mod transfer;

use crate::base::num;
use crate::command::{Command, Config, Ctx, Error};
use crate::ds::quicklist::{Options, Side};
use crate::keyspace::{Class, list::List};

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[
    blocking::TABLE,
    change::TABLE,
    find::TABLE,
    pop::TABLE,
    push::TABLE,
    read::TABLE,
    transfer::TABLE,
];

/// The limits that new and changed lists get, from the configuration.
pub(crate) fn limits(ctx: &Ctx<'_>) -> Options {
    limits_of(ctx.config)
}

/// The same by any configuration.
pub(crate) fn limits_of(config: &Config) -> Options {
    Options::new(
        config.list_max_listpack_size.into(),
        config.list_compress_depth.into(),
    )
}

/// LEFT or RIGHT as the end of a list.
fn end(word: &[u8]) -> Result<Side, Error> {
    if word.eq_ignore_ascii_case(b"left") {
        Ok(Side::Before)
    } else if word.eq_ignore_ascii_case(b"right") {
        Ok(Side::After)
    } else {
        Err(Error::SYNTAX)
    }
}

/// The index of the element at that end.
fn index_of(end: Side) -> i64 {
    match end {
        Side::Before => 0,
        Side::After => -1,
    }
}

fn push_event(end: Side) -> &'static str {
    match end {
        Side::Before => "lpush",
        Side::After => "rpush",
    }
}

fn pop_event(end: Side) -> &'static str {
    match end {
        Side::Before => "lpop",
        Side::After => "rpop",
    }
}

/// An integer of at least `least`, or this error whatever is wrong with it. Counts that exceed the address space of the
/// machine exceed every list.
fn at_least(least: i64, text: &[u8], error: Error) -> Result<usize, Error> {
    match num::parse_i64(text) {
        Some(n) if n >= least => Ok(usize::try_from(n).unwrap_or(usize::MAX)),
        _ => Err(error),
    }
}

/// What follows the removal of `count` elements; `empty` says that none is left, so that the key must go.
fn removed(ctx: &mut Ctx<'_>, key: &[u8], event: &'static str, count: usize, empty: bool) {
    ctx.db.ks.dirty += count as i64;
    ctx.db.touch(key);
    ctx.db.notify(Class::LIST, event, key);
    if empty {
        ctx.db.remove_if_empty(key);
    }
}

/// Brings a list from which elements went into its form; whether it is empty.
fn settle(list: &mut List, limits: Options) -> bool {
    list.shrink(limits);
    list.is_empty()
}
