//! The node: owns everything, takes inputs, and leaves output and effects for its host to drain.
use super::meter::Meter;
use super::options::NodeOptions;
use super::persist::Storage;
use super::propagate::Log;
use super::repl::Sync;
use super::script::{SLICE, Suspended};
use super::trace::ScriptTrace;
use super::trail::Trail;
use super::{dispatch, journal::Journal, observe::Observer};
use crate::base::{num, rng::Rng, time::Micros};
use crate::command::replication::Address;
use crate::command::{Acl, Args, Client, ClientId, Config, Effect, OwnedArgs, Registry, Server};
use crate::keyspace::Keyspace;
use crate::persist::disk::{Done, MemoryDisk};
use crate::resp::parse::{Limits, Parsed};
use std::collections::VecDeque;

/// The lowest `client-query-buffer-limit` that can be set.
const LEAST_QUERY_LIMIT: usize = 1 << 20;
/// What a real server reads of a connection's input before it looks at it, at most about.
const READ_BYTES: usize = 64 << 10;

/// What a host tells a node.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Bytes from a client.
    Data(ClientId, &'a [u8]),
    /// The connection is gone.
    Disconnect(ClientId),
    /// The connection that the node asked for stands.
    Connected(ClientId),
    /// Nothing but time.
    Tick,
    /// The disk's answer to the request of this number.
    Disk(u64, &'a Done),
    /// The process is told to end (a signal).
    Terminate,
}

/// The two ends of a new connection.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// `ip:port` of the client's end.
    pub addr: String,
    /// `ip:port` of the server's end.
    pub laddr: String,
    /// The host's number for the connection; CLIENT LIST shows it.
    pub fd: i32,
    /// Comes through a Unix socket.
    pub unix: bool,
}

/// One Redis process. A copy goes on by itself, and as the original would.
#[derive(Clone)]
pub struct Node {
    pub(super) ks: Keyspace,
    pub(super) config: Config,
    pub(super) rng: Rng,
    pub(super) server: Server,
    pub(super) meter: Box<dyn Meter>,
    /// Whether the meter goes by a model.
    pub(super) models_cost: bool,
    /// The meter's last reading within the input at hand.
    pub(super) stamp_us: Option<u64>,
    /// Propagated writes as RESP, for the log; `None` while nobody keeps one.
    pub(super) log: Option<Log>,
    /// The same for replicas; `None` while there is no backlog.
    pub(super) stream: Option<Log>,
    /// The commands that ran, for the grader; `None` while nobody asks.
    pub(super) observer: Option<Observer>,
    /// The script that has used up its fuel, and what is left of this input's.
    pub(super) script: Option<Box<Suspended>>,
    pub(super) fuel: i64,
    /// What the last script did, for the script view; `None` while nobody looks.
    pub(super) trace: Option<Box<ScriptTrace>>,
    /// Scripts go on by steps only.
    pub(super) holds_scripts: bool,
    /// The last commands, for the view of the event loop; `None` while nobody looks.
    pub(super) trail: Option<Trail>,
    /// What happened to the data, for a host that keeps account of it.
    pub(super) journal: Option<Journal>,
    next_cron_us: Micros,
    /// Clients with unread input, in the order they are served in once the node is no longer busy.
    waiting: VecDeque<ClientId>,
    /// What [`Node::output`] shows of a busy node.
    no_output: Vec<u8>,
    ranges: Vec<(u32, u32)>,
    output_limit: Option<usize>,
    pub(super) storage: Storage,
    pub(super) sync: Sync,
}

impl Node {
    /// A node with no data and no client.
    pub fn new(mut options: NodeOptions) -> Node {
        let mut rng = Rng::new(options.seed);
        let ks = options.keyspace(rng.fork());
        let server = options.server(&mut rng);
        let node = Node {
            ks,
            config: options.config,
            rng,
            server,
            models_cost: options.meter.models(),
            meter: options.meter,
            stamp_us: None,
            log: None,
            stream: None,
            observer: None,
            script: None,
            fuel: 0,
            trace: None,
            holds_scripts: false,
            trail: None,
            journal: options.journal.then(Journal::new),
            next_cron_us: options.now_us,
            waiting: VecDeque::new(),
            no_output: Vec::new(),
            ranges: Vec::new(),
            output_limit: options.output_limit,
            storage: Storage::default(),
            sync: Sync::default(),
        };
        node.with_primary().with_files(options.disk)
    }

