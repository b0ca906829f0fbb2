//! What the values of each type are made of.
use super::kind;
use super::packs::Pack;

/// One thing in a value, with what it is there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    /// A string in any form.
    Text(&'static str),
    /// A number in the form of a length.
    Number(&'static str),
    /// A count, and so many times these.
    Times(&'static str, &'static [Item]),
    /// Eight bytes: ms since 1970.
    Moment(&'static str),
    /// Eight bytes.
    Double(&'static str),
    /// A number as text, after one byte for its length.
    Digits(&'static str),
    /// An id of a stream in sixteen bytes.
    Id(&'static str),
    /// A string that holds a compact encoding.
    Pack(Pack),
    /// What a node of a list holds, then the node.
    Node,
}
use Item::{Digits, Double, Id, Moment, Node, Number, Text, Times};

pub(super) const LARGE: &[Item] = &[Text("element")];
pub(super) const PACKED: &[Item] = &[Item::Pack(Pack::LIST)];

const CONSUMER: &[Item] = &[
    Text("consumer"),
    Moment("last seen"),
    Times("entries pending with it", &[Id("pending")]),
];
const CONSUMER_3: &[Item] = &[
    Text("consumer"),
    Moment("last seen"),
    Moment("last got something"),
    Times("entries pending with it", &[Id("pending")]),
];
const PENDING: &[Item] = &[
    Id("pending"),
    Moment("delivered"),
    Number("times delivered:"),
];
const GROUP: &[Item] = &[
    Text("group"),
    Number("last id delivered, ms:"),
    Number("last id delivered, sequence:"),
    Times("entries pending", PENDING),
    Times("consumers", CONSUMER),
];
const GROUP_2: &[Item] = &[
    Text("group"),
    Number("last id delivered, ms:"),
    Number("last id delivered, sequence:"),
    Number("entries read:"),
    Times("entries pending", PENDING),
    Times("consumers", CONSUMER),
];
const GROUP_3: &[Item] = &[
    Text("group"),
    Number("last id delivered, ms:"),
    Number("last id delivered, sequence:"),
    Number("entries read:"),
    Times("entries pending", PENDING),
    Times("consumers", CONSUMER_3),
];
const NODES: Item = Times(
    "nodes",
    &[Item::Pack(Pack::FirstId), Item::Pack(Pack::STREAM)],
);
const LAST: [Item; 3] = [
    Number("entries:"),
    Number("last id, ms:"),
    Number("last id, sequence:"),
];
const STREAM: &[Item] = &[NODES, LAST[0], LAST[1], LAST[2], Times("groups", GROUP)];
/// A stream since version 2: what it says of itself stands before its groups.
macro_rules! stream {
    ($group:ident) => {
        &[
            NODES,
            LAST[0],
            LAST[1],
            LAST[2],
            FIRST[0],
            FIRST[1],
            FIRST[2],
            FIRST[3],
            FIRST[4],
            Times("groups", $group),
        ]
    };
}
const STREAM_2: &[Item] = stream!(GROUP_2);
const STREAM_3: &[Item] = stream!(GROUP_3);
const FIRST: [Item; 5] = [
    Number("first id, ms:"),
    Number("first id, sequence:"),
    Number("greatest deleted id, ms:"),
    Number("greatest deleted id, sequence:"),
    Number("entries ever added:"),
];

/// The name of a type and what its values are made of; `None` where no value can be read.
pub(super) fn of_value(code: u8) -> Option<(&'static str, &'static [Item])> {
    Some(match code {
        kind::STRING => ("string", &[Text("value")]),
        kind::LIST => ("list", &[Times("elements", &[Text("element")])]),
        kind::SET => ("set", &[Times("members", &[Text("member")])]),
        kind::ZSET => (
            "sorted set, scores as text",
            &[Times("members", &[Text("member"), Digits("score")])],
        ),
        kind::HASH => ("hash", &[Times("fields", &[Text("field"), Text("value")])]),
        kind::ZSET_2 => (
            "sorted set",
            &[Times("members", &[Text("member"), Double("score")])],
        ),
        kind::HASH_ZIPMAP => ("hash as zipmap", &[Item::Pack(Pack::Zipmap)]),
        kind::LIST_ZIPLIST => ("list as ziplist", &[Item::Pack(Pack::ZIP_LIST)]),
        kind::SET_INTSET => ("set as intset", &[Item::Pack(Pack::INTS)]),
        kind::ZSET_ZIPLIST => ("sorted set as ziplist", &[Item::Pack(Pack::ZIP_ZSET)]),
        kind::HASH_ZIPLIST => ("hash as ziplist", &[Item::Pack(Pack::ZIP_HASH)]),
        kind::LIST_QUICKLIST => (
            "list of ziplists",
            &[Times("nodes", &[Item::Pack(Pack::ZIP_LIST)])],
        ),
        kind::STREAM => ("stream", STREAM),
        kind::HASH_LISTPACK => ("hash as listpack", &[Item::Pack(Pack::HASH)]),
        kind::ZSET_LISTPACK => ("sorted set as listpack", &[Item::Pack(Pack::ZSET)]),
        kind::LIST_QUICKLIST_2 => ("list of listpacks", &[Times("nodes", &[Node])]),
        kind::STREAM_2 => ("stream, version 2", STREAM_2),
        kind::SET_LISTPACK => ("set as listpack", &[Item::Pack(Pack::SET)]),
        kind::STREAM_3 => ("stream, version 3", STREAM_3),
        _ => return None,
    })
}
