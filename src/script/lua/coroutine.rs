//! `coroutine`: the machine's stack and frames are exchanged for those of another thread.

use super::expr::MAX_LEVELS;
use super::heap::{Body, Upvalue};
use super::library;
use super::machine::{Args, Flow, Machine, Run};
use super::thread::{Coroutine, Frame, Status, Work};
use super::value::Value;

pub(crate) const LIBRARY: library::Entries = &[
    ("create", create),
    ("resume", resume),
    ("running", running),
    ("status", status),
    ("wrap", wrap),
    ("yield", give),
];

impl Machine {
    /// Exchanges the running thread for another.
    pub(super) fn switch(&mut self, to: u32) {
        if let Some(top) = self.frames.last_mut()
            && matches!(top.work, Work::Lua)
        {
            top.pc = self.pc as u32;
        }
        // What is in use: the capacity of a copy is another one. So what is not in use must not be much.
        let counted = self.stack.len() * 16 + self.frames.len() * 64;
        if self.stack.capacity() > 256 + 4 * self.stack.len() {
            self.stack.shrink_to(2 * self.stack.len());
            self.frames.shrink_to(2 * self.frames.len());
        }
        let from = &mut self.heap.threads.items[self.thread as usize];
        std::mem::swap(&mut self.stack, &mut from.stack);
        std::mem::swap(&mut self.frames, &mut from.frames);
        std::mem::swap(&mut self.open, &mut from.open);
        from.top = self.top;
        if self.thread != 0 {
            self.heap.used = self.heap.used + counted - from.counted;
            from.counted = counted;
        }
        let new = &mut self.heap.threads.items[to as usize];
        std::mem::swap(&mut self.stack, &mut new.stack);
        std::mem::swap(&mut self.frames, &mut new.frames);
        std::mem::swap(&mut self.open, &mut new.open);
        self.top = new.top;
        self.thread = to;
        self.restore_pc();
    }

    /// Leaves the running coroutine for the one that resumed it.
    pub(crate) fn leave_thread(&mut self, status: Status) {
        let thread = self.thread;
        if status == Status::Dead {
            self.close_upvalues(0);
            self.stack.clear();
            self.frames.clear();
        }
        let item = &mut self.heap.threads.items[thread as usize];
        item.status = status;
        let parent = item.parent;
        item.parent = 0;
        self.switch(parent);
        self.heap.threads.items[parent as usize].status = Status::Running;
    }

    /// The coroutine that the frame on top waits for gave these values.
    pub(crate) fn resumed(&mut self, values: &[Value]) -> Run {
        let wrap = match self.frames.last().map(|frame| &frame.work) {
            Some(Work::Resume(wrap)) => *wrap,
            _ => return Ok(()),
        };
        if !wrap {
            self.stack.push(Value::Bool(true));
        }
        self.stack.extend_from_slice(values);
        self.finish_frame(values.len() + usize::from(!wrap))
    }

    /// The coroutine that this frame waited for failed. True if that is told by values, not by an error.
    pub(crate) fn child_failed(&mut self, frame: Frame, wrap: bool) -> bool {
        if wrap {
            if let Value::Str(text) = self.error {
                self.restore_pc();
                let text = self.heap.bytes(text).to_vec();
                self.throw_at_caller(&text);
            }
            return false;
        }
        let error = self.error;
        self.stack.push(Value::Bool(false));
        self.stack.push(error);
        self.restore_pc();
        self.deliver(frame.func as usize, frame.want, 2).is_ok()
    }

