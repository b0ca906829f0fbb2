//! Reading the files as the node starts: the manifest and what it names, or the snapshot, piece by piece. Meanwhile clients
//! get LOADING.
use super::super::dispatch;
use super::super::node::Node;
use super::super::propagate::Log;
use super::flush::State;
use super::job::Job;
use super::orders::Front;
use super::reading::Reading;
use crate::command::{Args, Client, ClientId};
use crate::persist::aof::manifest::Manifest;
use crate::persist::disk::{Answer, DiskError, Done, Op};
use crate::resp::parse::{Limits, Parsed, Parser};
use crate::resp::{Proto, Reply};
use std::collections::VecDeque;

/// Bytes read at a time.
const PIECE: usize = 1 << 20;

/// The number of the client whose commands the log's are.
const LOADER: u64 = 0;

/// What is about a connection or the process: no server writes it into its log, and where it stands in one all the same it
/// must not keep what follows from being read.
const NO_DATA: [&str; 10] = [
    "client",
    "debug",
    "monitor",
    "psubscribe",
    "psync",
    "quit",
    "shutdown",
    "ssubscribe",
    "subscribe",
    "sync",
];

/// Why files are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Start,
    /// DEBUG RELOAD and LOADAOF of these clients.
    Reload(ClientId),
    LoadAof(ClientId),
}

/// What is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Snapshot,
    Manifest,
    /// An append-only file of the old kind; only whether it is there.
    Old,
    /// A file of the manifest; `last`: the one that may be cut off.
    Log {
        last: bool,
    },
}

/// What is to be done next.
#[derive(Clone)]
pub(super) enum Next {
    /// Ask for the next piece of the file, or first for its length.
    Ask,
    /// Go on with the snapshot that stands in it.
    Read(Box<Reading>),
    /// Run the commands that came.
    Run,
    /// Wait for a job.
    Wait,
}

/// See the head of this file.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) awaits: u64,
    pub(super) purpose: Purpose,
    /// Keys that are there already get the snapshot's value.
    pub(super) merge: bool,
    /// What is told of writes, set aside meanwhile: the log and the stream.
    pub(super) held: (Option<Log>, Option<Log>),
    kind: Kind,
    pub(super) next: Next,
    path: String,
    /// How long the file is, once that is known.
    len: Option<u64>,
    /// Where the next piece begins.
    at: u64,
    /// All of it was read.
    whole: bool,
    /// What was read; how much of it has been understood already, and where in the file the rest begins.
    bytes: Vec<u8>,
    used: usize,
    bytes_at: u64,
    /// The file begins with a snapshot that is not read yet, or that is not known yet.
    preamble: bool,
    /// The data is in the append-only file; else in the snapshot, and of the other only the manifest is read: what comes
    /// later must not get names that are in use.
    aof: bool,
    pub(super) manifest: Manifest,
    files: VecDeque<(String, bool)>,
    /// Whose commands the log's are.
    loader: Option<Client>,
    /// Where the last whole command ended outside of a transaction.
    valid: u64,
    base_bytes: u64,
    total_bytes: u64,
}

impl Start {
    pub(super) fn new(purpose: Purpose, loader: Client) -> Start {
        Start {
            awaits: 0,
            purpose,
            merge: false,
            held: (None, None),
            kind: Kind::Manifest,
            next: Next::Ask,
            path: String::new(),
            len: None,
            at: 0,
            whole: false,
            bytes: Vec::new(),
            used: 0,
            bytes_at: 0,
            preamble: true,
            aof: matches!(purpose, Purpose::LoadAof(_)),
            manifest: Manifest::default(),
            files: VecDeque::new(),
            loader: Some(loader),
            valid: 0,
            base_bytes: 0,
            total_bytes: 0,
        }
    }

    /// Turns to another file.
    pub(super) fn open(&mut self, kind: Kind, path: String) {
        (self.kind, self.path) = (kind, path);
        (self.next, self.len, self.at, self.whole) = (Next::Ask, None, 0, false);
        (self.bytes, self.used) = (Vec::new(), 0);
        (self.bytes_at, self.valid) = (0, 0);
        self.preamble = true;
    }

    /// Whether there is work to go on with that waits for nothing.
    pub(super) fn is_ready(&self) -> bool {
        self.awaits == 0 && !matches!(self.next, Next::Wait)
    }

    /// Whether everything waits until it is done.
    pub(super) fn stalls(&self) -> bool {
        self.purpose != Purpose::Start
    }

