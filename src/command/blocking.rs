//! Commands that wait: what the server keeps of them, and how a wait begins and ends.
//!
//! A command that cannot be served says what it waits for and returns without a reply. The node runs it again, in the same
//! words, whenever a key that it waits for may have come; until then what its client sends is kept.
use super::args::OwnedArgs;
use super::{Args, Client, ClientId, Command, Ctx, Effect, Error, Server};
use crate::base::f80::F80;
use crate::base::{num, time::Micros};
use crate::keyspace::{Keyspace, waiting::Awaited, watch::Place};
use crate::resp::Reply;

/// What ends a wait that is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its time is over.
    Timeout,
    /// CLIENT UNBLOCK ... ERROR.
    Error,
    /// The server has become a replica.
    Role,
}

/// CLIENT PAUSE.
#[derive(Clone, Copy, Debug)]
pub struct Pause {
    pub until_us: Micros,
    /// All commands wait, not only those that write.
    pub all: bool,
}

/// A command that waits.
#[derive(Clone)]
pub struct Blocked {
    pub command: &'static Command,
    pub argv: OwnedArgs,
    /// When the wait is over, in µs since 1970; `None`: never.
    pub deadline_us: Option<Micros>,
    /// The keys it waits for.
    pub places: Vec<Place>,
    /// It waits for the end of CLIENT PAUSE: it has not run yet.
    pub paused: bool,
}

/// All waits of a node, as far as they are not about keys.
#[derive(Clone, Default)]
pub struct Waits {
    /// A command just said that it waits.
    pub begun: bool,
    /// The command that runs is one that waited, until this moment at most.
    pub again: Option<Option<Micros>>,
    /// Clients whose wait ended: what they sent meanwhile can be run.
    pub over: Vec<ClientId>,
    /// Those that end by themselves, the soonest first.
    deadlines: Vec<(Micros, ClientId)>,
    /// How many clients wait.
    pub clients: usize,
    /// What holds commands up, and whose, in the order of their coming.
    pub pause: Option<Pause>,
    pub paused: Vec<ClientId>,
}

impl Waits {
    /// When the next wait ends by itself.
    pub fn next_us(&self) -> Option<Micros> {
        let deadline = self.deadlines.first().map(|&(at_us, _)| at_us);
        let pause = self.pause.map(|pause| pause.until_us);
        deadline.into_iter().chain(pause).min()
    }

    /// The client whose wait is over at `now_us`, if any.
    pub fn due(&self, now_us: Micros) -> Option<ClientId> {
        let &(at_us, id) = self.deadlines.first()?;
        (at_us <= now_us).then_some(id)
    }

    /// How many waits end by themselves.
    pub fn with_deadline(&self) -> usize {
        self.deadlines.len()
    }
}

