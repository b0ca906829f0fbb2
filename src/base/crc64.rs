//! CRC-64 of the Jones polynomial, reflected: the checksum at the end of RDB files and DUMP payloads.

/// The polynomial 0xad93d23594c935a9, its bits reversed.
const POLYNOMIAL: u64 = 0xad93_d235_94c9_35a9u64.reverse_bits();

/// `TABLES[n][b]`: what the byte `b` does to the checksum `n` bytes later. Eight bytes a step (Kounavis and Berry's
/// slicing) instead of one.
static TABLES: [[u64; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 0 {
                crc >> 1
            } else {
                crc >> 1 ^ POLYNOMIAL
            };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut later = 1;
    while later < 8 {
        let mut byte = 0;
        while byte < 256 {
            let crc = tables[later - 1][byte];
            tables[later][byte] = crc >> 8 ^ tables[0][(crc & 0xff) as usize];
            byte += 1;
        }
        later += 1;
    }
    tables
};

/// The checksum of what `crc` is the checksum of (0 for nothing), followed by `data`. O(len).
pub fn crc64(crc: u64, data: &[u8]) -> u64 {
    let (words, tail) = data.as_chunks::<8>();
    let crc = words.iter().fold(crc, |crc, word| {
        let mixed = (crc ^ u64::from_le_bytes(*word)).to_le_bytes();
        (0..8).fold(0, |next, index| {
            next ^ TABLES[7 - index][usize::from(mixed[index])]
        })
    });
    tail.iter().fold(crc, |crc, byte| {
        crc >> 8 ^ TABLES[0][usize::from(crc as u8 ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn the_published_check() {
        assert_eq!(crc64(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
    }

    #[test]
    fn pieces_make_the_whole() {
        let mut rng = Rng::new(5);
        for len in 0..300 {
            let mut data = vec![0; len];
            rng.fill(&mut data);
            let slow = data.iter().fold(0, |crc, byte| crc64(crc, &[*byte]));
            assert_eq!(crc64(0, &data), slow, "len {len}");
            let (left, right) = data.split_at(rng.below(len as u64 + 1) as usize);
            assert_eq!(crc64(crc64(0, left), right), slow, "len {len}");
        }
    }
}
