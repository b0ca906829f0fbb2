//! The data structures. Each module stands alone: it knows bytes and numbers, never keys of a database, clients or time.
//! It opens with the theory and a drawing, ends with its property tests, and offers `inspect()`, plain data for the views.
pub mod bits;
pub mod dict;
pub mod geohash;
pub mod hll;
pub mod intset;
pub mod listpack;
pub mod quicklist;
#[cfg(test)]
mod seeded;
pub mod skiplist;
pub mod slab;
pub mod stream;
