//! What can be done to a world by hand, as somebody would type it: `:kill n1`, `:cut n1 n2`, `:heal`. The page's buttons do the
//! same acts, so lessons know both by these words.
use super::estate::place_name;
use crate::base::time::Micros;
use crate::sim::world::{Act, CLIENTS, HostId, Link, World};

/// The words there are.
pub const HANDS: [&str; 10] = [
    ":kill", ":crash", ":start", ":pause", ":resume", ":cut", ":isolate", ":delay", ":heal",
    ":jump",
];

/// How they are used.
const USAGE: &str = ":kill NODE | :crash NODE [BYTES that were torn off the write at work] | :start NODE | :pause NODE | \
:resume NODE | :cut NODE NODE | :isolate NODE | :delay NODE NODE MS | :heal | :jump NODE MS";
/// Longest delay and furthest jump, ms.
const MOST_MS: i64 = 1 << 40;

/// The acts that a line stands for. `Err` says in words why it stands for none.
pub fn read(line: &str, world: &World) -> Result<Vec<Act>, String> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let host = |name: &str| {
        let found = world.host_named(name);
        found.ok_or_else(|| format!("no machine is called '{name}'"))
    };
    let place = |name: &str| match name {
        "clients" => Ok(CLIENTS),
        name => host(name),
    };
    let number = |text: &str| {
        let number = text.parse::<i64>().ok().filter(|n| n.abs() <= MOST_MS);
        number.ok_or_else(|| format!("'{text}' is no number that can be used here"))
    };
    Ok(match words[..] {
        [":kill", name] => vec![Act::Kill(host(name)?)],
        [":crash", name] => vec![power_off(host(name)?, 0)],
        [":crash", name, torn] => {
            let torn = number(torn)?.clamp(0, 1 << 30);
            vec![power_off(host(name)?, torn as usize)]
        }
        [":start", name] => vec![Act::Start(host(name)?)],
        [":pause", name] => vec![Act::Pause(host(name)?)],
        [":resume", name] => vec![Act::Resume(host(name)?)],
        [":cut", a, b] => both(world, place(a)?, place(b)?, |link| link.cut = true),
        [":delay", a, b, ms] => {
            let us = number(ms)?.max(0) * 1000;
            both(world, place(a)?, place(b)?, |link| link.latency_us = us)
        }
        [":isolate", name] => {
            let alone = host(name)?;
            let others = (0..world.hosts().len()).filter(|id| *id != alone);
            let others = others.chain([CLIENTS]).collect();
            vec![Act::Partition(vec![others, vec![alone]])]
        }
        [":heal"] => vec![Act::Heal],
        [":jump", name, ms] => vec![Act::Jump {
            host: host(name)?,
            by_us: number(ms)? * 1000,
        }],
        _ => return Err(USAGE.into()),
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
    let ms = |us: Micros| (us / 1000).to_string();
    let mut words = match act {
        Act::Kill(host) => vec![":kill".into(), name(host)],
        Act::PowerOff { host, torn_bytes } => {
            let mut words = vec![":crash".into(), name(host)];
            words.extend((*torn_bytes > 0).then(|| torn_bytes.to_string()));
            words
        }
        Act::Start(host) => vec![":start".into(), name(host)],
        Act::Pause(host) => vec![":pause".into(), name(host)],
        Act::Resume(host) => vec![":resume".into(), name(host)],
        Act::Link { from, to, link } if link.cut => vec![":cut".into(), name(from), name(to)],
        Act::Link { from, to, link } => {
            vec![":delay".into(), name(from), name(to), ms(link.latency_us)]
        }
        Act::Heal => vec![":heal".into()],
        Act::Jump { host, by_us } => vec![":jump".into(), name(host), ms(*by_us)],
        _ => Vec::new(),
    };
    if let Act::Partition(groups) = act
        && let [_, alone] = &groups[..]
        && let [alone] = alone[..]
    {
        words = vec![":isolate".into(), name(&alone)];
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::world::Setup;

    #[test]
    fn what_a_line_does_is_told_in_its_words() {
        let mut world = World::new(1, 0);
        for name in ["n1", "n2"] {
            world.act(Act::Add(Setup::named(name))).expect("room");
        }
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
        ] {
            let acts = read(line, &world).expect("it is one");
            let words: Vec<String> = acts.iter().map(|a| words(a, &world).join(" ")).collect();
            assert_eq!(words, told);
            acts.into_iter().for_each(|act| {
                world.act(act).expect("it can be done");
            });
        }
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
        ] {
            assert_eq!(read(line, &world).unwrap_err(), why);
        }
    }
}
