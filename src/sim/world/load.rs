//! Simulated clients: they read and write keys as fast as they are told, note what was acknowledged and how long it took,
//! and connect again when they lose their server.
use super::World;
use super::database::Database;
use super::event::Event;
use super::finding::{Finder, Search, Stage};
use super::latency::Latencies;
use super::net::{CLIENTS, ConnId, End, HostId};
use crate::base::num;
use crate::base::rng::Rng;
use crate::base::time::Micros;
use crate::keyspace::Value;
use crate::resp::request;
use crate::server::Node;
use std::collections::{BTreeMap, VecDeque};

/// How long a client waits before it connects again, µs.
pub(super) const RECONNECT_US: Micros = 500_000;
/// What the sockets of all clients of a load take in while nobody answers, bytes; each takes a command at least.
const SOCKETS: usize = 16 << 20;
/// What a command has besides its value, about, bytes.
const COMMAND_BYTES: usize = 64;
/// Errors whose words are kept.
const ERRORS: usize = 20;

/// Of a hundred commands, how many do what; the rest read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
    pub writes: u32,
}

/// What simulated clients do.
#[derive(Clone, Debug)]
pub struct LoadSetup {
    pub name: String,
    /// The machine whose server they use, and where they are themselves.
    pub to: HostId,
    pub place: HostId,
    /// They ask sentinels which server to use.
    pub finds: Option<Finder>,
    /// How long they wait for an answer, µs; 0: for ever.
    pub timeout_us: Micros,
    pub clients: usize,
    /// Commands a second of all of them together, whatever the answers do (an open loop); 0: each sends its next command as
    /// soon as it has the answer to the last one (a closed loop).
    pub rate_per_s: u32,
    /// In a closed loop, how long it thinks in between, µs.
    pub think_us: Micros,
    /// Keys of each client, of which the first are used most (Zipf with exponent 1).
    pub keys: u32,
    /// All use the same keys, whose names begin with this; `None`: each has keys of its own.
    pub shared: Option<String>,
    pub mix: Mix,
    /// Length of the values.
    pub value_bytes: usize,
}

impl LoadSetup {
    /// Ten clients that write a hundred times a second.
    pub fn new(name: &str, to: HostId) -> LoadSetup {
        LoadSetup {
            name: name.into(),
            to,
            place: CLIENTS,
            finds: None,
            timeout_us: 0,
            clients: 10,
            rate_per_s: 100,
            think_us: 0,
            keys: 100,
            shared: None,
            mix: Mix { writes: 100 },
            value_bytes: 16,
        }
    }
}

/// A command that waits for its answer.
#[derive(Clone, Debug)]
struct Asked {
    at_us: Micros,
    /// The key and the number that was written, for a write.
    write: Option<(u32, u64)>,
}

#[derive(Clone, Debug, Default)]
struct User {
    conn: Option<ConnId>,
    /// It works with the server that it is connected to.
    works: bool,
    search: Search,
    /// The server that it worked with last.
    last: Option<HostId>,
    /// Since when it has been connecting or searching.
    since_us: Micros,
    /// When its turn is, and whether something looks after how long it waits.
    turn_us: Option<Micros>,
    watched: bool,
    asked: VecDeque<Asked>,
    /// What has come of an answer that is not whole.
    partial: Vec<u8>,
    last_write: u64,
    /// The newest write of each key that was acknowledged.
    acknowledged: BTreeMap<u32, u64>,
}

/// What became of a load's commands.
#[derive(Clone, Debug, Default)]
pub struct LoadReport {
    pub sent: u64,
    pub answered: u64,
    pub acknowledged_writes: u64,
    pub errors: u64,
    /// Commands whose answers will never come.
    pub unanswered: u64,
    /// How often a client has waited for too long.
    pub timeouts: u64,
    /// How often one has found another server than the one that it worked with before.
    pub switches: u64,
    pub latency_sum_us: Micros,
    pub latency_most_us: Micros,
    pub latencies: Latencies,
    /// The first errors of their kind.
    pub error_texts: Vec<String>,
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub struct Load {
    pub setup: LoadSetup,
    pub report: LoadReport,
    rng: Rng,
    users: Vec<User>,
    stopped: bool,
}

impl Load {
    pub(super) fn new(setup: LoadSetup, rng: Rng) -> Load {
        Load {
            users: vec![User::default(); setup.clients],
            setup,
            report: LoadReport::default(),
            rng,
            stopped: false,
        }
    }

