//! EXPIRE and its three sisters: seconds or milliseconds, from now on or since 1970.
use crate::base::num;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::strings::expiry::expire_at_once;
use crate::keyspace::Class;

pub(super) const TABLE: &[Command] = &[EXPIRE, EXPIREAT, PEXPIRE, PEXPIREAT];

const EXPIRE: Command = Command {
    name: "expire",
    arity: -3,
    flags: F::WRITE.with(F::FAST),
    acl: C::KEYSPACE,
    keys: &[KeySpec::new(
        "RW update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    group: Group::Generic,
    summary: "Lets a key expire after so many seconds.",
    syntax: "key:key#0 seconds:integer [condition<NX|XX|GT|LT>@7.0.0]",
    run: expire,
    ..Command::DEFAULT
};

fn expire(ctx: &mut Ctx<'_>) -> Outcome {
    let now = ctx.db.now_ms();
    set_expiry(ctx, 1000, now)
}

const PEXPIRE: Command = Command {
    name: "pexpire",
    since: "2.6.0",
    summary: "Lets a key expire after so many milliseconds.",
    syntax: "key:key#0 milliseconds:integer [condition<NX|XX|GT|LT>@7.0.0]",
    run: pexpire,
    ..EXPIRE
};

fn pexpire(ctx: &mut Ctx<'_>) -> Outcome {
    let now = ctx.db.now_ms();
    set_expiry(ctx, 1, now)
}

const EXPIREAT: Command = Command {
    name: "expireat",
    since: "1.2.0",
    summary: "Lets a key expire at a moment given in seconds since 1970.",
    syntax: "key:key#0 unix-time-seconds:unix-time [condition<NX|XX|GT|LT>@7.0.0]",
    run: expireat,
    ..EXPIRE
};

fn expireat(ctx: &mut Ctx<'_>) -> Outcome {
    set_expiry(ctx, 1000, 0)
}

const PEXPIREAT: Command = Command {
    name: "pexpireat",
    since: "2.6.0",
    summary: "Lets a key expire at a moment given in milliseconds since 1970.",
    syntax: "key:key#0 unix-time-milliseconds:unix-time [condition<NX|XX|GT|LT>@7.0.0]",
    run: pexpireat,
    ..EXPIRE
};

fn pexpireat(ctx: &mut Ctx<'_>) -> Outcome {
    set_expiry(ctx, 1, 0)
}

/// On what an expiry depends.
#[derive(Default)]
struct Condition {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Condition {
    fn read(ctx: &Ctx<'_>) -> Result<Condition, Error> {
        let mut c = Condition::default();
        for word in ctx.args.from(3) {
            match word.to_ascii_lowercase().as_slice() {
                b"nx" => c.nx = true,
                b"xx" => c.xx = true,
                b"gt" => c.gt = true,
                b"lt" => c.lt = true,
                _ => {
                    let mut text = b"ERR Unsupported option ".to_vec();
                    text.extend_from_slice(word);
                    return Err(Error::bytes(text));
                }
            }
        }
        if c.nx && (c.xx || c.gt || c.lt) {
            return Err(Error::new(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if c.gt && c.lt {
            return Err(Error::new(
                "ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(c)
    }

    /// Whether a key that expires at `old` may expire at `new` instead. No expiry counts as the end of all time.
    fn allows(&self, old: Option<i64>, new: i64) -> bool {
        !(self.nx && old.is_some()
            || self.xx && old.is_none()
            || self.gt && old.is_none_or(|old| new <= old)
            || self.lt && old.is_some_and(|old| new >= old))
    }
}

/// Sets the expiry to `factor` × the argument ms after `base`; a moment that is past deletes the key at once.
fn set_expiry(ctx: &mut Ctx<'_>, factor: i64, base: i64) -> Outcome {
    let key = ctx.arg(1);
    let condition = Condition::read(ctx)?;
    let at = ctx
        .args
        .int(2)?
        .checked_mul(factor)
        .and_then(|ms| ms.checked_add(base))
        .ok_or_else(|| Error::expire_time(ctx.command.name))?;
    if ctx.db.write(key).is_none() || !condition.allows(ctx.db.expire_at(key), at) {
        ctx.out.int(0);
        return Ok(());
    }
    if ctx.db.is_past(at) {
        expire_at_once(ctx, key);
    } else {
        ctx.db.set_expire(key, at);
        ctx.db.modified(key, Class::GENERIC, "expire");
        if factor != 1 || base != 0 {
            propagate_absolute(ctx, at);
        }
    }
    ctx.out.int(1);
    Ok(())
}

/// The same command with its moment in ms since 1970: a relative one would start anew when a replica or a log reads it.
fn propagate_absolute(ctx: &mut Ctx<'_>, at: i64) {
    let mut digits = [0; 20];
    let mut argv: Vec<&[u8]> = vec![b"PEXPIREAT", ctx.arg(1), num::i64_bytes(at, &mut digits)];
    argv.extend(ctx.args.from(3));
    ctx.propagate_as(&argv);
}

#[cfg(test)]
mod tests {
    use super::Condition;

    #[test]
    fn no_expiry_is_later_than_any() {
        let gt = Condition {
            gt: true,
            ..Condition::default()
        };
        assert!(!gt.allows(None, i64::MAX));
        assert!(gt.allows(Some(5), 6) && !gt.allows(Some(5), 5));
        let lt = Condition {
            lt: true,
            ..Condition::default()
        };
        assert!(lt.allows(None, i64::MAX));
        assert!(lt.allows(Some(5), 4) && !lt.allows(Some(5), 5));
        let xx_lt = Condition {
            xx: true,
            lt: true,
            ..Condition::default()
        };
        assert!(!xx_lt.allows(None, 1));
    }
}
