//! The wire: every message that has travelled or travels, in the order of its arrival, and one of them taken apart. A page
//! asks for so many rows of those that it wants to see; the decoder is `decode.rs`.
use super::decode::{describe, parts};
use super::models::{end_name, place_name};
use crate::base::time::Micros;
use crate::lab::json::json_object;
use crate::lab::plain::{Fields, Plain, count, flag, text, told, word};
use crate::sim::world::{CLIENTS, Conn, ConnId, End, HERE, HostId, Message, Passed, Side, World};

/// Most rows of an answer, and most connections that are told of.
const ROWS: u64 = 200;
const CONNS: usize = 48;

/// Which messages are meant: what a reader chooses from.
const KINDS: [&str; 5] = ["request", "reply", "error", "replication", "end"];

/// Some of the messages.
pub struct WireModel {
    /// How many there are of those that were asked for, and which of them is the first row's.
    total: u64,
    first: u64,
    rows: Vec<RowModel>,
    /// Messages that are too old to be known.
    forgotten: u64,
    /// Connections on which something is known to have travelled.
    conns: Vec<ConnModel>,
    chosen: Option<ChosenModel>,
}
json_object! { WireModel: total, first, rows, forgotten, conns, chosen }

struct RowModel {
    /// A name for it that stays, on its way and after.
    id: String,
    /// How many went before it; of those under way nobody knows.
    number: Option<u64>,
    conn: u32,
    from: String,
    to: String,
    sent_us: Micros,
    /// When it arrived, or will, or was given up.
    at_us: Micros,
    /// `arrived`, `under way` or `lost`.
    state: &'static str,
    /// One of [`KINDS`].
    class: &'static str,
    bytes: u64,
    tries: u32,
    /// What it is, and what it says.
    kind: &'static str,
    text: String,
}
json_object! { RowModel: id, number, conn, from, to, sent_us, at_us, state, class, bytes, tries, kind, text }

struct ConnModel {
    id: u32,
    from: String,
    to: String,
}
json_object! { ConnModel: id, from, to }

/// A message, taken apart.
struct ChosenModel {
    row: RowModel,
    pieces: Vec<PieceModel>,
    /// Its bytes in hexadecimal digits, as far as they are kept.
    hex: String,
}
json_object! { ChosenModel: row, pieces, hex }

struct PieceModel {
    at: u64,
    len: u64,
    kind: &'static str,
    text: String,
    offset: Option<i64>,
}
json_object! { PieceModel: at, len, kind, text, offset }

/// Which messages are wanted.
#[derive(Default)]
struct Query {
    place: Option<HostId>,
    conn: Option<u64>,
    class: Option<usize>,
    /// Rows from one on: by its place among those that are wanted, or by its number; or the last ones.
    first: Option<u64>,
    number: Option<u64>,
    end: bool,
    rows: u64,
    chosen: Option<String>,
}

fn read(query: Plain, world: &World) -> Result<Query, String> {
    let mut f = Fields::of(query);
    let place = f.maybe("place", text);
    let query = Query {
        place: place.as_deref().and_then(|name| match name {
            "clients" => Some(CLIENTS),
            "terminals" => Some(HERE),
            name => world.place_named(name),
        }),
        conn: f.maybe("conn", count),
        class: f.maybe("class", |v| word(v, &KINDS)),
        first: f.maybe("first", count),
        number: f.maybe("number", count),
        end: f.maybe("end", flag).unwrap_or(false),
        rows: f.maybe("rows", count).unwrap_or(0).min(ROWS),
        chosen: f.maybe("chosen", text),
    };
    let unknown = place.filter(|_| query.place.is_none());
    let query = f.end(query).map_err(told)?;
    match unknown {
        Some(name) => Err(["no place is called '", &name, "'"].concat()),
        None => Ok(query),
    }
}

/// A message that has travelled, or one that still does.
#[derive(Clone, Copy)]
struct Seen<'a> {
    number: Option<u64>,
    passed: Passed,
    from: Side,
    to: Side,
    sent_us: Micros,
    at_us: Micros,
    length: usize,
    bytes: &'a [u8],
    end: bool,
}

