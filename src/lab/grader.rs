//! The grader: looks after every command and tick whether the goals of a lesson hold, and says why not yet.
//!
//! A goal is about the state of the nodes (`probe`, `key`, `file`, `repl`), about what was done (`log`, `history`), or about how
//! one of these goes on (`never`, `always`). State is looked at by probes, which leave no trace; what was done is counted as
//! it happens, so that nothing has to be kept. Anything that satisfies the goals passes.
//!
//! - [`Grader`]: a lesson on one node, as the sandbox has it; [`Attempt`]: one in a world, which goes back with it;
//! - `board`: what both have, the goals and how they stand; `check` and the files named as predicates: how they are judged;
//! - `ears`: what the learner's terminals in a world said and were told.
mod attempt;
mod board;
mod check;
mod ears;
mod file;
mod hands;
mod history;
mod others;
mod plans;
mod repl;
mod scene;
mod stretch;
mod tracker;

use super::json::{Object, ToJson, Writer, json_object};
use super::lesson::{Lesson, Place, SCHEMA, Step};
use crate::base::time::{Micros, Millis};
use crate::resp::parse::split_args;
use crate::server::{Input, Node};
use crate::sim::disk::Disk;
use crate::sim::machine::Machine;
use crate::sim::world::World;
pub use attempt::{Attempt, Laid};
use board::Board;
use hands::settle;
use others::Others;

/// A piece of a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// A command, a key: something typed.
    Code(String),
}

impl Object for Part {
    fn fields(&self, out: &mut Writer) {
        match self {
            Part::Text(words) => out.field("text", words),
            Part::Code(words) => out.field("code", words),
        }
    }
}

impl ToJson for Step {
    fn to_json(&self, out: &mut Writer) {
        self.name().to_json(out);
    }
}

/// Shorthand for reasons.
#[inline(never)]
pub(super) fn text(words: &str) -> Part {
    Part::Text(words.into())
}

/// Shorthand for reasons.
#[inline(never)]
pub(super) fn code(words: &str) -> Part {
    Part::Code(words.into())
}

/// How a goal stands.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalState {
    pub id: String,
    pub met: bool,
    /// What was found, and while the goal is open what is missing.
    pub why: Vec<Part>,
    /// Since when it holds, in ms since 1970.
    pub since_ms: Option<Millis>,
}
json_object! { GoalState: id, met, why, since_ms }

/// A command that the lesson forbids and that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbidden {
    pub command: String,
    pub at_ms: Millis,
}
json_object! { Forbidden: command, at_ms }

/// A goal that can no longer be reached, because of what was to stay as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub goal: String,
    pub at_ms: Millis,
    pub why: Vec<Part>,
}
json_object! { Broken: goal, at_ms, why }

/// A hint that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub goal: String,
    pub step: Step,
    pub cost: u32,
}
json_object! { Taken: goal, step, cost }

/// How a lesson stands.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub lesson: String,
    pub goals: Vec<GoalState>,
    /// How many goals hold.
    pub met: u32,
    /// When all goals held for the first time, in ms since 1970. It stays.
    pub completed_ms: Option<Millis>,
    /// Only a reset helps; in a world also to go back.
    pub forbidden: Option<Forbidden>,
    pub broken: Option<Broken>,
    pub score: u32,
    pub score_max: u32,
    pub hints: Vec<Taken>,
}
json_object! { State: lesson, goals, met, completed_ms, forbidden, broken, score, score_max, hints }

/// Where a lesson plays, as goals look at it. Nodes are numbered as the topology names them.
trait Stage {
    fn now_us(&self) -> Micros;

    /// A node whose server runs.
    fn node(&self, at: usize) -> Option<&Node>;

    /// The same, for probes.
    fn node_mut(&mut self, at: usize) -> Option<&mut Node>;

    /// A node's disk, whether its server runs or not.
    fn disk(&self, at: usize) -> Option<&Disk>;

    /// The world, if it is one.
    fn world(&self) -> Option<&World>;
}

/// One node alone.
struct Alone<'a> {
    machine: &'a mut Machine,
    /// Whether its server runs.
    up: bool,
}

impl Stage for Alone<'_> {
    fn now_us(&self) -> Micros {
        self.machine.node.server().now_us
    }

    fn node(&self, _: usize) -> Option<&Node> {
        self.up.then_some(&self.machine.node)
    }

    fn node_mut(&mut self, _: usize) -> Option<&mut Node> {
        self.up.then_some(&mut self.machine.node)
    }

    fn disk(&self, _: usize) -> Option<&Disk> {
        self.machine.disk.as_ref()
    }

    fn world(&self) -> Option<&World> {
        None
    }
}

/// A lesson under way on one node.
pub struct Grader {
    board: Board,
    others: Others,
    /// Whether the server runs.
    up: bool,
    /// Something was done beside commands since the last look.
    changed: bool,
}

