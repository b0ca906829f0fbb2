//! The collector: mark and sweep in small steps (Dijkstra et al., "On-the-Fly Garbage Collection", 1978).
//!
//! White objects have not been seen, gray ones have but what they refer to has not, black ones are done. A black table
//! that is changed becomes gray again; stacks are looked at once more at the end, in one go. Two whites take turns, so
//! that what is made during the sweep is told from what was left white.
//!
//! ```text
//!   Pause ── used > threshold ──> Mark ── nothing gray: stacks again ──> Sweep ── all arenas ──> Pause
//! ```

use super::heap::{BLACK, Body, FREE, GRAY, Heap, Phase, TABLE_COST, Upvalue};
use super::machine::{Machine, Meta};
use super::proto::Proto;
use super::thread::{Coroutine, Work};
use super::value::Value;
use std::rc::Rc;

/// Bytes after which the next step is due, and how much work that step does.
const STEP: usize = 1 << 13;
const WORK: usize = 1 << 15;
const LEAST_THRESHOLD: usize = 1 << 17;

impl Heap {
    /// Marks a value: strings are done with that, other objects wait for their turn.
    #[inline]
    pub(crate) fn mark(&mut self, value: Value) {
        let colour = match value {
            Value::Str(string) => {
                let colour = &mut self.strings.colour[string.id as usize];
                if *colour < GRAY {
                    *colour = BLACK;
                }
                return;
            }
            Value::Table(id) => &mut self.tables.colour[id as usize],
            Value::Func(id) => &mut self.closures.colour[id as usize],
            Value::Thread(id) => &mut self.threads.colour[id as usize],
            _ => return,
        };
        if *colour < GRAY {
            *colour = GRAY;
            self.gray.push(value);
        }
    }

    /// A closed variable was set: if it is black, its value must not stay white.
    pub(crate) fn shade(&mut self, upvalue: u32, value: Value) {
        if self.phase == Phase::Mark && self.upvalues.colour[upvalue as usize] == BLACK {
            self.mark(value);
        }
    }

    /// A closure got another environment: if the closure is black, that must not stay white.
    pub(crate) fn rescan(&mut self, table: u32) {
        if self.phase == Phase::Mark {
            self.mark(Value::Table(table));
        }
    }

    fn mark_upvalue(&mut self, id: u32) {
        if self.upvalues.colour[id as usize] >= GRAY {
            return;
        }
        self.upvalues.colour[id as usize] = BLACK;
        match self.upvalues.items[id as usize] {
            Upvalue::Closed(value) => self.mark(value),
            Upvalue::Open { thread, .. } => self.mark(Value::Thread(thread)),
        }
    }

    /// Marks what a function and those inside it refer to. They nest no deeper than the parser allows.
    fn mark_proto(&mut self, proto: &Proto) {
        if proto.marked.replace(self.epoch) == self.epoch {
            return;
        }
        for value in &proto.constants {
            self.mark(*value);
        }
        let names = proto.locals.iter().map(|local| &local.name);
        for name in names.chain(&proto.upvalues) {
            self.mark(Value::Str(*name));
        }
        for inner in &proto.protos {
            self.mark_proto(inner);
        }
    }

    fn mark_coroutine(&mut self, id: u32) {
        let thread = std::mem::take(&mut self.threads.items[id as usize]);
        self.mark_stack(&thread.stack, &thread);
        self.threads.items[id as usize] = thread;
    }

    fn mark_stack(&mut self, stack: &[Value], thread: &Coroutine) {
        for value in stack {
            self.mark(*value);
        }
        self.mark_frames(&thread.frames, &thread.open);
        if thread.parent != 0 {
            self.mark(Value::Thread(thread.parent));
        }
    }

    fn mark_frames(&mut self, frames: &[super::thread::Frame], open: &[u32]) {
        for frame in frames {
            match frame.work {
                Work::Lua => self.mark(Value::Func(frame.closure)),
                Work::Foreach(key) => self.mark(key),
                Work::Sort(ref sort) => {
                    for value in sort.values() {
                        self.mark(value);
                    }
                }
                _ => {}
            }
        }
        for upvalue in open {
            self.upvalues.colour[*upvalue as usize] = BLACK;
        }
    }

