//! The command table against the oracle's: COMMAND LIST, and of every command that redlab has COMMAND INFO, COMMAND DOCS,
//! and which keys COMMAND GETKEYSANDFLAGS finds in generated arguments.

use crate::generate::Generator;
use crate::grammar::{self, Syntax};
use crate::known::{Difference, Known};
use crate::peer::Peer;
use crate::reply::{Reply, words};
use crate::run::now_s;
use redlab::base::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// Sentences of each command that are asked for their keys.
const SENTENCES: usize = 12;

/// Fields by `command|subcommand field`.
type Table = BTreeMap<(String, String), Reply>;

/// The columns of a row of COMMAND INFO after the name; those without an order are compared sorted.
const COLUMNS: [(&str, bool); 7] = [
    ("arity", false),
    ("flags", true),
    ("first_key", false),
    ("last_key", false),
    ("key_step", false),
    ("acl", true),
    ("tips", true),
];

fn info(rows: &Reply, out: &mut Table) {
    for row in rows.items() {
        let fields = row.items();
        let [name, .., subcommands] = fields[..] else {
            continue;
        };
        for ((column, unordered), value) in COLUMNS.iter().zip(&fields[1..]) {
            let value = if *unordered {
                (*value).clone().sorted()
            } else {
                (*value).clone()
            };
            out.insert((name.lossy(), format!("info.{column}")), value);
        }
        if let Some(specs) = fields.get(8) {
            let (notes, rest) = without_notes(specs);
            out.insert((name.lossy(), "info.key_specs".into()), rest);
            if !notes.is_empty() {
                out.insert((name.lossy(), "info.notes".into()), Reply::Array(notes));
            }
        }
        info(subcommands, out);
    }
}

/// Key specifications without their remarks, and the remarks: words for people, compared as a field of their own.
fn without_notes(specs: &Reply) -> (Vec<Reply>, Reply) {
    let (mut notes, mut rest) = (Vec::new(), Vec::new());
    for spec in specs.items() {
        let mut pairs = Vec::new();
        for pair in spec.items().chunks(2) {
            if pair[0].text() == Some(b"notes") {
                notes.push(pair[1].clone());
            } else {
                pairs.extend(pair.iter().map(|r| (*r).clone()));
            }
        }
        rest.push(Reply::Array(pairs));
    }
    (notes, Reply::Array(rest))
}

fn docs(reply: &Reply, out: &mut Table) {
    for pair in reply.items().chunks(2) {
        let name = pair[0].lossy();
        for field in pair[1].items().chunks(2) {
            match field[0].lossy().as_str() {
                "subcommands" => docs(field[1], out),
                field_name => drop(out.insert(
                    (name.clone(), format!("docs.{field_name}")),
                    field[1].clone(),
                )),
            }
        }
    }
}

/// The lines of INFO, each with the section that it stands in. Their values are each server's own.
fn info_lines(text: &str, out: &mut Table) {
    let mut section = "";
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            section = title;
        } else if let Some((name, _)) = line.split_once(':') {
            let of_commands = section.ends_with("stats") && section != "Stats";
            if !of_commands && section != "Keyspace" {
                let section = Reply::Simple(section.into());
                out.insert(("info".into(), format!("info.line.{name}")), section);
            }
        }
    }
}

fn read(peer: &mut dyn Peer) -> Result<Table, String> {
    let connection = peer.open();
    let mut table = Table::new();
    for (question, gather) in [
        ("COMMAND INFO", info as fn(&Reply, &mut Table)),
        ("COMMAND DOCS", docs),
    ] {
        for protocol in [2, 3] {
            peer.ask(connection, &format!("HELLO {protocol}"));
            let reply = peer.ask(connection, question);
            if reply.is_error() {
                return Err(format!("{}: {question}: {}", peer.name(), reply.lossy()));
            }
            let mut one = Table::new();
            gather(&reply, &mut one);
            // Both protocols are compared: what RESP2 says under its own name.
            let suffix = if protocol == 2 { "/2" } else { "" };
            table.extend(
                one.into_iter()
                    .map(|((c, f), v)| ((c, format!("{f}{suffix}")), v)),
            );
        }
    }
    info_lines(&peer.ask(connection, "INFO everything").lossy(), &mut table);
    Ok(table)
}

