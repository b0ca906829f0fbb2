//! Snapshots and rewrites beside the commands, as a child of a real server makes them: of the data as it was when they
//! began. The cron takes note of their end, and begins those that are due.
use super::super::node::Node;
use super::flush::State;
use super::job::{Form, Job};
use super::orders::{Front, Switch, TEMPORARY};
use crate::command::ClientId;
use crate::command::persistence::{Background, Order};
use crate::persist::aof::manifest::Manifest;
use crate::persist::aof::rewrite::Rewrite;
use crate::persist::disk::{DiskError, Done, Op};

/// After a failure the next attempt waits so long, seconds.
const RETRY_S: i64 = 5;

impl Node {
    /// Begins what works on a fork.
    fn begin_background(&mut self, what: Background, path: String) {
        self.ks.fork();
        self.note_image(&path);
        let job = match what {
            Background::Save | Background::Sync => self.save_job(&path, false),
            Background::RewriteAof => {
                let form = self.base_form(false);
                Job::image(form, &path, [])
            }
        };
        let keys = (0..self.ks.count())
            .map(|i| self.ks.table(i).len() as u64)
            .sum();
        let persist = &mut self.server.persist;
        persist.background = Some((what, self.server.now_us));
        persist.keys = (0, keys);
        persist.forked_dirty = self.ks.dirty;
        persist.active = true;
        persist.forks += 1;
        self.storage.back = Some(job);
    }

    /// What the base of an append-only file is made of.
    pub(super) fn base_form(&self, live: bool) -> Form {
        if !self.config.aof_use_rdb_preamble {
            let now_s = self
                .config
                .aof_timestamp_enabled
                .then_some(self.ks.now_ms / 1000);
            let libraries = self.server.libraries.all();
            let codes: Vec<_> = libraries.map(|library| library.code.as_slice()).collect();
            return Form::Commands(Box::new(Rewrite::new(live, now_s, &codes)));
        }
        let mut options = self.save_options();
        options.live = live;
        options.is_base(true);
        // The log says nothing of replication.
        options.about.retain(|(name, _)| !name.starts_with("repl-"));
        Form::snapshot(options)
    }

    fn child(&mut self) -> u32 {
        self.storage.forks += 1;
        self.server.pid + self.storage.forks
    }

    pub(in crate::server) fn begin_save(&mut self) {
        let pid = self.child();
        self.server.persist.saves.tried_s = self.ks.now_ms / 1000;
        self.begin_background(Background::Save, format!("temp-{pid}.rdb"));
        self.say(
            false,
            &["Background saving started by pid ", &pid.to_string()],
        );
    }

    /// Ends a background job unfinished, if it is of this kind.
    pub(in crate::server) fn kill(&mut self, what: Background) {
        if !self.server.persist.runs(what) {
            return;
        }
        let job = self.storage.back.take();
        self.storage.ended = None;
        self.server.persist.background = None;
        self.ks.join();
        if let Some(path) = job
            .and_then(|job| job.temporary)
            .or(self.storage.base.take())
        {
            self.storage.asked.ask(Op::Remove { path });
        }
    }

    /// A step of the background job, unless its last one is not over.
    pub(super) fn background_on(&mut self) {
        if self.serves_replicas() {
            self.send_snapshots();
        }
        let Some(job) = &mut self.storage.back else {
            return;
        };
        if job.awaits != 0 || self.server.persist.stalled {
            return;
        }
        let op = job.next(&mut self.ks, false);
        self.server.persist.keys.0 = job.keys;
        match op {
            Some(op) => job.awaits = self.storage.asked.ask(op),
            None => {
                self.storage.base = job.temporary.take();
                self.storage.base_bytes = job.image_bytes;
                self.storage.back = None;
                self.storage.ended = Some(Ok(()));
            }
        }
    }

