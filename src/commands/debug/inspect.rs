//! DEBUG subcommands that look into keys and tables.
use crate::base::num;
use crate::base::num::fixed;
use crate::command::{Ctx, Error, Outcome};
use crate::commands::generic::refcount_of;
use crate::ds::dict::EntryId;
use crate::keyspace::digest::Digest;
use crate::keyspace::{IntBuf, Value, hash::Hash, list::List, set::Set, stream, zset::Zset};
use std::fmt::Write;

pub(super) fn digest(ctx: &mut Ctx<'_>) -> Outcome {
    let digest = ctx.db.ks.digest();
    ctx.out.simple(&digest.to_string());
    Ok(())
}

pub(super) fn digest_value(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.out.array(ctx.argc() - 2);
    for key in ctx.args.from(2) {
        // A key that has expired is as good as any other here, and stays.
        let table = ctx.db.table();
        let digest = match table.dict().find(key) {
            Some(id) => Digest::of_value(table.object(id), table.expire_at(id).is_some()),
            None => Digest::default(),
        };
        ctx.out.simple(&digest.to_string());
    }
    Ok(())
}

/// The entry of the key that the subcommand names. An expired one is as good as any other here.
fn entry(ctx: &Ctx<'_>) -> Result<EntryId, Error> {
    let dict = ctx.db.table().dict();
    dict.find(ctx.arg(2)).ok_or(Error::NO_SUCH_KEY)
}

pub(super) fn object(ctx: &mut Ctx<'_>) -> Outcome {
    let id = entry(ctx)?;
    let fast = ctx.args.is(3, "fast");
    let object = ctx.db.table().object(id);
    let mut text = String::new();
    // There is no address to show; the entry's number stands for it, the same in every run.
    let _ = write!(
        text,
        "Value at:0x7f{:010x} refcount:{} encoding:{}",
        u64::from(id.0) * 16,
        refcount_of(&object.value),
        object.value.encoding()
    );
    if !fast {
        let _ = write!(text, " serializedlength:{}", serialized_len(&object.value));
    }
    let minutes = object.lru >> 8;
    let _ = write!(
        text,
        " lru:{} lru_seconds_idle:{} lfu_freq:{} lfu_access_time_minutes:{minutes}",
        object.lru,
        ctx.db.idle_seconds(id),
        ctx.db.uses(id),
    );
    if let Value::List(list) = &object.value
        && let Some(quicklist) = list.quicklist()
    {
        let nodes = quicklist.node_count();
        let _ = write!(
            text,
            " ql_nodes:{nodes} ql_avg_node:{} ql_listpack_max:{} ql_compressed:{}",
            fixed(quicklist.len() as f64 / nodes.max(1) as f64, 2),
            ctx.config.list_max_listpack_size,
            u8::from(ctx.config.list_compress_depth != 0),
        );
        if !fast {
            let _ = write!(text, " ql_uncompressed_size:{}", quicklist.bytes());
        }
    }
    ctx.out.simple(&text);
    Ok(())
}

/// Bytes of the value in a snapshot, uncompressed.
fn serialized_len(value: &Value) -> usize {
    match value {
        Value::Str(v) => text_len(v.bytes(&mut IntBuf::default())),
        Value::List(list) => match list.as_ref() {
            List::Short(lp) => prefix_len(1) + prefix_len(2) + blob_len(lp.bytes()),
            List::Long(ql) => {
                let nodes = ql.containers().map(|c| prefix_len(2) + blob_len(c.bytes()));
                prefix_len(ql.node_count()) + nodes.sum::<usize>()
            }
        },
        Value::Set(set) => match set.as_ref() {
            Set::Ints(_) => {
                let mut widest = 2;
                set.for_each(&mut |m| widest = widest.max(int_width(m)));
                blob_len(8 + widest * set.len())
            }
            Set::Pack(lp) => blob_len(lp.bytes()),
            Set::Table(_) => {
                let mut bytes = prefix_len(set.len());
                set.for_each(&mut |m| bytes += text_len(m));
                bytes
            }
        },
        Value::Hash(hash) => match hash.as_ref() {
            Hash::Pack(lp) => blob_len(lp.bytes()),
            Hash::Table(_) => {
                let mut bytes = prefix_len(hash.len());
                hash.for_each(&mut |f, v| bytes += text_len(f) + text_len(v));
                bytes
            }
        },
        Value::Zset(v) => zset_len(v),
        Value::Stream(v) => stream::serialized_len(v, prefix_len),
    }
}

