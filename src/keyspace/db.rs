//! One database as a command sees it: lookups that expire, writes that keep the books.
use super::{Class, Event, Keyspace, Propagated, Str, Table, Typed, Value, WrongType, verb};
use crate::base::time::Millis;
use crate::ds::dict::EntryId;

/// Database `index` of a keyspace.
pub struct Db<'a> {
    /// All databases: for commands that work on more than one.
    pub ks: &'a mut Keyspace,
    /// The selected one.
    pub index: usize,
}

impl Db<'_> {
    /// The same keyspace, another database.
    pub fn other(&mut self, index: usize) -> Db<'_> {
        Db { ks: self.ks, index }
    }

    /// The table, read only.
    #[inline(always)]
    pub fn table(&self) -> &Table {
        &self.ks.tables[self.index]
    }

    #[inline(always)]
    fn table_mut(&mut self) -> &mut Table {
        &mut self.ks.tables[self.index]
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.table().len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.table().is_empty()
    }

    /// The time that expiry is judged by.
    pub fn now_ms(&self) -> Millis {
        self.ks.now_ms
    }

    /// Whether a key that is to expire at this moment need not be stored at all. A replica leaves that to its primary.
    pub fn is_past(&self, at_ms: Millis) -> bool {
        self.has_come(at_ms) && !self.ks.follows
    }

    #[inline(always)]
    fn has_come(&self, at_ms: Millis) -> bool {
        at_ms <= self.ks.now_ms && !self.ks.loading && !self.ks.obeys
    }

    /// The entry of a key that has not expired; an expired one is deleted here, as on every access. O(1).
    #[inline]
    pub fn live(&mut self, key: &[u8]) -> Option<EntryId> {
        if !self.ks.quiet {
            self.table_mut().step();
        }
        let id = self.table().find(key)?;
        if self.is_expired(id) {
            if !self.ks.quiet && !self.ks.paused && !self.ks.follows {
                self.expire_now(id);
            }
            return None;
        }
        Some(id)
    }

    /// Deletes a key because its time has come; followers are told.
    pub(super) fn expire_now(&mut self, id: EntryId) {
        self.ks.stats.expired += 1;
        let lazy = self.ks.params.lazy_expire;
        self.drop_key(id, Class::EXPIRED, "expired", lazy);
    }

    /// Deletes a key that no client asked to delete; followers are told.
    pub(super) fn drop_key(&mut self, id: EntryId, class: Class, event: &'static str, lazy: bool) {
        let key = self.table().key(id).to_vec();
        let value = self.remove_entry(id);
        self.free(&value, lazy);
        self.touch(&key);
        self.notify(class, event, &key);
        self.ks.propagated.push(Propagated {
            db: self.index,
            argv: vec![verb(lazy).to_vec(), key],
        });
    }

    fn remove_entry(&mut self, id: EntryId) -> Value {
        if !self.ks.waiting.is_empty() {
            let key = self.table().key(id).to_vec();
            self.ks.signal_gone(self.index, &key);
        }
        let (object, bytes) = self.table_mut().remove(id);
        self.ks.data_bytes -= bytes;
        object.value
    }

    /// Looks a key up to read it: counts a hit or a miss and moves its LRU or LFU field.
    pub fn read(&mut self, key: &[u8]) -> Option<&Value> {
        match self.live(key) {
            Some(id) => {
                self.ks.stats.hits += 1;
                if !self.ks.quiet {
                    self.used(id);
                }
                Some(&self.table().object(id).value)
            }
            None => {
                self.ks.stats.misses += 1;
                self.notify(Class::KEY_MISS, "keymiss", key);
                None
            }
        }
    }

    /// Looks a key up without a trace in statistics or LRU (TYPE, OBJECT, TTL, probes). Expires lazily all the same.
    pub fn peek(&mut self, key: &[u8]) -> Option<&Value> {
        let id = self.live(key)?;
        Some(&self.table().object(id).value)
    }

    /// Looks a key up for a command that asks about it but does not use it (EXISTS, TTL, TYPE, OBJECT): a hit or miss is
    /// counted, its LRU or LFU field stays. `tell_miss` sends the event of a miss.
    pub fn probe(&mut self, key: &[u8], tell_miss: bool) -> Option<EntryId> {
        let found = self.live(key);
        if found.is_some() {
            self.ks.stats.hits += 1;
            return found;
        }
        self.ks.stats.misses += 1;
        if tell_miss {
            self.notify(Class::KEY_MISS, "keymiss", key);
        }
        None
    }

    /// Looks a key up to change it in place: no hit or miss is counted, its memory is measured again after the command.
    pub fn write(&mut self, key: &[u8]) -> Option<&mut Value> {
        let id = self.live(key)?;
        self.ks.touched.push((self.index, id));
        self.used(id);
        Some(&mut self.table_mut().object_mut(id).value)
    }

    /// [`Db::read`] for a command that works on one type.
    pub fn read_as<T: Typed>(&mut self, key: &[u8]) -> Result<Option<&T>, WrongType> {
        match self.read(key) {
            Some(v) => T::of(v).map(Some).ok_or(WrongType),
            None => Ok(None),
        }
    }

    /// [`Db::write`] for a command that works on one type.
    pub fn write_as<T: Typed>(&mut self, key: &[u8]) -> Result<Option<&mut T>, WrongType> {
        match self.write(key) {
            Some(v) => T::of_mut(v).map(Some).ok_or(WrongType),
            None => Ok(None),
        }
    }

    /// [`Db::write_as`] for a second look at the same key: that is no second use.
    pub fn edit_as<T: Typed>(&mut self, key: &[u8]) -> Result<Option<&mut T>, WrongType> {
        let Some(id) = self.live(key) else {
            return Ok(None);
        };
        self.ks.touched.push((self.index, id));
        let value = &mut self.table_mut().object_mut(id).value;
        T::of_mut(value).map(Some).ok_or(WrongType)
    }

    /// Whether the key is there, counted as a use: for a command that finds it and leaves it alone.
    pub fn uses_key(&mut self, key: &[u8]) -> bool {
        let found = self.live(key);
        if let Some(id) = found {
            self.used(id);
        }
        found.is_some()
    }

    /// The value to change, made by `new` if the key is not there (the caller must then leave an element in it).
    pub fn write_or<T: Typed>(
        &mut self,
        key: &[u8],
        new: impl FnOnce() -> T,
    ) -> Result<&mut T, WrongType> {
        let id = match self.live(key) {
            Some(id) => {
                self.used(id);
                id
            }
            None => self.add(key, new().wrap()),
        };
        self.ks.touched.push((self.index, id));
        T::of_mut(&mut self.table_mut().object_mut(id).value).ok_or(WrongType)
    }

    /// Adds a key that is known not to be there.
    fn add(&mut self, key: &[u8], value: Value) -> EntryId {
        let mut value = Some(value);
        self.slot(key, || value.take().expect("the key is not there"))
    }

    /// Stores a value, whatever the key held before; its expiry goes unless `keep_ttl`. Watchers are told, no event is sent.
    /// One look into the dictionary.
    pub fn set(&mut self, key: &[u8], value: Value, keep_ttl: bool) {
        let mut value = Some(value);
        let id = self.slot(key, || value.take().expect("the closure runs once"));
        if let Some(value) = value {
            self.used(id);
            let old = std::mem::replace(&mut self.table_mut().object_mut(id).value, value);
            self.free(&old, self.ks.params.lazy_server_del);
        }
        self.stored(id, key, keep_ttl);
    }

    /// Stores a string as SET does.
    pub fn set_str(&mut self, key: &[u8], bytes: &[u8], keep_ttl: bool) {
        let mut new = false;
        let id = self.slot(key, || {
            new = true;
            Value::Str(Str::new(bytes))
        });
        if !new {
            self.used(id);
            let value = &mut self.table_mut().object_mut(id).value;
            let done = match value {
                Value::Str(old) => old.overwrite_in_place(bytes),
                _ => false,
            };
            if !done {
                let old = std::mem::replace(value, Value::Str(Str::new(bytes)));
                self.free(&old, self.ks.params.lazy_server_del);
            }
        }
        self.stored(id, key, keep_ttl);
    }

    /// The entry to store a value in, made if the key is not there. An expired key counts as gone first, so that the log
    /// and KEEPTTL see it so.
    fn slot(&mut self, key: &[u8], mut value: impl FnMut() -> Value) -> EntryId {
        let lru = self.ks.fresh_use();
        let (mut id, mut new) = self.table_mut().slot(key, lru, &mut value);
        if !new && self.is_expired(id) {
            self.expire_now(id);
            (id, new) = self.table_mut().slot(key, lru, &mut value);
        }
        if new {
            self.notify(Class::NEW, "new", key);
        }
        if !self.ks.waiting.is_empty() {
            match new {
                true => self.ks.signal_come(self.index, key),
                false => self.ks.signal_gone(self.index, key),
            }
        }
        id
    }

    /// The books of a value that was just stored.
    fn stored(&mut self, id: EntryId, key: &[u8], keep_ttl: bool) {
        self.ks.data_bytes += self.ks.tables[self.index].stored(id, keep_ttl);
        self.touch(key);
    }

    #[inline(always)]
    fn is_expired(&self, id: EntryId) -> bool {
        self.table()
            .expire_at(id)
            .is_some_and(|at| self.has_come(at))
    }

    /// Deletes a key; whether it was there (an expired one was not). Watchers are told, no event is sent.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        let lazy = self.ks.params.lazy_server_del;
        self.remove_as(key, lazy)
    }

    /// [`Db::remove`] where the command says whether a real server would free the value in another thread.
    pub fn remove_as(&mut self, key: &[u8], lazy: bool) -> bool {
        match self.take(key) {
            Some((value, _)) => {
                self.free(&value, lazy);
                true
            }
            None => false,
        }
    }

    /// Counts a value that goes, if it is one that a real server frees in another thread. (Here there is none.)
    fn free(&mut self, value: &Value, lazy: bool) {
        if lazy && value.is_long_to_free() {
            self.ks.stats.lazy_freed += 1;
        }
    }

    /// Deletes a key and hands out its value and expiry.
    pub fn take(&mut self, key: &[u8]) -> Option<(Value, Option<Millis>)> {
        let id = self.live(key)?;
        let at = self.table().expire_at(id);
        let value = self.remove_entry(id);
        self.touch(key);
        Some((value, at))
    }

    /// Deletes the key if its aggregate has no element left, with the `del` event; whether it did.
    pub fn remove_if_empty(&mut self, key: &[u8]) -> bool {
        let Some(id) = self.table().find(key) else {
            return false;
        };
        if !self.table().object(id).value.is_empty() {
            return false;
        }
        self.remove_entry(id);
        self.touch(key);
        self.notify(Class::GENERIC, "del", key);
        true
    }

    /// Whether the key is there. No statistics.
    pub fn exists(&mut self, key: &[u8]) -> bool {
        self.live(key).is_some()
    }

    /// When the key expires, in ms since 1970.
    pub fn expire_at(&mut self, key: &[u8]) -> Option<Millis> {
        let id = self.live(key)?;
        self.table().expire_at(id)
    }

    /// Makes room for keys that are about to be loaded. O(keys).
    pub fn expect_keys(&mut self, keys: usize) {
        self.table_mut().expect_keys(keys);
    }

    /// Adds a key that a file brings; false if it is there already. No event is sent, no watcher told.
    pub fn load(&mut self, key: &[u8], value: Value, at: Option<Millis>, lru: u32) -> bool {
        let mut value = Some(value);
        let make = || value.take().expect("the closure runs once");
        let (id, new) = self.table_mut().slot(key, lru, make);
        if new {
            self.ks.data_bytes += self.ks.tables[self.index].stored(id, false);
            if let Some(at) = at {
                self.table_mut().set_expire(id, at);
            }
        }
        new
    }

    /// Sets the LRU or LFU field of a key that is there.
    pub fn set_lru(&mut self, key: &[u8], field: u32) {
        if let Some(id) = self.table().find(key) {
            self.table_mut().set_use(id, field);
        }
    }

    /// Sets when the key expires (ms since 1970); whether the key is there. No event.
    pub fn set_expire(&mut self, key: &[u8], at_ms: Millis) -> bool {
        let Some(id) = self.table().find(key) else {
            return false;
        };
        self.table_mut().set_expire(id, at_ms);
        true
    }

    /// Takes the expiry away; whether there was one. No event.
    pub fn persist(&mut self, key: &[u8]) -> bool {
        self.live(key)
            .is_some_and(|id| self.table_mut().persist(id))
    }

    /// What a command calls after it changed a key: one change counted, watchers told, the event queued.
    pub fn modified(&mut self, key: &[u8], class: Class, event: &'static str) {
        self.ks.dirty += 1;
        self.touch(key);
        self.notify(class, event, key);
    }

    /// Tells the clients that watch this key that it changed. O(log watched), nothing if nobody watches.
    #[inline(always)]
    pub fn touch(&mut self, key: &[u8]) {
        self.notify(Class::CHANGED, Event::WRITTEN, key);
        if self.ks.watches.is_empty() {
            return;
        }
        self.touch_watched(key);
    }

    #[cold]
    fn touch_watched(&mut self, key: &[u8]) {
        let gone = self.table().find(key).is_none();
        self.ks.watches.touch(&(self.index, Box::from(key)), gone);
    }

    /// Tells those who wait for this key that an element came to it. A key that is new says so by itself.
    pub fn came(&mut self, key: &[u8]) {
        if !self.ks.waiting.is_empty() {
            self.ks.signal_come(self.index, key);
        }
    }

    /// Queues an event if its class is switched on.
    #[inline(always)]
    pub fn notify(&mut self, class: Class, event: &'static str, key: &[u8]) {
        if self.ks.params.notify_classes & class.0 != 0 {
            self.queue_event(class, event, key);
        }
    }

    #[cold]
    fn queue_event(&mut self, class: Class, event: &'static str, key: &[u8]) {
        self.ks.events.push(Event {
            class,
            name: event,
            db: self.index,
            key: key.into(),
        });
    }

    /// Marks an entry as used now, for eviction.
    #[inline(always)]
    fn used(&mut self, id: EntryId) {
        if self.ks.no_touch {
            return;
        }
        let was = self.table().object(id).lru;
        let now = self.ks.next_use(was);
        self.table_mut().set_use(id, now);
    }

    /// How often the entry was used, as a logarithm; tells something only under an LFU policy.
    pub fn uses(&self, id: EntryId) -> u32 {
        let field = self.table().object(id).lru;
        self.ks.params.lfu.count(field, self.ks.now_ms)
    }

    /// Seconds since the entry was last used, by the LRU clock.
    pub fn idle_seconds(&self, id: EntryId) -> u32 {
        self.ks.idle_seconds(self.table().object(id).lru)
    }
}
