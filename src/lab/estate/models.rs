//! The models themselves: plain data of a moment.
use super::apps::{AppModel, DatabaseModel, LatencyModel, app, database};
use super::decode::describe;
use super::ledger::{TallyModel, tally};
use crate::base::order::sort_by;
use crate::base::time::Micros;
use crate::command::replication::Stage;
use crate::lab::grader::Attempt;
use crate::lab::json::json_object;
use crate::server::Node;
use crate::sim::disk::Disk;
use crate::sim::timeline::Timeline;
use crate::sim::world::{
    Act, CLIENTS, Conn, ConnId, End, HERE, Host, HostId, HostState, LogLine, World,
};

/// Messages of a connection that are told of, in each direction.
const MESSAGES: usize = 8;
/// Lines of a log that are.
const LINES: usize = 8;

/// A world at this moment.
pub struct EstateModel {
    /// The world's clock, µs since 1970, where it began, and how many events have happened.
    now_us: Micros,
    start_us: Micros,
    events: u64,
    /// How far it has come before somebody went back.
    furthest_us: Micros,
    furthest_events: u64,
    past: bool,
    /// What was done to it, for the timeline.
    acts: Vec<ActModel>,
    hosts: Vec<HostModel>,
    links: Vec<LinkModel>,
    conns: Vec<ConnModel>,
    loads: Vec<LoadModel>,
    apps: Vec<AppModel>,
    databases: Vec<DatabaseModel>,
    /// How well acknowledged writes are kept.
    ledger: TallyModel,
}
json_object! { EstateModel: now_us, start_us, events, furthest_us, furthest_events, past, acts, hosts, links, conns, loads, apps,
databases, ledger }

/// A fault or another act that is worth a mark on the timeline.
struct ActModel {
    at_us: Micros,
    event: u64,
    what: &'static str,
    host: Option<String>,
}
json_object! { ActModel: at_us, event, what, host }

struct HostModel {
    name: String,
    ip: String,
    port: u32,
    /// `up`, `down` (the server does not run) or `off` (no power).
    state: &'static str,
    paused: bool,
    /// It works at this moment: what comes waits until then.
    busy_until_us: Option<Micros>,
    waiting: u32,
    skew_us: Micros,
    boots: u32,
    keys: Option<u64>,
    repl: Option<ReplModel>,
    disk: Option<DiskModel>,
    log: Vec<LineModel>,
}
json_object! { HostModel: name, ip, port, state, paused, busy_until_us, waiting, skew_us, boots, keys, repl, disk, log }

/// A machine's disk, and what is wrong with it.
struct DiskModel {
    bytes_per_s: u64,
    flush_us: Micros,
    /// Most bytes of all files; and how many there are.
    room: Option<u64>,
    used: u64,
    /// How many of the next writes and fsyncs fail.
    failing_writes: u32,
    failing_syncs: u32,
    files: Vec<FileModel>,
}
json_object! { DiskModel: bytes_per_s, flush_us, room, used, failing_writes, failing_syncs, files }

/// A file: how much of it a power cut leaves.
struct FileModel {
    path: String,
    platter: u64,
}
json_object! { FileModel: path, platter }

pub(super) struct LineModel {
    at_us: Micros,
    level: &'static str,
    text: String,
}
json_object! { LineModel: at_us, level, text }

impl LineModel {
    pub(super) fn of(line: &LogLine) -> LineModel {
        LineModel {
            at_us: line.at_us,
            level: line.level.name(),
            text: line.text.clone(),
        }
    }
}

/// A node's part in replication.
struct ReplModel {
    /// `primary` or `replica`.
    role: &'static str,
    /// Whom it follows, by name if that is a machine's, and how far the connection to it is.
    primary: Option<String>,
    link: &'static str,
    id: String,
    offset: i64,
    former_id: Option<String>,
    former_offset: i64,
    /// The first offset that the backlog has, how many bytes it has, and how many it may have.
    backlog_first: Option<i64>,
    backlog_bytes: Option<u64>,
    backlog_limit: Option<u64>,
    full_syncs: u64,
    partial_syncs: u64,
    refused_syncs: u64,
    replicas: Vec<ReplicaModel>,
}
json_object! { ReplModel: role, primary, link, id, offset, former_id, former_offset, backlog_first, backlog_bytes,
backlog_limit, full_syncs, partial_syncs, refused_syncs, replicas }

/// A replica as its primary knows it.
struct ReplicaModel {
    name: String,
    stage: &'static str,
    acked: i64,
    lag_bytes: i64,
    /// How long ago it said so.
    silent_ms: i64,
}
json_object! { ReplicaModel: name, stage, acked, lag_bytes, silent_ms }

struct LinkModel {
    from: String,
    to: String,
    latency_us: Micros,
    jitter_us: Micros,
    loss_ppm: u32,
    bytes_per_s: u64,
    cut: bool,
}
json_object! { LinkModel: from, to, latency_us, jitter_us, loss_ppm, bytes_per_s, cut }

