//! Clients that listen: what they may do meanwhile, and what they are told of the keyspace.
use super::node::Node;
use crate::command::{Client, ClientId, Command, Error, F, pubsub::Kind};
use crate::keyspace::Class;
use crate::resp::Proto;

/// What a client may do besides beginning and ceasing to listen, while in RESP2 its replies could be taken for messages.
const ALLOWED: [&str; 3] = ["ping", "quit", "reset"];

/// Why this command is not for a client that listens, or not for one that does not.
pub(super) fn refusal(client: &Client, command: &Command) -> Option<Error> {
    let listening = command.flags.has(F::PUBSUB | F::NOSCRIPT);
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
        self.ks.unwatch(id);
        self.server.unsubscribe_all(id);
        self.server.clients.remove(id);
    }

    /// Publishes the events that the keyspace noted since the last call.
    #[cold]
    pub(super) fn publish_events(&mut self) {
        let scopes = self.config.notify_classes;
        for event in std::mem::take(&mut self.ks.events) {
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
