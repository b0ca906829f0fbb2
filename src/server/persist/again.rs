//! Files read again while the server runs: DEBUG RELOAD and DEBUG LOADAOF. Everything waits until they are done.
use super::super::node::Node;
use super::orders::Front;
use super::start::{Kind, Purpose, Start};
use crate::command::ClientId;
use crate::command::persistence::Reload;
use crate::persist::disk::DiskError;
use crate::persist::rdb::save;
use crate::{base::rng::Rng, keyspace::Keyspace};

impl Node {
    /// DEBUG RELOAD: the data goes to the snapshot file, unless what that has is wanted.
    pub(super) fn begin_reload(&mut self, reload: Reload) {
        if !reload.save {
            return self.reload(reload);
        }
        let path = self.temporary();
        let job = self.save_job(&path, true);
        self.run_front(job, Front::Reload(reload));
    }

    pub(super) fn reload_saved(&mut self, reload: Reload, result: Result<(), DiskError>) {
        if let Err(error) = result {
            self.save_failed(error);
            return self.server.tell(reload.id, &|out| out.error(b"ERR"));
        }
        self.note_saved(self.ks.dirty);
        self.reload(reload);
    }

    fn reload(&mut self, reload: Reload) {
        if reload.flush {
            self.empty();
        }
        let mut start = Start::new(Purpose::Reload(reload.id), self.new_loader());
        start.merge = reload.merge;
        start.open(Kind::Snapshot, self.storage_text("dbfilename"));
        self.read_again(start);
    }

    /// DEBUG LOADAOF: what the append-only file says takes the place of the data. What its commands do is told to nobody.
    pub(super) fn begin_load_aof(&mut self, id: ClientId) {
        self.empty();
        let mut start = Start::new(Purpose::LoadAof(id), self.new_loader());
        start.held = (self.log.take(), self.stream.take());
        self.server.propagates = false;
        start.open(Kind::Manifest, self.manifest_path());
        self.read_again(start);
    }

    fn read_again(&mut self, start: Start) {
        self.storage.start = Some(start);
        self.begin_loading(0);
        self.start_on();
    }

    /// No key and no function is left.
    pub(in crate::server) fn empty(&mut self) {
        for index in 0..self.ks.count() {
            self.ks.flush(index, false);
        }
        self.server.libraries.flush();
    }

    /// The files are read, or there are none.
    pub(super) fn read_again_ended(&mut self, start: Start, found: bool) {
        self.end_loading();
        let failed = match start.purpose {
            Purpose::Start => return,
            Purpose::Reload(_) => "ERR Error trying to load the RDB dump, check server logs.",
            Purpose::LoadAof(_) => {
                let (log, stream) = start.held;
                (self.log, self.stream) = (log, stream);
                self.logs().for_each(|log| log.db = None);
                self.server.propagates = self.log.is_some() || self.stream.is_some();
                if found {
                    self.server.persist.saves.dirty = self.ks.dirty;
                    self.say(false, &["Append Only File loaded by DEBUG LOADAOF"]);
                }
                "ERR Error trying to load the AOF files, check server logs."
            }
        };
        let (Purpose::Reload(id) | Purpose::LoadAof(id)) = start.purpose else {
            return;
        };
        self.server.tell(id, &|out| match found {
            true => out.ok(),
            false => out.error(failed.as_bytes()),
        });
    }

    /// FLUSHALL has emptied all; with save points the file says so as well. `dirty`: the changes counted until then.
    pub(super) fn save_nothing(&mut self, dirty: i64) {
        self.kill(crate::command::persistence::Background::Save);
        let nothing = Keyspace::new(1, Rng::new(0));
        let bytes = save::save(&nothing, self.save_options());
        let job = self.keep_job(&bytes);
        self.run_front(job, Front::Flushed(dirty));
    }

    pub(super) fn flushed(&mut self, dirty: i64, result: Result<(), DiskError>) {
        match result {
            Ok(()) => self.note_saved(dirty),
            Err(error) => self.save_failed(error),
        }
    }
}
