//! Raw sockets: what the server says to bytes that are no proper request, byte for byte, and whether it hangs up.

use crate::known::{Difference, Known};
use crate::peer::Peer;
use crate::reply::quote;
use std::time::Duration;

/// Requests; each is sent on a new connection. `|` splits a request into pieces that arrive one after the other.
const CASES: &[&[u8]] = &[
    b"PING\r\n",
    b"PING\n",
    b"ping\r\n",
    b"\r\n\r\nPING\r\n",
    b"  PING  \r\n",
    b"ECHO \"a b\"\r\n",
    b"ECHO 'a b'\r\n",
    b"ECHO \"\\x41\\n\\\"\"\r\n",
    b"ECHO 'it\\'s'\r\n",
    b"ECHO \"open\r\n",
    b"ECHO 'open\r\n",
    b"ECHO \"a\"b\r\n",
    b"ECHO \"\"\r\n",
    b"*1\r\n$4\r\nPING\r\n",
    b"*1\r\n$4\r\nPI|NG\r\n",
    b"*|1\r|\n$|4|\r\n|PING|\r|\n",
    b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
    b"*2\r\n$4\r\nECHO\r\n$4\r\n\r\n\0\xff\r\n",
    b"*0\r\nPING\r\n",
    b"*-1\r\nPING\r\n",
    b"*-5\r\nPING\r\n",
    b"*\r\n",
    b"*x\r\n",
    b"*1x\r\n",
    b"* 1\r\n",
    b"*+1\r\n$4\r\nPING\r\n",
    b"*01\r\n$4\r\nPING\r\n",
    b"*2147483647\r\n",
    b"*2147483648\r\n",
    b"*1048577\r\n",
    b"*99999999999999999999\r\n",
    b"*1\r\nPING\r\n",
    b"*1\r\n:4\r\n",
    b"*1\r\n$-1\r\n",
    b"*1\r\n$x\r\n",
    b"*1\r\n$\r\n",
    b"*1\r\n$04\r\nPING\r\n",
    b"*1\r\n$536870913\r\n",
    b"*1\r\n$99999999999999999999\r\n",
    b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
    b"*2\r\n$4\r\nECHO\r\n!3\r\nabc\r\n",
    b"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n*x\r\n",
    b"*1\r\n$0\r\n\r\n",
    b"*1\r\n$3\r\nfoo\r\n",
    b"*3\r\n$3\r\nfoo\r\n$1\r\n\r\r\n$3\r\na\nb\r\n",
    b"*1\r\n$6\r\nfo\r\nob\r\n",
    b"GET\r\n",
    b"foo bar baz\r\n",
    b"QUIT\r\n",
    b"*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n",
    b"HELLO 3\r\nPING\r\n",
    b"HELLO 4\r\n",
    b"HELLO abc\r\n",
    b"HELLO 2 SETNAME\r\n",
    b"HELLO 2 SETNAME \"a b\"\r\n",
    b"HELLO 2 FOO\r\n",
    b"HELLO 2 AUTH default\r\n",
    b"HELLO 2 AUTH default wrong\r\n",
    b"HELLO 2 AUTH nobody wrong\r\n",
    b"AUTH x\r\n",
    b"AUTH a b\r\n",
    b"AUTH a b c\r\n",
    b"SELECT 16\r\n",
    b"SELECT -1\r\n",
    b"SELECT x\r\n",
    b"SELECT 99999999999999999999\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"host: x\r\nPING\r\n",
    b"CLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON\r\nPING\r\n",
    b"CLIENT REPLY SKIP\r\nPING\r\nECHO x\r\n",
    b"CLIENT REPLY\r\nCLIENT REPLY MAYBE\r\n",
    b"RESET\r\nPING\r\n",
    b"HELLO 3\r\nRESET\r\nGET nosuchkey\r\n",
    b"SET k v\r\nGET k\r\nDEL k\r\nGET k\r\n",
    b"DEBUG PROTOCOL string\r\nDEBUG PROTOCOL integer\r\nDEBUG PROTOCOL double\r\nDEBUG PROTOCOL null\r\n",
    b"DEBUG PROTOCOL array\r\nDEBUG PROTOCOL set\r\nDEBUG PROTOCOL map\r\nDEBUG PROTOCOL attrib\r\n",
    b"DEBUG PROTOCOL push\r\nDEBUG PROTOCOL verbatim\r\nDEBUG PROTOCOL true\r\nDEBUG PROTOCOL false\r\n",
    b"HELLO 3\r\nDEBUG PROTOCOL string\r\nDEBUG PROTOCOL integer\r\nDEBUG PROTOCOL double\r\nDEBUG PROTOCOL null\r\n",
    b"HELLO 3\r\nDEBUG PROTOCOL array\r\nDEBUG PROTOCOL set\r\nDEBUG PROTOCOL map\r\nDEBUG PROTOCOL attrib\r\n",
    b"HELLO 3\r\nDEBUG PROTOCOL push\r\nDEBUG PROTOCOL verbatim\r\nDEBUG PROTOCOL true\r\nDEBUG PROTOCOL false\r\n",
    b"HELLO 3\r\nDEBUG PROTOCOL bignum\r\nDEBUG PROTOCOL nonsense\r\nHELLO 2\r\nDEBUG PROTOCOL bignum\r\n",
    b"DEBUG ERROR boom\r\nDEBUG ERROR \"a b\"\r\nDEBUG NONSENSE\r\nDEBUG\r\n",
];

