//! Several clients of both sides: one does a step, and all that any of them is told is compared; two states compared.
//!
//! The session asks what it must know itself on a connection of its own, the probe, so that no client is disturbed.

use crate::agree;
use crate::clients::{Client, Command, Heard, Step, addressed, fields, is_answer};
use crate::events::Listener;
use crate::grammar::Syntax;
use crate::known::Difference;
use crate::peer::Peer;
use crate::reply::{Reply, split, word};
use crate::waits;
use std::collections::{BTreeMap, BTreeSet};

/// Thresholds that the run changes, and their defaults.
pub const THRESHOLDS: &[(&str, &str, &[&str])] = &[
    ("list-max-listpack-size", "-2", &["-2", "4", "1", "-1"]),
    ("list-compress-depth", "0", &["0", "1"]),
    ("hash-max-listpack-entries", "512", &["2", "4", "512"]),
    ("hash-max-listpack-value", "64", &["4", "64"]),
    ("set-max-intset-entries", "512", &["3", "512"]),
    ("set-max-listpack-entries", "128", &["3", "128"]),
    ("set-max-listpack-value", "64", &["4", "64"]),
    ("zset-max-listpack-entries", "128", &["3", "128"]),
    ("zset-max-listpack-value", "64", &["4", "64"]),
    ("stream-node-max-entries", "100", &["3", "5", "100"]),
    ("stream-node-max-bytes", "4096", &["64", "4096", "0"]),
];

/// Parameters that the run sets and reads back, and their defaults. None of them changes what other commands answer.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("slowlog-max-len", "128"),
    ("slowlog-log-slower-than", "10000"),
    ("lfu-log-factor", "10"),
    ("lfu-decay-time", "1"),
    ("maxmemory-samples", "5"),
    ("activerehashing", "yes"),
    ("latency-tracking", "yes"),
    ("lazyfree-lazy-user-del", "yes"),
    ("lazyfree-lazy-expire", "yes"),
    ("hll-sparse-max-bytes", "3000"),
    ("stream-node-max-bytes", "4096"),
    ("stream-node-max-entries", "100"),
    ("busy-reply-threshold", "5000"),
    ("appendfsync", "everysec"),
    ("repl-backlog-size", "10mb"),
];

/// The databases that the run uses.
const DATABASES: [i64; 4] = [0, 1, 2, 15];

/// What CLIENT LIST says of a client that must be the same on both sides.
const CLIENT_FIELDS: [&str; 14] = [
    "name", "flags", "db", "sub", "psub", "ssub", "multi", "watch", "cmd", "user", "redir", "resp",
    "lib-name", "lib-ver",
];

pub struct Session<'a> {
    pub ours: &'a mut dyn Peer,
    pub theirs: &'a mut dyn Peer,
    /// The syntax of a command, for its tips.
    pub by_name: BTreeMap<String, &'a Syntax>,
    pub clients: Vec<Client>,
    /// How many clients a segment has.
    pub number: usize,
    /// The ids that the clients of this segment have had on each side, and which of them that was.
    pub ids: [BTreeMap<i64, i64>; 2],
    probe: [usize; 2],
    /// The database of the probe on each side.
    probe_db: [i64; 2],
    /// The probe has asked since the listener was last heard: it may have caused events of its own.
    probed: bool,
    listener: Listener,
    /// What the user of the run may do; if there are no rules it is the default user, who may do everything.
    pub rules: Vec<Vec<u8>>,
}

/// What came of one step.
#[derive(Default)]
pub struct Outcome {
    pub difference: Option<Difference>,
    pub error: bool,
    /// Clients that had waited and were answered.
    pub served: u64,
    /// Messages to anybody.
    pub messages: u64,
    /// Commands that a transaction ran.
    pub executed: u64,
}

pub fn args(line: &str) -> Command {
    split(line).expect("quotes are closed")
}

impl<'a> Session<'a> {
    pub fn new(
        ours: &'a mut dyn Peer,
        theirs: &'a mut dyn Peer,
        scope: &[&'a Syntax],
    ) -> Session<'a> {
        let by_name = scope.iter().map(|s| (s.name.clone(), *s)).collect();
        let mut session = Session {
            ours,
            theirs,
            by_name,
            clients: Vec::new(),
            number: 1,
            ids: Default::default(),
            probe: [0; 2],
            probe_db: [0; 2],
            probed: false,
            listener: Listener::default(),
            rules: Vec::new(),
        };
        session.ours.restart();
        session.theirs.restart();
        session.attach(0);
        session.attach(1);
        session.fresh();
        session
    }

