//! What the page shows of a world: who is there, what they are to each other, and what is under way between them.
mod apps;
mod difference;
mod ledger;
mod message;
mod models;

pub use difference::{DifferenceModel, difference};
pub use ledger::{LedgerModel, ledger};
pub(super) use models::place_name;
pub use models::{EstateModel, estate};
