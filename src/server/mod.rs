//! One Redis process as a state machine: input in, effects out. Knows neither the network nor other nodes.
mod blocking;
mod dispatch;
mod evict;
mod guard;
pub mod journal;
mod listeners;
mod load;
mod meter;
mod node;
mod observe;
mod persist;
mod probe;
mod propagate;
mod repl;
mod script;
mod slow;
mod snapshot;
pub mod trace;
pub mod trail;
mod transaction;

pub use crate::command::state::Effect;
pub use load::LoadReport;
pub use meter::Meter;
pub use node::{Input, Node, NodeOptions, Peer};
pub use observe::Observed;
pub use snapshot::file_limits;
