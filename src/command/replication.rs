//! What commands and INFO see of replication: whom the node follows, who follows it, and how far they are.
use super::{Client, ClientId, Config, Effect, Error, Server};
use crate::base::num;
use crate::base::time::{Micros, Millis};
use crate::repl::History;
use crate::resp::request::command;

/// Where a primary listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

/// How far a replica has come with its primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// It has none.
    #[default]
    Off,
    /// It is to connect.
    Connect,
    Connecting,
    /// The first words, up to the answer to PSYNC.
    Handshake,
    /// A snapshot arrives.
    Transfer,
    Connected,
}

impl Link {
    /// The word of ROLE.
    pub fn name(self) -> &'static str {
        match self {
            Link::Off => "none",
            Link::Connect => "connect",
            Link::Connecting => "connecting",
            Link::Handshake => "handshake",
            Link::Transfer => "sync",
            Link::Connected => "connected",
        }
    }
}

/// What a connection is to the node, if it is no ordinary client's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// The other side asks.
    #[default]
    In,
    /// The node's own, to its primary; nothing has come over it that it must obey.
    Out,
    /// The same; its commands are the primary's stream.
    Primary,
}

/// How far a replica has been served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// It has only introduced itself.
    #[default]
    None,
    /// It waits for a snapshot to be begun,
    Waits,
    /// to be made,
    Made,
    /// and to be sent.
    Sent,
    Online,
}

impl Stage {
    /// The word of INFO.
    pub fn name(self) -> &'static str {
        match self {
            Stage::None => "",
            Stage::Waits | Stage::Made => "wait_bgsave",
            Stage::Sent => "send_bulk",
            Stage::Online => "online",
        }
    }
}

/// A replica, as its primary sees it.
#[derive(Clone, Debug, Default)]
pub struct Follower {
    pub stage: Stage,
    /// What it said of itself: where it listens, and what it understands.
    pub port: i64,
    pub ip: String,
    pub eof: bool,
    pub psync2: bool,
    /// It came with SYNC.
    pub old: bool,
    /// It wants the functions only, or the snapshot and nothing after it.
    pub functions_only: bool,
    pub snapshot_only: bool,
    /// The offset that its snapshot shows.
    pub start: i64,
    /// What it has by its own word, and when that came; and what its disk has.
    pub ack: i64,
    pub ack_ms: Millis,
    pub fsynced: i64,
    /// The stream begins when it says that it has loaded the snapshot.
    pub starts_on_ack: bool,
    /// The stream that it is not ready for yet.
    pub pending: Vec<u8>,
}

/// A handover of the primary's part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failover {
    /// To whom; `None`: to whoever is first to have everything.
    pub to: Option<Address>,
    pub force: bool,
    pub until_us: Option<Micros>,
    /// The chosen one was asked to take over.
    pub asked: bool,
}

/// What a command leaves for the node to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// REPLICAOF.
    Follow(Option<Address>),
    /// PSYNC of a replica that has this history up to before this offset; whether it is asked to take over.
    Resume {
        id: Vec<u8>,
        offset: i64,
        failover: bool,
    },
    /// SYNC.
    Sync,
    Failover(Failover),
    /// FAILOVER ABORT.
    Stay,
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub struct Replication {
    /// Whom the node follows; `None`: it is a primary itself.
    pub primary: Option<Address>,
    pub link: Link,
    /// The connection to the primary; 0: none.
    pub link_id: ClientId,
    /// On a replica: the database that the primary's stream stands in, and what has arrived of it.
    pub db: usize,
    pub read_offset: i64,
    /// Whether the data is a part of the primary's history, so that it can be asked to go on with it.
    pub has_part: bool,
    /// When something came from the primary, and since when the link is down (0: it never stood).
    pub heard_ms: Millis,
    pub down_since_ms: Millis,
    /// A snapshot on its way: bytes in all, if that is known, and those that are here.
    pub transfer: (i64, i64),
    pub history: History,
    /// Whoever asked for the stream, in the order of their coming.
    pub followers: Vec<ClientId>,
    /// Since when there is none of them.
    pub alone_since_ms: Millis,
    /// Replicas that are in time (`min-replicas-max-lag`).
    pub good: usize,
    /// Not every client may run every command: the node follows, or needs replicas.
    pub restricted: bool,
    /// Somebody waits for replicas: they are to be asked how far they are.
    pub wants_acks: bool,
    /// A replica said how far it is: somebody may have waited for it.
    pub acked: bool,
    pub failover: Option<Failover>,
    /// Syncs that sent everything, that went on, and that could not go on.
    pub full_syncs: u64,
    pub partial_syncs: u64,
    pub refused_syncs: u64,
    /// Bytes of the stream that came in, and that went out to replicas.
    pub net_in: u64,
    pub net_out: u64,
}

