//! Insertion, removal, change of score.
//!
//! All three first come down a [`Path`] of strict predecessors: on each level the last node whose
//! first element is before the target. The target then stands either inside the lowest of them
//! (never at its first place) or at the first place of the node after it, and the path's links are
//! exactly those that jump over the target or lead to its node.

use super::*;

impl Skiplist {
    /// Adds an element that must not be present. The score must not be NaN.
    pub fn insert<M: Members + ?Sized>(&mut self, m: &M, score: f64, id: u32) {
        debug_assert!(!score.is_nan(), "NaN has no place in an order");
        let target = Key { m, score, id };
        let mut path = self.descend(target);
        let node = self.links.owner(path.towers[0]);
        if node == HEAD {
            self.insert_in_front(&mut path, score, id);
        } else {
            let at = self.nodes[node].count_before(target);
            self.insert_in(&mut path, node, at as usize, score, id);
        }
        if self.len() > SMALL && self.cap < self.large {
            self.rebuild(self.large);
        }
    }

    /// Removes an element; whether it was present.
    pub fn remove<M: Members + ?Sized>(&mut self, m: &M, score: f64, id: u32) -> bool {
        let Some((path, place)) = self.descend_to(m, score, id) else {
            return false;
        };
        self.remove_run(&path, place, 1);
        self.tidy_after_removal(&path);
        true
    }

    /// Moves an element from score `old` to score `new`; whether it was present. When that does
    /// not change the order, only the score is written.
    pub fn update<M: Members + ?Sized>(&mut self, m: &M, old: f64, id: u32, new: f64) -> bool {
        let Some((path, place)) = self.descend_to(m, old, id) else {
            return false;
        };
        let target = Key { m, score: new, id };
        let is_after = |place| {
            let (score, id) = self.get(place);
            target.is_after(score, || id)
        };
        let stays = self.prev(place).is_none_or(is_after)
            && self.next(place).is_none_or(|place| !is_after(place));
        if stays {
            self.set_score(&path, place, new);
            return true;
        }
        self.remove_run(&path, place, 1);
        self.tidy_after_removal(&path);
        self.insert(m, new, id);
        true
    }

    /// Adds elements that come after all present ones, in ascending order: O(1) each, for loading.
    pub fn extend_sorted(&mut self, elements: impl IntoIterator<Item = (f64, u32)>) {
        let mut path = self.descend(End);
        for (score, id) in elements {
            let node = self.links.owner(path.towers[0]);
            let at = usize::from(self.nodes[node].count);
            if node == HEAD {
                self.insert_in_front(&mut path, score, id);
            } else {
                self.insert_in(&mut path, node, at, score, id);
            }
            if node != self.tail {
                let tail = &self.nodes[self.tail];
                let rank = self.len - u32::from(tail.count);
                for level in 0..self.height(self.tail) {
                    (path.towers[level], path.ranks[level]) = (tail.tower, rank);
                }
            }
            if self.len() > SMALL && self.cap < self.large {
                self.rebuild(self.large);
                path = self.descend(End);
            }
        }
    }

    /// Comes down to the strict predecessors of a place (see the module's page).
    #[inline]
    pub(super) fn descend(&self, target: impl Target) -> Path {
        let mut path = Path {
            towers: [0; MAX_HEIGHT],
            ranks: [0; MAX_HEIGHT],
        };
        let (mut tower, mut rank) = (0, 0);
        let mut too_far = NIL;
        for level in (0..self.levels.min(MAX_HEIGHT)).rev() {
            loop {
                let link = self.links.get(tower, level);
                if link.next == too_far {
                    break;
                }
                if !target.is_after(link.score, || self.first_id(link.next)) {
                    too_far = link.next;
                    break;
                }
                rank += link.span;
                tower = link.next;
            }
            path.towers[level] = tower;
            path.ranks[level] = rank;
        }
        path
    }

    fn descend_to<M: Members + ?Sized>(
        &self,
        m: &M,
        score: f64,
        id: u32,
    ) -> Option<(Path, Cursor)> {
        let target = Key { m, score, id };
        let path = self.descend(target);
        let place = self.settle(self.links.owner(path.towers[0]), target).0?;
        (self.get(place).1 == id).then_some((path, place))
    }

    /// Adds an element that comes before all others.
    fn insert_in_front(&mut self, path: &mut Path, score: f64, id: u32) {
        let first = self.first().map(|place| place.node);
        let room = |&node: &u32| self.nodes[node].count < self.cap;
        let Some(first) = first.filter(room) else {
            self.widen_spans(path);
            self.link_node(path, score, id, None, 1);
            return;
        };
        // The links that jump over the element are those of the first node, not the head's.
        for level in 0..self.height(first) {
            path.towers[level] = self.nodes[first].tower;
            self.links.get_mut(0, level).score = score;
        }
        self.widen_spans(path);
        self.nodes[first].insert_at(0, score, id);
    }

