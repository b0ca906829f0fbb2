//! DUMP and RESTORE: a value as the bytes that a snapshot would hold of it.
use super::relocate::put;
use crate::base::{num, time::Millis};
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
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

/// The options of RESTORE.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    idle_s: Option<i64>,
    uses: Option<i64>,
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
                options.idle_s = Some(cursor.int()?);
                if options.idle_s < Some(0) {
                    return Err(Error::new("ERR Invalid IDLETIME value, must be >= 0"));
                }
            } else if options.idle_s.is_none() && cursor.take_with("freq", 1) {
                options.uses = Some(cursor.int()?);
                if !(Some(0)..=Some(255)).contains(&options.uses) {
                    return Err(Error::new(
                        "ERR Invalid FREQ value, must be >= 0 and <= 255",
                    ));
                }
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
    let value =
        dump::restore(payload, &limits(ctx)).map_err(|_| Error::new("ERR Bad data format"))?;
    let at = match (ttl, options.absolute) {
        (0, _) => None,
        (at, true) => Some(at),
        (ttl, false) => Some(ttl.saturating_add(ctx.db.now_ms())),
    };
    if at.is_some_and(|at| ctx.db.is_past(at)) {
        return already_expired(ctx, key);
    }
    put(&mut ctx.db, key, value, at);
    set_use(ctx, key, &options);
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

/// The LRU or LFU field that was asked for, if `maxmemory-policy` goes by it.
fn set_use(ctx: &mut Ctx<'_>, key: &[u8], options: &Options) {
    let lfu = super::object::is_lfu(ctx);
    let now = ctx.db.lru_clock();
    let minutes = (ctx.db.now_ms() / 60_000) as u32 & 0xffff;
    let field = match (options.idle_s, options.uses) {
        (Some(idle), _) if !lfu => now.wrapping_sub(idle as u32) & 0xff_ffff,
        (_, Some(uses)) if lfu => minutes << 8 | uses as u32,
        _ => return,
    };
    ctx.db.set_lru(key, field);
}

/// Others get the time at which the key expires, not how long it has left.
fn propagate_absolute(ctx: &mut Ctx<'_>, at: Millis) {
    let mut digits = IntBuf::default();
    let mut argv: Vec<&[u8]> = ctx.args.from(0).collect();
    argv[2] = num::i64_bytes(at, &mut digits);
    argv.push(b"ABSTTL");
    ctx.propagate_as(&argv);
}

/// What restored values become here.
pub(crate) fn limits(ctx: &Ctx<'_>) -> Limits {
    let room = ctx.server.memory_ceiling - ctx.db.ks.data_bytes();
    Limits {
        list: lists::limits(ctx),
        set: sets::limits(ctx),
        hash: hashes::limits(ctx),
        zset: zsets::limits(ctx),
        room: usize::try_from(room.max(0)).unwrap_or(usize::MAX),
    }
}
