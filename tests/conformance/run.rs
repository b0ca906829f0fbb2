//! The random run: segments of commands from an empty server, compared reply by reply and state by state. What differs
//! is reduced to the few commands that show it.

use crate::choose;
use crate::clients::Step;
use crate::generate::Generator;
use crate::grammar::Syntax;
use crate::known::{Difference, Known};
use crate::limited;
use crate::peer::Peer;
use crate::reply::words;
use crate::scope::in_scope;
use crate::session::{Session, args};
use redlab::base::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

/// Commands in a segment: after each both sides start empty again.
const SEGMENT: u64 = 250;

/// Distinct differences that are reduced and printed in full; further ones are only counted.
const SHOWN: usize = 40;

#[derive(Default)]
pub struct Plan {
    pub count: u64,
    pub seed: u64,
    /// How often each option token must run.
    pub tokens: u64,
    /// Only commands whose name begins with one of these.
    pub only: Vec<String>,
    /// Only this version of the protocol; 0 for both.
    pub resp: u64,
    /// So many clients in every segment; 0 for any number.
    pub clients: u64,
}

/// What a run tried and found.
#[derive(Clone, Default)]
pub struct Report {
    pub segments: u64,
    pub commands: u64,
    pub errors: u64,
    pub resp3: u64,
    pub states: u64,
    /// Clients that had waited and were served by what another did.
    pub served: u64,
    /// Messages that RESP3 marks as such.
    pub messages: u64,
    /// Commands that ran in transactions.
    pub executed: u64,
    pub known: u64,
    pub tokens: BTreeMap<String, u64>,
    pub by_command: BTreeMap<String, u64>,
    /// Each distinct difference with the commands that show it.
    pub differences: Vec<(Difference, Vec<String>)>,
    /// Differences like one that is shown already.
    pub repeated: u64,
    pub failures: Vec<String>,
}

pub fn now_s() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970")
        .as_secs() as i64
}

/// Run a plan, going on from what `begun` has done already. `progress` hears of every segment.
pub fn run(
    ours: &mut dyn Peer,
    theirs: &mut dyn Peer,
    syntax: &[Syntax],
    known: &Known,
    plan: &Plan,
    begun: Report,
    mut progress: impl FnMut(&Report),
) -> Report {
    let wanted = |s: &&Syntax| {
        plan.only.is_empty() || plan.only.iter().any(|o| s.name.starts_with(o.as_str()))
    };
    let scope: Vec<&Syntax> = syntax
        .iter()
        .filter(|s| in_scope(s))
        .filter(wanted)
        .collect();
    let mut session = Session::new(ours, theirs, &scope);
    let mut generator = Generator::new(scope.clone(), plan.tokens, now_s());
    for (token, ran) in &begun.tokens {
        generator
            .tokens
            .entry(token.clone())
            .and_modify(|n| *n = *ran);
    }
    let mut seen: BTreeSet<String> = begun.differences.iter().map(|(d, _)| likeness(d)).collect();
    let mut report = begun;
    let mut seeds = Rng::new(plan.seed);
    for _ in 0..report.segments {
        seeds.fork();
    }
    while report.commands < plan.count {
        generator.rng = seeds.fork();
        generator.tick = 0;
        segment(
            &mut session,
            &mut generator,
            known,
            &mut report,
            &mut seen,
            plan,
        );
        report.segments += 1;
        report.tokens.clone_from(&generator.tokens);
        progress(&report);
    }
    judge(plan, &mut report);
    report
}

/// The rules that a whole run must keep.
fn judge(plan: &Plan, report: &mut Report) {
    for (token, ran) in &report.tokens {
        if *ran < plan.tokens {
            report.failures.push(format!(
                "the option {token} ran {ran} times, it must run {}",
                plan.tokens
            ));
        }
    }
    // A run over everything that never saw one client act on another has not done its work.
    let among_clients = plan.only.is_empty() && plan.clients == 0 && plan.count >= 5000;
    let seen = [
        ("wait was served", report.served),
        ("message was told", report.messages),
        ("command ran in a transaction", report.executed),
    ];
    for (what, count) in seen {
        if among_clients && count == 0 {
            report.failures.push(format!("no {what}"));
        }
    }
    if report.errors * 100 > report.commands * 40 {
        report.failures.push(format!(
            "{} of {} replies are errors, more than 40 %",
            report.errors, report.commands
        ));
    }
}

/// How many clients the next segment has: one in every fourth, up to five in the others.
fn clients(rng: &mut Rng, plan: &Plan) -> usize {
    match (plan.clients, rng.below(4)) {
        (0, 0) => 1,
        (0, _) => 2 + rng.below(4) as usize,
        (n, _) => n as usize,
    }
}

