//! Whole sets against each other: intersection, union, difference, and their storing forms.
use super::{limits, one_key};
use crate::base::order::sort_by;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::elements;
use crate::ds::dict::EntryId;
use crate::ds::listpack::Entry;
use crate::keyspace::set::{Set, SetLimits};
use crate::keyspace::{Class, Db, Value};

pub(super) const TABLE: &[Command] = &[
    SDIFF,
    SDIFFSTORE,
    SINTER,
    SINTERCARD,
    SINTERSTORE,
    SUNION,
    SUNIONSTORE,
];

const READ_ALL: &[KeySpec] = &[KeySpec::new(
    "RO access",
    Begin::Index(1),
    Find::Range(-1, 1, 0),
)];
const STORE: &[KeySpec] = &[
    one_key("OW update"),
    KeySpec::new("RO access", Begin::Index(2), Find::Range(-1, 1, 0)),
];

/// The sets under the keys that stand at these arguments, in their order; `None` where there is none.
fn find_sets(ctx: &mut Ctx<'_>, at: std::ops::Range<usize>) -> Result<Vec<Option<EntryId>>, Error> {
    let mut found = Vec::with_capacity(at.len());
    for i in at {
        let key = ctx.arg(i);
        let there = ctx.db.read_as::<Set>(key)?.is_some();
        found.push(if there { ctx.db.live(key) } else { None });
    }
    Ok(found)
}

/// The set in an entry that [`find_sets`] gave.
fn set_at<'a>(db: &'a Db<'_>, id: EntryId) -> &'a Set {
    match &db.table().object(id).value {
        Value::Set(set) => set,
        _ => unreachable!("find_sets saw a set there, and nothing was written since"),
    }
}

/// Stores a result under the key at argument 1, or deletes that key if the result is empty; answers the size.
fn store(ctx: &mut Ctx<'_>, result: Set, event: &'static str) -> Outcome {
    let key = ctx.arg(1);
    ctx.out.len(result.len());
    if result.is_empty() {
        if ctx.db.remove(key) {
            ctx.db.modified(key, Class::GENERIC, "del");
        }
        return Ok(());
    }
    ctx.db.set(key, Value::Set(Box::new(result)), false);
    ctx.db.modified(key, Class::SET, event);
    Ok(())
}

const SINTER: Command = Command {
    name: "sinter",
    arity: -2,
    flags: F::READONLY,
    acl: C::SET,
    keys: READ_ALL,
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N * M) at worst, N the members of the smallest set, M the sets",
    summary: "Gives the members that all of the sets have.",
    syntax: "key:key#0+",
    tips: &["nondeterministic_output_order"],
    run: sinter,
    ..Command::DEFAULT
};

/// The sets to intersect, smallest first; `None` if one of them is empty.
fn smallest_first<'a>(db: &'a Db<'_>, ids: Vec<Option<EntryId>>) -> Option<Vec<&'a Set>> {
    let mut sets: Vec<&Set> = ids
        .into_iter()
        .map(|id| id.map(|id| set_at(db, id)))
        .collect::<Option<_>>()?;
    sort_by(&mut sets, &mut |a, b| a.len().cmp(&b.len()));
    Some(sets)
}

/// The members of the first set that all others have. The fewer members the first has, the less work.
fn common<'a>(sets: &'a [&'a Set]) -> impl Iterator<Item = Entry<'a>> {
    let (first, others) = sets.split_first().expect("arity: at least one key");
    first.iter().filter(move |&member| {
        others
            .iter()
            .all(|other| std::ptr::eq(*other, *first) || other.contains_entry(member))
    })
}

fn sinter(ctx: &mut Ctx<'_>) -> Outcome {
    let ids = find_sets(ctx, 1..ctx.argc())?;
    let Some(sets) = smallest_first(&ctx.db, ids) else {
        ctx.out.set(0);
        return Ok(());
    };
    let (start, mut n) = (ctx.out.defer(), 0);
    for member in common(&sets) {
        elements::bulk(ctx.out, member);
        n += 1;
    }
    ctx.out.finish_set(start, n);
    Ok(())
}

const SINTERCARD: Command = Command {
    name: "sintercard",
    arity: -3,
    flags: F::READONLY.with(F::MOVABLEKEYS),
    acl: C::SET,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::KeyNum(0, 1, 1),
    )],
    since: "7.0.0",
    group: Group::Set,
    complexity: "O(N * M) at worst, N the members of the smallest set, M the sets",
    summary: "Counts the members that all of the sets have, up to a limit if one is given.",
    syntax: "numkeys:integer key:key#0+ [LIMIT=limit:integer]",
    run: sintercard,
    ..Command::DEFAULT
};

