//! Integers of any width at any bit.
use super::{offset, writable};
use crate::base::num;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::ds::bits::{Field, Overflow};
use crate::keyspace::{Class, IntBuf, Str};

pub(super) const TABLE: &[Command] = &[BITFIELD, BITFIELD_RO];

const BITFIELD: Command = Command {
    name: "bitfield",
    arity: -2,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::BITMAP,
    keys: &[KeySpec::new(
        "RW access update variable_flags",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )
    .notes("It may read the key, write it, or both")],
    since: "3.2.0",
    group: Group::Bitmap,
    complexity: "O(1) for each operation.",
    summary: "Reads, writes and increments integers of any width inside a string.",
    syntax: "key:key#0 [operation<GET=get-block(encoding offset:integer)|write([OVERFLOW=overflow-block<WRAP|SAT|FAIL>] write-operation<SET=set-block(encoding offset:integer value:integer)|INCRBY=incrby-block(encoding offset:integer increment:integer)>)>+]",
    run: bitfield,
    ..Command::DEFAULT
};

const BITFIELD_RO: Command = Command {
    name: "bitfield_ro",
    flags: F::READONLY.with(F::FAST),
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "6.0.0",
    summary: "Reads integers of any width inside a string: BITFIELD for replicas.",
    syntax: "key:key#0 [GET=get-block(encoding offset:integer)++]",
    run: bitfield_ro,
    ..BITFIELD
};

/// What is done to a field.
enum Action {
    Get,
    Set(i64),
    Incr(i64),
}

/// One operation of the list.
struct Step {
    field: Field,
    at: u64,
    action: Action,
    overflow: Overflow,
}

fn bitfield(ctx: &mut Ctx<'_>) -> Outcome {
    run(ctx, false)
}

fn bitfield_ro(ctx: &mut Ctx<'_>) -> Outcome {
    run(ctx, true)
}

fn field_type(text: &[u8]) -> Result<Field, Error> {
    if let [kind @ (b'i' | b'u'), digits @ ..] = text {
        let signed = *kind == b'i';
        if let Some(bits @ 1..) = num::parse_i64(digits)
            && bits <= 63 + i64::from(signed)
        {
            let bits = bits as u32;
            return Ok(Field { signed, bits });
        }
    }
    Err(Error(
        b"ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.".into(),
    ))
}

/// All operations, in order.
fn steps(ctx: &Ctx<'_>) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let mut overflow = Overflow::Wrap;
    let mut cursor = ctx.cursor(2);
    while !cursor.is_done() {
        if cursor.take_with("overflow", 1) {
            overflow = match () {
                _ if cursor.take("wrap") => Overflow::Wrap,
                _ if cursor.take("sat") => Overflow::Sat,
                _ if cursor.take("fail") => Overflow::Fail,
                _ => return Err(Error(b"ERR Invalid OVERFLOW type specified".into())),
            };
            continue;
        }
        let get = cursor.take_with("get", 2);
        let set = !get && cursor.take_with("set", 3);
        if !get && !set && !cursor.take_with("incrby", 3) {
            return Err(Error::SYNTAX);
        }
        let field = field_type(cursor.word()?)?;
        let at = offset(ctx, cursor.position(), Some(field.bits))?;
        cursor.word()?;
        let action = match () {
            _ if get => Action::Get,
            _ if set => Action::Set(cursor.int()?),
            _ => Action::Incr(cursor.int()?),
        };
        steps.push(Step {
            field,
            at,
            action,
            overflow,
        });
    }
    Ok(steps)
}

fn run(ctx: &mut Ctx<'_>, read_only: bool) -> Outcome {
    let steps = steps(ctx)?;
    let key = ctx.arg(1);
    let writes = steps.iter().filter(|s| !matches!(s.action, Action::Get));
    let Some(last) = writes.map(|s| s.at + u64::from(s.field.bits) - 1).max() else {
        let mut digits = IntBuf::default();
        let bytes = match ctx.db.read_as::<Str>(key)? {
            Some(value) => value.bytes(&mut digits),
            None => b"",
        };
        ctx.out.array(steps.len());
        for step in &steps {
            ctx.out.int(step.field.read(bytes, step.at));
        }
        return Ok(());
    };
    if read_only {
        return Err(Error(
            b"ERR BITFIELD_RO only supports the GET subcommand".into(),
        ));
    }
    let mut replies = Vec::with_capacity(steps.len());
    let (bytes, grown) = writable(ctx, key, last)?;
    let mut changes = 0;
    for Step {
        field,
        at,
        action,
        overflow,
    } in steps
    {
        let old = field.read(bytes, at);
        let (new, set) = match action {
            Action::Get => {
                replies.push(Some(old));
                continue;
            }
            Action::Set(value) => (field.fit(value, 0, overflow), true),
            Action::Incr(more) => (field.fit(old, more, overflow), false),
        };
        replies.push(new.map(|new| if set { old } else { new }));
        if let Some(new) = new {
            field.write(bytes, at, new);
            changes += i64::from(grown || old != new);
        }
    }
    ctx.out.array(replies.len());
    for reply in replies {
        match reply {
            Some(number) => ctx.out.int(number),
            None => ctx.out.null(),
        }
    }
    if changes > 0 {
        ctx.db.modified(key, Class::STRING, "setbit");
        ctx.db.ks.dirty += changes - 1;
    }
    Ok(())
}
