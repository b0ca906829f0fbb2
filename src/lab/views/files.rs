//! The files of a disk and those that were brought, with what each is for.
use crate::lab::desk::{BROUGHT, Files};
use crate::lab::json::json_object;
use crate::persist::aof::manifest::{Kind, Manifest};

/// A file.
#[derive(Debug, PartialEq)]
pub struct FileModel {
    pub path: String,
    /// Its name without the way to it.
    pub name: String,
    /// `manifest`, `base`, `increment`, `history`, `snapshot`, or `` where nothing names it.
    pub role: &'static str,
    /// The increment that is written to.
    pub last: bool,
    /// `rdb`, `aof` or `text`, by its first bytes.
    pub form: &'static str,
    pub bytes: u64,
    pub platter: u64,
    pub in_flight: u64,
    pub brought: bool,
}
json_object! { FileModel: path, name, role, last, form, bytes, platter, in_flight, brought }

/// All files: of each directory first what its manifest names, in the order of reading.
pub(super) fn all(files: Files<'_>) -> Vec<FileModel> {
    let manifests: Vec<(&str, Manifest)> = files
        .all()
        .filter(|path| path.ends_with(".manifest"))
        .filter_map(|path| Some((path, Manifest::parse(files.read(path)?).ok()?)))
        .collect();
    let mut found: Vec<(u64, FileModel)> = files
        .all()
        .filter_map(|path| model(files, path, &manifests))
        .collect();
    // Stable: what is equal stays in the order of names.
    found.sort_by_key(|(place, file)| (file.brought, *place));
    found.into_iter().map(|(_, file)| file).collect()
}

fn model(files: Files<'_>, path: &str, manifests: &[(&str, Manifest)]) -> Option<(u64, FileModel)> {
    let bytes = files.read(path)?;
    let extent = files.extent(path)?;
    let (dir, name) = path.split_at(path.rfind('/').map_or(0, |end| end + 1));
    let (mut role, mut place, mut last) = ("", 4, false);
    if path.ends_with(".manifest") {
        (role, place) = ("manifest", 0);
    }
    for (_, manifest) in manifests.iter().filter(|(m, _)| m.starts_with(dir)) {
        let all = manifest.history.iter().chain(manifest.files());
        let entry = all.into_iter().find(|e| e.name == name.as_bytes());
        (role, place) = match entry.map(|e| e.kind) {
            Some(Kind::History) => ("history", 1),
            Some(Kind::Base) => ("base", 2),
            Some(Kind::Increment) => ("increment", 3),
            None => continue,
        };
        let written_to = manifest.increments.last();
        last = written_to.is_some_and(|e| e.name == name.as_bytes());
    }
    let rdb = bytes.starts_with(b"REDIS");
    if role.is_empty() && rdb && !name.ends_with(".aof") {
        (role, place) = ("snapshot", 5);
    }
    let file = FileModel {
        path: path.into(),
        name: name.into(),
        role,
        last,
        form: match bytes.first() {
            _ if rdb => "rdb",
            Some(b'*' | b'#') => "aof",
            None if role != "manifest" => "aof",
            _ => "text",
        },
        bytes: extent.cached as u64,
        platter: extent.platter as u64,
        in_flight: extent.in_flight as u64,
        brought: path.starts_with(BROUGHT),
    };
    Some((place, file))
}
