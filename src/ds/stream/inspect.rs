//! What a view of a stream shows.
use super::{Stream, StreamId};
use crate::base::time::Millis;

/// A stream laid open.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamView {
    pub len: u64,
    pub last_id: String,
    pub first_id: String,
    pub max_deleted_id: String,
    pub entries_added: u64,
    /// Nodes of the radix tree of a real server.
    pub tree_nodes: u64,
    /// Number of nodes; the first and the last of them follow.
    pub node_count: u64,
    pub nodes: Vec<NodeView>,
    pub groups: Vec<GroupView>,
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeView {
    /// Its place, counted from the front.
    pub index: u64,
    pub first_id: String,
    pub last_id: String,
    pub bytes: u64,
    pub live: i64,
    pub deleted: i64,
    /// The fields of its first entry, which the others need not repeat.
    pub fields: Vec<Vec<u8>>,
}

/// One group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupView {
    pub name: Vec<u8>,
    pub last_id: String,
    pub entries_read: Option<i64>,
    pub lag: Option<i64>,
    pub pending_count: u64,
    /// The first pending entries.
    pub pending: Vec<PendingView>,
    pub consumers: Vec<ConsumerView>,
}

/// One pending entry.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingView {
    pub id: String,
    pub consumer: Vec<u8>,
    pub time_ms: Millis,
    pub count: u64,
    /// Whether the entry itself is still in the stream.
    pub exists: bool,
}

/// One consumer.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerView {
    pub name: Vec<u8>,
    pub seen_ms: Millis,
    pub active_ms: Millis,
    pub pending: u64,
}

fn text(id: StreamId) -> String {
    String::from_utf8_lossy(id.text(&mut [0; 41])).into_owned()
}

impl Stream {
    /// The stream as plain data: at most `most` nodes from each end, and `most` of everything else. O(nodes).
    pub fn inspect(&self, most: usize) -> StreamView {
        let last = self.nodes.len().saturating_sub(most);
        let nodes = self.nodes.iter().enumerate();
        let shown = nodes.filter(|&(at, _)| at < most || at >= last);
        StreamView {
            len: self.len,
            last_id: text(self.last_id),
            first_id: text(self.first_id),
            max_deleted_id: text(self.max_deleted_id),
            entries_added: self.entries_added,
            tree_nodes: self.tree_nodes(),
            node_count: self.nodes.len() as u64,
            nodes: shown
                .map(|(at, node)| {
                    let (names, count) = node.fields();
                    NodeView {
                        index: at as u64,
                        first_id: text(node.first),
                        last_id: text(node.last_id()),
                        bytes: node.pack.bytes() as u64,
                        live: node.live(),
                        deleted: node.slots() - node.live(),
                        fields: node
                            .pack
                            .iter_from(names)
                            .take(count)
                            .map(|f| f.to_vec())
                            .collect(),
                    }
                })
                .collect(),
            groups: (0..self.groups.len().min(most))
                .map(|at| self.inspect_group(at, most))
                .collect(),
        }
    }

    fn inspect_group(&self, at: usize, most: usize) -> GroupView {
        let group = &self.groups[at];
        GroupView {
            name: group.name.to_vec(),
            last_id: text(group.last_id),
            entries_read: (group.entries_read >= 0).then_some(group.entries_read),
            lag: self.lag(group),
            pending_count: group.pending().len() as u64,
            pending: group
                .pending()
                .iter()
                .take(most)
                .map(|(&id, nack)| PendingView {
                    id: text(id),
                    consumer: group.owner(nack).name.to_vec(),
                    time_ms: nack.time_ms,
                    count: nack.count,
                    exists: self.get(id).is_some(),
                })
                .collect(),
            consumers: group
                .consumers()
                .take(most)
                .map(|c| ConsumerView {
                    name: c.name.to_vec(),
                    seen_ms: c.seen_ms,
                    active_ms: c.active_ms,
                    pending: c.pending().len() as u64,
                })
                .collect(),
        }
    }
}
