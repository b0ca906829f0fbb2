//! What happens to a fleet, and what must have become of it.
use super::fleet::{Fleet, NAME, Plan, field, need};
use super::process::Make;
use super::votes;

/// Writes, lets the primary's process be killed, and has it back.
pub fn killed(plan: &Plan) -> Result<(), String> {
    let mut fleet = Fleet::start(plan)?;
    fleet.write(0, "before")?;
    fleet.settle("the write is everywhere", Fleet::same_data)?;
    fleet.nodes[0].kill();
    let leader = fleet.successor(&[0])?;
    fleet.write(leader, "between")?;
    fleet.settle("the files say so", |fleet| fleet.files_say(leader))?;
    // Its file makes it a primary until somebody tells it otherwise.
    fleet.nodes[0].start()?;
    after(&fleet, leader, 2)?;
    votes::sound(&fleet, votes::most(&fleet))
}

/// The primary stands still for some seconds; then it is there again, and still believes that it leads.
pub fn hung(plan: &Plan) -> Result<(), String> {
    let fleet = Fleet::start(plan)?;
    let mut wire = fleet.nodes[0]
        .connect()
        .ok_or("no connection to the primary")?;
    wire.send("DEBUG SLEEP 6").ok_or("the primary hung up")?;
    let leader = fleet.successor(&[0])?;
    fleet.write(leader, "between")?;
    after(&fleet, leader, 1)?;
    votes::sound(&fleet, votes::most(&fleet))
}

/// Sentinels end, and others go on with their files, which were written by another make: first of this one, then of the first
/// again.
pub fn handed_over(plan: &Plan) -> Result<(), String> {
    let mut fleet = Fleet::start(plan)?;
    let makes = plan.sentinels.clone();
    let other = |make| {
        if make == Make::Real {
            Make::Redlab
        } else {
            Make::Real
        }
    };
    let swapped: Vec<_> = makes.iter().map(|make| other(*make)).collect();
    for makes in [swapped, makes] {
        for (number, make) in makes.into_iter().enumerate() {
            fleet.replace_sentinel(number, make)?;
        }
        fleet.settle("all know each other", |fleet| fleet.acquainted(0))?;
    }
    fleet.nodes[0].kill();
    let leader = fleet.successor(&[0])?;
    fleet.nodes[0].start()?;
    after(&fleet, leader, 0)?;
    for number in 0..fleet.sentinels.len() {
        let make = other(fleet.sentinels[number].make);
        fleet.replace_sentinel(number, make)?;
    }
    fleet.settle("they remember the new primary", |fleet| {
        fleet.led_by(leader)
    })?;
    fleet.settle("all know each other", |fleet| fleet.acquainted(0))
}

/// All nodes end as the leader's replicas, with all that was written, and say so in their files.
/// One more key is written.
fn after(fleet: &Fleet, leader: usize, written: u32) -> Result<(), String> {
    fleet.settle("all follow the new primary", |fleet| fleet.led_by(leader))?;
    fleet.write(leader, "after")?;
    fleet.settle("all have the same data", Fleet::same_data)?;
    fleet.settle("the files say so", |fleet| fleet.files_say(leader))?;
    let keys = fleet.nodes[leader].ask("DBSIZE").lossy();
    let written = written + 1;
    need(keys == written.to_string(), || {
        format!("{keys} keys of {written}")
    })?;
    Ok(())
}

/// A failover that was asked for: no election, nothing is lost, and one replica after the other is told.
pub fn commanded(plan: &Plan) -> Result<(), String> {
    let fleet = Fleet::start(plan)?;
    fleet.write(0, "before")?;
    fleet.settle("the write is everywhere", Fleet::same_data)?;
    let reply = fleet.sentinels[0].ask(&format!("SENTINEL FAILOVER {NAME}"));
    need(reply.lossy() == "OK", || reply.notation())?;
    let again = fleet.sentinels[0].ask(&format!("SENTINEL FAILOVER {NAME}"));
    need(
        again.lossy() == "INPROG Failover already in progress",
        || again.notation(),
    )?;
    let leader = fleet.successor(&[0])?;
    let there = fleet.nodes[leader].ask("GET before").lossy();
    need(there == "before", || "the write is lost".into())?;
    after(&fleet, leader, 1)?;
    // It leads by its own vote alone.
    votes::sound(&fleet, 1)?;
    let together = votes::reconfigured_together(&fleet);
    need(together == plan.parallel_syncs as usize, || {
        format!("{together} replicas were reconfigured at the same time")
    })
}

/// Replicas say how much they want to be chosen, where they are found, and whether clients are to know of them.
pub fn chosen(plan: &Plan) -> Result<(), String> {
    let mut plan = plan.clone();
    plan.nodes[1].1 = "replica-priority 0".into();
    plan.nodes[2].1 = "replica-priority 50".into();
    plan.nodes[3].1 =
        "replica-priority 10\nreplica-announce-ip 127.0.0.2\nreplica-announced no".into();
    plan.announced = Some((3, "127.0.0.2"));
    plan.secret = 1;
    let mut fleet = Fleet::start(&plan)?;
    let sentinel = &fleet.sentinels[0];
    let said: Vec<_> = fleet
        .listed(sentinel, "REPLICAS")
        .iter()
        .map(|one| ["port", "slave-priority", "replica-announced"].map(|name| field(one, name)))
        .collect();
    for (number, priority) in [(1, "0"), (2, "50"), (3, "10")] {
        let announced = if number == 3 { "0" } else { "1" };
        let port = fleet.nodes[number].port.to_string();
        let expected = [port.as_str(), priority, announced];
        // One that is not announced is not listed.
        let listed = said.iter().any(|one| *one == expected);
        need(listed == (number != 3), || {
            format!("{expected:?} in {said:?}")
        })?;
    }
    fleet.nodes[0].kill();
    let leader = fleet.successor(&[0])?;
    need(leader == 3, || {
        format!(
            "n{} was chosen, not the one with the lowest priority",
            leader + 1
        )
    })?;
    // The next one: that with priority 0 is never chosen.
    fleet.nodes[3].kill();
    let leader = fleet.successor(&[3])?;
    need(leader == 2, || {
        format!("n{} was chosen with priority 0", leader + 1)
    })?;
    votes::sound(&fleet, votes::most(&fleet))
}

/// Servers and sentinels that let nobody in without a password; the sentinels may do only what the documentation says they
/// must be able to do.
pub fn guarded(plan: &Plan) -> Result<(), String> {
    let mut plan = plan.clone();
    let users = "user default off\nuser scene on >scene +@all ~* &*\nuser copy on >copied +psync +replconf +ping\n\
         user watch on >watched allchannels +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish \
         +info +client|setname +client|kill +script|kill\nmasteruser copy\nmasterauth copied";
    plan.nodes.iter_mut().for_each(|node| node.1 = users.into());
    plan.sentinel_lines = format!(
        "sentinel auth-user {NAME} watch\nsentinel auth-pass {NAME} watched\nrequirepass secret\n\
         sentinel sentinel-pass secret"
    );
    plan.logins = [Some(("scene", "scene")), Some(("default", "secret"))];
    let mut fleet = Fleet::start(&plan)?;
    fleet.nodes[0].kill();
    let leader = fleet.successor(&[0])?;
    fleet.write(leader, "between")?;
    fleet.nodes[0].start()?;
    after(&fleet, leader, 1)?;
    for node in &fleet.nodes {
        let denied = node.ask("ACL LOG");
        need(denied.items().is_empty(), || {
            format!("{}: {}", node.name, denied.notation())
        })?;
    }
    votes::sound(&fleet, votes::most(&fleet))
}
