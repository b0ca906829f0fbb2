//! Payloads of DUMP and RESTORE: one value, with the version and a checksum.
use super::read::Reader;
use super::write::Writer;
use super::{Fault, Limits, VERSION};
use crate::base::crc64::crc64;
use crate::keyspace::Value;

/// Bytes behind the value: two of the version, eight of the checksum.
const FOOTER: usize = 10;

/// The payload of a value. O(bytes).
pub fn dump(value: &Value, version: u32, compress: bool) -> Vec<u8> {
    let mut writer = Writer::new(version, compress);
    writer.byte(writer.kind(value));
    writer.value(value);
    let version = writer.version() as u16;
    writer.raw(&version.to_le_bytes());
    let crc = crc64(0, &writer.out);
    writer.raw(&crc.to_le_bytes());
    writer.out
}

/// The value's part of a payload, if the payload is of a version that can be read and is whole. O(bytes).
pub fn verify(payload: &[u8]) -> Option<&[u8]> {
    let (value, footer) = payload.split_at_checked(payload.len().checked_sub(FOOTER)?)?;
    let version = u16::from_le_bytes([footer[0], footer[1]]);
    let signed = &payload[..payload.len() - 8];
    let same = crc64(0, signed).to_le_bytes() == footer[2..];
    (u32::from(version) <= VERSION && same).then_some(value)
}

/// The value of a payload that [`verify`] let through. Bytes behind the value are passed over, as a real server does.
/// O(bytes), and n log n for sorted sets of n members.
pub fn restore(value: &[u8], limits: &Limits) -> Result<Value, Fault> {
    let mut reader = Reader::new(value, limits.room);
    let kind = reader.byte()?;
    reader.value(kind, limits)
}
