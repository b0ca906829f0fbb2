//! Just enough big-integer arithmetic to read and print 80-bit floats exactly. Sizes are bounded by the caller.

/// A natural number: 32-bit limbs, the lowest first, no zero limb on top.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Big {
    limbs: Vec<u32>,
}

impl From<u128> for Big {
    fn from(value: u128) -> Big {
        let limbs = (0..4).map(|index| (value >> (32 * index)) as u32).collect();
        let mut big = Big { limbs };
        big.trim();
        big
    }
}

impl Big {
    /// The number that ASCII `digits` write out. O(digits²).
    pub fn from_decimal(digits: &[u8]) -> Big {
        let mut big = Big {
            limbs: Vec::with_capacity(digits.len() / 9 + 1),
        };
        for chunk in digits.chunks(9) {
            let value = chunk
                .iter()
                .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
            big.multiply_add(10u32.pow(chunk.len() as u32), value);
        }
        big
    }

    /// Multiplies by 5^power. O(power * limbs).
    pub fn times_pow5(&mut self, power: usize) {
        const STEP: usize = 13; // 5^13 is the greatest power within 32 bits.
        for _ in 0..power / STEP {
            self.multiply_add(5u32.pow(STEP as u32), 0);
        }
        self.multiply_add(5u32.pow((power % STEP) as u32), 0);
    }

    /// Multiplies by 2^bits. O(limbs + bits).
    pub fn shift_left(&mut self, bits: usize) {
        self.multiply_add(1 << (bits % 32), 0);
        if !self.limbs.is_empty() {
            self.limbs.splice(0..0, std::iter::repeat_n(0, bits / 32));
        }
    }

    /// Appends the decimal digits. O(limbs²).
    pub fn write_decimal(mut self, out: &mut Vec<u8>) {
        const CHUNK: u32 = 1_000_000_000;
        let mut chunks = Vec::with_capacity(self.limbs.len() * 32 / 29 + 1);
        while !self.limbs.is_empty() {
            chunks.push(self.divide_small(CHUNK));
        }
        let first = chunks.pop().unwrap_or(0);
        out.extend_from_slice(first.to_string().as_bytes());
        for chunk in chunks.iter().rev() {
            out.extend_from_slice(format!("{chunk:09}").as_bytes());
        }
    }

    /// `numerator / denominator` (both above zero) as `quotient * 2^exponent`, cut to 96 bits, the lowest bit sticky: set
    /// if anything is left over. Long division, bit by bit: O(96 * limbs).
    pub fn divide_to_bits(mut numerator: Big, mut denominator: Big) -> (u128, i64) {
        const BITS: i64 = 96;
        let lift = denominator.bits() as i64 - numerator.bits() as i64;
        if lift > 0 {
            numerator.shift_left(lift as usize);
        } else {
            denominator.shift_left(-lift as usize);
        }
        let mut quotient = 0u128;
        for _ in 0..BITS {
            quotient <<= 1;
            if numerator.at_least(&denominator) {
                numerator.subtract(&denominator);
                quotient |= 1;
            }
            numerator.multiply_add(2, 0);
        }
        let rest = u128::from(!numerator.limbs.is_empty());
        (quotient << 1 | rest, -lift - BITS)
    }

    fn bits(&self) -> usize {
        self.limbs.last().map_or(0, |top| {
            self.limbs.len() * 32 - top.leading_zeros() as usize
        })
    }

    fn trim(&mut self) {
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
    }

    fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for limb in &mut self.limbs {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry != 0 {
            self.limbs.push(carry as u32);
        }
    }

    /// Divides in place; returns the remainder.
    fn divide_small(&mut self, divisor: u32) -> u32 {
        let mut rest = 0u64;
        for limb in self.limbs.iter_mut().rev() {
            rest = rest << 32 | u64::from(*limb);
            *limb = (rest / u64::from(divisor)) as u32;
            rest %= u64::from(divisor);
        }
        self.trim();
        rest as u32
    }

    fn at_least(&self, other: &Big) -> bool {
        match self.limbs.len().cmp(&other.limbs.len()) {
            std::cmp::Ordering::Equal => self.limbs.iter().rev().ge(other.limbs.iter().rev()),
            order => order.is_gt(),
        }
    }

    /// Takes `other` away, which is not greater.
    fn subtract(&mut self, other: &Big) {
        let mut borrow = false;
        for (index, limb) in self.limbs.iter_mut().enumerate() {
            let (less, first) = limb.overflowing_sub(other.limbs.get(index).copied().unwrap_or(0));
            let (less, second) = less.overflowing_sub(u32::from(borrow));
            *limb = less;
            borrow = first || second;
        }
        self.trim();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    fn decimal(big: Big) -> String {
        let mut out = Vec::new();
        big.write_decimal(&mut out);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn agrees_with_machine_numbers() {
        let mut rng = Rng::new(31);
        for _ in 0..2000 {
            let wide = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
            let value = wide >> rng.below(128);
            let text = value.to_string();
            assert_eq!(decimal(Big::from(value)), text);
            assert_eq!(Big::from_decimal(text.as_bytes()), Big::from(value));
            let small = value >> 64;
            let shift = rng.below(60) as usize;
            let mut shifted = Big::from(small);
            shifted.shift_left(shift);
            assert_eq!(shifted, Big::from(small << shift));
            let power = rng.below(24) as usize;
            let mut product = Big::from(small);
            product.times_pow5(power);
            assert_eq!(product, Big::from(small * 5u128.pow(power as u32)));
        }
    }

    #[test]
    fn division_keeps_96_bits() {
        let mut rng = Rng::new(32);
        for _ in 0..500 {
            let [a, b] = [(); 2].map(|()| (rng.next_u64() >> 32 >> rng.below(31)).max(1));
            let (quotient, exponent) =
                Big::divide_to_bits(Big::from(u128::from(a)), Big::from(u128::from(b)));
            // quotient * 2^exponent <= a / b, and less than one sticky unit below it.
            let expected = (u128::from(a) << 60) / u128::from(b);
            assert_eq!(quotient >> (-exponent - 60), expected, "{a} / {b}");
            let exact = u128::from(a) << 60 == expected * u128::from(b);
            assert!(!exact || quotient & 1 == 0, "{a} / {b}");
        }
    }
}
