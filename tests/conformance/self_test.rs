//! The harness proves that it can fail: a server that lies now and then must be caught, one that does not must pass.

use crate::grammar::{self, Syntax};
use crate::known::{Known, self_test as known_test};
use crate::peer::{Peer, Server};
use crate::reply;
use crate::reply::{Reply, parse, quote, split};
use crate::run::{Plan, Report, run};
use std::time::Duration;

/// Changes some of the replies of the peer within.
struct Liar<'a> {
    inner: &'a mut Server,
    lie: fn(&[u8]) -> Option<Vec<u8>>,
}

impl Peer for Liar<'_> {
    fn name(&self) -> &str {
        "liar"
    }
    fn restart(&mut self) {
        self.inner.restart();
    }
    fn open(&mut self) -> usize {
        self.inner.open()
    }
    fn send(&mut self, connection: usize, bytes: &[u8]) {
        let bytes = (self.lie)(bytes).unwrap_or_else(|| bytes.to_vec());
        self.inner.send(connection, &bytes);
    }
    fn receive(&mut self, connection: usize, into: &mut Vec<u8>, wait: Duration) {
        self.inner.receive(connection, into, wait);
    }
    fn close(&mut self, connection: usize) {
        self.inner.close(connection);
    }
    fn poll(&mut self, connection: usize, into: &mut Vec<u8>) {
        self.inner.poll(connection, into);
    }
    fn closed(&mut self, connection: usize) -> bool {
        self.inner.closed(connection)
    }
    fn advance(&mut self, time: Duration) {
        self.inner.advance(time);
    }
    fn pending(&mut self, connection: usize) -> &mut Vec<u8> {
        self.inner.pending(connection)
    }
}

/// Put one word of a request in place of another of the same length.
fn swapped(request: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let at = request
        .windows(from.len())
        .position(|w| w.eq_ignore_ascii_case(from))?;
    let mut out = request.to_vec();
    out[at..at + from.len()].copy_from_slice(to);
    Some(out)
}

/// Another last letter in a request that names this command.
fn misspelled(request: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut out = swapped(request, name, name)?;
    // Before the last line end.
    let last = out.len() - 3;
    out[last] = if out[last] == b'z' { b'y' } else { b'z' };
    Some(out)
}

/// A lie, the field in which it must be found, and how the names of the commands begin among which it is told: over all
/// families the few that show it would be rare.
type Lie = (
    &'static str,
    fn(&[u8]) -> Option<Vec<u8>>,
    &'static str,
    &'static [&'static str],
);
const LIES: &[Lie] = &[
    (
        "a reply of the wrong end of the list",
        |r| swapped(r, b"\r\nLPOP\r\n", b"\r\nRPOP\r\n"),
        "reply",
        &["L"],
    ),
    (
        "pushed to the other end",
        |r| swapped(r, b"\r\nLPUSH\r\n", b"\r\nRPUSH\r\n"),
        "events",
        &["LPUSH"],
    ),
    (
        "another value stored",
        |r| misspelled(r, b"\r\nLSET\r\n"),
        "state.digest",
        &["L"],
    ),
    (
        "another error text",
        |r| swapped(r, b"\r\nHKEYS\r\n", b"\r\nHKEYZ\r\n"),
        "reply",
        &["H"],
    ),
    (
        "seconds for milliseconds",
        |r| swapped(r, b"\r\nPEXPIRE\r\n", b"\r\nEXPIRE_\r\n"),
        "reply",
        &["P"],
    ),
    (
        "another threshold",
        |r| {
            swapped(
                r,
                b"\r\nhash-max-listpack-value\r\n$2\r\n64",
                b"\r\nhash-max-listpack-value\r\n$2\r\n10",
            )
        },
        "state.encoding",
        &["H"],
    ),
    (
        "served from the other end",
        |r| swapped(r, b"\r\nBLPOP\r\n", b"\r\nBRPOP\r\n"),
        "message",
        &["BLPOP", "RPUSH", "LPUSH"],
    ),
    (
        "another message",
        |r| misspelled(r, b"\r\nPUBLISH\r\n"),
        "message",
        &["PUBLISH", "SUBSCRIBE", "PSUBSCRIBE"],
    ),
    (
        "another key watched",
        |r| swapped(r, b"\r\nWATCH\r\n$2\r\ns", b"\r\nWATCH\r\n$2\r\nq"),
        "reply",
        &["WATCH", "MULTI", "EXEC", "SET"],
    ),
    (
        "no invalidations",
        |r| {
            let plain = r.starts_with(b"*3\r\n").then_some(r)?;
            swapped(
                plain,
                b"\r\nTRACKING\r\n$2\r\nON",
                b"\r\nNO-TOUCH\r\n$2\r\nON",
            )
        },
        "state.client",
        &["CLIENT TRACKING", "GET", "SET"],
    ),
    (
        "another channel left",
        |r| {
            swapped(
                r,
                b"\r\nUNSUBSCRIBE\r\n$2\r\nc1",
                b"\r\nUNSUBSCRIBE\r\n$2\r\nc9",
            )
        },
        "reply",
        &["SUBSCRIBE", "UNSUBSCRIBE"],
    ),
];

