//! The grammar of commands, read from COMMAND DOCS and COMMAND INFO.

use crate::peer::Peer;
use crate::reply::Reply;
use crate::scope::TOKENS_LEFT_OUT;
use std::collections::BTreeMap;

/// One argument of a command's syntax.
#[derive(Clone, Debug)]
pub struct Arg {
    pub name: String,
    pub kind: String,
    pub token: Option<String>,
    pub optional: bool,
    pub multiple: bool,
    /// The token is repeated with each repetition.
    pub multiple_token: bool,
    pub children: Vec<Arg>,
}

/// One command or subcommand.
#[derive(Clone, Debug)]
pub struct Syntax {
    /// In capitals, with its subcommand: `OBJECT ENCODING`.
    pub name: String,
    pub group: String,
    pub args: Vec<Arg>,
    pub tips: Vec<String>,
}

impl Syntax {
    pub fn tipped(&self, tip: &str) -> bool {
        self.tips.iter().any(|t| t == tip)
    }

    /// All option tokens.
    pub fn tokens(&self) -> Vec<&str> {
        fn gather<'a>(args: &'a [Arg], out: &mut Vec<&'a str>) {
            for arg in args {
                out.extend(arg.token.as_deref());
                gather(&arg.children, out);
            }
        }
        let mut out = Vec::new();
        gather(&self.args, &mut out);
        out
    }
}

fn arg(reply: &Reply) -> Arg {
    let text = |name: &str| reply.field(name).map(Reply::lossy);
    let flags: Vec<String> = reply
        .field("flags")
        .map(|f| f.items().into_iter().map(Reply::lossy).collect())
        .unwrap_or_default();
    let has = |flag: &str| flags.iter().any(|f| f == flag);
    Arg {
        name: text("name").unwrap_or_default(),
        kind: text("type").unwrap_or_default(),
        token: text("token").filter(|t| !t.is_empty()),
        optional: has("optional"),
        multiple: has("multiple"),
        multiple_token: has("multiple_token"),
        children: args(reply),
    }
}

fn covered(arg: &Arg) -> bool {
    !TOKENS_LEFT_OUT
        .iter()
        .any(|(token, _)| arg.token.as_deref() == Some(token))
}

fn args(reply: &Reply) -> Vec<Arg> {
    reply
        .field("arguments")
        .map(|a| a.items().into_iter().map(arg).filter(covered).collect())
        .unwrap_or_default()
}

/// Tips by full lower-case name (`object|encoding`), from COMMAND INFO.
fn tips(info: &Reply, out: &mut BTreeMap<String, Vec<String>>) {
    for row in info.items() {
        let fields = row.items();
        let [name, _, _, _, _, _, _, tips_of, _, subcommands] = fields[..] else {
            continue;
        };
        out.insert(
            name.lossy(),
            tips_of.items().into_iter().map(Reply::lossy).collect(),
        );
        tips(subcommands, out);
    }
}

fn collect(docs: &Reply, tips: &BTreeMap<String, Vec<String>>, out: &mut Vec<Syntax>) {
    for pair in docs.items().chunks(2) {
        let (name, doc) = (pair[0].lossy(), pair[1]);
        match doc.field("subcommands") {
            Some(subcommands) => collect(subcommands, tips, out),
            None => out.push(Syntax {
                name: name.to_uppercase().replace('|', " "),
                group: doc.field("group").map(Reply::lossy).unwrap_or_default(),
                args: args(doc),
                tips: tips.get(&name).cloned().unwrap_or_default(),
            }),
        }
    }
}

/// Every command that a peer has, sorted by name.
pub fn read(peer: &mut dyn Peer) -> Vec<Syntax> {
    let connection = peer.open();
    peer.ask(connection, "HELLO 3");
    let mut by_name = BTreeMap::new();
    tips(&peer.ask(connection, "COMMAND INFO"), &mut by_name);
    let mut out = Vec::new();
    collect(&peer.ask(connection, "COMMAND DOCS"), &by_name, &mut out);
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}
