//! DUMP and RESTORE: a value as the bytes that a snapshot would hold of it.
use super::relocate::put;
use crate::base::{num, time::Millis};
use crate::command::{Begin, C, Command, Config, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::{hashes, lists, sets, zsets};
use crate::keyspace::{Class, IntBuf, Value};
use crate::persist::rdb::{self, Limits, dump};

pub(super) const TABLE: &[Command] = &[DUMP, RESTORE, RESTORE_ASKING];

const DUMP: Command = Command {
    name: "dump",
    arity: 2,
    flags: F::READONLY,
    acl: C::KEYSPACE,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.6.0",
    group: Group::Generic,
    complexity: "O(M), M the bytes of the value.",
    summary: "Gives the value of a key as bytes that RESTORE takes.",
    syntax: "key:key#0",
    tips: &["nondeterministic_output"],
    run: run_dump,
    ..Command::DEFAULT
};

fn run_dump(ctx: &mut Ctx<'_>) -> Outcome {
    let compress = ctx.config.text("rdbcompression") == b"yes";
    let payload = |value: &Value| dump::dump(value, rdb::VERSION, compress);
    match ctx.db.read(ctx.args.get(1)).map(payload) {
        Some(payload) => ctx.out.bulk(&payload),
        None => ctx.out.null(),
    }
    Ok(())
}

const RESTORE: Command = Command {
    name: "restore",
    arity: -4,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::KEYSPACE.with(C::DANGEROUS),
    keys: &[KeySpec::new(
        "OW update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.6.0",
    group: Group::Generic,
    complexity: "O(M), M the bytes of the value; O(M*log(N)) for a sorted set of N members.",
    summary: "Makes a key of the bytes that DUMP gave.",
    syntax: "key:key#0 ttl:integer serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME=seconds:integer@5.0.0] [FREQ=frequency:integer@5.0.0]",
    run: restore,
    ..Command::DEFAULT
};

const RESTORE_ASKING: Command = Command {
    name: "restore-asking",
    flags: F::WRITE.with(F::DENYOOM).with(F::ASKING),
    since: "3.0.0",
    group: Group::Server,
    summary: "RESTORE for a key that a cluster is moving here.",
    internal: true,
    ..RESTORE
};

/// A number that fits its type.
fn within<T: TryFrom<i64>>(n: i64, refusal: &'static str) -> Result<T, Error> {
    T::try_from(n).map_err(|_| Error::new(refusal))
}

/// The options of RESTORE.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    idle_s: Option<u64>,
    uses: Option<u8>,
}

impl Options {
    fn read(ctx: &Ctx<'_>) -> Result<Options, Error> {
        let mut options = Options::default();
        let mut cursor = ctx.cursor(4);
        while !cursor.is_done() {
            if cursor.take("replace") {
                options.replace = true;
            } else if cursor.take("absttl") {
                options.absolute = true;
            } else if options.uses.is_none() && cursor.take_with("idletime", 1) {
                let refusal = "ERR Invalid IDLETIME value, must be >= 0";
                options.idle_s = Some(within(cursor.int()?, refusal)?);
            } else if options.idle_s.is_none() && cursor.take_with("freq", 1) {
                let refusal = "ERR Invalid FREQ value, must be >= 0 and <= 255";
                options.uses = Some(within(cursor.int()?, refusal)?);
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(options)
    }
}

fn restore(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let options = Options::read(ctx)?;
    if !options.replace && ctx.db.exists(key) {
        return Err(Error::new("BUSYKEY Target key name already exists."));
    }
    let ttl = ctx.args.int(2)?;
    if ttl < 0 {
        return Err(Error::new("ERR Invalid TTL value, must be >= 0"));
    }
    let payload = ctx.arg(3);
    if !dump::verify(payload) {
        return Err(Error::new("ERR DUMP payload version or checksum are wrong"));
    }
    let room = ctx.server.memory_ceiling - ctx.db.ks.data_bytes();
    let room = usize::try_from(room.max(0)).unwrap_or(usize::MAX);
    let limits = value_limits(ctx.config, ctx.db.ks.hash_seed, room);
    let value = dump::restore(payload, &limits).map_err(|_| Error::new("ERR Bad data format"))?;
    let at = match (ttl, options.absolute) {
        (0, _) => None,
        (at, true) => Some(at),
        (ttl, false) => Some(ttl.saturating_add(ctx.db.now_ms())),
    };
    if at.is_some_and(|at| ctx.db.is_past(at)) {
        return already_expired(ctx, key);
    }
    put(&mut ctx.db, key, value, at);
    let field = ctx.db.ks.use_field(options.idle_s, options.uses);
    ctx.db.set_lru(key, field);
    ctx.db.modified(key, Class::GENERIC, "restore");
    if let Some(at) = at.filter(|_| !options.absolute) {
        propagate_absolute(ctx, at);
    }
    ctx.out.ok();
    Ok(())
}

/// What is restored has expired meanwhile: all that is left of the command is that REPLACE took the old value away.
fn already_expired(ctx: &mut Ctx<'_>, key: &[u8]) -> Outcome {
    if ctx.db.remove(key) {
        ctx.db.modified(key, Class::GENERIC, "del");
        let verb: &[u8] = match ctx.config.text("lazyfree-lazy-server-del").as_slice() {
            b"yes" => b"UNLINK",
            _ => b"DEL",
        };
        ctx.propagate_as(&[verb, key]);
    }
    ctx.out.ok();
    Ok(())
}

/// Others get the time at which the key expires, not how long it has left.
fn propagate_absolute(ctx: &mut Ctx<'_>, at: Millis) {
    let mut digits = IntBuf::default();
    let mut argv: Vec<&[u8]> = ctx.args.from(0).collect();
    argv[2] = num::i64_bytes(at, &mut digits);
    argv.push(b"ABSTTL");
    ctx.propagate_as(&argv);
}

/// What values become that are read from a payload or a file, by the configuration of now. Compressed strings may unfold
/// to at most `room` bytes.
pub(crate) fn value_limits(config: &Config, seed: (u64, u64), room: usize) -> Limits {
    Limits {
        list: lists::limits_of(config),
        set: sets::limits_of(config, seed),
        hash: hashes::limits_of(config, seed),
        zset: zsets::limits_of(config, seed),
        room,
    }
}
