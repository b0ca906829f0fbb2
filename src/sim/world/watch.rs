//! A machine whose server is a Sentinel: one of its lines begins with `sentinel`. The lines are the file that it finds at its
//! first start; from then on it is what the Sentinel has made of it, if the machine has a disk.
use super::host::Setup;
use crate::base::rng::Rng;
use crate::resp::parse::split_args;
use crate::sentinel::{Names, Sentinel};
use crate::server::{Node, NodeOptions};
use crate::sim::disk::Disk;

const FILE: &str = "sentinel.conf";

/// A Sentinel's file, as words.
pub(super) struct File {
    text: Vec<u8>,
    lines: Vec<Vec<Vec<u8>>>,
}

/// The Sentinel's file; `None` if the machine is to have another server.
pub(super) fn file(setup: &Setup, disk: Option<&Disk>) -> Option<File> {
    let first = |line: &String| line.split_whitespace().next() == Some("sentinel");
    if !setup.config.iter().any(first) {
        return None;
    }
    let kept = disk.and_then(|disk| disk.read(FILE).ok());
    let text = match kept {
        Some(text) => text.to_vec(),
        None => {
            // Machines are known by their names here.
            let own = ["sentinel resolve-hostnames yes".to_string()];
            let lines: Vec<String> = own.into_iter().chain(setup.config.clone()).collect();
            (lines.join("\n") + "\n").into_bytes()
        }
    };
    let lines = text.split(|b| *b == b'\n');
    let lines = lines.filter(|line| line.first() != Some(&b'#'));
    let lines = lines
        .filter_map(split_args)
        .filter(|words| !words.is_empty());
    let lines = lines.collect();
    Some(File { text, lines })
}

impl File {
    /// The lines that are no Sentinel's and no user's.
    pub(super) fn settings(&self) -> impl Iterator<Item = &Vec<Vec<u8>>> {
        let others = |words: &&Vec<Vec<u8>>| words[0] != b"sentinel" && words[0] != b"user";
        self.lines.iter().filter(others)
    }

    /// Makes the node a Sentinel; what of its lines was refused.
    pub(super) fn apply(&self, options: &mut NodeOptions, names: Names) -> Option<String> {
        let rng = Rng::new(!options.seed);
        let now_ms = options.now_us / 1000;
        let mut sentinel = Sentinel::new(rng, now_ms, options.port, Some(Box::new(names)));
        let loaded = sentinel.load(&self.text);
        options.sentinel = Some(Box::new(sentinel));
        options.config_file = FILE.into();
        let refused = loaded.err()?;
        Some(format!("{}: {}", refused.text, refused.why))
    }

    /// Gives the node the users of the file; what was refused.
    pub(super) fn set_users(&self, node: &mut Node) -> Vec<String> {
        let mut wrong = Vec::new();
        for words in self.lines.iter().filter(|words| words[0] == b"user") {
            let set =
                node.set_users(|acl, registry, config| acl.add_line(&words[1..], registry, config));
            if let Err((rule, why)) = set {
                wrong.push(format!("{}: {why}", String::from_utf8_lossy(&rule)));
            }
        }
        wrong
    }
}
