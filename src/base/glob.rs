//! Glob patterns as KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL rules take them.
//!
//! ```text
//!  *        any bytes              [abc]  one of them        \x   x itself
//!  ?        one byte               [a-z]  one of the range   [^a] one byte that is not
//! ```
//!
//! The odd corners are the real server's: a range may stand backwards, a class without its `]` ends with the pattern, a
//! backslash at the very end is itself, and an empty text matches nothing but an empty pattern (so commands that
//! take `*` for "all" must not ask here).
//!
//! A failed attempt goes back to the last `*` only: if what stands between two stars was found once, a later place for
//! it never helps. So the work is at most `pattern * text`, not exponential.

/// Patterns with more stars than this match nothing (the last star may be one more).
const STARS_MAX: usize = 1000;

/// Whether the whole of `text` matches `pattern`; with `nocase` ASCII letters match in either case.
/// O(pattern * text) at worst, O(text) for patterns with one star.
pub fn glob(pattern: &[u8], text: &[u8], nocase: bool) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    let mut stars = 0;
    while place < text.len() {
        if pattern.get(at) == Some(&b'*') {
            while pattern.get(at) == Some(&b'*') {
                at += 1;
            }
            if at == pattern.len() {
                return true;
            }
            stars += 1;
            if stars > STARS_MAX {
                return false;
            }
            last_star = Some((at, place));
            continue;
        }
        match step(&pattern[at..], text[place], nocase) {
            Some(length) => {
                at += length;
                place += 1;
            }
            None => match &mut last_star {
                None => return false,
                Some((after, from)) => {
                    *from += 1;
                    (at, place) = (*after, *from);
                }
            },
        }
    }
    // Trailing stars match nothing, but only after something has matched.
    let rest = pattern[at..].iter().all(|byte| *byte == b'*');
    if text.is_empty() {
        pattern.is_empty()
    } else {
        rest
    }
}

/// Matches one `byte` against the first element of `pattern`, which is not a star: the element's length.
#[inline]
fn step(pattern: &[u8], byte: u8, nocase: bool) -> Option<usize> {
    match pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'[', class @ ..] => match_class(class, byte, nocase).map(|length| length + 1),
        [b'\\', escaped, ..] => same(*escaped, byte, nocase).then_some(2),
        [literal, ..] => same(*literal, byte, nocase).then_some(1),
    }
}

#[inline]
fn same(a: u8, b: u8, nocase: bool) -> bool {
    a == b || (nocase && a.eq_ignore_ascii_case(&b))
}

/// Matches `byte` against a class, given from behind its `[`: the class's length with the `]`.
fn match_class(class: &[u8], byte: u8, nocase: bool) -> Option<usize> {
    let negated = class.first() == Some(&b'^');
    let mut at = usize::from(negated);
    let mut found = false;
    loop {
        match &class[at..] {
            [] => break,
            [b']', ..] => {
                at += 1;
                break;
            }
            [b'\\', escaped, ..] => {
                found |= *escaped == byte; // Even where case does not matter.
                at += 2;
            }
            [from, b'-', to, ..] => {
                found |= in_range(*from, *to, byte, nocase);
                at += 3;
            }
            [literal, ..] => {
                found |= same(*literal, byte, nocase);
                at += 1;
            }
        }
    }
    (found != negated).then_some(at)
}

/// Ranges compare bytes as signed, like the real server on x86: 0x80 to 0xff stand below 0. They are put in order
/// before their letters are folded.
fn in_range(from: u8, to: u8, byte: u8, nocase: bool) -> bool {
    let fold = |byte: u8| if nocase { byte.to_ascii_lowercase() } else { byte } as i8;
    let (low, high) = if from as i8 > to as i8 {
        (to, from)
    } else {
        (from, to)
    };
    (fold(low)..=fold(high)).contains(&fold(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn corners_are_the_real_server_s() {
        // Recorded from a real server: SCAN with MATCH.
        let recorded: &[(&[u8], &[u8], bool)] = &[
            (br"a\", br"a\", true),
            (br"\a", b"a", true),
            (b"[abc", b"c", true),
            (b"[abc", b"d", false),
            (b"[a-", b"-", true),
            (b"[z-a]", b"m", true),
            (b"[^a", b"b", true),
            (b"[^", b"b", true),
            (b"[", b"[", false),
            (b"[]a]", b"]a]", false),
            (br"[\]]", b"]", true),
            (br"[a\-z]", b"m", false),
            (br"[\a-z]", b"m", false),
            (br"[\", br"\", true),
            (b"[--0]", b".", true),
            (b"[a-c-e]", b"d", false),
            (b"[!a]", b"!", true),
            (b"[^]", b"a", true),
            (b"**", b"", false),
            (b"", b"", true),
            (b"a**b", b"ab", true),
            (b"?", b"", false),
            (br"*\", br"a\", true),
            (b"*[", b"a[", false),
            (b"h[^e]llo", b"hello", false),
            (b"h*l?o", b"heello", true),
            (b"[\x80-\xff]", b"\xc0", true),
            (b"[a-\xff]", b"Z", true), // Signed: -1 to 'a'.
            (b"[a-\xff]", b"m", false),
        ];
        for (pattern, text, expected) in recorded {
            let (shown, on) = (pattern.escape_ascii(), text.escape_ascii());
            assert_eq!(glob(pattern, text, false), *expected, "{shown} on {on}");
        }
    }

    #[test]
    fn letters_without_case() {
        assert!(glob(b"MAX*", b"maxmemory", true) && !glob(b"MAX*", b"maxmemory", false));
        assert!(glob(b"[A-C]x", b"bX", true));
        assert!(!glob(b"[Z-a]", b"m", true)); // In order as Z-a, folded to z-a, which is empty.
        assert!(!glob(br"[\M]", b"m", true) && glob(br"\M", b"m", true));
    }

    /// The plain definition, for stars, question marks and letters. Exponential.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], _) => text.is_empty(),
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
            ([b'?', rest @ ..], [_, text @ ..]) => naive(rest, text),
            ([byte, rest @ ..], [first, text @ ..]) => byte == first && naive(rest, text),
            _ => false,
        }
    }

    #[test]
    fn agrees_with_the_definition() {
        for seed in 0..30_000 {
            let mut rng = Rng::new(seed);
            let mut draw = |alphabet: &[u8], most: u64| -> Vec<u8> {
                (0..rng.below(most))
                    .map(|_| alphabet[rng.below(alphabet.len() as u64) as usize])
                    .collect()
            };
            let (pattern, text) = (draw(b"ab*?", 8), draw(b"ab", 10));
            if !text.is_empty() {
                assert_eq!(
                    glob(&pattern, &text, false),
                    naive(&pattern, &text),
                    "seed {seed}"
                );
            }
        }
    }

    #[test]
    fn abusive_patterns() {
        assert!(!glob(
            &b"a*"
                .repeat(500)
                .iter()
                .chain(b"c")
                .copied()
                .collect::<Vec<_>>(),
            &b"a".repeat(20_000),
            false
        ));
        assert!(glob(&b"a*".repeat(1001), &b"a".repeat(3000), false));
        assert!(!glob(&b"a*".repeat(1002), &b"a".repeat(3000), false));
        for seed in 0..20_000 {
            let mut rng = Rng::new(seed);
            let alphabet = br"[]^-\*?ab";
            let pattern: Vec<u8> = (0..rng.below(12))
                .map(|_| alphabet[rng.below(alphabet.len() as u64) as usize])
                .collect();
            for text in [b"".as_slice(), b"a", b"-]", b"ab[^"] {
                glob(&pattern, text, rng.below(2) == 0);
            }
        }
    }
}
