//! What commands want of the files: SAVE, BGSAVE, BGREWRITEAOF, `appendonly` on and off, SHUTDOWN.
use super::super::node::Node;
use super::flush::State;
use super::job::{Form, Job, PIECE};
use crate::command::persistence::{Background, Order, Reload};
use crate::command::{ClientId, Effect};
use crate::persist::aof::manifest::Manifest;
use crate::persist::disk::{DiskError, Done, Op};

/// What a job that everything waits for is about.
#[derive(Clone, Debug)]
pub(in crate::server) enum Front {
    /// SAVE of this client.
    Save(ClientId),
    /// The files are ready for a rewrite that this client asked for; what they are then.
    Begin(ClientId, Switch),
    /// A rewrite is done: its file gets its place.
    Finish(Manifest, Option<String>),
    /// The files of before the last rewrite are gone.
    Removed,
    /// The files that the node begins with.
    Found(Manifest, String),
    /// `appendonly no`.
    Stop,
    /// The data is saved for DEBUG RELOAD.
    Reload(Reload),
    /// FLUSHALL emptied the file.
    Flushed(i64),
    /// The old append-only file has its place.
    Upgraded,
    /// The snapshot of the primary is a file.
    Received,
    /// The Sentinel's configuration file.
    Watch,
    /// Before the end: the client who asked for it, and whether a failed save keeps the node alive.
    Exit { id: ClientId, force: bool },
}

/// Where the log goes while a rewrite is under way.
#[derive(Clone, Debug)]
pub(in crate::server) struct Switch {
    pub(super) manifest: Manifest,
    /// The file that is written to; empty: none.
    pub(super) path: String,
}

/// The increment of a rewrite that has yet to make the files whole.
pub(super) const TEMPORARY: &str = "temp-";

impl Node {
    /// The name of a file of the append-only directory.
    pub(super) fn aof_path(&self, name: &str) -> String {
        [&self.storage_text("appenddirname"), "/", name].concat()
    }

    pub(in crate::server) fn storage_text(&self, parameter: &str) -> String {
        String::from_utf8_lossy(&self.config.text(parameter)).into_owned()
    }

    pub(super) fn manifest_path(&self) -> String {
        self.aof_path(&(self.storage_text("appendfilename") + ".manifest"))
    }

    /// The requests that put a manifest in the place of another.
    pub(super) fn manifest_ops(&self, manifest: &Manifest) -> Vec<Op> {
        let (path, dir) = (self.manifest_path(), self.storage_text("appenddirname"));
        let temporary =
            self.aof_path(&["temp_", &self.storage_text("appendfilename"), ".manifest"].concat());
        let bytes = manifest.to_bytes();
        vec![
            Op::Create {
                path: temporary.clone(),
            },
            Op::Append {
                path: temporary.clone(),
                bytes,
            },
            Op::Sync {
                path: temporary.clone(),
            },
            Op::Rename {
                from: temporary,
                to: path,
            },
            Op::SyncDir { dir },
        ]
    }

    /// The file that is written to goes to the platter.
    pub(super) fn last_sync(&self) -> Option<Op> {
        let path = self.storage.aof.path.clone();
        (self.storage.aof.state != State::Off && !path.is_empty()).then_some(Op::Sync { path })
    }

    /// Takes up what a command wants, as soon as nothing of the log is on its way; whether it has.
    pub(super) fn take_order(&mut self) -> bool {
        if !self.server.persist.has_order() {
            return false;
        }
        if matches!(self.server.persist.order, Some(Order::Exit { .. })) {
            // Whoever has not read its files has nothing to add to them.
            self.storage.start = None;
            self.stop_loading();
        }
        let flushed = self.server.persist.aof.write_error.is_some() || !self.has_log();
        let storage = &self.storage;
        let reads = storage.start.is_some() || self.sync.loads();
        if storage.front.is_some() || !storage.aof.is_quiet() || reads || !flushed {
            return false;
        }
        if let Some(dirty) = self.server.persist.flushed.take() {
            self.save_nothing(dirty);
            return true;
        }
        let Some(order) = self.server.persist.order.take() else {
            return false;
        };
        match order {
            Order::Save(id) => {
                let path = self.temporary();
                let job = self.save_job(&path, true);
                self.note_image(&path);
                self.run_front(job, Front::Save(id));
            }
            Order::BackgroundSave => self.begin_save(),
            Order::RewriteAof(id) => self.begin_rewrite(id),
            Order::StartAof(id) => self.start_aof(id),
            Order::StopAof => {
                self.kill(Background::RewriteAof);
                let sync = self.last_sync();
                self.run_front(Job::of(sync), Front::Stop);
            }
            Order::Reload(reload) => self.begin_reload(reload),
            Order::LoadAof(id) => self.begin_load_aof(id),
            Order::PlaceBase => self.place_base(),
            Order::Load => self.begin_load(),
            Order::SaveWatch => self.begin_save_watch(),
            Order::Exit { id, save, force } => self.begin_exit(id, save, force),
        }
        true
    }

    /// A snapshot into the file of `dbfilename`, by way of a temporary one. `live`: of the data as it is now.
    pub(super) fn save_job(&self, temporary: &str, live: bool) -> Job {
        let mut options = self.save_options();
        options.live = live;
        let ops = self.replacing(temporary);
        Job::image(Form::snapshot(options), temporary, ops)
    }

