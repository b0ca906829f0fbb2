//! The account: where every write is at one moment.
use super::history::{Data, HistoryId, Position, Write};
use super::{Ledger, Loss, Memory, World};
use crate::command::replication::Link;
use crate::sim::disk::Side;
use crate::sim::world::host::{HostState, Waiting};
use crate::sim::world::net::{End, HostId};

/// How well a write is kept. It is about losing the power of one machine, which comes back later, or losing its memory alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// No one machine's power cut loses it: its primary has it on the platter, and is a primary again when it comes back.
    Safe,
    /// Its primary would lose it, but another machine has it as well. That one keeps it if it is promoted, and loses it if
    /// the primary comes back without it.
    Copied,
    /// One power cut, or the end of one server, loses it.
    Risk,
    /// It is somewhere, but a primary of the same data has gone on without it, or would come back without it.
    Apart,
    /// No copy of it is left.
    Gone,
    /// The ledger could not follow.
    Unknown,
}

impl State {
    /// Its word in models.
    pub fn word(self) -> &'static str {
        match self {
            State::Safe => "safe",
            State::Copied => "copied",
            State::Risk => "risk",
            State::Apart => "apart",
            State::Gone => "gone",
            State::Unknown => "unknown",
        }
    }
}

/// Where a write is: a bit for each machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    pub state: State,
    pub memory: u64,
    pub cache: u64,
    pub platter: u64,
    /// On its way to these.
    pub wire: u64,
    /// Primaries that have gone on without it, or would come back without it.
    pub lacking: u64,
    /// Why it is gone.
    pub loss: Option<Loss>,
}

/// How many writes are how well kept. Writes that were not acknowledged do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub acknowledged: u64,
    pub safe: u64,
    pub copied: u64,
    pub risk: u64,
    pub apart: u64,
    pub gone: u64,
    pub unknown: u64,
}

impl Tally {
    fn count(&mut self, state: State, n: u64) {
        self.acknowledged += n;
        *match state {
            State::Safe => &mut self.safe,
            State::Copied => &mut self.copied,
            State::Risk => &mut self.risk,
            State::Apart => &mut self.apart,
            State::Gone => &mut self.gone,
            State::Unknown => &mut self.unknown,
        } += n;
    }
}

/// How much of each history a place holds; `None`: it cannot be said.
type Reach = Vec<Option<u64>>;

/// One machine's places.
struct Stand {
    family: usize,
    /// It is a primary, or would start as one.
    heads: bool,
    /// What it would be a primary of at this moment, or when it comes back.
    serves: Reach,
    /// It is a primary again when it comes back.
    returns: bool,
    memory: Reach,
    cache: Reach,
    platter: Reach,
    wire: Reach,
}

/// See the head of this file.
pub struct Account<'a> {
    ledger: &'a Ledger,
    stands: Vec<Stand>,
}

impl World {
    /// Where each write is at this moment. O(machines * histories); questions to it are answered from that.
    pub fn ledger(&self) -> Account<'_> {
        Account::of(self)
    }

    fn stand(&self, id: HostId) -> Stand {
        let (host, ledger) = (&self.hosts[id], &self.ledger);
        let (seat, histories) = (&ledger.seats[id], &ledger.histories);
        let reach = |data| histories.reach(data, seat.family);
        let side = |side| {
            let disk = host.disk();
            reach(disk.map_or(Data::Nothing, |disk| {
                seat.files.data(&host.reads, disk, side, histories)
            }))
        };
        let (cache, platter) = (side(Side::Cache), side(Side::Platter));
        let node = host.node();
        let memory = node.map_or(Data::Nothing, |node| {
            let offset = node.server().repl.history.offset;
            ledger.memory(id, offset).data(histories)
        });
        let memory = reach(memory);
        let serves = match host.state {
            HostState::Up if node.is_some_and(|node| !node.is_loading()) => memory.clone(),
            HostState::Off => platter.clone(),
            _ => cache.clone(),
        };
        let follows = node.map(|node| node.server().repl.primary.is_some());
        Stand {
            family: seat.family,
            heads: !follows.unwrap_or(!host.reads.primary),
            serves,
            returns: host.reads.primary,
            memory,
            cache,
            platter,
            wire: reach(self.on_the_way(id)),
        }
    }

    /// What a replica will be once all has arrived that is under way to it.
    fn on_the_way(&self, id: HostId) -> Data {
        let (host, ledger) = (&self.hosts[id], &self.ledger);
        let (Memory::Follows(stream), Some(node)) = (ledger.seats[id].memory, host.node()) else {
            return Data::Nothing;
        };
        let repl = &node.server().repl;
        if repl.link != Link::Connected {
            return Data::Nothing;
        }
        let waiting = host.waiting.iter().map(|waiting| match waiting {
            Waiting::Data(client, bytes) if *client == repl.link_id => bytes.len(),
            _ => 0,
        });
        let conn = host.conn_of(repl.link_id);
        let conn = conn.and_then(|conn| self.net.conn(conn));
        let alive = conn.filter(|conn| conn.from.alive);
        let segments = alive.iter().flat_map(|conn| &conn.back.segments);
        let bytes = waiting.chain(segments.map(|segment| segment.bytes.len()));
        let offset = repl.read_offset + bytes.sum::<usize>() as i64;
        ledger.histories.at_offset(stream, offset)
    }
}

