//! Hash commands: fields one by one, counters in fields, whole hashes, random fields.
mod count;
mod field;
mod random;
mod whole;

use crate::command::{Begin, Command, Ctx, Find, KeySpec};
use crate::keyspace::hash::HashLimits;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[count::TABLE, field::TABLE, random::TABLE, whole::TABLE];

/// The one key of all commands here: the first argument.
const fn one_key(flags: &'static str) -> KeySpec {
    KeySpec::new(flags, Begin::Index(1), Find::Range(0, 1, 0))
}

/// When hashes change their encoding here.
pub(crate) fn limits(ctx: &Ctx<'_>) -> HashLimits {
    HashLimits {
        entries: ctx.config.hash_max_listpack_entries,
        value: ctx.config.hash_max_listpack_value,
        seed: ctx.db.ks.hash_seed,
    }
}
