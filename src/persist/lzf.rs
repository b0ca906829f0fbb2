//! LZF: a small and fast compression (Marc Lehmann's format), for the strings of a snapshot.
//!
//! The compressed bytes are a row of two kinds of pieces:
//!
//! ```text
//!   000nnnnn  byte ...                     the next n + 1 bytes as they are
//!   lllooooo  oooooooo                     copy l + 2 bytes (l from 1 to 6) that stand o + 1 bytes back
//!   111ooooo  llllllll  oooooooo           the same for l + 9 bytes
//! ```
//!
//! Whoever compresses is free in the choice of copies; the reader takes any. To give the same bytes as a real server,
//! the choice here is that of the library which it uses: the last place with the same hash of three bytes, and only it.

/// Most bytes in a piece taken as they are.
const LITERAL_MAX: usize = 32;
/// How far back a copy may reach.
const WINDOW: usize = 1 << 13;
/// The longest copy.
const COPY_MAX: usize = 264;
/// Places that the compressor remembers.
const PLACES: usize = 1 << 16;
/// No two bytes of input come out as more than this many: three bytes say "copy 264".
const EXPANSION_MAX: usize = COPY_MAX / 3;

/// A compressor. It keeps its table of places from one string to the next, 256 KB from the first use on.
#[derive(Clone, Default)]
pub struct Compressor {
    /// Where a hash was seen last, counted from `base`; what is below `base` belongs to strings of earlier calls.
    places: Vec<u32>,
    base: u32,
}

impl Compressor {
    /// The compressed form of `data`, if it takes at most `room` bytes. O(len).
    pub fn compress(&mut self, data: &[u8], room: usize) -> Option<Vec<u8>> {
        let len = u32::try_from(data.len()).ok()?;
        if len < 3 {
            return None;
        }
        self.begin(len);
        let mut out = Output::new(room);
        // A copy needs three bytes, so none begins at the last two.
        let last = data.len() - 2;
        let mut at = 0;
        while at < last {
            let Some(from) = self.seen(data, at) else {
                out.literal(data[at])?;
                at += 1;
                continue;
            };
            let copied = common(data, from, at);
            out.copy(at - from - 1, copied)?;
            let end = at + copied;
            if end >= last {
                at = end;
                break;
            }
            // Of the bytes that were copied, only the last two places are remembered.
            self.remember(data, end - 2);
            self.remember(data, end - 1);
            at = end;
        }
        out.finish(&data[at..])
    }

    /// Forgets the last string; `base` then counts for one of `len` bytes.
    fn begin(&mut self, len: u32) {
        match self.base.checked_add(len) {
            Some(_) if !self.places.is_empty() => {}
            _ => {
                self.places.clear();
                self.places.resize(PLACES, 0);
                // So that 0 is no place.
                self.base = 0;
            }
        }
        self.base += len;
    }

    /// Remembers the three bytes at `at`; gives what stood in their place.
    fn remember(&mut self, data: &[u8], at: usize) -> Option<usize> {
        let three = u32::from_be_bytes([0, data[at], data[at + 1], data[at + 2]]);
        let slot =
            &mut self.places[((three >> 8).wrapping_sub(three.wrapping_mul(5)) & 0xffff) as usize];
        let start = self.base - data.len() as u32;
        let before = slot.checked_sub(start);
        *slot = start + at as u32;
        before.map(|at| at as usize)
    }

    /// Where the three bytes at `at` stand once more, not too far back. The first byte of all is never copied.
    fn seen(&mut self, data: &[u8], at: usize) -> Option<usize> {
        let from = self.remember(data, at)?;
        let near = from > 0 && from < at && at - from <= WINDOW;
        (near && data[from..from + 3] == data[at..at + 3]).then_some(from)
    }
}

/// How many bytes at `from` are the same as those at `at`, as far as the library looks: up to two bytes before the end,
/// but the first 19 in one go where so many are left.
fn common(data: &[u8], from: usize, at: usize) -> usize {
    let left = data.len() - at - 2;
    let most = match left.min(COPY_MAX) {
        most @ 17.. => most.max(19),
        most => most.max(3),
    };
    let same = data[from..].iter().zip(&data[at..]).take(most);
    same.take_while(|(a, b)| a == b).count()
}

/// Compressed bytes, within a limit.
struct Output {
    bytes: Vec<u8>,
    room: usize,
    /// Where the piece of literal bytes begins, and how many it has.
    run: usize,
    literals: usize,
}

impl Output {
    fn new(room: usize) -> Output {
        Output {
            bytes: vec![0],
            room,
            run: 0,
            literals: 0,
        }
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        if self.bytes.len() >= self.room {
            return None;
        }
        self.put(byte);
        Some(())
    }

    fn put(&mut self, byte: u8) {
        self.bytes.push(byte);
        self.literals += 1;
        if self.literals == LITERAL_MAX {
            self.end_run();
        }
    }

