//! A replica and its primary with nothing between them but bytes, which come in pieces of any length: whole conversations at
//! once, as a fast network brings them, and one byte after another.
use redlab::base::time::Micros;
use redlab::command::{ClientId, Effect};
use redlab::server::{Input, NodeOptions};
use redlab::sim::disk::{Disk, Speed};
use redlab::sim::machine::Machine;

const START_US: Micros = 1_700_000_000_000_000;
const MILLI: Micros = 1000;

/// A machine, with a disk or with its files in memory.
fn machine(disk: bool, lines: &[&str]) -> Machine {
    let mut options = NodeOptions {
        now_us: START_US,
        ..NodeOptions::default()
    };
    for line in lines {
        let words: Vec<Vec<u8>> = line.split(' ').map(|w| w.as_bytes().to_vec()).collect();
        options.config.directive(&words).unwrap();
    }
    Machine::boot(options, disk.then(|| Disk::new(Speed::default(), START_US)))
}

/// What a machine has said to a client.
fn said(machine: &mut Machine, id: ClientId) -> Vec<u8> {
    machine
        .node
        .output(id)
        .map_or_else(Vec::new, std::mem::take)
}

/// The two of them, and one who writes.
struct Pair {
    primary: Machine,
    replica: Machine,
    now_us: Micros,
    writer: ClientId,
    reader: ClientId,
    /// Each side's number of the connection between them.
    near: ClientId,
    far: ClientId,
    to_replica: Vec<u8>,
}

impl Pair {
    fn new(disk: bool, send: &str, load: &str) -> Pair {
        let diskless = format!("repl-diskless-sync {send}");
        let mut primary = machine(disk, &["repl-diskless-sync-delay 0", &diskless]);
        let mut replica = machine(disk, &[&format!("repl-diskless-load {load}")]);
        let (writer, reader) = (primary.node.connect("w:1"), replica.node.connect("r:1"));
        let order = b"REPLICAOF primary 6379\r\n";
        replica.handle(Input::Data(reader, order), START_US);
        let mut pair = Pair {
            primary,
            replica,
            now_us: START_US,
            writer,
            reader,
            near: 0,
            far: 0,
            to_replica: Vec::new(),
        };
        pair.dial();
        assert_ne!(pair.near, 0, "the replica asks for a connection");
        pair
    }

    /// The connection that the replica asks for stands, if it asks.
    fn dial(&mut self) {
        for effect in self.replica.node.drain() {
            if let Effect::Connect { id, .. } = effect {
                self.near = id;
                self.far = self.primary.node.connect("replica:1");
                self.replica.handle(Input::Connected(id), self.now_us);
            }
        }
    }

    /// Both sides learn that the connection is no more, and what was under way is lost.
    fn cut(&mut self) {
        self.to_replica.clear();
        let (near, far) = (self.near, self.far);
        self.replica.handle(Input::Disconnect(near), self.now_us);
        self.primary.handle(Input::Disconnect(far), self.now_us);
    }

    /// A millisecond: what the replica says arrives, what the primary says is kept.
    fn turn(&mut self) {
        self.now_us += MILLI;
        let up = said(&mut self.replica, self.near);
        if !up.is_empty() {
            let input = Input::Data(self.far, &up);
            self.primary.handle(input, self.now_us);
        }
        self.primary.handle(Input::Tick, self.now_us);
        self.replica.handle(Input::Tick, self.now_us);
        self.dial();
        let down = said(&mut self.primary, self.far);
        self.to_replica.extend(down);
    }

    fn write(&mut self, line: &str) {
        let bytes = format!("{line}\r\n").into_bytes();
        let input = Input::Data(self.writer, &bytes);
        self.primary.handle(input, self.now_us);
        said(&mut self.primary, self.writer);
    }

    /// What has been kept arrives, in pieces of so many bytes.
    fn deliver(&mut self, piece: usize) {
        for bytes in std::mem::take(&mut self.to_replica).chunks(piece) {
            let input = Input::Data(self.near, bytes);
            self.replica.handle(input, self.now_us);
        }
    }

    /// Until the snapshot has been made, and more has been written behind it.
    fn fill(&mut self) {
        self.write("SET before 1");
        for _ in 0..10 {
            // The handshake, line by line.
            self.turn();
            if self.to_replica.windows(10).any(|w| w == b"FULLRESYNC") {
                break;
            }
            self.deliver(usize::MAX);
        }
        for n in 0..2000 {
            self.turn();
            if n % 20 == 0 {
                self.write(&format!("RPUSH list {n}"));
            }
        }
    }

    /// Gives both time, and looks whether they have the same.
    fn settle(&mut self, piece: usize, what: &str) {
        for _ in 0..3000 {
            self.turn();
            self.deliver(piece);
        }
        assert_eq!(self.info("master_link_status"), "up", "{what}");
        let (a, b) = (self.primary.node.keyspace(), self.replica.node.keyspace());
        assert_eq!(a.digest().to_string(), b.digest().to_string(), "{what}");
        let applied = self.info("slave_repl_offset");
        assert_eq!(applied, self.info("slave_read_repl_offset"), "{what}");
        assert_ne!(applied, "0", "{what}");
    }

    fn info(&mut self, name: &str) -> String {
        self.replica.handle(
            Input::Data(self.reader, b"INFO replication\r\n"),
            self.now_us,
        );
        let text = String::from_utf8(said(&mut self.replica, self.reader)).unwrap();
        let line = text
            .lines()
            .find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().into()
    }
}

/// A snapshot of a known length has the stream right behind it; one with a mark waits for the replica's word.
const WAYS: [(&str, &str); 3] = [("no", "disabled"), ("no", "swapdb"), ("yes", "disabled")];

#[test]
fn a_snapshot_and_the_stream_behind_it_may_come_in_any_pieces() {
    for disk in [false, true] {
        for (send, load) in WAYS {
            for piece in [1, 7, 100, 1000, usize::MAX] {
                let what = format!("disk {disk}, diskless {send}, {load}, pieces of {piece}");
                let mut pair = Pair::new(disk, send, load);
                pair.fill();
                pair.deliver(piece);
                pair.settle(piece, &what);
            }
        }
    }
}

#[test]
fn a_connection_that_ends_behind_the_snapshot_is_made_again() {
    for disk in [false, true] {
        for (send, load) in WAYS {
            for turns in [0, 1, 5, 50] {
                let what = format!("disk {disk}, diskless {send}, {load}, {turns} ms");
                let mut pair = Pair::new(disk, send, load);
                pair.fill();
                pair.deliver(usize::MAX);
                (0..turns).for_each(|_| pair.turn());
                pair.cut();
                pair.settle(usize::MAX, &what);
            }
        }
    }
}
