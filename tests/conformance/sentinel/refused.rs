//! Lines of sentinel.conf that a sentinel does not start with, and what it says of them.
use super::process::{Make, Part, Process};

/// Each stands behind a line that watches `main`. Hooks that are not there are no such lines: redlab never runs any.
const LINES: [&str; 32] = [
    "sentinel",
    "sentinel nope",
    "sentinel monitor main 127.0.0.1 6379",
    "sentinel monitor main 127.0.0.1 6379 1",
    "sentinel monitor two 127.0.0.1 6379 0",
    "sentinel monitor two 127.0.0.1 6379 x",
    "sentinel monitor two 127.0.0.1 x 1",
    "sentinel monitor two 127.0.0.1 70000 1",
    "sentinel monitor two nope.invalid 6379 1",
    "sentinel down-after-milliseconds nope 1",
    "sentinel down-after-milliseconds main 0",
    "sentinel down-after-milliseconds main",
    "sentinel failover-timeout main -1",
    "sentinel failover-timeout nope 1",
    "sentinel parallel-syncs nope 1",
    "sentinel notification-script nope /bin/true",
    "sentinel auth-pass nope x",
    "sentinel auth-user nope x",
    "sentinel current-epoch",
    "sentinel myid short",
    "sentinel config-epoch nope 1",
    "sentinel leader-epoch nope 1",
    "sentinel known-replica nope 127.0.0.1 1",
    "sentinel known-replica main nope.invalid 1",
    "sentinel known-sentinel nope 127.0.0.1 1 abc",
    "sentinel known-sentinel main 127.0.0.1 1",
    "sentinel rename-command nope A B",
    "sentinel rename-command main A",
    "sentinel announce-port x",
    "sentinel resolve-hostnames maybe",
    "sentinel deny-scripts-reconfig maybe",
    "nope 1",
];

/// Compares redlab with the real one.
pub fn compare() -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("redlab-refused-{}", std::process::id()));
    let mut found = Vec::new();
    for (number, line) in LINES.iter().enumerate() {
        let said = |make| {
            let lines = format!("sentinel monitor main 127.0.0.1 6379 2\n{line}");
            let name = format!("{number}-{make:?}");
            let mut sentinel = Process::new(&folder, &name, (make, Part::Sentinel), &lines)?;
            sentinel.last_words()
        };
        let (ours, theirs) = (said(Make::Redlab)?, said(Make::Real)?);
        if ours != theirs {
            found.push(format!("{line}\n  redlab: {ours}\n  real:   {theirs}"));
        }
    }
    // What is left lies in the system's folder for such things.
    let _ = std::fs::remove_dir_all(&folder);
    match found.len() {
        0 => Ok(()),
        count => Err(format!("{count} differences\n{}", found.join("\n"))),
    }
}
