//! What a node keeps besides its data: clients, statistics, and the effects that wait for the host.
use super::acl::{Acl, AclFile, DEFAULT_USER, Denied};
use super::persistence::Persistence;
use super::pubsub::{Kind, PubSub};
use super::replication::Replication;
use super::sentinel::Watch;
use super::{
    Client, ClientId, Clients, LogLevel, RunningScript, Then, blocking::Waits, registry::Registry,
};
use super::{
    config::{ConfigFile, Directory, OutputLimit},
    slowlog::Slowlog,
    spikes::Spikes,
    tracking::Tracked,
};
use crate::base::time::{Micros, Millis};
use crate::script::{Libraries, Scripts};

/// Something that the host must do for the node. Client output is not among them: it stands in the client's buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Close this connection once its output is sent.
    Close(ClientId),
    /// Close this connection at once; output that was not sent is lost.
    Drop(ClientId),
    /// The node wants a connection; it has a client of this number for it already. What becomes of it comes as
    /// `Input::Connected` or `Input::Disconnect`.
    Connect {
        id: ClientId,
        host: String,
        port: u16,
    },
    /// This client got output that is no answer to the input at hand, or not only.
    Output(ClientId),
    /// The node ends (SHUTDOWN).
    Exit,
    /// The node cannot go on: it ends with a failure.
    Abort,
    /// A line for the server's log.
    Log(LogLevel, String),
}

/// What commandstats shows of one command.
#[derive(Clone, Debug, Default)]
pub struct CommandStats {
    pub calls: u64,
    pub usec: u64,
    pub rejected: u64,
    pub failed: u64,
    pub latency: super::latency::Histogram,
}

/// Counters of INFO; CONFIG RESETSTAT clears them.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    pub connections: u64,
    pub rejected_connections: u64,
    pub commands: u64,
    pub net_in: u64,
    pub net_out: u64,
    /// Inputs from clients and writes to them.
    pub reads: u64,
    pub writes: u64,
    /// Clients that sent, or left unread, more than they may.
    pub query_limit_closed: u64,
    pub output_limit_closed: u64,
    /// Wrong passwords, and calls that no selector of the user allowed.
    pub auth_failures: u64,
    pub denied_commands: u64,
    pub denied_keys: u64,
    pub denied_channels: u64,
    pub peak_memory: i64,
    /// How long more than `maxmemory` was in use, and since when it is.
    pub beyond_memory_us: Micros,
    pub beyond_memory_since_us: Option<Micros>,
    pub evicted_clients: u64,
    pub errors: u64,
    /// By the error's code (`ERR`, `WRONGTYPE`), in order, at most 128 of them.
    pub error_codes: Vec<(String, u64)>,
    /// By the command's number in the registry.
    pub commandstats: Vec<CommandStats>,
}

impl Stats {
    /// All at zero, for so many commands.
    pub fn of(commands: usize) -> Stats {
        let mut stats = Stats::default();
        stats.commandstats.resize(commands, Default::default());
        stats
    }

    /// Milliseconds beyond `maxmemory`: all of them, and those since it is so.
    pub fn beyond_memory_ms(&self, now_us: Micros) -> (i64, i64) {
        let since = self.beyond_memory_since_us;
        let current = since.map_or(0, |since_us| now_us - since_us);
        ((self.beyond_memory_us + current) / 1000, current / 1000)
    }

    /// CONFIG RESETSTAT.
    pub fn reset(&mut self) {
        let commands = self.commandstats.len();
        *self = Stats {
            peak_memory: self.peak_memory,
            ..Stats::default()
        };
        self.commandstats.resize(commands, Default::default());
    }
}

/// How fast a counter grows: the mean over the last samples, as a real server takes them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    last: u64,
    samples: [u64; 16],
    next: usize,
}

impl Rate {
    /// The counter stands at `value`, `elapsed_us` (not 0) after the last sample. One that was set back begins anew.
    fn sample(&mut self, value: u64, elapsed_us: u64) {
        let grown = value.saturating_sub(self.last);
        self.last = value;
        self.samples[self.next] = grown.saturating_mul(1_000_000) / elapsed_us;
        self.next = (self.next + 1) % self.samples.len();
    }

    /// A second's growth.
    pub fn per_second(&self) -> u64 {
        self.samples.iter().sum::<u64>() / self.samples.len() as u64
    }
}

/// The counters that INFO shows as rates.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    sampled_us: Micros,
    pub commands: Rate,
    pub net_in: Rate,
    pub net_out: Rate,
}

impl Rates {
    /// Microseconds between two samples.
    const EVERY_US: Micros = 100_000;

