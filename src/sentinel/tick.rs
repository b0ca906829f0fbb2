//! What is due each time the host's timer comes, ten to twenty times a second.
use super::instance::{Kind, Part};
use super::link::Asked;
use super::{Out, Place, Sentinel, Stage};
use crate::base::time::Millis;

/// Answers that may be due on a link, for each server that has it; more are not asked for.
const DUE_MOST: usize = 100;

impl Sentinel {
    /// Looks after everything. O(servers).
    pub fn tick(&mut self, now_ms: Millis) {
        self.now_ms = now_ms;
        self.look_at_clock();
        for group in 0..self.groups.len() {
            for part in self.groups[group].parts() {
                self.look_after(Place { group, part });
            }
            if self.groups[group].failover.stage == Stage::UpdateConfig {
                self.switch_to_promoted(group);
            }
        }
    }

    fn look_after(&mut self, place: Place) {
        self.reconnect(place);
        self.send_what_is_due(place);
        if !self.may_act() {
            return;
        }
        self.judge(place);
        if place.part == Part::Primary {
            self.count_judgements(place.group);
            if self.begin_failover_if_needed(place.group) {
                self.ask_others(place.group, true);
            }
            self.failover_on(place.group);
            self.ask_others(place.group, false);
        }
    }

    /// Asks for connections that are missing, once in a while.
    fn reconnect(&mut self, place: Place) {
        let (now_ms, every_ms) = (self.now_ms, self.periods.ping);
        let (id, port) = (self.at(place).link, self.at(place).addr.port);
        let Some(link) = self.link_mut(id) else {
            return;
        };
        if link.down && port != 0 && now_ms - link.tried_ms >= every_ms {
            link.tried_ms = now_ms;
            self.dial(place);
        }
    }

    /// INFO, PING and hello, each in its period.
    fn send_what_is_due(&mut self, place: Place) {
        let now_ms = self.now_ms;
        let group = &self.groups[place.group];
        let instance = group.part(place.part);
        let link = self.link(instance.link);
        if link.down || link.due.len() >= DUE_MOST * link.users as usize {
            return;
        }
        let primary = &group.primary;
        let unrest = primary.sdown || primary.odown || group.failover.stage != Stage::None;
        let hurry =
            instance.kind == Kind::Replica && (unrest || instance.replica.link_down_ms != 0);
        let info_ms = match hurry {
            true => self.periods.info.min(1000),
            false => self.periods.info,
        };
        let ping_ms = group.options.down_after_ms.min(self.periods.ping);
        let wants_info = instance.kind != Kind::Sentinel
            && (instance.info_ms == 0 || now_ms - instance.info_ms > info_ms);
        let wants_ping = now_ms - link.pong_ms > ping_ms && now_ms - link.pinged_ms > ping_ms / 2;
        let wants_hello = now_ms - instance.published_ms > self.periods.publish;
        if wants_info {
            let info = self.name_of(place, "INFO");
            self.ask(place, Asked::Info, &[&info]);
        }
        if wants_ping {
            self.ping(place);
        }
        if wants_hello {
            self.send_hello(place);
        }
    }

    /// Sends a PING. The first one that stays without an answer is the one that silence is measured from.
    pub(super) fn ping(&mut self, place: Place) {
        let now_ms = self.now_ms;
        let ping = self.name_of(place, "PING");
        if !self.ask(place, Asked::Ping, &[&ping]) {
            return;
        }
        let id = self.at(place).link;
        if let Some(link) = self.link_mut(id) {
            link.pinged_ms = now_ms;
            if link.unanswered_ms == 0 {
                link.unanswered_ms = now_ms;
            }
        }
    }

    /// The process is to end, as if it had crashed.
    pub(super) fn crash(&mut self) {
        self.out.push(Out::Exit);
    }
}
