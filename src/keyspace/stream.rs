//! The stream value: the structure is `ds::stream`; here is what it takes on the modelled machine.
pub use crate::ds::stream::Stream;

/// The structures of a 64-bit server: the stream itself, a group, a consumer, a pending entry.
const STREAM_BYTES: usize = 80;
const GROUP_BYTES: usize = 40;
const CONSUMER_BYTES: usize = 32;
const PENDING_BYTES: usize = 24;
/// What a real server reckons for a key and for a node of a radix tree of ids.
const TREE_KEY_BYTES: usize = 16;
const TREE_NODE_BYTES: usize = 244;

/// A radix tree of so many ids. The number of its nodes depends on the ids; mostly there are two for each.
fn tree_bytes(keys: usize) -> usize {
    let nodes = match keys {
        0 => 1,
        1 => 2,
        n => 2 * n + 2,
    };
    keys * TREE_KEY_BYTES + nodes * TREE_NODE_BYTES
}

/// Modelled bytes below the object header. O(groups).
pub fn mem_bytes(stream: &Stream) -> usize {
    let mut bytes = STREAM_BYTES + tree_bytes(stream.node_count()) + stream.alloc_bytes();
    for group in stream.groups() {
        let (pending, consumers) = (group.pending().len(), group.consumer_count());
        bytes += GROUP_BYTES + tree_bytes(pending) + PENDING_BYTES * pending;
        // The consumers share the pending entries: each has a tree of its own with a part of them.
        bytes += consumers * (CONSUMER_BYTES + tree_bytes(0)) + group.name_bytes();
        bytes += tree_bytes(pending) - tree_bytes(0);
    }
    bytes
}
