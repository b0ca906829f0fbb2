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
