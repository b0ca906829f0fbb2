//! Intset: a sorted array of integers, all of the same width.
//!
//! A set of small whole numbers needs no hash table: in a sorted array each number takes 2, 4 or 8 bytes and nothing
//! else, and binary search finds it in log2(n) steps. Inserting moves what stands behind, so an intset must stay
//! small. The first number that does not fit the width makes the whole array wider; it can only belong at one of the
//! ends, since it is greater or smaller than all others. The width never shrinks back.
//!
//! ```text
//! | width, u32 | count, u32 | number | number | ... |        all little-endian, ascending
//!
//! {-3, 5}:          02 00 00 00  02 00 00 00  FD FF  05 00
//! and then 70000:   04 00 00 00  03 00 00 00  FD FF FF FF  05 00 00 00  70 11 01 00
//! ```
//!
//! These are the bytes that RDB files and `DUMP` carry.

/// Bytes before the first number.
const HEADER: usize = 8;

/// Bytes that each number takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    W2 = 2,
    W4 = 4,
    W8 = 8,
}

impl Width {
    fn of(value: i64) -> Width {
        if i16::try_from(value).is_ok() {
            Width::W2
        } else if i32::try_from(value).is_ok() {
            Width::W4
        } else {
            Width::W8
        }
    }

    fn from_field(field: u32) -> Option<Width> {
        [Width::W2, Width::W4, Width::W8]
            .into_iter()
            .find(|&width| width as u32 == field)
    }
}

/// A set of 64-bit integers in one sorted run of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intset {
    bytes: Vec<u8>,
    width: Width,
}

impl Default for Intset {
    fn default() -> Self {
        Self::new()
    }
}

/// One comparison of a search: the numbers that it may still be among, and the one that it was compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The first of them, and the one behind the last.
    pub low: usize,
    pub high: usize,
    pub at: usize,
}

/// An intset laid open.
#[derive(Debug, Clone, PartialEq)]
pub struct IntsetView {
    /// Bytes that one number takes.
    pub width_bytes: u32,
    /// Size in bytes, header included.
    pub total_bytes: u32,
    /// The place of the first number shown, and the numbers from there.
    pub from: usize,
    pub values: Vec<i64>,
}

impl Intset {
    /// An empty set: 8 bytes, 16-bit numbers.
    pub fn new() -> Self {
        Intset {
            bytes: vec![2, 0, 0, 0, 0, 0, 0, 0],
            width: Width::W2,
        }
    }

