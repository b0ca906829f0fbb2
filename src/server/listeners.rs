//! Clients that listen: what they may do meanwhile, and what they are told of the keyspace.
use super::node::Node;
use crate::command::replication::Stage;
use crate::command::{Args, Client, ClientId, Command, Error, F, keys, pubsub::Kind};
use crate::keyspace::{Class, Event};
use crate::resp::Proto;

/// What a client may do besides beginning and ceasing to listen, while in RESP2 its replies could be taken for messages.
const ALLOWED: [&str; 3] = ["ping", "quit", "reset"];

/// Why this command is not for a client that listens, or not for one that does not.
pub(super) fn refusal(client: &Client, command: &Command) -> Option<Error> {
    let listening = command.flags.has(F::PUBSUB | F::NOSCRIPT);
    let touches = |flag| command.flags.has(flag);
    if (client.monitor || client.stage() != Stage::None)
        && [F::READONLY, F::WRITE, F::PUBSUB | F::FAST, F::SKIP_MONITOR]
            .into_iter()
            .any(touches)
    {
        // To a real server a monitor is a kind of replica.
        return Some(Error::new("ERR Replica can't interact with the keyspace"));
    }
    let text = if !client.is_subscriber() {
        if !(listening && command.name.contains("unsubscribe")) {
            return None;
        }
        format!(
            "NOSUB '{}' command executed not in subscribed mode",
            command.full_name()
        )
    } else {
        let allowed = listening || (ALLOWED.contains(&command.name) && command.parent.is_empty());
        if client.out.proto == Proto::Resp3 || allowed {
            return None;
        }
        format!(
            "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this \
             context",
            command.full_name()
        )
    };
    Some(Error::new(text))
}

impl Node {
    /// A connection is gone, and with it all that hangs on it.
    pub(super) fn forget(&mut self, id: ClientId) {
        self.forget_follower(id);
        self.ks.unwatch(id);
        self.server.take_wait(&mut self.ks, id);
        self.server.unsubscribe_all(id);
        self.server.unwatch_commands(id);
        self.server.untrack(id);
        self.ks.tell_changes(self.server.tracked.clients() > 0);
        self.server.clients.remove(id);
    }

    /// Before a command, where somebody listens, and from the cron: forgets keys that are too many to remember.
    #[cold]
    pub(super) fn limit_tracked(&mut self) {
        let max = self.config.tracking_table_max_keys;
        if max > 0 {
            self.server.limit_tracked(max);
        }
    }

    /// After a command ran, where somebody listens: shows it to monitors, and remembers what its client has read.
    #[cold]
    pub(super) fn heard(&mut self, id: ClientId, command: &Command, args: Args<'_>) {
        // What waited and runs again was shown when it began to wait.
        let shown = !command.flags.has(F::ADMIN)
            && !command.flags.has(F::SKIP_MONITOR)
            && self.server.waits.again.is_none();
        if shown {
            self.show(id, command, args);
        }
        if command.flags.has(F::READONLY) && self.server.tracked.clients() > 0 {
            let keys = keys::find(command, args).unwrap_or_default();
            self.server
                .remember_read(id, keys.iter().map(|key| args.get(key.index)));
        }
    }

    /// Shows a command to monitors.
    pub(super) fn show(&mut self, id: ClientId, command: &Command, args: Args<'_>) {
        let client = self.server.clients.get(id);
        let Some(client) = client.filter(|_| !self.server.monitors.is_empty()) else {
            return;
        };
        let who = if self.server.in_script {
            "lua".into()
        } else if client.unix {
            format!("unix:{}", client.laddr.trim_end_matches(":0"))
        } else {
            client.addr.clone()
        };
        let db = client.db;
        self.server.show_command(who.as_bytes(), db, command, args);
    }

    /// When a client's reply stands, where somebody listens: what its own command made invalid.
    #[cold]
    pub(super) fn after_reply(&mut self, id: ClientId) {
        self.server.tell_own_news(id);
        let client = self.server.clients.get(id);
        if client.is_some_and(|c| c.queue.is_none() && c.last_parent != "client") {
            self.server.end_caching(id);
        }
    }

    /// Publishes the events that the keyspace noted since the last call, while a command of `running` ran.
    #[cold]
    pub(super) fn publish_events(&mut self, running: Option<ClientId>) {
        let scopes = self.config.notify_classes;
        let mut flushed = false;
        for event in std::mem::take(&mut self.ks.events) {
            if event.class == Class::CHANGED {
                // FLUSHALL empties one database after the other, and is told once.
                match event.name {
                    Event::WRITTEN => self.server.invalidate(&event.key, running, running),
                    _ if !flushed => self.server.invalidate_all(running),
                    _ => {}
                }
                flushed = event.name == Event::FLUSHED;
                continue;
            }
            let db = event.db.to_string();
            let channel =
                |scope: &str, rest: &[u8]| [scope.as_bytes(), db.as_bytes(), b"__:", rest].concat();
            if scopes & Class::KEYSPACE.0 != 0 {
                let channel = channel("__keyspace@", &event.key);
                self.server
                    .publish(Kind::Channel, &channel, event.name.as_bytes());
            }
            if scopes & Class::KEYEVENT.0 != 0 {
                let channel = channel("__keyevent@", event.name.as_bytes());
                self.server.publish(Kind::Channel, &channel, &event.key);
            }
        }
    }
}
