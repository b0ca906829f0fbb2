//! Snapshot files as servers of former times wrote them, versions 1 to 9, with random data: a real server and redlab read
//! the same from each. The writer is one of this test's own: nothing of the reader under test is used in it.
//!
//! | version | new in it |
//! |---|---|
//! | 1 | strings, lists, sets, sorted sets with scores as text, hashes; expiry in seconds; no checksum |
//! | 2 | zipmaps, lists and sorted sets as ziplists, intsets |
//! | 3 | expiry in milliseconds |
//! | 4 | hashes as ziplists |
//! | 5 | the checksum |
//! | 6 | ziplists with short integers |
//! | 7 | quicklists of ziplists; fields about the file, sizes of tables |
//! | 8 | scores as eight bytes |
//! | 9 | streams; how a key was used |
use super::{Folder, STREAM, Verdicts, check, difference, loaded};
use crate::peer::{Peer, Server};
use redlab::base::crc64::crc64;
use redlab::base::rng::Rng;
use redlab::ds::listpack::Listpack;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The versions that are written.
const VERSIONS: u64 = 9;
/// How far the oldest expiry is from now, in seconds: nothing expires on the way.
const LATER_S: u64 = 100_000;
/// An entry of a ziplist or zipmap whose length takes more than a byte.
const LONG: usize = 254;

/// Bytes of the old formats.
struct Writer {
    version: u64,
    rng: Rng,
    out: Vec<u8>,
}

impl Writer {
    fn len(&mut self, n: usize) {
        match n {
            0..=0x3f => self.out.push(n as u8),
            0x40..=0x3fff => self.out.extend((0x4000 | n as u16).to_be_bytes()),
            _ => {
                self.out.push(0x80);
                self.out.extend((n as u32).to_be_bytes());
            }
        }
    }

    /// A string, as a number or compressed where a server does so.
    fn string(&mut self, text: &[u8]) {
        let number = integer(text).filter(|n| i32::try_from(*n).is_ok());
        if let Some(n) = number {
            match (i8::try_from(n), i16::try_from(n)) {
                (Ok(n), _) => self.out.extend([0xc0, n as u8]),
                (_, Ok(n)) => {
                    self.out.push(0xc1);
                    self.out.extend(n.to_le_bytes());
                }
                _ => {
                    self.out.push(0xc2);
                    self.out.extend((n as i32).to_le_bytes());
                }
            }
            return;
        }
        match repeated(text) {
            Some(packed) => {
                self.out.push(0xc3);
                self.len(packed.len());
                self.len(text.len());
                self.out.extend(packed);
            }
            None => self.plain(text),
        }
    }

    fn plain(&mut self, text: &[u8]) {
        self.len(text.len());
        self.out.extend(text);
    }

    /// A word: small and larger numbers, text, bytes, and long ones.
    fn word(&mut self) -> Vec<u8> {
        let rng = &mut self.rng;
        match rng.below(12) {
            0..3 => (rng.below(300) as i64 - 20).to_string().into_bytes(),
            3 => (rng.next_u64() as i32).to_string().into_bytes(),
            4 => (rng.next_u64() as i64).to_string().into_bytes(),
            5 => (rng.next_u64() as i32 >> 8).to_string().into_bytes(),
            6 => b"ab".repeat(12 + rng.below(40) as usize),
            7 => vec![b'x'; 60 + rng.below(300) as usize],
            8 => (0..rng.below(20)).map(|n| (n * 37) as u8).collect(),
            9 => ["007", "-0", "+1", "1.0", " 1", ""][rng.below(6) as usize].into(),
            _ => format!("word:{}", rng.below(1000)).into_bytes(),
        }
    }

    /// Different words, one at least.
    fn words(&mut self) -> Vec<Vec<u8>> {
        let most = [4, 20, 150][self.rng.below(3) as usize];
        let count = 1 + self.rng.below(most);
        let words: BTreeSet<_> = (0..count).map(|_| self.word()).collect();
        words.into_iter().collect()
    }

