//! Random scripts on both sides: calls of random commands, protected or not, their replies taken apart and put together,
//! errors raised and caught, RESP2 and RESP3 inside and outside. What a script answers must be the same.

use crate::Options;
use crate::generate::Generator;
use crate::grammar::{self, Syntax};
use crate::local::Local;
use crate::peer::{Peer, Server};
use crate::reply::{Reply, split, words};
use crate::run::now_s;
use crate::scope::alone;
use crate::soak::{publish, text};
use redlab::base::rng::Rng;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Scripts before both sides begin anew.
const SEGMENT: u64 = 100;

/// Differences after which a run has seen enough.
const MOST: usize = 20;

/// Commands that are not called: their answers hang on the clock, on chance, or on the server.
const LEFT_OUT: &[&str] = &[
    "COPY",
    "DUMP",
    "EXPIRE",
    "EXPIREAT",
    "EXPIRETIME",
    "FLUSHALL",
    "FLUSHDB",
    "GETEX",
    "HSCAN",
    "KEYS",
    "LASTSAVE",
    "MEMORY USAGE",
    "MOVE",
    "OBJECT FREQ",
    "OBJECT IDLETIME",
    "PEXPIRE",
    "PEXPIREAT",
    "PEXPIRETIME",
    "PSETEX",
    "PTTL",
    "RANDOMKEY",
    "RESTORE",
    "SCAN",
    "SETEX",
    "SORT",
    "SORT_RO",
    "SSCAN",
    "SWAPDB",
    "TIME",
    "TTL",
    "XADD",
    "XINFO STREAM",
    "XINFO CONSUMERS",
    "XPENDING",
    "ZSCAN",
];

fn is_called(syntax: &Syntax) -> bool {
    // An order that nobody promises could be seen by what a script does next.
    let chance =
        syntax.tipped("nondeterministic_output") || syntax.tipped("nondeterministic_output_order");
    alone(syntax)
        && !chance
        && !matches!(syntax.group.as_str(), "server" | "connection" | "pubsub")
        && !LEFT_OUT.contains(&syntax.name.as_str())
}

/// A string of the language.
fn literal(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.push_str(&format!("\\{}", byte as char)),
            b' '..=b'~' => out.push(byte as char),
            _ => out.push_str(&format!("\\{byte:03}")),
        }
    }
    out + "\""
}

/// Ways to look at a value `v`.
const LOOKS: &[&str] = &[
    "v",
    "type(v)",
    "{v, v}",
    "{type(v), tostring(v) == tostring(v)}",
    "(type(v) == 'table' and (v.ok or v.err or #v) or v)",
    "(type(v) == 'table' and v[1] or v)",
    "(type(v) == 'table' and type(v.map or v.set or v.double))",
    "(type(v) == 'table' and v.map and {map = v.map} or v)",
    "(tonumber(v) and tonumber(v) + 0.5)",
    "(type(v) == 'string' and #v)",
    "(type(v) == 'string' and {v:sub(1, 3), v:upper(), v:rep(2)} or v)",
    "(type(v) == 'table' and not v.err and not v.map and not v.set and pcall(cjson.encode, v))",
    "(type(v) == 'string' and redis.sha1hex(v))",
    "(type(v) == 'table' and not v.map and not v.set and unpack(v))",
    "(v == false)",
    "redis.status_reply(tostring(type(v)))",
    "(type(v) == 'table' and v.err and redis.error_reply(v.err) or v)",
    "{ok = type(v)}",
    "{double = tonumber(v) or 1.25}",
    "{big_number = '123', v}",
    "{set = {[type(v)] = true}}",
    "{map = {a = v}}",
    "{verbatim_string = {format = 'txt', string = type(v)}}",
    "(type(v) == 'table' and not v.err and not v.map and not v.set and cmsgpack.unpack(cmsgpack.pack(v)) or 1)",
];

/// Statements in between.
const BETWEEN: &[&str] = &[
    "redis.setresp(3)",
    "redis.setresp(2)",
    "redis.call('SELECT', 1)",
    "redis.call('SELECT', 0)",
    "r[#r+1] = select('#', pcall(redis.call, 'GET'))",
    "r[#r+1] = {pcall(redis.call, 'GET', 's1', 's2')}",
    "r[#r+1] = redis.pcall('NOPE', 1)",
    "r[#r+1] = redis.pcall('SUBSCRIBE', 'x')",
    "r[#r+1] = redis.acl_check_cmd('SET', KEYS[1] or 'k', 'v')",
    "redis.set_repl(redis.REPL_ALL)",
    "r[#r+1] = {pcall(error, {err = 'MINE text'})}",
    "r[#r+1] = {pcall(function() return undefined_name end)}",
    "if #r > 3 then return {'early', #r} end",
    "for i = 1, 3 do r[#r+1] = redis.pcall('INCR', 'counter') end",
    "r[#r+1] = {#KEYS, #ARGV, KEYS[1] or false, ARGV[1] or false}",
    "local t = {} for i = 1, 5 do t[i] = i * i end r[#r+1] = t",
    "r[#r+1] = coroutine.wrap(function(a) return redis.pcall('GET', a) end)('s1')",
];

