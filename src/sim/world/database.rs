//! A database that is slow: rows by key, a few workers, and a queue before them, which is what a stampede fills.
//!
//! ```text
//!   a program's db.get ──▶ queue ──▶ [worker][worker][worker][worker] ──▶ answer
//!                          ▲ refused beyond its length
//! ```
//!
//! What is written is durable as soon as it is done: a crash loses what was queued or at work, and nobody was told otherwise.
use super::event::Event;
use super::hash::Hasher;
use super::latency::Latencies;
use super::load::exponential;
use super::net::ConnId;
use super::{HostId, HostState, World};
use crate::base::num;
use crate::base::rng::Rng;
use crate::base::time::Micros;
use crate::resp::request;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Where databases are on the network: the first of them.
pub const DATABASES: HostId = 2000;
/// Most databases of a world.
pub const DATABASES_MOST: usize = 4;
/// Most bytes of rows that were written.
const BYTES_MOST: usize = 8 << 20;

/// How a database is made.
#[derive(Clone, Debug)]
pub struct DatabaseSetup {
    pub name: String,
    /// The rows it has at the beginning: `prefix:0`, `prefix:1` and so on.
    pub prefix: String,
    pub rows: u32,
    /// How long a worker takes for a row, in the mean, µs: half of it always, the other half exponentially distributed.
    pub read_us: Micros,
    pub write_us: Micros,
    /// How many rows are worked on at once.
    pub workers: usize,
    /// How many may wait.
    pub queue: usize,
}

/// What became of its work.
#[derive(Clone, Debug, Default)]
pub struct DatabaseReport {
    pub reads: u64,
    pub writes: u64,
    /// Refused because too many waited.
    pub refused: u64,
    /// Lost in a crash.
    pub lost: u64,
    /// The longest that the queue ever was.
    pub waiting_most: usize,
    /// From the arrival of a request to its answer.
    pub latencies: Latencies,
}

#[derive(Clone, Debug)]
struct Job {
    conn: ConnId,
    /// What its sender calls it.
    number: Vec<u8>,
    at_us: Micros,
    key: Vec<u8>,
    /// What is written; `None`: it is read.
    value: Option<Vec<u8>>,
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub struct Database {
    pub setup: DatabaseSetup,
    pub report: DatabaseReport,
    /// Whether it runs.
    pub up: bool,
    /// It begins nothing new.
    pub paused: bool,
    /// How long everything takes, in percent of what it should.
    pub slow_percent: u32,
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    bytes: usize,
    rng: Rng,
    queue: VecDeque<Job>,
    working: BTreeMap<u64, Job>,
    last_job: u64,
    /// The connections that it has taken.
    pub(super) conns: BTreeSet<ConnId>,
}

impl Database {
    pub(super) fn new(setup: DatabaseSetup, rng: Rng) -> Database {
        Database {
            setup,
            report: DatabaseReport::default(),
            up: true,
            paused: false,
            slow_percent: 100,
            rows: BTreeMap::new(),
            bytes: 0,
            rng,
            queue: VecDeque::new(),
            working: BTreeMap::new(),
            last_job: 0,
            conns: BTreeSet::new(),
        }
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// How many are worked on.
    pub fn working(&self) -> usize {
        self.working.len()
    }

    /// A row as it is now; `None` if there is none. For probes: it costs no time.
    pub fn row(&self, key: &[u8]) -> Option<Vec<u8>> {
        if let Some(row) = self.rows.get(key) {
            return Some(row.clone());
        }
        let number = key.strip_prefix(self.setup.prefix.as_bytes())?;
        let number = num::parse_i64(number.strip_prefix(b":")?)?;
        let there = (0..i64::from(self.setup.rows)).contains(&number);
        there.then(|| [b"row of ", key].concat())
    }

    /// Writes a row; false if there is no room.
    fn write(&mut self, key: &[u8], value: &[u8]) -> bool {
        let before = self.rows.get(key).map_or(0, |row| key.len() + row.len());
        let bytes = self.bytes - before + key.len() + value.len();
        if bytes > BYTES_MOST {
            return false;
        }
        self.bytes = bytes;
        self.rows.insert(key.to_vec(), value.to_vec());
        true
    }

    /// How long a worker takes for the next row, µs.
    fn takes_us(&mut self, write: bool) -> Micros {
        let mean_us = match write {
            true => self.setup.write_us,
            false => self.setup.read_us,
        };
        let half = mean_us as f64 / 2.0;
        let us = half + half * exponential(&mut self.rng);
        ((us * f64::from(self.slow_percent) / 100.0) as Micros).max(1)
    }

    pub(super) fn is_at_work(&self, job: u64) -> bool {
        self.working.contains_key(&job)
    }

    pub(super) fn hash(&self, hash: &mut Hasher) {
        hash.number(u64::from(self.up) | u64::from(self.paused) << 1);
        hash.number(self.queue.len() as u64);
        hash.number(self.last_job);
        hash.number(self.rng.clone().next_u64());
        for (key, row) in &self.rows {
            hash.bytes(key);
            hash.bytes(row);
        }
    }
}

impl World {
    /// The databases, in the order in which they came.
    pub fn databases(&self) -> &[Database] {
        &self.databases
    }

