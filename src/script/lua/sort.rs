//! `table.sort`: quicksort with the median of three, the smaller part first, as Lua 5.1 does it: the order in which a
//! comparison function is called can be seen, and so can what a wrong one leads to.
//!
//! Every comparison may call a function of the script, so the algorithm is a machine of five states that is told one
//! answer at a time.

use super::library;
use super::machine::{Args, Flow, Machine, Run};
use super::thread::Work;
use super::value::Value;

/// The comparison whose answer is awaited.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// Is the last less than the first?
    Ends,
    /// Is the middle less than the first?
    MiddleFirst,
    /// Is the last less than the middle?
    MiddleLast,
    /// Is the element from below less than the pivot?
    Up,
    /// Is the pivot less than the element from above?
    Down,
}

/// A sort under way.
#[derive(Clone, Debug)]
pub(crate) struct Sort {
    table: u32,
    function: Value,
    /// The part that is sorted now, and those that wait.
    low: i64,
    high: i64,
    waiting: Vec<(i64, i64)>,
    i: i64,
    j: i64,
    pivot: Value,
    /// The elements that are compared.
    x: Value,
    y: Value,
    stage: Stage,
    started: bool,
}

/// What a step of the machine asks for.
enum Next {
    Compare,
    Done,
    Invalid,
}

impl Sort {
    /// What it keeps from the collector.
    pub(crate) fn values(&self) -> [Value; 3] {
        [self.pivot, self.x, self.y]
    }
}

pub(crate) fn sort(m: &mut Machine, args: Args) -> Run<Flow> {
    let table = m.table(args, 0)?;
    let length = m.heap.tab(table).length() as i64;
    let function = match m.argument(args, 1) {
        Value::Nil => Value::Nil,
        _ => m.function(args, 1)?,
    };
    let sort = Sort {
        table,
        function,
        low: 1,
        high: length,
        waiting: Vec::new(),
        i: 0,
        j: 0,
        pivot: Value::Nil,
        x: Value::Nil,
        y: Value::Nil,
        stage: Stage::Ends,
        started: false,
    };
    let want = m.want;
    m.push_work(Work::Sort(Box::new(sort)), args, want);
    Ok(Flow::Go)
}

impl Machine {
    pub(crate) fn step_sort(&mut self, arrived: Option<Value>) -> Run<Flow> {
        let Work::Sort(mut sort) = std::mem::replace(&mut self.top_frame().work, Work::Tail) else {
            return Ok(Flow::Go);
        };
        let flow = self.run_sort(&mut sort, arrived.map(Value::truthy));
        self.top_frame().work = Work::Sort(sort);
        match flow? {
            None => library::values(self, &[]),
            Some((_, Value::Nil)) => Ok(Flow::Pause),
            Some(([x, y], function)) => self.call_value(function, &[x, y]),
        }
    }

    /// Goes on until the end (`None`), a call of a function, or the end of the fuel (a call of nil).
    #[allow(clippy::type_complexity)] // the one place that needs it
    fn run_sort(
        &mut self,
        s: &mut Sort,
        arrived: Option<bool>,
    ) -> Run<Option<([Value; 2], Value)>> {
        let mut next = match arrived {
            Some(answer) => self.answered(s, answer)?,
            None if !std::mem::replace(&mut s.started, true) => self.begin_part(s),
            None => Next::Compare,
        };
        loop {
            match next {
                Next::Done => return Ok(None),
                Next::Invalid => {
                    return Err(self.throw_at_caller(b"invalid order function for sorting"));
                }
                Next::Compare => {}
            }
            if self.fuel <= 0 {
                return Ok(Some(([s.x, s.y], Value::Nil)));
            }
            self.fuel -= 1;
            if s.function != Value::Nil {
                return Ok(Some(([s.x, s.y], s.function)));
            }
            next = match self.less_than(s.x, s.y)? {
                Ok(answer) => self.answered(s, answer)?,
                Err(function) => return Ok(Some(([s.x, s.y], function))),
            };
        }
    }