    /// Adds an element at a place of a node, which makes a new node when that one is full.
    fn insert_in(&mut self, path: &mut Path, node: u32, at: usize, score: f64, id: u32) {
        self.widen_spans(path);
        let cap = self.cap;
        let left = &mut self.nodes[node];
        if left.count < cap {
            left.insert_at(at, score, id);
            return;
        }
        // Elements that arrive in order leave full nodes behind, not half-full ones.
        if cap == 1 || (at == usize::from(left.count) && node == self.tail) {
            self.link_node(path, score, id, None, 1);
            return;
        }
        let keep = usize::from(cap / 2);
        let (mut block, mut count) = left.split_off(keep);
        if at <= keep {
            left.insert_at(at, score, id);
        } else {
            block.insert_at(count, at - keep, score, id);
            count += 1;
        }
        let (score, id) = block.get(0);
        self.link_node(path, score, id, Some(block), count as u8);
    }

    /// Counts one more element in every link that jumps over the path's end.
    #[inline]
    fn widen_spans(&mut self, path: &Path) {
        self.len += 1;
        for level in 0..self.levels.min(MAX_HEIGHT) {
            self.links.get_mut(path.towers[level], level).span += 1;
        }
    }

    /// Puts a new node after the path's lowest one. The spans count its elements already.
    fn link_node(
        &mut self,
        path: &Path,
        score: f64,
        id: u32,
        block: Option<Box<Block>>,
        count: u8,
    ) {
        let height = self.throw();
        let tower = self.links.raise(height);
        let left = self.links.owner(path.towers[0]);
        let start = path.ranks[0] + u32::from(self.nodes[left].count);
        while self.levels < height {
            let top = self.links.get_mut(0, self.levels);
            (top.next, top.span) = (NIL, self.len);
            self.levels += 1;
        }
        let block = if self.cap > 1 {
            block.or_else(|| Some(Block::of(score, id)))
        } else {
            None
        };
        let node = self.nodes.insert(Node {
            score,
            id,
            back: left,
            tower,
            height: NonZeroU8::new(height as u8).expect("a tower has a level"),
            count,
            block,
        });
        for level in 0..height {
            let jumped = start - path.ranks[level];
            let link = self.links.get_mut(path.towers[level], level);
            let onward = Link {
                span: link.span - jumped,
                ..*link
            };
            *link = Link {
                next: tower,
                span: jumped,
                score,
            };
            *self.links.get_mut(tower, level) = onward;
        }
        self.links.set_owner(tower, node);
        match self.start_after(node) {
            None => self.tail = node,
            Some(next) => self.nodes[next.node].back = node,
        }
    }

    /// Removes `n` neighbours of one node. A node that loses its last element goes.
    pub(super) fn remove_run(&mut self, path: &Path, place: Cursor, n: u32) {
        let Cursor { node, at } = place;
        self.len -= n;
        // Links below the height of a node that starts with the run belong to the node itself.
        let own = if at == 0 { self.height(node) } else { 0 };
        let tower = self.nodes[node].tower;
        for level in 0..self.levels.min(MAX_HEIGHT) {
            let over = if level < own {
                tower
            } else {
                path.towers[level]
            };
            self.links.get_mut(over, level).span -= n;
        }
        self.nodes[node].remove_at(at as usize, n as usize);
        if self.nodes[node].count == 0 {
            self.unlink_node(path, node);
        } else if at == 0 {
            self.lead_to(path, node);
        }
    }

    /// Writes a node's new first score into the links that lead to it, which are the path's.
    fn lead_to(&mut self, path: &Path, node: u32) {
        let score = self.nodes[node].score;
        for level in 0..self.height(node) {
            self.links.get_mut(path.towers[level], level).score = score;
        }
    }

    /// Takes a node out whose predecessors are the path's; its elements, if any, now count as the
    /// predecessor's.
    fn unlink_node(&mut self, path: &Path, node: u32) {
        let (tower, height) = (self.nodes[node].tower, self.height(node));
        let back = self.nodes[node].back;
        for level in 0..height {
            let link = self.links.get(tower, level);
            let before = self.links.get_mut(path.towers[level], level);
            debug_assert_eq!(before.next, tower);
            *before = Link {
                span: before.span + link.span,
                ..link
            };
        }
        match self.start_after(node) {
            None => self.tail = back,
            Some(next) => self.nodes[next.node].back = back,
        }
        self.links.raze(tower, height);
        self.nodes.remove(node);
        while self.levels > 1 && self.links.get(0, self.levels - 1).next == NIL {
            self.levels -= 1;
        }
    }

