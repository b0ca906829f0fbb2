//! The append-only file as it grows: what was propagated is written at the end of each input, or of the host's turn, and
//! synced by `appendfsync`.
//!
//! ```text
//!   always    commands | write | fsync | replies            nothing runs meanwhile; all that came then is the next batch
//!   everysec  commands | write | replies       fsync in the background, a second after the last one at the earliest
//!   no        commands | write | replies
//! ```
//!
//! Under `everysec` a write waits while an fsync is under way, as the kernel would hold it up, but for two seconds at most.
use super::super::journal::Note;
use super::super::node::Node;
use super::whole;
use crate::base::time::Micros;
use crate::command::config::Appendfsync;
use crate::command::persistence::Background;
use crate::persist::aof::manifest::Manifest;
use crate::persist::disk::{Answer, DiskError, Done, Op};

const SECOND_US: Micros = 1_000_000;
/// How long a write waits for an fsync.
const POSTPONE_US: Micros = 2 * SECOND_US;

/// Whether there is an append-only file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Off,
    On,
    /// Just switched on: the first rewrite makes it whole.
    Waiting,
}

/// What a request of the flush was for.
#[derive(Clone)]
enum Out {
    /// The first bytes of the buffer.
    Write(usize),
    /// Taking back so many bytes, which a write left half done.
    Undo(usize),
}

#[derive(Clone, Default)]
pub(crate) struct Aof {
    pub(super) state: State,
    pub(super) manifest: Manifest,
    /// The file that is written to, and how long it is.
    pub(super) path: String,
    pub(super) file_bytes: u64,
    /// Bytes out of the log that the disk has not taken yet.
    buffer: Vec<u8>,
    out: Option<(u64, Out)>,
    /// The fsync under way: its number, and what is safe once it is done.
    sync: Option<(u64, u64, i64)>,
    last_sync_us: Micros,
    /// Bytes written since the start, in the count of `AofFigures::logged`.
    pub(super) written: u64,
    /// Since when a write waits for an fsync.
    postponed_us: Option<Micros>,
    /// A write failed: the next attempt.
    retry_us: Micros,
}

impl Aof {
    /// Nothing is on its way to the disk.
    pub(super) fn is_quiet(&self) -> bool {
        self.out.is_none() && self.sync.is_none()
    }

    /// The disk has taken so many bytes of the buffer.
    fn took(&mut self, len: usize) {
        self.buffer.drain(..len);
        self.written += len as u64;
        self.file_bytes += len as u64;
    }

    /// What the disk has not taken is wanted no more; `logged`: all that was logged.
    pub(super) fn forget_unwritten(&mut self, logged: u64) {
        self.buffer.clear();
        self.written = logged;
    }

    /// Another file is written to from now on; what was written before is safe.
    pub(super) fn switch_to(&mut self, path: String) {
        self.path = path;
        self.file_bytes = 0;
    }
}

impl Node {
    /// The log goes to another file from now on, or to none.
    pub(super) fn note_opened(&mut self) {
        self.note(|node| {
            let aof = &node.storage.aof;
            Note::Opened {
                path: aof.path.clone(),
                shift: aof.written as i64 - aof.file_bytes as i64,
                offset: node.server.repl.history.offset,
                whole: aof.buffer.is_empty(),
            }
        });
    }

    /// Whether replies wait for an fsync.
    pub(super) fn holds_replies(&self) -> bool {
        let persist = &self.server.persist;
        self.storage.aof.state != State::Off
            && self.config.appendfsync == Appendfsync::Always
            && persist.aof.safe < persist.aof.logged
            && !self.spares_fsyncs()
    }

    /// Whether a snapshot or rewrite under way is not to be held up by fsyncs, at the price of what is acknowledged meanwhile.
    fn spares_fsyncs(&self) -> bool {
        self.server.persist.background.is_some() && self.config.no_appendfsync_on_rewrite
    }

    /// Whether something logged is not written yet.
    pub(super) fn has_log(&mut self) -> bool {
        self.collect_log();
        !self.storage.aof.buffer.is_empty()
    }

    /// Why some of the log is not written, if that was tried.
    pub(super) fn unwritten(&self) -> Option<DiskError> {
        let error = self.server.persist.aof.write_error;
        error.filter(|_| !self.storage.aof.buffer.is_empty())
    }

    /// Takes what was logged into the buffer.
    pub(super) fn collect_log(&mut self) {
        let Some(log) = &mut self.log else { return };
        if self.storage.aof.state == State::Off {
            return;
        }
        let bytes = match self.storage.tapped {
            true => log.fresh(),
            false => log.take(),
        };
        if bytes.is_empty() {
            return;
        }
        self.server.persist.aof.logged += bytes.len() as u64;
        if let Some(trail) = &mut self.trail {
            let aof = &self.storage.aof;
            let shift = aof.written as i64 - aof.file_bytes as i64;
            trail.collected(self.server.persist.aof.logged, &aof.path, shift);
        }
        if self.storage.aof.state == State::Waiting
            && !self.server.persist.runs(Background::RewriteAof)
        {
            // No rewrite has begun yet: it will see what these writes did.
            let aof = &mut self.storage.aof;
            aof.written = self.server.persist.aof.logged;
            self.server.persist.aof.safe = aof.written;
            return;
        }
        self.storage.aof.buffer.extend_from_slice(&bytes);
    }

