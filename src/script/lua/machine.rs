//! The machine: a state that runs until its fuel is used up, and goes on from there when it gets more.
//!
//! ```text
//!   start(f) ──> resume(fuel) ──> Yielded ──┐
//!                  ^   │  └─────> Call(h) ──┤  the host answers with `answer` or `fail`
//!                  │   └────────> Done      │
//!                  └───────────────────────┘
//! ```
//!
//! To stop a script for good the host calls `abort`; no `pcall` can see that.

use super::cjson::Settings;
use super::expr::MAX_LEVELS;
use super::heap::{Body, Heap, Phase};
use super::lexer::SyntaxError;
use super::library;
use super::parser;
use super::proto::Proto;
use super::random::Random;
use super::thread::{Coroutine, Frame, Status, Work};
use super::value::{Str, Thrown, Value};
use std::rc::Rc;

/// Calls that may be open at once in one thread.
pub(crate) const MAX_FRAMES: usize = 16_383;

/// Why a run stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// The script returned: its values are in `results`.
    Done,
    /// The script ended by an error: its value is in `error`.
    Failed,
    /// The fuel is used up.
    Yielded,
    /// The script called this function of the host with `arguments`.
    Call(u16),
}

/// What the run loop does next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flow {
    /// Goes on with whatever frame is on top now.
    Go,
    /// This many values on top of the stack are the results of the library function.
    Values(usize),
    /// Stops; the same frame goes on later.
    Pause,
    Host(u16),
    Done,
}

/// Who works at the moment: this decides which place an error message names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Running {
    /// The instructions of the frame on top.
    Code,
    /// A library function, called by the frame on top.
    Native,
    /// The library function whose frame is on top.
    Framed,
}

pub(crate) type Run<T = ()> = Result<T, Thrown>;

/// Where the arguments of a library function stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Args {
    pub at: usize,
    pub count: usize,
}

macro_rules! metamethods {
    ($($name:ident $text:literal)*) => {
        /// What a metatable can define.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Meta { $($name),* }
        pub(crate) const META_NAMES: &[&str] = &[$($text),*];
    };
}

// The first eight are remembered as absent in a table's flags.
metamethods! {
    Index "__index" NewIndex "__newindex" Eq "__eq" Len "__len" Call "__call" Mode "__mode" Lt "__lt" Le "__le"
    Add "__add" Sub "__sub" Mul "__mul" Div "__div" Mod "__mod" Pow "__pow" Unm "__unm" Concat "__concat"
    ToString "__tostring" Metatable "__metatable"
}

/// A Lua 5.1 state with its libraries.
#[derive(Clone, Debug)]
pub struct Machine {
    pub heap: Heap,
    pub(crate) stack: Vec<Value>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) open: Vec<u32>,
    /// Values of the main thread's stack that are counted as memory.
    pub(crate) high: usize,
    /// End of the values that an instruction of variable length left.
    pub(crate) top: usize,
    /// Next instruction of the frame on top, if that runs instructions.
    pub(crate) pc: usize,
    /// The running coroutine; 0 is the main thread.
    pub(crate) thread: u32,
    pub(crate) fuel: i64,
    /// The error on its way.
    pub(crate) error: Value,
    /// Results that wait for the library function on top of the frames: where, and how many.
    pub(crate) arrived: Option<(usize, usize)>,
    pub(crate) running: Running,
    /// How many results the library function that runs is asked for.
    pub(crate) want: i32,
    /// Where the arguments of the library function that runs stand.
    pub(crate) native_at: usize,
    /// Whether another frame may be on top since it was looked at last.
    pub(crate) switched: bool,
    pub(super) raised: bool,
    /// The table of globals of new chunks.
    pub globals: u32,
    pub(crate) meta_names: Vec<Str>,
    pub(crate) random: Random,
    /// Fuel that all runs together have used, and what the one at hand was given.
    pub(crate) burnt: u64,
    pub(crate) given: i64,
    /// Where the error that nobody caught was raised: the name of the chunk (`@name`, or its text), and the line (-1: not in
    /// one).
    pub fault: (Vec<u8>, i64),
    /// Values the host keeps from the collector.
    pub anchors: Vec<Value>,
    /// The name of the field that `pcall` returns in place of an error that is a table; none in plain Lua.
    pub error_field: Option<Value>,
    pub(crate) cjson: Settings,
    results: (usize, usize),
}

