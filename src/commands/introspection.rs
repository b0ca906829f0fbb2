//! COMMAND: what the server knows of its commands. All of it is read from the records.
use crate::base::glob::glob;
use crate::command::keys::{self, KeyArg};
use crate::command::syntax::{self, Arg};
use crate::command::{
    Args, Begin, C, Cats, Command, Ctx, Error, F, Find, Flags, Group, KeySpec, Outcome,
};
use crate::resp::Reply;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[&[COMMAND]];

const USUAL: Flags = F::LOADING.with(F::STALE).with(F::SENTINEL);

/// What the subcommands share.
const SUB: Command = Command {
    parent: "command",
    flags: USUAL,
    acl: C::CONNECTION,
    since: "2.8.13",
    group: Group::Server,
    ..Command::DEFAULT
};

const COMMAND: Command = Command {
    name: "command",
    arity: -1,
    flags: USUAL,
    acl: C::CONNECTION,
    since: "2.8.13",
    group: Group::Server,
    complexity: "O(N), N the commands",
    summary: "Describes all commands.",
    tips: &["nondeterministic_output_order"],
    subs: &[LIST, GETKEYS, INFO, DOCS, GETKEYSANDFLAGS, HELP, COUNT],
    run: command,
    ..Command::DEFAULT
};

fn command(ctx: &mut Ctx<'_>) -> Outcome {
    let all = ctx.server.registry.top();
    ctx.out.array(all.len());
    for command in all {
        write_info(ctx.out, command);
    }
    Ok(())
}

const HELP: Command = Command {
    name: "help",
    arity: 2,
    since: "5.0.0",
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &COMMAND),
    ..SUB
};

const COUNT: Command = Command {
    name: "count",
    arity: 2,
    summary: "Counts the commands.",
    run: count,
    ..SUB
};

fn count(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.len(ctx.server.registry.top().len());
    Ok(())
}

const LIST: Command = Command {
    name: "list",
    arity: -2,
    since: "7.0.0",
    complexity: "O(N), N the commands",
    summary: "Gives the names of commands: all, or those that pass a filter.",
    syntax: "[FILTERBY=filterby<MODULE=module-name|ACLCAT=category|PATTERN=pattern:pattern>]",
    tips: &["nondeterministic_output_order"],
    run: list,
    ..SUB
};

fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let args = ctx.args;
    let mut names: Vec<String> = Vec::new();
    let all = ctx.server.registry.all().iter();
    if args.len() == 2 {
        names.extend(all.map(|c| c.full_name()));
    } else if args.len() != 5 || !args.is(2, "filterby") {
        return Err(Error::SYNTAX);
    } else if args.is(3, "module") {
        // There are no modules, so nothing passes.
    } else if args.is(3, "aclcat") {
        if let Some(category) = Cats::named(args.get(4)) {
            let inside = all.filter(|c| c.categories().has(category));
            names.extend(inside.map(|c| c.full_name()));
        }
    } else if args.is(3, "pattern") {
        let full = all.map(|c| c.full_name());
        names.extend(full.filter(|name| glob(args.get(4), name.as_bytes(), true)));
    } else {
        return Err(Error::SYNTAX);
    }
    ctx.out.array(names.len());
    names.iter().for_each(|name| ctx.out.bulk(name.as_bytes()));
    Ok(())
}

const INFO: Command = Command {
    name: "info",
    arity: -2,
    complexity: "O(N), N the commands asked for",
    summary: "Describes commands: arity, flags, categories, where the keys are.",
    syntax: "[command-name+]",
    tips: &["nondeterministic_output_order"],
    run: info,
    ..SUB
};

fn info(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.argc() == 2 {
        return command(ctx);
    }
    ctx.out.array(ctx.argc() - 2);
    for name in ctx.args.from(2) {
        match ctx.server.registry.find_full(name) {
            Some((_, command)) => write_info(ctx.out, command),
            None => ctx.out.null(),
        }
    }
    Ok(())
}

fn write_names(out: &mut Reply, names: impl Iterator<Item = &'static str> + Clone, prefix: &str) {
    out.set(names.clone().count());
    for name in names {
        out.simple(&format!("{prefix}{name}"));
    }
}

