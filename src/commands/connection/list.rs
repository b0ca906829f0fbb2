//! CLIENT LIST and CLIENT INFO: one line a connection.
use crate::base::num;
use crate::command::memory::{ClientUsage, REPLY_BUFFER_BYTES};
use crate::command::replication::{Stage, Way};
use crate::command::tracking::Tracking;
use crate::command::{Args, C, Client, ClientId, Command, Ctx, Error, F, Group, Outcome};
use crate::keyspace::Keyspace;
use crate::resp::{Proto, Reply};
use std::fmt::Write;

pub(super) const LIST: Command = Command {
    name: "list",
    parent: "client",
    arity: -2,
    flags: F::ADMIN.with(F::NOSCRIPT).with(F::LOADING).with(F::STALE),
    acl: C::CONNECTION,
    since: "2.4.0",
    group: Group::Connection,
    complexity: "O(N), N the connections",
    summary: "Lists connections, one a line.",
    syntax: "[TYPE=client-type<NORMAL|MASTER|REPLICA|PUBSUB>@5.0.0] [ID=client-id:integer+@6.2.0]",
    tips: &["nondeterministic_output"],
    run: list,
    ..Command::DEFAULT
};

pub(super) const INFO: Command = Command {
    name: "info",
    parent: "client",
    arity: 2,
    flags: F::NOSCRIPT.with(F::LOADING).with(F::STALE),
    acl: C::CONNECTION,
    since: "6.2.0",
    group: Group::Connection,
    summary: "Describes the connection itself, as CLIENT LIST does.",
    tips: &["nondeterministic_output"],
    run: info,
    ..Command::DEFAULT
};

/// What a connection is used for, in the words of CLIENT LIST TYPE.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Normal,
    Replica,
    Pubsub,
    Primary,
}

impl Class {
    pub(super) fn named(word: &[u8]) -> Result<Class, Error> {
        let names = [
            ("normal", Class::Normal),
            ("slave", Class::Replica),
            ("replica", Class::Replica),
            ("pubsub", Class::Pubsub),
            ("master", Class::Primary),
            ("primary", Class::Primary),
        ];
        let found = names
            .iter()
            .find(|(n, _)| n.as_bytes().eq_ignore_ascii_case(word));
        found.map(|&(_, class)| class).ok_or_else(|| {
            let mut text = b"ERR Unknown client type '".to_vec();
            text.extend_from_slice(word);
            text.push(b'\'');
            Error::bytes(text)
        })
    }

    /// The class of a connection.
    pub(super) fn of(client: &Client) -> Class {
        if client.way == Way::Primary {
            Class::Primary
        } else if client.stage() != Stage::None {
            Class::Replica
        } else if client.is_subscriber() {
            Class::Pubsub
        } else {
            Class::Normal
        }
    }
}

fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let (mut class, mut ids) = (None, None);
    match ctx.argc() {
        2 => {}
        4 if ctx.args.is(2, "type") => class = Some(Class::named(ctx.arg(3))?),
        4.. if ctx.args.is(2, "id") => {
            let parse = |w| num::parse_i64(w).ok_or_else(|| Error::new("ERR Invalid client ID"));
            ids = Some(ctx.args.from(3).map(parse).collect::<Result<Vec<_>, _>>()?);
        }
        _ => return Err(Error::SYNTAX),
    }
    let mut text = String::new();
    if let Some(ids) = ids {
        for id in ids {
            if let Some(client) = ctx.server.clients.get(id as u64) {
                line(client, &Running::of(ctx), &mut text);
            }
        }
    } else {
        for client in ctx.server.clients.iter().filter(|c| c.way != Way::Out) {
            if class.is_none_or(|class| Class::of(client) == class) {
                line(client, &Running::of(ctx), &mut text);
            }
        }
    }
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

fn info(ctx: &mut Ctx<'_>) -> Outcome {
    let mut text = String::new();
    if let Some(client) = ctx.server.clients.get(ctx.id) {
        line(client, &Running::of(ctx), &mut text);
    }
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

/// The command that runs while connections are described.
pub struct Running<'a> {
    /// Whose command it is.
    pub id: ClientId,
    pub args: Args<'a>,
    /// Its reply is written elsewhere than in the client, so its protocol is there as well.
    pub out: Option<&'a Reply>,
    pub ks: &'a Keyspace,
}

impl<'a> Running<'a> {
    fn of(ctx: &'a Ctx<'_>) -> Running<'a> {
        Running {
            id: ctx.id,
            args: ctx.args,
            out: Some(ctx.out),
            ks: ctx.db.ks,
        }
    }
}