    /// Takes a piece, or what else the disk says of the file.
    fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Length(len) => self.len = Some(len),
            Answer::Bytes(bytes) => {
                self.at += bytes.len() as u64;
                self.whole = bytes.len() < PIECE;
                if self.bytes.is_empty() {
                    self.bytes = bytes;
                    // A snapshot is read when all of it is here: it does not move as it grows.
                    if self.kind == Kind::Snapshot || self.bytes.starts_with(b"REDIS") {
                        let more = self.len.unwrap_or(0).saturating_sub(self.at);
                        let _ = self
                            .bytes
                            .try_reserve_exact(usize::try_from(more).unwrap_or(0));
                    }
                } else {
                    self.bytes.extend_from_slice(&bytes);
                }
            }
            Answer::Done | Answer::Written(_) => self.whole = true,
        }
    }

    /// So many bytes more are understood. They are let go of as soon as nothing or little has to move for that.
    fn use_up(&mut self, len: usize) {
        self.used += len;
        self.bytes_at += len as u64;
        let left = self.bytes.len() - self.used;
        if left == 0 || (!self.whole && left <= self.used) {
            self.bytes.drain(..self.used);
            self.used = 0;
        }
    }

    /// The next request.
    fn ask(&self) -> Op {
        let path = self.path.clone();
        match self.len {
            None => Op::Length { path },
            Some(_) => Op::Read {
                path,
                at: self.at,
                len: PIECE,
            },
        }
    }
}

impl Node {
    /// Begins to read the files; the node answers LOADING until it is done.
    pub(in crate::server) fn start(&mut self) {
        let aof = self.config.text("appendonly") == b"yes";
        let mut start = Start::new(Purpose::Start, self.new_loader());
        start.aof = aof;
        match aof {
            true => start.open(Kind::Manifest, self.manifest_path()),
            false => start.open(Kind::Snapshot, self.storage_text("dbfilename")),
        }
        self.storage.start = Some(start);
        self.begin_loading(0);
        self.new_slice();
        self.start_on();
    }

    /// The client whose commands are those of a log.
    pub(super) fn new_loader(&self) -> Client {
        let mut loader = Client::new(LOADER, String::new(), String::new(), self.ks.now_ms);
        loader.obeyed = true;
        loader
    }

    /// Goes on as far as this input may: asks for the next piece, unless one is on its way, or works on what came.
    pub(super) fn start_on(&mut self) {
        while self.may_read()
            && let Some(mut start) = self.storage.start.take_if(|start| start.is_ready())
        {
            match std::mem::replace(&mut start.next, Next::Ask) {
                Next::Ask => {
                    start.awaits = self.storage.asked.ask(start.ask());
                    self.storage.start = Some(start);
                }
                Next::Read(reading) => self.read_snapshot(start, reading),
                Next::Run => self.read_log(start),
                Next::Wait => {}
            }
        }
    }

    pub(super) fn start_answered(&mut self, done: Done) {
        let Some(mut start) = self.storage.start.take() else {
            return;
        };
        start.awaits = 0;
        match (done, start.kind) {
            (Ok(answer), _) => {
                if let Answer::Bytes(bytes) = &answer {
                    self.spend(bytes.len());
                }
                start.take(answer);
                self.note_progress(&start);
                self.came(start);
            }
            (Err(DiskError::NotFound), Kind::Snapshot | Kind::Manifest) if start.stalls() => {
                self.read_again_ended(start, false);
            }
            (Err(DiskError::NotFound), Kind::Snapshot) => self.after_snapshot(start),
            (Err(DiskError::NotFound), Kind::Manifest) if start.aof => self.look_for_old(start),
            (Err(DiskError::NotFound), Kind::Log { .. })
                if !start.stalls() && self.is_upgrading(&start.manifest) =>
            {
                self.look_for_old(start);
            }
            (Err(DiskError::NotFound), Kind::Old) if start.manifest.base.is_none() => {
                self.no_more_files(start);
            }
            (Err(DiskError::NotFound), Kind::Manifest) => self.loaded(),
            (Err(error), _) => {
                let path = start.path.clone();
                self.give_up(&[
                    "Fatal error: can't open ",
                    &path,
                    " for reading: ",
                    error.text(),
                ]);
            }
        }
    }

    /// What INFO says of it.
    fn note_progress(&mut self, start: &Start) {
        if let Some(loading) = &mut self.server.persist.loading {
            loading.before_bytes = start.total_bytes;
            loading.loaded_bytes = start.total_bytes + start.bytes_at;
            loading.total_bytes = start.total_bytes + start.len.unwrap_or(start.at);
        }
    }

