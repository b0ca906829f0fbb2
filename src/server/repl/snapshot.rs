//! Full synchronization: a snapshot for replicas that cannot go on from the backlog.
//!
//! ```text
//!   on disk     PSYNC -> BGSAVE -> file read -> $length and the file -> stream since the fork
//!   diskless    PSYNC -> delay, so that others can join -> $EOF:mark, pieces as they are made, mark -> ACK -> stream
//! ```
//!
//! Pieces are sent as fast as the slowest of those served takes them.
use super::super::node::Node;
use crate::base::num;
use crate::base::time::Micros;
use crate::command::ClientId;
use crate::command::persistence::Background;
use crate::command::replication::Stage;
use crate::persist::disk::{Answer, Done, Op};
use crate::persist::rdb::save::Save;
use crate::resp::Reply;
use std::sync::Arc;

/// Bytes that are made, read or sent at a time.
const PIECE: usize = 256 << 10;
/// A replica that leaves more than this unread gets nothing until it has caught up, and is looked at again after this time.
const UNREAD: usize = 1 << 20;
const LOOK_US: Micros = 1000;

/// A snapshot that is sent while it is made.
#[derive(Clone)]
struct Feed {
    save: Box<Save>,
    mark: String,
    to: Vec<ClientId>,
}

/// The file on its way into memory.
#[derive(Clone)]
struct Reading {
    awaits: u64,
    path: String,
    bytes: Vec<u8>,
}

/// A file on its way to a replica.
#[derive(Clone)]
struct Delivery {
    to: ClientId,
    file: Arc<Vec<u8>>,
    at: usize,
}

/// What is under way for replicas.
#[derive(Clone, Default)]
pub(super) struct Snapshots {
    feed: Option<Feed>,
    reading: Option<Reading>,
    deliveries: Vec<Delivery>,
}

impl Snapshots {
    /// Whether anything is under way.
    pub(super) fn is_serving(&self) -> bool {
        self.feed.is_some() || self.reading.is_some() || !self.deliveries.is_empty()
    }
}

impl Node {
    fn is_diskless(&self) -> bool {
        self.config.text("repl-diskless-sync") == b"yes"
    }

    fn waiting_followers(&self, stage: Stage) -> Vec<ClientId> {
        let all = self.server.repl.followers.iter().copied();
        all.filter(|id| self.stage_of(*id) == stage).collect()
    }

    /// A replica needs a snapshot: it joins one that is being made, or one is begun, now or by the cron.
    pub(super) fn begin_full_sync(&mut self, id: ClientId, out: &mut Reply) {
        let eof = self.follower(id).eof;
        if self.server.persist.runs(Background::Save) {
            // Whoever waits for the same file already has the stream since its beginning.
            let made = self.waiting_followers(Stage::Made);
            if let Some(other) = made.first().and_then(|other| self.follower_of(*other)) {
                let (start, pending) = (other.start, other.pending.clone());
                self.set_up(id, start, Some(out));
                self.follower(id).pending = pending;
                self.say(false, &["Waiting for end of BGSAVE for SYNC"]);
                return;
            }
            self.say(false, &[
                "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC",
            ]);
            return;
        }
        if self.server.persist.background.is_some() {
            self.say(
                false,
                &["Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC"],
            );
            return;
        }
        if self.is_diskless() && eof && self.sync_delay_s() > 0 {
            return self.say(false, &["Delay next BGSAVE for diskless SYNC"]);
        }
        self.begin_snapshot(Some((id, out)));
    }

    fn sync_delay_s(&self) -> i64 {
        num::parse_i64(&self.config.text("repl-diskless-sync-delay")).unwrap_or(0)
    }

    /// Once a second: begins a snapshot that somebody has waited for long enough.
    pub(super) fn begin_due_snapshot(&mut self) {
        let waiting = self.waiting_followers(Stage::Waits);
        if waiting.is_empty() || self.server.persist.background.is_some() {
            return;
        }
        let most = num::parse_u64(&self.config.text("repl-diskless-sync-max-replicas"));
        let enough = most.is_some_and(|most| most > 0 && waiting.len() as u64 >= most);
        let now_ms = self.ks.now_ms;
        let since = waiting.iter().filter_map(|id| self.server.clients.get(*id));
        let idle_s = since.map(|c| (now_ms - c.last_interaction_ms) / 1000).max();
        if !self.is_diskless() || enough || idle_s.unwrap_or(0) >= self.sync_delay_s() {
            self.begin_snapshot(None);
        }
    }

