//! The lines that MONITOR shows: `+1700000000.000001 [0 127.0.0.1:50000] "get" "k"`.
use super::{Args, ClientId, Command, Server, slowlog::is_secret};
use crate::base::{num, quote::quoted};

/// Shown in place of what must stay secret.
const REDACTED: &[u8] = b"(redacted)";

impl Server {
    /// Shows the client all commands from now on; `false` if it sees them already.
    pub fn watch_commands(&mut self, id: ClientId) -> bool {
        let Some(client) = self.clients.get_mut(id).filter(|c| !c.monitor) else {
            return false;
        };
        client.monitor = true;
        self.monitors.push(id);
        self.listened = true;
        true
    }

    /// Ends that.
    pub fn unwatch_commands(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(id).filter(|c| c.monitor) {
            client.monitor = false;
            self.monitors.retain(|&other| other != id);
            self.note_listeners();
        }
    }

    /// Shows a command to all who watch: `who` sent it (an address, or `lua`), in database `db`. O(bytes * watchers).
    pub fn show_command(&mut self, who: &[u8], db: usize, command: &Command, args: Args<'_>) {
        let mut line = vec![b'+'];
        num::write_i64(&mut line, self.now_us / 1_000_000);
        // Six digits: the one in front makes them so, and is written over.
        let dot = line.len();
        num::write_i64(&mut line, 1_000_000 + self.now_us % 1_000_000);
        line[dot] = b'.';
        line.extend_from_slice(b" [");
        num::write_i64(&mut line, db as i64);
        line.push(b' ');
        line.extend_from_slice(who);
        line.push(b']');
        for (i, arg) in args.from(0).enumerate() {
            line.push(b' ');
            let secret = is_secret(command, args, i);
            quoted(&mut line, if secret { REDACTED } else { arg });
        }
        line.extend_from_slice(b"\r\n");
        for at in 0..self.monitors.len() {
            self.tell(self.monitors[at], &|out| out.raw(&line));
        }
    }
}
