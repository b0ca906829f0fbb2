//! Random members: SPOP takes them out, SRANDMEMBER leaves them in.
use super::{limits, one_key};
use crate::base::rng::Rng;
use crate::command::ctx::Propagate;
use crate::command::{C, Command, Ctx, Error, F, Group, Outcome};
use crate::commands::elements;
use crate::ds::listpack::Entry;
use crate::keyspace::set::{Set, SetLimits};
use crate::keyspace::{Class, Value};

pub(super) const TABLE: &[Command] = &[SPOP, SRANDMEMBER];

const SPOP: Command = Command {
    name: "spop",
    arity: -2,
    flags: F::WRITE.with(F::FAST),
    acl: C::SET,
    keys: &[one_key("RW access delete")],
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(1), or O(N), N the count",
    summary: "Takes one or more random members out of a set and gives them.",
    syntax: "key:key#0 [count:integer@3.2.0]",
    tips: &["nondeterministic_output"],
    run: spop,
    ..Command::DEFAULT
};

fn spop(ctx: &mut Ctx<'_>) -> Outcome {
    match ctx.argc() {
        2 => spop_one(ctx),
        3 => spop_count(ctx),
        _ => Err(Error::SYNTAX),
    }
}

fn spop_one(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    let Some(set) = ctx.db.write_as::<Set>(key)? else {
        ctx.out.null();
        return Ok(());
    };
    let place = set.random(ctx.rng).expect("sets are never left empty");
    let member = set.at(place).to_vec();
    set.remove_at(place);
    ctx.out.bulk(&member);
    ctx.db.modified(key, Class::SET, "spop");
    ctx.db.remove_if_empty(key);
    ctx.propagate_as(&[b"SREM", key, &member]);
    Ok(())
}

/// A set is popped by keeping what remains, where what remains is so many times smaller than what goes.
const KEEP_FACTOR: usize = 5;
/// Members of one propagated SREM.
const SREM_BATCH: usize = 1024;

fn spop_count(ctx: &mut Ctx<'_>) -> Outcome {
    let (key, limits) = (ctx.arg(1), limits(ctx));
    let count = elements::positive_count(ctx.arg(2))?;
    let Some(set) = ctx.db.write_as::<Set>(key)? else {
        ctx.out.set(0);
        return Ok(());
    };
    if count == 0 {
        ctx.out.set(0);
        return Ok(());
    }
    if count >= set.len() {
        return spop_all(ctx);
    }
    ctx.out.set(count);
    let mut srem = Batches::new(key);
    let remaining = set.len() - count;
    if remaining.saturating_mul(KEEP_FACTOR) > count {
        let places = set.sample(ctx.rng, count);
        for &place in &places {
            let member = set.at(place);
            elements::bulk(ctx.out, member);
            srem.add(member);
        }
        // Backwards: what a removal moves stands behind it.
        places.iter().rev().for_each(|&place| set.remove_at(place));
    } else {
        let gone = keep_some(set, remaining, ctx.rng, &limits);
        for member in gone.iter() {
            elements::bulk(ctx.out, member);
            srem.add(member);
        }
    }
    ctx.db.modified(key, Class::SET, "spop");
    ctx.db.ks.dirty += count as i64 - 1;
    ctx.propagate = Propagate::As(srem.list);
    Ok(())
}

/// Every member goes: the set is given and deleted as a whole.
fn spop_all(ctx: &mut Ctx<'_>) -> Outcome {
    let key = ctx.arg(1);
    ctx.db.notify(Class::SET, "spop", key);
    let Some((value, _)) = ctx.db.take(key) else {
        unreachable!("the caller has just looked at it");
    };
    let set = match &value {
        Value::Set(set) => set,
        _ => return Err(Error::WRONG_TYPE),
    };
    ctx.out.set(set.len());
    set.for_each(&mut |member: &[u8]| ctx.out.bulk(member));
    ctx.db.notify(Class::GENERIC, "del", key);
    ctx.db.ks.dirty += set.len() as i64;
    ctx.propagate_as(&[b"UNLINK", key]);
    Ok(())
}

