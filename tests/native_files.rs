//! redlab-server and its real files: killed without a word, it comes back with all that it acknowledged; asked to end, it
//! saves first. And it lets go of those who have gone.
#![cfg(feature = "server")]
#![allow(
    clippy::disallowed_methods,
    reason = "a test of a process has a clock, sockets and child processes"
)]
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_redlab-server");

/// A folder that goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("redlab-native-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("temporary files can be made");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Server {
    child: Child,
    stream: TcpStream,
}

impl Server {
    /// A server on a port that nobody has; another one, if somebody else took that in between.
    fn start(folder: &Path, options: &[&str]) -> Server {
        let tries = (0..5).find_map(|_| Server::start_once(folder, options));
        tries.expect("the server listens, and is the one that was started")
    }

    #[allow(clippy::zombie_processes, reason = "dropping the value waits for it")]
    fn start_once(folder: &Path, options: &[&str]) -> Option<Server> {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let mut child = Command::new(PROGRAM)
            .args(["--port", &port.to_string(), "--dir"])
            .arg(folder)
            .args(options)
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        for _ in 0..200 {
            if child.try_wait().expect("it is a child").is_some() {
                return None; // nobody else ends it here: its port was taken
            }
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
                let wait = stream.set_read_timeout(Some(Duration::from_secs(20)));
                wait.expect("a socket has a timeout");
                let mut server = Server { child, stream };
                let own = format!("process_id:{}\r", server.child.id());
                while server.try_ask("PING").ok()?.starts_with("-LOADING") {
                    std::thread::sleep(Duration::from_millis(5));
                }
                return server
                    .ask_bulk("INFO server")
                    .contains(&own)
                    .then_some(server);
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("the server does not listen");
    }

    /// A command with a reply of one line.
    fn ask(&mut self, line: &str) -> String {
        self.try_ask(line).expect("a reply")
    }

    fn try_ask(&mut self, line: &str) -> std::io::Result<String> {
        self.stream.write_all(format!("{line}\r\n").as_bytes())?;
        let (mut reply, mut byte) = (Vec::new(), [0]);
        while !reply.ends_with(b"\n") {
            self.stream.read_exact(&mut byte)?;
            reply.push(byte[0]);
        }
        Ok(String::from_utf8_lossy(&reply).trim().to_string())
    }

    /// A command with a bulk reply.
    fn ask_bulk(&mut self, line: &str) -> String {
        let head = self.ask(line);
        let len: usize = head.trim_start_matches('$').parse().expect("a length");
        let mut bulk = vec![0; len + 2];
        self.stream.read_exact(&mut bulk).expect("a reply");
        String::from_utf8_lossy(&bulk).into_owned()
    }

    /// Without a word, as a power cut or a `kill -9`.
    fn kill(self) {}
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn killed_it_has_all_that_it_acknowledged() {
    for policy in ["always", "no"] {
        let folder = Folder::new(policy);
        let options = ["--appendonly", "yes", "--appendfsync", policy];
        let mut count = 0;
        for round in 0..3 {
            let mut server = Server::start(&folder.0, &options);
            assert_eq!(server.ask("INCRBY n 0"), format!(":{count}"), "{policy}");
            for _ in 0..50 {
                count += 1;
                assert_eq!(server.ask("INCR n"), format!(":{count}"));
                if round == 1 && count == 60 {
                    let said = server.ask("BGREWRITEAOF");
                    assert_eq!(said, "+Background append only file rewriting started");
                }
            }
            server.kill();
        }
    }
}

#[test]
fn asked_to_end_it_saves() {
    let folder = Folder::new("save");
    let mut server = Server::start(&folder.0, &[]);
    assert_eq!(server.ask("SET a 1"), "+OK");
    let sent = server.stream.write_all(b"SHUTDOWN SAVE\r\n");
    sent.expect("the server listens");
    assert!(server.child.wait().expect("it ends").success());
    let mut server = Server::start(&folder.0, &[]);
    assert_eq!(server.ask("INCR a"), ":2");
    server.kill();
}

#[test]
fn the_check_tools_give_the_verdict() {
    let folder = Folder::new("check");
    let mut server = Server::start(&folder.0, &["--appendonly", "yes"]);
    server.ask("SET a 1");
    server.ask("SAVE");
    server.kill();
    let run = |args: &[&str], path: &Path| {
        let out = Command::new(PROGRAM)
            .args(args)
            .arg(path)
            .stdin(Stdio::null())
            .output();
        let out = out.expect("the program starts");
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        (out.status.success(), text)
    };
    let (good, text) = run(&["--check-rdb"], &folder.0.join("dump.rdb"));
    assert!(
        good && text.contains("RDB looks OK!") && text.contains("1 keys read"),
        "{text}"
    );
    let manifest = folder.0.join("appendonlydir/appendonly.aof.manifest");
    let (good, text) = run(&["--check-aof"], &manifest);
    assert!(
        good && text.ends_with("All AOF files and manifest are valid\n"),
        "{text}"
    );
    let increment = folder.0.join("appendonlydir/appendonly.aof.1.incr.aof");
    let bytes = std::fs::read(&increment).expect("it is there");
    std::fs::write(&increment, &bytes[..bytes.len() - 3]).expect("it can be written");
    let (good, text) = run(&["--check-aof"], &manifest);
    assert!(
        !good && text.contains("is not valid. Use the --fix option"),
        "{text}"
    );
}

#[test]
fn who_leaves_with_the_last_command_is_let_go() {
    let folder = Folder::new("leave");
    let mut server = Server::start(&folder.0, &[]);
    let to = server.stream.peer_addr().expect("it is connected");
    for _ in 0..100 {
        let mut stream = TcpStream::connect(to).expect("the server listens");
        stream
            .write_all(b"CLIENT REPLY OFF\r\nINCR n\r\n")
            .expect("it is sent");
    }
    // No reply is sent that would find the socket closed.
    for _ in 0..500 {
        let clients = server.ask_bulk("INFO clients");
        if clients.contains("connected_clients:1\r\n") {
            assert_eq!(server.ask("INCRBY n 0"), ":100");
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{}", server.ask_bulk("CLIENT LIST"));
}
