//! Connection commands: who the client is, which protocol and database it uses.
mod client;
mod hello;
mod kill;
pub mod list;
mod pause;
mod tracking;

use crate::command::{C, Command, Ctx, Deprecated, Error, F, Group, Outcome};
use crate::commands::elements;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[TABLE, client::TABLE, hello::TABLE];

const TABLE: &[Command] = &[ECHO, PING, QUIT, SELECT];

const ECHO: Command = Command {
    name: "echo",
    arity: 2,
    flags: F::LOADING.with(F::STALE).with(F::FAST),
    acl: C::CONNECTION,
    since: "1.0.0",
    group: Group::Connection,
    summary: "Sends the message back.",
    syntax: "message",
    run: echo,
    ..Command::DEFAULT
};

fn echo(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.bulk(ctx.args.get(1));
    Ok(())
}

const PING: Command = Command {
    name: "ping",
    arity: -1,
    flags: F::FAST.with(F::SENTINEL),
    acl: C::CONNECTION,
    since: "1.0.0",
    group: Group::Connection,
    summary: "Answers PONG, or the message given: is the server alive?",
    syntax: "[message]",
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    run: ping,
    ..Command::DEFAULT
};

fn ping(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.argc() > 2 {
        return Err(Error::arity("ping"));
    }
    if ctx.client().is_subscriber() && !ctx.out.resp3() {
        // In the form of a message, which is all that a subscriber expects.
        ctx.out.array(2);
        ctx.out.bulk(b"pong");
        ctx.out.bulk(ctx.args.from(1).next().unwrap_or_default());
    } else if ctx.argc() == 2 {
        ctx.out.bulk(ctx.arg(1));
    } else {
        ctx.out.simple("PONG");
    }
    Ok(())
}

const QUIT: Command = Command {
    name: "quit",
    arity: -1,
    flags: F::NOSCRIPT
        .with(F::LOADING)
        .with(F::STALE)
        .with(F::FAST)
        .with(F::NO_AUTH)
        .with(F::ALLOW_BUSY),
    acl: C::CONNECTION,
    since: "1.0.0",
    group: Group::Connection,
    summary: "Ends the connection once all replies are sent.",
    deprecated: Some(Deprecated {
        since: "7.2.0",
        replaced_by: "just closing the connection",
    }),
    run: quit,
    ..Command::DEFAULT
};

fn quit(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.client().close_after_reply = true;
    ctx.out.ok();
    Ok(())
}

const SELECT: Command = Command {
    name: "select",
    arity: 2,
    flags: F::LOADING.with(F::STALE).with(F::FAST),
    acl: C::CONNECTION,
    since: "1.0.0",
    group: Group::Connection,
    summary: "Changes the database that the connection works on.",
    syntax: "index:integer",
    run: select,
    ..Command::DEFAULT
};

fn select(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.client().db = elements::db_index(ctx, 1)?;
    ctx.out.ok();
    Ok(())
}
