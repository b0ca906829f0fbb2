//! Which commands the random runs cover.

use crate::grammar::Syntax;

/// Commands that the random run leaves out, each with its reason. A trailing space stands for all subcommands.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("ACL ", "changes who may do what; transcripts cover it"),
    ("AUTH", "transcripts and protocol cases cover it"),
    ("BGREWRITEAOF", "writes files"),
    ("BGSAVE", "writes files"),
    ("BLMOVE", "blocks the one connection of the run"),
    ("BLMPOP", "blocks the one connection of the run"),
    ("BLPOP", "blocks the one connection of the run"),
    ("BRPOP", "blocks the one connection of the run"),
    ("BRPOPLPUSH", "blocks the one connection of the run"),
    ("BZMPOP", "blocks the one connection of the run"),
    ("BZPOPMAX", "blocks the one connection of the run"),
    ("BZPOPMIN", "blocks the one connection of the run"),
    (
        "CLIENT ",
        "about connections, not data; transcripts cover it",
    ),
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
    ("MONITOR", "turns the connection into a stream"),
    ("OBJECT HELP", "a text of help"),
    ("PSUBSCRIBE", "turns the connection into a stream"),
    ("PSYNC", "turns the connection into a stream"),
    ("PUBSUB HELP", "a text of help"),
    ("QUIT", "protocol cases cover it"),
    ("REPLCONF", "internal"),
    ("REPLICAOF", "needs a primary"),
    ("RESET", "protocol cases cover it"),
    ("ROLE", "its offset is each server's own"),
    ("SAVE", "writes files"),
    ("SHUTDOWN", "ends the server"),
    ("SLAVEOF", "needs a primary"),
    ("SLOWLOG ", "its numbers are each server's own"),
    ("SSUBSCRIBE", "turns the connection into a stream"),
    ("SUBSCRIBE", "turns the connection into a stream"),
    ("SYNC", "turns the connection into a stream"),
    ("WAIT", "needs a replica"),
    ("WAITAOF", "needs a replica"),
    ("XGROUP HELP", "a text of help"),
    ("XINFO HELP", "a text of help"),
];

/// Option tokens that the random run leaves out, each with its reason; transcripts cover them.
pub const TOKENS_LEFT_OUT: &[(&str, &str)] = &[(
    "STOREDIST",
    "a stored distance shows the last bit of the C library's sine, which one in a few hundred times is not the nearest",
)];

/// The groups of commands that the run covers now; later families add theirs.
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
];

pub fn in_scope(syntax: &Syntax) -> bool {
    let left_out = |(name, _): &(&str, &str)| match name.strip_suffix(' ') {
        Some(parent) => syntax.name.starts_with(name) && !parent.is_empty(),
        None => syntax.name == *name,
    };
    GROUPS.contains(&syntax.group.as_str()) && !LEFT_OUT.iter().any(left_out)
}
