//! Predicates made ready to run: lines split, commands known, log predicates tied to what counts for them.
use super::history::Tally;
use super::stretch::{Course, Watch};
use super::tracker::{self, Tracker};
use super::{Part, Stage, code, file, known_node, repl, text};
use crate::base::glob::glob;
use crate::base::num::f64_text;
use crate::base::time::Micros;
use crate::lab::expect::{describe, items_of, number_of, text_of};
use crate::lab::lesson::{
    File, Goal, Key, Lesson, Place, Predicate, Probe, Repl, ReplyKind, Stretch,
};
use crate::lab::live;
use crate::resp::value::{Value, parse_value};
use crate::server::Node;

/// One predicate. What looks at a node has its number.
#[derive(Clone)]
pub(super) enum Check {
    Probe(usize, Probe, Vec<Vec<u8>>),
    Key(usize, Key),
    File(usize, File),
    Repl(usize, Repl),
    /// Index of its tracker.
    Log(usize),
    /// Index of its tally.
    History(usize),
    /// Index of its watch.
    Watch(usize),
    All(Vec<Check>),
    Any(Vec<Check>),
    Not(Box<Check>),
}

/// Whether it holds, and what was found.
pub(super) type Verdict = (bool, Vec<Part>);

/// What checks look at.
pub(super) struct Sight<'a> {
    pub stage: &'a mut dyn Stage,
    pub trackers: &'a [Tracker],
    pub tallies: &'a [Tally],
    pub watches: &'a [Watch],
}

/// Makes checks out of predicates.
pub(super) struct Makes<'a> {
    nodes: &'a [(String, Place)],
    goals: &'a [Goal],
    is_world: bool,
    node: &'a Node,
    start_us: Micros,
    /// One for each `log`, `history`, and `never` or `always` so far.
    pub trackers: Vec<Tracker>,
    pub tallies: Vec<Tally>,
    pub watches: Vec<Watch>,
}

impl<'a> Makes<'a> {
    pub fn new(lesson: &'a Lesson, node: &'a Node, start_us: Micros) -> Makes<'a> {
        Makes {
            nodes: &lesson.topology,
            goals: &lesson.goals,
            is_world: lesson.is_world(),
            node,
            start_us,
            trackers: Vec::new(),
            tallies: Vec::new(),
            watches: Vec::new(),
        }
    }

    /// `Err` says what is wrong with the predicate.
    pub fn check(&mut self, predicate: &Predicate) -> Result<Check, String> {
        Ok(match predicate {
            Predicate::All(list) => Check::All(self.each(list)?),
            Predicate::Any(list) => Check::Any(self.each(list)?),
            Predicate::Not(inner) => Check::Not(Box::new(self.check(inner)?)),
            Predicate::Probe(probe) => {
                let at = self.known_place(&probe.on, probe.db)?;
                let argv = tracker::probe_words(self.node, &probe.run)?;
                Check::Probe(at, probe.clone(), argv)
            }
            Predicate::Key(key) => {
                let at = self.known_place(&key.on, key.db)?;
                Check::Key(at, key.clone())
            }
            Predicate::File(file) => {
                let at = known_node(self.nodes, file.on.as_ref())?;
                if self.nodes[at].1.disk.is_none() {
                    return Err("file: the node has no disk".into());
                }
                Check::File(at, file.clone())
            }
            Predicate::Repl(repl) => {
                self.needs_world("repl")?;
                known_node(self.nodes, repl.of.as_ref())?;
                Check::Repl(known_node(self.nodes, Some(&repl.node))?, repl.clone())
            }
            Predicate::Log(log) => {
                let tracker = Tracker::new(log.clone(), self.nodes, self.node)?;
                self.trackers.push(tracker);
                Check::Log(self.trackers.len() - 1)
            }
            Predicate::History(history) => {
                self.needs_world("history")?;
                let on = known_node(self.nodes, history.on.as_ref())?;
                let on = history.on.is_some().then_some(on);
                self.tallies.push(Tally::new(history.clone(), on));
                Check::History(self.tallies.len() - 1)
            }
            Predicate::Never(stretch) => self.watch(stretch, false)?,
            Predicate::Always(stretch) => self.watch(stretch, true)?,
        })
    }

    fn needs_world(&self, name: &str) -> Result<(), String> {
        match self.is_world {
            true => Ok(()),
            false => Err(format!("{name}: the lesson has one node alone")),
        }
    }

    fn watch(&mut self, stretch: &Stretch, holds: bool) -> Result<Check, String> {
        let goal = |id: &Option<String>| {
            let Some(id) = id else { return Ok(None) };
            let at = self.goals.iter().position(|goal| goal.id == *id);
            let at = at.ok_or_else(|| format!("no goal '{id}'"))?;
            Ok::<_, String>(Some((at, id.clone())))
        };
        let (from, until) = (goal(&stretch.from)?, goal(&stretch.until)?);
        let watch = Watch {
            check: self.check(&stretch.what)?,
            holds,
            from,
            until: until.map(|(at, _)| at),
            // No more than a century: far from the end of the clock.
            for_us: stretch.for_ms.map(|ms| ms.min(1 << 42) as Micros * 1000),
            start_us: self.start_us,
            course: Course::Ahead,
        };
        self.watches.push(watch);
        Ok(Check::Watch(self.watches.len() - 1))
    }

    fn each(&mut self, list: &[Predicate]) -> Result<Vec<Check>, String> {
        if list.is_empty() {
            return Err("an empty list of predicates".into());
        }
        let mut checks = Vec::new();
        for predicate in list {
            checks.push(self.check(predicate)?);
        }
        Ok(checks)
    }

    fn known_place(&self, on: &Option<String>, db: u64) -> Result<usize, String> {
        let at = known_node(self.nodes, on.as_ref())?;
        match db < self.node.keyspace().count() as u64 {
            true => Ok(at),
            false => Err(format!("no database {db}")),
        }
    }
}

