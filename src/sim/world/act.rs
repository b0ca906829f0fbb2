//! All that can be done to a world from outside. Acts and the moments at which they were done are, with the seed, all that is
//! needed to have the same run again.
use super::World;
use super::app::{APPS, APPS_MOST, App, AppSetup, AppState};
use super::database::{DATABASES, DATABASES_MOST, Database, DatabaseSetup};
use super::host::{Host, HostState, Setup};
use super::load::{Load, LoadSetup};
use super::net::{ConnId, HostId, Link, RETRY_US};
use crate::base::time::Micros;
use crate::sentinel::Names;
use crate::sim::disk::Speed;

/// Most machines of a world.
pub const HOSTS_MOST: usize = 64;
/// Most simulated clients of a world.
pub const CLIENTS_MOST: usize = 10_000;

/// Something that is done to a world.
#[derive(Clone, Debug)]
pub enum Act {
    /// A machine is set up and switched on. Answers with its number.
    Add(Setup),
    /// A program at `place` connects to a machine's server. Answers with the session's number.
    Connect { to: HostId, place: HostId },
    /// Bytes that it sends.
    Send { session: u32, bytes: Vec<u8> },
    /// It goes.
    Disconnect { session: u32 },
    /// The server's process is killed (`kill -9`).
    Kill(HostId),
    /// The machine loses power; of the write at work the first `torn_bytes` have arrived.
    PowerOff { host: HostId, torn_bytes: usize },
    /// The machine is switched on and its server started, whichever is needed.
    Start(HostId),
    /// The machine stands still.
    Pause(HostId),
    /// It goes on.
    Resume(HostId),
    /// What the link from one place to another is like.
    Link {
        from: HostId,
        to: HostId,
        link: Link,
    },
    /// What links are like that nothing else is known of.
    Links(Link),
    /// Nothing passes any more between these groups. Who is in none is on the side of the first.
    Partition(Vec<Vec<HostId>>),
    /// All links are whole again.
    Heal,
    /// The machine's clock jumps by so many µs.
    Jump { host: HostId, by_us: Micros },
    /// The next of what is under way in a direction is lost, and sent again.
    Lose { conn: ConnId, forward: bool },
    /// It takes so many µs longer.
    Delay {
        conn: ConnId,
        forward: bool,
        by_us: Micros,
    },
    /// A machine's disk becomes another one.
    DiskSpeed { host: HostId, speed: Speed },
    /// It has room for so many bytes; `None`: any.
    DiskRoom { host: HostId, bytes: Option<u64> },
    /// The next writes and fsyncs fail.
    DiskFails {
        host: HostId,
        writes: u32,
        syncs: u32,
    },
    /// A bit on its platter turns over.
    Flip {
        host: HostId,
        path: String,
        offset: usize,
        bit: u8,
    },
    /// Simulated clients come. Answers with their load's number.
    Load(LoadSetup),
    /// They send nothing more.
    StopLoad(usize),
    /// An application process comes, or gets another program. Answers with its place.
    App(AppSetup),
    /// A database comes. Answers with its place.
    Database(DatabaseSetup),
    /// A database takes so many percent of the time that it should.
    Slow { database: HostId, percent: u32 },
}

impl Act {
    /// What it is called on a timeline, and the machine that it is done to; `None` if it is nothing to mark: typing and the like.
    pub fn mark(&self) -> Option<(&'static str, Option<HostId>)> {
        Some(match self {
            Act::Add(_) => ("add", None),
            Act::Kill(host) => ("kill", Some(*host)),
            Act::PowerOff { host, .. } => ("power off", Some(*host)),
            Act::Start(host) => ("start", Some(*host)),
            Act::Pause(host) => ("pause", Some(*host)),
            Act::Resume(host) => ("resume", Some(*host)),
            Act::Link { from, .. } => ("link", Some(*from)),
            Act::Links(_) => ("links", None),
            Act::Partition(_) => ("partition", None),
            Act::Heal => ("heal", None),
            Act::Jump { host, .. } => ("clock jump", Some(*host)),
            Act::DiskSpeed { host, .. }
            | Act::DiskRoom { host, .. }
            | Act::DiskFails { host, .. }
            | Act::Flip { host, .. } => ("disk", Some(*host)),
            Act::Load(setup) => ("load", Some(setup.to)),
            Act::StopLoad(_) => ("load ends", None),
            Act::App(_) => ("program", None),
            Act::Database(_) => ("database", None),
            Act::Slow { database, .. } => ("slow", Some(*database)),
            Act::Lose { .. } => ("lose", None),
            Act::Delay { .. } => ("delay", None),
            Act::Connect { .. } | Act::Send { .. } | Act::Disconnect { .. } => return None,
        })
    }
}

