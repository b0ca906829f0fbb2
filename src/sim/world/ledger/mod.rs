//! The ledger: where each acknowledged write is, and after a fault which are gone and why.
//!
//! A node's data is always a beginning of one history ([`history`]), so that for each place (a memory, a page cache, a
//! platter, what is on its way to a replica) it is enough to know how far it has come. A write is held where that is far
//! enough; when nothing is left that has come so far, all writes behind it are gone, and the fault at hand is why.
//!
//! ```text
//!   node's notes ──▶ Seat: what its memory is; its files and what they hold ([`files`])
//!   bytes arrive ──▶ a reply is whole at its client: the write is acknowledged
//!   a fault ───────▶ settle: what is held nowhere any more is entered as lost, with the reason
//!   a question ────▶ Account ([`account`]): where everything is at this moment
//! ```
//!
//! It only looks on: nothing that nodes do depends on it, and it is no part of the state's hash. It is copied with the world,
//! so that going back is right for it as well. At most [`KEPT`] writes are known one by one. What it cannot follow (files that
//! were changed by hand, a replica that was written to) it calls unknown.
mod account;
mod files;
mod history;
#[cfg(test)]
mod tests;

use super::net::{ConnId, End, HostId};
use super::numbered::Numbered;
use super::{Host, World};
use crate::base::time::Micros;
use crate::persist::disk::DiskError;
use crate::server::journal::{Note, Wrote};
use crate::sim::disk::Side;
pub use account::{Account, Fate, State, Tally};
pub(super) use files::Reads;
use files::{Files, Spot};
pub use history::{Data, HistoryId, KEPT, Position, Write};
use history::{Histories, NewName, StreamId};
use std::collections::VecDeque;

/// Why a write is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The machine lost its power: the write stood in its page cache, and was not on the platter.
    PageCache,
    /// The same, while the device was writing it: a part of it had arrived.
    Torn,
    /// The server ended, or its machine lost its power, and the write was in its memory alone. `log`: it keeps a log, but had
    /// not written it there; `error`: since the disk had refused writes or fsyncs.
    Memory {
        log: bool,
        power: bool,
        error: Option<DiskError>,
    },
    /// The node took another one's data in place of its own.
    Replaced { by: Option<HostId> },
    /// A file took the place of the last one that had it.
    Files,
    /// It was on its way to the node, and the connection ended.
    OnTheWay,
}

/// That writes are gone: since when, where the last copy was, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    pub at_us: Micros,
    pub host: HostId,
    pub why: Why,
    /// Machines of the same data that ran at that moment and had not got them: a bit for each.
    pub without: u64,
}

/// What a node's memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Memory {
    Is(Data),
    /// All that is written in a history.
    Writes(HistoryId),
    /// As far as it has come in a stream.
    Follows(StreamId),
}

/// What is known of a machine.
#[derive(Clone)]
struct Seat {
    memory: Memory,
    /// How its own data is called.
    name: Option<StreamId>,
    family: usize,
    files: Files,
    /// What it reads from its files at the start.
    loading: Data,
    /// Whose data took the place of its own last.
    replaced: Option<HostId>,
    /// The names of its disk when it was last looked at.
    renamed: u64,
}

/// Replies that are under way on a connection: where each ends, and the write that it acknowledges.
type Replies = VecDeque<(u64, Position)>;

/// See the head of this file.
#[derive(Clone, Default)]
pub struct Ledger {
    histories: Histories,
    seats: Vec<Seat>,
    replies: Numbered<Replies>,
    /// Where notes are taken to; empty in between.
    notes: Vec<Note>,
}

impl Ledger {
    /// A machine comes.
    pub(super) fn add_seat(&mut self) {
        self.seats.push(Seat {
            memory: Memory::Is(Data::Nothing),
            name: None,
            family: self.seats.len(),
            files: Files::default(),
            loading: Data::Nothing,
            replaced: None,
            renamed: 0,
        });
    }

