//! A world with its past: to go back in it, to try another way, to have the same run again.
//!
//! A run is its start and the acts done to it, each with the number of events before it: that is a [`Trace`]. Copies of the
//! world are kept on the way ([`CHECKPOINTS`] at most, ever further apart), so that going back means to take the nearest one
//! and to let the events after it happen again.
use super::world::{Act, HostId, Refused, World};
use crate::base::time::Micros;
use std::any::Any;

/// Somebody who looks on, and may act by what is seen. What it knows is a part of the moment: it goes back with the world, and
/// comes to the same when the same happens again. So it looks at moments of the world's clock, never when the host likes.
pub trait Witness {
    /// When it looks next, µs since 1970, once all that happens until then has happened; `None`: not before something happens.
    /// After an act it is a later moment than that of the act, as others may follow on it.
    fn next_us(&self, world: &World) -> Option<Micros>;

    /// It looks; after that, [`Witness::next_us`] is a later moment.
    fn look(&mut self, world: &mut World);

    /// This is done to the world now, by whoever has the timeline.
    fn acted(&mut self, act: &Act, world: &mut World, answer: Result<u32, Refused>);

    /// A copy, for another moment.
    fn copy(&self) -> Box<dyn Witness>;

    /// What the host asks it for ([`Timeline::witness`]).
    fn as_any(&self) -> &dyn Any;

    /// The same, for what is no part of the moment.
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl Clone for Box<dyn Witness> {
    fn clone(&self) -> Self {
        self.copy()
    }
}

/// Events between the first checkpoints, and at least so many for each key of the world: a copy of a key takes about a quarter
/// of an event's time, so that copies are little of all of it. Of no more than so many keys, or going back would take long.
const FIRST_EVERY: u64 = 4096;
const EVENTS_PER_KEY: u64 = 2;
const KEYS_MOST: u64 = 1 << 15;
/// Most checkpoints that are kept.
const CHECKPOINTS: usize = 24;

/// An act, and when it was done.
#[derive(Clone, Debug)]
pub struct Done {
    /// How many events had happened.
    pub event: u64,
    /// The world's clock, µs.
    pub at_us: Micros,
    pub act: Act,
}

/// All that is needed to have a run again.
#[derive(Clone, Debug)]
pub struct Trace {
    pub seed: u64,
    pub start_us: Micros,
    pub done: Vec<Done>,
}

/// A copy of the world, and how many acts had been done.
#[derive(Clone)]
struct Checkpoint {
    world: World,
    witness: Option<Box<dyn Witness>>,
    acts: usize,
}

/// See the head of this file.
#[derive(Clone)]
pub struct Timeline {
    world: World,
    witness: Option<Box<dyn Witness>>,
    trace: Trace,
    /// How many of the trace's acts have been done at this moment of the world.
    acts: usize,
    checkpoints: Vec<Checkpoint>,
    every: u64,
    /// The furthest that the world has come with these acts: events, and the clock.
    furthest: (u64, Micros),
}

impl Timeline {
    /// An empty world at the beginning of its time.
    pub fn new(seed: u64, start_us: Micros) -> Timeline {
        Timeline::of(World::new(seed, start_us), None)
    }

    /// A world from this moment on: there is no going back behind it.
    pub fn of(world: World, witness: Option<Box<dyn Witness>>) -> Timeline {
        let trace = Trace {
            seed: world.seed(),
            start_us: world.now_us(),
            done: Vec::new(),
        };
        Timeline {
            checkpoints: vec![Checkpoint {
                world: world.clone(),
                witness: witness.clone(),
                acts: 0,
            }],
            furthest: (world.happened(), world.now_us()),
            world,
            witness,
            trace,
            acts: 0,
            every: FIRST_EVERY,
        }
    }

    /// The run of a trace, at its beginning: [`Timeline::run_until`] goes through it.
    pub fn replay(trace: Trace) -> Timeline {
        let mut timeline = Timeline::new(trace.seed, trace.start_us);
        timeline.trace = trace;
        timeline
    }

