//! The machine with what a server adds to the language: `redis.call` and its like, guarded globals, errors with the place
//! where they were raised.
//!
//! ```text
//!   start ──> resume(fuel) ──> Yielded ───────────┐
//!               ^   │ └──────> Call, CheckAcl ... ┤  the server runs the command and answers
//!               │   │                             │
//!               └───┼─────────────────────────────┘
//!                   └────────> Done, Failed           `write_reply`
//! ```
use super::convert::{self, Name, Names, Reader, Writer};
use super::lua::{Machine, Step, Value};
use crate::base::sha1::sha1_hex;
use crate::resp::{Proto, Reply};

/// What a script asks of the server, or has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Done,
    /// An error that nobody caught.
    Failed,
    /// The fuel is used up.
    Yielded,
    /// A command is to be run; `protected`: its error is a value (`redis.pcall`). [`Engine::read_command`] has its words.
    Call {
        protected: bool,
    },
    /// Whether the user might run a command: `redis.acl_check_cmd`.
    CheckAcl,
    /// A library offers a function: `redis.register_function`.
    Register,
}

/// What a line of the log costs besides its length.
const LINE_FUEL: i64 = 100;

/// Functions of the server's, as the machine numbers them.
#[derive(Clone, Copy, Debug)]
enum Host {
    Call,
    PCall,
    Log,
    SetResp,
    Sha1Hex,
    ErrorReply,
    StatusReply,
    SetRepl,
    CheckAcl,
    Breakpoint,
    Debug,
    ReplicateCommands,
    Register,
    ErrorHandler,
    /// The `__index` of the globals.
    Missing,
}

const HOSTS: [Host; 15] = [
    Host::Call,
    Host::PCall,
    Host::Log,
    Host::SetResp,
    Host::Sha1Hex,
    Host::ErrorReply,
    Host::StatusReply,
    Host::SetRepl,
    Host::CheckAcl,
    Host::Breakpoint,
    Host::Debug,
    Host::ReplicateCommands,
    Host::Register,
    Host::ErrorHandler,
    Host::Missing,
];

/// What stands in a table of the server's.
#[derive(Clone)]
enum Entry {
    Function(Host),
    Number(f64),
    Text(&'static str),
}

use Entry::{Function, Number, Text};

/// The table `redis`, in the order in which a real server fills it: `pairs` shows it.
const API: [(&str, Entry); 23] = [
    ("call", Function(Host::Call)),
    ("pcall", Function(Host::PCall)),
    ("log", Function(Host::Log)),
    ("LOG_DEBUG", Number(0.0)),
    ("LOG_VERBOSE", Number(1.0)),
    ("LOG_NOTICE", Number(2.0)),
    ("LOG_WARNING", Number(3.0)),
    ("REDIS_VERSION_NUM", Number(459_268.0)),
    ("REDIS_VERSION", Text(crate::REDIS_VERSION)),
    ("SERVER_NAME", Text("valkey")),
    ("VALKEY_VERSION_NUM", Number(524_289.0)),
    ("VALKEY_VERSION", Text("8.0.1")),
    ("setresp", Function(Host::SetResp)),
    ("sha1hex", Function(Host::Sha1Hex)),
    ("error_reply", Function(Host::ErrorReply)),
    ("status_reply", Function(Host::StatusReply)),
    ("set_repl", Function(Host::SetRepl)),
    ("REPL_NONE", Number(0.0)),
    ("REPL_AOF", Number(1.0)),
    ("REPL_SLAVE", Number(2.0)),
    ("REPL_REPLICA", Number(2.0)),
    ("REPL_ALL", Number(3.0)),
    ("acl_check_cmd", Function(Host::CheckAcl)),
];

/// The part of it that libraries see while they are loaded.
const LOG_AND_VERSION: std::ops::Range<usize> = 2..12;

/// What they have besides.
const LOAD_API: [(&str, Entry); 1] = [("register_function", Function(Host::Register))];

/// What only scripts have besides, and not functions.
const SCRIPT_API: [(&str, Entry); 3] = [
    ("breakpoint", Function(Host::Breakpoint)),
    ("debug", Function(Host::Debug)),
    ("replicate_commands", Function(Host::ReplicateCommands)),
];

/// Words of a command: one buffer, and where each begins and how long it is.
#[derive(Clone, Debug, Default)]
pub struct Words {
    pub bytes: Vec<u8>,
    pub ranges: Vec<(u32, u32)>,
}

/// A machine that runs scripts for a server.
#[derive(Clone, Debug)]
pub struct Engine {
    pub lua: Machine,
    names: Names,
    /// The protocol in which `redis.call` answers the script at hand (`redis.setresp`).
    pub resp: Proto,
    /// Whom its writes are told (`redis.set_repl`): 1 the log, 2 replicas.
    pub told: u8,
    /// The globals of libraries while they are loaded; they change places with the others.
    loading: Option<u32>,
    /// What `redis.log` was called with since somebody took it: levels and texts.
    pub said: Vec<(u8, Vec<u8>)>,
}

impl Engine {
    /// A machine for scripts that together may use about `limit` bytes.
    pub fn for_scripts(limit: usize) -> Engine {
        let mut engine = Engine::new(limit);
        let api = engine.fresh_api(&[&API, &SCRIPT_API]);
        let handler = Value::Host(Host::ErrorHandler as u16);
        let globals = engine.lua.globals;
        engine
            .lua
            .heap
            .set_field(globals, b"__redis__err__handler", handler);
        engine.offer(globals, api);
        engine.set_keys(&[], &[]);
        engine.protect(globals);
        engine
    }

