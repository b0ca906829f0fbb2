//! What the page shows of a world: who is there, what they are to each other, and what is under way between them.
mod apps;
mod decode;
mod difference;
mod ledger;
mod models;
mod wire;

pub use difference::{DifferenceModel, difference};
pub use ledger::{LedgerModel, ledger};
pub(super) use models::place_name;
pub use models::{EstateModel, estate};
pub use wire::{WireModel, wire};