    fn begin_part(&mut self, s: &mut Sort) -> Next {
        while s.low >= s.high {
            match s.waiting.pop() {
                Some((low, high)) => (s.low, s.high) = (low, high),
                None => return Next::Done,
            }
        }
        self.compare(s, Stage::Ends, s.high, s.low)
    }

    fn compare(&mut self, s: &mut Sort, stage: Stage, x: i64, y: i64) -> Next {
        s.stage = stage;
        s.x = self.raw_index(s.table, x);
        s.y = self.raw_index(s.table, y);
        Next::Compare
    }

    fn put_two(&mut self, s: &Sort, a: i64, x: Value, b: i64, y: Value) -> Run {
        self.raw_put(s.table, a, x)?;
        self.raw_put(s.table, b, y)
    }

    fn answered(&mut self, s: &mut Sort, less: bool) -> Run<Next> {
        let (low, high) = (s.low, s.high);
        match s.stage {
            Stage::Ends => {
                if less {
                    self.put_two(s, low, s.x, high, s.y)?;
                }
                if high - low == 1 {
                    return Ok(self.part_done(s));
                }
                s.i = (low + high) / 2;
                Ok(self.compare(s, Stage::MiddleFirst, s.i, low))
            }
            Stage::MiddleFirst => {
                if less {
                    self.put_two(s, s.i, s.y, low, s.x)?;
                    return self.partition(s);
                }
                Ok(self.compare(s, Stage::MiddleLast, high, s.i))
            }
            Stage::MiddleLast => {
                if less {
                    self.put_two(s, s.i, s.x, high, s.y)?;
                }
                self.partition(s)
            }
            Stage::Up if less => {
                if s.i > high {
                    return Ok(Next::Invalid);
                }
                Ok(self.scan_up(s))
            }
            Stage::Up => {
                // The element from below waits in `y` while those from above are looked at.
                Ok(self.scan_down(s))
            }
            Stage::Down if less => {
                if s.j < low {
                    return Ok(Next::Invalid);
                }
                Ok(self.scan_down(s))
            }
            Stage::Down => self.exchange(s),
        }
    }

    fn partition(&mut self, s: &mut Sort) -> Run<Next> {
        if s.high - s.low == 2 {
            return Ok(self.part_done(s));
        }
        s.pivot = self.raw_index(s.table, s.i);
        let other = self.raw_index(s.table, s.high - 1);
        self.put_two(s, s.i, other, s.high - 1, s.pivot)?;
        s.i = s.low;
        s.j = s.high - 1;
        Ok(self.scan_up(s))
    }

    fn scan_up(&mut self, s: &mut Sort) -> Next {
        s.i += 1;
        s.stage = Stage::Up;
        s.x = self.raw_index(s.table, s.i);
        s.y = s.pivot;
        Next::Compare
    }

    fn scan_down(&mut self, s: &mut Sort) -> Next {
        s.j -= 1;
        s.stage = Stage::Down;
        s.x = s.pivot;
        s.y = self.raw_index(s.table, s.j);
        Next::Compare
    }

    fn exchange(&mut self, s: &mut Sort) -> Run<Next> {
        if s.j >= s.i {
            let below = self.raw_index(s.table, s.i);
            self.put_two(s, s.i, s.y, s.j, below)?;
            return Ok(self.scan_up(s));
        }
        let pivot = self.raw_index(s.table, s.high - 1);
        let other = self.raw_index(s.table, s.i);
        self.put_two(s, s.high - 1, other, s.i, pivot)?;
        let (left, right) = ((s.low, s.i - 1), (s.i + 1, s.high));
        let (first, second) = match s.i - s.low < s.high - s.i {
            true => (left, right),
            false => (right, left),
        };
        s.waiting.push(second);
        (s.low, s.high) = first;
        Ok(self.begin_part(s))
    }

    fn part_done(&mut self, s: &mut Sort) -> Next {
        s.high = s.low;
        self.begin_part(s)
    }
}
