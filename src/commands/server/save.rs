//! Files: SAVE, BGSAVE, BGREWRITEAOF, LASTSAVE. The node does the work: a command says what is wanted.
use crate::command::persistence::{Background, Order};
use crate::command::{C, Command, Ctx, Error, F, Flags, Group, Outcome};

pub(super) const TABLE: &[Command] = &[BGREWRITEAOF, BGSAVE, LASTSAVE, SAVE];

const USUAL: Flags = F::ADMIN.with(F::NOSCRIPT).with(F::NO_ASYNC_LOADING);

const SAVE: Command = Command {
    name: "save",
    arity: 1,
    flags: USUAL.with(F::NO_MULTI),
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(N), N the keys",
    summary: "Writes all data to the snapshot file; nobody is served meanwhile.",
    run: save,
    ..Command::DEFAULT
};

const IN_PROGRESS: Error = Error(std::borrow::Cow::Borrowed(
    b"ERR Background save already in progress",
));

fn save(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.server.persist.runs(Background::Save) {
        return Err(IN_PROGRESS);
    }
    ctx.server.persist.order(Order::Save(ctx.id));
    Ok(())
}

const BGSAVE: Command = Command {
    name: "bgsave",
    arity: -1,
    flags: USUAL,
    complexity: "O(1)",
    summary: "Writes all data, as it is now, to the snapshot file while clients are served.",
    syntax: "[SCHEDULE@3.2.2]",
    run: bgsave,
    ..SAVE
};

fn bgsave(ctx: &mut Ctx<'_>) -> Outcome {
    let schedule = ctx.argc() > 1;
    if schedule && (ctx.argc() > 2 || !ctx.args.is(1, "schedule")) {
        return Err(Error::SYNTAX);
    }
    let persist = &mut ctx.server.persist;
    if persist.runs(Background::Save) {
        return Err(IN_PROGRESS);
    }
    if persist.background.is_none() && !ctx.server.in_exec {
        persist.order(Order::BackgroundSave);
        ctx.out.simple("Background saving started");
    } else if schedule || ctx.server.in_exec {
        persist.saves.scheduled = true;
        ctx.out.simple("Background saving scheduled");
    } else {
        return Err(Error::new(
            "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule \
             a BGSAVE whenever possible.",
        ));
    }
    Ok(())
}

const BGREWRITEAOF: Command = Command {
    name: "bgrewriteaof",
    arity: 1,
    complexity: "O(1)",
    summary: "Writes the append-only file anew, as short as the data allows, while clients are served.",
    syntax: "",
    run: bgrewriteaof,
    ..BGSAVE
};

fn bgrewriteaof(ctx: &mut Ctx<'_>) -> Outcome {
    let persist = &mut ctx.server.persist;
    if persist.runs(Background::RewriteAof) {
        return Err(Error::new(
            "ERR Background append only file rewriting already in progress",
        ));
    }
    if persist.background.is_some() || ctx.server.in_exec {
        persist.aof.scheduled = true;
        ctx.out
            .simple("Background append only file rewriting scheduled");
    } else {
        persist.order(Order::RewriteAof(ctx.id));
    }
    Ok(())
}

const LASTSAVE: Command = Command {
    name: "lastsave",
    arity: 1,
    flags: F::LOADING.with(F::STALE).with(F::FAST),
    acl: C::ADMIN.with(C::DANGEROUS),
    since: "1.0.0",
    group: Group::Server,
    summary: "Gives the time of the last successful save, in seconds since 1970.",
    tips: &["nondeterministic_output"],
    run: lastsave,
    ..Command::DEFAULT
};

fn lastsave(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.int(ctx.server.persist.saves.last_s);
    Ok(())
}
