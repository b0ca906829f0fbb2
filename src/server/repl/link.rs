//! The replica's side: the connection to its primary.
//!
//! A link that is lost leaves the data a part of the primary's history; the next one asks to go on from there.
use super::super::journal::Note;
use super::super::node::Node;
use crate::base::num;
use crate::command::client::ReplyMode;
use crate::command::replication::{Address, Link, Way};
use crate::command::{Client, ClientId, Effect};
use crate::repl::handshake::{Handshake, Introduction, Step};
use crate::repl::payload::{LINE_MOST, Payload, Progress};
use crate::resp::Reply;
use crate::resp::request::command;

/// The talk with the primary as long as it is no stream of commands.
#[derive(Clone, Default)]
pub(super) struct Talk {
    shake: Option<Handshake>,
    arriving: Option<Payload>,
    /// The history that the snapshot stands in, as `+FULLRESYNC` told it.
    pub(super) full: Option<(String, i64)>,
    /// What has arrived and is no whole line yet.
    pub(super) bytes: Vec<u8>,
}

impl Node {
    /// Whether this is the connection to the primary.
    #[inline(always)]
    pub(in crate::server) fn is_link(&self, id: ClientId) -> bool {
        id == self.server.repl.link_id
    }

    /// REPLICAOF.
    pub(super) fn follow(&mut self, to: Option<Address>, out: &mut Reply) {
        match to {
            None if self.server.repl.primary.is_some() => {
                self.stop_following();
                self.say(false, &["PRIMARY MODE enabled (user request)"]);
            }
            None => {}
            Some(to) if self.server.repl.primary.as_ref() == Some(&to) => {
                return out.simple("OK Already connected to specified master");
            }
            Some(to) => {
                let port = to.port.to_string();
                let host = to.host.clone();
                self.start_following(to);
                self.say(
                    false,
                    &["REPLICAOF ", &host, ":", &port, " enabled (user request)"],
                );
            }
        }
        out.ok();
    }

    /// The node is a replica from now on.
    pub(super) fn start_following(&mut self, to: Address) {
        self.leave_link();
        let repl = &mut self.server.repl;
        if repl.primary.is_none() {
            repl.has_part = true;
            repl.db = 0;
            self.say(false, &[
                "Before turning into a replica, using my own primary parameters to synthesize a cached primary: I may be \
                 able to synchronize with the new primary with just a partial transfer.",
            ]);
        }
        let repl = &mut self.server.repl;
        repl.primary = Some(to);
        repl.down_since_ms = 0;
        self.server.end_all_waits(&mut self.ks);
        self.note_role();
        self.dial();
    }

    /// The node begins as a replica: the cron connects.
    pub(in crate::server) fn begin_as_replica(&mut self, to: Address) {
        let repl = &mut self.server.repl;
        repl.primary = Some(to);
        repl.link = Link::Connect;
        self.note_role();
    }

    /// The node is a primary from now on.
    pub(super) fn stop_following(&mut self) {
        self.leave_link();
        let id = self.rng.hex40();
        let repl = &mut self.server.repl;
        repl.primary = None;
        repl.link = Link::Off;
        repl.has_part = false;
        repl.history.branch(id);
        self.note_called();
        self.drop_followers();
        self.note_role();
    }

    /// CONFIG GET shows whom the node follows.
    fn note_role(&mut self) {
        let text = self
            .server
            .repl
            .primary
            .as_ref()
            .map_or_else(String::new, |to| {
                [&to.host, " ", &to.port.to_string()].concat()
            });
        self.config.set_primary(text.into());
        self.ks.follows = self.server.repl.primary.is_some();
        self.set_stream();
        self.note_restriction();
    }

