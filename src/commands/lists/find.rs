//! Where an element stands.
use super::at_least;
use crate::command::{Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::commands::elements;
use crate::ds::listpack::Needle;
use crate::keyspace::list::List;

pub(super) const TABLE: &[Command] = &[LPOS];

const LPOS: Command = Command {
    name: "lpos",
    arity: -3,
    flags: F::READONLY,
    acl: C::LIST,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "6.0.6",
    group: Group::List,
    complexity: "O(N), N the elements looked at: all in the worst case, at most MAXLEN of them.",
    summary: "Gives the position of the first element with this value, or of the last, or of several.",
    syntax: "key:key#0 element [RANK=rank:integer] [COUNT=num-matches:integer] [MAXLEN=len:integer]",
    run: lpos,
    ..Command::DEFAULT
};

/// What LPOS looks for.
struct Search {
    /// The match to begin with, from 1.
    rank: u64,
    from_tail: bool,
    /// `None`: one position, and not in an array. 0: all matches.
    count: Option<usize>,
    /// Elements to look at; 0: all.
    max_len: usize,
}

fn options(ctx: &Ctx<'_>) -> Result<Search, Error> {
    let mut search = Search {
        rank: 1,
        from_tail: false,
        count: None,
        max_len: 0,
    };
    let mut cursor = ctx.cursor(3);
    while !cursor.is_done() {
        if cursor.take_with("rank", 1) {
            let rank = signed_rank(cursor.word()?)?;
            (search.rank, search.from_tail) = (rank.unsigned_abs(), rank < 0);
        } else if cursor.take_with("count", 1) {
            let negative = Error::new("ERR COUNT can't be negative");
            search.count = Some(at_least(0, cursor.word()?, negative)?);
        } else if cursor.take_with("maxlen", 1) {
            let negative = Error::new("ERR MAXLEN can't be negative");
            search.max_len = at_least(0, cursor.word()?, negative)?;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    Ok(search)
}

fn signed_rank(text: &[u8]) -> Result<i64, Error> {
    match elements::signed_count(text)? {
        0 => Err(Error::new(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... \
             or use negative to start from the end of the list",
        )),
        rank => Ok(rank),
    }
}

fn lpos(ctx: &mut Ctx<'_>) -> Outcome {
    let search = options(ctx)?;
    let element = ctx.arg(2);
    let Some(list) = ctx.db.read_as::<List>(ctx.arg(1))? else {
        match search.count {
            Some(_) => ctx.out.array(0),
            None => ctx.out.null(),
        }
        return Ok(());
    };
    let mut positions = positions(list, element, &search);
    let Some(count) = search.count else {
        match positions.next() {
            Some(position) => ctx.out.len(position),
            None => ctx.out.null(),
        }
        return Ok(());
    };
    let at = ctx.out.defer();
    let mut found = 0;
    for position in positions.take(if count == 0 { usize::MAX } else { count }) {
        ctx.out.len(position);
        found += 1;
    }
    ctx.out.finish_array(at, found);
    Ok(())
}

/// The positions, counted from the head, of the matches from the one asked for on.
fn positions<'a>(
    list: &'a List,
    element: &'a [u8],
    search: &Search,
) -> impl Iterator<Item = usize> + 'a {
    let (len, from_tail) = (list.len(), search.from_tail);
    let start = if from_tail { -1 } else { 0 };
    let max_len = match search.max_len {
        0 => usize::MAX,
        n => n,
    };
    let skip = usize::try_from(search.rank - 1).unwrap_or(usize::MAX);
    let needle = Needle::new(element);
    list.iter_from(start, !from_tail)
        .take(max_len)
        .enumerate()
        .filter(move |(_, entry)| needle.matches(entry))
        .skip(skip)
        .map(move |(step, _)| if from_tail { len - 1 - step } else { step })
}
