//! CRC-16/XMODEM and the slot of a key in a cluster.

/// The number of slots that a cluster spreads its keys over.
pub const SLOTS: u16 = 16384;

static TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x1021
            };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// CRC-16/XMODEM: polynomial 0x1021, start 0, nothing reflected. O(len).
pub fn crc16(data: &[u8]) -> u16 {
    data.iter().fold(0, |crc, byte| {
        crc << 8 ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)]
    })
}

/// The slot of `key`: by its hash tag (what stands between the first `{` and the next `}`, if anything does), else by
/// the whole key. O(len).
pub fn key_slot(key: &[u8]) -> u16 {
    crc16(hash_tag(key).unwrap_or(key)) % SLOTS
}

/// The hash tag of `key`, if it has one.
pub fn hash_tag(key: &[u8]) -> Option<&[u8]> {
    let open = key.iter().position(|byte| *byte == b'{')?;
    let rest = &key[open + 1..];
    let close = rest.iter().position(|byte| *byte == b'}')?;
    (close > 0).then(|| &rest[..close])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    /// Bit by bit, from the definition.
    fn plain(data: &[u8]) -> u16 {
        let mut crc = 0u32;
        for byte in data {
            crc ^= u32::from(*byte) << 8;
            for _ in 0..8 {
                crc <<= 1;
                crc ^= if crc & 0x1_0000 != 0 { 0x1_1021 } else { 0 };
            }
        }
        crc as u16
    }

    #[test]
    fn agrees_with_the_definition() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        let mut rng = Rng::new(4);
        for len in 0..200 {
            let mut data = vec![0; len];
            rng.fill(&mut data);
            assert_eq!(crc16(&data), plain(&data), "len {len}");
        }
    }

    #[test]
    fn slots_and_tags() {
        // As a real server's CLUSTER KEYSLOT answers.
        for (key, slot) in SLOTS_RECORDED {
            assert_eq!(key_slot(key.as_bytes()), *slot, "{key}");
        }
        assert_eq!(key_slot(b"{user1000}.following"), key_slot(b"user1000"));
        assert_eq!(hash_tag(b"a{}b{c}"), None);
        assert_eq!(hash_tag(b"a{{b}}c"), Some(b"{b".as_slice()));
        assert_eq!(hash_tag(b"}{b"), None);
    }

    const SLOTS_RECORDED: &[(&str, u16)] = &[
        ("", 0),
        ("foo", 12182),
        ("bar", 5061),
        ("{user1000}.following", 3443),
        ("{user1000}", 3443),
        ("foo{}{bar}", 8363),
        ("foo{{bar}}zap", 4015),
        ("foo{bar}{zap}", 5061),
        ("{}", 15257),
        ("{", 4092),
        ("}", 12090),
        ("a}b{c}", 7365),
        ("a{b", 13340),
        ("123456789", 12739),
        ("key:000000000001", 8924),
    ];
}
