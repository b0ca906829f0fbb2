//! What work takes in virtual time: a stated model, of the order of what a real server takes on one core of a current machine.
//!
//! | what | time |
//! |---|---|
//! | to be woken for input: poll, read, and the write of the replies | [`WAKE_US`] |
//! | a command | [`COMMAND_NS`] |
//! | each byte of its arguments and of its reply | [`BYTE_NS`] |
//! | 100 instructions of a script | 1 µs |
//!
//! So a `GET` that comes alone takes 9 µs (some 110,000 a second), one in a long pipeline 1 µs. What a command looks at without
//! replying with it costs nothing: `KEYS` with a pattern that fits no key, or the deletion of a large value, is too cheap here.
use crate::base::time::Micros;
use crate::server::Meter;

/// For an input, µs.
pub const WAKE_US: Micros = 8;
/// For a command, ns.
pub const COMMAND_NS: u64 = 1000;
/// For a byte in or out, ns.
pub const BYTE_NS: u64 = 1;

/// Counts what the node's work takes by the model.
#[derive(Clone, Debug, Default)]
pub struct CostMeter {
    ns: u64,
}

impl Meter for CostMeter {
    fn micros(&mut self) -> u64 {
        self.ns / 1000
    }

    fn spend(&mut self, us: u64) {
        self.ns += us * 1000;
    }

    fn models(&self) -> bool {
        true
    }

    fn ran(&mut self, bytes: u64) {
        self.ns += COMMAND_NS + bytes * BYTE_NS;
    }

    fn copied(&self) -> Box<dyn Meter> {
        Box::new(self.clone())
    }
}
