//! The configuration of a node: typed fields for what the code reads, one table for CONFIG GET, CONFIG SET and files.
//!
//! Every parameter of a real server stands in [`table::PARAMS`] with its kind, default and rights. One that the code
//! reads has a typed field in [`Config`]; any other is kept as text, so that programs that set and read it go on working.
mod directory;
mod kind;
mod rewrite;
mod special;
mod table;

pub use directory::Directory;
pub use kind::{Kind, Place, Rights};
pub use rewrite::ConfigFile;
pub use special::OutputLimit;
pub use table::{PARAMS, Param};

use self::table::OUTPUT_LIMITS;
use super::Error;
use crate::base::glob::glob;
use crate::base::num;
use crate::base::order::sort_by;
use crate::keyspace::{Lfu, Params, Policy};
use std::borrow::Cow;

/// Why a value was refused, in the real server's words.
pub type Refusal = Cow<'static, str>;

/// When the append-only file is synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appendfsync {
    Everysec,
    Always,
    No,
}

impl Appendfsync {
    /// The names in the order of the variants.
    const NAMES: &'static [&'static str] = &["everysec", "always", "no"];

    fn at(number: usize) -> Appendfsync {
        match number {
            1 => Appendfsync::Always,
            2 => Appendfsync::No,
            _ => Appendfsync::Everysec,
        }
    }
}

/// Parameters in the units of `redis.conf`.
#[derive(Clone, Debug)]
pub struct Config {
    pub databases: usize,
    /// Most bytes in one bulk string.
    pub proto_max_bulk_len: i64,
    /// Empty: no password is asked for.
    pub requirepass: Vec<u8>,
    pub maxclients: usize,
    pub protected_mode: bool,
    /// Seconds after which an idle client is disconnected; 0: never.
    pub timeout: u32,
    /// Bytes; 0: no limit.
    pub maxmemory: u64,
    pub maxmemory_policy: Policy,
    pub maxmemory_samples: usize,
    /// How long eviction may keep a command waiting: 0 hardly at all, 100 as long as it takes.
    pub maxmemory_eviction_tenacity: u32,
    /// Bytes that all clients may take together, or a negative percentage of `maxmemory`; 0: no limit.
    pub maxmemory_clients: i64,
    pub lfu_log_factor: u32,
    /// Minutes.
    pub lfu_decay_time: u32,
    pub hash_max_listpack_entries: usize,
    pub hash_max_listpack_value: usize,
    /// A sparse HyperLogLog that would become longer turns dense.
    pub hll_sparse_max_bytes: u64,
    pub list_max_listpack_size: i32,
    pub list_compress_depth: u32,
    pub set_max_intset_entries: usize,
    pub set_max_listpack_entries: usize,
    pub set_max_listpack_value: usize,
    pub zset_max_listpack_entries: usize,
    pub zset_max_listpack_value: usize,
    pub stream_node_max_bytes: usize,
    pub stream_node_max_entries: i64,
    /// The classes of `notify-keyspace-events` as bits of `keyspace::Class`.
    pub notify_classes: u32,
    /// Keys that CLIENT TRACKING remembers; 0: any number.
    pub tracking_table_max_keys: usize,
    /// `client-output-buffer-limit`: of normal clients, replicas, subscribers.
    pub output_limits: [OutputLimit; 3],
    pub lazyfree_lazy_eviction: bool,
    pub lazyfree_lazy_expire: bool,
    pub lazyfree_lazy_server_del: bool,
    pub lazyfree_lazy_user_del: bool,
    pub lazyfree_lazy_user_flush: bool,
    /// INFO latencystats is kept.
    pub latency_tracking: bool,
    /// Milliseconds from which on LATENCY is told of a delay; 0: never.
    pub latency_monitor_threshold: u64,
    /// `busy-reply-threshold`: how long a script may run before others are told, in ms; 0: for ever.
    pub busy_reply_threshold_ms: i64,
    /// Microseconds from which on a command is slow; negative: none is.
    pub slowlog_log_slower_than: i64,
    pub slowlog_max_len: u64,
    /// How often the cron runs, a second.
    pub hz: u32,
    pub appendfsync: Appendfsync,
    pub no_appendfsync_on_rewrite: bool,
    pub aof_use_rdb_preamble: bool,
    pub aof_timestamp_enabled: bool,
    /// `auto-aof-rewrite-percentage`; 0: never.
    pub aof_rewrite_percentage: u64,
    /// `auto-aof-rewrite-min-size`, bytes.
    pub aof_rewrite_min_size: u64,
    /// `save`: after so many seconds, if there were so many changes.
    pub save_points: Vec<(i64, i64)>,
    pub stop_writes_on_bgsave_error: bool,
    /// What has no field, where it differs from its default.
    kept: Vec<(&'static str, Vec<u8>)>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            databases: 16,
            proto_max_bulk_len: 512 << 20,
            requirepass: Vec::new(),
            maxclients: 10_000,
            protected_mode: true,
            timeout: 0,
            maxmemory: 0,
            maxmemory_policy: Policy::Noeviction,
            maxmemory_samples: 5,
            maxmemory_eviction_tenacity: 10,
            maxmemory_clients: 0,
            lfu_log_factor: 10,
            lfu_decay_time: 1,
            hash_max_listpack_entries: 512,
            hash_max_listpack_value: 64,
            hll_sparse_max_bytes: 3000,
            list_max_listpack_size: -2,
            list_compress_depth: 0,
            set_max_intset_entries: 512,
            set_max_listpack_entries: 128,
            set_max_listpack_value: 64,
            zset_max_listpack_entries: 128,
            zset_max_listpack_value: 64,
            stream_node_max_bytes: 4096,
            stream_node_max_entries: 100,
            notify_classes: 0,
            tracking_table_max_keys: 1_000_000,
            output_limits: special::read_output_limits(OUTPUT_LIMITS.as_bytes()),
            lazyfree_lazy_eviction: true,
            lazyfree_lazy_expire: true,
            lazyfree_lazy_server_del: true,
            lazyfree_lazy_user_del: true,
            lazyfree_lazy_user_flush: true,
            latency_tracking: true,
            latency_monitor_threshold: 0,
            busy_reply_threshold_ms: 5000,
            slowlog_log_slower_than: 10_000,
            slowlog_max_len: 128,
            hz: 10,
            appendfsync: Appendfsync::Everysec,
            no_appendfsync_on_rewrite: false,
            aof_use_rdb_preamble: true,
            aof_timestamp_enabled: false,
            aof_rewrite_percentage: 100,
            aof_rewrite_min_size: 64 << 20,
            save_points: vec![(3600, 1), (300, 100), (60, 10_000)],
            stop_writes_on_bgsave_error: true,
            kept: Vec::new(),
        }
    }
}