impl Machine {
    /// A state whose scripts may use about `limit` bytes.
    pub fn new(limit: usize) -> Machine {
        let mut heap = Heap::new(limit);
        let globals = heap.table(0, 0);
        let main = Coroutine {
            status: Status::Running,
            ..Coroutine::default()
        };
        heap.thread(main);
        let meta_names = META_NAMES
            .iter()
            .map(|name| heap.string(name.as_bytes()))
            .collect();
        let mut machine = Machine {
            heap,
            stack: Vec::new(),
            frames: Vec::new(),
            open: Vec::new(),
            high: 0,
            top: 0,
            pc: 0,
            thread: 0,
            fuel: 0,
            error: Value::Nil,
            arrived: None,
            running: Running::Code,
            want: 0,
            native_at: 0,
            switched: false,
            raised: false,
            globals,
            meta_names,
            random: Random::unseeded(),
            burnt: 0,
            given: 0,
            fault: (Vec::new(), -1),
            anchors: Vec::new(),
            error_field: None,
            cjson: Settings::default(),
            results: (0, 0),
        };
        library::open(&mut machine);
        machine
    }

    /// Compiles a chunk to a function. The name begins with `@` or `=` if it is not the text itself.
    ///
    /// # Errors
    /// The message of a syntax error.
    pub fn load(&mut self, text: &[u8], name: &[u8]) -> Result<Value, SyntaxError> {
        let depth = self.frames.last().map_or(0, |frame| frame.depth);
        let proto = parser::compile(&mut self.heap, text, name, depth)?;
        Ok(self.function_of(proto))
    }

    fn function_of(&mut self, proto: Rc<Proto>) -> Value {
        let globals = self.globals;
        Value::Func(self.heap.closure(Body::Lua(proto), Box::default(), globals))
    }

    /// Makes ready to call `function`; whatever ran before is gone.
    pub fn start(&mut self, function: Value, arguments: &[Value]) {
        self.abort();
        self.stack.push(function);
        self.stack.extend_from_slice(arguments);
        self.raised = self.call_first(arguments.len(), 0).is_err();
    }

    /// Ends what runs, as if it had never been.
    pub fn abort(&mut self) {
        while self.thread != 0 {
            self.leave_thread(Status::Dead);
        }
        self.close_upvalues(0);
        self.frames.clear();
        self.heap.used -= self.high * size_of::<Value>();
        self.high = 0;
        self.stack = Vec::new();
        (self.top, self.arrived, self.results) = (0, None, (0, 0));
        (self.running, self.raised) = (Running::Code, false);
    }

    /// Runs on for about `fuel` instructions.
    pub fn resume(&mut self, fuel: i64) -> Step {
        // What one long operation used too much is paid back first.
        self.settle_fuel();
        self.fuel = self.fuel.min(0) + fuel;
        self.given = self.fuel;
        if std::mem::take(&mut self.raised) && !self.unwind() {
            return Step::Failed;
        }
        loop {
            if self.fuel <= 0 {
                return Step::Yielded;
            }
            let flow = match self.frames.last() {
                None => return Step::Done,
                Some(frame) if matches!(frame.work, Work::Lua) => self.execute(),
                Some(_) => self.step(),
            };
            match flow {
                Ok(Flow::Go) => {}
                Ok(Flow::Host(function)) => return Step::Call(function),
                Ok(Flow::Done) => return Step::Done,
                Ok(_) => return Step::Yielded,
                Err(Thrown) => {
                    if !self.unwind() {
                        return Step::Failed;
                    }
                }
            }
        }
    }

