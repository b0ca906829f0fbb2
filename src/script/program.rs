//! Programs that use servers, as scripts run inside one: the machine with the functions of a small application.
//!
//! ```lua
//! on_request(function(key)               -- each request is a task of its own
//!   local value = redis.call("GET", key)
//!   if value then return value end
//!   value = db.get(key)                  -- other tasks run while this one waits
//!   redis.call("SET", key, value, "PX", 5000)
//!   return value
//! end)
//! ```
//!
//! | function | what it does |
//! |---|---|
//! | `redis.call(…)`, `redis.pcall(…)` | a command on the process's own connection, answered as in scripts |
//! | `redis.connect(name [, timeout_ms])` | a connection of its own: `c:call(…)`, `c:pcall(…)` |
//! | `db.get(key)`, `db.put(key, value)` | a row of the database, `nil` if there is none |
//! | `sleep(ms)`, `now()` | the world's clock, in ms since 1970 with fractions |
//! | `random(…)` | as `math.random`; each process has a seed of its own |
//! | `log(…)`, `print(…)` | a line of the process's log |
//! | `spawn(f, …)` | a further task |
//! | `on_request(f)` | `f(key)` answers what is read, `f(key, value)` what is written |
//! | `record(name, …)` | an event of the world's history |
//!
//! A task runs until it waits for something; only then does another one. Who answers, and when, is the host's business:
//! [`Program::run`] says what a task waits for, and [`Program::go_on`] takes the answer.
use super::convert::{self, Names, Reader};
use super::lua::{Machine, Step, Value};
use crate::base::time::Micros;
use crate::resp::request;

/// Tasks that a program may have at once.
pub const TASKS_MOST: usize = 2000;
/// Connections that it may make.
pub const CONNECTIONS_MOST: usize = 64;
/// What a call of the host costs besides what is done, in instructions.
const CALL_FUEL: i64 = 100;
/// Fuel that is counted as a microsecond, as for scripts.
const FUEL_A_MICROSECOND: u64 = 100;
/// Longest line of the log, and longest text of an event, in bytes.
const LINE_BYTES: usize = 1000;
/// Most texts of an event.
const TEXTS: usize = 8;
/// The longest that may be slept at once, ms.
const SLEEP_MOST_MS: f64 = 1e9;

/// A task's number. It is another one's after its end.
pub type TaskId = usize;

/// What a task has come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The fuel is used up; the same task goes on with [`Program::run`].
    Yielded,
    /// A command, as bytes, on connection `on`. `protected`: its error is a value.
    Call {
        on: usize,
        protected: bool,
        bytes: Vec<u8>,
    },
    /// A row is read.
    Get(Vec<u8>),
    /// A row is written.
    Put(Vec<u8>, Vec<u8>),
    /// It sleeps, µs.
    Sleep(Micros),
    /// It is through, with this value.
    Done(Option<Vec<u8>>),
    /// It ended by an error that nobody caught: its text, with the place.
    Failed(Vec<u8>),
}

/// With what a task goes on.
#[derive(Clone, Debug)]
pub enum Answer {
    /// From its beginning, or after it slept.
    Nothing,
    /// The bytes of a reply.
    Reply { bytes: Vec<u8>, protected: bool },
    /// There will be no answer, and why.
    Error { text: String, protected: bool },
    /// A row, or none.
    Row(Option<Vec<u8>>),
    /// A row is written.
    Written,
}

/// A connection that the program has asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub name: String,
    /// How long it waits for a reply; `None`: as the process does.
    pub timeout_ms: Option<f64>,
}

