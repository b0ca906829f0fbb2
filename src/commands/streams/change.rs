//! XDEL and XSETID.
use super::{BASE, id, key_at};
use crate::command::{Command, Ctx, Error, F, Outcome};
use crate::ds::stream::{Stream, StreamId};
use crate::keyspace::Class;

pub(super) const TABLE: &[Command] = &[XDEL, XSETID];

const XDEL: Command = Command {
    name: "xdel",
    arity: -3,
    flags: F::WRITE.with(F::FAST),
    keys: &[key_at("RW delete", 1)],
    complexity: "O(1) for each entry, whatever the length of the stream.",
    summary: "Removes entries by their ids. The key stays, even if its stream is empty then.",
    syntax: "key:key#0 id+",
    run: xdel,
    ..BASE
};

fn xdel(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let mut deleted = 0;
    if let Some(stream) = ctx.db.write_as::<Stream>(key)? {
        deleted = stream.delete(&id::all(ctx.args.from(2))?);
    }
    if deleted > 0 {
        ctx.db.ks.dirty += deleted - 1;
        ctx.db.modified(key, Class::STREAM, "xdel");
    }
    ctx.out.int(deleted);
    Ok(())
}

const XSETID: Command = Command {
    name: "xsetid",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    keys: &[key_at("RW update", 1)],
    summary: "Sets a stream's last id, and on request the figures from which lags are told: for the log and replicas.",
    syntax: "key:key#0 last-id [ENTRIESADDED=entries-added:integer@7.0.0] [MAXDELETEDID=max-deleted-id@7.0.0]",
    run: xsetid,
    ..BASE
};

fn xsetid(ctx: &mut Ctx<'_>) -> Outcome {
    let last_id = id::exact(ctx.arg(2))?;
    let (mut added, mut max_deleted) = (None, StreamId::MIN);
    let mut cursor = ctx.cursor(3);
    while !cursor.is_done() {
        if cursor.take_with("entriesadded", 1) {
            let n = u64::try_from(cursor.int()?);
            added = Some(n.map_err(|_| Error::new("ERR entries_added must be positive"))?);
        } else if cursor.take_with("maxdeletedid", 1) {
            max_deleted = id::exact(cursor.word()?)?;
            if last_id < max_deleted {
                return Err(Error::new(
                    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                ));
            }
        } else {
            return Err(Error::SYNTAX);
        }
    }
    let key = ctx.arg(1);
    let stream = ctx.db.write_as::<Stream>(key)?.ok_or(Error::NO_SUCH_KEY)?;
    if last_id < stream.max_deleted_id {
        return Err(Error::new(
            "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
        ));
    }
    if stream.edge(true).is_some_and(|item| last_id < item.id) {
        return Err(Error::new(
            "ERR The ID specified in XSETID is smaller than the target stream top item",
        ));
    }
    if added.is_some_and(|added| stream.len() > added) {
        return Err(Error::new(
            "ERR The entries_added specified in XSETID is smaller than the target stream length",
        ));
    }
    stream.last_id = last_id;
    stream.entries_added = added.unwrap_or(stream.entries_added);
    if max_deleted != StreamId::MIN {
        stream.max_deleted_id = max_deleted;
    }
    ctx.db.ks.dirty += 1;
    ctx.db.notify(Class::STREAM, "xsetid", key);
    ctx.out.ok();
    Ok(())
}
