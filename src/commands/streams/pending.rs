//! XACK and XPENDING.
use super::{BASE, bulk_id, id, key_at, no_key_or_group};
use crate::command::{Command, Ctx, Error, F, Outcome};
use crate::ds::stream::{Group, Nack, Stream, StreamId};
use crate::resp::Reply;

pub(super) const TABLE: &[Command] = &[XACK, XPENDING];

const XACK: Command = Command {
    name: "xack",
    arity: -4,
    flags: F::WRITE.with(F::FAST),
    keys: &[key_at("RW update", 1)],
    complexity: "O(log N) for each id, N the entries pending in the group.",
    summary: "Acknowledges entries: they are no longer pending in the group.",
    syntax: "key:key#0 group id+",
    run: xack,
    ..BASE
};

fn xack(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, name) = (ctx.arg(1), ctx.arg(2));
    let mut acked = 0;
    ctx.db.read(key); // counts a hit or a miss
    let stream = ctx.db.edit_as::<Stream>(key)?;
    if let Some(group) = stream.and_then(|s| s.group_mut(name)) {
        for id in id::all(ctx.args.from(3))? {
            acked += i64::from(group.ack(id).is_some());
        }
    }
    ctx.db.ks.dirty += acked;
    ctx.out.int(acked);
    Ok(())
}

const XPENDING: Command = Command {
    name: "xpending",
    arity: -3,
    flags: F::READONLY,
    keys: &[key_at("RO access", 1)],
    complexity: "O(consumers) for the summary; O(log N + M) for entries, M those looked at.",
    summary: "Tells what is pending in a group: a summary, or the entries with their consumers, idle times and deliveries.",
    syntax: "key:key#0 group [filters([IDLE=min-idle-time:integer@6.2.0] start end count:integer [consumer])]",
    tips: &["nondeterministic_output"],
    run: xpending,
    ..BASE
};

/// Which pending entries are asked for.
struct Filter<'a> {
    min_idle_ms: i64,
    start: StreamId,
    end: StreamId,
    count: i64,
    consumer: Option<&'a [u8]>,
}

impl<'a> Filter<'a> {
    fn read(ctx: &Ctx<'a>) -> Result<Option<Filter<'a>>, Error> {
        let argc = ctx.argc();
        if argc == 3 {
            return Ok(None);
        }
        if !(6..=9).contains(&argc) {
            return Err(Error::SYNTAX);
        }
        let (mut at, mut min_idle_ms) = (3, 0);
        if ctx.args.is(3, "idle") {
            min_idle_ms = ctx.args.int(4)?;
            if argc < 8 {
                return Err(Error::SYNTAX);
            }
            at = 5;
        }
        Ok(Some(Filter {
            min_idle_ms,
            count: ctx.args.int(at + 2)?.max(0),
            start: id::start(ctx.arg(at))?,
            end: id::end(ctx.arg(at + 1))?,
            consumer: (at + 3 < argc).then(|| ctx.arg(at + 3)),
        }))
    }
}

fn xpending(ctx: &mut Ctx<'_>) -> Outcome {
    let filter = Filter::read(ctx)?;
    let (key, name) = (ctx.arg(1), ctx.arg(2));
    let now_ms = ctx.db.now_ms();
    let stream = ctx.db.read_as::<Stream>(key)?;
    let group = stream.and_then(|s| s.group(name));
    let group = group.ok_or_else(|| no_key_or_group(key, name, "'"))?;
    match filter {
        None => summary(ctx.out, group),
        Some(filter) => entries(ctx.out, group, &filter, now_ms),
    }
    Ok(())
}

fn summary(out: &mut Reply, group: &Group) {
    let pending = group.pending();
    out.array(4);
    out.len(pending.len());
    for edge in [pending.keys().next(), pending.keys().next_back()] {
        match edge {
            Some(&id) => bulk_id(out, id),
            None => out.null(),
        }
    }
    if pending.is_empty() {
        return out.null_array();
    }
    let owners = || group.consumers().filter(|c| !c.pending().is_empty());
    out.array(owners().count());
    for consumer in owners() {
        out.array(2);
        out.bulk(&consumer.name);
        out.bulk_int(consumer.pending().len() as i64);
    }
}

fn entries(out: &mut Reply, group: &Group, filter: &Filter<'_>, now_ms: i64) {
    let mark = out.defer();
    let mut written = 0;
    let mut show = |id: StreamId, nack: &Nack| {
        let idle = now_ms.saturating_sub(nack.time_ms);
        if filter.min_idle_ms == 0 || idle >= filter.min_idle_ms {
            out.array(4);
            bulk_id(out, id);
            out.bulk(&group.owner(nack).name);
            out.int(idle.max(0));
            out.int(nack.count as i64);
            written += 1;
        }
        (written as i64) < filter.count
    };
    if filter.count > 0 && filter.start <= filter.end {
        let ids = filter.start..=filter.end;
        match filter.consumer.map(|name| group.find(name)) {
            None => {
                let mut pending = group.pending().range(ids);
                while let Some((&id, nack)) = pending.next()
                    && show(id, nack)
                {}
            }
            Some(None) => {}
            Some(Some(number)) => {
                let mut pending = group.consumer(number).pending().range(ids);
                while let Some(&id) = pending.next()
                    && group.nack(id).is_some_and(|nack| show(id, nack))
                {}
            }
        }
    }
    out.finish_array(mark, written);
}
