//! What a node that is no part of a cluster answers to the questions of cluster clients.
use crate::command::{C, Command, Ctx, Error, F, Group, Outcome};

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[&[ASKING, CLUSTER, READONLY, READWRITE]];

const ASKING: Command = Command {
    name: "asking",
    arity: 1,
    flags: F::FAST,
    acl: C::CONNECTION,
    since: "3.0.0",
    group: Group::Cluster,
    summary: "Lets the next command reach a slot that is moving here.",
    run: disabled,
    ..Command::DEFAULT
};

fn disabled(_: &mut Ctx<'_>) -> Outcome {
    Err(Error::new("ERR This instance has cluster support disabled"))
}

const CLUSTER: Command = Command {
    name: "cluster",
    arity: -2,
    since: "3.0.0",
    group: Group::Cluster,
    complexity: "As its subcommands",
    summary: "Asks about and changes the cluster that this node is part of.",
    subs: &[HELP, INFO, KEYSLOT, MYID, NODES, SHARDS, SLOTS],
    ..Command::DEFAULT
};

const INFO: Command = Command {
    name: "info",
    parent: "cluster",
    arity: 2,
    flags: F::LOADING.with(F::STALE),
    since: "3.0.0",
    group: Group::Cluster,
    summary: "Tells how the cluster is, as this node sees it.",
    tips: &["nondeterministic_output"],
    run: disabled,
    ..Command::DEFAULT
};

const HELP: Command = Command {
    name: "help",
    since: "5.0.0",
    summary: "Lists the subcommands.",
    tips: &[],
    ..INFO
};

const KEYSLOT: Command = Command {
    name: "keyslot",
    arity: 3,
    flags: F::STALE,
    complexity: "O(N), N the bytes of the key",
    summary: "Tells which slot a key belongs to.",
    syntax: "key",
    tips: &[],
    ..INFO
};

const MYID: Command = Command {
    name: "myid",
    summary: "Gives this node's name in the cluster.",
    tips: &[],
    ..INFO
};

const NODES: Command = Command {
    name: "nodes",
    complexity: "O(N), N the nodes",
    summary: "Lists the nodes as this one has them in its file.",
    ..INFO
};

const SHARDS: Command = Command {
    name: "shards",
    since: "7.0.0",
    complexity: "O(N), N the nodes",
    summary: "Lists the shards: their slots and their nodes.",
    ..INFO
};

const SLOTS: Command = Command {
    name: "slots",
    complexity: "O(N), N the nodes",
    summary: "Lists the ranges of slots, each with the nodes that serve it.",
    ..INFO
};

const READONLY: Command = Command {
    name: "readonly",
    arity: 1,
    flags: F::LOADING.with(F::STALE).with(F::FAST),
    acl: C::CONNECTION,
    since: "3.0.0",
    group: Group::Cluster,
    summary: "Lets this connection read from a replica of a cluster.",
    run: accept,
    ..Command::DEFAULT
};

const READWRITE: Command = Command {
    name: "readwrite",
    summary: "Takes READONLY back.",
    ..READONLY
};

/// Outside a cluster every node serves all it has: there is nothing to remember.
fn accept(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.ok();
    Ok(())
}
