//! A failover, step by step. One step a tick at most, each told as an event.
//!
//! ```text
//!   None ─▶ WaitStart ─▶ SelectReplica ─▶ SendPromotion ─▶ WaitPromotion ─▶ ReconfReplicas ─▶ UpdateConfig ─▶ None
//!             not elected   none will do    not reached      stays a replica
//!                 └───────────────┴────────────────┴───────────────┴──▶ aborted, None
//! ```
//!
//! From ReconfReplicas on the failover stands: the promoted replica has the new configuration epoch, and all Sentinels come to
//! know that.
use super::instance::Reconf;
use super::link::Asked;
use super::vote::MAX_DELAY_MS;
use super::{Address, CRASH_AFTER_ELECTION, CRASH_AFTER_PROMOTION, Level, Place, Sentinel};
use crate::base::time::{Millis, civil};

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    #[default]
    None,
    /// It waits for the others' votes.
    WaitStart,
    SelectReplica,
    /// The chosen one is to be told.
    SendPromotion,
    /// It was told, and has yet to say that it is a primary.
    WaitPromotion,
    /// The others are told to follow it, so many at a time.
    ReconfReplicas,
    UpdateConfig,
}

impl Stage {
    /// The word of SENTINEL MASTER.
    pub fn word(self) -> &'static str {
        match self {
            Stage::None => "none",
            Stage::WaitStart => "wait_start",
            Stage::SelectReplica => "select_slave",
            Stage::SendPromotion => "send_slaveof_noone",
            Stage::WaitPromotion => "wait_promotion",
            Stage::ReconfReplicas => "reconf_slaves",
            Stage::UpdateConfig => "update_config",
        }
    }
}

/// See the head of this file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Failover {
    pub stage: Stage,
    pub epoch: u64,
    /// When the stage changed.
    pub changed_ms: Millis,
    /// When the last attempt began, whoever made it.
    pub start_ms: Millis,
    /// Somebody asked for it: no votes are needed.
    pub forced: bool,
    /// For which attempt it was logged that the next one has to wait.
    noted_ms: Millis,
}

impl Sentinel {
    /// Begins a failover if the primary is objectively down and nobody tried lately; whether it has.
    pub(super) fn begin_failover_if_needed(&mut self, group: usize) -> bool {
        let now_ms = self.now_ms;
        let g = &mut self.groups[group];
        if !g.primary.odown || g.failover.stage != Stage::None {
            return false;
        }
        let next_ms = g.failover.start_ms + 2 * g.options.failover_timeout_ms;
        if now_ms < next_ms {
            if g.failover.noted_ms != g.failover.start_ms {
                g.failover.noted_ms = g.failover.start_ms;
                let when = civil(next_ms.div_euclid(1000));
                let line =
                    format!("Next failover delay: I will not start a failover before {when}");
                self.log(Level::Notice, line);
            }
            return false;
        }
        self.begin_failover(group);
        true
    }

    fn begin_failover(&mut self, group: usize) {
        let now_ms = self.now_ms;
        let delay_ms = self.random_below(MAX_DELAY_MS) as Millis;
        let epoch = self.current_epoch.saturating_add(1);
        let failover = &mut self.groups[group].failover;
        failover.stage = Stage::WaitStart;
        failover.epoch = epoch;
        failover.start_ms = now_ms + delay_ms;
        failover.changed_ms = now_ms;
        failover.forced = false;
        self.enter_epoch(epoch, Some(group));
        self.event(Level::Warning, "+try-failover", Place::primary(group), "");
    }

