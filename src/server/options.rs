//! How a node starts.
use super::meter::{Meter, NoMeter};
use crate::base::{rng::Rng, time::Micros};
use crate::command::acl::AclFile;
use crate::command::config::{ConfigFile, Directory};
use crate::command::persistence::Persistence;
use crate::command::replication::Replication;
use crate::command::sentinel::Watch;
use crate::command::state::{Rates, Stats};
use crate::command::{Acl, Config, Server};
use crate::commands;
use crate::keyspace::Keyspace;
use crate::script::{Libraries, Scripts};
use crate::sentinel::Sentinel;

/// How a node starts.
pub struct NodeOptions {
    /// Everything random in the node comes from it.
    pub seed: u64,
    /// Virtual wall clock at the start, in µs since 1970.
    pub now_us: Micros,
    pub config: Config,
    pub port: u16,
    pub pid: u32,
    pub executable: String,
    pub config_file: String,
    /// The same, to read and write.
    pub config_disk: Option<Box<dyn ConfigFile>>,
    /// Where the host works, if it has directories.
    pub directory: Option<Box<dyn Directory>>,
    /// Where the users are kept, if they are.
    pub acl_file: Option<Box<dyn AclFile>>,
    pub meter: Box<dyn Meter>,
    /// Modelled bytes of data beyond which commands that may add to it are refused; `None`: what the machine has.
    pub memory_ceiling: Option<u64>,
    /// Most bytes of output that may wait for one client; more ends its connection. `None`: any.
    pub output_limit: Option<usize>,
    /// Whether the host has a disk for the node ([`super::Node::take_requests`]). Without one its files are in memory, and gone
    /// with it.
    pub disk: bool,
    /// Bytes that scripts may use, and functions as many again.
    pub script_memory: usize,
    /// Whether the host takes the node's notes ([`super::Node::take_notes`]) after each input.
    pub journal: bool,
    /// The node is a Sentinel, with this state; `config_file` is where it is kept.
    pub sentinel: Option<Box<Sentinel>>,
}

impl Default for NodeOptions {
    fn default() -> NodeOptions {
        NodeOptions {
            seed: 1,
            now_us: 0,
            config: Config::sandbox(),
            port: 6379,
            pid: 1,
            executable: String::new(),
            config_file: String::new(),
            config_disk: None,
            directory: None,
            acl_file: None,
            meter: Box::new(NoMeter::default()),
            memory_ceiling: None,
            output_limit: None,
            disk: false,
            script_memory: 256 << 20,
            journal: false,
            sentinel: None,
        }
    }
}

impl NodeOptions {
    /// The data of the start: none.
    pub(super) fn keyspace(&self, rng: Rng) -> Keyspace {
        let mut ks = Keyspace::new(self.config.databases, rng);
        ks.now_ms = self.now_us / 1000;
        ks.params = self.config.keyspace_params();
        ks
    }

    /// What a process knows besides its data; files and texts are taken out of the options.
    pub(super) fn server(&mut self, rng: &mut Rng) -> Server {
        let watch = self.sentinel.take().map(|s| Box::new(Watch::new(*s)));
        let registry = match watch {
            Some(_) => commands::sentinel_registry(),
            None => commands::registry(),
        };
        let ceiling = self.memory_ceiling.map(i64::try_from);
        Server {
            acl: Acl::new(&registry, &self.config),
            acl_file: self.acl_file.take(),
            stats: Stats::of(registry.all().len()),
            registry,
            clients: Default::default(),
            pubsub: Default::default(),
            tracked: Default::default(),
            monitors: Vec::new(),
            listened: false,
            output_limits: self.config.output_limits,
            effects: Vec::new(),
            run_id: rng.hex40(),
            started_ms: self.now_us / 1000,
            now_us: self.now_us,
            port: self.port,
            pid: self.pid,
            executable: std::mem::take(&mut self.executable),
            config_file: std::mem::take(&mut self.config_file),
            config_disk: self.config_disk.take(),
            directory: self.directory.take(),
            memory_ceiling: ceiling.map_or(i64::MAX, |n| n.unwrap_or(i64::MAX)),
            rates: Rates::default(),
            packed_threshold: 0,
            propagates: false,
            then: None,
            in_exec: false,
            in_script: false,
            scripts: Scripts::new(self.script_memory),
            libraries: Libraries::new(self.script_memory),
            running_script: None,
            out_of_memory: false,
            waits: Default::default(),
            busy_until_us: 0,
            evicting: false,
            slowlog: Default::default(),
            spikes: Default::default(),
            persist: Persistence::new(self.now_us / 1_000_000),
            repl: Replication::new(rng.hex40()),
            watch,
        }
    }
}
