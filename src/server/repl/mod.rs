//! The node's part of replication.
//!
//! - here: what is done once a second;
//! - `stream`: what was written, and how it goes from node to node;
//! - `link`: a replica's connection to its primary, from the first word on; `load`: the snapshot that it brings.
mod link;
mod load;
mod stream;

use super::node::Node;
use crate::base::{num, time::Micros};
use crate::command::replication::Order;
use crate::command::{ClientId, Error};
use crate::resp::Reply;
use link::Talk;

/// What nobody but the node itself needs to know.
#[derive(Clone, Default)]
pub(super) struct Sync {
    talk: Talk,
    /// Seconds that the cron has counted.
    seconds: u64,
    /// A snapshot that came, and is not loaded yet.
    received: Option<Vec<u8>>,
    /// Of the primary's stream: the part of a transaction that is not whole yet.
    held: Vec<u8>,
    next_cron_us: Micros,
}

const SECOND_US: Micros = 1_000_000;

impl Node {
    /// Does what a command left.
    #[cold]
    pub(super) fn replicate(
        &mut self,
        _id: ClientId,
        order: Order,
        out: &mut Reply,
    ) -> Result<(), Error> {
        if let Order::Follow(to) = order {
            self.follow(to, out);
        }
        Ok(())
    }

    /// Called by the cron: does once a second what is due then.
    pub(super) fn replication_cron(&mut self) {
        if self.server.now_us < self.sync.next_cron_us {
            return;
        }
        self.sync.next_cron_us = self.server.now_us.saturating_add(SECOND_US);
        self.look_after_link();
        self.ping_followers();
    }
}

impl Node {
    /// A primary lets its replicas know that it is there.
    fn ping_followers(&mut self) {
        self.sync.seconds += 1;
        let every = num::parse_u64(&self.config.text("repl-ping-replica-period")).unwrap_or(10);
        let repl = &self.server.repl;
        let primary = repl.primary.is_none() && !repl.followers.is_empty();
        if primary && self.sync.seconds.is_multiple_of(every.max(1)) {
            self.feed_command(&[b"PING"]);
        }
    }

    /// Whether every client may run every command, as far as replication is concerned.
    pub(in crate::server) fn note_restriction(&mut self) {
        let needs = self.config.text("min-replicas-to-write") != b"0";
        self.server.repl.restricted = needs || self.server.repl.primary.is_some();
    }
}
