//! The options of SET and GETEX, and GETEX itself.
use super::get::reply_get;
use crate::base::{num, time::Millis};
use crate::command::{Args, Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::Class;

pub(super) const TABLE: &[Command] = &[GETEX];

/// How a time was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Millis,
    UnixSeconds,
    UnixMillis,
}

impl Unit {
    fn named(word: &[u8]) -> Option<Unit> {
        let names = [
            ("ex", Unit::Seconds),
            ("px", Unit::Millis),
            ("exat", Unit::UnixSeconds),
            ("pxat", Unit::UnixMillis),
        ];
        names
            .into_iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, unit)| unit)
    }

    /// The moment that `text` names, in ms since 1970. Only a positive number is good, and it must not overflow;
    /// `command` is who complains.
    pub fn moment(self, text: &[u8], now: Millis, command: &str) -> Result<Millis, Error> {
        let value = num::parse_i64(text).ok_or(Error::NOT_INTEGER)?;
        let refused = || Error::expire_time(command);
        if value <= 0 {
            return Err(refused());
        }
        let ms = match self {
            Unit::Seconds | Unit::UnixSeconds => value.checked_mul(1000).ok_or_else(refused)?,
            Unit::Millis | Unit::UnixMillis => value,
        };
        match self {
            Unit::Seconds | Unit::Millis => ms.checked_add(now).ok_or_else(refused),
            Unit::UnixSeconds | Unit::UnixMillis => Ok(ms),
        }
    }
}

/// When to store at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    IfMissing,
    IfPresent,
}

/// What SET and GETEX were told behind their positional arguments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub condition: Option<Condition>,
    pub get: bool,
    pub keep_ttl: bool,
    pub persist: bool,
    /// Unit, and which argument is the number.
    pub expiry: Option<(Unit, usize)>,
}

impl Options {
    /// Reads the options from argument `first` on; `for_set` says which of the two commands' options are known.
    pub fn read(args: Args<'_>, first: usize, for_set: bool) -> Result<Options, Error> {
        let mut options = Options::default();
        let mut at = first;
        while at < args.len() {
            at += options.read_one(args, at, for_set)?;
        }
        Ok(options)
    }

    /// Takes one option; how many arguments it took.
    fn read_one(&mut self, args: Args<'_>, at: usize, for_set: bool) -> Result<usize, Error> {
        let no_expiry = self.expiry.is_none();
        if for_set && args.is(at, "nx") && self.condition != Some(Condition::IfPresent) {
            self.condition = Some(Condition::IfMissing);
        } else if for_set && args.is(at, "xx") && self.condition != Some(Condition::IfMissing) {
            self.condition = Some(Condition::IfPresent);
        } else if for_set && args.is(at, "get") {
            self.get = true;
        } else if for_set && args.is(at, "keepttl") && no_expiry {
            self.keep_ttl = true;
        } else if !for_set && args.is(at, "persist") && no_expiry {
            self.persist = true;
        } else if let Some(unit) = Unit::named(args.get(at))
            && at + 1 < args.len()
            && !self.keep_ttl
            && !self.persist
            && self.expiry.is_none_or(|(earlier, _)| earlier == unit)
        {
            // The same unit may come twice; the last one counts.
            self.expiry = Some((unit, at + 1));
            return Ok(2);
        } else {
            return Err(Error::SYNTAX);
        }
        Ok(1)
    }
}

/// Deletes a key that was given an expiry in the past, if it is there. Others see a deletion, not the expiry.
pub(crate) fn expire_at_once(ctx: &mut Ctx<'_>, key: &[u8]) {
    let lazy = ctx.config.lazyfree_lazy_expire;
    if ctx.db.remove_as(key, lazy) {
        ctx.db.modified(key, Class::GENERIC, "del");
        let verb = ctx.db.ks.expire_verb();
        ctx.propagate_as(&[verb, key]);
    }
}

const GETEX: Command = Command {
    name: "getex",
    arity: -2,
    flags: F::WRITE.with(F::FAST),
    acl: C::STRING,
    keys: &[
        KeySpec::new("RW access update", Begin::Index(1), Find::Range(0, 1, 0))
            .notes("The value is read, the expiry changed"),
    ],
    since: "6.2.0",
    group: Group::String,
    summary: "Gives the string that a key holds, and sets or removes the time when the key expires.",
    syntax: "key:key#0 [expiration<EX=seconds:integer|PX=milliseconds:integer|EXAT=unix-time-seconds:unix-time|PXAT=unix-time-milliseconds:unix-time|PERSIST>]",
    run: getex,
    ..Command::DEFAULT
};

fn getex(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let options = Options::read(ctx.args, 2, false)?;
    // The key is looked up before the number is: a missing key is null whatever the number.
    if !reply_get(ctx, key)? {
        return Ok(());
    }
    let now = ctx.db.now_ms();
    let at = match options.expiry {
        Some((unit, arg)) => Some(unit.moment(ctx.arg(arg), now, "getex")?),
        None => None,
    };
    match at {
        Some(at) if ctx.db.is_past(at) => expire_at_once(ctx, key),
        Some(at) => {
            ctx.db.set_expire(key, at);
            ctx.db.modified(key, Class::GENERIC, "expire");
            ctx.propagate_as(&[b"PEXPIREAT", key, num::i64_bytes(at, &mut [0; 20])]);
        }
        None if options.persist && ctx.db.persist(key) => {
            ctx.db.modified(key, Class::GENERIC, "persist");
            ctx.propagate_as(&[b"PERSIST", key]);
        }
        None => {}
    }
    Ok(())
}