impl Check {
    pub(super) fn run(&self, sight: &mut Sight<'_>) -> Verdict {
        match self {
            Check::Probe(at, probe, argv) => match sight.stage.node_mut(*at) {
                Some(node) => run_probe(node, probe, argv),
                None => down(&probe.on),
            },
            Check::Key(at, key) => match sight.stage.node(*at) {
                Some(node) => run_key(node, key),
                None => down(&key.on),
            },
            Check::File(at, file) => file::judge(sight.stage, *at, file),
            Check::Repl(at, repl) => match sight.stage.world() {
                Some(world) => repl::judge(world, *at, repl),
                None => down(&None),
            },
            Check::Log(index) => sight.trackers[*index].judge(),
            Check::History(index) => match sight.stage.world() {
                Some(world) => sight.tallies[*index].judge(world),
                None => down(&None),
            },
            Check::Watch(index) => sight.watches[*index].judge(sight.stage.now_us()),
            Check::All(list) => {
                let mut verdicts = list.iter().map(|c| c.run(sight)).collect::<Vec<_>>();
                match verdicts.iter().position(|(met, _)| !met) {
                    Some(first) => verdicts.swap_remove(first),
                    None => (true, join(verdicts, "; ")),
                }
            }
            Check::Any(list) => {
                let mut verdicts = list.iter().map(|c| c.run(sight)).collect::<Vec<_>>();
                // Of several open ways the first is told: a lesson lists the plainest first.
                let told = verdicts.iter().position(|(met, _)| *met).unwrap_or(0);
                verdicts.swap_remove(told)
            }
            Check::Not(inner) => {
                let (met, mut why) = inner.run(sight);
                if met {
                    why.push(text("; this should not be so"));
                }
                (!met, why)
            }
        }
    }
}

/// A node that answers nothing.
fn down(on: &Option<String>) -> Verdict {
    let who = on.as_deref().unwrap_or("the server");
    (false, vec![text(&[who, " does not run"].concat())])
}

fn join(verdicts: Vec<Verdict>, between: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for (_, why) in verdicts.into_iter().filter(|(_, why)| !why.is_empty()) {
        if !parts.is_empty() {
            parts.push(text(between));
        }
        parts.extend(why);
    }
    parts
}

fn run_probe(node: &mut Node, probe: &Probe, argv: &[Vec<u8>]) -> Verdict {
    let bytes = node.probe(probe.db as usize, argv);
    let Ok(Some((reply, _))) = parse_value(&bytes) else {
        return (false, vec![code(&probe.run), text(" has no answer")]);
    };
    let found = vec![
        code(&probe.run),
        text(&format!(" answers {}", describe(&reply))),
    ];
    match missing(probe, &reply) {
        None => (true, found),
        Some(expected) => {
            let mut why = found;
            why.push(text(&format!("; expected {expected}")));
            (false, why)
        }
    }
}

