//! In what two futures of a world differ.
use crate::base::quote::word;
use crate::keyspace::Keyspace;
use crate::keyspace::digest::Digest;
use crate::lab::json::json_object;
use crate::sim::world::{Host, World};
use std::collections::BTreeMap;

/// Keys of a machine that are named.
const KEYS: usize = 5;

/// The machines that differ; those of the first world, so that one which the second alone has is not among them.
pub struct DifferenceModel {
    hosts: Vec<HostDifference>,
}
json_object! { DifferenceModel: hosts }

struct HostDifference {
    name: String,
    /// How many keys have another value, or are in one world only, and some of their names.
    keys: u64,
    some: Vec<String>,
    /// Replication offsets; `None` where no server runs.
    offset: Option<i64>,
    other_offset: Option<i64>,
}
json_object! { HostDifference: name, keys, some, offset, other_offset }

/// Compares the data and the offsets of each machine. O(data).
pub fn difference(one: &World, other: &World) -> DifferenceModel {
    let hosts = one.hosts().iter().filter_map(|host| {
        let name = &host.setup.name;
        let twin = other.host_named(name).map(|id| &other.hosts()[id]);
        between(host, twin)
    });
    DifferenceModel {
        hosts: hosts.collect(),
    }
}

fn between(host: &Host, twin: Option<&Host>) -> Option<HostDifference> {
    let offset = |host: &Host| host.node().map(|node| node.server().repl.history.offset);
    let (offset, other_offset) = (offset(host), twin.and_then(offset));
    let mut data = data_of(Some(host));
    for (key, digest) in data_of(twin) {
        match data.get(&key) {
            Some(own) if *own == digest => drop(data.remove(&key)),
            Some(_) => {}
            None => drop(data.insert(key, digest)),
        }
    }
    if data.is_empty() && offset == other_offset {
        return None;
    }
    Some(HostDifference {
        name: host.setup.name.clone(),
        keys: data.len() as u64,
        some: data.keys().take(KEYS).map(|(_, key)| shown(key)).collect(),
        offset,
        other_offset,
    })
}

/// The digest of each key, by database and name. Nothing where no server runs.
fn data_of(host: Option<&Host>) -> BTreeMap<(usize, Vec<u8>), [u8; 20]> {
    let Some(node) = host.and_then(Host::node) else {
        return BTreeMap::new();
    };
    let keyspace: &Keyspace = node.keyspace();
    let mut data = BTreeMap::new();
    for index in 0..keyspace.count() {
        let table = keyspace.table(index);
        for (id, name, object) in table.dict().iter() {
            let digest = Digest::of_value(object, table.expire_at(id).is_some());
            data.insert((index, name.to_vec()), digest.0);
        }
    }
    data
}

fn shown(key: &[u8]) -> String {
    let mut out = Vec::new();
    word(&mut out, key);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::world::{Act, HERE, Setup};

    #[test]
    fn futures_differ_in_what_was_written() {
        let mut world = World::new(1, 1_700_000_000_000_000);
        for name in ["n1", "n2"] {
            world.act(Act::Add(Setup::named(name))).expect("room");
        }
        let at = world.act(Act::Connect { to: 0, place: HERE });
        let session = at.expect("it is there");
        let mut other = world.clone();
        for (world, bytes) in [
            (&mut world, &b"SET a 1\r\nSET b 1\r\n"[..]),
            (&mut other, b"SET a 1\r\nSET b 2\r\nSET c 1\r\n"),
        ] {
            let bytes = bytes.to_vec();
            let sent = world.act(Act::Send { session, bytes });
            sent.expect("it is one");
            world.run_until(world.now_us() + 1_000_000, u64::MAX);
        }
        let found = difference(&world, &other);
        assert_eq!(found.hosts.len(), 1);
        let n1 = &found.hosts[0];
        assert_eq!((n1.name.as_str(), n1.keys), ("n1", 2));
        assert_eq!(n1.some, ["b", "c"]);
        assert!(difference(&world, &world.clone()).hosts.is_empty());
    }
}
