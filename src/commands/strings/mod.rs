//! String commands: one file an idea.
//!
//! - `get`: reading whole strings, and SET with everything that is a short form of it;
//! - `expiry`: the options that say when a string expires;
//! - `range`: parts of strings;
//! - `count`: strings that are numbers;
//! - `lcs`: the longest common subsequence.
mod count;
pub(crate) mod expiry;
mod get;
mod lcs;
mod many;
mod range;
mod set;

use crate::command::{Command, Ctx};

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[
    count::TABLE,
    expiry::TABLE,
    get::TABLE,
    lcs::TABLE,
    many::TABLE,
    range::TABLE,
    set::TABLE,
];

/// No string is longer, whatever `proto-max-bulk-len` says: as no argument can be.
const STRING_MAX: i64 = u32::MAX as i64;

/// The longest string that a command may make.
pub(crate) fn longest(ctx: &Ctx<'_>) -> i64 {
    ctx.config.proto_max_bulk_len.min(STRING_MAX)
}
