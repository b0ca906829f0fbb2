//! Taking the lowest or the highest elements out, and waiting for one where there is none. What is propagated is the command
//! that does not wait.
use super::pop::{End, Many, ZMPOP, ZPOPMIN, pop_first, pop_key_and_element};
use crate::base::time::Micros;
use crate::command::{Begin, Command, Ctx, F, Find, KeySpec, Outcome, blocking};
use crate::keyspace::waiting::Awaited;

pub(super) const TABLE: &[Command] = &[BZMPOP, BZPOPMAX, BZPOPMIN];

/// Waits for one of `count` keys from argument `first` on, if the command may.
fn wait(ctx: &mut Ctx<'_>, (first, count): (usize, usize), until: Option<Micros>) {
    if ctx.may_wait() {
        let argv = blocking::as_sent(ctx.args);
        let keys = ctx.args.from(first).take(count);
        ctx.wait_for(keys, Awaited::Zset, argv, until);
    } else {
        ctx.out.null_array();
    }
}

const BZPOPMIN: Command = Command {
    name: "bzpopmin",
    arity: -3,
    flags: F::WRITE.with(F::FAST).with(F::BLOCKING),
    keys: &[KeySpec::new(
        "RW access delete",
        Begin::Index(1),
        Find::Range(-2, 1, 0),
    )],
    complexity: "O(log N), N the size of the sorted set.",
    summary: "Takes the element with the lowest score out of the first sorted set that is there; waits if none is.",
    syntax: "key:key#0+ timeout:double",
    run: bzpopmin,
    ..ZPOPMIN
};

fn bzpopmin(ctx: &mut Ctx<'_>) -> Outcome {
    pop(ctx, End::Min)
}

const BZPOPMAX: Command = Command {
    name: "bzpopmax",
    summary: "Takes the element with the highest score out of the first sorted set that is there; waits if none is.",
    run: bzpopmax,
    ..BZPOPMIN
};

fn bzpopmax(ctx: &mut Ctx<'_>) -> Outcome {
    pop(ctx, End::Max)
}

fn pop(ctx: &mut Ctx<'_>, end: End) -> Outcome {
    let keys = ctx.argc() - 2;
    let until = ctx.deadline(keys + 1)?;
    if !pop_key_and_element(ctx, keys, end)? {
        wait(ctx, (1, keys), until);
    }
    Ok(())
}

const BZMPOP: Command = Command {
    name: "bzmpop",
    arity: -5,
    flags: F::WRITE.with(F::BLOCKING).with(F::MOVABLEKEYS),
    keys: &[KeySpec::new(
        "RW access delete",
        Begin::Index(2),
        Find::KeyNum(0, 1, 1),
    )],
    summary: "Takes elements out of the first of several sorted sets that is not empty, and waits for one if all are.",
    syntax: "timeout:double numkeys:integer key:key#0+ where<MIN|MAX> [COUNT=count:integer]",
    run: bzmpop,
    ..ZMPOP
};

fn bzmpop(ctx: &mut Ctx<'_>) -> Outcome {
    let request = Many::read(ctx, 2)?;
    let until = ctx.deadline(1)?;
    if !pop_first(ctx, &request)? {
        wait(ctx, request.keys, until);
    }
    Ok(())
}
