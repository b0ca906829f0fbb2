//! Kinds of parameters: how a value is read, judged and printed.
use super::special::Special;
use super::{Config, Refusal};
use crate::base::num;

/// What a parameter's value is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// A number from the first to the second.
    Int(i64, i64),
    /// A number that a real server tacitly pulls into this range.
    Clamped(i64, i64),
    /// File permissions.
    Octal,
    /// Bytes, with units, at least this many and at most that many.
    Memory(u64, u64),
    /// Bytes, or a percentage of `maxmemory`.
    MemoryOrPercent,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// Some of these words.
    Flags(&'static [&'static str]),
    /// Any text.
    Text,
    /// Something with a syntax of its own; whether it is a list of words in a file.
    Special(Special, bool),
}

/// Where a parameter's value is.
#[derive(Clone, Copy)]
pub enum Place {
    /// Among the texts: nothing reads it but CONFIG GET (or a host, which asks by name).
    Kept,
    /// In a field, as a number: an enum's or a bool's position.
    Num(fn(&Config) -> i128, fn(&mut Config, i128)),
    /// In a field, as bytes.
    Text(fn(&Config) -> &[u8], fn(&mut Config) -> &mut Vec<u8>),
    /// Among the texts, and a field follows it: set by the text, or by the words that it was made of.
    Derived(fn(&mut Config, &[u8], &[&[u8]])),
}

/// Who may change a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// CONFIG SET.
    Set,
    /// Only the start of the server.
    Fixed,
    /// CONFIG SET, if `enable-protected-configs` allows it.
    Protected,
}

fn between(min: impl std::fmt::Display, max: impl std::fmt::Display) -> Refusal {
    format!("argument must be between {min} and {max} inclusive").into()
}

fn one_of(names: &[&str]) -> Refusal {
    format!(
        "argument(s) must be one of the following: {}",
        names.join(", ")
    )
    .into()
}

fn position(names: &[&str], word: &[u8]) -> Option<usize> {
    names
        .iter()
        .position(|n| n.as_bytes().eq_ignore_ascii_case(word))
}

impl Kind {
    /// Whether a directive may have more than one argument.
    pub fn is_list(self) -> bool {
        matches!(self, Kind::Flags(_) | Kind::Special(_, true))
    }

    /// Reads a value; its text as CONFIG GET will print it. `words` is not empty.
    pub(super) fn parse(
        self,
        name: &str,
        config: &Config,
        words: &[&[u8]],
    ) -> Result<Vec<u8>, Refusal> {
        let word = words[0];
        match self {
            Kind::Bool => match position(&["no", "yes"], word) {
                Some(at) => Ok(self.print(at as i128)),
                None => Err("argument must be 'yes' or 'no'".into()),
            },
            Kind::Int(min, max) => self.number_in(word, min, max),
            Kind::Clamped(min, max) => {
                let text = self.number_in(word, 0, i64::from(i32::MAX))?;
                Ok(self.print(self.number(&text).clamp(min.into(), max.into())))
            }
            Kind::Octal => {
                let digits = std::str::from_utf8(word).unwrap_or("");
                match u32::from_str_radix(digits, 8) {
                    Ok(n) if n <= 0o777 => Ok(self.print(n.into())),
                    Ok(_) => Err(between("0", "777")),
                    Err(_) => Err("argument couldn't be parsed into an octal number".into()),
                }
            }
            Kind::Memory(min, max) => memory(name, word, min, max),
            Kind::MemoryOrPercent => memory_or_percent(word),
            Kind::Enum(names) => {
                let at = position(names, word).ok_or_else(|| one_of(names))?;
                Ok(names[at].into())
            }
            Kind::Flags(names) => flags(names, words),
            Kind::Text => Ok(word.to_vec()),
            Kind::Special(read, _) => read(config, words),
        }
    }

    fn number_in(self, word: &[u8], min: i64, max: i64) -> Result<Vec<u8>, Refusal> {
        let n = num::parse_i64(word).ok_or("argument couldn't be parsed into an integer")?;
        if n < min || n > max {
            return Err(between(min, max));
        }
        Ok(self.print(n.into()))
    }

    /// The number behind a text that `parse` gave.
    pub(super) fn number(self, text: &[u8]) -> i128 {
        match self {
            Kind::Bool => i128::from(text == b"yes"),
            Kind::Enum(names) => position(names, text).unwrap_or(0) as i128,
            Kind::Memory(..) => num::parse_u64(text).unwrap_or(0).into(),
            _ => num::parse_i64(text).unwrap_or(0).into(),
        }
    }

    /// The text of a number that a field holds.
    pub(super) fn print(self, n: i128) -> Vec<u8> {
        match self {
            Kind::Bool => if n != 0 { "yes" } else { "no" }.into(),
            Kind::Enum(names) => names.get(n as usize).copied().unwrap_or("").into(),
            Kind::Octal => format!("{:o}", n as u32).into(),
            // The fields are of 64 bits, with or without a sign; printing 128 would be code of its own.
            _ => u64::try_from(n)
                .map_or_else(|_| (n as i64).to_string(), |n| n.to_string())
                .into(),
        }
    }
}

/// A real server makes the backlog at least this big, whatever was asked for.
const BACKLOG_MIN: u64 = 16 << 10;

fn memory(name: &str, word: &[u8], min: u64, max: u64) -> Result<Vec<u8>, Refusal> {
    let n = num::parse_memory_u64(word).ok_or("argument must be a memory value")?;
    if n < min || n > max {
        return Err(between(min, max));
    }
    let n = if name == "repl-backlog-size" {
        n.max(BACKLOG_MIN)
    } else {
        n
    };
    Ok(n.to_string().into())
}

fn memory_or_percent(word: &[u8]) -> Result<Vec<u8>, Refusal> {
    const WRONG: &str = "argument must be a memory or percent value";
    let n = match word.strip_suffix(b"%") {
        Some(digits) => -num::parse_i64(digits).filter(|&n| n >= 0).ok_or(WRONG)?,
        // A real server keeps a percentage as a negative number, and takes what is too large for one.
        None => num::parse_memory_u64(word).ok_or(WRONG)? as i64,
    };
    if n < -100 {
        return Err("percentage argument must be less or equal to 100".into());
    }
    let unit = if n < 0 { "%" } else { "" };
    Ok(format!("{}{unit}", n.unsigned_abs()).into())
}

/// What `memory_or_percent` printed, as a number: a percentage is negative.
pub(super) fn bytes_or_percent(text: &[u8]) -> i64 {
    let number = |digits| num::parse_i64(digits).unwrap_or(0);
    match text.strip_suffix(b"%") {
        Some(digits) => -number(digits),
        None => number(text),
    }
}

fn flags(names: &[&str], words: &[&[u8]]) -> Result<Vec<u8>, Refusal> {
    let mut chosen = vec![false; names.len()];
    for word in words {
        chosen[position(names, word).ok_or_else(|| one_of(names))?] = true;
    }
    let has = |name: &str| position(names, name.as_bytes()).is_some_and(|at| chosen[at]);
    if has("save") && has("nosave") {
        return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".into());
    }
    // The first name stands for none of the others.
    if chosen[1..].contains(&true) {
        chosen[0] = false;
    }
    let names = names.iter().zip(&chosen).filter(|&(_, &on)| on);
    Ok(names
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(" ")
        .into())
}
