//! What a long run remembers between two starts: one line a fact, words quoted as in transcripts.

use crate::known::{Difference, Known};
use crate::reply::{quote, split};
use crate::run::{Plan, Report};
use std::path::{Path, PathBuf};

fn file(plan: &Plan) -> PathBuf {
    let name = format!(
        ".cache/soak-conformance-{}-{}.txt",
        plan.seed,
        plan.only.join("-")
    );
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn row(words: &[&str]) -> String {
    words
        .iter()
        .map(|w| quote(w.as_bytes()))
        .collect::<Vec<_>>()
        .join(" ")
        + "\n"
}

/// Write down where a run is.
pub fn save(plan: &Plan, report: &Report, known: &Known) -> std::io::Result<()> {
    let mut out = String::new();
    let numbers = [
        ("segments", report.segments),
        ("commands", report.commands),
        ("errors", report.errors),
        ("resp3", report.resp3),
        ("states", report.states),
        ("served", report.served),
        ("messages", report.messages),
        ("executed", report.executed),
        ("known", report.known),
        ("repeated", report.repeated),
    ];
    for (name, number) in numbers {
        out += &row(&[name, &number.to_string()]);
    }
    for (token, ran) in &report.tokens {
        out += &row(&["token", token, &ran.to_string()]);
    }
    for (command, ran) in &report.by_command {
        out += &row(&["ran", command, &ran.to_string()]);
    }
    for (line, count) in known.counts() {
        out += &row(&["entry", &line.to_string(), &count.to_string()]);
    }
    for (d, commands) in &report.differences {
        let mut words = vec!["difference", &d.command, &d.field, &d.ours, &d.theirs];
        words.extend(commands.iter().map(String::as_str));
        out += &row(&words);
    }
    let file = file(plan);
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    std::fs::write(file, out)
}

/// Where a run of this plan was cut short, or the beginning.
pub fn load(plan: &Plan, known: &Known) -> Report {
    let mut report = Report::default();
    for line in std::fs::read_to_string(file(plan))
        .unwrap_or_default()
        .lines()
    {
        let words = split(line).unwrap_or_default();
        let words: Vec<String> = words
            .iter()
            .map(|w| String::from_utf8_lossy(w).into_owned())
            .collect();
        let number = words
            .last()
            .and_then(|n| n.parse::<u64>().ok())
            .unwrap_or(0);
        let Some((kind, rest)) = words.split_first() else {
            continue;
        };
        match (kind.as_str(), rest) {
            ("segments", _) => report.segments = number,
            ("commands", _) => report.commands = number,
            ("errors", _) => report.errors = number,
            ("resp3", _) => report.resp3 = number,
            ("states", _) => report.states = number,
            ("served", _) => report.served = number,
            ("messages", _) => report.messages = number,
            ("executed", _) => report.executed = number,
            ("known", _) => report.known = number,
            ("repeated", _) => report.repeated = number,
            ("token", [name, _]) => drop(report.tokens.insert(name.clone(), number)),
            ("ran", [name, _]) => drop(report.by_command.insert(name.clone(), number)),
            ("entry", [line, _]) => known.recall(line.parse().unwrap_or(0), number),
            ("difference", [command, field, ours, theirs, commands @ ..]) => {
                let (command, field) = (command.clone(), field.clone());
                let d = Difference {
                    command,
                    field,
                    ours: ours.clone(),
                    theirs: theirs.clone(),
                };
                report.differences.push((d, commands.to_vec()));
            }
            _ => {}
        }
    }
    report
}

/// The run is over: the next one begins anew.
pub fn forget(plan: &Plan) {
    // It is not there when the run was too short to write it.
    let _ = std::fs::remove_file(file(plan));
}