    pub(super) fn clients(&self) -> usize {
        self.users.len()
    }

    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    /// How many clients work with which machine.
    pub fn at(&self) -> BTreeMap<HostId, usize> {
        let mut at = BTreeMap::new();
        for user in self.users.iter().filter(|user| user.works) {
            *at.entry(user.last.unwrap_or(self.setup.to)).or_default() += 1;
        }
        at
    }

    pub(super) fn search(&self, client: usize) -> Search {
        self.users[client].search
    }

    pub(super) fn search_mut(&mut self, client: usize) -> &mut Search {
        &mut self.users[client].search
    }

    pub(super) fn conn(&self, client: usize) -> Option<ConnId> {
        self.users[client].conn
    }

    /// The client knows of no connection any more.
    pub(super) fn leave(&mut self, client: usize) -> Option<ConnId> {
        self.users[client].partial.clear();
        self.users[client].conn.take()
    }

    pub(super) fn keep_partial(&mut self, client: usize, bytes: &[u8]) {
        self.users[client].partial = bytes.to_vec();
    }

    /// The client's search has led to this machine.
    pub(super) fn found(&mut self, client: usize, host: HostId) {
        let user = &mut self.users[client];
        user.search.stage = Stage::Works(host);
        let before = user.last.replace(host);
        self.report.switches += u64::from(before.is_some_and(|last| last != host));
    }

    /// When the client will have waited for too long, if it waits.
    pub(super) fn deadline_us(&self, client: usize) -> Option<Micros> {
        let user = &self.users[client];
        user.conn?;
        let since_us = match user.works {
            true => user.asked.front()?.at_us,
            false => user.since_us,
        };
        Some(since_us + self.setup.timeout_us)
    }

    /// Somebody is to look after how long the client waits: when, unless somebody does, or nobody has to.
    pub(super) fn watch(&mut self, client: usize) -> Option<Micros> {
        if self.setup.timeout_us == 0 || self.users[client].watched {
            return None;
        }
        self.users[client].watched = true;
        self.deadline_us(client)
    }

    pub(super) fn watch_ends(&mut self, client: usize) {
        self.users[client].watched = false;
    }

    /// The keys whose writes were acknowledged, with the number that the newest of them wrote. Nothing if clients share keys:
    /// which of their writes was the last nobody has told them.
    pub fn acknowledged(&self) -> Vec<(Vec<u8>, u64)> {
        if self.setup.shared.is_some() {
            return Vec::new();
        }
        let users = self.users.iter().enumerate();
        let each = |(user, u): (usize, &User)| {
            let newest = u.acknowledged.iter();
            let named = newest.map(|(key, written)| (self.key(user, *key), *written));
            named.collect::<Vec<_>>()
        };
        users.flat_map(each).collect()
    }

    /// All keys that it may write.
    pub fn all_keys(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let keys = self.setup.keys.max(1);
        let users = 0..self.users.len();
        users.flat_map(move |user| (0..keys).map(move |key| self.key(user, key)))
    }

    /// The number that a node has of one of these keys; 0 if it has none.
    pub fn stored(&self, node: &Node, key: &[u8]) -> u64 {
        let table = node.keyspace().table(0);
        let found = table.dict().find(key).map(|id| &table.object(id).value);
        match found {
            Some(Value::Str(text)) => number_in(&text.to_vec()),
            _ => 0,
        }
    }

    /// The same of a database.
    pub fn stored_in(&self, database: &Database, key: &[u8]) -> u64 {
        database.row(key).map_or(0, |row| number_in(&row))
    }

    fn key(&self, user: usize, key: u32) -> Vec<u8> {
        let prefix = self.setup.shared.as_ref().unwrap_or(&self.setup.name);
        let mut name = Vec::with_capacity(prefix.len() + 16);
        name.extend_from_slice(prefix.as_bytes());
        if self.setup.shared.is_none() {
            name.push(b':');
            num::write_u64(&mut name, user as u64);
        }
        name.push(b':');
        num::write_u64(&mut name, u64::from(key));
        name
    }

    /// Whether a client's connection takes nothing more, since nobody has answered what was sent.
    fn is_full(&self, client: usize) -> bool {
        let each = self.setup.value_bytes + COMMAND_BYTES;
        let room = SOCKETS / self.users.len().max(1);
        let waits = self.users[client].asked.len();
        waits > 0 && (waits + 1) * each > room
    }

