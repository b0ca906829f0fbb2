//! XREAD and XREADGROUP.
use super::{
    BASE, bulk_id, consumer_made, entry, id, no_key_or_group, propagate_claim, propagate_position,
    range,
};
use crate::base::time::Micros;
use crate::command::ctx::Propagate;
use crate::command::{Begin, Command, Ctx, Error, F, Find, KeySpec, Outcome, OwnedArgs, blocking};
use crate::ds::stream::{Group, Nack, Stream, StreamId};
use crate::keyspace::waiting::Awaited;
use crate::resp::{Mark, Reply};

pub(super) const TABLE: &[Command] = &[XREAD, XREADGROUP];

const XREAD: Command = Command {
    name: "xread",
    arity: -4,
    flags: F::READONLY.with(F::BLOCKING).with(F::MOVABLEKEYS),
    keys: &[KeySpec::new(
        "RO access",
        Begin::Keyword("STREAMS", 1),
        Find::Range(-1, 1, 2),
    )],
    complexity: "O(M) for each stream, M the entries returned.",
    summary: "Gives the entries of streams after an id each, and may wait for new ones.",
    syntax: "[COUNT=count:integer] [BLOCK=milliseconds:integer] STREAMS=streams(key:key#0+ id+)",
    run: xread,
    ..BASE
};

const XREADGROUP: Command = Command {
    name: "xreadgroup",
    arity: -7,
    flags: F::WRITE.with(F::BLOCKING).with(F::MOVABLEKEYS),
    keys: &[KeySpec::new(
        "RO access",
        Begin::Keyword("STREAMS", 4),
        Find::Range(-1, 1, 2),
    )],
    complexity: "O(M) for each stream, M the entries returned.",
    summary: "Gives a consumer of a group entries that no other has got, or those it has not acknowledged yet.",
    syntax: "GROUP=group-block(group consumer) [COUNT=count:integer] [BLOCK=milliseconds:integer] [NOACK] STREAMS=streams(key:key#0+ id+)",
    run: xreadgroup,
    ..BASE
};

/// What is asked for.
#[derive(Default)]
struct Request<'a> {
    /// Most entries of each stream; 0: all.
    count: u64,
    /// When to end waiting, if nothing is there and it is to be waited; `Some(None)`: never.
    until: Option<Option<Micros>>,
    noack: bool,
    /// Group and consumer.
    group: Option<(&'a [u8], &'a [u8])>,
    /// Where the keys begin, and how many there are; as many ids follow.
    keys: (usize, usize),
}

