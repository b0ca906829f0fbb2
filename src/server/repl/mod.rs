//! The node's part of replication.
//!
//! - here: what commands leave, what is done once a second, and which commands replication forbids;
//! - `stream`: what was written, and how it goes from node to node;
//! - `primary`: who may follow, from where on; `snapshot`: full synchronization; `failover`: handing the part over;
//! - `link`: a replica's connection to its primary, from the first word on; `load`: the snapshot that it brings.
mod failover;
mod link;
mod load;
mod primary;
mod snapshot;
mod stream;

use super::node::Node;
use crate::base::time::Micros;
use crate::command::replication::Order;
use crate::command::{ClientId, Command, Error, F};
use crate::resp::Reply;
use link::Talk;
use load::Incoming;
use primary::Resume;
use snapshot::Snapshots;

/// What nobody but the node itself needs to know.
#[derive(Clone, Default)]
pub(super) struct Sync {
    talk: Talk,
    snapshots: Snapshots,
    /// Seconds that the cron has counted.
    seconds: u64,
    /// A snapshot that came, and is not loaded yet.
    received: Option<Vec<u8>>,
    /// The same while it is read.
    incoming: Option<Box<Incoming>>,
    /// The connection that brought it is gone by now.
    lost: bool,
    /// Of the primary's stream: the part of a transaction that is not whole yet.
    held: Vec<u8>,
    next_cron_us: Micros,
}

const SECOND_US: Micros = 1_000_000;

impl Sync {
    /// Whether the primary's snapshot is being loaded.
    #[inline(always)]
    pub(super) fn loads(&self) -> bool {
        self.incoming.is_some()
    }

    /// Whether snapshots are on their way to replicas.
    pub(super) fn is_serving(&self) -> bool {
        self.snapshots.is_serving()
    }
}

impl Node {
    /// Does what a command left.
    #[cold]
    pub(super) fn replicate(
        &mut self,
        id: ClientId,
        order: Order,
        out: &mut Reply,
    ) -> Result<(), Error> {
        match order {
            Order::Follow(to) => self.follow(to, out),
            Order::Resume {
                id: history,
                offset,
                failover,
            } => {
                let resume = Resume {
                    id: history,
                    offset,
                    failover,
                };
                self.serve_replica(id, Some(resume), out)?;
            }
            Order::Sync => self.serve_replica(id, None, out)?,
            Order::Failover(failover) => self.begin_failover(failover, out)?,
            Order::Stay => self.stay(out)?,
        }
        Ok(())
    }

    /// Called by the cron: does once a second what is due then.
    pub(super) fn replication_cron(&mut self) {
        if self.server.now_us < self.sync.next_cron_us {
            return;
        }
        self.sync.next_cron_us = self.server.now_us.saturating_add(SECOND_US);
        self.note_restriction();
        self.look_after_link();
        self.look_after_followers();
        self.begin_due_snapshot();
    }

    /// Whether every client may run every command, as far as replication is concerned.
    fn note_restriction(&mut self) {
        let needs = self.config.text("min-replicas-to-write") != b"0";
        self.server.repl.restricted = needs || self.server.repl.primary.is_some();
    }

    /// Why a command may not run on a replica, or without replicas.
    #[cold]
    pub(super) fn replica_refusal(&self, id: ClientId, command: &Command) -> Option<Error> {
        let client = self.server.clients.get(id);
        let queue = client.and_then(|c| c.queue.as_deref());
        let queued = queue.filter(|_| command.name == "exec");
        let writes = command.flags.has(F::WRITE) || queued.is_some_and(|q| q.flags().has(F::WRITE));
        let stands_stale = |command: &Command| command.flags.has(F::STALE);
        let stale = stands_stale(command)
            && queued.is_none_or(|q| q.commands().iter().all(|c| stands_stale(c.command)));
        self.server.replica_refusal(&self.config, id, writes, stale)
    }
}