/// The names that one side lists and the other does not: of all commands, and of each category.
fn compare_lists(ours: &mut dyn Peer, theirs: &mut dyn Peer) -> Vec<Difference> {
    let on = [ours.open(), theirs.open()];
    let categories = theirs.ask(on[1], "ACL CAT");
    let categories = categories.items().into_iter().map(Reply::lossy);
    let mut questions = vec!["COMMAND LIST".to_string()];
    questions.extend(categories.map(|c| format!("COMMAND LIST FILTERBY ACLCAT {c}")));
    let mut differences = Vec::new();
    for question in questions {
        let listed = |answer: Reply| -> BTreeSet<String> {
            answer.items().into_iter().map(Reply::lossy).collect()
        };
        let (a, b) = (
            listed(ours.ask(on[0], &question)),
            listed(theirs.ask(on[1], &question)),
        );
        let says = |names: &BTreeSet<String>, name: &str| {
            let there = names.contains(name);
            format!(
                "{question}: {}",
                if there { "listed" } else { "not listed" }
            )
        };
        differences.extend(a.symmetric_difference(&b).map(|name| Difference {
            command: name.to_uppercase().replace('|', " "),
            field: "list".into(),
            ours: says(&a, name),
            theirs: says(&b, name),
        }));
    }
    differences
}

/// Which keys both sides find in generated sentences of each command that both have. Gives how many were asked as well.
fn compare_keys(
    ours: &mut dyn Peer,
    theirs: &mut dyn Peer,
    names: &BTreeSet<String>,
) -> (usize, Vec<Difference>) {
    let syntax = grammar::read(theirs);
    let shared: Vec<&Syntax> = syntax.iter().filter(|s| names.contains(&s.name)).collect();
    let mut generator = Generator::new(shared.clone(), 0, now_s());
    generator.rng = Rng::new(1);
    let on = [ours.open(), theirs.open()];
    let (mut asked, mut differences) = (0, Vec::new());
    for one in shared {
        for n in 0..SENTENCES {
            let sentence = generator.sentence(one);
            let question = if n % 4 == 3 {
                "GETKEYS"
            } else {
                "GETKEYSANDFLAGS"
            };
            let mut command = vec![b"COMMAND".to_vec(), question.into()];
            command.extend(sentence);
            let (raw_ours, a) = ours.call(on[0], &command);
            let (raw_theirs, b) = theirs.call(on[1], &command);
            asked += 1;
            if raw_ours == raw_theirs {
                continue;
            }
            let line = words(&command);
            differences.push(Difference {
                command: one.name.clone(),
                field: "keys".into(),
                ours: format!("{line}\n{}", a.notation()),
                theirs: format!("{line}\n{}", b.notation()),
            });
            break;
        }
    }
    (asked, differences)
}

/// Compare all fields of the commands that redlab has. The names of the fields of RESP2 end in `/2`.
fn compare_fields(a: &Table, b: &Table, names: &[&String]) -> (usize, Vec<Difference>) {
    let mut fields: Vec<&(String, String)> = a
        .keys()
        .chain(b.keys())
        .filter(|(n, _)| names.binary_search(&n).is_ok())
        .collect();
    fields.sort();
    fields.dedup();
    let show = |r: Option<&Reply>| r.map_or("(none)".to_string(), |r| r.notation());
    let differences = fields.iter().filter(|at| a.get(at) != b.get(at));
    let differences = differences.map(|at| Difference {
        command: at.0.to_uppercase().replace('|', " "),
        field: at.1.clone(),
        ours: show(a.get(at)),
        theirs: show(b.get(at)),
    });
    (fields.len(), differences.collect())
}

/// Compare everything that the two tables say. Gives how much agreed and what did not.
pub fn compare(
    ours: &mut dyn Peer,
    theirs: &mut dyn Peer,
    known: &Known,
    words: &[String],
) -> Result<(usize, Vec<String>), String> {
    let (a, b) = (read(ours)?, read(theirs)?);
    let mut names: Vec<&String> = a.keys().map(|(name, _)| name).collect();
    names.dedup();
    let (fields, mut found) = compare_fields(&a, &b, &names);
    let upper = |n: &&String| n.to_uppercase().replace('|', " ");
    let (asked, of_keys) = compare_keys(ours, theirs, &names.iter().map(upper).collect());
    found.extend(of_keys);
    found.extend(compare_lists(ours, theirs));
    let wanted =
        |name: &str| words.is_empty() || words.iter().any(|w| name.starts_with(&w.to_uppercase()));
    let mut failures = Vec::new();
    for mut d in found {
        let field = d.field.clone();
        d.field = field.trim_end_matches("/2").into();
        if known.lists(&d) || !wanted(&d.command) {
            continue;
        }
        let protocol = if field.ends_with("/2") {
            " (RESP2)"
        } else {
            ""
        };
        failures.push(format!(
            "{} {}{protocol}\n  oracle: {}\n  redlab: {}",
            d.command,
            d.field,
            indent(&d.theirs),
            indent(&d.ours)
        ));
    }
    let passed = (fields + asked).saturating_sub(failures.len());
    if words.is_empty() {
        failures.extend(known.unmatched(&["docs.", "info.", "keys", "list"]));
    }
    Ok((passed, failures))
}

fn indent(text: &str) -> String {
    text.replace('\n', "\n          ")
}
