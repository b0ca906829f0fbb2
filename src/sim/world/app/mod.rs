//! Application processes: a program on the network that uses nodes and a database, and may serve requests.
//!
//! ```text
//!   simulated clients ──▶ inbox ──▶ ┌ ready tasks ┐ ──▶ one runs until it waits ──▶ redis, database, clock
//!                                   └──────▲──────┘                                         │
//!                                          └───────────── answers, timeouts ◀───────────────┘
//! ```
//!
//! One task runs at a time, as in an event loop, and 100 of its instructions take a microsecond: a task that works long holds
//! up the others, and one that never waits holds them up for good. It yields to the world after a millisecond all the same.
//! An error that nobody catches ends a request, or, anywhere else, the process.
mod calls;
mod serve;
#[cfg(test)]
mod tests;

use super::cost::WAKE_US;
use super::event::Event;
use super::hash::Hasher;
use super::host::LogLine;
use super::latency::Latencies;
use super::net::{ConnId, HostId};
use super::{HostState, World};
use crate::base::time::Micros;
use crate::command::LogLevel;
use crate::script::program::{self, Answer, Program, TaskId};
use calls::{Link, Timer};
use serve::{Request, Served};
use std::collections::{BTreeMap, VecDeque};

/// Where application processes are on the network: the first of them.
pub const APPS: HostId = 1000;
/// Most of them in a world.
pub const APPS_MOST: usize = 16;
/// Memory that a program may use, in bytes. The past of a world holds up to 24 copies of it.
const MEMORY: usize = 4 << 20;
/// Fuel that a task gets at a time: a millisecond.
const SLICE: i64 = 100_000;
/// Fuel that is counted as a microsecond.
const FUEL_A_MICROSECOND: u64 = 100;
/// Lines of its log that are kept.
const LINES: usize = 500;
/// Events of a world's history that are kept.
pub const HISTORY_MOST: usize = 5000;

/// How a process is made.
#[derive(Clone, Debug)]
pub struct AppSetup {
    pub name: String,
    /// Its program (`src/script/program.rs` has the functions).
    pub source: String,
    /// The node of `redis.call`, and the database of `db.get`.
    pub redis: Option<HostId>,
    pub database: Option<HostId>,
    /// How long it waits for a reply, and for a row, µs; 0: for ever.
    pub timeout_us: Micros,
    pub database_timeout_us: Micros,
}

/// Whether a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppState {
    Running,
    /// Its program is through.
    Ended,
    /// An error ended it.
    Failed,
    /// It was stopped.
    Stopped,
}

/// What it has done since it came into the world.
#[derive(Clone, Debug, Default)]
pub struct AppReport {
    pub requests: u64,
    pub answered: u64,
    /// Requests that ended by an error.
    pub failed: u64,
    pub calls: u64,
    /// Calls that got an error, or no answer.
    pub call_errors: u64,
    /// Of those that read a string or a field: something was there, or not.
    pub hits: u64,
    pub misses: u64,
    /// Calls, rows of the database, and requests from their arrival to their answer.
    pub call_latencies: Latencies,
    pub row_latencies: Latencies,
    pub request_latencies: Latencies,
}

/// An event that a program has noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub at_us: Micros,
    /// The process, by its place in [`World::apps`].
    pub app: usize,
    pub name: String,
    pub texts: Vec<String>,
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub struct App {
    pub setup: AppSetup,
    pub state: AppState,
    /// The process stands still.
    pub paused: bool,
    /// How often it was started.
    pub starts: u32,
    pub log: VecDeque<LogLine>,
    pub report: AppReport,
    seed: u64,
    program: Option<Box<Program>>,
    /// The task that is in the middle of its work.
    current: Option<TaskId>,
    /// Tasks that may go on, with what they go on with.
    ready: VecDeque<(TaskId, Answer)>,
    links: Vec<Link>,
    timers: BTreeMap<u64, Timer>,
    /// Numbers of timers and calls; they go on when it is started again.
    last_number: u64,
    /// Requests that no task has begun with, those that one works on, and connections they came over.
    inbox: VecDeque<Request>,
    begun: BTreeMap<TaskId, Request>,
    served: BTreeMap<ConnId, Served>,
    free_us: Micros,
    /// Fuel that is not paid for in time yet.
    unpaid: u64,
    /// An event is under way that lets it go on.
    wakes: bool,
}