fn sintercard(ctx: &mut Ctx<'_>) -> Outcome {
    let no_keys = || Error::new("ERR numkeys should be greater than 0");
    let numkeys = ctx.args.int_or(1, no_keys())?;
    if numkeys < 1 {
        return Err(no_keys());
    }
    if numkeys > ctx.argc() as i64 - 2 {
        return Err(Error::new(
            "ERR Number of keys can't be greater than number of args",
        ));
    }
    let end = 2 + numkeys as usize;
    let mut options = ctx.cursor(end);
    let mut limit = 0;
    while !options.is_done() {
        if !options.take_with("limit", 1) {
            return Err(Error::SYNTAX);
        }
        let negative = || Error::new("ERR LIMIT can't be negative");
        limit = options.int().map_err(|_| negative())?;
        if limit < 0 {
            return Err(negative());
        }
    }
    let ids = find_sets(ctx, 2..end)?;
    let limit = match limit {
        0 => usize::MAX,
        n => usize::try_from(n).unwrap_or(usize::MAX),
    };
    let n = smallest_first(&ctx.db, ids).map_or(0, |sets| common(&sets).take(limit).count());
    ctx.out.len(n);
    Ok(())
}

const SINTERSTORE: Command = Command {
    name: "sinterstore",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::SET,
    keys: STORE,
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N * M) at worst, N the members of the smallest set, M the sets",
    summary: "Stores the members that all of the sets have under a key, in place of what it held.",
    syntax: "destination:key#0 key:key#1+",
    run: sinterstore,
    ..Command::DEFAULT
};

fn sinterstore(ctx: &mut Ctx<'_>) -> Outcome {
    let limits = limits(ctx);
    let ids = find_sets(ctx, 2..ctx.argc())?;
    let result = match smallest_first(&ctx.db, ids) {
        None => Set::default(),
        Some(sets) => {
            let mut result = match sets[0] {
                Set::Ints(_) => Set::default(),
                _ => Set::pack(),
            };
            for member in common(&sets) {
                result.add_entry(member, &limits);
            }
            result.compact_ints(&limits);
            result
        }
    };
    store(ctx, result, "sinterstore")
}

const SUNION: Command = Command {
    name: "sunion",
    arity: -2,
    flags: F::READONLY,
    acl: C::SET,
    keys: READ_ALL,
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N), N the members of all sets together",
    summary: "Gives the members that at least one of the sets has.",
    syntax: "key:key#0+",
    tips: &["nondeterministic_output_order"],
    run: sunion,
    ..Command::DEFAULT
};

/// Where a union or difference is gathered: a result that is stored starts as small as can be, one that is only read
/// as a table, unless integers in ascending order come for nothing.
fn gathering(sets: &[Option<&Set>], stored: bool, limits: &SetLimits) -> Set {
    let ints = |set: &&Set| matches!(set, Set::Ints(_));
    if stored || sets.iter().flatten().all(ints) {
        Set::default()
    } else {
        // The largest set is a fair guess at the result's size, and no resize on the way to it is wasted.
        let room = sets.iter().flatten().map(|set| set.len()).max();
        Set::table(limits, room.unwrap_or(0))
    }
}

fn union(sets: &[Option<&Set>], stored: bool, limits: &SetLimits) -> Set {
    let mut result = gathering(sets, stored, limits);
    for member in sets.iter().flatten().flat_map(|set| set.iter()) {
        result.add_entry(member, limits);
    }
    result
}

