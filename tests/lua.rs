//! The Lua machine against a real server's EVAL. `tests/lua/*.lua` hold snippets and what a real server answered; with
//! `ORACLE=<port>` the answers are recorded anew.
#[path = "support/snippets.rs"]
mod snippets;

use redlab::base::rng::Rng;
use redlab::script::lua::{Machine, Step, Value};
use redlab::server::{Input, Node, NodeOptions};
use snippets::{Snippet, snippets};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

const LIMIT: usize = 64 << 20;

/// Globals as a server guards them.
const GUARD: &[u8] = b"setmetatable(_G, {__index = function(_, name) error(\
    \"Script attempted to access nonexistent global variable '\" .. tostring(name) .. \"'\", 2) end})";

fn machine() -> Machine {
    let mut machine = Machine::new(LIMIT);
    let guard = machine.load(GUARD, b"@guard").expect("it compiles");
    machine.start(guard, &[]);
    assert_eq!(machine.resume(1000), Step::Done);
    machine
}

/// What a snippet answers here, given so much fuel at a time.
fn answer(source: &[u8], fuel: i64) -> Vec<u8> {
    let mut machine = machine();
    let function = match machine.load(source, b"@user_script") {
        Ok(function) => function,
        Err(message) => return [b"-".as_slice(), &message].concat(),
    };
    machine.start(function, &[]);
    let mut left: i64 = 200_000_000;
    loop {
        match machine.resume(fuel) {
            Step::Yielded if left > 0 => left -= fuel,
            Step::Yielded => return b"-endless".to_vec(),
            Step::Done => {
                let value = machine.results().first().copied().unwrap_or(Value::Nil);
                return machine.display(value);
            }
            Step::Failed => {
                return [b"-".as_slice(), &machine.display(machine.error())].concat();
            }
            Step::Call(_) => unreachable!("no host functions"),
        }
    }
}

/// Bytes as one printable line.
fn escape(bytes: &[u8]) -> String {
    bytes
        .iter()
        .copied()
        .flat_map(std::ascii::escape_default)
        .map(char::from)
        .collect()
}

fn request(source: &[u8]) -> Vec<u8> {
    let head = format!("*3\r\n$4\r\nEVAL\r\n${}\r\n", source.len());
    [head.as_bytes(), source, b"\r\n$1\r\n0\r\n"].concat()
}

/// What EVAL answers on a node without data.
fn node_answer(source: &[u8]) -> Vec<u8> {
    let mut node = Node::new(NodeOptions::default());
    let client = node.connect("127.0.0.1:1");
    node.handle(Input::Data(client, &request(source)), 1_000_000);
    while node.runs_script() {
        node.work(1_000_000);
    }
    let out = node.output(client).map(std::mem::take).unwrap_or_default();
    plain_answer(&mut out.as_slice())
}

/// What EVAL answers on the oracle without data.
fn oracle(stream: &mut TcpStream, source: &[u8]) -> Vec<u8> {
    stream
        .write_all(b"FLUSHALL\r\n")
        .expect("the oracle listens");
    plain_answer(stream);
    stream
        .write_all(&request(source))
        .expect("the oracle listens");
    plain_answer(stream)
}

/// The text of a bulk string, or of an error without what a server adds to it.
fn plain_answer(stream: &mut impl Read) -> Vec<u8> {
    let mut byte = [0];
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        stream.read_exact(&mut byte).expect("a reply");
        line.push(byte[0]);
    }
    line.truncate(line.len() - 2);
    match line[0] {
        b'$' => {
            let length: i64 = String::from_utf8_lossy(&line[1..])
                .parse()
                .expect("a length");
            if length < 0 {
                return b"nil".to_vec();
            }
            let mut body = vec![0; length as usize + 2];
            stream.read_exact(&mut body).expect("a body");
            body.truncate(length as usize);
            body
        }
        b'-' => {
            let text = String::from_utf8_lossy(&line).into_owned();
            let text = text.replacen("-ERR Error compiling script (new function): ", "-", 1);
            let text = text.replacen("-ERR ", "-", 1);
            let end = text.find(" script: ").unwrap_or(text.len());
            text.as_bytes()[..end].to_vec()
        }
        _ => line,
    }
}

