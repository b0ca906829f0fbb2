//! ACL: users, their rights, and what was denied to them. The rules themselves stand in `command::acl`.
use crate::base::{num, time::Millis};
use crate::command::acl::{DEFAULT_USER, Denied, Entry, Selector, hex, merge_selectors};
use crate::command::{Cats, Command, Ctx, Error, F, Flags, Group, Outcome, syntax};
use crate::resp::Reply;

/// The family.
pub const TABLES: &[&[Command]] = &[&[ACL]];

const ANYONE: Flags = F::NOSCRIPT.with(F::LOADING).with(F::STALE);

/// What the subcommands for administrators share.
const SUB: Command = Command {
    parent: "acl",
    flags: ANYONE.with(F::ADMIN),
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N), N the users",
    ..Command::DEFAULT
};

const ACL: Command = Command {
    name: "acl",
    arity: -2,
    flags: F::SENTINEL,
    since: "6.0.0",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    summary: "A container for commands about users and their rights.",
    subs: &[
        GENPASS, SETUSER, CAT, SAVE, LOAD, DELUSER, LIST, GETUSER, DRYRUN, WHOAMI, HELP, LOG, USERS,
    ],
    ..Command::DEFAULT
};

const HELP: Command = Command {
    name: "help",
    arity: 2,
    flags: F::LOADING.with(F::STALE),
    complexity: "O(1)",
    summary: "Lists the subcommands.",
    run: |ctx| syntax::help(ctx, &ACL),
    ..SUB
};

const WHOAMI: Command = Command {
    name: "whoami",
    arity: 2,
    flags: ANYONE,
    complexity: "O(1)",
    summary: "Gives the name of the connection's user.",
    run: whoami,
    ..SUB
};

fn whoami(ctx: &mut Ctx<'_>) -> Outcome {
    let name = ctx.client().user.clone();
    ctx.out.bulk(&name);
    Ok(())
}

const USERS: Command = Command {
    name: "users",
    arity: 2,
    summary: "Gives the names of all users.",
    run: users,
    ..SUB
};

fn users(ctx: &mut Ctx<'_>) -> Outcome {
    let users = ctx.server.acl.users();
    ctx.out.array(users.len());
    users.iter().for_each(|user| ctx.out.bulk(&user.name));
    Ok(())
}

const LIST: Command = Command {
    name: "list",
    arity: 2,
    summary: "Gives the rules of all users, a line each, as a file has them.",
    run: list,
    ..SUB
};

fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let users = ctx.server.acl.users();
    ctx.out.array(users.len());
    users.iter().for_each(|user| ctx.out.bulk(&user.describe()));
    Ok(())
}

const GETUSER: Command = Command {
    name: "getuser",
    arity: 3,
    complexity: "O(N), N the user's rules",
    summary: "Gives the rules of a user, part by part.",
    syntax: "username",
    run: getuser,
    ..SUB
};

fn getuser(ctx: &mut Ctx<'_>) -> Outcome {
    let out = &mut *ctx.out;
    let Some(user) = ctx.server.acl.user(ctx.args.get(2)) else {
        out.null();
        return Ok(());
    };
    out.map(6);
    out.bulk(b"flags");
    out.set(user.flags().count());
    user.flags().for_each(|flag| out.bulk(flag.as_bytes()));
    out.bulk(b"passwords");
    out.array(user.passwords.len());
    user.passwords.iter().for_each(|p| out.bulk(&hex(p)));
    write_selector(out, &user.root);
    out.bulk(b"selectors");
    out.array(user.selectors.len());
    for selector in &user.selectors {
        out.map(3);
        write_selector(out, selector);
    }
    Ok(())
}

fn write_selector(out: &mut Reply, selector: &Selector) {
    for (name, text) in [
        ("commands", selector.describe_commands()),
        ("keys", selector.describe_keys()),
        ("channels", selector.describe_channels()),
    ] {
        out.bulk(name.as_bytes());
        out.bulk(&text);
    }
}

const SETUSER: Command = Command {
    name: "setuser",
    arity: -3,
    complexity: "O(N), N the rules",
    summary: "Changes a user by rules, or makes one: all of the rules take effect, or none.",
    syntax: "username [rule+]",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: setuser,
    ..SUB
};

