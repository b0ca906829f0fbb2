//! HyperLogLog: how many different elements were there? In 12 KB, for any number of them, within 1 % or so.
//!
//! Hash each element to 64 random bits. A run of `k` zeros at a given place turns up once in 2^k elements, so the
//! longest run ever seen tells how many there were, roughly: adding an element again changes nothing. One run is luck,
//! so the elements are dealt into 16384 *registers* by 14 bits of the hash, each register keeps the highest *rank* (the
//! run of zeros in the other 50 bits, plus one) that it was dealt, and all registers together make the estimate, with
//! a standard error of 1.04 / sqrt(16384) = 0.81 %. The union of two sets is the higher rank of each pair of registers.
//!
//! ```text
//!   hash of "a"    …0011 0100 0011 10 | 11 0001 1010 0111        read from the right
//!                                    ^^   ^^^^^^^^^^^^^^^^^
//!                   rank: one zero, so 2    register 0x31a7 = 12711
//! ```
//!
//! The whole thing is a string, and its bytes are what clients, files and replicas exchange:
//!
//! ```text
//!   H Y L L | encoding | 0 0 0 | cached estimate, 8 bytes, little-endian | registers
//!             0: dense           highest bit set: it no longer holds
//!             1: sparse
//!
//!   dense    6 bits a register, 12288 bytes; each register begins at the lowest free bit:
//!            |11000000|22221111|33333322|                       four registers in three bytes
//!
//!   sparse   runs of equal registers:
//!            00xxxxxx              ZERO    1 to 64 registers of 0
//!            01xxxxxx xxxxxxxx     XZERO   1 to 16384 registers of 0
//!            1vvvvvxx              VAL     1 to 4 registers of a rank from 1 to 32
//! ```
//!
//! A new one is sparse: `7f ff`, one XZERO for all. With "a" added it is `71 a6  84  4e 57`: 12711 zeros, one register
//! of 2, and 3672 zeros. A sparse one becomes dense when it would outgrow `hll-sparse-max-bytes` or needs a rank above 32,
//! never back.
//!
//! The estimator is Otmar Ertl's ("New cardinality estimation algorithms for HyperLogLog sketches", 2017): it needs
//! only how often each rank occurs, and no tables. The bytes may come from anyone, so all of them may be nonsense:
//! what does not describe 16384 registers is [`Corrupt`].
mod dense;
mod estimate;
mod hash;
mod sparse;
#[cfg(test)]
mod tests;

pub use hash::{hash, place};

/// How many registers there are.
pub const REGISTERS: usize = 1 << INDEX_BITS;
const INDEX_BITS: u32 = 14;
/// Bytes before the registers.
const HEADER: usize = 16;
const DENSE_BYTES: usize = HEADER + REGISTERS * 6 / 8;
const MAGIC: &[u8] = b"HYLL";
/// Where the encoding stands, and its two values.
const ENCODING: usize = 4;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;

/// The bytes do not describe 16384 registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

/// An empty one: sparse, with a cached estimate of 0.
pub fn new() -> Vec<u8> {
    let mut hll = vec![0; HEADER + 2];
    hll[..ENCODING].copy_from_slice(MAGIC);
    hll[ENCODING] = SPARSE;
    hll[HEADER] = 0x7f;
    hll[HEADER + 1] = 0xff;
    hll
}

/// Whether the bytes have the header of a HyperLogLog, and its length if dense. All other functions ask for that. O(1).
pub fn is_hll(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER
        && bytes.starts_with(MAGIC)
        && match bytes[ENCODING] {
            DENSE => bytes.len() == DENSE_BYTES,
            encoding => encoding == SPARSE,
        }
}

/// Whether it is dense. O(1).
pub fn is_dense(hll: &[u8]) -> bool {
    hll[ENCODING] == DENSE
}

/// The cached estimate if it still holds. O(1).
pub fn cached(hll: &[u8]) -> Option<u64> {
    let field = hll[8..HEADER].try_into().expect("eight bytes");
    let estimate = u64::from_le_bytes(field);
    (estimate >> 63 == 0).then_some(estimate)
}

/// Keeps an estimate. O(1).
pub fn cache(hll: &mut [u8], estimate: u64) {
    hll[8..HEADER].copy_from_slice(&estimate.to_le_bytes());
}

/// Marks the cached estimate as no longer true. O(1).
pub fn invalidate(hll: &mut [u8]) {
    hll[HEADER - 1] |= 0x80;
}

/// Adds an element; whether a register changed. The cached estimate is the caller's business. O(1) if dense, else
/// O(bytes). A sparse one becomes dense rather than longer than `sparse_max_bytes`.
pub fn add(hll: &mut Vec<u8>, element: &[u8], sparse_max_bytes: u64) -> Result<bool, Corrupt> {
    let (index, rank) = place(element);
    set(hll, index, rank, sparse_max_bytes)
}

/// Raises register `index` to `rank`, as [`add`] does.
fn set(hll: &mut Vec<u8>, index: usize, rank: u8, sparse_max_bytes: u64) -> Result<bool, Corrupt> {
    if !is_dense(hll) {
        return sparse::set(hll, index, rank, sparse_max_bytes);
    }
    Ok(dense::set(&mut hll[HEADER..], index, rank))
}