    /// SENTINEL FAILOVER: without asking anybody. The error is the real server's.
    pub fn force_failover(&mut self, group: usize) -> Result<(), &'static str> {
        if self.groups[group].failover.stage != Stage::None {
            return Err("INPROG Failover already in progress");
        }
        if self.choose(group).is_none() {
            return Err("NOGOODSLAVE No suitable replica to promote");
        }
        let line = format!(
            "Executing user requested FAILOVER of '{}'",
            self.groups[group].name
        );
        self.log(Level::Warning, line);
        self.begin_failover(group);
        self.groups[group].failover.forced = true;
        Ok(())
    }

    /// Goes on by a step.
    pub(super) fn failover_on(&mut self, group: usize) {
        match self.groups[group].failover.stage {
            Stage::None | Stage::UpdateConfig => {}
            Stage::WaitStart => self.wait_start(group),
            Stage::SelectReplica => self.select(group),
            Stage::SendPromotion => self.send_promotion(group),
            Stage::WaitPromotion => {
                if self.stage_took_too_long(group) {
                    self.abort(group, "-failover-abort-slave-timeout");
                }
            }
            Stage::ReconfReplicas => {
                self.reconfigure_next(group);
                self.end_if_reconfigured(group);
            }
        }
    }

    fn enter(&mut self, group: usize, stage: Stage) {
        let now_ms = self.now_ms;
        let failover = &mut self.groups[group].failover;
        failover.stage = stage;
        failover.changed_ms = now_ms;
    }

    fn stage_took_too_long(&self, group: usize) -> bool {
        let g = &self.groups[group];
        self.now_ms - g.failover.changed_ms > g.options.failover_timeout_ms
    }

    fn abort(&mut self, group: usize, why: &'static str) {
        self.event(Level::Warning, why, Place::primary(group), "");
        self.enter(group, Stage::None);
        let g = &mut self.groups[group];
        g.failover.forced = false;
        g.replicas
            .iter_mut()
            .for_each(|r| r.replica.promoted = false);
    }

    /// Whether this Sentinel leads.
    fn wait_start(&mut self, group: usize) {
        let failover = self.groups[group].failover;
        let place = Place::primary(group);
        let leader = self.leader_of(group, failover.epoch);
        if !failover.forced && leader.as_ref() != Some(&self.id) {
            let timeout_ms = self.groups[group].options.failover_timeout_ms;
            let most_ms = self.periods.election.min(timeout_ms);
            if self.now_ms - failover.start_ms > most_ms {
                self.abort(group, "-failover-abort-not-elected");
            }
            return;
        }
        self.event(Level::Warning, "+elected-leader", place, "");
        if self.crashes & CRASH_AFTER_ELECTION != 0 {
            return self.crash();
        }
        self.enter(group, Stage::SelectReplica);
        self.event(Level::Warning, "+failover-state-select-slave", place, "");
    }

    fn select(&mut self, group: usize) {
        let Some(at) = self.choose(group) else {
            return self.abort(group, "-failover-abort-no-good-slave");
        };
        let place = Place::replica(group, at);
        self.event(Level::Warning, "+selected-slave", place, "");
        self.at_mut(place).replica.promoted = true;
        self.enter(group, Stage::SendPromotion);
        self.event(
            Level::Notice,
            "+failover-state-send-slaveof-noone",
            place,
            "",
        );
    }

    fn send_promotion(&mut self, group: usize) {
        let Some(at) = self.groups[group].promoted() else {
            return self.abort(group, "-failover-abort-slave-timeout");
        };
        let place = Place::replica(group, at);
        if self.link(self.at(place).link).down {
            if self.stage_took_too_long(group) {
                self.abort(group, "-failover-abort-slave-timeout");
            }
            return;
        }
        if self.send_replicaof(place, None) {
            self.event(Level::Notice, "+failover-state-wait-promotion", place, "");
            self.enter(group, Stage::WaitPromotion);
        }
    }

    /// The chosen one says that it is a primary: this is the configuration of the new epoch.
    pub(super) fn promoted(&mut self, place: Place) {
        let g = &mut self.groups[place.group];
        g.config_epoch = g.failover.epoch;
        self.enter(place.group, Stage::ReconfReplicas);
        self.changed();
        self.event(Level::Warning, "+promoted-slave", place, "");
        if self.crashes & CRASH_AFTER_PROMOTION != 0 {
            return self.crash();
        }
        let primary = Place::primary(place.group);
        self.event(Level::Warning, "+failover-state-reconf-slaves", primary, "");
        let to = self.at(place).addr.clone();
        self.tell_reconfig(place.group, "leader", "start", &to);
        self.hurry_hellos(place.group);
    }

    /// Tells replicas to follow the new primary, as many at a time as `parallel-syncs` allows: whoever loads a snapshot does
    /// not serve meanwhile.
    fn reconfigure_next(&mut self, group: usize) {
        let now_ms = self.now_ms;
        let g = &self.groups[group];
        let Some(to) = g.promoted().map(|at| g.replicas[at].addr.clone()) else {
            return;
        };
        let limit = g.options.parallel_syncs;
        let busy =
            |r: &&super::Instance| matches!(r.replica.reconf, Reconf::Sent | Reconf::InProgress);
        let mut under_way = g.replicas.iter().filter(busy).count() as i64;
        for at in 0..self.groups[group].replicas.len() {
            if under_way >= limit {
                break;
            }
            let place = Place::replica(group, at);
            let replica = &self.at(place).replica;
            if replica.promoted || matches!(replica.reconf, Reconf::Done | Reconf::InProgress) {
                continue;
            }
            if replica.reconf == Reconf::Sent {
                if now_ms - replica.reconf_ms > self.periods.reconf {
                    // It was told, and says nothing of it: somebody will look after it once it is a primary's replica again.
                    self.event(Level::Notice, "-slave-reconf-sent-timeout", place, "");
                    self.at_mut(place).replica.reconf = Reconf::Done;
                }
                continue;
            }
            if self.link(self.at(place).link).down {
                continue;
            }
            if self.send_replicaof(place, Some(&to)) {
                self.reconf_sent(place, "+slave-reconf-sent");
                under_way += 1;
            }
        }
    }

    fn reconf_sent(&mut self, place: Place, event: &'static str) {
        let now_ms = self.now_ms;
        let replica = &mut self.at_mut(place).replica;
        replica.reconf = Reconf::Sent;
        replica.reconf_ms = now_ms;
        self.event(Level::Notice, event, place, "");
    }

    /// Whether all that can be told have been, or it has taken too long.
    fn end_if_reconfigured(&mut self, group: usize) {
        let g = &self.groups[group];
        let Some(at) = g.promoted().filter(|at| !g.replicas[*at].sdown) else {
            return;
        };
        let to = g.replicas[at].addr.clone();
        let left = |r: &&super::Instance| {
            !r.replica.promoted && r.replica.reconf != Reconf::Done && !r.sdown
        };
        let late = self.stage_took_too_long(group);
        if g.replicas.iter().any(|r| left(&r)) && !late {
            return;
        }
        let primary = Place::primary(group);
        if late {
            self.event(Level::Warning, "+failover-end-for-timeout", primary, "");
        }
        self.event(Level::Warning, "+failover-end", primary, "");
        self.enter(group, Stage::UpdateConfig);
        if !late {
            return;
        }
        for at in 0..self.groups[group].replicas.len() {
            let place = Place::replica(group, at);
            let replica = self.at(place);
            let told = replica.replica.promoted || replica.replica.reconf != Reconf::None;
            if !told && !self.link(replica.link).down && self.send_replicaof(place, Some(&to)) {
                self.reconf_sent(place, "+slave-reconf-sent-be");
            }
        }
    }

    /// Tells a server whom to follow (`None`: nobody), to keep that in its file, and to end the connections of its clients,
    /// which then ask again who the primary is; whether it could be sent.
    pub(super) fn send_replicaof(&mut self, place: Place, to: Option<&Address>) -> bool {
        let (host, port) = match to {
            Some(to) => (self.shown(to).to_string(), to.port.to_string()),
            None => ("NO".into(), "ONE".into()),
        };
        let name = |command: &str| self.name_of(place, command);
        let (multi, replicaof, config) = (name("MULTI"), name("SLAVEOF"), name("CONFIG"));
        let (client, exec) = (name("CLIENT"), name("EXEC"));
        let words: [&[&str]; 6] = [
            &[&multi],
            &[&replicaof, &host, &port],
            &[&config, "REWRITE"],
            &[&client, "KILL", "TYPE", "normal"],
            &[&client, "KILL", "TYPE", "pubsub"],
            &[&exec],
        ];
        words
            .iter()
            .all(|words| self.ask(place, Asked::Nothing, words))
    }

    /// What the client-reconfig script would be run for.
    pub(super) fn tell_reconfig(&mut self, group: usize, role: &str, state: &str, to: &Address) {
        let g = &self.groups[group];
        if g.options.reconfig_script.is_empty() {
            return;
        }
        let from = &g.primary.addr;
        let words = [
            g.options.reconfig_script.clone(),
            g.name.clone(),
            role.into(),
            state.into(),
            self.shown(from).into(),
            from.port.to_string(),
            self.shown(to).into(),
            to.port.to_string(),
        ];
        self.tell_script("client-reconfig-script", &words);
    }

    /// Where clients are sent: to the promoted replica as soon as it has been promoted.
    pub fn current_address(&self, group: usize) -> Address {
        let g = &self.groups[group];
        let promoted = g.promoted().filter(|_| {
            matches!(
                g.failover.stage,
                Stage::ReconfReplicas | Stage::UpdateConfig
            )
        });
        promoted.map_or_else(|| g.primary.addr.clone(), |at| g.replicas[at].addr.clone())
    }
}
