//! Everything of variable size that a script makes lives here: arenas of strings, tables, closures, upvalues and
//! coroutines. All of it is counted, in bytes that are the same on every platform. Freeing is the collector's (`gc.rs`).

use super::proto::Proto;
use super::table::{Overflow, Table};
use super::thread::Coroutine;
use super::value::{Str, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Colours of the collector. An object is of one of two whites when it is made; which of them means "not yet seen"
/// changes with each collection.
pub(crate) const GRAY: u8 = 2;
pub(crate) const BLACK: u8 = 3;
pub(crate) const FREE: u8 = 4;

/// Objects of one kind, named by their index.
#[derive(Clone, Debug)]
pub(crate) struct Arena<T> {
    pub items: Vec<T>,
    pub colour: Vec<u8>,
    free: Vec<u32>,
}

impl<T: Default> Arena<T> {
    fn new() -> Arena<T> {
        Arena {
            items: Vec::new(),
            colour: Vec::new(),
            free: Vec::new(),
        }
    }

    fn add(&mut self, item: T, colour: u8) -> u32 {
        if let Some(id) = self.free.pop() {
            self.items[id as usize] = item;
            self.colour[id as usize] = colour;
            return id;
        }
        self.items.push(item);
        self.colour.push(colour);
        self.items.len() as u32 - 1
    }

    /// Gives the object out and its place back.
    pub(crate) fn remove(&mut self, id: u32) -> T {
        self.colour[id as usize] = FREE;
        self.free.push(id);
        std::mem::take(&mut self.items[id as usize])
    }
}

/// The bytes of an interned string.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    pub bytes: Box<[u8]>,
    /// The hash over all bytes.
    full: u32,
    /// The next string of the same bucket, plus one.
    next: u32,
}

/// What a closure runs.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Lua(Rc<Proto>),
    Native(u16),
}

#[derive(Clone, Debug)]
pub(crate) struct Closure {
    pub body: Body,
    pub upvalues: Box<[u32]>,
    /// The table of its globals.
    pub env: u32,
}

impl Default for Closure {
    fn default() -> Closure {
        Closure {
            body: Body::Native(0),
            upvalues: Box::default(),
            env: 0,
        }
    }
}

/// A variable that closures share.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Upvalue {
    /// It still stands on the stack of this thread.
    Open {
        thread: u32,
        at: u32,
    },
    Closed(Value),
}

impl Default for Upvalue {
    fn default() -> Upvalue {
        Upvalue::Closed(Value::Nil)
    }
}

/// Where the collector is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    Pause,
    Mark,
    /// Which arena, and how far in it.
    Sweep(u8, u32),
}

/// The arenas, and the state of the collector.
#[derive(Debug)]
pub struct Heap {
    pub(crate) strings: Arena<Text>,
    buckets: Vec<u32>,
    interned: usize,
    pub(crate) tables: Arena<Table>,
    pub(crate) closures: Arena<Closure>,
    pub(crate) upvalues: Arena<Upvalue>,
    pub(crate) threads: Arena<Coroutine>,
    /// Bytes in use, and how many may be.
    pub(crate) used: usize,
    pub(crate) limit: usize,
    /// When the next step of the collector is due.
    pub(crate) threshold: usize,
    pub(crate) phase: Phase,
    pub(crate) white: u8,
    pub(crate) gray: Vec<Value>,
    pub(crate) again: Vec<u32>,
    pub(crate) weak: Vec<u32>,
    pub(crate) epoch: u32,
    /// The metatable that all strings share.
    pub(crate) string_meta: Option<u32>,
}

impl Clone for Heap {
    /// Functions are shared within a heap and never between two: the collector counts who refers to them.
    fn clone(&self) -> Heap {
        let mut closures = self.closures.clone();
        let mut own = BTreeMap::new();
        for closure in &mut closures.items {
            if let Body::Lua(proto) = &mut closure.body {
                *proto = copied(proto, &mut own);
            }
        }
        Heap {
            strings: self.strings.clone(),
            buckets: self.buckets.clone(),
            interned: self.interned,
            tables: self.tables.clone(),
            closures,
            upvalues: self.upvalues.clone(),
            threads: self.threads.clone(),
            used: self.used,
            limit: self.limit,
            threshold: self.threshold,
            phase: self.phase,
            white: self.white,
            gray: self.gray.clone(),
            again: self.again.clone(),
            weak: self.weak.clone(),
            epoch: self.epoch,
            string_meta: self.string_meta,
        }
    }
}

/// A copy of a function with those inside it; `own`: what was copied before, by where the original stands.
fn copied(proto: &Rc<Proto>, own: &mut BTreeMap<*const Proto, Rc<Proto>>) -> Rc<Proto> {
    if let Some(copy) = own.get(&Rc::as_ptr(proto)) {
        return Rc::clone(copy);
    }
    let mut copy = Proto::clone(proto);
    for inner in &mut copy.protos {
        *inner = copied(inner, own);
    }
    let copy = Rc::new(copy);
    own.insert(Rc::as_ptr(proto), Rc::clone(&copy));
    copy
}

const STRING_COST: usize = 40;
pub(crate) const TABLE_COST: usize = 80;

/// The hash of the real machine: of long strings it takes some bytes only.
fn table_hash(bytes: &[u8]) -> u32 {
    let mut hash = bytes.len() as u32;
    let step = (bytes.len() >> 5) + 1;
    let mut at = bytes.len();
    while at >= step {
        let mixed = (hash << 5)
            .wrapping_add(hash >> 2)
            .wrapping_add(u32::from(bytes[at - 1]));
        hash ^= mixed;
        at -= step;
    }
    hash
}

/// A hash over all bytes of a long string, eight at a time.
fn full_hash(bytes: &[u8]) -> u32 {
    let mut hash = bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    (hash >> 32) as u32
}