    /// Begins a snapshot for all who wait. The reply of `now` stands in a buffer of its own meanwhile.
    fn begin_snapshot(&mut self, now: Option<(ClientId, &mut Reply)>) {
        self.feed_stream(0);
        let waiting = self.waiting_followers(Stage::Waits);
        let all_eof = waiting
            .iter()
            .all(|id| self.follower_of(*id).is_some_and(|f| f.eof));
        let diskless = self.is_diskless() && all_eof;
        let target = if diskless { "replicas sockets" } else { "disk" };
        self.say(
            false,
            &[
                "Starting BGSAVE for SYNC with target: ",
                target,
                " using: normal sync",
            ],
        );
        let start = self.server.repl.history.offset;
        let (me, mut out) = match now {
            Some((id, out)) => (id, Some(out)),
            None => (0, None),
        };
        for id in &waiting {
            let own = if *id == me { out.take() } else { None };
            self.set_up(*id, start, own);
        }
        match diskless {
            true => self.begin_feed(&waiting),
            false => self.begin_save(),
        }
        if let Some(stream) = &mut self.stream {
            stream.db = None;
        }
    }

    /// Tells a replica which offset its snapshot shows; the stream from there on is kept for it.
    fn set_up(&mut self, id: ClientId, start: i64, out: Option<&mut Reply>) {
        let line = [
            "FULLRESYNC ",
            &self.server.repl.history.id,
            " ",
            &start.to_string(),
        ]
        .concat();
        let follower = self.follower(id);
        (follower.stage, follower.start) = (Stage::Made, start);
        if follower.old {
            return;
        }
        match out {
            Some(out) => out.simple(&line),
            None => self.server.tell(id, &|out| out.simple(&line)),
        }
    }

    fn begin_feed(&mut self, to: &[ClientId]) {
        let mut options = self.save_options();
        options.live = false;
        self.ks.fork();
        let mark = self.rng.hex40();
        let head = ["$EOF:", &mark, "\r\n"].concat();
        self.sync.snapshots.feed = Some(Feed {
            save: Box::new(Save::new(options)),
            mark,
            to: to.to_vec(),
        });
        for id in to {
            self.server.tell(*id, &|out| out.raw(head.as_bytes()));
        }
        let now_us = self.server.now_us;
        let persist = &mut self.server.persist;
        persist.background = Some((Background::Sync, now_us));
        persist.active = true;
        persist.forks += 1;
    }

    /// Whether a replica is served by a snapshot that is sent while it is made.
    pub(super) fn feeds(&self, id: ClientId) -> bool {
        let feed = self.sync.snapshots.feed.as_ref();
        feed.is_some_and(|feed| feed.to.contains(&id))
    }

    fn has_room(&self, id: ClientId) -> bool {
        let client = self.server.clients.get(id);
        client.is_none_or(|c| c.out.as_bytes().len() + c.unsent < UNREAD)
    }

    /// A turn: another piece for those who have taken the last one.
    pub(in crate::server) fn send_snapshots(&mut self) {
        if self.server.persist.stalled {
            return;
        }
        self.feed_on();
        let mut left = Vec::new();
        for mut delivery in std::mem::take(&mut self.sync.snapshots.deliveries) {
            if self.has_room(delivery.to) {
                let end = (delivery.at + PIECE).min(delivery.file.len());
                let piece = &delivery.file[delivery.at..end];
                self.server.tell(delivery.to, &|out| out.raw(piece));
                delivery.at = end;
            }
            match delivery.at == delivery.file.len() {
                true => self.put_online(delivery.to, false),
                false => left.push(delivery),
            }
        }
        self.sync.snapshots.deliveries = left;
    }

    fn feed_on(&mut self) {
        let Some(mut feed) = self.sync.snapshots.feed.take() else {
            return;
        };
        if feed.to.is_empty() {
            return self.end_feed();
        }
        if !feed.to.iter().all(|id| self.has_room(*id)) {
            self.sync.snapshots.feed = Some(feed);
            return;
        }
        match feed.save.piece(&self.ks, PIECE) {
            Some(piece) => {
                let (db, next) = feed.save.position();
                self.ks.passed(db, next);
                for id in &feed.to {
                    self.server.tell(*id, &|out| out.raw(&piece));
                }
                self.sync.snapshots.feed = Some(feed);
            }
            None => {
                for id in &feed.to {
                    self.server.tell(*id, &|out| out.raw(feed.mark.as_bytes()));
                    self.put_online(*id, true);
                }
                self.end_feed();
            }
        }
    }

    fn end_feed(&mut self) {
        self.ks.join();
        self.server.persist.background = None;
        self.say(false, &["Background RDB transfer terminated with success"]);
    }

    /// Ends a snapshot that is sent while it is made, unfinished.
    pub(in crate::server) fn kill_feed(&mut self) {
        let Some(feed) = self.sync.snapshots.feed.take() else {
            return;
        };
        self.ks.join();
        self.server.persist.background = None;
        for id in feed.to {
            self.server.cut(id);
        }
    }

