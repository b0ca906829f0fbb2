//! Transcripts: commands with the replies a real server gave. Recorded by `npm run record`, checked against redlab
//! without any server, natively here and in wasm by tests/transcripts.test.mjs.
//!
//! To add one, write a file of `> command` lines in transcripts/ and record it. Each file runs on a fresh server.
//!
//! ```text
//! # a comment
//! > ZADD z 1 a          a command, in redis-cli's quoting
//! (integer) 1           its reply, written by the recorder
//! @resp 3               speak RESP3 from here on (sent as HELLO, its reply not shown)
//! @conn b               go on with another connection, opened at its first use; the first is `main`
//! @advance 1500         let 1500 ms pass
//! @unordered            the next reply has no order: it is written sorted
//! @pairs                the same, but items of an array belong together two by two
//! @type-only            only the kinds of the next reply matter
//! @numberless           every number in the next reply is written as 0
//! @no-reply             the next command must bring no reply
//! @read                 read one more reply (a push, an answer to a blocked command)
//! @id b                 from here on {b} in a command is the id of this connection
//! ```

use crate::peer::Peer;
use crate::reply::{Reply, encode, split};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One piece of a transcript.
struct Block {
    /// The line number of `head`, counted from 1.
    line: usize,
    /// A command, directive, comment or empty line as it stands in the file.
    head: String,
    /// The lines of the reply.
    reply: String,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/transcripts")
}

/// All transcripts, or those whose path contains one of the words.
pub fn files(words: &[String]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder())
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path());
    let wanted = |p: &PathBuf| {
        words.is_empty()
            || words
                .iter()
                .any(|w| p.to_string_lossy().contains(w.as_str()))
    };
    let mut files: Vec<PathBuf> = entries
        .filter(|p| p.extension().is_some_and(|e| e == "txt"))
        .filter(wanted)
        .collect();
    files.sort();
    files
}

fn blocks(text: &str) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let own = line.is_empty()
            || line.starts_with("> ")
            || line.starts_with('@')
            || line.starts_with('#');
        match out.last_mut() {
            Some(block) if !own => {
                if !block.reply.is_empty() {
                    block.reply.push('\n');
                }
                block.reply.push_str(line);
            }
            _ => out.push(Block {
                line: i + 1,
                head: line.into(),
                reply: String::new(),
            }),
        }
    }
    out
}

/// How the next reply is written.
#[derive(Clone, Copy, PartialEq)]
enum Rule {
    Exact,
    Unordered,
    Pairs,
    TypeOnly,
    Numberless,
    NoReply,
}

fn written(reply: Reply, rule: Rule) -> String {
    match rule {
        Rule::Unordered => reply.sorted().notation(),
        Rule::Pairs => reply.sorted_pairs().notation(),
        Rule::TypeOnly => reply.shape(),
        Rule::Numberless => numberless(&reply.notation()),
        Rule::Exact | Rule::NoReply => reply.notation(),
    }
}

/// The text with a 0 for each number, be it `12`, `0.5` or `127.0.0.1`.
fn numberless(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        let begins = c.is_ascii_digit();
        if begins && !inside {
            out.push('0');
        }
        inside = begins || (inside && c == '.');
        if !inside {
            out.push(c);
        }
    }
    out
}

struct Player<'a> {
    peer: &'a mut dyn Peer,
    connections: BTreeMap<String, usize>,
    current: usize,
    rule: Rule,
    /// What stands for ids, and the ids.
    ids: Vec<(String, String)>,
}

impl<'a> Player<'a> {
    fn new(peer: &'a mut dyn Peer) -> Self {
        peer.restart();
        let main = peer.open();
        Player {
            peer,
            connections: BTreeMap::from([("main".into(), main)]),
            current: main,
            rule: Rule::Exact,
            ids: Vec::new(),
        }
    }

