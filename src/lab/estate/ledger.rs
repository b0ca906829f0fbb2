//! The ledger as the page shows it: how well everything is kept, the newest writes, and those that are lost, in words.
use super::models::{end_name, place_name};
use crate::base::time::Micros;
use crate::lab::json::json_object;
use crate::sim::world::ledger::{Account, Fate, Loss, Position, State, Tally, Why, Write};
use crate::sim::world::{End, HostId, HostState, World};

/// Most writes of a list.
const NEWEST: usize = 200;
const LOST: usize = 200;

/// How many acknowledged writes are how well kept.
pub struct TallyModel {
    acknowledged: u64,
    safe: u64,
    copied: u64,
    risk: u64,
    apart: u64,
    gone: u64,
    unknown: u64,
}
json_object! { TallyModel: acknowledged, safe, copied, risk, apart, gone, unknown }

impl TallyModel {
    fn of(tally: Tally) -> TallyModel {
        TallyModel {
            acknowledged: tally.acknowledged,
            safe: tally.safe,
            copied: tally.copied,
            risk: tally.risk,
            apart: tally.apart,
            gone: tally.gone,
            unknown: tally.unknown,
        }
    }
}

/// The whole of it.
pub struct LedgerModel {
    tally: TallyModel,
    /// Writes that are too old to be known one by one.
    forgotten: u64,
    /// The newest writes, the newest first, also those that were not acknowledged.
    newest: Vec<WriteModel>,
    /// Acknowledged writes that are gone, or that a primary goes on without, the newest first; and how many more there are.
    lost: Vec<WriteModel>,
    more_lost: u64,
}
json_object! { LedgerModel: tally, forgotten, newest, lost, more_lost }

/// One write.
struct WriteModel {
    /// A name for it that stays.
    id: String,
    words: String,
    /// The machine that it was written on, and who wrote it.
    host: String,
    by: String,
    /// The session that wrote it, if one did, and where the answer ends among all bytes for it.
    session: Option<u32>,
    reply_end: u64,
    at_us: Micros,
    acked_us: Option<Micros>,
    /// `safe`, `copied`, `risk`, `apart`, `gone`, `unknown`.
    state: &'static str,
    /// Where it is: names of machines.
    memory: Vec<String>,
    cache: Vec<String>,
    platter: Vec<String>,
    wire: Vec<String>,
    /// What that means, or why it is gone; and since when.
    why: String,
    lost_us: Option<Micros>,
}
json_object! { WriteModel: id, words, host, by, session, reply_end, at_us, acked_us, state, memory, cache, platter, wire,
why, lost_us }

/// How well everything is kept. O(known writes).
pub fn tally(world: &World) -> TallyModel {
    TallyModel::of(world.ledger().tally(|_| true))
}

/// The ledger of a world at this moment. O(known writes).
pub fn ledger(world: &World) -> LedgerModel {
    let account = world.ledger();
    let model = |(at, write): &(Position, &Write)| write_model(world, &account, *at, write);
    let mut lost = account.in_state(|state| matches!(state, State::Apart | State::Gone));
    lost.sort_by_key(|(at, write)| std::cmp::Reverse((write.at_us, *at)));
    LedgerModel {
        tally: TallyModel::of(account.tally(|_| true)),
        forgotten: account.forgotten(),
        newest: account.newest(NEWEST).iter().map(model).collect(),
        more_lost: lost.len().saturating_sub(LOST) as u64,
        lost: lost.iter().take(LOST).map(model).collect(),
    }
}

fn write_model(world: &World, account: &Account<'_>, at: Position, write: &Write) -> WriteModel {
    let fate = account.fate(at);
    let (host, _) = account.history(at.history);
    WriteModel {
        id: format!("{}.{}", at.history, at.writes),
        words: write.words.to_string(),
        host: place_name(world, host),
        by: end_name(world, write.by, host),
        session: match write.by {
            End::Session(session) => Some(session),
            _ => None,
        },
        reply_end: write.reply_end,
        at_us: write.at_us,
        acked_us: write.acked_us,
        state: fate.state.word(),
        memory: names(world, fate.memory),
        cache: names(world, fate.cache),
        platter: names(world, fate.platter),
        wire: names(world, fate.wire),
        why: words_of(world, host, &fate),
        lost_us: fate.loss.map(|loss| loss.at_us),
    }
}

fn names(world: &World, bits: u64) -> Vec<String> {
    let those = (0..world.hosts().len()).filter(|id| bits >> id & 1 == 1);
    those.map(|id| place_name(world, id)).collect()
}

