//! Pattern matching (Reference Manual, section 5.4.1) that can stop after any step.
//!
//! A match is a walk along the text and the pattern; where the walk could have gone another way, that way is noted in
//! `ways`, and a dead end goes back to the last of them. The notes take no more room than the pattern has items.

/// Most captures that a pattern may have.
pub(crate) const MAX_CAPTURES: usize = 32;
const ESCAPE: u8 = b'%';

/// How a capture ends while it is open, and how a position capture does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Extent {
    Open,
    Position,
    Length(usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Capture {
    pub from: usize,
    pub extent: Extent,
}

/// Another way that a match can go.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// One character less of a greedy item: where it began, how many it takes now, and the pattern behind.
    Fewer(usize, usize, usize),
    /// One character more of a lazy item: where it ends now, the item, and the pattern behind its sign.
    More(usize, usize, usize),
    /// Without an optional item.
    Without(usize, usize),
    /// No way, but a capture to take back: it was opened, or closed.
    Opened,
    Closed(usize),
}

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Where the match ends.
    Match(usize),
    Fail,
    /// Out of fuel; goes on with the next run.
    Pause,
    Error(&'static str),
}

/// A match under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matcher {
    s: usize,
    p: usize,
    /// Where the pattern stands on a greedy item: start and count so far.
    pub captures: Vec<Capture>,
    ways: Vec<Way>,
}

type Step<T> = Result<T, &'static str>;

/// What the walk does next.
enum Go {
    On,
    Dead,
    Found,
}

fn at(bytes: &[u8], index: usize) -> u8 {
    bytes.get(index).copied().unwrap_or(0)
}

/// Where the item at `p` ends.
fn item_end(pattern: &[u8], p: usize) -> Step<usize> {
    match at(pattern, p) {
        ESCAPE => match p + 1 < pattern.len() {
            true => Ok(p + 2),
            false => Err("malformed pattern (ends with '%')"),
        },
        b'[' => {
            let mut p = p + 1 + usize::from(at(pattern, p + 1) == b'^');
            loop {
                // The first character may be a bracket.
                let byte = *pattern.get(p).ok_or("malformed pattern (missing ']')")?;
                p += 1;
                if byte == ESCAPE && p < pattern.len() {
                    p += 1;
                }
                if at(pattern, p) == b']' {
                    return Ok(p + 1);
                }
            }
        }
        _ => Ok(p + 1),
    }
}

/// Whether a character is of a class as `%a`.
fn in_class(byte: u8, class: u8) -> bool {
    let is = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => crate::base::num::is_space(byte),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    is != class.is_ascii_uppercase()
}

/// Whether a character is in the set from `p` (its bracket) to `last` (the closing one).
fn in_set(pattern: &[u8], byte: u8, p: usize, last: usize) -> bool {
    let negated = at(pattern, p + 1) == b'^';
    let mut p = p + 1 + usize::from(negated);
    while p < last {
        if at(pattern, p) == ESCAPE {
            p += 1;
            if in_class(byte, at(pattern, p)) {
                return !negated;
            }
        } else if at(pattern, p + 1) == b'-' && p + 2 < last {
            if (at(pattern, p)..=at(pattern, p + 2)).contains(&byte) {
                return !negated;
            }
            p += 2;
        } else if at(pattern, p) == byte {
            return !negated;
        }
        p += 1;
    }
    negated
}

fn matches_one(text: &[u8], pattern: &[u8], s: usize, p: usize, end: usize) -> bool {
    let Some(byte) = text.get(s).copied() else {
        return false;
    };
    match at(pattern, p) {
        b'.' => true,
        ESCAPE => in_class(byte, at(pattern, p + 1)),
        b'[' => in_set(pattern, byte, p, end - 1),
        other => other == byte,
    }
}

impl Matcher {
    /// Begins a match at these places of text and pattern.
    pub(crate) fn begin(&mut self, s: usize, p: usize) {
        self.captures.clear();
        self.ways.clear();
        (self.s, self.p) = (s, p);
    }

    /// Goes on until it is decided or the fuel is used up.
    pub(crate) fn run(&mut self, text: &[u8], pattern: &[u8], fuel: &mut i64) -> Outcome {
        loop {
            if *fuel <= 0 {
                return Outcome::Pause;
            }
            *fuel -= 1;
            match self.step(text, pattern, fuel) {
                Ok(Go::On) => {}
                Ok(Go::Found) => return Outcome::Match(self.s),
                Ok(Go::Dead) => {
                    if !self.go_back(text, pattern) {
                        return Outcome::Fail;
                    }
                }
                Err(message) => return Outcome::Error(message),
            }
        }
    }

    /// Takes the last way that was not gone yet.
    fn go_back(&mut self, text: &[u8], pattern: &[u8]) -> bool {
        while let Some(way) = self.ways.pop() {
            match way {
                Way::Opened => drop(self.captures.pop()),
                Way::Closed(index) => self.captures[index].extent = Extent::Open,
                Way::Without(s, p) => {
                    (self.s, self.p) = (s, p);
                    return true;
                }
                Way::Fewer(from, count, p) => {
                    if count > 1 {
                        self.ways.push(Way::Fewer(from, count - 1, p));
                    }
                    (self.s, self.p) = (from + count - 1, p);
                    return true;
                }
                Way::More(s, item, p) => {
                    if matches_one(text, pattern, s, item, p - 1) {
                        self.ways.push(Way::More(s + 1, item, p));
                        (self.s, self.p) = (s + 1, p);
                        return true;
                    }
                }
            }
        }
        false
    }