    pub(super) fn back_answered(&mut self, done: Done) {
        let Some(job) = &mut self.storage.back else {
            return;
        };
        match job.answered(done) {
            // The next piece of an image is the next input's: others have their turn meanwhile.
            Ok(()) if job.is_imaging() => {}
            Ok(()) => self.background_on(),
            Err(error) => {
                let path = job.temporary.take();
                self.storage.back = None;
                self.storage.ended = Some(Err(error));
                if let Some(path) = path {
                    self.storage.asked.ask(Op::Remove { path });
                }
            }
        }
    }

    /// The cron's part: the end of what was under way, and what is due.
    pub(in crate::server) fn persist_cron(&mut self) {
        if self.server.persist.loading.is_some() || self.server.persist.order.is_some() {
            return;
        }
        if let Some(result) = self.storage.ended.take() {
            self.background_ended(result);
        }
        if self.server.persist.background.is_some() || self.server.persist.order.is_some() {
            return;
        }
        let now_s = self.ks.now_ms / 1000;
        let saves = &self.server.persist.saves;
        let may_retry = saves.ok || now_s - saves.tried_s > RETRY_S;
        if self.server.persist.aof.scheduled {
            self.server.persist.order(Order::RewriteAof(0));
        } else if let Some((seconds, changes)) = self.due_point(now_s).filter(|_| may_retry) {
            let (changes, seconds) = (changes.to_string(), seconds.to_string());
            self.say(
                false,
                &[&changes, " changes in ", &seconds, " seconds. Saving..."],
            );
            self.server.persist.order(Order::BackgroundSave);
        } else if let Some(growth) = self.aof_growth() {
            let growth = growth.to_string();
            self.say(
                false,
                &[
                    "Starting automatic rewriting of AOF on ",
                    &growth,
                    "% growth",
                ],
            );
            self.server.persist.order(Order::RewriteAof(0));
        } else if self.server.persist.saves.scheduled && may_retry {
            self.server.persist.saves.scheduled = false;
            self.server.persist.order(Order::BackgroundSave);
        }
    }

    /// The save point that is reached, if one is.
    fn due_point(&self, now_s: i64) -> Option<(i64, i64)> {
        let saves = &self.server.persist.saves;
        let changes = self.ks.dirty - saves.dirty;
        let reached = |point: &&(i64, i64)| changes >= point.1 && now_s - saves.last_s > point.0;
        self.config.save_points.iter().find(reached).copied()
    }

    /// By how many percent the files have grown since the last rewrite, if that is enough for another.
    fn aof_growth(&self) -> Option<u64> {
        let figures = &self.server.persist.aof;
        let percent = self.config.aof_rewrite_percentage;
        let waits = !figures.on || figures.write_error.is_some();
        if waits || percent == 0 || figures.size <= self.config.aof_rewrite_min_size {
            return None;
        }
        let base = figures.base_size.max(1);
        let growth = (figures.size.saturating_mul(100) / base).saturating_sub(100);
        (growth >= percent).then_some(growth)
    }

    fn background_ended(&mut self, result: Result<(), DiskError>) {
        let persist = &mut self.server.persist;
        let Some((what, since_us)) = persist.background.take() else {
            return;
        };
        let took_s = (self.server.now_us - since_us) / 1_000_000;
        let copied = self.ks.join();
        match what {
            Background::Save => self.save_ended(result, took_s, copied),
            Background::Sync => {}
            Background::RewriteAof => {
                self.server.persist.aof.took_s = took_s;
                self.server.persist.aof.cow_bytes = copied;
                match result {
                    Ok(()) => self.server.persist.order(Order::PlaceBase),
                    Err(error) => self.rewrite_failed(error),
                }
            }
        }
    }

