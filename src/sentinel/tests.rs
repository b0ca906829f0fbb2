//! The state machine by itself: the test is the network, the clock and the disk.
use super::*;

const ME: &str = "1111111111111111111111111111111111111111";

/// A Sentinel with these lines of a file.
fn sentinel(lines: &str) -> Sentinel {
    let names = Names(vec![("n1".into(), "10.0.0.1".into())]);
    let mut sentinel = Sentinel::new(Rng::new(7), 1_000_000, 26379, Some(Box::new(names)));
    let id = format!("sentinel myid {ME}\n");
    let text = [id.as_str(), lines].concat();
    sentinel.load(text.as_bytes()).expect("good lines");
    sentinel
}

fn why(lines: &str) -> (usize, &'static str) {
    let mut sentinel = Sentinel::new(Rng::new(7), 0, 26379, None);
    let refused = sentinel.load(lines.as_bytes()).expect_err(lines);
    (refused.line, refused.why)
}

#[test]
fn a_file_is_read_and_written() {
    let lines = "# mine\nport 26379\nsentinel known-replica m 10.0.0.2 6379\nsentinel monitor m 10.0.0.1 6379 2\n\
                 sentinel auth-pass m secret\nsentinel failover-timeout m 180000\nsentinel resolve-hostnames yes\n";
    let mut s = sentinel(lines);
    let old = s.text().to_vec();
    let written = String::from_utf8(s.rewrite(&old)).expect("text");
    let expected = format!(
        "sentinel myid {ME}\n# mine\nport 26379\nsentinel known-replica m 10.0.0.2 6379\n\
         sentinel monitor m 10.0.0.1 6379 2\nsentinel auth-pass m secret\nsentinel resolve-hostnames yes\n\
         sentinel config-epoch m 0\nsentinel leader-epoch m 0\nsentinel current-epoch 0\n"
    );
    assert_eq!(written, expected);
    let mut again = sentinel(&written);
    assert_eq!(
        String::from_utf8(again.rewrite(written.as_bytes())).as_deref(),
        Ok(expected.as_str())
    );
}

#[test]
fn bad_lines_are_refused() {
    let monitor = "sentinel monitor a 127.0.0.1 1 1\n";
    for (line, text) in [
        (
            "sentinel monitor a 127.0.0.1 70000 1",
            "Invalid port number.",
        ),
        (
            "sentinel monitor b 127.0.0.1 1 0",
            "Quorum must be 1 or greater.",
        ),
        (
            "sentinel monitor b nohost 1 1",
            "Can't resolve instance hostname.",
        ),
        ("sentinel monitor a 127.0.0.1 1 1", "Duplicate master name."),
        (
            "sentinel down-after-milliseconds b 1",
            "No such master with specified name.",
        ),
        (
            "sentinel down-after-milliseconds a 0",
            "negative or zero time parameter.",
        ),
        ("sentinel myid abc", "Malformed Sentinel id in myid option."),
        (
            "sentinel foo bar",
            "Unrecognized sentinel configuration statement.",
        ),
        (
            "sentinel rename-command a b",
            "Unrecognized sentinel configuration statement.",
        ),
    ] {
        assert_eq!(why(&[monitor, line].concat()), (2, text), "{line}");
    }
}

#[test]
fn a_vote_is_given_once_in_an_epoch() {
    let mut s = sentinel("sentinel monitor m 10.0.0.1 6379 1\n");
    s.saved(true);
    let vote = |s: &mut Sentinel, epoch, who| s.judgement("10.0.0.1", 6379, epoch, Some(who));
    let first = vote(&mut s, 5, "a");
    assert_eq!((first.leader.as_deref(), first.epoch), (Some("a"), 5));
    assert!(
        !s.is_saved() && s.wants_save(),
        "it must not leave before it is saved"
    );
    let second = vote(&mut s, 5, "b");
    assert_eq!((second.leader.as_deref(), second.epoch), (Some("a"), 5));
    // An older epoch gets no vote of its own, a newer one does.
    assert_eq!(vote(&mut s, 4, "b").epoch, 5);
    assert_eq!(vote(&mut s, 6, "b").leader.as_deref(), Some("b"));
    // What was promised is in the file.
    let text = String::from_utf8(s.rewrite(b"")).expect("text");
    assert!(text.contains("sentinel leader-epoch m 6\n"), "{text}");
    assert!(text.contains("sentinel current-epoch 6\n"), "{text}");
}

