//! Unions, intersections and differences of sorted sets (and of plain sets, whose members count as scored 1).
//!
//! Results gather in a table of members and scores; it is sorted once at the end and, where it is stored, becomes the
//! table of the new sorted set as it stands.
use super::{limits, reply_element, reply_head};
use crate::base::order::sort_by;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::ds::dict::{Dict, EntryId};
use crate::ds::listpack::Entry;
use crate::keyspace::set::{self, Set};
use crate::keyspace::zset::{self, Unordered, Zset, bytes_of};
use crate::keyspace::{Class, IntBuf, Typed, Value};

pub(super) const TABLE: &[Command] = &[
    ZDIFF,
    ZDIFFSTORE,
    ZINTER,
    ZINTERCARD,
    ZINTERSTORE,
    ZUNION,
    ZUNIONSTORE,
];

const READ: &[KeySpec] = &[KeySpec::new(
    "RO access",
    Begin::Index(1),
    Find::KeyNum(0, 1, 1),
)];
const STORE: &[KeySpec] = &[
    KeySpec::new("OW update", Begin::Index(1), Find::Range(0, 1, 0)),
    KeySpec::new("RO access", Begin::Index(2), Find::KeyNum(0, 1, 1)),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Union,
    Inter,
    Diff,
}

/// What becomes of the scores of one member in several inputs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn of(self, old: f64, new: f64) -> f64 {
        match self {
            // Infinity and minus infinity add up to 0 by convention.
            Aggregate::Sum if (old + new).is_nan() => 0.0,
            Aggregate::Sum => old + new,
            Aggregate::Min if new < old => new,
            Aggregate::Max if new > old => new,
            Aggregate::Min | Aggregate::Max => old,
        }
    }
}

/// What a command asked for.
struct Request {
    /// Index of the first key.
    first: usize,
    keys: usize,
    /// Empty: all are 1.
    weights: Vec<f64>,
    aggregate: Aggregate,
    scores: bool,
    /// Of ZINTERCARD; 0: none.
    limit: usize,
}

/// What a command's reply is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Reply,
    Store,
    Count,
}

/// One input, with its weight.
struct Input<'a> {
    value: Option<&'a Value>,
    weight: f64,
}

