//! Every parameter that a real server has, once.
use super::{Appendfsync, Kind, Place, Rights, kind, special};
use crate::keyspace::Policy;

/// One parameter.
#[derive(Clone, Copy)]
pub struct Param {
    pub name: &'static str,
    /// Its other name, or empty.
    pub alias: &'static str,
    pub kind: Kind,
    /// As CONFIG GET prints it.
    pub default: &'static str,
    pub rights: Rights,
    pub place: Place,
    /// Read by the native server (addresses, files), not by the node.
    pub host: bool,
}

impl Param {
    const fn alias(self, alias: &'static str) -> Param {
        Param { alias, ..self }
    }

    const fn fixed(self) -> Param {
        Param {
            rights: Rights::Fixed,
            ..self
        }
    }

    const fn protected(self) -> Param {
        Param {
            rights: Rights::Protected,
            ..self
        }
    }

    const fn at(self, place: Place) -> Param {
        Param { place, ..self }
    }

    const fn host(self) -> Param {
        Param { host: true, ..self }
    }
}

const fn param(name: &'static str, kind: Kind, default: &'static str) -> Param {
    Param {
        name,
        alias: "",
        kind,
        default,
        rights: Rights::Set,
        place: Place::Kept,
        host: false,
    }
}

/// A field that holds a number of the given type, or a bool.
macro_rules! number {
    ($field:ident: bool) => {
        Place::Num(|c| i128::from(c.$field), |c, n| c.$field = n != 0)
    };
    ($field:ident: $type:ty) => {
        // The kind's range is what the field can take; where an index is narrower (wasm), the greatest one does.
        Place::Num(
            |c| c.$field as i128,
            |c, n| c.$field = <$type>::try_from(n).unwrap_or(<$type>::MAX),
        )
    };
}

/// Normal clients, replicas, subscribers: hard limit, soft limit, and for how many seconds it may be passed.
pub(super) const OUTPUT_LIMITS: &str =
    "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";

const INT_MAX: i64 = i32::MAX as i64;
const PROTECTED: &[&str] = &["no", "yes", "local"];
const SHUTDOWN: &[&str] = &["default", "save", "nosave", "now", "force"];

