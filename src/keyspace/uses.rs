//! The field beside each value that says how it is used: the LRU clock (seconds, 24 bits) at its last use, or, where
//! `maxmemory-policy` counts uses, minutes in its upper 16 bits and a counter in its lower 8.
use super::Keyspace;

/// The LRU clock goes round at this value.
const CLOCK_MASK: u32 = 0xff_ffff;

impl Keyspace {
    /// Seconds since the use that an LRU field tells.
    pub fn idle_seconds(&self, field: u32) -> u32 {
        self.clock().wrapping_sub(field) & CLOCK_MASK
    }

    /// The field of a value that was idle for so many seconds, or has this counter of uses, whichever `lfu` asks for;
    /// that of a value used now if it is not told.
    pub fn use_field(&self, idle_s: Option<u64>, uses: Option<u8>, lfu: bool) -> u32 {
        match (idle_s, uses) {
            (_, Some(uses)) if lfu => {
                let minutes = (self.now_ms / 60_000) as u32 & 0xffff;
                minutes << 8 | u32::from(uses)
            }
            (Some(idle_s), _) if !lfu => self.clock().wrapping_sub(idle_s as u32) & CLOCK_MASK,
            _ => self.clock(),
        }
    }

    fn clock(&self) -> u32 {
        (self.now_ms / 1000) as u32 & CLOCK_MASK
    }
}
