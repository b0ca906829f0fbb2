//! What happens in a world: bytes arrive, machines work, and what they say leaves.
use super::event::Event;
use super::host::{HostState, Waiting};
use super::net::{
    CLIENTS, ConnId, DIAL_RETRY_US, DIALS, End, HERE, HostId, RETRY_MOST_US, RETRY_US, Side, TRIES,
};
use super::wire::Passed;
use super::{APPS, DATABASES, Session, World};
use crate::base::time::Micros;
use crate::command::{ClientId, Effect};
use crate::server::{Input, Peer};

/// Fuel that a script gets at a time: a millisecond by the cost model.
const SCRIPT_FUEL: i64 = 100_000;
/// Bytes that a server reads of a connection at a time.
const READ_BYTES: usize = 16 << 10;

impl World {
    /// Asks for a connection to a machine's server.
    pub(super) fn open(&mut self, end: End, place: HostId, to: HostId, at_us: Micros) -> ConnId {
        let side = |end, place| Side {
            end,
            place,
            alive: true,
        };
        let asked = |id| match to {
            DATABASES.. if to < CLIENTS => End::Database(to - DATABASES, id),
            APPS.. if to < CLIENTS => End::Served(to - APPS, id),
            _ => End::Node(to, 0),
        };
        let id = self.net.add(side(end, place), |id| side(asked(id), to));
        let us = self.net.flight_us(place, to, 0, at_us);
        self.events
            .add(at_us + us, Event::Dial { conn: id, tries: 1 });
        id
    }

    /// Puts bytes on their way.
    pub(super) fn send(&mut self, id: ConnId, forward: bool, bytes: Vec<u8>, at_us: Micros) {
        self.put(id, forward, bytes, false, at_us);
    }

    /// Closes a side: what it sent still arrives, and then its end.
    pub(super) fn close(&mut self, id: ConnId, forward: bool, at_us: Micros) {
        let Some(conn) = self.net.conn_mut(id) else {
            return;
        };
        conn.side_mut(!forward).alive = false;
        // One that nobody has answered for yet is given up when the answer comes.
        if conn.stands || !forward {
            self.put(id, forward, Vec::new(), true, at_us);
        }
    }

    fn put(&mut self, conn: ConnId, forward: bool, bytes: Vec<u8>, end: bool, at_us: Micros) {
        if let Some(due_us) = self.net.put(conn, forward, bytes, end, at_us) {
            self.events.add(due_us, Event::Arrive { conn, forward });
        }
    }

    /// A machine by its name or address.
    pub fn host_named(&self, name: &str) -> Option<HostId> {
        let is_it = |host: &super::Host| host.setup.name == name || host.ip == name;
        self.hosts.iter().position(is_it)
    }

    /// A machine, an application process or a database by its name.
    pub fn place_named(&self, name: &str) -> Option<HostId> {
        let app = self.apps.iter().position(|app| app.setup.name == name);
        let mut databases = self.databases.iter();
        let database = databases.position(|database| database.setup.name == name);
        let others = app
            .map(|id| APPS + id)
            .or(database.map(|id| DATABASES + id));
        self.host_named(name).or(others)
    }

    /// What a machine, an application process or a database is called.
    pub fn place_name(&self, place: HostId) -> Option<&str> {
        let name = match place {
            DATABASES.. => &self.databases.get(place - DATABASES)?.setup.name,
            APPS.. => &self.apps.get(place - APPS)?.setup.name,
            _ => &self.hosts.get(place)?.setup.name,
        };
        Some(name)
    }