    /// Something came of the file: what is to be done with it?
    fn came(&mut self, mut start: Start) {
        match start.kind {
            Kind::Old => return self.upgrade(start),
            Kind::Manifest if start.whole => return self.read_manifest(start),
            Kind::Snapshot if start.whole => {
                let bytes = std::mem::take(&mut start.bytes);
                let reading = match start.merge {
                    true => self.begin_merging(bytes),
                    false => self.begin_reading(bytes, self.ks.follows),
                };
                start.next = Next::Read(Box::new(reading));
            }
            Kind::Log { .. } if start.at > 0 || start.whole => start.next = Next::Run,
            _ => {}
        }
        self.storage.start = Some(start);
    }

    /// Reads on in a snapshot: that of the node, or the one in front of a log.
    fn read_snapshot(&mut self, mut start: Start, mut reading: Box<Reading>) {
        let done = self.read_slice(&mut reading);
        let Some(done) = done else {
            start.next = Next::Read(reading);
            self.storage.start = Some(start);
            return;
        };
        let log = matches!(start.kind, Kind::Log { .. });
        match done {
            Ok(loaded) if log => {
                self.note_loaded(loaded.keys, loaded.expired);
                start.bytes = reading.bytes;
                start.use_up(loaded.end);
                start.valid = start.bytes_at;
                start.preamble = false;
                start.next = Next::Run;
                self.storage.start = Some(start);
            }
            Ok(loaded) if start.stalls() => {
                self.note_loaded(loaded.keys, loaded.expired);
                self.read_again_ended(start, true);
            }
            Ok(loaded) => {
                self.note_loaded(loaded.keys, loaded.expired);
                self.adopt_history(&loaded.about);
                self.after_snapshot(start);
            }
            Err(fault) if log => {
                let (path, why) = (start.path, fault.to_string());
                self.give_up(&[
                    "Error reading the RDB preamble of the AOF file ",
                    &path,
                    ", AOF loading aborted: ",
                    &why,
                ]);
            }
            Err(fault) => {
                let why = fault.to_string();
                self.give_up(&[
                    "Fatal error loading the DB, check server logs. Exiting. (",
                    &why,
                    ")",
                ]);
            }
        }
    }

    fn after_snapshot(&mut self, mut start: Start) {
        start.open(Kind::Manifest, self.manifest_path());
        self.storage.start = Some(start);
    }

    fn note_loaded(&mut self, keys: u64, expired: u64) {
        self.server.persist.load_keys = keys;
        self.server.persist.load_expired = expired;
        let (keys, expired) = (keys.to_string(), expired.to_string());
        self.say(
            false,
            &[
                "Done loading RDB, keys loaded: ",
                &keys,
                ", keys expired: ",
                &expired,
                ".",
            ],
        );
    }

    fn read_manifest(&mut self, mut start: Start) {
        match Manifest::parse(&start.bytes) {
            Ok(manifest) if !start.aof => {
                self.storage.aof.manifest = manifest;
                self.loaded();
            }
            Ok(manifest) => {
                start.manifest = manifest;
                self.read_files(start);
            }
            Err(error) => {
                if let Some((line, text)) = &error.line {
                    let (line, text) =
                        (line.to_string(), String::from_utf8_lossy(text).into_owned());
                    self.say(
                        true,
                        &["Reading the manifest file, at line ", &line, ": ", &text],
                    );
                }
                self.give_up(&[error.text]);
            }
        }
    }

    /// The manifest says which files there are.
    pub(super) fn read_files(&mut self, mut start: Start) {
        let files = start.manifest.files();
        let names: Vec<_> = files
            .map(|f| String::from_utf8_lossy(&f.name).into_owned())
            .collect();
        let count = names.len();
        for (number, name) in names.iter().enumerate() {
            let path = self.aof_path(name);
            start.files.push_back((path, number + 1 == count));
        }
        self.next_file(start);
    }

    fn next_file(&mut self, mut start: Start) {
        match start.files.pop_front() {
            Some((path, last)) => {
                start.open(Kind::Log { last }, path);
                self.storage.start = Some(start);
            }
            None => self.no_more_files(start),
        }
    }

