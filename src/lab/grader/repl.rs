//! The `repl` predicate: a node's part in replication.
use super::check::Verdict;
use super::{Part, code, text};
use crate::command::replication::{Replication, Stage};
use crate::lab::lesson::{Range, Repl, Role};
use crate::server::Node;
use crate::sim::world::{HostId, World};

/// Whether the node `at` is as asked for; else the first thing that is not. O(its replicas).
pub(super) fn judge(world: &World, at: HostId, wanted: &Repl) -> Verdict {
    let told = |words: String| vec![code(&wanted.node), text(&words)];
    let node = world.hosts().get(at).and_then(|host| host.node());
    let Some(node) = node else {
        return (false, told(" does not run".into()));
    };
    match fault(world, at, node, wanted) {
        Some(words) => (false, told(words)),
        None => (true, praise(world, at, node, wanted)),
    }
}

/// The server that a node follows, if it is one of the world's.
fn primary_of(world: &World, repl: &Replication) -> Option<HostId> {
    world.host_named(&repl.primary.as_ref()?.host)
}

/// How the node is not as asked for, to stand behind its name.
fn fault(world: &World, at: HostId, node: &Node, wanted: &Repl) -> Option<String> {
    let repl = &node.server().repl;
    let follows = repl.primary.as_ref();
    match (wanted.role, follows) {
        (Some(Role::Primary), Some(address)) => {
            return Some(format!(" is a replica of {}", address.host));
        }
        (Some(Role::Replica), None) => return Some(" is a primary".into()),
        _ => {}
    }
    if let Some(of) = &wanted.of
        && primary_of(world, repl) != world.host_named(of)
    {
        let now = follows.map_or("nobody", |address| &address.host);
        return Some(format!(" follows {now}; expected {of}"));
    }
    if let Some(up) = wanted.up
        && up != repl.is_up()
    {
        return Some(match up {
            true => format!(" has no link to its primary ({})", repl.link.name()),
            false => " still has a link to its primary".into(),
        });
    }
    lag_fault(world, at, node, wanted).or_else(|| count_fault(node, wanted))
}

fn lag_fault(world: &World, at: HostId, node: &Node, wanted: &Repl) -> Option<String> {
    if let Some(range) = wanted.lag_bytes {
        let lag = lag_bytes(world, node);
        let found = lag.map(|n| format!(" is {n} bytes behind"));
        if !lag.is_some_and(|n| range.holds(n)) {
            let unknown = || " has no primary to be behind of, or other data than that one".into();
            return Some(found.unwrap_or_else(unknown) + &expected(range, "bytes"));
        }
    }
    let range = wanted.lag_ms?;
    let lag = silent_ms(world, at, node);
    // Whole seconds, so that the reason does not change with every look.
    let found = lag.map(|ms| format!(" was last heard of by its primary {} s ago", ms / 1000));
    let good = lag.is_some_and(|n| range.holds(n));
    let unknown = || " is not among its primary's replicas".into();
    (!good).then(|| found.unwrap_or_else(unknown) + &expected(range, "ms"))
}

fn count_fault(node: &Node, wanted: &Repl) -> Option<String> {
    let repl = &node.server().repl;
    let online = replicas(node) as i64;
    let (full, partial) = (repl.full_syncs as i64, repl.partial_syncs as i64);
    let counts = [
        (wanted.replicas, online, "replicas that are ready"),
        (wanted.full_syncs, full, "full synchronizations"),
        (wanted.partial_syncs, partial, "partial synchronizations"),
    ];
    let mut wrong = counts
        .into_iter()
        .filter(|(range, n, _)| range.is_some_and(|range| !range.holds(*n)));
    let (range, n, what) = wrong.next()?;
    Some(format!(" has {n} {what}") + &expected(range?, ""))
}

/// What is so, to stand where the goal is met.
fn praise(world: &World, at: HostId, node: &Node, wanted: &Repl) -> Vec<Part> {
    let repl = &node.server().repl;
    let words = match &repl.primary {
        None => format!(" is a primary with {} replicas", replicas(node)),
        Some(address) => {
            let behind = lag_bytes(world, node).filter(|_| wanted.lag_bytes.is_some());
            let behind = behind.map_or(String::new(), |n| format!(", {n} bytes behind"));
            let silent = silent_ms(world, at, node).filter(|_| wanted.lag_ms.is_some());
            let silent = silent.map_or(String::new(), |ms| {
                format!(", heard of {} s ago", ms / 1000)
            });
            format!(" is a replica of {}{behind}{silent}", address.host)
        }
    };
    vec![code(&wanted.node), text(&words)]
}

/// Bounds, to stand behind what was found.
fn expected(range: Range, unit: &str) -> String {
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    };
    match (range.min, range.max) {
        (Some(min), Some(max)) => format!("; expected {min} to {max}{unit}"),
        (Some(min), None) => format!("; expected at least {min}{unit}"),
        (None, Some(max)) => format!("; expected at most {max}{unit}"),
        (None, None) => String::new(),
    }
}

/// Bytes of its primary's history that a replica has not got; `None` where there is no primary, or their histories differ.
fn lag_bytes(world: &World, node: &Node) -> Option<i64> {
    let repl = &node.server().repl;
    let primary = world.hosts()[primary_of(world, repl)?].node()?;
    let (own, its) = (&repl.history, &primary.server().repl.history);
    (own.id == its.id).then(|| (its.offset - own.offset).max(0))
}

/// How long ago a replica said to its primary how far it is, ms.
fn silent_ms(world: &World, at: HostId, node: &Node) -> Option<i64> {
    let host = &world.hosts()[primary_of(world, &node.server().repl)?];
    let primary = host.node()?;
    let server = primary.server();
    let is_it = |id: &&u64| {
        let conn = host.conn_of(**id).and_then(|conn| world.net().conn(conn));
        conn.is_some_and(|conn| conn.from.place == at)
    };
    let id = server.repl.followers.iter().find(is_it)?;
    let follower = server.clients.get(*id)?.follower.as_deref()?;
    (follower.stage == Stage::Online).then(|| (primary.keyspace().now_ms - follower.ack_ms).max(0))
}

/// How many replicas get the stream.
fn replicas(node: &Node) -> usize {
    let server = node.server();
    let online = |id: &&u64| {
        let client = server.clients.get(**id);
        client.is_some_and(|c| c.stage() == Stage::Online)
    };
    server.repl.followers.iter().filter(online).count()
}