fn setuser(ctx: &mut Ctx<'_>) -> Outcome {
    let name = ctx.arg(2);
    if name.iter().any(|&b| b == 0 || num::is_space(b)) {
        return Err(Error::new(
            "ERR Usernames can't contain spaces or null characters",
        ));
    }
    let rules = merge_selectors(ctx.args.from(3)).map_err(|word| {
        const BEFORE: &str = "ERR Unmatched parenthesis in acl selector starting at '";
        Error::about(BEFORE, &word, "'.")
    })?;
    let registry = &ctx.server.registry;
    let mut user = ctx.server.acl.draft(name, registry, ctx.config);
    for rule in rules {
        user.apply(&rule, registry, ctx.config).map_err(|why| {
            let after = ["': ", why].concat();
            Error::about("ERR Error in ACL SETUSER modifier '", &rule, &after)
        })?;
    }
    ctx.server.acl.put(user);
    ctx.server.end_outcasts(ctx.id);
    ctx.out.ok();
    Ok(())
}

const DELUSER: Command = Command {
    name: "deluser",
    arity: -3,
    complexity: "O(N), N the connections",
    summary: "Takes users away, and ends their connections.",
    syntax: "username+",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: deluser,
    ..SUB
};

fn deluser(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.args.from(2).any(|name| name == DEFAULT_USER) {
        return Err(Error::new("ERR The 'default' user cannot be removed"));
    }
    let mut deleted = 0;
    for name in ctx.args.from(2) {
        deleted += i64::from(ctx.server.acl.remove(name));
    }
    ctx.server.end_outcasts(ctx.id);
    ctx.out.int(deleted);
    Ok(())
}

const CAT: Command = Command {
    name: "cat",
    arity: -2,
    flags: ANYONE,
    complexity: "O(N), N the commands",
    summary: "Gives the categories, or the commands of one.",
    syntax: "[category]",
    run: cat,
    ..SUB
};

fn cat(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.argc() > 3 {
        return Err(Error::bad_subcommand(ctx.arg(1), "ACL"));
    }
    if ctx.argc() == 2 {
        ctx.out.array(Cats::ALL.len());
        let names = Cats::ALL.iter().map(|(_, name)| name.as_bytes());
        names.for_each(|name| ctx.out.bulk(name));
        return Ok(());
    }
    let word = ctx.arg(2);
    let category =
        Cats::named(word).ok_or_else(|| Error::about("ERR Unknown category '", word, "'"))?;
    let at = ctx.out.defer();
    let mut count = 0;
    for command in ctx.server.registry.all() {
        if command.categories().has(category) {
            ctx.out.bulk(command.full_name().as_bytes());
            count += 1;
        }
    }
    ctx.out.finish_array(at, count);
    Ok(())
}

const DRYRUN: Command = Command {
    name: "dryrun",
    arity: -4,
    complexity: "O(1)",
    summary: "Says whether a user could run a command, without running it.",
    syntax: "username command [arg+]",
    since: "7.0.0",
    run: dryrun,
    ..SUB
};

fn dryrun(ctx: &mut Ctx<'_>) -> Outcome {
    let name = ctx.arg(2);
    let Some(user) = ctx.server.acl.user(name) else {
        return Err(Error::about("ERR User '", name, "' not found"));
    };
    let args = ctx.args.skip(3);
    let found = ctx.server.registry.find_call(args);
    let (number, command) =
        found.ok_or_else(|| Error::about("ERR Command '", args.get(0), "' not found"))?;
    if !command.accepts(args.len()) {
        return Err(Error::arity(&command.full_name()));
    }
    match user.check(number, command, args) {
        Ok(()) => ctx.out.ok(),
        Err(why) => {
            let object = match why {
                Denied::Command => b"",
                Denied::Key(index) | Denied::Channel(index) => args.get(index),
            };
            let mut text = Vec::new();
            why.explain(name, command, object, &mut text);
            ctx.out.bulk(&text);
        }
    }
    Ok(())
}

