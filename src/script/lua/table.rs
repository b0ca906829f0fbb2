//! Tables: an array for the keys 1..n and a hash for everything else.
//!
//! Both what `#t` answers when there are holes and the order in which `next` walks are visible to scripts, so the layout
//! is that of Lua 5.1 ("The Implementation of Lua 5.0", Ierusalimschy, de Figueiredo, Celes, 2005, section 4): a chained
//! scatter table with Brent's variation. A key sits at its main position unless that is taken by a key whose own main
//! position it is; an intruder is moved away. Chains are linked by distances in `next`:
//!
//! ```text
//!  nodes   0        1        2        3          `free` runs down from the end and finds the empty ones
//!        [ b ] <- [ a ]             [ c ]
//!          |________^  next -1        ^ main position of a collider: goes to a free node, linked behind c
//! ```
//!
//! When no node is free, keys are counted anew and both parts get the sizes at which the array is more than half full.

use super::value::{Str, Value};

/// Most that either part may hold: 2^26 entries.
const MAX_BITS: u32 = 26;

#[derive(Clone, Copy, Debug)]
struct Node {
    key: Value,
    value: Value,
    /// Distance to the next node of the chain; 0 ends it.
    next: i32,
}

const EMPTY: Node = Node {
    key: Value::Nil,
    value: Value::Nil,
    next: 0,
};

/// Where a key's value stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    Array(u32),
    Node(u32),
}

/// A table of the language, with its metatable.
#[derive(Clone, Debug, Default)]
pub struct Table {
    array: Vec<Value>,
    /// Empty, or a power of two.
    nodes: Vec<Node>,
    /// Nodes at and behind this index are not free.
    free: u32,
    pub(crate) meta: Option<u32>,
    /// A bit for each metamethod that is known to be absent when this table is a metatable.
    pub(crate) absent: u8,
    pub(crate) readonly: bool,
}

/// The sizes that a new key asks for would exceed what a table can hold.
#[derive(Debug)]
pub(crate) struct Overflow;

fn log2_ceil(value: usize) -> u32 {
    value.next_power_of_two().trailing_zeros()
}

/// The array index (from 1) that a number stands for, if it does.
#[inline]
fn array_index(number: f64) -> Option<u32> {
    let index = number as u32;
    (index > 0 && f64::from(index) == number).then_some(index)
}

impl Table {
    /// A table with room for so many array and hash entries. The caller has checked that there is memory for them.
    pub(crate) fn with_sizes(array: usize, hash: usize) -> Table {
        let mut table = Table::default();
        table.array.resize(array.min(1 << MAX_BITS), Value::Nil);
        table.set_nodes(hash.min(1 << MAX_BITS));
        table
    }

    /// Bytes that the parts take, the same on every platform.
    pub(crate) fn size(&self) -> usize {
        self.array.len() * 16 + self.nodes.len() * 40
    }

    fn set_nodes(&mut self, count: usize) {
        self.nodes = match count {
            0 => Vec::new(),
            count => vec![EMPTY; 1 << log2_ceil(count)],
        };
        self.free = self.nodes.len() as u32;
    }

    fn main_position(&self, key: Value) -> usize {
        let mask = self.nodes.len() - 1;
        let modulo = |hash: u32| hash as usize % (mask | 1);
        match key {
            Value::Str(s) => s.hash as usize & mask,
            Value::Bool(b) => usize::from(b) & mask,
            Value::Num(0.0) | Value::Nil => 0,
            Value::Num(n) => {
                let bits = n.to_bits();
                modulo((bits as u32).wrapping_add((bits >> 32) as u32))
            }
            // A real server takes the address, which differs from run to run.
            Value::Table(id) | Value::Func(id) | Value::Thread(id) | Value::Light(id) => {
                modulo(id.wrapping_mul(0x9e37_79b9) >> 4)
            }
            Value::Native(id) | Value::Host(id) => modulo(u32::from(id) * 7),
        }
    }

    #[inline]
    fn find(&self, key: Value) -> Option<usize> {
        if self.nodes.is_empty() {
            return None;
        }
        let mut at = self.main_position(key);
        loop {
            let node = &self.nodes[at];
            if node.key == key {
                return Some(at);
            }
            if node.next == 0 {
                return None;
            }
            at = (at as i32 + node.next) as usize;
        }
    }

    /// The value at a string. O(1).
    #[inline]
    pub(crate) fn get_str(&self, key: Str) -> Value {
        if self.nodes.is_empty() {
            return Value::Nil;
        }
        let mut at = key.hash as usize & (self.nodes.len() - 1);
        loop {
            let node = &self.nodes[at];
            if matches!(node.key, Value::Str(s) if s == key) {
                return node.value;
            }
            if node.next == 0 {
                return Value::Nil;
            }
            at = (at as i32 + node.next) as usize;
        }
    }

