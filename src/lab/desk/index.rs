//! Where things stand in a file: every so many commands or fields one place is kept, and a walk that goes on from it finds
//! the others.
use crate::persist::aof::check::{Check, Piece, Problem, Walk, piece_at};
use crate::persist::rdb::annotate::{KEY, Note, Notes};

/// Things from one place that is kept to the next.
const STRIDE: u64 = 64;
/// How much is walked over at a time: things, and bytes.
const SLICE: u64 = 20_000;
const SLICE_BYTES: usize = 4 << 20;

/// What a file holds, as far as it was walked over.
pub struct Index {
    /// How long the file was.
    seen: usize,
    /// It begins as a snapshot.
    pub fields: Option<Fields>,
    /// It is a log, or the rest of it is.
    pub commands: Option<Commands>,
}

/// A snapshot.
pub struct Fields {
    marks: Vec<Notes>,
    walk: Notes,
    pub count: u64,
    pub keys: u64,
    /// Nothing is left to walk over.
    pub done: bool,
    /// What the last field says: of a whole file, whether its checksum fits.
    pub last: String,
}

/// A log.
pub struct Commands {
    /// Where it begins: behind a snapshot, maybe.
    pub start: usize,
    marks: Vec<usize>,
    walk: Walk,
    pub count: u64,
    /// Why the walk ended, and the line that it had come to.
    problem: Option<(Problem, usize)>,
}

impl Index {
    /// An index that knows nothing yet.
    pub fn of(bytes: &[u8]) -> Index {
        let rdb = bytes.starts_with(b"REDIS");
        let aof = matches!(bytes.first(), Some(b'*' | b'#'));
        Index {
            seen: 0,
            fields: rdb.then(Fields::default),
            commands: aof.then(|| Commands::from(0)),
        }
    }

    /// Whether these may be the bytes that it is of, with more behind them.
    pub fn fits(&self, bytes: &[u8]) -> bool {
        self.seen > 0 && bytes.len() >= self.seen
    }

    /// Walks on, a slice of it.
    pub fn advance(&mut self, bytes: &[u8]) {
        if let Some(commands) = &mut self.commands
            && self.seen < bytes.len()
        {
            // What was missing may have come.
            commands.problem = None;
        }
        self.seen = bytes.len();
        if let Some(fields) = &mut self.fields
            && !fields.done
        {
            fields.advance(bytes);
            let end = fields.walk.position();
            if fields.done && fields.walk.is_whole() && end < bytes.len() {
                self.commands = Some(Commands::from(end));
            }
        } else if let Some(commands) = &mut self.commands {
            commands.advance(bytes);
        }
    }

    /// Bytes that were walked over.
    pub fn walked(&self) -> usize {
        let fields = self.fields.as_ref().map_or(0, |f| f.walk.position());
        self.commands.as_ref().map_or(fields, |c| c.walk.pos)
    }

    /// Whether all of it was walked over that can be.
    pub fn is_through(&self) -> bool {
        let fields = self.fields.as_ref().is_none_or(|f| f.done);
        let commands = self.commands.as_ref();
        fields && commands.is_none_or(|c| c.problem.is_some() || c.walk.pos == self.seen)
    }
}

impl Default for Fields {
    fn default() -> Fields {
        Fields {
            marks: vec![Notes::default()],
            walk: Notes::default(),
            count: 0,
            keys: 0,
            done: false,
            last: String::new(),
        }
    }
}

impl Fields {
    fn advance(&mut self, bytes: &[u8]) {
        let until = self.walk.position() + SLICE_BYTES;
        for _ in 0..SLICE {
            if self.walk.position() > until {
                return;
            }
            let Some(note) = self.walk.next(bytes) else {
                self.done = true;
                return;
            };
            self.count += 1;
            self.keys += u64::from(note.kind == KEY);
            self.last = note.text;
            if self.count.is_multiple_of(STRIDE) {
                self.marks.push(self.walk.clone());
            }
        }
    }

