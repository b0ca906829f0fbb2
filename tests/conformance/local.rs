//! redlab's side: a Node in this process, its clock driven by the wall clock plus what was jumped over.

use crate::peer::Peer;
use redlab::command::Config;
use redlab::server::{Effect, Input, NodeOptions};
use redlab::sim::disk::{Disk, KeptFile, Speed};
use redlab::sim::machine::Machine;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub struct Local {
    machine: Machine,
    jumped: Duration,
    /// The client ids of the connections, in the order in which they were opened.
    clients: Vec<u64>,
    /// What closed connections had still been sent.
    last_words: BTreeMap<u64, Vec<u8>>,
    pending: Vec<Vec<u8>>,
}

impl Local {
    pub fn new() -> Local {
        let jumped = Duration::ZERO;
        Local {
            machine: Machine::boot(options(jumped), None),
            jumped,
            clients: Vec::new(),
            last_words: BTreeMap::new(),
            pending: Vec::new(),
        }
    }

    /// A node with a disk that has these files, and some settings.
    pub fn on_disk(files: Vec<KeptFile>, settings: &[(&str, &str)]) -> Local {
        let mut options = options(Duration::ZERO);
        options.config = Config::sandbox();
        for (name, value) in settings {
            let words = [name.as_bytes().to_vec(), value.as_bytes().to_vec()];
            options.config.directive(&words).expect("a parameter");
        }
        let disk = Disk::new(Speed::default(), options.now_us).restore(files);
        let mut local = Local::new();
        local.machine = Machine::boot(options, Some(disk));
        while local.machine.node.is_loading() || local.machine.node.is_busy() {
            local.advance(Duration::from_millis(1));
        }
        local
    }

    /// The files of its disk as a program sees them.
    pub fn files(&self) -> Vec<KeptFile> {
        let disk = self.machine.disk.as_ref();
        let all = disk.into_iter().flat_map(|disk| {
            disk.all().map(|path| KeptFile {
                path: path.into(),
                inode: 0,
                bytes: disk.read(path).expect("it is listed").to_vec(),
            })
        });
        all.collect()
    }

    /// Keep what the commands propagate.
    pub fn keep_log(&mut self) {
        self.machine.node.keep_log();
    }

    pub fn take_log(&mut self) -> Vec<u8> {
        self.machine.node.take_log()
    }

    pub fn save_rdb(&self) -> Vec<u8> {
        self.machine.node.save_rdb()
    }

    pub fn load_rdb(&mut self, bytes: &[u8]) -> Result<(), String> {
        let loaded = self.machine.node.load_rdb(bytes);
        loaded.map(drop).map_err(|fault| fault.to_string())
    }

    /// Let a script run on for as long as a host would before it looks at its sockets again.
    fn work(&mut self) {
        for _ in 0..500 {
            if !self.machine.node.runs_script() {
                break;
            }
            self.machine.work(100_000);
        }
        self.host();
    }

    fn now_us(&self) -> i64 {
        now_us(self.jumped)
    }

    /// Do what the node asks of its host: close connections, keeping what they were told at last.
    fn host(&mut self) {
        let now = self.now_us();
        for effect in self.machine.node.drain() {
            if let Effect::Close(id) | Effect::Drop(id) = effect {
                let words = self
                    .machine
                    .node
                    .output(id)
                    .map(std::mem::take)
                    .unwrap_or_default();
                self.last_words.insert(id, words);
                self.machine.handle(Input::Disconnect(id), now);
            }
        }
    }
}

fn now_us(jumped: Duration) -> i64 {
    let wall = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970");
    (wall + jumped).as_micros() as i64
}

fn options(jumped: Duration) -> NodeOptions {
    NodeOptions {
        seed: 7,
        now_us: now_us(jumped),
        ..NodeOptions::default()
    }
}

impl Peer for Local {
    fn name(&self) -> &str {
        "redlab"
    }

    fn restart(&mut self) {
        *self = Local::new();
    }

    fn renew(&mut self) -> bool {
        self.restart();
        true
    }

    fn open(&mut self) -> usize {
        self.clients
            .push(self.machine.node.connect("127.0.0.1:50000"));
        self.pending.push(Vec::new());
        self.clients.len() - 1
    }

    fn send(&mut self, connection: usize, bytes: &[u8]) {
        let now = self.now_us();
        self.machine
            .handle(Input::Data(self.clients[connection], bytes), now);
        self.host();
        self.work();
    }

    fn receive(&mut self, connection: usize, into: &mut Vec<u8>, _wait: Duration) {
        let before = into.len();
        self.poll(connection, into);
        if into.len() == before {
            // Nothing yet: the node may be busy (DEBUG SLEEP) or hold the client; let its timers run.
            let now = self.now_us();
            self.machine.handle(Input::Tick, now);
            self.work();
            self.host();
            self.poll(connection, into);
        }
    }

    fn close(&mut self, connection: usize) {
        let (id, now) = (self.clients[connection], self.now_us());
        self.machine.handle(Input::Disconnect(id), now);
        self.host();
    }

    fn poll(&mut self, connection: usize, into: &mut Vec<u8>) {
        let id = self.clients[connection];
        match self.machine.node.output(id) {
            Some(out) => into.append(out),
            None => into.extend(self.last_words.remove(&id).unwrap_or_default()),
        }
    }

    fn closed(&mut self, connection: usize) -> bool {
        let id = self.clients[connection];
        self.machine.node.output(id).is_none()
            && self.last_words.get(&id).is_none_or(|w| w.is_empty())
    }

    fn advance(&mut self, time: Duration) {
        self.jumped += time;
        let now = self.now_us();
        self.machine.handle(Input::Tick, now);
        self.host();
    }

    fn pending(&mut self, connection: usize) -> &mut Vec<u8> {
        &mut self.pending[connection]
    }
}
