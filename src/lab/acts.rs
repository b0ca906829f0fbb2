//! Acts on a world as plain data: what the page, a shared link and a saved trace say.
//!
//! `{"act": "power_off", "host": "n1", "torn_bytes": 3}`: the word, and the fields that it needs. Machines are named.
use super::plain::{Fields, Plain, Read, count, flag, list, text, texts, told, whole, word, wrong};
use crate::base::time::Micros;
use crate::sim::disk::Speed;
use crate::sim::world::{
    Act, AppSetup, CLIENTS, DatabaseSetup, Finder, HERE, HostId, Link, LoadSetup, Mix, Setup, World,
};

/// The words, in the order of [`act_of`].
const WORDS: [&str; 25] = [
    "add",
    "connect",
    "send",
    "disconnect",
    "kill",
    "power_off",
    "start",
    "pause",
    "resume",
    "link",
    "links",
    "partition",
    "heal",
    "jump",
    "lose",
    "delay",
    "disk_speed",
    "disk_room",
    "disk_fails",
    "flip",
    "load",
    "stop_load",
    "app",
    "database",
    "slow",
];

/// Reads an act; names are those of `world`. `Err` says in words what is wrong.
pub fn read(value: Plain, world: &World) -> Result<Act, String> {
    let mut f = Fields::of(value);
    let kind = f.maybe("act", |v| word(v, &WORDS));
    let Some(kind) = kind else {
        return f.end(()).map_err(told).and(Err("act: missing".into()));
    };
    let mut named = Named {
        f,
        world,
        unknown: None,
    };
    let act = act_of(WORDS[kind], &mut named);
    // A name that is missing is told as such, not as one that nobody has.
    let act = named.f.end(act).map_err(told)?;
    match named.unknown {
        Some(name) => Err(["no machine is called '", &name, "'"].concat()),
        None => Ok(act),
    }
}

/// The fields of an act, and the world that its names are of.
struct Named<'a> {
    f: Fields,
    world: &'a World,
    /// The first name that nobody has.
    unknown: Option<String>,
}