    /// Looks at one gray object; returns about how many bytes it has.
    fn trace(&mut self, value: Value, mode: Option<super::value::Str>) -> usize {
        match value {
            Value::Table(id) => self.trace_table(id, mode),
            Value::Func(id) => {
                self.closures.colour[id as usize] = BLACK;
                let closure = &self.closures.items[id as usize];
                let (env, upvalues) = (closure.env, closure.upvalues.clone());
                let body = closure.body.clone();
                self.mark(Value::Table(env));
                for upvalue in &upvalues {
                    self.mark_upvalue(*upvalue);
                }
                if let Body::Lua(proto) = body {
                    self.mark_proto(&proto);
                }
                64 + upvalues.len() * 8
            }
            Value::Thread(id) => {
                // Its stack changes without notice: it stays gray, and is looked at again at the end.
                self.mark_coroutine(id);
                self.threads.items[id as usize].stack.len() * 16 + 64
            }
            _ => 0,
        }
    }

    fn trace_table(&mut self, id: u32, mode: Option<super::value::Str>) -> usize {
        self.tables.colour[id as usize] = BLACK;
        let table = std::mem::take(&mut self.tables.items[id as usize]);
        let (mut weak_keys, mut weak_values) = (false, false);
        if let Some(meta) = table.meta {
            self.mark(Value::Table(meta));
            let mode = mode.map(|name| self.tab(meta).get_str(name));
            if let Some(Value::Str(mode)) = mode {
                weak_keys = self.bytes(mode).contains(&b'k');
                weak_values = self.bytes(mode).contains(&b'v');
            }
        }
        if weak_keys || weak_values {
            self.weak.push(id);
        }
        for (key, value) in table.entries() {
            if !weak_keys || matches!(key, Value::Str(_)) {
                self.mark(key);
            }
            if !weak_values || matches!(value, Value::Str(_)) {
                self.mark(value);
            }
        }
        let size = table.size() + TABLE_COST;
        self.tables.items[id as usize] = table;
        size
    }

    /// Whether a value that only weak tables refer to is about to go.
    fn is_white(&self, value: Value) -> bool {
        match value {
            Value::Table(id) => self.tables.colour[id as usize] < GRAY,
            Value::Func(id) => self.closures.colour[id as usize] < GRAY,
            Value::Thread(id) => self.threads.colour[id as usize] < GRAY,
            _ => false,
        }
    }

    fn clear_weak(&mut self) {
        for id in std::mem::take(&mut self.weak) {
            let mut table = std::mem::take(&mut self.tables.items[id as usize]);
            table.clear_entries(&mut |value, _| self.is_white(value));
            self.tables.items[id as usize] = table;
        }
    }

    /// Frees some of what was left white. Returns the work done, or `None` at the end.
    fn sweep(&mut self, arena: u8, from: u32) -> Option<usize> {
        const BATCH: u32 = 256;
        let length = match arena {
            0 => self.strings.items.len(),
            1 => self.tables.items.len(),
            2 => self.closures.items.len(),
            3 => self.upvalues.items.len(),
            4 => self.threads.items.len(),
            _ => return None,
        } as u32;
        let to = length.min(from.saturating_add(BATCH));
        for id in from..to {
            let at = id as usize;
            let colour = match arena {
                0 => &mut self.strings.colour[at],
                1 => &mut self.tables.colour[at],
                2 => &mut self.closures.colour[at],
                3 => &mut self.upvalues.colour[at],
                _ => &mut self.threads.colour[at],
            };
            match *colour {
                FREE => {}
                dead if dead < GRAY && dead != self.white => self.free(arena, id),
                _ => *colour = self.white,
            }
        }
        self.phase = match to == length {
            true => Phase::Sweep(arena + 1, 0),
            false => Phase::Sweep(arena, to),
        };
        Some((to - from) as usize * 16 + 16)
    }

