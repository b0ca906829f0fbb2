//! Reading the files as the node starts: the manifest and what it names, or the snapshot, piece by piece. Meanwhile clients
//! get LOADING.
use super::super::dispatch;
use super::super::node::Node;
use super::flush::State;
use super::job::Job;
use super::orders::Front;
use crate::command::persistence::Loading;
use crate::command::{Args, Client};
use crate::persist::aof::manifest::Manifest;
use crate::persist::disk::{Answer, DiskError, Done, Op};
use crate::resp::parse::{Limits, Parsed, Parser};
use crate::resp::{Proto, Reply};
use std::collections::VecDeque;

/// Bytes read at a time.
const PIECE: usize = 1 << 20;

/// The number of the client whose commands the log's are.
const LOADER: u64 = 0;

/// What is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Snapshot,
    Manifest,
    /// A file of the manifest; `last`: the one that may be cut off.
    Log {
        last: bool,
    },
}

/// See the head of this file.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) awaits: u64,
    kind: Kind,
    path: String,
    /// Where the next piece begins.
    at: u64,
    /// What was read and has not been understood yet, and where in the file it begins.
    bytes: Vec<u8>,
    bytes_at: u64,
    /// The file begins with a snapshot that is not read yet, or that is not known yet.
    preamble: bool,
    /// The data is in the append-only file; else in the snapshot, and of the other only the manifest is read: what comes
    /// later must not get names that are in use.
    aof: bool,
    manifest: Manifest,
    files: VecDeque<(String, bool)>,
    /// Whose commands the log's are.
    loader: Option<Client>,
    /// Where the last whole command ended outside of a transaction.
    valid: u64,
    base_bytes: u64,
    total_bytes: u64,
}

impl Node {
    /// Begins to read the files; the node answers LOADING until it is done.
    pub(in crate::server) fn start(&mut self) {
        let aof = self.config.text("appendonly") == b"yes";
        let (kind, path) = match aof {
            true => (Kind::Manifest, self.manifest_path()),
            false => (Kind::Snapshot, self.storage_text("dbfilename")),
        };
        let mut loader = Client::new(LOADER, String::new(), String::new(), self.ks.now_ms);
        loader.obeyed = true;
        self.storage.start = Some(Start {
            awaits: 0,
            kind,
            path,
            at: 0,
            bytes: Vec::new(),
            bytes_at: 0,
            preamble: true,
            aof,
            manifest: Manifest::default(),
            files: VecDeque::new(),
            loader: Some(loader),
            valid: 0,
            base_bytes: 0,
            total_bytes: 0,
        });
        self.ks.loading = true;
        let persist = &mut self.server.persist;
        persist.loading = Some(Loading {
            started_ms: self.ks.now_ms,
            ..Loading::default()
        });
        (persist.restricted, persist.active) = (true, true);
        self.start_on();
    }

    /// Asks for the next piece, unless one is on its way.
    pub(super) fn start_on(&mut self) {
        let Some(start) = &mut self.storage.start else {
            return;
        };
        if start.awaits == 0 {
            let (path, at) = (start.path.clone(), start.at);
            start.awaits = self.storage.asked.ask(Op::Read {
                path,
                at,
                len: PIECE,
            });
        }
    }

    pub(super) fn start_answered(&mut self, done: Done) {
        let Some(mut start) = self.storage.start.take() else {
            return;
        };
        start.awaits = 0;
        let whole = match done {
            Ok(Answer::Bytes(bytes)) => {
                start.at += bytes.len() as u64;
                let whole = bytes.len() < PIECE;
                match start.bytes.is_empty() {
                    true => start.bytes = bytes,
                    false => start.bytes.extend_from_slice(&bytes),
                }
                Ok(whole)
            }
            Ok(_) => Ok(true),
            Err(error) => Err(error),
        };
        if let Some(loading) = &mut self.server.persist.loading {
            loading.loaded_bytes = start.total_bytes + start.at;
            loading.total_bytes = loading.total_bytes.max(loading.loaded_bytes);
        }
        match (whole, start.kind) {
            (Err(DiskError::NotFound), Kind::Snapshot) => self.after_snapshot(start),
            (Err(DiskError::NotFound), Kind::Manifest) if start.aof => self.no_more_files(start),
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
            (Ok(true), Kind::Snapshot) => self.read_snapshot(start),
            (Ok(true), Kind::Manifest) => self.read_manifest(start),
            (Ok(whole), Kind::Log { last }) => self.read_log(start, whole, last),
            (Ok(false), _) => self.storage.start = Some(start),
        }
    }