    /// Joins thin nodes around the place of a removal, and goes back to small nodes.
    pub(super) fn tidy_after_removal(&mut self, path: &Path) {
        if self.cap > 1 && self.len() < SMALL_AGAIN {
            self.rebuild(1);
            return;
        }
        let left = self.links.owner(path.towers[0]);
        if self.cap == 1 || left == HEAD {
            return;
        }
        let Some(Cursor { node: right, .. }) = self.start_after(left) else {
            return;
        };
        let (a, b) = (self.nodes[left].count, self.nodes[right].count);
        if a.min(b) <= self.cap / 4 && a + b <= self.cap / 4 * 3 {
            let block = self.nodes[right].block.take();
            let block = block.expect("nodes of a large list have blocks");
            self.nodes[left].append(&block, usize::from(b));
            self.unlink_node(path, right);
        }
    }

    /// Makes all nodes anew with up to `cap` elements. O(n), on at most [`SMALL`] + 1 elements.
    fn rebuild(&mut self, cap: u8) {
        let all: Vec<_> = self.iter().collect();
        self.reset();
        self.cap = cap;
        // Three quarters full, so that the next insertions find room.
        let fill = usize::from(cap).div_ceil(4) * 3;
        for run in all.chunks(fill.min(usize::from(cap))) {
            let path = self.descend(End);
            for _ in run {
                self.widen_spans(&path);
            }
            let mut block = None;
            if cap > 1 {
                let mut filled = Block::of(run[0].0, run[0].1);
                for (at, &(score, id)) in run.iter().enumerate() {
                    filled.0[at] = Element { score, id };
                }
                block = Some(filled);
            }
            self.link_node(&path, run[0].0, run[0].1, block, run.len() as u8);
        }
    }

    pub(super) fn height(&self, node: u32) -> usize {
        usize::from(self.nodes[node].height.get())
    }

    fn set_score(&mut self, path: &Path, place: Cursor, score: f64) {
        let node = &mut self.nodes[place.node];
        if let Some(block) = &mut node.block {
            block.0[place.at as usize].score = score;
        }
        if place.at == 0 {
            node.score = score;
            self.lead_to(path, place.node);
        }
    }

    /// The height of a new tower: each further level with one chance in four.
    fn throw(&mut self) -> usize {
        // splitmix64 (Steele, Lea, Flood 2014): one word decides all levels, two bits each.
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.dice;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z.trailing_zeros() as usize / 2 + 1).min(MAX_HEIGHT)
    }
}

impl Block {
    fn of(score: f64, id: u32) -> Box<Block> {
        let mut block = Box::new(Block([Element { score: 0.0, id: 0 }; BLOCK]));
        block.0[0] = Element { score, id };
        block
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> (f64, u32) {
        let Element { score, id } = self.0[at];
        (score, id)
    }

    #[inline]
    fn insert_at(&mut self, count: usize, at: usize, score: f64, id: u32) {
        // In wasm a copy of nothing is still a call out of the module.
        if at < count {
            self.0.copy_within(at..count, at + 1);
        }
        self.0[at] = Element { score, id };
    }
}

impl Node {
    /// Adds an element to a large node that has room.
    #[inline]
    fn insert_at(&mut self, at: usize, score: f64, id: u32) {
        let block = self.block.as_mut().expect("only large nodes have room");
        block.insert_at(usize::from(self.count), at, score, id);
        self.count += 1;
        (self.score, self.id) = block.get(0);
    }

    fn remove_at(&mut self, at: usize, n: usize) {
        if let Some(block) = &mut self.block {
            let count = usize::from(self.count);
            block.0.copy_within(at + n..count, at);
            (self.score, self.id) = block.get(0);
        }
        self.count -= n as u8;
    }

    /// Takes the elements from `keep` on out.
    fn split_off(&mut self, keep: usize) -> (Box<Block>, usize) {
        let block = self.block.as_ref().expect("only large nodes split");
        let (count, mut right) = (usize::from(self.count), Block::of(0.0, 0));
        let moved = count - keep;
        right.0[..moved].copy_from_slice(&block.0[keep..count]);
        self.count = keep as u8;
        (right, moved)
    }

    /// Takes over the first `n` elements of the next node's block.
    fn append(&mut self, from: &Block, n: usize) {
        let block = self.block.as_mut().expect("only large nodes are joined");
        let count = usize::from(self.count);
        block.0[count..count + n].copy_from_slice(&from.0[..n]);
        self.count += n as u8;
    }
}
