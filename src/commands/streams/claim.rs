//! XCLAIM and XAUTOCLAIM.
use super::{
    BASE, bulk_id, consumer_made, entry, error_of, id, key_at, no_key_or_group, propagate_claim,
    propagate_position,
};
use crate::base::num;
use crate::command::ctx::Propagate;
use crate::command::{Command, Ctx, Error, F, Outcome};
use crate::ds::stream::{Group, Nack, Stream, StreamId};
use crate::resp::Reply;

pub(super) const TABLE: &[Command] = &[XAUTOCLAIM, XCLAIM];

const XCLAIM: Command = Command {
    name: "xclaim",
    arity: -6,
    flags: F::WRITE.with(F::FAST),
    keys: &[key_at("RW update", 1)],
    complexity: "O(log N) for each id, N the entries pending in the group.",
    summary: "Makes pending entries those of another consumer, as if they had been delivered to it.",
    syntax: "key:key#0 group consumer min-idle-time id+ [IDLE=ms:integer] [TIME=unix-time-milliseconds:unix-time] [RETRYCOUNT=count:integer] [FORCE] [JUSTID] [LASTID=lastid]",
    tips: &["nondeterministic_output"],
    run: xclaim,
    ..BASE
};

const XAUTOCLAIM: Command = Command {
    name: "xautoclaim",
    arity: -6,
    flags: F::WRITE.with(F::FAST),
    keys: &[key_at("RW delete", 1)],
    since: "6.2.0",
    complexity: "O(log N + M), N the entries pending in the group, M those looked at: at most ten times COUNT.",
    summary: "Walks over what is pending, and makes entries that were idle too long those of another consumer.",
    syntax: "key:key#0 group consumer min-idle-time start [COUNT=count:integer] [JUSTID]",
    tips: &["nondeterministic_output"],
    run: xautoclaim,
    ..BASE
};

/// Entries on their way from one consumer to another.
struct Claim {
    now_ms: i64,
    min_idle_ms: i64,
    just_id: bool,
    force: bool,
    /// When the entries count as delivered.
    time_ms: i64,
    retry_count: Option<u64>,
    consumer: u32,
    /// What was claimed.
    claimed: usize,
    /// What is pending otherwise now, or (by its last owner) no longer, for the log.
    changes: Vec<(StreamId, Nack, Box<[u8]>)>,
    /// Whether anybody reads that.
    told: bool,
    /// Number of changes.
    dirty: i64,
}

/// What became of one entry.
enum Fate {
    /// It is no longer in the stream, and no longer pending.
    Gone,
    Claimed,
    Left,
}

impl Claim {
    fn new(ctx: &Ctx<'_>, min_idle: &'static str) -> Result<Claim, Error> {
        let min_idle_ms = ctx.args.int_or(4, Error::new(min_idle))?.max(0);
        let now_ms = ctx.db.now_ms();
        Ok(Claim {
            now_ms,
            min_idle_ms,
            just_id: false,
            force: false,
            time_ms: now_ms,
            retry_count: None,
            consumer: 0,
            claimed: 0,
            changes: Vec::new(),
            told: ctx.server.propagates,
            dirty: 0,
        })
    }

    /// Notes a change for the log.
    fn changed(&mut self, group: &Group, id: StreamId, nack: &Nack) {
        self.dirty += 1;
        if self.told {
            let owner = group.owner(nack).name.clone();
            self.changes.push((id, *nack, owner));
        }
    }

    /// Claims one entry and writes it.
    fn entry(&mut self, out: &mut Reply, stream: &Stream, group: &mut Group, id: StreamId) -> Fate {
        let Some(item) = stream.get(id) else {
            if let Some(nack) = group.ack(id) {
                self.changed(group, id, &nack);
            }
            return Fate::Gone;
        };
        let count = match group.nack(id) {
            Some(nack) => {
                let idle = self.now_ms.saturating_sub(nack.time_ms);
                if self.min_idle_ms > 0 && idle < self.min_idle_ms {
                    return Fate::Left;
                }
                nack.count
            }
            None if self.force => 1,
            None => return Fate::Left,
        };
        let count = match self.retry_count {
            Some(count) => count,
            None => count.wrapping_add(u64::from(!self.just_id)),
        };
        let nack = group.assign(id, self.consumer, self.time_ms, count);
        if self.just_id {
            bulk_id(out, id);
        } else {
            entry(out, &item);
        }
        self.claimed += 1;
        group.consumer_mut(self.consumer).active_ms = self.now_ms;
        self.changed(group, id, &nack);
        Fate::Claimed
    }

