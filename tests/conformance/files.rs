//! Whole snapshot files in both directions: what random commands make on redlab is read by a real server as it starts,
//! and what they make there is saved by it and read by redlab. Both then have the same data in the same encodings.

pub mod old;

use crate::generate::Generator;
use crate::grammar::Syntax;
use crate::local::Local;
use crate::peer::{Peer, Server};
use crate::reply::Reply;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Commands before a file is made.
const SEGMENT: usize = 200;
/// Keys that expire within this time would be gone on one side and not yet on the other.
const SOON_MS: i64 = 1_000_000;

/// A folder for the files, gone with the value.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        let path = std::env::temp_dir().join(format!("redlab-files-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("temporary files can be made");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    fn file(&self) -> PathBuf {
        self.0.join("dump.rdb")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn args(words: &[&[u8]]) -> Vec<Vec<u8>> {
    words.iter().map(|w| w.to_vec()).collect()
}

fn number(reply: &Reply) -> i64 {
    match reply {
        Reply::Integer(n) => *n,
        _ => 0,
    }
}

/// The digest of a server's data once it has loaded its files. (DEBUG itself does not wait for that.)
fn digest(peer: &mut dyn Peer, on: usize) -> String {
    while peer.ask(on, "DBSIZE").lossy().starts_with("LOADING") {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    peer.ask(on, "DEBUG DIGEST").lossy()
}

/// The digests of two servers' data, if they are not the same.
pub fn other_data(peers: [&mut dyn Peer; 2], on: [usize; 2]) -> Option<String> {
    let [a, b] = peers;
    let kept = [digest(a, on[0]), digest(b, on[1])];
    (kept[0] != kept[1]).then(|| kept.join(" "))
}

/// What comparisons came to.
#[derive(Default)]
pub struct Verdicts {
    pub passed: usize,
    pub failures: Vec<String>,
}

impl Verdicts {
    /// Counts a comparison; `found`: what is wrong, `place`: where to find it again.
    pub fn judge(&mut self, place: &str, what: &str, found: Option<String>) {
        match found {
            None => self.passed += 1,
            Some(found) => self.failures.push(format!("{place}, {what}: {found}")),
        }
    }
}

/// What a snapshot keeps of a stream.
const STREAM: &[&[&[u8]]] = &[&[b"XINFO", b"STREAM", b"*", b"FULL", b"COUNT", b"0"]];

/// Every key with what a file must keep of it, and what it says to `more`; the key stands last there, or for a `*`.
fn describe(peer: &mut dyn Peer, on: usize, more: &[&[&[u8]]]) -> Vec<String> {
    let mut all = Vec::new();
    for db in 0..16 {
        peer.ask(on, &format!("SELECT {db}"));
        let keys = peer.ask(on, "KEYS *").sorted();
        for key in keys.items() {
            let key = key.text().unwrap_or_default();
            let mut ask = |words: &[&[u8]]| peer.call(on, &args(words)).1.notation();
            let mut line = format!(
                "{db} {}: {} {}",
                key.escape_ascii(),
                ask(&[b"PEXPIRETIME", key]),
                ask(&[b"OBJECT", b"ENCODING", key]),
            );
            for words in more {
                let mut words = words.to_vec();
                match words.iter_mut().find(|word| **word == b"*") {
                    Some(word) => *word = key,
                    None => words.push(key),
                }
                line = line + " " + &ask(&words);
            }
            all.push(line);
        }
    }
    all
}

/// Keys that expire soon no longer do.
fn keep(peer: &mut dyn Peer, on: usize) {
    for db in 0..16 {
        peer.ask(on, &format!("SELECT {db}"));
        for key in peer.ask(on, "KEYS *").items() {
            let key = key.text().unwrap_or_default();
            let left = number(&peer.call(on, &args(&[b"PTTL", key])).1);
            if (0..SOON_MS).contains(&left) {
                peer.call(on, &args(&[b"PERSIST", key]));
            }
        }
    }
}

pub fn fill(peer: &mut dyn Peer, on: usize, generator: &mut Generator<'_>) {
    for at in 0..SEGMENT {
        // Most of it stands in a few databases.
        if at % 25 == 24 {
            let db = generator.pick(&["0", "0", "1", "2", "15"]);
            peer.ask(on, &format!("SELECT {db}"));
        }
        let (_, command) = generator.command();
        peer.call(on, &command);
    }
    add_functions(peer, on, generator);
    keep(peer, on);
}

/// A few libraries, most with a single function: the order of several is each server's own.
fn add_functions(peer: &mut dyn Peer, on: usize, generator: &mut Generator<'_>) {
    let texts = [
        "return 1",
        "return redis.call('PING')",
        "-- \u{e4}\n return KEYS[1] or ARGV",
    ];
    let flags = [
        "",
        ", flags={'no-writes'}",
        ", flags={'allow-stale', 'no-cluster'}",
    ];
    while generator.chance(40) {
        let (name, text) = (generator.pick(&["a", "b", "_c9"]), generator.pick(&texts));
        let flags = generator.pick(&flags);
        let code = format!(
            "#!lua name={name}\nredis.register_function{{function_name='f{name}', callback=function(KEYS, ARGV) {text} \nend, \
             description='what {name} does'{flags}}}"
        );
        peer.call(
            on,
            &args(&[b"FUNCTION", b"LOAD", b"REPLACE", code.as_bytes()]),
        );
    }
}

/// Every library with its functions and its code, in the order of their texts.
fn libraries(peer: &mut dyn Peer, on: usize) -> Vec<String> {
    let all = peer.ask(on, "FUNCTION LIST WITHCODE");
    let mut all: Vec<String> = all.items().iter().map(|l| l.notation()).collect();
    all.sort();
    all
}

/// What the first difference is, if any.
pub fn difference(
    names: [&str; 2],
    peers: [&mut dyn Peer; 2],
    on: [usize; 2],
    more: &[&[&[u8]]],
) -> Option<String> {
    let [a, b] = peers;
    let digests = [digest(a, on[0]), digest(b, on[1])];
    let libraries = [libraries(a, on[0]), libraries(b, on[1])];
    if libraries[0] != libraries[1] {
        let [ours, theirs] = libraries.map(|all| all.join("\n    "));
        return Some(format!(
            "\n  {}: {ours}\n  {}: {theirs}",
            names[0], names[1]
        ));
    }
    let keys = [describe(a, on[0], more), describe(b, on[1], more)];
    let pairs = keys[0].iter().zip(&keys[1]);
    let text = |x: &str, y: &str| format!("\n  {}: {x}\n  {}: {y}", names[0], names[1]);
    if keys[0].len() != keys[1].len() {
        return Some(text(&keys[0].join("\n    "), &keys[1].join("\n    ")));
    }
    let differ = pairs
        .filter(|(x, y)| x != y)
        .map(|(x, y)| text(x, y))
        .next();
    differ.or_else(|| (digests[0] != digests[1]).then(|| text(&digests[0], &digests[1])))
}

/// A redlab node that has loaded a file.
fn loaded(file: &Path) -> Result<Local, String> {
    let bytes = std::fs::read(file).map_err(|e| e.to_string())?;
    let mut ours = Local::new();
    ours.load_rdb(&bytes)?;
    Ok(ours)
}

/// What the stock tool says of a file that it does not like.
fn check(file: &Path) -> Option<String> {
    let out = Command::new("valkey-check-rdb").arg(file).output().ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    (!out.status.success() || !text.contains("RDB looks OK")).then_some(text)
}

/// Goes through these files of a run; gives how many comparisons agreed and what did not.
pub fn compare(
    syntax: &[Syntax],
    segments: Range<u64>,
    seed: u64,
    now_s: i64,
) -> Result<(usize, Vec<String>), String> {
    let folder = Folder::new();
    let mut oracle = Server::oracle_in(&folder.0)?;
    let mut generator = Generator::alone(syntax, now_s);
    let mut verdicts = Verdicts::default();
    for segment in segments {
        generator.begin(seed, segment);
        let place = format!("files, seed {seed}, file {segment}");
        let mut judge = |what: &str, found| verdicts.judge(&place, what, found);
        let mut ours = Local::new();
        let on = ours.open();
        fill(&mut ours, on, &mut generator);
        std::fs::write(folder.file(), ours.save_rdb()).map_err(|e| e.to_string())?;
        judge("the stock tool", check(&folder.file()));
        oracle.restart();
        let there = oracle.open();
        let mut again = loaded(&folder.file())?;
        let here = again.open();
        judge(
            "read at start",
            difference(
                ["redlab", "oracle"],
                [&mut again, &mut oracle],
                [here, there],
                STREAM,
            ),
        );
        judge(
            "read by redlab",
            other_data([&mut ours, &mut again], [on, here]),
        );

        oracle.ask(there, "SELECT 0");
        fill(&mut oracle, there, &mut generator);
        // A disk with much else to do may let it wait.
        oracle.send(there, b"SAVE\r\n");
        let saved = oracle.read_within(there, Duration::from_secs(120));
        let saved = saved.map_or_else(String::new, |(_, reply)| reply.lossy());
        judge("SAVE", (saved != "OK").then_some(saved));
        let mut read = loaded(&folder.file())?;
        let here = read.open();
        // It reads its own file as well: some encodings are lost on the way.
        oracle.restart();
        let there = oracle.open();
        judge(
            "the oracle's file",
            difference(
                ["redlab", "oracle"],
                [&mut read, &mut oracle],
                [here, there],
                STREAM,
            ),
        );
    }
    Ok((verdicts.passed, verdicts.failures))
}
