//! `--check-rdb` and `--check-aof`: the stock tools on real files.
use crate::journal::now_us;
use redlab::command::Config;
use redlab::persist::tools::{self, ABORTED, Cut, QUESTION, Repair, Verdict};
use redlab::server::file_limits;
use std::borrow::Cow;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};

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
            Some(path) => {
                let limits = file_limits(&Config::default());
                finish(tools::check_rdb(path, &read, &limits, now_us() / 1000))
            }
            None => fail("Usage: redlab-server --check-rdb <rdb-file-name>"),
        }),
        "--check-aof" => Some(match &args[2..] {
            [path] => check_aof(path, Repair::Nothing),
            [fix, path] if fix == "--fix" => check_aof(path, Repair::Fix),
            [cut, second, path] if cut == "--truncate-to-timestamp" => match second.parse() {
                Ok(second) => check_aof(path, Repair::Timestamp(second)),
                Err(_) => fail("Invalid timestamp, aborting..."),
            },
            _ => fail(
                "Usage: redlab-server --check-aof [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>",
            ),
        }),
        _ => None,
    }
}

fn check_aof(path: &str, repair: Repair) -> Ended {
    let limits = file_limits(&Config::default());
    let now_ms = now_us() / 1000;
    finish(tools::check_aof(path, &read, repair, &limits, now_ms))
}

fn read(path: &str) -> Result<Cow<'static, [u8]>, String> {
    fs::read(path).map(Cow::Owned).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => "No such file or directory".into(),
        _ => e.to_string(),
    })
}

/// Prints what a tool says, and does what it wants done.
fn finish(verdict: Verdict) -> Ended {
    let mut out = io::stdout();
    let _ = out.write_all(&verdict.text);
    if let Some(cut) = &verdict.cut {
        if cut.asks && !confirmed() {
            print!("{ABORTED}");
            return Err(());
        }
        if shrink(cut).is_err() {
            print!("{}", cut.failed);
            return Err(());
        }
        print!("{}", cut.done);
    }
    verdict.good.then_some(()).ok_or(())
}

fn confirmed() -> bool {
    print!("{QUESTION}");
    let _ = io::stdout().flush();
    let mut answer = String::new();
    let _ = io::stdin().read_line(&mut answer);
    answer.to_ascii_lowercase().starts_with('y')
}

fn shrink(cut: &Cut) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(&cut.path)?;
    file.set_len(cut.len as u64)
}
