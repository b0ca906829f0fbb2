//! A snapshot file, field by field.
use super::files::{self, FileModel};
use super::{Model, hex};
use crate::base::time::Millis;
use crate::lab::desk::Desk;
use crate::lab::json::json_object;
use crate::persist::rdb::annotate::Note;
use crate::sim::disk::Disk;

/// Most fields of a window.
const WINDOW: u64 = 200;
/// Bytes of a field that are shown in its row.
const SHOWN: usize = 16;

/// One file, and all other snapshots by their names.
#[derive(Debug, PartialEq)]
pub struct RdbModel {
    pub files: Vec<FileModel>,
    /// The path of the one that is shown, if there is any.
    pub shown: String,
    pub bytes: u64,
    /// How far it was gone through so far, and what was found.
    pub walked: u64,
    pub fields: u64,
    pub keys: u64,
    /// Whether that is all that can be, and whether the file was read to its end.
    pub through: bool,
    pub whole: bool,
    /// Where the snapshot ends; commands may stand behind it.
    pub end: u64,
    /// What the last field says: whether the checksum fits, or why no more could be read.
    pub last: String,
}
json_object! { RdbModel: files, shown, bytes, walked, fields, keys, through, whole, end, last }

/// Some fields.
#[derive(Debug, PartialEq)]
pub struct FieldsModel {
    pub first: u64,
    pub fields: Vec<FieldModel>,
}
json_object! { FieldsModel: first, fields }

/// A field.
#[derive(Debug, PartialEq)]
pub struct FieldModel {
    pub at: u64,
    pub len: u64,
    pub head: u64,
    pub section: String,
    pub kind: &'static str,
    pub text: String,
    pub at_ms: Option<Millis>,
    /// Its first bytes.
    pub hex: Vec<String>,
}
json_object! { FieldModel: at, len, head, section, kind, text, at_ms, hex }

/// The model of a file; of `dump.rdb` if there is none of that name.
pub(super) fn model(desk: &mut Desk, disk: Option<&Disk>, path: &str) -> RdbModel {
    let mut files = files::all(desk.files(disk));
    files.retain(|f| f.form == "rdb" || (f.role.is_empty() && f.name.ends_with(".rdb")));
    let known = files.iter().find(|f| f.path == path);
    let saved = files.iter().find(|f| f.role == "snapshot" && !f.brought);
    let shown = known.or(saved).or(files.first());
    let mut model = RdbModel {
        shown: shown.map_or(String::new(), |f| f.path.clone()),
        files,
        bytes: 0,
        walked: 0,
        fields: 0,
        keys: 0,
        through: true,
        whole: false,
        end: 0,
        last: String::new(),
    };
    if let Some((index, bytes)) = desk.open(disk, &model.shown) {
        model.bytes = bytes.len() as u64;
        if let Some(fields) = &index.fields {
            model.walked = fields.position() as u64;
            (model.fields, model.keys) = (fields.count, fields.keys);
            (model.through, model.whole) = (fields.done, fields.is_whole());
            model.end = fields.position() as u64;
            model.last.clone_from(&fields.last);
        }
    }
    model
}

/// The fields of a file from number `first` on, `most` at most.
pub(super) fn fields(
    desk: &mut Desk,
    disk: Option<&Disk>,
    path: &str,
    (first, most): (usize, usize),
) -> Option<Model> {
    let (index, bytes) = desk.open(disk, path)?;
    let (first, most) = (first as u64, (most as u64).min(WINDOW));
    let notes = index.fields.as_ref()?.window(bytes, first, most);
    let fields = notes.into_iter().map(|note| field(bytes, note)).collect();
    Some(Model::Fields(FieldsModel { first, fields }))
}

/// The number of the field that a byte belongs to, as a window of that one field.
pub(super) fn field_at(
    desk: &mut Desk,
    disk: Option<&Disk>,
    path: &str,
    offset: usize,
) -> Option<Model> {
    let (index, bytes) = desk.open(disk, path)?;
    let first = index.fields.as_ref()?.at(bytes, offset);
    fields(desk, disk, path, (first as usize, 1))
}

fn field(bytes: &[u8], note: Note) -> FieldModel {
    let shown = &bytes[note.at..note.at + note.len.min(SHOWN)];
    FieldModel {
        at: note.at as u64,
        len: note.len as u64,
        head: note.head as u64,
        section: note.section,
        kind: note.kind,
        text: note.text,
        at_ms: note.at_ms,
        hex: shown.iter().map(hex).collect(),
    }
}