    /// The node with the primary that its configuration names.
    fn with_primary(mut self) -> Node {
        let text = self.config.text("replicaof");
        let text = String::from_utf8_lossy(&text);
        if let Some((host, port)) = text.split_once(' ')
            && let Ok(port) = port.parse()
        {
            self.begin_as_replica(Address {
                host: host.into(),
                port,
            });
        }
        self
    }

    /// The node with its files, which it begins to read.
    fn with_files(mut self, disk: bool) -> Node {
        if !disk {
            self.storage.memory = Some(MemoryDisk::default());
        }
        if self.server.watch.is_some() {
            self.begin_watch();
        // There is nothing to read in a memory that is new.
        } else if disk || self.config.text("appendonly") == b"yes" {
            self.start();
            self.persist();
        } else {
            self.note_started();
        }
        self
    }

    /// Keeps the propagated writes from now on; [`Node::take_log`] hands them out.
    pub fn keep_log(&mut self) {
        self.server.propagates = true;
        self.storage.tapped = true;
        self.log.get_or_insert_default();
    }

    /// The propagated writes since the last call, as RESP.
    pub fn take_log(&mut self) -> Vec<u8> {
        self.log.as_mut().map(Log::take).unwrap_or_default()
    }

    /// The users that a configuration or a file names, before anybody is connected.
    pub fn set_users<E>(
        &mut self,
        read: impl FnOnce(&mut Acl, &Registry, &Config) -> Result<(), E>,
    ) -> Result<(), E> {
        read(&mut self.server.acl, &self.server.registry, &self.config)
    }

    /// A new connection from `addr` (`ip:port`).
    pub fn connect(&mut self, addr: &str) -> ClientId {
        self.connect_from(Peer {
            addr: addr.into(),
            laddr: format!("127.0.0.1:{}", self.server.port),
            fd: 8,
            unix: false,
        })
    }

    /// A new connection with all that the host knows of it. Ask [`Node::refusal`] first.
    pub fn connect_from(&mut self, peer: Peer) -> ClientId {
        self.server.stats.connections += 1;
        let id = self
            .server
            .clients
            .add(peer.addr, peer.laddr, self.ks.now_ms);
        if let Some(c) = self.server.clients.get_mut(id) {
            c.authenticated = self.server.acl.is_open();
            c.guarded = self.server.acl.guards(c);
            c.fd = peer.fd;
            c.unix = peer.unix;
            c.out.set_limit(self.output_limit);
        }
        id
    }

    /// What the host knows of the connection that the node asked for; to be told before [`Input::Connected`].
    pub fn connected_to(&mut self, id: ClientId, peer: Peer) {
        if let Some(c) = self.server.clients.get_mut(id) {
            (c.addr, c.laddr, c.fd) = (peer.addr, peer.laddr, peer.fd);
        }
    }