fn notation_test() -> Result<(), String> {
    let raw = b"*4\r\n:1\r\n$1\r\n\"\r\n%1\r\n+k\r\n~1\r\n,1.5\r\n_\r\n";
    let Ok(Some((reply, len))) = parse(raw) else {
        return Err("a reply did not parse".into());
    };
    let want = "1) (integer) 1\n2) \"\\\"\"\n3) 1# k => 1~ (double) 1.5\n4) (null)";
    if len != raw.len() || reply.notation() != want {
        return Err(format!("notation: {}", reply.notation()));
    }
    for cut in 0..raw.len() {
        if !matches!(parse(&raw[..cut]), Ok(None)) {
            return Err(format!("{cut} bytes of a reply parsed as a whole one"));
        }
    }
    let bytes: Vec<u8> = (0..=255).collect();
    if split(&quote(&bytes)) != Some(vec![bytes])
        || split("\"open").is_some()
        || split("a 'b c' \"\"").map(|w| w.len()) != Some(3)
    {
        return Err("quoting does not read back".into());
    }
    let (a, b) = (
        Reply::Array(vec![Reply::Integer(2), Reply::Integer(1)]),
        Reply::Array(vec![Reply::Integer(1), Reply::Integer(2)]),
    );
    if a == b || a.sorted() != b.sorted() || reply::word(b"a b") != "\"a b\"" {
        return Err("sorting does not make order vanish".into());
    }
    Ok(())
}

/// A short random run with nothing listed as known.
fn differences(
    ours: &mut dyn Peer,
    theirs: &mut dyn Peer,
    syntax: &[Syntax],
    only: &[&str],
) -> Result<Report, String> {
    let plan = Plan {
        count: 1500,
        only: only.iter().map(|o| o.to_string()).collect(),
        seed: 1,
        ..Plan::default()
    };
    let known = Known::parse("# MEMORY USAGE depends on chance\nMEMORY USAGE | reply | allocator")?;
    Ok(run(
        ours,
        theirs,
        syntax,
        &known,
        &plan,
        Report::default(),
        |_| {},
    ))
}

fn honest(report: &Report) -> Result<(), String> {
    match report.differences.first() {
        Some((d, commands)) => Err(format!(
            "{} {}: {} / {}\n{}",
            d.command,
            d.field,
            d.ours,
            d.theirs,
            commands.join("\n")
        )),
        None => Ok(()),
    }
}

fn caught(report: &Report, field: &str) -> Result<(), String> {
    if !report.differences.iter().any(|(d, _)| d.field == field) {
        return Err("was not caught".into());
    }
    let short = report
        .differences
        .iter()
        .all(|(_, commands)| commands.len() <= 15);
    if short {
        Ok(())
    } else {
        Err("was not reduced to a few commands".into())
    }
}

/// Gives how many checks passed and what failed.
pub fn all() -> Result<(usize, Vec<String>), String> {
    let mut checks: Vec<(String, Result<(), String>)> = vec![
        ("notation".into(), notation_test()),
        ("known differences".into(), known_test()),
    ];
    let (mut first, mut second) = (Server::oracle()?, Server::oracle()?);
    let syntax = grammar::read(&mut second);
    let report = differences(&mut first, &mut second, &syntax, &[])?;
    checks.push(("the oracle agrees with itself".into(), honest(&report)));
    for (name, lie, field, only) in LIES {
        let mut liar = Liar {
            inner: &mut first,
            lie: *lie,
        };
        let report = differences(&mut liar, &mut second, &syntax, only)?;
        checks.push((format!("a lie is caught: {name}"), caught(&report, field)));
    }
    let failed = |(name, verdict): &(String, Result<(), String>)| {
        verdict.as_ref().err().map(|e| format!("{name}: {e}"))
    };
    let failures: Vec<String> = checks.iter().filter_map(failed).collect();
    Ok((checks.len() - failures.len(), failures))
}
