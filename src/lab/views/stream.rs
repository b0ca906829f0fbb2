//! A stream: its nodes, its newest entries, and for each group how far it has come and what is still pending with whom.
use super::value::Head;
use super::{focus::Focus, label};
use crate::base::time::Millis;
use crate::ds::stream::{GroupView, Stream, StreamId};
use crate::lab::json::json_object;

/// Nodes from each end, entries, groups, consumers and pending entries that are shown.
const MOST: usize = 24;

/// Of an entry's fields and values about so much is read.
const TEXT_BYTES: usize = 200;

/// A stream, or as much of it as is shown.
#[derive(Debug, PartialEq)]
pub struct StreamModel {
    pub head: Head,
    pub last_id: String,
    pub added: u64,
    pub node_count: u64,
    pub nodes: Vec<StreamNode>,
    /// The newest entries, the oldest of them first.
    pub entries: Vec<StreamEntry>,
    pub groups: Vec<StreamGroup>,
    /// Groups that there are.
    pub group_count: u64,
    pub focus: StreamFocus,
}
json_object! { StreamModel:
    head, last_id, added, node_count, nodes, entries, groups, group_count, focus
}

/// One node: entries in a listpack.
#[derive(Debug, PartialEq)]
pub struct StreamNode {
    pub number: u64,
    pub first_id: String,
    pub bytes: u64,
    pub live: u64,
    pub deleted: u64,
    /// The fields that its entries need not repeat.
    pub fields: String,
}
json_object! { StreamNode: number, first_id, bytes, live, deleted, fields }

/// One entry.
#[derive(Debug, PartialEq)]
pub struct StreamEntry {
    pub id: String,
    pub text: String,
}
json_object! { StreamEntry: id, text }

/// One group.
#[derive(Debug, PartialEq)]
pub struct StreamGroup {
    pub name: String,
    pub last_id: String,
    pub lag: Option<u64>,
    /// How many of the shown entries were delivered to it.
    pub delivered: u64,
    pub pending_count: u64,
    pub pending: Vec<StreamPending>,
    pub consumers: Vec<StreamConsumer>,
}
json_object! { StreamGroup: name, last_id, lag, delivered, pending_count, pending, consumers }

/// An entry that was delivered and not acknowledged.
#[derive(Debug, PartialEq)]
pub struct StreamPending {
    pub id: String,
    /// Which of the shown entries it is.
    pub entry: Option<u64>,
    pub consumer: String,
    pub idle_ms: Millis,
    pub count: u64,
    /// Whether it is still in the stream.
    pub exists: bool,
}
json_object! { StreamPending: id, entry, consumer, idle_ms, count, exists }

/// One consumer.
#[derive(Debug, PartialEq)]
pub struct StreamConsumer {
    pub name: String,
    pub pending: u64,
    pub idle_ms: Millis,
}
json_object! { StreamConsumer: name, pending, idle_ms }

/// What the last command was about.
#[derive(Debug, PartialEq)]
pub struct StreamFocus {
    pub command: String,
    pub group: Option<String>,
    pub consumer: Option<String>,
}
json_object! { StreamFocus: command, group, consumer }

pub(super) fn model(stream: &Stream, now_ms: Millis, head: Head, focus: &Focus) -> StreamModel {
    let view = stream.inspect(MOST);
    let mut newest: Vec<_> = stream
        .range(StreamId::MIN, StreamId::MAX, true)
        .take(MOST)
        .collect();
    newest.reverse();
    let entries = newest.iter().map(|item| {
        let mut text = String::new();
        for part in item.pairs().flat_map(|(field, value)| [field, value]) {
            text.push_str(if text.is_empty() { "" } else { " " });
            text.push_str(&label(&part.to_vec()));
            if text.len() > TEXT_BYTES {
                break;
            }
        }
        StreamEntry {
            id: id_text(item.id),
            text: label(text.as_bytes()),
        }
    });
    let entries: Vec<StreamEntry> = entries.collect();
    let groups = view
        .groups
        .iter()
        .zip(stream.groups())
        .map(|(view, group)| {
            let delivered = newest.iter().filter(|item| item.id <= group.last_id);
            self::group(view, delivered.count() as u64, &entries, now_ms)
        });
    let nodes = view.nodes.iter().map(|node| {
        let fields: Vec<String> = node.fields.iter().map(|f| label(f)).collect();
        StreamNode {
            number: node.index,
            first_id: node.first_id.clone(),
            bytes: node.bytes,
            live: node.live as u64,
            deleted: node.deleted as u64,
            fields: fields.join(" "),
        }
    });
    StreamModel {
        head,
        nodes: nodes.collect(),
        groups: groups.collect(),
        group_count: stream.groups().len() as u64,
        focus: StreamFocus {
            command: focus.command.clone(),
            group: focus.group.as_deref().map(label),
            consumer: focus.consumer.as_deref().map(label),
        },
        last_id: view.last_id,
        added: view.entries_added,
        node_count: view.node_count,
        entries,
    }
}

fn id_text(id: StreamId) -> String {
    label(id.text(&mut [0; 41]))
}

fn group(view: &GroupView, delivered: u64, entries: &[StreamEntry], now_ms: Millis) -> StreamGroup {
    let pending = view.pending.iter().map(|p| StreamPending {
        id: p.id.clone(),
        entry: entries
            .iter()
            .position(|e| e.id == p.id)
            .map(|at| at as u64),
        consumer: label(&p.consumer),
        idle_ms: (now_ms - p.time_ms).max(0),
        count: p.count,
        exists: p.exists,
    });
    let consumers = view.consumers.iter().map(|c| StreamConsumer {
        name: label(&c.name),
        pending: c.pending,
        idle_ms: (now_ms - c.seen_ms).max(0),
    });
    StreamGroup {
        name: label(&view.name),
        last_id: view.last_id.clone(),
        lag: view.lag.map(|lag| lag as u64),
        delivered,
        pending_count: view.pending_count,
        pending: pending.collect(),
        consumers: consumers.collect(),
    }
}
