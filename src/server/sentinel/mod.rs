//! The node as a Sentinel: its connections, its clock, its file.
//!
//! - here: what comes in for the state machine, and what it wants done;
//! - `save`: its state goes to the disk before anybody hears of it.
mod save;

use super::node::Node;
use crate::command::pubsub::Kind;
use crate::command::replication::Way;
use crate::command::{ClientId, Effect, LogLevel};
use crate::sentinel::{Level, Names, Out, Sentinel, Wire};

fn log_level(level: Level) -> LogLevel {
    match level {
        Level::Debug => LogLevel::Debug,
        Level::Verbose => LogLevel::Verbose,
        Level::Notice => LogLevel::Notice,
        Level::Warning => LogLevel::Warning,
    }
}

impl Node {
    /// Another table of names takes the place of the one that a Sentinel has.
    pub fn set_names(&mut self, names: &Names) {
        if let Some(watch) = &mut self.server.watch {
            watch.sentinel.set_names(Box::new(names.clone()));
        }
    }

    /// Whether this is a connection of the Sentinel's to a server that it watches, or to one of its kind.
    #[inline(always)]
    pub(super) fn is_wire(&self, id: ClientId) -> bool {
        let watch = self.server.watch.as_ref();
        watch.is_some_and(|watch| watch.wires.contains_key(&id))
    }

    /// The Sentinel, told what time it is.
    fn sentinel(&mut self) -> Option<&mut Sentinel> {
        let now_ms = self.ks.now_ms;
        let sentinel = &mut self.server.watch.as_mut()?.sentinel;
        sentinel.at_ms(now_ms);
        Some(sentinel)
    }

    /// The process begins: its file is brought up to date, which also finds out whether it can be written.
    pub(super) fn begin_watch(&mut self) {
        self.note_started();
        let password = self.config.requirepass.clone();
        if let Some(sentinel) = self.sentinel() {
            sentinel.password = password;
            sentinel.begin();
        }
        self.watch_turn();
        self.settle_disk();
    }

    /// How often the cron is to run: each time anew, so that Sentinels that began together do not ask for votes together.
    pub(super) fn watch_hz(&mut self) -> u32 {
        const LEAST_HZ: u64 = 10;
        let Some(watch) = &mut self.server.watch else {
            return LEAST_HZ as u32;
        };
        watch.hz = (LEAST_HZ + watch.sentinel.random_below(LEAST_HZ)) as u32;
        watch.hz
    }

    pub(super) fn watch_cron(&mut self) {
        let now_ms = self.ks.now_ms;
        if let Some(sentinel) = self.sentinel() {
            sentinel.tick(now_ms);
        }
    }

    fn wire_of(&self, id: ClientId) -> Option<Wire> {
        let watch = self.server.watch.as_ref()?;
        watch.wires.get(&id).copied()
    }

    /// A connection stands.
    pub(super) fn wire_stands(&mut self, id: ClientId) {
        let own = self.server.clients.get(id).map_or("", |c| c.laddr.as_str());
        let own = own.rsplit_once(':').map_or("", |(ip, _)| ip);
        let own = own
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_string();
        let wire = self.wire_of(id);
        if let (Some(wire), Some(sentinel)) = (wire, self.sentinel()) {
            sentinel.stands(wire, &own);
        }
    }

    /// Bytes have come.
    pub(super) fn hear_wire(&mut self, id: ClientId, bytes: &[u8]) {
        self.server.stats.net_in += bytes.len() as u64;
        let wire = self.wire_of(id);
        if let (Some(wire), Some(sentinel)) = (wire, self.sentinel()) {
            sentinel.heard(wire, bytes);
        }
    }

    /// A connection is no more.
    pub(super) fn wire_gone(&mut self, id: ClientId) {
        if let Some(wire) = self.forget_wire(id)
            && let Some(sentinel) = self.sentinel()
        {
            sentinel.lost(wire);
        }
        self.forget(id);
    }

    fn forget_wire(&mut self, id: ClientId) -> Option<Wire> {
        let watch = self.server.watch.as_mut()?;
        let wire = watch.wires.remove(&id)?;
        watch.clients.remove(&wire);
        Some(wire)
    }

    /// Does what the Sentinel wants done.
    pub(super) fn watch_turn(&mut self) {
        let Some(sentinel) = self.sentinel() else {
            return;
        };
        for out in sentinel.take_out() {
            match out {
                Out::Dial { wire, host, port } => self.dial_wire(wire, host, port),
                Out::Hang(wire) => self.hang_wire(wire),
                Out::Send(wire, bytes) => {
                    let watch = self.server.watch.as_ref();
                    if let Some(id) = watch.and_then(|watch| watch.clients.get(&wire).copied()) {
                        self.server.tell(id, &|out| out.raw(&bytes));
                    }
                }
                Out::Event { level, name, text } => {
                    let line = [name, " ", &text].concat();
                    self.server.log(&self.config, log_level(level), line);
                    if level != Level::Debug {
                        self.server
                            .publish(Kind::Channel, name.as_bytes(), text.as_bytes());
                    }
                }
                Out::Log(level, line) => self.server.log(&self.config, log_level(level), line),
                Out::Exit => {
                    let line = "Sentinel CRASH because of SENTINEL simulate-failure".into();
                    self.server.log(&self.config, LogLevel::Warning, line);
                    self.server.effects.push(Effect::Exit);
                }
            }
        }
        self.order_save_watch();
    }

    fn dial_wire(&mut self, wire: Wire, host: String, port: u16) {
        let addr = [&host, ":", &port.to_string()].concat();
        let id = self.server.clients.add(addr, String::new(), self.ks.now_ms);
        if let Some(client) = self.server.clients.get_mut(id) {
            client.way = Way::Out;
            client.obeyed = true;
        }
        if let Some(watch) = &mut self.server.watch {
            watch.clients.insert(wire, id);
            watch.wires.insert(id, wire);
        }
        self.server.effects.push(Effect::Connect { id, host, port });
    }

    fn hang_wire(&mut self, wire: Wire) {
        let watch = self.server.watch.as_ref();
        let id = watch.and_then(|watch| watch.clients.get(&wire).copied());
        if let Some(id) = id {
            self.forget_wire(id);
            self.server.cut(id);
        }
    }
}
