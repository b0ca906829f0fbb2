//! TILT: a Sentinel whose clock has jumped, or that stood still, trusts nothing that it has measured. For a while it goes
//! on watching, and neither acts nor says that anything is down.
use super::{Level, Sentinel};
use crate::base::time::Millis;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tilt {
    /// Since when; `None`: all is well.
    since_ms: Option<Millis>,
    last_tick_ms: Millis,
}

impl Tilt {
    pub(super) fn new(now_ms: Millis) -> Tilt {
        Tilt {
            since_ms: None,
            last_tick_ms: now_ms,
        }
    }
}

impl Sentinel {
    /// Whether nothing that was measured is to be trusted.
    pub fn is_tilted(&self) -> bool {
        self.tilt.since_ms.is_some()
    }

    /// Since when it is so, ms since 1970.
    pub fn tilted_since_ms(&self) -> Option<Millis> {
        self.tilt.since_ms
    }

    /// Compares the time of this tick with that of the last.
    pub(super) fn look_at_clock(&mut self) {
        let now_ms = self.now_ms;
        let passed_ms = now_ms - self.tilt.last_tick_ms;
        self.tilt.last_tick_ms = now_ms;
        if passed_ms < 0 || passed_ms > self.periods.tilt_trigger {
            self.tilt.since_ms = Some(now_ms);
            self.say(Level::Warning, "+tilt", "#tilt mode entered".into(), None);
        }
    }

    /// Whether it may act: not in TILT, which ends once it has lasted for long enough.
    pub(super) fn may_act(&mut self) -> bool {
        let Some(since_ms) = self.tilt.since_ms else {
            return true;
        };
        if self.now_ms - since_ms < self.periods.tilt_period {
            return false;
        }
        self.tilt.since_ms = None;
        self.say(Level::Warning, "-tilt", "#tilt mode exited".into(), None);
        true
    }

    /// The clock went back by itself: no difference of two times means anything.
    pub fn clock_went_back(&mut self) {
        self.tilt.last_tick_ms = Millis::MAX;
    }
}
