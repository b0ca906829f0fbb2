//! Sentinel: who watches primaries, agrees with others of its kind that one is down, and puts a replica in its place.
//!
//! ```text
//!            PING, INFO, hello            ┌─────────── group ───────────┐
//!   Sentinel ────────────────────────────▶│ primary ◀── replica, replica │
//!      ▲  ╲                               └─────────────────────────────┘
//!      │   ╲  no answer for down-after:  subjectively down
//!      │    ╲ SENTINEL IS-MASTER-DOWN-BY-ADDR: quorum of them says so: objectively down
//!      ▼     ▼
//!   Sentinel Sentinel      one vote each and epoch; who has the majority (and the quorum) fails over
//! ```
//!
//! A state machine that knows bytes and time and nothing else. What comes in: [`Sentinel::tick`], what happened to a wire
//! ([`Sentinel::stands`], [`Sentinel::heard`], [`Sentinel::lost`]), what commands want, and whether the state was saved. What
//! goes out is drained with [`Sentinel::take_out`].
//!
//! - `instance`: what is known of a server; `link`: the two connections to it; `address`: names and addresses;
//! - `tick`: what is due each time; `tilt`: whether the clock can be trusted; `wire`: bytes that come and go;
//! - `info`, `hello`: how servers and other Sentinels are found, and what they say;
//! - `down`: subjectively and objectively down; `vote`: epochs and leaders; `choose`: the best replica;
//! - `failover`: its states; `switch`: a group with another primary;
//! - `config`: `sentinel.conf`, read and written; `settings`: what can be set; `show`: what SENTINEL MASTER and its like show;
//! - `event`: what is told to whom.
//!
//! What a Sentinel promises, it must not forget: a vote, and every message with a new epoch of its own, is to be held back
//! until [`Sentinel::saved`] (see `vote`). Source: the public documentation of Redis Sentinel, and its behaviour.
mod address;
mod choose;
mod config;
mod down;
mod event;
mod failover;
mod hello;
mod info;
mod instance;
mod link;
mod settings;
mod show;
mod switch;
#[cfg(test)]
mod tests;
mod tick;
mod tilt;
mod vote;
mod wire;

use crate::base::rng::Rng;
use crate::base::time::Millis;
pub use address::{Address, Names, Resolve};
pub use config::Refused;
pub use event::{Level, Out, Wire};
pub use failover::{Failover, Stage};
pub use instance::{Group, Instance, Kind, Options, Part, Place};
pub use settings::{CONFIG_NAMES, Periods, SetError, Settings};
pub use vote::Vote;

use link::{Link, LinkId};
use std::collections::BTreeMap;

/// A simulated end of the process (SENTINEL SIMULATE-FAILURE), as bits: after the election, after the promotion.
pub const CRASH_AFTER_ELECTION: u8 = 1;
/// See [`CRASH_AFTER_ELECTION`].
pub const CRASH_AFTER_PROMOTION: u8 = 2;

/// See the head of this file.
#[derive(Clone)]
pub struct Sentinel {
    /// 40 hexadecimal digits: who this is to the others, kept in the configuration.
    pub id: String,
    /// The newest epoch that this one has heard of.
    pub current_epoch: u64,
    pub settings: Settings,
    pub periods: Periods,
    /// What is watched, in the order in which it came.
    pub groups: Vec<Group>,
    /// Bits of [`CRASH_AFTER_ELECTION`] and its like.
    pub crashes: u8,
    /// Where other Sentinels reach this one, and the password that it asks of clients itself.
    pub port: u16,
    pub password: Vec<u8>,
    links: BTreeMap<LinkId, Link>,
    last_id: u32,
    wires: BTreeMap<Wire, (LinkId, bool)>,
    last_wire: Wire,
    names: Option<Box<dyn Resolve>>,
    now_ms: Millis,
    tilt: tilt::Tilt,
    rng: Rng,
    out: Vec<Out>,
    /// The text of the configuration file, as it was last written.
    text: Vec<u8>,
    /// How often the state has changed, and up to which change it is on the platter.
    changes: u64,
    saved: u64,
    save_failed_ms: Millis,
}

impl Sentinel {
    /// One that watches nothing yet. `rng` is its own from now on.
    pub fn new(
        mut rng: Rng,
        now_ms: Millis,
        port: u16,
        names: Option<Box<dyn Resolve>>,
    ) -> Sentinel {
        Sentinel {
            id: rng.hex40(),
            current_epoch: 0,
            settings: Settings::default(),
            periods: Periods::default(),
            groups: Vec::new(),
            crashes: 0,
            port,
            password: Vec::new(),
            links: BTreeMap::new(),
            last_id: 0,
            wires: BTreeMap::new(),
            last_wire: 0,
            names,
            now_ms,
            tilt: tilt::Tilt::new(now_ms),
            rng,
            out: Vec::new(),
            text: Vec::new(),
            changes: 1,
            saved: 0,
            save_failed_ms: 0,
        }
    }

    /// Another table of names takes the place of the one that there is.
    pub fn set_names(&mut self, names: Box<dyn Resolve>) {
        self.names = Some(names);
    }

    /// What time it is, ms since 1970: to be told before a command wants something.
    pub fn at_ms(&mut self, now_ms: Millis) {
        self.now_ms = now_ms;
    }

    /// The process is ready: says whom it watches.
    pub fn begin(&mut self) {
        let line = ["Sentinel ID is ", &self.id].concat();
        self.log(Level::Notice, line);
        for group in 0..self.groups.len() {
            self.tell_monitored(group);
        }
    }

    fn tell_monitored(&mut self, group: usize) {
        let quorum = self.groups[group].options.quorum;
        let text = format!("quorum {quorum}");
        self.event(Level::Warning, "+monitor", Place::primary(group), &text);
    }

    /// What the host has to do, in this order.
    pub fn take_out(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.out)
    }

    fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }

    /// A number below `n`, from this Sentinel's generator: how often the host ticks, and how long a leader waits.
    pub fn random_below(&mut self, n: u64) -> u64 {
        self.rng.below(n)
    }
}
