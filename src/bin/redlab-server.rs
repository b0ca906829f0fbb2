//! The native server: the same `Node` as in the browser, on real sockets and with real time.
//!
//! ```text
//! redlab-server [/path/to/redis.conf] [--name value ...] [-]
//! redlab-server --check-rdb FILE
//! redlab-server --check-aof [--fix | --truncate-to-timestamp SECONDS] FILE
//! ```
#![allow(clippy::disallowed_methods)] // the host is where the clock comes from
#[path = "redlab_server/acl_file.rs"]
mod acl_file;
#[path = "redlab_server/check.rs"]
mod check;
#[path = "redlab_server/files.rs"]
mod files;
#[path = "redlab_server/journal.rs"]
mod journal;
#[path = "redlab_server/net.rs"]
mod net;
#[path = "redlab_server/options.rs"]
mod options;
#[path = "redlab_server/setup.rs"]
mod setup;

use options::Start;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if let Some(ended) = check::run(&args) {
        return ended.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let settings = match options::read(&args) {
        Ok(Start::Serve(settings)) => settings,
        Ok(Start::Say(text)) => {
            println!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(text) => {
            eprintln!("{text}");
            return ExitCode::FAILURE;
        }
    };
    match setup::serve(&args, *settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(()) => ExitCode::FAILURE,
    }
}
