//! What outlives a process: the file formats, as bytes in and bytes out. No file is opened here.
//!
//! - `aof`: the append-only file.
pub mod aof;
