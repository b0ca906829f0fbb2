//! XGROUP.
use super::{BASE, bad_subcommand, consumer_made, id, key_at, no_group};
use crate::command::{C, Command, Ctx, Error, F, Outcome, syntax};
use crate::ds::stream::{Group, Stream, StreamId};
use crate::keyspace::Class;

pub(super) const TABLE: &[Command] = &[XGROUP];

const XGROUP: Command = Command {
    name: "xgroup",
    acl: C::NONE,
    arity: -2,
    complexity: "Depends on the subcommand",
    summary: "A container for commands about consumer groups.",
    subs: &[DESTROY, HELP, CREATE, CREATECONSUMER, SETID, DELCONSUMER],
    ..BASE
};

/// What a subcommand shares with the others.
const SUB: Command = Command {
    parent: "xgroup",
    ..BASE
};

const HELP: Command = Command {
    name: "help",
    arity: 2,
    flags: F::LOADING.with(F::STALE),
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &XGROUP),
    ..SUB
};

/// The stream that a subcommand works on, which must be there.
fn stream<'c>(ctx: &'c mut Ctx<'_>) -> Result<&'c mut Stream, Error> {
    let stream = ctx.db.write_as::<Stream>(ctx.args.get(2))?;
    stream.ok_or(Error::new(
        "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM \
         option to create an empty stream automatically.",
    ))
}

/// The group that a subcommand works on, which must be there.
fn group<'c>(ctx: &'c mut Ctx<'_>) -> Result<&'c mut Group, Error> {
    let (key, name) = (ctx.arg(2), ctx.arg(3));
    let group = stream(ctx)?.group_mut(name);
    group.ok_or_else(|| no_group(name, key))
}

/// A change of groups: counted and told, but those who watch the key are left in peace, as in a real server.
fn changed(ctx: &mut Ctx<'_>, event: &'static str) {
    ctx.db.ks.dirty += 1;
    ctx.db.notify(Class::STREAM, event, ctx.args.get(2));
}

/// MKSTREAM, where it is allowed, and ENTRIESREAD.
fn options(ctx: &Ctx<'_>, creates: bool) -> Result<(bool, i64), Error> {
    let (mut mkstream, mut entries_read) = (false, Group::UNKNOWN);
    let mut cursor = ctx.cursor(5);
    while !cursor.is_done() {
        if creates && cursor.take("mkstream") {
            mkstream = true;
        } else if cursor.take_with("entriesread", 1) {
            entries_read = cursor.int()?;
            if entries_read < Group::UNKNOWN {
                return Err(Error::new(
                    "ERR value for ENTRIESREAD must be positive or -1",
                ));
            }
        } else {
            return Err(bad_subcommand(ctx, "XGROUP"));
        }
    }
    Ok((mkstream, entries_read))
}

const CREATE: Command = Command {
    name: "create",
    arity: -5,
    flags: F::WRITE.with(F::DENYOOM),
    keys: &[key_at("RW insert", 2)],
    summary: "Makes a consumer group that reads the entries after an id.",
    syntax: "key:key#0 group id-selector<id|!$/new-id> [MKSTREAM] [ENTRIESREAD=entriesread:integer\"entries-read\"]",
    run: create,
    ..SUB
};

fn create(ctx: &mut Ctx<'_>) -> Outcome {
    let (mkstream, entries_read) = options(ctx, true)?;
    let (key, name, word) = (ctx.arg(2), ctx.arg(3), ctx.arg(4));
    let found = match stream(ctx) {
        Err(error) if !mkstream || error == Error::WRONG_TYPE => return Err(error),
        found => found.ok().map(|s| s.last_id),
    };
    if ctx.argc() > 8 {
        return Err(bad_subcommand(ctx, "XGROUP"));
    }
    let from = match word {
        b"$" => found.unwrap_or(StreamId::MIN),
        _ => id::exact(word)?,
    };
    let stream = match ctx.db.edit_as(key)? {
        Some(stream) => stream,
        None => ctx.db.write_or(key, Stream::default)?,
    };
    if !stream.add_group(name, from, entries_read) {
        return Err(Error::new("BUSYGROUP Consumer Group name already exists"));
    }
    if found.is_none() {
        ctx.db.touch(key);
    }
    changed(ctx, "xgroup-create");
    ctx.out.ok();
    Ok(())
}

