//! Sparse registers: runs of equal ones.
//!
//! Raising a register within a run splits it in up to three, and neighbours of the same rank may then become one again:
//!
//! ```text
//!   XZERO:16384                               set register 12711 to 2
//!   XZERO:12711  VAL:2,1  XZERO:3672          set register 12712 to 2
//!   XZERO:12711  VAL:2,1  VAL:2,1  XZERO:3671
//!   XZERO:12711  VAL:2,2  XZERO:3671
//! ```
use super::{Corrupt, HEADER, REGISTERS, dense, invalidate, to_dense};
use crate::base::{alloc, num};

const ZERO_MAX_LEN: usize = 64;
const VAL_MAX_LEN: usize = 4;
const VAL_MAX_RANK: u8 = 32;

/// One run.
struct Run {
    rank: u8,
    /// Registers.
    len: usize,
    bytes: usize,
}

impl Run {
    /// The run that begins at `at`. One whose second byte is missing is read as if it were 0.
    #[inline]
    fn at(ops: &[u8], at: usize) -> Run {
        let op = ops[at];
        let (rank, len, bytes) = match op >> 6 {
            0 => (0, usize::from(op), 1),
            1 => {
                let low = ops.get(at + 1).copied().unwrap_or(0);
                (0, usize::from(op & 0x3f) << 8 | usize::from(low), 2)
            }
            _ => ((op >> 2 & 31) + 1, usize::from(op & 3), 1),
        };
        let len = len + 1;
        Run { rank, len, bytes }
    }
}

fn val(rank: u8, len: usize) -> u8 {
    0x80 | (rank - 1) << 2 | (len - 1) as u8
}

/// The runs of a new sequence: five bytes at most.
#[derive(Default)]
struct Sequence {
    bytes: [u8; 5],
    len: usize,
}

impl Sequence {
    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// A run of one rank; nothing if it has no register.
    fn run(&mut self, rank: u8, len: usize) {
        let Some(more) = len.checked_sub(1) else {
            return;
        };
        if rank > 0 {
            self.push(val(rank, len));
        } else {
            if len > ZERO_MAX_LEN {
                self.push(0x40 | (more >> 8) as u8);
            }
            self.push(more as u8);
        }
    }
}

/// Makes room for three bytes more, and for some after them: the capacity is what the memory model reads.
fn make_room(hll: &mut Vec<u8>, max_bytes: u64) {
    const GREED: usize = 300;
    let wanted = hll.len() + 3;
    let mut room = alloc::fresh_sds_room(hll.capacity());
    if (room as u64) < max_bytes && room < wanted {
        let greedy = (wanted + wanted.min(GREED)) as u64;
        room = alloc::sds_room(greedy.min(max_bytes) as usize);
    }
    hll.reserve_exact(room - hll.len());
}

/// Makes it dense to raise a register.
fn promote(hll: &mut Vec<u8>, index: usize, rank: u8) -> Result<bool, Corrupt> {
    to_dense(hll)?;
    Ok(dense::set(&mut hll[HEADER..], index, rank))
}

/// Raises a register; whether it was lower (then the cached estimate is marked, too). O(bytes).
pub(super) fn set(
    hll: &mut Vec<u8>,
    index: usize,
    rank: u8,
    max_bytes: u64,
) -> Result<bool, Corrupt> {
    if rank > VAL_MAX_RANK {
        return promote(hll, index, rank);
    }
    make_room(hll, max_bytes);
    // `first` becomes the first register of the run at `at` that covers `index`.
    let (mut at, mut before, mut first) = (HEADER, HEADER, 0);
    let run = loop {
        if at >= hll.len() {
            return Err(Corrupt);
        }
        let run = Run::at(hll, at);
        if index < first + run.len {
            break run;
        }
        before = at;
        at += run.bytes;
        first += run.len;
    };
    if run.rank >= rank {
        return Ok(false);
    }
    let mut new = Sequence::default();
    new.run(run.rank, index - first);
    new.push(val(rank, 1));
    new.run(run.rank, first + run.len - 1 - index);
    let len = hll.len() + new.len - run.bytes;
    if new.len > run.bytes && len as u64 > max_bytes {
        return promote(hll, index, rank);
    }
    let (old_len, behind) = (hll.len(), (at + run.bytes).min(hll.len()));
    // A last run without its second byte is the one case where the new ones end behind `len`; they are cut there.
    hll.resize(old_len.max(len).max(at + new.len), 0);
    hll.copy_within(behind..old_len, at + new.len);
    hll[at..at + new.len].copy_from_slice(&new.bytes[..new.len]);
    hll.truncate(len);
    unite(hll, before);
    invalidate(hll);
    Ok(true)
}

/// Makes one run of neighbours of the same rank, in the five runs from `at` on.
fn unite(hll: &mut Vec<u8>, mut at: usize) {
    for _ in 0..5 {
        if at >= hll.len() {
            return;
        }
        let run = Run::at(hll, at);
        if run.rank > 0 && at + 1 < hll.len() {
            let next = Run::at(hll, at + 1);
            let len = run.len + next.len;
            if next.rank == run.rank && len <= VAL_MAX_LEN {
                hll.remove(at);
                hll[at] = val(run.rank, len);
                continue;
            }
        }
        at += run.bytes;
    }
}

/// How many registers have each rank. O(bytes).
pub(super) fn histogram(ops: &[u8]) -> Result<[u32; 64], Corrupt> {
    let mut ranks = [0; 64];
    let (mut at, mut first) = (0, 0);
    while at < ops.len() && first <= REGISTERS {
        let run = Run::at(ops, at);
        ranks[usize::from(run.rank)] += run.len as u32;
        at += run.bytes;
        first += run.len;
    }
    if first == REGISTERS {
        Ok(ranks)
    } else {
        Err(Corrupt)
    }
}

/// Raises each byte of `all` to the register beside it. Like the real server it does not mind ranks behind the last
/// register. O(bytes).
pub(super) fn merge(ops: &[u8], all: &mut [u8]) -> Result<(), Corrupt> {
    let (mut at, mut first) = (0, 0);
    while at < ops.len() && first <= REGISTERS {
        let run = Run::at(ops, at);
        if run.rank > 0 {
            let Some(covered) = all.get_mut(first..first + run.len) else {
                break;
            };
            covered.iter_mut().for_each(|own| *own = run.rank.max(*own));
        }
        at += run.bytes;
        first += run.len;
    }
    if first == REGISTERS {
        Ok(())
    } else {
        Err(Corrupt)
    }
}

/// The runs in words.
pub(super) fn decode(ops: &[u8]) -> Vec<u8> {
    let (mut text, mut at) = (Vec::new(), 0);
    while at < ops.len() {
        let run = Run::at(ops, at);
        if at > 0 {
            text.push(b' ');
        }
        text.push(match (run.rank, run.bytes) {
            (0, 1) => b'z',
            (0, _) => b'Z',
            _ => b'v',
        });
        text.push(b':');
        if run.rank > 0 {
            num::write_i64(&mut text, i64::from(run.rank));
            text.push(b',');
        }
        num::write_i64(&mut text, run.len as i64);
        at += run.bytes;
    }
    text
}
