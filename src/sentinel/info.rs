//! INFO of a server, read: what it is, whom it follows, who follows it; and what follows from that.
use super::failover::Stage;
use super::instance::{Kind, Reconf};
use super::{Level, Place, Sentinel};
use crate::base::time::Millis;

/// What of a server's INFO matters here.
#[derive(Default)]
struct Facts<'a> {
    run_id: &'a str,
    role: Option<Kind>,
    /// Hosts and ports of its replicas.
    replicas: Vec<(&'a str, u16)>,
    link_down_ms: Millis,
    upstream: Option<(&'a str, u16)>,
    link_up: Option<bool>,
    priority: Option<i64>,
    offset: Option<u64>,
    announced: Option<bool>,
}

/// The line of a replica in its primary's INFO: `ip=…,port=…,…`.
fn replica_of(line: &str) -> Option<(&str, u16)> {
    let field = |name: &str| {
        let mut fields = line.split(',');
        fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    };
    Some((field("ip")?, field("port")?.parse().ok()?))
}

impl<'a> Facts<'a> {
    fn read(info: &'a str) -> Facts<'a> {
        let mut facts = Facts::default();
        let (mut host, mut port) = ("", 0);
        for line in info.lines() {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            match name {
                "run_id" if value.len() == 40 => facts.run_id = value,
                "role" => {
                    facts.role = Some(match value {
                        "master" => Kind::Primary,
                        _ => Kind::Replica,
                    });
                }
                "master_link_down_since_seconds" => {
                    let seconds: Millis = value.parse().unwrap_or(0);
                    facts.link_down_ms = seconds.saturating_mul(1000);
                }
                "master_host" => host = value,
                "master_port" => port = value.parse().unwrap_or(0),
                "master_link_status" => facts.link_up = Some(value == "up"),
                "slave_priority" => facts.priority = value.parse().ok(),
                "slave_repl_offset" => facts.offset = value.parse().ok(),
                "replica_announced" => facts.announced = value.parse::<i64>().ok().map(|n| n != 0),
                _ => {
                    let number = name.strip_prefix("slave");
                    if number.is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit())) {
                        facts.replicas.extend(replica_of(value));
                    }
                }
            }
        }
        facts.upstream = (!host.is_empty()).then_some((host, port));
        facts
    }
}

impl Sentinel {
    /// The answer to INFO has come. O(bytes + replicas²), as replicas are compared with those that are known.
    pub(super) fn informed(&mut self, place: Place, info: Vec<u8>) {
        let now_ms = self.now_ms;
        let text = String::from_utf8_lossy(&info).into_owned();
        let facts = Facts::read(&text);
        self.at_mut(place).info = info;
        self.identify(place, facts.run_id);
        if facts.role == Some(Kind::Primary) && self.at(place).kind == Kind::Primary {
            self.meet_replicas(place.group, &facts.replicas);
        }
        let instance = self.at_mut(place);
        instance.replica.link_down_ms = facts.link_down_ms.max(0);
        let role = facts.role.unwrap_or(instance.role);
        if role == Kind::Replica {
            let upstream = facts.upstream.map(|(host, port)| (host.to_string(), port));
            let replica = &mut instance.replica;
            if upstream.is_some() && replica.upstream != upstream {
                replica.upstream = upstream;
                replica.changed_ms = now_ms;
            }
            replica.link_up = facts.link_up.unwrap_or(replica.link_up);
            replica.priority = facts.priority.unwrap_or(replica.priority);
            replica.offset = facts.offset.unwrap_or(replica.offset);
            replica.announced = facts.announced.unwrap_or(replica.announced);
        }
        instance.info_ms = now_ms;
        if role != instance.role {
            self.role_changed(place, role);
        }
        if self.is_tilted() || self.at(place).kind != Kind::Replica {
            return;
        }
        match role {
            Kind::Primary => self.replica_is_primary(place),
            _ => self.replica_follows(place),
        }
    }

