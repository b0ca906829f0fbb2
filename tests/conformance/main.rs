//! Comparison with a real server. One program, run step by step by `npm test`:
//!
//! ```text
//! cargo test --test conformance -- transcripts [words]   recorded replies, no server needed
//! cargo test --test conformance -- record [words]        record them from the oracle (npm run record)
//! cargo test --test conformance -- protocol              raw sockets: protocol errors, hanging up
//! cargo test --test conformance -- table                 COMMAND INFO, DOCS and GETKEYS of every command
//! cargo test --test conformance -- settings              CONFIG: every parameter, set to odd values
//! cargo test --test conformance -- sample                a fixed-seed sample of the random run
//! cargo test --test conformance -- soak [--count N] [--seed S] [--tokens N] [COMMAND ..]
//! cargo test --test conformance -- scripts [--count N] [--seed S]   random scripts: a sample
//! cargo test --test conformance -- soak-scripts [--count N] [--seed S]   many of them
//! cargo test --test conformance -- eviction              hit rates of a cache against those recorded, no server needed
//! cargo test --test conformance -- soak-eviction [--count N] [--seed S]   measures and records them
//! cargo test --test conformance -- replay                redlab's log of writes, read by the oracle
//! cargo test --test conformance -- dumps                 values that go there and back as payloads of DUMP
//! cargo test --test conformance -- files                 whole snapshot files, each read by the other
//! cargo test --test conformance -- logs                  append-only directories, each read by the other
//! cargo test --test conformance -- old-files             snapshot files of versions 1 to 9, read by both
//! cargo test --test conformance -- tools [--count N]     damaged files, judged by redlab and by the real check tool;
//!                                                        with --server PATH also what that program says of them and does to them
//! cargo test --test conformance -- replication [--count N] [--seed S]   primary and replica of each other, links cut
//! cargo test --test conformance -- sentinel [words] [--port P]   failovers, real sentinels and redlab's; ports from P on
//! cargo test --test conformance -- self-test             the harness against itself
//! ```
//! `--resp 2` or `--resp 3` keeps a random run to one protocol, `--clients N` gives each segment so many clients; names of commands after the mode keep it to these.
//! `--server PATH` compares that server program over TCP instead of the Node in this process.
#![allow(
    clippy::disallowed_methods,
    reason = "a harness has a clock, sockets and child processes"
)]

mod agree;
mod choose;
mod clients;
mod dumps;
mod events;
mod eviction;
mod files;
mod generate;
mod grammar;
mod known;
mod limited;
mod local;
mod logs;
mod peer;
mod progress;
mod protocol;
mod replay;
mod replication;
mod reply;
mod run;
mod scope;
mod scripts;
mod self_test;
mod sentinel;
mod session;
mod settings;
mod soak;
mod table;
mod tool_runs;
mod tools;
mod transcripts;
mod waits;

use known::Known;
use local::Local;
use peer::{Peer, Server};
use std::process::ExitCode;

/// The command line, taken apart.
pub struct Options {
    pub mode: String,
    pub words: Vec<String>,
    values: Vec<(String, String)>,
}

impl Options {
    fn read() -> Options {
        let mut options = Options {
            mode: String::new(),
            words: Vec::new(),
            values: Vec::new(),
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.strip_prefix("--") {
                Some("") => {}
                Some(name) => options
                    .values
                    .push((name.into(), args.next().unwrap_or_default())),
                None if options.mode.is_empty() => options.mode = arg,
                None => options.words.push(arg),
            }
        }
        options
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    pub fn number(&self, name: &str, default: u64) -> Result<u64, String> {
        self.text(name).map_or(Ok(default), |v| {
            v.parse()
                .map_err(|_| format!("--{name} {v}: a number is needed"))
        })
    }

    /// redlab: in this process, or a server program.
    pub fn ours(&self) -> Box<dyn Peer> {
        match self.text("server") {
            Some(program) => Box::new(Server::program(program, &["--enable-debug-command", "yes"])),
            None => Box::new(Local::new()),
        }
    }
}

fn run() -> Result<(usize, Vec<String>), String> {
    let options = Options::read();
    let mut ours = options.ours();
    match options.mode.as_str() {
        "transcripts" => Ok(transcripts::check(ours.as_mut(), &options.words)),
        "record" => {
            let files = transcripts::record(&mut Server::oracle()?, &options.words)?;
            println!("recorded {files} files");
            Ok((files, Vec::new()))
        }
        "protocol" => Ok(protocol::compare(
            ours.as_mut(),
            &mut Server::oracle()?,
            &Known::load()?,
        )),
        "table" => table::compare(
            ours.as_mut(),
            &mut Server::oracle()?,
            &Known::load()?,
            &options.words,
        ),
        "settings" => Ok(settings::compare(
            ours.as_mut(),
            &mut Server::oracle()?,
            &Known::load()?,
        )),
        "sample" => soak::sample(&options),
        "scripts" => scripts::sample(&options),
        "soak-scripts" => scripts::soak(&options),
        "soak" => soak::soak(&options),
        "eviction" => eviction::check(),
        "soak-eviction" => eviction::soak(&options),
        "replay" => soak::replay(&options),
        "dumps" => soak::dumps(&options),
        "files" => soak::files(&options),
        "old-files" => soak::old_files(&options),
        "logs" => soak::logs(&options),
        "replication" => soak::replication(&options, false),
        "soak-replication" => soak::replication(&options, true),
        "sentinel" => sentinel::play(&options),
        "tools" => tools::compare(&options),
        "self-test" => self_test::all(),
        other => Err(format!(
            "unknown mode {other:?}; see the head of tests/conformance/main.rs"
        )),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok((passed, failures)) => {
            for failure in &failures {
                println!("{failure}\n");
            }
            println!("{passed} passed, {} failed", failures.len());
            ExitCode::from(u8::from(!failures.is_empty()))
        }
        Err(e) => {
            eprintln!("{e}");
            ExitCode::from(2)
        }
    }
}
