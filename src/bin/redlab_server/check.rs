//! `--check-rdb` and `--check-aof`: the stock tools, with their words and verdicts.
use crate::journal::now_us;
use redlab::command::Config;
use redlab::persist::aof::check::{check, cut_at_timestamp};
use redlab::persist::aof::manifest::Manifest;
use redlab::persist::rdb::check as rdb;
use redlab::server::file_limits;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// What is done to a file that is not sound.
enum Repair {
    Nothing,
    Fix,
    /// Not a repair: the file is cut to what it held at this second.
    Timestamp(i64),
}

/// A tool's end: `Err` is a failure that has been said.
type Ended = Result<(), ()>;

fn fail(text: &str) -> Ended {
    println!("{text}");
    Err(())
}

/// Runs the tool that the arguments name, if they name one.
pub fn run(args: &[String]) -> Option<Ended> {
    match args.get(1)?.as_str() {
        "--check-rdb" => Some(match args.get(2) {
            Some(path) => check_rdb(path),
            None => fail("Usage: redlab-server --check-rdb <rdb-file-name>"),
        }),
        "--check-aof" => Some(match &args[2..] {
            [path] => check_aof(path, &Repair::Nothing),
            [fix, path] if fix == "--fix" => check_aof(path, &Repair::Fix),
            [cut, second, path] if cut == "--truncate-to-timestamp" => match second.parse() {
                Ok(second) => check_aof(path, &Repair::Timestamp(second)),
                Err(_) => fail("Invalid timestamp, aborting..."),
            },
            _ => fail(
                "Usage: redlab-server --check-aof [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>",
            ),
        }),
        _ => None,
    }
}

fn check_rdb(path: &str) -> Ended {
    let Ok(bytes) = fs::read(path) else {
        return fail(&format!("[offset 0] Checking RDB file {path}"));
    };
    let report = rdb::check(
        path,
        &bytes,
        &file_limits(&Config::default()),
        now_us() / 1000,
    );
    print!("{}", report.text);
    report.is_sound.then_some(()).ok_or(())
}

fn check_aof(path: &str, repair: &Repair) -> Ended {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) => {
            let why = match e.kind() {
                io::ErrorKind::NotFound => "No such file or directory".into(),
                _ => e.to_string(),
            };
            return fail(&format!("Cannot open file {path}: {why}"));
        }
    };
    if bytes.starts_with(b"file ") {
        return check_manifest(path, &bytes, repair);
    }
    let rdb = bytes.starts_with(b"REDIS");
    println!(
        "Start checking {}",
        if rdb {
            "RDB preamble AOF"
        } else {
            "Old-Style AOF"
        }
    );
    check_file(path, path, "", true, repair)
}

fn check_manifest(path: &str, bytes: &[u8], repair: &Repair) -> Ended {
    println!("Start checking Multi Part AOF");
    let manifest = match Manifest::parse(bytes) {
        Ok(manifest) => manifest,
        Err(error) => return fail(error.text),
    };
    let dir = Path::new(path).parent().unwrap_or(Path::new(""));
    let files: Vec<_> = manifest.files().collect();
    for (number, entry) in files.iter().enumerate() {
        let name = String::from_utf8_lossy(&entry.name).into_owned();
        let file = dir.join(&name).to_string_lossy().into_owned();
        let base = number == 0 && manifest.base.is_some();
        if base {
            let rdb = fs::read(&file).is_ok_and(|bytes| bytes.starts_with(b"REDIS"));
            println!(
                "Start to check BASE AOF ({} format).",
                if rdb { "RDB" } else { "RESP" }
            );
        } else if number == usize::from(manifest.base.is_some()) {
            println!("Start to check INCR files.");
        }
        let kind = if base { "BASE " } else { "INCR " };
        check_file(&file, &name, kind, number + 1 == files.len(), repair)?;
    }
    println!("All AOF files and manifest are valid");
    Ok(())
}

/// One file, which `shown` stands for in the messages; only the last one may be repaired.
fn check_file(path: &str, shown: &str, kind: &str, last: bool, repair: &Repair) -> Ended {
    let Ok(bytes) = fs::read(path) else {
        return fail(&format!(
            "Cannot open file {path}: No such file or directory"
        ));
    };
    let mut start = 0;
    if bytes.starts_with(b"REDIS") {
        let limits = file_limits(&Config::default());
        let report = rdb::check(path, &bytes, &limits, now_us() / 1000);
        print!("{}", report.text);
        if !report.is_sound {
            return fail("RDB preamble of AOF file is not sane, aborting.");
        }
        println!("RDB preamble is OK, proceeding with AOF tail...");
        start = report.end;
    }
    if let Repair::Timestamp(second) = repair {
        return cut(path, shown, &bytes, start, *second, last);
    }
    let mut found = check(&bytes[start..], shown);
    found.ok_up_to += start;
    let mut report = found.report(shown, bytes.len());
    let sound = found.is_valid();
    if sound {
        // In a directory the verdict says what the file is for.
        let plain = format!("AOF {shown} is valid\n");
        let whole = String::from_utf8_lossy(&report).replace(&plain, &format!("{kind}{plain}"));
        report = whole.into_bytes();
    }
    let fixes = matches!(repair, Repair::Fix) && !sound;
    if fixes {
        // The tool asks in place of its advice.
        let advice = format!("AOF {shown} is not valid. Use the --fix option to try fixing it.\n");
        report.truncate(report.len().saturating_sub(advice.len()));
    }
    let _ = io::stdout().write_all(&report);
    if sound {
        return Ok(());
    }
    if !fixes {
        return Err(());
    }
    if !last {
        return fail(&format!(
            "Failed to truncate AOF {shown} because it is not the last file"
        ));
    }
    let (size, ok) = (bytes.len(), found.ok_up_to);
    println!(
        "This will shrink the AOF {shown} from {size} bytes, with {} bytes, to {ok} bytes",
        size - ok
    );
    print!("Continue? [y/N]: ");
    let _ = io::stdout().flush();
    let mut answer = String::new();
    let _ = io::stdin().read_line(&mut answer);
    if !answer.to_ascii_lowercase().starts_with('y') {
        return fail("Aborting...");
    }
    shrink(path, shown, ok)?;
    println!("Successfully truncated AOF {shown}");
    Ok(())
}

fn shrink(path: &str, shown: &str, len: usize) -> Ended {
    let file = OpenOptions::new().write(true).open(path);
    match file.and_then(|file| file.set_len(len as u64)) {
        Ok(()) => Ok(()),
        Err(_) => fail(&format!("Failed to truncate AOF {shown}")),
    }
}

fn cut(path: &str, shown: &str, bytes: &[u8], start: usize, second: i64, last: bool) -> Ended {
    match cut_at_timestamp(&bytes[start..], second).map(|at| at + start) {
        None => {
            println!("Truncate nothing in AOF {shown} to timestamp {second}");
            println!("AOF {shown} is valid");
            Ok(())
        }
        Some(0) => fail(&format!(
            "AOF {shown} has nothing before timestamp {second}, aborting..."
        )),
        Some(_) if !last => fail(&format!(
            "Failed to truncate AOF {shown} to timestamp {second} to offset because it is not the last file"
        )),
        Some(at) => {
            shrink(path, shown, at)?;
            println!("Successfully truncated AOF {shown} to timestamp {second}");
            Ok(())
        }
    }
}
