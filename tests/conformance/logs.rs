//! Append-only directories in both directions: what random commands wrote on redlab is read by a real server as it starts,
//! and what they wrote there is read by redlab; with rewrites in between, with and without an RDB preamble.

use crate::files::{Folder, Verdicts, difference, fill, other_data};
use crate::generate::Generator;
use crate::grammar::Syntax;
use crate::local::Local;
use crate::peer::{Peer, Server};
use redlab::sim::disk::KeptFile;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What a log keeps of a stream: not when consumers were seen.
const STREAM: &[&[&[u8]]] = &[&[b"XINFO", b"STREAM"], &[b"XINFO", b"GROUPS"]];

/// Lets a rewrite come to its end.
fn rewrite(peer: &mut dyn Peer, on: usize) -> Result<(), String> {
    let said = peer.ask(on, "BGREWRITEAOF").lossy();
    if !said.contains("rewriting started") {
        return Err(said);
    }
    for _ in 0..100 {
        peer.advance(Duration::from_millis(150));
        let info = peer.ask(on, "INFO persistence").lossy();
        if info.contains("aof_rewrite_in_progress:0") {
            let good = info.contains("aof_last_bgrewrite_status:ok");
            return good.then_some(()).ok_or(info);
        }
    }
    Err("the rewrite has no end".into())
}

/// Writes what redlab's disk has into a folder.
fn export(ours: &Local, folder: &Path) -> std::io::Result<()> {
    let _ = fs::remove_dir_all(folder.join("appendonlydir"));
    fs::create_dir_all(folder.join("appendonlydir"))?;
    for file in ours.files() {
        fs::write(folder.join(file.path), file.bytes)?;
    }
    Ok(())
}

fn import(folder: &Path) -> std::io::Result<Vec<KeptFile>> {
    let mut files = Vec::new();
    for (number, entry) in fs::read_dir(folder.join("appendonlydir"))?.enumerate() {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        files.push(KeptFile {
            path: format!("appendonlydir/{name}"),
            inode: number as u64 + 1,
            bytes: fs::read(&path)?,
        });
    }
    Ok(files)
}

/// What the stock tool says of a directory that it does not like.
fn check(folder: &Path) -> Option<String> {
    let manifest = folder.join("appendonlydir/appendonly.aof.manifest");
    let out = Command::new("valkey-check-aof")
        .arg(manifest)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    (!out.status.success()).then_some(text)
}

fn settings(segment: u64) -> [(&'static str, &'static str); 4] {
    let yes = |wanted: bool| if wanted { "yes" } else { "no" };
    [
        ("appendonly", "yes"),
        // Under the default policy a write waits while an fsync is under way, and would not be in the file yet.
        ("appendfsync", "no"),
        ("aof-use-rdb-preamble", yes(segment % 2 == 1)),
        ("aof-timestamp-enabled", yes(segment % 4 >= 2)),
    ]
}

/// Goes through these directories of a run; gives how many comparisons agreed and what did not.
pub fn compare(
    syntax: &[Syntax],
    segments: Range<u64>,
    seed: u64,
    now_s: i64,
) -> Result<(usize, Vec<String>), String> {
    let folder = Folder::new();
    let mut generator = Generator::alone(syntax, now_s);
    let mut verdicts = Verdicts::default();
    for segment in segments {
        generator.begin(seed, segment);
        let place = format!("logs, seed {seed}, directory {segment}");
        let mut judge = |what: &str, found| verdicts.judge(&place, what, found);
        let settings = settings(segment);
        let mut ours = Local::on_disk(Vec::new(), &settings);
        let on = ours.open();
        fill(&mut ours, on, &mut generator);
        if segment % 3 > 0 {
            judge("rewrite", rewrite(&mut ours, on).err());
            fill(&mut ours, on, &mut generator);
        }
        export(&ours, folder.path()).map_err(|e| e.to_string())?;
        judge("the stock tool", check(folder.path()));
        let mut oracle = Server::oracle_in(folder.path())?;
        oracle.set_options(&settings);
        let there = oracle.open();
        let files = import(folder.path()).map_err(|e| e.to_string())?;
        let mut again = Local::on_disk(files, &settings);
        let here = again.open();
        let peers: [&mut dyn Peer; 2] = [&mut again, &mut oracle];
        judge(
            "redlab's log",
            difference(["redlab", "oracle"], peers, [here, there], STREAM),
        );
        judge(
            "read by redlab",
            other_data([&mut ours, &mut again], [on, here]),
        );

        oracle.ask(there, "SELECT 0");
        fill(&mut oracle, there, &mut generator);
        if segment % 3 != 1 {
            judge("the oracle's rewrite", rewrite(&mut oracle, there).err());
            fill(&mut oracle, there, &mut generator);
        }
        let files = import(folder.path()).map_err(|e| e.to_string())?;
        let mut read = Local::on_disk(files, &settings);
        let here = read.open();
        oracle.restart();
        let there = oracle.open();
        let peers: [&mut dyn Peer; 2] = [&mut read, &mut oracle];
        judge(
            "the oracle's log",
            difference(["redlab", "oracle"], peers, [here, there], STREAM),
        );
    }
    Ok((verdicts.passed, verdicts.failures))
}
