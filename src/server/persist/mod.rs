//! The node's work for the disk: what it asks, what becomes of the answers, and what has to wait for them.
//!
//! - here: requests and answers, and the end of each input;
//! - `job`: a row of requests done one after another, with an image of the data among them;
//! - `flush`: the append-only file as it grows;
//! - `orders`: what commands want: SAVE, BGSAVE, BGREWRITEAOF, `appendonly`, SHUTDOWN;
//! - `background`: snapshots and rewrites beside the commands, and what the cron begins by itself;
//! - `reading`: a snapshot read slice by slice; `start`: the files, as the node begins; `upgrade`: an append-only file of the
//!   old kind; `again`: files read again for DEBUG.
//!
//! At most four things are under way: the file's flush, one job that everything waits for (`front`), one in the background,
//! and reading at the start. Each has at most one request out.
mod again;
mod background;
mod flush;
mod job;
mod orders;
mod reading;
mod start;
#[cfg(test)]
mod tests;
mod upgrade;

use super::node::Node;
use crate::base::time::Micros;
use crate::command::persistence::Order;
use crate::command::{ClientId, Command, Effect, Error, F, LogLevel};
use crate::persist::disk::{Answer, DiskError, Done, MemoryDisk, Op, Request};
use flush::Aof;
pub(super) use job::Job;
pub(super) use orders::Front;
pub(super) use reading::Reading;
use reading::SLICE;
use start::Start;

/// All of it.
#[derive(Clone, Default)]
pub(super) struct Storage {
    asked: Asked,
    /// Answers at once where the host has no disk for the node.
    pub(super) memory: Option<MemoryDisk>,
    pub(super) aof: Aof,
    front: Option<(Job, Front)>,
    back: Option<Job>,
    /// What the last background job wrote, before it has its place, and how long it is.
    base: Option<String>,
    base_bytes: u64,
    /// How the last background job ended; the cron takes note of it.
    ended: Option<Result<(), DiskError>>,
    start: Option<Start>,
    /// What the input at hand may still read of files.
    slice: usize,
    /// Forks so far; each child has a number of its own.
    forks: u32,
    /// A host takes the log itself.
    pub(super) tapped: bool,
    /// The log is written at the end of the host's turn, not of each input.
    gathers: bool,
    /// The node cannot go on.
    dead: bool,
}

/// What the host has not taken yet.
#[derive(Clone, Default)]
struct Asked {
    requests: Vec<Request>,
    last_number: u64,
}

impl Asked {
    fn ask(&mut self, op: Op) -> u64 {
        self.last_number += 1;
        let number = self.last_number;
        self.requests.push(Request { number, op });
        number
    }
}

impl Node {
    /// Asks the disk for something; the number that the answer comes under.
    pub(super) fn ask_disk(&mut self, op: Op) -> u64 {
        self.storage.asked.ask(op)
    }