struct ConnModel {
    id: u32,
    /// `replication`, `terminal`, `client` or `app`.
    kind: &'static str,
    from: String,
    to: String,
    stands: bool,
    messages: Vec<MessageModel>,
    /// How many more are under way.
    more: u64,
}
json_object! { ConnModel: id, kind, from, to, stands, messages, more }

/// Something under way.
struct MessageModel {
    /// Towards the side that was asked for the connection.
    forward: bool,
    sent_us: Micros,
    due_us: Micros,
    bytes: u64,
    kind: &'static str,
    text: String,
    /// How often it was sent in vain.
    tries: u32,
}
json_object! { MessageModel: forward, sent_us, due_us, bytes, kind, text, tries }

struct LoadModel {
    name: String,
    to: String,
    clients: u32,
    sent: u64,
    answered: u64,
    writes: u64,
    errors: u64,
    unanswered: u64,
    timeouts: u64,
    /// What its clients ask sentinels for, and how often that was another machine than before.
    finds: Option<String>,
    switches: u64,
    /// Whom its clients work with now.
    at: Vec<WorkModel>,
    mean_us: Option<u64>,
    most_us: Micros,
    latency: LatencyModel,
    texts: Vec<String>,
}
json_object! { LoadModel: name, to, clients, sent, answered, writes, errors, unanswered, timeouts, finds, switches, at, mean_us,
most_us, latency, texts }

struct WorkModel {
    host: String,
    clients: u32,
}
json_object! { WorkModel: host, clients }

/// The world of a timeline at its moment. O(machines + connections + acts).
pub fn estate(timeline: &Timeline) -> EstateModel {
    let world = timeline.world();
    let (furthest_events, furthest_us) = timeline.furthest();
    EstateModel {
        now_us: world.now_us(),
        start_us: world.started_us(),
        events: world.happened(),
        furthest_us,
        furthest_events,
        past: timeline.is_past(),
        acts: marks(timeline),
        hosts: world.hosts().iter().map(|h| host(world, h)).collect(),
        links: links(world),
        conns: world.net().conns().map(|c| conn(world, c)).collect(),
        loads: loads(world),
        apps: world.apps().iter().map(|a| app(world, a)).collect(),
        databases: world.databases().iter().map(database).collect(),
        ledger: tally(world),
    }
}

/// What was done, by somebody or by a lesson, in the order of its time.
fn marks(timeline: &Timeline) -> Vec<ActModel> {
    let world = timeline.world();
    let mark = |at_us, event, act: &Act| {
        let (what, host) = act.mark()?;
        Some(ActModel {
            at_us,
            event,
            what,
            host: host.map(|id| place_name(world, id)),
        })
    };
    let done = timeline.trace().done.iter();
    let mut marks: Vec<ActModel> = done
        .filter_map(|d| mark(d.at_us, d.event, &d.act))
        .collect();
    if let Some(attempt) = timeline.witness::<Attempt>() {
        let laid = attempt.laid().iter();
        marks.extend(laid.filter_map(|l| mark(l.at_us, l.event, &l.act)));
        sort_by(&mut marks, &mut |a, b| a.at_us.cmp(&b.at_us));
    }
    marks
}

/// What a place is called.
pub(in crate::lab) fn place_name(world: &World, place: HostId) -> String {
    match place {
        HERE => "here".into(),
        CLIENTS => "clients".into(),
        id => world.place_name(id).unwrap_or_default().into(),
    }
}

fn host(world: &World, host: &Host) -> HostModel {
    let state = match host.state {
        HostState::Up => "up",
        HostState::Down => "down",
        HostState::Off => "off",
    };
    let skipped = host.log.len().saturating_sub(LINES);
    HostModel {
        name: host.setup.name.clone(),
        ip: host.ip.clone(),
        port: u32::from(host.setup.port),
        state,
        paused: host.paused,
        busy_until_us: host.busy_until_us(world.now_us()),
        waiting: host.waiting() as u32,
        skew_us: host.skew_us,
        boots: host.boots,
        keys: host.node().map(|node| node.key_count() as u64),
        repl: host.node().map(|node| repl(world, host, node)),
        disk: host.disk().map(disk),
        log: host.log.iter().skip(skipped).map(LineModel::of).collect(),
    }
}

fn disk(disk: &Disk) -> DiskModel {
    let file = |path: &str| FileModel {
        path: path.into(),
        platter: disk.extent(path).map_or(0, |extent| extent.platter as u64),
    };
    DiskModel {
        bytes_per_s: disk.speed.bytes_per_s,
        flush_us: disk.speed.flush_us,
        room: disk.capacity,
        used: disk.used_bytes(),
        failing_writes: disk.failing_writes,
        failing_syncs: disk.failing_syncs,
        files: disk.all().map(file).collect(),
    }
}

