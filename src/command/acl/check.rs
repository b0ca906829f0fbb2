//! Whether a user may make a call.
use super::{Selector, User};
use crate::base::glob::glob;
use crate::command::{Args, Command, Error, F, keys};

/// What stands in the way of a call. Of several selectors the one that came furthest is reported, so the order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    Command,
    /// The argument that is a key.
    Key(usize),
    /// The argument that is a channel.
    Channel(usize),
}

impl Denied {
    /// The word for it in ACL LOG.
    pub fn reason(self) -> &'static str {
        match self {
            Denied::Command => "command",
            Denied::Key(_) => "key",
            Denied::Channel(_) => "channel",
        }
    }
}

impl Denied {
    /// What the user is told.
    pub fn error(self, user: &[u8], command: &Command) -> Error {
        match self {
            Denied::Command => {
                let mut text = b"NOPERM ".to_vec();
                self.explain(user, command, b"", &mut text);
                Error::bytes(text)
            }
            Denied::Key(_) => Error::new("NOPERM No permissions to access a key"),
            Denied::Channel(_) => Error::new("NOPERM No permissions to access a channel"),
        }
    }

    /// The whole truth, for ACL DRYRUN; `object`: the key or channel.
    pub fn explain(self, user: &[u8], command: &Command, object: &[u8], text: &mut Vec<u8>) {
        let (does, object, kind): (_, _, &[u8]) = match self {
            Denied::Command => ("run", command.full_name().into_bytes(), b"command"),
            Denied::Key(_) => ("access", object.to_vec(), b"key"),
            Denied::Channel(_) => ("access", object.to_vec(), b"channel"),
        };
        text.extend_from_slice(b"User ");
        text.extend_from_slice(user);
        text.extend_from_slice(b" has no permissions to ");
        text.extend_from_slice(does.as_bytes());
        text.extend_from_slice(b" the '");
        text.extend_from_slice(&object);
        text.extend_from_slice(b"' ");
        text.extend_from_slice(kind);
    }
}

/// Which arguments of a call are channels to be asked for, and whether they are patterns. Leaving is always allowed.
pub fn channels(command: &Command, argc: usize) -> Option<(std::ops::Range<usize>, bool)> {
    if !command.flags.has(F::PUBSUB) {
        return None;
    }
    match command.name {
        "publish" | "spublish" => Some((1..2, false)),
        "subscribe" | "ssubscribe" => Some((1..argc, false)),
        "psubscribe" => Some((1..argc, true)),
        _ => None,
    }
}

impl Selector {
    fn check(&self, number: usize, command: &Command, args: Args<'_>) -> Result<(), Denied> {
        let after_name = 1 + usize::from(!command.parent.is_empty());
        let first = (args.len() > after_name).then(|| args.get(after_name));
        if !command.flags.has(F::NO_AUTH) && !self.allows(number, first) {
            return Err(Denied::Command);
        }
        if !self.all_keys && keys::has_keys(command) {
            // What is no call that could run has no keys: the command itself will say so.
            for key in keys::find(command, args).unwrap_or_default() {
                if !self.allows_key(args.get(key.index), key.flags) {
                    return Err(Denied::Key(key.index));
                }
            }
        }
        if let Some((range, pattern)) = channels(command, args.len()) {
            for index in range {
                if !self.allows_channel(args.get(index), pattern) {
                    return Err(Denied::Channel(index));
                }
            }
        }
        Ok(())
    }

    /// Whether a pattern matches the key and allows what the flags of its specification say is done to it.
    fn allows_key(&self, key: &[u8], flags: &str) -> bool {
        let does = |words: &[&str]| flags.split(' ').any(|flag| words.contains(&flag));
        let (reads, writes) = (does(&["access"]), does(&["insert", "delete", "update"]));
        self.keys.iter().any(|known| {
            (known.read || !reads) && (known.write || !writes) && glob(&known.pattern, key, false)
        })
    }

    /// Whether the channel may be used. A pattern must be among the rules letter by letter.
    pub fn allows_channel(&self, channel: &[u8], pattern: bool) -> bool {
        self.all_channels
            || self.channels.iter().any(|known| {
                if pattern {
                    known == channel
                } else {
                    glob(known, channel, false)
                }
            })
    }
}

impl User {
    /// Whether one of the selectors allows the call. `number` is the command's in the registry.
    /// O(selectors * keys of the call * patterns).
    pub fn check(&self, number: usize, command: &Command, args: Args<'_>) -> Result<(), Denied> {
        let mut denied = Denied::Command;
        for selector in self.all_selectors() {
            match selector.check(number, command, args) {
                Ok(()) => return Ok(()),
                Err(why) => denied = denied.max(why),
            }
        }
        Err(denied)
    }

    /// Whether a selector that allows the call also lets all keys be read (BY and GET of SORT name any key).
    pub fn reads_all_keys(&self, (number, command): (usize, &Command), args: Args<'_>) -> bool {
        let reads = |selector: &Selector| {
            selector.check(number, command, args).is_ok() && selector.reads_all_keys()
        };
        self.all_selectors().any(reads)
    }
}
