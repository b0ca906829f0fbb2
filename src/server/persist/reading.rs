//! A snapshot that takes the place of nothing, slice by slice: at the start, in front of a log, from the primary, for DEBUG
//! RELOAD. What an input may do of it is `Storage::slice`; between two inputs clients are told LOADING.
use super::super::node::Node;
use crate::command::persistence::Loading;
use crate::commands::server::snapshot;
use crate::persist::rdb::load::{Load, Loaded};
use crate::persist::rdb::{Fault, Why};
use crate::script::library::Policy;

/// What one input may read: bytes of files, and what they unfold to. Less than 4 ms in a browser.
pub(in crate::server) const SLICE: usize = 32 << 10;
/// So many bytes are copied while one is read and understood.
pub(super) const COPIED: usize = 16;

/// A file, and how far it is read.
#[derive(Clone)]
pub(in crate::server) struct Reading {
    pub(super) bytes: Vec<u8>,
    load: Load,
    libraries: Policy,
}

impl Node {
    /// Begins to read a file; keys that have expired are left out unless `keep_expired`.
    pub(in crate::server) fn begin_reading(&self, bytes: Vec<u8>, keep_expired: bool) -> Reading {
        let room = usize::try_from(self.server.memory_ceiling).unwrap_or(usize::MAX);
        let options = snapshot::load_options(&self.ks, &self.config, room, keep_expired);
        let load = Load::new(options);
        Reading {
            bytes,
            load,
            libraries: Policy::Append,
        }
    }

    /// The same into data that stays, unless the file knows better.
    pub(super) fn begin_merging(&self, bytes: Vec<u8>) -> Reading {
        let mut options = snapshot::load_options(&self.ks, &self.config, usize::MAX, false);
        options.merge = true;
        Reading {
            bytes,
            load: Load::new(options),
            libraries: Policy::Replace,
        }
    }

    /// Reads on as far as the input may. What the file brought, or why it cannot be read; `None`: there is more of it.
    pub(in crate::server) fn read_slice(
        &mut self,
        reading: &mut Reading,
    ) -> Option<Result<Loaded, Fault>> {
        let slice = &mut self.storage.slice;
        let done = reading.load.go_on(&reading.bytes, &mut self.ks, slice);
        if let Some(loading) = &mut self.server.persist.loading {
            loading.loaded_bytes = loading.before_bytes + reading.load.position() as u64;
        }
        let loaded = done.transpose()?;
        Some(loaded.and_then(|loaded| {
            self.restore_functions(&loaded, reading.libraries)
                .map(|()| loaded)
        }))
    }

    /// Bytes were copied that are to be read yet.
    pub(super) fn spend(&mut self, copied: usize) {
        let slice = &mut self.storage.slice;
        *slice = slice.saturating_sub(copied / COPIED);
    }

    /// Whether this input may read any more.
    pub(in crate::server) fn may_read(&self) -> bool {
        self.storage.slice > 0
    }

    /// The data is there.
    pub(in crate::server) fn end_loading(&mut self) {
        self.ks.loading = false;
        self.server.persist.loading = None;
        self.ks.propagated.clear();
        self.ks.settle();
    }

    /// The function libraries that a file brought.
    fn restore_functions(&mut self, loaded: &Loaded, policy: Policy) -> Result<(), Fault> {
        let libraries = &mut self.server.libraries;
        let restored = libraries.restore(&loaded.functions, policy);
        restored.map_err(|why| Fault {
            at: 0,
            why: Why::Text(String::from_utf8_lossy(&why).into_owned().into()),
        })
    }

    /// From now on clients are told LOADING.
    pub(in crate::server) fn begin_loading(&mut self, total_bytes: u64) {
        self.ks.loading = true;
        let persist = &mut self.server.persist;
        persist.loading = Some(Loading {
            started_ms: self.ks.now_ms,
            total_bytes,
            ..Loading::default()
        });
        (persist.restricted, persist.active) = (true, true);
    }
}
