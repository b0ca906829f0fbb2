//! MEMORY: what keys and the server take, on the modelled machine.
use crate::base::num::fixed;
use crate::command::memory::{Tables, Usage};
use crate::command::{Begin, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome, syntax};
use crate::keyspace::{Value, table, value::OBJECT_BYTES};
use crate::persist::lzf;

pub(super) const TABLE: &[Command] = &[MEMORY];

/// What a subcommand shares with the others.
const SUB: Command = Command {
    parent: "memory",
    arity: 2,
    since: "4.0.0",
    group: Group::Server,
    ..Command::DEFAULT
};

const MEMORY: Command = Command {
    name: "memory",
    arity: -2,
    since: "4.0.0",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    summary: "A container for commands about memory.",
    subs: &[USAGE, DOCTOR, PURGE, STATS, HELP, MALLOC_STATS],
    ..Command::DEFAULT
};

const HELP: Command = Command {
    name: "help",
    flags: F::LOADING.with(F::STALE),
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &MEMORY),
    ..SUB
};

const USAGE: Command = Command {
    name: "usage",
    arity: -3,
    flags: F::READONLY,
    keys: &[KeySpec::new("RO", Begin::Index(2), Find::Range(0, 1, 0))],
    complexity: "O(1) here, the sizes being kept; O(N) in general, N the samples",
    summary: "Gives the bytes that a key and its value take.",
    syntax: "key:key#0 [SAMPLES=count:integer]",
    run: usage,
    ..SUB
};

fn usage(ctx: &mut Ctx<'_>) -> Outcome {
    let mut cursor = ctx.cursor(3);
    let mut samples = 5;
    while !cursor.is_done() {
        if !cursor.take_with("SAMPLES", 1) {
            return Err(Error::SYNTAX);
        }
        samples = match cursor.int()? {
            ..0 => return Err(Error::SYNTAX),
            n => n.min(i64::from(u32::MAX)) as usize,
        };
    }
    let key = ctx.arg(2);
    // An expired key takes its memory for as long as it is there.
    match ctx.db.table().dict().find(key) {
        Some(id) => {
            let value = &ctx.db.table().object(id).value;
            // The sizes of elements are known without samples, but lists show what theirs say.
            let bytes = match value {
                Value::List(list) => {
                    let mut compressor = lzf::Compressor::default();
                    let mut compressed = |raw: &[u8], below: usize| {
                        let short = compressor.compress(raw, below - 1);
                        short.map(|bytes| bytes.len())
                    };
                    OBJECT_BYTES + list.sampled_bytes(samples, &mut compressed)
                }
                _ => value.mem_bytes(),
            };
            let bytes = bytes + table::key_mem_bytes(key.len());
            ctx.out.len(bytes);
        }
        None => ctx.out.null(),
    }
    Ok(())
}

const STATS: Command = Command {
    name: "stats",
    summary: "Breaks down the memory that the server takes.",
    tips: &[
        "nondeterministic_output",
        "request_policy:all_shards",
        "response_policy:special",
    ],
    run: stats,
    ..SUB
};

enum Number {
    Int(i64),
    Double(f64),
}

fn stats(ctx: &mut Ctx<'_>) -> Outcome {
    use Number::{Double, Int};
    let ks = &*ctx.db.ks;
    let usage = Usage::of(ks, ctx.server);
    let keys: usize = (0..ks.count()).map(|i| ks.table(i).len()).sum();
    let databases: Vec<(usize, Tables)> = (0..ks.count())
        .filter_map(|i| Some((i, Tables::of(ks, i)?)))
        .collect();
    let head = [
        ("peak.allocated", Int(usage.peak)),
        ("total.allocated", Int(usage.used)),
        ("startup.allocated", Int(usage.startup)),
        ("replication.backlog", Int(0)),
        ("clients.slaves", Int(0)),
        ("clients.normal", Int(usage.clients)),
        ("cluster.links", Int(0)),
        ("aof.buffer", Int(0)),
        ("lua.caches", Int(ctx.server.scripts.bytes() as i64)),
        ("functions.caches", Int(ctx.server.libraries.bytes() as i64)),
    ];
    let tail = [
        ("overhead.db.hashtable.lut", Int(usage.buckets)),
        ("overhead.db.hashtable.rehashing", Int(0)),
        ("overhead.total", Int(usage.overhead)),
        ("db.dict.rehashing.count", Int(0)),
        ("keys.count", Int(keys as i64)),
        (
            "keys.bytes-per-key",
            Int(usage.dataset() / (keys as i64).max(1) * i64::from(keys > 0)),
        ),
        ("dataset.bytes", Int(usage.dataset())),
        ("dataset.percentage", Double(usage.dataset_percent())),
        ("peak.percentage", Double(usage.peak_percent())),
        ("allocator.allocated", Int(usage.used)),
        ("allocator.active", Int(usage.used)),
        ("allocator.resident", Int(usage.used)),
        ("allocator.muzzy", Int(0)),
        ("allocator-fragmentation.ratio", Double(1.0)),
        ("allocator-fragmentation.bytes", Int(0)),
        ("allocator-rss.ratio", Double(1.0)),
        ("allocator-rss.bytes", Int(0)),
        ("rss-overhead.ratio", Double(1.0)),
        ("rss-overhead.bytes", Int(0)),
        ("fragmentation", Double(1.0)),
        ("fragmentation.bytes", Int(0)),
    ];
    let out = &mut *ctx.out;
    out.map(head.len() + databases.len() + tail.len());
    let write = |out: &mut crate::resp::Reply, (name, number): &(&str, Number)| {
        out.bulk(name.as_bytes());
        match number {
            Int(n) => out.int(*n),
            Double(n) => out.double(*n),
        }
    };
    head.iter().for_each(|pair| write(out, pair));
    for (index, tables) in databases {
        out.bulk(format!("db.{index}").as_bytes());
        out.map(2);
        write(out, &("overhead.hashtable.main", Int(tables.keys)));
        write(out, &("overhead.hashtable.expires", Int(tables.expires)));
    }
    tail.iter().for_each(|pair| write(out, pair));
    Ok(())
}