    /// Why a connection from `addr` may not be, as the bytes to send before closing it.
    pub fn refusal(&mut self, addr: &str, unix: bool) -> Option<&'static str> {
        if self.server.clients.len() >= self.config.maxclients {
            self.server.stats.rejected_connections += 1;
            return Some("-ERR max number of clients reached\r\n");
        }
        let local = unix || addr.starts_with("127.") || addr.starts_with("[::1]:");
        if self.config.protected_mode && self.server.acl.default_needs_no_password() && !local {
            return Some(
                "-DENIED Protected mode is on and no password is set for the default user, so only connections from \
                 the loopback interface are accepted. Set a password (requirepass), or switch protected-mode off.\r\n",
            );
        }
        None
    }

    /// The host has sent `bytes` of a client's output.
    pub fn sent(&mut self, id: ClientId, bytes: usize) {
        self.server.stats.net_out += bytes as u64;
        self.server.stats.writes += 1;
        if let Some(c) = self.server.clients.get_mut(id) {
            c.net_out += bytes as u64;
        }
    }

    /// The host has taken all output of a client, and `bytes` of it wait for the client to read.
    pub fn holds(&mut self, id: ClientId, bytes: usize) {
        if let Some(c) = self.server.clients.get_mut(id) {
            c.unsent = bytes;
        }
    }

    /// One input at virtual time `now_us`. Output then stands in the clients' buffers, effects in [`Node::drain`].
    pub fn handle(&mut self, input: Input<'_>, now_us: Micros) {
        self.advance(now_us);
        self.stamp_us = None;
        self.fuel = SLICE;
        // The disk's answers belong to the input that asked.
        if !matches!(input, Input::Disk(..)) {
            self.new_slice();
        }
        // The disk's answers belong to the turn that asked.
        if let Some(trail) = &mut self.trail
            && !matches!(input, Input::Disk(..))
        {
            trail.turn = 0;
        }
        match input {
            Input::Data(id, bytes) if self.puts_off_input(id) => self.keep(id, bytes),
            Input::Data(id, bytes) if self.is_link(id) => self.hear_primary(bytes),
            Input::Data(id, bytes) if self.is_wire(id) => self.hear_wire(id, bytes),
            Input::Data(id, bytes) => self.feed(id, bytes),
            Input::Disconnect(id) if self.orphan(id) || self.lost_while_loading(id) => {}
            Input::Disconnect(id) if self.is_link(id) => self.link_gone(),
            Input::Disconnect(id) if self.is_wire(id) => self.wire_gone(id),
            Input::Connected(id) if self.is_wire(id) => self.wire_stands(id),
            Input::Connected(id) => self.link_stands(id),
            Input::Disconnect(id) => self.forget(id),
            Input::Tick => {}
            Input::Disk(number, done) => self.answered(number, done.clone()),
            Input::Terminate => self.terminate(),
        }
        if self.server.persist.active {
            self.persist_on();
        }
        self.settle_input();
    }

    /// What is done whenever the requests at hand are worked off, unless a script among them is not through.
    pub(super) fn settle_input(&mut self) {
        if self.script.is_some() {
            return self.settle_disk();
        }
        if self.ks.waiting.is_ready() {
            self.serve_keys();
        }
        self.end_pause();
        self.go_on();
        self.evict_on();
        if self.server.tracked.has_changes() {
            self.server.broadcast();
        }
        if self.stream.is_some() {
            self.feed_stream(0);
        }
        let repl = &self.server.repl;
        if repl.wants_acks || repl.acked || repl.failover.is_some() {
            self.replication_turn();
        }
        if self.server.watch.is_some() {
            self.watch_turn();
        }
        self.settle_disk();
    }

    /// Moves the clock (never back) and runs the cron as often as is due.
    pub fn advance(&mut self, now_us: Micros) {
        self.server.now_us = self.server.now_us.max(now_us);
        self.ks.now_ms = self.server.now_us / 1000;
        if self.server.persist.active {
            self.stamp_log();
        }
        if self.is_busy() || self.waits_for_script(None) {
            return;
        }
        if !self.waiting.is_empty() {
            self.serve_waiting();
        }
        if self.script.is_some() {
            return;
        }
        self.end_waits();
        self.end_pause();
        if self.server.now_us >= self.next_cron_us {
            self.cron();
            // After a long silence one run is enough: the cron does what is due, not what was missed.
            self.next_cron_us = self
                .server
                .now_us
                .saturating_add(1_000_000 / Micros::from(self.cron_hz()));
        }
    }

    /// When the node wants to be called again, in µs since 1970. After that call any client may have output.
    pub fn next_timer_us(&self) -> Micros {
        if self.server.persist.stalled {
            // The disk's answer wakes it, unless it has files at hand to read on.
            let wait_us = if self.reads_on() { 0 } else { 1_000_000 };
            return self.server.now_us.saturating_add(wait_us);
        }
        if self.is_busy() {
            return self.server.busy_until_us;
        }
        if self.server.evicting || self.runs_script() {
            return self.server.now_us;
        }
        let wait_us = self.server.waits.next_us();
        let disk_us = if self.server.persist.active {
            self.disk_timer_us()
        } else {
            None
        };
        let all = wait_us
            .into_iter()
            .chain(disk_us)
            .chain([self.next_cron_us]);
        all.min().unwrap_or(self.next_cron_us)
    }

    /// Whether the node does nothing at this moment (DEBUG SLEEP): it takes input in, and gives no output out.
    #[inline(always)]
    pub fn is_busy(&self) -> bool {
        self.server.persist.stalled || self.server.now_us < self.server.busy_until_us
    }

    /// Whether what this client sends has to wait.
    #[inline(always)]
    fn puts_off_input(&self, id: ClientId) -> bool {
        self.is_busy()
            || self.script.is_some() && self.waits_for_script(Some(id))
            || self.sync.loads() && self.is_link(id)
    }

    /// Input of a busy node: it waits its turn.
    fn keep(&mut self, id: ClientId, bytes: &[u8]) {
        if self.is_link(id) {
            self.put_off_primary(bytes.len());
        }
        if let Some(client) = self.server.clients.get_mut(id) {
            self.server.stats.net_in += bytes.len() as u64;
            client.net_in += bytes.len() as u64;
            client.query.extend_from_slice(bytes);
            self.wait_turn(id);
            self.limit_query(id, 0);
        }
    }

    /// Lets a client with unread input be served once the node is no longer busy.
    pub(super) fn wait_turn(&mut self, id: ClientId) {
        if !self.waiting.contains(&id) {
            self.waiting.push_back(id);
        }
    }

    /// Serves those who had to wait, until a command makes the node busy again.
    pub(super) fn serve_waiting(&mut self) {
        while !self.is_busy()
            && !self.waits_for_script(None)
            && let Some(id) = self.waiting.pop_front()
        {
            self.server.effects.push(Effect::Output(id));
            self.run_query(id);
        }
    }

    /// How often the cron is to run from now on, a second.
    fn cron_hz(&mut self) -> u32 {
        match self.server.watch.is_some() {
            true => self.watch_hz(),
            false => self.config.hz.max(1),
        }
    }

    fn cron(&mut self) {
        let start_us = self.meter.micros();
        self.ks.expire_cycle();
        let usec = self.meter.micros() - start_us;
        self.note_spike("expire-cycle", usec);
        for index in 0..self.ks.count() {
            self.ks.table_mut(index).rehash(100);
        }
        self.close_idle();
        self.server.limit_outputs();
        self.limit_tracked();
        self.server
            .rates
            .sample(&self.server.stats, self.server.now_us);
        self.note_peak();
        self.propagate_expired();
        self.feed_stream(0);
        self.publish_events(None);
        self.replication_cron();
        self.persist_cron();
        if self.server.watch.is_some() {
            self.watch_cron();
        }
    }

    /// Ends the connections that were silent for longer than `timeout`.
    fn close_idle(&mut self) {
        if self.config.timeout == 0 {
            return;
        }
        let oldest_ms = self.ks.now_ms - i64::from(self.config.timeout) * 1000;
        for client in self.server.clients.iter_mut() {
            let listens = client.is_subscriber()
                || client.monitor
                || client.blocked.is_some()
                || client.obeyed
                || client.follower.is_some();
            let idle = client.last_interaction_ms < oldest_ms && !listens;
            if idle && !client.close_after_reply {
                client.close_after_reply = true;
                self.server.effects.push(Effect::Close(client.id));
            }
        }
    }

    /// Bytes from a client: runs every whole command among them.
    pub(super) fn feed(&mut self, id: ClientId, bytes: &[u8]) {
        self.server.stats.net_in += bytes.len() as u64;
        self.server.stats.reads += 1;
        let Some(client) = self.server.clients.get_mut(id) else {
            return;
        };
        client.net_in += bytes.len() as u64;
        client.last_interaction_ms = self.ks.now_ms;
        if client.close_after_reply {
            return;
        }
        // What it has sent counts before it has an effect, as far as a real server reads at once.
        let arriving = bytes.len().min(READ_BYTES);
        let much = client.input_bytes() + arriving > LEAST_QUERY_LIMIT;
        let nothing_left = client.query.is_empty();
        if much && self.limit_query(id, arriving) {
            return;
        }
        // The common case: nothing is left of earlier bytes, so the host's buffer is parsed in place.
        if nothing_left {
            let used = self.run_buffer(id, bytes);
            if let Some(client) = self.server.clients.get_mut(id) {
                client.query.extend_from_slice(&bytes[used..]);
            }
        } else if let Some(client) = self.server.clients.get_mut(id) {
            client.query.extend_from_slice(bytes);
            self.run_query(id);
        }
        self.limit_query(id, 0);
    }

    /// Ends a connection that sent more than `client-query-buffer-limit` without coming to the end of a command.
    ///
    /// `arriving` bytes are added to it; whether it ended.
    fn limit_query(&mut self, id: ClientId, arriving: usize) -> bool {
        let Some(client) = self.server.clients.get_mut(id) else {
            return true;
        };
        let input = client.input_bytes() + arriving;
        if input <= LEAST_QUERY_LIMIT || client.close_after_reply || client.obeyed {
            return false;
        }
        let limit = num::parse_i64(&self.config.text("client-query-buffer-limit"));
        if limit.is_some_and(|limit| input as i64 > limit) {
            client.query = Vec::new();
            client.queue = None;
            client.close_after_reply = true;
            self.server.stats.query_limit_closed += 1;
            self.server.effects.push(Effect::Close(id));
            return true;
        }
        false
    }

    /// Runs the whole commands among the bytes kept of a client.
    pub(super) fn run_query(&mut self, id: ClientId) {
        let Some(client) = self.server.clients.get_mut(id) else {
            return;
        };
        if self.sync.loads() && self.server.repl.link_id == id {
            return; // its turn comes when the snapshot before it is loaded
        }
        let query = std::mem::take(&mut client.query);
        if self.is_link(id) && !self.server.repl.is_up() {
            return self.hear_primary(&query);
        }
        if self.is_wire(id) {
            return self.hear_wire(id, &query);
        }
        let used = self.run_buffer(id, &query);
        if let Some(client) = self.server.clients.get_mut(id) {
            client.query = query;
            client.query.drain(..used);
        }
    }

    /// Runs the whole commands in `buf`; returns how many bytes they took.
    fn run_buffer(&mut self, id: ClientId, buf: &[u8]) -> usize {
        let mut ranges = std::mem::take(&mut self.ranges);
        let mut used = 0;
        let follows = self.is_link(id);
        loop {
            if self.puts_off_input(id) {
                // The rest of the pipeline goes first when the node is back.
                if used < buf.len() && self.is_busy() {
                    self.waiting.push_front(id);
                }
                break;
            }
            let Some(client) = self.server.clients.get_mut(id) else {
                break;
            };
            if client.close_after_reply {
                used = buf.len();
                break;
            }
            if client.blocked.is_some() {
                break;
            }
            let limits = Limits {
                max_bulk: self.config.proto_max_bulk_len,
                max_multibulk: i64::from(i32::MAX),
                authenticated: !client.guarded || !self.server.acl.is_stranger(client),
            };
            let mut pos = 0;
            let parsed = client
                .parser
                .parse(&buf[used..], &mut pos, &limits, &mut ranges);
            match parsed {
                Parsed::Incomplete => break,
                Parsed::Empty => {}
                Parsed::Command if follows => self.obey(Args::new(&buf[used..], &ranges)),
                Parsed::Command => dispatch::run(self, id, Args::new(&buf[used..], &ranges)),
                Parsed::Inline(words) => self.run_words(id, &words),
                Parsed::Error(text) => {
                    dispatch::protocol_error(self, id, &text);
                    used = buf.len();
                    break;
                }
            }
            used += pos;
            if follows {
                self.applied(&buf[used - pos..used]);
            }
        }
        self.ranges = ranges;
        used
    }

    /// Runs a command whose words do not stand in one buffer (inline commands).
    pub(super) fn run_words(&mut self, id: ClientId, words: &[Vec<u8>]) {
        let argv: OwnedArgs = words.iter().map(Vec::as_slice).collect();
        dispatch::run(self, id, argv.args());
    }

    /// The output of a client that waits to be sent; the host drains it. `None` if there is no such client. A busy node
    /// shows none: its replies come out when it is back.
    pub fn output(&mut self, id: ClientId) -> Option<&mut Vec<u8>> {
        let busy = self.is_busy();
        let out = self.server.clients.get_mut(id)?.out.buffer();
        if busy {
            self.no_output.clear();
            return Some(&mut self.no_output);
        }
        Some(out)
    }

    /// The connection's state, for hosts and views.
    pub fn client(&self, id: ClientId) -> Option<&Client> {
        self.server.clients.get(id)
    }

    /// What counts against the memory ceiling: data, the log that waits to be kept, and of a client its unsent output
    /// and the commands it has queued.
    pub(super) fn memory_bytes(&self, client: Option<&Client>) -> i64 {
        let log = self.log.as_ref().map_or(0, Log::len);
        let own = client.map_or(0, |c| {
            c.out.as_bytes().len() + c.queue.as_ref().map_or(0, |q| q.mem_bytes())
        });
        self.ks.data_bytes().saturating_add((log + own) as i64)
    }

    /// What the host must do now.
    pub fn drain(&mut self) -> Vec<Effect> {
        let effects = std::mem::take(&mut self.server.effects);
        if !self.server.persist.stalled {
            return effects;
        }
        // Whoever is to go has replies that wait for the disk.
        let waits = |effect: &Effect| matches!(effect, Effect::Close(_) | Effect::Output(_));
        let (later, now) = effects.into_iter().partition(waits);
        self.server.effects = later;
        now
    }

    /// How long the node has worked by its meter, µs.
    pub fn spent_us(&mut self) -> u64 {
        self.meter.micros()
    }

    /// What the node's generator will draw next, to compare two runs by.
    pub fn random_state(&self) -> u64 {
        self.rng.clone().next_u64()
    }

    /// The data, for views and probes.
    pub fn keyspace(&self) -> &Keyspace {
        &self.ks
    }

    /// The configuration, for views.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The rest of the state, for views.
    pub fn server(&self) -> &Server {
        &self.server
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_logs() {
        let mut node = Node::new(NodeOptions::default());
        node.keep_log();
        let id = node.connect("127.0.0.1:1");
        node.handle(Input::Data(id, b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\nPING\r\nnope\r\n"), 1);
        let out = node.output(id).expect("connected");
        assert_eq!(
            String::from_utf8_lossy(out),
            "+OK\r\n$1\r\n1\r\n+PONG\r\n-ERR unknown command 'nope', with args beginning with: \r\n"
        );
        assert_eq!(
            node.take_log(),
            b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
        );
    }

    #[test]
    fn a_sleeping_node_answers_when_it_is_back() {
        let mut node = Node::new(NodeOptions::default());
        let (a, b) = (node.connect("127.0.0.1:1"), node.connect("127.0.0.1:2"));
        let take = |node: &mut Node, id| std::mem::take(node.output(id).expect("connected"));
        node.handle(Input::Data(a, b"DEBUG SLEEP 0.5\r\nSET k a\r\n"), 1000);
        assert!(take(&mut node, a).is_empty() && node.is_busy());
        node.handle(Input::Data(b, b"GET k\r\n"), 2000);
        node.handle(Input::Data(a, b"APPEND k a\r\n"), 3000);
        assert!(take(&mut node, b).is_empty());
        assert_eq!(node.next_timer_us(), 501_000);
        node.handle(Input::Tick, 501_000);
        // The rest of the sleeper's pipeline and what it sent since come first.
        assert_eq!(take(&mut node, a), b"+OK\r\n+OK\r\n:2\r\n");
        assert_eq!(take(&mut node, b), b"$2\r\naa\r\n");
    }
}