    /// A piece of a file of the manifest came, or is not worked off yet.
    fn read_log(&mut self, mut start: Start) {
        if start.preamble {
            let rdb = start.bytes.starts_with(b"REDIS");
            if !start.whole && (rdb || start.bytes.len() < 5) {
                self.storage.start = Some(start);
                return;
            }
            if rdb {
                let bytes = std::mem::take(&mut start.bytes);
                start.next = Next::Read(Box::new(self.begin_reading(bytes, true)));
                self.storage.start = Some(start);
                return;
            }
            start.preamble = false;
        }
        match self.run_log(&mut start) {
            Err(why) => return self.log_failed(start, &why),
            Ok(false) => {
                start.next = Next::Run;
                self.note_progress(&start);
                self.storage.start = Some(start);
                return;
            }
            Ok(true) if !start.whole => {
                self.note_progress(&start);
                self.storage.start = Some(start);
                return;
            }
            Ok(true) => {}
        }
        let Kind::Log { last } = start.kind else {
            return;
        };
        let end = start.at;
        start.total_bytes += end;
        if start
            .manifest
            .base
            .as_ref()
            .is_some_and(|b| self.aof_path(&String::from_utf8_lossy(&b.name)) == start.path)
        {
            start.base_bytes = end;
        }
        if start.valid == end {
            return self.next_file(start);
        }
        self.cut_off(start, last);
    }

    /// A file ends in the middle of something.
    fn cut_off(&mut self, mut start: Start, last: bool) {
        let path = start.path.clone();
        self.say(
            true,
            &[
                "Unexpected end of file reading the append only file ",
                &path,
            ],
        );
        if !last || self.config.text("aof-load-truncated") != b"yes" {
            return self.log_failed(
                start,
                "You can: 1) Make a backup of your AOF file, then use the check tool with --fix on its manifest. 2) \
                 Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server.",
            );
        }
        let valid = start.valid.to_string();
        self.say(true, &["Truncating the AOF ", &path, " at offset ", &valid]);
        self.storage.asked.ask(Op::Truncate {
            path,
            len: start.valid,
        });
        start.total_bytes -= start.at - start.valid;
        start.at = start.valid;
        if let Some(client) = &mut start.loader {
            client.queue = None;
        }
        self.say(
            true,
            &["AOF loaded anyway because aof-load-truncated is enabled"],
        );
        self.next_file(start);
    }

    /// A log cannot be read: the end, unless it was read for DEBUG.
    fn log_failed(&mut self, start: Start, why: &str) {
        if !start.stalls() {
            return self.give_up(&[why]);
        }
        self.say(true, &[why]);
        self.read_again_ended(start, false);
    }

    /// Runs the whole commands among what was read, as far as this input may; whether those were all. Errors: what ends the
    /// node.
    fn run_log(&mut self, start: &mut Start) -> Result<bool, String> {
        if let Some(loader) = start.loader.take() {
            self.server.clients.put_first(loader);
        }
        let done = self.run_commands(start);
        start.loader = self.server.clients.remove(LOADER);
        done
    }

    /// Runs a command of a log, a script to its end: servers of old logged scripts as they were sent.
    fn run_logged(&mut self, args: Args<'_>, path: &str) -> Result<(), String> {
        let name = args.get(0);
        let Some((_, command)) = self.server.registry.find(name) else {
            let name = String::from_utf8_lossy(name);
            return Err(format!(
                "Unknown command '{name}' reading the append only file {path}"
            ));
        };
        if NO_DATA.contains(&command.name) {
            return Ok(());
        }
        dispatch::run(self, LOADER, args);
        if self.runs_script() {
            // That was work for more than one input.
            self.storage.slice = 0;
            if !self.finish_script() {
                return Err(format!(
                    "A script in the append only file {path} does not come to an end"
                ));
            }
        }
        Ok(())
    }

