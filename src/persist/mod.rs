//! What outlives a process: the file formats, as bytes in and bytes out. No file is opened here.
//!
//! - `aof`: the append-only file;
//! - `lzf`: the compression of long strings;
//! - `tools`: the stock check tools;
//! - `rdb`: snapshots, and the payloads of DUMP and RESTORE, which are one value of a snapshot.
pub mod aof;
pub mod disk;
pub mod lzf;
pub mod rdb;
pub mod tools;
