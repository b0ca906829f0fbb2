//! Bits in a string: a row of bytes read as one long row of bits.
//!
//! A yes or no for each of a million users takes 125 KB if each is one bit. Bit 0 is the highest bit of the first
//! byte, so that the bits stand in the order in which they are written down:
//!
//! ```text
//!  byte          0                 1                 2
//!  hex          6 1               6 2               6 3             "abc"
//!  bits   0 1 1 0 0 0 0 1   0 1 1 0 0 0 1 0   0 1 1 0 0 0 1 1
//!  number 0 1 2 3 4 5 6 7   8 9 . . .                     . 23
//! ```
//!
//! Ten of them are set. The first one is bit 1. A *field* is a run of up to 64 bits read as one integer, highest bit
//! first, wherever it starts: the 5 bits from bit 6 on are `0 1 0 1 1`, that is 11 unsigned, and 11 signed too, since
//! the first of them, the sign, is 0.
//!
//! Counting goes 8 bytes at a time: a machine counts the ones of a whole word in one step. Searching skips words that
//! are all zeros (or all ones) in the same way.
//!
//! Everything here takes bytes and positions; bits behind the end read as 0.

/// Bit `at` of `bytes`. O(1).
pub fn get(bytes: &[u8], at: u64) -> bool {
    usize::try_from(at >> 3)
        .ok()
        .and_then(|i| bytes.get(i))
        .is_some_and(|byte| byte >> (7 - (at & 7)) & 1 == 1)
}

/// Sets or clears bit `at`, which must lie within `bytes`. O(1).
pub fn set(bytes: &mut [u8], at: u64, on: bool) {
    let byte = &mut bytes[(at >> 3) as usize];
    let mask = 0x80 >> (at & 7);
    *byte = if on { *byte | mask } else { *byte & !mask };
}

fn word(eight: &[u8]) -> u64 {
    u64::from_be_bytes(eight.try_into().expect("chunks of eight"))
}

/// How many bits are set. O(bytes), 32 of them at a time.
pub fn count(bytes: &[u8]) -> u64 {
    let (mut blocks, mut total) = (bytes.chunks_exact(32), 0);
    for block in &mut blocks {
        let ones = |at: usize| word(&block[at..at + 8]).count_ones();
        total += u64::from(ones(0) + ones(8) + ones(16) + ones(24));
    }
    let rest = blocks.remainder().iter();
    total + rest.map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// How many of the bits `start..=end` are set; both lie within `bytes`, `start <= end`. O(bytes between them).
pub fn count_range(bytes: &[u8], start: u64, end: u64) -> u64 {
    let (first, last) = ((start >> 3) as usize, (end >> 3) as usize);
    let before = u64::from((bytes[first] & !(0xff >> (start & 7))).count_ones());
    let behind = u64::from((bytes[last] & (0x7f >> (end & 7))).count_ones());
    count(&bytes[first..=last]) - before - behind
}

/// The first of the bits `start..=end` that is `on`; both lie within `bytes`. O(bytes between them), 8 at a time.
pub fn find(bytes: &[u8], start: u64, end: u64, on: bool) -> Option<u64> {
    let flip = if on { 0 } else { 0xff };
    let first = (start >> 3) as usize;
    let bytes = &bytes[first..=(end >> 3) as usize];
    // The bits before `start` count as what is not looked for.
    let head = (bytes[0] ^ flip) & (0xff >> (start & 7));
    let mut at = 0;
    let mut byte = head;
    if head == 0 {
        let skip = u64::MAX * u64::from(!on);
        at = 1;
        while bytes.len() - at >= 8 && word(&bytes[at..at + 8]) == skip {
            at += 8;
        }
        at += bytes[at..].iter().position(|&b| b != flip)?;
        byte = bytes[at] ^ flip;
    }
    let found = ((first + at) as u64) * 8 + u64::from(byte.leading_zeros());
    (found <= end).then_some(found)
}

/// How two rows of bits become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    And,
    Or,
    Xor,
}

/// Combines `more` into `row`; the shorter one counts as filled up with zeros. O(the longer), 8 bytes at a time.
pub fn combine(op: Op, row: &mut Vec<u8>, more: &[u8]) {
    if row.len() < more.len() {
        row.resize(more.len(), 0);
    }
    let (both, rest) = row.split_at_mut(more.len());
    // Three loops, so that each is turned into wide instructions.
    let pairs = both.iter_mut().zip(more);
    match op {
        Op::And => {
            pairs.for_each(|(a, b)| *a &= b);
            rest.fill(0);
        }
        Op::Or => pairs.for_each(|(a, b)| *a |= b),
        Op::Xor => pairs.for_each(|(a, b)| *a ^= b),
    }
}

