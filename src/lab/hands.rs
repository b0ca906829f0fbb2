//! What can be done to a world by hand, as somebody would type it: `:kill n1`, `:cut n1 n2`, `:heal`. The page's buttons do the
//! same acts, so lessons know both by these words.
use super::estate::place_name;
use crate::base::time::Micros;
use crate::sim::disk::Speed;
use crate::sim::world::{APPS, Act, CLIENTS, DATABASES, HostId, Link, World};

/// The words there are.
pub const HANDS: [&str; 14] = [
    ":kill", ":crash", ":start", ":pause", ":resume", ":cut", ":isolate", ":delay", ":heal",
    ":jump", ":link", ":disk", ":flip", ":slow",
];

/// How they are used.
const USAGE: &str = ":kill NODE | :crash NODE [BYTES that were torn off the write at work] | :start NODE | :pause NODE | \
:resume NODE | :cut NODE NODE | :isolate NODE | :delay NODE NODE MS | :heal | :jump NODE MS | :link NODE NODE or, one way, \
:link NODE > NODE and [latency MS] [jitter MS] [loss PERCENT] [bandwidth BYTES a second, 0: any] | \
:disk NODE full|slow|broken|well|[room BYTES] [fsync MS] [speed BYTES a second] [fail TIMES] | \
:flip NODE FILE OFFSET [BIT] | :slow DATABASE PERCENT";
/// Longest delay and furthest jump, ms.
const MOST_MS: i64 = 1 << 40;
/// Most bytes, of a disk or a second.
const MOST_BYTES: u64 = 1 << 50;
/// How often a broken disk fails.
const BROKEN: u32 = 10;
/// What a slow disk is like.
const SLOW: Speed = Speed {
    latency_us: 50,
    bytes_per_s: 1_000_000,
    flush_us: 500_000,
};

/// The acts that a line stands for. `Err` says in words why it stands for none.
pub fn read(line: &str, world: &World) -> Result<Vec<Act>, String> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let place = |name: &str| place(name, world);
    Ok(match words[..] {
        [":kill", name] => vec![Act::Kill(place(name)?)],
        [":crash", name] => vec![power_off(host(name, world)?, 0)],
        [":crash", name, torn] => {
            let torn = number(torn)?.clamp(0, 1 << 30);
            vec![power_off(host(name, world)?, torn as usize)]
        }
        [":start", name] => vec![Act::Start(place(name)?)],
        [":pause", name] => vec![Act::Pause(place(name)?)],
        [":resume", name] => vec![Act::Resume(place(name)?)],
        [":cut", a, b] => both(world, end(a, world)?, end(b, world)?, |link| {
            link.cut = true
        }),
        [":delay", a, b, ms] => {
            let us = number(ms)?.max(0) * 1000;
            let (a, b) = (end(a, world)?, end(b, world)?);
            both(world, a, b, |link| link.latency_us = us)
        }
        [":isolate", name] => vec![isolate(place(name)?, world)],
        [":heal"] => vec![Act::Heal],
        [":jump", name, ms] => vec![Act::Jump {
            host: host(name, world)?,
            by_us: number(ms)? * 1000,
        }],
        [":link", a, ">", b, ref rest @ ..] if !rest.is_empty() => {
            let (from, to) = (end(a, world)?, end(b, world)?);
            let link = changed(world.net().link(from, to), rest)?;
            vec![Act::Link { from, to, link }]
        }
        [":link", a, b, ref rest @ ..] if !rest.is_empty() => {
            let (a, b) = (end(a, world)?, end(b, world)?);
            let one = |from, to| {
                let link = changed(world.net().link(from, to), rest)?;
                Ok::<Act, String>(Act::Link { from, to, link })
            };
            vec![one(a, b)?, one(b, a)?]
        }
        [":disk", name, ref rest @ ..] if !rest.is_empty() => {
            disk(host(name, world)?, rest, world)?
        }
        [":flip", name, path, offset] => vec![flip(host(name, world)?, path, offset, "0")?],
        [":flip", name, path, offset, bit] => vec![flip(host(name, world)?, path, offset, bit)?],
        [":slow", name, percent] => vec![Act::Slow {
            database: place(name)?,
            percent: number(percent)?.clamp(1, 1_000_000) as u32,
        }],
        _ => return Err(USAGE.into()),
    })
}