/// Leaves `remaining` random members in a new set; returns the others. The new set starts small, so that a large
/// table may become a listpack here.
fn keep_some(set: &mut Set, remaining: usize, rng: &mut Rng, limits: &SetLimits) -> Set {
    let places = set.sample(rng, remaining);
    let first_is_int = places
        .first()
        .is_some_and(|&p| matches!(set.at(p), Entry::Int(_)));
    let mut kept = if first_is_int {
        Set::default()
    } else {
        Set::pack()
    };
    for &place in &places {
        kept.add_entry(set.at(place), limits);
    }
    places.iter().rev().for_each(|&place| set.remove_at(place));
    std::mem::replace(set, kept)
}

/// The SREMs that stand for a SPOP in the log.
struct Batches<'a> {
    key: &'a [u8],
    list: Vec<Vec<Vec<u8>>>,
}

impl<'a> Batches<'a> {
    fn new(key: &'a [u8]) -> Batches<'a> {
        Batches {
            key,
            list: Vec::new(),
        }
    }

    fn add(&mut self, member: Entry<'_>) {
        match self.list.last_mut() {
            Some(argv) if argv.len() < SREM_BATCH + 2 => argv.push(member.to_vec()),
            _ => self
                .list
                .push(vec![b"SREM".to_vec(), self.key.to_vec(), member.to_vec()]),
        }
    }
}

const SRANDMEMBER: Command = Command {
    name: "srandmember",
    arity: -2,
    flags: F::READONLY,
    acl: C::SET,
    keys: &[one_key("RO access")],
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(1), or O(N), N the count without its sign",
    summary: "Gives one or more random members of a set; with a negative count the same ones may come again.",
    syntax: "key:key#0 [count:integer@2.6.0]",
    tips: &["nondeterministic_output"],
    run: srandmember,
    ..Command::DEFAULT
};

fn srandmember(ctx: &mut Ctx<'_>) -> Outcome {
    match ctx.argc() {
        2 => {}
        3 => return srandmember_count(ctx),
        _ => return Err(Error::SYNTAX),
    }
    let Some(set) = ctx.db.read_as::<Set>(ctx.args.get(1))? else {
        ctx.out.null();
        return Ok(());
    };
    let place = set.random(ctx.rng).expect("sets are never left empty");
    elements::bulk(ctx.out, set.at(place));
    Ok(())
}

fn srandmember_count(ctx: &mut Ctx<'_>) -> Outcome {
    let count = elements::signed_count(ctx.arg(2))?;
    let set = match ctx.db.read_as::<Set>(ctx.args.get(1))? {
        Some(set) if count != 0 => set,
        _ => {
            ctx.out.array(0);
            return Ok(());
        }
    };
    if count > 0 {
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(set.len());
        ctx.out.array(count);
        if count == set.len() {
            set.for_each(&mut |member: &[u8]| ctx.out.bulk(member));
        } else {
            for place in set.sample(ctx.rng, count) {
                elements::bulk(ctx.out, set.at(place));
            }
        }
        return Ok(());
    }
    let start = ctx.out.mark();
    let draws = count.unsigned_abs();
    elements::array_u64(ctx.out, draws);
    // A listpack is walked for each draw, so many draws are made from a list of its places.
    let places = (draws > 8 && matches!(set, Set::Pack(_))).then(|| set.places());
    for _ in 0..draws {
        let place = match &places {
            Some(places) => places[ctx.rng.below(places.len() as u64) as usize],
            None => set.random(ctx.rng).expect("sets are never left empty"),
        };
        elements::bulk(ctx.out, set.at(place));
        elements::check_repeats(ctx.out, start)?;
    }
    Ok(())
}
