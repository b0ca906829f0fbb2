//! The network: links between places, and connections on them as TCP has them.
//!
//! What is sent on a connection arrives whole and in order, or not at all. A packet that is lost is sent again: after
//! [`RETRY_US`], then after twice as long, and so on up to [`RETRY_MOST_US`], so a lossy link is a slow one, and one that was
//! cut comes back some time after it is whole again. After [`TRIES`] the sender gives up. Who only listens learns nothing of a
//! peer that has vanished; a machine that is on and knows nothing of a connection says so, and that ends it.
use super::hash::Hasher;
use super::numbered::Numbered;
use crate::base::rng::Rng;
use crate::base::time::Micros;
use crate::command::ClientId;
use crate::repl::Speech;
use std::collections::{BTreeMap, VecDeque};

/// The first wait before something is sent again, µs.
pub const RETRY_US: Micros = 200_000;
/// The longest.
pub const RETRY_MOST_US: Micros = 120_000_000;
/// How often something is sent before its sender gives up.
pub const TRIES: u32 = 15;
/// The first wait before a connection is asked for again; each further one is twice as long.
pub const DIAL_RETRY_US: Micros = 1_000_000;
/// How often one is asked for.
pub const DIALS: u32 = 7;
/// Bytes that a packet carries.
const PACKET_BYTES: usize = 1448;

/// A connection's number.
pub type ConnId = u32;

/// A place on the network: a machine by its number, or one of these.
pub type HostId = usize;
/// Where terminals are: beside whatever they talk to.
pub const HERE: HostId = 1_000_000_000;
/// Where simulated clients are unless they are told to be elsewhere.
pub const CLIENTS: HostId = 999_999_999;

/// One direction between two places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// How long a byte takes, µs.
    pub latency_us: Micros,
    /// At most so much more, each time anew, µs.
    pub jitter_us: Micros,
    /// Packets of a million that are lost.
    pub loss_ppm: u32,
    /// 0: any.
    pub bytes_per_s: u64,
    /// Nothing passes.
    pub cut: bool,
}

impl Link {
    /// Two machines in one building.
    pub const LAN: Link = Link {
        latency_us: 250,
        jitter_us: 0,
        loss_ppm: 0,
        bytes_per_s: 0,
        cut: false,
    };
    /// Two programs on one machine.
    pub const NONE: Link = Link {
        latency_us: 0,
        ..Link::LAN
    };
}

/// Who holds an end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A node: its machine, and the connection's number there.
    Node(HostId, ClientId),
    /// A terminal's session.
    Session(u32),
    /// A simulated client: its load, and its number there.
    Load(usize, usize),
    /// An application process, and which of its links.
    App(usize, usize),
    /// One that is asked, and the connection itself.
    Served(usize, ConnId),
    /// A database, and the connection itself.
    Database(usize, ConnId),
}

/// One side of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    pub end: End,
    pub place: HostId,
    /// Whether somebody holds it still.
    pub alive: bool,
}

/// Something under way.
#[derive(Clone, Debug)]
pub struct Segment {
    pub sent_us: Micros,
    pub due_us: Micros,
    pub bytes: Vec<u8>,
    /// The last one: its sender has closed the connection.
    pub end: bool,
}

/// What is under way in one direction.
#[derive(Clone, Debug, Default)]
pub struct Pipe {
    pub segments: VecDeque<Segment>,
    last_due_us: Micros,
    /// How often the first of them was sent in vain.
    pub tries: u32,
    /// Bytes that have arrived.
    pub heard: u64,
    /// What stands behind them.
    pub speech: Speech,
}

/// A connection.
#[derive(Clone, Debug)]
pub struct Conn {
    /// Who asked for it, and who was asked.
    pub from: Side,
    pub to: Side,
    /// The answer has come: bytes may be sent.
    pub stands: bool,
    /// What is to be sent as soon as it stands.
    pub early: Vec<u8>,
    /// What goes to `to`, and to `from`.
    pub forth: Pipe,
    pub back: Pipe,
}

impl Conn {
    /// The pipe of a direction, and the sides that it leads from and to.
    pub fn pipe(&mut self, forward: bool) -> (&mut Pipe, Side, Side) {
        match forward {
            true => (&mut self.forth, self.from, self.to),
            false => (&mut self.back, self.to, self.from),
        }
    }

    /// The side to which a direction leads.
    pub fn side_mut(&mut self, forward: bool) -> &mut Side {
        match forward {
            true => &mut self.to,
            false => &mut self.from,
        }
    }
}

/// All links and connections.
#[derive(Clone)]
pub struct Net {
    rng: Rng,
    /// Between machines that no other link is known of.
    pub default: Link,
    links: BTreeMap<(HostId, HostId), Link>,
    /// When a link of limited throughput has taken in all that it was given.
    free_us: BTreeMap<(HostId, HostId), Micros>,
    conns: Numbered<Conn>,
    last_conn: ConnId,
}

