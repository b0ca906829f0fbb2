//! Bitmap commands: strings whose bits count. One file an idea.
//!
//! - `bit`: one bit;
//! - `range`: counting and searching;
//! - `combine`: several bitmaps into one;
//! - `field`: integers of any width at any bit.
mod bit;
mod combine;
mod field;
mod range;

use crate::base::num;
use crate::command::{Command, Ctx, Error};
use crate::commands::strings::longest;
use crate::keyspace::Str;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[bit::TABLE, combine::TABLE, field::TABLE, range::TABLE];

/// Argument `i` as the number of a bit: no string that may hold it is longer than `proto-max-bulk-len`. With `width`,
/// `#n` stands for the nth field of so many bits.
fn offset(ctx: &Ctx<'_>, i: usize, width: Option<u32>) -> Result<u64, Error> {
    let refused = Error(b"ERR bit offset is not an integer or out of range".into());
    let (text, factor) = match (ctx.arg(i), width) {
        ([b'#', rest @ ..], Some(width)) => (rest, i64::from(width)),
        (text, _) => (text, 1),
    };
    let Some(number) = num::parse_i64(text) else {
        return Err(refused);
    };
    // The real server multiplies without a look at what is lost.
    let at = number.wrapping_mul(factor);
    if at < 0 || at >> 3 >= longest(ctx) {
        return Err(refused);
    }
    Ok(at as u64)
}

/// Up to so many bytes the memory ceiling is not asked, as that takes one more lookup.
const SMALL: u64 = 1 << 16;

/// The string under `key` to write to, long enough for bit `last`, and whether it had to be made or grow for that.
fn writable<'a>(
    ctx: &'a mut Ctx<'_>,
    key: &[u8],
    last: u64,
) -> Result<(&'a mut [u8], bool), Error> {
    let bytes = (last >> 3) + 1;
    if bytes > SMALL {
        let old_len = ctx.db.write_as::<Str>(key)?.map_or(0, |value| value.len());
        ctx.room(bytes as i64 - old_len as i64)?;
    }
    let bytes = bytes as usize;
    let mut grown = false;
    let value = ctx.db.write_or(key, || {
        grown = true;
        Str::Raw(vec![0; bytes])
    })?;
    grown |= value.fill_to(bytes);
    Ok((value.raw_mut(), grown))
}
