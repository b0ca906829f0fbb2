//! The two sides of a comparison: a server over TCP, or redlab's Node in this process.

use crate::reply::{self, Reply, encode};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Something that answers commands. Connections are numbered by the order in which they were opened.
pub trait Peer {
    fn name(&self) -> &str;
    /// Forget everything: data, configuration, connections.
    fn restart(&mut self);
    /// As `restart` where that costs nothing, and true; else nothing, and false.
    fn renew(&mut self) -> bool {
        false
    }
    fn open(&mut self) -> usize;
    fn send(&mut self, connection: usize, bytes: &[u8]);
    /// What has come back on this connection so far; waits a little when there is nothing.
    fn receive(&mut self, connection: usize, into: &mut Vec<u8>, wait: Duration);
    /// Hang up.
    fn close(&mut self, connection: usize);
    /// What has come back on this connection, without waiting.
    fn poll(&mut self, connection: usize, into: &mut Vec<u8>);
    /// Has the other side closed the connection?
    fn closed(&mut self, connection: usize) -> bool;
    /// Let time pass.
    fn advance(&mut self, time: Duration);
    /// What was received and not yet read.
    fn pending(&mut self, connection: usize) -> &mut Vec<u8>;

    /// The next reply, its bytes and its value. `None` when the connection closed or nothing came within `PATIENCE`.
    fn read(&mut self, connection: usize) -> Option<(Vec<u8>, Reply)> {
        self.read_within(connection, PATIENCE)
    }

    /// As `read`, with a patience of its own.
    fn read_within(&mut self, connection: usize, patience: Duration) -> Option<(Vec<u8>, Reply)> {
        let deadline = Instant::now() + patience;
        loop {
            match reply::parse(self.pending(connection)) {
                Ok(Some((reply, len))) => {
                    let raw = self.pending(connection).drain(..len).collect();
                    return Some((raw, reply));
                }
                Ok(None) => {}
                Err(e) => {
                    let raw = std::mem::take(self.pending(connection));
                    return Some((
                        raw,
                        Reply::Error(format!("(malformed reply: {})", e.0).into_bytes()),
                    ));
                }
            }
            let mut buffer = Vec::new();
            self.receive(connection, &mut buffer, patience.min(POLL));
            let nothing = buffer.is_empty();
            self.pending(connection).extend(buffer);
            if nothing && (Instant::now() > deadline || self.closed(connection)) {
                return None;
            }
        }
    }

    /// All replies and messages that are there, each whole: the rest of one that has begun is waited for.
    fn drain(&mut self, connection: usize) -> Vec<(Vec<u8>, Reply)> {
        let mut bytes = Vec::new();
        self.poll(connection, &mut bytes);
        self.pending(connection).extend(bytes);
        let mut all = Vec::new();
        while !self.pending(connection).is_empty() {
            match self.read_within(connection, REST) {
                Some(one) => all.push(one),
                None => break,
            }
        }
        all
    }

    /// One command, one reply.
    fn call(&mut self, connection: usize, args: &[Vec<u8>]) -> (Vec<u8>, Reply) {
        self.send(connection, &encode(args));
        self.read(connection)
            .unwrap_or_else(|| (Vec::new(), Reply::Error(b"(no reply)".to_vec())))
    }

    /// A command written as a line, its reply's value.
    fn ask(&mut self, connection: usize, line: &str) -> Reply {
        self.call(connection, &reply::split(line).expect("quotes are closed"))
            .1
    }
}

/// How long one look for a reply lasts.
const POLL: Duration = Duration::from_millis(200);

/// How long the rest of a reply may take that has begun.
const REST: Duration = Duration::from_secs(2);

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The programs that can be the oracle, best first.
const SERVERS: [&str; 2] = ["valkey-server", "redis-server"];

/// A real server, started on a free port and ended when dropped.
pub struct Server {
    name: String,
    program: String,
    options: Vec<String>,
    port: u16,
    child: Option<Child>,
    connections: Vec<Connection>,
}

struct Connection {
    stream: TcpStream,
    pending: Vec<u8>,
    closed: bool,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}

/// The program of a real server, or the reason why there is none.
pub fn oracle_program() -> Result<&'static str, String> {
    let there = |p: &&str| {
        Command::new(p)
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok()
    };
    let found = SERVERS.into_iter().find(there);
    found.ok_or_else(|| "no valkey-server on this machine; scripts/oracle.sh installs it".into())
}

