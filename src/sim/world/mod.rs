//! Many nodes, the network between them and those who use them, on one virtual clock.
//!
//! ```text
//!   acts (commands typed, faults) ──▶ ┌───────────── events, by (time, number) ─────────────┐
//!                                     │ bytes arrive · a connection stands, is refused, ends │
//!   seed, start time, topology ─────▶ │ a machine's timer · a machine is free again          │
//!                                     │ a simulated client has something to do               │
//!                                     └───────┬──────────────────────────────────────────────┘
//!                                             ▼ one at a time
//!                             host → Machine::handle → output → connection → event
//! ```
//!
//! A discrete-event simulation: the world's clock jumps from event to event, and nothing happens in between. Events of the
//! same moment happen in the order in which they were made. The same start and the same acts at the same events give the
//! same run, which [`World::running_hash`] and [`World::state_hash`] are there to show. A copy of a world goes on by itself:
//! that is what going back and trying another way are made of ([`super::timeline`]).
//!
//! - `event`: the events and their order;
//! - `host`: a node's machine, whether it is on, and what it has not got round to;
//! - `net`: connections as TCP has them, on links that are slow, lossy or cut; `numbered`: the table of them;
//! - `act`: all that can be done to a world from outside, faults among them;
//! - `load`: simulated clients; `finding`: those that ask sentinels for their server;
//! - `app`: application processes; `database`: what they have behind their caches;
//! - `cost`: what work takes in virtual time;
//! - `ledger`: where each acknowledged write is;
//! - `wire`: what has travelled, for whoever looks at it.
mod act;
mod app;
mod cost;
mod database;
mod event;
mod finding;
mod hash;
mod host;
mod latency;
pub mod ledger;
mod load;
mod net;
mod numbered;
mod run;
#[cfg(test)]
mod tests;
mod watch;
mod wire;

use crate::base::rng::Rng;
use crate::base::time::Micros;
use crate::server::Node;
pub use act::{Act, Refused};
pub use app::{APPS, App, AppReport, AppSetup, AppState, Recorded};
pub use cost::{CostMeter, WAKE_US};
pub use database::{DATABASES, Database, DatabaseReport, DatabaseSetup};
use event::{Event, Events};
pub use finding::Finder;
use hash::Hasher;
pub use host::{Host, HostState, LogLine, Setup};
pub use latency::Latencies;
use ledger::Ledger;
pub use load::{Load, LoadReport, LoadSetup, Mix};
use net::Net;
pub use net::{CLIENTS, Conn, ConnId, End, HERE, HostId, Link, Side};
use std::collections::BTreeMap;
pub use wire::{Message, Passed, Wire};

/// What a terminal or another program outside the world holds: a connection to a node, as its user sees it.
#[derive(Clone, Debug, Default)]
pub struct Session {
    conn: Option<ConnId>,
    /// Bytes that have come and nobody has taken.
    pub output: Vec<u8>,
    /// The same for whoever listens ([`World::listen`]).
    heard: Vec<u8>,
    /// The other side, or the network, has ended it.
    pub closed: bool,
}

/// A session's number.
pub type SessionId = u32;

/// See the head of this file.
#[derive(Clone)]
pub struct World {
    seed: u64,
    rng: Rng,
    now_us: Micros,
    started_us: Micros,
    events: Events,
    /// Events that have happened.
    happened: u64,
    hosts: Vec<Host>,
    net: Net,
    sessions: BTreeMap<SessionId, Session>,
    last_session: SessionId,
    /// Somebody listens to what sessions are told.
    listened: bool,
    loads: Vec<Load>,
    apps: Vec<App>,
    databases: Vec<Database>,
    /// Where the last event brought something.
    arrived_at: Option<HostId>,
    /// What programs have noted, and how much more of it.
    history: Vec<Recorded>,
    history_lost: u64,
    hash: Hasher,
    ledger: Ledger,
    wire: Wire,
}

impl World {
    /// An empty world whose clock stands at `start_us`, µs since 1970.
    pub fn new(seed: u64, start_us: Micros) -> World {
        let mut rng = Rng::new(seed);
        World {
            seed,
            net: Net::new(rng.fork()),
            rng,
            now_us: start_us,
            started_us: start_us,
            events: Events::default(),
            happened: 0,
            hosts: Vec::new(),
            sessions: BTreeMap::new(),
            last_session: 0,
            listened: false,
            loads: Vec::new(),
            apps: Vec::new(),
            databases: Vec::new(),
            arrived_at: None,
            history: Vec::new(),
            history_lost: 0,
            hash: Hasher::new(seed),
            ledger: Ledger::default(),
            wire: Wire::default(),
        }
    }

    /// The world's clock, µs since 1970. Nodes whose clocks are wrong see another time.
    pub fn now_us(&self) -> Micros {
        self.now_us
    }