/// The ten elements of COMMAND INFO.
fn write_info(out: &mut Reply, command: &Command) {
    let (first, last, step) = keys::legacy_range(command);
    out.array(10);
    out.bulk(command.full_name().as_bytes());
    out.int(command.arity.into());
    // That a command may write although it is no write, or where it exists, is nobody's business but the server's.
    let shown = command
        .flags
        .names()
        .filter(|name| !["may_replicate", "sentinel", "only_sentinel"].contains(name));
    write_names(out, shown, "");
    out.int(first.into());
    out.int(last.into());
    out.int(step.into());
    write_names(out, command.categories().names(), "@");
    out.set(command.tips.len());
    command.tips.iter().for_each(|tip| out.bulk(tip.as_bytes()));
    out.set(command.keys.len());
    command.keys.iter().for_each(|spec| write_spec(out, spec));
    // As a real server: none are an empty set, some are an array.
    match command.subs.len() {
        0 => out.set(0),
        count => out.array(count),
    }
    command.subs.iter().for_each(|sub| write_info(out, sub));
}

/// A map `type` and `spec` with numbers.
fn write_part(
    out: &mut Reply,
    part: &str,
    kind: &str,
    word: Option<(&str, &str)>,
    numbers: &[(&str, i32)],
) {
    out.bulk(part.as_bytes());
    out.map(2);
    out.bulk(b"type");
    out.bulk(kind.as_bytes());
    out.bulk(b"spec");
    out.map(numbers.len() + usize::from(word.is_some()));
    if let Some((name, value)) = word {
        out.bulk(name.as_bytes());
        out.bulk(value.as_bytes());
    }
    for &(name, value) in numbers {
        out.bulk(name.as_bytes());
        out.int(value.into());
    }
}

fn write_spec(out: &mut Reply, spec: &KeySpec) {
    out.map(3 + usize::from(!spec.notes.is_empty()));
    if !spec.notes.is_empty() {
        out.bulk(b"notes");
        out.bulk(spec.notes.as_bytes());
    }
    out.bulk(b"flags");
    write_names(out, spec.flags.split(' '), "");
    match spec.begin {
        Begin::Index(index) => write_part(out, "begin_search", "index", None, &[("index", index)]),
        Begin::Keyword(word, from) => write_part(
            out,
            "begin_search",
            "keyword",
            Some(("keyword", word)),
            &[("startfrom", from)],
        ),
        Begin::Unknown => write_part(out, "begin_search", "unknown", None, &[]),
    }
    match spec.find {
        Find::Range(last, step, limit) => write_part(
            out,
            "find_keys",
            "range",
            None,
            &[("lastkey", last), ("keystep", step), ("limit", limit)],
        ),
        Find::KeyNum(at, first, step) => write_part(
            out,
            "find_keys",
            "keynum",
            None,
            &[("keynumidx", at), ("firstkey", first), ("keystep", step)],
        ),
        Find::Unknown => write_part(out, "find_keys", "unknown", None, &[]),
    }
}

const DOCS: Command = Command {
    name: "docs",
    arity: -2,
    since: "7.0.0",
    complexity: "O(N), N the commands asked for",
    summary: "Gives the documentation of commands.",
    syntax: "[command-name+]",
    tips: &["nondeterministic_output_order"],
    run: docs,
    ..SUB
};

fn docs(ctx: &mut Ctx<'_>) -> Outcome {
    let registry = &ctx.server.registry;
    let chosen: Vec<&Command> = if ctx.argc() == 2 {
        registry.top().to_vec()
    } else {
        let names = ctx.args.from(2);
        names
            .filter_map(|n| registry.find_full(n))
            .map(|(_, c)| c)
            .collect()
    };
    ctx.out.map(chosen.len());
    for command in chosen {
        write_docs(ctx.out, command);
    }
    Ok(())
}

fn write_text(out: &mut Reply, name: &str, value: &str) -> usize {
    out.bulk(name.as_bytes());
    out.bulk(value.as_bytes());
    1
}

/// The name of a command and the map of its documentation.
fn write_docs(out: &mut Reply, command: &Command) {
    out.bulk(command.full_name().as_bytes());
    let start = out.defer();
    let mut fields = write_text(out, "summary", command.summary);
    fields += write_text(out, "since", command.since);
    fields += write_text(out, "group", command.group.name());
    if !command.complexity.is_empty() {
        fields += write_text(out, "complexity", command.complexity);
    }
    if command.deprecated.is_some() || command.internal {
        fields += 1;
        out.bulk(b"doc_flags");
        let flags = [
            ("deprecated", command.deprecated.is_some()),
            ("syscmd", command.internal),
        ];
        let flags = flags
            .into_iter()
            .filter(|&(_, on)| on)
            .map(|(name, _)| name);
        write_names(out, flags, "");
    }
    if let Some(deprecated) = command.deprecated {
        fields += write_text(out, "deprecated_since", deprecated.since);
        fields += write_text(out, "replaced_by", deprecated.replaced_by);
    }
    let args = syntax::parse(command.syntax).unwrap_or_default();
    if !args.is_empty() {
        fields += 1;
        out.bulk(b"arguments");
        write_args(out, &args);
    }
    if !command.subs.is_empty() {
        fields += 1;
        out.bulk(b"subcommands");
        out.map(command.subs.len());
        command.subs.iter().for_each(|sub| write_docs(out, sub));
    }
    out.finish_map(start, fields);
}

