//! What a node asks of a disk, and what it is told: it asks by requests, in order, and never knows which disk answers.
//!
//! Names are relative to the node's directory (`dir`). A write is done once the kernel has it; what survives a power cut is
//! what was synced: bytes by [`Op::Sync`], names by [`Op::SyncDir`].
use std::collections::BTreeMap;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Makes an empty file, or a file empty.
    Create {
        path: String,
    },
    /// Makes `bytes` the end of a file, which need not exist: [`Answer::Written`].
    Append {
        path: String,
        bytes: Vec<u8>,
    },
    /// Cuts a file to `len` bytes.
    Truncate {
        path: String,
        len: u64,
    },
    /// Brings what a file has now to the platter.
    Sync {
        path: String,
    },
    /// Brings the names in a directory to the platter; the empty name is the node's own directory.
    SyncDir {
        dir: String,
    },
    /// What had the name `to` is gone.
    Rename {
        from: String,
        to: String,
    },
    Remove {
        path: String,
    },
    /// Up to `len` bytes from `at` on: [`Answer::Bytes`]; fewer only at the end of the file.
    Read {
        path: String,
        at: u64,
        len: usize,
    },
    /// How long a file is: [`Answer::Length`].
    Length {
        path: String,
    },
    /// Makes a directory, unless it is there.
    MakeDir {
        dir: String,
    },
}

/// An [`Op`] with the number that its answer comes under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub number: u64,
    pub op: Op,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// How many bytes found room.
    Written(usize),
    Bytes(Vec<u8>),
    Length(u64),
}

/// Why it did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskError {
    /// No file of that name (ENOENT).
    NotFound,
    /// No room (ENOSPC).
    Full,
    /// The device failed (EIO).
    Io,
    /// The file may not be touched (EACCES).
    Denied,
}

impl DiskError {
    /// The words of the C library.
    pub fn text(self) -> &'static str {
        match self {
            DiskError::NotFound => "No such file or directory",
            DiskError::Full => "No space left on device",
            DiskError::Io => "Input/output error",
            DiskError::Denied => "Permission denied",
        }
    }
}

/// Either.
pub type Done = Result<Answer, DiskError>;

/// A disk that is memory and nothing else: done at once, and gone with the process.
#[derive(Clone, Default)]
pub struct MemoryDisk {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryDisk {
    /// The bytes of a file.
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    fn file(&mut self, path: &str) -> Result<&mut Vec<u8>, DiskError> {
        self.files.get_mut(path).ok_or(DiskError::NotFound)
    }

    /// Does what is asked. O(bytes).
    pub fn execute(&mut self, op: Op) -> Done {
        match op {
            Op::Create { path } => drop(self.files.insert(path, Vec::new())),
            Op::Append { path, bytes } => {
                self.files
                    .entry(path)
                    .or_default()
                    .extend_from_slice(&bytes);
                return Ok(Answer::Written(bytes.len()));
            }
            Op::Truncate { path, len } => {
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                self.file(&path)?.truncate(len);
            }
            Op::Rename { from, to } => {
                let bytes = self.files.remove(&from).ok_or(DiskError::NotFound)?;
                self.files.insert(to, bytes);
            }
            Op::Remove { path } => drop(self.files.remove(&path).ok_or(DiskError::NotFound)?),
            Op::Read { path, at, len } => {
                let bytes = self.file(&path)?;
                let at = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                let end = at.saturating_add(len).min(bytes.len());
                return Ok(Answer::Bytes(bytes[at..end].to_vec()));
            }
            Op::Length { path } => return Ok(Answer::Length(self.file(&path)?.len() as u64)),
            Op::Sync { path } => drop(self.file(&path)?),
            Op::SyncDir { .. } | Op::MakeDir { .. } => {}
        }
        Ok(Answer::Done)
    }
}