    fn save_ended(&mut self, result: Result<(), DiskError>, took_s: i64, copied: u64) {
        self.storage.base = None;
        let persist = &mut self.server.persist;
        let saves = &mut persist.saves;
        (saves.took_s, saves.cow_bytes, saves.ok) = (took_s, copied, result.is_ok());
        if result.is_err() {
            persist.restricted = true;
            self.say(true, &["Background saving error"]);
            return self.saved_for_replicas(false);
        }
        saves.dirty = persist.forked_dirty;
        saves.last_s = self.ks.now_ms / 1000;
        saves.count += 1;
        self.say(false, &["Background saving terminated with success"]);
        self.saved_for_replicas(true);
    }

    /// BGREWRITEAOF: the log goes into a new file from this moment on.
    pub(super) fn begin_rewrite(&mut self, id: ClientId) {
        self.server.persist.aof.scheduled = false;
        self.server.persist.aof.rewrites += 1;
        let prefix = self.storage_text("appendfilename");
        let mut manifest = self.storage.aof.manifest.clone();
        if let Some(error) = self.unwritten() {
            // In the new file it would be once more what the base has already.
            let path = String::new();
            return self.begun(id, Switch { manifest, path }, Err(error));
        }
        let dir = self.storage_text("appenddirname");
        // What is acknowledged waits for no other fsync than its own.
        let mut ops = Vec::from_iter(self.last_sync());
        ops.push(Op::MakeDir { dir });
        if self.storage.aof.state != State::On {
            ops.push(Op::SyncDir { dir: String::new() });
        }
        let path = match self.storage.aof.state {
            State::Off => String::new(),
            State::Waiting => {
                let name = [TEMPORARY, &prefix, ".incr"].concat();
                let path = self.aof_path(&name);
                ops.push(Op::Create { path: path.clone() });
                path
            }
            State::On => {
                let name =
                    String::from_utf8_lossy(&manifest.open_increment(&prefix).name).into_owned();
                let path = self.aof_path(&name);
                ops.push(Op::Create { path: path.clone() });
                ops.extend(self.manifest_ops(&manifest));
                self.say(
                    false,
                    &["Creating AOF incr file ", &name, " on background rewrite"],
                );
                path
            }
        };
        self.run_front(Job::of(ops), Front::Begin(id, Switch { manifest, path }));
    }

    pub(super) fn begun(&mut self, id: ClientId, switch: Switch, result: Result<(), DiskError>) {
        let starts = self.storage.aof.state == State::Waiting;
        if let Err(error) = result {
            self.say(true, &["Can't open the append-only file: ", error.text()]);
            self.server.persist.aof.rewrite_ok = false;
            self.server.persist.aof.scheduled = starts && id == 0;
            if starts && id != 0 {
                self.refuse_aof(id);
            } else if id != 0 {
                let text = b"ERR Can't execute an AOF background rewriting. Please check the server logs for more information.";
                self.server.tell(id, &|out| out.error(text));
            }
            return;
        }
        self.storage.aof.manifest = switch.manifest;
        self.storage.aof.switch_to(switch.path);
        self.note_opened();
        if let Some(log) = &mut self.log {
            log.db = None;
        }
        let pid = self.child();
        self.begin_background(
            Background::RewriteAof,
            format!("temp-rewriteaof-bg-{pid}.aof"),
        );
        let aof = &mut self.server.persist.aof;
        aof.safe = aof.logged;
        self.say(
            false,
            &[
                "Background append only file rewriting started by pid ",
                &pid.to_string(),
            ],
        );
        self.server.tell(id, &|out| match starts {
            true => out.ok(),
            false => out.simple("Background append only file rewriting started"),
        });
    }

