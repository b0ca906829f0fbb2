//! The modelled memory of a node: what the same data and connections take on a 64-bit server.
use super::{Client, Server};
use crate::keyspace::Keyspace;

/// What a server takes before the first key: its tables, buffers and the Lua machines.
const STARTUP_BYTES: i64 = 929_432;
/// What a connection takes, besides its first output buffer.
pub const CLIENT_BYTES: usize = 896;
/// A connection's first output buffer: what stands in it counts towards no limit.
pub const REPLY_BUFFER_BYTES: usize = 16384;
/// What a bucket of a dictionary takes, and an entry without a key of its own.
const BUCKET_BYTES: i64 = 8;
const PLAIN_ENTRY_BYTES: i64 = 32;

/// What a connection takes. O(1).
pub fn client_bytes(c: &Client) -> usize {
    CLIENT_BYTES + REPLY_BUFFER_BYTES + c.query.capacity() + c.output_list_bytes()
}

/// Bytes of the buckets of both dictionaries of a database: of the keys, and of those that expire. O(1).
fn buckets_bytes(ks: &Keyspace, index: usize) -> i64 {
    let table = ks.table(index);
    (table.dict().buckets() as i64 + table.volatile_buckets() as i64) * BUCKET_BYTES
}

/// `used_memory`: what counts against `maxmemory`. O(databases + clients).
pub fn used(ks: &Keyspace, server: &Server) -> i64 {
    let tables: i64 = (0..ks.count())
        .map(|i| buckets_bytes(ks, i) + ks.table(i).volatile_len() as i64 * PLAIN_ENTRY_BYTES)
        .sum();
    let scripts = server.scripts.bytes() + server.libraries.bytes();
    STARTUP_BYTES + clients(server) + tables + ks.data_bytes() + scripts as i64
}

fn clients(server: &Server) -> i64 {
    server.clients.iter().map(|c| client_bytes(c) as i64).sum()
}

/// What a database takes besides keys and values, as a real server estimates it.
pub struct Tables {
    pub keys: i64,
    pub expires: i64,
}

impl Tables {
    /// `None` for a database without keys. O(1).
    pub fn of(ks: &Keyspace, index: usize) -> Option<Tables> {
        // The two structures around the buckets, of which the second is made at first use.
        const AROUND: i64 = 104;
        const DICT: i64 = 72;
        let table = ks.table(index);
        if table.is_empty() {
            return None;
        }
        let volatile = table.volatile_len() as i64;
        let expires = match volatile {
            0 => 0,
            n => DICT + n * 24 + table.volatile_buckets() as i64 * BUCKET_BYTES,
        };
        Some(Tables {
            keys: AROUND + DICT + table.len() as i64 * 40 + table.dict().buckets() as i64 * 8,
            expires: AROUND + expires,
        })
    }
}

/// The modelled memory of a node in parts, in bytes.
pub struct Usage {
    pub used: i64,
    pub peak: i64,
    pub startup: i64,
    pub overhead: i64,
    pub clients: i64,
    /// The buckets of all dictionaries of keys.
    pub buckets: i64,
}

impl Usage {
    /// O(databases + clients).
    pub fn of(ks: &Keyspace, server: &Server) -> Usage {
        let all = || 0..ks.count();
        let tables = all().filter_map(|i| Tables::of(ks, i));
        let tables: i64 = tables.map(|t| t.keys + t.expires).sum();
        let (used, clients) = (used(ks, server), clients(server));
        Usage {
            used,
            peak: server.stats.peak_memory.max(used),
            startup: STARTUP_BYTES,
            overhead: STARTUP_BYTES + tables + clients,
            clients,
            buckets: all().map(|i| buckets_bytes(ks, i)).sum(),
        }
    }

    /// What keys and values take, the tables aside.
    pub fn dataset(&self) -> i64 {
        self.used - self.overhead
    }

    /// Share of the data set in what was allocated since the start.
    pub fn dataset_percent(&self) -> f64 {
        100.0 * self.dataset() as f64 / (self.used - self.startup).max(1) as f64
    }

    /// Share of the peak that is in use.
    pub fn peak_percent(&self) -> f64 {
        100.0 * self.used as f64 / self.peak as f64
    }
}
