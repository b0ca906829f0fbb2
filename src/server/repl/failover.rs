//! Handing the primary's part over: writes are held up until a replica has everything; then it is asked to take over, and
//! the node follows it.
use super::super::node::Node;
use crate::command::blocking::Pause;
use crate::command::replication::{Address, Failover, Stage};
use crate::command::{ClientId, Error};
use crate::resp::Reply;

impl Node {
    /// FAILOVER.
    pub(super) fn begin_failover(
        &mut self,
        failover: Failover,
        out: &mut Reply,
    ) -> Result<(), Error> {
        let repl = &self.server.repl;
        if repl.failover.is_some() {
            return Err(Error::new("ERR FAILOVER already in progress."));
        }
        if repl.primary.is_some() {
            return Err(Error::new(
                "ERR FAILOVER is not valid when server is a replica.",
            ));
        }
        if repl.followers.is_empty() {
            return Err(Error::new("ERR FAILOVER requires connected replicas."));
        }
        if failover.force && (failover.to.is_none() || failover.until_us.is_none()) {
            return Err(Error::new(
                "ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
            ));
        }
        if let Some(to) = &failover.to {
            let target = self
                .follower_at(to)
                .ok_or_else(|| Error::new("ERR FAILOVER target HOST and PORT is not a replica."))?;
            if self.stage_of(target) != Stage::Online {
                return Err(Error::new("ERR FAILOVER target replica is not online."));
            }
        }
        self.say(false, &["FAILOVER requested."]);
        self.server.repl.failover = Some(failover);
        self.server.waits.pause = Some(Pause {
            until_us: i64::MAX,
            all: false,
        });
        self.ks.paused = true;
        out.ok();
        Ok(())
    }

    fn follower_at(&self, to: &Address) -> Option<ClientId> {
        let at = |id: &&ClientId| {
            let client = self.server.clients.get(**id);
            client.is_some_and(|c| c.follower_address() == (&to.host, i64::from(to.port)))
        };
        self.server.repl.followers.iter().find(at).copied()
    }

    /// FAILOVER ABORT.
    pub(super) fn stay(&mut self, out: &mut Reply) -> Result<(), Error> {
        if self.server.repl.failover.is_none() {
            return Err(Error::new("ERR No failover in progress."));
        }
        self.abort_failover("Failover manually aborted");
        out.ok();
        Ok(())
    }

    /// The node remains the primary, or becomes it again.
    pub(super) fn abort_failover(&mut self, why: &str) {
        self.say(false, &["Aborting failover: ", why]);
        let asked = self.end_failover();
        if asked {
            self.stop_following();
        }
    }

    /// Writes go on; whether the chosen one had been asked already.
    pub(super) fn end_failover(&mut self) -> bool {
        let Some(failover) = self.server.repl.failover.take() else {
            return false;
        };
        self.server.waits.pause = None;
        failover.asked
    }

    /// After each input: is the chosen one, or any, where the stream ends?
    pub(super) fn failover_on(&mut self) {
        let Some(failover) = self.server.repl.failover.clone() else {
            return;
        };
        if failover.asked {
            return;
        }
        if failover
            .until_us
            .is_some_and(|until| self.server.now_us >= until)
        {
            return match failover.to {
                Some(to) if failover.force => self.hand_over(to),
                _ => self.abort_failover("Replica never caught up before timeout"),
            };
        }
        let chosen = match &failover.to {
            Some(to) => self.follower_at(to).filter(|id| self.has_everything(*id)),
            None => {
                let mut all = self.server.repl.followers.iter();
                all.find(|id| self.has_everything(**id)).copied()
            }
        };
        let Some(client) = chosen.and_then(|id| self.server.clients.get(id)) else {
            return;
        };
        let (host, port) = client.follower_address();
        let host = host.to_owned();
        let Ok(port) = u16::try_from(port) else {
            return;
        };
        self.say(false, &["Failover target is synced, failing over."]);
        self.hand_over(Address { host, port });
    }

    fn has_everything(&self, id: ClientId) -> bool {
        let offset = self.server.repl.history.offset;
        let follower = self.follower_of(id);
        follower.is_some_and(|f| f.stage == Stage::Online && f.ack == offset)
    }

    fn hand_over(&mut self, to: Address) {
        if let Some(failover) = &mut self.server.repl.failover {
            failover.asked = true;
            failover.to = Some(to.clone());
        }
        self.start_following(to);
    }

    /// A primary wants this replica to take over its part.
    pub(super) fn take_over(&mut self, id: ClientId, history: &[u8]) -> Result<(), Error> {
        let repl = &self.server.repl;
        if repl.primary.is_none() {
            return Err(Error::new("ERR PSYNC FAILOVER can't be sent to a master."));
        }
        if !repl.history.id.as_bytes().eq_ignore_ascii_case(history) {
            return Err(Error::new(
                "ERR PSYNC FAILOVER replid must match my replid.",
            ));
        }
        self.stop_following();
        let name = self.follower_name(id);
        self.say(
            false,
            &["PRIMARY MODE enabled (failover request from '", &name, "')"],
        );
        Ok(())
    }
}
