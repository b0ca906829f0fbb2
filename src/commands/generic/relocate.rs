//! Values under another name or in another database.
use crate::base::time::Millis;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::elements;
use crate::keyspace::{Class, Db, Value};

pub(super) const TABLE: &[Command] = &[COPY, MOVE, RENAME, RENAMENX];

const SAME_OBJECT: Error = Error(std::borrow::Cow::Borrowed(
    b"ERR source and destination objects are the same",
));

/// Stores a value with its expiry under a name that is free or may be overwritten. What was there is deleted first, so
/// that the key counts as a new one.
pub(super) fn put(db: &mut Db<'_>, key: &[u8], value: Value, at: Option<Millis>) {
    db.remove(key);
    db.set(key, value, false);
    if let Some(at) = at {
        db.set_expire(key, at);
    }
}

const RENAME: Command = Command {
    name: "rename",
    arity: 3,
    flags: F::WRITE,
    acl: C::KEYSPACE,
    keys: &[
        KeySpec::new("RW access delete", Begin::Index(1), Find::Range(0, 1, 0)),
        KeySpec::new("OW update", Begin::Index(2), Find::Range(0, 1, 0)),
    ],
    group: Group::Generic,
    complexity: "O(1), and O(M) to free a value of M elements that is overwritten.",
    summary: "Gives a key another name; whatever that name held is gone.",
    syntax: "key:key#0 newkey:key#1",
    run: rename,
    ..Command::DEFAULT
};

fn rename(ctx: &mut Ctx<'_>) -> Outcome {
    rename_key(ctx, true)?;
    ctx.out.ok();
    Ok(())
}

const RENAMENX: Command = Command {
    name: "renamenx",
    flags: F::WRITE.with(F::FAST),
    keys: &[
        KeySpec::new("RW access delete", Begin::Index(1), Find::Range(0, 1, 0)),
        KeySpec::new("OW insert", Begin::Index(2), Find::Range(0, 1, 0)),
    ],
    complexity: "O(1)",
    summary: "Gives a key another name, but only if nothing has that name.",
    run: renamenx,
    ..RENAME
};

fn renamenx(ctx: &mut Ctx<'_>) -> Outcome {
    let renamed = rename_key(ctx, false)?;
    ctx.out.int(i64::from(renamed));
    Ok(())
}

/// Whether it renamed.
fn rename_key(ctx: &mut Ctx<'_>, overwrite: bool) -> Result<bool, Error> {
    let (from, to) = (ctx.arg(1), ctx.arg(2));
    if !ctx.db.exists(from) {
        return Err(Error::NO_SUCH_KEY);
    }
    if from == to || (!overwrite && ctx.db.uses_key(to)) {
        ctx.db.uses_key(from);
        return Ok(false);
    }
    let (value, at) = ctx.db.take(from).expect("it was found above");
    put(&mut ctx.db, to, value, at);
    ctx.db.modified(from, Class::GENERIC, "rename_from");
    ctx.db.notify(Class::GENERIC, "rename_to", to);
    Ok(true)
}

const MOVE: Command = Command {
    name: "move",
    arity: 3,
    flags: F::WRITE.with(F::FAST),
    acl: C::KEYSPACE,
    keys: &[KeySpec::new(
        "RW access update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    group: Group::Generic,
    summary: "Moves a key to another database, unless it is there already.",
    syntax: "key:key#0 db:integer",
    run: move_key,
    ..Command::DEFAULT
};

fn move_key(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let target = elements::db_index(ctx, 2)?;
    if target == ctx.db.index {
        return Err(SAME_OBJECT);
    }
    if !ctx.db.exists(key) || ctx.db.other(target).exists(key) {
        ctx.out.int(0);
        return Ok(());
    }
    let (value, at) = ctx.db.take(key).expect("it was found above");
    put(&mut ctx.db.other(target), key, value, at);
    ctx.db.modified(key, Class::GENERIC, "move_from");
    ctx.db.other(target).notify(Class::GENERIC, "move_to", key);
    ctx.out.int(1);
    Ok(())
}

const COPY: Command = Command {
    name: "copy",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::KEYSPACE,
    keys: &[
        KeySpec::new("RO access", Begin::Index(1), Find::Range(0, 1, 0)),
        KeySpec::new("OW update", Begin::Index(2), Find::Range(0, 1, 0)),
    ],
    since: "6.2.0",
    group: Group::Generic,
    complexity: "O(M), M the elements of the value; O(1) for a string.",
    summary: "Copies the value of a key, with its expiry, to another key.",
    syntax: "source:key#0 destination:key#1 [DB=destination-db:integer] [REPLACE]",
    run: copy,
    ..Command::DEFAULT
};

fn copy(ctx: &mut Ctx<'_>) -> Outcome {
    let (from, to) = (ctx.arg(1), ctx.arg(2));
    let mut target = ctx.db.index;
    let mut replace = false;
    let mut cursor = ctx.cursor(3);
    while !cursor.is_done() {
        if cursor.take("replace") {
            replace = true;
        } else if cursor.take_with("db", 1) {
            target = elements::db_index(ctx, cursor.position())?;
            cursor.word()?;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if target == ctx.db.index && from == to {
        return Err(SAME_OBJECT);
    }
    let Some(bytes) = ctx.db.read(from).map(Value::mem_bytes) else {
        ctx.out.int(0);
        return Ok(());
    };
    ctx.room(bytes as i64)?;
    let value = ctx.db.peek(from).cloned().expect("it was just read");
    let at = ctx.db.expire_at(from);
    let mut db = ctx.db.other(target);
    if !replace && db.exists(to) {
        ctx.out.int(0);
        return Ok(());
    }
    put(&mut db, to, value, at);
    db.modified(to, Class::GENERIC, "copy_to");
    ctx.out.int(1);
    Ok(())
}
