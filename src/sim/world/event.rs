//! What can happen, and in which order: by time, and within a moment by number.
use super::net::ConnId;
use crate::base::time::Micros;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Something that is going to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A machine has something to do by itself: its node's cron, its disk.
    Timer { host: usize },
    /// A machine is through with its work, and takes up what has come meanwhile.
    Free { host: usize },
    /// The next bytes of a connection arrive; `forward`: at the side that was dialled.
    Arrive { conn: ConnId, forward: bool },
    /// A request for a connection arrives, the `tries`-th.
    Dial { conn: ConnId, tries: u32 },
    /// Its answer arrives.
    Dialled { conn: ConnId, stands: bool },
    /// The side that is meant learns that the connection is no more.
    Reset { conn: ConnId, forward: bool },
    /// A simulated client has its turn.
    Load { load: usize, client: usize },
    /// An application process has its turn.
    App { app: usize },
    /// Something that a task of it waits for is due.
    AppTimer { app: usize, timer: u64 },
    /// A worker of a database is through.
    Query { database: usize, job: u64 },
    /// A simulated client may have waited for too long.
    LoadDeadline { load: usize, client: usize },
}

/// An event, and when it is due. The first is the greatest, as the heap has it.
#[derive(Clone, Debug)]
struct Due {
    at_us: Micros,
    number: u64,
    event: Event,
}

impl Ord for Due {
    fn cmp(&self, other: &Due) -> Ordering {
        // Numbers are unique: what the event is decides nothing.
        (other.at_us, other.number).cmp(&(self.at_us, self.number))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Due) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Due) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Due {}

/// The events to come.
#[derive(Clone, Debug, Default)]
pub struct Events {
    heap: BinaryHeap<Due>,
    last_number: u64,
}

impl Events {
    /// Something will happen; its number. O(log events).
    pub fn add(&mut self, at_us: Micros, event: Event) -> u64 {
        self.last_number += 1;
        let number = self.last_number;
        self.heap.push(Due {
            at_us,
            number,
            event,
        });
        number
    }

    pub fn next_us(&self) -> Option<Micros> {
        self.heap.peek().map(|due| due.at_us)
    }

    /// The number of what happens next, and what it is.
    pub fn peek(&self) -> Option<(u64, Event)> {
        self.heap.peek().map(|due| (due.number, due.event))
    }

    /// What happens next: when, its number, and what it is. O(log events).
    pub fn pop(&mut self) -> Option<(Micros, u64, Event)> {
        let due = self.heap.pop()?;
        Some((due.at_us, due.number, due.event))
    }

    pub fn len(&self) -> usize {
        self.heap.len()
    }
}