impl Replication {
    /// A primary without replicas.
    pub fn new(id: String) -> Replication {
        Replication {
            primary: None,
            link: Link::Off,
            link_id: 0,
            db: 0,
            read_offset: 0,
            has_part: false,
            heard_ms: 0,
            down_since_ms: 0,
            transfer: (-1, 0),
            history: History::new(id),
            followers: Vec::new(),
            alone_since_ms: 0,
            good: 0,
            restricted: false,
            wants_acks: false,
            acked: false,
            failover: None,
            full_syncs: 0,
            partial_syncs: 0,
            refused_syncs: 0,
            net_in: 0,
            net_out: 0,
        }
    }

    /// Whether the stream of the primary arrives.
    pub fn is_up(&self) -> bool {
        self.link == Link::Connected
    }
}

impl Server {
    /// Ends a connection at once, whatever it has not read.
    pub fn cut(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(id) {
            client.close_after_reply = true;
            self.effects.push(Effect::Drop(id));
        }
    }
}

impl Server {
    /// Tells the primary how much of the stream is here, and on the disk.
    pub fn send_ack(&mut self) {
        if !self.repl.is_up() {
            return;
        }
        let offset = self.repl.history.offset.to_string();
        let fsynced = self.fsynced_offset().map(|n| n.to_string());
        let mut words = vec![&b"REPLCONF"[..], b"ACK", offset.as_bytes()];
        if let Some(fsynced) = &fsynced {
            words.extend([&b"FACK"[..], fsynced.as_bytes()]);
        }
        let line = command(&words);
        self.tell(self.repl.link_id, &|out| out.raw(&line));
    }

    /// Up to which offset the stream is on this node's disk; `None`: it keeps no log.
    pub fn fsynced_offset(&self) -> Option<i64> {
        let aof = &self.persist.aof;
        let all = aof.safe >= aof.logged;
        aof.on.then_some(match all {
            true => self.repl.history.offset,
            false => aof.safe_offset,
        })
    }
}

impl Client {
    /// Whether it is a client like any other, and no replica or link that does not stand.
    pub fn is_counted(&self) -> bool {
        self.stage() == Stage::None && self.way != Way::Out
    }

    /// How far it has been served, if it is a replica.
    pub fn stage(&self) -> Stage {
        self.follower.as_ref().map_or(Stage::None, |f| f.stage)
    }

    /// Where a replica listens: its address, and the port by its own word (0: it has not said).
    pub fn follower_address(&self) -> (&str, i64) {
        let (said, port) = self
            .follower
            .as_ref()
            .map_or(("", 0), |f| (f.ip.as_str(), f.port));
        let ip = self.addr.rsplit_once(':').map_or("", |(ip, _)| ip);
        let ip = ip.trim_start_matches('[').trim_end_matches(']');
        (if said.is_empty() { ip } else { said }, port)
    }
}

impl Server {
    /// A replica has its snapshot: what the stream has brought since follows, and all that comes.
    pub fn begin_stream(&mut self, id: ClientId) {
        let client = self.clients.get_mut(id);
        let Some(follower) = client.and_then(|c| c.follower.as_mut()) else {
            return;
        };
        follower.starts_on_ack = false;
        let pending = std::mem::take(&mut follower.pending);
        self.repl.net_out += pending.len() as u64;
        self.tell(id, &|out| out.raw(&pending));
    }

    /// Why something may not run on a replica, or without replicas: whether it writes, and whether it may run on a replica
    /// whose data is old.
    #[cold]
    pub fn replica_refusal(
        &self,
        config: &Config,
        id: ClientId,
        writes: bool,
        stale: bool,
    ) -> Option<Error> {
        if self.clients.get(id).is_some_and(|c| c.obeyed) {
            return None;
        }
        let number = |name: &str| num::parse_u64(&config.text(name)).unwrap_or(0);
        if self.repl.primary.is_none() {
            let lacks = writes
                && number("min-replicas-max-lag") > 0
                && (self.repl.good as u64) < number("min-replicas-to-write");
            return lacks.then(|| Error::new("NOREPLICAS Not enough good replicas to write."));
        }
        if writes && config.text("replica-read-only") == b"yes" {
            return Some(Error::new(
                "READONLY You can't write against a read only replica.",
            ));
        }
        if !stale && !self.repl.is_up() && config.text("replica-serve-stale-data") == b"no" {
            return Some(Error::new(
                "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            ));
        }
        None
    }

    /// How many replicas have the stream up to an offset, and how many of them on their disks.
    pub fn replicas_with(&self, offset: i64) -> (i64, i64) {
        let all = self
            .repl
            .followers
            .iter()
            .filter_map(|id| self.clients.get(*id));
        let online = all
            .filter_map(|c| c.follower.as_ref())
            .filter(|f| f.stage == Stage::Online);
        let (mut have, mut fsynced) = (0, 0);
        for follower in online {
            have += i64::from(follower.ack >= offset);
            fsynced += i64::from(follower.fsynced >= offset);
        }
        (have, fsynced)
    }
}
