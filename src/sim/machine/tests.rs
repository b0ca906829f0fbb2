//! Turns of the host's loop, against a disk that takes its time.
use super::super::disk::Speed;
use super::*;

/// A node that keeps a log under `always`, and has read its files.
fn machine() -> Machine {
    let mut options = NodeOptions::default();
    for pair in [["appendonly", "yes"], ["appendfsync", "always"]] {
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