/// An event that the program has noted.
#[derive(Clone, Debug)]
pub struct Noted {
    pub name: String,
    pub texts: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum Host {
    Call,
    PCall,
    Connect,
    CallOn,
    PCallOn,
    Get,
    Put,
    Sleep,
    Now,
    Log,
    Spawn,
    OnRequest,
    Record,
}

const HOSTS: [Host; 13] = [
    Host::Call,
    Host::PCall,
    Host::Connect,
    Host::CallOn,
    Host::PCallOn,
    Host::Get,
    Host::Put,
    Host::Sleep,
    Host::Now,
    Host::Log,
    Host::Spawn,
    Host::OnRequest,
    Host::Record,
];

const GLOBALS: [(&str, Host); 7] = [
    ("sleep", Host::Sleep),
    ("now", Host::Now),
    ("log", Host::Log),
    ("print", Host::Log),
    ("spawn", Host::Spawn),
    ("on_request", Host::OnRequest),
    ("record", Host::Record),
];
const REDIS: [(&str, Host); 3] = [
    ("call", Host::Call),
    ("pcall", Host::PCall),
    ("connect", Host::Connect),
];
const DB: [(&str, Host); 2] = [("get", Host::Get), ("put", Host::Put)];

/// See the head of this file.
#[derive(Clone, Debug)]
pub struct Program {
    lua: Machine,
    names: Names,
    /// Tasks stand among the machine's anchors from here on.
    first: usize,
    /// Places among them that are free.
    free: Vec<TaskId>,
    tasks: usize,
    /// The task in the machine.
    current: Option<TaskId>,
    /// Where its handler of requests stands among the anchors.
    handler: usize,
    /// The clock when the slice at hand began, and what had been burnt then.
    began: (Micros, u64),
    connections: usize,
    /// Lines for the log, events, tasks that were made, and connections that were asked for, since somebody took them.
    pub said: Vec<String>,
    pub noted: Vec<Noted>,
    pub born: Vec<TaskId>,
    pub wanted: Vec<Wanted>,
}

impl Program {
    /// A program that may use about `limit` bytes, and its first task. `name` stands in its errors.
    ///
    /// # Errors
    /// What is wrong with its text.
    pub fn new(
        source: &[u8],
        name: &str,
        limit: usize,
        seed: i32,
    ) -> Result<(Program, TaskId), Vec<u8>> {
        let mut lua = Machine::new(limit);
        lua.seed_random(seed);
        let names = Names::new(&mut lua);
        lua.error_field = Some(names.error());
        let globals = lua.globals;
        fill(&mut lua, globals, &GLOBALS);
        for (table, entries) in [("redis", &REDIS[..]), ("db", &DB[..])] {
            let api = lua.heap.table(0, entries.len());
            fill(&mut lua, api, entries);
            lua.heap
                .set_field(globals, table.as_bytes(), Value::Table(api));
        }
        if let Value::Table(math) = lua.heap.field(globals, b"math") {
            let random = lua.heap.field(math, b"random");
            lua.heap.set_field(globals, b"random", random);
        }
        let handler = lua.anchors.len();
        lua.anchors.push(Value::Nil);
        if lua.room(source.len().saturating_mul(4)).is_err() {
            return Err(b"not enough memory".into());
        }
        let main = lua.load(source, format!("@{name}").as_bytes())?;
        let mut program = Program {
            names,
            first: handler + 1,
            free: Vec::new(),
            tasks: 0,
            current: None,
            handler,
            began: (0, 0),
            connections: 0,
            said: Vec::new(),
            noted: Vec::new(),
            born: Vec::new(),
            wanted: Vec::new(),
            lua,
        };
        let main = program.add_task(main, &[]);
        Ok((program, main))
    }

    /// Bytes that it has in use.
    pub fn memory(&self) -> usize {
        self.lua.memory()
    }

    /// Instructions that it has carried out.
    pub fn burnt(&self) -> u64 {
        self.lua.burnt()
    }

    /// Tasks that it has.
    pub fn tasks(&self) -> usize {
        self.tasks
    }

    /// Whether it takes requests.
    pub fn serves(&self) -> bool {
        self.lua.anchors[self.handler] != Value::Nil
    }

    fn add_task(&mut self, function: Value, arguments: &[Value]) -> TaskId {
        let thread = self.lua.new_task(function, arguments);
        self.tasks += 1;
        if let Some(task) = self.free.pop() {
            self.lua.anchors[self.first + task] = thread;
            return task;
        }
        self.lua.anchors.push(thread);
        self.lua.anchors.len() - 1 - self.first
    }

    /// A task for a request: `value` if something is written. `None` if it takes none, or has too many tasks.
    pub fn request(&mut self, key: &[u8], value: Option<&[u8]>) -> Option<TaskId> {
        let handler = self.lua.anchors[self.handler];
        if handler == Value::Nil || self.tasks >= TASKS_MOST {
            return None;
        }
        let mut arguments = vec![self.lua.heap.text(key)];
        arguments.extend(value.map(|value| self.lua.heap.text(value)));
        Some(self.add_task(handler, &arguments))
    }

    /// Puts a task into the machine, with the answer that it waits for. No other one may be there.
    pub fn go_on(&mut self, task: TaskId, answer: Answer) {
        let thread = self.lua.anchors[self.first + task];
        let begins = matches!(answer, Answer::Nothing) && !self.lua.waits(thread);
        self.lua.enter_task(thread);
        self.current = Some(task);
        match answer {
            Answer::Nothing if begins => {}
            Answer::Nothing => self.lua.answer(&[]),
            Answer::Reply { bytes, protected } => self.reply(&bytes, protected),
            Answer::Error { text, protected } => self.error(&text, protected),
            Answer::Row(None) => self.lua.answer(&[Value::Nil]),
            Answer::Row(Some(row)) => {
                let value = self.lua.heap.text(&row);
                self.lua.answer(&[value]);
            }
            Answer::Written => self.lua.answer(&[Value::Bool(true)]),
        }
    }