    /// Asks for a connection to the primary.
    pub(super) fn dial(&mut self) {
        let Some(to) = self.server.repl.primary.clone() else {
            return;
        };
        let addr = [&to.host, ":", &to.port.to_string()].concat();
        self.say(false, &["Connecting to PRIMARY ", &addr]);
        let now_ms = self.ks.now_ms;
        let id = self.server.clients.add(addr, String::new(), now_ms);
        if let Some(client) = self.server.clients.get_mut(id) {
            client.way = Way::Out;
            client.obeyed = true;
        }
        let repl = &mut self.server.repl;
        (repl.link, repl.link_id, repl.heard_ms) = (Link::Connecting, id, now_ms);
        self.sync.talk = Talk::default();
        let Address { host, port } = to;
        self.server.effects.push(Effect::Connect { id, host, port });
        self.say(false, &["PRIMARY <-> REPLICA sync started"]);
    }

    /// The connection stands.
    pub(in crate::server) fn link_stands(&mut self, id: ClientId) {
        if !self.is_link(id) || self.server.repl.link != Link::Connecting {
            return;
        }
        self.say(false, &["Non blocking connect for SYNC fired the event."]);
        let text = |name: &str| self.config.text(name);
        let port = match text("replica-announce-port").as_slice() {
            b"0" => self.server.port.to_string().into(),
            port => port.to_vec(),
        };
        let mut shake = Handshake::new(Introduction {
            user: text("primaryuser"),
            password: text("primaryauth"),
            port,
            ip: text("replica-announce-ip"),
            version: crate::REDIS_VERSION,
        });
        let first = shake.begin();
        self.sync.talk.shake = Some(shake);
        self.server.repl.link = Link::Handshake;
        self.server.repl.heard_ms = self.ks.now_ms;
        self.tell_primary(&first);
    }

    pub(super) fn tell_primary(&mut self, bytes: &[u8]) {
        let id = self.server.repl.link_id;
        self.server.tell(id, &|out| out.raw(bytes));
    }

    /// Bytes from the primary.
    pub(in crate::server) fn hear_primary(&mut self, bytes: &[u8]) {
        self.server.repl.heard_ms = self.ks.now_ms;
        self.server.repl.net_in += bytes.len() as u64;
        if self.server.repl.link == Link::Connected {
            return self.hear_stream(bytes);
        }
        self.server.stats.net_in += bytes.len() as u64;
        let mut buf = std::mem::take(&mut self.sync.talk.bytes);
        buf.extend_from_slice(bytes);
        let mut at = 0;
        while at < buf.len() {
            let rest = &buf[at..];
            let used = match self.server.repl.link {
                Link::Handshake => self.hear_line(rest),
                Link::Transfer => self.hear_payload(rest),
                Link::Connected => {
                    let rest = rest.to_vec();
                    return self.hear_stream(&rest);
                }
                Link::Off | Link::Connect | Link::Connecting => return,
            };
            if used == 0 {
                break;
            }
            at += used;
        }
        buf.drain(..at);
        self.sync.talk.bytes = buf;
    }

    /// Bytes from the primary have come, and wait until the node is free.
    pub(in crate::server) fn put_off_primary(&mut self, len: usize) {
        let repl = &mut self.server.repl;
        repl.heard_ms = self.ks.now_ms;
        if repl.is_up() {
            repl.read_offset += len as i64;
        }
    }

    /// A line of the handshake, if it is whole; how many bytes it was.
    fn hear_line(&mut self, buf: &[u8]) -> usize {
        let Some(end) = buf.iter().position(|b| *b == b'\n') else {
            if buf.len() > LINE_MOST {
                self.give_up_link("The primary's answer is no line");
            }
            return 0;
        };
        let line = buf[..end].trim_ascii_end();
        let Some(shake) = &mut self.sync.talk.shake else {
            return 0;
        };
        match shake.line(line) {
            Step::Wait => {}
            Step::Send(bytes) => {
                self.say(
                    false,
                    &["Primary replied to PING, replication can continue..."],
                );
                self.tell_primary(&bytes);
            }
            Step::Note(text) => self.say(false, &[&text]),
            Step::Ask => self.ask_for_rest(),
            Step::Full { id, offset } => {
                self.end_failover();
                let at = offset.to_string();
                self.say(false, &["Full resync from primary: ", &id, ":", &at]);
                self.expect_payload(Some((id, offset)));
            }
            Step::Continue(id) => {
                self.end_failover();
                self.say(
                    false,
                    &["Successful partial resynchronization with primary."],
                );
                self.resume_stream(id);
            }
            Step::Old(why) => {
                self.say(true, &[&why]);
                self.say(false, &["Retrying with SYNC..."]);
                self.tell_primary(b"SYNC\r\n");
                self.expect_payload(None);
            }
            Step::Later(why) | Step::Failed(why) => self.give_up_link(&why),
        }
        end + 1
    }

