//! Which key, and which element of it, a command is about: what the views turn to.
use crate::command::{Begin, Command};
use crate::server::Node;

/// What the last command touched.
pub(super) struct Focus {
    pub key: Option<Vec<u8>>,
    /// A member or field of the key; of a list, a place.
    pub element: Option<Vec<u8>>,
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
        let command = command.map_or(String::new(), |c| c.name.to_ascii_uppercase());
        Focus {
            key: key.cloned(),
            element: element.cloned(),
            command,
        }
    }
}

fn first_key<'a>(command: &Command, argv: &'a [Vec<u8>]) -> Option<&'a Vec<u8>> {
    command.keys.iter().find_map(|spec| match spec.begin {
        Begin::Index(index) => argv.get(usize::try_from(index).ok()?),
        _ => None,
    })
}

/// The element among the arguments; of several the last.
fn element<'a>(name: &str, argv: &'a [Vec<u8>]) -> Option<&'a Vec<u8>> {
    match name {
        "zadd" | "sadd" | "srem" | "zrem" | "smismember" | "zmscore" | "hdel" | "hmget" => {
            argv.last()
        }
        "zscore" | "zrank" | "zrevrank" | "sismember" | "hget" | "hset" | "hsetnx" | "hincrby"
        | "hexists" | "hstrlen" | "hincrbyfloat" => argv.get(2),
        // A place.
        "lindex" | "lset" => argv.get(2),
        "zincrby" => argv.get(3),
        _ => None,
    }
}
