//! Seeded command lines that may be right: any command that the node knows, with arguments that its record suggests and
//! some that it does not.
use redlab::base::rng::Rng;
use redlab::command::Command;
use redlab::server::Node;

/// What would end the run, or hold it up on purpose.
const LEFT_OUT: &[&str] = &[
    "shutdown",
    "debug",
    "monitor",
    "sync",
    "psync",
    "config|set",
    "client|pause",
    "client|reply",
    "acl|setuser",
];

/// A key of each type, so that commands find what they are for.
pub const ONE_OF_EACH: [&str; 5] = [
    "SET str 10",
    "RPUSH list a b 1 2 a",
    "SADD set a 1 2 b",
    "HSET hash a 1 b x",
    "ZADD zset 1 a 2 b 3 c",
];

/// A command as it goes over the wire.
pub fn encode(words: &[Vec<u8>]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// One of `from`.
pub fn pick<'a, T: ?Sized>(rng: &mut Rng, from: &[&'a T]) -> &'a T {
    from[rng.below(from.len() as u64) as usize]
}

/// Every command and subcommand that the node knows.
pub fn commands(node: &Node) -> Vec<&'static Command> {
    let all = node.server().registry.all().iter().copied();
    all.filter(|c| {
        c.subs.is_empty() && !LEFT_OUT.contains(&c.full_name().as_str()) && c.parent != "debug"
    })
    .collect()
}

/// The upper-case words of a record's syntax: its options.
fn tokens(command: &Command) -> Vec<&'static str> {
    let upper = |w: &&str| {
        w.len() > 1
            && w.bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let split = |c: char| !c.is_ascii_alphanumeric();
    command.syntax.split(split).filter(upper).collect()
}

fn number(rng: &mut Rng, command: &Command) -> Vec<u8> {
    let small = [
        "0", "1", "-1", "2", "3", "5", "-2", "10", "100", "-100", "1.5", "-0", "01", "+1",
    ];
    let huge = [
        "9223372036854775807",
        "-9223372036854775808",
        "-9223372036854775807",
        "9223372036854775808",
        "4294967296",
        "2147483648",
        "18446744073709551615",
        "1e308",
        "-inf",
        "nan",
        "0x10",
        "1e-320",
        "99999999999999999999999",
    ];
    // A negative count asks for repetitions without end: refused only after 256 MB, which takes its time.
    let repeats = command.name.contains("rand");
    let text = if repeats || rng.below(3) > 0 {
        pick(rng, &small)
    } else {
        pick(rng, &huge)
    };
    text.into()
}

fn argument(rng: &mut Rng, command: &Command, tokens: &[&'static str]) -> Vec<u8> {
    const KEYS: [&str; 8] = ["a", "b", "str", "list", "set", "hash", "zset", "none"];
    match rng.below(20) {
        0..=6 => pick(rng, &KEYS).into(),
        7..=10 => number(rng, command),
        11..=14 if !tokens.is_empty() => pick(rng, tokens).into(),
        15 => Vec::new(),
        16 => pick(
            rng,
            &[
                "(1",
                "[a",
                "+",
                "-",
                "*",
                "?",
                "[^]",
                "\\",
                "a*a*a*a*b",
                "(",
                "[",
                "$",
                "#",
                ">",
                "0-1",
            ],
        )
        .into(),
        17 => {
            let mut bytes = vec![0; 1 + rng.below(40) as usize];
            rng.fill(&mut bytes);
            bytes
        }
        18 => vec![b'x'; rng.below(3000) as usize],
        _ => pick(rng, &["member", "1", "é", "\r\n", "\0", " "]).into(),
    }
}

/// A command line that may be right: as many words as the arity says, more or less.
pub fn command_line(rng: &mut Rng, command: &Command) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = command.full_name().split('|').map(Into::into).collect();
    let least = command.arity.unsigned_abs() as usize;
    let wanted = match rng.below(10) {
        0 => least + rng.below(40) as usize,
        1 => least.saturating_sub(1),
        2..=5 if command.arity < 0 => least + rng.below(6) as usize,
        _ => least,
    };
    let tokens = tokens(command);
    while words.len() < wanted {
        words.push(argument(rng, command, &tokens));
    }
    words
}
