//! SENTINEL, and what other commands do in a Sentinel.
//!
//! - `groups`: whom it watches; `state`: what it knows of them; `ask`: whether they are down; `options`: what can be set;
//! - here: the container, and what INFO, PUBLISH and ROLE do in a Sentinel.
mod ask;
mod groups;
mod options;
mod state;

use crate::command::{Command, Ctx, Error, F, Group, Outcome, syntax};
use crate::sentinel::Sentinel;
use std::fmt::Write;

/// The family.
pub const TABLES: &[&[Command]] = &[&[SENTINEL]];

/// What the subcommands share.
const SUB: Command = Command {
    parent: "sentinel",
    arity: 3,
    flags: F::ADMIN.with(F::ONLY_SENTINEL),
    since: "2.8.4",
    group: Group::Sentinel,
    ..Command::DEFAULT
};

const SENTINEL: Command = Command {
    name: "sentinel",
    arity: -2,
    flags: F::ADMIN.with(F::ONLY_SENTINEL),
    since: "2.8.4",
    group: Group::Sentinel,
    complexity: "Depends on the subcommand",
    summary: "A container for the commands of Sentinels.",
    subs: &[
        state::REPLICAS,
        state::PRIMARIES,
        options::SET,
        state::SENTINELS,
        options::DEBUG,
        ask::IS_PRIMARY_DOWN,
        ask::GET_MASTER_ADDR,
        groups::FAILOVER,
        groups::MONITOR,
        ask::GET_PRIMARY_ADDR,
        options::CONFIG,
        ask::CKQUORUM,
        groups::REMOVE,
        options::SIMULATE_FAILURE,
        options::FLUSHCONFIG,
        state::PRIMARY,
        state::MASTERS,
        ask::IS_MASTER_DOWN,
        state::MASTER,
        state::SLAVES,
        ask::MYID,
        HELP,
        state::PENDING_SCRIPTS,
        groups::RESET,
        state::INFO_CACHE,
    ],
    ..Command::DEFAULT
};

const HELP: Command = Command {
    name: "help",
    arity: 2,
    flags: F::LOADING.with(F::STALE).with(F::ONLY_SENTINEL),
    since: "6.2.0",
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &SENTINEL),
    ..SUB
};

/// The Sentinel, told what time it is. The commands of this family exist in no other node.
fn machine<'a>(ctx: &'a mut Ctx<'_>) -> &'a mut Sentinel {
    let now_ms = ctx.db.ks.now_ms;
    let watch = ctx.server.watch.as_mut();
    let sentinel = &mut watch.expect("only a Sentinel has these commands").sentinel;
    sentinel.at_ms(now_ms);
    sentinel
}

/// An argument as text.
fn text(ctx: &Ctx<'_>, i: usize) -> String {
    String::from_utf8_lossy(ctx.arg(i)).into_owned()
}

/// The group that the third word names.
fn group(ctx: &mut Ctx<'_>) -> Result<usize, Error> {
    let name = text(ctx, 2);
    let found = machine(ctx).group_named(&name);
    found.ok_or_else(|| Error::new("ERR No such master with that name"))
}

/// PUBLISH: hellos only, which come from other Sentinels.
pub(super) fn publish(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.arg(1) != b"__sentinel__:hello" {
        return Err(Error::new(
            "ERR Only HELLO messages are accepted by Sentinel instances.",
        ));
    }
    let hello = text(ctx, 2);
    machine(ctx).hello(&hello);
    ctx.out.int(1);
    Ok(())
}

/// ROLE: whom it watches.
pub(super) fn role(ctx: &mut Ctx<'_>) -> Outcome {
    let groups = &machine(ctx).groups;
    let names: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
    ctx.out.array(2);
    ctx.out.bulk(b"sentinel");
    ctx.out.array(names.len());
    names.iter().for_each(|name| ctx.out.bulk(name.as_bytes()));
    Ok(())
}

/// The section of INFO.
pub(super) fn info(ctx: &Ctx<'_>, out: &mut String) {
    let Some(watch) = &ctx.server.watch else {
        return;
    };
    let sentinel = &watch.sentinel;
    let tilted_s = match sentinel.tilted_since_ms() {
        Some(since_ms) => (ctx.db.ks.now_ms - since_ms) / 1000,
        None => -1,
    };
    let mut line = |text: std::fmt::Arguments<'_>| {
        let written = write!(out, "{text}\r\n");
        debug_assert!(written.is_ok(), "a string takes any text");
    };
    line(format_args!("sentinel_masters:{}", sentinel.groups.len()));
    line(format_args!(
        "sentinel_tilt:{}",
        i32::from(sentinel.is_tilted())
    ));
    line(format_args!("sentinel_tilt_since_seconds:{tilted_s}"));
    line(format_args!("sentinel_running_scripts:0"));
    line(format_args!("sentinel_scripts_queue_length:0"));
    line(format_args!(
        "sentinel_simulate_failure_flags:{}",
        sentinel.crashes
    ));
    for (at, group) in sentinel.groups.iter().enumerate() {
        let addr = &group.primary.addr;
        line(format_args!(
            "master{at}:name={},status={},address={}:{},slaves={},sentinels={}",
            group.name,
            sentinel.status(at),
            sentinel.shown(addr),
            addr.port,
            group.replicas.len(),
            group.sentinels.len() + 1,
        ));
    }
}
