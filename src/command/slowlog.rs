//! The slow log: which commands took long, with as much of their arguments as is fit to be seen.
use super::{Args, Command};
use std::collections::VecDeque;

/// Arguments that are kept of a command, and bytes of each.
const KEPT_ARGS: usize = 32;
const KEPT_BYTES: usize = 128;
/// More entries than that are not kept, whatever `slowlog-max-len` says.
const MOST_ENTRIES: u64 = 16_384;

/// One command that took long.
#[derive(Clone, Debug)]
pub struct Slow {
    /// When it ended, in seconds since 1970.
    pub at_s: i64,
    pub usec: u64,
    pub argv: Vec<Vec<u8>>,
    /// The client's address and name.
    pub addr: String,
    pub name: Vec<u8>,
}

/// The latest slow commands.
#[derive(Clone, Debug, Default)]
pub struct Slowlog {
    /// The latest first.
    entries: VecDeque<Slow>,
    /// How many there ever were.
    count: u64,
}

impl Slowlog {
    /// Adds an entry; the oldest go when there are more than `most`.
    pub fn add(&mut self, slow: Slow, most: u64) {
        if most == 0 {
            return;
        }
        self.entries.push_front(slow);
        self.entries.truncate(most.min(MOST_ENTRIES) as usize);
        self.count += 1;
    }

    /// The latest first, each with its number, counted from 0.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u64, &Slow)> {
        let count = self.count;
        let numbered = self.entries.iter().enumerate();
        numbered.map(move |(at, slow)| (count - 1 - at as u64, slow))
    }

    /// Forgets the entries; their numbers do not come again.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

/// Parameters whose values are nobody's business.
const SECRETS: [&str; 7] = [
    "masterauth",
    "masteruser",
    "primaryauth",
    "primaryuser",
    "requirepass",
    "tls-client-key-file-pass",
    "tls-key-file-pass",
];

/// Whether argument `at` is a password, or stands where one may stand.
pub fn is_secret(command: &Command, args: Args<'_>, at: usize) -> bool {
    let before = |n: usize, word| at > n && args.is(at - n, word);
    match (command.parent, command.name) {
        ("", "auth") => at > 0,
        ("", "hello") => before(1, "auth") || before(2, "auth"),
        ("", "migrate") => before(1, "auth") || before(1, "auth2") || before(2, "auth2"),
        ("config", "set") => at % 2 == 1 && at > 2 && SECRETS.iter().any(|name| before(1, name)),
        ("acl", "setuser" | "deluser" | "getuser") => at > 1,
        _ => false,
    }
}

/// The arguments as the slow log shows them. O(1): what is long is cut.
pub fn shown(command: &Command, args: Args<'_>) -> Vec<Vec<u8>> {
    let argc = args.len();
    let whole = if argc > KEPT_ARGS {
        KEPT_ARGS - 1
    } else {
        argc
    };
    let more = |start: &[u8], n: usize, what: &str| {
        let mut text = start.to_vec();
        text.extend_from_slice(b"... (");
        text.extend_from_slice(n.to_string().as_bytes());
        text.extend_from_slice(what.as_bytes());
        text
    };
    let mut argv: Vec<Vec<u8>> = (0..whole)
        .map(|at| match args.get(at) {
            _ if is_secret(command, args, at) => b"(redacted)".to_vec(),
            word if word.len() > KEPT_BYTES => {
                let (start, rest) = word.split_at(KEPT_BYTES);
                more(start, rest.len(), " more bytes)")
            }
            word => word.to_vec(),
        })
        .collect();
    if argc > whole {
        argv.push(more(b"", argc - whole, " more arguments)"));
    }
    argv
}
