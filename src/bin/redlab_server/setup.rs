//! From settings to a running server: configuration, sockets, the start lines that scripts wait for.
use crate::acl_file::{DiskFile, Working, set_users};
use crate::journal::{Journal, now_us};
use crate::net::{Listener, Net};
use crate::options::{Settings, fatal};
use mio::net::{TcpListener, UnixListener};
use redlab::base::rng::Rng;
use redlab::command::Config;
use redlab::sentinel::{Resolve, Sentinel};
use redlab::server::{Meter, Node, NodeOptions};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::time::Instant;

/// Durations from the machine's monotonic clock.
struct Clock(Instant);

impl Meter for Clock {
    fn micros(&mut self) -> u64 {
        self.0.elapsed().as_micros() as u64
    }

    fn copied(&self) -> Box<dyn Meter> {
        Box::new(Clock(self.0))
    }
}

/// What the host itself does with the configuration.
#[derive(Default)]
struct Host {
    bind: Vec<String>,
    port: u16,
    unixsocket: String,
    logfile: String,
    loglevel: String,
    pidfile: String,
    dir: String,
    aclfile: String,
    daemonize: bool,
}

/// Starts the server and stays until it ends. What went wrong has been said when this returns an error.
pub fn serve(args: &[String], settings: Settings) -> Result<(), ()> {
    let say = |text: String| eprintln!("{text}");
    let (config, host) = apply(&settings).map_err(say)?;
    if host.daemonize && std::env::var_os(CHILD).is_none() {
        return daemonize(args).map_err(|e| say(format!("Can't start in the background: {e}")));
    }
    if let Err(e) = std::env::set_current_dir(&host.dir) {
        say(format!("Can't chdir to '{}': {e}", host.dir));
        return Err(());
    }
    let mut journal = Journal::open(&host.logfile, &host.loglevel)
        .map_err(|e| say(format!("Can't open the log file: {e}")))?;
    say_start(&mut journal, &settings);
    if settings.sentinel && settings.config_file.is_empty() {
        journal.warning("Sentinel needs config file on disk to save state. Exiting...");
        return Err(());
    }
    let seed = settings.seed.unwrap_or_else(random_seed);
    let sentinel = sentinel(&settings, seed, host.port).map_err(say)?;
    let listeners = listen(&host, &mut journal)?;
    let pidfile = match host.pidfile.as_str() {
        "" if host.daemonize => DEFAULT_PIDFILE,
        path => path,
    };
    if !pidfile.is_empty()
        && let Err(e) = std::fs::write(pidfile, format!("{}\n", std::process::id()))
    {
        journal.warning(&format!("Failed to write PID file: {e}"));
    }
    let acl_file = host.aclfile.clone();
    let mut node = Node::new(NodeOptions {
        seed,
        now_us: now_us(),
        config,
        port: host.port,
        pid: std::process::id(),
        executable: absolute(&args[0]),
        config_disk: (!settings.config_file.is_empty())
            .then(|| Box::new(DiskFile(settings.config_file.clone())) as _),
        config_file: settings.config_file,
        directory: Some(Box::new(Working)),
        acl_file: DiskFile::boxed(&acl_file),
        meter: Box::new(Clock(Instant::now())),
        disk: true,
        sentinel,
        ..NodeOptions::default()
    });
    if let Err(why) = set_users(&mut node, &settings.users, &acl_file) {
        why.iter().for_each(|line| journal.warning(line));
        return Err(());
    }
    let mode = if settings.sentinel {
        "sentinel"
    } else {
        "standalone"
    };
    journal.notice(&format!("Running mode={mode}, port={}.", host.port));
    journal.notice("Server initialized");
    let served = run(node, journal, listeners, &host);
    if !pidfile.is_empty() {
        let _ = std::fs::remove_file(pidfile);
    }
    served
}

/// The first lines of the log.
fn say_start(journal: &mut Journal, settings: &Settings) {
    journal.notice("oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo");
    journal.notice(&format!(
        "redlab-server version={}, bits={}, commit=00000000, modified=0, pid={}, just started",
        env!("CARGO_PKG_VERSION"),
        usize::BITS,
        std::process::id()
    ));
    if settings.directives.is_empty() && settings.config_file.is_empty() {
        journal.warning("Warning: no config file specified, using the default config.");
    } else {
        journal.notice("Configuration loaded");
    }
}

/// Serves until the node ends.
fn run(node: Node, journal: Journal, listeners: Vec<Listener>, host: &Host) -> Result<(), ()> {
    let mut ready = Vec::new();
    if host.port != 0 {
        ready.push("Ready to accept connections tcp");
    }
    if !host.unixsocket.is_empty() {
        ready.push("Ready to accept connections unix");
    }
    let served = Net::new(node, journal, listeners, ready).and_then(|mut net| {
        net.run()?;
        Ok(net.failed)
    });
    match served {
        Ok(failed) => (!failed).then_some(()).ok_or(()),
        Err(e) => {
            eprintln!("The event loop failed: {e}");
            Err(())
        }
    }
}

/// Where a background server writes its number if it is not told.
const DEFAULT_PIDFILE: &str = "/var/run/redis.pid";
/// Set for the process that goes on in the background.
const CHILD: &str = "REDLAB_BACKGROUND";

/// Starts the same program again in the background, in a process group of its own, and leaves it to itself.
fn daemonize(args: &[String]) -> std::io::Result<()> {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};
    let child = Command::new(std::env::current_exe()?)
        .args(&args[1..])
        .env(CHILD, "1")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    drop(child);
    Ok(())
}

