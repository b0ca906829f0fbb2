//! The stream of writes: made by a primary, taken and passed on byte for byte by a replica.
use super::super::dispatch;
use super::super::node::Node;
use crate::base::num;
use crate::command::replication::{Link, Stage};
use crate::command::{Args, ClientId, Server};
use crate::persist::rdb::save;
use crate::repl::history::OFFSET_MOST;
use crate::resp::request::command;
use crate::server::propagate::Log;

impl Server {
    /// The stream goes on: into the backlog and to all replicas. O(bytes * replicas).
    pub(super) fn feed_followers(&mut self, bytes: &[u8]) {
        self.repl.history.append(bytes);
        for at in 0..self.repl.followers.len() {
            let id = self.repl.followers[at];
            let Some(client) = self.clients.get_mut(id) else {
                continue;
            };
            let Some(follower) = &mut client.follower else {
                continue;
            };
            match follower.stage {
                Stage::Online if !follower.starts_on_ack => {
                    self.repl.net_out += bytes.len() as u64;
                    self.tell(id, &|out| out.raw(bytes));
                }
                Stage::Made | Stage::Sent | Stage::Online if !follower.snapshot_only => {
                    follower.pending.extend_from_slice(bytes);
                    self.limit_output(id);
                }
                _ => {}
            }
        }
    }
}

impl Node {
    /// Bytes that `repl-backlog-size` lets the backlog have.
    pub(super) fn backlog_limit(&self) -> usize {
        let limit = num::parse_u64(&self.config.text("repl-backlog-size")).unwrap_or(0);
        usize::try_from(limit).unwrap_or(usize::MAX)
    }

    /// Begins the stream, or ends it: a primary has one as long as it keeps a backlog. What a transaction writes after it has
    /// made the node a primary is one unit, as if the stream had been there from its beginning.
    pub(super) fn set_stream(&mut self) {
        let repl = &self.server.repl;
        let on = repl.primary.is_none() && repl.history.backlog.is_some();
        self.stream = on.then(Log::default);
        if self.server.in_exec {
            self.stream.iter_mut().for_each(Log::open);
        }
        self.server.propagates = on || self.log.is_some();
    }

    /// What was written since the last call goes into the stream, unless a unit is not whole; `id` is whose it was.
    #[cold]
    pub(in crate::server) fn feed_stream(&mut self, id: ClientId) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        let bytes = stream.take();
        if bytes.is_empty() {
            return;
        }
        self.server.feed_followers(&bytes);
        if let Some(client) = self.server.clients.get_mut(id) {
            client.wrote_offset = self.server.repl.history.offset;
        }
    }

    /// A command that is no write goes into the stream: replicas are to see it in its place.
    pub(super) fn feed_command(&mut self, words: &[&[u8]]) {
        self.feed_stream(0);
        self.server.feed_followers(&command(words));
    }

    /// Bytes of the primary's stream.
    pub(super) fn hear_stream(&mut self, bytes: &[u8]) {
        self.server.repl.read_offset += bytes.len() as i64;
        let id = self.server.repl.link_id;
        self.feed(id, bytes);
    }

    /// Runs a command of the primary: whatever it says has been so there.
    pub(in crate::server) fn obey(&mut self, args: Args<'_>) {
        self.ks.obeys = true;
        dispatch::request(self, self.server.repl.link_id, args);
        self.ks.obeys = false;
        if self.ks.waiting.is_ready() && self.script.is_none() {
            self.serve_keys();
        }
    }

    /// Bytes of the stream have had their effect: they count, and are passed on. A transaction counts as a whole.
    pub(in crate::server) fn applied(&mut self, bytes: &[u8]) {
        if self.server.repl.link != Link::Connected {
            return;
        }
        let client = self.server.clients.get(self.server.repl.link_id);
        let open = client.is_some_and(|c| c.queue.is_some()) || self.script.is_some();
        if open || !self.sync.held.is_empty() {
            self.sync.held.extend_from_slice(bytes);
        }
        if open {
            return;
        }
        match std::mem::take(&mut self.sync.held) {
            held if held.is_empty() => self.server.feed_followers(bytes),
            held => self.server.feed_followers(&held),
        }
        if self.journal.is_some() {
            self.note_applied();
        }
    }

    /// Lets a snapshot say which history it is part of, if that helps anybody to go on with it.
    pub(in crate::server) fn add_history(&self, options: &mut save::Options) {
        let repl = &self.server.repl;
        let db = match &repl.primary {
            None if repl.history.backlog.is_none() => return,
            None => self
                .stream
                .as_ref()
                .and_then(|stream| stream.db)
                .unwrap_or(0),
            Some(_) if !repl.has_part => return,
            Some(_) => {
                let link = self.server.clients.get(repl.link_id);
                link.filter(|_| repl.is_up()).map_or(repl.db, |c| c.db)
            }
        };
        let at = options.about.len().saturating_sub(1);
        let about = [
            ("repl-stream-db", db.to_string().into()),
            ("repl-id", repl.history.id.clone().into()),
            ("repl-offset", repl.history.offset.to_string().into()),
        ];
        options.about.splice(at..at, about);
    }

    /// A file of the start says which history the data is part of: as a replica the node can go on with it, and as a
    /// primary let its replicas go on.
    pub(in crate::server) fn adopt_history(&mut self, about: &[(Vec<u8>, Vec<u8>)]) {
        let text = |name: &[u8]| {
            about
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, text)| text)
        };
        let number = |name| text(name).and_then(|text| num::parse_i64(text));
        let id = text(b"repl-id").and_then(|id| String::from_utf8(id.clone()).ok());
        let (Some(id), Some(offset @ 0..=OFFSET_MOST)) =
            (id.filter(|id| id.len() == 40), number(b"repl-offset"))
        else {
            return;
        };
        let limit = self.backlog_limit();
        let databases = self.config.databases;
        let repl = &mut self.server.repl;
        let history = &mut repl.history;
        history.offset = offset;
        if repl.primary.is_some() {
            history.id = id;
            repl.has_part = true;
            let db = number(b"repl-stream-db").and_then(|db| usize::try_from(db).ok());
            repl.db = db.filter(|db| *db < databases).unwrap_or(0);
        } else {
            history.former_id = id;
            history.former_offset = offset + 1;
        }
        history.open_backlog(limit);
        repl.alone_since_ms = self.ks.now_ms;
        self.set_stream();
    }

    /// The link is gone, and with it what had no effect yet.
    pub(super) fn end_stream(&mut self) {
        self.sync.held.clear();
    }

    /// Tells the primary how much of the stream is here, and on the disk.
    pub(in crate::server) fn send_ack(&mut self) {
        self.server.send_ack();
    }

    /// Ends the connections of all replicas: they come again, and are told of the new history.
    pub(super) fn drop_followers(&mut self) {
        for id in std::mem::take(&mut self.server.repl.followers) {
            self.forget_delivery(id);
            self.server.cut(id);
        }
        self.server.repl.alone_since_ms = self.ks.now_ms;
        self.note_good();
    }
}
