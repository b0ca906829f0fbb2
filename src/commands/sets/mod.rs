//! Set commands: members one by one, random members, and whole sets against each other.
mod algebra;
mod member;
mod random;

use crate::command::{Begin, Command, Config, Ctx, Find, KeySpec};
use crate::keyspace::set::SetLimits;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[algebra::TABLE, member::TABLE, random::TABLE];

/// The one key of most commands here: the first argument.
const fn one_key(flags: &'static str) -> KeySpec {
    KeySpec::new(flags, Begin::Index(1), Find::Range(0, 1, 0))
}

/// When sets change their encoding here.
fn limits(ctx: &Ctx<'_>) -> SetLimits {
    limits_of(ctx.config, ctx.db.ks.hash_seed)
}

/// The same by any configuration.
pub(crate) fn limits_of(config: &Config, seed: (u64, u64)) -> SetLimits {
    SetLimits {
        intset_entries: config.set_max_intset_entries,
        listpack_entries: config.set_max_listpack_entries,
        listpack_value: config.set_max_listpack_value,
        seed,
    }
}