impl<'a> Account<'a> {
    pub(super) fn of(world: &'a World) -> Account<'a> {
        Account {
            ledger: &world.ledger,
            stands: (0..world.hosts.len()).map(|id| world.stand(id)).collect(),
        }
    }

    /// How much of each history is anywhere; `None`: it cannot be said.
    pub(super) fn held(&self) -> Vec<Option<u64>> {
        let all = |stand: &'_ Stand, h: HistoryId| {
            [
                stand.memory[h],
                stand.cache[h],
                stand.platter[h],
                stand.wire[h],
            ]
        };
        let of = |h: HistoryId| {
            let places = self.stands.iter().flat_map(|stand| all(stand, h));
            places.reduce(|a, b| Some(a?.max(b?))).unwrap_or(Some(0))
        };
        (0..self.ledger.histories.all().len()).map(of).collect()
    }

    /// How much of the data a machine has in its memory.
    pub fn memory(&self, id: HostId, history: HistoryId) -> Option<u64> {
        self.stands[id].memory[history]
    }

    /// What it would have after a power cut.
    pub fn platter(&self, id: HostId, history: HistoryId) -> Option<u64> {
        self.stands[id].platter[history]
    }

    /// How many histories there are: numbers from 0.
    pub fn histories(&self) -> usize {
        self.ledger.histories.all().len()
    }

    /// Who wrote a history, and how many writes it has.
    pub fn history(&self, history: HistoryId) -> (HostId, u64) {
        let history = &self.ledger.histories.all()[history];
        (history.host, history.count)
    }

    /// The writes of a history that are known one by one, the oldest first.
    pub fn of_history(&self, history: HistoryId) -> impl Iterator<Item = (Position, &'a Write)> {
        let writes = self.ledger.histories.all()[history].from(1);
        writes.map(move |(writes, write)| (Position { history, writes }, write))
    }

    /// Writes that were acknowledged and are not known one by one any more.
    pub fn forgotten(&self) -> u64 {
        let all = self.ledger.histories.all().iter();
        all.map(|history| history.forgotten).sum()
    }

