//! redlab and a real server as primary and replica of each other, and in chains: random writes on the first, links that are
//! cut after random numbers of bytes; at the end of each segment all have the same data at the same offset.

mod relay;

use crate::generate::Generator;
use crate::grammar::Syntax;
use crate::peer::{Peer, Server};
use crate::reply::Reply;
use redlab::base::rng::Rng;
use relay::Relay;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Commands between two comparisons.
const SEGMENT: u64 = 250;
/// How long all may take to come to the same offset.
const PATIENCE: Duration = Duration::from_secs(40);

/// Who follows whom, the primary first.
const CHAINS: [&[Kind]; 4] = [
    &[Kind::Redlab, Kind::Oracle],
    &[Kind::Oracle, Kind::Redlab],
    &[Kind::Redlab, Kind::Oracle, Kind::Redlab],
    &[Kind::Oracle, Kind::Redlab, Kind::Oracle],
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Redlab,
    Oracle,
}

/// What was done and seen.
#[derive(Default)]
pub struct Report {
    pub commands: u64,
    pub cuts: u64,
    pub full_syncs: u64,
    pub partial_syncs: u64,
    pub passed: usize,
    pub failures: Vec<String>,
}

/// The native server, built for this.
pub fn program() -> Result<PathBuf, String> {
    let mut build = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    build.args([
        "build",
        "--quiet",
        "--features",
        "server",
        "--bin",
        "redlab-server",
    ]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    build.current_dir(env!("CARGO_MANIFEST_DIR"));
    let built = build.status().map_err(|e| e.to_string())?;
    let here = std::env::current_exe().map_err(|e| e.to_string())?;
    let folder = here.parent().and_then(Path::parent);
    let program = folder.map(|folder| folder.join("redlab-server"));
    program
        .filter(|_| built.success())
        .ok_or_else(|| "redlab-server cannot be built".into())
}

/// One server of a chain.
struct Member {
    name: &'static str,
    server: Server,
    on: usize,
    folder: PathBuf,
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Member {
    fn start(kind: Kind, number: usize, settings: &[(&str, &str)]) -> Result<Member, String> {
        let name = format!("redlab-replication-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let mut server = match kind {
            Kind::Oracle => Server::oracle_in(&folder)?,
            Kind::Redlab => {
                let program = program()?;
                let folder = folder.to_str().ok_or("the folder has no plain name")?;
                let program = program.to_str().ok_or("the program has no plain name")?;
                Server::program(program, &["--enable-debug-command", "yes", "--dir", folder])
            }
        };
        server.set_options(settings);
        let on = server.open();
        let name = match kind {
            Kind::Redlab => "redlab",
            Kind::Oracle => "oracle",
        };
        Ok(Member {
            name,
            server,
            on,
            folder,
        })
    }

    fn ask(&mut self, line: &str) -> String {
        self.server.ask(self.on, line).lossy()
    }

    /// A line of INFO replication or stats.
    fn info(&mut self, section: &str, name: &str) -> String {
        let info = self.ask(&format!("INFO {section}"));
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim().into()
    }

    fn offset(&mut self) -> i64 {
        self.info("replication", "master_repl_offset")
            .parse()
            .unwrap_or(-1)
    }

    fn count(&mut self, name: &str) -> u64 {
        self.info("stats", name).parse().unwrap_or(0)
    }

    /// Every key with what it must have in common with the same key of another server.
    fn describe(&mut self) -> Vec<String> {
        let mut all = vec![self.ask("DEBUG DIGEST")];
        for db in 0..16 {
            self.ask(&format!("SELECT {db}"));
            let keys = self.server.ask(self.on, "KEYS *").sorted();
            for key in keys.items() {
                let key = key.text().unwrap_or_default();
                let mut ask = |words: &[&[u8]]| {
                    let words: Vec<_> = words.iter().map(|w| w.to_vec()).collect();
                    self.server.call(self.on, &words).1
                };
                let expires = ask(&[b"PEXPIRETIME", key]);
                let stream = ask(&[b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0"]);
                let key = key.escape_ascii();
                let (expires, stream) = (expires.notation(), alike(&stream).notation());
                all.push(format!("{db} {key}: {expires} {stream}"));
            }
        }
        self.ask("SELECT 0");
        all
    }
}

/// A description of a stream without what a real server's own replica has otherwise: the moments at which consumers were
/// seen, and consumers that have never been given an entry (to read in vain makes one, and is not replicated).
fn alike(stream: &Reply) -> Reply {
    let items = stream.items();
    if items.is_empty() {
        return stream.clone();
    }
    let idle = |consumer: &Reply| {
        let number = |name| consumer.field(name).map(Reply::lossy);
        number("active-time").as_deref() == Some("-1")
            && number("pel-count").as_deref() == Some("0")
    };
    let mut kept: Vec<Reply> = Vec::new();
    for item in items.into_iter().filter(|item| !idle(item)) {
        let of = kept.last().and_then(Reply::text);
        let moment = of.is_some_and(|name| [&b"seen-time"[..], b"active-time"].contains(&name));
        kept.push(match moment {
            true => Reply::Null,
            false => alike(item),
        });
    }
    Reply::Array(kept)
}

/// Lets no key expire soon: it would be gone on one server and not yet on the other.
fn keep(member: &mut Member) {
    for db in 0..16 {
        member.ask(&format!("SELECT {db}"));
        for key in member.server.ask(member.on, "KEYS *").items() {
            let key = key.text().unwrap_or_default().to_vec();
            let left = member
                .server
                .call(member.on, &[b"PTTL".to_vec(), key.clone()])
                .1
                .lossy();
            let left: i64 = left.trim_start_matches("(integer) ").parse().unwrap_or(-1);
            if (0..1_000_000).contains(&left) {
                member.server.call(member.on, &[b"PERSIST".to_vec(), key]);
            }
        }
    }
    member.ask("SELECT 0");
}

/// Waits until all have come to the end of the primary's stream; what is wrong if they do not.
fn settle(members: &mut [Member]) -> Option<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut offsets = Vec::new();
        let mut up = true;
        for (number, member) in members.iter_mut().enumerate() {
            up &= number == 0 || member.info("replication", "master_link_status") == "up";
            offsets.push(member.offset());
        }
        if up && offsets.iter().all(|offset| *offset == offsets[0]) {
            return None;
        }
        if Instant::now() > deadline {
            return Some(format!("offsets {offsets:?}, links up: {up}"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs `count` commands on each chain.
pub fn compare(syntax: &[Syntax], count: u64, seed: u64, now_s: i64) -> Result<Report, String> {
    let mut report = Report::default();
    for (number, chain) in CHAINS.iter().enumerate() {
        let mut run = Run::start(chain, seed + number as u64)?;
        let mut generator = Generator::alone(syntax, now_s);
        for segment in 0..count.div_ceil(SEGMENT) {
            generator.begin(seed, segment * CHAINS.len() as u64 + number as u64);
            run.segment(&mut generator, &mut report);
            if let Some(found) = run.difference() {
                let names: Vec<_> = run.members.iter().map(|m| m.name).collect();
                let names = names.join(" <- ");
                let found = format!("{names}, seed {seed}, segment {segment}: {found}");
                report.failures.push(found);
                break;
            }
            report.passed += 1;
        }
        run.finish(&mut report);
    }
    Ok(report)
}

/// A chain at work.
struct Run {
    members: Vec<Member>,
    relays: Vec<Relay>,
    rng: Rng,
    /// Cuts of the first segment, which may come before a link has its snapshot.
    early: Option<u64>,
}

impl Run {
    fn start(chain: &[Kind], seed: u64) -> Result<Run, String> {
        let mut rng = Rng::new(seed);
        let mut members: Vec<Member> = Vec::new();
        let mut relays: Vec<Relay> = Vec::new();
        for (number, kind) in chain.iter().enumerate() {
            let settings = [
                ("repl-diskless-sync-delay", "0"),
                ("repl-diskless-sync", ["yes", "no"][rng.below(2) as usize]),
                (
                    "repl-diskless-load",
                    ["disabled", "on-empty-db", "swapdb"][rng.below(3) as usize],
                ),
            ];
            let mut member = Member::start(*kind, number, &settings)?;
            if let Some(primary) = members.last() {
                let relay = Relay::to(primary.server.port()).map_err(|e| e.to_string())?;
                member.ask(&format!("REPLICAOF 127.0.0.1 {}", relay.port()));
                relays.push(relay);
            }
            members.push(member);
        }
        Ok(Run {
            members,
            relays,
            rng,
            early: None,
        })
    }

    /// Writes, with cuts of links between them.
    fn segment(&mut self, generator: &mut Generator<'_>, report: &mut Report) {
        for _ in 0..SEGMENT {
            if self.rng.below(60) == 0 {
                let relay = self.rng.below(self.relays.len() as u64) as usize;
                self.relays[relay].cut_after(self.rng.below(400) as i64);
            }
            let (_, command) = generator.command();
            let primary = &mut self.members[0];
            primary.server.call(primary.on, &command);
            report.commands += 1;
        }
        self.relays.iter().for_each(Relay::mend);
        keep(&mut self.members[0]);
    }

    fn difference(&mut self) -> Option<String> {
        if let Some(found) = settle(&mut self.members) {
            return Some(found);
        }
        let cuts = self.cuts();
        self.early.get_or_insert(cuts);
        let described: Vec<_> = self.members.iter_mut().map(Member::describe).collect();
        for (number, other) in described.iter().enumerate().skip(1) {
            if *other == described[0] {
                continue;
            }
            let pair = described[0].iter().zip(other).skip(1).find(|(a, b)| a != b);
            let (a, b) = pair.unwrap_or((&described[0][0], &other[0]));
            let len = (described[0].len(), other.len());
            return Some(format!(
                "member {number}, keys {len:?}\n  primary: {a}\n  replica: {b}"
            ));
        }
        None
    }

    fn cuts(&self) -> u64 {
        self.relays.iter().map(Relay::cuts).sum()
    }

    /// Adds up what was seen; a link that once had its snapshot is to go on from where it was.
    fn finish(mut self, report: &mut Report) {
        let cuts = self.cuts();
        report.cuts += cuts;
        let (mut full, mut partial) = (0, 0);
        for member in &mut self.members {
            full += member.count("sync_full");
            partial += member.count("sync_partial_ok");
        }
        let names: Vec<_> = self.members.iter().map(|m| m.name).collect();
        let said = format!(
            "{}: {cuts} cuts, {full} full, {partial} partial syncs",
            names.join(" <- ")
        );
        println!("{said}");
        // An early cut may come before the snapshot is there, and in a chain twice; a cut in the handshake has no sync.
        let early = self.early.unwrap_or(cuts);
        if full > self.relays.len() as u64 + 2 * early || partial < (cuts - early) / 2 {
            report.failures.push(said);
        }
        report.full_syncs += full;
        report.partial_syncs += partial;
    }
}

/// What was tried and found, as JSON.
pub fn write(report: &Report, oracle: &str, seed: u64) {
    let mut json = String::new();
    let failures: Vec<_> = report.failures.iter().map(|f| format!("{f:?}")).collect();
    let written = write!(
        json,
        "{{\n  \"redlab\": \"{}\",\n  \"oracle\": \"{oracle}\",\n  \"seed\": {seed},\n  \"commands\": {},\n  \"cuts\": {},\n  \
         \"full_syncs\": {},\n  \"partial_syncs\": {},\n  \"segments\": {},\n  \"differences\": [{}]\n}}\n",
        env!("CARGO_PKG_VERSION"),
        report.commands,
        report.cuts,
        report.full_syncs,
        report.partial_syncs,
        report.passed,
        failures.join(", "),
    );
    debug_assert!(written.is_ok(), "a string takes any text");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/soak");
    if let Err(e) = std::fs::write(folder.join("replication.json"), json) {
        eprintln!("docs/soak/replication.json: {e}");
    }
}
