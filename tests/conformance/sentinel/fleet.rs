//! A primary, its replicas and the sentinels that watch them; what they must come to, with the patience that they need for it.
use super::process::{Make, Part, Process};
use crate::reply::Reply;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What the sentinels call it.
pub const NAME: &str = "main";

/// How long the servers may take to come to anything.
const PATIENCE: Duration = Duration::from_secs(40);

/// Sentinels do everything sooner than usual; but a machine that has much to do is not taken for one whose clock jumps.
const TIMES: &str = "SENTINEL DEBUG INFO-PERIOD 1000 PUBLISH-PERIOD 300 PING-PERIOD 250 ASK-PERIOD 250 TILT-TRIGGER 60000";

const NODE: &str = "save \"\"\nenable-debug-command yes\nrepl-diskless-sync-delay 0";

/// Of what a fleet is made.
#[derive(Clone, Default)]
pub struct Plan {
    /// The primary first, each with lines for its configuration file.
    pub nodes: Vec<(Make, String)>,
    pub sentinels: Vec<Make>,
    /// More lines for the sentinels' files.
    pub sentinel_lines: String,
    /// The users that the scene comes in as, at nodes and at sentinels.
    pub logins: [Option<(&'static str, &'static str)>; 2],
    pub parallel_syncs: u32,
    /// A replica that announces another address than the one that it is seen with.
    pub announced: Option<(usize, &'static str)>,
    /// Replicas that sentinels keep to themselves.
    pub secret: usize,
}

impl Plan {
    /// So many nodes and sentinels of these makes.
    pub fn of(nodes: &[Make], sentinels: &[Make]) -> Plan {
        Plan {
            nodes: nodes.iter().map(|make| (*make, String::new())).collect(),
            sentinels: sentinels.to_vec(),
            parallel_syncs: 1,
            ..Plan::default()
        }
    }
}

/// See the head of this file.
pub struct Fleet {
    pub nodes: Vec<Process>,
    pub sentinels: Vec<Process>,
    folder: PathBuf,
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.nodes
            .iter_mut()
            .chain(&mut self.sentinels)
            .for_each(Process::kill);
        // What is left lies in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What is missing for something to be so.
pub type Missing = Result<(), String>;

/// Says what is missing, unless it is there.
pub fn need(there: bool, what: impl FnOnce() -> String) -> Missing {
    if there { Ok(()) } else { Err(what()) }
}

impl Fleet {
    /// Starts all of them and waits until they know each other.
    pub fn start(plan: &Plan) -> Result<Fleet, String> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("redlab-sentinel-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let mut fleet = Fleet {
            nodes: Vec::new(),
            sentinels: Vec::new(),
            folder: folder.clone(),
        };
        for (number, (make, lines)) in plan.nodes.iter().enumerate() {
            fleet.add_node(&folder, number, *make, lines, plan)?;
        }
        for (number, make) in plan.sentinels.iter().enumerate() {
            let name = format!("s{}", number + 1);
            let lines = fleet.sentinel_lines(plan);
            let mut sentinel = Process::new(&folder, &name, (*make, Part::Sentinel), &lines)?;
            sentinel.login = plan.logins[1];
            sentinel.start()?;
            fleet.sentinels.push(sentinel);
            fleet.hurry(number)?;
        }
        fleet.settle("all know each other", |fleet| fleet.acquainted(plan.secret))?;
        Ok(fleet)
    }

    fn add_node(
        &mut self,
        folder: &Path,
        number: usize,
        make: Make,
        lines: &str,
        plan: &Plan,
    ) -> Result<(), String> {
        let follows = match self.nodes.first() {
            Some(primary) => format!("replicaof {}", primary.address()),
            None => String::new(),
        };
        let lines = format!("{NODE}\n{follows}\n{lines}");
        let name = format!("n{}", number + 1);
        let mut node = Process::new(folder, &name, (make, Part::Node), &lines)?;
        node.login = plan.logins[0];
        if let Some((_, ip)) = plan.announced.filter(|(which, _)| *which == number) {
            node.ip = ip;
        }
        node.start()?;
        self.nodes.push(node);
        Ok(())
    }

    fn sentinel_lines(&self, plan: &Plan) -> String {
        let quorum = plan.sentinels.len() / 2 + 1;
        let (address, syncs) = (self.nodes[0].address(), plan.parallel_syncs);
        format!(
            "sentinel monitor {NAME} {address} {quorum}\nsentinel down-after-milliseconds {NAME} 1000\n\
             sentinel failover-timeout {NAME} 4000\nsentinel parallel-syncs {NAME} {syncs}\n{}",
            plan.sentinel_lines
        )
    }

    /// Lets a sentinel that was started just now do things sooner.
    pub fn hurry(&self, sentinel: usize) -> Missing {
        let reply = self.sentinels[sentinel].ask(TIMES);
        need(reply.lossy() == "OK", || {
            format!("SENTINEL DEBUG: {}", reply.notation())
        })
    }

    /// Ends a sentinel, and lets one of this make go on in its place; it says that it is the same.
    pub fn replace_sentinel(&mut self, number: usize, make: Make) -> Missing {
        let sentinel = &mut self.sentinels[number];
        let id = |sentinel: &Process| sentinel.ask("SENTINEL MYID").lossy();
        let before = id(sentinel);
        sentinel.kill();
        sentinel.make = make;
        sentinel.start()?;
        let now = id(sentinel);
        need(now == before, || {
            format!("{} is {now} and was {before}", sentinel.name)
        })?;
        self.hurry(number)
    }

