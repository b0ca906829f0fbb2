//! Turns of the host's loop, against a disk that takes its time.
use super::super::disk::Speed;
use super::*;
use crate::server::Effect;

/// A node that keeps a log under `always`, and has read its files.
fn machine() -> Machine {
    under("always")
}

/// The same under a policy.
fn under(policy: &str) -> Machine {
    let mut options = NodeOptions::default();
    for pair in [["appendonly", "yes"], ["appendfsync", policy]] {
        let words = pair.map(|w| w.as_bytes().to_vec());
        options.config.directive(&words).expect("a parameter");
    }
    let mut machine = Machine::boot(options, Some(Disk::new(Speed::default(), 0)));
    wait(&mut machine);
    machine
}

/// Lets the disk answer.
fn wait(machine: &mut Machine) {
    while machine.node.is_stalled() || machine.node.is_loading() {
        let at = machine.next_timer_us();
        machine.handle(Input::Tick, at);
    }
}

fn send(machine: &mut Machine, id: u64, line: &str) {
    let now_us = machine.node.server().now_us;
    let line = format!("{line}\r\n");
    machine.handle(Input::Data(id, line.as_bytes()), now_us);
}

fn output(machine: &mut Machine, id: u64) -> String {
    let out = std::mem::take(machine.node.output(id).expect("connected"));
    String::from_utf8(out).expect("text")
}

#[test]
fn a_turn_has_one_fsync_for_all_of_its_writes() {
    let mut machine = machine();
    let ids = [1, 2, 3].map(|_| machine.node.connect("127.0.0.1:1"));
    let before_us = machine.node.server().now_us;
    machine.node.begin_turn();
    for id in ids {
        send(&mut machine, id, "INCR n");
    }
    assert!(!machine.node.is_stalled());
    machine.node.end_turn();
    machine.drive();
    assert!(machine.node.is_stalled());
    assert_eq!(ids.map(|id| output(&mut machine, id)), ["", "", ""]);
    wait(&mut machine);
    let told = ids.map(|id| output(&mut machine, id));
    assert_eq!(told, [":1\r\n", ":2\r\n", ":3\r\n"]);
    let one_us = Speed::default().flush_us + 2 * Speed::default().latency_us;
    assert!(machine.node.server().now_us - before_us <= one_us);
}

#[test]
fn a_command_that_needs_the_disk_is_not_put_off_in_a_turn() {
    let mut machine = machine();
    let [a, b] = [1, 2].map(|_| machine.node.connect("127.0.0.1:1"));
    machine.node.begin_turn();
    send(&mut machine, a, "SET k 1");
    send(&mut machine, b, "SAVE");
    assert!(machine.node.is_stalled());
    wait(&mut machine);
    assert_eq!(output(&mut machine, b), "+OK\r\n");
    send(&mut machine, a, "SET k 2");
    machine.node.end_turn();
    machine.drive();
    assert!(machine.node.is_stalled());
    wait(&mut machine);
    assert_eq!(output(&mut machine, a), "+OK\r\n+OK\r\n");
}

#[test]
fn what_was_written_before_a_long_script_is_synced_before_it_is_told() {
    let mut machine = machine();
    let [a, b] = [1, 2].map(|_| machine.node.connect("127.0.0.1:1"));
    machine.node.begin_turn();
    send(&mut machine, a, "SET k 1");
    let script = "EVAL \"redis.call('incr','n') while true do end\" 0";
    send(&mut machine, b, script);
    assert!(machine.node.runs_script());
    machine.node.end_turn();
    machine.drive();
    assert!(machine.node.is_stalled() && output(&mut machine, a).is_empty());
    wait(&mut machine);
    assert!(machine.node.runs_script());
    assert_eq!(output(&mut machine, a), "+OK\r\n");
    // Half of a script is not in the file.
    let disk = machine.disk.as_ref().expect("a disk");
    let log = disk.read("appendonlydir/appendonly.aof.1.incr.aof");
    assert!(!String::from_utf8_lossy(log.expect("a log")).contains("incr"));
}

