//! A machine of the world, with a node on it.
use super::hash::Hasher;
use super::ledger::Reads;
use super::net::ConnId;
use super::{CostMeter, WAKE_US, watch};
use crate::base::time::Micros;
use crate::command::{ClientId, Config, LogLevel};
use crate::resp::parse::split_args;
use crate::sentinel::Names;
use crate::server::{Node, NodeOptions};
use crate::sim::disk::{Disk, Speed};
use crate::sim::machine::Machine;
use std::collections::{BTreeMap, VecDeque};

/// Lines of a server's log that are kept.
const LINES: usize = 500;

/// How a machine is made.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What it is called, on the network too.
    pub name: String,
    pub port: u16,
    /// Lines as in redis.conf.
    pub config: Vec<String>,
    /// Without one the files are in memory, and gone with the process.
    pub disk: Option<Speed>,
}

impl Setup {
    /// A machine with a good disk and a server that has the defaults.
    pub fn named(name: &str) -> Setup {
        Setup {
            name: name.into(),
            port: 6379,
            config: Vec::new(),
            disk: Some(Speed::default()),
        }
    }
}

/// Whether a machine answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostState {
    /// The server runs.
    Up,
    /// The machine is on, the server is not: connections are refused.
    Down,
    /// The machine is off: nobody answers.
    Off,
}

/// What a machine has not got round to.
#[derive(Clone, Debug)]
pub enum Waiting {
    Data(ClientId, Vec<u8>),
    Disconnect(ClientId),
    Connected(ClientId),
}

/// A line of a server's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub at_us: Micros,
    pub level: LogLevel,
    pub text: String,
}

/// See the head of this file.
#[derive(Clone)]
pub struct Host {
    pub setup: Setup,
    /// Its address on the network.
    pub ip: String,
    pub state: HostState,
    /// The whole machine stands still: a stalled virtual machine, a long collection of garbage. The network card's memory fills.
    pub paused: bool,
    /// By how much its clock is wrong, µs.
    pub skew_us: Micros,
    /// How often the server was started.
    pub boots: u32,
    pub log: VecDeque<LogLine>,
    /// The node and its disk while the server runs; the disk alone while it does not.
    pub(super) machine: Option<Machine>,
    disk: Option<Disk>,
    seed: u64,
    /// When it is through with what it does.
    pub(super) free_us: Micros,
    pub(super) waiting: VecDeque<Waiting>,
    /// An event is under way that takes up what waits.
    pub(super) wakes: bool,
    /// The timer that counts: when, and the number of its event.
    pub(super) timer: Option<(Micros, u64)>,
    pub(super) conns: BTreeMap<ClientId, ConnId>,
    /// What the node's meter showed when it was last looked at, µs.
    spent_us: u64,
    /// What its server reads when it starts.
    pub(super) reads: Reads,
}

impl Host {
    pub(super) fn new(setup: Setup, number: usize, seed: u64, now_us: Micros) -> Host {
        let disk = setup.disk.map(|speed| Disk::new(speed, now_us));
        Host {
            setup,
            ip: format!("10.0.{}.{}", number / 250, number % 250 + 1),
            state: HostState::Down,
            paused: false,
            skew_us: 0,
            boots: 0,
            log: VecDeque::new(),
            machine: None,
            disk,
            seed,
            free_us: now_us,
            waiting: VecDeque::new(),
            wakes: false,
            timer: None,
            conns: BTreeMap::new(),
            spent_us: 0,
            reads: Reads::default(),
        }
    }

    /// The node, while it runs.
    pub fn node(&self) -> Option<&Node> {
        self.machine.as_ref().map(|m| &m.node)
    }

    /// The same, for probes and views.
    pub fn node_mut(&mut self) -> Option<&mut Node> {
        self.machine.as_mut().map(|m| &mut m.node)
    }

    /// The disk, if it has one.
    pub fn disk(&self) -> Option<&Disk> {
        match &self.machine {
            Some(machine) => machine.disk.as_ref(),
            None => self.disk.as_ref(),
        }
    }

    /// The same, to break it.
    pub fn disk_mut(&mut self) -> Option<&mut Disk> {
        match &mut self.machine {
            Some(machine) => machine.disk.as_mut(),
            None => self.disk.as_mut(),
        }
    }

    /// When it is through with what it does at this moment, if it does something.
    pub fn busy_until_us(&self, now_us: Micros) -> Option<Micros> {
        (self.free_us > now_us).then_some(self.free_us)
    }

    /// How much has come that it has not got round to.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The connection behind a client's number.
    pub fn conn_of(&self, client: ClientId) -> Option<ConnId> {
        self.conns.get(&client).copied()
    }

