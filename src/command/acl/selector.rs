//! A selector: which commands on which keys and channels, and the words of the rules that said so.
use super::Refusal;
use crate::command::{Cats, Command, Registry};
use crate::resp::parse::split_args;

/// A rule about a command, a subcommand or a category (`+get`, `-client|kill`, `+@read`), kept for printing.
#[derive(Clone)]
struct Rule {
    allow: bool,
    /// Lower case.
    name: Vec<u8>,
}

/// Keys that may be read, written, or both.
#[derive(Clone)]
pub struct KeyPattern {
    pub read: bool,
    pub write: bool,
    pub pattern: Vec<u8>,
}

/// One set of permissions.
#[derive(Clone)]
pub struct Selector {
    /// Every command, also those that other versions may add. Off as soon as any was taken away.
    all_commands: bool,
    pub(super) all_keys: bool,
    pub(super) all_channels: bool,
    /// Whether the rules begin at all commands or at none.
    from_all: bool,
    /// By the number in the registry.
    commands: Vec<bool>,
    /// Commands that may run only with this first argument (`+select|0`).
    first_args: Vec<(usize, Vec<u8>)>,
    rules: Vec<Rule>,
    pub(super) keys: Vec<KeyPattern>,
    pub(super) channels: Vec<Vec<u8>>,
}

pub(super) const UNKNOWN: Refusal = "Unknown command or category name in ACL";
pub(super) const SYNTAX: Refusal = "Syntax error";

impl Selector {
    /// Nothing is allowed, but all channels if `open`.
    pub(super) fn new(registry: &Registry, open: bool) -> Selector {
        Selector {
            all_commands: false,
            all_keys: false,
            all_channels: open,
            from_all: false,
            commands: vec![false; registry.all().len()],
            first_args: Vec::new(),
            rules: Vec::new(),
            keys: Vec::new(),
            channels: Vec::new(),
        }
    }

    /// A selector from its rules in parentheses.
    pub(super) fn parse(text: &[u8], registry: &Registry, open: bool) -> Result<Selector, Refusal> {
        let mut selector = Selector::new(registry, open);
        let inner = &text[1..text.len() - 1];
        // Where a quote is left open a real server sees no words at all.
        for word in split_args(inner).unwrap_or_default() {
            selector.apply(&word, registry)?;
        }
        Ok(selector)
    }

    /// Everything is allowed.
    pub(super) fn allow_all(&mut self) {
        self.set_all_commands(true);
        self.all_keys = true;
        self.all_channels = true;
    }

    /// Whether nothing is denied.
    pub(super) fn is_unlimited(&self) -> bool {
        self.all_commands && self.all_keys && self.all_channels
    }

    /// Whether every key may be read.
    pub fn reads_all_keys(&self) -> bool {
        self.all_keys || self.keys.iter().any(|k| k.read && k.pattern == b"*")
    }

    /// Whether the rules allow the command with this number; `first`: the argument after its name(s).
    pub(super) fn allows(&self, number: usize, first: Option<&[u8]>) -> bool {
        let by_argument = |(of, arg): &(usize, Vec<u8>)| {
            *of == number && first.is_some_and(|first| first.eq_ignore_ascii_case(arg))
        };
        self.all_commands
            || self.commands.get(number) == Some(&true)
            || self.first_args.iter().any(by_argument)
    }

    /// One rule about commands, keys or channels. O(commands).
    pub(super) fn apply(&mut self, rule: &[u8], registry: &Registry) -> Result<(), Refusal> {
        let lower = rule.to_ascii_lowercase();
        match lower.as_slice() {
            b"allkeys" | b"~*" => {
                self.all_keys = true;
                self.keys.clear();
            }
            b"resetkeys" => {
                self.all_keys = false;
                self.keys.clear();
            }
            b"allchannels" | b"&*" => {
                self.all_channels = true;
                self.channels.clear();
            }
            b"resetchannels" => {
                self.all_channels = false;
                self.channels.clear();
            }
            b"allcommands" | b"+@all" => self.set_all_commands(true),
            b"nocommands" | b"-@all" => self.set_all_commands(false),
            [b'~' | b'%', ..] => self.add_keys(rule)?,
            [b'&', ..] => self.add_channels(&rule[1..])?,
            [b'+', b'@', ..] => self.set_category(&lower[1..], true, registry)?,
            [b'-', b'@', ..] => self.set_category(&lower[1..], false, registry)?,
            [b'+', name @ ..] => self.allow_command(name, registry)?,
            [b'-', name @ ..] => {
                let (number, command) = registry.find_full(name).ok_or(UNKNOWN)?;
                self.set_command(number, command, false);
                self.note(name, false);
            }
            _ => return Err(SYNTAX),
        }
        Ok(())
    }

    fn set_all_commands(&mut self, allow: bool) {
        self.all_commands = allow;
        self.from_all = allow;
        self.commands.fill(allow);
        self.first_args.clear();
        self.rules.clear();
    }

    /// A command together with its subcommands, which follow it in the registry.
    fn set_command(&mut self, number: usize, command: &Command, allow: bool) {
        let numbers = number..=number + command.subs.len();
        self.first_args.retain(|(of, _)| !numbers.contains(of));
        self.commands[numbers].fill(allow);
        self.all_commands &= allow;
    }

