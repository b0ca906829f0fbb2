//! The grader: looks after every command and tick whether the goals of a lesson hold, and says why not yet.
//!
//! A goal is about the state of the data (`probe`, `key`, `file`) or about what was done (`log`). State is looked at by probes,
//! which leave no trace; what was done is counted as it happens, so that nothing has to be kept. Anything that satisfies
//! the goals passes.
mod check;
mod file;
mod hands;
mod others;
mod tracker;

use super::json::{Object, ToJson, Writer, json_object};
use super::lesson::{Goal, Lesson, Place, SCHEMA, Step};
use crate::base::time::Millis;
use crate::resp::parse::split_args;
use crate::server::{Input, Node, Observed};
use crate::sim::machine::Machine;
use check::{Check, Makes, Sight};
use hands::settle;
use others::Others;
use tracker::Tracker;

/// Points at the start; hints cost some.
const SCORE_MAX: u32 = 100;

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
#[derive(Debug, PartialEq)]
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

/// A hint that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub goal: String,
    pub step: Step,
    pub cost: u32,
}
json_object! { Taken: goal, step, cost }

/// How a lesson stands.
#[derive(Debug, PartialEq)]
pub struct State {
    pub lesson: String,
    pub goals: Vec<GoalState>,
    /// How many goals hold.
    pub met: u32,
    /// When all goals held for the first time, in ms since 1970. It stays.
    pub completed_ms: Option<Millis>,
    /// Only a reset helps.
    pub forbidden: Option<Forbidden>,
    pub score: u32,
    pub score_max: u32,
    pub hints: Vec<Taken>,
}
json_object! { State: lesson, goals, met, completed_ms, forbidden, score, score_max, hints }

/// A lesson under way on one node.
pub struct Grader {
    forbid: Vec<String>,
    /// The steps of help that each goal offers.
    steps: Vec<Step>,
    checks: Vec<Check>,
    trackers: Vec<Tracker>,
    others: Others,
    state: State,
    /// Whether the server runs.
    up: bool,
    /// Something was done beside commands since the last look.
    changed: bool,
}

impl Grader {
    /// Checks the lesson against the engine, runs its setup on a fresh machine and looks for the first time.
    /// `Err` says what is wrong with the lesson.
    pub fn start(lesson: Lesson, machine: &mut Machine) -> Result<Grader, String> {
        check_lesson(&lesson, &machine.node)?;
        let asks = lesson
            .topology
            .iter()
            .any(|(_, place)| place.disk.is_some());
        if asks != machine.disk.is_some() {
            return Err("topology: a disk where none is, or none where one is".into());
        }
        settle(machine);
        let mut makes = Makes::new(&lesson.topology, &machine.node);
        let (mut goals, mut checks) = (Vec::new(), Vec::new());
        for Goal { id, predicate } in lesson.goals {
            let check = makes.check(predicate);
            checks.push(check.map_err(|why| format!("goal '{id}': {why}"))?);
            goals.push(GoalState {
                id,
                met: false,
                why: Vec::new(),
                since_ms: None,
            });
        }
        let trackers = makes.trackers;
        for setup in &lesson.setup {
            run_setup(machine, &setup.run)?;
        }
        let node = &mut machine.node;
        let others = Others::new(lesson.meanwhile, node);
        node.observe();
        node.take_observed();
        let state = State {
            lesson: lesson.id,
            goals,
            met: 0,
            completed_ms: None,
            forbidden: None,
            score: SCORE_MAX,
            score_max: SCORE_MAX,
            hints: Vec::new(),
        };
        let mut grader = Grader {
            forbid: lesson.forbid,
            steps: lesson.hints,
            checks,
            trackers,
            others,
            state,
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
                self.trackers.iter_mut().for_each(|t| t.see(event));
                self.see_forbidden(event);
                self.others.follow(event, node);
            }
        }
        let now_ms = node.keyspace().now_ms;
        let mut sight = Sight {
            machine,
            trackers: &self.trackers,
            up: self.up,
        };
        for (goal, check) in self.state.goals.iter_mut().zip(&self.checks) {
            let (met, why) = check.run(&mut sight);
            changed |= met != goal.met || why != goal.why;
            goal.since_ms = met.then(|| goal.since_ms.unwrap_or(now_ms));
            (goal.met, goal.why) = (met, why);
        }
        self.state.met = self.state.goals.iter().filter(|g| g.met).count() as u32;
        let all = self.state.met as usize == self.state.goals.len();
        if all && self.state.forbidden.is_none() && self.state.completed_ms.is_none() {
            self.state.completed_ms = Some(now_ms);
        }
        changed
    }

    fn see_forbidden(&mut self, event: &Observed) {
        let ran = |name: &String| tracker::is_command(event, name);
        if self.state.forbidden.is_some() || self.state.completed_ms.is_some() || event.failed {
            return;
        }
        if let Some(name) = self.forbid.iter().find(|n| ran(n)) {
            self.state.forbidden = Some(Forbidden {
                command: name.to_ascii_uppercase(),
                at_ms: event.at_us / 1000,
            });
        }
    }

    /// Opens a hint; it costs the first time. `false` if the lesson has no such hint.
    pub fn take_hint(&mut self, goal: &str, step: Step) -> bool {
        let known = self.state.goals.iter().any(|g| g.id == goal);
        if !known || !self.steps.contains(&step) {
            return false;
        }
        let taken = |t: &Taken| t.goal == goal && t.step == step;
        if !self.state.hints.iter().any(taken) {
            let cost = step.cost();
            self.state.score = self.state.score.saturating_sub(cost);
            let goal = goal.into();
            self.state.hints.push(Taken { goal, step, cost });
        }
        true
    }

    /// How the lesson stood at the last look.
    pub fn state(&self) -> &State {
        &self.state
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
    if lesson.topology.len() != 1 {
        return Err("topology: one node, for now".into());
    }
    if lesson.goals.is_empty() {
        return Err("a lesson has goals".into());
    }
    for setup in &lesson.setup {
        known_node(&lesson.topology, Some(&setup.on))?;
    }
    for meanwhile in &lesson.meanwhile {
        known_node(&lesson.topology, Some(&meanwhile.on))?;
        for name in &meanwhile.after.cmd {
            tracker::known(node, name)?;
        }
        for line in &meanwhile.run {
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

/// A predicate may name the node that it looks at.
fn known_node(nodes: &[(String, Place)], on: Option<&String>) -> Result<(), String> {
    match on {
        Some(name) if !nodes.iter().any(|node| node.0 == *name) => Err(format!("no node '{name}'")),
        _ => Ok(()),
    }
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