impl Net {
    pub(super) fn new(rng: Rng) -> Net {
        Net {
            rng,
            default: Link::LAN,
            links: BTreeMap::new(),
            free_us: BTreeMap::new(),
            conns: Numbered::default(),
            last_conn: 0,
        }
    }

    /// The link from one place to another.
    pub fn link(&self, from: HostId, to: HostId) -> Link {
        if let Some(link) = self.links.get(&(from, to)) {
            return *link;
        }
        match from == to || from == HERE || to == HERE {
            true => Link::NONE,
            false => self.default,
        }
    }

    pub(super) fn set_link(&mut self, from: HostId, to: HostId, link: Link) {
        self.links.insert((from, to), link);
    }

    /// The links that are other than the default, and those that are cut.
    pub fn links(&self) -> impl Iterator<Item = ((HostId, HostId), Link)> + '_ {
        self.links.iter().map(|(ends, link)| (*ends, *link))
    }

    pub fn conn(&self, id: ConnId) -> Option<&Conn> {
        self.conns.get(id)
    }

    pub(super) fn conn_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns.get_mut(id)
    }

    /// All connections, the oldest first. O(n log n).
    pub fn conns(&self) -> impl Iterator<Item = (ConnId, &Conn)> {
        self.conns.all().into_iter()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.conns.len()
    }

    /// A connection to the side that `to` makes of its number.
    pub(super) fn add(&mut self, from: Side, to: impl FnOnce(ConnId) -> Side) -> ConnId {
        self.last_conn += 1;
        let to = to(self.last_conn);
        let conn = Conn {
            from,
            to,
            stands: false,
            early: Vec::new(),
            forth: Pipe::default(),
            back: Pipe::default(),
        };
        self.conns.insert(self.last_conn, conn);
        self.last_conn
    }

    pub(super) fn remove(&mut self, id: ConnId) {
        self.conns.remove(id);
    }

    /// How long something of so many bytes takes that leaves now. Draws jitter and losses.
    pub(super) fn flight_us(
        &mut self,
        from: HostId,
        to: HostId,
        bytes: usize,
        now_us: Micros,
    ) -> Micros {
        let link = self.link(from, to);
        let mut us = link.latency_us;
        if link.bytes_per_s > 0 {
            let free_us = self.free_us.entry((from, to)).or_default();
            let takes_us = (bytes as u128 * 1_000_000 / u128::from(link.bytes_per_s)) as Micros;
            *free_us = (*free_us).max(now_us) + takes_us;
            us += *free_us - now_us;
        }
        if link.jitter_us > 0 {
            us += self.rng.below(link.jitter_us as u64 + 1) as Micros;
        }
        if link.loss_ppm > 0 {
            let (mut left, mut wait_us) = (bytes.div_ceil(PACKET_BYTES).max(1), RETRY_US);
            for _ in 0..TRIES {
                left = self.lost(left, link.loss_ppm);
                if left == 0 {
                    break;
                }
                us += wait_us;
                wait_us = (wait_us * 2).min(RETRY_MOST_US);
            }
        }
        us
    }

    /// How many of so many packets are lost. Of more than a thousand, as of a thousand.
    fn lost(&mut self, packets: usize, loss_ppm: u32) -> usize {
        let lost = |rng: &mut Rng| rng.below(1_000_000) < u64::from(loss_ppm);
        (0..packets.min(1000))
            .filter(|_| lost(&mut self.rng))
            .count()
    }

    /// Puts something on its way; when the pipe's first will arrive, if this is the first.
    pub(super) fn put(
        &mut self,
        id: ConnId,
        forward: bool,
        bytes: Vec<u8>,
        end: bool,
        now_us: Micros,
    ) -> Option<Micros> {
        let conn = self.conns.get_mut(id)?;
        let (_, from, to) = conn.pipe(forward);
        let flight_us = self.flight_us(from.place, to.place, bytes.len(), now_us);
        let (pipe, ..) = self.conns.get_mut(id)?.pipe(forward);
        let due_us = (now_us + flight_us).max(pipe.last_due_us);
        pipe.last_due_us = due_us;
        pipe.segments.push_back(Segment {
            sent_us: now_us,
            due_us,
            bytes,
            end,
        });
        (pipe.segments.len() == 1).then_some(due_us)
    }

    /// Nothing that is sent back arrives before this moment.
    pub(super) fn not_before(&mut self, id: ConnId, due_us: Micros) {
        if let Some(conn) = self.conns.get_mut(id) {
            conn.back.last_due_us = conn.back.last_due_us.max(due_us);
        }
    }

    pub(super) fn hash(&self, hash: &mut Hasher) {
        hash.number(self.rng.clone().next_u64());
        for (id, conn) in self.conns.all() {
            hash.number(u64::from(id));
            for pipe in [&conn.forth, &conn.back] {
                hash.number(u64::from(pipe.tries));
                for segment in &pipe.segments {
                    hash.number(segment.due_us as u64);
                    hash.bytes(&segment.bytes);
                }
            }
        }
    }
}