    /// Its server is about to start.
    pub(super) fn starts(&mut self, id: HostId, host: &Host) {
        let seat = &mut self.seats[id];
        seat.loading = host.disk().map_or(Data::Nothing, |disk| {
            let reads = &host.reads;
            seat.files.data(reads, disk, Side::Cache, &self.histories)
        });
        seat.memory = Memory::Is(Data::Nothing);
    }

    /// Its server is no more.
    fn ends(&mut self, id: HostId) {
        let seat = &mut self.seats[id];
        seat.memory = Memory::Is(Data::Nothing);
        seat.name = None;
        seat.files.end();
    }

    /// So many bytes have arrived in all at whoever asked for a connection.
    pub(super) fn heard(&mut self, conn: ConnId, bytes: u64, now_us: Micros) {
        let Some(replies) = self.replies.get_mut(conn) else {
            return;
        };
        while let Some((end, at)) = replies.front().copied()
            && end <= bytes
        {
            replies.pop_front();
            if let Some(write) = self.histories.write_mut(at) {
                write.acked_us = Some(now_us);
            }
        }
    }

    /// What a node's memory is, as far as that does not move by itself.
    fn memory(&self, id: HostId, offset: i64) -> Spot {
        match self.seats[id].memory {
            Memory::Is(data) => Spot::Data(data),
            Memory::Writes(history) => Spot::Data(Data::At(Position {
                history,
                writes: self.histories.all()[history].count,
            })),
            Memory::Follows(stream) => Spot::Offset(stream, offset),
        }
    }

    /// A client's write: the number of it.
    fn wrote(&mut self, id: HostId, write: Write) -> Position {
        let seat = &mut self.seats[id];
        let history = match seat.memory {
            Memory::Writes(history) => history,
            memory => {
                let parent = match memory {
                    Memory::Is(data) => data,
                    _ => Data::Unknown,
                };
                let history = self.histories.begin(id, parent, seat.family);
                if let Some(name) = seat.name {
                    self.histories.set_term(name, history);
                }
                seat.memory = Memory::Writes(history);
                history
            }
        };
        self.histories.push(history, write)
    }

    fn called(&mut self, id: HostId, name: String, from: i64, former: Option<String>) {
        let base = self.memory(id, from).data(&self.histories);
        let seat = &mut self.seats[id];
        let new = NewName {
            id: name,
            from,
            former,
            base,
            family: seat.family,
        };
        let stream = self.histories.call(new, seat.name);
        match seat.memory {
            Memory::Writes(history) => self.histories.set_term(stream, history),
            _ => seat.memory = Memory::Is(base),
        }
        seat.name = Some(stream);
        seat.replaced = None;
    }

    /// It follows `by` from now on.
    fn synced(&mut self, id: HostId, name: &str, by: Option<HostId>) {
        let family = by.map(|by| self.seats[by].family);
        let seat = &mut self.seats[id];
        seat.name = None;
        match self.histories.named(name) {
            Some(stream) => {
                seat.memory = Memory::Follows(stream);
                seat.family = self.histories.family_of(stream);
            }
            None => {
                seat.memory = Memory::Is(Data::Unknown);
                seat.family = family.unwrap_or(seat.family);
            }
        }
    }
}

/// What has happened that may have cost writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cause {
    host: HostId,
    why: Why,
    /// After a power cut: what the page cache had had, and whether the platter has a part of what comes next.
    cached: Data,
    torn: bool,
}

impl Cause {
    fn of(host: HostId, why: Why) -> Cause {
        Cause {
            host,
            why,
            cached: Data::Nothing,
            torn: false,
        }
    }
}