impl<'a> Request<'a> {
    fn read(ctx: &Ctx<'a>, grouped: bool) -> Result<Request<'a>, Error> {
        let mut request = Request::default();
        let mut cursor = ctx.cursor(1);
        let only = |word: &str| {
            Err(Error::new(format!(
                "ERR The {word} option is only supported by XREADGROUP. You called XREAD instead."
            )))
        };
        while !cursor.is_done() {
            if cursor.take_with("block", 1) {
                request.until = Some(ctx.deadline_ms(cursor.word()?)?);
            } else if cursor.take_with("count", 1) {
                request.count = cursor.int()?.max(0) as u64;
            } else if cursor.take_with("streams", 1) {
                if cursor.left() % 2 == 1 {
                    let (name, sign) = if grouped {
                        ("xreadgroup", '>')
                    } else {
                        ("xread", '$')
                    };
                    return Err(Error::new(format!(
                        "ERR Unbalanced '{name}' list of streams: for each stream key an ID or '{sign}' must be specified."
                    )));
                }
                request.keys = (cursor.position(), cursor.left() / 2);
                break;
            } else if cursor.take_with("group", 2) {
                if !grouped {
                    return only("GROUP");
                }
                request.group = Some((cursor.word()?, cursor.word()?));
            } else if cursor.take("noack") {
                if !grouped {
                    return only("NOACK");
                }
                request.noack = true;
            } else {
                return Err(Error::SYNTAX);
            }
        }
        if request.keys.0 == 0 {
            return Err(Error::SYNTAX);
        }
        if grouped && request.group.is_none() {
            return Err(Error::new("ERR Missing GROUP option for XREADGROUP"));
        }
        Ok(request)
    }

    /// The keys with the words of their ids.
    fn streams(&self, ctx: &Ctx<'a>) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let (first, count) = self.keys;
        let keys = ctx.args.from(first).take(count);
        keys.zip(ctx.args.from(first + count))
    }
}

/// The head of one stream's part of the reply.
fn part(out: &mut Reply, key: &[u8]) {
    if !out.resp3() {
        out.array(2);
    }
    out.bulk(key);
}

/// Closes the reply of `parts` parts that began at `mark`.
fn finish(out: &mut Reply, mark: Mark, parts: usize) {
    match (parts, out.resp3()) {
        (0, _) => out.null_array(),
        (_, true) => out.finish_map(mark, parts),
        (_, false) => out.finish_array(mark, parts),
    }
}

fn xread(ctx: &mut Ctx<'_>) -> Outcome {
    let request = Request::read(ctx, false)?;
    let mut from = Vec::with_capacity(request.keys.1);
    for (key, word) in request.streams(ctx) {
        let stream = ctx.db.read_as::<Stream>(key)?;
        let last = stream.map_or(StreamId::MIN, |s| s.last_id);
        from.push(match word {
            b"$" => last,
            b"+" if stream.is_some() => last
                .prev()
                .ok_or(Error::new("ERR the stream last element ID is 0-0"))?,
            b"+" => last,
            b">" => {
                return Err(Error::new(
                    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
                ));
            }
            _ => id::exact(word)?,
        });
    }
    let mark = ctx.out.defer();
    let mut parts = 0;
    for ((key, _), &after) in request.streams(ctx).zip(&from) {
        let Some(stream) = ctx.db.read_as::<Stream>(key)? else {
            continue;
        };
        let Some(start) = after.next() else { continue };
        if stream.edge(true).is_none_or(|item| item.id <= after) {
            continue;
        }
        part(ctx.out, key);
        range::entries(
            ctx.out,
            stream,
            (start, StreamId::MAX, false),
            request.count,
        );
        parts += 1;
    }
    if parts == 0
        && let Some(until) = request.until
        && ctx.may_wait()
    {
        // What `$` stands for is decided now.
        let ids = request.keys.0 + request.keys.1;
        let texts: Vec<_> = from
            .iter()
            .map(|id| id.text(&mut [0; 41]).to_vec())
            .collect();
        let words = ctx.args.from(0).take(ids);
        let argv: OwnedArgs = words.chain(texts.iter().map(Vec::as_slice)).collect();
        let keys = request.streams(ctx).map(|(key, _)| key);
        ctx.wait_for(keys, Awaited::Entry, argv, until);
        return Ok(());
    }
    finish(ctx.out, mark, parts);
    Ok(())
}

fn xreadgroup(ctx: &mut Ctx<'_>) -> Outcome {
    let request = Request::read(ctx, true)?;
    let (group, _) = request.group.expect("reading it made sure");
    let mut from = Vec::with_capacity(request.keys.1);
    for (key, word) in request.streams(ctx) {
        let stream = ctx.db.read_as::<Stream>(key)?;
        if stream.is_none_or(|s| s.group(group).is_none()) {
            return Err(no_key_or_group(
                key,
                group,
                "' in XREADGROUP with GROUP option",
            ));
        }
        from.push(match word {
            b"$" | b"+" => {
                let sign = word[0] as char;
                return Err(Error::new(format!(
                    "ERR The {sign} ID is meaningless in the context of XREADGROUP: you want to read the history of \
                     this consumer by specifying a proper ID, or use the > ID to get new messages. The {sign} ID would \
                     just return an empty result set."
                )));
            }
            b">" => None,
            _ => Some(id::exact(word)?).filter(|&id| id != StreamId::MAX),
        });
    }
    ctx.propagate = Propagate::Nothing;
    let mark = ctx.out.defer();
    let mut parts = 0;
    for ((key, _), from) in request.streams(ctx).zip(from) {
        parts += usize::from(serve_group(ctx, &request, key, from)?);
    }
    if parts == 0
        && let Some(until) = request.until
        && ctx.may_wait()
    {
        let keys = request.streams(ctx).map(|(key, _)| key);
        let argv = blocking::as_sent(ctx.args);
        ctx.wait_for(keys, Awaited::GroupEntry, argv, until);
        return Ok(());
    }
    finish(ctx.out, mark, parts);
    Ok(())
}

/// One stream for a consumer: its history after `from`, or what is new. Whether there is a part of the reply.
fn serve_group(
    ctx: &mut Ctx<'_>,
    request: &Request<'_>,
    key: &[u8],
    from: Option<StreamId>,
) -> Result<bool, Error> {
    let (group_name, consumer_name) = request.group.expect("reading it made sure");
    let now_ms = ctx.db.now_ms();
    ctx.db.read(key); // counts a hit
    let Some(stream) = ctx.db.edit_as::<Stream>(key)? else {
        return Ok(false);
    };
    let Ok(at) = stream.find_group(group_name) else {
        return Ok(false);
    };
    let out = &mut *ctx.out;
    let mut delivery = Delivery {
        now_ms,
        consumer: 0,
        count: request.count,
        noack: request.noack,
        given: ctx.server.propagates.then(Vec::new),
        moved: None,
    };
    let (made, served) = stream.with_group(at, |stream, group| {
        let new = stream.edge(true).is_some_and(|i| i.id > group.last_id);
        let (consumer, made) = group.find_or_add(consumer_name, now_ms);
        group.consumer_mut(consumer).seen_ms = now_ms;
        delivery.consumer = consumer;
        let served = from.is_some() || new;
        if served {
            part(out, key);
            match from {
                Some(from) => delivery.history(out, stream, group, from),
                None => delivery.news(out, stream, group),
            }
        }
        (made, served)
    });
    ctx.db.ks.dirty += i64::from(served);
    if made {
        consumer_made(ctx, key);
        if request.noack {
            ctx.propagate_as(&[b"XGROUP", b"CREATECONSUMER", key, group_name, consumer_name]);
        }
    }
    let names = (key, group_name);
    for (id, nack, last_id) in delivery.given.unwrap_or_default() {
        propagate_claim(ctx, names, id, consumer_name, &nack, last_id);
    }
    if let Some((last_id, entries_read)) = delivery.moved {
        propagate_position(ctx, names, last_id, entries_read);
    }
    Ok(served)
}

/// Entries on their way to a consumer.
struct Delivery {
    now_ms: i64,
    consumer: u32,
    /// Most entries; 0: all.
    count: u64,
    noack: bool,
    /// What became pending, with the group's position then, if anybody is to be told.
    given: Option<Vec<(StreamId, Nack, StreamId)>>,
    /// The group's position and counter, if it moved.
    moved: Option<(StreamId, i64)>,
}

impl Delivery {
    /// Entries that the group has not given to anybody yet.
    fn news(&mut self, out: &mut Reply, stream: &Stream, group: &mut Group) {
        let mark = out.defer();
        let mut written = 0;
        let start = group.last_id.next().unwrap_or(StreamId::MAX);
        for item in stream.range(start, StreamId::MAX, false) {
            if stream.advance(group, item.id) {
                self.moved = Some((group.last_id, group.entries_read));
            }
            entry(out, &item);
            if !self.noack {
                let nack = group.assign(item.id, self.consumer, self.now_ms, 1);
                group.consumer_mut(self.consumer).active_ms = self.now_ms;
                if let Some(given) = &mut self.given {
                    given.push((item.id, nack, group.last_id));
                }
            }
            written += 1;
            if written as u64 == self.count {
                break;
            }
        }
        out.finish_array(mark, written);
    }

    /// What is pending for the consumer, after `from`. An entry that was deleted meanwhile is null.
    fn history(&mut self, out: &mut Reply, stream: &Stream, group: &mut Group, from: StreamId) {
        let mark = out.defer();
        let mut written = 0;
        let mut after = from.next();
        while let Some(start) = after {
            let pending = group.consumer(self.consumer).pending();
            let Some(&id) = pending.range(start..).next() else {
                break;
            };
            match stream.get(id) {
                Some(item) => {
                    entry(out, &item);
                    group.redeliver(id, self.now_ms);
                }
                None => {
                    out.array(2);
                    bulk_id(out, id);
                    out.null_array();
                }
            }
            written += 1;
            if written as u64 == self.count {
                break;
            }
            after = id.next();
        }
        out.finish_array(mark, written);
    }
}