impl Named<'_> {
    fn find(&mut self, name: &str) -> HostId {
        match name {
            "here" => HERE,
            "clients" => CLIENTS,
            name => self.world.place_named(name).unwrap_or_else(|| {
                self.unknown.get_or_insert_with(|| name.into());
                0
            }),
        }
    }

    /// A machine that is to be named.
    fn host(&mut self, field: &str) -> HostId {
        let name = self.f.must(field, text);
        match name.as_str() {
            // A place where no machine is.
            "here" | "clients" => {
                self.unknown.get_or_insert(name);
                0
            }
            name => self.find(name),
        }
    }

    /// A machine or another place; `other` if nothing is said.
    fn place(&mut self, field: &str, other: HostId) -> HostId {
        match self.f.maybe(field, text) {
            Some(name) => self.find(&name),
            None => other,
        }
    }

    fn number(&mut self, field: &str, other: u64) -> u64 {
        self.f.maybe(field, count).unwrap_or(other)
    }

    fn micros(&mut self, field: &str, other: Micros) -> Micros {
        // Enough for a century, and far from the end of the clock.
        const MOST: Micros = 100 * 365 * 86_400 * 1_000_000;
        let us = self.f.maybe(field, whole).unwrap_or(other);
        us.clamp(-MOST, MOST)
    }

    fn link(&mut self) -> Link {
        Link {
            latency_us: self.micros("latency_us", Link::LAN.latency_us).max(0),
            jitter_us: self.micros("jitter_us", 0).max(0),
            loss_ppm: self.number("loss_ppm", 0).min(1_000_000) as u32,
            bytes_per_s: self.number("bytes_per_s", 0),
            cut: self.f.maybe("cut", flag).unwrap_or(false),
        }
    }

    fn speed(&mut self) -> Speed {
        let good = Speed::default();
        Speed {
            latency_us: self.micros("latency_us", good.latency_us).max(0),
            bytes_per_s: self.number("bytes_per_s", good.bytes_per_s).max(1),
            flush_us: self.micros("flush_us", good.flush_us).max(0),
        }
    }

    fn message(&mut self) -> (u32, bool) {
        let conn = self.f.must("conn", count).min(u64::from(u32::MAX)) as u32;
        (conn, self.f.must("forward", flag))
    }

    fn setup(&mut self) -> Setup {
        let mut setup = Setup::named("");
        setup.name = self.f.must("name", name);
        setup.config = self.f.maybe("config", texts).unwrap_or_default();
        setup.port = self.number("port", 6379).min(65_535) as u16;
        if self.f.maybe("disk", flag) == Some(false) {
            setup.disk = None;
        }
        setup
    }

    fn load(&mut self) -> LoadSetup {
        let named = self.f.must("name", name);
        let to = self.host("to");
        let usual = LoadSetup::new(&named, to);
        let sentinels = self.f.maybe("sentinels", texts).unwrap_or_default();
        let sentinels: Vec<HostId> = sentinels.iter().map(|name| self.find(name)).collect();
        let primary = self.f.maybe("primary", name);
        let finder = Finder {
            name: primary.unwrap_or("mymaster".into()),
            sentinels,
        };
        LoadSetup {
            finds: (!finder.sentinels.is_empty()).then_some(finder),
            timeout_us: self.micros("timeout_us", 0).max(0),
            place: self.place("place", CLIENTS),
            clients: self.number("clients", usual.clients as u64).min(10_000) as usize,
            rate_per_s: self.number("rate_per_s", 100).min(1_000_000) as u32,
            think_us: self.micros("think_us", 0).max(0),
            keys: self.number("keys", 100).clamp(1, 1_000_000) as u32,
            mix: Mix {
                writes: self.number("writes", 100).min(100) as u32,
            },
            value_bytes: self.number("value_bytes", 16).min(1 << 20) as usize,
            shared: self.f.maybe("prefix", name),
            ..usual
        }
    }

    fn app(&mut self) -> AppSetup {
        let named = self.f.must("name", name);
        let usual = (!self.world.hosts().is_empty()).then_some(0);
        let node = self.f.maybe("redis", text).map(|name| self.find(&name));
        let database = self.f.maybe("database", text).map(|name| self.find(&name));
        AppSetup {
            name: named,
            source: self.f.must("source", source),
            redis: node.or(usual),
            database,
            timeout_us: self.micros("timeout_us", 1_000_000).max(0),
            database_timeout_us: self.micros("database_timeout_us", 10_000_000).max(0),
        }
    }

    fn database(&mut self) -> DatabaseSetup {
        DatabaseSetup {
            name: self.f.must("name", name),
            prefix: self.f.maybe("prefix", name).unwrap_or("item".into()),
            rows: self.number("rows", 1000).min(1_000_000) as u32,
            read_us: self.micros("read_us", 20_000).max(1),
            write_us: self.micros("write_us", 20_000).max(1),
            workers: self.number("workers", 4).clamp(1, 1000) as usize,
            queue: self.number("queue", 1000).min(10_000) as usize,
        }
    }

    fn groups(&mut self) -> Vec<Vec<HostId>> {
        let groups = self.f.must("groups", |v| list(v, texts));
        let mut places = |group: Vec<String>| group.iter().map(|n| self.find(n)).collect();
        groups.into_iter().map(&mut places).collect()
    }
}

/// Whether a machine can be called so.
pub fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let word = !name.is_empty() && name.len() <= 32 && name.chars().all(plain);
    word && !matches!(name, "here" | "clients" | "localhost")
}

/// A name that can be a machine's.
fn name(value: Plain) -> Read<String> {
    let name = text(value)?;
    match is_name(&name) {
        true => Ok(name),
        false => wrong("expected letters, digits, '-' and '_', 32 at most"),
    }
}

/// A program, not longer than a screen's worth some hundred times.
fn source(value: Plain) -> Read<String> {
    let source = text(value)?;
    match source.len() <= 65_536 {
        true => Ok(source),
        false => wrong("a program has 65,536 bytes at most"),
    }
}

/// Bytes that are no text, as hexadecimal digits.
fn hex(value: Plain) -> Read<Vec<u8>> {
    let digits = text(value)?;
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(pair).collect();
    match bytes {
        Some(bytes) => Ok(bytes),
        None => wrong("expected pairs of hexadecimal digits"),
    }
}