    /// Where the clock stood at the start, µs since 1970.
    pub fn started_us(&self) -> Micros {
        self.started_us
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How many events have happened.
    pub fn happened(&self) -> u64 {
        self.happened
    }

    /// The machines, in the order in which they came.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// A machine's node, while it runs, for probes.
    pub fn node_mut(&mut self, id: HostId) -> Option<&mut Node> {
        self.hosts.get_mut(id)?.node_mut()
    }

    pub fn net(&self) -> &Net {
        &self.net
    }

    /// The place at which the last event was the arrival of something; `None` if it was anything else.
    pub fn arrived_at(&self) -> Option<HostId> {
        self.arrived_at
    }

    pub fn loads(&self) -> &[Load] {
        &self.loads
    }

    /// The session's state; `None` if there never was one.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// Takes what has come for a session.
    pub fn take_output(&mut self, id: SessionId) -> Vec<u8> {
        let session = self.sessions.get_mut(&id);
        session.map_or_else(Vec::new, |s| std::mem::take(&mut s.output))
    }

    /// Keeps from now on what comes for sessions a second time, for [`World::take_heard`].
    pub fn listen(&mut self) {
        self.listened = true;
    }

    /// Keeps from now on what travels, for [`World::wire`].
    pub fn watch(&mut self) {
        self.wire.begin();
    }

    /// What has travelled; nothing unless somebody watches.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Takes what has come for a session since the last call. Unlike its output, which is its user's, it is a part of the
    /// world's history: it comes again when the same happens again.
    pub fn take_heard(&mut self, id: SessionId) -> Vec<u8> {
        let session = self.sessions.get_mut(&id);
        session.map_or_else(Vec::new, |s| std::mem::take(&mut s.heard))
    }

    /// Throws away what has come for sessions and was not taken.
    pub fn clear_output(&mut self) {
        self.sessions.values_mut().for_each(|s| s.output.clear());
    }

    /// The sessions for which something has come that nobody has taken, or that have ended.
    pub fn eventful_sessions(&self) -> impl Iterator<Item = SessionId> + '_ {
        let all = self.sessions.iter();
        all.filter(|(_, s)| !s.output.is_empty() || s.closed)
            .map(|(id, _)| *id)
    }

    /// When the next event happens, µs since 1970.
    pub fn next_event_us(&self) -> Option<Micros> {
        self.events.next_us()
    }

    /// Lets one event happen, and the clock go on to it. False if there is none.
    pub fn step(&mut self) -> bool {
        let Some((at_us, number, event)) = self.events.pop() else {
            return false;
        };
        self.now_us = self.now_us.max(at_us);
        self.happened += 1;
        self.arrived_at = None;
        self.hash.number(self.now_us as u64);
        self.hash.number(number);
        match event {
            Event::Timer { host } => self.timer(host),
            Event::Free { host } => self.free(host),
            Event::Arrive { conn, forward } => self.arrive(conn, forward),
            Event::Dial { conn, tries } => self.dial(conn, tries),
            Event::Dialled { conn, stands } => self.dialled(conn, stands),
            Event::Reset { conn, forward } => self.reset(conn, forward),
            Event::Load { load, client } => self.load_turn(load, client),
            Event::App { app } => self.app_turn(app),
            Event::AppTimer { app, timer } => self.app_timer_due(app, timer),
            Event::Query { database, job } => self.database_done(database, job),
            Event::LoadDeadline { load, client } => self.load_deadline(load, client),
        }
        self.prune();
        true
    }

    /// Forgets the next events as long as something else has taken their place, so that the next one is one that happens.
    fn prune(&mut self) {
        while let Some((number, event)) = self.events.peek()
            && self.is_stale(number, event)
        {
            self.events.pop();
        }
    }

    /// Lets happen what happens until `until_us`, `most` events of it at most; the clock then stands there, or at the last
    /// of these events. How many happened.
    pub fn run_until(&mut self, until_us: Micros, most: u64) -> u64 {
        let first = self.happened;
        while self.next_event_us().is_some_and(|at| at <= until_us) {
            if self.happened - first >= most {
                return most;
            }
            self.step();
        }
        self.now_us = self.now_us.max(until_us);
        self.happened - first
    }

    /// Keys of all machines together. O(machines * databases).
    pub fn keys(&self) -> u64 {
        let nodes = self.hosts.iter().filter_map(Host::node);
        let tables = nodes.flat_map(|node| {
            let databases = 0..node.keyspace().count();
            databases.map(|db| node.keyspace().table(db).len() as u64)
        });
        tables.sum()
    }

    /// A hash of all events so far, with their times, and of the bytes that went over the network.
    pub fn running_hash(&self) -> u64 {
        self.hash.value()
    }

    /// A hash of the whole state: what has happened, the data of each node, its files, and what is under way. O(data).
    pub fn state_hash(&self) -> u64 {
        let mut hash = self.hash.clone();
        hash.number(self.now_us as u64);
        hash.number(self.rng.clone().next_u64());
        for host in &self.hosts {
            host.hash(&mut hash);
        }
        self.apps.iter().for_each(|app| app.hash(&mut hash));
        self.databases
            .iter()
            .for_each(|database| database.hash(&mut hash));
        hash.number(self.history.len() as u64 + self.history_lost);
        self.net.hash(&mut hash);
        for (id, session) in &self.sessions {
            // What has come is in the running hash; who has taken it is no part of the world.
            hash.number(u64::from(*id) << 1 | u64::from(session.closed));
        }
        hash.number(self.events.len() as u64);
        hash.value()
    }
}