    /// A request for a connection arrives, if the link lets it.
    pub(super) fn dial(&mut self, id: ConnId, tries: u32) {
        let Some(conn) = self.net.conn(id) else {
            return;
        };
        let (from, to) = (conn.from, conn.to);
        let cut =
            self.net.link(from.place, to.place).cut || self.net.link(to.place, from.place).cut;
        let state = self.state_of(to);
        let at_us = self.now_us;
        if !from.alive {
            self.net.remove(id);
        } else if cut || state == HostState::Off {
            let wait_us = DIAL_RETRY_US << (tries - 1);
            let next = match tries < DIALS {
                true => Event::Dial {
                    conn: id,
                    tries: tries + 1,
                },
                false => Event::Dialled {
                    conn: id,
                    stands: false,
                },
            };
            self.events.add(at_us + wait_us, next);
        } else {
            let stands = state == HostState::Up && self.accept(id, from, to);
            let due_us = at_us + self.net.flight_us(to.place, from.place, 0, at_us);
            self.net.not_before(id, due_us);
            self.events.add(due_us, Event::Dialled { conn: id, stands });
        }
    }

    /// Whether there is somebody at a side of a connection who takes it.
    fn state_of(&self, side: Side) -> HostState {
        match side.end {
            End::Served(app, _) => self.app_state(app),
            End::Database(database, _) => self.database_state(database),
            _ => {
                let host = self.hosts.get(side.place);
                host.map_or(HostState::Up, |host| host.state)
            }
        }
    }

    /// A connection is taken in.
    fn accept(&mut self, id: ConnId, from: Side, to: Side) -> bool {
        match to.end {
            End::Served(app, _) => self.app_accepts(app, id),
            End::Database(database, _) => {
                self.databases[database].conns.insert(id);
            }
            _ => return self.accept_at_node(id, from, to.place),
        }
        true
    }

    /// A server takes a connection in; or it says why not.
    fn accept_at_node(&mut self, id: ConnId, from: Side, to: HostId) -> bool {
        // Who is beside the server comes over the loopback interface.
        let (ip, laddr) = match from.place {
            HERE => (
                "127.0.0.1".into(),
                format!("127.0.0.1:{}", self.hosts[to].setup.port),
            ),
            place => (self.ip_of(place), self.address(to)),
        };
        let host = &mut self.hosts[to];
        let Some(machine) = &mut host.machine else {
            return false;
        };
        let addr = format!("{ip}:{}", 40_000 + id % 20_000);
        if let Some(text) = machine.node.refusal(&addr, false) {
            self.send(id, false, text.into(), self.now_us);
            self.close(id, false, self.now_us);
            return true;
        }
        let client = machine.node.connect_from(Peer {
            addr,
            laddr,
            fd: 8 + (id % 1000) as i32,
            unix: false,
        });
        host.conns.insert(client, id);
        if let Some(conn) = self.net.conn_mut(id) {
            conn.to.end = End::Node(to, client);
        }
        true
    }

    /// The address of a machine's server, `ip:port`.
    fn address(&self, host: HostId) -> String {
        let host = &self.hosts[host];
        format!("{}:{}", host.ip, host.setup.port)
    }

    fn ip_of(&self, place: HostId) -> String {
        match place {
            APPS.. if place < DATABASES => format!("10.2.0.{}", place - APPS + 1),
            _ => {
                let host = self.hosts.get(place);
                host.map_or_else(|| "10.1.0.1".into(), |host| host.ip.clone())
            }
        }
    }

    /// The answer to a request for a connection arrives.
    pub(super) fn dialled(&mut self, id: ConnId, stands: bool) {
        let Some(conn) = self.net.conn_mut(id) else {
            return;
        };
        let (from, to) = (conn.from, conn.to);
        conn.stands = stands;
        if !stands {
            self.net.remove(id);
            if from.alive {
                self.tell_end(from.end);
            }
            return;
        }
        if !from.alive {
            return self.close(id, true, self.now_us);
        }
        match from.end {
            End::Node(host, client) => {
                let (addr, laddr) = (self.address(to.place), self.address(host));
                if let Some(node) = self.hosts[host].node_mut() {
                    let peer = Peer {
                        addr,
                        laddr,
                        fd: 8,
                        unix: false,
                    };
                    node.connected_to(client, peer);
                }
                self.give(host, Waiting::Connected(client));
            }
            End::Session(_) => self.send_early(id),
            End::Load(load, client) => self.load_stands(load, client),
            End::App(app, link) => self.app_stands(app, link),
            End::Served(..) | End::Database(..) => {}
        }
    }