    /// A request has come over a connection.
    pub(super) fn database_asked(&mut self, id: usize, conn: ConnId, bytes: &[u8]) {
        let Some(mut words) = request::words(bytes) else {
            return;
        };
        let value = (words.len() == 4).then(|| words.pop()).flatten();
        let Ok([_, number, key]) = <[Vec<u8>; 3]>::try_from(words) else {
            return;
        };
        let at_us = self.now_us;
        let database = &mut self.databases[id];
        let job = Job {
            conn,
            number,
            at_us,
            key,
            value,
        };
        if database.queue.len() >= database.setup.queue {
            database.report.refused += 1;
            return self.database_answers(job, b"-", b"too many requests wait for the database");
        }
        database.queue.push_back(job);
        self.database_begins(id);
        let database = &mut self.databases[id];
        let most = &mut database.report.waiting_most;
        *most = (*most).max(database.queue.len());
    }

    /// Gives its free workers something to do.
    pub(super) fn database_begins(&mut self, id: usize) {
        let now_us = self.now_us;
        let database = &mut self.databases[id];
        while !database.paused
            && database.working.len() < database.setup.workers
            && let Some(job) = database.queue.pop_front()
        {
            let at_us = now_us + database.takes_us(job.value.is_some());
            database.last_job += 1;
            let number = database.last_job;
            database.working.insert(number, job);
            let event = Event::Query {
                database: id,
                job: number,
            };
            self.events.add(at_us, event);
        }
    }

    /// A worker is through.
    pub(super) fn database_done(&mut self, id: usize, job: u64) {
        let now_us = self.now_us;
        let database = &mut self.databases[id];
        let Some(job) = database.working.remove(&job) else {
            return;
        };
        database.report.latencies.add(now_us - job.at_us);
        match &job.value {
            None => {
                database.report.reads += 1;
                match database.row(&job.key) {
                    Some(row) => self.database_answers(job, b"+", &row),
                    None => self.database_answers(job, b"0", b""),
                }
            }
            Some(value) => match database.write(&job.key, value) {
                true => {
                    database.report.writes += 1;
                    self.database_answers(job, b"=", b"");
                }
                false => self.database_answers(job, b"-", b"the database is full"),
            },
        }
        self.database_begins(id);
    }

    fn database_answers(&mut self, job: Job, sign: &[u8], text: &[u8]) {
        let bytes = request::command(&[&job.number, sign, text]);
        self.send(job.conn, false, bytes, self.now_us);
    }

    /// Its process ends: what was queued or at work is lost, and its connections are closed.
    pub(super) fn database_ends(&mut self, id: usize) {
        let database = &mut self.databases[id];
        database.up = false;
        database.report.lost += (database.queue.len() + database.working.len()) as u64;
        database.queue.clear();
        database.working.clear();
        for conn in std::mem::take(&mut database.conns) {
            self.close(conn, false, self.now_us);
        }
    }

    /// Whether it takes connections.
    pub(super) fn database_state(&self, id: usize) -> HostState {
        match self.databases.get(id).is_some_and(|database| database.up) {
            true => HostState::Up,
            false => HostState::Down,
        }
    }
}