    /// A machine for functions. While a library is loaded it sees little more than how to offer them.
    pub fn for_functions(limit: usize) -> Engine {
        let mut engine = Engine::new(limit);
        let api = engine.fresh_api(&[&API]);
        let globals = engine.lua.globals;
        engine.offer(globals, api);
        engine.protect(globals);
        let api = engine.fresh_api(&[&API[LOG_AND_VERSION], &LOAD_API]);
        engine.protect(api);
        let loading = engine.lua.heap.table(0, 0);
        engine.offer(loading, api);
        engine.protect(loading);
        engine.lua.anchors.push(Value::Table(loading));
        engine.loading = Some(loading);
        engine
    }

    fn new(limit: usize) -> Engine {
        let mut lua = Machine::new(limit);
        let names = Names::new(&mut lua);
        lua.error_field = Some(names.error());
        Engine {
            lua,
            names,
            resp: Proto::Resp2,
            told: 3,
            loading: None,
            said: Vec::new(),
        }
    }

    fn fresh_api(&mut self, parts: &[&[(&str, Entry)]]) -> u32 {
        let api = self.lua.heap.table(0, 0);
        parts.iter().for_each(|part| fill(&mut self.lua, api, part));
        api
    }

    /// Puts the server's table among the globals.
    fn offer(&mut self, globals: u32, api: u32) {
        for name in ["redis", "server"] {
            let api = Value::Table(api);
            self.lua.heap.set_field(globals, name.as_bytes(), api);
        }
    }

    /// Nobody may change the globals from now on, nor the libraries; and what is not there is an error.
    fn protect(&mut self, globals: u32) {
        let heap = &mut self.lua.heap;
        let meta = heap.table(0, 1);
        heap.set_field(meta, b"__index", Value::Host(Host::Missing as u16));
        heap.tab_mut(globals).meta = Some(meta);
        let tables: Vec<Value> = heap.tab(globals).pairs().map(|p| p.1).collect();
        let own = [Value::Table(globals), Value::Table(meta)];
        for value in tables.into_iter().chain(own) {
            if let Value::Table(id) = value {
                heap.tab_mut(id).readonly = true;
            }
        }
    }

    /// Compiles a script, whose name begins with `@`.
    ///
    /// # Errors
    /// What is wrong with its text.
    pub fn compile(&mut self, text: &[u8], name: &[u8]) -> Result<Value, Vec<u8>> {
        // What is kept of a text is some times as long.
        if self.lua.room(text.len().saturating_mul(4)).is_err() {
            return Err(b"not enough memory".into());
        }
        self.lua.load(text, name)
    }

    /// Makes ready to load a library.
    pub(super) fn begin_load(&mut self, function: Value) {
        self.exchange_globals();
        self.lua.start(function, &[]);
    }

    /// The library is loaded, or not.
    pub(super) fn end_load(&mut self) {
        self.lua.abort();
        self.exchange_globals();
    }

    /// Libraries find other globals while they are loaded than their functions do later, under the same names.
    fn exchange_globals(&mut self) {
        if let Some(loading) = self.loading {
            self.lua.heap.exchange(self.lua.globals, loading);
        }
    }

    /// Makes ready to run the function that was kept under `at`.
    pub fn start_function(&mut self, at: usize, keys: &[&[u8]], args: &[&[u8]]) {
        (self.resp, self.told) = (Proto::Resp2, 3);
        let keys = self.list(keys.iter().copied());
        let args = self.list(args.iter().copied());
        let function = self.lua.anchors[at];
        self.lua.start(function, &[keys, args]);
    }

