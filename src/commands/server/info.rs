//! INFO: the state of the server as `field:value` lines, in sections.
use super::memory::human;
use crate::base::num::{self, fixed};
use crate::command::replication::{Link, Stage};
use crate::command::{
    C, Command, Ctx, F, Group, Outcome, memory::Usage, persistence::Background,
    persistence::Persistence, pubsub::Kind, state::Rate,
};
use crate::commands::sentinel;
use crate::script::Engine;
use std::borrow::Cow;
use std::fmt::Write;

pub(super) const TABLE: &[Command] = &[INFO];

const INFO: Command = Command {
    name: "info",
    arity: -1,
    flags: F::LOADING.with(F::STALE).with(F::SENTINEL),
    acl: C::DANGEROUS,
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(1)",
    summary: "Describes the server: what it is, holds, uses and has done.",
    syntax: "[section+]",
    tips: &[
        "nondeterministic_output",
        "request_policy:all_shards",
        "response_policy:special",
    ],
    run: info,
    ..Command::DEFAULT
};

/// Writes one section's lines.
type Section = fn(&Ctx<'_>, &mut String);

/// Name in a request, title, whether it is shown when nothing is asked for, and the writer; in the order of the reply.
const SECTIONS: &[(&str, &str, bool, Section)] = &[
    ("server", "Server", true, server),
    ("clients", "Clients", true, clients),
    ("memory", "Memory", true, memory),
    ("persistence", "Persistence", true, persistence),
    ("stats", "Stats", true, stats),
    ("replication", "Replication", true, replication),
    ("cpu", "CPU", true, cpu),
    ("modules", "Modules", true, |_, _| {}),
    ("commandstats", "Commandstats", false, commandstats),
    ("errorstats", "Errorstats", true, errorstats),
    ("latencystats", "Latencystats", false, latencystats),
    ("cluster", "Cluster", true, cluster),
    ("keyspace", "Keyspace", true, keyspace),
    ("sentinel", "Sentinel", true, sentinel::info),
];

/// The sections of a Sentinel.
const OF_SENTINELS: [&str; 5] = ["server", "clients", "stats", "cpu", "sentinel"];

fn info(ctx: &mut Ctx<'_>) -> Outcome {
    let asked = |name: &str| {
        ctx.args
            .from(1)
            .any(|a| a.eq_ignore_ascii_case(name.as_bytes()))
    };
    let all = asked("all") || asked("everything");
    let default = ctx.argc() == 1 || asked("default");
    let mut text = String::new();
    let watches = ctx.server.watch.is_some();
    for (name, title, shown, write) in SECTIONS {
        if watches != OF_SENTINELS.contains(name) && (watches || *name == "sentinel") {
            continue;
        }
        if !(all || (default && *shown) || asked(name)) {
            continue;
        }
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        text.push_str("# ");
        text.push_str(title);
        text.push_str("\r\n");
        write(ctx, &mut text);
    }
    let used = Usage::of(ctx.db.ks, ctx.server).used;
    let peak = &mut ctx.server.stats.peak_memory;
    *peak = used.max(*peak);
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

/// A value in a line.
enum Shown<'a> {
    Int(i64),
    Text(Cow<'a, str>),
}

macro_rules! shown {
    ($($type:ty),*) => {$(
        impl From<$type> for Shown<'_> {
            fn from(n: $type) -> Self {
                Shown::Int(n as i64)
            }
        }
    )*};
}
shown!(i32, i64, u16, u32, usize);

impl From<u64> for Shown<'_> {
    fn from(n: u64) -> Self {
        i64::try_from(n).map_or_else(|_| Shown::from(n.to_string()), Shown::Int)
    }
}

impl<'a> From<&'a str> for Shown<'a> {
    fn from(text: &'a str) -> Self {
        Shown::Text(text.into())
    }
}

impl From<String> for Shown<'_> {
    fn from(text: String) -> Self {
        Shown::Text(text.into())
    }
}

/// Writes `field:value` lines. One loop over a table: a call for each line would be several times the code.
macro_rules! lines {
    ($text:expr; $($name:literal: $value:expr),* $(,)?) => {
        write_lines($text, &[$(($name, Shown::from($value))),*])
    };
}

