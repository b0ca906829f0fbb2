//! Waiting until replicas and the disk have what was written: WAIT, WAITAOF. There are no replicas to wait for yet:
//! whoever is told to waits in vain.
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
    let replicas = ctx.args.int(1)?;
    let until = ctx.deadline_ms(ctx.arg(2))?;
    reply_or_wait(ctx, replicas <= 0, until);
    Ok(())
}

/// Answers that nobody has anything, unless that is not enough and the command may wait.
fn reply_or_wait(ctx: &mut Ctx<'_>, enough: bool, until: Option<Micros>) {
    if enough || !ctx.may_wait() {
        blocking::unserved(ctx.command.name, ctx.out);
    } else {
        let argv = blocking::as_sent(ctx.args);
        // No key: only time ends it.
        ctx.wait_for(std::iter::empty(), Awaited::Entry, argv, until);
    }
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
    let aof = &ctx.server.persist.aof;
    if local > 0 && !aof.on {
        return Err(Error::new(
            "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
        ));
    }
    let fresh = ctx.client().commands == 0;
    let (wanted, have) = ctx.server.log_safety(fresh);
    if (have >= local && replicas == 0) || !ctx.may_wait() {
        blocking::waited_aof(have, ctx.out);
        return Ok(());
    }
    ctx.server.persist.waiters.push((ctx.id, wanted));
    let argv = blocking::as_sent(ctx.args);
    ctx.wait_for(std::iter::empty(), Awaited::Entry, argv, until);
    Ok(())
}
