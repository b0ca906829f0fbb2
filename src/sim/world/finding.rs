//! Simulated clients that are told no server but ask sentinels for it, as client libraries do.
//!
//! ```text
//!  ask a sentinel ──▶ address of the primary ──▶ connect, ROLE ──▶ "master": work
//!   ▲ no answer, or it does not know: the next one                │ anything else
//!   └──────────────── a pause, and again ◀────────────────────────┘ connection lost, READONLY, no answer in time
//! ```
//!
//! Source: "Guidelines for Redis clients with support for Redis Sentinel".
use super::World;
use super::event::Event;
use super::load::RECONNECT_US;
use super::net::HostId;
use crate::resp::request;
use crate::resp::value::{Value, parse_value};

/// Where clients ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finder {
    /// What the sentinels call the primary.
    pub name: String,
    /// Whom they ask, in this order; one that has answered is asked first the next time.
    pub sentinels: Vec<HostId>,
}

/// How far a client has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// It talks to a sentinel.
    #[default]
    Asks,
    /// It was given this machine, and asks what it is.
    Checks(HostId),
    /// It works with it.
    Works(HostId),
}

/// What a client knows of its search.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Search {
    pub stage: Stage,
    /// Whom it asks, by place in the list.
    asked: usize,
    /// How many have not helped since one did.
    in_vain: usize,
}

impl Search {
    /// It begins again.
    fn again(&mut self) {
        self.stage = Stage::Asks;
    }

    /// The one that was asked is of no use.
    fn next(&mut self, of: usize) {
        self.again();
        self.asked = (self.asked + 1) % of.max(1);
        self.in_vain += 1;
    }
}

impl World {
    /// Whom a simulated client connects to now.
    pub(super) fn load_dials(&self, load: usize, client: usize) -> HostId {
        let of = &self.loads[load];
        let search = of.search(client);
        match (&of.setup.finds, search.stage) {
            (Some(finder), Stage::Asks) => {
                let asked = finder.sentinels.get(search.asked);
                asked.copied().unwrap_or(of.setup.to)
            }
            (Some(_), Stage::Checks(host) | Stage::Works(host)) => host,
            (None, _) => of.setup.to,
        }
    }

    /// A connection that is a part of the search stands: its question goes out.
    pub(super) fn search_asks(&mut self, load: usize, client: usize) {
        let of = &self.loads[load];
        let Some((finder, conn)) = of.setup.finds.as_ref().zip(of.conn(client)) else {
            return;
        };
        let bytes = match of.search(client).stage {
            Stage::Asks => {
                let name = finder.name.as_bytes();
                request::command(&[b"SENTINEL", b"get-master-addr-by-name", name])
            }
            _ => request::command(&[b"ROLE"]),
        };
        self.send(conn, true, bytes, self.now_us);
    }

    /// The answer to that, as far as it has come.
    pub(super) fn search_hears(&mut self, load: usize, client: usize, bytes: &[u8]) {
        match parse_value(bytes) {
            Ok(None) => self.loads[load].keep_partial(client, bytes),
            Ok(Some((answer, _))) => self.search_goes_on(load, client, &answer),
            Err(_) => self.search_goes_on(load, client, &Value::Null),
        }
    }

    fn search_goes_on(&mut self, load: usize, client: usize, answer: &Value) {
        let items = answer.as_items().unwrap_or_default();
        let text = |item: &Value| String::from_utf8_lossy(item.as_bytes().unwrap_or(b"")).into();
        let first: String = items.first().map(text).unwrap_or_default();
        match self.loads[load].search(client).stage {
            Stage::Asks => {
                let Some(host) = self.host_named(&first) else {
                    return self.load_gives_up(load, client);
                };
                let search = self.loads[load].search_mut(client);
                (search.stage, search.in_vain) = (Stage::Checks(host), 0);
                self.load_hangs_up(load, client);
                self.load_turn_at(load, client, self.now_us);
            }
            Stage::Checks(host) if first == "master" => {
                self.loads[load].found(client, host);
                self.load_works(load, client);
            }
            Stage::Checks(_) | Stage::Works(_) => self.load_gives_up(load, client),
        }
    }

    /// A simulated client leaves a connection by itself, and tries again as if it had been lost.
    pub(super) fn load_gives_up(&mut self, load: usize, client: usize) {
        self.load_hangs_up(load, client);
        self.load_lost(load, client);
    }

    fn load_hangs_up(&mut self, load: usize, client: usize) {
        if let Some(conn) = self.loads[load].leave(client) {
            self.close(conn, true, self.now_us);
        }
    }

    /// The connection is gone, whatever it was for; how long the client waits before it goes on, µs.
    pub(super) fn search_lost(&mut self, load: usize, client: usize) -> i64 {
        let of = &mut self.loads[load];
        let Some(count) = of.setup.finds.as_ref().map(|f| f.sentinels.len()) else {
            return RECONNECT_US;
        };
        let search = of.search_mut(client);
        if search.stage != Stage::Asks {
            search.again();
            return RECONNECT_US;
        }
        search.next(count);
        match search.in_vain % count.max(1) {
            0 => RECONNECT_US,
            _ => 0,
        }
    }

