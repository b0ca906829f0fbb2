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