/// n1, n2 and n3.
fn list(world: &World, bits: u64) -> String {
    let names = names(world, bits);
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// What a write's state means for it, in a sentence. `host` is where it was written.
fn words_of(world: &World, host: HostId, fate: &Fate) -> String {
    let machines = fate.memory | fate.cache | fate.platter;
    let one = machines.count_ones() == 1;
    let all = list(world, machines);
    let have = if one { "has" } else { "have" };
    match fate.state {
        State::Safe => format!("On the platter of {}.", list(world, fate.platter)),
        State::Copied => {
            let primary = place_name(world, host);
            let platters = list(world, fate.platter);
            match fate.platter {
                0 => format!("{all} have it; nobody has it on the platter."),
                bits if bits >> host & 1 == 0 => {
                    format!("{all} have it; {primary} would lose it with its power.")
                }
                _ => format!(
                    "{all} have it, {platters} on the platter; but who is a primary now would come back without it, or as a \
                     replica."
                ),
            }
        }
        State::Risk if machines == 0 => {
            format!(
                "It is on its way to {}, and nowhere else.",
                list(world, fate.wire)
            )
        }
        State::Risk => format!("{all} alone has it, {}.", place(fate)),
        State::Apart => {
            let lacking = list(world, fate.lacking);
            let runs = |id: &usize| {
                fate.lacking >> id & 1 == 1 && world.hosts()[*id].state == HostState::Up
            };
            match (0..world.hosts().len()).any(|id| runs(&id)) {
                true => format!("{lacking} is a primary without it; {all} {have} it."),
                false => format!("{lacking} would come back without it; {all} {have} it."),
            }
        }
        State::Gone => match &fate.loss {
            Some(loss) => why(world, loss),
            None => "No copy of it is left.".into(),
        },
        State::Unknown => {
            "Files were changed by hand, or a replica was written to: it cannot be followed.".into()
        }
    }
}

/// Where the only machine that has it has it.
fn place(fate: &Fate) -> &'static str {
    match (fate.memory != 0, fate.cache != 0, fate.platter != 0) {
        (_, _, true) => "on its platter, which it does not begin from as a primary",
        (true, true, _) => "in memory and page cache",
        (true, false, _) => "in memory",
        _ => "in its page cache",
    }
}

fn why(world: &World, loss: &Loss) -> String {
    let host = place_name(world, loss.host);
    let without = match loss.without {
        0 => String::new(),
        bits => format!("; {} had not got it", list(world, bits)),
    };
    match loss.why {
        Why::PageCache => {
            format!("{host} lost its power: it was in the page cache, not on the platter{without}.")
        }
        Why::Torn => format!(
            "{host} lost its power while the disk wrote it: a part of it had arrived{without}."
        ),
        Why::Memory { log, power, error } => {
            let what = if power { "lost its power" } else { "ended" };
            let kept = match (log, error) {
                (_, Some(error)) => {
                    format!("the disk had refused the log ({})", error.text())
                }
                (true, None) => "it had not been written to the log yet".into(),
                (false, None) => "the server keeps no log".into(),
            };
            format!("{host} {what}: it was in memory alone, {kept}{without}.")
        }
        Why::Replaced { by } => match by {
            Some(by) => {
                let by = place_name(world, by);
                format!("{host} took the data of {by} in place of its own; {by} had not got it.")
            }
            None => format!("{host} took another server's data in place of its own."),
        },
        Why::Files => format!("{host} had it in files alone, and they were replaced{without}."),
        Why::OnTheWay => {
            format!("It was on its way to {host} when the connection ended{without}.")
        }
    }
}

/// Whether a write is by this one (a load, a process, `terminal`; nothing: anybody), and one of its words is this key (nothing:
/// any), as far as its words are kept.
pub fn is_wanted(world: &World, write: &Write, by: &str, key: &str) -> bool {
    let named = match write.by {
        End::Session(_) => by == "terminal",
        End::Load(load, _) => world.loads()[load].setup.name == by,
        End::App(app, _) => world.apps()[app].setup.name == by,
        End::Node(..) | End::Served(..) | End::Database(..) => false,
    };
    let is_key = |word: &str| match word.strip_suffix('…') {
        Some(beginning) => key.starts_with(beginning),
        None => word == key,
    };
    (by.is_empty() || named) && (key.is_empty() || write.words.split(' ').skip(1).any(is_key))
}
