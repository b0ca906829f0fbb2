//! The stream value: the structure is `ds::stream`; here is what it takes on the modelled machine and in a snapshot.
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

/// Bytes in a snapshot, uncompressed; `prefix` tells how many bytes a length takes. O(nodes + consumers).
pub fn serialized_len(stream: &Stream, prefix: fn(usize) -> usize) -> usize {
    const ID: usize = 16;
    const TIME: usize = 8;
    let number = |n: u64| match usize::try_from(n) {
        Ok(small) if small <= u32::MAX as usize => prefix(small),
        _ => 9,
    };
    let text = |bytes: usize| prefix(bytes) + bytes;
    let id = |id: crate::ds::stream::StreamId| number(id.ms) + number(id.seq);
    let nodes = stream.nodes().map(|(_, b)| text(ID) + text(b.len()));
    let mut bytes = prefix(stream.node_count()) + nodes.sum::<usize>();
    bytes += number(stream.len()) + number(stream.entries_added);
    bytes += id(stream.last_id) + id(stream.first_id) + id(stream.max_deleted_id);
    bytes += prefix(stream.groups().len());
    for group in stream.groups() {
        bytes += text(group.name.len()) + id(group.last_id) + number(group.entries_read as u64);
        let pending = group.pending().values();
        bytes +=
            prefix(pending.len()) + pending.map(|n| ID + TIME + number(n.count)).sum::<usize>();
        bytes += prefix(group.consumer_count());
        for consumer in group.consumers() {
            let pending = consumer.pending().len();
            bytes += text(consumer.name.len()) + 2 * TIME + prefix(pending) + ID * pending;
        }
    }
    bytes
}