    /// The world at this moment.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The same, for what leaves no trace: to take output, to probe.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// Keeps what travels from now on, also where one goes back to ([`World::watch`]). O(checkpoints).
    pub fn watch(&mut self) {
        self.world.watch();
        self.checkpoints.iter_mut().for_each(|c| c.world.watch());
    }

    /// Whether something is still to come: if so, the next event has happened after this, or what was done next in this
    /// future, if no event comes before it.
    pub fn step(&mut self) -> bool {
        let until_us = match self.world.next_event_us() {
            Some(at_us) => at_us,
            None if self.is_past() => self.furthest.1,
            None => return false,
        };
        self.run_until(until_us, 1);
        true
    }

    /// Whoever looks on, if somebody does.
    pub fn witness<T: Witness + 'static>(&self) -> Option<&T> {
        self.witness.as_ref()?.as_any().downcast_ref()
    }

    /// The same, for what is no part of the moment.
    pub fn witness_mut<T: Witness + 'static>(&mut self) -> Option<&mut T> {
        self.witness.as_mut()?.as_any_mut().downcast_mut()
    }

    /// What was done so far, also what lies ahead after going back.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The furthest that the world has come: events, and the clock in µs.
    pub fn furthest(&self) -> (u64, Micros) {
        self.furthest
    }

    /// Whether this moment has a future already.
    pub fn is_past(&self) -> bool {
        self.world.happened() < self.furthest.0 || self.acts < self.trace.done.len()
    }

    /// How many of the trace's acts have been done at this moment.
    pub fn acts_done(&self) -> usize {
        self.acts
    }

    /// Lets happen what happened before a moment of a saved run, `most` events of it at most; whether the world is at that
    /// moment now.
    pub fn reach(&mut self, event: u64, at_us: Micros, most: u64) -> bool {
        let left = event.saturating_sub(self.world.happened());
        self.run_on(at_us, self.world.happened() + left.min(most));
        self.world.clear_output();
        self.world.happened() == event && self.world.now_us() == at_us
    }

    /// Lets events happen until one is the arrival of something at `place`, `most` of them at most; whether there was one.
    pub fn run_to_message(&mut self, place: HostId, most: u64) -> bool {
        for _ in 0..most {
            let Some(at_us) = self.world.next_event_us() else {
                return false;
            };
            if self.run_until(at_us, 1) == 0 {
                return false;
            }
            if self.world.arrived_at() == Some(place) {
                return true;
            }
        }
        false
    }

    /// Does something to the world now. Whatever had come after this moment is another future and forgotten; who wants to keep
    /// it makes a copy of the timeline first.
    pub fn act(&mut self, act: Act) -> Result<u32, Refused> {
        self.forget_future();
        self.trace.done.push(Done {
            event: self.world.happened(),
            at_us: self.world.now_us(),
            act: act.clone(),
        });
        self.acts += 1;
        self.carry_out(act)
    }

    fn carry_out(&mut self, act: Act) -> Result<u32, Refused> {
        let Some(witness) = &mut self.witness else {
            return self.world.act(act);
        };
        let answer = self.world.act(act.clone());
        witness.acted(&act, &mut self.world, answer);
        answer
    }

    fn forget_future(&mut self) {
        let now = self.world.happened();
        self.trace.done.truncate(self.acts);
        self.checkpoints
            .retain(|c| c.world.happened() <= now && c.acts <= self.acts);
        self.furthest = (now, self.world.now_us());
    }

    /// Lets happen what happens until `until_us`, `most` events of it at most; what was done in this future before is done
    /// again. How many events happened.
    ///
    /// What came for sessions in that part was seen when it came first: it is not kept again.
    pub fn run_until(&mut self, until_us: Micros, most: u64) -> u64 {
        let first = self.world.happened();
        let last = first.saturating_add(most);
        if self.is_past() {
            let (event, at_us) = self.furthest;
            self.run_on(at_us.min(until_us), event.min(last));
            self.world.clear_output();
        }
        self.run_on(until_us, last);
        self.world.happened() - first
    }

    fn run_on(&mut self, until_us: Micros, last: u64) {
        loop {
            let next = self.trace.done.get(self.acts).map(|d| (d.event, d.at_us));
            let (stop_event, stop_us) = match next {
                Some((event, at_us)) if at_us <= until_us && event <= last => (event, at_us),
                _ => (last, until_us),
            };
            self.run_to(stop_event, stop_us);
            let at = (self.world.happened(), self.world.now_us());
            if next != Some(at) {
                break;
            }
            let act = self.trace.done[self.acts].act.clone();
            self.acts += 1;
            // What was refused then is refused now.
            let _ = self.carry_out(act);
        }
    }

    /// Runs without acts, and keeps checkpoints on the way.
    fn run_to(&mut self, event: u64, until_us: Micros) {
        loop {
            let happened = self.world.happened();
            let newest = self.checkpoints.last().map_or(0, |c| c.world.happened());
            let keys = self.world.keys().min(KEYS_MOST);
            let due = newest + self.every.max(keys * EVENTS_PER_KEY);
            let most = (event - happened).min(due.saturating_sub(happened).max(1));
            let ran = self.run_seen(until_us, most);
            self.furthest = self
                .furthest
                .max((self.world.happened(), self.world.now_us()));
            if self.world.happened() >= due {
                self.keep_checkpoint();
            }
            if ran < most || self.world.happened() >= event {
                return;
            }
        }
    }

    /// The same without checkpoints, but with looks in between; how many events happened.
    fn run_seen(&mut self, until_us: Micros, most: u64) -> u64 {
        let first = self.world.happened();
        loop {
            let left = first + most - self.world.happened();
            let look_us = self
                .witness
                .as_ref()
                .and_then(|w| w.next_us(&self.world))
                .filter(|at| *at <= until_us);
            let Some(look_us) = look_us else {
                self.world.run_until(until_us, left);
                break;
            };
            let waits = |world: &World, until| world.next_event_us().is_some_and(|at| at <= until);
            // As many as were asked for have happened: it stays at the last of them.
            if left == 0 && self.world.now_us() < look_us && waits(&self.world, until_us) {
                break;
            }
            self.world.run_until(look_us, left);
            if waits(&self.world, look_us) {
                break;
            }
            if let Some(witness) = &mut self.witness {
                witness.look(&mut self.world);
            }
        }
        self.world.happened() - first
    }

    fn keep_checkpoint(&mut self) {
        self.checkpoints.push(Checkpoint {
            world: self.world.clone(),
            witness: self.witness.clone(),
            acts: self.acts,
        });
        if self.checkpoints.len() > CHECKPOINTS {
            // Every second one goes; the first, from which all can be had again, stays.
            let mut number = 0;
            self.checkpoints.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// Goes to the moment after `event` events, back or forth.
    pub fn seek(&mut self, event: u64) {
        if event < self.world.happened() {
            self.restore(|world| world.happened() <= event);
        }
        let left = event - self.world.happened();
        if left > 0 {
            self.run_until(Micros::MAX / 4, left);
        }
    }

    /// Goes to a moment, µs since 1970, back or forth. Not before the beginning.
    pub fn seek_us(&mut self, at_us: Micros) {
        let at_us = at_us.max(self.trace.start_us);
        if at_us < self.world.now_us() {
            self.restore(|world| world.now_us() <= at_us);
        }
        self.run_until(at_us, u64::MAX / 2);
    }

    /// The newest checkpoint of which this is so.
    fn restore(&mut self, fits: impl Fn(&World) -> bool) {
        let place = self.checkpoints.iter().rposition(|c| fits(&c.world));
        let checkpoint = &self.checkpoints[place.unwrap_or(0)];
        self.world = checkpoint.world.clone();
        self.world.clear_output();
        self.witness = checkpoint.witness.clone();
        self.acts = checkpoint.acts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::world::{HERE, LoadSetup, Setup};

    const START_US: Micros = 1_700_000_000_000_000;

    fn estate() -> Timeline {
        let mut timeline = Timeline::new(11, START_US);
        timeline.act(Act::Add(Setup::named("n1"))).unwrap();
        let mut replica = Setup::named("n2");
        replica.config = vec!["replicaof n1 6379".into()];
        timeline.act(Act::Add(replica)).unwrap();
        timeline.act(Act::Load(LoadSetup::new("app", 0))).unwrap();
        for second in 1..20 {
            timeline.run_until(START_US + second * 1_000_000, u64::MAX / 2);
            if second % 4 == 0 {
                let act = match second % 8 {
                    0 => Act::Heal,
                    _ => Act::Partition(vec![vec![0], vec![1]]),
                };
                timeline.act(act).unwrap();
            }
        }
        timeline
    }

    #[test]
    fn any_moment_can_be_had_again() {
        let mut timeline = estate();
        let mut seen = Vec::new();
        let total = timeline.world().happened();
        assert!(total > FIRST_EVERY, "{total}");
        for part in [7, 3, 9, 1, 5] {
            timeline.seek(total * part / 10);
            assert_eq!(timeline.world().happened(), total * part / 10);
            seen.push((part, timeline.world().state_hash()));
        }
        seen.sort_unstable();
        let mut again = Timeline::replay(timeline.trace().clone());
        for (part, hash) in seen {
            again.seek(total * part / 10);
            assert_eq!(again.world().state_hash(), hash, "{part}");
        }
    }

    #[test]
    fn a_time_can_be_gone_to() {
        let mut timeline = estate();
        let (now_us, hash) = (timeline.world().now_us(), timeline.world().state_hash());
        timeline.seek_us(START_US + 7_500_000);
        assert_eq!(timeline.world().now_us(), START_US + 7_500_000);
        assert!(timeline.is_past());
        timeline.seek_us(now_us);
        assert_eq!(timeline.world().state_hash(), hash);
        assert!(!timeline.is_past());
    }

    #[test]
    fn steps_go_from_event_to_event_and_end_where_nothing_is_to_come() {
        let mut timeline = Timeline::new(3, START_US);
        assert!(!timeline.step());
        assert_eq!(timeline.world().now_us(), START_US);
        timeline.act(Act::Add(Setup::named("n1"))).unwrap();
        for _ in 0..50 {
            let next = timeline.world().next_event_us();
            let happened = timeline.world().happened();
            assert!(timeline.step());
            assert_eq!(timeline.world().happened(), happened + 1);
            assert_eq!(Some(timeline.world().now_us()), next);
        }
        timeline.act(Act::Kill(0)).unwrap();
        while timeline.step() {}
        let end_us = timeline.world().now_us();
        assert!(end_us < START_US + 60_000_000);
        timeline.run_until(end_us + 5_000_000, 1);
        timeline.act(Act::Start(0)).unwrap();
        timeline.seek_us(end_us);
        assert!(timeline.step(), "what was done next is still to come");
        assert!(timeline.world().now_us() <= end_us + 5_000_000);
        assert!(timeline.world().hosts()[0].node().is_some());
    }

    #[test]
    fn another_act_is_another_future() {
        let mut timeline = estate();
        let (end, end_hash) = (timeline.world().now_us(), timeline.world().state_hash());
        timeline.seek_us(START_US + 5_000_000);
        let mut other = timeline.clone();
        other.act(Act::Connect { to: 0, place: HERE }).unwrap();
        assert!(!other.is_past());
        other.run_until(end, u64::MAX / 2);
        assert_ne!(other.world().state_hash(), end_hash);
        timeline.seek_us(end);
        assert_eq!(
            timeline.world().state_hash(),
            end_hash,
            "the first future is still there"
        );
    }
}