fn host(name: &str, world: &World) -> Result<HostId, String> {
    let found = world.host_named(name);
    found.ok_or_else(|| format!("no machine is called '{name}'"))
}

/// A machine, an application process or a database.
fn place(name: &str, world: &World) -> Result<HostId, String> {
    let found = world.place_named(name);
    found.ok_or_else(|| format!("no machine is called '{name}'"))
}

/// An end of a link.
fn end(name: &str, world: &World) -> Result<HostId, String> {
    match name {
        "clients" => Ok(CLIENTS),
        name => place(name, world),
    }
}

fn number(text: &str) -> Result<i64, String> {
    let number = text.parse::<i64>().ok().filter(|n| n.abs() <= MOST_MS);
    number.ok_or_else(|| format!("'{text}' is no number that can be used here"))
}

fn bytes(text: &str) -> Result<u64, String> {
    let number = text.parse::<u64>().ok().filter(|n| *n <= MOST_BYTES);
    number.ok_or_else(|| format!("'{text}' is no number that can be used here"))
}

/// Nothing passes between a place and all others.
fn isolate(alone: HostId, world: &World) -> Act {
    let apps = (0..world.apps().len()).map(|id| APPS + id);
    let databases = (0..world.databases().len()).map(|id| DATABASES + id);
    let all = (0..world.hosts().len()).chain(apps).chain(databases);
    let others = all.filter(|id| *id != alone).chain([CLIENTS]).collect();
    Act::Partition(vec![others, vec![alone]])
}

/// A link after `latency 40 loss 5` and the like.
fn changed(mut link: Link, words: &[&str]) -> Result<Link, String> {
    for pair in words.chunks(2) {
        match pair {
            ["latency", ms] => link.latency_us = number(ms)?.max(0) * 1000,
            ["jitter", ms] => link.jitter_us = number(ms)?.max(0) * 1000,
            ["loss", percent] => {
                let percent = percent
                    .parse::<f64>()
                    .ok()
                    .filter(|p| (0.0..=100.0).contains(p));
                let percent = percent.ok_or("loss is a number from 0 to 100, in percent")?;
                link.loss_ppm = (percent * 10_000.0) as u32;
            }
            ["bandwidth", per_s] => link.bytes_per_s = bytes(per_s)?,
            _ => return Err(USAGE.into()),
        }
    }
    Ok(link)
}

/// What is done to a disk.
fn disk(host: HostId, words: &[&str], world: &World) -> Result<Vec<Act>, String> {
    let fails = |times| Act::DiskFails {
        host,
        writes: times,
        syncs: times,
    };
    let room = |bytes| Act::DiskRoom { host, bytes };
    let speed = |speed| Act::DiskSpeed { host, speed };
    let full = |words: &[&str]| match words {
        // What is there already fills it.
        ["full"] => Some(vec![room(Some(0))]),
        ["slow"] => Some(vec![speed(SLOW)]),
        ["broken"] => Some(vec![fails(BROKEN)]),
        ["well"] => Some(vec![room(None), speed(Speed::default()), fails(0)]),
        _ => None,
    };
    if let Some(acts) = full(words) {
        return Ok(acts);
    }
    let now = world.hosts()[host].disk().map(|disk| disk.speed);
    let mut is = now.unwrap_or_default();
    let mut acts = Vec::new();
    for pair in words.chunks(2) {
        acts.push(match pair {
            ["room", "any"] => room(None),
            ["room", most] => room(Some(bytes(most)?)),
            ["fsync", ms] => {
                is.flush_us = number(ms)?.max(0) * 1000;
                speed(is)
            }
            ["speed", per_s] => {
                is.bytes_per_s = bytes(per_s)?.max(1);
                speed(is)
            }
            ["fail", times] => fails(number(times)?.clamp(0, 1 << 20) as u32),
            _ => return Err(USAGE.into()),
        });
    }
    Ok(acts)
}

