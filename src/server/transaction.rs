//! The node's part of transactions: commands that wait for EXEC, and EXEC running them.
use super::dispatch::{self, Found};
use super::propagate::Log;
use super::{guard, node::Node};
use crate::command::acl::{Context, Denied};
use crate::command::client::ReplyMode;
use crate::command::{Args, ClientId, Command, Error, Queue};
use crate::resp::{Mark, Reply};

/// Commands that run at once inside a transaction, because they end it or the connection.
pub fn ends(command: &Command) -> bool {
    matches!(command.name, "exec" | "discard" | "quit" | "reset")
}

/// Whether a command takes memory because its client is in a transaction: queued it does, and EXEC may if what it runs
/// does.
pub fn adds(queue: &Queue, command: &Command) -> bool {
    match command.name {
        "exec" => queue.adds_data(),
        _ => !ends(command),
    }
}

/// Puts a command that passed all gates into its client's queue, unless it is certain already that EXEC will not run it.
pub fn queue(
    node: &mut Node,
    id: ClientId,
    (number, command): Found,
    args: Args<'_>,
    out: &mut Reply,
) {
    if let Some(client) = node.server.clients.get_mut(id)
        && let Some(queue) = &mut client.queue
    {
        if !queue.is_refused() && !node.ks.watches.of(id).1 {
            queue.push(number, command, args);
        }
        out.simple("QUEUED");
    }
}

/// A command was refused: the transaction that its client may be in will not run. EXEC itself ends one that way, and says
/// why; it says so even where there is none.
#[cold]
pub fn refused(node: &mut Node, id: ClientId, number: Option<usize>, error: Error) -> Error {
    let Some(client) = node.server.clients.get_mut(id) else {
        return error;
    };
    if number.is_none_or(|n| node.server.registry.all()[n].name != "exec") {
        if let Some(queue) = &mut client.queue {
            queue.refuse();
        }
        return error;
    }
    client.queue = None;
    node.ks.unwatch(id);
    let why = error.0.strip_prefix(b"ERR ").unwrap_or(&error.0);
    Error::bytes([b"EXECABORT Transaction discarded because of: ", why].concat())
}

/// Whether the client's user may run a queued command now as well; if not, the reply says so.
fn may_still(node: &mut Node, id: ClientId, found: Found, args: Args<'_>, out: &mut Reply) -> bool {
    let Err(why) = guard::judge(node, id, found, args, Context::Multi) else {
        return true;
    };
    let why = match why {
        Denied::Command => "no permission to execute the command or subcommand",
        Denied::Key(_) => "no permission to touch the specified keys",
        Denied::Channel(_) => "no permission to access one of the channels used as arguments",
    };
    let text = "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This \
                command is no longer allowed for the following reason: ";
    dispatch::reject(node, &Error::new([text, why].concat()), out);
    false
}

/// The commands of an EXEC, and how far they have come.
#[derive(Clone)]
pub struct Transaction {
    queue: Box<Queue>,
    next: usize,
    /// Where the reply of the command at hand begins, and the reply mode before it.
    mark: Mark,
    before: ReplyMode,
}

impl Transaction {
    /// Begins to run what EXEC left for the node, as one unit of the log.
    pub fn begin(node: &mut Node, id: ClientId, queue: Box<Queue>, out: &mut Reply) -> Transaction {
        let mode = reply_mode(node, id);
        if mode.is_some_and(|mode| !mode.is_mute()) {
            out.array(queue.commands().len());
        }
        node.server.in_exec = true;
        if let Some(client) = node.server.clients.get_mut(id) {
            client.executing = Some((queue.commands().len(), queue.arg_bytes()));
        }
        node.logs().for_each(Log::open);
        Transaction {
            queue,
            next: 0,
            mark: out.mark(),
            before: mode.unwrap_or_default(),
        }
    }

    /// Runs the commands that are left. Replies that CLIENT REPLY switches off on the way are left out of the array, as in
    /// a real server. False if a script among them is not through yet: then [`Transaction::end_command`] comes first.
    pub fn run(&mut self, node: &mut Node, id: ClientId, out: &mut Reply) -> bool {
        while let Some(queued) = self.queue.commands().get(self.next) {
            let Some(client) = node.server.clients.get_mut(id) else {
                break;
            };
            let (index, guarded) = (client.db, client.guarded);
            (self.before, self.mark) = (client.reply_mode, out.mark());
            self.next += 1;
            let found = (queued.number, queued.command);
            let args = queued.argv.args();
            if (!guarded || may_still(node, id, found, args, out))
                && !dispatch::call(node, id, index, found, args, out)
            {
                return false;
            }
            self.end_command(node, id, out);
        }
        node.logs().for_each(Log::close);
        node.server.in_exec = false;
        if let Some(client) = node.server.clients.get_mut(id) {
            client.executing = None;
        }
        true
    }

    /// The reply of the command at hand stands.
    pub fn end_command(&mut self, node: &Node, id: ClientId, out: &mut Reply) {
        if dispatch::is_left_out(self.before, reply_mode(node, id)) {
            out.rollback(self.mark);
        }
    }
}

fn reply_mode(node: &Node, id: ClientId) -> Option<ReplyMode> {
    node.server.clients.get(id).map(|c| c.reply_mode)
}
