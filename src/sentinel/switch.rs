//! A group whose primary is another one from now on, or is to be found anew.
use super::failover::Failover;
use super::instance::{Kind, Part};
use super::{Address, Level, Place, Sentinel};

impl Sentinel {
    /// The failover is through: the promoted replica is the primary.
    pub(super) fn switch_to_promoted(&mut self, group: usize) {
        let g = &self.groups[group];
        let to = g
            .promoted()
            .map_or_else(|| g.primary.addr.clone(), |at| g.replicas[at].addr.clone());
        self.tell_switch(group, &to);
        self.switch_to(group, to);
    }

    pub(super) fn tell_switch(&mut self, group: usize, to: &Address) {
        let g = &self.groups[group];
        let from = &g.primary.addr;
        let (old, new) = (self.shown(from), self.shown(to));
        let text = format!("{} {old} {} {new} {}", g.name, from.port, to.port);
        self.say(Level::Warning, "+switch-master", text, Some(group));
    }

    /// The primary is at another address: the group begins anew, with the same replicas, among them the old primary.
    pub(super) fn switch_to(&mut self, group: usize, to: Address) {
        let g = &self.groups[group];
        let all = g.replicas.iter().map(|r| r.addr.clone());
        let others: Vec<Address> = all
            .chain([g.primary.addr.clone()])
            .filter(|addr| !addr.is(&to))
            .collect();
        self.begin_anew(group, to, false);
        for addr in others {
            if self.add_replica(group, addr) {
                let at = self.groups[group].replicas.len() - 1;
                self.event(Level::Notice, "+slave", Place::replica(group, at), "");
            }
        }
        self.changed();
    }

    /// Forgets replicas, the failover and what is known of the primary, which is at `addr`; `sentinels`: the others, too.
    fn begin_anew(&mut self, group: usize, addr: Address, sentinels: bool) {
        let parts: Vec<Part> = self.groups[group].parts().collect();
        for part in parts {
            if sentinels || !matches!(part, Part::Sentinel(_)) {
                let link = self.at(Place { group, part }).link;
                self.release_link(link);
            }
        }
        let name = self.groups[group].name.clone();
        let primary = self.new_instance(Kind::Primary, name, addr);
        let g = &mut self.groups[group];
        g.primary = primary;
        g.replicas.clear();
        if sentinels {
            g.sentinels.clear();
        }
        g.leader = None;
        g.failover = Failover::default();
    }

    /// SENTINEL RESET: forgets all that was found out about groups; how many there were. O(servers).
    pub fn reset(&mut self, matches: impl Fn(&str) -> bool) -> usize {
        let mut count = 0;
        for group in 0..self.groups.len() {
            if !matches(&self.groups[group].name) {
                continue;
            }
            let addr = self.groups[group].primary.addr.clone();
            self.begin_anew(group, addr, true);
            self.changed();
            self.event(Level::Warning, "+reset-master", Place::primary(group), "");
            count += 1;
        }
        count
    }

    /// SENTINEL REMOVE.
    pub fn remove(&mut self, group: usize) {
        self.event(Level::Warning, "-monitor", Place::primary(group), "");
        let addr = self.groups[group].primary.addr.clone();
        self.begin_anew(group, addr, true);
        let link = self.groups[group].primary.link;
        self.release_link(link);
        self.groups.remove(group);
        self.changed();
    }

    /// SENTINEL MONITOR. The error is the real server's.
    pub fn monitor(&mut self, name: &str, addr: Address, quorum: u32) {
        let group = self.new_group(name, addr, quorum);
        self.groups.push(group);
        self.changed();
        self.tell_monitored(self.groups.len() - 1);
    }
}
