//! The world of a lesson, made from its topology, and brought to where the learner meets it.
use super::words;
use crate::base::time::Micros;
use crate::lab::acts;
use crate::lab::lesson::{Lesson, Place, Way};
use crate::server::Node;
use crate::sim::disk::Speed;
use crate::sim::world::{Act, CLIENTS, HERE, HostId, HostState, Link, Refused, Setup, World};

/// How long a byte is under way where nothing else is said, µs.
const NEAR_US: Micros = 1000;
/// Where sentinels listen.
const SENTINEL_PORT: u16 = 26_379;
/// How long replicas may take to find their primary, and a command of the setup to be answered, µs.
const PATIENCE_US: Micros = 120_000_000;
/// The world is looked at so often meanwhile, µs.
const STEP_US: Micros = 100_000;

/// Builds it, runs the lesson's setup, and lets its replicas get all of that. `Err` says what is wrong with the lesson.
pub(super) fn build(lesson: &Lesson, start_us: Micros) -> Result<World, String> {
    let mut world = World::new(lesson.seed, start_us);
    let refused = |refused: Refused| format!("topology: {}", refused.text());
    for (name, place) in &lesson.topology {
        let act = Act::Add(setup(lesson, name, place)?);
        world.act(act).map_err(refused)?;
    }
    connect(lesson, &mut world)?;
    settle(lesson, &mut world)?;
    for setup in &lesson.setup {
        run_setup(&mut world, &setup.on, &setup.run)?;
    }
    settle(lesson, &mut world)?;
    Ok(world)
}

fn setup(lesson: &Lesson, name: &str, place: &Place) -> Result<Setup, String> {
    if !acts::is_name(name) {
        return Err(format!("topology: a node cannot be called '{name}'"));
    }
    let mut setup = Setup::named(name);
    if watches(place) {
        setup.port = SENTINEL_PORT;
    }
    setup.config = place.config.clone();
    match &place.disk {
        Some(lines) => setup.config.extend(lines.iter().cloned()),
        None => setup.disk = None,
    }
    setup.disk = place.disk.as_ref().map(|_| Speed::default());
    if let Some(primary) = &place.replica_of {
        if !lesson.topology.iter().any(|(node, _)| node == primary) || primary == name {
            return Err(format!(
                "topology: {name} cannot be a replica of '{primary}'"
            ));
        }
        setup
            .config
            .push(format!("replicaof {primary} {}", setup.port));
    }
    Ok(setup)
}

/// Lays a link between any two places.
fn connect(lesson: &Lesson, world: &mut World) -> Result<(), String> {
    let hosts = world.hosts().len();
    let near = Link {
        latency_us: NEAR_US,
        ..Link::LAN
    };
    let lay = |world: &mut World, a: HostId, b: HostId, link: Link| {
        for (from, to) in [(a, b), (b, a)] {
            // Links can be laid between any two places.
            let _ = world.act(Act::Link { from, to, link });
        }
    };
    for a in 0..hosts {
        lay(world, a, CLIENTS, near);
        for b in 0..a {
            lay(world, a, b, near);
        }
    }
    for (at, (_, place)) in lesson.topology.iter().enumerate() {
        let primary = place.replica_of.as_deref();
        let primary = primary.and_then(|name| world.host_named(name));
        if let (Some(primary), Some(ms)) = (primary, place.delay_ms) {
            let latency_us = (ms * 1000.0) as Micros;
            lay(world, at, primary, Link { latency_us, ..near });
        }
    }
    for way in &lesson.links {
        let place = |name: &String| match name.as_str() {
            "clients" => Ok(CLIENTS),
            name => world
                .host_named(name)
                .ok_or_else(|| format!("links: no node '{name}'")),
        };
        let (a, b) = (place(&way.between[0])?, place(&way.between[1])?);
        let link = link_of(way, world.net().link(a, b));
        lay(world, a, b, link);
    }
    Ok(())
}

fn link_of(way: &Way, before: Link) -> Link {
    let us = |ms: Option<f64>| ms.map(|ms| (ms * 1000.0) as Micros);
    Link {
        latency_us: us(way.delay_ms).unwrap_or(before.latency_us),
        jitter_us: us(way.jitter_ms).unwrap_or(0),
        loss_ppm: (way.loss_percent.unwrap_or(0.0) * 10_000.0) as u32,
        bytes_per_s: way.bytes_per_s.unwrap_or(0),
        cut: false,
    }
}

/// Lets time pass until every server runs and every replica has what its primary has.
fn settle(lesson: &Lesson, world: &mut World) -> Result<(), String> {
    let last_us = world.now_us() + PATIENCE_US;
    while !is_settled(lesson, world) {
        if world.now_us() >= last_us {
            return Err("topology: its replicas do not find their primaries".into());
        }
        let next_us = (world.now_us() / STEP_US + 1) * STEP_US;
        world.run_until(next_us, u64::MAX);
    }
    Ok(())
}

fn is_settled(lesson: &Lesson, world: &World) -> bool {
    let hosts = world.hosts();
    let nodes = lesson.topology.iter().zip(hosts);
    nodes.into_iter().all(|((_, place), host)| {
        let Some(node) = host.node().filter(|n| !n.is_loading() && !n.is_stalled()) else {
            return false;
        };
        let Some(primary) = &place.replica_of else {
            return host.state == HostState::Up && knows_all(lesson, node);
        };
        let primary = world.host_named(primary).and_then(|id| hosts[id].node());
        let (own, its) = (&node.server().repl, primary.map(|p| &p.server().repl));
        own.is_up() && its.is_some_and(|its| its.history.offset == own.history.offset)
    })
}

/// Whether a sentinel has found the others and the replicas of what it watches; true of any other node.
fn knows_all(lesson: &Lesson, node: &Node) -> bool {
    let Some(watch) = &node.server().watch else {
        return true;
    };
    let places = || lesson.topology.iter().map(|(_, place)| place);
    let replicas = places().filter(|place| place.replica_of.is_some()).count();
    let sentinels = places().filter(|place| watches(place)).count();
    let mut groups = watch.sentinel.groups.iter();
    groups.all(|group| group.replicas.len() >= replicas && group.sentinels.len() + 1 >= sentinels)
}

/// Whether a node of the lesson is a sentinel: one of its lines says what it watches.
fn watches(place: &Place) -> bool {
    let lines = place.disk.iter().flatten().chain(&place.config);
    lines.into_iter().any(|line| line.starts_with("sentinel "))
}

/// Runs a line of the setup, which must not fail.
fn run_setup(world: &mut World, on: &str, line: &str) -> Result<(), String> {
    words(line)?;
    let to = world
        .host_named(on)
        .ok_or_else(|| format!("no node '{on}'"))?;
    let refused = |refused: Refused| format!("setup '{line}': {}", refused.text());
    let connect = Act::Connect { to, place: HERE };
    let session = world.act(connect).map_err(refused)?;
    let bytes = format!("{line}\r\n").into_bytes();
    world.act(Act::Send { session, bytes }).map_err(refused)?;
    let last_us = world.now_us() + PATIENCE_US;
    let mut out = Vec::new();
    while out.is_empty() && world.now_us() < last_us {
        world.run_until(world.now_us() + STEP_US, u64::MAX);
        out = world.take_output(session);
    }
    world.act(Act::Disconnect { session }).map_err(refused)?;
    match out.first() {
        Some(b'-') | None => {
            let why = String::from_utf8_lossy(out.trim_ascii()).into_owned();
            Err(format!("setup '{line}': {why}"))
        }
        Some(_) => Ok(()),
    }
}
