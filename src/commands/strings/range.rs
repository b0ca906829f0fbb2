//! Parts of strings.
use super::longest;
use crate::command::{Begin, C, Command, Ctx, Deprecated, Error, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::{Class, IntBuf, Str};

pub(super) const TABLE: &[Command] = &[APPEND, GETRANGE, SETRANGE, SUBSTR];

const APPEND: Command = Command {
    name: "append",
    arity: 3,
    flags: F::WRITE.with(F::DENYOOM).with(F::FAST),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "RW insert",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.0.0",
    group: Group::String,
    complexity: "O(M) amortized, M the bytes appended: a growing string doubles its room.",
    summary: "Adds bytes to the end of a string; a missing key is an empty one.",
    syntax: "key:key#0 value",
    run: append,
    ..Command::DEFAULT
};

fn append(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, more) = (ctx.arg(1), ctx.arg(2));
    let longest = longest(ctx);
    let len = match ctx.db.write_as::<Str>(key)? {
        None => {
            ctx.db.set_str(key, more, false);
            more.len()
        }
        Some(value) if value.len() as i64 + more.len() as i64 > longest => {
            return Err(Error::TOO_LONG);
        }
        Some(value) => value.append(more),
    };
    ctx.db.modified(key, Class::STRING, "append");
    ctx.out.len(len);
    Ok(())
}

const SETRANGE: Command = Command {
    name: "setrange",
    arity: 4,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::STRING,
    keys: &[KeySpec::new(
        "RW update",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.2.0",
    group: Group::String,
    complexity: "O(M), M the bytes written; the zero bytes that fill a gap count too.",
    summary: "Writes over a part of a string; it grows with zero bytes up to there if it must.",
    syntax: "key:key#0 offset:integer value",
    run: setrange,
    ..Command::DEFAULT
};

fn setrange(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, patch) = (ctx.arg(1), ctx.arg(3));
    let offset = ctx.args.int(2)?;
    if offset < 0 {
        return Err(Error::new("ERR offset is out of range"));
    }
    let old_len = ctx.db.edit_as::<Str>(key)?.map(|value| value.len());
    if patch.is_empty() {
        ctx.out.len(old_len.unwrap_or(0));
        return Ok(());
    }
    if offset > longest(ctx) - patch.len() as i64 {
        return Err(Error::TOO_LONG);
    }
    ctx.room(offset + patch.len() as i64 - old_len.unwrap_or(0) as i64)?;
    let end = offset as usize + patch.len();
    let value = ctx.db.write_or(key, || Str::Raw(vec![0; end]))?;
    let len = value.overwrite(offset as usize, patch);
    ctx.db.modified(key, Class::STRING, "setrange");
    ctx.out.len(len);
    Ok(())
}

const GETRANGE: Command = Command {
    name: "getrange",
    arity: 4,
    flags: F::READONLY,
    acl: C::STRING,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.4.0",
    group: Group::String,
    complexity: "O(N), N the bytes returned.",
    summary: "Gives a part of a string, from one position to another; negative ones count from the end.",
    syntax: "key:key#0 start:integer end:integer",
    run: getrange,
    ..Command::DEFAULT
};

fn getrange(ctx: &mut Ctx<'_>) -> Outcome {
    let (start, end) = (ctx.args.int(2)?, ctx.args.int(3)?);
    let mut digits = IntBuf::default();
    let bytes = match ctx.db.read_as::<Str>(ctx.arg(1))? {
        Some(value) => value.bytes(&mut digits),
        None => b"",
    };
    ctx.out.bulk(slice(bytes, start, end));
    Ok(())
}

/// Bytes `start..=end`, negative positions from the end, both moved into the string where they lie outside.
fn slice(bytes: &[u8], start: i64, end: i64) -> &[u8] {
    let len = bytes.len() as i64;
    if start < 0 && end < 0 && start > end {
        return b"";
    }
    let inside = |at: i64| if at < 0 { (len + at).max(0) } else { at };
    let (start, end) = (inside(start), inside(end).min(len - 1));
    if start > end || len == 0 {
        return b"";
    }
    &bytes[start as usize..=end as usize]
}

const SUBSTR: Command = Command {
    name: "substr",
    since: "1.0.0",
    summary: "The old name of GETRANGE.",
    deprecated: Some(Deprecated {
        since: "2.0.0",
        replaced_by: "`GETRANGE`",
    }),
    ..GETRANGE
};

#[cfg(test)]
mod tests {
    use super::slice;

    #[test]
    fn slices_as_the_real_server_cuts() {
        for (start, end, expected) in [
            (0, -1, "abc"),
            (-2, -1, "bc"),
            (1, 1, "b"),
            (-100, 100, "abc"),
            (2, 1, ""),
            (-1, -3, ""),
            (3, 5, ""),
            (i64::MIN, i64::MAX, "abc"),
            (i64::MAX, i64::MIN, ""),
        ] {
            assert_eq!(
                slice(b"abc", start, end),
                expected.as_bytes(),
                "{start} {end}"
            );
        }
        assert_eq!(slice(b"", 0, -1), b"");
    }
}
