//! HRANDFIELD: random fields, with or without their values.
use super::one_key;
use crate::command::{C, Command, Ctx, Error, F, Group, Outcome};
use crate::commands::elements;
use crate::ds::listpack::Entry;
use crate::keyspace::hash::Hash;
use crate::resp::Reply;

pub(super) const TABLE: &[Command] = &[HRANDFIELD];

const HRANDFIELD: Command = Command {
    name: "hrandfield",
    arity: -2,
    flags: F::READONLY,
    acl: C::HASH,
    keys: &[one_key("RO access")],
    since: "6.2.0",
    group: Group::Hash,
    complexity: "O(1), or O(N), N the count without its sign",
    summary: "Gives one or more random fields; with a negative count the same ones may come again.",
    syntax: "key:key#0 [options(count:integer [WITHVALUES])]",
    tips: &["nondeterministic_output"],
    run: hrandfield,
    ..Command::DEFAULT
};

fn hrandfield(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.argc() > 2 {
        return hrandfield_count(ctx);
    }
    let Some(hash) = ctx.db.read_as::<Hash>(ctx.args.get(1))? else {
        ctx.out.null();
        return Ok(());
    };
    let place = hash.random(ctx.rng).expect("hashes are never left empty");
    elements::bulk(ctx.out, hash.at(place).0);
    Ok(())
}

/// Writes the pairs as RESP2 (flat) or RESP3 (nested) has them, or only their fields.
struct Pairs<'a> {
    out: &'a mut Reply,
    values: bool,
}

impl Pairs<'_> {
    fn head(&mut self, n: u64) {
        let flat = self.values && !self.out.resp3();
        elements::array_u64(self.out, if flat { n * 2 } else { n });
    }

    fn pair(&mut self, (field, value): (Entry<'_>, Entry<'_>)) {
        if self.values && self.out.resp3() {
            self.out.array(2);
        }
        elements::bulk(self.out, field);
        if self.values {
            elements::bulk(self.out, value);
        }
    }
}

fn hrandfield_count(ctx: &mut Ctx<'_>) -> Outcome {
    let count = elements::signed_count(ctx.arg(2))?;
    let values = ctx.args.is(3, "withvalues");
    if ctx.argc() > 4 || (ctx.argc() == 4 && !values) {
        return Err(Error::SYNTAX);
    }
    // The reply has twice as many elements.
    if values && !(-i64::MAX / 2..=i64::MAX / 2).contains(&count) {
        return Err(Error::OUT_OF_RANGE);
    }
    let hash = match ctx.db.read_as::<Hash>(ctx.args.get(1))? {
        Some(hash) if count != 0 => hash,
        _ => {
            ctx.out.array(0);
            return Ok(());
        }
    };
    let start = ctx.out.mark();
    let mut pairs = Pairs {
        out: ctx.out,
        values,
    };
    if count > 0 {
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(hash.len());
        pairs.head(count as u64);
        if count == hash.len() {
            hash.pairs(&mut |field, value| pairs.pair((field, value)));
        } else {
            for place in hash.sample(ctx.rng, count) {
                pairs.pair(hash.at(place));
            }
        }
        return Ok(());
    }
    let draws = count.unsigned_abs();
    pairs.head(draws);
    // A listpack is walked for each draw, so many draws are made from a list of its places.
    let places = (draws > 8 && matches!(hash, Hash::Pack(_))).then(|| hash.places());
    for _ in 0..draws {
        let place = match &places {
            Some(places) => places[ctx.rng.below(places.len() as u64) as usize],
            None => hash.random(ctx.rng).expect("hashes are never left empty"),
        };
        pairs.pair(hash.at(place));
        elements::check_repeats(pairs.out, start)?;
    }
    Ok(())
}
