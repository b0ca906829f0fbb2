//! Dense registers: 6 bits each, four in three bytes, the first at the lowest bits.

/// The three bytes of a register's group as a number, and where the register begins in it.
fn group(registers: &[u8], index: usize) -> (u32, usize) {
    let at = index / 4 * 3;
    let bits = [registers[at], registers[at + 1], registers[at + 2], 0];
    (u32::from_le_bytes(bits), index % 4 * 6)
}

/// Raises a register; whether it was lower. O(1).
pub(super) fn set(registers: &mut [u8], index: usize, rank: u8) -> bool {
    let (bits, shift) = group(registers, index);
    if bits >> shift & 63 >= u32::from(rank) {
        return false;
    }
    let bits = bits & !(63 << shift) | u32::from(rank) << shift;
    let at = index / 4 * 3;
    registers[at..at + 3].copy_from_slice(&bits.to_le_bytes()[..3]);
    true
}

/// Eight registers from their six bytes.
fn eight(bytes: &[u8]) -> impl Iterator<Item = u8> {
    let mut wide = [0; 8];
    wide[..6].copy_from_slice(bytes);
    let bits = u64::from_le_bytes(wide);
    (0..8).map(move |i| (bits >> (6 * i) & 63) as u8)
}

/// How many registers have each rank.
pub(super) fn histogram(registers: &[u8]) -> [u32; 64] {
    // Two rows, so that two equal neighbours need not wait for each other.
    let (mut even, mut odd) = ([0u32; 64], [0u32; 64]);
    for bytes in registers.chunks_exact(6) {
        for (i, rank) in eight(bytes).enumerate() {
            let row = if i % 2 == 0 { &mut even } else { &mut odd };
            row[usize::from(rank)] += 1;
        }
    }
    for (sum, more) in even.iter_mut().zip(odd) {
        *sum += more;
    }
    even
}

/// Raises each byte of `all` to the register beside it.
pub(super) fn merge(registers: &[u8], all: &mut [u8]) {
    for (bytes, all) in registers.chunks_exact(6).zip(all.chunks_exact_mut(8)) {
        for (own, rank) in all.iter_mut().zip(eight(bytes)) {
            *own = rank.max(*own);
        }
    }
}

/// Writes all registers from a byte each.
pub(super) fn pack(all: &[u8], registers: &mut [u8]) {
    for (all, bytes) in all.chunks_exact(8).zip(registers.chunks_exact_mut(6)) {
        let bits = all
            .iter()
            .rev()
            .fold(0, |w, &rank| w << 6 | u64::from(rank));
        bytes.copy_from_slice(&bits.to_le_bytes()[..6]);
    }
}