impl World {
    /// Enters what has happened at a machine since the last call. To be called after each input of its node.
    pub(super) fn observe(&mut self, id: HostId) {
        let host = &mut self.hosts[id];
        let Some(machine) = &mut host.machine else {
            return;
        };
        let mut notes = std::mem::take(&mut self.ledger.notes);
        machine.node.take_notes(&mut notes);
        let renamed = machine.disk.as_ref().map_or(0, |disk| disk.renamed());
        let seat = &mut self.ledger.seats[id];
        let other_names = std::mem::replace(&mut seat.renamed, renamed) != renamed;
        if notes.is_empty() && !other_names {
            self.ledger.notes = notes;
            return;
        }
        let created = machine.created.as_mut().map(std::mem::take);
        let created = created.unwrap_or_default();
        let mut cause = other_names.then_some(Why::Files);
        for note in notes.drain(..) {
            match &note {
                Note::Emptied => {
                    let by = self.primary_of(id);
                    self.ledger.seats[id].replaced = by;
                    cause = Some(Why::Replaced { by });
                }
                Note::LinkLost => cause = cause.or(Some(Why::OnTheWay)),
                _ => {}
            }
            self.enter(id, note, &created);
        }
        self.ledger.notes = notes;
        let seat = &mut self.ledger.seats[id];
        for (path, number) in &created {
            seat.files.created(path, *number);
        }
        if other_names && let Some(disk) = self.hosts[id].disk() {
            seat.files.forget(disk);
        }
        if let Some(why) = cause {
            let why = match (why, seat.replaced) {
                (Why::Files, Some(by)) => Why::Replaced { by: Some(by) },
                (why, _) => why,
            };
            self.settle(Cause::of(id, why));
        }
    }

    /// Whom a node follows, if that is a machine here.
    fn primary_of(&self, id: HostId) -> Option<HostId> {
        let repl = &self.hosts[id].node()?.server().repl;
        self.host_named(&repl.primary.as_ref()?.host)
    }

    fn enter(&mut self, id: HostId, note: Note, created: &[(String, u64)]) {
        let ledger = &mut self.ledger;
        match note {
            Note::Wrote(wrote) => self.enter_write(id, wrote),
            Note::Strayed { log } => {
                ledger.seats[id].memory = Memory::Is(Data::Unknown);
                if let Some(log) = log {
                    self.mark(id, log, Spot::Data(Data::Unknown));
                }
            }
            Note::Applied { offset, log } => {
                if let Memory::Follows(stream) = ledger.seats[id].memory {
                    self.mark(id, log, Spot::Offset(stream, offset));
                }
            }
            Note::Called {
                id: name,
                offset,
                former,
            } => ledger.called(id, name, offset, former),
            Note::Emptied => ledger.seats[id].memory = Memory::Is(Data::Nothing),
            Note::Synced(name) => {
                let by = self.primary_of(id);
                self.ledger.synced(id, &name, by);
            }
            Note::LinkLost => {}
            Note::Loaded => {
                let loaded = ledger.seats[id].loading;
                ledger.seats[id].memory = Memory::Is(loaded);
            }
            Note::Opened {
                path,
                shift,
                offset,
                whole,
            } => {
                let spot = match whole {
                    true => ledger.memory(id, offset),
                    false => Spot::Data(Data::Unknown),
                };
                let disk = self.hosts[id].disk();
                let made = created.iter().rev().find(|(of, _)| *of == path);
                let file = made.map(|(_, number)| *number);
                let file = file.or_else(|| disk?.number(&path));
                let bytes = file.and_then(|number| disk?.bytes_on(Side::Cache, number));
                let len = bytes.map_or(0, <[u8]>::len);
                self.ledger.seats[id].files.open(file, shift, len, spot);
            }
            Note::Image { path, offset } => {
                let spot = ledger.memory(id, offset);
                ledger.seats[id].files.image(path, spot);
            }
            Note::Received {
                path,
                id: name,
                offset,
            } => {
                let stream = ledger.histories.named(&name);
                let spot = stream.map_or(Spot::Data(Data::Unknown), |s| Spot::Offset(s, offset));
                ledger.seats[id].files.image(path, spot);
            }
        }
    }

    fn mark(&mut self, id: HostId, log: u64, spot: Spot) {
        let disk = self.hosts[id].disk();
        self.ledger.seats[id].files.mark(log, spot, disk);
    }