    fn set_category(
        &mut self,
        word: &[u8],
        allow: bool,
        registry: &Registry,
    ) -> Result<(), Refusal> {
        let category = Cats::named(&word[1..]).ok_or(UNKNOWN)?;
        for (number, command) in registry.all().iter().enumerate() {
            if command.categories().has(category) {
                self.set_command(number, command, allow);
            }
        }
        self.note(word, allow);
        Ok(())
    }

    /// `name`, `name|subcommand`, or `name|first-argument`.
    fn allow_command(&mut self, name: &[u8], registry: &Registry) -> Result<(), Refusal> {
        let bar = name.iter().rposition(|&b| b == b'|');
        let whole = registry.find_full(name);
        if let Some(bar) = bar {
            let (number, command) = registry.find_full(&name[..bar]).ok_or(UNKNOWN)?;
            if !command.parent.is_empty() {
                return Err("Allowing first-arg of a subcommand is not supported");
            }
            let first = &name[bar + 1..];
            // A real server ends itself on an argument with spaces, which cannot be printed.
            if first.is_empty() || has_spaces(first) {
                return Err(SYNTAX);
            }
            if command.subs.is_empty() {
                let allowed = (number, first.to_vec());
                if !self.first_args.contains(&allowed) {
                    self.first_args.push(allowed);
                }
                self.note(name, true);
                return Ok(());
            }
        }
        let (number, command) = whole.ok_or(UNKNOWN)?;
        self.set_command(number, command, true);
        self.note(name, true);
        Ok(())
    }

    /// Keeps a rule's words. Rules that it makes pointless go: the same one, and those about subcommands.
    fn note(&mut self, name: &[u8], allow: bool) {
        self.rules.retain(|rule| {
            let rest = rule.name.strip_prefix(name);
            !rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'|')
        });
        let name = name.to_vec();
        self.rules.push(Rule { allow, name });
    }

    /// `~pattern`, `%R~pattern`, `%W~pattern` or `%RW~pattern`.
    fn add_keys(&mut self, rule: &[u8]) -> Result<(), Refusal> {
        if self.all_keys {
            return Err(
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns",
            );
        }
        let (mut read, mut write) = (rule[0] == b'~', rule[0] == b'~');
        let mut pattern = &rule[1..];
        while rule[0] == b'%'
            && let [letter, rest @ ..] = pattern
        {
            pattern = rest;
            match letter.to_ascii_lowercase() {
                b'r' if !read => read = true,
                b'w' if !write => write = true,
                b'~' if read || write => break,
                _ => return Err(SYNTAX),
            }
        }
        if !(read || write) || has_spaces(pattern) {
            return Err(SYNTAX);
        }
        match self.keys.iter_mut().find(|k| k.pattern == pattern) {
            Some(known) => {
                known.read |= read;
                known.write |= write;
            }
            None => self.keys.push(KeyPattern {
                read,
                write,
                pattern: pattern.to_vec(),
            }),
        }
        self.all_keys = false;
        Ok(())
    }

    fn add_channels(&mut self, pattern: &[u8]) -> Result<(), Refusal> {
        if self.all_channels {
            return Err(
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels",
            );
        }
        if has_spaces(pattern) {
            return Err(SYNTAX);
        }
        if !self.channels.iter().any(|known| known == pattern) {
            self.channels.push(pattern.to_vec());
        }
        Ok(())
    }

    /// The rules about commands, as ACL GETUSER prints them.
    pub fn describe_commands(&self) -> Vec<u8> {
        let mut text = if self.from_all { b"+@all" } else { b"-@all" }.to_vec();
        for rule in &self.rules {
            text.extend_from_slice(if rule.allow { b" +" } else { b" -" });
            text.extend_from_slice(&rule.name);
        }
        text
    }

    /// The rules about keys.
    pub fn describe_keys(&self) -> Vec<u8> {
        if self.all_keys {
            return b"~*".to_vec();
        }
        let patterns = self.keys.iter().map(|key| {
            let kind: &[u8] = match (key.read, key.write) {
                (true, true) => b"~",
                (true, false) => b"%R~",
                _ => b"%W~",
            };
            [kind, &key.pattern].concat()
        });
        patterns.collect::<Vec<_>>().join(&b' ')
    }

    /// The rules about channels.
    pub fn describe_channels(&self) -> Vec<u8> {
        if self.all_channels {
            return b"&*".to_vec();
        }
        let patterns = self.channels.iter().map(|p| [b"&", &p[..]].concat());
        patterns.collect::<Vec<_>>().join(&b' ')
    }

    /// All rules in one line, as ACL LIST prints them.
    pub(super) fn describe(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(&self.describe_keys());
        if self.all_keys || !self.keys.is_empty() {
            text.push(b' ');
        }
        if !self.all_channels {
            text.extend_from_slice(b"resetchannels ");
        }
        text.extend_from_slice(&self.describe_channels());
        if self.all_channels || !self.channels.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(&self.describe_commands());
    }
}

/// What a pattern must not hold, for rules are printed with spaces between.
pub(super) fn has_spaces(word: &[u8]) -> bool {
    let blank = |b: &u8| *b == 0 || crate::base::num::is_space(*b);
    word.iter().any(blank)
}