/// A replica of the first group, as it would be known.
fn replica(s: &mut Sentinel, last: u8, run_id: &str, priority: i64, offset: u64) {
    let addr = s
        .address(&format!("10.0.0.{last}"), 6379)
        .expect("an address");
    assert!(s.add_replica(0, addr));
    let (now_ms, at) = (s.now_ms, s.groups[0].replicas.len() - 1);
    let place = Place::replica(0, at);
    let link = s.at(place).link;
    if let Some(link) = s.link_mut(link) {
        link.down = false;
        link.good_ms = now_ms;
    }
    let replica = s.at_mut(place);
    replica.run_id = run_id.into();
    replica.info_ms = now_ms;
    replica.replica.priority = priority;
    replica.replica.offset = offset;
}

#[test]
fn the_best_replica_is_chosen() {
    let chosen = |replicas: &[(&str, i64, u64)]| {
        let mut s = sentinel("sentinel monitor m 10.0.0.1 6379 1\n");
        for (n, (run_id, priority, offset)) in replicas.iter().enumerate() {
            replica(&mut s, 2 + n as u8, run_id, *priority, *offset);
        }
        s.choose(0)
    };
    assert_eq!(chosen(&[]), None);
    // Priority, then offset, then run id; 0 never.
    assert_eq!(chosen(&[("a", 100, 9), ("b", 10, 1)]), Some(1));
    assert_eq!(chosen(&[("a", 100, 1), ("b", 100, 9)]), Some(1));
    assert_eq!(chosen(&[("b", 100, 9), ("A", 100, 9)]), Some(1));
    assert_eq!(chosen(&[("", 100, 9), ("z", 100, 9)]), Some(1));
    assert_eq!(chosen(&[("a", 0, 9)]), None);
    // One that has not answered for long is none.
    let mut s = sentinel("sentinel monitor m 10.0.0.1 6379 1\n");
    replica(&mut s, 2, "a", 100, 1);
    assert_eq!(s.choose(0), Some(0));
    s.at_ms(s.now_ms + 5001);
    assert_eq!(s.choose(0), None);
}

#[test]
fn a_vote_of_its_own_counts_only_when_it_is_saved() {
    let mut s = sentinel("sentinel monitor m 10.0.0.1 6379 1\n");
    replica(&mut s, 2, "a", 100, 1);
    s.saved(true);
    s.groups[0].primary.sdown = true;
    s.groups[0].primary.odown = true;
    s.groups[0].primary.sdown_ms = s.now_ms;
    assert!(s.begin_failover_if_needed(0));
    for good in [false, true] {
        s.failover_on(0);
        assert_eq!(s.groups[0].failover.stage, Stage::WaitStart, "{good}");
        s.saved(good);
    }
    s.failover_on(0);
    assert_eq!(s.groups[0].failover.stage, Stage::SelectReplica);
}

#[test]
fn noise_does_no_harm() {
    let words = [
        "*3\r\n",
        "$7\r\nmessage\r\n",
        "+PONG\r\n",
        "-BUSY\r\n",
        ":1\r\n",
        "$-1\r\n",
        "*-1\r\n",
        "$5\r\nab",
        "role:master\r\n",
        "slave0:ip=10.0.0.7,port=1\r\n",
        "run_id:",
        "\r\n",
        "$18446744073709551615\r\n",
        "%1\r\n",
        ">3\r\n",
        "master_port:99999\r\n",
        "10.0.0.9,1,",
        "m,",
        "9223372036854775807,",
    ];
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let mut s = sentinel(
            "sentinel monitor m 10.0.0.1 6379 1\nsentinel known-replica m 10.0.0.2 6379\n",
        );
        let mut wires = Vec::new();
        let mut now_ms = s.now_ms;
        for _ in 0..200 {
            now_ms += rng.below(1500) as Millis;
            s.tick(now_ms);
            let outs = s.take_out();
            wires.extend(outs.iter().filter_map(|out| match out {
                Out::Dial { wire, .. } => Some(*wire),
                _ => None,
            }));
            let bytes: String = (0..rng.below(8))
                .map(|_| words[rng.below(words.len() as u64) as usize])
                .collect();
            let wire = rng.below(wires.len() as u64 + 2);
            match rng.below(6) {
                0 => s.stands(wire, "10.0.0.100"),
                1 => s.lost(wire),
                2 => s.hello(&bytes),
                3 => drop(s.judgement("10.0.0.1", 6379, rng.next_u64(), Some(&bytes))),
                4 => s.saved(rng.below(2) == 0),
                _ => s.heard(wire, bytes.as_bytes()),
            }
            let text = s.text().to_vec();
            let written = s.rewrite(&text);
            assert!(written.len() < 100_000, "seed {seed}");
        }
    }
}
