//! The reply of the HELP subcommands: how the command is called, then each subcommand with a line on what it does.
use crate::resp::Reply;

/// Writes the help of `name`; HELP itself comes last, and is not among `entries` (a call and what it does).
pub fn reply<S: AsRef<str>>(
    out: &mut Reply,
    name: &str,
    entries: impl Iterator<Item = (S, &'static str)>,
) {
    let at = out.defer();
    out.simple(&format!(
        "{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    ));
    let mut lines = 1;
    let mut entry = |call: &str, summary: &str| {
        out.simple(call);
        out.simple(&format!("    {summary}"));
        lines += 2;
    };
    for (call, summary) in entries {
        entry(call.as_ref(), summary);
    }
    entry("HELP", "Print this help.");
    out.finish_array(at, lines);
}
