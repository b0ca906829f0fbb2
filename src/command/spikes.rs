//! What LATENCY tells of: the moments at which something took longer than `latency-monitor-threshold`.
use std::collections::VecDeque;

/// Spikes that are kept of each kind of event.
const KEPT: usize = 160;

/// One delay.
#[derive(Clone, Copy, Debug)]
pub struct Spike {
    /// Seconds since 1970.
    pub at_s: i64,
    pub ms: u64,
}

/// The delays of one kind.
#[derive(Clone, Debug)]
pub struct Series {
    /// `command`, `expire-cycle` and so on.
    pub event: &'static str,
    /// The latest last, at most one a second.
    pub spikes: VecDeque<Spike>,
    /// The longest ever.
    pub max_ms: u64,
}

/// The delays of all kinds that were seen, by name.
#[derive(Clone, Debug, Default)]
pub struct Spikes {
    pub series: Vec<Series>,
}

impl Spikes {
    /// Notes a delay. Of more than one in a second the longest counts.
    pub fn add(&mut self, event: &'static str, spike: Spike) {
        let found = self.series.binary_search_by(|s| s.event.cmp(event));
        let at = found.unwrap_or_else(|at| {
            let fresh = Series {
                event,
                spikes: VecDeque::new(),
                max_ms: 0,
            };
            self.series.insert(at, fresh);
            at
        });
        let series = &mut self.series[at];
        series.max_ms = series.max_ms.max(spike.ms);
        match series.spikes.back_mut() {
            Some(last) if last.at_s == spike.at_s => last.ms = last.ms.max(spike.ms),
            _ => series.spikes.push_back(spike),
        }
        if series.spikes.len() > KEPT {
            series.spikes.pop_front();
        }
    }

    /// The delays of one kind, if there were any.
    pub fn of(&self, event: &[u8]) -> Option<&Series> {
        self.series.iter().find(|s| s.event.as_bytes() == event)
    }
}
