//! Several bitmaps into one.
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::ds::bits::{self, Op};
use crate::keyspace::{Class, IntBuf, Str, Value};

pub(super) const TABLE: &[Command] = &[BITOP];

const BITOP: Command = Command {
    name: "bitop",
    arity: -4,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::BITMAP,
    keys: &[
        KeySpec::new("OW update", Begin::Index(2), Find::Range(0, 1, 0)),
        KeySpec::new("RO access", Begin::Index(3), Find::Range(-1, 1, 0)),
    ],
    since: "2.6.0",
    group: Group::Bitmap,
    complexity: "O(N), N the bytes of all sources.",
    summary: "Combines strings bit by bit and stores the result; shorter ones are filled up with zeros.",
    syntax: "operation<AND|OR|XOR|NOT> destkey:key#0 key:key#1+",
    run: bitop,
    ..Command::DEFAULT
};

fn bitop(ctx: &mut Ctx<'_>) -> Outcome {
    let op = match () {
        _ if ctx.args.is(1, "and") => Some(Op::And),
        _ if ctx.args.is(1, "or") => Some(Op::Or),
        _ if ctx.args.is(1, "xor") => Some(Op::Xor),
        _ if ctx.args.is(1, "not") => None,
        _ => return Err(Error::SYNTAX),
    };
    if op.is_none() && ctx.argc() != 4 {
        return Err(Error(
            b"ERR BITOP NOT must be called with a single source key.".into(),
        ));
    }
    let mut longest = 0;
    for key in ctx.args.from(3) {
        let len = ctx.db.read_as::<Str>(key)?.map_or(0, Str::len);
        longest = longest.max(len);
    }
    ctx.room(longest as i64)?;
    let mut row = Vec::with_capacity(longest);
    for (i, key) in ctx.args.from(3).enumerate() {
        let mut digits = IntBuf::default();
        let bytes = match ctx.db.peek(key) {
            Some(Value::Str(value)) => value.bytes(&mut digits),
            _ => b"",
        };
        match op {
            Some(op) if i > 0 => bits::combine(op, &mut row, bytes),
            _ => row.extend_from_slice(bytes),
        }
    }
    if op.is_none() {
        bits::invert(&mut row);
    }
    let (dest, len) = (ctx.arg(2), row.len());
    if len > 0 {
        ctx.db.set(dest, Value::Str(Str::Raw(row)), false);
        ctx.db.modified(dest, Class::STRING, "set");
    } else if ctx.db.remove(dest) {
        ctx.db.modified(dest, Class::GENERIC, "del");
    }
    ctx.out.len(len);
    Ok(())
}
