//! `string.find` and `string.match`, and what they share with `gmatch` and `gsub`: trying one place of the text after
//! another, and handing out captures.

use super::library;
use super::machine::{Args, Flow, Machine, Run};
use super::pattern::{Extent, Matcher, Outcome, significant};
use super::thread::Work;
use super::value::{Str, Value};

/// What is wanted of a match.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wanted {
    /// Where it is, and the captures.
    Places,
    /// The captures, or the whole.
    Captures,
    /// The same, and where the next match begins is kept in the closure that is called.
    Next,
}

/// A search under way.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub text: Str,
    pub pattern: Str,
    pub matcher: Matcher,
    /// Where the match that is tried began.
    pub from: usize,
    pub anchored: bool,
    pub plain: bool,
    pub wanted: Wanted,
}

/// What trying came to.
pub(crate) enum Found {
    Match(usize),
    Nothing,
    Pause,
}

fn is_special(byte: u8) -> bool {
    b"^$*+?.([%-".contains(&byte)
}

/// A place counted from 1, or from the end if negative.
pub(crate) fn relative(position: i64, length: usize) -> i64 {
    match position {
        0.. => position,
        _ => (position + length as i64 + 1).max(0),
    }
}

impl Machine {
    /// Tries places from `search.from` on.
    pub(crate) fn try_places(&mut self, search: &mut Search) -> Run<Found> {
        let text = self.heap.bytes(search.text);
        let pattern = self.heap.bytes(search.pattern);
        let mut fuel = self.fuel;
        let outcome = match search.plain {
            true => find_plain(text, pattern, &mut search.from, &mut fuel),
            false => try_pattern(text, significant(pattern), search, &mut fuel),
        };
        self.fuel = fuel;
        match outcome {
            Outcome::Match(end) => Ok(Found::Match(end)),
            Outcome::Fail => Ok(Found::Nothing),
            Outcome::Pause => Ok(Found::Pause),
            Outcome::Error(message) => Err(self.throw_at_caller(message.as_bytes())),
        }
    }

    /// Capture `index` of a match, or the whole of it if there are none.
    pub(crate) fn capture(&mut self, search: &Search, index: usize, end: usize) -> Run<Value> {
        let (from, length) = match search.matcher.captures.get(index) {
            None if index == 0 => (search.from, end - search.from),
            None => return Err(self.throw_at_caller(b"invalid capture index")),
            Some(capture) => match capture.extent {
                Extent::Open => return Err(self.throw_at_caller(b"unfinished capture")),
                Extent::Position => return Ok(Value::Num((capture.from + 1) as f64)),
                Extent::Length(length) => (capture.from, length),
            },
        };
        let bytes = self.heap.bytes(search.text)[from..from + length].to_vec();
        Ok(self.heap.text(&bytes))
    }

    /// All captures, or the whole match if there are none.
    pub(crate) fn captures(&mut self, search: &Search, end: usize, whole: bool) -> Run<Vec<Value>> {
        let count = search.matcher.captures.len().max(usize::from(whole));
        let mut values = Vec::with_capacity(count + 2);
        for index in 0..count {
            values.push(self.capture(search, index, end)?);
        }
        Ok(values)
    }

    fn begin_search(&mut self, args: Args, wanted: Wanted) -> Run<Flow> {
        let text = self.string(args, 0)?;
        let pattern = self.string(args, 1)?;
        let length = self.heap.bytes(text).len();
        let from = relative(self.integer_or(args, 2, 1)?, length) - 1;
        let from = (from.max(0) as usize).min(length);
        let bytes = self.heap.bytes(pattern);
        let no_pattern = !significant(bytes).iter().copied().any(is_special);
        let plain = wanted == Wanted::Places && (self.argument(args, 3).truthy() || no_pattern);
        let anchored = !plain && bytes.first() == Some(&b'^');
        let mut search = Search {
            text,
            pattern,
            matcher: Matcher::default(),
            from,
            anchored,
            plain,
            wanted,
        };
        search.matcher.begin(from, usize::from(anchored));
        self.first_try(search, args)
    }

    /// Searches at once if the fuel is enough; else a frame goes on later.
    pub(crate) fn first_try(&mut self, mut search: Search, args: Args) -> Run<Flow> {
        match self.try_places(&mut search)? {
            Found::Match(end) => self.search_results(&search, end),
            Found::Nothing => self.nothing(search.wanted),
            Found::Pause => {
                let want = self.want;
                self.push_work(Work::Search(Box::new(search)), args, want);
                Ok(Flow::Go)
            }
        }
    }

    fn nothing(&mut self, wanted: Wanted) -> Run<Flow> {
        match wanted {
            Wanted::Next => library::values(self, &[]),
            _ => library::values(self, &[Value::Nil]),
        }
    }

    fn search_results(&mut self, search: &Search, end: usize) -> Run<Flow> {
        let mut values = self.captures(search, end, search.wanted != Wanted::Places)?;
        if search.wanted == Wanted::Places {
            let places = [(search.from + 1) as f64, end as f64].map(Value::Num);
            values.splice(0..0, places);
        }
        if search.wanted == Wanted::Next {
            self.keep_next(search, end);
        }
        library::values(self, &values)
    }

    pub(crate) fn step_search(&mut self) -> Run<Flow> {
        let Work::Search(mut search) = std::mem::replace(&mut self.top_frame().work, Work::Tail)
        else {
            return Ok(Flow::Go);
        };
        match self.try_places(&mut search)? {
            Found::Match(end) => self.search_results(&search, end),
            Found::Nothing => self.nothing(search.wanted),
            Found::Pause => {
                self.top_frame().work = Work::Search(search);
                Ok(Flow::Pause)
            }
        }
    }
}

fn find_plain(text: &[u8], wanted: &[u8], from: &mut usize, fuel: &mut i64) -> Outcome {
    let Some(last) = text.len().checked_sub(wanted.len()) else {
        return Outcome::Fail;
    };
    while *from <= last {
        if *fuel <= 0 {
            return Outcome::Pause;
        }
        let pairs = text[*from..].iter().zip(wanted);
        let same = pairs.take_while(|(a, b)| a == b).count();
        if same == wanted.len() {
            return Outcome::Match(*from + same);
        }
        *fuel -= i64::from(from.is_multiple_of(8)) + same as i64 / 8;
        *from += 1;
    }
    Outcome::Fail
}

fn try_pattern(text: &[u8], pattern: &[u8], search: &mut Search, fuel: &mut i64) -> Outcome {
    loop {
        match search.matcher.run(text, pattern, fuel) {
            Outcome::Fail if !search.anchored && search.from < text.len() => {
                search.from += 1;
                search.matcher.begin(search.from, 0);
            }
            outcome => return outcome,
        }
    }
}

pub(crate) fn find(m: &mut Machine, args: Args) -> Run<Flow> {
    m.begin_search(args, Wanted::Places)
}

pub(crate) fn match_(m: &mut Machine, args: Args) -> Run<Flow> {
    m.begin_search(args, Wanted::Captures)
}
