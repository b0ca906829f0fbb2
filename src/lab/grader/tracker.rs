//! Counts what a `log` predicate asks for, as it happens.
use super::{Part, check::is_kind, code, hands, known_node, text, words};
use crate::base::glob::glob;
use crate::command::F;
use crate::commands::sentinel_registry;
use crate::lab::expect::{Expect, describe};
use crate::lab::hands::HANDS;
use crate::lab::lesson::{Log, Place, Ran, ReplyKind};
use crate::resp::value::parse_value;
use crate::server::{Node, Observed};

/// One `log` predicate with what it has seen.
#[derive(Clone)]
pub(super) struct Tracker {
    spec: Log,
    /// The nodes that count: for all of it, and for each link of `order`. `None`: any.
    on: Option<usize>,
    links_on: Vec<Option<usize>>,
    count: u64,
    /// How many links of `order` were seen.
    linked: usize,
    /// The last command that was answered as expected, and what it was answered.
    hit: Option<(String, String)>,
    /// The last one that asked and was not.
    missed: Option<(String, String)>,
}

/// The registry's name of what a lesson calls `CONFIG SET`.
fn full_name(name: &str) -> String {
    name.to_ascii_lowercase().replace(' ', "|")
}

/// Whether there is such a command, of this server or of a sentinel.
pub(super) fn known(node: &Node, name: &str) -> Result<(), String> {
    if hands::known(name) || HANDS.contains(&name) {
        return Ok(());
    }
    let full = full_name(name);
    let here = &node.server().registry;
    let found = here.find_full(full.as_bytes()).is_some()
        || sentinel_registry().find_full(full.as_bytes()).is_some();
    match found {
        true => Ok(()),
        false => Err(format!("no command '{name}'")),
    }
}

/// Whether what ran is the command `name`: itself, or the container that it belongs to.
pub(super) fn is_command(event: &Observed, name: &str) -> bool {
    let full = full_name(name);
    event.command.is_some_and(|command| {
        command.full_name() == full || (!command.parent.is_empty() && command.parent == full)
    })
}

fn names_match(event: &Observed, names: &[String]) -> Option<usize> {
    let name = names.iter().find(|n| is_command(event, n))?;
    Some(1 + name.matches(' ').count())
}

/// Whether the arguments are what the globs say; `**` stands for any number of arguments.
fn args_match(patterns: &[String], args: &[Vec<u8>]) -> bool {
    match patterns.split_first() {
        None => args.is_empty(),
        Some((first, rest)) if first == "**" => {
            (0..=args.len()).any(|skip| args_match(rest, &args[skip..]))
        }
        Some((first, rest)) => args.split_first().is_some_and(|(arg, others)| {
            glob(first.as_bytes(), arg, true) && args_match(rest, others)
        }),
    }
}

/// Whether what ran has one of these names, and these arguments.
pub(super) fn ran(
    event: &Observed,
    names: Option<&Vec<String>>,
    args: Option<&Vec<String>>,
) -> bool {
    let skip = match names {
        Some(names) => names_match(event, names),
        None => Some(1),
    };
    let Some(skip) = skip else { return false };
    args.is_none_or(|patterns| {
        event.whole && args_match(patterns, event.argv.get(skip..).unwrap_or_default())
    })
}

/// Whether what ran is what is asked for: the command, and its answer if one is expected. On which node is not asked here.
pub(super) fn is_link(event: &Observed, link: &Ran) -> bool {
    let answered = |expected: &Expect| {
        let reply = event.reply.as_deref().and_then(|r| parse_value(r).ok());
        reply
            .flatten()
            .is_some_and(|(value, _)| expected.is(&value))
    };
    ran(event, Some(&link.cmd), link.args.as_ref()) && link.answers.as_ref().is_none_or(answered)
}

/// A link as it would be typed.
fn link_words(link: &Ran) -> String {
    let names = link.cmd.join(" or ");
    match &link.on {
        Some(on) => format!("{on}> {names}"),
        None => names,
    }
}