    /// A replica is gone: nothing is sent to it any more.
    pub(super) fn forget_delivery(&mut self, id: ClientId) {
        let snapshots = &mut self.sync.snapshots;
        snapshots.deliveries.retain(|delivery| delivery.to != id);
        if let Some(feed) = &mut snapshots.feed {
            feed.to.retain(|to| *to != id);
        }
    }

    /// BGSAVE is through: if replicas wait for its file, it is read.
    pub(in crate::server) fn saved_for_replicas(&mut self, good: bool) {
        let made = self.waiting_followers(Stage::Made);
        if made.is_empty() {
            return;
        }
        if !good {
            self.say(true, &["SYNC failed. BGSAVE child returned an error"]);
            made.iter().for_each(|id| self.server.cut(*id));
            return;
        }
        self.sync.snapshots.reading = Some(Reading {
            awaits: 0,
            path: self.storage_text("dbfilename"),
            bytes: Vec::new(),
        });
        self.read_on();
    }

    fn read_on(&mut self) {
        let Some(mut reading) = self.sync.snapshots.reading.take() else {
            return;
        };
        let (path, at) = (reading.path.clone(), reading.bytes.len() as u64);
        reading.awaits = self.ask_disk(Op::Read {
            path,
            at,
            len: PIECE,
        });
        self.sync.snapshots.reading = Some(reading);
    }

    /// Whether the answer to this request is about the file for replicas.
    pub(in crate::server) fn reads_for_replicas(&self, number: u64) -> bool {
        let reading = self.sync.snapshots.reading.as_ref();
        reading.is_some_and(|reading| reading.awaits == number)
    }

    pub(in crate::server) fn read_for_replicas(&mut self, done: Done) {
        let Some(mut reading) = self.sync.snapshots.reading.take() else {
            return;
        };
        match done {
            Ok(Answer::Bytes(bytes)) => {
                reading.bytes.extend_from_slice(&bytes);
                if bytes.len() == PIECE {
                    self.sync.snapshots.reading = Some(reading);
                    return self.read_on();
                }
                self.deliver(Arc::new(reading.bytes));
            }
            _ => {
                let made = self.waiting_followers(Stage::Made);
                self.say(true, &["SYNC failed. Can't open/stat DB after BGSAVE"]);
                made.iter().for_each(|id| self.server.cut(*id));
            }
        }
    }

    fn deliver(&mut self, file: Arc<Vec<u8>>) {
        let head = ["$", &file.len().to_string(), "\r\n"].concat();
        for id in self.waiting_followers(Stage::Made) {
            self.follower(id).stage = Stage::Sent;
            self.server.tell(id, &|out| out.raw(head.as_bytes()));
            self.sync.snapshots.deliveries.push(Delivery {
                to: id,
                file: file.clone(),
                at: 0,
            });
        }
        self.server.persist.active = true;
        self.send_snapshots();
    }

    /// A replica has its snapshot: the stream follows, at once or when it has loaded it.
    fn put_online(&mut self, id: ClientId, on_ack: bool) {
        let now_ms = self.ks.now_ms;
        if self.stage_of(id) == Stage::None {
            return;
        }
        let follower = self.follower(id);
        (follower.stage, follower.ack_ms) = (Stage::Online, now_ms);
        follower.starts_on_ack = on_ack;
        let ends = follower.snapshot_only;
        let name = self.follower_name(id);
        if on_ack {
            self.say(false, &[
                "Streamed RDB transfer with replica ",
                &name,
                " succeeded (socket). Waiting for REPLCONF ACK from replica to enable streaming",
            ]);
        } else {
            self.server.begin_stream(id);
        }
        self.say(
            false,
            &["Synchronization with replica ", &name, " succeeded"],
        );
        if ends {
            self.server.cut(id);
        }
        self.note_good();
    }

    /// Whether something is on its way to replicas, or to be made for them.
    pub(in crate::server) fn serves_replicas(&self) -> bool {
        self.sync.is_serving()
    }

    /// When the next piece can be sent.
    pub(in crate::server) fn snapshot_timer_us(&self) -> Option<Micros> {
        let snapshots = &self.sync.snapshots;
        let feed = snapshots.feed.as_ref();
        let feed = feed.map(|feed| feed.to.iter().all(|id| self.has_room(*id)));
        let files = snapshots.deliveries.iter().map(|d| self.has_room(d.to));
        let ready = feed.into_iter().chain(files);
        let wait_us = |ready| if ready { 0 } else { LOOK_US };
        ready.map(|ready| self.server.now_us + wait_us(ready)).min()
    }
}
