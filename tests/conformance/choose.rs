//! What happens next: which client does what. Mostly any command by anybody; what clients have begun is gone on with
//! often enough that transactions end, waits are served and messages are heard.

use crate::clients::{Client, Step};
use crate::generate::Generator;
use crate::session::{PARAMETERS, THRESHOLDS};
use redlab::base::rng::Rng;

type Command = Vec<Vec<u8>>;

/// What a parameter may be set to, rightly or wrongly.
const SETTINGS: &[&str] = &[
    "0",
    "1",
    "-1",
    "7",
    "128",
    "1000",
    "1k",
    "2MB",
    "1.5",
    "9223372036854775808",
    "99999999999999999999",
    "yes",
    "no",
    "YES",
    "always",
    "everysec",
    "KEA",
    "Kg$",
    "gxK",
    "abc",
    "",
];

/// What begins to listen or stops it.
const LISTENING: &[&str] = &[
    "SUBSCRIBE",
    "PSUBSCRIBE",
    "SSUBSCRIBE",
    "UNSUBSCRIBE",
    "PUNSUBSCRIBE",
    "SUNSUBSCRIBE",
];
const LEAVING: &[&str] = &[
    "UNSUBSCRIBE",
    "PUNSUBSCRIBE",
    "SUNSUBSCRIBE",
    "UNSUBSCRIBE",
    "RESET",
    "PING",
    "SUBSCRIBE",
    "PSUBSCRIBE",
];
const TELLING: &[&str] = &["PUBLISH", "PUBLISH", "SPUBLISH"];
const WAITING: &[&str] = &[
    "BLPOP",
    "BRPOP",
    "BLMOVE",
    "BRPOPLPUSH",
    "BLMPOP",
    "BZPOPMIN",
    "BZPOPMAX",
    "BZMPOP",
    "XREAD",
    "XREADGROUP",
];
/// What brings something to those who wait.
const BRINGING: &[&str] = &[
    "LPUSH",
    "RPUSH",
    "LPUSH",
    "RPUSH",
    "ZADD",
    "ZADD",
    "XADD",
    "RPOPLPUSH",
    "LMOVE",
    "ZRANGESTORE",
    "RENAME",
    "COPY",
    "XGROUP DESTROY",
    "DEL",
    "CLIENT UNBLOCK",
];
const TRACKING: &[&str] = &[
    "CLIENT TRACKING",
    "CLIENT TRACKING",
    "CLIENT TRACKING",
    "CLIENT CACHING",
    "CLIENT TRACKINGINFO",
    "CLIENT GETREDIR",
];

fn command(line: &str) -> Command {
    line.split(' ').map(|w| w.as_bytes().to_vec()).collect()
}

fn parameter(rng: &mut Rng) -> &'static str {
    PARAMETERS[rng.below(PARAMETERS.len() as u64) as usize].0
}

/// One or two parameters set, or one read.
fn setting(rng: &mut Rng) -> Command {
    let mut words = vec!["CONFIG"];
    match rng.below(4) {
        0 => words.extend(["GET", parameter(rng)]),
        n => {
            words.push("SET");
            for _ in 0..1 + n / 3 {
                words.push(parameter(rng));
                words.push(SETTINGS[rng.below(SETTINGS.len() as u64) as usize]);
            }
        }
    }
    words.iter().map(|w| w.as_bytes().to_vec()).collect()
}

/// Setting a parameter or a protocol, or `None` for an ordinary command.
fn aside(rng: &mut Rng, resp: u64) -> Option<Command> {
    match rng.below(100) {
        4 => Some(setting(rng)),
        0 | 1 if resp == 0 => Some(command(&format!("HELLO {}", 2 + rng.below(2)))),
        2 | 3 => {
            let (name, _, values) = THRESHOLDS[rng.below(THRESHOLDS.len() as u64) as usize];
            let value = values[rng.below(values.len() as u64) as usize];
            Some(command(&format!("CONFIG SET {name} {value}")))
        }
        _ => None,
    }
}

/// The names from which the next command of a client comes, or `None` for any.
fn names(
    g: &mut Generator,
    client: &Client,
    somebody_waits: bool,
) -> Option<&'static [&'static str]> {
    if client.channels > 0 && !client.resp3 && g.chance(75) {
        return Some(LEAVING);
    }
    if client.queue.is_some() {
        return match g.rng.below(100) {
            0..16 => Some(&["EXEC"]),
            16..19 => Some(&["DISCARD"]),
            _ => None,
        };
    }
    let lots: [(u64, &'static [&'static str]); 6] = [
        (3, &["MULTI"]),
        (3, &["WATCH"]),
        (if g.may_wait { 7 } else { 1 }, WAITING),
        (4, LISTENING),
        (5, TELLING),
        (3, TRACKING),
    ];
    let mut lot = g.rng.below(100);
    for (share, names) in lots {
        if lot < share {
            return Some(names);
        }
        lot = lot.saturating_sub(share);
    }
    (somebody_waits && g.chance(15)).then_some(BRINGING)
}

/// The next step; and the name of the command, where it is one of the grammar's.
pub fn next(g: &mut Generator, clients: &[Client], resp: u64) -> (Step, Option<String>) {
    let waiting: Vec<usize> = (0..clients.len())
        .filter(|&i| clients[i].waits.is_some())
        .collect();
    let free: Vec<usize> = (0..clients.len())
        .filter(|i| !waiting.contains(i))
        .collect();
    let hang_up = |client| {
        (
            Step {
                client,
                command: Vec::new(),
            },
            None,
        )
    };
    if free.is_empty() || (!waiting.is_empty() && g.chance(3)) {
        return hang_up(g.pick(&waiting));
    }
    let client = g.pick(&free);
    if clients.len() > 1 && g.rng.below(400) == 0 {
        return hang_up(client);
    }
    if let Some(command) = aside(&mut g.rng, resp) {
        return (Step { client, command }, None);
    }
    g.may_wait = free.len() > 1;
    if clients.len() > 1 && g.rng.below(300) == 0 {
        let line = format!(
            "CLIENT KILL ID @client{}",
            g.rng.below(clients.len() as u64)
        );
        return (
            Step {
                client,
                command: command(&line),
            },
            None,
        );
    }
    let named = names(g, &clients[client], !waiting.is_empty()).and_then(|names| g.one_of(names));
    let (syntax, mut command) = named.unwrap_or_else(|| g.command());
    // Now and then ask which keys a command would touch instead of running it.
    if g.chance(2) {
        command.splice(0..0, [b"COMMAND".to_vec(), b"GETKEYSANDFLAGS".to_vec()]);
    }
    (Step { client, command }, Some(syntax.name.clone()))
}
