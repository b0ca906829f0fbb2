//! Eviction: how full the node is, whom the last look for a victim sampled, what the pool remembers, and who went.
use super::{focus::Focus, label};
use crate::command::memory;
use crate::keyspace::{Keyspace, Policy};
use crate::lab::json::json_object;
use crate::server::Node;

/// A node with a limit of memory.
#[derive(Debug, PartialEq)]
pub struct EvictionModel {
    pub used: u64,
    pub limit: u64,
    pub policy: &'static str,
    /// What keys are told apart by: `idle` seconds, `uses`, the `time` left in ms; nothing if by chance.
    pub measure: Option<&'static str>,
    pub keys: u64,
    pub evicted: u64,
    pub command: String,
    /// The last sample.
    pub samples: Vec<Candidate>,
    /// What is remembered, the next one to go last.
    pub pool: Vec<Candidate>,
    pub victim: Option<Candidate>,
}
json_object! { EvictionModel:
    used, limit, policy, measure, keys, evicted, command, samples, pool, victim
}

/// A key that may go.
#[derive(Debug, PartialEq)]
pub struct Candidate {
    pub key: String,
    pub db: u64,
    /// In what the policy measures.
    pub value: u64,
    /// Of a sampled one: whether the pool took it in.
    pub pooled: bool,
}
json_object! { Candidate: key, db, value, pooled }

/// What a score means to people.
fn measured(ks: &Keyspace, score: u64) -> u64 {
    match ks.params.policy {
        Policy::VolatileTtl => (u64::MAX - score).saturating_sub(ks.now_ms as u64),
        policy if policy.is_lfu() => 255_u64.saturating_sub(score),
        _ => score,
    }
}

pub(super) fn model(node: &Node, focus: &Focus) -> EvictionModel {
    let ks = node.keyspace();
    let view = ks.inspect_eviction();
    let candidate = |(score, db, key): &(u64, usize, &[u8]), pooled| Candidate {
        key: label(key),
        db: *db as u64,
        value: measured(ks, *score),
        pooled,
    };
    let taken = |db: usize, key: &[u8]| {
        let mut names = view.pool.iter().chain(&view.victim).map(|c| (c.1, c.2));
        names.any(|name| name == (db, key))
    };
    EvictionModel {
        used: memory::used(ks, node.server()).max(0) as u64,
        limit: node.config().maxmemory,
        policy: Policy::NAMES[ks.params.policy as usize],
        measure: match ks.params.policy {
            Policy::AllkeysLru | Policy::VolatileLru => Some("idle"),
            Policy::AllkeysLfu | Policy::VolatileLfu => Some("uses"),
            Policy::VolatileTtl => Some("time"),
            _ => None,
        },
        keys: (0..ks.count()).map(|db| ks.table(db).len() as u64).sum(),
        evicted: ks.stats.evicted,
        command: focus.command.clone(),
        samples: view
            .samples
            .iter()
            .map(|s| candidate(s, taken(s.1, s.2)))
            .collect(),
        pool: view.pool.iter().map(|c| candidate(c, true)).collect(),
        victim: view.victim.as_ref().map(|c| candidate(c, true)),
    }
}
