//! LATENCY: the delays that were seen, and how long calls take.
use crate::base::num::fixed;
use crate::command::spikes::{Series, Spike};
use crate::command::{Command, Config, Ctx, Error, F, Group, Outcome, Registry, syntax};

pub(super) const TABLE: &[Command] = &[LATENCY];

const LATENCY: Command = Command {
    name: "latency",
    arity: -2,
    since: "2.8.13",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    summary: "A container for commands about delays.",
    subs: &[DOCTOR, GRAPH, HELP, HISTOGRAM, HISTORY, LATEST, RESET],
    ..Command::DEFAULT
};

/// What the subcommands share.
const SUB: Command = Command {
    parent: "latency",
    arity: 2,
    flags: F::ADMIN.with(F::NOSCRIPT).with(F::LOADING).with(F::STALE),
    since: "2.8.13",
    group: Group::Server,
    tips: &[
        "nondeterministic_output",
        "request_policy:all_nodes",
        "response_policy:special",
    ],
    ..Command::DEFAULT
};

const HELP: Command = Command {
    name: "help",
    flags: F::LOADING.with(F::STALE),
    summary: "Lists the subcommands.",
    tips: &[],
    run: |ctx| syntax::help(ctx, &LATENCY),
    ..SUB
};

const LATEST: Command = Command {
    name: "latest",
    summary: "Gives of each kind of event when it last was slow, how slow, and the slowest ever, in ms.",
    run: latest,
    ..SUB
};

fn latest(ctx: &mut Ctx<'_>) -> Outcome {
    let all = &ctx.server.spikes.series;
    ctx.out.array(all.len());
    for series in all {
        let last = series.spikes.back().expect("a series has a spike");
        ctx.out.array(4);
        ctx.out.bulk(series.event.as_bytes());
        ctx.out.int(last.at_s);
        ctx.out.int(last.ms as i64);
        ctx.out.int(series.max_ms as i64);
    }
    Ok(())
}

const HISTORY: Command = Command {
    name: "history",
    arity: 3,
    summary: "Gives the times and lengths, in ms, of the last 160 delays of one kind.",
    syntax: "event",
    run: history,
    ..SUB
};

fn history(ctx: &mut Ctx<'_>) -> Outcome {
    let series = ctx.server.spikes.of(ctx.arg(2));
    let spikes = || series.iter().flat_map(|s| &s.spikes);
    ctx.out.array(spikes().count());
    for spike in spikes() {
        ctx.out.array(2);
        ctx.out.int(spike.at_s);
        ctx.out.int(spike.ms as i64);
    }
    Ok(())
}

const RESET: Command = Command {
    name: "reset",
    arity: -2,
    summary: "Forgets the delays of some kinds, or of all; gives how many kinds.",
    syntax: "[event+]",
    tips: &["request_policy:all_nodes", "response_policy:agg_sum"],
    run: reset,
    ..SUB
};

fn reset(ctx: &mut Ctx<'_>) -> Outcome {
    let args = ctx.args;
    let all = &mut ctx.server.spikes.series;
    let before = all.len();
    all.retain(|series| {
        let named = |event: &[u8]| series.event.as_bytes() == event;
        args.len() > 2 && !args.from(2).any(named)
    });
    ctx.out.len(before - all.len());
    Ok(())
}

const GRAPH: Command = Command {
    name: "graph",
    arity: 3,
    summary: "Draws the delays of one kind.",
    syntax: "event",
    run: graph,
    ..SUB
};

fn graph(ctx: &mut Ctx<'_>) -> Outcome {
    let event = ctx.arg(2);
    let Some(series) = ctx.server.spikes.of(event) else {
        let text = [b"ERR No samples available for event '", event, b"'"];
        return Err(Error::bytes(text.concat()));
    };
    let text = draw(series, ctx.server.now_us / 1_000_000);
    ctx.out.verbatim("txt", &text);
    Ok(())
}

/// Columns of a drawing, and rows.
const COLUMNS: usize = 80;
const ROWS: usize = 4;

fn range_ms(series: &Series) -> (u64, u64) {
    let ms = || series.spikes.iter().map(|spike| spike.ms);
    (ms().min().unwrap_or(0), ms().max().unwrap_or(0))
}

/// Bars of three steps a row, and under each, downwards, how long ago it was.
fn draw(series: &Series, now_s: i64) -> Vec<u8> {
    let (low, high) = range_ms(series);
    let head = format!(
        "{} - high {high} ms, low {low} ms (all time high {} ms)\n",
        series.event, series.max_ms
    );
    let mut text = head.into_bytes();
    text.extend([b'-'; COLUMNS]);
    text.push(b'\n');
    let spikes: Vec<Spike> = series.spikes.iter().copied().collect();
    let steps = ROWS as u64 * 3;
    for (at, part) in spikes.chunks(COLUMNS).enumerate() {
        if at > 0 {
            text.push(b'\n');
        }
        for row in (0..ROWS).rev() {
            text.extend(part.iter().map(|spike| {
                let step = (spike.ms - low) * steps / (high - low).max(1);
                match step.min(steps - 1).checked_sub(row as u64 * 3) {
                    None => b' ',
                    Some(part) => b"_o#".get(part as usize).copied().unwrap_or(b'|'),
                }
            }));
            text.push(b'\n');
        }
        text.extend(part.iter().map(|_| b' '));
        text.push(b'\n');
        let ages: Vec<String> = part.iter().map(|spike| age(now_s - spike.at_s)).collect();
        let longest = ages.iter().map(String::len).max().unwrap_or(0);
        for at in 0..longest {
            let letter = |age: &String| age.as_bytes().get(at).copied().unwrap_or(b' ');
            text.extend(ages.iter().map(letter));
            text.push(b'\n');
        }
    }
    text
}