/// Why something could not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    NoSuchMachine,
    NoSuchSession,
    NoSuchMessage,
    NoSuchLoad,
    NoSuchFile,
    NameTaken,
    TooMany,
}

impl Refused {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Refused::NoSuchMachine => "no such machine",
            Refused::NoSuchSession => "no such session",
            Refused::NoSuchMessage => "nothing is under way there",
            Refused::NoSuchLoad => "no such load",
            Refused::NoSuchFile => "no such byte on its platter",
            Refused::NameTaken => "another machine has this name",
            Refused::TooMany => {
                "a world has room for 64 machines, 10,000 clients, 16 processes and 4 databases"
            }
        }
    }
}

impl World {
    /// Does something to the world at this moment. The answer is a number where there is one to tell, else 0.
    pub fn act(&mut self, act: Act) -> Result<u32, Refused> {
        let done = self.carry_out_act(act);
        self.prune();
        done
    }

    fn carry_out_act(&mut self, act: Act) -> Result<u32, Refused> {
        match act {
            Act::Add(setup) => return self.add_host(setup),
            Act::Connect { to, place } => {
                self.host(to)?;
                return Ok(self.open_session(to, place));
            }
            Act::Send { session, bytes } => {
                self.sessions.get(&session).ok_or(Refused::NoSuchSession)?;
                self.session_send(session, bytes);
            }
            Act::Disconnect { session } => self.close_session(session),
            Act::Load(setup) => return self.add_load(setup),
            Act::App(setup) => return self.add_app(setup),
            Act::Database(setup) => return self.add_database(setup),
            Act::StopLoad(load) => self.loads.get_mut(load).ok_or(Refused::NoSuchLoad)?.stop(),
            Act::Link { from, to, link } => self.net.set_link(from, to, link),
            Act::Links(link) => self.net.default = link,
            Act::Partition(groups) => self.partition(&groups),
            Act::Heal => self.heal(),
            Act::Lose { conn, forward } => self.delay(conn, forward, RETRY_US)?,
            Act::Delay {
                conn,
                forward,
                by_us,
            } => self.delay(conn, forward, by_us.max(0))?,
            act => match self.act_on_other(&act)? {
                true => {}
                false => self.act_on_machine(act)?,
            },
        }
        Ok(0)
    }

    /// What is done to an application process or a database; false if the act is about a machine.
    fn act_on_other(&mut self, act: &Act) -> Result<bool, Refused> {
        let (Act::Kill(place)
        | Act::Start(place)
        | Act::Pause(place)
        | Act::Resume(place)
        | Act::Slow {
            database: place, ..
        }) = *act
        else {
            return Ok(false);
        };
        if let Some(id) = place.checked_sub(DATABASES) {
            let database = self.databases.get_mut(id).ok_or(Refused::NoSuchMachine)?;
            match act {
                Act::Kill(_) => self.database_ends(id),
                Act::Slow { percent, .. } => database.slow_percent = *percent,
                act => {
                    database.up |= matches!(act, Act::Start(_));
                    database.paused = matches!(act, Act::Pause(_));
                    self.database_begins(id);
                }
            }
            return Ok(true);
        }
        let Some(id) = place.checked_sub(APPS) else {
            return Ok(false);
        };
        let app = self.apps.get_mut(id).ok_or(Refused::NoSuchMachine)?;
        match act {
            Act::Kill(_) => self.app_end(id, AppState::Stopped),
            Act::Start(_) => self.app_start(id),
            Act::Slow { .. } => return Err(Refused::NoSuchMachine),
            act => {
                app.paused = matches!(act, Act::Pause(_));
                self.app_wake(id);
            }
        }
        Ok(true)
    }