    fn step(&mut self, text: &[u8], pattern: &[u8], fuel: &mut i64) -> Step<Go> {
        let Some(byte) = pattern.get(self.p).copied() else {
            return Ok(Go::Found);
        };
        match byte {
            b'(' => {
                let extent = match at(pattern, self.p + 1) {
                    b')' => Extent::Position,
                    _ => Extent::Open,
                };
                if self.captures.len() >= MAX_CAPTURES {
                    return Err("too many captures");
                }
                let from = self.s;
                self.captures.push(Capture { from, extent });
                self.ways.push(Way::Opened);
                self.p += 1 + usize::from(extent == Extent::Position);
                Ok(Go::On)
            }
            b')' => {
                let open = self.captures.iter().rposition(|c| c.extent == Extent::Open);
                let index = open.ok_or("invalid pattern capture")?;
                let capture = &mut self.captures[index];
                capture.extent = Extent::Length(self.s - capture.from);
                self.ways.push(Way::Closed(index));
                self.p += 1;
                Ok(Go::On)
            }
            b'$' if self.p + 1 == pattern.len() => Ok(match self.s == text.len() {
                true => Go::Found,
                false => Go::Dead,
            }),
            ESCAPE => match at(pattern, self.p + 1) {
                b'b' => self.balanced(text, pattern, fuel),
                b'f' => self.frontier(text, pattern),
                digit @ b'0'..=b'9' => self.back_reference(text, digit),
                _ => self.item(text, pattern, fuel),
            },
            _ => self.item(text, pattern, fuel),
        }
    }

    fn item(&mut self, text: &[u8], pattern: &[u8], fuel: &mut i64) -> Step<Go> {
        let (s, p) = (self.s, self.p);
        let end = item_end(pattern, p)?;
        let one = matches_one(text, pattern, s, p, end);
        match at(pattern, end) {
            b'?' => {
                if one {
                    self.ways.push(Way::Without(s, end + 1));
                    self.s += 1;
                }
                self.p = end + 1;
            }
            sign @ (b'*' | b'+') => {
                if sign == b'+' && !one {
                    return Ok(Go::Dead);
                }
                let from = s + usize::from(sign == b'+');
                let mut count = 0;
                while matches_one(text, pattern, from + count, p, end) {
                    count += 1;
                }
                *fuel -= count as i64 / 8;
                if count > 0 {
                    self.ways.push(Way::Fewer(from, count, end + 1));
                }
                (self.s, self.p) = (from + count, end + 1);
            }
            b'-' => {
                self.ways.push(Way::More(s, p, end + 1));
                self.p = end + 1;
            }
            _ if one => (self.s, self.p) = (s + 1, end),
            _ => return Ok(Go::Dead),
        }
        Ok(Go::On)
    }

    fn balanced(&mut self, text: &[u8], pattern: &[u8], fuel: &mut i64) -> Step<Go> {
        if self.p + 3 >= pattern.len() {
            return Err("unbalanced pattern");
        }
        let (open, close) = (pattern[self.p + 2], pattern[self.p + 3]);
        if text.get(self.s) != Some(&open) {
            return Ok(Go::Dead);
        }
        let mut depth = 1;
        for (at, byte) in text.iter().enumerate().skip(self.s + 1) {
            *fuel -= i64::from(at.is_multiple_of(8));
            if *byte == close {
                depth -= 1;
                if depth == 0 {
                    (self.s, self.p) = (at + 1, self.p + 4);
                    return Ok(Go::On);
                }
            } else if *byte == open {
                depth += 1;
            }
        }
        Ok(Go::Dead)
    }

    fn frontier(&mut self, text: &[u8], pattern: &[u8]) -> Step<Go> {
        let p = self.p + 2;
        if at(pattern, p) != b'[' {
            return Err("missing '[' after '%f' in pattern");
        }
        let end = item_end(pattern, p)?;
        let before = match self.s {
            0 => 0,
            s => text[s - 1],
        };
        let here = at(text, self.s);
        if in_set(pattern, before, p, end - 1) || !in_set(pattern, here, p, end - 1) {
            return Ok(Go::Dead);
        }
        self.p = end;
        Ok(Go::On)
    }

    fn back_reference(&mut self, text: &[u8], digit: u8) -> Step<Go> {
        let index = usize::from(digit).wrapping_sub(usize::from(b'1'));
        let Some(Capture { from, extent }) = self.captures.get(index).copied() else {
            return Err("invalid capture index");
        };
        let length = match extent {
            Extent::Open => return Err("invalid capture index"),
            // The real machine takes the mark of a position for a length that nothing has.
            Extent::Position => return Ok(Go::Dead),
            Extent::Length(length) => length,
        };
        if text.len() - self.s < length
            || text[from..from + length] != text[self.s..self.s + length]
        {
            return Ok(Go::Dead);
        }
        self.s += length;
        self.p += 2;
        Ok(Go::On)
    }
}

/// The part of a pattern that counts: it ends with the first zero byte.
pub(crate) fn significant(pattern: &[u8]) -> &[u8] {
    let end = pattern.iter().position(|b| *b == 0);
    &pattern[..end.unwrap_or(pattern.len())]
}