fn act_of(kind: &str, n: &mut Named<'_>) -> Act {
    match kind {
        "add" => Act::Add(n.setup()),
        "connect" => Act::Connect {
            to: n.host("host"),
            place: n.place("place", HERE),
        },
        "send" => Act::Send {
            session: n.number("session", 0).min(u64::from(u32::MAX)) as u32,
            bytes: match n.f.maybe("hex", hex) {
                Some(bytes) => bytes,
                None => n.f.must("text", text).into_bytes(),
            },
        },
        "disconnect" => Act::Disconnect {
            session: n.number("session", 0).min(u64::from(u32::MAX)) as u32,
        },
        "kill" => Act::Kill(n.host("host")),
        "power_off" => Act::PowerOff {
            host: n.host("host"),
            torn_bytes: n.number("torn_bytes", 0).min(1 << 30) as usize,
        },
        "start" => Act::Start(n.host("host")),
        "pause" => Act::Pause(n.host("host")),
        "resume" => Act::Resume(n.host("host")),
        "link" => Act::Link {
            from: n.place("from", CLIENTS),
            to: n.place("to", CLIENTS),
            link: n.link(),
        },
        "links" => Act::Links(n.link()),
        "partition" => Act::Partition(n.groups()),
        "heal" => Act::Heal,
        "load" => Act::Load(n.load()),
        "stop_load" => Act::StopLoad(n.f.must("load", count).min(u64::from(u32::MAX)) as usize),
        "app" => Act::App(n.app()),
        "database" => Act::Database(n.database()),
        "slow" => Act::Slow {
            database: n.host("database"),
            percent: n.number("percent", 1000).clamp(1, 1_000_000) as u32,
        },
        kind => act_on_one(kind, n),
    }
}

fn act_on_one(kind: &str, n: &mut Named<'_>) -> Act {
    if let "lose" | "delay" = kind {
        let (conn, forward) = n.message();
        return match kind {
            "lose" => Act::Lose { conn, forward },
            _ => Act::Delay {
                conn,
                forward,
                by_us: n.micros("by_us", 0),
            },
        };
    }
    let host = n.host("host");
    match kind {
        "jump" => Act::Jump {
            host,
            by_us: n.micros("by_us", 0),
        },
        "disk_speed" => Act::DiskSpeed {
            host,
            speed: n.speed(),
        },
        "disk_room" => Act::DiskRoom {
            host,
            bytes: n.f.maybe("bytes", count),
        },
        "disk_fails" => Act::DiskFails {
            host,
            writes: n.number("writes", 0).min(1 << 20) as u32,
            syncs: n.number("syncs", 0).min(1 << 20) as u32,
        },
        _ => Act::Flip {
            host,
            path: n.f.must("path", text),
            offset: n.number("offset", 0).min(1 << 40) as usize,
            bit: n.number("bit", 0).min(7) as u8,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(all: Vec<(&str, Plain)>) -> Plain {
        Plain::Fields(all.into_iter().map(|(n, v)| (n.into(), v)).collect())
    }

    fn said(text: &str) -> Plain {
        Plain::Text(text.into())
    }

    #[test]
    fn acts_are_read_and_what_is_wrong_is_told() {
        let mut world = World::new(1, 0);
        let add = fields(vec![("act", said("add")), ("name", said("n1"))]);
        let act = read(add, &world).expect("it is one");
        world.act(act).expect("there is room");
        let send = |bytes| {
            fields(vec![
                ("act", said("send")),
                ("session", Plain::Number(1.0)),
                ("hex", said(bytes)),
            ])
        };
        let act = read(send("00ffA"), &world).unwrap_err();
        assert_eq!(act, "hex: expected pairs of hexadecimal digits");
        let Ok(Act::Send { bytes, .. }) = read(send("00ffAa"), &world) else {
            panic!("it sends");
        };
        assert_eq!(bytes, [0, 255, 0xaa]);
        let kill = |host| fields(vec![("act", said("kill")), ("host", said(host))]);
        assert!(matches!(read(kill("n1"), &world), Ok(Act::Kill(0))));
        for (act, why) in [
            (kill("n9"), "no machine is called 'n9'"),
            (kill("here"), "no machine is called 'here'"),
            (fields(vec![("act", said("kill"))]), "host: missing"),
            (fields(vec![]), "act: missing"),
            (
                fields(vec![("act", said("heal")), ("host", said("n1"))]),
                "unknown field 'host'",
            ),
            (
                fields(vec![
                    ("act", said("app")),
                    ("name", said("a")),
                    ("source", said(&"-".repeat(65_537))),
                ]),
                "source: a program has 65,536 bytes at most",
            ),
            (
                fields(vec![("act", said("slow")), ("database", said("db"))]),
                "no machine is called 'db'",
            ),
            (
                fields(vec![("act", said("add")), ("name", said("a b"))]),
                "name: expected letters, digits, '-' and '_', 32 at most",
            ),
        ] {
            assert_eq!(read(act, &world).unwrap_err(), why);
        }
    }
}