    /// Lets the task in the machine run on with about so much fuel, at a moment of the clock. With any event but
    /// [`Event::Yielded`] it leaves the machine.
    pub fn run(&mut self, fuel: i64, now_us: Micros) -> Event {
        self.began = (now_us, self.burnt());
        let mut fuel = fuel;
        let event = loop {
            let host = match self.lua.resume(fuel) {
                Step::Yielded => return Event::Yielded,
                Step::Done => break self.done(),
                Step::Failed => break Event::Failed(self.error_text()),
                Step::Call(number) => HOSTS[usize::from(number) % HOSTS.len()],
            };
            self.lua.spend(CALL_FUEL);
            match self.serve(host) {
                Ok(Some(event)) => break event,
                Ok(None) => {}
                Err(text) => self.lua.fail_at_caller(text.as_bytes()),
            }
            fuel = self.lua.fuel_left();
        };
        let Some(task) = self.current.take() else {
            return event;
        };
        match event {
            Event::Done(_) | Event::Failed(_) => {
                self.lua.anchors[self.first + task] = Value::Nil;
                self.free.push(task);
                self.tasks -= 1;
            }
            _ => self.lua.anchors[self.first + task] = self.lua.leave_task(),
        }
        event
    }

    /// The first value that the task returned: a text, or none.
    fn done(&self) -> Event {
        Event::Done(match self.lua.results().first() {
            None | Some(Value::Nil | Value::Bool(false)) => None,
            Some(value) => Some(self.lua.display(*value)),
        })
    }

    /// What the task that failed died of.
    fn error_text(&self) -> Vec<u8> {
        let Value::Table(table) = self.lua.error() else {
            return self.lua.display(self.lua.error());
        };
        let text = self.names.field(&self.lua, table, convert::Name::Err);
        let (chunk, line) = &self.lua.fault;
        let name = chunk.strip_prefix(b"@").unwrap_or(chunk);
        let place = [name, b":", line.to_string().as_bytes(), b": "].concat();
        [place, self.lua.display(text)].concat()
    }

    /// What a task has asked for: an event if it has to wait.
    fn serve(&mut self, host: Host) -> Result<Option<Event>, String> {
        let arguments = self.lua.arguments().to_vec();
        match host {
            Host::Call => return self.call(0, &arguments, false).map(Some),
            Host::PCall => return self.call(0, &arguments, true).map(Some),
            Host::CallOn => return self.call_on(&arguments, false).map(Some),
            Host::PCallOn => return self.call_on(&arguments, true).map(Some),
            Host::Get => return Ok(Some(Event::Get(self.text(&arguments, 0, "db.get")?))),
            Host::Put => {
                let key = self.text(&arguments, 0, "db.put")?;
                let value = self.text(&arguments, 1, "db.put")?;
                return Ok(Some(Event::Put(key, value)));
            }
            Host::Sleep => return self.sleep(&arguments).map(Some),
            Host::Connect => self.connect(&arguments)?,
            Host::Now => {
                let (at_us, burnt) = self.began;
                let now_us = at_us + ((self.burnt() - burnt) / FUEL_A_MICROSECOND) as Micros;
                self.lua.answer(&[Value::Num(now_us as f64 / 1000.0)]);
            }
            Host::Log => self.log(&arguments),
            Host::Spawn => self.spawn(&arguments)?,
            Host::OnRequest => {
                let function = self.function(&arguments, "on_request")?;
                self.lua.anchors[self.handler] = function;
                self.lua.answer(&[]);
            }
            Host::Record => self.record(&arguments)?,
        }
        Ok(None)
    }

    fn function(&self, arguments: &[Value], whose: &str) -> Result<Value, String> {
        let function = arguments.first().copied().unwrap_or(Value::Nil);
        match function.is_function() {
            true => Ok(function),
            false => Err(format!("{whose} wants a function")),
        }
    }

    /// A string or a number as a command's argument would have it.
    fn text(&self, arguments: &[Value], at: usize, whose: &str) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let value = arguments.get(at).copied().unwrap_or(Value::Nil);
        match convert::write_argument(&self.lua, value, &mut out) {
            true => Ok(out),
            false => Err(format!("{whose} wants strings or numbers")),
        }
    }