    /// The rewrite's file becomes the base. That has many fsyncs, and everything waits for them: what is acknowledged by then is synced first, so that it does not wait for longer than the policy says.
    pub(super) fn place_base(&mut self) {
        let Some(from) = self.storage.base.take() else {
            return;
        };
        let prefix = self.storage_text("appendfilename");
        let mut manifest = self.storage.aof.manifest.clone();
        let rdb = self.config.aof_use_rdb_preamble;
        let state = self.storage.aof.state;
        let mut ops = Vec::from_iter(self.last_sync());
        let mut path = None;
        let kept = usize::from(state == State::On);
        let base =
            String::from_utf8_lossy(&manifest.replace_base(&prefix, rdb, kept).name).into_owned();
        ops.push(Op::Rename {
            from,
            to: self.aof_path(&base),
        });
        if state == State::Waiting {
            let name = String::from_utf8_lossy(&manifest.open_increment(&prefix).name).into_owned();
            let to = self.aof_path(&name);
            ops.push(Op::Rename {
                from: self.storage.aof.path.clone(),
                to: to.clone(),
            });
            path = Some(to);
        }
        ops.extend(self.manifest_ops(&manifest));
        self.run_front(Job::of(ops), Front::Finish(manifest, path));
    }

    pub(super) fn finished(
        &mut self,
        manifest: Manifest,
        path: Option<String>,
        result: Result<(), DiskError>,
    ) {
        if let Err(error) = result {
            return self.rewrite_failed(error);
        }
        let aof = &mut self.storage.aof;
        aof.manifest = manifest;
        if let Some(path) = path {
            aof.path = path;
            aof.state = State::On;
        }
        let figures = &mut self.server.persist.aof;
        figures.rewrite_ok = true;
        figures.failures = 0;
        if aof.state != State::Off {
            figures.base_size = self.storage.base_bytes + aof.file_bytes;
            figures.size = figures.base_size;
        }
        self.say(false, &["Background AOF rewrite finished successfully"]);
        self.remove_history();
    }

    /// What was before the last rewrite is removed, and after that the manifest says nothing of it any more. A step of its own:
    /// if it fails, what the manifest on the disk names besides are files that are not needed.
    pub(super) fn remove_history(&mut self) {
        let history = self.storage.aof.manifest.take_history();
        if history.is_empty() {
            return;
        }
        let paths = history
            .iter()
            .map(|name| self.aof_path(&String::from_utf8_lossy(name)));
        let mut ops: Vec<Op> = paths.map(|path| Op::Remove { path }).collect();
        ops.extend(self.manifest_ops(&self.storage.aof.manifest));
        self.run_front(Job::of(ops), Front::Removed);
    }

    pub(super) fn removed(&mut self, result: Result<(), DiskError>) {
        if let Err(error) = result {
            self.say(true, &["Can't remove old AOF files: ", error.text()]);
        }
    }

    fn rewrite_failed(&mut self, error: DiskError) {
        self.say(
            true,
            &[
                "Background AOF rewrite terminated with error: ",
                error.text(),
            ],
        );
        let figures = &mut self.server.persist.aof;
        figures.rewrite_ok = false;
        figures.failures += 1;
        // An append-only file that is not whole yet needs one that succeeds.
        figures.scheduled = self.storage.aof.state == State::Waiting;
    }

    /// `appendonly yes` while the node runs: the log begins, and a rewrite makes the files whole.
    pub(in crate::server) fn start_aof(&mut self, id: ClientId) {
        self.log.get_or_insert_default();
        self.server.propagates = true;
        self.storage.aof.state = State::Waiting;
        self.server.persist.aof.on = true;
        self.kill(Background::RewriteAof);
        if self.server.persist.background.is_some() {
            self.server.persist.aof.scheduled = true;
            self.server.tell(id, &|out| out.ok());
            return self.say(false, &[
                "AOF was enabled but there is already another background operation. An AOF background was scheduled to \
                 start when possible.",
            ]);
        }
        self.begin_rewrite(id);
    }

    fn refuse_aof(&mut self, id: ClientId) {
        self.stopped();
        let off = self.config.set_all(&[(b"appendonly", b"no")]);
        debug_assert!(off.is_ok(), "no is a value of it");
        let text = b"ERR CONFIG SET failed (possibly related to argument 'appendonly') - Unable to turn on AOF. Check server logs.";
        self.server.tell(id, &|out| out.error(text));
    }
}
