//! `struct`: C structures in strings, after Roberto Ierusalimschy's library. A format is a row of letters:
//!
//! ```text
//!   > < !n         big endian, little endian, alignment to n bytes
//!   x              one byte of padding
//!   b h l i iN     signed integers of 1, 2, 8, 4, N bytes; in capitals unsigned; T is 8 bytes
//!   f d            a float, a double
//!   s cN c0        a string with a zero behind it, of N bytes, of any length (unpack: the number before says it)
//! ```

use super::library::{self, integer, number};
use super::machine::{Args, Flow, Machine, Run};
use super::value::Value;
use crate::base::num::write_u64;

pub(crate) const LIBRARY: library::Entries = &[("pack", pack), ("size", size), ("unpack", unpack)];

const MAX_INTEGER: u64 = 32;
const MAX_ALIGN: u64 = 8;

/// Where a format is read, and what it has said so far.
struct Format {
    text: Vec<u8>,
    at: usize,
    little: bool,
    align: usize,
}

impl Format {
    fn new(text: Vec<u8>) -> Format {
        Format {
            text,
            at: 0,
            little: true,
            align: 1,
        }
    }

    fn next(&mut self) -> Option<u8> {
        // The real machine takes it as a C string.
        let letter = self.text.get(self.at).copied().filter(|b| *b != 0)?;
        self.at += 1;
        Some(letter)
    }

    fn number(&mut self, m: &mut Machine, default: u64) -> Run<u64> {
        let mut value: Option<u64> = None;
        while let Some(digit @ b'0'..=b'9') = self.text.get(self.at) {
            let next = value.unwrap_or(0) * 10 + u64::from(digit - b'0');
            if next > i32::MAX as u64 {
                return Err(m.throw_at_caller(b"integral size overflow"));
            }
            value = Some(next);
            self.at += 1;
        }
        Ok(value.unwrap_or(default))
    }

    /// How many bytes a letter takes.
    fn size(&mut self, m: &mut Machine, letter: u8) -> Run<usize> {
        Ok(match letter {
            b'b' | b'B' | b'x' => 1,
            b'h' | b'H' => 2,
            b'l' | b'L' | b'T' | b'd' => 8,
            b'f' => 4,
            b'c' => self.number(m, 1)? as usize,
            b'i' | b'I' => {
                let size = self.number(m, 4)?;
                if size > MAX_INTEGER {
                    let mut text = b"integral size ".to_vec();
                    write_u64(&mut text, size);
                    text.extend_from_slice(b" is larger than limit of 32");
                    return Err(m.throw_at_caller(&text));
                }
                size as usize
            }
            _ => 0,
        })
    }

    /// Bytes of padding before something of this size, at this place.
    fn padding(&self, at: usize, letter: u8, size: usize) -> usize {
        if size == 0 || letter == b'c' {
            return 0;
        }
        let size = size.min(self.align);
        size.wrapping_sub(at & (size - 1)) & (size - 1)
    }

    /// A letter that says how to read the others.
    fn control(&mut self, m: &mut Machine, letter: u8) -> Run {
        match letter {
            b' ' => {}
            b'>' => self.little = false,
            b'<' => self.little = true,
            b'!' => {
                let align = self.number(m, MAX_ALIGN)?;
                if !align.is_power_of_two() {
                    let mut text = b"alignment ".to_vec();
                    write_u64(&mut text, align);
                    text.extend_from_slice(b" is not a power of 2");
                    return Err(m.throw_at_caller(&text));
                }
                self.align = align as usize;
            }
            other => {
                let text = [b"invalid format option '", &[other][..], b"'"].concat();
                return Err(m.argument_error(0, &text));
            }
        }
        Ok(())
    }

    fn put(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        match self.little {
            true => out.extend_from_slice(bytes),
            false => out.extend(bytes.iter().rev()),
        }
    }

    /// The bytes of a number, lowest first, filled up to eight.
    fn take(&self, bytes: &[u8]) -> [u8; 8] {
        let mut word = [0; 8];
        for (at, place) in word.iter_mut().enumerate().take(bytes.len()) {
            *place = match self.little {
                true => bytes[at],
                false => bytes[bytes.len() - 1 - at],
            };
        }
        word
    }
}

