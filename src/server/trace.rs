//! What the last script did, for the script view: its text, the commands that it called, what was propagated. And the means
//! to hold scripts and to run them line by line.
use super::node::Node;
use crate::command::{Args, ClientId};
use std::collections::VecDeque;

/// Calls that are kept, the last ones; and of what was propagated as many.
const KEPT: usize = 256;
/// Bytes that are kept of a word or a reply.
const KEPT_BYTES: usize = 256;
/// Instructions that one step may take before it ends all the same.
const STEP_FUEL: u32 = 100_000;

/// A command that a script called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedCall {
    pub line: u32,
    pub argv: Vec<Vec<u8>>,
    /// As it was given to the script, in RESP; cut if it is long.
    pub reply: Vec<u8>,
    pub failed: bool,
    /// By the cost model, with all instructions since the call before.
    pub cost_us: u64,
}

/// How a script stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// It is not through: it waits for its next slice, or for the next step.
    #[default]
    Runs,
    Done,
    Failed,
}

/// The last script that ran.
#[derive(Clone, Debug, Default)]
pub struct ScriptTrace {
    pub client: ClientId,
    /// Its digest, or the function's name.
    pub name: Vec<u8>,
    pub function: bool,
    pub source: Vec<u8>,
    pub stage: Stage,
    /// Where it stands, or stood last; counted from 1.
    pub line: u32,
    pub cost_us: u64,
    pub calls: VecDeque<TracedCall>,
    /// All calls, also those that are not kept.
    pub called: u64,
    pub propagated: VecDeque<Vec<Vec<u8>>>,
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(KEPT_BYTES)].to_vec()
}

fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == KEPT {
        list.pop_front();
    }
    list.push_back(item);
}

impl ScriptTrace {
    /// Notes a call.
    pub(super) fn note_call(&mut self, args: Args<'_>, reply: &[u8], line: u32, cost_us: u64) {
        self.called += 1;
        let call = TracedCall {
            line,
            argv: args.from(0).take(32).map(cut).collect(),
            reply: cut(reply),
            failed: reply.first() == Some(&b'-'),
            cost_us: cost_us.saturating_sub(self.cost_us),
        };
        (self.line, self.cost_us) = (line, cost_us);
        keep(&mut self.calls, call);
    }

    /// Notes a write that the log and the replicas are told.
    pub(super) fn note_propagated<'a>(&mut self, argv: impl Iterator<Item = &'a [u8]>) {
        keep(&mut self.propagated, argv.take(32).map(cut).collect());
    }
}

impl Node {
    /// Keeps track of scripts from now on.
    pub fn keep_script_trace(&mut self) {
        self.trace.get_or_insert_default();
    }

    /// What the last script did; `None` before [`Node::keep_script_trace`].
    pub fn script_trace(&self) -> Option<&ScriptTrace> {
        self.trace.as_deref()
    }

    /// From now on scripts stop before their first instruction and go on by [`Node::step_script`] alone; or, if not `on`,
    /// run as ever.
    pub fn hold_scripts(&mut self, on: bool) {
        self.holds_scripts = on;
    }

    /// Whether scripts are held.
    pub fn holds_scripts(&self) -> bool {
        self.holds_scripts
    }

    /// Runs the script that is held until it comes to another line, or to line `until` if one is given, or to its end; but
    /// not for ever.
    pub fn step_script(&mut self, until: Option<u32>) {
        let from = self.script_line();
        for _ in 0..STEP_FUEL {
            self.run_slice(1);
            let line = self.script_line();
            let there = match until {
                Some(target) => line == Some(target) && line != from,
                None => line != from,
            };
            if line.is_none() || there && line != Some(0) {
                break;
            }
        }
    }
}
