//! The browser's door to the engine: thin, and with `wasm/` the only place that knows wasm-bindgen. Nothing here calls into
//! JS in the middle of work, but for [`load`].
mod estate;

use crate::command::{ClientId, LogLevel};
use crate::lab::desk::{BROUGHT, Desk};
use crate::lab::grader::Grader;
use crate::lab::json::{self, ToJson};
use crate::lab::lesson::{Lesson, Step};
use crate::lab::plain::{DEPTH_MAX, Plain};
use crate::persist::disk::DiskError;
use crate::persist::tools::Repair;
use crate::resp::parse::split_args;
use crate::server::{Effect, Input, Node, NodeOptions};
use crate::sim::disk::{Change, Disk, KeptFile, Speed};
use crate::sim::machine::Machine;
use crate::sim::repair::repair;
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// The input buffer's first size.
const INPUT_BYTES: usize = 1 << 16;
/// A buffer that grew beyond this is given back.
const KEEP_BYTES: usize = 1 << 20;

/// The module's memory, which the host reads and writes requests and replies in.
#[wasm_bindgen(js_name = linearMemory)]
pub fn linear_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// Turns a panic into a readable message in the console before the instance dies.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

#[wasm_bindgen(raw_module = "../www/later.js")]
extern "C" {
    fn load_part(part: u32);
}

/// Loads a part of the engine that the build cut off (`xtask/src/split.rs`). Stubs in the module ask for it as well, which
/// is the one call into JS in the middle of work.
#[wasm_bindgen(js_name = loadPart)]
pub fn load(part: u32) {
    load_part(part);
}

/// A seed for a new sandbox, from the browser's generator.
#[wasm_bindgen(js_name = randomSeed)]
pub fn random_seed() -> Result<u64, JsError> {
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).map_err(|e| JsError::new(&e.to_string()))?;
    Ok(u64::from_le_bytes(bytes))
}

/// Most bytes of output that wait for a client: one string of the longest kind, and something more.
const OUTPUT_LIMIT: usize = 544 << 20;

/// What became of a log that was loaded. Small and fixed, so serde carries it; models of any shape cross as JSON, which
/// is a tenth of the code (docs/performance.md).
#[derive(Serialize)]
struct Loaded {
    /// Bytes up to the end of the last whole command.
    read_bytes: f64,
    commands: f64,
    /// Why it ended before the end of the bytes, if it did.
    error: Option<String>,
}

/// What a node starts with, again and again.
struct Settings {
    seed: u64,
    config: String,
}

impl Settings {
    fn options(&self, now_us: i64) -> NodeOptions {
        let mut options = NodeOptions {
            seed: self.seed,
            now_us,
            // An instance has at most 4 GB, out of which a value may be copied more than once on its way.
            memory_ceiling: Some(3 << 29),
            output_limit: Some(OUTPUT_LIMIT),
            ..NodeOptions::default()
        };
        for words in self
            .config
            .lines()
            .filter_map(|line| split_args(line.as_bytes()))
        {
            // A line that is none is passed over: the page has nobody to tell.
            let _ = options.config.directive(&words);
        }
        options
    }
}

/// How a node syncs its append-only file, by its configuration: one that could not read its files never had it on.
fn policy_of(node: &Node) -> String {
    match &*node.config().text("appendonly") {
        b"yes" => String::from_utf8_lossy(&node.config().text("appendfsync")).into_owned(),
        _ => "off".into(),
    }
}

/// The files of a disk as `[name, bytes, bytes on the platter, bytes that the device was told to write]`.
fn files_of(disk: Option<&Disk>) -> js_sys::Array {
    let all = disk.into_iter();
    let all = all.flat_map(|disk| disk.all().map(move |path| (path, disk.extent(path))));
    all.filter_map(|(path, extent)| {
        let extent = extent.ok()?;
        let numbers =
            [extent.cached, extent.platter, extent.in_flight].map(|n| JsValue::from(n as f64));
        let row = std::iter::once(JsValue::from(path)).chain(numbers);
        Some(row.collect::<js_sys::Array>())
    })
    .collect()
}

/// What a host has kept of a platter.
#[wasm_bindgen]
#[derive(Default)]
pub struct Platter {
    files: Vec<KeptFile>,
}

#[wasm_bindgen]
impl Platter {
    /// An empty one.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Platter {
        Platter::default()
    }

    /// A file by its name and number.
    pub fn add(&mut self, path: String, inode: f64, bytes: Vec<u8>) {
        let inode = inode as u64;
        self.files.push(KeptFile { path, inode, bytes });
    }
}

