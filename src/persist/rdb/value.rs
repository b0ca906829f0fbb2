//! Reading values: each type and encoding that a real server ever wrote, as the encoding that it has today.
use super::read::{Read, Reader};
use super::{Fault, Why, container, kind, old};
use crate::ds::intset::Intset;
use crate::ds::listpack::Listpack;
use crate::ds::quicklist::{Container, Options, Quicklist};
use crate::ds::stream::Stream;
use crate::keyspace::hash::{Hash, HashLimits};
use crate::keyspace::list::List;
use crate::keyspace::set::{Set, SetLimits};
use crate::keyspace::zset::{Build, Zset, ZsetLimits, bytes_of};
use crate::keyspace::{IntBuf, Str, Typed, Value};

/// Elements of a sorted set that are put in order at a time.
pub(super) const ORDERED: usize = 256;
/// Of so few entries each is compared with each.
const FEW: usize = 32;

/// What a value becomes where it is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub list: Options,
    pub set: SetLimits,
    pub hash: HashLimits,
    pub zset: ZsetLimits,
    /// Most bytes that compressed strings may unfold to, in one payload or file.
    pub room: usize,
}

/// A value of many elements of which some are read: reading can stop after each of them.
#[derive(Clone)]
pub(super) struct Part {
    /// Where it began.
    start: usize,
    kind: u8,
    /// Elements that are to be read yet: nodes where it is made of nodes.
    pub left: usize,
    made: Made,
}

#[derive(Clone)]
enum Made {
    List(Quicklist),
    Set(Set),
    Hash(Hash),
    Zset(Box<Build>),
    Stream(Stream),
}

/// What the first bytes of a value give.
pub(super) enum Begun {
    Whole(Value),
    Part(Box<Part>),
}

const NOT_WHOLE: &str = "a compact encoding that is not whole";
const TWICE: &str = "an element that is there already";

impl<'a> Reader<'a> {
    /// The value of a type. O(bytes), and n log n for sorted sets of n members.
    pub fn value(&mut self, kind: u8, limits: &Limits) -> Read<Value> {
        match self.begin(kind, limits)? {
            Begun::Whole(value) => Ok(value),
            Begun::Part(mut part) => {
                while part.left > 0 {
                    self.add(&mut part, limits)?;
                }
                self.finish(*part, limits)
            }
        }
    }

    /// Reads a value that stands in one string, or begins one of many elements.
    pub fn begin(&mut self, kind: u8, limits: &Limits) -> Read<Begun> {
        let start = self.position();
        let value = match kind {
            kind::STRING => Value::Str(Str::new(&self.string()?)),
            kind::LIST_ZIPLIST => self.ziplist(limits)?.wrap(),
            kind::SET_INTSET => {
                let ints = self.string()?.into_owned();
                let ints = self.check(Intset::from_bytes(ints).ok(), NOT_WHOLE)?;
                Set::from_ints(ints, &limits.set).wrap()
            }
            kind::SET_LISTPACK => {
                let lp = self.listpack()?;
                self.distinct(&lp, 1, limits)?;
                Set::from_pack(lp, &limits.set).wrap()
            }
            kind::HASH_LISTPACK | kind::HASH_ZIPLIST | kind::HASH_ZIPMAP => {
                let lp = self.pairs(kind, limits)?;
                // Only of the oldest form does a real server look at the texts as well.
                Hash::from_pack(lp, kind == kind::HASH_ZIPMAP, &limits.hash).wrap()
            }
            kind::ZSET_LISTPACK | kind::ZSET_ZIPLIST => {
                let lp = self.pairs(kind, limits)?;
                let zset = Zset::from_pack(lp, &limits.zset);
                self.check(zset, "scores that do not ascend")?.wrap()
            }
            kind::MODULE => return self.fault("Pre-release module format not supported"),
            kind::MODULE_2 => {
                return self.module("module data I can't load: no matching module type '");
            }
            _ => return self.begin_part(kind, limits),
        };
        whole(value, start).map(Begun::Whole)
    }

    fn begin_part(&mut self, kind: u8, limits: &Limits) -> Read<Begun> {
        let start = self.position();
        let (left, made) = match kind {
            kind::LIST | kind::LIST_QUICKLIST | kind::LIST_QUICKLIST_2 => {
                (self.count(1)?, Made::List(Quicklist::new(limits.list)))
            }
            kind::SET => {
                let count = self.count(1)?;
                let set = match count > limits.set.intset_entries {
                    true => Set::table(&limits.set, count),
                    false => Set::default(),
                };
                (count, Made::Set(set))
            }
            kind::HASH => {
                let count = self.count(2)?;
                let hash = match count > limits.hash.entries {
                    true => Hash::table(&limits.hash, count),
                    false => Hash::default(),
                };
                (count, Made::Hash(hash))
            }
            kind::ZSET | kind::ZSET_2 => {
                let count = self.count(2)?;
                (count, Made::Zset(Box::new(Build::new(count, &limits.zset))))
            }
            kind::STREAM | kind::STREAM_2 | kind::STREAM_3 => {
                (self.stream_nodes()?, Made::Stream(Stream::default()))
            }
            _ => return self.fault_at(start.saturating_sub(1), "an unknown type of value"),
        };
        Ok(Begun::Part(Box::new(Part {
            start,
            kind,
            left,
            made,
        })))
    }

