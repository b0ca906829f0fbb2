//! The process itself: TIME, SHUTDOWN.
use crate::command::persistence::Order;
use crate::command::{Command, Ctx, Error, F, Group, Outcome};

pub(super) const TABLE: &[Command] = &[SHUTDOWN, TIME];

const TIME: Command = Command {
    name: "time",
    arity: 1,
    flags: F::LOADING.with(F::STALE).with(F::FAST),
    since: "2.6.0",
    group: Group::Server,
    summary: "Gives the server's clock: seconds since 1970, and microseconds in the second.",
    tips: &["nondeterministic_output"],
    run: time,
    ..Command::DEFAULT
};

fn time(ctx: &mut Ctx<'_>) -> Outcome {
    let now = ctx.server.now_us;
    ctx.out.array(2);
    ctx.out.bulk_int(now.div_euclid(1_000_000));
    ctx.out.bulk_int(now.rem_euclid(1_000_000));
    Ok(())
}

const SHUTDOWN: Command = Command {
    name: "shutdown",
    arity: -1,
    flags: F::ADMIN
        .with(F::NOSCRIPT)
        .with(F::LOADING)
        .with(F::STALE)
        .with(F::NO_MULTI)
        .with(F::SENTINEL)
        .with(F::ALLOW_BUSY),
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(N), N the keys, if they are saved; else O(1)",
    summary: "Saves if it is to, and ends the server.",
    syntax: "[abort-selector<save-selector-block([save-selector<NOSAVE|SAVE>] [NOW@7.0.0] [FORCE@7.0.0])|ABORT@7.0.0>]",
    run: shutdown,
    ..Command::DEFAULT
};

fn shutdown(ctx: &mut Ctx<'_>) -> Outcome {
    let (mut save, mut nosave, mut abort, mut force, mut now) = (false, false, false, false, false);
    for i in 1..ctx.argc() {
        let word = |w| ctx.args.is(i, w);
        if word("nosave") {
            nosave = true;
        } else if word("save") {
            save = true;
        } else if word("now") {
            now = true;
        } else if word("force") {
            force = true;
        } else if word("abort") {
            abort = true;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if (abort && (save || nosave || now || force)) || (save && nosave) {
        return Err(Error::SYNTAX);
    }
    if abort {
        return Err(Error::new("ERR No shutdown in progress."));
    }
    if let Some(script) = ctx.server.running_script.as_ref().filter(|_| !nosave) {
        return Err(script.busy());
    }
    // No reply: the connection's end is the answer.
    let save = save || (!nosave && !ctx.config.save_points.is_empty());
    let save = save && ctx.server.persist.loading.is_none();
    let id = ctx.id;
    ctx.server.persist.order(Order::Exit { id, save, force });
    Ok(())
}
