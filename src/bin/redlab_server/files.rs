//! The node's disk: real files in its directory. What takes a write head's time, an fsync, is done by another thread; its
//! answers come through a channel, and wake the event loop.
use mio::Waker;
use redlab::persist::disk::{Answer, DiskError, Done, Op, Request};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// See the head of this file.
pub struct Files {
    /// Files that are appended to, by name.
    open: BTreeMap<String, File>,
    to_sync: Sender<(u64, File)>,
    synced: Receiver<(u64, Done)>,
}

fn error(e: &io::Error) -> DiskError {
    match e.kind() {
        ErrorKind::NotFound => DiskError::NotFound,
        ErrorKind::StorageFull => DiskError::Full,
        ErrorKind::PermissionDenied => DiskError::Denied,
        _ => DiskError::Io,
    }
}

/// The path of a name; the empty one is the directory itself.
fn path(name: &str) -> &str {
    if name.is_empty() { "." } else { name }
}

impl Files {
    /// Files in the working directory; `waker` is told of each fsync that ended.
    pub fn new(waker: Arc<Waker>) -> Files {
        let (to_sync, files) = channel::<(u64, File)>();
        let (done, synced) = channel();
        std::thread::spawn(move || {
            for (number, file) in files {
                let result = file.sync_all().map(|()| Answer::Done);
                if done.send((number, result.map_err(|e| error(&e)))).is_err()
                    || waker.wake().is_err()
                {
                    return;
                }
            }
        });
        Files {
            open: BTreeMap::new(),
            to_sync,
            synced,
        }
    }

    /// The fsyncs that ended since the last call.
    pub fn take_synced(&mut self) -> Vec<(u64, Done)> {
        self.synced.try_iter().collect()
    }

    /// Does what is asked; `None`: the answer comes by [`Files::take_synced`].
    pub fn execute(&mut self, request: Request) -> Option<Done> {
        let to_sync = match &request.op {
            Op::Sync { path } => self.file(path).and_then(|file| file.try_clone()),
            Op::SyncDir { dir } => File::open(path(dir)),
            _ => return Some(self.run(request.op).map_err(|e| error(&e))),
        };
        let sent = to_sync.and_then(|file| {
            let sent = self.to_sync.send((request.number, file));
            sent.map_err(|_| ErrorKind::BrokenPipe.into())
        });
        sent.err().map(|e| Err(error(&e)))
    }

    fn file(&mut self, path: &str) -> io::Result<&mut File> {
        if !self.open.contains_key(path) {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            self.open.insert(path.into(), file);
        }
        self.open.get_mut(path).ok_or(ErrorKind::NotFound.into())
    }

    fn run(&mut self, op: Op) -> io::Result<Answer> {
        match op {
            Op::Create { path } => {
                self.open.remove(&path);
                File::create(&path)?;
            }
            Op::Append { path, bytes } => return append(self.file(&path)?, &bytes),
            Op::Truncate { path, len } => {
                OpenOptions::new().write(true).open(path)?.set_len(len)?
            }
            Op::Rename { from, to } => {
                fs::rename(&from, &to)?;
                self.open.remove(&to);
                if let Some(file) = self.open.remove(&from) {
                    self.open.insert(to, file);
                }
            }
            Op::Remove { path } => {
                self.open.remove(&path);
                fs::remove_file(path)?;
            }
            Op::Read { path, at, len } => return read(&File::open(path)?, at, len),
            Op::Length { path } => return Ok(Answer::Length(fs::metadata(path)?.len())),
            Op::MakeDir { dir } => fs::create_dir_all(dir)?,
            Op::Sync { .. } | Op::SyncDir { .. } => {}
        }
        Ok(Answer::Done)
    }
}

/// Writes as much as there is room for.
fn append(file: &mut File, bytes: &[u8]) -> io::Result<Answer> {
    let mut written = 0;
    while written < bytes.len() {
        match file.write(&bytes[written..]) {
            Ok(n) if n > 0 => written += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) if written == 0 => return Err(e),
            _ => break,
        }
    }
    Ok(Answer::Written(written))
}

fn read(file: &File, at: u64, len: usize) -> io::Result<Answer> {
    let mut bytes = vec![0; len];
    let mut have = 0;
    while have < len {
        match file.read_at(&mut bytes[have..], at + have as u64) {
            Ok(0) => break,
            Ok(n) => have += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    bytes.truncate(have);
    Ok(Answer::Bytes(bytes))
}