impl Seen<'_> {
    fn id(&self) -> String {
        let Passed {
            conn,
            forward,
            start,
            ..
        } = self.passed;
        let way = if forward { "there" } else { "back" };
        let end = if self.end { ".end" } else { "" };
        [&conn.to_string(), ".", way, ".", &start.to_string(), end].concat()
    }

    fn class(&self) -> usize {
        let dialler = match self.passed.forward {
            true => self.from,
            false => self.to,
        };
        // What nodes say to each other is replication so far.
        match (self.end, dialler.end, self.passed.forward) {
            (true, ..) => 4,
            (_, End::Node(..), _) => 3,
            (_, _, true) => 0,
            _ if self.bytes.first() == Some(&b'-') => 2,
            _ => 1,
        }
    }

    fn is_wanted(&self, query: &Query) -> bool {
        let is_at = |place| self.from.place == place || self.to.place == place;
        query.place.is_none_or(is_at)
            && query
                .conn
                .is_none_or(|conn| conn == u64::from(self.passed.conn))
            && query.class.is_none_or(|class| class == self.class())
    }

    fn row(&self, world: &World) -> RowModel {
        let (kind, text) = match self.end {
            true => ("end", "the connection ends".into()),
            false => describe(self.passed.speech, self.passed.forward, self.bytes),
        };
        RowModel {
            id: self.id(),
            number: self.number,
            conn: self.passed.conn,
            from: name_of(world, self.from),
            to: name_of(world, self.to),
            sent_us: self.sent_us,
            at_us: self.at_us,
            state: match (self.number, self.passed.lost) {
                (None, _) => "under way",
                (_, true) => "lost",
                _ => "arrived",
            },
            class: KINDS[self.class()],
            bytes: self.length as u64,
            tries: self.passed.tries,
            kind,
            text,
        }
    }

    fn chosen(&self, world: &World) -> ChosenModel {
        let pieces = parts(self.passed.speech, self.passed.forward, self.bytes);
        let model = |piece: super::decode::Piece| PieceModel {
            at: piece.at as u64,
            len: piece.len as u64,
            kind: piece.kind,
            text: piece.text,
            offset: piece.offset,
        };
        let digit = |n: u8| char::from(b"0123456789abcdef"[usize::from(n)]);
        let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
        ChosenModel {
            row: self.row(world),
            pieces: pieces.into_iter().map(model).collect(),
            hex: self.bytes.iter().flat_map(digits).collect(),
        }
    }
}

fn name_of(world: &World, side: Side) -> String {
    match side.end {
        End::Session(_) => "terminal".into(),
        end => end_name(world, end, side.place),
    }
}

fn travelled(message: &Message) -> Seen<'_> {
    Seen {
        number: Some(message.number),
        passed: message.passed,
        from: message.from,
        to: message.to,
        sent_us: message.sent_us,
        at_us: message.at_us,
        length: message.length,
        bytes: &message.bytes,
        end: message.end,
    }
}

/// What is under way on a connection.
fn under_way((id, conn): (ConnId, &Conn)) -> Vec<Seen<'_>> {
    let mut all = Vec::new();
    for (forward, pipe, from, to) in [
        (true, &conn.forth, conn.from, conn.to),
        (false, &conn.back, conn.to, conn.from),
    ] {
        let mut passed = Passed {
            conn: id,
            forward,
            tries: pipe.tries,
            start: pipe.heard,
            speech: pipe.speech,
            lost: false,
        };
        for segment in &pipe.segments {
            all.push(Seen {
                number: None,
                passed,
                from,
                to,
                sent_us: segment.sent_us,
                at_us: segment.due_us,
                length: segment.bytes.len(),
                bytes: &segment.bytes,
                end: segment.end,
            });
            passed = passed.behind(segment);
        }
    }
    all
}

