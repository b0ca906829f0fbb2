//! The event loop: one thread, sockets that never block, and the node in the middle.
//!
//! Bytes are read into one buffer that all connections share, and what they brought is run and answered before the next
//! connection has its turn. Output stands in the node's buffer of the client and goes to the socket in one write. Only
//! what a slow client does not take moves to the connection's backlog, to be written when its socket has room again.
use crate::files::Files;
use crate::journal::{Journal, now_us};
use mio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use mio::{Events, Interest, Poll, Token, Waker};
use redlab::command::ClientId;
use redlab::server::{Effect, Input, Node, Peer};
use signal_hook_mio::v1_0::Signals;
use socket2::{SockRef, TcpKeepalive};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

const SIGNALS: Token = Token(0);
/// An fsync has ended.
const DISK: Token = Token(63);
/// Listeners have the tokens below this and that, connections those from it on.
const FIRST_CONNECTION: usize = 64;
/// Bytes taken from a connection before the next one has its turn.
const READ_BYTES: usize = 64 << 10;
/// A connection that leaves this much output unread is not read from until it has caught up.
const BACKLOG_MAX: usize = 256 << 20;
/// Fuel of a slice of a script: about a millisecond.
const SCRIPT_SLICE: i64 = 100_000;
/// An idle connection's buffer that grew beyond this is given back.
const KEEP_BYTES: usize = 1 << 20;

/// Any stream that clients come through.
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(s) => s.read(buf),
            Stream::Unix(s) => s.read(buf),
        }
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(s) => s.write(buf),
            Stream::Unix(s) => s.write(buf),
        }
    }

    fn source(&mut self) -> &mut dyn mio::event::Source {
        match self {
            Stream::Tcp(s) => s,
            Stream::Unix(s) => s,
        }
    }

    fn fd(&self) -> i32 {
        match self {
            Stream::Tcp(s) => s.as_raw_fd(),
            Stream::Unix(s) => s.as_raw_fd(),
        }
    }
}

/// A socket that waits for clients.
pub enum Listener {
    Tcp(TcpListener),
    /// With its path.
    Unix(UnixListener, String),
}

struct Conn {
    stream: Stream,
    id: ClientId,
    /// Output that the socket had no room for, and how much of it went out since.
    backlog: Vec<u8>,
    sent: usize,
    /// The socket may hold bytes that were not read yet.
    readable: bool,
    /// The other side has said that nothing more comes.
    ended: bool,
    /// Waits in the queue of readable connections.
    queued: bool,
    /// The node's own connection, which does not stand yet.
    dialled: bool,
    /// The node is done with this connection; it ends when its output is out.
    closing: bool,
}

impl Conn {
    fn waiting(&self) -> usize {
        self.backlog.len() - self.sent
    }
}

/// The server: the node and all its sockets.
pub struct Net {
    pub node: Node,
    pub journal: Journal,
    poll: Poll,
    listeners: Vec<Listener>,
    signals: Signals,
    conns: Vec<Option<Conn>>,
    free: Vec<usize>,
    by_client: BTreeMap<ClientId, usize>,
    /// Connections to read from although no event names them: their turn ended before their bytes did.
    ready: Vec<usize>,
    buffer: Vec<u8>,
    files: Files,
    /// Lines for the log once the data is there.
    ready_lines: Vec<&'static str>,
    /// A signal came already.
    told_to_end: bool,
    exit: bool,
    /// The node could not go on.
    pub failed: bool,
}

impl Net {
    /// Registers the listeners and the signals that end the server; `ready_lines` are for the log, once the data is there.
    pub fn new(
        node: Node,
        journal: Journal,
        mut listeners: Vec<Listener>,
        ready_lines: Vec<&'static str>,
    ) -> io::Result<Net> {
        const SIGINT: i32 = 2;
        const SIGTERM: i32 = 15;
        let poll = Poll::new()?;
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        poll.registry()
            .register(&mut signals, SIGNALS, Interest::READABLE)?;
        for (i, listener) in listeners.iter_mut().enumerate() {
            let token = Token(i + 1);
            match listener {
                Listener::Tcp(l) => poll.registry().register(l, token, Interest::READABLE)?,
                Listener::Unix(l, _) => poll.registry().register(l, token, Interest::READABLE)?,
            }
        }
        let waker = Arc::new(Waker::new(poll.registry(), DISK)?);
        Ok(Net {
            files: Files::new(waker),
            ready_lines,
            told_to_end: false,
            failed: false,
            node,
            journal,
            poll,
            listeners,
            signals,
            conns: Vec::new(),
            free: Vec::new(),
            by_client: BTreeMap::new(),
            ready: Vec::new(),
            buffer: vec![0; READ_BYTES],
            exit: false,
        })
    }

