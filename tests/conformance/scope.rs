//! Which commands the random runs cover.

use crate::grammar::Syntax;

/// Commands that the random runs leave out, each with its reason. A trailing space stands for all subcommands.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("ACL ", "changes who may do what; transcripts cover it"),
    ("BGREWRITEAOF", "writes files"),
    ("BGSAVE", "writes files"),
    ("CLIENT HELP", "a text of help"),
    ("CLIENT INFO", "the session compares its fields itself"),
    (
        "CLIENT KILL",
        "by any filter it would end the harness's own connections: the run kills by id itself",
    ),
    ("CLIENT LIST", "the session compares its fields itself"),
    ("CLIENT PAUSE", "about time; transcripts cover it"),
    ("CLUSTER ", "needs a cluster"),
    ("COMMAND", "compared as a whole by the table check"),
    ("COMMAND ", "compared as a whole by the table check"),
    (
        "CONFIG ",
        "the run sets thresholds itself; transcripts cover the rest",
    ),
    (
        "DEBUG",
        "the run uses it to compare states; transcripts cover the rest",
    ),
    ("FAILOVER", "needs a replica"),
    ("HELLO", "the run switches protocols itself"),
    ("INFO", "its numbers are each server's own"),
    ("LATENCY ", "its numbers are each server's own"),
    ("LOLWUT", "art is each server's own"),
    ("MEMORY DOCTOR", "its text depends on the allocator"),
    ("MEMORY HELP", "a text of help"),
    ("MEMORY MALLOC-STATS", "its text depends on the allocator"),
    ("MEMORY PURGE", "nothing to compare"),
    ("MEMORY STATS", "its numbers depend on the allocator"),
    ("MIGRATE", "needs a third server"),
    ("MODULE ", "there are no modules; transcripts cover it"),
    (
        "MONITOR",
        "its lines tell times and ports; transcripts cover it",
    ),
    ("OBJECT HELP", "a text of help"),
    ("PSYNC", "turns the connection into a stream"),
    ("PUBSUB HELP", "a text of help"),
    ("REPLCONF", "internal"),
    ("REPLICAOF", "needs a primary"),
    ("ROLE", "its offset is each server's own"),
    ("SAVE", "writes files"),
    ("SHUTDOWN", "ends the server"),
    ("SLAVEOF", "needs a primary"),
    ("SLOWLOG ", "its numbers are each server's own"),
    ("SYNC", "turns the connection into a stream"),
    ("WAIT", "needs a replica"),
    ("WAITAOF", "needs a replica"),
    ("XGROUP HELP", "a text of help"),
    ("XINFO HELP", "a text of help"),
];

/// Commands about connections and their relations: those runs leave them out that look only at what becomes of the data
/// of one client.
const AMONG_CLIENTS: &[&str] = &[
    "AUTH",
    "BLMOVE",
    "BLMPOP",
    "BLPOP",
    "BRPOP",
    "BRPOPLPUSH",
    "BZMPOP",
    "BZPOPMAX",
    "BZPOPMIN",
    "CLIENT ",
    "PSUBSCRIBE",
    "PUNSUBSCRIBE",
    "QUIT",
    "RESET",
    "SSUBSCRIBE",
    "SUBSCRIBE",
    "SUNSUBSCRIBE",
    "UNSUBSCRIBE",
];

/// Commands that empty a database, or end what a client has begun: they are to run seldom.
const SELDOM: &[&str] = &[
    "AUTH",
    "CLIENT REPLY",
    "FLUSHALL",
    "FLUSHDB",
    "MOVE",
    "QUIT",
    "RESET",
    "SELECT",
    "SWAPDB",
];

/// Option tokens that the random run leaves out, each with its reason; transcripts cover them.
pub const TOKENS_LEFT_OUT: &[(&str, &str)] = &[(
    "STOREDIST",
    "a stored distance shows the last bit of the C library's sine, which one in a few hundred times is not the nearest",
)];

/// The groups of commands that the runs cover now; later families add theirs.
pub const GROUPS: &[&str] = &[
    "generic",
    "geo",
    "string",
    "hash",
    "list",
    "set",
    "sorted-set",
    "stream",
    "server",
    "connection",
    "bitmap",
    "hyperloglog",
    "pubsub",
    "transactions",
];

fn names(name: &str, entry: &str) -> bool {
    match entry.strip_suffix(' ') {
        Some(_) => name.starts_with(entry),
        None => name == entry,
    }
}

/// Does the run of several clients cover it?
pub fn in_scope(syntax: &Syntax) -> bool {
    let left_out = LEFT_OUT.iter().any(|(entry, _)| names(&syntax.name, entry));
    GROUPS.contains(&syntax.group.as_str()) && !left_out
}

/// Do those runs cover it in which one client changes data?
pub fn alone(syntax: &Syntax) -> bool {
    let among = AMONG_CLIENTS.iter().any(|entry| names(&syntax.name, entry));
    in_scope(syntax) && !among && syntax.group != "transactions"
}

pub fn is_seldom(name: &str) -> bool {
    SELDOM.contains(&name)
}