    /// Takes a sample if one is due. Called by the cron.
    pub fn sample(&mut self, stats: &Stats, now_us: Micros) {
        let elapsed_us = now_us.saturating_sub(self.sampled_us);
        if elapsed_us < Rates::EVERY_US {
            return;
        }
        self.sampled_us = now_us;
        let elapsed_us = elapsed_us as u64;
        self.commands.sample(stats.commands, elapsed_us);
        self.net_in.sample(stats.net_in, elapsed_us);
        self.net_out.sample(stats.net_out, elapsed_us);
    }
}

impl Stats {
    /// Counts a call that was denied.
    pub fn denied(&mut self, why: Denied) {
        *(match why {
            Denied::Command => &mut self.denied_commands,
            Denied::Key(_) => &mut self.denied_keys,
            Denied::Channel(_) => &mut self.denied_channels,
        }) += 1;
    }
}

/// What a node is, besides its data and configuration.
#[derive(Clone)]
pub struct Server {
    /// Every command: the registry hands it in, so that this layer need not know it.
    pub registry: Registry,
    pub clients: Clients,
    pub acl: Acl,
    /// Where the users are kept, if they are.
    pub acl_file: Option<Box<dyn AclFile>>,
    pub pubsub: PubSub,
    pub tracked: Tracked,
    /// Clients that see every command.
    pub monitors: Vec<ClientId>,
    /// Whether commands must be told of to anybody: there are monitors, or clients that track.
    pub listened: bool,
    /// `client-output-buffer-limit`.
    pub output_limits: [OutputLimit; 3],
    pub stats: Stats,
    pub effects: Vec<Effect>,
    /// 40 hexadecimal digits, drawn at the start.
    pub run_id: String,
    pub started_ms: Millis,
    pub now_us: Micros,
    pub port: u16,
    /// Process id that INFO shows; the host says it.
    pub pid: u32,
    /// Path of the program and of its configuration file, if any.
    pub executable: String,
    pub config_file: String,
    /// Where CONFIG REWRITE writes.
    pub config_disk: Option<Box<dyn ConfigFile>>,
    /// Where the host works, if it has directories.
    pub directory: Option<Box<dyn Directory>>,
    /// Modelled bytes of data beyond which nothing may be added; `i64::MAX` where the machine decides.
    pub memory_ceiling: i64,
    /// What `instantaneous_*` of INFO shows.
    pub rates: Rates,
    /// DEBUG QUICKLIST-PACKED-THRESHOLD: from how many bytes on a list's element stands alone; 0: the default.
    pub packed_threshold: u64,
    /// Whether anybody is told of writes: a command need not say how it is to be propagated if not.
    pub propagates: bool,
    /// What the running command leaves for the node to do.
    pub then: Option<Then>,
    /// The commands of a transaction or of a script are running: none of them may wait.
    pub in_exec: bool,
    /// Those of a script.
    pub in_script: bool,
    pub scripts: Scripts,
    pub libraries: Libraries,
    /// The script that does not end at once.
    pub running_script: Option<RunningScript>,
    /// Before the running command memory was beyond `maxmemory`, and nothing could be evicted.
    pub out_of_memory: bool,
    /// Commands that wait.
    pub waits: Waits,
    /// DEBUG SLEEP and the cost model: the node does nothing until then.
    pub busy_until_us: Micros,
    /// Memory may be beyond `maxmemory`: the node is to look, and to evict, by itself.
    pub evicting: bool,
    /// What SLOWLOG and LATENCY tell of.
    pub slowlog: Slowlog,
    pub spikes: Spikes,
    pub persist: Persistence,
    pub repl: Replication,
    /// The node is a Sentinel, and no server of data.
    pub watch: Option<Box<Watch>>,
}

impl Server {
    /// Finds out anew whose commands have to be judged: to be called when users or passwords changed. O(clients).
    pub fn guard_clients(&mut self) {
        for client in self.clients.iter_mut() {
            client.guarded = self.acl.guards(client);
        }
    }

    /// Ends connections for what became of their users: the user is gone, or may no longer hear what the connection
    /// listens to. The one with number `me` ends once its reply stands. O(clients + subscriptions).
    pub fn end_outcasts(&mut self, me: ClientId) {
        let mut ended = Vec::new();
        let user_of = |client: &Client| self.acl.user(&client.user);
        for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
            for (name, ids) in self.pubsub.of(kind) {
                let deaf = |id: &&ClientId| {
                    let user = self.clients.get(**id).and_then(user_of);
                    user.is_some_and(|user| !user.hears(name, kind == Kind::Pattern))
                };
                ended.extend(ids.iter().filter(deaf));
            }
        }
        for client in self.clients.iter_mut() {
            let gone = self.acl.user(&client.user).is_none();
            if !gone && !ended.contains(&client.id) {
                continue;
            }
            client.user = DEFAULT_USER.into();
            client.authenticated = false;
            client.close_after_reply = true;
            if client.id != me {
                self.effects.push(Effect::Close(client.id));
            }
        }
        self.guard_clients();
    }
}