fn reply_set(ctx: &mut Ctx<'_>, set: &Set) -> Outcome {
    ctx.out.set(set.len());
    set.for_each(&mut |member: &[u8]| ctx.out.bulk(member));
    Ok(())
}

/// The result of `operation` over the sets under the keys from argument `from` on.
fn combine(
    ctx: &mut Ctx<'_>,
    from: usize,
    operation: fn(&[Option<&Set>], bool, &SetLimits) -> Set,
) -> Result<Set, Error> {
    let limits = limits(ctx);
    let ids = find_sets(ctx, from..ctx.argc())?;
    let sets: Vec<Option<&Set>> = ids
        .into_iter()
        .map(|id| id.map(|id| set_at(&ctx.db, id)))
        .collect();
    Ok(operation(&sets, from > 1, &limits))
}

fn sunion(ctx: &mut Ctx<'_>) -> Outcome {
    let result = combine(ctx, 1, union)?;
    reply_set(ctx, &result)
}

const SUNIONSTORE: Command = Command {
    name: "sunionstore",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::SET,
    keys: STORE,
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N), N the members of all sets together",
    summary: "Stores the members of all the sets together under a key, in place of what it held.",
    syntax: "destination:key#0 key:key#1+",
    run: sunionstore,
    ..Command::DEFAULT
};

fn sunionstore(ctx: &mut Ctx<'_>) -> Outcome {
    let result = combine(ctx, 2, union)?;
    store(ctx, result, "sunionstore")
}

const SDIFF: Command = Command {
    name: "sdiff",
    arity: -2,
    flags: F::READONLY,
    acl: C::SET,
    keys: READ_ALL,
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N), N the members of all sets together",
    summary: "Gives the members of the first set that none of the others has.",
    syntax: "key:key#0+",
    tips: &["nondeterministic_output_order"],
    run: sdiff,
    ..Command::DEFAULT
};

/// Two ways, and the cheaper one is taken: to look each member of the first set up in all others (N * M look-ups), or
/// to copy the first set and remove the members of all others from it (one step for every member of every set).
fn difference(sets: &[Option<&Set>], stored: bool, limits: &SetLimits) -> Set {
    let mut result = gathering(sets, stored, limits);
    let Some(first) = sets[0] else {
        return result;
    };
    let mut others: Vec<&Set> = sets[1..].iter().flatten().copied().collect();
    if others.iter().any(|other| std::ptr::eq(*other, first)) {
        return result;
    }
    let by_lookup = first.len() as u64 * (others.len() as u64 + 1);
    let by_removal: u64 = sets.iter().flatten().map(|set| set.len() as u64).sum();
    // A look-up costs less than a removal.
    if by_lookup / 2 <= by_removal {
        // The largest first: there a member is most likely found, and then it needs no other look-up.
        sort_by(&mut others, &mut |a, b| b.len().cmp(&a.len()));
        for member in first.iter() {
            if !others.iter().any(|other| other.contains_entry(member)) {
                result.add_entry(member, limits);
            }
        }
        return result;
    }
    for member in first.iter() {
        result.add_entry(member, limits);
    }
    for other in others {
        for member in other.iter() {
            result.remove_entry(member);
        }
        if result.is_empty() {
            break;
        }
    }
    result
}

fn sdiff(ctx: &mut Ctx<'_>) -> Outcome {
    let result = combine(ctx, 1, difference)?;
    reply_set(ctx, &result)
}

const SDIFFSTORE: Command = Command {
    name: "sdiffstore",
    arity: -3,
    flags: F::WRITE.with(F::DENYOOM),
    acl: C::SET,
    keys: STORE,
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N), N the members of all sets together",
    summary: "Stores the members of the first set that none of the others has under a key, in place of what it held.",
    syntax: "destination:key#0 key:key#1+",
    run: sdiffstore,
    ..Command::DEFAULT
};

fn sdiffstore(ctx: &mut Ctx<'_>) -> Outcome {
    let result = combine(ctx, 2, difference)?;
    store(ctx, result, "sdiffstore")
}
