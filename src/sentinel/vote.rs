//! Epochs and votes. Each failover attempt has an epoch of its own; a Sentinel votes once in an epoch, for whoever asks
//! first, and who has the votes of the majority of all Sentinels, and of the quorum, leads it.
//!
//! ```text
//!   A: +new-epoch 7, votes for itself ──▶ B: epoch 7 is new: votes for A, saves that, answers
//!                                   └──▶ C: has voted for B in epoch 7: answers B
//! ```
//!
//! A vote counts only once it is on the platter: a Sentinel that forgot it in a crash could vote twice, and two would lead
//! the same epoch. So whoever asks is answered by [`Sentinel::judgement`] after the state was saved, and one's own vote does
//! not count before.
use super::{Level, Sentinel, Stage};
use crate::base::time::Millis;
use std::collections::BTreeMap;

/// Least wait between two attempts to save after one that failed, ms.
const SAVE_AGAIN_MS: Millis = 1000;

/// The answer to IS-MASTER-DOWN-BY-ADDR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    pub down: bool,
    /// Whom this Sentinel voted for in `epoch`; `None`: nobody was to be voted for.
    pub leader: Option<String>,
    pub epoch: u64,
}

impl Sentinel {
    /// The state has changed: it is to be saved before anybody hears of it.
    pub(super) fn changed(&mut self) {
        self.changes += 1;
    }

    /// Whether all of the state is on the platter.
    pub fn is_saved(&self) -> bool {
        self.saved == self.changes
    }

    /// Whether the state is to be saved now; not at once after an attempt that failed.
    pub fn wants_save(&self) -> bool {
        let failed_ms = self.save_failed_ms;
        !self.is_saved() && (failed_ms == 0 || self.now_ms - failed_ms >= SAVE_AGAIN_MS)
    }

    /// SENTINEL FLUSHCONFIG: the state is to be saved, changed or not.
    pub fn flush(&mut self) {
        self.save_failed_ms = 0;
        self.changed();
    }

    /// Whether the state got to the platter: nothing has changed since it was asked for.
    pub fn saved(&mut self, good: bool) {
        if !good {
            self.save_failed_ms = self.now_ms.max(1);
            return;
        }
        self.save_failed_ms = 0;
        self.saved = self.changes;
        for group in 0..self.groups.len() {
            if self.groups[group].failover.stage == Stage::WaitStart {
                self.ask_others(group, true);
            }
        }
    }

    /// A newer epoch than any before.
    pub(super) fn enter_epoch(&mut self, epoch: u64, group: Option<usize>) {
        self.current_epoch = epoch;
        self.changed();
        self.say(Level::Warning, "+new-epoch", epoch.to_string(), group);
    }

    /// What another Sentinel is told of the primary at an address; `candidate` asks for a vote. It must not be told before
    /// [`Sentinel::is_saved`].
    pub fn judgement(&mut self, ip: &str, port: u16, epoch: u64, candidate: Option<&str>) -> Vote {
        let here = |group: &super::Group| self.is_at(&group.primary.addr, ip, port);
        let group = self.groups.iter().position(here);
        let down = group.is_some_and(|group| self.groups[group].primary.sdown);
        let mut vote = Vote {
            down: down && !self.is_tilted(),
            leader: None,
            epoch: 0,
        };
        if let (Some(group), Some(candidate)) = (group, candidate) {
            let (leader, epoch) = self.vote(group, epoch, candidate);
            (vote.leader, vote.epoch) = (leader, epoch);
        }
        vote
    }

    /// Votes for a candidate, unless there was a vote in this epoch already; the vote that holds.
    pub(super) fn vote(
        &mut self,
        group: usize,
        epoch: u64,
        candidate: &str,
    ) -> (Option<String>, u64) {
        if epoch > self.current_epoch {
            self.enter_epoch(epoch, Some(group));
        }
        let (now_ms, current) = (self.now_ms, self.current_epoch);
        let delay_ms = self.random_below(MAX_DELAY_MS) as Millis;
        let me = self.id == candidate;
        let g = &mut self.groups[group];
        if g.leader_epoch < epoch && current <= epoch {
            g.leader = Some(candidate.into());
            g.leader_epoch = current;
            if !me {
                // Somebody else tries: not before that has had its time.
                g.failover.start_ms = now_ms + delay_ms;
            }
            self.changed();
            let text = format!("{candidate} {current}");
            self.say(Level::Warning, "+vote-for-leader", text, Some(group));
        }
        let g = &self.groups[group];
        (g.leader.clone(), g.leader_epoch)
    }

    /// Who leads an epoch, as far as it is known: by the majority of all Sentinels, and by at least the quorum.
    pub(super) fn leader_of(&mut self, group: usize, epoch: u64) -> Option<String> {
        let current = self.current_epoch;
        let g = &self.groups[group];
        let voters = g.sentinels.len() as u32 + 1;
        let needed = (voters / 2 + 1).max(g.options.quorum);
        let mut votes: BTreeMap<String, u32> = BTreeMap::new();
        for sentinel in &g.sentinels {
            if let Some(leader) = &sentinel.peer.leader
                && sentinel.peer.leader_epoch == current
            {
                *votes.entry(leader.clone()).or_default() += 1;
            }
        }
        // Its own vote goes to the one with the most, else to itself.
        let candidate = most(&votes).map_or_else(|| self.id.clone(), |(leader, _)| leader);
        let (mine, mine_epoch) = self.vote(group, epoch, &candidate);
        if let Some(mine) = mine
            && mine_epoch == epoch
            && self.is_saved()
        {
            *votes.entry(mine).or_default() += 1;
        }
        let (leader, count) = most(&votes)?;
        (count >= needed).then_some(leader)
    }
}

/// Who has the most votes; of several, the first by name.
fn most(votes: &BTreeMap<String, u32>) -> Option<(String, u32)> {
    let mut best: Option<(&String, u32)> = None;
    for (leader, count) in votes {
        if best.is_none_or(|(_, most)| *count > most) {
            best = Some((leader, *count));
        }
    }
    best.map(|(leader, count)| (leader.clone(), count))
}

/// Attempts begin up to so much later, so that not all Sentinels begin at once.
pub(super) const MAX_DELAY_MS: u64 = 1000;