    /// What the host's disk must do now, in this order. Answers come back as [`Input::Disk`](super::Input::Disk).
    pub fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.storage.asked.requests)
    }

    /// The end of an input: the disk is asked for what follows from it, and whoever waited for the disk goes on.
    #[cold]
    pub(super) fn persist(&mut self) {
        if self.gathers_on() {
            self.collect_log();
            self.serve_memory();
        } else {
            self.write_log();
        }
        let (storage, persist) = (&self.storage, &mut self.server.persist);
        persist.active = persist.aof.on
            || persist.has_order()
            || storage.front.is_some()
            || storage.back.is_some()
            || storage.ended.is_some()
            || storage.start.is_some()
            || persist.loading.is_some()
            || self.sync.loads()
            || self.sync.is_serving();
    }

    /// Begins a turn of the host's loop, as when a real server serves all clients that have sent something before it writes:
    /// what the inputs until [`Node::end_turn`] write goes to the disk together, and one fsync serves all of it. A command that
    /// itself needs the disk is not put off. No output may be shown meanwhile.
    pub fn begin_turn(&mut self) {
        self.storage.gathers = true;
    }

    /// Ends it: the disk is asked for what follows from all of it. Output stands then as after an input.
    pub fn end_turn(&mut self) {
        self.storage.gathers = false;
        self.settle_disk();
    }

    /// What an input or a turn leaves for the disk.
    pub(super) fn settle_disk(&mut self) {
        if !self.server.persist.active {
            return;
        }
        match self.script {
            Some(_) => self.persist_beside_script(),
            None => self.persist(),
        }
    }

    /// Whether what is written can wait for the turn's end.
    fn gathers_on(&self) -> bool {
        let persist = &self.server.persist;
        self.storage.gathers
            && !persist.stalled
            && persist.order.is_none()
            && self.storage.front.is_none()
    }

    /// Writes and syncs what is due, and takes up orders, until that has to wait for the disk.
    fn write_log(&mut self) {
        loop {
            self.order_load();
            self.take_order();
            self.flush_aof();
            self.serve_memory();
            if self.take_order() {
                continue; // what the disk answered left the next one
            }
            if !self.ends_stall() {
                break;
            }
            self.resume();
        }
    }

    /// The end of an input while a script is not through: what was written before it goes to the disk, and is waited for.
    #[cold]
    pub(super) fn persist_beside_script(&mut self) {
        // SHUTDOWN NOSAVE is heard meanwhile.
        if self.gathers_on() || self.server.persist.order.is_some() {
            return self.persist();
        }
        self.flush_aof();
        self.serve_memory();
        if self.ends_stall() {
            self.resume();
        }
    }

    /// Notes whether the disk has to answer first; whether it has just done so.
    fn ends_stall(&mut self) -> bool {
        let waits = self.waits_for_disk();
        let waited = std::mem::replace(&mut self.server.persist.stalled, waits);
        waited && !waits
    }

    /// An input may read so much.
    #[inline(always)]
    pub(super) fn new_slice(&mut self) {
        self.storage.slice = SLICE;
    }

    /// The beginning of an input: what goes on by itself.
    #[cold]
    pub(super) fn persist_on(&mut self) {
        self.start_on();
        self.load_on();
        self.background_on();
    }

    /// Lets the log know what time it is, if it is to say so.
    #[cold]
    pub(super) fn stamp_log(&mut self) {
        let now_s = self.ks.now_ms / 1000;
        let stamped = self.config.aof_timestamp_enabled.then_some(now_s);
        if let Some(log) = &mut self.log {
            log.now_s = stamped;
        }
    }

    /// The process is told to end: as SHUTDOWN.
    pub(super) fn terminate(&mut self) {
        let save = !self.config.save_points.is_empty() && !self.is_loading();
        self.server.persist.order(Order::Exit {
            id: 0,
            save,
            force: false,
        });
    }

    /// Why a command may not run while the node loads, or cannot save what is written.
    #[cold]
    pub(super) fn restriction(&self, id: ClientId, command: &Command) -> Option<Error> {
        let persist = &self.server.persist;
        let client = self.server.clients.get(id);
        if client.is_some_and(|c| c.obeyed) {
            return None;
        }
        let queue = client.and_then(|c| c.queue.as_deref());
        let queue = queue.filter(|_| command.name == "exec");
        let loads = |command: &Command| command.flags.has(F::LOADING);
        if persist.loading.is_some()
            && !(loads(command)
                && queue.is_none_or(|q| q.commands().iter().all(|c| loads(c.command))))
        {
            return Some(Error::new("LOADING Redis is loading the dataset in memory"));
        }
        let queued = queue.map(|q| q.flags());
        let writes = command.flags.has(F::WRITE) || queued.is_some_and(|flags| flags.has(F::WRITE));
        if !writes && command.name != "ping" {
            return None;
        }
        let saves = self.config.stop_writes_on_bgsave_error && !self.config.save_points.is_empty();
        if saves && !persist.saves.ok {
            return Some(Error::new(
                "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. \
                 Commands that may modify the data set are disabled, because this instance is configured to report \
                 errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the \
                 Redis logs for details about the RDB error.",
            ));
        }
        let error = persist.aof.write_error.or(persist.aof.sync_error)?;
        let text = ["MISCONF Errors writing to the AOF file: ", error.text()].concat();
        persist.aof.on.then(|| Error::new(text))
    }

    /// Whether nothing may run, and nothing be told, before the disk has answered.
    fn waits_for_disk(&self) -> bool {
        let storage = &self.storage;
        self.server.persist.has_order()
            || storage.front.is_some()
            || storage.start.as_ref().is_some_and(Start::stalls)
            || storage.dead
            || self.holds_replies()
    }

    /// The disk has answered: replies go out, and what came meanwhile is run.
    fn resume(&mut self) {
        let told = self.server.clients.iter();
        let told = told.filter(|c| !c.out.as_bytes().is_empty()).map(|c| c.id);
        self.server.effects.extend(told.map(Effect::Output));
        self.serve_waiting();
        self.go_on();
    }

    /// Answers for the node where no host does.
    fn serve_memory(&mut self) {
        while let Some(disk) = &mut self.storage.memory {
            let requests = std::mem::take(&mut self.storage.asked.requests);
            if requests.is_empty() && self.storage.start.is_none() {
                return;
            }
            let done = |Request { number, op }| (number, disk.execute(op));
            let done: Vec<_> = requests.into_iter().map(done).collect();
            for (number, done) in done {
                self.answered(number, done);
            }
            // Nobody waits for a disk that is none: all of a file is read at once.
            self.new_slice();
            self.start_on();
        }
    }

    /// What became of a request.
    pub(super) fn answered(&mut self, number: u64, done: Done) {
        if self.reads_for_replicas(number) {
            return self.read_for_replicas(done);
        }
        let storage = &self.storage;
        let awaits = |job: &Job| job.awaits == number;
        if storage.front.as_ref().is_some_and(|(job, _)| awaits(job)) {
            self.front_answered(done);
        } else if storage.back.as_ref().is_some_and(awaits) {
            self.back_answered(done);
        } else if storage.start.as_ref().is_some_and(|s| s.awaits == number) {
            self.start_answered(done);
        } else {
            self.flush_answered(number, done);
        }
    }

    /// When there is work to go on with that waits for no answer, or something is due; `None`: the cron is early enough.
    pub(super) fn disk_timer_us(&self) -> Option<Micros> {
        let now_us = self.server.now_us;
        let ready = |job: &Job| job.awaits == 0;
        if self.storage.back.as_ref().is_some_and(ready) || self.reads_on() {
            return Some(now_us);
        }
        let sync_us = self.sync_due_us();
        sync_us.into_iter().chain(self.snapshot_timer_us()).min()
    }

    /// Whether there is something to read on in that waits for no answer.
    pub(super) fn reads_on(&self) -> bool {
        self.storage.start.as_ref().is_some_and(Start::is_ready) || self.sync.loads()
    }

    /// Whether the node reads its files, with a word for the host's log.
    pub fn is_loading(&self) -> bool {
        self.server.persist.loading.is_some()
    }

    /// Whether replies and input wait for the disk.
    pub fn is_stalled(&self) -> bool {
        self.server.persist.stalled
    }

    /// Keys in all databases.
    pub fn key_count(&self) -> usize {
        (0..self.ks.count()).map(|i| self.ks.table(i).len()).sum()
    }

    /// Whether writes go to the append-only file.
    pub fn has_aof(&self) -> bool {
        self.server.persist.aof.on
    }

    /// A line for the server's log; `parts` are put together.
    pub(super) fn say(&mut self, warning: bool, parts: &[&str]) {
        let level = match warning {
            true => LogLevel::Warning,
            false => LogLevel::Notice,
        };
        self.server.log(&self.config, level, parts.concat());
    }

    /// The node cannot go on: why, and the end.
    fn give_up(&mut self, parts: &[&str]) {
        self.say(true, parts);
        self.server.effects.push(Effect::Abort);
        self.storage.dead = true;
    }
}

/// How many bytes of an append were taken; anything but all of them is an error.
fn whole(done: Done, len: usize) -> Result<(), DiskError> {
    match done? {
        Answer::Written(n) if n < len => Err(DiskError::Full),
        _ => Ok(()),
    }
}
