//! How large a node may become.

/// Node limits of a list with a positive fill stay within this many bytes all the same.
const SAFE_NODE_BYTES: usize = 8192;
/// What the fills -1 to -5 allow, in bytes.
const NODE_BYTES: [usize; 5] = [4096, 8192, 16_384, 32_768, 65_536];
/// The real server's guess of what an entry takes beside its text.
const ENTRY_OVERHEAD: usize = 8;

/// The limits of a list's nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    fill: i16,
    compress: u16,
    packed_threshold: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options::new(-2, 0)
    }
}

impl Options {
    /// `fill` is `list-max-listpack-size`: -1 to -5 allow a node 4, 8, 16, 32 or 64 KB, a positive number that many
    /// elements (within 8 KB), 0 one element. `compress` is `list-compress-depth`: it is only kept for the caller,
    /// nodes are never compressed here. Values outside the real server's range are clamped as it does.
    pub fn new(fill: i64, compress: i64) -> Self {
        Options {
            fill: fill.clamp(-5, i16::MAX.into()) as i16,
            compress: compress.clamp(0, u16::MAX.into()) as u16,
            packed_threshold: 0,
        }
    }

    /// With another limit, in bytes, from which an element gets a plain node (`DEBUG QUICKLIST-PACKED-THRESHOLD`); 0
    /// lets the fill decide.
    pub fn with_packed_threshold(self, bytes: u64) -> Self {
        Options {
            packed_threshold: bytes,
            ..self
        }
    }

    /// `list-max-listpack-size`.
    pub fn fill(self) -> i32 {
        self.fill.into()
    }

    /// `list-compress-depth`.
    pub fn compress(self) -> u16 {
        self.compress
    }

    /// Limits of bytes and of elements; one of them is always open.
    fn limits(self) -> (usize, usize) {
        match self.fill {
            fill if fill >= 0 => (usize::MAX, usize::from(fill.unsigned_abs()).max(1)),
            fill => (NODE_BYTES[usize::from(fill.unsigned_abs()) - 1], usize::MAX),
        }
    }

    /// Whether a node of so many bytes and elements is too large. A list that is kept as one listpack becomes a
    /// quicklist when its bytes plus the lengths of what is added, and its new count, exceed this.
    pub fn exceeds(self, bytes: usize, count: usize) -> bool {
        match self.limits() {
            (usize::MAX, count_limit) => bytes > SAFE_NODE_BYTES || count > count_limit,
            (bytes_limit, _) => bytes > bytes_limit,
        }
    }

    /// Whether an element of `len` bytes gets a plain node.
    pub fn is_large(self, len: usize) -> bool {
        if self.packed_threshold != 0 {
            return len as u64 >= self.packed_threshold;
        }
        match self.limits() {
            (usize::MAX, _) => len > SAFE_NODE_BYTES,
            (bytes_limit, _) => len > bytes_limit,
        }
    }

    /// Whether a packed node takes one more element of `len` bytes.
    pub(super) fn accepts(self, node_bytes: usize, node_count: u32, len: usize) -> bool {
        !self.is_large(len)
            && !self.exceeds(node_bytes + len + ENTRY_OVERHEAD, node_count as usize + 1)
    }

    pub(super) fn may_be_listpack(self, bytes: usize, count: usize, shrinking: bool) -> bool {
        let (bytes_limit, count_limit) = self.limits();
        let part = if shrinking { 2 } else { 1 };
        bytes <= bytes_limit / part && count <= count_limit / part
    }
}