/// The members of an input, in no useful order.
enum Elements<'a> {
    None,
    Zset(Unordered<'a>),
    Set(set::Iter<'a>),
}

impl<'a> Iterator for Elements<'a> {
    type Item = (Entry<'a>, f64);

    #[inline]
    fn next(&mut self) -> Option<(Entry<'a>, f64)> {
        match self {
            Elements::None => None,
            Elements::Zset(all) => all.next(),
            Elements::Set(all) => all.next().map(|member| (member, 1.0)),
        }
    }
}

impl<'a> Input<'a> {
    fn len(&self) -> usize {
        match self.value {
            Some(Value::Zset(z)) => z.len(),
            Some(Value::Set(s)) => s.len(),
            _ => 0,
        }
    }

    fn elements(&self) -> Elements<'a> {
        match self.value {
            Some(Value::Zset(z)) => Elements::Zset(z.unordered()),
            Some(Value::Set(s)) => Elements::Set(s.iter()),
            _ => Elements::None,
        }
    }

    fn score(&self, member: &[u8]) -> Option<f64> {
        match self.value {
            Some(Value::Zset(z)) => z.score(member),
            Some(Value::Set(s)) => s.contains(member).then_some(1.0),
            _ => None,
        }
    }

    /// The weighted score of an element of this input; 0 times infinity is 0 here.
    fn weighted(&self, score: f64) -> f64 {
        let score = self.weight * score;
        if score.is_nan() { 0.0 } else { score }
    }
}

/// Members and scores of a result.
struct Gathered {
    dict: Dict<f64>,
    longest: usize,
}

impl Gathered {
    #[inline]
    fn put(&mut self, member: &[u8], score: f64, aggregate: Aggregate) {
        let (id, new) = self.dict.find_or_insert(member, || score);
        if new {
            self.longest = self.longest.max(member.len());
        } else {
            let old = self.dict.value_mut(id);
            *old = aggregate.of(*old, score);
        }
    }
}

impl Request {
    /// Reads the count of keys at `at`, looks at the keys' types, then reads the options: a real server's order.
    fn read(ctx: &mut Ctx<'_>, at: usize, op: Op, goal: Goal) -> Result<Request, Error> {
        let numkeys = ctx.args.int(at)?;
        if numkeys < 1 {
            return Err(Error::new(format!(
                "ERR at least 1 input key is needed for '{}' command",
                ctx.command.name
            )));
        }
        let first = at + 1;
        let keys = usize::try_from(numkeys)
            .ok()
            .filter(|&keys| keys <= ctx.argc() - first)
            .ok_or(Error::SYNTAX)?;
        for key in ctx.args.from(first).take(keys) {
            if let Some(v) = ctx.db.read(key)
                && Zset::of(v).is_none()
                && Set::of(v).is_none()
            {
                return Err(Error::WRONG_TYPE);
            }
        }
        let mut request = Request {
            first,
            keys,
            weights: Vec::new(),
            aggregate: Aggregate::Sum,
            scores: false,
            limit: 0,
        };
        request.read_options(ctx, op, goal)?;
        Ok(request)
    }

    fn read_options(&mut self, ctx: &Ctx<'_>, op: Op, goal: Goal) -> Outcome {
        let mut options = ctx.cursor(self.first + self.keys);
        let scored = op != Op::Diff && goal != Goal::Count;
        while !options.is_done() {
            if scored && options.take_with("weights", self.keys) {
                self.weights.clear();
                for _ in 0..self.keys {
                    let weight = options.float();
                    let weight = weight.map_err(|_| Error::new("ERR weight value is not a float"));
                    self.weights.push(weight?);
                }
            } else if scored && options.take_with("aggregate", 1) {
                self.aggregate = match options.word()? {
                    word if word.eq_ignore_ascii_case(b"sum") => Aggregate::Sum,
                    word if word.eq_ignore_ascii_case(b"min") => Aggregate::Min,
                    word if word.eq_ignore_ascii_case(b"max") => Aggregate::Max,
                    _ => return Err(Error::SYNTAX),
                };
            } else if goal == Goal::Reply && options.take("withscores") {
                self.scores = true;
            } else if goal == Goal::Count && options.take_with("limit", 1) {
                let limit = options.int().ok().filter(|&limit| limit >= 0);
                let limit = limit.ok_or_else(|| Error::new("ERR LIMIT can't be negative"))?;
                self.limit = usize::try_from(limit).unwrap_or(usize::MAX);
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(())
    }

    /// Computes the result. `count_only` keeps nothing but the number of members.
    fn run(&self, ctx: &mut Ctx<'_>, op: Op, count_only: bool) -> (Gathered, usize) {
        let keys = ctx.args.from(self.first).take(self.keys);
        let ids: Vec<_> = keys.map(|key| ctx.db.live(key)).collect();
        let table = ctx.db.table();
        let mut inputs: Vec<Input<'_>> = ids
            .iter()
            .enumerate()
            .map(|(i, id)| Input {
                value: id.map(|id| &table.object(id).value),
                weight: self.weights.get(i).copied().unwrap_or(1.0),
            })
            .collect();
        let mut result = Gathered {
            dict: Dict::new(ctx.db.ks.hash_seed),
            longest: 0,
        };
        if op != Op::Diff {
            // The order decides what sums of floating point numbers come to: a real server's, which keeps equals in place.
            sort_by(&mut inputs, &mut |a, b| a.len().cmp(&b.len()));
        }
        let mut count = 0;
        match op {
            Op::Union => self.union(&inputs, &mut result),
            Op::Inter => count = self.inter(&inputs, &mut result, count_only),
            Op::Diff => diff(&inputs, &mut result),
        }
        (result, count)
    }

    fn union(&self, inputs: &[Input<'_>], result: &mut Gathered) {
        result.dict.expand(inputs.last().map_or(0, Input::len));
        for input in inputs {
            for (member, score) in input.elements() {
                let score = input.weighted(score);
                let mut digits = IntBuf::default();
                result.put(bytes_of(member, &mut digits), score, self.aggregate);
            }
        }
    }

    /// Returns how many members all inputs have, counted up to the limit.
    fn inter(&self, inputs: &[Input<'_>], result: &mut Gathered, count_only: bool) -> usize {
        let (first, others) = inputs.split_first().expect("there is at least one key");
        let mut count = 0;
        'members: for (member, score) in first.elements() {
            let mut digits = IntBuf::default();
            let member = bytes_of(member, &mut digits);
            let mut score = first.weighted(score);
            for other in others {
                let Some(own) = other.score(member) else {
                    continue 'members;
                };
                score = self.aggregate.of(score, own * other.weight);
            }
            count += 1;
            if count_only {
                if count == self.limit {
                    break;
                }
            } else {
                result.put(member, score, self.aggregate);
            }
        }
        count
    }
}

fn diff(inputs: &[Input<'_>], result: &mut Gathered) {
    let (first, others) = inputs.split_first().expect("there is at least one key");
    // Looking each member up in the other inputs, or taking theirs away: whichever is less work.
    let others_len: usize = others.iter().map(Input::len).sum();
    if first.len() * others.len() <= others_len.saturating_mul(2) {
        for (member, score) in first.elements() {
            let mut digits = IntBuf::default();
            let member = bytes_of(member, &mut digits);
            if !others.iter().any(|other| other.score(member).is_some()) {
                result.put(member, score, Aggregate::Sum);
            }
        }
        return;
    }
    for (member, score) in first.elements() {
        let mut digits = IntBuf::default();
        result.put(bytes_of(member, &mut digits), score, Aggregate::Sum);
    }
    for (member, _) in others.iter().flat_map(Input::elements) {
        result.dict.remove(bytes_of(member, &mut IntBuf::default()));
        if result.dict.is_empty() {
            break;
        }
    }
    let lengths = result.dict.iter().map(|(_, member, _)| member.len());
    result.longest = lengths.max().unwrap_or(0);
}

fn reply(ctx: &mut Ctx<'_>, op: Op) -> Outcome {
    let request = Request::read(ctx, 1, op, Goal::Reply)?;
    let (result, _) = request.run(ctx, op, false);
    let order = zset::sorted(&result.dict);
    reply_head(ctx.out, order.len(), request.scores);
    for (score, id) in order {
        let member = Entry::Str(result.dict.key(EntryId(id)));
        reply_element(ctx.out, (member, score), request.scores);
    }
    Ok(())
}

fn store(ctx: &mut Ctx<'_>, op: Op, event: &'static str) -> Outcome {
    let request = Request::read(ctx, 2, op, Goal::Store)?;
    let limits = limits(ctx);
    let (result, _) = request.run(ctx, op, false);
    let result = Zset::from_dict(result.dict, result.longest, &limits);
    store_result(ctx, ctx.arg(1), result, event);
    Ok(())
}

/// Stores a computed sorted set under a key (an empty one removes it) and replies its size.
pub(crate) fn store_result(ctx: &mut Ctx<'_>, key: &[u8], result: Zset, event: &'static str) {
    let len = result.len();
    if len > 0 {
        ctx.db.set(key, result.wrap(), false);
        ctx.db.modified(key, Class::ZSET, event);
    } else if ctx.db.remove(key) {
        ctx.db.modified(key, Class::GENERIC, "del");
    }
    ctx.out.len(len);
}

const ZUNION: Command = Command {
    name: "zunion",
    arity: -3,
    flags: F::READONLY.with(F::MOVABLEKEYS),
    acl: C::SORTEDSET,
    keys: READ,
    since: "6.2.0",
    group: Group::SortedSet,
    complexity: "O(N + M log M), N the sizes of all inputs together, M the size of the result.",
    summary: "Gives all members that at least one of several sorted sets has.",
    syntax: "numkeys:integer key:key#0+ [WEIGHTS=weight:integer+] [AGGREGATE=aggregate<SUM|MIN|MAX>] [WITHSCORES]",
    run: zunion,
    ..Command::DEFAULT
};

fn zunion(ctx: &mut Ctx<'_>) -> Outcome {
    reply(ctx, Op::Union)
}

const ZINTER: Command = Command {
    name: "zinter",
    complexity: "O(N K + M log M), N the size of the smallest input, K the inputs, M the size of the result.",
    summary: "Gives the members that all of several sorted sets have.",
    run: zinter,
    ..ZUNION
};

fn zinter(ctx: &mut Ctx<'_>) -> Outcome {
    reply(ctx, Op::Inter)
}

const ZDIFF: Command = Command {
    name: "zdiff",
    complexity: "O(L + M log M), L the sizes of all inputs together, M the size of the result.",
    summary: "Gives the members of the first sorted set that none of the others has.",
    syntax: "numkeys:integer key:key#0+ [WITHSCORES]",
    run: zdiff,
    ..ZUNION
};

fn zdiff(ctx: &mut Ctx<'_>) -> Outcome {
    reply(ctx, Op::Diff)
}

const ZINTERCARD: Command = Command {
    name: "zintercard",
    since: "7.0.0",
    complexity: "O(N K), N the size of the smallest input, K the inputs.",
    summary: "Counts the members that all of several sorted sets have, up to a limit.",
    syntax: "numkeys:integer key:key#0+ [LIMIT=limit:integer]",
    run: zintercard,
    ..ZUNION
};

fn zintercard(ctx: &mut Ctx<'_>) -> Outcome {
    let request = Request::read(ctx, 1, Op::Inter, Goal::Count)?;
    let (_, count) = request.run(ctx, Op::Inter, true);
    ctx.out.len(count);
    Ok(())
}

const ZUNIONSTORE: Command = Command {
    name: "zunionstore",
    arity: -4,
    flags: F::WRITE.with(F::DENYOOM).with(F::MOVABLEKEYS),
    acl: C::SORTEDSET,
    keys: STORE,
    since: "2.0.0",
    group: Group::SortedSet,
    complexity: "O(N + M log M), N the sizes of all inputs together, M the size of the result.",
    summary: "Stores all members that at least one of several sorted sets has.",
    syntax: "destination:key#0 numkeys:integer key:key#1+ [WEIGHTS=weight:integer+] [AGGREGATE=aggregate<SUM|MIN|MAX>]",
    run: zunionstore,
    ..Command::DEFAULT
};

fn zunionstore(ctx: &mut Ctx<'_>) -> Outcome {
    store(ctx, Op::Union, "zunionstore")
}

const ZINTERSTORE: Command = Command {
    name: "zinterstore",
    complexity: "O(N K + M log M), N the size of the smallest input, K the inputs, M the size of the result.",
    summary: "Stores the members that all of several sorted sets have.",
    run: zinterstore,
    ..ZUNIONSTORE
};

fn zinterstore(ctx: &mut Ctx<'_>) -> Outcome {
    store(ctx, Op::Inter, "zinterstore")
}

const ZDIFFSTORE: Command = Command {
    name: "zdiffstore",
    since: "6.2.0",
    complexity: "O(L + M log M), L the sizes of all inputs together, M the size of the result.",
    summary: "Stores the members of the first sorted set that none of the others has.",
    syntax: "destination:key#0 numkeys:integer key:key#1+",
    run: zdiffstore,
    ..ZUNIONSTORE
};

fn zdiffstore(ctx: &mut Ctx<'_>) -> Outcome {
    store(ctx, Op::Diff, "zdiffstore")
}