    fn enter_write(&mut self, id: HostId, wrote: Wrote) {
        let conn = self.hosts[id].conn_of(wrote.client);
        let end = conn
            .and_then(|conn| self.net.conn(conn))
            .map(|c| c.from.end);
        let write = Write {
            at_us: self.now_us,
            acked_us: None,
            by: end.unwrap_or(End::Node(id, wrote.client)),
            reply_end: wrote.reply_end.unwrap_or(0),
            words: wrote.words,
            offset: wrote.offset,
        };
        let at = self.ledger.wrote(id, write);
        if let Some(log) = wrote.log {
            self.mark(id, log, Spot::Data(Data::At(at)));
        }
        let (Some(conn), Some(end)) = (conn, wrote.reply_end) else {
            return;
        };
        let replies = &mut self.ledger.replies;
        match replies.get_mut(conn) {
            Some(replies) => replies.push_back((end, at)),
            None => replies.insert(conn, VecDeque::from([(end, at)])),
        }
        if replies.len() > 64 + 2 * self.net.count() {
            // Connections that ended with replies under way.
            let net = &self.net;
            replies.retain(|conn, replies| !replies.is_empty() && net.conn(conn).is_some());
        }
    }

    /// A server is about to end, or its machine about to lose its power: what is to be known of it afterwards.
    pub(super) fn before_end(&self, id: HostId, power: bool) -> Cause {
        let host = &self.hosts[id];
        let aof = host.node().map(|node| &node.server().persist.aof);
        let why = Why::Memory {
            log: aof.is_some_and(|aof| aof.on),
            power,
            error: aof.and_then(|aof| aof.write_error.or(aof.sync_error)),
        };
        let mut cause = Cause::of(id, why);
        if power && let Some(disk) = host.disk() {
            let files = &self.ledger.seats[id].files;
            cause.cached = files.data(&host.reads, disk, Side::Cache, &self.ledger.histories);
        }
        cause
    }

    /// It has ended: enters what is gone by that.
    pub(super) fn after_end(&mut self, id: HostId, mut cause: Cause) {
        let files = &self.ledger.seats[id].files;
        if let (Why::Memory { power: true, .. }, Some(disk), Some(opened)) =
            (cause.why, self.hosts[id].disk(), files.opened())
        {
            cause.torn = files.is_torn(opened, disk);
        }
        self.ledger.ends(id);
        self.settle(cause);
    }

    /// A bit of a file was turned over.
    pub(super) fn spoilt(&mut self, id: HostId, path: &str) {
        let number = self.hosts[id].disk().and_then(|disk| disk.number(path));
        if let Some(number) = number {
            self.ledger.seats[id].files.spoil(number);
        }
    }

    /// Enters what is held nowhere any more.
    fn settle(&mut self, cause: Cause) {
        let held = Account::of(self).held();
        let cached = self.ledger.histories.reach(cause.cached, usize::MAX);
        let now_us = self.now_us;
        let without = self.running_without(cause.host);
        let histories = self.ledger.histories.all_mut().iter_mut();
        for ((history, held), cached) in histories.zip(held).zip(cached) {
            let Some(held) = held else { continue };
            // What was on its way has arrived after all.
            history.lost.retain_mut(|lost| {
                lost.from = lost.from.max(held);
                lost.from < lost.to
            });
            // Those behind the first that was lost have been entered.
            let end = history.lost.first().map_or(history.count, |lost| lost.from);
            let (mut from, mut entered) = (held, Vec::new());
            let mut enter = |to: u64, why| {
                if from < to {
                    let loss = Loss {
                        at_us: now_us,
                        host: cause.host,
                        why,
                        without,
                    };
                    entered.push(history::Lost { from, to, loss });
                    from = to;
                }
            };
            let cached = cached.unwrap_or(0).min(end);
            if cached > held && cause.torn {
                enter(held + 1, Why::Torn);
            }
            enter(cached, Why::PageCache);
            enter(end, cause.why);
            history.lost.splice(0..0, entered);
        }
    }

    /// The machines of the same family whose servers run, but for this one.
    fn running_without(&self, id: HostId) -> u64 {
        let seats = &self.ledger.seats;
        let runs = |other: &usize| {
            *other != id
                && seats[*other].family == seats[id].family
                && self.hosts[*other].node().is_some()
        };
        let others = (0..seats.len()).filter(runs);
        others.fold(0, |bits, other| bits | 1 << other)
    }
}
