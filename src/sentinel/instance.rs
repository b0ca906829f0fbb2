//! What is known of a server: a primary, its replicas, and the Sentinels that watch it too.
use super::failover::Failover;
use super::link::{Link, LinkId};
use super::{Address, Sentinel};
use crate::base::time::Millis;

/// What a server is to its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Primary,
    Replica,
    Sentinel,
}

impl Kind {
    /// The word of events and flags.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Primary => "master",
            Kind::Replica => "slave",
            Kind::Sentinel => "sentinel",
        }
    }
}

/// How far a replica is with following the new primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reconf {
    #[default]
    None,
    /// It was told to.
    Sent,
    /// It says that it does, and has no link to it yet.
    InProgress,
    Done,
}

/// What a replica says of itself.
#[derive(Clone, Debug)]
pub struct ReplicaState {
    /// Whom it follows, and whether its link stands.
    pub upstream: Option<(String, u16)>,
    pub link_up: bool,
    /// How long it has been down, ms.
    pub link_down_ms: Millis,
    /// When what it follows changed.
    pub changed_ms: Millis,
    pub priority: i64,
    pub offset: u64,
    /// Whether others are told of it.
    pub announced: bool,
    pub reconf: Reconf,
    pub reconf_ms: Millis,
    /// It is to be the primary.
    pub promoted: bool,
}

/// What another Sentinel says.
#[derive(Clone, Debug, Default)]
pub struct PeerState {
    /// That the primary is down, and when it last answered.
    pub says_down: bool,
    pub said_ms: Millis,
    /// Whom it voted for, and in which epoch.
    pub leader: Option<String>,
    pub leader_epoch: u64,
    /// When its last hello came.
    pub hello_ms: Millis,
}

/// A server.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Never used again.
    pub id: u32,
    pub kind: Kind,
    /// What it is called in events.
    pub name: String,
    pub addr: Address,
    /// Empty: not known yet.
    pub run_id: String,
    pub link: LinkId,
    /// Subjectively and objectively down; since when, the last time that it was.
    pub sdown: bool,
    pub odown: bool,
    pub sdown_ms: Millis,
    pub odown_ms: Millis,
    /// When it was told of this Sentinel.
    pub published_ms: Millis,
    /// Its last INFO, and when it came; 0: never.
    pub info: Vec<u8>,
    pub info_ms: Millis,
    /// What it says that it is, and since when.
    pub role: Kind,
    pub role_ms: Millis,
    /// It is another process than before, since then.
    pub rebooted_ms: Option<Millis>,
    pub replica: ReplicaState,
    pub peer: PeerState,
}

impl Instance {
    /// When it was last down in any way; `None`: never, or not for `ms` by now.
    pub fn was_down_for(&self, ms: Millis, now_ms: Millis) -> bool {
        let last = self.sdown_ms.max(self.odown_ms);
        last != 0 && now_ms - last <= ms
    }
}

/// What can be set of a group, in the units of `sentinel.conf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub quorum: u32,
    pub down_after_ms: Millis,
    pub failover_timeout_ms: Millis,
    pub parallel_syncs: i64,
    pub auth_user: String,
    pub auth_pass: String,
    /// Their names; they are told, and never run.
    pub notification_script: String,
    pub reconfig_script: String,
    /// Commands that have other names there.
    pub renames: Vec<(String, String)>,
    /// How long a primary that was started anew may take; 0: it does not count as down.
    pub reboot_down_after_ms: Millis,
}

impl Options {
    /// The defaults.
    pub fn with_quorum(quorum: u32) -> Options {
        Options {
            quorum,
            down_after_ms: 30_000,
            failover_timeout_ms: 180_000,
            parallel_syncs: 1,
            auth_user: String::new(),
            auth_pass: String::new(),
            notification_script: String::new(),
            reconfig_script: String::new(),
            renames: Vec::new(),
            reboot_down_after_ms: 0,
        }
    }
}

/// A primary by a name, with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Group {
    pub name: String,
    pub options: Options,
    pub primary: Instance,
    pub replicas: Vec<Instance>,
    pub sentinels: Vec<Instance>,
    /// The epoch of the failover that made this the primary.
    pub config_epoch: u64,
    /// Whom this Sentinel voted for, and in which epoch.
    pub leader: Option<String>,
    pub leader_epoch: u64,
    pub failover: Failover,
}