/// Most warnings that are kept for [`Engine::warnings`].
const WORDS: usize = 100;

/// Most bytes of all files: they stand in memory beside the data.
const DISK_BYTES: u64 = 1 << 29;

/// One node, its clients, its disk and its clock.
#[wasm_bindgen]
pub struct Engine {
    machine: Machine,
    /// Files that are looked at.
    desk: Desk,
    /// How the node is configured, for the next start.
    settings: Settings,
    now_us: i64,
    grader: Option<Grader>,
    /// The server was started again by what a lesson does or has done.
    rebooted: bool,
    /// Connections made so far: each gets a port of its own.
    connections: u32,
    exited: bool,
    /// The first warnings since the node's start.
    words: Vec<String>,
    /// What the host writes requests into.
    input: Vec<u8>,
    /// What the host reads the reply from; changes places with the client's own buffer.
    reply: Vec<u8>,
}

#[wasm_bindgen]
impl Engine {
    /// `start_ms`: virtual wall clock at the start, in ms since 1970. With a `platter` it has a disk: the node begins by
    /// reading what the host kept, and what changes on the platter is told by [`Engine::take_changes`]. `config`: lines as in
    /// redis.conf.
    #[wasm_bindgen(constructor)]
    pub fn new(
        seed: u64,
        start_ms: f64,
        config: Option<String>,
        platter: Option<Platter>,
    ) -> Engine {
        let now_us = (start_ms * 1000.0) as i64;
        let disk = platter.map(|platter| {
            let mut disk = Disk::new(Speed::default(), now_us).restore(platter.files);
            disk.capacity = Some(DISK_BYTES);
            disk.watch();
            disk
        });
        let config = config.unwrap_or_default();
        let settings = Settings { seed, config };
        Engine {
            machine: Machine::boot(settings.options(now_us), disk),
            desk: Desk::default(),
            settings,
            now_us,
            grader: None,
            rebooted: false,
            connections: 0,
            exited: false,
            words: Vec::new(),
            input: Vec::new(),
            reply: Vec::new(),
        }
    }

    /// Starts the process again with the files as they are; all connections are gone. Its fsyncs wait for no store until
    /// [`Engine::hold`] says so.
    pub fn restart(&mut self) {
        let mut disk = self.machine.disk.take();
        if let Some(disk) = &mut disk {
            disk.hold(false);
        }
        self.settings.seed = self.settings.seed.wrapping_add(1);
        self.machine = Machine::boot(self.settings.options(self.now_us), disk);
        self.exited = false;
        self.words.clear();
    }

    /// Cuts the power: what was not on the platter is lost, but for the first `torn_bytes` of the write at work. The host
    /// takes the changes of the platter and boots another engine with it.
    pub fn power_cut(&mut self, torn_bytes: usize) {
        if let Some(disk) = &mut self.machine.disk {
            disk.crash(torn_bytes);
        }
    }

    /// Cuts the append-only file where it is no longer sound, as the check tool does; whether it was damaged. The node
    /// notices at its next start.
    pub fn repair(&mut self) -> bool {
        self.machine.disk.as_mut().is_some_and(repair)
    }

    /// From now on an fsync is done only when the host says that its store has what it was for ([`Engine::stored`]).
    pub fn hold(&mut self) {
        if let Some(disk) = &mut self.machine.disk {
            disk.hold(true);
        }
    }

    /// Whether an fsync waits for [`Engine::stored`].
    pub fn held(&self) -> bool {
        self.machine.disk.as_ref().is_some_and(Disk::is_held)
    }

    /// What became of that which [`Engine::take_changes`] gave: the host's store has all of it, or has no room for it. Then it
    /// is given once more, with what has changed since.
    pub fn stored(&mut self, kept: bool) {
        let result = if kept { Ok(()) } else { Err(DiskError::Full) };
        self.machine.stored(result, self.now_us);
    }