fn segment(
    session: &mut Session,
    generator: &mut Generator,
    known: &Known,
    report: &mut Report,
    seen: &mut BTreeSet<String>,
    plan: &Plan,
) {
    session.rules = limited::rules(&mut generator.rng, &generator.scope);
    session.number = clients(&mut generator.rng, plan);
    generator.clients = session.number;
    session.fresh();
    if let Some(difference) = session.compare_user() {
        report
            .differences
            .push((difference, vec![words(&session.set_user())]));
        return;
    }
    let mut history: Vec<Step> = Vec::new();
    for client in 0..session.number {
        if plan.resp == 3 || (plan.resp == 0 && generator.rng.below(4) > 0) {
            let command = args("HELLO 3");
            history.push(Step { client, command });
        }
    }
    for step in &history {
        session.step(step);
    }
    for n in 1..=SEGMENT {
        let (step, name) = choose::next(generator, &session.clients, plan.resp);
        if let Some(name) = name {
            *report.by_command.entry(name).or_default() += 1;
        }
        report.commands += u64::from(!step.command.is_empty());
        report.resp3 += u64::from(session.clients[step.client].resp3);
        let outcome = session.step(&step);
        history.push(step);
        report.errors += u64::from(outcome.error);
        report.served += outcome.served;
        report.messages += outcome.messages;
        report.executed += outcome.executed;
        let mut found = outcome.difference;
        let mut thorough = false;
        if found.is_none() && (n % 10 == 0 || n % 25 == 0) {
            thorough = n % 25 == 0 || n == SEGMENT;
            report.states += 1;
            found = session.compare_states(thorough);
        }
        let Some(difference) = found else { continue };
        if known.lists(&difference) {
            report.known += 1;
            continue;
        }
        note(session, &history, difference, thorough, known, report, seen);
        return; // the states may have parted: the next segment starts anew
    }
}

/// Record a difference, reduced unless one like it is there already.
fn note(
    session: &mut Session,
    history: &[Step],
    difference: Difference,
    thorough: bool,
    known: &Known,
    report: &mut Report,
    seen: &mut BTreeSet<String>,
) {
    let of_reply = difference.field == "reply";
    if of_reply && seen.contains(&likeness(&difference)) || report.differences.len() >= SHOWN {
        report.repeated += 1;
        return;
    }
    let first_likeness = likeness(&difference);
    let of_state = difference.field.starts_with("state");
    let (commands, mut reduced) = reduce(session, history.to_vec(), &difference, thorough, known);
    if of_state {
        let first = commands.last().and_then(|step| step.command.first());
        reduced.command = first
            .map(|word| String::from_utf8_lossy(word).to_uppercase())
            .unwrap_or_default();
        if known.lists(&reduced) {
            report.known += 1;
            return;
        }
    }
    if of_reply {
        seen.insert(first_likeness);
    }
    if !seen.insert(likeness(&reduced))
        && report
            .differences
            .iter()
            .any(|(d, _)| likeness(d) == likeness(&reduced))
    {
        report.repeated += 1;
        return;
    }
    let mut lines: Vec<String> = commands.iter().map(Step::line).collect();
    if !session.rules.is_empty() {
        lines.insert(0, words(&session.set_user()));
    }
    report.differences.push((reduced, lines));
}

/// Which differences are alike: the same command, field and kinds of answers.
fn likeness(d: &Difference) -> String {
    let kind = |text: &str| -> String {
        let line = text.lines().next().unwrap_or("");
        line.chars()
            .take(if line.starts_with("(error)") { 30 } else { 1 })
            .collect()
    };
    let answers = if d.field == "reply" {
        format!("{} {}", kind(&d.ours), kind(&d.theirs))
    } else {
        String::new()
    };
    format!("{} {} {answers}", d.command, d.field)
}

/// Does this list of commands, run from empty, still show a difference of the same field at its end?
fn shows(
    session: &mut Session,
    commands: &[Step],
    like: &Difference,
    thorough: bool,
    known: &Known,
) -> Option<Difference> {
    session.fresh();
    let mut last = None;
    for step in commands {
        last = session.step(step).difference;
    }
    if like.field.starts_with("state") {
        last = session.compare_states(thorough);
    }
    last.filter(|d| d.field == like.field && d.command == like.command && !known.lists(d))
}

/// Leave out what is not needed: halves first, then smaller pieces, then single commands.
fn reduce(
    session: &mut Session,
    mut commands: Vec<Step>,
    like: &Difference,
    thorough: bool,
    known: &Known,
) -> (Vec<Step>, Difference) {
    let mut difference = like.clone();
    let keep_last = usize::from(!like.field.starts_with("state"));
    let mut piece = (commands.len() / 2).max(1);
    let mut budget = 400;
    loop {
        let mut at = commands.len() - keep_last;
        let mut shorter = false;
        while at > 0 && budget > 0 {
            let from = at.saturating_sub(piece);
            let mut fewer = commands.clone();
            fewer.drain(from..at);
            budget -= 1;
            if let Some(d) = shows(session, &fewer, like, thorough, known) {
                (commands, difference, shorter) = (fewer, d, true);
            }
            at = from;
        }
        if budget == 0 || (piece == 1 && !shorter) {
            return (commands, difference);
        }
        piece = (piece / 2).max(1);
    }
}