impl Server {
    /// The oracle, or the reason why there is none.
    pub fn oracle() -> Result<Server, String> {
        let program = oracle_program()?;
        let mut options = vec!["--enable-debug-command", "yes"];
        if program == "valkey-server" {
            options.extend(["--extended-redis-compatibility", "yes"]);
        }
        Ok(Server::program(program, &options))
    }

    /// The oracle with its files in a folder: it reads `dump.rdb` there as it starts.
    pub fn oracle_in(folder: &std::path::Path) -> Result<Server, String> {
        let mut server = Server::oracle()?;
        let folder = folder.to_str().ok_or("the folder has no plain name")?;
        server.options.extend(["--dir".into(), folder.into()]);
        Ok(server)
    }

    /// Starts it anew with these settings.
    pub fn set_options(&mut self, settings: &[(&str, &str)]) {
        for (name, value) in settings {
            self.options
                .extend([format!("--{name}"), value.to_string()]);
        }
        self.restart();
    }

    /// Any server that takes a real server's options.
    pub fn program(program: &str, options: &[&str]) -> Server {
        let mut server = Server {
            name: program.rsplit('/').next().unwrap_or(program).into(),
            program: program.into(),
            options: options.iter().map(|o| o.to_string()).collect(),
            port: 0,
            child: None,
            connections: Vec::new(),
        };
        server.restart();
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn version(&mut self) -> String {
        let connection = self.open();
        let info = self.ask(connection, "INFO server").lossy();
        let line = |name: &str| {
            info.lines()
                .find_map(|l| l.strip_prefix(name).map(|v| v.trim().to_string()))
        };
        let version = line("valkey_version:")
            .or_else(|| line("redis_version:"))
            .unwrap_or_default();
        format!("{} {version}", self.name)
    }

    fn stop(&mut self) {
        self.connections.clear();
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Peer for Server {
    fn name(&self) -> &str {
        &self.name
    }

    fn restart(&mut self) {
        self.stop();
        self.port = free_port();
        let child = Command::new(&self.program)
            .args([
                "--port",
                &self.port.to_string(),
                "--save",
                "",
                "--appendonly",
                "no",
                "--daemonize",
                "no",
            ])
            .args(["--dir", std::env::temp_dir().to_str().unwrap_or("/tmp")])
            .args(&self.options)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", self.program));
        self.child = Some(child);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(
                Instant::now() < deadline,
                "{} does not listen on port {}",
                self.program,
                self.port
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn open(&mut self) -> usize {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        self.connections.push(Connection {
            stream,
            pending: Vec::new(),
            closed: false,
        });
        self.connections.len() - 1
    }

    fn send(&mut self, connection: usize, bytes: &[u8]) {
        let c = &mut self.connections[connection];
        if c.stream.write_all(bytes).is_err() {
            c.closed = true;
        }
    }

    fn receive(&mut self, connection: usize, into: &mut Vec<u8>, wait: Duration) {
        let c = &mut self.connections[connection];
        c.stream
            .set_read_timeout(Some(wait))
            .expect("a timeout above zero");
        let mut buffer = [0; 65536];
        match c.stream.read(&mut buffer) {
            Ok(0) => c.closed = true,
            Ok(n) => into.extend_from_slice(&buffer[..n]),
            Err(e)
                if matches!(
                    e.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(_) => c.closed = true,
        }
    }

    fn close(&mut self, connection: usize) {
        let c = &mut self.connections[connection];
        // It may be gone already.
        let _ = c.stream.shutdown(Shutdown::Both);
        c.closed = true;
    }

    fn poll(&mut self, connection: usize, into: &mut Vec<u8>) {
        let c = &mut self.connections[connection];
        if c.closed {
            return;
        }
        c.stream.set_nonblocking(true).expect("a TCP socket");
        let mut buffer = [0; 65536];
        loop {
            match c.stream.read(&mut buffer) {
                Ok(0) => c.closed = true,
                Ok(n) => {
                    into.extend_from_slice(&buffer[..n]);
                    continue;
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(_) => c.closed = true,
            }
            break;
        }
        c.stream.set_nonblocking(false).expect("a TCP socket");
    }

    fn closed(&mut self, connection: usize) -> bool {
        self.connections[connection].closed
    }

    fn advance(&mut self, time: Duration) {
        std::thread::sleep(time);
    }

    fn pending(&mut self, connection: usize) -> &mut Vec<u8> {
        &mut self.connections[connection].pending
    }
}
