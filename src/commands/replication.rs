//! Replication: whom the server follows, and what replicas and their primary say to each other.
use super::sentinel;
use crate::base::num;
use crate::base::time::Micros;
use crate::command::replication::{Address, Failover, Order, Stage};
use crate::command::{C, Command, Ctx, Deprecated, Error, F, Group, Outcome, Then};

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[&[FAILOVER, PSYNC, REPLCONF, REPLICAOF, ROLE, SLAVEOF, SYNC]];

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

fn leave(ctx: &mut Ctx<'_>, order: Order) -> Outcome {
    ctx.server.then = Some(Then::Replicate(order));
    Ok(())
}

/// The port of a primary or a replica.
fn port_of(word: &[u8]) -> Option<u16> {
    num::parse_i64(word).and_then(|port| u16::try_from(port).ok())
}

fn replicaof(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.server.repl.failover.is_some() {
        return Err(Error::new("ERR REPLICAOF not allowed while failing over."));
    }
    if ctx.args.is(1, "no") && ctx.args.is(2, "one") {
        return leave(ctx, Order::Follow(None));
    }
    if ctx.client().stage() != Stage::None {
        return Err(Error::new(
            "ERR Command is not valid when client is a replica.",
        ));
    }
    let port = port_of(ctx.arg(2)).ok_or_else(|| Error::new("ERR Invalid master port"))?;
    let host = String::from_utf8_lossy(ctx.arg(1)).into_owned();
    leave(ctx, Order::Follow(Some(Address { host, port })))
}

/// What replicas and primaries say to each other.
const INTERNAL: Command = Command {
    flags: F::ADMIN
        .with(F::NOSCRIPT)
        .with(F::NO_ASYNC_LOADING)
        .with(F::NO_MULTI),
    acl: C::ADMIN.with(C::DANGEROUS),
    group: Group::Server,
    ..Command::DEFAULT
};

const PSYNC: Command = Command {
    name: "psync",
    arity: -3,
    since: "2.8.0",
    summary: "Asks a primary for its stream from an offset on; internal.",
    syntax: "replicationid offset:integer",
    run: psync,
    ..INTERNAL
};

fn psync(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.arg(1).to_vec();
    let offset = ctx.args.int(2)?;
    let failover = ctx.argc() > 3 && ctx.args.is(3, "failover");
    leave(
        ctx,
        Order::Resume {
            id,
            offset,
            failover,
        },
    )
}

const SYNC: Command = Command {
    name: "sync",
    arity: 1,
    since: "1.0.0",
    summary: "Asks a primary for a snapshot and its stream after that; internal.",
    run: sync,
    ..INTERNAL
};

fn sync(ctx: &mut Ctx<'_>) -> Outcome {
    leave(ctx, Order::Sync)
}

const REPLCONF: Command = Command {
    name: "replconf",
    arity: -1,
    flags: F::ADMIN
        .with(F::NOSCRIPT)
        .with(F::LOADING)
        .with(F::STALE)
        .with(F::ALLOW_BUSY),
    since: "3.0.0",
    summary: "Tells the other side of a replication link about this one; internal.",
    internal: true,
    run: replconf,
    ..INTERNAL
};

fn replconf(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.argc().is_multiple_of(2) {
        return Err(Error::SYNTAX);
    }
    for at in (1..ctx.argc()).step_by(2) {
        let is = |word| ctx.args.is(at, word);
        let value = ctx.arg(at + 1);
        if is("ack") {
            return ack(ctx, at);
        } else if is("getack") {
            // To its primary a replica answers in the stream's place, without a reply.
            if ctx.server.repl.primary.is_some() && ctx.server.repl.is_up() {
                ctx.server.send_ack();
            }
            return Ok(());
        }
        introduce(ctx, at, value)?;
    }
    ctx.out.ok();
    Ok(())
}

/// A replica says what it is.
fn introduce(ctx: &mut Ctx<'_>, at: usize, value: &[u8]) -> Outcome {
    let args = ctx.args;
    let is = |word| args.is(at, word);
    let follower = ctx.client().follower.get_or_insert_default();
    if is("listening-port") {
        follower.port = num::parse_i64(value).ok_or(Error::NOT_INTEGER)?;
    } else if is("ip-address") {
        const LONGEST: usize = 255;
        if value.len() > LONGEST {
            let text = "ERR REPLCONF ip-address provided by replica instance is too long: ";
            return Err(Error::new(
                [text, &value.len().to_string(), " bytes"].concat(),
            ));
        }
        follower.ip = String::from_utf8_lossy(value).into_owned();
    } else if is("capa") {
        follower.eof |= value.eq_ignore_ascii_case(b"eof");
        follower.psync2 |= value.eq_ignore_ascii_case(b"psync2");
    } else if is("rdb-only") {
        let only = num::parse_i64(value).ok_or(Error::NOT_INTEGER)?;
        if !(0..=1).contains(&only) {
            return Err(Error::new(
                "ERR value is out of range, value must between 0 and 1",
            ));
        }
        follower.snapshot_only = only == 1;
    } else if is("rdb-filter-only") {
        follower.functions_only = !value.is_empty();
        if !value.is_empty() && !value.eq_ignore_ascii_case(b"functions") {
            return Err(Error::about(
                "ERR Unsupported rdb-filter-only option: ",
                value,
                "",
            ));
        }
    } else if is("version") {
        let parts = value.split(|b| *b == b'.').map(num::parse_u64);
        if parts.clone().count() != 3 || parts.clone().any(|part| part.is_none()) {
            return Err(Error::about("ERR Unrecognized version format: ", value, ""));
        }
    } else {
        return Err(Error::about(
            "ERR Unrecognized REPLCONF option: ",
            ctx.arg(at),
            "",
        ));
    }
    Ok(())
}

