//! The stored form of a key: short keys stand in the entry itself, longer ones on the heap.

use std::fmt;
use std::ops::Deref;

/// Bytes kept without an allocation: what fits beside the tag and the length in the room that the
/// heap variant needs anyway (16 bytes where pointers have four, 24 where they have eight).
const INLINE: usize = if cfg!(target_pointer_width = "32") {
    14
} else {
    22
};

/// An owned byte string that never changes. Reads as `&[u8]`.
#[derive(Clone)]
pub struct KeyBox(Repr);

#[derive(Clone)]
enum Repr {
    Inline { len: u8, bytes: [u8; INLINE] },
    Heap(Box<[u8]>),
}

impl KeyBox {
    /// Copies a key. O(length).
    #[inline]
    pub fn new(key: &[u8]) -> Self {
        if key.len() > INLINE {
            return KeyBox(Repr::Heap(key.into()));
        }
        // A copy whose length is known only at run time is a call out of the module in wasm, so
        // the bytes are picked one by one, which unrolls.
        let bytes = std::array::from_fn(|at| key.get(at).copied().unwrap_or(0));
        KeyBox(Repr::Inline {
            len: key.len() as u8,
            bytes,
        })
    }

    /// The key as a vector; a long key keeps its allocation.
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Repr::Inline { len, bytes } => bytes[..len as usize].to_vec(),
            Repr::Heap(bytes) => bytes.into_vec(),
        }
    }
}

/// Whether two keys are the same, eight bytes at a time: in wasm the library's comparison is a call, and goes by bytes.
#[inline(always)]
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let ((a8, a_rest), (b8, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (x, y) in a8.iter().zip(b8) {
        if u64::from_le_bytes(*x) != u64::from_le_bytes(*y) {
            return false;
        }
    }
    for (x, y) in a_rest.iter().zip(b_rest) {
        if x != y {
            return false;
        }
    }
    true
}

impl Deref for KeyBox {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, bytes } => &bytes[..*len as usize],
            Repr::Heap(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for KeyBox {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for KeyBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

impl PartialEq for KeyBox {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for KeyBox {}