    /// What is done to one machine.
    fn act_on_machine(&mut self, act: Act) -> Result<(), Refused> {
        match act {
            Act::Kill(id) => {
                // A machine without power has no process to kill, and does not come back by that.
                if self.host(id)?.state == HostState::Up {
                    self.end_process(id);
                }
            }
            Act::PowerOff { host, torn_bytes } => {
                self.host(host)?;
                let cause = self.before_end(host, true);
                self.hosts[host].power_off(torn_bytes);
                self.after_end(host, cause);
                for conn in std::mem::take(&mut self.hosts[host].conns).into_values() {
                    self.orphan(conn, host);
                }
            }
            Act::Start(id) => self.start(id)?,
            Act::Pause(id) => self.host(id)?.paused = true,
            Act::Resume(id) => {
                let now_us = self.now_us;
                let host = self.host(id)?;
                host.paused = false;
                host.free_us = host.free_us.max(now_us);
                self.wake(id);
                self.arm(id);
            }
            Act::Jump { host: id, by_us } => {
                let host = self.host(id)?;
                host.skew_us = host.skew_us.saturating_add(by_us);
                self.arm(id);
            }
            Act::Flip {
                host,
                path,
                offset,
                bit,
            } => {
                let disk = self.host(host)?.disk_mut().ok_or(Refused::NoSuchFile)?;
                disk.flip(&path, offset, bit)
                    .map_err(|_| Refused::NoSuchFile)?;
                self.spoilt(host, &path);
            }
            act => self.act_on_disk(act)?,
        }
        Ok(())
    }

    /// What is done to a machine's disk. Without one, nothing.
    fn act_on_disk(&mut self, act: Act) -> Result<(), Refused> {
        let (Act::DiskSpeed { host, .. }
        | Act::DiskRoom { host, .. }
        | Act::DiskFails { host, .. }) = act
        else {
            return Ok(());
        };
        let Some(disk) = self.host(host)?.disk_mut() else {
            return Ok(());
        };
        match act {
            Act::DiskSpeed { speed, .. } => disk.speed = speed,
            Act::DiskRoom { bytes, .. } => disk.capacity = bytes,
            Act::DiskFails { writes, syncs, .. } => {
                (disk.failing_writes, disk.failing_syncs) = (writes, syncs);
            }
            _ => {}
        }
        Ok(())
    }

    fn host(&mut self, id: HostId) -> Result<&mut Host, Refused> {
        self.hosts.get_mut(id).ok_or(Refused::NoSuchMachine)
    }

    fn add_host(&mut self, setup: Setup) -> Result<u32, Refused> {
        if self.hosts.len() >= HOSTS_MOST {
            return Err(Refused::TooMany);
        }
        if self.place_named(&setup.name).is_some() {
            return Err(Refused::NameTaken);
        }
        let id = self.hosts.len();
        let seed = self.rng.next_u64();
        self.hosts.push(Host::new(setup, id, seed, self.now_us));
        self.ledger.add_seat();
        self.start(id)?;
        // Sentinels that were there before know the new one by its name, too.
        let names = self.names();
        for node in self.hosts.iter_mut().filter_map(Host::node_mut) {
            node.set_names(&names);
        }
        Ok(id as u32)
    }

    /// The names of all machines, with their addresses.
    fn names(&self) -> Names {
        let pair = |host: &Host| (host.setup.name.clone(), host.ip.clone());
        Names(self.hosts.iter().map(pair).collect())
    }

    /// Starts what is not running.
    fn start(&mut self, id: HostId) -> Result<(), Refused> {
        let now_us = self.now_us;
        let host = self.host(id)?;
        if host.state != HostState::Up {
            host.paused = false;
            self.ledger.starts(id, &self.hosts[id]);
            let names = self.names();
            self.hosts[id].boot(now_us, names);
            self.observe(id);
            self.after_work(id);
        }
        Ok(())
    }

