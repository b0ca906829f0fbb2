//! Looks commands up by name, and numbers them all so that statistics and permissions can be kept in plain arrays.
use super::{Args, Command};
use crate::base::order::sort_by;

/// All commands of a node. Built once from the families' tables.
#[derive(Clone)]
pub struct Registry {
    top: Vec<&'static Command>,
    all: Vec<&'static Command>,
    /// Number of each top command in `all`; its subcommands follow it.
    numbers: Vec<usize>,
    slots: Vec<u16>,
    /// The same for names of up to eight letters, which nearly all requests begin with: the name as a number, and what
    /// [`Registry::find`] answers.
    words: Vec<(u64, Option<(usize, &'static Command)>)>,
}

const EMPTY: u16 = u16::MAX;
/// Longer words are no command's name.
const MAX_NAME: usize = 32;

fn hash(name: &[u8]) -> usize {
    // FNV-1a on lower-cased bytes: a few nanoseconds, and the table is small and fixed.
    let mut h = 0x811c_9dc5u32;
    for &b in name {
        h = (h ^ u32::from(b | 0x20)).wrapping_mul(0x0100_0193);
    }
    (h ^ (h >> 15)) as usize
}

/// A name of up to eight letters in either case, as a number. 0 for all other names.
#[inline(always)]
fn word(name: &[u8]) -> u64 {
    if name.len() > 8 {
        return 0;
    }
    let mut word = 0;
    for &byte in name {
        // Letters are the only bytes that this makes a small letter of.
        let small = byte | 0x20;
        if !small.is_ascii_lowercase() {
            return 0;
        }
        word = word << 8 | u64::from(small);
    }
    word
}

/// Where a word's search begins.
#[inline(always)]
fn word_slot(word: u64) -> usize {
    (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize
}

impl Registry {
    /// Joins the families' tables, as far as their commands exist in this node; in the order of their names.
    pub fn new(
        families: &[&'static [&'static [Command]]],
        exists: fn(&Command) -> bool,
    ) -> Registry {
        let mut by_name: Vec<&'static Command> = Vec::new();
        for file in families.iter().copied().flatten() {
            by_name.extend(file.iter().filter(|command| exists(command)));
        }
        sort_by(&mut by_name, &mut |a, b| a.name.cmp(b.name));
        let mut registry = Registry {
            top: Vec::new(),
            all: Vec::new(),
            numbers: Vec::new(),
            slots: vec![EMPTY; 1024],
            words: vec![(0, None); 1024],
        };
        for command in by_name {
            let index = registry.top.len();
            registry.numbers.push(registry.all.len());
            let word = word(command.name.as_bytes());
            if word != 0 {
                let mut slot = word_slot(word);
                while registry.words[slot].0 != 0 {
                    slot = (slot + 1) & 1023;
                }
                registry.words[slot] = (word, Some((registry.all.len(), command)));
            }
            registry.top.push(command);
            registry.all.push(command);
            registry.all.extend(command.subs.iter());
            let mut slot = hash(command.name.as_bytes()) & 1023;
            while registry.slots[slot] != EMPTY {
                slot = (slot + 1) & 1023;
            }
            registry.slots[slot] = index as u16;
        }
        assert!(
            registry.top.len() <= 700,
            "the slot table keeps its load below 0.7"
        );
        registry
    }

    fn top_index(&self, name: &[u8]) -> Option<usize> {
        if name.len() > MAX_NAME {
            return None;
        }
        let mut slot = hash(name) & 1023;
        while self.slots[slot] != EMPTY {
            let index = self.slots[slot] as usize;
            if self.top[index].name.as_bytes().eq_ignore_ascii_case(name) {
                return Some(index);
            }
            slot = (slot + 1) & 1023;
        }
        None
    }

    /// The top-level command with this name, in any case, with its number.
    #[inline(always)]
    pub fn find(&self, name: &[u8]) -> Option<(usize, &'static Command)> {
        let word = word(name);
        if word == 0 {
            return self.find_slowly(name);
        }
        let mut slot = word_slot(word);
        while self.words[slot].0 != word && self.words[slot].0 != 0 {
            slot = (slot + 1) & 1023;
        }
        self.words[slot].1
    }

    fn find_slowly(&self, name: &[u8]) -> Option<(usize, &'static Command)> {
        self.top_index(name).map(|i| (self.numbers[i], self.top[i]))
    }

    /// The subcommand of the command with number `parent`, with its own number.
    pub fn find_sub(&self, parent: usize, name: &[u8]) -> Option<(usize, &'static Command)> {
        let subs = self.all[parent].subs;
        let at = subs
            .iter()
            .position(|c| c.name.as_bytes().eq_ignore_ascii_case(name))?;
        Some((parent + 1 + at, &subs[at]))
    }

    /// A command by its full name: `get`, `client|kill`, in any case.
    pub fn find_full(&self, name: &[u8]) -> Option<(usize, &'static Command)> {
        match name.iter().position(|&b| b == b'|') {
            None => self.find(name),
            Some(bar) => self.find_sub(self.find(&name[..bar])?.0, &name[bar + 1..]),
        }
    }

    /// The command or subcommand that a call means; a container where the call has no more than its name.
    pub fn find_call(&self, args: Args<'_>) -> Option<(usize, &'static Command)> {
        let found = self.find(args.get(0))?;
        if found.1.subs.is_empty() || args.len() < 2 {
            return Some(found);
        }
        self.find_sub(found.0, args.get(1))
    }

    /// Top-level commands, by name.
    pub fn top(&self) -> &[&'static Command] {
        &self.top
    }

    /// Every command and subcommand; the position is its number.
    pub fn all(&self) -> &[&'static Command] {
        &self.all
    }
}
