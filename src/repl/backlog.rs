//! The end of the stream, kept for replicas that come back.
//!
//! ```text
//!   blocks, full and never changed again          tail
//!   [ gone | kept ......][..........][..........][....
//!          ^ first
//! ```
//!
//! A copy of a node (a world that can be gone back in has many) shares the blocks with the original.
use std::collections::VecDeque;
use std::rc::Rc;

/// Bytes of a block.
const BLOCK: usize = 16 << 10;

/// The last bytes of the stream, at most so many.
#[derive(Clone, Debug)]
pub struct Backlog {
    blocks: VecDeque<Rc<[u8]>>,
    tail: Vec<u8>,
    /// Bytes at the beginning that do not count any more.
    gone: usize,
    len: usize,
    /// The offset of the first byte that is kept.
    first: i64,
    limit: usize,
}

impl Backlog {
    /// Nothing kept; the next byte has this offset.
    pub fn new(next: i64, limit: usize) -> Backlog {
        Backlog {
            blocks: VecDeque::new(),
            tail: Vec::new(),
            gone: 0,
            len: 0,
            first: next,
            limit: limit.max(1),
        }
    }

    /// `repl-backlog-size` is another one. O(blocks that go).
    pub fn resize(&mut self, limit: usize) {
        self.limit = limit.max(1);
        self.trim();
    }

    /// Adds to the end. O(bytes).
    pub fn append(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len();
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.tail.len()));
            self.tail.extend_from_slice(now);
            bytes = later;
            if self.tail.len() == BLOCK {
                self.blocks.push_back(Rc::from(self.tail.as_slice()));
                self.tail.clear();
            }
        }
        self.trim();
    }

    fn trim(&mut self) {
        let beyond = self.len.saturating_sub(self.limit);
        self.len -= beyond;
        self.gone += beyond;
        self.first += beyond as i64;
        while self.gone >= BLOCK && self.blocks.pop_front().is_some() {
            self.gone -= BLOCK;
        }
    }

    /// The most bytes that are kept.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// The offset of the first byte that is kept.
    pub fn first(&self) -> i64 {
        self.first
    }

    /// How many bytes are kept.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What follows from this offset on; `None` if some of it is not here any more, or not here yet. O(bytes).
    pub fn since(&self, offset: i64) -> Option<Vec<u8>> {
        let from = usize::try_from(offset.checked_sub(self.first)?).ok()?;
        if from > self.len {
            return None;
        }
        let mut out = Vec::with_capacity(self.len - from);
        let mut skip = self.gone + from;
        let blocks = self.blocks.iter().map(|block| &**block);
        for block in blocks.chain([self.tail.as_slice()]) {
            let at = skip.min(block.len());
            out.extend_from_slice(&block[at..]);
            skip -= at;
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn keeps_the_end_and_nothing_else() {
        for seed in 0..20 {
            let mut rng = Rng::new(seed);
            let mut limit = 1 + rng.below(80_000) as usize;
            let mut backlog = Backlog::new(1, limit);
            let mut all: Vec<u8> = Vec::new();
            for _ in 0..60 {
                let mut bytes = vec![0; rng.below(20_000) as usize];
                rng.fill(&mut bytes);
                backlog.append(&bytes);
                all.extend_from_slice(&bytes);
                if rng.below(10) == 0 {
                    limit = 1 + rng.below(80_000) as usize;
                    backlog.resize(limit);
                }
                let first = backlog.first();
                assert_eq!(first - 1 + backlog.len() as i64, all.len() as i64, "{seed}");
                assert!(backlog.len() <= limit);
                let end = all.len() as i64 + 1;
                let from = first + rng.below((end - first) as u64 + 1) as i64;
                assert_eq!(
                    backlog.since(from).as_deref(),
                    Some(&all[from as usize - 1..])
                );
                assert_eq!(backlog.since(first - 1), None);
                assert_eq!(backlog.since(end + 1), None);
            }
        }
    }
}