    /// Members with their scores, in their order.
    fn scored(&mut self) -> Vec<(Vec<u8>, f64)> {
        let words = self.words();
        let score = |rng: &mut Rng| match rng.below(8) {
            0 => f64::INFINITY,
            1 => f64::NEG_INFINITY,
            2 => rng.below(1000) as f64 / 8.0,
            _ => rng.below(100) as f64 - 50.0,
        };
        let rng = &mut self.rng;
        let mut all: Vec<_> = words.into_iter().map(|w| (w, score(rng))).collect();
        all.sort_by(|(a, x), (b, y)| x.total_cmp(y).then_with(|| a.cmp(b)));
        all
    }

    fn pairs(&mut self) -> Vec<Vec<u8>> {
        let fields = self.words();
        fields.into_iter().flat_map(|f| [f, self.word()]).collect()
    }

    /// The kinds of values that this version has.
    fn kinds(&self) -> Vec<u8> {
        const SINCE: [(u8, u64); 13] = [
            (0, 1),
            (1, 1),
            (2, 1),
            (3, 1),
            (4, 1),
            (9, 2),
            (10, 2),
            (11, 2),
            (12, 2),
            (13, 4),
            (14, 7),
            (5, 8),
            (15, 9),
        ];
        let known = SINCE.iter().filter(|(_, since)| *since <= self.version);
        known.map(|(kind, _)| *kind).collect()
    }

    /// A key of this kind and its value.
    fn key(&mut self, key: &str, kind: u8) {
        self.out.push(kind);
        self.string(key.as_bytes());
        match kind {
            0 => {
                let word = self.word();
                self.string(&word);
            }
            1 | 2 => {
                let words = self.words();
                self.strings(words.len(), &words);
            }
            3 | 5 => self.sorted_set(kind),
            4 => {
                let pairs = self.pairs();
                self.strings(pairs.len() / 2, &pairs);
            }
            9 => {
                let map = zipmap(&self.pairs());
                self.string(&map);
            }
            10 => {
                let list = self.words();
                self.ziplist(&list);
            }
            11 => {
                let set = self.intset();
                self.string(&set);
            }
            12 => {
                let all = self.scored();
                let flat = |(member, score): (Vec<u8>, f64)| [member, text_of(score)];
                self.ziplist(&all.into_iter().flat_map(flat).collect::<Vec<_>>());
            }
            13 => {
                let pairs = self.pairs();
                self.ziplist(&pairs);
            }
            14 => {
                let nodes = 1 + self.rng.below(3) as usize;
                self.len(nodes);
                for _ in 0..nodes {
                    let list = self.words();
                    self.ziplist(&list);
                }
            }
            _ => self.stream(),
        }
    }

    fn strings(&mut self, count: usize, all: &[Vec<u8>]) {
        self.len(count);
        all.iter().for_each(|text| self.string(text));
    }

    fn sorted_set(&mut self, kind: u8) {
        let all = self.scored();
        self.len(all.len());
        for (member, score) in all {
            self.string(&member);
            match kind {
                5 => self.out.extend(score.to_le_bytes()),
                _ if score == f64::INFINITY => self.out.push(254),
                _ if score == f64::NEG_INFINITY => self.out.push(255),
                _ => {
                    let text = text_of(score);
                    self.out.push(text.len() as u8);
                    self.out.extend(text);
                }
            }
        }
    }

    fn intset(&mut self) -> Vec<u8> {
        let shift = [50, 40, 10][self.rng.below(3) as usize];
        let count = 1 + self.rng.below(100);
        let all: BTreeSet<i64> = (0..count)
            .map(|_| self.rng.next_u64() as i64 >> shift)
            .collect();
        let width = all.iter().map(|n| width_of(*n)).max().unwrap_or(2);
        let mut out = [
            (width as u32).to_le_bytes(),
            (all.len() as u32).to_le_bytes(),
        ]
        .concat();
        for n in all {
            out.extend(&n.to_le_bytes()[..width]);
        }
        out
    }