/// The parameter with this name, in any case. O(parameters).
pub fn find(name: &[u8]) -> Option<&'static Param> {
    PARAMS.iter().find(|p| {
        p.name.as_bytes().eq_ignore_ascii_case(name)
            || (!p.alias.is_empty() && p.alias.as_bytes().eq_ignore_ascii_case(name))
    })
}

impl Config {
    /// The defaults for a node that nothing is at stake in: DEBUG is allowed.
    pub fn sandbox() -> Config {
        let mut config = Config::default();
        config.keep("enable-debug-command", b"yes".to_vec());
        config.keep("save", Vec::new());
        config.save_points = Vec::new();
        config
    }

    /// What the keyspace itself follows; to be handed to it after each change.
    pub fn keyspace_params(&self) -> Params {
        Params {
            notify_classes: self.notify_classes,
            lazy_expire: self.lazyfree_lazy_expire,
            lazy_evict: self.lazyfree_lazy_eviction,
            lazy_del: self.lazyfree_lazy_user_del,
            lazy_server_del: self.lazyfree_lazy_server_del,
            policy: self.maxmemory_policy,
            samples: self.maxmemory_samples,
            lfu: Lfu {
                log_factor: self.lfu_log_factor,
                decay_minutes: self.lfu_decay_time,
            },
        }
    }

    fn keep(&mut self, name: &'static str, text: Vec<u8>) {
        match self.kept.iter_mut().find(|kept| kept.0 == name) {
            Some(kept) => kept.1 = text,
            None => self.kept.push((name, text)),
        }
    }

    /// The value of a parameter as CONFIG GET prints it; empty if there is no such parameter.
    pub fn text(&self, name: &str) -> Vec<u8> {
        find(name.as_bytes()).map_or_else(Vec::new, |param| self.value(param))
    }

