//! The gates that every command passes, in the order of a real server, and what follows once it has run.
use super::script;
use super::transaction::{self, Transaction};
use super::{guard, listeners, node::Node};
use crate::base::time::Micros;
use crate::command::ctx::Propagate;
use crate::command::{
    Args, Client, ClientId, Command, Ctx, Effect, Error, F, OwnedArgs, Registry, Then,
    client::ReplyMode,
};
use crate::keyspace::Db;
use crate::resp::{Mark, Reply};

/// A command that was found in the registry, with its number there.
pub(super) type Found = (usize, &'static Command);

/// One request of a client, and whatever its effect lets go on that waited for it.
#[inline(always)]
pub fn run(node: &mut Node, id: ClientId, args: Args<'_>) {
    request(node, id, args);
    if node.ks.waiting.is_ready() && node.script.is_none() {
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
            if !call(node, id, db, found, args, &mut out) {
                return script::suspend_reply(node, out, start, mode);
            }
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
            if node.observer.is_some() {
                observe_refused(node, id, number, args, out.since(start));
            }
        }
    }
    finish_reply(node, id, out, start, mode);
}

/// A command that did not run was answered all the same.
#[cold]
fn observe_refused(
    node: &mut Node,
    id: ClientId,
    number: Option<usize>,
    args: Args<'_>,
    reply: &[u8],
) {
    let command = number.map(|n| node.server.registry.all()[n]);
    let db = node.server.clients.get(id).map_or(0, |c| c.db);
    node.observed((id, db), command, args, reply, true);
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
    if node.server.persist.restricted
        && let Some(error) = node.restriction(id, command)
    {
        return refuse(error);
    }
    if node.server.repl.restricted
        && let Some(error) = node.replica_refusal(id, command)
    {
        return refuse(error);
    }
    if let Some(client) = node.server.clients.get(id)
        && (client.is_subscriber()
            || client.monitor
            || client.follower.is_some()
            || command.flags.has(F::PUBSUB))
        && let Some(error) = listeners::refusal(client, command)
    {
        return refuse(error);
    }
    if let Some(script) = &node.server.running_script
        && !command.flags.has(F::ALLOW_BUSY)
    {
        return refuse(script.busy());
    }
    Ok((number, command))
}

/// What is noted when a command begins, for what is counted when it ends.
#[derive(Clone)]
pub(super) struct Books {
    start_us: u64,
    pub(super) errors: u32,
    dirty: i64,
    reply_start: Mark,
    busy_until_us: Micros,
}

/// Runs the command in database `index` and keeps the books. False if it is a script that is not through yet, or EXEC with
/// such a one: then the node has all that is needed to go on with it.
#[inline(always)]
pub fn call(
    node: &mut Node,
    id: ClientId,
    index: usize,
    (number, command): Found,
    args: Args<'_>,
    out: &mut Reply,
) -> bool {
    // Within one input a command begins where the one before ended: one reading of the clock for each.
    let books = Books {
        start_us: node.stamp_us.take().unwrap_or_else(|| node.meter.micros()),
        errors: out.errors(),
        dirty: node.ks.dirty,
        reply_start: out.mark(),
        busy_until_us: node.server.busy_until_us,
    };
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
    let propagate = std::mem::take(&mut ctx.propagate);
    if let Err(error) = outcome {
        out.rollback(books.reply_start);
        reject(node, &error, out);
    } else if let Some(then) = node.server.then.take() {
        return follow(node, then, id, index, (number, command), args, books, out);
    }
    books.close(node, id, index, (number, command), args, propagate, out);
    true
}

/// Does what a command left for the node. What runs meanwhile tells of its own errors and writes.
#[cold]
#[allow(clippy::too_many_arguments)] // those of `call`, and what it noted
fn follow(
    node: &mut Node,
    then: Then,
    id: ClientId,
    index: usize,
    found: Found,
    args: Args<'_>,
    mut books: Books,
    out: &mut Reply,
) -> bool {
    match then {
        Then::Exec(queue) => {
            let mut transaction = Transaction::begin(node, id, queue, out);
            if !transaction.run(node, id, out) {
                let pending = Pending::new(index, found, args, books);
                script::suspend_exec(node, transaction, pending);
                return false;
            }
            books.errors = out.errors();
        }
        Then::Script(call) => {
            let mut run = script::begin(node, id, index, *call, found.1, args);
            if !run.go_on(node, out) {
                script::suspend(node, run, Pending::new(index, found, args, books));
                return false;
            }
            run.end(node);
        }
        Then::Replicate(order) => {
            if let Err(error) = node.replicate(id, order, out) {
                reject(node, &error, out);
            }
        }
    }
    books.close(node, id, index, found, args, Propagate::Nothing, out);
    true
}