    /// Takes bytes from outside: the width must be known, the count must match the size and not be 0 (as the real
    /// server demands), the numbers must ascend. O(n). Errors say what is wrong.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.len() < HEADER {
            return Err(format!("intset: {} bytes are too few", bytes.len()));
        }
        let field = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let Some(width) = Width::from_field(field) else {
            return Err(format!("intset: unknown width {field}"));
        };
        let count = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        let wanted = HEADER as u64 + u64::from(count) * width as u64;
        if count == 0 || wanted != bytes.len() as u64 {
            return Err(format!(
                "intset: {} bytes do not hold {count} numbers",
                bytes.len()
            ));
        }
        let set = Intset { bytes, width };
        if !set.iter().is_sorted_by(|a, b| a < b) {
            return Err("intset: the numbers do not ascend".to_string());
        }
        Ok(set)
    }

    /// The set as RDB and `DUMP` carry it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Size in bytes, header included. O(1).
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// How many numbers there are. O(1).
    pub fn len(&self) -> usize {
        (self.bytes.len() - HEADER) / self.width as usize
    }

    /// Whether there is no number. O(1).
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == HEADER
    }

    /// Adds a number; false if it was there. O(n): what stands behind it moves.
    pub fn add(&mut self, value: i64) -> bool {
        let width = Width::of(value);
        if width > self.width {
            self.widen(width, value);
            return true;
        }
        let Err(index) = self.search(value) else {
            return false;
        };
        let step = self.width as usize;
        let (at, len) = (HEADER + index * step, self.bytes.len());
        self.bytes.resize(len + step, 0);
        self.bytes.copy_within(at..len, at + step);
        self.write(index, value);
        self.write_count();
        true
    }

    /// Removes a number; false if it was not there. O(n). The width stays.
    pub fn remove(&mut self, value: i64) -> bool {
        let Ok(index) = self.search(value) else {
            return false;
        };
        let at = HEADER + index * self.width as usize;
        self.bytes.drain(at..at + self.width as usize);
        self.write_count();
        true
    }

    /// Whether the number is there. O(log n).
    pub fn contains(&self, value: i64) -> bool {
        self.search(value).is_ok()
    }

    /// The number at `index` in ascending order. O(1).
    pub fn get(&self, index: usize) -> Option<i64> {
        (index < self.len()).then(|| self.read(index))
    }

    /// The smallest number. O(1).
    pub fn min(&self) -> Option<i64> {
        self.get(0)
    }

    /// The greatest number. O(1).
    pub fn max(&self) -> Option<i64> {
        self.get(self.len().checked_sub(1)?)
    }

    /// A number picked by a random 64-bit `draw`; `None` if the set is empty. O(1).
    pub fn random(&self, draw: u64) -> Option<i64> {
        let len = self.len() as u64;
        (len > 0).then(|| self.read((draw % len) as usize))
    }

    /// The numbers in ascending order, from both ends.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = i64> + ExactSizeIterator + Clone + '_ {
        (0..self.len()).map(|index| self.read(index))
    }

    /// The set as plain data, with at most `most` numbers around place `around`. O(numbers shown).
    pub fn inspect(&self, around: usize, most: usize) -> IntsetView {
        let last_start = self.len().saturating_sub(most);
        let from = around.saturating_sub(most / 2).min(last_start);
        IntsetView {
            width_bytes: self.width as u32,
            total_bytes: self.bytes.len() as u32,
            from,
            values: self.iter().skip(from).take(most).collect(),
        }
    }

    /// How a search for `value` goes: its comparisons, and the index where it ends, or where the number would stand.
    pub fn path(&self, value: i64) -> (Vec<Step>, Result<usize, usize>) {
        let mut steps = Vec::new();
        let end = self.walk(value, |step| steps.push(step));
        (steps, end)
    }

    /// The width that `value` needs, in bytes.
    pub fn width_of(value: i64) -> u32 {
        Width::of(value) as u32
    }

    /// The index of `value`, or where it would stand.
    fn search(&self, value: i64) -> Result<usize, usize> {
        self.walk(value, |_| {})
    }

    /// Searches for `value` and tells of each comparison.
    #[inline(always)]
    fn walk(&self, value: i64, mut compared: impl FnMut(Step)) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        // Numbers often arrive in ascending order.
        if high > 0 {
            let at = high - 1;
            compared(Step { low, high, at });
            match self.read(at).cmp(&value) {
                std::cmp::Ordering::Less => return Err(high),
                std::cmp::Ordering::Equal => return Ok(at),
                std::cmp::Ordering::Greater => high = at,
            }
        }
        while low < high {
            let at = low + (high - low) / 2;
            compared(Step { low, high, at });
            match self.read(at).cmp(&value) {
                std::cmp::Ordering::Equal => return Ok(at),
                std::cmp::Ordering::Less => low = at + 1,
                std::cmp::Ordering::Greater => high = at,
            }
        }
        Err(low)
    }

    #[inline]
    fn read(&self, index: usize) -> i64 {
        let at = HEADER + index * self.width as usize;
        let fits = "the slice has the width of a number";
        match self.width {
            Width::W2 => i16::from_le_bytes(self.bytes[at..at + 2].try_into().expect(fits)).into(),
            Width::W4 => i32::from_le_bytes(self.bytes[at..at + 4].try_into().expect(fits)).into(),
            Width::W8 => i64::from_le_bytes(self.bytes[at..at + 8].try_into().expect(fits)),
        }
    }

    fn write(&mut self, index: usize, value: i64) {
        let step = self.width as usize;
        let at = HEADER + index * step;
        // Little-endian: the low bytes of a number that fits are the number.
        self.bytes[at..at + step].copy_from_slice(&value.to_le_bytes()[..step]);
    }

    fn write_count(&mut self) {
        let count = u32::try_from(self.len()).expect("callers turn large sets into tables");
        self.bytes[4..8].copy_from_slice(&count.to_le_bytes());
    }

    /// Rewrites all numbers wider and adds `value`, which did not fit the old width.
    fn widen(&mut self, width: Width, value: i64) {
        let old = self.clone();
        let first = usize::from(value < 0);
        self.width = width;
        self.bytes.clear();
        self.bytes
            .resize(HEADER + (old.len() + 1) * width as usize, 0);
        self.bytes[..4].copy_from_slice(&(width as u32).to_le_bytes());
        for (index, number) in old.iter().enumerate() {
            self.write(index + first, number);
        }
        self.write(if value < 0 { 0 } else { old.len() }, value);
        self.write_count();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ds::seeded::Seeded;

    fn check(set: &Intset, truth: &BTreeSet<i64>, seed: u64) {
        assert!(set.iter().eq(truth.iter().copied()), "seed {seed}");
        assert!(
            set.iter().rev().eq(truth.iter().rev().copied()),
            "seed {seed}"
        );
        assert_eq!(
            (set.min(), set.max()),
            (truth.first().copied(), truth.last().copied())
        );
        assert_eq!(
            (set.len(), set.is_empty()),
            (truth.len(), truth.is_empty()),
            "seed {seed}"
        );
        assert_eq!(set.get(truth.len()), None);
        match Intset::from_bytes(set.as_bytes().to_vec()) {
            Ok(again) => assert_eq!(&again, set, "seed {seed}"),
            Err(_) => assert!(truth.is_empty(), "seed {seed}"),
        }
    }

    #[test]
    fn mirrors_a_tree_set() {
        for seed in 0..300 {
            let mut rng = Seeded::new(seed);
            let (mut set, mut truth) = (Intset::new(), BTreeSet::new());
            let narrow = 64 - [4, 8, 15, 17, 31, 33, 64][rng.below(7)];
            for _ in 0..150 {
                let value = (rng.next() as i64) >> narrow;
                match rng.below(3) {
                    0 | 1 => assert_eq!(set.add(value), truth.insert(value), "seed {seed}"),
                    _ => assert_eq!(set.remove(value), truth.remove(&value), "seed {seed}"),
                }
                let probe = (rng.next() as i64) >> narrow;
                assert_eq!(set.contains(probe), truth.contains(&probe), "seed {seed}");
                let (steps, end) = set.path(probe);
                let below = truth.range(..probe).count();
                assert_eq!(end.unwrap_or_else(|at| at), below, "seed {seed}");
                assert_eq!(end.is_ok(), truth.contains(&probe), "seed {seed}");
                assert!(steps.len() <= 2 + set.len().checked_ilog2().unwrap_or(0) as usize);
                check(&set, &truth, seed);
                match set.random(rng.next()) {
                    Some(member) => assert!(truth.contains(&member), "seed {seed}"),
                    None => assert!(truth.is_empty(), "seed {seed}"),
                }
            }
        }
    }

    #[test]
    fn widens_at_each_limit_and_stays_wide() {
        let cases = [
            (i64::from(i16::MAX), 2),
            (i64::from(i16::MIN), 2),
            (i64::from(i16::MAX) + 1, 4),
            (i64::from(i16::MIN) - 1, 4),
            (i64::from(i32::MAX) + 1, 8),
            (i64::from(i32::MIN) - 1, 8),
            (i64::MAX, 8),
            (i64::MIN, 8),
        ];
        for (value, width) in cases {
            let mut set = Intset::new();
            assert!(set.add(7) && set.add(value));
            assert!(!set.add(value));
            assert!(set.remove(value) && !set.remove(value));
            assert_eq!((set.as_bytes()[0], set.len()), (width, 1));
        }
    }

    #[test]
    fn bytes_equal_a_real_servers() {
        let cases: [(&[i64], &str); 3] = [
            (&[5, -3], "0200000002000000fdff0500"),
            (&[5, -3, 70_000], "0400000003000000fdffffff0500000070110100"),
            (
                &[1, -5_000_000_000, -70_000],
                "0800000003000000000efad5feffffff90eefeffffffffff0100000000000000",
            ),
        ];
        for (values, hex) in cases {
            let mut set = Intset::new();
            values.iter().for_each(|&value| assert!(set.add(value)));
            let got: String = set
                .as_bytes()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(got, hex);
        }
    }

    #[test]
    fn foreign_bytes_never_panic() {
        let mut accepted = 0;
        for seed in 0..20_000 {
            let mut rng = Seeded::new(seed);
            let mut set = Intset::new();
            let narrow = rng.below(63);
            for _ in 0..=rng.below(6) {
                set.add((rng.next() as i64) >> narrow);
            }
            let mut bytes = set.as_bytes().to_vec();
            for _ in 0..rng.below(3) {
                let at = rng.below(bytes.len());
                match rng.below(3) {
                    0 => bytes.truncate(at.max(1)),
                    1 => bytes[at] = rng.next() as u8,
                    _ => bytes.insert(at, rng.next() as u8),
                }
            }
            if let Ok(mut set) = Intset::from_bytes(bytes) {
                accepted += 1;
                assert_eq!(set.inspect(2, 3).values.len(), set.len().min(3));
                let member = set.random(rng.next()).expect("an empty set is refused");
                assert!(set.contains(member) && set.remove(member) && set.add(member));
                set.add(rng.next() as i64);
            }
        }
        assert!(
            accepted > 1000,
            "the fuzzer must reach the inside: {accepted}"
        );
        for bad in [
            &[][..],
            &[2, 0, 0, 0, 0, 0, 0, 0],
            &[3, 0, 0, 0, 0, 0, 0, 0],
            &[8, 0, 0, 0, 255, 255, 255, 255],
        ] {
            assert!(Intset::from_bytes(bad.to_vec()).is_err());
        }
    }
}