    /// The text of a string or a number.
    pub(super) fn text_of(&mut self, value: Value) -> Option<Vec<u8>> {
        let text = self.lua.text_of(value)?;
        Some(self.lua.heap.bytes(text).to_vec())
    }

    /// Keeps a value from the collector; the number is for [`Engine::release`].
    pub fn keep(&mut self, value: Value) -> usize {
        let anchors = &mut self.lua.anchors;
        let free = anchors.iter().position(|kept| *kept == Value::Nil);
        let at = free.unwrap_or(anchors.len());
        if free.is_none() {
            anchors.push(value);
        } else {
            anchors[at] = value;
        }
        at
    }

    /// Leaves a kept value to the collector.
    pub fn release(&mut self, at: usize) {
        self.lua.anchors[at] = Value::Nil;
    }

    fn list<'b>(&mut self, items: impl ExactSizeIterator<Item = &'b [u8]>) -> Value {
        let table = self.lua.heap.table(items.len(), 0);
        for (index, item) in items.enumerate() {
            let text = self.lua.heap.text(item);
            let _ = self
                .lua
                .heap
                .set(table, Value::Num((index + 1) as f64), text);
        }
        Value::Table(table)
    }

    fn set_keys(&mut self, keys: &[&[u8]], args: &[&[u8]]) {
        let globals = self.lua.globals;
        for (name, items) in [("KEYS", keys), ("ARGV", args)] {
            let list = self.list(items.iter().copied());
            self.lua.heap.set_field(globals, name.as_bytes(), list);
        }
    }

    /// Makes ready to run what was kept under `at`, with its keys and arguments in `KEYS` and `ARGV`.
    pub fn start(&mut self, at: usize, keys: &[&[u8]], args: &[&[u8]]) {
        (self.resp, self.told) = (Proto::Resp2, 3);
        self.set_keys(keys, args);
        let function = self.lua.anchors[at];
        self.lua.start(function, &[]);
    }

    /// Ends the script as if it had never been.
    pub fn abort(&mut self) {
        self.lua.abort();
    }

    /// Runs on for about `fuel` instructions, or until the script asks for something.
    pub fn resume(&mut self, fuel: i64) -> Event {
        let mut fuel = fuel;
        loop {
            let host = match self.lua.resume(fuel) {
                Step::Done => return Event::Done,
                Step::Failed => return Event::Failed,
                Step::Yielded => return Event::Yielded,
                Step::Call(number) => HOSTS[usize::from(number) % HOSTS.len()],
            };
            match host {
                Host::Call => return Event::Call { protected: false },
                Host::PCall => return Event::Call { protected: true },
                Host::CheckAcl => return Event::CheckAcl,
                Host::Register => return Event::Register,
                other => self.serve(other),
            }
            fuel = self.lua.fuel_left();
        }
    }

    /// What needs nothing of the server.
    fn serve(&mut self, host: Host) {
        match host {
            Host::Log => self.log(),
            Host::SetResp => self.set_resp(),
            Host::Sha1Hex => self.sha1_hex(),
            Host::ErrorReply => self.error_reply(),
            Host::StatusReply => self.status_reply(),
            Host::SetRepl => self.set_repl(),
            Host::ReplicateCommands => self.lua.answer(&[Value::Bool(true)]),
            Host::ErrorHandler => self.handle_error(),
            Host::Missing => self.missing_global(),
            _ => self.lua.answer(&[]),
        }
    }

    fn argument(&self, at: usize) -> Value {
        self.lua.arguments().get(at).copied().unwrap_or(Value::Nil)
    }

    /// Argument `at` as a number, if it is one or reads as one.
    fn number(&self, at: usize) -> Option<f64> {
        self.lua.to_number(self.argument(at))
    }

    /// Argument `at` as C's `lua_tostring` gives it: nothing for what is no string and no number.
    fn text(&mut self, at: usize) -> Vec<u8> {
        self.text_of(self.argument(at)).unwrap_or_default()
    }

    fn log(&mut self) {
        let problem = match self.number(0).map(f64::trunc) {
            _ if self.lua.arguments().len() < 2 => "server.log() requires two arguments or more.",
            None => "First argument must be a number (log level).",
            Some(level) if !(0.0..4.0).contains(&level) => "Invalid log level.",
            Some(level) => return self.say(level as u8),
        };
        self.raise(problem.as_bytes(), false);
    }

