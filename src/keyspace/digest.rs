//! The digest of a data set, the same as a real server's: two servers with the same data have the same digest, whatever
//! the order they got it in.
//!
//! SHA-1 is mixed in two ways. What has an order is *mixed*: `d = sha1(d ^ sha1(x))`. What has none is only XORed, so that
//! any order gives the same:
//!
//! ```text
//!   data set = for each database:  mix(number)   ^ each key:
//!   key      = mix(name), then its value
//!   value    = mix(type), then   string   mix(bytes)
//!                                list     mix(each element)
//!                                set      ^ sha1(member)
//!                                zset     ^ sha1(mix(member) mix(score))
//!                                hash     ^ sha1(mix(field) mix(value))
//!                                stream   mix(ms.seq), mix(field) mix(value) ... of each entry; its groups do not count
//!              and, if it expires, ^ sha1("!!expire!!")
//! ```
use super::{IntBuf, Keyspace, Object, Value};
use crate::base::{dtoa, sha1::sha1};

/// A digest: 20 bytes, shown as 40 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(pub [u8; 20]);

impl Digest {
    fn xor(&mut self, data: &[u8]) {
        for (own, other) in self.0.iter_mut().zip(sha1(data)) {
            *own ^= other;
        }
    }

    fn mix(&mut self, data: &[u8]) {
        self.xor(data);
        self.0 = sha1(&self.0);
    }

    fn pair(first: &[u8], second: &[u8]) -> Digest {
        let mut digest = Digest::default();
        digest.mix(first);
        digest.mix(second);
        digest
    }

    /// The digest of one value; `expires` says whether its key has an expiry. O(elements).
    pub fn of_value(object: &Object, expires: bool) -> Digest {
        let mut digest = Digest::default();
        digest.add_value(object, expires);
        digest
    }

    fn add_value(&mut self, object: &Object, expires: bool) {
        let kind: u32 = match object.value {
            Value::Str(_) => 0,
            Value::List(_) => 1,
            Value::Set(_) => 2,
            Value::Zset(_) => 3,
            Value::Hash(_) => 4,
            Value::Stream(_) => 6,
        };
        self.mix(&kind.to_be_bytes());
        match &object.value {
            Value::Str(v) => self.mix(v.bytes(&mut IntBuf::default())),
            Value::List(v) => v.iter().for_each(|e| self.mix(&e.to_vec())),
            Value::Set(v) => v.for_each(&mut |member| self.xor(member)),
            Value::Zset(v) => v.for_each(&mut |member, score| {
                let mut text = Vec::with_capacity(24);
                dtoa::write_f64_short(&mut text, score);
                self.xor(&Digest::pair(member, &text).0);
            }),
            Value::Hash(v) => v.for_each(&mut |field, value| {
                self.xor(&Digest::pair(field, value).0);
            }),
            Value::Stream(v) => v.iter().for_each(|item| {
                self.mix(item.id.text_with(b'.', &mut [0; 41]));
                for (field, value) in item.pairs() {
                    self.mix(&field.to_vec());
                    self.mix(&value.to_vec());
                }
            }),
        }
        if expires {
            self.xor(b"!!expire!!");
        }
    }
}

impl Keyspace {
    /// The digest of all databases. O(elements of all keys).
    pub fn digest(&self) -> Digest {
        let mut all = Digest::default();
        for index in 0..self.count() {
            let table = self.table(index);
            if table.is_empty() {
                continue;
            }
            all.mix(&(index as u32).to_be_bytes());
            for (id, name, object) in table.dict().iter() {
                let mut digest = Digest::default();
                digest.mix(name);
                digest.add_value(object, table.expire_at(id).is_some());
                all.xor(&digest.0);
            }
        }
        all
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn digests_are_the_real_servers() {
        let mut ks = Keyspace::new(2, Rng::new(1));
        assert_eq!(ks.digest(), Digest::default());
        ks.db(0).set_str(b"a", b"b", false);
        assert_eq!(
            ks.digest().to_string(),
            "479783d7290f02957dfbe3408a858ba13eea1709"
        );
        let id = ks.db(0).live(b"a").expect("just set");
        assert_eq!(
            Digest::of_value(ks.table(0).object(id), false).to_string(),
            "b78559cd22bce6e6df712eb99ce7f3b08e8f8f1f"
        );
    }

    #[test]
    fn order_does_not_matter() {
        let fill = |keys: [&[u8]; 3]| {
            let mut ks = Keyspace::new(1, Rng::new(2));
            for key in keys {
                ks.db(0).set_str(key, key, false);
            }
            ks.digest()
        };
        assert_eq!(fill([b"a", b"b", b"c"]), fill([b"c", b"a", b"b"]));
    }
}
