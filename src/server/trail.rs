//! The trail of a node: the last commands that ran, each with its client and what it cost, for the view of the event loop;
//! and which command wrote which bytes of the append-only file, for the view of that.
use super::node::Node;
use crate::base::time::Micros;
use crate::command::{Args, ClientId, Command, slowlog};
use std::collections::VecDeque;

/// Commands that are remembered.
const KEPT: usize = 24;
/// Writes whose commands are remembered, and files that they went to.
const WRITES_KEPT: usize = 1 << 14;
const FILES_KEPT: usize = 8;

/// One command that ran.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The how-manieth it is of those that were noted.
    pub number: u64,
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

impl Ran {
    fn writer(&self) -> Writer {
        Writer {
            number: self.number,
            client: self.client,
            at_us: self.at_us,
        }
    }
}

/// What a command wrote to the log, in the count of `AofFigures::logged`.
#[derive(Clone, Copy, Debug)]
struct Wrote {
    start: u64,
    end: u64,
    by: Writer,
}

/// The command that wrote something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    /// As in [`Ran`].
    pub number: u64,
    pub client: ClientId,
    pub at_us: Micros,
}

/// The last commands.
#[derive(Clone, Default)]
pub struct Trail {
    /// The oldest first.
    ran: VecDeque<Ran>,
    /// How many of the last belong to the input at hand.
    pub(super) turn: usize,
    /// Commands noted so far.
    count: u64,
    /// The last writes, the oldest first, and where the last thing ended that was written.
    wrote: VecDeque<Wrote>,
    seen: u64,
    /// Files that were written to, each with what to add to a place in it for a place in the log.
    files: VecDeque<(String, i64)>,
}

impl Trail {
    /// What was written up to `end` and has no writer yet is `by`'s.
    fn attribute(&mut self, end: u64, by: Writer) {
        if end <= self.seen {
            return;
        }
        if self.wrote.len() == WRITES_KEPT {
            self.wrote.pop_front();
        }
        let start = std::mem::replace(&mut self.seen, end);
        self.wrote.push_back(Wrote { start, end, by });
    }

    /// The log was taken up to `end`, to be written to a file: whoever wrote has been noted.
    pub(super) fn collected(&mut self, end: u64, path: &str, shift: i64) {
        self.seen = end;
        if self.files.back().is_some_and(|file| file.0 == path) {
            return;
        }
        if self.files.len() == FILES_KEPT {
            self.files.pop_front();
        }
        self.files.push_back((path.to_string(), shift));
    }
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
        if let Some(Trail { ran, turn, .. }) = &mut self.trail {
            let first = ran.len().saturating_sub(*turn);
            for (at, ran) in ran.iter_mut().skip(first).enumerate() {
                ran.measured_us = Some(if at == 0 { usec } else { 0 });
            }
        }
    }

    /// The number of the last command of a client, if it is among the last.
    pub fn last_ran(&self, client: ClientId) -> Option<u64> {
        let ran = self.trail().rev().find(|ran| ran.client == client);
        ran.map(|ran| ran.number)
    }

    /// The command that wrote what stands at an offset of a file of the log, as far as it is remembered. O(log n).
    pub fn writer_of(&self, path: &str, offset: usize) -> Option<Writer> {
        let trail = self.trail.as_ref()?;
        let (_, shift) = trail.files.iter().rev().find(|file| file.0 == path)?;
        let at = u64::try_from(offset as i64 + shift).ok()?;
        let found = trail.wrote.partition_point(|wrote| wrote.end <= at);
        let wrote = trail.wrote.get(found)?;
        (wrote.start <= at).then_some(wrote.by)
    }

    /// Where the log ends, in the count of `AofFigures::logged`; `None` within a unit.
    pub(super) fn log_end(&self) -> Option<u64> {
        let unread = self.log.as_ref()?.unread()?;
        Some(self.server.persist.aof.logged + unread as u64)
    }

    /// The last command that was noted has written to the log, if it is no part of a longer unit.
    #[cold]
    pub(super) fn note_wrote(&mut self) {
        let end = self.log_end();
        if let (Some(end), Some(trail)) = (end, &mut self.trail)
            && let Some(ran) = trail.ran.back()
        {
            let by = ran.writer();
            trail.attribute(end, by);
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
        let log_end = self.log_end();
        let Some(trail) = &mut self.trail else {
            return;
        };
        if trail.ran.len() == KEPT {
            trail.ran.pop_front();
        }
        trail.turn += 1;
        trail.count += 1;
        let ran = Ran {
            number: trail.count,
            client,
            argv: slowlog::shown(command, args),
            at_us,
            usec,
            measured_us: None,
            failed,
        };
        // A transaction or a script: what it ran has written already. Others write once they are noted.
        if let Some(end) = log_end {
            trail.attribute(end, ran.writer());
        }
        trail.ran.push_back(ran);
    }
}