    /// PSYNC.
    fn ask_for_rest(&mut self) {
        let history = &self.server.repl.history;
        let next = (history.offset + 1).to_string();
        let (id, next) = match self.server.repl.has_part {
            true => (history.id.clone(), next),
            false => ("?".into(), "-1".into()),
        };
        match self.server.repl.has_part {
            true => self.say(
                false,
                &[
                    "Trying a partial resynchronization (request ",
                    &id,
                    ":",
                    &next,
                    ").",
                ],
            ),
            false => self.say(
                false,
                &["Partial resynchronization not possible (no cached primary)"],
            ),
        }
        let mut words = vec![&b"PSYNC"[..], id.as_bytes(), next.as_bytes()];
        if self.server.repl.failover.is_some() {
            words.push(b"FAILOVER");
        }
        if let Some(shake) = &mut self.sync.talk.shake {
            shake.asked();
        }
        self.tell_primary(&command(&words));
    }

    fn expect_payload(&mut self, full: Option<(String, i64)>) {
        self.sync.talk.full = full;
        self.sync.talk.arriving = Some(Payload::default());
        let repl = &mut self.server.repl;
        repl.has_part = false;
        repl.link = Link::Transfer;
        repl.transfer = (-1, 0);
    }

    /// A piece of the snapshot; how many bytes it was.
    fn hear_payload(&mut self, buf: &[u8]) -> usize {
        let Some(arriving) = &mut self.sync.talk.arriving else {
            return 0;
        };
        let (used, progress) = arriving.take(buf);
        let here = arriving.bytes.len();
        self.server.repl.transfer.1 = here as i64;
        if here as i64 > self.server.memory_ceiling {
            self.give_up_link("The primary's snapshot is larger than the memory at hand");
            return 0;
        }
        match progress {
            Progress::More => {}
            Progress::Begins(len) => self.note_begin(len),
            Progress::Whole => {
                let bytes = self.sync.talk.arriving.take().map(|p| p.bytes);
                self.received(bytes.unwrap_or_default());
            }
            Progress::Failed(why) => self.give_up_link(&why),
        }
        used
    }

    fn note_begin(&mut self, len: Option<usize>) {
        let place = match self.config.text("repl-diskless-load").as_slice() {
            b"disabled" => "to disk",
            _ => "to parser",
        };
        let what = match len {
            Some(len) => {
                self.server.repl.transfer.0 = len as i64;
                ["receiving ", &len.to_string(), " bytes from primary "].concat()
            }
            None => "receiving streamed RDB from primary with EOF ".into(),
        };
        self.say(false, &["PRIMARY <-> REPLICA sync: ", &what, place]);
    }

    /// The stream goes on where the data ends.
    fn resume_stream(&mut self, id: Option<String>) {
        let history = &mut self.server.repl.history;
        if let Some(id) = id.filter(|id| *id != history.id) {
            history.branch(id.clone());
            self.say(false, &["Primary replication ID changed to ", &id]);
            self.drop_followers();
        }
        self.establish();
        self.say(
            false,
            &["PRIMARY <-> REPLICA sync: Primary accepted a Partial Resynchronization."],
        );
    }

    /// From now on the primary's bytes are commands.
    pub(super) fn establish(&mut self) {
        let limit = self.backlog_limit();
        let repl = &mut self.server.repl;
        repl.history.open_backlog(limit);
        repl.link = Link::Connected;
        repl.has_part = true;
        repl.down_since_ms = 0;
        repl.read_offset = repl.history.offset;
        repl.heard_ms = self.ks.now_ms;
        let (id, db) = (repl.link_id, repl.db);
        self.sync.talk = Talk::default();
        if let Some(client) = self.server.clients.get_mut(id) {
            client.way = Way::Primary;
            client.reply_mode = ReplyMode::Off;
            client.db = db;
        }
        self.note(|node| Note::Synced(node.server.repl.history.id.clone()));
    }

