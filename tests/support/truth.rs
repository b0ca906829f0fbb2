//! The ledger of a world against its data: what simulated clients wrote has numbers that only grow, so that each node's data
//! says which of the writes it holds.
use redlab::sim::world::Load;
use redlab::sim::world::ledger::{Account, Position, State, Why};
use redlab::sim::world::{Host, HostId, HostState, World};
use std::collections::{BTreeMap, BTreeSet};

/// The newest number of each key.
type Numbers = BTreeMap<Vec<u8>, u64>;

/// Looks at a world again and again.
#[derive(Default)]
pub struct Watch {
    /// Of each history the last write that was called safe.
    safe: BTreeMap<usize, u64>,
    /// When something was found to be wrong first, µs, and what.
    pub wrong: Option<(i64, String)>,
}

impl Watch {
    /// Compares, and remembers what is called safe. `promotes`: somebody tells nodes to change their parts.
    pub fn look(&mut self, world: &World, promotes: bool) {
        if self.wrong.is_some() {
            return;
        }
        let account = world.ledger();
        let found = untrue(world, &account)
            .or_else(|| unacknowledged(world, &account))
            .or_else(|| self.broken(world, &account, promotes));
        self.wrong = found.map(|what| (world.now_us(), what));
        for (at, _) in account.in_state(|state| state == State::Safe) {
            let last = self.safe.entry(at.history).or_default();
            *last = at.writes.max(*last);
        }
    }

    /// What a machine has on its platter must be what it has when it comes back.
    pub fn came_back(&mut self, world: &World, host: HostId, before: &[Option<u64>], torn: bool) {
        if self.wrong.is_some() {
            return;
        }
        let now = on_platter(world, host);
        let fits = before.iter().zip(&now).all(|(before, now)| match torn {
            true => now >= before,
            false => now == before,
        });
        if !fits {
            let name = &world.hosts()[host].setup.name;
            let what =
                format!("{name} was to have {before:?} after its power cut, and has {now:?}");
            self.wrong = Some((world.now_us(), what));
        }
    }

    /// What was called safe must not be lost, unless another node was told to be the primary.
    fn broken(&self, world: &World, account: &Account<'_>, promotes: bool) -> Option<String> {
        for (&history, &writes) in &self.safe {
            let fate = account.fate(Position { history, writes });
            let replaced = fate
                .loss
                .is_none_or(|loss| matches!(loss.why, Why::Replaced { .. }));
            let right = match fate.state {
                State::Gone | State::Apart | State::Unknown => promotes && replaced,
                _ => true,
            };
            if !right {
                let host = &world.hosts()[account.history(history).0].setup.name;
                return Some(format!(
                    "write {writes} of {host} (history {history}) was called safe: {fate:?}"
                ));
            }
        }
        None
    }
}

/// How much of each history a machine has on its platter.
pub fn on_platter(world: &World, host: HostId) -> Vec<Option<u64>> {
    let account = world.ledger();
    let all = 0..account.histories();
    all.map(|history| account.platter(host, history)).collect()
}

/// A node whose data is not what the ledger says.
fn untrue(world: &World, account: &Account<'_>) -> Option<String> {
    let keys = keys(world);
    for (id, host) in world.hosts().iter().enumerate() {
        let loading = host.node().is_none_or(|node| node.is_loading());
        if host.state != HostState::Up || loading {
            continue;
        }
        let (said, real) = (said(account, id, &keys)?, stored(world, host));
        for key in said.keys().chain(real.keys()) {
            if said.get(key) != real.get(key) {
                return Some(format!(
                    "{}: {} is {:?} there, and {:?} in the ledger",
                    host.setup.name,
                    String::from_utf8_lossy(key),
                    real.get(key),
                    said.get(key)
                ));
            }
        }
    }
    None
}

/// What a node has by the ledger.
fn said(account: &Account<'_>, id: HostId, keys: &BTreeSet<Vec<u8>>) -> Option<Numbers> {
    let mut numbers = Numbers::new();
    for history in 0..account.histories() {
        let held = account.memory(id, history)?;
        for (at, write) in account.of_history(history) {
            if at.writes <= held
                && let Some((key, number)) = set(&write.words, keys)
            {
                let newest = numbers.entry(key).or_default();
                *newest = number.max(*newest);
            }
        }
    }
    Some(numbers)
}

/// The simulated clients that write to nodes themselves; others ask applications.
fn loads(world: &World) -> impl Iterator<Item = &Load> {
    let nodes = world.hosts().len();
    world
        .loads()
        .iter()
        .filter(move |load| load.setup.to < nodes)
}

/// Their keys.
fn keys(world: &World) -> BTreeSet<Vec<u8>> {
    loads(world).flat_map(Load::all_keys).collect()
}

/// The key and the number of a SET of one of them.
fn set(words: &str, keys: &BTreeSet<Vec<u8>>) -> Option<(Vec<u8>, u64)> {
    let mut words = words.strip_prefix("SET ")?.split(' ');
    let key = words.next()?.as_bytes().to_vec();
    let number = words.next()?.trim_end_matches('.').parse().ok()?;
    keys.contains(&key).then_some((key, number))
}

/// What a node has.
fn stored(world: &World, host: &Host) -> Numbers {
    let Some(node) = host.node() else {
        return Numbers::new();
    };
    let mut numbers = Numbers::new();
    for load in loads(world) {
        for key in load.all_keys() {
            let number = load.stored(node, &key);
            if number > 0 {
                numbers.insert(key, number);
            }
        }
    }
    numbers
}

/// A write that its client knows to be acknowledged and the ledger does not, or the other way round.
fn unacknowledged(world: &World, account: &Account<'_>) -> Option<String> {
    let known: Numbers = loads(world).flat_map(Load::acknowledged).collect();
    let keys = keys(world);
    let mut entered = Numbers::new();
    for (_, write) in account.in_state(|_| true) {
        if let Some((key, number)) = set(&write.words, &keys) {
            let newest = entered.entry(key).or_default();
            *newest = number.max(*newest);
        }
    }
    let differs = known
        .iter()
        .find(|(key, number)| entered.get(*key) != Some(number));
    let more = || entered.keys().find(|key| !known.contains_key(*key));
    let key = differs.map(|(key, _)| key).or_else(more)?;
    Some(format!(
        "{}: acknowledged up to {:?}, by the ledger {:?}",
        String::from_utf8_lossy(key),
        known.get(key),
        entered.get(key)
    ))
}

/// Whether the acknowledged writes that a node lacks are those that the ledger says it lacks; by key, the newest of each.
pub fn lost(world: &World, id: HostId) -> (usize, Option<String>) {
    let account = world.ledger();
    let (real, keys) = (stored(world, &world.hosts()[id]), keys(world));
    let mut newest: BTreeMap<Vec<u8>, (u64, Position)> = BTreeMap::new();
    for (at, write) in account.in_state(|_| true) {
        if let Some((key, number)) = set(&write.words, &keys) {
            let known = newest.entry(key).or_insert((number, at));
            if number > known.0 {
                *known = (number, at);
            }
        }
    }
    let mut count = 0;
    for (key, (number, at)) in newest {
        let lacks = real.get(&key).is_none_or(|stored| *stored < number);
        let fate = account.fate(at);
        count += usize::from(lacks);
        if lacks == (fate.memory >> id & 1 == 1) {
            let key = String::from_utf8_lossy(&key);
            return (
                count,
                Some(format!("{key} {number}: lacking is {lacks}, but {fate:?}")),
            );
        }
    }
    (count, None)
}