    /// Fields from number `first` on, at most `most`. O(those and [`STRIDE`] more).
    pub fn window(&self, bytes: &[u8], first: u64, most: u64) -> Vec<Note> {
        let mark = usize::try_from(first / STRIDE).unwrap_or(usize::MAX);
        let Some(mut walk) = self.marks.get(mark).cloned() else {
            return Vec::new();
        };
        for _ in 0..first % STRIDE {
            walk.next(bytes);
        }
        let most = most.min(self.count.saturating_sub(first));
        (0..most).map_while(|_| walk.next(bytes)).collect()
    }

    /// The number of the field that a byte belongs to.
    pub fn at(&self, bytes: &[u8], offset: usize) -> u64 {
        let mark = self.marks.partition_point(|m| m.position() <= offset);
        let mark = mark.saturating_sub(1);
        let mut walk = self.marks[mark].clone();
        let mut number = mark as u64 * STRIDE;
        while let Some(note) = walk.next(bytes) {
            if note.at + note.len > offset || number + 1 >= self.count {
                break;
            }
            number += 1;
        }
        number
    }

    /// Whether it was read to its end.
    pub fn is_whole(&self) -> bool {
        self.walk.is_whole()
    }

    /// Where the walk stands; of a whole one, where the snapshot ends.
    pub fn position(&self) -> usize {
        self.walk.position()
    }
}

impl Commands {
    fn from(start: usize) -> Commands {
        Commands {
            start,
            marks: vec![start],
            walk: Walk::from(start),
            count: 0,
            problem: None,
        }
    }

    fn advance(&mut self, bytes: &[u8]) {
        let until = self.walk.pos + SLICE_BYTES;
        for _ in 0..SLICE {
            if self.problem.is_some() || self.walk.pos > until {
                return;
            }
            // Its name stands in no message that is kept.
            let mut walk = self.walk.clone();
            match walk.step(bytes, "") {
                Ok(Some(_)) => {
                    self.walk = walk;
                    self.count += 1;
                    if self.count.is_multiple_of(STRIDE) {
                        self.marks.push(self.walk.pos);
                    }
                }
                Ok(None) => return,
                Err(problem) => self.problem = Some((problem, walk.line)),
            }
        }
    }

    /// What the check tool would say of it.
    pub fn verdict(&self) -> Check {
        let (problem, line) = self.problem.clone().unzip();
        Check {
            ok_up_to: self.walk.ok_up_to,
            line: line.unwrap_or(self.walk.line),
            problem,
        }
    }

    /// The commands that have a byte from `from` to `to`, with their numbers. O(bytes between, and [`STRIDE`] commands).
    pub fn window(&self, bytes: &[u8], from: usize, to: usize) -> Vec<(u64, Piece)> {
        let mark = self.marks.partition_point(|m| *m <= from);
        let mark = mark.saturating_sub(1);
        let (mut at, mut number) = (self.marks[mark], mark as u64 * STRIDE);
        let mut found = Vec::new();
        while at < to.min(self.walk.pos) {
            let Some(piece) = piece_at(bytes, at) else {
                break;
            };
            at = piece.end;
            if piece.end > from {
                found.push((number, piece));
            }
            number += 1;
        }
        found
    }

    /// The commands from number `first` on, at most `most`. O(those and [`STRIDE`] more).
    pub fn numbered(&self, bytes: &[u8], first: u64, most: u64) -> Vec<(u64, Piece)> {
        let mark = usize::try_from(first / STRIDE).unwrap_or(usize::MAX);
        let Some(&start) = self.marks.get(mark) else {
            return Vec::new();
        };
        let (mut at, mut found) = (start, Vec::new());
        for number in first - first % STRIDE..first.saturating_add(most).min(self.count) {
            let Some(piece) = piece_at(bytes, at) else {
                break;
            };
            at = piece.end;
            if number >= first {
                found.push((number, piece));
            }
        }
        found
    }
}
