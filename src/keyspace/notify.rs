//! Keyspace notifications: the classes of `notify-keyspace-events` and the events that wait to be published.

/// The class of an event: one letter of `notify-keyspace-events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class(pub u32);

impl Class {
    pub const KEYSPACE: Class = Class(1); // K
    pub const KEYEVENT: Class = Class(1 << 1); // E
    pub const GENERIC: Class = Class(1 << 2); // g
    pub const STRING: Class = Class(1 << 3); // $
    pub const LIST: Class = Class(1 << 4); // l
    pub const SET: Class = Class(1 << 5); // s
    pub const HASH: Class = Class(1 << 6); // h
    pub const ZSET: Class = Class(1 << 7); // z
    pub const EXPIRED: Class = Class(1 << 8); // x
    pub const EVICTED: Class = Class(1 << 9); // e
    pub const STREAM: Class = Class(1 << 10); // t
    pub const KEY_MISS: Class = Class(1 << 11); // m
    pub const MODULE: Class = Class(1 << 13); // d
    pub const NEW: Class = Class(1 << 14); // n
    /// No letter: a key changed that a client may have a copy of. Switched on while any client tracks keys.
    pub const CHANGED: Class = Class(1 << 30);
}

/// The names of events of [`Class::CHANGED`].
impl Event {
    /// The key has another value, or none.
    pub const WRITTEN: &str = "";
    /// All keys of a database are gone; no key is named.
    pub const FLUSHED: &str = "flushed";
}

/// One event that somebody may listen to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub class: Class,
    pub name: &'static str,
    pub db: usize,
    pub key: Box<[u8]>,
}
