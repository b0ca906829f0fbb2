//! Output that a client did not ask for at this moment, and how much of it may wait.
//!
//! While a client's command runs, its reply stands apart from its output buffer. What it is told meanwhile goes into that
//! buffer all the same, and the node puts it behind the reply: no message ever stands in the middle of another.
use super::replication::Stage;
use super::{Client, ClientId, Effect, Server, memory::REPLY_BUFFER_BYTES};
use crate::base::time::Millis;
use crate::resp::Reply;

impl Server {
    /// Writes to a client's output, and lets the host know that there is some. Nothing for a client that is about to end.
    pub fn tell(&mut self, id: ClientId, write: &dyn Fn(&mut Reply)) {
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        if client.close_after_reply {
            return;
        }
        if client.out.as_bytes().is_empty() {
            self.effects.push(Effect::Output(id));
        }
        write(&mut client.out);
        if client.has_much_output() {
            self.limit_output(id);
        }
    }

    /// Ends the connection of a client that leaves more output unread than `client-output-buffer-limit` and the host allow.
    #[cold]
    pub fn limit_output(&mut self, id: ClientId) {
        let now_ms = self.now_us / 1000;
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        if client.close_after_reply {
            return;
        }
        let mut bytes = client.output_list_bytes() as u64;
        let mut limit = self.output_limits[if client.is_subscriber() { 2 } else { 0 }];
        if let Some(follower) = client.follower.as_ref().filter(|f| f.stage != Stage::None) {
            limit = self.output_limits[1];
            // It may always leave unread what the backlog has room for.
            let backlog = self.repl.history.backlog.as_ref().map_or(0, |b| b.limit());
            if limit.hard_bytes > 0 {
                limit.hard_bytes = limit.hard_bytes.max(backlog as u64);
            }
            bytes += follower.pending.len() as u64;
        }
        let over = |limit: u64| limit > 0 && bytes >= limit;
        let too_long = client.is_over(over(limit.soft_bytes), now_ms, limit.soft_seconds);
        if !(client.out.is_full() || over(limit.hard_bytes) || too_long) {
            return;
        }
        client.out.reset();
        client.close_after_reply = true;
        self.stats.output_limit_closed += 1;
        self.effects.push(Effect::Drop(id));
    }

    /// Looks at all clients with much output: a soft limit is passed by time as well. Called by the cron.
    pub fn limit_outputs(&mut self) {
        let much = self.clients.iter().filter(|c| c.has_much_output());
        for id in much.map(|c| c.id).collect::<Vec<_>>() {
            self.limit_output(id);
        }
    }

    /// Whether commands must be told of to anybody.
    pub(super) fn note_listeners(&mut self) {
        self.listened = !self.monitors.is_empty() || self.tracked.clients() > 0;
    }
}

impl Client {
    /// Whether it listens to anything: in RESP2 it may then do little else.
    #[inline(always)]
    pub fn is_subscriber(&self) -> bool {
        self.subscriptions != [0; 3]
    }

    /// Whether its output could be too much.
    #[inline(always)]
    pub fn has_much_output(&self) -> bool {
        self.out.as_bytes().len() + self.unsent > REPLY_BUFFER_BYTES || self.out.is_full()
    }

    /// Bytes of output beyond the first buffer.
    pub fn output_list_bytes(&self) -> usize {
        (self.out.as_bytes().len() + self.unsent).saturating_sub(REPLY_BUFFER_BYTES)
    }

    /// Whether the soft limit has been passed for too long, now that it is passed or not.
    fn is_over(&mut self, passed: bool, now_ms: Millis, seconds: i64) -> bool {
        if !passed {
            self.over_soft_limit_since_ms = None;
            return false;
        }
        let since = *self.over_soft_limit_since_ms.get_or_insert(now_ms);
        // In whole seconds, as a real server counts them.
        now_ms / 1000 - since / 1000 > seconds
    }
}
