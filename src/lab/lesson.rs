//! What a lesson file may say: its typed schema, read by hand from plain data. A lesson is data; the predicates are a closed
//! set, and a word that is not in the schema is an error, not a surprise.
//!
//! [`Lesson`] is what the grader needs. [`Answers`], the solutions and the mistakes, is what the tests need; the lessons
//! that the page loads come without them.
use super::expect::{Expect, expect};
use super::plain::{
    Fields, Plain, Read, count, flag, list, number, text, texts, told, whole, word, wrong,
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
    /// Nodes by name. One primary, until worlds have several nodes.
    pub topology: Vec<(String, Place)>,
    pub setup: Vec<Setup>,
    pub meanwhile: Vec<Meanwhile>,
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
        topology: f.must("topology", topology),
        setup: f.each("setup", setup),
        meanwhile: f.each("meanwhile", meanwhile),
        goals: f.each("goals", goal),
        forbid: f.each("forbid", text),
        hints: f.each("hints", step),
        views: f.each("views", text),
    };
    f.end(lesson)
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Primary,
}

/// A node of the lesson's world.
#[derive(Debug)]
pub struct Place {
    pub role: Role,
    /// With a disk of its own, which can be broken: how its server is configured, in lines as of redis.conf.
    pub disk: Option<Vec<String>>,
}

fn topology(value: Plain) -> Read<Vec<(String, Place)>> {
    let Plain::Fields(nodes) = value else {
        return wrong("expected nodes by name");
    };
    let node = |(name, value)| place(value).map(|place| (name, place));
    nodes.into_iter().map(node).collect()
}

/// The word of a role, or what a primary has.
fn place(value: Plain) -> Read<Place> {
    let role = Role::Primary;
    if !matches!(value, Plain::Fields(_)) {
        return word(value, &["primary"]).map(|_| Place { role, disk: None });
    }
    let mut f = Fields::of(value);
    let disk = Some(f.must("disk", texts));
    f.end(Place { role, disk })
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
#[derive(Debug)]
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
        after: f.must("after", ran),
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
    let predicate = one_of(f)?;
    Ok(Goal { id, predicate })
}

/// A condition on the world or on what was done.
#[derive(Debug)]
pub enum Predicate {
    Probe(Probe),
    Key(Key),
    File(File),
    Log(Log),
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
}

fn predicate(value: Plain) -> Read<Predicate> {
    one_of(Fields::of(value))
}

/// A kind of predicate: its field and what reads it.
type Kind = (&'static str, fn(Plain) -> Read<Predicate>);

/// A predicate as it is written: exactly one of the fields.
fn one_of(mut f: Fields) -> Read<Predicate> {
    let kinds: [Kind; 7] = [
        ("probe", |v| probe(v).map(Predicate::Probe)),
        ("key", |v| key(v).map(Predicate::Key)),
        ("file", |v| file(v).map(Predicate::File)),
        ("log", |v| log(v).map(Predicate::Log)),
        ("all", |v| list(v, predicate).map(Predicate::All)),
        ("any", |v| list(v, predicate).map(Predicate::Any)),
        ("not", |v| predicate(v).map(|p| Predicate::Not(p.into()))),
    ];
    let (mut found, mut given) = (None, 0);
    for (name, read) in kinds {
        if let Some(predicate) = f.maybe(name, read) {
            found = Some(predicate);
            given += 1;
        }
    }
    match f.end(found)? {
        Some(predicate) if given == 1 => Ok(predicate),
        _ => wrong("one of probe, key, file, log, all, any, not must be given, and only one"),
    }
}

/// A read-only command whose reply must be so.
#[derive(Debug)]
pub struct Probe {
    pub on: Option<String>,
    pub db: u64,
    pub run: String,
    pub equals: Option<Expect>,
    /// Elements that the array must hold, or texts that the string must.
    pub contains: Vec<Expect>,
    /// Bounds of a number, or of the number of elements of an array.
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// A glob for a text.
    pub matches: Option<String>,
    pub kind: Option<ReplyKind>,
}

fn probe(value: Plain) -> Read<Probe> {
    let mut f = Fields::of(value);
    let probe = Probe {
        on: f.maybe("on", text),
        db: f.maybe("db", count).unwrap_or(0),
        run: f.must("run", text),
        equals: f.maybe("equals", expect),
        contains: f.each("contains", expect),
        min: f.maybe("min", number),
        max: f.maybe("max", number),
        matches: f.maybe("matches", text),
        kind: f.maybe("type", reply_kind),
    };
    f.end(probe)
}

/// The kind of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    Integer,
    String,
    Array,
    Nil,
    Error,
}

