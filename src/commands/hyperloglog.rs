//! HyperLogLog commands: strings that estimate how many different elements were added to them.
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::ds::hll::{self, Corrupt, Registers};
use crate::keyspace::{Class, Str};

/// The family.
pub const TABLES: &[&[Command]] = &[&[PFADD, PFCOUNT, PFDEBUG, PFMERGE, PFSELFTEST]];

const NOT_HLL: Error = Error(std::borrow::Cow::Borrowed(
    b"WRONGTYPE Key is not a valid HyperLogLog string value.",
));

impl From<Corrupt> for Error {
    fn from(_: Corrupt) -> Error {
        Error(b"INVALIDOBJ Corrupted HLL object detected".into())
    }
}

/// The bytes of a HyperLogLog. An integer or a string that stands in the value is never one: the header is longer.
fn bytes_of(value: &Str) -> Result<&[u8], Error> {
    let bytes: &[u8] = match value {
        Str::Int(_) | Str::Short { .. } => b"",
        Str::Embstr(bytes) => bytes,
        Str::Raw(bytes) => bytes,
    };
    if hll::is_hll(bytes) {
        Ok(bytes)
    } else {
        Err(NOT_HLL)
    }
}

/// The same, to change them.
fn bytes_mut(value: &mut Str) -> Result<&mut Vec<u8>, Error> {
    bytes_of(value)?;
    Ok(value.raw_mut())
}

