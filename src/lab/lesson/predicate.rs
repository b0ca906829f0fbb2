//! The predicates: a closed set of conditions on the state of the nodes, on what was done, and on how that goes on.
use crate::lab::expect::{Expect, expect};
use crate::lab::plain::{
    Fields, Plain, Read, count, flag, list, number, text, texts, whole, word, wrong,
};

/// A condition on the world or on what was done.
#[derive(Clone, Debug)]
pub enum Predicate {
    Probe(Probe),
    Key(Key),
    File(File),
    Repl(Repl),
    Log(Log),
    History(History),
    Never(Stretch),
    Always(Stretch),
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
pub(super) fn one_of(mut f: Fields) -> Read<Predicate> {
    let kinds: [Kind; 11] = [
        ("probe", |v| probe(v).map(Predicate::Probe)),
        ("key", |v| key(v).map(Predicate::Key)),
        ("file", |v| file(v).map(Predicate::File)),
        ("repl", |v| repl(v).map(Predicate::Repl)),
        ("log", |v| log(v).map(Predicate::Log)),
        ("history", |v| history(v).map(Predicate::History)),
        ("never", |v| never(v).map(Predicate::Never)),
        ("always", |v| always(v).map(Predicate::Always)),
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
        _ => {
            let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
            let why = ["one of ", &names.join(", "), " must be given, and only one"];
            wrong(&why.concat())
        }
    }
}

/// A read-only command whose reply must be so.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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

/// Bounds, or the most alone.
fn at_most(value: Plain) -> Read<Range> {
    match value {
        Plain::Number(_) => Ok(Range {
            min: None,
            max: Some(whole(value)?),
        }),
        bounds => range(bounds),
    }
}

/// What must hold for a node's part in replication: what INFO and ROLE know.
#[derive(Clone, Debug)]
pub struct Repl {
    pub node: String,
    pub role: Option<Role>,
    /// The node that it follows.
    pub of: Option<String>,
    /// Whether its link to that one is up.
    pub up: Option<bool>,
    /// Bounds of the bytes of its primary's history that it has not got.
    pub lag_bytes: Option<Range>,
    /// Bounds of the ms since it last told its primary how far it is.
    pub lag_ms: Option<Range>,
    /// Bounds of the number of replicas that it has, those that are ready for the stream.
    pub replicas: Option<Range>,
    /// How often it has sent everything to a replica, and how often it could go on where one had stopped.
    pub full_syncs: Option<Range>,
    pub partial_syncs: Option<Range>,
}

/// A node's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Primary,
    Replica,
}

fn repl(value: Plain) -> Read<Repl> {
    const ROLES: [Role; 2] = [Role::Primary, Role::Replica];
    let mut f = Fields::of(value);
    let repl = Repl {
        node: f.must("node", text),
        role: f.maybe("role", |v| {
            word(v, &["primary", "replica"]).map(|at| ROLES[at])
        }),
        of: f.maybe("of", text),
        up: f.maybe("up", flag),
        lag_bytes: f.maybe("lag_bytes", at_most),
        lag_ms: f.maybe("lag_ms", at_most),
        replicas: f.maybe("replicas", range),
        full_syncs: f.maybe("full_syncs", range),
        partial_syncs: f.maybe("partial_syncs", range),
    };
    f.end(repl)
}

/// What must hold for all that simulated clients have done so far.
#[derive(Clone, Debug)]
pub struct History {
    /// The name of their load.
    pub of: String,
    /// Bounds of the writes that were acknowledged.
    pub acknowledged: Option<Range>,
    /// Bounds of the acknowledged writes that are no more, or that this node has not got. Of clients of a process: of the keys
    /// whose newest acknowledged write no running node and no database has.
    pub lost: Option<Range>,
    /// Bounds of the acknowledged writes that no one machine's power cut loses.
    pub safe: Option<Range>,
    pub on: Option<String>,
    /// Bounds of the answers that were errors, and of the commands that will never be answered.
    pub errors: Option<Range>,
    pub unanswered: Option<Range>,
    /// Bounds of how often a client waited for too long, and how often one went over to another primary.
    pub timeouts: Option<Range>,
    pub switches: Option<Range>,
    /// Bounds of the mean time until an answer, and of the longest.
    pub mean_ms: Option<Range>,
    pub longest_ms: Option<Range>,
}

fn history(value: Plain) -> Read<History> {
    let mut f = Fields::of(value);
    let history = History {
        of: f.must("of", text),
        acknowledged: f.maybe("acknowledged", range),
        lost: f.maybe("lost", range),
        safe: f.maybe("safe", range),
        on: f.maybe("on", text),
        errors: f.maybe("errors", range),
        unanswered: f.maybe("unanswered", range),
        timeouts: f.maybe("timeouts", range),
        switches: f.maybe("switches", range),
        mean_ms: f.maybe("mean_ms", range),
        longest_ms: f.maybe("longest_ms", range),
    };
    f.end(history)
}

/// A condition over a stretch of time.
#[derive(Clone, Debug)]
pub struct Stretch {
    pub what: Box<Predicate>,
    /// The goals at which it begins, and ends, once they have been reached; the whole attempt, if nothing is said.
    pub from: Option<String>,
    pub until: Option<String>,
    /// In place of `until`: how long it lasts, ms.
    pub for_ms: Option<u64>,
}

fn never(value: Plain) -> Read<Stretch> {
    let mut f = Fields::of(value);
    let from = f.maybe("from", text);
    let until = f.maybe("until", text);
    let for_ms = f.maybe("for_ms", count);
    if until.is_some() && for_ms.is_some() {
        return wrong("one of until, for_ms may be given");
    }
    Ok(Stretch {
        what: one_of(f)?.into(),
        from,
        until,
        for_ms,
    })
}

fn always(value: Plain) -> Read<Stretch> {
    match never(value)? {
        Stretch {
            until: None,
            for_ms: None,
            ..
        } => wrong("one of until, for_ms must be given"),
        stretch => Ok(stretch),
    }
}

/// What the commands that ran must be. Commands that were answered with an error do not count,
/// unless `error` or `type` asks for them.
#[derive(Clone, Debug)]
pub struct Log {
    pub on: Option<String>,
    /// The command's name, or several.
    pub cmd: Option<Vec<String>>,
    /// Globs for the arguments behind the name, in either case; a last `**` stands for any number of them.
    pub args: Option<Vec<String>>,
    /// What a command answered, or of which kind the answer was.
    pub answers: Option<Expect>,
    pub kind: Option<ReplyKind>,
    /// A glob for the error that it answered.
    pub error: Option<String>,
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
        error: f.maybe("error", text),
        min: f.maybe("min", count),
        max: f.maybe("max", count),
        order: f.each("order", ran),
    };
    f.end(log)
}

/// One link of an order.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    pub on: Option<String>,
    /// The command's name, or several.
    pub cmd: Vec<String>,
    pub args: Option<Vec<String>>,
    /// What it answered.
    pub answers: Option<Expect>,
}

pub(super) fn ran(value: Plain) -> Read<Ran> {
    let mut f = Fields::of(value);
    let ran = Ran {
        on: f.maybe("on", text),
        cmd: f.must("cmd", names),
        args: f.maybe("args", texts),
        answers: f.maybe("answers", expect),
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