    /// The value at a number. O(1).
    #[inline]
    pub(crate) fn get_num(&self, number: f64) -> Value {
        let index = number as u32;
        if f64::from(index) == number
            && let Some(value) = self.array.get(index.wrapping_sub(1) as usize)
        {
            return *value;
        }
        self.find(Value::Num(number))
            .map_or(Value::Nil, |at| self.nodes[at].value)
    }

    /// The value at any key; nil if there is none. O(1).
    #[inline]
    pub(crate) fn get(&self, key: Value) -> Value {
        match key {
            Value::Str(s) => self.get_str(s),
            Value::Num(n) => self.get_num(n),
            Value::Nil => Value::Nil,
            key => self.find(key).map_or(Value::Nil, |at| self.nodes[at].value),
        }
    }

    /// Where a key that was set before stands, even if its value is nil now. O(1).
    #[inline]
    pub(crate) fn place(&self, key: Value) -> Option<Place> {
        if let Value::Num(number) = key {
            let index = (number as u32).wrapping_sub(1);
            if (index as usize) < self.array.len() && f64::from(index + 1) == number {
                return Some(Place::Array(index));
            }
        }
        self.find(key).map(|at| Place::Node(at as u32))
    }

    #[inline]
    pub(crate) fn put(&mut self, place: Place, value: Value) {
        match place {
            Place::Array(index) => self.array[index as usize] = value,
            Place::Node(index) => self.nodes[index as usize].value = value,
        }
    }

    /// Sets a key that is neither nil nor NaN. O(1), but for the times when the parts are laid out anew.
    pub(crate) fn set(&mut self, key: Value, value: Value) -> Result<(), Overflow> {
        loop {
            if let Some(place) = self.place(key) {
                self.put(place, value);
                return Ok(());
            }
            if self.insert(key, value) {
                return Ok(());
            }
            self.rehash(key)?;
        }
    }

    /// Puts an absent key into the hash part; false if no node is free.
    fn insert(&mut self, key: Value, value: Value) -> bool {
        if self.nodes.is_empty() {
            return false;
        }
        let mut at = self.main_position(key);
        if self.nodes[at].value != Value::Nil {
            let Some(free) = self.free_node() else {
                return false;
            };
            let other = self.main_position(self.nodes[at].key);
            if other == at {
                let next = self.nodes[at].next;
                self.nodes[free].next = match next {
                    0 => 0,
                    next => at as i32 + next - free as i32,
                };
                self.nodes[at].next = free as i32 - at as i32;
                at = free;
            } else {
                self.move_away(at, other, free);
            }
        }
        self.nodes[at].key = key;
        self.nodes[at].value = value;
        true
    }

    /// Moves the intruder at `at`, whose chain begins at `main`, to the free node.
    fn move_away(&mut self, at: usize, main: usize, free: usize) {
        let mut before = main;
        loop {
            let next = (before as i32 + self.nodes[before].next) as usize;
            if next == at {
                break;
            }
            before = next;
        }
        self.nodes[before].next = free as i32 - before as i32;
        let mut node = self.nodes[at];
        if node.next != 0 {
            node.next += at as i32 - free as i32;
        }
        self.nodes[free] = node;
        self.nodes[at] = EMPTY;
    }

    fn free_node(&mut self) -> Option<usize> {
        while self.free > 0 {
            self.free -= 1;
            if self.nodes[self.free as usize].key == Value::Nil {
                return Some(self.free as usize);
            }
        }
        None
    }

    /// Lays out both parts for what they hold and `extra`. O(n).
    fn rehash(&mut self, extra: Value) -> Result<(), Overflow> {
        // counts[b]: keys in 2^(b-1) + 1 ..= 2^b.
        let mut counts = [0u32; MAX_BITS as usize + 1];
        let mut total = 1;
        let mut whole = 0;
        let mut count = |key: Value| {
            if let Value::Num(n) = key
                && let Some(index) = array_index(n).filter(|i| *i <= 1 << MAX_BITS)
            {
                counts[log2_ceil(index as usize) as usize] += 1;
                whole += 1;
            }
        };
        for (index, value) in self.array.iter().enumerate() {
            if *value != Value::Nil {
                count(Value::Num((index + 1) as f64));
                total += 1;
            }
        }
        for node in &self.nodes {
            if node.value != Value::Nil {
                count(node.key);
                total += 1;
            }
        }
        count(extra);
        let (array, in_array) = array_size(&counts, whole);
        self.resize(array, total - in_array)
    }

