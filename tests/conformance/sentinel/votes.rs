//! What the sentinels' logs tell of their elections: who voted for whom, who found itself elected, what came in which order.
use super::fleet::{Fleet, Missing, need};
use super::process::Process;
use std::collections::BTreeMap;

/// The events of a log in their order, each with its words.
pub fn events(sentinel: &Process) -> Vec<Vec<String>> {
    let is_event = |word: &&str| word.len() > 1 && word.starts_with(['+', '-']);
    let log = sentinel.log();
    let events = log.lines().filter_map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        let at = words.iter().position(|word| ["#", "*"].contains(word))?;
        let words = words.get(at + 1..)?;
        words.first().filter(|word| is_event(word))?;
        Some(words.iter().map(|word| word.to_string()).collect())
    });
    events.collect()
}

/// As many votes as an election needs.
pub fn most(fleet: &Fleet) -> u32 {
    fleet.sentinels.len() as u32 / 2 + 1
}

/// In each epoch there is at most one leader; it has at least so many votes, and no sentinel voted twice.
pub fn sound(fleet: &Fleet, needed: u32) -> Missing {
    let mut votes: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut leaders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sentinel in &fleet.sentinels {
        let mut voted: BTreeMap<String, String> = BTreeMap::new();
        let id = sentinel.ask("SENTINEL MYID").lossy();
        let mut tried = String::new();
        for event in events(sentinel) {
            match event[0].as_str() {
                "+vote-for-leader" => {
                    let (leader, epoch) = (event[1].clone(), event[2].clone());
                    let before = voted.insert(epoch.clone(), leader.clone());
                    need(before.is_none(), || {
                        format!("{} voted twice in epoch {epoch}", sentinel.name)
                    })?;
                    if leader == id {
                        tried.clone_from(&epoch);
                    }
                    *votes.entry((epoch, leader)).or_default() += 1;
                }
                "+elected-leader" => leaders.entry(tried.clone()).or_default().push(id.clone()),
                _ => {}
            }
        }
    }
    for (epoch, leaders) in leaders {
        need(leaders.len() == 1, || {
            format!("leaders of epoch {epoch}: {leaders:?}")
        })?;
        let got = votes.get(&(epoch.clone(), leaders[0].clone())).copied();
        need(got.unwrap_or(0) >= needed, || {
            format!("the leader of epoch {epoch} had {got:?} votes")
        })?;
    }
    Ok(())
}

/// Which of the replicas were being reconfigured at the same time at most, by the events of the sentinel that led.
pub fn reconfigured_together(fleet: &Fleet) -> usize {
    let together = |sentinel: &Process| {
        let (mut now, mut most) = (0usize, 0);
        for event in events(sentinel) {
            match event[0].as_str() {
                "+slave-reconf-sent" => now += 1,
                "+slave-reconf-done" => now = now.saturating_sub(1),
                _ => {}
            }
            most = most.max(now);
        }
        most
    };
    fleet.sentinels.iter().map(together).max().unwrap_or(0)
}