    fn peer(&mut self, side: usize) -> &mut dyn Peer {
        if side == 0 { self.ours } else { self.theirs }
    }

    /// The connections of the session's own to a side that has begun anew.
    fn attach(&mut self, side: usize) {
        self.probe[side] = self.peer(side).open();
        self.probe_db[side] = 0;
        let mut listener = self.listener;
        listener.open(self.peer(side), side);
        self.listener = listener;
    }

    /// Empty both sides and open new connections: nothing of what was before can matter.
    pub fn fresh(&mut self) {
        for client in std::mem::take(&mut self.clients) {
            self.ours.close(client.on[0]);
            self.theirs.close(client.on[1]);
        }
        for side in [0, 1] {
            if self.peer(side).renew() {
                self.attach(side);
            }
        }
        self.both("FLUSHALL");
        self.both("DEBUG SET-ACTIVE-EXPIRE 0");
        for (name, default, _) in THRESHOLDS {
            self.both(&format!("CONFIG SET {name} {default}"));
        }
        for (name, default) in PARAMETERS {
            self.both(&format!("CONFIG SET {name} {default}"));
        }
        // A server that is not begun anew keeps the user of the segment before.
        self.both("ACL DELUSER limited");
        if !self.rules.is_empty() {
            let command = self.set_user();
            self.call(&command);
        }
        self.ids = Default::default();
        while self.clients.len() < self.number {
            let client = self.connect();
            self.clients.push(client);
        }
        self.probed = true;
    }

    /// A new client, logged in.
    fn connect(&mut self) -> Client {
        let client = Client::open(self.ours, self.theirs);
        for side in [0, 1] {
            let count = self.ids[side].len() as i64;
            self.ids[side].insert(client.id[side], count);
            if !self.rules.is_empty() {
                self.peer(side).ask(client.on[side], "AUTH limited x");
            }
        }
        client
    }

    /// The command that makes the limited user.
    pub fn set_user(&self) -> Command {
        let mut command = args("ACL SETUSER limited reset on nopass");
        command.extend_from_slice(&self.rules);
        command
    }

    /// Whether both sides understood the rules of the limited user alike.
    pub fn compare_user(&mut self) -> Option<Difference> {
        if self.rules.is_empty() {
            return None;
        }
        let [ours, theirs] = self.both("ACL GETUSER limited");
        (ours != theirs).then(|| Difference {
            command: "ACL SETUSER".into(),
            field: "user".into(),
            ours: ours.notation(),
            theirs: theirs.notation(),
        })
    }

    /// Asks a side on the probe's connection, in a database.
    pub fn probe(&mut self, side: usize, db: i64, line: &str) -> Reply {
        let on = self.probe[side];
        self.probed = true;
        if self.probe_db[side] != db {
            self.peer(side).ask(on, &format!("SELECT {db}"));
            self.probe_db[side] = db;
        }
        self.peer(side).ask(on, line)
    }

    /// Asks both sides on the probe's connections.
    fn both(&mut self, line: &str) -> [Reply; 2] {
        self.call(&args(line))
    }

    fn call(&mut self, command: &[Vec<u8>]) -> [Reply; 2] {
        self.probed = true;
        [
            self.ours.call(self.probe[0], command).1,
            self.theirs.call(self.probe[1], command).1,
        ]
    }

    /// What CLIENT LIST says of a client.
    fn listed(&mut self, side: usize, client: usize) -> BTreeMap<String, String> {
        let id = self.clients[client].id[side];
        let line = format!("CLIENT LIST ID {id}");
        let db = self.probe_db[side];
        fields(&self.probe(side, db, &line).lossy())
    }