/// What comes last.
const ENDS: &[&str] = &[
    "return r",
    "return r",
    "return r",
    "return r[#r]",
    "return {#r, r[1]}",
    "error('at the end')",
    "error({err = 'MINE x'})",
    "return redis.error_reply('OWN word')",
    "return redis.call('NOPE')",
    "return #r",
    "return",
    "return r[1], r[2]",
    "return {err = 'CODE text', 1}",
    "return tostring(#r) .. 'x'",
    "return {{{{r[1]}}}}",
    "local x = nil; return x.y",
];

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.below(from.len() as u64) as usize]
}

/// A call of a random command, with its words as literals, numbers, keys or arguments.
fn call(rng: &mut Rng, commands: &mut Generator<'_>, args: &mut Vec<Vec<u8>>) -> String {
    let words = commands.command().1;
    let words: Vec<String> = words
        .into_iter()
        .map(|word| match rng.below(6) {
            0 if args.len() < 20 => {
                args.push(word);
                format!("ARGV[{}]", args.len())
            }
            1 if word.len() < 9 && std::str::from_utf8(&word).is_ok_and(is_plain_number) => {
                String::from_utf8_lossy(&word).into_owned()
            }
            _ => literal(&word),
        })
        .collect();
    let how = if rng.below(8) == 0 { "call" } else { "pcall" };
    format!("redis.{how}({})", words.join(", "))
}

fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

/// A script with its arguments, as the words of a command.
fn script(rng: &mut Rng, commands: &mut Generator<'_>) -> Vec<Vec<u8>> {
    let mut args = Vec::new();
    let mut text = String::new();
    if rng.below(12) == 0 {
        text.push_str(pick(
            rng,
            &[
                "#!lua\n",
                "#!lua flags=no-writes\n",
                "#!lua flags=allow-oom\n",
            ],
        ));
    }
    text.push_str("local r = {}\n");
    for _ in 0..1 + rng.below(6) {
        if rng.below(3) == 0 {
            text.push_str(&format!("do {} end\n", pick(rng, BETWEEN)));
            continue;
        }
        let value = call(rng, commands, &mut args);
        let look = pick(rng, LOOKS);
        text.push_str(&format!("do local v = {value} r[#r+1] = {look} end\n"));
    }
    text.push_str(pick(rng, ENDS));
    let name = if rng.below(10) == 0 {
        "EVAL_RO"
    } else {
        "EVAL"
    };
    let keys = args.len().min(rng.below(3) as usize);
    let mut argv = vec![
        name.as_bytes().to_vec(),
        text.into_bytes(),
        keys.to_string().into_bytes(),
    ];
    // Keys come first: what the script reads as an argument may be missing then, which is as good.
    argv.extend(args);
    argv
}

/// Whether two replies say the same; sets and maps have no order.
fn same(ours: &Reply, theirs: &Reply) -> bool {
    ours == theirs || ours.clone().sorted().notation() == theirs.clone().sorted().notation()
}

/// Compares the answers of random scripts: a sample.
pub fn sample(options: &Options) -> Result<(usize, Vec<String>), String> {
    let mut run = Run::new(options, 500)?;
    run.go(&mut Server::oracle()?, |_| {});
    Ok((run.passed(), run.failures()))
}

/// The long run: writes docs/soak/scripts.json, and goes on where it was cut short.
pub fn soak(options: &Options) -> Result<(usize, Vec<String>), String> {
    let mut run = Run::new(options, 20_000)?;
    let mut oracle = Server::oracle()?;
    let version = oracle.version();
    let started = Instant::now();
    run.load();
    if run.scripts > 0 {
        println!("going on after {} scripts", run.scripts);
    }
    run.go(&mut oracle, |run| {
        if run.scripts % 2000 == 0 {
            let seconds = started.elapsed().as_secs_f64();
            let differences = run.differences.len();
            println!(
                "{} scripts, {differences} differences, {seconds:.0} s",
                run.scripts
            );
        }
        run.publish(&version);
        if let Err(e) = run.save() {
            eprintln!("this run cannot be resumed: {e}");
        }
    });
    // It is not there when nothing was written.
    let _ = std::fs::remove_file(run.file());
    Ok((run.passed(), run.failures()))
}

/// A script whose answers differ.
struct Difference {
    argv: Vec<Vec<u8>>,
    ours: String,
    theirs: String,
}

/// A run over random scripts, and how far it has come.
struct Run {
    seed: u64,
    wanted: u64,
    scripts: u64,
    /// In segments that speak RESP3.
    resp3: u64,
    /// Scripts that ended in an error, on the oracle.
    errors: u64,
    differences: Vec<Difference>,
}

impl Run {
    fn new(options: &Options, count: u64) -> Result<Run, String> {
        Ok(Run {
            seed: options.number("seed", 1)?,
            wanted: options.number("count", count)?,
            scripts: 0,
            resp3: 0,
            errors: 0,
            differences: Vec::new(),
        })
    }

