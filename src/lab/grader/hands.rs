//! What is done to a lesson's machine by hand: by the learner, or by the lesson itself right behind what the learner did.
//!
//! These are words that redis-cli would take for its own: `:crash`, `:start`, `:check`, `:flip`.
use super::Grader;
use crate::server::{Input, NodeOptions};
use crate::sim::machine::Machine;
use crate::sim::repair::repair;

/// The words that a lesson may name as commands.
const HANDS: [&str; 4] = [":crash", ":start", ":check", ":flip"];

/// Whether there is such a word.
pub(super) fn known(name: &str) -> bool {
    HANDS.contains(&name)
}

/// Most steps until a machine has answered; one that reads the files of a lesson needs a few.
const STEPS: u32 = 100_000;

/// Lets virtual time pass until the disk has answered; the machine's clock is then ahead of the host's.
pub(super) fn settle(machine: &mut Machine) {
    for _ in 0..STEPS {
        if !machine.node.is_stalled() && !machine.node.is_loading() {
            return;
        }
        let at = machine.next_timer_us();
        machine.handle(Input::Tick, at);
    }
}

impl Grader {
    /// Does what the learner says; `options` are those of the server's next start. `None` if it says nothing that can be
    /// done here, or else whether the server was started: then all connections are gone.
    pub fn hand(
        &mut self,
        line: &str,
        machine: &mut Machine,
        options: NodeOptions,
    ) -> Option<bool> {
        let started = self.lay(line, machine, options)?;
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        self.board.see_hand(&words);
        Some(started)
    }

    /// The same for what the lesson itself does ([`Grader::take_hands`]), which counts for nothing.
    pub fn lay(&mut self, line: &str, machine: &mut Machine, options: NodeOptions) -> Option<bool> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let disk = machine.disk.as_mut()?;
        let starts = match words[..] {
            [":crash"] => {
                disk.crash(0);
                true
            }
            [":crash", torn] => {
                disk.crash(torn.parse().ok()?);
                true
            }
            [":start"] => true,
            [":check", ..] => {
                if words.contains(&"--fix") {
                    repair(disk);
                }
                false
            }
            [":flip", path, offset] => {
                disk.flip(path, offset.parse().ok()?, 0).ok()?;
                false
            }
            [":flip", path, offset, bit] => {
                disk.flip(path, offset.parse().ok()?, bit.parse().ok()?)
                    .ok()?;
                false
            }
            _ => return None,
        };
        if starts {
            let disk = machine.disk.take();
            *machine = Machine::boot(options, disk);
            self.others.reconnect(&mut machine.node);
            machine.node.observe();
        }
        self.changed = true;
        Some(starts)
    }

    /// What the lesson itself does to the machine now, in its order.
    pub fn take_hands(&mut self) -> Vec<String> {
        self.others.take_hands()
    }

    /// Tells whether the server runs: it may have ended, or found its files damaged.
    pub fn set_up(&mut self, up: bool) {
        self.changed |= self.up != up;
        self.up = up;
    }
}
