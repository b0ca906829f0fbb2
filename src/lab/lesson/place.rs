//! Where a lesson plays: its nodes, the links between them, and what happens to them without the learner's doing.
use super::predicate::{Ran, ran};
use crate::lab::plain::{Fields, Plain, Read, count, list, number, text, texts, word, wrong};

/// A node of the lesson's world.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The node that it follows.
    pub replica_of: Option<String>,
    /// How long a byte is under way between the two, ms.
    pub delay_ms: Option<f64>,
    /// With a disk of its own, which can be broken: how its server is configured, in lines as of redis.conf.
    pub disk: Option<Vec<String>>,
    /// The same lines for a server without one: what it has is gone with its process.
    pub config: Vec<String>,
}

pub(super) fn topology(value: Plain) -> Read<Vec<(String, Place)>> {
    let Plain::Fields(nodes) = value else {
        return wrong("expected nodes by name");
    };
    let node = |(name, value): (String, Plain)| match place(value) {
        Ok(place) => Ok((name, place)),
        Err(why) => Err([".", &name, &why].concat()),
    };
    nodes.into_iter().map(node).collect()
}

/// The word of a role, or what a node has.
fn place(value: Plain) -> Read<Place> {
    if !matches!(value, Plain::Fields(_)) {
        return word(value, &["primary"]).map(|_| Place::default());
    }
    let mut f = Fields::of(value);
    let place = Place {
        replica_of: f.maybe("replica_of", text),
        delay_ms: f.maybe("delay_ms", duration_ms),
        disk: f.maybe("disk", texts),
        config: f.maybe("config", texts).unwrap_or_default(),
    };
    f.end(place)
}

/// What the link between two places is like, both ways. `clients` is where simulated clients are.
#[derive(Clone, Debug)]
pub struct Way {
    pub between: Vec<String>,
    /// How long a byte is under way, ms, and how much longer at most.
    pub delay_ms: Option<f64>,
    pub jitter_ms: Option<f64>,
    /// Packets of a hundred that are lost.
    pub loss_percent: Option<f64>,
    pub bytes_per_s: Option<u64>,
}

pub(super) fn way(value: Plain) -> Read<Way> {
    let mut f = Fields::of(value);
    let way = Way {
        between: f.must("between", texts),
        delay_ms: f.maybe("delay_ms", duration_ms),
        jitter_ms: f.maybe("jitter_ms", duration_ms),
        loss_percent: f.maybe("loss_percent", number),
        bytes_per_s: f.maybe("bytes_per_s", count),
    };
    let way = f.end(way)?;
    match (way.between.len(), way.loss_percent.unwrap_or(0.0)) {
        (2, loss) if (0.0..=100.0).contains(&loss) => Ok(way),
        (2, _) => wrong("loss_percent: expected 0 to 100"),
        _ => wrong("between: expected two places"),
    }
}

/// Milliseconds, no more than an hour of them.
fn duration_ms(value: Plain) -> Read<f64> {
    match number(value) {
        Ok(ms) if (0.0..=3_600_000.0).contains(&ms) => Ok(ms),
        _ => wrong("expected milliseconds, 3600000 at most"),
    }
}

/// What the lesson does to the world at its time, beside the learner.
#[derive(Clone, Debug)]
pub struct Deed {
    pub when: Moment,
    /// How much later, ms.
    pub wait_ms: u64,
    /// Acts as `lab::acts` reads them.
    pub acts: Vec<Plain>,
}

/// When something is done.
#[derive(Clone, Debug)]
pub enum Moment {
    /// So many ms after the start.
    At(u64),
    /// Once this goal has been reached.
    Goal(String),
    /// Once this command was answered.
    Ran(Ran),
}

pub(super) fn deed(value: Plain) -> Read<Deed> {
    let mut f = Fields::of(value);
    let at = f.maybe("at_ms", count).map(Moment::At);
    let goal = f.maybe("after_goal", text).map(Moment::Goal);
    let after = f.maybe("after", ran).map(Moment::Ran);
    let wait_ms = f.maybe("wait_ms", count).unwrap_or(0);
    let acts = f.must("do", |v| list(v, Ok));
    let acts = f.end(acts)?;
    let mut given = [at, goal, after].into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(when), None) => Ok(Deed {
            when,
            wait_ms,
            acts,
        }),
        _ => wrong("one of at_ms, after_goal, after must be given, and only one"),
    }
}
