//! Which replica is to be the primary: one that answers, whose data is not too old; of these the one with the lowest
//! priority number, then with the most data, then with the first run id.
use super::Sentinel;
use std::cmp::Reverse;

impl Sentinel {
    /// The replica to promote; `None` if none will do. O(replicas).
    pub fn choose(&self, group: usize) -> Option<usize> {
        let now_ms = self.now_ms;
        let g = &self.groups[group];
        let mut link_down_most_ms = 10 * g.options.down_after_ms;
        if g.primary.sdown {
            link_down_most_ms += now_ms - g.primary.sdown_ms;
        }
        let info_most_ms = match g.primary.sdown {
            true => 5 * self.periods.ping,
            false => 3 * self.periods.info,
        };
        let will_do = |replica: &&super::Instance| {
            let link = self.link(replica.link);
            !replica.sdown
                && !replica.odown
                && !link.down
                && now_ms - link.good_ms <= 5 * self.periods.ping
                && replica.replica.priority != 0
                && now_ms - replica.info_ms <= info_most_ms
                && replica.replica.link_down_ms <= link_down_most_ms
        };
        let candidates = g.replicas.iter().filter(will_do);
        let best = candidates.min_by_key(|replica| {
            let unknown = replica.run_id.is_empty();
            let rank = (replica.replica.priority, Reverse(replica.replica.offset));
            (rank, unknown, replica.run_id.to_ascii_lowercase())
        })?;
        g.replicas.iter().position(|replica| replica.id == best.id)
    }
}