impl Grader {
    /// Checks the lesson against the engine, runs its setup on a fresh machine and looks for the first time.
    /// `Err` says what is wrong with the lesson.
    pub fn start(lesson: Lesson, machine: &mut Machine) -> Result<Grader, String> {
        if lesson.is_world() {
            return Err("topology: one node; this lesson plays in a world".into());
        }
        check_lesson(&lesson, &machine.node)?;
        let asks = lesson
            .topology
            .iter()
            .any(|(_, place)| place.disk.is_some());
        if asks != machine.disk.is_some() {
            return Err("topology: a disk where none is, or none where one is".into());
        }
        settle(machine);
        for setup in &lesson.setup {
            run_setup(machine, &setup.run)?;
        }
        let node = &mut machine.node;
        let board = Board::new(&lesson, node, node.server().now_us)?;
        let others = Others::new(lesson.meanwhile, node);
        node.observe();
        node.take_observed();
        let mut grader = Grader {
            board,
            others,
            up: true,
            changed: false,
        };
        grader.look(machine);
        Ok(grader)
    }

    /// Takes what ran since the last look and judges every goal again; whether anything changed.
    /// O(commands × predicates + what the probes cost).
    pub fn look(&mut self, machine: &mut Machine) -> bool {
        let mut changed = std::mem::take(&mut self.changed);
        let node = &mut machine.node;
        loop {
            let (events, _) = node.take_observed();
            if events.is_empty() {
                break;
            }
            changed = true;
            for event in &events {
                if self.others.did(event) {
                    continue;
                }
                self.board.see(0, event);
                self.others.follow(event, node);
            }
        }
        let up = self.up;
        self.board.judge(&mut Alone { machine, up }) || changed
    }

    /// Opens a hint; it costs the first time. `false` if the lesson has no such hint.
    pub fn take_hint(&mut self, goal: &str, step: Step) -> bool {
        self.board.take_hint(goal, step)
    }

    /// How the lesson stood at the last look.
    pub fn state(&self) -> &State {
        &self.board.state
    }
}

/// Finds what can be wrong with a lesson beside its predicates.
fn check_lesson(lesson: &Lesson, node: &Node) -> Result<(), String> {
    if lesson.schema != SCHEMA {
        return Err(format!(
            "schema {} is not known; this engine reads {SCHEMA}",
            lesson.schema
        ));
    }
    if lesson.goals.is_empty() {
        return Err("a lesson has goals".into());
    }
    for setup in &lesson.setup {
        known_node(&lesson.topology, Some(&setup.on))?;
    }
    for meanwhile in &lesson.meanwhile {
        known_node(&lesson.topology, Some(&meanwhile.on))?;
        known_node(&lesson.topology, meanwhile.after.on.as_ref())?;
        for name in &meanwhile.after.cmd {
            tracker::known(node, name)?;
        }
        // In a world they are others, which `plans` knows.
        for line in meanwhile.run.iter().filter(|_| !lesson.is_world()) {
            let words = words(line)?;
            let name = String::from_utf8_lossy(&words[0]);
            if line.starts_with(':') && !hands::known(&name) {
                return Err(format!("no command '{name}'"));
            }
        }
    }
    for name in &lesson.forbid {
        tracker::known(node, name)?;
    }
    for (i, goal) in lesson.goals.iter().enumerate() {
        if lesson.goals[..i].iter().any(|g| g.id == goal.id) {
            return Err(format!("two goals are called '{}'", goal.id));
        }
    }
    Ok(())
}

/// The number of the node that a predicate names; the first, if it names none.
fn known_node(nodes: &[(String, Place)], on: Option<&String>) -> Result<usize, String> {
    let Some(name) = on else { return Ok(0) };
    let place = nodes.iter().position(|node| node.0 == *name);
    place.ok_or_else(|| format!("no node '{name}'"))
}

/// The words of a line of a lesson.
fn words(line: &str) -> Result<Vec<Vec<u8>>, String> {
    match split_args(line.as_bytes()) {
        Some(words) if !words.is_empty() => Ok(words),
        _ => Err(format!("not a command: {line}")),
    }
}

/// Runs a line of a lesson's setup, which must not fail.
fn run_setup(machine: &mut Machine, line: &str) -> Result<(), String> {
    words(line)?;
    let now_us = machine.node.server().now_us;
    let id = machine.node.connect("127.0.0.1:1");
    machine.handle(Input::Data(id, format!("{line}\r\n").as_bytes()), now_us);
    machine.node.finish_script();
    settle(machine);
    let out = machine.node.output(id).map(std::mem::take);
    let out = out.unwrap_or_default();
    machine.handle(Input::Disconnect(id), machine.node.server().now_us);
    match out.first() {
        Some(b'-') | None => Err(format!(
            "setup '{line}': {}",
            String::from_utf8_lossy(out.trim_ascii())
        )),
        Some(_) => Ok(()),
    }
}
