//! Transactions: MULTI, EXEC, DISCARD, WATCH, UNWATCH. That commands are queued meanwhile, and run by EXEC, is the node's
//! part (`server::transaction`).
use crate::command::{
    Begin, C, Command, Ctx, Error, F, Find, Flags, Group, KeySpec, Outcome, Then,
};

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[TABLE];

const TABLE: &[Command] = &[DISCARD, EXEC, MULTI, UNWATCH, WATCH];

const ALWAYS: Flags = F::NOSCRIPT.with(F::LOADING).with(F::STALE);

/// What all but EXEC share.
const BASE: Command = Command {
    arity: 1,
    flags: ALWAYS.with(F::FAST).with(F::ALLOW_BUSY),
    acl: C::TRANSACTION,
    group: Group::Transactions,
    ..Command::DEFAULT
};

const MULTI: Command = Command {
    name: "multi",
    flags: BASE.flags.with(F::NO_MULTI),
    since: "1.2.0",
    summary: "Begins a transaction: what follows is queued until `EXEC`.",
    run: multi,
    ..BASE
};

fn multi(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.client().queue = Some(Default::default());
    ctx.out.ok();
    Ok(())
}

const EXEC: Command = Command {
    name: "exec",
    flags: ALWAYS.with(F::SKIP_SLOWLOG),
    since: "1.2.0",
    complexity: "That of the queued commands",
    summary: "Runs the queued commands, with no other client's between them; null if a watched key has changed.",
    run: exec,
    ..BASE
};

fn exec(ctx: &mut Ctx<'_>) -> Outcome {
    let queue = ctx.client().queue.take();
    let queue = queue.ok_or(Error::new("ERR EXEC without MULTI"))?;
    let broken = ctx.db.ks.unwatch(ctx.id);
    if queue.is_refused() {
        return Err(Error::new(
            "EXECABORT Transaction discarded because of previous errors.",
        ));
    }
    if broken {
        ctx.out.null_array();
    } else {
        ctx.server.then = Some(Then::Exec(queue));
    }
    Ok(())
}

const DISCARD: Command = Command {
    name: "discard",
    since: "2.0.0",
    complexity: "O(N), N the queued commands",
    summary: "Ends a transaction without running anything.",
    run: discard,
    ..BASE
};

fn discard(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.client().queue.take().is_none() {
        return Err(Error::new("ERR DISCARD without MULTI"));
    }
    unwatch(ctx)
}

const WATCH: Command = Command {
    name: "watch",
    arity: -2,
    flags: MULTI.flags,
    keys: &[KeySpec::new("RO", Begin::Index(1), Find::Range(-1, 1, 0))],
    since: "2.2.0",
    complexity: "O(1) for each key",
    summary: "Lets the next `EXEC` do nothing if one of these keys changes before it.",
    syntax: "key:key#0+",
    run: watch,
    ..BASE
};

fn watch(ctx: &mut Ctx<'_>) -> Outcome {
    for key in ctx.args.from(1) {
        ctx.db.ks.watch(ctx.id, ctx.db.index, key);
    }
    ctx.out.ok();
    Ok(())
}

const UNWATCH: Command = Command {
    name: "unwatch",
    since: "2.2.0",
    summary: "Forgets all keys that the connection watches.",
    run: unwatch,
    ..BASE
};

fn unwatch(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.db.ks.unwatch(ctx.id);
    ctx.out.ok();
    Ok(())
}