    fn next_reply(&mut self) -> String {
        let rule = std::mem::replace(&mut self.rule, Rule::Exact);
        if rule == Rule::NoReply {
            let mut bytes = std::mem::take(self.peer.pending(self.current));
            self.peer
                .receive(self.current, &mut bytes, Duration::from_millis(50));
            return if bytes.is_empty() {
                "(no reply)".into()
            } else {
                format!("(reply) {}", crate::reply::quote(&bytes))
            };
        }
        match self.peer.read(self.current) {
            Some((_, reply)) => written(reply, rule),
            None => "(connection closed)".into(),
        }
    }

    /// Do what a head says; the text of the reply when there is one.
    fn play(&mut self, head: &str) -> Result<Option<String>, String> {
        if let Some(command) = head.strip_prefix("> ") {
            let filled = self
                .ids
                .iter()
                .fold(command.to_string(), |text, (name, id)| {
                    text.replace(name, id)
                });
            let args = split(&filled).ok_or("a quote is left open")?;
            self.peer.send(self.current, &encode(&args));
            return Ok(Some(self.next_reply()));
        }
        let Some(directive) = head.strip_prefix('@') else {
            return Ok(None);
        };
        let (name, value) = directive.split_once(' ').unwrap_or((directive, ""));
        match name {
            "resp" => drop(self.peer.ask(self.current, &format!("HELLO {value}"))),
            "conn" => {
                let known = self.connections.get(value).copied();
                self.current = known.unwrap_or_else(|| self.peer.open());
                self.connections.insert(value.into(), self.current);
            }
            "id" => {
                let id = self.peer.ask(self.current, "CLIENT ID").notation();
                let id = id.trim_start_matches("(integer) ").to_string();
                self.ids.push((format!("{{{value}}}"), id));
            }
            "advance" => {
                let ms = value
                    .parse()
                    .map_err(|_| format!("@advance {value}: milliseconds are needed"))?;
                self.peer.advance(Duration::from_millis(ms));
            }
            "unordered" => self.rule = Rule::Unordered,
            "pairs" => self.rule = Rule::Pairs,
            "type-only" => self.rule = Rule::TypeOnly,
            "numberless" => self.rule = Rule::Numberless,
            "no-reply" => self.rule = Rule::NoReply,
            "read" => return Ok(Some(self.next_reply())),
            _ => return Err(format!("@{name} is no directive")),
        }
        Ok(None)
    }
}

/// Write the replies of the oracle into the files.
pub fn record(oracle: &mut dyn Peer, words: &[String]) -> Result<usize, String> {
    let files = files(words);
    for path in &files {
        let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut player = Player::new(oracle);
        let mut out = String::new();
        for block in blocks(&text) {
            out.push_str(&block.head);
            out.push('\n');
            let reply = player
                .play(&block.head)
                .map_err(|e| format!("{}:{}: {e}", path.display(), block.line))?;
            if let Some(reply) = reply {
                out.push_str(&reply);
                out.push('\n');
            }
        }
        fs::write(path, out).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(files.len())
}

/// Compare a peer with the files; gives how many replies agreed and the differences in words.
pub fn check(peer: &mut dyn Peer, words: &[String]) -> (usize, Vec<String>) {
    let (mut passed, mut failures) = (0, Vec::new());
    for path in files(words) {
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut player = Player::new(peer);
        for block in blocks(&text) {
            match player.play(&block.head) {
                Ok(None) => {}
                Ok(Some(reply)) if reply == block.reply => passed += 1,
                Ok(Some(reply)) => failures.push(format!(
                    "transcripts/{name}:{}: {}\n  recorded: {}\n  redlab:   {}",
                    block.line,
                    block.head,
                    block.reply.replace('\n', "\n            "),
                    reply.replace('\n', "\n            ")
                )),
                Err(e) => failures.push(format!("transcripts/{name}:{}: {e}", block.line)),
            }
        }
    }
    (passed, failures)
}