    /// Runs what is left; `progress` hears of every segment.
    fn go(&mut self, oracle: &mut Server, mut progress: impl FnMut(&Run)) {
        let mut ours = Local::new();
        let syntax = grammar::read(&mut ours);
        let scope: Vec<&Syntax> = syntax.iter().filter(|s| is_called(s)).collect();
        let mut seeds = Rng::new(self.seed);
        for _ in 0..self.scripts / SEGMENT {
            seeds.fork();
        }
        while self.scripts < self.wanted && self.differences.len() < MOST {
            self.segment(&mut ours, oracle, &scope, &mut seeds.fork());
            progress(self);
        }
    }

    /// Scripts from two empty sides on.
    fn segment(&mut self, ours: &mut Local, oracle: &mut Server, scope: &[&Syntax], rng: &mut Rng) {
        ours.restart();
        let on = [ours.open(), oracle.open()];
        oracle.ask(on[1], "FLUSHALL");
        let protocol = 2 + rng.below(2);
        ours.ask(on[0], &format!("HELLO {protocol}"));
        oracle.ask(on[1], &format!("HELLO {protocol}"));
        let mut commands = Generator::new(scope.to_vec(), 0, now_s());
        for _ in 0..SEGMENT {
            commands.rng = rng.fork();
            let argv = script(rng, &mut commands);
            let (a, b) = (ours.call(on[0], &argv).1, oracle.call(on[1], &argv).1);
            self.scripts += 1;
            self.resp3 += u64::from(protocol == 3);
            self.errors += u64::from(b.is_error());
            if !same(&a, &b) {
                let (ours, theirs) = (a.notation(), b.notation());
                self.differences.push(Difference { argv, ours, theirs });
            }
        }
        oracle.close(on[1]);
    }

    fn passed(&self) -> usize {
        self.scripts as usize - self.differences.len()
    }

    fn failures(&self) -> Vec<String> {
        let shown = |d: &Difference| {
            let argv = d.argv.iter().skip(1).map(|a| String::from_utf8_lossy(a));
            let argv = argv.collect::<Vec<_>>().join("\n  | ");
            let (ours, theirs) = (&d.ours, &d.theirs);
            format!(
                "a script of seed {}\n{argv}\n  redlab: {ours}\n  oracle: {theirs}",
                self.seed
            )
        };
        self.differences.iter().map(shown).collect()
    }

    /// What was tried and found.
    fn publish(&self, oracle: &str) {
        let shown = |d: &Difference| {
            let (argv, ours, theirs) = (text(&words(&d.argv)), text(&d.ours), text(&d.theirs));
            format!("    {{ \"command\": {argv}, \"redlab\": {ours}, \"oracle\": {theirs} }}")
        };
        let differences: Vec<String> = self.differences.iter().map(shown).collect();
        let json = format!(
            "{{\n  \"redlab\": \"{}\",\n  \"oracle\": {},\n  \"seed\": {},\n  \"wanted\": {},\n  \"scripts\": {},\n  \
             \"resp3\": {},\n  \"errors\": {},\n  \"differences\": [{}]\n}}\n",
            env!("CARGO_PKG_VERSION"),
            text(oracle),
            self.seed,
            self.wanted,
            self.scripts,
            self.resp3,
            self.errors,
            if differences.is_empty() {
                String::new()
            } else {
                format!("\n{}\n  ", differences.join(",\n"))
            },
        );
        publish("scripts.json", json);
    }

    fn file(&self) -> PathBuf {
        let name = format!(".cache/soak-scripts-{}.txt", self.seed);
        Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
    }

    /// Writes down where the run is: the numbers, and a line for each difference.
    fn save(&self) -> std::io::Result<()> {
        let mut out = format!("{} {} {}\n", self.scripts, self.resp3, self.errors);
        for Difference { argv, ours, theirs } in &self.differences {
            let mut row = vec![ours.clone().into_bytes(), theirs.clone().into_bytes()];
            row.extend(argv.iter().cloned());
            out += &(words(&row) + "\n");
        }
        let file = self.file();
        std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
        std::fs::write(file, out)
    }

    /// Goes back to where a run with this seed was cut short.
    fn load(&mut self) {
        let saved = std::fs::read_to_string(self.file()).unwrap_or_default();
        let mut lines = saved.lines();
        let numbers: Vec<u64> = lines
            .next()
            .unwrap_or_default()
            .split(' ')
            .filter_map(|n| n.parse().ok())
            .collect();
        let [scripts, resp3, errors] = numbers[..] else {
            return;
        };
        (self.scripts, self.resp3, self.errors) = (scripts, resp3, errors);
        for line in lines {
            if let Some([ours, theirs, argv @ ..]) = split(line).as_deref() {
                let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
                self.differences.push(Difference {
                    argv: argv.to_vec(),
                    ours: lossy(ours),
                    theirs: lossy(theirs),
                });
            }
        }
    }
}
