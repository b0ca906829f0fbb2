//! Files that redlab and the real server's own tools judge: damaged append-only files, the whole verdict compared, and
//! damaged snapshots.

use crate::local::Local;
use crate::peer::Peer;
use crate::run::now_s;
use crate::{Options, tool_runs};
use redlab::base::crc64::crc64;
use redlab::base::rng::Rng;
use redlab::command::Config;
use redlab::persist::aof::check::check;
use redlab::persist::rdb::check as rdb;
use redlab::server::file_limits;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A sound file: commands of any bytes, annotations, transactions.
pub fn sound(rng: &mut Rng) -> Vec<u8> {
    let mut out = Vec::new();
    let mut open = false;
    let command = |words: &[&[u8]], out: &mut Vec<u8>| {
        out.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
        for word in words {
            out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            out.extend_from_slice(word);
            out.extend_from_slice(b"\r\n");
        }
    };
    for _ in 0..1 + rng.below(8) {
        match rng.below(8) {
            0 => out.extend_from_slice(format!("#TS:{}\r\n", rng.below(1 << 31)).as_bytes()),
            1 => {
                command(&[if open { b"EXEC" } else { b"MULTI" }], &mut out);
                open = !open;
            }
            _ => {
                let mut value = vec![0; rng.below(20) as usize];
                rng.fill(&mut value);
                command(&[b"SET", b"key", &value], &mut out);
            }
        }
    }
    if open && rng.below(4) > 0 {
        command(&[b"exec"], &mut out);
    }
    out
}

/// A few bytes changed, put in, taken out or cut off.
pub fn damage(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.below(3) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.below(bytes.len() as u64) as usize;
        match rng.below(4) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes.insert(at, b"*$#\r\n0-9 x"[rng.below(10) as usize]),
            2 => drop(bytes.remove(at)),
            _ => bytes.truncate(at),
        }
    }
}

/// A small snapshot of each type.
pub fn snapshot(rng: &mut Rng) -> Vec<u8> {
    let mut ours = Local::new();
    let on = ours.open();
    for _ in 0..1 + rng.below(6) {
        let (a, b) = (rng.below(1000), rng.below(100));
        let line = match rng.below(8) {
            0 => format!("SET s{a} {b}"),
            1 => format!(
                "SET e{a} aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa EX {}",
                b + 1000
            ),
            2 => format!("RPUSH l{a} {b} x y"),
            3 => format!("SADD i{a} {b} 2 70000"),
            4 => format!("SADD s{a} {b} x"),
            5 => format!("ZADD z{a} {b}.5 x 3 y"),
            6 => format!("HSET h{a} f {b} g w"),
            _ => format!("XADD x{a} {}-{b} f v", a + 1),
        };
        ours.ask(on, &line);
        if rng.below(6) == 0 {
            ours.ask(on, &format!("SELECT {}", rng.below(16)));
        }
    }
    ours.save_rdb()
}

/// `count` damaged snapshots from `seed` on, half of them with a checksum that fits: sound or not, of sound ones all words.
fn compare_snapshots(count: u64, seed: u64, folder: &Path) -> Result<Vec<String>, String> {
    let tool = tool("rdb")?;
    let limits = file_limits(&Config::default());
    let mut failures = Vec::new();
    for seed in seed..seed + count {
        let mut rng = Rng::new(seed);
        let mut bytes = snapshot(&mut rng);
        damage(&mut rng, &mut bytes);
        if rng.below(2) == 0 && bytes.len() > 8 {
            let end = bytes.len() - 8;
            let crc = crc64(0, &bytes[..end]);
            bytes[end..].copy_from_slice(&crc.to_le_bytes());
        }
        std::fs::write(folder.join("x.rdb"), &bytes).map_err(|e| e.to_string())?;
        let run = Command::new(&tool)
            .arg("x.rdb")
            .current_dir(folder)
            .output();
        let run = run.map_err(|e| e.to_string())?;
        let theirs = String::from_utf8_lossy(&run.stdout);
        let ours = rdb::check("x.rdb", &bytes, &limits, now_s() * 1000);
        let sound = run.status.success();
        if ours.is_sound != sound || sound && ours.text != theirs {
            let shown = bytes.escape_ascii();
            let ours = ours.text;
            failures.push(format!(
                "snapshot, seed {seed}: {shown}\ntool:\n{theirs}redlab:\n{ours}"
            ));
        }
    }
    Ok(failures)
}

/// The tool beside the oracle.
pub fn tool(kind: &str) -> Result<PathBuf, String> {
    let names = ["valkey", "redis"].map(|name| format!("{name}-check-{kind}"));
    let path = std::env::var("PATH").unwrap_or_default();
    let all = path
        .split(':')
        .flat_map(|dir| names.iter().map(move |name| Path::new(dir).join(name)));
    let mut found = all.filter(|program| program.exists());
    found
        .next()
        .ok_or_else(|| "no check tool on this machine".into())
}

/// Where a line ends with the file, the tool shows what its buffer held before: that byte says nothing.
pub fn without_leftovers(report: &str) -> String {
    match report.split_once("got: 00") {
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c.is_ascii_hexdigit());
            format!("{before}got: 00{after}")
        }
        None => report.to_string(),
    }
}

/// `count` damaged files from `seed` on.
pub fn compare(options: &Options) -> Result<(usize, Vec<String>), String> {
    let count = options.number("count", 200)?;
    let seed = options.number("seed", 1)? + options.number("first", 0)?;
    let folder = std::env::temp_dir().join(format!("redlab-tools-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let mut failures = compare_logs(count, seed, &folder)?;
    failures.extend(compare_snapshots(count, seed, &folder)?);
    let mut tried = 2 * count as usize;
    if let Some(program) = options.text("server") {
        failures.extend(tool_runs::compare(program, count, seed, &folder)?);
        tried += count as usize;
    }
    let _ = std::fs::remove_dir_all(&folder);
    Ok((tried - failures.len(), failures))
}

/// `count` damaged append-only files from `seed` on: all words.
fn compare_logs(count: u64, seed: u64, folder: &Path) -> Result<Vec<String>, String> {
    let tool = tool("aof")?;
    let mut failures = Vec::new();
    for seed in seed..seed + count {
        let mut rng = Rng::new(seed);
        let mut bytes = sound(&mut rng);
        damage(&mut rng, &mut bytes);
        std::fs::write(folder.join("x.aof"), &bytes).map_err(|e| e.to_string())?;
        let run = Command::new(&tool)
            .arg("x.aof")
            .current_dir(folder)
            .output();
        let run = run.map_err(|e| e.to_string())?;
        let text = String::from_utf8_lossy(&run.stdout);
        let theirs = text.split_once('\n').map_or("", |(_, rest)| rest);
        let found = check(&bytes, "x.aof");
        let ours = found.report("x.aof", bytes.len());
        let ours = String::from_utf8_lossy(&ours);
        // An empty file is no error to the tool, and not sound either.
        if without_leftovers(&ours) != without_leftovers(theirs)
            || found.is_valid() != run.status.success()
        {
            let shown = bytes.escape_ascii();
            failures.push(format!(
                "seed {seed}: {shown}\ntool:\n{theirs}redlab:\n{ours}"
            ));
        }
    }
    Ok(failures)
}
