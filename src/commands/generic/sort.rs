//! SORT: the elements of a list, set or sorted set, ordered by themselves or by what other keys say of them.
//!
//! A pattern names a key for each element: its first `*` is replaced by the element, and `->field` behind it means a
//! field of a hash. `BY weight_*` sorts by such keys, `GET object_*->name` replies with them; `#` is the element itself.
use crate::base::num;
use crate::base::order::sort_by;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::{lists, zsets};
use crate::ds::quicklist::Quicklist;
use crate::keyspace::{Class, Str, Typed, Value, WrongType, hash::Hash, list::List, zset::Zset};
use std::cmp::Ordering;

pub(super) const TABLE: &[Command] = &[SORT, SORT_RO];

const SORT: Command = Command {
    name: "sort",
    arity: -2,
    flags: F::WRITE.with(F::DENYOOM).with(F::MOVABLEKEYS),
    acl: C::SET.with(C::SORTEDSET).with(C::LIST).with(C::DANGEROUS),
    keys: &[
        KeySpec::new("RO access", Begin::Index(1), Find::Range(0, 1, 0)),
        KeySpec::new("RO access", Begin::Unknown, Find::Unknown)
            .notes("Keys that the patterns of BY and GET lead to"),
        KeySpec::new("OW update", Begin::Unknown, Find::Unknown)
            .notes("The key behind STORE, which may come twice"),
    ],
    group: Group::Generic,
    complexity: "O(N + M*log(M)), N the elements, M those returned; O(N) if nothing is sorted.",
    summary: "Gives or stores the elements of a list, set or sorted set in order.",
    syntax: "key:key#0 [BY=by-pattern:pattern#1\"pattern\"] [LIMIT=limit(offset:integer count:integer)] [GET=get-pattern:pattern#1\"pattern\"++] [order<ASC|DESC>] [ALPHA/sorting] [STORE=destination:key#2]",
    run: sort,
    ..Command::DEFAULT
};

const SORT_RO: Command = Command {
    name: "sort_ro",
    flags: F::READONLY.with(F::MOVABLEKEYS),
    keys: &[
        KeySpec::new("RO access", Begin::Index(1), Find::Range(0, 1, 0)),
        KeySpec::new("RO access", Begin::Unknown, Find::Unknown)
            .notes("Keys that the patterns of BY and GET lead to"),
    ],
    since: "7.0.0",
    summary: "SORT without STORE: it only reads.",
    syntax: "key:key#0 [BY=by-pattern:pattern#1\"pattern\"] [LIMIT=limit(offset:integer count:integer)] [GET=get-pattern:pattern#1\"pattern\"++] [order<ASC|DESC>] [ALPHA/sorting]",
    ..SORT
};

