//! Judges the commands of clients that may not do everything: those that have yet to log in, and those whose user is
//! limited. The dispatcher asks here only for clients whose `guarded` flag is on.
use super::dispatch::Found;
use super::node::Node;
use crate::command::acl::{Context, Denied, Entry};
use crate::command::{Args, ClientId, Error, F};
use crate::commands::connection::list;

/// Whether the client may run the command now; what is denied goes to ACL LOG.
#[cold]
pub fn check(node: &mut Node, id: ClientId, found: Found, args: Args<'_>) -> Result<(), Error> {
    let stranger = |client| node.server.acl.is_stranger(client);
    if !found.1.flags.has(F::NO_AUTH) && node.server.clients.get(id).is_some_and(stranger) {
        return Err(Error::new("NOAUTH Authentication required."));
    }
    let queues = node
        .server
        .clients
        .get(id)
        .is_some_and(|c| c.queue.is_some());
    let context = if queues {
        Context::Multi
    } else {
        Context::TopLevel
    };
    judge(node, id, found, args, context).map_err(|why| {
        let user = node.server.clients.get(id).map(|c| c.user.clone());
        why.error(&user.unwrap_or_default(), found.1)
    })
}

/// Whether the client's user may run the command; what is denied goes to ACL LOG, and is counted.
pub fn judge(
    node: &mut Node,
    id: ClientId,
    (number, command): Found,
    args: Args<'_>,
    context: Context,
) -> Result<(), Denied> {
    let server = &mut node.server;
    let Some(client) = server.clients.get_mut(id) else {
        return Ok(());
    };
    let Some(user) = server.acl.user(&client.user) else {
        return Ok(());
    };
    let Err(why) = user.check(number, command, args) else {
        return Ok(());
    };
    if !server.in_exec {
        (client.last_parent, client.last_command) = (command.parent, command.name);
    }
    let running = list::Running {
        id,
        args,
        out: None,
        ks: &node.ks,
    };
    let entry = Entry {
        reason: why.reason(),
        context,
        object: match why {
            Denied::Command => command.full_name().into_bytes(),
            Denied::Key(index) | Denied::Channel(index) => args.get(index).to_vec(),
        },
        user: client.user.clone(),
        client: list::describe(client, &running),
        ..Entry::default()
    };
    let limit = node.config.acl_log_limit();
    server.acl.log.add(entry, node.ks.now_ms, limit);
    server.stats.denied(why);
    Err(why)
}