/// All parameters, by name.
#[rustfmt::skip] // one line each: it is a table
pub const PARAMS: &[Param] = &[
    param("acl-pubsub-default", Kind::Enum(&["allchannels", "resetchannels"]), "resetchannels"),
    param("aclfile", Kind::Text, "").fixed(),
    param("acllog-max-len", Kind::Int(0, i64::MAX), "128"),
    param("active-defrag-cycle-max", Kind::Int(1, 99), "25"),
    param("active-defrag-cycle-min", Kind::Int(1, 99), "1"),
    param("active-defrag-ignore-bytes", Kind::Memory(1, i64::MAX as u64), "104857600"),
    param("active-defrag-max-scan-fields", Kind::Int(1, i64::MAX), "1000"),
    param("active-defrag-threshold-lower", Kind::Int(0, 1000), "10"),
    param("active-defrag-threshold-upper", Kind::Int(0, 1000), "100"),
    param("active-expire-effort", Kind::Int(1, 10), "1"),
    param("activedefrag", Kind::Special(special::defrag, false), "no"),
    param("activerehashing", Kind::Bool, "yes"),
    param("always-show-logo", Kind::Bool, "no").fixed(),
    param("aof-load-truncated", Kind::Bool, "yes"),
    param("aof-rewrite-cpulist", Kind::Text, "").alias("aof_rewrite_cpulist").fixed(),
    param("aof-rewrite-incremental-fsync", Kind::Bool, "yes"),
    param("aof-timestamp-enabled", Kind::Bool, "no").at(number!(aof_timestamp_enabled: bool)),
    param("aof-use-rdb-preamble", Kind::Bool, "yes").at(number!(aof_use_rdb_preamble: bool)),
    param("appenddirname", Kind::Text, "appendonlydir").fixed(),
    param("appendfilename", Kind::Text, "appendonly.aof").fixed(),
    param("appendfsync", Kind::Enum(Appendfsync::NAMES), "everysec").at(Place::Num(|c| c.appendfsync as i128, |c, n| c.appendfsync = Appendfsync::at(n as usize))),
    param("appendonly", Kind::Bool, "no"),
    param("auto-aof-rewrite-min-size", Kind::Memory(0, i64::MAX as u64), "67108864").at(number!(aof_rewrite_min_size: u64)),
    param("auto-aof-rewrite-percentage", Kind::Int(0, INT_MAX), "100").at(number!(aof_rewrite_percentage: u64)),
    param("availability-zone", Kind::Text, ""),
    param("bgsave-cpulist", Kind::Text, "").alias("bgsave_cpulist").fixed(),
    param("bind", Kind::Special(special::bind, true), "* -::*").host(),
    param("bind-source-addr", Kind::Text, ""),
    param("bio-cpulist", Kind::Text, "").alias("bio_cpulist").fixed(),
    param("busy-reply-threshold", Kind::Int(0, i64::MAX), "5000").alias("lua-time-limit").at(number!(busy_reply_threshold_ms: i64)),
    param("client-output-buffer-limit", Kind::Special(special::output_limits, true), OUTPUT_LIMITS).at(Place::Derived(|c, text, _| c.output_limits = special::read_output_limits(text))),
    param("client-query-buffer-limit", Kind::Memory(1048576, i64::MAX as u64), "1073741824"),
    param("cluster-allow-pubsubshard-when-down", Kind::Bool, "yes"),
    param("cluster-allow-reads-when-down", Kind::Bool, "no"),
    param("cluster-allow-replica-migration", Kind::Bool, "yes"),
    param("cluster-announce-bus-port", Kind::Int(0, 65535), "0"),
    param("cluster-announce-client-ipv4", Kind::Special(special::ipv4, false), ""),
    param("cluster-announce-client-ipv6", Kind::Special(special::ipv6, false), ""),
    param("cluster-announce-hostname", Kind::Special(special::hostname, false), ""),
    param("cluster-announce-human-nodename", Kind::Special(special::nodename, false), ""),
    param("cluster-announce-ip", Kind::Text, ""),
    param("cluster-announce-port", Kind::Int(0, 65535), "0"),
    param("cluster-announce-tls-port", Kind::Int(0, 65535), "0"),
    param("cluster-blacklist-ttl", Kind::Int(i64::MIN, i64::MAX), "60"),
    param("cluster-config-file", Kind::Text, "nodes.conf").fixed(),
    param("cluster-enabled", Kind::Bool, "no").fixed(),
    param("cluster-link-sendbuf-limit", Kind::Memory(0, u64::MAX), "0"),
    param("cluster-migration-barrier", Kind::Int(0, INT_MAX), "1"),
    param("cluster-node-timeout", Kind::Int(0, i64::MAX), "15000"),
    param("cluster-port", Kind::Int(0, 65535), "0").fixed(),
    param("cluster-preferred-endpoint-type", Kind::Enum(&["ip", "hostname", "unknown-endpoint"]), "ip"),
    param("cluster-replica-no-failover", Kind::Bool, "no").alias("cluster-slave-no-failover"),
    param("cluster-replica-validity-factor", Kind::Int(0, INT_MAX), "10").alias("cluster-slave-validity-factor"),
    param("cluster-require-full-coverage", Kind::Bool, "yes"),
    param("cluster-slot-stats-enabled", Kind::Bool, "no"),
    param("crash-log-enabled", Kind::Bool, "yes"),
    param("crash-memcheck-enabled", Kind::Bool, "yes"),
    param("daemonize", Kind::Bool, "no").fixed().host(),
    param("databases", Kind::Int(1, INT_MAX), "16").fixed().at(number!(databases: usize)),
    param("dbfilename", Kind::Text, "dump.rdb").protected(),
    param("dir", Kind::Text, "/data").protected().host(),
    param("disable-thp", Kind::Bool, "yes").fixed(),
    param("dual-channel-replication-enabled", Kind::Bool, "no"),
    param("dynamic-hz", Kind::Bool, "yes"),
    param("enable-debug-command", Kind::Enum(PROTECTED), "no").fixed(),
    param("enable-module-command", Kind::Enum(PROTECTED), "no").fixed(),
    param("enable-protected-configs", Kind::Enum(PROTECTED), "no").fixed(),
    param("events-per-io-thread", Kind::Int(0, INT_MAX), "2"),
    param("extended-redis-compatibility", Kind::Bool, "yes"),
    param("hash-max-listpack-entries", Kind::Int(0, i64::MAX), "512").alias("hash-max-ziplist-entries").at(number!(hash_max_listpack_entries: usize)),
    param("hash-max-listpack-value", Kind::Memory(0, i64::MAX as u64), "64").alias("hash-max-ziplist-value").at(number!(hash_max_listpack_value: usize)),
    param("hide-user-data-from-log", Kind::Bool, "yes"),
    param("hll-sparse-max-bytes", Kind::Memory(0, i64::MAX as u64), "3000").at(number!(hll_sparse_max_bytes: u64)),
    param("hz", Kind::Clamped(1, 500), "10").at(number!(hz: u32)),
    param("ignore-warnings", Kind::Text, ""),
    param("io-threads", Kind::Int(1, 256), "1").fixed(),
    param("io-threads-do-reads", Kind::Bool, "yes").fixed(),
    param("jemalloc-bg-thread", Kind::Bool, "yes"),
    param("latency-monitor-threshold", Kind::Int(0, i64::MAX), "0").at(number!(latency_monitor_threshold: u64)),
    param("latency-tracking", Kind::Bool, "yes").at(number!(latency_tracking: bool)),
    param("latency-tracking-info-percentiles", Kind::Special(special::percentiles, true), "50 99 99.9"),
    param("lazyfree-lazy-eviction", Kind::Bool, "yes").at(number!(lazyfree_lazy_eviction: bool)),
    param("lazyfree-lazy-expire", Kind::Bool, "yes").at(number!(lazyfree_lazy_expire: bool)),
    param("lazyfree-lazy-server-del", Kind::Bool, "yes").at(number!(lazyfree_lazy_server_del: bool)),
    param("lazyfree-lazy-user-del", Kind::Bool, "yes").at(number!(lazyfree_lazy_user_del: bool)),
    param("lazyfree-lazy-user-flush", Kind::Bool, "yes").at(number!(lazyfree_lazy_user_flush: bool)),
    param("lfu-decay-time", Kind::Int(0, INT_MAX), "1").at(number!(lfu_decay_time: u32)),
    param("lfu-log-factor", Kind::Int(0, INT_MAX), "10").at(number!(lfu_log_factor: u32)),
    param("list-compress-depth", Kind::Int(0, INT_MAX), "0").at(number!(list_compress_depth: u32)),
    param("list-max-listpack-size", Kind::Int(-INT_MAX - 1, INT_MAX), "-2").alias("list-max-ziplist-size").at(number!(list_max_listpack_size: i32)),
    param("locale-collate", Kind::Special(special::locale, false), ""),
    param("logfile", Kind::Text, "").fixed().host(),
    param("loglevel", Kind::Enum(&["debug", "verbose", "notice", "warning", "nothing"]), "notice").host(),
    param("max-new-connections-per-cycle", Kind::Int(1, 1000), "10"),
    param("max-new-tls-connections-per-cycle", Kind::Int(1, 1000), "1"),
    param("maxclients", Kind::Int(1, 4294967295), "10000").at(number!(maxclients: usize)),
    param("maxmemory", Kind::Memory(0, u64::MAX), "0").at(number!(maxmemory: u64)),
    param("maxmemory-clients", Kind::MemoryOrPercent, "0").at(Place::Derived(|c, text, _| c.maxmemory_clients = kind::bytes_or_percent(text))),
    param("maxmemory-eviction-tenacity", Kind::Int(0, 100), "10").at(number!(maxmemory_eviction_tenacity: u32)),
    param("maxmemory-policy", Kind::Enum(Policy::NAMES), "noeviction").at(Place::Num(|c| c.maxmemory_policy as i128, |c, n| c.maxmemory_policy = Policy::at(n as usize))),
    param("maxmemory-samples", Kind::Int(1, 64), "5").at(number!(maxmemory_samples: usize)),
    param("min-replicas-max-lag", Kind::Int(0, INT_MAX), "10").alias("min-slaves-max-lag"),
    param("min-replicas-to-write", Kind::Int(0, INT_MAX), "0").alias("min-slaves-to-write"),
    param("no-appendfsync-on-rewrite", Kind::Bool, "no").at(number!(no_appendfsync_on_rewrite: bool)),
    param("notify-keyspace-events", Kind::Special(special::events, false), "").at(Place::Derived(|c, _, words| c.notify_classes = special::event_classes(words[0]).unwrap_or(0))),
    param("oom-score-adj", Kind::Enum(&["no", "yes", "relative", "absolute"]), "no"),
    param("oom-score-adj-values", Kind::Special(special::oom_scores, true), "0 200 800"),
    param("pidfile", Kind::Text, "").fixed().host(),
    param("port", Kind::Int(0, 65535), "6379").host(),
    param("prefetch-batch-max-size", Kind::Int(0, 128), "16"),
    param("primaryauth", Kind::Text, "").alias("masterauth"),
    param("primaryuser", Kind::Text, "").alias("masteruser"),
    param("proc-title-template", Kind::Special(special::title, false), "{title} {listen-addr} {server-mode}"),
    param("propagation-error-behavior", Kind::Enum(&["ignore", "panic", "panic-on-replicas"]), "ignore"),
    param("protected-mode", Kind::Bool, "yes").at(number!(protected_mode: bool)),
    param("proto-max-bulk-len", Kind::Memory(1048576, i64::MAX as u64), "536870912").at(number!(proto_max_bulk_len: i64)),
    param("rdb-del-sync-files", Kind::Bool, "no"),
    param("rdb-save-incremental-fsync", Kind::Bool, "yes"),
    param("rdbchecksum", Kind::Bool, "yes").fixed(),
    param("rdbcompression", Kind::Bool, "yes"),
    param("repl-backlog-size", Kind::Memory(1, i64::MAX as u64), "10485760"),
    param("repl-backlog-ttl", Kind::Int(0, i64::MAX), "3600"),
    param("repl-disable-tcp-nodelay", Kind::Bool, "no"),
    param("repl-diskless-load", Kind::Enum(&["disabled", "on-empty-db", "swapdb"]), "disabled"),
    param("repl-diskless-sync", Kind::Bool, "yes"),
    param("repl-diskless-sync-delay", Kind::Int(0, INT_MAX), "5"),
    param("repl-diskless-sync-max-replicas", Kind::Int(0, INT_MAX), "0"),
    param("repl-ping-replica-period", Kind::Int(1, INT_MAX), "10").alias("repl-ping-slave-period"),
    param("repl-timeout", Kind::Int(1, INT_MAX), "60"),
    param("replica-announce-ip", Kind::Text, "").alias("slave-announce-ip"),
    param("replica-announce-port", Kind::Int(0, 65535), "0").alias("slave-announce-port"),
    param("replica-announced", Kind::Bool, "yes"),
    param("replica-ignore-disk-write-errors", Kind::Bool, "no"),
    param("replica-ignore-maxmemory", Kind::Bool, "yes").alias("slave-ignore-maxmemory"),
    param("replica-lazy-flush", Kind::Bool, "yes").alias("slave-lazy-flush"),
    param("replica-priority", Kind::Int(0, INT_MAX), "100").alias("slave-priority"),
    param("replica-read-only", Kind::Bool, "yes").alias("slave-read-only"),
    param("replica-serve-stale-data", Kind::Bool, "yes").alias("slave-serve-stale-data"),
    param("replicaof", Kind::Special(special::primary, true), "").alias("slaveof").fixed(),
    param("requirepass", Kind::Text, "").at(Place::Text(|c| &c.requirepass, |c| &mut c.requirepass)),
    param("sanitize-dump-payload", Kind::Enum(&["no", "yes", "clients"]), "no"),
    param("save", Kind::Special(special::save, true), "3600 1 300 100 60 10000").at(Place::Derived(|c, text, _| c.save_points = special::save_points(text))),
    param("server-cpulist", Kind::Text, "").alias("server_cpulist").fixed(),
    param("set-max-intset-entries", Kind::Int(0, i64::MAX), "512").at(number!(set_max_intset_entries: usize)),
    param("set-max-listpack-entries", Kind::Int(0, i64::MAX), "128").at(number!(set_max_listpack_entries: usize)),
    param("set-max-listpack-value", Kind::Int(0, i64::MAX), "64").at(number!(set_max_listpack_value: usize)),
    param("set-proc-title", Kind::Bool, "yes").fixed(),
    param("shutdown-on-sigint", Kind::Flags(SHUTDOWN), "default"),
    param("shutdown-on-sigterm", Kind::Flags(SHUTDOWN), "default"),
    param("shutdown-timeout", Kind::Int(0, INT_MAX), "10"),
    param("slowlog-log-slower-than", Kind::Int(-1, i64::MAX), "10000").at(number!(slowlog_log_slower_than: i64)),
    param("slowlog-max-len", Kind::Int(0, i64::MAX), "128").at(number!(slowlog_max_len: u64)),
    param("socket-mark-id", Kind::Int(0, 4294967295), "0").fixed(),
    param("stop-writes-on-bgsave-error", Kind::Bool, "yes").at(number!(stop_writes_on_bgsave_error: bool)),
    param("stream-node-max-bytes", Kind::Memory(0, i64::MAX as u64), "4096").at(number!(stream_node_max_bytes: usize)),
    param("stream-node-max-entries", Kind::Int(0, i64::MAX), "100").at(number!(stream_node_max_entries: i64)),
    param("supervised", Kind::Enum(&["upstart", "systemd", "auto", "no"]), "no").fixed(),
    param("syslog-enabled", Kind::Bool, "no").fixed(),
    param("syslog-facility", Kind::Enum(&["user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"]), "local0").fixed(),
    param("syslog-ident", Kind::Text, "redis").fixed(),
    param("tcp-backlog", Kind::Int(0, INT_MAX), "511").fixed(),
    param("tcp-keepalive", Kind::Int(0, INT_MAX), "300"),
    param("timeout", Kind::Int(0, INT_MAX), "0").at(number!(timeout: u32)),
    param("tls-auth-clients", Kind::Enum(&["no", "yes", "optional"]), "yes"),
    param("tls-ca-cert-dir", Kind::Text, ""),
    param("tls-ca-cert-file", Kind::Text, ""),
    param("tls-cert-file", Kind::Text, ""),
    param("tls-ciphers", Kind::Text, ""),
    param("tls-ciphersuites", Kind::Text, ""),
    param("tls-client-cert-file", Kind::Text, ""),
    param("tls-client-key-file", Kind::Text, ""),
    param("tls-client-key-file-pass", Kind::Text, ""),
    param("tls-cluster", Kind::Special(special::no_tls, false), "no"),
    param("tls-dh-params-file", Kind::Text, ""),
    param("tls-key-file", Kind::Text, ""),
    param("tls-key-file-pass", Kind::Text, ""),
    param("tls-port", Kind::Special(special::no_tls_port, false), "0"),
    param("tls-prefer-server-ciphers", Kind::Bool, "no"),
    param("tls-protocols", Kind::Text, ""),
    param("tls-replication", Kind::Special(special::no_tls, false), "no"),
    param("tls-session-cache-size", Kind::Int(0, INT_MAX), "20480"),
    param("tls-session-cache-timeout", Kind::Int(0, INT_MAX), "300"),
    param("tls-session-caching", Kind::Bool, "yes"),
    param("tracking-table-max-keys", Kind::Int(0, i64::MAX), "1000000").at(number!(tracking_table_max_keys: usize)),
    param("unixsocket", Kind::Text, "").fixed().host(),
    param("unixsocketgroup", Kind::Text, "").fixed(),
    param("unixsocketperm", Kind::Octal, "0").fixed().host(),
    param("zset-max-listpack-entries", Kind::Int(0, i64::MAX), "128").alias("zset-max-ziplist-entries").at(number!(zset_max_listpack_entries: usize)),
    param("zset-max-listpack-value", Kind::Memory(0, i64::MAX as u64), "64").alias("zset-max-ziplist-value").at(number!(zset_max_listpack_value: usize)),
];