/// The name service of this machine.
struct NameService;

impl Resolve for NameService {
    fn resolve(&self, name: &str) -> Option<String> {
        let mut all = (name, 0).to_socket_addrs().ok()?;
        Some(all.next()?.ip().to_canonical().to_string())
    }

    fn copied(&self) -> Box<dyn Resolve> {
        Box::new(NameService)
    }
}

/// The Sentinel that the file describes, if it is to be one.
fn sentinel(settings: &Settings, seed: u64, port: u16) -> Result<Option<Box<Sentinel>>, String> {
    if !settings.sentinel {
        return Ok(None);
    }
    // Another sequence than the node's own.
    let rng = Rng::new(!seed);
    let names = Box::new(NameService);
    let mut sentinel = Sentinel::new(rng, now_us() / 1000, port, Some(names));
    let loaded = sentinel.load(&settings.text);
    loaded.map_err(|e| fatal(e.line, e.text.as_bytes(), e.why))?;
    Ok(Some(Box::new(sentinel)))
}

fn random_seed() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        // No entropy: the clock and the pid at least differ between two runs.
        Err(_) => now_us() as u64 ^ u64::from(std::process::id()) << 40,
    }
}

fn absolute(program: &str) -> String {
    std::path::absolute(program)
        .map_or_else(|_| program.into(), |p| p.to_string_lossy().into_owned())
}

fn apply(settings: &Settings) -> Result<(Config, Host), String> {
    let mut config = Config::default();
    if settings.sentinel {
        for words in [["port", "26379"], ["protected-mode", "no"], ["save", ""]] {
            let set = config.directive(&words.map(|word| word.as_bytes().to_vec()));
            debug_assert!(set.is_ok(), "these are good values");
        }
    }
    if let Some(dir) = std::env::current_dir()
        .ok()
        .as_deref()
        .and_then(Path::to_str)
    {
        let set = config.directive(&[b"dir".to_vec(), dir.into()]);
        debug_assert!(set.is_ok(), "any text is a directory's name");
    }
    let mut saves: Vec<Vec<u8>> = Vec::new();
    for (line, words) in settings.directives.iter().enumerate() {
        let mut words = words.clone();
        // Each line adds a point in time to save at; an empty one takes all away.
        if words[0].eq_ignore_ascii_case(b"save") {
            if words[1..] == [b""] {
                saves.clear();
            } else {
                saves.extend_from_slice(&words[1..]);
                words.truncate(1);
                words.extend_from_slice(&saves);
            }
        }
        config
            .directive(&words)
            .map_err(|why| fatal(line + 1, &words.join(&b' '), &why))?;
    }
    let text = |name: &str| String::from_utf8_lossy(&config.text(name)).into_owned();
    let host = Host {
        bind: text("bind").split_whitespace().map(str::to_owned).collect(),
        port: text("port").parse().unwrap_or(6379),
        unixsocket: text("unixsocket"),
        logfile: text("logfile"),
        loglevel: text("loglevel"),
        pidfile: text("pidfile"),
        dir: text("dir"),
        aclfile: text("aclfile"),
        daemonize: text("daemonize") == "yes",
    };
    Ok((config, host))
}

/// Opens every socket; at least one must work. A bind address with a dash in front may be missing on this machine.
fn listen(host: &Host, journal: &mut Journal) -> Result<Vec<Listener>, ()> {
    let mut listeners = Vec::new();
    // A socket for all IPv6 addresses takes IPv4 clients as well, and then a second one for those cannot be had.
    let both = host.bind.iter().any(|b| b == "*") && host.bind.iter().any(|b| b.ends_with("::*"));
    if let Some(Ok(listener)) = (both && host.port != 0).then(|| bind("::*", host.port)) {
        listeners.push(Listener::Tcp(listener));
    } else if host.port != 0 {
        for name in &host.bind {
            let (name, optional) = match name.strip_prefix('-') {
                Some(rest) => (rest, true),
                None => (name.as_str(), false),
            };
            match bind(name, host.port) {
                Ok(listener) => listeners.push(Listener::Tcp(listener)),
                Err(_) if optional => {}
                Err(e) => {
                    journal.warning(&format!(
                        "Warning: Could not create server TCP listening socket {name}:{}: bind: {e}",
                        host.port
                    ));
                    journal.warning(&format!(
                        "Failed listening on port {} (tcp), aborting.",
                        host.port
                    ));
                    return Err(());
                }
            }
        }
    }
    if !host.unixsocket.is_empty() {
        // As a real server: what a former one left behind is in the way.
        let _ = std::fs::remove_file(&host.unixsocket);
        match UnixListener::bind(&host.unixsocket) {
            Ok(listener) => listeners.push(Listener::Unix(listener, host.unixsocket.clone())),
            Err(e) => {
                journal.warning(&format!("Failed opening Unix socket: bind: {e}"));
                return Err(());
            }
        }
    }
    if listeners.is_empty() {
        journal.warning("Configured to not listen anywhere, exiting.");
        return Err(());
    }
    Ok(listeners)
}

fn bind(name: &str, port: u16) -> std::io::Result<TcpListener> {
    let addr: SocketAddr = match name {
        "*" => ([0, 0, 0, 0], port).into(),
        "::*" => ([0u16; 8], port).into(),
        _ => (name, port)
            .to_socket_addrs()?
            .next()
            .ok_or(std::io::ErrorKind::AddrNotAvailable)?,
    };
    TcpListener::bind(addr)
}
