//! Server commands: configuration, information, whole databases, the end of the process.
mod config;
mod data;
mod info;
mod latency;
mod lolwut;
mod memory;
mod module;
mod monitor;
mod process;
mod save;
mod slowlog;
pub(crate) mod snapshot;

use crate::command::Command;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[
    config::TABLE,
    data::TABLE,
    info::TABLE,
    latency::TABLE,
    lolwut::TABLE,
    memory::TABLE,
    module::TABLE,
    monitor::TABLE,
    process::TABLE,
    save::TABLE,
    slowlog::TABLE,
];