impl Tracker {
    /// `Err` says what is wrong with the predicate.
    pub(super) fn new(
        spec: Log,
        nodes: &[(String, Place)],
        node: &Node,
    ) -> Result<Tracker, String> {
        let number = |on: &Option<String>| {
            let found = known_node(nodes, on.as_ref());
            found.map(|at| on.is_some().then_some(at))
        };
        let on = number(&spec.on)?;
        let links_on: Result<_, String> = spec.order.iter().map(|link| number(&link.on)).collect();
        let links = spec.order.iter().map(|link| &link.cmd);
        for name in spec.cmd.iter().chain(links).flatten() {
            known(node, name)?;
        }
        if spec.cmd.is_none() && spec.answers.is_none() && spec.order.is_empty() {
            return Err("log: one of cmd, answers, order must be given".into());
        }
        let patterns = spec.args.iter().flatten();
        if patterns.filter(|p| p.as_str() == "**").count() > 2 {
            return Err("log: at most two ** in args".into());
        }
        Ok(Tracker {
            on,
            links_on: links_on?,
            spec,
            count: 0,
            linked: 0,
            hit: None,
            missed: None,
        })
    }

    /// Whether errors are what it asks for.
    fn wants_errors(&self) -> bool {
        self.spec.error.is_some() || self.spec.kind == Some(ReplyKind::Error)
    }

    /// Takes note of a command that ran on the node `at`.
    pub(super) fn see(&mut self, at: usize, event: &Observed) {
        if self.on.is_some_and(|on| on != at) || event.failed && !self.wants_errors() {
            return;
        }
        if let Some(link) = self.spec.order.get(self.linked)
            && !event.failed
            && self.links_on[self.linked].is_none_or(|on| on == at)
        {
            self.linked += usize::from(is_link(event, link));
        }
        let counted = self.spec.order.is_empty() || self.spec.cmd.is_some();
        if !counted || !ran(event, self.spec.cmd.as_ref(), self.spec.args.as_ref()) {
            return;
        }
        let (expected, kind) = (&self.spec.answers, self.spec.kind);
        if expected.is_none() && kind.is_none() && self.spec.error.is_none() {
            self.count += 1;
            return;
        }
        let reply = event.reply.as_deref().and_then(|r| parse_value(r).ok());
        let Some((value, _)) = reply.flatten() else {
            return;
        };
        let told = || {
            let words = event.argv.iter().map(|a| String::from_utf8_lossy(a));
            (words.collect::<Vec<_>>().join(" "), describe(&value))
        };
        let like = |pattern: &String| {
            let text = value.as_bytes().filter(|_| value.is_error());
            text.is_some_and(|text| glob(pattern.as_bytes(), text, false))
        };
        let right = expected.as_ref().is_none_or(|e| e.is(&value))
            && self.spec.error.as_ref().is_none_or(like);
        if right && kind.is_none_or(|kind| is_kind(kind, &value)) {
            self.count += 1;
            self.hit = Some(told());
        } else if event.command.is_some_and(|c| c.flags.has(F::READONLY)) && !event.failed {
            self.missed = Some(told());
        }
    }

    /// Takes note of what was done to the machine by hand.
    pub(super) fn see_hand(&mut self, words: &[&str]) {
        let Some((name, rest)) = words.split_first() else {
            return;
        };
        let rest: Vec<Vec<u8>> = rest.iter().map(|w| w.as_bytes().to_vec()).collect();
        let did = |names: &[String], args: Option<&Vec<String>>| {
            let named = names.iter().any(|n| n == name);
            named && args.is_none_or(|patterns| args_match(patterns, &rest))
        };
        if let Some(link) = self.spec.order.get(self.linked) {
            self.linked += usize::from(did(&link.cmd, link.args.as_ref()));
        }
        if let Some(names) = &self.spec.cmd {
            self.count += u64::from(did(names, self.spec.args.as_ref()));
        }
    }