    /// The next of what is under way in a direction arrives, or is sent again.
    pub(super) fn arrive(&mut self, id: ConnId, forward: bool) {
        let now_us = self.now_us;
        let Some(conn) = self.net.conn_mut(id) else {
            return;
        };
        let (_, from, to) = conn.pipe(forward);
        let off = |host: &super::Host| host.state == HostState::Off;
        let gone = self.hosts.get(to.place).is_some_and(off);
        if gone || self.net.link(from.place, to.place).cut {
            return self.arrive_later(id, forward, from);
        }
        let Some(conn) = self.net.conn_mut(id) else {
            return;
        };
        let (pipe, ..) = conn.pipe(forward);
        if let Some(first) = pipe.segments.front()
            && first.due_us > now_us
            && pipe.tries == 0
        {
            // It was lost or delayed by hand.
            let at_us = first.due_us;
            self.events.add(at_us, Event::Arrive { conn: id, forward });
            return;
        }
        let tries = std::mem::take(&mut pipe.tries);
        let Some(segment) = pipe.segments.pop_front() else {
            return;
        };
        let passed = Passed {
            conn: id,
            forward,
            tries,
            start: pipe.heard,
            speech: pipe.speech,
            lost: !to.alive,
        };
        self.wire.note(passed, &segment, from, to, now_us);
        pipe.heard += segment.bytes.len() as u64;
        pipe.speech = pipe.speech.behind(&segment.bytes);
        let heard = pipe.heard;
        let next_us = pipe.segments.front().map(|s| s.due_us.max(now_us));
        let (answers, ..) = conn.pipe(!forward);
        answers.speech = answers.speech.answering(&segment.bytes);
        if let Some(at_us) = next_us {
            self.events.add(at_us, Event::Arrive { conn: id, forward });
        }
        self.hash.number(u64::from(id) << 1 | u64::from(forward));
        self.hash.bytes(&segment.bytes);
        if !to.alive {
            // Nobody there knows of it any more.
            return self.refuse(id, forward, from, to);
        }
        if !forward {
            self.ledger.heard(id, heard, now_us);
        }
        self.arrived_at = Some(to.place);
        match segment.end {
            true => self.ended(id, forward),
            false => self.deliver(to.end, segment.bytes),
        }
    }

    /// What did not arrive is sent again, until its sender gives up.
    fn arrive_later(&mut self, id: ConnId, forward: bool, from: Side) {
        let Some(conn) = self.net.conn_mut(id) else {
            return;
        };
        let (pipe, ..) = conn.pipe(forward);
        pipe.tries += 1;
        if pipe.tries > TRIES {
            let sender_lives = from.alive;
            conn.side_mut(!forward).alive = false;
            self.lose_all(id, forward);
            if sender_lives {
                self.tell_end(from.end);
            }
            return self.forget_conn(id);
        }
        let wait_us = (RETRY_US << (pipe.tries - 1)).min(RETRY_MOST_US);
        let at_us = self.now_us + wait_us;
        self.events.add(at_us, Event::Arrive { conn: id, forward });
    }

    /// Bytes for a side that is no more: whoever sent them is told.
    fn refuse(&mut self, id: ConnId, forward: bool, from: Side, to: Side) {
        self.lose_all(id, forward);
        if from.alive {
            let us = self.net.flight_us(to.place, from.place, 0, self.now_us);
            let event = Event::Reset {
                conn: id,
                forward: !forward,
            };
            self.events.add(self.now_us + us, event);
        }
        self.forget_conn(id);
    }

    /// Nothing of what is under way in a direction arrives any more.
    fn lose_all(&mut self, id: ConnId, forward: bool) {
        let now_us = self.now_us;
        let Some(conn) = self.net.conn_mut(id) else {
            return;
        };
        let (pipe, from, to) = conn.pipe(forward);
        let mut passed = Passed {
            conn: id,
            forward,
            tries: pipe.tries,
            start: pipe.heard,
            speech: pipe.speech,
            lost: true,
        };
        for segment in std::mem::take(&mut pipe.segments) {
            self.wire.note(passed, &segment, from, to, now_us);
            passed = passed.behind(&segment);
        }
    }