    /// Notes a line of strings and numbers for the log; other values are left out. It costs by its length, so that what
    /// waits for the host is bounded.
    fn say(&mut self, level: u8) {
        let mut line = Vec::new();
        for at in 1..self.lua.arguments().len() {
            if let Some(text) = self.text_of(self.argument(at)) {
                if at > 1 {
                    line.push(b' ');
                }
                line.extend_from_slice(&text);
            }
        }
        self.lua.spend(LINE_FUEL + line.len() as i64);
        // A real server prints it as a string of C.
        let end = line.iter().position(|&byte| byte == 0);
        line.truncate(end.unwrap_or(line.len()));
        self.said.push((level, line));
        self.lua.answer(&[]);
    }

    fn set_resp(&mut self) {
        if self.lua.arguments().len() != 1 {
            return self.raise(b"server.setresp() requires one argument.", false);
        }
        self.resp = match self.number(0).map(f64::trunc) {
            Some(2.0) => Proto::Resp2,
            Some(3.0) => Proto::Resp3,
            _ => return self.raise(b"RESP version must be 2 or 3.", false),
        };
        self.lua.answer(&[]);
    }

    fn set_repl(&mut self) {
        if self.lua.arguments().len() != 1 {
            return self.raise(b"server.set_repl() requires one argument.", false);
        }
        let whom = self.number(0).unwrap_or(0.0).trunc();
        if !(0.0..4.0).contains(&whom) {
            let text =
                b"Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.";
            return self.raise(text, false);
        }
        self.told = whom as u8;
        self.lua.answer(&[]);
    }

    fn sha1_hex(&mut self) {
        if self.lua.arguments().len() != 1 {
            return self.raise(b"wrong number of arguments", false);
        }
        let text = self.text(0);
        let digest = self.lua.heap.text(sha1_hex(&text).as_bytes());
        self.lua.answer(&[digest]);
    }

    /// The one string that the function was called with.
    fn only_string(&self) -> Option<Vec<u8>> {
        match self.lua.arguments() {
            [Value::Str(text)] => Some(self.lua.heap.bytes(*text).to_vec()),
            _ => None,
        }
    }

    fn error_reply(&mut self) {
        let table = match self.only_string() {
            None => self.error_table(b"wrong number or type of arguments", false),
            Some(text) if text.first() == Some(&b'-') => self.error_table(&text, false),
            Some(text) => self.error_table(&[b"-", text.as_slice()].concat(), false),
        };
        self.lua.answer(&[table]);
    }

    fn status_reply(&mut self) {
        let value = match self.only_string() {
            None => self.error_table(b"wrong number or type of arguments", false),
            Some(text) => {
                let text = self.lua.heap.text(&text);
                Value::Table(self.names.single(&mut self.lua, Name::Ok, text))
            }
        };
        self.lua.answer(&[value]);
    }

    /// A global is read that nobody has set.
    fn missing_global(&mut self) {
        let name = self.text(1);
        let text: &[u8] = b"Script attempted to access nonexistent global variable '";
        self.lua.fail_at_caller(&[text, &name, b"'"].concat());
    }

    /// The error as the server's handler would give it: for scripts that call it by its name.
    fn handle_error(&mut self) {
        let value = match self.argument(0) {
            table @ Value::Table(_) => table,
            other => {
                let text = [b"ERR ", self.lua.display(other).as_slice()].concat();
                let text = self.lua.heap.text(&text);
                Value::Table(self.names.single(&mut self.lua, Name::Err, text))
            }
        };
        self.lua.note_place();
        if let Value::Table(table) = value {
            let (source, line) = self.lua.fault.clone();
            let source = self.lua.heap.text(&source);
            self.lua.heap.set_field(table, b"source", source);
            let line = Value::Num(line as f64);
            self.lua.heap.set_field(table, b"line", line);
        }
        self.lua.answer(&[value]);
    }

    /// `{err = "CODE text"}`. A text that begins with `-` has its code in front, any other is an `ERR`; `counted`: the
    /// statistics know of it.
    fn error_table(&mut self, text: &[u8], counted: bool) -> Value {
        let text = match text.strip_prefix(b"-") {
            Some(rest) if rest.contains(&b' ') => rest.to_vec(),
            Some(rest) => [b"ERR ", rest].concat(),
            None => [b"ERR ", text].concat(),
        };
        let end = text.iter().rposition(|b| !matches!(b, b'\r' | b'\n'));
        let value = self.lua.heap.text(&text[..end.map_or(0, |end| end + 1)]);
        let table = self.names.single(&mut self.lua, Name::Err, value);
        if counted {
            let flag = Value::Bool(true);
            self.names.set(&mut self.lua, table, Name::Counted, flag);
        }
        Value::Table(table)
    }

