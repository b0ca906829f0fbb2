//! What a lesson does to its world: at its time, once a goal is reached, or behind what the learner did. It is a part of the
//! world's moment, as all that the grader knows, so it happens again, or otherwise, in another future.
use super::known_node;
use super::tracker::is_link;
use crate::base::time::Micros;
use crate::lab::lesson::{Deed, Lesson, Meanwhile, Moment, Ran};
use crate::lab::plain::Plain;
use crate::lab::{acts, hands};
use crate::server::Observed;
use crate::sim::world::{Act, HERE, HostId, SessionId, World};
use std::collections::BTreeMap;

/// What begins a deed.
#[derive(Clone)]
enum Cause {
    /// The goal with this number is reached.
    Goal(usize),
    /// This command was answered, on this node if one is named.
    Ran(Ran, Option<HostId>),
}

/// Something that is still to come.
#[derive(Clone)]
struct Plan {
    cause: Cause,
    /// How often it may still be begun, and what follows so much later.
    times: u64,
    wait_us: Micros,
    what: What,
}

#[derive(Clone)]
enum What {
    Acts(Vec<Plain>),
    /// Lines that another client types on a node, or hand lines.
    Lines(HostId, Vec<String>),
}

/// See the head of this file.
#[derive(Clone, Default)]
pub(super) struct Plans {
    plans: Vec<Plan>,
    /// What is due, and when; the earliest first.
    due: Vec<(Micros, What)>,
    /// The connections of the other client, one a node.
    sessions: BTreeMap<HostId, SessionId>,
}

impl Plans {
    /// `Err` says what is wrong with the lesson's plans.
    pub fn new(lesson: &Lesson, world: &World) -> Result<Plans, String> {
        let mut plans = Plans::default();
        // What one act brings, others may name.
        let mut trial = world.clone();
        for deed in &lesson.acts {
            plans.add_deed(deed, lesson, &mut trial)?;
        }
        for meanwhile in &lesson.meanwhile {
            plans.add_meanwhile(meanwhile, lesson, world)?;
        }
        Ok(plans)
    }

    fn add_deed(&mut self, deed: &Deed, lesson: &Lesson, trial: &mut World) -> Result<(), String> {
        for act in &deed.acts {
            let act = acts::read(act.clone(), trial).map_err(|why| format!("acts: {why}"))?;
            // What the world refuses at its time is refused.
            let _ = trial.act(act);
        }
        let what = What::Acts(deed.acts.clone());
        let wait_us = micros(deed.wait_ms);
        let cause = match &deed.when {
            Moment::At(ms) => {
                self.put(trial.now_us() + micros(*ms) + wait_us, what);
                return Ok(());
            }
            Moment::Goal(id) => {
                let at = lesson.goals.iter().position(|goal| goal.id == *id);
                Cause::Goal(at.ok_or_else(|| format!("acts: no goal '{id}'"))?)
            }
            Moment::Ran(ran) => ran_on(ran, lesson)?,
        };
        self.plans.push(Plan {
            cause,
            times: 1,
            wait_us,
            what,
        });
        Ok(())
    }

    fn add_meanwhile(
        &mut self,
        meanwhile: &Meanwhile,
        lesson: &Lesson,
        world: &World,
    ) -> Result<(), String> {
        let on = known_node(&lesson.topology, Some(&meanwhile.on))?;
        for line in meanwhile.run.iter().filter(|line| line.starts_with(':')) {
            hands::read(line, world)?;
        }
        self.plans.push(Plan {
            cause: ran_on(&meanwhile.after, lesson)?,
            times: meanwhile.times,
            wait_us: 0,
            what: What::Lines(on, meanwhile.run.clone()),
        });
        Ok(())
    }

    fn put(&mut self, at_us: Micros, what: What) {
        let place = self.due.partition_point(|(due_us, _)| *due_us <= at_us);
        self.due.insert(place, (at_us, what));
    }

    /// When the next of them is due.
    pub fn next_us(&self) -> Option<Micros> {
        self.due.first().map(|(at_us, _)| *at_us)
    }

    /// The learner has run a command on a node. O(plans).
    pub fn follow(&mut self, at: HostId, event: &Observed) {
        let ran = |cause: &Cause| match cause {
            Cause::Ran(ran, on) => {
                !event.failed && on.is_none_or(|on| on == at) && is_link(event, ran)
            }
            Cause::Goal(_) => false,
        };
        self.begin(event.at_us, ran);
    }

    /// These goals have been reached by now.
    pub fn reached(&mut self, reached: &[bool], now_us: Micros) {
        self.begin(now_us, |cause| match cause {
            Cause::Goal(at) => reached.get(*at).is_some_and(|r| *r),
            Cause::Ran(..) => false,
        });
    }

    fn begin(&mut self, now_us: Micros, begins: impl Fn(&Cause) -> bool) {
        for at in 0..self.plans.len() {
            let plan = &mut self.plans[at];
            if plan.times > 0 && begins(&plan.cause) {
                plan.times -= 1;
                let (at_us, what) = (now_us + plan.wait_us, plan.what.clone());
                self.put(at_us, what);
            }
        }
    }

    /// Does what is due; the acts that were done.
    pub fn carry_out(&mut self, world: &mut World) -> Vec<Act> {
        let mut done = Vec::new();
        while self.next_us().is_some_and(|at| at <= world.now_us()) {
            let (_, what) = self.due.remove(0);
            match what {
                What::Acts(all) => {
                    // What they name was there at the start, or has come with one of those before.
                    for act in all {
                        let act = acts::read(act, world).ok();
                        done.extend(act.filter(|act| world.act(act.clone()).is_ok()));
                    }
                }
                What::Lines(on, lines) => {
                    for line in &lines {
                        done.extend(self.line(on, line, world));
                    }
                }
            }
        }
        done
    }

    /// A line by hand, or one that the other client types on a node; nobody reads the answer.
    fn line(&mut self, on: HostId, line: &str, world: &mut World) -> Vec<Act> {
        if line.starts_with(':') {
            let acts = hands::read(line, world).unwrap_or_default();
            let done = |act: &Act| world.act(act.clone()).is_ok();
            return acts.into_iter().filter(done).collect();
        }
        let open = |id: &SessionId| world.session(*id).is_some_and(|s| !s.closed);
        let session = self.sessions.get(&on).copied().filter(open);
        let session = session.or_else(|| {
            let connect = Act::Connect {
                to: on,
                place: HERE,
            };
            world.act(connect).ok()
        });
        if let Some(session) = session {
            self.sessions.insert(on, session);
            world.take_heard(session);
            let bytes = format!("{line}\r\n").into_bytes();
            // A session that has just been found is there.
            let _ = world.act(Act::Send { session, bytes });
        }
        Vec::new()
    }
}

fn ran_on(ran: &Ran, lesson: &Lesson) -> Result<Cause, String> {
    let on = known_node(&lesson.topology, ran.on.as_ref())?;
    Ok(Cause::Ran(ran.clone(), ran.on.is_some().then_some(on)))
}

/// No more than a century: far from the end of the clock.
fn micros(ms: u64) -> Micros {
    ms.min(1 << 42) as Micros * 1000
}
