//! Reading lengths and strings from bytes that nobody vouches for.
use super::{Fault, Why, form};
use crate::base::num;
use crate::keyspace::IntBuf;
use crate::persist::lzf;
use std::borrow::Cow;

/// What a read gives.
pub(super) type Read<T> = Result<T, Fault>;

/// A place in bytes.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How many bytes may still be made by decompression.
    room: usize,
}

/// A length, or what stands where a length is expected.
enum Len {
    Plain(u64),
    Form(u8),
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], room: usize) -> Reader<'a> {
        Reader::resume(bytes, (0, room))
    }

    /// One that goes on where another stopped; `mark`: what [`Reader::mark`] said there.
    pub fn resume(bytes: &'a [u8], (at, room): (usize, usize)) -> Reader<'a> {
        Reader { bytes, at, room }
    }

    /// Where it stands, and how many bytes decompression may still make.
    pub fn mark(&self) -> (usize, usize) {
        (self.at, self.room)
    }

    pub fn position(&self) -> usize {
        self.at
    }

    /// Bytes that are left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// A fault at this place.
    pub fn fault<T>(&self, why: &'static str) -> Read<T> {
        self.fault_at(self.at, why)
    }

    pub fn fault_at<T>(&self, at: usize, why: impl Into<Cow<'static, str>>) -> Read<T> {
        Err(Fault {
            at,
            why: Why::Text(why.into()),
        })
    }

    /// `None` as a fault at this place.
    pub fn check<T>(&self, value: Option<T>, why: &'static str) -> Read<T> {
        value.map_or_else(|| self.fault(why), Ok)
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize) -> Read<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let Some(bytes) = rest.get(..len) else {
            return self.fault("the bytes end too early");
        };
        self.at += len;
        Ok(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let bytes = self.take(N)?;
        Ok(bytes.try_into().expect("so many were taken"))
    }

    pub fn byte(&mut self) -> Read<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u64_le(&mut self) -> Read<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub fn i64_le(&mut self) -> Read<i64> {
        Ok(self.u64_le()? as i64)
    }

    fn len_or_form(&mut self) -> Read<Len> {
        let first = self.byte()?;
        Ok(Len::Plain(match first {
            0..=0x3f => first.into(),
            0x40..=0x7f => u64::from(first & 0x3f) << 8 | u64::from(self.byte()?),
            0x80 => u32::from_be_bytes(self.array()?).into(),
            0x81 => u64::from_be_bytes(self.array()?),
            0xc0.. => return Ok(Len::Form(first & 0x3f)),
            _ => return self.fault_at(self.at - 1, "no length begins like this"),
        }))
    }

    /// A length, or any number that is mostly small.
    pub fn len(&mut self) -> Read<u64> {
        let at = self.at;
        match self.len_or_form()? {
            Len::Plain(n) => Ok(n),
            Len::Form(_) => self.fault_at(at, "a length is expected here"),
        }
    }

    /// A count of elements that take at least `each` bytes, so that the bytes at hand can hold so many.
    pub fn count(&mut self, each: usize) -> Read<usize> {
        let at = self.at;
        let n = usize::try_from(self.len()?).unwrap_or(usize::MAX);
        if n > self.left() / each {
            return self.fault_at(at, "more elements than bytes are left");
        }
        Ok(n)
    }

    /// A string in any form. O(len).
    pub fn string(&mut self) -> Read<Cow<'a, [u8]>> {
        let at = self.at;
        let n = match self.len_or_form()? {
            Len::Plain(len) => {
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                return Ok(Cow::Borrowed(self.take(len)?));
            }
            Len::Form(form::INT8) => i64::from(self.byte()? as i8),
            Len::Form(form::INT16) => i64::from(i16::from_le_bytes(self.array()?)),
            Len::Form(form::INT32) => i64::from(i32::from_le_bytes(self.array()?)),
            Len::Form(form::LZF) => return Ok(Cow::Owned(self.compressed()?)),
            Len::Form(_) => return self.fault_at(at, "a string of an unknown form"),
        };
        Ok(Cow::Owned(
            num::i64_bytes(n, &mut IntBuf::default()).to_vec(),
        ))
    }

    fn compressed(&mut self) -> Read<Vec<u8>> {
        let at = self.at;
        let packed = usize::try_from(self.len()?).unwrap_or(usize::MAX);
        let len = usize::try_from(self.len()?).unwrap_or(usize::MAX);
        let packed = self.take(packed)?;
        let Some(room) = self.room.checked_sub(len) else {
            return self.fault_at(at, "a string too large for the memory there is");
        };
        self.room = room;
        match lzf::decompress(packed, len) {
            Some(text) => Ok(text),
            None => self.fault_at(at, "a compressed string that does not unfold"),
        }
    }

    /// A score as text: its length, or a number beyond that stands for what is no number.
    pub fn text_score(&mut self) -> Read<f64> {
        let at = self.at;
        let score = match self.byte()? {
            253 => None,
            254 => Some(f64::INFINITY),
            255 => Some(f64::NEG_INFINITY),
            len => num::parse_f64(self.take(len.into())?),
        };
        match score {
            Some(score) => Ok(score),
            None => self.fault_at(at, "a score that is no number"),
        }
    }

    /// A score as eight bytes.
    pub fn binary_score(&mut self) -> Read<f64> {
        let score = f64::from_bits(self.u64_le()?);
        if score.is_nan() {
            return self.fault_at(self.at - 8, "a score that is no number");
        }
        Ok(score)
    }
}
