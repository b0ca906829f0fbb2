//! FCALL: functions of libraries.
use super::BASE;
use super::eval::{ANY_KEYS, ANY_READ_KEYS, READS, RUNS, first_argument, may_run};
use crate::command::{C, Command, Ctx, Error, Outcome, ScriptCall, Then};
use crate::script::shebang::ScriptFlags;

pub(super) const TABLE: &[Command] = &[FCALL, FCALL_RO];

const FCALL: Command = Command {
    name: "fcall",
    arity: -3,
    flags: RUNS,
    acl: C::SCRIPTING,
    keys: ANY_KEYS,
    since: "7.0.0",
    complexity: "That of the function",
    summary: "Calls a function of a library.",
    syntax: "function numkeys:integer [key:key#0+] [arg+]",
    run: |ctx| fcall(ctx, false),
    ..BASE
};

const FCALL_RO: Command = Command {
    name: "fcall_ro",
    flags: READS,
    keys: ANY_READ_KEYS,
    summary: "Calls a function of a library that may only read.",
    run: |ctx| fcall(ctx, true),
    ..FCALL
};

fn fcall(ctx: &mut Ctx<'_>, read_only: bool) -> Outcome {
    let function = ctx.server.libraries.find(ctx.arg(1));
    let function = function.ok_or(Error::new("ERR Function not found"))?;
    let (name, flags, kept) = (function.name.clone(), function.flags, function.kept);
    let arguments = first_argument(ctx, Error::new("ERR Bad number of keys provided"))?;
    may_run(ctx, flags, read_only)?;
    let words: Vec<&[u8]> = ctx.args.from(3).collect();
    let (keys, rest) = words.split_at(arguments - 3);
    let engine = ctx.server.libraries.engine();
    engine.start_function(kept, keys, rest);
    ctx.server.then = Some(Then::Script(Box::new(ScriptCall {
        name,
        function: true,
        flags,
        read_only: read_only || flags.has(ScriptFlags::NO_WRITES),
    })));
    Ok(())
}
