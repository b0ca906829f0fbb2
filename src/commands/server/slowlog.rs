//! SLOWLOG: the commands that took longer than `slowlog-log-slower-than`.
use crate::command::{Command, Ctx, Error, F, Group, Outcome, syntax};

pub(super) const TABLE: &[Command] = &[SLOWLOG];

const SLOWLOG: Command = Command {
    name: "slowlog",
    arity: -2,
    since: "2.2.12",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    summary: "A container for commands about slow commands.",
    subs: &[GET, HELP, LEN, RESET],
    ..Command::DEFAULT
};

/// What the subcommands share.
const SUB: Command = Command {
    parent: "slowlog",
    arity: 2,
    flags: F::ADMIN.with(F::LOADING).with(F::STALE),
    since: "2.2.12",
    group: Group::Server,
    ..Command::DEFAULT
};

const HELP: Command = Command {
    name: "help",
    flags: F::LOADING.with(F::STALE),
    since: "6.2.0",
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &SLOWLOG),
    ..SUB
};

const GET: Command = Command {
    name: "get",
    arity: -2,
    complexity: "O(N), N the entries returned",
    summary: "Gives the latest entries, the newest first: number, time, µs, arguments, client's address and name.",
    syntax: "[count:integer]",
    tips: &["request_policy:all_nodes", "nondeterministic_output"],
    run: get,
    ..SUB
};

fn get(ctx: &mut Ctx<'_>) -> Outcome {
    let wrong = Error::new("ERR count should be greater than or equal to -1");
    let count = match ctx.argc() {
        2 => 10,
        3 => ctx.args.int_or(2, wrong.clone())?,
        _ => return Err(Error::bad_subcommand(ctx.arg(1), "SLOWLOG")),
    };
    if count < -1 {
        return Err(wrong);
    }
    let entries = ctx.server.slowlog.iter();
    // A negative count is all of them.
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    ctx.out.array(count.min(entries.len()));
    for (number, slow) in entries.take(count) {
        ctx.out.array(6);
        ctx.out.int(number as i64);
        ctx.out.int(slow.at_s);
        ctx.out.int(slow.usec as i64);
        ctx.out.array(slow.argv.len());
        slow.argv.iter().for_each(|word| ctx.out.bulk(word));
        ctx.out.bulk(slow.addr.as_bytes());
        ctx.out.bulk(&slow.name);
    }
    Ok(())
}

const LEN: Command = Command {
    name: "len",
    summary: "Counts the entries.",
    tips: &[
        "request_policy:all_nodes",
        "response_policy:agg_sum",
        "nondeterministic_output",
    ],
    run: |ctx| {
        ctx.out.len(ctx.server.slowlog.iter().len());
        Ok(())
    },
    ..SUB
};

const RESET: Command = Command {
    name: "reset",
    complexity: "O(N), N the entries",
    summary: "Forgets the entries.",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: |ctx| {
        ctx.server.slowlog.clear();
        ctx.out.ok();
        Ok(())
    },
    ..SUB
};
