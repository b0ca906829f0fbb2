//! The end of the stream, kept for replicas that come back.
use std::collections::VecDeque;

/// The last bytes of the stream, at most so many.
#[derive(Clone, Debug)]
pub struct Backlog {
    bytes: VecDeque<u8>,
    /// The offset of the first byte that is kept.
    first: i64,
    limit: usize,
}

impl Backlog {
    /// Nothing kept; the next byte has this offset.
    pub fn new(next: i64, limit: usize) -> Backlog {
        Backlog {
            bytes: VecDeque::new(),
            first: next,
            limit: limit.max(1),
        }
    }

    /// `repl-backlog-size` is another one. O(bytes that go).
    pub fn resize(&mut self, limit: usize) {
        self.limit = limit.max(1);
        self.trim();
    }

    /// Adds to the end. O(bytes).
    pub fn append(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        self.trim();
    }

    fn trim(&mut self) {
        let beyond = self.bytes.len().saturating_sub(self.limit);
        self.bytes.drain(..beyond);
        self.first += beyond as i64;
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
        self.bytes.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What follows from this offset on; `None` if some of it is not here any more, or not here yet. O(bytes).
    pub fn since(&self, offset: i64) -> Option<Vec<u8>> {
        let from = usize::try_from(offset.checked_sub(self.first)?).ok()?;
        (from <= self.bytes.len()).then(|| self.bytes.range(from..).copied().collect())
    }
}