fn flip(host: HostId, path: &str, offset: &str, bit: &str) -> Result<Act, String> {
    let bit = number(bit)?;
    if !(0..8).contains(&bit) {
        return Err("a byte has the bits 0 to 7".into());
    }
    Ok(Act::Flip {
        host,
        path: path.into(),
        offset: number(offset)?.max(0) as usize,
        bit: bit as u8,
    })
}

fn power_off(host: HostId, torn_bytes: usize) -> Act {
    Act::PowerOff { host, torn_bytes }
}

/// Changes a link in both directions.
fn both(world: &World, a: HostId, b: HostId, change: impl Fn(&mut Link)) -> Vec<Act> {
    let one = |(from, to): (HostId, HostId)| {
        let mut link = world.net().link(from, to);
        change(&mut link);
        Act::Link { from, to, link }
    };
    vec![one((a, b)), one((b, a))]
}

/// The words for an act; none for what is not done by hand: typing, machines and clients that come.
pub fn words(act: &Act, world: &World) -> Vec<String> {
    let name = |id: &HostId| place_name(world, *id);
    let said = |word: &str, id: &HostId| vec![word.to_string(), name(id)];
    let mut words = match act {
        Act::Kill(place) => said(":kill", place),
        Act::PowerOff { host, .. } => said(":crash", host),
        Act::Start(place) => said(":start", place),
        Act::Pause(place) => said(":pause", place),
        Act::Resume(place) => said(":resume", place),
        Act::Link { from, to, link } => return link_words(name(from), name(to), link),
        Act::Heal => vec![":heal".into()],
        Act::Jump { host, .. } => said(":jump", host),
        Act::Partition(groups) => match groups.get(1).map(Vec::as_slice) {
            Some([alone]) if groups.len() == 2 => said(":isolate", alone),
            _ => Vec::new(),
        },
        Act::DiskSpeed { host, .. } | Act::DiskRoom { host, .. } | Act::DiskFails { host, .. } => {
            said(":disk", host)
        }
        Act::Flip { host, .. } => said(":flip", host),
        Act::Slow { database, .. } => said(":slow", database),
        _ => Vec::new(),
    };
    words.extend(match act {
        Act::PowerOff { torn_bytes, .. } if *torn_bytes > 0 => vec![torn_bytes.to_string()],
        Act::Jump { by_us, .. } => vec![ms(*by_us)],
        Act::DiskSpeed { speed, .. } => vec![
            "fsync".into(),
            ms(speed.flush_us),
            "speed".into(),
            speed.bytes_per_s.to_string(),
        ],
        Act::DiskRoom { bytes, .. } => match bytes {
            Some(bytes) => vec!["room".into(), bytes.to_string()],
            None => vec!["room".into(), "any".into()],
        },
        Act::DiskFails { writes, .. } => vec!["fail".into(), writes.to_string()],
        Act::Flip {
            path, offset, bit, ..
        } => vec![path.clone(), offset.to_string(), bit.to_string()],
        Act::Slow { percent, .. } => vec![percent.to_string()],
        _ => Vec::new(),
    });
    words
}

fn ms(us: Micros) -> String {
    (us / 1000).to_string()
}