    /// The connection to the primary is lost, or was refused.
    pub(in crate::server) fn link_gone(&mut self) {
        let id = self.server.repl.link_id;
        let client = self.end_link();
        self.forget(id);
        let stood = self.server.repl.link;
        self.server.repl.link = Link::Connect;
        match stood {
            Link::Connecting => self.say(
                true,
                &["Error condition on socket for SYNC: Connection refused"],
            ),
            Link::Connected => {
                self.say(false, &["Connection with primary lost."]);
                self.say(false, &["Caching the disconnected primary state."]);
                self.keep_place(client);
                self.dial_again("");
            }
            Link::Transfer => {
                let why = "I/O error trying to sync with PRIMARY: connection lost";
                self.say(true, &[why]);
                self.dial_again(" after failure");
            }
            _ => self.say(true, &["The primary ended the connection"]),
        }
    }

    fn dial_again(&mut self, why: &str) {
        if let Some(to) = self.server.repl.primary.clone() {
            let port = to.port.to_string();
            self.say(
                false,
                &["Reconnecting to PRIMARY ", &to.host, ":", &port, why],
            );
            self.dial();
        }
    }

    /// What the stream's client was at is kept for the next link.
    fn keep_place(&mut self, db: usize) {
        let repl = &mut self.server.repl;
        repl.db = db;
        repl.down_since_ms = self.ks.now_ms;
    }

    /// Forgets the talk, what it brought, and the link's number; gives the database that its stream stood in.
    fn end_link(&mut self) -> usize {
        self.sync.talk = Talk::default();
        self.sync.received = None;
        self.end_stream();
        if self.server.repl.link == Link::Connected {
            self.note(|_| Note::LinkLost);
        }
        let id = std::mem::take(&mut self.server.repl.link_id);
        self.server.repl.transfer = (-1, 0);
        self.server.clients.get(id).map_or(0, |c: &Client| c.db)
    }

    /// Gives the connection up from this side; the next attempt is the cron's.
    pub(super) fn give_up_link(&mut self, why: &str) {
        self.say(true, &[why]);
        self.drop_link();
        if self.server.repl.failover.is_some() {
            self.abort_failover("Failover target rejected psync request");
        }
    }

    fn drop_link(&mut self) {
        let id = self.server.repl.link_id;
        if id == 0 {
            return;
        }
        let db = self.end_link();
        self.server.cut(id);
        if self.server.repl.link == Link::Connected {
            self.keep_place(db);
        }
        self.server.repl.link = Link::Connect;
    }

    /// The same because the node is to follow somebody else, or nobody.
    fn leave_link(&mut self) {
        self.drop_link();
    }

    /// Once a second: connects, and gives up what is silent for too long.
    pub(super) fn look_after_link(&mut self) {
        let limit_ms = num::parse_i64(&self.config.text("repl-timeout")).unwrap_or(60) * 1000;
        if self.server.persist.loading.is_some() {
            return;
        }
        let repl = &self.server.repl;
        let silent = self.ks.now_ms - repl.heard_ms > limit_ms;
        match repl.link {
            Link::Off => {}
            Link::Connect => self.dial(),
            Link::Connecting | Link::Handshake if silent => {
                self.give_up_link("Timeout connecting to the PRIMARY...");
            }
            Link::Transfer if silent => self.give_up_link(
                "Timeout receiving bulk data from PRIMARY... If the problem persists try to set the 'repl-timeout' \
                 parameter in redis.conf to a larger value.",
            ),
            Link::Connected if silent => {
                self.give_up_link("PRIMARY timeout: no data nor PING received...");
            }
            Link::Connected => self.send_ack(),
            _ => {}
        }
    }
}