    /// `replicaof` follows the role; empty: a primary.
    pub fn set_primary(&mut self, host_and_port: Vec<u8>) {
        self.keep("replicaof", host_and_port);
    }

    /// How many entries ACL LOG keeps (`acllog-max-len`).
    pub fn acl_log_limit(&self) -> usize {
        let limit = num::parse_u64(&self.text("acllog-max-len"));
        limit.map_or(0, |n| usize::try_from(n).unwrap_or(usize::MAX))
    }

    /// The value of a parameter as CONFIG GET prints it.
    pub fn value(&self, param: &Param) -> Vec<u8> {
        match param.place {
            Place::Num(get, _) => param.kind.print(get(self)),
            Place::Text(get, _) => get(self).to_vec(),
            Place::Kept | Place::Derived(_) => {
                match self.kept.iter().find(|kept| kept.0 == param.name) {
                    Some((_, text)) => text.clone(),
                    None => param.default.as_bytes().to_vec(),
                }
            }
        }
    }

    /// Sets a parameter, whatever its rights say: for files, options and hosts. `words` are the arguments of a directive.
    pub fn put(&mut self, param: &'static Param, words: &[&[u8]]) -> Result<(), Refusal> {
        let text = param.kind.parse(param.name, self, words)?;
        match param.place {
            Place::Num(_, set) => set(self, param.kind.number(&text)),
            Place::Text(_, field) => *field(self) = text,
            Place::Derived(derive) => {
                derive(self, &text, words);
                self.keep(param.name, text);
            }
            Place::Kept => {
                self.keep(param.name, text);
            }
        }
        Ok(())
    }

    /// One line of a configuration file, already split into words.
    pub fn directive(&mut self, words: &[Vec<u8>]) -> Result<(), Refusal> {
        let bad = || Refusal::from("Bad directive or wrong number of arguments");
        let [name, values @ ..] = words else {
            return Ok(());
        };
        let param = find(name).ok_or_else(bad)?;
        if values.is_empty() || (values.len() > 1 && !param.kind.is_list()) {
            return Err("wrong number of arguments".into());
        }
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        self.put(param, &values)
    }

    /// The names and values that match any of `patterns`, by name. O(parameters * patterns).
    pub fn matching<'p>(
        &self,
        patterns: impl Iterator<Item = &'p [u8]> + Clone,
    ) -> Vec<(&'static str, Vec<u8>)> {
        let mut found = Vec::new();
        for param in PARAMS {
            for name in [param.name, param.alias] {
                let hit = |pattern: &[u8]| glob(pattern, name.as_bytes(), true);
                if !name.is_empty() && patterns.clone().any(hit) {
                    found.push((name, self.value(param)));
                }
            }
        }
        sort_by(&mut found, &mut |a: &(&str, _), b| a.0.cmp(b.0));
        found
    }

    /// CONFIG SET: all of the pairs or none.
    pub fn set_all(&mut self, pairs: &[(&[u8], &[u8])]) -> Result<(), Error> {
        let failed = |name: &[u8], why: &str| {
            let mut text = b"ERR CONFIG SET failed (possibly related to argument '".to_vec();
            text.extend_from_slice(name);
            text.extend_from_slice(format!("') - {why}").as_bytes());
            Err(Error::bytes(text))
        };
        let mut chosen: Vec<(&'static Param, &'static str)> = Vec::with_capacity(pairs.len());
        for (name, _) in pairs {
            let Some(param) = find(name) else {
                let mut text =
                    b"ERR Unknown option or number of arguments for CONFIG SET - '".to_vec();
                text.extend_from_slice(name);
                text.push(b'\'');
                return Err(Error::bytes(text));
            };
            let known = if param.name.as_bytes().eq_ignore_ascii_case(name) {
                param.name
            } else {
                param.alias
            };
            match param.rights {
                Rights::Fixed => return failed(name, "can't set immutable config"),
                Rights::Protected if self.text("enable-protected-configs") != b"yes" => {
                    return failed(name, "can't set protected config");
                }
                _ => {}
            }
            // The two names of one parameter count as two, as in a real server.
            if chosen.iter().any(|&(_, other)| other == known) {
                return failed(name, "duplicate parameter");
            }
            chosen.push((param, known));
        }
        let before = self.clone();
        for (&(param, name), (_, value)) in chosen.iter().zip(pairs) {
            let words = words_of(param, value);
            if let Err(why) = self.put(param, &words) {
                *self = before;
                return failed(name.as_bytes(), &why);
            }
        }
        Ok(())
    }
}

