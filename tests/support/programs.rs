//! Random programs of application processes: mostly Lua, sometimes not.
use redlab::base::rng::Rng;

const VALUES: [&str; 14] = [
    "nil",
    "1",
    "-1",
    "1e300",
    "0/0",
    "'k'",
    "''",
    "{}",
    "x",
    "f",
    "true",
    "redis",
    "('y'):rep(70000)",
    "coroutine.create(f)",
];
const CALLS: [&str; 22] = [
    "redis.call",
    "redis.pcall",
    "redis.connect",
    "db.get",
    "db.put",
    "sleep",
    "now",
    "random",
    "log",
    "print",
    "spawn",
    "on_request",
    "record",
    "pcall",
    "f",
    "c.call",
    "c.pcall",
    "coroutine.wrap(f)",
    "coroutine.yield",
    "error",
    "table.sort",
    "string.gsub",
];
const COMMANDS: [&str; 8] = [
    "'SET', 'k', x",
    "'GET', 'k'",
    "'INCR', 'n'",
    "'BLPOP', 'l', 0.2",
    "'RPUSH', 'l', 1",
    "'EVAL', 'while true do end', 0",
    "'QUIT'",
    "'MONITOR'",
];

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.below(from.len() as u64) as usize]
}

/// A program of some statements.
pub fn program(rng: &mut Rng) -> String {
    let mut text = "local x, c = 1, redis.connect('n1', 50)\nlocal function f(...) x = ... sleep(1) return ... end\n".to_string();
    for _ in 0..1 + rng.below(12) {
        let call = match rng.below(4) {
            0 => format!("redis.call({})", pick(rng, &COMMANDS)),
            1 => format!("c:pcall({})", pick(rng, &COMMANDS)),
            2 => format!(
                "pcall({}, {}, {})",
                pick(rng, &CALLS),
                pick(rng, &VALUES),
                pick(rng, &VALUES)
            ),
            _ => format!(
                "{}({}, {})",
                pick(rng, &CALLS),
                pick(rng, &VALUES),
                pick(rng, &VALUES)
            ),
        };
        let line = match rng.below(8) {
            0 => format!("spawn(function() {call} end)"),
            1 => format!("for i = 1, 3 do {call} end"),
            2 => format!("spawn(function() while true do {call} end end)"),
            3 => format!("on_request(function(x) {call} return x end)"),
            4 => format!("x = {call}"),
            5 => format!("x = coroutine.wrap(function() {call} return 7 end)()"),
            6 => format!("local ok, x = pcall(function() {call} end)"),
            _ => call,
        };
        text.push_str(&line);
        text.push('\n');
    }
    if rng.below(10) == 0 {
        text.truncate(rng.below(text.len() as u64) as usize);
    }
    text
}
