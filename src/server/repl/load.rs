//! A snapshot of the primary takes the place of the data. It is read by slices; meanwhile clients are told LOADING, and what
//! the primary sends behind it is kept.
use super::super::journal::Note;
use super::super::node::Node;
use super::super::persist::{Front, Reading};
use crate::base::num;
use crate::command::ClientId;
use crate::command::persistence::{self, Background};
use crate::persist::disk::DiskError;
use crate::persist::rdb::Fault;
use crate::persist::rdb::load::Loaded;

/// A snapshot that is being read.
#[derive(Clone)]
pub(super) struct Incoming {
    reading: Reading,
    /// There is an append-only file, which has to begin anew.
    appends: bool,
}

impl Node {
    /// All of the snapshot has come.
    pub(super) fn received(&mut self, bytes: Vec<u8>) {
        self.sync.received = Some(bytes);
        self.sync.lost = false;
        self.order_load();
    }

    /// Lets everything wait until the snapshot is loaded, as soon as nothing else is waited for; once.
    pub(in crate::server) fn order_load(&mut self) {
        let waits = self.sync.received.is_some() && !self.writes_received();
        if waits && self.server.persist.order.is_none() {
            self.server.persist.order(persistence::Order::Load);
        }
    }

    /// The log is written: the snapshot becomes the file, unless it is to be loaded without one.
    pub(in crate::server) fn begin_load(&mut self) {
        self.kill(Background::RewriteAof);
        self.kill(Background::Save);
        self.kill_feed();
        let Some(bytes) = &self.sync.received else {
            return;
        };
        if self.config.text("repl-diskless-load") != b"disabled" {
            return self.load_received(Ok(()));
        }
        let job = self.keep_job(bytes);
        if let Some((id, offset)) = self.sync.talk.full.clone() {
            let path = self.temporary();
            self.note(|_| Note::Received { path, id, offset });
        }
        self.run_front(job, Front::Received);
    }

    /// The snapshot is on the disk, if it was to be: it takes the place of the data.
    pub(in crate::server) fn load_received(&mut self, result: Result<(), DiskError>) {
        let Some(bytes) = self.sync.received.take() else {
            return;
        };
        if self.server.repl.link_id == 0 {
            return; // the node follows somebody else by now
        }
        if let Err(error) = result {
            return self.give_up_link(
                &[
                    "Failed trying to rename the temp DB into the final one: ",
                    error.text(),
                ]
                .concat(),
            );
        }
        let appends = self.server.persist.aof.on;
        if appends {
            self.stopped();
        }
        self.drop_followers();
        self.server.repl.history.backlog = None;
        self.say(false, &["PRIMARY <-> REPLICA sync: Flushing old data"]);
        self.empty();
        self.note(|_| Note::Emptied);
        self.say(false, &["PRIMARY <-> REPLICA sync: Loading DB in memory"]);
        self.begin_loading(bytes.len() as u64);
        self.sync.incoming = Some(Box::new(Incoming {
            reading: self.begin_reading(bytes, true),
            appends,
        }));
        self.load_on();
    }

    /// Goes on with the snapshot as far as this input may.
    pub(in crate::server) fn load_on(&mut self) {
        if !self.may_read() {
            return;
        }
        let Some(mut incoming) = self.sync.incoming.take() else {
            return;
        };
        let Some(loaded) = self.read_slice(&mut incoming.reading) else {
            self.sync.incoming = Some(incoming);
            return;
        };
        self.end_loading();
        self.ks.signal_everything();
        self.replaced(loaded);
        if incoming.appends {
            self.start_aof(0);
        }
        self.end_lost_link();
        self.serve_waiting();
    }

    /// The connection to the primary is gone while its snapshot is loaded: that is looked at afterwards.
    pub(in crate::server) fn lost_while_loading(&mut self, id: ClientId) -> bool {
        let loads = self.sync.received.is_some() || self.sync.incoming.is_some();
        let lost = loads && self.is_link(id);
        self.sync.lost |= lost;
        lost
    }

    /// What was put off until the snapshot is loaded.
    fn end_lost_link(&mut self) {
        if std::mem::take(&mut self.sync.lost) && self.server.repl.link_id != 0 {
            self.link_gone();
        }
    }

    /// Nothing is loaded any more: the process ends.
    pub(in crate::server) fn stop_loading(&mut self) {
        self.sync.incoming = None;
    }

    fn replaced(&mut self, loaded: Result<Loaded, Fault>) {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(fault) => {
                let why = fault.to_string();
                // What there is now is a part of the snapshot, and of no history.
                self.note(|_| Note::Synced(String::new()));
                return self.give_up_link(
                    &[
                        "Failed trying to load the PRIMARY synchronization DB from disk: ",
                        &why,
                    ]
                    .concat(),
                );
            }
        };
        let about = |name: &[u8]| {
            let pair = loaded.about.iter().find(|(known, _)| known == name);
            pair.and_then(|(_, value)| num::parse_i64(value))
        };
        let db = about(b"repl-stream-db").and_then(|db| usize::try_from(db).ok());
        let full = self.sync.talk.full.take();
        let own = self.rng.hex40();
        let repl = &mut self.server.repl;
        repl.db = db.filter(|db| *db < self.config.databases).unwrap_or(0);
        let (id, offset) = full.unwrap_or((own, repl.history.offset));
        repl.history.restart(id);
        repl.history.offset = offset;
        let behind = std::mem::take(&mut self.sync.talk.bytes);
        self.establish();
        self.send_ack();
        self.say(false, &["PRIMARY <-> REPLICA sync: Finished with success"]);
        self.take_up_stream(behind);
    }

    /// What came behind the snapshot while it was loaded is the beginning of the stream: it has its turn as soon as nothing
    /// is waited for.
    fn take_up_stream(&mut self, mut behind: Vec<u8>) {
        let id = self.server.repl.link_id;
        let Some(client) = self.server.clients.get_mut(id) else {
            return;
        };
        behind.append(&mut client.query);
        self.server.repl.read_offset += behind.len() as i64;
        client.query = behind;
        self.wait_turn(id);
        self.server.persist.stalled = true;
    }
}