/// The connection of the running command, as CLIENT INFO describes it.
pub(super) fn describe_self(ctx: &Ctx<'_>) -> Vec<u8> {
    let running = Running::of(ctx);
    let client = ctx.server.clients.get(ctx.id);
    client.map_or_else(Vec::new, |client| describe(client, &running))
}

/// A connection's line without its end.
pub fn describe(client: &Client, running: &Running<'_>) -> Vec<u8> {
    let mut text = String::new();
    line(client, running, &mut text);
    text.truncate(text.len() - 1);
    text.into_bytes()
}

/// One connection. A real server counts the argument bytes of the running command to the connection that sent it.
fn line(c: &Client, running: &Running<'_>, text: &mut String) {
    let me = c.id == running.id;
    let out = running.out.filter(|_| me).unwrap_or(&c.out);
    let proto = out.proto;
    // What the host has taken and could not send stood in the first buffer once; now it is in the list.
    let obl = out
        .as_bytes()
        .len()
        .min(REPLY_BUFFER_BYTES - c.unsent.min(REPLY_BUFFER_BYTES));
    let omem = out.as_bytes().len() + c.unsent - obl;
    let usage = ClientUsage::of(c, running.ks, me.then_some(running.args));
    let now_ms = running.ks.now_ms;
    let (watched, broken) = running.ks.watches.of(c.id);
    // What EXEC will not run is no longer kept.
    let kept = |len: usize| if broken { 0 } else { len as i64 };
    let queued = c.queue.as_ref().map(|q| kept(q.commands().len()));
    let executed = c.executing.map(|(commands, _)| commands as i64);
    let queued = queued.or(executed).unwrap_or(-1);
    let lossy = |bytes: &[u8]| {
        let shown = bytes.split(|b| *b == 0).next().unwrap_or_default();
        String::from_utf8_lossy(shown).into_owned()
    };
    let written = writeln!(
        text,
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} multi={queued} watch={watched} \
         qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs={REPLY_BUFFER_BYTES} rbp={REPLY_BUFFER_BYTES} obl={obl} \
         oll={} omem={omem} tot-mem={} events={} cmd={} user={} redir={} resp={} lib-name={} lib-ver={} \
         tot-net-in={} tot-net-out={} tot-cmds={}",
        c.id,
        c.addr,
        c.laddr,
        c.fd,
        lossy(&c.name),
        (now_ms - c.created_ms) / 1000,
        (now_ms - c.last_interaction_ms) / 1000,
        flags(c, broken),
        c.db,
        c.subscriptions[0],
        c.subscriptions[1],
        c.subscriptions[2],
        usage.query,
        usage.query_free,
        usage.words,
        usage.queued,
        u8::from(omem > 0),
        usage.total,
        if c.unsent > 0 { "rw" } else { "r" },
        command_name(c),
        lossy(&c.user),
        c.tracking.as_ref().map_or(-1, |t| t.redirect as i64),
        if proto == Proto::Resp3 { 3 } else { 2 },
        lossy(&c.lib_name),
        lossy(&c.lib_ver),
        c.net_in,
        c.net_out,
        c.commands,
    );
    debug_assert!(written.is_ok(), "a string takes any text");
}

fn flags(c: &Client, broken: bool) -> String {
    let tracks = |what: fn(&Tracking) -> bool| c.tracking.as_deref().is_some_and(what);
    let all = [
        (c.monitor, 'O'),
        (c.stage() != Stage::None, 'S'),
        (c.way == Way::Primary, 'M'),
        (c.is_subscriber(), 'P'),
        (c.queue.is_some() || c.executing.is_some(), 'x'),
        (c.blocked.is_some(), 'b'),
        (c.tracking.is_some(), 't'),
        (tracks(|t| t.broken), 'R'),
        (tracks(|t| t.bcast), 'B'),
        (broken, 'd'),
        (c.close_after_reply, 'c'),
        (c.unix, 'U'),
        (c.no_evict, 'e'),
        (c.no_touch, 'T'),
    ];
    let flags: String = all.iter().filter(|(on, _)| *on).map(|&(_, f)| f).collect();
    if flags.is_empty() { "N".into() } else { flags }
}

fn command_name(c: &Client) -> String {
    if c.last_parent.is_empty() {
        c.last_command.into()
    } else {
        format!("{}|{}", c.last_parent, c.last_command)
    }
}
