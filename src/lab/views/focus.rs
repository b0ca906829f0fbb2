//! Which key, and which element of it, a command is about: what the views turn to.
use crate::command::{Begin, Command};
use crate::server::Node;

/// What the last command touched.
pub(super) struct Focus {
    pub key: Option<Vec<u8>>,
    /// A member or field of the key; of a list, a place.
    pub element: Option<Vec<u8>>,
    /// A group of a stream, and one of its consumers.
    pub group: Option<Vec<u8>>,
    pub consumer: Option<Vec<u8>>,
    /// The command's name, for the sentence.
    pub command: String,
}

impl Focus {
    /// Of a command as it was typed; unknown ones are about nothing.
    pub fn of(node: &Node, argv: &[Vec<u8>]) -> Focus {
        let registry = &node.server().registry;
        let found = argv.first().and_then(|name| registry.find(name));
        let command = found.map(|(number, command)| {
            let sub = argv.get(1).and_then(|name| registry.find_sub(number, name));
            match command.subs.is_empty() {
                true => command,
                false => sub.map_or(command, |(_, sub)| sub),
            }
        });
        let key = command.and_then(|c| first_key(c, argv));
        let element = command.and_then(|c| element(c.name, argv));
        let at = command.and_then(|c| group_at(c, argv));
        let word = |at: usize| argv.get(at).cloned();
        let (group, consumer) = (at.and_then(word), at.and_then(|at| word(at + 1)));
        let command = command.map_or(String::new(), |c| c.name.to_ascii_uppercase());
        Focus {
            key: key.cloned(),
            element: element.cloned(),
            group,
            consumer,
            command,
        }
    }
}

fn first_key<'a>(command: &Command, argv: &'a [Vec<u8>]) -> Option<&'a Vec<u8>> {
    command.keys.iter().find_map(|spec| match spec.begin {
        Begin::Index(index) => argv.get(usize::try_from(index).ok()?),
        Begin::Keyword(word, _) => argv.get(position(argv, word)? + 1),
        Begin::Unknown => None,
    })
}

fn position(argv: &[Vec<u8>], word: &str) -> Option<usize> {
    argv.iter()
        .position(|w| w.eq_ignore_ascii_case(word.as_bytes()))
}

/// Where a group of a stream is named; a consumer stands behind it.
fn group_at(command: &Command, argv: &[Vec<u8>]) -> Option<usize> {
    match (command.parent, command.name) {
        (_, "xreadgroup") => position(argv, "GROUP").map(|at| at + 1),
        (_, "xack" | "xclaim" | "xautoclaim" | "xpending") => Some(2),
        ("xgroup", _) => Some(3),
        _ => None,
    }
}

/// The element among the arguments; of several the last.
fn element<'a>(name: &str, argv: &'a [Vec<u8>]) -> Option<&'a Vec<u8>> {
    match name {
        "zadd" | "geoadd" | "pfadd" | "sadd" | "srem" | "zrem" | "smismember" | "zmscore"
        | "hdel" | "hmget" => argv.last(),
        "geodist" | "geopos" | "geohash" | "zscore" | "zrank" | "zrevrank" | "sismember"
        | "hget" | "hset" | "hsetnx" | "hincrby" | "hexists" | "hstrlen" | "hincrbyfloat" => {
            argv.get(2)
        }
        // A place.
        "lindex" | "lset" => argv.get(2),
        "zincrby" => argv.get(3),
        _ => None,
    }
}
