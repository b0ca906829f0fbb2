//! The two random runs: the sample of `npm test`, and the long one that writes docs/soak/conformance.json.

use crate::known::Known;
use crate::peer::Server;
use crate::run::{Plan, Report, now_s, run};
use crate::{Options, dumps, files, grammar, logs, progress, replay, replication};
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

type Verdict = Result<(usize, Vec<String>), String>;

fn plan(options: &Options, count: u64, tokens: u64) -> Result<Plan, String> {
    Ok(Plan {
        count: options.number("count", count)?,
        seed: options.number("seed", 1)?,
        resp: options.number("resp", 0)?,
        clients: options.number("clients", 0)?,
        tokens: options.number("tokens", if options.words.is_empty() { tokens } else { 0 })?,
        only: options.words.iter().map(|w| w.to_uppercase()).collect(),
    })
}

/// About 10,000 commands with a fixed seed.
pub fn sample(options: &Options) -> Verdict {
    let plan = plan(options, 10_000, 2)?;
    let mut oracle = Server::oracle()?;
    let syntax = syntax(options, &mut oracle);
    let report = run(
        options.ours().as_mut(),
        &mut oracle,
        &syntax,
        &Known::load()?,
        &plan,
        Report::default(),
        |_| {},
    );
    Ok(verdict(&plan, report, Vec::new()))
}

/// The log of random commands, read by the oracle.
pub fn replay(options: &Options) -> Verdict {
    let mut oracle = Server::oracle()?;
    let syntax = syntax(options, &mut oracle);
    let (count, seed) = (options.number("count", 3000)?, options.number("seed", 1)?);
    Ok(replay::compare(&mut oracle, &syntax, count, seed, now_s()))
}

/// Values of random commands, dumped and restored by both.
pub fn dumps(options: &Options) -> Verdict {
    let mut oracle = Server::oracle()?;
    let syntax = syntax(options, &mut oracle);
    let (count, seed) = (options.number("count", 6000)?, options.number("seed", 1)?);
    Ok(dumps::compare(&mut oracle, &syntax, count, seed, now_s()))
}

/// Which of a run's files are to be gone through: `--count` of them, from `--first` on.
fn segments(options: &Options, count: u64) -> Result<Range<u64>, String> {
    let first = options.number("first", 0)?;
    Ok(first..first + options.number("count", count)?)
}

/// Snapshot files of random commands, read by the other side.
pub fn files(options: &Options) -> Verdict {
    let syntax = syntax(options, &mut Server::oracle()?);
    let segments = segments(options, 10)?;
    files::compare(&syntax, segments, options.number("seed", 1)?, now_s())
}

/// Snapshot files of former versions, read by both.
pub fn old_files(options: &Options) -> Verdict {
    files::old::compare(segments(options, 90)?, options.number("seed", 1)?, now_s())
}

/// Append-only directories of random commands, read by the other side.
pub fn logs(options: &Options) -> Verdict {
    let syntax = syntax(options, &mut Server::oracle()?);
    let segments = segments(options, 8)?;
    logs::compare(&syntax, segments, options.number("seed", 1)?, now_s())
}

/// Random writes on primaries whose replicas are the other server's; `kept`: what was found goes to
/// docs/soak/replication.json.
pub fn replication(options: &Options, kept: bool) -> Verdict {
    let mut oracle = Server::oracle()?;
    let syntax = syntax(options, &mut oracle);
    let (count, seed) = (options.number("count", 250)?, options.number("seed", 1)?);
    let report = replication::compare(&syntax, count, seed, now_s())?;
    println!(
        "{} commands, {} cuts, {} full and {} partial syncs",
        report.commands, report.cuts, report.full_syncs, report.partial_syncs
    );
    if kept {
        replication::write(&report, &oracle.version(), seed);
    }
    Ok((report.passed, report.failures))
}

/// The long run. It writes down every few segments what it found and where it is; started again, it goes on from there.
pub fn soak(options: &Options) -> Verdict {
    let plan = plan(options, 100_000, 20)?;
    let known = Known::load()?;
    let mut oracle = Server::oracle()?;
    let oracle_version = oracle.version();
    let syntax = syntax(options, &mut oracle);
    let started = Instant::now();
    // Only a run over everything, of the Node itself, is worth keeping.
    let published = plan.only.is_empty()
        && plan.resp == 0
        && plan.clients == 0
        && options.text("server").is_none();
    let begun = progress::load(&plan, &known);
    if begun.segments > 0 {
        println!("going on after {} commands", begun.commands);
    }
    let report = run(
        options.ours().as_mut(),
        &mut oracle,
        &syntax,
        &known,
        &plan,
        begun,
        |report| {
            if report.segments.is_multiple_of(20) {
                println!(
                    "{} commands, {} differences, {:.0} s",
                    report.commands,
                    report.differences.len(),
                    started.elapsed().as_secs_f64()
                );
                write(&plan, report, &oracle_version, false);
                if let Err(e) = progress::save(&plan, report, &known) {
                    eprintln!("this run cannot be resumed: {e}");
                }
            }
        },
    );
    progress::forget(&plan);
    if published {
        write(&plan, &report, &oracle_version, true);
    }
    let unmatched = if published {
        known.unmatched(&["reply", "message", "state", "events", "closed"])
    } else {
        Vec::new()
    };
    Ok(verdict(&plan, report, unmatched))
}

