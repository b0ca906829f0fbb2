//! Where an element belongs: MurmurHash64A, read as little-endian on every machine, with the seed that all servers use.

const SEED: u64 = 0xadc8_3b19;
const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;

/// The 64 bits of an element. O(length).
pub fn hash(data: &[u8]) -> u64 {
    let mut hash = SEED ^ (data.len() as u64).wrapping_mul(FACTOR);
    let mut words = data.chunks_exact(8);
    for word in &mut words {
        let mut k = u64::from_le_bytes(word.try_into().expect("chunks of eight"));
        k = k.wrapping_mul(FACTOR);
        k ^= k >> 47;
        hash = (hash ^ k.wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0, |t, &b| t << 8 | u64::from(b));
        hash = (hash ^ tail).wrapping_mul(FACTOR);
    }
    hash = (hash ^ hash >> 47).wrapping_mul(FACTOR);
    hash ^ hash >> 47
}

/// The register of an element and its rank there, from 1 to 51. O(length).
pub fn place(element: &[u8]) -> (usize, u8) {
    let hash = hash(element);
    let index = hash as usize & (super::REGISTERS - 1);
    // The bit behind the last one ends the run if all 50 are zeros.
    let rest = hash >> super::INDEX_BITS | 1 << (64 - super::INDEX_BITS);
    (index, rest.trailing_zeros() as u8 + 1)
}
