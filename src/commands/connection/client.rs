//! CLIENT and its small subcommands.
use super::hello::valid_name;
use super::{kill, list, pause, tracking};
use crate::command::{C, Command, Ctx, Error, F, Flags, Group, Outcome, client::ReplyMode, syntax};

pub(super) const TABLE: &[Command] = &[CLIENT];

/// Flags of most subcommands.
const USUAL: Flags = F::NOSCRIPT.with(F::LOADING).with(F::STALE);

/// What most subcommands share.
pub(super) const SUB: Command = Command {
    parent: "client",
    flags: USUAL,
    acl: C::CONNECTION,
    group: Group::Connection,
    ..Command::DEFAULT
};

const CLIENT: Command = Command {
    name: "client",
    arity: -2,
    flags: F::SENTINEL,
    since: "2.4.0",
    group: Group::Connection,
    complexity: "Depends on the subcommand",
    summary: "A container for commands about connections.",
    subs: &[
        tracking::CACHING,
        GETNAME,
        tracking::GETREDIR,
        SETINFO,
        kill::KILL,
        pause::PAUSE,
        pause::UNBLOCK,
        pause::UNPAUSE,
        list::LIST,
        list::INFO,
        REPLY,
        NO_EVICT,
        NO_TOUCH,
        CAPA,
        HELP,
        SETNAME,
        ID,
        tracking::TRACKING,
        tracking::TRACKINGINFO,
    ],
    ..Command::DEFAULT
};

const HELP: Command = Command {
    name: "help",
    arity: 2,
    flags: F::LOADING.with(F::STALE),
    since: "5.0.0",
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &CLIENT),
    ..SUB
};

const ID: Command = Command {
    name: "id",
    arity: 2,
    since: "5.0.0",
    summary: "Gives the connection's number.",
    run: id,
    ..SUB
};

fn id(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.int(ctx.id as i64);
    Ok(())
}

const GETNAME: Command = Command {
    name: "getname",
    arity: 2,
    since: "2.6.9",
    summary: "Gives the connection's name.",
    run: getname,
    ..SUB
};

fn getname(ctx: &mut Ctx<'_>) -> Outcome {
    let name = ctx.client().name.clone();
    ctx.out
        .bulk_or_null(Some(name.as_slice()).filter(|n| !n.is_empty()));
    Ok(())
}

const SETNAME: Command = Command {
    name: "setname",
    arity: 3,
    since: "2.6.9",
    summary: "Names the connection; an empty name takes the name away.",
    syntax: "connection-name",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: setname,
    ..SUB
};

fn setname(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.client().name = valid_name(ctx.args.get(2))?.to_vec();
    ctx.out.ok();
    Ok(())
}

const SETINFO: Command = Command {
    name: "setinfo",
    arity: 4,
    since: "7.2.0",
    summary: "Says which client library the connection comes from.",
    syntax: "attr<LIB-NAME=libname|LIB-VER=libver>",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: setinfo,
    ..SUB
};

fn setinfo(ctx: &mut Ctx<'_>) -> Outcome {
    let (option, value) = (ctx.arg(2), ctx.arg(3));
    let name = ctx.args.is(2, "lib-name");
    if !name && !ctx.args.is(2, "lib-ver") {
        let mut text = b"ERR Unrecognized option '".to_vec();
        text.extend_from_slice(option);
        text.push(b'\'');
        return Err(Error::bytes(text));
    }
    if valid_name(value).is_err() {
        let why: &[u8] = b" cannot contain spaces, newlines or special characters.";
        return Err(Error::bytes([b"ERR ", option, why].concat()));
    }
    let client = ctx.client();
    *(if name {
        &mut client.lib_name
    } else {
        &mut client.lib_ver
    }) = value.to_vec();
    ctx.out.ok();
    Ok(())
}

/// ON or OFF.
fn on_off(ctx: &Ctx<'_>) -> Result<bool, Error> {
    match (ctx.args.is(2, "on"), ctx.args.is(2, "off")) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(Error::SYNTAX),
    }
}

const NO_EVICT: Command = Command {
    name: "no-evict",
    arity: 3,
    flags: USUAL.with(F::ADMIN),
    since: "7.0.0",
    summary: "Protects the connection from being dropped when clients use too much memory.",
    syntax: "enabled<ON|OFF>",
    run: no_evict,
    ..SUB
};

fn no_evict(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.client().no_evict = on_off(ctx)?;
    ctx.out.ok();
    Ok(())
}

const CAPA: Command = Command {
    name: "capa",
    arity: -3,
    since: "8.0.0",
    summary: "Says what the client understands. One server alone never makes use of it.",
    syntax: "capability+",
    run: |ctx| {
        ctx.out.ok();
        Ok(())
    },
    ..SUB
};

const NO_TOUCH: Command = Command {
    name: "no-touch",
    arity: 3,
    since: "7.2.0",
    summary: "Lets the connection read keys without making them look used.",
    syntax: "enabled<ON|OFF>",
    run: no_touch,
    ..SUB
};

fn no_touch(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.client().no_touch = on_off(ctx)?;
    ctx.out.ok();
    Ok(())
}

const REPLY: Command = Command {
    name: "reply",
    arity: 3,
    since: "3.2.0",
    summary: "Switches replies to this connection on or off, or leaves one out.",
    syntax: "action<ON|OFF|SKIP>",
    run: reply,
    ..SUB
};

fn reply(ctx: &mut Ctx<'_>) -> Outcome {
    let args = ctx.args;
    if args.is(2, "on") {
        ctx.client().reply_mode = ReplyMode::On;
        ctx.out.ok();
    } else if args.is(2, "off") {
        ctx.client().reply_mode = ReplyMode::Off;
    } else if args.is(2, "skip") {
        if ctx.client().reply_mode != ReplyMode::Off {
            ctx.client().reply_mode = ReplyMode::SkipNext;
        }
    } else {
        return Err(Error::SYNTAX);
    }
    Ok(())
}
