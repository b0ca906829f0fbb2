//! Where a node's durations come from.

/// Where durations come from: SLOWLOG, commandstats and the like never read a clock of their own.
pub trait Meter {
    /// Microseconds of a clock that never goes back.
    fn micros(&mut self) -> u64;

    /// By the cost model, the node has just worked for so many microseconds. A real clock knows better.
    fn spend(&mut self, _us: u64) {}

    /// Whether durations come from the cost model: [`Meter::ran`] wants to know what ran.
    fn models(&self) -> bool {
        false
    }

    /// A command ran that took and gave so many bytes.
    fn ran(&mut self, _bytes: u64) {}

    /// Another one that goes on from here by itself.
    fn copied(&self) -> Box<dyn Meter>;
}

impl Clone for Box<dyn Meter> {
    fn clone(&self) -> Self {
        self.copied()
    }
}

/// The meter of a simulated node: time stands still while it works, but for what the cost model says.
#[derive(Clone, Default)]
pub struct NoMeter {
    us: u64,
}

impl Meter for NoMeter {
    fn micros(&mut self) -> u64 {
        self.us
    }

    fn spend(&mut self, us: u64) {
        self.us += us;
    }

    fn copied(&self) -> Box<dyn Meter> {
        Box::new(self.clone())
    }
}
