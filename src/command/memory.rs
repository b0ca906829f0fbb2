//! The modelled memory of a node: what the same data and connections take on a 64-bit server.
use super::replication::{Stage, Way};
use super::{Args, Client, Server};
use crate::base::alloc::{sds_room, size_class};
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

/// The parts of what a connection takes, as a real server counts them, in bytes.
pub struct ClientUsage {
    /// Input that was not read yet, and the room that its buffer has left.
    pub query: usize,
    pub query_free: usize,
    /// The words of the command that runs, waits or arrives, and of those that MULTI has queued.
    pub words: usize,
    pub queued: usize,
    pub total: usize,
}

impl ClientUsage {
    /// `running`: the words of the command that the connection is running. O(subscriptions' logarithm + log watchers).
    pub fn of(c: &Client, ks: &Keyspace, running: Option<Args<'_>>) -> ClientUsage {
        let arriving = c.parser.progress();
        let running = running.or(c.blocked.as_ref().map(|b| b.argv.args()));
        let (count, words) = match running {
            // It is EXEC that runs; a list of one word takes as much as one of two.
            Some(_) if c.executing.is_some() => (2, "exec".len()),
            Some(args) => (args.len(), args.from(0).map(<[u8]>::len).sum()),
            None => (arriving.args, arriving.arg_bytes),
        };
        let query = c.query.len().saturating_sub(arriving.read);
        let (query_room, query_bytes) = query_buffer(query, arriving.bulk);
        let (watched, broken) = ks.watches.of(c.id);
        let queue = c.queue.as_ref().filter(|_| !broken);
        let queue = queue.map(|q| (q.commands().len(), q.arg_bytes()));
        let (commands, queued) = queue.or(c.executing).unwrap_or_default();
        let queue = queued + queue_bytes(commands);
        let listens: usize = c
            .subscriptions
            .iter()
            .map(|&n| listen_bytes(n as usize))
            .sum();
        let watches = watched * WATCH_BYTES;
        ClientUsage {
            query,
            query_free: query_room - query,
            words,
            queued,
            total: CLIENT_BYTES
                + REPLY_BUFFER_BYTES
                + c.output_list_bytes()
                + (words + count * POINTER_BYTES)
                + query_bytes
                + (queue + listens + watches),
        }
    }
}

const POINTER_BYTES: usize = 8;
/// What a connection pays for a key that it watches.
const WATCH_BYTES: usize = 80;

/// Room and allocation of the buffer for input that was not read yet; connections without any share one. It begins with
/// 16 KB and doubles with what it holds, but is made to measure for an argument of 32 KB or more.
fn query_buffer(bytes: usize, arriving: usize) -> (usize, usize) {
    const CHUNK: usize = 16 << 10;
    const BIG: usize = 32 << 10;
    let mut room = match (bytes, arriving) {
        (_, BIG..) => sds_room(arriving + 2),
        (0, _) => return (0, 0),
        _ => sds_room(CHUNK),
    };
    while room < bytes {
        room = sds_room((room + CHUNK) * 2);
    }
    (room, size_class(room))
}

/// The list of queued commands: it begins with room for two and doubles.
fn queue_bytes(commands: usize) -> usize {
    const COMMAND: usize = 24;
    match commands {
        0 => 0,
        n => n.next_power_of_two().max(2) * COMMAND,
    }
}

/// The dictionary of what a connection listens to. Just after it grew its old table is still there.
fn listen_bytes(names: usize) -> usize {
    const ENTRY: usize = 24;
    let buckets = names.next_power_of_two().max(4);
    let old = if buckets > 4 && names <= buckets * 3 / 4 {
        buckets / 2
    } else {
        0
    };
    match names {
        0 => 0,
        n => n * ENTRY + (buckets + old) * POINTER_BYTES,
    }
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
    STARTUP_BYTES + clients(ks, server) + tables + ks.data_bytes() + scripts as i64
}

fn clients(ks: &Keyspace, server: &Server) -> i64 {
    // What waits for replicas does not count: to evict for it would add to it.
    let counts = |c: &&Client| c.stage() == Stage::None && c.way != Way::Out;
    let bytes = |c: &Client| ClientUsage::of(c, ks, None).total as i64;
    server.clients.iter().filter(counts).map(bytes).sum()
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
        let (used, clients) = (used(ks, server), clients(ks, server));
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