    fn resume_thread(&mut self, id: u32, args: Args, from: usize, wrap: bool) -> Run<Flow> {
        let values = self.stack[args.at + from..args.at + args.count].to_vec();
        let depth = self.frames.last().map_or(1, |frame| frame.depth);
        let state = self.heap.threads.items[id as usize].status;
        let refused = match state {
            Status::Suspended if depth >= MAX_LEVELS => Some(b"C stack overflow".to_vec()),
            Status::Suspended => None,
            state => {
                let name = state.name().as_bytes();
                Some([b"cannot resume ", name, b" coroutine"].concat())
            }
        };
        if let Some(message) = refused {
            if wrap {
                return Err(self.throw_at_caller(&message));
            }
            let text = self.heap.text(&message);
            return library::values(self, &[Value::Bool(false), text]);
        }
        let want = self.want;
        self.push_work(Work::Resume(wrap), args, want);
        self.heap.threads.items[self.thread as usize].status = Status::Normal;
        let parent = self.thread;
        self.switch(id);
        let item = &mut self.heap.threads.items[id as usize];
        item.status = Status::Running;
        item.parent = parent;
        match item.waits.take() {
            Some((func, want)) => {
                self.stack.extend_from_slice(&values);
                self.deliver(func as usize, want, values.len())?;
            }
            None => {
                // The first time: the function is the only value on its stack.
                self.stack.extend_from_slice(&values);
                self.call_first(values.len(), depth)?;
            }
        }
        Ok(Flow::Go)
    }

    /// Calls the function at the bottom of an empty run's stack with the `count` values above it.
    pub(super) fn call_first(&mut self, count: usize, depth: u32) -> Run {
        self.frames.push(Frame {
            work: Work::Tail,
            base: 1,
            func: 0,
            pc: 0,
            want: -1,
            closure: 0,
            mark: self.stack.len() as u32,
            tail_calls: 0,
            depth,
        });
        self.call_at(0, count, -1)
    }
}

fn thread_argument(m: &mut Machine, args: Args) -> Run<u32> {
    match m.argument(args, 0) {
        Value::Thread(id) => Ok(id),
        _ => Err(m.argument_error(0, b"coroutine expected")),
    }
}

fn new_thread(m: &mut Machine, args: Args) -> Run<u32> {
    let function = m.argument(args, 0);
    if !m.is_written_in_lua(function) {
        return Err(m.argument_error(0, b"Lua function expected"));
    }
    let thread = Coroutine {
        stack: vec![function],
        ..Coroutine::default()
    };
    Ok(m.heap.thread(thread))
}

fn create(m: &mut Machine, args: Args) -> Run<Flow> {
    let id = new_thread(m, args)?;
    library::values(m, &[Value::Thread(id)])
}

fn wrap(m: &mut Machine, args: Args) -> Run<Flow> {
    let id = new_thread(m, args)?;
    let upvalue = m.heap.upvalue(Upvalue::Closed(Value::Thread(id)));
    let globals = m.globals;
    let closure = m
        .heap
        .closure(Body::Native(library::WRAPPED), Box::new([upvalue]), globals);
    library::values(m, &[Value::Func(closure)])
}

/// What `wrap` returns.
pub(crate) fn wrapped(m: &mut Machine, args: Args) -> Run<Flow> {
    match m.kept(args, 0) {
        Value::Thread(id) => m.resume_thread(id, args, 0, true),
        _ => library::values(m, &[]),
    }
}

fn resume(m: &mut Machine, args: Args) -> Run<Flow> {
    let id = thread_argument(m, args)?;
    m.resume_thread(id, args, 1, false)
}

fn give(m: &mut Machine, args: Args) -> Run<Flow> {
    let crosses = m.is_outermost()
        || m.frames
            .iter()
            .skip(1)
            .any(|f| !matches!(f.work, Work::Lua));
    if crosses {
        return Err(m.throw(b"attempt to yield across metamethod/C-call boundary"));
    }
    let values = m.stack[args.at..args.at + args.count].to_vec();
    let thread = m.thread as usize;
    m.heap.threads.items[thread].waits = Some((args.at as u32 - 1, m.want));
    m.leave_thread(Status::Suspended);
    m.resumed(&values)?;
    Ok(Flow::Go)
}

fn status(m: &mut Machine, args: Args) -> Run<Flow> {
    let id = thread_argument(m, args)?;
    let name = m.heap.threads.items[id as usize].status.name();
    let text = m.heap.text(name.as_bytes());
    library::values(m, &[text])
}

fn running(m: &mut Machine, _: Args) -> Run<Flow> {
    let thread = match m.is_outermost() {
        true => Value::Nil,
        false => Value::Thread(m.thread),
    };
    library::values(m, &[thread])
}
