//! Loading a log of propagated writes: RESP commands run one after another by a client of the server's own.
use super::dispatch;
use super::node::Node;
use crate::command::Args;
use crate::resp::parse::{Limits, Parsed, Parser};
use crate::resp::{Proto, Reply};

/// What became of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadReport {
    /// Bytes up to the end of the last command that ran; one of a transaction counts with its EXEC.
    pub read_bytes: usize,
    /// Writes, without the MULTI and EXEC around them.
    pub commands: u64,
    /// Why loading ended before the end of the bytes, if it did.
    pub error: Option<String>,
}

impl Node {
    /// Runs the commands of `bytes`. What could be read stays; the rest is reported, never guessed at. O(commands).
    pub fn load_log(&mut self, bytes: &[u8]) -> LoadReport {
        let log = self.log.take();
        let loader = self.connect("log");
        let mut report = LoadReport {
            read_bytes: 0,
            commands: 0,
            error: None,
        };
        let limits = Limits {
            max_bulk: 512 << 20,
            max_multibulk: i64::from(i32::MAX),
            authenticated: true,
        };
        if let Some(client) = self.server.clients.get_mut(loader) {
            client.authenticated = true;
            client.obeyed = true;
        }
        self.ks.loading = true;
        let mut ranges = Vec::new();
        let (mut at, mut commands) = (0, 0);
        while at < bytes.len() && report.error.is_none() {
            let rest = &bytes[at..];
            let mut pos = 0;
            match Parser::default().parse(rest, &mut pos, &limits, &mut ranges) {
                Parsed::Command => {
                    let bracket = matches!(word(rest, ranges[0]), b"MULTI" | b"EXEC");
                    dispatch::run(self, loader, Args::new(rest, &ranges));
                    self.finish_script();
                    report.error = self.loader_error(loader);
                    commands += u64::from(!bracket);
                }
                Parsed::Empty => {}
                Parsed::Incomplete => report.error = Some("the last command is cut off".into()),
                Parsed::Inline(_) => report.error = Some("a byte that starts no command".into()),
                Parsed::Error(text) => {
                    report.error = Some(String::from_utf8_lossy(&text).into_owned())
                }
            }
            at += pos;
            if report.error.is_none() && !self.loader_queues(loader) {
                (report.read_bytes, report.commands) = (at, commands);
            }
        }
        if report.error.is_none() && report.read_bytes < bytes.len() {
            report.error = Some("the last transaction has no end".into());
        }
        self.ks.loading = false;
        let db = self.server.clients.remove(loader).map(|c| c.db);
        self.log = log;
        if let Some(log) = &mut self.log {
            log.db = db.filter(|_| report.commands > 0);
        }
        report
    }

    /// The error reply of the command that just ran, or of one in the transaction that did; its output is cleared.
    fn loader_error(&mut self, loader: u64) -> Option<String> {
        let client = self.server.clients.get_mut(loader)?;
        let reply = std::mem::replace(&mut client.out, Reply::new(Proto::Resp2));
        let mut lines = reply.as_bytes().split(|&b| b == b'\n');
        let error =
            (reply.errors() > 0).then(|| lines.find(|line| line.first() == Some(&b'-')))??;
        Some(String::from_utf8_lossy(error.trim_ascii()).into_owned())
    }

    /// Whether a transaction of the log has not come to its end yet.
    fn loader_queues(&self, loader: u64) -> bool {
        let client = self.server.clients.get(loader);
        client.is_some_and(|c| c.queue.is_some())
    }
}

fn word(buf: &[u8], (start, len): (u32, u32)) -> &[u8] {
    &buf[start as usize..start as usize + len as usize]
}