struct Options<'a> {
    /// Where the weights stand; without it the elements are their own weights.
    by: Option<&'a [u8]>,
    /// `BY` named no key: the elements stay in the order they come in.
    unsorted: bool,
    get: Vec<&'a [u8]>,
    desc: bool,
    alpha: bool,
    limit: Option<(i64, i64)>,
    store: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    fn read(ctx: &Ctx<'a>) -> Result<Options<'a>, Error> {
        let mut options = Options {
            by: None,
            unsorted: false,
            get: Vec::new(),
            desc: false,
            alpha: false,
            limit: None,
            store: None,
        };
        let may_store = ctx.command.name == "sort";
        let mut cursor = ctx.cursor(2);
        while !cursor.is_done() {
            if cursor.take("asc") {
                options.desc = false;
            } else if cursor.take("desc") {
                options.desc = true;
            } else if cursor.take("alpha") {
                options.alpha = true;
            } else if cursor.take_with("limit", 2) {
                options.limit = Some((cursor.int()?, cursor.int()?));
            } else if may_store && cursor.take_with("store", 1) {
                options.store = Some(cursor.word()?);
            } else if cursor.take_with("by", 1) {
                let pattern = cursor.word()?;
                options.unsorted |= !pattern.contains(&b'*');
                if !options.unsorted {
                    any_key_may_be_read(ctx, "BY")?;
                }
                options.by = Some(pattern);
            } else if cursor.take_with("get", 1) {
                any_key_may_be_read(ctx, "GET")?;
                options.get.push(cursor.word()?);
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(options)
    }

    /// The part of `len` elements that LIMIT leaves.
    fn range(&self, len: usize) -> std::ops::Range<usize> {
        let Some((offset, count)) = self.limit else {
            return 0..len;
        };
        let start = offset.clamp(0, len as i64) as usize;
        let count = if count < 0 { len as i64 } else { count };
        start..start + count.min((len - start) as i64) as usize
    }
}

/// A pattern may name any key, so it takes a user who may read them all.
fn any_key_may_be_read(ctx: &Ctx<'_>, option: &str) -> Outcome {
    let server = &ctx.server;
    let client = server.clients.get(ctx.id).filter(|c| c.guarded);
    let user = client.and_then(|c| server.acl.user(&c.user));
    let found = server.registry.find_call(ctx.args);
    match user.zip(found) {
        Some((user, found)) if !user.reads_all_keys(found, ctx.args) => Err(Error::new(format!(
            "ERR {option} option of SORT denied due to insufficient ACL permissions."
        ))),
        _ => Ok(()),
    }
}

/// About what an element takes while it is sorted, besides its bytes.
const ITEM_BYTES: i64 = 64;

/// What an element is sorted by.
enum Weight {
    Number(f64),
    /// None where the key is missing: it comes first.
    Text(Option<Vec<u8>>),
    Itself,
}

struct Item {
    element: Vec<u8>,
    weight: Weight,
}

fn sort(ctx: &mut Ctx<'_>) -> Outcome {
    let mut options = Options::read(ctx)?;
    let (mut elements, is_set) = elements(ctx, ctx.arg(1))?;
    if options.unsorted && is_set && options.store.is_some() {
        // A set has no order of its own; what is stored must be the same on every replica.
        (options.unsorted, options.alpha, options.by) = (false, true, None);
    }
    if !options.unsorted {
        elements = sorted(ctx, elements, &options)?;
    } else if options.desc && !is_set {
        elements.reverse();
    }
    let range = options.range(elements.len());
    let chosen = &elements[range];
    match options.store {
        None => {
            ctx.out.array(chosen.len() * options.get.len().max(1));
            each_reply(ctx, chosen, &options.get, |ctx, value| {
                ctx.out.bulk_or_null(value);
                // What is too long for the client is not even looked up.
                if ctx.out.is_full() {
                    return Err(Error::OUT_OF_MEMORY);
                }
                Ok(())
            })?;
        }
        Some(target) => store(ctx, target, chosen, &options.get)?,
    }
    Ok(())
}

/// All elements of the value, and whether it is a set. A missing key has none.
fn elements(ctx: &mut Ctx<'_>, key: &[u8]) -> Result<(Vec<Vec<u8>>, bool), Error> {
    let mut all = Vec::new();
    let value = ctx.db.read(key);
    // A probe only looks (its keyspace is quiet): it leaves the form as it is.
    if matches!(value, Some(Value::Zset(_))) && !ctx.db.ks.quiet {
        // As in a real server, where a sorted set takes its large form before it is read here.
        let limits = zsets::limits(ctx);
        if let Ok(Some(zset)) = ctx.db.edit_as::<Zset>(key) {
            zset.expect(0, usize::MAX, &limits);
        }
    }
    let count = match ctx.db.peek(key) {
        Some(Value::List(list)) => list.len(),
        Some(Value::Set(set)) => set.len(),
        Some(Value::Zset(zset)) => zset.len(),
        _ => 0,
    };
    ctx.room(count as i64 * ITEM_BYTES)?;
    let value = ctx.db.peek(key);
    let is_set = matches!(value, Some(Value::Set(_)));
    match value {
        None => {}
        Some(Value::List(list)) => all.extend(list.iter().map(|e| e.to_vec())),
        Some(Value::Set(set)) => set.for_each(&mut |m| all.push(m.to_vec())),
        Some(Value::Zset(zset)) => zset.for_each(&mut |m, _| all.push(m.to_vec())),
        Some(_) => return Err(WrongType.into()),
    }
    Ok((all, is_set))
}

fn sorted(
    ctx: &mut Ctx<'_>,
    elements: Vec<Vec<u8>>,
    options: &Options<'_>,
) -> Result<Vec<Vec<u8>>, Error> {
    let mut items = Vec::with_capacity(elements.len());
    let mut bytes = 0;
    for element in elements {
        let weight = weigh(ctx, &element, options)?;
        if let Weight::Text(Some(text)) = &weight {
            bytes += text.len() as i64;
            ctx.room(bytes)?;
        }
        items.push(Item { element, weight });
    }
    sort_by(&mut items, &mut |a, b| {
        let order = compare(a, b, options.store.is_some());
        if options.desc { order.reverse() } else { order }
    });
    Ok(items.into_iter().map(|item| item.element).collect())
}

fn weigh(ctx: &mut Ctx<'_>, element: &[u8], options: &Options<'_>) -> Result<Weight, Error> {
    let number = |text: &[u8]| {
        as_number(text).map(Weight::Number).ok_or(Error::new(
            "ERR One or more scores can't be converted into double",
        ))
    };
    match (options.by, options.alpha) {
        (None, true) => Ok(Weight::Itself),
        (None, false) => number(element),
        (Some(pattern), true) => Ok(Weight::Text(follow(ctx, pattern, element))),
        (Some(pattern), false) => match follow(ctx, pattern, element) {
            Some(text) => number(&text),
            None => Ok(Weight::Number(0.0)),
        },
    }
}

/// A weight as C's `strtod` reads it: space before it and a zero byte behind it are no harm, nothing at all is zero.
fn as_number(text: &[u8]) -> Option<f64> {
    let text = up_to_zero(text);
    if text.is_empty() {
        return Some(0.0);
    }
    let spaces = text.iter().take_while(|b| num::is_space(**b)).count();
    num::parse_f64_strict(&text[spaces..])
}

fn compare(a: &Item, b: &Item, whole: bool) -> Ordering {
    // Texts are compared as C strings, up to a zero byte, except where the result is stored.
    let text = |x: &[u8], y: &[u8]| {
        if whole {
            x.cmp(y)
        } else {
            up_to_zero(x).cmp(up_to_zero(y))
        }
    };
    match (&a.weight, &b.weight) {
        (Weight::Number(x), Weight::Number(y)) => x
            .partial_cmp(y)
            .unwrap_or(Ordering::Equal)
            .then_with(|| a.element.cmp(&b.element)),
        (Weight::Text(Some(x)), Weight::Text(Some(y))) => text(x, y),
        // None sorts before Some, and two of a kind are equal: the sort is stable.
        (Weight::Text(x), Weight::Text(y)) => x.is_some().cmp(&y.is_some()),
        _ => text(&a.element, &b.element),
    }
}

fn up_to_zero(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    &text[..end]
}

/// What `pattern` leads to for this element.
fn follow(ctx: &mut Ctx<'_>, pattern: &[u8], element: &[u8]) -> Option<Vec<u8>> {
    if pattern == b"#" {
        return Some(element.to_vec());
    }
    let star = pattern.iter().position(|&b| b == b'*')?;
    let (before, after) = (&pattern[..star], &pattern[star + 1..]);
    let arrow = after.windows(2).position(|w| w == b"->");
    let (after, field) = match arrow {
        Some(at) if at + 2 < after.len() => (&after[..at], Some(&after[at + 2..])),
        _ => (after, None),
    };
    let key = [before, element, after].concat();
    let value = ctx.db.read(&key)?;
    match field {
        Some(field) => Hash::of(value)?.get(field).map(|v| v.to_vec()),
        None => Str::of(value).map(Str::to_vec),
    }
}

/// Calls `f` with what each element replies: itself, or what each GET leads to.
fn each_reply(
    ctx: &mut Ctx<'_>,
    elements: &[Vec<u8>],
    get: &[&[u8]],
    mut f: impl FnMut(&mut Ctx<'_>, Option<&[u8]>) -> Outcome,
) -> Outcome {
    for element in elements {
        if get.is_empty() {
            f(ctx, Some(element))?;
        }
        for pattern in get {
            let value = follow(ctx, pattern, element);
            f(ctx, value.as_deref())?;
        }
    }
    Ok(())
}

/// Stores the replies as a list, a missing one as an empty string; no reply at all deletes the key.
fn store(ctx: &mut Ctx<'_>, target: &[u8], elements: &[Vec<u8>], get: &[&[u8]]) -> Outcome {
    let mut replies: Vec<Vec<u8>> = Vec::new();
    let mut bytes = 0;
    each_reply(ctx, elements, get, |ctx, value| {
        let value = value.unwrap_or_default();
        // Each is held twice until the list stands.
        bytes += ITEM_BYTES + 2 * value.len() as i64;
        ctx.room(bytes)?;
        replies.push(value.to_vec());
        Ok(())
    })?;
    if replies.is_empty() {
        if ctx.db.remove(target) {
            ctx.db.modified(target, Class::GENERIC, "del");
        }
    } else {
        let list = list_of(ctx, &replies);
        ctx.db.set(target, list.wrap(), false);
        ctx.db.modified(target, Class::LIST, "sortstore");
        ctx.db.ks.dirty += replies.len() as i64 - 1;
    }
    ctx.out.len(replies.len());
    Ok(())
}

/// A list as SORT makes it: a quicklist that becomes a listpack if it fits in one.
fn list_of(ctx: &Ctx<'_>, values: &[Vec<u8>]) -> List {
    let limits = lists::limits(ctx);
    let mut list = Quicklist::new(limits);
    values.iter().for_each(|value| list.push_back(value));
    match list.into_listpack(limits, false) {
        Ok(listpack) => List::Short(listpack),
        Err(quicklist) => List::Long(quicklist),
    }
}

#[cfg(test)]
mod tests {
    use super::as_number;

    #[test]
    fn weights_as_strtod_reads_them() {
        for (text, expected) in [
            ("", Some(0.0)),
            (" 1", Some(1.0)),
            ("1\0x", Some(1.0)),
            ("0x10", Some(16.0)),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("1 ", None),
            ("  ", None),
            ("nan", None),
            ("1e400", None),
            ("5e-324", None),
            ("0x1p-1074", Some(5e-324)),
            ("0x1.8p-1074", None),
            ("2.2250738585072014e-308", Some(f64::MIN_POSITIVE)),
        ] {
            assert_eq!(as_number(text.as_bytes()), expected, "{text:?}");
        }
    }
}
