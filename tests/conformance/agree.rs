//! Which replies may differ in their bytes and still stand for the same: the rules of comparison.

use crate::clients::{Heard, Step, is_answer};
use crate::reply::{Reply, word};
use crate::session::Session;
use std::collections::{BTreeMap, BTreeSet};

/// Times are compared with this tolerance, ms: the two sides do not read their clocks at the same instant.
pub const TOLERANCE_MS: i64 = 20_000;

/// Has the sentence this token?
fn has(command: &[Vec<u8>], token: &[u8]) -> bool {
    command.iter().any(|w| w.eq_ignore_ascii_case(token))
}

/// The word that names the command's key.
fn key(command: &[Vec<u8>], at: usize) -> String {
    command.get(at).map(|k| word(k)).unwrap_or_default()
}

/// A range by member over different scores has no defined answer: in a skiplist it depends on the levels that chance
/// gave to the nodes, and two real servers differ. Such a command is not sent.
///
/// Likewise SORT BY ... ALPHA of what has no order of its own: elements of equal weight stay as the table had them.
pub fn is_undefined(session: &mut Session, client: usize, name: &str, command: &[Vec<u8>]) -> bool {
    if session.clients[client].queue.is_some() {
        return cannot_wait(name, command);
    }
    let by_lex = name.contains("LEX") || has(command, b"BYLEX");
    let on_clock = name == "XADD" && has(command, b"*");
    let by_weight = name.starts_with("SORT") && has(command, b"BY") && has(command, b"ALPHA");
    if !(by_lex || on_clock || by_weight || name == "LCS") {
        return false;
    }
    let db = session.db_of(client);
    let mut ask = |line: &str| session.probe(1, db, line);
    // An id of the servers' own clocks; behind an id of the future it is the next one.
    if on_clock {
        let info = ask(&format!("XINFO STREAM {}", key(command, 1)));
        let last = info.field("last-generated-id").map(Reply::lossy);
        return !last.is_some_and(|id| id.len() > 13 && id.starts_with('9'));
    }
    if by_weight {
        let kind = ask(&format!("TYPE {}", key(command, 1)));
        return matches!(kind.text(), Some(b"set" | b"zset"));
    }
    if name == "LCS" && command.len() > 2 {
        // redlab refuses to fill a table of more than 64 million cells, a real server one that memory cannot hold.
        let mut len = |at| match ask(&format!("STRLEN {}", key(command, at))) {
            Reply::Integer(n) => n,
            _ => 0,
        };
        return (len(1) + 1) * (len(2) + 1) > 1 << 26;
    }
    let at = if name == "ZRANGESTORE" { 2 } else { 1 };
    if !by_lex || command.len() <= at {
        return false;
    }
    let key = key(command, at);
    if ask(&format!("OBJECT ENCODING {key}")).text() != Some(b"skiplist") {
        return false;
    }
    let mut score =
        |place: i32| leaves(&ask(&format!("ZRANGE {key} {place} {place} WITHSCORES"))).pop();
    score(0) != score(-1)
}

/// What may have no defined answer by the time EXEC comes, or must be looked after, is not queued; nor is CLIENT REPLY, with
/// which EXEC announces more replies than it then gives; nor AUTH, of which the oracle answers nothing where it fails behind
/// other replies; nor what answers a bare id or the time, which could not be told from other numbers there.
fn cannot_wait(name: &str, command: &[Vec<u8>]) -> bool {
    matches!(name, "SPOP" | "LCS" | "SORT" | "SORT_RO")
        || matches!(name, "LASTSAVE" | "TIME")
        || matches!(
            name,
            "AUTH" | "CLIENT REPLY" | "CLIENT ID" | "CLIENT GETREDIR"
        )
        || (name == "XADD" && has(command, b"*"))
        || name.contains("LEX")
        || has(command, b"BYLEX")
}

/// Has the order of the command's events no meaning? SORT ... BY asks for the weights of a set or sorted set in the order of
/// its table, which hangs on the seed that the oracle drew.
pub fn tells_in_any_order(
    session: &mut Session,
    client: usize,
    name: &str,
    command: &[Vec<u8>],
) -> bool {
    if !name.starts_with("SORT") || !has(command, b"BY") {
        return false;
    }
    let db = session.db_of(client);
    let kind = session.probe(1, db, &format!("TYPE {}", key(command, 1)));
    matches!(kind.text(), Some(b"set" | b"zset"))
}