/// A command that has begun and has not ended.
#[derive(Clone)]
pub(super) struct Pending {
    index: usize,
    found: Found,
    args: OwnedArgs,
    pub(super) books: Books,
}

impl Pending {
    fn new(index: usize, found: Found, args: Args<'_>, books: Books) -> Pending {
        Pending {
            index,
            found,
            args: args.from(0).collect(),
            books,
        }
    }

    /// The command's words.
    pub(super) fn args(&self) -> &OwnedArgs {
        &self.args
    }

    /// The command has ended.
    pub(super) fn close(self, node: &mut Node, id: ClientId, out: &mut Reply) {
        let args = self.args.args();
        self.books.close(
            node,
            id,
            self.index,
            self.found,
            args,
            Propagate::Nothing,
            out,
        );
    }
}

impl Books {
    /// Counts a command that ran, and tells of it whoever has to know.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // those of `call`
    fn close(
        self,
        node: &mut Node,
        id: ClientId,
        index: usize,
        (number, command): Found,
        args: Args<'_>,
        propagate: Propagate,
        out: &mut Reply,
    ) {
        if node.models_cost {
            node.charge(args, out.since(self.reply_start).len());
        }
        let end_us = node.meter.micros();
        node.stamp_us = Some(end_us);
        let usec = end_us - self.start_us + node.asleep_us(self.busy_until_us);
        let failed = out.errors() > self.errors;
        // A command that waits counts when it is served, or when its time is over.
        if !std::mem::take(&mut node.server.waits.begun) {
            count(node, id, number, usec, failed);
            node.note_duration(id, command, args, usec);
            if node.trail.is_some() && !node.server.in_script {
                node.note_ran(id, command, args, usec, failed);
            }
            if node.observer.is_some() && !node.server.in_script {
                let reply = out.since(self.reply_start);
                node.observed((id, index), Some(command), args, reply, failed);
            }
        }
        node.ks.settle();
        let forced = matches!(propagate, Propagate::Always | Propagate::ToReplicas);
        let own = match node.ks.dirty == self.dirty && !forced {
            true => Propagate::Nothing,
            false => propagate,
        };
        // SCAN and RANDOMKEY: no key of the client's choice, and nothing that must happen together.
        let walk = command.keys.is_empty() && command.flags.has(F::READONLY);
        node.propagate(index, args, own, walk);
        if node.stream.is_some() {
            node.feed_stream(id);
        }
        if node.journal.is_some()
            && node.ks.dirty != self.dirty
            && !(node.server.in_exec || node.server.in_script)
        {
            node.note_write(id, command, args, (out, self.reply_start));
        }
        if !node.ks.events.is_empty() {
            node.publish_events(Some(id));
        }
        if node.server.listened {
            node.heard(id, command, args);
        }
    }
}

impl Node {
    /// Tells the meter what a command took and gave.
    #[cold]
    fn charge(&mut self, args: Args<'_>, reply_bytes: usize) {
        let bytes: usize = args.from(0).map(<[u8]>::len).sum();
        self.meter.ran((bytes + reply_bytes) as u64);
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
    count_error(node, &error.0);
}

/// Counts an error by its code.
pub(super) fn count_error(node: &mut Node, text: &[u8]) {
    let stats = &mut node.server.stats;
    stats.errors += 1;
    let code = text.split(|&b| b == b' ').next().unwrap_or_default();
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
pub(super) fn take_output(client: &mut Client) -> Reply {
    let meanwhile = Reply::new(client.out.proto);
    std::mem::replace(&mut client.out, meanwhile)
}

/// That a subscription holds is told like the messages that follow, whatever CLIENT REPLY says.
#[cold]
fn is_message(client: &Client, reply: &[u8]) -> bool {
    client.last_command.ends_with("subscribe") && matches!(reply.first(), Some(b'*' | b'>'))
}

/// Gives the client its buffer back; CLIENT REPLY, whose mode was `before`, may have the reply, which began at `start`, left
/// out.
#[inline(always)]
pub(super) fn finish_reply(
    node: &mut Node,
    id: ClientId,
    mut out: Reply,
    start: Mark,
    before: ReplyMode,
) {
    let Some(client) = node.server.clients.get_mut(id) else {
        return;
    };
    let mut ends = client.close_after_reply;
    // What waits has yet to be answered, or not.
    if client.blocked.is_none() {
        if is_left_out(before, Some(client.reply_mode)) && !is_message(client, out.since(start)) {
            out.rollback(start);
            // Closed when the reply is sent, so without one never.
            ends = false;
        }
        client.reply_mode.take_mute();
    }
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
    if ends {
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
