//! Towers: the forward links of all nodes, each node's side by side.

/// No node.
pub const NIL: u32 = u32::MAX;
/// The tallest tower.
pub const MAX_HEIGHT: usize = 32;
/// Links a chunk. A chunk grows by doubling up to this (2 KiB) and never moves afterwards.
const CHUNK: usize = 128;

/// One level of a tower.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The tower of the next node that is at least this tall, or [`NIL`].
    pub next: u32,
    /// Elements from the first of this node up to the first of the next (or the list's end).
    pub span: u32,
    /// The first score of the next node: a search reads towers, and nodes only on equality.
    pub score: f64,
}

/// A link that leads nowhere.
const BLANK: Link = Link {
    next: NIL,
    span: 0,
    score: 0.0,
};

/// The arena of towers. A tower is named by the number of its lowest link.
#[derive(Clone, Debug)]
pub struct Links {
    chunks: Vec<Vec<Link>>,
    /// For the lowest link of each tower, the node that it belongs to.
    owners: Vec<Vec<u32>>,
    /// Given-back towers by height, linked through the `next` of their lowest link.
    free: [u32; MAX_HEIGHT],
}

impl Links {
    pub const fn new() -> Self {
        Links {
            chunks: Vec::new(),
            owners: Vec::new(),
            free: [NIL; MAX_HEIGHT],
        }
    }

    #[inline(always)]
    pub fn get(&self, tower: u32, level: usize) -> Link {
        let at = tower as usize + level;
        self.chunks[at / CHUNK][at % CHUNK]
    }

    #[inline(always)]
    pub fn get_mut(&mut self, tower: u32, level: usize) -> &mut Link {
        let at = tower as usize + level;
        &mut self.chunks[at / CHUNK][at % CHUNK]
    }

    /// The node that a tower belongs to.
    #[inline(always)]
    pub fn owner(&self, tower: u32) -> u32 {
        self.owners[tower as usize / CHUNK][tower as usize % CHUNK]
    }

    /// Says which node a tower belongs to.
    pub fn set_owner(&mut self, tower: u32, node: u32) {
        self.owners[tower as usize / CHUNK][tower as usize % CHUNK] = node;
    }

    /// A tower of `height` links that lead nowhere. O(height).
    pub fn raise(&mut self, height: usize) -> u32 {
        let tower = self.free[height - 1];
        if tower != NIL {
            self.free[height - 1] = self.get(tower, 0).next;
            for level in 0..height {
                *self.get_mut(tower, level) = BLANK;
            }
            return tower;
        }
        let room = self.chunks.last().map_or(0, |chunk| CHUNK - chunk.len());
        if room < height {
            self.close_chunk(room);
            self.chunks.push(Vec::new());
            self.owners.push(Vec::new());
        }
        let last = self.chunks.len() - 1;
        let chunk = &mut self.chunks[last];
        let tower = last * CHUNK + chunk.len();
        chunk.resize(chunk.len() + height, BLANK);
        self.owners[last].resize(chunk.len(), NIL);
        u32::try_from(tower).expect("32-bit memory holds fewer links")
    }

    /// Gives a tower back. O(1).
    pub fn raze(&mut self, tower: u32, height: usize) {
        self.get_mut(tower, 0).next = self.free[height - 1];
        self.free[height - 1] = tower;
    }

    /// Turns the rest of the last chunk into a free tower.
    fn close_chunk(&mut self, room: usize) {
        if room > 0 {
            let tower = self.chunks.len() * CHUNK - room;
            let last = self.chunks.len() - 1;
            self.chunks[last].resize(CHUNK, BLANK);
            self.owners[last].resize(CHUNK, NIL);
            self.raze(tower as u32, room);
        }
    }
}
