//! Threads of execution: the frames of calls, and coroutines. No call of a script is a call of this program: everything
//! that waits for something else stands in a `Frame`, so that a run can stop at any instruction.

use super::gsub::Gsub;
use super::search::Search;
use super::sort::Sort;
use super::value::Value;

/// What a frame does.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Runs instructions.
    Lua,
    /// Waits for the call that `pcall` made.
    PCall,
    /// The same for `xpcall`; `true` once the handler runs.
    XPCall(bool),
    /// A metamethod, whose value goes into this place of the stack; or nowhere.
    Store(Option<u32>),
    /// A metamethod that compares; the jump behind the instruction is taken if it says this.
    Test(bool),
    /// `__le` by `not (b < a)`.
    TestNot(bool),
    /// `__concat` of the last two of these registers; the whole goes to the third place.
    Concat(u32, u32, u32),
    /// An iterator of a `for`, whose loop stands at this register.
    For(u32),
    /// Waits for a coroutine; `true` if it was made by `wrap`.
    Resume(bool),
    /// A library function, done but for a call whose values are its own.
    Tail,
    /// `tostring` of something with `__tostring`.
    ToString,
    /// `load`, which asks a function for pieces of text.
    Load {
        text: Vec<u8>,
        next_try: usize,
    },
    /// `table.foreach`: the key before.
    Foreach(Value),
    /// `table.foreachi`: the index before, and the last.
    Foreachi(u32, u32),
    Sort(Box<Sort>),
    Search(Box<Search>),
    Gsub(Box<Gsub>),
    /// A function of the host.
    Host(u16),
}

impl Work {
    /// Whether this is a step of an instruction and no function of its own: it is no level for `error`.
    pub(crate) fn is_part(&self) -> bool {
        matches!(
            self,
            Work::Store(_) | Work::Test(_) | Work::TestNot(_) | Work::Concat(..) | Work::For(_)
        )
    }
}

/// A call that has not returned.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub work: Work,
    /// First register, or first argument.
    pub base: u32,
    /// Where the function stands, and where its results will.
    pub func: u32,
    pub pc: u32,
    /// How many results are wanted; -1 for all.
    pub want: i32,
    pub closure: u32,
    /// Of a library function: the end of the stack when it was called; its own calls stand there.
    pub mark: u32,
    /// How many calls this one took the place of.
    pub tail_calls: u32,
    /// How deep it stands in calls that a real machine would make on its own stack.
    pub depth: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub(crate) enum Status {
    #[default]
    Suspended,
    Running,
    /// It resumed another one.
    Normal,
    Dead,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Status::Suspended => "suspended",
            Status::Running => "running",
            Status::Normal => "normal",
            Status::Dead => "dead",
        }
    }
}

/// A coroutine. While it runs, its stack is in the machine and this holds the state of nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coroutine {
    pub stack: Vec<Value>,
    pub frames: Vec<Frame>,
    /// Open upvalues, by rising place on the stack.
    pub open: Vec<u32>,
    pub top: usize,
    pub status: Status,
    /// Who resumed it.
    pub parent: u32,
    /// The call of `yield` that waits: where its results go, and how many are wanted.
    pub waits: Option<(u32, i32)>,
    /// Bytes of its stack that are counted.
    pub counted: usize,
    /// The host lets it run, and no other thread.
    pub task: bool,
}

impl Coroutine {
    pub(crate) const COST: usize = 200;
}