const GENPASS: Command = Command {
    name: "genpass",
    arity: -2,
    flags: ANYONE,
    complexity: "O(1)",
    summary: "Makes up a password of 256 bits, or of as many as asked for.",
    syntax: "[bits:integer]",
    run: genpass,
    ..SUB
};

fn genpass(ctx: &mut Ctx<'_>) -> Outcome {
    let bits = match ctx.argc() {
        2 => 256,
        3 => ctx.args.int(2)?,
        _ => return Err(Error::bad_subcommand(ctx.arg(1), "ACL")),
    };
    if !(1..=4096).contains(&bits) {
        return Err(Error::new(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096",
        ));
    }
    let digits = (bits as usize).div_ceil(4);
    let digit = |_| b"0123456789abcdef"[ctx.rng.below(16) as usize];
    let password: Vec<u8> = (0..digits).map(digit).collect();
    ctx.out.bulk(&password);
    Ok(())
}

const LOG: Command = Command {
    name: "log",
    arity: -2,
    complexity: "O(N), N the entries shown",
    summary: "Gives the last calls and passwords that were denied, newest first, or forgets them.",
    syntax: "[operation<count:integer|RESET>]",
    run: log,
    ..SUB
};

fn log(ctx: &mut Ctx<'_>) -> Outcome {
    let count = match ctx.argc() {
        2 => 10,
        3 if ctx.args.is(2, "reset") => {
            ctx.server.acl.log.clear();
            ctx.out.ok();
            return Ok(());
        }
        3 => ctx.args.int(2)?.max(0),
        _ => return Err(Error::bad_subcommand(ctx.arg(1), "ACL")),
    };
    let entries = ctx.server.acl.log.entries();
    let shown = entries
        .len()
        .min(usize::try_from(count).unwrap_or(usize::MAX));
    ctx.out.array(shown);
    for entry in entries.take(shown) {
        write_entry(ctx.out, entry, ctx.db.ks.now_ms);
    }
    Ok(())
}

fn write_entry(out: &mut Reply, entry: &Entry, now_ms: Millis) {
    out.map(10);
    out.bulk(b"count");
    out.int(entry.count as i64);
    for (name, text) in [
        ("reason", entry.reason.as_bytes()),
        ("context", entry.context.name().as_bytes()),
        ("object", &entry.object),
        ("username", &entry.user),
    ] {
        out.bulk(name.as_bytes());
        out.bulk(text);
    }
    out.bulk(b"age-seconds");
    out.double((now_ms - entry.created_ms) as f64 / 1000.0);
    out.bulk(b"client-info");
    out.bulk(&entry.client);
    for (name, number) in [
        ("entry-id", entry.id as i64),
        ("timestamp-created", entry.created_ms),
        ("timestamp-last-updated", entry.updated_ms),
    ] {
        out.bulk(name.as_bytes());
        out.int(number);
    }
}

const SAVE: Command = Command {
    name: "save",
    arity: 2,
    summary: "Writes all users to the ACL file.",
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: save,
    ..SUB
};

fn save(ctx: &mut Ctx<'_>) -> Outcome {
    let text = ctx.server.acl.text();
    let file = ctx.server.acl_file.as_mut();
    if !file.ok_or_else(no_file)?.save(&text) {
        return Err(Error::new(
            "ERR There was an error trying to save the ACLs. Please check the server logs for more information",
        ));
    }
    ctx.out.ok();
    Ok(())
}

const LOAD: Command = Command {
    name: "load",
    arity: 2,
    summary: "Reads all users from the ACL file again.",
    run: load,
    ..SUB
};

fn load(ctx: &mut Ctx<'_>) -> Outcome {
    let server = &mut *ctx.server;
    let file = server.acl_file.as_mut().ok_or_else(no_file)?;
    let users = file.load(&server.registry, ctx.config);
    server
        .acl
        .replace(users.map_err(|why| Error::new(["ERR ", &why].concat()))?);
    server.end_outcasts(ctx.id);
    ctx.out.ok();
    Ok(())
}

fn no_file() -> Error {
    Error::new(
        "ERR This instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a configuration file set) in order to store users in the configuration.",
    )
}