    /// Serves until SHUTDOWN or a signal.
    pub fn run(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        self.drive_disk();
        while !self.exit {
            match self.poll.poll(&mut events, Some(self.timeout())) {
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            self.tick();
            // A script that does not end runs on by slices, with a look at the sockets between them.
            self.node.work(SCRIPT_SLICE);
            for at in std::mem::take(&mut self.ready) {
                if let Some(conn) = &mut self.conns[at] {
                    conn.queued = false;
                    self.serve(at);
                }
            }
            for event in &events {
                match event.token() {
                    SIGNALS => self.signalled(),
                    DISK => self.disk_answered(),
                    Token(t) if t < FIRST_CONNECTION => self.accept(t - 1),
                    Token(t) => {
                        let at = t - FIRST_CONNECTION;
                        if self.conns[at].as_ref().is_some_and(|c| c.dialled) && !self.stands(at) {
                            continue;
                        }
                        if event.is_writable() {
                            self.flush(at);
                        }
                        if event.is_readable() || event.is_read_closed() || event.is_error() {
                            if let Some(conn) = &mut self.conns[at] {
                                conn.readable = true;
                                conn.ended |= event.is_read_closed() || event.is_error();
                            }
                            self.serve(at);
                        }
                    }
                }
            }
            self.settle();
        }
        self.end();
        Ok(())
    }

    /// Tells the node what time it is. One that slept may have answers for anybody when it wakes.
    fn tick(&mut self) {
        let slept = self.node.is_busy();
        self.node.handle(Input::Tick, now_us());
        self.drive_disk();
        if !self.ready_lines.is_empty() && !self.node.is_loading() {
            for line in std::mem::take(&mut self.ready_lines) {
                self.journal.notice(line);
            }
        }
        if slept && !self.node.is_busy() {
            (0..self.conns.len()).for_each(|at| self.flush(at));
        }
    }

    /// Does what the node asks of its files, until it waits for an fsync or for nothing.
    fn drive_disk(&mut self) {
        loop {
            let requests = self.node.take_requests();
            if requests.is_empty() {
                return;
            }
            for request in requests {
                let number = request.number;
                if let Some(done) = self.files.execute(request) {
                    self.node.handle(Input::Disk(number, &done), now_us());
                }
            }
        }
    }

    fn disk_answered(&mut self) {
        for (number, done) in self.files.take_synced() {
            self.node.handle(Input::Disk(number, &done), now_us());
            self.drive_disk();
        }
    }

    fn timeout(&self) -> Duration {
        if !self.ready.is_empty() || self.node.runs_script() {
            return Duration::ZERO;
        }
        let left = self.node.next_timer_us() - now_us();
        Duration::from_micros(left.clamp(0, 1_000_000) as u64)
    }

    fn signalled(&mut self) {
        for signal in self.signals.pending() {
            let name = if signal == 2 { "SIGINT" } else { "SIGTERM" };
            self.journal
                .warning(&format!("Received {name} scheduling shutdown..."));
            // Whoever asks twice does not want to wait for the files.
            self.exit |= self.told_to_end;
            self.told_to_end = true;
            self.node.handle(Input::Terminate, now_us());
            self.drive_disk();
        }
    }

    fn accept(&mut self, listener: usize) {
        loop {
            let accepted = match &self.listeners[listener] {
                Listener::Tcp(l) => l.accept().map(|(stream, addr)| {
                    // Replies are whole when they are written: waiting for more only delays them.
                    let _ = stream.set_nodelay(true);
                    keep_alive(&stream, &self.node);
                    let laddr = stream
                        .local_addr()
                        .map_or_else(|_| String::new(), |a| plain(&a));
                    (Stream::Tcp(stream), plain(&addr), laddr)
                }),
                Listener::Unix(l, path) => l.accept().map(|(stream, _)| {
                    (
                        Stream::Unix(stream),
                        format!("{path}:0"),
                        format!("{path}:0"),
                    )
                }),
            };
            match accepted {
                Ok((stream, addr, laddr)) => self.admit(stream, addr, laddr),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    self.journal
                        .warning(&format!("Accepting client connection: {e}"));
                    return;
                }
            }
        }
    }

