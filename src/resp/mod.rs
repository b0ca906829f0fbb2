//! The wire format: requests in (`parse`), replies out (`reply`); requests of a node's own (`request`). Knows nothing of commands.
pub mod parse;
pub mod reply;
pub mod request;
pub use reply::{Mark, Proto, Reply};
pub mod value;
