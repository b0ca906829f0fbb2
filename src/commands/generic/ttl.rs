//! When keys expire: asked, and taken back.
use crate::command::{Begin, C, Command, Ctx, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::Class;

pub(super) const TABLE: &[Command] = &[EXPIRETIME, PERSIST, PEXPIRETIME, PTTL, TTL];

const TTL: Command = Command {
    name: "ttl",
    arity: 2,
    flags: F::READONLY.with(F::FAST),
    acl: C::KEYSPACE,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    group: Group::Generic,
    summary: "Gives the seconds until a key expires: -1 if it never does, -2 if it is missing.",
    syntax: "key:key#0",
    tips: &["nondeterministic_output"],
    run: ttl,
    ..Command::DEFAULT
};

fn ttl(ctx: &mut Ctx<'_>) -> Outcome {
    let now = ctx.db.now_ms();
    reply_expiry(ctx, |at| rounded(at.saturating_sub(now)))
}

const PTTL: Command = Command {
    name: "pttl",
    since: "2.6.0",
    summary: "Gives the milliseconds until a key expires: -1 if it never does, -2 if it is missing.",
    run: pttl,
    ..TTL
};

fn pttl(ctx: &mut Ctx<'_>) -> Outcome {
    let now = ctx.db.now_ms();
    reply_expiry(ctx, |at| at.saturating_sub(now))
}

const EXPIRETIME: Command = Command {
    name: "expiretime",
    since: "7.0.0",
    summary: "Gives the moment when a key expires, in seconds since 1970: -1 if never, -2 if the key is missing.",
    tips: &[],
    run: expiretime,
    ..TTL
};

fn expiretime(ctx: &mut Ctx<'_>) -> Outcome {
    reply_expiry(ctx, rounded)
}

const PEXPIRETIME: Command = Command {
    name: "pexpiretime",
    summary: "Gives the moment when a key expires, in milliseconds since 1970: -1 if never, -2 if the key is missing.",
    run: pexpiretime,
    ..EXPIRETIME
};

fn pexpiretime(ctx: &mut Ctx<'_>) -> Outcome {
    reply_expiry(ctx, |at| at)
}

/// Milliseconds to the nearest second. The greatest moments wrap around, as they do in a real server.
fn rounded(ms: i64) -> i64 {
    ms.wrapping_add(500) / 1000
}

/// -2 for no key, -1 for no expiry, else what `show` makes of the moment.
fn reply_expiry(ctx: &mut Ctx<'_>, show: impl Fn(i64) -> i64) -> Outcome {
    let reply = match ctx.db.probe(ctx.arg(1), true) {
        None => -2,
        Some(id) => ctx.db.table().expire_at(id).map_or(-1, show),
    };
    ctx.out.int(reply);
    Ok(())
}

const PERSIST: Command = Command {
    name: "persist",
    arity: 2,
    flags: F::WRITE.with(F::FAST),
    acl: C::KEYSPACE,
    keys: &[KeySpec::new(
        "RW update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.2.0",
    group: Group::Generic,
    summary: "Takes the expiry of a key away.",
    syntax: "key:key#0",
    run: persist,
    ..Command::DEFAULT
};

fn persist(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let changed = ctx.db.write(key).is_some() && ctx.db.persist(key);
    if changed {
        ctx.db.modified(key, Class::GENERIC, "persist");
    }
    ctx.out.int(i64::from(changed));
    Ok(())
}
