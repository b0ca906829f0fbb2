//! Tasks: threads that belong to the host, of which it lets one or another run. A task stands still where it has called the
//! host, however deep, so that `pcall` and coroutines of its own do not keep it from waiting; and another one runs meanwhile.
//!
//! ```text
//!   new_task(f) ──> enter_task(t) ──> resume(fuel) ──> Call(h) ──> leave_task() ──> enter_task(another) ...
//!                       ^                 │                              │
//!                       └─────────────────┼──── answer is here ──────────┘
//!                                         └──> Done, Failed: it is no more
//! ```
//!
//! While none runs, the machine is in its main thread, in which nothing is called.

use super::machine::{Machine, Running};
use super::random::Random;
use super::thread::{Coroutine, Status};
use super::value::Value;

impl Machine {
    /// A task that will call `function`. Whoever has the value must keep it from the collector while the task does not run.
    pub fn new_task(&mut self, function: Value, arguments: &[Value]) -> Value {
        let mut stack = vec![function];
        stack.extend_from_slice(arguments);
        Value::Thread(self.heap.thread(Coroutine {
            stack,
            task: true,
            ..Coroutine::default()
        }))
    }

    /// Lets a task run in place of the main thread: from its beginning, or from its call of the host, which is to be answered
    /// before [`Machine::resume`].
    pub fn enter_task(&mut self, thread: Value) {
        let Value::Thread(id) = thread else {
            return;
        };
        self.stack.clear();
        self.switch(id);
        let thread = &mut self.heap.threads.items[id as usize];
        thread.status = Status::Running;
        // It stands in its call of the host, whatever another task was doing last.
        self.running = Running::Framed;
        if self.frames.is_empty() {
            self.running = Running::Code;
            self.raised = self.call_first(self.stack.len() - 1, 0).is_err();
        }
    }

    /// Leaves the task that runs, in its call of the host; the thread with which to enter it again. That is a coroutine of the
    /// task's if one made the call.
    pub fn leave_task(&mut self) -> Value {
        let thread = self.thread;
        self.switch(0);
        Value::Thread(thread)
    }

    /// Whether a task stands in a call of the host, and has not just been made.
    pub fn waits(&self, thread: Value) -> bool {
        let Value::Thread(id) = thread else {
            return false;
        };
        !self.heap.threads.items[id as usize].frames.is_empty()
    }

    /// Gives `math.random` another beginning.
    pub fn seed_random(&mut self, seed: i32) {
        self.random = Random::new(seed);
    }

    /// Whether the running thread is not one that another has resumed.
    pub(crate) fn is_outermost(&self) -> bool {
        self.thread == 0 || self.heap.threads.items[self.thread as usize].task
    }

    /// A task is through: its values are what the machine returned.
    pub(super) fn end_task(&mut self, values: &[Value]) {
        self.stack.clear();
        self.stack.extend_from_slice(values);
        self.set_results(0, values.len());
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Machine, Step, Value};

    /// Two tasks that call the host inside `pcall` and coroutines take turns; each gets its own answers.
    #[test]
    fn tasks_take_turns_wherever_they_stand() {
        let mut m = Machine::new(1 << 22);
        let globals = m.globals;
        m.heap.set_field(globals, b"ask", Value::Host(0));
        let text = b"local shared = 0
            return function(name)
              local co = coroutine.wrap(function()
                local got = 0
                for i = 1, 20 do
                  local ok, value = pcall(ask, name, i)
                  got = got + value
                  shared = shared + 1
                  if i % 5 == 0 then coroutine.yield(got) end
                end
                return got, string.rep('x', 1000)
              end)
              local last
              for i = 1, 5 do last = co() end
              assert(coroutine.running() == nil and not pcall(coroutine.yield))
              return last, shared
            end";
        let chunk = m.load(text, b"@test").expect("it is Lua");
        m.start(chunk, &[]);
        assert_eq!(m.resume(10_000), Step::Done);
        let function = m.results()[0];
        m.abort();
        let anchors = m.anchors.len();
        for factor in [1.0, 10.0] {
            let task = m.new_task(function, &[Value::Num(factor)]);
            m.anchors.push(task);
        }
        let mut ended = Vec::new();
        let mut waits: [Option<f64>; 2] = [None; 2];
        while ended.len() < 2 {
            for (at, wait) in waits.iter_mut().enumerate() {
                if m.anchors[anchors + at] == Value::Nil {
                    continue;
                }
                m.enter_task(m.anchors[anchors + at]);
                if let Some(value) = wait.take() {
                    m.answer(&[Value::Num(value)]);
                }
                m.collect_all();
                match m.resume(100_000) {
                    Step::Call(0) => {
                        let &[Value::Num(factor), Value::Num(i)] = m.arguments() else {
                            panic!("two numbers");
                        };
                        *wait = Some(factor * i);
                        m.anchors[anchors + at] = m.leave_task();
                    }
                    Step::Done => {
                        ended.push(m.results().to_vec());
                        m.anchors[anchors + at] = Value::Nil;
                    }
                    step => panic!("{step:?}"),
                }
            }
        }
        let numbers = |a, b| vec![Value::Num(a), Value::Num(b)];
        assert_eq!(ended, [numbers(210.0, 39.0), numbers(2100.0, 40.0)]);
    }

    #[test]
    fn a_task_that_fails_says_where_and_harms_no_other() {
        let mut m = Machine::new(1 << 22);
        let text = b"return function(x)\n  local t = x\n  return t.field\nend";
        let chunk = m.load(text, b"@app").expect("it is Lua");
        m.start(chunk, &[]);
        assert_eq!(m.resume(10_000), Step::Done);
        let function = m.results()[0];
        m.anchors.push(function);
        m.abort();
        let task = m.new_task(function, &[Value::Nil]);
        m.enter_task(task);
        assert_eq!(m.resume(10_000), Step::Failed);
        let text = m.display(m.error());
        let text = String::from_utf8_lossy(&text).into_owned();
        assert_eq!(text, "app:3: attempt to index local 't' (a nil value)");
        assert_eq!(m.fault, (b"@app".to_vec(), 3));
        let table = Value::Table(m.heap.table(0, 0));
        let task = m.new_task(function, &[table]);
        m.enter_task(task);
        assert_eq!(m.resume(10_000), Step::Done);
        assert_eq!(m.results(), [Value::Nil]);
    }
}
