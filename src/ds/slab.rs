//! An arena of equal slots with stable numbers, which grows without ever copying.
//!
//! A growing `Vec` copies everything it holds each time it doubles: at a million entries that is a
//! pause which every client feels. Here the slots stand in chunks that never move. The first
//! chunks are small, so that a tiny table stays tiny; from the eleventh on all have 4,096 slots.
//!
//! ```text
//!   chunk      0      1      2        3     …     10         11           12
//!   slots      4      4      8       16     …    2048       4096         4096    …
//!   ids       0-3    4-7    8-15    16-31   …  2048-4095  4096-8191   8192-12287 …
//!
//!   below 4096:  chunk = ⌊log₂ id⌋ − 1      from 4096 on:  chunk = 10 + ⌊id / 4096⌋
//! ```
//!
//! An id stays valid as long as its value lives; afterwards it is given out again. Each chunk keeps
//! its own list of free slots, and chunks with room stand in a list of chunks: taking and giving
//! back are O(1), and a chunk whose last value leaves gives its memory back.

/// No slot, no chunk.
const NIL: u32 = u32::MAX;
/// Slots of a full-sized chunk.
const CHUNK: u32 = 1 << CHUNK_BITS;
const CHUNK_BITS: u32 = 12;
/// Chunks before the first full-sized one, less one.
const SMALL_CHUNKS: u32 = CHUNK_BITS - 2;

#[derive(Clone, Debug)]
enum Slot<T> {
    Full(T),
    /// The next free slot of the same chunk.
    Free(u32),
}

/// What is known of a chunk; apart from the slots, so that look-ups read a dense directory.
#[derive(Clone, Debug)]
struct Chunk {
    /// Values that live here.
    live: u32,
    /// First slot of the chunk's free list.
    free: u32,
    /// Neighbours in the list of chunks with room.
    prev: u32,
    next: u32,
}

/// The arena. See the module's page.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    /// Slots of each chunk used so far; the capacity is the chunk's size, or zero while idle.
    slots: Vec<Vec<Slot<T>>>,
    chunks: Vec<Chunk>,
    /// Head of the list of chunks that hold something and have room.
    room: u32,
    /// Head of the list of chunks that hold nothing (linked by `next`).
    idle: u32,
    len: u32,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab::new()
    }
}

/// Chunk and offset of an id.
#[inline(always)]
fn locate(id: u32) -> (usize, usize) {
    if id >= CHUNK {
        (
            (SMALL_CHUNKS + (id >> CHUNK_BITS)) as usize,
            (id & (CHUNK - 1)) as usize,
        )
    } else if id < 4 {
        (0, id as usize)
    } else {
        let log = id.ilog2();
        ((log - 1) as usize, (id - (1 << log)) as usize)
    }
}

/// First id and size of a chunk.
#[inline]
fn extent(chunk: usize) -> (u32, u32) {
    match chunk as u32 {
        0 => (0, 4),
        c @ 1..=SMALL_CHUNKS => (1 << (c + 1), 1 << (c + 1)),
        c => ((c - SMALL_CHUNKS) << CHUNK_BITS, CHUNK),
    }
}

impl<T> Slab<T> {
    /// Bytes of one slot.
    pub const SLOT_BYTES: usize = size_of::<Slot<T>>();

    /// An empty arena; allocates nothing.
    pub const fn new() -> Self {
        Slab {
            slots: Vec::new(),
            chunks: Vec::new(),
            room: NIL,
            idle: NIL,
            len: 0,
        }
    }

    /// Number of live values.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether nothing lives here.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value with this id. O(1).
    #[inline(always)]
    pub fn get(&self, id: u32) -> Option<&T> {
        let (chunk, offset) = locate(id);
        match self.slots.get(chunk)?.get(offset)? {
            Slot::Full(value) => Some(value),
            Slot::Free(_) => None,
        }
    }

