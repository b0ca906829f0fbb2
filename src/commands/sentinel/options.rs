//! What can be set: of a group, of this Sentinel, and for trying things out.
use super::ask::number;
use super::{SUB, group, machine, text};
use crate::base::glob::glob;
use crate::command::config::find;
use crate::command::sentinel::Held;
use crate::command::{Command, Ctx, Error, Outcome};
use crate::sentinel::{CONFIG_NAMES, CRASH_AFTER_ELECTION, CRASH_AFTER_PROMOTION, SetError};

pub(super) const SET: Command = Command {
    name: "set",
    arity: -5,
    summary: "Changes options of a primary that is watched.",
    syntax: "primary-name data(option value)+",
    run: set,
    ..SUB
};

/// What stands before a refused option has been set.
fn set(ctx: &mut Ctx<'_>) -> Outcome {
    let group = group(ctx)?;
    let words: Vec<String> = (3..ctx.argc()).map(|i| text(ctx, i)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut at = 0;
    while at < words.len() {
        let option = words[at];
        match machine(ctx).set(group, option, &words[at + 1..]) {
            Ok(values) => at += 1 + values,
            Err(why) => return Err(set_error(option, why)),
        }
    }
    ctx.server.save_watch(ctx.id, Held::Saved);
    Ok(())
}

fn set_error(option: &str, why: SetError) -> Error {
    Error::new(match why {
        SetError::BadValue(value) => {
            format!("ERR Invalid argument '{value}' for SENTINEL SET '{option}'")
        }
        SetError::Unknown => {
            format!("ERR Unknown option or number of arguments for SENTINEL SET '{option}'")
        }
        SetError::ScriptsDenied => {
            "ERR Reconfiguration of scripts path is denied for security reasons. Check the deny-scripts-reconfig \
             configuration directive in your Sentinel configuration"
                .into()
        }
    })
}

pub(super) const FLUSHCONFIG: Command = Command {
    name: "flushconfig",
    arity: 2,
    summary: "Writes the configuration file, with the Sentinel's state in it.",
    run: flushconfig,
    ..SUB
};

fn flushconfig(ctx: &mut Ctx<'_>) -> Outcome {
    machine(ctx).flush();
    ctx.server.save_watch(ctx.id, Held::Saved);
    Ok(())
}

pub(super) const CONFIG: Command = Command {
    name: "config",
    arity: -4,
    since: "6.2.0",
    complexity: "O(N), N the parameters",
    summary: "Gives or sets parameters of this Sentinel.",
    syntax: "action<SET=set(parameter value)+|GET=parameter+>",
    run: config,
    ..SUB
};

fn config(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.args.is(2, "get") {
        config_get(ctx);
        return Ok(());
    }
    if !ctx.args.is(2, "set") || ctx.argc() < 5 {
        return Err(Error::new(
            "ERR Only SENTINEL CONFIG GET <param> [<param> <param> ...] / SET <param> <value> [<param> <value> ...] are \
             supported.",
        ));
    }
    config_set(ctx)
}

/// What CONFIG of other servers has as well.
const LOGLEVEL: &str = "loglevel";

fn config_get(ctx: &mut Ctx<'_>) {
    // In the order of the patterns; what two of them ask for is said once.
    let mut names: Vec<&str> = Vec::new();
    for pattern in ctx.args.from(3) {
        for name in CONFIG_NAMES.iter().copied().chain([LOGLEVEL]) {
            if glob(pattern, name.as_bytes(), true) && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    ctx.out.map(names.len());
    for name in names {
        let value = match name {
            LOGLEVEL => ctx.config.text(name),
            _ => machine(ctx).settings.text(name).into(),
        };
        ctx.out.bulk(name.as_bytes());
        ctx.out.bulk(&value);
    }
}

/// All or nothing.
fn config_set(ctx: &mut Ctx<'_>) -> Outcome {
    let mut settings = machine(ctx).settings.clone();
    let mut config = ctx.config.clone();
    let mut seen: Vec<String> = Vec::new();
    let mut at = 3;
    while at < ctx.argc() {
        let option = text(ctx, at);
        let name = option.to_ascii_lowercase();
        let known = name == LOGLEVEL || CONFIG_NAMES.contains(&name.as_str());
        if !known || at + 1 >= ctx.argc() {
            let why = format!("ERR Invalid argument '{option}' to SENTINEL CONFIG SET");
            return Err(Error::new(why));
        }
        if seen.contains(&name) {
            let why = format!("ERR Duplicate argument '{option}' to SENTINEL CONFIG SET");
            return Err(Error::new(why));
        }
        let value = text(ctx, at + 1);
        let set = match name.as_str() {
            LOGLEVEL => {
                find(name.as_bytes()).and_then(|param| config.put(param, &[value.as_bytes()]).ok())
            }
            _ => settings.set(&name, &value),
        };
        if set.is_none() {
            let why = format!("ERR Invalid value '{value}' to SENTINEL CONFIG SET '{option}'");
            return Err(Error::new(why));
        }
        seen.push(name);
        at += 2;
    }
    *ctx.config = config;
    let sentinel = machine(ctx);
    sentinel.settings = settings;
    sentinel.flush();
    ctx.server.save_watch(ctx.id, Held::Saved);
    Ok(())
}

pub(super) const DEBUG: Command = Command {
    name: "debug",
    arity: -2,
    since: "7.0.0",
    complexity: "O(N), N the parameters",
    summary: "Lists or changes the periods and timeouts that this Sentinel goes by, in ms.",
    syntax: "[data(parameter value)+]",
    run: debug,
    ..SUB
};

fn debug(ctx: &mut Ctx<'_>) -> Outcome {
    if ctx.argc() == 2 {
        let all = machine(ctx).periods.all();
        ctx.out.map(all.len());
        for (name, ms) in all {
            ctx.out.bulk(name.as_bytes());
            ctx.out.bulk_int(ms);
        }
        return Ok(());
    }
    let mut at = 2;
    while at < ctx.argc() {
        let option = text(ctx, at);
        let unknown = || {
            let why = "ERR Unknown option or number of arguments for SENTINEL DEBUG";
            Error::new(format!("{why} '{option}'"))
        };
        if at + 1 >= ctx.argc() {
            return Err(unknown());
        }
        let value = text(ctx, at + 1);
        let periods = &mut machine(ctx).periods;
        if periods
            .all()
            .iter()
            .all(|(name, _)| !name.eq_ignore_ascii_case(&option))
        {
            return Err(unknown());
        }
        let ms = number(&value).filter(|ms| *ms > 0);
        if ms.and_then(|ms| periods.set(&option, ms)).is_none() {
            let why = format!("ERR Invalid argument '{value}' for SENTINEL DEBUG '{option}'");
            return Err(Error::new(why));
        }
        at += 2;
    }
    ctx.out.ok();
    Ok(())
}

pub(super) const SIMULATE_FAILURE: Command = Command {
    name: "simulate-failure",
    arity: -3,
    since: "3.2.0",
    complexity: "",
    summary: "Lets this Sentinel crash at a certain moment of the next failover.",
    syntax: "[mode<CRASH-AFTER-ELECTION|CRASH-AFTER-PROMOTION|HELP>+]",
    run: simulate_failure,
    ..SUB
};

fn simulate_failure(ctx: &mut Ctx<'_>) -> Outcome {
    machine(ctx).crashes = 0;
    for at in 2..ctx.argc() {
        let word = text(ctx, at).to_ascii_lowercase();
        match word.as_str() {
            "crash-after-election" => machine(ctx).crashes |= CRASH_AFTER_ELECTION,
            "crash-after-promotion" => machine(ctx).crashes |= CRASH_AFTER_PROMOTION,
            "help" => {
                ctx.out.array(2);
                ctx.out.bulk(b"crash-after-election");
                ctx.out.bulk(b"crash-after-promotion");
                return Ok(());
            }
            _ => return Err(Error::new("ERR Unknown failure simulation specified")),
        }
    }
    ctx.out.ok();
    Ok(())
}
