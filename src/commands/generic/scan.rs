//! Walking over the keys: SCAN step by step, KEYS all at once.
use crate::base::{glob::glob, num};
use crate::command::{C, Command, Ctx, F, Group, Outcome};
use crate::commands::elements::{self, ScanOptions, Scanned};
use crate::ds::dict::EntryId;

pub(super) const TABLE: &[Command] = &[KEYS, SCAN];

const KEYS: Command = Command {
    name: "keys",
    arity: 2,
    flags: F::READONLY,
    acl: C::KEYSPACE.with(C::DANGEROUS),
    group: Group::Generic,
    complexity: "O(N), N the keys of the database: on a large one everybody else waits.",
    summary: "Lists all keys whose name matches a pattern.",
    syntax: "pattern:pattern",
    tips: &["request_policy:all_shards", "nondeterministic_output_order"],
    run: keys,
    ..Command::DEFAULT
};

fn keys(ctx: &mut Ctx<'_>) -> Outcome {
    let pattern = ctx.arg(1);
    let (now, all) = (ctx.db.now_ms(), pattern == b"*");
    let at = ctx.out.defer();
    let mut count = 0;
    let table = ctx.db.table();
    for (id, key, _) in table.dict().iter() {
        // Expired keys are left out, but not deleted: KEYS only reads.
        if (all || glob(pattern, key, false)) && table.expire_at(id).is_none_or(|at| at > now) {
            ctx.out.bulk(key);
            count += 1;
        }
    }
    ctx.out.finish_array(at, count);
    Ok(())
}

const SCAN: Command = Command {
    name: "scan",
    arity: -2,
    flags: F::READONLY,
    acl: C::KEYSPACE,
    since: "2.8.0",
    group: Group::Generic,
    complexity: "O(1) a call (COUNT entries), O(N) for a whole walk, N the keys.",
    summary: "Lists keys some at a time: call it with the cursor that it gave until that is 0.",
    syntax: "cursor:integer [MATCH=pattern:pattern] [COUNT=count:integer] [TYPE=type@6.0.0]",
    tips: &[
        "nondeterministic_output",
        "request_policy:special",
        "response_policy:special",
    ],
    run: scan,
    ..Command::DEFAULT
};

fn scan(ctx: &mut Ctx<'_>) -> Outcome {
    let cursor = elements::scan_cursor(ctx.arg(1))?;
    let options = ScanOptions::read(&mut ctx.cursor(2), Scanned::Keys)?;
    let table = ctx.db.table();
    let mut ids: Vec<EntryId> = Vec::new();
    let next = options.run(cursor, |at| {
        let before = ids.len();
        let next = table.dict().scan(at, &mut |id| ids.push(id));
        (next, (ids.len() - before) as u64)
    });
    ids.retain(|&id| {
        let value = &table.object(id).value;
        options.matches(table.key(id))
            && options
                .type_name
                .is_none_or(|name| name == value.type_name())
    });
    let keys: Vec<Vec<u8>> = ids.iter().map(|&id| table.key(id).to_vec()).collect();
    ctx.out.array(2);
    ctx.out.bulk(num::u64_bytes(next, &mut [0; 20]));
    let at = ctx.out.defer();
    let mut count = 0;
    for key in &keys {
        // A key that expired is deleted here, as on any access.
        if ctx.db.exists(key) {
            ctx.out.bulk(key);
            count += 1;
        }
    }
    ctx.out.finish_array(at, count);
    Ok(())
}
