//! One server of a fleet: a program with its configuration file and its log, in a folder of its own.
use crate::peer::oracle_program;
use crate::reply::{self, Reply, encode};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// Whose program it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Make {
    Redlab,
    Real,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Node,
    Sentinel,
}

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(20);
/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The port that is tried next. Servers that end and come back need ports which the system gives to nobody meanwhile, so
/// these stand below those that it gives to connections.
static NEXT_PORT: AtomicU16 = AtomicU16::new(27_300);

/// redlab's program.
static OURS: OnceLock<PathBuf> = OnceLock::new();

fn ours() -> Result<&'static Path, String> {
    let program = OURS.get().map(PathBuf::as_path);
    program.ok_or_else(|| "redlab-server has not been built".into())
}

/// Ports are looked for from this one on, and redlab's program is this one.
pub fn begin(port: u16, program: PathBuf) {
    NEXT_PORT.store(port, Ordering::Relaxed);
    OURS.get_or_init(|| program);
}

fn free_port() -> u16 {
    loop {
        let port = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// See the head of this file. Dropped, it ends.
pub struct Process {
    pub name: String,
    pub make: Make,
    pub port: u16,
    /// Where others are told to find it.
    pub ip: &'static str,
    /// A user and a password to come in with.
    pub login: Option<(&'static str, &'static str)>,
    part: Part,
    folder: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// A server that is not started yet, with these lines in its configuration file.
    pub fn new(
        folder: &Path,
        name: &str,
        (make, part): (Make, Part),
        lines: &str,
    ) -> Result<Process, String> {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let port = free_port();
        let process = Process {
            name: name.into(),
            make,
            port,
            ip: "127.0.0.1",
            login: None,
            part,
            folder,
            child: None,
        };
        let place = process
            .folder
            .to_str()
            .ok_or("a folder without a plain name")?;
        let text = format!("port {port}\ndir {place}\n{lines}\n");
        std::fs::write(process.file(), text).map_err(|e| e.to_string())?;
        Ok(process)
    }

    fn file(&self) -> PathBuf {
        self.folder.join(match self.part {
            Part::Node => "redis.conf",
            Part::Sentinel => "sentinel.conf",
        })
    }

    /// What its configuration file says now.
    pub fn config(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap_or_default()
    }

    /// What it has written into its log, over all its lives.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Starts it, and comes back when it listens.
    pub fn start(&mut self) -> Result<(), String> {
        self.spawn()?;
        match self.listens()? {
            true => Ok(()),
            false => Err(format!("{} does not listen\n{}", self.name, self.log())),
        }
    }

    /// Starts it, and ends it if it does not end by itself; what it said last in that case, if it did so.
    pub fn last_words(&mut self) -> Result<String, String> {
        self.spawn()?;
        let listens = self.listens()?;
        self.kill();
        let log = self.log();
        let last = log
            .lines()
            .rfind(|line| !line.is_empty())
            .unwrap_or_default();
        Ok(if listens {
            "(it starts)".into()
        } else {
            last.into()
        })
    }

    fn spawn(&mut self) -> Result<(), String> {
        let mut command = match self.make {
            Make::Redlab => Command::new(ours()?),
            Make::Real => Command::new(oracle_program()?),
        };
        command.arg(self.file());
        if self.part == Part::Sentinel {
            command.arg("--sentinel");
        }
        if self.make == Make::Real {
            command.args(["--extended-redis-compatibility", "yes"]);
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("log"))
            .map_err(|e| e.to_string())?;
        let errors = log.try_clone().map_err(|e| e.to_string())?;
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors);
        self.child = Some(command.spawn().map_err(|e| e.to_string())?);
        Ok(())
    }

    /// Waits until it listens, or has ended.
    fn listens(&mut self) -> Result<bool, String> {
        let deadline = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = match &mut self.child {
                Some(child) => child.try_wait().map_err(|e| e.to_string())?,
                None => None,
            };
            if ended.is_some() || Instant::now() > deadline {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(true)
    }

    pub fn runs(&self) -> bool {
        self.child.is_some()
    }

    /// Ends it as SIGKILL does: it has no time for a last word.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Its address as two words.
    pub fn address(&self) -> String {
        format!("{} {}", self.ip, self.port)
    }

    /// A connection, logged in.
    pub fn connect(&self) -> Option<Wire> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut wire = Wire {
            stream,
            pending: Vec::new(),
        };
        if let Some((user, password)) = self.login {
            wire.ask(&format!("AUTH {user} {password}"))?;
        }
        Some(wire)
    }

    /// The reply to a line on a connection of its own; an error in brackets where there is none.
    pub fn ask(&self, line: &str) -> Reply {
        let reply = self.connect().and_then(|mut wire| wire.ask(line));
        reply.unwrap_or_else(|| Reply::Error(b"(no reply)".to_vec()))
    }

    /// A line of INFO.
    pub fn info(&self, name: &str) -> String {
        let info = self.ask("INFO").lossy();
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim().into()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A connection to a server.
pub struct Wire {
    stream: TcpStream,
    pending: Vec<u8>,
}

impl Wire {
    /// The reply to a line; `None` when the connection ends or nothing comes for long.
    pub fn ask(&mut self, line: &str) -> Option<Reply> {
        self.send(line)?;
        self.next()
    }

    /// Sends a line without waiting for its reply.
    pub fn send(&mut self, line: &str) -> Option<()> {
        let words = reply::split(line).expect("quotes are closed");
        self.stream.write_all(&encode(&words)).ok()
    }

    fn next(&mut self) -> Option<Reply> {
        let mut buffer = [0; 16 << 10];
        loop {
            if let Some((reply, len)) = reply::parse(&self.pending).ok()? {
                self.pending.drain(..len);
                return Some(reply);
            }
            let n = self.stream.read(&mut buffer).ok().filter(|n| *n > 0)?;
            self.pending.extend_from_slice(&buffer[..n]);
        }
    }
}
