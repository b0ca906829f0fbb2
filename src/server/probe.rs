//! A look at the data that leaves no trace: a read-only command that no statistic, LRU field, expiry, event, generator or
//! client notices.
use super::node::Node;
use crate::command::ctx::Propagate;
use crate::command::{Args, Client, Command, Ctx, F};
use crate::keyspace::Db;
use crate::resp::{Proto, Reply};

/// The probe's connection: real clients count from 1.
const PROBE: u64 = 0;
/// Commands that read and are not flagged so, because they read the server rather than the data.
const HARMLESS: [&str; 2] = ["config|get", "info"];

/// RANDOMKEY ends because it deletes the expired keys that it meets, which a probe must not.
const NEEDS_TO_DELETE: [&str; 1] = ["randomkey"];

impl Node {
    /// The command that a probe would run, or why it must not: unknown, a wrong number of arguments, or not read-only.
    pub fn probe_command(&self, argv: &[Vec<u8>]) -> Result<&'static Command, String> {
        let name = argv.first().map_or(&b""[..], Vec::as_slice);
        let shown = String::from_utf8_lossy(name);
        let registry = &self.server.registry;
        let (number, mut command) = registry
            .find(name)
            .ok_or_else(|| format!("unknown command '{shown}'"))?;
        if !command.subs.is_empty() {
            let sub = argv.get(1).map_or(&b""[..], Vec::as_slice);
            (_, command) = registry
                .find_sub(number, sub)
                .ok_or_else(|| format!("unknown subcommand of '{shown}'"))?;
        }
        let name = command.full_name();
        if !command.accepts(argv.len()) {
            return Err(format!("wrong number of arguments for '{name}'"));
        }
        let reads = command.flags.has(F::READONLY)
            && !command.flags.has(F::BLOCKING)
            && !command.flags.has(F::NOSCRIPT)
            && !NEEDS_TO_DELETE.contains(&name.as_str());
        if !reads && !HARMLESS.contains(&name.as_str()) {
            return Err(format!("'{name}' does more than read"));
        }
        Ok(command)
    }

    /// Runs a read-only command on database `db` and returns its reply in RESP2; an error reply if it may not be a probe.
    pub fn probe(&mut self, db: usize, argv: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Reply::new(Proto::Resp2);
        let command = match self.probe_command(argv) {
            Ok(command) => command,
            Err(text) => {
                out.error(format!("ERR {text}").as_bytes());
                return std::mem::take(out.buffer());
            }
        };
        let mut buf = Vec::new();
        let mut ranges = Vec::new();
        for arg in argv {
            ranges.push((buf.len() as u32, arg.len() as u32));
            buf.extend_from_slice(arg);
        }
        let (rng, data_rng, keyspace_stats) =
            (self.rng.clone(), self.ks.rng.clone(), self.ks.stats.clone());
        let events = std::mem::take(&mut self.ks.events);
        self.ks.quiet = true;
        self.server
            .clients
            .put_first(Client::new(PROBE, String::new(), String::new(), 0));
        let mark = out.mark();
        let outcome = (command.run)(&mut Ctx {
            args: Args::new(&buf, &ranges),
            command,
            out: &mut out,
            db: Db {
                ks: &mut self.ks,
                index: db,
            },
            config: &mut self.config,
            rng: &mut self.rng,
            server: &mut self.server,
            id: PROBE,
            propagate: Propagate::Nothing,
        });
        if let Err(error) = outcome {
            out.rollback(mark);
            out.error(&error.0);
        }
        self.server.clients.remove(PROBE);
        (self.rng, self.ks.rng, self.ks.stats) = (rng, data_rng, keyspace_stats);
        self.ks.events = events;
        self.ks.quiet = false;
        std::mem::take(out.buffer())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Input, NodeOptions};
    use super::*;

    fn words(line: &str) -> Vec<Vec<u8>> {
        line.split(' ').map(|w| w.as_bytes().to_vec()).collect()
    }

    fn node() -> (Node, u64) {
        let mut node = Node::new(NodeOptions::default());
        let id = node.connect("127.0.0.1:1");
        (node, id)
    }

    fn run(node: &mut Node, id: u64, line: &str, now_us: i64) -> String {
        node.handle(Input::Data(id, format!("{line}\r\n").as_bytes()), now_us);
        let out = std::mem::take(node.output(id).expect("connected"));
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn leaves_no_trace() {
        let (mut node, id) = node();
        run(&mut node, id, "SET a 1", 0);
        run(&mut node, id, "SET gone 1 PX 5", 0);
        let now = 60_000_000;
        node.config.hz = 1;
        let before = run(&mut node, id, "INFO everything", now);
        let state = |node: &Node| {
            let stats = &node.server.stats;
            let calls: Vec<_> = stats
                .commandstats
                .iter()
                .map(|s| (s.calls, s.rejected))
                .collect();
            let table = node.ks.table(0);
            let lru: Vec<_> = table
                .dict()
                .iter()
                .map(|(_, k, o)| (k.to_vec(), o.lru))
                .collect();
            (
                calls,
                stats.commands,
                stats.errors,
                table.len(),
                lru,
                node.server.clients.len(),
                node.ks.dirty,
            )
        };
        let was = state(&node);
        for line in [
            "GET a",
            "GET none",
            "GET gone",
            "TYPE a",
            "EXISTS a gone",
            "SCAN 0",
            "KEYS *",
            "RANDOMKEY",
            "LLEN a",
            "SET a 2",
            "NOPE",
        ] {
            node.probe(0, &words(line));
        }
        assert_eq!(state(&node), was);
        let hits = |info: &str| {
            let keep = |l: &&str| l.starts_with("keyspace_") || l.starts_with("expired_keys");
            info.lines()
                .filter(keep)
                .map(String::from)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            hits(&run(&mut node, id, "INFO everything", now)),
            hits(&before)
        );
    }

    #[test]
    fn answers_as_a_client_would_be_answered() {
        let (mut node, id) = node();
        run(&mut node, id, "SET a 1", 0);
        assert_eq!(node.probe(0, &words("GET a")), b"$1\r\n1\r\n");
        assert_eq!(node.probe(1, &words("GET a")), b"$-1\r\n");
        assert_eq!(
            node.probe(0, &words("SET a 2")),
            b"-ERR 'set' does more than read\r\n"
        );
        assert_eq!(
            node.probe(0, &words("GET")),
            b"-ERR wrong number of arguments for 'get'\r\n"
        );
        assert_eq!(
            node.probe(0, &words("NOPE")),
            b"-ERR unknown command 'NOPE'\r\n"
        );
    }

    #[test]
    fn an_expired_key_is_gone_for_a_probe_and_stays_for_the_books() {
        let (mut node, id) = node();
        node.config.hz = 1;
        run(&mut node, id, "SET a 1 PX 5", 1000);
        node.server.now_us = 10_000_000;
        node.ks.now_ms = 10_000;
        assert_eq!(node.probe(0, &words("GET a")), b"$-1\r\n");
        assert_eq!(node.ks.table(0).len(), 1);
        assert_eq!(node.ks.stats.expired, 0);
    }

    #[test]
    fn observes_what_ran() {
        let (mut node, id) = node();
        run(&mut node, id, "SET before 1", 0);
        node.observe();
        run(&mut node, id, "SET a 1", 7);
        run(&mut node, id, "GET a", 8);
        run(&mut node, id, "ZADD a 1 x", 9);
        run(&mut node, id, "ZADD a", 10);
        run(&mut node, id, "NOTHING a", 11);
        let (events, lost) = node.take_observed();
        let seen: Vec<_> = events
            .iter()
            .map(|e| (e.command.map(|c| c.name), e.argv.len(), e.failed))
            .collect();
        assert_eq!(
            seen,
            [
                (Some("set"), 3, false),
                (Some("get"), 2, false),
                (Some("zadd"), 4, true),
                (Some("zadd"), 2, true),
                (None, 2, true)
            ]
        );
        assert_eq!(events[1].reply.as_deref(), Some(&b"$1\r\n1\r\n"[..]));
        assert_eq!((events[1].client, events[1].at_us, lost), (id, 8, 0));
        assert!(node.take_observed().0.is_empty());
    }
}
