//! Ids of entries, and the radix tree that a real server would keep them in.
use crate::base::num;

/// Milliseconds and a sequence number. The order of ids is the order of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId {
    pub ms: u64,
    pub seq: u64,
}

/// Room for the text of an id.
pub type IdBuf = [u8; 41];

impl StreamId {
    /// `0-0`, which no entry has.
    pub const MIN: StreamId = StreamId { ms: 0, seq: 0 };
    /// The last id there can be.
    pub const MAX: StreamId = StreamId {
        ms: u64::MAX,
        seq: u64::MAX,
    };

    fn as_u128(self) -> u128 {
        u128::from(self.ms) << 64 | u128::from(self.seq)
    }

    fn of_u128(n: u128) -> StreamId {
        StreamId {
            ms: (n >> 64) as u64,
            seq: n as u64,
        }
    }

    /// The id right after this one.
    pub fn next(self) -> Option<StreamId> {
        self.as_u128().checked_add(1).map(StreamId::of_u128)
    }

    /// The id right before this one.
    pub fn prev(self) -> Option<StreamId> {
        self.as_u128().checked_sub(1).map(StreamId::of_u128)
    }

    /// `ms-seq`, or with another sign between the two.
    pub fn text_with(self, sign: u8, buf: &mut IdBuf) -> &[u8] {
        let (mut ms, mut seq) = ([0; 20], [0; 20]);
        let (ms, seq) = (
            num::u64_bytes(self.ms, &mut ms),
            num::u64_bytes(self.seq, &mut seq),
        );
        let dash = ms.len();
        let len = dash + 1 + seq.len();
        buf[..dash].copy_from_slice(ms);
        buf[dash] = sign;
        buf[dash + 1..len].copy_from_slice(seq);
        &buf[..len]
    }

    /// `ms-seq`. O(1), no allocation.
    pub fn text(self, buf: &mut IdBuf) -> &[u8] {
        self.text_with(b'-', buf)
    }
}

/// Number of nodes in a radix tree with compressed runs that holds these ids, given in order, as 16 big-endian bytes.
///
/// A leaf ends each key; a branch stands wherever keys part; and a run of bytes without a choice between two of these is
/// one more node. The ids come in order, so a new one parts from the path of the one before, at the depth of the bytes
/// that they share: it is enough to remember at which depths there are branches on that path.
pub fn tree_nodes(ids: impl Iterator<Item = StreamId>) -> u64 {
    const LEAF: u32 = 16;
    let run = |bytes: u32| u64::from(bytes > 0);
    let mut branches = 0u32; // bit d: the path of the last id has a branch after d bytes
    let mut last: Option<u128> = None;
    let mut nodes = 1;
    for id in ids {
        let key = id.as_u128();
        let Some(before) = last.replace(key) else {
            nodes = 2; // one run and its leaf
            continue;
        };
        let depth = (before ^ key).leading_zeros() / 8;
        let above = branches & ((1 << depth) - 1);
        if branches >> depth & 1 == 0 {
            // The run between two branches is cut in two by a new one.
            let start = match above {
                0 => 0,
                _ => 32 - above.leading_zeros(),
            };
            let end = (branches >> depth).trailing_zeros().min(LEAF);
            let end = if end == LEAF { LEAF } else { depth + end };
            nodes = nodes - run(end - start) + run(depth - start) + 1 + run(end - depth - 1);
        }
        nodes += 1 + run(LEAF - depth - 1);
        branches = above | 1 << depth;
    }
    nodes
}
