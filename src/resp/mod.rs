//! The wire format: requests in (`parse`), replies out (`reply`). Knows nothing of commands.
pub mod parse;
pub mod reply;
pub use reply::{Mark, Proto, Reply};
pub mod value;
