//! Server commands: configuration, information, whole databases, the end of the process.
mod config;
mod data;
mod info;
mod lolwut;
mod memory;
mod process;
pub(crate) mod snapshot;

use crate::command::Command;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[
    config::TABLE,
    data::TABLE,
    info::TABLE,
    lolwut::TABLE,
    memory::TABLE,
    process::TABLE,
];
