//! What both sides tell a subscriber of the keyspace's events while the commands of a run change it.

use crate::peer::Peer;
use crate::reply::{encode, split};

/// All classes, as events by name: `__keyevent@db__:event key` says everything that a `__keyspace` message says.
const CLASSES: &str = "EAnm";

/// A connection to each side that hears every event.
#[derive(Clone, Copy, Default)]
pub struct Listener([usize; 2]);

fn words(line: &str) -> Vec<Vec<u8>> {
    split(line).expect("quotes are closed")
}

impl Listener {
    /// Begins to listen on side `side`; must be done anew when the side was restarted.
    pub fn open(&mut self, peer: &mut dyn Peer, side: usize) {
        let on = peer.open();
        peer.ask(on, &format!("CONFIG SET notify-keyspace-events {CLASSES}"));
        peer.ask(on, "PSUBSCRIBE __keyevent@*__:*");
        self.0[side] = on;
    }

    /// The events that a side told of since the last call, one a line: `db event key`. By then it has done what it was sent
    /// on other connections, and its answers have arrived; unless it happened to find this question at the same moment as
    /// those, and turned to it first. To ask a second time is sure.
    pub fn take(self, peer: &mut dyn Peer, side: usize) -> String {
        peer.send(self.0[side], &encode(&words("PING")));
        let mut events = String::new();
        while let Some((_, reply)) = peer.read(self.0[side]) {
            let [_, _, channel, key] = reply.items()[..] else {
                break;
            };
            let channel = channel.lossy();
            let event = channel.strip_prefix("__keyevent@").unwrap_or(&channel);
            events.push_str(&format!("{} {}\n", event, key.notation()));
        }
        events
    }
}
