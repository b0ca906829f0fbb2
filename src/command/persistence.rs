//! What commands and INFO see of persistence: how it stands, and what commands leave for the node to do.
use super::ClientId;
use crate::base::time::{Micros, Millis};
use crate::persist::disk::DiskError;

/// What a command wants of the node's files, or the cron. The node takes it up before anything else runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// SAVE by this client, who has no reply yet.
    Save(ClientId),
    BackgroundSave,
    /// BGREWRITEAOF of this client, who has no reply yet; 0: nobody waits.
    RewriteAof(ClientId),
    /// `appendonly` was switched on by this client, who has no reply yet; 0: nobody waits.
    StartAof(ClientId),
    StopAof,
    /// DEBUG RELOAD and LOADAOF, whose clients have no reply yet.
    Reload(Reload),
    LoadAof(ClientId),
    /// What a rewrite made becomes the base of the append-only file.
    PlaceBase,
    /// A snapshot of the primary is to take the place of the data.
    Load,
    /// The Sentinel's state goes into its configuration file.
    SaveWatch,
    /// SHUTDOWN of this client, with or without a snapshot before; `force`: even if that fails.
    Exit {
        id: ClientId,
        save: bool,
        force: bool,
    },
}

/// DEBUG RELOAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reload {
    pub id: ClientId,
    /// The data is saved before.
    pub save: bool,
    /// The data is forgotten before.
    pub flush: bool,
    /// Keys that are there already get the file's value; else they are an error.
    pub merge: bool,
}

/// What works beside the commands, as a child process of a real server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    Save,
    RewriteAof,
    /// A snapshot that goes to replicas while it is made.
    Sync,
}

/// Reading files: at the start, or what the primary has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loading {
    pub started_ms: Millis,
    /// Bytes of all files, as far as they are known, and those read.
    pub total_bytes: u64,
    pub loaded_bytes: u64,
    /// Those of the files that are read already.
    pub before_bytes: u64,
}

/// Figures of snapshots.
#[derive(Clone, Debug)]
pub struct Saves {
    /// `Keyspace::dirty` at the moment that the last good snapshot shows.
    pub dirty: i64,
    pub last_s: i64,
    /// Whether the last background save succeeded, how long it took, and when the last one began.
    pub ok: bool,
    pub took_s: i64,
    pub tried_s: i64,
    pub count: u64,
    pub cow_bytes: u64,
    /// BGSAVE SCHEDULE.
    pub scheduled: bool,
}

/// Figures of the append-only file.
#[derive(Clone, Debug)]
pub struct AofFigures {
    /// `appendonly`, as it is in effect.
    pub on: bool,
    pub rewrite_ok: bool,
    pub took_s: i64,
    pub rewrites: u64,
    pub failures: u64,
    pub scheduled: bool,
    pub cow_bytes: u64,
    /// Bytes of all files of the manifest, and those at the last rewrite.
    pub size: u64,
    pub base_size: u64,
    /// Bytes that wait to be written.
    pub buffered: usize,
    /// An fsync is under way in the background.
    pub syncing: bool,
    /// How often a write did not wait any longer for one.
    pub delayed: u64,
    /// Why the last write or fsync failed, if it did.
    pub write_error: Option<DiskError>,
    pub sync_error: Option<DiskError>,
    /// Bytes logged since the start, and those among them that a power cut leaves.
    pub logged: u64,
    pub safe: u64,
    /// The offset of the replication stream that `safe` stands for.
    pub safe_offset: i64,
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub struct Persistence {
    pub loading: Option<Loading>,
    /// Keys that the last load left out since they had expired, and those that it brought.
    pub load_expired: u64,
    pub load_keys: u64,
    pub saves: Saves,
    pub aof: AofFigures,
    pub order: Option<Order>,
    /// FLUSHALL has emptied all, and the snapshot file has to say so: `Keyspace::dirty` at that moment. More of the same
    /// transaction may have run since.
    pub flushed: Option<i64>,
    /// What is under way, since when, and how many keys it has written of how many.
    pub background: Option<(Background, Micros)>,
    pub keys: (u64, u64),
    /// `Keyspace::dirty` when it began, and how many of them there were.
    pub forked_dirty: i64,
    pub forks: u64,
    /// WAITAOF: who waits, and for how much of the log.
    pub waiters: Vec<(ClientId, u64)>,
    /// Nothing runs and nothing is told to anybody until the disk has answered.
    pub stalled: bool,
    /// Not every command may run: the node is loading, or it cannot save what is written.
    pub restricted: bool,
    /// There is work for the disk: the node looks after it at the end of each input.
    pub active: bool,
}

impl Persistence {
    /// Nothing under way; what was there at the start counts as saved.
    pub fn new(now_s: i64) -> Persistence {
        Persistence {
            loading: None,
            load_expired: 0,
            load_keys: 0,
            saves: Saves {
                dirty: 0,
                last_s: now_s,
                ok: true,
                took_s: -1,
                tried_s: 0,
                count: 0,
                cow_bytes: 0,
                scheduled: false,
            },
            aof: AofFigures {
                on: false,
                rewrite_ok: true,
                took_s: -1,
                rewrites: 0,
                failures: 0,
                scheduled: false,
                cow_bytes: 0,
                size: 0,
                base_size: 0,
                buffered: 0,
                syncing: false,
                delayed: 0,
                write_error: None,
                sync_error: None,
                logged: 0,
                safe: 0,
                safe_offset: 0,
            },
            order: None,
            flushed: None,
            background: None,
            keys: (0, 0),
            forked_dirty: 0,
            forks: 0,
            waiters: Vec::new(),
            stalled: false,
            restricted: false,
            active: false,
        }
    }

    /// Leaves an order: nothing else runs before the node has taken it up.
    pub fn order(&mut self, order: Order) {
        self.order = Some(order);
        self.stalled = true;
        self.active = true;
    }

    /// The snapshot file is to have no key: as [`Persistence::order`].
    pub fn order_empty(&mut self, dirty: i64) {
        self.flushed = Some(dirty);
        self.stalled = true;
        self.active = true;
    }

    /// Whether the node has to take something up before anything else runs.
    pub fn has_order(&self) -> bool {
        self.order.is_some() || self.flushed.is_some()
    }

    /// Whether a snapshot or a rewrite is under way.
    pub fn runs(&self, what: Background) -> bool {
        self.background
            .is_some_and(|(background, _)| background == what)
    }
}
