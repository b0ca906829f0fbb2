//! The node's part of commands that wait: serving them when a key comes, and ending them when their time is over.
use super::{dispatch, node::Node};
use crate::command::{ClientId, Command, Effect, F, blocking::End};

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

    /// Whether CLIENT PAUSE holds this command up.
    #[cold]
    pub(super) fn puts_off(&self, id: ClientId, command: &Command) -> bool {
        let client = self.server.clients.get(id);
        if client.is_some_and(|c| c.obeyed || c.follower.is_some()) {
            return false;
        }
        let queue = client.and_then(|c| c.queue.as_deref());
        let queued = queue.filter(|_| command.name == "exec").map(|q| q.flags());
        let flags = queued.map_or(command.flags, |queued| queued | command.flags);
        let writes = flags.has(F::WRITE) || flags.has(F::MAY_REPLICATE);
        self.server
            .waits
            .pause
            .is_some_and(|pause| pause.all || writes)
    }

    /// Ends CLIENT PAUSE if its time is over. Once it is, whoever was held up is served in the order of their coming.
    pub(super) fn end_pause(&mut self) {
        let now_us = self.server.now_us;
        let waits = &mut self.server.waits;
        waits.pause = waits.pause.filter(|pause| pause.until_us > now_us);
        self.ks.paused = waits.pause.is_some();
        if self.ks.paused {
            return;
        }
        for id in std::mem::take(&mut waits.paused) {
            if self.script.is_some() {
                self.server.waits.paused.push(id);
                continue;
            }
            let held = self.server.clients.get(id).and_then(|c| c.blocked.as_ref());
            if held.is_some_and(|b| b.paused)
                && let Some(blocked) = self.server.take_wait(&mut self.ks, id)
            {
                dispatch::run(self, id, blocked.argv.args());
                self.server.effects.push(Effect::Output(id));
            }
        }
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

#[cfg(test)]
mod tests {
    use super::super::{Input, NodeOptions};
    use super::*;

    #[test]
    fn a_wait_ends_at_its_time_and_what_came_meanwhile_follows() {
        let mut node = Node::new(NodeOptions::default());
        let id = node.connect("127.0.0.1:1");
        node.handle(Input::Data(id, b"BLPOP q 0.05\r\nPING\r\n"), 1000);
        assert_eq!(node.next_timer_us(), 51_000);
        node.handle(Input::Data(id, b"ECHO a\r\n"), 50_000);
        assert!(node.output(id).expect("connected").is_empty());
        node.handle(Input::Tick, 51_000);
        let out = std::mem::take(node.output(id).expect("connected"));
        assert_eq!(String::from_utf8_lossy(&out), "*-1\r\n+PONG\r\n$1\r\na\r\n");
        node.handle(Input::Data(id, b"BLPOP q 0\r\n"), 52_000);
        node.handle(Input::Disconnect(id), 53_000);
        let other = node.connect("127.0.0.1:2");
        node.handle(Input::Data(other, b"RPUSH q a\r\nLLEN q\r\n"), 54_000);
        assert_eq!(node.output(other).expect("connected"), b":1\r\n:1\r\n");
    }

    #[test]
    fn a_wait_is_ended_by_another() {
        let mut node = Node::new(NodeOptions::default());
        let (a, b) = (node.connect("127.0.0.1:1"), node.connect("127.0.0.1:2"));
        let take = |node: &mut Node, id| {
            let out = std::mem::take(node.output(id).expect("connected"));
            String::from_utf8(out).expect("ASCII")
        };
        for (how, told) in [
            ("", "*-1\r\n"),
            (" TIMEOUT", "*-1\r\n"),
            (
                " ERROR",
                "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n",
            ),
        ] {
            node.handle(Input::Data(a, b"BLPOP q 0\r\n"), 1);
            node.handle(
                Input::Data(b, format!("CLIENT UNBLOCK {a}{how}\r\n").as_bytes()),
                2,
            );
            assert_eq!(take(&mut node, b), ":1\r\n");
            assert_eq!(take(&mut node, a), told);
            node.handle(Input::Data(b, b"RPUSH q x\r\nLLEN q\r\nLPOP q\r\n"), 3);
            assert_eq!(take(&mut node, b), ":1\r\n:1\r\n$1\r\nx\r\n");
        }
        node.handle(Input::Data(b, b"CLIENT PAUSE 5 WRITE\r\n"), 1000);
        node.handle(Input::Data(a, b"GET k\r\nSET k v\r\nGET k\r\n"), 2000);
        assert_eq!(take(&mut node, a), "$-1\r\n");
        assert_eq!(node.next_timer_us(), 6000);
        node.handle(Input::Tick, 6000);
        assert_eq!(take(&mut node, a), "+OK\r\n$1\r\nv\r\n");
    }
}