/// Which of a group's servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Primary,
    Replica(usize),
    Sentinel(usize),
}

/// Where a server stands in the lists; holds as long as nothing is taken out of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub group: usize,
    pub part: Part,
}

impl Place {
    pub fn primary(group: usize) -> Place {
        let part = Part::Primary;
        Place { group, part }
    }

    pub fn replica(group: usize, at: usize) -> Place {
        let part = Part::Replica(at);
        Place { group, part }
    }

    pub fn sentinel(group: usize, at: usize) -> Place {
        let part = Part::Sentinel(at);
        Place { group, part }
    }
}

impl Group {
    /// All servers, in the order in which they are looked after.
    pub fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let replicas = (0..self.replicas.len()).map(Part::Replica);
        let sentinels = (0..self.sentinels.len()).map(Part::Sentinel);
        std::iter::once(Part::Primary)
            .chain(replicas)
            .chain(sentinels)
    }

    pub fn part(&self, part: Part) -> &Instance {
        match part {
            Part::Primary => &self.primary,
            Part::Replica(at) => &self.replicas[at],
            Part::Sentinel(at) => &self.sentinels[at],
        }
    }

    /// The replica that is to be the primary.
    pub fn promoted(&self) -> Option<usize> {
        self.replicas.iter().position(|r| r.replica.promoted)
    }
}

impl Sentinel {
    /// A server that nothing is known of yet, with a link of its own. Its silence counts from now on.
    pub(super) fn new_instance(&mut self, kind: Kind, name: String, addr: Address) -> Instance {
        let now_ms = self.now_ms;
        let id = self.next_id();
        let link = self.add_link(Link::new(now_ms));
        Instance {
            id,
            kind,
            name,
            addr,
            run_id: String::new(),
            link,
            sdown: false,
            odown: false,
            sdown_ms: 0,
            odown_ms: 0,
            published_ms: now_ms,
            info: Vec::new(),
            info_ms: 0,
            role: kind,
            role_ms: now_ms,
            rebooted_ms: None,
            replica: ReplicaState {
                upstream: None,
                link_up: false,
                link_down_ms: 0,
                changed_ms: now_ms,
                priority: 100,
                offset: 0,
                announced: true,
                reconf: Reconf::None,
                reconf_ms: 0,
                promoted: false,
            },
            peer: PeerState {
                said_ms: now_ms,
                hello_ms: now_ms,
                ..PeerState::default()
            },
        }
    }

    /// A group whose primary is at this address.
    pub(super) fn new_group(&mut self, name: &str, addr: Address, quorum: u32) -> Group {
        Group {
            name: name.into(),
            options: self.default_options(quorum),
            primary: self.new_instance(Kind::Primary, name.into(), addr),
            replicas: Vec::new(),
            sentinels: Vec::new(),
            config_epoch: 0,
            leader: None,
            leader_epoch: 0,
            failover: Failover::default(),
        }
    }

    /// A replica of a group, unless it has it; whether it is new.
    pub(super) fn add_replica(&mut self, group: usize, addr: Address) -> bool {
        let known = &self.groups[group].replicas;
        if known.iter().any(|replica| replica.addr.is(&addr)) || known.len() >= MANY {
            return false;
        }
        let name = format!("{}:{}", addr.host, addr.port);
        let replica = self.new_instance(Kind::Replica, name, addr);
        self.groups[group].replicas.push(replica);
        true
    }

    /// The group of this name. O(groups).
    pub fn group_named(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.name == name)
    }

    pub fn at(&self, place: Place) -> &Instance {
        self.groups[place.group].part(place.part)
    }

    pub(super) fn at_mut(&mut self, place: Place) -> &mut Instance {
        let group = &mut self.groups[place.group];
        match place.part {
            Part::Primary => &mut group.primary,
            Part::Replica(at) => &mut group.replicas[at],
            Part::Sentinel(at) => &mut group.sentinels[at],
        }
    }

    /// Where a server stands now, by its number. O(servers).
    pub(super) fn find(&self, id: u32) -> Option<Place> {
        for (at, group) in self.groups.iter().enumerate() {
            let part = group.parts().find(|part| group.part(*part).id == id);
            if let Some(part) = part {
                return Some(Place { group: at, part });
            }
        }
        None
    }
}

/// Replicas, and Sentinels, of a group that are taken note of: what others say must not fill the memory.
pub(super) const MANY: usize = 1000;