    fn ziplist(&mut self, all: &[Vec<u8>]) {
        let (mut body, mut before, mut last) = (Vec::new(), 0, 10);
        for text in all {
            let begin = body.len();
            last = 10 + begin;
            match before {
                0..LONG => body.push(before as u8),
                _ => {
                    body.push(LONG as u8);
                    body.extend((before as u32).to_le_bytes());
                }
            }
            self.ziplist_entry(text, &mut body);
            before = body.len() - begin;
        }
        let total = 10 + body.len() as u32 + 1;
        let head = [total.to_le_bytes(), (last as u32).to_le_bytes()].concat();
        let count = (all.len() as u16).to_le_bytes();
        let list = [&head[..], &count, &body, &[0xff]].concat();
        self.string(&list);
    }

    fn ziplist_entry(&self, text: &[u8], out: &mut Vec<u8>) {
        let short = self.version >= 6;
        match (integer(text).filter(|_| text.len() < 32), text.len()) {
            (Some(n @ 0..=12), _) if short => out.push(0xf1 + n as u8),
            (Some(n), _) => {
                let (code, width) = match n {
                    -0x80..=0x7f if short => (0xfe, 1),
                    -0x8000..=0x7fff => (0xc0, 2),
                    -0x80_0000..=0x7f_ffff if short => (0xf0, 3),
                    -0x8000_0000..=0x7fff_ffff => (0xd0, 4),
                    _ => (0xe0, 8),
                };
                out.push(code);
                out.extend(&n.to_le_bytes()[..width]);
            }
            (None, len @ 0..=0x3f) => {
                out.push(len as u8);
                out.extend(text);
            }
            (None, len) => {
                out.extend((0x4000 | len as u16).to_be_bytes());
                out.extend(text);
            }
        }
    }

    /// A stream as its first version was written, with a group or without.
    fn stream(&mut self) {
        let entries = self.rng.below(30) as i64;
        let (ms, field) = (1_500_000_000_000 + self.rng.below(1000), b"field");
        let mut node = Listpack::new();
        [entries, 0, 1].iter().for_each(|n| node.push_int(*n));
        node.push(field);
        node.push_int(0);
        for n in 0..entries {
            // The fields of the master entry; as many ms later; a value; how many elements this was.
            [2, n, 0].iter().for_each(|n| node.push_int(*n));
            let value = self.word();
            node.push(&value);
            node.push_int(4);
        }
        let id = |n: u64| [(ms + n).to_be_bytes(), 0u64.to_be_bytes()].concat();
        self.len(usize::from(entries > 0));
        if entries > 0 {
            self.plain(&id(0));
            self.string(node.as_bytes());
        }
        self.len(entries as usize);
        let last = ms + entries.max(1) as u64 - 1;
        self.long(last);
        self.len(0);
        let pending = self.rng.below(entries as u64 + 1);
        let groups = self.rng.below(2) as usize;
        self.len(groups);
        if groups > 0 {
            self.string(b"group");
            self.long(last);
            self.len(0);
            self.len(pending as usize);
            for n in 0..pending {
                self.out.extend(id(n));
                self.out.extend((ms as i64 + 5).to_le_bytes());
                self.len(1 + n as usize);
            }
            self.len(1);
            self.string(b"alice");
            self.out.extend((ms as i64 + 9).to_le_bytes());
            self.len(pending as usize);
            (0..pending).for_each(|n| self.out.extend(id(n)));
        }
    }

    /// A length of more than four bytes.
    fn long(&mut self, n: u64) {
        self.out.push(0x81);
        self.out.extend(n.to_be_bytes());
    }

    /// When a key expires, and how it was used, if anything is said of that.
    fn about(&mut self, now_s: i64) {
        let later_s = now_s + (LATER_S + self.rng.below(LATER_S)) as i64;
        match self.rng.below(4) {
            0 => {
                self.out.push(0xfd);
                self.out.extend((later_s as i32).to_le_bytes());
            }
            1 if self.version >= 3 => {
                self.out.push(0xfc);
                self.out.extend((later_s * 1000 + 7).to_le_bytes());
            }
            _ => {}
        }
        match self.rng.below(4) {
            0 if self.version >= 9 => {
                self.out.push(0xf8);
                let idle_s = self.rng.below(1000) as usize;
                self.len(idle_s);
            }
            1 if self.version >= 9 => self.out.extend([0xf9, self.rng.below(256) as u8]),
            _ => {}
        }
    }

