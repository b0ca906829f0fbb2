//! What sentinels think and said, as the page shows it.
use crate::base::time::Micros;
use crate::lab::json::json_object;
use crate::sentinel::{Group, Sentinel, Stage};
use crate::sim::world::{Host, HostState, World};

/// Most events of a list.
const EVENTS: usize = 300;

/// What a sentinel thinks.
pub struct SentinelModel {
    epoch: u64,
    tilt: bool,
    /// When it last said something, µs since 1970.
    said_us: Micros,
    groups: Vec<GroupModel>,
}
json_object! { SentinelModel: epoch, tilt, said_us, groups }

/// A primary that it watches.
struct GroupModel {
    name: String,
    /// The machine that it takes for the primary, or its address.
    primary: String,
    /// `no`, `subjectively`, `objectively`.
    down: &'static str,
    quorum: u32,
    /// Sentinels that it knows of, itself among them.
    voters: u32,
    /// The epoch of the failover that made this the primary.
    config_epoch: u64,
    /// How far its failover is, in which epoch, and whether it was elected.
    stage: &'static str,
    epoch: u64,
    leads: bool,
}
json_object! { GroupModel: name, primary, down, quorum, voters, config_epoch, stage, epoch, leads }

impl SentinelModel {
    /// Of a machine whose node is one. O(groups).
    pub fn of(world: &World, host: &Host) -> Option<SentinelModel> {
        let sentinel = sentinel_of(host)?;
        let group = |group: &Group| GroupModel::of(world, sentinel, group);
        Some(SentinelModel {
            epoch: sentinel.current_epoch,
            tilt: sentinel.is_tilted(),
            said_us: host.log.back().map_or(0, |line| line.at_us),
            groups: sentinel.groups.iter().map(group).collect(),
        })
    }
}

impl GroupModel {
    fn of(world: &World, sentinel: &Sentinel, group: &Group) -> GroupModel {
        let place = sentinel.group_named(&group.name).unwrap_or_default();
        let address = sentinel.current_address(place);
        GroupModel {
            name: group.name.clone(),
            primary: name_at(world, &address.host).unwrap_or(address.host),
            down: match (group.primary.sdown, group.primary.odown) {
                (_, true) => "objectively",
                (true, _) => "subjectively",
                _ => "no",
            },
            quorum: group.options.quorum,
            voters: group.sentinels.len() as u32 + 1,
            config_epoch: group.config_epoch,
            stage: group.failover.stage.word(),
            epoch: group.failover.epoch,
            leads: !matches!(group.failover.stage, Stage::None | Stage::WaitStart),
        }
    }
}

/// Something that a sentinel said, as it published it.
pub struct EventModel {
    at_us: Micros,
    host: String,
    /// `+sdown` and so on.
    name: String,
    /// What it is about, with names of machines for addresses and ids.
    about: String,
    text: String,
}
json_object! { EventModel: at_us, host, name, about, text }

/// What sentinels have said, the oldest first; the newest of them. O(lines of their logs).
pub fn failover(world: &World) -> Vec<EventModel> {
    let sentinels = world.hosts().iter().filter(|host| is_sentinel(host));
    let mut all: Vec<EventModel> = sentinels
        .flat_map(|host| host.log.iter().map(move |line| (host, line)))
        .filter_map(|(host, line)| {
            let (name, text) = line.text.split_once(' ')?;
            name.starts_with(['+', '-']).then(|| EventModel {
                at_us: line.at_us,
                host: host.setup.name.clone(),
                name: name.into(),
                about: about(world, text),
                text: text.into(),
            })
        })
        .collect();
    all.sort_by_key(|event| event.at_us);
    all.drain(..all.len().saturating_sub(EVENTS));
    all
}

fn sentinel_of(host: &Host) -> Option<&Sentinel> {
    let watch = host.node()?.server().watch.as_ref()?;
    Some(&watch.sentinel)
}

/// Whether its server is one; also while it does not run.
pub(super) fn is_sentinel(host: &Host) -> bool {
    match host.state {
        HostState::Up => sentinel_of(host).is_some(),
        _ => (host.setup.config.iter()).any(|line| line.starts_with("sentinel ")),
    }
}

/// The words of an event with names in place of addresses and ids; without the primary that a replica belongs to.
fn about(world: &World, text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut tokens = text.split(' ').filter(|token| !token.is_empty()).peekable();
    while let Some(token) = tokens.next() {
        if token == "@" {
            tokens.nth(2);
            continue;
        }
        let host = token.rsplit_once(':').map_or(token, |(host, _)| host);
        let Some(name) = name_at(world, host).or_else(|| name_of_id(world, token)) else {
            words.push(token.into());
            continue;
        };
        let port = |next: &&str| next.bytes().all(|b| b.is_ascii_digit());
        if host == token && name_of_id(world, token).is_none() {
            tokens.next_if(port);
        }
        if words.last() != Some(&name) {
            words.push(name);
        }
    }
    words.join(" ")
}

fn name_at(world: &World, host: &str) -> Option<String> {
    let id = world.host_named(host)?;
    world.place_name(id).map(str::to_string)
}

/// The sentinel that has this id. O(machines).
fn name_of_id(world: &World, id: &str) -> Option<String> {
    let mut hosts = world.hosts().iter().filter(|_| id.len() == 40);
    let found = hosts.find(|host| sentinel_of(host).is_some_and(|sentinel| sentinel.id == id));
    found.map(|host| host.setup.name.clone())
}