    /// The database in which a client is.
    pub fn db_of(&mut self, client: usize) -> i64 {
        let listed = self.listed(1, client);
        listed.get("db").and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// `COMMAND` or `COMMAND SUBCOMMAND` of a sentence, in capitals.
    pub fn name_of(&self, command: &[Vec<u8>]) -> String {
        let upper = |i: usize| {
            command
                .get(i)
                .map(|w| String::from_utf8_lossy(w).to_uppercase())
                .unwrap_or_default()
        };
        let two = format!("{} {}", upper(0), upper(1));
        if self.by_name.contains_key(&two) {
            two
        } else {
            upper(0)
        }
    }

    /// Lets both sides do what they were sent (nearly always: see `Listener::take`); what they told of the keyspace's events meanwhile.
    fn settle(&mut self) -> [String; 2] {
        let listener = self.listener;
        [listener.take(self.ours, 0), listener.take(self.theirs, 1)]
    }

    /// All that the clients were told, by side and client.
    fn hear(&mut self) -> [Vec<Heard>; 2] {
        let hear = |peer: &mut dyn Peer, clients: &[Client], side: usize| -> Vec<Heard> {
            clients.iter().map(|c| peer.drain(c.on[side])).collect()
        };
        [
            hear(self.ours, &self.clients, 0),
            hear(self.theirs, &self.clients, 1),
        ]
    }

    /// One step on both sides, and everything that comes of it compared.
    pub fn step(&mut self, step: &Step) -> Outcome {
        let name = self.name_of(&step.command);
        if agree::is_undefined(self, step.client, &name, &step.command) {
            return Outcome::default();
        }
        let members = agree::members(self, step.client, &name, &step.command);
        let in_any_order = agree::tells_in_any_order(self, step.client, &name, &step.command);
        let in_order = |events: &[String; 2]| match in_any_order {
            true => events.each_ref().map(|lines| sorted(lines)),
            false => events.clone(),
        };
        if name.starts_with("SORT") {
            // The oracle's SORT looks at an errno that it does not set: a number out of range in any command before it
            // would make it fail. Reading a score clears that, and XX keeps this one from being stored.
            self.both("ZADD errno XX 0 0");
        }
        let db = if name == "SPOP" {
            self.db_of(step.client)
        } else {
            0
        };
        if self.probed {
            self.settle();
            self.hear();
            self.probed = false;
        }
        self.send(step);
        let mut events = self.settle();
        let mut heard = self.hear();
        self.wait_briefly(step, &name, &mut heard);
        let popped = name == "SPOP" && !heard[1][step.client].iter().any(|(_, r)| r.is_error());
        if popped {
            // Chance took different members: both sides go on without the key.
            let line = format!("DEL {}", word(&step.command[1]));
            self.probe(0, db, &line);
            self.probe(1, db, &line);
            self.hear_more(&mut heard, &mut events);
        }
        let mut outcome = self.compare(step, &name, &heard, in_order(&events), members.as_ref());
        if outcome.difference.is_some() {
            // Perhaps a side had not yet done it all when it was first asked: long requests are read piece by piece.
            self.wait_for_answer(step, &mut heard);
            self.hear_more(&mut heard, &mut events);
            outcome = self.compare(step, &name, &heard, in_order(&events), members.as_ref());
        }
        let gone = self.compare_ends(&name);
        outcome.difference = outcome.difference.or(gone);
        self.follow(step, &name, &heard[1]);
        outcome
    }

    /// Adds what comes after what was heard so far.
    fn hear_more(&mut self, heard: &mut [Vec<Heard>; 2], events: &mut [String; 2]) {
        let more = self.settle();
        for side in [0, 1] {
            events[side].push_str(&more[side]);
        }
        let then = self.hear();
        merge(heard, then);
    }

    fn send(&mut self, step: &Step) {
        let on = self.clients[step.client].on;
        if step.command.is_empty() {
            self.ours.close(on[0]);
            self.theirs.close(on[1]);
            self.clients[step.client] = self.connect();
            return;
        }
        for side in [0, 1] {
            let command = addressed(&step.command, &self.clients, side);
            self.peer(side)
                .send(on[side], &crate::reply::encode(&command));
        }
    }

    /// Where one side has answered the step and the other has not, gives that the time.
    fn wait_for_answer(&mut self, step: &Step, heard: &mut [Vec<Heard>; 2]) {
        let on = self.clients[step.client].on;
        for side in [0, 1] {
            let lacks = heard[side][step.client].is_empty();
            if lacks && !heard[1 - side][step.client].is_empty() {
                let told = self.peer(side).read_within(on[side], waits::END);
                heard[side][step.client].extend(told);
            }
        }
    }

    /// A command that waits for a few milliseconds only is given the time.
    fn wait_briefly(&mut self, step: &Step, name: &str, heard: &mut [Vec<Heard>; 2]) {
        if !waits::briefly(name, &step.command) {
            return;
        }
        let answered = |heard: &[Vec<Heard>; 2], side: usize| !heard[side][step.client].is_empty();
        if self.clients[step.client].queue.is_some() {
            return;
        }
        let mut due = answered(heard, 0) || answered(heard, 1);
        if !due {
            let listed = self.listed(1, step.client);
            due = listed.get("flags").is_some_and(|f| f.contains('b'));
        }
        if !due {
            // It was answered just before that was asked, or it is not to be answered.
            let more = self.hear();
            merge(heard, more);
            due = answered(heard, 1);
        }
        for side in [1, 0] {
            if due && !answered(heard, side) {
                let on = self.clients[step.client].on[side];
                let told = self.peer(side).read_within(on, waits::END);
                heard[side][step.client].extend(told);
            }
        }
    }

    /// What the clients were told, compared one by one, and the events.
    fn compare(
        &mut self,
        step: &Step,
        name: &str,
        heard: &[Vec<Heard>; 2],
        events: [String; 2],
        members: Option<&BTreeSet<Reply>>,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        for client in 0..self.clients.len() {
            let own = client == step.client;
            let (ours, theirs) = (&heard[0][client], &heard[1][client]);
            let answers = theirs.iter().filter(|(_, r)| is_answer(r)).count();
            outcome.error |= own && theirs.iter().any(|(_, r)| r.is_error());
            outcome.messages += (theirs.len() - answers) as u64;
            if own && name == "EXEC" {
                outcome.executed += theirs.first().map_or(0, |(_, r)| r.items().len() as u64);
            }
            outcome.served +=
                u64::from(!own && self.clients[client].waits.is_some() && answers > 0);
            let same = agree::heard_alike(self, step, name, client, [ours, theirs], members);
            if same || outcome.difference.is_some() {
                continue;
            }
            let show = |heard: &Heard| {
                let lines = heard.iter().map(|(raw, reply)| shown(reply, raw));
                let lines = lines.collect::<Vec<_>>().join("\n");
                if own {
                    lines
                } else {
                    format!("client {client} hears: {lines}")
                }
            };
            outcome.difference = Some(Difference {
                command: name.into(),
                field: if own { "reply" } else { "message" }.into(),
                ours: show(ours),
                theirs: show(theirs),
            });
        }
        if outcome.difference.is_none() && events[0] != events[1] {
            let [ours, theirs] = events;
            outcome.difference = Some(Difference {
                command: name.into(),
                field: "events".into(),
                ours,
                theirs,
            });
        }
        outcome
    }

    /// Whose connections have ended; new ones take their places.
    fn compare_ends(&mut self, name: &str) -> Option<Difference> {
        let mut difference = None;
        for client in 0..self.clients.len() {
            let on = self.clients[client].on;
            let mut ended = [self.ours.closed(on[0]), self.theirs.closed(on[1])];
            if ended[0] != ended[1] {
                // A server hangs up a moment after it has answered.
                self.settle();
                self.hear();
                ended = [self.ours.closed(on[0]), self.theirs.closed(on[1])];
            }
            if ended == [false; 2] {
                continue;
            }
            if ended != [true; 2] {
                let [ours, theirs] = ended.map(|ended| format!("client {client} closed: {ended}"));
                difference = Some(Difference {
                    command: name.into(),
                    field: "closed".into(),
                    ours,
                    theirs,
                });
                self.ours.close(on[0]);
                self.theirs.close(on[1]);
            }
            self.clients[client] = self.connect();
        }
        difference
    }

    /// Notes what the oracle's replies mean for the clients' states.
    fn follow(&mut self, step: &Step, name: &str, heard: &[Heard]) {
        for (client, told) in heard.iter().enumerate() {
            if client != step.client && told.iter().any(|(_, r)| is_answer(r)) {
                self.clients[client].waits = None;
            }
        }
        if step.command.is_empty() {
            return;
        }
        let told = &heard[step.client];
        if told.iter().any(|(_, r)| is_answer(r)) {
            self.clients[step.client].follow(name, &step.command, told);
        } else {
            let listed = self.listed(1, step.client);
            self.clients[step.client].believe(&listed, &step.command);
        }
    }

    /// Are the states the same? By digest, and when `thorough` or the digests differ, key by key.
    pub fn compare_states(&mut self, thorough: bool) -> Option<Difference> {
        let [ours, theirs] = self.both("DEBUG DIGEST");
        let equal = ours == theirs;
        if equal && !thorough {
            return None;
        }
        for db in DATABASES {
            if let Some(difference) = self.compare_database(db) {
                return Some(difference);
            }
        }
        let difference = state("digest", "", ours.notation(), theirs.notation());
        if equal {
            self.compare_clients()
        } else {
            Some(difference)
        }
    }

    /// What CLIENT LIST says of each client.
    fn compare_clients(&mut self) -> Option<Difference> {
        for client in 0..self.clients.len() {
            let listed = [self.listed(0, client), self.listed(1, client)];
            let show = |side: usize| {
                let value = |name: &str| match (name, listed[side].get(name)) {
                    ("redir", Some(id)) => {
                        let id = id.parse().unwrap_or(-1);
                        self.ids[side].get(&id).copied().unwrap_or(-1).to_string()
                    }
                    (_, value) => value.cloned().unwrap_or_default(),
                };
                CLIENT_FIELDS
                    .map(|name| format!("{name}={}", value(name)))
                    .join(" ")
            };
            let [ours, theirs] = [show(0), show(1)];
            if ours != theirs {
                return Some(state("client", &client.to_string(), ours, theirs));
            }
        }
        None
    }

    fn compare_database(&mut self, db: i64) -> Option<Difference> {
        let (ours, theirs) = (self.probe(0, db, "KEYS *"), self.probe(1, db, "KEYS *"));
        let (ours, theirs) = (ours.sorted(), theirs.sorted());
        if ours != theirs {
            return Some(state("keys", "", ours.notation(), theirs.notation()));
        }
        for key in theirs.items() {
            let key = word(key.text().unwrap_or_default());
            for (field, question) in [
                ("digest", "DEBUG DIGEST-VALUE"),
                ("encoding", "OBJECT ENCODING"),
                ("expiry", "PEXPIRETIME"),
                ("stream", "XINFO STREAM"),
            ] {
                let stream = field == "stream";
                let line = format!("{question} {key}{}", if stream { " FULL" } else { "" });
                if stream && !key.starts_with('x') {
                    continue;
                }
                let (ours, theirs) = (self.probe(0, db, &line), self.probe(1, db, &line));
                let near = match (&ours, &theirs) {
                    (Reply::Integer(a), Reply::Integer(b)) => {
                        *a > 0 && *b > 0 && (a - b).abs() <= agree::TOLERANCE_MS
                    }
                    _ => stream && agree::near(&ours, &theirs),
                };
                if ours != theirs && !near {
                    return Some(state(field, &key, ours.notation(), theirs.notation()));
                }
            }
        }
        None
    }
}

fn sorted(lines: &str) -> String {
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// Puts what was heard later behind what was heard before.
fn merge(heard: &mut [Vec<Heard>; 2], later: [Vec<Heard>; 2]) {
    for (side, later) in heard.iter_mut().zip(later) {
        for (client, told) in side.iter_mut().zip(later) {
            client.extend(told);
        }
    }
}

fn state(field: &str, key: &str, ours: String, theirs: String) -> Difference {
    let show = |text: String| {
        if key.is_empty() {
            text
        } else {
            format!("{key}: {text}")
        }
    };
    Difference {
        command: String::new(),
        field: format!("state.{field}"),
        ours: show(ours),
        theirs: show(theirs),
    }
}

/// The value, or the bytes where two different replies would be written the same.
fn shown(reply: &Reply, raw: &[u8]) -> String {
    match reply {
        Reply::Error(_) if raw.is_empty() => "(connection closed)".into(),
        _ => reply.notation(),
    }
}