    /// The process behind an address, which may be another one than before.
    fn identify(&mut self, place: Place, run_id: &str) {
        let now_ms = self.now_ms;
        let instance = self.at_mut(place);
        if run_id.is_empty() || instance.run_id == run_id {
            return;
        }
        let again = !instance.run_id.is_empty();
        instance.run_id = run_id.into();
        if !again {
            return;
        }
        if instance.kind == Kind::Primary {
            instance.rebooted_ms = Some(now_ms);
        }
        self.event(Level::Notice, "+reboot", place, "");
    }

    /// A primary names its replicas.
    fn meet_replicas(&mut self, group: usize, replicas: &[(&str, u16)]) {
        for (host, port) in replicas {
            let Some(addr) = self.address(host, *port) else {
                continue;
            };
            if self.add_replica(group, addr) {
                self.changed();
                let at = self.groups[group].replicas.len() - 1;
                self.event(Level::Notice, "+slave", Place::replica(group, at), "");
            }
        }
    }

    fn role_changed(&mut self, place: Place, role: Kind) {
        let now_ms = self.now_ms;
        let instance = self.at_mut(place);
        instance.role = role;
        instance.role_ms = now_ms;
        if role == Kind::Replica {
            instance.replica.changed_ms = now_ms;
        }
        let name = match role == instance.kind {
            true => "+role-change",
            false => "-role-change",
        };
        let text = ["new reported role is ", role.word()].concat();
        self.event(Level::Verbose, name, place, &text);
    }

    /// Whether the primary does what a primary does.
    fn primary_is_sane(&self, group: usize) -> bool {
        let primary = &self.groups[group].primary;
        primary.role == Kind::Primary
            && !primary.sdown
            && !primary.odown
            && self.now_ms - primary.info_ms < 2 * self.periods.info
    }

    /// A replica says that it is a primary: because it was promoted, or since nobody has told it anything since it came back.
    fn replica_is_primary(&mut self, place: Place) {
        let now_ms = self.now_ms;
        let g = &self.groups[place.group];
        let replica = g.part(place.part);
        if replica.replica.promoted && g.failover.stage == Stage::WaitPromotion {
            return self.promoted(place);
        }
        let wait_ms = 4 * self.periods.publish;
        let long = now_ms - replica.role_ms > wait_ms && !replica.was_down_for(wait_ms, now_ms);
        if replica.replica.promoted || !long || !self.primary_is_sane(place.group) {
            return;
        }
        let to = g.primary.addr.clone();
        if self.send_replicaof(place, Some(&to)) {
            self.event(Level::Notice, "+convert-to-slave", place, "");
        }
    }

    /// A replica says whom it follows.
    fn replica_follows(&mut self, place: Place) {
        let now_ms = self.now_ms;
        let g = &self.groups[place.group];
        let replica = g.part(place.part);
        let Some((host, port)) = replica.replica.upstream.clone() else {
            return;
        };
        let wait_ms = g.options.failover_timeout_ms;
        let long =
            now_ms - replica.replica.changed_ms > wait_ms && !replica.was_down_for(wait_ms, now_ms);
        if long && !self.is_at(&g.primary.addr, &host, port) && self.primary_is_sane(place.group) {
            let to = g.primary.addr.clone();
            if self.send_replicaof(place, Some(&to)) {
                self.event(Level::Notice, "+fix-slave-config", place, "");
            }
        }
        self.reconfigured(place, &host, port);
    }

    /// How far a replica has come that was told to follow the new primary.
    fn reconfigured(&mut self, place: Place, host: &str, port: u16) {
        let g = &self.groups[place.group];
        let to = g.promoted().map(|at| g.replicas[at].addr.clone());
        if self.at(place).replica.reconf == Reconf::Sent
            && to.is_some_and(|to| self.is_at(&to, host, port))
        {
            self.at_mut(place).replica.reconf = Reconf::InProgress;
            self.event(Level::Notice, "+slave-reconf-inprog", place, "");
        }
        let replica = &self.at(place).replica;
        if replica.reconf == Reconf::InProgress && replica.link_up {
            self.at_mut(place).replica.reconf = Reconf::Done;
            self.event(Level::Notice, "+slave-reconf-done", place, "");
        }
    }
}
