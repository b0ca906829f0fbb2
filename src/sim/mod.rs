//! The simulated world that nodes live in. Everything happens in virtual time, by one seed.
pub mod disk;
pub mod machine;
pub mod repair;
pub mod timeline;
pub mod world;
