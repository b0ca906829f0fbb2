//! Random scripts on both sides: calls of random commands, protected or not, their replies taken apart and put together,
//! errors raised and caught, RESP2 and RESP3 inside and outside. What a script answers must be the same.

use crate::Options;
use crate::generate::Generator;
use crate::grammar::{self, Syntax};
use crate::local::Local;
use crate::peer::{Peer, Server};
use crate::reply::Reply;
use crate::run::now_s;
use crate::scope::alone;
use redlab::base::rng::Rng;
use std::time::Instant;

/// Scripts before both sides begin anew.
const SEGMENT: u64 = 100;

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

/// Compares the answers of random scripts.
pub fn compare(options: &Options, count: u64) -> Result<(usize, Vec<String>), String> {
    let (count, seed) = (options.number("count", count)?, options.number("seed", 1)?);
    let mut oracle = Server::oracle()?;
    let mut ours = Local::new();
    let syntax = grammar::read(&mut ours);
    let started = Instant::now();
    let (mut passed, mut failures) = (0, Vec::new());
    let mut on = [0, 0];
    let mut rng = Rng::new(seed);
    for number in 0..count {
        if number % SEGMENT == 0 {
            ours.restart();
            on = [ours.open(), oracle.open()];
            oracle.ask(on[1], "FLUSHALL");
            let protocol = format!("HELLO {}", 2 + rng.below(2));
            ours.ask(on[0], &protocol);
            oracle.ask(on[1], &protocol);
        }
        let scope: Vec<&Syntax> = syntax.iter().filter(|s| is_called(s)).collect();
        let mut commands = Generator::new(scope, 0, now_s());
        commands.rng = Rng::new(rng.next_u64());
        let argv = script(&mut rng, &mut commands);
        let a = ours.call(on[0], &argv).1;
        let b = oracle.call(on[1], &argv).1;
        if same(&a, &b) {
            passed += 1;
        } else {
            failures.push(format!(
                "script {number} of seed {seed}\n{}\n  redlab: {}\n  oracle: {}",
                argv.iter()
                    .skip(1)
                    .map(|a| String::from_utf8_lossy(a).into_owned())
                    .collect::<Vec<_>>()
                    .join("\n  | "),
                a.notation(),
                b.notation()
            ));
            if failures.len() >= 20 {
                break;
            }
        }
        if number % 5000 == 4999 {
            let seconds = started.elapsed().as_secs_f64();
            println!(
                "{} scripts, {} differences, {seconds:.0} s",
                number + 1,
                failures.len()
            );
        }
    }
    Ok((passed, failures))
}
