//! The replica's side of the first words, up to the answer to PSYNC.
use super::history::OFFSET_MOST;
use crate::resp::request::command;
use std::collections::VecDeque;

/// What a replica says of itself.
#[derive(Clone, Debug, Default)]
pub struct Introduction {
    /// Empty: none is asked for.
    pub user: Vec<u8>,
    pub password: Vec<u8>,
    pub port: Vec<u8>,
    /// `replica-announce-ip`, if it is set.
    pub ip: Vec<u8>,
    pub version: &'static str,
}

/// What a line means for the replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing more than that the primary is there.
    Wait,
    /// To be sent now.
    Send(Vec<u8>),
    /// A line for the log, and no harm.
    Note(String),
    /// It is time for PSYNC.
    Ask,
    /// `+FULLRESYNC`: the snapshot comes next, and is what the history is at this offset.
    Full { id: String, offset: i64 },
    /// `+CONTINUE`: the stream goes on, perhaps under another id.
    Continue(Option<String>),
    /// It cannot be done now.
    Later(String),
    /// PSYNC is unknown: SYNC is sent instead.
    Old(String),
    /// It cannot be done.
    Failed(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Await {
    Pong,
    Auth,
    Port,
    Ip,
    Capa,
    Version,
    Psync,
}

/// The talk so far.
#[derive(Clone, Debug)]
pub struct Handshake {
    about: Introduction,
    awaits: VecDeque<Await>,
}

impl Handshake {
    /// Nothing said yet.
    pub fn new(about: Introduction) -> Handshake {
        Handshake {
            about,
            awaits: VecDeque::new(),
        }
    }

    /// The connection stands: the first word.
    pub fn begin(&mut self) -> Vec<u8> {
        self.awaits = VecDeque::from([Await::Pong]);
        command(&[b"PING"])
    }

    /// PSYNC is sent; its answer is awaited.
    pub fn asked(&mut self) {
        self.awaits = VecDeque::from([Await::Psync]);
    }

    /// A line of the primary, without its end.
    pub fn line(&mut self, line: &[u8]) -> Step {
        // While it prepares a snapshot it shows that it is there by empty lines.
        if line.is_empty() {
            return Step::Wait;
        }
        let text = String::from_utf8_lossy(line).into_owned();
        let refused = line[0] == b'-';
        let next = |awaits: &VecDeque<Await>| match awaits.is_empty() {
            true => Step::Ask,
            false => Step::Wait,
        };
        let Some(awaited) = self.awaits.pop_front() else {
            return Step::Wait;
        };
        let what = match awaited {
            Await::Pong => return self.pong(text),
            Await::Psync => return answer(&text),
            Await::Auth if refused => {
                return Step::Failed(["Unable to AUTH to PRIMARY: ", &text].concat());
            }
            Await::Auth => return next(&self.awaits),
            Await::Port => "listening-port",
            Await::Ip => "ip-address",
            Await::Capa => "capa",
            Await::Version => "version",
        };
        if refused && !self.awaits.is_empty() {
            return Step::Note(
                [
                    "(Non critical) Primary does not understand REPLCONF ",
                    what,
                    ": ",
                    &text,
                ]
                .concat(),
            );
        }
        next(&self.awaits)
    }

    fn pong(&mut self, text: String) -> Step {
        // A primary that wants a password says so to PING as well.
        let harmless = ["+", "-NOAUTH", "-NOPERM", "-ERR operation not permitted"];
        if !harmless.iter().any(|head| text.starts_with(head)) {
            return Step::Failed(["Error reply to PING from primary: '", &text, "'"].concat());
        }
        let about = &self.about;
        let mut out = Vec::new();
        if !about.password.is_empty() {
            out.extend(match about.user.is_empty() {
                true => command(&[b"AUTH", &about.password]),
                false => command(&[b"AUTH", &about.user, &about.password]),
            });
            self.awaits.push_back(Await::Auth);
        }
        out.extend(command(&[b"REPLCONF", b"listening-port", &about.port]));
        self.awaits.push_back(Await::Port);
        if !about.ip.is_empty() {
            out.extend(command(&[b"REPLCONF", b"ip-address", &about.ip]));
            self.awaits.push_back(Await::Ip);
        }
        out.extend(command(&[b"REPLCONF", b"capa", b"eof", b"capa", b"psync2"]));
        self.awaits.push_back(Await::Capa);
        out.extend(command(&[
            b"REPLCONF",
            b"version",
            about.version.as_bytes(),
        ]));
        self.awaits.push_back(Await::Version);
        Step::Send(out)
    }
}

/// The answer to PSYNC.
fn answer(text: &str) -> Step {
    let mut words = text.split(' ');
    match words.next() {
        Some("+FULLRESYNC") => {
            let id = words.next().filter(|id| id.len() == 40);
            let offset = words.next().and_then(|n| n.trim_ascii().parse().ok());
            match (id, offset) {
                (Some(id), Some(offset @ 0..=OFFSET_MOST)) => Step::Full {
                    id: id.into(),
                    offset,
                },
                _ => {
                    Step::Failed(["Primary replied with wrong +FULLRESYNC syntax: ", text].concat())
                }
            }
        }
        Some("+CONTINUE") => {
            let id = words
                .next()
                .map(str::trim_ascii)
                .filter(|id| id.len() == 40);
            Step::Continue(id.map(str::to_owned))
        }
        Some("-NOMASTERLINK" | "-LOADING") => Step::Later(
            [
                "Primary is currently unable to PSYNC but should be in the future: ",
                text,
            ]
            .concat(),
        ),
        _ if text.starts_with("-ERR") => Step::Old(
            [
                "Primary does not support PSYNC or is in error state (reply: ",
                text,
                ")",
            ]
            .concat(),
        ),
        _ => Step::Failed(["Unexpected reply to PSYNC from primary: ", text].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_comes_to_its_answer() {
        let mut talk = Handshake::new(Introduction {
            password: b"pw".into(),
            port: b"7000".into(),
            version: "8.0.0",
            ..Introduction::default()
        });
        assert_eq!(talk.begin(), b"*1\r\n$4\r\nPING\r\n");
        assert!(matches!(
            talk.line(b"-NOAUTH Authentication required."),
            Step::Send(_)
        ));
        assert_eq!(talk.line(b"+OK"), Step::Wait);
        assert_eq!(talk.line(b"+OK"), Step::Wait);
        assert!(matches!(talk.line(b"-ERR what?"), Step::Note(_)));
        assert_eq!(talk.line(b"+OK"), Step::Ask);
        talk.asked();
        assert_eq!(talk.line(b""), Step::Wait);
        let id = "0123456789012345678901234567890123456789";
        let full = format!("+FULLRESYNC {id} 12");
        assert_eq!(
            talk.line(full.as_bytes()),
            Step::Full {
                id: id.into(),
                offset: 12
            }
        );
        talk.asked();
        assert_eq!(talk.line(b"+CONTINUE"), Step::Continue(None));
        talk.asked();
        assert!(matches!(talk.line(b"+FULLRESYNC x 1"), Step::Failed(_)));
        talk.asked();
        let far = format!("+FULLRESYNC {id} {}", i64::MAX);
        assert!(matches!(talk.line(far.as_bytes()), Step::Failed(_)));
    }
}
