//! Waiting until replicas and the disk have what was written: WAIT, WAITAOF.
use crate::base::num;
use crate::base::time::Micros;
use crate::command::{C, Command, Ctx, Error, F, Group, Outcome, blocking};
use crate::keyspace::waiting::Awaited;

pub(super) const TABLE: &[Command] = &[WAIT, WAITAOF];

const WAIT: Command = Command {
    name: "wait",
    arity: 3,
    flags: F::BLOCKING,
    acl: C::CONNECTION,
    since: "3.0.0",
    group: Group::Generic,
    summary: "Waits until so many replicas have what the connection wrote, or the time is over; gives how many have.",
    syntax: "numreplicas:integer timeout:integer",
    tips: &["request_policy:all_shards", "response_policy:agg_min"],
    run: wait,
    ..Command::DEFAULT
};

fn wait(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.server.repl.primary.is_some() {
        return Err(Error::new(
            "ERR WAIT cannot be used with replica instances. Please also note that if a replica is configured to be \
             writable (which is not the default) writes to replicas are just local and are not propagated.",
        ));
    }
    let replicas = ctx.args.int(1)?;
    let until = ctx.deadline_ms(ctx.arg(2))?;
    let (have, _) = ctx.server.replicas_of(ctx.id);
    if have >= replicas || !ctx.may_wait() {
        ctx.out.int(have);
        return Ok(());
    }
    wait_for_replicas(ctx, until);
    Ok(())
}

/// Lets the client wait, and has the replicas asked how far they are.
fn wait_for_replicas(ctx: &mut Ctx<'_>, until: Option<Micros>) {
    let argv = blocking::as_sent(ctx.args);
    // No key: only time and what replicas say end it.
    ctx.wait_for(std::iter::empty(), Awaited::Entry, argv, until);
    ctx.server.repl.wants_acks = true;
}

const WAITAOF: Command = Command {
    name: "waitaof",
    arity: 4,
    since: "7.2.0",
    summary: "Waits until what the connection wrote is on the disk here and of so many replicas, or the time is over.",
    syntax: "numlocal:integer numreplicas:integer timeout:integer",
    run: waitaof,
    ..WAIT
};

fn waitaof(ctx: &mut Ctx<'_>) -> Outcome {
    let in_range = |i: usize, most: i64, text: &'static str| {
        let n = num::parse_i64(ctx.args.get(i)).filter(|n| (0..=most).contains(n));
        n.ok_or(Error::new(text))
    };
    let local = in_range(
        1,
        1,
        "ERR value is out of range, value must between 0 and 1",
    )?;
    let positive = "ERR value is out of range, must be positive";
    let replicas = in_range(2, i64::MAX, positive)?;
    let until = ctx.deadline_ms(ctx.arg(3))?;
    if ctx.server.repl.primary.is_some() {
        return Err(Error::new(
            "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local \
             and are not propagated.",
        ));
    }
    let aof = &ctx.server.persist.aof;
    if local > 0 && !aof.on {
        return Err(Error::new(
            "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
        ));
    }
    let fresh = ctx.client().commands == 0;
    let (wanted, have) = ctx.server.log_safety(fresh);
    let (_, fsynced) = ctx.server.replicas_of(ctx.id);
    if (have >= local && fsynced >= replicas) || !ctx.may_wait() {
        blocking::waited_aof(have, fsynced, ctx.out);
        return Ok(());
    }
    ctx.server.persist.waiters.push((ctx.id, wanted));
    wait_for_replicas(ctx, until);
    Ok(())
}
