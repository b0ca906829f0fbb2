//! Scripts: what a server runs for its clients inside itself.
//!
//! - `lua`: the machine; it knows nothing of commands;
//! - `engine`: the machine with what a server adds to the language (`redis.call` and the like);
//! - `convert`: replies as values of the language, and values as replies;
//! - `shebang`: the first line of a script, `#!lua flags=no-writes`;
//! - `cache`: the scripts that clients have sent, by their digest;
//! - `library`: libraries of functions;
//! - `program`: programs that use servers from outside.
//!
//! Whoever runs an [`engine::Engine`] gives it fuel, and answers when the script calls a command; `server::script` does.
pub mod cache;
pub mod convert;
pub mod engine;
pub mod library;
pub mod lua;
pub mod program;
pub mod shebang;

pub use cache::Scripts;
pub use engine::{Engine, Event};
pub use library::Libraries;
