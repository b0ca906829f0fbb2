//! Payloads of DUMP and RESTORE: one value, with the version and a checksum.
use super::read::Reader;
use super::write::Writer;
use super::{Fault, Limits, VERSION, op};
use crate::base::crc64::crc64;
use crate::keyspace::Value;

/// Bytes behind the value: two of the version, eight of the checksum.
const FOOTER: usize = 10;

/// The payload of a value. O(bytes).
pub fn dump(value: &Value, version: u32, compress: bool) -> Vec<u8> {
    let mut writer = Writer::new(version, compress);
    writer.byte(writer.kind(value));
    writer.value(value);
    sign(writer)
}

/// The payload of libraries of functions, of their code. O(bytes).
pub fn dump_functions<'a>(codes: impl Iterator<Item = &'a [u8]>, version: u32) -> Vec<u8> {
    let mut writer = Writer::new(version, true);
    for code in codes {
        writer.byte(op::FUNCTION);
        writer.string(code);
    }
    sign(writer)
}

/// The code of the libraries in a payload that is known to be whole; compressed ones may unfold to `room` bytes each.
/// O(bytes).
pub fn restore_functions(payload: &[u8], room: usize) -> Result<Vec<Vec<u8>>, Fault> {
    let end = payload.len().saturating_sub(FOOTER);
    let mut reader = Reader::new(&payload[..end], room);
    let mut codes = Vec::new();
    while reader.left() > 0 {
        if reader.byte()? != op::FUNCTION {
            return reader.fault("given type is not a function");
        }
        codes.push(reader.string()?.into_owned());
    }
    Ok(codes)
}

/// Adds the version and the checksum.
fn sign(mut writer: Writer) -> Vec<u8> {
    let version = writer.version() as u16;
    writer.raw(&version.to_le_bytes());
    let crc = crc64(0, &writer.out);
    writer.raw(&crc.to_le_bytes());
    writer.out
}

/// Whether a payload is whole and of a version that can be read. O(bytes).
pub fn verify(payload: &[u8]) -> bool {
    let Some(at) = payload.len().checked_sub(FOOTER) else {
        return false;
    };
    let (signed, crc) = payload.split_at(at + 2);
    let version = u16::from_le_bytes([signed[at], signed[at + 1]]);
    u32::from(version) <= VERSION && crc64(0, signed).to_le_bytes() == *crc
}

/// The value of a payload. Whether it ends where the footer begins is not looked at, as in a real server. O(bytes), and
/// n log n for sorted sets of n members.
pub fn restore(payload: &[u8], limits: &Limits) -> Result<Value, Fault> {
    let mut reader = Reader::new(payload, limits.room);
    let kind = reader.byte()?;
    reader.value(kind, limits)
}
