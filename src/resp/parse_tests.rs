use super::*;
use crate::base::rng::Rng;

/// What a connection yields: commands, and at last perhaps an error.
#[derive(Debug, PartialEq)]
enum Event {
    Command(Vec<Vec<u8>>),
    Error(String),
}

/// Feeds `bytes` in pieces that end at `cuts`, dropping what is consumed after each piece as a host does.
fn run(bytes: &[u8], cuts: &[usize], limits: &Limits) -> Vec<Event> {
    let (mut parser, mut argv, mut events) = (Parser::new(), Vec::new(), Vec::new());
    let (mut buf, mut pos, mut from) = (Vec::new(), 0, 0);
    for cut in cuts.iter().copied().chain([bytes.len()]) {
        buf.extend_from_slice(&bytes[from..cut]);
        from = cut;
        loop {
            match parser.parse(&buf, &mut pos, limits, &mut argv) {
                Parsed::Incomplete => break,
                Parsed::Empty => {}
                Parsed::Inline(args) => events.push(Event::Command(args)),
                Parsed::Error(text) => {
                    events.push(Event::Error(String::from_utf8_lossy(&text).into_owned()));
                    return events;
                }
                Parsed::Command => {
                    let arg =
                        |&(start, len): &(u32, u32)| buf[start as usize..][..len as usize].to_vec();
                    events.push(Event::Command(argv.iter().map(arg).collect()));
                }
            }
        }
        buf.drain(..pos);
        pos = 0;
    }
    events
}

fn once(bytes: &[u8]) -> Vec<Event> {
    run(bytes, &[], &Limits::default())
}

fn command(args: &[&str]) -> Event {
    Event::Command(args.iter().map(|arg| arg.as_bytes().to_vec()).collect())
}

fn error(text: &str) -> Vec<Event> {
    vec![Event::Error(format!("Protocol error: {text}"))]
}

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