/// Everything that a command of chance may draw from, as redlab has it now.
pub fn members(
    session: &mut Session,
    client: usize,
    name: &str,
    command: &[Vec<u8>],
) -> Option<BTreeSet<Reply>> {
    if !is_random(name) || session.clients[client].queue.is_some() {
        return None;
    }
    let key = key(command, 1);
    let line = match name {
        "RANDOMKEY" => "KEYS *".to_string(),
        "HRANDFIELD" => format!("HGETALL {key}"),
        "ZRANDMEMBER" => format!("ZRANGE {key} 0 -1 WITHSCORES"),
        _ => format!("SMEMBERS {key}"),
    };
    let db = session.db_of(client);
    let reply = session.probe(0, db, &line);
    (!reply.is_error()).then(|| leaves(&reply).into_iter().collect())
}

/// Is what a client was told the same on both sides?
///
/// Patterns and the channels that a client leaves have no order: among messages of patterns, and among the answers of
/// UNSUBSCRIBE, only the lot is compared.
pub fn heard_alike(
    session: &mut Session,
    step: &Step,
    name: &str,
    client: usize,
    [ours, theirs]: [&Heard; 2],
    members: Option<&BTreeSet<Reply>>,
) -> bool {
    let same =
        |a: &Heard, b: &Heard| a.len() == b.len() && a.iter().zip(b).all(|((a, _), (b, _))| a == b);
    if same(ours, theirs) {
        return true;
    }
    let apart = |heard: &Heard| -> (Heard, Heard) {
        heard.iter().cloned().partition(|(_, r)| is_unordered(r))
    };
    let (mut our_lot, mut ours) = apart(ours);
    let (mut their_lot, mut theirs) = apart(theirs);
    if name.ends_with("UNSUBSCRIBE") || name == "EXEC" {
        for heard in [&mut ours, &mut theirs] {
            sort_farewells(heard);
        }
    }
    our_lot.sort();
    their_lot.sort();
    if !same(&our_lot, &their_lot) || ours.len() != theirs.len() {
        return false;
    }
    let own = client == step.client;
    let (name, command) = if own {
        (name.to_string(), step.command.clone())
    } else {
        let command = session.clients[client].waits.clone().unwrap_or_default();
        (session.name_of(&command), command)
    };
    let members = members.filter(|_| own);
    ours.iter().zip(&theirs).all(|((raw_a, a), (raw_b, b))| {
        let [of_ours, of_theirs] = &session.ids;
        match is_answer(a) {
            _ if raw_a == raw_b => true,
            true => agree(session, client, &name, &command, [a, b], members),
            // A message may name a client.
            false => renumbered(a, of_ours, false) == renumbered(b, of_theirs, false),
        }
    })
}

/// A message that came by a pattern.
fn is_unordered(reply: &Reply) -> bool {
    let kind = reply.items().first().and_then(|r| r.text());
    kind == Some(b"pmessage") && reply.items().len() == 4
}

/// Puts the names in the answers of UNSUBSCRIBE into one order; the counts stay where they are. In a transaction the first
/// of several stands within EXEC's reply.
fn sort_farewells(heard: &mut Heard) {
    fn of<'a>(reply: &'a mut Reply, out: &mut Vec<&'a mut Reply>) {
        let (Reply::Array(items) | Reply::Push(items)) = reply else {
            return;
        };
        let kind = items.first().and_then(Reply::text);
        if items.len() == 3 && kind.is_some_and(|kind| kind.ends_with(b"unsubscribe")) {
            out.push(&mut items[1]);
        } else {
            items.iter_mut().for_each(|item| of(item, out));
        }
    }
    let mut names = Vec::new();
    heard
        .iter_mut()
        .for_each(|(_, reply)| of(reply, &mut names));
    let mut sorted: Vec<Reply> = names.iter().map(|name| (**name).clone()).collect();
    sorted.sort();
    names
        .into_iter()
        .zip(sorted)
        .for_each(|(name, other)| *name = other);
    // The bytes are compared before the values.
    for (raw, reply) in heard {
        *raw = reply.notation().into_bytes();
    }
}

/// May these replies, which differ in their bytes, stand for the same?
fn agree(
    session: &mut Session,
    client: usize,
    name: &str,
    command: &[Vec<u8>],
    [ours, theirs]: [&Reply; 2],
    members: Option<&BTreeSet<Reply>>,
) -> bool {
    if ours.is_error() || theirs.is_error() {
        return false;
    }
    match name {
        // What unsubscribing or the like answers besides shifts the replies out of the array.
        "EXEC" => {
            let [a, b] = &session.ids;
            return renumbered(ours, a, false) == renumbered(theirs, b, false)
                || transactions_agree(session, client, [ours, theirs])
                || shifted_lists_agree(session, client, [ours, theirs]);
        }
        "HELLO" | "CLIENT ID" | "CLIENT GETREDIR" | "CLIENT TRACKINGINFO" => {
            let [a, b] = &session.ids;
            return renumbered(ours, a, true) == renumbered(theirs, b, true);
        }
        "MEMORY USAGE" => {
            if let (Reply::Integer(a), Reply::Integer(b)) = (ours, theirs) {
                return (a - b).abs() <= chance_in_usage(session, client, command);
            }
        }
        _ if name.ends_with("SCAN") => return scans_agree(session, client, command),
        _ => {}
    }
    agree_alone(session, name, command, [ours, theirs], members)
}