fn case_files() -> Vec<std::path::PathBuf> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lua");
    let mut files: Vec<_> = fs::read_dir(dir)
        .expect("the cases")
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "lua"))
        .collect();
    files.sort();
    files
}

fn connect() -> Option<TcpStream> {
    let port = std::env::var("ORACLE").ok()?;
    Some(TcpStream::connect(format!("127.0.0.1:{port}")).expect("the oracle listens"))
}

/// Names of snippets that answer otherwise, with the reason behind a colon.
fn known_differences() -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lua/known-differences");
    let text = fs::read_to_string(path).unwrap_or_default();
    let names = text.lines().filter_map(|line| line.split_once(": "));
    names.map(|(name, _)| name.into()).collect()
}

/// Asks the oracle again and writes its answers into the file.
fn record(stream: &mut TcpStream, path: &std::path::Path, cases: &mut [Snippet]) {
    let mut text = String::new();
    for case in cases {
        case.expected = escape(&oracle(stream, case.source.as_bytes()));
        let Snippet {
            name,
            source,
            expected,
        } = case;
        text.push_str(&format!("--@@ {name}\n{source}\n--=> {expected}\n\n"));
    }
    fs::write(path, text.trim_end().to_owned() + "\n").expect("recorded");
}

#[test]
fn snippets_answer_as_on_a_real_server() {
    let known = known_differences();
    let mut wrong = 0;
    let mut stream = connect();
    for path in case_files() {
        let mut cases = snippets(&fs::read_to_string(&path).expect("a file"));
        if let Some(stream) = &mut stream {
            record(stream, &path, &mut cases);
        }
        for Snippet {
            name,
            source,
            expected,
        } in cases
        {
            let mut judge = |how: &str, got: Vec<u8>| {
                let got = escape(&got);
                if (got.trim_end() != expected) != known.contains(&name) {
                    wrong += 1;
                    println!("{name}, {how}\n  real {expected}\n  here {got}");
                }
            };
            judge("on a node", node_answer(source.as_bytes()));
            // The machine alone has no commands and guards no globals.
            if !path.ends_with("server.lua") {
                judge("at one stretch", answer(source.as_bytes(), 1_000_000));
                judge("one instruction at a time", answer(source.as_bytes(), 1));
            }
        }
    }
    assert_eq!(wrong, 0, "snippets answer otherwise");
}

/// Random snippets: each returns one string.
struct Random(Rng);

