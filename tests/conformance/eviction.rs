//! Eviction: how often a cache hits under each policy, with as many keys that fit, the same requests and the same samples.
//!
//! The workload is a cache as programs use it: GET, and SET after a miss, keys by Zipf's law. Which key goes is chance on
//! both sides, so the hit rates are compared, and not the keys. The oracle's need its real clock (the age of a key is
//! counted in seconds), so they are measured by `soak eviction` and kept in `hit-rates`.

use crate::peer::{Peer, Server};
use crate::reply::Reply;
use crate::{Options, local::Local};
use redlab::base::rng::Rng;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

const POLICIES: [&str; 7] = [
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
];
/// Keys that fit, of so many that are asked for.
const FIT: u64 = 900;
const KEYS: usize = 5000;
const VALUE_BYTES: usize = 1000;
/// Requests between two pauses, and how long these are.
const BATCH: usize = 100;
const PAUSE: Duration = Duration::from_millis(50);
const BATCHES: u64 = 300;
/// Hit rates may differ by so many points.
const POINTS: f64 = 1.0;

fn words(line: &str) -> Vec<Vec<u8>> {
    line.split(' ').map(|word| word.into()).collect()
}

/// The write after a miss. Every key has its own time to live, the same on both sides.
fn store(key: u64, volatile: bool) -> Vec<Vec<u8>> {
    let mut argv = words(&format!("SET key:{key}"));
    argv.push(vec![b'x'; VALUE_BYTES]);
    if volatile {
        argv.extend(words(&format!("EX {}", 1000 + key * 7919 % 5000)));
    }
    argv
}

/// Keys by Zipf's law with the exponent 1: the nth as often as 1/n.
struct Zipf {
    /// Running sums of the weights.
    sums: Vec<f64>,
}

impl Zipf {
    fn new(keys: usize) -> Zipf {
        let mut sum = 0.0;
        let weights = (1..=keys).map(|n| {
            sum += 1.0 / n as f64;
            sum
        });
        Zipf {
            sums: weights.collect(),
        }
    }

    fn draw(&self, rng: &mut Rng) -> u64 {
        let at = rng.float() * self.sums.last().copied().unwrap_or(0.0);
        self.sums.partition_point(|&sum| sum <= at) as u64
    }
}

fn used_memory(peer: &mut dyn Peer) -> Result<u64, String> {
    let info = peer.ask(0, "INFO memory").lossy();
    let line = info.lines().find_map(|l| l.strip_prefix("used_memory:"));
    line.and_then(|n| n.trim().parse().ok())
        .ok_or_else(|| format!("{}: INFO memory without used_memory", peer.name()))
}

/// Sets `maxmemory` so that `FIT` keys fit, and the policy.
fn limit(peer: &mut dyn Peer, policy: &str) -> Result<(), String> {
    peer.restart();
    peer.open();
    let volatile = policy.starts_with("volatile");
    // Histograms of latency would take more the longer the run.
    for line in [
        "CONFIG SET latency-tracking no",
        "GET key:0",
        "DBSIZE",
        "CONFIG SET maxmemory 0",
    ] {
        peer.ask(0, line);
    }
    for key in 0..FIT {
        peer.call(0, &store(key, volatile));
    }
    let bytes = used_memory(peer)?;
    peer.ask(0, "FLUSHALL SYNC");
    let line = format!("CONFIG SET maxmemory {bytes} maxmemory-policy {policy}");
    match peer.ask(0, &line) {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{}: {line}: {}", peer.name(), other.notation())),
    }
}

/// Percent of the requests that hit, once the cache is full.
fn hit_rate(peer: &mut dyn Peer, policy: &str, (seed, batches): (u64, u64)) -> Result<f64, String> {
    limit(peer, policy)?;
    let (zipf, mut rng) = (Zipf::new(KEYS), Rng::new(seed));
    let (mut hits, mut requests) = (0, 0);
    for batch in 0..batches {
        let keys: Vec<u64> = (0..BATCH).map(|_| zipf.draw(&mut rng)).collect();
        for key in keys {
            let hit = peer.ask(0, &format!("GET key:{key}")) != Reply::NilBulk;
            if !hit {
                let stored = peer.call(0, &store(key, policy.starts_with("volatile"))).1;
                if let Reply::Error(text) = stored {
                    return Err(format!(
                        "{}, {policy}: {}",
                        peer.name(),
                        String::from_utf8_lossy(&text)
                    ));
                }
            }
            // The first quarter fills the cache.
            if batch >= batches / 4 {
                requests += 1;
                hits += u32::from(hit);
            }
        }
        peer.advance(PAUSE);
    }
    Ok(100.0 * f64::from(hits) / f64::from(requests))
}

fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/hit-rates")
}

/// redlab's hit rates against those that were measured of the oracle.
pub fn check() -> Result<(usize, Vec<String>), String> {
    let text = std::fs::read_to_string(recorded()).map_err(|e| format!("hit-rates: {e}"))?;
    let (mut passed, mut failures) = (0, Vec::new());
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let (policy, theirs) = line.split_once(' ').unwrap_or((line, ""));
        let theirs: f64 = theirs.parse().map_err(|e| format!("{line}: {e}"))?;
        let ours = hit_rate(&mut Local::new(), policy, (1, BATCHES))?;
        if (ours - theirs).abs() <= POINTS {
            passed += 1;
        } else {
            failures.push(format!(
                "{policy}\n  oracle: {theirs:.2}%\n  redlab: {ours:.2}%"
            ));
        }
    }
    Ok((passed, failures))
}

/// Measures both sides, and keeps what the oracle's rates were.
pub fn soak(options: &Options) -> Result<(usize, Vec<String>), String> {
    let batches = options.number("count", BATCHES)?;
    let seed = options.number("seed", 1)?;
    let mut oracle = Server::oracle()?;
    let mut text = String::from(
        "# Percent of requests that hit, measured of the oracle by `npm run soak eviction`.\n",
    );
    let (mut passed, mut failures) = (0, Vec::new());
    for policy in POLICIES {
        let theirs = hit_rate(&mut oracle, policy, (seed, batches))?;
        let ours = hit_rate(options.ours().as_mut(), policy, (seed, batches))?;
        let line = format!("{policy}: oracle {theirs:.2}%, redlab {ours:.2}%");
        println!("{line}");
        let written = writeln!(text, "{policy} {theirs:.2}");
        debug_assert!(written.is_ok(), "a string takes any text");
        if (ours - theirs).abs() <= POINTS {
            passed += 1;
        } else {
            failures.push(line);
        }
    }
    if (seed, batches) == (1, BATCHES) {
        std::fs::write(recorded(), text).map_err(|e| format!("hit-rates: {e}"))?;
    }
    Ok((passed, failures))
}
