//! Which arguments of a call are keys, by the key specifications of its record.
//!
//! A specification says where keys begin and how to find the others from there. Five commands cannot be described so:
//! their keys, or what they do to them, depend on options at any place. For these the rule stands here.
use super::record::{Begin, F, Find, KeySpec};
use super::{Args, Command};
use crate::base::num;

/// A key among the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyArg {
    /// Which argument; 0 is the command's name.
    pub index: usize,
    /// What the command does to it, in the words of key specifications.
    pub flags: &'static str,
}

/// The arguments are none that the command could run with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl KeySpec {
    fn has(&self, flag: &str) -> bool {
        self.flags.split(' ').any(|f| f == flag)
    }

    /// Whether the specification alone tells all keys and what happens to them.
    fn is_exact(&self) -> bool {
        !self.has("incomplete")
            && !self.has("variable_flags")
            && !matches!(self.begin, Begin::Unknown)
            && !matches!(self.find, Find::Unknown)
    }
}

/// Whether the command can have keys at all (a channel of sharded pub/sub is specified like a key but is none).
pub fn has_keys(command: &Command) -> bool {
    command.keys.iter().any(|spec| !spec.has("not_key"))
}

/// First key, last key (negative: from the end) and step, as far as those three numbers can say it.
pub fn legacy_range(command: &Command) -> (i32, i32, i32) {
    if let [spec] = command.keys {
        return match (spec.begin, spec.find) {
            (Begin::Index(first), Find::Range(last, step, _)) => {
                (first, if last >= 0 { first + last } else { last }, step)
            }
            _ => (0, 0, 0),
        };
    }
    let mut range: Option<(i32, i32)> = None;
    for spec in command.keys {
        let (Begin::Index(first), Find::Range(last, 1, _)) = (spec.begin, spec.find) else {
            continue;
        };
        let last = if last >= 0 { first + last } else { last };
        range = match range {
            None => Some((first, last)),
            // Only neighbours make one range.
            Some((from, to)) if to >= 0 && first == to + 1 => Some((from, last)),
            other => other,
        };
    }
    range.map_or((0, 0, 0), |(first, last)| (first, last, 1))
}

/// The keys of a call whose number of arguments is right. O(arguments).
pub fn find(command: &Command, args: Args<'_>) -> Result<Vec<KeyArg>, Malformed> {
    if command.keys.iter().all(KeySpec::is_exact) {
        let keys = by_specs(command, args)?;
        // A keyword that is not there (XREAD without STREAMS) leaves a command without the keys that it must have.
        let lacking = keys.is_empty() && !command.flags.has(F::NO_MANDATORY_KEYS);
        return if lacking { Err(Malformed) } else { Ok(keys) };
    }
    match command.name {
        "set" => Ok(vec![set_key(args)]),
        "bitfield" => Ok(vec![bitfield_key(args)]),
        "sort" => Ok(sort_keys(args)),
        "migrate" => migrate_keys(args),
        // Of the others only the keys that can be told are.
        _ => by_specs(command, args),
    }
}

fn by_specs(command: &Command, args: Args<'_>) -> Result<Vec<KeyArg>, Malformed> {
    let mut keys = Vec::new();
    for spec in command.keys {
        if spec.has("not_key") {
            continue;
        }
        let argc = args.len() as i64;
        let first = match spec.begin {
            Begin::Index(index) => i64::from(index),
            Begin::Keyword(word, from) => match after_keyword(args, word, from) {
                Some(first) => first,
                None => continue,
            },
            Begin::Unknown => continue,
        };
        let (first, last, step) = match spec.find {
            Find::Range(last, step, limit) => {
                let (last, limit) = (i64::from(last), i64::from(limit));
                let last = match (last >= 0, limit) {
                    (true, _) => first + last,
                    (false, 0) => argc + last,
                    (false, limit) => first + (argc - first) / limit + last,
                };
                (first, last, step)
            }
            Find::KeyNum(at, offset, step) => {
                let at = first + i64::from(at);
                if at >= argc {
                    return Err(Malformed);
                }
                let first = first + i64::from(offset);
                let Some(count) = num::parse_i64(args.get(at as usize)) else {
                    return by_loose_count(command, args, at as usize, first);
                };
                // More than there are arguments cannot be right, and must not overflow.
                if !(0..=argc).contains(&count) {
                    return Err(Malformed);
                }
                (first, first + (count - 1) * i64::from(step), step)
            }
            Find::Unknown => continue,
        };
        if last >= argc || last < first || first >= argc || first < 0 {
            return Err(Malformed);
        }
        let flags = spec.flags;
        let indices = (first as usize..=last as usize).step_by(step.max(1) as usize);
        keys.extend(indices.map(|index| KeyArg { index, flags }));
    }
    Ok(keys)
}