fn write_lines(text: &mut String, fields: &[(&str, Shown<'_>)]) {
    for (name, value) in fields {
        text.push_str(name);
        text.push(':');
        match value {
            Shown::Int(n) => text.push_str(&n.to_string()),
            Shown::Text(value) => text.push_str(value),
        }
        text.push_str("\r\n");
    }
}

fn field(text: &mut String, name: &str, value: std::fmt::Arguments<'_>) {
    let written = write!(text, "{name}:{value}\r\n");
    debug_assert!(written.is_ok(), "a string takes any text");
}

/// The value of a parameter.
fn parameter(ctx: &Ctx<'_>, name: &str) -> String {
    String::from_utf8_lossy(&ctx.config.text(name)).into_owned()
}

fn server(ctx: &Ctx<'_>, text: &mut String) {
    let s = &*ctx.server;
    let uptime = (ctx.db.ks.now_ms - s.started_ms) / 1000;
    let bind = ctx.config.text("bind");
    let bind: String = String::from_utf8_lossy(&bind)
        .split_whitespace()
        .map(|addr| format!("bind={addr},"))
        .collect();
    lines!(text;
        "redis_version": crate::REDIS_VERSION,
        "server_name": "redlab",
        "redlab_version": env!("CARGO_PKG_VERSION"),
        "redis_git_sha1": "00000000",
        "redis_git_dirty": 0,
        "redis_build_id": "0000000000000000",
        "redis_mode": if s.watch.is_some() { "sentinel" } else { "standalone" },
        "os": "redlab modelled 64-bit machine",
        "arch_bits": 64,
        "monotonic_clock": "virtual",
        "multiplexing_api": "redlab",
        "process_id": s.pid,
        "process_supervised": "no",
        "run_id": &*s.run_id,
        "tcp_port": s.port,
        "server_time_usec": s.now_us,
        "uptime_in_seconds": uptime,
        "uptime_in_days": uptime / 86400,
        "hz": s.watch.as_ref().map_or(ctx.config.hz, |watch| watch.hz),
        "configured_hz": ctx.config.hz,
        "lru_clock": ctx.db.ks.lru_clock(),
        "executable": &*s.executable,
        "config_file": &*s.config_file,
        "io_threads_active": 0,
        "availability_zone": parameter(ctx, "availability-zone"),
        "listener0": format!("name=tcp,{bind}port={}", s.port),
    );
}

fn clients(ctx: &Ctx<'_>, text: &mut String) {
    let all = &ctx.server.clients;
    let query = all.iter().map(|c| c.query.len()).max().unwrap_or(0);
    let out = all
        .iter()
        .map(|c| c.out.as_bytes().len())
        .max()
        .unwrap_or(0);
    lines!(text;
        "connected_clients": all.iter().filter(|c| c.is_counted()).count(),
        "cluster_connections": 0,
        "maxclients": ctx.config.maxclients,
        "client_recent_max_input_buffer": query,
        "client_recent_max_output_buffer": out,
        "blocked_clients": ctx.server.waits.clients,
        "tracking_clients": ctx.server.tracked.clients(),
        "pubsub_clients": all.iter().filter(|c| c.is_subscriber()).count(),
        "watching_clients": ctx.db.ks.watches.clients(),
        "clients_in_timeout_table": ctx.server.waits.with_deadline(),
        "total_watched_keys": ctx.db.ks.watches.keys(),
        "total_blocking_keys": ctx.db.ks.waiting.keys().0,
        "total_blocking_keys_on_nokey": ctx.db.ks.waiting.keys().1,
    );
}

fn memory(ctx: &Ctx<'_>, text: &mut String) {
    let u = Usage::of(ctx.db.ks, ctx.server);
    let max = ctx.config.maxmemory;
    let (scripts, libraries) = (&ctx.server.scripts, &ctx.server.libraries);
    let machine = |engine: &Option<Box<Engine>>| engine.as_ref().map_or(0, |e| e.lua.memory());
    let machines = [&scripts.engine, &libraries.engine].map(machine);
    let total = machines[0] + machines[1];
    lines!(text;
        "used_memory": u.used,
        "used_memory_human": human(u.used as u64),
        "used_memory_rss": u.used,
        "used_memory_rss_human": human(u.used as u64),
        "used_memory_peak": u.peak,
        "used_memory_peak_human": human(u.peak as u64),
        "used_memory_peak_perc": fixed(u.peak_percent(), 2) + "%",
        "used_memory_overhead": u.overhead,
        "used_memory_startup": u.startup,
        "used_memory_dataset": u.dataset(),
        "used_memory_dataset_perc": fixed(u.dataset_percent(), 2) + "%",
        "allocator_allocated": u.used,
        "allocator_active": u.used,
        "allocator_resident": u.used,
        "allocator_muzzy": 0,
        "total_system_memory": 0,
        "total_system_memory_human": "0B",
        "used_memory_lua": machines[0],
        "used_memory_vm_eval": machines[0],
        "used_memory_lua_human": human(machines[0] as u64),
        "used_memory_scripts_eval": scripts.bytes(),
        "number_of_cached_scripts": scripts.len(),
        "number_of_functions": libraries.functions(),
        "number_of_libraries": libraries.all().len(),
        "used_memory_vm_functions": machines[1],
        "used_memory_vm_total": total,
        "used_memory_vm_total_human": human(total as u64),
        "used_memory_functions": libraries.bytes(),
        "used_memory_scripts": scripts.bytes() + libraries.bytes(),
        "used_memory_scripts_human": human((scripts.bytes() + libraries.bytes()) as u64),
        "maxmemory": max,
        "maxmemory_human": human(max),
        "maxmemory_policy": parameter(ctx, "maxmemory-policy"),
        "allocator_frag_ratio": "1.00",
        "allocator_frag_bytes": 0,
        "allocator_rss_ratio": "1.00",
        "allocator_rss_bytes": 0,
        "rss_overhead_ratio": "1.00",
        "rss_overhead_bytes": 0,
        "mem_fragmentation_ratio": "1.00",
        "mem_fragmentation_bytes": 0,
        "mem_not_counted_for_evict": 0,
        "mem_replication_backlog": ctx.server.repl.history.backlog.as_ref().map_or(0, |b| b.len()),
        "mem_total_replication_buffers": 0,
        "mem_clients_slaves": 0,
        "mem_clients_normal": u.clients,
        "mem_cluster_links": 0,
        "mem_aof_buffer": ctx.server.persist.aof.buffered,
        "mem_allocator": "modelled",
        "mem_overhead_db_hashtable_rehashing": 0,
        "active_defrag_running": 0,
        "lazyfree_pending_objects": 0,
        "lazyfreed_objects": ctx.db.ks.stats.lazy_freed,
    );
}

fn persistence(ctx: &Ctx<'_>, text: &mut String) {
    let p = &ctx.server.persist;
    let status = |good: bool| if good { "ok" } else { "err" };
    let cow = ctx.db.ks.copied_bytes();
    let (done, keys) = if p.background.is_some() {
        p.keys
    } else {
        (0, 0)
    };
    let percent = if keys == 0 {
        0.0
    } else {
        done as f64 * 100.0 / keys as f64
    };
    let since_s = |what| match p.background {
        Some((background, since_us)) if background == what => {
            (ctx.server.now_us - since_us) / 1_000_000
        }
        _ => -1,
    };
    lines!(text;
        "loading": i32::from(p.loading.is_some()),
        "async_loading": 0,
        "current_cow_peak": cow,
        "current_cow_size": cow,
        "current_cow_size_age": 0,
        "current_fork_perc": fixed(percent, 2),
        "current_save_keys_processed": done,
        "current_save_keys_total": keys,
        "rdb_changes_since_last_save": ctx.db.ks.dirty - p.saves.dirty,
        "rdb_bgsave_in_progress": i32::from(p.runs(Background::Save) || p.runs(Background::Sync)),
        "rdb_last_save_time": p.saves.last_s,
        "rdb_last_bgsave_status": status(p.saves.ok),
        "rdb_last_bgsave_time_sec": p.saves.took_s,
        "rdb_current_bgsave_time_sec": since_s(Background::Save),
        "rdb_saves": p.saves.count,
        "rdb_last_cow_size": p.saves.cow_bytes,
        "rdb_last_load_keys_expired": p.load_expired,
        "rdb_last_load_keys_loaded": p.load_keys,
        "aof_enabled": i32::from(p.aof.on),
        "aof_rewrite_in_progress": i32::from(p.runs(Background::RewriteAof)),
        "aof_rewrite_scheduled": i32::from(p.aof.scheduled),
        "aof_last_rewrite_time_sec": p.aof.took_s,
        "aof_current_rewrite_time_sec": since_s(Background::RewriteAof),
        "aof_last_bgrewrite_status": status(p.aof.rewrite_ok),
        "aof_rewrites": p.aof.rewrites,
        "aof_rewrites_consecutive_failures": p.aof.failures,
        "aof_last_write_status": status(p.aof.write_error.is_none() && p.aof.sync_error.is_none()),
        "aof_last_cow_size": p.aof.cow_bytes,
        "module_fork_in_progress": 0,
        "module_fork_last_cow_size": 0,
    );
    log_and_loading(p, text);
}

/// What INFO persistence shows only of a node that keeps a log, or that loads.
fn log_and_loading(p: &Persistence, text: &mut String) {
    if p.aof.on {
        lines!(text;
            "aof_current_size": p.aof.size,
            "aof_base_size": p.aof.base_size,
            "aof_pending_rewrite": 0,
            "aof_buffer_length": p.aof.buffered,
            "aof_pending_bio_fsync": i32::from(p.aof.syncing),
            "aof_delayed_fsync": p.aof.delayed,
        );
    }
    if let Some(loading) = p.loading {
        let (loaded, total) = (loading.loaded_bytes, loading.total_bytes);
        lines!(text;
            "loading_start_time": loading.started_ms / 1000,
            "loading_total_bytes": total,
            "loading_rdb_used_mem": 0,
            "loading_loaded_bytes": loaded,
            "loading_loaded_perc": fixed(loaded as f64 * 100.0 / total.max(1) as f64, 2),
            "loading_eta_seconds": 1,
        );
    }
}

fn stats(ctx: &Ctx<'_>, text: &mut String) {
    let (s, k, rates) = (&ctx.server.stats, &ctx.db.ks.stats, &ctx.server.rates);
    let repl = &ctx.server.repl;
    let beyond_ms = s.beyond_memory_ms(ctx.server.now_us);
    let kbps = |rate: &Rate| fixed(rate.per_second() as f64 / 1024.0, 2);
    let [keys, items, prefixes] = ctx.server.tracked.totals();
    let listened = |kind| ctx.server.pubsub.of(kind).len();
    lines!(text;
        "total_connections_received": s.connections,
        "total_commands_processed": s.commands,
        "instantaneous_ops_per_sec": rates.commands.per_second(),
        "total_net_input_bytes": s.net_in,
        "total_net_output_bytes": s.net_out,
        "total_net_repl_input_bytes": repl.net_in,
        "total_net_repl_output_bytes": repl.net_out,
        "instantaneous_input_kbps": kbps(&rates.net_in),
        "instantaneous_output_kbps": kbps(&rates.net_out),
        "instantaneous_input_repl_kbps": "0.00",
        "instantaneous_output_repl_kbps": "0.00",
        "rejected_connections": s.rejected_connections,
        "sync_full": repl.full_syncs,
        "sync_partial_ok": repl.partial_syncs,
        "sync_partial_err": repl.refused_syncs,
        "expired_keys": k.expired,
        "expired_stale_perc": "0.00",
        "expired_time_cap_reached_count": 0,
        "expire_cycle_cpu_milliseconds": 0,
        "evicted_keys": k.evicted,
        "evicted_clients": s.evicted_clients,
        "evicted_scripts": ctx.server.scripts.evicted,
        "total_eviction_exceeded_time": beyond_ms.0,
        "current_eviction_exceeded_time": beyond_ms.1,
        "keyspace_hits": k.hits,
        "keyspace_misses": k.misses,
        "pubsub_channels": listened(Kind::Channel),
        "pubsub_patterns": listened(Kind::Pattern),
        "pubsubshard_channels": listened(Kind::Shard),
        "latest_fork_usec": 0,
        "total_forks": ctx.server.persist.forks,
        "migrate_cached_sockets": 0,
        "slave_expires_tracked_keys": 0,
        "active_defrag_hits": 0,
        "active_defrag_misses": 0,
        "active_defrag_key_hits": 0,
        "active_defrag_key_misses": 0,
        "total_active_defrag_time": 0,
        "current_active_defrag_time": 0,
        "tracking_total_keys": keys,
        "tracking_total_items": items,
        "tracking_total_prefixes": prefixes,
        "unexpected_error_replies": 0,
        "total_error_replies": s.errors,
        "dump_payload_sanitizations": 0,
    );
    work(ctx, text);
}

/// The end of the statistics: input, output, and what they took.
fn work(ctx: &Ctx<'_>, text: &mut String) {
    let s = &ctx.server.stats;
    let busy_us = busy_us(ctx);
    lines!(text;
        "total_reads_processed": s.reads,
        "total_writes_processed": s.writes,
        "io_threaded_reads_processed": 0,
        "io_threaded_writes_processed": 0,
        "io_threaded_freed_objects": 0,
        "io_threaded_poll_processed": 0,
        "io_threaded_total_prefetch_batches": 0,
        "io_threaded_total_prefetch_entries": 0,
        "client_query_buffer_limit_disconnections": s.query_limit_closed,
        "client_output_buffer_limit_disconnections": s.output_limit_closed,
        "reply_buffer_shrinks": 0,
        "reply_buffer_expands": 0,
        "eventloop_cycles": s.reads,
        "eventloop_duration_sum": busy_us,
        "eventloop_duration_cmd_sum": busy_us,
        "instantaneous_eventloop_cycles_per_sec": 0,
        "instantaneous_eventloop_duration_usec": 0,
        "acl_access_denied_auth": s.auth_failures,
        "acl_access_denied_cmd": s.denied_commands,
        "acl_access_denied_key": s.denied_keys,
        "acl_access_denied_channel": s.denied_channels,
    );
}

fn replication(ctx: &Ctx<'_>, text: &mut String) {
    let repl = &ctx.server.repl;
    lines!(text; "role": if repl.primary.is_some() { "slave" } else { "master" });
    following(ctx, text);
    lines!(text; "connected_slaves": repl.followers.len());
    if repl.primary.is_none()
        && parameter(ctx, "min-replicas-to-write") != "0"
        && parameter(ctx, "min-replicas-max-lag") != "0"
    {
        lines!(text; "min_slaves_good_slaves": repl.good);
    }
    for (number, id) in repl.followers.iter().enumerate() {
        let client = ctx.server.clients.get(*id);
        let Some((client, follower)) = client.and_then(|c| Some((c, c.follower.as_deref()?)))
        else {
            continue;
        };
        let (ip, port) = client.follower_address();
        let lag_s = match follower.stage {
            Stage::Online => ctx.db.ks.now_ms / 1000 - follower.ack_ms / 1000,
            _ => 0,
        };
        let (state, offset) = (follower.stage.name(), follower.ack);
        let line =
            format!("ip={ip},port={port},state={state},offset={offset},lag={lag_s},type=replica");
        text.push_str(&format!("slave{number}:{line}\r\n"));
    }
    let history = &repl.history;
    let backlog = history.backlog.as_ref();
    lines!(text;
        "replicas_waiting_psync": 0,
        "master_failover_state": match &repl.failover {
            None => "no-failover",
            Some(failover) if failover.asked => "failover-in-progress",
            Some(_) => "waiting-for-sync",
        },
        "master_replid": &*history.id,
        "master_replid2": &*history.former_id,
        "master_repl_offset": history.offset,
        "second_repl_offset": history.former_offset,
        "repl_backlog_active": i32::from(backlog.is_some()),
        "repl_backlog_size": parameter(ctx, "repl-backlog-size"),
        "repl_backlog_first_byte_offset": backlog.map_or(0, |b| b.first()),
        "repl_backlog_histlen": backlog.map_or(0, |b| b.len()),
    );
}

/// What a replica has to say of its primary.
fn following(ctx: &Ctx<'_>, text: &mut String) {
    let repl = &ctx.server.repl;
    let Some(primary) = &repl.primary else { return };
    let now_s = ctx.db.ks.now_ms / 1000;
    let up = repl.is_up();
    let transfers = repl.link == Link::Transfer;
    let offsets = match (up, repl.has_part) {
        (true, _) => (repl.read_offset, repl.history.offset),
        (false, true) => (repl.history.offset, repl.history.offset),
        (false, false) => (0, 0),
    };
    let since_s = |ms: i64| now_s - ms / 1000;
    lines!(text;
        "master_host": &*primary.host,
        "master_port": primary.port,
        "master_link_status": if up { "up" } else { "down" },
        "master_last_io_seconds_ago": if up { since_s(repl.heard_ms) } else { -1 },
        "master_sync_in_progress": i32::from(transfers),
        "slave_read_repl_offset": offsets.0,
        "slave_repl_offset": offsets.1,
        "replicas_repl_buffer_size": 0,
        "replicas_repl_buffer_peak": 0,
    );
    if transfers {
        let (total, read) = repl.transfer;
        let percent = if total > 0 {
            read as f64 / total as f64 * 100.0
        } else {
            0.0
        };
        lines!(text;
            "master_sync_total_bytes": total,
            "master_sync_read_bytes": read,
            "master_sync_left_bytes": total - read,
            "master_sync_perc": fixed(percent, 2),
            "master_sync_last_io_seconds_ago": since_s(repl.heard_ms),
        );
    }
    if !up {
        let down = repl.down_since_ms;
        lines!(text;
            "master_link_down_since_seconds": if down == 0 { -1 } else { since_s(down) },
        );
    }
    let flag = |name: &str| i32::from(parameter(ctx, name) == "yes");
    lines!(text;
        "slave_priority": parameter(ctx, "replica-priority"),
        "slave_read_only": flag("replica-read-only"),
        "replica_announced": flag("replica-announced"),
    );
}

/// What the meter counted in commands: the node has no other notion of work.
fn busy_us(ctx: &Ctx<'_>) -> u64 {
    ctx.server.stats.commandstats.iter().map(|c| c.usec).sum()
}

fn cpu(ctx: &Ctx<'_>, text: &mut String) {
    let usec = busy_us(ctx);
    let user = format!("{}.{:06}", usec / 1_000_000, usec % 1_000_000);
    lines!(text;
        "used_cpu_sys": "0.000000",
        "used_cpu_user": &*user,
        "used_cpu_sys_children": "0.000000",
        "used_cpu_user_children": "0.000000",
        "used_cpu_sys_main_thread": "0.000000",
        "used_cpu_user_main_thread": &*user,
    );
}

fn commandstats(ctx: &Ctx<'_>, text: &mut String) {
    let all = ctx.server.registry.all().iter();
    for (command, s) in all.zip(&ctx.server.stats.commandstats) {
        if s.calls == 0 && s.rejected == 0 && s.failed == 0 {
            continue;
        }
        let per_call = fixed(s.usec as f64 / s.calls.max(1) as f64, 2);
        field(
            text,
            &format!("cmdstat_{}", command.full_name()),
            format_args!(
                "calls={},usec={},usec_per_call={per_call},rejected_calls={},failed_calls={}",
                s.calls, s.usec, s.rejected, s.failed
            ),
        );
    }
}

fn errorstats(ctx: &Ctx<'_>, text: &mut String) {
    for (code, count) in &ctx.server.stats.error_codes {
        let name = format!("errorstat_{code}");
        field(text, &name, format_args!("count={count}"));
    }
}

fn latencystats(ctx: &Ctx<'_>, text: &mut String) {
    let percentiles = ctx.config.text("latency-tracking-info-percentiles");
    let percentiles = String::from_utf8_lossy(&percentiles);
    let all = ctx.server.registry.all().iter();
    for (command, s) in all.zip(&ctx.server.stats.commandstats) {
        if s.latency.total() == 0 {
            continue;
        }
        let values: Vec<String> = percentiles
            .split_whitespace()
            .map(|p| {
                let percent = num::parse_f64(p.as_bytes()).unwrap_or(0.0);
                format!("p{p}={}", fixed(s.latency.percentile(percent), 3))
            })
            .collect();
        let name = format!("latency_percentiles_usec_{}", command.full_name());
        field(text, &name, format_args!("{}", values.join(",")));
    }
}

fn cluster(_: &Ctx<'_>, text: &mut String) {
    lines!(text; "cluster_enabled": 0);
}

fn keyspace(ctx: &Ctx<'_>, text: &mut String) {
    let ks = &*ctx.db.ks;
    for index in 0..ks.count() {
        let table = ks.table(index);
        if !table.is_empty() {
            field(
                text,
                &format!("db{index}"),
                format_args!(
                    "keys={},expires={},avg_ttl={}",
                    table.len(),
                    table.volatile_len(),
                    table.avg_ttl_ms()
                ),
            );
        }
    }
}
