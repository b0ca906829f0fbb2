//! A server as SENTINEL MASTER, REPLICAS and SENTINELS show it, and whether a failover could happen.
use super::instance::{Group, Instance, Kind, Reconf};
use super::{Place, Sentinel, Stage};

/// Names and values, in the order shown.
type Fields = Vec<(&'static str, String)>;

/// Whether enough Sentinels can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usable {
    pub count: usize,
    pub quorum: bool,
    pub majority: bool,
}

impl Sentinel {
    /// All fields of a server.
    pub fn describe(&self, place: Place) -> Fields {
        let now_ms = self.now_ms;
        let group = &self.groups[place.group];
        let instance = group.part(place.part);
        let link = self.link(instance.link);
        let mut fields: Fields = vec![
            ("name", instance.name.clone()),
            ("ip", self.shown(&instance.addr).into()),
            ("port", instance.addr.port.to_string()),
            ("runid", instance.run_id.clone()),
            ("flags", self.flags(group, instance)),
            ("link-pending-commands", link.due.len().to_string()),
            ("link-refcount", link.users.to_string()),
        ];
        if instance.kind == Kind::Primary && group.failover.stage != Stage::None {
            fields.push(("failover-state", group.failover.stage.word().into()));
        }
        // Of a moment that never was nothing has passed.
        let since = |at_ms: i64| match at_ms {
            0 => "0".into(),
            at_ms => (now_ms - at_ms).to_string(),
        };
        fields.push(("last-ping-sent", since(link.unanswered_ms)));
        fields.push(("last-ok-ping-reply", since(link.good_ms)));
        fields.push(("last-ping-reply", since(link.pong_ms)));
        if instance.sdown {
            fields.push(("s-down-time", since(instance.sdown_ms)));
        }
        if instance.odown {
            fields.push(("o-down-time", since(instance.odown_ms)));
        }
        let down_after = group.options.down_after_ms.to_string();
        fields.push(("down-after-milliseconds", down_after));
        if instance.kind != Kind::Sentinel {
            fields.push(("info-refresh", since(instance.info_ms)));
            fields.push(("role-reported", instance.role.word().into()));
            fields.push(("role-reported-time", since(instance.role_ms)));
        }
        match instance.kind {
            Kind::Primary => self.describe_group(group, &mut fields),
            Kind::Replica => describe_replica(instance, &mut fields),
            Kind::Sentinel => {
                let peer = &instance.peer;
                let leader = peer.leader.as_deref().unwrap_or("?");
                fields.push(("last-hello-message", since(peer.hello_ms)));
                fields.push(("voted-leader", leader.into()));
                fields.push(("voted-leader-epoch", peer.leader_epoch.to_string()));
            }
        }
        fields
    }

    fn flags(&self, group: &Group, instance: &Instance) -> String {
        let primary = instance.kind == Kind::Primary;
        let failing = primary && group.failover.stage != Stage::None;
        let replica = &instance.replica;
        let flags = [
            (instance.sdown, "s_down"),
            (instance.odown, "o_down"),
            (true, instance.kind.word()),
            (self.link(instance.link).down, "disconnected"),
            (instance.peer.says_down, "master_down"),
            (failing, "failover_in_progress"),
            (replica.promoted, "promoted"),
            (replica.reconf == Reconf::Sent, "reconf_sent"),
            (replica.reconf == Reconf::InProgress, "reconf_inprog"),
            (replica.reconf == Reconf::Done, "reconf_done"),
            (failing && group.failover.forced, "force_failover"),
            (instance.rebooted_ms.is_some(), "master_reboot"),
        ];
        let set = flags.into_iter().filter(|(on, _)| *on);
        set.map(|(_, name)| name).collect::<Vec<_>>().join(",")
    }

    fn describe_group(&self, group: &Group, fields: &mut Fields) {
        let options = &group.options;
        fields.extend([
            ("config-epoch", group.config_epoch.to_string()),
            ("num-slaves", group.replicas.len().to_string()),
            ("num-other-sentinels", group.sentinels.len().to_string()),
            ("quorum", options.quorum.to_string()),
            ("failover-timeout", options.failover_timeout_ms.to_string()),
            ("parallel-syncs", options.parallel_syncs.to_string()),
        ]);
        let scripts = [
            ("notification-script", &options.notification_script),
            ("client-reconfig-script", &options.reconfig_script),
        ];
        let set = scripts.into_iter().filter(|(_, path)| !path.is_empty());
        fields.extend(set.map(|(name, path)| (name, path.clone())));
    }

    /// Who of a group's Sentinels, this one among them, could take part in a failover. O(Sentinels).
    pub fn usable(&self, group: usize) -> Usable {
        let g = &self.groups[group];
        let reached = g.sentinels.iter().filter(|s| !s.sdown && !s.odown);
        let count = 1 + reached.count();
        let voters = g.sentinels.len() + 1;
        Usable {
            count,
            quorum: count >= g.options.quorum as usize,
            majority: count > voters / 2,
        }
    }

    /// What INFO says of a group.
    pub fn status(&self, group: usize) -> &'static str {
        let primary = &self.groups[group].primary;
        match (primary.odown, primary.sdown) {
            (true, _) => "odown",
            (_, true) => "sdown",
            _ => "ok",
        }
    }
}

fn describe_replica(instance: &Instance, fields: &mut Fields) {
    let replica = &instance.replica;
    let (host, port) = replica.upstream.clone().unwrap_or(("?".into(), 0));
    fields.extend([
        ("master-link-down-time", replica.link_down_ms.to_string()),
        (
            "master-link-status",
            if replica.link_up { "ok" } else { "err" }.into(),
        ),
        ("master-host", host),
        ("master-port", port.to_string()),
        ("slave-priority", replica.priority.to_string()),
        ("slave-repl-offset", replica.offset.to_string()),
        (
            "replica-announced",
            i32::from(replica.announced).to_string(),
        ),
    ]);
}
