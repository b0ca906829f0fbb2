//! What a lesson file may say: its typed schema, read by hand from plain data. A lesson is data; the predicates are a closed
//! set, and a word that is not in the schema is an error, not a surprise.
//!
//! [`Lesson`] is what the grader needs. [`Answers`], the solutions and the mistakes, is what the tests need; the lessons
//! that the page loads come without them.
mod place;
mod predicate;

use super::plain::{Fields, Plain, Read, count, list, text, texts, told, word};
pub use place::{Deed, Moment, Place, Way};
pub use predicate::{
    File, History, Key, Log, Predicate, Probe, Ran, Range, Repl, ReplyKind, Role, Stretch,
};

/// The version of the schema that this engine reads.
pub const SCHEMA: u64 = 1;

/// A lesson without its prose and without its answers.
#[derive(Debug)]
pub struct Lesson {
    pub id: String,
    pub schema: u64,
    /// Everything random in the lesson's world comes from it.
    pub seed: u64,
    /// Nodes by name.
    pub topology: Vec<(String, Place)>,
    /// What links are like that are not as all others.
    pub links: Vec<Way>,
    pub setup: Vec<Setup>,
    pub meanwhile: Vec<Meanwhile>,
    /// What is done to the world at its time.
    pub acts: Vec<Deed>,
    pub goals: Vec<Goal>,
    /// Commands that end the attempt: a name, or a command with its subcommand.
    pub forbid: Vec<String>,
    /// The steps of help that each goal offers, in order.
    pub hints: Vec<Step>,
    /// The views to open.
    pub views: Vec<String>,
}

impl Lesson {
    /// Reads a lesson; with its answers or without. `Err` names the place that is wrong.
    pub fn read(value: Plain) -> Result<Lesson, String> {
        lesson(value).map_err(told)
    }

    /// Whether it plays in a world with links and a timeline, not on one node alone.
    pub fn is_world(&self) -> bool {
        self.topology.len() > 1 || !self.links.is_empty() || !self.acts.is_empty()
    }
}

fn lesson(value: Plain) -> Read<Lesson> {
    let mut f = Fields::of(value);
    // Read by the tests alone.
    f.take("solutions");
    f.take("wrong");
    let lesson = Lesson {
        id: f.must("id", text),
        schema: f.must("schema", count),
        seed: f.must("seed", count),
        topology: f.must("topology", place::topology),
        links: f.each("links", place::way),
        setup: f.each("setup", setup),
        meanwhile: f.each("meanwhile", meanwhile),
        acts: f.each("acts", place::deed),
        goals: f.each("goals", goal),
        forbid: f.each("forbid", text),
        hints: f.each("hints", step),
        views: f.each("views", text),
    };
    f.end(lesson)
}

/// A command that runs before the learner's first.
#[derive(Debug)]
pub struct Setup {
    pub on: String,
    pub run: String,
}

fn setup(value: Plain) -> Read<Setup> {
    let mut f = Fields::of(value);
    let setup = Setup {
        on: f.must("on", text),
        run: f.must("run", text),
    };
    f.end(setup)
}

/// What another client does when the learner has done something: it comes right behind, before the next command.
#[derive(Clone, Debug)]
pub struct Meanwhile {
    pub on: String,
    /// The learner's command that it follows.
    pub after: Ran,
    /// How often it does so; once, if nothing is said.
    pub times: u64,
    pub run: Vec<String>,
}

fn meanwhile(value: Plain) -> Read<Meanwhile> {
    let mut f = Fields::of(value);
    let meanwhile = Meanwhile {
        on: f.must("on", text),
        after: f.must("after", predicate::ran),
        times: f.maybe("times", count).unwrap_or(1),
        run: f.must("run", texts),
    };
    f.end(meanwhile)
}

/// A step of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Nudge,
    Concept,
    Command,
    Solution,
}

impl Step {
    /// All, from the least help to the most.
    const ALL: [Step; 4] = [Step::Nudge, Step::Concept, Step::Command, Step::Solution];
    /// What they are called, in the same order.
    const NAMES: [&str; 4] = ["nudge", "concept", "command", "solution"];

    /// By its name.
    pub fn named(name: &str) -> Option<Step> {
        let at = Step::NAMES.iter().position(|n| *n == name)?;
        Some(Step::ALL[at])
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        Step::NAMES[self as usize]
    }

    /// Points that it costs.
    pub fn cost(self) -> u32 {
        match self {
            Step::Nudge => 1,
            Step::Concept => 3,
            Step::Command => 5,
            Step::Solution => 10,
        }
    }
}

fn step(value: Plain) -> Read<Step> {
    word(value, &Step::NAMES).map(|at| Step::ALL[at])
}

/// Something to be reached.
#[derive(Debug)]
pub struct Goal {
    pub id: String,
    pub predicate: Predicate,
}

fn goal(value: Plain) -> Read<Goal> {
    let mut f = Fields::of(value);
    let id = f.must("id", text);
    let predicate = predicate::one_of(f)?;
    Ok(Goal { id, predicate })
}

/// What reaches the goals of a lesson, and what must not.
#[derive(Debug)]
pub struct Answers {
    /// Each a list of commands that reaches every goal.
    pub solutions: Vec<Vec<Line>>,
    /// Mistakes that must not pass, each with the goal that it misses.
    pub wrong: Vec<Wrong>,
}

impl Answers {
    /// Reads the answers of a whole lesson. `Err` names the place that is wrong.
    pub fn read(value: Plain) -> Result<Answers, String> {
        answers(value).map_err(told)
    }
}

fn answers(value: Plain) -> Read<Answers> {
    let mut f = Fields::of(value);
    let answers = Answers {
        solutions: f.must("solutions", |v| list(v, |v| list(v, line))),
        wrong: f.each("wrong", mistake),
    };
    f.part(answers)
}

/// A command of a solution. The tests leave each one out in turn, which must fail, unless it is optional.
#[derive(Debug)]
pub struct Line {
    pub run: String,
    pub optional: bool,
}

fn line(value: Plain) -> Read<Line> {
    let optional = matches!(value, Plain::Fields(_));
    let run = match value {
        Plain::Text(run) => run,
        other => {
            let mut f = Fields::of(other);
            let run = f.must("optional", text);
            f.end(run)?
        }
    };
    Ok(Line { run, optional })
}

/// A named mistake: commands after which `fails` is not reached.
#[derive(Debug)]
pub struct Wrong {
    pub name: String,
    /// The command of the first solution that it stands in for; else it is the whole attempt.
    pub replaces: Option<String>,
    pub run: Vec<String>,
    /// A goal's id, or `forbid`.
    pub fails: String,
}

fn mistake(value: Plain) -> Read<Wrong> {
    let mut f = Fields::of(value);
    let wrong = Wrong {
        name: f.must("name", text),
        replaces: f.maybe("replaces", text),
        run: f.must("run", texts),
        fails: f.must("fails", text),
    };
    f.end(wrong)
}
