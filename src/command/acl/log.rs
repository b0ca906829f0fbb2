//! ACL LOG: what was denied, newest first. The same thing again within a minute counts up instead of taking a place.
use crate::base::time::Millis;
use std::collections::VecDeque;

/// Entries that are the same are joined up to this age.
const JOIN_MS: Millis = 60_000;
/// Only so many of the newest entries are searched for the same.
const JOIN_AMONG: usize = 10;

/// Where a denied call came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Context {
    #[default]
    TopLevel,
    Multi,
    Script,
}

impl Context {
    /// The word for it in ACL LOG.
    pub fn name(self) -> &'static str {
        match self {
            Context::TopLevel => "toplevel",
            Context::Multi => "multi",
            Context::Script => "lua",
        }
    }
}

/// Something that was denied.
#[derive(Clone, Default)]
pub struct Entry {
    pub count: u64,
    /// `command`, `key`, `channel` or `auth`.
    pub reason: &'static str,
    pub context: Context,
    /// The command, key or channel.
    pub object: Vec<u8>,
    pub user: Vec<u8>,
    /// The connection as CLIENT LIST describes it.
    pub client: Vec<u8>,
    pub id: u64,
    pub created_ms: Millis,
    pub updated_ms: Millis,
}

/// The newest entries.
#[derive(Clone, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    next_id: u64,
}

impl Log {
    /// Adds an entry, of which at most `limit` are kept; its number, times and count are set here.
    pub fn add(&mut self, mut entry: Entry, now_ms: Millis, limit: usize) {
        if limit == 0 {
            return self.clear();
        }
        let same = |old: &Entry| {
            old.reason == entry.reason
                && old.context == entry.context
                && now_ms - old.updated_ms <= JOIN_MS
                && old.object == entry.object
                && old.user == entry.user
        };
        let known = self.entries.iter().take(JOIN_AMONG).position(same);
        (entry.count, entry.id) = (1, self.next_id);
        (entry.created_ms, entry.updated_ms) = (now_ms, now_ms);
        match known.and_then(|at| self.entries.remove(at)) {
            Some(old) => {
                entry.count += old.count;
                (entry.id, entry.created_ms) = (old.id, old.created_ms);
            }
            None => {
                self.next_id += 1;
                self.entries.truncate(limit - 1);
            }
        }
        self.entries.push_front(entry);
    }

    /// The entries, newest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// ACL LOG RESET.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
