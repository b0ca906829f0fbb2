//! The gates that every command passes, in the order of a real server, and what follows once it has run.
use super::{guard, listeners, node::Node, transaction};
use crate::command::ctx::Propagate;
use crate::command::{
    Args, Client, ClientId, Command, Ctx, Effect, Error, F, Registry, client::ReplyMode,
};
use crate::keyspace::Db;
use crate::resp::{Mark, Reply};

/// A command that was found in the registry, with its number there.
pub(super) type Found = (usize, &'static Command);

/// One request of a client, and whatever its effect lets go on that waited for it.
#[inline(always)]
pub fn run(node: &mut Node, id: ClientId, args: Args<'_>) {
    request(node, id, args);
    if node.ks.waiting.is_ready() {
        node.serve_keys();
    }
}

/// One request of a client: all gates, the command, the books.
pub fn request(node: &mut Node, id: ClientId, args: Args<'_>) {
    if node.server.listened {
        node.limit_tracked();
    }
    let found = find(&node.server.registry, args).and_then(|found| gates(node, id, found, args));
    let paused = node.server.waits.pause.is_some();
    let held = paused && found.as_ref().is_ok_and(|found| node.puts_off(id, found.1));
    let Some(client) = node.server.clients.get_mut(id) else {
        return;
    };
    if client.close_after_reply {
        // A gate ended the connection: it took too much memory.
        return;
    }
    // The reply goes to the client's own buffer; it is taken out so that the command may look at all clients, and so
    // that what the client is told by others comes after it.
    let mut out = take_output(client);
    let (start, mode) = (out.mark(), client.reply_mode);
    (client.last_parent, client.last_command) = match found {
        Ok((_, command)) => (command.parent, command.name),
        Err((number, _)) => named(&node.server.registry, number),
    };
    match found {
        Ok(found) if held => node.server.hold(id, found.1, args),
        Ok(found) if client.queue.is_some() && !transaction::ends(found.1) => {
            transaction::queue(node, id, found, args, &mut out);
        }
        Ok(found) => {
            node.ks.no_touch = client.no_touch && found.1.name != "touch";
            let db = client.db;
            call(node, id, db, found, args, &mut out);
        }
        Err((None, _)) if is_http(args.get(0)) => {
            // A browser, sent here by a page that should not: it gets nothing to work with.
            client.close_after_reply = true;
            out.buffer().clear();
        }
        Err((number, error)) => {
            if let Some(number) = number {
                node.server.stats.commandstats[number].rejected += 1;
            }
            let error = transaction::refused(node, id, number, error);
            reject(node, &error, &mut out);
        }
    }
    finish_reply(node, id, out, start, mode);
}

/// The names of a refused command, as CLIENT LIST shows them.
#[cold]
fn named(registry: &Registry, number: Option<usize>) -> (&'static str, &'static str) {
    number.map_or(("", "NULL"), |n| {
        (registry.all()[n].parent, registry.all()[n].name)
    })
}

/// Words that begin the lines of an HTTP request, and no command's name.
fn is_http(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

type Refused = (Option<usize>, Error);

/// Known? With a known subcommand, where it has any?
#[inline(always)]
fn find(registry: &Registry, args: Args<'_>) -> Result<Found, Refused> {
    let Some((number, command)) = registry.find(args.get(0)) else {
        return Err((None, unknown_command(args)));
    };
    // A container without a subcommand: COMMAND runs, any other has too few arguments.
    if command.subs.is_empty() || args.len() < 2 {
        return Ok((number, command));
    }
    registry
        .find_sub(number, args.get(1))
        .ok_or_else(|| (None, unknown_subcommand(command, args.get(1))))
}

fn unknown_command(args: Args<'_>) -> Error {
    let mut text = b"ERR unknown command '".to_vec();
    text.extend(args.get(0).iter().take(128));
    text.extend_from_slice(b"', with args beginning with: ");
    let mut shown = 0;
    for arg in args.from(1) {
        if shown >= 128 {
            break;
        }
        let part = &arg[..arg.len().min(128 - shown)];
        text.push(b'\'');
        text.extend_from_slice(part);
        text.extend_from_slice(b"' ");
        shown += part.len() + 3;
    }
    Error::bytes(text)
}

fn unknown_subcommand(command: &Command, name: &[u8]) -> Error {
    let mut text = b"ERR unknown subcommand '".to_vec();
    text.extend(name.iter().take(128));
    text.extend_from_slice(
        format!("'. Try {} HELP.", command.name.to_ascii_uppercase()).as_bytes(),
    );
    Error::bytes(text)
}

/// Everything that may keep a known command from running.
#[inline(always)]
fn gates(
    node: &mut Node,
    id: ClientId,
    (number, command): Found,
    args: Args<'_>,
) -> Result<Found, Refused> {
    let refuse = |error| Err((Some(number), error));
    if !command.accepts(args.len()) {
        return refuse(Error::arity(&command.full_name()));
    }
    let client = node.server.clients.get(id);
    if command.flags.has(F::NO_MULTI) && client.is_some_and(|c| c.queue.is_some()) {
        return refuse(Error::new("ERR Command not allowed inside a transaction"));
    }
    if client.is_some_and(|c| c.guarded) {
        guard::check(node, id, (number, command), args).map_err(|error| (Some(number), error))?;
    }
    let client = node.server.clients.get(id);
    let queue = client.and_then(|c| c.queue.as_deref());
    let needs_memory =
        command.flags.has(F::DENYOOM) || queue.is_some_and(|q| transaction::adds(q, command));
    if needs_memory && node.memory_bytes(client) > node.server.memory_ceiling {
        return refuse(Error::OUT_OF_MEMORY);
    }
    if !node.memory_gate(needs_memory) {
        return refuse(Error::OUT_OF_MEMORY);
    }
    if let Some(client) = node.server.clients.get(id)
        && (client.is_subscriber() || client.monitor || command.flags.has(F::PUBSUB))
        && let Some(error) = listeners::refusal(client, command)
    {
        return refuse(error);
    }
    Ok((number, command))
}

/// Runs the command in database `index` and keeps the books.
#[inline(always)]
pub fn call(
    node: &mut Node,
    id: ClientId,
    index: usize,
    (number, command): Found,
    args: Args<'_>,
    out: &mut Reply,
) {
    // Within one input a command begins where the one before ended: one reading of the clock for each.
    let start = node.stamp_us.take().unwrap_or_else(|| node.meter.micros());
    let (mark, mut errors, dirty) = (out.mark(), out.errors(), node.ks.dirty);
    let reply_start = out.as_bytes().len();
    let busy_until_us = node.server.busy_until_us;
    let mut ctx = Ctx {
        args,
        command,
        out: &mut *out,
        db: Db {
            ks: &mut node.ks,
            index,
        },
        config: &mut node.config,
        rng: &mut node.rng,
        server: &mut node.server,
        id,
        propagate: Propagate::AsSent,
    };
    let outcome = (command.run)(&mut ctx);
    let mut propagate = std::mem::take(&mut ctx.propagate);
    if let Err(error) = outcome {
        out.rollback(mark);
        reject(node, &error, out);
    } else if node.server.exec.is_some() {
        // The commands of the transaction tell of their own errors and writes.
        transaction::execute(node, id, out);
        (errors, propagate) = (out.errors(), Propagate::Nothing);
    }
    let end = node.meter.micros();
    node.stamp_us = Some(end);
    let usec = end - start + node.asleep_us(busy_until_us);
    let failed = out.errors() > errors;
    // A command that waits counts when it is served, or when its time is over.
    if !std::mem::take(&mut node.server.waits.begun) {
        count(node, id, number, usec, failed);
        node.note_duration(id, command, args, usec);
        if node.trail.is_some() {
            node.note_ran(id, command, args, usec, failed);
        }
        if node.observer.is_some() {
            let reply = out.as_bytes().get(reply_start..).unwrap_or_default();
            node.observed((id, index), command, args, reply, failed);
        }
    }
    node.ks.settle();
    let own = if node.ks.dirty == dirty {
        Propagate::Nothing
    } else {
        propagate
    };
    // SCAN and RANDOMKEY: no key of the client's choice, and nothing that must happen together.
    let walk = command.keys.is_empty() && command.flags.has(F::READONLY);
    node.propagate(index, args, own, walk);
    if !node.ks.events.is_empty() {
        node.publish_events(Some(id));
    }
    if node.server.listened {
        node.heard(id, command, args);
    }
}

/// Counts a command that ran.
#[inline(always)]
fn count(node: &mut Node, id: ClientId, number: usize, usec: u64, failed: bool) {
    node.server.stats.commands += 1;
    if let Some(client) = node.server.clients.get_mut(id) {
        client.commands += 1;
    }
    let stats = &mut node.server.stats.commandstats[number];
    stats.calls += 1;
    stats.usec += usec;
    stats.failed += u64::from(failed);
    if node.config.latency_tracking {
        stats.latency.record(usec);
    }
}

/// Writes an error reply and counts it by its code.
pub(super) fn reject(node: &mut Node, error: &Error, out: &mut Reply) {
    out.error(&error.0);
    let stats = &mut node.server.stats;
    stats.errors += 1;
    let code = error.0.split(|&b| b == b' ').next().unwrap_or_default();
    let code = String::from_utf8_lossy(code);
    let codes = &mut stats.error_codes;
    match codes.binary_search_by(|known| known.0.as_str().cmp(&code)) {
        Ok(at) => codes[at].1 += 1,
        // As a real server: a client must not be able to grow this without bound.
        Err(at) if codes.len() < 128 => codes.insert(at, (code.into_owned(), 1)),
        Err(_) => {}
    }
}

/// Whether CLIENT REPLY has what a command wrote left out: the reply mode before it, and after.
pub fn is_left_out(before: ReplyMode, after: Option<ReplyMode>) -> bool {
    before.is_mute() && after != Some(ReplyMode::On)
}

/// The client's buffer, to write a reply into.
#[inline(always)]
fn take_output(client: &mut Client) -> Reply {
    let meanwhile = Reply::new(client.out.proto);
    std::mem::replace(&mut client.out, meanwhile)
}

/// Gives the client its buffer back; CLIENT REPLY, whose mode was `before`, may have the reply, which began at `start`, left
/// out.
#[inline(always)]
fn finish_reply(node: &mut Node, id: ClientId, mut out: Reply, start: Mark, before: ReplyMode) {
    let Some(client) = node.server.clients.get_mut(id) else {
        return;
    };
    if is_left_out(before, Some(client.reply_mode)) {
        out.rollback(start);
    }
    client.reply_mode = match client.reply_mode {
        ReplyMode::SkipNext => ReplyMode::Skip,
        ReplyMode::Skip => ReplyMode::On,
        mode => mode,
    };
    let meanwhile = std::mem::replace(&mut client.out, out);
    if !meanwhile.as_bytes().is_empty() {
        client.out.raw(meanwhile.as_bytes());
    }
    let much = client.has_much_output();
    if node.server.listened {
        node.after_reply(id);
    }
    if much {
        node.server.limit_output(id);
    }
    let ending = |c: &Client| c.close_after_reply;
    if node.server.clients.get(id).is_some_and(ending) {
        node.server.effects.push(Effect::Close(id));
    }
}

/// A request that is no RESP: the real server's words, then the end.
pub fn protocol_error(node: &mut Node, id: ClientId, text: &[u8]) {
    let Some(client) = node.server.clients.get_mut(id) else {
        return;
    };
    client.close_after_reply = true;
    let mut out = take_output(client);
    let (start, mode) = (out.mark(), client.reply_mode);
    reject(node, &Error::bytes([b"ERR ", text].concat()), &mut out);
    finish_reply(node, id, out, start, mode);
}