    /// The next command of a client, and what is to be remembered of it.
    fn command(&mut self, user: usize, at_us: Micros) -> (Vec<u8>, Asked) {
        let key = zipf(&mut self.rng, self.setup.keys.max(1));
        let name = self.key(user, key);
        let writes = self.rng.below(100) < u64::from(self.setup.mix.writes);
        let write = writes.then(|| {
            self.users[user].last_write += 1;
            (key, self.users[user].last_write)
        });
        let bytes = match write {
            Some((_, number)) => {
                let mut value = Vec::with_capacity(self.setup.value_bytes.max(20));
                num::write_u64(&mut value, number);
                value.resize(value.len().max(self.setup.value_bytes), b'.');
                request::command(&[b"SET", &name, &value])
            }
            None => request::command(&[b"GET", &name]),
        };
        (bytes, Asked { at_us, write })
    }

    /// When the client's next turn is, µs from now, if it does not wait for an answer.
    fn pause_us(&mut self) -> Micros {
        if self.setup.rate_per_s == 0 {
            return self.setup.think_us;
        }
        // Arrivals that know nothing of each other: the time between them is exponential.
        let mean_us = 1e6 * self.users.len() as f64 / f64::from(self.setup.rate_per_s);
        let us = exponential(&mut self.rng) * mean_us;
        (us as Micros).max(1)
    }

    /// An answer has come.
    fn answered(&mut self, user: usize, answer: &[u8], now_us: Micros) {
        let Some(asked) = self.users[user].asked.pop_front() else {
            return;
        };
        let report = &mut self.report;
        report.answered += 1;
        let latency_us = now_us - asked.at_us;
        report.latency_sum_us += latency_us;
        report.latencies.add(latency_us);
        report.latency_most_us = report.latency_most_us.max(latency_us);
        if answer.first() == Some(&b'-') {
            report.errors += 1;
            let text = String::from_utf8_lossy(&answer[1..answer.len() - 2]).into_owned();
            if report.error_texts.len() < ERRORS && !report.error_texts.contains(&text) {
                report.error_texts.push(text);
            }
        } else if let Some((key, number)) = asked.write {
            report.acknowledged_writes += 1;
            self.users[user].acknowledged.insert(key, number);
        }
    }
}

impl World {
    /// A simulated client has its turn then.
    pub(super) fn load_turn_at(&mut self, load: usize, client: usize, at_us: Micros) {
        self.loads[load].users[client].turn_us = Some(at_us);
        self.events.add(at_us, Event::Load { load, client });
    }

    /// A simulated client has its turn: it connects, or sends its next command.
    pub(super) fn load_turn(&mut self, load: usize, client: usize) {
        let now_us = self.now_us;
        let of = &mut self.loads[load];
        // One that has been put off, or brought forward, is none.
        let due = of.users[client].turn_us.take_if(|at_us| *at_us == now_us);
        if of.stopped || due.is_none() {
            return;
        }
        let user = &of.users[client];
        let Some(conn) = user.conn else {
            return self.load_connects(load, client);
        };
        if !user.works {
            return;
        }
        // A full socket takes no more.
        let command = (!of.is_full(client)).then(|| of.command(client, now_us));
        if of.setup.rate_per_s > 0 {
            let next_us = now_us + of.pause_us();
            self.load_turn_at(load, client, next_us);
        }
        let Some((bytes, asked)) = command else {
            return;
        };
        let of = &mut self.loads[load];
        of.users[client].asked.push_back(asked);
        of.report.sent += 1;
        self.load_waits(load, client);
        self.send(conn, true, bytes, now_us);
    }

    fn load_connects(&mut self, load: usize, client: usize) {
        let now_us = self.now_us;
        let to = self.load_dials(load, client);
        let place = self.loads[load].setup.place;
        let conn = self.open(End::Load(load, client), place, to, now_us);
        let user = &mut self.loads[load].users[client];
        (user.conn, user.since_us) = (Some(conn), now_us);
        self.load_waits(load, client);
    }

    /// A simulated client's connection stands.
    pub(super) fn load_stands(&mut self, load: usize, client: usize) {
        match self.loads[load].setup.finds {
            Some(_) => self.search_asks(load, client),
            None => self.load_works(load, client),
        }
    }