fn repl(world: &World, host: &Host, node: &Node) -> ReplModel {
    let repl = &node.server().repl;
    let history = &repl.history;
    let backlog = history.backlog.as_ref();
    let primary = repl.primary.as_ref().map(|address| {
        let known = world.host_named(&address.host);
        known.map_or_else(|| address.host.clone(), |id| place_name(world, id))
    });
    ReplModel {
        role: if primary.is_some() {
            "replica"
        } else {
            "primary"
        },
        primary,
        link: repl.link.name(),
        id: history.id.clone(),
        offset: history.offset,
        former_id: (history.former_offset >= 0).then(|| history.former_id.clone()),
        former_offset: history.former_offset,
        backlog_first: backlog.map(|b| b.first()),
        backlog_bytes: backlog.map(|b| b.len() as u64),
        backlog_limit: backlog.map(|b| b.limit() as u64),
        full_syncs: repl.full_syncs,
        partial_syncs: repl.partial_syncs,
        refused_syncs: repl.refused_syncs,
        replicas: replicas(world, host, node),
    }
}

fn replicas(world: &World, host: &Host, node: &Node) -> Vec<ReplicaModel> {
    let server = node.server();
    let now_ms = node.keyspace().now_ms;
    let each = |id: &u64| {
        let client = server.clients.get(*id)?;
        let follower = client.follower.as_deref()?;
        let conn = host.conn_of(*id).and_then(|conn| world.net().conn(conn));
        let name = conn.map(|conn| end_name(world, conn.from.end, conn.from.place));
        let online = follower.stage == Stage::Online;
        Some(ReplicaModel {
            name: name.unwrap_or_else(|| follower.ip.clone()),
            stage: follower.stage.name(),
            acked: follower.ack,
            lag_bytes: if online {
                (server.repl.history.offset - follower.ack).max(0)
            } else {
                0
            },
            silent_ms: if online {
                (now_ms - follower.ack_ms).max(0)
            } else {
                0
            },
        })
    };
    server.repl.followers.iter().filter_map(each).collect()
}

pub(super) fn end_name(world: &World, end: End, place: HostId) -> String {
    match end {
        End::Node(id, _) => place_name(world, id),
        End::App(app, _) => world.apps()[app].setup.name.clone(),
        End::Session(_) | End::Served(..) | End::Database(..) => place_name(world, place),
        End::Load(load, _) => world.loads()[load].setup.name.clone(),
    }
}

fn links(world: &World) -> Vec<LinkModel> {
    let model = |((from, to), link): ((HostId, HostId), crate::sim::world::Link)| LinkModel {
        from: place_name(world, from),
        to: place_name(world, to),
        latency_us: link.latency_us,
        jitter_us: link.jitter_us,
        loss_ppm: link.loss_ppm,
        bytes_per_s: link.bytes_per_s,
        cut: link.cut,
    };
    world.net().links().map(model).collect()
}

fn conn(world: &World, (id, conn): (ConnId, &Conn)) -> ConnModel {
    let kind = match conn.from.end {
        End::Node(..) => "replication",
        End::Session(_) => "terminal",
        End::Load(..) => "client",
        _ => "app",
    };
    let mut messages = Vec::new();
    let mut more = 0;
    for (forward, pipe) in [(true, &conn.forth), (false, &conn.back)] {
        more += pipe.segments.len().saturating_sub(MESSAGES) as u64;
        let mut speech = pipe.speech;
        for (place, segment) in pipe.segments.iter().take(MESSAGES).enumerate() {
            let (kind, text) = match segment.end {
                true => ("close", "the connection ends".into()),
                false => describe(speech, forward, &segment.bytes),
            };
            speech = speech.behind(&segment.bytes);
            messages.push(MessageModel {
                forward,
                sent_us: segment.sent_us,
                due_us: segment.due_us,
                bytes: segment.bytes.len() as u64,
                kind,
                text,
                tries: if place == 0 { pipe.tries } else { 0 },
            });
        }
    }
    ConnModel {
        id,
        kind,
        from: end_name(world, conn.from.end, conn.from.place),
        to: place_name(world, conn.to.place),
        stands: conn.stands,
        messages,
        more,
    }
}

fn loads(world: &World) -> Vec<LoadModel> {
    let model = |load: &crate::sim::world::Load| LoadModel {
        name: load.setup.name.clone(),
        to: place_name(world, load.setup.to),
        clients: load.setup.clients as u32,
        sent: load.report.sent,
        answered: load.report.answered,
        writes: load.report.acknowledged_writes,
        errors: load.report.errors,
        unanswered: load.report.unanswered,
        timeouts: load.report.timeouts,
        finds: load.setup.finds.as_ref().map(|f| f.name.clone()),
        switches: load.report.switches,
        at: (load.at().into_iter())
            .map(|(host, clients)| WorkModel {
                host: place_name(world, host),
                clients: clients as u32,
            })
            .collect(),
        mean_us: (load.report.latency_sum_us as u64).checked_div(load.report.answered),
        most_us: load.report.latency_most_us,
        latency: LatencyModel::of(&load.report.latencies),
        texts: load.report.error_texts.clone(),
    };
    world.loads().iter().map(model).collect()
}
