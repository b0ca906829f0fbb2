//! The words of ACL SETUSER that are about a user as a whole, and the line that says them all.
use super::selector::SYNTAX;
use super::{Refusal, Selector, User, opens_channels};
use crate::base::sha256::sha256;
use crate::command::{Config, Registry};
use std::borrow::Cow;

const NO_SUCH_PASSWORD: Refusal =
    "The password you are trying to remove from the user does not exist";
const BAD_HASH: Refusal = "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters";

/// A digest in hexadecimal digits.
pub fn hex(digest: &[u8; 32]) -> [u8; 64] {
    let mut text = [0; 64];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(digest) {
        *pair = [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
    }
    text
}

/// A digest from its 64 hexadecimal digits.
fn unhex(text: &[u8]) -> Result<[u8; 32], Refusal> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(BAD_HASH),
    };
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return Err(BAD_HASH);
    }
    let mut digest = [0; 32];
    for (byte, &[high, low]) in digest.iter_mut().zip(pairs) {
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Ok(digest)
}

/// Joins the words of each selector: `(+get` and `~a*)` are one rule. The error is the word that opens a parenthesis
/// which nothing closes.
pub fn merge_selectors<'a>(
    words: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<Cow<'a, [u8]>>, Vec<u8>> {
    let mut merged: Vec<Cow<'a, [u8]>> = Vec::new();
    let mut open = None;
    for word in words {
        match (open, merged.last_mut()) {
            (Some(_), Some(last)) => {
                last.to_mut().push(b' ');
                last.to_mut().extend_from_slice(word);
            }
            _ => {
                merged.push(Cow::Borrowed(word));
                if word.first() == Some(&b'(') {
                    open = Some(word);
                }
            }
        }
        if word.last() == Some(&b')') {
            open = None;
        }
    }
    match open {
        Some(word) => Err(word.to_vec()),
        None => Ok(merged),
    }
}

impl User {
    /// One rule of ACL SETUSER. After an error the user is half changed: changes are made to a draft.
    pub fn apply(
        &mut self,
        rule: &[u8],
        registry: &Registry,
        config: &Config,
    ) -> Result<(), Refusal> {
        match rule.to_ascii_lowercase().as_slice() {
            b"" => {}
            b"on" => self.enabled = true,
            b"off" => self.enabled = false,
            b"nopass" => {
                self.nopass = true;
                self.passwords.clear();
            }
            b"resetpass" => self.reset_passwords(),
            b"skip-sanitize-payload" => self.skip_sanitize = true,
            b"sanitize-payload" => self.skip_sanitize = false,
            [b'>', ..] => self.add_password(sha256(&rule[1..])),
            [b'#', ..] => self.add_password(unhex(&rule[1..])?),
            [b'<', ..] => self.remove_password(sha256(&rule[1..]))?,
            [b'!', ..] => self.remove_password(unhex(&rule[1..])?)?,
            [b'(', .., b')'] => {
                let selector = Selector::parse(rule, registry, opens_channels(config))?;
                self.selectors.push(selector);
            }
            b"clearselectors" => self.selectors.clear(),
            b"reset" => {
                *self = User::new(&self.name, registry, opens_channels(config));
            }
            [b'(', ..] => return Err(SYNTAX),
            _ => self.root.apply(rule, registry)?,
        }
        Ok(())
    }

    fn reset_passwords(&mut self) {
        self.nopass = false;
        self.passwords.clear();
    }

    fn add_password(&mut self, digest: [u8; 32]) {
        if !self.passwords.contains(&digest) {
            self.passwords.push(digest);
        }
        self.nopass = false;
    }

    fn remove_password(&mut self, digest: [u8; 32]) -> Result<(), Refusal> {
        let known = self.passwords.iter().position(|known| *known == digest);
        self.passwords.remove(known.ok_or(NO_SUCH_PASSWORD)?);
        Ok(())
    }

    /// The words of ACL GETUSER's flags.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let words = [
            Some(if self.enabled { "on" } else { "off" }),
            self.nopass.then_some("nopass"),
            Some(if self.skip_sanitize {
                "skip-sanitize-payload"
            } else {
                "sanitize-payload"
            }),
        ];
        words.into_iter().flatten()
    }

    /// The user's line in ACL LIST and in files.
    pub fn describe(&self) -> Vec<u8> {
        let mut text = [b"user ", self.name.as_slice(), b" "].concat();
        for flag in self.flags() {
            text.extend_from_slice(flag.as_bytes());
            text.push(b' ');
        }
        for digest in &self.passwords {
            text.push(b'#');
            text.extend_from_slice(&hex(digest));
            text.push(b' ');
        }
        self.root.describe(&mut text);
        for selector in &self.selectors {
            text.extend_from_slice(b" (");
            selector.describe(&mut text);
            text.push(b')');
        }
        text
    }
}