/// Keys behind a count that is no proper number: a real server then reads as many digits as there are, knows nothing of
/// what happens to the keys, and names those that the count is about before the one that is written.
fn by_loose_count(
    command: &Command,
    args: Args<'_>,
    at: usize,
    first: i64,
) -> Result<Vec<KeyArg>, Malformed> {
    let text = args.get(at);
    let text = &text[text.iter().take_while(|b| num::is_space(**b)).count()..];
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let digits = text.iter().take_while(|b| b.is_ascii_digit());
    let count = digits.fold(0, |n: i64, b| {
        n.saturating_mul(10).saturating_add(i64::from(b - b'0'))
    });
    if count < 1 || count > args.len() as i64 - first {
        return Err(Malformed);
    }
    let counted = first as usize..(first + count) as usize;
    let written = command.keys.iter().filter_map(|spec| match spec.begin {
        Begin::Index(index) if matches!(spec.find, Find::Range(..)) => Some(index as usize),
        _ => None,
    });
    let key = |index| KeyArg { index, flags: "" };
    Ok(counted.chain(written).map(key).collect())
}

/// The argument after `word`, searched from `from` on; from the end backwards if that is negative.
fn after_keyword(args: Args<'_>, word: &str, from: i32) -> Option<i64> {
    let argc = args.len() as i64;
    let from = i64::from(from);
    let found = if from > 0 {
        (from..argc - 1).find(|&i| args.is(i as usize, word))
    } else {
        (2..=argc + from).rev().find(|&i| args.is(i as usize, word))
    };
    found.map(|i| i + 1)
}

/// SET gives the old value back with GET.
fn set_key(args: Args<'_>) -> KeyArg {
    let get = (3..args.len()).any(|i| args.is(i, "get"));
    KeyArg {
        index: 1,
        flags: if get { "RW access update" } else { "OW update" },
    }
}

/// BITFIELD only reads if all it has are GETs.
fn bitfield_key(args: Args<'_>) -> KeyArg {
    let mut cursor = args.cursor(2);
    let mut reads = true;
    while reads && !cursor.is_done() {
        let skip = if cursor.take_with("get", 2) {
            2
        } else if cursor.take_with("overflow", 1) {
            1
        } else {
            reads = false;
            0
        };
        (0..skip).for_each(|_| drop(cursor.word()));
    }
    KeyArg {
        index: 1,
        flags: if reads {
            "RO access"
        } else {
            "RW access update"
        },
    }
}

/// SORT: the last STORE counts; what BY and GET read cannot be told.
fn sort_keys(args: Args<'_>) -> Vec<KeyArg> {
    let mut keys = vec![KeyArg {
        index: 1,
        flags: "RO access",
    }];
    let mut i = 2;
    while i < args.len() {
        if args.is(i, "limit") {
            i += 2;
        } else if args.is(i, "get") || args.is(i, "by") {
            i += 1;
        } else if args.is(i, "store") && i + 1 < args.len() {
            keys.truncate(1);
            keys.push(KeyArg {
                index: i + 1,
                flags: "OW update",
            });
        }
        i += 1;
    }
    keys
}

/// MIGRATE: one key at its place, or an empty one there and many after KEYS.
fn migrate_keys(args: Args<'_>) -> Result<Vec<KeyArg>, Malformed> {
    let key = |index| KeyArg {
        index,
        flags: "RW access delete",
    };
    let mut i = 6;
    while i < args.len() {
        if args.is(i, "keys") {
            if !args.get(3).is_empty() {
                return Err(Malformed);
            }
            return Ok((i + 1..args.len()).map(key).collect());
        }
        i += if args.is(i, "auth") {
            2
        } else if args.is(i, "auth2") {
            3
        } else {
            1
        };
    }
    Ok(vec![key(3)])
}
