//! The sorted set value, in one of two encodings:
//!
//! ```text
//!  listpack   few and short members    member score member score …, in order, in one run of bytes
//!  skiplist   everything else          table (member → score) + skiplist of (score, entry of the table)
//! ```
//!
//! The table answers "which score has this member?", the skiplist "who stands where?". Members are stored once, in the
//! table; the skiplist names them by their entry's number. A sorted set grows from the first line to the second, never
//! back by itself; only results that commands store whole are made anew.
mod build;
mod pack;
mod ranked;
#[cfg(test)]
mod tests;

pub use build::Build;
pub use ranked::Ranked;

use super::pick::{self, Place};
use super::string::IntBuf;
use crate::base::{alloc, num, order::sort_scores, rng::Rng};
use crate::ds::dict::{Dict, EntryId};
use crate::ds::listpack::{self, Entry, Listpack};
use crate::ds::skiplist::{Cursor, LexBound, ScoreBound};

/// When a sorted set changes its encoding: the `zset-max-listpack-*` parameters, and the seed of what it then makes.
#[derive(Clone, Copy, Debug)]
pub struct ZsetLimits {
    pub entries: usize,
    pub value: usize,
    pub seed: (u64, u64),
}

/// A sorted set. No score is NaN.
#[derive(Clone, Debug)]
pub enum Zset {
    Pack(Listpack),
    Ranked(Box<Ranked>),
}

/// The conditions of ZADD on one element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Only new members.
    pub nx: bool,
    /// Only members that are there.
    pub xx: bool,
    /// Only to a higher score (new members are added all the same).
    pub gt: bool,
    /// Only to a lower score.
    pub lt: bool,
    /// The score is added to the one there is.
    pub incr: bool,
}

/// What became of one element, with the score that it has now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Put {
    Added(f64),
    Updated(f64),
    /// It had this score already.
    Same(f64),
    /// The rules did not allow it.
    Refused,
    /// Infinity and minus infinity were to be added up.
    Nan,
}

impl Rules {
    /// The new score of a member that has `old`.
    fn decide(self, old: f64, score: f64) -> Result<f64, Put> {
        if self.nx {
            return Err(Put::Refused);
        }
        let new = if self.incr { old + score } else { score };
        if new.is_nan() {
            return Err(Put::Nan);
        }
        if (self.lt && new >= old) || (self.gt && new <= old) {
            return Err(Put::Refused);
        }
        Ok(new)
    }
}

impl Default for Zset {
    fn default() -> Zset {
        Zset::Pack(Listpack::new())
    }
}

impl Zset {
    /// Number of members. O(1).
    pub fn len(&self) -> usize {
        match self {
            Zset::Pack(lp) => lp.len() / 2,
            Zset::Ranked(r) => r.dict.len(),
        }
    }

