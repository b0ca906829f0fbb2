//! Snapshots of a node by its configuration: what is written beside the data, and what loaded values become.
use crate::base::num;
use crate::command::Config;
use crate::commands::generic::value_limits;
use crate::keyspace::{IntBuf, Keyspace};
use crate::persist::rdb::VERSION;
use crate::persist::rdb::load;
use crate::persist::rdb::save::{self, Uses};

/// How a snapshot is written now.
pub fn save_options(ks: &Keyspace, config: &Config) -> save::Options {
    let number = |n: i64| num::i64_bytes(n, &mut IntBuf::default()).to_vec();
    let policy = config.text("maxmemory-policy");
    save::Options {
        version: VERSION,
        compress: config.text("rdbcompression") == b"yes",
        checksum: config.text("rdbchecksum") == b"yes",
        uses: if policy.ends_with(b"-lfu") {
            Uses::Counter
        } else if policy.ends_with(b"-lru") {
            Uses::Idle
        } else {
            Uses::Unknown
        },
        about: vec![
            ("redis-ver", crate::REDIS_VERSION.into()),
            ("redis-bits", number(64)),
            ("ctime", number(ks.now_ms / 1000)),
            ("used-mem", number(ks.data_bytes())),
            ("aof-base", number(0)),
        ],
        functions: Vec::new(),
        live: true,
    }
}

/// How a snapshot is read now; compressed strings may unfold to at most `room` bytes. Keys that have expired are left out
/// unless `keep_expired`.
pub fn load_options(
    ks: &Keyspace,
    config: &Config,
    room: usize,
    keep_expired: bool,
) -> load::Options {
    load::Options {
        limits: value_limits(config, ks.hash_seed, room),
        checksum: config.text("rdbchecksum") == b"yes",
        keep_expired,
        merge: false,
    }
}