    fn admit(&mut self, mut stream: Stream, addr: String, laddr: String) {
        let unix = matches!(stream, Stream::Unix(_));
        if let Some(refusal) = self.node.refusal(&addr, unix) {
            // As a real server: one attempt to say why, then the end.
            let _ = stream.write(refusal.as_bytes());
            return;
        }
        let Some(at) = self.place(&mut stream) else {
            return;
        };
        let fd = stream.fd();
        let id = self.node.connect_from(Peer {
            addr,
            laddr,
            fd,
            unix,
        });
        self.keep(at, stream, id, false);
    }

    /// A place for a connection whose socket is watched from now on.
    fn place(&mut self, stream: &mut Stream) -> Option<usize> {
        let at = self.free.pop().unwrap_or_else(|| {
            self.conns.push(None);
            self.conns.len() - 1
        });
        let interest = Interest::READABLE | Interest::WRITABLE;
        let token = Token(FIRST_CONNECTION + at);
        let registered = self
            .poll
            .registry()
            .register(stream.source(), token, interest);
        if let Err(e) = registered {
            self.journal
                .warning(&format!("Error registering a client's socket: {e}"));
            self.free.push(at);
            return None;
        }
        Some(at)
    }

    fn keep(&mut self, at: usize, stream: Stream, id: ClientId, dialled: bool) {
        self.by_client.insert(id, at);
        self.conns[at] = Some(Conn {
            stream,
            id,
            backlog: Vec::new(),
            sent: 0,
            readable: false,
            ended: false,
            queued: false,
            dialled,
            closing: false,
        });
    }

    /// Asks for the connection that the node wants.
    fn dial(&mut self, id: ClientId, host: &str, port: u16) {
        let addresses = (host, port).to_socket_addrs();
        let address = addresses.ok().and_then(|mut all| all.next());
        let stream = address.and_then(|address| TcpStream::connect(address).ok());
        if let Some(stream) = stream {
            let mut stream = Stream::Tcp(stream);
            if let Some(at) = self.place(&mut stream) {
                return self.keep(at, stream, id, true);
            }
        }
        self.node.handle(Input::Disconnect(id), now_us());
    }

    /// Something happened to a connection that was asked for; whether it stands. If it does not, it may not be known yet.
    fn stands(&mut self, at: usize) -> bool {
        let Some(conn) = &mut self.conns[at] else {
            return false;
        };
        let Stream::Tcp(stream) = &conn.stream else {
            return false;
        };
        if !matches!(stream.take_error(), Ok(None)) {
            self.close(at);
            return false;
        }
        let (Ok(addr), Ok(laddr)) = (stream.peer_addr(), stream.local_addr()) else {
            return false;
        };
        let _ = stream.set_nodelay(true);
        conn.dialled = false;
        let (id, fd) = (conn.id, conn.stream.fd());
        self.node.connected_to(
            id,
            Peer {
                addr: plain(&addr),
                laddr: plain(&laddr),
                fd,
                unix: false,
            },
        );
        self.node.handle(Input::Connected(id), now_us());
        self.drive_disk();
        self.flush(at);
        true
    }

