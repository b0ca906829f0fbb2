//! The append-only file: which files make it up, the bytes of one of them command by command, who wrote each, how much of
//! it is safe, and how far it is sound.
use super::Model;
use super::files::{self, FileModel};
use crate::base::quote::label;
use crate::base::time::Millis;
use crate::command::persistence::Background;
use crate::lab::desk::Desk;
use crate::lab::json::json_object;
use crate::persist::aof::check::{Piece, words};
use crate::server::Node;
use crate::sim::disk::Disk;

/// Most bytes and most commands of a window.
const WINDOW_BYTES: usize = 1 << 14;
const WINDOW_COMMANDS: u64 = 200;
/// Bytes of a command's words that are shown.
const SHOWN: usize = 120;

/// One file, and all others by their names.
#[derive(Debug, PartialEq)]
pub struct AofModel {
    pub files: Vec<FileModel>,
    /// The path of the one that is shown, if there is any.
    pub shown: String,
    /// `appendfsync`, or `off` without an append-only file.
    pub policy: String,
    /// A rewrite is under way.
    pub rewriting: bool,
    /// Bytes of a snapshot that it begins with.
    pub snapshot_bytes: u64,
    /// How far it was gone through so far, and how many commands were found.
    pub walked: u64,
    pub commands: u64,
    /// Whether that is all that can be.
    pub through: bool,
    /// Bytes up to which it is sound.
    pub ok_up_to: u64,
    /// The check tool's words, if it is not.
    pub verdict: Option<String>,
}
json_object! { AofModel:
    files, shown, policy, rewriting, snapshot_bytes, walked, commands, through, ok_up_to, verdict
}

/// Some bytes of a file, and the commands that they are part of.
#[derive(Debug, PartialEq)]
pub struct BytesModel {
    pub from: u64,
    /// A character a byte: of the number that the byte has.
    pub text: String,
    pub commands: Vec<WrittenModel>,
}
json_object! { BytesModel: from, text, commands }

/// A command of a file, or an annotation.
#[derive(Debug, PartialEq)]
pub struct WrittenModel {
    pub number: u64,
    pub start: u64,
    pub end: u64,
    pub command: bool,
    pub line: String,
    /// The command that wrote it, as it was counted, its client and when, if that is still known.
    pub ran: Option<u64>,
    pub client: Option<u64>,
    pub at_ms: Option<Millis>,
}
json_object! { WrittenModel: number, start, end, command, line, ran, client, at_ms }

/// The model of a file; of the increment that is written to if there is none of that name.
pub(super) fn model(desk: &mut Desk, disk: Option<&Disk>, node: &Node, path: &str) -> AofModel {
    let mut files = files::all(desk.files(disk));
    files.retain(|f| !matches!(f.role, "snapshot"));
    let known = files.iter().find(|f| f.path == path);
    let written = files.iter().find(|f| f.last && !f.brought);
    let shown = known.or(written).or(files.last());
    let shown = shown.map_or(String::new(), |f| f.path.clone());
    let policy = match node.has_aof() {
        true => String::from_utf8_lossy(&node.config().text("appendfsync")).into_owned(),
        false => "off".into(),
    };
    let mut model = AofModel {
        files,
        shown,
        policy,
        rewriting: node.server().persist.runs(Background::RewriteAof),
        snapshot_bytes: 0,
        walked: 0,
        commands: 0,
        through: true,
        ok_up_to: 0,
        verdict: None,
    };
    let Some((index, bytes)) = desk.open(disk, &model.shown) else {
        return model;
    };
    model.walked = index.walked() as u64;
    model.through = index.is_through();
    model.snapshot_bytes = index.fields.as_ref().map_or(0, |f| f.position()) as u64;
    let Some(commands) = &index.commands else {
        return model;
    };
    model.commands = commands.count;
    let verdict = commands.verdict();
    model.ok_up_to = verdict.ok_up_to as u64;
    if model.through && !verdict.is_valid() {
        let name = model.shown.rsplit('/').next().unwrap_or("");
        let report = verdict.report(name, bytes.len());
        model.verdict = Some(String::from_utf8_lossy(&report).into_owned());
    }
    model
}

/// The bytes of a file from `from` on, `len` at most.
pub(super) fn bytes(
    desk: &mut Desk,
    disk: Option<&Disk>,
    node: &Node,
    path: &str,
    (from, len): (usize, usize),
) -> Option<Model> {
    let (index, bytes) = desk.open(disk, path)?;
    let from = from.min(bytes.len());
    let to = from.saturating_add(len.min(WINDOW_BYTES)).min(bytes.len());
    let commands = index.commands.as_ref();
    let found = commands.map_or(Vec::new(), |c| c.window(bytes, from, to));
    let commands = found.iter().map(|found| written(node, path, bytes, found));
    Some(Model::Bytes(BytesModel {
        from: from as u64,
        text: bytes[from..to].iter().map(|b| char::from(*b)).collect(),
        commands: commands.collect(),
    }))
}

/// The commands of a file from number `first` on, `most` at most.
pub(super) fn commands(
    desk: &mut Desk,
    disk: Option<&Disk>,
    node: &Node,
    path: &str,
    (first, most): (usize, usize),
) -> Option<Model> {
    let (index, bytes) = desk.open(disk, path)?;
    let commands = index.commands.as_ref()?;
    let found = commands.numbered(bytes, first as u64, (most as u64).min(WINDOW_COMMANDS));
    let commands = found.iter().map(|found| written(node, path, bytes, found));
    Some(Model::Bytes(BytesModel {
        from: 0,
        text: String::new(),
        commands: commands.collect(),
    }))
}

fn written(node: &Node, path: &str, bytes: &[u8], (number, piece): &(u64, Piece)) -> WrittenModel {
    let line = match piece.is_command {
        true => line_of(bytes, piece),
        false => label(bytes[piece.start..piece.end].trim_ascii_end()),
    };
    let by = node.writer_of(path, piece.start);
    WrittenModel {
        number: *number,
        start: piece.start as u64,
        end: piece.end as u64,
        command: piece.is_command,
        line,
        ran: by.map(|by| by.number),
        client: by.map(|by| by.client),
        at_ms: by.map(|by| by.at_us / 1000),
    }
}

/// The words of a command, as far as they are shown.
fn line_of(bytes: &[u8], piece: &Piece) -> String {
    let words = words(bytes, piece, SHOWN);
    let labels: Vec<String> = words.iter().map(|word| label(word)).collect();
    labels.join(" ")
}
