//! The trail of a node: the last commands that ran, each with its client and what it cost, for the view of the event loop.
use super::node::Node;
use crate::base::time::Micros;
use crate::command::{Args, ClientId, Command, slowlog};
use std::collections::VecDeque;

/// Commands that are remembered.
const KEPT: usize = 24;

/// One command that ran.
#[derive(Clone, Debug)]
pub struct Ran {
    pub client: ClientId,
    /// Its words as the slow log would show them.
    pub argv: Vec<Vec<u8>>,
    pub at_us: Micros,
    /// What it cost by the node's own clock.
    pub usec: u64,
    /// What the host measured. Of several commands that one input made run the first tells of all, the others of 0.
    pub measured_us: Option<u64>,
    pub failed: bool,
}

/// The last commands.
#[derive(Clone, Default)]
pub struct Trail {
    /// The oldest first.
    ran: VecDeque<Ran>,
    /// How many of the last belong to the input at hand.
    pub(super) turn: usize,
}

impl Node {
    /// Remembers from now on which commands ran last.
    pub fn keep_trail(&mut self) {
        self.trail.get_or_insert_default();
    }

    /// The last commands, the oldest first; none before [`Node::keep_trail`].
    pub fn trail(&self) -> impl DoubleEndedIterator<Item = &Ran> {
        self.trail.iter().flat_map(|trail| &trail.ran)
    }

    /// The host says how long the last input took.
    pub fn measured(&mut self, usec: u64) {
        if let Some(Trail { ran, turn }) = &mut self.trail {
            let first = ran.len().saturating_sub(*turn);
            for (at, ran) in ran.iter_mut().skip(first).enumerate() {
                ran.measured_us = Some(if at == 0 { usec } else { 0 });
            }
        }
    }

    /// Remembers a command that ran. O(1).
    #[cold]
    pub(super) fn note_ran(
        &mut self,
        client: ClientId,
        command: &'static Command,
        args: Args<'_>,
        usec: u64,
        failed: bool,
    ) {
        let at_us = self.server.now_us;
        let Some(Trail { ran, turn }) = &mut self.trail else {
            return;
        };
        if ran.len() == KEPT {
            ran.pop_front();
        }
        *turn += 1;
        ran.push_back(Ran {
            client,
            argv: slowlog::shown(command, args),
            at_us,
            usec,
            measured_us: None,
            failed,
        });
    }
}
