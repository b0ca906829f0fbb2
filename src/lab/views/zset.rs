//! The sorted set as a skiplist, with the way that a search takes to one member.
use super::value::Head;
use super::{focus::Focus, label};
use crate::base::num::f64_text;
use crate::ds::skiplist::{LinkView, NodeView, PathStep, Skiplist};
use crate::keyspace::zset::Ranked;
use crate::lab::json::json_object;

/// Up to so many nodes all are given.
const ALL_NODES: usize = 64;
/// Of more, so many before and after the one that was searched.
const NEIGHBOURS: usize = 6;
/// Elements of a large node that are named.
const NODE_ENTRIES: usize = 3;

/// A skiplist, or the part of it that a search saw.
#[derive(Debug, PartialEq)]
pub struct SkiplistModel {
    pub head: Head,
    pub levels: u64,
    /// Most members of a node; 1 in a small list.
    pub node_capacity: u64,
    /// The head's links, from level 0 up.
    pub links: Vec<Link>,
    /// Nodes in order of rank; `gap` says how many members were left out before one.
    pub nodes: Vec<SkipNode>,
    /// Members left out after the last of them.
    pub gap: u64,
    pub focus: Option<SkipFocus>,
}
json_object! { SkiplistModel: head, levels, node_capacity, links, nodes, gap, focus }

/// A pointer of one level.
#[derive(Debug, PartialEq)]
pub struct Link {
    /// The node that it leads to; the end if none.
    pub to: Option<u32>,
    pub span: u64,
}
json_object! { Link: to, span }

/// One node.
#[derive(Debug, PartialEq)]
pub struct SkipNode {
    pub node: u32,
    /// Members that stand before its first.
    pub rank: u64,
    pub gap: u64,
    pub links: Vec<Link>,
    pub len: u64,
    /// Its first members.
    pub members: Vec<Ranking>,
    pub score: String,
}
json_object! { SkipNode: node, rank, gap, links, len, members, score }

/// A member with its score.
#[derive(Debug, PartialEq)]
pub struct Ranking {
    pub member: String,
    pub score: String,
}
json_object! { Ranking: member, score }

/// The search for a member.
#[derive(Debug, PartialEq)]
pub struct SkipFocus {
    pub member: String,
    pub score: String,
    pub rank: u64,
    pub command: String,
    /// The node that holds it, and its place in there.
    pub node: u32,
    pub place: u64,
    /// Every pointer looked at, in order.
    pub path: Vec<Step>,
}
json_object! { SkipFocus: member, score, rank, command, node, place, path }

/// One look at a pointer.
#[derive(Debug, PartialEq)]
pub struct Step {
    pub level: u64,
    /// Where the search stood; the head if none.
    pub from: Option<u32>,
    pub to: Option<u32>,
    pub span: u64,
    /// Taken, or too far.
    pub taken: bool,
}
json_object! { Step: level, from, to, span, taken }

pub(super) fn skiplist(ranked: &Ranked, head: Head, focus: &Focus) -> SkiplistModel {
    let (list, dict) = (ranked.list(), ranked.dict());
    let found = focus.element.as_deref().and_then(|member| {
        let id = dict.find(member)?;
        let score = *dict.value(id);
        let path = list.search_path(dict, score, id.0);
        let rank = list.rank(dict, score, id.0)?;
        Some((member, score, rank, path))
    });
    let views = shown_nodes(list, found.as_ref().map(|f| &f.3[..]));
    let mut nodes = Vec::new();
    let mut next_rank = 1;
    for view in &views {
        let members = view
            .entries
            .iter()
            .take(NODE_ENTRIES)
            .map(|&(score, id)| Ranking {
                member: label(dict.key(crate::ds::dict::EntryId(id))),
                score: f64_text(score),
            });
        nodes.push(SkipNode {
            node: view.node,
            rank: view.rank - 1,
            gap: view.rank - next_rank,
            links: view.links.iter().copied().map(link).collect(),
            len: view.entries.len() as u64,
            members: members.collect(),
            score: view
                .entries
                .first()
                .map_or(String::new(), |e| f64_text(e.0)),
        });
        next_rank = view.rank + view.entries.len() as u64;
    }
    let focus = found.map(|(member, score, rank, path)| {
        let last = path.iter().rev().find(|s| s.taken).and_then(|s| s.to);
        let node = last.unwrap_or_default();
        let first = views.iter().find(|v| v.node == node).map_or(1, |v| v.rank);
        SkipFocus {
            member: label(member),
            score: f64_text(score),
            rank,
            command: focus.command.clone(),
            node,
            place: (rank + 1).saturating_sub(first),
            path: path.iter().map(step).collect(),
        }
    });
    SkiplistModel {
        head,
        levels: list.levels() as u64,
        node_capacity: list.node_capacity() as u64,
        links: list.head_view().into_iter().map(link).collect(),
        nodes,
        gap: (list.len() as u64 + 1).saturating_sub(next_rank),
        focus,
    }
}

fn link(view: LinkView) -> Link {
    Link {
        to: view.to,
        span: view.span,
    }
}

fn step(s: &PathStep) -> Step {
    Step {
        level: s.level as u64,
        from: s.from,
        to: s.to,
        span: s.span,
        taken: s.taken,
    }
}

/// All nodes of a small list; of a large one those that the search looked at, the neighbours of its last, and the first.
fn shown_nodes(list: &Skiplist, path: Option<&[PathStep]>) -> Vec<NodeView> {
    let start = list.inspect(ALL_NODES + 1).nodes;
    if start.len() <= ALL_NODES {
        return start;
    }
    let mut by_rank: Vec<NodeView> = Vec::new();
    let mut add = |view: NodeView| {
        if let Err(at) = by_rank.binary_search_by_key(&view.rank, |v| v.rank) {
            by_rank.insert(at, view);
        }
    };
    let Some(path) = path else {
        return start.into_iter().take(2 * NEIGHBOURS).collect();
    };
    start.into_iter().take(2).for_each(&mut add);
    // The head stands at rank 0; a span is the difference of ranks.
    let mut rank = 0;
    let mut target = None;
    for step in path {
        if let Some(to) = step.to {
            add(list.node_view(to, rank + step.span));
            if step.taken {
                rank += step.span;
                target = Some((to, rank));
            }
        }
    }
    if let Some((node, rank)) = target {
        let (mut at, mut before) = (node, rank);
        for _ in 0..NEIGHBOURS {
            let Some(back) = list.node_before(at) else {
                break;
            };
            let len = list.node_view(back, 1).entries.len() as u64;
            (at, before) = (back, before - len);
            add(list.node_view(at, before));
        }
        let (mut at, mut after) = (node, rank);
        for _ in 0..NEIGHBOURS {
            let links = list.node_view(at, after).links;
            let Some(LinkView { to: Some(to), span }) = links.first().copied() else {
                break;
            };
            (at, after) = (to, after + span);
            add(list.node_view(at, after));
        }
    }
    by_rank
}
