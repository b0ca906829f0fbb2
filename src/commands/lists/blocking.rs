//! Popping and moving that wait for an element where there is none. What is propagated is the command that does not wait.
use super::end;
use super::pop::{LMPOP, LPOP, Many, pop_first, pop_one};
use super::transfer::{LMOVE, transfer};
use crate::base::time::Micros;
use crate::command::{Begin, Command, Ctx, Deprecated, Error, F, Find, KeySpec, Outcome, blocking};
use crate::ds::quicklist::Side;
use crate::keyspace::waiting::Awaited;

pub(super) const TABLE: &[Command] = &[BLMOVE, BLMPOP, BLPOP, BRPOP, BRPOPLPUSH];

/// Waits for one of `count` keys from argument `first` on, if the command may; whether it does.
fn wait(ctx: &mut Ctx<'_>, (first, count): (usize, usize), until: Option<Micros>) -> bool {
    let may = ctx.may_wait();
    if may {
        let argv = blocking::as_sent(ctx.args);
        let keys = ctx.args.from(first).take(count);
        ctx.wait_for(keys, Awaited::List, argv, until);
    }
    may
}

const BLPOP: Command = Command {
    name: "blpop",
    arity: -3,
    flags: F::WRITE.with(F::BLOCKING),
    keys: &[KeySpec::new(
        "RW access delete",
        Begin::Index(1),
        Find::Range(-2, 1, 0),
    )],
    since: "2.0.0",
    complexity: "O(N), N the keys given.",
    summary: "Takes the first element of the first of these lists that exists, and waits for one if none does.",
    syntax: "key:key#0+ timeout:double",
    run: blpop,
    ..LPOP
};

fn blpop(ctx: &mut Ctx<'_>) -> Outcome {
    pop(ctx, Side::Before, b"LPOP")
}

const BRPOP: Command = Command {
    name: "brpop",
    summary: "Takes the last element of the first of these lists that exists, and waits for one if none does.",
    run: brpop,
    ..BLPOP
};

fn brpop(ctx: &mut Ctx<'_>) -> Outcome {
    pop(ctx, Side::After, b"RPOP")
}

fn pop(ctx: &mut Ctx<'_>, end: Side, verb: &[u8]) -> Outcome {
    let keys = ctx.argc() - 2;
    let until = ctx.deadline(keys + 1)?;
    for key in ctx.args.from(1).take(keys) {
        let mark = ctx.out.mark();
        ctx.out.array(2);
        ctx.out.bulk(key);
        if pop_one(ctx, key, end)? {
            ctx.propagate_as(&[verb, key]);
            return Ok(());
        }
        ctx.out.rollback(mark);
    }
    if !wait(ctx, (1, keys), until) {
        ctx.out.null_array();
    }
    Ok(())
}

const BLMPOP: Command = Command {
    name: "blmpop",
    arity: -5,
    flags: F::WRITE.with(F::BLOCKING).with(F::MOVABLEKEYS),
    keys: &[KeySpec::new(
        "RW access delete",
        Begin::Index(2),
        Find::KeyNum(0, 1, 1),
    )],
    summary: "Takes elements from one end of the first of these lists that exists, and waits for one if none does.",
    syntax: "timeout:double numkeys:integer key:key#0+ where<LEFT|RIGHT> [COUNT=count:integer]",
    run: blmpop,
    ..LMPOP
};

fn blmpop(ctx: &mut Ctx<'_>) -> Outcome {
    let request = Many::read(ctx, 2)?;
    let until = ctx.deadline(1)?;
    if !pop_first(ctx, &request)? && !wait(ctx, request.keys, until) {
        ctx.out.null_array();
    }
    Ok(())
}

const BLMOVE: Command = Command {
    name: "blmove",
    arity: 6,
    flags: LMOVE.flags.with(F::BLOCKING),
    summary: "Takes an element from one end of a list and puts it at one end of another; waits for one if there is none.",
    syntax: "source:key#0 destination:key#1 wherefrom<LEFT|RIGHT> whereto<LEFT|RIGHT> timeout:double",
    run: blmove,
    ..LMOVE
};

fn blmove(ctx: &mut Ctx<'_>) -> Outcome {
    let (from, to) = (end(ctx.arg(3))?, end(ctx.arg(4))?);
    let moved = move_or_wait(ctx, from, to, 5)?;
    if moved {
        let words = [1, 2, 3, 4].map(|i| ctx.args.get(i));
        ctx.propagate_as(&[b"LMOVE", words[0], words[1], words[2], words[3]]);
    }
    Ok(())
}

const BRPOPLPUSH: Command = Command {
    name: "brpoplpush",
    arity: 4,
    since: "2.2.0",
    summary: "Takes the last element of a list and puts it at the head of another; waits for one if there is none.",
    syntax: "source:key#0 destination:key#1 timeout:double",
    deprecated: Some(Deprecated {
        since: "6.2.0",
        replaced_by: "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
    }),
    run: brpoplpush,
    ..BLMOVE
};

fn brpoplpush(ctx: &mut Ctx<'_>) -> Outcome {
    if move_or_wait(ctx, Side::After, Side::Before, 3)? {
        let words = [1, 2].map(|i| ctx.args.get(i));
        ctx.propagate_as(&[b"RPOPLPUSH", words[0], words[1]]);
    }
    Ok(())
}

/// Whether an element was moved. The timeout is argument `timeout`.
fn move_or_wait(ctx: &mut Ctx<'_>, from: Side, to: Side, timeout: usize) -> Result<bool, Error> {
    let until = ctx.deadline(timeout)?;
    let moved = transfer(ctx, from, to)?;
    if !moved && !wait(ctx, (1, 1), until) {
        ctx.out.null();
    }
    Ok(moved)
}