    /// Notes what was used since the last [`Machine::resume`] began.
    fn settle_fuel(&mut self) {
        self.burnt += self.given.saturating_sub(self.fuel).max(0) as u64;
        self.given = self.fuel;
    }

    /// Fuel that all runs together have used.
    pub fn burnt(&self) -> u64 {
        self.burnt + self.given.saturating_sub(self.fuel).max(0) as u64
    }

    /// Fuel that the run at hand has left.
    pub fn fuel_left(&self) -> i64 {
        self.fuel.max(0)
    }

    /// Charges the script for what the host did in its name.
    pub fn spend(&mut self, fuel: i64) {
        self.fuel -= fuel;
    }

    /// What a script that is done returned.
    pub fn results(&self) -> &[Value] {
        let (at, count) = self.results;
        self.stack.get(at..at + count).unwrap_or(&[])
    }

    /// The value of the error that ended a script.
    pub fn error(&self) -> Value {
        self.error
    }

    /// What the host's function was called with.
    pub fn arguments(&self) -> &[Value] {
        let base = self.frames.last().map_or(0, |frame| frame.base as usize);
        self.stack.get(base..self.top).unwrap_or(&[])
    }

    /// Gives the script what its call of the host's function returns.
    pub fn answer(&mut self, values: &[Value]) {
        self.stack.extend_from_slice(values);
        let delivered = self.finish_frame(values.len());
        self.raised = delivered.is_err() || self.check_memory().is_err();
    }

    /// Raises an error in the script's call of the host's function.
    pub fn fail(&mut self, error: Value) {
        self.error = error;
        self.raised = true;
    }

    /// Raises an error in the same way, with the place of the call in front of its text.
    pub fn fail_at_caller(&mut self, text: &[u8]) {
        self.throw_at_caller(text);
        self.raised = true;
    }

    /// The line that the script stands at; 0 if none.
    pub fn line(&self) -> u32 {
        self.frames
            .iter()
            .rposition(|frame| matches!(frame.work, Work::Lua))
            .map_or(0, |at| self.line_of(at))
    }

    /// The line of what the script does next: the one that it stands at, unless its last instruction is carried out.
    pub fn next_line(&self) -> u32 {
        let last = self.frames.len().saturating_sub(1);
        let next = self
            .proto_of(last)
            .and_then(|proto| proto.lines.get(self.pc).copied());
        next.unwrap_or_else(|| self.line())
    }

    /// Bytes in use.
    pub fn memory(&self) -> usize {
        self.heap.used
    }

    /// Takes the script's last results off: `at` and `count` tell where they stand.
    pub(crate) fn set_results(&mut self, at: usize, count: usize) {
        self.results = (at, count);
    }

    /// Checks that one more call is allowed, and one of the host's language if `nested`.
    pub(crate) fn check_depth(&mut self, depth: u32) -> Run {
        if self.frames.len() >= MAX_FRAMES {
            return Err(self.throw(b"stack overflow"));
        }
        if depth >= MAX_LEVELS {
            return Err(self.throw(b"C stack overflow"));
        }
        Ok(())
    }

    /// Collects in small steps as memory is used; an error if there is too much even so.
    #[inline]
    pub(crate) fn check_memory(&mut self) -> Run {
        if self.heap.used < self.heap.threshold {
            return Ok(());
        }
        self.collect_some();
        if self.heap.used > self.heap.limit {
            self.collect_all();
            if self.heap.used > self.heap.limit {
                return Err(self.out_of_memory());
            }
        }
        Ok(())
    }

    /// Asks for room before so many bytes are allocated in one go.
    pub(crate) fn room(&mut self, bytes: usize) -> Run {
        if self.heap.has_room(bytes) {
            return Ok(());
        }
        if self.heap.phase != Phase::Pause || self.heap.threshold < usize::MAX {
            self.collect_all();
        }
        match self.heap.has_room(bytes) {
            true => Ok(()),
            false => Err(self.out_of_memory()),
        }
    }

    pub(crate) fn out_of_memory(&mut self) -> Thrown {
        self.error = self.heap.text(b"not enough memory");
        Thrown
    }
}