    /// Finds or makes the consumer who claims; whether it was made.
    fn consumer(&mut self, group: &mut Group, name: &[u8]) -> bool {
        let (number, made) = group.find_or_add(name, self.now_ms);
        group.consumer_mut(number).seen_ms = self.now_ms;
        self.consumer = number;
        made
    }

    /// The books; `made`: the consumer was made.
    fn finish(self, ctx: &mut Ctx<'_>, made: bool, last_id: StreamId) {
        let (key, group) = (ctx.arg(1), ctx.arg(2));
        ctx.propagate = Propagate::Nothing;
        ctx.db.ks.dirty += self.dirty;
        if made {
            consumer_made(ctx, key);
        }
        for (id, nack, owner) in &self.changes {
            propagate_claim(ctx, (key, group), *id, owner, nack, last_id);
        }
    }
}

/// The place of the group that the arguments name.
fn find_group(ctx: &mut Ctx<'_>) -> Result<usize, Error> {
    let (key, group) = (ctx.arg(1), ctx.arg(2));
    let stream = ctx.db.read_as::<Stream>(key)?;
    let found = stream.and_then(|s| s.find_group(group).ok());
    found.ok_or_else(|| no_key_or_group(key, group, "'"))
}

/// The same stream to change it.
fn stream_at<'c>(db: &'c mut crate::keyspace::Db<'_>, key: &[u8]) -> Result<&'c mut Stream, Error> {
    let stream = db.edit_as::<Stream>(key)?;
    Ok(stream.expect("its group was found right before"))
}

/// The options of XCLAIM from argument `at` on; the id that the group is at least to stand at.
fn claim_options(ctx: &Ctx<'_>, claim: &mut Claim, at: usize) -> Result<StreamId, Error> {
    let mut last_id = StreamId::MIN;
    let mut time_ms = None;
    let mut cursor = ctx.cursor(at);
    let int = |word: &[u8], text| num::parse_i64(word).ok_or(Error::new(text));
    while let Some(option) = cursor.peek() {
        if cursor.take("force") {
            claim.force = true;
        } else if cursor.take("justid") {
            claim.just_id = true;
        } else if cursor.take_with("idle", 1) {
            let idle = int(
                cursor.word()?,
                "ERR Invalid IDLE option argument for XCLAIM",
            )?;
            time_ms = Some(claim.now_ms.wrapping_sub(idle));
        } else if cursor.take_with("time", 1) {
            let time = int(
                cursor.word()?,
                "ERR Invalid TIME option argument for XCLAIM",
            )?;
            time_ms = Some(time);
        } else if cursor.take_with("retrycount", 1) {
            let text = "ERR Invalid RETRYCOUNT option argument for XCLAIM";
            claim.retry_count = u64::try_from(int(cursor.word()?, text)?).ok();
        } else if cursor.take_with("lastid", 1) {
            last_id = id::exact(cursor.word()?)?;
        } else {
            const BEFORE: &str = "ERR Unrecognized XCLAIM option '";
            return Err(error_of(BEFORE, option, "'", b"", ""));
        }
    }
    // A time that cannot be is no error: clocks of clients differ.
    let possible = |time: &i64| (0..=claim.now_ms).contains(time);
    claim.time_ms = time_ms.filter(possible).unwrap_or(claim.now_ms);
    Ok(last_id)
}

