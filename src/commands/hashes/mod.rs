//! Hash commands: fields one by one, counters in fields, whole hashes, random fields.
mod count;
mod field;
mod random;
mod whole;

use crate::command::{Begin, Command, Config, Ctx, Find, KeySpec};
use crate::keyspace::hash::HashLimits;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[count::TABLE, field::TABLE, random::TABLE, whole::TABLE];

/// The one key of all commands here: the first argument.
const fn one_key(flags: &'static str) -> KeySpec {
    KeySpec::new(flags, Begin::Index(1), Find::Range(0, 1, 0))
}

/// When hashes change their encoding here.
fn limits(ctx: &Ctx<'_>) -> HashLimits {
    limits_of(ctx.config, ctx.db.ks.hash_seed)
}

/// The same by any configuration.
pub(crate) fn limits_of(config: &Config, seed: (u64, u64)) -> HashLimits {
    HashLimits {
        entries: config.hash_max_listpack_entries,
        value: config.hash_max_listpack_value,
        seed,
    }
}
