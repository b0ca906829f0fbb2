//! Scripts: what a server runs for its clients inside itself. `lua` is the machine; it knows nothing of commands.
pub mod lua;
