//! What a key holds: one `Value`, each type in a file of its own beside this one.
use super::{hash::Hash, list::List, set::Set, stream, stream::Stream, string::Str, zset::Zset};
use crate::ds::quicklist::Quicklist;

/// The value of a key.
#[derive(Clone, Debug)]
pub enum Value {
    Str(Str),
    List(Box<List>),
    Set(Box<Set>),
    Hash(Box<Hash>),
    Zset(Box<Zset>),
    Stream(Box<Stream>),
}

/// The key holds another type than the command works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongType;

/// The header of an object on a 64-bit server.
pub const OBJECT_BYTES: usize = 16;

impl Value {
    /// The name that TYPE gives.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Str(_) => "string",
            Value::List(_) => "list",
            Value::Set(_) => "set",
            Value::Hash(_) => "hash",
            Value::Zset(_) => "zset",
            Value::Stream(_) => "stream",
        }
    }

    /// The name that OBJECT ENCODING gives.
    pub fn encoding(&self) -> &'static str {
        match self {
            Value::Str(v) => v.encoding(),
            Value::List(v) => v.encoding(),
            Value::Set(v) => v.encoding(),
            Value::Hash(v) => v.encoding(),
            Value::Zset(v) => v.encoding(),
            Value::Stream(_) => "stream",
        }
    }

    /// Whether an aggregate has lost its last element, so that its key must go. A string never is, and an empty stream
    /// stays: its last id and its groups still matter.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Str(_) | Value::Stream(_) => false,
            Value::List(v) => v.len() == 0,
            Value::Set(v) => v.len() == 0,
            Value::Hash(v) => v.len() == 0,
            Value::Zset(v) => v.len() == 0,
        }
    }

    /// Whether it consists of so many allocations that a real server frees it in another thread, where it may. O(1).
    pub fn is_long_to_free(&self) -> bool {
        const MANY: usize = 64;
        let parts = match self {
            Value::List(v) => v.quicklist().map_or(1, Quicklist::node_count),
            Value::Set(v) if self.encoding() == "hashtable" => v.len(),
            Value::Hash(v) if self.encoding() == "hashtable" => v.len(),
            Value::Zset(v) if self.encoding() == "skiplist" => v.len(),
            Value::Stream(v) => v.node_count(),
            _ => 1,
        };
        parts > MANY
    }

    /// Modelled bytes on a 64-bit server: the object header and all it owns. O(1).
    pub fn mem_bytes(&self) -> usize {
        match self {
            Value::Str(v) => v.mem_bytes(),
            Value::List(v) => OBJECT_BYTES + v.mem_bytes(),
            Value::Set(v) => OBJECT_BYTES + v.mem_bytes(),
            Value::Hash(v) => OBJECT_BYTES + v.mem_bytes(),
            Value::Zset(v) => OBJECT_BYTES + v.mem_bytes(),
            Value::Stream(v) => OBJECT_BYTES + stream::mem_bytes(v),
        }
    }
}

/// A type that `Value` can hold: lets the keyspace hand out the type that a command asks for.
pub trait Typed: Sized {
    fn of(value: &Value) -> Option<&Self>;
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    fn wrap(self) -> Value;
}

macro_rules! boxed {
    ($($name:ident),*) => {$(
        impl Typed for $name {
            fn of(value: &Value) -> Option<&Self> {
                match value { Value::$name(v) => Some(v), _ => None }
            }
            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                match value { Value::$name(v) => Some(v), _ => None }
            }
            fn wrap(self) -> Value {
                Value::$name(Box::new(self))
            }
        }
    )*};
}
boxed!(List, Set, Hash, Zset, Stream);

impl Typed for Str {
    fn of(value: &Value) -> Option<&Self> {
        match value {
            Value::Str(v) => Some(v),
            _ => None,
        }
    }
    fn of_mut(value: &mut Value) -> Option<&mut Self> {
        match value {
            Value::Str(v) => Some(v),
            _ => None,
        }
    }
    fn wrap(self) -> Value {
        Value::Str(self)
    }
}