impl Ctx<'_> {
    /// Whether the command may wait: not in a transaction, and not while a log is read.
    pub fn may_wait(&self) -> bool {
        !self.server.in_exec && !self.db.ks.loading && !self.client_is_obeyed()
    }

    fn client_is_obeyed(&self) -> bool {
        self.server.clients.get(self.id).is_some_and(|c| c.obeyed)
    }

    /// Lets the client wait for one of these keys; the command must write no reply. `argv` is what runs then.
    pub fn wait_for<'k>(
        &mut self,
        keys: impl Iterator<Item = &'k [u8]>,
        awaited: Awaited,
        argv: OwnedArgs,
        deadline_us: Option<Micros>,
    ) {
        let mut places = Vec::new();
        for key in keys {
            let place = (self.db.index, Box::from(key));
            self.db
                .ks
                .waiting
                .add(self.id, Place::clone(&place), awaited);
            places.push(place);
        }
        let waits = &mut self.server.waits;
        let deadline_us = waits.again.unwrap_or(deadline_us);
        if let Some(at_us) = deadline_us {
            let entry = (at_us, self.id);
            let at = waits.deadlines.partition_point(|d| *d < entry);
            waits.deadlines.insert(at, entry);
        }
        waits.begun = true;
        waits.clients += 1;
        self.client().blocked = Some(Box::new(Blocked {
            command: self.command,
            argv,
            deadline_us,
            places,
            paused: false,
        }));
    }

    /// The moment that a timeout in seconds, argument `i`, stands for; `None` is for ever.
    pub fn deadline(&self, i: usize) -> Result<Option<Micros>, Error> {
        let not = || Error::new("ERR timeout is not a float or out of range");
        let text = self.arg(i);
        // The real server reads 80 bits: what is beyond a double is a number all the same.
        let beyond = || F80::parse(text).and_then(F80::at_range_end);
        let seconds = num::parse_f64(text).or_else(beyond).ok_or_else(not)?;
        let ms = (seconds * 1000.0).ceil();
        if ms < 0.0 {
            return Err(Error::new("ERR timeout is negative"));
        }
        // Far beyond any clock, and whole numbers below it are exact enough.
        if ms >= 9.2e18 {
            return Err(TIMEOUT_RANGE);
        }
        self.after_ms(ms as i64)
    }

    /// The same for a timeout in ms.
    pub fn deadline_ms(&self, text: &[u8]) -> Result<Option<Micros>, Error> {
        let not = || Error::new("ERR timeout is not an integer or out of range");
        let ms = num::parse_i64(text).ok_or_else(not)?;
        if ms < 0 {
            return Err(Error::new("ERR timeout is negative"));
        }
        self.after_ms(ms)
    }

    fn after_ms(&self, ms: i64) -> Result<Option<Micros>, Error> {
        let at_ms = ms.checked_add(self.db.now_ms()).ok_or(TIMEOUT_RANGE)?;
        Ok((ms > 0).then(|| at_ms.saturating_mul(1000)))
    }
}

const TIMEOUT_RANGE: Error = Error(std::borrow::Cow::Borrowed(b"ERR timeout is out of range"));

impl Server {
    /// Takes a client's wait from it, if it has one. O(its keys + clients that wait).
    pub fn take_wait(&mut self, ks: &mut Keyspace, id: ClientId) -> Option<Box<Blocked>> {
        let blocked = self.clients.get_mut(id)?.blocked.take()?;
        for place in &blocked.places {
            ks.waiting.remove(id, place);
        }
        self.waits.deadlines.retain(|&(_, waiter)| waiter != id);
        self.waits.clients -= 1;
        self.waits.over.push(id);
        Some(blocked)
    }

    /// Ends a client's wait unserved, and tells it; whether it waited.
    pub fn end_wait(&mut self, ks: &mut Keyspace, id: ClientId, end: End) -> bool {
        let Some(blocked) = self.take_wait(ks, id) else {
            return false;
        };
        let name = blocked.command.name;
        if let Some((number, _)) = self.registry.find(name.as_bytes()) {
            let stats = &mut self.stats.commandstats[number];
            stats.calls += 1;
            stats.failed += u64::from(end != End::Timeout);
            self.stats.commands += 1;
        }
        let replicas = self.replicas_of(id);
        let safe = self.take_waiter(id);
        if self
            .clients
            .get_mut(id)
            .is_some_and(|c| c.reply_mode.take_mute())
        {
            return true;
        }
        self.tell(id, &|out| match end {
            End::Error => out.error(b"UNBLOCKED client unblocked via CLIENT UNBLOCK"),
            End::Role => out.error(
                b"UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
            ),
            End::Timeout if name == "waitaof" => waited_aof(safe, replicas.1, out),
            End::Timeout if name == "wait" => out.int(replicas.0),
            End::Timeout => unserved(out),
        });
        true
    }

    /// How much of the log a client waits for, and whether that is on the disk (1 or 0): all of it, or nothing if it has
    /// run no command yet (`fresh`). Nothing is where no log is kept.
    pub fn log_safety(&self, fresh: bool) -> (u64, i64) {
        let aof = &self.persist.aof;
        let wanted = if fresh { 0 } else { aof.logged };
        (wanted, i64::from(aof.on && aof.safe >= wanted))
    }

