//! The longest common subsequence of two strings.
//!
//! `best[i][j]` is its length for the first `i` bytes of one and the first `j` of the other; each cell follows from
//! the three beside it:
//!
//! ```text
//!            ""  b  a  r          equal bytes: 1 + the cell up left
//!        ""   0  0  0  0          else: the greater of the cell above and the cell to the left
//!        o    0  0  0  0
//!        b    0 [1] 1  1          walking back from the last corner, each step up left is a byte
//!        r    0  1  1 [2]         of the result: "br"
//! ```
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::keyspace::Str;

pub(super) const TABLE: &[Command] = &[LCS];

/// Most cells of the table. A real server stops where its allocator does; a node shares its machine with others.
const MAX_CELLS: u64 = 1 << 26;

const LCS: Command = Command {
    name: "lcs",
    arity: -3,
    flags: F::READONLY,
    acl: C::STRING,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(1, 1, 0),
    )],
    since: "7.0.0",
    group: Group::String,
    complexity: "O(N*M), N and M the lengths of the two strings.",
    summary: "Finds the longest sequence of bytes that two strings have in common, in order but with gaps.",
    syntax: "key1:key#0 key2:key#0 [LEN] [IDX] [MINMATCHLEN=min-match-len:integer] [WITHMATCHLEN]",
    run: lcs,
    ..Command::DEFAULT
};

#[derive(Default)]
struct Options {
    len: bool,
    idx: bool,
    with_match_len: bool,
    min_match_len: i64,
}

impl Options {
    fn read(ctx: &Ctx<'_>) -> Result<Options, Error> {
        let mut options = Options::default();
        let mut cursor = ctx.cursor(3);
        while !cursor.is_done() {
            if cursor.take("idx") {
                options.idx = true;
            } else if cursor.take("len") {
                options.len = true;
            } else if cursor.take("withmatchlen") {
                options.with_match_len = true;
            } else if cursor.take_with("minmatchlen", 1) {
                options.min_match_len = cursor.int()?.max(0);
            } else {
                return Err(Error::SYNTAX);
            }
        }
        if options.idx && options.len {
            return Err(Error::new(
                "ERR If you want both the length and indexes, please just use IDX.",
            ));
        }
        Ok(options)
    }
}

fn lcs(ctx: &mut Ctx<'_>) -> Outcome {
    let mut strings = [Vec::new(), Vec::new()];
    let mut wrong = false;
    for (at, string) in strings.iter_mut().enumerate() {
        match ctx.db.read_as::<Str>(ctx.arg(1 + at)) {
            Ok(value) => *string = value.map(Str::to_vec).unwrap_or_default(),
            Err(_) => wrong = true,
        }
    }
    if wrong {
        return Err(Error::new(
            "ERR The specified keys must contain string values",
        ));
    }
    let options = Options::read(ctx)?;
    let table = Table::new(&strings[0], &strings[1], ctx.config.proto_max_bulk_len)?;
    let len = table.at(strings[0].len(), strings[1].len());
    if options.len {
        ctx.out.int(i64::from(len));
    } else if options.idx {
        reply_matches(ctx, &table, &options, len);
    } else {
        let mut common: Vec<u8> = Vec::with_capacity(len as usize);
        for run in table.matches() {
            common.extend(strings[0][run.a..run.a + run.len].iter().rev());
        }
        common.reverse();
        ctx.out.bulk(&common);
    }
    Ok(())
}

fn reply_matches(ctx: &mut Ctx<'_>, table: &Table<'_>, options: &Options, len: u32) {
    ctx.out.map(2);
    ctx.out.bulk(b"matches");
    let at = ctx.out.defer();
    let mut count = 0;
    for run in table.matches() {
        if (run.len as i64) < options.min_match_len {
            continue;
        }
        ctx.out.array(2 + usize::from(options.with_match_len));
        for start in [run.a, run.b] {
            ctx.out.array(2);
            ctx.out.len(start);
            ctx.out.len(start + run.len - 1);
        }
        if options.with_match_len {
            ctx.out.len(run.len);
        }
        count += 1;
    }
    ctx.out.finish_array(at, count);
    ctx.out.bulk(b"len");
    ctx.out.int(i64::from(len));
}

/// A run of equal bytes that the walk back passes through: where it starts in each string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    a: usize,
    b: usize,
    len: usize,
}

#[derive(Debug)]
struct Table<'a> {
    a: &'a [u8],
    b: &'a [u8],
    cells: Vec<u32>,
}

impl<'a> Table<'a> {
    /// Fills the table. O(N*M) time and space, refused beyond `most_bytes` and `MAX_CELLS`.
    fn new(a: &'a [u8], b: &'a [u8], most_bytes: i64) -> Result<Table<'a>, Error> {
        let cells = (a.len() as u64 + 1) * (b.len() as u64 + 1);
        if cells.saturating_mul(4) > most_bytes.unsigned_abs() {
            return Err(Error::new(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
            ));
        }
        if cells > MAX_CELLS {
            return Err(Error::new(
                "ERR Insufficient memory, failed allocating transient memory for LCS",
            ));
        }
        let mut table = Table {
            a,
            b,
            cells: vec![0; cells as usize],
        };
        let width = b.len() + 1;
        for i in 1..=a.len() {
            let (above, row) = table.cells[(i - 1) * width..].split_at_mut(width);
            for j in 1..width {
                row[j] = if a[i - 1] == b[j - 1] {
                    above[j - 1] + 1
                } else {
                    above[j].max(row[j - 1])
                };
            }
        }
        Ok(table)
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.cells[i * (self.b.len() + 1) + j]
    }

    /// The runs of the subsequence, last one first.
    fn matches(&self) -> impl Iterator<Item = Run> + '_ {
        let (mut i, mut j) = (self.a.len(), self.b.len());
        std::iter::from_fn(move || {
            let mut len = 0;
            while i > 0 && j > 0 {
                if self.a[i - 1] == self.b[j - 1] {
                    (i, j, len) = (i - 1, j - 1, len + 1);
                } else if len > 0 {
                    break;
                } else if self.at(i - 1, j) > self.at(i, j - 1) {
                    i -= 1;
                } else {
                    j -= 1;
                }
            }
            (len > 0).then_some(Run { a: i, b: j, len })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_runs_from_the_end() {
        let table = Table::new(b"ohmytext", b"mynewtext", i64::MAX).expect("small");
        let runs: Vec<Run> = table.matches().collect();
        let expected = [(4, 5, 4), (2, 0, 2)].map(|(a, b, len)| Run { a, b, len });
        assert_eq!(runs, expected);
        assert_eq!(table.at(8, 9), 6);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let long = vec![0; 1 << 14];
        assert!(Table::new(&long, &long, i64::MAX).is_err());
        assert_eq!(
            Table::new(b"", &long, i64::MAX).map(|t| t.at(0, 1 << 14)),
            Ok(0)
        );
    }
}
