//! Output that a client did not ask for at this moment.
//!
//! While a client's command runs, its reply stands apart from its output buffer. What it is told meanwhile goes into that
//! buffer all the same, and the node puts it behind the reply: no message ever stands in the middle of another.
use super::{Client, ClientId, Effect, Server};
use crate::resp::Reply;

impl Server {
    /// Writes to a client's output, and lets the host know that there is some. Nothing for a client that is about to end.
    pub fn tell(&mut self, id: ClientId, write: &dyn Fn(&mut Reply)) {
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        if client.close_after_reply {
            return;
        }
        if client.out.as_bytes().is_empty() {
            self.effects.push(Effect::Output(id));
        }
        write(&mut client.out);
        self.limit_output(id);
    }

    /// Ends a connection whose client leaves more output unread than may wait for it; whether it did.
    pub fn limit_output(&mut self, id: ClientId) -> bool {
        let Some(client) = self.clients.get_mut(id) else {
            return false;
        };
        if !client.out.is_full() {
            return false;
        }
        client.out.reset();
        client.close_after_reply = true;
        self.stats.output_limit_closed += 1;
        self.effects.push(Effect::Close(id));
        true
    }
}

impl Client {
    /// Whether it listens to anything: in RESP2 it may then do little else.
    #[inline(always)]
    pub fn is_subscriber(&self) -> bool {
        self.subscriptions != [0; 3]
    }
}
