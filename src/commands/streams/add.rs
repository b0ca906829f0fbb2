//! XADD and XTRIM.
use super::{BASE, bulk_id, id, key_at, limits};
use crate::base::num;
use crate::command::ctx::Propagate;
use crate::command::{Command, Ctx, Error, F, KeySpec, Outcome};
use crate::ds::stream::{Stream, StreamId, Trim, TrimTo};
use crate::keyspace::Class;

pub(super) const TABLE: &[Command] = &[XADD, XTRIM];

/// The words before an entry, or after the key of XTRIM.
#[derive(Default)]
struct Options {
    no_mkstream: bool,
    trim: Option<Trim>,
    /// Which argument is the threshold.
    trim_at: usize,
    limit: i64,
    limit_given: bool,
    /// Without one the server gives it.
    id: Option<(StreamId, bool)>,
    /// Where the id stands.
    end: usize,
}

impl Options {
    /// MAXLEN or MINID at argument `at`; where its threshold stands.
    fn threshold(&mut self, ctx: &Ctx<'_>, at: usize, max_len: bool) -> Result<usize, Error> {
        if self.trim.is_some() {
            return Err(Error::new(
                "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
            ));
        }
        let mut at = at + 1;
        let mut approx = false;
        if at + 1 < ctx.argc() && matches!(ctx.arg(at), b"~" | b"=") {
            approx = ctx.arg(at) == b"~";
            at += 1;
        }
        let to = if max_len {
            let most = ctx.args.int(at)?;
            let most = u64::try_from(most)
                .map_err(|_| Error::new("ERR The MAXLEN argument must be >= 0."))?;
            TrimTo::MaxLen(most)
        } else {
            TrimTo::MinId(id::exact(ctx.arg(at))?)
        };
        self.trim = Some(Trim {
            to,
            approx,
            limit: 0,
        });
        self.trim_at = at;
        Ok(at)
    }

    fn read(ctx: &mut Ctx<'_>, adds: bool) -> Result<Options, Error> {
        let mut options = Options::default();
        let mut at = 2;
        while at < ctx.argc() {
            let word = ctx.arg(at);
            let more = at + 1 < ctx.argc();
            if adds && word == b"*" {
                break;
            } else if more && ctx.args.is(at, "maxlen") {
                at = options.threshold(ctx, at, true)?;
            } else if more && ctx.args.is(at, "minid") {
                at = options.threshold(ctx, at, false)?;
            } else if more && ctx.args.is(at, "limit") {
                at += 1;
                options.limit = ctx.args.int(at)?;
                if options.limit < 0 {
                    return Err(Error::new("ERR The LIMIT argument must be >= 0."));
                }
                options.limit_given = true;
            } else if adds && ctx.args.is(at, "nomkstream") {
                options.no_mkstream = true;
            } else if adds {
                options.id = Some(id::new(word)?);
                break;
            } else {
                return Err(Error::SYNTAX);
            }
            at += 1;
        }
        options.end = at;
        options.settle_limit(ctx, adds)?;
        Ok(options)
    }

    fn settle_limit(&mut self, ctx: &mut Ctx<'_>, adds: bool) -> Outcome {
        if self.trim.is_none() && self.limit > 0 {
            return Err(Error::new(
                "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
            ));
        }
        if self.trim.is_none() && !adds {
            return Err(Error::new(
                "ERR syntax error, XTRIM must be called with a trimming strategy",
            ));
        }
        if ctx.client().obeyed {
            return Ok(());
        }
        let approx = self.trim.is_some_and(|trim| trim.approx);
        if self.limit_given && !approx {
            return Err(Error::new(
                "ERR syntax error, LIMIT cannot be used without the special ~ option",
            ));
        }
        if let Some(trim) = self.trim.as_mut().filter(|_| approx) {
            // Without a limit the server sets one, so that a command does not take long.
            let own = ctx.config.stream_node_max_entries.saturating_mul(100);
            trim.limit = match (self.limit_given, own) {
                (true, _) => self.limit as u64,
                (false, ..=0) => 10_000,
                (false, own) => own.min(1_000_000) as u64,
            };
        }
        Ok(())
    }

    /// The arguments to change so that others, who may stop elsewhere, trim to just the same.
    fn exact_trim(&self, stream: &Stream, changes: &mut Vec<(usize, Vec<u8>)>) {
        let Some(trim) = self.trim.filter(|t| t.approx) else {
            return;
        };
        let mut threshold = Vec::new();
        match trim.to {
            TrimTo::MaxLen(_) => num::write_u64(&mut threshold, stream.len()),
            TrimTo::MinId(_) => {
                threshold.extend_from_slice(stream.first_kept_id().text(&mut [0; 41]))
            }
        }
        changes.push((self.trim_at - 1, b"=".to_vec()));
        changes.push((self.trim_at, threshold));
    }
}

