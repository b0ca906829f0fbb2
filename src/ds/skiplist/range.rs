//! Ranges by score, by member and by rank.

use super::*;

/// One end of a range of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreBound {
    /// The score, infinite for an open end.
    pub value: f64,
    /// Whether elements with that very score are left out.
    pub exclusive: bool,
}

/// One end of a range of members (all elements having the same score).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// Before all members.
    Min,
    /// After all members.
    Max,
    /// This member included.
    Incl(&'a [u8]),
    /// This member excluded.
    Excl(&'a [u8]),
}

impl ScoreBound {
    /// Whether an element is too low for a range that starts here.
    #[inline]
    pub fn is_above(self, score: f64) -> bool {
        score < self.value || (self.exclusive && score == self.value)
    }

    /// Whether an element is too high for a range that ends here.
    #[inline]
    pub fn is_below(self, score: f64) -> bool {
        score > self.value || (self.exclusive && score == self.value)
    }
}

impl LexBound<'_> {
    /// Whether a member is too low for a range that starts here.
    #[inline]
    pub fn is_above(self, member: &[u8]) -> bool {
        match self {
            LexBound::Min => false,
            LexBound::Max => true,
            LexBound::Incl(bound) => member < bound,
            LexBound::Excl(bound) => member <= bound,
        }
    }

    /// Whether a member is too high for a range that ends here.
    #[inline]
    pub fn is_below(self, member: &[u8]) -> bool {
        match self {
            LexBound::Min => true,
            LexBound::Max => false,
            LexBound::Incl(bound) => member > bound,
            LexBound::Excl(bound) => member >= bound,
        }
    }
}

/// The gap before the first element of a range.
#[derive(Clone, Copy)]
struct ScoreStart(ScoreBound);

/// The gap after the last element of a range.
#[derive(Clone, Copy)]
struct ScoreEnd(ScoreBound);

impl Target for ScoreStart {
    #[inline(always)]
    fn compare(self, score: f64) -> Ordering {
        before_if(self.0.is_above(score))
    }

    fn is_after_id(self, _: u32) -> bool {
        false
    }
}

impl Target for ScoreEnd {
    #[inline(always)]
    fn compare(self, score: f64) -> Ordering {
        before_if(!self.0.is_below(score))
    }

    fn is_after_id(self, _: u32) -> bool {
        false
    }
}

#[inline(always)]
fn before_if(before: bool) -> Ordering {
    if before {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

/// The gap before the first member of a range.
struct LexStart<'a, M: ?Sized>(&'a M, LexBound<'a>);

/// The gap after the last member of a range.
struct LexEnd<'a, M: ?Sized>(&'a M, LexBound<'a>);

impl<M: ?Sized> Clone for LexStart<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: ?Sized> Copy for LexStart<'_, M> {}

impl<M: ?Sized> Clone for LexEnd<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: ?Sized> Copy for LexEnd<'_, M> {}

impl<M: Members + ?Sized> Target for LexStart<'_, M> {
    #[inline(always)]
    fn compare(self, _: f64) -> Ordering {
        Ordering::Equal
    }

    fn is_after_id(self, id: u32) -> bool {
        self.1.is_above(self.0.member(id))
    }
}

impl<M: Members + ?Sized> Target for LexEnd<'_, M> {
    #[inline(always)]
    fn compare(self, _: f64) -> Ordering {
        Ordering::Equal
    }

    fn is_after_id(self, id: u32) -> bool {
        !self.1.is_below(self.0.member(id))
    }
}

impl Skiplist {
    /// The ranks of a range of scores: the first inside and the first after; empty when equal.
    pub fn ranks_of_scores(&self, min: ScoreBound, max: ScoreBound) -> (u64, u64) {
        let start = self.seek(ScoreStart(min)).1;
        let end = self.seek(ScoreEnd(max)).1;
        (u64::from(start), u64::from(end.max(start)))
    }

    /// The ranks of a range of members: the first inside and the first after; empty when equal.
    pub fn ranks_of_lex<M: Members + ?Sized>(
        &self,
        m: &M,
        min: LexBound<'_>,
        max: LexBound<'_>,
    ) -> (u64, u64) {
        let start = self.seek(LexStart(m, min)).1;
        let end = self.seek(LexEnd(m, max)).1;
        (u64::from(start), u64::from(end.max(start)))
    }

