//! A lesson under way in a world. All that is known of it is a part of the world's moment: who goes back finds the goals as they
//! stood then, and what the lesson itself does is done again, or not, as the new future has it.
use super::board::Board;
use super::ears::Ears;
use super::plans::Plans;
use super::scene;
use super::{Stage, State, check_lesson};
use crate::base::time::Micros;
use crate::lab::hands;
use crate::lab::lesson::{Lesson, Step};
use crate::server::Node;
use crate::sim::disk::Disk;
use crate::sim::timeline::{Timeline, Witness};
use crate::sim::world::{Act, Refused, World};
use std::any::Any;

/// The moments at which goals are judged are this far apart, µs, while anything happens.
const LOOK_US: Micros = 10_000;

impl Stage for World {
    fn now_us(&self) -> Micros {
        World::now_us(self)
    }

    fn node(&self, at: usize) -> Option<&Node> {
        self.hosts().get(at)?.node()
    }

    fn node_mut(&mut self, at: usize) -> Option<&mut Node> {
        World::node_mut(self, at)
    }

    fn disk(&self, at: usize) -> Option<&Disk> {
        self.hosts().get(at)?.disk()
    }

    fn world(&self) -> Option<&World> {
        Some(self)
    }
}

/// Something that the lesson has done.
#[derive(Clone, Debug)]
pub struct Laid {
    pub at_us: Micros,
    /// How many events had happened.
    pub event: u64,
    pub act: Act,
}

/// See the head of this file.
#[derive(Clone)]
pub struct Attempt {
    board: Board,
    ears: Ears,
    plans: Plans,
    laid: Vec<Laid>,
    /// When it looked last, and how many events had happened.
    looked_us: Micros,
    happened: u64,
    /// When something was done since.
    acted_us: Option<Micros>,
}

impl Attempt {
    /// The world of a lesson at the moment where the learner meets it, which is at `start_us` or some seconds later. `Err`
    /// says what is wrong with the lesson.
    pub fn start(lesson: Lesson, start_us: Micros) -> Result<Timeline, String> {
        if lesson.topology.is_empty() {
            return Err("topology: a lesson has nodes".into());
        }
        let mut world = scene::build(&lesson, start_us)?;
        let node = world.hosts()[0].node().ok_or("the server does not run")?;
        check_lesson(&lesson, node)?;
        let mut attempt = Attempt {
            board: Board::new(&lesson, node, world.now_us())?,
            ears: Ears::default(),
            plans: Plans::new(&lesson, &world)?,
            laid: Vec::new(),
            looked_us: 0,
            happened: 0,
            acted_us: None,
        };
        world.clear_output();
        world.listen();
        attempt.look(&mut world);
        Ok(Timeline::of(world, Some(Box::new(attempt))))
    }

    /// How the lesson stands at this moment.
    pub fn state(&self) -> &State {
        &self.board.state
    }

    /// What the lesson did to the world so far.
    pub fn laid(&self) -> &[Laid] {
        &self.laid
    }

    /// Opens a hint; it costs the first time. `false` if the lesson has no such hint. A hint that was opened at another moment
    /// is to be opened again: what was paid for stays.
    pub fn take_hint(&mut self, goal: &str, step: Step) -> bool {
        self.board.take_hint(goal, step)
    }

    /// Takes in what the learner's terminals were told.
    fn hear(&mut self, world: &mut World) {
        for (at, event) in &self.ears.hear(world) {
            self.board.see(*at, event);
            self.plans.follow(*at, event);
        }
    }
}

/// The first moment to look at from `at_us` on.
fn from(at_us: Micros) -> Micros {
    (at_us + LOOK_US - 1).div_euclid(LOOK_US) * LOOK_US
}

impl Witness for Attempt {
    fn next_us(&self, world: &World) -> Option<Micros> {
        let soonest_us = from(self.looked_us + 1);
        let next_us = match self.acted_us {
            Some(acted_us) => from(acted_us + 1),
            None if world.happened() != self.happened => from(world.now_us()),
            None => {
                let waits = [world.next_event_us(), self.plans.next_us()];
                from(waits.into_iter().flatten().min()?)
            }
        };
        Some(next_us.max(soonest_us))
    }

    fn look(&mut self, world: &mut World) {
        self.hear(world);
        self.board.judge(world);
        self.plans.reached(&self.board.reached, world.now_us());
        for act in self.plans.carry_out(world) {
            self.laid.push(Laid {
                at_us: world.now_us(),
                event: world.happened(),
                act,
            });
        }
        self.looked_us = world.now_us();
        self.happened = world.happened();
        self.acted_us = None;
    }

    fn acted(&mut self, act: &Act, world: &mut World, answer: Result<u32, Refused>) {
        self.acted_us = Some(world.now_us());
        let Ok(number) = answer else { return };
        self.hear(world);
        match act {
            Act::Connect { to, .. } => self.ears.opened(number, *to),
            Act::Send { session, bytes } => self.ears.said(*session, bytes, world),
            Act::Disconnect { session } => self.ears.closed(*session),
            act => {
                let words = hands::words(act, world);
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                self.board.see_hand(&words);
            }
        }
    }

    fn copy(&self) -> Box<dyn Witness> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
