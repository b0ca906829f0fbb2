//! What an allocation costs on the modelled machine: a 64-bit server whose allocator is jemalloc 5.
//!
//! Real memory is whatever the browser gives; what `MEMORY USAGE`, `INFO memory` and eviction count is this model. So
//! the numbers are the same on wasm32 and on a 64-bit host, and they match what a real server reports.
//!
//! The classes grow in groups of four, each group with twice the spacing of the one before:
//!
//! ```text
//! 8 | 16 32 48 64 80 96 112 128 | 160 192 224 256 | 320 384 448 512 | 640 768 896 1024 | ...
//!       spacing 16                   spacing 32        spacing 64        spacing 128
//! ```

/// The number of bytes that jemalloc hands out for a request of `bytes`. O(1). Zero is taken as 8, as the server's
/// own wrapper around the allocator asks for no less.
#[inline]
pub fn size_class(bytes: usize) -> usize {
    match bytes {
        0..=8 => 8,
        9..=128 => bytes.next_multiple_of(16),
        _ => {
            // 2^top < bytes <= 2^(top + 1): four classes lie between the two.
            let top = (bytes - 1).ilog2();
            let spacing = 1usize << (top - 2);
            bytes
                .checked_next_multiple_of(spacing)
                .unwrap_or(usize::MAX)
        }
    }
}

/// The allocation of a fresh string of `len` bytes: header, bytes and the closing zero. O(1).
///
/// The header grows with the length that it must hold: 1, 3, 5, 9 or 17 bytes. An empty string takes the 3-byte header,
/// since empty strings are mostly made to be appended to, and the 1-byte header has no room for spare capacity.
#[inline]
pub fn sds_size(len: usize) -> usize {
    let header = match len as u64 {
        0 => 3,
        1..=31 => 1,
        32..=252 => 3,
        253..=65_530 => 5,
        65_531..=4_294_967_286 => 9,
        _ => 17,
    };
    size_class(len.saturating_add(header + 1))
}

/// The bytes that a string really has room for when it asks for `len`: the rest of the allocation is its own. O(1).
pub fn sds_room(len: usize) -> usize {
    // The allocation's last byte is the closing zero, its first ones the header.
    let around = match len {
        0..=252 => 4,
        253..=65_530 => 6,
        _ => 10,
    };
    size_class(len + around) - around
}

/// The same for a fresh string of `len` bytes: the one-byte header of a short one (but not of an empty one) knows no
/// room. O(1).
pub fn fresh_sds_room(len: usize) -> usize {
    match len {
        1..32 => len,
        _ => sds_room(len),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_jemallocs() {
        let listed = [
            8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768,
            896, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192,
            10240, 12288, 14336, 16384, 20480, 24576,
        ];
        let mut class = listed.iter();
        let mut current = *class.next().expect("not empty");
        for bytes in 1..=24576 {
            if bytes > current {
                current = *class.next().expect("ends with the loop");
            }
            assert_eq!(size_class(bytes), current, "bytes {bytes}");
        }
        assert_eq!(size_class(0), 8);
        assert_eq!(size_class(usize::MAX), usize::MAX);
    }

    #[test]
    fn strings_carry_the_header_they_need() {
        assert_eq!(
            [0, 1, 6, 7, 14, 15, 30, 31].map(sds_size),
            [8, 8, 8, 16, 16, 32, 32, 48]
        );
        assert_eq!(
            [44, 45, 252, 253, 1000, 65_530, 70_000].map(sds_size),
            [48, 64, 256, 320, 1024, 65536, 81920]
        );
    }

    #[test]
    fn a_string_owns_its_whole_allocation() {
        // As read from MEMORY USAGE while a sparse HyperLogLog grew.
        assert_eq!([42, 90, 188, 380].map(sds_room), [44, 92, 188, 442]);
        assert_eq!([0, 1, 31, 62].map(fresh_sds_room), [4, 1, 31, 76]);
    }
}
