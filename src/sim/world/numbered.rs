//! Things by their numbers, which are given out one after another and never again: connections.
//!
//! A table with open addresses. The number itself is the hash: those that live at a time stand mostly side by side, so that a
//! look-up reads one slot. Each event looks a connection up several times; a tree took a tenth of the world's time.

/// See the head of this file.
#[derive(Clone, Debug)]
pub struct Numbered<T> {
    /// A power of two, at least half of them free; or none.
    slots: Vec<Option<(u32, Box<T>)>>,
    len: usize,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered {
            slots: Vec::new(),
            len: 0,
        }
    }
}

impl<T> Numbered<T> {
    pub fn len(&self) -> usize {
        self.len
    }

    /// Where the number stands, or else the free slot where its search ends; `None` without slots.
    fn place(&self, number: u32) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = number as usize & mask;
        while let Some((found, _)) = &self.slots[at]
            && *found != number
        {
            at = (at + 1) & mask;
        }
        Some(at)
    }

    /// O(1).
    pub fn get(&self, number: u32) -> Option<&T> {
        let slot = &self.slots[self.place(number)?];
        slot.as_ref().map(|(_, thing)| &**thing)
    }

    /// O(1).
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let place = self.place(number)?;
        self.slots[place].as_mut().map(|(_, thing)| &mut **thing)
    }

    /// Puts something in under a number, in place of what was there. O(1), but for growing.
    pub fn insert(&mut self, number: u32, thing: T) {
        if self.slots.len() < 2 * (self.len + 1) {
            self.grow();
        }
        let place = self.place(number).expect("it has grown");
        self.len += usize::from(self.slots[place].is_none());
        self.slots[place] = Some((number, Box::new(thing)));
    }

    fn grow(&mut self) {
        let mut wider = Vec::new();
        wider.resize_with((2 * self.slots.len()).max(16), || None);
        let all = std::mem::replace(&mut self.slots, wider);
        for (number, thing) in all.into_iter().flatten() {
            let place = self.place(number).expect("it has grown");
            self.slots[place] = Some((number, thing));
        }
    }

    /// Takes something out. O(1).
    pub fn remove(&mut self, number: u32) -> Option<T> {
        let mut gap = self.place(number)?;
        let (_, thing) = self.slots[gap].take()?;
        self.len -= 1;
        // Whoever was pushed on by a slot that is free now moves back.
        let mask = self.slots.len() - 1;
        let mut at = (gap + 1) & mask;
        while let Some((next, _)) = &self.slots[at] {
            let home = *next as usize & mask;
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(gap) & mask {
                self.slots.swap(gap, at);
                gap = at;
            }
            at = (at + 1) & mask;
        }
        Some(*thing)
    }

    /// Keeps those of which this is so. O(slots).
    pub fn retain(&mut self, keep: impl Fn(u32, &T) -> bool) {
        let all = self.all().into_iter();
        let others: Vec<u32> = all
            .filter(|(number, thing)| !keep(*number, thing))
            .map(|(number, _)| number)
            .collect();
        for number in others {
            self.remove(number);
        }
    }

    /// All of them, by rising number. O(n log n).
    pub fn all(&self) -> Vec<(u32, &T)> {
        let all = self.slots.iter().flatten();
        let mut all: Vec<_> = all.map(|(number, thing)| (*number, &**thing)).collect();
        // Numbers are unique: an unstable sort has nothing to mix up.
        all.sort_unstable_by_key(|(number, _)| *number);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;
    use std::collections::BTreeMap;

    #[test]
    fn it_is_a_map() {
        let mut rng = Rng::new(9);
        let (mut table, mut truth) = (Numbered::default(), BTreeMap::new());
        let mut last = 0;
        for _ in 0..20_000 {
            let some = rng.below(u64::from(last) + 2) as u32;
            match rng.below(4) {
                0 | 1 if truth.len() < 300 => {
                    last += 1 + rng.below(3) as u32;
                    table.insert(last, last);
                    truth.insert(last, last);
                }
                2 => assert_eq!(table.get_mut(some), truth.get_mut(&some)),
                _ => {
                    let oldest = truth.keys().nth(some as usize % 7).copied();
                    let number = oldest.unwrap_or(some);
                    assert_eq!(table.remove(number), truth.remove(&number));
                }
            }
            assert_eq!(table.len(), truth.len());
        }
        assert!(last > 2_000, "{last}");
        let all: Vec<_> = truth
            .iter()
            .map(|(number, thing)| (*number, thing))
            .collect();
        assert_eq!(table.all(), all);
        table.retain(|number, _| number % 2 == 0);
        truth.retain(|number, _| number % 2 == 0);
        assert!(
            table
                .all()
                .into_iter()
                .map(|(n, _)| n)
                .eq(truth.into_keys())
        );
    }
}