#[test]
fn commands_and_inline_lines() {
    assert_eq!(
        once(b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\nPING a\r\nPING\n"),
        [
            command(&["ECHO", ""]),
            command(&["PING", "a"]),
            command(&["PING"])
        ]
    );
    // Nothing to run.
    for empty in [b"*0\r\n".as_slice(), b"*-1\r\n", b"*-5\r\n", b"\r\n", b"\n"] {
        assert_eq!(once(&[empty, PING].concat()), [command(&["PING"])]);
    }
    // The bytes after a carriage return and after a bulk string are not looked at.
    assert_eq!(
        once(b"*1\rx$4\rxPINGxx*1\r\n$4\r\nPING\r\n"),
        [command(&["PING"]), command(&["PING"])]
    );
}

#[test]
fn a_line_of_blanks_makes_the_next_inline() {
    for blank in [" \r\n", "\t\n", "\r\r\n"] {
        let bytes = [blank.as_bytes(), PING, PING].concat();
        let expected = ["*1", "$4", "PING", "PING"].map(|word| command(&[word]));
        assert_eq!(once(&bytes), expected, "{blank:?}");
    }
    assert_eq!(once(&[b" \n\n", PING].concat()), [command(&["PING"])]);
}

#[test]
fn errors_are_the_real_server_s() {
    let z = |count: usize| "1".repeat(count);
    let cases: &[(String, &str)] = &[
        ("*abc\r\n".into(), "invalid multibulk length"),
        ("*\r\n".into(), "invalid multibulk length"),
        ("*01\r\n".into(), "invalid multibulk length"),
        ("*+1\r\n".into(), "invalid multibulk length"),
        ("*2147483648\r\n".into(), "invalid multibulk length"),
        (
            "*99999999999999999999\r\n".into(),
            "invalid multibulk length",
        ),
        (format!("*{}\r\n", z(70_000)), "invalid multibulk length"),
        (format!("*{}", z(65_536)), "too big mbulk count string"),
        ("*1\r\n:1\r\n".into(), "expected '$', got ':'"),
        ("*1\r\n\r\n".into(), "expected '$', got ' '"),
        ("*1\r\n\n\r\n".into(), "expected '$', got ' '"),
        ("*1\r\n$-1\r\n".into(), "invalid bulk length"),
        ("*1\r\n$abc\r\n".into(), "invalid bulk length"),
        ("*1\r\n$\r\n".into(), "invalid bulk length"),
        ("*1\r\n$04\r\nPING\r\n".into(), "invalid bulk length"),
        ("*1\r\n$536870913\r\n".into(), "invalid bulk length"),
        (format!("*1\r\n${}", z(65_536)), "too big bulk count string"),
        (z(65_537), "too big inline request"),
        ("ECHO \"a\"b\n".into(), "unbalanced quotes in request"),
        ("ECHO 'a\n".into(), "unbalanced quotes in request"),
    ];
    for (bytes, text) in cases {
        assert_eq!(
            once(bytes.as_bytes()),
            error(text),
            "{}",
            &bytes[..bytes.len().min(40)]
        );
    }
    // A byte that is no UTF-8 comes back as it was.
    let mut argv = Vec::new();
    let parsed = Parser::new().parse(b"*1\r\n\xff\r\n", &mut 0, &Limits::default(), &mut argv);
    assert_eq!(
        parsed,
        Parsed::Error(b"Protocol error: expected '$', got '\xff'".to_vec())
    );
}

#[test]
fn what_waits_for_more() {
    for bytes in [
        b"*1\r\n:".as_slice(),
        b"*1\r\n:1\r",
        b"*1\r\n$536870912\r\n",
        b"*2147483647\r\n",
        b"PING",
        // A zero byte hides the end of its line.
        b"PI\0NG\r\n*1\r\n$4\r\nPING\r\n",
        b"*1\0\r\n$4\r\nPING\r\n",
        b"*1\r\n\0\r\n",
        b"*1\r\n\x005\r\n",
        b"*1\r\n$4\0\r\nPING\r\n",
    ] {
        assert_eq!(once(bytes), [], "{}", bytes.escape_ascii());
    }
    assert_eq!(once(&b"a".repeat(65_536)), []);
    assert_eq!(
        once(&[b'*'].into_iter().chain([b'1'; 65_535]).collect::<Vec<_>>()),
        []
    );
}

#[test]
fn strangers_may_send_little() {
    let limits = Limits {
        authenticated: false,
        ..Limits::default()
    };
    let of = |bytes: &[u8]| run(bytes, &[], &limits);
    assert_eq!(of(b"*11\r\n"), error("unauthenticated multibulk length"));
    assert_eq!(of(b"*10\r\n"), []);
    assert_eq!(
        of(b"*1\r\n$16385\r\n"),
        error("unauthenticated bulk length")
    );
    assert_eq!(of(b"*1\r\n$16384\r\n"), []);
    assert_eq!(of(b"*2147483648\r\n"), error("invalid multibulk length"));
    assert_eq!(of(b"*1\r\n$536870913\r\n"), error("invalid bulk length"));
    let huge = Limits {
        max_bulk: i64::MAX,
        ..Limits::default()
    };
    assert_eq!(
        run(b"*1\r\n$9223372036854775807\r\n", &[], &huge),
        error("invalid bulk length")
    );
    assert_eq!(
        run(b"*1\r\n$4294967280\r\n", &[], &huge),
        error("invalid bulk length")
    );
}

#[test]
fn promises_reserve_nothing() {
    let (mut parser, mut argv) = (Parser::new(), Vec::new());
    let parsed = parser.parse(
        b"*2147483647\r\n$1\r\na\r\n",
        &mut 0,
        &Limits::default(),
        &mut argv,
    );
    assert_eq!(parsed, Parsed::Incomplete);
    assert!(parser.in_command() && parser.args.len() == 1 && parser.args.capacity() < 100);
}

#[test]
fn unquoting() {
    let check = |line: &[u8], expected: &[&[u8]]| {
        let expected = expected.iter().map(|arg| arg.to_vec()).collect();
        assert_eq!(split_args(line), Some(expected), "{}", line.escape_ascii());
    };
    check(
        br#""a\x41\n\r\t\b\a\q\"\x4z" b"#,
        &[b"aA\n\r\t\x08\x07q\"x4z", b"b"],
    );
    check(br"'a\'b\n' c", &[br"a'b\n", b"c"]);
    check(b"a\"b c\" ''", &[b"ab c", b""]);
    check(b"\"a\"\x0bb", &[b"a", b"b"]);
    check(b"a\x0bb", &[b"a\x0bb"]);
    check(b"a\0b c", &[b"a"]);
    check(b" \t ", &[]);
    check(br"\x41", &[br"\x41"]);
    for open in [
        "\"", "'", "\"a\\", "\"a\\\"", "'a\\'", "\"a\"b", "'a'b", "a\"b\"c",
    ] {
        assert_eq!(split_args(open.as_bytes()), None, "{open}");
    }
}

/// A stream of valid commands of every form, with now and then a broken byte.
fn stream(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..1 + rng.below(6) {
        match rng.below(6) {
            0 => bytes.extend_from_slice(
                [&b"\r\n"[..], b" \n", b"*0\r\n", b"*-1\r\n"][rng.below(4) as usize],
            ),
            1 => {
                let words = [&b"PING"[..], b"\"a\\x41 \\n\"", b"'x'", b" ", b"\"\""];
                for _ in 0..rng.below(4) {
                    bytes.extend_from_slice(words[rng.below(5) as usize]);
                    bytes.push(b' ');
                }
                bytes.extend_from_slice(b"\r\n");
            }
            _ => {
                let count = 1 + rng.below(5);
                bytes.extend_from_slice(format!("*{count}\r\n").as_bytes());
                for _ in 0..count {
                    let most = [4, 40, 1500, 12_000][rng.below(4) as usize];
                    let mut arg = vec![0; rng.below(most) as usize];
                    rng.fill(&mut arg);
                    bytes.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
                    bytes.extend_from_slice(&arg);
                    bytes.extend_from_slice(b"\r\n");
                }
            }
        }
    }
    if rng.below(3) == 0 {
        for _ in 0..1 + rng.below(3) {
            let at = rng.below(bytes.len() as u64) as usize;
            let odd = b"\r\n$*0-\"' \0\xffA";
            bytes[at] = odd[rng.below(odd.len() as u64) as usize];
        }
    }
    bytes
}

#[test]
fn cuts_change_nothing() {
    for seed in 0..400 {
        let mut rng = Rng::new(seed);
        let bytes = stream(&mut rng);
        let whole = once(&bytes);
        let every: Vec<usize> = (0..bytes.len()).collect();
        if bytes.len() < 2000 {
            for &cut in &every {
                assert_eq!(
                    run(&bytes, &[cut], &Limits::default()),
                    whole,
                    "seed {seed}, cut {cut}"
                );
            }
            assert_eq!(
                run(&bytes, &every, &Limits::default()),
                whole,
                "seed {seed}, byte by byte"
            );
        }
        let mut some: Vec<usize> = (0..5)
            .map(|_| rng.below(bytes.len() as u64) as usize)
            .collect();
        some.sort();
        assert_eq!(
            run(&bytes, &some, &Limits::default()),
            whole,
            "seed {seed}, cuts {some:?}"
        );
    }
}

#[test]
fn noise_does_no_harm() {
    for seed in 0..3000 {
        let mut rng = Rng::new(seed);
        let alphabet = b"*$0123456789\r\n\r\n-\"'\\x \0z";
        let len = rng.below(300) as usize;
        let bytes: Vec<u8> = match rng.below(2) {
            0 => (0..len).map(|_| rng.next_u64() as u8).collect(),
            _ => (0..len)
                .map(|_| alphabet[rng.below(alphabet.len() as u64) as usize])
                .collect(),
        };
        let whole = once(&bytes);
        let cut = rng.below(len as u64 + 1) as usize;
        assert_eq!(
            run(&bytes, &[cut], &Limits::default()),
            whole,
            "seed {seed}, cut {cut}"
        );
        let _ = split_args(&bytes);
    }
}