    fn read_snapshot(&mut self, start: Start) {
        match self.load_file(&start.bytes, self.ks.follows) {
            Ok(loaded) => {
                self.note_loaded(loaded.keys, loaded.expired);
                self.adopt_history(&loaded.about);
                self.after_snapshot(start);
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
        start.kind = Kind::Manifest;
        start.path = self.manifest_path();
        (start.at, start.bytes) = (0, Vec::new());
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
                let names: Vec<_> = manifest
                    .files()
                    .map(|f| String::from_utf8_lossy(&f.name).into_owned())
                    .collect();
                let count = names.len();
                for (number, name) in names.iter().enumerate() {
                    start
                        .files
                        .push_back((self.aof_path(name), number + 1 == count));
                }
                start.manifest = manifest;
                self.next_file(start);
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

    fn next_file(&mut self, mut start: Start) {
        match start.files.pop_front() {
            Some((path, last)) => {
                start.kind = Kind::Log { last };
                (start.path, start.at, start.bytes_at, start.valid) = (path, 0, 0, 0);
                start.bytes = Vec::new();
                start.preamble = true;
                self.storage.start = Some(start);
            }
            None => self.no_more_files(start),
        }
    }

    /// A piece of a file of the manifest came; `whole`: it was the last.
    fn read_log(&mut self, mut start: Start, whole: bool, last: bool) {
        if start.preamble {
            let rdb = start.bytes.starts_with(b"REDIS");
            if !whole && (rdb || start.bytes.len() < 5) {
                self.storage.start = Some(start);
                return;
            }
            if rdb {
                match self.load_file(&start.bytes, true) {
                    Ok(loaded) => {
                        self.note_loaded(loaded.keys, loaded.expired);
                        start.bytes.drain(..loaded.end);
                        start.bytes_at = loaded.end as u64;
                        start.valid = start.bytes_at;
                    }
                    Err(fault) => {
                        let why = fault.to_string();
                        let path = start.path;
                        return self.give_up(&[
                            "Error reading the RDB preamble of the AOF file ",
                            &path,
                            ", AOF loading aborted: ",
                            &why,
                        ]);
                    }
                }
            }
            start.preamble = false;
        }
        if let Err(why) = self.run_log(&mut start) {
            return self.give_up(&[&why]);
        }
        if !whole {
            self.storage.start = Some(start);
            return;
        }
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
            return self.give_up(&[
                "You can: 1) Make a backup of your AOF file, then use the check tool with --fix on its manifest. 2) \
                 Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server.",
            ]);
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

    /// Runs the whole commands among what was read. Errors: what ends the node.
    fn run_log(&mut self, start: &mut Start) -> Result<(), String> {
        if let Some(loader) = start.loader.take() {
            self.server.clients.put_first(loader);
        }
        let done = self.run_commands(start);
        start.loader = self.server.clients.remove(LOADER);
        done
    }

    fn run_commands(&mut self, start: &mut Start) -> Result<(), String> {
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
            let rest = &bytes[at..];
            match rest.first() {
                None => break Ok(()),
                Some(b'#') => match rest.iter().position(|b| *b == b'\n') {
                    Some(end) => at += end + 1,
                    None => break Ok(()),
                },
                Some(b'*') => {
                    let mut pos = 0;
                    match Parser::default().parse(rest, &mut pos, &limits, &mut ranges) {
                        Parsed::Command => {
                            let args = Args::new(rest, &ranges);
                            if self.server.registry.find(args.get(0)).is_none() {
                                let name = String::from_utf8_lossy(args.get(0)).into_owned();
                                break Err(format!(
                                    "Unknown command '{name}' reading the append only file {}",
                                    start.path
                                ));
                            }
                            dispatch::run(self, LOADER, args);
                        }
                        Parsed::Empty => {}
                        Parsed::Incomplete => break Ok(()),
                        Parsed::Inline(_) | Parsed::Error(_) => break Err(bad()),
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
        start.bytes.drain(..at);
        start.bytes_at += at as u64;
        done
    }

    /// All that there was of the append-only file has been read: what is missing is made.
    fn no_more_files(&mut self, start: Start) {
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
    }

    /// The data is there.
    fn loaded(&mut self) {
        self.ks.loading = false;
        // What was loaded was no work of this process.
        let connections = self.server.stats.connections;
        self.server.stats.reset();
        self.server.stats.connections = connections;
        self.ks.stats = Default::default();
        let persist = &mut self.server.persist;
        persist.loading = None;
        persist.saves.dirty = self.ks.dirty;
        self.ks.events.clear();
        self.ks.propagated.clear();
        self.ks.settle();
        self.note_started();
    }
}