    fn call(&mut self, on: usize, words: &[Value], protected: bool) -> Result<Event, String> {
        if words.is_empty() {
            return Err("Please specify at least one argument for this call".into());
        }
        let mut texts = Vec::with_capacity(words.len());
        for at in 0..words.len() {
            let text = self.text(words, at, "");
            texts.push(text.map_err(|_| "Command arguments must be strings or integers")?);
        }
        const OTHERS: [&[u8]; 4] = [b"subscribe", b"psubscribe", b"ssubscribe", b"monitor"];
        if OTHERS.contains(&texts[0].to_ascii_lowercase().as_slice()) {
            return Err("This command has no single reply, so a program cannot call it".into());
        }
        let words: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let bytes = request::command(&words);
        self.lua.spend(bytes.len() as i64 / 16);
        Ok(Event::Call {
            on,
            protected,
            bytes,
        })
    }

    fn call_on(&mut self, arguments: &[Value], protected: bool) -> Result<Event, String> {
        let number = match arguments.first() {
            Some(Value::Table(table)) => {
                let name = self.lua.heap.text(b"number");
                self.lua.heap.tab(*table).get(name)
            }
            _ => Value::Nil,
        };
        match number {
            Value::Num(n) if n >= 1.0 && n <= self.connections as f64 => {
                self.call(n as usize, &arguments[1..], protected)
            }
            _ => Err("no connection: write c:call(...), with a colon".into()),
        }
    }

    fn sleep(&self, arguments: &[Value]) -> Result<Event, String> {
        let ms = arguments.first().and_then(|ms| self.lua.to_number(*ms));
        match ms {
            Some(ms) if ms >= 0.0 => {
                let us = (ms.min(SLEEP_MOST_MS) * 1000.0) as Micros;
                Ok(Event::Sleep(us.max(1)))
            }
            _ => Err("sleep wants a number of milliseconds".into()),
        }
    }

    fn connect(&mut self, arguments: &[Value]) -> Result<(), String> {
        let name = self.text(arguments, 0, "redis.connect")?;
        if self.connections >= CONNECTIONS_MOST {
            return Err("too many connections".into());
        }
        let timeout_ms = arguments.get(1).and_then(|ms| self.lua.to_number(*ms));
        self.connections += 1;
        self.wanted.push(Wanted {
            name: shown(&name),
            timeout_ms,
        });
        let table = self.lua.heap.table(0, 3);
        fill(
            &mut self.lua,
            table,
            &[("call", Host::CallOn), ("pcall", Host::PCallOn)],
        );
        let number = Value::Num(self.connections as f64);
        self.lua.heap.set_field(table, b"number", number);
        self.lua.answer(&[Value::Table(table)]);
        Ok(())
    }

    fn spawn(&mut self, arguments: &[Value]) -> Result<(), String> {
        let function = self.function(arguments, "spawn")?;
        if self.tasks >= TASKS_MOST {
            return Err("too many tasks".into());
        }
        let task = self.add_task(function, &arguments[1..]);
        self.born.push(task);
        self.lua.answer(&[]);
        Ok(())
    }

    fn texts_of(&mut self, values: &[Value]) -> Vec<String> {
        let texts: Vec<String> = values
            .iter()
            .map(|v| shown(&self.lua.display(*v)))
            .collect();
        let bytes: usize = texts.iter().map(String::len).sum();
        self.lua.spend(bytes as i64);
        texts
    }

    fn log(&mut self, arguments: &[Value]) {
        let texts = self.texts_of(&arguments[..arguments.len().min(100)]);
        self.said.push(shown(texts.join(" ").as_bytes()));
        self.lua.answer(&[]);
    }

    fn record(&mut self, arguments: &[Value]) -> Result<(), String> {
        let name = shown(&self.text(arguments, 0, "record")?);
        let texts = self.texts_of(&arguments[1..arguments.len().min(TEXTS + 1)]);
        self.noted.push(Noted { name, texts });
        self.lua.answer(&[]);
        Ok(())
    }

    /// A reply as a script would get it.
    fn reply(&mut self, bytes: &[u8], protected: bool) {
        let room = bytes.len().saturating_mul(2);
        if bytes.len() > 1 << 16 && self.lua.room(room).is_err() {
            let error = self.lua.error();
            return self.lua.fail(error);
        }
        self.lua.spend(bytes.len() as i64 / 16);
        let mut reader = Reader {
            lua: &mut self.lua,
            names: self.names,
            bytes,
            at: 0,
        };
        match reader.value() {
            error @ Value::Table(_) if !protected && bytes.first() == Some(&b'-') => {
                self.lua.fail(error);
            }
            value => self.lua.answer(&[value]),
        }
    }

