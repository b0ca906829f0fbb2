//! The `file` predicate: what a program reads of a file, and how much of it a power cut would leave.
use super::check::Verdict;
use super::{Stage, code, text};
use crate::base::glob::glob;
use crate::base::time::Millis;
use crate::command::Config;
use crate::lab::lesson::{File, Range};
use crate::persist::aof::check::check;
use crate::persist::rdb;
use crate::server::file_limits;
use crate::sim::disk::Disk;

/// Whether one of the files that the name stands for is as asked for; else what is wrong with the last of them.
/// O(files, and bytes of those).
pub(super) fn judge(stage: &dyn Stage, at: usize, wanted: &File) -> Verdict {
    let found = |words: &str| vec![code(&wanted.name), text(words)];
    let Some(disk) = stage.disk(at) else {
        return (false, found(" is not there: the node has no disk"));
    };
    let now_ms = stage.now_us() / 1000;
    let pattern = wanted.name.as_bytes();
    let paths: Vec<&str> = disk
        .all()
        .filter(|p| glob(pattern, p.as_bytes(), false))
        .collect();
    let Some(last) = paths.last() else {
        return (wanted.exists == Some(false), found(" is not there"));
    };
    if wanted.exists == Some(false) {
        return (false, vec![code(last), text(" is there; expected none")]);
    }
    match paths
        .iter()
        .find(|path| fault(disk, path, wanted, now_ms).is_none())
    {
        Some(path) => (true, vec![code(path), text(" is as it should be")]),
        None => {
            let words = fault(disk, last, wanted, now_ms).unwrap_or_default();
            (false, vec![code(last), text(&words)])
        }
    }
}

/// How a file is not as asked for, to stand behind its name.
fn fault(disk: &Disk, path: &str, wanted: &File, now_ms: Millis) -> Option<String> {
    let (Ok(bytes), Ok(extent)) = (disk.read(path), disk.extent(path)) else {
        return Some(" is not there".into());
    };
    let unsynced = extent.cached.saturating_sub(extent.platter);
    let holds = |range: &Option<Range>, n: usize| range.is_none_or(|range| range.holds(n as i64));
    if let Some(needle) = &wanted.contains
        && !bytes
            .windows(needle.len().max(1))
            .any(|part| part == needle.as_bytes())
    {
        return Some([" does not hold ", needle].concat());
    }
    if !holds(&wanted.bytes, bytes.len()) {
        return Some([" has ", &bytes.len().to_string(), " bytes"].concat());
    }
    if !holds(&wanted.unsynced, unsynced) {
        let words = " bytes that only the page cache has";
        return Some([" has ", &unsynced.to_string(), words].concat());
    }
    match wanted.sound {
        Some(true) if !is_sound(bytes, now_ms) => Some(" is damaged".into()),
        Some(false) if is_sound(bytes, now_ms) => Some(" is whole".into()),
        _ => None,
    }
}

/// What the check tool would say of a snapshot, of a log, or of a log that begins with a snapshot. O(bytes).
fn is_sound(bytes: &[u8], now_ms: Millis) -> bool {
    if !bytes.starts_with(b"REDIS") {
        return check(bytes, "").is_valid();
    }
    let limits = file_limits(&Config::default());
    let report = rdb::check::check("", bytes, &limits, now_ms);
    report.is_sound && check(bytes.get(report.end..).unwrap_or_default(), "").is_valid()
}
