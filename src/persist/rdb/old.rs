//! Compact encodings that servers before Redis 7.0 wrote, turned into listpacks.
//!
//! ```text
//!   ziplist   | bytes, u32 | offset of the last entry, u32 | entries, u16 | entry | ... | FF
//!   entry     | bytes of the entry before: n, or FE n n n n | what it is | data |
//!             00nnnnnn  01nnnnnn n  80 nnnn      a string, its length big-endian
//!             C0 nn  D0 nnnn  E0 nnnnnnnn  F0 nnn  FE n      an integer, little-endian
//!             F1 to FD                           an integer from 0 to 12
//!
//!   zipmap    | pairs, or FE or FF: not known | pair | ... | FF
//!   pair      | length | field | length | bytes not in use | value | unused |
//!             a length is one byte, or FE and four, little-endian
//! ```
use crate::base::quote::label;
use crate::ds::listpack::Listpack;

/// Bytes before the first entry of a ziplist.
const ZIPLIST_HEADER: usize = 10;
const END: u8 = 0xff;
/// Says that four bytes of length follow.
const LONG: u8 = 0xfe;
/// A ziplist with so many entries or more does not know how many.
const UNKNOWN: usize = 0xffff;

/// Takes `len` bytes from the front.
fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (front, back) = rest.split_at_checked(len)?;
    *rest = back;
    Some(front)
}

/// Takes a little-endian number of up to eight bytes, sign and all.
fn int(rest: &mut &[u8], width: usize) -> Option<i64> {
    let bytes = take(rest, width)?;
    let mut wide = [0; 8];
    wide[8 - width..].copy_from_slice(bytes);
    Some(i64::from_le_bytes(wide) >> (64 - 8 * width))
}

/// The same without a sign.
fn size(rest: &mut &[u8], width: usize) -> Option<usize> {
    let bytes = take(rest, width)?;
    Some(bytes.iter().rfold(0, |n, byte| n << 8 | usize::from(*byte)))
}

/// One byte, or [`LONG`] and four.
fn short_size(rest: &mut &[u8]) -> Option<usize> {
    match *take(rest, 1)?.first()? {
        LONG => size(rest, 4),
        END => None,
        n => Some(n.into()),
    }
}

/// The listpack with the entries of a ziplist; `None` if any byte of it is not as it must be. O(bytes).
pub(super) fn ziplist(bytes: &[u8]) -> Option<Listpack> {
    let mut rest = bytes;
    let (total, last, count) = (
        size(&mut rest, 4)?,
        size(&mut rest, 4)?,
        size(&mut rest, 2)?,
    );
    if total != bytes.len() {
        return None;
    }
    let mut lp = Listpack::with_capacity(total);
    let (mut entries, mut before, mut begin) = (0, 0, ZIPLIST_HEADER);
    while *rest.first()? != END {
        begin = bytes.len() - rest.len();
        if short_size(&mut rest)? != before {
            return None;
        }
        ziplist_entry(&mut rest, &mut lp)?;
        before = bytes.len() - rest.len() - begin;
        entries += 1;
    }
    let whole = rest.len() == 1 && last == begin && (count == UNKNOWN || count == entries);
    whole.then_some(lp)
}

/// The first entry of what is left of a ziplist, as a label, and its size; `None` if none stands there whole.
pub(super) fn ziplist_at(bytes: &[u8]) -> Option<(String, usize)> {
    let mut rest = bytes;
    short_size(&mut rest)?;
    let mut lp = Listpack::new();
    ziplist_entry(&mut rest, &mut lp)?;
    let value = lp.iter().next()?.to_vec();
    Some((label(&value), bytes.len() - rest.len()))
}

fn ziplist_entry(rest: &mut &[u8], lp: &mut Listpack) -> Option<()> {
    let first = *take(rest, 1)?.first()?;
    let len = match first {
        0..=0x3f => first.into(),
        0x40..=0x7f => usize::from(first & 0x3f) << 8 | size(rest, 1)?,
        0x80 => {
            let bytes = take(rest, 4)?;
            bytes.iter().fold(0, |n, byte| n << 8 | usize::from(*byte))
        }
        _ => {
            lp.push_int(match first {
                0xc0 => int(rest, 2)?,
                0xd0 => int(rest, 4)?,
                0xe0 => int(rest, 8)?,
                0xf0 => int(rest, 3)?,
                0xfe => int(rest, 1)?,
                0xf1..=0xfd => i64::from(first & 0x0f) - 1,
                _ => return None,
            });
            return Some(());
        }
    };
    lp.push(take(rest, len)?);
    Some(())
}

/// The listpack with the fields and values of a zipmap; `None` if any byte of it is not as it must be. O(bytes).
pub(super) fn zipmap(bytes: &[u8]) -> Option<Listpack> {
    let mut rest = bytes;
    let count = size(&mut rest, 1)?;
    let mut lp = Listpack::with_capacity(bytes.len());
    let mut pairs = 0;
    while *rest.first()? != END {
        let len = short_size(&mut rest)?;
        lp.push(take(&mut rest, len)?);
        let len = short_size(&mut rest)?;
        let unused = size(&mut rest, 1)?;
        lp.push(take(&mut rest, len)?);
        take(&mut rest, unused)?;
        pairs += 1;
    }
    let whole = rest.len() == 1 && (count >= usize::from(LONG) || count == pairs);
    whole.then_some(lp)
}
