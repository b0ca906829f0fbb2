//! SCRIPT: the scripts that the server keeps, and the one that runs.
use super::BASE;
use super::eval::{NO_SCRIPT, digest_of};
use crate::command::{C, Command, Ctx, Error, F, Outcome, syntax};

pub(super) const TABLE: &[Command] = &[SCRIPT];

const SCRIPT: Command = Command {
    name: "script",
    arity: -2,
    since: "2.6.0",
    complexity: "That of the subcommand",
    summary: "A container for commands about scripts.",
    subs: &[DEBUG, EXISTS, FLUSH, HELP, KILL, LOAD, SHOW],
    ..BASE
};

/// What the subcommands have in common.
const SUB: Command = Command {
    parent: "script",
    flags: F::NOSCRIPT,
    acl: C::SCRIPTING,
    since: "2.6.0",
    ..BASE
};

const DEBUG: Command = Command {
    name: "debug",
    arity: 3,
    since: "3.2.0",
    summary: "Accepted, but scripts run through: the script view is where they stop at each line.",
    syntax: "mode<YES|SYNC|NO>",
    run: debug,
    ..SUB
};

/// There is no debugger behind the connection: the scripts of a client that asks for one run through as ever, and the script
/// view is where they are stepped through. A real server would stop at the first line and take what the client sends next
/// for the debugger's commands.
fn debug(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.server.in_exec {
        return Err(Error::new(
            "ERR SCRIPT DEBUG must be called outside a pipeline",
        ));
    }
    if !["yes", "sync", "no"]
        .iter()
        .any(|word| ctx.args.is(2, word))
    {
        return Err(Error::new("ERR Use SCRIPT DEBUG YES/SYNC/NO"));
    }
    ctx.out.ok();
    Ok(())
}

const EXISTS: Command = Command {
    name: "exists",
    arity: -3,
    complexity: "O(N), N the digests",
    summary: "Tells which scripts the server has, by their digests.",
    syntax: "sha1+",
    tips: &[
        "request_policy:all_shards",
        "response_policy:agg_logical_and",
    ],
    run: exists,
    ..SUB
};

fn exists(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.array(ctx.argc() - 2);
    for word in ctx.args.from(2) {
        let script = digest_of(word).and_then(|digest| ctx.server.scripts.get(&digest));
        ctx.out.int(script.is_some().into());
    }
    Ok(())
}

const FLUSH: Command = Command {
    name: "flush",
    arity: -2,
    complexity: "O(N), N the scripts",
    summary: "Forgets all scripts.",
    syntax: "[flush-type<ASYNC|SYNC>@6.2.0]",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: flush,
    ..SUB
};

/// Whether the arguments from the second on are at most one of the two words.
pub(super) fn is_flush_mode(ctx: &Ctx<'_>) -> bool {
    let known = ["async", "sync"].iter().any(|word| ctx.args.is(2, word));
    ctx.argc() == 2 || ctx.argc() == 3 && known
}

fn flush(ctx: &mut Ctx<'_>) -> Outcome {
    if !is_flush_mode(ctx) {
        return Err(Error::new(
            "ERR SCRIPT FLUSH only support SYNC|ASYNC option",
        ));
    }
    ctx.server.scripts.flush();
    ctx.out.ok();
    Ok(())
}

const KILL: Command = Command {
    name: "kill",
    arity: 2,
    flags: F::NOSCRIPT.with(F::ALLOW_BUSY),
    summary: "Ends the script that runs, if it has not written.",
    tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
    run: |ctx| kill(ctx, false),
    ..SUB
};

/// Asks the node to end what runs: a script, or a function.
pub(super) fn kill(ctx: &mut Ctx<'_>, function: bool) -> Outcome {
    let Some(running) = &mut ctx.server.running_script else {
        return Err(Error::new("NOTBUSY No scripts in execution right now."));
    };
    if running.wrote {
        return Err(Error::new(
            "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the \
             script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
        ));
    }
    if running.function != function {
        return Err(running.busy());
    }
    running.killed = true;
    ctx.out.ok();
    Ok(())
}

const LOAD: Command = Command {
    name: "load",
    arity: 3,
    flags: F::NOSCRIPT.with(F::STALE),
    complexity: "O(N), N the bytes of the script",
    summary: "Keeps a script without running it; its digest.",
    syntax: "script",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: load,
    ..SUB
};

fn load(ctx: &mut Ctx<'_>) -> Outcome {
    let digest = ctx.server.scripts.add(ctx.arg(2), true);
    ctx.out.bulk(&digest.map_err(Error::bytes)?);
    Ok(())
}

const SHOW: Command = Command {
    name: "show",
    arity: 3,
    since: "8.0.0",
    summary: "The text of a script, by its digest.",
    syntax: "sha1",
    run: show,
    ..SUB
};

fn show(ctx: &mut Ctx<'_>) -> Outcome {
    let script = digest_of(ctx.arg(2)).and_then(|digest| ctx.server.scripts.get(&digest));
    let script = script.ok_or(Error::new(NO_SCRIPT))?;
    ctx.out.bulk(&script.body);
    Ok(())
}

const HELP: Command = Command {
    name: "help",
    arity: 2,
    flags: F::LOADING.with(F::STALE),
    since: "5.0.0",
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &SCRIPT),
    ..SUB
};
