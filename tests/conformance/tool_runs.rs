//! Damaged files in the hands of two programs: redlab's check of files and the real server's tools. Their words, their
//! verdicts, and what they leave of a file that they were to repair or to cut at a moment.

use crate::tools::{damage, snapshot, sound, tool, without_leftovers};
use redlab::base::crc64::crc64;
use redlab::base::rng::Rng;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Files by their names.
type Files = Vec<(&'static str, Vec<u8>)>;

const MANIFEST: &[u8] =
    b"file base seq 1 type b\nfile incr.1 seq 1 type i\nfile incr.2 seq 2 type i\n";

/// What is in the folder, and which of it is checked.
struct Case {
    files: Files,
    checked: &'static str,
    rdb: bool,
}

/// With a checksum that fits what became of the bytes, every other time.
fn maybe_signed(rng: &mut Rng, mut bytes: Vec<u8>) -> Vec<u8> {
    if rng.below(2) == 0 && bytes.len() > 8 {
        let end = bytes.len() - 8;
        let crc = crc64(0, &bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_le_bytes());
    }
    bytes
}

fn damaged_snapshot(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = snapshot(rng);
    damage(rng, &mut bytes);
    maybe_signed(rng, bytes)
}

/// A snapshot alone, a log, a log that begins with a snapshot, a directory of several; or bytes that never were a file.
fn case(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let rng = &mut rng;
    let file = |checked, bytes| Case {
        files: vec![(checked, bytes)],
        checked,
        rdb: checked == "x.rdb",
    };
    match seed % 8 {
        0 | 1 => file("x.rdb", damaged_snapshot(rng)),
        2 | 3 => {
            let mut log = sound(rng);
            damage(rng, &mut log);
            file("x.aof", log)
        }
        4 => {
            let head = if rng.below(2) == 0 {
                snapshot(rng)
            } else {
                damaged_snapshot(rng)
            };
            let mut log = sound(rng);
            damage(rng, &mut log);
            file("x.aof", [head, log].concat())
        }
        5 => {
            let mut bytes = vec![0; rng.below(60) as usize];
            rng.fill(&mut bytes);
            let head: &[u8] = [&b"REDIS0011"[..], b"REDIS", b"*1\r\n", b""][rng.below(4) as usize];
            let name = ["x.rdb", "x.aof"][rng.below(2) as usize];
            file(name, [head, &bytes].concat())
        }
        _ => {
            let base = if rng.below(2) == 0 {
                snapshot(rng)
            } else {
                sound(rng)
            };
            let mut files = vec![
                ("list.manifest", MANIFEST.to_vec()),
                ("base", base),
                ("incr.1", sound(rng)),
                ("incr.2", sound(rng)),
            ];
            let which = rng.below(4) as usize;
            damage(rng, &mut files[which].1);
            Case {
                files,
                checked: "list.manifest",
                rdb: false,
            }
        }
    }
}

/// What a program said, whether it was content, and what it left.
struct Run {
    text: String,
    content: bool,
    left: Files,
}

fn run(program: &Path, args: &[&str], files: &Files, folder: &Path) -> Result<Run, String> {
    let io = |e: std::io::Error| e.to_string();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).map_err(io)?;
    }
    let child = Command::new(program)
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.map_err(io)?;
    if let Some(mut input) = child.stdin.take() {
        // It may have ended without asking.
        let _ = input.write_all(b"y\n");
    }
    let out = child.wait_with_output().map_err(io)?;
    let read = |name: &'static str| (name, fs::read(folder.join(name)).unwrap_or_default());
    Ok(Run {
        text: String::from_utf8_lossy(&out.stdout).into_owned(),
        content: out.status.success(),
        left: files.iter().map(|(name, _)| read(name)).collect(),
    })
}

/// The words that decide: without what was found in a snapshot, which another comparison looks at, and which each program
/// tells in its own way where it gives up; and without the stamps of the tool's log.
fn decisive(text: &str) -> String {
    let end = "already expired\n";
    let text = match (text.find("[offset 0] Checking"), text.rfind(end)) {
        (Some(from), Some(to)) if from < to => [&text[..from], &text[to + end.len()..]].concat(),
        _ => text.to_string(),
    };
    let gives_up = [
        "Terminating server after",
        "RDB preamble of AOF file is not sane",
        "If you insist",
    ];
    let lines = text.lines().map(|line| match line.split_once(" # ") {
        Some((stamp, words)) if stamp.contains(":C ") => words,
        _ => line,
    });
    let lines =
        lines.filter(|line| !line.is_empty() && !gives_up.iter().any(|g| line.starts_with(g)));
    without_leftovers(&lines.collect::<Vec<_>>().join("\n"))
}

/// `count` cases from `seed` on, each checked, repaired, and cut at a moment.
pub fn compare(program: &str, count: u64, seed: u64, folder: &Path) -> Result<Vec<String>, String> {
    let ours = fs::canonicalize(program).map_err(|e| format!("{program}: {e}"))?;
    let tools: [PathBuf; 2] = [tool("aof")?, tool("rdb")?];
    let mut failures = Vec::new();
    for seed in seed..seed + count {
        let Case {
            files,
            checked,
            rdb,
        } = case(seed);
        let second = Rng::new(seed).below(1 << 31).to_string();
        let ways: &[&[&str]] = match rdb {
            true => &[&[]],
            false => &[&[], &["--fix"], &["--truncate-to-timestamp", &second]],
        };
        let mode = if rdb { "--check-rdb" } else { "--check-aof" };
        for way in ways {
            let theirs = run(
                &tools[usize::from(rdb)],
                &[way, &[checked][..]].concat(),
                &files,
                folder,
            )?;
            let ours = run(
                &ours,
                &[&[mode][..], way, &[checked]].concat(),
                &files,
                folder,
            )?;
            let (said, expected) = (decisive(&ours.text), decisive(&theirs.text));
            let same =
                said == expected && ours.content == theirs.content && ours.left == theirs.left;
            if !same {
                let shown: Vec<String> = files
                    .iter()
                    .map(|(name, bytes)| format!("{name}: {}", bytes.escape_ascii()))
                    .collect();
                let shown = shown.join("\n");
                let kept = if ours.left == theirs.left {
                    "the same"
                } else {
                    "not the same"
                };
                failures.push(format!(
                    "programs, seed {seed}, {way:?}, {kept} is left: {shown}\ntool ({}):\n{}\nredlab ({}):\n{}",
                    theirs.content, theirs.text, ours.content, ours.text
                ));
            }
        }
    }
    Ok(failures)
}