/// The estimate, computed anew. O(bytes).
pub fn count(hll: &[u8]) -> Result<u64, Corrupt> {
    let ranks = match is_dense(hll) {
        true => dense::histogram(&hll[HEADER..]),
        false => sparse::histogram(&hll[HEADER..])?,
    };
    Ok(estimate::estimate(&ranks))
}

/// Makes it dense; whether it was not. O(registers).
pub fn to_dense(hll: &mut Vec<u8>) -> Result<bool, Corrupt> {
    if is_dense(hll) {
        return Ok(false);
    }
    let mut all = Registers::new();
    all.merge(hll)?;
    let mut bytes = vec![0; DENSE_BYTES];
    bytes[..HEADER].copy_from_slice(&hll[..HEADER]);
    bytes[ENCODING] = DENSE;
    dense::pack(&all.0, &mut bytes[HEADER..]);
    *hll = bytes;
    Ok(true)
}

/// Writes the runs of a sparse one in words: `Z:` and `z:` for zeros with and without a second byte, `v:rank,length`.
pub fn decode(hll: &[u8]) -> Vec<u8> {
    sparse::decode(&hll[HEADER..])
}

/// All registers, a byte each.
pub struct Registers([u8; REGISTERS]);

impl Default for Registers {
    fn default() -> Registers {
        Registers::new()
    }
}

impl Registers {
    /// All zeros.
    pub fn new() -> Registers {
        Registers([0; REGISTERS])
    }

    /// The registers in order.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Raises each register to that of `hll`. O(registers).
    pub fn merge(&mut self, hll: &[u8]) -> Result<(), Corrupt> {
        if is_dense(hll) {
            dense::merge(&hll[HEADER..], &mut self.0);
            return Ok(());
        }
        sparse::merge(&hll[HEADER..], &mut self.0)
    }

    /// The estimate. O(registers).
    pub fn count(&self) -> u64 {
        let mut ranks = [0; 64];
        for rank in self.0 {
            ranks[usize::from(rank & 63)] += 1;
        }
        estimate::estimate(&ranks)
    }

    /// Raises the registers of `hll` to these, one after another. O(registers), times its bytes as long as it is sparse.
    pub fn store(&self, hll: &mut Vec<u8>, sparse_max_bytes: u64) -> Result<(), Corrupt> {
        for (index, &rank) in self.0.iter().enumerate() {
            if rank != 0 {
                set(hll, index, rank, sparse_max_bytes)?;
            }
        }
        Ok(())
    }
}

/// Adds numbers to a sparse and a dense one and holds them against each other and against the truth; the error says
/// what is not well.
pub fn self_test(sparse_max_bytes: u64) -> Result<(), &'static str> {
    const MOST: u64 = 100_000;
    let (mut sparse, mut dense) = (new(), new());
    let mut checkpoint = 1;
    let mut fine = to_dense(&mut dense) == Ok(true);
    for n in 0..MOST {
        let element = n.to_le_bytes();
        fine &= add(&mut sparse, &element, sparse_max_bytes) == add(&mut dense, &element, 0);
        if n + 1 == checkpoint {
            if checkpoint < sparse_max_bytes / 2 && is_dense(&sparse) {
                return Err("TESTFAILED sparse encoding not used");
            }
            let estimate = count(&dense);
            let error = estimate.map_or(f64::INFINITY, |e| (e as f64 - checkpoint as f64).abs());
            // Six times the standard error, and one for those that share a register while there are few.
            fine &= estimate == count(&sparse) && error <= checkpoint as f64 * 0.049 + 1.0;
            checkpoint *= 10;
        }
    }
    match fine && sparse[HEADER..] == dense[HEADER..] {
        true => Ok(()),
        false => Err("TESTFAILED the estimates are not what they must be"),
    }
}

/// A HyperLogLog laid open.
#[derive(Debug, Clone, PartialEq)]
pub struct HllView {
    /// `dense` or `sparse`.
    pub encoding: &'static str,
    /// Size in bytes, header included.
    pub total_bytes: u32,
    /// The cached estimate if it still holds.
    pub cached: Option<f64>,
    /// The estimate that follows from the registers; none if the bytes are corrupt.
    pub estimate: Option<f64>,
    /// All registers; empty if the bytes are corrupt.
    pub registers: Vec<u8>,
    /// The first runs of a sparse one, as PFDEBUG DECODE writes them.
    pub runs: String,
}

/// Lays it open, with at most `most_runs` runs. O(registers).
pub fn inspect(hll: &[u8], most_runs: usize) -> HllView {
    let mut all = Registers::new();
    let sound = all.merge(hll).is_ok();
    let dense = is_dense(hll);
    let runs = match dense {
        true => Vec::new(),
        // A run takes two bytes at most.
        false => decode(&hll[..hll.len().min(HEADER + 2 * most_runs)]),
    };
    let runs = String::from_utf8(runs).expect("letters and digits");
    let runs: Vec<&str> = runs.split(' ').take(most_runs).collect();
    HllView {
        encoding: if dense { "dense" } else { "sparse" },
        total_bytes: hll.len() as u32,
        cached: cached(hll).map(|n| n as f64),
        estimate: count(hll).ok().map(|n| n as f64),
        registers: if sound { all.0.to_vec() } else { Vec::new() },
        runs: runs.join(" "),
    }
}
