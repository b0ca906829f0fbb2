//! The node's part of transactions: commands that wait for EXEC, and EXEC running them.
use super::dispatch::{self, Found};
use super::{guard, node::Node};
use crate::command::acl::{Context, Denied};
use crate::command::{Args, ClientId, Command, Error, Queue};
use crate::resp::Reply;

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

/// Runs what EXEC left for the node, as one unit of the log. Replies that CLIENT REPLY switches off on the way are left
/// out of the array, as in a real server.
pub fn execute(node: &mut Node, id: ClientId, out: &mut Reply) {
    let Some(queue) = node.server.exec.take() else {
        return;
    };
    let mode = |node: &Node| node.server.clients.get(id).map(|c| c.reply_mode);
    if mode(node).is_some_and(|mode| !mode.is_mute()) {
        out.array(queue.commands().len());
    }
    node.server.in_exec = true;
    if let Some(log) = &mut node.log {
        log.open();
    }
    for queued in queue.commands() {
        let Some(client) = node.server.clients.get_mut(id) else {
            break;
        };
        let (index, before, guarded) = (client.db, client.reply_mode, client.guarded);
        let mark = out.mark();
        let found = (queued.number, queued.command);
        let args = queued.argv.args();
        if !guarded || may_still(node, id, found, args, out) {
            dispatch::call(node, id, index, found, args, out);
        }
        if dispatch::is_left_out(before, mode(node)) {
            out.rollback(mark);
        }
    }
    if let Some(log) = &mut node.log {
        log.close();
    }
    node.server.in_exec = false;
}
