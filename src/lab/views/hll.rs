//! A HyperLogLog: which register the last element fell into and with which rank, and how often each rank stands there.
use super::value::Head;
use super::{focus::Focus, label};
use crate::ds::hll;
use crate::keyspace::Str;
use crate::lab::json::json_object;

/// Registers shown around the one in question.
const WINDOW: usize = 16;
/// Runs of a sparse one that are written out.
const RUNS: usize = 12;

/// Registers in numbers.
#[derive(Debug, PartialEq)]
pub struct HllModel {
    pub head: Head,
    pub encoding: &'static str,
    pub bytes: u32,
    pub estimate: u64,
    /// Whether the estimate stood in the value already.
    pub cached: bool,
    pub registers: u64,
    /// How many registers have rank 0, 1, 2 and so on.
    pub ranks: Vec<u64>,
    /// The first register of the window, and what it and the next ones hold.
    pub from: u64,
    pub window: Vec<u64>,
    /// The first runs of a sparse one.
    pub runs: String,
    pub focus: Option<HllFocus>,
}
json_object! { HllModel:
    head, encoding, bytes, estimate, cached, registers, ranks, from, window, runs, focus
}

/// Where an element belongs.
#[derive(Debug, PartialEq)]
pub struct HllFocus {
    pub element: String,
    pub command: String,
    /// The 64 bits of its hash, the highest first.
    pub hash: String,
    /// How many of them, from the right, are the register's number.
    pub index_bits: u32,
    pub register: u64,
    pub rank: u64,
    /// What the register holds.
    pub held: u64,
}
json_object! { HllFocus: element, command, hash, index_bits, register, rank, held }

/// The longest string that is laid open as a HyperLogLog.
const MOST_BYTES: usize = 1 << 16;

fn bytes_of(value: &Str) -> &[u8] {
    match value {
        Str::Embstr(bytes) => bytes,
        Str::Raw(bytes) => bytes,
        _ => b"",
    }
}

/// Whether a string is a HyperLogLog, and a sound one. O(registers).
pub(super) fn is_shown(value: &Str) -> bool {
    let bytes = bytes_of(value);
    bytes.len() <= MOST_BYTES && hll::is_hll(bytes) && hll::Registers::new().merge(bytes).is_ok()
}

/// The model of a string that is shown. O(registers).
pub(super) fn model(value: &Str, head: Head, focus: &Focus) -> HllModel {
    let view = hll::inspect(bytes_of(value), RUNS);
    let mut ranks = vec![0; 64];
    for rank in &view.registers {
        ranks[usize::from(rank & 63)] += 1;
    }
    let used = ranks.iter().rposition(|n| *n > 0).map_or(0, |at| at + 1);
    ranks.truncate(used);
    let found = focus.element.as_deref().map(|element| {
        let (register, rank) = hll::place(element);
        let bit = |at: u32| char::from(b'0' + (hll::hash(element) >> at & 1) as u8);
        HllFocus {
            element: label(element),
            command: focus.command.clone(),
            hash: (0..64).rev().map(bit).collect(),
            index_bits: hll::REGISTERS.ilog2(),
            register: register as u64,
            rank: u64::from(rank),
            held: u64::from(view.registers[register]),
        }
    });
    let around = found.as_ref().map_or(0, |f| f.register as usize);
    let from = around
        .saturating_sub(WINDOW / 2)
        .min(hll::REGISTERS - WINDOW);
    let window = &view.registers[from..from + WINDOW];
    HllModel {
        head,
        encoding: view.encoding,
        bytes: view.total_bytes,
        estimate: view.estimate.unwrap_or_default() as u64,
        cached: view.cached.is_some(),
        registers: hll::REGISTERS as u64,
        ranks,
        from: from as u64,
        window: window.iter().map(|rank| u64::from(*rank)).collect(),
        runs: view.runs,
        focus: found,
    }
}
