//! `string.gsub`. The replacement may be a function or a table with a metamethod, so it goes in steps.

use super::library;
use super::machine::{Args, Flow, Machine, Run};
use super::pattern::Matcher;
use super::search::{Found, Search, Wanted};
use super::thread::Work;
use super::value::Value;

/// What a substitution waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Matching,
    /// The value for the match that ends here, from a function.
    Called(usize),
    /// The same, from a table: it will stand at the frame's mark.
    Indexed(usize),
}

/// A substitution under way.
#[derive(Clone, Debug)]
pub(crate) struct Gsub {
    search: Search,
    out: Vec<u8>,
    count: u64,
    most: u64,
    state: State,
}

pub(crate) fn gsub(m: &mut Machine, args: Args) -> Run<Flow> {
    let text = m.string(args, 0)?;
    let pattern = m.string(args, 1)?;
    let length = m.heap.bytes(text).len() as i64;
    let most = m.integer_or(args, 3, length + 1)? as i32;
    match m.argument(args, 2) {
        Value::Str(_) | Value::Table(_) => {}
        Value::Num(_) => drop(m.string(args, 2)?),
        value if value.is_function() => {}
        _ => return Err(m.argument_error(2, b"string/function/table expected")),
    }
    let anchored = m.heap.bytes(pattern).first() == Some(&b'^');
    let mut search = Search {
        text,
        pattern,
        matcher: Matcher::default(),
        from: 0,
        anchored: true, // One place at a time.
        plain: false,
        wanted: Wanted::Captures,
    };
    search.matcher.begin(0, usize::from(anchored));
    let gsub = Gsub {
        search,
        out: Vec::new(),
        count: 0,
        most: most.max(0) as u64,
        state: State::Matching,
    };
    let want = m.want;
    m.push_work(Work::Gsub(Box::new(gsub)), args, want);
    // Its own frame is on top from here on: short ones are done at once.
    m.running = super::machine::Running::Framed;
    let flow = m.step_gsub(None)?;
    if let Flow::Values(count) = flow {
        m.finish_frame(count)?;
        m.check_memory()?;
    }
    Ok(Flow::Go)
}

impl Machine {
    pub(crate) fn step_gsub(&mut self, arrived: Option<Value>) -> Run<Flow> {
        let Work::Gsub(mut g) = std::mem::replace(&mut self.top_frame().work, Work::Tail) else {
            return Ok(Flow::Go);
        };
        match g.state {
            State::Matching => {}
            State::Called(end) => self.replace(&mut g, end, arrived.unwrap_or(Value::Nil))?,
            State::Indexed(end) => {
                let mark = self.top_frame().mark as usize;
                let value = self.stack[mark];
                self.replace(&mut g, end, value)?;
            }
        }
        g.state = State::Matching;
        loop {
            if g.count >= g.most {
                return self.finish_gsub(&g);
            }
            match self.try_places(&mut g.search)? {
                Found::Pause => {
                    self.top_frame().work = Work::Gsub(g);
                    return Ok(Flow::Pause);
                }
                Found::Nothing => {
                    if !self.pass(&mut g, None) {
                        return self.finish_gsub(&g);
                    }
                }
                Found::Match(end) => {
                    g.count += 1;
                    let base = self.top_frame().base as usize;
                    match self.stack[base + 2] {
                        Value::Str(text) => {
                            self.expand(&mut g, text, end)?;
                            if !self.pass(&mut g, Some(end)) {
                                return self.finish_gsub(&g);
                            }
                        }
                        other => return self.ask(g, other, end),
                    }
                }
            }
            if g.out.len() > 1 << 16 && !self.heap.has_room(g.out.len()) {
                self.room(g.out.len())?;
            }
        }
    }

    /// Goes on behind a match, or behind one character; false at the end.
    fn pass(&mut self, g: &mut Gsub, end: Option<usize>) -> bool {
        let text = self.heap.bytes(g.search.text);
        let from = g.search.from;
        match end {
            Some(end) if end > from => g.search.from = end,
            _ if from < text.len() => {
                g.out.push(text[from]);
                g.search.from += 1;
            }
            _ => {
                g.search.from = text.len();
                return false;
            }
        }
        let anchored = self.heap.bytes(g.search.pattern).first() == Some(&b'^');
        g.search.matcher.begin(g.search.from, 0);
        !anchored
    }

    fn finish_gsub(&mut self, g: &Gsub) -> Run<Flow> {
        let rest = self.heap.bytes(g.search.text)[g.search.from..].to_vec();
        let out = [&g.out[..], &rest].concat();
        self.room(out.len())?;
        self.fuel -= out.len() as i64 / 64;
        let text = self.heap.text(&out);
        library::values(self, &[text, Value::Num(g.count as f64)])
    }

    /// Appends the replacement text, its `%1` being captures.
    fn expand(&mut self, g: &mut Gsub, text: super::value::Str, end: usize) -> Run {
        let text = self.heap.bytes(text).to_vec();
        let mut at = 0;
        while at < text.len() {
            let byte = text[at];
            at += 1;
            if byte != b'%' {
                g.out.push(byte);
                continue;
            }
            let next = text.get(at).copied().unwrap_or(0);
            at += 1;
            match next {
                b'0' => {
                    let whole = &self.heap.bytes(g.search.text)[g.search.from..end];
                    g.out.extend_from_slice(whole);
                }
                b'1'..=b'9' => {
                    let value = self.capture(&g.search, usize::from(next - b'1'), end)?;
                    g.out.extend_from_slice(&self.display(value));
                }
                other => g.out.push(other),
            }
        }
        Ok(())
    }

    /// Asks a function or table for the replacement.
    fn ask(&mut self, mut g: Box<Gsub>, source: Value, end: usize) -> Run<Flow> {
        if let Value::Table(table) = source {
            let key = self.capture(&g.search, 0, end)?;
            let value = self.heap.tab(table).get(key);
            if value != Value::Nil || self.heap.tab(table).meta.is_none() {
                self.replace(&mut g, end, value)?;
                self.top_frame().work = Work::Gsub(g);
                // As if it had arrived: the next round goes on with matching.
                return Ok(Flow::Go);
            }
            g.state = State::Indexed(end);
            self.top_frame().work = Work::Gsub(g);
            let mark = self.top_frame().mark as usize;
            self.stack.truncate(mark);
            self.stack.push(Value::Nil);
            self.index(usize::MAX, source, key, mark)?;
            return Ok(Flow::Go);
        }
        let captures = self.captures(&g.search, end, true)?;
        g.state = State::Called(end);
        self.top_frame().work = Work::Gsub(g);
        self.call_value(source, &captures)
    }

    /// The replacement of the match is this value; false and nil keep what was there.
    fn replace(&mut self, g: &mut Gsub, end: usize, value: Value) -> Run {
        match value {
            Value::Nil | Value::Bool(false) => {
                let whole = &self.heap.bytes(g.search.text)[g.search.from..end];
                g.out.extend_from_slice(whole);
            }
            Value::Str(_) | Value::Num(_) => {
                let text = self.display(value);
                g.out.extend_from_slice(&text);
            }
            other => {
                let kind = other.type_name().as_bytes();
                let message = [b"invalid replacement value (a ", kind, b")"].concat();
                return Err(self.throw_at_caller(&message));
            }
        }
        if !self.pass(g, Some(end)) {
            g.most = g.count; // That was the last.
        }
        Ok(())
    }
}
