//! Commands that work on keys of any type, one file an idea.
//!
//! - `keys`: deleting, counting, naming, picking keys;
//! - `expire`: when keys expire, set and asked;
//! - `relocate`: RENAME, MOVE, COPY;
//! - `scan`: SCAN and KEYS;
//! - `object`: OBJECT;
//! - `dump`: DUMP, RESTORE;
//! - `sort`: SORT;
//! - `wait`: WAIT, WAITAOF.
mod dump;
mod expire;
mod keys;
mod object;
mod relocate;
mod scan;
mod sort;
mod ttl;
mod wait;

pub(crate) use dump::value_limits;
pub(super) use object::refcount_of;

use crate::command::Command;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[
    dump::TABLE,
    expire::TABLE,
    keys::TABLE,
    object::TABLE,
    relocate::TABLE,
    scan::TABLE,
    sort::TABLE,
    ttl::TABLE,
    wait::TABLE,
];