    /// What ran, in the lesson's words.
    fn subject(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        match &self.spec.cmd {
            None => parts.push(text("command")),
            Some(names) => {
                for (i, name) in names.iter().enumerate() {
                    if i > 0 {
                        parts.push(text(" or "));
                    }
                    let mut line = name.clone();
                    for arg in self.spec.args.iter().flatten() {
                        line.push(' ');
                        line.push_str(if arg == "**" { "…" } else { arg });
                    }
                    parts.push(code(&line));
                }
            }
        }
        parts
    }

    pub(super) fn judge(&self) -> (bool, Vec<Part>) {
        if let Some(link) = self.spec.order.get(self.linked) {
            let next = code(&link_words(link));
            return match self.linked {
                0 => (false, vec![next, text(" has not run yet")]),
                _ => {
                    let before = link_words(&self.spec.order[self.linked - 1]);
                    (
                        false,
                        vec![code(&before), text(" ran; "), next, text(" has to follow")],
                    )
                }
            };
        }
        if !self.spec.order.is_empty() && self.spec.cmd.is_none() {
            return (true, vec![text("in this order")]);
        }
        let min = self.spec.min.unwrap_or(u64::from(self.spec.max.is_none()));
        let mut parts = self.subject();
        let times = match self.count {
            1 => "once".to_string(),
            n => format!("{n} times"),
        };
        if self.count < min {
            // The expected answer is not told: to find it is the task.
            let asks = self.spec.answers.is_some() || self.spec.kind.is_some();
            match (asks, &self.missed) {
                (true, Some((line, answer))) => {
                    let words = format!(" answered {answer}; this is not it yet");
                    return (false, vec![code(line), text(&words)]);
                }
                (true, None) if self.spec.kind.is_none() => {
                    return (false, vec![text("nobody has asked yet")]);
                }
                _ => {}
            }
            if self.count == 0 && min == 1 {
                parts.insert(0, text("no "));
                parts.push(text(" so far"));
            } else {
                parts.push(text(&format!(": {} of {min}", self.count)));
            }
            return (false, parts);
        }
        if self.spec.max.is_some_and(|max| self.count > max) {
            let limit = match self.spec.max {
                Some(0) => "it should not have".to_string(),
                max => format!("at most {} allowed", max.unwrap_or_default()),
            };
            parts.push(text(&format!(" ran {times}; {limit}. Reset to try again")));
            return (false, parts);
        }
        if let Some((line, answer)) = &self.hit {
            return (true, vec![code(line), text(&format!(" answered {answer}"))]);
        }
        if self.count == 0 {
            parts.insert(0, text("no "));
        } else {
            parts.push(text(&format!(", {times}")));
        }
        (true, parts)
    }
}

/// Splits and checks a line of a probe.
pub(super) fn probe_words(node: &Node, line: &str) -> Result<Vec<Vec<u8>>, String> {
    let argv = words(line)?;
    node.probe_command(&argv)?;
    Ok(argv)
}

#[cfg(test)]
mod tests {
    use super::args_match;

    #[test]
    fn arguments_match_globs() {
        let ok = |patterns: &str, args: &str| {
            let patterns: Vec<String> = patterns.split(' ').map(String::from).collect();
            let args: Vec<Vec<u8>> = args.split(' ').map(|a| a.as_bytes().to_vec()).collect();
            args_match(&patterns, &args)
        };
        assert!(ok("lb * eve", "lb 12 eve") && ok("lb **", "lb 0 -1 REV"));
        assert!(ok("lb ** rev **", "lb 0 -1 REV WITHSCORES") && ok("l? **", "lb 1"));
        assert!(!ok("lb * eve", "lb 12 ann") && !ok("lb *", "lb 1 2") && !ok("lb **", "x 1"));
    }
}
