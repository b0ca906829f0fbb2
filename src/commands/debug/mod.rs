//! DEBUG: for tests and lessons. What a real server has beyond these subcommands is refused as unknown.
//!
//! - here: the record, the way to the subcommands, the small ones;
//! - `inspect`: looking into keys and tables;
//! - `protocol`: one reply of each type;
//! - `reload`: the data from its files.
mod inspect;
mod protocol;
mod reload;

use super::help;
use crate::base::num;
use crate::command::{Args, Command, Ctx, Error, F, Group, Outcome};
use crate::keyspace::{Str, Value};

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[&[DEBUG]];

const DEBUG: Command = Command {
    name: "debug",
    arity: -2,
    flags: F::ADMIN.with(F::NOSCRIPT).with(F::LOADING).with(F::STALE),
    group: Group::Server,
    complexity: "As the subcommand.",
    summary: "Looks into the server, and does to it what only tests and lessons want.",
    internal: true,
    run: debug,
    ..Command::DEFAULT
};

/// A subcommand: its name, the least and the most arguments behind it, its function, and its two lines of HELP.
struct Sub {
    name: &'static str,
    args: (usize, usize),
    run: fn(&mut Ctx<'_>) -> Outcome,
    call: &'static str,
    summary: &'static str,
}

const fn sub(
    name: &'static str,
    args: (usize, usize),
    run: fn(&mut Ctx<'_>) -> Outcome,
    call: &'static str,
    summary: &'static str,
) -> Sub {
    Sub {
        name,
        args,
        run,
        call,
        summary,
    }
}

const SUBS: &[Sub] = &[
    sub(
        "digest",
        (0, 0),
        inspect::digest,
        "DIGEST",
        "A signature of all data: the same data, the same digest.",
    ),
    sub(
        "change-repl-id",
        (0, 0),
        change_history,
        "CHANGE-REPL-ID",
        "Begins another history: no replica can go on without a snapshot.",
    ),
    sub(
        "digest-value",
        (0, usize::MAX),
        inspect::digest_value,
        "DIGEST-VALUE <key> [<key> ...]",
        "The signature of each key's value.",
    ),
    sub(
        "error",
        (1, 1),
        error,
        "ERROR <string>",
        "Replies with an error of these words.",
    ),
    sub(
        "htstats",
        (1, 2),
        inspect::htstats,
        "HTSTATS <dbid> [full]",
        "Figures of a database's hash tables.",
    ),
    sub(
        "htstats-key",
        (1, 2),
        inspect::htstats_key,
        "HTSTATS-KEY <key> [full]",
        "Figures of the hash table that a key holds.",
    ),
    sub(
        "listpack",
        (1, 1),
        inspect::listpack,
        "LISTPACK <key>",
        "Whether a key holds a listpack.",
    ),
    sub(
        "loadaof",
        (0, 0),
        reload::load_aof,
        "LOADAOF",
        "Forgets all data and reads the append-only file.",
    ),
    sub(
        "object",
        (1, 2),
        inspect::object,
        "OBJECT <key> [fast]",
        "How a key's value is kept; `fast` leaves out what takes time to find.",
    ),
    sub(
        "populate",
        (1, 3),
        populate,
        "POPULATE <count> [<prefix>] [<size>]",
        "Makes strings named <prefix>:<number>, unless they are there. Nobody else is told of them.",
    ),
    sub(
        "protocol",
        (1, 1),
        protocol::protocol,
        "PROTOCOL <type>",
        "A reply of the type: string, integer, double, bignum, null, array, set, map, attrib, push, verbatim, true, \
         false.",
    ),
    sub(
        "quicklist",
        (1, 2),
        inspect::quicklist,
        "QUICKLIST <key> [<0|1>]",
        "Whether a key holds a quicklist.",
    ),
    sub(
        "quicklist-packed-threshold",
        (1, 1),
        packed_threshold,
        "QUICKLIST-PACKED-THRESHOLD <size>",
        "From how many bytes on an element of a list gets a node of its own; 0: the default, 1gb.",
    ),
    sub(
        "reload",
        (0, 3),
        reload::reload,
        "RELOAD [NOSAVE] [NOFLUSH] [MERGE]",
        "Saves all data, forgets it and reads the snapshot. NOSAVE: reads what the file has; NOFLUSH: forgets nothing; MERGE: \
         keys that are there already get the file's value.",
    ),
    sub(
        "set-active-expire",
        (1, 1),
        set_active_expire,
        "SET-ACTIVE-EXPIRE <0|1>",
        "0: keys expire only when somebody asks for them.",
    ),
    sub(
        "set-disable-deny-scripts",
        (1, 1),
        accept,
        "SET-DISABLE-DENY-SCRIPTS <0|1>",
        "1: scripts may call what is denied to them.",
    ),
    sub(
        "sleep",
        (1, 1),
        sleep,
        "SLEEP <seconds>",
        "The server does nothing for so long; decimals are allowed.",
    ),
];

fn change_history(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.rng.hex40();
    ctx.server.repl.history.restart(id);
    ctx.out.ok();
    Ok(())
}

fn debug(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.check_protected("DEBUG", "enable-debug-command")?;
    let count = ctx.argc() - 2;
    let found = SUBS
        .iter()
        .find(|s| ctx.args.is(1, s.name) && (s.args.0..=s.args.1).contains(&count));
    match found {
        Some(sub) => (sub.run)(ctx),
        None if ctx.args.is(1, "help") && count == 0 => {
            let entries = SUBS.iter().map(|s| (s.call, s.summary));
            help::reply(ctx.out, "DEBUG", entries);
            Ok(())
        }
        None => Err(unknown(ctx.args)),
    }
}

fn unknown(args: Args<'_>) -> Error {
    Error::bad_subcommand(args.get(1), "DEBUG")
}

fn accept(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.ok();
    Ok(())
}

fn error(ctx: &mut Ctx<'_>) -> Outcome {
    // As a real server, which does not count it among the errors: its code is anything that a client made up.
    let mut text = ctx.arg(2).to_vec();
    text.iter_mut()
        .filter(|b| matches!(b, b'\r' | b'\n'))
        .for_each(|b| *b = b' ');
    ctx.out.raw(&[b"-", text.as_slice(), b"\r\n"].concat());
    Ok(())
}

/// An integer as C's `atoi` reads it: digits after an optional sign, 0 for anything else.
fn atoi(text: &[u8]) -> i64 {
    let (negative, digits) = match text.trim_ascii_start() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let value = digits
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .fold(0i64, |n, b| {
            n.saturating_mul(10).saturating_add(i64::from(b - b'0'))
        });
    if negative { -value } else { value }
}

fn set_active_expire(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.db.ks.active_expire = atoi(ctx.arg(2)) != 0;
    accept(ctx)
}

fn packed_threshold(ctx: &mut Ctx<'_>) -> Outcome {
    /// A node's size must fit in 32 bits.
    const MAX: u64 = (1 << 32) - (1 << 20);
    let size = num::parse_memory_u64(ctx.arg(2)).filter(|size| *size <= MAX);
    ctx.server.packed_threshold = size.ok_or(Error::new(
        "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
    ))?;
    accept(ctx)
}

/// The node is busy from now on: it takes input, but does nothing with it until then. Its replies wait as well.
fn sleep(ctx: &mut Ctx<'_>) -> Outcome {
    let seconds = leading_number(ctx.arg(2));
    let until = ctx.server.now_us.saturating_add((seconds * 1e6) as i64);
    ctx.server.busy_until_us = ctx.server.busy_until_us.max(until);
    accept(ctx)
}

/// The number that `text` begins with, as C's `strtod` finds it; 0 if there is none.
fn leading_number(text: &[u8]) -> f64 {
    let longest = text.len().min(64);
    (1..=longest)
        .rev()
        .find_map(|len| num::parse_f64_bound(&text[..len]))
        .unwrap_or(0.0)
}

/// Most modelled bytes that one POPULATE may make.
const POPULATE_MAX: i64 = 1 << 31;
/// About what a key takes besides its bytes.
const OBJECT_BYTES: i64 = 64;

fn populate(ctx: &mut Ctx<'_>) -> Outcome {
    let positive = |i: usize| match ctx.args.int(i) {
        Ok(n) if n >= 0 => Ok(n),
        _ => Err(Error::NOT_POSITIVE),
    };
    let count = positive(2)?;
    let prefix = if ctx.argc() > 3 { ctx.arg(3) } else { b"key" };
    let size = if ctx.argc() > 4 { positive(4)? } else { 0 };
    let each = size.saturating_add(prefix.len() as i64 + OBJECT_BYTES);
    ctx.room(count.saturating_mul(each))?;
    if count.saturating_mul(each) > POPULATE_MAX {
        return Err(Error::OUT_OF_RANGE);
    }
    let mut key = Vec::new();
    let mut text = Vec::new();
    for n in 0..count {
        key.clear();
        key.extend_from_slice(prefix);
        key.push(b':');
        num::write_i64(&mut key, n);
        if ctx.db.exists(&key) {
            continue;
        }
        text.clear();
        text.extend_from_slice(b"value:");
        num::write_i64(&mut text, n);
        if size > 0 {
            text.resize(size as usize, 0);
        }
        ctx.db.set(&key, Value::Str(Str::plain(&text)), false);
    }
    accept(ctx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_c_reads_them() {
        for (text, expected) in [
            ("1.5", 1.5),
            ("2x", 2.0),
            ("abc", 0.0),
            ("", 0.0),
            ("-1", -1.0),
        ] {
            assert_eq!(leading_number(text.as_bytes()), expected, "{text:?}");
        }
        for (text, expected) in [("1", 1), ("0", 0), ("x", 0), ("-3y", -3), ("+2", 2)] {
            assert_eq!(atoi(text.as_bytes()), expected, "{text:?}");
        }
    }
}