const PFADD: Command = Command {
    name: "pfadd",
    arity: -2,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::HYPERLOGLOG,
    keys: &[KeySpec::new(
        "RW insert",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.8.9",
    group: Group::Hyperloglog,
    complexity: "O(1) for each element.",
    summary: "Adds elements to a HyperLogLog, made if it is not there; gives 1 if its registers changed.",
    syntax: "key:key#0 [element+]",
    run: pfadd,
    ..Command::DEFAULT
};

fn pfadd(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let sparse_max = ctx.config.hll_sparse_max_bytes;
    let mut updated = 0;
    let value = ctx.db.write_or(key, || {
        updated = 1;
        Str::Raw(hll::new())
    })?;
    let bytes = bytes_mut(value)?;
    for element in ctx.args.from(2) {
        updated += i64::from(hll::add(bytes, element, sparse_max)?);
    }
    if updated > 0 {
        hll::invalidate(bytes);
        ctx.db.modified(key, Class::STRING, "pfadd");
        ctx.db.ks.dirty += updated - 1;
    }
    ctx.out.int(i64::from(updated > 0));
    Ok(())
}

const PFCOUNT: Command = Command {
    name: "pfcount",
    arity: -2,
    flags: F::READONLY.with(F::MAY_REPLICATE),
    acl: C::HYPERLOGLOG,
    keys: &[
        KeySpec::new("RW access", Begin::Index(1), Find::Range(-1, 1, 0)).notes(
            "RW, since it may store the estimate in the key, which then goes to replicas too",
        ),
    ],
    since: "2.8.9",
    group: Group::Hyperloglog,
    complexity: "O(1) for one key, mostly from its cached estimate; O(N) for N keys, each with all of its registers.",
    summary: "Estimates how many different elements were added to a HyperLogLog, or to several together.",
    syntax: "key:key#0+",
    run: pfcount,
    ..Command::DEFAULT
};

fn pfcount(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.argc() > 2 {
        let (all, _) = union(ctx)?;
        ctx.out.int(all.count() as i64);
        return Ok(());
    }
    let key = ctx.arg(1);
    let Some(value) = ctx.db.read_as::<Str>(key)? else {
        ctx.out.int(0);
        return Ok(());
    };
    let known = hll::cached(bytes_of(value)?);
    if let (Some(estimate), Str::Raw(_)) = (known, value) {
        ctx.out.int(estimate as i64);
        return Ok(());
    }
    let value = ctx.db.edit_as::<Str>(key)?.expect("it was just read");
    // Like the real server, the value becomes `raw` even if nothing is stored in it.
    let bytes = bytes_mut(value)?;
    let estimate = match known {
        Some(estimate) => estimate,
        None => {
            let estimate = hll::count(bytes)?;
            hll::cache(bytes, estimate);
            ctx.db.touch(key);
            ctx.db.ks.dirty += 1;
            estimate
        }
    };
    ctx.out.int(estimate as i64);
    Ok(())
}

/// The union of all keys from the first argument on, and whether one of them is dense.
fn union(ctx: &mut Ctx<'_>) -> Result<(Registers, bool), Error> {
    let (mut all, mut dense) = (Registers::new(), false);
    for key in ctx.args.from(1) {
        if let Some(value) = ctx.db.read_as::<Str>(key)? {
            let bytes = bytes_of(value)?;
            dense |= hll::is_dense(bytes);
            all.merge(bytes)?;
        }
    }
    Ok((all, dense))
}

const PFMERGE: Command = Command {
    name: "pfmerge",
    arity: -2,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::HYPERLOGLOG,
    keys: &[
        KeySpec::new("RW access insert", Begin::Index(1), Find::Range(0, 1, 0)),
        KeySpec::new("RO access", Begin::Index(2), Find::Range(-1, 1, 0)),
    ],
    since: "2.8.9",
    group: Group::Hyperloglog,
    complexity: "O(N), N the number of HyperLogLogs, each with all of its registers.",
    summary: "Merges HyperLogLogs into the first one, which then stands for the union of all.",
    syntax: "destkey:key#0 [sourcekey:key#1+]",
    run: pfmerge,
    ..Command::DEFAULT
};

fn pfmerge(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let (all, dense) = union(ctx)?;
    let value = ctx.db.write_or(key, || Str::Raw(hll::new()))?;
    let bytes = bytes_mut(value)?;
    if dense {
        hll::to_dense(bytes)?;
    }
    all.store(bytes, ctx.config.hll_sparse_max_bytes)?;
    hll::invalidate(bytes);
    ctx.db.modified(key, Class::STRING, "pfadd");
    ctx.out.ok();
    Ok(())
}

const PFDEBUG: Command = Command {
    name: "pfdebug",
    arity: 3,
    flags: F::WRITE.with(F::DENYOOM).with(F::ADMIN),
    acl: C::HYPERLOGLOG,
    keys: &[KeySpec::new(
        "RW access",
        Begin::Index(2),
        Find::Range(0, 1, 0),
    )],
    since: "2.8.9",
    group: Group::Hyperloglog,
    complexity: "O(N), N the registers or runs.",
    summary: "Looks into a HyperLogLog: its registers, its sparse runs, its encoding; or makes it dense.",
    syntax: "subcommand key:key#0",
    internal: true,
    run: pfdebug,
    ..Command::DEFAULT
};

fn pfdebug(ctx: &mut Ctx<'_>) -> Outcome {
    let Some(value) = ctx.db.write_as::<Str>(ctx.arg(2))? else {
        return Err(Error(b"ERR The specified key does not exist".into()));
    };
    let bytes = bytes_mut(value)?;
    if ctx.args.is(1, "getreg") {
        let converted = hll::to_dense(bytes)?;
        let mut all = Registers::new();
        all.merge(bytes)?;
        ctx.db.ks.dirty += i64::from(converted);
        ctx.out.array(hll::REGISTERS);
        for &rank in all.as_bytes() {
            ctx.out.int(i64::from(rank));
        }
    } else if ctx.args.is(1, "decode") {
        if hll::is_dense(bytes) {
            return Err(Error(b"ERR HLL encoding is not sparse".into()));
        }
        // A run of one byte takes eight at most in words; only nonsense has more runs than registers.
        let words = bytes.len() as i64 * 8;
        ctx.room(words)?;
        let value = ctx
            .db
            .write_as::<Str>(ctx.arg(2))?
            .expect("it was just read");
        ctx.out.bulk(&hll::decode(bytes_of(value)?));
    } else if ctx.args.is(1, "encoding") {
        let dense = hll::is_dense(bytes);
        ctx.out.simple(if dense { "dense" } else { "sparse" });
    } else if ctx.args.is(1, "todense") {
        let converted = i64::from(hll::to_dense(bytes)?);
        ctx.db.ks.dirty += converted;
        ctx.out.int(converted);
    } else {
        let name = ctx.arg(1).split(|b| *b == 0).next().unwrap_or_default();
        let text = [b"ERR Unknown PFDEBUG subcommand '", name, b"'"].concat();
        return Err(Error::bytes(text));
    }
    Ok(())
}

const PFSELFTEST: Command = Command {
    name: "pfselftest",
    arity: 1,
    flags: F::ADMIN,
    acl: C::HYPERLOGLOG,
    since: "2.8.9",
    group: Group::Hyperloglog,
    complexity: "O(1): always the same 100,000 elements.",
    summary: "Checks the HyperLogLog code against itself and against known counts.",
    internal: true,
    run: pfselftest,
    ..Command::DEFAULT
};

fn pfselftest(ctx: &mut Ctx<'_>) -> Outcome {
    hll::self_test(ctx.config.hll_sparse_max_bytes)
        .map_err(|text| Error::new(format!("ERR {text}")))?;
    ctx.out.ok();
    Ok(())
}