    /// What changed on the platter that the host's store does not have; `null` if nothing did. An array of three: the changes of
    /// bytes in their order, `[file, offset, bytes]` for a write and `[file, length]` for a cut; the numbers of files that are
    /// no more; all names as `[name, file]`, or `null` if they are as before.
    pub fn take_changes(&mut self) -> JsValue {
        let disk = self.machine.disk.as_mut();
        let Some(changes) = disk.and_then(Disk::take_changes) else {
            return JsValue::NULL;
        };
        let bytes = js_sys::Array::new();
        for change in changes.bytes {
            let (file, at, written) = match change {
                Change::Write(file, at, bytes) => (*file, *at, Some(bytes)),
                Change::Length(file, len) => (*file, *len, None),
            };
            let numbers = [file as f64, at as f64].map(JsValue::from);
            let written = written.map(|bytes| js_sys::Uint8Array::from(bytes.as_slice()).into());
            let change: js_sys::Array = numbers.into_iter().chain(written).collect();
            bytes.push(&change);
        }
        let gone: js_sys::Array = changes
            .gone
            .iter()
            .map(|f| JsValue::from(*f as f64))
            .collect();
        let named =
            |(name, file): &(String, u64)| js_sys::Array::of2(&name.into(), &(*file as f64).into());
        let names = changes.names.map_or(JsValue::NULL, |names| {
            names.iter().map(named).collect::<js_sys::Array>().into()
        });
        js_sys::Array::of3(&bytes, &gone, &names).into()
    }

    /// Whether replies and input wait for the disk: time has to pass ([`Engine::next_timer`]).
    pub fn stalled(&self) -> bool {
        self.machine.node.is_stalled()
    }

    /// Bytes of all files, those of them that are on the platter, whether there is an append-only file (1) or not (0), and
    /// the keys in memory.
    pub fn kept(&self) -> Vec<f64> {
        let (mut cached, mut platter) = (0, 0);
        if let Some(disk) = &self.machine.disk {
            for extent in disk.all().filter_map(|path| disk.extent(path).ok()) {
                cached += extent.cached;
                platter += extent.platter;
            }
        }
        let aof = u8::from(self.machine.node.has_aof());
        let keys = self.machine.node.key_count();
        vec![cached as f64, platter as f64, f64::from(aof), keys as f64]
    }

    /// How the append-only file is synced: `appendfsync`, or `off` without one. Of a server that has ended: as it was started.
    pub fn policy(&self) -> String {
        policy_of(&self.machine.node)
    }

    /// The warnings in the server's log since its start.
    pub fn warnings(&mut self) -> Vec<String> {
        self.drain();
        self.words.clone()
    }

    /// Whether the node still reads its files.
    pub fn loading(&self) -> bool {
        self.machine.node.is_loading()
    }

    /// The files as `[name, bytes, bytes on the platter, bytes that the device was told to write]`.
    pub fn files(&self) -> js_sys::Array {
        files_of(self.machine.disk.as_ref())
    }

    /// The paths of all files, of the disk and of the desk.
    pub fn names(&self) -> Vec<String> {
        let files = self.desk.files(self.machine.disk.as_ref());
        files.all().map(String::from).collect()
    }