/// Turns every bit over.
pub fn invert(row: &mut [u8]) {
    row.iter_mut().for_each(|byte| *byte = !*byte);
}

/// The type of a field: `u1` to `u63`, `i1` to `i64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub signed: bool,
    pub bits: u32,
}

/// What becomes of a number that does not fit its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Its lowest bits stay.
    Wrap,
    /// It becomes the nearest number that fits.
    Sat,
    /// Nothing is written.
    Fail,
}

impl Field {
    /// The field at bit `at`. O(1).
    pub fn read(self, bytes: &[u8], at: u64) -> i64 {
        // Nine bytes hold any 64 bits, wherever they start.
        let mut window = 0u128;
        for i in 0..9 {
            let byte = usize::try_from((at >> 3) + i)
                .ok()
                .and_then(|i| bytes.get(i));
            window = window << 8 | u128::from(byte.copied().unwrap_or(0));
        }
        let low = (window >> (72 - (at & 7) as u32 - self.bits)) as u64;
        self.low_bits(low)
    }

    /// Writes the lowest bits of `value` at bit `at`; the field must lie within `bytes`. O(1).
    pub fn write(self, bytes: &mut [u8], at: u64, value: i64) {
        for i in 0..self.bits {
            let on = value >> (self.bits - 1 - i) & 1 == 1;
            set(bytes, at + u64::from(i), on);
        }
    }

    /// The lowest bits of `value` as a number of this type.
    fn low_bits(self, value: u64) -> i64 {
        let spare = 64 - self.bits;
        if self.signed {
            (value << spare) as i64 >> spare
        } else {
            (value << spare >> spare) as i64
        }
    }

    /// The number that is stored for `value + more`, and whether that is another one because it did not fit; `None` if
    /// it then must not be stored. An unsigned field takes a negative `value` for the 64-bit number with the same bits.
    pub fn fit(self, value: i64, more: i64, overflow: Overflow) -> Option<i64> {
        let value_wide = if self.signed {
            i128::from(value)
        } else {
            i128::from(value as u64)
        };
        let sum = value_wide + i128::from(more);
        let (min, max) = match self.signed {
            true => (-(1i128 << (self.bits - 1)), (1i128 << (self.bits - 1)) - 1),
            false => (0, (1i128 << self.bits) - 1),
        };
        match overflow {
            _ if (min..=max).contains(&sum) => Some(sum as i64),
            Overflow::Wrap => Some(self.low_bits(sum as u64)),
            // The real server asks first whether `more` is above `max - value`, in 64 bits: a SET of a number so low
            // that the difference wraps counts as too high.
            Overflow::Sat
                if self.signed && self.bits < 64 && more > (max as i64).wrapping_sub(value) =>
            {
                Some(max as i64)
            }
            Overflow::Sat => Some(sum.clamp(min, max) as i64),
            Overflow::Fail => None,
        }
    }
}

/// A row of bits laid open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitsView {
    /// How many bits there are.
    pub bits: u64,
    /// How many of them are set.
    pub ones: u64,
    /// The number of the first bit shown, a multiple of 8.
    pub from: u64,
    /// The bytes shown, each eight bits.
    pub bytes: Vec<u8>,
}