fn age(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}

const DOCTOR: Command = Command {
    name: "doctor",
    summary: "Sums up the delays that were seen, and what may help.",
    run: doctor,
    ..SUB
};

fn doctor(ctx: &mut Ctx<'_>) -> Outcome {
    let all = &ctx.server.spikes.series;
    let mut text = String::new();
    if ctx.config.latency_monitor_threshold == 0 && all.is_empty() {
        text.push_str(
            "Nobody watches for delays. CONFIG SET latency-monitor-threshold to the milliseconds that are too long.\n",
        );
    } else if all.is_empty() {
        text.push_str("Nothing took too long so far.\n");
    } else {
        text.push_str("Some things took too long:\n\n");
        for (at, series) in all.iter().enumerate() {
            let n = series.spikes.len() as u64;
            // In whole milliseconds, as a real server reckons.
            let mean_of =
                |f: &dyn Fn(u64) -> u64| series.spikes.iter().map(|s| f(s.ms)).sum::<u64>() / n;
            let mean = mean_of(&|ms| ms);
            let off = mean_of(&|ms| ms.abs_diff(mean));
            let span = (ctx.server.now_us / 1_000_000 - series.spikes[0].at_s).max(1);
            text.push_str(&format!(
                "{}. {}: {n} times (mean {mean}ms, mean deviation {off}ms, every {} sec). The longest ever: {}ms.\n",
                at + 1,
                series.event,
                fixed(span as f64 / n as f64, 2),
                series.max_ms,
            ));
        }
        advise(
            ctx.config,
            &all.iter().map(|s| s.event).collect::<Vec<_>>(),
            &mut text,
        );
    }
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

/// What may help against delays of these kinds.
fn advise(config: &Config, events: &[&str], text: &mut String) {
    let any = |kinds: &[&str]| events.iter().any(|event| kinds.contains(event));
    let (slow_us, limit_ms) = (
        config.slowlog_log_slower_than,
        config.latency_monitor_threshold,
    );
    let commands = any(&["command"]);
    let slowlog_is_off = slow_us < 0 || config.slowlog_max_len == 0;
    let advice = [
        (
            commands && slowlog_is_off,
            "The slow log is off: CONFIG SET slowlog-log-slower-than to microseconds, and it names the commands that are slow.",
        ),
        (
            commands && !slowlog_is_off && slow_us as u64 / 1000 > limit_ms,
            "The slow log passes over commands that count as too slow here: CONFIG SET slowlog-log-slower-than lower.",
        ),
        (commands, "SLOWLOG GET names the commands that are slow."),
        (
            any(&["fast-command"]),
            "Even commands that do little were slow: something else on the machine takes its time.",
        ),
        (
            any(&["expire-cycle"]),
            "Keys that expire are cleared away with every tick: a higher hz makes each turn shorter.",
        ),
        (
            any(&["command", "expire-cycle", "eviction-del"]),
            "Large values take long to delete, expire or evict: split them, or let lazyfree do it.",
        ),
        (
            any(&["eviction-cycle"]),
            "Much had to be evicted at once: lower maxmemory in steps, and beware of commands that store much.",
        ),
    ];
    if advice.iter().all(|(fits, _)| !fits) {
        text.push_str("\nNo advice fits these delays.\n");
        return;
    }
    text.push_str("\nWhat may help:\n\n");
    for (_, line) in advice.iter().filter(|(fits, _)| *fits) {
        for part in ["- ", line, "\n"] {
            text.push_str(part);
        }
    }
}

const HISTOGRAM: Command = Command {
    name: "histogram",
    arity: -2,
    since: "7.0.0",
    complexity: "O(N), N the commands that are told of",
    summary: "Gives how many calls of some commands, or of all, took at most so many µs.",
    syntax: "[command+]",
    run: histogram,
    ..SUB
};

/// The numbers of the commands that a name stands for: the command's own, and those of its subcommands.
fn numbers(registry: &Registry, name: &[u8]) -> Vec<usize> {
    let all = registry.all().iter().enumerate();
    let is = |c: &&Command| {
        let full = c.full_name();
        let whole = full.as_bytes().eq_ignore_ascii_case(name);
        whole || c.parent.as_bytes().eq_ignore_ascii_case(name)
    };
    all.filter(|(_, c)| is(c)).map(|(n, _)| n).collect()
}

fn histogram(ctx: &mut Ctx<'_>) -> Outcome {
    let registry = &ctx.server.registry;
    let chosen: Vec<usize> = match ctx.argc() {
        2 => (0..registry.all().len()).collect(),
        _ => ctx
            .args
            .from(2)
            .flat_map(|name| numbers(registry, name))
            .collect(),
    };
    let at = ctx.out.defer();
    let mut shown = 0;
    for number in chosen {
        let latency = &ctx.server.stats.commandstats[number].latency;
        if latency.total() == 0 {
            continue;
        }
        shown += 1;
        ctx.out.bulk(registry.all()[number].full_name().as_bytes());
        ctx.out.map(2);
        ctx.out.bulk(b"calls");
        ctx.out.int(latency.total() as i64);
        ctx.out.bulk(b"histogram_usec");
        let steps = latency.cumulative();
        ctx.out.map(steps.len());
        for (usec, calls) in steps {
            ctx.out.int(usec as i64);
            ctx.out.int(calls as i64);
        }
    }
    ctx.out.finish_map(at, shown);
    Ok(())
}
