//! The manifest of an append-only directory: which files make up the data, in which order.
//!
//! ```text
//!   file appendonly.aof.2.base.rdb seq 2 type b      what everything was at the last rewrite
//!   file appendonly.aof.1.incr.aof seq 1 type h      of before it: to be removed
//!   file appendonly.aof.2.incr.aof seq 2 type i      what came since, the last one is written to
//! ```
//!
//! Loading reads the base, then the increments by rising sequence number. A rewrite opens a new increment first, writes a new
//! base beside the old one, and only then makes a manifest that names the new base and calls all older files history.
use crate::base::{num, quote};
use crate::resp::parse::split_args;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Base,
    History,
    Increment,
}

/// One file of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: Vec<u8>,
    pub sequence: i64,
    pub kind: Kind,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    pub base: Option<Entry>,
    pub history: Vec<Entry>,
    /// By rising sequence number.
    pub increments: Vec<Entry>,
    base_sequence: i64,
    increment_sequence: i64,
}

/// Why a manifest cannot be read: the real server's words, and the line, if it is one line's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    pub text: &'static str,
    pub line: Option<(usize, Vec<u8>)>,
}

/// Longest line with its end, bytes.
const LINE_MAX: usize = 1023;

impl Manifest {
    /// Reads a manifest. Errors: the first line that is none, or that contradicts one before it.
    pub fn parse(text: &[u8]) -> Result<Manifest, ManifestError> {
        let whole = |text| ManifestError { text, line: None };
        if text.is_empty() {
            return Err(whole("Found an empty AOF manifest"));
        }
        let mut manifest = Manifest::default();
        let (mut rest, mut number) = (text, 0);
        while !rest.is_empty() {
            // A comment may be longer: what follows its first piece is read as a line of its own.
            let limit = rest.len().min(LINE_MAX);
            let end = rest[..limit].iter().position(|b| *b == b'\n');
            let (line, left) = rest.split_at(end.map_or(limit, |n| n + 1));
            (rest, number) = (left, number + 1);
            if line[0] == b'#' {
                continue;
            }
            if end.is_none() {
                return Err(whole("The AOF manifest file contains too long line"));
            }
            let line = line.trim_ascii();
            manifest.add(line).map_err(|text| ManifestError {
                text,
                line: Some((number, line.to_vec())),
            })?;
        }
        Ok(manifest)
    }

    fn add(&mut self, line: &[u8]) -> Result<(), &'static str> {
        let entry = Entry::parse(line)?;
        match entry.kind {
            Kind::Base if self.base.is_some() => {
                return Err("Found duplicate base file information");
            }
            Kind::Base => {
                self.base_sequence = entry.sequence;
                self.base = Some(entry);
            }
            Kind::History => self.history.push(entry),
            Kind::Increment if entry.sequence <= self.increment_sequence => {
                return Err("Found a non-monotonic sequence number");
            }
            Kind::Increment => {
                self.increment_sequence = entry.sequence;
                self.increments.push(entry);
            }
        }
        Ok(())
    }

    /// That of an append-only file from before there were manifests.
    pub fn of_old(name: &str) -> Manifest {
        Manifest {
            base: Some(Entry {
                name: name.as_bytes().to_vec(),
                sequence: 1,
                kind: Kind::Base,
            }),
            base_sequence: 1,
            ..Manifest::default()
        }
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let all = self
            .base
            .iter()
            .chain(&self.history)
            .chain(&self.increments);
        let mut out = Vec::new();
        all.for_each(|entry| entry.write(&mut out));
        out
    }

    /// The files to load, in order.
    pub fn files(&self) -> impl Iterator<Item = &Entry> {
        self.base.iter().chain(&self.increments)
    }

    /// Adds the next increment, named after `prefix` (`appendfilename`).
    pub fn open_increment(&mut self, prefix: &str) -> &Entry {
        self.increment_sequence += 1;
        let sequence = self.increment_sequence;
        self.increments.push(Entry {
            name: format!("{prefix}.{sequence}.incr.aof").into_bytes(),
            sequence,
            kind: Kind::Increment,
        });
        self.increments.last().expect("just pushed")
    }

    /// Forgets the files of before the last rewrite: their names.
    pub fn take_history(&mut self) -> Vec<Vec<u8>> {
        self.history.drain(..).map(|entry| entry.name).collect()
    }

    /// Makes a rewrite true: a new base takes the place of the old one and of all increments but the last `kept`, which are
    /// history from now on. `rdb`: the base begins with an RDB preamble.
    pub fn replace_base(&mut self, prefix: &str, rdb: bool, kept: usize) -> &Entry {
        self.base_sequence += 1;
        let (sequence, ending) = (self.base_sequence, if rdb { "rdb" } else { "aof" });
        let gone = self.increments.len().saturating_sub(kept);
        let old = self.base.take().into_iter();
        for mut entry in old.chain(self.increments.drain(..gone)) {
            entry.kind = Kind::History;
            self.history.push(entry);
        }
        self.base.insert(Entry {
            name: format!("{prefix}.{sequence}.base.{ending}").into_bytes(),
            sequence,
            kind: Kind::Base,
        })
    }
}

