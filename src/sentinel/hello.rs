//! Hellos: what each Sentinel publishes every two seconds at the servers that it watches, and so finds the others by.
//!
//! ```text
//!   ip,port,run id,current epoch,  name,ip,port,configuration epoch of the primary
//! ```
//!
//! The one with the higher configuration epoch is right about where the primary is: so a failover spreads to all.
use super::instance::{Instance, Kind, MANY};
use super::link::Asked;
use super::wire::HELLO;
use super::{Address, Level, Place, Sentinel};

/// A hello, read.
struct Hello<'a> {
    host: &'a str,
    port: u16,
    run_id: &'a str,
    epoch: u64,
    name: &'a str,
    primary_host: &'a str,
    primary_port: u16,
    config_epoch: u64,
}

impl<'a> Hello<'a> {
    /// `None` if it is none.
    fn read(text: &'a str) -> Option<Hello<'a>> {
        let fields: Vec<&str> = text.split(',').collect();
        let [
            host,
            port,
            run_id,
            epoch,
            name,
            primary_host,
            primary_port,
            config_epoch,
        ] = fields[..]
        else {
            return None;
        };
        Some(Hello {
            host,
            port: port.parse().ok()?,
            run_id: Some(run_id).filter(|id| !id.is_empty() && id.len() <= 40)?,
            epoch: epoch.parse().ok()?,
            name,
            primary_host,
            primary_port: primary_port.parse().ok()?,
            config_epoch: config_epoch.parse().ok()?,
        })
    }
}

impl Sentinel {
    /// Publishes this Sentinel, and where it takes the primary to be, at a server.
    pub(super) fn send_hello(&mut self, place: Place) {
        let g = &self.groups[place.group];
        let link = self.link(self.at(place).link);
        let ip = match self.settings.announce_ip.as_str() {
            "" => link.own_ip.clone(),
            ip => ip.to_string(),
        };
        if ip.is_empty() {
            return; // the connection does not stand yet
        }
        let port = match self.settings.announce_port {
            0 => self.port,
            port => port,
        };
        let primary = self.current_address(place.group);
        let text = format!(
            "{ip},{port},{},{},{},{},{},{}",
            self.id,
            self.current_epoch,
            g.name,
            self.shown(&primary),
            primary.port,
            g.config_epoch
        );
        let publish = self.name_of(place, "PUBLISH");
        self.ask(place, Asked::Publish, &[&publish, HELLO, &text]);
    }

    /// Lets the next tick tell all servers of a group at once.
    pub(super) fn hurry_hellos(&mut self, group: usize) {
        let before_ms = self.now_ms - self.periods.publish - 1;
        for part in self.groups[group].parts() {
            let instance = self.at_mut(Place { group, part });
            instance.published_ms = instance.published_ms.min(before_ms);
        }
    }

    /// A hello has come, over a server or to this one itself.
    pub fn hello(&mut self, text: &str) {
        let Some(hello) = Hello::read(text) else {
            return;
        };
        let Some(group) = self.group_named(hello.name) else {
            return;
        };
        let Some(addr) = self.address(hello.host, hello.port) else {
            return;
        };
        let Some(at) = self.meet(group, hello.run_id, addr) else {
            return;
        };
        if hello.epoch > self.current_epoch {
            self.enter_epoch(hello.epoch, Some(group));
        }
        self.learn(group, at, &hello);
        let now_ms = self.now_ms;
        if let Some(sentinel) = self.groups[group].sentinels.get_mut(at) {
            sentinel.peer.hello_ms = now_ms;
        }
    }

    /// Takes over where the primary is from who knows a newer configuration.
    fn learn(&mut self, group: usize, from: usize, hello: &Hello<'_>) {
        if self.groups[group].config_epoch >= hello.config_epoch {
            return;
        }
        let Some(to) = self.address(hello.primary_host, hello.primary_port) else {
            return;
        };
        self.groups[group].config_epoch = hello.config_epoch;
        self.changed();
        if self.groups[group].primary.addr.is(&to) {
            return;
        }
        let place = Place::sentinel(group, from);
        self.event(Level::Warning, "+config-update-from", place, "");
        self.tell_switch(group, &to);
        self.tell_reconfig(group, "observer", "start", &to);
        self.switch_to(group, to);
    }

    /// Which of a group's Sentinels this is, who may be new or have another address than before; `None` if there are too many.
    fn meet(&mut self, group: usize, run_id: &str, addr: Address) -> Option<usize> {
        let sentinels = &self.groups[group].sentinels;
        let known = sentinels.iter().position(|s| s.run_id == run_id);
        if let Some(at) = known {
            if !sentinels[at].addr.is(&addr) {
                self.moved(group, at, addr);
            }
            return Some(at);
        }
        if sentinels.len() >= MANY {
            return None;
        }
        if let Some(at) = sentinels.iter().position(|s| s.addr.is(&addr)) {
            // Somebody else was there: it is not any more.
            self.event(
                Level::Notice,
                "+sentinel-invalid-addr",
                Place::sentinel(group, at),
                "",
            );
            self.groups[group].sentinels[at].addr.port = 0;
        }
        let at = self.add_sentinel(group, run_id, addr);
        self.changed();
        self.event(Level::Notice, "+sentinel", Place::sentinel(group, at), "");
        Some(at)
    }

    /// A Sentinel has another address than before: in all groups.
    fn moved(&mut self, group: usize, at: usize, addr: Address) {
        let run_id = self.groups[group].sentinels[at].run_id.clone();
        let text = format!("ip {} port {} for {run_id}", self.shown(&addr), addr.port);
        self.event(
            Level::Notice,
            "+sentinel-address-switch",
            Place::primary(group),
            &text,
        );
        let mut links = Vec::new();
        for sentinel in self.groups.iter_mut().flat_map(|g| &mut g.sentinels) {
            if sentinel.run_id == run_id {
                sentinel.addr = addr.clone();
                links.push(sentinel.link);
            }
        }
        for link in links {
            self.hang_up(link, false);
        }
        self.changed();
    }

    /// Adds a Sentinel, with the link that another group may have to it; where it stands.
    pub(super) fn add_sentinel(&mut self, group: usize, run_id: &str, addr: Address) -> usize {
        let is_it = |s: &&Instance| s.run_id == run_id && s.addr.is(&addr);
        let shared = self.groups.iter().flat_map(|g| &g.sentinels).find(is_it);
        let shared = shared.map(|s| s.link);
        let mut sentinel = self.new_instance(Kind::Sentinel, run_id.into(), addr);
        sentinel.run_id = run_id.into();
        if let Some(link) = shared {
            self.release_link(sentinel.link);
            sentinel.link = link;
            if let Some(link) = self.link_mut(link) {
                link.users += 1;
            }
        }
        self.groups[group].sentinels.push(sentinel);
        self.groups[group].sentinels.len() - 1
    }
}
