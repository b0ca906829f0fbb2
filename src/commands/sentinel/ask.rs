//! Who this Sentinel is, where a primary is, whether it is down, and whether a failover could happen.
use super::{SUB, group, machine, text};
use crate::base::num;
use crate::command::sentinel::Held;
use crate::command::{Command, Ctx, Deprecated, Error, Outcome};

pub(super) const MYID: Command = Command {
    name: "myid",
    arity: 2,
    since: "6.2.0",
    summary: "Gives this Sentinel's id.",
    run: myid,
    ..SUB
};

fn myid(ctx: &mut Ctx<'_>) -> Outcome {
    let id = machine(ctx).id.clone();
    ctx.out.bulk(id.as_bytes());
    Ok(())
}

pub(super) const GET_PRIMARY_ADDR: Command = Command {
    name: "get-primary-addr-by-name",
    since: "8.0.0",
    summary: "Gives host and port of a primary.",
    syntax: "primary-name",
    run: get_addr,
    ..SUB
};

pub(super) const GET_MASTER_ADDR: Command = Command {
    name: "get-master-addr-by-name",
    since: "2.8.4",
    deprecated: Some(Deprecated {
        since: "8.0.0",
        replaced_by: "`SENTINEL GET-PRIMARY-ADDR-BY-NAME`",
    }),
    ..GET_PRIMARY_ADDR
};

fn get_addr(ctx: &mut Ctx<'_>) -> Outcome {
    let Ok(group) = group(ctx) else {
        ctx.out.null_array();
        return Ok(());
    };
    let sentinel = machine(ctx);
    let addr = sentinel.current_address(group);
    let host = sentinel.shown(&addr).to_string();
    ctx.out.array(2);
    ctx.out.bulk(host.as_bytes());
    ctx.out.bulk_int(addr.port.into());
    Ok(())
}

pub(super) const IS_PRIMARY_DOWN: Command = Command {
    name: "is-primary-down-by-addr",
    arity: 6,
    since: "8.0.0",
    summary: "Tells another Sentinel whether a primary is down, and whom this one votes for.",
    syntax: "ip port:integer current-epoch:integer runid",
    run: is_down,
    ..SUB
};

pub(super) const IS_MASTER_DOWN: Command = Command {
    name: "is-master-down-by-addr",
    since: "2.8.4",
    deprecated: Some(Deprecated {
        since: "8.0.0",
        replaced_by: "`SENTINEL IS-PRIMARY-DOWN-BY-ADDR`",
    }),
    ..IS_PRIMARY_DOWN
};

/// A vote leaves once it is on the platter, and not before.
fn is_down(ctx: &mut Ctx<'_>) -> Outcome {
    let ip = text(ctx, 2);
    let port = ctx.args.int(3)?;
    let epoch = u64::try_from(ctx.args.int(4)?).unwrap_or(0);
    let candidate = Some(text(ctx, 5)).filter(|id| id != "*");
    // Nobody listens beyond 65535.
    let port = u16::try_from(port).unwrap_or(0);
    let sentinel = machine(ctx);
    let vote = sentinel.judgement(&ip, port, epoch, candidate.as_deref());
    let (safe, wants_save) = (sentinel.is_saved(), sentinel.wants_save());
    let held = Held::Vote(vote);
    match safe || !wants_save {
        true => held.write(safe, ctx.out),
        false => ctx.server.save_watch(ctx.id, held),
    }
    Ok(())
}

pub(super) const CKQUORUM: Command = Command {
    name: "ckquorum",
    complexity: "",
    summary: "Tells whether enough Sentinels are reached for a failover: the quorum, and the majority.",
    syntax: "primary-name",
    run: ckquorum,
    ..SUB
};

fn ckquorum(ctx: &mut Ctx<'_>) -> Outcome {
    let group = group(ctx)?;
    let usable = machine(ctx).usable(group);
    let count = usable.count;
    if usable.quorum && usable.majority {
        ctx.out.simple(&format!(
            "OK {count} usable Sentinels. Quorum and failover authorization can be reached"
        ));
        return Ok(());
    }
    let mut why = format!("NOQUORUM {count} usable Sentinels. ");
    if !usable.quorum {
        why.push_str(
            "Not enough available Sentinels to reach the specified quorum for this master",
        );
    }
    if !usable.majority {
        if !usable.quorum {
            why.push_str(". ");
        }
        why.push_str(
            "Not enough available Sentinels to reach the majority and authorize a failover",
        );
    }
    Err(Error::new(why))
}

/// A whole number, as words of a configuration are read.
pub(super) fn number(word: &str) -> Option<i64> {
    num::parse_i64(word.as_bytes())
}
