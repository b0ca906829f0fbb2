//! Every parameter of the configuration against the oracle's: what CONFIG GET shows at the start, and for each of many odd
//! values what CONFIG SET says to it and what CONFIG GET shows then.

use crate::known::{Difference, Known};
use crate::peer::Peer;
use crate::reply::Reply;

/// Values at the edges of some kind of parameter, or of none.
const VALUES: &[&[u8]] = &[
    b"",
    b"0",
    b"1",
    b"-1",
    b"yes",
    b"no",
    b"YES",
    b"abc",
    b"5",
    b"10",
    b"99",
    b"100",
    b"101",
    b"500",
    b"501",
    b"1kb",
    b"1KB",
    b"1k",
    b"1.5kb",
    b"1b",
    b"1B",
    b"1gb",
    b"1tb",
    b"5%",
    b"-5%",
    b"101%",
    b"0%",
    b"%",
    b"01",
    b"+1",
    b" 1",
    b"1 ",
    b"1e3",
    b"0x10",
    b"-0",
    b"3.5",
    b"inf",
    b"nan",
    b"777",
    b"888",
    b"65535",
    b"65536",
    b"1048575",
    b"1048576",
    b"2147483647",
    b"2147483648",
    b"-2147483648",
    b"-2147483649",
    b"4294967295",
    b"4294967296",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"18446744073709551615",
    b"18446744073709551616",
    b"100000000000000000000",
    b"1 2",
    b"1 2 3",
    b"1 2 3 4",
    b"60 1 x",
    b"60  1",
    b"a b",
    b"normal 1 2 3",
    b"replica 1mb 2kb 3",
    b"normal 1 2 3 slave 1",
    b"foo 1 2 3",
    b"default",
    b"save nosave",
    b"now",
    b"KEA",
    b"Kx?",
    b"{title} x",
    b"{foo}",
    b"1.2.3.4",
    b"::1",
    b"a-b.c",
    b"a_b",
    b"C",
    b"xx_YY",
    b"\"x\"",
    b"'",
    b"\\",
    b"\r\n",
    b"\xff",
    b"\xc3\xa9",
    b"1\x001",
    b"\0",
    b"\x001",
    b"a\0b",
    b"yes\0",
    b"1kb\0",
];

/// Parameters that a comparison of two running servers cannot set, each with its reason.
const LEFT_OUT: &[(&str, &str)] = &[
    ("bind", "moves the server's sockets"),
    ("port", "moves the server's sockets"),
    ("appendonly", "writes files"),
    (
        "requirepass",
        "shuts this connection out; transcripts cover it",
    ),
    ("maxclients", "the greatest one is the machine's"),
    ("dir", "each server has its own"),
    ("oom-score-adj", "the kernel may refuse it"),
    ("oom-score-adj-values", "the kernel may refuse it"),
];

fn left_out(name: &str) -> bool {
    LEFT_OUT.iter().any(|&(n, _)| n == name)
}

fn words(parts: &[&[u8]]) -> Vec<Vec<u8>> {
    parts.iter().map(|p| p.to_vec()).collect()
}

/// The name and value of each parameter.
fn all(peer: &mut dyn Peer, connection: usize) -> Vec<(String, Reply)> {
    let reply = peer.ask(connection, "CONFIG GET *");
    let mut found: Vec<_> = reply
        .items()
        .chunks(2)
        .map(|pair| (pair[0].lossy(), pair[1].clone()))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Sets a parameter to what it was.
fn restore(peer: &mut dyn Peer, connection: usize, name: &str, value: &Reply) {
    let value = value.lossy();
    let set = words(&[b"CONFIG", b"SET", name.as_bytes(), value.as_bytes()]);
    peer.call(connection, &set);
}

/// Compares all parameters; how many comparisons held, and those that did not.
pub fn compare(ours: &mut dyn Peer, theirs: &mut dyn Peer, known: &Known) -> (usize, Vec<String>) {
    let (x, y) = (ours.open(), theirs.open());
    // The oracle was started so.
    ours.ask(x, "CONFIG SET save \"\"");
    let (a, b) = (all(ours, x), all(theirs, y));
    let (mut passed, mut failures) = (0, Vec::new());
    let mut judge = |name: &str, what: &str, ours: String, theirs: String| {
        let difference = Difference {
            command: format!("CONFIG {name}"),
            field: "setting".into(),
            ours,
            theirs,
        };
        if difference.ours == difference.theirs || known.lists(&difference) {
            passed += 1;
        } else {
            let Difference { ours, theirs, .. } = difference;
            failures.push(format!(
                "{name}: {what}\n  oracle: {theirs}\n  redlab: {ours}"
            ));
        }
    };
    let names = |list: &[(String, Reply)]| {
        let names: Vec<_> = list.iter().map(|(name, _)| name.as_str()).collect();
        names.join(" ")
    };
    judge("*", "all names", names(&a), names(&b));
    for ((name, mine), (_, real)) in a.iter().zip(&b).filter(|((name, _), _)| !left_out(name)) {
        judge(name, "the default", mine.notation(), real.notation());
        for value in VALUES {
            let set = words(&[b"CONFIG", b"SET", name.as_bytes(), value]);
            let get = words(&[b"CONFIG", b"GET", name.as_bytes()]);
            let told = |peer: &mut dyn Peer, connection| {
                let set = peer.call(connection, &set).1.notation();
                format!("{set}, then {}", peer.call(connection, &get).1.notation())
            };
            let (mine, real) = (told(ours, x), told(theirs, y));
            let what = format!("set to \"{}\"", value.escape_ascii());
            judge(name, &what, mine, real);
        }
        restore(ours, x, name, mine);
        restore(theirs, y, name, real);
    }
    failures.extend(known.unmatched(&["setting"]));
    (passed, failures)
}
