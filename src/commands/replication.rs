//! Replication: whom the server follows, and what replicas and their primary say to each other.
use crate::base::num;
use crate::command::replication::{Address, Order};
use crate::command::{C, Command, Ctx, Deprecated, Error, F, Group, Outcome, Then};

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[&[REPLICAOF, SLAVEOF]];

const REPLICAOF: Command = Command {
    name: "replicaof",
    arity: 3,
    flags: F::ADMIN
        .with(F::NOSCRIPT)
        .with(F::STALE)
        .with(F::NO_ASYNC_LOADING),
    acl: C::ADMIN.with(C::DANGEROUS),
    since: "5.0.0",
    group: Group::Server,
    summary: "Makes the server the replica of another one, or a primary again.",
    syntax: "args<host-port(host port:integer)|no-one(NO ONE)>",
    run: replicaof,
    ..Command::DEFAULT
};

const SLAVEOF: Command = Command {
    name: "slaveof",
    since: "1.0.0",
    deprecated: Some(Deprecated {
        since: "5.0.0",
        replaced_by: "`REPLICAOF`",
    }),
    ..REPLICAOF
};

fn replicaof(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.server.repl.failover.is_some() {
        return Err(Error::new("ERR REPLICAOF not allowed while failing over."));
    }
    let order = if ctx.args.is(1, "no") && ctx.args.is(2, "one") {
        Order::Follow(None)
    } else {
        if ctx
            .client()
            .follower
            .as_ref()
            .is_some_and(|f| f.stage != Default::default())
        {
            return Err(Error::new(
                "ERR Command is not valid when client is a replica.",
            ));
        }
        let port = num::parse_i64(ctx.arg(2)).and_then(|port| u16::try_from(port).ok());
        let port = port.ok_or_else(|| Error::new("ERR Invalid master port"))?;
        let host = String::from_utf8_lossy(ctx.arg(1)).into_owned();
        Order::Follow(Some(Address { host, port }))
    };
    ctx.server.then = Some(Then::Replicate(order));
    Ok(())
}