fn xclaim(ctx: &mut Ctx<'_>) -> Outcome {
    let at = find_group(ctx)?;
    let mut claim = Claim::new(ctx, "ERR Invalid min-idle-time argument for XCLAIM")?;
    // Ids go on up to the first word that is none: there the options begin.
    let ids: Vec<StreamId> = ctx.args.from(5).map_while(|a| id::exact(a).ok()).collect();
    let last_id = claim_options(ctx, &mut claim, 5 + ids.len())?;
    let (key, group_name, name) = (ctx.arg(1), ctx.arg(2), ctx.arg(3));
    let out = &mut *ctx.out;
    let stream = stream_at(&mut ctx.db, key)?;
    let (made, moved, position) = stream.with_group(at, |stream, group| {
        let moved = last_id > group.last_id;
        if moved {
            group.last_id = last_id;
        }
        let made = claim.consumer(group, name);
        let mark = out.defer();
        for &id in &ids {
            claim.entry(out, stream, group, id);
        }
        out.finish_array(mark, claim.claimed);
        (made, moved, (group.last_id, group.entries_read))
    });
    let position_told = claim.dirty > 0;
    claim.finish(ctx, made, position.0);
    // Each claim carries the group's position; without one it must be told by itself.
    if moved && !position_told {
        propagate_position(ctx, (key, group_name), position.0, position.1);
        ctx.db.ks.dirty += 1;
    }
    Ok(())
}

/// As many entries are looked at for each one that may be claimed.
const ATTEMPTS: i64 = 10;
/// More ids than a real server finds address space for.
const TOO_MANY: i64 = 1 << 43;

fn xautoclaim(ctx: &mut Ctx<'_>) -> Outcome {
    // Looked up first, as a miss is told of; that there is no group is said last.
    let found = find_group(ctx);
    let mut claim = Claim::new(ctx, "ERR Invalid min-idle-time argument for XAUTOCLAIM")?;
    let start = id::start(ctx.arg(5))?;
    let mut count = 100;
    let mut cursor = ctx.cursor(6);
    while !cursor.is_done() {
        if cursor.take_with("count", 1) {
            let n = num::parse_i64(cursor.word()?);
            count = n
                .filter(|n| (1..=i64::MAX / 16).contains(n))
                .ok_or(Error::new("ERR COUNT must be > 0"))?;
        } else if cursor.take("justid") {
            claim.just_id = true;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    let at = found?;
    if count > TOO_MANY {
        return Err(Error::new(
            "ERR Insufficient memory, failed allocating transient memory, COUNT too high.",
        ));
    }
    let (key, name) = (ctx.arg(1), ctx.arg(3));
    let out = &mut *ctx.out;
    let stream = stream_at(&mut ctx.db, key)?;
    let (made, last_id) = stream.with_group(at, |stream, group| {
        let made = claim.consumer(group, name);
        walk(out, &mut claim, stream, group, start, count);
        (made, group.last_id)
    });
    claim.finish(ctx, made, last_id);
    Ok(())
}

/// The walk of XAUTOCLAIM and its reply: where to go on, what was claimed, what is gone.
fn walk(
    out: &mut Reply,
    claim: &mut Claim,
    stream: &Stream,
    group: &mut Group,
    start: StreamId,
    count: i64,
) {
    let mut attempts = count.saturating_mul(ATTEMPTS);
    let mut left = count;
    let mut gone = Vec::new();
    let mut from = Some(start);
    let next = |group: &Group, from: Option<StreamId>| {
        let mut rest = group.pending().range(from?..);
        rest.next().map(|(&id, _)| id)
    };
    out.array(3);
    // The cursor stands first and is known last: the claimed entries are written, then it is put before them.
    let mark = out.defer();
    while attempts > 0
        && left > 0
        && let Some(id) = next(group, from)
    {
        attempts -= 1;
        from = id.next();
        match claim.entry(out, stream, group, id) {
            Fate::Gone => gone.push(id),
            Fate::Claimed => {}
            Fate::Left => continue,
        }
        left -= 1;
    }
    out.finish_array(mark, claim.claimed);
    let cursor = next(group, from).unwrap_or(StreamId::MIN);
    out.insert_bulk(mark, cursor.text(&mut [0; 41]));
    out.array(gone.len());
    for id in gone {
        bulk_id(out, id);
    }
}