    /// Ends all waits, and the connections of those who waited: what they wait for is another server's to give now.
    pub fn end_all_waits(&mut self, ks: &mut Keyspace) {
        let waits = |c: &&Client| c.blocked.as_ref().is_some_and(|b| !b.paused);
        let ids: Vec<_> = self.clients.iter().filter(waits).map(|c| c.id).collect();
        for id in ids {
            self.end_wait(ks, id, End::Role);
            if let Some(client) = self.clients.get_mut(id) {
                client.close_after_reply = true;
                self.effects.push(Effect::Close(id));
            }
        }
    }

    /// How many replicas have what a client wrote, and how many of them on their disks.
    pub fn replicas_of(&self, id: ClientId) -> (i64, i64) {
        let wrote = self.clients.get(id).map_or(0, |c| c.wrote_offset);
        self.replicas_with(wrote)
    }

    /// Ends the waits of WAIT and WAITAOF for what replicas have now.
    pub fn end_replica_waits(&mut self, ks: &mut Keyspace) {
        let waits = |c: &&Client| {
            let blocked = c.blocked.as_ref().filter(|b| !b.paused);
            blocked.is_some_and(|b| matches!(b.command.name, "wait" | "waitaof"))
        };
        let ids: Vec<_> = self.clients.iter().filter(waits).map(|c| c.id).collect();
        for id in ids {
            if self.has_enough(id) {
                self.end_wait(ks, id, End::Timeout);
            }
        }
    }

    /// Whether a client has got what it asked WAIT or WAITAOF for.
    fn has_enough(&self, id: ClientId) -> bool {
        let blocked = self.clients.get(id).and_then(|c| c.blocked.as_ref());
        let Some(blocked) = blocked else { return false };
        let args = blocked.argv.args();
        let number = |i: usize| num::parse_i64(args.get(i)).unwrap_or(0);
        let (have, fsynced) = self.replicas_of(id);
        if blocked.command.name == "wait" {
            return have >= number(1);
        }
        let waiter = self.persist.waiters.iter().find(|w| w.0 == id);
        let safe = waiter.is_some_and(|w| self.persist.aof.on && self.persist.aof.safe >= w.1);
        i64::from(safe) >= number(1) && fsynced >= number(2)
    }

    /// Forgets what a client of WAITAOF waits for; whether the disk has it (1 or 0).
    fn take_waiter(&mut self, id: ClientId) -> i64 {
        let waiters = &mut self.persist.waiters;
        let Some(at) = waiters.iter().position(|waiter| waiter.0 == id) else {
            return 0;
        };
        let (_, wanted) = waiters.remove(at);
        i64::from(self.persist.aof.on && self.persist.aof.safe >= wanted)
    }

    /// Ends the waits of WAITAOF for what the disk has now.
    pub fn end_safe_waits(&mut self, ks: &mut Keyspace) {
        let safe = self.persist.aof.safe;
        let done: Vec<_> = self
            .persist
            .waiters
            .iter()
            .filter(|w| w.1 <= safe)
            .map(|w| w.0)
            .collect();
        for id in done {
            if self.has_enough(id) {
                self.end_wait(ks, id, End::Timeout);
            }
        }
    }
}

/// The reply of WAITAOF.
pub fn waited_aof(local: i64, replicas: i64, out: &mut Reply) {
    out.array(2);
    out.int(local);
    out.int(replicas);
}

impl Server {
    /// Lets a client's command wait for the end of the pause, before it has run.
    pub fn hold(&mut self, id: ClientId, command: &'static Command, args: Args<'_>) {
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        client.blocked = Some(Box::new(Blocked {
            command,
            argv: as_sent(args),
            deadline_us: None,
            places: Vec::new(),
            paused: true,
        }));
        self.waits.clients += 1;
        self.waits.paused.push(id);
    }
}

/// The reply to a command whose time is over.
pub fn unserved(out: &mut Reply) {
    out.null_array();
}

/// The words of a command as they were sent.
pub fn as_sent(args: Args<'_>) -> OwnedArgs {
    args.from(0).collect()
}
