//! Scripts and functions. Commands cannot run others, so what a script does is the node's part (`server::script`); here
//! it is found, compiled and made ready.
//!
//! - `eval`: EVAL and its like;
//! - `cache`: SCRIPT, the scripts that the server keeps;
//! - `call`: FCALL;
//! - `function`: FUNCTION, the libraries that the server keeps.
mod cache;
mod call;
mod eval;
mod function;

use crate::command::{Command, Group};

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[cache::TABLE, call::TABLE, eval::TABLE, function::TABLE];

/// What all have in common.
const BASE: Command = Command {
    group: Group::Scripting,
    ..Command::DEFAULT
};
