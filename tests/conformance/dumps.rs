//! Values that go from one server to the other as payloads of DUMP: random commands make them on redlab, the oracle
//! restores them and dumps them again, redlab restores that. At each step both have the same value in the same encoding,
//! and the bytes are the same wherever chance has no part in them.

use crate::generate::Generator;
use crate::grammar::Syntax;
use crate::local::Local;
use crate::peer::{Peer, Server};
use crate::reply::{Reply, split};
use crate::scope::alone;
use redlab::base::rng::Rng;

/// Commands before the values are looked at.
const SEGMENT: usize = 150;

/// Thresholds under which values take other encodings.
const LIMITS: [&str; 4] = [
    "CONFIG SET list-max-listpack-size -2 list-compress-depth 0 hash-max-listpack-entries 512 set-max-listpack-entries 128 set-max-intset-entries 512 zset-max-listpack-entries 128 stream-node-max-entries 100",
    "CONFIG SET list-max-listpack-size 3 list-compress-depth 0 hash-max-listpack-entries 2 set-max-listpack-entries 2 set-max-intset-entries 2 zset-max-listpack-entries 2 stream-node-max-entries 2",
    "CONFIG SET list-max-listpack-size 1 list-compress-depth 0 hash-max-listpack-entries 0 set-max-listpack-entries 0 set-max-intset-entries 0 zset-max-listpack-entries 0 stream-node-max-entries 1",
    "CONFIG SET list-max-listpack-size -1 list-compress-depth 1 hash-max-listpack-entries 5 set-max-listpack-entries 10 set-max-intset-entries 5 zset-max-listpack-entries 20 stream-node-max-entries 10",
];

/// Redlab and the oracle with one connection each.
struct Pair<'a> {
    ours: Local,
    oracle: &'a mut Server,
    on: [usize; 2],
}

impl Pair<'_> {
    fn ours(&mut self, args: &[Vec<u8>]) -> Reply {
        self.ours.call(self.on[0], args).1
    }

    fn theirs(&mut self, args: &[Vec<u8>]) -> Reply {
        self.oracle.call(self.on[1], args).1
    }

    fn both(&mut self, line: &str, key: &[u8]) -> [Reply; 2] {
        let mut args = split(line).expect("quotes are closed");
        let at = args.iter().position(|a| a == b"KEY");
        if let Some(at) = at {
            args[at] = key.to_vec();
        }
        [self.ours(&args), self.theirs(&args)]
    }

    /// What differs about a key that both have restored.
    fn difference(&mut self, key: &[u8]) -> Option<String> {
        let questions = [
            "DEBUG DIGEST-VALUE KEY",
            "OBJECT ENCODING KEY",
            "XINFO STREAM KEY FULL COUNT 0",
        ];
        questions.into_iter().find_map(|line| {
            let [ours, theirs] = self.both(line, key).map(|r| r.notation());
            (ours != theirs).then(|| format!("{line}\n  redlab: {ours}\n  oracle: {theirs}"))
        })
    }

    /// One key there and back.
    fn check(&mut self, key: &[u8]) -> Option<String> {
        let first = self.ours(&dump(key));
        for step in ["redlab's payload", "the oracle's payload"] {
            let payload = match step {
                "redlab's payload" => first.clone(),
                _ => self.theirs(&dump(key)),
            };
            let payload = payload.text().unwrap_or_default();
            let restore = [b"RESTORE", key, b"0", payload, b"REPLACE"].map(<[u8]>::to_vec);
            let replies = [self.ours(&restore), self.theirs(&restore)].map(|r| r.lossy());
            if replies != ["OK", "OK"] {
                return Some(format!("{step}: RESTORE {replies:?}"));
            }
            if let Some(difference) = self.difference(key) {
                return Some(format!("{step}: {difference}"));
            }
        }
        let [ours, theirs] = self.both("DUMP KEY", key);
        let encoding = self.both("OBJECT ENCODING KEY", key)[0].lossy();
        // A table's order is chance.
        let differ = encoding != "hashtable" && ours != theirs;
        differ.then(|| {
            let [ours, theirs] = [ours, theirs].map(|r| r.notation());
            format!("bytes of {encoding}\n  redlab: {ours}\n  oracle: {theirs}")
        })
    }
}

fn dump(key: &[u8]) -> [Vec<u8>; 2] {
    [b"DUMP".to_vec(), key.to_vec()]
}

/// Runs `count` commands; gives how many values agreed and what did not.
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
    let (mut passed, mut failures) = (0, Vec::new());
    for segment in 0..count.div_ceil(SEGMENT as u64) {
        let mut ours = Local::new();
        let on = [ours.open(), oracle.open()];
        let mut pair = Pair { ours, oracle, on };
        let limits = LIMITS[generator.rng.below(LIMITS.len() as u64) as usize];
        for line in [limits, "CONFIG SET sanitize-dump-payload yes", "FLUSHALL"] {
            let replies = pair.both(line, b"").map(|r| r.lossy());
            assert_eq!(replies, ["OK", "OK"], "{line}");
        }
        for _ in 0..SEGMENT {
            let (_, command) = generator.command();
            pair.ours(&command);
        }
        pair.both("SELECT 0", b"");
        let keys = pair.ours(&[b"KEYS".to_vec(), b"*".to_vec()]);
        for key in keys.items() {
            let key = key.text().unwrap_or_default();
            match pair.check(key) {
                None => passed += 1,
                Some(difference) => failures.push(format!(
                    "dumps, seed {seed}, segment {segment}, key {}: {difference}",
                    key.escape_ascii()
                )),
            }
        }
    }
    (passed, failures)
}
