//! What is noted of a command, or of the node's own work, that took long: for SLOWLOG and LATENCY.
use super::node::Node;
use crate::base::time::Micros;
use crate::command::slowlog::{self, Slow};
use crate::command::{Args, ClientId, Command, F, spikes::Spike};

impl Node {
    /// Notes that a command took `usec`. A compare or two where that is not long.
    #[inline(always)]
    pub(super) fn note_duration(
        &mut self,
        id: ClientId,
        command: &'static Command,
        args: Args<'_>,
        usec: u64,
    ) {
        if self.is_slow(usec) {
            self.note_slow(id, command, args, usec);
        }
        if self.is_spike(usec) {
            let fast = command.flags.has(F::FAST);
            self.note_spike(if fast { "fast-command" } else { "command" }, usec);
        }
    }

    #[inline(always)]
    fn is_slow(&self, usec: u64) -> bool {
        u64::try_from(self.config.slowlog_log_slower_than).is_ok_and(|least| usec >= least)
    }

    #[inline(always)]
    fn is_spike(&self, usec: u64) -> bool {
        let least_ms = self.config.latency_monitor_threshold;
        least_ms != 0 && usec / 1000 >= least_ms
    }

    #[cold]
    fn note_slow(&mut self, id: ClientId, command: &'static Command, args: Args<'_>, usec: u64) {
        if command.flags.has(F::SKIP_SLOWLOG) {
            return;
        }
        let client = self.server.clients.get(id);
        let slow = Slow {
            at_s: self.ends_s(),
            usec,
            argv: slowlog::shown(command, args),
            addr: client.map(|c| c.addr.clone()).unwrap_or_default(),
            name: client.map(|c| c.name.clone()).unwrap_or_default(),
        };
        self.server.slowlog.add(slow, self.config.slowlog_max_len);
    }

    /// Notes that an event took `usec`, if the monitor is to know of so long ones.
    pub(super) fn note_spike(&mut self, event: &'static str, usec: u64) {
        if self.is_spike(usec) {
            let (at_s, ms) = (self.ends_s(), usec / 1000);
            self.server.spikes.add(event, Spike { at_s, ms });
        }
    }

    /// When what runs now is over, in seconds: a command may have put the node to sleep.
    fn ends_s(&self) -> i64 {
        self.server.now_us.max(self.server.busy_until_us) / 1_000_000
    }

    /// What the running command makes the node sleep, in µs; before it, `busy_until_us` was this.
    #[inline(always)]
    pub(super) fn asleep_us(&self, before_us: Micros) -> u64 {
        let until_us = self.server.busy_until_us;
        if until_us == before_us {
            return 0;
        }
        u64::try_from(until_us - before_us.max(self.server.now_us)).unwrap_or(0)
    }
}
