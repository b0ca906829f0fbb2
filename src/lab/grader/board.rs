//! The goals of a lesson and how they stand, wherever it plays.
use super::check::{Check, Makes, Sight};
use super::history::Tally;
use super::stretch::Watch;
use super::tracker::{self, Tracker};
use super::{Broken, Forbidden, GoalState, Stage, State, Taken};
use crate::base::time::Micros;
use crate::lab::lesson::{Goal, Lesson, Step};
use crate::server::{Node, Observed};

/// Points at the start; hints cost some.
const SCORE_MAX: u32 = 100;

/// See the head of this file.
#[derive(Clone)]
pub(super) struct Board {
    forbid: Vec<String>,
    /// The steps of help that each goal offers.
    steps: Vec<Step>,
    checks: Vec<Check>,
    trackers: Vec<Tracker>,
    tallies: Vec<Tally>,
    watches: Vec<Watch>,
    /// Whether each goal has held at some look: what begins or ends with it, has.
    pub reached: Vec<bool>,
    pub state: State,
}

impl Board {
    /// `Err` says what is wrong with the lesson's goals; `node` is one of those that it plays on.
    pub fn new(lesson: &Lesson, node: &Node, start_us: Micros) -> Result<Board, String> {
        let mut makes = Makes::new(lesson, node, start_us);
        let (mut goals, mut checks) = (Vec::new(), Vec::new());
        for Goal { id, predicate } in &lesson.goals {
            let check = makes.check(predicate);
            checks.push(check.map_err(|why| format!("goal '{id}': {why}"))?);
            goals.push(GoalState {
                id: id.clone(),
                met: false,
                why: Vec::new(),
                since_ms: None,
            });
        }
        Ok(Board {
            forbid: lesson.forbid.clone(),
            steps: lesson.hints.clone(),
            trackers: makes.trackers,
            tallies: makes.tallies,
            watches: makes.watches,
            reached: vec![false; goals.len()],
            checks,
            state: State {
                lesson: lesson.id.clone(),
                goals,
                met: 0,
                completed_ms: None,
                forbidden: None,
                broken: None,
                score: SCORE_MAX,
                score_max: SCORE_MAX,
                hints: Vec::new(),
            },
        })
    }

    /// Takes note of a command that the learner ran on a node. O(predicates).
    pub fn see(&mut self, at: usize, event: &Observed) {
        self.trackers.iter_mut().for_each(|t| t.see(at, event));
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

    /// Takes note of what the learner did by hand, in words.
    pub fn see_hand(&mut self, words: &[&str]) {
        self.trackers.iter_mut().for_each(|t| t.see_hand(words));
    }

    /// Judges every goal; whether anything changed. O(what the probes cost).
    pub fn judge(&mut self, stage: &mut dyn Stage) -> bool {
        let now_us = stage.now_us();
        if let Some(world) = stage.world() {
            self.tallies.iter_mut().for_each(|t| t.count(world));
        }
        for at in 0..self.watches.len() {
            let (watches, rest) = self.watches.split_at_mut(at);
            let mut sight = Sight {
                stage,
                trackers: &self.trackers,
                tallies: &self.tallies,
                watches,
            };
            if let Some(watch) = rest.first_mut() {
                watch.look(&mut sight, &self.reached, now_us);
            }
        }
        let mut sight = Sight {
            stage,
            trackers: &self.trackers,
            tallies: &self.tallies,
            watches: &self.watches,
        };
        let mut verdicts: Vec<_> = self.checks.iter().map(|c| c.run(&mut sight)).collect();
        // What is to hold over the whole attempt is reached with the rest.
        let endless =
            |check: &Check| matches!(check, Check::Watch(at) if self.watches[*at].is_endless());
        let ended: Vec<bool> = self.checks.iter().map(|c| !endless(c)).collect();
        let rest = ended.iter().zip(&verdicts).all(|(ended, v)| !ended || v.0);
        for (verdict, _) in verdicts
            .iter_mut()
            .zip(&ended)
            .filter(|(_, ended)| !**ended)
        {
            verdict.0 &= rest;
        }
        self.enter(verdicts, now_us / 1000)
    }

    /// Notes down how the goals stand; whether that has changed.
    fn enter(&mut self, verdicts: Vec<super::check::Verdict>, now_ms: i64) -> bool {
        let mut changed = false;
        for (at, (met, why)) in verdicts.into_iter().enumerate() {
            let goal = &mut self.state.goals[at];
            changed |= met != goal.met || why != goal.why;
            goal.since_ms = met.then(|| goal.since_ms.unwrap_or(now_ms));
            (goal.met, goal.why) = (met, why);
            self.reached[at] |= met;
        }
        self.state.met = self.state.goals.iter().filter(|g| g.met).count() as u32;
        let all = self.state.met as usize == self.state.goals.len();
        if all && self.state.forbidden.is_none() && self.state.completed_ms.is_none() {
            self.state.completed_ms = Some(now_ms);
        }
        if self.state.broken.is_none() && self.state.completed_ms.is_none() {
            self.state.broken = self.broken();
        }
        changed
    }

    /// The first goal that is, as a whole, something that was to stay as it was and did not.
    fn broken(&self) -> Option<Broken> {
        let mut goals = self.checks.iter().zip(&self.state.goals);
        goals.find_map(|(check, goal)| {
            let Check::Watch(at) = check else { return None };
            let (at_us, why) = self.watches[*at].broken()?;
            Some(Broken {
                goal: goal.id.clone(),
                at_ms: at_us / 1000,
                why: why.to_vec(),
            })
        })
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
}