    /// The lowest element of a range of scores.
    pub fn first_in_score_range(&self, min: ScoreBound, max: ScoreBound) -> Option<Cursor> {
        let place = self.seek(ScoreStart(min)).0?;
        (!max.is_below(self.get(place).0)).then_some(place)
    }

    /// The highest element of a range of scores.
    pub fn last_in_score_range(&self, min: ScoreBound, max: ScoreBound) -> Option<Cursor> {
        let after = self.seek(ScoreEnd(max)).0;
        let place = self.place_before(after)?;
        (!min.is_above(self.get(place).0)).then_some(place)
    }

    /// The lowest element of a range of members.
    pub fn first_in_lex_range<M: Members + ?Sized>(
        &self,
        m: &M,
        min: LexBound<'_>,
        max: LexBound<'_>,
    ) -> Option<Cursor> {
        let place = self.seek(LexStart(m, min)).0?;
        (!max.is_below(m.member(self.get(place).1))).then_some(place)
    }

    /// The highest element of a range of members.
    pub fn last_in_lex_range<M: Members + ?Sized>(
        &self,
        m: &M,
        min: LexBound<'_>,
        max: LexBound<'_>,
    ) -> Option<Cursor> {
        let after = self.seek(LexEnd(m, max)).0;
        let place = self.place_before(after)?;
        (!min.is_above(m.member(self.get(place).1))).then_some(place)
    }

    fn place_before(&self, after: Option<Cursor>) -> Option<Cursor> {
        match after {
            Some(place) => self.prev(place),
            None => self.last(),
        }
    }

    /// Removes the elements ranked `start` to `end`, both included, and calls `f` with each id,
    /// ascending; how many there were. O(log n + removed).
    pub fn delete_range_by_rank(&mut self, start: u64, end: u64, f: &mut dyn FnMut(u32)) -> u64 {
        let end = end.min(u64::from(self.len).wrapping_sub(1));
        if self.is_empty() || start > end {
            return 0;
        }
        let path = self.descend_to_rank(start as u32);
        let mut left = (end - start + 1) as u32;
        let base = self.links.owner(path.towers[0]);
        let at = start as u32 - path.ranks[0];
        let mut place = Some(Cursor { node: base, at });
        if at >= u32::from(self.nodes[base].count) {
            place = self.start_after(base);
        }
        while let (Some(Cursor { node, at }), 1..) = (place, left) {
            let here = &self.nodes[node];
            let run = left.min(u32::from(here.count) - at);
            for offset in at..at + run {
                f(here.element(offset).1);
            }
            self.remove_run(&path, Cursor { node, at }, run);
            left -= run;
            // What comes next follows the path's lowest node, whether this one stays or goes.
            place = self.start_after(base);
        }
        self.tidy_after_removal(&path);
        end - start + 1
    }

    /// Removes a range of scores, as [`Skiplist::delete_range_by_rank`] does.
    pub fn delete_range_by_score(
        &mut self,
        min: ScoreBound,
        max: ScoreBound,
        f: &mut dyn FnMut(u32),
    ) -> u64 {
        match self.ranks_of_scores(min, max) {
            (start, end) if start < end => self.delete_range_by_rank(start, end - 1, f),
            _ => 0,
        }
    }

    /// Removes a range of members, as [`Skiplist::delete_range_by_rank`] does.
    pub fn delete_range_by_lex<M: Members + ?Sized>(
        &mut self,
        m: &M,
        min: LexBound<'_>,
        max: LexBound<'_>,
        f: &mut dyn FnMut(u32),
    ) -> u64 {
        match self.ranks_of_lex(m, min, max) {
            (start, end) if start < end => self.delete_range_by_rank(start, end - 1, f),
            _ => 0,
        }
    }

    /// The strict predecessors of a rank.
    fn descend_to_rank(&self, rank: u32) -> Path {
        let mut path = Path {
            towers: [0; MAX_HEIGHT],
            ranks: [0; MAX_HEIGHT],
        };
        let (mut tower, mut seen) = (0, 0);
        for level in (0..self.levels).rev() {
            loop {
                let link = self.links.get(tower, level);
                if link.next == NIL || seen + link.span >= rank {
                    break;
                }
                seen += link.span;
                tower = link.next;
            }
            path.towers[level] = tower;
            path.ranks[level] = seen;
        }
        path
    }
}