impl Random {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.0.below(from.len() as u64) as usize]
    }

    fn expression(&mut self, depth: u32) -> String {
        const LEAVES: &[&str] = &[
            "1", "0", "-1", "2.5", "1e15", "\"10\"", "\"x\"", "nil", "true", "false", "a", "b",
            "c", "t", "t.x", "t[1]", "t.y.z", "u.v", "\"0x1f\"", "(1/0)", "#t", "f(2)", "t:m(1)",
            "s:len()", "3", "{}", "s",
        ];
        const OPERATORS: &[&str] = &[
            "+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or",
        ];
        match self.0.below(if depth == 0 { 1 } else { 6 }) {
            0 => self.pick(LEAVES).into(),
            1 => {
                let operator = self.pick(&["-", "not ", "#"]);
                format!("{operator}({})", self.expression(depth - 1))
            }
            2 => format!("({})", self.expression(depth - 1)),
            _ => {
                let left = self.expression(depth - 1);
                let operator = self.pick(OPERATORS);
                format!("({left} {operator} {})", self.expression(depth - 1))
            }
        }
    }

    fn pattern(&mut self) -> String {
        const PARTS: &[&str] = &[
            "a", "b", ".", "%a", "%d", "%s", "[ab]", "[^a]", "[a-c]", "(", ")", "()", "%w", "x",
            "$", "^", "%1", "%b()", "%f[%w]", "[%d-]", "%.",
        ];
        let count = 1 + self.0.below(6);
        (0..count)
            .map(|_| {
                format!(
                    "{}{}",
                    self.pick(PARTS),
                    self.pick(&["", "", "", "*", "+", "-", "?"])
                )
            })
            .collect()
    }

    fn subject(&mut self) -> String {
        let count = self.0.below(14);
        (0..count)
            .map(|_| self.pick(&["a", "b", "c", "1", "2", " ", "(", ")", "x", "."]))
            .collect()
    }

    fn number(&mut self) -> String {
        match self.0.below(5) {
            0 => format!("{}", self.0.below(1000)),
            1 => format!("-{}.{}", self.0.below(100), self.0.below(1000)),
            2 => format!("{}e{}", self.0.below(10_000), self.0.below(40) as i64 - 20),
            3 => format!(
                "{:e}",
                f64::from_bits(
                    self.0.next_u64() & !(0x7ff << 52) | (900 + self.0.below(240)) << 52
                )
            ),
            _ => format!("0x{:x}", self.0.below(1 << 40)),
        }
    }

    fn statement(&mut self) -> String {
        match self.0.below(7) {
            0 | 1 => {
                let expression = self.expression(4);
                format!("return show({expression})")
            }
            2 => {
                let call = self.pick(&["find", "match", "gsub"]);
                let last = if call == "gsub" { ", \"<%0>\"" } else { "" };
                let (subject, pattern) = (self.subject(), self.pattern());
                format!("return show((\"{subject}\"):{call}(\"{pattern}\"{last}))")
            }
            3 => {
                let flags = self.pick(&["", "-", "0", "+", " ", "#", "-+"]);
                let width = self.pick(&["", "5", "12", "30"]);
                let precision = self.pick(&["", ".0", ".3", ".10", ".20"]);
                let kind = self.pick(&[
                    "d", "i", "u", "x", "X", "o", "e", "E", "f", "g", "G", "s", "c",
                ]);
                format!(
                    "return show((\"%{flags}{width}{precision}{kind}\"):format({}))",
                    self.number()
                )
            }
            4 => {
                let text = self.number();
                let cut = self.0.below(text.len() as u64 + 1) as usize;
                format!(
                    "return show(tonumber(\"{}{}\"), {text})",
                    &text[..cut],
                    self.pick(&["", " ", "x", "e", "."])
                )
            }
            5 => {
                let items: Vec<String> = (0..self.0.below(12))
                    .map(|_| self.0.below(20).to_string())
                    .collect();
                let compare = self.pick(&[
                    "",
                    ", function(p, q) o = o .. p .. q return p > q end",
                    ", function(p, q) return p <= q end",
                ]);
                format!(
                    "local o = \"\" local x = {{{}}} table.sort(x{compare}) return o .. table.concat(x, \",\")",
                    items.join(",")
                )
            }
            _ => {
                let keys: Vec<String> = (0..self.0.below(24))
                    .map(|_| match self.0.below(3) {
                        0 => format!("k{} = 1", self.0.below(40)),
                        1 => format!("[{}] = 2", self.0.below(12)),
                        _ => self.0.below(9).to_string(),
                    })
                    .collect();
                format!(
                    "local x = {{{}}} local o = #x .. \"\" for i = 1, {} do x[i * 3 % 7] = i end for k in pairs(x) do o = o .. \" \" .. k end return o .. #x",
                    keys.join(", "),
                    self.0.below(9)
                )
            }
        }
    }

    fn snippet(&mut self) -> String {
        format!(
            "local a, b, c, s = 5, \"7\", nil, \"str\" local t = {{1, 2, x = 3, m = function(self, n) return n + 1 end}}
local function f(n) return n * 2, n end local u = setmetatable({{}}, {{__index = function(_, k) return k end}})
local function show(...) local r = {{}} for i = 1, select(\"#\", ...) do local v = select(i, ...)
  r[i] = type(v) == \"table\" and \"table\" or tostring(v) end return table.concat(r, \",\") end
local ok, result = pcall(function() {} end) return result",
            self.statement()
        )
    }
}