    /// The other side has closed.
    fn ended(&mut self, id: ConnId, forward: bool) {
        let Some(conn) = self.net.conn_mut(id) else {
            return;
        };
        let side = conn.side_mut(forward);
        side.alive = false;
        let end = side.end;
        self.tell_end(end);
        self.forget_conn(id);
    }

    /// A side learns that the connection is no more.
    pub(super) fn reset(&mut self, id: ConnId, forward: bool) {
        if self
            .net
            .conn_mut(id)
            .is_some_and(|c| c.side_mut(forward).alive)
        {
            self.ended(id, forward);
        }
    }

    /// Forgets a connection that nobody holds and on which nothing is under way.
    fn forget_conn(&mut self, id: ConnId) {
        let over = self.net.conn(id).is_some_and(|c| {
            let quiet = c.forth.segments.is_empty() && c.back.segments.is_empty();
            !c.from.alive && !c.to.alive && quiet
        });
        if over {
            self.net.remove(id);
        }
    }

    fn deliver(&mut self, to: End, bytes: Vec<u8>) {
        match to {
            End::Node(host, client) => self.give(host, Waiting::Data(client, bytes)),
            End::Session(session) => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.output.extend_from_slice(&bytes);
                    if self.listened {
                        session.heard.extend_from_slice(&bytes);
                    }
                }
            }
            End::Load(load, client) => self.load_reply(load, client, &bytes),
            End::App(app, link) => self.app_reply(app, link, &bytes),
            End::Served(app, conn) => self.app_asked(app, conn, &bytes),
            End::Database(database, conn) => self.database_asked(database, conn, &bytes),
        }
    }

    /// Whoever holds this end is told that the connection is no more.
    fn tell_end(&mut self, end: End) {
        match end {
            End::Node(host, client) => {
                self.hosts[host].conns.remove(&client);
                self.give(host, Waiting::Disconnect(client));
            }
            End::Session(session) => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.closed = true;
                    session.conn = None;
                }
            }
            End::Load(load, client) => self.load_lost(load, client),
            End::App(app, link) => self.app_lost(app, link),
            End::Served(app, conn) => self.app_forgets(app, conn),
            End::Database(database, conn) => {
                self.databases[database].conns.remove(&conn);
            }
        }
    }

    /// A connection stands: what was given to it meanwhile goes out.
    fn send_early(&mut self, id: ConnId) {
        let Some(conn) = self.net.conn_mut(id) else {
            return;
        };
        let early = std::mem::take(&mut conn.early);
        if !early.is_empty() {
            self.send(id, true, early, self.now_us);
        }
    }

    /// Something for a machine's node: at once, or when it is free.
    fn give(&mut self, id: HostId, what: Waiting) {
        let host = &mut self.hosts[id];
        if host.machine.is_none() {
            return;
        }
        host.waiting.push_back(what);
        self.wake(id);
    }

    /// Sees to it that what waits for a machine is taken up.
    pub(super) fn wake(&mut self, id: HostId) {
        let host = &mut self.hosts[id];
        if host.wakes || host.paused || host.waiting.is_empty() || host.machine.is_none() {
            return;
        }
        if host.is_free(self.now_us) {
            return self.take_up(id);
        }
        host.wakes = true;
        let at_us = host.free_us.max(self.now_us);
        self.events.add(at_us, Event::Free { host: id });
    }

    /// A machine is through with its work.
    pub(super) fn free(&mut self, id: HostId) {
        self.hosts[id].wakes = false;
        self.wake(id);
    }

    /// Takes up the next of what waits for a machine.
    fn take_up(&mut self, id: HostId) {
        let host = &mut self.hosts[id];
        let Some(first) = host.waiting.pop_front() else {
            return;
        };
        match first {
            Waiting::Connected(client) => self.work(id, Input::Connected(client), Some(client)),
            Waiting::Disconnect(client) => self.work(id, Input::Disconnect(client), None),
            Waiting::Data(client, mut bytes) => {
                while bytes.len() < READ_BYTES
                    && let Some(Waiting::Data(next, more)) = host.waiting.front()
                    && *next == client
                {
                    bytes.extend_from_slice(more);
                    host.waiting.pop_front();
                }
                self.work(id, Input::Data(client, &bytes), Some(client));
            }
        }
        self.wake(id);
    }

    /// A machine's timer is due.
    pub(super) fn timer(&mut self, id: HostId) {
        let host = &mut self.hosts[id];
        host.timer = None;
        if host.machine.is_none() || host.paused {
            return;
        }
        if !host.is_free(self.now_us) {
            let at_us = host.free_us;
            return self.arm_at(id, at_us);
        }
        if let Some(machine) = &mut host.machine
            && machine.node.runs_script()
        {
            machine.work(SCRIPT_FUEL);
        }
        self.work(id, Input::Tick, None);
    }

    /// The node handles an input; what follows from it leaves when the work is done by the cost model.
    fn work(&mut self, id: HostId, input: Input<'_>, client: Option<ClientId>) {
        let now_us = self.now_us;
        let host = &mut self.hosts[id];
        let local_us = host.local_us(now_us);
        let Some(machine) = &mut host.machine else {
            return;
        };
        let woken = !matches!(input, Input::Tick);
        machine.handle(input, local_us);
        host.free_us = now_us + host.worked_us(woken);
        self.observe(id);
        if let Some(client) = client {
            self.flush(id, client);
        }
        self.after_work(id);
    }

    /// Sends a client's output.
    fn flush(&mut self, id: HostId, client: ClientId) {
        let host = &mut self.hosts[id];
        let Some(machine) = &mut host.machine else {
            return;
        };
        let out = machine.node.output(client).map(std::mem::take);
        let Some(bytes) = out.filter(|bytes| !bytes.is_empty()) else {
            return;
        };
        machine.node.sent(client, bytes.len());
        let at_us = host.free_us;
        if let Some(conn) = host.conns.get(&client).copied() {
            let forward = self.is_dialler(conn, id, client);
            self.send(conn, forward, bytes, at_us);
        }
    }

    /// Whether that end of a connection is the one that asked for it.
    fn is_dialler(&self, conn: ConnId, id: HostId, client: ClientId) -> bool {
        let from = self.net.conn(conn).map(|c| c.from.end);
        from == Some(End::Node(id, client))
    }

    /// Does what the node asks of its host, and sets its timer.
    pub(super) fn after_work(&mut self, id: HostId) {
        loop {
            let Some(machine) = &mut self.hosts[id].machine else {
                return;
            };
            let effects = machine.node.drain();
            if effects.is_empty() {
                break;
            }
            for effect in effects {
                self.carry_out(id, effect);
            }
            self.observe(id);
        }
        self.arm(id);
    }

    fn carry_out(&mut self, id: HostId, effect: Effect) {
        let host = &mut self.hosts[id];
        let at_us = host.free_us.max(self.now_us);
        match effect {
            Effect::Output(client) => self.flush(id, client),
            Effect::Close(client) | Effect::Drop(client) => {
                if matches!(effect, Effect::Close(_)) {
                    self.flush(id, client);
                }
                let host = &mut self.hosts[id];
                let local_us = host.local_us(self.now_us);
                if let Some(machine) = &mut host.machine {
                    machine.handle(Input::Disconnect(client), local_us);
                }
                if let Some(conn) = host.conns.remove(&client) {
                    let forward = self.is_dialler(conn, id, client);
                    self.close(conn, forward, at_us);
                }
            }
            Effect::Connect {
                id: client,
                host: name,
                port,
            } => self.connect_node(id, client, (&name, port), at_us),
            Effect::Log(level, text) => host.note(self.now_us, level, text),
            Effect::Exit | Effect::Abort => self.end_process(id),
        }
    }

    /// A node wants a connection. To a name that nobody has there is none, nor to a port where nobody listens.
    fn connect_node(
        &mut self,
        id: HostId,
        client: ClientId,
        (name, port): (&str, u16),
        at_us: Micros,
    ) {
        let to = match name {
            "127.0.0.1" | "localhost" => Some(id),
            _ => self.host_named(name),
        };
        let listens = |host: &HostId| {
            let node = self.hosts[*host].node();
            node.is_none_or(|node| node.server().port == port)
        };
        let Some(to) = to.filter(listens) else {
            return self.give(id, Waiting::Disconnect(client));
        };
        let conn = self.open(End::Node(id, client), id, to, at_us);
        self.hosts[id].conns.insert(client, conn);
    }

    /// A machine's server has ended: the kernel closes its connections.
    pub(super) fn end_process(&mut self, id: HostId) {
        let cause = self.before_end(id, false);
        self.hosts[id].end();
        self.after_end(id, cause);
        for (client, conn) in std::mem::take(&mut self.hosts[id].conns) {
            let forward = self.is_dialler(conn, id, client);
            self.close(conn, forward, self.now_us);
        }
    }

    /// Sets a machine's timer, unless one that is early enough is set.
    pub(super) fn arm(&mut self, id: HostId) {
        let host = &self.hosts[id];
        if host.paused {
            return;
        }
        // Later than now: a node that has work left gets on with it, and time passes.
        if let Some(at_us) = host.next_us() {
            self.arm_at(id, at_us.max(self.now_us + 1));
        }
    }

    fn arm_at(&mut self, id: HostId, at_us: Micros) {
        if self.hosts[id]
            .timer
            .is_none_or(|(armed_us, _)| armed_us > at_us)
        {
            let number = self.events.add(at_us, Event::Timer { host: id });
            self.hosts[id].timer = Some((at_us, number));
        }
    }

    /// Whether an event is one that something else has taken the place of.
    pub(super) fn is_stale(&self, number: u64, event: Event) -> bool {
        match event {
            Event::Timer { host } => {
                let armed = self.hosts[host].timer;
                armed.is_none_or(|(_, current)| current != number)
            }
            Event::Arrive { conn, .. }
            | Event::Dial { conn, .. }
            | Event::Dialled { conn, .. }
            | Event::Reset { conn, .. } => self.net.conn(conn).is_none(),
            Event::Free { host } => self.hosts[host].machine.is_none(),
            Event::AppTimer { app, timer } => !self.apps[app].has_timer(timer),
            Event::Query { database, job } => !self.databases[database].is_at_work(job),
            Event::Load { .. } | Event::LoadDeadline { .. } | Event::App { .. } => false,
        }
    }

    /// Opens a session: a connection from a terminal to a machine.
    pub(super) fn open_session(&mut self, to: HostId, place: HostId) -> u32 {
        self.last_session += 1;
        let id = self.last_session;
        let conn = self.open(End::Session(id), place, to, self.now_us);
        let session = Session {
            conn: Some(conn),
            ..Session::default()
        };
        self.sessions.insert(id, session);
        id
    }

    /// What somebody typed. Before the connection stands it waits.
    pub(super) fn session_send(&mut self, id: u32, bytes: Vec<u8>) {
        let conn = self.sessions.get(&id).and_then(|s| s.conn);
        let Some((conn, state)) = conn.and_then(|id| Some((id, self.net.conn_mut(id)?))) else {
            return;
        };
        match state.stands {
            true => self.send(conn, true, bytes, self.now_us),
            false => state.early.extend_from_slice(&bytes),
        }
    }

    /// Ends a session from its user's side.
    pub(super) fn close_session(&mut self, id: u32) {
        if let Some(conn) = self.sessions.remove(&id).and_then(|s| s.conn) {
            self.close(conn, true, self.now_us);
        }
    }
}