    /// Reads once, runs what came and writes the answers.
    fn serve(&mut self, at: usize) {
        let Some(conn) = &mut self.conns[at] else {
            return;
        };
        if !conn.readable || conn.closing || conn.waiting() > BACKLOG_MAX {
            return;
        }
        match conn.stream.read(&mut self.buffer) {
            Ok(0) => self.close(at),
            Ok(n) => {
                let id = conn.id;
                // A read that leaves room in the buffer has emptied the socket, and the next bytes bring an event; but an
                // end that has been told already brings none.
                conn.readable = n == self.buffer.len() || conn.ended;
                if conn.readable && !conn.queued {
                    conn.queued = true;
                    self.ready.push(at);
                }
                self.node
                    .handle(Input::Data(id, &self.buffer[..n]), now_us());
                self.drive_disk();
                self.flush(at);
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => conn.readable = false,
            Err(e) if e.kind() == ErrorKind::Interrupted => {
                conn.queued = true;
                self.ready.push(at);
            }
            Err(_) => self.close(at),
        }
    }

    /// Writes as much of the connection's output as its socket takes.
    fn flush(&mut self, at: usize) {
        let Some(conn) = &mut self.conns[at] else {
            return;
        };
        let pumped = pump(conn, &mut self.node);
        let done = conn.waiting() == 0;
        if pumped.is_err() || (conn.closing && done) {
            return self.close(at);
        }
        if conn.readable && !conn.queued && !conn.closing && conn.waiting() <= BACKLOG_MAX {
            conn.queued = true;
            self.ready.push(at);
        }
    }

    /// Ends a connection from this side or after the other side did.
    fn close(&mut self, at: usize) {
        let Some(mut conn) = self.conns[at].take() else {
            return;
        };
        let _ = self.poll.registry().deregister(conn.stream.source());
        self.by_client.remove(&conn.id);
        self.free.push(at);
        self.node.handle(Input::Disconnect(conn.id), now_us());
    }

    /// Does what the node asked for.
    fn settle(&mut self) {
        loop {
            let effects = self.node.drain();
            if effects.is_empty() {
                return;
            }
            effects.into_iter().for_each(|effect| self.perform(effect));
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Connect { id, host, port } => self.dial(id, &host, port),
            Effect::Close(id) => {
                if let Some(&at) = self.by_client.get(&id) {
                    if let Some(conn) = &mut self.conns[at] {
                        conn.closing = true;
                    }
                    self.flush(at);
                }
            }
            Effect::Drop(id) => {
                if let Some(&at) = self.by_client.get(&id) {
                    self.close(at);
                }
            }
            Effect::Output(id) => {
                if let Some(&at) = self.by_client.get(&id) {
                    self.flush(at);
                }
            }
            Effect::Log(level, text) => self.journal.write(level, &text),
            Effect::Abort => {
                self.failed = true;
                self.exit = true;
            }
            Effect::Exit => {
                self.journal.warning("User requested shutdown...");
                self.exit = true;
            }
        }
    }

    /// Sends what can be sent at once and takes the sockets' names out of the file system.
    fn end(&mut self) {
        for at in 0..self.conns.len() {
            self.flush(at);
        }
        for listener in &self.listeners {
            if let Listener::Unix(_, path) = listener {
                self.journal.notice("Removing the unix socket file.");
                let _ = std::fs::remove_file(path);
            }
        }
        self.journal
            .warning("Redis is now ready to exit, bye bye...");
    }
}

/// Has the system ask a silent client every `tcp-keepalive` seconds whether it is still there, as a real server does.
fn keep_alive(stream: &TcpStream, node: &Node) {
    let text = node.config().text("tcp-keepalive");
    let seconds = str::from_utf8(&text).ok().and_then(|s| s.parse().ok());
    if let Some(seconds @ 1..) = seconds {
        let every = Duration::from_secs((seconds / 3).max(1));
        let settings = TcpKeepalive::new()
            .with_time(Duration::from_secs(seconds))
            .with_interval(every)
            .with_retries(3);
        // A system that will not do it serves its clients all the same.
        let _ = SockRef::from(stream).set_tcp_keepalive(&settings);
    }
}

/// The address as CLIENT LIST shows it: an IPv4 client of an IPv6 socket is an IPv4 client.
fn plain(addr: &SocketAddr) -> String {
    SocketAddr::new(addr.ip().to_canonical(), addr.port()).to_string()
}

fn pump(conn: &mut Conn, node: &mut Node) -> io::Result<()> {
    if conn.waiting() > 0 {
        let sent = write_some(&mut conn.stream, &conn.backlog[conn.sent..])?;
        conn.sent += sent;
        node.sent(conn.id, sent);
        node.holds(conn.id, conn.waiting());
        if conn.waiting() > 0 {
            return Ok(());
        }
        reuse(&mut conn.backlog);
        conn.sent = 0;
    }
    let Some(out) = node.output(conn.id) else {
        return Ok(());
    };
    if out.is_empty() {
        return Ok(());
    }
    let sent = write_some(&mut conn.stream, out)?;
    if sent == out.len() {
        reuse(out);
    } else {
        std::mem::swap(out, &mut conn.backlog);
        conn.sent = sent;
        node.holds(conn.id, conn.waiting());
    }
    node.sent(conn.id, sent);
    Ok(())
}

/// Writes until the socket is full; how much went out.
fn write_some(stream: &mut Stream, bytes: &[u8]) -> io::Result<usize> {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => sent += n,
            Err(e) if e.kind() == ErrorKind::WouldBlock => break,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(sent)
}

/// Empties a buffer; its memory stays unless it is much.
fn reuse(buffer: &mut Vec<u8>) {
    if buffer.capacity() > KEEP_BYTES {
        *buffer = Vec::new();
    } else {
        buffer.clear();
    }
}
