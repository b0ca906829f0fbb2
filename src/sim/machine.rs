//! A node on a machine of its own: its disk answers in virtual time, and a power cut leaves what is on the platter.
//!
//! This is what a host drives: it delivers inputs and time, and takes replies, effects and, if it keeps the platter somewhere
//! itself, what changed there. A machine without a disk is a node whose files are in memory.
#[cfg(test)]
mod tests;

use super::disk::{Disk, Ticket};
use crate::base::time::Micros;
use crate::persist::disk::{Answer, DiskError, Done, Op, Request};
use crate::server::{Input, Node, NodeOptions};

/// See the head of this file.
#[derive(Clone)]
pub struct Machine {
    pub node: Node,
    pub disk: Option<Disk>,
    /// Fsyncs under way, with the numbers of the node's requests.
    syncs: Vec<(Ticket, u64)>,
    /// The files that were made since somebody took this, with their numbers on the disk; only if the node keeps a journal.
    pub created: Option<Vec<(String, u64)>>,
}

impl Machine {
    /// Switches the machine on: the node begins to read what the disk has. `options.disk` follows from `disk`.
    pub fn boot(mut options: NodeOptions, disk: Option<Disk>) -> Machine {
        options.disk = disk.is_some();
        let created = options.journal.then(Vec::new);
        let mut machine = Machine {
            node: Node::new(options),
            disk,
            syncs: Vec::new(),
            created,
        };
        machine.drive();
        machine
    }

    /// One input at virtual time `now_us`; whatever the disk had to say until then comes before it.
    pub fn handle(&mut self, input: Input<'_>, now_us: Micros) {
        self.wait(now_us);
        self.node.handle(input, now_us);
        self.drive();
    }

    /// Lets a script that is not through run on for about `fuel` instructions.
    pub fn work(&mut self, fuel: i64) {
        self.node.work(fuel);
        self.drive();
    }

    /// When something happens next by itself, µs since 1970. Writing out what nobody asked for is among it.
    pub fn next_timer_us(&self) -> Micros {
        let disk = self.disk.as_ref().and_then(Disk::next_event_us);
        let node = self.node.next_timer_us();
        disk.map_or(node, |at| at.min(node))
    }

    /// Lets the disk work until `now_us`; each answer reaches the node in its moment.
    fn wait(&mut self, now_us: Micros) {
        while let Some(disk) = &mut self.disk {
            let Some(at) = disk.next_event_us().filter(|at| *at <= now_us) else {
                disk.advance(now_us);
                return;
            };
            disk.advance(at);
            let ended = disk.take_done();
            self.tell(ended, at);
        }
    }

    /// Tells the node which of its fsyncs have ended, and does what it asks then.
    fn tell(&mut self, ended: Vec<(Ticket, Result<(), DiskError>)>, now_us: Micros) {
        for (ticket, result) in ended {
            let Some(place) = self.syncs.iter().position(|(t, _)| *t == ticket) else {
                continue;
            };
            let (_, number) = self.syncs.swap_remove(place);
            let done = result.map(|()| Answer::Done);
            self.node.handle(Input::Disk(number, &done), now_us);
        }
        self.drive();
    }

    /// What became of the changes that the host took to keep them in its store ([`Disk::stored`]), at virtual time `now_us`.
    pub fn stored(&mut self, result: Result<(), DiskError>, now_us: Micros) {
        let Some(disk) = &mut self.disk else { return };
        disk.stored(result);
        let ended = disk.take_done();
        self.tell(ended, now_us);
    }

    /// Does what the node asks, until it waits for an fsync or for nothing.
    pub fn drive(&mut self) {
        let Some(disk) = &mut self.disk else { return };
        loop {
            let requests = self.node.take_requests();
            if requests.is_empty() {
                return;
            }
            for Request { number, op } in requests {
                let ticket = match &op {
                    Op::Sync { path } => Some(disk.sync(path)),
                    Op::SyncDir { dir } => Some(Ok(disk.sync_dir(dir))),
                    _ => None,
                };
                let made = match &op {
                    Op::Create { path } if self.created.is_some() => Some(path.clone()),
                    _ => None,
                };
                let done = match ticket {
                    Some(Ok(ticket)) => {
                        self.syncs.push((ticket, number));
                        continue;
                    }
                    Some(Err(error)) => Err(error),
                    None => execute(disk, op),
                };
                if let (Some(created), Some(path)) = (&mut self.created, made)
                    && let Some(file) = disk.number(&path)
                {
                    created.push((path, file));
                }
                // The node's clock stands where the input at hand has set it.
                self.node.handle(Input::Disk(number, &done), 0);
            }
        }
    }

    /// The process has ended; the disk, with all that the page cache has.
    pub fn into_disk(self) -> Option<Disk> {
        self.disk
    }

    /// The power is cut: the first `torn_bytes` of the write at work have arrived. What the disk has left is given back.
    pub fn crash(self, torn_bytes: usize) -> Option<Disk> {
        let mut disk = self.disk?;
        disk.crash(torn_bytes);
        Some(disk)
    }
}

/// What needs no wait: the page cache is as fast as memory.
fn execute(disk: &mut Disk, op: Op) -> Done {
    match op {
        Op::Create { path } => {
            disk.append(&path, b"")?;
            disk.truncate(&path, 0)?;
        }
        Op::Append { path, bytes } => return disk.append(&path, &bytes).map(Answer::Written),
        Op::Truncate { path, len } => {
            disk.truncate(&path, usize::try_from(len).unwrap_or(usize::MAX))?
        }
        Op::Rename { from, to } => disk.rename(&from, &to)?,
        Op::Remove { path } => disk.remove(&path)?,
        Op::Read { path, at, len } => {
            let bytes = disk.read(&path)?;
            let at = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            let end = at.saturating_add(len).min(bytes.len());
            return Ok(Answer::Bytes(bytes[at..end].to_vec()));
        }
        Op::Length { path } => return disk.read(&path).map(|b| Answer::Length(b.len() as u64)),
        Op::MakeDir { .. } => {}
        Op::Sync { .. } | Op::SyncDir { .. } => return Err(DiskError::Io),
    }
    Ok(Answer::Done)
}