    /// Nothing may have been heard for too long.
    pub(super) fn load_deadline(&mut self, load: usize, client: usize) {
        let of = &mut self.loads[load];
        let Some(due_us) = of.deadline_us(client) else {
            return of.watch_ends(client);
        };
        if due_us > self.now_us {
            self.events
                .add(due_us, Event::LoadDeadline { load, client });
            return;
        }
        of.watch_ends(client);
        of.report.timeouts += 1;
        self.load_gives_up(load, client);
    }

    /// Looks after a client that begins to wait.
    pub(super) fn load_waits(&mut self, load: usize, client: usize) {
        if let Some(due_us) = self.loads[load].watch(client) {
            self.events
                .add(due_us, Event::LoadDeadline { load, client });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SECOND, START_US, ask, run};
    use super::super::{Act, LoadSetup, Setup};
    use super::*;

    fn servers(count: usize) -> World {
        let mut world = World::new(5, START_US);
        for number in 1..=count {
            let setup = Setup::named(&format!("n{number}"));
            world.act(Act::Add(setup)).unwrap();
        }
        run(&mut world, SECOND);
        world
    }

    #[test]
    fn sentinels_are_asked_in_turn() {
        let mut search = Search::default();
        let mut order = Vec::new();
        for _ in 0..4 {
            order.push(search.asked);
            search.next(3);
        }
        assert_eq!(order, [0, 1, 2, 0]);
    }

    #[test]
    fn who_finds_nobody_asks_again_after_a_pause() {
        let mut world = servers(3);
        let mut setup = LoadSetup::new("app", 0);
        setup.clients = 1;
        setup.finds = Some(Finder {
            name: "mymaster".into(),
            sentinels: vec![0, 1, 2],
        });
        world.act(Act::Load(setup)).unwrap();
        run(&mut world, 10 * SECOND);
        let asked: u64 = (0..3)
            .map(|id| world.node_mut(id).unwrap().server().stats.connections)
            .sum();
        // Three of them twice a second.
        assert!((50..=66).contains(&asked), "{asked}");
        assert_eq!(world.loads()[0].report.sent, 0);
        assert!(world.loads()[0].at().is_empty());
    }

    #[test]
    fn who_waits_too_long_connects_again() {
        let mut world = servers(1);
        let mut setup = LoadSetup::new("app", 0);
        setup.clients = 4;
        setup.timeout_us = SECOND;
        world.act(Act::Load(setup)).unwrap();
        run(&mut world, 2 * SECOND);
        assert_eq!(world.loads()[0].report.timeouts, 0);
        assert_eq!(world.loads()[0].at()[&0], 4);
        world.act(Act::Pause(0)).unwrap();
        run(&mut world, 5 * SECOND);
        let report = world.loads()[0].report.clone();
        // A second of waiting and half a second of pause, each of them.
        assert!((8..=16).contains(&report.timeouts), "{}", report.timeouts);
        world.act(Act::Resume(0)).unwrap();
        run(&mut world, 5 * SECOND);
        let after = &world.loads()[0].report;
        assert!(after.answered > report.answered + 300);
        assert!(after.sent - after.answered - after.unanswered <= 10);
        assert_eq!(after.switches, 0);
    }

    #[test]
    fn nobody_sends_more_than_sockets_hold() {
        let mut world = servers(1);
        let mut setup = LoadSetup::new("app", 0);
        (setup.rate_per_s, setup.value_bytes) = (2000, 50_000);
        world.act(Act::Load(setup)).unwrap();
        run(&mut world, SECOND);
        world.act(Act::Pause(0)).unwrap();
        run(&mut world, 10 * SECOND);
        let report = &world.loads()[0].report;
        let waits = report.sent - report.answered;
        assert!((200..=340).contains(&waits), "{waits}");
        world.act(Act::Resume(0)).unwrap();
        run(&mut world, SECOND);
        let after = &world.loads()[0].report;
        assert!(after.answered > after.sent - 340 && after.answered > 2000);
    }

    #[test]
    fn a_wrong_port_is_refused() {
        let mut world = servers(2);
        let line = "REPLICAOF n1 9999";
        assert_eq!(ask(&mut world, 1, line), "+OK\r\n");
        run(&mut world, 10 * SECOND);
        let info = ask(&mut world, 1, "INFO replication");
        assert!(info.contains("master_link_status:down"), "{info}");
        assert_eq!(ask(&mut world, 1, "REPLICAOF n1 6379"), "+OK\r\n");
        run(&mut world, 20 * SECOND);
        let info = ask(&mut world, 1, "INFO replication");
        assert!(info.contains("master_link_status:up"), "{info}");
    }

    #[test]
    fn a_low_rate_stays_the_same_after_lost_connections() {
        let mut world = servers(1);
        let mut setup = LoadSetup::new("app", 0);
        (setup.clients, setup.rate_per_s) = (10, 10);
        world.act(Act::Load(setup)).unwrap();
        for _ in 0..10 {
            world.act(Act::Kill(0)).unwrap();
            run(&mut world, SECOND / 10);
            world.act(Act::Start(0)).unwrap();
            run(&mut world, SECOND);
        }
        let before = world.loads()[0].report.sent;
        run(&mut world, 100 * SECOND);
        let sent = world.loads()[0].report.sent - before;
        assert!((850..1150).contains(&sent), "{sent}");
    }
}
