//! What the learner's terminals in a world said, and what they were told: a command counts once its answer has arrived, since
//! that is when somebody knows of it. What the server did meanwhile nobody can see from there.
use crate::base::time::Micros;
use crate::command::Command;
use crate::resp::parse::{Limits, Parsed, Parser};
use crate::resp::value::{Value, parse_value};
use crate::server::{Node, Observed};
use crate::sim::world::{HostId, SessionId, World};
use std::collections::{BTreeMap, VecDeque};

/// Bytes of arguments that are kept of a command, and of a reply.
const KEPT_BYTES: usize = 4096;
/// Bytes of a command or of a reply that have come while it is not whole; more than that, and nothing is understood any more.
const MOST_BYTES: usize = 4 << 20;

/// Commands after which there is not one reply for each.
const DEAFENING: [&str; 10] = [
    "monitor",
    "subscribe",
    "psubscribe",
    "ssubscribe",
    "unsubscribe",
    "punsubscribe",
    "sunsubscribe",
    "psync",
    "sync",
    "client|reply",
];

/// A command that waits for its answer.
#[derive(Clone)]
struct Asked {
    command: Option<&'static Command>,
    argv: Vec<Vec<u8>>,
    whole: bool,
}

/// A connection.
#[derive(Clone)]
struct Line {
    host: HostId,
    parser: Parser,
    /// What was said and is no whole command yet, and what was heard and is no whole reply.
    said: Vec<u8>,
    heard: Vec<u8>,
    asked: VecDeque<Asked>,
    /// Commands of a transaction that is open.
    queued: Vec<Asked>,
    /// It cannot be followed any more.
    deaf: bool,
}

/// All connections of the learner.
#[derive(Clone, Default)]
pub(super) struct Ears {
    lines: BTreeMap<SessionId, Line>,
}

impl Ears {
    /// The learner has connected to a machine's server.
    pub fn opened(&mut self, session: SessionId, host: HostId) {
        let line = Line {
            host,
            parser: Parser::new(),
            said: Vec::new(),
            heard: Vec::new(),
            asked: VecDeque::new(),
            queued: Vec::new(),
            deaf: false,
        };
        self.lines.insert(session, line);
    }

    pub fn closed(&mut self, session: SessionId) {
        self.lines.remove(&session);
    }

    /// The learner says something. O(bytes).
    pub fn said(&mut self, session: SessionId, bytes: &[u8], world: &World) {
        let Some(line) = self.lines.get_mut(&session).filter(|line| !line.deaf) else {
            return;
        };
        let running = |host: HostId| world.hosts().get(host).and_then(|h| h.node());
        line.said.extend_from_slice(bytes);
        line.read(running(line.host));
    }

    /// The commands that were answered since the last call, with the machines that answered. O(bytes that came).
    pub fn hear(&mut self, world: &mut World) -> Vec<(HostId, Observed)> {
        let now_us = world.now_us();
        let mut events = Vec::new();
        for (session, line) in &mut self.lines {
            let bytes = world.take_heard(*session);
            if line.deaf || bytes.is_empty() {
                continue;
            }
            line.heard.extend_from_slice(&bytes);
            line.hear(now_us, &mut events);
        }
        events
    }
}

impl Line {
    /// Takes the whole commands out of what was said.
    fn read(&mut self, node: Option<&Node>) {
        let (mut at, mut ranges) = (0, Vec::new());
        loop {
            let parsed = self
                .parser
                .parse(&self.said, &mut at, &Limits::default(), &mut ranges);
            let argv: Vec<Vec<u8>> = match parsed {
                Parsed::Incomplete => break,
                Parsed::Empty => continue,
                Parsed::Inline(argv) => argv,
                Parsed::Command => {
                    let arg = |(start, len): &(u32, u32)| {
                        self.said[*start as usize..(*start + *len) as usize].to_vec()
                    };
                    ranges.iter().map(arg).collect()
                }
                Parsed::Error(_) => return self.give_up(),
            };
            self.asked.push_back(asked(argv, node));
        }
        self.said.drain(..at);
        if self.said.len() > MOST_BYTES {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        self.deaf = true;
        (self.said, self.heard) = (Vec::new(), Vec::new());
        self.asked.clear();
        self.queued.clear();
    }

    fn hear(&mut self, now_us: Micros, events: &mut Vec<(HostId, Observed)>) {
        let mut at = 0;
        while let Ok(Some((reply, length))) = parse_value(&self.heard[at..]) {
            let bytes = self.heard[at..at + length].to_vec();
            at += length;
            if let Value::Push(_) = reply {
                continue;
            }
            let Some(asked) = self.asked.pop_front() else {
                return self.give_up();
            };
            if asked.deafens() {
                return self.give_up();
            }
            for (asked, reply) in self.answered(asked, &reply, bytes) {
                let event = asked.observed(now_us, reply);
                events.push((self.host, event));
            }
        }
        self.heard.drain(..at);
        if self.heard.len() > MOST_BYTES {
            self.give_up();
        }
    }

    /// What has run with this answer: the command, or all of a transaction behind the EXEC that ran them.
    fn answered(
        &mut self,
        asked: Asked,
        reply: &Value,
        bytes: Vec<u8>,
    ) -> Vec<(Asked, Option<Vec<u8>>)> {
        if *reply == Value::Simple(b"QUEUED".to_vec()) {
            self.queued.push(asked);
            return Vec::new();
        }
        let name = asked.command.map_or("", |command| command.name);
        let ran = match name {
            "exec" | "discard" => std::mem::take(&mut self.queued),
            _ => Vec::new(),
        };
        let all = name == "exec" && reply.as_items().is_some();
        let ran = ran.into_iter().filter(|_| all).map(|asked| (asked, None));
        ran.chain([(asked, Some(bytes))]).collect()
    }
}

/// A command with what is known of it where it was sent.
fn asked(mut argv: Vec<Vec<u8>>, node: Option<&Node>) -> Asked {
    let registry = node.map(|node| &node.server().registry);
    let name = argv.first().map_or(&b""[..], Vec::as_slice);
    let sub = argv.get(1).map_or(&b""[..], Vec::as_slice);
    let command = registry.and_then(|registry| {
        let (number, command) = registry.find(name)?;
        let found = registry.find_sub(number, sub).map(|(_, sub)| sub);
        Some(found.unwrap_or(command))
    });
    let all = argv.len();
    let mut room = KEPT_BYTES;
    let fits = argv.iter().take_while(|arg| {
        let left = room.checked_sub(arg.len() + 1);
        room = left.unwrap_or(0);
        left.is_some()
    });
    argv.truncate(fits.count());
    Asked {
        command,
        whole: argv.len() == all,
        argv,
    }
}

impl Asked {
    fn deafens(&self) -> bool {
        let full = self.command.map(|command| command.full_name());
        full.is_some_and(|name| DEAFENING.contains(&name.as_str()))
    }

    /// The same as a node would have noted it.
    fn observed(self, at_us: Micros, reply: Option<Vec<u8>>) -> Observed {
        let failed = reply
            .as_ref()
            .is_some_and(|r| matches!(r.first(), Some(b'-' | b'!')));
        Observed {
            client: 0,
            db: 0,
            at_us,
            command: self.command,
            argv: self.argv,
            whole: self.whole,
            reply: reply.filter(|r| r.len() <= KEPT_BYTES),
            failed,
        }
    }
}