    /// Ends the piece of literals and opens the next.
    fn end_run(&mut self) {
        if self.literals == 0 {
            return;
        }
        self.bytes[self.run] = self.literals as u8 - 1;
        self.run = self.bytes.len();
        self.literals = 0;
        self.bytes.push(0);
    }

    fn copy(&mut self, back: usize, len: usize) -> Option<()> {
        let empty = usize::from(self.literals == 0);
        if self.bytes.len() + 4 - empty >= self.room {
            return None;
        }
        self.end_run();
        // The place of the next piece's first byte is taken by the copy.
        self.bytes.pop();
        let (high, low) = ((back >> 8) as u8, back as u8);
        match len - 2 {
            short @ ..7 => self
                .bytes
                .extend_from_slice(&[(short as u8) << 5 | high, low]),
            long => self
                .bytes
                .extend_from_slice(&[7 << 5 | high, (long - 7) as u8, low]),
        }
        self.run = self.bytes.len();
        self.bytes.push(0);
        Some(())
    }

    fn finish(mut self, rest: &[u8]) -> Option<Vec<u8>> {
        if self.bytes.len() + 3 > self.room {
            return None;
        }
        rest.iter().for_each(|&byte| self.put(byte));
        self.end_run();
        self.bytes.pop();
        Some(self.bytes)
    }
}

/// The `len` bytes that `data` stands for; `None` if it is no such thing. Allocates only what `data` can fill. O(len).
pub fn decompress(data: &[u8], len: usize) -> Option<Vec<u8>> {
    if len / EXPANSION_MAX > data.len() {
        return None;
    }
    let mut out = Vec::with_capacity(len);
    let mut rest = data;
    while let [control, tail @ ..] = rest {
        let control = usize::from(*control);
        if control < LITERAL_MAX {
            let (run, tail) = tail.split_at_checked(control + 1)?;
            if run.len() > len - out.len() {
                return None;
            }
            out.extend_from_slice(run);
            rest = tail;
            continue;
        }
        let (mut count, mut tail) = (control >> 5, tail);
        if count == 7 {
            let (more, after) = tail.split_first()?;
            count += usize::from(*more);
            tail = after;
        }
        let (low, after) = tail.split_first()?;
        let back = ((control & 31) << 8 | usize::from(*low)) + 1;
        copy_back(&mut out, back, count + 2, len)?;
        rest = after;
    }
    (out.len() == len).then_some(out)
}

/// Adds `count` bytes that stand `back` bytes before the end; they may overlap with what is added.
fn copy_back(out: &mut Vec<u8>, back: usize, count: usize, most: usize) -> Option<()> {
    let from = out.len().checked_sub(back)?;
    if count > most - out.len() {
        return None;
    }
    if count <= back {
        out.extend_from_within(from..from + count);
    } else {
        (from..from + count).for_each(|at| out.push(out[at]));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    /// Text with repetitions near and far, of any length.
    fn sample(rng: &mut Rng) -> Vec<u8> {
        let letters = 1 + rng.below(30);
        let mut data: Vec<u8> = Vec::new();
        for _ in 0..rng.below(60) {
            match rng.below(3) {
                0 if !data.is_empty() => {
                    let from = rng.below(data.len() as u64) as usize;
                    let to = data.len().min(from + rng.below(400) as usize);
                    data.extend_from_within(from..to);
                }
                1 => data.extend(vec![
                    b'a' + rng.below(letters) as u8;
                    rng.below(40) as usize
                ]),
                _ => (0..rng.below(50)).for_each(|_| data.push(b'a' + rng.below(letters) as u8)),
            }
        }
        data
    }

    #[test]
    fn what_goes_in_comes_out() {
        let mut compressor = Compressor::default();
        let (mut smaller, mut seed) = (0, 0);
        while seed < 3000 {
            let data = sample(&mut Rng::new(seed));
            if let Some(packed) = compressor.compress(&data, data.len().saturating_sub(4)) {
                assert!(packed.len() + 4 <= data.len(), "seed {seed}");
                assert_eq!(
                    decompress(&packed, data.len()).as_ref(),
                    Some(&data),
                    "seed {seed}"
                );
                assert_eq!(
                    Compressor::default().compress(&data, data.len() - 4),
                    Some(packed)
                );
                smaller += 1;
            }
            seed += 1;
        }
        assert!(smaller > 1000, "{smaller} became smaller");
    }

    #[test]
    fn damaged_bytes_do_no_harm() {
        for seed in 0..20_000 {
            let mut rng = Rng::new(seed);
            let mut bytes = vec![0; rng.below(40) as usize];
            rng.fill(&mut bytes);
            let len = rng.below(2000) as usize;
            if let Some(out) = decompress(&bytes, len) {
                assert_eq!(out.len(), len);
            }
        }
        assert_eq!(decompress(&[0xff; 9], usize::MAX), None);
        assert_eq!(decompress(&[], 0), Some(Vec::new()));
    }
}
