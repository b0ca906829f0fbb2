//! Help for clients that keep copies of what they read: the server remembers who read which key, and tells them once when
//! it changes (CLIENT TRACKING).
//!
//! Two ways to know whom to tell:
//!
//! ```text
//!   by key      GET a ─► keys: a → {client 3}        SET a ─► 3 is told "a", and a is forgotten
//!   BCAST       prefixes: user: → {client 4}         SET user:1 ─► 4 is told, whatever it read
//! ```
//!
//! What is told by key goes out while the writing command runs; broadcasts are gathered until all input at hand has been
//! worked off, and go out as one message a prefix. Databases make no difference.
use super::pubsub::{Audience, join, leave};
use super::{ClientId, Server};
use crate::resp::Reply;

/// Where a RESP2 connection finds the messages that another one's tracking sends it.
const CHANNEL: &[u8] = b"__redis__:invalidate";

/// How a client is to be told.
#[derive(Clone, Debug, Default)]
pub struct Tracking {
    /// The connection that gets the messages; 0: the client itself.
    pub redirect: ClientId,
    /// That connection is gone, and a message was lost.
    pub broken: bool,
    pub bcast: bool,
    pub optin: bool,
    pub optout: bool,
    /// Its own changes are of no interest to it.
    pub noloop: bool,
    /// CLIENT CACHING was called: the next command counts in OPTIN mode, and does not in OPTOUT mode.
    pub caching: bool,
    /// What it listens to in BCAST mode, in order.
    pub prefixes: Vec<Box<[u8]>>,
}

/// What the server remembers for those clients.
#[derive(Clone, Debug, Default)]
pub struct Tracked {
    /// Keys that were read, and by whom.
    keys: Audience,
    /// Readers of all keys together.
    items: usize,
    prefixes: Audience,
    /// Changed keys under any prefix since the last broadcast, with the client that changed each.
    changed: Audience,
    /// What the running command's own client is to be told once its reply stands: a key, or that all is gone.
    own: Vec<Option<Box<[u8]>>>,
    clients: usize,
}

impl Tracked {
    /// How many clients have tracking on.
    pub fn clients(&self) -> usize {
        self.clients
    }

    /// Keys that somebody read, their readers, and prefixes, for INFO.
    pub fn totals(&self) -> [usize; 3] {
        [self.keys.len(), self.items, self.prefixes.len()]
    }

    /// Whether something waits for [`Server::broadcast`].
    #[inline(always)]
    pub fn has_changes(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Adds a reader of a key. O(log keys + readers).
    fn remember(&mut self, key: &[u8], id: ClientId) {
        self.items += usize::from(join(&mut self.keys, key, id));
    }
}

/// What a message says.
enum News<'a> {
    Keys(&'a [&'a [u8]]),
    /// Every key is gone.
    All,
}

impl News<'_> {
    /// `resp3`: what the client speaks that tracks. Null is written in its protocol, even if it goes to another client.
    fn write(&self, out: &mut Reply, resp3: bool) {
        match self {
            News::All => out.raw(if resp3 { b"_\r\n" } else { b"$-1\r\n" }),
            News::Keys(keys) => {
                out.array(keys.len());
                keys.iter().for_each(|key| out.bulk(key));
            }
        }
    }
}

impl Server {
    /// Switches tracking on, or changes its mode. What `tracking` names as prefixes is added to what it had.
    pub fn track(&mut self, id: ClientId, mut tracking: Tracking) {
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        match client.tracking.take() {
            Some(mut old) => {
                tracking.prefixes.append(&mut old.prefixes);
                tracking.caching = old.caching;
            }
            None => {
                self.tracked.clients += 1;
                self.listened = true;
            }
        }
        tracking.prefixes.sort();
        tracking.prefixes.dedup();
        for prefix in &tracking.prefixes {
            join(&mut self.tracked.prefixes, prefix, id);
        }
        client.tracking = Some(Box::new(tracking));
    }

    /// Switches tracking off. What the client read is forgotten when it changes.
    pub fn untrack(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        let Some(tracking) = client.tracking.take() else {
            return;
        };
        self.tracked.clients -= 1;
        for prefix in &tracking.prefixes {
            leave(&mut self.tracked.prefixes, prefix, id);
        }
        self.note_listeners();
    }

