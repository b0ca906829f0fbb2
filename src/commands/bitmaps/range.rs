//! Counting bits and searching for one, in a whole string or in a range of it.
use crate::command::{Args, Begin, C, Command, Ctx, Error, F, Find, Group, KeySpec, Outcome};
use crate::ds::bits;
use crate::keyspace::{IntBuf, Str};

pub(super) const TABLE: &[Command] = &[BITCOUNT, BITPOS];

/// `start [end [BYTE|BIT]]` as it was sent.
struct Range {
    start: i64,
    end: Option<i64>,
    by_bit: bool,
}

impl Range {
    /// Reads the range that begins at argument `i`; none there means the whole string.
    fn read(args: &Args<'_>, i: usize) -> Result<Range, Error> {
        let mut range = Range {
            start: 0,
            end: None,
            by_bit: false,
        };
        if args.len() > i + 3 {
            return Err(Error::SYNTAX);
        }
        if args.len() > i {
            range.start = args.int(i)?;
        }
        if args.len() == i + 3 {
            range.by_bit = args.is(i + 2, "bit");
            if !range.by_bit && !args.is(i + 2, "byte") {
                return Err(Error::SYNTAX);
            }
        }
        if args.len() > i + 1 {
            range.end = Some(args.int(i + 1)?);
        }
        Ok(range)
    }

    /// The first and the last bit that it covers in `len` bytes; `None` if there are none.
    fn bits(&self, len: usize) -> Option<(u64, u64)> {
        let total = len as i64 * if self.by_bit { 8 } else { 1 };
        let inside = |at: i64| if at < 0 { (total + at).max(0) } else { at };
        let start = inside(self.start);
        let end = inside(self.end.unwrap_or(-1)).min(total - 1);
        if start > end {
            return None;
        }
        let (start, end) = (start as u64, end as u64);
        Some(match self.by_bit {
            true => (start, end),
            false => (start * 8, end * 8 + 7),
        })
    }
}

const BITCOUNT: Command = Command {
    name: "bitcount",
    arity: -2,
    flags: F::READONLY,
    acl: C::BITMAP,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.6.0",
    group: Group::Bitmap,
    complexity: "O(N), N the bytes of the range.",
    summary: "Counts the bits that are set in a string or in a range of it.",
    syntax: "key:key#0 [range(start:integer [end-unit-block(end:integer [unit<BYTE|BIT>@7.0.0])])]",
    run: bitcount,
    ..Command::DEFAULT
};

fn bitcount(ctx: &mut Ctx<'_>) -> Outcome {
    let range = Range::read(&ctx.args, 2)?;
    let mut count = 0;
    if let Some(value) = ctx.db.read_as::<Str>(ctx.arg(1))? {
        let mut digits = IntBuf::default();
        let bytes = value.bytes(&mut digits);
        // Two positions from the end in the wrong order are empty even where both lie before the start.
        let crossed = range.start < 0 && range.end.is_some_and(|end| end < 0 && range.start > end);
        if let Some((start, end)) = range.bits(bytes.len())
            && !crossed
        {
            count = bits::count_range(bytes, start, end);
        }
    }
    ctx.out.int(count as i64);
    Ok(())
}

const BITPOS: Command = Command {
    name: "bitpos",
    arity: -3,
    flags: F::READONLY,
    acl: C::BITMAP,
    keys: &[KeySpec::new(
        "RO access",
        Begin::Index(1),
        Find::Range(0, 1, 0),
    )],
    since: "2.8.7",
    group: Group::Bitmap,
    complexity: "O(N), N the bytes up to the bit found.",
    summary: "Finds the first bit that is set, or the first that is clear, in a string or in a range of it.",
    syntax: "key:key#0 bit:integer [range(start:integer [end-unit-block(end:integer [unit<BYTE|BIT>@7.0.0])])]",
    run: bitpos,
    ..Command::DEFAULT
};

fn bitpos(ctx: &mut Ctx<'_>) -> Outcome {
    let on = match ctx.args.int(2)? {
        0 => false,
        1 => true,
        _ => return Err(Error(b"ERR The bit argument must be 1 or 0.".into())),
    };
    let range = Range::read(&ctx.args, 3)?;
    let found = match ctx.db.read_as::<Str>(ctx.arg(1))? {
        // A missing string is endless zeros.
        None => (!on).then_some(0),
        Some(value) => {
            let mut digits = IntBuf::default();
            let bytes = value.bytes(&mut digits);
            range.bits(bytes.len()).and_then(|(start, end)| {
                // Without an end, zeros follow the string.
                let behind = (!on && range.end.is_none()).then_some(end + 1);
                bits::find(bytes, start, end, on).or(behind)
            })
        }
    };
    ctx.out.int(found.map_or(-1, |at| at as i64));
    Ok(())
}
