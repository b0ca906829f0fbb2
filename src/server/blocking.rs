//! The node's part of commands that wait: serving them when a key comes, and ending them when their time is over.
use super::{dispatch, node::Node};
use crate::command::{ClientId, Effect, blocking::End};

impl Node {
    /// Serves those who wait for keys that came with the last command: key by key in the order of their coming, and of each
    /// those who came first. Whom it serves may bring other keys (BLMOVE); they are next.
    #[cold]
    pub(super) fn serve_keys(&mut self) {
        while self.ks.waiting.is_ready() {
            for place in self.ks.waiting.take_ready() {
                for id in self.ks.waiting.at(&place) {
                    if self.ks.serves(&place, id) {
                        self.run_again(id);
                    }
                }
            }
        }
    }

    /// Runs the command of a client that waits once more. It may wait again, behind all others, but no longer than it was
    /// to wait before.
    fn run_again(&mut self, id: ClientId) {
        let client = self.server.clients.get(id);
        if client.is_none_or(|c| c.close_after_reply) {
            return;
        }
        let Some(blocked) = self.server.take_wait(&mut self.ks, id) else {
            return;
        };
        self.server.waits.again = Some(blocked.deadline_us);
        dispatch::request(self, id, blocked.argv.args());
        self.server.waits.again = None;
        self.server.effects.push(Effect::Output(id));
    }

    /// Ends the waits whose time is over.
    pub(super) fn end_waits(&mut self) {
        while let Some(id) = self.server.waits.due(self.server.now_us) {
            self.server.end_wait(&mut self.ks, id, End::Timeout);
        }
    }

    /// Runs what clients sent while they waited, now that they do not any more.
    pub(super) fn go_on(&mut self) {
        while !self.server.waits.over.is_empty() {
            for id in std::mem::take(&mut self.server.waits.over) {
                let client = self.server.clients.get(id);
                if !client.is_some_and(|c| c.blocked.is_none() && !c.query.is_empty()) {
                    continue;
                }
                if self.is_busy() {
                    self.wait_turn(id);
                } else {
                    self.run_query(id);
                }
                self.server.effects.push(Effect::Output(id));
            }
        }
    }
}