/// What the reply lacks, in words; `None` if it is as asked for.
fn missing(probe: &Probe, reply: &Value) -> Option<String> {
    if let Some(kind) = probe.kind
        && !is_kind(kind, reply)
    {
        return Some(match kind {
            ReplyKind::Nil => "nil".into(),
            ReplyKind::Error => "an error".into(),
            ReplyKind::Integer => "an integer".into(),
            ReplyKind::String => "a string".into(),
            ReplyKind::Array => "an array".into(),
        });
    }
    if let Some(expected) = &probe.equals
        && !expected.is(reply)
    {
        return Some(expected.words());
    }
    for expected in &probe.contains {
        let inside = match items_of(reply) {
            Some(items) => items.iter().any(|item| expected.is(item)),
            None => text_of(reply).is_some_and(|t| {
                let needle = expected.words();
                needle.is_empty()
                    || t.windows(needle.len())
                        .any(|part| part == needle.as_bytes())
            }),
        };
        if !inside {
            return Some(format!("{} in it", expected.words()));
        }
    }
    if let Some(pattern) = &probe.matches
        && !text_of(reply).is_some_and(|t| glob(pattern.as_bytes(), &t, false))
    {
        return Some(format!("something like {pattern}"));
    }
    let number = match items_of(reply) {
        Some(items) => Some(items.len() as f64),
        None => number_of(reply),
    };
    let below = probe.min.is_some_and(|min| number.is_none_or(|n| n < min));
    let above = probe.max.is_some_and(|max| number.is_none_or(|n| n > max));
    match (probe.min, probe.max) {
        (Some(min), Some(max)) if below || above => {
            Some(format!("{} to {}", f64_text(min), f64_text(max)))
        }
        (Some(min), _) if below => Some(format!("at least {}", f64_text(min))),
        (_, Some(max)) if above => Some(format!("at most {}", f64_text(max))),
        _ => None,
    }
}

/// Whether a reply is of a kind.
pub(super) fn is_kind(kind: ReplyKind, reply: &Value) -> bool {
    match kind {
        ReplyKind::Nil => matches!(reply, Value::Null | Value::NullArray),
        ReplyKind::Error => reply.is_error(),
        ReplyKind::Integer => matches!(reply, Value::Int(_)),
        ReplyKind::Array => items_of(reply).is_some(),
        ReplyKind::String => matches!(reply, Value::Bulk(_) | Value::Simple(_)),
    }
}

fn run_key(node: &Node, key: &Key) -> Verdict {
    let (met, words) = judge_key(node, key);
    (met, vec![code(&key.name), text(&words)])
}

/// Whether the key is as asked for, and how it is, to stand behind its name.
fn judge_key(node: &Node, key: &Key) -> (bool, String) {
    let found = live(node, key.db as usize, key.name.as_bytes());
    let Some((value, left_ms)) = found else {
        return (key.exists == Some(false), " is not there".into());
    };
    if key.exists == Some(false) {
        return (false, " is there; expected none".into());
    }
    let (kind, encoding) = (value.type_name(), value.encoding());
    if let Some(expected) = &key.kind
        && kind != expected
    {
        let words = [" is a ", kind, "; expected a ", expected];
        return (false, words.concat());
    }
    if let Some(expected) = &key.encoding
        && encoding != expected
    {
        let words = [" is kept as ", encoding, "; expected ", expected];
        return (false, words.concat());
    }
    let Some(range) = key.ttl_ms else {
        return (true, [" is a ", kind, ", kept as ", encoding].concat());
    };
    let Some(left_ms) = left_ms else {
        return (false, " does not expire".into());
    };
    let (name, bound_ms) = match (range.min, range.max) {
        (_, Some(max)) if left_ms > max => ("at most ", max),
        (Some(min), _) if left_ms < min => ("at least ", min),
        _ => return (true, " expires in time".into()),
    };
    // Whole seconds, so that the reason does not change with every tick.
    let left = ((left_ms + 999) / 1000).to_string();
    let bound = f64_text(bound_ms as f64 / 1000.0);
    let words = [" expires in ", &left, " s; expected ", name, &bound, " s"];
    (false, words.concat())
}