/// The `most` bytes from the one that holds bit `from`. O(bytes).
pub fn inspect(bytes: &[u8], from: u64, most: usize) -> BitsView {
    let start = usize::try_from(from >> 3)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    BitsView {
        bits: bytes.len() as u64 * 8,
        ones: count(bytes),
        from: start as u64 * 8,
        bytes: bytes[start..].iter().take(most).copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ds::seeded::Seeded;

    fn random_bytes(rng: &mut Seeded) -> Vec<u8> {
        let len = 1 + rng.below(100);
        let kind = rng.below(3);
        let byte = |rng: &mut Seeded| match (kind, rng.below(40)) {
            (0, 1..) => 0,
            (1, 1..) => 0xff,
            _ => rng.next() as u8,
        };
        (0..len).map(|_| byte(rng)).collect()
    }

    fn truth(bytes: &[u8]) -> Vec<bool> {
        let bits = |b: &u8| format!("{b:08b}").into_bytes();
        bytes.iter().flat_map(bits).map(|c| c == b'1').collect()
    }

    #[test]
    fn the_worked_example() {
        assert_eq!(count(b"abc"), 10);
        assert_eq!(find(b"abc", 0, 23, true), Some(1));
        for signed in [false, true] {
            assert_eq!(Field { signed, bits: 5 }.read(b"abc", 6), 11);
        }
    }

    #[test]
    fn a_row_of_bits_is_a_row_of_booleans() {
        for seed in 0..3000 {
            let mut rng = Seeded::new(seed);
            let mut bytes = random_bytes(&mut rng);
            let mut bits = truth(&bytes);
            let at = rng.below(bits.len());
            bits[at] = rng.below(2) == 1;
            set(&mut bytes, at as u64, bits[at]);
            assert_eq!(truth(&bytes), bits, "seed {seed}");
            assert_eq!(get(&bytes, at as u64), bits[at], "seed {seed}");
            assert!(!get(&bytes, bits.len() as u64) && !get(&bytes, u64::MAX));
            let start = rng.below(bits.len());
            let end = start + rng.below(bits.len() - start);
            let (from, to) = (start as u64, end as u64);
            let ones = bits[start..=end].iter().filter(|b| **b).count() as u64;
            assert_eq!(count_range(&bytes, from, to), ones, "seed {seed}");
            for on in [false, true] {
                let first = bits[start..=end].iter().position(|b| *b == on);
                let first = first.map(|i| (start + i) as u64);
                assert_eq!(find(&bytes, from, to, on), first, "seed {seed}");
            }
        }
    }

    #[test]
    fn rows_combine_bit_by_bit() {
        for seed in 0..1000 {
            let mut rng = Seeded::new(seed);
            let (a, b) = (random_bytes(&mut rng), random_bytes(&mut rng));
            for (op, f) in [
                (Op::And, (|x, y| x & y) as fn(bool, bool) -> bool),
                (Op::Or, |x, y| x | y),
                (Op::Xor, |x, y| x ^ y),
            ] {
                let mut row = a.clone();
                combine(op, &mut row, &b);
                let (a, b) = (truth(&a), truth(&b));
                let bit = |row: &[bool], i: usize| row.get(i).copied().unwrap_or(false);
                let expected: Vec<bool> = (0..a.len().max(b.len()))
                    .map(|i| f(bit(&a, i), bit(&b, i)))
                    .collect();
                assert_eq!(truth(&row), expected, "seed {seed} {op:?}");
            }
            let mut row = a.clone();
            invert(&mut row);
            assert!(a.iter().zip(&row).all(|(a, b)| a ^ b == 0xff));
        }
    }

    #[test]
    fn fields_keep_what_is_written() {
        for seed in 0..5000 {
            let mut rng = Seeded::new(seed);
            let signed = rng.below(2) == 1;
            let bits = 1 + rng.below(63 + usize::from(signed)) as u32;
            let field = Field { signed, bits };
            let mut bytes = random_bytes(&mut rng);
            bytes.extend([0; 8]);
            let before = truth(&bytes);
            let at = rng.below(before.len() - bits as usize + 1);
            let value = field.low_bits(rng.next());
            field.write(&mut bytes, at as u64, value);
            assert_eq!(field.read(&bytes, at as u64), value, "seed {seed}");
            let after = truth(&bytes);
            assert_eq!(after[..at], before[..at], "seed {seed}");
            let end = at + bits as usize;
            assert_eq!(after[end..], before[end..], "seed {seed}");
        }
        assert_eq!(
            Field {
                signed: false,
                bits: 63
            }
            .read(b"x", u64::MAX),
            0
        );
    }

    #[test]
    fn what_does_not_fit_wraps_or_stops_or_fails() {
        let (u8, i8) = (
            Field {
                signed: false,
                bits: 8,
            },
            Field {
                signed: true,
                bits: 8,
            },
        );
        let i64_ = Field {
            signed: true,
            bits: 64,
        };
        for (field, value, more, wrap, sat) in [
            (u8, 250, 10, 4, 255),
            (u8, 5, -10, 251, 0),
            (u8, -1, 0, 255, 255),
            (i8, 120, 10, -126, 127),
            (i8, -120, -10, 126, -128),
            (i8, i64::MIN + 5, 0, 5, 127),
            (i8, -1000, 0, 24, -128),
            (i64_, i64::MAX, 1, i64::MIN, i64::MAX),
            (i64_, i64::MIN, -1, i64::MAX, i64::MIN),
        ] {
            assert_eq!(field.fit(value, more, Overflow::Wrap), Some(wrap));
            assert_eq!(field.fit(value, more, Overflow::Sat), Some(sat));
            assert_eq!(field.fit(value, more, Overflow::Fail), None);
        }
        assert_eq!(i8.fit(-3, 5, Overflow::Fail), Some(2));
    }

    #[test]
    fn inspect_shows_a_window() {
        let view = inspect(b"abc", 9, 1);
        assert_eq!((view.bits, view.ones, view.from), (24, 10, 8));
        assert_eq!(view.bytes, b"b");
        assert_eq!(inspect(b"abc", u64::MAX, 9).bytes, b"");
    }
}
