//! OBJECT: what the keyspace knows of a value besides the value.
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::help;
use crate::ds::dict::EntryId;
use crate::keyspace::{Str, Value};

pub(super) const TABLE: &[Command] = &[OBJECT];

const OBJECT: Command = Command {
    name: "object",
    arity: -2,
    since: "2.2.3",
    group: Group::Generic,
    complexity: "As the subcommand.",
    summary: "Tells how a value is kept.",
    subs: &[ENCODING, FREQ, HELP, IDLETIME, REFCOUNT],
    ..Command::DEFAULT
};

const ENCODING: Command = Command {
    name: "encoding",
    parent: "object",
    arity: 3,
    flags: F::READONLY,
    acl: C::KEYSPACE,
    keys: &[KeySpec::new("RO", Begin::Index(2), Find::Range(0, 1, 0))],
    since: "2.2.3",
    group: Group::Generic,
    summary: "Names the internal form of a value.",
    syntax: "key:key#0",
    tips: &["nondeterministic_output"],
    run: encoding,
    ..Command::DEFAULT
};

/// The entry of the command's key; writes null if there is none. Counts as a hit or a miss, moves no LRU or LFU field
/// and sends no event.
fn entry(ctx: &mut Ctx<'_>) -> Option<EntryId> {
    let found = ctx.db.probe(ctx.arg(2), false);
    if found.is_none() {
        ctx.out.null();
    }
    found
}

fn encoding(ctx: &mut Ctx<'_>) -> Outcome {
    if let Some(id) = entry(ctx) {
        let name = ctx.db.table().object(id).value.encoding();
        ctx.out.bulk(name.as_bytes());
    }
    Ok(())
}

const FREQ: Command = Command {
    name: "freq",
    since: "4.0.0",
    summary: "Gives the LFU counter of a key, a logarithm of how often it is used.",
    run: freq,
    ..ENCODING
};

fn freq(ctx: &mut Ctx<'_>) -> Outcome {
    let Some(id) = entry(ctx) else {
        return Ok(());
    };
    if !ctx.db.ks.counts_uses() {
        return Err(Error::new(
            "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
             switching between policies at runtime LRU and LFU data will take some time to adjust.",
        ));
    }
    let uses = ctx.db.uses(id);
    ctx.out.int(i64::from(uses));
    Ok(())
}

const IDLETIME: Command = Command {
    name: "idletime",
    summary: "Gives the seconds since a key was last used.",
    run: idletime,
    ..ENCODING
};

fn idletime(ctx: &mut Ctx<'_>) -> Outcome {
    if let Some(id) = entry(ctx) {
        if ctx.db.ks.counts_uses() {
            return Err(Error::new(
                "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching \
                 between policies at runtime LRU and LFU data will take some time to adjust.",
            ));
        }
        let idle = ctx.db.idle_seconds(id);
        ctx.out.int(i64::from(idle));
    }
    Ok(())
}

const REFCOUNT: Command = Command {
    name: "refcount",
    summary: "Gives how many share the value: a great number for small integers, which exist once for all keys.",
    run: refcount,
    ..ENCODING
};

/// Integers below this are made once, when a server starts.
const SHARED_INTEGERS: i64 = 10_000;

/// How many refer to a value, as a real server counts.
pub(crate) fn refcount_of(value: &Value) -> i64 {
    match value {
        Value::Str(Str::Int(0..SHARED_INTEGERS)) => i64::from(i32::MAX),
        _ => 1,
    }
}

fn refcount(ctx: &mut Ctx<'_>) -> Outcome {
    if let Some(id) = entry(ctx) {
        let count = refcount_of(&ctx.db.table().object(id).value);
        ctx.out.int(count);
    }
    Ok(())
}

const HELP: Command = Command {
    name: "help",
    parent: "object",
    arity: 2,
    flags: F::LOADING.with(F::STALE),
    acl: C::KEYSPACE,
    since: "6.2.0",
    group: Group::Generic,
    summary: "Lists the subcommands.",
    run: object_help,
    ..Command::DEFAULT
};

fn object_help(ctx: &mut Ctx<'_>) -> Outcome {
    let entries = OBJECT
        .subs
        .iter()
        .filter(|sub| sub.name != "help")
        .map(|sub| {
            (
                format!("{} <key>", sub.name.to_ascii_uppercase()),
                sub.summary,
            )
        });
    help::reply(ctx.out, "OBJECT", entries);
    Ok(())
}
