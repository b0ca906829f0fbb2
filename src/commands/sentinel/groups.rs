//! Whom a Sentinel watches: more, fewer, anew; and a failover by hand.
use super::ask::number;
use super::{SUB, group, machine, text};
use crate::base::glob::glob;
use crate::command::sentinel::Held;
use crate::command::{Command, Ctx, Error, Outcome};

pub(super) const MONITOR: Command = Command {
    name: "monitor",
    arity: 6,
    summary: "Begins to watch a primary.",
    syntax: "name ip port:integer quorum:integer",
    run: monitor,
    ..SUB
};

fn monitor(ctx: &mut Ctx<'_>) -> Outcome {
    let (name, host) = (text(ctx, 2), text(ctx, 3));
    let refused = |why| Err(Error::new(why));
    let Some(quorum) = number(&text(ctx, 5)) else {
        return refused("ERR Invalid quorum");
    };
    let Some(port) = number(&text(ctx, 4)) else {
        return refused("ERR Invalid port");
    };
    let Some(quorum) = u32::try_from(quorum).ok().filter(|quorum| *quorum > 0) else {
        return refused("ERR Quorum must be 1 or greater.");
    };
    let sentinel = machine(ctx);
    // A port is looked at after the host, which must be one whatever the port.
    if sentinel.address(&host, 0).is_none() {
        return refused("ERR Invalid IP address or hostname specified");
    }
    let port = u16::try_from(port).map_err(|_| Error::new("ERR Invalid port number."))?;
    if sentinel.group_named(&name).is_some() {
        return refused("ERR Duplicate master name.");
    }
    let Some(addr) = sentinel.address(&host, port) else {
        return refused("ERR Invalid IP address or hostname specified");
    };
    sentinel.monitor(&name, addr, quorum);
    ctx.server.save_watch(ctx.id, Held::Saved);
    Ok(())
}

pub(super) const REMOVE: Command = Command {
    name: "remove",
    summary: "Watches a primary no longer.",
    syntax: "primary-name",
    run: remove,
    ..SUB
};

fn remove(ctx: &mut Ctx<'_>) -> Outcome {
    let group = group(ctx)?;
    machine(ctx).remove(group);
    ctx.server.save_watch(ctx.id, Held::Saved);
    Ok(())
}

pub(super) const RESET: Command = Command {
    name: "reset",
    complexity: "O(N), N the primaries",
    summary: "Forgets what was found out about primaries, and finds it out anew.",
    syntax: "pattern:pattern",
    run: reset,
    ..SUB
};

fn reset(ctx: &mut Ctx<'_>) -> Outcome {
    let pattern = ctx.arg(2);
    let count = machine(ctx).reset(|name| glob(pattern, name.as_bytes(), false));
    ctx.out.len(count);
    Ok(())
}

pub(super) const FAILOVER: Command = Command {
    name: "failover",
    complexity: "",
    summary: "Begins a failover without asking other Sentinels.",
    syntax: "primary-name",
    run: failover,
    ..SUB
};

fn failover(ctx: &mut Ctx<'_>) -> Outcome {
    let group = group(ctx)?;
    machine(ctx).force_failover(group).map_err(Error::new)?;
    ctx.out.ok();
    Ok(())
}
