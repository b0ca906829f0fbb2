//! The primary's side: who may follow, from where on, and what replicas are asked.
use super::super::node::Node;
use crate::base::num;
use crate::command::replication::{Follower, Stage};
use crate::command::{ClientId, Error};
use crate::resp::Reply;

/// What PSYNC asks for: the history that the replica has, and the offset that comes next.
pub(super) struct Resume {
    pub(super) id: Vec<u8>,
    pub(super) offset: i64,
    pub(super) failover: bool,
}

impl Node {
    /// PSYNC, or SYNC (`None`): the client is a replica from now on.
    pub(super) fn serve_replica(
        &mut self,
        id: ClientId,
        resume: Option<Resume>,
        out: &mut Reply,
    ) -> Result<(), Error> {
        if self.stage_of(id) != Stage::None {
            return Ok(());
        }
        if resume.as_ref().is_some_and(|resume| resume.failover) {
            self.take_over(id, resume.as_ref().map_or(b"", |resume| &resume.id))?;
        }
        let repl = &self.server.repl;
        if repl.failover.is_some() {
            return Err(Error::new("NOMASTERLINK Can't SYNC while failing over"));
        }
        if repl.primary.is_some() && !repl.is_up() {
            return Err(Error::new(
                "NOMASTERLINK Can't SYNC while not connected with my master",
            ));
        }
        if !out.as_bytes().is_empty() {
            return Err(Error::new(
                "ERR SYNC and PSYNC are invalid with pending output",
            ));
        }
        let name = self.follower_name(id);
        self.say(false, &["Replica ", &name, " asks for synchronization"]);
        match &resume {
            Some(resume) => {
                if self.resume_replica(id, resume, out) {
                    return Ok(());
                }
                self.server.repl.refused_syncs += u64::from(resume.id != b"?");
            }
            None => self.follower(id).old = true,
        }
        self.server.repl.full_syncs += 1;
        self.enlist(id, Stage::Waits);
        if self.server.repl.history.backlog.is_none() {
            let new = self.rng.hex40();
            let limit = self.backlog_limit();
            let history = &mut self.server.repl.history;
            history.restart(new.clone());
            history.open_backlog(limit);
            self.set_stream();
            self.note_called();
            self.say(
                false,
                &[
                    "Replication backlog created, my new replication IDs are '",
                    &new,
                    "' and '0000000000000000000000000000000000000000'",
                ],
            );
        }
        self.begin_full_sync(id, out);
        Ok(())
    }

    pub(super) fn stage_of(&self, id: ClientId) -> Stage {
        let client = self.server.clients.get(id);
        let follower = client.and_then(|c| c.follower.as_ref());
        follower.map_or(Stage::None, |f| f.stage)
    }

    /// What is known of a replica. The client must be there.
    pub(super) fn follower(&mut self, id: ClientId) -> &mut Follower {
        let client = self.server.clients.get_mut(id);
        client
            .expect("a replica is connected")
            .follower
            .get_or_insert_default()
    }

    /// The client counts as a replica from now on.
    fn enlist(&mut self, id: ClientId, stage: Stage) {
        let now_ms = self.ks.now_ms;
        let follower = self.follower(id);
        (follower.stage, follower.ack_ms) = (stage, now_ms);
        self.server.repl.followers.push(id);
        self.note_good();
    }

    /// How the log calls a replica.
    pub(super) fn follower_name(&self, id: ClientId) -> String {
        let Some(client) = self.server.clients.get(id) else {
            return String::new();
        };
        let (ip, port) = client.follower_address();
        let port = match port {
            0 => "<unknown-replica-port>".into(),
            port => port.to_string(),
        };
        [ip, ":", &port].concat()
    }

    /// Goes on where the replica's data ends, if that is a part of the history here and the backlog has the rest.
    fn resume_replica(&mut self, id: ClientId, resume: &Resume, out: &mut Reply) -> bool {
        let name = self.follower_name(id);
        let history = &self.server.repl.history;
        if !history.shares(&resume.id, resume.offset) {
            if resume.id == b"?" {
                self.say(false, &["Full resync requested by replica ", &name]);
            } else {
                let id = String::from_utf8_lossy(&resume.id).into_owned();
                self.say(false, &[
                    "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '",
                    &id,
                    "')",
                ]);
            }
            return false;
        }
        let backlog = history.backlog.as_ref();
        let Some(rest) = backlog.and_then(|backlog| backlog.since(resume.offset)) else {
            let offset = resume.offset.to_string();
            self.say(
                false,
                &[
                    "Unable to partial resync with replica ",
                    &name,
                    " for lack of backlog (Replica request was: ",
                    &offset,
                    ").",
                ],
            );
            return false;
        };
        let own = history.id.clone();
        self.enlist(id, Stage::Online);
        self.server.repl.partial_syncs += 1;
        match self.follower(id).psync2 {
            true => out.simple(&["CONTINUE ", &own].concat()),
            false => out.simple("CONTINUE"),
        }
        out.raw(&rest);
        self.server.repl.net_out += rest.len() as u64;
        let (len, offset) = (rest.len().to_string(), resume.offset.to_string());
        self.say(
            false,
            &[
                "Partial resynchronization request from ",
                &name,
                " accepted. Sending ",
                &len,
                " bytes of backlog starting from offset ",
                &offset,
                ".",
            ],
        );
        true
    }