/// With an oracle: so many random snippets (`ROUNDS`, else 2000) answer as there.
#[test]
fn random_snippets_answer_as_on_a_real_server() {
    let Some(mut stream) = connect() else {
        return;
    };
    let rounds = std::env::var("ROUNDS").map_or(2000, |r| r.parse().expect("a number"));
    let seed = std::env::var("SEED").map_or(1, |s| s.parse().expect("a number"));
    let mut random = Random(Rng::new(seed));
    let mut wrong = 0;
    for round in 0..rounds {
        let source = random.snippet();
        let real = oracle(&mut stream, source.as_bytes());
        let fuel = if round % 4 == 0 { 1 } else { 100_000 };
        let here = answer(source.as_bytes(), fuel);
        if real != here && real != b"-endless" {
            wrong += 1;
            let last = source.lines().last().unwrap_or("");
            println!(
                "seed {seed} round {round}: {last}\n  real {}\n  here {}",
                escape(&real),
                escape(&here)
            );
        }
    }
    assert_eq!(wrong, 0, "of {rounds} snippets answer otherwise");
}

/// Scripts that would take all memory, all stack or all time end by an error or can be dropped.
#[test]
fn bombs_end() {
    let bombs: &[(&str, &str)] = &[
        (
            "local s = \"x\" while true do s = s .. s end",
            "-not enough memory",
        ),
        (
            "local t = {} for i = 1, 1e9 do t[i] = {} end",
            "-not enough memory",
        ),
        ("return (\"x\"):rep(1e9)", "-not enough memory"),
        (
            "local t = {} for i = 1, 1e9 do t[\"k\" .. i] = i end",
            "-not enough memory",
        ),
        (
            "local function f() return pcall(f) end f() while true do pcall(error) end",
            "-endless",
        ),
        ("while true do end", "-endless"),
        (
            "repeat until pcall(function() while true do end end)",
            "-endless",
        ),
        (
            "return (\"a\"):rep(40):find((\"a?\"):rep(40) .. (\"a\"):rep(40))",
            "-endless",
        ),
        (
            "return table.concat({(\"x\"):rep(3e7), (\"y\"):rep(3e7), (\"z\"):rep(1e7)})",
            "-not enough memory",
        ),
        (
            "local t = {} for i = 1, 50 do t[i] = (\"x\"):rep(2e6 + i) end",
            "-not enough memory",
        ),
        (
            "local c = {} for i = 1, 1e7 do c[i] = coroutine.wrap(function() coroutine.yield() end) c[i]() end",
            "-not enough memory",
        ),
    ];
    for (source, expected) in bombs {
        let got = escape(&answer(source.as_bytes(), 100_000));
        assert!(
            got.ends_with(&expected[1..]) && got.starts_with('-'),
            "{source}: {got}"
        );
    }
}

/// Garbage is reclaimed while a script runs, and what is freed is counted out.
#[test]
fn memory_is_reclaimed() {
    let mut machine = machine();
    let source = b"local x for i = 1, 300000 do x = {i, tostring(i), function() return x end} end x = nil collectgarbage()";
    let before = machine.memory();
    let function = machine.load(source, b"@user_script").expect("it compiles");
    machine.start(function, &[]);
    let mut most = 0;
    while machine.resume(10_000) == Step::Yielded {
        most = most.max(machine.memory());
    }
    assert!(most < 4 << 20, "{most} bytes at once");
    machine.abort();
    assert!(
        machine.memory() < before + 8192,
        "{} left of {before}",
        machine.memory()
    );
}

/// A function of the host: its arguments go out, its answer or error comes in.
#[test]
fn the_host_is_called() {
    let mut machine = machine();
    let globals = machine.globals;
    machine.heap.set_field(globals, b"host", Value::Host(7));
    let source = b"local a, b = host(1, 'x') local ok, e = pcall(host, 2) return a .. b .. tostring(ok) .. e .. host()";
    let function = machine.load(source, b"@user_script").expect("it compiles");
    machine.start(function, &[]);
    assert_eq!(machine.resume(1000), Step::Call(7));
    let text = machine.heap.text(b"x");
    assert_eq!(machine.arguments(), [Value::Num(1.0), text]);
    machine.answer(&[Value::Num(5.0), text]);
    assert_eq!(machine.resume(1000), Step::Call(7));
    let message = machine.heap.text(b"no");
    machine.fail(message);
    assert_eq!(machine.resume(1000), Step::Call(7));
    assert_eq!(machine.arguments(), []);
    machine.answer(&[text]);
    assert_eq!(machine.line(), 1);
    assert_eq!(machine.resume(1000), Step::Done);
    assert_eq!(machine.display(machine.results()[0]), b"5xfalsenox");
}
