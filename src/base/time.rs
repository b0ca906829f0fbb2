//! Units of virtual time. The core has no clock: every moment comes in as a parameter.

/// Milliseconds: since the Unix epoch for a moment, or a length of time. Signed, because clients may name moments
/// before the epoch and lengths below zero.
pub type Millis = i64;

/// Microseconds, in the same two senses as [`Millis`].
pub type Micros = i64;