    /// Writes and syncs what is due.
    pub(super) fn flush_aof(&mut self) {
        self.collect_log();
        let now_us = self.server.now_us;
        let (aof, figures) = (&mut self.storage.aof, &mut self.server.persist.aof);
        figures.buffered = aof.buffer.len();
        let held = self.storage.dead || self.storage.front.is_some() || aof.out.is_some();
        if aof.state == State::Off || held {
            return;
        }
        if aof.buffer.is_empty() {
            self.sync_aof();
            return;
        }
        if figures.write_error.is_some() && now_us < aof.retry_us {
            return;
        }
        let forced = self.server.persist.order.is_some();
        if self.config.appendfsync == Appendfsync::Everysec && aof.sync.is_some() && !forced {
            let since_us = *aof.postponed_us.get_or_insert(now_us);
            if now_us - since_us < POSTPONE_US {
                return;
            }
            figures.delayed += 1;
        }
        aof.postponed_us = None;
        let (path, bytes) = (aof.path.clone(), aof.buffer.clone());
        let len = bytes.len();
        let number = self.storage.asked.ask(Op::Append { path, bytes });
        self.storage.aof.out = Some((number, Out::Write(len)));
    }

    /// Asks for an fsync if the policy wants one now.
    fn sync_aof(&mut self) {
        let (now_us, spared) = (self.server.now_us, self.spares_fsyncs());
        let (aof, figures) = (&mut self.storage.aof, &mut self.server.persist.aof);
        if figures.safe >= aof.written || aof.sync.is_some() {
            return;
        }
        let due = match self.config.appendfsync {
            Appendfsync::Always => true,
            Appendfsync::Everysec => now_us - aof.last_sync_us >= SECOND_US,
            // The kernel writes out when it likes.
            Appendfsync::No => false,
        };
        if !due || spared {
            return;
        }
        aof.last_sync_us = now_us;
        let (path, written) = (aof.path.clone(), aof.written);
        let number = self.storage.asked.ask(Op::Sync { path });
        // All that was logged is written by now.
        self.storage.aof.sync = Some((number, written, self.server.repl.history.offset));
        figures.syncing = true;
    }

    /// When an fsync falls due that nothing else brings about.
    pub(super) fn sync_due_us(&self) -> Option<Micros> {
        let aof = &self.storage.aof;
        let dirty = self.server.persist.aof.safe < aof.written && aof.sync.is_none();
        (aof.state != State::Off
            && dirty
            && !self.spares_fsyncs()
            && self.config.appendfsync == Appendfsync::Everysec)
            .then(|| aof.last_sync_us + SECOND_US)
    }

    pub(super) fn flush_answered(&mut self, number: u64, done: Done) {
        let aof = &mut self.storage.aof;
        if aof.sync.is_some_and(|(sync, ..)| sync == number) {
            self.synced(done.map(drop));
            return;
        }
        let out = aof.out.take_if(|(out, _)| *out == number);
        match out {
            Some((_, Out::Write(len))) => self.written(len, done),
            // What cannot be taken back counts as written: the rest follows behind it.
            Some((_, Out::Undo(half))) if done.is_err() => self.took(half),
            Some((_, Out::Undo(_))) => {}
            None => return,
        }
        self.flush_aof();
    }

    fn took(&mut self, len: usize) {
        self.storage.aof.took(len);
        self.server.persist.aof.size += len as u64;
    }

    fn written(&mut self, len: usize, done: Done) {
        let half = match done {
            Ok(Answer::Written(n)) if n < len => n,
            _ => 0,
        };
        let always = self.config.appendfsync == Appendfsync::Always;
        match whole(done, len) {
            Ok(()) => {
                self.took(len);
                if self.server.persist.aof.write_error.take().is_some() {
                    self.say(
                        true,
                        &["AOF write error looks solved. The server can write again."],
                    );
                }
            }
            Err(error) => {
                self.aof_failed("Error writing to the AOF file: ", error);
                self.storage.aof.retry_us = self.server.now_us + SECOND_US;
                if always {
                    self.give_up(&[
                        "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...",
                    ]);
                }
                // Also of a server that ends: it leaves a file that starts again.
                if half > 0 {
                    let (path, len) = (self.storage.aof.path.clone(), self.storage.aof.file_bytes);
                    let number = self.storage.asked.ask(Op::Truncate { path, len });
                    self.storage.aof.out = Some((number, Out::Undo(half)));
                }
            }
        }
    }

    fn aof_failed(&mut self, what: &str, error: DiskError) {
        self.say(true, &[what, error.text()]);
        self.server.persist.aof.write_error = Some(error);
        self.server.persist.restricted = true;
    }

    fn synced(&mut self, done: Result<(), DiskError>) {
        let sync = self.storage.aof.sync.take();
        self.server.persist.aof.syncing = false;
        match (done, sync) {
            (Ok(()), Some((_, safe, offset))) => {
                let figures = &mut self.server.persist.aof;
                figures.safe = figures.safe.max(safe);
                figures.safe_offset = offset;
                figures.sync_error = None;
                self.server.end_safe_waits(&mut self.ks);
            }
            (Err(error), _) => {
                if self.config.appendfsync == Appendfsync::Always {
                    self.give_up(&[
                        "Can't persist AOF for fsync error when the AOF fsync policy is 'always': ",
                        error.text(),
                        ". Exiting...",
                    ]);
                    return;
                }
                self.say(true, &["Fail to fsync the AOF file: ", error.text()]);
                self.server.persist.aof.sync_error = Some(error);
                self.server.persist.restricted = true;
            }
            (Ok(()), None) => {}
        }
        self.flush_aof();
    }
}
