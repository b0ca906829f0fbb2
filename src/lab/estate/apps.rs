//! Models of application processes and databases.
use super::models::LineModel;
use crate::base::time::Micros;
use crate::lab::json::json_object;
use crate::sim::world::{App, AppState, Database, Latencies, World};

/// Lines of a log that are told of.
const LINES: usize = 8;

/// How long things took: half of them at most this, and all but one of a hundred; of the newest 256.
pub(super) struct LatencyModel {
    count: u64,
    p50_us: Option<Micros>,
    p99_us: Option<Micros>,
}
json_object! { LatencyModel: count, p50_us, p99_us }

impl LatencyModel {
    pub(super) fn of(latencies: &Latencies) -> LatencyModel {
        LatencyModel {
            count: latencies.count(),
            p50_us: latencies.recent_quantile(500),
            p99_us: latencies.recent_quantile(990),
        }
    }
}

pub(super) struct AppModel {
    name: String,
    /// `running`, `ended`, `failed` or `stopped`.
    state: &'static str,
    paused: bool,
    starts: u32,
    redis: Option<String>,
    database: Option<String>,
    memory_bytes: u64,
    tasks: u64,
    /// Whether it takes requests; how many came, wait for a task, are worked on, were answered, ended by an error.
    serves: bool,
    requests: u64,
    waiting: u64,
    working: u64,
    answered: u64,
    failed: u64,
    /// Commands that it sent, how many of them failed; of those that read, how many found something.
    calls: u64,
    call_errors: u64,
    hits: u64,
    misses: u64,
    request_latency: LatencyModel,
    call_latency: LatencyModel,
    row_latency: LatencyModel,
    log: Vec<LineModel>,
}
json_object! { AppModel: name, state, paused, starts, redis, database, memory_bytes, tasks, serves, requests, waiting, working,
answered, failed, calls, call_errors, hits, misses, request_latency, call_latency, row_latency, log }

pub(super) struct DatabaseModel {
    name: String,
    up: bool,
    paused: bool,
    slow_percent: u32,
    workers: u64,
    working: u64,
    queue: u64,
    waiting: u64,
    waiting_most: u64,
    reads: u64,
    writes: u64,
    refused: u64,
    lost: u64,
    latency: LatencyModel,
}
json_object! { DatabaseModel: name, up, paused, slow_percent, workers, working, queue, waiting, waiting_most, reads, writes, refused,
lost, latency }

pub(super) fn app(world: &World, app: &App) -> AppModel {
    let report = &app.report;
    let named = |place| world.place_name(place).map(str::to_string);
    let skipped = app.log.len().saturating_sub(LINES);
    AppModel {
        name: app.setup.name.clone(),
        state: match app.state {
            AppState::Running => "running",
            AppState::Ended => "ended",
            AppState::Failed => "failed",
            AppState::Stopped => "stopped",
        },
        paused: app.paused,
        starts: app.starts,
        redis: app.setup.redis.and_then(named),
        database: app.setup.database.and_then(named),
        memory_bytes: app.memory() as u64,
        tasks: app.tasks() as u64,
        serves: app.serves(),
        requests: report.requests,
        waiting: app.waiting() as u64,
        working: app.working() as u64,
        answered: report.answered,
        failed: report.failed,
        calls: report.calls,
        call_errors: report.call_errors,
        hits: report.hits,
        misses: report.misses,
        request_latency: LatencyModel::of(&report.request_latencies),
        call_latency: LatencyModel::of(&report.call_latencies),
        row_latency: LatencyModel::of(&report.row_latencies),
        log: app.log.iter().skip(skipped).map(LineModel::of).collect(),
    }
}

pub(super) fn database(database: &Database) -> DatabaseModel {
    let report = &database.report;
    DatabaseModel {
        name: database.setup.name.clone(),
        up: database.up,
        paused: database.paused,
        slow_percent: database.slow_percent,
        workers: database.setup.workers as u64,
        working: database.working() as u64,
        queue: database.setup.queue as u64,
        waiting: database.waiting() as u64,
        waiting_most: report.waiting_most as u64,
        reads: report.reads,
        writes: report.writes,
        refused: report.refused,
        lost: report.lost,
        latency: LatencyModel::of(&report.latencies),
    }
}