/// A replica says how much of the stream it has. There is no reply.
fn ack(ctx: &mut Ctx<'_>, at: usize) -> Outcome {
    let (now_ms, id) = (ctx.db.now_ms(), ctx.id);
    let offset = num::parse_i64(ctx.arg(at + 1));
    let fsynced = (ctx.argc() > at + 3 && ctx.args.is(at + 2, "fack"))
        .then(|| num::parse_i64(ctx.arg(at + 3)))
        .flatten();
    let follower = ctx.client().follower.as_mut();
    let Some(follower) = follower.filter(|f| f.stage != Stage::None) else {
        return Ok(());
    };
    let Some(offset) = offset else { return Ok(()) };
    follower.ack = follower.ack.max(offset);
    follower.fsynced = follower.fsynced.max(fsynced.unwrap_or(0));
    follower.ack_ms = now_ms;
    let begins = follower.starts_on_ack && follower.stage == Stage::Online;
    ctx.server.repl.acked = true;
    if begins {
        ctx.server.begin_stream(id);
    }
    Ok(())
}

const ROLE: Command = Command {
    name: "role",
    arity: 1,
    flags: F::NOSCRIPT
        .with(F::LOADING)
        .with(F::STALE)
        .with(F::FAST)
        .with(F::SENTINEL),
    acl: C::ADMIN.with(C::DANGEROUS),
    since: "2.8.12",
    group: Group::Server,
    summary: "Says whether the server is a primary or a replica, and who is at the other end.",
    run: role,
    ..Command::DEFAULT
};

fn role(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.server.watch.is_some() {
        return sentinel::role(ctx);
    }
    let (repl, clients, out) = (&ctx.server.repl, &ctx.server.clients, &mut *ctx.out);
    if let Some(primary) = &repl.primary {
        out.array(5);
        out.bulk(b"slave");
        out.bulk(primary.host.as_bytes());
        out.int(primary.port.into());
        out.bulk(repl.link.name().as_bytes());
        out.int(if repl.is_up() {
            repl.history.offset
        } else {
            -1
        });
        return Ok(());
    }
    out.array(3);
    out.bulk(b"master");
    out.int(repl.history.offset);
    let all = repl.followers.iter().filter_map(|id| clients.get(*id));
    let online: Vec<_> = all.filter(|c| c.stage() == Stage::Online).collect();
    out.array(online.len());
    for client in online {
        let (ip, port) = client.follower_address();
        out.array(3);
        out.bulk(ip.as_bytes());
        out.bulk_int(port);
        out.bulk_int(client.follower.as_ref().map_or(0, |f| f.ack));
    }
    Ok(())
}

const FAILOVER: Command = Command {
    name: "failover",
    arity: -1,
    flags: F::ADMIN.with(F::NOSCRIPT).with(F::STALE),
    acl: C::ADMIN.with(C::DANGEROUS),
    since: "6.2.0",
    group: Group::Server,
    summary: "Hands the primary's part over to a replica that has everything.",
    syntax: "[TO=target(host port:integer [FORCE])] [ABORT] [TIMEOUT=milliseconds:integer]",
    run: failover,
    ..Command::DEFAULT
};

fn failover(ctx: &mut Ctx<'_>) -> Outcome {
    let mut failover = Failover::default();
    let (mut abort, mut timeout_ms) = (false, None);
    let mut cursor = ctx.cursor(1);
    while !cursor.is_done() {
        if timeout_ms.is_none() && cursor.take_with("TIMEOUT", 1) {
            let ms = cursor.int()?;
            if ms <= 0 {
                return Err(Error::new("ERR FAILOVER timeout must be greater than 0"));
            }
            timeout_ms = Some(ms);
        } else if !abort && cursor.take("ABORT") {
            abort = true;
        } else if failover.to.is_none() && cursor.take_with("TO", 2) {
            let host = String::from_utf8_lossy(cursor.word()?).into_owned();
            let port = cursor.int()?;
            let port = u16::try_from(port).unwrap_or(0);
            failover.to = Some(Address { host, port });
        } else if !failover.force && cursor.take("FORCE") {
            failover.force = true;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if abort && ctx.argc() > 2 {
        return Err(Error::SYNTAX);
    }
    if abort {
        return leave(ctx, Order::Stay);
    }
    let now_us = ctx.server.now_us;
    let after = |ms: Micros| now_us.saturating_add(ms.saturating_mul(1000));
    failover.until_us = timeout_ms.map(after);
    leave(ctx, Order::Failover(failover))
}