    fn free(&mut self, arena: u8, id: u32) {
        match arena {
            0 => self.free_string(id),
            1 => self.used -= self.tables.remove(id).size() + TABLE_COST,
            2 => {
                let closure = self.closures.remove(id);
                self.used -= 48 + closure.upvalues.len() * 4;
                if let Body::Lua(proto) = closure.body {
                    self.free_proto(proto);
                }
            }
            3 => {
                self.upvalues.remove(id);
                self.used -= 24;
            }
            _ => {
                let thread = self.threads.remove(id);
                self.used -= Coroutine::COST + thread.counted;
            }
        }
    }

    /// A function whose last closure is gone goes too, with those inside it.
    fn free_proto(&mut self, proto: Rc<Proto>) {
        if let Some(proto) = Rc::into_inner(proto) {
            self.used -= proto.size();
            for inner in proto.protos {
                self.free_proto(inner);
            }
        }
    }
}

impl Machine {
    /// A step of the collector, paid for with fuel.
    #[cold]
    pub(crate) fn collect_some(&mut self) {
        let work = self.collect(WORK);
        self.fuel -= (work / 128) as i64;
        self.heap.threshold = match self.heap.phase {
            Phase::Pause => {
                let used = self.heap.used;
                let half_way = used + self.heap.limit.saturating_sub(used) / 2;
                (used * 2)
                    .max(LEAST_THRESHOLD)
                    .min(half_way.max(used + STEP))
            }
            _ => self.heap.used + STEP,
        };
    }

    /// A whole collection at once.
    pub(crate) fn collect_all(&mut self) {
        // What is under way ends first: it may keep what died meanwhile.
        while self.heap.phase != Phase::Pause {
            self.collect(usize::MAX / 2);
        }
        loop {
            let work = self.collect(usize::MAX / 2);
            self.fuel -= (work / 128) as i64;
            if self.heap.phase == Phase::Pause {
                break;
            }
        }
        let used = self.heap.used;
        self.heap.threshold = (used * 2).max(LEAST_THRESHOLD);
    }

    /// Does about `budget` bytes of work, through at most one whole cycle.
    fn collect(&mut self, budget: usize) -> usize {
        let mut done = 0;
        while done < budget {
            match self.heap.phase {
                Phase::Pause => {
                    self.heap.phase = Phase::Mark;
                    self.heap.epoch = self.heap.epoch.wrapping_add(1).max(1);
                    self.mark_roots();
                    done += self.stack.len() * 16;
                }
                Phase::Mark => match self.heap.gray.pop() {
                    Some(value) => done += self.trace(value),
                    None => done += self.finish_marking(),
                },
                Phase::Sweep(arena, from) => match self.heap.sweep(arena, from) {
                    Some(work) => done += work,
                    None => {
                        self.heap.phase = Phase::Pause;
                        return done;
                    }
                },
            }
        }
        done
    }

    fn trace(&mut self, value: Value) -> usize {
        let mode = self.meta_names[Meta::Mode as usize];
        self.heap.trace(value, Some(mode))
    }

    fn mark_roots(&mut self) {
        let heap = &mut self.heap;
        heap.mark(Value::Table(self.globals));
        heap.mark(Value::Thread(self.thread));
        heap.mark(Value::Thread(0));
        heap.mark(self.error);
        if let Some(meta) = heap.string_meta {
            heap.mark(Value::Table(meta));
        }
        for name in &self.meta_names {
            heap.mark(Value::Str(*name));
        }
        for value in &self.anchors {
            heap.mark(*value);
        }
        for value in &self.stack {
            heap.mark(*value);
        }
        heap.mark_frames(&self.frames, &self.open);
    }

    /// Nothing is gray: what changed without notice is looked at again, and then all that is white is dead.
    fn finish_marking(&mut self) -> usize {
        let mut work = self.stack.len() * 16 + 64;
        self.mark_roots();
        let mut waiting = std::mem::take(&mut self.heap.again);
        for id in waiting.drain(..) {
            self.heap.gray.push(Value::Table(id));
        }
        for id in 0..self.heap.threads.items.len() as u32 {
            if self.heap.threads.colour[id as usize] == GRAY {
                self.heap.mark_coroutine(id);
            }
        }
        while let Some(value) = self.heap.gray.pop() {
            work += self.trace(value);
        }
        self.heap.again.clear();
        self.heap.clear_weak();
        self.heap.white ^= 1;
        self.heap.phase = Phase::Sweep(0, 0);
        work
    }
}