fn zset_len(zset: &Zset) -> usize {
    if let Zset::Pack(lp) = zset {
        return blob_len(lp.bytes());
    }
    let mut bytes = prefix_len(zset.len());
    zset.for_each(&mut |m, _| bytes += text_len(m) + 8);
    bytes
}

fn int_width(digits: &[u8]) -> usize {
    match num::parse_i64(digits) {
        Some(n) if i16::try_from(n).is_ok() => 2,
        Some(n) if i32::try_from(n).is_ok() => 4,
        _ => 8,
    }
}

/// Bytes of a length in a snapshot.
fn prefix_len(len: usize) -> usize {
    match len {
        0..=63 => 1,
        64..=16383 => 2,
        _ => 5,
    }
}

fn blob_len(bytes: usize) -> usize {
    prefix_len(bytes) + bytes
}

/// A string in a snapshot: small integers are kept as such.
fn text_len(text: &[u8]) -> usize {
    let int = if text.len() <= 11 {
        num::parse_i64(text)
    } else {
        None
    };
    match int {
        Some(-128..=127) => 2,
        Some(n) if i16::try_from(n).is_ok() => 3,
        Some(n) if i32::try_from(n).is_ok() => 5,
        _ => blob_len(text.len()),
    }
}

pub(super) fn listpack(ctx: &mut Ctx<'_>) -> Outcome {
    expect_encoding(ctx, "listpack", "ERR Not a listpack encoded object.")?;
    ctx.out.simple("Listpack structure printed on stdout");
    Ok(())
}

pub(super) fn quicklist(ctx: &mut Ctx<'_>) -> Outcome {
    expect_encoding(ctx, "quicklist", "ERR Not a quicklist encoded object.")?;
    ctx.out.simple("Quicklist structure printed on stdout");
    Ok(())
}

fn expect_encoding(ctx: &mut Ctx<'_>, wanted: &str, refusal: &'static str) -> Outcome {
    let id = entry(ctx)?;
    if ctx.db.table().object(id).value.encoding() == wanted {
        return Ok(());
    }
    Err(Error::new(refusal))
}

pub(super) fn htstats(ctx: &mut Ctx<'_>) -> Outcome {
    let index = ctx.args.int(2)?;
    let full = ctx.args.is(3, "full");
    if index < 0 || index >= ctx.db.ks.count() as i64 {
        return Err(Error::new("ERR Out of range database"));
    }
    let table = ctx.db.ks.table(index as usize);
    let text = format!(
        "[Dictionary HT]\n{}[Expires HT]\n{}",
        table.dict().htstats(full),
        expires_stats(table.volatile_len())
    );
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

/// Keys that expire stand in a list here: what can be said of the table that a real server keeps them in is its size.
fn expires_stats(count: usize) -> String {
    if count == 0 {
        return String::new();
    }
    let size = count.next_power_of_two().max(4);
    format!(
        "Hash table 0 stats (main hash table):\n table size: {size}\n number of elements: {count}\n"
    )
}

pub(super) fn htstats_key(ctx: &mut Ctx<'_>) -> Outcome {
    let id = entry(ctx)?;
    let full = ctx.args.is(3, "full");
    let text = match &ctx.db.table().object(id).value {
        Value::Set(set) => match set.as_ref() {
            Set::Table(table) => Some(table.dict().htstats(full)),
            _ => None,
        },
        Value::Hash(hash) => match hash.as_ref() {
            Hash::Table(table) => Some(table.dict().htstats(full)),
            _ => None,
        },
        Value::Zset(zset) => match zset.as_ref() {
            Zset::Ranked(ranked) => Some(ranked.dict().htstats(full)),
            Zset::Pack(_) => None,
        },
        _ => None,
    };
    let text = text.ok_or(Error::new(
        "ERR The value stored at the specified key is not represented using an hash table",
    ))?;
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}