    /// The bytes of a file as a program reads them.
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        let files = self.desk.files(self.machine.disk.as_ref());
        files.read(path).map(<[u8]>::to_vec)
    }

    /// Sets what the disk is like: `capacity` (bytes; 0: any), `latency_us`, `bytes_per_s`, `flush_us`, or how many of the
    /// next `writes` or `syncs` fail.
    pub fn set_disk(&mut self, what: &str, value: f64) {
        let Some(disk) = &mut self.machine.disk else {
            return;
        };
        match what {
            "capacity" => disk.capacity = (value > 0.0).then_some(value as u64),
            "latency_us" => disk.speed.latency_us = value as i64,
            "bytes_per_s" => disk.speed.bytes_per_s = value as u64,
            "flush_us" => disk.speed.flush_us = value as i64,
            "writes" => disk.failing_writes = value as u32,
            "syncs" => disk.failing_syncs = value as u32,
            _ => {}
        }
    }

    /// Turns a bit over on the platter; `false` if there is no such byte.
    pub fn flip_bit(&mut self, path: &str, offset: usize, bit: u8) -> bool {
        self.desk.forget(path);
        let disk = self.machine.disk.as_mut();
        disk.is_some_and(|disk| disk.flip(path, offset, bit).is_ok())
    }

    /// A new connection; its id.
    pub fn connect(&mut self) -> f64 {
        let port = 50_000 + self.connections % 10_000;
        self.connections = self.connections.wrapping_add(1);
        self.machine.node.connect(&format!("127.0.0.1:{port}")) as f64
    }

    /// The connection is gone.
    pub fn disconnect(&mut self, id: f64) {
        self.machine
            .handle(Input::Disconnect(id as ClientId), self.now_us);
    }

    /// Where the host writes the next request: room for `len` bytes. It stays there until the next call of this.
    pub fn input(&mut self, len: usize) -> *const u8 {
        if len > self.input.len() || self.input.len() > KEEP_BYTES {
            self.input = vec![0; len.max(INPUT_BYTES)];
        }
        self.input.as_ptr()
    }

    /// Runs the first `len` bytes of the input as bytes from a connection. All output that is ready for it stands at
    /// [`Engine::reply`] until the next call of this; its length. Nothing is allocated for the way in or out.
    pub fn run(&mut self, id: f64, len: usize) -> usize {
        let input = std::mem::take(&mut self.input);
        let bytes = &input[..len.min(input.len())];
        self.machine
            .handle(Input::Data(id as ClientId, bytes), self.now_us);
        self.input = input;
        self.reply.clear();
        if self.reply.capacity() > KEEP_BYTES {
            self.reply = Vec::new();
        }
        if let Some(out) = self.machine.node.output(id as ClientId) {
            std::mem::swap(out, &mut self.reply);
        }
        self.reply.len()
    }

    /// Begins a turn: what the requests until [`Engine::end_turn`] write goes to the disk together, as in a real server's loop.
    pub fn begin_turn(&mut self) {
        self.machine.node.begin_turn();
    }

    /// Runs the first `len` bytes of the input within a turn: where the connection's output ends then, counted from its
    /// beginning, which is taken with [`Engine::output`] after the turn.
    pub fn gather(&mut self, id: f64, len: usize) -> usize {
        let input = std::mem::take(&mut self.input);
        let bytes = &input[..len.min(input.len())];
        let id = id as ClientId;
        self.machine.handle(Input::Data(id, bytes), self.now_us);
        self.input = input;
        let client = self.machine.node.client(id);
        client.map_or(0, |client| client.out.as_bytes().len())
    }

    /// Ends a turn: replies stand once the engine is not [`Engine::stalled`].
    pub fn end_turn(&mut self) {
        self.machine.node.end_turn();
        self.machine.drive();
    }

    /// How long the host saw the last [`Engine::run`] or [`Engine::gather`] take, for the view of the event loop.
    pub fn measured(&mut self, us: f64) {
        self.machine.node.measured(us as u64);
    }

    /// Where the last [`Engine::run`] left its output.
    pub fn reply(&self) -> *const u8 {
        self.reply.as_ptr()
    }

    /// Output that came without being asked for.
    pub fn output(&mut self, id: f64) -> Vec<u8> {
        self.machine
            .node
            .output(id as ClientId)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Whether the server ended this connection.
    pub fn closed(&mut self, id: f64) -> bool {
        self.drain();
        self.machine.node.client(id as ClientId).is_none()
    }

    fn drain(&mut self) {
        for effect in self.machine.node.drain() {
            match effect {
                // A connection that the node asks for: there is nobody else.
                Effect::Close(id) | Effect::Drop(id) | Effect::Connect { id, .. } => {
                    self.machine.handle(Input::Disconnect(id), self.now_us);
                }
                Effect::Exit | Effect::Abort => self.exited = true,
                Effect::Log(LogLevel::Warning, line) if self.words.len() < WORDS => {
                    self.words.push(line)
                }
                Effect::Log(..) => {}
                Effect::Output(_) => {} // the host asks every client at the end of a slice
            }
        }
    }

    /// Whether the server has ended itself (SHUTDOWN), or given up.
    pub fn exited(&mut self) -> bool {
        self.drain();
        self.exited
    }

    /// Moves the clock to `now_ms` (never back).
    pub fn advance(&mut self, now_ms: f64) {
        self.now_us = self.now_us.max((now_ms * 1000.0) as i64);
        self.machine.handle(Input::Tick, self.now_us);
    }

    /// Its clock, in ms since 1970: a lesson's setup may have waited for a disk.
    pub fn now_ms(&self) -> f64 {
        self.now_us as f64 / 1000.0
    }

    /// Whether a script is not through yet: [`Engine::work`] is to be called.
    pub fn runs_script(&self) -> bool {
        self.machine.node.runs_script()
    }

    /// Lets that script run on for about `fuel` instructions.
    pub fn work(&mut self, fuel: u32) {
        self.machine.node.work(fuel.into());
        self.after_work();
    }

    /// What was written without an input goes to the disk as after one.
    fn after_work(&mut self) {
        self.machine.handle(Input::Tick, self.now_us);
    }

    /// Lets scripts stop before their first instruction, to be gone through with [`Engine::script_step`]; or not any more.
    /// From now on the view `script` has something to show.
    pub fn script_hold(&mut self, on: bool) {
        self.machine.node.keep_script_trace();
        self.machine.node.hold_scripts(on);
    }

    /// Runs the script that is held to its next line, or to line `until` if that is not 0.
    pub fn script_step(&mut self, until: u32) {
        self.machine.node.step_script((until > 0).then_some(until));
        self.after_work();
    }

    /// When the node wants to be called again, in ms since 1970.
    pub fn next_timer(&self) -> f64 {
        self.machine.next_timer_us() as f64 / 1000.0
    }

    /// Keeps the propagated writes from now on, for a host that saves them.
    pub fn keep_log(&mut self) {
        self.machine.node.keep_log();
    }

    /// RESP of the writes that were propagated since the last call.
    pub fn take_log(&mut self) -> Vec<u8> {
        self.machine.node.take_log()
    }

    /// Runs a log that [`Engine::take_log`] gave; stops at the first thing that is no command.
    pub fn load_log(&mut self, bytes: &[u8]) -> Result<JsValue, JsError> {
        let loaded = self.machine.node.load_log(bytes);
        let loaded = Loaded {
            read_bytes: loaded.read_bytes as f64,
            commands: loaded.commands as f64,
            error: loaded.error,
        };
        serde_wasm_bindgen::to_value(&loaded).map_err(|e| JsError::new(&e.to_string()))
    }

    /// The model of `view` after the command `argv` ran on the connection: plain data, `null` if there is nothing to show.
    /// Who asks for `loop` is told of the commands from then on.
    pub fn inspect(
        &mut self,
        id: f64,
        view: &str,
        argv: Vec<js_sys::Uint8Array>,
    ) -> Result<JsValue, JsError> {
        if view == "loop" {
            self.machine.node.keep_trail();
        }
        let argv: Vec<Vec<u8>> = argv.iter().map(js_sys::Uint8Array::to_vec).collect();
        match crate::lab::views::inspect(&self.machine.node, id as ClientId, view, &argv) {
            Some(model) => to_js(&model),
            None => Ok(JsValue::NULL),
        }
    }

    /// The same of the views of files (`inspect_files` of `lab::views`).
    pub fn inspect_files(
        &mut self,
        view: &str,
        argv: Vec<js_sys::Uint8Array>,
    ) -> Result<JsValue, JsError> {
        self.machine.node.keep_trail();
        let argv: Vec<Vec<u8>> = argv.iter().map(js_sys::Uint8Array::to_vec).collect();
        let (disk, node) = (self.machine.disk.as_ref(), &self.machine.node);
        match crate::lab::views::inspect_files(&mut self.desk, disk, node, view, &argv) {
            Some(model) => to_js(&model),
            None => Ok(JsValue::NULL),
        }
    }

    /// The number of the last command of a connection, as the view of the log names it; 0 if it is not known.
    pub fn last_ran(&self, id: f64) -> f64 {
        let number = self.machine.node.last_ran(id as ClientId);
        number.unwrap_or(0) as f64
    }

    /// Puts a file on the desk, to be looked at: its path there, or nothing if there is no room for it.
    pub fn bring(&mut self, name: &str, bytes: Vec<u8>) -> Option<String> {
        let brought = self.desk.bring(name, bytes);
        brought.then(|| [BROUGHT, name].concat())
    }

    /// Takes over what lies on the desk of an engine that this one stands in for.
    pub fn inherit(&mut self, old: &mut Engine) {
        self.desk = std::mem::take(&mut old.desk);
    }

    /// Takes away all that was brought.
    pub fn clear_desk(&mut self) {
        self.desk.clear();
    }

    /// Puts a byte in the place of another one, on the platter; `false` if there is none.
    pub fn edit_byte(&mut self, path: &str, offset: usize, byte: u8) -> bool {
        let disk = self.machine.disk.as_mut();
        self.desk.edit(disk, path, offset, byte)
    }

    /// Runs the check tool that fits a file. `repair`: "", "fix", or the second to cut it to. An array of three: its words,
    /// whether it ended well, the path that was cut or `null`.
    pub fn check(&mut self, name: &str, repair: &str) -> js_sys::Array {
        let repair = match repair.parse() {
            Ok(second) => Repair::Timestamp(second),
            Err(_) if repair == "fix" => Repair::Fix,
            Err(_) => Repair::Nothing,
        };
        let Machine { node, disk, .. } = &mut self.machine;
        let now_ms = self.now_us / 1000;
        let found = self
            .desk
            .check(disk.as_mut(), name, repair, node.config(), now_ms);
        let cut = found.cut.map_or(JsValue::NULL, JsValue::from);
        js_sys::Array::of3(&found.text.into(), &found.good.into(), &cut)
    }

    /// Begins a lesson on this engine, which must be fresh: runs its setup and looks at the goals; how it stands.
    pub fn lesson_start(&mut self, lesson: JsValue) -> Result<JsValue, JsError> {
        let lesson = from_js(lesson, DEPTH_MAX).and_then(Lesson::read);
        let lesson = lesson.map_err(|e| JsError::new(&e))?;
        let grader = Grader::start(lesson, &mut self.machine).map_err(|e| JsError::new(&e))?;
        self.grader = Some(grader);
        // Its setup may have waited for a disk.
        self.now_us = self.now_us.max(self.machine.node.server().now_us);
        self.lesson_state()
    }

    /// Judges the goals after commands or time; whether anything changed. A lesson may cut the power then
    /// ([`Engine::rebooted`]).
    pub fn lesson_look(&mut self) -> bool {
        self.drain();
        let Some(grader) = &mut self.grader else {
            return false;
        };
        grader.set_up(!self.exited);
        let changed = grader.look(&mut self.machine);
        let hands = grader.take_hands();
        for line in &hands {
            self.hand(line, false);
        }
        changed || !hands.is_empty()
    }

    /// Does to a lesson's machine what a line says (`:crash 20`, `:start`, `:check --fix`, `:flip FILE 7`); `false` if it
    /// says nothing that can be done.
    pub fn lesson_hand(&mut self, line: &str) -> bool {
        self.hand(line, true)
    }

    fn hand(&mut self, line: &str, by_learner: bool) -> bool {
        let Some(grader) = &mut self.grader else {
            return false;
        };
        self.settings.seed = self.settings.seed.wrapping_add(1);
        let options = self.settings.options(self.now_us);
        let started = match by_learner {
            true => grader.hand(line, &mut self.machine, options),
            false => grader.lay(line, &mut self.machine, options),
        };
        let Some(started) = started else {
            return false;
        };
        if started {
            self.rebooted = true;
            self.exited = false;
            self.words.clear();
        }
        true
    }

    /// Whether the server was started again since the last call, by what a lesson does or has done: it may still read its
    /// files, and all connections are gone.
    pub fn rebooted(&mut self) -> bool {
        std::mem::take(&mut self.rebooted)
    }

    /// How the lesson stood at the last look; `null` without a lesson.
    pub fn lesson_state(&self) -> Result<JsValue, JsError> {
        self.grader
            .as_ref()
            .map_or(Ok(JsValue::NULL), |g| to_js(g.state()))
    }

    /// Opens a hint of a goal; it costs the first time.
    /// `false` if the lesson has no such hint.
    pub fn lesson_hint(&mut self, goal: &str, step: &str) -> bool {
        match (&mut self.grader, Step::named(step)) {
            (Some(grader), Some(step)) => grader.take_hint(goal, step),
            _ => false,
        }
    }

    /// The engine's own version.
    pub fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").into()
    }
}

