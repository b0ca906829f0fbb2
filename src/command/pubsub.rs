//! Who listens to what, and how a message reaches them. Nothing is kept of a message: who does not listen misses it.
//!
//! Listeners are told in the order in which they connected, patterns in the order of their bytes: a real server goes by
//! the order of its hash tables, which nobody may rely on.
use super::{Client, ClientId, Server};
use crate::base::glob::glob;
use crate::resp::Reply;
use std::collections::BTreeMap;

/// What is listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A channel by its name.
    Channel,
    /// All channels whose names match a pattern.
    Pattern,
    /// A channel that belongs to a slot of a cluster.
    Shard,
}

/// Names with those who wait for word of them, by id: subscribers of a channel, readers of a key.
pub type Audience = BTreeMap<Box<[u8]>, Vec<ClientId>>;

/// All subscriptions, by their kind.
#[derive(Clone, Debug, Default)]
pub struct PubSub([Audience; 3]);

impl PubSub {
    /// What of one kind is listened to, and by whom; in the order of the names.
    pub fn of(&self, kind: Kind) -> &Audience {
        &self.0[kind as usize]
    }
}

/// Adds a client to a name's audience; whether it is new there. O(log names + clients there).
pub fn join(audience: &mut Audience, name: &[u8], id: ClientId) -> bool {
    // Most names have an audience already: no copy of the name is made to find out.
    let ids = match audience.get_mut(name) {
        Some(ids) => ids,
        None => audience.entry(name.into()).or_default(),
    };
    match ids.binary_search(&id) {
        Ok(_) => false,
        Err(at) => {
            ids.insert(at, id);
            true
        }
    }
}

/// Takes a client out of a name's audience; whether it was there. A name without audience is forgotten.
pub fn leave(audience: &mut Audience, name: &[u8], id: ClientId) -> bool {
    let Some(ids) = audience.get_mut(name) else {
        return false;
    };
    let Ok(at) = ids.binary_search(&id) else {
        return false;
    };
    ids.remove(at);
    if ids.is_empty() {
        audience.remove(name);
    }
    true
}

/// Writes one message. It may go to the client whose command is running: then it comes after that command's reply.
fn message(out: &mut Reply, parts: &[&[u8]]) {
    out.push(parts.len());
    for part in parts {
        out.bulk(part);
    }
}

impl Server {
    /// Begins to listen; whether the client did not before.
    pub fn subscribe(&mut self, id: ClientId, kind: Kind, name: &[u8]) -> bool {
        let new = join(&mut self.pubsub.0[kind as usize], name, id);
        if new && let Some(client) = self.clients.get_mut(id) {
            client.subscriptions[kind as usize] += 1;
        }
        new
    }

    /// Stops listening; whether the client did.
    pub fn unsubscribe(&mut self, id: ClientId, kind: Kind, name: &[u8]) -> bool {
        let left = leave(&mut self.pubsub.0[kind as usize], name, id);
        if left && let Some(client) = self.clients.get_mut(id) {
            client.subscriptions[kind as usize] -= 1;
        }
        left
    }

    /// What the client listens to. O(all names of this kind), nothing for a client without subscriptions.
    pub fn subscriptions(&self, id: ClientId, kind: Kind) -> Vec<Box<[u8]>> {
        let any = |c: &Client| c.subscriptions[kind as usize] > 0;
        if !self.clients.get(id).is_some_and(any) {
            return Vec::new();
        }
        let all = self.pubsub.of(kind).iter();
        let mine = all.filter(|(_, ids)| ids.binary_search(&id).is_ok());
        mine.map(|(name, _)| name.clone()).collect()
    }

    /// Ends all subscriptions of a client.
    pub fn unsubscribe_all(&mut self, id: ClientId) {
        for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
            for name in self.subscriptions(id, kind) {
                self.unsubscribe(id, kind, &name);
            }
        }
    }

    /// Tells all who listen to a channel; how many times it was told. O(subscribers + patterns).
    pub fn publish(&mut self, kind: Kind, channel: &[u8], text: &[u8]) -> usize {
        // Taken out meanwhile: telling somebody changes other parts of the server, but no subscription.
        let pubsub = std::mem::take(&mut self.pubsub);
        let mut told = 0;
        let word: &[u8] = match kind {
            Kind::Shard => b"smessage",
            _ => b"message",
        };
        for &id in pubsub.of(kind).get(channel).into_iter().flatten() {
            self.tell(id, &|out| message(out, &[word, channel, text]));
            told += 1;
        }
        if kind == Kind::Channel {
            let patterns = pubsub.of(Kind::Pattern).iter();
            for (pattern, ids) in patterns.filter(|(pattern, _)| glob(pattern, channel, false)) {
                for &id in ids {
                    self.tell(id, &|out| {
                        message(out, &[b"pmessage", pattern, channel, text])
                    });
                }
                told += ids.len();
            }
        }
        self.pubsub = pubsub;
        told
    }
}
