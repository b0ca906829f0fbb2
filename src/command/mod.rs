//! What a command is: its record, its arguments, and the context it runs in. Knows no particular command.
pub mod acl;
pub mod args;
pub mod blocking;
pub mod client;
pub mod config;
pub mod ctx;
pub mod error;
pub mod keys;
pub mod latency;
pub mod log;
pub mod memory;
pub mod monitor;
pub mod persistence;
pub mod pubsub;
pub mod push;
pub mod record;
pub mod registry;
pub mod replication;
pub mod script;
pub mod sentinel;
pub mod slowlog;
pub mod spikes;
pub mod state;
pub mod syntax;
pub mod tracking;
pub mod transaction;

pub use acl::Acl;
pub use args::{Args, Cursor, OwnedArgs};
pub use client::{Client, ClientId, Clients};
pub use config::Config;
pub use ctx::Ctx;
pub use error::Error;
pub use log::LogLevel;
pub use record::{Begin, C, Cats, Command, Deprecated, F, Find, Flags, Group, Handler, KeySpec};
pub use registry::Registry;
pub use script::{RunningScript, ScriptCall, Then};
pub use state::{Effect, Server};
pub use transaction::Queue;

/// What a command returns: nothing, for it has written its reply; or what the user did wrong.
pub type Outcome = Result<(), Error>;