    /// Whether it has no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name that OBJECT ENCODING gives.
    pub fn encoding(&self) -> &'static str {
        match self {
            Zset::Pack(_) => "listpack",
            Zset::Ranked(_) => "skiplist",
        }
    }

    /// Modelled bytes below the object header. O(1).
    pub fn mem_bytes(&self) -> usize {
        match self {
            Zset::Pack(lp) => alloc::size_class(lp.bytes()),
            Zset::Ranked(r) => r.mem_bytes(),
        }
    }

    /// A sorted set of these elements, which come in order, each member once. O(n).
    pub fn from_sorted<'a>(
        elements: impl ExactSizeIterator<Item = (Entry<'a>, f64)>,
        limits: &ZsetLimits,
    ) -> Zset {
        let mut zset = Zset::default();
        zset.expect(elements.len(), 0, limits);
        let mut all = Vec::new();
        for (member, score) in elements {
            let mut digits = IntBuf::default();
            let member = bytes_of(member, &mut digits);
            if let Zset::Pack(lp) = &mut zset {
                if member.len() <= limits.value && lp.safe_to_add(member.len()) {
                    pack::push(lp, member, score);
                    continue;
                }
                zset.make_ranked(limits, 0);
            }
            if let Zset::Ranked(r) = &mut zset {
                all.push((score, r.add_unlisted(member, score)));
            }
        }
        if let Zset::Ranked(r) = &mut zset {
            r.list.extend_sorted(all);
        }
        zset
    }

    /// The sorted set of a table of members and scores, as small as its encoding may be; `longest` is the length of its
    /// longest member. O(n log n).
    pub fn from_dict(dict: Dict<f64>, longest: usize, limits: &ZsetLimits) -> Zset {
        let order = sorted(&dict);
        if dict.len() > limits.entries || longest > limits.value {
            return Zset::Ranked(Box::new(Ranked::from_sorted(dict, order, limits.seed)));
        }
        let mut lp = Listpack::new();
        for &(score, id) in &order {
            let member = dict.key(EntryId(id));
            if !lp.safe_to_add(member.len()) {
                return Zset::Ranked(Box::new(Ranked::from_sorted(dict, order, limits.seed)));
            }
            pack::push(&mut lp, member, score);
        }
        Zset::Pack(lp)
    }

    /// The sorted set of members and scores as they stand in a listpack, each member once; `None` if they are not in
    /// order, or a score is no number. O(n).
    pub fn from_pack(lp: Listpack, limits: &ZsetLimits) -> Option<Zset> {
        if !pack::is_sorted(&lp) {
            return None;
        }
        let mut zset = Zset::Pack(lp);
        zset.expect(zset.len(), 0, limits);
        Some(zset)
    }

    /// Announces that so many members, the longest of `longest` bytes, are about to be put: too many or too long ones
    /// change the encoding at once, even if in the end nothing is added.
    pub fn expect(&mut self, count: usize, longest: usize, limits: &ZsetLimits) {
        if matches!(self, Zset::Pack(_)) && (count > limits.entries || longest > limits.value) {
            self.make_ranked(limits, count);
        }
    }

    /// Changes to the large encoding, with room for `room` members.
    fn make_ranked(&mut self, limits: &ZsetLimits, room: usize) {
        let Zset::Pack(lp) = self else { return };
        let mut ranked = Ranked::new(limits.seed, room.max(lp.len() / 2));
        let mut all = Vec::with_capacity(lp.len() / 2);
        for (member, score) in pack::pairs(lp) {
            let mut digits = IntBuf::default();
            let id = ranked.add_unlisted(bytes_of(member, &mut digits), score);
            all.push((score, id));
        }
        ranked.list.extend_sorted(all);
        *self = Zset::Ranked(Box::new(ranked));
    }

    /// Puts one element as the rules allow. O(log n), in a listpack O(n).
    pub fn put(&mut self, member: &[u8], score: f64, rules: Rules, limits: &ZsetLimits) -> Put {
        let lp = match self {
            Zset::Ranked(r) => return r.put(member, score, rules),
            Zset::Pack(lp) => lp,
        };
        if let Some((pos, old)) = pack::find(lp, member) {
            return match rules.decide(old, score) {
                Err(put) => put,
                Ok(new) if new == old => Put::Same(new),
                Ok(new) => {
                    lp.delete_from(pos, 2);
                    pack::insert(lp, member, new);
                    Put::Updated(new)
                }
            };
        }
        if rules.xx {
            return Put::Refused;
        }
        let fits = lp.len() / 2 < limits.entries && member.len() <= limits.value;
        if fits && lp.safe_to_add(member.len()) {
            pack::insert(lp, member, score);
            return Put::Added(score);
        }
        self.make_ranked(limits, self.len() + 1);
        self.put(member, score, rules, limits)
    }

    /// Sets a member's score, whatever it was; whether the member is new.
    pub fn add(&mut self, member: &[u8], score: f64, limits: &ZsetLimits) -> bool {
        matches!(
            self.put(member, score, Rules::default(), limits),
            Put::Added(_)
        )
    }

    /// Removes a member; whether it was there. O(log n), in a listpack O(n).
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match self {
            Zset::Ranked(r) => r.remove(member),
            Zset::Pack(lp) => match pack::find(lp, member) {
                Some((pos, _)) => lp.delete_from(pos, 2) > 0,
                None => false,
            },
        }
    }

    /// A member's score. O(1), in a listpack O(n).
    #[inline]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match self {
            Zset::Ranked(r) => r.dict.get(member).copied(),
            Zset::Pack(lp) => pack::find(lp, member).map(|(_, score)| score),
        }
    }

    /// How many stand before a member, and its score. O(log n), in a listpack O(n).
    pub fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        match self {
            Zset::Ranked(r) => r.rank(member),
            Zset::Pack(lp) => pack::rank(lp, member),
        }
    }

    /// The ranks of a range of scores: the first inside, the first after it. O(log n), in a listpack O(n).
    pub fn ranks_of_scores(&self, min: ScoreBound, max: ScoreBound) -> (usize, usize) {
        match self {
            Zset::Ranked(r) => {
                let (start, end) = r.list.ranks_of_scores(min, max);
                (start as usize, end as usize)
            }
            Zset::Pack(lp) => pack::ranks_of_scores(lp, min, max),
        }
    }

    /// The ranks of a range of members, all scores being equal. If they are not, the small encoding answers what a real
    /// server's does, which depends on the end that it starts from (`rev`: the last) and on how many elements it skips
    /// there (they are left out).
    pub fn ranks_of_lex(
        &self,
        min: LexBound<'_>,
        max: LexBound<'_>,
        rev: bool,
        skip: usize,
    ) -> (usize, usize) {
        let (start, end) = match self {
            Zset::Ranked(r) => r.list.ranks_of_lex(&r.dict, min, max),
            Zset::Pack(lp) => return pack::ranks_of_lex(lp, min, max, rev, skip),
        };
        let (start, end) = (start as usize, end as usize);
        let skip = skip.min(end - start);
        if rev {
            (start, end - skip)
        } else {
            (start + skip, end)
        }
    }

    /// Removes the elements ranked `start` up to before `end`; how many there were. O(log n + removed), in a listpack O(n).
    pub fn remove_ranks(&mut self, start: usize, end: usize) -> usize {
        let end = end.min(self.len());
        if start >= end {
            return 0;
        }
        match self {
            Zset::Ranked(r) => r.remove_ranks(start, end),
            Zset::Pack(lp) => lp.delete_range(2 * start as i64, 2 * (end - start)) / 2,
        }
    }

    /// `count` elements (fewer if there are no more) from rank `from` on, upwards or down. O(log n), in a listpack O(n);
    /// then O(1) a step.
    pub fn range(&self, from: usize, count: usize, rev: bool) -> Range<'_> {
        let len = self.len();
        let most = match (from < len, rev) {
            (false, _) => 0,
            (true, false) => len - from,
            (true, true) => from + 1,
        };
        let walk = match self {
            Zset::Ranked(r) => Walk::Ranked(r, r.list.by_rank(from as u64)),
            Zset::Pack(lp) => Walk::Pack(pack::iter(lp, from, rev)),
        };
        Range {
            walk,
            rev,
            left: count.min(most),
        }
    }

    /// All elements in order.
    pub fn iter(&self) -> Range<'_> {
        self.range(0, usize::MAX, false)
    }

    /// Calls `f` with each member and score, in order. O(n).
    pub fn for_each(&self, f: &mut impl FnMut(&[u8], f64)) {
        for (member, score) in self.iter() {
            f(bytes_of(member, &mut IntBuf::default()), score);
        }
    }

    /// All elements in no useful order, the same on every machine: for results that are sorted anyway. O(1) a step
    /// without the skiplist's jumps over memory.
    pub fn unordered(&self) -> Unordered<'_> {
        match self {
            Zset::Pack(_) => Unordered::Pack(self.iter()),
            Zset::Ranked(r) => Unordered::Table(&r.dict, EntryId(0)),
        }
    }

    /// One step of ZSCAN: calls `f` for some elements and returns the next cursor, 0 at the end.
    pub fn scan(&self, cursor: u64, f: &mut dyn FnMut(Entry<'_>, f64)) -> u64 {
        match self {
            Zset::Pack(lp) => {
                pack::pairs(lp).for_each(|(member, score)| f(member, score));
                0
            }
            Zset::Ranked(r) => r.dict.scan(cursor, &mut |id| {
                let (member, score) = r.dict.entry(id);
                f(Entry::Str(member), *score);
            }),
        }
    }

    /// The element at a place.
    pub fn at(&self, place: Place) -> (Entry<'_>, f64) {
        match (self, place) {
            (Zset::Pack(lp), Place::Pos(pos)) => (lp.get(pos), pack::score_after(lp, pos)),
            (Zset::Ranked(r), Place::Id(id)) => {
                let (member, score) = r.dict.entry(id);
                (Entry::Str(member), *score)
            }
            _ => unreachable!("places are used with the sorted set that gave them"),
        }
    }

    /// The place of a random element. O(1), in a listpack O(n).
    pub fn random(&self, rng: &mut Rng) -> Option<Place> {
        match self {
            Zset::Pack(lp) => pick::one_of(lp, 2, rng),
            Zset::Ranked(r) => r.dict.random(rng).map(Place::Id),
        }
    }

    /// The places of `count` different elements (`count` below the length).
    pub fn sample(&self, rng: &mut Rng, count: usize) -> Vec<Place> {
        match self {
            Zset::Pack(lp) => pick::in_order(lp, 2, count, rng),
            Zset::Ranked(r) => {
                let all = || r.dict.ids().map(Place::Id).collect();
                pick::distinct(rng, count, r.dict.len(), all, |rng| {
                    Place::Id(r.dict.random(rng).expect("there are more than `count`"))
                })
            }
        }
    }
}