/// The rules that need nothing but the replies.
fn agree_alone(
    session: &Session,
    name: &str,
    command: &[Vec<u8>],
    [ours, theirs]: [&Reply; 2],
    members: Option<&BTreeSet<Reply>>,
) -> bool {
    if let (Reply::Integer(a), Reply::Integer(b)) = (ours, theirs) {
        let tolerance = match name {
            "TTL" | "EXPIRETIME" => TOLERANCE_MS / 1000,
            "PTTL" | "PEXPIRETIME" => TOLERANCE_MS,
            _ => 0,
        };
        // Far from -1 and -2, which say that there is no such thing.
        if tolerance > 0 && *a > 1000 && *b > 1000 {
            return (a - b).abs() <= tolerance;
        }
    }
    if is_random(name) {
        let drawn = |r: &Reply| {
            leaves(r)
                .into_iter()
                .all(|leaf| members.is_none_or(|m| m.contains(&leaf)))
        };
        return same_form(ours, theirs) && drawn(ours);
    }
    if name.starts_with('X') {
        return near(ours, theirs);
    }
    let tipped = |tip: &str| session.by_name.get(name).is_some_and(|s| s.tipped(tip));
    // The names of channels have no order, though no tip says so.
    if tipped("nondeterministic_output_order") || name.starts_with("PUBSUB ") {
        return if name == "HGETALL" {
            ours.clone().sorted_pairs() == theirs.clone().sorted_pairs()
        } else {
            ours.clone().sorted() == theirs.clone().sorted()
        };
    }
    if name.starts_with("SORT") && unsorted(command) {
        return if has(command, b"LIMIT") {
            same_form(ours, theirs)
        } else {
            ours.clone().sorted() == theirs.clone().sorted()
        };
    }
    tipped("nondeterministic_output") && same_form(ours, theirs)
}

/// Each reply of a transaction by the rule of its command. What needs a look at the state is not looked up: that may
/// have changed since.
fn transactions_agree(session: &Session, client: usize, replies: [&Reply; 2]) -> bool {
    let [ours, theirs] = replies.map(Reply::items);
    let queue = session.clients[client].queue.as_deref().unwrap_or_default();
    if ours.len() != theirs.len() || queue.len() != theirs.len() {
        return false;
    }
    (0..queue.len()).all(|i| {
        let (command, pair) = (&queue[i], [ours[i], theirs[i]]);
        let name = session.name_of(command);
        let looked_up = name == "MEMORY USAGE" || name.ends_with("SCAN");
        let [a, b] = &session.ids;
        ours[i] == theirs[i]
            || (looked_up && std::mem::discriminant(ours[i]) == std::mem::discriminant(theirs[i]))
            || (name.starts_with("CLIENT ") || name == "HELLO")
                && renumbered(ours[i], a, true) == renumbered(theirs[i], b, true)
            || (!ours[i].is_error()
                && !theirs[i].is_error()
                && agree_alone(session, &name, command, pair, None))
    })
}

/// Is this a plain list that stands behind EXEC's array, and could be that of a queued command which promises no order?
fn shifted_lists_agree(session: &Session, client: usize, replies: [&Reply; 2]) -> bool {
    let queue = session.clients[client].queue.as_deref().unwrap_or_default();
    let unordered = |command: &Vec<Vec<u8>>| {
        let name = session.name_of(command);
        let syntax = session.by_name.get(&name);
        name.starts_with("PUBSUB ")
            || syntax.is_some_and(|s| s.tipped("nondeterministic_output_order"))
    };
    let plain = |reply: &Reply| reply.items().iter().all(|item| item.items().is_empty());
    queue.iter().any(unordered)
        && replies.into_iter().all(plain)
        && replies[0].clone().sorted() == replies[1].clone().sorted()
}

/// The reply with which client it is in place of a client's id: under the names that tell one, or where the whole of it does.
fn renumbered(reply: &Reply, ids: &BTreeMap<i64, i64>, whole: bool) -> Reply {
    let told = |name: &Reply| {
        matches!(
            name.text(),
            Some(b"id" | b"redirect" | b"tracking-redir-broken")
        )
    };
    match reply {
        Reply::Integer(n) if whole => Reply::Integer(ids.get(n).copied().unwrap_or(*n)),
        Reply::Array(items) => {
            let named = |at: usize| at > 0 && told(&items[at - 1]);
            let item = |at: usize| renumbered(&items[at], ids, named(at));
            Reply::Array((0..items.len()).map(item).collect())
        }
        Reply::Push(items) => {
            let Reply::Array(items) = renumbered(&Reply::Array(items.clone()), ids, false) else {
                return reply.clone();
            };
            Reply::Push(items)
        }
        Reply::Map(pairs) => {
            let pair = |(k, v): &(Reply, Reply)| (k.clone(), renumbered(v, ids, told(k)));
            Reply::Map(pairs.iter().map(pair).collect())
        }
        other => other.clone(),
    }
}