    /// The value with this id, to be changed. O(1).
    #[inline(always)]
    pub fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        let (chunk, offset) = locate(id);
        match self.slots.get_mut(chunk)?.get_mut(offset)? {
            Slot::Full(value) => Some(value),
            Slot::Free(_) => None,
        }
    }

    /// Stores a value and returns its id. O(1); allocates at most one chunk and copies no value.
    ///
    /// # Panics
    /// When all 2³² − 2 ids are taken, which no 32-bit memory can hold.
    #[inline]
    pub fn insert(&mut self, value: T) -> u32 {
        if self.room == NIL {
            self.open_chunk();
        }
        let at = self.room as usize;
        let (first, size) = extent(at);
        let (chunk, slots) = (&mut self.chunks[at], &mut self.slots[at]);
        chunk.live += 1;
        self.len += 1;
        let offset = if chunk.free != NIL {
            let offset = chunk.free;
            let slot = &mut slots[offset as usize];
            chunk.free = match slot {
                Slot::Free(next) => *next,
                Slot::Full(_) => unreachable!("the free list names free slots only"),
            };
            *slot = Slot::Full(value);
            offset
        } else {
            let offset = slots.len() as u32;
            slots.push(Slot::Full(value));
            offset
        };
        if chunk.live == size {
            self.unlink_room(at as u32);
        }
        first + offset
    }

    /// Takes a value out; its id may be given out again. O(1).
    #[inline]
    pub fn remove(&mut self, id: u32) -> Option<T> {
        let (at, offset) = locate(id);
        let chunk = self.chunks.get_mut(at)?;
        let slot = self.slots[at].get_mut(offset)?;
        if matches!(slot, Slot::Free(_)) {
            return None;
        }
        let was = std::mem::replace(slot, Slot::Free(chunk.free));
        chunk.free = offset as u32;
        let full = chunk.live == extent(at).1;
        chunk.live -= 1;
        self.len -= 1;
        let empty = chunk.live == 0;
        if full {
            self.link_room(at as u32);
        }
        if empty {
            self.retire(at as u32);
        }
        match was {
            Slot::Full(value) => Some(value),
            Slot::Free(_) => None,
        }
    }

    /// Drops everything and gives the memory back. O(values).
    pub fn clear(&mut self) {
        *self = Slab::new();
    }

    /// One more than the highest id ever in use since the arena was last empty.
    pub fn limit(&self) -> u32 {
        match self.chunks.len() {
            0 => 0,
            n => extent(n - 1).0 + self.slots[n - 1].len() as u32,
        }
    }

    /// All values in the order of their ids. A step is O(1) amortised; idle chunks cost one step.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.slots.iter().enumerate().flat_map(|(at, slots)| {
            let first = extent(at).0;
            slots
                .iter()
                .enumerate()
                .filter_map(move |(offset, slot)| match slot {
                    Slot::Full(value) => Some((first + offset as u32, value)),
                    Slot::Free(_) => None,
                })
        })
    }

    /// The first live id at or after `id`, for cursors that survive changes. O(gap).
    pub fn next_live(&self, id: u32) -> Option<u32> {
        let (start, mut offset) = locate(id);
        for (at, chunk) in self.chunks.iter().enumerate().skip(start) {
            if chunk.live > 0 {
                let rest = self.slots[at].get(offset..).unwrap_or(&[]);
                if let Some(gap) = rest.iter().position(|s| matches!(s, Slot::Full(_))) {
                    return Some(extent(at).0 + (offset + gap) as u32);
                }
            }
            offset = 0;
        }
        None
    }

    /// Makes a chunk with room: an idle one comes back into use, or a new one is added.
    #[cold]
    fn open_chunk(&mut self) {
        let at = if self.idle != NIL {
            let at = self.idle;
            self.idle = self.chunks[at as usize].next;
            at
        } else {
            let at = self.chunks.len() as u32;
            assert!(at < (NIL >> CHUNK_BITS), "ids are exhausted");
            if at == 0 {
                self.chunks.reserve_exact(1);
                self.slots.reserve_exact(1);
            }
            self.slots.push(Vec::new());
            self.chunks.push(Chunk {
                live: 0,
                free: NIL,
                prev: NIL,
                next: NIL,
            });
            at
        };
        let size = extent(at as usize).1 as usize;
        self.slots[at as usize].reserve_exact(size);
        self.link_room(at);
    }

    /// Gives back the memory of a chunk that holds nothing any more.
    #[cold]
    fn retire(&mut self, at: u32) {
        self.unlink_room(at);
        let chunk = &mut self.chunks[at as usize];
        self.slots[at as usize] = Vec::new();
        chunk.free = NIL;
        chunk.next = self.idle;
        self.idle = at;
        if self.len == 0 {
            self.clear();
        }
    }

    fn link_room(&mut self, at: u32) {
        let head = self.room;
        if head != NIL {
            self.chunks[head as usize].prev = at;
        }
        let chunk = &mut self.chunks[at as usize];
        chunk.prev = NIL;
        chunk.next = head;
        self.room = at;
    }

    fn unlink_room(&mut self, at: u32) {
        let (prev, next) = (self.chunks[at as usize].prev, self.chunks[at as usize].next);
        if prev == NIL {
            self.room = next;
        } else {
            self.chunks[prev as usize].next = next;
        }
        if next != NIL {
            self.chunks[next as usize].prev = prev;
        }
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;

    /// # Panics
    /// When the id is not in use.
    #[inline(always)]
    fn index(&self, id: u32) -> &T {
        self.get(id).expect("the id names a live value")
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline(always)]
    fn index_mut(&mut self, id: u32) -> &mut T {
        self.get_mut(id).expect("the id names a live value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn ids_and_chunks_agree() {
        let mut expected = 0;
        for chunk in 0..40 {
            let (first, size) = extent(chunk);
            assert_eq!(first, expected);
            for offset in 0..size {
                assert_eq!(locate(first + offset), (chunk, offset as usize));
            }
            expected += size;
        }
    }

    #[test]
    fn mirrors_a_map() {
        for seed in 1..8u64 {
            let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut slab = Slab::new();
            let mut truth: BTreeMap<u32, u64> = BTreeMap::new();
            for step in 0..30_000u64 {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                // Waves of growth and shrinking, down to nothing.
                let grow = (step / 7500).is_multiple_of(2);
                if (x % 10 < 8) == grow || truth.is_empty() {
                    let id = slab.insert(step);
                    assert!(truth.insert(id, step).is_none(), "seed {seed}: id in use");
                } else {
                    let at = truth.range((x >> 8) as u32 % slab.limit()..).next();
                    let id = *at.or(truth.iter().next()).unwrap().0;
                    assert_eq!(slab.remove(id), truth.remove(&id), "seed {seed}");
                    assert_eq!(slab.remove(id), None, "seed {seed}");
                    assert_eq!(slab.get(id), None, "seed {seed}");
                }
                assert_eq!(slab.len(), truth.len(), "seed {seed}");
            }
            assert!(slab.iter().map(|(i, &v)| (i, v)).eq(truth.clone()));
            for id in 0..slab.limit() + 3 {
                let next = truth.range(id..).next().map(|(&i, _)| i);
                assert_eq!(slab.next_live(id), next, "seed {seed}");
            }
            for id in truth.into_keys() {
                slab.remove(id);
            }
            assert_eq!((slab.limit(), slab.chunks.len()), (0, 0), "seed {seed}");
        }
    }
}