/// The words of a value. Of a text a real server takes what stands before its first zero byte, but for what it reads with
/// its length: numbers, passwords, names.
fn words_of<'v>(param: &Param, value: &'v [u8]) -> Vec<&'v [u8]> {
    const WHOLE: [&str; 6] = [
        "availability-zone",
        "cluster-announce-human-nodename",
        "latency-tracking-info-percentiles",
        "primaryauth",
        "requirepass",
        "tls-port",
    ];
    let mut words: Vec<&[u8]> = if param.kind.is_list() {
        value.split(|&b| b == b' ').collect()
    } else {
        vec![value]
    };
    let whole = match param.kind {
        Kind::Int(..) | Kind::Clamped(..) => true,
        // One word, even if it begins with a zero byte, is not the empty list.
        _ if param.name == "client-output-buffer-limit" && words.len() == 1 => true,
        _ => WHOLE.contains(&param.name),
    };
    if !whole {
        for word in &mut words {
            *word = word.split(|&b| b == 0).next().unwrap_or_default();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(config: &mut Config, name: &str, value: &str) -> String {
        match config.set_all(&[(name.as_bytes(), value.as_bytes())]) {
            Ok(()) => String::from_utf8_lossy(&config.text(name)).into_owned(),
            Err(e) => {
                let text = String::from_utf8_lossy(&e.0).into_owned();
                text.rsplit_once(" - ")
                    .map_or(text.clone(), |(_, why)| why.into())
            }
        }
    }

    #[test]
    fn fields_and_defaults_of_the_table_agree() {
        let config = Config::default();
        for param in PARAMS {
            assert_eq!(
                String::from_utf8_lossy(&config.value(param)),
                param.default,
                "{}",
                param.name
            );
        }
        let mut names: Vec<_> = PARAMS
            .iter()
            .flat_map(|p| [p.name, p.alias])
            .filter(|n| !n.is_empty())
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a name stands for one parameter");
    }

    #[test]
    fn values_print_as_the_real_server_prints_them() {
        let mut c = Config::default();
        for (name, value, expected) in [
            ("maxmemory", "5KB", "5120"),
            ("maxmemory", "99999999999999999999", "18446744073709551615"),
            ("maxmemory-clients", "10%", "10%"),
            (
                "maxmemory-clients",
                "101%",
                "percentage argument must be less or equal to 100",
            ),
            ("hz", "1000", "500"),
            (
                "timeout",
                "01",
                "argument couldn't be parsed into an integer",
            ),
            (
                "timeout",
                "-1",
                "argument must be between 0 and 2147483647 inclusive",
            ),
            ("maxmemory-policy", "allkeys-LRU", "allkeys-lru"),
            ("notify-keyspace-events", "KEA", "AKE"),
            ("notify-keyspace-events", "Kg$", "g$K"),
            ("save", "60 10 100 20", "60 10 100 20"),
            ("save", "60", "Invalid save parameters"),
            ("save", "", ""),
            (
                "client-output-buffer-limit",
                "replica 1mb 2kb 3",
                "normal 0 0 0 slave 1048576 2048 3 pubsub 33554432 8388608 60",
            ),
            ("oom-score-adj-values", "1 2", "wrong number of arguments"),
            ("shutdown-on-sigint", "now save", "save now"),
            ("databases", "3", "can't set immutable config"),
        ] {
            assert_eq!(set(&mut c, name, value), expected, "{name} {value}");
        }
        assert_eq!(c.maxmemory, u64::MAX);
    }

    #[test]
    fn many_are_set_together_or_not_at_all() {
        let mut c = Config::default();
        let both: [(&[u8], &[u8]); 2] = [(b"maxmemory", b"1"), (b"timeout", b"x")];
        assert!(c.set_all(&both).is_err());
        assert_eq!(c.maxmemory, 0);
        let twice: [(&[u8], &[u8]); 2] = [(b"maxmemory", b"1"), (b"MAXMEMORY", b"2")];
        assert!(c.set_all(&twice).is_err());
    }
}