impl Heap {
    pub(crate) fn new(limit: usize) -> Heap {
        Heap {
            strings: Arena::new(),
            buckets: vec![0; 256],
            interned: 0,
            tables: Arena::new(),
            closures: Arena::new(),
            upvalues: Arena::new(),
            threads: Arena::new(),
            used: 0,
            limit,
            threshold: 1 << 17,
            phase: Phase::Pause,
            white: 0,
            gray: Vec::new(),
            again: Vec::new(),
            weak: Vec::new(),
            epoch: 0,
            string_meta: None,
        }
    }

    /// The one string of these bytes. O(n).
    pub fn string(&mut self, bytes: &[u8]) -> Str {
        let hash = table_hash(bytes);
        let full = match bytes.len() {
            0..32 => hash,
            _ => full_hash(bytes),
        };
        let bucket = full as usize & (self.buckets.len() - 1);
        let mut at = self.buckets[bucket];
        while at != 0 {
            let id = at - 1;
            let text = &self.strings.items[id as usize];
            if text.full == full && *text.bytes == *bytes {
                // It may be dead and not swept yet.
                let colour = &mut self.strings.colour[id as usize];
                if *colour < GRAY {
                    *colour = self.white;
                }
                return Str { id, hash };
            }
            at = text.next;
        }
        self.used += STRING_COST + bytes.len();
        let text = Text {
            bytes: bytes.into(),
            full,
            next: self.buckets[bucket],
        };
        let id = self.strings.add(text, self.white);
        self.buckets[bucket] = id + 1;
        self.interned += 1;
        if self.interned > self.buckets.len() {
            self.grow_buckets();
        }
        Str { id, hash }
    }

    fn grow_buckets(&mut self) {
        let size = self.buckets.len() * 2;
        let mut buckets = vec![0; size];
        for (id, text) in self.strings.items.iter_mut().enumerate() {
            if self.strings.colour[id] != FREE {
                let bucket = text.full as usize & (size - 1);
                text.next = std::mem::replace(&mut buckets[bucket], id as u32 + 1);
            }
        }
        self.buckets = buckets;
    }

    pub(crate) fn free_string(&mut self, id: u32) {
        let text = self.strings.remove(id);
        let bucket = text.full as usize & (self.buckets.len() - 1);
        self.interned -= 1;
        self.used -= STRING_COST + text.bytes.len();
        if self.buckets[bucket] == id + 1 {
            self.buckets[bucket] = text.next;
            return;
        }
        let mut at = self.buckets[bucket];
        while at != 0 {
            let other = &mut self.strings.items[at as usize - 1];
            if other.next == id + 1 {
                other.next = text.next;
                return;
            }
            at = other.next;
        }
    }

    /// A string as a value.
    pub fn text(&mut self, bytes: &[u8]) -> Value {
        Value::Str(self.string(bytes))
    }

    /// The bytes of a string.
    #[inline]
    pub fn bytes(&self, string: Str) -> &[u8] {
        &self.strings.items[string.id as usize].bytes
    }

    /// A new table with room for so many array and hash entries.
    pub fn table(&mut self, array: usize, hash: usize) -> u32 {
        let table = Table::with_sizes(array, hash);
        self.used += TABLE_COST + table.size();
        self.tables.add(table, self.white)
    }

    #[inline]
    pub(crate) fn tab(&self, id: u32) -> &Table {
        &self.tables.items[id as usize]
    }

    /// The table, to be changed: the collector will look at it again.
    #[inline]
    pub(crate) fn tab_mut(&mut self, id: u32) -> &mut Table {
        if self.tables.colour[id as usize] == BLACK && self.phase == Phase::Mark {
            self.tables.colour[id as usize] = GRAY;
            self.again.push(id);
        }
        let table = &mut self.tables.items[id as usize];
        table.absent = 0;
        table
    }

    /// Sets a key (not nil, not NaN) without asking metatables. O(1), at times O(n).
    pub(crate) fn set(&mut self, table: u32, key: Value, value: Value) -> Result<(), Overflow> {
        let table = self.tab_mut(table);
        if let Some(place) = table.place(key) {
            table.put(place, value);
            return Ok(());
        }
        let before = table.size();
        let done = table.set(key, value);
        let after = table.size();
        self.used = self.used + after - before;
        done
    }

    /// Sets a key of the host's own; these tables are small.
    pub fn set_field(&mut self, table: u32, name: &[u8], value: Value) {
        let key = self.text(name);
        let _ = self.set(table, key, value);
    }

    /// Lets two tables change places: everyone who has one of them now has the other's content.
    pub fn exchange(&mut self, a: u32, b: u32) {
        // Both are looked at again by the collector.
        self.tab_mut(a);
        self.tab_mut(b);
        self.tables.items.swap(a as usize, b as usize);
    }

    /// The value at a name, without asking metatables.
    pub fn field(&mut self, table: u32, name: &[u8]) -> Value {
        let key = self.string(name);
        self.tab(table).get_str(key)
    }

    pub(crate) fn closure(&mut self, body: Body, upvalues: Box<[u32]>, env: u32) -> u32 {
        self.used += 48 + upvalues.len() * 4;
        let closure = Closure {
            body,
            upvalues,
            env,
        };
        self.closures.add(closure, self.white)
    }

    pub(crate) fn upvalue(&mut self, upvalue: Upvalue) -> u32 {
        self.used += 24;
        self.upvalues.add(upvalue, self.white)
    }

    pub(crate) fn thread(&mut self, thread: Coroutine) -> u32 {
        self.used += Coroutine::COST;
        self.threads.add(thread, self.white)
    }

    /// Whether so many more bytes are allowed.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        bytes <= self.limit.saturating_sub(self.used)
    }
}