    /// Reads the next element of a value, which must have one left.
    pub fn add(&mut self, part: &mut Part, limits: &Limits) -> Read<()> {
        part.left -= 1;
        match &mut part.made {
            Made::List(ql) => self.list_node(part.kind, ql),
            Made::Set(set) => {
                let new = set.add(&self.string()?, &limits.set);
                self.check(new.then_some(()), TWICE)
            }
            Made::Hash(hash) => {
                let (field, value) = (self.string()?, self.string()?);
                let new = hash.set(&field, &value, &limits.hash);
                self.check(new.then_some(()), TWICE)
            }
            Made::Zset(build) => {
                let member = self.string()?;
                let score = match part.kind {
                    kind::ZSET => self.text_score()?,
                    _ => self.binary_score()?,
                };
                let new = build.add(&member, score);
                self.check(new.then_some(()), TWICE)
            }
            Made::Stream(stream) => self.stream_node(stream),
        }
    }

    /// Some work on a value whose elements are all read; whether there is more. [`Reader::finish`] does what is left.
    pub fn settle(part: &mut Part, limits: &Limits) -> bool {
        match &mut part.made {
            Made::Zset(build) => build.put_in_order(ORDERED, &limits.zset),
            _ => false,
        }
    }

    /// The value whose elements are all read. O(n), and n log n for a sorted set that is not in order.
    pub fn finish(&mut self, part: Part, limits: &Limits) -> Read<Value> {
        let value = match part.made {
            Made::List(ql) => List::of_quicklist(ql, limits.list).wrap(),
            Made::Set(set) => set.wrap(),
            Made::Hash(hash) => hash.wrap(),
            Made::Zset(mut build) => {
                while build.put_in_order(usize::MAX, &limits.zset) {}
                build.finish(&limits.zset).wrap()
            }
            Made::Stream(stream) => self.stream_rest(part.kind, stream)?.wrap(),
        };
        whole(value, part.start)
    }

    /// Modules cannot be loaded; the message names the one that would be needed, as a real server's does.
    pub fn module<T>(&mut self, what: &str) -> Read<T> {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let at = self.position();
        let id = self.len()?;
        let mut text = String::from("The RDB file contains ");
        text.push_str(what);
        // Nine letters of six bits, then ten bits of its version.
        for letter in (0..9).rev() {
            text.push(LETTERS[(id >> (10 + 6 * letter) & 63) as usize].into());
        }
        text.push('\'');
        self.fault_at(at, text)
    }

    /// A listpack, checked entry by entry.
    pub fn listpack(&mut self) -> Read<Listpack> {
        let bytes = self.string()?.into_owned();
        self.check(Listpack::from_bytes(bytes).ok(), NOT_WHOLE)
    }

    /// Keys and values in one listpack, whatever the form; no key is there twice.
    fn pairs(&mut self, kind: u8, limits: &Limits) -> Read<Listpack> {
        let lp = match kind {
            kind::HASH_ZIPMAP => self.old_form(old::zipmap)?,
            kind::HASH_ZIPLIST | kind::ZSET_ZIPLIST => self.old_form(old::ziplist)?,
            _ => self.listpack()?,
        };
        self.distinct(&lp, 2, limits)?;
        Ok(lp)
    }

    /// A string in a form of older servers as the listpack of today.
    fn old_form(&mut self, form: fn(&[u8]) -> Option<Listpack>) -> Read<Listpack> {
        let bytes = self.string()?;
        self.check(form(&bytes), NOT_WHOLE)
    }

    /// Fails if of each `step` entries the first is there already, or the last `step` are not whole.
    fn distinct(&self, lp: &Listpack, step: usize, limits: &Limits) -> Read<()> {
        if !lp.len().is_multiple_of(step) {
            return self.fault(NOT_WHOLE);
        }
        let few = lp.len() <= FEW;
        let mut seen = Set::table(&limits.set, if few { 0 } else { lp.len() / step });
        let mut at = lp.first();
        while let Some(pos) = at {
            let entry = lp.get(pos);
            at = (0..step).try_fold(pos, |pos, _| lp.next(pos));
            let twice = match (few, at) {
                (true, Some(next)) => lp
                    .find(bytes_of(entry, &mut IntBuf::default()), next, step - 1)
                    .is_some(),
                (true, None) => false,
                (false, _) => !seen.add_entry(entry, &limits.set),
            };
            if twice {
                return self.fault(TWICE);
            }
        }
        Ok(())
    }

    /// A list in one ziplist, as servers before Redis 3.2 wrote it.
    fn ziplist(&mut self, limits: &Limits) -> Read<List> {
        let mut ql = Quicklist::new(limits.list);
        let lp = self.old_form(old::ziplist)?;
        lp.iter().for_each(|entry| ql.push_back(&entry.to_vec()));
        // As a real server leaves it, however short.
        Ok(List::Long(ql))
    }

    /// An element of a list, or a node of it: a ziplist, a listpack or a large element.
    fn list_node(&mut self, kind: u8, ql: &mut Quicklist) -> Read<()> {
        if kind == kind::LIST {
            ql.push_back(&self.string()?);
            return Ok(());
        }
        if kind == kind::LIST_QUICKLIST {
            ql.push_container(Container::Packed(self.old_form(old::ziplist)?));
            return Ok(());
        }
        let node = match self.len()? {
            container::PLAIN => Container::Plain(self.string()?.into_owned()),
            container::PACKED => Container::Packed(self.listpack()?),
            _ => return self.fault("a node of an unknown kind"),
        };
        ql.push_container(node);
        Ok(())
    }
}

/// `value`, unless it has no element.
fn whole(value: Value, start: usize) -> Read<Value> {
    match value.is_empty() {
        true => Err(Fault {
            at: start,
            why: Why::Empty,
        }),
        false => Ok(value),
    }
}