    fn error(&mut self, text: &str, protected: bool) {
        let text = self.lua.heap.text(text.as_bytes());
        let table = self.names.single(&mut self.lua, convert::Name::Err, text);
        match protected {
            true => self.lua.answer(&[Value::Table(table)]),
            false => self.lua.fail(Value::Table(table)),
        }
    }
}

/// Puts functions into a table.
fn fill(lua: &mut Machine, table: u32, entries: &[(&str, Host)]) {
    for (name, host) in entries {
        let value = Value::Host(*host as u16);
        lua.heap.set_field(table, name.as_bytes(), value);
    }
}

/// Bytes as text of a bounded length.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(LINE_BYTES)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(source: &str) -> Program {
        let (mut program, main) = Program::new(source.as_bytes(), "app", 4 << 20, 1).expect("Lua");
        program.go_on(main, Answer::Nothing);
        program
    }

    #[test]
    fn a_request_waits_and_goes_on() {
        let mut p = program(
            "on_request(function(key)
               local ok, why = pcall(redis.call, 'GET', key)
               if not ok then log('no', why) end
               sleep(1.5)
               return db.get(key)
             end)",
        );
        assert_eq!(p.run(10_000, 0), Event::Done(None));
        assert!(p.serves());
        let task = p.request(b"k", None).expect("there is room");
        p.go_on(task, Answer::Nothing);
        let Event::Call { on: 0, bytes, .. } = p.run(10_000, 0) else {
            panic!("a command");
        };
        assert_eq!(bytes, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
        let text = "CONNECTION lost".into();
        p.go_on(
            task,
            Answer::Error {
                text,
                protected: false,
            },
        );
        assert_eq!(p.run(10_000, 0), Event::Sleep(1500));
        assert_eq!(p.said, ["no CONNECTION lost"]);
        p.go_on(task, Answer::Nothing);
        assert_eq!(p.run(10_000, 0), Event::Get(b"k".into()));
        p.go_on(task, Answer::Row(Some(b"row".into())));
        assert_eq!(p.run(10_000, 0), Event::Done(Some(b"row".into())));
        assert_eq!(p.tasks(), 0);
    }

    #[test]
    fn errors_have_their_place() {
        for (source, error) in [
            (
                "\nlocal x = nil + 1",
                "app:2: attempt to perform arithmetic on a nil value",
            ),
            (
                "\n\nsleep('soon')",
                "app:3: sleep wants a number of milliseconds",
            ),
            ("spawn(7)", "app:1: spawn wants a function"),
            (
                "redis.call()",
                "app:1: Please specify at least one argument for this call",
            ),
            (
                "redis.call({})",
                "app:1: Command arguments must be strings or integers",
            ),
            (
                "redis.connect('n1').call('GET')",
                "app:1: no connection: write c:call(...), with a colon",
            ),
            (
                "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
                "not enough memory",
            ),
            (
                "while true do spawn(function() sleep(1) end) end",
                "app:1: too many tasks",
            ),
            (
                "local function f() return 1 + f() end f()",
                "app:1: stack overflow",
            ),
        ] {
            let mut p = program(source);
            let end = loop {
                match p.run(1_000_000, 0) {
                    Event::Yielded => {}
                    Event::Failed(text) => break String::from_utf8_lossy(&text).into_owned(),
                    event => panic!("{source}: {event:?}"),
                }
            };
            assert_eq!(end, error, "{source}");
        }
        let mut p = program("local a\nredis.call('GET', 'k')");
        assert!(matches!(p.run(1000, 0), Event::Call { .. }));
        p.go_on(
            0,
            Answer::Reply {
                bytes: b"-WRONGTYPE no\r\n".into(),
                protected: false,
            },
        );
        assert_eq!(p.run(1000, 0), Event::Failed(b"app:2: WRONGTYPE no".into()));
        let wrong = Program::new(b"x =", "app", 4 << 20, 1).map(drop);
        assert_eq!(wrong, Err(b"app:1: unexpected symbol near '<eof>'".into()));
    }

    #[test]
    fn an_endless_loop_yields_and_time_passes_in_it() {
        let mut p = program("local from = now() while now() < from + 2 do end log(now())");
        let mut slices = 0;
        while p.run(10_000, slices * 100) == Event::Yielded {
            slices += 1;
        }
        assert_eq!(slices, 20);
        assert_eq!(p.said.len(), 1);
    }
}
