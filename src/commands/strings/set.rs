//! SET, and the older commands that are short forms of it.
use super::expiry::{Condition, Options, Unit, expire_at_once};
use super::get::reply_get;
use crate::base::{num, time::Millis};
use crate::command::{Begin, C, Command, Ctx, Deprecated, Error, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::Class;

pub(super) const TABLE: &[Command] = &[PSETEX, SET, SETEX, SETNX];

const SET: Command = Command {
    name: "set",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "RW access update variable_flags",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )
    .notes("`GET` reads the old value too")],
    group: Group::String,
    summary: "Stores a string under a key, whatever the key held before.",
    syntax: "key:key#0 value [condition<NX|XX>@2.6.12] [GET@6.2.0] [expiration<EX=seconds:integer@2.6.12|PX=milliseconds:integer@2.6.12|EXAT=unix-time-seconds:unix-time@6.2.0|PXAT=unix-time-milliseconds:unix-time@6.2.0|KEEPTTL@6.0.0>]",
    run: set,
    ..Command::DEFAULT
};

fn set(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, value) = (ctx.arg(1), ctx.arg(2));
    if ctx.argc() == 3 {
        ctx.db.set_str(key, value, false);
        ctx.db.modified(key, Class::STRING, "set");
        ctx.out.ok();
        return Ok(());
    }
    let options = Options::read(ctx.args, 3, true)?;
    let at = match options.expiry {
        Some((unit, arg)) => Some(unit.moment(ctx.arg(arg), ctx.db.now_ms(), "set")?),
        None => None,
    };
    if options.get {
        reply_get(ctx, key)?;
    }
    let refused = match options.condition {
        None => false,
        Some(Condition::IfPresent) => !ctx.db.exists(key),
        Some(_) => ctx.db.uses_key(key),
    };
    if refused {
        if !options.get {
            ctx.out.null();
        }
        return Ok(());
    }
    if at.is_some_and(|at| ctx.db.is_past(at)) {
        // What would be gone at once is not stored at all.
        expire_at_once(ctx, key);
        if !options.get {
            ctx.out.ok();
        }
        return Ok(());
    }
    store(ctx, key, value, options.keep_ttl, at);
    match (options.expiry, at) {
        (Some((unit, _)), Some(at)) if unit != Unit::UnixMillis => propagate_pxat(ctx, at),
        (None, _) if options.get => propagate_without_get(ctx),
        _ => {}
    }
    if !options.get {
        ctx.out.ok();
    }
    Ok(())
}

/// Stores the string with its expiry, with the events of SET.
fn store(ctx: &mut Ctx<'_>, key: &[u8], value: &[u8], keep_ttl: bool, at: Option<Millis>) {
    ctx.db.set_str(key, value, keep_ttl || at.is_some());
    if let Some(at) = at {
        ctx.db.set_expire(key, at);
    }
    ctx.db.modified(key, Class::STRING, "set");
    if at.is_some() {
        ctx.db.notify(Class::GENERIC, "expire", key);
    }
}

/// A relative time is over by the time a replica reads it; the absolute one is not.
fn propagate_pxat(ctx: &mut Ctx<'_>, at: Millis) {
    let value = ctx.arg(if ctx.command.name == "set" { 2 } else { 3 });
    let mut digits = [0; 20];
    ctx.propagate_as(&[
        b"SET",
        ctx.arg(1),
        value,
        b"PXAT",
        num::i64_bytes(at, &mut digits),
    ]);
}

/// Nobody reads the old value there.
fn propagate_without_get(ctx: &mut Ctx<'_>) {
    let is_get = |&(at, word): &(usize, &[u8])| at >= 3 && word.eq_ignore_ascii_case(b"get");
    let argv: Vec<&[u8]> = ctx
        .args
        .from(0)
        .enumerate()
        .filter(|pair| !is_get(pair))
        .map(|(_, word)| word)
        .collect();
    ctx.propagate_as(&argv);
}

const SETEX: Command = Command {
    name: "setex",
    arity: 4,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "OW update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.0.0",
    group: Group::String,
    summary: "Stores a string that expires after so many seconds.",
    syntax: "key:key#0 seconds:integer value",
    deprecated: Some(Deprecated {
        since: "2.6.12",
        replaced_by: "`SET` with the `EX` argument",
    }),
    run: setex,
    ..Command::DEFAULT
};

fn setex(ctx: &mut Ctx<'_>) -> Outcome {
    store_for(ctx, Unit::Seconds)
}

const PSETEX: Command = Command {
    name: "psetex",
    since: "2.6.0",
    summary: "Stores a string that expires after so many milliseconds.",
    syntax: "key:key#0 milliseconds:integer value",
    deprecated: Some(Deprecated {
        since: "2.6.12",
        replaced_by: "`SET` with the `PX` argument",
    }),
    run: psetex,
    ..SETEX
};

fn psetex(ctx: &mut Ctx<'_>) -> Outcome {
    store_for(ctx, Unit::Millis)
}

fn store_for(ctx: &mut Ctx<'_>, unit: Unit) -> Outcome {
    let (key, value) = (ctx.arg(1), ctx.arg(3));
    let at = unit.moment(ctx.arg(2), ctx.db.now_ms(), ctx.command.name)?;
    store(ctx, key, value, false, Some(at));
    propagate_pxat(ctx, at);
    ctx.out.ok();
    Ok(())
}

const SETNX: Command = Command {
    name: "setnx",
    arity: 3,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "OW insert",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    group: Group::String,
    summary: "Stores a string, but only if the key is not there yet.",
    syntax: "key:key#0 value",
    deprecated: Some(Deprecated {
        since: "2.6.12",
        replaced_by: "`SET` with the `NX` argument",
    }),
    run: setnx,
    ..Command::DEFAULT
};

fn setnx(ctx: &mut Ctx<'_>) -> Result<(), Error> {
    let key = ctx.arg(1);
    let missing = !ctx.db.uses_key(key);
    if missing {
        store(ctx, key, ctx.arg(2), false, None);
    }
    ctx.out.int(i64::from(missing));
    Ok(())
}