    /// Raises an error in the function of the server that the script has called.
    pub fn raise(&mut self, text: &[u8], counted: bool) {
        let table = self.error_table(text, counted);
        self.lua.fail(table);
    }

    /// The words of the command that the script calls.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn read_command(&self, words: &mut Words) -> Result<(), &'static str> {
        words.bytes.clear();
        words.ranges.clear();
        let arguments = self.lua.arguments();
        if arguments.is_empty() {
            return Err("Please specify at least one argument for this call");
        }
        for value in arguments {
            let start = words.bytes.len();
            if !convert::write_argument(&self.lua, *value, &mut words.bytes) {
                return Err("Command arguments must be strings or integers");
            }
            let len = words.bytes.len() - start;
            words.ranges.push((start as u32, len as u32));
        }
        Ok(())
    }

    /// Gives the script a command's reply; an error among it is raised unless the call was protected.
    pub fn answer(&mut self, reply: &[u8], protected: bool) {
        // A reply takes a few times its size as values.
        let room = reply.len().saturating_mul(2);
        if reply.len() > 1 << 16 && self.lua.room(room).is_err() {
            let error = self.lua.error();
            return self.lua.fail(error);
        }
        let mut reader = Reader {
            lua: &mut self.lua,
            names: self.names,
            bytes: reply,
            at: 0,
        };
        let value = reader.value();
        match value {
            Value::Table(_) if !protected && reply.first() == Some(&b'-') => self.lua.fail(value),
            value => self.lua.answer(&[value]),
        }
    }

    /// Gives the script an error that the call of a command ended with; `counted`: the statistics know of it.
    pub fn answer_error(&mut self, text: &[u8], counted: bool, protected: bool) {
        let table = self.error_table(text, counted);
        if protected {
            self.lua.answer(&[table]);
        } else {
            self.lua.fail(table);
        }
    }

    /// Gives the script a boolean.
    pub fn answer_bool(&mut self, value: bool) {
        self.lua.answer(&[Value::Bool(value)]);
    }

    /// Writes what the script returned. True if there is an error among it that nobody has counted.
    pub fn write_reply(&self, out: &mut Reply) -> bool {
        let value = self.lua.results().first().copied().unwrap_or(Value::Nil);
        let mark = out.mark();
        let mut writer = Writer {
            lua: &self.lua,
            names: self.names,
            out,
            booleans: self.resp == Proto::Resp3,
            new_error: false,
        };
        if writer.write(value) {
            return writer.new_error;
        }
        out.rollback(mark);
        out.error(b"ERR the reply of the script is too large");
        true
    }

    /// The error that ended the script `name`, as it is told, and whether it is one that nobody has counted.
    pub fn describe_error(&self, name: &[u8]) -> (Vec<u8>, bool) {
        let counted = match self.lua.error() {
            Value::Table(table) => self.names.field(&self.lua, table, Name::Counted),
            _ => Value::Nil,
        };
        let mut text = self.error_text();
        self.add_place(&mut text, name);
        (text, counted != Value::Bool(true))
    }

    /// The error that ended the script.
    pub(super) fn error_text(&self) -> Vec<u8> {
        match self.lua.error() {
            Value::Table(table) => match self.names.field(&self.lua, table, Name::Err) {
                text @ (Value::Str(_) | Value::Num(_)) => self.lua.display(text),
                _ => b"ERR unknown error".to_vec(),
            },
            other => [b"ERR ", self.lua.display(other).as_slice()].concat(),
        }
    }

    /// The error of the script `name` that is ended from outside, where it stands now.
    pub fn describe_kill(&mut self, what: &[u8], name: &[u8]) -> Vec<u8> {
        let mut text = [b"ERR ", what].concat();
        self.lua.note_place();
        self.add_place(&mut text, name);
        text
    }

    /// Where an error was raised, behind its text.
    fn add_place(&self, text: &mut Vec<u8>, name: &[u8]) {
        let (source, line) = &self.lua.fault;
        text.extend([b" script: ", name, b", on ", source, b":"].concat());
        crate::base::num::write_i64(text, *line);
        text.push(b'.');
    }
}

/// Puts entries into a table.
fn fill(lua: &mut Machine, table: u32, entries: &[(&str, Entry)]) {
    for (name, entry) in entries {
        let value = match entry {
            Function(host) => Value::Host(*host as u16),
            Number(number) => Value::Num(*number),
            Text(text) => lua.heap.text(text.as_bytes()),
        };
        lua.heap.set_field(table, name.as_bytes(), value);
    }
}