impl App {
    pub(super) fn new(setup: AppSetup, seed: u64, now_us: Micros) -> App {
        App {
            setup,
            state: AppState::Stopped,
            paused: false,
            starts: 0,
            log: VecDeque::new(),
            report: AppReport::default(),
            seed,
            program: None,
            current: None,
            ready: VecDeque::new(),
            links: Vec::new(),
            timers: BTreeMap::new(),
            last_number: 0,
            inbox: VecDeque::new(),
            begun: BTreeMap::new(),
            served: BTreeMap::new(),
            free_us: now_us,
            unpaid: 0,
            wakes: false,
        }
    }

    /// Bytes that its program uses.
    pub fn memory(&self) -> usize {
        self.program.as_ref().map_or(0, |p| p.memory())
    }

    /// Tasks that it has.
    pub fn tasks(&self) -> usize {
        self.program.as_ref().map_or(0, |p| p.tasks())
    }

    /// Requests that wait for a task.
    pub fn waiting(&self) -> usize {
        self.inbox.len()
    }

    /// Requests that tasks work on.
    pub fn working(&self) -> usize {
        self.begun.len()
    }

    /// Whether it takes requests.
    pub fn serves(&self) -> bool {
        self.program.as_ref().is_some_and(|p| p.serves())
    }

    fn note(&mut self, at_us: Micros, level: LogLevel, text: String) {
        if self.log.len() == LINES {
            self.log.pop_front();
        }
        self.log.push_back(LogLine { at_us, level, text });
    }

    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    pub(super) fn has_timer(&self, timer: u64) -> bool {
        self.timers.contains_key(&timer)
    }

    /// Whether there is something that it could get on with.
    fn has_work(&self) -> bool {
        let room = self.tasks() < program::TASKS_MOST;
        self.current.is_some() || !self.ready.is_empty() || room && !self.inbox.is_empty()
    }

    pub(super) fn hash(&self, hash: &mut Hasher) {
        hash.number(self.state as u64 | u64::from(self.paused) << 8);
        hash.number(u64::from(self.starts));
        hash.number(self.free_us as u64);
        hash.number(self.last_number);
        hash.number(self.program.as_ref().map_or(0, |p| p.burnt()));
        for size in [
            self.memory(),
            self.tasks(),
            self.ready.len(),
            self.inbox.len(),
            self.timers.len(),
        ] {
            hash.number(size as u64);
        }
        for line in &self.log {
            hash.number(line.at_us as u64);
            hash.bytes(line.text.as_bytes());
        }
    }
}

impl World {
    /// The application processes, in the order in which they came.
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    /// What programs have noted, the oldest first; the first [`HISTORY_MOST`] of it.
    pub fn history(&self) -> &[Recorded] {
        &self.history
    }

    /// How many more they have noted.
    pub fn history_lost(&self) -> u64 {
        self.history_lost
    }

    /// Starts a process that does not run.
    pub(super) fn app_start(&mut self, id: usize) {
        let now_us = self.now_us;
        let app = &mut self.apps[id];
        if app.state == AppState::Running {
            return;
        }
        app.starts += 1;
        let seed = app.seed.wrapping_add(u64::from(app.starts)) as i32;
        let setup = &app.setup;
        app.links = vec![
            Link::new(setup.redis, "redis", setup.timeout_us),
            Link::new(setup.database, "the database", setup.database_timeout_us),
        ];
        app.paused = false;
        match Program::new(setup.source.as_bytes(), &setup.name, MEMORY, seed) {
            Err(why) => {
                app.state = AppState::Failed;
                let why = String::from_utf8_lossy(&why).into_owned();
                app.note(now_us, LogLevel::Warning, why);
            }
            Ok((program, main)) => {
                app.program = Some(Box::new(program));
                app.state = AppState::Running;
                app.free_us = now_us;
                app.ready.push_back((main, Answer::Nothing));
                self.app_wake(id);
            }
        }
    }

    /// A process ends: its kernel closes its connections.
    pub(super) fn app_end(&mut self, id: usize, state: AppState) {
        let app = &mut self.apps[id];
        app.program = None;
        app.state = state;
        app.current = None;
        app.ready.clear();
        app.timers.clear();
        app.inbox.clear();
        app.begun.clear();
        let out = std::mem::take(&mut app.links);
        let out = out.into_iter().filter_map(|link| link.conn());
        let ins = std::mem::take(&mut app.served).into_keys();
        let ends = out.map(|conn| (conn, true));
        for (conn, forward) in ends.chain(ins.map(|conn| (conn, false))) {
            self.close(conn, forward, self.now_us);
        }
    }

    /// Sees to it that a process that has something to do does it.
    pub(super) fn app_wake(&mut self, id: usize) {
        let app = &mut self.apps[id];
        if app.wakes || app.paused || app.program.is_none() || !app.has_work() {
            return;
        }
        app.wakes = true;
        let at_us = app.free_us.max(self.now_us);
        self.events.add(at_us, Event::App { app: id });
    }