/// The order of a table of members and scores. O(n log n).
pub fn sorted(dict: &Dict<f64>) -> Vec<(f64, u32)> {
    let mut order: Vec<_> = dict.iter().map(|(id, _, score)| (*score, id.0)).collect();
    sort_scores(&mut order, &mut |a, b| {
        dict.key(EntryId(a)).cmp(dict.key(EntryId(b)))
    });
    order
}

/// The bytes of a member; an integer is printed into `digits`.
#[inline]
pub fn bytes_of<'a>(member: Entry<'a>, digits: &'a mut IntBuf) -> &'a [u8] {
    match member {
        Entry::Int(n) => num::i64_bytes(n, digits),
        Entry::Str(bytes) => bytes,
    }
}

enum Walk<'a> {
    Pack(listpack::Iter<'a>),
    Ranked(&'a Ranked, Option<Cursor>),
}

/// Elements in order, from low to high or down. See [`Zset::range`].
pub struct Range<'a> {
    walk: Walk<'a>,
    rev: bool,
    left: usize,
}

impl<'a> Iterator for Range<'a> {
    type Item = (Entry<'a>, f64);

    #[inline]
    fn next(&mut self) -> Option<(Entry<'a>, f64)> {
        self.left = self.left.checked_sub(1)?;
        match &mut self.walk {
            Walk::Pack(entries) if self.rev => {
                let score = pack::to_score(entries.next_back()?);
                Some((entries.next_back()?, score))
            }
            Walk::Pack(entries) => Some((entries.next()?, pack::to_score(entries.next()?))),
            Walk::Ranked(r, place) => {
                let here = (*place)?;
                *place = match self.rev {
                    true => r.list.prev(here),
                    false => r.list.next(here),
                };
                let (score, id) = r.list.get(here);
                Some((Entry::Str(r.dict.key(EntryId(id))), score))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Range<'_> {}

/// See [`Zset::unordered`].
pub enum Unordered<'a> {
    Pack(Range<'a>),
    Table(&'a Dict<f64>, EntryId),
}

impl<'a> Iterator for Unordered<'a> {
    type Item = (Entry<'a>, f64);

    #[inline]
    fn next(&mut self) -> Option<(Entry<'a>, f64)> {
        match self {
            Unordered::Pack(range) => range.next(),
            Unordered::Table(dict, from) => {
                let id = dict.next_from(*from)?;
                *from = EntryId(id.0 + 1);
                let (member, score) = dict.entry(id);
                Some((Entry::Str(member), *score))
            }
        }
    }
}