    /// It has the server that it wants.
    pub(super) fn load_works(&mut self, load: usize, client: usize) {
        let of = &mut self.loads[load];
        of.users[client].works = true;
        let at_us = self.now_us + of.pause_us();
        self.load_turn_at(load, client, at_us);
    }

    /// A simulated client has lost its connection, or got none.
    pub(super) fn load_lost(&mut self, load: usize, client: usize) {
        let of = &mut self.loads[load];
        let user = &mut of.users[client];
        of.report.unanswered += user.asked.len() as u64;
        user.asked.clear();
        user.partial.clear();
        user.conn = None;
        user.works = false;
        let at_us = self.now_us + self.search_lost(load, client);
        self.load_turn_at(load, client, at_us);
    }

    /// Bytes for a simulated client.
    pub(super) fn load_reply(&mut self, load: usize, client: usize, bytes: &[u8]) {
        let now_us = self.now_us;
        let of = &mut self.loads[load];
        let mut joined = std::mem::take(&mut of.users[client].partial);
        // Mostly answers come whole.
        let all = match joined.is_empty() {
            true => bytes,
            false => {
                joined.extend_from_slice(bytes);
                &joined
            }
        };
        if !of.users[client].works {
            return self.search_hears(load, client, all);
        }
        let mut at = 0;
        let mut answers = 0;
        let mut demoted = false;
        while let Some(length) = answer_length(&all[at..]) {
            of.answered(client, &all[at..at + length], now_us);
            demoted |= all[at..].starts_with(b"-READONLY");
            at += length;
            answers += 1;
        }
        if at < all.len() {
            of.users[client].partial = all[at..].to_vec();
        }
        if demoted && of.setup.finds.is_some() {
            self.load_gives_up(load, client);
        } else if of.setup.rate_per_s == 0 && answers > 0 {
            let at_us = now_us + of.pause_us();
            self.load_turn_at(load, client, at_us);
        }
    }
}

/// The number that a value begins with.
fn number_in(value: &[u8]) -> u64 {
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    num::parse_u64(&value[..digits]).unwrap_or(0)
}

/// How long the first answer is, if it is whole: a line, or a string.
fn answer_length(bytes: &[u8]) -> Option<usize> {
    let line = bytes.windows(2).position(|pair| pair == b"\r\n")? + 2;
    if bytes[0] != b'$' {
        return Some(line);
    }
    let length = num::parse_i64(&bytes[1..line - 2]).unwrap_or(-1);
    let whole = match usize::try_from(length) {
        Ok(length) => line + length + 2,
        Err(_) => line,
    };
    (bytes.len() >= whole).then_some(whole)
}

/// A number below `n`, the k-th with a probability of about 1/k: each octave is equally likely, and each number in it.
fn zipf(rng: &mut Rng, n: u32) -> u32 {
    let octaves = u64::from(n.ilog2()) + 1;
    loop {
        let low = 1u64 << rng.below(octaves);
        let k = low + rng.below(low);
        if k <= u64::from(n) {
            return (k - 1) as u32;
        }
    }
}

/// An exponentially distributed number with mean 1, by comparisons alone (von Neumann, 1951).
pub(super) fn exponential(rng: &mut Rng) -> f64 {
    let mut whole = 0.0;
    loop {
        let first = rng.float();
        let (mut last, mut length) = (first, 1);
        loop {
            let next = rng.float();
            if next >= last {
                break;
            }
            (last, length) = (next, length + 1);
        }
        if length % 2 == 1 {
            return whole + first;
        }
        whole += 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_distributions_that_they_say() {
        let mut rng = Rng::new(3);
        let draws: Vec<f64> = (0..20_000).map(|_| exponential(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let beyond = draws.iter().filter(|x| **x > 2.0).count();
        assert!((mean - 1.0).abs() < 0.03, "{mean}");
        // e^-2 of them.
        assert!((2500..2920).contains(&beyond), "{beyond}");
        let mut counts = [0u32; 100];
        (0..70_000).for_each(|_| counts[zipf(&mut rng, 100) as usize] += 1);
        assert!(
            counts[0] > counts[1] && counts[1] > 3 * counts[15],
            "{counts:?}"
        );
        assert!(counts.iter().all(|n| *n > 0));
        assert_eq!(zipf(&mut rng, 1), 0);
    }
}
