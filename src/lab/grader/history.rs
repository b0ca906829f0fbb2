//! The `history` predicate: what became of all that simulated clients did.
use super::check::Verdict;
use super::{code, text};
use crate::base::time::Micros;
use crate::lab::lesson::{History, Range};
use crate::server::Node;
use crate::sim::world::{End, Load, World};

/// How often what is lost is counted anew, µs: that looks at every write.
const COUNTED_US: Micros = 100_000;

/// One such predicate, with what was counted last.
#[derive(Clone)]
pub(super) struct Tally {
    pub spec: History,
    /// The node whose data counts; `None`: any.
    pub on: Option<usize>,
    counted_us: Micros,
    lost: i64,
    safe: i64,
}

impl Tally {
    pub fn new(spec: History, on: Option<usize>) -> Tally {
        Tally {
            spec,
            on,
            counted_us: Micros::MIN,
            lost: 0,
            safe: 0,
        }
    }

    /// Counts, if that is due. O(writes that are known, and keys).
    pub fn count(&mut self, world: &World) {
        let due_us = self.counted_us.saturating_add(COUNTED_US);
        let asks = self.spec.lost.is_some() || self.spec.safe.is_some();
        if !asks || world.now_us() < due_us {
            return;
        }
        self.counted_us = world.now_us();
        let Some((number, load)) = load_named(world, &self.spec.of) else {
            return;
        };
        match uses_machine(load, world) {
            true => self.ask_ledger(world, number),
            false => self.lost = self.lost_keys(world, load),
        }
    }

    /// What the ledger says of the writes of a load's clients.
    fn ask_ledger(&mut self, world: &World, number: usize) {
        let account = world.ledger();
        let own = |by| matches!(by, End::Load(load, _) if load == number);
        let tally = account.tally(own);
        self.safe = tally.safe as i64;
        self.lost = match self.on {
            Some(on) => account.missing(on, own) as i64,
            None => (tally.gone + tally.apart) as i64,
        };
    }

    /// Behind a process the ledger knows nothing of what was acknowledged: then the keys are compared.
    fn lost_keys(&self, world: &World, load: &Load) -> i64 {
        let hosts = world.hosts().iter().enumerate();
        let nodes: Vec<&Node> = hosts
            .filter(|(at, _)| self.on.is_none_or(|on| on == *at))
            .filter_map(|(_, host)| host.node())
            .collect();
        let databases = match self.on {
            Some(_) => &[],
            None => world.databases(),
        };
        let gone = |(key, number): &(Vec<u8>, u64)| {
            let stored = nodes.iter().map(|node| load.stored(node, key));
            let stored = stored.chain(databases.iter().map(|d| load.stored_in(d, key)));
            stored.max().unwrap_or(0) < *number
        };
        load.acknowledged().iter().filter(|w| gone(w)).count() as i64
    }

    pub fn judge(&self, world: &World) -> Verdict {
        let spec = &self.spec;
        let Some((_, load)) = load_named(world, &spec.of) else {
            let why = vec![code(&spec.of), text(" has not come yet")];
            return (false, why);
        };
        let report = &load.report;
        let answered = (report.answered as i64).max(1);
        let counts = [
            (
                spec.acknowledged,
                report.acknowledged_writes as i64,
                "acknowledged writes",
            ),
            (
                spec.lost,
                self.lost,
                match uses_machine(load, world) {
                    true => "acknowledged writes that are lost",
                    false => "keys whose acknowledged write is lost",
                },
            ),
            (spec.safe, self.safe, "acknowledged writes that are safe"),
            (spec.errors, report.errors as i64, "errors"),
            (
                spec.unanswered,
                report.unanswered as i64,
                "commands that nobody will answer",
            ),
            (
                spec.timeouts,
                report.timeouts as i64,
                "times that a client waited for too long",
            ),
            (
                spec.switches,
                report.switches as i64,
                "times that a client went over to another primary",
            ),
            (
                spec.mean_ms,
                report.latency_sum_us / answered / 1000,
                "ms until an answer",
            ),
            (
                spec.longest_ms,
                report.latency_most_us / 1000,
                "ms until the slowest answer",
            ),
        ];
        let asked = counts
            .into_iter()
            .filter_map(|(range, n, what)| Some((range?, n, what)));
        let mut found = Vec::new();
        for (range, n, what) in asked {
            if !range.holds(n) {
                let words = format!(": {n} {what}; expected {}", bounds(range));
                return (false, vec![code(&spec.of), text(&words)]);
            }
            found.push(format!("{n} {what}"));
        }
        let words = format!(": {}", found.join(", "));
        (true, vec![code(&spec.of), text(&words)])
    }
}

fn bounds(range: Range) -> String {
    match (range.min, range.max) {
        (Some(min), Some(max)) if min == max => min.to_string(),
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, max) => format!("at most {}", max.unwrap_or(i64::MAX)),
    }
}

fn load_named<'a>(world: &'a World, name: &str) -> Option<(usize, &'a Load)> {
    let mut loads = world.loads().iter().enumerate();
    loads.find(|(_, load)| load.setup.name == name)
}

/// Whether its clients talk to a server themselves.
fn uses_machine(load: &Load, world: &World) -> bool {
    load.setup.to < world.hosts().len()
}
