//! One node: a listpack of entries behind a master entry. The layout is drawn at the head of `stream`.
use super::StreamId;
use super::range::Item;
use crate::base::alloc;
use crate::ds::listpack::{Entry, Listpack, Pos};

/// The entry is deleted.
pub(super) const DELETED: i64 = 1;
/// The entry has the fields of the master entry, and stores values only.
pub(super) const SAME_FIELDS: i64 = 2;
/// What a real server gives a new node in advance, at most.
const ROOM: usize = 4096;

#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The id of the first entry, deleted or not.
    pub first: StreamId,
    pub pack: Listpack,
    /// What it takes on the modelled machine.
    alloc: u32,
}

impl Node {
    /// A node for an entry with these fields, which is counted already but still to be pushed.
    pub fn new<'v>(
        first: StreamId,
        fields: impl ExactSizeIterator<Item = &'v [u8]>,
        max_bytes: usize,
    ) -> Node {
        let mut pack = Listpack::new();
        pack.push_int(1);
        pack.push_int(0);
        pack.push_int(fields.len() as i64);
        fields.for_each(|field| pack.push(field));
        pack.push_int(0);
        let mut node = Node {
            first,
            pack,
            alloc: alloc::size_class(max_bytes.min(ROOM)) as u32,
        };
        node.grown();
        node
    }

    /// A node that is whole.
    pub fn of_pack(first: StreamId, pack: Listpack) -> Node {
        let alloc = alloc::size_class(pack.bytes()) as u32;
        Node { first, pack, alloc }
    }

    /// Modelled bytes.
    pub fn alloc_bytes(&self) -> usize {
        self.alloc as usize
    }

    /// Takes note of more bytes than there was room for.
    fn grown(&mut self) {
        if self.pack.bytes() > self.alloc as usize {
            self.alloc = alloc::size_class(self.pack.bytes()) as u32;
        }
    }

    /// No more entries will come: gives back the room for them. Returns how many modelled bytes.
    pub fn close(&mut self) -> usize {
        self.pack.shrink_to_fit();
        let before = self.alloc as usize;
        self.alloc = alloc::size_class(self.pack.bytes()) as u32;
        before - self.alloc as usize
    }

    /// The integer at `pos`.
    pub fn int(&self, pos: Pos) -> i64 {
        match self.pack.get(pos) {
            Entry::Int(n) => n,
            Entry::Str(_) => unreachable!("the counts of a node are integers"),
        }
    }

    /// The position after `pos`, inside an entry or the master.
    pub fn after(&self, pos: Pos) -> Pos {
        self.pack.next(pos).expect("an entry ends with its count")
    }

    fn before(&self, pos: Pos) -> Pos {
        self.pack
            .prev(pos)
            .expect("the master stands before an entry")
    }

    /// Where the master's field names begin, and how many there are.
    pub fn fields(&self) -> (Pos, usize) {
        let count = self.after(self.after(Listpack::START));
        (self.after(count), self.int(count) as usize)
    }

    /// Live entries. O(1).
    pub fn live(&self) -> i64 {
        self.int(Listpack::START)
    }

    /// Live and deleted entries. O(1).
    pub fn slots(&self) -> i64 {
        self.live() + self.int(self.after(Listpack::START))
    }

    /// Counts `deleted` of the live entries as deleted.
    pub fn count_deleted(&mut self, deleted: i64) {
        let live = self.live();
        self.pack.replace_int(Listpack::START, live - deleted);
        let at = self.after(Listpack::START);
        self.pack.replace_int(at, self.int(at) + deleted);
        // A real server asks its allocator for what is left as soon as bytes go, but here only the counts changed size.
        self.grown();
    }

    /// Adds an entry at the end; `counted`: the master counts it already, and its fields are the master's. O(pairs).
    pub fn push<'v>(
        &mut self,
        id: StreamId,
        pairs: impl ExactSizeIterator<Item = &'v [u8]> + Clone,
        counted: bool,
    ) {
        let fields = pairs.len() / 2;
        let mut same = counted;
        if !counted {
            self.pack.replace_int(Listpack::START, self.live() + 1);
            let (names, count) = self.fields();
            same = count == fields
                && self
                    .pack
                    .iter_from(names)
                    .zip(pairs.clone().step_by(2))
                    .all(|(master, own)| master.eq_bytes(own));
        }
        let pack = &mut self.pack;
        pack.push_int(if same { SAME_FIELDS } else { 0 });
        pack.push_int(id.ms.wrapping_sub(self.first.ms) as i64);
        pack.push_int(id.seq.wrapping_sub(self.first.seq) as i64);
        if same {
            pairs.skip(1).step_by(2).for_each(|value| pack.push(value));
            pack.push_int(fields as i64 + 3);
        } else {
            pack.push_int(fields as i64);
            pairs.for_each(|part| pack.push(part));
            pack.push_int(2 * fields as i64 + 4);
        }
        self.grown();
    }

    /// Where the first entry begins. O(fields).
    pub fn first_entry(&self) -> Option<Pos> {
        let (mut pos, fields) = self.fields();
        for _ in 0..fields {
            pos = self.after(pos);
        }
        self.pack.next(pos)
    }

    /// Where the last entry begins. O(its fields).
    pub fn last_entry(&self) -> Option<Pos> {
        self.entry_ending(self.pack.last()?)
    }

    /// The entry whose count stands at `pos`; `None` for the end of the master.
    fn entry_ending(&self, mut pos: Pos) -> Option<Pos> {
        let count = self.int(pos);
        for _ in 0..count {
            pos = self.before(pos);
        }
        (count > 0).then_some(pos)
    }

    /// The entry after `item`. O(its fields).
    pub fn next_entry(&self, item: &Item<'_>) -> Option<Pos> {
        let mut pos = item.values;
        let parts = item.fields << u32::from(!item.same);
        for _ in 0..parts {
            pos = self.after(pos);
        }
        self.pack.next(pos)
    }

    /// The entry before the one at `pos`. O(its fields).
    pub fn prev_entry(&self, pos: Pos) -> Option<Pos> {
        self.entry_ending(self.before(pos))
    }

    /// The entry at `pos`, deleted or not. O(1).
    #[inline]
    pub fn read(&self, pos: Pos) -> Item<'_> {
        let (names, master) = self.fields();
        let flags = self.int(pos);
        let ms = self.after(pos);
        let seq = self.after(ms);
        let id = StreamId {
            ms: self.first.ms.wrapping_add(self.int(ms) as u64),
            seq: self.first.seq.wrapping_add(self.int(seq) as u64),
        };
        let same = flags & SAME_FIELDS != 0;
        let mut values = self.after(seq);
        let mut fields = master;
        if !same {
            fields = self.int(values) as usize;
            values = self.after(values);
        }
        Item {
            id,
            deleted: flags & DELETED != 0,
            same,
            fields,
            pack: &self.pack,
            names,
            values,
        }
    }

    /// Flags the entry at `pos` as deleted; the counts are the caller's. The flag keeps its size, so positions stay.
    pub fn flag_deleted(&mut self, pos: Pos) {
        let flags = self.int(pos);
        self.pack.replace_int(pos, flags | DELETED);
    }

    /// Deletes the live entry with this id; how many are left, if it was there. O(entries).
    pub fn delete(&mut self, id: StreamId) -> Option<i64> {
        let mut at = self.first_entry();
        while let Some(pos) = at {
            let item = self.read(pos);
            if item.id > id {
                return None;
            }
            if item.id == id && !item.deleted {
                self.flag_deleted(pos);
                self.count_deleted(1);
                return Some(self.live());
            }
            at = self.next_entry(&item);
        }
        None
    }

    /// The id of the last entry, deleted or not.
    pub fn last_id(&self) -> StreamId {
        self.last_entry()
            .map_or(self.first, |pos| self.read(pos).id)
    }
}
