//! The append-only file: which files make it up, and how far one is sound.
pub mod check;
pub mod manifest;
pub mod rewrite;
