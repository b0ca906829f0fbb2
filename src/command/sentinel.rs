//! A node that is a Sentinel: the state machine, and what its commands leave for the node.
use super::persistence::Order;
use super::{ClientId, Server};
use crate::resp::Reply;
use crate::sentinel::{Sentinel, Vote, Wire};
use std::collections::BTreeMap;

/// An answer that waits until the state is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    Vote(Vote),
    /// That it is saved.
    Saved,
}

impl Held {
    /// Writes the answer, now that the state is saved or is not: then nobody was voted for.
    pub fn write(&self, saved: bool, out: &mut Reply) {
        match self {
            Held::Vote(vote) => {
                let given = vote.leader.as_ref().filter(|_| saved);
                out.array(3);
                out.int(vote.down.into());
                out.bulk(given.map_or("*", String::as_str).as_bytes());
                out.int(if saved { vote.epoch as i64 } else { 0 });
            }
            Held::Saved if saved => out.ok(),
            Held::Saved => {
                out.error(b"ERR Failed to save config file. Check server logs.");
            }
        }
    }
}

/// See the head of this file.
#[derive(Clone)]
pub struct Watch {
    pub sentinel: Sentinel,
    /// Who waits for the state to be saved.
    pub held: Vec<(ClientId, Held)>,
    /// How often the cron runs at this moment, a second: it varies, so that Sentinels do not act in step.
    pub hz: u32,
    /// The clients that the node has made for the Sentinel's connections, by their wires, and the other way round.
    pub clients: BTreeMap<Wire, ClientId>,
    pub wires: BTreeMap<ClientId, Wire>,
}

impl Watch {
    pub fn new(sentinel: Sentinel) -> Watch {
        Watch {
            sentinel,
            held: Vec::new(),
            hz: 10,
            clients: BTreeMap::new(),
            wires: BTreeMap::new(),
        }
    }
}

impl Server {
    /// Answers a client of a Sentinel once the state is saved; nothing else runs before.
    pub fn save_watch(&mut self, id: ClientId, held: Held) {
        if let Some(watch) = &mut self.watch {
            watch.held.push((id, held));
            self.persist.order(Order::SaveWatch);
        }
    }
}