    /// Gives the parts these sizes and puts everything back. O(n).
    pub(crate) fn resize(&mut self, array: usize, hash: usize) -> Result<(), Overflow> {
        if array > 1 << MAX_BITS || hash > 1 << MAX_BITS {
            return Err(Overflow);
        }
        let old_nodes = std::mem::take(&mut self.nodes);
        self.set_nodes(hash);
        let cut = match array < self.array.len() {
            true => self.array.split_off(array),
            false => {
                self.array.reserve_exact(array - self.array.len());
                self.array.resize(array, Value::Nil);
                Vec::new()
            }
        };
        for (index, value) in cut.into_iter().enumerate() {
            if value != Value::Nil {
                self.set(Value::Num((array + index + 1) as f64), value)?;
            }
        }
        self.array.shrink_to_fit();
        for node in old_nodes.iter().rev() {
            if node.value != Value::Nil {
                self.set(node.key, node.value)?;
            }
        }
        Ok(())
    }

    /// Makes the array part at least this long, as a constructor does. O(n).
    pub(crate) fn grow_array(&mut self, length: usize) -> Result<(), Overflow> {
        if length <= self.array.len() {
            return Ok(());
        }
        let hash = self.nodes.len();
        self.resize(length, hash)
    }

    /// A border: an index that holds something while the next one does not. O(log n).
    pub(crate) fn length(&self) -> usize {
        let size = self.array.len();
        if size > 0 && self.array[size - 1] == Value::Nil {
            let (mut low, mut high) = (0, size);
            while high - low > 1 {
                let middle = (low + high) / 2;
                match self.array[middle - 1] {
                    Value::Nil => high = middle,
                    _ => low = middle,
                }
            }
            return low;
        }
        if self.nodes.is_empty() {
            return size;
        }
        self.search_beyond(size)
    }

    fn search_beyond(&self, size: usize) -> usize {
        let nil = |index: usize| self.get_num(index as f64) == Value::Nil;
        let (mut low, mut high) = (size, size + 1);
        while !nil(high) {
            low = high;
            high *= 2;
            if high > i32::MAX as usize {
                // Only a table made to defeat the search: go step by step.
                return (1..).find(|at| nil(*at)).unwrap_or(1) - 1;
            }
        }
        while high - low > 1 {
            let middle = (low + high) / 2;
            match nil(middle) {
                true => high = middle,
                false => low = middle,
            }
        }
        low
    }

    /// The entry behind `key` in the order of the walk, nil being before the first. `Err` if the key is not there.
    pub(crate) fn next(&self, key: Value) -> Result<Option<(Value, Value)>, Overflow> {
        let from = match (key, self.place(key)) {
            (Value::Nil, _) => 0,
            (_, Some(Place::Array(index))) => index as usize + 1,
            (_, Some(Place::Node(index))) => self.array.len() + index as usize + 1,
            _ => return Err(Overflow),
        };
        for index in from..self.array.len() {
            if self.array[index] != Value::Nil {
                return Ok(Some((Value::Num((index + 1) as f64), self.array[index])));
            }
        }
        let from = from.saturating_sub(self.array.len());
        let mut rest = self.nodes[from..].iter();
        Ok(rest
            .find(|node| node.value != Value::Nil)
            .map(|node| (node.key, node.value)))
    }

    /// All entries in the order of the walk.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (Value, Value)> + '_ {
        let numbers = (1..).map(|index: u32| Value::Num(f64::from(index)));
        let array = numbers.zip(self.array.iter().copied());
        let nodes = self.nodes.iter().map(|node| (node.key, node.value));
        array.chain(nodes).filter(|(_, value)| *value != Value::Nil)
    }

    /// Everything it refers to, for the collector.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Value, Value)> + '_ {
        let nodes = self.nodes.iter().map(|node| (node.key, node.value));
        let array = self.array.iter().map(|value| (Value::Nil, *value));
        array.chain(nodes)
    }

    /// Empties each entry for which `dead` is true of its key or its value. O(n).
    pub(crate) fn clear_entries(&mut self, dead: &mut dyn FnMut(Value, bool) -> bool) {
        for value in &mut self.array {
            if dead(*value, false) {
                *value = Value::Nil;
            }
        }
        for node in &mut self.nodes {
            if node.value != Value::Nil && (dead(node.key, true) || dead(node.value, false)) {
                node.value = Value::Nil;
            }
        }
    }
}

/// The largest power of two more than half of whose indices are in use, and how many those are.
fn array_size(counts: &[u32], whole: u32) -> (usize, usize) {
    let (mut sum, mut size, mut inside) = (0, 0, 0);
    for (bits, count) in counts.iter().enumerate() {
        let power = 1u32 << bits;
        if bits > 0 && power / 2 >= whole {
            break;
        }
        sum += count;
        if *count > 0 && sum > power / 2 {
            (size, inside) = (power as usize, sum as usize);
        }
    }
    (size, inside)
}
