//! The log of writes read by the oracle: random commands run on redlab, what they put into the log is sent to the real
//! server, and both then have the same digest.

use crate::generate::Generator;
use crate::grammar::Syntax;
use crate::local::Local;
use crate::peer::{Peer, Server};
use crate::reply::{encode, parse, split, words};
use crate::scope::alone;
use redlab::base::rng::Rng;

/// Commands between two comparisons.
const SEGMENT: usize = 300;

/// Runs `count` commands; gives how many segments agreed and what did not.
pub fn compare(
    oracle: &mut Server,
    syntax: &[Syntax],
    count: u64,
    seed: u64,
    now_s: i64,
) -> (usize, Vec<String>) {
    let scope: Vec<&Syntax> = syntax.iter().filter(|s| alone(s)).collect();
    let mut generator = Generator::new(scope, 0, now_s);
    generator.rng = Rng::new(seed);
    let on = oracle.open();
    let (mut passed, mut failures) = (0, Vec::new());
    for segment in 0..count.div_ceil(SEGMENT as u64) {
        let mut ours = Local::new();
        ours.keep_log();
        let client = ours.open();
        let mut sent = Vec::new();
        for _ in 0..SEGMENT {
            let (_, command) = generator.command();
            ours.call(client, &command);
            sent.push(words(&command));
        }
        let log = ours.take_log();
        oracle.ask(on, "FLUSHALL");
        oracle.ask(on, "SELECT 0");
        let refused = feed(oracle, on, &log);
        let digests = [
            ours.ask(client, "DEBUG DIGEST").lossy(),
            oracle.ask(on, "DEBUG DIGEST").lossy(),
        ];
        if refused.is_empty() && digests[0] == digests[1] {
            passed += 1;
            continue;
        }
        let log = String::from_utf8_lossy(&log).replace("\r\n", " ");
        failures.push(format!(
            "log replay, seed {seed}, segment {segment}: redlab {}, oracle {}{}\n  {}\n  log: {log}",
            digests[0],
            digests[1],
            refused.concat(),
            sent.join("\n  "),
        ));
    }
    (passed, failures)
}

/// The log as a client may send it: LIMIT beside the exact trim that it was turned into is for those who load a file, as in
/// a real server's.
fn sendable(log: &[u8]) -> Vec<u8> {
    let (mut at, mut out) = (0, Vec::new());
    while let Ok(Some((command, len))) = parse(&log[at..]) {
        let words: Vec<Vec<u8>> = command
            .items()
            .iter()
            .filter_map(|word| word.text().map(<[u8]>::to_vec))
            .collect();
        let is = |i: usize, name: &[u8]| words.get(i).is_some_and(|w| w.eq_ignore_ascii_case(name));
        let trims = is(0, b"XADD") || is(0, b"XTRIM");
        // Behind the key: MAXLEN = 5 LIMIT 10, perhaps after NOMKSTREAM.
        let limit = (5..=6).find(|&i| trims && is(i, b"LIMIT") && is(i - 2, b"="));
        let mut words = words;
        if let Some(i) = limit {
            words.drain(i..i + 2);
        }
        out.extend(encode(&words));
        at += len;
    }
    out
}

/// Sends the log; the error replies to it.
fn feed(oracle: &mut Server, on: usize, log: &[u8]) -> Vec<String> {
    let mark = "end of the log";
    oracle.send(on, &sendable(log));
    let echo = split(&format!("ECHO '{mark}'")).expect("quotes are closed");
    oracle.send(on, &encode(&echo));
    let mut refused = Vec::new();
    while let Some((_, reply)) = oracle.read(on) {
        if reply.text() == Some(mark.as_bytes()) {
            return refused;
        }
        if reply.is_error() {
            refused.push(format!("\n  refused: {}", reply.lossy()));
        }
    }
    refused.push("\n  the oracle fell silent".into());
    refused
}