/// A machine whose disk is kept in a store, one connection, and what the node has said since.
struct Kept {
    machine: Machine,
    id: u64,
    room: bool,
}

impl Kept {
    fn under(policy: &str) -> Kept {
        let mut machine = under(policy);
        let disk = machine.disk.as_mut().expect("a disk");
        disk.watch();
        disk.hold(true);
        let id = machine.node.connect("127.0.0.1:1");
        machine.node.drain();
        Kept {
            machine,
            id,
            room: true,
        }
    }

    /// Lets `us` pass; the store is asked as soon as somebody waits for it.
    fn pass(&mut self, us: Micros) {
        let end = self.machine.node.server().now_us + us;
        loop {
            let at = self.machine.next_timer_us().min(end);
            self.machine.handle(Input::Tick, at);
            let disk = self.machine.disk.as_mut().expect("a disk");
            if disk.is_held() || at == end {
                let result = if self.room {
                    Ok(())
                } else {
                    Err(DiskError::Full)
                };
                let result = if disk.take_changes().is_some() {
                    result
                } else {
                    Ok(())
                };
                self.machine.stored(result, at);
            }
            if at == end {
                return;
            }
        }
    }

    fn run(&mut self, line: &str) -> String {
        send(&mut self.machine, self.id, line);
        self.pass(50_000);
        output(&mut self.machine, self.id)
    }

    /// The warnings, and whether the node has given up.
    fn said(&mut self) -> (String, bool) {
        let effects: Vec<Effect> = self.machine.node.drain().into_iter().collect();
        let gone = effects.contains(&Effect::Abort);
        let lines = effects.into_iter().filter_map(|effect| match effect {
            Effect::Log(_, line) => Some(line),
            _ => None,
        });
        (lines.collect::<Vec<_>>().join("; "), gone)
    }
}

#[test]
fn under_always_a_store_without_room_ends_the_server_before_it_answers() {
    let mut kept = Kept::under("always");
    assert_eq!(kept.run("SET k 1"), "+OK\r\n");
    kept.room = false;
    assert_eq!(kept.run("SET k 2"), "");
    let (words, gone) = kept.said();
    assert!(
        gone && words
            .contains("fsync error when the AOF fsync policy is 'always': No space left on device"),
        "{words}"
    );
}

#[test]
fn under_always_a_disk_that_is_full_already_ends_it_as_well() {
    let mut kept = Kept::under("always");
    kept.machine.disk.as_mut().expect("a disk").capacity = Some(1);
    assert_eq!(kept.run("SET k 1"), "");
    let (words, gone) = kept.said();
    assert!(
        gone && words.contains("AOF write error when the AOF fsync policy is 'always'"),
        "{words}"
    );
}

#[test]
fn under_everysec_and_no_writes_are_refused_until_the_store_has_room_again() {
    for policy in ["everysec", "no"] {
        let mut kept = Kept::under(policy);
        kept.pass(40_000_000);
        assert_eq!(kept.run("SET k 1"), "+OK\r\n");
        kept.room = false;
        // The kernel writes out by itself what is half a minute old.
        kept.pass(40_000_000);
        assert_eq!(kept.run("SET k 2"), "+OK\r\n");
        let refused = kept.run("SET k 3");
        assert!(
            refused.contains("MISCONF Errors writing to the AOF file: No space left on device"),
            "{policy}: {refused}"
        );
        assert_eq!(kept.run("GET k"), "$1\r\n2\r\n");
        assert!(!kept.said().1);
        kept.room = true;
        // The store takes what was refused; the node tries again within a second.
        kept.pass(2_000_000);
        kept.pass(2_000_000);
        assert_eq!(kept.run("SET k 4"), "+OK\r\n");
    }
}

#[test]
fn a_snapshot_without_room_fails_and_nothing_else_does() {
    let mut kept = Kept::under("always");
    assert_eq!(kept.run("SET k 1"), "+OK\r\n");
    kept.room = false;
    assert_eq!(kept.run("SAVE"), "-ERR\r\n");
    kept.room = true;
    assert_eq!(kept.run("SET k 2"), "+OK\r\n");
    assert!(!kept.said().1);
}