/// The commands that both sides have, with the oracle's grammar (the table check holds ours against it).
fn syntax(options: &Options, oracle: &mut Server) -> Vec<grammar::Syntax> {
    let mut ours = options.ours();
    let connection = ours.open();
    let mut theirs = grammar::read(oracle);
    theirs.retain(|s| {
        let (name, sub) = s.name.split_once(' ').unwrap_or((&s.name, ""));
        let question = if sub.is_empty() {
            format!("COMMAND INFO {name}")
        } else {
            format!("COMMAND INFO {name}|{sub}")
        };
        let answer = ours.ask(connection, &question);
        let has_table = !answer.is_error();
        // Without COMMAND INFO yet, ask the command itself.
        if has_table {
            answer
                .items()
                .first()
                .is_some_and(|row| !row.items().is_empty())
        } else {
            !ours
                .ask(connection, name)
                .lossy()
                .contains("unknown command")
        }
    });
    theirs
}

fn verdict(plan: &Plan, report: Report, unmatched: Vec<String>) -> (usize, Vec<String>) {
    let mut failures = Vec::new();
    for (d, commands) in &report.differences {
        failures.push(format!(
            "{} {} (seed {})\n  {}\n  oracle: {}\n  redlab: {}",
            d.command,
            d.field,
            plan.seed,
            commands.join("\n  "),
            d.theirs.replace('\n', "\n          "),
            d.ours.replace('\n', "\n          ")
        ));
    }
    println!(
        "{} commands ({} in RESP3), {} kinds, {} option tokens, {:.1} % errors, {} states compared, \
         {} waits served, {} messages, {} commands in transactions, {} known and {} repeated differences",
        report.commands,
        report.resp3,
        report.by_command.len(),
        report.tokens.len(),
        report.errors as f64 * 100.0 / report.commands.max(1) as f64,
        report.states,
        report.served,
        report.messages,
        report.executed,
        report.known,
        report.repeated
    );
    failures.extend(report.failures.iter().cloned());
    failures.extend(unmatched);
    let passed = report.commands as usize - report.differences.len() - report.repeated as usize;
    (passed, failures)
}

/// A string of JSON.
pub fn text(t: &str) -> String {
    let mut out = String::from("\"");
    for c in t.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if (c as u32) < 32 => drop(write!(out, "\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

/// Writes what a run tried and found, docs/soak/NAME.json.
pub fn publish(name: &str, json: String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/soak");
    let written = std::fs::create_dir_all(&folder);
    if let Err(e) = written.and_then(|()| std::fs::write(folder.join(name), json)) {
        eprintln!("docs/soak/{name}: {e}");
    }
}

/// What was tried and found, as JSON.
fn write(plan: &Plan, report: &Report, oracle: &str, done: bool) {
    let rows = |map: &std::collections::BTreeMap<String, u64>| {
        map.iter()
            .map(|(k, v)| format!("    {}: {v}", text(k)))
            .collect::<Vec<_>>()
            .join(",\n")
    };
    let differences = report.differences.iter().map(|(d, commands)| {
        let list = commands.iter().map(|c| text(c)).collect::<Vec<_>>().join(", ");
        let (c, f, o, t) = (text(&d.command), text(&d.field), text(&d.ours), text(&d.theirs));
        format!("    {{ \"command\": {c}, \"field\": {f}, \"redlab\": {o}, \"oracle\": {t}, \"commands\": [{list}] }}")
    });
    let differences = differences.collect::<Vec<_>>().join(",\n");
    let json = format!(
        "{{\n  \"redlab\": \"{}\",\n  \"oracle\": {},\n  \"seed\": {},\n  \"wanted\": {},\n  \"done\": {done},\n  \"commands\": {},\n  \"resp3\": {},\n  \
         \"errors\": {},\n  \"states\": {},\n  \"served\": {},\n  \"messages\": {},\n  \"executed\": {},\n  \"known_differences\": {},\n  \"repeated\": {},\n  \"differences\": [\n{differences}\n  ],\n  \
         \"ran\": {{\n{}\n  }},\n  \"option_tokens\": {{\n{}\n  }}\n}}\n",
        env!("CARGO_PKG_VERSION"),
        text(oracle),
        plan.seed,
        plan.count,
        report.commands,
        report.resp3,
        report.errors,
        report.states,
        report.served,
        report.messages,
        report.executed,
        report.known,
        report.repeated,
        rows(&report.by_command),
        rows(&report.tokens),
    );
    publish("conformance.json", json);
}
