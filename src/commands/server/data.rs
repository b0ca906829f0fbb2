//! Databases as a whole: DBSIZE, FLUSHDB, FLUSHALL, SWAPDB.
use crate::base::num;
use crate::command::ctx::Propagate;
use crate::command::{C, Command, Ctx, Error, F, Group, Outcome};

pub(super) const TABLE: &[Command] = &[DBSIZE, FLUSHALL, FLUSHDB, SWAPDB];

const DBSIZE: Command = Command {
    name: "dbsize",
    arity: 1,
    flags: F::READONLY.with(F::FAST),
    acl: C::KEYSPACE,
    since: "1.0.0",
    group: Group::Server,
    summary: "Counts the keys of the selected database.",
    tips: &["request_policy:all_shards", "response_policy:agg_sum"],
    run: dbsize,
    ..Command::DEFAULT
};

fn dbsize(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.len(ctx.db.len());
    Ok(())
}

const FLUSHALL: Command = Command {
    name: "flushall",
    arity: -1,
    flags: F::WRITE,
    acl: C::KEYSPACE.with(C::DANGEROUS),
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(N), N the keys of all databases",
    summary: "Deletes every key of every database.",
    syntax: "[flush-type<ASYNC@4.0.0|SYNC@6.2.0>]",
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    run: flushall,
    ..Command::DEFAULT
};

fn flushall(ctx: &mut Ctx<'_>) -> Outcome {
    let lazy = is_lazy(ctx)?;
    for index in 0..ctx.db.ks.count() {
        let removed = ctx.db.ks.flush(index, lazy);
        ctx.db.ks.dirty += removed as i64;
    }
    ctx.propagate = Propagate::Always;
    if !ctx.config.save_points.is_empty() && !ctx.db.ks.loading {
        ctx.server.persist.order_empty(ctx.db.ks.dirty);
    }
    ctx.out.ok();
    Ok(())
}

const FLUSHDB: Command = Command {
    name: "flushdb",
    arity: -1,
    flags: F::WRITE,
    acl: C::KEYSPACE.with(C::DANGEROUS),
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(N), N the keys of the database",
    summary: "Deletes every key of the selected database.",
    syntax: "[flush-type<ASYNC@4.0.0|SYNC@6.2.0>]",
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    run: flushdb,
    ..Command::DEFAULT
};

fn flushdb(ctx: &mut Ctx<'_>) -> Outcome {
    let lazy = is_lazy(ctx)?;
    let removed = ctx.db.ks.flush(ctx.db.index, lazy);
    ctx.db.ks.dirty += removed as i64;
    // Even when nothing was there: the log and the followers shall be sure of it.
    ctx.propagate = Propagate::Always;
    ctx.out.ok();
    Ok(())
}

/// ASYNC or SYNC: INFO counts what is freed in another thread; when it is makes no difference here.
fn is_lazy(ctx: &Ctx<'_>) -> Result<bool, Error> {
    match ctx.argc() {
        1 => Ok(ctx.config.lazyfree_lazy_user_flush),
        2 if ctx.args.is(1, "async") => Ok(true),
        2 if ctx.args.is(1, "sync") => Ok(false),
        _ => Err(Error::SYNTAX),
    }
}

const SWAPDB: Command = Command {
    name: "swapdb",
    arity: 3,
    flags: F::WRITE.with(F::FAST),
    acl: C::KEYSPACE.with(C::DANGEROUS),
    since: "4.0.0",
    group: Group::Server,
    complexity: "O(N), N the clients that watch or wait for keys of either database",
    summary: "Exchanges two databases, for every client at once.",
    syntax: "index1:integer index2:integer",
    run: swapdb,
    ..Command::DEFAULT
};

fn swapdb(ctx: &mut Ctx<'_>) -> Outcome {
    let index = |i, text: &str| {
        num::parse_i64(ctx.args.get(i))
            .filter(|&n| i32::try_from(n).is_ok())
            .ok_or_else(|| Error::new(text))
    };
    let a = index(1, "ERR invalid first DB index")?;
    let b = index(2, "ERR invalid second DB index")?;
    let count = ctx.db.ks.count() as i64;
    if !(0..count).contains(&a) || !(0..count).contains(&b) {
        return Err(Error::DB_INDEX);
    }
    ctx.db.ks.swap(a as usize, b as usize);
    ctx.db.ks.dirty += 1;
    ctx.out.ok();
    Ok(())
}
