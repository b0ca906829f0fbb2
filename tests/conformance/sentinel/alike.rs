//! Two sentinels that watch the same servers are asked the same: their answers are alike but for times, offsets and ids.
use super::fleet::{Fleet, NAME, Plan, field};
use super::process::{Make, Process, Wire};
use crate::reply::Reply;
use std::collections::BTreeSet;

/// What is asked, in this order, since some of it changes what comes after. `PRIMARY`, `REPLICA` and `OTHER` stand for ports.
const LINES: &str = include_str!("lines.txt");

/// What nobody can have in common with anybody: moments, and how much is under way. Whether a connection to a server that is not
/// there is being tried just now is left out of the flags.
const OF_THE_MOMENT: [&str; 8] = [
    "last-ping-sent",
    "last-ok-ping-reply",
    "last-ping-reply",
    "info-refresh",
    "role-reported-time",
    "last-hello-message",
    "slave-repl-offset",
    "link-pending-commands",
];

/// Lines of INFO that only one of the programs has.
const OWN: [&str; 3] = ["valkey_version", "redlab_version", "gcc_version"];

/// In redlab a subcommand is there where its container is; a real sentinel leaves these out.
const MEANT: [&str; 2] = ["client|capa", "client|no-touch"];

/// Compares a sentinel of this make with a real one.
pub fn compare(plan: &Plan) -> Result<(), String> {
    let fleet = Fleet::start(plan)?;
    let [ours, theirs, third] = &fleet.sentinels[..] else {
        return Err("three sentinels are needed".into());
    };
    let third = third.ask("SENTINEL MYID").lossy();
    let mut sides = [
        Side::new(&fleet, ours, &third)?,
        Side::new(&fleet, theirs, &third)?,
    ];
    let mut found = Vec::new();
    for line in LINES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        compare_line(&mut sides, line, &mut found);
    }
    for name in sides[1].command_names() {
        compare_line(&mut sides, &format!("COMMAND INFO {name}"), &mut found);
    }
    match found.len() {
        0 => Ok(()),
        count => Err(format!("{count} differences\n{}", found.join("\n"))),
    }
}

fn compare_line(sides: &mut [Side; 2], line: &str, found: &mut Vec<String>) {
    let [ours, theirs] = sides.each_mut().map(|side| side.answer(line));
    if ours != theirs {
        found.push(format!("> {line}\n  redlab: {ours}\n  real:   {theirs}"));
    }
}

/// One of the two.
struct Side {
    wire: Wire,
    /// Words that stand for others.
    ports: [(&'static str, String); 3],
    /// The sentinel that both know.
    third: String,
}

impl Side {
    fn new(fleet: &Fleet, sentinel: &Process, third: &str) -> Result<Side, String> {
        let wire = sentinel.connect().ok_or("no connection to a sentinel")?;
        let port = |number: usize| fleet.nodes[number].port.to_string();
        let ports = [
            ("PRIMARY", port(0)),
            ("REPLICA", port(1)),
            ("OTHER", port(2)),
        ];
        Ok(Side {
            wire,
            ports,
            third: third.into(),
        })
    }

    fn answer(&mut self, line: &str) -> String {
        let mut asked = line.replace("NAME", NAME);
        for (word, port) in &self.ports {
            asked = asked.replace(word, port);
        }
        let Some(reply) = self.wire.ask(&asked) else {
            return "(no reply)".into();
        };
        let upper = line.to_uppercase();
        match upper.as_str() {
            "INFO" => field_names(&reply),
            "INFO SENTINEL" => summary(&reply),
            "HELLO 2" | "HELLO 3" => reply.field("mode").map(Reply::notation).unwrap_or_default(),
            _ if upper.starts_with("SENTINEL INFO-CACHE") => cached(&reply),
            _ if upper.starts_with("COMMAND") || upper == "ROLE" => {
                common(reply).sorted().notation()
            }
            _ => self.plain(reply).notation(),
        }
    }

    /// The reply without what is of the moment; instances in the order of their names, and of the sentinels the third.
    fn plain(&self, reply: Reply) -> Reply {
        if !matches!(reply, Reply::Array(_) | Reply::Map(_)) {
            return reply;
        }
        let mut items: Vec<Reply> = reply.items().into_iter().cloned().collect();
        if items.first().and_then(Reply::text) == Some(b"name") {
            for at in (0..items.len() - 1).step_by(2) {
                let name = items[at].lossy();
                if OF_THE_MOMENT.contains(&name.as_str()) {
                    items[at + 1] = Reply::Null;
                }
                if name == "flags" {
                    let flags = items[at + 1].lossy().replace(",disconnected", "");
                    items[at + 1] = Reply::Bulk(flags.into_bytes());
                }
            }
            return Reply::Array(items);
        }
        let is_other = |item: &Reply| {
            field(item, "flags").contains("sentinel") && field(item, "name") != self.third
        };
        items.retain(|item| !is_other(item));
        items.sort_by_key(|item| field(item, "name"));
        Reply::Array(items.into_iter().map(|item| self.plain(item)).collect())
    }

    fn command_names(&mut self) -> BTreeSet<String> {
        let names = self.wire.ask("COMMAND LIST").unwrap_or(Reply::Null);
        names.items().iter().map(|name| name.lossy()).collect()
    }
}

/// What COMMAND says, without commands that only one of them has.
fn common(reply: Reply) -> Reply {
    let Reply::Array(items) = reply else {
        return reply;
    };
    let is_own = |item: &Reply| {
        let name = item
            .items()
            .first()
            .map_or_else(|| item.lossy(), |name| name.lossy());
        MEANT.contains(&name.as_str())
    };
    let kept = items.into_iter().filter(|item| !is_own(item));
    Reply::Array(kept.map(common).collect())
}

/// The sections and the names of their lines.
fn field_names(info: &Reply) -> String {
    let info = info.lossy();
    let names = info
        .lines()
        .map(|line| line.split(':').next().unwrap_or_default());
    let names: Vec<_> = names.filter(|name| !OWN.contains(name)).collect();
    names.join(" ")
}

/// The sentinel's own section: what is watched in the order of names.
fn summary(info: &Reply) -> String {
    let info = info.lossy();
    let mut lines: Vec<_> = info
        .lines()
        .map(|line| match line.split_once(":name=") {
            Some((_, watched)) => ["watched: ", watched].concat(),
            None => line.to_string(),
        })
        .collect();
    lines.sort();
    lines.join(", ")
}

/// Of what servers said in INFO: who they are.
fn cached(reply: &Reply) -> String {
    let mut said = Vec::new();
    for item in reply.items() {
        match item {
            Reply::Array(servers) => {
                let mut ids: Vec<_> = servers.iter().map(server_of).collect();
                ids.sort();
                said.extend(ids);
            }
            name => said.push(name.notation()),
        }
    }
    said.join(" ")
}

fn server_of(cached: &Reply) -> String {
    let [age, info] = cached.items()[..] else {
        return cached.notation();
    };
    let text = info.lossy();
    let id = text.lines().find(|line| line.starts_with("run_id:"));
    format!("{} {}", age.shape(), id.unwrap_or("(no run id)"))
}

/// A real sentinel and another one, with servers of redlab's.
pub fn plan(ours: Make) -> Plan {
    Plan::of(&[Make::Redlab; 3], &[ours, Make::Real, Make::Real])
}
