//! base: what every other layer stands on. Seeded randomness, numbers as Redis reads and prints them, patterns,
//! checksums, hashes, the allocator's size classes, and the names of the units of virtual time.
//!
//! Nothing here knows about keys, clients or commands, and nothing keeps state of its own.
pub mod alloc;
pub(crate) mod big;
pub mod crc16;
pub mod crc64;
pub mod decimal;
pub mod dtoa;
pub mod f80;
pub mod glob;
pub mod num;
pub mod order;
pub(crate) mod pair;
pub mod quote;
pub mod real;
pub mod rng;
pub(crate) mod scan;
pub mod sha1;
pub mod sha256;
pub mod short;
pub mod siphash;
pub mod time;
pub mod trig;