impl Entry {
    /// `file NAME seq N type LETTER`, pairs in any order, unknown ones skipped.
    fn parse(line: &[u8]) -> Result<Entry, &'static str> {
        const FORMAT: &str = "Invalid AOF manifest file format";
        let words = split_args(line).ok_or(FORMAT)?;
        if words.len() < 6 || !words.len().is_multiple_of(2) {
            return Err(FORMAT);
        }
        let (mut name, mut sequence, mut kind) = (None, 0, None);
        for pair in words.chunks_exact(2) {
            let (key, value) = (pair[0].as_slice(), pair[1].as_slice());
            if key.eq_ignore_ascii_case(b"file") {
                if value.contains(&b'/') {
                    return Err("File can't be a path, just a filename");
                }
                name = Some(value.to_vec());
            } else if key.eq_ignore_ascii_case(b"seq") {
                sequence = num::parse_i64(value).unwrap_or(0);
            } else if key.eq_ignore_ascii_case(b"type") {
                kind = match value.first() {
                    Some(b'b') => Some(Kind::Base),
                    Some(b'h') => Some(Kind::History),
                    Some(b'i') => Some(Kind::Increment),
                    _ => return Err("Unknown AOF file type"),
                };
            }
        }
        match (name, sequence, kind) {
            (Some(name), 1.., Some(kind)) if !name.is_empty() => Ok(Entry {
                name,
                sequence,
                kind,
            }),
            _ => Err(FORMAT),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let letter = match self.kind {
            Kind::Base => 'b',
            Kind::History => 'h',
            Kind::Increment => 'i',
        };
        out.extend_from_slice(b"file ");
        quote::word(out, &self.name);
        out.extend_from_slice(format!(" seq {} type {letter}\n", self.sequence).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &[u8]) -> (&'static str, Option<usize>) {
        let error = Manifest::parse(text).expect_err("it is wrong");
        (error.text, error.line.map(|(number, _)| number))
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut manifest = Manifest::default();
        manifest.open_increment("appendonly.aof");
        manifest.replace_base("appendonly.aof", true, 1);
        manifest.open_increment("append only.aof");
        manifest.replace_base("append only.aof", false, 1);
        let text = "file \"append only.aof.2.base.aof\" seq 2 type b\n\
                    file appendonly.aof.1.base.rdb seq 1 type h\n\
                    file appendonly.aof.1.incr.aof seq 1 type h\n\
                    file \"append only.aof.2.incr.aof\" seq 2 type i\n";
        assert_eq!(String::from_utf8_lossy(&manifest.to_bytes()), text);
        assert_eq!(Manifest::parse(text.as_bytes()), Ok(manifest));
    }

    #[test]
    fn a_wrong_line_is_named() {
        const FORMAT: &str = "Invalid AOF manifest file format";
        let good = b"file a seq 2 type i\n";
        let with = |line: &[u8]| error(&[good, line].concat());
        assert_eq!(error(b""), ("Found an empty AOF manifest", None));
        for line in [
            &b"\n"[..],
            b"foo bar\n",
            b"file a seq 0 type i\n",
            b"file a seq x type i\n",
            b"file a seq 3\n",
            b"file a seq 3 type i more\n",
            b"file \"a seq 3 type i\n",
        ] {
            assert_eq!(with(line), (FORMAT, Some(2)), "{}", line.escape_ascii());
        }
        let two = |text| (text, Some(2));
        assert_eq!(with(b"file a seq 3 type x\n"), two("Unknown AOF file type"));
        let path = "File can't be a path, just a filename";
        assert_eq!(with(b"file x/a seq 3 type i\n"), two(path));
        let order = "Found a non-monotonic sequence number";
        assert_eq!(with(b"file a seq 2 type i\n"), two(order));
        let base = b"file b seq 1 type b\n";
        let twice = error(&[&base[..], base].concat());
        assert_eq!(twice, two("Found duplicate base file information"));
        let long = "The AOF manifest file contains too long line";
        assert_eq!(with(b"file a seq 3 type i"), (long, None));
        assert!(Manifest::parse(b"# nothing\n").is_ok_and(|m| m.files().count() == 0));
    }
}