/// The messages of a world at this moment, as somebody asks for them:
/// `{"place": "n1", "class": "request", "conn": 3, "end": true, "rows": 40, "chosen": "3.there.0"}`, or instead of `end` rows from
/// `first` or from `number` on. `Err` says in words what is wrong with the question. O(messages).
pub fn wire(query: Plain, world: &World) -> Result<WireModel, String> {
    let query = read(query, world)?;
    let mut all: Vec<Seen<'_>> = world.wire().messages().map(travelled).collect();
    let known = all.len();
    all.extend(world.net().conns().flat_map(under_way));
    all[known..].sort_by_key(|seen| (seen.at_us, seen.passed.conn, seen.passed.start));
    let conns = conns(world, &all);
    let is_chosen = |seen: &&Seen<'_>| query.chosen.as_deref() == Some(&seen.id());
    let chosen = query
        .chosen
        .is_some()
        .then(|| all.iter().rev().find(is_chosen));
    let chosen = chosen.flatten().map(|seen| seen.chosen(world));
    let wanted: Vec<&Seen<'_>> = all.iter().filter(|seen| seen.is_wanted(&query)).collect();
    let total = wanted.len() as u64;
    let last = total.saturating_sub(query.rows);
    let first = match (query.number, query.first) {
        _ if query.end => last,
        (Some(number), _) => {
            wanted.partition_point(|seen| seen.number.is_some_and(|n| n < number)) as u64
        }
        (_, first) => first.unwrap_or(0).min(total),
    };
    let rows = wanted.iter().skip(first as usize).take(query.rows as usize);
    Ok(WireModel {
        total,
        first,
        rows: rows.map(|seen| seen.row(world)).collect(),
        forgotten: world.wire().forgotten(),
        conns,
        chosen,
    })
}