    /// A whole file.
    fn file(mut self, now_s: i64) -> Vec<u8> {
        let head = format!("REDIS{:04}", self.version);
        self.out.extend(head.as_bytes());
        if self.version >= 7 {
            self.out.push(0xfa);
            self.string(b"redis-bits");
            self.string(b"64");
        }
        let kinds = self.kinds();
        for db in [0, 3] {
            self.out.push(0xfe);
            self.len(db);
            if self.version >= 7 {
                self.out.push(0xfb);
                self.len(kinds.len());
                self.len(0);
            }
            for (at, kind) in kinds.iter().enumerate() {
                self.about(now_s);
                self.key(&format!("key:{db}:{at}"), *kind);
            }
        }
        self.out.push(0xff);
        if self.version >= 5 {
            let sum = crc64(0, &self.out);
            self.out.extend(sum.to_le_bytes());
        }
        self.out
    }
}

/// The number that a text is, if it is written as numbers are.
fn integer(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let n: i64 = text.parse().ok()?;
    (n.to_string() == text).then_some(n)
}

fn text_of(score: f64) -> Vec<u8> {
    score.to_string().into_bytes()
}

fn width_of(n: i64) -> usize {
    match (i16::try_from(n), i32::try_from(n)) {
        (Ok(_), _) => 2,
        (_, Ok(_)) => 4,
        _ => 8,
    }
}

/// A text that repeats its first two bytes, in LZF: the two, and that many again, from two bytes before.
fn repeated(text: &[u8]) -> Option<Vec<u8>> {
    let again = text
        .len()
        .checked_sub(2)
        .filter(|n| (9..=264).contains(n))?;
    let same = (2..text.len()).all(|at| text[at] == text[at - 2]);
    same.then(|| vec![1, text[0], text[1], 7 << 5, (again - 9) as u8, 1])
}

fn zipmap(pairs: &[Vec<u8>]) -> Vec<u8> {
    let count = (pairs.len() / 2).min(LONG);
    let mut out = vec![count as u8];
    let size = |len: usize, out: &mut Vec<u8>| match len {
        0..LONG => out.push(len as u8),
        _ => {
            out.push(LONG as u8);
            out.extend((len as u32).to_le_bytes());
        }
    };
    let by_field: BTreeMap<_, _> = pairs.chunks(2).map(|pair| (&pair[0], &pair[1])).collect();
    for (at, (field, value)) in by_field.into_iter().enumerate() {
        size(field.len(), &mut out);
        out.extend(field);
        size(value.len(), &mut out);
        // Some have room behind the value.
        let unused = at % 3;
        out.push(unused as u8);
        out.extend(value);
        out.extend(vec![0; unused]);
    }
    out.push(0xff);
    out
}

/// Writes these files of a run and lets both read them; how many comparisons agreed, and what did not.
pub fn compare(files: Range<u64>, seed: u64, now_s: i64) -> Result<(usize, Vec<String>), String> {
    let folder = Folder::new();
    let mut oracle = Server::oracle_in(folder.path())?;
    let mut verdicts = Verdicts::default();
    for number in files {
        let version = number % VERSIONS + 1;
        let writer = Writer {
            version,
            rng: Rng::new(seed << 32 | number),
            out: Vec::new(),
        };
        let place = format!("old files, seed {seed}, file {number} of version {version}");
        std::fs::write(folder.file(), writer.file(now_s)).map_err(|e| e.to_string())?;
        verdicts.judge(&place, "the stock tool", check(&folder.file()));
        oracle.restart();
        let there = oracle.open();
        let mut ours = match loaded(&folder.file()) {
            Ok(ours) => ours,
            Err(why) => {
                verdicts.judge(&place, "read by redlab", Some(why));
                continue;
            }
        };
        let here = ours.open();
        let found = difference(
            ["redlab", "oracle"],
            [&mut ours, &mut oracle],
            [here, there],
            STREAM,
        );
        verdicts.judge(&place, "read by both", found);
    }
    Ok((verdicts.passed, verdicts.failures))
}
