//! redlab: Redis as a library without I/O of its own. Bytes, time, seeds and disk results come in; effects come out.
//!
//! The layers stand in the order below; each may use those above it, never those beneath (`tests/tidy.rs` holds it).
pub mod base;
pub mod command;
pub mod commands;
pub mod ds;
pub mod keyspace;
pub mod lab;
pub mod persist;
pub mod repl;
pub mod resp;
pub mod script;
pub mod sentinel;
pub mod server;
pub mod sim;
#[cfg(target_arch = "wasm32")]
mod wasm;

/// The version of Redis that HELLO and INFO give, for clients that choose their behaviour by it.
pub const REDIS_VERSION: &str = "7.2.4";