    /// Counts the replicas that are in time.
    pub(super) fn note_good(&mut self) {
        let lag_s = num::parse_i64(&self.config.text("min-replicas-max-lag")).unwrap_or(10);
        let now_ms = self.ks.now_ms;
        let clients = &self.server.clients;
        let good = |id: &&ClientId| {
            let follower = clients.get(**id).and_then(|c| c.follower.as_ref());
            follower.is_some_and(|f| {
                f.stage == Stage::Online && now_ms / 1000 - f.ack_ms / 1000 <= lag_s
            })
        };
        self.server.repl.good = self.server.repl.followers.iter().filter(good).count();
    }

    /// Once a second: lets replicas know that the primary is there, ends those that are silent, forgets a backlog that
    /// nobody has come for.
    pub(super) fn look_after_followers(&mut self) {
        self.ping_followers();
        let number = |name: &str| num::parse_i64(&self.config.text(name)).unwrap_or(0);
        let (timeout_ms, ttl_ms) = (number("repl-timeout") * 1000, number("repl-backlog-ttl"));
        let ttl_ms = ttl_ms.saturating_mul(1000);
        for id in self.server.repl.followers.clone() {
            let now_ms = self.ks.now_ms;
            let follower = self.follower_of(id);
            let Some(follower) = follower else { continue };
            match follower.stage {
                Stage::Waits | Stage::Made if !self.feeds(id) => {
                    self.server.tell(id, &|out| out.raw(b"\n"));
                }
                Stage::Online if !follower.old && now_ms - follower.ack_ms > timeout_ms => {
                    let name = self.follower_name(id);
                    self.say(
                        true,
                        &["Disconnecting timedout replica (streaming sync): ", &name],
                    );
                    self.server.cut(id);
                }
                _ => {}
            }
        }
        self.note_good();
        let repl = &self.server.repl;
        let alone_ms = self.ks.now_ms - repl.alone_since_ms;
        let kept = repl.history.backlog.is_some() && repl.primary.is_none();
        if kept && repl.followers.is_empty() && ttl_ms > 0 && alone_ms > ttl_ms {
            let id = self.rng.hex40();
            let history = &mut self.server.repl.history;
            history.restart(id);
            history.backlog = None;
            self.set_stream();
            self.note_called();
            let seconds = (ttl_ms / 1000).to_string();
            self.say(
                false,
                &[
                    "Replication backlog freed after ",
                    &seconds,
                    " seconds without connected replicas.",
                ],
            );
        }
    }

    pub(super) fn follower_of(&self, id: ClientId) -> Option<&Follower> {
        self.server.clients.get(id)?.follower.as_deref()
    }

    fn ping_followers(&mut self) {
        self.sync.seconds += 1;
        let every = num::parse_u64(&self.config.text("repl-ping-replica-period")).unwrap_or(10);
        let repl = &self.server.repl;
        let primary = repl.primary.is_none() && !repl.followers.is_empty();
        // Whoever is to take over must be able to come to the end of the stream.
        if primary && repl.failover.is_none() && self.sync.seconds.is_multiple_of(every.max(1)) {
            self.feed_command(&[b"PING"]);
        }
    }

    /// A replica's connection is gone.
    pub(in crate::server) fn forget_follower(&mut self, id: ClientId) {
        if self.stage_of(id) == Stage::None {
            return;
        }
        let name = self.follower_name(id);
        self.say(false, &["Connection with replica ", &name, " lost."]);
        self.server.repl.followers.retain(|other| *other != id);
        self.server.repl.alone_since_ms = self.ks.now_ms;
        self.forget_delivery(id);
        if let Some(client) = self.server.clients.get_mut(id) {
            client.follower = None;
        }
        self.note_good();
    }

    /// After an input: asks replicas how far they are if somebody waits for that, and ends waits that are over.
    #[cold]
    pub(in crate::server) fn replication_turn(&mut self) {
        if std::mem::take(&mut self.server.repl.wants_acks)
            && !self.server.repl.followers.is_empty()
        {
            self.feed_command(&[b"REPLCONF", b"GETACK", b"*"]);
        }
        if std::mem::take(&mut self.server.repl.acked) {
            self.note_good();
            self.server.end_replica_waits(&mut self.ks);
        }
        if self.server.repl.failover.is_some() {
            self.failover_on();
        }
    }
}