fn write_args(out: &mut Reply, args: &[Arg]) {
    out.array(args.len());
    for arg in args {
        write_arg(out, arg);
    }
}

fn write_arg(out: &mut Reply, arg: &Arg) {
    let start = out.defer();
    let name = arg.name();
    let mut fields = write_text(out, "name", &name);
    fields += write_text(out, "type", arg.type_name());
    if arg.inner().is_empty() {
        fields += write_text(out, "display_text", arg.display.unwrap_or(&name));
    }
    if let Some(spec) = arg.key_spec {
        fields += 1;
        out.bulk(b"key_spec_index");
        out.int(spec.into());
    }
    let texts = [
        ("token", arg.token),
        ("since", arg.since),
        ("deprecated_since", arg.deprecated_since),
    ];
    for (name, value) in texts {
        fields += value.map_or(0, |value| write_text(out, name, value));
    }
    let flags = [
        ("optional", arg.optional),
        ("multiple", arg.multiple),
        ("multiple_token", arg.multiple_token),
    ];
    let flags = flags
        .into_iter()
        .filter(|&(_, on)| on)
        .map(|(name, _)| name);
    if flags.clone().next().is_some() {
        fields += 1;
        out.bulk(b"flags");
        write_names(out, flags, "");
    }
    if !arg.inner().is_empty() {
        fields += 1;
        out.bulk(b"arguments");
        write_args(out, arg.inner());
    }
    out.finish_map(start, fields);
}

const GETKEYS: Command = Command {
    name: "getkeys",
    arity: -3,
    complexity: "O(N), N the arguments",
    summary: "Gives the keys among the arguments of a whole command.",
    syntax: "command [arg+]",
    run: getkeys,
    ..SUB
};

fn getkeys(ctx: &mut Ctx<'_>) -> Outcome {
    let (args, keys) = find_keys(ctx)?;
    ctx.out.array(keys.len());
    for key in keys {
        ctx.out.bulk(args.get(key.index));
    }
    Ok(())
}

const GETKEYSANDFLAGS: Command = Command {
    name: "getkeysandflags",
    arity: -3,
    since: "7.0.0",
    complexity: "O(N), N the arguments",
    summary: "Gives the keys of a whole command, and what it does to each.",
    syntax: "command [arg+]",
    run: getkeysandflags,
    ..SUB
};

fn getkeysandflags(ctx: &mut Ctx<'_>) -> Outcome {
    let (args, keys) = find_keys(ctx)?;
    ctx.out.array(keys.len());
    for key in keys {
        ctx.out.array(2);
        ctx.out.bulk(args.get(key.index));
        write_names(ctx.out, key.flags.split_ascii_whitespace(), "");
    }
    Ok(())
}

/// The command in the arguments from the third on, and its keys.
fn find_keys<'a>(ctx: &Ctx<'a>) -> Result<(Args<'a>, Vec<KeyArg>), Error> {
    let args = ctx.args.skip(2);
    let registry = &ctx.server.registry;
    let unknown = || Error::new("ERR Invalid command specified");
    let (_, command) = registry.find_call(args).ok_or_else(unknown)?;
    if !keys::has_keys(command) {
        return Err(Error::new("ERR The command has no key arguments"));
    }
    if !command.accepts(args.len()) {
        return Err(Error::new(
            "ERR Invalid number of arguments specified for command",
        ));
    }
    match keys::find(command, args) {
        Ok(keys) => Ok((args, keys)),
        Err(_) if command.flags.has(F::NO_MANDATORY_KEYS) => Ok((args, Vec::new())),
        Err(_) => Err(Error::new("ERR Invalid arguments specified for command")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands;

    #[test]
    fn every_record_has_a_readable_syntax() {
        for command in commands::registry().all() {
            let args = syntax::parse(command.syntax);
            assert!(
                args.is_some(),
                "{}: {}",
                command.full_name(),
                command.syntax
            );
            assert!(!command.summary.is_empty(), "{}", command.full_name());
            let spec = |arg: &Arg| {
                arg.key_spec
                    .is_none_or(|i| (i as usize) < command.keys.len())
            };
            assert!(args.iter().flatten().all(spec), "{}", command.full_name());
        }
    }
}