/// The connections of these messages: those of nodes first, those of simulated clients last.
fn conns(world: &World, all: &[Seen<'_>]) -> Vec<ConnModel> {
    let dialled = |seen: &Seen<'_>| match seen.passed.forward {
        true => (seen.from, seen.to),
        false => (seen.to, seen.from),
    };
    let rank = |end: End| match end {
        End::Node(..) => 0,
        End::Session(_) => 1,
        End::App(..) => 2,
        _ => 3,
    };
    let mut found: Vec<(u8, ConnId, Side, Side)> = all
        .iter()
        .map(|seen| {
            let (from, to) = dialled(seen);
            (rank(from.end), seen.passed.conn, from, to)
        })
        .collect();
    found.sort_by_key(|(rank, conn, ..)| (*rank, *conn));
    found.dedup_by_key(|(_, conn, ..)| *conn);
    let model = |(_, id, from, to): (u8, ConnId, Side, Side)| ConnModel {
        id,
        from: name_of(world, from),
        to: place_name(world, to.place),
    };
    found.into_iter().take(CONNS).map(model).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::json::text_of;
    use crate::sim::timeline::Timeline;
    use crate::sim::world::{Act, Setup};

    const SECOND_US: Micros = 1_000_000;

    fn asked(world: &World, fields: &[(&str, Plain)]) -> WireModel {
        let mut all: Vec<(String, Plain)> = fields
            .iter()
            .map(|(n, v)| (n.to_string(), v.clone()))
            .collect();
        if all.iter().all(|(name, _)| name != "rows") {
            all.push(("rows".into(), Plain::Number(200.0)));
        }
        wire(Plain::Fields(all), world).unwrap_or_else(|e| panic!("{e}"))
    }

    fn said(text: &str) -> Plain {
        Plain::Text(text.into())
    }

    /// A primary with a replica whose stream has begun, and a terminal that writes.
    fn replicated() -> Timeline {
        let mut timeline = Timeline::new(5, 0);
        timeline.watch();
        timeline.act(Act::Add(Setup::named("n1"))).expect("room");
        let mut replica = Setup::named("n2");
        replica.config = vec!["replicaof n1 6379".into()];
        timeline.act(Act::Add(replica)).expect("room");
        timeline.run_until(8 * SECOND_US, u64::MAX / 2);
        let session = timeline.act(Act::Connect { to: 0, place: HERE });
        let session = session.expect("n1 is there");
        let bytes = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n".to_vec();
        timeline.act(Act::Send { session, bytes }).expect("sent");
        timeline.run_until(8 * SECOND_US + 150, u64::MAX / 2);
        timeline
    }

    #[test]
    fn what_travelled_and_what_does_is_listed_and_taken_apart() {
        let mut timeline = replicated();
        let all = asked(timeline.world(), &[]);
        let texts: Vec<&str> = all.rows.iter().map(|row| row.text.as_str()).collect();
        assert_eq!(texts[..2], ["PING", "PONG"]);
        assert!(
            texts.iter().any(|text| text.starts_with("PSYNC ? -1")),
            "{texts:?}"
        );
        assert!(
            texts.iter().any(|text| text.contains("+FULLRESYNC ")),
            "{texts:?}"
        );
        assert!(
            texts
                .iter()
                .any(|text| text.contains("version 11, no keys")),
            "{texts:?}"
        );
        assert!(
            texts.iter().any(|text| text.starts_with("REPLCONF ACK ")),
            "{texts:?}"
        );
        let flies = all.rows.last().expect("there are rows");
        assert_eq!(
            (flies.state, flies.text.as_str()),
            ("under way", "SELECT 0; SET k v")
        );
        let id = flies.id.clone();
        timeline.run_until(9 * SECOND_US, u64::MAX / 2);
        let now = asked(timeline.world(), &[("chosen", said(&id))]);
        let chosen = now.chosen.expect("it is kept");
        assert_eq!(
            (chosen.row.state, chosen.row.class),
            ("arrived", "replication")
        );
        let pieces: Vec<_> = chosen
            .pieces
            .iter()
            .map(|p| (p.kind, p.text.as_str()))
            .collect();
        assert_eq!(pieces, [("stream", "SELECT 0"), ("stream", "SET k v")]);
        let offset = |at: usize| chosen.pieces[at].offset.expect("it is of the stream");
        assert_eq!(offset(0) + 23, offset(1));
        let history = &timeline.world().hosts()[1]
            .node()
            .expect("it runs")
            .server()
            .repl
            .history;
        assert!(
            offset(1) + 26 < history.offset + 2,
            "{} {}",
            offset(1),
            history.offset
        );
        assert!(chosen.hex.starts_with("2a320d0a"));
        assert!(text_of(&asked(timeline.world(), &[])).starts_with("{\"total\":"));
    }

    #[test]
    fn a_reader_chooses_what_is_seen() {
        let timeline = replicated();
        let world = timeline.world();
        let total = |fields: &[(&str, Plain)]| asked(world, fields).total;
        let whole = total(&[]);
        let classes: u64 = KINDS
            .iter()
            .map(|kind| total(&[("class", said(kind))]))
            .sum();
        assert_eq!(classes, whole);
        assert_eq!(total(&[("place", said("terminals"))]), 2);
        assert_eq!(
            total(&[("place", said("n2"))]),
            total(&[("class", said("replication"))])
        );
        let conns = asked(world, &[]).conns;
        let names: Vec<_> = conns
            .iter()
            .map(|c| (c.from.as_str(), c.to.as_str()))
            .collect();
        assert_eq!(names, [("n2", "n1"), ("terminal", "n1")]);
        let end = asked(
            world,
            &[("end", Plain::Bool(true)), ("rows", Plain::Number(3.0))],
        );
        assert_eq!((end.first, end.rows.len()), (whole - 3, 3));
        let number = end.rows[0].number.expect("it has arrived");
        let same = asked(world, &[("number", Plain::Number(number as f64))]);
        assert_eq!((same.first, same.rows.len()), (whole - 3, 3));
        for (field, why) in [
            (("place", said("n9")), "no place is called 'n9'"),
            (("kind", said("x")), "unknown field 'kind'"),
        ] {
            let query = Plain::Fields(vec![(field.0.into(), field.1)]);
            assert_eq!(wire(query, world).err().as_deref(), Some(why));
        }
    }

    #[test]
    fn going_back_shows_what_was_then() {
        let mut timeline = replicated();
        let before = text_of(&asked(timeline.world(), &[]));
        let (events, hash) = (timeline.world().happened(), timeline.world().state_hash());
        timeline.run_until(60 * SECOND_US, u64::MAX / 2);
        assert_ne!(text_of(&asked(timeline.world(), &[])), before);
        timeline.seek(events);
        assert_eq!(text_of(&asked(timeline.world(), &[])), before);
        timeline
            .act(Act::PowerOff {
                host: 0,
                torn_bytes: 0,
            })
            .expect("n1 is there");
        timeline.run_until(120 * SECOND_US, u64::MAX / 2);
        let lost = asked(timeline.world(), &[("place", said("n2"))]).rows;
        assert!(
            lost.iter().any(|row| row.state == "lost" || row.tries > 0),
            "nothing was lost"
        );
        let mut unseen = replicated();
        unseen.seek(0);
        unseen.seek(events);
        assert_eq!(
            unseen.world().state_hash(),
            hash,
            "to look on changes nothing"
        );
    }
}