    /// Remembers the keys of a command that only read, if its client wants that.
    pub fn remember_read<'a>(&mut self, id: ClientId, keys: impl Iterator<Item = &'a [u8]>) {
        let wanted = |t: &Tracking| !(t.bcast || t.optin && !t.caching || t.optout && t.caching);
        let tracking = self.clients.get(id).and_then(|c| c.tracking.as_deref());
        if tracking.is_some_and(wanted) {
            keys.for_each(|key| self.tracked.remember(key, id));
        }
    }

    /// CLIENT CACHING holds for one command.
    pub fn end_caching(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(id)
            && let Some(tracking) = &mut client.tracking
        {
            tracking.caching = false;
        }
    }

    /// A key has changed, by the command of `running` or by time: `changer` is who is to blame.
    pub fn invalidate(&mut self, key: &[u8], running: Option<ClientId>, changer: Option<ClientId>) {
        let mut prefixes = self.tracked.prefixes.keys();
        if prefixes.any(|prefix| key.starts_with(prefix)) {
            self.tracked
                .changed
                .insert(key.into(), changer.into_iter().collect());
        }
        let Some(ids) = self.tracked.keys.remove(key) else {
            return;
        };
        self.tracked.items -= ids.len();
        for id in ids {
            let Some(tracking) = self.clients.get(id).and_then(|c| c.tracking.as_deref()) else {
                continue;
            };
            let mine = running == Some(id);
            if tracking.bcast || mine && tracking.noloop {
                continue;
            }
            if mine {
                self.tracked.own.push(Some(key.into()));
            } else {
                self.tell_news(id, &News::Keys(&[key]));
            }
        }
    }

    /// All keys of a database are gone: every client that tracks forgets everything.
    pub fn invalidate_all(&mut self, running: Option<ClientId>) {
        self.tracked.keys.clear();
        self.tracked.items = 0;
        let all = self.clients.iter().filter(|c| c.tracking.is_some());
        for id in all.map(|c| c.id).collect::<Vec<_>>() {
            if running == Some(id) {
                self.tracked.own.push(None);
            } else {
                self.tell_news(id, &News::All);
            }
        }
    }

    /// Tells the client whose command has ended what that command itself made invalid.
    pub fn tell_own_news(&mut self, id: ClientId) {
        for key in std::mem::take(&mut self.tracked.own) {
            match key {
                Some(key) => self.tell_news(id, &News::Keys(&[&key])),
                None => self.tell_news(id, &News::All),
            }
        }
    }

    /// Forgets keys beyond `max`, as if they had changed.
    pub fn limit_tracked(&mut self, max: usize) {
        while self.tracked.keys.len() > max
            && let Some(key) = self.tracked.keys.keys().next().cloned()
        {
            self.invalidate(&key, None, None);
        }
    }

    /// Tells the listeners of each prefix which keys under it have changed since the last time.
    pub fn broadcast(&mut self) {
        let changed = std::mem::take(&mut self.tracked.changed);
        let prefixes = std::mem::take(&mut self.tracked.prefixes);
        for (prefix, ids) in &prefixes {
            for &id in ids {
                let client = self.clients.get(id);
                let noloop = client.is_some_and(|c| c.tracking.as_ref().is_some_and(|t| t.noloop));
                let news = changed.iter().filter(|(key, changer)| {
                    key.starts_with(prefix) && !(noloop && changer.contains(&id))
                });
                let keys: Vec<&[u8]> = news.map(|(key, _)| &**key).collect();
                if !keys.is_empty() {
                    self.tell_news(id, &News::Keys(&keys));
                }
            }
        }
        self.tracked.prefixes = prefixes;
    }

    /// One message to a client that tracks, or to the connection it named. RESP2 has no form for it but a subscriber's.
    fn tell_news(&mut self, id: ClientId, news: &News<'_>) {
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        let Some(tracking) = &mut client.tracking else {
            return;
        };
        let to = match tracking.redirect {
            0 => id,
            other => other,
        };
        let (redirect, resp3) = (tracking.redirect, client.out.resp3());
        let Some(target) = self.clients.get(to) else {
            self.redirect_broken(id, redirect);
            return;
        };
        if target.out.resp3() {
            self.tell(to, &|out| {
                out.push(2);
                out.bulk(b"invalidate");
                news.write(out, resp3);
            });
        } else if redirect != 0 && target.is_subscriber() {
            self.tell(to, &|out| {
                out.array(3);
                out.bulk(b"message");
                out.bulk(CHANNEL);
                news.write(out, resp3);
            });
        }
    }

    fn redirect_broken(&mut self, id: ClientId, redirect: ClientId) {
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        if let Some(tracking) = &mut client.tracking {
            tracking.broken = true;
        }
        if client.out.resp3() {
            self.tell(id, &|out| {
                out.push(2);
                out.bulk(b"tracking-redir-broken");
                out.int(redirect as i64);
            });
        }
    }
}