    /// The same of a snapshot that is there in bytes.
    pub(in crate::server) fn keep_job(&self, bytes: &[u8]) -> Job {
        let path = self.temporary();
        let mut ops = vec![Op::Create { path: path.clone() }];
        ops.extend(bytes.chunks(PIECE).map(|piece| Op::Append {
            path: path.clone(),
            bytes: piece.to_vec(),
        }));
        ops.push(Op::Sync { path: path.clone() });
        ops.extend(self.replacing(&path));
        let mut job = Job::of(ops);
        job.temporary = Some(path);
        job
    }

    /// Where a snapshot is written before it takes the place of the last one.
    pub(in crate::server) fn temporary(&self) -> String {
        ["temp-", &self.server.pid.to_string(), ".rdb"].concat()
    }

    /// The temporary file becomes that of `dbfilename`.
    fn replacing(&self, temporary: &str) -> [Op; 2] {
        let rename = Op::Rename {
            from: temporary.into(),
            to: self.storage_text("dbfilename"),
        };
        [rename, Op::SyncDir { dir: String::new() }]
    }

    fn begin_exit(&mut self, id: ClientId, save: bool, force: bool) {
        self.kill(Background::RewriteAof);
        self.kill(Background::Save);
        self.kill_feed();
        let mut job = match save {
            true => {
                self.say(false, &["Saving the final RDB snapshot before exiting."]);
                let path = self.temporary();
                self.note_image(&path);
                self.save_job(&path, true)
            }
            false => Job::of([]),
        };
        job.before(self.last_sync());
        self.run_front(job, Front::Exit { id, force });
    }

    /// Whether the primary's snapshot is on its way into a file.
    pub(in crate::server) fn writes_received(&self) -> bool {
        matches!(self.storage.front, Some((_, Front::Received)))
    }

    pub(in crate::server) fn run_front(&mut self, job: Job, about: Front) {
        self.storage.front = Some((job, about));
        self.front_on();
    }

    /// The next request of the job that everything waits for.
    fn front_on(&mut self) {
        let Some((job, _)) = &mut self.storage.front else {
            return;
        };
        match job.next(&mut self.ks, true) {
            Some(op) => job.awaits = self.storage.asked.ask(op),
            None => self.front_ended(Ok(())),
        }
    }

    pub(super) fn front_answered(&mut self, done: Done) {
        let Some((job, _)) = &mut self.storage.front else {
            return;
        };
        match job.answered(done) {
            Ok(()) => self.front_on(),
            Err(error) => self.front_ended(Err(error)),
        }
    }

    fn front_ended(&mut self, result: Result<(), DiskError>) {
        let Some((job, about)) = self.storage.front.take() else {
            return;
        };
        if result.is_err()
            && let Some(path) = job.temporary
        {
            self.storage.asked.ask(Op::Remove { path });
        }
        match about {
            Front::Save(id) => self.saved(id, result),
            Front::Begin(id, switch) => self.begun(id, switch, result),
            Front::Finish(manifest, path) => self.finished(manifest, path, result),
            Front::Removed => self.removed(result),
            Front::Found(manifest, path) => self.founded(manifest, path, result),
            Front::Stop => self.stopped(),
            Front::Reload(reload) => self.reload_saved(reload, result),
            Front::Flushed(dirty) => self.flushed(dirty, result),
            Front::Upgraded => self.upgraded(result),
            Front::Received => self.load_received(result),
            Front::Watch => self.watch_saved(result),
            Front::Exit { id, force } => self.exits(id, force, result),
        }
    }

    fn saved(&mut self, id: ClientId, result: Result<(), DiskError>) {
        match result {
            Ok(()) => {
                self.note_saved(self.ks.dirty);
                self.server.persist.saves.count += 1;
                self.server.tell(id, &|out| out.ok());
            }
            Err(error) => {
                self.save_failed(error);
                self.server.tell(id, &|out| out.error(b"ERR"));
            }
        }
    }

    /// The file has the data as it was when `dirty` changes were counted.
    pub(super) fn note_saved(&mut self, dirty: i64) {
        self.say(false, &["DB saved on disk"]);
        let saves = &mut self.server.persist.saves;
        saves.dirty = dirty;
        saves.last_s = self.ks.now_ms / 1000;
        saves.ok = true;
    }

    pub(super) fn save_failed(&mut self, error: DiskError) {
        let what = "Write error while saving DB to the disk: ";
        self.say(true, &[what, error.text()]);
    }

    fn exits(&mut self, id: ClientId, force: bool, result: Result<(), DiskError>) {
        if let Err(error) = result {
            self.say(
                true,
                &["Error trying to save the DB, can't exit: ", error.text()],
            );
            if !force {
                let text = b"ERR Errors trying to SHUTDOWN. Check logs.";
                return self.server.tell(id, &|out| out.error(text));
            }
        }
        self.server.effects.push(Effect::Exit);
    }

    pub(in crate::server) fn stopped(&mut self) {
        let aof = &mut self.storage.aof;
        aof.state = State::Off;
        aof.path = String::new();
        aof.forget_unwritten(self.server.persist.aof.logged);
        self.note_opened();
        let figures = &mut self.server.persist.aof;
        figures.on = false;
        figures.safe = figures.logged;
        (figures.write_error, figures.sync_error) = (None, None);
        if !self.storage.tapped {
            self.log = None;
            self.server.propagates = self.stream.is_some();
        }
    }
}
