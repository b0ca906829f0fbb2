//! FUNCTION: the libraries that the server keeps, and the function that runs.
use super::BASE;
use super::cache::{is_flush_mode, kill};
use crate::base::glob::glob;
use crate::command::{C, Command, Ctx, Error, F, Outcome, syntax};
use crate::persist::rdb::{VERSION, Why, dump};
use crate::script::library::{Library, Policy};

pub(super) const TABLE: &[Command] = &[FUNCTION];

const FUNCTION: Command = Command {
    name: "function",
    arity: -2,
    since: "7.0.0",
    complexity: "That of the subcommand",
    summary: "A container for commands about functions.",
    subs: &[DELETE, DUMP, FLUSH, HELP, KILL, LIST, LOAD, RESTORE, STATS],
    ..BASE
};

/// What the subcommands have in common.
const SUB: Command = Command {
    parent: "function",
    flags: F::NOSCRIPT,
    acl: C::SCRIPTING,
    since: "7.0.0",
    ..BASE
};

/// All nodes have the same libraries.
const ALL: &[&str] = &["request_policy:all_shards", "response_policy:all_succeeded"];

const DELETE: Command = Command {
    name: "delete",
    arity: 3,
    flags: F::WRITE.with(F::NOSCRIPT),
    summary: "Forgets a library and its functions.",
    syntax: "library-name",
    tips: ALL,
    run: delete,
    ..SUB
};

fn delete(ctx: &mut Ctx<'_>) -> Outcome {
    if !ctx.server.libraries.delete(ctx.arg(2)) {
        return Err(Error::new("ERR Library not found"));
    }
    ctx.db.ks.dirty += 1;
    ctx.out.ok();
    Ok(())
}

const DUMP: Command = Command {
    name: "dump",
    arity: 2,
    complexity: "O(N), N the functions",
    summary: "All libraries as one payload, for `FUNCTION RESTORE`.",
    run: |ctx| {
        let codes = ctx.server.libraries.all().map(|library| &library.code[..]);
        let payload = dump::dump_functions(codes, VERSION);
        ctx.out.bulk(&payload);
        Ok(())
    },
    ..SUB
};

const FLUSH: Command = Command {
    name: "flush",
    arity: -2,
    flags: F::WRITE.with(F::NOSCRIPT),
    complexity: "O(N), N the functions",
    summary: "Forgets all libraries.",
    syntax: "[flush-type<ASYNC|SYNC>]",
    tips: ALL,
    run: flush,
    ..SUB
};

fn flush(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.argc() > 3 {
        return Err(Error::bad_subcommand(ctx.arg(1), "FUNCTION"));
    }
    if !is_flush_mode(ctx) {
        return Err(Error::new(
            "ERR FUNCTION FLUSH only supports SYNC|ASYNC option",
        ));
    }
    ctx.server.libraries.flush();
    ctx.db.ks.dirty += 1;
    ctx.out.ok();
    Ok(())
}

const KILL: Command = Command {
    name: "kill",
    arity: 2,
    flags: F::NOSCRIPT.with(F::ALLOW_BUSY),
    summary: "Ends the function that runs, if it has not written.",
    tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
    run: |ctx| kill(ctx, true),
    ..SUB
};

const LIST: Command = Command {
    name: "list",
    arity: -2,
    complexity: "O(N), N the functions",
    summary: "Describes the libraries.",
    syntax: "[LIBRARYNAME=library-name-pattern] [WITHCODE]",
    tips: &["nondeterministic_output_order"],
    run: list,
    ..SUB
};

fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let (mut pattern, mut code) = (None, false);
    let mut cursor = ctx.cursor(2);
    while !cursor.is_done() {
        if !code && cursor.take("withcode") {
            code = true;
        } else if pattern.is_none() && cursor.take("libraryname") {
            let missing = Error::new("ERR library name argument was not given");
            pattern = Some(cursor.word().map_err(|_| missing)?);
        } else {
            let word = cursor.word()?;
            return Err(Error::about("ERR Unknown argument ", word, ""));
        }
    }
    let wanted = |l: &&Library| pattern.is_none_or(|pattern| glob(pattern, &l.name, true));
    let libraries: Vec<&Library> = ctx.server.libraries.all().filter(wanted).collect();
    let out = &mut *ctx.out;
    out.array(libraries.len());
    for library in libraries {
        out.map(3 + usize::from(code));
        out.bulk(b"library_name");
        out.bulk(&library.name);
        out.bulk(b"engine");
        out.bulk(b"LUA");
        out.bulk(b"functions");
        out.array(library.functions.len());
        for function in &library.functions {
            out.map(3);
            out.bulk(b"name");
            out.bulk(&function.name);
            out.bulk(b"description");
            out.bulk_or_null(function.description.as_deref());
            out.bulk(b"flags");
            out.set(function.flags.names().count());
            function.flags.names().for_each(|name| out.simple(name));
        }
        if code {
            out.bulk(b"library_code");
            out.bulk(&library.code);
        }
    }
    Ok(())
}

