//! The Lua machine against a real server's EVAL. `tests/lua/*.lua` hold snippets and what a real server answered; with
//! `ORACLE=<port>` the answers are recorded anew.
use redlab::script::lua::{Machine, Step, Value};
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

/// What the oracle answers: the text of a bulk string, or of an error without what a server adds to it.
fn oracle(stream: &mut TcpStream, source: &[u8]) -> Vec<u8> {
    let head = format!("*3\r\n$4\r\nEVAL\r\n${}\r\n", source.len());
    let request = [head.as_bytes(), source, b"\r\n$1\r\n0\r\n"].concat();
    stream.write_all(&request).expect("the oracle listens");
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

struct Case {
    name: String,
    source: String,
    expected: String,
}

fn cases(text: &str) -> Vec<Case> {
    let parts = text.split("--@@ ").skip(1);
    parts
        .map(|part| {
            let (name, rest) = part.split_once('\n').unwrap_or((part, ""));
            let (source, expected) = rest.split_once("--=> ").unwrap_or((rest, ""));
            Case {
                name: name.into(),
                source: source.trim_end().into(),
                expected: expected.trim_end().into(),
            }
        })
        .collect()
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

#[test]
fn snippets_answer_as_on_a_real_server() {
    let mut wrong = 0;
    let mut stream = connect();
    for path in case_files() {
        let mut cases = cases(&fs::read_to_string(&path).expect("a file"));
        if let Some(stream) = &mut stream {
            let mut text = String::new();
            for case in &mut cases {
                case.expected = escape(&oracle(stream, case.source.as_bytes()));
                let Case {
                    name,
                    source,
                    expected,
                } = case;
                text.push_str(&format!("--@@ {name}\n{source}\n--=> {expected}\n\n"));
            }
            fs::write(&path, text.trim_end().to_owned() + "\n").expect("recorded");
        }
        for case in cases {
            if std::env::var("TRACE").is_ok() {
                eprintln!("{}", case.name);
            }
            for fuel in [1_000_000, 1] {
                let got = escape(&answer(case.source.as_bytes(), fuel));
                if got != case.expected {
                    wrong += 1;
                    println!(
                        "{} (fuel {fuel})\n  real {}\n  here {got}",
                        case.name, case.expected
                    );
                    break;
                }
            }
        }
    }
    assert_eq!(wrong, 0, "snippets answer otherwise");
}
