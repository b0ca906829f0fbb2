//! The event loop: the clients with what they have sent and what they wait for, and the commands that ran, one at a time.
use super::label;
use crate::base::time::{Micros, Millis};
use crate::command::{Client, ClientId, RunningScript, blocking::Blocked};
use crate::lab::json::json_object;
use crate::resp::parse::{Limits, Parsed, Parser};
use crate::server::{Node, trail::Ran};

/// Clients that are shown.
const CLIENTS: usize = 12;
/// Commands that are counted among a client's unread bytes.
const UNREAD: usize = 99;

/// A node as its event loop.
#[derive(Debug, PartialEq)]
pub struct LoopModel {
    pub now_ms: Millis,
    /// Until when nobody is served: a command has put the node to sleep.
    pub busy_until_ms: Option<Millis>,
    /// The script that runs: nobody else is served before its end.
    pub script: Option<String>,
    /// Until when CLIENT PAUSE holds commands up, and whether all of them.
    pub paused_until_ms: Option<Millis>,
    pub pause_all: bool,
    pub clients: Vec<ClientModel>,
    /// Clients that are left out.
    pub more_clients: u64,
    /// The last first.
    pub ran: Vec<RanModel>,
    /// From how many µs on a command is noted as slow, if it ever is; how many were.
    pub slow_us: Option<u64>,
    pub slow: u64,
    /// How often a second the node's own work is done: keys that expired, tables that grow.
    pub hz: u64,
    pub expired: u64,
}
json_object! { LoopModel:
    now_ms, busy_until_ms, script, paused_until_ms, pause_all, clients, more_clients, ran, slow_us, slow, hz, expired
}

/// One client.
#[derive(Debug, PartialEq)]
pub struct ClientModel {
    pub id: u64,
    /// As CLIENT SETNAME calls it, else nothing.
    pub name: String,
    /// The one that asks.
    pub own: bool,
    /// `idle`, `blocked`, `paused`, `multi`, `listens`, `monitors`.
    pub state: &'static str,
    /// The command that waits, and the keys that it waits for.
    pub command: Option<String>,
    pub keys: Vec<String>,
    /// When its wait ends by itself.
    pub until_ms: Option<Millis>,
    /// Whole commands, and bytes, that it has sent and that nobody has read yet.
    pub unread: u64,
    pub unread_bytes: u64,
    /// Commands that MULTI has collected.
    pub queued: u64,
    /// Commands that ran for it.
    pub ran: u64,
}
json_object! { ClientModel:
    id, name, own, state, command, keys, until_ms, unread, unread_bytes, queued, ran
}

/// One command that ran.
#[derive(Debug, PartialEq)]
pub struct RanModel {
    pub client: u64,
    pub line: String,
    pub at_ms: Millis,
    pub usec: u64,
    pub measured_us: Option<u64>,
    pub failed: bool,
}
json_object! { RanModel: client, line, at_ms, usec, measured_us, failed }

pub(super) fn model(node: &Node, own: ClientId) -> LoopModel {
    let server = node.server();
    let pause = server.waits.pause;
    let ms = |us: Micros| us / 1000;
    // The client that asks and those that wait come first; which others are shown is told by age.
    let mut clients: Vec<ClientModel> = server.clients.iter().map(|c| client(c, own)).collect();
    clients.sort_by_key(|c| !(c.own || c.command.is_some() || c.unread_bytes > 0));
    let more = clients.len().saturating_sub(CLIENTS);
    clients.truncate(CLIENTS);
    clients.sort_by_key(|c| c.id);
    LoopModel {
        now_ms: ms(server.now_us),
        busy_until_ms: node.is_busy().then(|| ms(server.busy_until_us)),
        script: server.running_script.as_ref().map(script),
        paused_until_ms: pause.map(|p| ms(p.until_us)),
        pause_all: pause.is_some_and(|p| p.all),
        clients,
        more_clients: more as u64,
        ran: node.trail().rev().map(ran).collect(),
        slow_us: u64::try_from(node.config().slowlog_log_slower_than).ok(),
        slow: server.slowlog.iter().len() as u64,
        hz: u64::from(node.config().hz),
        expired: node.keyspace().stats.expired,
    }
}

/// The command that runs a script.
fn script(script: &RunningScript) -> String {
    let args = script.argv.args();
    let words: Vec<&[u8]> = args.from(0).collect();
    label(&words.join(&b' '))
}

fn client(c: &Client, own: ClientId) -> ClientModel {
    let blocked = c.blocked.as_deref();
    ClientModel {
        id: c.id,
        name: match &c.name[..] {
            b"" => String::new(),
            name => label(name),
        },
        own: c.id == own,
        state: match blocked {
            Some(blocked) if blocked.paused => "paused",
            Some(_) => "blocked",
            None if c.queue.is_some() => "multi",
            None if c.monitor => "monitors",
            None if c.is_subscriber() => "listens",
            None => "idle",
        },
        command: blocked.map(|b| b.command.full_name().to_ascii_uppercase()),
        keys: blocked.map(keys).unwrap_or_default(),
        until_ms: blocked.and_then(|b| b.deadline_us).map(|us| us / 1000),
        unread: whole_commands(&c.query),
        unread_bytes: c.query.len() as u64,
        queued: c.queue.as_ref().map_or(0, |q| q.commands().len() as u64),
        ran: c.commands,
    }
}

fn keys(blocked: &Blocked) -> Vec<String> {
    const KEYS: usize = 4;
    let names = blocked.places.iter().take(KEYS);
    names.map(|place| label(&place.1)).collect()
}

/// How many whole commands the bytes begin with, as far as they are counted.
fn whole_commands(bytes: &[u8]) -> u64 {
    let (mut parser, mut ranges, mut used) = (Parser::default(), Vec::new(), 0);
    let mut count = 0;
    for _ in 0..UNREAD {
        let mut pos = 0;
        let parsed = parser.parse(&bytes[used..], &mut pos, &Limits::default(), &mut ranges);
        match parsed {
            Parsed::Command | Parsed::Inline(_) => count += 1,
            Parsed::Empty => {}
            Parsed::Incomplete | Parsed::Error(_) => break,
        }
        used += pos;
    }
    count
}

fn ran(ran: &Ran) -> RanModel {
    RanModel {
        client: ran.client,
        line: label(&ran.argv.join(&b' ')),
        at_ms: ran.at_us / 1000,
        usec: ran.usec,
        measured_us: ran.measured_us,
        failed: ran.failed,
    }
}