const LOAD: Command = Command {
    name: "load",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM).with(F::NOSCRIPT),
    complexity: "O(N), N the bytes of the code",
    summary: "Makes a library out of its code.",
    syntax: "[REPLACE] function-code",
    tips: ALL,
    run: load,
    ..SUB
};

fn load(ctx: &mut Ctx<'_>) -> Outcome {
    let last = ctx.argc() - 1;
    let mut replace = false;
    for at in 2..last {
        if replace || !ctx.args.is(at, "replace") {
            let unknown = Error::about("ERR Unknown option given: ", ctx.arg(at), "");
            return Err(unknown);
        }
        replace = true;
    }
    let name = ctx.server.libraries.load(ctx.arg(last), replace);
    let lines = ctx.server.libraries.said();
    ctx.server.log_of_script(ctx.config, lines);
    ctx.out.bulk(&name.map_err(Error::bytes)?);
    ctx.db.ks.dirty += 1;
    Ok(())
}

const RESTORE: Command = Command {
    name: "restore",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM).with(F::NOSCRIPT),
    complexity: "O(N), N the functions of the payload",
    summary: "Loads all libraries of a payload.",
    syntax: "serialized-value [policy<FLUSH|APPEND|REPLACE>]",
    tips: ALL,
    run: restore,
    ..SUB
};

fn restore(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.argc() > 4 {
        return Err(Error::bad_subcommand(ctx.arg(1), "FUNCTION"));
    }
    let named = [
        ("append", Policy::Append),
        ("replace", Policy::Replace),
        ("flush", Policy::Flush),
    ];
    let policy = match ctx.argc() {
        3 => Policy::Append,
        _ => {
            let found = named.iter().find(|(word, _)| ctx.args.is(3, word));
            found.map(|found| found.1).ok_or(Error::new(
                "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
            ))?
        }
    };
    let payload = ctx.arg(2);
    if !dump::verify(payload) {
        return Err(Error::new("ERR DUMP payload version or checksum are wrong"));
    }
    let room = usize::try_from(ctx.server.memory_ceiling).unwrap_or(usize::MAX);
    let codes = dump::restore_functions(payload, room);
    let codes = codes.map_err(|fault| match fault.why {
        Why::Text(why) => Error::new(["ERR ", &why].concat()),
        Why::Empty => Error::SYNTAX,
    })?;
    let restored = ctx.server.libraries.restore(&codes, policy);
    let lines = ctx.server.libraries.said();
    ctx.server.log_of_script(ctx.config, lines);
    restored.map_err(Error::bytes)?;
    ctx.db.ks.dirty += 1;
    ctx.out.ok();
    Ok(())
}

const STATS: Command = Command {
    name: "stats",
    arity: 2,
    flags: F::NOSCRIPT.with(F::ALLOW_BUSY),
    summary: "Describes the function that runs, and counts all.",
    tips: &[
        "nondeterministic_output",
        "request_policy:all_shards",
        "response_policy:special",
    ],
    run: stats,
    ..SUB
};

fn stats(ctx: &mut Ctx<'_>) -> Outcome {
    let running = &ctx.server.running_script;
    if let Some(script) = running.as_ref().filter(|script| !script.function) {
        return Err(script.busy());
    }
    let out = &mut *ctx.out;
    out.map(2);
    out.bulk(b"running_script");
    match running {
        None => out.null(),
        Some(script) => {
            out.map(3);
            out.bulk(b"name");
            out.bulk(&script.name);
            out.bulk(b"command");
            let args = script.argv.args();
            out.array(args.len());
            args.from(0).for_each(|arg| out.bulk(arg));
            out.bulk(b"duration_ms");
            out.int((ctx.server.now_us - script.started_us) / 1000);
        }
    }
    out.bulk(b"engines");
    out.map(1);
    out.bulk(b"LUA");
    out.map(2);
    out.bulk(b"libraries_count");
    out.len(ctx.server.libraries.all().len());
    out.bulk(b"functions_count");
    out.len(ctx.server.libraries.functions());
    Ok(())
}

const HELP: Command = Command {
    name: "help",
    arity: 2,
    flags: F::LOADING.with(F::STALE),
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &FUNCTION),
    ..SUB
};
