//! Keys as such: delete, count, touch, name their type, pick one.
use crate::command::{Begin, C, Command, Ctx, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::Class;

pub(super) const TABLE: &[Command] = &[DEL, EXISTS, RANDOMKEY, TOUCH, TYPE, UNLINK];

const ALL_KEYS: &[KeySpec] = &[KeySpec::new("RO", Begin::Index(1), Find::Range(-1, 1, 0))];

const DEL: Command = Command {
    name: "del",
    arity: -2,
    flags: F::WRITE,
    acl: C::KEYSPACE,
    keys: &[KeySpec::new(
        "RM delete",
        Begin::Index(1),
        Find::Range(-1, 1, 0),
    )],
    group: Group::Generic,
    complexity: "O(N) for N keys that hold strings; a key with M elements adds O(M) to free them.",
    summary: "Deletes keys.",
    syntax: "key:key#0+",
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    run: del,
    ..Command::DEFAULT
};

fn del(ctx: &mut Ctx<'_>) -> Outcome {
    let mut deleted = 0;
    let lazy = ctx.command.name == "unlink" || ctx.config.lazyfree_lazy_user_del;
    for key in ctx.args.from(1) {
        if ctx.db.remove_as(key, lazy) {
            ctx.db.modified(key, Class::GENERIC, "del");
            deleted += 1;
        }
    }
    ctx.out.int(deleted);
    Ok(())
}

const UNLINK: Command = Command {
    name: "unlink",
    flags: F::WRITE.with(F::FAST),
    since: "4.0.0",
    complexity: "O(1) for each key; a real server frees large values in another thread.",
    summary: "Deletes keys without waiting for their memory to be freed.",
    ..DEL
};

const EXISTS: Command = Command {
    name: "exists",
    arity: -2,
    flags: F::READONLY.with(F::FAST),
    acl: C::KEYSPACE,
    keys: ALL_KEYS,
    group: Group::Generic,
    complexity: "O(N), N the keys named.",
    summary: "Counts how many of the keys are there; a key named twice counts twice.",
    syntax: "key:key#0+",
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    run: exists,
    ..Command::DEFAULT
};

fn exists(ctx: &mut Ctx<'_>) -> Outcome {
    let mut found = 0;
    for key in ctx.args.from(1) {
        found += i64::from(ctx.db.probe(key, true).is_some());
    }
    ctx.out.int(found);
    Ok(())
}

const TOUCH: Command = Command {
    name: "touch",
    since: "3.2.1",
    complexity: "O(N), N the keys named.",
    summary: "Marks keys as just used, and counts how many of them are there.",
    run: touch,
    ..EXISTS
};

fn touch(ctx: &mut Ctx<'_>) -> Outcome {
    let mut found = 0;
    for key in ctx.args.from(1) {
        found += i64::from(ctx.db.read(key).is_some());
    }
    ctx.out.int(found);
    Ok(())
}

const TYPE: Command = Command {
    name: "type",
    arity: 2,
    flags: F::READONLY.with(F::FAST),
    acl: C::KEYSPACE,
    keys: &[KeySpec::new("RO", Begin::Index(1), Find::Range(0, 1, 0))],
    group: Group::Generic,
    summary: "Names the type of the value that a key holds: none if the key is missing.",
    syntax: "key:key#0",
    run: type_of,
    ..Command::DEFAULT
};

fn type_of(ctx: &mut Ctx<'_>) -> Outcome {
    let name = match ctx.db.probe(ctx.arg(1), true) {
        Some(id) => ctx.db.table().object(id).value.type_name(),
        None => "none",
    };
    ctx.out.simple(name);
    Ok(())
}

const RANDOMKEY: Command = Command {
    name: "randomkey",
    arity: 1,
    flags: F::READONLY,
    acl: C::KEYSPACE,
    group: Group::Generic,
    summary: "Gives a random key, or null where there is none.",
    tips: &[
        "request_policy:all_shards",
        "response_policy:special",
        "nondeterministic_output",
    ],
    run: randomkey,
    ..Command::DEFAULT
};

fn randomkey(ctx: &mut Ctx<'_>) -> Outcome {
    /// Each round gives a key or deletes an expired one, except where expired keys stay: then this many must do.
    const TRIES: usize = 100;
    let stay = ctx.db.ks.paused || ctx.db.ks.quiet;
    let tries = if stay { TRIES } else { usize::MAX };
    for _ in 0..tries {
        let Some(id) = ctx.db.table().random(ctx.rng) else {
            break;
        };
        let key = ctx.db.table().key(id).to_vec();
        if ctx.db.exists(&key) {
            ctx.out.bulk(&key);
            return Ok(());
        }
    }
    ctx.out.null();
    Ok(())
}