    /// Where a write is. O(machines).
    pub fn fate(&self, at: Position) -> Fate {
        let has = |reach: &Reach| reach[at.history].is_none_or(|n| n >= at.writes);
        let bits = |place: fn(&Stand) -> &Reach| {
            let held = self.stands.iter().enumerate().filter(|(_, stand)| {
                // A place of which nothing can be said is none that has it.
                place(stand)[at.history].is_some() && has(place(stand))
            });
            held.fold(0u64, |bits, (id, _)| bits | 1 << id)
        };
        let mut fate = Fate {
            state: State::Risk,
            memory: bits(|stand| &stand.memory),
            cache: bits(|stand| &stand.cache),
            platter: bits(|stand| &stand.platter),
            wire: bits(|stand| &stand.wire),
            lacking: 0,
            loss: None,
        };
        let history = &self.ledger.histories.all()[at.history];
        let machines = fate.memory | fate.cache | fate.platter;
        let heads = || {
            let family = self.stands.iter().enumerate();
            family.filter(|(_, stand)| stand.heads && stand.family == history.family)
        };
        let lacking = heads().filter(|(_, stand)| !has(&stand.serves));
        fate.lacking = lacking.fold(0, |bits, (id, _)| bits | 1 << id);
        let kept = |(id, stand): (usize, &Stand)| stand.returns && fate.platter >> id & 1 == 1;
        let unsaid = |stand: &Stand| {
            let places = [&stand.memory, &stand.cache, &stand.platter];
            places.iter().any(|reach| reach[at.history].is_none())
        };
        fate.state = if machines | fate.wire == 0 {
            match self.stands.iter().any(unsaid) {
                true => State::Unknown,
                false => State::Gone,
            }
        } else if fate.lacking != 0 {
            State::Apart
        } else if heads().next().is_some() && heads().all(kept) {
            State::Safe
        } else if machines.count_ones() > 1 {
            State::Copied
        } else {
            State::Risk
        };
        if fate.state == State::Gone {
            let lost = history.lost.iter().find(|lost| at.writes <= lost.to);
            fate.loss = lost.map(|lost| lost.loss);
        }
        fate
    }

    /// How many acknowledged writes are how well kept: of those of which this is so by who wrote them. O(known writes).
    pub fn tally(&self, of: impl Fn(End) -> bool) -> Tally {
        let mut tally = Tally::default();
        self.each(|_, state, write| {
            if of(write.by) {
                tally.count(state, 1);
            }
        });
        tally
    }

    /// How many acknowledged writes a machine's memory has not got, of those of which this is so by who wrote them. O(known
    /// writes).
    pub fn missing(&self, id: HostId, of: impl Fn(End) -> bool) -> u64 {
        let mut missing = 0;
        self.each(|at, _, write| {
            let lacks = self
                .memory(id, at.history)
                .is_some_and(|has| has < at.writes);
            missing += u64::from(lacks && of(write.by));
        });
        missing
    }

    /// Goes through all acknowledged writes, history by history.
    fn each(&self, mut work: impl FnMut(Position, State, &'a Write)) {
        for history in 0..self.histories() {
            // What is so for one write is so for all up to the next place's end.
            let mut until = 0;
            let mut state = State::Unknown;
            for (at, write) in self.of_history(history) {
                if at.writes > until {
                    state = self.fate(at).state;
                    until = self.next_end(at);
                }
                if write.acked_us.is_some() {
                    work(at, state, write);
                }
            }
        }
    }

    /// The first place at or behind a write where some machine's data ends.
    fn next_end(&self, at: Position) -> u64 {
        let places = self.stands.iter().flat_map(|stand| {
            [
                &stand.memory,
                &stand.cache,
                &stand.platter,
                &stand.wire,
                &stand.serves,
            ]
        });
        let ends = places.filter_map(|reach| reach[at.history].filter(|n| *n >= at.writes));
        ends.min().unwrap_or(u64::MAX)
    }

    /// The acknowledged writes of a state, and who wrote them: the oldest of each history first. O(known writes).
    pub fn in_state(&self, wanted: impl Fn(State) -> bool) -> Vec<(Position, &'a Write)> {
        let mut found = Vec::new();
        self.each(|at, state, write| {
            if wanted(state) {
                found.push((at, write));
            }
        });
        found
    }

    /// The newest writes, acknowledged or not, at most so many, the newest first. O(histories * most).
    pub fn newest(&self, most: usize) -> Vec<(Position, &'a Write)> {
        let mut found = Vec::new();
        for (history, of) in self.ledger.histories.all().iter().enumerate() {
            let first = (of.count + 1).saturating_sub(most as u64);
            found.extend(
                of.from(first)
                    .map(|(writes, write)| (Position { history, writes }, write)),
            );
        }
        found.sort_by_key(|(at, write)| std::cmp::Reverse((write.at_us, *at)));
        found.truncate(most);
        found
    }
}