    fn run_commands(&mut self, start: &mut Start) -> Result<bool, String> {
        let limits = Limits {
            max_bulk: 512 << 20,
            max_multibulk: i64::from(i32::MAX),
            authenticated: true,
        };
        let bytes = std::mem::take(&mut start.bytes);
        let (mut at, mut ranges) = (0, Vec::new());
        let bad = || {
            format!(
                "Bad file format reading the append only file {}: make a backup of your AOF file, then use the check tool with --fix on its manifest",
                start.path
            )
        };
        let done = loop {
            let rest = &bytes[start.used + at..];
            if at >= self.storage.slice {
                break Ok(false);
            }
            match rest.first() {
                None => break Ok(true),
                Some(b'#') => match rest.iter().position(|b| *b == b'\n') {
                    Some(end) => at += end + 1,
                    None => break Ok(true),
                },
                Some(b'*') => {
                    let mut pos = 0;
                    match Parser::default().parse(rest, &mut pos, &limits, &mut ranges) {
                        Parsed::Command => {
                            if let Err(why) = self.run_logged(Args::new(rest, &ranges), &start.path)
                            {
                                break Err(why);
                            }
                        }
                        Parsed::Incomplete => break Ok(true),
                        Parsed::Empty | Parsed::Inline(_) | Parsed::Error(_) => break Err(bad()),
                    }
                    at += pos;
                }
                Some(_) => break Err(bad()),
            }
            let client = self.server.clients.get_mut(LOADER);
            if let Some(client) = client {
                client.out = Reply::new(Proto::Resp2);
                if client.queue.is_none() {
                    start.valid = start.bytes_at + at as u64;
                }
            }
        };
        start.bytes = bytes;
        start.use_up(at);
        self.storage.slice = self.storage.slice.saturating_sub(at);
        done
    }

    /// All that there was of the append-only file has been read: what is missing is made.
    fn no_more_files(&mut self, start: Start) {
        if start.stalls() {
            return self.read_again_ended(start, true);
        }
        let (base_bytes, total_bytes, last_bytes) = (start.base_bytes, start.total_bytes, start.at);
        let mut manifest = start.manifest.clone();
        self.loaded();
        let figures = &mut self.server.persist.aof;
        (figures.on, figures.size, figures.base_size) = (true, total_bytes, base_bytes);
        let prefix = self.storage_text("appendfilename");
        if let Some(last) = manifest.increments.last()
            && manifest.base.is_some()
        {
            let path = self.aof_path(&String::from_utf8_lossy(&last.name));
            self.storage.aof.manifest = manifest;
            self.storage.aof.path = path;
            self.storage.aof.file_bytes = last_bytes;
            return self.aof_is_on();
        }
        let mut ops = Vec::new();
        let mut image = None;
        if manifest.base.is_none() {
            let rdb = self.config.aof_use_rdb_preamble;
            let name =
                String::from_utf8_lossy(&manifest.replace_base(&prefix, rdb, usize::MAX).name)
                    .into_owned();
            self.say(
                false,
                &["Creating AOF base file ", &name, " on server start"],
            );
            let temporary = format!("temp-rewriteaof-{}.aof", self.server.pid);
            self.note_image(&temporary);
            ops.push(Op::Rename {
                from: temporary.clone(),
                to: self.aof_path(&name),
            });
            image = Some((self.base_form(true), temporary));
        }
        if manifest.increments.is_empty() {
            let name = String::from_utf8_lossy(&manifest.open_increment(&prefix).name).into_owned();
            self.say(
                false,
                &["Creating AOF incr file ", &name, " on server start"],
            );
            ops.push(Op::Create {
                path: self.aof_path(&name),
            });
        }
        ops.extend(self.manifest_ops(&manifest));
        let last = manifest
            .increments
            .last()
            .map(|e| String::from_utf8_lossy(&e.name).into_owned());
        let path = self.aof_path(&last.unwrap_or_default());
        let mut job = match image {
            Some((form, temporary)) => Job::image(form, &temporary, ops),
            None => Job::of(ops),
        };
        let dir = self.storage_text("appenddirname");
        job.before([Op::MakeDir { dir }, Op::SyncDir { dir: String::new() }]);
        self.run_front(job, Front::Found(manifest, path));
    }

    pub(super) fn founded(
        &mut self,
        manifest: Manifest,
        path: String,
        result: Result<(), DiskError>,
    ) {
        if let Err(error) = result {
            return self.give_up(&["Can't create the append-only file: ", error.text()]);
        }
        self.storage.aof.manifest = manifest;
        self.storage.aof.switch_to(path);
        self.aof_is_on();
    }

    fn aof_is_on(&mut self) {
        self.storage.aof.state = State::On;
        self.note_opened();
        self.log.get_or_insert_default().db = None;
        self.server.propagates = true;
        self.server.persist.active = true;
        self.remove_history();
    }

    /// The data is there.
    fn loaded(&mut self) {
        // What was loaded was no work of this process.
        let connections = self.server.stats.connections;
        self.server.stats.reset();
        self.server.stats.connections = connections;
        self.ks.stats = Default::default();
        self.server.persist.saves.dirty = self.ks.dirty;
        self.ks.events.clear();
        self.end_loading();
        self.note_started();
    }
}
