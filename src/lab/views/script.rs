//! The last script: its text with the line that it stands at, the commands that it called with their replies and what they
//! cost, what was propagated of it, and who waits meanwhile.
//!
//! The page asks for the view `script`. Scripts are traced from the first time on that [`Node::keep_script_trace`] was
//! called (`Engine::script_hold` does so as well). To go through one line by line:
//!
//! 1. `Engine::script_hold(true)`: the next EVAL or FCALL stops before its first instruction, `stage` is `runs`, `line` the first;
//! 2. `Engine::script_step(0)` goes on to another line, `script_step(n)` to line n; the model tells where it stands;
//! 3. `Engine::script_hold(false)`: it runs on by itself.
//!
//! A `cost_us` is by the cost model of scripts: 100 instructions are a microsecond, and so is a call. Others wait while a
//! script runs; after `busy-reply-threshold` they are refused (`busy`).
use super::label;
use crate::lab::json::json_object;
use crate::server::Node;
use crate::server::trace::{ScriptTrace, Stage, TracedCall};

/// Lines that are shown of a text.
const LINES: usize = 400;

/// A script.
#[derive(Debug, PartialEq)]
pub struct ScriptModel {
    /// Its digest, or the function's name.
    pub name: String,
    pub function: bool,
    /// Whose it is.
    pub client: u64,
    /// `runs`, `done` or `failed`.
    pub stage: &'static str,
    /// Scripts are held: they go on by steps.
    pub held: bool,
    pub lines: Vec<String>,
    /// Lines that are left out.
    pub more_lines: u64,
    /// The line that it stands at, or stood at last; counted from 1.
    pub line: u64,
    pub cost_us: u64,
    /// The last calls, the oldest first, and how many there were before them.
    pub calls: Vec<CallModel>,
    pub calls_before: u64,
    /// What the log and the replicas are told.
    pub propagated: Vec<String>,
    /// Clients whose requests wait, and whether they are refused.
    pub waiting: Vec<u64>,
    pub busy: bool,
}
json_object! { ScriptModel:
    name, function, client, stage, held, lines, more_lines, line, cost_us, calls, calls_before, propagated, waiting, busy
}

/// A command that the script called.
#[derive(Debug, PartialEq)]
pub struct CallModel {
    pub line: u64,
    pub command: String,
    /// In RESP, with its line breaks shown.
    pub reply: String,
    pub failed: bool,
    pub cost_us: u64,
}
json_object! { CallModel: line, command, reply, failed, cost_us }

pub(super) fn model(node: &Node) -> Option<ScriptModel> {
    let trace = node.script_trace().filter(|trace| trace.client != 0)?;
    let text = String::from_utf8_lossy(&trace.source);
    let clients = node.server().clients.iter();
    let waits = |id: u64, unread: usize| id != trace.client && unread > 0;
    let runs = trace.stage == Stage::Runs;
    Some(ScriptModel {
        name: label(&trace.name),
        function: trace.function,
        client: trace.client,
        stage: match trace.stage {
            Stage::Runs => "runs",
            Stage::Done => "done",
            Stage::Failed => "failed",
        },
        held: node.holds_scripts(),
        lines: text.lines().take(LINES).map(String::from).collect(),
        more_lines: text.lines().count().saturating_sub(LINES) as u64,
        line: trace.line.into(),
        cost_us: trace.cost_us,
        calls: trace.calls.iter().map(call).collect(),
        calls_before: trace.called - trace.calls.len() as u64,
        propagated: propagated(trace),
        waiting: clients
            .filter(|c| runs && waits(c.id, c.query.len()))
            .map(|c| c.id)
            .collect(),
        busy: runs && node.refuses_others(),
    })
}

fn words(argv: &[Vec<u8>]) -> String {
    let words: Vec<String> = argv.iter().map(|word| label(word)).collect();
    words.join(" ")
}

fn propagated(trace: &ScriptTrace) -> Vec<String> {
    trace.propagated.iter().map(|argv| words(argv)).collect()
}

fn call(call: &TracedCall) -> CallModel {
    CallModel {
        line: call.line.into(),
        command: words(&call.argv),
        reply: label(&call.reply),
        failed: call.failed,
        cost_us: call.cost_us,
    }
}