/// A model as the objects of the page.
fn to_js(value: &dyn ToJson) -> Result<JsValue, JsError> {
    js_sys::JSON::parse(&json::text_of(value)).map_err(|_| JsError::new("no JSON"))
}

/// What the page handed over; functions, symbols and big integers count as nothing. `Err` beyond `depth`.
fn from_js(value: JsValue, depth: u32) -> Result<Plain, String> {
    if depth == 0 {
        return Err("nested too deep".into());
    }
    if let Some(text) = value.as_string() {
        return Ok(Plain::Text(text));
    }
    if let Some(number) = value.as_f64() {
        return Ok(Plain::Number(number));
    }
    if let Some(flag) = value.as_bool() {
        return Ok(Plain::Bool(flag));
    }
    if let Some(list) = value.dyn_ref::<js_sys::Array>() {
        let values = list.iter().map(|v| from_js(v, depth - 1));
        return Ok(Plain::List(values.collect::<Result<_, _>>()?));
    }
    let Some(object) = value.dyn_ref::<js_sys::Object>() else {
        return Ok(Plain::Null);
    };
    let mut fields = Vec::new();
    for pair in js_sys::Object::entries(object) {
        let pair: js_sys::Array = pair.unchecked_into();
        let name = pair.get(0).as_string().unwrap_or_default();
        fields.push((name, from_js(pair.get(1), depth - 1)?));
    }
    Ok(Plain::Fields(fields))
}