    /// A machine without power knows of no connection any more; the other side does not know that.
    fn orphan(&mut self, conn: ConnId, host: HostId) {
        if let Some(conn) = self.net.conn_mut(conn) {
            for side in [&mut conn.from, &mut conn.to] {
                side.alive &= side.place != host;
            }
        }
    }

    fn partition(&mut self, groups: &[Vec<HostId>]) {
        let group_of = |place: HostId| {
            let named = groups.iter().position(|group| group.contains(&place));
            named.unwrap_or(0)
        };
        let named = groups.iter().flatten().copied();
        let apps = (0..self.apps.len()).map(|id| APPS + id);
        let databases = (0..self.databases.len()).map(|id| DATABASES + id);
        let others = apps.chain(databases);
        let mut places: Vec<HostId> = (0..self.hosts.len()).chain(others).chain(named).collect();
        places.push(super::net::CLIENTS);
        places.sort();
        places.dedup();
        for from in &places {
            for to in places.iter().filter(|to| *to != from) {
                let mut link = self.net.link(*from, *to);
                link.cut = group_of(*from) != group_of(*to);
                self.net.set_link(*from, *to, link);
            }
        }
    }

    fn heal(&mut self) {
        let cut: Vec<_> = self.net.links().filter(|(_, link)| link.cut).collect();
        for ((from, to), link) in cut {
            self.net.set_link(from, to, Link { cut: false, ..link });
        }
    }

    /// The first of what is under way in a direction takes longer, and all that comes after it.
    fn delay(&mut self, id: ConnId, forward: bool, by_us: Micros) -> Result<(), Refused> {
        let conn = self.net.conn_mut(id).ok_or(Refused::NoSuchMessage)?;
        let (pipe, ..) = conn.pipe(forward);
        let first = pipe.segments.front_mut().ok_or(Refused::NoSuchMessage)?;
        first.due_us = first.due_us.saturating_add(by_us);
        Ok(())
    }

    fn add_app(&mut self, setup: AppSetup) -> Result<u32, Refused> {
        let named = self.place_named(&setup.name);
        let id = match named.map(|place| place.checked_sub(APPS)) {
            // It has another program from now on.
            Some(Some(id)) if id < self.apps.len() => {
                self.app_end(id, AppState::Stopped);
                self.apps[id].setup = setup;
                id
            }
            Some(_) => return Err(Refused::NameTaken),
            None if self.apps.len() >= APPS_MOST => return Err(Refused::TooMany),
            None => {
                let seed = self.rng.next_u64();
                self.apps.push(App::new(setup, seed, self.now_us));
                self.apps.len() - 1
            }
        };
        self.app_start(id);
        Ok((APPS + id) as u32)
    }

    fn add_database(&mut self, setup: DatabaseSetup) -> Result<u32, Refused> {
        if self.databases.len() >= DATABASES_MOST {
            return Err(Refused::TooMany);
        }
        if self.place_named(&setup.name).is_some() {
            return Err(Refused::NameTaken);
        }
        self.databases.push(Database::new(setup, self.rng.fork()));
        Ok((DATABASES + self.databases.len() - 1) as u32)
    }

    fn add_load(&mut self, setup: LoadSetup) -> Result<u32, Refused> {
        let clients: usize = self.loads.iter().map(Load::clients).sum();
        if clients + setup.clients > CLIENTS_MOST {
            return Err(Refused::TooMany);
        }
        match setup.to.checked_sub(APPS) {
            Some(id) if id >= self.apps.len() => return Err(Refused::NoSuchMachine),
            Some(_) => {}
            None => drop(self.host(setup.to)?),
        }
        for sentinel in setup.finds.iter().flat_map(|f| &f.sentinels) {
            self.host(*sentinel)?;
        }
        let load = self.loads.len();
        self.loads.push(Load::new(setup, self.rng.fork()));
        for client in 0..self.loads[load].clients() {
            self.load_turn_at(load, client, self.now_us);
        }
        Ok(load as u32)
    }
}
