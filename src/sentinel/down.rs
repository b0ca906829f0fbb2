//! Subjectively down: no good answer for `down-after-milliseconds`. Objectively down: a quorum of Sentinels says so of the
//! primary. The latter is no agreement in any strict sense: the others are asked one by one, and may have changed their
//! minds since. What makes a failover safe is the vote.
use super::instance::{Kind, Part};
use super::link::Asked;
use super::{Level, Place, Sentinel, Stage};

impl Sentinel {
    /// Whether a server is subjectively down; closes links that look alive and are not.
    pub(super) fn judge(&mut self, place: Place) {
        let now_ms = self.now_ms;
        let down_after_ms = self.groups[place.group].options.down_after_ms;
        self.close_stale(place);
        let group = &self.groups[place.group];
        let instance = group.part(place.part);
        let link = self.link(instance.link);
        let silent_ms = match link.unanswered_ms {
            0 if link.down => now_ms - link.good_ms,
            0 => 0,
            since_ms => now_ms - since_ms,
        };
        let primary = instance.kind == Kind::Primary;
        // It says that it is a replica, and nothing comes of it.
        let demoted = primary
            && instance.role == Kind::Replica
            && now_ms - instance.role_ms > down_after_ms + 2 * self.periods.info;
        let reboot_ms = group.options.reboot_down_after_ms;
        let rebooted = instance.rebooted_ms.filter(|_| primary && reboot_ms > 0);
        let rebooting = rebooted.is_some_and(|since_ms| now_ms - since_ms > reboot_ms);
        let down = silent_ms > down_after_ms || demoted || rebooting;
        if down == instance.sdown {
            return;
        }
        let instance = self.at_mut(place);
        instance.sdown = down;
        if down {
            instance.sdown_ms = now_ms;
        }
        let name = if down { "+sdown" } else { "-sdown" };
        self.event(Level::Warning, name, place, "");
    }

    /// A connection that brings nothing although it stands is replaced.
    fn close_stale(&mut self, place: Place) {
        let now_ms = self.now_ms;
        let half_ms = self.groups[place.group].options.down_after_ms / 2;
        let id = self.at(place).link;
        let link = self.link(id);
        let old = |pipe: &super::link::Pipe| now_ms - pipe.since_ms > self.periods.reconnect;
        let mute = link.commands.as_ref().is_some_and(old)
            && link.unanswered_ms != 0
            && now_ms - link.unanswered_ms > half_ms
            && now_ms - link.pong_ms > half_ms;
        let deaf = link.hellos.as_ref().is_some_and(old)
            && now_ms - link.hello_ms > 3 * self.periods.publish;
        if mute {
            self.hang_up(id, false);
        }
        if deaf {
            self.hang_up(id, true);
        }
    }

    /// Whether a quorum says that the primary is down.
    pub(super) fn count_judgements(&mut self, group: usize) {
        let now_ms = self.now_ms;
        let g = &mut self.groups[group];
        let others = g.sentinels.iter().filter(|s| s.peer.says_down).count() as u32;
        let agree = 1 + others;
        let down = g.primary.sdown && agree >= g.options.quorum;
        if down == g.primary.odown {
            return;
        }
        g.primary.odown = down;
        let quorum = g.options.quorum;
        let place = Place::primary(group);
        if down {
            g.primary.odown_ms = now_ms;
            let text = format!("#quorum {agree}/{quorum}");
            self.event(Level::Warning, "+odown", place, &text);
        } else {
            self.event(Level::Warning, "-odown", place, "");
        }
    }

    /// Asks the others whether the primary is down for them, too; during a failover, for their votes.
    pub(super) fn ask_others(&mut self, group: usize, at_once: bool) {
        let (now_ms, every_ms) = (self.now_ms, self.periods.ask);
        let id = self.id.clone();
        for at in 0..self.groups[group].sentinels.len() {
            let place = Place::sentinel(group, at);
            let since_ms = now_ms - self.at(place).peer.said_ms;
            if since_ms > 5 * every_ms {
                let peer = &mut self.at_mut(place).peer;
                peer.says_down = false;
                peer.leader = None;
            }
            let g = &self.groups[group];
            let down = self.link(g.sentinels[at].link).down;
            if !g.primary.sdown || down || (!at_once && since_ms < every_ms) {
                continue;
            }
            // Whoever may forget this epoch must not ask for votes in it.
            let campaigns = g.failover.stage != Stage::None && self.is_saved();
            let who = if campaigns { id.as_str() } else { "*" };
            let ip = self.shown(&g.primary.addr).to_string();
            let (port, epoch) = (
                g.primary.addr.port.to_string(),
                self.current_epoch.to_string(),
            );
            let words = [
                "SENTINEL",
                "is-master-down-by-addr",
                &ip,
                &port,
                &epoch,
                who,
            ];
            self.ask(place, Asked::Down, &words);
        }
    }

    /// What another Sentinel says of the primary, and whom it voted for.
    pub(super) fn says(&mut self, place: Place, down: bool, leader: String, epoch: u64) {
        let Part::Sentinel(_) = place.part else {
            return;
        };
        let now_ms = self.now_ms;
        let instance = self.at_mut(place);
        instance.peer.said_ms = now_ms;
        instance.peer.says_down = down;
        if leader == "*" {
            return;
        }
        let news = instance.peer.leader_epoch != epoch;
        let line = format!("{} voted for {leader} {epoch}", instance.name);
        instance.peer.leader = Some(leader);
        instance.peer.leader_epoch = epoch;
        if news {
            self.log(Level::Notice, line);
        }
    }
}
