//! The commands, one file or folder a family. A record stands right above its function, and each file lists its own in a
//! `TABLE`; `registry` joins them.
pub mod acl;
pub mod bitmaps;
pub mod cluster;
pub mod connection;
pub mod debug;
pub mod elements;
pub mod generic;
pub mod geo;
pub mod hashes;
pub mod help;
pub mod hyperloglog;
pub mod introspection;
pub mod lists;
pub mod pubsub;
pub mod replication;
pub mod scripting;
pub mod sentinel;
pub mod server;
pub mod sets;
pub mod streams;
pub mod strings;
pub mod transactions;
pub mod zsets;

use crate::command::{Command, F, Registry};

/// Each family's tables, one a file.
const FAMILIES: &[&[&[Command]]] = &[
    acl::TABLES,
    bitmaps::TABLES,
    cluster::TABLES,
    connection::TABLES,
    debug::TABLES,
    generic::TABLES,
    geo::TABLES,
    hashes::TABLES,
    hyperloglog::TABLES,
    introspection::TABLES,
    lists::TABLES,
    pubsub::TABLES,
    replication::TABLES,
    scripting::TABLES,
    sentinel::TABLES,
    server::TABLES,
    sets::TABLES,
    streams::TABLES,
    strings::TABLES,
    transactions::TABLES,
    zsets::TABLES,
];

/// All commands of a server of data, ready to be looked up.
pub fn registry() -> Registry {
    Registry::new(FAMILIES, |command| !command.flags.has(F::ONLY_SENTINEL))
}

/// All commands of a Sentinel.
pub fn sentinel_registry() -> Registry {
    Registry::new(FAMILIES, |command| {
        command.flags.has(F::SENTINEL) || command.flags.has(F::ONLY_SENTINEL)
    })
}
