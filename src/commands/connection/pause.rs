//! Other clients held up or let go: CLIENT PAUSE, UNPAUSE, UNBLOCK.
use crate::command::blocking::{End, Pause};
use crate::command::{C, Command, Ctx, Error, F, Group, Outcome};

/// What they share.
const BASE: Command = Command {
    parent: "client",
    flags: F::ADMIN.with(F::NOSCRIPT).with(F::LOADING).with(F::STALE),
    acl: C::CONNECTION,
    group: Group::Connection,
    ..Command::DEFAULT
};

pub(super) const PAUSE: Command = Command {
    name: "pause",
    arity: -3,
    since: "3.0.0",
    summary: "Lets commands, or only those that write, wait for so many milliseconds.",
    syntax: "timeout:integer [mode<WRITE|ALL>@6.2.0]",
    run: pause,
    ..BASE
};

fn pause(ctx: &mut Ctx<'_>) -> Outcome {
    let all = match ctx.argc() {
        3 => true,
        4 if ctx.args.is(3, "all") => true,
        4 if ctx.args.is(3, "write") => false,
        4 => return Err(Error::new("ERR CLIENT PAUSE mode must be WRITE or ALL")),
        _ => return Err(Error::SYNTAX),
    };
    let until = ctx.deadline_ms(ctx.arg(2))?;
    let until_us = until.unwrap_or(ctx.server.now_us);
    let pause = &mut ctx.server.waits.pause;
    // One that holds already is not made shorter or weaker.
    *pause = Some(match *pause {
        Some(old) => Pause {
            until_us: old.until_us.max(until_us),
            all: old.all || all,
        },
        None => Pause { until_us, all },
    });
    ctx.db.ks.paused = true;
    ctx.out.ok();
    Ok(())
}

pub(super) const UNPAUSE: Command = Command {
    name: "unpause",
    arity: 2,
    since: "6.2.0",
    complexity: "O(N), N the connections that wait",
    summary: "Ends what `CLIENT PAUSE` began.",
    run: unpause,
    ..BASE
};

fn unpause(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.server.waits.pause = None;
    ctx.db.ks.paused = false;
    ctx.out.ok();
    Ok(())
}

pub(super) const UNBLOCK: Command = Command {
    name: "unblock",
    arity: -3,
    since: "5.0.0",
    complexity: "O(log N), N the connections",
    summary: "Ends the wait of a connection's blocking command, as if its time were over or with an error.",
    syntax: "client-id:integer [unblock-type<TIMEOUT|ERROR>]",
    run: unblock,
    ..BASE
};

fn unblock(ctx: &mut Ctx<'_>) -> Outcome {
    let end = match ctx.argc() {
        3 => End::Timeout,
        4 if ctx.args.is(3, "timeout") => End::Timeout,
        4 if ctx.args.is(3, "error") => End::Error,
        4 => {
            return Err(Error::new(
                "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR",
            ));
        }
        _ => return Err(Error::bad_subcommand(ctx.arg(1), "CLIENT")),
    };
    let id = ctx.args.int(2)? as u64;
    let client = ctx.server.clients.get(id);
    let waits = client.and_then(|c| c.blocked.as_ref());
    let ends = waits.is_some_and(|b| !b.paused) && ctx.server.end_wait(ctx.db.ks, id, end);
    ctx.out.int(ends.into());
    Ok(())
}
