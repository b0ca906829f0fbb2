//! CONFIG: reading and changing parameters while the server runs.
use crate::base::num;
use crate::command::acl::User;
use crate::command::persistence::Order;
use crate::command::{Command, Ctx, Error, F, Flags, Group, Outcome, syntax};

pub(super) const TABLE: &[Command] = &[CONFIG];

const USUAL: Flags = F::ADMIN.with(F::NOSCRIPT).with(F::LOADING).with(F::STALE);

/// What the subcommands share.
const SUB: Command = Command {
    parent: "config",
    flags: USUAL,
    since: "2.0.0",
    group: Group::Server,
    ..Command::DEFAULT
};

const CONFIG: Command = Command {
    name: "config",
    arity: -2,
    since: "2.0.0",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    summary: "A container for commands about the configuration.",
    subs: &[REWRITE, HELP, GET, SET, RESETSTAT],
    ..Command::DEFAULT
};

const HELP: Command = Command {
    name: "help",
    arity: 2,
    flags: F::LOADING.with(F::STALE),
    since: "5.0.0",
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &CONFIG),
    ..SUB
};

const GET: Command = Command {
    name: "get",
    arity: -3,
    complexity: "O(N), N the patterns",
    summary: "Gives the parameters whose names match any of the patterns.",
    syntax: "parameter+",
    run: get,
    ..SUB
};

fn get(ctx: &mut Ctx<'_>) -> Outcome {
    let found = ctx.config.matching(ctx.args.from(2));
    ctx.out.map(found.len());
    for (name, value) in found {
        ctx.out.bulk(name.as_bytes());
        ctx.out.bulk(&value);
    }
    Ok(())
}

const SET: Command = Command {
    name: "set",
    arity: -4,
    complexity: "O(N), N the parameters",
    summary: "Sets parameters: all of them, or none if one is refused.",
    syntax: "data(parameter value)+",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: set,
    ..SUB
};

fn set(ctx: &mut Ctx<'_>) -> Outcome {
    if !ctx.argc().is_multiple_of(2) {
        return Err(Error::SYNTAX);
    }
    let words: Vec<&[u8]> = ctx.args.from(2).collect();
    let pairs: Vec<_> = words.chunks_exact(2).map(|p| (p[0], p[1])).collect();
    let password = ctx.config.requirepass.clone();
    let appends = ctx.config.text("appendonly");
    ctx.config
        .set_all_and_dir(&pairs, &mut ctx.server.directory)?;
    if ctx.config.requirepass != password {
        ctx.server.acl.set_default_password(&ctx.config.requirepass);
        ctx.server.guard_clients();
    }
    ctx.db.ks.params = ctx.config.keyspace_params();
    ctx.db.ks.tell_changes(ctx.server.tracked.clients() > 0);
    ctx.server.output_limits = ctx.config.output_limits;
    note_replication(ctx);
    // Any of them may have changed what there is room for.
    ctx.server.evicting = true;
    let now = ctx.config.text("appendonly");
    if now == appends {
        ctx.out.ok();
        return Ok(());
    }
    let starts = now == b"yes";
    // Whether it could be switched on is known only later; inside a transaction the reply cannot wait for it.
    let waits = starts && !ctx.server.in_exec;
    ctx.server.persist.order(match starts {
        true => Order::StartAof(if waits { ctx.id } else { 0 }),
        false => Order::StopAof,
    });
    if !waits {
        ctx.out.ok();
    }
    Ok(())
}

/// What replication follows at once.
fn note_replication(ctx: &mut Ctx<'_>) {
    let repl = &mut ctx.server.repl;
    repl.restricted = repl.primary.is_some() || ctx.config.text("min-replicas-to-write") != b"0";
    let limit = num::parse_u64(&ctx.config.text("repl-backlog-size"));
    if let (Some(backlog), Some(limit)) = (&mut repl.history.backlog, limit) {
        backlog.resize(usize::try_from(limit).unwrap_or(usize::MAX));
    }
}

const RESETSTAT: Command = Command {
    name: "resetstat",
    arity: 2,
    summary: "Sets the counters of INFO back to zero.",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: resetstat,
    ..SUB
};

fn resetstat(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.server.stats.reset();
    let repl = &mut ctx.server.repl;
    (repl.full_syncs, repl.partial_syncs, repl.refused_syncs) = (0, 0, 0);
    (repl.net_in, repl.net_out) = (0, 0);
    ctx.db.ks.stats = Default::default();
    ctx.out.ok();
    Ok(())
}

const REWRITE: Command = Command {
    name: "rewrite",
    arity: 2,
    since: "2.8.0",
    summary: "Writes the parameters back to the configuration file.",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: rewrite,
    ..SUB
};

fn rewrite(ctx: &mut Ctx<'_>) -> Outcome {
    let server = &mut *ctx.server;
    let Some(file) = &mut server.config_disk else {
        return Err(Error::new(
            "ERR The server is running without a config file",
        ));
    };
    // Users with a file of their own are not for the configuration.
    let mut users = Vec::new();
    if server.acl_file.is_none() {
        users.extend(server.acl.users().iter().map(User::describe));
    }
    let config = &*ctx.config;
    let written = file
        .read()
        .and_then(|old| file.write(&config.rewrite(&old, users)));
    written.map_err(|why| Error::new(["ERR Rewriting config file: ", &why].concat()))?;
    ctx.out.ok();
    Ok(())
}