/// A link that only takes its time is told by that alone.
fn link_words(from: String, to: String, link: &Link) -> Vec<String> {
    if link.cut {
        return vec![":cut".into(), from, to];
    }
    let plain = Link {
        latency_us: link.latency_us,
        ..Link::LAN
    };
    if *link == plain {
        return vec![":delay".into(), from, to, ms(link.latency_us)];
    }
    let mut words = vec![":link".into(), from, ">".into(), to];
    let loss = f64::from(link.loss_ppm) / 10_000.0;
    for (word, value) in [
        ("latency", ms(link.latency_us)),
        ("jitter", ms(link.jitter_us)),
        ("loss", loss.to_string()),
        ("bandwidth", link.bytes_per_s.to_string()),
    ] {
        words.extend([word.into(), value]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::world::Setup;

    fn two() -> World {
        let mut world = World::new(1, 0);
        for name in ["n1", "n2"] {
            world.act(Act::Add(Setup::named(name))).expect("room");
        }
        world
    }

    #[test]
    fn what_a_line_does_is_told_in_its_words() {
        let mut world = two();
        for (line, told) in [
            (":kill n1", vec![":kill n1"]),
            (":crash n2", vec![":crash n2"]),
            (":crash n2 20", vec![":crash n2 20"]),
            (":start n1", vec![":start n1"]),
            (":pause n1", vec![":pause n1"]),
            (":resume n1", vec![":resume n1"]),
            (":cut n1 n2", vec![":cut n1 n2", ":cut n2 n1"]),
            (
                ":delay n1 clients 70",
                vec![":delay n1 clients 70", ":delay clients n1 70"],
            ),
            (":isolate n2", vec![":isolate n2"]),
            (":heal", vec![":heal"]),
            (":jump n1 -500", vec![":jump n1 -500"]),
            (
                ":link n1 > n2 latency 5 jitter 2 loss 2.5 bandwidth 9000",
                vec![":link n1 > n2 latency 5 jitter 2 loss 2.5 bandwidth 9000"],
            ),
            (
                ":link n1 n2 loss 0 jitter 0 bandwidth 0 latency 7",
                vec![":delay n1 n2 7", ":delay n2 n1 7"],
            ),
            (":disk n1 full", vec![":disk n1 room 0"]),
            (":disk n2 slow", vec![":disk n2 fsync 500 speed 1000000"]),
            (
                ":disk n2 fsync 20 fail 3",
                vec![":disk n2 fsync 20 speed 1000000", ":disk n2 fail 3"],
            ),
            (":disk n2 broken", vec![":disk n2 fail 10"]),
            (
                ":disk n1 well",
                vec![
                    ":disk n1 room any",
                    ":disk n1 fsync 1 speed 500000000",
                    ":disk n1 fail 0",
                ],
            ),
        ] {
            let acts = read(line, &world).expect("it is one");
            let words: Vec<String> = acts.iter().map(|a| words(a, &world).join(" ")).collect();
            assert_eq!(words, told);
            acts.into_iter().for_each(|act| {
                world.act(act).expect("it can be done");
            });
        }
    }

    #[test]
    fn what_is_no_line_is_told_why() {
        let mut world = two();
        for (line, why) in [
            (":kill n9", "no machine is called 'n9'"),
            (":kill clients", "no machine is called 'clients'"),
            (
                ":delay n1 n2 soon",
                "'soon' is no number that can be used here",
            ),
            (
                ":jump n1 99999999999999",
                "'99999999999999' is no number that can be used here",
            ),
            (":kill", USAGE),
            ("", USAGE),
            (":link n1 n2", USAGE),
            (":link n1 n2 speed", USAGE),
            (
                ":link n1 n2 loss 101",
                "loss is a number from 0 to 100, in percent",
            ),
            (":disk n1", USAGE),
            (":disk n1 wet", USAGE),
            (
                ":disk n1 room -1",
                "'-1' is no number that can be used here",
            ),
            (":flip n1 dump.rdb 0 8", "a byte has the bits 0 to 7"),
        ] {
            assert_eq!(read(line, &world).unwrap_err(), why);
        }
        let acts = read(":flip n1 dump.rdb 3 1", &world).expect("it is one");
        assert_eq!(words(&acts[0], &world).join(" "), ":flip n1 dump.rdb 3 1");
        let no_file = world.act(acts[0].clone()).unwrap_err();
        assert_eq!(no_file.text(), "no such byte on its platter");
    }
}
