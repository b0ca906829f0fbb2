//! The list of differences that are meant: tests/conformance/known-differences.

use std::cell::Cell;
use std::path::Path;

/// One difference between redlab and the oracle.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The command in capitals, with its subcommand.
    pub command: String,
    /// What differs: `reply`, `state`, `docs.summary`, `info.flags`, `protocol`, ...
    pub field: String,
    pub ours: String,
    pub theirs: String,
}

struct Entry {
    line: usize,
    command: String,
    field: String,
    /// A glob that the oracle's answer must match.
    theirs: String,
    matched: Cell<u64>,
}

pub struct Known {
    entries: Vec<Entry>,
}

/// `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => {
            let Some(text) = text.strip_prefix(head) else {
                return false;
            };
            rest.is_empty()
                || (0..=text.len()).any(|i| text.is_char_boundary(i) && glob(rest, &text[i..]))
        }
    }
}

impl Known {
    /// Reads lines of `COMMAND | field [glob of the oracle's answer] | reason`; `#` begins a comment.
    pub fn load() -> Result<Known, String> {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/known-differences");
        Known::parse(&std::fs::read_to_string(path).map_err(|e| format!("known-differences: {e}"))?)
    }

    pub fn parse(text: &str) -> Result<Known, String> {
        let mut entries = Vec::new();
        for (i, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let parts: Vec<&str> = line.split('|').map(str::trim).collect();
            let [command, field, reason] = parts[..] else {
                return Err(format!(
                    "known-differences:{}: needs COMMAND | field | reason",
                    i + 1
                ));
            };
            if reason.is_empty() {
                return Err(format!("known-differences:{}: needs a reason", i + 1));
            }
            let (field, theirs) = field.split_once(' ').unwrap_or((field, "*"));
            let (command, field, theirs) = (command.into(), field.into(), theirs.trim().into());
            entries.push(Entry {
                line: i + 1,
                command,
                field,
                theirs,
                matched: Cell::new(0),
            });
        }
        Ok(Known { entries })
    }

    /// Is this difference listed? Remembers that its entry was needed.
    pub fn lists(&self, d: &Difference) -> bool {
        let mut found = false;
        for e in &self.entries {
            if glob(&e.command, &d.command)
                && glob(&e.field, &d.field)
                && glob(&e.theirs, &d.theirs)
            {
                e.matched.set(e.matched.get() + 1);
                found = true;
            }
        }
        found
    }

    /// How often each entry matched, by its line: what a run must remember to go on later.
    pub fn counts(&self) -> Vec<(usize, u64)> {
        self.entries
            .iter()
            .map(|e| (e.line, e.matched.get()))
            .collect()
    }

    /// Take up counts from `counts`.
    pub fn recall(&self, line: usize, count: u64) {
        for e in self.entries.iter().filter(|e| e.line == line) {
            e.matched.set(count);
        }
    }

    /// Entries whose field is one of these kinds and that nothing matched.
    pub fn unmatched(&self, kinds: &[&str]) -> Vec<String> {
        let mine =
            |e: &&Entry| kinds.iter().any(|k| e.field.starts_with(k)) && e.matched.get() == 0;
        let line = |e: &Entry| {
            format!(
                "known-differences:{}: {} | {} matches nothing",
                e.line, e.command, e.field
            )
        };
        self.entries.iter().filter(mine).map(line).collect()
    }
}

/// Proves that the list can refuse: called by the self-test.
pub fn self_test() -> Result<(), String> {
    let known = Known::parse("SPOP | reply (error)* | reason\n# note\n* | docs.summary | ours\n")?;
    let d = |command: &str, field: &str, theirs: &str| Difference {
        command: command.into(),
        field: field.into(),
        ours: String::new(),
        theirs: theirs.into(),
    };
    let right = known.lists(&d("SPOP", "reply", "(error) ERR x"))
        && !known.lists(&d("SPOP", "reply", "OK"))
        && !known.lists(&d("SADD", "reply", "(error) ERR x"))
        && known.unmatched(&["docs."]).len() == 1
        && known.unmatched(&["reply"]).is_empty()
        && Known::parse("SPOP | reply | ").is_err()
        && Known::parse("SPOP | reply").is_err();
    if right {
        Ok(())
    } else {
        Err("known-differences do not match as documented".into())
    }
}