/// Requests too long to write down.
fn long_cases() -> Vec<Vec<u8>> {
    let mut many_words = b"ECHO".to_vec();
    many_words.extend(b" a".repeat(2000));
    many_words.extend(b"\r\n");
    vec![
        vec![b'a'; 70_000],                         // an inline request that never ends
        [&b"*1"[..], &vec![b'1'; 70_000]].concat(), // a count that never ends
        [&b"*1\r\n$"[..], &vec![b'1'; 70_000]].concat(), // a length that never ends
        [&b"ECHO "[..], &vec![b'x'; 60_000], &b"\r\n"[..]].concat(),
        [&b"*1\r\n$300\r\n"[..], &vec![b'n'; 300], &b"\r\n"[..]].concat(), // a long name in an error text
        [
            &b"*2\r\n$3\r\nfoo\r\n$200\r\n"[..],
            &[b'n'; 200],
            &b"\r\n"[..],
        ]
        .concat(),
        many_words,
        b"*1\r\n$4\r\nPING\r\n".repeat(1000),
    ]
}

/// Everything that comes back, with the number in HELLO replies blanked (it counts connections), and whether it hung up.
fn exchange(peer: &mut dyn Peer, request: &[u8], whole: bool) -> (Vec<u8>, bool) {
    let connection = peer.open();
    let pieces: Vec<&[u8]> = if whole {
        vec![request]
    } else {
        request.split(|b| *b == b'|').collect()
    };
    let mut out = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        peer.send(connection, piece);
        if i + 1 < pieces.len() {
            peer.receive(connection, &mut out, Duration::from_millis(2));
        }
    }
    loop {
        let before = out.len();
        peer.receive(connection, &mut out, Duration::from_millis(40));
        if out.len() == before {
            break;
        }
    }
    blank_ids(&mut out);
    (out, peer.closed(connection))
}

/// Put 0 in place of the connection's number in HELLO replies.
fn blank_ids(out: &mut Vec<u8>) {
    const ID: &[u8] = b"$2\r\nid\r\n:";
    let mut at = 0;
    while let Some(found) = out[at..].windows(ID.len()).position(|w| w == ID) {
        at += found + ID.len();
        let digits = out[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        out.splice(at..at + digits, *b"0");
    }
}

/// Compare; gives how many cases agreed and the differences that are not listed.
pub fn compare(ours: &mut dyn Peer, theirs: &mut dyn Peer, known: &Known) -> (usize, Vec<String>) {
    let cases = CASES
        .iter()
        .map(|c| (c.to_vec(), false))
        .chain(long_cases().into_iter().map(|c| (c, true)));
    let (mut passed, mut failures) = (0, Vec::new());
    ours.restart();
    theirs.restart();
    for (case, whole) in cases {
        let show = |(bytes, closed): (Vec<u8>, bool)| {
            format!("{}{}", quote(&bytes), if closed { " closed" } else { "" })
        };
        let (a, b) = (
            show(exchange(ours, &case, whole)),
            show(exchange(theirs, &case, whole)),
        );
        let head = quote(&case[..case.len().min(100)]);
        let d = Difference {
            command: head.clone(),
            field: "protocol".into(),
            ours: a,
            theirs: b,
        };
        if d.ours == d.theirs || known.lists(&d) {
            passed += 1;
        } else {
            failures.push(format!(
                "{head}\n  oracle: {}\n  redlab: {}",
                d.theirs, d.ours
            ));
        }
    }
    (passed, failures)
}
