//! MONITOR: a look over the server's shoulder.
use crate::command::{Command, Ctx, Error, F, Group, Outcome};

pub(super) const TABLE: &[Command] = &[MONITOR];

const MONITOR: Command = Command {
    name: "monitor",
    arity: 1,
    flags: F::ADMIN.with(F::NOSCRIPT).with(F::LOADING).with(F::STALE),
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(1), and then O(its bytes) a command of any client",
    summary: "Shows every command that the server runs from now on.",
    run: monitor,
    ..Command::DEFAULT
};

fn monitor(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.server.in_exec {
        return Err(Error::new(
            "ERR MONITOR isn't allowed for DENY BLOCKING client",
        ));
    }
    if ctx.server.watch_commands(ctx.id) {
        ctx.out.ok();
    }
    Ok(())
}