const SETID: Command = Command {
    name: "setid",
    arity: -5,
    flags: F::WRITE,
    keys: &[key_at("RW update", 2)],
    summary: "Sets the id after which a group reads on.",
    syntax: "key:key#0 group id-selector<id|!$/new-id> [ENTRIESREAD=entriesread:integer\"entries-read\"]",
    run: setid,
    ..SUB
};

fn setid(ctx: &mut Ctx<'_>) -> Outcome {
    let (_, entries_read) = options(ctx, false)?;
    let (key, name, word) = (ctx.arg(2), ctx.arg(3), ctx.arg(4));
    let stream = stream(ctx)?;
    let last_id = stream.last_id;
    if stream.group(name).is_none() {
        return Err(no_group(name, key));
    }
    if ctx.argc() > 7 {
        return Err(bad_subcommand(ctx, "XGROUP"));
    }
    let to = match word {
        b"$" => last_id,
        _ => id::loose(word)?,
    };
    let stream = ctx.db.edit_as::<Stream>(key)?;
    if let Some(group) = stream.and_then(|s| s.group_mut(name)) {
        group.last_id = to;
        group.entries_read = entries_read;
    }
    changed(ctx, "xgroup-setid");
    ctx.out.ok();
    Ok(())
}

const DESTROY: Command = Command {
    name: "destroy",
    arity: 4,
    flags: F::WRITE,
    keys: &[key_at("RW delete", 2)],
    complexity: "O(N), N the entries pending in the group.",
    summary: "Removes a consumer group with all that is pending in it.",
    syntax: "key:key#0 group",
    run: destroy,
    ..SUB
};

fn destroy(ctx: &mut Ctx<'_>) -> Outcome {
    let name = ctx.arg(3);
    let removed = stream(ctx)?.remove_group(name);
    if removed {
        changed(ctx, "xgroup-destroy");
        ctx.db.came(ctx.args.get(2));
    }
    ctx.out.int(removed.into());
    Ok(())
}

const CREATECONSUMER: Command = Command {
    name: "createconsumer",
    arity: 5,
    flags: F::WRITE.with(F::DENYOOM),
    keys: &[key_at("RW insert", 2)],
    since: "6.2.0",
    summary: "Makes a consumer in a group; reading makes one as well.",
    syntax: "key:key#0 group consumer",
    run: createconsumer,
    ..SUB
};

fn createconsumer(ctx: &mut Ctx<'_>) -> Outcome {
    let (now_ms, key, name) = (ctx.db.now_ms(), ctx.arg(2), ctx.arg(4));
    let (_, made) = group(ctx)?.find_or_add(name, now_ms);
    if made {
        consumer_made(ctx, key);
    }
    ctx.out.int(made.into());
    Ok(())
}

const DELCONSUMER: Command = Command {
    name: "delconsumer",
    arity: 5,
    flags: F::WRITE,
    keys: &[key_at("RW delete", 2)],
    complexity: "O(N), N the entries pending for the consumer.",
    summary: "Removes a consumer from a group, and tells how many entries were pending for it.",
    syntax: "key:key#0 group consumer",
    run: delconsumer,
    ..SUB
};

fn delconsumer(ctx: &mut Ctx<'_>) -> Outcome {
    let name = ctx.arg(4);
    let removed = group(ctx)?.remove(name);
    if removed.is_some() {
        changed(ctx, "xgroup-delconsumer");
    }
    ctx.out.len(removed.unwrap_or(0));
    Ok(())
}
