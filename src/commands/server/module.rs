//! MODULE: there are no modules, and none can be loaded.
use crate::command::{Command, Ctx, Error, F, Group, Outcome, syntax};

pub(super) const TABLE: &[Command] = &[MODULE];

/// What a subcommand shares with the others.
const SUB: Command = Command {
    parent: "module",
    flags: F::ADMIN.with(F::NOSCRIPT).with(F::NO_ASYNC_LOADING),
    since: "4.0.0",
    group: Group::Server,
    ..Command::DEFAULT
};

const MODULE: Command = Command {
    name: "module",
    arity: -2,
    since: "4.0.0",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    summary: "A container for commands about modules.",
    subs: &[UNLOAD, HELP, LIST, LOAD, LOADEX],
    ..Command::DEFAULT
};

const HELP: Command = Command {
    name: "help",
    arity: 2,
    flags: F::LOADING.with(F::STALE),
    since: "5.0.0",
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &MODULE),
    ..SUB
};

const LIST: Command = Command {
    name: "list",
    arity: 2,
    flags: F::ADMIN.with(F::NOSCRIPT),
    complexity: "O(N), N the modules",
    summary: "Lists the modules that are loaded.",
    tips: &["nondeterministic_output_order"],
    run: list,
    ..SUB
};

fn list(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.array(0);
    Ok(())
}

const LOAD: Command = Command {
    name: "load",
    arity: -3,
    summary: "Loads a module: here it never can.",
    syntax: "path [arg+]",
    run: load,
    ..SUB
};

const LOADEX: Command = Command {
    name: "loadex",
    arity: -3,
    since: "7.0.0",
    summary: "Loads a module with parameters: here it never can.",
    syntax: "path [CONFIG=configs(name value)++] [ARGS=args+]",
    run: load,
    ..SUB
};

fn load(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.check_protected("MODULE", "enable-module-command")?;
    Err(Error::new(
        "ERR Error loading the extension. Please check the server logs.",
    ))
}

const UNLOAD: Command = Command {
    name: "unload",
    arity: 3,
    summary: "Takes a module out again.",
    syntax: "name",
    run: unload,
    ..SUB
};

fn unload(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.check_protected("MODULE", "enable-module-command")?;
    Err(Error::new(
        "ERR Error unloading module: no such module with that name",
    ))
}