    /// Whether it can do something at this moment.
    pub(super) fn is_free(&self, now_us: Micros) -> bool {
        self.machine.is_some() && !self.paused && self.free_us <= now_us
    }

    /// What time it is there.
    pub(super) fn local_us(&self, now_us: Micros) -> Micros {
        now_us + self.skew_us
    }

    /// When the machine wants to be called, µs of the world's clock.
    pub(super) fn next_us(&self) -> Option<Micros> {
        self.machine
            .as_ref()
            .map(|m| m.next_timer_us() - self.skew_us)
    }

    /// Starts the server with the files as they are. It has a seed of its own each time.
    ///
    /// `names` are those of all machines, for a Sentinel.
    pub(super) fn boot(&mut self, now_us: Micros, names: Names) {
        let disk = self.disk.take();
        self.boots += 1;
        let mut options = NodeOptions {
            seed: self.seed.wrapping_add(u64::from(self.boots)),
            now_us: self.local_us(now_us),
            port: self.setup.port,
            pid: 100 + self.boots,
            meter: Box::new(CostMeter::default()),
            memory_ceiling: Some(1 << 30),
            output_limit: Some(256 << 20),
            script_memory: 32 << 20,
            journal: true,
            ..NodeOptions::default()
        };
        let watch = watch::file(&self.setup, disk.as_ref());
        let mut wrong = self.configure(&mut options.config, watch.as_ref());
        if let Some(watch) = &watch {
            wrong.extend(watch.apply(&mut options, names));
        }
        self.spent_us = 0;
        self.reads = Reads::of(&options.config);
        let mut machine = Machine::boot(options, disk);
        if let Some(watch) = watch {
            wrong.extend(watch.set_users(&mut machine.node));
        }
        self.machine = Some(machine);
        for line in wrong {
            self.note(now_us, LogLevel::Warning, line);
        }
        self.state = HostState::Up;
        self.free_us = now_us;
        self.timer = None;
    }

    /// Sets what the lines of the machine's file say; those that were refused.
    fn configure(&self, config: &mut Config, watch: Option<&watch::File>) -> Vec<String> {
        let mut lines = vec![vec![b"protected-mode".to_vec(), b"no".to_vec()]];
        match watch {
            Some(file) => lines.extend(file.settings().cloned()),
            None => {
                let own = self.setup.config.iter();
                lines.extend(own.filter_map(|line| split_args(line.as_bytes())));
            }
        }
        let mut wrong = Vec::new();
        for words in lines {
            if let Err(why) = config.directive(&words) {
                let line = words.join(&b' ');
                wrong.push(format!("{}: {why}", String::from_utf8_lossy(&line)));
            }
        }
        wrong
    }

    /// The server is no more; the machine still is, with all that the kernel has of its files.
    pub(super) fn end(&mut self) {
        if let Some(machine) = self.machine.take() {
            self.disk = machine.into_disk();
        }
        self.state = HostState::Down;
        self.waiting.clear();
        self.timer = None;
    }

    /// The power is off; the first `torn_bytes` of the write at work have arrived.
    pub(super) fn power_off(&mut self, torn_bytes: usize) {
        self.end();
        if let Some(disk) = &mut self.disk {
            disk.crash(torn_bytes);
        }
        self.state = HostState::Off;
    }

    /// How long the node has worked since the last call; `woken`: for an input.
    pub(super) fn worked_us(&mut self, woken: bool) -> Micros {
        let Some(machine) = &mut self.machine else {
            return 0;
        };
        let spent_us = machine.node.spent_us();
        let worked_us = (spent_us - self.spent_us) as Micros;
        self.spent_us = spent_us;
        worked_us + if woken { WAKE_US } else { 0 }
    }

    pub(super) fn note(&mut self, at_us: Micros, level: LogLevel, text: String) {
        if self.log.len() == LINES {
            self.log.pop_front();
        }
        self.log.push_back(LogLine { at_us, level, text });
    }

    pub(super) fn hash(&self, hash: &mut Hasher) {
        hash.number(self.state as u64 | u64::from(self.paused) << 8);
        hash.number(self.skew_us as u64);
        hash.number(self.free_us as u64);
        hash.number(self.waiting.len() as u64);
        if let Some(node) = self.node() {
            hash.bytes(node.keyspace().digest().to_string().as_bytes());
            hash.number(node.random_state());
        }
        for path in self.disk().into_iter().flat_map(Disk::all) {
            hash.bytes(path.as_bytes());
            let disk = self.disk();
            let extent = disk.and_then(|d| d.extent(path).ok()).unwrap_or_default();
            hash.number(extent.platter as u64);
            hash.number(extent.in_flight as u64);
            hash.bytes(disk.and_then(|d| d.read(path).ok()).unwrap_or_default());
        }
    }
}