    /// Waits until nothing is missing.
    pub fn settle(&self, what: &str, missing: impl Fn(&Fleet) -> Missing) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while let Err(why) = missing(self) {
            if Instant::now() > deadline {
                return Err(format!("not yet so: {what}: {why}\n{}", self.logs()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// The ends of all logs, for whoever looks for what went wrong.
    pub fn logs(&self) -> String {
        let end = |process: &Process| {
            let log = process.log();
            let lines: Vec<_> = log.lines().filter(|line| !line.is_empty()).collect();
            let last = &lines[lines.len().saturating_sub(25)..];
            format!(
                "--- {}, port {}\n{}\n",
                process.name,
                process.port,
                last.join("\n")
            )
        };
        self.nodes.iter().chain(&self.sentinels).map(end).collect()
    }

    /// The nodes that run.
    pub fn running(&self) -> impl Iterator<Item = &Process> {
        self.nodes.iter().filter(|node| node.runs())
    }

    /// What a sentinel says about an instance of a kind, by its name: replies of SENTINEL REPLICAS and SENTINELS.
    pub fn listed(&self, sentinel: &Process, kind: &str) -> Vec<Reply> {
        let reply = sentinel.ask(&format!("SENTINEL {kind} {NAME}"));
        reply.items().into_iter().cloned().collect()
    }

    /// Every sentinel knows all the others and every replica, and finds nothing wrong with any of them.
    pub fn acquainted(&self, secret: usize) -> Missing {
        for sentinel in &self.sentinels {
            let me = &sentinel.name;
            for (kind, flags, count) in [
                ("SENTINELS", "sentinel", self.sentinels.len() - 1),
                ("REPLICAS", "slave", self.running().count() - 1 - secret),
            ] {
                let all = self.listed(sentinel, kind);
                let good = all
                    .iter()
                    .filter(|one| field(one, "flags") == flags)
                    .count();
                need(good == count && all.len() == count, || {
                    format!("{me} sees {good} of {count} as {flags}")
                })?;
            }
            for replica in self.listed(sentinel, "REPLICAS") {
                need(field(&replica, "master-link-status") == "ok", || {
                    format!("{me}: the link of {}", field(&replica, "name"))
                })?;
            }
        }
        Ok(())
    }

    /// All sentinels name this node as the primary; it thinks so as well, and all others that run follow it.
    pub fn led_by(&self, leader: usize) -> Missing {
        let primary = &self.nodes[leader];
        for sentinel in self.sentinels.iter().filter(|s| s.runs()) {
            let named = self.named(sentinel);
            need(named == primary.address(), || {
                format!("{} names {named}", sentinel.name)
            })?;
        }
        let role = primary.info("role");
        need(role == "master", || format!("{} is {role}", primary.name))?;
        for (number, node) in self.nodes.iter().enumerate() {
            if number == leader || !node.runs() {
                continue;
            }
            let role = node.ask("ROLE");
            let words: Vec<_> = role.items().iter().map(|word| word.lossy()).collect();
            let expected = format!("slave {} connected", primary.address());
            need(words.join(" ").starts_with(&expected), || {
                format!("{} is {words:?}, not {expected}", node.name)
            })?;
        }
        Ok(())
    }

    /// The address that a sentinel gives to clients.
    pub fn named(&self, sentinel: &Process) -> String {
        let named = sentinel.ask(&format!("SENTINEL GET-MASTER-ADDR-BY-NAME {NAME}"));
        let words: Vec<_> = named.items().iter().map(|word| word.lossy()).collect();
        words.join(" ")
    }

    /// The node that all sentinels name, once they name the same one and it is none of `not`.
    pub fn successor(&self, not: &[usize]) -> Result<usize, String> {
        let place = |fleet: &Fleet| {
            let named: Vec<_> = fleet.sentinels.iter().map(|s| fleet.named(s)).collect();
            let first = fleet
                .nodes
                .iter()
                .position(|node| node.address() == named[0]);
            let agreed = first.filter(|_| named.iter().all(|one| *one == named[0]));
            agreed
                .filter(|number| !not.contains(number))
                .ok_or_else(|| format!("{named:?}"))
        };
        self.settle("a new primary", |fleet| place(fleet).map(drop))?;
        place(self)
    }

    /// All nodes that run have the same data.
    pub fn same_data(&self) -> Missing {
        let digests: Vec<_> = self
            .running()
            .map(|node| node.ask("DEBUG DIGEST").lossy())
            .collect();
        need(digests.iter().all(|one| *one == digests[0]), || {
            format!("{digests:?}")
        })
    }

    /// What the nodes' files say is what they are: a server that starts again from them would be what it is now.
    pub fn files_say(&self, leader: usize) -> Missing {
        let expected = format!("replicaof {}", self.nodes[leader].address());
        for (number, node) in self
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.runs())
        {
            let config = node.config();
            let line = config.lines().find(|line| line.starts_with("replicaof"));
            let expected = (number != leader).then_some(expected.as_str());
            need(line == expected, || {
                format!("{}: {line:?} in the file", node.name)
            })?;
        }
        Ok(())
    }

    /// A write on this node, as one client after another would do it.
    pub fn write(&self, node: usize, key: &str) -> Missing {
        let reply = self.nodes[node].ask(&format!("SET {key} {key}"));
        need(reply.lossy() == "OK", || {
            format!("SET {key}: {}", reply.notation())
        })
    }
}

/// A field of what a sentinel says about an instance.
pub fn field(instance: &Reply, name: &str) -> String {
    instance.field(name).map(Reply::lossy).unwrap_or_default()
}
