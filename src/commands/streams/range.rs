//! XLEN, XRANGE and XREVRANGE.
use super::{BASE, entry, id, key_at};
use crate::command::{Command, Ctx, Error, F, Outcome};
use crate::ds::stream::{Stream, StreamId};
use crate::resp::Reply;

pub(super) const TABLE: &[Command] = &[XLEN, XRANGE, XREVRANGE];

const XLEN: Command = Command {
    name: "xlen",
    arity: 2,
    flags: F::READONLY.with(F::FAST),
    keys: &[key_at("RO", 1)],
    summary: "Counts the entries of a stream.",
    syntax: "key:key#0",
    run: xlen,
    ..BASE
};

fn xlen(ctx: &mut Ctx<'_>) -> Outcome {
    let len = ctx.db.read_as::<Stream>(ctx.arg(1))?.map_or(0, Stream::len);
    ctx.out.int(len as i64);
    Ok(())
}

const XRANGE: Command = Command {
    name: "xrange",
    arity: -4,
    flags: F::READONLY,
    keys: &[key_at("RO access", 1)],
    complexity: "O(log N + M), N the nodes of the stream, M the entries returned.",
    summary: "Gives the entries between two ids, the oldest first.",
    syntax: "key:key#0 start end [COUNT=count:integer]",
    run: |ctx| range(ctx, false),
    ..BASE
};

const XREVRANGE: Command = Command {
    name: "xrevrange",
    syntax: "key:key#0 end start [COUNT=count:integer]",
    summary: "Gives the entries between two ids, the newest first.",
    run: |ctx| range(ctx, true),
    ..XRANGE
};

fn range(ctx: &mut Ctx<'_>, rev: bool) -> Outcome {
    let start = id::start(ctx.arg(2 + usize::from(rev)))?;
    let end = id::end(ctx.arg(3 - usize::from(rev)))?;
    let mut count = None;
    let mut cursor = ctx.cursor(4);
    while !cursor.is_done() {
        if !cursor.take_with("count", 1) {
            return Err(Error::SYNTAX);
        }
        count = Some(cursor.int()?.max(0) as u64);
    }
    match ctx.db.read_as::<Stream>(ctx.arg(1))? {
        None => ctx.out.array(0),
        Some(_) if count == Some(0) => ctx.out.null_array(),
        Some(stream) => {
            entries(ctx.out, stream, (start, end, rev), count.unwrap_or(0));
        }
    }
    Ok(())
}

/// Writes an array of the entries of a range, at most `count` unless it is 0.
pub(super) fn entries(
    out: &mut Reply,
    stream: &Stream,
    (start, end, rev): (StreamId, StreamId, bool),
    count: u64,
) {
    let at = out.defer();
    let mut written = 0;
    for item in stream.range(start, end, rev) {
        entry(out, &item);
        written += 1;
        if written as u64 == count {
            break;
        }
    }
    out.finish_array(at, written);
}
