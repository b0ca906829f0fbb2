//! `string.gmatch`: a closure that keeps the text, the pattern and where the next match may begin.

use super::heap::{Body, Upvalue};
use super::library::{self, GMATCH_STEP};
use super::machine::{Args, Flow, Machine, Run};
use super::pattern::Matcher;
use super::search::{Search, Wanted};
use super::value::Value;

pub(crate) fn gmatch(m: &mut Machine, args: Args) -> Run<Flow> {
    let text = Value::Str(m.string(args, 0)?);
    let pattern = Value::Str(m.string(args, 1)?);
    let kept = [text, pattern, Value::Num(0.0)];
    let upvalues = kept.map(|value| m.heap.upvalue(Upvalue::Closed(value)));
    let globals = m.globals;
    let closure = m
        .heap
        .closure(Body::Native(GMATCH_STEP), Box::new(upvalues), globals);
    library::values(m, &[Value::Func(closure)])
}

/// The iterator that `gmatch` returns.
pub(crate) fn step(m: &mut Machine, args: Args) -> Run<Flow> {
    let [text, pattern, at] = [0, 1, 2].map(|index| m.kept(args, index));
    let (Value::Str(text), Value::Str(pattern), Value::Num(at)) = (text, pattern, at) else {
        return library::values(m, &[]);
    };
    let from = at as usize;
    if from > m.heap.bytes(text).len() {
        return library::values(m, &[]);
    }
    let mut search = Search {
        text,
        pattern,
        matcher: Matcher::default(),
        from,
        anchored: false,
        plain: false,
        wanted: Wanted::Next,
    };
    search.matcher.begin(from, 0);
    m.first_try(search, args)
}

impl Machine {
    /// The iterator that runs goes on behind this match; an empty one is passed by.
    pub(crate) fn keep_next(&mut self, search: &Search, end: usize) {
        let next = end + usize::from(end == search.from);
        let at = match self.running {
            super::machine::Running::Framed => self.top_frame().base as usize,
            _ => self.native_at,
        };
        let args = Args { at, count: 0 };
        self.keep(args, 2, Value::Num(next as f64));
    }
}
