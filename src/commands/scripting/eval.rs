//! EVAL, EVALSHA and their forms that only read.
use super::BASE;
use crate::command::{
    Begin, C, Command, Ctx, Error, F, Find, Flags, KeySpec, Outcome, ScriptCall, Then,
};
use crate::script::cache::Digest;
use crate::script::shebang::ScriptFlags;

pub(super) const TABLE: &[Command] = &[EVAL, EVAL_RO, EVALSHA, EVALSHA_RO];

/// The flags of all that run scripts.
pub(super) const RUNS: Flags = F::NOSCRIPT
    .with(F::STALE)
    .with(F::SKIP_MONITOR)
    .with(F::MAY_REPLICATE)
    .with(F::NO_MANDATORY_KEYS)
    .with(F::MOVABLEKEYS);
/// Those of the forms that only read.
pub(super) const READS: Flags = F::READONLY
    .with(F::NOSCRIPT)
    .with(F::STALE)
    .with(F::SKIP_MONITOR)
    .with(F::NO_MANDATORY_KEYS)
    .with(F::MOVABLEKEYS);

const fn keys(flags: &'static str) -> KeySpec {
    KeySpec::new(flags, Begin::Index(2), Find::KeyNum(0, 1, 1))
}

/// Their keys: nobody can tell what becomes of them.
const KEYS: &[KeySpec] = &[keys("RW access update")];
const READ_KEYS: &[KeySpec] = &[keys("RO access")];
pub(super) const ANY_KEYS: &[KeySpec] = &[keys("RW access update")
    .notes("We cannot tell how the keys will be used so we assume the worst, RW and UPDATE")];
pub(super) const ANY_READ_KEYS: &[KeySpec] = &[keys("RO access")
    .notes("We cannot tell how the keys will be used so we assume the worst, RO and ACCESS")];

const EVAL: Command = Command {
    name: "eval",
    arity: -3,
    flags: RUNS,
    acl: C::SCRIPTING,
    keys: ANY_KEYS,
    since: "2.6.0",
    complexity: "That of the script",
    summary: "Runs a script.",
    syntax: "script numkeys:integer [key:key#0+] [arg+]",
    run: |ctx| eval(ctx, false),
    ..BASE
};

const EVAL_RO: Command = Command {
    name: "eval_ro",
    flags: READS,
    keys: ANY_READ_KEYS,
    since: "7.0.0",
    summary: "Runs a script that may only read.",
    run: |ctx| eval(ctx, true),
    ..EVAL
};

const EVALSHA: Command = Command {
    name: "evalsha",
    keys: KEYS,
    summary: "Runs a script that the server has, by its digest.",
    syntax: "sha1 numkeys:integer [key:key#0+] [arg+]",
    run: |ctx| evalsha(ctx, false),
    ..EVAL
};

const EVALSHA_RO: Command = Command {
    name: "evalsha_ro",
    flags: READS,
    keys: READ_KEYS,
    since: "7.0.0",
    summary: "Runs a script that the server has and that may only read, by its digest.",
    run: |ctx| evalsha(ctx, true),
    ..EVALSHA
};

/// No script has this digest.
pub(super) const NO_SCRIPT: &str = "NOSCRIPT No matching script.";

/// A digest as the server knows it: in small letters.
pub(super) fn digest_of(word: &[u8]) -> Option<Digest> {
    let mut digest: Digest = word.try_into().ok()?;
    digest.make_ascii_lowercase();
    Some(digest)
}

/// Where the arguments behind the keys begin; `no_number`: what is said of a count that is none.
pub(super) fn first_argument(ctx: &Ctx<'_>, no_number: Error) -> Result<usize, Error> {
    let keys = ctx.args.int_or(2, no_number)?;
    if keys > ctx.argc() as i64 - 3 {
        return Err(Error::new(
            "ERR Number of keys can't be greater than number of args",
        ));
    }
    if keys < 0 {
        return Err(Error::new("ERR Number of keys can't be negative"));
    }
    Ok(3 + keys as usize)
}

fn eval(ctx: &mut Ctx<'_>, read_only: bool) -> Outcome {
    let arguments = first_argument(ctx, Error::NOT_INTEGER)?;
    let digest = ctx.server.scripts.add(ctx.arg(1), false);
    start(ctx, digest.map_err(Error::bytes)?, arguments, read_only)
}

fn evalsha(ctx: &mut Ctx<'_>, read_only: bool) -> Outcome {
    let no_script = Error::new(NO_SCRIPT);
    let digest = digest_of(ctx.arg(1)).ok_or(no_script.clone())?;
    let arguments = first_argument(ctx, Error::NOT_INTEGER)?;
    if ctx.server.scripts.get(&digest).is_none() {
        return Err(no_script);
    }
    start(ctx, digest, arguments, read_only)
}

/// Makes the machine ready to run a script, and leaves that to the node.
fn start(ctx: &mut Ctx<'_>, digest: Digest, arguments: usize, read_only: bool) -> Outcome {
    let Some(script) = ctx.server.scripts.get(&digest) else {
        return Err(Error::new(NO_SCRIPT));
    };
    let (flags, kept) = (script.flags, script.kept);
    may_run(ctx, flags, read_only)?;
    let scripts = &mut ctx.server.scripts;
    let words: Vec<&[u8]> = ctx.args.from(3).collect();
    let (keys, rest) = words.split_at(arguments - 3);
    scripts.engine().start(kept, keys, rest);
    leave(ctx, digest.to_vec(), false, flags, read_only);
    Ok(())
}

/// Leaves what its engine is ready to run to the node.
pub(super) fn leave(
    ctx: &mut Ctx<'_>,
    name: Vec<u8>,
    function: bool,
    flags: ScriptFlags,
    read_only: bool,
) {
    ctx.server.then = Some(Then::Script(Box::new(ScriptCall {
        name,
        function,
        flags,
        read_only: read_only || flags.has(ScriptFlags::NO_WRITES),
    })));
}

/// Whether a script that says what it does may be run now, by a command that only reads if `read_only`.
pub(super) fn may_run(ctx: &Ctx<'_>, flags: ScriptFlags, read_only: bool) -> Outcome {
    let says = !flags.has(ScriptFlags::COMPAT);
    let writes = says && !flags.has(ScriptFlags::NO_WRITES);
    if ctx.server.repl.restricted {
        let stale = says && flags.has(ScriptFlags::ALLOW_STALE);
        let refusal = ctx
            .server
            .replica_refusal(ctx.config, ctx.id, writes, stale);
        refusal.map_or(Ok(()), Err)?;
    }
    if !writes {
        return Ok(());
    }
    if read_only {
        return Err(Error::new(
            "ERR Can not execute a script with write flag using *_ro command.",
        ));
    }
    let short = ctx.config.maxmemory != 0 && ctx.server.out_of_memory;
    if short && !flags.has(ScriptFlags::ALLOW_OOM) {
        return Err(Error::OUT_OF_MEMORY);
    }
    Ok(())
}
