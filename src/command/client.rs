//! Clients: what the server keeps for each connection.
use super::replication::{Follower, Way};
use super::{Queue, acl::DEFAULT_USER, blocking::Blocked, tracking::Tracking};
use crate::base::time::Millis;
use crate::resp::{Proto, Reply, parse::Parser};

/// A connection's number, as CLIENT ID gives it: counted up from 1, never used again.
pub type ClientId = u64;

/// CLIENT REPLY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyMode {
    #[default]
    On,
    Off,
    /// The next command's reply is left out.
    SkipNext,
    /// This command's reply is left out.
    Skip,
}

impl ReplyMode {
    /// Whether what a command writes is left out.
    pub fn is_mute(self) -> bool {
        matches!(self, ReplyMode::Off | ReplyMode::Skip)
    }

    /// Whether the reply at hand is left out; the next one may not be.
    pub fn take_mute(&mut self) -> bool {
        let mute = self.is_mute();
        *self = match *self {
            ReplyMode::SkipNext => ReplyMode::Skip,
            ReplyMode::Skip => ReplyMode::On,
            mode => mode,
        };
        mute
    }
}

/// One connection.
#[derive(Clone)]
pub struct Client {
    pub id: ClientId,
    /// `ip:port` of the client's end.
    pub addr: String,
    /// `ip:port` of the server's end.
    pub laddr: String,
    /// The host's number for the connection.
    pub fd: i32,
    /// Comes through a Unix socket.
    pub unix: bool,
    pub name: Vec<u8>,
    pub lib_name: Vec<u8>,
    pub lib_ver: Vec<u8>,
    pub db: usize,
    pub authenticated: bool,
    pub user: Vec<u8>,
    /// Its commands are judged: it has yet to log in, or its user may not do everything. [`Server::guard_clients`] keeps it.
    ///
    /// [`Server::guard_clients`]: super::Server::guard_clients
    pub guarded: bool,
    pub created_ms: Millis,
    pub last_interaction_ms: Millis,
    /// Its commands ran before, elsewhere (the log, a primary): what only guards against users is not asked again.
    pub obeyed: bool,
    /// Who asked for the connection.
    pub way: Way,
    /// It is a replica, or wants to be one.
    pub follower: Option<Box<Follower>>,
    /// Where the stream stood after the last of its commands that wrote something.
    pub wrote_offset: i64,
    pub no_evict: bool,
    pub no_touch: bool,
    pub reply_mode: ReplyMode,
    /// What MULTI has collected; `None` outside of a transaction.
    pub queue: Option<Box<Queue>>,
    /// While EXEC runs what was queued: how many commands those are, and the bytes of their words.
    pub executing: Option<(usize, usize)>,
    /// The command that waits; what is sent after it is kept in `query`.
    pub blocked: Option<Box<Blocked>>,
    /// How many channels, patterns and shard channels it listens to.
    pub subscriptions: [u32; 3],
    /// CLIENT TRACKING.
    pub tracking: Option<Box<Tracking>>,
    /// Sees every command (MONITOR).
    pub monitor: bool,
    /// The last command's full name, for CLIENT LIST.
    pub last_command: &'static str,
    pub last_parent: &'static str,
    /// Close once the output so far is sent (QUIT, protocol errors, CLIENT KILL of itself).
    pub close_after_reply: bool,
    /// Bytes received and not yet parsed.
    pub query: Vec<u8>,
    pub parser: Parser,
    /// Output that the host has not taken yet.
    pub out: Reply,
    /// Bytes of output that the host has taken and that the client has not.
    pub unsent: usize,
    /// Since when more output waits than the soft limit allows.
    pub over_soft_limit_since_ms: Option<Millis>,
    pub net_in: u64,
    pub net_out: u64,
    pub commands: u64,
}

impl Client {
    /// Bytes that the client sent and that have had no effect yet: unread ones, and those of queued commands.
    pub fn input_bytes(&self) -> usize {
        self.query.len() + self.queue.as_ref().map_or(0, |q| q.arg_bytes())
    }

    /// A fresh connection.
    pub fn new(id: ClientId, addr: String, laddr: String, now_ms: Millis) -> Client {
        Client {
            id,
            addr,
            laddr,
            fd: 0,
            unix: false,
            name: Vec::new(),
            lib_name: Vec::new(),
            lib_ver: Vec::new(),
            db: 0,
            authenticated: true,
            user: DEFAULT_USER.into(),
            guarded: false,
            created_ms: now_ms,
            last_interaction_ms: now_ms,
            obeyed: false,
            way: Way::In,
            follower: None,
            wrote_offset: 0,
            no_evict: false,
            no_touch: false,
            reply_mode: ReplyMode::On,
            queue: None,
            executing: None,
            blocked: None,
            subscriptions: [0; 3],
            tracking: None,
            monitor: false,
            last_command: "NULL",
            last_parent: "",
            close_after_reply: false,
            query: Vec::new(),
            parser: Parser::default(),
            out: Reply::new(Proto::Resp2),
            unsent: 0,
            over_soft_limit_since_ms: None,
            net_in: 0,
            net_out: 0,
            commands: 0,
        }
    }
}

/// All connections, by id. Every step of a command looks its client up, so the same one twice in a row costs a compare.
#[derive(Clone, Default)]
pub struct Clients {
    /// Ids only ever grow, so pushing keeps both lists sorted by them.
    ids: Vec<ClientId>,
    #[allow(clippy::vec_box)] // a client is large, and the list moves when one leaves
    clients: Vec<Box<Client>>,
    last: ClientId,
    /// Where the last look-up ended.
    hint: std::cell::Cell<usize>,
}

impl Clients {
    /// Adds a connection; its id.
    pub fn add(&mut self, addr: String, laddr: String, now_ms: Millis) -> ClientId {
        self.last += 1;
        self.ids.push(self.last);
        self.clients
            .push(Box::new(Client::new(self.last, addr, laddr, now_ms)));
        self.last
    }

    /// Puts a client under the number 0, before all others; for one that is taken out again at once (a probe's).
    pub fn put_first(&mut self, client: Client) {
        debug_assert!(client.id == 0 && self.ids.first() != Some(&0));
        self.ids.insert(0, 0);
        self.clients.insert(0, Box::new(client));
    }

    #[inline(always)]
    fn place(&self, id: ClientId) -> Option<usize> {
        let hint = self.hint.get();
        if self.ids.get(hint) == Some(&id) {
            return Some(hint);
        }
        self.search(id)
    }

    #[cold]
    fn search(&self, id: ClientId) -> Option<usize> {
        let place = self.ids.binary_search(&id).ok()?;
        self.hint.set(place);
        Some(place)
    }

    /// The connection, if it still is one. O(log clients).
    #[inline(always)]
    pub fn get(&self, id: ClientId) -> Option<&Client> {
        self.place(id).map(|i| &*self.clients[i])
    }

    /// The same, to change.
    #[inline(always)]
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.place(id).map(|i| &mut *self.clients[i])
    }

    /// Forgets a connection. O(clients).
    pub fn remove(&mut self, id: ClientId) -> Option<Client> {
        let place = self.place(id)?;
        self.ids.remove(place);
        Some(*self.clients.remove(place))
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().map(|c| &**c)
    }

    /// All, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Client> {
        self.clients.iter_mut().map(|c| &mut **c)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