    /// A process has its turn: one task runs until it waits for something, or for a millisecond.
    pub(super) fn app_turn(&mut self, id: usize) {
        let now_us = self.now_us;
        let app = &mut self.apps[id];
        app.wakes = false;
        if app.paused || app.free_us > now_us {
            return self.app_wake(id);
        }
        let before = app.program.as_ref().map_or(0, |p| p.burnt());
        if app.current.is_none() && !app.take_up() {
            return;
        }
        let (Some(program), Some(task)) = (&mut app.program, app.current) else {
            return;
        };
        let event = program.run(SLICE, now_us);
        app.unpaid += program.burnt() - before;
        app.free_us = now_us + WAKE_US + (app.unpaid / FUEL_A_MICROSECOND) as Micros;
        app.unpaid %= FUEL_A_MICROSECOND;
        if event != program::Event::Yielded {
            app.current = None;
        }
        self.app_said(id);
        self.app_goes(id, task, event);
        self.app_wake(id);
    }

    /// What its program has said and asked for on the way.
    fn app_said(&mut self, id: usize) {
        let app = &mut self.apps[id];
        let at_us = app.free_us;
        let Some(program) = &mut app.program else {
            return;
        };
        let said = std::mem::take(&mut program.said);
        let noted = std::mem::take(&mut program.noted);
        let wanted = std::mem::take(&mut program.wanted);
        let born = std::mem::take(&mut program.born);
        app.ready
            .extend(born.into_iter().map(|task| (task, Answer::Nothing)));
        for line in said {
            app.note(at_us, LogLevel::Notice, line);
        }
        let usual_us = app.setup.timeout_us;
        for wanted in wanted {
            let timeout_us = wanted.timeout_ms.map(|ms| (ms.max(0.0) * 1000.0) as Micros);
            let to = self.host_named(&wanted.name);
            let link = Link::new(to, &wanted.name, timeout_us.unwrap_or(usual_us));
            self.apps[id].links.push(link);
        }
        for noted in noted {
            if self.history.len() >= HISTORY_MOST {
                self.history_lost += 1;
                continue;
            }
            self.history.push(Recorded {
                at_us,
                app: id,
                name: noted.name,
                texts: noted.texts,
            });
        }
    }

    /// What a task has come to.
    fn app_goes(&mut self, id: usize, task: TaskId, event: program::Event) {
        match event {
            program::Event::Yielded => {}
            program::Event::Sleep(us) => {
                let at_us = self.apps[id].free_us + us;
                self.app_timer(id, at_us, Timer::Sleep(task));
            }
            program::Event::Done(value) => self.app_done(id, task, Ok(value)),
            program::Event::Failed(text) => self.app_done(id, task, Err(text)),
            call => self.app_calls(id, task, call),
        }
    }

    /// A task is through.
    fn app_done(&mut self, id: usize, task: TaskId, end: Result<Option<Vec<u8>>, Vec<u8>>) {
        let app = &mut self.apps[id];
        let at_us = app.free_us;
        let text = end.as_ref().err();
        let text = text.map(|text| String::from_utf8_lossy(text).into_owned());
        if let Some(text) = &text {
            app.note(at_us, LogLevel::Warning, text.clone());
        }
        if let Some(request) = app.begun.remove(&task) {
            return self.app_answers(id, request, end);
        }
        if text.is_some() {
            return self.app_end(id, AppState::Failed);
        }
        if app.tasks() == 0 && !app.serves() {
            app.note(at_us, LogLevel::Notice, "The program is through.".into());
            self.app_end(id, AppState::Ended);
        }
    }

    /// Whether a process takes connections.
    pub(super) fn app_state(&self, id: usize) -> HostState {
        match self.apps.get(id).is_some_and(App::serves) {
            true => HostState::Up,
            false => HostState::Down,
        }
    }
}

impl App {
    /// Puts the next task into the machine; false if there is none.
    fn take_up(&mut self) -> bool {
        let Some(program) = &mut self.program else {
            return false;
        };
        if let Some((task, answer)) = self.ready.pop_front() {
            program.go_on(task, answer);
            self.current = Some(task);
            return true;
        }
        let Some(request) = self.inbox.pop_front() else {
            return false;
        };
        match program.request(&request.key, request.value.as_deref()) {
            Some(task) => {
                program.go_on(task, Answer::Nothing);
                self.current = Some(task);
                self.begun.insert(task, request);
                true
            }
            None => {
                self.inbox.push_front(request);
                false
            }
        }
    }
}
