//! The clients of a segment: each is a connection to both sides, with what decides how its replies are compared.

use crate::peer::Peer;
use crate::reply::{Reply, words};
use std::collections::BTreeMap;

pub type Command = Vec<Vec<u8>>;

/// What a client was told: the bytes and the value of each reply or message.
pub type Heard = Vec<(Vec<u8>, Reply)>;

/// A word that stands for the id of a client, which is another on each side: `@client2`.
pub const ID_OF: &str = "@client";

/// A client does something. No command at all: it hangs up, and another takes its place.
#[derive(Clone, Debug)]
pub struct Step {
    pub client: usize,
    pub command: Command,
}

impl Step {
    /// As a line for people.
    pub fn line(&self) -> String {
        let what = if self.command.is_empty() {
            "(hangs up)".into()
        } else {
            words(&self.command)
        };
        format!("{}> {what}", self.client)
    }
}

/// One client, as the oracle sees it.
#[derive(Default)]
pub struct Client {
    pub on: [usize; 2],
    pub id: [i64; 2],
    pub resp3: bool,
    /// The command in which it waits.
    pub waits: Option<Command>,
    /// What it has queued since MULTI.
    pub queue: Option<Vec<Command>>,
    /// How many channels and patterns it listens to.
    pub channels: i64,
}

impl Client {
    /// Connects to both sides.
    pub fn open(ours: &mut dyn Peer, theirs: &mut dyn Peer) -> Client {
        let on = [ours.open(), theirs.open()];
        let id = |peer: &mut dyn Peer, on| match peer.ask(on, "CLIENT ID") {
            Reply::Integer(id) => id,
            _ => 0,
        };
        let id = [id(ours, on[0]), id(theirs, on[1])];
        Client {
            on,
            id,
            ..Client::default()
        }
    }

    /// Takes over what the oracle's line in CLIENT LIST says: where a reply is missing, it tells why.
    pub fn believe(&mut self, fields: &BTreeMap<String, String>, command: &[Vec<u8>]) {
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        self.waits = field("flags").contains('b').then(|| command.to_vec());
        match field("multi").parse::<usize>() {
            Ok(queued) if self.queue.as_ref().is_none_or(|q| q.len() < queued) => {
                let queue = self.queue.get_or_insert_default();
                queue.resize(queued, command.to_vec());
            }
            Ok(_) => {}
            Err(_) => self.queue = None,
        }
        let number = |name: &str| field(name).parse::<i64>().unwrap_or(0);
        self.channels = number("sub") + number("psub") + number("ssub");
        self.resp3 = field("resp") == "3";
    }

    /// Notes what the oracle's replies to its own command mean for it.
    pub fn follow(&mut self, name: &str, command: &[Vec<u8>], replies: &Heard) {
        let Some((_, reply)) = replies.first() else {
            return;
        };
        let aborted = reply.is_error() && reply.lossy().starts_with("EXECABORT");
        match name {
            _ if *reply == Reply::Simple(b"QUEUED".to_vec()) => {
                self.queue.get_or_insert_default().push(command.to_vec());
            }
            "EXEC" if aborted => self.queue = None,
            _ if reply.is_error() => {}
            "MULTI" => self.queue = Some(Vec::new()),
            "EXEC" | "DISCARD" => self.queue = None,
            "RESET" => {
                let (on, id) = (self.on, self.id);
                *self = Client {
                    on,
                    id,
                    ..Client::default()
                };
            }
            "HELLO" if command.len() > 1 => self.resp3 = command[1] == b"3",
            _ if name.ends_with("SUBSCRIBE") => {
                let count = replies.last().and_then(|(_, r)| r.items().pop().cloned());
                if let Some(Reply::Integer(n)) = count {
                    self.channels = n;
                }
            }
            _ => {}
        }
    }
}

/// The fields of a line of CLIENT LIST.
pub fn fields(line: &str) -> BTreeMap<String, String> {
    let pair = |word: &str| {
        word.split_once('=')
            .map(|(name, value)| (name.to_string(), value.to_string()))
    };
    line.split_whitespace().filter_map(pair).collect()
}

/// The command as it is sent to a side: ids in place of their words.
pub fn addressed(command: &[Vec<u8>], clients: &[Client], side: usize) -> Command {
    let id = |word: &Vec<u8>| {
        let number = word.strip_prefix(ID_OF.as_bytes())?;
        let number: usize = std::str::from_utf8(number).ok()?.parse().ok()?;
        Some(clients.get(number)?.id[side].to_string().into_bytes())
    };
    command
        .iter()
        .map(|word| id(word).unwrap_or_else(|| word.clone()))
        .collect()
}

/// Whether a reply is one that was asked for: not a message that RESP3 marks as such.
pub fn is_answer(reply: &Reply) -> bool {
    !matches!(reply, Reply::Push(_))
}