fn reply_kind(value: Plain) -> Read<ReplyKind> {
    const KINDS: [ReplyKind; 5] = [
        ReplyKind::Integer,
        ReplyKind::String,
        ReplyKind::Array,
        ReplyKind::Nil,
        ReplyKind::Error,
    ];
    word(value, &["integer", "string", "array", "nil", "error"]).map(|at| KINDS[at])
}

/// What must hold for a key.
#[derive(Debug)]
pub struct Key {
    pub on: Option<String>,
    pub db: u64,
    pub name: String,
    /// Whether it must be there; it must, unless this says false.
    pub exists: Option<bool>,
    pub kind: Option<String>,
    pub encoding: Option<String>,
    /// Bounds of the time it has left; without expiry it has none.
    pub ttl_ms: Option<Range>,
}

fn key(value: Plain) -> Read<Key> {
    let mut f = Fields::of(value);
    let key = Key {
        on: f.maybe("on", text),
        db: f.maybe("db", count).unwrap_or(0),
        name: f.must("name", text),
        exists: f.maybe("exists", flag),
        kind: f.maybe("type", text),
        encoding: f.maybe("encoding", text),
        ttl_ms: f.maybe("ttl_ms", range),
    };
    f.end(key)
}

/// What must hold for a file on a node's disk: for one of those that the name stands for, as a program reads it.
#[derive(Debug)]
pub struct File {
    pub on: Option<String>,
    /// A glob for its path.
    pub name: String,
    /// Whether it must be there; it must, unless this says false.
    pub exists: Option<bool>,
    /// A text that stands in it.
    pub contains: Option<String>,
    /// Whether the check tool finds nothing wrong with it.
    pub sound: Option<bool>,
    /// Bounds of its bytes, and of those that a power cut would take.
    pub bytes: Option<Range>,
    pub unsynced: Option<Range>,
}

fn file(value: Plain) -> Read<File> {
    let mut f = Fields::of(value);
    let file = File {
        on: f.maybe("on", text),
        name: f.must("name", text),
        exists: f.maybe("exists", flag),
        contains: f.maybe("contains", text),
        sound: f.maybe("sound", flag),
        bytes: f.maybe("bytes", range),
        unsynced: f.maybe("unsynced", range),
    };
    f.end(file)
}

/// Bounds, both included: of milliseconds, of bytes.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub min: Option<i64>,
    pub max: Option<i64>,
}

impl Range {
    /// Whether a number lies between them.
    pub fn holds(self, n: i64) -> bool {
        self.min.is_none_or(|min| n >= min) && self.max.is_none_or(|max| n <= max)
    }
}

fn range(value: Plain) -> Read<Range> {
    let mut f = Fields::of(value);
    let range = Range {
        min: f.maybe("min", whole),
        max: f.maybe("max", whole),
    };
    f.end(range)
}

/// What the commands that ran must be. Commands that were answered with an error do not count.
#[derive(Debug)]
pub struct Log {
    pub on: Option<String>,
    /// The command's name, or several.
    pub cmd: Option<Vec<String>>,
    /// Globs for the arguments behind the name, in either case; a last `**` stands for any number of them.
    pub args: Option<Vec<String>>,
    /// What a command answered, or of which kind the answer was.
    pub answers: Option<Expect>,
    pub kind: Option<ReplyKind>,
    /// How often such a command ran; at least once, if nothing is said.
    pub min: Option<u64>,
    pub max: Option<u64>,
    /// In place of `cmd`: such commands, one after another, others between them allowed.
    pub order: Vec<Ran>,
}

fn log(value: Plain) -> Read<Log> {
    let mut f = Fields::of(value);
    let log = Log {
        on: f.maybe("on", text),
        cmd: f.maybe("cmd", names),
        args: f.maybe("args", texts),
        answers: f.maybe("answers", expect),
        kind: f.maybe("type", reply_kind),
        min: f.maybe("min", count),
        max: f.maybe("max", count),
        order: f.each("order", ran),
    };
    f.end(log)
}

/// One link of an order.
#[derive(Debug, Default)]
pub struct Ran {
    /// The command's name, or several.
    pub cmd: Vec<String>,
    pub args: Option<Vec<String>>,
}

fn ran(value: Plain) -> Read<Ran> {
    let mut f = Fields::of(value);
    let ran = Ran {
        cmd: f.must("cmd", names),
        args: f.maybe("args", texts),
    };
    f.end(ran)
}

/// One name or several.
fn names(value: Plain) -> Read<Vec<String>> {
    match value {
        Plain::Text(name) => Ok(vec![name]),
        several => texts(several),
    }
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