const DOCTOR: Command = Command {
    name: "doctor",
    summary: "Looks for problems with memory and says what it finds.",
    tips: &[
        "nondeterministic_output",
        "request_policy:all_shards",
        "response_policy:special",
    ],
    run: doctor,
    ..SUB
};

/// Below this there is nothing worth a diagnosis.
const DOCTOR_MIN_BYTES: i64 = 5 << 20;

fn doctor(ctx: &mut Ctx<'_>) -> Outcome {
    let usage = Usage::of(ctx.db.ks, ctx.server);
    let clients = (ctx.server.clients.len() as i64).max(1);
    // What a real server says of fragmentation has no cause here: the modelled allocator wastes nothing.
    let found = [
        (
            usage.peak * 2 > usage.used * 3,
            "Peak: the server once took over 1.5 times what it takes now. What a peak leaves behind can keep memory in use.",
        ),
        (
            usage.clients / clients > 200 << 10,
            "Big client buffers: connections take over 200 KB each. Someone sends much at once, or reads slowly.",
        ),
        (
            ctx.server.scripts.len() > 1000,
            "Many scripts: over 1000 are kept. Pass what changes as arguments, so that one script serves all calls.",
        ),
    ];
    let mut text = String::new();
    if usage.used < DOCTOR_MIN_BYTES {
        text.push_str("There is hardly any data here, so there is nothing to diagnose yet. Ask again once there is more.\n");
    } else if found.iter().all(|(fits, _)| !fits) {
        text.push_str("No memory problem in sight.\n");
    } else {
        text.push_str("This stands out:\n\n");
        for (_, line) in found.iter().filter(|(fits, _)| *fits) {
            for part in [" * ", line, "\n\n"] {
                text.push_str(part);
            }
        }
    }
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

const PURGE: Command = Command {
    name: "purge",
    summary: "Asks the allocator to give free pages back.",
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    run: purge,
    ..SUB
};

fn purge(ctx: &mut Ctx<'_>) -> Outcome {
    // The modelled allocator keeps no free pages.
    ctx.out.ok();
    Ok(())
}

const MALLOC_STATS: Command = Command {
    name: "malloc-stats",
    summary: "Gives the allocator's own report.",
    tips: &[
        "nondeterministic_output",
        "request_policy:all_shards",
        "response_policy:special",
    ],
    run: malloc_stats,
    ..SUB
};

fn malloc_stats(ctx: &mut Ctx<'_>) -> Outcome {
    let usage = Usage::of(ctx.db.ks, ctx.server);
    let text = format!(
        "Stats not supported for the modelled allocator; allocated: {}\n",
        usage.used
    );
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

/// Bytes as people read them: `1.73M`.
pub(super) fn human(bytes: u64) -> String {
    let units = ["B", "K", "M", "G", "T", "P"];
    let at = (0..6).rfind(|&i| bytes >> (10 * i) > 0).unwrap_or(0);
    if at == 0 {
        format!("{bytes}B")
    } else {
        format!(
            "{}{}",
            fixed(bytes as f64 / (1u64 << (10 * at)) as f64, 2),
            units[at]
        )
    }
}
