//! Lengths, elements, ranges.
use crate::base::num;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::elements::bulk;
use crate::keyspace::list::List;

pub(super) const TABLE: &[Command] = &[LINDEX, LLEN, LRANGE];

const LLEN: Command = Command {
    name: "llen",
    arity: 2,
    flags: F::READONLY.with(F::FAST),
    acl: C::LIST,
    keys: &[KeySpec::new("RO", Begin::Index(1), Find::Range(0, 1, 0))],
    since: "1.0.0",
    group: Group::List,
    summary: "Counts the elements of a list.",
    syntax: "key:key#0",
    run: llen,
    ..Command::DEFAULT
};

fn llen(ctx: &mut Ctx<'_>) -> Outcome {
    let len = ctx.db.read_as::<List>(ctx.arg(1))?.map_or(0, List::len);
    ctx.out.len(len);
    Ok(())
}

const LINDEX: Command = Command {
    name: "lindex",
    arity: 3,
    flags: F::READONLY,
    acl: C::LIST,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N), N the distance of the element from the nearer end; long lists are passed a whole node at a time.",
    summary: "Gives the element at a position; negative ones count from the tail.",
    syntax: "key:key#0 index:integer",
    run: lindex,
    ..Command::DEFAULT
};

fn lindex(ctx: &mut Ctx<'_>) -> Outcome {
    let element = match ctx.db.read_as::<List>(ctx.arg(1))? {
        // The position is looked at only where there is a list.
        Some(list) => list.get(num::parse_i64(ctx.args.get(2)).ok_or(Error::NOT_INTEGER)?),
        None => None,
    };
    match element {
        Some(element) => bulk(ctx.out, element),
        None => ctx.out.null(),
    }
    Ok(())
}

const LRANGE: Command = Command {
    name: "lrange",
    arity: 4,
    flags: F::READONLY,
    acl: C::LIST,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "1.0.0",
    group: Group::List,
    complexity: "O(S+N), S the distance of the start from the nearer end, N the elements returned.",
    summary: "Gives the elements from one position to another, both included; negative ones count from the tail.",
    syntax: "key:key#0 start:integer stop:integer",
    run: lrange,
    ..Command::DEFAULT
};

fn lrange(ctx: &mut Ctx<'_>) -> Outcome {
    let (start, stop) = (ctx.args.int(2)?, ctx.args.int(3)?);
    let Some(list) = ctx.db.read_as::<List>(ctx.arg(1))? else {
        ctx.out.array(0);
        return Ok(());
    };
    let Some((start, count)) = clip(start, stop, list.len()) else {
        ctx.out.array(0);
        return Ok(());
    };
    ctx.out.array(count);
    for element in list.iter_from(start as i64, true).take(count) {
        bulk(ctx.out, element);
    }
    Ok(())
}

/// The first position and the number of those within `start..=stop` of a list of `len` elements, if any.
pub(super) fn clip(start: i64, stop: i64, len: usize) -> Option<(usize, usize)> {
    let len = len as i64;
    let inside = |at: i64| if at < 0 { at + len } else { at };
    let (start, stop) = (inside(start).max(0), inside(stop).min(len - 1));
    (start <= stop).then(|| (start as usize, (stop - start) as usize + 1))
}

#[cfg(test)]
mod tests {
    use super::clip;

    #[test]
    fn ranges_are_clipped_to_the_list() {
        for (start, stop, expected) in [
            (0, -1, Some((0, 5))),
            (-2, -1, Some((3, 2))),
            (1, 1, Some((1, 1))),
            (-100, 100, Some((0, 5))),
            (2, 1, None),
            (5, 9, None),
            (-9, -6, None),
            (i64::MIN, i64::MAX, Some((0, 5))),
            (i64::MAX, i64::MIN, None),
        ] {
            assert_eq!(clip(start, stop, 5), expected, "{start} {stop}");
        }
        assert_eq!(clip(0, -1, 0), None);
    }
}