fn pack(m: &mut Machine, args: Args) -> Run<Flow> {
    let mut format = Format::new(m.string_bytes(args, 0)?);
    let mut out = Vec::new();
    let mut index = 1;
    while let Some(letter) = format.next() {
        let size = format.size(m, letter)?;
        let padding = format.padding(out.len(), letter, size);
        m.room(out.len() + padding + size)?;
        out.resize(out.len() + padding, 0);
        match letter {
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
                let value = m.number(args, index)?;
                let bits = match value < 0.0 {
                    true => integer(value) as u64,
                    false => super::format::unsigned(value),
                };
                let mut bytes = bits.to_le_bytes().to_vec();
                bytes.resize(size.max(8), 0);
                format.put(&mut out, &bytes[..size]);
                index += 1;
            }
            b'x' => out.push(0),
            b'f' => {
                let value = m.number(args, index)? as f32;
                format.put(&mut out, &value.to_le_bytes());
                index += 1;
            }
            b'd' => {
                let value = m.number(args, index)?;
                format.put(&mut out, &value.to_le_bytes());
                index += 1;
            }
            b'c' | b's' => {
                let text = m.string_bytes(args, index)?;
                index += 1;
                let size = if size == 0 { text.len() } else { size };
                if text.len() < size {
                    return Err(m.argument_error(index, b"string too short"));
                }
                out.extend_from_slice(&text[..size]);
                if letter == b's' {
                    out.push(0);
                }
            }
            other => format.control(m, other)?,
        }
    }
    library::string(m, &out)
}

fn unpack(m: &mut Machine, args: Args) -> Run<Flow> {
    let mut format = Format::new(m.string_bytes(args, 0)?);
    let data = m.string_bytes(args, 1)?;
    let start = m.integer_or(args, 2, 1)?;
    if start == 0 {
        return Err(m.argument_error(2, b"offset must be 1 or greater"));
    }
    let mut at = (start as u64).wrapping_sub(1) as usize;
    let mut values: Vec<Value> = Vec::new();
    while let Some(letter) = format.next() {
        let mut size = format.size(m, letter)?;
        at = at.saturating_add(format.padding(at, letter, size));
        let short = |size: usize| size > data.len() || at > data.len() - size;
        if short(size) {
            return Err(m.argument_error(1, b"data string too short"));
        }
        if values.len() + args.count + 2 >= library::MAX_VALUES {
            return Err(m.throw_at_caller(b"stack overflow (too many results)"));
        }
        let piece = &data[at..at + size];
        match letter {
            b'b' | b'h' | b'l' | b'i' => {
                let bits = i64::from_le_bytes(format.take(piece));
                let spare = 64 - 8 * size.min(8) as u32;
                let value = if size == 0 { 0 } else { bits << spare >> spare };
                values.push(Value::Num(value as f64));
            }
            b'B' | b'H' | b'L' | b'T' | b'I' => {
                let bits = u64::from_le_bytes(format.take(piece));
                values.push(Value::Num(bits as f64));
            }
            b'x' => {}
            b'f' => {
                let bytes = format.take(piece);
                let bits = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                values.push(Value::Num(f64::from(f32::from_bits(bits))));
            }
            b'd' => values.push(Value::Num(f64::from_le_bytes(format.take(piece)))),
            b'c' => {
                if size == 0 {
                    let Some(Value::Num(length)) = values.pop() else {
                        return Err(m.throw_at_caller(b"format 'c0' needs a previous size"));
                    };
                    size = integer(length) as usize;
                    if short(size) {
                        return Err(m.argument_error(1, b"data string too short"));
                    }
                }
                values.push(m.heap.text(&data[at..at + size]));
            }
            b's' => {
                let Some(length) = data[at..].iter().position(|b| *b == 0) else {
                    return Err(m.throw_at_caller(b"unfinished string in data"));
                };
                values.push(m.heap.text(&data[at..at + length]));
                size = length + 1;
            }
            other => format.control(m, other)?,
        }
        at += size;
    }
    values.push(Value::Num((at + 1) as f64));
    library::values(m, &values)
}

fn size(m: &mut Machine, args: Args) -> Run<Flow> {
    let mut format = Format::new(m.string_bytes(args, 0)?);
    let mut at = 0;
    while let Some(letter) = format.next() {
        let size = format.size(m, letter)?;
        at += format.padding(at, letter, size);
        if letter == b's' || letter == b'c' && size == 0 {
            let name: &[u8] = if letter == b's' { b"s" } else { b"c0" };
            let text = [b"option '", name, b"' has no fixed size"].concat();
            return Err(m.argument_error(0, &text));
        }
        if !letter.is_ascii_alphanumeric() {
            format.control(m, letter)?;
        }
        at += size;
    }
    number(m, at as f64)
}