const XADD: Command = Command {
    name: "xadd",
    arity: -5,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    keys: &[ADD_KEY],
    complexity: "O(1) to add; O(N) if it trims, N the entries removed, most of them by whole nodes.",
    summary: "Adds an entry to the end of a stream, which it makes if need be, and may trim the stream.",
    syntax: "key:key#0 [NOMKSTREAM@6.2.0] [trim(strategy<MAXLEN|MINID@6.2.0> [operator<!=/equal|!~/approximately>] threshold [LIMIT=count:integer@6.2.0])] id-selector<!*/auto-id|id> data(field value)+",
    tips: &["nondeterministic_output"],
    run: xadd,
    ..BASE
};

const ADD_KEY: KeySpec =
    key_at("RW update", 1).notes("Update, since trimming takes no entry of the sender's choice");

/// The id to add under, or why there is none.
fn pick_id(
    stream: &Stream,
    wanted: Option<(StreamId, bool)>,
    now_ms: u64,
) -> Result<StreamId, Error> {
    let last = stream.last_id;
    if last == StreamId::MAX {
        return Err(Error::new(
            "ERR The stream has exhausted the last possible ID, unable to add more items",
        ));
    }
    let id = match wanted {
        None => stream.next_id(now_ms),
        Some((id, false)) if id.ms == last.ms => last.next().filter(|next| next.ms == id.ms),
        Some((id, _)) => Some(id),
    };
    id.filter(|&id| id > last).ok_or_else(|| {
        Error::new(
            "ERR The ID specified in XADD is equal or smaller than the target stream top item",
        )
    })
}

fn xadd(ctx: &mut Ctx<'_>) -> Outcome {
    let options = Options::read(ctx, true)?;
    let pairs = ctx.args.from(options.end + 1);
    if pairs.len() < 2 || pairs.len() % 2 == 1 {
        return Err(Error::arity("xadd"));
    }
    if options.id == Some((StreamId::MIN, true)) {
        return Err(Error::new(
            "ERR The ID specified in XADD must be greater than 0-0",
        ));
    }
    if !Stream::fits(pairs.clone()) {
        return Err(Error::new("ERR Elements are too large to be stored"));
    }
    let key = ctx.arg(1);
    let limits = limits(ctx);
    let now_ms = ctx.db.now_ms().max(0) as u64;
    let stream = if options.no_mkstream {
        match ctx.db.write_as::<Stream>(key)? {
            Some(stream) => stream,
            None => {
                ctx.out.null();
                return Ok(());
            }
        }
    } else {
        ctx.db.write_or(key, Stream::default)?
    };
    let id = pick_id(stream, options.id, now_ms)?;
    stream.append(id, pairs, limits);
    let trimmed = options.trim.is_some_and(|trim| stream.trim(trim) > 0);
    bulk_id(ctx.out, id);
    if ctx.server.propagates {
        let mut changes = Vec::new();
        options.exact_trim(stream, &mut changes);
        if !options.id.is_some_and(|(_, whole)| whole) {
            changes.push((options.end, id.text(&mut [0; 41]).to_vec()));
        }
        ctx.propagate = Propagate::With(changes);
    }
    ctx.db.modified(key, Class::STREAM, "xadd");
    ctx.db.came(key);
    if trimmed {
        ctx.db.notify(Class::STREAM, "xtrim", key);
    }
    Ok(())
}

const XTRIM: Command = Command {
    name: "xtrim",
    arity: -4,
    flags: F::WRITE,
    keys: &[key_at("RW delete", 1)],
    complexity: "O(N), N the entries removed, most of them by whole nodes.",
    summary: "Removes the oldest entries of a stream, down to a length or up to an id.",
    syntax: "key:key#0 trim(strategy<MAXLEN|MINID@6.2.0> [operator<!=/equal|!~/approximately>] threshold [LIMIT=count:integer@6.2.0])",
    tips: &["nondeterministic_output"],
    run: xtrim,
    ..BASE
};

fn xtrim(ctx: &mut Ctx<'_>) -> Outcome {
    let options = Options::read(ctx, false)?;
    let key = ctx.arg(1);
    let mut deleted = 0;
    if let (Some(stream), Some(trim)) = (ctx.db.write_as::<Stream>(key)?, options.trim) {
        deleted = stream.trim(trim);
        if ctx.server.propagates {
            let mut changes = Vec::new();
            options.exact_trim(stream, &mut changes);
            ctx.propagate = Propagate::With(changes);
        }
    }
    if deleted > 0 {
        ctx.db.ks.dirty += deleted - 1;
        ctx.db.modified(key, Class::STREAM, "xtrim");
    }
    ctx.out.int(deleted);
    Ok(())
}
