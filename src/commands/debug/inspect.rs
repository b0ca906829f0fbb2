//! DEBUG subcommands that look into keys and tables.
use crate::base::num::fixed;
use crate::command::{Ctx, Error, Outcome};
use crate::commands::generic::refcount_of;
use crate::ds::dict::EntryId;
use crate::keyspace::digest::Digest;
use crate::keyspace::{Value, hash::Hash, set::Set, zset::Zset};
use crate::persist::rdb;
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
        let compress = ctx.config.text("rdbcompression") == b"yes";
        let bytes = rdb::saved_len(&object.value, compress);
        let _ = write!(text, " serializedlength:{bytes}");
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