/// A member alone in its bucket costs a table of the oracle's no entry of 16 bytes: which members meet there depends on
/// the seed that its process drew. So does how high the nodes of a skiplist are.
fn chance_in_usage(session: &mut Session, client: usize, command: &[Vec<u8>]) -> i64 {
    let (key, db) = (key(command, 2), session.db_of(client));
    let encoding = session.probe(1, db, &format!("OBJECT ENCODING {key}"));
    let (count, bytes) = match encoding.text() {
        Some(b"hashtable") => ("SCARD", 16),
        // As high as chance builds a node.
        Some(b"skiplist") => ("ZCARD", 64),
        _ => return 0,
    };
    match session.probe(1, db, &format!("{count} {key}")) {
        Reply::Integer(members) => bytes * members,
        _ => 0,
    }
}

/// Run the whole iteration on both sides; each must find the same elements, in whatever order.
fn scans_agree(session: &mut Session, client: usize, command: &[Vec<u8>]) -> bool {
    let of_keys = command[0].eq_ignore_ascii_case(b"SCAN");
    let at = if of_keys { 1 } else { 2 };
    let single = has(command, b"NOVALUES") || has(command, b"NOSCORES");
    let pairs = !of_keys && !command[0].eq_ignore_ascii_case(b"SSCAN") && !single;
    let db = session.db_of(client);
    let mut whole = |side: usize| {
        let (mut found, mut command) = (BTreeSet::new(), command.to_vec());
        command[at] = b"0".to_vec();
        for _ in 0..10_000 {
            let reply = session.probe(side, db, &crate::reply::words(&command));
            let items = reply.items();
            let [cursor, elements] = items[..] else {
                return None;
            };
            let step = if pairs { 2 } else { 1 };
            for chunk in elements.items().chunks(step) {
                found.insert(chunk.iter().map(|r| (*r).clone()).collect::<Vec<_>>());
            }
            command[at] = cursor.text()?.to_vec();
            if command[at] == b"0" {
                return Some(found);
            }
        }
        None
    };
    let ours = whole(0);
    ours.is_some() && ours == whole(1)
}

fn is_random(name: &str) -> bool {
    matches!(
        name,
        "SPOP" | "SRANDMEMBER" | "HRANDFIELD" | "ZRANDMEMBER" | "RANDOMKEY"
    )
}

/// SORT ... BY a pattern without a star leaves the order of a set's table.
fn unsorted(command: &[Vec<u8>]) -> bool {
    command
        .windows(2)
        .any(|w| w[0].eq_ignore_ascii_case(b"BY") && !w[1].contains(&b'*'))
}

/// Everything in a reply that is no aggregate.
fn leaves(reply: &Reply) -> Vec<Reply> {
    match reply {
        Reply::Array(_) | Reply::Set(_) | Reply::Push(_) | Reply::Map(_) => {
            reply.items().into_iter().flat_map(leaves).collect()
        }
        Reply::NilBulk | Reply::Null => Vec::new(),
        leaf => vec![leaf.clone()],
    }
}

/// The replies of stream commands: the same but for times, which stand in known places, and may differ a little.
pub fn near(a: &Reply, b: &Reply) -> bool {
    let (x, y) = (a.items(), b.items());
    if x.is_empty() || std::mem::discriminant(a) != std::mem::discriminant(b) || x.len() != y.len()
    {
        return a == b;
    }
    let int = |i: usize| matches!(x.get(i), Some(Reply::Integer(_)));
    (0..x.len()).all(|i| {
        let named = i > 0
            && matches!(
                x[i - 1].text(),
                Some(b"idle" | b"inactive" | b"seen-time" | b"active-time")
            );
        // id, consumer, time, deliveries; or without the consumer.
        let listed = match x.len() {
            4 => i == 2 && int(2) && int(3),
            3 => i == 1 && int(1) && int(2),
            _ => false,
        };
        match (x[i], y[i]) {
            (Reply::Integer(a), Reply::Integer(b)) if named || listed => {
                a == b || (*a >= 0 && *b >= 0 && (a - b).abs() <= TOLERANCE_MS)
            }
            (x, y) => near(x, y),
        }
    })
}

/// The same kinds and lengths, whatever the values.
fn same_form(a: &Reply, b: &Reply) -> bool {
    let (x, y) = (a.items(), b.items());
    std::mem::discriminant(a) == std::mem::discriminant(b)
        && x.len() == y.len()
        && x.iter().zip(&y).all(|(x, y)| same_form(x, y))
}
