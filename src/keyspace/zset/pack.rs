//! The small encoding: member, score, member, score … in order, in one listpack.
//!
//! A score stands there as the text that a client would see, and whole numbers as integers; both read back as the same
//! double, save that minus zero becomes zero, as on a real server.
use super::bytes_of;
use crate::base::num;
use crate::ds::listpack::{self, Entry, Listpack, Pos};
use crate::ds::skiplist::{LexBound, ScoreBound};
use crate::keyspace::string::IntBuf;

/// The score that an entry holds.
pub(super) fn to_score(entry: Entry<'_>) -> f64 {
    match entry {
        Entry::Int(n) => n as f64,
        Entry::Str(text) => num::parse_f64(text).unwrap_or(0.0),
    }
}

/// Whether all scores are numbers, and members and scores in order. O(n).
pub(super) fn is_sorted(lp: &Listpack) -> bool {
    let numbers = lp.iter().skip(1).step_by(2).all(|score| match score {
        Entry::Int(_) => true,
        Entry::Str(text) => num::parse_f64(text).is_some(),
    });
    numbers
        && pairs(lp).is_sorted_by(|(a, low), (b, high)| {
            let (mut first, mut second) = (IntBuf::default(), IntBuf::default());
            low < high || (low == high && bytes_of(*a, &mut first) < bytes_of(*b, &mut second))
        })
}

/// The score behind a member.
pub(super) fn score_after(lp: &Listpack, member: Pos) -> f64 {
    let pos = lp.next(member).expect("a score follows each member");
    to_score(lp.get(pos))
}

/// Members and scores, ascending.
pub(super) fn pairs(lp: &Listpack) -> impl Iterator<Item = (Entry<'_>, f64)> {
    let mut entries = lp.iter();
    std::iter::from_fn(move || {
        let member = entries.next()?;
        Some((member, to_score(entries.next()?)))
    })
}

/// The entries from rank `from` on; taken from the back if `rev`, those up to it.
pub(super) fn iter(lp: &Listpack, from: usize, rev: bool) -> listpack::Iter<'_> {
    let pos = lp.seek(2 * from as i64 + i64::from(rev));
    match pos {
        Some(pos) if rev => lp.iter_to(pos),
        Some(pos) => lp.iter_from(pos),
        None => lp.iter(),
    }
}

/// Where a member stands, and its score.
pub(super) fn find(lp: &Listpack, member: &[u8]) -> Option<(Pos, f64)> {
    let pos = lp.find(member, Listpack::START, 1)?;
    Some((pos, score_after(lp, pos)))
}

/// How many stand before a member, and its score.
pub(super) fn rank(lp: &Listpack, member: &[u8]) -> Option<(usize, f64)> {
    let needle = listpack::Needle::new(member);
    let mut all = pairs(lp).enumerate();
    all.find_map(|(rank, (m, score))| needle.matches(&m).then_some((rank, score)))
}

/// Calls `put` with the bytes of a score.
fn with_text<T>(score: f64, put: impl FnOnce(&[u8]) -> T) -> T {
    let whole = score as i64;
    // Up to 2^53 every whole number is a double of its own, and its digits are what is printed.
    if whole as f64 == score && whole.unsigned_abs() <= 1 << 53 {
        return put(num::i64_bytes(whole, &mut IntBuf::default()));
    }
    let mut text = Vec::with_capacity(24);
    num::write_f64(&mut text, score);
    put(&text)
}

/// Adds an element that comes after all others.
pub(super) fn push(lp: &mut Listpack, member: &[u8], score: f64) {
    lp.push(member);
    with_text(score, |text| lp.push(text));
}

/// Adds an element that is not there, in its place.
pub(super) fn insert(lp: &mut Listpack, member: &[u8], score: f64) {
    let mut at = lp.first();
    while let Some(pos) = at {
        let value = lp.next(pos).expect("a score follows each member");
        let other = to_score(lp.get(value));
        if other > score
            || (other == score && bytes_of(lp.get(pos), &mut IntBuf::default()) > member)
        {
            break;
        }
        at = lp.next(value);
    }
    match at {
        None => push(lp, member, score),
        Some(pos) => {
            let pos = lp.insert_before(pos, member);
            with_text(score, |text| lp.insert_after(pos, text));
        }
    }
}

/// The ranks of a range of scores: the first inside, the first after it.
pub(super) fn ranks_of_scores(lp: &Listpack, min: ScoreBound, max: ScoreBound) -> (usize, usize) {
    let start = pairs(lp).take_while(|&(_, s)| min.is_above(s)).count();
    let end = pairs(lp).take_while(|&(_, s)| !max.is_below(s)).count();
    (start, end.max(start))
}

/// The ranks of a range of members, found as a real server finds them: it first looks whether the ends of the list
/// rule the range out, then for the first member inside from one end, skips as many as LIMIT says whatever they are,
/// then goes on as far as members are inside.
pub(super) fn ranks_of_lex(
    lp: &Listpack,
    min: LexBound<'_>,
    max: LexBound<'_>,
    rev: bool,
    skip: usize,
) -> (usize, usize) {
    let low = |m: Entry<'_>| min.is_above(bytes_of(m, &mut IntBuf::default()));
    let high = |m: Entry<'_>| max.is_below(bytes_of(m, &mut IntBuf::default()));
    let members: Vec<_> = lp.iter().step_by(2).collect();
    let len = members.len();
    if members.last().is_none_or(|&m| low(m)) || high(members[0]) {
        return (0, 0);
    }
    if rev {
        let end = len - members.iter().rev().take_while(|&&m| high(m)).count();
        if end == 0 || low(members[end - 1]) {
            return (0, 0);
        }
        let end = end.saturating_sub(skip);
        let down = members[..end].iter().rev().take_while(|&&m| !low(m));
        return (end - down.count(), end);
    }
    let start = members.iter().take_while(|&&m| low(m)).count();
    if start == len || high(members[start]) {
        return (0, 0);
    }
    let start = start.saturating_add(skip).min(len);
    let run = members[start..].iter().take_while(|&&m| !high(m));
    (start, start + run.count())
}
